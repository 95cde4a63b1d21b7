/* ROC and precision-recall curves, a panel for each label. */
#include "eval/figures/figures_internal.h"
#include "eval/metrics_bands.h"

#include <math.h>
#include <stdio.h>

enum { SECTIONS = 201 }; /* of a band */
static const float CURVE_WIDTH = 0.4f;

/* Which of the two. */
typedef struct curve_kind {
    bool roc;
    xp_metric area;
    const char *area_name, *x, *y;
} curve_kind;

static const curve_kind ROC = {true, XP_AUROC, "AUROC", "1 " MINUS " specificity", "sensitivity"};
static const curve_kind PR = {false, XP_AUPRC, "AUPRC", "recall (sensitivity)", "precision"};

static xp_status draw_band(const xp_chart *c, const curve_kind *k, const xp_figure_model *m,
                           int label, xp_error *err) {
    xp_band b;
    xp_eval_options o = m->evaluation->options;
    if (k->roc)
        XP_TRY(xp_roc_band(&m->predictions, label, o, SECTIONS, &b, err));
    else
        XP_TRY(xp_pr_band(&m->predictions, label, o, SECTIONS, &b, err));
    xp_chart_band(c, b.low, b.high, b.n, XP_BLUE_TINT);
    xp_band_free(&b);
    return XP_OK;
}

/* What average precision takes of a precision-recall curve: where a recall is first reached. It
 * begins at the height of its first step. */
static void trim(xp_curve *c) {
    size_t n = c->n > 0;
    for (size_t i = 1; i < c->n; i++) {
        if (!(c->x[i] > c->x[n - 1])) continue;
        c->x[n] = c->x[i];
        c->y[n++] = c->y[i];
    }
    c->n = n;
    if (n > 1) c->y[0] = c->y[1];
}

static xp_status draw_curve(const xp_chart *c, const curve_kind *k, const xp_figure_model *m,
                            int label, uint32_t rgba, xp_error *err) {
    xp_curve curve;
    if (k->roc)
        XP_TRY(xp_roc_curve(&m->predictions, label, &curve, err));
    else
        XP_TRY(xp_pr_curve(&m->predictions, label, &curve, err));
    if (!k->roc) trim(&curve);
    xp_chart_line(c, curve.x, curve.y, curve.n, !k->roc, CURVE_WIDTH, rgba);
    xp_curve_free(&curve);
    const double *v = m->evaluation->label[label].value;
    double x = k->roc ? 1 - v[XP_SPECIFICITY] : v[XP_SENSITIVITY];
    double y = k->roc ? v[XP_SENSITIVITY] : v[XP_PRECISION];
    if (!isnan(x) && !isnan(y)) xp_chart_dot(c, x, y, 1.5f, rgba);
    return XP_OK;
}

static void area_lines(const xp_chart *c, const curve_kind *k, const xp_figure_source *from,
                       int label) {
    for (int i = 0; i < from->n_models; i++) {
        const xp_evaluated *e = &from->models[i].evaluation->label[label];
        char value[48], text[64];
        figure_value_text(e->value[k->area], xp_best_interval(e, k->area), value);
        snprintf(text, sizeof text, "%s %s", from->n_models > 1 ? (i ? "b" : "a") : k->area_name,
                 value);
        panel_line(c, i, from->n_models, from->n_models > 1 ? figure_color(i) : XP_INK, text);
    }
}

static xp_status curve_panel(const xp_chart *c, const curve_kind *k, const xp_figure_source *from,
                             int label, bool first, xp_error *err) {
    const xp_evaluated *e = &from->models[0].evaluation->label[label];
    bool defined = e->positives && (!k->roc || e->positives < e->n);
    if (from->n_models == 1 && defined) XP_TRY(draw_band(c, k, &from->models[0], label, err));
    xp_chart_x_axis(c, panel_step(c), k->x);
    xp_chart_y_axis(c, panel_step(c), first ? k->y : NULL);
    panel_title(c, from->names[label], e, from->n_models);
    area_lines(c, k, from, label);
    if (!defined) {
        panel_undefined(c, e->n ? "one class only" : "no case with a known truth");
        return XP_OK;
    }
    double rate = (double)e->positives / (double)e->n;
    if (k->roc)
        xp_chart_dashes(c, 0, 0, 1, 1, XP_GREY);
    else
        xp_chart_dashes(c, 0, rate, 1, rate, XP_GREY);
    for (int i = from->n_models - 1; i >= 0; i--)
        XP_TRY(draw_curve(c, k, &from->models[i], label, figure_color(i), err));
    return XP_OK;
}

static void curve_notes(const curve_kind *k, const xp_figure_source *from, char *text,
                        size_t size) {
    const xp_eval_options *o = &from->models[0].evaluation->options;
    char band[128] = "";
    if (from->n_models == 1)
        snprintf(band, sizeof band,
                 "Band: pointwise %g %% intervals, bootstrap over patients (%d resamples). ",
                 100 * o->level, o->resamples);
    snprintf(text, size,
             "%sIn brackets: %g %% interval of the %s, %s. Dot: at the threshold " DASH
             " %s. Dashes: %s. \"n of m\": cases with the finding, of those known.",
             band, 100 * o->level, k->area_name, k->roc ? "DeLong" : "bootstrap over patients",
             from->thresholds,
             k->roc ? "chance" : "chance, which is the share of cases with the finding");
}

static xp_status figure_curves(xp_figure_list *list, const xp_figure_source *from,
                               const curve_kind *k, xp_error *err) {
    xp_display d = {0};
    char notes[768];
    const xp_evaluation *e = from->models[0].evaluation;
    panels p = panels_arrange(e->labels, from->n_models, 0);
    xp_status s = XP_OK;
    for (int l = 0; l < e->labels && s == XP_OK; l++) {
        xp_chart c = panel_at(&p, &d, l);
        s = curve_panel(&c, k, from, l, l % p.columns == 0, err);
    }
    if (s != XP_OK) {
        xp_display_free(&d);
        return s;
    }
    curve_notes(k, from, notes, sizeof notes);
    const char *title = k->roc ? "ROC curves" : "Precision-recall curves";
    figure_finish(&d, from, p.page, panels_end(&p, e->labels), title, notes);
    return figure_add(
        list, k->roc ? "roc" : "pr", title,
        k->roc ? "One panel for each label: sensitivity over 1 minus specificity, with the "
                 "area under the curve and its interval. The areas are in the table."
               : "One panel for each label: precision over recall, with the area under the "
                 "curve and its interval. The areas are in the table.",
        &d, err);
}

xp_status figure_roc(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    return figure_curves(list, from, &ROC, err);
}

xp_status figure_pr(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    return figure_curves(list, from, &PR, err);
}
