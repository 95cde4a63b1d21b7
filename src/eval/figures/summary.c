/* Areas under the curves with their intervals, a row for each label and their mean. */
#include "eval/figures/figures_internal.h"

#include <math.h>
#include <stdio.h>

typedef struct area {
    xp_metric metric;
    const char *name;
} area;

static const xp_evaluated *row_of(const xp_evaluation *e, int i) {
    return i < e->labels ? &e->label[i] : &e->macro;
}

/* One figure of every label and their mean, with its interval; to the right its numbers. */
static void forest(const xp_chart *c, const xp_figure_source *from, const area *k, float numbers) {
    const xp_evaluation *e = from->models[0].evaluation;
    for (int i = 0; i <= e->labels; i++) {
        float y = ROWS_TOP + ROW_HEIGHT * ((float)i + 0.5f);
        const xp_evaluated *one = row_of(e, i);
        if (k->metric == XP_AUPRC && i < e->labels && one->n) {
            float x = xp_chart_at(c, (double)one->positives / (double)one->n, 0).x;
            figure_line(c->d, x, y - 1.6f, x, y + 1.6f, 0.3f, XP_GREY);
        }
        for (int m = 0; m < from->n_models; m++) {
            const xp_evaluated *v = row_of(from->models[m].evaluation, i);
            float shift = from->n_models > 1 ? (m ? 1.2f : -1.2f) : 0;
            char text[48];
            rows_point(c, v->value[k->metric], xp_best_interval(v, k->metric), y + shift,
                       figure_color(m));
            figure_value_text(v->value[k->metric], xp_best_interval(v, k->metric), text);
            xp_draw_text(c->d, numbers, y + 0.8f + shift * 1.05f, TEXT_SMALL, XP_ANCHOR_START,
                         from->n_models > 1 ? figure_color(m) : XP_INK, text);
        }
    }
    rows_title(c, k->name);
}

/* Where the axis of the areas begins: 0.5, or lower where something lies there. */
static double lowest_area(const xp_figure_source *from, const area *k) {
    double low = 0.5;
    for (int m = 0; m < from->n_models; m++)
        for (int i = 0; i <= from->models[m].evaluation->labels; i++) {
            const xp_evaluated *e = row_of(from->models[m].evaluation, i);
            low = fmin(low, fmin(e->value[k->metric],
                                 xp_best_interval(e, k->metric).low)); /* NaN: the other */
        }
    return fmax(0, floor(low * 10 + 1e-9) / 10);
}

xp_status figure_summary(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    static const area ROC = {XP_AUROC, "AUROC"}, PR = {XP_AUPRC, "AUPRC"};
    xp_display d = {0};
    char notes[512];
    const xp_evaluation *e = from->models[0].evaluation;
    int rows = e->labels + 1;
    rows_names(&d, from, rows, FIGURE_WIDTH - XP_CHART_MARGIN);
    xp_chart roc = rows_chart(&d, ROW_NAMES, 38, rows, lowest_area(from, &ROC), 1);
    xp_chart pr = rows_chart(&d, ROW_NAMES + 74, 38, rows, 0, 1);
    xp_chart_x_axis(&roc, xp_chart_step(1 - roc.x0, 5), NULL);
    xp_chart_x_axis(&pr, 0.2, NULL);
    forest(&roc, from, &ROC, ROW_NAMES + 41);
    forest(&pr, from, &PR, ROW_NAMES + 115);
    snprintf(notes, sizeof notes,
             "Areas under the ROC and the precision-recall curve with %g %% intervals: DeLong for "
             "the AUROC of a label, bootstrap over patients (%d resamples) for the rest. Grey "
             "marks: share of cases with the finding, the AUPRC of chance.",
             100 * e->options.level, e->options.resamples);
    figure_finish(&d, from, FIGURE_WIDTH, ROWS_TOP + ROW_HEIGHT * (float)rows + 6,
                  "Areas under the curves", notes);
    return figure_add(list, "summary", "Areas under the curves",
                      "A row for each label and their mean: AUROC and AUPRC as dots with their "
                      "intervals as lines. The numbers are in the table.",
                      &d, err);
}
