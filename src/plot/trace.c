/* Samples -> polylines: gaps, decimation to device columns, colour along the trace. */
#include "plot/plot.h"

#include <math.h>

enum { CHUNK = 4096 }; /* points of a polyline that are held before they become an op */

/* How far from the page a point can lie: no value is so large that a crossing is not a number. */
static const float FARTHEST_MM = 1e9f;

typedef struct pen {
    xp_display *d;
    const xp_trace *t;
    const float *mv;
    uint32_t rgba;
    int64_t last; /* sample of the newest point; -1: none */
    xp_point at;  /* of that sample, on the page or not */
    int side;     /* of it: -1 above the page, 1 below, 0 on it */
    float left;   /* x: where the line left the page */
    size_t n;
    xp_point points[CHUNK];
} pen;

static float border(const pen *p, int side) {
    return side < 0 ? p->t->top : p->t->bottom;
}

/* A small arrow at the border, over the middle of what lies beyond it from p->left to x. */
static void mark_beyond(const pen *p, float x) {
    static const float SIZE = 0.9f, WIDTH = 0.2f;
    float y = border(p, p->side), in = p->side < 0 ? y + SIZE : y - SIZE;
    x = (p->left + x) / 2;
    xp_point arrow[] = {{x - SIZE, in}, {x, y}, {x + SIZE, in}};
    xp_draw_line(p->d, arrow, 3, WIDTH, p->rgba);
}

static void flush(pen *p) {
    xp_draw_line(p->d, p->points, p->n, p->t->width, p->rgba);
    p->n = 0;
}

static void lift(pen *p) {
    flush(p);
    if (p->side) mark_beyond(p, p->at.x);
    p->side = 0;
    p->last = -1;
}

/* Where the way to `to` crosses a border of the page. */
static xp_point crossing(const pen *p, xp_point to, int side) {
    float y = border(p, side);
    return (xp_point){p->at.x + (to.x - p->at.x) * (y - p->at.y) / (to.y - p->at.y), y};
}

/* The line ends at the border and begins again where it comes back. */
static void cross(pen *p, xp_point to, int side) {
    if (p->side) {
        xp_point back = crossing(p, to, p->side);
        mark_beyond(p, back.x);
        p->points[p->n++] = back;
    }
    if (side) {
        xp_point out = crossing(p, to, side);
        p->points[p->n++] = out;
        flush(p);
        p->left = out.x;
    }
}

/* Draw on to sample i; each polyline begins where the one before ended. */
static void go_to(pen *p, int64_t i) {
    if (i == p->last) return;
    const xp_trace *t = p->t;
    uint32_t rgba = t->colors ? t->colors[i] : t->rgba;
    float up = p->mv[i] * t->gain;
    if (up > FARTHEST_MM) up = FARTHEST_MM;
    if (up < -FARTHEST_MM) up = -FARTHEST_MM;
    xp_point to = {t->x0 + (float)i * t->dx, t->y0 - up};
    int side = to.y < t->top ? -1 : to.y > t->bottom ? 1 : 0;
    if (p->n && (p->n > CHUNK - 3 || rgba != p->rgba)) {
        xp_point from = p->points[p->n - 1];
        flush(p);
        p->points[p->n++] = from;
    }
    p->rgba = rgba;
    if (p->last < 0)
        p->left = to.x;
    else if (side != p->side)
        cross(p, to, side);
    if (!side) p->points[p->n++] = to;
    p->at = to;
    p->side = side;
    p->last = i;
}

/* Samples [a, b) fall into one device column and are all there. */
static void column(pen *p, int64_t a, int64_t b) {
    int64_t low = a, high = a;
    for (int64_t i = a + 1; i < b; i++) {
        if (p->mv[i] < p->mv[low]) low = i;
        if (p->mv[i] > p->mv[high]) high = i;
    }
    go_to(p, a);
    go_to(p, low < high ? low : high);
    go_to(p, low < high ? high : low);
    go_to(p, b - 1);
}

void xp_draw_trace(xp_display *d, const float *mv, int64_t n, const xp_trace *t) {
    pen p = {.d = d, .t = t, .mv = mv, .last = -1};
    double per_sample = t->pixel > 0 ? (double)t->dx / (double)t->pixel : 1;
    if (per_sample > 1) per_sample = 1;
    for (int64_t i = 0; i < n;) {
        if (!isfinite(mv[i])) {
            lift(&p);
            i++;
            continue;
        }
        double in = floor((double)i * per_sample);
        int64_t end = i + 1;
        while (end < n && isfinite(mv[end]) && floor((double)end * per_sample) == in) end++;
        column(&p, i, end);
        i = end;
    }
    lift(&p);
}
