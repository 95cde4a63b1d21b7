#include "eval/figures/figures_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* mm around a panel. */
static const float PANEL_LEFT = 11.5f, PANEL_ABOVE = 6, PANEL_BELOW = 9.5f;

uint32_t figure_color(int model) {
    return model == 0 ? XP_BLUE : XP_ORANGE;
}

void figure_value_text(double v, xp_ci ci, char text[48]) {
    if (isnan(v))
        snprintf(text, 48, "undefined");
    else if (isnan(ci.low))
        snprintf(text, 48, "%.3f", v);
    else
        snprintf(text, 48, "%.3f (%.3f" DASH "%.3f)", v, ci.low, ci.high);
}

float figure_text_width(const char *text, float size) {
    return xp_text_width(text, strlen(text), size);
}

void figure_line(xp_display *d, float x0, float y0, float x1, float y1, float width,
                 uint32_t rgba) {
    xp_point p[] = {{x0, y0}, {x1, y1}};
    xp_draw_line(d, p, 2, width, rgba);
}

/* Beside a title: which colour is which model. */
static void draw_key(xp_display *d, const xp_figure_source *from, const char *title) {
    float x = XP_CHART_MARGIN + figure_text_width(title, XP_CHART_TITLE) + 8, y = 7.3f;
    for (int i = 0; i < from->n_models && from->n_models > 1; i++) {
        figure_line(d, x, y - 0.8f, x + 4, y - 0.8f, 0.6f, figure_color(i));
        xp_draw_text(d, x + 5, y, 2.5f, XP_ANCHOR_START, XP_INK, from->models[i].name);
        x += 9 + figure_text_width(from->models[i].name, 2.5f);
    }
}

void figure_finish(xp_display *d, const xp_figure_source *from, float width, float y,
                   const char *title, const char *notes) {
    xp_chart_close(d, width, y, title, from->what, notes);
    draw_key(d, from, title);
}

/* ==== a panel for every label ================================================================ */

panels panels_arrange(int n, int lines, float extra) {
    static const int COLUMNS[] = {1, 1, 2, 3, 4, 3, 3, 4, 4, 3};
    int columns = n < 10 ? COLUMNS[n] : 4;
    panels p = {.columns = columns,
                .page = n == 1 ? 110 : FIGURE_WIDTH,
                .above = TEXT_LINE * (float)lines,
                .extra = extra};
    p.cell = (p.page - 2 * XP_CHART_MARGIN + PANEL_RIGHT) / (float)columns;
    p.side = fminf(p.cell - PANEL_LEFT - PANEL_RIGHT, 84);
    return p;
}

static float panel_height(const panels *p) {
    return PANEL_ABOVE + p->above + p->side + p->extra + PANEL_BELOW;
}

xp_chart panel_at(const panels *p, xp_display *d, int i) {
    float x = XP_CHART_MARGIN + PANEL_LEFT - 2 + p->cell * (float)(i % p->columns);
    float y = XP_CHART_HEAD + PANEL_ABOVE + p->above + panel_height(p) * (float)(i / p->columns);
    return (xp_chart){d, x, y, p->side, p->side, 0, 1, 0, 1, false};
}

float panels_end(const panels *p, int n) {
    return XP_CHART_HEAD + panel_height(p) * (float)((n + p->columns - 1) / p->columns);
}

double panel_step(const xp_chart *c) {
    return c->width < 28 ? 0.5 : 0.2;
}

void figure_fitted(xp_display *d, float x, float y, float size, float room, uint32_t rgba,
                   const char *text) {
    float wide = figure_text_width(text, size);
    xp_draw_text(d, x, y, wide > room ? size * room / wide : size, XP_ANCHOR_START, rgba, text);
}

void panel_title(const xp_chart *c, const char *name, const xp_evaluated *e, int lines) {
    char text[64];
    float y = c->top - 1.8f - TEXT_LINE * (float)lines;
    snprintf(text, sizeof text, "%zu of %zu", e->positives, e->n);
    figure_fitted(c->d, c->left, y, TEXT_NAME,
                  c->width - figure_text_width(text, TEXT_SMALL) - 1.5f, XP_INK, name);
    xp_draw_text(c->d, c->left + c->width, y, TEXT_SMALL, XP_ANCHOR_END, XP_GREY, text);
}

void panel_line(const xp_chart *c, int line, int lines, uint32_t rgba, const char *text) {
    figure_fitted(c->d, c->left, c->top - 1.8f - TEXT_LINE * (float)(lines - 1 - line), TEXT_SMALL,
                  c->width + PANEL_RIGHT, rgba, text);
}

void panel_undefined(const xp_chart *c, const char *why) {
    xp_draw_text(c->d, c->left + c->width / 2, c->top + c->height / 2 - 1, TEXT_NAME,
                 XP_ANCHOR_MIDDLE, XP_GREY, "undefined");
    xp_draw_text(c->d, c->left + c->width / 2, c->top + c->height / 2 + 2.6f, TEXT_SMALL,
                 XP_ANCHOR_MIDDLE, XP_GREY, why);
}

/* ==== a row for every label ================================================================== */

void rows_names(xp_display *d, const xp_figure_source *from, int rows, float right) {
    for (int i = 0; i < rows; i++) {
        float y = ROWS_TOP + ROW_HEIGHT * ((float)i + 0.5f);
        bool macro = i == from->models[0].evaluation->labels;
        if (i % 2 == 0)
            xp_draw_rect(d, XP_CHART_MARGIN, y - ROW_HEIGHT / 2, right, y + ROW_HEIGHT / 2,
                         XP_RGB(246, 246, 248));
        figure_fitted(d, XP_CHART_MARGIN + 1.5f, y + 0.9f, 2.5f, ROW_NAMES - XP_CHART_MARGIN - 4,
                      XP_INK, macro ? "mean (macro)" : from->names[i]);
    }
}

void rows_title(const xp_chart *c, const char *text) {
    xp_draw_text(c->d, c->left, ROWS_TOP - 2, 2.6f, XP_ANCHOR_START, XP_INK, text);
}

void rows_point(const xp_chart *c, double v, xp_ci ci, float y, uint32_t rgba) {
    if (isnan(v)) return;
    if (!isnan(ci.low)) xp_chart_whisker_x(c, fmax(ci.low, c->x0), fmin(ci.high, c->x1), y, rgba);
    xp_chart row = *c;
    row.top = y, row.height = 0, row.y0 = 0, row.y1 = 1;
    if (v >= c->x0 && v <= c->x1) xp_chart_dot(&row, v, 0, 1.5f, rgba);
}

xp_chart rows_chart(xp_display *d, float left, float width, int rows, double x0, double x1) {
    return (xp_chart){d, left, ROWS_TOP, width, ROW_HEIGHT * (float)rows, x0, x1, 0, 1, false};
}
