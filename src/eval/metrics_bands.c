#include "eval/metrics_bands.h"

#include <math.h>
#include <stdlib.h>

#include "eval/metrics_column.h"

typedef struct totals {
    double positives, negatives;
} totals;

static totals count(const xp_column *c, const uint32_t *weight) {
    totals t = {0, 0};
    for (size_t i = 0; i < c->n; i++)
        *(c->at[i].truth ? &t.positives : &t.negatives) += weight[c->at[i].row];
    return t;
}

/* One resample's ROC curve at the sections, y[k * stride]. */
static void roc_sections(const xp_column *c, const uint32_t *weight, int n, double *y,
                         size_t stride) {
    totals t = count(c, weight);
    double tp = 0, fp = 0;
    int k = 0;
    for (size_t i = 0, end; t.positives > 0 && t.negatives > 0 && i < c->n; i = end) {
        double tp0 = tp, fp0 = fp;
        end = xp_ties_end(c, i);
        for (size_t j = i; j < end; j++) *(c->at[j].truth ? &tp : &fp) += weight[c->at[j].row];
        for (; k < n && (double)k / (n - 1) * t.negatives < fp; k++) {
            double along = ((double)k / (n - 1) * t.negatives - fp0) / (fp - fp0);
            y[(size_t)k * stride] = (tp0 + (tp - tp0) * along) / t.positives;
        }
    }
    for (; k < n; k++) y[(size_t)k * stride] = t.positives > 0 && t.negatives > 0 ? 1 : NAN;
}

static void pr_sections(const xp_column *c, const uint32_t *weight, int n, double *y,
                        size_t stride) {
    totals t = count(c, weight);
    double tp = 0, fp = 0;
    int k = 0;
    for (size_t i = 0, end; t.positives > 0 && i < c->n; i = end) {
        end = xp_ties_end(c, i);
        for (size_t j = i; j < end; j++) *(c->at[j].truth ? &tp : &fp) += weight[c->at[j].row];
        for (; k < n && tp > 0 && (double)k / (n - 1) * t.positives <= tp * (1 + 1e-12); k++)
            y[(size_t)k * stride] = tp / (tp + fp);
    }
    for (; k < n; k++) y[(size_t)k * stride] = NAN;
}

typedef void sections(const xp_column *, const uint32_t *, int, double *, size_t);

/* value (n, resamples) is room. */
static void gather(const xp_column *c, xp_redrawer *r, xp_eval_options o, sections *cut,
                   double *value, xp_band *b) {
    size_t resamples = (size_t)o.resamples;
    for (size_t i = 0; i < resamples; i++) {
        xp_redraw(r);
        cut(c, r->weight, b->n, value + i, resamples);
    }
    for (int k = 0; k < b->n; k++) {
        xp_bootstrap one = xp_percentiles(value + (size_t)k * resamples, resamples, o.level);
        b->low[k] = one.low;
        b->high[k] = one.high;
    }
}

static xp_status band(const xp_predictions *p, int label, xp_eval_options o, int n, sections *cut,
                      xp_band *out, xp_error *err) {
    xp_column c = {0};
    xp_redrawer r = {0};
    if (n < 2 || n > 10000 || o.resamples < 0 || o.resamples > 1000000)
        return xp_fail(err, XP_ERR_USAGE, "a band of %d sections from %d resamples", n,
                       o.resamples);
    if (label < 0 || label >= p->labels)
        return xp_fail(err, XP_ERR_USAGE, "label %d of %d", label, p->labels);
    XP_TRY(xp_predictions_check(p, err));
    size_t each = (size_t)n;
    xp_band b = {.low = calloc(2 * each, sizeof *b.low), .n = n};
    double *value = calloc(each * (size_t)o.resamples + 1, sizeof *value);
    xp_status s = b.low && value ? XP_OK
                                 : xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d resamples",
                                           o.resamples);
    if (s == XP_OK) b.high = b.low + each;
    if (s == XP_OK) s = xp_column_make(p, label, 1, NULL, &c, err);
    if (s == XP_OK) s = xp_redrawer_make(p, o.seed, &r, err);
    if (s == XP_OK) gather(&c, &r, o, cut, value, &b);
    xp_column_free(&c);
    xp_redrawer_free(&r);
    free(value);
    if (s == XP_OK)
        *out = b;
    else
        free(b.low);
    return s;
}

xp_status xp_roc_band(const xp_predictions *p, int label, xp_eval_options o, int n, xp_band *out,
                      xp_error *err) {
    return band(p, label, o, n, roc_sections, out, err);
}

xp_status xp_pr_band(const xp_predictions *p, int label, xp_eval_options o, int n, xp_band *out,
                     xp_error *err) {
    return band(p, label, o, n, pr_sections, out, err);
}

void xp_band_free(xp_band *b) {
    free(b->low);
    *b = (xp_band){0};
}
