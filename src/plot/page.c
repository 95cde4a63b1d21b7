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
                             RGB(30, 39, 48), RGB(52, 66, 80)};

static const float A4_WIDTH = 297, A4_HEIGHT = 210, MARGIN = 13.5f, MARGIN_MIN = 8, HEAD = 19,
                   FOOT = 11;
static const float FINE_LINE = 0.1f, BOLD_LINE = 0.18f, TRACE = 0.28f, PULSE = 0.2f; /* s */
static const float NAME_SIZE = 3.4f, STRIP = 1.6f, PAGE_MAX = 5000, BARE_MARGIN = 1, BARE_FOOT = 6;
enum { MAX_ROWS = 12, MAX_COLUMNS = 4, MAX_CELLS = 8192, SHADES = 64 };

#define MINUS "\xe2\x88\x92"
static const char *const STANDARD[] = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                       "V1", "V2", "V3",  "V4",  "V5",  "V6"};
static const char *const CABRERA[] = {"aVL", "I",  "-aVR", "II", "aVF", "III",
                                      "V1",  "V2", "V3",   "V4", "V5",  "V6"};
static const char *const RHYTHM[] = {"II", "V1", "V5"};

/* Rows begin and base lines lie on the bold lines of the grid. */
static const struct {
    const char *name;
    int rows, columns, rhythm;
    float pitch, base; /* mm: height of a row; of that, above the base line */
} LAYOUTS[XP_LAYOUT_COUNT] = {[XP_LAYOUT_12X1] = {"12x1", 12, 1, 0, 15, 10},
                              [XP_LAYOUT_6X2] = {"6x2", 6, 2, 0, 30, 15},
                              [XP_LAYOUT_3X4] = {"3x4", 3, 4, 0, 60, 30},
                              [XP_LAYOUT_3X4_1] = {"3x4+1", 3, 4, 1, 45, 25},
                              [XP_LAYOUT_3X4_3] = {"3x4+3", 3, 4, 3, 30, 15},
                              [XP_LAYOUT_SINGLE] = {"single", 0, 1, 1, 60, 30}};

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
    float pitch, base;              /* of a row */
    float left, top, right, bottom; /* of the grid */
    float x0;                       /* where time begins */
    bool positive;                  /* some value of the map is > 0 */
    const palette *color;
} page;

/* One trace: a lead for a stretch of time. */
typedef struct panel {
    const char *name;
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

/* What a panel is called, and where: the base line's start. */
typedef struct label {
    char text[80];
    xp_point at;
} label;

static label label_of(const page *p, const panel *n, bool derived, bool missing) {
    bool minus = *n->name == '-';
    float up = fminf(p->base - 1.6f, 9);
    label l = {.at = {n->x + 1.2f, n->y - up + 1.2f}};
    snprintf(l.text, sizeof l.text, "%s%.40s%s%s", minus ? MINUS : "", n->name + minus,
             derived ? " (derived)" : "", missing ? " (not recorded)" : "");
    return l;
}

/* Paper on the map, under a name: it is drawn before the traces, which are not to fade. */
static void draw_plate(const page *p, const label *l) {
    const uint32_t paper = 0xb8000000 | (p->color->paper & 0xffffff);
    if (!p->map || !p->positive || p->o.style != XP_MAP_BEHIND) return;
    float width = xp_text_width(l->text, strlen(l->text), NAME_SIZE);
    xp_draw_rect(p->d, l->at.x - 0.5f, l->at.y - 0.82f * NAME_SIZE, l->at.x + width + 0.5f,
                 l->at.y + 0.22f * NAME_SIZE, paper);
}

static void draw_name(const page *p, const panel *n, const label *l) {
    xp_draw_text(p->d, l->at.x, l->at.y, NAME_SIZE, XP_ANCHOR_START, p->color->ink, l->text);
    if (n->x > p->x0 + 1) {
        float top = l->at.y - 1.2f;
        xp_point tick[] = {{n->x, top}, {n->x, top + 4}};
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

/* Behind the trace, what is no evidence leaves the paper as it is: the stronger, the denser. On
 * dark paper that alone tells: one of the map's middle colours, from nothing to its full strength.
 */
static uint32_t shade(const page *p, float v, int alpha) {
    static const float ON_DARK = 0.6f;
    if (p->o.style != XP_MAP_BEHIND) return xp_colormap_rgba(p->o.colormap, v, alpha);
    alpha = (int)((float)alpha * (p->o.dark ? fmaxf(v, 0) : fminf(1, 2 * v)));
    return xp_colormap_rgba(p->o.colormap, p->o.dark && v == v ? ON_DARK : v, alpha);
}

static uint32_t map_color(const page *p, int lead, double t, int alpha) {
    float v = map_at(p->map, lead, t);
    v = v < 0 ? 0 : v > 1 ? 1 : v; /* NaN stays */
    return shade(p, roundf(v * SHADES) / SHADES, alpha);
}

static void draw_map(const page *p, const panel *n, int lead) {
    static const float GAP = 0.3f;
    if (!p->map || !p->positive || p->o.style == XP_MAP_TRACE) return;
    double wanted = ceil(n->seconds / p->map->seconds * p->map->n);
    int cells = wanted < 1 ? 1 : wanted > MAX_CELLS ? MAX_CELLS : (int)wanted;
    uint32_t *c = malloc((size_t)cells * sizeof *c);
    if (!c) p->d->failed = true;
    if (!c) return;
    bool strip = p->o.style == XP_MAP_STRIP;
    for (int i = 0; i < cells; i++)
        c[i] =
            map_color(p, lead, n->start + (i + 0.5) / cells * n->seconds, strip ? 255 : p->o.alpha);
    float top = n->y - p->base + GAP, bottom = n->y - p->base + p->pitch - GAP;
    xp_draw_cells(p->d, n->x, top, n->x + n->width, strip ? top + STRIP : bottom, c, (size_t)cells);
    free(c);
}

/* ==== traces ================================================================================= */

static int find_lead(const xp_plot_record *rec, const char *name) {
    if (*name == '-') name++;
    for (int i = 0; i < rec->n_leads; i++)
        if (!strcasecmp(rec->leads[i].name, name)) return i;
    return -1;
}

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

static void draw_samples(const page *p, const panel *n, int lead) {
    const xp_plot_record *r = p->rec;
    int64_t a = (int64_t)ceil(n->start * r->rate - 1e-6);
    int64_t b = (int64_t)floor((n->start + n->seconds) * r->rate + 1e-6) + 1;
    if (b > r->n) b = r->n;
    if (a >= b) return;
    bool colored = p->map && p->positive && p->o.style == XP_MAP_TRACE;
    uint32_t *colors = colored ? trace_colors(p, lead, a, b - a) : NULL;
    xp_trace t = {.x0 = n->x + (float)(((double)a / r->rate - n->start) * p->o.speed),
                  .dx = (float)(p->o.speed / r->rate),
                  .y0 = n->y,
                  .gain = (float)p->o.gain * (*n->name == '-' ? -1 : 1),
                  .top = p->top,
                  .bottom = p->bottom,
                  .pixel = (float)p->o.pixel,
                  .width = colored ? 2 * TRACE : TRACE,
                  .rgba = p->color->ink,
                  .colors = colors};
    xp_draw_trace(p->d, r->leads[lead].mv + a, b - a, &t);
    free(colors);
}

static float row_base(const page *p, int row) {
    return p->top + p->pitch * (float)row + p->base;
}

static panel panel_at(const page *p, int index) {
    int grid = p->rows * p->columns;
    double seconds = p->o.seconds / p->columns;
    if (index >= grid) {
        int k = index - grid;
        const char *name = p->o.rhythm[k] ? p->o.rhythm[k] : RHYTHM[k];
        float y = row_base(p, p->rows + k);
        return (panel){name, p->x0,      (float)(p->o.seconds * p->o.speed),
                       y,    p->o.start, p->o.seconds};
    }
    int row = index % p->rows, column = index / p->rows;
    const char *name = (p->o.cabrera ? CABRERA : STANDARD)[index];
    return (panel){name,
                   p->x0 + (float)(column * seconds * p->o.speed),
                   (float)(seconds * p->o.speed),
                   row_base(p, row),
                   p->o.start + column * seconds,
                   seconds};
}

static int count_panels(const page *p) {
    return p->rows * p->columns + p->rhythm;
}

static void tell_strip(const page *p, const panel *n, int lead) {
    xp_strip strip = {.x = n->x,
                      .width = n->width,
                      .y = n->y,
                      .top = n->y - p->base,
                      .height = p->pitch,
                      .from = (float)(n->start - p->o.start),
                      .seconds = (float)n->seconds,
                      .lead = lead,
                      .sign = *n->name == '-' ? -1 : 1};
    xp_draw_strip(p->d, &strip);
}

static void draw_panels(const page *p) {
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < count_panels(p); i++) {
            panel n = panel_at(p, i);
            int lead = find_lead(p->rec, n.name);
            label l = label_of(p, &n, lead >= 0 && p->rec->leads[lead].derived, lead < 0);
            if (pass == 0 && lead >= 0) draw_map(p, &n, lead);
            if (pass == 0) draw_plate(p, &l);
            if (pass == 1 && lead >= 0) draw_samples(p, &n, lead);
            if (pass == 1 && lead >= 0) tell_strip(p, &n, lead);
            if (pass == 2) draw_name(p, &n, &l);
        }
    for (int i = 0; i < p->rows + p->rhythm; i++) draw_pulse(p, row_base(p, i));
}

/* ==== single lead: axes ====================================================================== */

static void draw_axes(const page *p) {
    char text[32];
    float y = p->top + p->base;
    int high = (int)floor((double)p->base / p->o.gain);
    int every = p->o.speed < 20 ? 2 : 1;
    for (int i = 0; i <= (int)(p->o.seconds + 1e-6); i += every) {
        float x = p->x0 + (float)(i * p->o.speed);
        xp_point tick[] = {{x, p->bottom}, {x, p->bottom + 1.2f}};
        snprintf(text, sizeof text, "%g", p->o.start + i);
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->ink);
        xp_draw_text(p->d, x, p->bottom + 4.4f, 2.8f, XP_ANCHOR_MIDDLE, p->color->ink, text);
    }
    for (int i = -high; i <= high; i++) {
        float at = y - (float)(i * p->o.gain);
        xp_point tick[] = {{p->left - 1.2f, at}, {p->left, at}};
        snprintf(text, sizeof text, "%s%d", i < 0 ? MINUS : "", abs(i));
        xp_draw_line(p->d, tick, 2, 0.2f, p->color->ink);
        xp_draw_text(p->d, p->left - 1.8f, at + 1, 2.8f, XP_ANCHOR_END, p->color->ink, text);
    }
    float end = p->x0 + (float)(p->o.seconds * p->o.speed);
    xp_draw_text(p->d, (p->x0 + end) / 2, p->bottom + 8.2f, 2.8f, XP_ANCHOR_MIDDLE, p->color->ink,
                 "time (s)");
    xp_draw_text(p->d, p->left - 6.2f, y, 2.8f, XP_ANCHOR_MIDDLE | XP_UPWARDS, p->color->ink, "mV");
}

/* ==== title, legend, footer ================================================================== */

static void draw_scale(const page *p, float right, float y) {
    enum { STEPS = 64 };
    static const float LENGTH = 36, HEIGHT = 2.6f;
    uint32_t c[STEPS];
    int alpha = p->o.style == XP_MAP_BEHIND ? p->o.alpha : 255;
    for (int i = 0; i < STEPS; i++) c[i] = shade(p, (float)i / (STEPS - 1), alpha);
    float left = right - LENGTH;
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
    snprintf(text, sizeof text, "%s%s", m->label ? m->label : "evidence", probability);
    float right = p->right - 3;
    xp_draw_text(p->d, right - 42, 8.2f, 3.4f, XP_ANCHOR_END, p->color->ink, text);
    draw_scale(p, right, 5.6f);
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
    snprintf(text, sizeof text, "%.4g s recorded at %.6g Hz   shown: %.4g\xe2\x80\x93%.4g s",
             (double)r->n / r->rate, r->rate, p->o.start, p->o.start + p->o.seconds);
    xp_draw_text(p->d, p->left, 13.2f, 2.8f, XP_ANCHOR_START, p->color->grey, text);
}

static void draw_footer(const page *p) {
    char text[256];
    const char *filter = p->rec->filter ? p->rec->filter : "none";
    snprintf(text, sizeof text, "%g mm/s   %g mm/mV   filter: %s   %.6g Hz", p->o.speed, p->o.gain,
             filter, p->rec->rate);
    float y = p->d->height - (p->o.bare ? 1.8f : 5.6f);
    xp_draw_text(p->d, p->left, y, 2.8f, XP_ANCHOR_START, p->color->ink, text);
    if (p->o.bare && p->map && p->positive) draw_scale(p, p->right - 3, y - 2.2f);
    if (p->o.bare) return;
    xp_draw_text(p->d, p->right, y, 2.5f, XP_ANCHOR_END, p->color->grey, XP_PLOT_DISCLAIMER);
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
    for (int i = 0; i < p->rhythm; i++) {
        const char *name = o->rhythm[i] ? o->rhythm[i] : RHYTHM[i];
        if (o->rhythm[i] && find_lead(p->rec, name) < 0)
            return xp_fail(err, XP_ERR_LEAD_UNKNOWN, "lead \"%s\" is not in the record", name);
    }
    return XP_OK;
}

/* The grid has whole 5 mm squares; the page is A4 where that is large enough, if need be with
 * narrower margins. */
static void place(page *p) {
    bool single = p->o.layout == XP_LAYOUT_SINGLE;
    float before = fmaxf(15, 5 * ceilf((pulse_width(p) + 8) / 5));
    float need = before + (float)(p->o.seconds * p->o.speed) + 5;
    float head = !p->o.bare ? HEAD : single ? 3 * BARE_MARGIN : BARE_MARGIN;
    float width = 5 * ceilf(fmaxf(need, p->o.bare ? 0 : A4_WIDTH - 2 * MARGIN) / 5 - 1e-4f);
    float side = fmaxf(MARGIN_MIN, fminf(MARGIN, (A4_WIDTH - width) / 2));
    if (p->o.bare && !single) side = BARE_MARGIN; /* else the axis of mV stands there */
    float height = 5 * ceilf(p->pitch * (float)(p->rows + p->rhythm) / 5 - 1e-4f);
    p->left = side;
    p->top = head;
    p->right = p->left + width;
    p->bottom = p->top + height;
    p->x0 = p->left + before;
    p->d->width = width + 2 * side;
    p->d->height = p->bottom + (p->o.bare ? BARE_FOOT : FOOT) + (single ? 8 : 0);
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
    p.rows = LAYOUTS[opt->layout].rows;
    p.columns = LAYOUTS[opt->layout].columns;
    p.rhythm = LAYOUTS[opt->layout].rhythm;
    p.pitch = LAYOUTS[opt->layout].pitch;
    p.base = LAYOUTS[opt->layout].base;
    p.color = opt->dark ? &DARK : &LIGHT;
    made.paper = p.color->paper;
    p.positive = any_positive(map, rec->n_leads);
    XP_TRY(settle(&p, err));
    if (opt->pitch != 0) { /* the base line stays on a bold line of the grid */
        p.pitch = (float)opt->pitch;
        p.base = 5 * ceilf(p.pitch / 10);
    }
    place(&p);
    if (!p.o.plain) grid_lines(&p, false);
    if (!p.o.plain) grid_lines(&p, true);
    draw_panels(&p);
    if (opt->layout == XP_LAYOUT_SINGLE) draw_axes(&p);
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
