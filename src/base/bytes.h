/* A read-only span of bytes and a bounded little-endian cursor over it. Reads past the end return 0
 * and set `overrun`, so that a parser may read a whole structure and check once. */
#ifndef XP_BASE_BYTES_H
#define XP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct xp_bytes {
    const uint8_t *data;
    size_t size;
} xp_bytes;

typedef struct xp_cursor {
    const uint8_t *data;
    size_t size, at;
    bool overrun;
} xp_cursor;

static inline xp_cursor xp_cursor_make(xp_bytes b) {
    return (xp_cursor){b.data, b.size, 0, false};
}

static inline size_t xp_cursor_left(const xp_cursor *c) {
    return c->size - c->at;
}

/* n bytes at the cursor, which moves past them; NULL (and overrun) when there are fewer. */
static inline const uint8_t *xp_cursor_take(xp_cursor *c, size_t n) {
    if (n > c->size - c->at) {
        c->overrun = true;
        c->at = c->size;
        return NULL;
    }
    const uint8_t *p = c->data + c->at;
    c->at += n;
    return p;
}

static inline uint64_t xp_load_le(const uint8_t *p, int n) {
    uint64_t v = 0;
    for (int i = n - 1; i >= 0; i--) v = v << 8 | p[i];
    return v;
}
static inline uint64_t xp_cursor_le(xp_cursor *c, int n) {
    const uint8_t *p = xp_cursor_take(c, (size_t)n);
    return p ? xp_load_le(p, n) : 0;
}
static inline uint8_t xp_cursor_u8(xp_cursor *c) {
    return (uint8_t)xp_cursor_le(c, 1);
}
static inline uint16_t xp_cursor_u16(xp_cursor *c) {
    return (uint16_t)xp_cursor_le(c, 2);
}
static inline uint32_t xp_cursor_u32(xp_cursor *c) {
    return (uint32_t)xp_cursor_le(c, 4);
}
static inline uint64_t xp_cursor_u64(xp_cursor *c) {
    return xp_cursor_le(c, 8);
}

static inline void xp_store_le(uint8_t *p, uint64_t v, int n) {
    for (int i = 0; i < n; i++) p[i] = (uint8_t)(v >> (8 * i));
}

#endif
