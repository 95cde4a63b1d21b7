/* Every member of every kernel table against plain double loops: odd sizes, tails, strides. */
#include "base/rng.h"
#include "kernels/kernels.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float *random_floats(xp_rng *r, size_t n) {
    float *p = malloc((n + 1) * sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = (float)xp_rng_normal(r);
    return p;
}

static double *zeros(size_t n) {
    return calloc(n + 1, sizeof(double));
}

/* c = op(a) op(b) [+ c] in double; element (i, p) of op(a) is a[i * ai + p * ap]. */
static void gemm_plain(double *out, int m, int n, int k, const float *a, ptrdiff_t ai, ptrdiff_t ap,
                       const float *b, ptrdiff_t bp, ptrdiff_t bj, const float *c, ptrdiff_t ldc,
                       int accumulate) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double s = accumulate ? c[i * ldc + j] : 0;
            for (int p = 0; p < k; p++) s += (double)a[i * ai + p * ap] * b[p * bp + j * bj];
            out[(size_t)i * n + j] = s;
        }
}

enum { NN, TN, NT };

static void check_gemm(const xp_kernels *t, int op, int m, int n, int k, int slack, int accumulate,
                       xp_rng *r) {
    const int lda = (op == TN ? m : k) + slack, ldb = (op == NT ? k : n) + 2 * slack;
    const int ldc = n + slack;
    float *a = random_floats(r, (size_t)(op == TN ? k : m) * lda);
    float *b = random_floats(r, (size_t)(op == NT ? n : k) * ldb);
    float *c = random_floats(r, (size_t)m * ldc), *got = malloc((size_t)n * sizeof *got + 4);
    float *before = malloc((size_t)m * ldc * sizeof *before + 4);
    double *want = zeros((size_t)m * n);
    memcpy(before, c, (size_t)m * ldc * sizeof *c);
    gemm_plain(want, m, n, k, a, op == TN ? 1 : lda, op == TN ? lda : 1, b, op == NT ? 1 : ldb,
               op == NT ? ldb : 1, c, ldc, accumulate);
    (op == NN   ? t->gemm
     : op == TN ? t->gemm_tn
                : t->gemm_nt)(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    for (int i = 0; i < m; i++) {
        char what[128];
        snprintf(what, sizeof what, "%s gemm op %d (%d,%d,%d) row %d", t->name, op, m, n, k, i);
        assert_close(what, c + (size_t)i * ldc, want + (size_t)i * n, (size_t)n,
                     1e-5 * sqrt(k + 1.0));
        for (int j = n; j < ldc; j++) /* what lies between the rows is not touched */
            assert_true(c[(size_t)i * ldc + j] == before[(size_t)i * ldc + j]);
    }
    free(a), free(b), free(c), free(got), free(before), free(want);
}

static void products(void **state) {
    (void)state;
    static const int sizes[][3] = {{1, 1, 1},   {1, 7, 3},    {4, 8, 5},    {5, 9, 0},
                                   {6, 16, 12}, {7, 33, 17},  {13, 31, 64}, {12, 32, 300},
                                   {25, 65, 9}, {3, 40, 513}, {40, 3, 257}, {61, 96, 31}};
    xp_rng r = xp_rng_seed(1);
    const xp_kernels *t;
    for (int i = 0; (t = xp_kernels_at(i)) != NULL; i++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int op = NN; op <= NT; op++)
                for (int accumulate = 0; accumulate < 2; accumulate++)
                    check_gemm(t, op, sizes[s][0], sizes[s][1], sizes[s][2], (int)(s % 3),
                               accumulate, &r);
}

static void check_rows(const xp_kernels *t, size_t n, xp_rng *r) {
    float *x = random_floats(r, n), *y = random_floats(r, n), *z = malloc((n + 1) * sizeof *z);
    double *want = zeros(n), dot = 0, sum = 0;
    memcpy(z, y, n * sizeof *z);
    for (size_t i = 0; i < n; i++) {
        want[i] = (double)y[i] + x[i];
        dot += (double)x[i] * y[i];
        sum += x[i];
    }
    t->add(z, x, n);
    assert_close("add", z, want, n, 1e-6);
    memcpy(z, y, n * sizeof *z);
    for (size_t i = 0; i < n; i++) want[i] = y[i] - 2.5 * x[i];
    t->axpy(z, -2.5F, x, n);
    assert_close("axpy", z, want, n, 1e-5);
    for (size_t i = 0; i < n; i++) want[i] = x[i] > 0 ? x[i] : 0;
    t->relu(z, x, n);
    assert_close("relu", z, want, n, 0);
    memcpy(z, x, n * sizeof *z);
    t->relu(z, z, n); /* y may alias x */
    assert_close("relu in place", z, want, n, 0);
    assert_true(fabs(t->dot(x, y, n) - dot) <= 1e-5 * sqrt((double)n + 1));
    assert_true(fabs(t->sum(x, n) - sum) <= 1e-5 * sqrt((double)n + 1));
    free(x), free(y), free(z), free(want);
}

static void rows(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(2);
    const xp_kernels *t;
    for (int i = 0; (t = xp_kernels_at(i)) != NULL; i++) {
        for (size_t n = 0; n < 140; n++) check_rows(t, n, &r);
        check_rows(t, 5000, &r);
    }
}

static void check_scale_shift(const xp_kernels *k, int t, int c, int relu, xp_rng *r) {
    const size_t n = (size_t)t * c;
    float *x = random_floats(r, n), *y = malloc((n + 1) * sizeof *y);
    float *scale = random_floats(r, c), *shift = random_floats(r, c);
    double *want = zeros(n);
    for (size_t i = 0; i < n; i++) {
        want[i] = (double)x[i] * scale[i % c] + shift[i % c];
        if (relu && want[i] < 0) want[i] = 0;
    }
    k->scale_shift(y, x, scale, shift, t, c, relu);
    assert_close("scale_shift", y, want, n, 1e-5);
    k->scale_shift(x, x, scale, shift, t, c, relu);
    assert_close("scale_shift in place", x, want, n, 1e-5);
    free(x), free(y), free(scale), free(shift), free(want);
}

static void scale_and_shift(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(3);
    const xp_kernels *k;
    for (int i = 0; (k = xp_kernels_at(i)) != NULL; i++)
        for (int c = 1; c < 70; c++) check_scale_shift(k, 1 + c % 5, c, c % 2, &r);
}

/* Missing samples are NaN until they are counted: no loop may hide one. */
static void nan_stays(void **state) {
    (void)state;
    const xp_kernels *k;
    for (int i = 0; (k = xp_kernels_at(i)) != NULL; i++)
        for (int at = 0; at < 37; at++) {
            float x[37] = {0}, y[37];
            x[at] = NAN;
            k->relu(y, x, 37);
            for (int j = 0; j < 37; j++) assert_int_equal(isnan(y[j]) != 0, j == at);
            assert_true(isnan(k->sum(x, 37)));
        }
}

static void tables(void **state) {
    (void)state;
    assert_non_null(xp_kernels_named("scalar"));
    assert_null(xp_kernels_named("none"));
    assert_ptr_equal(xp_kernels_best(), xp_kernels_at(0));
    const xp_kernels *k;
    for (int i = 0; (k = xp_kernels_at(i)) != NULL; i++)
        assert_ptr_equal(xp_kernels_named(k->name), k);
}

#ifndef __EMSCRIPTEN__ /* a page has no environment */
static void capped(void **state) {
    (void)state;
    const char *before = getenv(XP_KERNELS_VARIABLE);
    char *kept = before ? strdup(before) : NULL;
    const xp_kernels *all[8];
    int n = 0;
    unsetenv(XP_KERNELS_VARIABLE);
    while (n < 8 && (all[n] = xp_kernels_at(n)) != NULL) n++;
    for (int i = 0; i < n; i++) {
        assert_true(xp_kernels_known(all[i]->name));
        setenv(XP_KERNELS_VARIABLE, all[i]->name, 1);
        assert_ptr_equal(xp_kernels_best(), all[i]);
        for (int j = 0; j < n; j++)
            assert_ptr_equal(xp_kernels_named(all[j]->name), j < i ? NULL : all[j]);
    }
    assert_false(xp_kernels_known("none"));
    setenv(XP_KERNELS_VARIABLE, "none", 1);
    assert_ptr_equal(xp_kernels_best(), all[0]);
    if (kept)
        setenv(XP_KERNELS_VARIABLE, kept, 1);
    else
        unsetenv(XP_KERNELS_VARIABLE);
    free(kept);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
#ifndef __EMSCRIPTEN__
        cmocka_unit_test(capped),
#endif
        cmocka_unit_test(tables),          cmocka_unit_test(products),  cmocka_unit_test(rows),
        cmocka_unit_test(scale_and_shift), cmocka_unit_test(nan_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
