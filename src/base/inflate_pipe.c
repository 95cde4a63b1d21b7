#include "base/inflate_pipe.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PIECE = 1 << 16 };

typedef struct worker {
    const xp_inflate_pipe *p;
    z_stream z;
    uint8_t in[PIECE], out[PIECE];
} worker;

/* All that z makes of the piece of input that it has; Z_OK: it wants more. */
static int unpack_piece(worker *w, bool *enough) {
    int s;
    do {
        w->z.next_out = w->out;
        w->z.avail_out = PIECE;
        s = inflate(&w->z, Z_NO_FLUSH);
        const size_t n = PIECE - w->z.avail_out;
        *enough = n && !w->p->take(w->p->ctx, w->out, n);
    } while (s == Z_OK && !*enough && w->z.avail_out == 0);
    return s == Z_BUF_ERROR ? Z_OK : s; /* nothing to do for now is no error */
}

/* Whether there is input that z has not had yet. */
static bool refill(worker *w) {
    if (w->z.avail_in) return true;
    const size_t n = w->p->more(w->p->ctx, w->in, PIECE);
    w->z.next_in = w->in;
    w->z.avail_in = (uInt)n;
    return n > 0;
}

/* Whether a member of a gzip file begins here; z is ready for it, then. */
static bool next_member(worker *w) {
    enum { FIRST = 0x1f };
    return w->p->gzip && refill(w) && *w->z.next_in == FIRST && inflateReset(&w->z) == Z_OK;
}

static xp_inflate_end unpack(worker *w) {
    while (refill(w)) {
        bool enough;
        const int s = unpack_piece(w, &enough);
        if (enough) return XP_INFLATE_ENOUGH;
        if (s == Z_STREAM_END && !next_member(w)) return XP_INFLATE_DONE;
        if (s != Z_OK && s != Z_STREAM_END)
            return s == Z_MEM_ERROR ? XP_INFLATE_NO_MEMORY : XP_INFLATE_DAMAGED;
    }
    return XP_INFLATE_CUT;
}

xp_inflate_end xp_inflate_through(const xp_inflate_pipe *p) {
    worker *w = calloc(1, sizeof *w);
    if (!w) return XP_INFLATE_NO_MEMORY;
    w->p = p;
    xp_inflate_end end = XP_INFLATE_NO_MEMORY;
    if (inflateInit2(&w->z, p->gzip ? MAX_WBITS + 16 : -MAX_WBITS) == Z_OK) {
        end = unpack(w);
        inflateEnd(&w->z);
    }
    free(w);
    return end;
}

bool xp_first_bytes_take(void *ctx, const uint8_t *data, size_t size) {
    xp_first_bytes *f = ctx;
    const size_t n = size < f->size - f->n ? size : f->size - f->n;
    memcpy(f->out + f->n, data, n);
    f->n += n;
    return f->n < f->size;
}
