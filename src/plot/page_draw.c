/* What is drawn on the page of an ECG, once everything has its place. */
#include "base/statements.h"
#include "plot/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float FINE_LINE = 0.1f, BOLD_LINE = 0.18f;
static const float NAME_SIZE = 3.4f, STRIP = 1.6f, AXIS_SIZE = 2.6f;
static const float CELL = 0.2f; /* mm: no cell of the map is wider */
enum { SHADES = 64 };

/* ==== grid, pulse, names ===================================================================== */

static void grid_lines(const page *p, bool bold) {
    float half = (bold ? BOLD_LINE : FINE_LINE) / 2;
    uint32_t rgba = bold ? p->color->bold : p->color->fine;
    int nx = (int)lroundf(p->right - p->left), ny = (int)lroundf(p->bottom - p->top);
    for (int i = 0; i <= nx; i++)
        if ((i % 5 == 0) == bold)
            xp_draw_rect(p->d, p->left + (float)i - half, p->top, p->left + (float)i + half,
                         p->bottom, rgba);
    for (int i = 0; i <= ny; i++)
        if ((i % 5 == 0) == bold)
            xp_draw_rect(p->d, p->left, p->top + (float)i - half, p->right,
                         p->top + (float)i + half, rgba);
}

typedef struct gains {
    float most, least; /* mm/mV */
} gains;

/* Of the panels of the row whose base line is at y; NAN: of all. */
static gains gains_of(const page *p, float y) {
    gains g = {0, INFINITY};
    for (int i = 0; i < page_panels(p); i++) {
        const panel n = page_panel(p, i);
        if (n.y < y || n.y > y) continue; /* of NAN neither holds */
        const float gain = fabsf(page_gain(p, &n));
        g.most = fmaxf(g.most, gain);
        g.least = fminf(g.least, gain);
    }
    return g;
}

/* 1 mV for 0.2 s; where a row has two gains it steps down from the one to the other. */
static void draw_pulse(const page *p, float y) {
    const gains g = gains_of(p, y);
    const float a = p->x0 - page_pulse_width(p) - 3, b = a + page_pulse_width(p), m = (a + b) / 2;
    const float h = g.most, low = g.least;
    xp_point line[] = {{a - 2, y}, {a, y}, {a, y - h}, {b, y - h}, {b, y}, {b + 2, y}};
    xp_point steps[] = {{a - 2, y},   {a, y},       {a, y - h}, {m, y - h},
                        {m, y - low}, {b, y - low}, {b, y},     {b + 2, y}};
    if (low < h)
        xp_draw_line(p->d, steps, sizeof steps / sizeof *steps, PAGE_TRACE, p->color->ink);
    else
        xp_draw_line(p->d, line, sizeof line / sizeof *line, PAGE_TRACE, p->color->ink);
}

/* Whether some trace comes into a box. */
static bool is_crossed(const page *p, xp_point from, xp_point to) {
    for (int i = 0; i < page_panels(p); i++) {
        const panel n = page_panel(p, i);
        int64_t a, b;
        if (n.lead < 0 || n.x > to.x || n.x + n.width < from.x) continue;
        const float gain = page_samples(p, &n, &a, &b);
        const double rate = p->rec->rate, before = (double)(from.x - n.x) / p->o.speed,
                     after = (double)(to.x - n.x) / p->o.speed;
        const int64_t first = (int64_t)floor((n.start + before) * rate) - 1,
                      last = (int64_t)ceil((n.start + after) * rate) + 1;
        float high = INFINITY, low = -INFINITY;
        for (int64_t t = first > a ? first : a; t < b && t <= last; t++) {
            const float y = n.y - gain * p->rec->leads[n.lead].mv[t];
            high = fminf(high, y - PAGE_TRACE); /* no matter that y may be NaN */
            low = fmaxf(low, y + PAGE_TRACE);
        }
        if (high <= to.y && low >= from.y) return true;
    }
    return false;
}

/* Where on screen a lead's name stands: nearest to its usual place of those within its row that no
 * trace comes through; the usual one where there is none. usual: its base line's start. */
static xp_point free_place(const page *p, const panel *n, xp_point usual, size_t characters) {
    static const float ASCENT = 0.76f, WIDTH = 0.72f, DESCENT = 0.06f, STEP_X = 3, FAR = 16;
    const float wide = WIDTH * NAME_SIZE * (float)characters;
    const float top = n->y - p->base + ASCENT * NAME_SIZE, bottom = n->y - p->base + p->pitch - 1;
    for (int i = 0; (float)i * STEP_X <= FAR; i++)
        for (int k = 0; k < 2 * (int)p->pitch; k++) {
            const float x = usual.x + (float)i * STEP_X,
                        y = usual.y + (float)(k % 2 ? -(k + 1) / 2 : k / 2);
            if (y < top || y > bottom) continue;
            const xp_point from = {x, y - ASCENT * NAME_SIZE},
                           to = {x + wide, y + DESCENT * NAME_SIZE};
            if (!is_crossed(p, from, to)) return (xp_point){x, y};
        }
    return usual;
}

static void draw_name(const page *p, const panel *n) {
    char text[80];
    bool minus = *n->name == '-', derived = n->lead >= 0 && p->rec->leads[n->lead].derived;
    float y = n->y - fminf(p->base - 1.6f, 11) + 1.2f;
    snprintf(text, sizeof text, "%s%.40s%s", minus ? PAGE_MINUS : "", n->name + minus,
             derived       ? " (derived)"
             : n->lead < 0 ? " (not recorded)"
                           : "");
    xp_point at = {n->x + 1.2f, y};
    if (p->o.bare) at = free_place(p, n, at, strlen(text));
    xp_draw_text(p->d, at.x, at.y, NAME_SIZE, XP_ANCHOR_START, p->color->ink, text);
    if (n->x > p->x0 + 1) {
        xp_point tick[] = {{n->x, y - 1.2f}, {n->x, y + 2.8f}};
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->ink);
    }
}

/* ==== the map ================================================================================ */

/* The map at a time of the recording, between the centres of its steps; NaN outside of it. */
static float map_at(const xp_plot_map *m, int lead, double t) {
    double at = (t - m->start) / m->seconds * m->n;
    if (!(at >= 0 && at <= m->n)) return NAN;
    const float *v = m->values + (m->per_lead ? (size_t)lead * (size_t)m->n : 0);
    at = fmin(fmax(at - 0.5, 0), m->n - 1);
    int i = (int)at, j = i + 1 < m->n ? i + 1 : i;
    return v[i] + (v[j] - v[i]) * (float)(at - i);
}

/* Behind the trace, what is little evidence leaves the paper as it is: the stronger, the denser. On
 * dark paper that alone tells: one of the map's middle colours, from nothing to its full strength.
 */
static uint32_t shade(const page *p, float v, int alpha) {
    static const float ON_DARK = 0.6f;
    if (p->o.style != XP_MAP_BEHIND) return xp_colormap_rgba(p->o.colormap, v, alpha);
    float some = fmaxf(v, 0);
    alpha = (int)((float)alpha * (p->o.dark ? some * sqrtf(some) : fminf(1, 3 * some * some)));
    return xp_colormap_rgba(p->o.colormap, p->o.dark && v == v ? ON_DARK : v, alpha);
}

static uint32_t map_color(const page *p, int lead, double t, int alpha) {
    float v = map_at(p->map, lead, t);
    v = v < 0 ? 0 : v > 1 ? 1 : v; /* NaN stays */
    return shade(p, roundf(v * SHADES) / SHADES, alpha);
}

/* The border of cells nearest to a time. */
static int64_t cell_border(const xp_plot_map *m, int64_t cells, double t) {
    double at = (t - m->start) / m->seconds * (double)cells;
    return (int64_t)fmin(fmax(at + 0.5, 0), (double)cells);
}

/* Of the recording from one time to another. Each step of the map is an odd number of cells, so
 * that its centre is a cell's and a moment looks the same wherever it is drawn. */
static void draw_map(const page *p, int lead, double from, double to, float top, float bottom) {
    const xp_plot_map *m = p->map;
    double step = m->seconds / m->n;
    int each = 2 * (int)fmin(ceil(step * p->o.speed / (double)CELL / 2), 1e4) + 1;
    int64_t cells = (int64_t)each * m->n;
    int64_t a = cell_border(m, cells, from), b = cell_border(m, cells, to);
    if (a >= b) return;
    uint32_t *c = malloc((size_t)(b - a) * sizeof *c);
    if (!c) p->d->failed = true;
    if (!c) return;
    for (int64_t i = a; i < b; i++)
        c[i - a] = map_color(p, lead, m->start + ((double)i + 0.5) * step / each, p->alpha);
    xp_draw_cells(p->d, page_x(p, m->start + (double)a * step / each), top,
                  page_x(p, m->start + (double)b * step / each), bottom, c, (size_t)(b - a));
    free(c);
}

/* One map for all leads is one band across all rows. */
static void draw_maps(const page *p) {
    bool behind = p->o.style == XP_MAP_BEHIND;
    if (!p->map || !p->positive || p->o.style == XP_MAP_TRACE) return;
    if (behind && !p->map->per_lead) {
        draw_map(p, 0, p->o.start, p->o.start + p->o.seconds, p->top, p->bottom);
        return;
    }
    if (p->o.bare && !p->map->per_lead) { /* on screen one strip, which leaves the traces clean */
        draw_map(p, 0, p->o.start, p->o.start + p->o.seconds, p->bottom - 2 * STRIP, p->bottom);
        return;
    }
    for (int i = 0; i < page_panels(p); i++) {
        panel n = page_panel(p, i);
        float top = n.y - p->base;
        if (n.lead >= 0)
            draw_map(p, n.lead, n.start, n.start + n.seconds, top,
                     top + (behind ? p->pitch : STRIP));
    }
}

/* Whether a part of the page only was analysed. */
static bool is_part(const page *p) {
    static const double MUCH = 0.02; /* s: models round the length of their window */
    const xp_plot_options *o = &p->o;
    return o->window_seconds > 0 && (o->window > o->start + MUCH ||
                                     o->window + o->window_seconds < o->start + o->seconds - MUCH);
}

/* Brackets where it begins and ends. */
static void draw_window(const page *p) {
    static const float FOOT_LENGTH = 1.5f, LINE = 0.25f;
    double end = p->o.start + p->o.seconds;
    float a = page_x(p, fmax(p->o.window, p->o.start));
    float b = page_x(p, fmin(p->o.window + p->o.window_seconds, end));
    if (!is_part(p) || a >= b) return;
    for (int i = 0; i < 2; i++) {
        float x = i ? b : a, in = i ? b - FOOT_LENGTH : a + FOOT_LENGTH;
        xp_point line[] = {{in, p->top}, {x, p->top}, {x, p->bottom}, {in, p->bottom}};
        xp_draw_line(p->d, line, 4, LINE, p->color->grey);
    }
}

/* ==== traces ================================================================================= */

/* Colour of every sample along the map; NULL without memory. */
static uint32_t *trace_colors(const page *p, int lead, int64_t a, int64_t count) {
    uint32_t *c = malloc((size_t)count * sizeof *c);
    if (!c) p->d->failed = true;
    for (int64_t i = 0; c && i < count; i++) {
        c[i] = map_color(p, lead, (double)(a + i) / p->rec->rate, 255);
        if (!(c[i] >> 24)) c[i] = p->color->ink;
    }
    return c;
}

static void draw_samples(const page *p, const panel *n) {
    const xp_plot_record *r = p->rec;
    int64_t a, b;
    float gain = page_samples(p, n, &a, &b);
    if (a >= b) return;
    bool colored = p->map && p->positive && p->o.style == XP_MAP_TRACE;
    uint32_t *colors = colored ? trace_colors(p, n->lead, a, b - a) : NULL;
    xp_trace t = {.x0 = n->x + (float)(((double)a / r->rate - n->start) * p->o.speed),
                  .dx = (float)(p->o.speed / r->rate),
                  .y0 = n->y,
                  .gain = gain,
                  .top = p->top,
                  .bottom = p->bottom,
                  .pixel = (float)p->o.pixel,
                  .width = colored ? 2 * PAGE_TRACE : PAGE_TRACE,
                  .rgba = p->color->ink,
                  .colors = colors};
    xp_draw_trace(p->d, r->leads[n->lead].mv + a, b - a, &t);
    free(colors);
}

static void report_strip(const page *p, const panel *n) {
    xp_strip strip = {.x = n->x,
                      .width = n->width,
                      .y = n->y,
                      .top = n->y - p->base,
                      .height = p->pitch,
                      .from = (float)(n->start - p->o.start),
                      .seconds = (float)n->seconds,
                      .lead = n->lead,
                      .gain = page_gain(p, n)};
    xp_draw_strip(p->d, &strip);
}

/* Names last: a trace of another row may pass behind them. */
static void draw_panels(const page *p) {
    for (int i = 0; i < page_panels(p); i++) {
        panel n = page_panel(p, i);
        if (n.lead < 0) continue;
        draw_samples(p, &n);
        report_strip(p, &n);
    }
    for (int i = 0; i < page_panels(p); i++) {
        panel n = page_panel(p, i);
        draw_name(p, &n);
    }
    for (int i = 0; i < p->rows + p->rhythm; i++) draw_pulse(p, page_row_base(p, i));
}

/* ==== axes =================================================================================== */

/* Whole seconds of the recording, under the last row; a narrow page ends with its traces, and the
 * last number there. */
static void draw_seconds(const page *p) {
    const float end = page_x(p, p->o.start + p->o.seconds) - AXIS_SIZE / 2;
    char text[32];
    int64_t first = (int64_t)ceil(p->o.start - 1e-6);
    int64_t last = (int64_t)(p->o.start + p->o.seconds + 1e-6);
    for (int64_t s = first; s <= last; s++) {
        float x = page_x(p, (double)s);
        xp_point tick[] = {{x, p->bottom}, {x, p->bottom + 1}};
        snprintf(text, sizeof text, s > first ? "%.0f" : "%.0f s", (double)s);
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->grey);
        const int anchor = p->o.narrow && x > end ? XP_ANCHOR_END : XP_ANCHOR_MIDDLE;
        xp_draw_text(p->d, x, p->bottom + 3.6f, AXIS_SIZE, anchor, p->color->grey, text);
    }
}

/* Tenths of a second from the beat's fiducial point, under each column. */
static void draw_beat_times(const page *p) {
    char text[32];
    const double zero = p->o.beats ? p->o.beats[0].time : 0;
    for (int c = 0; c < p->columns; c++) {
        const panel n = page_panel(p, c * p->rows);
        const int first = (int)ceil((n.start - zero) * 10),
                  last = (int)floor((n.start + n.seconds - zero) * 10);
        for (int i = first; i <= last; i++) {
            const float x = n.x + (float)((zero + i * 0.1 - n.start) * p->o.speed);
            xp_point tick[] = {{x, p->bottom}, {x, p->bottom + (i % 2 ? 0.6f : 1)}};
            xp_draw_line(p->d, tick, 2, 0.2f, p->color->grey);
            if (i % 2 || i == first || i == last) continue; /* two columns' ends are neighbours */
            snprintf(text, sizeof text, "%s%.1f", i < 0 ? PAGE_MINUS : "", fabs(i * 0.1));
            xp_draw_text(p->d, x, p->bottom + 3.6f, AXIS_SIZE, XP_ANCHOR_MIDDLE, p->color->grey,
                         text);
        }
    }
}

static void draw_millivolts(const page *p) {
    char text[32];
    const float y = page_row_base(p, 0), gain = gains_of(p, y).most;
    int high = (int)floorf((y - p->top) / gain);
    int low = (int)floorf((p->bottom - y) / gain);
    for (int i = -low; i <= high; i++) {
        float at = y - (float)i * gain;
        xp_point tick[] = {{p->left - 1.2f, at}, {p->left, at}};
        snprintf(text, sizeof text, "%s%d", i < 0 ? PAGE_MINUS : "", abs(i));
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->grey);
        xp_draw_text(p->d, p->left - 1.8f, at + 1, AXIS_SIZE, XP_ANCHOR_END, p->color->grey, text);
    }
    xp_draw_text(p->d, p->left - 6.2f, y, AXIS_SIZE, XP_ANCHOR_MIDDLE | XP_UPWARDS, p->color->grey,
                 "mV");
    xp_draw_text(p->d, (p->left + p->right) / 2, p->bottom + 7, AXIS_SIZE, XP_ANCHOR_MIDDLE,
                 p->color->grey, "time (s)");
}

/* ==== title, legend, footer ================================================================== */

static void draw_scale(const page *p, float left, float y) {
    enum { STEPS = 64 };
    static const float LENGTH = 36, HEIGHT = 2.6f;
    uint32_t c[STEPS];
    for (int i = 0; i < STEPS; i++) c[i] = shade(p, (float)i / (STEPS - 1), p->alpha);
    float right = left + LENGTH;
    xp_draw_cells(p->d, left, y, right, y + HEIGHT, c, STEPS);
    xp_draw_text(p->d, left - 1, y + HEIGHT - 0.4f, 2.6f, XP_ANCHOR_END, p->color->grey, "0");
    xp_draw_text(p->d, right + 1, y + HEIGHT - 0.4f, 2.6f, XP_ANCHOR_START, p->color->grey, "1");
}

/* mm that title and legend move up to leave a line for numbers. */
static float title_up(const page *p) {
    return p->o.numbers && *p->o.numbers ? 3 : 0;
}

static void draw_legend(const page *p) {
    const xp_plot_map *m = p->map;
    char text[256], probability[48] = "";
    if (!m) return;
    if (m->is_score && !isnan(m->probability))
        snprintf(probability, sizeof probability, "   score %.3f", m->probability);
    else if (!isnan(m->probability))
        snprintf(probability, sizeof probability,
                 m->probability > 0 && m->probability < 0.001 ? "   probability < 0.001"
                                                              : "   probability %.3f",
                 m->probability);
    snprintf(text, sizeof text, "%s%s%s", m->label ? m->label : "evidence", probability,
             m->below ? " \xe2\x80\x93 below its threshold" : "");
    const float right = p->right - 3, up = title_up(p);
    xp_draw_text(p->d, right - 42, 8.2f - up, 3.4f, XP_ANCHOR_END, p->color->ink, text);
    draw_scale(p, right - 36, 5.6f - up);
    const char *evidence =
        m->per_lead ? "evidence by lead and time" : "time only: this map does not tell leads apart";
    snprintf(text, sizeof text, "%s%s   %s", m->layer ? "Grad-CAM at " : "",
             m->layer ? m->layer : "", p->positive ? evidence : XP_NO_EVIDENCE);
    xp_draw_text(p->d, right + 3, 12.6f - 1.2f * up, 2.8f, XP_ANCHOR_END, p->color->grey, text);
}

static void draw_title(const page *p) {
    char text[160];
    const xp_plot_record *r = p->rec;
    const float up = title_up(p);
    xp_draw_text(p->d, p->left, 8.6f - up, up > 0 ? 4 : 4.6f, XP_ANCHOR_START, p->color->ink,
                 r->name);
    if (up > 0) xp_draw_text(p->d, p->left, 13.8f, 3, XP_ANCHOR_START, p->color->ink, p->o.numbers);
    if (p->o.one_beat)
        snprintf(text, sizeof text,
                 "%.6g Hz   marks: P, QRS and T from onset to offset, over all leads", r->rate);
    else
        snprintf(text, sizeof text, "%.7g s recorded at %.6g Hz   shown: %.7g\xe2\x80\x93%.7g s",
                 (double)r->n / r->rate, r->rate, p->o.start, p->o.start + p->o.seconds);
    xp_draw_text(p->d, p->left, 13.2f - 1.3f * up, 2.8f, XP_ANCHOR_START, p->color->grey, text);
}

static void draw_footer(const page *p) {
    static const float SCALE = 41; /* mm that it takes */
    char text[256], least[24] = "";
    const char *filter = p->rec->filter ? p->rec->filter : "none";
    const gains g = gains_of(p, NAN);
    if (g.least < g.most) snprintf(least, sizeof least, "/%g", (double)g.least);
    int n = snprintf(text, 200, "%g mm/s   %g%s mm/mV   filter: %.80s   %.6g Hz", p->o.speed,
                     (double)g.most, least, filter, p->rec->rate);
    if (is_part(p))
        snprintf(text + n, sizeof text - (size_t)n, "   analysed: %.7g\xe2\x80\x93%.7g s",
                 p->o.window, p->o.window + p->o.window_seconds);
    float y = p->d->height - (p->o.bare ? 1.8f : 5.6f);
    xp_draw_text(p->d, p->left, y, 2.8f, XP_ANCHOR_START, p->color->ink, text);
    if (!p->o.bare)
        xp_draw_text(p->d, p->right, y, 2.5f, XP_ANCHOR_END, p->color->grey, XP_DISCLAIMER);
    else if (p->map && p->positive)
        draw_scale(p, p->right - SCALE, y - 2.2f);
}

void page_draw(const page *p) {
    if (!p->o.plain) grid_lines(p, false);
    if (!p->o.plain) grid_lines(p, true);
    draw_maps(p);
    page_draw_hatching(p);
    draw_window(p);
    draw_panels(p);
    page_draw_fault_words(p);
    if (p->o.one_beat)
        draw_beat_times(p);
    else
        draw_seconds(p);
    if (p->o.layout == XP_LAYOUT_SINGLE) draw_millivolts(p);
    if (!p->o.bare) draw_title(p);
    if (!p->o.bare) draw_legend(p);
    draw_footer(p);
}
