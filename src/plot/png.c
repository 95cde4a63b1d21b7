/* RGB -> PNG (W3C Recommendation, 2003), by stb_image_write, whose compressor is replaced by
 * libdeflate. The chunk with the density is added here, since stb writes none.
 *
 * Every row has the filter "up", which suits lines on paper: stb's own choice of a filter for each
 * row takes 45 ms more and makes a file that is 2 % larger. Of libdeflate's levels 2 is the fastest
 * (1 takes as long); zlib takes as long for a file that is 13 % larger.
 *
 * What that costs against the compressor for such pictures that was here before (400 lines), A4 at
 * 300 dpi by bench_plot, one core of an AMD EPYC, both in one run: twelve leads on the clinical
 * grid took 33 ms and 1.40 MB and take 62 ms and 1.24 MB; with a heat map 55 ms and 2.57 MB, now 78
 * ms and 1.96 MB. In WebAssembly, a grid and a trace drawn and packed took 196 ms and 2.20 MB and
 * take 358 ms and 1.36 MB. The filtered rows are in memory as a whole beside the image, as large as
 * it: the page's picture module grows to 57 MiB then, where it grew to 34 MiB. */
#include "plot/plot.h"

#include <libdeflate.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANNELS = 3,
    LEVEL = 2,
    FILTER_UP = 2,
    MOST_BYTES = 1 << 30 /* of filtered rows: stb counts in int */
};

static unsigned char *pack_into(size_t room, struct libdeflate_compressor *c,
                                const unsigned char *data, int n, int *packed) {
    unsigned char *out = malloc(room);
    if (!out) return NULL;
    *packed = (int)libdeflate_zlib_compress(c, data, (size_t)n, out, room);
    if (*packed) return out;
    free(out);
    return NULL;
}

/* The stream that pack made last in this thread: stb forgets it where it has no memory for the
 * file, and has no other way to hand it on. */
static _Thread_local unsigned char *last_packed;

/* For stb: data (n) as a zlib stream, or NULL without memory; stb frees it. A quarter of the
 * largest size is tried first: a picture of lines takes less, and WebAssembly's memory never
 * shrinks. */
static unsigned char *pack(const unsigned char *data, int n, int *packed, int quality) {
    (void)quality;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
    if (!c) return NULL;
    size_t bound = libdeflate_zlib_compress_bound(c, (size_t)n);
    unsigned char *out = pack_into(bound / 4, c, data, n, packed);
    if (!out) out = pack_into(bound, c, data, n, packed);
    libdeflate_free_compressor(c);
    last_packed = out;
    return out;
}

static unsigned check(const unsigned char *data, int n) {
    return libdeflate_crc32(0, data, (size_t)n);
}

#define STBIW_ZLIB_COMPRESS pack
#define STBIW_CRC32 check
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

/* stb takes the filter from a variable of its own. It is set before anything runs, since threads
 * may write pictures at the same time. */
__attribute__((constructor)) static void choose_filter(void) {
    stbi_write_force_png_filter = FILTER_UP;
}

static void store_be32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A pHYs chunk: pixels a metre, in both directions. */
enum { DENSITY_SIZE = 9, DENSITY_CHUNK = 12 + DENSITY_SIZE };
static void write_density(uint8_t chunk[DENSITY_CHUNK], double dpi) {
    uint32_t per_metre = (uint32_t)floor(dpi / 0.0254 + 0.5);
    store_be32(chunk, DENSITY_SIZE);
    memcpy(chunk + 4, "pHYs", 4);
    store_be32(chunk + 8, per_metre);
    store_be32(chunk + 12, per_metre);
    chunk[16] = 1;
    store_be32(chunk + 17, libdeflate_crc32(0, chunk + 4, 4 + DENSITY_SIZE));
}

xp_status xp_png(uint8_t **bytes, size_t *size, const xp_image *image, double dpi, xp_error *err) {
    enum { HEADER = 8 + 12 + 13 }; /* the signature and the IHDR chunk */
    int64_t row = 1 + (int64_t)CHANNELS * image->width;
    if (row * image->height > MOST_BYTES)
        return xp_fail(err, XP_ERR_LIMIT,
                       "a picture of %d x %d pixels is too large for a PNG file: lower --dpi",
                       image->width, image->height);
    int n = 0;
    last_packed = NULL;
    uint8_t *png = stbi_write_png_to_mem(image->rgb, 0, image->width, image->height, CHANNELS, &n);
    uint8_t *whole = png ? realloc(png, (size_t)n + DENSITY_CHUNK) : NULL;
    if (!whole) {
        free(png ? png : last_packed);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a PNG file");
    }
    memmove(whole + HEADER + DENSITY_CHUNK, whole + HEADER, (size_t)n - HEADER);
    write_density(whole + HEADER, dpi);
    *bytes = whole;
    *size = (size_t)n + DENSITY_CHUNK;
    return XP_OK;
}
