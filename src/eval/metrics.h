/* Evaluation of multi-label predictions: the figures, their intervals and their tests.
 *
 * Truth is 1, 0 or -1 (unknown: the pair of case and label is left out). A figure that the data do
 * not define (AUROC of a label with one class, precision without a positive prediction) is NaN,
 * printed "undefined"; it is never an error. A case counts as predicted when score >= threshold. */
#ifndef XP_EVAL_METRICS_H
#define XP_EVAL_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "eval/stats.h"

/* f1, accuracy, mcc: at the threshold. auroc: Mann-Whitney, ties count one half. auprc: average
 * precision, sum of (recall step x precision) over distinct scores, as scikit-learn. brier: mean
 * squared difference. ece: expected calibration error over bins of equal width. */
#define XP_METRIC_LIST(X)                                                                          \
    X(XP_SENSITIVITY, "sensitivity")                                                               \
    X(XP_SPECIFICITY, "specificity")                                                               \
    X(XP_PRECISION, "precision")                                                                   \
    X(XP_NPV, "npv")                                                                               \
    X(XP_F1, "f1")                                                                                 \
    X(XP_ACCURACY, "accuracy")                                                                     \
    X(XP_MCC, "mcc")                                                                               \
    X(XP_AUROC, "auroc")                                                                           \
    X(XP_AUPRC, "auprc")                                                                           \
    X(XP_BRIER, "brier")                                                                           \
    X(XP_ECE, "ece")

typedef enum xp_metric {
#define X(code, name) code,
    XP_METRIC_LIST(X)
#undef X
        XP_METRIC_COUNT
} xp_metric;

const char *xp_metric_name(xp_metric m);

/* What is evaluated; nothing is owned or kept. */
typedef struct xp_predictions {
    const double *score;     /* (n, labels), finite; Brier and ECE need [0, 1] */
    const int8_t *truth;     /* (n, labels) */
    const uint64_t *patient; /* (n); NULL: every case is a patient of its own */
    size_t n;                /* cases */
    int labels;
} xp_predictions;

typedef struct xp_eval_options {
    double level;  /* of every interval, 0.95 */
    int resamples; /* bootstrap; 0 for none, 1000 by default */
    uint64_t seed;
    int bins;          /* of the ECE, 10 */
    int min_positives; /* a label with fewer takes no part in the macro mean; 0 by default */
} xp_eval_options;

xp_eval_options xp_eval_defaults(void);

/* ---- one model -------------------------------------------------------------------------- */

typedef struct xp_confusion {
    size_t tp, fp, tn, fn;
} xp_confusion;

/* Percentile interval over the resamples in which the figure is defined. */
typedef struct xp_bootstrap {
    double low, high;
    int undefined; /* resamples in which it was not, for want of a class */
} xp_bootstrap;

typedef struct xp_evaluated {
    size_t n, positives, unknown; /* pairs known; of these true; pairs left out */
    double threshold;             /* NaN for macro and micro */
    bool one_class;               /* all known truths are the same: most figures are undefined */
    xp_confusion confusion;
    double value[XP_METRIC_COUNT];
    int defined[XP_METRIC_COUNT];       /* macro: number of labels in the mean */
    xp_ci exact[XP_METRIC_COUNT];       /* Clopper-Pearson, where it is a proportion of cases */
    xp_ci delong;                       /* of the AUROC, cut to [0, 1] */
    xp_bootstrap boot[XP_METRIC_COUNT]; /* resampling patients */
} xp_evaluated;

typedef struct xp_evaluation {
    size_t cases, patients;
    int labels;
    xp_eval_options options;
    xp_evaluated *label; /* (labels), owned */
    xp_evaluated macro;  /* mean over the labels with options.min_positives positives for which a
                            figure is defined; its counts are those labels' */
    xp_evaluated micro;  /* all known pairs of case and label in one pot */
} xp_evaluation;

/* threshold (labels) comes from other data than these, or is 0.5 (xp_choose_threshold); a NaN
 * ("no threshold") makes the figures at the threshold undefined for that label, and leaves it out
 * of the micro confusion counts. Free *out with xp_evaluation_free. XP_ERR_FORMAT names the case
 * and label of a score that is not finite or a truth that is not 1, 0 or -1. */
xp_status xp_evaluate(const xp_predictions *p, const double *threshold, xp_eval_options o,
                      xp_evaluation *out, xp_error *err);
void xp_evaluation_free(xp_evaluation *e);

/* ---- two models on the same cases ------------------------------------------------------- */

/* Of the cases that should be found (sensitivity) or passed over (specificity). */
typedef struct xp_paired {
    size_t both, only_a, only_b, neither; /* which model was right */
    double p;                             /* exact McNemar; NaN without cases or threshold */
} xp_paired;

typedef struct xp_compared {
    double auroc[2];
    double covariance[3]; /* DeLong: aa, ab, bb */
    double difference;    /* a - b */
    xp_ci delong;         /* of the difference */
    double z, p;          /* two-sided; undefined where the difference has no variance */
    xp_bootstrap boot;    /* of the difference, the same resamples for both models */
    xp_paired sensitivity, specificity;
} xp_compared;

/* a's cases scored by a second model, score_b (n, labels). out has room for a->labels results.
 * macro: the means over the labels with o.min_positives positives in which the AUROC is defined,
 * their difference and its bootstrap interval; every other figure of it is NaN or 0. */
xp_status xp_compare(const xp_predictions *a, const double *score_b, const double *threshold_a,
                     const double *threshold_b, xp_eval_options o, xp_compared *out,
                     xp_compared *macro, xp_error *err);

/* AUROC and its covariance by DeLong, DeLong and Clarke-Pearson (1988), computed from mid-ranks in
 * O(n log n) as Sun and Xu (2014). score_b may be NULL. truth holds 1 and 0. auc (2) and covariance
 * (aa, ab, bb) are NaN where a class is missing; the covariance needs two cases of each class. */
xp_status xp_delong(const double *score_a, const double *score_b, const uint8_t *truth, size_t n,
                    double auc[2], double covariance[3], xp_error *err);

/* ---- thresholds and curves -------------------------------------------------------------- */

typedef enum xp_threshold_rule {
    XP_THRESHOLD_YOUDEN,      /* sensitivity + wanted * specificity is largest; wanted 0: 1 */
    XP_THRESHOLD_F1,          /* F1 is largest */
    XP_THRESHOLD_SENSITIVITY, /* the highest threshold with at least the wanted sensitivity */
    XP_THRESHOLD_SPECIFICITY /* of those with at least the wanted specificity, the most sensitive */
} xp_threshold_rule;

/* Choose on validation data, never on the data that are then evaluated. Of equally good thresholds
 * the highest is taken; it lies midway between two neighbouring scores, so that rounding cannot
 * move a case across it. *out is NaN where a class is missing: "no threshold" is a legal value. */
xp_status xp_choose_threshold(const xp_predictions *p, int label, xp_threshold_rule rule,
                              double wanted, double *out, xp_error *err);

/* Points for distinct scores, from the highest score down. Free with xp_curve_free. */
typedef struct xp_curve {
    double *x, *y, *threshold; /* (n), one allocation at x */
    size_t n;
} xp_curve;

/* x: 1 - specificity, y: sensitivity; begins with (0, 0) at +inf. n = 0 where a class is missing.
 */
xp_status xp_roc_curve(const xp_predictions *p, int label, xp_curve *out, xp_error *err);
/* x: recall, y: precision; begins with (0, 1) at +inf. n = 0 without positives. */
xp_status xp_pr_curve(const xp_predictions *p, int label, xp_curve *out, xp_error *err);
void xp_curve_free(xp_curve *c);

typedef struct xp_reliability_bin {
    size_t n;
    double low, high;                 /* of the bin; the last one holds 1.0 too */
    double mean_score, positive_rate; /* NaN in an empty bin */
} xp_reliability_bin;

/* out has room for bins rows. */
xp_status xp_reliability_table(const xp_predictions *p, int label, int bins,
                               xp_reliability_bin *out, xp_error *err);

#endif
