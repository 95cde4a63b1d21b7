#include "ecg/write/write.h"

#include <stdio.h>

void xp_written_free(xp_written *out) {
    for (int i = 0; i < out->n; i++) xp_buffer_free(&out->files[i].bytes);
    xp_notices_free(&out->notices);
    *out = (xp_written){0};
}

xp_buffer *xp_written_add(xp_written *out, const char *name, const char *ending) {
    xp_written_file *f = &out->files[out->n < XP_WRITTEN_MOST ? out->n++ : XP_WRITTEN_MOST - 1];
    snprintf(f->name, sizeof f->name, "%s%s", name, ending);
    return &f->bytes;
}

void xp_ascii_text(char *dst, size_t size, const char *src) {
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)src; *p && n + 1 < size; p++) {
        bool micro = (*p == 0xc2 && p[1] == 0xb5) || (*p == 0xce && p[1] == 0xbc);
        if ((*p & 0xc0) == 0x80) continue; /* the rest of a letter that was written */
        dst[n++] = micro ? 'u' : *p < 0x20 || *p > 0x7e ? '?' : (char)*p;
    }
    dst[n] = 0;
}
