#include <math.h>
#include <stdlib.h>

#include "eval/metrics_column.h"

static xp_status checked_column(const xp_predictions *p, int label, xp_column *c, size_t *positives,
                                xp_error *err) {
    XP_TRY(xp_predictions_check(p, err));
    if (label < 0 || label >= p->labels)
        return xp_fail(err, XP_ERR_USAGE, "label %d of %d", label, p->labels);
    XP_TRY(xp_column_make(p, label, 1, NULL, c, err));
    *positives = 0;
    for (size_t i = 0; i < c->n; i++) *positives += c->at[i].truth;
    return XP_OK;
}

/* How good a threshold is that predicts the tp + fp highest cases. */
static double merit(xp_threshold_rule rule, double wanted, double tp, double fp, double positives,
                    double negatives) {
    double sensitivity = tp / positives;
    switch (rule) {
    case XP_THRESHOLD_YOUDEN:
        return sensitivity - (wanted > 0 ? wanted : 1) * fp / negatives;
    case XP_THRESHOLD_F1:
        return 2 * tp / (tp + fp + positives);
    case XP_THRESHOLD_SENSITIVITY:
        return sensitivity >= wanted;
    case XP_THRESHOLD_SPECIFICITY:
        return 1 - fp / negatives >= wanted ? sensitivity : -1;
    }
    return NAN;
}

/* Just below the run of ties that ends at end: midway to the next score. */
static double below(const xp_column *c, size_t end) {
    double last = c->at[end - 1].score;
    return end < c->n ? last - (last - c->at[end].score) / 2 : last;
}

xp_status xp_choose_threshold(const xp_predictions *p, int label, xp_threshold_rule rule,
                              double wanted, double *out, xp_error *err) {
    xp_column c;
    size_t positives;
    const bool specific = rule == XP_THRESHOLD_SPECIFICITY;
    if ((specific || rule == XP_THRESHOLD_SENSITIVITY) && !(wanted > 0 && wanted <= 1))
        return xp_fail(err, XP_ERR_USAGE,
                       "a %s of %g was asked for; it must be above 0 and at most 1",
                       specific ? "specificity" : "sensitivity", wanted);
    XP_TRY(checked_column(p, label, &c, &positives, err));
    double tp = 0, fp = 0, best = -INFINITY, threshold = NAN;
    bool both = positives && positives < c.n;
    for (size_t i = 0, end; both && i < c.n; i = end) {
        end = xp_ties_end(&c, i);
        for (size_t j = i; j < end; j++) *(c.at[j].truth ? &tp : &fp) += 1;
        double m = merit(rule, wanted, tp, fp, (double)positives, (double)(c.n - positives));
        if (m > best) {
            best = m;
            threshold = below(&c, end);
        }
    }
    xp_column_free(&c);
    *out = threshold;
    return XP_OK;
}

static xp_status make_curve(const xp_column *c, size_t positives, bool roc, xp_curve *out,
                            xp_error *err) {
    xp_curve k = {calloc(c->n + 1, 3 * sizeof(double)), NULL, NULL, 1};
    if (!k.x) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu points", c->n + 1);
    k.y = k.x + c->n + 1;
    k.threshold = k.y + c->n + 1;
    k.y[0] = roc ? 0 : 1;
    k.threshold[0] = INFINITY;
    double tp = 0, fp = 0, pos = (double)positives, neg = (double)(c->n - positives);
    for (size_t i = 0, end; i < c->n; i = end, k.n++) {
        end = xp_ties_end(c, i);
        for (size_t j = i; j < end; j++) *(c->at[j].truth ? &tp : &fp) += 1;
        k.x[k.n] = roc ? fp / neg : tp / pos;
        k.y[k.n] = roc ? tp / pos : tp / (tp + fp);
        k.threshold[k.n] = c->at[i].score;
    }
    *out = k;
    return XP_OK;
}

static xp_status curve(const xp_predictions *p, int label, bool roc, xp_curve *out, xp_error *err) {
    xp_column c;
    size_t positives;
    XP_TRY(checked_column(p, label, &c, &positives, err));
    xp_status s = XP_OK;
    if (!positives || (roc && positives == c.n))
        *out = (xp_curve){0};
    else
        s = make_curve(&c, positives, roc, out, err);
    xp_column_free(&c);
    return s;
}

xp_status xp_roc_curve(const xp_predictions *p, int label, xp_curve *out, xp_error *err) {
    return curve(p, label, true, out, err);
}

xp_status xp_pr_curve(const xp_predictions *p, int label, xp_curve *out, xp_error *err) {
    return curve(p, label, false, out, err);
}

void xp_curve_free(xp_curve *c) {
    free(c->x);
    *c = (xp_curve){0};
}

xp_status xp_reliability_table(const xp_predictions *p, int label, int bins,
                               xp_reliability_bin *out, xp_error *err) {
    xp_column c;
    size_t positives;
    if (bins < 1) return xp_fail(err, XP_ERR_USAGE, "%d bins", bins);
    XP_TRY(checked_column(p, label, &c, &positives, err));
    if (c.n && (c.at[0].score > 1 || c.at[c.n - 1].score < 0)) {
        xp_column_free(&c);
        return xp_fail(err, XP_ERR_FORMAT, "the scores of label %d are not probabilities", label);
    }
    for (int b = 0; b < bins; b++)
        out[b] = (xp_reliability_bin){0, (double)b / bins, (double)(b + 1) / bins, 0, 0};
    for (size_t i = 0; i < c.n; i++) {
        xp_reliability_bin *r = &out[xp_bin_of(c.at[i].score, bins)];
        r->n++;
        r->mean_score += c.at[i].score;
        r->positive_rate += c.at[i].truth;
    }
    for (int b = 0; b < bins; b++) {
        out[b].mean_score /= (double)out[b].n; /* 0 / 0 in an empty bin: NaN, as documented */
        out[b].positive_rate /= (double)out[b].n;
    }
    xp_column_free(&c);
    return XP_OK;
}
