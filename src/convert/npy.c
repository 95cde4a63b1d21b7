#include "convert/npy.h"

#include "base/arena.h"
#include "convert/real.h"

#include <stdio.h>
#include <stdlib.h>

/* ==== Header: a Python literal ================================================================ */

typedef struct parser {
    const char *p, *end;
} parser;

static void skip_space(parser *s) {
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

/* Skip spaces; if the next character is c, step over it. */
static bool accept(parser *s, char c) {
    skip_space(s);
    if (s->p == s->end || *s->p != c) return false;
    s->p++;
    return true;
}

static bool accept_word(parser *s, const char *word) {
    size_t n = strlen(word);
    skip_space(s);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n)) return false;
    s->p += n;
    return true;
}

/* 'text' or "text" of fewer than size bytes, no escapes. */
static bool read_string(parser *s, char *out, size_t size) {
    skip_space(s);
    if (s->p == s->end || (*s->p != '\'' && *s->p != '"')) return false;
    char quote = *s->p++;
    size_t n = 0;
    while (s->p < s->end && *s->p != quote) {
        if (*s->p == '\\' || n + 1 >= size) return false;
        out[n++] = *s->p++;
    }
    out[n] = 0;
    return accept(s, quote);
}

static bool read_size(parser *s, size_t *out) {
    skip_space(s);
    const char *first = s->p;
    size_t v = 0;
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
        if (!xp_mul_size(v, 10, &v) || !xp_add_size(v, (size_t)(*s->p - '0'), &v)) return false;
    *out = v;
    if (s->p == first) return false;
    if (s->p < s->end && *s->p == 'L') s->p++; /* Python 2 wrote 5000L */
    return true;
}

/* (), (n,) or (n, m, ...) */
static xp_status read_shape(parser *s, xp_npy *a, xp_error *err) {
    if (!accept(s, '(')) return xp_fail(err, XP_ERR_FORMAT, "npy: 'shape' must be a tuple");
    a->ndim = 0;
    a->count = 1;
    while (!accept(s, ')')) {
        if (a->ndim == XP_NPY_MAX_DIMS)
            return xp_fail(err, XP_ERR_LIMIT, "npy: more than %d dimensions", XP_NPY_MAX_DIMS);
        size_t *d = &a->shape[a->ndim];
        if (!read_size(s, d) || !xp_mul_size(a->count, *d, &a->count))
            return xp_fail(err, XP_ERR_FORMAT, "npy: dimension %d of 'shape' is not a size",
                           a->ndim);
        a->ndim++;
        if (accept(s, ',')) continue;
        if (a->ndim > 1 && accept(s, ')')) break;
        return xp_fail(err, XP_ERR_FORMAT, "npy: 'shape' is not a tuple of sizes");
    }
    return XP_OK;
}

static bool known_type(char kind, int size) {
    switch (kind) {
    case 'f':
        return size == 2 || size == 4 || size == 8;
    case 'i':
    case 'u':
        return size == 1 || size == 2 || size == 4 || size == 8;
    case 'b':
        return size == 1;
    default:
        return false;
    }
}

/* "<f4": byte order, kind, bytes. */
static xp_status read_descr(parser *s, xp_npy *a, xp_error *err) {
    char d[16];
    if (!read_string(s, d, sizeof d))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "npy: 'descr' is not a plain type; save an array of numbers without fields");
    bool ok = strlen(d) == 3 && d[0] && strchr("<>=|", d[0]) && d[2] >= '1' && d[2] <= '8' &&
              known_type(d[1], d[2] - '0') && (d[0] != '|' || d[2] == '1');
    if (!ok)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "npy: type '%s' is not supported; expected real numbers such as '<f4', "
                       "'<f8', '<i4' or '|b1'",
                       d);
    a->kind = d[1];
    a->size = d[2] - '0';
    a->big_endian = d[0] == '>';
    return XP_OK;
}

static xp_status read_order(parser *s, xp_npy *a, xp_error *err) {
    a->fortran = accept_word(s, "True");
    if (!a->fortran && !accept_word(s, "False"))
        return xp_fail(err, XP_ERR_FORMAT, "npy: 'fortran_order' must be True or False");
    return XP_OK;
}

static xp_status parse_header(xp_npy *a, const uint8_t *text, size_t n, xp_error *err) {
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static xp_status (*const readers[])(parser *, xp_npy *, xp_error *) = {read_descr, read_order,
                                                                           read_shape};
    parser s = {(const char *)text, (const char *)text + n};
    unsigned seen = 0;
    if (!accept(&s, '{')) return xp_fail(err, XP_ERR_FORMAT, "npy: the header is not a dictionary");
    while (!accept(&s, '}')) {
        char key[16];
        int k = 0;
        if (!read_string(&s, key, sizeof key) || !accept(&s, ':'))
            return xp_fail(err, XP_ERR_FORMAT, "npy: the header is not a dictionary");
        while (k < 3 && strcmp(keys[k], key)) k++;
        if (k == 3 || seen & 1u << k)
            return xp_fail(err, XP_ERR_FORMAT, "npy: key '%s' %s", key,
                           k == 3 ? "does not belong in the header" : "appears twice");
        seen |= 1u << k;
        XP_TRY(readers[k](&s, a, err));
        if (!accept(&s, ',') && (s.p == s.end || *s.p != '}'))
            return xp_fail(err, XP_ERR_FORMAT, "npy: the header is not a dictionary");
    }
    skip_space(&s);
    if (seen != 7 || s.p != s.end)
        return xp_fail(err, XP_ERR_FORMAT,
                       "npy: the header must hold 'descr', 'fortran_order' and 'shape', no more");
    return XP_OK;
}

/* size: of the file that begins so; *at: where its elements are. */
static xp_status read_head(xp_npy *out, xp_bytes start, uint64_t size, size_t *at, xp_error *err) {
    xp_cursor c = xp_cursor_make(start);
    const uint8_t *magic = xp_cursor_take(&c, 6);
    if (!magic || memcmp(magic, "\x93NUMPY", 6))
        return xp_fail(err, XP_ERR_FORMAT, "npy: the file does not begin as a .npy file does");
    int major = xp_cursor_u8(&c);
    (void)xp_cursor_u8(&c);
    if (!c.overrun && (major < 1 || major > 3))
        return xp_fail(err, XP_ERR_UNSUPPORTED, "npy: version %d, expected 1 to 3", major);
    size_t n = (size_t)xp_cursor_le(&c, major == 1 ? 2 : 4);
    if (n > XP_NPY_MAX_HEADER)
        return xp_fail(err, XP_ERR_LIMIT, "npy: header of %zu bytes, the limit is %zu", n,
                       XP_NPY_MAX_HEADER);
    const uint8_t *text = xp_cursor_take(&c, n);
    if (c.overrun) return xp_fail(err, XP_ERR_TRUNCATED, "npy: the file ends in its header");
    xp_npy a = {0};
    XP_TRY(parse_header(&a, text, n, err));
    size_t need;
    const uint64_t left = size - c.at;
    bool fits = xp_mul_size(a.count, (size_t)a.size, &need);
    if (!fits || need != left) {
        bool less = !fits || need > left;
        return xp_fail(err, less ? XP_ERR_TRUNCATED : XP_ERR_FORMAT,
                       "npy: %llu bytes of data, the shape asks for %s (%zu elements of %d bytes)",
                       (unsigned long long)left, less ? "more" : "fewer", a.count, a.size);
    }
    *at = c.at;
    *out = a;
    return XP_OK;
}

xp_status xp_npy_read(xp_npy *out, xp_bytes file, xp_error *err) {
    size_t at = 0;
    XP_TRY(read_head(out, file, file.size, &at, err));
    out->data = file.data + at;
    return XP_OK;
}

xp_status xp_npy_read_head(xp_npy *out, xp_bytes start, uint64_t size, xp_error *err) {
    size_t at = 0;
    return read_head(out, start, size, &at, err);
}

/* ==== Elements =============================================================================== */

static uint64_t load_bits(const xp_npy *a, size_t i) {
    const uint8_t *p = a->data + i * (size_t)a->size;
    if (!a->big_endian) return xp_load_le(p, a->size);
    uint64_t v = 0;
    for (int k = 0; k < a->size; k++) v = v << 8 | p[k];
    return v;
}

static int64_t sign_extended(uint64_t bits, int size) {
    uint64_t sign = 1ull << (8 * size - 1);
    return (int64_t)((bits ^ sign) - sign);
}

static double load_double(const xp_npy *a, size_t i) {
    uint64_t bits = load_bits(a, i);
    if (a->kind == 'b') return bits != 0;
    if (a->kind == 'u') return (double)bits;
    if (a->kind == 'i') return (double)sign_extended(bits, a->size);
    return xp_real_of_bits(bits, a->size);
}

/* Where the elements lie as they are visited in C order. */
typedef struct walk {
    size_t index[XP_NPY_MAX_DIMS], step[XP_NPY_MAX_DIMS], at;
} walk;

static walk walk_start(const xp_npy *a) {
    walk w = {.at = 0};
    size_t step = 1;
    for (int i = 0; i < a->ndim; i++) {
        int d = a->fortran ? i : a->ndim - 1 - i;
        w.step[d] = step;
        step *= a->shape[d];
    }
    return w;
}

static void walk_next(walk *w, const xp_npy *a) {
    for (int d = a->ndim - 1; d >= 0; d--) {
        w->at += w->step[d];
        if (++w->index[d] < a->shape[d]) return;
        w->at -= w->step[d] * a->shape[d];
        w->index[d] = 0;
    }
}

void xp_npy_floats(const xp_npy *a, float *out) {
    walk w = walk_start(a);
    for (size_t i = 0; i < a->count; i++, walk_next(&w, a))
        out[i] = xp_real_to_float(load_double(a, w.at));
}

void xp_npy_doubles(const xp_npy *a, double *out) {
    walk w = walk_start(a);
    for (size_t i = 0; i < a->count; i++, walk_next(&w, a)) out[i] = load_double(a, w.at);
}

xp_status xp_npy_ints(const xp_npy *a, int64_t *out, xp_error *err) {
    char text[128];
    if (a->kind == 'f')
        return xp_fail(err, XP_ERR_FORMAT, "npy: expected integers, got %s",
                       xp_npy_describe(a, text, sizeof text));
    walk w = walk_start(a);
    for (size_t i = 0; i < a->count; i++, walk_next(&w, a)) {
        uint64_t bits = load_bits(a, w.at);
        if (a->kind == 'u' && bits > INT64_MAX)
            return xp_fail(err, XP_ERR_FORMAT, "npy: element %zu is beyond a 64-bit integer", i);
        out[i] = a->kind == 'i'   ? sign_extended(bits, a->size)
                 : a->kind == 'b' ? (int64_t)(bits != 0)
                                  : (int64_t)bits;
    }
    return XP_OK;
}

static int put_shape(char *text, size_t size, int ndim, const size_t *shape) {
    int n = snprintf(text, size, "(");
    for (int d = 0; d < ndim && (size_t)n < size; d++)
        n += snprintf(text + n, size - (size_t)n, d ? ", %zu" : "%zu", shape[d]);
    if ((size_t)n < size) n += snprintf(text + n, size - (size_t)n, ndim == 1 ? ",)" : ")");
    return n;
}

const char *xp_npy_describe(const xp_npy *a, char *text, size_t size) {
    char shape[200];
    put_shape(shape, sizeof shape, a->ndim, a->shape);
    const char *kind = a->kind == 'f' ? "float" : a->kind == 'i' ? "int" : "uint";
    if (a->kind == 'b')
        snprintf(text, size, "bool %s", shape);
    else
        snprintf(text, size, "%s%d %s", kind, 8 * a->size, shape);
    return text;
}

/* ==== Writing ================================================================================ */

static void put_elements(uint8_t *p, const void *data, size_t count, int size) {
    const uint8_t *from = data;
    for (size_t i = 0; i < count; i++, p += size, from += size) {
        uint16_t u16;
        uint32_t u32;
        uint64_t v = *from;
        if (size == 2) memcpy(&u16, from, 2), v = u16;
        if (size == 4) memcpy(&u32, from, 4), v = u32;
        if (size == 8) memcpy(&v, from, 8);
        xp_store_le(p, v, size);
    }
}

xp_status xp_npy_write(char kind, int size, int ndim, const size_t *shape, const void *data,
                       uint8_t **bytes, size_t *n_bytes, xp_error *err) {
    if (!known_type(kind, size) || ndim < 0 || ndim > XP_NPY_MAX_DIMS)
        return xp_fail(err, XP_ERR_USAGE, "npy: cannot write type '%c%d' in %d dimensions", kind,
                       size, ndim);
    size_t count = 1, body, total;
    bool fits = true;
    for (int d = 0; d < ndim; d++) fits = fits && xp_mul_size(count, shape[d], &count);
    if (!fits || !xp_mul_size(count, (size_t)size, &body))
        return xp_fail(err, XP_ERR_LIMIT, "npy: the array is too large");
    char text[256], dims[200];
    put_shape(dims, sizeof dims, ndim, shape);
    int n =
        snprintf(text, sizeof text, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': %s, }",
                 size == 1 ? '|' : '<', kind, size, dims);
    size_t start = ((size_t)10 + (size_t)n + 1 + 63) & ~(size_t)63;
    if (!xp_add_size(start, body, &total))
        return xp_fail(err, XP_ERR_LIMIT, "npy: the array is too large");
    uint8_t *out = malloc(total);
    if (!out) return xp_fail(err, XP_ERR_MEMORY, "npy: not enough memory for %zu bytes", total);
    memset(out, ' ', start);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    xp_store_le(out + 8, start - 10, 2);
    memcpy(out + 10, text, (size_t)n);
    out[start - 1] = '\n';
    put_elements(out + start, data, count, size);
    *bytes = out;
    *n_bytes = total;
    return XP_OK;
}
