#include "base/arena.h"
#include "base/notice.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "support.h"

#include <math.h>
#include <string.h>

static void status_names_match_their_codes(void **state) {
    (void)state;
    assert_string_equal(xp_status_name(XP_OK), "OK");
    assert_string_equal(xp_status_name(XP_ERR_LEAD_UNKNOWN), "LEAD_UNKNOWN");
    assert_string_equal(xp_status_name((xp_status)999), "UNKNOWN");
}

static void error_prefix_keeps_the_message(void **state) {
    (void)state;
    xp_error e;
    assert_int_equal(xp_fail(&e, XP_ERR_FORMAT, "line %d", 3), XP_ERR_FORMAT);
    xp_fail_prefix(&e, XP_ERR_FORMAT, "%s", "a.hea");
    assert_string_equal(e.text, "a.hea: line 3");
    char big[600];
    memset(big, 'x', sizeof big);
    big[599] = 0;
    xp_fail(&e, XP_ERR_FORMAT, "%s", big);
    xp_fail_prefix(&e, XP_ERR_FORMAT, "%s", "a.hea");
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_memory_equal(e.text, "a.hea: xxx", 10);
}

static void arena_measures_then_serves(void **state) {
    (void)state;
    xp_arena a = {0};
    assert_null(xp_arena_take(&a, 3, 5));
    assert_null(xp_arena_take(&a, 10, 100));
    size_t size = a.used;
    assert_int_equal(size, 64 + 1024);
    a = (xp_arena){xp_aligned_alloc(size), size, 0};
    uint8_t *p = xp_arena_take(&a, 3, 5), *q = xp_arena_take(&a, 10, 100);
    assert_ptr_equal(q, p + 64);
    assert_null(xp_arena_take(&a, 1, 1));
    assert_null(xp_arena_take(&a, SIZE_MAX, 2));
    xp_aligned_free(a.base);
}

static void cursor_stops_at_the_end(void **state) {
    (void)state;
    const uint8_t d[] = {1, 2, 3, 4, 5};
    xp_cursor c = xp_cursor_make((xp_bytes){d, sizeof d});
    assert_int_equal(xp_cursor_u32(&c), 0x04030201);
    assert_false(c.overrun);
    assert_int_equal(xp_cursor_u16(&c), 0);
    assert_true(c.overrun);
}

static void rng_repeats_and_is_uniform(void **state) {
    (void)state;
    xp_rng a = xp_rng_seed(7), b = xp_rng_seed(7), c = xp_rng_seed(8);
    uint64_t first = xp_rng_u64(&a);
    assert_true(first == xp_rng_u64(&b));
    assert_true(first != xp_rng_u64(&c));
    double sum = 0, square = 0;
    for (int i = 0; i < 100000; i++) {
        double v = xp_rng_normal(&a);
        sum += v;
        square += v * v;
        assert_true(xp_rng_below(&b, 3) < 3);
    }
    assert_true(fabs(sum / 1e5) < 0.02 && fabs(square / 1e5 - 1) < 0.02);
}

static void notices_grow(void **state) {
    (void)state;
    xp_notices n = {0}, m = {0};
    for (int i = 0; i < 20; i++) xp_notice_add(&n, XP_NOTE_GAP, "V1", "%d", i);
    assert_int_equal(xp_notices_append(&m, &n), XP_OK);
    assert_int_equal(m.n, 20);
    assert_string_equal(m.items[19].text, "19");
    assert_string_equal(xp_notice_name(m.items[0].code), "gap");
    xp_notices_free(&n);
    xp_notices_free(&m);
}

static void add_range(void *ctx, int begin, int end, int thread) {
    (void)thread;
    for (int i = begin; i < end; i++) ((int *)ctx)[i]++;
}

static void parallel_for_covers_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        xp_pool *p = NULL;
        int hits[100] = {0};
        assert_int_equal(xp_pool_create(&p, threads, NULL), XP_OK);
        for (int round = 0; round < 200; round++) xp_parallel_for(p, round % 100, add_range, hits);
        for (int i = 0; i < 100; i++) assert_int_equal(hits[i], 2 * (99 - i));
        xp_pool_free(p);
    }
    xp_parallel_for(NULL, 0, add_range, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_names_match_their_codes),
        cmocka_unit_test(error_prefix_keeps_the_message),
        cmocka_unit_test(arena_measures_then_serves),
        cmocka_unit_test(cursor_stops_at_the_end),
        cmocka_unit_test(rng_repeats_and_is_uniform),
        cmocka_unit_test(notices_grow),
        cmocka_unit_test(parallel_for_covers_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
