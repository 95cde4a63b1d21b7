#include "base/inflate_pipe.h"

#include <stdlib.h>
#include <string.h>

/* DEFLATE (RFC 1951) as a pipe. Codes of up to QUICK bits are looked up, longer ones are followed
 * bit by bit. */

enum {
    QUICK = 9,
    LONGEST = 15,
    SYMBOLS = 288,
    WINDOW = 1 << 15, /* as far as a copy may reach back */
    ROOM = 1 << 16    /* bytes of input in memory */
};

typedef struct huffman {
    uint16_t quick[1 << QUICK]; /* symbol << 4 | bits; 0: longer, or none */
    uint16_t count[LONGEST + 1];
    uint16_t symbol[SYMBOLS]; /* by length, then by value */
} huffman;

typedef struct pipe {
    const xp_inflate_pipe *p;
    uint8_t in[ROOM], out[WINDOW];
    size_t n_in, at_in, n_out; /* n_out: of the window that is being filled */
    bool full;                 /* a window was given away: all of `out` is history */
    uint64_t bits;
    int n_bits, missing; /* missing: bits that were asked for behind the end */
    huffman letters, distances;
    xp_inflate_end end;
} pipe;

/* ==== bits =================================================================================== */

/* At least n bits (up to 32) are there; behind the end of the input they are zeros. */
static void need(pipe *z, int n) {
    while (z->n_bits < n) {
        if (z->at_in == z->n_in) {
            z->n_in = z->p->more(z->p->ctx, z->in, ROOM);
            z->at_in = 0;
        }
        if (z->n_in)
            z->bits |= (uint64_t)z->in[z->at_in++] << z->n_bits;
        else
            z->missing += 8;
        z->n_bits += 8;
    }
}

static void drop(pipe *z, int n) {
    z->bits >>= n;
    z->n_bits -= n;
}

static unsigned take(pipe *z, int n) {
    need(z, n);
    const unsigned v = (unsigned)(z->bits & ((UINT64_C(1) << n) - 1));
    drop(z, n);
    return v;
}

/* Bits were used that the input does not have. */
static bool ran_out(const pipe *z) {
    return z->missing > z->n_bits;
}

/* ==== output ================================================================================= */

static bool fail(pipe *z, xp_inflate_end end) {
    z->end = end;
    return false;
}

static bool give(pipe *z) {
    const size_t n = z->n_out;
    z->full = z->full || n == WINDOW;
    if (n == WINDOW) z->n_out = 0;
    return z->p->take(z->p->ctx, z->out, n) || fail(z, XP_INFLATE_ENOUGH);
}

static bool put(pipe *z, uint8_t byte) {
    z->out[z->n_out++] = byte;
    return z->n_out < WINDOW || give(z);
}

static bool copy(pipe *z, unsigned length, unsigned distance) {
    if (distance > (z->full ? WINDOW : z->n_out)) return fail(z, XP_INFLATE_DAMAGED);
    for (; length; length--)
        if (!put(z, z->out[(z->n_out - distance) & (WINDOW - 1)])) return false;
    return true;
}

/* ==== codes ================================================================================== */

static unsigned reversed(unsigned code, int n) {
    unsigned out = 0;
    for (int i = 0; i < n; i++) out |= (code >> i & 1) << (n - 1 - i);
    return out;
}

/* From the codes' lengths. A code that leaves room is refused, but for one of a single symbol, or
 * of none, which the distances of a block may have. */
static bool make(huffman *h, const uint8_t *lengths, int n) {
    uint16_t at[LONGEST + 2] = {0};
    unsigned next[LONGEST + 2] = {0};
    int left = 1, used = 0;
    memset(h, 0, sizeof *h);
    for (int i = 0; i < n; i++) h->count[lengths[i]]++;
    used = n - h->count[0];
    h->count[0] = 0;
    for (int k = 1; k <= LONGEST; k++) {
        left = 2 * left - h->count[k];
        if (left < 0) return false;
        at[k + 1] = (uint16_t)(at[k] + h->count[k]);
        next[k + 1] = (next[k] + h->count[k]) << 1;
    }
    if (left > 0 && !(used == 0 || (used == 1 && h->count[1] == 1))) return false;
    for (int i = 0; i < n; i++) {
        const int k = lengths[i];
        if (!k) continue;
        h->symbol[at[k]++] = (uint16_t)i;
        const unsigned code = next[k]++;
        for (unsigned q = reversed(code, k); k <= QUICK && q < 1 << QUICK; q += 1u << k)
            h->quick[q] = (uint16_t)(i << 4 | k);
    }
    return true;
}

/* -1: no such code. */
static int decode(pipe *z, const huffman *h) {
    need(z, LONGEST);
    const unsigned q = h->quick[z->bits & ((1 << QUICK) - 1)];
    if (q) {
        drop(z, (int)(q & 15));
        return (int)(q >> 4);
    }
    int code = 0, first = 0, index = 0;
    for (int k = 1; k <= LONGEST; k++) {
        code = code << 1 | (int)(z->bits >> (k - 1) & 1);
        if (code - first < h->count[k]) {
            drop(z, k);
            return h->symbol[index + code - first];
        }
        index += h->count[k];
        first = (first + h->count[k]) << 1;
    }
    return -1;
}

/* ==== blocks ================================================================================= */

static bool stored_block(pipe *z) {
    drop(z, z->n_bits & 7);
    const unsigned n = take(z, 16), same = take(z, 16);
    if (n != (~same & 0xffff)) return fail(z, XP_INFLATE_DAMAGED);
    for (unsigned i = 0; i < n; i++) {
        const uint8_t byte = (uint8_t)take(z, 8);
        if (ran_out(z)) return fail(z, XP_INFLATE_CUT);
        if (!put(z, byte)) return false;
    }
    return true;
}

static void fixed_codes(pipe *z) {
    uint8_t lengths[SYMBOLS];
    for (int i = 0; i < SYMBOLS; i++)
        lengths[i] = (uint8_t)(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
    make(&z->letters, lengths, SYMBOLS);
    memset(lengths, 5, 32);
    make(&z->distances, lengths, 32);
}

/* The lengths of both codes, as a code that comes before them writes them. */
static bool read_lengths(pipe *z, uint8_t *lengths, int n) {
    for (int i = 0; i < n;) {
        const int s = decode(z, &z->distances);
        if (s < 0 || ran_out(z)) return false;
        if (s < 16) {
            lengths[i++] = (uint8_t)s;
            continue;
        }
        if (s == 16 && i == 0) return false;
        const uint8_t v = s == 16 ? lengths[i - 1] : 0;
        const int times = s == 16   ? 3 + (int)take(z, 2)
                          : s == 17 ? 3 + (int)take(z, 3)
                                    : 11 + (int)take(z, 7);
        if (times > n - i) return false;
        memset(lengths + i, v, (size_t)times);
        i += times;
    }
    return true;
}

static bool own_codes(pipe *z) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[SYMBOLS + 32] = {0};
    const int letters = 257 + (int)take(z, 5), distances = 1 + (int)take(z, 5);
    const int n = 4 + (int)take(z, 4);
    if (letters > 286 || distances > 30) return false;
    for (int i = 0; i < n; i++) lengths[order[i]] = (uint8_t)take(z, 3);
    if (!make(&z->distances, lengths, 19)) return false;
    memset(lengths, 0, sizeof lengths);
    return read_lengths(z, lengths, letters + distances) && lengths[256] &&
           make(&z->letters, lengths, letters) && make(&z->distances, lengths + letters, distances);
}

/* Letters and copies up to the end of the block. */
static bool coded_block(pipe *z) {
    for (;;) {
        const int s = decode(z, &z->letters);
        if (ran_out(z)) return fail(z, XP_INFLATE_CUT);
        if (s < 0 || s > 285) return fail(z, XP_INFLATE_DAMAGED);
        if (s == 256) return true;
        if (s < 256) {
            if (!put(z, (uint8_t)s)) return false;
            continue;
        }
        /* Lengths from 3 and distances from 1 in steps that double, of four and of two. */
        const int l = s - 257, more = l < 8 || l == 28 ? 0 : (l >> 2) - 1;
        unsigned length = l == 28 ? 258 : l < 8 ? 3u + (unsigned)l : 3 + ((4u | (l & 3)) << more);
        length += take(z, more);
        const int d = decode(z, &z->distances), far = d < 4 ? 0 : (d >> 1) - 1;
        if (d < 0 || d > 29) return fail(z, ran_out(z) ? XP_INFLATE_CUT : XP_INFLATE_DAMAGED);
        unsigned distance = 1 + (d < 4 ? (unsigned)d : (2u | (d & 1)) << far);
        distance += take(z, far);
        if (ran_out(z)) return fail(z, XP_INFLATE_CUT);
        if (!copy(z, length, distance)) return false;
    }
}

static bool next_block(pipe *z, bool *last) {
    *last = take(z, 1);
    const unsigned kind = take(z, 2);
    if (ran_out(z)) return fail(z, XP_INFLATE_CUT);
    if (kind == 0) return stored_block(z);
    if (kind == 1) fixed_codes(z);
    if (kind == 3 || (kind == 2 && !own_codes(z)))
        return fail(z, ran_out(z) ? XP_INFLATE_CUT : XP_INFLATE_DAMAGED);
    return coded_block(z);
}

xp_inflate_end xp_inflate_through(const xp_inflate_pipe *p) {
    pipe *z = calloc(1, sizeof *z);
    if (!z) return XP_INFLATE_NO_MEMORY;
    z->p = p;
    bool last = false, fine = true;
    while (fine && !last) fine = next_block(z, &last);
    if (fine && z->n_out) give(z);
    const xp_inflate_end end = z->end;
    free(z);
    return end;
}
