#include "base/arena.h"
#include "base/compose.h"
#include "base/list.h"
#include "base/notice.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
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

static void lists_give_their_names(void **state) {
    (void)state;
    const char *list = " I, aVR ,,abcdefgh, V1 ";
    static const char *const names[] = {"I", "aVR", NULL, NULL, "V1"};
    char name[8] = "";
    bool fits;
    for (int i = 0; i < 5; i++) {
        assert_true(xp_list_next(&list, name, sizeof name, &fits));
        assert_int_equal(fits, names[i] != NULL); /* empty, or longer than there is room */
        if (names[i]) assert_string_equal(name, names[i]);
    }
    assert_false(xp_list_next(&list, name, sizeof name, &fits));
}

#ifndef __EMSCRIPTEN__ /* where the browser does it */
static void letters_and_marks_are_composed(void **state) {
    (void)state;
    static const char *const texts[][2] = {
        {"plain", "plain"},
        {"gro\xc3\x9f"
         "e",
         "gro\xc3\x9f"
         "e"},
        {"o\xcc\x88", "\xc3\xb6"},                                /* o, diaeresis */
        {"vie\xcc\xa3\xcc\x82t", "vi\xe1\xbb\x87t"},              /* e, dot below, circumflex */
        {"\xe1\x84\x80\xe1\x85\xb5\xe1\x86\xa8", "\xea\xb8\xb1"}, /* Hangul: kiyeok, i, kiyeok */
        {"\xe3\x82\xab\xe3\x82\x99", "\xe3\x82\xac"},             /* ka, voiced */
        {"\xcc\x88o", "\xcc\x88o"},                               /* a mark before its letter */
        {"o\xff\xcc\x88", "o\xff\xcc\x88"},                       /* no UTF-8 between */
        {"o\xcc", "o\xcc"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        strcpy(text, texts[i][0]);
        xp_compose(text);
        assert_string_equal(text, texts[i][1]);
        assert_true(xp_same_name(texts[i][0], texts[i][1]));
    }
    assert_false(xp_same_name("o", "o\xcc\x88"));
    assert_false(xp_same_name("\xc3\xb6", "\xc3\xa4"));
}
#endif

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
    char text[XP_NOTICE_TEXT];
    for (int i = 0; i < 20; i++)
        xp_notice_add(&n, XP_SAY_SHORT, NULL,
                      XP_ARGS(xp_arg_number("seconds", i), xp_arg_number("window", 20)));
    assert_int_equal(xp_notices_append(&m, &n), XP_OK);
    assert_int_equal(m.n, 20);
    assert_non_null(strstr(xp_notice_text(&m, 19, text), "lasts 19.00 s, shorter than the 20.00"));
    assert_string_equal(xp_notice_name(m.items[0].code), "short");
    xp_notices_free(&n);
    xp_notices_free(&m);
}

static void add_missing(xp_notices *list, const char *lead, double missing, const char *gaps) {
    const xp_arg args[] = {xp_arg_number("missing", missing), xp_arg_number("samples", 5000),
                           xp_arg_text("gaps", gaps ? gaps : "")};
    xp_notice_add(list, XP_SAY_MISSING, lead, gaps ? 3 : 2, args);
}

/* A signal's name is as the file spells it, its lead's as the standard does. */
static void add_checksum(xp_notices *list, const char *lead, const char *signal, int line) {
    xp_notice_add(list, XP_SAY_CHECKSUM, lead,
                  XP_ARGS(xp_arg_text("file", "a.hea"), xp_arg_number("line", line),
                          xp_arg_text("signal", signal), xp_arg_number("sum", line),
                          xp_arg_number("stated", 9)));
}

/* Every sentence that is told of the list, in order, one a line. */
static void told(const xp_notices *list, char *all, size_t size) {
    char text[XP_NOTICE_TEXT];
    all[0] = 0;
    for (int i = 0; i < list->n; i++)
        if (xp_notice_is_new(list, i))
            snprintf(all + strlen(all), size - strlen(all), "%s\n", xp_notice_text(list, i, text));
}

static void the_same_of_several_leads_is_told_once(void **state) {
    (void)state;
    xp_notices n = {0};
    char all[2000];
    add_missing(&n, "I", 50, NULL);
    add_missing(&n, "II", 50, NULL);
    add_missing(&n, "V1", 7, NULL);
    add_missing(&n, "V2", 50, "1.00-1.20 s");
    add_missing(&n, "II", 50, NULL); /* said twice of the same lead */
    add_checksum(&n, "I", "I", 2);
    xp_notice_add(&n, XP_SAY_FLAT, "I", XP_NO_ARGS);
    add_checksum(&n, "aVR", "AVR", 3);
    xp_notice_add(&n, XP_SAY_FLAT, "II", XP_NO_ARGS);
    xp_notice_add(&n, XP_SAY_UNTRAINED, NULL, XP_NO_ARGS);
    xp_notice_add(&n, XP_SAY_UNTRAINED, NULL, XP_NO_ARGS);
    told(&n, all, sizeof all);
    assert_string_equal(
        all, "leads I, II: 50 of 5000 samples are missing and taken as 0\n"
             "lead V1: 7 of 5000 samples are missing and taken as 0\n"
             "lead V2: 50 of 5000 samples are missing and taken as 0; longer than 40 ms: "
             "1.00-1.20 s\n"
             "a.hea: the checksums of leads I, aVR are not the header's: the samples may be "
             "damaged\n"
             "leads I, II are flat: all their samples are equal\n" XP_UNTRAINED "\n");
    assert_true(xp_notice_shares(&n, 5, &n.items[5].args[0]));  /* the file */
    assert_false(xp_notice_shares(&n, 5, &n.items[5].args[3])); /* the sum */
    xp_notices one = {&n.items[5], 1, 1};
    told(&one, all, sizeof all);
    assert_string_equal(all, "a.hea line 2: the checksum of \"I\" is 2, the header says 9: the "
                             "samples may be damaged\n");
    xp_notices_free(&n);
}

/* Whatever is in it, a sentence ends, within its room. */
static void a_long_sentence_is_cut(void **state) {
    (void)state;
    xp_notices n = {0};
    char lead[16], text[XP_NOTICE_TEXT];
    for (int i = 0; i < 500; i++) {
        snprintf(lead, sizeof lead, "{lead%d}[", i);
        xp_notice_add(&n, XP_SAY_FLAT, lead, XP_NO_ARGS);
    }
    assert_int_equal(strlen(xp_notice_text(&n, 0, text)), XP_NOTICE_TEXT - 1);
    assert_memory_equal(text, "leads {lead0}[, {lead1}[, ", 26);
    xp_notices_free(&n);
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
        cmocka_unit_test(lists_give_their_names),
#ifndef __EMSCRIPTEN__
        cmocka_unit_test(letters_and_marks_are_composed),
#endif
        cmocka_unit_test(arena_measures_then_serves),
        cmocka_unit_test(cursor_stops_at_the_end),
        cmocka_unit_test(rng_repeats_and_is_uniform),
        cmocka_unit_test(notices_grow),
        cmocka_unit_test(the_same_of_several_leads_is_told_once),
        cmocka_unit_test(a_long_sentence_is_cut),
        cmocka_unit_test(parallel_for_covers_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
