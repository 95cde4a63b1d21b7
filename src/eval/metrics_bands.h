/* How uncertain a curve is at each of its places: pointwise percentile intervals from the bootstrap
 * over patients, the same resamples as xp_evaluate's. Vertical sections, as Fawcett (2006) averages
 * ROC curves. */
#ifndef XP_EVAL_METRICS_BANDS_H
#define XP_EVAL_METRICS_BANDS_H

#include "eval/metrics.h"

/* Of y at x = 0, 1 / (n - 1), ..., 1; NaN where no resample defines it. */
typedef struct xp_band {
    double *low, *high; /* (n), one allocation at low */
    int n;
} xp_band;

/* Sensitivity over 1 - specificity, linear between the points of each resample's curve. n (2 to
 * 10000) sections. All NaN without resamples (o.resamples 0). Free with xp_band_free. */
xp_status xp_roc_band(const xp_predictions *p, int label, xp_eval_options o, int n, xp_band *out,
                      xp_error *err);
/* Precision over recall: of the highest threshold that reaches the recall, as average precision
 * takes it. */
xp_status xp_pr_band(const xp_predictions *p, int label, xp_eval_options o, int n, xp_band *out,
                     xp_error *err);
void xp_band_free(xp_band *b);

#endif
