/* RGB -> PNG (W3C Recommendation, 2003; zlib: RFC 1950, deflate: RFC 1951).
 *
 * Made for pictures of lines on paper. Deflate's matches are looked for in three places only: the
 * pixel before (an even colour), the row above (what stands upright), and where the same four bytes
 * were last seen (what repeats, such as a grid). Rows are as they are where the row above is within
 * deflate's window of 32 KiB, else the filter "up" brings it in. */
#include "plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANNELS = 3,
    SYMBOLS = 286,       /* literals, end of block, lengths */
    END = 256,           /* of a block */
    DISTANCES = 30,      /* symbols of distances */
    LENGTH_SYMBOLS = 19, /* that describe codes */
    SHORTEST = 4,        /* match taken; deflate could say 3 */
    LONGEST = 258,       /* match */
    GOOD = 64,           /* match that ends the search */
    WINDOW = 32768,
    PIECE = 1 << 18, /* bytes of the stream that are packed at once, or a row */
    BLOCK = 1 << 16, /* tokens */
    HASH_BITS = 14,
    ADLER_MODULUS = 65521
};

/* A literal, or MATCH | distance << 9 | length. */
static const uint32_t MATCH = 1u << 31;

typedef struct packer {
    uint8_t *out; /* owned */
    size_t n, cap;
    uint64_t bits;
    int n_bits;
    uint32_t *tokens; /* (BLOCK), owned */
    size_t n_tokens;
    uint32_t *seen; /* (1 << HASH_BITS), owned: where in the stream, 0 for nowhere */
    uint32_t adler_a, adler_b;
    bool failed;
} packer;

/* ==== bytes and bits ========================================================================= */

static bool reserve(packer *p, size_t more) {
    if (p->failed) return false;
    if (more <= p->cap - p->n) return true;
    size_t want = p->cap + p->cap / 2 + more;
    uint8_t *out = realloc(p->out, want);
    if (out) p->out = out, p->cap = want;
    p->failed = !out;
    return out != NULL;
}

/* Room must have been reserved; at most 32 bits. */
static inline void put_bits(packer *p, uint32_t v, int n) {
    p->bits |= (uint64_t)v << p->n_bits;
    p->n_bits += n;
    if (p->n_bits < 32) return;
    for (int i = 0; i < 4; i++) p->out[p->n + (size_t)i] = (uint8_t)(p->bits >> (8 * i));
    p->n += 4;
    p->bits >>= 32;
    p->n_bits -= 32;
}

static void flush_bits(packer *p) {
    for (; p->n_bits > 0; p->n_bits -= 8, p->bits >>= 8) p->out[p->n++] = (uint8_t)p->bits;
    p->n_bits = 0;
}

static void store_be32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* ==== codes ================================================================================== */

typedef struct code {
    uint8_t length[SYMBOLS];
    uint16_t bits[SYMBOLS]; /* as they are written: first bit lowest */
} code;

typedef struct node {
    uint32_t count;
    int parent; /* -1: none yet */
} node;

/* The symbols that occur, by rising count; returns how many. */
static int sort_symbols(const uint32_t *counts, int n, int *order) {
    int found = 0;
    for (int i = 0; i < n; i++) {
        if (!counts[i]) continue;
        int k = found++;
        for (; k > 0 && counts[order[k - 1]] > counts[i]; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    return found;
}

/* Huffman's lengths for counts (n): the lightest two of the symbols, which are sorted, and of the
 * nodes made so far, which are by nature, become one. Returns the longest. */
static int huffman_lengths(const uint32_t *counts, int n, uint8_t *length) {
    node nodes[2 * SYMBOLS];
    int order[SYMBOLS], found = sort_symbols(counts, n, order), leaf = 0, inner = found;
    for (int i = 0; i < found; i++) nodes[i] = (node){counts[order[i]], -1};
    for (int made = found; made < 2 * found - 1; made++) {
        nodes[made] = (node){0, -1};
        for (int k = 0; k < 2; k++) {
            bool take_leaf =
                leaf < found && (inner >= made || nodes[leaf].count <= nodes[inner].count);
            node *lightest = &nodes[take_leaf ? leaf++ : inner++];
            nodes[made].count += lightest->count;
            lightest->parent = made;
        }
    }
    int longest = 0;
    memset(length, 0, (size_t)n);
    for (int i = 0; i < found; i++) {
        int depth = found == 1; /* a lone symbol has a bit too */
        for (int k = i; nodes[k].parent >= 0; k = nodes[k].parent) depth++;
        length[order[i]] = (uint8_t)depth;
        if (depth > longest) longest = depth;
    }
    return longest;
}

/* Canonical codes of at most `most` bits; counts, which are changed, are made flatter until that
 * is so. */
static void make_code(code *c, uint32_t *counts, int n, int most) {
    while (huffman_lengths(counts, n, c->length) > most)
        for (int i = 0; i < n; i++) counts[i] = (counts[i] + 1) / 2;
    uint32_t next = 0;
    for (int length = 1; length <= most; length++, next <<= 1)
        for (int i = 0; i < n; i++) {
            if (c->length[i] != length) continue;
            uint32_t reversed = 0;
            for (int b = 0; b < length; b++) reversed |= (next >> b & 1) << (length - 1 - b);
            c->bits[i] = (uint16_t)reversed;
            next++;
        }
}

/* ==== blocks ================================================================================= */

/* How deflate says a number: a symbol, and bits that follow it (RFC 1951, 3.2.5). */
typedef struct said {
    uint16_t symbol, rest;
    uint8_t extra;
} said;

static inline said say_length(uint32_t length) {
    if (length == LONGEST) return (said){285, 0, 0};
    uint32_t v = length - 3;
    int extra = v < 8 ? 0 : 29 - __builtin_clz(v);
    uint32_t symbol = extra ? 261 + 4 * (uint32_t)extra + (v >> extra & 3) : 257 + v;
    return (said){(uint16_t)symbol, (uint16_t)(v & ((1u << extra) - 1)), (uint8_t)extra};
}

static inline said say_distance(uint32_t distance) {
    uint32_t v = distance - 1;
    int extra = v < 4 ? 0 : 30 - __builtin_clz(v);
    uint32_t symbol = extra ? 2 + 2 * (uint32_t)extra + (v >> extra & 1) : v;
    return (said){(uint16_t)symbol, (uint16_t)(v & ((1u << extra) - 1)), (uint8_t)extra};
}

static inline uint32_t length_of(uint32_t token) {
    return token & 511;
}

static inline uint32_t distance_of(uint32_t token) {
    return (token & ~MATCH) >> 9;
}

/* The lengths of both codes, told one by one in a third code. */
static void put_header(packer *p, const code *c, const code *distances, bool last) {
    static const uint8_t ORDER[LENGTH_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                  11, 4,  12, 3, 13, 2, 14, 1, 15};
    enum { N = SYMBOLS + DISTANCES };
    uint8_t lengths[N];
    memcpy(lengths, c->length, SYMBOLS);
    memcpy(lengths + SYMBOLS, distances->length, DISTANCES);
    uint32_t counts[LENGTH_SYMBOLS] = {0};
    for (int i = 0; i < N; i++) counts[lengths[i]]++;
    code of_lengths = {0};
    make_code(&of_lengths, counts, LENGTH_SYMBOLS, 7);
    put_bits(p, last, 1);
    put_bits(p, 2, 2);
    put_bits(p, SYMBOLS - 257, 5);
    put_bits(p, DISTANCES - 1, 5);
    put_bits(p, LENGTH_SYMBOLS - 4, 4);
    for (int i = 0; i < LENGTH_SYMBOLS; i++) put_bits(p, of_lengths.length[ORDER[i]], 3);
    for (int i = 0; i < N; i++)
        put_bits(p, of_lengths.bits[lengths[i]], of_lengths.length[lengths[i]]);
}

static void put_said(packer *p, const code *c, said s) {
    int n = c->length[s.symbol];
    put_bits(p, (uint32_t)c->bits[s.symbol] | (uint32_t)s.rest << n, n + s.extra);
}

static void put_tokens(packer *p, const code *c, const code *distances) {
    for (size_t i = 0; i < p->n_tokens; i++) {
        uint32_t t = p->tokens[i];
        if (t < MATCH) {
            put_bits(p, c->bits[t], c->length[t]);
            continue;
        }
        put_said(p, c, say_length(length_of(t)));
        put_said(p, distances, say_distance(distance_of(t)));
    }
    put_bits(p, c->bits[END], c->length[END]);
}

/* A literal takes 15 bits at most, a match 15 + 5 and 15 + 13: six bytes. */
static void end_block(packer *p, bool last) {
    uint32_t counts[SYMBOLS] = {0}, far[DISTANCES] = {0};
    if (!reserve(p, p->n_tokens * 6 + 1024)) return;
    for (size_t i = 0; i < p->n_tokens; i++) {
        uint32_t t = p->tokens[i];
        counts[t < MATCH ? t : say_length(length_of(t)).symbol]++;
        if (t >= MATCH) far[say_distance(distance_of(t)).symbol]++;
    }
    counts[END] = 1;
    far[0] += !far[0]; /* a code needs a symbol */
    code c = {0}, distances = {0};
    make_code(&c, counts, SYMBOLS, 15);
    make_code(&distances, far, DISTANCES, 15);
    put_header(p, &c, &distances, last);
    put_tokens(p, &c, &distances);
    p->n_tokens = 0;
}

static inline void add_token(packer *p, uint32_t token) {
    if (p->n_tokens == BLOCK) end_block(p, false);
    p->tokens[p->n_tokens++] = token;
}

/* ==== the stream ============================================================================= */

/* RFC 1950's check: a sum of the bytes and the sum of those sums; in lanes, so that it becomes
 * vectors. In RUNS * LANES bytes nothing overflows. */
static void adler(packer *p, const uint8_t *v, size_t n) {
    enum { LANES = 16, RUNS = 256 };
    for (; n >= LANES;) {
        uint32_t sum[LANES] = {0}, sums[LANES] = {0}, runs = 0, all = 0, weighted = 0;
        for (; runs < RUNS && n >= LANES; runs++, v += LANES, n -= LANES)
            for (int i = 0; i < LANES; i++) {
                sums[i] += sum[i];
                sum[i] += v[i];
            }
        for (uint32_t i = 0; i < LANES; i++) {
            all += sum[i];
            weighted += sums[i] * LANES + sum[i] * (LANES - i);
        }
        p->adler_b = (uint32_t)((p->adler_b + (uint64_t)p->adler_a * runs * LANES + weighted) %
                                ADLER_MODULUS);
        p->adler_a = (p->adler_a + all) % ADLER_MODULUS;
    }
    for (; n > 0; n--) {
        p->adler_a = (p->adler_a + *v++) % ADLER_MODULUS;
        p->adler_b = (p->adler_b + p->adler_a) % ADLER_MODULUS;
    }
}

static inline uint32_t four_at(const uint8_t *v) {
    uint32_t four;
    memcpy(&four, v, 4);
    return four;
}

/* How many bytes from v on are those `distance` before them. */
static inline size_t match_length(const uint8_t *v, size_t distance, size_t most) {
    const uint8_t *from = v - distance;
    size_t i = 0;
    uint64_t a, b;
    while (i + 8 <= most && (memcpy(&a, v + i, 8), memcpy(&b, from + i, 8), a == b)) i += 8;
    while (i < most && v[i] == from[i]) i++;
    return i;
}

typedef struct match {
    size_t length, distance;
} match;

/* The longest match at v, position `at` of the stream (from 1), of which `before` bytes can be
 * reached; a row has `row` bytes. */
static inline match find_match(packer *p, const uint8_t *v, uint32_t at, size_t before, size_t row,
                               size_t most) {
    if (most < SHORTEST) return (match){0, 0};
    uint32_t four = four_at(v);
    uint32_t *seen = &p->seen[four * 2654435761u >> (32 - HASH_BITS)]; /* Knuth's multiplier */
    size_t distances[] = {row, CHANNELS, *seen ? at - *seen : 0};
    match best = {0, 0};
    *seen = at;
    for (int k = 0; k < 3 && best.length < GOOD; k++) {
        size_t d = distances[k];
        if (!d || d > before || four != four_at(v - d)) continue;
        size_t length = match_length(v, d, most);
        if (length > best.length) best = (match){length, d};
    }
    return best;
}

static void add_match(packer *p, match m) {
    for (size_t k; m.length > 0; m.length -= k) { /* no rest shorter than 3 */
        k = m.length <= LONGEST ? m.length : m.length < LONGEST + 3 ? LONGEST - 3 : LONGEST;
        add_token(p, MATCH | (uint32_t)m.distance << 9 | (uint32_t)k);
    }
}

/* v[0 .. n), of which v[0] is the at-th byte of the stream (from 1) and before are there. */
static void pack(packer *p, const uint8_t *v, size_t n, uint32_t at, size_t row) {
    adler(p, v, n);
    for (size_t i = 0; i < n;) {
        uint32_t here = at + (uint32_t)i;
        size_t before = here - 1 < WINDOW ? here - 1 : WINDOW;
        match m = find_match(p, v + i, here, before, row, n - i);
        if (m.length >= SHORTEST) {
            add_match(p, m);
            i += m.length;
        } else {
            add_token(p, v[i++]);
        }
    }
}

/* A row with its filter in front. */
static void filter_row(uint8_t *v, const uint8_t *at, const uint8_t *above, size_t row) {
    v[0] = above ? 2 : 0;
    if (!above)
        memcpy(v + 1, at, row);
    else
        for (size_t i = 0; i < row; i++) v[1 + i] = (uint8_t)(at[i] - above[i]);
}

/* room: WINDOW bytes of the stream that went before, then PIECE bytes and a row. */
static void pack_rows(packer *p, const xp_image *im, uint8_t *room) {
    size_t row = (size_t)CHANNELS * (size_t)im->width, n = 0;
    uint8_t *piece = room + WINDOW;
    uint32_t at = 1;
    for (int y = 0; y < im->height && !p->failed; y++) {
        const uint8_t *from = im->rgb + (size_t)y * row;
        filter_row(piece + n, from, y && row >= WINDOW ? from - row : NULL, row);
        n += row + 1;
        if (n < PIECE && y + 1 < im->height) continue;
        pack(p, piece, n, at, row + 1);
        memmove(room, room + n, WINDOW);
        at += (uint32_t)n;
        n = 0;
    }
}

/* ==== the file =============================================================================== */

/* CRC-32 four bytes at a time: table[k][b] is what byte b does k bytes further on. */
typedef struct crc_table {
    uint32_t after[4][256];
} crc_table;

static void make_crc_table(crc_table *t) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
        t->after[0][i] = c;
    }
    for (int k = 1; k < 4; k++)
        for (int i = 0; i < 256; i++) {
            uint32_t c = t->after[k - 1][i];
            t->after[k][i] = t->after[0][c & 255] ^ c >> 8;
        }
}

static uint32_t crc(const crc_table *t, const uint8_t *v, size_t n) {
    uint32_t c = 0xffffffff;
    for (; n >= 4; n -= 4, v += 4) {
        c ^= (uint32_t)v[0] | (uint32_t)v[1] << 8 | (uint32_t)v[2] << 16 | (uint32_t)v[3] << 24;
        c = t->after[3][c & 255] ^ t->after[2][c >> 8 & 255] ^ t->after[1][c >> 16 & 255] ^
            t->after[0][c >> 24];
    }
    for (; n > 0; n--) c = t->after[0][(c ^ *v++) & 255] ^ c >> 8;
    return ~c;
}

/* Give the chunk at p->out[at ..), whose data are there, its length and its check. */
static void close_chunk(packer *p, size_t at, const crc_table *table) {
    store_be32(p->out + at, (uint32_t)(p->n - at - 8));
    store_be32(p->out + p->n, crc(table, p->out + at + 4, p->n - at - 4));
    p->n += 4;
}

static size_t open_chunk(packer *p, const char *name) {
    size_t at = p->n;
    memcpy(p->out + at + 4, name, 4);
    p->n += 8;
    return at;
}

static void put_small_chunk(packer *p, const char *name, const uint8_t *data, size_t n,
                            const crc_table *table) {
    if (!reserve(p, n + 12)) return;
    size_t at = open_chunk(p, name);
    if (n) memcpy(p->out + p->n, data, n);
    p->n += n;
    close_chunk(p, at, table);
}

static void put_head(packer *p, const xp_image *im, double dpi, const crc_table *table) {
    uint8_t header[13] = {[8] = 8, [9] = 2}, density[9] = {[8] = 1};
    uint32_t per_metre = (uint32_t)floor(dpi / 0.0254 + 0.5);
    if (!reserve(p, 8)) return;
    memcpy(p->out, "\x89PNG\r\n\x1a\n", 8);
    p->n = 8;
    store_be32(header, (uint32_t)im->width);
    store_be32(header + 4, (uint32_t)im->height);
    store_be32(density, per_metre);
    store_be32(density + 4, per_metre);
    put_small_chunk(p, "IHDR", header, sizeof header, table);
    put_small_chunk(p, "pHYs", density, sizeof density, table);
}

static void put_image(packer *p, const xp_image *im, uint8_t *room, const crc_table *table) {
    if (!reserve(p, 64)) return;
    size_t at = open_chunk(p, "IDAT");
    p->out[p->n++] = 0x78; /* a window of 32 KiB */
    p->out[p->n++] = 0x01; /* the fastest method */
    pack_rows(p, im, room);
    end_block(p, true);
    if (!reserve(p, 64)) return;
    flush_bits(p);
    store_be32(p->out + p->n, p->adler_b << 16 | p->adler_a);
    p->n += 4;
    close_chunk(p, at, table);
}

xp_status xp_png(uint8_t **bytes, size_t *size, const xp_image *image, double dpi, xp_error *err) {
    crc_table table;
    size_t row = (size_t)CHANNELS * (size_t)image->width + 1;
    packer p = {.adler_a = 1,
                .tokens = malloc(BLOCK * sizeof *p.tokens),
                .seen = calloc((size_t)1 << HASH_BITS, sizeof *p.seen)};
    uint8_t *room = calloc(WINDOW + PIECE + row, 1);
    p.failed = !p.tokens || !p.seen || !room;
    make_crc_table(&table);
    put_head(&p, image, dpi, &table);
    put_image(&p, image, room, &table);
    put_small_chunk(&p, "IEND", NULL, 0, &table);
    p.failed |= p.n > 0x7fffffff; /* more than a chunk can hold */
    free(p.tokens);
    free(p.seen);
    free(room);
    if (p.failed) {
        free(p.out);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a PNG file");
    }
    *bytes = p.out;
    *size = p.n;
    return XP_OK;
}
