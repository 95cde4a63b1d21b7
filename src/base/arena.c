#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static size_t round_up(size_t n) {
    return (n + XP_ALIGN - 1) & ~(XP_ALIGN - 1);
}

void *xp_arena_take(xp_arena *a, size_t count, size_t each) {
    size_t bytes;
    if (!xp_mul_size(count, each, &bytes) || bytes > SIZE_MAX / 4) {
        a->used = SIZE_MAX / 2; /* can never fit, and later takes cannot wrap round */
        return NULL;
    }
    size_t at = a->used;
    if (at < SIZE_MAX / 2) a->used = at + round_up(bytes);
    return a->base && a->used <= a->size ? a->base + at : NULL;
}

void *xp_aligned_alloc(size_t bytes) {
    if (bytes > SIZE_MAX / 2) return NULL;
    size_t n = round_up(bytes ? bytes : 1);
    void *p = aligned_alloc(XP_ALIGN, n);
    if (p) memset(p, 0, n);
    return p;
}

void xp_aligned_free(void *p) {
    free(p);
}

void xp_keep_freed_memory(void) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}
