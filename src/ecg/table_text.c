/* CSV and other text: rows of numbers, separated by commas, semicolons, tabs or blanks, with or
 * without a row of names, behind any lines that say something else. */
#include "base/wide_text.h"
#include "ecg/scratch.h"
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

/* The longest table that is looked at as a whole, since its rows are the leads. */
enum { MOST_LYING = 8 << 20 };

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

/* ==== texts of two or four bytes a letter ==================================================== */

/* Of b, behind the mark, to out (xp_wide_text_most); what is no letter becomes '?', and *taken
 * counts what is no part of a letter that is cut off. */
static size_t decode(uint8_t *out, xp_wide_text kind, xp_bytes b, size_t *taken) {
    size_t n = 0, used;
    for (*taken = 0;; *taken += (size_t)kind.width) {
        const xp_bytes behind = {b.data + *taken, b.size - *taken};
        n += xp_wide_text_decode(out + n, kind, behind, &used);
        *taken += used;
        if (b.size - *taken < 4) return n;
        out[n++] = '?';
    }
}

static size_t decode_whole(uint8_t *out, xp_wide_text kind, xp_bytes b) {
    size_t taken;
    return decode(out, kind, (xp_bytes){b.data + kind.mark, b.size - kind.mark}, &taken);
}

static bool decode_into(xp_scratch *to, xp_file_window *from, xp_wide_text kind) {
    enum { STEP = 1 << 18 };
    uint8_t *out = malloc(xp_wide_text_most(STEP));
    bool fine = out != NULL;
    for (uint64_t at = kind.mark; fine && at < from->size;) {
        const uint64_t left = from->size - at;
        const xp_bytes in = xp_file_window_at(from, at, left < STEP ? (size_t)left : STEP);
        size_t taken = 0;
        const size_t n = in.size ? decode(out, kind, in, &taken) : 0;
        fine = in.size && xp_scratch_put(to, out, n);
        if (left <= STEP) break;
        at += taken;
    }
    free(out);
    return fine && fflush(to->file) == 0;
}

/* read_outline of a wide text. */
static xp_status read_wide_outline(xp_stored *w, const char *name, xp_file_window *from,
                                   xp_wide_text kind, const xp_read_options *opt, bool *done,
                                   xp_error *err) {
    xp_scratch decoded;
    xp_file_window window;
    xp_status s = XP_OK;
    if (!xp_scratch_open(&decoded)) return XP_OK;
    if (decode_into(&decoded, from, kind) && xp_file_window_open(&window, &decoded.source, name)) {
        s = read_outline(w, name, &window, opt, done, err);
        xp_file_window_close(&window);
    }
    xp_scratch_close(&decoded);
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
    uint8_t decoded[XP_SNIFF_BYTES / 2 * 3 + 1];
    xp_layout l;
    if (!start.size) return XP_UNLIKE;
    bool whole = start.size < XP_SNIFF_BYTES;
    const xp_wide_text wide = xp_wide_text_of(start, 0);
    if (wide.width) {
        if (start.size > XP_SNIFF_BYTES) start.size = XP_SNIFF_BYTES;
        start = (xp_bytes){decoded, decode_whole(decoded, wide, start)};
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
        const size_t start = window.size < 4 ? (size_t)window.size : 4;
        const xp_wide_text wide = xp_wide_text_of(xp_file_window_at(&window, 0, start), 0);
        if (window.size > LONG && wide.width)
            s = read_wide_outline(w, name, &window, wide, opt, &done, err);
        else if (window.size > LONG)
            s = read_outline(w, name, &window, opt, &done, err);
        if (!done && s == XP_OK && window.size > MOST_LYING)
            s = xp_fail(
                err, XP_ERR_LIMIT,
                "%s has lines of megabytes, which are told about up to %d MB alone: give it "
                "a row for each sample, or read it with the other commands",
                name, MOST_LYING >> 20);
        xp_file_window_close(&window);
        if (done || s != XP_OK) return s;
    }
    XP_TRY(src->get(src->ctx, name, &text, err));
    const xp_wide_text wide = xp_wide_text_of(text, 0);
    if (!wide.width) return read_table(w, name, text, opt, err);
    uint8_t *decoded = malloc(xp_wide_text_most(text.size));
    if (!decoded) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    const xp_bytes letters = {decoded, decode_whole(decoded, wide, text)};
    xp_status s = read_table(w, name, letters, opt, err);
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
