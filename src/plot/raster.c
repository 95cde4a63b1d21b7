/* Display list -> pixels. Coverage is exact for upright rectangles and for lines across their
 * width: a line covers what is within half its width of it (the nearest of its segments counts, so
 * overlapping segments are not darker than one). */
#include "plot/font.h"
#include "plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct canvas {
    xp_image im;
    float scale;     /* pixels a mm */
    uint8_t *mask;   /* (height, stride): coverage of the line being drawn, else 0 */
    int stride;      /* width and room for LANES more */
    int *from, *to;  /* (height): its columns in each row */
    uint16_t *row;   /* (width, 3): a row of CELLS, colour times alpha */
    uint16_t *keep;  /* (width, 3): and how much of the ground it lets through */
    int *columns;    /* (width): of RECTS that stand side by side */
    uint8_t *before; /* (width, 3): a row before they were drawn */
    int top, bottom; /* rows that the line touches */
    bool failed;     /* no memory for a glyph */
} canvas;

/* ==== blending =============================================================================== */

/* v / 255, rounded, for v to 255 * 255; in 16 bits, so that loops become vectors of them. */
static inline uint32_t div255(uint32_t v) {
    uint16_t t = (uint16_t)(v + 128);
    return (uint16_t)(t + (t >> 8)) >> 8;
}

static inline void blend(uint8_t *p, uint32_t rgba, uint32_t coverage) {
    uint32_t a = div255((rgba >> 24) * coverage);
    for (int k = 0; k < 3; k++) {
        uint32_t c = rgba >> (8 * k) & 255;
        p[k] = (uint8_t)div255(c * a + p[k] * (255 - a));
    }
}

static inline int clamp_int(float v, int low, int high) {
    return v < (float)low ? low : v > (float)high ? high : (int)v;
}

/* ==== rectangles ============================================================================= */

/* How much of pixel i lies in [a, b], 0..1. */
static inline float overlap(int i, float a, float b) {
    float v = fminf(b, (float)i + 1) - fmaxf(a, (float)i);
    return v < 0 ? 0 : v;
}

static void fill_run(uint8_t *p, size_t n, uint32_t rgba) {
    uint8_t c[3] = {rgba & 255, rgba >> 8 & 255, rgba >> 16 & 255};
    for (size_t i = 0; i < n; i++) memcpy(p + 3 * i, c, 3);
}

/* n pixels at p get this much of one colour. shade (3 n at least) is room. */
static void blend_run(uint8_t *restrict p, int n, uint32_t rgba, uint32_t coverage,
                      uint16_t *restrict shade) {
    uint32_t a = div255((rgba >> 24) * coverage);
    uint16_t keep = (uint16_t)(255 - a);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) shade[3 * i + k] = (uint16_t)((rgba >> (8 * k) & 255) * a);
    for (int i = 0; i < 3 * n; i++) p[i] = (uint8_t)div255((uint32_t)(shade[i] + p[i] * keep));
}

static void rect_row(canvas *c, int y, float x0, float x1, float cover, uint32_t rgba) {
    int a = clamp_int(floorf(x0), 0, c->im.width), b = clamp_int(ceilf(x1), 0, c->im.width);
    uint8_t *row = c->im.rgb + 3 * (size_t)y * (size_t)c->im.width;
    int full_a = clamp_int(ceilf(x0), a, b), full_b = clamp_int(floorf(x1), full_a, b);
    if (full_b > full_a)
        blend_run(row + 3 * (size_t)full_a, full_b - full_a, rgba, (uint32_t)(cover * 255 + 0.5f),
                  c->row);
    for (int x = a; x < b; x++) {
        if (x == full_a && full_b > full_a) x = full_b;
        if (x >= b) break;
        blend(row + 3 * (size_t)x, rgba, (uint32_t)(overlap(x, x0, x1) * cover * 255 + 0.5f));
    }
}

static void draw_rect(canvas *c, const xp_point *p, uint32_t rgba) {
    float y0 = p[0].y * c->scale, y1 = p[1].y * c->scale;
    int bottom = clamp_int(ceilf(y1), 0, c->im.height);
    for (int y = clamp_int(floorf(y0), 0, c->im.height); y < bottom; y++)
        rect_row(c, y, p[0].x * c->scale, p[1].x * c->scale, overlap(y, y0, y1), rgba);
}

/* The columns of n rectangles that stand side by side, in order, into c->columns and c->row (their
 * coverage, 0..255). Returns how many. */
static int gather_columns(canvas *c, const xp_point *p, size_t n) {
    int found = 0;
    for (size_t i = 0; i < n; i++) {
        float x0 = p[2 * i].x * c->scale, x1 = p[2 * i + 1].x * c->scale;
        int end = clamp_int(ceilf(x1), 0, c->im.width);
        for (int x = clamp_int(floorf(x0), 0, c->im.width); x < end; x++) {
            c->columns[found] = x;
            c->row[found++] = (uint16_t)(overlap(x, x0, x1) * 255 + 0.5f);
        }
    }
    return found;
}

/* Rectangles of one height, such as the upright lines of a grid: row by row, which stay in the
 * cache, with what each column gets worked out once. A row that was like the one above it before
 * gets what that one got. */
static void draw_rects_aside(canvas *c, const xp_point *p, size_t n, uint32_t rgba) {
    float y0 = p[0].y * c->scale, y1 = p[1].y * c->scale;
    int columns = gather_columns(c, p, n), bottom = clamp_int(ceilf(y1), 0, c->im.height);
    size_t stride = 3 * (size_t)c->im.width;
    uint32_t above = 256; /* coverage of the row above; none */
    for (int y = clamp_int(floorf(y0), 0, c->im.height); y < bottom; y++) {
        uint8_t *row = c->im.rgb + (size_t)y * stride;
        uint32_t cover = (uint32_t)(overlap(y, y0, y1) * 255 + 0.5f);
        if (cover == above && !memcmp(row, c->before, stride)) {
            memcpy(row, row - stride, stride);
            continue;
        }
        memcpy(c->before, row, stride);
        above = cover;
        for (int i = 0; i < columns; i++)
            blend(row + 3 * (size_t)c->columns[i], rgba, div255(c->row[i] * cover));
    }
}

/* How many rectangles from p on have the first one's height and a pixel between each other. */
static size_t count_aside(const canvas *c, const xp_point *p, size_t n) {
    size_t k = 1;
    while (k < n && p[2 * k].y == p[0].y && p[2 * k + 1].y == p[1].y &&
           (p[2 * k].x - p[2 * k - 1].x) * c->scale > 1)
        k++;
    return k;
}

static void draw_rects(canvas *c, const xp_point *p, size_t n, uint32_t rgba) {
    for (size_t i = 0, k; i < n; i += k) {
        k = count_aside(c, p + 2 * i, n - i);
        if (k > 1)
            draw_rects_aside(c, p + 2 * i, k, rgba);
        else
            draw_rect(c, p + 2 * i, rgba);
    }
}

static void draw_cells(canvas *c, const xp_point *p, const uint32_t *colors, size_t n) {
    float x0 = p[0].x * c->scale, x1 = p[1].x * c->scale;
    float y0 = p[0].y * c->scale, y1 = p[1].y * c->scale;
    int a = clamp_int(floorf(x0), 0, c->im.width), b = clamp_int(ceilf(x1), 0, c->im.width);
    for (int x = a; x < b; x++) {
        int cell = clamp_int(((float)x + 0.5f - x0) / (x1 - x0) * (float)n, 0, (int)n - 1);
        uint32_t rgba = colors[cell];
        uint32_t alpha = (uint32_t)((float)(rgba >> 24) * overlap(x, x0, x1) + 0.5f);
        for (int k = 0; k < 3; k++) {
            c->row[3 * (x - a) + k] = (uint16_t)((rgba >> (8 * k) & 255) * alpha);
            c->keep[3 * (x - a) + k] = (uint16_t)(255 - alpha);
        }
    }
    int bottom = clamp_int(ceilf(y1), 0, c->im.height), values = 3 * (b - a);
    for (int y = clamp_int(floorf(y0), 0, c->im.height); y < bottom; y++) {
        uint8_t *out = c->im.rgb + 3 * ((size_t)y * (size_t)c->im.width + (size_t)a);
        uint32_t cover = (uint32_t)(overlap(y, y0, y1) * 255 + 0.5f);
        for (int i = 0; i < values; i++) {
            uint32_t full = div255((uint32_t)c->row[i] + out[i] * (uint32_t)c->keep[i]);
            out[i] = (uint8_t)div255(full * cover + out[i] * (255 - cover));
        }
    }
}

/* ==== lines ================================================================================== */

typedef struct segment {
    float ax, ay, dx, dy, inverse; /* 1 / length^2, or 0 for a point */
    float half, reach;
} segment;

/* LANES pixels from x on: a number that compilers make vectors of. */
enum { LANES = 8 };
static inline void segment_lanes(const segment *s, uint8_t *mask, int x, float py, float most) {
    float cover[LANES];
    for (int i = 0; i < LANES; i++) {
        float px = (float)(x + i) + 0.5f - s->ax;
        float t = (px * s->dx + py * s->dy) * s->inverse;
        t = t < 0 ? 0 : t;
        t = t > 1 ? 1 : t;
        float ex = px - t * s->dx, ey = py - t * s->dy;
        float v = s->half + 0.5f - sqrtf(ex * ex + ey * ey);
        v = v < 0 ? 0 : v;
        cover[i] = (v > most ? most : v) * 255 + 0.5f;
    }
    for (int i = 0; i < LANES; i++) {
        int v = (int)cover[i];
        mask[i] = (uint8_t)(mask[i] > v ? mask[i] : v);
    }
}

/* What lies beyond the line's reach gets no more than it has, so that there may be more columns. */
static void segment_row(canvas *c, const segment *s, int y, int a, int b) {
    uint8_t *row = c->mask + (size_t)y * (size_t)c->stride;
    float py = (float)y + 0.5f - s->ay, most = fminf(2 * s->half, 1);
    if (a < c->from[y]) c->from[y] = a;
    if (b > c->to[y]) c->to[y] = b;
    for (int x = a; x < b; x += LANES) segment_lanes(s, row + x, x, py, most);
}

static void draw_segment(canvas *c, xp_point a, xp_point b, float half) {
    segment s = {.ax = a.x, .ay = a.y, .dx = b.x - a.x, .dy = b.y - a.y, .half = half};
    float square = s.dx * s.dx + s.dy * s.dy, reach = half + 0.5f;
    s.inverse = square > 1e-12f ? 1 / square : 0;
    int top = clamp_int(floorf(fminf(a.y, b.y) - reach), 0, c->im.height);
    int bottom = clamp_int(ceilf(fmaxf(a.y, b.y) + reach), 0, c->im.height);
    float left = fminf(a.x, b.x) - reach, right = fmaxf(a.x, b.x) + reach;
    bool slanted = fabsf(s.dy) > 1 && fabsf(s.dx) > 4;
    float wide = slanted ? reach * sqrtf(square) / fabsf(s.dy) + 0.5f * fabsf(s.dx / s.dy) : 0;
    if (top < c->top) c->top = top;
    if (bottom > c->bottom) c->bottom = bottom;
    for (int y = top; y < bottom; y++) {
        float l = left, r = right;
        if (slanted) { /* only what is near the line in this row */
            float x = s.ax + ((float)y + 0.5f - s.ay) * s.dx / s.dy;
            l = fmaxf(l, x - wide), r = fminf(r, x + wide);
        }
        segment_row(c, &s, y, clamp_int(floorf(l), 0, c->im.width),
                    clamp_int(ceilf(r), 0, c->im.width));
    }
}

/* Paint through the mask, which is cleared. */
static void paint_mask(canvas *c, uint32_t rgba) {
    for (int y = c->top; y < c->bottom; y++) {
        uint8_t *m = c->mask + (size_t)y * (size_t)c->stride;
        uint8_t *out = c->im.rgb + 3 * (size_t)y * (size_t)c->im.width;
        for (int x = c->from[y]; x < c->to[y]; x++) {
            uint64_t eight;
            while (x + 8 <= c->to[y] && (memcpy(&eight, m + x, 8), !eight)) x += 8;
            if (x < c->to[y] && m[x]) blend(out + 3 * (size_t)x, rgba, m[x]);
        }
        if (c->to[y] > c->from[y]) memset(m + c->from[y], 0, (size_t)(c->to[y] - c->from[y]));
        c->from[y] = c->im.width;
        c->to[y] = 0;
    }
    c->top = c->im.height;
    c->bottom = 0;
}

static void draw_line(canvas *c, const xp_point *p, size_t n, float width, uint32_t rgba) {
    float k = c->scale;
    for (size_t i = 0; i < n; i++) {
        const xp_point *next = &p[i + 1 < n ? i + 1 : i];
        if (i && i + 1 == n) break;
        draw_segment(c, (xp_point){p[i].x * k, p[i].y * k}, (xp_point){next->x * k, next->y * k},
                     width * k / 2);
    }
    paint_mask(c, rgba);
}

/* ==== text =================================================================================== */

/* Upwards: the glyph's x runs up the page, its y to the right. */
static void put_glyph(canvas *c, const xp_glyph *g, int x, int y, bool up, uint32_t rgba) {
    for (int j = 0; j < g->height; j++)
        for (int i = 0; i < g->width; i++) {
            int px = up ? x + g->top + j : x + g->left + i;
            int py = up ? y - 1 - g->left - i : y + g->top + j;
            if (px < 0 || py < 0 || px >= c->im.width || py >= c->im.height) continue;
            blend(c->im.rgb + 3 * ((size_t)py * (size_t)c->im.width + (size_t)px), rgba,
                  g->coverage[j * g->width + i]);
        }
}

static void draw_text(canvas *c, const xp_display *d, const xp_draw_op *op) {
    const char *text = d->text + op->first;
    const xp_point *p = &d->points[op->extra & 0xffffff];
    float size = op->size * c->scale, x = p->x * c->scale, y = p->y * c->scale;
    float back = xp_text_width(text, op->count, size) * (float)(op->extra >> 24 & 3) / 2;
    bool up = op->extra >> 26 & 1;
    float along = (up ? -y : x) - back, base = up ? x : y;
    for (size_t at = 0; at < op->count;) {
        uint32_t code = xp_utf8_next(text, op->count, &at);
        int whole = (int)floorf(along), line = (int)floorf(base);
        xp_glyph g = xp_glyph_fill(code, size, along - (float)whole, base - (float)line);
        c->failed |= g.failed;
        if (g.coverage) put_glyph(c, &g, up ? line : whole, up ? -whole : line, up, op->rgba);
        free(g.coverage);
        along += xp_glyph_advance(code) * size;
    }
}

/* ==== the page =============================================================================== */

static void draw_op(canvas *c, const xp_display *d, const xp_draw_op *op) {
    switch ((xp_draw_kind)op->kind) {
    case XP_DRAW_LINE:
        draw_line(c, d->points + op->first, op->count, op->size, op->rgba);
        break;
    case XP_DRAW_RECTS:
        draw_rects(c, d->points + op->first, op->count, op->rgba);
        break;
    case XP_DRAW_CELLS:
        draw_cells(c, d->points + op->first, d->colors + op->extra, op->count);
        break;
    case XP_DRAW_TEXT:
        draw_text(c, d, op);
        break;
    }
}

static void canvas_free(canvas *c) {
    free(c->mask);
    free(c->from);
    free(c->to);
    free(c->row);
    free(c->keep);
    free(c->columns);
    free(c->before);
}

static bool canvas_alloc(canvas *c, uint32_t paper) {
    size_t w = (size_t)c->im.width, h = (size_t)c->im.height;
    c->im.rgb = malloc(3 * w * h);
    c->stride = c->im.width + LANES;
    c->mask = calloc((size_t)c->stride, h);
    c->from = malloc(h * sizeof *c->from);
    c->to = calloc(h, sizeof *c->to);
    c->row = malloc(3 * w * sizeof *c->row);
    c->keep = malloc(3 * w * sizeof *c->keep);
    c->columns = malloc(w * sizeof *c->columns);
    c->before = malloc(3 * w);
    if (!c->im.rgb || !c->mask || !c->from || !c->to || !c->row || !c->keep || !c->columns ||
        !c->before)
        return false;
    fill_run(c->im.rgb, w, paper ? paper : 0xffffffff);
    for (size_t y = 1; y < h; y++) memcpy(c->im.rgb + 3 * w * y, c->im.rgb, 3 * w);
    for (size_t y = 0; y < h; y++) c->from[y] = c->im.width;
    c->top = c->im.height;
    return true;
}

xp_status xp_raster(xp_image *image, const xp_display *d, double dpi, xp_error *err) {
    if (!(dpi >= 10 && dpi <= 2400))
        return xp_fail(err, XP_ERR_USAGE, "%g dpi: a picture has 10 to 2400 pixels an inch", dpi);
    double w = floor(d->width * dpi / 25.4 + 0.5), h = floor(d->height * dpi / 25.4 + 0.5);
    if (!(w >= 1 && h >= 1 && w < 1e6 && h < 1e6 && w * h <= (double)(1 << 28)))
        return xp_fail(err, XP_ERR_LIMIT, "a picture of %g x %g pixels is too large: lower --dpi",
                       w, h);
    canvas c = {.im = {(int)w, (int)h, NULL}, .scale = (float)(dpi / 25.4)};
    bool ok = canvas_alloc(&c, d->paper);
    for (size_t i = 0; ok && i < d->n_ops; i++) draw_op(&c, d, &d->ops[i]);
    canvas_free(&c);
    if (!ok || c.failed) {
        free(c.im.rgb);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %g x %g pixels", w, h);
    }
    *image = c.im;
    return XP_OK;
}

void xp_image_free(xp_image *image) {
    free(image->rgb);
    *image = (xp_image){0};
}
