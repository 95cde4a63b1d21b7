/* CSV and other text: rows of numbers, separated by commas, semicolons, tabs or blanks, with or
 * without a row of names, behind any lines that say something else. */
#include "ecg/table_layout.h"
#include "ecg/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ==== the header ============================================================================= */

static void read_header(xp_table *t, const xp_layout *l) {
    const char *text;
    size_t at = 0, n;
    char field[XP_TABLE_FIELD];
    for (int c = 0; l->names.text && c < t->n_columns; c++) {
        if (!xp_next_field(&l->names, &at, l->dialect, &text, &n)) break;
        xp_table_name_column(&t->columns[c], text, n);
        t->has_names = true;
    }
    at = 0;
    for (int c = 0; l->units.text && c < t->n_columns; c++) {
        if (!xp_next_field(&l->units, &at, l->dialect, &text, &n)) break;
        xp_table_copy_field(field, sizeof field, text, n);
        char *unit = field + strspn(field, "([");
        unit[strcspn(unit, ")]")] = 0;
        if (*unit) xp_copy_text(t->columns[c].units, sizeof t->columns[c].units, unit);
    }
}

/* ==== rows =================================================================================== */

typedef struct rows {
    const char *file;
    xp_table *t;
    xp_dialect dialect;
    xp_marks *marks;
    int64_t cap;
} rows;

static xp_status grow(rows *r, xp_error *err) {
    if (r->t->n_rows < r->cap) return XP_OK;
    int64_t cap = r->cap ? r->cap + r->cap / 2 : 1024;
    size_t each = (size_t)r->t->n_columns * sizeof *r->t->values;
    double *v =
        (uint64_t)cap < SIZE_MAX / 2 / each ? realloc(r->t->values, (size_t)cap * each) : NULL;
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its numbers", r->file);
    r->t->values = v;
    r->cap = cap;
    return XP_OK;
}

static xp_status no_number(const rows *r, const xp_line *line, int column, const char *text,
                           size_t n, xp_error *err) {
    char field[40];
    xp_table_copy_field(field, sizeof field, text, n);
    return xp_fail(err, XP_ERR_FORMAT,
                   "%s line %d, column %d: \"%s\" is not a number: correct or delete the line",
                   r->file, line->number, column + 1, field);
}

static xp_status read_row(rows *r, const xp_line *line, xp_error *err) {
    const char *text;
    size_t at = 0, n;
    int c = 0, columns = r->t->n_columns;
    bool more = false;
    XP_TRY(grow(r, err));
    double *v = r->t->values + r->t->n_rows * columns, ignored;
    for (; xp_next_field(line, &at, r->dialect, &text, &n); c++) {
        if (c >= columns && n == 0) continue; /* a separator too many */
        if (!xp_table_marked_number(text, n, r->dialect.comma, c < columns ? &v[c] : &ignored,
                                    r->marks, c))
            return no_number(r, line, c, text, n, err);
        if (c < columns) continue;
        more = true;
        break;
    }
    if (c < columns || more)
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s line %d has %s than %d numbers, which line %d has: is the file cut off?",
                       r->file, line->number, c < columns ? "fewer" : "more", columns,
                       r->t->first_line);
    r->t->n_rows++;
    return XP_OK;
}

/* A column at the end that is empty in all rows is a separator too many. */
static void drop_empty_column(xp_table *t) {
    int last = t->n_columns - 1;
    if (last < 1 || t->columns[last].name[0]) return;
    if (t->more_missing && t->more_missing[last] < t->more_rows) return;
    for (int64_t i = 0; i < t->n_rows; i++)
        if (!isnan(t->values[i * t->n_columns + last])) return;
    for (int64_t i = 1; i < t->n_rows; i++)
        memmove(t->values + i * last, t->values + i * t->n_columns,
                (size_t)last * sizeof *t->values);
    t->n_columns = last;
}

static xp_status take_lines(rows *r, xp_line_reader *lines, xp_error *err) {
    for (xp_line line; (line = xp_next_line(lines)).text;)
        if (line.text[0] != '#') XP_TRY(read_row(r, &line, err));
    return XP_OK;
}

/* ==== rows that are only looked at =========================================================== */

/* What is in memory at a time, of a table that is longer than LONG. */
enum { LONG = 4 << 20, PIECE = 2 << 20 };

/* A long file, from the byte `at` on. */
typedef struct rest {
    xp_file_window *file;
    uint64_t at;
} rest;

/* A piece as far as its lines are whole. */
static xp_bytes whole_lines(xp_bytes text) {
    for (const char *end = "\n"; *end; end = *end == '\n' ? "\r" : "")
        for (size_t n = text.size; n; n--)
            if (text.data[n - 1] == *end) return (xp_bytes){text.data, n};
    return (xp_bytes){0};
}

static xp_bytes next_piece(rest *more) {
    uint64_t left = more->file->size - more->at;
    xp_bytes text = xp_file_window_at(more->file, more->at, left < PIECE ? (size_t)left : PIECE);
    if (left > PIECE) text = whole_lines(text);
    more->at += text.size;
    return text;
}

/* Each row of lines takes the place of the one before it. */
static xp_status look_at_lines(rows *r, xp_line_reader *lines, xp_error *err) {
    xp_table *t = r->t;
    for (xp_line line; (line = xp_next_line(lines)).text;) {
        if (line.text[0] == '#') continue;
        XP_TRY(read_row(r, &line, err));
        const double *v = t->values + --t->n_rows * t->n_columns;
        for (int c = 0; c < t->n_columns; c++) t->more_missing[c] += isnan(v[c]) != 0;
        t->more_rows++;
    }
    return XP_OK;
}

static xp_status look_at_rest(rows *r, rest *more, int line, xp_error *err) {
    r->t->more_missing = calloc((size_t)r->t->n_columns, sizeof *r->t->more_missing);
    if (!r->t->more_missing) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", r->file);
    while (more->at < more->file->size) {
        xp_bytes text = next_piece(more);
        if (!text.size)
            return xp_fail(err, XP_ERR_FORMAT, "%s cannot be read behind its line %d", r->file,
                           line);
        const char *from = (const char *)text.data;
        xp_line_reader lines = {from, from + text.size, line};
        XP_TRY(look_at_lines(r, &lines, err));
        line = lines.number;
    }
    return XP_OK;
}

/* more: what lies behind text, to be looked at; NULL: text is all. */
static xp_status read_rows(xp_table *t, const char *file, const xp_layout *l, xp_bytes text,
                           rest *more, xp_error *err) {
    rows r = {file, t, l->dialect, calloc(1, sizeof *r.marks), 0};
    if (!r.marks) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", file);
    xp_line_reader lines = xp_lines(text);
    lines.at = l->first.text;
    lines.number = l->first.number - 1;
    xp_status s = take_lines(&r, &lines, err);
    if (s == XP_OK && more) s = look_at_rest(&r, more, lines.number, err);
    if (s == XP_OK) s = xp_marks_check(r.marks, l->dialect.separator, l->columns, file, err);
    free(r.marks);
    if (s == XP_OK) drop_empty_column(t);
    return s;
}

/* Rows of many numbers, and few of them: leads, not times. Who names the columns says that they
 * are. */
static bool lies(const xp_layout *l, xp_bytes text, const xp_read_options *opt) {
    int64_t named = 0;
    for (const char *c = opt ? opt->columns : NULL; c; named++)
        c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL;
    bool many = l->named || (l->columns >= XP_LEAST_LYING && !l->names.text && named != l->columns);
    return many && l->columns > xp_count_rows(l, text);
}

static xp_status read_standing(xp_table *t, const char *file, const xp_layout *l, xp_bytes text,
                               rest *more, xp_error *err) {
    if (l->named || l->columns > XP_TABLE_COLUMNS)
        return xp_fail(err, XP_ERR_LIMIT, "%s line %d: %d columns, expected 1 to %d%s", file,
                       l->first.number, l->columns, XP_TABLE_COLUMNS,
                       l->named ? ", all of numbers" : "");
    t->n_columns = l->columns;
    t->columns = calloc((size_t)l->columns, sizeof *t->columns);
    if (!t->columns) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", file);
    xp_table_read_facts(t, l, text);
    read_header(t, l);
    return read_rows(t, file, l, text, more, err);
}

static xp_status read_table(xp_stored *w, const char *file, xp_bytes text,
                            const xp_read_options *opt, xp_error *err) {
    xp_layout l;
    if (!xp_find_layout(&l, text))
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s: no rows of numbers in it: expected a row for each sample, a column for "
                       "each lead, separated by commas, semicolons, tabs, bars or blanks",
                       file);
    xp_table t = {.rate = NAN, .first_line = l.first.number};
    t.facts = xp_facts_unknown();
    xp_status s;
    if (lies(&l, text, opt)) {
        xp_table_read_facts(&t, &l, text);
        s = xp_read_lying(&t, file, &l, text, err);
    } else {
        s = read_standing(&t, file, &l, text, NULL, err);
    }
    if (s == XP_OK) s = xp_table_to_stored(w, &t, file, opt, err);
    xp_table_free(&t);
    return s;
}

/* Of a long table: what is said of its signals. *done is false where it is none that is read row by
 * row: one that lies, or has lines of megabytes. */
static xp_status read_outline(xp_stored *w, const char *file, xp_file_window *window,
                              const xp_read_options *opt, bool *done, xp_error *err) {
    xp_layout l;
    rest more = {window, 0};
    xp_bytes piece = next_piece(&more);
    uint8_t *head = piece.size ? malloc(piece.size) : NULL; /* the window moves on */
    *done = false;
    if (!head) return XP_OK;
    memcpy(head, piece.data, piece.size);
    xp_bytes text = {head, piece.size};
    xp_status s = XP_OK;
    if (xp_find_layout(&l, text) && !lies(&l, text, opt)) {
        xp_table t = {.rate = NAN, .first_line = l.first.number};
        t.facts = xp_facts_unknown();
        *done = true;
        s = read_standing(&t, file, &l, text, &more, err);
        if (s == XP_OK) s = xp_table_to_stored(w, &t, file, opt, err);
        xp_table_free(&t);
    }
    free(head);
    return s;
}

/* ==== UTF-16 ================================================================================= */

static int utf16_order(xp_bytes b) {
    if (b.size < 2) return 0;
    return b.data[0] == 0xff && b.data[1] == 0xfe   ? 1
           : b.data[0] == 0xfe && b.data[1] == 0xff ? 2
                                                    : 0;
}

/* Letters that tables need: ASCII, micro, and a minus sign as "-"; others become '?'. Written to
 * out (b.size bytes). */
static size_t decode(uint8_t *out, xp_bytes b, bool big) {
    size_t n = 0;
    for (size_t i = 0; i + 1 < b.size; i += 2) {
        unsigned c = big ? b.data[i] << 8 | b.data[i + 1] : b.data[i] | b.data[i + 1] << 8;
        if (c == 0x3bc || c == 0xb5) { /* micro */
            out[n++] = 0xc2;
            out[n++] = 0xb5;
        } else if (c == 0x2212 || c == 0x2013) {
            out[n++] = '-';
        } else {
            out[n++] = c < 128 ? (uint8_t)c : '?';
        }
    }
    return n;
}

/* Of a text that begins with its order. */
static size_t from_utf16(uint8_t *out, xp_bytes b) {
    return decode(out, (xp_bytes){b.data + 2, b.size - 2}, utf16_order(b) == 2);
}

/* A temporary file of what is too long to be decoded in memory, as a file source. */
typedef struct decoded_text {
    FILE *file; /* owned */
    uint64_t size;
} decoded_text;

static bool decoded_part(void *ctx, const char *name, uint64_t at, uint8_t *out, size_t *size,
                         uint64_t *whole) {
    const decoded_text *d = ctx;
    (void)name;
    *size = fseeko(d->file, (off_t)at, SEEK_SET) == 0 ? fread(out, 1, *size, d->file) : 0;
    if (whole) *whole = d->size;
    return true;
}

static bool decode_into(decoded_text *d, xp_file_window *from, bool big) {
    enum { STEP = 1 << 18 };
    uint8_t *out = malloc(STEP);
    bool fine = out != NULL;
    for (uint64_t at = 2; fine && at < from->size; at += STEP) {
        const uint64_t left = from->size - at;
        const xp_bytes in = xp_file_window_at(from, at, left < STEP ? (size_t)left : STEP);
        const size_t n = in.size ? decode(out, in, big) : 0;
        fine = in.size && fwrite(out, 1, n, d->file) == n;
        d->size += n;
    }
    free(out);
    return fine && fflush(d->file) == 0;
}

/* read_outline of a text in UTF-16. */
static xp_status read_wide_outline(xp_stored *w, const char *name, xp_file_window *from, bool big,
                                   const xp_read_options *opt, bool *done, xp_error *err) {
    decoded_text d = {.file = tmpfile()};
    const xp_file_source source = {.ctx = &d, .part = decoded_part};
    xp_file_window window;
    xp_status s = XP_OK;
    if (!d.file) return XP_OK;
    if (decode_into(&d, from, big) && xp_file_window_open(&window, &source, name)) {
        s = read_outline(w, name, &window, opt, done, err);
        xp_file_window_close(&window);
    }
    fclose(d.file);
    return s;
}

/* ==== the row ================================================================================ */

static bool is_table_name(const char *name) {
    return xp_name_ends_with(name, ".csv") || xp_name_ends_with(name, ".tsv") ||
           xp_name_ends_with(name, ".txt") || xp_name_ends_with(name, ".asc");
}

/* Names that tables about recordings have, which are no recordings. */
static bool is_about_records(const xp_layout *l) {
    static const char *const words[] = {"patient", "subject", "study",  "record", "filename",
                                        "file",    "label",   "ecg_id", "age",    "sex",
                                        "dx",      "epoch",   "fold",   "loss"};
    const char *text;
    size_t at = 0, n;
    char field[XP_TABLE_FIELD];
    while (l->names.text && xp_next_field(&l->names, &at, l->dialect, &text, &n)) {
        xp_table_copy_field(field, sizeof field, text, n);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (!strncasecmp(field, words[i], strlen(words[i]))) return true;
    }
    return false;
}

/* Whether the numbers look like samples rather than numbers of things. */
static bool has_sign_or_fraction(xp_bytes text, const xp_layout *l) {
    const char *from = l->first.text, *end = (const char *)text.data + text.size;
    for (const char *c = from; c < end; c++)
        if (*c == '-' || *c == '.' || *c == '\xe2' || (*c == ',' && l->dialect.comma == ','))
            return true; /* \xe2 begins a minus sign of typography */
    return false;
}

static bool line_names_a_lead(const xp_line *line) {
    static const char separators[] = ";\t|,";
    for (const char *s = separators; *s; s++) {
        const char *field;
        size_t at = 0, n;
        while (xp_next_field(line, &at, (xp_dialect){*s, ','}, &field, &n)) {
            xp_table_column c = {0};
            xp_table_name_column(&c, field, n);
            if (xp_lead_parse(c.name) != XP_LEAD_NONE) return true;
        }
    }
    return false;
}

/* Whether a line before the first row does; NULL: the first line, where no row is whole in a file's
 * beginning. */
static bool names_a_lead(xp_bytes text, const char *row) {
    xp_line_reader r = xp_lines(text);
    for (xp_line line; (line = xp_next_line(&r)).text && (!row || line.text < row);) {
        if (line_names_a_lead(&line)) return true;
        if (!row) break;
    }
    return false;
}

static xp_likeness sniff(const char *name, xp_bytes start) {
    uint8_t decoded[XP_SNIFF_BYTES];
    xp_layout l;
    if (!start.size) return XP_UNLIKE;
    bool whole = start.size < XP_SNIFF_BYTES;
    if (utf16_order(start)) {
        if (start.size > sizeof decoded) start.size = sizeof decoded;
        start = (xp_bytes){decoded, from_utf16(decoded, start)};
    }
    for (size_t i = 0; i < start.size; i++)
        if (start.data[i] < 9 || (start.data[i] > 13 && start.data[i] < 32)) return XP_UNLIKE;
    const xp_bytes all = start;
    while (!whole && start.size && start.data[start.size - 1] != '\n' &&
           start.data[start.size - 1] != '\r')
        start.size--; /* the last line is cut */
    if (xp_name_ends_with(name, ".hea")) return XP_UNLIKE;
    if (!xp_find_layout(&l, start))
        return !whole && is_table_name(name) && (names_a_lead(all, NULL) || xp_begins_lying(all))
                   ? XP_LIKE_BY_NAME
                   : XP_UNLIKE;
    if (is_about_records(&l) || (!is_table_name(name) && (l.rows < 2 || l.columns < 2)))
        return XP_UNLIKE;
    if (l.columns < 2 && !has_sign_or_fraction(start, &l) && !names_a_lead(start, l.first.text))
        return XP_UNLIKE;
    return XP_LIKE_BY_CONTENT;
}

static xp_status read(xp_stored *w, const xp_file_source *src, const char *name,
                      const xp_read_options *opt, xp_error *err) {
    xp_bytes text;
    xp_file_window window;
    if (opt && opt->no_samples && xp_file_window_open(&window, src, name)) {
        bool done = false;
        xp_status s = XP_OK;
        const int order = window.size > LONG ? utf16_order(xp_file_window_at(&window, 0, 2)) : 0;
        if (order)
            s = read_wide_outline(w, name, &window, order == 2, opt, &done, err);
        else if (window.size > LONG)
            s = read_outline(w, name, &window, opt, &done, err);
        xp_file_window_close(&window);
        if (done) return s;
    }
    XP_TRY(src->get(src->ctx, name, &text, err));
    if (!utf16_order(text)) return read_table(w, name, text, opt, err);
    uint8_t *decoded = malloc(text.size);
    if (!decoded) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    xp_status s = read_table(w, name, (xp_bytes){decoded, from_utf16(decoded, text)}, opt, err);
    free(decoded);
    return s;
}

const xp_format xp_format_table = {
    .name = "CSV",
    .help = "A table of text (.csv, .tsv, .txt) has a row for each sample and a column for each "
            "lead.",
    .sniff = sniff,
    .read = read,
};
