#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/metrics_column.h"

static const char *const names[] = {
#define X(code, name) name,
    XP_METRIC_LIST(X)
#undef X
};

const char *xp_metric_name(xp_metric m) {
    return (size_t)m < XP_METRIC_COUNT ? names[m] : "unknown";
}

xp_eval_options xp_eval_defaults(void) {
    return (xp_eval_options){.level = 0.95, .resamples = 1000, .seed = 1, .bins = 10};
}

static xp_status check_options(xp_eval_options o, xp_error *err) {
    if (!(o.level > 0 && o.level < 1) || o.resamples < 0 || o.resamples > 1000000 || o.bins < 1 ||
        o.bins > 1000)
        return xp_fail(err, XP_ERR_USAGE,
                       "level %g, %d resamples, %d bins: the level must lie between 0 and 1, "
                       "resamples between 0 and 1000000, bins between 1 and 1000",
                       o.level, o.resamples, o.bins);
    return XP_OK;
}

/* ==== DeLong ============================================================================== */

typedef struct ranked {
    double score;
    uint32_t index;
} ranked;

static int by_score(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

/* Mid-ranks (from 1; ties share their mean rank) of the cases with this truth (2: all) into
 * rank[index]. work (n). */
static void midranks(const double *score, const uint8_t *truth, size_t n, int which, ranked *work,
                     double *rank) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (which == 2 || truth[i] == which) work[m++] = (ranked){score[i], (uint32_t)i};
    qsort(work, m, sizeof *work, by_score);
    for (size_t i = 0, j; i < m; i = j) {
        for (j = i + 1; j < m && work[j].score == work[i].score;) j++;
        for (size_t k = i; k < j; k++) rank[work[k].index] = ((double)(i + j) + 1) / 2;
    }
}

/* Structural components (n): of each positive case the share of negatives below it, of each
 * negative the share of positives above it. Returns the AUROC, the mean over the positives. */
static double components(const double *score, const uint8_t *truth, size_t n, size_t positives,
                         ranked *work, double *all, double *own) {
    double sum = 0, others[2] = {(double)positives, (double)(n - positives)};
    midranks(score, truth, n, 2, work, all);
    midranks(score, truth, n, 0, work, own);
    midranks(score, truth, n, 1, work, own);
    for (size_t i = 0; i < n; i++) {
        double share = (all[i] - own[i]) / others[truth[i]];
        all[i] = truth[i] ? share : 1 - share;
        if (truth[i]) sum += all[i];
    }
    return sum / (double)positives;
}

/* Covariance of two AUROCs from their components. Both classes have the AUROC as their mean. */
static double covariance_of(const double *u, const double *v, const uint8_t *truth, size_t n,
                            size_t positives, double mean_u, double mean_v) {
    double sum[2] = {0, 0}, m = (double)positives, k = (double)(n - positives);
    for (size_t i = 0; i < n; i++) sum[truth[i]] += (u[i] - mean_u) * (v[i] - mean_v);
    return sum[1] / (m - 1) / m + sum[0] / (k - 1) / k;
}

xp_status xp_delong(const double *score_a, const double *score_b, const uint8_t *truth, size_t n,
                    double auc[2], double covariance[3], xp_error *err) {
    size_t positives = 0;
    for (size_t i = 0; i < n; i++) positives += truth[i];
    auc[0] = auc[1] = covariance[0] = covariance[1] = covariance[2] = NAN;
    if (!positives || positives == n) return XP_OK;
    ranked *work = calloc(n, sizeof *work);
    double *u = calloc(n, 3 * sizeof *u);
    if (!work || !u) {
        free(work);
        free(u);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", n);
    }
    double *v = u + n, *own = u + 2 * n;
    auc[0] = components(score_a, truth, n, positives, work, u, own);
    if (score_b) auc[1] = components(score_b, truth, n, positives, work, v, own);
    if (positives >= 2 && n - positives >= 2) {
        covariance[0] = covariance_of(u, u, truth, n, positives, auc[0], auc[0]);
        if (score_b) {
            covariance[1] = covariance_of(u, v, truth, n, positives, auc[0], auc[1]);
            covariance[2] = covariance_of(v, v, truth, n, positives, auc[1], auc[1]);
        }
    }
    free(work);
    free(u);
    return XP_OK;
}

/* estimate +- z * standard error within [least, most]; undefined without variance: an interval of
 * no width would claim certainty. */
static xp_ci normal_interval(double estimate, double variance, double level, double least,
                             double most) {
    if (!(variance > 0)) return (xp_ci){NAN, NAN};
    double half = xp_normal_quantile((1 + level) / 2) * sqrt(variance);
    return (xp_ci){fmax(least, estimate - half), fmin(most, estimate + half)};
}

static xp_status delong_interval(const xp_column *c, double level, xp_ci *out, xp_error *err) {
    double auc[2] = {NAN, NAN}, cov[3] = {NAN, NAN, NAN};
    double *score = malloc((c->n + 1) * sizeof *score);
    uint8_t *truth = malloc(c->n + 1);
    xp_status s = XP_OK;
    if (!score || !truth) {
        s = xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", c->n);
    } else {
        for (size_t i = 0; i < c->n; i++) score[i] = c->at[i].score, truth[i] = c->at[i].truth;
        s = xp_delong(score, NULL, truth, c->n, auc, cov, err);
    }
    if (s == XP_OK) *out = normal_interval(auc[0], cov[0], level, 0, 1);
    free(score);
    free(truth);
    return s;
}

/* ==== one model =========================================================================== */

static const xp_ci no_interval = {NAN, NAN};

static xp_evaluated blank(void) {
    xp_evaluated e = {.threshold = NAN, .delong = {NAN, NAN}};
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        e.value[m] = NAN;
        e.exact[m] = no_interval;
        e.boot[m] = (xp_bootstrap){NAN, NAN, 0};
    }
    return e;
}

static void exact_intervals(xp_evaluated *e, double level) {
    xp_confusion n = e->confusion;
    e->exact[XP_SENSITIVITY] = xp_clopper_pearson(n.tp, n.tp + n.fn, level);
    e->exact[XP_SPECIFICITY] = xp_clopper_pearson(n.tn, n.tn + n.fp, level);
    e->exact[XP_PRECISION] = xp_clopper_pearson(n.tp, n.tp + n.fp, level);
    e->exact[XP_NPV] = xp_clopper_pearson(n.tn, n.tn + n.fn, level);
    e->exact[XP_ACCURACY] = xp_clopper_pearson(n.tp + n.tn, n.tp + n.tn + n.fp + n.fn, level);
}

static void evaluate_column(const xp_column *c, size_t pairs, xp_eval_options o, xp_evaluated *e) {
    *e = blank();
    e->n = c->n;
    e->unknown = pairs - c->n;
    for (size_t i = 0; i < c->n; i++) e->positives += c->at[i].truth;
    e->one_class = !e->positives || e->positives == c->n;
    xp_column_figures(c, NULL, o.bins, e->value, &e->confusion);
    for (int m = 0; m < XP_METRIC_COUNT; m++) e->defined[m] = !isnan(e->value[m]);
}

static bool in_macro(const xp_evaluated *label, xp_eval_options o) {
    return label->positives >= (size_t)o.min_positives;
}

static void macro_average(const xp_evaluation *e, xp_evaluated *macro) {
    *macro = blank();
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        double sum = 0;
        for (int l = 0; l < e->labels; l++) {
            if (isnan(e->label[l].value[m]) || !in_macro(&e->label[l], e->options)) continue;
            sum += e->label[l].value[m];
            macro->defined[m]++;
        }
        if (macro->defined[m]) macro->value[m] = sum / macro->defined[m];
    }
    for (int l = 0; l < e->labels; l++) {
        if (!in_macro(&e->label[l], e->options)) continue;
        macro->n += e->label[l].n;
        macro->positives += e->label[l].positives;
        macro->unknown += e->label[l].unknown;
    }
}

/* Values of all resamples: [(labels + macro + micro) x metrics][resample]. */
typedef struct samples {
    double *value;
    size_t resamples;
} samples;

static double *sample_of(const samples *s, int row, int metric) {
    return s->value + ((size_t)row * XP_METRIC_COUNT + (size_t)metric) * s->resamples;
}

/* The macro mean of one resample is defined when every label of the full mean is. */
static void macro_sample(const xp_evaluation *e, const samples *s, size_t i) {
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        double sum = 0;
        for (int l = 0; l < e->labels; l++)
            if (e->label[l].defined[m] && in_macro(&e->label[l], e->options))
                sum += sample_of(s, l, m)[i];
        sample_of(s, e->labels, m)[i] = e->macro.defined[m] ? sum / e->macro.defined[m] : NAN;
    }
}

static void draw_samples(const xp_evaluation *e, const xp_column *columns, xp_redrawer *r,
                         const samples *s) {
    for (size_t i = 0; i < s->resamples; i++) {
        xp_redraw(r);
        for (int l = 0; l <= e->labels; l++) {
            double value[XP_METRIC_COUNT];
            int row = l < e->labels ? l : e->labels + 1; /* the last column is the micro average */
            xp_column_figures(&columns[l], r->weight, e->options.bins, value, NULL);
            for (int m = 0; m < XP_METRIC_COUNT; m++) sample_of(s, row, m)[i] = value[m];
        }
        macro_sample(e, s, i);
    }
}

static xp_status bootstrap(const xp_predictions *p, const xp_column *columns, xp_evaluation *e,
                           xp_error *err) {
    xp_redrawer r;
    XP_TRY(xp_redrawer_make(p, e->options.seed, &r, err));
    e->patients = r.patients;
    samples s = {NULL, (size_t)e->options.resamples};
    if (s.resamples && p->n) {
        s.value = calloc((size_t)(e->labels + 2) * XP_METRIC_COUNT * s.resamples, sizeof(double));
        if (!s.value) {
            xp_redrawer_free(&r);
            return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu resamples", s.resamples);
        }
        draw_samples(e, columns, &r, &s);
        for (int row = 0; row < e->labels + 2; row++) {
            xp_evaluated *to = row < e->labels    ? &e->label[row]
                               : row == e->labels ? &e->macro
                                                  : &e->micro;
            for (int m = 0; m < XP_METRIC_COUNT; m++)
                to->boot[m] = xp_percentiles(sample_of(&s, row, m), s.resamples, e->options.level);
        }
    }
    free(s.value);
    xp_redrawer_free(&r);
    return XP_OK;
}

static xp_status evaluate_all(const xp_predictions *p, const double *threshold, xp_column *columns,
                              xp_evaluation *e, xp_error *err) {
    double level = e->options.level;
    for (int l = 0; l < p->labels; l++) {
        XP_TRY(xp_column_make(p, l, 1, threshold, &columns[l], err));
        evaluate_column(&columns[l], p->n, e->options, &e->label[l]);
        e->label[l].threshold = threshold[l];
        exact_intervals(&e->label[l], level);
        XP_TRY(delong_interval(&columns[l], level, &e->label[l].delong, err));
    }
    xp_column *micro = &columns[p->labels];
    XP_TRY(xp_column_make(p, 0, p->labels, threshold, micro, err));
    /* No exact interval for micro: the labels of one case are not independent. */
    evaluate_column(micro, p->n * (size_t)p->labels, e->options, &e->micro);
    macro_average(e, &e->macro);
    return bootstrap(p, columns, e, err);
}

xp_status xp_evaluate(const xp_predictions *p, const double *threshold, xp_eval_options o,
                      xp_evaluation *out, xp_error *err) {
    XP_TRY(check_options(o, err));
    XP_TRY(xp_predictions_check(p, err));
    xp_evaluation e = {.cases = p->n, .labels = p->labels, .options = o};
    xp_column *columns = calloc((size_t)p->labels + 1, sizeof *columns);
    e.label = calloc((size_t)p->labels, sizeof *e.label);
    xp_status s = columns && e.label
                      ? evaluate_all(p, threshold, columns, &e, err)
                      : xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d labels", p->labels);
    for (int l = 0; columns && l <= p->labels; l++) xp_column_free(&columns[l]);
    free(columns);
    if (s == XP_OK)
        *out = e;
    else
        xp_evaluation_free(&e);
    return s;
}

void xp_evaluation_free(xp_evaluation *e) {
    free(e->label);
    e->label = NULL;
}

/* ==== two models ========================================================================== */

/* One label's known cases side by side. */
typedef struct pairs {
    double *a, *b;
    uint8_t *truth;
    size_t n;
} pairs;

static void free_pairs(pairs *q) {
    free(q->a);
    free(q->b);
    free(q->truth);
}

static xp_status make_pairs(const xp_predictions *p, const double *score_b, int label, pairs *q,
                            xp_error *err) {
    *q = (pairs){calloc(p->n + 1, sizeof *q->a), calloc(p->n + 1, sizeof *q->b),
                 calloc(p->n + 1, 1), 0};
    if (!q->a || !q->b || !q->truth) {
        free_pairs(q);
        xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu cases", p->n);
        return XP_ERR_MEMORY; /* said plainly: gcc must see that the arrays are not used */
    }
    for (size_t row = 0; row < p->n; row++) {
        size_t i = row * (size_t)p->labels + (size_t)label;
        if (p->truth[i] < 0) continue;
        q->a[q->n] = p->score[i];
        q->b[q->n] = score_b[i];
        q->truth[q->n++] = p->truth[i] == 1;
    }
    return XP_OK;
}

static xp_paired mcnemar(const pairs *q, int truth, double threshold_a, double threshold_b) {
    xp_paired t = {.p = NAN};
    if (isnan(threshold_a) || isnan(threshold_b)) return t;
    for (size_t i = 0; i < q->n; i++) {
        if (q->truth[i] != truth) continue;
        bool a = (q->a[i] >= threshold_a) == truth, b = (q->b[i] >= threshold_b) == truth;
        (*(a ? (b ? &t.both : &t.only_a) : (b ? &t.only_b : &t.neither)))++;
    }
    if (t.both + t.only_a + t.only_b + t.neither) t.p = xp_mcnemar_exact(t.only_a, t.only_b);
    return t;
}

static xp_status compare_label(const pairs *q, double level, xp_compared *c, xp_error *err) {
    XP_TRY(xp_delong(q->a, q->b, q->truth, q->n, c->auroc, c->covariance, err));
    double variance = c->covariance[0] + c->covariance[2] - 2 * c->covariance[1];
    c->difference = c->auroc[0] - c->auroc[1];
    c->delong = normal_interval(c->difference, variance, level, -1, 1);
    c->z = variance > 0 ? c->difference / sqrt(variance) : NAN;
    c->p = xp_normal_two_sided(c->z);
    return XP_OK;
}

/* value (o.resamples) is room for the differences; where the label counts for the macro mean they
 * are added to sum (o.resamples). The same seed draws the same patients for every label. */
static xp_status bootstrap_difference(const xp_predictions *a, const xp_predictions *b, int label,
                                      xp_eval_options o, double *value, double *sum,
                                      xp_bootstrap *out, xp_error *err) {
    xp_column x = {0}, y = {0};
    xp_redrawer r = {0};
    xp_status s = xp_column_make(a, label, 1, NULL, &x, err);
    if (s == XP_OK) s = xp_column_make(b, label, 1, NULL, &y, err);
    if (s == XP_OK) s = xp_redrawer_make(a, o.seed, &r, err);
    if (s == XP_OK) {
        for (int i = 0; i < o.resamples; i++) {
            xp_redraw(&r);
            value[i] = xp_column_auroc(&x, r.weight) - xp_column_auroc(&y, r.weight);
            if (sum) sum[i] += value[i];
        }
        *out = xp_percentiles(value, (size_t)o.resamples, o.level);
    }
    xp_column_free(&x);
    xp_column_free(&y);
    xp_redrawer_free(&r);
    return s;
}

static void add_to_macro(xp_compared *macro, const xp_compared *label) {
    for (int k = 0; k < 2; k++) macro->auroc[k] += label->auroc[k];
    macro->difference++; /* the number of labels, until finish_macro */
}

static void finish_macro(xp_compared *macro, double *sum, xp_eval_options o) {
    double labels = macro->difference;
    for (int k = 0; k < 2; k++) macro->auroc[k] = labels > 0 ? macro->auroc[k] / labels : NAN;
    for (int i = 0; i < o.resamples; i++) sum[i] = labels > 0 ? sum[i] / labels : NAN;
    macro->difference = macro->auroc[0] - macro->auroc[1];
    macro->boot = xp_percentiles(sum, (size_t)o.resamples, o.level);
}

static xp_status compare_one(const xp_predictions *a, const xp_predictions *b, int label,
                             const double threshold[2], xp_eval_options o, xp_compared *c,
                             bool *counts, xp_error *err) {
    pairs q;
    size_t positives = 0;
    XP_TRY(make_pairs(a, b->score, label, &q, err));
    xp_status s = compare_label(&q, o.level, c, err);
    c->sensitivity = mcnemar(&q, 1, threshold[0], threshold[1]);
    c->specificity = mcnemar(&q, 0, threshold[0], threshold[1]);
    for (size_t i = 0; i < q.n; i++) positives += q.truth[i];
    *counts = positives >= (size_t)o.min_positives && !isnan(c->difference);
    free_pairs(&q);
    return s;
}

xp_status xp_compare(const xp_predictions *a, const double *score_b, const double *threshold_a,
                     const double *threshold_b, xp_eval_options o, xp_compared *out,
                     xp_compared *macro, xp_error *err) {
    static const xp_paired none = {.p = NAN};
    xp_predictions b = *a;
    b.score = score_b;
    XP_TRY(check_options(o, err));
    XP_TRY(xp_predictions_check(a, err));
    XP_TRY(xp_predictions_check(&b, err));
    size_t room = (size_t)o.resamples + 1;
    double *value = calloc(2 * room, sizeof *value), *sum = value + room;
    if (!value)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d resamples", o.resamples);
    *macro = (xp_compared){.covariance = {NAN, NAN, NAN},
                           .delong = {NAN, NAN},
                           .z = NAN,
                           .p = NAN,
                           .sensitivity = none,
                           .specificity = none};
    xp_status s = XP_OK;
    for (int l = 0; s == XP_OK && l < a->labels; l++) {
        const double threshold[2] = {threshold_a[l], threshold_b[l]};
        bool counts;
        out[l] = (xp_compared){0};
        s = compare_one(a, &b, l, threshold, o, &out[l], &counts, err);
        if (s == XP_OK)
            s = bootstrap_difference(a, &b, l, o, value, counts ? sum : NULL, &out[l].boot, err);
        if (s == XP_OK && counts) add_to_macro(macro, &out[l]);
    }
    if (s == XP_OK) finish_macro(macro, sum, o);
    free(value);
    return s;
}
