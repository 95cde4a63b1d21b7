/* A display list that JavaScript hands over, as a PNG or an SVG file. */
#ifndef XP_WASM_PICTURE_H
#define XP_WASM_PICTURE_H

#include "plot/plot.h"
#include "wasm_export.h"

typedef struct xp_picture xp_picture;

/* Room for a list of these sizes (plot.h tells what is in it) and for the title of an SVG file, to
 * be filled through xp_picture_part; paper as in xp_display. NULL without memory. */
XP_EXPORT(xp_picture_open)
xp_picture *xp_picture_open(float width, float height, uint32_t paper, size_t n_ops,
                            size_t n_points, size_t n_colors, size_t n_text, size_t n_title);
XP_EXPORT(xp_picture_close) void xp_picture_close(xp_picture *p);

/* Where to write: 0 ops, 1 points, 2 colors, 3 text, 4 title; NULL for another number. */
XP_EXPORT(xp_picture_part) void *xp_picture_part(xp_picture *p, int part);

/* Draw it: 0, or an xp_status that xp_picture_error tells in words. */
XP_EXPORT(xp_picture_png) int xp_picture_png(xp_picture *p, double dpi);
XP_EXPORT(xp_picture_svg) int xp_picture_svg(xp_picture *p);

/* The file, until the next call; NULL and 0 before there is one. */
XP_EXPORT(xp_picture_bytes) const uint8_t *xp_picture_bytes(const xp_picture *p);
XP_EXPORT(xp_picture_size) size_t xp_picture_size(const xp_picture *p);
XP_EXPORT(xp_picture_error) const char *xp_picture_error(const xp_picture *p);

#endif
