/* The page's second WebAssembly module, fetched only when a picture is saved: a display list in, a
 * PNG file out. web/core.js is its only caller in the page; the tests call it natively too. */
#include "wasm_picture.h"

#include <stdlib.h>
#include <string.h>

struct xp_picture {
    xp_display list;
    uint8_t *png; /* owned */
    size_t size;
    xp_error error;
};

void xp_picture_close(xp_picture *p) {
    if (!p) return;
    xp_display_free(&p->list);
    free(p->png);
    free(p);
}

xp_picture *xp_picture_open(float width, float height, uint32_t paper, size_t n_ops,
                            size_t n_points, size_t n_colors, size_t n_text) {
    xp_picture *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    xp_display *d = &p->list;
    *d = (xp_display){.width = width,
                      .height = height,
                      .paper = paper,
                      .ops = calloc(n_ops + 1, sizeof *d->ops),
                      .points = calloc(n_points + 1, sizeof *d->points),
                      .colors = calloc(n_colors + 1, sizeof *d->colors),
                      .text = calloc(n_text + 1, 1),
                      .n_ops = n_ops,
                      .n_points = n_points,
                      .n_colors = n_colors,
                      .n_text = n_text};
    if (d->ops && d->points && d->colors && d->text) return p;
    xp_picture_close(p);
    return NULL;
}

void *xp_picture_part(xp_picture *p, int part) {
    void *const parts[] = {p->list.ops, p->list.points, p->list.colors, p->list.text};
    return part >= 0 && part < 4 ? parts[part] : NULL;
}

static bool inside(size_t first, size_t count, size_t n) {
    return first <= n && count <= n - first;
}

/* Whether all that an op names is in the list. */
static bool op_is_whole(const xp_display *d, const xp_draw_op *op) {
    switch (op->kind) {
    case XP_DRAW_LINE:
        return op->count && inside(op->first, op->count, d->n_points);
    case XP_DRAW_RECTS:
        return op->count <= d->n_points / 2 && inside(op->first, 2 * op->count, d->n_points);
    case XP_DRAW_CELLS:
        return op->count && inside(op->first, 2, d->n_points) &&
               inside(op->extra, op->count, d->n_colors);
    case XP_DRAW_TEXT:
        return inside(op->first, op->count, d->n_text) && (op->extra & 0xffffff) < d->n_points;
    default:
        return false;
    }
}

int xp_picture_png(xp_picture *p, double dpi) {
    xp_image image = {0};
    free(p->png);
    p->png = NULL;
    p->size = 0;
    for (size_t i = 0; i < p->list.n_ops; i++)
        if (!op_is_whole(&p->list, &p->list.ops[i]))
            return xp_fail(&p->error, XP_ERR_FORMAT, "part %zu of the drawing is not whole", i);
    XP_TRY(xp_raster(&image, &p->list, dpi, &p->error));
    xp_status status = xp_png(&p->png, &p->size, &image, dpi, &p->error);
    xp_image_free(&image);
    return status;
}

const uint8_t *xp_picture_bytes(const xp_picture *p) {
    return p->png;
}

size_t xp_picture_size(const xp_picture *p) {
    return p->size;
}

const char *xp_picture_error(const xp_picture *p) {
    return p->error.text;
}
