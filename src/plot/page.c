/* The page of an ECG: where everything lies, in millimetres. */
#include "plot/plot.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RGB(r, g, b) (0xff000000u | (uint32_t)(b) << 16 | (uint32_t)(g) << 8 | (uint32_t)(r))

typedef struct palette {
    uint32_t paper, ink, grey, fine, bold;
} palette;
static const palette LIGHT = {RGB(255, 255, 255), RGB(16, 16, 20), RGB(96, 96, 104),
                              RGB(252, 224, 222), RGB(240, 172, 168)};
static const palette DARK = {RGB(20, 25, 31), RGB(233, 238, 242), RGB(160, 170, 180),
                             RGB(36, 46, 57), RGB(60, 74, 88)};

static const float A4_WIDTH = 297, A4_HEIGHT = 210, MARGIN = 13.5f, MARGIN_MIN = 8, HEAD = 16,
                   FOOT = 14;
static const float FINE_LINE = 0.1f, BOLD_LINE = 0.18f, TRACE = 0.28f, PULSE = 0.2f; /* s */
static const float NAME_SIZE = 3.4f, STRIP = 1.6f, PAGE_MAX = 5000, BARE_MARGIN = 1, BARE_FOOT = 10,
                   AXIS_SIZE = 2.6f, AXIS_MARGIN = 9;
/* What traces may have above the first row and below the last one; the rows that an A4 page has
 * room for, and how far they may be pressed together for it. */
static const float BEYOND = 25, ROWS = 180, ROWS_MIN = 140;
static const float CELL = 0.2f; /* mm: no cell of the map is wider */
enum { MAX_ROWS = 12, SHADES = 64, FEW_LEADS = 3 };

#define MINUS "\xe2\x88\x92"
static const char *const STANDARD[] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                       "V1", "V2", "V3",  "V4",  "V5",  "V6"};
static const char *const CABRERA[] = {"aVL", "I",  "-aVR", "II", "aVF", "III",
                                      "V1",  "V2", "V3",   "V4", "V5",  "V6"};
static const char *const RHYTHM[] = {"II", "V1", "V5"};

static const struct {
    const char *name;
    int rows, columns, rhythm;
    float pitch; /* mm: height of a row */
} LAYOUTS[XP_LAYOUT_COUNT] = {
    [XP_LAYOUT_12X1] = {"12x1", 12, 1, 0, 15},  [XP_LAYOUT_6X2] = {"6x2", 6, 2, 0, 30},
    [XP_LAYOUT_3X4] = {"3x4", 3, 4, 0, 60},     [XP_LAYOUT_3X4_1] = {"3x4+1", 3, 4, 1, 45},
    [XP_LAYOUT_3X4_3] = {"3x4+3", 3, 4, 3, 30}, [XP_LAYOUT_SINGLE] = {"single", 0, 1, 1, 60}};

int xp_layout_find(const char *name) {
    for (int i = 0; i < XP_LAYOUT_COUNT; i++)
        if (!strcasecmp(name, LAYOUTS[i].name)) return i;
    return -1;
}

int xp_map_style_find(const char *name) {
    static const char *const NAMES[XP_MAP_STYLE_COUNT] = {"behind", "strip", "trace"};
    for (int i = 0; i < XP_MAP_STYLE_COUNT; i++)
        if (!strcasecmp(name, NAMES[i])) return i;
    return -1;
}

typedef struct page {
    xp_display *d;
    const xp_plot_record *rec;
    const xp_plot_map *map;
    xp_plot_options o;
    int rows, columns, rhythm;
    bool stacked;                   /* a row for each of the record's leads, in its order */
    float pitch, base;              /* of a row; base: of that, above the base line */
    float above, below;             /* mm of the grid beyond its rows */
    float left, top, right, bottom; /* of the grid */
    float x0;                       /* where time begins */
    bool positive;                  /* some value of the map is > 0 */
    int alpha;                      /* of the map's strongest */
    const palette *color;
} page;

/* One trace: a lead for a stretch of time. */
typedef struct panel {
    const char *name;
    int lead;          /* -1: not in the record */
    float x, width, y; /* mm; y: base line */
    double start, seconds;
} panel;

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

static float pulse_width(const page *p) {
    return PULSE * (float)p->o.speed;
}

static void draw_pulse(const page *p, float y) {
    float a = p->x0 - pulse_width(p) - 3, b = a + pulse_width(p), h = (float)p->o.gain;
    xp_point line[] = {{a - 2, y}, {a, y}, {a, y - h}, {b, y - h}, {b, y}, {b + 2, y}};
    xp_draw_line(p->d, line, sizeof line / sizeof *line, TRACE, p->color->ink);
}

static void draw_name(const page *p, const panel *n) {
    char text[80];
    bool minus = *n->name == '-', derived = n->lead >= 0 && p->rec->leads[n->lead].derived;
    float y = n->y - fminf(p->base - 1.6f, 11) + 1.2f;
    snprintf(text, sizeof text, "%s%.40s%s", minus ? MINUS : "", n->name + minus,
             derived       ? " (derived)"
             : n->lead < 0 ? " (not recorded)"
                           : "");
    xp_draw_text(p->d, n->x + 1.2f, y, NAME_SIZE, XP_ANCHOR_START, p->color->ink, text);
    if (n->x > p->x0 + 1) {
        xp_point tick[] = {{n->x, y - 1.2f}, {n->x, y + 2.8f}};
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->ink);
    }
}

/* ==== panels ================================================================================= */

static int find_lead(const xp_plot_record *rec, const char *name) {
    if (*name == '-') name++;
    for (int i = 0; i < rec->n_leads; i++)
        if (!strcasecmp(rec->leads[i].name, name)) return i;
    return -1;
}

static float x_of(const page *p, double t) {
    return p->x0 + (float)((t - p->o.start) * p->o.speed);
}

static float row_base(const page *p, int row) {
    return p->top + p->above + p->pitch * (float)row + p->base;
}

/* Columns follow each other in time, so that an x is one moment in all rows. */
static panel panel_at(const page *p, int index) {
    int grid = p->rows * p->columns, column = index / (p->rows ? p->rows : 1);
    double seconds = p->o.seconds / p->columns;
    panel n = {.start = p->o.start, .seconds = p->o.seconds};
    if (p->stacked) {
        n.name = p->rec->leads[index].name;
        n.y = row_base(p, index);
    } else if (index >= grid) {
        n.name = p->o.rhythm[index - grid];
        n.y = row_base(p, p->rows + index - grid);
    } else {
        n.name = (p->o.cabrera ? CABRERA : STANDARD)[index];
        n.y = row_base(p, index % p->rows);
        n.start += column * seconds;
        n.seconds = seconds;
    }
    n.lead = p->stacked ? index : find_lead(p->rec, n.name);
    n.x = x_of(p, n.start);
    n.width = (float)(n.seconds * p->o.speed);
    return n;
}

static int count_panels(const page *p) {
    return p->rows * p->columns + p->rhythm;
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
    xp_draw_cells(p->d, x_of(p, m->start + (double)a * step / each), top,
                  x_of(p, m->start + (double)b * step / each), bottom, c, (size_t)(b - a));
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
    for (int i = 0; i < count_panels(p); i++) {
        panel n = panel_at(p, i);
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
    float a = x_of(p, fmax(p->o.window, p->o.start));
    float b = x_of(p, fmin(p->o.window + p->o.window_seconds, end));
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

/* Samples [*a, *b) of a panel; what they are worth on paper. */
static float samples_of(const page *p, const panel *n, int64_t *a, int64_t *b) {
    const xp_plot_record *r = p->rec;
    *a = (int64_t)ceil(n->start * r->rate - 1e-6);
    *b = (int64_t)floor((n->start + n->seconds) * r->rate + 1e-6) + 1;
    if (*b > r->n) *b = r->n;
    return (float)p->o.gain * (*n->name == '-' ? -1 : 1);
}

static void draw_samples(const page *p, const panel *n) {
    const xp_plot_record *r = p->rec;
    int64_t a, b;
    float gain = samples_of(p, n, &a, &b);
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
                  .width = colored ? 2 * TRACE : TRACE,
                  .rgba = p->color->ink,
                  .colors = colors};
    xp_draw_trace(p->d, r->leads[n->lead].mv + a, b - a, &t);
    free(colors);
}

static void tell_strip(const page *p, const panel *n) {
    xp_strip strip = {.x = n->x,
                      .width = n->width,
                      .y = n->y,
                      .top = n->y - p->base,
                      .height = p->pitch,
                      .from = (float)(n->start - p->o.start),
                      .seconds = (float)n->seconds,
                      .lead = n->lead,
                      .sign = *n->name == '-' ? -1 : 1};
    xp_draw_strip(p->d, &strip);
}

/* Names last: a trace of another row may pass behind them. */
static void draw_panels(const page *p) {
    for (int i = 0; i < count_panels(p); i++) {
        panel n = panel_at(p, i);
        if (n.lead < 0) continue;
        draw_samples(p, &n);
        tell_strip(p, &n);
    }
    for (int i = 0; i < count_panels(p); i++) {
        panel n = panel_at(p, i);
        draw_name(p, &n);
    }
    for (int i = 0; i < p->rows + p->rhythm; i++) draw_pulse(p, row_base(p, i));
}

/* ==== axes =================================================================================== */

/* Whole seconds of the recording, under the last row. */
static void draw_seconds(const page *p) {
    char text[32];
    int64_t first = (int64_t)ceil(p->o.start - 1e-6);
    int64_t last = (int64_t)(p->o.start + p->o.seconds + 1e-6);
    for (int64_t s = first; s <= last; s++) {
        float x = x_of(p, (double)s);
        xp_point tick[] = {{x, p->bottom}, {x, p->bottom + 1}};
        snprintf(text, sizeof text, s > first ? "%.0f" : "%.0f s", (double)s);
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->grey);
        xp_draw_text(p->d, x, p->bottom + 3.6f, AXIS_SIZE, XP_ANCHOR_MIDDLE, p->color->grey, text);
    }
}

static void draw_millivolts(const page *p) {
    char text[32];
    float y = row_base(p, 0);
    int high = (int)floor((double)(y - p->top) / p->o.gain);
    int low = (int)floor((double)(p->bottom - y) / p->o.gain);
    for (int i = -low; i <= high; i++) {
        float at = y - (float)(i * p->o.gain);
        xp_point tick[] = {{p->left - 1.2f, at}, {p->left, at}};
        snprintf(text, sizeof text, "%s%d", i < 0 ? MINUS : "", abs(i));
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

static void draw_legend(const page *p) {
    const xp_plot_map *m = p->map;
    char text[256], probability[48] = "";
    if (!m) return;
    if (!isnan(m->probability))
        snprintf(probability, sizeof probability,
                 m->probability > 0 && m->probability < 0.001 ? "   probability < 0.001"
                                                              : "   probability %.3f",
                 m->probability);
    snprintf(text, sizeof text, "%s%s%s", m->label ? m->label : "evidence", probability,
             m->below ? " \xe2\x80\x93 below its threshold" : "");
    float right = p->right - 3;
    xp_draw_text(p->d, right - 42, 8.2f, 3.4f, XP_ANCHOR_END, p->color->ink, text);
    draw_scale(p, right - 36, 5.6f);
    const char *told =
        m->per_lead ? "evidence by lead and time" : "time only: this map does not tell leads apart";
    snprintf(text, sizeof text, "%s%s   %s", m->layer ? "Grad-CAM at " : "",
             m->layer ? m->layer : "", p->positive ? told : "no positive evidence at this layer");
    xp_draw_text(p->d, right + 3, 12.6f, 2.8f, XP_ANCHOR_END, p->color->grey, text);
}

static void draw_title(const page *p) {
    char text[160];
    const xp_plot_record *r = p->rec;
    xp_draw_text(p->d, p->left, 8.6f, 4.6f, XP_ANCHOR_START, p->color->ink, r->name);
    snprintf(text, sizeof text, "%.7g s recorded at %.6g Hz   shown: %.7g\xe2\x80\x93%.7g s",
             (double)r->n / r->rate, r->rate, p->o.start, p->o.start + p->o.seconds);
    xp_draw_text(p->d, p->left, 13.2f, 2.8f, XP_ANCHOR_START, p->color->grey, text);
}

static void draw_footer(const page *p) {
    static const float WIDTH = 1.5f; /* of its characters, or more: the page has no font's widths */
    char text[256];
    const char *filter = p->rec->filter ? p->rec->filter : "none";
    int n = snprintf(text, 200, "%g mm/s   %g mm/mV   filter: %.80s   %.6g Hz", p->o.speed,
                     p->o.gain, filter, p->rec->rate);
    if (is_part(p))
        snprintf(text + n, sizeof text - (size_t)n, "   analysed: %.7g\xe2\x80\x93%.7g s",
                 p->o.window, p->o.window + p->o.window_seconds);
    float y = p->d->height - (p->o.bare ? 1.8f : 5.6f);
    xp_draw_text(p->d, p->left, y, 2.8f, XP_ANCHOR_START, p->color->ink, text);
    if (!p->o.bare)
        xp_draw_text(p->d, p->right, y, 2.5f, XP_ANCHOR_END, p->color->grey, XP_PLOT_DISCLAIMER);
    else if (p->map && p->positive)
        draw_scale(p, p->left + WIDTH * (float)strlen(text) + 8, y - 2.2f);
}

/* ==== the whole ============================================================================== */

static xp_status check_record(const xp_plot_record *r, const xp_plot_map *m, xp_error *err) {
    if (!(r->rate > 0 && r->rate < 1e7) || r->n < 1 || r->n_leads < 1)
        return xp_fail(err, XP_ERR_USAGE, "nothing to draw: %d leads of %lld samples at %g Hz",
                       r->n_leads, (long long)r->n, r->rate);
    if (m && (m->n < 1 || !(m->seconds > 0)))
        return xp_fail(err, XP_ERR_USAGE, "a map of %d steps over %g s cannot be drawn", m->n,
                       m->seconds);
    return XP_OK;
}

static bool one_of(double v, double a, double b, double c) {
    return v == a || v == b || v == c;
}

/* Put what was left open to its default, and refuse what makes no sense. */
static xp_status settle(page *p, xp_error *err) {
    xp_plot_options *o = &p->o;
    double left = (double)p->rec->n / p->rec->rate - o->start;
    if (o->speed == 0) o->speed = 25;
    if (o->gain == 0) o->gain = 10;
    if (!o->alpha) o->alpha = 150;
    p->alpha = o->style == XP_MAP_BEHIND ? o->alpha : 255;
    if (p->map && p->map->below) p->alpha /= 2;
    if (!one_of(o->speed, 12.5, 25, 50))
        return xp_fail(err, XP_ERR_USAGE, "speed %g mm/s: it is 12.5, 25 or 50", o->speed);
    if (!one_of(o->gain, 5, 10, 20))
        return xp_fail(err, XP_ERR_USAGE, "gain %g mm/mV: it is 5, 10 or 20", o->gain);
    if (!(o->start >= 0) || !(left > 0))
        return xp_fail(err, XP_ERR_USAGE, "start %g s: the recording has %g s", o->start,
                       (double)p->rec->n / p->rec->rate);
    if (o->seconds == 0) o->seconds = fmin(10, left);
    if (!(o->seconds > 0) || (o->seconds * o->speed) > (double)PAGE_MAX - 40)
        return xp_fail(err, XP_ERR_LIMIT, "%g s at %g mm/s do not fit on a page of 5 m", o->seconds,
                       o->speed);
    if (o->pitch != 0 && !(o->pitch >= 10 && o->pitch <= 60 && fmod(o->pitch, 5) == 0))
        return xp_fail(err, XP_ERR_USAGE, "rows %g mm apart: it is 10, 15 ... 60", o->pitch);
    for (int i = 0; i < 3; i++)
        if (i < p->rhythm && o->rhythm[i] && find_lead(p->rec, o->rhythm[i]) < 0)
            return xp_fail(err, XP_ERR_LEAD_UNKNOWN, "lead \"%s\" is not in the record",
                           o->rhythm[i]);
    return XP_OK;
}

static bool is_among(const char *name, const char *const *names, int n) {
    for (int i = 0; i < n; i++)
        if (names[i] && !strcasecmp(name, names[i])) return true;
    return false;
}

/* The rhythm rows that nobody chose: of II, V1, V5 and the others, the first that is there and not
 * in such a row yet. */
static void choose_rhythm(page *p) {
    const xp_plot_record *r = p->rec;
    for (int k = 0; k < p->rhythm; k++)
        for (int i = 0; i < 3 + r->n_leads && !p->o.rhythm[k]; i++) {
            const char *name = i < 3 ? RHYTHM[i] : r->leads[i - 3].name;
            if (find_lead(r, name) >= 0 && !is_among(name, p->o.rhythm, 3)) p->o.rhythm[k] = name;
        }
    for (int k = 0; k < p->rhythm; k++)
        if (!p->o.rhythm[k]) p->o.rhythm[k] = RHYTHM[k];
}

/* Of few leads, or of others than the twelve, a grid of twelve would be empty. */
static bool is_few(const xp_plot_record *r) {
    int recorded = 0, standard = 0;
    for (int i = 0; i < r->n_leads; i++) recorded += !r->leads[i].derived;
    for (int i = 0; i < MAX_ROWS; i++) standard += find_lead(r, STANDARD[i]) >= 0;
    return recorded <= FEW_LEADS || 2 * standard <= MAX_ROWS;
}

static void lay_out(page *p) {
    xp_layout layout = p->o.layout;
    p->rows = LAYOUTS[layout].rows;
    p->columns = LAYOUTS[layout].columns;
    p->rhythm = LAYOUTS[layout].rhythm;
    p->pitch = p->o.pitch != 0 ? (float)p->o.pitch : LAYOUTS[layout].pitch;
    p->stacked = layout != XP_LAYOUT_SINGLE && is_few(p->rec);
    if (!p->stacked) return;
    p->rows = p->rec->n_leads < MAX_ROWS ? p->rec->n_leads : MAX_ROWS;
    p->columns = 1;
    p->rhythm = 0;
    p->pitch = fminf(40, 5 * floorf(ROWS / (float)p->rows / 5));
}

/* ==== the page's size ======================================================================== */

static float squares(float mm) {
    return 5 * ceilf(mm / 5 - 1e-4f);
}

/* How far the traces and the pulses go beyond their rows, in whole squares. */
static void measure(page *p) {
    float top = 0, bottom = p->pitch * (float)(p->rows + p->rhythm), high = top, low = bottom;
    p->top = p->above = 0;
    for (int i = 0; i < count_panels(p); i++) {
        panel n = panel_at(p, i);
        int64_t a, b;
        float gain = samples_of(p, &n, &a, &b);
        high = fminf(high, n.y - (float)p->o.gain);
        for (; n.lead >= 0 && a < b; a++) {
            float y = n.y - gain * p->rec->leads[n.lead].mv[a];
            high = fminf(high, y - TRACE); /* no matter that y may be NaN */
            low = fmaxf(low, y + TRACE);
        }
    }
    p->above = squares(fminf(top - high, BEYOND));
    p->below = squares(fminf(low - bottom, BEYOND));
}

/* Rows as near to each other as the page makes them; base lines lie on lines of the grid, bold ones
 * where there are not too many. */
static void place_rows(page *p) {
    float n = (float)(p->rows + p->rhythm), step = n > 6 ? 1 : 5;
    bool any_height = p->o.bare || p->o.pitch != 0;
    for (;; p->pitch -= step) {
        p->base = 5 * ceilf(p->pitch / 10);
        measure(p);
        if (any_height || n * p->pitch + p->above + p->below <= ROWS) return;
        if (n * (p->pitch - step) < ROWS_MIN) break;
    }
    p->above = fminf(p->above, 5 * floorf((ROWS - n * p->pitch) / 5));
    p->below = fminf(p->below, ROWS - n * p->pitch - p->above);
}

/* The grid has whole 5 mm squares; the page is A4 where that is large enough, if need be with
 * narrower margins. */
static void place(page *p) {
    bool single = p->o.layout == XP_LAYOUT_SINGLE;
    float before = fmaxf(15, 5 * ceilf((pulse_width(p) + 8) / 5));
    float need = before + (float)(p->o.seconds * p->o.speed) + 5;
    float head = !p->o.bare ? HEAD : single ? 3 * BARE_MARGIN : BARE_MARGIN;
    float width = squares(fmaxf(need, p->o.bare ? 0 : A4_WIDTH - 2 * MARGIN));
    float side = fmaxf(MARGIN_MIN, fminf(MARGIN, (A4_WIDTH - width) / 2));
    if (p->o.bare) side = BARE_MARGIN;
    p->left = p->o.bare && single ? AXIS_MARGIN : side; /* the axis of mV stands there */
    p->x0 = p->left + before;
    place_rows(p);
    p->top = head;
    p->right = p->left + width;
    p->bottom = p->top + squares(p->above + p->pitch * (float)(p->rows + p->rhythm) + p->below);
    p->d->width = p->right + side;
    p->d->height = p->bottom + (p->o.bare ? BARE_FOOT : FOOT) + (single ? 4 : 0);
    if (!single && !p->o.bare) p->d->height = fmaxf(A4_HEIGHT, p->d->height);
}

static bool any_positive(const xp_plot_map *m, int n_leads) {
    size_t n = m ? (size_t)m->n * (m->per_lead ? (size_t)n_leads : 1) : 0;
    for (size_t i = 0; i < n; i++)
        if (m->values[i] > 0) return true;
    return false;
}

xp_status xp_plot_ecg(xp_display *d, const xp_plot_record *rec, const xp_plot_map *map,
                      const xp_plot_options *opt, xp_error *err) {
    xp_display made = {0};
    page p = {.d = &made, .rec = rec, .map = map, .o = *opt};
    XP_TRY(check_record(rec, map, err));
    p.color = opt->dark ? &DARK : &LIGHT;
    made.paper = p.color->paper;
    p.positive = any_positive(map, rec->n_leads);
    lay_out(&p);
    XP_TRY(settle(&p, err));
    choose_rhythm(&p);
    place(&p);
    if (!p.o.plain) grid_lines(&p, false);
    if (!p.o.plain) grid_lines(&p, true);
    draw_maps(&p);
    draw_window(&p);
    draw_panels(&p);
    draw_seconds(&p);
    if (opt->layout == XP_LAYOUT_SINGLE) draw_millivolts(&p);
    if (!opt->bare) draw_title(&p);
    if (!opt->bare) draw_legend(&p);
    draw_footer(&p);
    xp_status s = xp_display_check(&made, err);
    if (s == XP_OK)
        *d = made;
    else
        xp_display_free(&made);
    return s;
}
