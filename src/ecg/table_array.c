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

double xp_array_value(const xp_array *a, int64_t i) {
    uint64_t bits = load(a->data + i * a->size, a->size, a->big_endian);
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

xp_status xp_array_to_stored(xp_stored *w, const xp_array *a, const char *file,
                             const xp_read_options *opt, xp_error *err) {
    bool lying = a->cols > a->rows && a->cols > XP_TABLE_COLUMNS;
    if (a->rows < 1 || a->cols < 1 || (lying && a->rows > XP_TABLE_COLUMNS))
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s holds an array of %lld x %lld: expected samples x leads", file,
                       (long long)a->rows, (long long)a->cols);
    /* Read as rows of columns; an array that lies on its side is turned here, since a table has
     * few columns. */
    int64_t rows = lying ? a->cols : a->rows, cols = lying ? a->rows : a->cols;
    xp_table t = {.n_columns = (int)cols, .n_rows = rows, .rate = NAN};
    t.facts = xp_facts_unknown();
    t.columns = calloc((size_t)cols, sizeof *t.columns);
    t.values = xp_alloc_array(rows * cols, sizeof *t.values);
    bool ok = t.columns && t.values;
    for (int64_t r = 0; ok && r < a->rows; r++)
        for (int64_t c = 0; c < a->cols; c++) {
            double v = xp_array_value(a, a->columns ? c * a->rows + r : r * a->cols + c);
            t.values[lying ? c * cols + r : r * cols + c] = isfinite(v) ? v : NAN;
        }
    if (ok && !lying) ok = xp_table_stand(&t, opt);
    xp_status s = ok ? xp_table_to_stored(w, &t, file, opt, err)
                     : xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its numbers", file);
    xp_table_free(&t);
    return s;
}
