/* Data compressed by DEFLATE (RFC 1951), or by gzip (RFC 1952), in little memory, however long they
 * are: in come pieces of the compressed bytes, out go pieces of what they hold. By zlib, since
 * libdeflate wants all of them at once; inflate.h, which uses that, is faster where they fit. */
#ifndef XP_BASE_INFLATE_PIPE_H
#define XP_BASE_INFLATE_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct xp_inflate_pipe {
    void *ctx;
    /* The next compressed bytes, at most size of them, to out; 0 at their end. */
    size_t (*more)(void *ctx, uint8_t *out, size_t size);
    /* What they hold, piece by piece; false: it is enough. */
    bool (*take)(void *ctx, const uint8_t *data, size_t size);
    /* The bytes are those of a gzip file: one member or several, each with its checksum; what
     * stands behind the last is no part of it. */
    bool gzip;
} xp_inflate_pipe;

typedef enum xp_inflate_end {
    XP_INFLATE_DONE,
    XP_INFLATE_ENOUGH,
    XP_INFLATE_CUT,
    XP_INFLATE_DAMAGED,
    XP_INFLATE_NO_MEMORY
} xp_inflate_end;

xp_inflate_end xp_inflate_through(const xp_inflate_pipe *p);

/* What takes the first bytes of what is poured out, and stops there: ctx is an xp_first_bytes. */
typedef struct xp_first_bytes {
    uint8_t *out;
    size_t size, n; /* wanted, and there */
} xp_first_bytes;

bool xp_first_bytes_take(void *ctx, const uint8_t *data, size_t size);

#endif
