#include "base/compose.h"

#include <string.h>

#ifndef __EMSCRIPTEN__

#include "base/compose_pairs.h"
#include "base/text.h"

#include <stdlib.h>

/* ==== characters ============================================================================= */

/* The character of a well-formed sequence of n bytes. */
static uint32_t decode(const uint8_t *p, size_t n) {
    if (n == 1) return p[0];
    uint32_t c = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Compositions are below U+10000. */
static size_t encode(uint8_t *p, uint32_t c) {
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (uint8_t)(0xc0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    p[0] = (uint8_t)(0xe0 | c >> 12);
    p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    p[2] = (uint8_t)(0x80 | (c & 0x3f));
    return 3;
}

/* ==== pairs ================================================================================== */

/* Hangul: a leading consonant and a vowel, or those and a trailing consonant (The Unicode Standard,
 * section 3.12). */
static uint32_t hangul(uint32_t first, uint32_t second) {
    enum { SYLLABLES = 0xac00, LEADING = 0x1100, VOWELS = 0x1161, TRAILING = 0x11a7 };
    if (first - LEADING < 19 && second - VOWELS < 21)
        return SYLLABLES + ((first - LEADING) * 21 + second - VOWELS) * 28;
    bool open = first - SYLLABLES < 11172 && (first - SYLLABLES) % 28 == 0;
    return open && second - TRAILING - 1 < 27 ? first + second - TRAILING : 0;
}

static int compare(const void *a, const void *b) {
    const uint16_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1) : (x[1] > y[1]) - (x[1] < y[1]);
}

/* Both as one; 0: there is no such character. */
static uint32_t together(uint32_t letter, uint32_t mark) {
    if (mark < 0x300 || mark > 0xffff || letter > 0xffff) return 0;
    const uint16_t key[3] = {(uint16_t)mark, (uint16_t)letter, 0};
    const uint16_t *hit =
        bsearch(key, XP_COMPOSE_PAIRS, sizeof XP_COMPOSE_PAIRS / sizeof *XP_COMPOSE_PAIRS,
                sizeof *XP_COMPOSE_PAIRS, compare);
    return hit ? hit[2] : hangul(letter, mark);
}

/* ==== texts ================================================================================== */

/* Marks of one letter that stand at different places of it may come in either order: those that do
 * not go together with it yet are passed over. */
static bool is_mark(uint32_t c) {
    return (c >= 0x300 && c < 0x370) || c == 0x3099 || c == 0x309a;
}

void xp_compose(char *text) {
    uint8_t *p = (uint8_t *)text;
    size_t n = strlen(text), letter = 0, letter_size = 0;
    for (size_t at = 0, size; at < n; at += size) {
        size = xp_utf8_length(p + at, n - at);
        if (!size) {
            size = 1;
            letter_size = 0;
            continue;
        }
        uint32_t c = decode(p + at, size);
        uint32_t both = letter_size ? together(decode(p + letter, letter_size), c) : 0;
        if (!both) {
            if (letter_size && is_mark(c)) continue;
            letter = at;
            letter_size = size;
            continue;
        }
        uint8_t made[4];
        size_t made_size = encode(made, both), between = at - letter - letter_size;
        memmove(p + letter + made_size, p + letter + letter_size, between);
        memcpy(p + letter, made, made_size);
        size_t to = letter + made_size + between;
        memmove(p + to, p + at + size, n - at - size + 1);
        n -= at + size - to;
        at = to;
        size = 0;
        letter_size = made_size;
    }
}

bool xp_same_name(const char *a, const char *b) {
    if (!strcmp(a, b)) return true;
    bool plain = true;
    for (const char *c = a; *c && plain; c++) plain = !((unsigned char)*c & 0x80);
    if (plain) return false; /* nothing to compose, and what composes to it neither */
    char *x = strdup(a), *y = strdup(b);
    if (x) xp_compose(x);
    if (y) xp_compose(y);
    bool same = x && y && !strcmp(x, y);
    free(x);
    free(y);
    return same;
}

#else

void xp_compose(char *text) {
    (void)text;
}

bool xp_same_name(const char *a, const char *b) {
    return !strcmp(a, b);
}

#endif
