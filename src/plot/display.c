#include "plot/plot.h"

#include <stdlib.h>
#include <string.h>

/* Room for `more` elements; *array may move. */
static bool reserve(xp_display *d, void **array, size_t n, size_t *cap, size_t more, size_t each) {
    if (d->failed) return false;
    if (more <= *cap - n) return true;
    size_t want = *cap ? *cap : 256;
    while (want - n < more && want < ((size_t)1 << 28)) want *= 2;
    void *p = want - n >= more ? realloc(*array, want * each) : NULL;
    if (!p) {
        d->failed = true;
        return false;
    }
    *array = p;
    *cap = want;
    return true;
}

static bool reserve_points(xp_display *d, size_t more) {
    return reserve(d, (void **)&d->points, d->n_points, &d->cap_points, more, sizeof *d->points);
}

static void push_op(xp_display *d, xp_draw_op op) {
    if (reserve(d, (void **)&d->ops, d->n_ops, &d->cap_ops, 1, sizeof *d->ops))
        d->ops[d->n_ops++] = op;
}

void xp_draw_line(xp_display *d, const xp_point *p, size_t n, float width, uint32_t rgba) {
    if (!n || !reserve_points(d, n)) return;
    xp_draw_op op = {XP_DRAW_LINE, rgba, (uint32_t)d->n_points, (uint32_t)n, width, 0};
    memcpy(d->points + d->n_points, p, n * sizeof *p);
    d->n_points += n;
    push_op(d, op);
}

static void push_corners(xp_display *d, float x0, float y0, float x1, float y1) {
    d->points[d->n_points++] = (xp_point){x0, y0};
    d->points[d->n_points++] = (xp_point){x1, y1};
}

void xp_draw_rect(xp_display *d, float x0, float y0, float x1, float y1, uint32_t rgba) {
    if (!reserve_points(d, 2)) return;
    xp_draw_op *last = d->n_ops ? &d->ops[d->n_ops - 1] : NULL;
    bool joins = last && last->kind == XP_DRAW_RECTS && last->rgba == rgba &&
                 last->first + 2 * (size_t)last->count == d->n_points;
    uint32_t first = (uint32_t)d->n_points;
    push_corners(d, x0, y0, x1, y1);
    if (joins)
        last->count++;
    else
        push_op(d, (xp_draw_op){XP_DRAW_RECTS, rgba, first, 1, 0, 0});
}

void xp_draw_cells(xp_display *d, float x0, float y0, float x1, float y1, const uint32_t *rgba,
                   size_t n) {
    if (!n || !reserve_points(d, 2) ||
        !reserve(d, (void **)&d->colors, d->n_colors, &d->cap_colors, n, sizeof *d->colors))
        return;
    xp_draw_op op = {XP_DRAW_CELLS, 0, (uint32_t)d->n_points,
                     (uint32_t)n,   0, (uint32_t)d->n_colors};
    push_corners(d, x0, y0, x1, y1);
    memcpy(d->colors + d->n_colors, rgba, n * sizeof *rgba);
    d->n_colors += n;
    push_op(d, op);
}

void xp_draw_text(xp_display *d, float x, float y, float size, int anchor, uint32_t rgba,
                  const char *text) {
    size_t n = strlen(text);
    if (!n || !reserve_points(d, 1) ||
        !reserve(d, (void **)&d->text, d->n_text, &d->cap_text, n, 1))
        return;
    if (d->n_points >> 24) { /* the point's index shares a word with the anchor */
        d->failed = true;
        return;
    }
    xp_draw_op op = {XP_DRAW_TEXT, rgba, (uint32_t)d->n_text,
                     (uint32_t)n,  size, (uint32_t)d->n_points | (uint32_t)anchor << 24};
    d->points[d->n_points++] = (xp_point){x, y};
    memcpy(d->text + d->n_text, text, n);
    d->n_text += n;
    push_op(d, op);
}

void xp_draw_strip(xp_display *d, const xp_strip *strip) {
    if (reserve(d, (void **)&d->strips, d->n_strips, &d->cap_strips, 1, sizeof *strip))
        d->strips[d->n_strips++] = *strip;
}

xp_status xp_display_check(const xp_display *d, xp_error *err) {
    if (!d->failed) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a drawing of %zu points",
                   d->n_points);
}

void xp_display_free(xp_display *d) {
    free(d->ops);
    free(d->points);
    free(d->colors);
    free(d->text);
    free(d->strips);
    *d = (xp_display){0};
}
