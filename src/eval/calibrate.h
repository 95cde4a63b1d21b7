/* Calibration of a multi-label model's probabilities on validation data. */
#ifndef XP_EVAL_CALIBRATE_H
#define XP_EVAL_CALIBRATE_H

#include "eval/metrics.h"

/* Calibrated log-odds = slope * log-odds + offset; slope > 0, so that no order of cases (no AUROC)
 * changes. */
typedef struct xp_scaling {
    double slope, offset;
} xp_scaling;

/* Logistic scaling (Platt 1999) of each label by penalised maximum likelihood. A validation set has
 * few positives of most labels, so two numbers of their own would overfit: first one scaling is
 * fitted to all labels together, then each label's own with a normal prior around the common one,
 * of standard deviation XP_CALIBRATE_SLOPE_SD and XP_CALIBRATE_OFFSET_SD (log-odds). A label of
 * which only one class is known takes the common scaling. out (p->labels). XP_ERR_FORMAT where no
 * label has both classes, or a score is no probability. */
#define XP_CALIBRATE_SLOPE_SD 0.25
#define XP_CALIBRATE_OFFSET_SD 1.0
xp_status xp_calibrate(const xp_predictions *p, xp_scaling *out, xp_error *err);

/* Mean binary cross-entropy (natural logarithm) of a label's known cases under a scaling; NaN
 * without cases. */
double xp_scaling_loss(const xp_predictions *p, int label, xp_scaling s);

#endif
