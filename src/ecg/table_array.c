#include "ecg/table_array.h"

#include <math.h>
#include <stdlib.h>

static uint64_t load(const uint8_t *p, int n, bool big) {
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[big ? i : n - 1 - i];
    return v;
}

/* IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
static double half_value(unsigned bits) {
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023, v;
    if (exponent == 31)
        v = fraction > 0 ? NAN : INFINITY;
    else
        v = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits & 0x8000 ? -v : v;
}

static double value_at(const xp_array *a, const uint8_t *p) {
    uint64_t bits = load(p, a->size, a->big_endian);
    if (a->kind == 'f' && a->size == 8) {
        double v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    if (a->kind == 'f' && a->size == 2) return half_value((unsigned)bits);
    if (a->kind == 'f') {
        uint32_t low = (uint32_t)bits;
        float v;
        memcpy(&v, &low, sizeof v);
        return v;
    }
    if (a->kind == 'u' || a->size == 8)
        return a->kind == 'u' ? (double)bits : (double)(int64_t)bits;
    uint64_t sign = (uint64_t)1 << (8 * a->size - 1);
    return (double)(int64_t)((bits ^ sign) - sign);
}

double xp_array_value(const xp_array *a, int64_t i) {
    return value_at(a, a->data + i * a->size);
}

/* Elements in the order of the file. */
typedef struct elements {
    const xp_array *a;
    xp_bytes piece;
    int64_t from, n; /* elements of the piece */
} elements;

/* Element i, NaN where it is not finite. False where the file cannot be read. */
static bool next_element(elements *e, int64_t i, double *v) {
    enum { PIECE = 1 << 16 };
    const xp_array *a = e->a;
    if (!a->window) {
        *v = xp_array_value(a, i);
    } else {
        if (i >= e->from + e->n) {
            const int64_t left = a->rows * a->cols - i;
            e->from = i;
            e->n = left < PIECE ? left : PIECE;
            e->piece = xp_file_window_at(a->window,
                                         (uint64_t)(a->data - a->start) + (uint64_t)(i * a->size),
                                         (size_t)(e->n * a->size));
        }
        if (!e->piece.size) return false;
        *v = value_at(a, e->piece.data + (i - e->from) * a->size);
    }
    if (!isfinite(*v)) *v = NAN;
    return true;
}

/* Rows of t, of an array that may lie on its side; of those that t has no values for, whether
 * something is there. */
static bool fill(xp_table *t, const xp_array *a, bool lying) {
    elements e = {.a = a};
    const int64_t inner = a->columns ? a->rows : a->cols, all = a->rows * a->cols;
    for (int64_t i = 0, outer = 0; i < all; outer++)
        for (int64_t k = 0; k < inner; k++, i++) {
            const int64_t r = a->columns == lying ? outer : k, c = a->columns == lying ? k : outer;
            double v;
            if (!next_element(&e, i, &v)) return false;
            if (r < t->n_rows)
                t->values[r * t->n_columns + c] = v;
            else
                t->more_missing[c] += isnan(v) != 0;
        }
    return true;
}

/* What is kept of an array of which no samples are wanted, so that its time and order are found. */
enum { KEPT = 1 << 20 };

xp_status xp_array_to_stored(xp_stored *w, const xp_array *a, const char *file,
                             const xp_read_options *opt, xp_error *err) {
    bool lying = a->cols > a->rows && a->cols > XP_TABLE_COLUMNS;
    if (a->rows < 1 || a->cols < 1 || (lying && a->rows > XP_TABLE_COLUMNS))
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s holds an array of %lld x %lld: expected samples x leads", file,
                       (long long)a->rows, (long long)a->cols);
    /* Read as rows of columns; an array that lies on its side is turned here, since a table has
     * few columns. */
    const int64_t rows = lying ? a->cols : a->rows, cols = lying ? a->rows : a->cols;
    const int64_t most = a->window && cols <= XP_TABLE_COLUMNS ? KEPT / cols : rows;
    xp_table t = {.n_columns = (int)cols, .n_rows = rows < most ? rows : most, .rate = NAN};
    t.facts = xp_facts_unknown();
    t.more_rows = rows - t.n_rows;
    t.columns = calloc((size_t)cols, sizeof *t.columns);
    t.values = xp_alloc_array(t.n_rows * cols, sizeof *t.values);
    t.more_missing = t.more_rows ? calloc((size_t)cols, sizeof *t.more_missing) : NULL;
    bool ok = t.columns && t.values && (t.more_missing || !t.more_rows);
    if (ok) ok = fill(&t, a, lying);
    if (ok && !lying) ok = xp_table_stand(&t, opt);
    xp_status s = ok ? xp_table_to_stored(w, &t, file, opt, err)
                     : xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its numbers", file);
    xp_table_free(&t);
    return s;
}

bool xp_array_look(xp_array *a, const xp_read_options *opt, xp_file_window *window,
                   const xp_file_source *src, const char *name, const uint8_t *start) {
    enum { LONG = 4 << 20 };
    const bool wanted = !opt || !opt->no_samples;
    if (wanted || a->rows * a->cols * a->size <= LONG || !xp_file_window_open(window, src, name))
        return false;
    a->window = window;
    a->start = start;
    return true;
}
