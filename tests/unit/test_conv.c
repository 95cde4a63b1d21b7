/* The convolution in every method, on every kernel table, against the oracle in double. */
#include "base/rng.h"
#include "kernels/conv.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct setting {
    const xp_kernels *kernels;
    xp_conv_method method;
    xp_pool *pool;
} setting;

static float *random_floats(xp_rng *r, size_t n) {
    float *p = malloc((n + 1) * sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = (float)xp_rng_normal(r);
    return p;
}

/* A planned convolution and the memory it lives in. */
typedef struct planned {
    xp_conv *conv;
    void *memory, *scratch;
} planned;

static planned plan(const xp_conv_shape *s, const setting *set) {
    planned p = {0};
    xp_arena arena = {0};
    xp_conv_plan(&p.conv, &arena, s, set->method, set->kernels);
    assert_null(p.conv); /* measured only */
    const size_t size = arena.used;
    assert_true(size >= xp_conv_weight_bytes(s, set->method, set->kernels));
    p.memory = xp_aligned_alloc(size);
    arena = (xp_arena){p.memory, size, 0};
    xp_conv_plan(&p.conv, &arena, s, set->method, set->kernels);
    assert_non_null(p.conv);
    assert_int_equal(arena.used, size);
    p.scratch = xp_aligned_alloc(
        xp_conv_scratch(s, set->method, set->kernels, xp_pool_threads(set->pool)) + 64);
    return p;
}

static void release(planned *p) {
    xp_aligned_free(p->memory);
    xp_aligned_free(p->scratch);
}

/* Each branch by the oracle, in its columns. */
static void reference(xp_mat y, xp_mat x, const xp_conv_shape *s, const xp_conv_branch *b, int n) {
    int col = 0;
    for (int i = 0; i < n; i++) {
        xp_conv_shape one = {.t_in = s->t_in,
                             .c_in = s->c_in,
                             .t_out = s->t_out,
                             .c_out = b[i].c_out,
                             .k = b[i].k,
                             .stride = s->stride,
                             .pad_left = b[i].pad_left};
        xp_mat part = {y.data + col, y.rows, b[i].c_out, y.stride};
        xp_conv_reference(part, x, b[i].w, &one);
        col += b[i].c_out;
    }
}

static double largest(xp_mat m) {
    double v = 0;
    for (int r = 0; r < m.rows; r++)
        for (int c = 0; c < m.cols; c++) v = fmax(v, fabs(xp_mat_row(m, r)[c]));
    return v;
}

/* Errors are relative to the largest output, or, where few outputs exist that happen to be small,
 * to the typical size sqrt(terms) of one with that many random terms. */
static void assert_mats(const char *what, const setting *set, xp_mat got, xp_mat want, double terms,
                        double tolerance) {
    const double limit = tolerance * fmax(largest(want), sqrt(terms));
    for (int r = 0; r < want.rows; r++)
        for (int c = 0; c < want.cols; c++) {
            const double d = fabs((double)xp_mat_row(got, r)[c] - xp_mat_row(want, r)[c]);
            if (!(d <= limit))
                fail_msg("%s, table %s, method %d: (%d,%d) is %g, expected %g", what,
                         set->kernels->name, (int)set->method, r, c, xp_mat_row(got, r)[c],
                         xp_mat_row(want, r)[c]);
        }
}

static void apply(xp_mat y, const xp_conv_epilogue *ep) {
    for (int r = 0; r < y.rows; r++)
        for (int c = 0; c < y.cols; c++) {
            float *v = xp_mat_row(y, r) + c;
            if (ep->bias) *v += ep->bias[c];
            if (ep->relu_first && *v < 0) *v = 0;
            if (ep->scale) *v *= ep->scale[c];
            if (ep->shift) *v += ep->shift[c];
            if (ep->relu_last && *v < 0) *v = 0;
        }
}

enum { GUARD = 7777 };

/* One shape: plan, pack, run with slack columns around x and y, compare. */
static void check(const char *what, const setting *set, xp_conv_shape *s, xp_conv_branch *b, int n,
                  int slack, const xp_conv_epilogue *ep, xp_rng *r) {
    float *w[8];
    for (int i = 0; i < n; i++)
        b[i].w = w[i] = random_floats(r, (size_t)b[i].k * s->c_in * b[i].c_out);
    const ptrdiff_t sx = s->c_in + slack, sy = s->c_out + slack;
    float *x = random_floats(r, (size_t)s->t_in * sx), *y = random_floats(r, (size_t)s->t_out * sy);
    float *want = random_floats(r, (size_t)s->t_out * s->c_out);
    const xp_mat mx = {x, s->t_in, s->c_in, sx}, my = {y, s->t_out, s->c_out, sy};
    const xp_mat mw = xp_mat_make(want, s->t_out, s->c_out);
    for (int t = 0; t < s->t_out; t++)
        for (ptrdiff_t c = s->c_out; c < sy; c++) y[t * sy + c] = GUARD;
    planned p = plan(s, set);
    xp_conv_pack(p.conv, b, n, p.scratch, set->pool);
    xp_conv_forward(p.conv, my, mx, ep, p.scratch, set->pool);
    reference(mw, mx, s, b, n);
    if (ep) apply(mw, ep);
    assert_mats(what, set, my, mw, (double)s->k * s->c_in, 2e-6);
    for (int t = 0; t < s->t_out; t++)
        for (ptrdiff_t c = s->c_out; c < sy; c++) assert_true(y[t * sy + c] == GUARD);
    release(&p);
    free(x), free(y), free(want);
    for (int i = 0; i < n; i++) free(w[i]);
}

static void check_one(const setting *set, int t_in, int c_in, int c_out, int k, int stride, int pad,
                      int slack, xp_rng *r) {
    char what[128];
    xp_conv_shape s = {
        .t_in = t_in, .c_in = c_in, .c_out = c_out, .k = k, .stride = stride, .pad_left = pad};
    xp_conv_branch b = {NULL, k, pad, c_out};
    s.t_out = stride == 1 ? t_in : (t_in + stride - 1) / stride;
    snprintf(what, sizeof what, "t %d c %d->%d k %d stride %d pad %d", t_in, c_in, c_out, k, stride,
             pad);
    check(what, set, &s, &b, 1, slack, NULL, r);
}

typedef void (*body)(const setting *, xp_rng *);

static void everywhere(body run, unsigned methods, int threads) {
    xp_rng r = xp_rng_seed(11);
    setting set = {0};
    assert_int_equal(xp_pool_create(&set.pool, threads, NULL), XP_OK);
    for (int i = 0; (set.kernels = xp_kernels_at(i)) != NULL; i++)
        for (int m = XP_CONV_AUTO; m <= XP_CONV_FREQUENCY; m++)
            if (methods >> m & 1) {
                set.method = (xp_conv_method)m;
                run(&set, &r);
            }
    xp_pool_free(set.pool);
}
enum { ANY_METHOD = 7 };

static void shapes_body(const setting *set, xp_rng *r) {
    static const int t[] = {1, 2, 19, 100, 777}, k[] = {1, 2, 3, 5, 10, 39, 40, 41, 150};
    static const int c[][2] = {{1, 1}, {3, 5}, {12, 17}, {7, 33}};
    int n = 0;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (size_t j = 0; j < sizeof k / sizeof *k; j++, n++)
            check_one(set, t[i], c[n % 4][0], c[n % 4][1], k[j], 1, (k[j] - 1) / 2, n % 3, r);
}
static void shapes(void **state) {
    (void)state;
    everywhere(shapes_body, ANY_METHOD, 1);
}

static void long_body(const setting *set, xp_rng *r) {
    check_one(set, 5000, 12, 20, 40, 1, 19, 0, r);
    check_one(set, 1250, 20, 36, 10, 1, 4, 0, r);
    check_one(set, 601, 48, 9, 2, 1, 0, 1, r);
}
static void long_signals(void **state) {
    (void)state;
    everywhere(long_body, ANY_METHOD, 2);
}

static void stride_body(const setting *set, xp_rng *r) {
    for (int stride = 2; stride < 5; stride++)
        for (int k = 1; k < 12; k += 3) check_one(set, 83, 5, 6, k, stride, k / 2, k % 2, r);
}
static void strides(void **state) {
    (void)state;
    everywhere(stride_body, 1u << XP_CONV_AUTO | 1u << XP_CONV_DIRECT, 2);
}

/* Outputs that lie wholly outside the input, and `valid` convolutions. */
static void padding_body(const setting *set, xp_rng *r) {
    static const int cases[][4] = {{10, 40, 5, 0}, {50, 11, 7, 0},  {20, 20, 3, 9},
                                   {5, 30, 4, 12}, {60, 60, 40, 0}, {60, 200, 33, 50}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *q = cases[i];
        xp_conv_shape s = {.t_in = q[0],
                           .c_in = 4,
                           .t_out = q[1],
                           .c_out = 10,
                           .k = q[2],
                           .stride = 1,
                           .pad_left = q[3]};
        xp_conv_branch b = {NULL, q[2], q[3], 10};
        check("padding", set, &s, &b, 1, 1, NULL, r);
    }
}
static void paddings(void **state) {
    (void)state;
    everywhere(padding_body, ANY_METHOD, 1);
}

static void branch_body(const setting *set, xp_rng *r) {
    static const int kernels[][3] = {{2, 10, 40}, {2, 20, 80}, {40, 2, 10}, {5, 5, 5}, {1, 64, 3}};
    static const int widths[][3] = {{16, 16, 16}, {3, 9, 21}, {32, 32, 32}, {1, 2, 40}, {8, 8, 8}};
    for (int i = 0; i < 5; i++) {
        xp_conv_branch b[3];
        for (int j = 0; j < 3; j++)
            b[j] = (xp_conv_branch){NULL, kernels[i][j], (kernels[i][j] - 1) / 2, widths[i][j]};
        xp_conv_shape s = {.t_in = 311, .c_in = 13 + i, .t_out = 311, .stride = 1};
        xp_conv_align(&s, b, 3);
        check("branches", set, &s, b, 3, i % 2, NULL, r);
        s.n_parts = 0; /* one kernel with zeros in it gives the same */
        check("branches as one", set, &s, b, 3, i % 2, NULL, r);
    }
}
static void branches(void **state) {
    (void)state;
    everywhere(branch_body, ANY_METHOD, 2);
}

static void epilogue_body(const setting *set, xp_rng *r) {
    float *v = random_floats(r, 3 * 48);
    for (int bits = 0; bits < 32; bits++) {
        const xp_conv_epilogue ep = {bits & 1 ? v : NULL, bits & 2, bits & 4 ? v + 48 : NULL,
                                     bits & 8 ? v + 96 : NULL, bits & 16};
        xp_conv_branch b[3] = {{NULL, 2, 0, 13}, {NULL, 10, 4, 16}, {NULL, 40, 19, 19}};
        xp_conv_shape s = {.t_in = 130, .c_in = 6, .t_out = 130, .stride = 1};
        xp_conv_align(&s, b, 3);
        assert_int_equal(s.k, 40);
        assert_int_equal(s.pad_left, 19);
        assert_int_equal(s.c_out, 48);
        check("epilogue", set, &s, b, 3, 0, &ep, r);
    }
    free(v);
}
static void epilogues(void **state) {
    (void)state;
    everywhere(epilogue_body, ANY_METHOD, 1);
}

static void transposed_body(const setting *set, xp_rng *r) {
    for (int i = 0; i < 4; i++) {
        xp_conv_branch b[3] = {{NULL, 2, 0, 5 + i}, {NULL, 10, 4, 8}, {NULL, 20 + i, 9, 11}};
        xp_conv_shape s = {.t_in = 150 + i, .c_in = 9 * i + 1, .t_out = 150, .stride = 1};
        xp_conv_align(&s, b, 3);
        float *w[3], *dy = random_floats(r, (size_t)s.t_out * s.c_out);
        float *dx = random_floats(r, (size_t)s.t_in * s.c_in);
        float *want = calloc((size_t)s.t_in * s.c_in, sizeof *want);
        xp_mat mdy = xp_mat_make(dy, s.t_out, s.c_out), mdx = xp_mat_make(dx, s.t_in, s.c_in);
        xp_mat mwant = xp_mat_make(want, s.t_in, s.c_in);
        for (int j = 0, col = 0; j < 3; col += b[j++].c_out) {
            b[j].w = w[j] = random_floats(r, (size_t)b[j].k * s.c_in * b[j].c_out);
            xp_conv_shape one = {.t_in = s.t_in,
                                 .c_in = s.c_in,
                                 .t_out = s.t_out,
                                 .c_out = b[j].c_out,
                                 .k = b[j].k,
                                 .stride = 1,
                                 .pad_left = b[j].pad_left};
            xp_mat part = {dy + col, s.t_out, b[j].c_out, s.c_out};
            xp_conv_reference_backward(&mwant, NULL, part, mwant, w[j], &one);
        }
        const xp_conv_shape back = xp_conv_transposed_shape(&s);
        planned p = plan(&back, set);
        xp_conv_pack_transposed(p.conv, b, 3, p.scratch, set->pool);
        xp_conv_forward(p.conv, mdx, mdy, NULL, p.scratch, set->pool);
        assert_mats("transposed", set, mdx, mwant, 0, 2e-6);
        release(&p);
        free(dy), free(dx), free(want);
        for (int j = 0; j < 3; j++) free(w[j]);
    }
}
static void transposed(void **state) {
    (void)state;
    everywhere(transposed_body, ANY_METHOD, 2);
}

/* The oracle's gradients by finite differences of a loss sum(y * g). */
static void oracle_gradients(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(5);
    const xp_conv_shape s = {
        .t_in = 11, .c_in = 3, .t_out = 6, .c_out = 4, .k = 5, .stride = 2, .pad_left = 2};
    float *x = random_floats(&r, 33), *w = random_floats(&r, 60), *g = random_floats(&r, 24);
    float dx[33] = {0}, dw[60] = {0}, y[24];
    xp_mat mx = xp_mat_make(x, 11, 3), my = xp_mat_make(y, 6, 4), mg = xp_mat_make(g, 6, 4);
    xp_mat mdx = xp_mat_make(dx, 11, 3);
    xp_conv_reference_backward(&mdx, dw, mg, mx, w, &s);
    for (int i = 0; i < 93; i++) {
        float *p = i < 33 ? &x[i] : &w[i - 33];
        const float keep = *p;
        double loss[2] = {0, 0};
        for (int side = 0; side < 2; side++) {
            *p = keep + (side ? 0.5F : -0.5F);
            xp_conv_reference(my, mx, w, &s);
            for (int j = 0; j < 24; j++) loss[side] += (double)y[j] * g[j];
        }
        *p = keep;
        assert_true(fabs(loss[1] - loss[0] - (i < 33 ? dx[i] : dw[i - 33])) < 1e-5);
    }
    free(x), free(w), free(g);
}

/* The thread count changes nothing, not even the last bit. */
static void threads_agree(void **state) {
    (void)state;
    xp_rng r = xp_rng_seed(6);
    xp_conv_branch b[3] = {{NULL, 2, 0, 16}, {NULL, 10, 4, 16}, {NULL, 40, 19, 16}};
    xp_conv_shape s = {.t_in = 700, .c_in = 24, .t_out = 700, .stride = 1};
    xp_conv_align(&s, b, 3);
    float *w = random_floats(&r, (size_t)40 * 24 * 16), *x = random_floats(&r, 700 * 24);
    for (int i = 0; i < 3; i++) b[i].w = w;
    setting set = {0};
    for (int i = 0; (set.kernels = xp_kernels_at(i)) != NULL; i++) {
        float *y[3];
        for (int threads = 1; threads <= 3; threads++) {
            assert_int_equal(xp_pool_create(&set.pool, threads, NULL), XP_OK);
            float *out = y[threads - 1] = malloc(sizeof *out * 700 * 48);
            planned p = plan(&s, &set);
            xp_conv_pack(p.conv, b, 3, p.scratch, set.pool);
            xp_conv_forward(p.conv, xp_mat_make(out, 700, 48), xp_mat_make(x, 700, 24), NULL,
                            p.scratch, set.pool);
            release(&p);
            xp_pool_free(set.pool);
        }
        assert_memory_equal(y[0], y[1], sizeof(float) * 700 * 48);
        assert_memory_equal(y[0], y[2], sizeof(float) * 700 * 48);
        for (int j = 0; j < 3; j++) free(y[j]);
    }
    free(w), free(x);
}

/* Several records in one call: each as the oracle has it, with the same bits whoever the others
 * are. */
static void records_body(const setting *set, xp_rng *r) {
    enum { RECORDS = 4, T = 130, C = 24, CUT = 3 };
    xp_conv_branch b[3] = {{NULL, 2, 0, 16}, {NULL, 10, 4, 8}, {NULL, 40, 19, 40}};
    xp_conv_shape s = {.t_in = T, .c_in = C, .t_out = T, .stride = 1, .records = RECORDS};
    xp_conv_align(&s, b, 3);
    float *w[3], *x = random_floats(r, (size_t)RECORDS * T * C);
    const size_t out = (size_t)T * (size_t)s.c_out;
    float *y = random_floats(r, RECORDS * out), *alone = random_floats(r, out);
    float *want = random_floats(r, out);
    for (int i = 0; i < 3; i++) b[i].w = w[i] = random_floats(r, (size_t)b[i].k * C * b[i].c_out);
    planned p = plan(&s, set);
    xp_conv_pack(p.conv, b, 3, p.scratch, set->pool);
    const xp_mats mx = {xp_mat_make(x, T, C), T * C};
    const xp_mats my = {xp_mat_make(y, T, s.c_out), (ptrdiff_t)out};
    const xp_mat mw = xp_mat_make(want, T, s.c_out), ma = xp_mat_make(alone, T, s.c_out);
    for (int n = RECORDS; n >= CUT; n--) {
        xp_conv_forward_records(p.conv, my, mx, n, NULL, p.scratch, set->pool);
        for (int i = 0; i < n; i++) {
            reference(mw, xp_mats_at(mx, i), &s, b, 3);
            assert_mats("records", set, xp_mats_at(my, i), mw, (double)s.k * C, 2e-6);
        }
    }
    xp_conv_forward(p.conv, ma, xp_mats_at(mx, CUT - 1), NULL, p.scratch, set->pool);
    assert_memory_equal(alone, xp_mats_at(my, CUT - 1).data, out * sizeof *alone);
    release(&p);
    free(x), free(y), free(alone), free(want);
    for (int i = 0; i < 3; i++) free(w[i]);
}
static void records(void **state) {
    (void)state;
    everywhere(records_body, ANY_METHOD, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oracle_gradients), cmocka_unit_test(shapes),
        cmocka_unit_test(long_signals),     cmocka_unit_test(strides),
        cmocka_unit_test(paddings),         cmocka_unit_test(branches),
        cmocka_unit_test(epilogues),        cmocka_unit_test(transposed),
        cmocka_unit_test(threads_agree),    cmocka_unit_test(records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
