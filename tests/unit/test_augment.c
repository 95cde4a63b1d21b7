/* Augmentation: each change alone does what it says, and everything follows from the seed. */
#include "data/augment.h"
#include "data/shown.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 2500, LEADS = 12, COUNT = LENGTH * LEADS };

static const char LEAD_NAMES[LEADS][16] = {"I",  "II", "III", "aVR", "aVF", "aVL",
                                           "V1", "V2", "V3",  "V4",  "V5",  "V6"};

static float before[COUNT], after[COUNT];

/* 5 Hz and 100 Hz in every lead, no two leads alike. */
static void make_signal(int valid) {
    memset(before, 0, sizeof before);
    for (int t = 0; t < valid; t++)
        for (int k = 0; k < LEADS; k++)
            before[t * LEADS + k] =
                (float)(sin(0.01 * 6.2831853 * t + k) + 0.3 * sin(0.2 * 6.2831853 * t));
}

static void apply(const xp_augment *a, uint64_t seed, int valid) {
    double *work = malloc((size_t)xp_augment_work(LENGTH) * sizeof *work);
    make_signal(valid);
    memcpy(after, before, sizeof after);
    xp_augment_apply(a, seed, after, LENGTH, LEADS, LEAD_NAMES, 500, valid, work);
    for (int i = valid * LEADS; i < COUNT; i++) assert_true(after[i] == 0);
    free(work);
}

static void test_nothing(void **state) {
    (void)state;
    xp_augment none = {0};
    apply(&none, 5, LENGTH);
    assert_memory_equal(before, after, sizeof after);
}

static void test_seed(void **state) {
    (void)state;
    static float first[COUNT];
    xp_augment a = xp_augment_defaults();
    a.bandpass = 0.5;
    assert_int_equal(xp_augment_check(&a, NULL), XP_OK);
    for (uint64_t seed = 0; seed < 20; seed++) {
        apply(&a, seed, 2000);
        memcpy(first, after, sizeof first);
        apply(&a, seed, 2000);
        assert_memory_equal(first, after, sizeof first);
        apply(&a, seed + 1000, 2000);
        assert_memory_not_equal(first, after, sizeof first);
        for (int i = 0; i < COUNT; i++) assert_true(isfinite(after[i]));
    }
}

/* The move that explains lead 0; 9999 when none does. */
static int find_move(int valid, bool circular, int most) {
    for (int by = -most; by <= most; by++) {
        bool good = true;
        for (int t = 0; good && t < valid; t++) {
            int from = t - by;
            if (circular) from = ((from % valid) + valid) % valid;
            float want = from < 0 || from >= valid ? 0 : before[from * LEADS];
            good = after[t * LEADS] == want;
        }
        if (good) return by;
    }
    return 9999;
}

static void test_shift(void **state) {
    (void)state;
    xp_augment linear = {.shift = 0.2}, circular = {.circular = 1};
    int left = 0, right = 0, far = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        apply(&linear, seed, 2400);
        int by = find_move(2400, false, 100);
        assert_int_not_equal(by, 9999);
        left += by < 0;
        right += by > 0;
        apply(&circular, seed, 2400);
        by = find_move(2400, true, 2400);
        assert_int_not_equal(by, 9999);
        far += abs(by) > 200;
    }
    assert_true(left > 5 && right > 5 && far > 15);
}

static void test_gains(void **state) {
    (void)state;
    xp_augment all = {.gain = {0.7, 1.4}}, chest = {.chest_gain = {0.5, 2}};
    double low = 9, high = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        apply(&all, seed, LENGTH);
        double g = (double)after[100] / (double)before[100];
        for (int i = 0; i < COUNT; i++)
            assert_true(fabs((double)after[i] - g * (double)before[i]) < 1e-5);
        low = fmin(low, g);
        high = fmax(high, g);
        apply(&chest, seed, LENGTH);
        for (int k = 0; k < 6; k++) assert_true(after[LEADS + k] == before[LEADS + k]);
        double v1 = (double)after[6] / (double)before[6], v2 = (double)after[7] / (double)before[7];
        assert_true(v1 != v2 && v1 >= 0.4999 && v1 <= 2.0001);
    }
    assert_true(low >= 0.6999 && low < 0.8 && high <= 1.4001 && high > 1.2);
}

static void test_lead_drop(void **state) {
    (void)state;
    xp_augment a = {.lead_drop = 0.2};
    int dropped = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        apply(&a, seed, LENGTH);
        int zero = 0;
        for (int k = 0; k < LEADS; k++) {
            double sum = 0;
            for (int t = 0; t < LENGTH; t++) sum += fabs((double)after[t * LEADS + k]);
            zero += sum == 0;
        }
        assert_true(zero <= 1);
        dropped += zero;
    }
    assert_in_range(dropped, 70, 130);
}

static void test_noise(void **state) {
    (void)state;
    xp_augment a = {.noise = 0.1};
    double largest = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        double sum = 0, squares = 0;
        apply(&a, seed, LENGTH);
        for (int i = 0; i < COUNT; i++) {
            double d = (double)after[i] - (double)before[i];
            sum += d;
            squares += d * d;
        }
        double sd = sqrt(squares / COUNT);
        assert_true(fabs(sum / COUNT) < 0.003 && sd < 0.103);
        largest = fmax(largest, sd);
    }
    assert_true(largest > 0.07);
}

/* Amplitude of lead 0 at f Hz, away from the ends. */
static double amplitude(const float *x, double f) {
    double re = 0, im = 0;
    for (int t = 500; t < 2000; t++) {
        re += (double)x[t * LEADS] * cos(6.283185307179586 * f * t / 500);
        im += (double)x[t * LEADS] * sin(6.283185307179586 * f * t / 500);
    }
    return 2 * hypot(re, im) / 1500;
}

static void test_filters(void **state) {
    (void)state;
    xp_augment low = {.lowpass = 1}, band = {.bandpass = 1}, never = {.lowpass = 0};
    for (uint64_t seed = 0; seed < 20; seed++) {
        apply(&low, seed, LENGTH);
        assert_true(fabs(amplitude(after, 5) - 1) < 0.02); /* 20 Hz or more passes */
        double left = amplitude(after, 100);
        assert_true(left < 0.3 * 0.51); /* half at the highest cut-off: both ways */
    }
    apply(&band, 1, LENGTH);
    assert_true(fabs(amplitude(after, 5) - 1) < 0.02 && amplitude(after, 100) < 0.001);
    apply(&never, 1, LENGTH);
    assert_memory_equal(before, after, sizeof after);
}

static void test_short_records(void **state) {
    (void)state;
    xp_augment a = xp_augment_defaults();
    a.lowpass = a.bandpass = 1;
    for (int valid = 0; valid < 40; valid++) {
        apply(&a, (uint64_t)valid, valid);
        for (int i = 0; i < COUNT; i++) assert_true(isfinite(after[i]));
    }
}

/* The samples of a lead that are not 0: the first and the one behind the last; they are whole. */
static void extent(int lead, int out[2]) {
    out[0] = out[1] = 0;
    for (int t = 0; t < LENGTH; t++) {
        if (after[t * LEADS + lead] == 0) continue;
        if (out[1] == 0) out[0] = t;
        out[1] = t + 1;
    }
}

static void assert_shown(xp_shown kind, const char *strip, const int want[LEADS][2]) {
    make_signal(LENGTH);
    for (int i = 0; i < COUNT; i++) before[i] += 3; /* nowhere 0 */
    memcpy(after, before, sizeof after);
    xp_shown_apply(kind, after, LENGTH, LEADS, LEAD_NAMES, 250, LENGTH, strip);
    for (int k = 0; k < LEADS; k++) {
        int got[2];
        extent(k, got);
        assert_int_equal(got[0], want[k][0]);
        assert_int_equal(got[1], want[k][1]);
        for (int t = got[0]; t < got[1]; t++)
            assert_true(after[t * LEADS + k] == before[t * LEADS + k]);
    }
}

/* At 250 Hz the signal is 10 s long, a column of four 625 samples. In the order of LEAD_NAMES. */
static void test_shown(void **state) {
    (void)state;
    int page[LEADS][2] = {{0, 625},     {0, 2500},    {0, 625},     {625, 1250},
                          {625, 1250},  {625, 1250},  {1250, 1875}, {1250, 1875},
                          {1250, 1875}, {1875, 2500}, {1875, 2500}, {1875, 2500}};
    int two[LEADS][2], limb[LEADS][2], five[LEADS][2], all[LEADS][2];
    for (int k = 0; k < LEADS; k++) {
        two[k][0] = k < 6 ? 0 : 1250, two[k][1] = two[k][0] + 1250;
        limb[k][0] = 0, limb[k][1] = k < 6 ? LENGTH : 0;
        five[k][0] = 0, five[k][1] = 1250;
        all[k][0] = 0, all[k][1] = LENGTH;
    }
    assert_shown(XP_SHOWN_3X4_1, NULL, page);
    page[1][1] = 625;
    assert_shown(XP_SHOWN_3X4, NULL, page);
    page[6][0] = 0, page[6][1] = LENGTH;
    assert_shown(XP_SHOWN_3X4_1, "V1", page);
    assert_shown(XP_SHOWN_6X2, NULL, two);
    assert_shown(XP_SHOWN_LIMB, NULL, limb);
    assert_shown(XP_SHOWN_SHORT, NULL, five);
    assert_shown(XP_SHOWN_WHOLE, NULL, all);
}

static void test_shown_names(void **state) {
    (void)state;
    xp_error err;
    for (int k = 0; k < XP_SHOWN_KINDS; k++) {
        xp_shown got;
        assert_int_equal(xp_shown_parse(&got, xp_shown_name((xp_shown)k), &err), XP_OK);
        assert_int_equal(got, k);
    }
    xp_shown none;
    assert_int_equal(xp_shown_parse(&none, "3x5", &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "3x4+1"));
}

/* Half of the draws: pages, limb leads, or one run of 4 to 8 s; never of a record under 8 s. */
static void test_layouts_are_drawn(void **state) {
    (void)state;
    xp_augment a = {.layout = 0.5};
    int changed = 0, cut = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        static float whole[COUNT];
        make_signal(LENGTH);
        for (int i = 0; i < COUNT; i++) before[i] += 3 + 1e-4f * (float)i; /* no two times alike */
        memcpy(whole, before, sizeof whole);
        memcpy(after, before, sizeof after);
        xp_augment_apply(&a, seed, after, LENGTH, LEADS, LEAD_NAMES, 250, LENGTH, NULL);
        int first[2], last[2];
        extent(0, first), extent(11, last);
        if (first[1] == LENGTH && last[1] == LENGTH && last[0] == 0) continue;
        changed++;
        if (memcmp(first, last, sizeof first) != 0) continue;
        cut++;
        assert_in_range(first[1], 1000, 2000);
        int from = 0;
        while (from + first[1] <= LENGTH &&
               memcmp(after, whole + from * LEADS, sizeof(float) * LEADS))
            from++;
        assert_memory_equal(after, whole + from * LEADS, sizeof(float) * LEADS * (size_t)first[1]);
    }
    assert_in_range(changed, 150, 250);
    assert_in_range(cut, 20, 65);
}

static void test_check(void **state) {
    (void)state;
    xp_error err;
    xp_augment bad[] = {{.lead_drop = 1.5},
                        {.gain = {2, 1}},
                        {.shift = NAN},
                        {.noise = -1},
                        {.chest_gain = {0, 1}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(xp_augment_check(&bad[i], &err), XP_ERR_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),     cmocka_unit_test(test_seed),
        cmocka_unit_test(test_shift),       cmocka_unit_test(test_gains),
        cmocka_unit_test(test_lead_drop),   cmocka_unit_test(test_noise),
        cmocka_unit_test(test_filters),     cmocka_unit_test(test_short_records),
        cmocka_unit_test(test_check),       cmocka_unit_test(test_shown),
        cmocka_unit_test(test_shown_names), cmocka_unit_test(test_layouts_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
