#include "ecg/xml_utf16.h"

#include <stdlib.h>

bool xml_is_utf16(xp_bytes b) {
    return b.size >= 2 &&
           ((b.data[0] == 0xff && b.data[1] == 0xfe) || (b.data[0] == 0xfe && b.data[1] == 0xff) ||
            (b.data[0] == '<' && !b.data[1]) || (!b.data[0] && b.data[1] == '<'));
}

enum { NARROW = 32 };

/* As many letters of UTF-16, where all of them are ASCII: together, without branches. */
static bool narrow_ascii(uint8_t *restrict out, const uint8_t *restrict wide, bool big) {
    const uint8_t *low = wide + big, *high = wide + !big;
    uint8_t other = 0;
    for (int i = 0; i < NARROW; i++) {
        out[i] = low[2 * i];
        other |= (uint8_t)(high[2 * i] | (low[2 * i] & 0x80));
    }
    return !other;
}

xp_bytes xml_from_utf16(xp_bytes b) {
    const bool marked = b.data[0] >= 0xfe, big = b.data[0] == 0xfe || !b.data[0];
    uint8_t *out = b.size % 2 ? NULL : malloc(b.size / 2 * 3 + 1);
    size_t n = 0;
    for (size_t i = marked ? 2 : 0; out && i < b.size; i += 2) {
        while (b.size - i >= 2 * NARROW && narrow_ascii(out + n, b.data + i, big)) {
            i += 2 * NARROW;
            n += NARROW;
        }
        if (i == b.size) break;
        uint32_t c = (uint32_t)b.data[i + !big] << 8 | b.data[i + big];
        if (c < 0x80) {
            out[n++] = (uint8_t)c;
            continue;
        }
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low =
                i + 3 < b.size ? (uint32_t)b.data[i + 2 + !big] << 8 | b.data[i + 2 + big] : 0;
            if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000) {
                free(out);
                return (xp_bytes){0};
            }
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
            out[n++] = (uint8_t)(0xf0 | c >> 18);
            out[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        } else if (c < 0x800) {
            out[n++] = (uint8_t)(0xc0 | c >> 6);
        } else {
            out[n++] = (uint8_t)(0xe0 | c >> 12);
        }
        if (c >= 0x800) out[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[n++] = (uint8_t)(0x80 | (c & 0x3f));
    }
    return (xp_bytes){out, n};
}
