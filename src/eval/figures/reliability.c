/* Reliability diagrams, a panel for each label. */
#include "eval/figures/figures_internal.h"

#include <math.h>
#include <stdio.h>

enum { BINS_MAX = 1000 };

static xp_status draw_bins(const xp_chart *c, const xp_figure_model *m, int label, uint32_t rgba,
                           xp_error *err) {
    xp_eval_options o = m->evaluation->options;
    xp_reliability_bin bins[BINS_MAX];
    double x[BINS_MAX], y[BINS_MAX];
    float size[BINS_MAX];
    size_t n = 0;
    XP_TRY(xp_reliability_table(&m->predictions, label, o.bins, bins, err));
    for (int b = 0; b < o.bins; b++) {
        if (!bins[b].n) continue;
        x[n] = bins[b].mean_score;
        y[n++] = bins[b].positive_rate;
        size_t hits = (size_t)llround(bins[b].positive_rate * (double)bins[b].n);
        xp_ci ci = xp_clopper_pearson(hits, bins[b].n, o.level);
        xp_chart_whisker_y(c, bins[b].mean_score, ci.low, ci.high, rgba);
        size[n - 1] = 0.7f + 0.4f * log10f((float)bins[b].n);
    }
    for (size_t i = 0; i < n; i++) xp_chart_dot(c, x[i], y[i], size[i], rgba);
    return XP_OK;
}

/* How many cases each bin has, as bars over the logarithm of their number. */
static xp_status draw_counts(const xp_chart *above, float height, const xp_figure_source *from,
                             int label, bool first, xp_error *err) {
    xp_chart c = *above;
    const xp_evaluation *e = from->models[0].evaluation;
    xp_reliability_bin bins[BINS_MAX];
    c.top += c.height + 2.4f;
    c.height = height;
    c.log_y = true;
    c.y0 = 0.7;
    c.y1 = pow(10, ceil(log10((double)e->label[label].n + 1)));
    if (c.y1 < 10) c.y1 = 10;
    for (int i = 0; i < from->n_models; i++) {
        int n = e->options.bins;
        XP_TRY(xp_reliability_table(&from->models[i].predictions, label, n, bins, err));
        for (int b = 0; b < n; b++) {
            if (!bins[b].n) continue;
            double wide = (bins[b].high - bins[b].low) / from->n_models;
            double low = bins[b].low + wide * i;
            xp_point p = xp_chart_at(&c, low + wide * 0.08, (double)bins[b].n);
            xp_point q = xp_chart_at(&c, low + wide * 0.92, c.y0);
            xp_draw_rect(c.d, p.x, p.y, q.x, q.y,
                         from->n_models > 1 ? figure_color(i) : XP_RGB(120, 170, 205));
        }
    }
    xp_chart_x_axis(&c, panel_step(&c), "predicted probability");
    figure_line(c.d, c.left, c.top, c.left, c.top + c.height, 0.2f, XP_INK);
    char text[32];
    snprintf(text, sizeof text, "%.0f", c.y1);
    xp_draw_text(c.d, c.left - 1.3f, c.top + 1, TEXT_SMALL, XP_ANCHOR_END, XP_INK, text);
    xp_draw_text(c.d, c.left - 1.3f, xp_chart_at(&c, 0, 1).y + 0.75f, TEXT_SMALL, XP_ANCHOR_END,
                 XP_INK, "1");
    if (first)
        xp_draw_text(c.d, c.left - 8, c.top + c.height / 2, 2.35f, XP_ANCHOR_MIDDLE | XP_UPWARDS,
                     XP_INK, "cases");
    return XP_OK;
}

static void reliability_lines(const xp_chart *c, const xp_figure_source *from, int label) {
    for (int i = 0; i < from->n_models; i++) {
        const double *v = from->models[i].evaluation->label[label].value;
        char text[64];
        snprintf(text, sizeof text, "%sECE %.3f  Brier %.3f",
                 from->n_models > 1 ? (i ? "b " : "a ") : "", v[XP_ECE], v[XP_BRIER]);
        panel_line(c, i, from->n_models, from->n_models > 1 ? figure_color(i) : XP_INK, text);
    }
}

static bool are_probabilities(const xp_figure_source *from, int label) {
    for (int i = 0; i < from->n_models; i++)
        if (isnan(from->models[i].evaluation->label[label].value[XP_BRIER])) return false;
    return true;
}

static xp_status reliability_panel(const xp_chart *c, float below, const xp_figure_source *from,
                                   int label, bool first, xp_error *err) {
    xp_chart_y_axis(c, panel_step(c), first ? "share with the finding" : NULL);
    xp_chart_x_grid(c, panel_step(c));
    panel_title(c, from->names[label], &from->models[0].evaluation->label[label], from->n_models);
    if (!are_probabilities(from, label)) {
        panel_undefined(c, "no probabilities, or no case");
        return XP_OK;
    }
    xp_chart_dashes(c, 0, 0, 1, 1, XP_GREY);
    for (int i = from->n_models - 1; i >= 0; i--)
        XP_TRY(draw_bins(c, &from->models[i], label, figure_color(i), err));
    reliability_lines(c, from, label);
    return draw_counts(c, below, from, label, first, err);
}

xp_status figure_reliability(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    xp_display d = {0};
    char notes[512];
    const xp_evaluation *e = from->models[0].evaluation;
    panels p = panels_arrange(e->labels, from->n_models, 0);
    p.extra = fmaxf(p.side / 5, 6) + 2.4f;
    xp_status s = XP_OK;
    for (int l = 0; l < e->labels && s == XP_OK; l++) {
        xp_chart c = panel_at(&p, &d, l);
        s = reliability_panel(&c, p.extra - 2.4f, from, l, l % p.columns == 0, err);
    }
    if (s != XP_OK) {
        xp_display_free(&d);
        return s;
    }
    snprintf(notes, sizeof notes,
             "Cases in %d bins of predicted probability: how many of them have the finding (dots, "
             "larger "
             "for more cases; lines: exact %g %% intervals, Clopper-Pearson), and how many there "
             "are (bars, "
             "logarithmic). On the dashes a probability means what it says. ECE: expected "
             "calibration error.",
             e->options.bins, 100 * e->options.level);
    figure_finish(&d, from, p.page, panels_end(&p, e->labels), "Reliability", notes);
    return figure_add(
        list, "reliability", "Reliability",
        "One panel for each label: share of cases with the finding over the predicted "
        "probability, in bins, with exact intervals; below it the number of cases.",
        &d, err);
}
