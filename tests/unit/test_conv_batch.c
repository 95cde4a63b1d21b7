/* The convolution of a batch, and its gradients, against the plain loops. */
#include "support.h"

#include "base/rng.h"
#include "kernels/conv_batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct spec {
    int t, c_in, n, n_branches, k[3], c_out[3], left[3];
    bool dx, accumulate, masked, relu;
} spec;

static float *random_floats(xp_rng *r, size_t n) {
    float *v = malloc(n * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < n; i++) v[i] = (float)xp_rng_normal(r);
    return v;
}

static float *zeros(size_t n) {
    float *v = calloc(n, sizeof *v);
    assert_non_null(v);
    return v;
}

static float *copy_of(const float *v, size_t n) {
    float *c = malloc(n * sizeof *c);
    assert_non_null(c);
    return memcpy(c, v, n * sizeof *c);
}

static double distance(const float *a, const float *b, size_t n) {
    double d = 0, s = 0;
    for (size_t i = 0; i < n; i++) {
        d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        s += (double)b[i] * (double)b[i];
    }
    return sqrt(d / (s > 0 ? s : 1));
}

/* What the plain loops give for one record. */
static void reference(const spec *s, const xp_conv_shape *whole, xp_mat y, xp_mat dx, xp_mat x,
                      xp_mat dy, const xp_conv_branch *b, float **dw) {
    for (int i = 0, col = 0; i < s->n_branches; col += b[i++].c_out) {
        xp_conv_shape one = *whole;
        one.k = b[i].k, one.pad_left = b[i].pad_left, one.c_out = b[i].c_out, one.n_parts = 0;
        xp_mat part = y, dpart = dy;
        part.data += col, part.cols = one.c_out;
        dpart.data += col, dpart.cols = one.c_out;
        xp_conv_reference(part, x, b[i].w, &one);
        if (s->relu)
            for (int t = 0; t < part.rows; t++)
                for (int c = 0; c < part.cols; c++)
                    xp_mat_row(part, t)[c] = fmaxf(xp_mat_row(part, t)[c], 0);
        xp_conv_reference_backward(s->dx ? &dx : NULL, dw[i], dpart, x, b[i].w, &one);
    }
}

static size_t weights_of(const spec *s, int branch) {
    return (size_t)(s->k[branch] * s->c_in * s->c_out[branch]);
}

static float *sum_of_groups(const float *dw, size_t dw_step, size_t n) {
    float *sum = copy_of(dw, n);
    for (size_t i = 0; i < n; i++) sum[i] += dw[dw_step + i];
    return sum;
}

static void check(const spec *s, const xp_kernels *kernels, int threads) {
    xp_rng r = xp_rng_seed((uint64_t)(s->t * 31 + s->c_in));
    xp_conv_branch b[3];
    xp_conv_shape shape = {.t_in = s->t, .c_in = s->c_in, .stride = 1};
    float *w[3], *dw[3], *expected_dw[3];
    size_t dw_step = 0; /* of the two groups' gradients */
    for (int i = 0; i < s->n_branches; i++) dw_step += weights_of(s, i);
    for (int i = 0; i < s->n_branches; i++) {
        w[i] = random_floats(&r, weights_of(s, i));
        dw[i] = random_floats(&r, dw_step + weights_of(s, i));
        expected_dw[i] = sum_of_groups(dw[i], dw_step, weights_of(s, i));
        b[i] = (xp_conv_branch){w[i], s->k[i], s->left[i], s->c_out[i]};
    }
    xp_conv_align(&shape, b, s->n_branches);
    const bool valid = s->left[0] == 0 && s->n_branches == 1;
    shape.t_out = valid ? s->t - s->k[0] + 1 : s->t;
    const size_t in = (size_t)(s->t * s->c_in), out = (size_t)(shape.t_out * shape.c_out);
    const size_t n = (size_t)s->n;
    float *x = random_floats(&r, n * in), *dy = random_floats(&r, n * out);
    float *mask = random_floats(&r, n * out), *masked = copy_of(dy, n * out);
    float *y = zeros(n * out), *expected_y = zeros(n * out);
    float *dx = random_floats(&r, n * in);
    float *expected_dx = s->accumulate ? copy_of(dx, n * in) : zeros(n * in);
    for (size_t i = 0; s->masked && i < n * out; i++) masked[i] = mask[i] > 0 ? dy[i] : 0;
    for (size_t i = 0; i < n; i++)
        reference(s, &shape, xp_mat_make(expected_y + i * out, shape.t_out, shape.c_out),
                  xp_mat_make(expected_dx + i * in, s->t, s->c_in),
                  xp_mat_make(x + i * in, s->t, s->c_in),
                  xp_mat_make(masked + i * out, shape.t_out, shape.c_out), b, expected_dw);

    xp_pool *pool = NULL;
    assert_int_equal(xp_pool_create(&pool, threads, NULL), XP_OK);
    xp_arena arena = {0};
    xp_conv_batch *conv;
    const int begin[] = {0, s->n / 2, s->n};
    const xp_conv_groups groups = {(s->n + 1) / 2, 2, 2};
    xp_conv_batch_plan(&conv, &arena, &shape, &groups, kernels);
    arena = (xp_arena){xp_aligned_alloc(arena.used), arena.used, 0};
    xp_conv_batch_plan(&conv, &arena, &shape, &groups, kernels);
    assert_non_null(conv);
    void *scratch = xp_aligned_alloc(xp_conv_batch_scratch(&shape, &groups, kernels, threads));
    assert_non_null(scratch);
    const xp_mats mx = {xp_mat_make(x, s->t, s->c_in), (ptrdiff_t)in};
    const xp_mats my = {xp_mat_make(y, shape.t_out, shape.c_out), (ptrdiff_t)out};
    const xp_mats mdy = {xp_mat_make(dy, shape.t_out, shape.c_out), (ptrdiff_t)out};
    const xp_mats mm = {xp_mat_make(mask, shape.t_out, shape.c_out), (ptrdiff_t)out};
    const xp_mats mdx = {xp_mat_make(dx, s->t, s->c_in), (ptrdiff_t)in};
    xp_conv_batch_forward(conv, my, mx, begin, b, s->n_branches, s->relu, scratch, pool);
    xp_conv_batch_backward(conv, s->dx ? &mdx : NULL, s->accumulate, dw, dw_step, mdy,
                           s->masked ? &mm : NULL, mx, begin, b, s->n_branches, scratch, pool);
    assert_true(distance(y, expected_y, n * out) < 2e-6);
    if (s->dx) assert_true(distance(dx, expected_dx, n * in) < 2e-6);
    for (int i = 0; i < s->n_branches; i++) {
        float *sum = sum_of_groups(dw[i], dw_step, weights_of(s, i));
        assert_true(distance(sum, expected_dw[i], weights_of(s, i)) < 4e-6);
        free(w[i]), free(dw[i]), free(expected_dw[i]), free(sum);
    }
    xp_pool_free(pool);
    xp_aligned_free(arena.base);
    free(x), free(dy), free(mask), free(masked), free(y), free(expected_y), free(dx);
    free(expected_dx), xp_aligned_free(scratch);
}

static const spec specs[] = {
    {211, 12, 3, 3, {2, 10, 40}, {16, 16, 16}, {0, 4, 19}, true, false, true, true},
    {333, 40, 2, 3, {3, 7, 12}, {4, 6, 8}, {1, 3, 5}, true, true, false, false},
    {97, 5, 19, 1, {9}, {33}, {0}, true, false, true, false},
    {50, 3, 1, 2, {40, 1}, {2, 3}, {19, 0}, false, false, false, true},
    {1, 1, 1, 1, {2}, {1}, {1}, true, false, false, false},
};

static void test_equals_plain_loops(void **state) {
    (void)state;
    const xp_kernels *kernels;
    for (int k = 0; (kernels = xp_kernels_at(k)) != NULL; k++)
        for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
            check(&specs[i], kernels, 1 + (int)i % 3);
}

static void test_strides_have_no_plan(void **state) {
    (void)state;
    const xp_conv_shape shape = {
        .t_in = 100, .c_in = 4, .t_out = 50, .c_out = 4, .k = 3, .stride = 2, .pad_left = 1};
    xp_arena arena = {0};
    xp_conv_batch *conv;
    const xp_conv_groups groups = {1, 4, 4};
    assert_true(xp_conv_batch_cost(&shape, &groups, NULL) < 0);
    assert_true(xp_conv_batch_scratch(&shape, &groups, NULL, 2) == 0);
    xp_conv_batch_plan(&conv, &arena, &shape, &groups, NULL);
    assert_null(conv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_plain_loops),
        cmocka_unit_test(test_strides_have_no_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
