/* Samples marked as missing by a value that the curve has as well: which are read, and which stay
 * gaps. */
#include "ecg/stored.h"
#include "support.h"

#include <math.h>
#include <string.h>

enum { N = 2000, RATE = 500, MOST = 3, BLANK = -32768 };

/* A recording of n leads, each 0.3 mV above 0 in steps of 1 uV, but as the test draws it. */
static xp_stored quiet(int n, int32_t mark) {
    static const char *const names[MOST] = {"I", "II", "V1"};
    const int64_t each[MOST] = {N, N, N};
    xp_stored w;
    assert_int_equal(xp_stored_alloc(&w, "x", RATE, n, each, NULL), XP_OK);
    w.n_frames = N;
    for (int l = 0; l < n; l++) {
        xp_stored_signal *s = &w.signals[l];
        strcpy(s->name, names[l]);
        strcpy(s->units, "uV");
        s->gain = 1;
        s->missing = mark;
        for (int i = 0; i < N; i++) s->digital[i] = 300;
    }
    return w;
}

static void put_samples(xp_stored_signal *s, int at, int n, const int32_t *values) {
    memcpy(s->digital + at, values, (size_t)n * sizeof *values);
}

#define PUT(s, at, ...)                                                                            \
    put_samples(s, at, (int)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)),                  \
                (int32_t[]){__VA_ARGS__})

/* The values of v, k times the mark, and they again: at `at`. */
static void put_stay(xp_stored_signal *s, int at, int32_t v, int k) {
    s->digital[at] = v;
    for (int i = 1; i <= k; i++) s->digital[at + i] = s->missing;
    s->digital[at + k + 1] = v;
}

/* Also counts what is marked, as readers do; the stored signals stay as they were. */
static xp_record record_of(xp_stored *w) {
    xp_record r;
    xp_error e;
    int32_t before[MOST * N];
    int64_t n = 0;
    for (int l = 0; l < w->n_signals; l++) {
        xp_stored_signal *s = &w->signals[l];
        s->n_missing = 0;
        for (int64_t i = 0; i < s->n; i++) s->n_missing += s->digital[i] == s->missing;
        n += s->n;
    }
    memcpy(before, w->samples, (size_t)n * sizeof *before);
    if (xp_stored_to_record(&r, w, &e)) fail_msg("%s", e.text);
    assert_memory_equal(before, w->samples, (size_t)n * sizeof *before);
    for (int l = 0; l < r.n_leads; l++) {
        int64_t missing = 0;
        for (int64_t i = 0; i < r.n; i++) missing += isnan(r.leads[l].mv[i]) != 0;
        assert_int_equal(missing, r.leads[l].n_missing);
    }
    return r;
}

static int64_t missing_after(xp_stored *w) {
    xp_record r = record_of(w);
    const int64_t missing = r.leads[0].n_missing;
    xp_record_free(&r);
    xp_stored_free(w);
    return missing;
}

/* ==== what is read =========================================================================== */

static void crossings_of_a_mark_are_samples(void **state) {
    (void)state;
    xp_stored w = quiet(1, 0);
    xp_stored_signal *s = &w.signals[0];
    for (int i = 0; i < N; i++) s->digital[i] = (int32_t)lround(40 * sin(i / 15.0));
    xp_record r = record_of(&w);
    assert_true(s->n_missing > 10);
    assert_int_equal(r.leads[0].n_missing, 1); /* the first: at an end */
    for (int i = 1; i < N; i++) assert_true(r.leads[0].mv[i] == (float)(s->digital[i] / 1000.0));
    xp_record_free(&r);
    xp_stored_free(&w);
}

static void a_mark_is_any_value_and_a_curve_may_touch_it(void **state) {
    (void)state;
    xp_stored w = quiet(1, 77);
    xp_stored_signal *s = &w.signals[0];
    s->baseline = 50.5;
    PUT(s, 100, 90, 80, 77, 79, 91);
    PUT(s, 200, 70, 76, 77, 77, 75);
    xp_record r = record_of(&w);
    assert_int_equal(r.leads[0].n_missing, 0);
    assert_true(r.leads[0].mv[102] == (float)((77 - 50.5) / 1000));
    assert_true(r.leads[0].mv[203] == r.leads[0].mv[102]);
    xp_record_free(&r);
    xp_stored_free(&w);
}

/* However steep it is: 1 mV in two samples is an R wave's. */
static void one_sample_between_its_neighbours_is_read(void **state) {
    (void)state;
    xp_stored w = quiet(1, 0);
    PUT(&w.signals[0], 100, -600, 0, 500);
    assert_int_equal(missing_after(&w), 0);
    w = quiet(1, 0);
    PUT(&w.signals[0], 100, -600, 0, 0, 500);
    assert_int_equal(missing_after(&w), 2);
}

static void a_quiet_stay_is_read_up_to_40_ms(void **state) {
    (void)state;
    for (int k = 1; k < 30; k++) {
        xp_stored w = quiet(1, 0);
        put_stay(&w.signals[0], 100, 2, k);
        PUT(&w.signals[0], 300, -1); /* 0 has values on both sides */
        assert_int_equal(missing_after(&w), k <= 20 ? 0 : k);
    }
    for (int k = 1; k < 10; k++) { /* 100 Hz */
        xp_stored w = quiet(1, 0);
        w.rate = 100;
        put_stay(&w.signals[0], 100, 2, k);
        PUT(&w.signals[0], 300, -1);
        assert_int_equal(missing_after(&w), k <= 4 ? 0 : k);
    }
}

/* A step of the file may be larger than what is called near. */
static void two_steps_away_is_near(void **state) {
    (void)state;
    for (int v = 1; v < 4; v++) {
        xp_stored w = quiet(1, 0);
        w.signals[0].gain = 1 / 40.0;
        put_stay(&w.signals[0], 100, v, 10);
        PUT(&w.signals[0], 300, -1);
        assert_int_equal(missing_after(&w), v <= 2 ? 0 : 10);
    }
}

/* ==== what stays a gap ======================================================================= */

static void gaps_in_a_curve_elsewhere_stay(void **state) {
    (void)state;
    for (int k = 1; k < 8; k++) {
        xp_stored w = quiet(1, 0); /* dropped at 0.3 mV, and at 0.3 and -0.3 */
        put_stay(&w.signals[0], 100, 300, k);
        PUT(&w.signals[0], 300, -300, -300);
        assert_int_equal(missing_after(&w), k);
    }
    for (int k = 2; k < 8; k++) {
        xp_stored w = quiet(1, 0);
        for (int i = 200; i < N; i++) w.signals[0].digital[i] = -300;
        put_stay(&w.signals[0], 199, 300, k);
        w.signals[0].digital[200 + k] = -300;
        assert_int_equal(missing_after(&w), k);
    }
}

/* The longer a curve stays, the nearer it is before and after: a k-th of 0.15 mV. */
static void the_longer_the_nearer(void **state) {
    (void)state;
    for (int k = 1; k <= 20; k++)
        for (int v = 150 / k - 1; v <= 150 / k + 2; v++) {
            if (v * k == 150) continue; /* the one or the other by a rounding */
            xp_stored w = quiet(1, 0);
            put_stay(&w.signals[0], 100, v, k);
            PUT(&w.signals[0], 300, -1);
            assert_int_equal(missing_after(&w), v * k < 150 ? 0 : k);
        }
}

static void ends_stay_missing(void **state) {
    (void)state;
    xp_stored w = quiet(1, 0);
    PUT(&w.signals[0], 0, 0, 1, -1, 0, 1);
    PUT(&w.signals[0], N - 3, 1, 0, 0);
    xp_record r = record_of(&w);
    assert_int_equal(r.leads[0].n_missing, 3);
    assert_true(isnan(r.leads[0].mv[0]) && r.leads[0].mv[3] == 0);
    assert_true(isnan(r.leads[0].mv[N - 1]) && isnan(r.leads[0].mv[N - 2]));
    xp_record_free(&r);
    xp_stored_free(&w);
}

/* A format's own mark, also where the curve is at its end of the scale. */
static void marks_beyond_all_values_are_marks(void **state) {
    (void)state;
    xp_stored w = quiet(1, BLANK);
    PUT(&w.signals[0], 100, 0, BLANK, 1);
    PUT(&w.signals[0], 200, BLANK + 1, BLANK, BLANK + 1);
    assert_int_equal(missing_after(&w), 2);
    w = quiet(1, 300); /* no value but the mark */
    xp_record r = record_of(&w);
    assert_int_equal(r.leads[0].n_missing, N);
    assert_int_equal(r.notices.n, 0);
    xp_record_free(&r);
    xp_stored_free(&w);
}

/* Values in units have no mark: NaN says nothing of where the curve was. */
static void values_without_a_mark_stay_missing(void **state) {
    (void)state;
    xp_stored w = quiet(1, 0);
    put_stay(&w.signals[0], 100, 1, 1);
    PUT(&w.signals[0], 300, -1);
    w.signals[0].n_missing = 1;
    assert_int_equal(xp_stored_physical(&w, NULL), XP_OK);
    w.signals[0].digital = NULL;
    xp_record r;
    assert_int_equal(xp_stored_to_record(&r, &w, NULL), XP_OK);
    assert_int_equal(r.leads[0].n_missing, 1);
    xp_record_free(&r);
    xp_stored_free(&w);
}

/* ==== slower leads, and what is told ========================================================= */

/* One of half the rate: its gaps are judged at its own. */
static void slower_leads_are_judged_at_their_rate(void **state) {
    (void)state;
    const int64_t each[2] = {N, N / 2};
    xp_stored w;
    assert_int_equal(xp_stored_alloc(&w, "x", RATE / 2, 2, each, NULL), XP_OK);
    w.n_frames = N / 2;
    w.signals[0].samples_per_frame = 2;
    for (int l = 0; l < 2; l++) {
        xp_stored_signal *s = &w.signals[l];
        strcpy(s->name, l ? "V1" : "I");
        strcpy(s->units, "uV");
        s->gain = 1;
        s->missing = 0;
        for (int64_t i = 0; i < s->n; i++) s->digital[i] = i < s->n / 2 ? 1 : -1;
    }
    put_stay(&w.signals[1], 100, 1, 10); /* 40 ms */
    put_stay(&w.signals[1], 200, 1, 11);
    put_stay(&w.signals[1], 300, 200, 2);
    xp_record r = record_of(&w);
    assert_true(r.rate == RATE && r.n == N);
    assert_int_equal(r.leads[0].n_missing, 0);
    assert_int_equal(r.leads[1].n_missing, 2 * (11 + 2));
    assert_true(isfinite(r.leads[1].mv[210]) && isnan(r.leads[1].mv[412]));
    xp_record_free(&r);
    xp_stored_free(&w);
}

static void one_notice_tells_all_leads(void **state) {
    (void)state;
    char text[XP_NOTICE_TEXT];
    xp_stored w = quiet(3, 0);
    put_stay(&w.signals[0], 100, 2, 2);
    put_stay(&w.signals[0], 120, 2, 1);
    put_stay(&w.signals[2], 100, 2, 1);
    for (int l = 0; l < 3; l++) PUT(&w.signals[l], 300, -1);
    xp_record r = record_of(&w);
    assert_int_equal(r.notices.n, 2);
    assert_string_equal(xp_notice_name(r.notices.items[0].code), "marked");
    assert_false(xp_notice_is_new(&r.notices, 1));
    assert_string_equal(
        xp_notice_text(&r.notices, 0, text),
        "leads I, V1: samples that the file marks as missing (4 in all) fit their neighbours, "
        "since its mark is an ordinary value: they are read as samples");
    xp_record_free(&r);
    xp_stored_free(&w);
    w = quiet(1, 0);
    put_stay(&w.signals[0], 100, 2, 2);
    PUT(&w.signals[0], 300, -1);
    r = record_of(&w);
    assert_int_equal(r.notices.n, 1);
    assert_string_equal(
        xp_notice_text(&r.notices, 0, text),
        "lead I: samples that the file marks as missing (2) fit their neighbours, since its mark "
        "is an ordinary value: they are read as samples");
    xp_record_free(&r);
    xp_stored_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crossings_of_a_mark_are_samples),
        cmocka_unit_test(a_mark_is_any_value_and_a_curve_may_touch_it),
        cmocka_unit_test(one_sample_between_its_neighbours_is_read),
        cmocka_unit_test(a_quiet_stay_is_read_up_to_40_ms),
        cmocka_unit_test(two_steps_away_is_near),
        cmocka_unit_test(gaps_in_a_curve_elsewhere_stay),
        cmocka_unit_test(the_longer_the_nearer),
        cmocka_unit_test(ends_stay_missing),
        cmocka_unit_test(marks_beyond_all_values_are_marks),
        cmocka_unit_test(values_without_a_mark_stay_missing),
        cmocka_unit_test(slower_leads_are_judged_at_their_rate),
        cmocka_unit_test(one_notice_tells_all_leads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
