/* How far a map can be trusted: the arithmetic of `xplaim xai-check`. */
#ifndef XP_EVAL_XAI_H
#define XP_EVAL_XAI_H

#include "base/rng.h"
#include "base/status.h"
#include "eval/stats.h"

#include <stdbool.h>
#include <stdint.h>

/* Spearman's rank correlation (ties have their mean rank) of a (n) and b (n); NaN where one of them
 * is constant or not finite, or n < 2. XP_ERR_MEMORY. */
xp_status xp_spearman(const float *a, const float *b, int n, double *rho, xp_error *err);

/* score (bins): mean of map (t) over each of `bins` equal parts of it; t >= bins. */
void xp_bin_means(const float *map, int t, int bins, float *score);

/* order (n): indices by descending score, the earlier one first of equals. */
void xp_order_descending(const float *score, int n, int *order);

/* order (n): a random permutation of 0 .. n - 1 (Fisher and Yates). */
void xp_order_random(xp_rng *rng, int n, int *order);

/* The same of n values, in place: weights that keep their distribution and lose their meaning. */
void xp_shuffle(xp_rng *rng, float *v, size_t n);

/* out (length, leads): x with the first n_chosen of order's bins set to 0 in all leads (deletion),
 * or with all others set to 0 (insertion: keep true). Bin b holds samples [b length / bins,
 * (b + 1) length / bins). */
void xp_keep_bins(float *out, const float *x, int length, int leads, const int *order, int bins,
                  int n_chosen, bool keep);

/* Area under y (n >= 2), equally spaced over [0, 1], by trapezoids. */
double xp_curve_area(const double *y, int n);

/* out (length, leads): x later by `shift` samples >= 0; the first sample fills up the front. */
void xp_shift_later(float *out, const float *x, int length, int leads, int shift);

/* out (n), which may be map itself: map, of a record that was shifted, earlier by `steps` (any
 * fraction >= 0), linear between its values; the last value fills up the end. */
void xp_shift_back(float *out, const float *map, int n, double steps);

/* Index of the largest value; the first of equals. */
int xp_peak(const float *v, int n);

/* Add a burst (20 Hz under a Gaussian of 50 ms standard deviation) of `amplitude` mV to one lead,
 * its middle at `centre` seconds. */
void xp_plant_burst(float *x, int length, int leads, double rate, int lead, double centre,
                    double amplitude);

typedef struct xp_mean {
    int n;            /* values that are defined */
    double mean;      /* NaN where n < XP_MEAN_MIN */
    double low, high; /* 95 % percentile bootstrap interval of the mean */
} xp_mean;

/* A mean of fewer values than this says nothing and is not given. */
enum { XP_MEAN_MIN = 5 };

/* v (n), NaN left out; 1000 resamples from seed. XP_ERR_MEMORY. */
xp_status xp_mean_interval(const double *v, size_t n, uint64_t seed, xp_mean *out, xp_error *err);

#endif
