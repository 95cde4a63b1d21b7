/* Adam, the average, the learning rate and the loss against their formulas. */
#include "support.h"

#include "train/adam.h"
#include "train/loss.h"
#include "train/trainer.h"

#include <math.h>

static void test_first_step_is_the_rate(void **state) {
    (void)state;
    const xp_adam a = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7, .rate = 0.01, .step = 1};
    float w[3] = {1, 2, 3}, m[3] = {0}, v[3] = {0};
    const float g[3] = {0.5F, -20, 0};
    xp_adam_update(&a, w, m, v, g, 3);
    assert_true(fabs((double)w[0] - 0.99) < 1e-5 && fabs((double)w[1] - 2.01) < 1e-5);
    assert_true(w[2] == 3);
    assert_true(fabs((double)m[0] - 0.05) < 1e-7 && fabs((double)v[1] - 0.4) < 1e-6);
}

static void test_follows_the_recurrence(void **state) {
    (void)state;
    float w = 0.3F, fm = 0, fv = 0;
    double dw = 0.3, dm = 0, dv = 0;
    for (int i = 1; i <= 200; i++) {
        const xp_adam a = {0.9, 0.999, 1e-7, 1e-3, 0.1, (uint64_t)i};
        const double g = sin(i) + 0.2;
        const float fg = (float)g;
        xp_adam_update(&a, &w, &fm, &fv, &fg, 1);
        dm += 0.1 * (g - dm), dv += 0.001 * (g * g - dv);
        dw -= 1e-3 * 0.1 * dw;
        dw -= 1e-3 * sqrt(1 - pow(0.999, i)) / (1 - pow(0.9, i)) * dm / (sqrt(dv) + 1e-7);
    }
    assert_true(fabs((double)w - dw) < 5e-6);
}

static void test_average(void **state) {
    (void)state;
    float average = 1;
    const float w = 3;
    xp_average_update(&average, &w, 0.75, 1);
    assert_true(average == 1.5F);
}

static void test_schedules(void **state) {
    (void)state;
    const xp_schedule stairs = {XP_RATE_STAIRCASE, 0.01, 0.95, .every = 100};
    assert_true(xp_schedule_rate(&stairs, 99) == 0.01);
    assert_true(fabs(xp_schedule_rate(&stairs, 250) - 0.01 * 0.95 * 0.95) < 1e-15);
    const xp_schedule smooth = {XP_RATE_EXPONENTIAL, 0.01, 0.5, .every = 10};
    assert_true(fabs(xp_schedule_rate(&smooth, 5) - 0.01 * sqrt(0.5)) < 1e-15);
    const xp_schedule cosine = {XP_RATE_COSINE, 0.2, .floor = 0.1, .total = 100};
    assert_true(xp_schedule_rate(&cosine, 0) == 0.2);
    assert_true(fabs(xp_schedule_rate(&cosine, 50) - 0.11) < 1e-12);
    assert_true(fabs(xp_schedule_rate(&cosine, 1000) - 0.02) < 1e-12);
    const xp_schedule cycle = {XP_RATE_ONE_CYCLE, 1, .total = 100};
    assert_true(fabs(xp_schedule_rate(&cycle, 0) - 0.04) < 1e-12);
    assert_true(fabs(xp_schedule_rate(&cycle, 30) - 1) < 1e-12);
    assert_true(fabs(xp_schedule_rate(&cycle, 100) - 1e-4) < 1e-12);
    const xp_schedule warm = {XP_RATE_CONSTANT, 1, .warmup = 4};
    assert_true(xp_schedule_rate(&warm, 0) == 0.25 && xp_schedule_rate(&warm, 4) == 1);
}

/* ---- loss ---- */

static void test_loss_of_known_labels(void **state) {
    (void)state;
    const float z[4] = {0, 2, -1, 50}, y[4] = {1, 0, -1, 1};
    const xp_loss l = {true, NULL, 2};
    double known = 0;
    const double sum = xp_loss_sum(&l, z, y, 2, &known);
    assert_true(known == 3);
    assert_true(fabs(sum - (log(2) + log(1 + exp(2)) + exp(-50))) < 1e-12);
    float p[4];
    for (int i = 0; i < 4; i++) p[i] = (float)xp_sigmoid((double)z[i]);
    const xp_loss same = {false, NULL, 2};
    double again = 0;
    assert_true(fabs(xp_loss_sum(&same, p, y, 2, &again) - sum) < 1e-6);
    float d[4];
    xp_loss_gradient(&l, d, z, y, 2, 1 / known);
    assert_true(d[2] == 0);
    assert_true(fabs((double)d[0] + 0.5 / 3) < 1e-7);
}

static void test_loss_slope_by_differences(void **state) {
    (void)state;
    const float weights[2] = {3, 0.5F}, y[4] = {1, 0, 0.25F, 1};
    for (int logits = 0; logits < 2; logits++) {
        const xp_loss l = {logits != 0, weights, 2};
        float out[4] = {0.3F, 0.6F, 0.2F, 0.9F}, d[4];
        xp_loss_gradient(&l, d, out, y, 2, 1);
        for (int i = 0; i < 4; i++) {
            const float at = out[i], h = 1.0F / 1024;
            double known = 0;
            out[i] = at + h;
            const double up = xp_loss_sum(&l, out, y, 2, &known);
            out[i] = at - h;
            const double down = xp_loss_sum(&l, out, y, 2, &known);
            out[i] = at;
            assert_true(fabs((up - down) / (2 * (double)h) - (double)d[i]) < 1e-3);
        }
    }
}

static void test_sure_and_wrong_is_finite(void **state) {
    (void)state;
    const float out[2] = {1000, 1}, y[2] = {0, 0};
    double known = 0;
    const xp_loss logits = {true, NULL, 1}, probabilities = {false, NULL, 1};
    assert_true(xp_loss_sum(&logits, out, y, 1, &known) == 1000);
    const double sure = xp_loss_sum(&probabilities, out + 1, y, 1, &known);
    assert_true(fabs(sure + log(1e-7)) < 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_step_is_the_rate),
        cmocka_unit_test(test_follows_the_recurrence),
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_loss_of_known_labels),
        cmocka_unit_test(test_loss_slope_by_differences),
        cmocka_unit_test(test_sure_and_wrong_is_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
