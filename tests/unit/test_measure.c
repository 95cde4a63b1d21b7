#include "support.h"

#include "base/rng.h"
#include "ecg/sinpi.h"
#include "measure/measure.h"
#include "measure/quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made by this test; what the numbers are is for the others to check. */
#define EXPECTED_HASH 0xcc37ec5d9400ab1du
#define EXPECTED_IN_MAINS 0xcf9ab651a132446du

enum { RATE = 500, SECONDS = 10 };

/* ==== records ================================================================================ */

static xp_record make_record(double rate, int n_leads, int64_t n) {
    xp_record rec = {0};
    xp_error err;
    assert_int_equal(xp_record_alloc(&rec, "made", rate, n_leads, n, &err), XP_OK);
    for (int l = 0; l < n_leads; l++) {
        rec.leads[l].id = (xp_lead_id)(l % XP_LEAD_COUNT);
        snprintf(rec.leads[l].name, sizeof rec.leads[l].name, "%s", xp_lead_name(rec.leads[l].id));
    }
    return rec;
}

static double triangle(double t, double on, double off) {
    const double u = (t - on) / (off - on);
    return u <= 0 || u >= 1 ? 0 : 1 - fabs(2 * u - 1);
}

static double parabola(double t, double on, double off) {
    const double u = (t - on) / (off - on);
    return u <= 0 || u >= 1 ? 0 : 4 * u * (1 - u);
}

/* P 100 ms, PR 160 ms, QRS 90 ms, QT 380 ms; what a lead shows of them differs by its number. */
static double wave_at(double t, int lead) {
    const double size = 1 - 0.13 * lead;
    return 0.15 * size * parabola(t, -0.16, -0.06) + 1.2 * size * triangle(t, 0, 0.05) -
           0.4 * (size + 0.2) * triangle(t, 0.045, 0.09) + 0.3 * size * parabola(t, 0.2, 0.38);
}

/* Beats at 0.45 s and every rr after it. */
static void fill(xp_record *rec, double rr) {
    for (int l = 0; l < rec->n_leads; l++)
        for (int64_t i = 0; i < rec->n; i++) {
            const double t = (double)i / rec->rate - 0.45;
            const double beat = floor((t + 0.2) / rr);
            rec->leads[l].mv[i] = beat < 0 ? 0 : (float)wave_at(t - beat * rr, l);
        }
}

static void measure_made(xp_measures *m, const xp_record *rec) {
    xp_error err;
    assert_int_equal(xp_measure(m, rec, NULL, &err), XP_OK);
}

static double value(const xp_measures *m, xp_quantity_id id) {
    return m->quantities[id].value;
}

static void expect_near(const xp_measures *m, xp_quantity_id id, double want, double limit) {
    if (!(fabs(value(m, id) - want) <= limit))
        fail_msg("%s is %g, not %g", xp_quantity_get(id)->name, value(m, id), want);
}

/* ==== tests ================================================================================== */

static void known_intervals(void **state) {
    (void)state;
    const double rates[] = {100, 250, 360, 500, 1000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const double more = rates[i] < 250 ? 2000 / rates[i] : 0; /* sharp edges ring */
        xp_record rec = make_record(rates[i], 12, (int64_t)(rates[i] * SECONDS));
        xp_measures m;
        fill(&rec, 0.9);
        measure_made(&m, &rec);
        expect_near(&m, XP_HEART_RATE, 66.7, 0.2);
        expect_near(&m, XP_P_DURATION, 100, 10 + more);
        expect_near(&m, XP_PR_INTERVAL, 160, 10 + more);
        expect_near(&m, XP_QRS_DURATION, 90, 6 + more);
        expect_near(&m, XP_QT_INTERVAL, 380, 12 + more);
        assert_int_equal(m.p_waves, XP_PRESENT);
        assert_int_equal(m.irregularity, XP_RHYTHM_REGULAR);
        xp_measures_free(&m);
        xp_record_free(&rec);
    }
}

/* A ventricular complex and its T wave, 160 ms wide. */
static double ventricular_at(double t, int lead) {
    const double size = lead % 3 == 1 ? -1.1 : 0.9 - 0.1 * lead;
    return 1.1 * size * triangle(t, 0, 0.1) - 0.5 * triangle(t, 0.07, 0.16) -
           0.4 * size * parabola(t, 0.2, 0.42);
}

/* Beats every 0.8 s. The fourth and the ninth are ventricular and 0.24 s early; the seventh is half
 * a beat as the others and half a ventricular one that is `ahead` s ahead. */
static void fill_fused(xp_record *rec, double early, double ahead) {
    for (int l = 0; l < rec->n_leads; l++)
        for (int64_t i = 0; i < rec->n; i++) {
            double sum = 0;
            for (int b = 0; b < 12; b++) {
                const double t = (double)i / rec->rate - 0.45 - 0.8 * b;
                if (b == 3 || b == 8)
                    sum += ventricular_at(t + 0.24, l);
                else if (b == 6)
                    sum += wave_at(t + early, l) / 2 + ventricular_at(t + early + ahead, l) / 2;
                else
                    sum += wave_at(t, l);
            }
            rec->leads[l].mv[i] = (float)sum;
        }
}

static void expect_kinds(double rate, int n_leads, double early, double ahead, const char *kinds) {
    xp_record rec = make_record(rate, n_leads, (int64_t)(rate * SECONDS));
    xp_measures m;
    char got[32] = "";
    int fused = 0;
    fill_fused(&rec, early, ahead);
    measure_made(&m, &rec);
    for (int i = 0; i < m.n_beats && i < 31; i++) {
        got[i] = m.beats[i].kind;
        fused += m.beats[i].kind == 'F';
    }
    assert_string_equal(got, kinds);
    assert_int_equal(m.n_fusion, fused);
    xp_measures_free(&m);
    xp_record_free(&rec);
}

/* Both complexes at once, where a beat was due; the same too early is none. */
static void fusion_beats(void **state) {
    (void)state;
    const double rates[] = {250, 360, 374, 500, 1000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (double ahead = 0; ahead < 0.05; ahead += 0.02) {
            expect_kinds(rates[i], 12, 0, ahead, "NNNVNNFNVNNN");
            expect_kinds(rates[i], 2, 0, ahead, "NNNVNNFNVNNN");
        }
    expect_kinds(500, 12, 0.28, 0.02, "NNNVNNVNVNNN");
}

static void no_number_without_a_reason(const xp_measures *m) {
    for (int i = 0; i < XP_QUANTITY_COUNT; i++) {
        const xp_quantity *q = &m->quantities[i];
        assert_true(isnan(q->value) == (q->reason != XP_REASON_NONE));
        assert_true(isnan(q->value) == (q->reliability == XP_RELIABILITY_NONE));
    }
}

static void few_beats(void **state) {
    (void)state;
    xp_record rec = make_record(RATE, 12, RATE * 5);
    xp_measures m;
    fill(&rec, 3.1);
    measure_made(&m, &rec);
    no_number_without_a_reason(&m);
    assert_true(isnan(value(&m, XP_QT_INTERVAL)));
    xp_measures_free(&m);
    xp_record_free(&rec);
}

/* What no lead should hold: nothing breaks, and nothing is made up. */
static void strange_samples(void **state) {
    (void)state;
    enum { KINDS = 9, TIMES = 40 };
    xp_rng rng;
    rng = xp_rng_seed(7);
    for (int k = 0; k < KINDS * TIMES; k++) {
        const int64_t n = k / KINDS % 4 == 3 ? 1 + k % 7 : 100 + 137 * k % 7000;
        const double rates[] = {50, 100, 250, 500, 1000, 4000};
        xp_record rec = make_record(rates[k % 6], 1 + k % 13, n);
        for (int l = 0; l < rec.n_leads; l++)
            for (int64_t i = 0; i < n; i++) {
                const float x = (float)xp_rng_uniform(&rng) - 0.5f;
                const float values[KINDS] = {x,
                                             0,
                                             NAN,
                                             x * 1e30f,
                                             x * 1e-30f,
                                             INFINITY,
                                             i % 50 ? 0 : 1,
                                             x > 0 ? 5 : -5,
                                             x > 0.3f ? NAN : (float)(i % 400) * x};
                rec.leads[l].mv[i] = values[k % KINDS];
            }
        xp_measures m;
        measure_made(&m, &rec);
        no_number_without_a_reason(&m);
        xp_measures_free(&m);
        xp_record_free(&rec);
    }
}

static void refused_rates(void **state) {
    (void)state;
    const double rates[] = {1, 49, 5000, 1e6};
    for (int i = 0; i < 4; i++) {
        xp_record rec = make_record(rates[i], 2, 100);
        xp_measures m;
        xp_error err;
        assert_int_equal(xp_measure(&m, &rec, NULL, &err), XP_ERR_LIMIT);
        assert_int_equal(m.n_beats, 0);
        xp_record_free(&rec);
    }
}

static void unusable_leads(void **state) {
    (void)state;
    xp_record rec = make_record(RATE, 12, RATE * SECONDS);
    xp_measures m;
    xp_error err;
    fill(&rec, 0.9);
    for (int64_t i = 0; i < rec.n; i++) rec.leads[3].mv[i] = 0.25f;
    xp_quality_lead leads[12];
    for (int l = 0; l < 12; l++) leads[l] = (xp_quality_lead){.usable = l != 5};
    const xp_quality quality = {.leads = leads, .n_leads = 12};
    assert_int_equal(xp_measure(&m, &rec, &quality, &err), XP_OK);
    assert_int_equal(m.leads[3].reason, XP_REASON_FLAT);
    assert_int_equal(m.leads[5].reason, XP_REASON_NOISE);
    assert_true(isnan(m.leads[5].mv[XP_AMPLITUDE_R]));
    assert_null(m.leads[5].beats);
    assert_true(isnan(m.median.mv[5 * m.median.n]));
    assert_float_equal(m.leads[0].mv[XP_AMPLITUDE_R], 1.2, 0.06);
    expect_near(&m, XP_QRS_DURATION, 90, 6);
    xp_measures_free(&m);
    xp_record_free(&rec);
}

/* Leads whose waves begin later and end earlier than those of the first ones, each by its own. */
static double lead_wave_at(double t, int lead, double late) {
    const double size = lead % 3 == 2 ? -0.8 : 1;
    return 0.15 * size * parabola(t, -0.16 + late, -0.06 - late / 2) +
           1.2 * size * triangle(t, late / 2, 0.05) -
           0.4 * size * triangle(t, 0.045, 0.09 - late / 2) +
           0.3 * size * parabola(t, 0.2 + late, 0.38 - late);
}

static double late_of(int lead) {
    return lead < 6 ? 0 : 0.004 * (lead - 5);
}

static void expect_inside(const xp_wave *wave, const xp_wave *global) {
    assert_true(wave->onset >= global->onset && wave->offset <= global->offset);
    assert_true(wave->onset <= wave->peak && wave->peak <= wave->offset);
}

static void expect_mark(double got, double want, double limit) {
    if (!(fabs(got - want) <= limit)) fail_msg("a mark is at %g s, not %g", got, want);
}

static void marks_of_leads(void **state) {
    (void)state;
    xp_record rec = make_record(RATE, 12, RATE * SECONDS);
    xp_measures m;
    for (int l = 0; l < rec.n_leads; l++)
        for (int64_t i = 0; i < rec.n; i++) {
            const double t = (double)i / rec.rate - 0.45, beat = floor((t + 0.2) / 0.9);
            rec.leads[l].mv[i] = beat < 0 ? 0 : (float)lead_wave_at(t - beat * 0.9, l, late_of(l));
        }
    measure_made(&m, &rec);
    for (int l = 0; l < m.n_leads; l++)
        for (int b = 1; b + 1 < m.n_beats; b++) {
            const xp_waves *v = &m.leads[l].beats[b];
            const double beat = 0.45 + 0.9 * b - m.beats[b].time_s, late = late_of(l);
            expect_inside(&v->p, &m.beats[b].waves.p);
            expect_inside(&v->qrs, &m.beats[b].waves.qrs);
            expect_inside(&v->t, &m.beats[b].waves.t);
            expect_mark(v->p.onset, beat - 0.16 + late, 0.008);
            expect_mark(v->p.offset, beat - 0.06 - late / 2, 0.008);
            expect_mark(v->qrs.onset, beat + late / 2, 0.005);
            expect_mark(v->qrs.offset, beat + 0.09 - late / 2, 0.005);
            expect_mark(v->t.onset, beat + 0.2 + late, 0.016);
            expect_mark(v->t.offset, beat + 0.38 - late, 0.012);
        }
    /* What ends earlier is shorter. */
    assert_true(m.leads[11].duration_ms[XP_AMPLITUDE_P] + 20 <
                m.leads[0].duration_ms[XP_AMPLITUDE_P]);
    xp_measures_free(&m);
    xp_record_free(&rec);
}

static uint64_t hash_waves(uint64_t hash, const xp_waves *v) {
    const float marks[] = {v->p.onset,    v->p.peak,  v->p.offset, v->qrs.onset, v->qrs.peak,
                           v->qrs.offset, v->t.onset, v->t.peak,   v->t.offset};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        uint32_t bits = 0; /* of NaN too: its sign is the machine's */
        if (marks[i] == marks[i]) memcpy(&bits, &marks[i], sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

static uint64_t hash_measures(const xp_measures *m) {
    uint64_t hash = 1469598103934665603u;
    for (int i = 0; i < XP_QUANTITY_COUNT; i++) {
        double v[3] = {m->quantities[i].value, m->quantities[i].low, m->quantities[i].high};
        for (int k = 0; k < 3; k++) {
            uint64_t bits = 0;
            if (v[k] == v[k]) memcpy(&bits, &v[k], sizeof bits);
            hash = (hash ^ bits) * 1099511628211u;
        }
    }
    for (int i = 0; i < m->median.n * m->median.n_leads; i++) {
        uint32_t bits;
        memcpy(&bits, &m->median.mv[i], sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    for (int l = 0; l < m->n_leads; l++)
        for (int b = 0; b < m->n_beats; b++) hash = hash_waves(hash, &m->leads[l].beats[b]);
    return hash;
}

static xp_record make_noisy(int n_leads) {
    xp_record rec = make_record(360, n_leads, 360 * SECONDS);
    xp_rng rng = xp_rng_seed(11);
    fill(&rec, 0.77);
    for (int l = 0; l < rec.n_leads; l++)
        for (int64_t i = 0; i < rec.n; i++)
            rec.leads[l].mv[i] += ((float)xp_rng_uniform(&rng) - 0.5f) * 0.04f;
    return rec;
}

/* A hash of every number: the native program and the WebAssembly one must find these bits. */
static void same_bits_everywhere(void **state) {
    (void)state;
    xp_record rec = make_noisy(8);
    xp_measures m;
    measure_made(&m, &rec);
    const uint64_t hash = hash_measures(&m);
    print_message("hash %016llx\n", (unsigned long long)hash);
    assert_true(hash == EXPECTED_HASH);
    xp_measures_free(&m);
    xp_record_free(&rec);
}

/* The mains in all leads, a burst in V2, V1 at the rail: all are told, and the numbers are those
 * without them. */
static void same_bits_in_mains(void **state) {
    (void)state;
    xp_record rec = make_noisy(12);
    xp_rng rng = xp_rng_seed(3);
    xp_quality quality;
    xp_measures m;
    xp_error err;
    for (int l = 0; l < rec.n_leads; l++)
        for (int64_t i = 0; i < rec.n; i++) {
            rec.leads[l].mv[i] += 0.3f * (float)xp_sin_pi((double)i * 120 / rec.rate + 0.1 * l);
            if (l == XP_LEAD_V2 && i > 4 * rec.rate && i < 5.5 * rec.rate)
                rec.leads[l].mv[i] += 4 * ((float)xp_rng_uniform(&rng) - 0.5f);
            if (l == XP_LEAD_V1 && i > 8 * rec.rate && i < 8.6 * rec.rate) rec.leads[l].mv[i] = 5;
        }
    assert_int_equal(xp_quality_assess(&quality, &rec, &err), XP_OK);
    assert_int_equal(xp_measure(&m, &rec, &quality, &err), XP_OK);
    expect_near(&m, XP_HEART_RATE, 60 / 0.77, 0.5);
    expect_near(&m, XP_PR_INTERVAL, 160, 10);
    expect_near(&m, XP_QRS_DURATION, 90, 6);
    expect_near(&m, XP_QT_INTERVAL, 380, 12);
    const uint64_t hash = hash_measures(&m);
    print_message("hash %016llx\n", (unsigned long long)hash);
    assert_true(hash == EXPECTED_IN_MAINS);
    xp_measures_free(&m);
    xp_quality_free(&quality);
    xp_record_free(&rec);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_intervals),    cmocka_unit_test(few_beats),
        cmocka_unit_test(strange_samples),    cmocka_unit_test(refused_rates),
        cmocka_unit_test(unusable_leads),     cmocka_unit_test(marks_of_leads),
        cmocka_unit_test(fusion_beats),       cmocka_unit_test(same_bits_everywhere),
        cmocka_unit_test(same_bits_in_mains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
