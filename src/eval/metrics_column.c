#include "eval/metrics_column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { MAX_BINS = 1000 };

xp_status xp_predictions_check(const xp_predictions *p, xp_error *err) {
    size_t pairs;
    if (p->labels < 1 || !xp_mul_size(p->n, (size_t)p->labels, &pairs) || p->n > INT32_MAX)
        return xp_fail(err, XP_ERR_SHAPE, "predictions of %zu cases and %d labels", p->n,
                       p->labels);
    for (size_t i = 0; i < pairs; i++) {
        size_t row = i / (size_t)p->labels, label = i % (size_t)p->labels;
        if (!isfinite(p->score[i]))
            return xp_fail(err, XP_ERR_FORMAT,
                           "case %zu, label %zu: the score is %g; every score must be a number",
                           row, label, p->score[i]);
        if (p->truth[i] < -1 || p->truth[i] > 1)
            return xp_fail(err, XP_ERR_FORMAT,
                           "case %zu, label %zu: the truth is %d where 1, 0 or -1 (unknown) was "
                           "expected",
                           row, label, p->truth[i]);
    }
    return XP_OK;
}

static int by_falling_score(const void *a, const void *b) {
    const xp_entry *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

xp_status xp_column_make(const xp_predictions *p, int first, int count, const double *threshold,
                         xp_column *out, xp_error *err) {
    xp_column c = {calloc(p->n * (size_t)count + 1, sizeof *c.at), 0};
    if (!c.at) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", p->n);
    for (size_t row = 0; row < p->n; row++)
        for (int label = first; label < first + count; label++) {
            size_t i = row * (size_t)p->labels + (size_t)label;
            if (p->truth[i] < 0) continue;
            double t = threshold ? threshold[label] : NAN;
            int8_t predicted = isnan(t) ? -1 : p->score[i] >= t;
            c.at[c.n++] = (xp_entry){p->score[i], (uint32_t)row, p->truth[i] == 1, predicted};
        }
    qsort(c.at, c.n, sizeof *c.at, by_falling_score);
    *out = c;
    return XP_OK;
}

void xp_column_free(xp_column *c) {
    free(c->at);
    *c = (xp_column){0};
}

static double weight_of(const uint32_t *weight, const xp_entry *e) {
    return weight ? weight[e->row] : 1;
}

/* One pass down the scores: each run of ties adds its positives against the negatives above it. */
static void rank_figures(const xp_column *c, const uint32_t *weight, double *auroc, double *auprc) {
    double tp = 0, fp = 0, wins = 0, precision_sum = 0;
    for (size_t i = 0, end; i < c->n; i = end) {
        double pos = 0, neg = 0;
        end = xp_ties_end(c, i);
        for (size_t j = i; j < end; j++)
            *(c->at[j].truth ? &pos : &neg) += weight_of(weight, &c->at[j]);
        wins += neg * (tp + pos / 2); /* pairs in which the positive case is above, ties half */
        tp += pos;
        fp += neg;
        if (pos > 0) precision_sum += pos * (tp / (tp + fp));
    }
    *auroc = tp > 0 && fp > 0 ? wins / (tp * fp) : NAN;
    *auprc = tp > 0 ? precision_sum / tp : NAN;
}

double xp_column_auroc(const xp_column *c, const uint32_t *weight) {
    double auroc, auprc;
    rank_figures(c, weight, &auroc, &auprc);
    return auroc;
}

static void calibration_figures(const xp_column *c, const uint32_t *weight, int bins, double *brier,
                                double *ece) {
    double gap[MAX_BINS] = {0}, total = 0, squares = 0; /* gap: sum of (score - truth) */
    *brier = *ece = NAN;
    if (!c->n || c->at[0].score > 1 || c->at[c->n - 1].score < 0) return; /* not probabilities */
    for (size_t i = 0; i < c->n; i++) {
        const xp_entry *e = &c->at[i];
        double w = weight_of(weight, e), d = e->score - e->truth;
        total += w;
        squares += w * d * d;
        gap[xp_bin_of(e->score, bins)] += w * d;
    }
    if (!(total > 0)) return;
    double sum = 0;
    for (int b = 0; b < bins; b++) sum += fabs(gap[b]);
    *brier = squares / total;
    *ece = sum / total;
}

static xp_confusion count(const xp_column *c, const uint32_t *weight) {
    xp_confusion n = {0};
    for (size_t i = 0; i < c->n; i++) {
        const xp_entry *e = &c->at[i];
        if (e->predicted < 0) continue;
        size_t w = weight ? weight[e->row] : 1;
        *(e->predicted ? (e->truth ? &n.tp : &n.fp) : (e->truth ? &n.fn : &n.tn)) += w;
    }
    return n;
}

static double ratio(double a, double b) {
    return b > 0 ? a / b : NAN;
}

static void threshold_figures(xp_confusion n, double v[XP_METRIC_COUNT]) {
    double tp = (double)n.tp, fp = (double)n.fp, tn = (double)n.tn, fn = (double)n.fn;
    v[XP_SENSITIVITY] = ratio(tp, tp + fn);
    v[XP_SPECIFICITY] = ratio(tn, tn + fp);
    v[XP_PRECISION] = ratio(tp, tp + fp);
    v[XP_NPV] = ratio(tn, tn + fn);
    v[XP_F1] = tp + fn > 0 ? ratio(2 * tp, 2 * tp + fp + fn) : NAN;
    v[XP_ACCURACY] = ratio(tp + tn, tp + tn + fp + fn);
    v[XP_MCC] =
        ratio(tp * tn - fp * fn, sqrt(tp + fp) * sqrt(tp + fn) * sqrt(tn + fp) * sqrt(tn + fn));
}

void xp_column_figures(const xp_column *c, const uint32_t *weight, int bins,
                       double value[XP_METRIC_COUNT], xp_confusion *confusion) {
    xp_confusion n = count(c, weight);
    threshold_figures(n, value);
    rank_figures(c, weight, &value[XP_AUROC], &value[XP_AUPRC]);
    if (bins > MAX_BINS) bins = MAX_BINS;
    calibration_figures(c, weight, bins < 1 ? 1 : bins, &value[XP_BRIER], &value[XP_ECE]);
    if (confusion) *confusion = n;
}

/* ==== resampling patients ================================================================= */

static int by_id(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Number the distinct patients from 0. */
static xp_status number_patients(const xp_predictions *p, xp_redrawer *r, xp_error *err) {
    uint64_t *id = malloc((p->n + 1) * sizeof *id);
    if (!id) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", p->n);
    memcpy(id, p->patient, p->n * sizeof *id);
    qsort(id, p->n, sizeof *id, by_id);
    size_t m = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!m || id[m - 1] != id[i]) id[m++] = id[i];
    for (size_t i = 0; i < p->n; i++) {
        const uint64_t *found = bsearch(&p->patient[i], id, m, sizeof *id, by_id);
        r->patient_of[i] = (uint32_t)(found - id);
    }
    r->patients = (uint32_t)m;
    free(id);
    return XP_OK;
}

xp_status xp_redrawer_make(const xp_predictions *p, uint64_t seed, xp_redrawer *out,
                           xp_error *err) {
    xp_redrawer r = {.rng = xp_rng_seed(seed), .cases = p->n};
    r.patient_of = calloc(p->n + 1, sizeof *r.patient_of);
    r.drawn = calloc(p->n + 1, sizeof *r.drawn);
    r.weight = calloc(p->n + 1, sizeof *r.weight);
    xp_status s = XP_OK;
    if (!r.patient_of || !r.drawn || !r.weight)
        s = xp_fail(err, XP_ERR_MEMORY, "not enough memory to resample %zu cases", p->n);
    else if (p->patient)
        s = number_patients(p, &r, err);
    else {
        for (size_t i = 0; i < p->n; i++) r.patient_of[i] = (uint32_t)i;
        r.patients = (uint32_t)p->n;
    }
    if (s != XP_OK)
        xp_redrawer_free(&r);
    else
        *out = r;
    return s;
}

void xp_redrawer_free(xp_redrawer *r) {
    free(r->patient_of);
    free(r->drawn);
    free(r->weight);
    *r = (xp_redrawer){0};
}

void xp_redraw(xp_redrawer *r) {
    memset(r->drawn, 0, r->patients * sizeof *r->drawn);
    for (uint32_t i = 0; i < r->patients; i++) r->drawn[xp_rng_below(&r->rng, r->patients)]++;
    for (size_t i = 0; i < r->cases; i++) r->weight[i] = r->drawn[r->patient_of[i]];
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

xp_bootstrap xp_percentiles(double *value, size_t n, double level) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(value[i])) value[m++] = value[i];
    if (m) qsort(value, m, sizeof *value, by_value);
    double tail = (1 - level) / 2;
    return (xp_bootstrap){xp_quantile(value, m, tail), xp_quantile(value, m, 1 - tail),
                          (int)(n - m)};
}
