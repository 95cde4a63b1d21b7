#include "ecg/write/fit.h"

#include <math.h>
#include <stdlib.h>

/* ==== decimal numbers ======================================================================== */

/* Whether every value is a whole number of steps 1/gain, but for the last bits of a double, within
 * the range of int32. */
static bool is_grid(const double *x, int64_t n, double gain) {
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        double k = nearbyint(x[i] * gain);
        if (!(fabs(k) < 2147483647.0) || fabs(k / gain - x[i]) > 1e-14 * fabs(x[i])) return false;
    }
    return true;
}

static int compare_values(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The smallest difference of two of the first values, which is one step in most recordings; 0:
 * there is none, or no memory. */
static double smallest_step(const double *x, int64_t n) {
    enum { LOOKED_AT = 50000 };
    double *sorted = xp_alloc_array(n < LOOKED_AT ? n : LOOKED_AT, sizeof *sorted), step = 0;
    size_t m = 0;
    for (int64_t i = 0; sorted && i < n && m < LOOKED_AT; i++)
        if (isfinite(x[i])) sorted[m++] = x[i];
    if (m) qsort(sorted, m, sizeof *sorted, compare_values);
    for (size_t i = 1; i < m; i++) {
        double d = sorted[i] - sorted[i - 1];
        if (d > 1e-12 * fabs(sorted[i]) && (step == 0 || d < step)) step = d;
    }
    free(sorted);
    return step;
}

/* v to `digits` significant decimals. */
static double round_digits(double v, int digits) {
    double scale = pow(10, digits - 1 - floor(log10(v)));
    return nearbyint(v * scale) / scale;
}

/* The steps per unit that the values are multiples of; NAN where none is found. */
static double find_gain(const double *x, int64_t n) {
    double gain = 1;
    for (int k = 0; k < 10; k++, gain *= 10)
        if (is_grid(x, n, gain)) return gain;
    double step = smallest_step(x, n);
    for (int digits = 3; step > 0 && digits <= 9; digits++) {
        gain = round_digits(1 / step, digits);
        if (isfinite(gain) && gain > 0 && is_grid(x, n, gain)) return gain;
        gain = 1 / round_digits(step, digits);
        if (isfinite(gain) && gain > 0 && is_grid(x, n, gain)) return gain;
    }
    return NAN;
}

static double largest(const double *x, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i]) && fabs(x[i]) > most) most = fabs(x[i]);
    return most;
}

enum { FINEST = 1 << 30 };

/* s of decimal numbers gets whole ones, INT32_MIN where missing. */
static bool digitise(xp_stored_signal *s, int32_t **owned, bool *rounded) {
    int32_t *d = xp_alloc_array(s->n, sizeof *d);
    if (!d) return false;
    double gain = find_gain(s->physical, s->n), most = largest(s->physical, s->n);
    if (isnan(gain)) {
        gain = most > 0 ? FINEST / most : 1;
        *rounded = true;
    }
    for (int64_t i = 0; i < s->n; i++) {
        double v = s->physical[i] * gain;
        d[i] = isfinite(v) ? (int32_t)nearbyint(v) : INT32_MIN;
    }
    s->digital = *owned = d;
    s->gain = gain;
    s->baseline = 0;
    s->missing = INT32_MIN;
    return true;
}

/* ==== whole numbers ========================================================================== */

typedef struct range {
    int64_t low, high;
} range;

static range range_of(const xp_stored_signal *s) {
    range r = {INT64_MAX, INT64_MIN};
    for (int64_t i = 0; i < s->n; i++) {
        int32_t v = s->digital[i];
        if (v == s->missing) continue;
        if (v < r.low) r.low = v;
        if (v > r.high) r.high = v;
    }
    return r.low > r.high ? (range){0, 0} : r;
}

/* d (n) = round((v - offset) * factor), INT32_MIN where missing. */
static void move(int32_t *d, const xp_stored_signal *s, double offset, double factor) {
    for (int64_t i = 0; i < s->n; i++)
        d[i] = s->digital[i] == s->missing
                   ? INT32_MIN
                   : (int32_t)nearbyint(((double)s->digital[i] - offset) * factor);
}

static bool fit_whole(xp_stored_signal *s, int32_t low, int32_t high, int32_t **owned,
                      bool *rounded) {
    range r = range_of(s);
    if (r.low >= low && r.high <= high) return true;
    int32_t *d = *owned ? *owned : xp_alloc_array(s->n, sizeof *d);
    if (!d) return false;
    double offset = floor(((double)r.low + (double)r.high) / 2) - ((double)low + high + 1) / 2;
    double factor = 1;
    offset = floor(offset);
    if (r.high - r.low > (int64_t)high - low) {
        offset = ((double)r.low + (double)r.high) / 2;
        factor = (double)((int64_t)high - low) / (double)(r.high - r.low) * 0.999;
        *rounded = true;
    }
    move(d, s, offset, factor);
    s->baseline = (s->baseline - offset) * factor;
    s->gain *= factor;
    s->digital = *owned = d;
    s->missing = INT32_MIN;
    s->adc_zero = 0;
    return true;
}

bool xp_fit_signal(xp_stored_signal *s, int32_t low, int32_t high, int32_t **owned, bool *rounded) {
    *owned = NULL;
    *rounded = false;
    if (!s->digital && !digitise(s, owned, rounded)) return false;
    return fit_whole(s, low, high, owned, rounded);
}
