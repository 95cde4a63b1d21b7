#include "eval/calibrate.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "support.h"

static double logistic(double z) {
    return 1 / (1 + exp(-z));
}

/* n cases of 2 labels: true log-odds z, stated as (z - offset) / slope, so that the scaling sought
 * is (slope, offset) of each label. */
typedef struct sample {
    double *score;
    int8_t *truth;
    xp_predictions p;
} sample;

static sample draw(size_t n, const xp_scaling s[2], double mean) {
    sample d = {malloc(2 * n * sizeof(double)), malloc(2 * n), {0}};
    xp_rng r = xp_rng_seed(3);
    assert_true(d.score && d.truth);
    for (size_t i = 0; i < 2 * n; i++) {
        double z = mean + 2 * xp_rng_normal(&r);
        d.score[i] = logistic((z - s[i % 2].offset) / s[i % 2].slope);
        d.truth[i] = xp_rng_uniform(&r) < logistic(z);
    }
    d.p = (xp_predictions){.score = d.score, .truth = d.truth, .n = n, .labels = 2};
    return d;
}

static void sample_free(sample *d) {
    free(d->score);
    free(d->truth);
}

static void assert_near(double got, double expected, double tolerance) {
    if (!(fabs(got - expected) <= tolerance)) fail_msg("got %.9g, expected %.9g", got, expected);
}

static void known_distortions_are_found(void **state) {
    (void)state;
    static const xp_scaling truth[2] = {{0.5, -1}, {1.6, 0.7}};
    sample d = draw(60000, truth, -1);
    xp_scaling got[2];
    xp_error err;
    assert_int_equal(xp_calibrate(&d.p, got, &err), XP_OK);
    for (int l = 0; l < 2; l++) {
        assert_near(got[l].slope, truth[l].slope, 0.05);
        assert_near(got[l].offset, truth[l].offset, 0.06);
        /* Neither neighbour is better by more than the prior can tell. */
        for (int k = -1; k <= 1; k += 2) {
            xp_scaling other = {got[l].slope * (1 + 0.1 * k), got[l].offset + 0.1 * k};
            assert_true(xp_scaling_loss(&d.p, l, got[l]) < xp_scaling_loss(&d.p, l, other));
        }
        assert_true(xp_scaling_loss(&d.p, l, got[l]) <
                    xp_scaling_loss(&d.p, l, (xp_scaling){1, 0}));
    }
    sample_free(&d);
}

/* The second label has no positive: there is only the common scaling, which is then the first
 * label's own. Unknown cases must not count. */
static void a_label_without_positives_takes_the_common_scaling(void **state) {
    (void)state;
    static const xp_scaling truth[2] = {{0.7, 0.5}, {0.7, 0.5}};
    sample d = draw(20000, truth, 0);
    xp_scaling both[2], got[2];
    xp_error err;
    assert_int_equal(xp_calibrate(&d.p, both, &err), XP_OK);
    for (size_t i = 0; i < d.p.n; i++) d.truth[2 * i + 1] = -1;
    assert_int_equal(xp_calibrate(&d.p, got, &err), XP_OK);
    assert_near(got[1].slope, got[0].slope, 1e-6);
    assert_near(got[1].offset, got[0].offset, 1e-6);
    assert_near(got[0].slope, 0.7, 0.05);
    assert_true(isnan(xp_scaling_loss(&d.p, 1, got[1])));
    sample_free(&d);
}

/* Three positives that a model separates perfectly: the likelihood alone would make the slope
 * infinite. */
static void few_positives_stay_near_the_common_scaling(void **state) {
    (void)state;
    enum { N = 300 };
    double score[N];
    int8_t truth[N];
    xp_rng r = xp_rng_seed(1);
    for (int i = 0; i < N; i++) {
        truth[i] = i < 3;
        score[i] = logistic(truth[i] ? 2 : -3 + xp_rng_normal(&r));
    }
    const xp_predictions p = {.score = score, .truth = truth, .n = N, .labels = 1};
    xp_scaling got;
    xp_error err;
    assert_int_equal(xp_calibrate(&p, &got, &err), XP_OK);
    assert_true(got.slope > 0 && isfinite(got.slope) && isfinite(got.offset));
}

static void edges_and_bad_input(void **state) {
    (void)state;
    double score[4] = {0, 1, 1, 0};
    const int8_t truth[4] = {0, 1, 0, 1}, one_class[4] = {0, 0, -1, 0};
    xp_predictions p = {.score = score, .truth = truth, .n = 4, .labels = 1};
    xp_scaling got;
    xp_error err;
    assert_int_equal(xp_calibrate(&p, &got, &err), XP_OK);
    assert_true(isfinite(got.slope) && got.slope > 0);
    p.truth = one_class;
    assert_int_equal(xp_calibrate(&p, &got, &err), XP_ERR_FORMAT);
    p.truth = truth;
    score[2] = 1.5;
    assert_int_equal(xp_calibrate(&p, &got, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "case 2"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_distortions_are_found),
        cmocka_unit_test(a_label_without_positives_takes_the_common_scaling),
        cmocka_unit_test(few_positives_stay_near_the_common_scaling),
        cmocka_unit_test(edges_and_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
