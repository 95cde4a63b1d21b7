/* The quality gate on made recordings: each fault is planted and must be named, with its lead and
 * its time; without one nothing is found. */
#include "support.h"

#include "measure/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A bump of compact support, 1 at its middle. */
static double bump(double t, double middle, double width) {
    const double u = (t - middle) / width;
    return fabs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
}

/* A beat at 0 s: P, Q, R, S and T. */
static double beat(double t) {
    return 0.12 * bump(t, -0.16, 0.05) - 0.1 * bump(t, -0.025, 0.012) + bump(t, 0, 0.02) -
           0.25 * bump(t, 0.03, 0.018) + 0.3 * bump(t, 0.28, 0.09);
}

static uint32_t random_state;

/* Noise of mean 0 and standard deviation 1. */
static double noise(void) {
    double sum = 0;
    for (int i = 0; i < 12; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        sum += (double)(random_state >> 8) / 16777216.0;
    }
    return sum - 6;
}

/* 12 leads (or the first of them) at 75 beats a minute with 5 uV of noise in I, II and V1 to V6. */
static xp_record make_record(double rate, double seconds, int n_leads) {
    static const float part_i[XP_LEAD_COUNT] = {1, 0, -1, -0.5f, 1, -0.5f, 0, 0, 0, 0, 0, 0};
    static const float part_ii[XP_LEAD_COUNT] = {0, 1, 1, -0.5f, -0.5f, 1, 0, 0, 0, 0, 0, 0};
    static const double height[XP_LEAD_COUNT] = {0.7, 1, 0, 0, 0, 0, -0.5, 0.4, 0.8, 1.4, 1.2, 0.9};
    xp_record r;
    xp_error e;
    random_state = 7;
    assert_int_equal(
        xp_record_alloc(&r, "made", rate, n_leads, (int64_t)floor(seconds * rate + 0.5), &e),
        XP_OK);
    for (int l = 0; l < n_leads; l++) {
        r.leads[l].id = (xp_lead_id)l;
        strcpy(r.leads[l].name, xp_lead_name((xp_lead_id)l));
        r.leads[l].n_missing = 0;
    }
    for (int64_t i = 0; i < r.n; i++) {
        const double t = (double)i / rate, phase = fmod(t + 0.4, 0.8) - 0.4;
        float made[XP_LEAD_COUNT];
        for (int l = 0; l < XP_LEAD_COUNT; l++)
            made[l] = (float)(height[l] * beat(phase) + 0.005 * noise());
        for (int l = 0; l < n_leads; l++)
            r.leads[l].mv[i] =
                l < XP_LEAD_V1 ? part_i[l] * made[0] + part_ii[l] * made[1] : made[l];
    }
    return r;
}

static xp_quality assess(const xp_record *r) {
    xp_quality q;
    xp_error e;
    assert_int_equal(xp_quality_assess(&q, r, &e), XP_OK);
    assert_int_equal(q.n_leads, r->n_leads);
    for (int i = 0; i < q.n_findings; i++) {
        const xp_quality_finding *f = &q.findings[i];
        assert_true(f->start_s >= 0 && f->end_s >= f->start_s && isfinite(f->value));
        assert_true(f->end_s <= (double)r->n / r->rate + 1e-9);
        assert_true(f->unit && f->text[0] && strlen(f->text) < sizeof f->text - 1);
    }
    return q;
}

static void assert_found(const xp_quality *q, xp_quality_code code, int lead, double start_s,
                         double end_s) {
    for (int i = 0; i < q->n_findings; i++) {
        const xp_quality_finding *f = &q->findings[i];
        if (f->code == code && f->lead == lead && f->start_s < end_s && f->end_s > start_s) return;
    }
    for (int i = 0; i < q->n_findings && i < 10; i++)
        print_message("instead: %s\n", q->findings[i].text);
    fail_msg("%s of lead %d not found", xp_quality_name(code), lead);
}

typedef struct fault {
    xp_quality_code code;
    double size;
} fault;

/* In [3, 6) s of a lead. */
static void plant(xp_record *r, int lead, const fault *f) {
    float *x = r->leads[lead].mv;
    const int64_t from = (int64_t)(3 * r->rate), to = (int64_t)(6 * r->rate);
    for (int64_t i = 0; i < r->n; i++) {
        const double t = (double)i / r->rate;
        const bool inside = i >= from && i < to;
        if (f->code == XP_QUALITY_WANDER) x[i] += (float)(f->size * sin(6.283185307 * 0.3 * t));
        if (f->code == XP_QUALITY_STEP && i >= from) x[i] += (float)f->size;
        if (!inside) continue;
        if (f->code == XP_QUALITY_FLAT) x[i] = x[from];
        if (f->code == XP_QUALITY_SATURATED) x[i] = (float)f->size;
        if (f->code == XP_QUALITY_GAP) x[i] = NAN;
        if (f->code == XP_QUALITY_MAINS_50) x[i] += (float)(f->size * sin(6.283185307 * 50 * t));
        if (f->code == XP_QUALITY_MAINS_60) x[i] += (float)(f->size * sin(6.283185307 * 60 * t));
        if (f->code == XP_QUALITY_MUSCLE) x[i] += (float)(f->size * noise());
        if (f->code == XP_QUALITY_EINTHOVEN) x[i] += (float)f->size;
    }
}

static const fault faults[] = {
    {XP_QUALITY_FLAT, 0},         {XP_QUALITY_SATURATED, 5},     {XP_QUALITY_SATURATED, -3},
    {XP_QUALITY_GAP, 0},          {XP_QUALITY_MAINS_50, 0.05},   {XP_QUALITY_MAINS_50, 0.3},
    {XP_QUALITY_MAINS_60, 0.05},  {XP_QUALITY_WANDER, 0.5},      {XP_QUALITY_WANDER, 1.5},
    {XP_QUALITY_MUSCLE, 0.1},     {XP_QUALITY_STEP, 1},          {XP_QUALITY_STEP, -0.6},
    {XP_QUALITY_EINTHOVEN, 0.25}, {XP_QUALITY_EINTHOVEN, -0.25},
};

static void planted_faults_are_named(void **state) {
    (void)state;
    static const double rates[] = {250, 500, 1000};
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
            for (int lead = 0; lead < XP_LEAD_COUNT; lead += 2) {
                if (faults[i].code == XP_QUALITY_EINTHOVEN && lead >= XP_LEAD_V1) continue;
                xp_record r = make_record(rates[k], 10, XP_LEAD_COUNT);
                plant(&r, lead, &faults[i]);
                xp_quality q = assess(&r);
                assert_found(&q, faults[i].code, lead, 3, 6);
                assert_int_not_equal(q.grade, XP_GRADE_GOOD);
                assert_true(q.leads[lead].usable);
                xp_quality_free(&q);
                xp_record_free(&r);
            }
        }
    }
}

static void clean_recordings_have_none(void **state) {
    (void)state;
    static const double rates[] = {100, 125, 250, 360, 500, 1000};
    static const double lengths[] = {4, 10, 65};
    static const int leads[] = {1, 2, 3, 6, 8, 12};
    for (size_t k = 0; k < 6 * 3 * 6; k++) {
        xp_record r = make_record(rates[k % 6], lengths[k / 6 % 3], leads[k / 18]);
        xp_quality q = assess(&r);
        for (int i = 0; i < q.n_findings; i++) print_message("%s\n", q.findings[i].text);
        assert_int_equal(q.n_findings, 0);
        assert_int_equal(q.grade, XP_GRADE_GOOD);
        for (int l = 0; l < q.n_leads; l++) {
            assert_true(q.leads[l].usable);
            assert_true(q.leads[l].noise_uv > 1 && q.leads[l].noise_uv < 12);
            assert_true(q.leads[l].baseline_uv < 150);
            assert_true(r.rate < 110 ? q.leads[l].mains_hz == 0 : q.leads[l].mains_uv < 5);
        }
        xp_quality_free(&q);
        xp_record_free(&r);
    }
}

/* The clipped tops of the beats, without any long stretch at the rail. */
static void clipped_tops_are_saturation(void **state) {
    (void)state;
    xp_record r = make_record(500, 10, 3);
    for (int64_t i = 0; i < r.n; i++)
        if (r.leads[1].mv[i] > 0.5f) r.leads[1].mv[i] = 0.5f;
    xp_quality q = assess(&r);
    assert_found(&q, XP_QUALITY_SATURATED, 1, 0, 10);
    xp_quality_free(&q);
    xp_record_free(&r);
}

/* Silence between beats in all leads alike is a pause; in one lead it is a fault. */
static void a_pause_is_not_flat(void **state) {
    (void)state;
    xp_record r = make_record(500, 10, 3);
    for (int l = 0; l < 3; l++)
        for (int64_t i = 2000; i < 2700; i++) r.leads[l].mv[i] = 0;
    xp_quality q = assess(&r);
    assert_int_equal(q.n_findings, 0);
    xp_quality_free(&q);
    r.leads[1].mv[2300] = 0.1f;
    q = assess(&r);
    assert_found(&q, XP_QUALITY_FLAT, 0, 4, 5.4);
    xp_quality_free(&q);
    xp_record_free(&r);
}

/* Within a complex too, whose edges hide the step's own: the levels before and after it stay. */
static void steps_are_told_within_complexes(void **state) {
    (void)state;
    for (double height = -1; height <= 1; height += 2)
        for (double at_s = 3.97; at_s < 4.04; at_s += 0.005) {
            xp_record r = make_record(500, 10, XP_LEAD_COUNT);
            float *x = r.leads[XP_LEAD_V5].mv;
            for (int64_t i = (int64_t)(at_s * r.rate); i < r.n; i++) x[i] += (float)height;
            xp_quality q = assess(&r);
            assert_found(&q, XP_QUALITY_STEP, XP_LEAD_V5, at_s - 0.1, at_s + 0.1);
            xp_quality_free(&q);
            xp_record_free(&r);
        }
}

/* A step is told wherever it lies between the complexes: on the slope of T, too, and early. */
static void steps_are_told_at_any_phase(void **state) {
    (void)state;
    for (int k = 0; k < 2 * 2 * 34; k++) {
        const double at_s = (k % 2 ? 5.6 : 0.8) + 0.06 + 0.02 * (k / 4); /* 0.8: a beat */
        const float mv = k / 2 % 2 ? 0.8f : -0.8f;
        xp_record r = make_record(500, 10, XP_LEAD_COUNT);
        for (int64_t i = 0; i < r.n; i++) r.leads[XP_LEAD_V4].mv[i] *= 2; /* a high T wave */
        for (int64_t i = (int64_t)(at_s * r.rate); i < r.n; i++) r.leads[XP_LEAD_V4].mv[i] += mv;
        xp_quality q = assess(&r);
        assert_found(&q, XP_QUALITY_STEP, XP_LEAD_V4, at_s - 0.1, at_s + 0.1);
        xp_quality_free(&q);
        xp_record_free(&r);
    }
}

/* A calibration pulse of 1 mV in [from_s, from_s + 0.2), with 80 ms of its zero on both sides. */
static void put_pulse(xp_record *r, double from_s) {
    for (int l = 0; l < r->n_leads; l++)
        for (int64_t i = 0; i < r->n; i++) {
            const double t = (double)i / r->rate - from_s;
            if (t >= -0.08 && t < 0.28)
                r->leads[l].mv[i] = (t >= 0 && t < 0.2 ? 1 : 0) + 0.004f * (float)(l % 3);
        }
}

/* It is no fault; all leads at the rail are. */
static void a_calibration_pulse_is_told_apart(void **state) {
    (void)state;
    static const double starts[] = {0.08, 4, 9.72};
    for (size_t k = 0; k < 3; k++) {
        xp_record r = make_record(500, 10, XP_LEAD_COUNT);
        put_pulse(&r, starts[k]);
        xp_quality q = assess(&r);
        for (int i = 0; i < q.n_findings; i++) print_message("%s\n", q.findings[i].text);
        assert_int_equal(q.n_findings, 0);
        assert_int_equal(q.n_pulses, 1);
        assert_float_equal(q.pulses[0].start_s, starts[k] - 0.08, 0.05);
        assert_float_equal(q.pulses[0].end_s, starts[k] + 0.28, 0.05);
        xp_quality_free(&q);
        for (int l = 0; l < r.n_leads; l++)
            for (int64_t i = 2000; i < 2100; i++) r.leads[l].mv[i] = 5;
        q = assess(&r);
        assert_int_equal(q.n_pulses, k == 1 ? 0 : 1);
        assert_found(&q, XP_QUALITY_SATURATED, XP_LEAD_V1, 4, 4.2);
        xp_quality_free(&q);
        xp_record_free(&r);
    }
}

static void dead_leads_are_refused(void **state) {
    (void)state;
    xp_record r = make_record(500, 10, XP_LEAD_COUNT);
    for (int64_t i = 0; i < r.n; i++) {
        r.leads[XP_LEAD_V2].mv[i] = 0;
        r.leads[XP_LEAD_V3].mv[i] = NAN;
        r.leads[XP_LEAD_V4].mv[i] = i % 10 == 0 ? 1 : -1;
    }
    xp_quality q = assess(&r);
    assert_found(&q, XP_QUALITY_FLAT, XP_LEAD_V2, 0, 10);
    assert_found(&q, XP_QUALITY_GAP, XP_LEAD_V3, 0, 10);
    assert_false(q.leads[XP_LEAD_V2].usable || q.leads[XP_LEAD_V3].usable);
    assert_false(q.leads[XP_LEAD_V4].usable); /* noise alone */
    assert_true(q.leads[XP_LEAD_V5].usable && isnan(q.leads[XP_LEAD_V3].noise_uv));
    assert_int_equal(q.grade, XP_GRADE_UNUSABLE);
    assert_false(xp_quality_clean(&q, XP_LEAD_V2, 2, 3));
    assert_true(xp_quality_clean(&q, XP_LEAD_V5, 2, 3));
    xp_quality_free(&q);
    xp_record_free(&r);
}

/* Nothing to judge, or values that no amplifier gives: an answer, and no crash. */
static void odd_recordings_are_judged(void **state) {
    (void)state;
    static const float values[] = {0, 1, NAN, INFINITY, -INFINITY, 3e38f, 1e-40f};
    static const double rates[] = {1e-3, 1, 100, 1000, 1e6};
    static const int64_t counts[] = {0, 1, 2, 3, 50, 2500};
    for (size_t k = 0; k < 7 * 5 * 6; k++) {
        xp_record r;
        xp_error e;
        assert_int_equal(xp_record_alloc(&r, "odd", rates[k % 5], 2, counts[k / 5 % 6], &e), XP_OK);
        for (int64_t i = 0; i < r.n; i++) {
            r.leads[0].mv[i] = values[k / 30];
            r.leads[1].mv[i] = i % 2 ? values[k / 30] : -values[k / 30];
        }
        xp_quality q = assess(&r);
        xp_quality_free(&q);
        xp_record_free(&r);
    }
}

/* A long recording whose every second has a fault: the number of findings stays bounded. */
static void findings_are_bounded(void **state) {
    (void)state;
    xp_record r = make_record(100, 1200, 2);
    for (int64_t i = 0; i < r.n; i++)
        if (i / 100 % 3 == 0) r.leads[1].mv[i] = NAN;
    xp_quality q = assess(&r);
    assert_in_range(q.n_findings, 10, 200);
    for (int i = 1; i < q.n_findings; i++)
        assert_true(q.findings[i].start_s >= q.findings[i - 1].start_s);
    assert_found(&q, XP_QUALITY_GAP, 1, 1190, 1200);
    xp_quality_free(&q);
    xp_record_free(&r);
}

static void an_empty_recording_is_judged(void **state) {
    (void)state;
    const xp_record r = {.name = "none", .rate = 500};
    xp_quality q = assess(&r);
    assert_int_equal(q.n_findings, 0);
    assert_int_equal(q.grade, XP_GRADE_UNUSABLE);
    xp_quality_free(&q);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(planted_faults_are_named),
                                       cmocka_unit_test(clean_recordings_have_none),
                                       cmocka_unit_test(clipped_tops_are_saturation),
                                       cmocka_unit_test(steps_are_told_at_any_phase),
                                       cmocka_unit_test(steps_are_told_within_complexes),
                                       cmocka_unit_test(a_calibration_pulse_is_told_apart),
                                       cmocka_unit_test(dead_leads_are_refused),
                                       cmocka_unit_test(a_pause_is_not_flat),
                                       cmocka_unit_test(odd_recordings_are_judged),
                                       cmocka_unit_test(findings_are_bounded),
                                       cmocka_unit_test(an_empty_recording_is_judged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
