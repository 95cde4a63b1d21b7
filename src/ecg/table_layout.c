#include "ecg/table_layout.h"

#include "base/compose.h"
#include "ecg/fields.h"

#include <math.h>

/* ==== lines ================================================================================== */

xp_line_reader xp_lines(xp_bytes text) {
    const char *at = (const char *)text.data;
    size_t mark = text.size >= 3 && !memcmp(at, "\xef\xbb\xbf", 3) ? 3 : 0;
    return text.size ? (xp_line_reader){at + mark, at + text.size, 0} : (xp_line_reader){0};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == 0;
}

xp_line xp_next_line(xp_line_reader *r) {
    while (r->at < r->end) {
        const char *from = r->at, *to = from;
        bool blank = true;
        for (; to < r->end && *to != '\n' && *to != '\r'; to++) blank &= is_blank(*to);
        r->at = to + (to < r->end);
        if (to + 1 < r->end && to[0] == '\r' && to[1] == '\n') r->at++;
        r->number++;
        if (!blank) return (xp_line){from, (size_t)(to - from), r->number};
    }
    return (xp_line){0};
}

/* ==== fields ================================================================================= */

static void trim(const char **text, size_t *n) {
    while (*n && is_blank((*text)[0])) {
        ++*text;
        --*n;
    }
    while (*n && is_blank((*text)[*n - 1])) --*n;
}

static bool ends_field(char c, xp_dialect d) {
    return d.separator == ' ' ? is_blank(c) : d.separator && c == d.separator;
}

bool xp_next_field(const xp_line *line, size_t *at, xp_dialect d, const char **text, size_t *n) {
    size_t i = *at;
    if (d.separator == ' ')
        while (i < line->n && is_blank(line->text[i])) i++;
    if (i > line->n || (d.separator == ' ' && i == line->n)) return false;
    size_t from = i;
    char quote = 0;
    for (; i < line->n && (quote || !ends_field(line->text[i], d)); i++)
        if (line->text[i] == '"') quote = quote ? 0 : '"';
    *text = line->text + from;
    *n = i - from;
    *at = i + 1; /* behind the separator; line->n + 1 at the end */
    trim(text, n);
    if (*n > 1 && (**text == '"' || **text == '\'') && (*text)[*n - 1] == **text) {
        ++*text;
        *n -= 2;
        trim(text, n);
    }
    return true;
}

void xp_table_copy_field(char *dst, size_t size, const char *text, size_t n) {
    char copy[XP_TABLE_FIELD];
    xp_field_text(copy, sizeof copy, (xp_bytes){(const uint8_t *)text, n});
    xp_compose(copy);
    xp_copy_text(dst, size, copy);
}

void xp_table_name_column(xp_table_column *c, const char *text, size_t n) {
    char field[XP_TABLE_FIELD];
    xp_table_copy_field(field, sizeof field, text, n);
    xp_table_split_name(c, field);
}

/* ==== rows =================================================================================== */

/* Fields of a row of numbers; 0 where it is none. named: a name stands before them. */
static int row_fields(const xp_line *line, xp_dialect d, bool named) {
    enum { MOST = 1 << 24 };
    size_t at = 0, n;
    const char *text;
    int fields = 0, numbers = 0;
    double v;
    while (xp_next_field(line, &at, d, &text, &n)) {
        bool number = xp_table_number(text, n, d.comma, &v);
        if (number == (named && !fields) || ++fields > MOST) return 0;
        numbers += number && !isnan(v);
    }
    return numbers ? fields : 0;
}

static int count_fields(const xp_line *line, xp_dialect d) {
    size_t at = 0, n;
    const char *text;
    int fields = 0;
    while (xp_next_field(line, &at, d, &text, &n)) fields++;
    return fields;
}

static bool has(const xp_line *line, char separator) {
    if (separator == 0) return true;
    if (separator != ' ') return memchr(line->text, separator, line->n) != NULL;
    return memchr(line->text, ' ', line->n) || memchr(line->text, '\t', line->n);
}

static const xp_dialect DIALECTS[] = {{';', ','}, {'\t', ','}, {'|', ','},
                                      {',', '.'}, {' ', ','},  {0, ','}};

/* The dialect in which line and the next one, where there is one, are rows of one length. */
static bool find_dialect(xp_layout *out, const xp_line *line, xp_line_reader rest, bool named) {
    xp_line next = xp_next_line(&rest);
    while (next.text && next.text[0] == '#') next = xp_next_line(&rest);
    for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++) {
        if (!has(line, DIALECTS[i].separator)) continue;
        int n = row_fields(line, DIALECTS[i], named);
        if (!n || (named && n <= XP_LEAST_LYING)) continue;
        int more = next.text ? row_fields(&next, DIALECTS[i], named) : n;
        /* Long rows of different lengths are damaged rows of leads: their reader says so. */
        if (more != n && (n <= XP_LEAST_LYING || more <= XP_LEAST_LYING)) continue;
        out->dialect = DIALECTS[i];
        out->columns = n;
        out->rows = next.text ? 2 : 1;
        out->named = named;
        return true;
    }
    return false;
}

/* The line cut at its last separator is a row of numbers, perhaps behind a name. */
static bool begins_row(const xp_line *line, xp_dialect d) {
    xp_line cut = *line;
    while (cut.n && !ends_field(cut.text[cut.n - 1], d)) cut.n--;
    if (!cut.n || !d.separator) return false;
    cut.n--;
    return row_fields(&cut, d, false) > XP_LEAST_LYING ||
           row_fields(&cut, d, true) > XP_LEAST_LYING;
}

bool xp_begins_lying(xp_bytes start) {
    xp_line_reader r = xp_lines(start);
    for (xp_line line; (line = xp_next_line(&r)).text;)
        for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++)
            if (r.at == r.end && begins_row(&line, DIALECTS[i])) return true;
    return false;
}

int64_t xp_count_rows(const xp_layout *l, xp_bytes text) {
    xp_line_reader r = xp_lines(text);
    int64_t rows = 0;
    r.at = l->first.text;
    for (xp_line line; (line = xp_next_line(&r)).text;) rows += line.text[0] != '#';
    return rows;
}

/* Whether the row says 0, 1, 2, ..., perhaps behind an empty field: names that number the columns.
 */
static bool counts(const xp_line *line, xp_dialect d) {
    size_t at = 0, n;
    const char *text;
    int expected = 0, fields = 0;
    double v;
    while (xp_next_field(line, &at, d, &text, &n)) {
        if (!xp_table_number(text, n, d.comma, &v)) return false;
        if (!fields++ && isnan(v)) continue;
        if (v != expected++) return false;
    }
    return expected >= 3;
}

/* ==== header rows ============================================================================ */

static bool is_unit(const char *text, size_t n) {
    char unit[32];
    double times, over;
    if (!n) return true;
    if (n >= sizeof unit) return false;
    xp_table_copy_field(unit, sizeof unit, text, n);
    char *open = strpbrk(unit, "()[]");
    if (open == unit) memmove(unit, unit + 1, strlen(unit));
    unit[strcspn(unit, ")]")] = 0;
    static const char *const others[] = {"s",         "ms",   "sec", "seconds", "hh:mm:ss.mmm",
                                         "mm:ss.mmm", "mmHg", "nu"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcasecmp(unit, others[i])) return true;
    return xp_volt_unit(unit, &times, &over);
}

static bool is_units_row(const xp_line *line, xp_dialect d) {
    size_t at = 0, n;
    const char *text;
    int units = 0;
    while (xp_next_field(line, &at, d, &text, &n)) {
        if (!is_unit(text, n)) return false;
        units += n > 0;
    }
    return units > 0;
}

/* A line with the sign of a comment cut off. */
static xp_line uncomment(xp_line line) {
    while (line.n && (line.text[0] == '#' || line.text[0] == '%' || line.text[0] == ' ')) {
        line.text++;
        line.n--;
    }
    return line;
}

/* before: the lines before the first row, the last of them first. */
static void find_header(xp_layout *out, const xp_line before[2]) {
    xp_line last = uncomment(before[0]), other = uncomment(before[1]);
    if (!last.text || count_fields(&last, out->dialect) != out->columns) return;
    /* One column: "Unit,mV" is no name but a fact, as lines before a table are. */
    for (size_t i = 0; !out->dialect.separator && i < last.n; i++)
        if (strchr(",;:=", last.text[i])) return;
    if (is_units_row(&last, out->dialect) && other.text &&
        count_fields(&other, out->dialect) == out->columns) {
        out->units = last;
        out->names = other;
    } else {
        out->names = last;
    }
}

bool xp_find_layout(xp_layout *out, xp_bytes text) {
    enum { LINES = 200 };
    xp_line_reader r = xp_lines(text);
    xp_line before[2] = {{0}, {0}};
    *out = (xp_layout){0};
    for (int i = 0; i < LINES; i++) {
        xp_line line = xp_next_line(&r);
        if (!line.text) return false;
        bool comment = line.text[0] == '#';
        if (!comment && find_dialect(out, &line, r, true)) {
            out->first = line;
            find_header(out, before);
            return true;
        }
        if (!comment && find_dialect(out, &line, r, false)) {
            out->first = line;
            out->counted = out->rows == 2 && counts(&line, out->dialect);
            if (out->counted)
                out->first = xp_next_line(&r);
            else
                find_header(out, before);
            return true;
        }
        before[1] = before[0];
        before[0] = line;
    }
    return false;
}
