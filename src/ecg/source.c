#include "ecg/source.h"

#include <string.h>

void xp_bytes_part(xp_bytes whole, uint64_t at, uint8_t *out, size_t *size) {
    uint64_t left = at < whole.size ? whole.size - at : 0;
    if (*size > left) *size = (size_t)left;
    if (*size) memcpy(out, whole.data + at, *size);
}

bool xp_source_part(const xp_file_source *src, const char *name, uint64_t at, uint8_t *out,
                    size_t *size, uint64_t *whole) {
    xp_bytes all;
    if (src->part) return src->part(src->ctx, name, at, out, size, whole);
    if (src->get(src->ctx, name, &all, NULL) != XP_OK) return false;
    xp_bytes_part(all, at, out, size);
    if (whole) *whole = all.size;
    return true;
}

uint64_t xp_source_size(const xp_file_source *src, const char *name) {
    uint8_t none[1];
    size_t size = 0;
    uint64_t whole = 0;
    return xp_source_part(src, name, 0, none, &size, &whole) ? whole : 0;
}
