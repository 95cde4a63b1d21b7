/* Electrode swaps by algebra on a made recording of twelve leads: they are named, and nothing is
 * said of the recording as it is. */
#include "support.h"

#include "measure/reversal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 5000, LEADS = 8 };
static const double rate = 500;

/* A bump of compact support, 1 at its middle. */
static double bump(double t, double middle, double width) {
    const double u = (t - middle) / width;
    return fabs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
}

/* Peaks in mV of a normal adult's P, Q, R, S and T in I, II, V1 .. V6. */
static const double waves[LEADS][5] = {
    {0.08, -0.05, 0.75, -0.12, 0.22}, {0.13, -0.06, 1.0, -0.15, 0.3},
    {0.05, 0, 0.25, -1.0, 0.02},      {0.07, 0, 0.55, -1.45, 0.55},
    {0.07, 0, 0.9, -1.0, 0.55},       {0.07, -0.03, 1.5, -0.65, 0.5},
    {0.07, -0.07, 1.4, -0.3, 0.4},    {0.07, -0.08, 1.1, -0.15, 0.3},
};

static void make_leads(double x[LEADS][N]) {
    for (int l = 0; l < LEADS; l++) {
        const double *w = waves[l], *two = waves[l < 2 ? l : 7];
        for (int i = 0; i < N; i++) {
            const double t = fmod(i / rate + 0.4, 0.85) - 0.4;
            x[l][i] = w[0] * bump(t, -0.14, 0.05) + 0.5 * (two[0] - w[0]) * bump(t, -0.12, 0.04) +
                      w[1] * bump(t, -0.028, 0.012) + w[2] * bump(t, 0, 0.025) +
                      w[3] * bump(t, 0.026, 0.022) + w[4] * bump(t, 0.27, 0.1);
        }
    }
}

/* All twelve leads from I, II and V1 to V6. */
static xp_record make_record(double x[LEADS][N]) {
    static const float part_i[6] = {1, 0, -1, -0.5f, 1, -0.5f};
    static const float part_ii[6] = {0, 1, 1, -0.5f, -0.5f, 1};
    xp_record r;
    xp_error e;
    assert_int_equal(xp_record_alloc(&r, "made", rate, XP_LEAD_COUNT, N, &e), XP_OK);
    for (int l = 0; l < XP_LEAD_COUNT; l++) {
        r.leads[l].id = (xp_lead_id)l;
        strcpy(r.leads[l].name, xp_lead_name((xp_lead_id)l));
        r.leads[l].n_missing = 0;
        for (int i = 0; i < N; i++)
            r.leads[l].mv[i] = l < 6 ? part_i[l] * (float)x[0][i] + part_ii[l] * (float)x[1][i]
                                     : (float)x[l - 4][i];
    }
    return r;
}

/* What is found, "" for nothing; "?" where the recording could not be judged. */
static const char *find(double x[LEADS][N]) {
    static char electrodes[8];
    xp_record r = make_record(x);
    xp_quality q;
    xp_measures m;
    xp_error e;
    float basis[XP_REVERSAL_LEADS][XP_REVERSAL_POINTS];
    assert_int_equal(xp_quality_assess(&q, &r, &e), XP_OK);
    assert_int_equal(xp_measure(&m, &r, &q, &e), XP_OK);
    assert_int_equal(xp_reversal_find(&q, &m.median, &r, &e), XP_OK);
    strcpy(electrodes, xp_reversal_basis(basis, &m.median, &r) ? "" : "?");
    for (int i = 0; i < q.n_findings; i++) {
        const xp_quality_finding *f = &q.findings[i];
        if (f->code != XP_QUALITY_REVERSAL) continue;
        assert_true(f->value > 0.4 && f->value <= 1 && f->lead == -1);
        assert_true(f->start_s == 0 && f->end_s == N / rate);
        assert_non_null(strstr(f->text, f->electrodes));
        strcpy(electrodes, f->electrodes);
    }
    xp_measures_free(&m);
    xp_quality_free(&q);
    xp_record_free(&r);
    return electrodes;
}

static void exchange(double *a, double *b) {
    for (int i = 0; i < N; i++) {
        const double x = a[i];
        a[i] = b[i];
        b[i] = x;
    }
}

static void nothing_is_said_of_right_electrodes(void **state) {
    (void)state;
    static double x[LEADS][N];
    make_leads(x);
    assert_string_equal(find(x), "");
}

static void limb_electrodes(void **state) {
    (void)state;
    static double x[LEADS][N];
    make_leads(x);
    for (int i = 0; i < N; i++) {
        x[1][i] -= x[0][i];
        x[0][i] = -x[0][i];
    }
    assert_string_equal(find(x), "LA/RA");
    make_leads(x);
    for (int i = 0; i < N; i++) {
        x[0][i] -= x[1][i];
        x[1][i] = -x[1][i];
    }
    assert_string_equal(find(x), "RA/LL");
    make_leads(x);
    for (int i = 0; i < N; i++) {
        for (int l = 2; l < LEADS; l++) x[l][i] -= x[1][i] / 3;
        x[0][i] -= x[1][i];
        x[1][i] = 0;
    }
    assert_string_equal(find(x), "RA/RL");
}

static void chest_electrodes(void **state) {
    (void)state;
    static double x[LEADS][N];
    make_leads(x);
    exchange(x[2], x[3]);
    assert_string_equal(find(x), "V1/V2");
    make_leads(x);
    exchange(x[2], x[7]);
    assert_string_equal(find(x), "V1/V6");
}

/* Without the chest leads, or without a beat, there is nothing to judge by. */
static void few_leads_are_not_judged(void **state) {
    (void)state;
    static double x[LEADS][N];
    make_leads(x);
    for (int i = 0; i < N; i++) x[4][i] = NAN;
    assert_string_equal(find(x), "?");
    memset(x, 0, sizeof x);
    assert_string_equal(find(x), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_right_electrodes), cmocka_unit_test(limb_electrodes),
        cmocka_unit_test(chest_electrodes), cmocka_unit_test(few_leads_are_not_judged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
