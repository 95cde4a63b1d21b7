/* Samples -> polylines: gaps, decimation to device columns, colour along the trace. */
#include "plot/plot.h"

#include <math.h>

enum { CHUNK = 4096 }; /* points of a polyline that are held before they become an op */

typedef struct pen {
    xp_display *d;
    const xp_trace *t;
    const float *mv;
    uint32_t rgba;
    int64_t last; /* sample of the newest point; -1: none */
    size_t n;
    xp_point points[CHUNK];
} pen;

static void lift(pen *p) {
    xp_draw_line(p->d, p->points, p->n, p->t->width, p->rgba);
    p->n = 0;
    p->last = -1;
}

static void put(pen *p, int64_t i) {
    const xp_trace *t = p->t;
    float y = fminf(fmaxf(t->y0 - p->mv[i] * t->gain, t->top), t->bottom);
    p->points[p->n++] = (xp_point){t->x0 + (float)i * t->dx, y};
    p->last = i;
}

/* Draw on to sample i; each polyline begins where the one before ended. */
static void go_to(pen *p, int64_t i) {
    uint32_t rgba = p->t->colors ? p->t->colors[i] : p->t->rgba;
    if (i == p->last) return;
    if (p->last >= 0 && (p->n == CHUNK || rgba != p->rgba)) {
        int64_t from = p->last;
        lift(p);
        put(p, from);
    }
    p->rgba = rgba;
    put(p, i);
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
