/* A bump allocator over one block: sizes first, one allocation, named pointers into it.
 *
 *   base                 used                          size
 *   | a | pad | b | pad | ... free ...                  |
 *
 * Pointers are 64-byte aligned (a cache line, and the widest vector we use). Give base = NULL to
 * measure: the same sequence of xp_arena_take calls then only counts, and `used` is the size to
 * allocate. */
#ifndef XP_BASE_ARENA_H
#define XP_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define XP_ALIGN ((size_t)64)

typedef struct xp_arena {
    uint8_t *base; /* NULL while measuring; not owned */
    size_t size;   /* bytes at base */
    size_t used;
} xp_arena;

/* count * each bytes, 64-byte aligned; NULL while measuring, or when the block is full (used then
 * still grows, so used > size tells that it did not fit). */
void *xp_arena_take(xp_arena *a, size_t count, size_t each);

/* 64-byte aligned memory, zeroed; release with xp_aligned_free. NULL when there is none. */
void *xp_aligned_alloc(size_t bytes);
void xp_aligned_free(void *p);

/* For programs that read many recordings: keep the memory that one gave back for the next, instead
 * of returning it to the system, which would have to clear it again page by page (measured: half of
 * the time of reading a record). Does nothing where the C library has no such setting. */
void xp_keep_freed_memory(void);

/* *out = a * b or a + b; false when it would overflow. */
static inline int xp_mul_size(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static inline int xp_add_size(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

#endif
