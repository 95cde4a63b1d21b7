/* RGB -> PNG by stb_image_write, compressed by libdeflate where there is one. */
#include "plot/plot.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef XP_HAVE_LIBDEFLATE
#include <libdeflate.h>

static unsigned char *deflate(const unsigned char *data, int n, int *out_n) {
    enum { LEVEL = 2 }; /* flat colours: higher levels gain little and cost twice the time */
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
    if (!c) return NULL;
    size_t bound = libdeflate_zlib_compress_bound(c, (size_t)n), made = 0;
    unsigned char *out = bound <= INT_MAX ? malloc(bound) : NULL;
    if (out) made = libdeflate_zlib_compress(c, data, (size_t)n, out, bound);
    libdeflate_free_compressor(c);
    *out_n = (int)made;
    return out;
}
#define STBIW_ZLIB_COMPRESS(data, n, out_n, quality) deflate(data, n, out_n)
#endif

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include <stb_image_write.h>
#pragma GCC diagnostic pop

enum { PHYS_AT = 33, PHYS_SIZE = 21 }; /* after signature (8) and IHDR (25) */

static void store_be32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t crc32(const uint8_t *p, size_t n) {
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    }
    return ~c;
}

/* Pixels per metre, both ways (PNG specification, 11.3.4.3). */
static void write_phys(uint8_t *p, double dpi) {
    uint32_t per_metre = (uint32_t)floor(dpi / 0.0254 + 0.5);
    store_be32(p, 9);
    memcpy(p + 4, "pHYs", 4);
    store_be32(p + 8, per_metre);
    store_be32(p + 12, per_metre);
    p[16] = 1;
    store_be32(p + 17, crc32(p + 4, 13));
}

xp_status xp_png(uint8_t **bytes, size_t *size, const xp_image *image, double dpi, xp_error *err) {
    uint8_t *png, *out = NULL;
    int n = 0;
    stbi_write_force_png_filter = 2; /* up: the grid repeats from row to row */
    png = stbi_write_png_to_mem(image->rgb, 3 * image->width, image->width, image->height, 3, &n);
    if (png) out = malloc((size_t)n + PHYS_SIZE);
    if (out) {
        memcpy(out, png, PHYS_AT);
        write_phys(out + PHYS_AT, dpi);
        memcpy(out + PHYS_AT + PHYS_SIZE, png + PHYS_AT, (size_t)n - PHYS_AT);
        *bytes = out;
        *size = (size_t)n + PHYS_SIZE;
    }
    free(png);
    if (out) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a PNG file");
}
