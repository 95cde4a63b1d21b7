#include "base/wide_text.h"

xp_wide_text xp_wide_text_of(xp_bytes start, char first) {
    static const uint8_t marks[4][4] = {
        {0xff, 0xfe, 0, 0}, {0, 0, 0xfe, 0xff}, {0xff, 0xfe}, {0xfe, 0xff}};
    const uint8_t c = (uint8_t)first;
    const uint8_t letters[4][4] = {{c, 0, 0, 0}, {0, 0, 0, c}, {c, 0}, {0, c}};
    for (int i = 0; i < 4; i++) { /* the longer first, which begins as the shorter does */
        const int width = i < 2 ? 4 : 2;
        if (start.size < (size_t)width) continue;
        const bool marked = !memcmp(start.data, marks[i], (size_t)width);
        if (marked || (first && !memcmp(start.data, letters[i], (size_t)width)))
            return (xp_wide_text){width, i % 2 == 1, marked ? (size_t)width : 0};
    }
    return (xp_wide_text){0};
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

static uint32_t unit_at(const uint8_t *p, int width, bool big) {
    uint32_t v = 0;
    for (int i = 0; i < width; i++) v = v << 8 | p[big ? i : width - 1 - i];
    return v;
}

/* The letter at p (n bytes are there) and, in *size, its bytes; 0 of them where it is none. */
static uint32_t letter_at(const uint8_t *p, size_t n, xp_wide_text kind, size_t *size) {
    *size = 0;
    if (n < (size_t)kind.width) return 0;
    uint32_t c = unit_at(p, kind.width, kind.big);
    const bool half = c >= 0xd800 && c < 0xe000;
    if (kind.width == 2 && half) {
        const uint32_t low = n >= 4 ? unit_at(p + 2, 2, kind.big) : 0;
        if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000) return 0;
        *size = 4;
        return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (half || c > 0x10ffff) return 0;
    *size = (size_t)kind.width;
    return c;
}

static size_t put_utf8(uint8_t *out, uint32_t c) {
    const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t first[4] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(first[more] | c >> 6 * more);
    for (int i = 1; i <= more; i++) out[i] = (uint8_t)(0x80 | (c >> 6 * (more - i) & 0x3f));
    return (size_t)more + 1;
}

size_t xp_wide_text_decode(uint8_t *out, xp_wide_text kind, xp_bytes in, size_t *used) {
    size_t n = 0, at = 0, size;
    for (;; at += size) {
        while (kind.width == 2 && in.size - at >= 2 * NARROW &&
               narrow_ascii(out + n, in.data + at, kind.big)) {
            at += 2 * NARROW;
            n += NARROW;
        }
        const uint32_t c = letter_at(in.data + at, in.size - at, kind, &size);
        if (!size) break;
        n += put_utf8(out + n, c);
    }
    *used = at;
    return n;
}
