/* Two models on the same cases: what tells them apart, a row for each label. */
#include "eval/figures/figures_internal.h"

#include <math.h>
#include <stdio.h>

/* Largest end of an interval of the differences, rounded up to a twentieth. */
static double widest_difference(const xp_figure_source *from) {
    double most = 0.02;
    for (int l = 0; l < from->models[0].evaluation->labels; l++) {
        const xp_compared *c = &from->compared[l];
        most = fmax(most, fmax(fabs(c->difference), fmax(fabs(c->delong.low), c->delong.high)));
    }
    return fmin(1, ceil(most * 20) / 20);
}

/* Cases that only one of the two got right, to the left and to the right of the middle. */
static void discordant(const xp_chart *c, float y, const xp_paired *t) {
    char text[32];
    xp_point zero = xp_chart_at(c, 0, 0), a = xp_chart_at(c, -(double)t->only_a, 0),
             b = xp_chart_at(c, (double)t->only_b, 0);
    xp_draw_rect(c->d, a.x, y - 1.6f, zero.x, y + 1.6f, XP_BLUE);
    xp_draw_rect(c->d, zero.x, y - 1.6f, b.x, y + 1.6f, XP_ORANGE);
    snprintf(text, sizeof text, "%zu", t->only_a);
    xp_draw_text(c->d, a.x - 0.8f, y + 0.8f, TEXT_SMALL, XP_ANCHOR_END, XP_INK, text);
    snprintf(text, sizeof text, "%zu", t->only_b);
    xp_draw_text(c->d, b.x + 0.8f, y + 0.8f, TEXT_SMALL, XP_ANCHOR_START, XP_INK, text);
    snprintf(text, sizeof text,
             isnan(t->p)    ? "p undefined"
             : t->p < 0.001 ? "p < 0.001"
                            : "p %.3f",
             t->p);
    xp_draw_text(c->d, c->left + c->width + 8, y + 0.8f, TEXT_SMALL, XP_ANCHOR_START, XP_INK, text);
}

static double most_discordant(const xp_figure_source *from, bool sensitivity) {
    double most = 1;
    for (int l = 0; l < from->models[0].evaluation->labels; l++) {
        const xp_compared *c = &from->compared[l];
        const xp_paired *t = sensitivity ? &c->sensitivity : &c->specificity;
        most = fmax(most, fmax((double)t->only_a, (double)t->only_b));
    }
    return most;
}

static void difference_text(const xp_compared *v, char text[64]) {
    double thousandths = round(v->difference * 1000); /* no sign before 0.000 */
    const char *sign = thousandths < 0 ? MINUS : thousandths > 0 ? "+" : "";
    if (isnan(v->difference))
        snprintf(text, 64, "undefined");
    else if (isnan(v->p))
        snprintf(text, 64, "%s%.3f", sign, fabs(thousandths / 1000));
    else
        snprintf(text, 64, v->p < 0.001 ? "%s%.3f  p < 0.001" : "%s%.3f  p %.3f", sign,
                 fabs(thousandths / 1000), v->p);
}

/* A row for each label and, last, for their mean. */
static void draw_differences(const xp_chart *c, const xp_figure_source *from) {
    int labels = from->models[0].evaluation->labels;
    char text[64];
    for (int i = 0; i <= labels; i++) {
        const xp_compared *v = i < labels ? &from->compared[i] : from->macro;
        float y = ROWS_TOP + ROW_HEIGHT * ((float)i + 0.5f);
        xp_ci mean = {v->boot.low, v->boot.high};
        rows_point(c, v->difference, i < labels ? v->delong : mean, y, XP_INK);
        difference_text(v, text);
        xp_draw_text(c->d, c->left + c->width + 2, y + 0.8f, TEXT_SMALL, XP_ANCHOR_START, XP_INK,
                     text);
    }
    xp_chart_dashes(c, 0, 0, 0, 1, XP_GREY);
}

xp_status figure_paired(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    xp_display d = {0};
    char notes[512];
    const xp_evaluation *e = from->models[0].evaluation;
    double wide = widest_difference(from);
    int rows = e->labels + 1;
    rows_names(&d, from, rows, FIGURE_WIDTH - XP_CHART_MARGIN);
    xp_chart difference = rows_chart(&d, ROW_NAMES, 34, rows, -wide, wide);
    xp_chart_x_axis(&difference, xp_chart_step(2 * wide, 4), NULL);
    draw_differences(&difference, from);
    rows_title(&difference, "AUROC a " MINUS " b");
    for (int k = 0; k < 2; k++) {
        double most = most_discordant(from, !k) * 1.02;
        xp_chart c = rows_chart(&d, ROW_NAMES + 64 + 42 * (float)k, 16, e->labels, -most, most);
        for (int l = 0; l < e->labels; l++)
            discordant(&c, ROWS_TOP + ROW_HEIGHT * ((float)l + 0.5f),
                       k ? &from->compared[l].specificity : &from->compared[l].sensitivity);
        rows_title(&c, k ? "without it" : "with the finding");
    }
    snprintf(
        notes, sizeof notes,
        "Difference of the AUROCs with its %g %% interval and p: DeLong, paired; of their mean: "
        "bootstrap over patients. Bars: cases "
        "with, and without, the finding that only a (left) or only b (right) got right at the "
        "thresholds, with the p of McNemar's exact test. p is not corrected for the "
        "number of labels.",
        100 * e->options.level);
    figure_finish(&d, from, FIGURE_WIDTH, ROWS_TOP + ROW_HEIGHT * (float)rows + 6, "a against b",
                  notes);
    return figure_add(
        list, "paired", "a against b",
        "A row for each label: difference of the two AUROCs with its interval, and bars of "
        "the cases that only one of the two models got right. The numbers are in the table.",
        &d, err);
}
