/* The Huffman codes of SCP-ECG: section 2, and the samples of a lead. */
#include "ecg/scp_internal.h"

#include <stdlib.h>

/* ==== tables ================================================================================= */

/* EN 1064's own: n ones and a zero, then the sign; nine ones and a bit for 8 or 16 bits as they
 * are. */
static const xp_scp_code default_codes[] = {
    {0x00000000, 1, 0, false, 0},   {0x80000000, 3, 0, false, 1},   {0xa0000000, 3, 0, false, -1},
    {0xc0000000, 4, 0, false, 2},   {0xd0000000, 4, 0, false, -2},  {0xe0000000, 5, 0, false, 3},
    {0xe8000000, 5, 0, false, -3},  {0xf0000000, 6, 0, false, 4},   {0xf4000000, 6, 0, false, -4},
    {0xf8000000, 7, 0, false, 5},   {0xfa000000, 7, 0, false, -5},  {0xfc000000, 8, 0, false, 6},
    {0xfd000000, 8, 0, false, -6},  {0xfe000000, 9, 0, false, 7},   {0xfe800000, 9, 0, false, -7},
    {0xff000000, 10, 0, false, 8},  {0xff400000, 10, 0, false, -8}, {0xff800000, 10, 8, false, 0},
    {0xffc00000, 10, 16, false, 0},
};

enum { DEFAULT_TABLE = 19999, CODE_BYTES = 9 };

/* The file has the first bit of a code in the lowest place. */
static uint32_t reverse(uint32_t v) {
    uint32_t r = 0;
    for (int i = 0; i < 32; i++) r |= (v >> i & 1) << (31 - i);
    return r;
}

static uint32_t ones(int n) {
    return n ? ~UINT32_C(0) << (32 - n) : 0;
}

static int by_code(const void *a, const void *b) {
    const xp_scp_code *x = a, *y = b;
    if (x->code != y->code) return x->code < y->code ? -1 : 1;
    return (int)x->prefix - (int)y->prefix;
}

static xp_status read_code(xp_scp_code *c, const xp_scp *f, xp_cursor *at, int n_tables,
                           xp_error *err) {
    size_t place = f->at[2] + at->at;
    const uint8_t *p = xp_cursor_take(at, CODE_BYTES);
    int prefix = p[0], entire = p[1];
    c->is_switch = p[2] == 0;
    c->base = (int16_t)xp_load_le(p + 3, 2);
    if (prefix < 1 || prefix > 32 || entire < prefix || entire > prefix + 32)
        return XP_SCP_FAIL(f, place, XP_ERR_FORMAT,
                           "a Huffman code of %d bits in all, of which %d are its prefix: expected "
                           "a prefix of 1 to 32 bits and up to 32 more; the file is damaged",
                           entire, prefix);
    if (c->is_switch && (c->base < 1 || c->base > n_tables))
        return XP_SCP_FAIL(f, place, XP_ERR_FORMAT,
                           "a Huffman code switches to table %d of %d: the file is damaged",
                           c->base, n_tables);
    c->prefix = (uint8_t)prefix;
    c->extra = (uint8_t)(entire - prefix);
    c->code = reverse((uint32_t)xp_load_le(p + 5, 4)) & ones(prefix);
    return XP_OK;
}

static xp_status read_table(xp_scp_table *t, xp_scp_code *codes, const xp_scp *f, xp_cursor *at,
                            int n_tables, xp_error *err) {
    size_t place = f->at[2] + at->at;
    int n = xp_cursor_u16(at);
    if (at->overrun || n == 0 || xp_cursor_left(at) / CODE_BYTES < (size_t)n)
        return XP_SCP_FAIL(f, place, XP_ERR_FORMAT,
                           "a Huffman table of %d codes is longer than section 2, or empty: the "
                           "file is damaged, copy it again",
                           n);
    for (int i = 0; i < n; i++) XP_TRY(read_code(&codes[i], f, at, n_tables, err));
    qsort(codes, (size_t)n, sizeof *codes, by_code);
    for (int i = 1; i < n; i++)
        if ((codes[i].code & ones(codes[i - 1].prefix)) == codes[i - 1].code)
            return XP_SCP_FAIL(f, place, XP_ERR_FORMAT, "%s",
                               "two codes of a Huffman table begin alike, so that no sample can be "
                               "told from another: the file is damaged");
    *t = (xp_scp_table){codes, n};
    return XP_OK;
}

static xp_status read_own(xp_scp_tables *t, const xp_scp *f, xp_cursor *at, xp_error *err) {
    size_t most = xp_cursor_left(at) / CODE_BYTES;
    t->codes = xp_alloc_array((int64_t)most, sizeof *t->codes);
    t->tables = calloc((size_t)t->n, sizeof *t->tables);
    if (!t->codes || !t->tables)
        return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for its Huffman tables", f->file);
    xp_scp_code *next = t->codes;
    for (int i = 0; i < t->n; i++) {
        XP_TRY(read_table(&t->tables[i], next, f, at, t->n, err));
        next += t->tables[i].n;
    }
    return XP_OK;
}

xp_status xp_scp_read_tables(xp_scp_tables *t, const xp_scp *f, xp_error *err) {
    xp_scp_tables made = {0};
    xp_cursor at = xp_cursor_make(f->section[2]);
    xp_status s = XP_OK;
    made.n = xp_cursor_u16(&at); /* 0 where there is no section */
    if (made.n == DEFAULT_TABLE) {
        made.n = 1;
        made.tables = calloc(1, sizeof *made.tables);
        if (!made.tables) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory", f->file);
        made.tables[0] =
            (xp_scp_table){default_codes, (int)(sizeof default_codes / sizeof *default_codes)};
    } else if (made.n) {
        s = read_own(&made, f, &at, err);
    }
    if (s == XP_OK)
        *t = made;
    else
        xp_scp_tables_free(&made);
    return s;
}

void xp_scp_tables_free(xp_scp_tables *t) {
    free(t->tables);
    free(t->codes);
    *t = (xp_scp_tables){0};
}

/* ==== samples ================================================================================ */

typedef struct bits {
    xp_bytes b;
    uint64_t at; /* the next bit; the first of a byte is its highest */
} bits;

/* The next 32 bits; zeros behind the end. */
static uint32_t peek(const bits *r) {
    uint64_t v = 0;
    size_t byte = (size_t)(r->at / 8);
    for (size_t i = byte; i < byte + 5; i++) v = v << 8 | (i < r->b.size ? r->b.data[i] : 0);
    return (uint32_t)(v >> (8 - r->at % 8));
}

/* The code that v begins with; NULL when there is none. */
static const xp_scp_code *find_code(const xp_scp_table *t, uint32_t v) {
    int low = 0, high = t->n; /* codes[low] <= v < codes[high] */
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (t->codes[middle].code <= v)
            low = middle;
        else
            high = middle;
    }
    const xp_scp_code *c = &t->codes[low];
    return (v & ones(c->prefix)) == c->code ? c : NULL;
}

/* Sign and all: the highest of n bits is the sign. */
static int64_t signed_bits(uint32_t v, int n) {
    if (!n) return 0;
    int64_t value = v >> (32 - n);
    return v >> 31 ? value - (INT64_C(1) << n) : value;
}

/* The next value; false at the end, or where the bits are no code. */
static bool next_value(bits *r, const xp_scp_tables *t, int *table, int64_t *value) {
    for (;;) {
        const xp_scp_code *c = find_code(&t->tables[*table], peek(r));
        if (!c || r->at + c->prefix + c->extra > 8 * (uint64_t)r->b.size) return false;
        r->at += c->prefix;
        int64_t extra = signed_bits(peek(r), c->extra);
        r->at += c->extra;
        if (!c->is_switch) {
            *value = c->base + extra;
            return true;
        }
        *table = c->base - 1;
    }
}

/* Samples have 16 bits, and so wrap round as the writer's did. */
static int32_t sum(const int32_t *out, int64_t i, int64_t value, int difference) {
    if (difference == 1 && i >= 1) value += out[i - 1];
    if (difference == 2 && i >= 2) value += 2 * (int64_t)out[i - 1] - out[i - 2];
    int32_t low = (int32_t)(value & 0xffff);
    return low & 0x8000 ? low - 0x10000 : low;
}

int64_t xp_scp_decode(int32_t *out, int64_t n, const xp_scp_tables *t, xp_bytes coded,
                      int difference, size_t *used) {
    bits r = {coded, 0};
    int table = 0;
    int64_t i = 0;
    for (; i < n; i++) {
        int64_t value;
        if (t->n) {
            if (!next_value(&r, t, &table, &value)) break;
        } else {
            if (r.at / 8 + 2 > coded.size) break;
            value = (int16_t)xp_load_le(coded.data + r.at / 8, 2);
            r.at += 16;
        }
        out[i] = sum(out, i, value, difference);
    }
    *used = (size_t)((r.at + 7) / 8);
    return i;
}
