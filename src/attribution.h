/* On which leads, and on which samples, the logit of a label rests: beside Grad-CAM, which tells
 * time only. One window of input at a time, one label or all, values in logits: positive speaks for
 * the label, negative against it.
 *
 * Occlusion (Zeiler and Fergus 2014): a piece of one lead is replaced by its baseline and the
 * network asked again; the evidence of the piece is logit(x) - logit(x without it). Leads that are
 * sums of others (III, aVR, ...) stay as they were, so that the piece's information may still be
 * there: evidence of one lead is what the network loses when that lead alone is missing.
 *
 * Integrated gradients (Sundararajan, Taly and Yan 2017) from the zero record: of sample i
 *     x_i * integral from 0 to 1 of d logit(a x) / d x_i da.
 * They are complete: their sum over all samples is logit(x) - logit(0). The integral is a mean over
 * points, made denser until the sum is as close as was asked for. */
#ifndef XP_ATTRIBUTION_H
#define XP_ATTRIBUTION_H

#include "nn/net.h"

/* Told after each pass through the network; total may grow. False stops the work, which then ends
 * with XP_ERR_CANCELLED. */
typedef bool (*xp_progress_fn)(void *ctx, int done, int total);

typedef struct xp_attribution_progress {
    xp_progress_fn fn; /* NULL: nobody is informed */
    void *ctx;
} xp_attribution_progress;

/* ---- occlusion ---- */

typedef enum xp_baseline {
    XP_BASELINE_ZERO, /* 0 mV */
    XP_BASELINE_MEAN  /* the lead's mean over the recorded samples of the window */
} xp_baseline;

/* All zero: whole leads, every lead, replaced by 0 mV. */
typedef struct xp_occlusion_options {
    xp_baseline baseline;
    int segment;             /* samples that are replaced at a time; 0: the whole lead */
    int first_lead, n_leads; /* only these, to share out the work; n_leads 0: to the last */
    int valid;               /* samples that are recorded, the rest is padding; 0: all */
    xp_attribution_progress progress;
} xp_occlusion_options;

/* Pieces of a lead: segments follow each other, the last may be shorter. segment 0: 1. */
int xp_attribution_segments(int length, int segment);

/* evidence (n_labels, leads asked for, xp_attribution_segments). x (length, n_leads) mV, finite.
 * One forward pass a piece and one more; pieces that lie in the padding cost none and have 0. net
 * was made from m with any options and keeps the results of the last pass. Takes
 * xp_occlusion_bytes; on error evidence is untouched: XP_ERR_USAGE, XP_ERR_MEMORY, XP_ERR_CANCELLED
 */
xp_status xp_occlusion(xp_net *net, const xp_model *m, const float *x,
                       const xp_occlusion_options *opt, float *evidence, xp_error *err);
size_t xp_occlusion_bytes(const xp_model *m, const xp_occlusion_options *opt);

/* ---- integrated gradients ---- */

/* Zeros take the defaults. */
typedef struct xp_ig_options {
    double tolerance; /* of the sum, relative to the difference of the logits: 0.01 */
    int max_steps;    /* points at most: 1215 */
    xp_attribution_progress progress;
} xp_ig_options;

/* Differences of logits below this are held to tolerance times this: the network's own rounding
 * gives no more. */
#define XP_IG_SMALL 0.05

typedef struct xp_ig_info {
    double logit, baseline_logit; /* of x, of the zero record */
    double sum;                   /* of the gradients */
    double residual;              /* sum - (logit - baseline_logit) */
    int steps;                    /* points of the mean */
    bool complete;                /* |residual| is within the tolerance */
} xp_ig_info;

/* What the net for integrated gradients must be made to explain, among others: its input. */
#define XP_INPUT_OP 0

/* ig (length, n_leads) of one label. net was made from m to explain XP_INPUT_OP; 15 to max_steps
 * (times 3 from one to the next) forward and backward passes and two forward ones more. Where
 * max_steps do not suffice the result is the best there is and info->complete is false. Takes
 * xp_ig_bytes; on error ig and info are untouched: XP_ERR_USAGE (label, net, or options),
 * XP_ERR_MEMORY, XP_ERR_CANCELLED. */
xp_status xp_integrated_gradients(xp_net *net, const xp_model *m, const float *x, int label,
                                  const xp_ig_options *opt, float *ig, xp_ig_info *info,
                                  xp_error *err);
size_t xp_ig_bytes(const xp_model *m);

/* Sums of ig (length, n_leads) over the segments of each lead: out (n_leads,
 * xp_attribution_segments), as occlusion gives them. */
void xp_attribution_pool(const float *ig, int length, int n_leads, int segment, float *out);

#endif
