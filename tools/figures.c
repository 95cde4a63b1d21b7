#include "figures.h"

#include "output.h"
#include "plot/figure.h"
#include "train/metrics_bands.h"
#include "train/metrics_report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const float PAGE = 183; /* mm: two columns of a journal */
static const float LEFT = 11.5f, RIGHT = 2.5f, ABOVE = 6, BELOW = 9.5f; /* around a panel */
static const float SMALL = 2.1f, NAME = 2.8f, LINE = 2.9f, CURVE = 0.4f;
static const uint32_t COLORS[2] = {XP_BLUE, XP_ORANGE};
enum { SECTIONS = 201 };

#define DASH "\xe2\x80\x93"
#define MINUS "\xe2\x88\x92"

void figures_free(figure_list *list) {
    for (int i = 0; i < list->n; i++) xp_display_free(&list->items[i].page);
    list->n = 0;
}

xp_status figures_add(figure_list *list, const char *name, const char *title, const char *alt,
                      xp_display *page, xp_error *err) {
    xp_status s = xp_display_check(page, err);
    if (s == XP_OK && list->n == FIGURES_MAX)
        s = xp_fail(err, XP_ERR_LIMIT, "more than %d figures", FIGURES_MAX);
    if (s == XP_OK)
        list->items[list->n++] = (figure){name, title, alt, *page};
    else
        xp_display_free(page);
    return s;
}

/* "0.912 (0.893-0.929)" */
static void value_text(double v, xp_ci ci, char text[48]) {
    if (isnan(v))
        snprintf(text, 48, "undefined");
    else if (isnan(ci.low))
        snprintf(text, 48, "%.3f", v);
    else
        snprintf(text, 48, "%.3f (%.3f" DASH "%.3f)", v, ci.low, ci.high);
}

static float text_width(const char *text, float size) {
    return xp_text_width(text, strlen(text), size);
}

static void draw_line(xp_display *d, float x0, float y0, float x1, float y1, float width,
                      uint32_t rgba) {
    xp_point p[] = {{x0, y0}, {x1, y1}};
    xp_draw_line(d, p, 2, width, rgba);
}

/* Beside a title: which colour is which model. */
static void draw_key(xp_display *d, const figure_source *from, const char *title) {
    float x = XP_FIGURE_MARGIN + text_width(title, XP_FIGURE_TITLE) + 8, y = 7.3f;
    for (int i = 0; i < from->n_models && from->n_models > 1; i++) {
        draw_line(d, x, y - 0.8f, x + 4, y - 0.8f, 0.6f, COLORS[i]);
        xp_draw_text(d, x + 5, y, 2.5f, XP_ANCHOR_START, XP_INK, from->models[i].name);
        x += 9 + text_width(from->models[i].name, 2.5f);
    }
}

static void finish(xp_display *d, const figure_source *from, float width, float y,
                   const char *title, const char *notes) {
    xp_figure_close(d, width, y, title, from->what, notes);
    draw_key(d, from, title);
}

/* ==== a panel for every label ================================================================ */

typedef struct panels {
    int columns;
    float page, cell, side;
    float above, extra; /* mm: lines of text over the square, what is below it */
} panels;

static panels arrange(int n, int lines, float extra) {
    static const int COLUMNS[] = {1, 1, 2, 3, 4, 3, 3, 4, 4, 3};
    int columns = n < 10 ? COLUMNS[n] : 4;
    panels p = {.columns = columns,
                .page = n == 1 ? 110 : PAGE,
                .above = LINE * (float)lines,
                .extra = extra};
    p.cell = (p.page - 2 * XP_FIGURE_MARGIN + RIGHT) / (float)columns;
    p.side = fminf(p.cell - LEFT - RIGHT, 84);
    return p;
}

static float panel_height(const panels *p) {
    return ABOVE + p->above + p->side + p->extra + BELOW;
}

static xp_chart panel_at(const panels *p, xp_display *d, int i) {
    float x = XP_FIGURE_MARGIN + LEFT - 2 + p->cell * (float)(i % p->columns);
    float y = XP_FIGURE_HEAD + ABOVE + p->above + panel_height(p) * (float)(i / p->columns);
    return (xp_chart){d, x, y, p->side, p->side, 0, 1, 0, 1, false};
}

static float panels_end(const panels *p, int n) {
    return XP_FIGURE_HEAD + panel_height(p) * (float)((n + p->columns - 1) / p->columns);
}

/* Steps of an axis from 0 to 1. */
static double unit_step(const xp_chart *c) {
    return c->width < 28 ? 0.5 : 0.2;
}

/* Text from x on, made smaller where it would be wider than `room`. */
static void fitted(xp_display *d, float x, float y, float size, float room, uint32_t rgba,
                   const char *text) {
    float wide = text_width(text, size);
    xp_draw_text(d, x, y, wide > room ? size * room / wide : size, XP_ANCHOR_START, rgba, text);
}

/* Name and number of cases over `lines` lines of text. */
static void panel_title(const xp_chart *c, const char *name, const xp_evaluated *e, int lines) {
    char text[64];
    float y = c->top - 1.8f - LINE * (float)lines;
    snprintf(text, sizeof text, "%zu of %zu", e->positives, e->n);
    fitted(c->d, c->left, y, NAME, c->width - text_width(text, SMALL) - 1.5f, XP_INK, name);
    xp_draw_text(c->d, c->left + c->width, y, SMALL, XP_ANCHOR_END, XP_GREY, text);
}

/* One of those lines; the first is 0. */
static void panel_line(const xp_chart *c, int line, int lines, uint32_t rgba, const char *text) {
    fitted(c->d, c->left, c->top - 1.8f - LINE * (float)(lines - 1 - line), SMALL, c->width + RIGHT,
           rgba, text);
}

static void panel_undefined(const xp_chart *c, const char *why) {
    xp_draw_text(c->d, c->left + c->width / 2, c->top + c->height / 2 - 1, NAME, XP_ANCHOR_MIDDLE,
                 XP_GREY, "undefined");
    xp_draw_text(c->d, c->left + c->width / 2, c->top + c->height / 2 + 2.6f, SMALL,
                 XP_ANCHOR_MIDDLE, XP_GREY, why);
}

/* ==== ROC and precision-recall =============================================================== */

typedef struct curve_kind {
    bool roc;
    xp_metric area;
    const char *area_name, *x, *y;
} curve_kind;

static const curve_kind ROC = {true, XP_AUROC, "AUROC", "1 " MINUS " specificity", "sensitivity"};
static const curve_kind PR = {false, XP_AUPRC, "AUPRC", "recall (sensitivity)", "precision"};

/* Of the area under the curve: as the tables have it. */
static xp_ci area_interval(const xp_evaluated *e, const curve_kind *k) {
    return xp_best_interval(e, k->area);
}

static xp_status draw_band(const xp_chart *c, const curve_kind *k, const figure_model *m, int label,
                           xp_error *err) {
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

static xp_status draw_curve(const xp_chart *c, const curve_kind *k, const figure_model *m,
                            int label, uint32_t rgba, xp_error *err) {
    xp_curve curve;
    if (k->roc)
        XP_TRY(xp_roc_curve(&m->predictions, label, &curve, err));
    else
        XP_TRY(xp_pr_curve(&m->predictions, label, &curve, err));
    if (!k->roc) trim(&curve);
    xp_chart_line(c, curve.x, curve.y, curve.n, !k->roc, CURVE, rgba);
    xp_curve_free(&curve);
    const double *v = m->evaluation->label[label].value;
    double x = k->roc ? 1 - v[XP_SPECIFICITY] : v[XP_SENSITIVITY];
    double y = k->roc ? v[XP_SENSITIVITY] : v[XP_PRECISION];
    if (!isnan(x) && !isnan(y)) xp_chart_dot(c, x, y, 1.5f, rgba);
    return XP_OK;
}

static void area_lines(const xp_chart *c, const curve_kind *k, const figure_source *from,
                       int label) {
    for (int i = 0; i < from->n_models; i++) {
        const xp_evaluated *e = &from->models[i].evaluation->label[label];
        char value[48], text[64];
        value_text(e->value[k->area], area_interval(e, k), value);
        snprintf(text, sizeof text, "%s %s", from->n_models > 1 ? (i ? "b" : "a") : k->area_name,
                 value);
        panel_line(c, i, from->n_models, from->n_models > 1 ? COLORS[i] : XP_INK, text);
    }
}

static xp_status curve_panel(const xp_chart *c, const curve_kind *k, const figure_source *from,
                             int label, bool first, xp_error *err) {
    const xp_evaluated *e = &from->models[0].evaluation->label[label];
    bool defined = e->positives && (!k->roc || e->positives < e->n);
    if (from->n_models == 1 && defined) XP_TRY(draw_band(c, k, &from->models[0], label, err));
    xp_chart_x_axis(c, unit_step(c), k->x);
    xp_chart_y_axis(c, unit_step(c), first ? k->y : NULL);
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
        XP_TRY(draw_curve(c, k, &from->models[i], label, COLORS[i], err));
    return XP_OK;
}

static void curve_notes(const curve_kind *k, const figure_source *from, char *text, size_t size) {
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

static xp_status figure_curves(figure_list *list, const figure_source *from, const curve_kind *k,
                               xp_error *err) {
    xp_display d = {0};
    char notes[768];
    const xp_evaluation *e = from->models[0].evaluation;
    panels p = arrange(e->labels, from->n_models, 0);
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
    finish(&d, from, p.page, panels_end(&p, e->labels), title, notes);
    return figures_add(
        list, k->roc ? "roc" : "pr", title,
        k->roc ? "One panel for each label: sensitivity over 1 minus specificity, with the "
                 "area under the curve and its interval. The areas are in the table."
               : "One panel for each label: precision over recall, with the area under the "
                 "curve and its interval. The areas are in the table.",
        &d, err);
}

/* ==== reliability ============================================================================ */

enum { BINS_MAX = 1000 };

static xp_status draw_bins(const xp_chart *c, const figure_model *m, int label, uint32_t rgba,
                           xp_error *err) {
    xp_eval_options o = m->evaluation->options;
    xp_reliability bins[BINS_MAX];
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
static xp_status draw_counts(const xp_chart *above, float height, const figure_source *from,
                             int label, bool first, xp_error *err) {
    xp_chart c = *above;
    const xp_evaluation *e = from->models[0].evaluation;
    xp_reliability bins[BINS_MAX];
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
                         from->n_models > 1 ? COLORS[i] : XP_RGB(120, 170, 205));
        }
    }
    xp_chart_x_axis(&c, unit_step(&c), "predicted probability");
    draw_line(c.d, c.left, c.top, c.left, c.top + c.height, 0.2f, XP_INK);
    char text[32];
    snprintf(text, sizeof text, "%.0f", c.y1);
    xp_draw_text(c.d, c.left - 1.3f, c.top + 1, SMALL, XP_ANCHOR_END, XP_INK, text);
    xp_draw_text(c.d, c.left - 1.3f, xp_chart_at(&c, 0, 1).y + 0.75f, SMALL, XP_ANCHOR_END, XP_INK,
                 "1");
    if (first)
        xp_draw_text(c.d, c.left - 8, c.top + c.height / 2, 2.35f, XP_ANCHOR_MIDDLE | XP_UPWARDS,
                     XP_INK, "cases");
    return XP_OK;
}

static void reliability_lines(const xp_chart *c, const figure_source *from, int label) {
    for (int i = 0; i < from->n_models; i++) {
        const double *v = from->models[i].evaluation->label[label].value;
        char text[64];
        snprintf(text, sizeof text, "%sECE %.3f  Brier %.3f",
                 from->n_models > 1 ? (i ? "b " : "a ") : "", v[XP_ECE], v[XP_BRIER]);
        panel_line(c, i, from->n_models, from->n_models > 1 ? COLORS[i] : XP_INK, text);
    }
}

static bool are_probabilities(const figure_source *from, int label) {
    for (int i = 0; i < from->n_models; i++)
        if (isnan(from->models[i].evaluation->label[label].value[XP_BRIER])) return false;
    return true;
}

static xp_status reliability_panel(const xp_chart *c, float below, const figure_source *from,
                                   int label, bool first, xp_error *err) {
    xp_chart_y_axis(c, unit_step(c), first ? "share with the finding" : NULL);
    xp_chart_x_grid(c, unit_step(c));
    panel_title(c, from->names[label], &from->models[0].evaluation->label[label], from->n_models);
    if (!are_probabilities(from, label)) {
        panel_undefined(c, "no probabilities, or no case");
        return XP_OK;
    }
    xp_chart_dashes(c, 0, 0, 1, 1, XP_GREY);
    for (int i = from->n_models - 1; i >= 0; i--)
        XP_TRY(draw_bins(c, &from->models[i], label, COLORS[i], err));
    reliability_lines(c, from, label);
    return draw_counts(c, below, from, label, first, err);
}

static xp_status figure_reliability(figure_list *list, const figure_source *from, xp_error *err) {
    xp_display d = {0};
    char notes[512];
    const xp_evaluation *e = from->models[0].evaluation;
    panels p = arrange(e->labels, from->n_models, 0);
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
    finish(&d, from, p.page, panels_end(&p, e->labels), "Reliability", notes);
    return figures_add(
        list, "reliability", "Reliability",
        "One panel for each label: share of cases with the finding over the predicted "
        "probability, in bins, with exact intervals; below it the number of cases.",
        &d, err);
}

/* ==== a row for every label ================================================================== */

static const float ROW = 5.6f, ROWS_TOP = 22.5f, LABELS = 34; /* mm: of a row; where they begin */

static void row_names(xp_display *d, const figure_source *from, int rows, float right) {
    for (int i = 0; i < rows; i++) {
        float y = ROWS_TOP + ROW * ((float)i + 0.5f);
        bool macro = i == from->models[0].evaluation->labels;
        if (i % 2 == 0)
            xp_draw_rect(d, XP_FIGURE_MARGIN, y - ROW / 2, right, y + ROW / 2,
                         XP_RGB(246, 246, 248));
        fitted(d, XP_FIGURE_MARGIN + 1.5f, y + 0.9f, 2.5f, LABELS - XP_FIGURE_MARGIN - 4, XP_INK,
               macro ? "mean (macro)" : from->names[i]);
    }
}

static void column_title(const xp_chart *c, const char *text) {
    xp_draw_text(c->d, c->left, ROWS_TOP - 2, 2.6f, XP_ANCHOR_START, XP_INK, text);
}

static void forest_point(const xp_chart *c, double v, xp_ci ci, float y, uint32_t rgba) {
    if (isnan(v)) return;
    if (!isnan(ci.low)) xp_chart_whisker_x(c, fmax(ci.low, c->x0), fmin(ci.high, c->x1), y, rgba);
    xp_chart row = *c;
    row.top = y, row.height = 0, row.y0 = 0, row.y1 = 1;
    if (v >= c->x0 && v <= c->x1) xp_chart_dot(&row, v, 0, 1.5f, rgba);
}

static const xp_evaluated *row_of(const xp_evaluation *e, int i) {
    return i < e->labels ? &e->label[i] : &e->macro;
}

/* One figure of every label and their mean, with its interval; to the right its numbers. */
static void forest(const xp_chart *c, const figure_source *from, const curve_kind *k,
                   float numbers) {
    const xp_evaluation *e = from->models[0].evaluation;
    for (int i = 0; i <= e->labels; i++) {
        float y = ROWS_TOP + ROW * ((float)i + 0.5f);
        const xp_evaluated *one = row_of(e, i);
        if (!k->roc && i < e->labels && one->n) {
            float x = xp_chart_at(c, (double)one->positives / (double)one->n, 0).x;
            draw_line(c->d, x, y - 1.6f, x, y + 1.6f, 0.3f, XP_GREY);
        }
        for (int m = 0; m < from->n_models; m++) {
            const xp_evaluated *v = row_of(from->models[m].evaluation, i);
            float shift = from->n_models > 1 ? (m ? 1.2f : -1.2f) : 0;
            char text[48];
            forest_point(c, v->value[k->area], area_interval(v, k), y + shift, COLORS[m]);
            value_text(v->value[k->area], area_interval(v, k), text);
            xp_draw_text(c->d, numbers, y + 0.8f + shift * 1.05f, SMALL, XP_ANCHOR_START,
                         from->n_models > 1 ? COLORS[m] : XP_INK, text);
        }
    }
    column_title(c, k->area_name);
}

/* Where the axis of the areas begins: 0.5, or lower where something lies there. */
static double lowest_area(const figure_source *from, const curve_kind *k) {
    double low = 0.5;
    for (int m = 0; m < from->n_models; m++)
        for (int i = 0; i <= from->models[m].evaluation->labels; i++) {
            const xp_evaluated *e = row_of(from->models[m].evaluation, i);
            low = fmin(low, fmin(e->value[k->area], area_interval(e, k).low)); /* NaN: the other */
        }
    return fmax(0, floor(low * 10 + 1e-9) / 10);
}

static xp_chart row_chart(xp_display *d, float left, float width, int rows, double x0, double x1) {
    return (xp_chart){d, left, ROWS_TOP, width, ROW * (float)rows, x0, x1, 0, 1, false};
}

static xp_status figure_summary(figure_list *list, const figure_source *from, xp_error *err) {
    xp_display d = {0};
    char notes[512];
    const xp_evaluation *e = from->models[0].evaluation;
    int rows = e->labels + 1;
    row_names(&d, from, rows, PAGE - XP_FIGURE_MARGIN);
    xp_chart roc = row_chart(&d, LABELS, 38, rows, lowest_area(from, &ROC), 1);
    xp_chart pr = row_chart(&d, LABELS + 74, 38, rows, 0, 1);
    xp_chart_x_axis(&roc, xp_chart_step(1 - roc.x0, 5), NULL);
    xp_chart_x_axis(&pr, 0.2, NULL);
    forest(&roc, from, &ROC, LABELS + 41);
    forest(&pr, from, &PR, LABELS + 115);
    snprintf(notes, sizeof notes,
             "Areas under the ROC and the precision-recall curve with %g %% intervals: DeLong for "
             "the AUROC of a label, bootstrap over patients (%d resamples) for the rest. Grey "
             "marks: share of cases with the finding, the AUPRC of chance.",
             100 * e->options.level, e->options.resamples);
    finish(&d, from, PAGE, ROWS_TOP + ROW * (float)rows + 6, "Areas under the curves", notes);
    return figures_add(list, "summary", "Areas under the curves",
                       "A row for each label and their mean: AUROC and AUPRC as dots with their "
                       "intervals as lines. The numbers are in the table.",
                       &d, err);
}

/* ==== confusion ============================================================================== */

/* Right and wrong of n as one bar with both counts, and the interval of their share. */
static void shares(const xp_chart *c, float y, size_t right, size_t wrong, xp_ci ci,
                   const uint32_t rgba[2]) {
    static const float HALF = 1.9f;
    char text[32];
    double all = (double)(right + wrong);
    if (!(all > 0)) {
        xp_draw_text(c->d, c->left + 1, y + 0.8f, SMALL, XP_ANCHOR_START, XP_GREY, "no case");
        return;
    }
    float middle = xp_chart_at(c, (double)right / all, 0).x, end = c->left + c->width;
    xp_draw_rect(c->d, c->left, y - HALF, middle, y + HALF, rgba[0]);
    xp_draw_rect(c->d, middle, y - HALF, end, y + HALF, rgba[1]);
    snprintf(text, sizeof text, "%zu", right);
    xp_draw_text(c->d, c->left - 1, y + 0.8f, SMALL, XP_ANCHOR_END, XP_INK, text);
    snprintf(text, sizeof text, "%zu", wrong);
    xp_draw_text(c->d, end + 1, y + 0.8f, SMALL, XP_ANCHOR_START, XP_INK, text);
    xp_chart_whisker_x(c, ci.low, ci.high, y, XP_INK);
}

static xp_status figure_confusion(figure_list *list, const figure_source *from, xp_error *err) {
    static const uint32_t SICK[] = {XP_BLUE, XP_ORANGE_TINT}, WELL[] = {XP_BLUE, XP_ORANGE_TINT};
    xp_display d = {0};
    char notes[640], text[48];
    const xp_evaluation *e = from->models[0].evaluation;
    row_names(&d, from, e->labels, PAGE - XP_FIGURE_MARGIN);
    xp_chart with = row_chart(&d, LABELS + 3, 50, e->labels, 0, 1);
    xp_chart without = row_chart(&d, LABELS + 71, 50, e->labels, 0, 1);
    xp_chart_x_axis(&with, 0.2, "sensitivity");
    xp_chart_x_axis(&without, 0.2, "specificity");
    for (int i = 0; i < e->labels; i++) {
        const xp_evaluated *v = &e->label[i];
        float y = ROWS_TOP + ROW * ((float)i + 0.5f);
        shares(&with, y, v->confusion.tp, v->confusion.fn, v->exact[XP_SENSITIVITY], SICK);
        shares(&without, y, v->confusion.tn, v->confusion.fp, v->exact[XP_SPECIFICITY], WELL);
        snprintf(text, sizeof text, isnan(v->threshold) ? "none" : "%.3f", v->threshold);
        xp_draw_text(&d, PAGE - XP_FIGURE_MARGIN - 1.5f, y + 0.8f, SMALL, XP_ANCHOR_END, XP_INK,
                     text);
    }
    column_title(&with, "with the finding: found | missed");
    column_title(&without, "without: passed over | false alarm");
    xp_draw_text(&d, PAGE - XP_FIGURE_MARGIN - 1.5f, ROWS_TOP - 2, 2.6f, XP_ANCHOR_END, XP_INK,
                 "threshold");
    snprintf(notes, sizeof notes,
             "Cases on either side of the threshold " DASH
             " %s. Dark, with the number at its left: "
             "right (true positives, true negatives). Light, with the number at its right: wrong "
             "(false negatives, false positives). Line: exact %g %% interval of the share, "
             "Clopper-Pearson.",
             from->thresholds, 100 * e->options.level);
    finish(&d, from, PAGE, ROWS_TOP + ROW * (float)e->labels + 9, "Confusion", notes);
    return figures_add(
        list, "confusion", "Confusion",
        "A row for each label: bars of the cases with the finding that were found or "
        "missed, and of those without that were passed over or falsely alarmed. The "
        "numbers are in the table.",
        &d, err);
}

/* ==== two models ============================================================================= */

/* Largest end of an interval of the differences, rounded up to a twentieth. */
static double widest_difference(const figure_source *from) {
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
    xp_draw_text(c->d, a.x - 0.8f, y + 0.8f, SMALL, XP_ANCHOR_END, XP_INK, text);
    snprintf(text, sizeof text, "%zu", t->only_b);
    xp_draw_text(c->d, b.x + 0.8f, y + 0.8f, SMALL, XP_ANCHOR_START, XP_INK, text);
    snprintf(text, sizeof text,
             isnan(t->p)    ? "p undefined"
             : t->p < 0.001 ? "p < 0.001"
                            : "p %.3f",
             t->p);
    xp_draw_text(c->d, c->left + c->width + 8, y + 0.8f, SMALL, XP_ANCHOR_START, XP_INK, text);
}

static double most_discordant(const figure_source *from, bool sensitivity) {
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
static void draw_differences(const xp_chart *c, const figure_source *from) {
    int labels = from->models[0].evaluation->labels;
    char text[64];
    for (int i = 0; i <= labels; i++) {
        const xp_compared *v = i < labels ? &from->compared[i] : from->macro;
        float y = ROWS_TOP + ROW * ((float)i + 0.5f);
        xp_ci mean = {v->boot.low, v->boot.high};
        forest_point(c, v->difference, i < labels ? v->delong : mean, y, XP_INK);
        difference_text(v, text);
        xp_draw_text(c->d, c->left + c->width + 2, y + 0.8f, SMALL, XP_ANCHOR_START, XP_INK, text);
    }
    xp_chart_dashes(c, 0, 0, 0, 1, XP_GREY);
}

static xp_status figure_paired(figure_list *list, const figure_source *from, xp_error *err) {
    xp_display d = {0};
    char notes[512];
    const xp_evaluation *e = from->models[0].evaluation;
    double wide = widest_difference(from);
    int rows = e->labels + 1;
    row_names(&d, from, rows, PAGE - XP_FIGURE_MARGIN);
    xp_chart difference = row_chart(&d, LABELS, 34, rows, -wide, wide);
    xp_chart_x_axis(&difference, xp_chart_step(2 * wide, 4), NULL);
    draw_differences(&difference, from);
    column_title(&difference, "AUROC a " MINUS " b");
    for (int k = 0; k < 2; k++) {
        double most = most_discordant(from, !k) * 1.02;
        xp_chart c = row_chart(&d, LABELS + 64 + 42 * (float)k, 16, e->labels, -most, most);
        for (int l = 0; l < e->labels; l++)
            discordant(&c, ROWS_TOP + ROW * ((float)l + 0.5f),
                       k ? &from->compared[l].specificity : &from->compared[l].sensitivity);
        column_title(&c, k ? "without it" : "with the finding");
    }
    snprintf(
        notes, sizeof notes,
        "Difference of the AUROCs with its %g %% interval and p: DeLong, paired; of their mean: "
        "bootstrap over patients. Bars: cases "
        "with, and without, the finding that only a (left) or only b (right) got right at the "
        "thresholds, with the p of McNemar's exact test. p is not corrected for the "
        "number of labels.",
        100 * e->options.level);
    finish(&d, from, PAGE, ROWS_TOP + ROW * (float)rows + 6, "a against b", notes);
    return figures_add(
        list, "paired", "a against b",
        "A row for each label: difference of the two AUROCs with its interval, and bars of "
        "the cases that only one of the two models got right. The numbers are in the table.",
        &d, err);
}

/* ==== all of them ============================================================================ */

xp_status figures_draw(figure_list *list, const figure_source *from, xp_error *err) {
    XP_TRY(figure_summary(list, from, err));
    if (from->n_models > 1) XP_TRY(figure_paired(list, from, err));
    XP_TRY(figure_curves(list, from, &ROC, err));
    XP_TRY(figure_curves(list, from, &PR, err));
    XP_TRY(figure_reliability(list, from, err));
    return from->n_models > 1 ? XP_OK : figure_confusion(list, from, err);
}

static xp_status write_one(const figure *f, const char *folder, bool svg, double dpi, FILE *out,
                           xp_error *err) {
    char path[4096], *text = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    xp_image image = {0};
    xp_status s;
    snprintf(path, sizeof path, "%s/%s.%s", folder, f->name, svg ? "svg" : "png");
    if (svg) {
        s = xp_svg(&text, &size, &f->page, f->title, err);
    } else {
        s = xp_raster(&image, &f->page, dpi, err);
        if (s == XP_OK) s = xp_png(&bytes, &size, &image, dpi, err);
    }
    if (s == XP_OK) s = output_write_file(path, svg ? (void *)text : (void *)bytes, size, err);
    if (s == XP_OK && out) {
        print_clean(out, path);
        fputs("\n", out);
    }
    xp_image_free(&image);
    free(text);
    free(bytes);
    return s;
}

xp_status figures_write(const figure_list *list, const char *folder, double dpi, FILE *out,
                        xp_error *err) {
    if (mkdir(folder, 0777) && errno != EEXIST)
        return xp_fail(err, XP_ERR_IO, "%s: cannot make the folder: %s", folder, strerror(errno));
    for (int i = 0; i < list->n; i++)
        for (int svg = 0; svg < 2; svg++)
            XP_TRY(write_one(&list->items[i], folder, svg, dpi, out, err));
    return XP_OK;
}
