#include "base/text.h"

#include <string.h>

size_t xp_utf8_length(const uint8_t *p, size_t left) {
    if (!left) return 0;
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] > 0x9f, beyond = p[0] == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : n;
}

bool xp_is_utf8(const uint8_t *p, size_t n) {
    for (size_t i = 0, length; i < n; i += length)
        if (!(length = xp_utf8_length(p + i, n - i))) return false;
    return true;
}

void xp_copy_text(char *dst, size_t size, const char *src) {
    size_t n = strlen(src);
    if (n >= size) {
        n = size - 1;
        while (n && ((unsigned char)src[n] & 0xc0) == 0x80) n--;
    }
    memmove(dst, src, n);
    dst[n] = 0;
}
