/* Rhythms made by surgery: waves move as told, labels follow, nothing jumps, all follows from the
 * seed. */
#include "base/rng.h"
#include "data/splice.h"
#include "data/surgery.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 250, LENGTH = 2500, LEADS = 3, COUNT = LENGTH * LEADS, LABELS = 9, BEATS = 12 };

static const char LEAD_NAMES[LEADS][16] = {"I", "II", "V2"};
static const char NAMES[LABELS][32] = {"bradsr", "tachsr", "pac",  "avb1", "avb2",
                                       "avb2i",  "avb2ii", "avb3", "lafb"};
enum { BRADSR, TACHSR, PAC, AVB1, AVB2, AVB2I, AVB2II, AVB3, LAFB };

/* Samples from a beat's P onset: its P, QRS and T are here and nowhere else. */
enum { P_PEAK = 12, P_END = 25, QRS = 40, R_PEAK = 50, QRS_END = 60, T_PEAK = 100, T_END = 125 };

static float before[COUNT], after[COUNT];
static xp_sinus sinus;

static double bump(double t, double at, double width) {
    const double z = (t - at) / width;
    return exp(-z * z / 2);
}

static double wave(double t) {
    return 0.15 * bump(t, P_PEAK, 4) + bump(t, R_PEAK, 3) + 0.3 * bump(t, T_PEAK, 8);
}

/* Beats every `period` samples on a slow wander, with a little noise of its own. */
static void make_rhythm(int period) {
    sinus.n = 0;
    xp_rng r = xp_rng_seed(7);
    for (int t = 0; t < LENGTH; t++)
        for (int k = 0; k < LEADS; k++) {
            const double since = (t + period - 30) % period;
            before[t * LEADS + k] = (float)((1 + k) * wave(since) + 0.05 * sin(0.002 * t + k) +
                                            0.001 * xp_rng_normal(&r));
        }
    for (int p = 30; p + T_END < LENGTH && sinus.n < BEATS; p += period)
        sinus.beat[sinus.n++] = (xp_sinus_beat){p, p + P_END, p + QRS, p + T_END};
}

static bool operate(xp_surgery kind, uint64_t seed, float *y, xp_surgery_beats *made) {
    bool done;
    xp_error err;
    for (int l = 0; l < LABELS; l++) y[l] = l == LAFB;
    memcpy(after, before, sizeof after);
    if (xp_surgery_apply(kind, seed, &sinus, after, LENGTH, LEADS, RATE, NAMES, LABELS, y, &done,
                         made, &err) != XP_OK)
        fail_msg("%s", err.text);
    return done;
}

/* R peaks of `after`, as samples of where their QRS began; the number of them. */
static int find_qrs(int *at) {
    int n = 0;
    for (int t = 1; t + 1 < LENGTH; t++) {
        const float *x = after + t * LEADS;
        if (x[0] > 0.6f && x[0] >= x[-LEADS] && x[0] > x[LEADS]) at[n++] = t - (R_PEAK - QRS);
    }
    return n;
}

/* The greatest step from sample to sample, R waves apart, also such as the end cuts. */
static double greatest_step(const float *x) {
    double most = 0;
    for (int t = 1; t < LENGTH - 12; t++)
        for (int k = 0; k < LEADS; k++) {
            bool near = false;
            for (int d = -12; d <= 12; d++)
                if (t + d >= 0) near |= x[(t + d) * LEADS] > 0.4f;
            if (near) continue;
            most = fmax(most, fabs((double)x[t * LEADS + k] - (double)x[(t - 1) * LEADS + k]));
        }
    return most;
}

/* Waves are where `made` says, in the whole record but for what stands before the first of them. */
static void assert_made(const xp_surgery_beats *made, int from, const char *name) {
    int at[64], first = 0;
    const int n = find_qrs(at);
    while (first < n && at[first] < from) first++;
    for (int i = first; i < n; i++) {
        if (i - first >= made->n_qrs || abs(at[i] - made->qrs[i - first]) > 1)
            fail_msg("%s: QRS %d is at %d", name, i - first, at[i]);
    }
    for (int i = 0; i < made->n_p; i++) {
        const int t = made->p[i] + P_PEAK;
        if (t < 12 || t + 12 >= LENGTH) continue;
        const float *x = after + t * LEADS;
        const double level = 0.5 * ((double)x[-12 * LEADS] + (double)x[12 * LEADS]);
        bool alone = true; /* no QRS or T over it */
        for (int q = 0; q < made->n_qrs; q++)
            alone &= t + 12 < made->qrs[q] || t - 12 > made->qrs[q] + T_END - QRS;
        if (alone && fabs((double)x[0] - level) < 0.03) fail_msg("%s: no P at %d", name, t);
    }
}

static void test_waves_and_steps(void **state) {
    (void)state;
    for (int kind = 0; kind < XP_SURGERIES; kind++) {
        int done = 0;
        for (uint64_t seed = 0; seed < 40; seed++) {
            float y[LABELS];
            xp_surgery_beats made;
            make_rhythm(220);
            const double step = greatest_step(before);
            if (!operate((xp_surgery)kind, seed, y, &made)) {
                assert_memory_equal(after, before, sizeof after);
                continue;
            }
            done++;
            /* Added to T, a P wave makes it steeper. */
            const bool over = kind == XP_SURGERY_THIRD_DEGREE || kind == XP_SURGERY_PREMATURE;
            const double more = over ? 2.3 : 1.25;
            if (!(greatest_step(after) < more * step))
                fail_msg("%s, seed %d: a step of %g, of %g before",
                         xp_surgery_name((xp_surgery)kind), (int)seed, greatest_step(after), step);
            assert_made(&made, kind == XP_SURGERY_THIRD_DEGREE ? 0 : 30,
                        xp_surgery_name((xp_surgery)kind));
            assert_true(y[LAFB] == 1);
            static float same[COUNT];
            memcpy(same, after, sizeof same);
            assert_true(operate((xp_surgery)kind, seed, y, NULL));
            assert_memory_equal(after, same, sizeof same);
        }
        print_message("%s: %d of 40\n", xp_surgery_name((xp_surgery)kind), done);
        assert_true(done >= 10);
    }
}

static void test_rate(void **state) {
    (void)state;
    int slow = 0, usual = 0, fast = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        float y[LABELS];
        xp_surgery_beats made;
        make_rhythm(175); /* 86 a minute */
        if (!operate(XP_SURGERY_RATE, seed, y, &made)) continue;
        const double bpm = 60.0 * RATE / (made.qrs[1] - made.qrs[0]);
        assert_true(made.qrs[0] - made.p[0] == QRS &&
                    made.qrs[2] - made.qrs[1] == made.qrs[1] - made.qrs[0]);
        assert_true(y[BRADSR] == (bpm < 60) && y[TACHSR] == (bpm > 100));
        assert_true(y[PAC] == 0 && y[AVB1] == 0);
        slow += bpm<60, fast += bpm> 100, usual += bpm >= 60 && bpm <= 100;
    }
    assert_true(slow > 5 && usual > 5 && fast > 0);
}

/* An early beat comes before a pause, brings its own P, and no two follow each other; the labels of
 * the rate are those of the beats that are not early, where the rate was changed. */
static void test_premature(void **state) {
    (void)state;
    int many = 0, slow = 0, fast = 0;
    for (uint64_t seed = 0; seed < 80; seed++) {
        float y[LABELS];
        xp_surgery_beats made;
        int early = 0, before_early = 0;
        make_rhythm(seed % 2 ? 220 : 170); /* 68 or 88 a minute */
        if (!operate(XP_SURGERY_PREMATURE, seed, y, &made)) continue;
        for (int i = 1; i + 1 < made.n_qrs && made.qrs[i + 1] < LENGTH; i++) {
            const int rr = made.qrs[i] - made.qrs[i - 1], next = made.qrs[i + 1] - made.qrs[i];
            const bool now = rr < 0.9 * next;
            assert_false(now && before_early);
            early += before_early = now;
            assert_true(made.qrs[i] - made.p[i] == QRS);
        }
        const double bpm = 60.0 * RATE / (made.qrs[0] - made.p[0] + made.p[1] - made.qrs[0]);
        assert_true(early >= 1 && y[PAC] == 1 && y[AVB1] == 0);
        assert_true(y[BRADSR] == 0 || bpm < 90);
        assert_true(y[TACHSR] == 0 || bpm > 90);
        many += early > 3, slow += y[BRADSR] == 1, fast += y[TACHSR] == 1;
    }
    if (!many || !slow || !fast) fail_msg("%d with many, %d slow, %d fast", many, slow, fast);
}

static void test_long_pr(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        float y[LABELS];
        xp_surgery_beats made;
        make_rhythm(240);
        if (!operate(XP_SURGERY_LONG_PR, seed, y, &made)) continue;
        const int pr = made.qrs[0] - made.p[0];
        assert_true(pr >= 0.235 * RATE && pr <= 0.365 * RATE && y[AVB1] == 1 && y[AVB2] == 0);
        for (int i = 1; i < made.n_qrs; i++) {
            assert_int_equal(made.qrs[i] - made.p[i], pr);
            assert_int_equal(made.p[i] - made.p[i - 1], 240);
        }
    }
}

/* P waves are regular; after some of them no QRS comes. *grows: PR does, until one is missing. */
static int count_dropped(const xp_surgery_beats *made, bool *grows) {
    int dropped = 0, last = 0, q = 0;
    *grows = true;
    for (int i = 0; i + 1 < made->n_p; i++) {
        assert_int_equal(made->p[i + 1] - made->p[i], 240);
        const bool has = q < made->n_qrs && made->qrs[q] < made->p[i + 1];
        dropped += !has;
        const int pr = has ? made->qrs[q++] - made->p[i] : 0;
        if (has && last > 0 && pr <= last) *grows = false;
        last = pr;
    }
    return dropped;
}

static void test_blocks(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        float y[LABELS];
        xp_surgery_beats made;
        bool grows;
        make_rhythm(240);
        assert_true(operate(XP_SURGERY_WENCKEBACH, seed, y, &made));
        assert_true(count_dropped(&made, &grows) >= 1 && grows);
        assert_true(y[AVB2] == 1 && y[AVB2I] == 1 && y[AVB2II] == 0 && y[AVB1] == -1 &&
                    y[BRADSR] == -1);
        assert_true(operate(XP_SURGERY_DROPPED, seed, y, &made));
        assert_true(count_dropped(&made, &grows) >= 1 && !grows);
        assert_true(y[AVB2] == 1 && y[AVB2II] == 1 && y[AVB2I] == 0 && y[AVB1] == 0);
    }
}

static void test_third_degree(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        float y[LABELS];
        xp_surgery_beats made;
        make_rhythm(220);
        assert_true(operate(XP_SURGERY_THIRD_DEGREE, seed, y, &made));
        const int rr = made.qrs[1] - made.qrs[0], pp = made.p[1] - made.p[0];
        assert_true(rr >= 60.0 * RATE / 45.1 && rr <= 60.0 * RATE / 29.9 && pp < 0.8 * rr);
        for (int i = 1; i < made.n_qrs; i++) assert_int_equal(made.qrs[i] - made.qrs[i - 1], rr);
        for (int i = 1; i < made.n_p; i++) assert_true(abs(made.p[i] - made.p[i - 1] - pp) <= 1);
        assert_true(y[AVB3] == 1 && y[AVB2] == -1 && y[AVB1] == -1);
    }
}

/* A fast rhythm has no room before its P waves. */
static void test_no_room(void **state) {
    (void)state;
    float y[LABELS];
    make_rhythm(132);
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_false(operate(XP_SURGERY_LONG_PR, seed, y, NULL));
        assert_false(operate(XP_SURGERY_WENCKEBACH, seed, y, NULL));
        assert_true(y[AVB1] == 0 && y[AVB2] == 0);
    }
}

static void test_which_records(void **state) {
    (void)state;
    float y[LABELS] = {0};
    assert_true(xp_surgery_allowed(NAMES, LABELS, y));
    y[AVB1] = y[LAFB] = 1, y[PAC] = -1;
    assert_true(xp_surgery_allowed(NAMES, LABELS, y));
    y[PAC] = 1;
    assert_false(xp_surgery_allowed(NAMES, LABELS, y));
    assert_true(xp_surgery_teaches(XP_SURGERY_THIRD_DEGREE, NAMES, LABELS));
    assert_false(xp_surgery_teaches(XP_SURGERY_THIRD_DEGREE, NAMES, AVB3));
}

/* The beats of a made rhythm are found where they are; noise and an irregular rhythm have none. */
static void test_finding_beats(void **state) {
    (void)state;
    xp_sinus found;
    xp_error err;
    bool is;
    make_rhythm(200);
    assert_int_equal(xp_sinus_find(&found, &is, before, LENGTH, LEADS, LEAD_NAMES, RATE, &err),
                     XP_OK);
    assert_true(is && found.n >= 10);
    for (int i = 1; i + 1 < found.n; i++) {
        const xp_sinus_beat *b = &found.beat[i];
        const int p = 30 + (b->p - 30 + 100) / 200 * 200;
        assert_true(abs(b->p - p) < 12 && abs(b->p_end - p - P_END) < 12);
        assert_true(abs(b->qrs - p - QRS) < 8 && abs(b->t_end - p - T_END) < 16);
        assert_true(b->p < b->p_end && b->p_end <= b->qrs && b->qrs < b->t_end);
    }
    float y[LABELS];
    uint64_t seed = 0;
    while (!operate(XP_SURGERY_PREMATURE, seed, y, NULL)) seed++; /* no longer regular */
    assert_int_equal(xp_sinus_find(&found, &is, after, LENGTH, LEADS, LEAD_NAMES, RATE, &err),
                     XP_OK);
    assert_false(is);
    xp_rng r = xp_rng_seed(1);
    for (int i = 0; i < COUNT; i++) after[i] = (float)(0.1 * xp_rng_normal(&r));
    assert_int_equal(xp_sinus_find(&found, &is, after, LENGTH, LEADS, LEAD_NAMES, RATE, &err),
                     XP_OK);
    assert_false(is);
}

/* A fill goes forwards and backwards, and ends where the next piece begins. */
static void test_splice(void **state) {
    (void)state;
    xp_splice s = {0};
    float from[40], to[40];
    for (int i = 0; i < 20; i++) from[2 * i] = (float)i, from[2 * i + 1] = 5;
    xp_splice_copy(&s, 0, 5);
    xp_splice_fill(&s, 5, 8, 7);
    xp_splice_copy(&s, 12, 20);
    xp_splice_copy(&s, 3, 3); /* empty */
    assert_int_equal(s.n, 3);
    assert_int_equal(s.total, 20);
    xp_splice_make(&s, from, to, 20, 2);
    for (int i = 0; i < 5; i++) assert_true(to[2 * i] == (float)i);
    assert_true(to[10] == 5 && fabs((double)to[22] - 12) < 1e-6); /* 5 ... 12 over 5 6 7 7 6 5 5 */
    for (int i = 12; i < 20; i++) assert_true(to[2 * i] == (float)i);
    for (int i = 0; i < 20; i++) assert_true(to[2 * i + 1] == 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splice),        cmocka_unit_test(test_waves_and_steps),
        cmocka_unit_test(test_rate),          cmocka_unit_test(test_premature),
        cmocka_unit_test(test_long_pr),       cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_third_degree),  cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_which_records), cmocka_unit_test(test_finding_beats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
