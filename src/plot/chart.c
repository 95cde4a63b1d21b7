#include "plot/chart.h"

#include "base/statements.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float NUMBER = 2.1f, TITLE = 2.35f, AXIS = 0.2f, HAIR = 0.12f; /* mm */
static const float APART = 0.03f; /* points nearer than this are one */
static const uint32_t WHITE = XP_RGB(255, 255, 255);
enum { MAX_TICKS = 64 };

static double scaled(const xp_chart *c, double y) {
    if (c->log_y) return (log(y) - log(c->y0)) / (log(c->y1) - log(c->y0));
    return (y - c->y0) / (c->y1 - c->y0);
}

xp_point xp_chart_at(const xp_chart *c, double x, double y) {
    return (xp_point){c->left + c->width * (float)((x - c->x0) / (c->x1 - c->x0)),
                      c->top + c->height * (float)(1 - scaled(c, y))};
}

double xp_chart_step(double span, int most) {
    if (!(span > 0) || most < 1) return 1;
    double ten = pow(10, floor(log10(span / most)));
    static const double NICE[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; i++)
        if (span / (ten * NICE[i]) <= most + 1e-9) return ten * NICE[i];
    return ten * 10;
}

/* ==== axes =================================================================================== */

/* Values of the axis at which there is a number, into at; returns how many. */
static int ticks(double from, double to, double step, bool log, double at[MAX_TICKS]) {
    int n = 0;
    if (log) {
        for (double v = pow(10, ceil(log10(from) - 1e-9)); v <= to * 1.0001 && n < MAX_TICKS;
             v *= 10)
            at[n++] = v;
        return n;
    }
    double k = ceil(from / step - 1e-6);
    for (; k * step <= to + step * 1e-6 && n < MAX_TICKS; k++) at[n++] = k * step;
    return n;
}

static void number_text(double v, double step, char text[32]) {
    int digits = 0;
    for (double k = step; digits < 6 && fabs(k - round(k)) > 1e-6 * k; k *= 10) digits++;
    if (fabs(v) < step * 1e-6) v = 0;
    if (v != 0 && fabs(v) < 1e-3)
        snprintf(text, 32, "%.0e", v);
    else
        snprintf(text, 32, "%s%.*f", v < 0 ? "\xe2\x88\x92" : "", digits, fabs(v));
}

static void segment(xp_display *d, xp_point a, xp_point b, float width, uint32_t rgba) {
    xp_point line[] = {a, b};
    xp_draw_line(d, line, 2, width, rgba);
}

void xp_chart_x_grid(const xp_chart *c, double step) {
    double at[MAX_TICKS];
    float bottom = c->top + c->height;
    int n = ticks(c->x0, c->x1, step, false, at);
    for (int i = 0; i < n; i++) {
        float x = xp_chart_at(c, at[i], c->y0).x;
        if (x > c->left + HAIR)
            segment(c->d, (xp_point){x, c->top}, (xp_point){x, bottom}, HAIR, XP_PALE);
    }
    segment(c->d, (xp_point){c->left, bottom}, (xp_point){c->left + c->width, bottom}, AXIS,
            XP_INK);
}

void xp_chart_x_axis(const xp_chart *c, double step, const char *title) {
    double at[MAX_TICKS];
    char text[32];
    float bottom = c->top + c->height;
    int n = ticks(c->x0, c->x1, step, false, at);
    xp_chart_x_grid(c, step);
    for (int i = 0; i < n; i++) {
        float x = xp_chart_at(c, at[i], c->y0).x;
        segment(c->d, (xp_point){x, bottom}, (xp_point){x, bottom + 0.8f}, AXIS, XP_INK);
        number_text(at[i], step, text);
        xp_draw_text(c->d, x, bottom + 3.2f, NUMBER, XP_ANCHOR_MIDDLE, XP_INK, text);
    }
    if (title)
        xp_draw_text(c->d, c->left + c->width / 2, bottom + 6.5f, TITLE, XP_ANCHOR_MIDDLE, XP_INK,
                     title);
}

void xp_chart_y_axis(const xp_chart *c, double step, const char *title) {
    double at[MAX_TICKS];
    char text[32];
    float widest = 0;
    int n = ticks(c->y0, c->y1, step, c->log_y, at);
    for (int i = 0; i < n; i++) {
        float y = xp_chart_at(c, c->x0, at[i]).y;
        if (y < c->top + c->height - HAIR)
            segment(c->d, (xp_point){c->left, y}, (xp_point){c->left + c->width, y}, HAIR, XP_PALE);
        segment(c->d, (xp_point){c->left - 0.8f, y}, (xp_point){c->left, y}, AXIS, XP_INK);
        number_text(at[i], c->log_y ? at[i] : step, text);
        xp_draw_text(c->d, c->left - 1.3f, y + 0.75f, NUMBER, XP_ANCHOR_END, XP_INK, text);
        widest = fmaxf(widest, xp_text_width(text, strlen(text), NUMBER));
    }
    segment(c->d, (xp_point){c->left, c->top}, (xp_point){c->left, c->top + c->height}, AXIS,
            XP_INK);
    if (title)
        xp_draw_text(c->d, c->left - 2.6f - widest, c->top + c->height / 2, TITLE,
                     XP_ANCHOR_MIDDLE | XP_UPWARDS, XP_INK, title);
}

/* ==== curves ================================================================================= */

/* Points of a polyline, those that would not be told apart left out. */
typedef struct path {
    xp_point *at; /* owned by the caller */
    size_t n;
} path;

/* Whether b lies on the way from a to c, both along one axis. */
static bool on_the_way(xp_point a, xp_point b, xp_point c) {
    return (a.x == b.x && b.x == c.x && (b.y - a.y) * (c.y - b.y) >= 0) ||
           (a.y == b.y && b.y == c.y && (b.x - a.x) * (c.x - b.x) >= 0);
}

static void add_point(path *p, xp_point q) {
    if (p->n && fabsf(p->at[p->n - 1].x - q.x) < APART && fabsf(p->at[p->n - 1].y - q.y) < APART)
        return;
    if (p->n > 1 && on_the_way(p->at[p->n - 2], p->at[p->n - 1], q)) p->n--;
    p->at[p->n++] = q;
}

void xp_chart_line(const xp_chart *c, const double *x, const double *y, size_t n, bool steps,
                   float width, uint32_t rgba) {
    path p = {malloc((2 * n + 1) * sizeof *p.at), 0};
    if (!p.at) c->d->failed = true;
    if (!p.at) return;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i])) {
            xp_draw_line(c->d, p.at, p.n, width, rgba);
            p.n = 0;
            continue;
        }
        xp_point q = xp_chart_at(c, x[i], y[i]);
        if (steps && p.n) add_point(&p, (xp_point){p.at[p.n - 1].x, q.y});
        add_point(&p, q);
    }
    xp_draw_line(c->d, p.at, p.n, width, rgba);
    free(p.at);
}

void xp_chart_dashes(const xp_chart *c, double xa, double ya, double xb, double yb, uint32_t rgba) {
    static const float DASH = 1, GAP = 0.9f;
    xp_point a = xp_chart_at(c, xa, ya), b = xp_chart_at(c, xb, yb);
    float dx = b.x - a.x, dy = b.y - a.y, length = hypotf(dx, dy);
    for (float t = 0; t < length; t += DASH + GAP) {
        float from = t / length, to = fminf(t + DASH, length) / length;
        segment(c->d, (xp_point){a.x + dx * from, a.y + dy * from},
                (xp_point){a.x + dx * to, a.y + dy * to}, AXIS, rgba);
    }
}

/* A rectangle for each section, and one over each seam: two edges in one pixel would show. */
void xp_chart_band(const xp_chart *c, const double *low, const double *high, int n, uint32_t rgba) {
    static const float SEAM = 0.15f;
    double step = (c->x1 - c->x0) / (n - 1);
    float above = NAN, below = NAN; /* of the section before; NaN: none */
    for (int i = 0; i + 1 < n; i++) {
        double a = (low[i] + low[i + 1]) / 2, b = (high[i] + high[i + 1]) / 2;
        xp_point p = xp_chart_at(c, c->x0 + step * i, b);
        xp_point q = xp_chart_at(c, c->x0 + step * (i + 1), a);
        if (!isnan(a)) xp_draw_rect(c->d, p.x, p.y, q.x, q.y, rgba);
        float top = fmaxf(p.y, above), bottom = fminf(q.y, below);
        if (!isnan(above) && !isnan(a) && bottom > top)
            xp_draw_rect(c->d, p.x - SEAM, top, p.x + SEAM, bottom, rgba);
        above = isnan(a) ? NAN : p.y;
        below = q.y;
    }
}

void xp_chart_dot(const xp_chart *c, double x, double y, float size, uint32_t rgba) {
    xp_point p = xp_chart_at(c, x, y);
    xp_draw_line(c->d, &p, 1, size + 0.5f, WHITE);
    xp_draw_line(c->d, &p, 1, size, rgba);
}

void xp_chart_whisker_x(const xp_chart *c, double low, double high, float y_mm, uint32_t rgba) {
    if (isnan(low) || isnan(high)) return;
    float a = xp_chart_at(c, low, c->y0).x, b = xp_chart_at(c, high, c->y0).x;
    segment(c->d, (xp_point){a, y_mm}, (xp_point){b, y_mm}, 0.8f, WHITE);
    segment(c->d, (xp_point){a, y_mm}, (xp_point){b, y_mm}, 0.35f, rgba);
}

void xp_chart_whisker_y(const xp_chart *c, double x, double low, double high, uint32_t rgba) {
    if (isnan(low) || isnan(high)) return;
    segment(c->d, xp_chart_at(c, x, low), xp_chart_at(c, x, high), 0.25f, rgba);
}

/* ==== text and page ========================================================================== */

/* Bytes of text that fit into width: whole words, at least one. */
static size_t fitting(const char *text, float width, float size) {
    size_t n = 0, all = strlen(text);
    while (n < all) {
        size_t next = n + strspn(text + n, " ");
        next += strcspn(text + next, " ");
        if (n && xp_text_width(text, next, size) > width) break;
        n = next;
    }
    return n;
}

float xp_draw_wrapped(xp_display *d, float x, float y, float width, float size, uint32_t rgba,
                      const char *text) {
    char line[512];
    while (*(text += strspn(text, " "))) {
        size_t n = fitting(text, width, size);
        snprintf(line, sizeof line, "%.*s", (int)(n < 500 ? n : 500), text);
        xp_draw_text(d, x, y, size, XP_ANCHOR_START, rgba, line);
        y += size * 1.4f;
        text += n < 500 ? n : 500;
    }
    return y;
}

void xp_chart_close(xp_display *d, float width, float y, const char *title, const char *subtitle,
                    const char *notes) {
    static const float NOTE = 2.1f;
    float inner = width - 2 * XP_CHART_MARGIN;
    xp_draw_text(d, XP_CHART_MARGIN, 7.5f, XP_CHART_TITLE, XP_ANCHOR_START, XP_INK, title);
    xp_draw_text(d, XP_CHART_MARGIN, 11.7f, 2.5f, XP_ANCHOR_START, XP_GREY, subtitle);
    y = xp_draw_wrapped(d, XP_CHART_MARGIN, y + NOTE, inner, NOTE, XP_GREY, notes);
    y = xp_draw_wrapped(d, XP_CHART_MARGIN, y + 0.8f, inner, NOTE, XP_INK, XP_DISCLAIMER);
    d->width = width;
    d->height = y + 2;
}
