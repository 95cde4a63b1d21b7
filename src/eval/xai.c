#include "eval/xai.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== ranks ================================================================================== */

typedef struct ranked {
    float value;
    int index;
} ranked;

static int by_value(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->index - y->index;
}

/* rank (n) of v (n), from 0, ties at their mean. */
static void find_ranks(const float *v, int n, ranked *work, double *rank) {
    for (int i = 0; i < n; i++) work[i] = (ranked){v[i], i};
    qsort(work, (size_t)n, sizeof *work, by_value);
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && work[end].value == work[i].value;) end++;
        for (int k = i; k < end; k++) rank[work[k].index] = (i + end - 1) / 2.0;
    }
}

static double correlation(const double *a, const double *b, int n) {
    double mean = (n - 1) / 2.0, ab = 0, aa = 0, bb = 0; /* of ranks, ties or not */
    for (int i = 0; i < n; i++) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

xp_status xp_spearman(const float *a, const float *b, int n, double *rho, xp_error *err) {
    *rho = NAN;
    for (int i = 0; i < n; i++)
        if (!isfinite(a[i]) || !isfinite(b[i])) return XP_OK;
    if (n < 2) return XP_OK;
    double *rank = calloc(2 * (size_t)n, sizeof *rank);
    ranked *work = calloc((size_t)n, sizeof *work);
    if (rank && work) {
        find_ranks(a, n, work, rank);
        find_ranks(b, n, work, rank + n);
        *rho = correlation(rank, rank + n, n);
    }
    xp_status s = rank && work ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "no memory for %d ranks", n);
    free(work);
    free(rank);
    return s;
}

/* ==== orders ================================================================================= */

void xp_bin_means(const float *map, int t, int bins, float *score) {
    for (int b = 0; b < bins; b++) {
        const int begin = (int)((int64_t)b * t / bins), end = (int)((int64_t)(b + 1) * t / bins);
        double sum = 0;
        for (int i = begin; i < end; i++) sum += (double)map[i];
        score[b] = (float)(sum / (end - begin));
    }
}

void xp_order_descending(const float *score, int n, int *order) {
    for (int i = 0; i < n; i++) { /* insertion: n is some hundred at most */
        int at = i;
        for (; at > 0 && score[order[at - 1]] < score[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
}

void xp_order_random(xp_rng *rng, int n, int *order) {
    for (int i = 0; i < n; i++) {
        const int k = (int)xp_rng_below(rng, (uint32_t)i + 1);
        order[i] = order[k];
        order[k] = i;
    }
}

void xp_shuffle(xp_rng *rng, float *v, size_t n) {
    for (size_t i = n; i > 1; i--) {
        const size_t k = (size_t)(xp_rng_uniform(rng) * (double)i);
        const float swap = v[k];
        v[k] = v[i - 1];
        v[i - 1] = swap;
    }
}

/* ==== records that are changed =============================================================== */

void xp_keep_bins(float *out, const float *x, int length, int leads, const int *order, int bins,
                  int n_chosen, bool keep) {
    for (int i = 0; i < bins; i++) {
        const int b = order[i];
        const size_t begin = (size_t)((int64_t)b * length / bins) * (size_t)leads;
        const size_t end = (size_t)((int64_t)(b + 1) * length / bins) * (size_t)leads;
        if ((i < n_chosen) == keep)
            memcpy(out + begin, x + begin, (end - begin) * sizeof *x);
        else
            memset(out + begin, 0, (end - begin) * sizeof *x);
    }
}

void xp_shift_later(float *out, const float *x, int length, int leads, int shift) {
    for (int i = 0; i < length; i++) {
        const int from = i < shift ? 0 : i - shift;
        memcpy(out + (size_t)i * (size_t)leads, x + (size_t)from * (size_t)leads,
               (size_t)leads * sizeof *x);
    }
}

void xp_shift_back(float *out, const float *map, int n, double steps) {
    for (int i = 0; i < n; i++) {
        const double at = fmin(i + steps, n - 1);
        const int left = (int)at, right = left + 1 < n ? left + 1 : left;
        const double part = at - left;
        out[i] = (float)((1 - part) * (double)map[left] + part * (double)map[right]);
    }
}

void xp_plant_burst(float *x, int length, int leads, double rate, int lead, double centre,
                    double amplitude) {
    const double hz = 20, sd = 0.05, pi = 3.14159265358979323846;
    for (int i = 0; i < length; i++) {
        const double t = i / rate - centre;
        if (fabs(t) > 4 * sd) continue;
        x[(size_t)i * (size_t)leads + (size_t)lead] +=
            (float)(amplitude * exp(-t * t / (2 * sd * sd)) * sin(2 * pi * hz * t));
    }
}

/* ==== figures ================================================================================ */

double xp_curve_area(const double *y, int n) {
    double sum = (y[0] + y[n - 1]) / 2;
    for (int i = 1; i < n - 1; i++) sum += y[i];
    return sum / (n - 1);
}

int xp_peak(const float *v, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (v[i] > v[best]) best = i;
    return best;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double mean_of(const double *v, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += v[i];
    return sum / n;
}

static void bootstrap(const double *v, int n, uint64_t seed, double *means, int resamples) {
    xp_rng rng = xp_rng_seed(seed);
    for (int r = 0; r < resamples; r++) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += v[xp_rng_below(&rng, (uint32_t)n)];
        means[r] = sum / n;
    }
    qsort(means, (size_t)resamples, sizeof *means, by_size);
}

xp_status xp_mean_interval(const double *v, size_t n, uint64_t seed, xp_mean *out, xp_error *err) {
    enum { RESAMPLES = 1000 };
    double *defined = calloc(n + RESAMPLES, sizeof *defined), *means = defined + n;
    if (!defined) return xp_fail(err, XP_ERR_MEMORY, "no memory for %zu values", n);
    *out = (xp_mean){.mean = NAN, .low = NAN, .high = NAN};
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i])) defined[out->n++] = v[i];
    if (out->n >= XP_MEAN_MIN) {
        bootstrap(defined, out->n, seed, means, RESAMPLES);
        out->mean = mean_of(defined, out->n);
        out->low = xp_quantile(means, RESAMPLES, 0.025);
        out->high = xp_quantile(means, RESAMPLES, 0.975);
    }
    free(defined);
    return XP_OK;
}
