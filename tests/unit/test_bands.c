/* The bands of the curves against the same computed the long way: every resample as a list of cases
 * of its own, its curve, a section through it. */
#include "support.h"

#include "eval/metrics_bands.h"
#include "eval/metrics_column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 90, LABELS = 2, SECTIONS = 41, RESAMPLES = 60 };

typedef struct sample {
    double score[CASES * LABELS];
    int8_t truth[CASES * LABELS];
    uint64_t patient[CASES];
    xp_predictions p;
} sample;

/* Two cases a patient, scores with ties, some truths unknown. */
static void sample_fill(sample *s) {
    xp_rng r = xp_rng_seed(7);
    for (int i = 0; i < CASES; i++) {
        s->patient[i] = (uint64_t)i / 2;
        for (int l = 0; l < LABELS; l++) {
            int truth = xp_rng_uniform(&r) < 0.3;
            s->truth[i * LABELS + l] = (int8_t)(xp_rng_uniform(&r) < 0.1 ? -1 : truth);
            double score = 0.3 * truth + 0.7 * xp_rng_uniform(&r);
            s->score[i * LABELS + l] = floor(score * 25) / 25;
        }
    }
    s->p = (xp_predictions){s->score, s->truth, s->patient, CASES, LABELS};
}

/* Label 1 alone, each case as often as it was drawn. */
static xp_predictions redrawn(const sample *s, const uint32_t *weight, double *score,
                              int8_t *truth) {
    size_t n = 0;
    for (int i = 0; i < CASES; i++)
        for (uint32_t k = 0; k < weight[i]; k++) {
            score[n] = s->score[i * LABELS + 1];
            truth[n++] = s->truth[i * LABELS + 1];
        }
    return (xp_predictions){score, truth, NULL, n, 1};
}

static double roc_at(const xp_curve *c, double x) {
    for (size_t i = c->n; i-- > 0;) { /* the last point at or before x, and the way to the next */
        if (c->x[i] > x + 1e-12) continue;
        if (i + 1 == c->n) return c->y[i];
        double wide = c->x[i + 1] - c->x[i];
        return c->y[i] + (c->y[i + 1] - c->y[i]) * (x - c->x[i]) / wide;
    }
    return NAN;
}

static double pr_at(const xp_curve *c, double x) {
    for (size_t i = 1; i < c->n; i++)
        if (c->x[i] > 0 && c->x[i] >= x - 1e-12) return c->y[i];
    return NAN;
}

static void check_band(bool roc) {
    static double value[SECTIONS][RESAMPLES], score[CASES * 64];
    static int8_t truth[CASES * 64];
    static sample s;
    xp_error err;
    xp_redrawer r;
    xp_band band;
    sample_fill(&s);
    xp_eval_options o = {.level = 0.9, .resamples = RESAMPLES, .seed = 3, .bins = 10};
    assert_int_equal(xp_redrawer_make(&s.p, o.seed, &r, &err), XP_OK);
    for (int i = 0; i < RESAMPLES; i++) {
        xp_curve c;
        xp_redraw(&r);
        xp_predictions p = redrawn(&s, r.weight, score, truth);
        assert_int_equal(roc ? xp_roc_curve(&p, 0, &c, &err) : xp_pr_curve(&p, 0, &c, &err), XP_OK);
        for (int k = 0; k < SECTIONS; k++) {
            double x = (double)k / (SECTIONS - 1);
            value[k][i] = c.n ? (roc ? roc_at(&c, x) : pr_at(&c, x)) : NAN;
        }
        xp_curve_free(&c);
    }
    xp_redrawer_free(&r);
    assert_int_equal(roc ? xp_roc_band(&s.p, 1, o, SECTIONS, &band, &err)
                         : xp_pr_band(&s.p, 1, o, SECTIONS, &band, &err),
                     XP_OK);
    for (int k = 0; k < SECTIONS; k++) {
        xp_bootstrap want = xp_percentiles(value[k], RESAMPLES, o.level);
        if (!(fabs(band.low[k] - want.low) < 1e-9 && fabs(band.high[k] - want.high) < 1e-9))
            fail_msg("section %d: %g to %g, expected %g to %g", k, band.low[k], band.high[k],
                     want.low, want.high);
    }
    xp_band_free(&band);
}

static void roc_band_is_that_of_the_resamples(void **state) {
    (void)state;
    check_band(true);
}

static void pr_band_is_that_of_the_resamples(void **state) {
    (void)state;
    check_band(false);
}

static void undefined_and_refused(void **state) {
    (void)state;
    static sample s;
    xp_error err;
    xp_band band;
    sample_fill(&s);
    xp_eval_options o = {.level = 0.95, .resamples = 20, .seed = 1, .bins = 10};
    for (int i = 0; i < CASES; i++) s.truth[i * LABELS] = 0;
    assert_int_equal(xp_roc_band(&s.p, 0, o, 11, &band, &err), XP_OK);
    for (int k = 0; k < 11; k++) assert_true(isnan(band.low[k]) && isnan(band.high[k]));
    xp_band_free(&band);
    o.resamples = 0;
    assert_int_equal(xp_pr_band(&s.p, 1, o, 11, &band, &err), XP_OK);
    assert_true(isnan(band.low[5]));
    xp_band_free(&band);
    assert_int_equal(xp_roc_band(&s.p, 2, o, 11, &band, &err), XP_ERR_USAGE);
    assert_int_equal(xp_roc_band(&s.p, 0, o, 1, &band, &err), XP_ERR_USAGE);
    s.score[3] = NAN;
    assert_int_equal(xp_roc_band(&s.p, 0, o, 11, &band, &err), XP_ERR_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(roc_band_is_that_of_the_resamples),
                                       cmocka_unit_test(pr_band_is_that_of_the_resamples),
                                       cmocka_unit_test(undefined_and_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
