/* Cases on either side of the threshold, a row for each label. */
#include "eval/figures/figures_internal.h"

#include <math.h>
#include <stdio.h>

/* Right and wrong of n as one bar with both counts, and the interval of their share. */
static void shares(const xp_chart *c, float y, size_t right, size_t wrong, xp_ci ci,
                   const uint32_t rgba[2]) {
    static const float HALF = 1.9f;
    char text[32];
    double all = (double)(right + wrong);
    if (!(all > 0)) {
        xp_draw_text(c->d, c->left + 1, y + 0.8f, TEXT_SMALL, XP_ANCHOR_START, XP_GREY, "no case");
        return;
    }
    float middle = xp_chart_at(c, (double)right / all, 0).x, end = c->left + c->width;
    xp_draw_rect(c->d, c->left, y - HALF, middle, y + HALF, rgba[0]);
    xp_draw_rect(c->d, middle, y - HALF, end, y + HALF, rgba[1]);
    snprintf(text, sizeof text, "%zu", right);
    xp_draw_text(c->d, c->left - 1, y + 0.8f, TEXT_SMALL, XP_ANCHOR_END, XP_INK, text);
    snprintf(text, sizeof text, "%zu", wrong);
    xp_draw_text(c->d, end + 1, y + 0.8f, TEXT_SMALL, XP_ANCHOR_START, XP_INK, text);
    xp_chart_whisker_x(c, ci.low, ci.high, y, XP_INK);
}

xp_status figure_confusion(xp_figure_list *list, const xp_figure_source *from, xp_error *err) {
    static const uint32_t SICK[] = {XP_BLUE, XP_ORANGE_TINT}, WELL[] = {XP_BLUE, XP_ORANGE_TINT};
    xp_display d = {0};
    char notes[640], text[48];
    const xp_evaluation *e = from->models[0].evaluation;
    rows_names(&d, from, e->labels, FIGURE_WIDTH - XP_CHART_MARGIN);
    xp_chart with = rows_chart(&d, ROW_NAMES + 3, 50, e->labels, 0, 1);
    xp_chart without = rows_chart(&d, ROW_NAMES + 71, 50, e->labels, 0, 1);
    xp_chart_x_axis(&with, 0.2, "sensitivity");
    xp_chart_x_axis(&without, 0.2, "specificity");
    for (int i = 0; i < e->labels; i++) {
        const xp_evaluated *v = &e->label[i];
        float y = ROWS_TOP + ROW_HEIGHT * ((float)i + 0.5f);
        shares(&with, y, v->confusion.tp, v->confusion.fn, v->exact[XP_SENSITIVITY], SICK);
        shares(&without, y, v->confusion.tn, v->confusion.fp, v->exact[XP_SPECIFICITY], WELL);
        snprintf(text, sizeof text, isnan(v->threshold) ? "none" : "%.3f", v->threshold);
        xp_draw_text(&d, FIGURE_WIDTH - XP_CHART_MARGIN - 1.5f, y + 0.8f, TEXT_SMALL, XP_ANCHOR_END,
                     XP_INK, text);
    }
    rows_title(&with, "with the finding: found | missed");
    rows_title(&without, "without: passed over | false alarm");
    xp_draw_text(&d, FIGURE_WIDTH - XP_CHART_MARGIN - 1.5f, ROWS_TOP - 2, 2.6f, XP_ANCHOR_END,
                 XP_INK, "threshold");
    snprintf(notes, sizeof notes,
             "Cases on either side of the threshold " DASH
             " %s. Dark, with the number at its left: "
             "right (true positives, true negatives). Light, with the number at its right: wrong "
             "(false negatives, false positives). Line: exact %g %% interval of the share, "
             "Clopper-Pearson.",
             from->thresholds, 100 * e->options.level);
    figure_finish(&d, from, FIGURE_WIDTH, ROWS_TOP + ROW_HEIGHT * (float)e->labels + 9, "Confusion",
                  notes);
    return figure_add(list, "confusion", "Confusion",
                      "A row for each label: bars of the cases with the finding that were found or "
                      "missed, and of those without that were passed over or falsely alarmed. The "
                      "numbers are in the table.",
                      &d, err);
}
