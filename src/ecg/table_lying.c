/* Tables of text with a row for each lead, as exports of arrays and some devices have them. */
#include "ecg/table_layout.h"

#include <math.h>
#include <stdlib.h>

typedef struct lying {
    const char *file;
    const xp_layout *l;
    xp_table *t;
    xp_marks *marks;
} lying;

static xp_status bad_row(const lying *y, const xp_line *line, const char *what, int n,
                         xp_error *err) {
    return xp_fail(err, XP_ERR_FORMAT, "%s line %d, number %d: %s: correct or delete the line",
                   y->file, line->number, n + 1, what);
}

/* A row becomes the column `column`. */
static xp_status read_row(const lying *y, const xp_line *line, int column, xp_error *err) {
    const xp_layout *l = y->l;
    size_t at = 0, n;
    const char *text;
    xp_table *t = y->t;
    int64_t i = 0;
    if (l->named && xp_next_field(line, &at, l->dialect, &text, &n))
        xp_table_name_column(&t->columns[column], text, n);
    for (double v; xp_next_field(line, &at, l->dialect, &text, &n); i++) {
        if (!xp_table_marked_number(text, n, l->dialect.comma, &v, y->marks, column))
            return bad_row(y, line, "it is not a number", (int)i, err);
        if (i >= t->n_rows && n) break;
        if (i < t->n_rows) t->values[i * t->n_columns + column] = v;
    }
    if (i == t->n_rows) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "%s line %d has %s than %lld numbers, which line %d has: is the file cut off?",
                   y->file, line->number, i < t->n_rows ? "fewer" : "more", (long long)t->n_rows,
                   t->first_line);
}

/* What stands behind a last separator. */
static void drop_empty_end(xp_table *t) {
    const double *last = t->values + (t->n_rows - 1) * t->n_columns;
    for (int c = 0; c < t->n_columns; c++)
        if (!isnan(last[c])) return;
    if (t->n_rows > 1) t->n_rows--;
}

static xp_status read_rows(const lying *y, xp_bytes text, xp_error *err) {
    xp_line_reader lines = xp_lines(text);
    lines.at = y->l->first.text;
    lines.number = y->l->first.number - 1;
    int column = 0;
    for (xp_line line; (line = xp_next_line(&lines)).text;) {
        if (line.text[0] == '#') continue;
        XP_TRY(read_row(y, &line, column++, err));
    }
    drop_empty_end(y->t);
    return xp_marks_check(y->marks, y->l->dialect.separator, 1, y->file, err);
}

xp_status xp_read_lying(xp_table *t, const char *file, const xp_layout *l, xp_bytes text,
                        xp_error *err) {
    int64_t rows = xp_count_rows(l, text), numbers = l->columns - l->named;
    if (rows > XP_TABLE_COLUMNS)
        return xp_fail(
            err, XP_ERR_LIMIT,
            "%s line %d: %lld rows of %lld numbers each, expected a row for each sample, or "
            "for each lead",
            file, l->first.number, (long long)rows, (long long)numbers);
    /* A number takes a byte and its separator: what rows of equal length need is known before. */
    if ((uint64_t)rows * (uint64_t)numbers > text.size)
        return xp_fail(
            err, XP_ERR_FORMAT,
            "%s: not all of its %lld rows have %lld numbers, as line %d has: is the file cut off?",
            file, (long long)rows, (long long)numbers, l->first.number);
    t->n_columns = (int)rows;
    t->n_rows = numbers;
    t->has_names = l->named;
    t->columns = calloc((size_t)rows, sizeof *t->columns);
    t->values = xp_alloc_array(rows * numbers, sizeof *t->values);
    xp_marks *marks = calloc(1, sizeof *marks);
    lying y = {file, l, t, marks};
    xp_status s = t->columns && t->values && marks
                      ? read_rows(&y, text, err)
                      : xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its numbers", file);
    free(marks);
    return s;
}
