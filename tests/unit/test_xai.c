/* eval/xai.c: the arithmetic of xai-check, on cases that are made by hand. */
#include "eval/xai.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double rho_of(const float *a, const float *b, int n) {
    double rho;
    xp_error err;
    assert_int_equal(xp_spearman(a, b, n, &rho, &err), XP_OK);
    return rho;
}

static void rank_correlation(void **state) {
    (void)state;
    const float a[] = {1, 2, 3, 4, 5}, monotone[] = {-9, 0, 1, 100, 101}, down[] = {5, 4, 3, 2, 1};
    assert_true(fabs(rho_of(a, monotone, 5) - 1) < 1e-12);
    assert_true(fabs(rho_of(a, down, 5) + 1) < 1e-12);
    /* 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 1, 1, 0, 1, 1 */
    const float near[] = {2, 1, 3, 5, 4};
    assert_true(fabs(rho_of(a, near, 5) - 0.8) < 1e-12);
    /* ties at their mean rank: Pearson of (0.5, 0.5, 2) and (0, 1, 2) */
    const float tied[] = {7, 7, 9}, three[] = {1, 2, 3};
    assert_true(fabs(rho_of(tied, three, 3) - sqrt(0.75)) < 1e-12);
    const float constant[] = {1, 1, 1}, bad[] = {1, NAN, 2};
    assert_true(isnan(rho_of(constant, three, 3)) && isnan(rho_of(bad, three, 3)));
    assert_true(isnan(rho_of(a, a, 1)));
}

static void orders(void **state) {
    (void)state;
    const float map[] = {0, 1, 5, 5, -2, 0, 3};
    float score[3];
    int order[100], seen[100] = {0};
    xp_bin_means(map, 7, 3, score); /* [0, 2), [2, 4), [4, 7) */
    assert_true(score[0] == 0.5f && score[1] == 5 && fabsf(score[2] - 1 / 3.f) < 1e-6f);
    xp_order_descending(score, 3, order);
    assert_true(order[0] == 1 && order[1] == 0 && order[2] == 2);
    const float equal[] = {1, 2, 1, 2};
    xp_order_descending(equal, 4, order);
    assert_true(order[0] == 1 && order[1] == 3 && order[2] == 0 && order[3] == 2);
    xp_rng rng = xp_rng_seed(1);
    double first = 0;
    for (int r = 0; r < 2000; r++) {
        xp_order_random(&rng, 100, order);
        first += order[0];
    }
    for (int i = 0; i < 100; i++) seen[order[i]]++;
    for (int i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
    assert_true(fabs(first / 2000 - 49.5) < 3);
    float v[50];
    double sum = 0;
    int moved = 0;
    for (int i = 0; i < 50; i++) v[i] = (float)i;
    xp_shuffle(&rng, v, 50);
    for (int i = 0; i < 50; i++) {
        sum += (double)v[i];
        moved += v[i] != (float)i;
    }
    assert_true(sum == 49 * 25 && moved > 30);
}

static void changed_records(void **state) {
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; /* (5, 2) */
    const int order[] = {1, 0};                        /* bins [0, 2), [2, 5) */
    float out[10];
    xp_keep_bins(out, x, 5, 2, order, 2, 1, false);
    const float deleted[] = {1, 2, 3, 4, 0, 0, 0, 0, 0, 0};
    assert_memory_equal(out, deleted, sizeof out);
    xp_keep_bins(out, x, 5, 2, order, 2, 1, true);
    const float inserted[] = {0, 0, 0, 0, 5, 6, 7, 8, 9, 10};
    assert_memory_equal(out, inserted, sizeof out);
    xp_shift_later(out, x, 5, 2, 2);
    const float later[] = {1, 2, 1, 2, 1, 2, 3, 4, 5, 6};
    assert_memory_equal(out, later, sizeof out);
    const float map[] = {0, 10, 20, 30};
    float back[4];
    xp_shift_back(back, map, 4, 1.5);
    assert_true(back[0] == 15 && back[1] == 25 && back[2] == 30 && back[3] == 30);
    float flat[400] = {0};
    xp_plant_burst(flat, 200, 2, 100, 1, 1.0, 0.5);
    float largest = 0;
    int at = 0;
    for (int i = 0; i < 200; i++) {
        assert_true(flat[2 * i] == 0);
        if (fabsf(flat[2 * i + 1]) > largest) largest = fabsf(flat[2 * i + 1]), at = i;
    }
    assert_true(largest > 0.4f && largest <= 0.5f && abs(at - 100) <= 2);
    assert_true(flat[2 * 79 + 1] == 0 && flat[2 * 121 + 1] == 0);
}

static void figures(void **state) {
    (void)state;
    const double line[] = {0, 0.5, 1}, step[] = {1, 1, 0, 0};
    assert_true(fabs(xp_curve_area(line, 3) - 0.5) < 1e-12);
    assert_true(fabs(xp_curve_area(step, 4) - 0.5) < 1e-12);
    const float v[] = {1, 7, 3, 7};
    assert_int_equal(xp_peak(v, 4), 1);
    double values[] = {1, NAN, 2, 3, 4, 5};
    xp_mean m;
    xp_error err;
    assert_int_equal(xp_mean_interval(values, 6, 1, &m, &err), XP_OK);
    assert_true(m.n == 5 && fabs(m.mean - 3) < 1e-12);
    assert_true(m.low > 1 && m.low < 2.4 && m.high > 3.6 && m.high < 5);
    assert_int_equal(xp_mean_interval(values, 5, 1, &m, &err), XP_OK);
    assert_true(m.n == 4 && isnan(m.mean) && isnan(m.low) && isnan(m.high));
    assert_int_equal(xp_mean_interval(values, 0, 1, &m, &err), XP_OK);
    assert_true(m.n == 0 && isnan(m.mean));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_correlation),
        cmocka_unit_test(orders),
        cmocka_unit_test(changed_records),
        cmocka_unit_test(figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
