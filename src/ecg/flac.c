#include "ecg/flac.h"

#include <stdbool.h>
#include <stdlib.h>

/* ---- bits, highest first ---- */

typedef struct bits {
    const uint8_t *p, *end;
    uint64_t acc; /* the next n bits, at the top; zeros below */
    int n;
    bool overrun;
} bits;

static void refill(bits *b) {
    while (b->n <= 56 && b->p < b->end) {
        b->acc |= (uint64_t)*b->p++ << (56 - b->n);
        b->n += 8;
    }
}

/* k bits, 0 <= k <= 32; 0 and overrun past the end. */
static uint32_t take(bits *b, int k) {
    if (k == 0) return 0;
    if (b->n < k) refill(b);
    if (b->n < k) {
        b->overrun = true;
        b->n = 0;
        b->acc = 0;
        return 0;
    }
    uint32_t v = (uint32_t)(b->acc >> (64 - k));
    b->acc <<= k;
    b->n -= k;
    return v;
}

/* k bits as two's complement, 1 <= k <= 33. */
static int64_t take_signed(bits *b, int k) {
    uint64_t v = k > 32 ? (uint64_t)take(b, k - 32) << 32 | take(b, 32) : take(b, k);
    return (int64_t)(v << (64 - k)) >> (64 - k);
}

/* The number of 0 bits before the next 1 bit, which is taken too. */
static uint64_t take_unary(bits *b) {
    uint64_t zeros = 0;
    for (;;) {
        if (b->n == 0) refill(b);
        if (b->acc) break;
        zeros += (uint64_t)b->n;
        b->n = 0;
        if (b->p == b->end) {
            b->overrun = true;
            return 0;
        }
    }
    int z = __builtin_clzll(b->acc);
    b->acc = b->acc << z << 1;
    b->n -= z + 1;
    return zeros + (uint64_t)z;
}

static size_t byte_position(const bits *b, const uint8_t *start) {
    return (size_t)(b->p - start) - (size_t)(b->n / 8);
}

/* A fuzzer cannot guess checksums: the fuzzing build lets every one pass. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define CRC_DIFFERS(a, b) ((void)(a), (void)(b), false)
#else
#define CRC_DIFFERS(a, b) ((a) != (b))
#endif

/* CRC-8 x^8+x^2+x+1 and CRC-16 x^16+x^15+x^2+1, a nibble at a time. */
static uint8_t crc8(const uint8_t *p, size_t n) {
    static const uint8_t t[16] = {0x00, 0x07, 0x0e, 0x09, 0x1c, 0x1b, 0x12, 0x15,
                                  0x38, 0x3f, 0x36, 0x31, 0x24, 0x23, 0x2a, 0x2d};
    uint8_t c = 0;
    for (size_t i = 0; i < n; i++) {
        c = (uint8_t)(c << 4 ^ t[c >> 4 ^ p[i] >> 4]);
        c = (uint8_t)(c << 4 ^ t[c >> 4 ^ (p[i] & 15)]);
    }
    return c;
}
static uint16_t crc16(const uint8_t *p, size_t n) {
    static const uint16_t t[16] = {0x0000, 0x8005, 0x800f, 0x000a, 0x801b, 0x001e, 0x0014, 0x8011,
                                   0x8033, 0x0036, 0x003c, 0x8039, 0x0028, 0x802d, 0x8027, 0x0022};
    uint16_t c = 0;
    for (size_t i = 0; i < n; i++) {
        c = (uint16_t)(c << 4 ^ t[c >> 12 ^ p[i] >> 4]);
        c = (uint16_t)(c << 4 ^ t[c >> 12 ^ (p[i] & 15)]);
    }
    return c;
}

/* ---- subframes ---- */

/* A sample never exceeds 33 bits in a sound stream; keeping to 34 keeps every sum in 64. */
static bool too_wide(int64_t v) {
    return (uint64_t)(v + (INT64_C(1) << 33)) >> 34 != 0;
}

static bool rice_partition(bits *b, int parameter, int64_t *out, int n) {
    uint64_t bad = 0;
    for (int i = 0; i < n; i++) {
        uint64_t q = take_unary(b);
        bad |= q >> (32 - parameter);
        uint32_t u = (uint32_t)(q << parameter) | take(b, parameter);
        out[i] = (int32_t)(u >> 1 ^ (0u - (u & 1)));
    }
    return !bad && !b->overrun;
}

/* Residuals of out[order .. n). */
static bool residual(bits *b, int order, int64_t *out, int n) {
    int method = (int)take(b, 2), bits_of_parameter = method ? 5 : 4;
    int partitions = 1 << take(b, 4), size = n / partitions;
    if (method > 1 || n % partitions || size < order) return false;
    for (int k = 0, at = order; k < partitions; k++) {
        int end = (k + 1) * size, parameter = (int)take(b, bits_of_parameter);
        if (parameter < (1 << bits_of_parameter) - 1) {
            if (!rice_partition(b, parameter, out + at, end - at)) return false;
        } else { /* escape: plain numbers */
            int width = (int)take(b, 5);
            for (int i = at; i < end; i++) out[i] = width ? take_signed(b, width) : 0;
        }
        if (b->overrun) return false;
        at = end;
    }
    return true;
}

/* out[i] += the prediction from `order` samples before it, coefficient 0 the nearest. */
static bool predict(int64_t *out, int n, int order, const int32_t *coefficient, int shift) {
    bool bad = false;
    for (int i = order; i < n; i++) {
        int64_t sum = 0;
        for (int k = 0; k < order; k++) sum += coefficient[k] * out[i - 1 - k];
        out[i] += sum >> shift;
        if (too_wide(out[i])) {
            out[i] = 0;
            bad = true;
        }
    }
    return !bad;
}

static bool fixed_subframe(bits *b, int order, int width, int64_t *out, int n) {
    static const int32_t coefficients[5][4] = {{0}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}};
    if (order > n) return false;
    for (int i = 0; i < order; i++) out[i] = take_signed(b, width);
    return residual(b, order, out, n) && predict(out, n, order, coefficients[order], 0);
}

static bool lpc_subframe(bits *b, int order, int width, int64_t *out, int n) {
    int32_t coefficients[32];
    if (order > n) return false;
    for (int i = 0; i < order; i++) out[i] = take_signed(b, width);
    int precision = (int)take(b, 4) + 1, shift = (int)take_signed(b, 5);
    if (precision == 16 || shift < 0) return false;
    for (int i = 0; i < order; i++) coefficients[i] = (int32_t)take_signed(b, precision);
    return residual(b, order, out, n) && predict(out, n, order, coefficients, shift);
}

static bool subframe(bits *b, int width, int64_t *out, int n) {
    if (take(b, 1)) return false;
    int type = (int)take(b, 6), wasted = 0;
    if (take(b, 1)) {
        uint64_t more = take_unary(b) + 1;
        if (more >= (uint64_t)width) return false;
        wasted = (int)more;
        width -= wasted;
    }
    bool ok = true;
    if (type == 0) {
        int64_t v = take_signed(b, width);
        for (int i = 0; i < n; i++) out[i] = v;
    } else if (type == 1) {
        for (int i = 0; i < n; i++) out[i] = take_signed(b, width);
    } else if (type >= 8 && type <= 12) {
        ok = fixed_subframe(b, type - 8, width, out, n);
    } else if (type >= 32) {
        ok = lpc_subframe(b, type - 31, width, out, n);
    } else {
        ok = false;
    }
    if (wasted)
        for (int i = 0; i < n; i++) out[i] *= INT64_C(1) << wasted;
    return ok && !b->overrun;
}

/* ---- frames ---- */

typedef struct frame_head {
    int n, assignment;
} frame_head;

/* The frame or sample number: 1 to 7 bytes in the manner of UTF-8. */
static bool skip_number(bits *b) {
    uint32_t first = take(b, 8);
    if (first < 0x80) return true;
    int more = 0;
    while (more < 7 && first & (0x40u >> more)) more++;
    if (more == 0 || more == 7) return false;
    for (int i = 0; i < more; i++)
        if (take(b, 8) >> 6 != 2) return false;
    return true;
}

static int block_size(bits *b, int code) {
    if (code == 1) return 192;
    if (code >= 2 && code <= 5) return 576 << (code - 2);
    if (code == 6) return (int)take(b, 8) + 1;
    if (code == 7) return (int)take(b, 16) + 1;
    return code >= 8 ? 256 << (code - 8) : 0;
}

/* The frame's head, checked against the stream's; false when damaged. */
static bool read_head(const xp_flac *f, bits *b, const uint8_t *start, frame_head *h) {
    static const int widths[8] = {0, 8, 12, -1, 16, 20, 24, 32};
    if (take(b, 15) != 0x7ffc) return false;
    take(b, 1); /* blocking strategy: the number's meaning, which is not needed */
    int size_code = (int)take(b, 4), rate_code = (int)take(b, 4);
    h->assignment = (int)take(b, 4);
    int width = widths[take(b, 3)];
    if (take(b, 1) || h->assignment > 10 || rate_code == 15) return false;
    if (!skip_number(b)) return false;
    h->n = block_size(b, size_code);
    take(b, rate_code == 12 ? 8 : rate_code >= 13 ? 16 : 0);
    size_t used = byte_position(b, start);
    uint8_t crc = (uint8_t)take(b, 8);
    int channels = h->assignment < 8 ? h->assignment + 1 : 2;
    return !b->overrun && !CRC_DIFFERS(crc, crc8(start, used)) && channels == f->channels &&
           h->n > 0 && h->n <= f->max_block && (width == 0 || width == f->bits);
}

/* Left and right from the two coded channels. */
static void decorrelate(int assignment, int64_t *a, int64_t *b, int n) {
    for (int i = 0; i < n; i++) {
        int64_t x = a[i], y = b[i];
        if (assignment == 8) {
            b[i] = x - y;
        } else if (assignment == 9) {
            a[i] = x + y;
        } else {
            int64_t mid = 2 * x + (y & 1);
            a[i] = (mid + y) >> 1;
            b[i] = (mid - y) >> 1;
        }
    }
}

/* Narrow to 32 bits; false when a sample does not fit the stream's width. */
static bool deliver(xp_flac *f, int n) {
    int64_t half = INT64_C(1) << (f->bits - 1);
    uint64_t bad = 0;
    for (int c = 0; c < f->channels; c++) {
        const int64_t *in = f->wide + (size_t)c * (size_t)f->max_block;
        int32_t *out = f->samples + (size_t)c * (size_t)f->max_block;
        for (int i = 0; i < n; i++) {
            bad |= (uint64_t)(in[i] + half) >> f->bits;
            out[i] = (int32_t)in[i];
        }
    }
    return !bad;
}

static bool read_frame(xp_flac *f, bits *b, const uint8_t *start, frame_head *h) {
    if (!read_head(f, b, start, h)) return false;
    for (int c = 0; c < f->channels; c++) {
        bool side = (h->assignment == 9 && c == 0) ||
                    ((h->assignment == 8 || h->assignment == 10) && c == 1);
        if (!subframe(b, f->bits + side, f->wide + (size_t)c * (size_t)f->max_block, h->n))
            return false;
    }
    take(b, b->n & 7); /* to the next byte */
    size_t used = byte_position(b, start);
    uint32_t crc = take(b, 16);
    if (b->overrun || CRC_DIFFERS(crc, crc16(start, used))) return false;
    if (h->assignment >= 8) decorrelate(h->assignment, f->wide, f->wide + f->max_block, h->n);
    return deliver(f, h->n);
}

xp_status xp_flac_next(xp_flac *f, int *n, xp_error *err) {
    *n = 0;
    if (f->in.at == f->in.size || (f->total && f->done >= f->total)) return XP_OK;
    const uint8_t *start = f->in.data + f->in.at;
    bits b = {.p = start, .end = f->in.data + f->in.size};
    frame_head h;
    bool ok = read_frame(f, &b, start, &h);
    if (b.overrun)
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "the FLAC stream ends inside a block, after %lld samples: copy the file "
                       "again",
                       (long long)f->done);
    if (!ok || (f->total && h.n > f->total - f->done))
        return xp_fail(err, XP_ERR_FORMAT,
                       "the FLAC stream is damaged at byte %zu, after %lld samples: copy the file "
                       "again",
                       f->in.at, (long long)f->done);
    f->in.at += byte_position(&b, start);
    f->done += h.n;
    *n = h.n;
    return XP_OK;
}

/* ---- the stream's head ---- */

static uint32_t big_endian(const uint8_t *p, int n) {
    uint32_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

/* The first metadata block: 34 bytes. */
static bool stream_info(xp_flac *f, const uint8_t *p) {
    f->max_block = (int)big_endian(p + 2, 2);
    f->rate = big_endian(p + 10, 3) >> 4;
    f->channels = (p[12] >> 1 & 7) + 1;
    f->bits = ((p[12] & 1) << 4 | p[13] >> 4) + 1;
    f->total = (int64_t)(p[13] & 15) << 32 | big_endian(p + 14, 4);
    return f->max_block >= 16 && f->bits >= 4;
}

static bool read_metadata(xp_flac *f) {
    const uint8_t *p = xp_cursor_take(&f->in, 4);
    if (!p || memcmp(p, "fLaC", 4)) return false;
    bool first = true, last = false;
    while (!last) {
        if (!(p = xp_cursor_take(&f->in, 4))) return false;
        last = p[0] >> 7;
        int type = p[0] & 127;
        uint32_t size = big_endian(p + 1, 3);
        if (!(p = xp_cursor_take(&f->in, size))) return false;
        if (first && (type != 0 || size != 34 || !stream_info(f, p))) return false;
        first = false;
    }
    return true;
}

xp_status xp_flac_open(xp_flac *f, xp_bytes file, xp_error *err) {
    *f = (xp_flac){.in = xp_cursor_make(file)};
    if (!read_metadata(f)) {
        *f = (xp_flac){0};
        return xp_fail(err, XP_ERR_FORMAT,
                       "no FLAC stream is here: the file is damaged, or it is not FLAC");
    }
    size_t n = (size_t)f->channels * (size_t)f->max_block;
    f->samples = calloc(n, sizeof *f->samples);
    f->wide = calloc(n, sizeof *f->wide);
    if (!f->samples || !f->wide) {
        xp_flac_close(f);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a FLAC block");
    }
    return XP_OK;
}

void xp_flac_close(xp_flac *f) {
    free(f->samples);
    free(f->wide);
    *f = (xp_flac){0};
}
