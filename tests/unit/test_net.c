#include "nn/ops.h"
#include "nn_samples.h"

#include <stdint.h>
#ifdef __has_feature /* clang's way to say it */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#include <malloc.h>
#endif

static void compare_floats(const char *what, const float *a, const float *b, size_t n,
                           double tolerance) {
    double *expected = malloc((n + 1) * sizeof *expected);
    assert_non_null(expected);
    for (size_t i = 0; i < n; i++) expected[i] = (double)b[i];
    assert_close(what, a, expected, n, tolerance);
    free(expected);
}

/* ==== fused plans against the reference ==== */

static void compare_plans(const xp_model *m, const char *what) {
    float *x = sample_record(m, 5);
    xp_net *oracle = sample_net(m, (xp_net_options){.reference = true});
    xp_net_forward(oracle, x);
    for (int k = 0; xp_kernels_at(k); k++)
        for (int from = -1; from < m->graph.n_ops; from++) {
            xp_net *net = sample_net(m, (xp_net_options){.n_explain = from >= 0,
                                                         .explain = {from >= 0 ? from : 0},
                                                         .kernels = xp_kernels_at(k)});
            for (int again = 0; again < 2; again++) xp_net_forward(net, x);
            char name[200];
            snprintf(name, sizeof name, "%s, %s, explain %d", what, xp_kernels_at(k)->name, from);
            compare_floats(name, xp_net_probabilities(net), xp_net_probabilities(oracle),
                           (size_t)m->n_labels, 3e-6);
            compare_floats(name, xp_net_logits(net), xp_net_logits(oracle), (size_t)m->n_labels,
                           2e-5);
            xp_net_free(net);
        }
    xp_net_free(oracle);
    free(x);
}

static void fused_plans_agree_with_the_reference(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    static const int lengths[] = {61, 128, 200};
    for (int a = 0; a < 3; a++)
        for (int i = 0; i < 3; i++) {
            xp_model m = sample_arch(archs[a], lengths[i], 2 + i, 3, 7);
            compare_plans(&m, archs[a]);
            xp_model_free(&m);
        }
    for (int t = 20; t < 28; t++) {
        xp_model m = sample_mixed(t, (uint64_t)t);
        compare_plans(&m, "mixed");
        xp_model_free(&m);
    }
}

/* Every op's value, not only the last: what the list of layers promises to keep is right. */
static void kept_values_agree_with_the_reference(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 77, 4, 3, 3), sample_mixed(25, 1)};
    for (int i = 0; i < 2; i++) {
        const xp_model *m = &models[i];
        float *x = sample_record(m, 9);
        xp_net *a = sample_net(m, (xp_net_options){.n_explain = 1, .reference = true});
        xp_net *b = sample_net(m, (xp_net_options){.n_explain = 1});
        xp_net_forward(a, x);
        xp_net_forward(b, x);
        for (int op = 0; op < m->graph.n_ops; op++) {
            xp_mat u = xp_net_activation(a, op), v = xp_net_activation(b, op);
            assert_int_equal(u.rows, m->graph.ops[op].t);
            assert_int_equal(u.cols, m->graph.ops[op].c);
            for (int t = 0; t < u.rows; t++)
                compare_floats(m->graph.ops[op].name, xp_mat_row(v, t), xp_mat_row(u, t),
                               (size_t)u.cols, 3e-5);
        }
        xp_net_free(a);
        xp_net_free(b);
        free(x);
        xp_model_free(&models[i]);
    }
}

static void threads_give_the_same_bits(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 333, 4, 3, 3), sample_arch("cnn", 99, 4, 3, 3),
                         sample_mixed(41, 1)};
    for (int i = 0; i < 3; i++) {
        const xp_model *m = &models[i];
        xp_pool *pool;
        xp_error err;
        assert_int_equal(xp_pool_create(&pool, 3, &err), XP_OK);
        float *x = sample_record(m, 11), seed[3] = {1, -2, 0.5f};
        float *g1 = calloc((size_t)m->length * (size_t)m->n_leads, sizeof *g1);
        float *g2 = calloc((size_t)m->length * (size_t)m->n_leads, sizeof *g2);
        xp_net *one = sample_net(m, (xp_net_options){.n_explain = 1});
        xp_net *three = sample_net(m, (xp_net_options){.n_explain = 1, .pool = pool});
        xp_net_forward(one, x);
        xp_net_forward(three, x);
        assert_memory_equal(xp_net_logits(one), xp_net_logits(three), 3 * sizeof(float));
        assert_int_equal(xp_net_gradient(one, seed, 0, g1, &err), XP_OK);
        assert_int_equal(xp_net_gradient(three, seed, 0, g2, &err), XP_OK);
        assert_memory_equal(g1, g2, (size_t)m->length * (size_t)m->n_leads * sizeof *g1);
        xp_net_free(one);
        xp_net_free(three);
        xp_pool_free(pool);
        free(g1);
        free(g2);
        free(x);
        xp_model_free(&models[i]);
    }
}

/* ==== gradients against finite differences ==== */

static double weighted_sum(const float *a, const float *w, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += (double)a[i] * (double)w[i];
    return s;
}

static double forward_sum(const xp_model *m, const float *x, const float *w) {
    xp_net *net = sample_net(m, (xp_net_options){.reference = true});
    xp_net_forward(net, x);
    double s = weighted_sum(xp_net_logits(net), w, m->n_labels);
    xp_net_free(net);
    return s;
}

static void assert_gradient(const char *what, const float *got, const double *expected, size_t n,
                            double tolerance) {
    double largest = 1e-3;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(expected[i]));
    assert_close(what, got, expected, n, tolerance * largest);
}

/* d f / d v[i] by central differences; v belongs to the model or is its input. */
static double *differences(const xp_model *m, const float *x, const float *w, float *v, size_t n,
                           float h) {
    double *d = malloc((n + 1) * sizeof *d);
    assert_non_null(d);
    for (size_t i = 0; i < n; i++) {
        const float v0 = v[i], up = v0 + h, down = v0 - h;
        v[i] = up;
        double f = forward_sum(m, x, w);
        v[i] = down;
        f -= forward_sum(m, x, w);
        v[i] = v0;
        d[i] = f / ((double)up - (double)down);
    }
    return d;
}

/* Values 0.1 apart and never within 0.05 of 0: no step of 0.01 crosses a kink or a tie. */
static float *spaced_values(size_t n, uint64_t seed) {
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    xp_rng r = xp_rng_seed(seed);
    for (size_t i = 0; i < n; i++) x[i] = 0.1f * ((float)i - (float)(n / 2)) + 0.05f;
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = xp_rng_below(&r, (uint32_t)i + 1);
        float t = x[i];
        x[i] = x[j];
        x[j] = t;
    }
    return x;
}

/* input -> op -> flatten: the outputs are the logits. */
static xp_model single_op(xp_op op, int t, int c) {
    xp_graph g = {0};
    sample_push(&g, sample_input(t, c), "in");
    op.n_inputs = 1;
    int out = sample_push(&g, op, "op");
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {out}};
    sample_push(&g, flat, "flat");
    return sample_model(g, 17);
}

static float *random_weights(int n, uint64_t seed) {
    float *w = malloc((size_t)n * sizeof *w);
    assert_non_null(w);
    xp_rng r = xp_rng_seed(seed);
    for (int i = 0; i < n; i++) w[i] = sample_value(&r, -1, 1);
    return w;
}

static void check_input_gradient(const char *what, xp_op op, int t, int c) {
    xp_model m = single_op(op, t, c);
    const size_t n = (size_t)t * (size_t)c;
    float *x = spaced_values(n, 3), *w = random_weights(m.n_labels, 4);
    float *got = malloc(n * sizeof *got);
    assert_non_null(got);
    double *expected = differences(&m, x, w, x, n, 0.01f);
    xp_error err;
    for (int k = 0; xp_kernels_at(k); k++) {
        xp_net *net = sample_net(&m, (xp_net_options){.n_explain = 1, .kernels = xp_kernels_at(k)});
        xp_net_forward(net, x);
        for (int again = 0; again < 2; again++)
            assert_int_equal(xp_net_gradient(net, w, 0, got, &err), XP_OK);
        assert_gradient(what, got, expected, n, 1e-3);
        xp_net_free(net);
    }
    free(expected);
    free(got);
    free(x);
    free(w);
    xp_model_free(&m);
}

static const xp_padding paddings[] = {XP_PAD_VALID, XP_PAD_SAME};

static void conv_gradient_is_the_derivative(void **state) {
    (void)state;
    for (int stride = 1; stride <= 3; stride++)
        for (int kernel = 1; kernel <= 6; kernel++)
            for (int p = 0; p < 2; p++)
                for (int a = XP_ACT_LINEAR; a <= XP_ACT_TANH; a += 3) {
                    xp_op op = {.kind = XP_OP_CONV1D,
                                .units = 4,
                                .kernel = kernel,
                                .stride = stride,
                                .padding = paddings[p],
                                .use_bias = true,
                                .activation = (xp_activation)a};
                    check_input_gradient("conv1d", op, 11, 3);
                }
}

static void pool_gradient_is_the_derivative(void **state) {
    (void)state;
    for (int stride = 1; stride <= 3; stride++)
        for (int kernel = 1; kernel <= 4; kernel++)
            for (int p = 0; p < 2; p++) {
                xp_op op = {.kind = XP_OP_MAXPOOL,
                            .kernel = kernel,
                            .stride = stride,
                            .padding = paddings[p]};
                check_input_gradient("maxpool", op, 10, 3);
                op.kind = XP_OP_AVGPOOL;
                check_input_gradient("avgpool", op, 10, 3);
            }
}

static void other_gradients_are_the_derivative(void **state) {
    (void)state;
    xp_op op = {.kind = XP_OP_BATCHNORM, .center = true, .scale = true, .epsilon = 1e-3f};
    check_input_gradient("batchnorm", op, 6, 5);
    op.kind = XP_OP_LAYERNORM;
    check_input_gradient("layernorm", op, 4, 5);
    op = (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL};
    check_input_gradient("global_avgpool", op, 7, 4);
    op.kind = XP_OP_GLOBAL_MAXPOOL;
    check_input_gradient("global_maxpool", op, 7, 4);
    op.kind = XP_OP_FLATTEN;
    check_input_gradient("flatten", op, 7, 4);
    op.kind = XP_OP_DROPOUT;
    check_input_gradient("dropout", op, 7, 4);
    for (int a = XP_ACT_LINEAR; a <= XP_ACT_SOFTMAX; a++) {
        op = (xp_op){.kind = XP_OP_ACTIVATION, .activation = (xp_activation)a};
        check_input_gradient("activation", op, 5, 4);
        if (a == XP_ACT_RELU) continue; /* its kinks lie anywhere after a matrix product */
        op = (xp_op){
            .kind = XP_OP_DENSE, .units = 6, .use_bias = true, .activation = (xp_activation)a};
        check_input_gradient("dense", op, 5, 4);
    }
    for (int i = 0; i < 8; i++) {
        op = (xp_op){.kind = XP_OP_GRU,
                     .units = 5,
                     .activation = XP_ACT_TANH,
                     .recurrent = XP_ACT_SIGMOID,
                     .use_bias = i & 1,
                     .reset_after = (i & 2) != 0,
                     .return_sequences = (i & 4) != 0};
        check_input_gradient("gru", op, 6, 3);
    }
}

/* Every op at once and every target: the logits move as the gradient says when the input moves
 * along a direction (kinks make single elements useless here, so one random direction each). */
static void mixed_gradient_is_the_derivative(void **state) {
    (void)state;
    for (int t = 20; t < 26; t++) {
        xp_model m = sample_mixed(t, (uint64_t)t + 50);
        const size_t n = (size_t)t * 3;
        float *x = sample_record(&m, 8), *g = malloc(n * sizeof *g), *along = malloc(n * sizeof *g);
        assert_true(g && along);
        const float w[3] = {1, -0.5f, 0.25f};
        xp_error err;
        xp_net *net = sample_net(&m, (xp_net_options){.n_explain = 1});
        xp_net_forward(net, x);
        assert_int_equal(xp_net_gradient(net, w, 0, g, &err), XP_OK);
        const float h = 1e-3f;
        xp_rng r = xp_rng_seed(2);
        double slope = 0;
        for (size_t i = 0; i < n; i++) {
            along[i] = (float)xp_rng_normal(&r);
            slope += (double)along[i] * (double)g[i];
        }
        for (size_t i = 0; i < n; i++) x[i] += h * along[i];
        double f = forward_sum(&m, x, w);
        for (size_t i = 0; i < n; i++) x[i] -= 2 * h * along[i];
        f -= forward_sum(&m, x, w);
        const float got = (float)slope;
        const double expected = f / (2 * (double)h);
        assert_close("mixed", &got, &expected, 1, 0.02 * fabs(expected) + 0.02);
        xp_net_free(net);
        free(x);
        free(g);
        free(along);
        xp_model_free(&m);
    }
}

/* ==== weight gradients ==== */

typedef struct {
    xp_mat x, y, dy;
    const xp_kernels *k;
    const xp_model *m;
} op_run;

static const float *weights_of(const op_run *r, const char *suffix) {
    const xp_param *p = xp_op_param(&r->m->graph, &r->m->graph.ops[1], suffix);
    return p ? r->m->weights + p->offset : NULL;
}

static float *gradient_of(float *block, const op_run *r, const char *suffix) {
    const xp_param *p = xp_op_param(&r->m->graph, &r->m->graph.ops[1], suffix);
    return p ? block + p->offset : NULL;
}

static void conv_weight_gradients(const op_run *r, float *block) {
    const xp_op *op = &r->m->graph.ops[1];
    xp_conv_shape s = {.t_in = r->x.rows,
                       .c_in = r->x.cols,
                       .t_out = op->t,
                       .c_out = op->units,
                       .k = op->kernel,
                       .stride = op->stride,
                       .pad_left = op->pad_left};
    xp_conv1d_backward_weights(r->k, gradient_of(block, r, "kernel"), r->dy, r->x, &s, 0, 2);
    xp_conv1d_backward_weights(r->k, gradient_of(block, r, "kernel"), r->dy, r->x, &s, 2, s.k);
    xp_bias_backward(gradient_of(block, r, "bias"), r->dy);
}

static void dense_weight_gradients(const op_run *r, float *block) {
    xp_dense_backward(r->k, NULL, gradient_of(block, r, "kernel"), gradient_of(block, r, "bias"),
                      r->dy, r->x, weights_of(r, "kernel"));
}

static void layernorm_weight_gradients(const op_run *r, float *block) {
    xp_layernorm_backward(NULL, gradient_of(block, r, "gamma"), gradient_of(block, r, "beta"),
                          r->dy, r->x, weights_of(r, "gamma"), r->m->graph.ops[1].epsilon);
}

static void gru_weight_gradients(const op_run *r, float *block) {
    const xp_op *op = &r->m->graph.ops[1];
    xp_gru g = {op->units,
                op->activation,
                op->recurrent,
                op->reset_after,
                op->return_sequences,
                weights_of(r, "kernel"),
                weights_of(r, "recurrent_kernel"),
                weights_of(r, "bias")};
    float *saved = malloc(xp_gru_saved(&g, r->x.rows) * sizeof *saved);
    float *work = malloc(xp_gru_work(&g, r->x.rows) * sizeof *work);
    float *y = malloc((size_t)op->t * (size_t)op->c * sizeof *y);
    assert_true(saved && work && y);
    xp_gru_forward(r->k, &g, xp_mat_make(y, op->t, op->c), r->x, saved, work);
    xp_gru_backward(r->k, &g, NULL, gradient_of(block, r, "kernel"),
                    gradient_of(block, r, "recurrent_kernel"), gradient_of(block, r, "bias"), r->dy,
                    r->x, saved, work);
    free(saved);
    free(work);
    free(y);
}

static void check_weight_gradients(const char *what, xp_op op, int t, int c,
                                   void (*backward)(const op_run *, float *)) {
    xp_model m = single_op(op, t, c);
    const size_t n = m.graph.n_weights;
    float *x = spaced_values((size_t)t * (size_t)c, 6), *w = random_weights(m.n_labels, 4);
    double *expected = differences(&m, x, w, m.weights, n, 0.01f);
    const xp_op *o = &m.graph.ops[1];
    for (int k = 0; xp_kernels_at(k); k++) {
        float *got = malloc(n * sizeof *got);
        assert_non_null(got);
        for (size_t i = 0; i < n; i++) got[i] = 2; /* gradients add to what is there */
        op_run r = {xp_mat_make(x, t, c), xp_mat_make(NULL, o->t, o->c), xp_mat_make(w, o->t, o->c),
                    xp_kernels_at(k), &m};
        backward(&r, got);
        for (size_t i = 0; i < n; i++) got[i] -= 2;
        assert_gradient(what, got, expected, n, 1e-3);
        free(got);
    }
    free(expected);
    free(x);
    free(w);
    xp_model_free(&m);
}

static void weight_gradients_are_the_derivative(void **state) {
    (void)state;
    xp_op op = {.kind = XP_OP_CONV1D,
                .units = 4,
                .kernel = 5,
                .stride = 1,
                .padding = XP_PAD_SAME,
                .use_bias = true};
    check_weight_gradients("conv1d", op, 11, 3, conv_weight_gradients);
    op.stride = 3, op.padding = XP_PAD_VALID;
    check_weight_gradients("conv1d valid", op, 13, 3, conv_weight_gradients);
    op = (xp_op){.kind = XP_OP_DENSE, .units = 5, .use_bias = true};
    check_weight_gradients("dense", op, 4, 3, dense_weight_gradients);
    op = (xp_op){.kind = XP_OP_LAYERNORM, .center = true, .scale = true, .epsilon = 1e-3f};
    check_weight_gradients("layernorm", op, 4, 5, layernorm_weight_gradients);
    for (int i = 0; i < 4; i++) {
        op = (xp_op){.kind = XP_OP_GRU,
                     .units = 4,
                     .activation = XP_ACT_TANH,
                     .recurrent = XP_ACT_SIGMOID,
                     .use_bias = true,
                     .reset_after = i & 1,
                     .return_sequences = (i & 2) != 0};
        check_weight_gradients("gru", op, 5, 3, gru_weight_gradients);
    }
}

/* ==== conventions ==== */

static void ties_and_zeros_follow_tensorflow(void **state) {
    (void)state;
    float x[] = {1, 1, 0, 1}, dx[4] = {0}, one = 1, half = 0.5f;
    xp_maxpool_backward(xp_kernels_best(), xp_mat_make(dx, 4, 1), xp_mat_make(&one, 1, 1),
                        xp_mat_make(x, 4, 1), (xp_window){3, 4, 0}, 0, 1);
    assert_true(dx[0] == 1 && dx[1] == 0);
    xp_global_maxpool_backward(xp_mat_make(dx, 4, 1), xp_mat_make(&half, 1, 1),
                               xp_mat_make(x, 4, 1));
    assert_true(fabsf(dx[1] - 0.5f / 3) < 1e-7f && dx[2] == 0);
    float g[] = {1, 1}, y[] = {0, 2};
    xp_activation_backward(xp_mat_make(g, 1, 2), xp_mat_make(y, 1, 2), XP_ACT_RELU);
    assert_true(g[0] == 0 && g[1] == 1);
}

/* ==== memory ==== */

static void memory_is_what_was_promised(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 20000, 8, 5, 3);
    size_t forward, explained;
    xp_error err;
    xp_net_options opt = {0};
    assert_int_equal(xp_net_bytes(&m, &opt, &forward, &err), XP_OK);
    opt.n_explain = 1;
    opt.explain[0] = xp_graph_find(&m.graph, "block1.conv1");
    assert_int_equal(xp_net_bytes(&m, &opt, &explained, &err), XP_OK);
    assert_true(explained > forward);
    /* Forward alone keeps few of its activations: fewer than half of them together. */
    size_t all = 0;
    for (int i = 0; i < m.graph.n_ops; i++)
        all += (size_t)m.graph.ops[i].t * (size_t)m.graph.ops[i].c * sizeof(float);
    assert_true(forward < all / 2);
    xp_model_free(&m);
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
static void passes_do_not_allocate(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 333, 4, 3, 3), sample_arch("gru", 99, 4, 3, 3),
                         sample_mixed(41, 1)};
    for (int i = 0; i < 3; i++) {
        const xp_model *m = &models[i];
        const float seed[3] = {1, 0, 0};
        float *x = sample_record(m, 2);
        float *g = malloc((size_t)m->length * (size_t)m->n_leads * sizeof *g);
        size_t promised;
        xp_error err;
        xp_net_options opt = {.n_explain = 1};
        assert_int_equal(xp_net_bytes(m, &opt, &promised, &err), XP_OK);
        struct mallinfo2 before = mallinfo2();
        xp_net *net = sample_net(m, opt);
        struct mallinfo2 made = mallinfo2();
        size_t held = made.uordblks + made.hblkhd - before.uordblks - before.hblkhd;
        assert_true(held >= promised && held < promised + 8192); /* malloc's own headers */
        for (int again = 0; again < 3; again++) {
            xp_net_forward(net, x);
            assert_int_equal(xp_net_gradient(net, seed, 0, g, &err), XP_OK);
        }
        struct mallinfo2 after = mallinfo2();
        assert_int_equal(after.uordblks, made.uordblks);
        assert_int_equal(after.hblkhd, made.hblkhd);
        assert_int_equal(after.fordblks, made.fordblks);
        xp_net_free(net);
        free(x);
        free(g);
        xp_model_free(&models[i]);
    }
}
#endif

/* Keras may list a shortcut before the branches that it goes round: to explain it must not keep
 * them from being one convolution with its norm and ReLU. */
static void what_a_layer_does_not_lead_to_stays_fused(void **state) {
    (void)state;
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(50, 3), "in");
    xp_op conv = {.kind = XP_OP_CONV1D,
                  .n_inputs = 1,
                  .inputs = {x},
                  .units = 8,
                  .kernel = 1,
                  .stride = 1,
                  .padding = XP_PAD_SAME};
    int shortcut = sample_push(&g, conv, "shortcut");
    conv.units = 4, conv.kernel = 3;
    int a = sample_push(&g, conv, "a");
    conv.kernel = 9;
    int b = sample_push(&g, conv, "b");
    xp_op op = {.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {a, b}};
    int join = sample_push(&g, op, "join");
    op = (xp_op){.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {join}, .epsilon = 1e-3f};
    int norm = sample_push(&g, op, "norm");
    op = (xp_op){.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {shortcut, norm}};
    int add = sample_push(&g, op, "add");
    op = (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {add}};
    int gap = sample_push(&g, op, "gap");
    op = (xp_op){.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {gap}, .units = 2};
    sample_push(&g, op, "labels");
    xp_model m = sample_model(g, 3);
    float *record = sample_record(&m, 1), out[50 * 8];
    xp_net *net = sample_net(&m, xp_net_explaining(shortcut));
    xp_net_profile(net, true);
    xp_net_forward(net, record);
    const int fused[] = {b, join, norm};
    const float seed[2] = {1, 0};
    xp_error err;
    for (int i = 0; i < 3; i++) {
        assert_true(xp_net_times(net)[fused[i]] == 0);
        assert_false(xp_net_keeps(net, fused[i]));
        assert_int_equal(xp_net_gradient(net, seed, fused[i], out, &err), XP_ERR_USAGE);
    }
    assert_true(xp_net_keeps(net, shortcut) && xp_net_keeps(net, add) && xp_net_keeps(net, gap));
    assert_int_equal(xp_net_gradient(net, seed, shortcut, out, &err), XP_OK);
    xp_net_free(net);
    free(record);
    xp_model_free(&m);
}

/* ==== errors, times ==== */

static void misuse_is_an_error(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 100, 4, 3, 3);
    xp_net_options opt = {.n_explain = 1, .explain = {1000}};
    xp_net *net = NULL;
    xp_error err;
    assert_int_equal(xp_net_create(&net, &m, &opt, &err), XP_ERR_USAGE);
    assert_null(net);
    opt.n_explain = XP_NET_MAX_EXPLAIN + 1;
    assert_int_equal(xp_net_create(&net, &m, &opt, &err), XP_ERR_USAGE);
    const float seed[3] = {1, 0, 0};
    float out[64];
    opt.n_explain = 1;
    opt.explain[0] = xp_graph_find(&m.graph, "gap");
    net = sample_net(&m, opt);
    assert_int_equal(xp_net_gradient(net, seed, 2, out, &err), XP_ERR_USAGE);
    assert_int_equal(xp_net_gradient(net, seed, m.graph.n_ops - 1, out, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "labels"));
    xp_net_free(net);
    m.n_labels = 2;
    opt.n_explain = 0;
    assert_int_equal(xp_net_create(&net, &m, &opt, &err), XP_ERR_SHAPE);
    m.n_labels = 3;
    xp_model_free(&m);
}

static void times_are_given_when_asked(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 500, 4, 3, 3);
    float *x = sample_record(&m, 2);
    xp_net *net = sample_net(&m, (xp_net_options){0});
    xp_net_forward(net, x);
    assert_null(xp_net_times(net));
    xp_net_profile(net, true);
    xp_net_forward(net, x);
    double sum = 0;
    for (int i = 0; i < m.graph.n_ops; i++) sum += xp_net_times(net)[i];
    /* Fused ops are charged to the first: the branches and their norm are one convolution, the
     * shortcut's norm is its epilogue, add takes ReLU and pool with it. */
    static const char *const fused[] = {
        "block1.conv1.k5",   "block1.conv1", "block1.conv1.bn",    "block3.conv2.k12",
        "block3.conv2.relu", "block2.relu",  "block2.shortcut.bn", "block2.out"};
    for (size_t i = 0; i < sizeof fused / sizeof *fused; i++)
        assert_true(xp_net_times(net)[xp_graph_find(&m.graph, fused[i])] == 0);
    assert_true(sum >= 0 && sum < 10000);
#ifndef __EMSCRIPTEN__ /* whose clock may be too coarse for so small a network */
    assert_true(sum > 0);
#endif
    xp_net_free(net);
    free(x);
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_plans_agree_with_the_reference),
        cmocka_unit_test(kept_values_agree_with_the_reference),
        cmocka_unit_test(threads_give_the_same_bits),
        cmocka_unit_test(conv_gradient_is_the_derivative),
        cmocka_unit_test(pool_gradient_is_the_derivative),
        cmocka_unit_test(other_gradients_are_the_derivative),
        cmocka_unit_test(mixed_gradient_is_the_derivative),
        cmocka_unit_test(weight_gradients_are_the_derivative),
        cmocka_unit_test(ties_and_zeros_follow_tensorflow),
        cmocka_unit_test(memory_is_what_was_promised),
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(passes_do_not_allocate),
#endif
        cmocka_unit_test(what_a_layer_does_not_lead_to_stays_fused),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(times_are_given_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
