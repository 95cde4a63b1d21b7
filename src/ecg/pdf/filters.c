#include "ecg/pdf/filters.h"

#include "base/inflate.h"

#include <stdlib.h>

static bool grow(pdf_output *o, size_t more) {
    if (more > o->limit - o->size) {
        o->too_large = true;
        return false;
    }
    size_t want = o->size + more;
    if (want <= o->cap) return true;
    size_t cap = o->cap > o->limit / 2 ? o->limit : 2 * o->cap;
    if (cap < want) cap = want;
    if (cap < 256) cap = o->limit < 256 ? o->limit : 256;
    uint8_t *p = realloc(o->data, cap);
    o->no_memory |= !p;
    if (!p) return false;
    o->data = p;
    o->cap = cap;
    return true;
}

static bool put(pdf_output *o, int c) {
    if (o->size == o->cap && !grow(o, 1)) return false;
    o->data[o->size++] = (uint8_t)c;
    return true;
}

/* ---- Flate ---- */

/* Checksums are not looked at: PDF writers are known to leave them out. */
static bool inflate_raw(pdf_output *out, xp_bytes in) {
    uint8_t *data;
    size_t size;
    xp_status s = xp_inflate(&data, &size, XP_INFLATE_BARE, in, out->limit, NULL);
    out->no_memory |= s == XP_ERR_MEMORY;
    out->too_large |= s == XP_ERR_LIMIT;
    if (s != XP_OK) return false;
    free(out->data);
    out->data = data;
    out->size = out->cap = size;
    return true;
}

bool pdf_flate(pdf_output *out, xp_bytes in) {
    bool zlib = in.size >= 2 && (in.data[0] & 15) == 8 && (in.data[0] * 256 + in.data[1]) % 31 == 0;
    return inflate_raw(out, zlib ? (xp_bytes){in.data + 2, in.size - 2} : in);
}

/* ---- LZW ---- */

enum { LZW_CODES = 4096, LZW_CLEAR = 256, LZW_END = 257 };

typedef struct lzw {
    uint16_t before[LZW_CODES]; /* the code that it extends */
    uint16_t length[LZW_CODES];
    uint8_t last[LZW_CODES];
    int n;
} lzw;

static bool lzw_put(pdf_output *out, const lzw *t, int code) {
    size_t n = code < 256 ? 1 : t->length[code];
    if (!grow(out, n)) return false;
    for (size_t i = n; i-- > 0; code = t->before[code])
        out->data[out->size + i] = code < 256 ? (uint8_t)code : t->last[code];
    out->size += n;
    return true;
}

/* One code behind `before` (-1: the first after a clearing). */
static bool lzw_step(pdf_output *out, lzw *t, int code, int before) {
    if (before < 0) return code < 256 && put(out, code);
    size_t at = out->size;
    if (code < t->n && code != LZW_CLEAR && code != LZW_END) {
        if (!lzw_put(out, t, code)) return false;
    } else {
        size_t first = out->size - (before < 256 ? 1 : t->length[before]);
        if (code != t->n || !lzw_put(out, t, before) || !put(out, out->data[first])) return false;
    }
    if (t->n == LZW_CODES) return true;
    t->before[t->n] = (uint16_t)before;
    t->length[t->n] = (uint16_t)((before < 256 ? 1 : t->length[before]) + 1);
    t->last[t->n++] = out->data[at];
    return true;
}

bool pdf_lzw(pdf_output *out, xp_bytes in, bool early) {
    lzw *t = malloc(sizeof *t);
    out->no_memory |= !t;
    if (!t) return false;
    uint32_t bits = 0;
    int n_bits = 0, width = 9, before = -1;
    bool ok = true, ended = false;
    t->n = 258;
    for (size_t i = 0; ok && !ended && i < in.size; i++) {
        bits = bits << 8 | in.data[i];
        n_bits += 8;
        if (n_bits < width) continue;
        int code = (int)(bits >> (n_bits - width) & ((1u << width) - 1));
        n_bits -= width;
        ended = code == LZW_END;
        if (code == LZW_CLEAR) {
            t->n = 258;
            before = -1;
        } else if (!ended) {
            ok = lzw_step(out, t, code, before);
            before = code;
        }
        int used = t->n + early;
        width = used < 512 ? 9 : used < 1024 ? 10 : used < 2048 ? 11 : 12;
    }
    free(t);
    return ok;
}

/* ---- text ---- */

bool pdf_ascii85(pdf_output *out, xp_bytes in) {
    uint32_t group = 0;
    int n = 0;
    for (size_t i = 0; i < in.size; i++) {
        int c = in.data[i];
        if (c == '~') break;
        if (c == 'z' && !n) {
            for (int k = 0; k < 4; k++)
                if (!put(out, 0)) return false;
            continue;
        }
        if (c <= ' ') continue;
        if (c < '!' || c > 'u') return false;
        group = group * 85 + (uint32_t)(c - '!');
        if (++n < 5) continue;
        for (int k = 24; k >= 0; k -= 8)
            if (!put(out, (int)(group >> k & 255))) return false;
        group = 0;
        n = 0;
    }
    if (n == 1) return false;
    for (int k = n; n && k < 5; k++) group = group * 85 + 84;
    for (int k = 0; k < n - 1; k++)
        if (!put(out, (int)(group >> (24 - 8 * k) & 255))) return false;
    return true;
}

bool pdf_ascii_hex(pdf_output *out, xp_bytes in) {
    int high = -1;
    for (size_t i = 0; i < in.size && in.data[i] != '>'; i++) {
        int c = in.data[i], d = -1;
        if (c >= '0' && c <= '9')
            d = c - '0';
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            d = (c | 32) - 'a' + 10;
        else if (c <= ' ')
            continue;
        else
            return false;
        if (high >= 0 && !put(out, high * 16 + d)) return false;
        high = high < 0 ? d : -1;
    }
    return high < 0 || put(out, high * 16);
}

bool pdf_run_length(pdf_output *out, xp_bytes in) {
    size_t i = 0;
    while (i < in.size && in.data[i] != 128) {
        size_t n = in.data[i++];
        bool copy = n < 128;
        n = copy ? n + 1 : 257 - n;
        if (i + (copy ? n : 1) > in.size) return false;
        for (size_t k = 0; k < n; k++)
            if (!put(out, in.data[copy ? i + k : i])) return false;
        i += copy ? n : 1;
    }
    return true;
}

/* ---- predictors ---- */

static int paeth(int a, int b, int c) {
    int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* row holds n bytes, up the row above or NULL. */
static bool unfilter(uint8_t *row, const uint8_t *up, size_t n, size_t pixel, int type) {
    if (type > 4) return false;
    for (size_t i = 0; i < n; i++) {
        int a = i >= pixel ? row[i - pixel] : 0, b = up ? up[i] : 0;
        int c = up && i >= pixel ? up[i - pixel] : 0;
        int add = type == 1 ? a : type == 2 ? b : type == 3 ? (a + b) / 2 : paeth(a, b, c);
        if (type) row[i] = (uint8_t)(row[i] + add);
    }
    return true;
}

static bool unpredict_png(pdf_output *d, size_t row, size_t pixel) {
    size_t out = 0;
    const uint8_t *up = NULL;
    for (size_t at = 0; at + 1 < d->size;) {
        int type = d->data[at++];
        size_t n = row < d->size - at ? row : d->size - at;
        memmove(d->data + out, d->data + at, n);
        if (!unfilter(d->data + out, up, n, pixel, type)) return false;
        up = d->data + out;
        out += n;
        at += n;
    }
    d->size = out;
    return true;
}

bool pdf_unpredict(pdf_output *d, int predictor, int colors, int bits, int columns) {
    if (predictor <= 1) return true;
    if (colors < 1 || colors > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1 << 24)
        return false;
    size_t pixel = ((size_t)colors * (size_t)bits + 7) / 8;
    size_t row = ((size_t)colors * (size_t)bits * (size_t)columns + 7) / 8;
    if (predictor >= 10) return unpredict_png(d, row, pixel);
    if (predictor != 2 || bits != 8) return false;
    for (size_t i = 0; i < d->size; i++)
        if (i % row >= pixel) d->data[i] = (uint8_t)(d->data[i] + d->data[i - pixel]);
    return true;
}
