/* Texts of two or four bytes a letter (UTF-16, UTF-32), and their letters as UTF-8. */
#ifndef XP_BASE_WIDE_TEXT_H
#define XP_BASE_WIDE_TEXT_H

#include "base/bytes.h"

typedef struct xp_wide_text {
    int width; /* bytes of a letter (of one in the first plane, for UTF-16): 2 or 4; 0: no such text
                */
    bool big;  /* the first byte is the highest */
    size_t mark; /* bytes of the byte order mark, at its beginning */
} xp_wide_text;

/* By its byte order mark, or by first, the letter that it begins with; 0: by the mark alone. */
xp_wide_text xp_wide_text_of(xp_bytes start, char first);

/* Bytes that n bytes of wide text are at most, as UTF-8. */
static inline size_t xp_wide_text_most(size_t n) {
    return n / 2 * 3 + 1;
}

/* The letters of `in`, behind the mark, to out, up to one that is none or is cut off; how many
 * bytes of out that makes. *used: bytes of `in` that it took. */
size_t xp_wide_text_decode(uint8_t *out, xp_wide_text kind, xp_bytes in, size_t *used);

#endif
