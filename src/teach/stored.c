/* gzip (RFC 1952) of stored blocks (RFC 1951), in base64 (RFC 4648). */
#include "teach/bundle.h"

#include <libdeflate.h>

enum { BLOCK = 65535 };

static void gzip_stored(xp_buffer *out, xp_bytes b) {
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}; /* no time, no system */
    size_t at = 0;
    xp_buffer_add(out, head, sizeof head);
    do {
        const size_t left = b.size - at, n = left < BLOCK ? left : BLOCK;
        xp_buffer_le(out, n == left, 1);
        xp_buffer_le(out, n, 2);
        xp_buffer_le(out, ~(uint64_t)n, 2);
        if (n) xp_buffer_add(out, b.data + at, n);
        at += n;
    } while (at < b.size);
    xp_buffer_le(out, libdeflate_crc32(0, b.data, b.size), 4);
    xp_buffer_le(out, b.size, 4);
}

static void base64(xp_buffer *out, const uint8_t *p, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *to = xp_buffer_grow(out, (n + 2) / 3 * 4);
    if (!to) return;
    for (; n >= 3; n -= 3, p += 3, to += 4) {
        const uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        for (int i = 0; i < 4; i++) to[i] = (uint8_t)digits[v >> (18 - 6 * i) & 63];
    }
    if (!n) return;
    const uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0);
    for (int i = 0; i < 4; i++)
        to[i] = i <= (int)n ? (uint8_t)digits[v >> (18 - 6 * i) & 63] : (uint8_t)'=';
}

void teach_stored(xp_buffer *out, xp_bytes bytes) {
    xp_buffer packed = {0};
    gzip_stored(&packed, bytes);
    if (packed.failed)
        out->failed = true;
    else
        base64(out, packed.data, packed.size);
    xp_buffer_free(&packed);
}
