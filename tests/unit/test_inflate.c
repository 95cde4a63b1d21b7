/* Compressed data as a pipe give what they give at once, or are refused where those are. */
#include "base/inflate.h"
#include "base/inflate_pipe.h"
#include "base/rng.h"
#include "support.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

typedef struct ends {
    xp_bytes in;
    size_t at, step;
    uint8_t *out;
    size_t n, room, enough;
} ends;

static size_t more(void *ctx, uint8_t *out, size_t size) {
    ends *e = ctx;
    size_t n = e->in.size - e->at;
    if (n > size) n = size;
    if (n > e->step) n = e->step;
    if (n) memcpy(out, e->in.data + e->at, n);
    e->at += n;
    return n;
}

static bool take(void *ctx, const uint8_t *data, size_t size) {
    ends *e = ctx;
    if (e->n + size > e->room) e->out = realloc(e->out, e->room = 2 * (e->n + size));
    assert_non_null(e->out);
    memcpy(e->out + e->n, data, size);
    e->n += size;
    return e->n < e->enough;
}

static xp_inflate_end run(ends *e, xp_bytes in, size_t step, size_t enough) {
    *e = (ends){.in = in, .step = step, .enough = enough};
    const xp_inflate_pipe pipe = {.ctx = e, .more = more, .take = take};
    return xp_inflate_through(&pipe);
}

static xp_inflate_end run_gzip(ends *e, xp_bytes in, size_t step) {
    *e = (ends){.in = in, .step = step, .enough = SIZE_MAX};
    const xp_inflate_pipe pipe = {.ctx = e, .more = more, .take = take, .gzip = true};
    return xp_inflate_through(&pipe);
}

enum { LONGEST = 200000 };

/* Bytes that compress in all ways: none, runs, words, far copies. */
static size_t make(uint8_t *out, int kind, xp_rng *r) {
    const size_t n = kind ? LONGEST - (size_t)kind * 7919 : 0;
    for (size_t i = 0; i < n; i++) {
        const double u = xp_rng_uniform(r);
        out[i] = (uint8_t)(kind == 1   ? 0
                           : kind == 2 ? u * 256
                           : kind == 3 ? 'a' + (int)(u * 3)
                           : kind == 4 ? (i < 32768 ? (int)(u * 256) : out[i - 32768])
                                       : 128 + (int)(20 * (u - 0.5) * (i % 100 < 4 ? 10 : 1)));
    }
    return n;
}

static xp_bytes pack(const uint8_t *data, size_t n, int level) {
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    const size_t room = libdeflate_deflate_compress_bound(c, n);
    uint8_t *out = malloc(room);
    assert_non_null(out);
    const size_t size = libdeflate_deflate_compress(c, data, n, out, room);
    libdeflate_free_compressor(c);
    assert_true(size > 0);
    return (xp_bytes){out, size};
}

static void what_goes_in_comes_out(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(1);
    uint8_t *data = malloc(LONGEST);
    static const int levels[] = {0, 1, 6, 9, 12};
    static const size_t steps[] = {1, 1000, 1 << 20};
    for (int kind = 0; kind < 6; kind++) {
        const size_t n = make(data, kind, &r);
        for (int l = 0; l < 5; l++) {
            const xp_bytes in = pack(data, n, levels[l]);
            ends e;
            assert_int_equal(run(&e, in, steps[(kind + l) % 3], SIZE_MAX), XP_INFLATE_DONE);
            assert_int_equal(e.n, n);
            if (n) assert_memory_equal(e.out, data, n);
            free(e.out);
            if (n) {
                assert_int_equal(run(&e, in, 4096, 100), XP_INFLATE_ENOUGH);
                assert_memory_equal(e.out, data, 100);
                free(e.out);
            }
            free((void *)(uintptr_t)in.data);
        }
    }
    free(data);
}

static void cut_data_say_so(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(2);
    uint8_t *data = malloc(LONGEST);
    const size_t n = make(data, 3, &r);
    for (int level = 0; level < 10; level += 3) {
        const xp_bytes in = pack(data, n, level);
        for (size_t size = 0; size < in.size; size += 1 + in.size / 50) {
            ends e;
            const xp_inflate_end end = run(&e, (xp_bytes){in.data, size}, 4096, SIZE_MAX);
            assert_true(end == XP_INFLATE_CUT || end == XP_INFLATE_DAMAGED);
            free(e.out);
        }
        free((void *)(uintptr_t)in.data);
    }
    free(data);
}

/* A flipped bit is refused where it is refused of data that are unpacked at once. */
static void damage_is_judged_alike(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(3);
    uint8_t *data = malloc(LONGEST);
    int refused = 0;
    for (int i = 0; i < 600; i++) {
        make(data, 1 + i % 5, &r);
        const xp_bytes in = pack(data, 3000, 1 + i % 9);
        uint8_t *bytes = (uint8_t *)(uintptr_t)in.data, *whole = NULL;
        bytes[(size_t)(xp_rng_uniform(&r) * (double)in.size)] ^= (uint8_t)(1 << i % 8);
        ends e;
        size_t size = 0;
        const bool fine = run(&e, in, 7, SIZE_MAX) == XP_INFLATE_DONE;
        const bool known =
            xp_inflate(&whole, &size, XP_INFLATE_BARE, in, LONGEST * 100, NULL) == XP_OK;
        assert_int_equal(fine, known);
        if (known) {
            assert_int_equal(e.n, size);
            if (size) assert_memory_equal(e.out, whole, size);
        }
        refused += !fine;
        free(whole);
        free(e.out);
        free(bytes);
    }
    free(data);
    assert_in_range(refused, 50, 599);
}

/* Made by gzip, of "one\n" and of forty "two\n". */
static const uint8_t members[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb,
                                  0xcf, 0x4b, 0xe5, 0x02, 0x00, 0x9f, 0xa8, 0x17, 0xf8, 0x04, 0x00,
                                  0x00, 0x00, 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
                                  0x03, 0x2b, 0x29, 0xcf, 0xe7, 0x2a, 0x19, 0xc4, 0x18, 0x00, 0xf3,
                                  0xc4, 0x29, 0xf8, 0xa0, 0x00, 0x00, 0x00};
enum { FIRST_MEMBER = 24 };

static void gzip_files_of_several_members_are_one(void **state) {
    (void)state;
    static const size_t steps[] = {1, 7, 1 << 20};
    const xp_bytes all = {members, sizeof members};
    ends e;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run_gzip(&e, all, steps[i]), XP_INFLATE_DONE);
        assert_int_equal(e.n, 164);
        assert_memory_equal(e.out, "one\ntwo\ntwo\n", 12);
        free(e.out);
    }
    for (size_t n = 1; n < sizeof members; n++) {
        const xp_inflate_end end = run_gzip(&e, (xp_bytes){members, n}, 1 << 20);
        assert_int_equal(end, n == FIRST_MEMBER ? XP_INFLATE_DONE : XP_INFLATE_CUT);
        free(e.out);
    }
}

/* Its own checks, which bare data do not have; what stands behind it is no part of it. */
static void gzip_files_are_checked(void **state) {
    (void)state;
    uint8_t bytes[sizeof members + 4] = {0};
    ends e;
    for (size_t i = 0; i < FIRST_MEMBER; i++) {
        if (i >= 3 && i < 10) continue; /* whether it is a text, the time, the system */
        memcpy(bytes, members, sizeof members);
        bytes[i] ^= 1;
        assert_int_not_equal(run_gzip(&e, (xp_bytes){bytes, FIRST_MEMBER}, 1 << 20),
                             XP_INFLATE_DONE);
        free(e.out);
    }
    memcpy(bytes, members, sizeof members);
    assert_int_equal(run_gzip(&e, (xp_bytes){bytes, sizeof bytes}, 1 << 20), XP_INFLATE_DONE);
    assert_int_equal(e.n, 164);
    free(e.out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_files_of_several_members_are_one),
        cmocka_unit_test(gzip_files_are_checked),
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(cut_data_say_so),
        cmocka_unit_test(damage_is_judged_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
