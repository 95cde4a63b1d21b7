#include "base/inflate.h"

#include <libdeflate.h>

#include <stdlib.h>

/* How long the result is nobody says: room for it is doubled until it fits. */
static enum libdeflate_result fill(struct libdeflate_decompressor *d, xp_envelope envelope,
                                   xp_bytes in, uint8_t *out, size_t room, size_t *size) {
    size_t used;
    return envelope == XP_INFLATE_ZLIB
               ? libdeflate_zlib_decompress_ex(d, in.data, in.size, out, room, &used, size)
               : libdeflate_deflate_decompress_ex(d, in.data, in.size, out, room, &used, size);
}

static xp_status grow_until_it_fits(struct libdeflate_decompressor *d, uint8_t **data, size_t *size,
                                    xp_envelope envelope, xp_bytes in, size_t most, xp_error *err) {
    size_t room = in.size < most / 4 ? 4 * in.size + 64 : most;
    for (;; room = room < most / 2 ? 2 * room : most) {
        if (room > most) room = most;
        uint8_t *out = malloc(room ? room : 1);
        if (!out)
            return xp_fail(err, XP_ERR_MEMORY, "no memory for %zu bytes of compressed data", room);
        enum libdeflate_result r = fill(d, envelope, in, out, room, size);
        if (r == LIBDEFLATE_SUCCESS) {
            *data = out;
            return XP_OK;
        }
        free(out);
        if (r != LIBDEFLATE_INSUFFICIENT_SPACE)
            return xp_fail(err, XP_ERR_FORMAT,
                           "its compressed data are damaged or cut short: copy the file again");
        if (room == most)
            return xp_fail(err, XP_ERR_LIMIT,
                           "its %zu compressed bytes hold more than %zu: no recording is like that",
                           in.size, most);
    }
}

xp_status xp_inflate(uint8_t **data, size_t *size, xp_envelope envelope, xp_bytes in, size_t most,
                     xp_error *err) {
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d) return xp_fail(err, XP_ERR_MEMORY, "no memory to read compressed data");
    uint8_t *made = NULL;
    size_t n = 0;
    xp_status s = grow_until_it_fits(d, &made, &n, envelope, in, most, err);
    libdeflate_free_decompressor(d);
    if (s != XP_OK) return s;
    *data = made;
    *size = n;
    return XP_OK;
}

#ifdef __EMSCRIPTEN__ /* without the library's tables, which are larger than a page's reader may   \
                         grow */
uint32_t xp_crc32_on(uint32_t before, xp_bytes bytes) {
    uint32_t table[256], crc = ~before;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++) table[i] = table[i] >> 1 ^ (0xedb88320 & -(table[i] & 1));
    }
    for (size_t i = 0; i < bytes.size; i++) crc = crc >> 8 ^ table[(crc ^ bytes.data[i]) & 0xff];
    return ~crc;
}
#else
uint32_t xp_crc32_on(uint32_t before, xp_bytes bytes) {
    return libdeflate_crc32(before, bytes.data, bytes.size);
}
#endif
