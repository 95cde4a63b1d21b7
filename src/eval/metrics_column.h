/* One label's known cases sorted by falling score: what every figure is computed from. Internal to
 * the metrics. */
#ifndef XP_EVAL_METRICS_COLUMN_H
#define XP_EVAL_METRICS_COLUMN_H

#include "base/rng.h"
#include "eval/metrics.h"

typedef struct xp_entry {
    double score;
    uint32_t row; /* case */
    uint8_t truth;
    int8_t predicted; /* 1, 0, or -1 where the label has no threshold */
} xp_entry;

typedef struct xp_column {
    xp_entry *at; /* (n), owned */
    size_t n;
} xp_column;

/* Check shapes and values once, before any column is made. */
xp_status xp_predictions_check(const xp_predictions *p, xp_error *err);

/* Labels first .. first+count-1 in one column (count > 1: the micro average). threshold (labels)
 * may be NULL. Free with xp_column_free. */
xp_status xp_column_make(const xp_predictions *p, int first, int count, const double *threshold,
                         xp_column *out, xp_error *err);
void xp_column_free(xp_column *c);

/* End of the run of equal scores that begins at i. */
static inline size_t xp_ties_end(const xp_column *c, size_t i) {
    size_t j = i + 1;
    while (j < c->n && c->at[j].score == c->at[i].score) j++;
    return j;
}

/* All figures of the column. weight[row] counts each case (bootstrap); NULL counts every one once.
 * confusion may be NULL. */
void xp_column_figures(const xp_column *c, const uint32_t *weight, int bins,
                       double value[XP_METRIC_COUNT], xp_confusion *confusion);

/* AUROC alone. */
double xp_column_auroc(const xp_column *c, const uint32_t *weight);

/* Bin of a score in [0, 1]. */
static inline int xp_bin_of(double score, int bins) {
    int b = (int)(score * bins);
    return b < bins ? b : bins - 1;
}

/* ---- resampling patients ---------------------------------------------------------------- */

typedef struct xp_redrawer {
    xp_rng rng;
    uint32_t *patient_of; /* (cases): index of the case's patient */
    uint32_t *drawn;      /* (patients): how often drawn */
    uint32_t *weight;     /* (cases): the result */
    size_t cases;
    uint32_t patients;
} xp_redrawer;

xp_status xp_redrawer_make(const xp_predictions *p, uint64_t seed, xp_redrawer *out, xp_error *err);
void xp_redrawer_free(xp_redrawer *r);
void xp_redraw(xp_redrawer *r); /* fills weight */

/* Percentile interval of the n values (each NaN where undefined), which are reordered. */
xp_bootstrap xp_percentiles(double *value, size_t n, double level);

#endif
