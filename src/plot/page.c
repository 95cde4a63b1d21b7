/* The page of an ECG: where everything lies, in millimetres. */
#include "plot/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RGB(r, g, b) (0xff000000u | (uint32_t)(b) << 16 | (uint32_t)(g) << 8 | (uint32_t)(r))

static const palette LIGHT = {
    RGB(255, 255, 255), RGB(16, 16, 20),  RGB(96, 96, 104), RGB(252, 224, 222), RGB(240, 172, 168),
    RGB(176, 176, 192), RGB(31, 97, 180), RGB(176, 32, 48), RGB(20, 120, 80),   RGB(176, 32, 48)};
static const palette DARK = {RGB(20, 25, 31),    RGB(233, 238, 242), RGB(160, 170, 180),
                             RGB(36, 46, 57),    RGB(60, 74, 88),    RGB(104, 108, 124),
                             RGB(120, 180, 255), RGB(255, 140, 140), RGB(120, 210, 160),
                             RGB(255, 140, 140)};

static const float A4_WIDTH = 297, A4_HEIGHT = 210, MARGIN = 13.5f, MARGIN_MIN = 8, HEAD = 16,
                   FOOT = 14;
/* What traces may have above the first row and below the last one; the rows that an A4 page has
 * room for, and how far they may be pressed together for it. */
static const float BEYOND = 25, ROWS = 180, ROWS_MIN = 140;
static const float PAGE_MAX = 5000, BARE_MARGIN = 1, BARE_FOOT = 10, AXIS_MARGIN = 9;
enum { MAX_ROWS = 12, FEW_LEADS = 3 };

static const char *const RHYTHM[] = {"II", "V1", "V5"};

static const double SPEEDS[] = XP_PLOT_SPEEDS, GAINS[] = XP_PLOT_GAINS;

static const struct {
    int rows, columns, rhythm;
    float pitch; /* mm: height of a row */
} LAYOUTS[XP_LAYOUT_COUNT] = {
    [XP_LAYOUT_12X1] = {12, 1, 0, 15}, [XP_LAYOUT_6X2] = {6, 2, 0, 30},
    [XP_LAYOUT_3X4] = {3, 4, 0, 60},   [XP_LAYOUT_3X4_1] = {3, 4, 1, 45},
    [XP_LAYOUT_3X4_3] = {3, 4, 3, 30}, [XP_LAYOUT_SINGLE] = {0, 1, 1, 60}};

int xp_layout_find(const char *name) {
    static const char *const NAMES[XP_LAYOUT_COUNT] = {
#define X(id, text) [id] = text,
        XP_LAYOUT_LIST(X)
#undef X
    };
    for (int i = 0; i < XP_LAYOUT_COUNT; i++)
        if (!strcasecmp(name, NAMES[i])) return i;
    return -1;
}

int xp_map_style_find(const char *name) {
    static const char *const NAMES[XP_MAP_STYLE_COUNT] = {"behind", "strip", "trace"};
    for (int i = 0; i < XP_MAP_STYLE_COUNT; i++)
        if (!strcasecmp(name, NAMES[i])) return i;
    return -1;
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

static bool one_of(double v, const double of[3]) {
    return v == of[0] || v == of[1] || v == of[2];
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
    if (!one_of(o->speed, SPEEDS))
        return xp_fail(err, XP_ERR_USAGE, "speed %g mm/s: it is %g, %g or %g", o->speed, SPEEDS[0],
                       SPEEDS[1], SPEEDS[2]);
    if (!one_of(o->gain, GAINS))
        return xp_fail(err, XP_ERR_USAGE, "gain %g mm/mV: it is %g, %g or %g", o->gain, GAINS[0],
                       GAINS[1], GAINS[2]);
    if (!(o->start >= 0) || !(left > 0))
        return xp_fail(err, XP_ERR_USAGE, "start %g s: the recording has %g s", o->start,
                       (double)p->rec->n / p->rec->rate);
    if (o->seconds == 0) o->seconds = fmin(10, left);
    if (!(o->seconds > 0) || (o->seconds * o->speed) > (double)PAGE_MAX - 40)
        return xp_fail(err, XP_ERR_LIMIT, "%g s at %g mm/s do not fit on a page of 5 m", o->seconds,
                       o->speed);
    if (o->pitch != 0 && !(o->pitch >= 10 && o->pitch <= 60 && fmod(o->pitch, 1) == 0))
        return xp_fail(err, XP_ERR_USAGE, "rows %g mm apart: it is 10, 11 ... 60", o->pitch);
    for (int i = 0; i < 3; i++)
        if (i < p->rhythm && o->rhythm[i] && page_find_lead(p->rec, o->rhythm[i]) < 0)
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
            if (page_find_lead(r, name) >= 0 && !is_among(name, p->o.rhythm, 3))
                p->o.rhythm[k] = name;
        }
    for (int k = 0; k < p->rhythm; k++)
        if (!p->o.rhythm[k]) p->o.rhythm[k] = RHYTHM[k];
}

/* Of few leads, or of others than the twelve, a grid of twelve would be empty. */
static bool is_few(const xp_plot_record *r) {
    int recorded = 0, standard = 0;
    for (int i = 0; i < r->n_leads; i++) recorded += !r->leads[i].derived;
    for (int i = 0; i < MAX_ROWS; i++) standard += page_find_lead(r, PAGE_STANDARD[i]) >= 0;
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
    for (int i = 0; i < page_panels(p); i++) {
        panel n = page_panel(p, i);
        int64_t a, b;
        float gain = page_samples(p, &n, &a, &b);
        high = fminf(high, n.y - fabsf(gain));
        for (; n.lead >= 0 && a < b; a++) {
            float y = n.y - gain * p->rec->leads[n.lead].mv[a];
            high = fminf(high, y - PAGE_TRACE); /* no matter that y may be NaN */
            low = fmaxf(low, y + PAGE_TRACE);
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
    float before = fmaxf(15, 5 * ceilf((page_pulse_width(p) + 8) / 5));
    float need = before + (float)(p->o.seconds * p->o.speed) + (p->o.narrow ? 0 : 5);
    if (p->o.one_beat) need += (float)(p->columns - 1) * page_column(p);
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
    page_draw(&p);
    page_draw_marks(&p);
    xp_status s = xp_display_check(&made, err);
    if (s == XP_OK)
        *d = made;
    else
        xp_display_free(&made);
    return s;
}
