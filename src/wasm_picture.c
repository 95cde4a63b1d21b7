/* The page's second WebAssembly module: a display list in, a PNG or an SVG file out.
 * web/core/core.js is its only caller in the page; the tests call it natively too. */
#include "wasm_picture.h"

#include <stdlib.h>
#include <string.h>

struct xp_picture {
    xp_display list;
    char *title;   /* NUL-terminated, owned */
    uint8_t *file; /* owned */
    size_t size;
    xp_error error;
};

void xp_picture_close(xp_picture *p) {
    if (!p) return;
    xp_display_free(&p->list);
    free(p->title);
    free(p->file);
    free(p);
}

xp_picture *xp_picture_open(float width, float height, uint32_t paper, size_t n_ops,
                            size_t n_points, size_t n_colors, size_t n_text, size_t n_title) {
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
    p->title = calloc(n_title + 1, 1);
    if (d->ops && d->points && d->colors && d->text && p->title) return p;
    xp_picture_close(p);
    return NULL;
}

void *xp_picture_part(xp_picture *p, int part) {
    void *const parts[] = {p->list.ops, p->list.points, p->list.colors, p->list.text, p->title};
    return part >= 0 && part < 5 ? parts[part] : NULL;
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

/* Before a new file: the one before goes, and the list must be whole. */
static xp_status begin_file(xp_picture *p) {
    free(p->file);
    p->file = NULL;
    p->size = 0;
    for (size_t i = 0; i < p->list.n_ops; i++)
        if (!op_is_whole(&p->list, &p->list.ops[i]))
            return xp_fail(&p->error, XP_ERR_FORMAT, "part %zu of the drawing is not whole", i);
    return XP_OK;
}

int xp_picture_png(xp_picture *p, double dpi) {
    xp_image image = {0};
    XP_TRY(begin_file(p));
    XP_TRY(xp_raster(&image, &p->list, dpi, &p->error));
    xp_status status = xp_png(&p->file, &p->size, &image, dpi, &p->error);
    xp_image_free(&image);
    return status;
}

int xp_picture_svg(xp_picture *p) {
    char *text = NULL;
    XP_TRY(begin_file(p));
    XP_TRY(xp_svg(&text, &p->size, &p->list, p->title, &p->error));
    p->file = (uint8_t *)text;
    return XP_OK;
}

const uint8_t *xp_picture_bytes(const xp_picture *p) {
    return p->file;
}

size_t xp_picture_size(const xp_picture *p) {
    return p->size;
}

const char *xp_picture_error(const xp_picture *p) {
    return p->error.text;
}
