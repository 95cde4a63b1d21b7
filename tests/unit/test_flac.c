/* The FLAC decoder against streams written here bit by bit (so that the WebAssembly suite covers
 * every subframe type too) and, natively, against libFLAC's encoder. */
#include "base/rng.h"
#include "ecg/flac.h"
#include "support.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef XP_HAVE_LIBFLAC
#include <FLAC/stream_encoder.h>
#endif

/* ---- a bit writer ---- */

typedef struct writer {
    uint8_t data[1 << 16];
    size_t bits, frame; /* frame: byte at which the current frame starts */
} writer;

static void put(writer *w, uint64_t v, int n) {
    for (int i = n - 1; i >= 0; i--, w->bits++)
        if (v >> i & 1) w->data[w->bits / 8] |= (uint8_t)(128 >> (w->bits % 8));
}

static uint32_t crc(const uint8_t *p, size_t n, int width, uint32_t poly) {
    uint32_t c = 0, top = 1u << (width - 1), mask = (top << 1) - 1;
    for (size_t i = 0; i < n; i++) {
        c ^= (uint32_t)p[i] << (width - 8);
        for (int k = 0; k < 8; k++) c = (c & top ? c << 1 ^ poly : c << 1) & mask;
    }
    return c;
}

static void start_stream(writer *w, int channels, int bits, int max_block, uint64_t total) {
    memset(w, 0, sizeof *w);
    put(w, 0x664c6143, 32);
    put(w, 0, 8); /* STREAMINFO, more to come */
    put(w, 34, 24);
    put(w, 16, 16);
    put(w, (uint64_t)max_block, 16);
    put(w, 0, 48);
    put(w, 500, 20);
    put(w, (uint64_t)channels - 1, 3);
    put(w, (uint64_t)bits - 1, 5);
    put(w, total, 36);
    put(w, 0, 64);
    put(w, 0, 64);
    put(w, 0x81, 8); /* padding, the last block */
    put(w, 3, 24);
    put(w, 0, 24);
}

/* n <= 256, the sample size taken from the stream. */
static void start_frame(writer *w, int assignment, int n) {
    w->frame = w->bits / 8;
    put(w, 0xfff8, 16);
    put(w, 6, 4); /* 8-bit block size at the end */
    put(w, 0, 4);
    put(w, (uint64_t)assignment, 4);
    put(w, 0, 4);
    put(w, 0xc2, 8); /* a frame number of two bytes */
    put(w, 0x85, 8);
    put(w, (uint64_t)n - 1, 8);
    put(w, crc(w->data + w->frame, w->bits / 8 - w->frame, 8, 0x07), 8);
}

static void end_frame(writer *w) {
    while (w->bits % 8) w->bits++;
    put(w, crc(w->data + w->frame, w->bits / 8 - w->frame, 16, 0x8005), 16);
}

static void subframe(writer *w, int type, int wasted) {
    put(w, (uint64_t)type, 7);
    put(w, wasted > 0, 1);
    if (wasted) put(w, 1, wasted);
}

static void put_signed(writer *w, int64_t v, int n) {
    put(w, (uint64_t)v & (UINT64_MAX >> (64 - n)), n);
}

static void rice(writer *w, int32_t v, int parameter) {
    uint32_t u = (uint32_t)v << 1 ^ (uint32_t)(v >> 31);
    for (uint32_t q = u >> parameter; q; q--) put(w, 0, 1);
    put(w, 1, 1);
    put(w, u & ((1u << parameter) - 1), parameter);
}

static xp_flac open_ok(const writer *w) {
    xp_flac f;
    xp_error e;
    if (xp_flac_open(&f, (xp_bytes){w->data, w->bits / 8}, &e)) fail_msg("%s", e.text);
    return f;
}

static void next_ok(xp_flac *f, int n) {
    int got;
    xp_error e;
    if (xp_flac_next(f, &got, &e)) fail_msg("%s", e.text);
    assert_int_equal(got, n);
}

static void constant_and_verbatim(void **state) {
    (void)state;
    static writer w;
    start_stream(&w, 2, 12, 32, 23);
    start_frame(&w, 1, 20);
    subframe(&w, 0, 0);
    put_signed(&w, -2048, 12);
    subframe(&w, 1, 3); /* the lowest three bits are wasted */
    for (int i = 0; i < 20; i++) put_signed(&w, i - 10, 9);
    end_frame(&w);
    start_frame(&w, 1, 3);
    subframe(&w, 0, 11);
    put_signed(&w, -1, 1);
    subframe(&w, 0, 0);
    put_signed(&w, 2047, 12);
    end_frame(&w);
    xp_flac f = open_ok(&w);
    assert_int_equal(f.channels, 2);
    assert_int_equal(f.bits, 12);
    assert_int_equal(f.rate, 500);
    assert_int_equal(f.total, 23);
    next_ok(&f, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(f.samples[i], -2048);
        assert_int_equal(f.samples[f.max_block + i], 8 * (i - 10));
    }
    next_ok(&f, 3);
    assert_int_equal(f.samples[2], -2048);
    assert_int_equal(f.samples[f.max_block + 2], 2047);
    next_ok(&f, 0);
    xp_flac_close(&f);
}

/* Residuals of a polynomial of degree `order` are constant: its highest difference. */
static void fixed_predictors_of_every_order(void **state) {
    (void)state;
    static const int32_t first[4] = {5, -7, 11, -2};
    for (int order = 0; order <= 4; order++) {
        static writer w;
        start_stream(&w, 1, 24, 16, 0);
        start_frame(&w, 0, 16);
        subframe(&w, 8 + order, 0);
        for (int i = 0; i < order; i++) put_signed(&w, first[i], 24);
        put(&w, order & 1, 2); /* 4 or 5 bits of parameter */
        put(&w, 1, 4);         /* two partitions */
        put(&w, 2, order & 1 ? 5 : 4);
        for (int i = order; i < 8; i++) rice(&w, -3, 2);
        put(&w, order & 1 ? 31 : 15, order & 1 ? 5 : 4); /* escape: four plain bits */
        put(&w, 4, 5);
        for (int i = 8; i < 16; i++) put_signed(&w, -3, 4);
        end_frame(&w);
        xp_flac f = open_ok(&w);
        next_ok(&f, 16);
        int64_t d[16];
        for (int i = 0; i < 16; i++) d[i] = f.samples[i];
        for (int i = 0; i < order; i++) assert_int_equal(d[i], first[i]);
        for (int k = 0; k < order; k++)
            for (int i = 15; i > k; i--) d[i] -= d[i - 1];
        for (int i = order; i < 16; i++) assert_int_equal(d[i], -3);
        next_ok(&f, 0);
        xp_flac_close(&f);
    }
}

static void linear_prediction_shifts_towards_minus_infinity(void **state) {
    (void)state;
    static writer w;
    start_stream(&w, 1, 16, 16, 16);
    start_frame(&w, 0, 16);
    subframe(&w, 32 + 1, 0); /* order 2 */
    put_signed(&w, 100, 16);
    put_signed(&w, -50, 16);
    put(&w, 5 - 1, 4); /* precision */
    put_signed(&w, 3, 5);
    put_signed(&w, 7, 5);
    put_signed(&w, -3, 5);
    put(&w, 0, 2);
    put(&w, 0, 4);
    put(&w, 0, 4);
    for (int i = 2; i < 16; i++) rice(&w, i % 3 - 1, 0);
    end_frame(&w);
    int64_t x[16] = {100, -50};
    for (int i = 2; i < 16; i++) {
        int64_t sum = 7 * x[i - 1] - 3 * x[i - 2];
        x[i] = i % 3 - 1 + (sum >= 0 ? sum / 8 : -((-sum + 7) / 8));
    }
    xp_flac f = open_ok(&w);
    next_ok(&f, 16);
    for (int i = 0; i < 16; i++) assert_int_equal(f.samples[i], x[i]);
    xp_flac_close(&f);
}

static void stereo_in_its_three_codings(void **state) {
    (void)state;
    const int32_t left[16] = {1, -5, 7, 8, INT16_MIN, INT16_MAX, 0, 3},
                  right[16] = {2, 9, -7, 7, INT16_MAX, INT16_MIN, -1, 3};
    for (int assignment = 8; assignment <= 10; assignment++) {
        static writer w;
        start_stream(&w, 2, 16, 16, 16);
        start_frame(&w, assignment, 16);
        for (int c = 0; c < 2; c++) {
            bool side = assignment == 9 ? c == 0 : c == 1;
            subframe(&w, 1, 0);
            for (int i = 0; i < 16; i++) {
                int32_t mid = left[i] + right[i] >= 0 ? (left[i] + right[i]) / 2
                                                      : -((1 - left[i] - right[i]) / 2);
                int32_t own = assignment == 8 ? left[i] : assignment == 9 ? right[i] : mid;
                put_signed(&w, side ? left[i] - right[i] : own, side ? 17 : 16);
            }
        }
        end_frame(&w);
        xp_flac f = open_ok(&w);
        next_ok(&f, 16);
        assert_memory_equal(f.samples, left, sizeof left);
        assert_memory_equal(f.samples + f.max_block, right, sizeof right);
        xp_flac_close(&f);
    }
}

/* Decode until the end or an error. */
static xp_status drain(const uint8_t *data, size_t size, int64_t *done) {
    xp_flac f;
    xp_error e;
    xp_status s = xp_flac_open(&f, (xp_bytes){data, size}, &e);
    if (s != XP_OK) return s;
    int n = 1;
    while (s == XP_OK && n) s = xp_flac_next(&f, &n, &e);
    *done = f.done;
    xp_flac_close(&f);
    return s;
}

/* Every changed bit of a frame is noticed by a CRC, every cut by its end. */
static void damage_is_noticed(void **state) {
    (void)state;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    skip(); /* the fuzzing build passes every checksum */
#endif
    static writer w;
    start_stream(&w, 1, 16, 16, 0);
    for (int k = 0; k < 2; k++) {
        start_frame(&w, 0, 16);
        subframe(&w, 8 + 2, 0);
        put_signed(&w, 1000, 16);
        put_signed(&w, -1000, 16);
        put(&w, 0, 6);
        put(&w, 5, 4);
        for (int i = 2; i < 16; i++) rice(&w, 13 * i - 90, 5);
        end_frame(&w);
    }
    size_t size = w.bits / 8, head = 4 + 4 + 34 + 4 + 3;
    int64_t done = 0;
    assert_int_equal(drain(w.data, size, &done), XP_OK);
    assert_int_equal(done, 32);
    for (size_t bit = head * 8; bit < w.bits; bit++) {
        w.data[bit / 8] ^= (uint8_t)(128 >> bit % 8);
        if (drain(w.data, size, &done) == XP_OK) fail_msg("bit %zu", bit);
        w.data[bit / 8] ^= (uint8_t)(128 >> bit % 8);
    }
    for (size_t cut = head + 1; cut < size; cut++) {
        xp_status s = drain(w.data, cut, &done);
        if (cut == head + (size - head) / 2)
            assert_int_equal(s, XP_OK); /* between the frames: no total in the head to miss */
        else
            assert_int_equal(s, XP_ERR_TRUNCATED);
    }
    for (size_t cut = 0; cut < head; cut++)
        assert_int_equal(drain(w.data, cut, &done), XP_ERR_FORMAT);
}

/* ---- libFLAC ---- */

#ifdef XP_HAVE_LIBFLAC

typedef struct sink {
    uint8_t *data;
    size_t size, cap;
} sink;

static FLAC__StreamEncoderWriteStatus keep(const FLAC__StreamEncoder *enc, const FLAC__byte *b,
                                           size_t n, uint32_t samples, uint32_t frame, void *ctx) {
    (void)enc, (void)samples, (void)frame;
    sink *s = ctx;
    if (s->size + n > s->cap) {
        s->cap = 2 * (s->size + n);
        s->data = realloc(s->data, s->cap);
        assert_non_null(s->data);
    }
    memcpy(s->data + s->size, b, n);
    s->size += n;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

typedef struct setting {
    int channels, bits, level, block, kind; /* kind: 0 noise, 1 smooth, 2 sparse, 3 wasted bits */
} setting;

static void make_signal(const setting *s, int32_t *x, int n) {
    xp_rng r = xp_rng_seed((uint64_t)(s->bits * 100 + s->channels * 10 + s->kind));
    int64_t half = INT64_C(1) << (s->bits - 1), v[8] = {0};
    for (int i = 0; i < n; i++)
        for (int c = 0; c < s->channels; c++) {
            int64_t noise = (int64_t)(xp_rng_u64(&r) >> (64 - s->bits)) - half;
            if (s->kind == 1) noise = v[c] + noise / 64;
            if (s->kind == 2) noise = xp_rng_below(&r, 50) ? 3 : noise;
            if (s->kind == 3) noise = noise / 4 * 4;
            if (noise < -half || noise >= half) noise = 0;
            x[i * s->channels + c] = (int32_t)(v[c] = noise);
        }
}

static sink encode(const setting *s, const int32_t *x, int n) {
    sink out = {0};
    FLAC__StreamEncoder *enc = FLAC__stream_encoder_new();
    assert_non_null(enc);
    FLAC__stream_encoder_set_channels(enc, (uint32_t)s->channels);
    FLAC__stream_encoder_set_bits_per_sample(enc, (uint32_t)s->bits);
    FLAC__stream_encoder_set_sample_rate(enc, 96000);
    FLAC__stream_encoder_set_compression_level(enc, (uint32_t)s->level);
    FLAC__stream_encoder_set_blocksize(enc, (uint32_t)s->block);
    FLAC__stream_encoder_set_streamable_subset(enc, false);
    assert_int_equal(FLAC__stream_encoder_init_stream(enc, keep, NULL, NULL, NULL, &out), 0);
    assert_true(FLAC__stream_encoder_process_interleaved(enc, x, (uint32_t)n));
    assert_true(FLAC__stream_encoder_finish(enc));
    FLAC__stream_encoder_delete(enc);
    return out;
}

static void compare(const setting *s, const int32_t *x, int n) {
    sink e = encode(s, x, n);
    xp_flac f;
    xp_error err;
    if (xp_flac_open(&f, (xp_bytes){e.data, e.size}, &err)) fail_msg("%s", err.text);
    int got = 1, at = 0;
    while (got) {
        if (xp_flac_next(&f, &got, &err))
            fail_msg("%d channels, %d bits, level %d, block %d, kind %d: %s", s->channels, s->bits,
                     s->level, s->block, s->kind, err.text);
        for (int i = 0; i < got; i++)
            for (int c = 0; c < s->channels; c++)
                assert_int_equal(f.samples[c * f.max_block + i], x[(at + i) * s->channels + c]);
        at += got;
    }
    assert_int_equal(at, n);
    xp_flac_close(&f);
    free(e.data);
}

static void what_libflac_encodes_is_decoded(void **state) {
    (void)state;
    enum { n = 5003 };
    static int32_t x[n * 8];
    static const int bits[] = {4, 8, 12, 16, 20, 24, 32}, levels[] = {0, 3, 5, 8},
                     blocks[] = {16, 192, 1000, 4608};
    for (int b = 0; b < 7; b++)
        for (int kind = 0; kind < 4; kind++)
            for (int channels = 1; channels <= 8; channels += channels < 3 ? 1 : 5)
                for (int k = 0; k < 4; k++) {
                    setting s = {channels, bits[b], levels[k], blocks[(k + b) % 4], kind};
                    make_signal(&s, x, n);
                    compare(&s, x, n);
                }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_and_verbatim),
        cmocka_unit_test(fixed_predictors_of_every_order),
        cmocka_unit_test(linear_prediction_shifts_towards_minus_infinity),
        cmocka_unit_test(stereo_in_its_three_codings),
        cmocka_unit_test(damage_is_noticed),
#ifdef XP_HAVE_LIBFLAC
        cmocka_unit_test(what_libflac_encodes_is_decoded),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
