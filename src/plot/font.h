/* Text for the raster backend: outlines compiled in (make_font.c), filled by stb_truetype. */
#ifndef XP_PLOT_FONT_H
#define XP_PLOT_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next character of UTF-8 text, which *at moves past; U+FFFD for what is none. at < n. */
uint32_t xp_utf8_next(const char *text, size_t n, size_t *at);

/* A glyph as coverage, 0..255, its top left corner at (left, top) pixels from the pen's whole-pixel
 * position. */
typedef struct xp_glyph {
    int width, height, left, top;
    uint8_t *coverage; /* owned (free); NULL for a blank */
    bool failed;       /* no memory: the coverage is not whole */
} xp_glyph;

/* Advance of a character in ems. */
float xp_glyph_advance(uint32_t code);
/* Fill the glyph at `size` pixels to the em, the pen `shift` (0..1) pixels into its pixel. */
xp_glyph xp_glyph_fill(uint32_t code, float size, float shift_x, float shift_y);

#endif
