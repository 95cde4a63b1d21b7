/* Gradients of every operation, at its input and at its weights, against finite differences. */
#include "nn/op.h"
#include "nn/ops.h"
#include "nn_samples.h"

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

static void check_model_gradient(const char *what, xp_model m) {
    const size_t n = (size_t)m.length * (size_t)m.n_leads;
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

static void check_input_gradient(const char *what, xp_op op, int t, int c) {
    check_model_gradient(what, single_op(op, t, c));
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

/* What published networks have beside those. */
static void rarer_gradients_are_the_derivative(void **state) {
    (void)state;
    xp_op op;
    for (int i = 0; i < 12; i++) {
        op = (xp_op){.kind = XP_OP_GROUP_CONV1D,
                     .units = 6,
                     .kernel = 3,
                     .stride = 1 + i % 2,
                     .dilation = 1 + i / 2 % 3,
                     .groups = i < 6 ? 3 : 2,
                     .padding = paddings[i / 3 % 2],
                     .use_bias = i & 1};
        check_input_gradient("group_conv1d", op, 11, 6);
    }
    for (int f = 0; f < XP_N_FUNCTIONS; f++) {
        op = (xp_op){.kind = XP_OP_FUNCTION,
                     .function = (xp_function)f,
                     .alpha = f == XP_FN_CLIP ? -0.5f : 0.3f,
                     .beta = 0.6f};
        check_input_gradient(xp_function_name((xp_function)f), op, 8, 4);
    }
    op = (xp_op){.kind = XP_OP_PRELU};
    check_input_gradient("prelu", op, 5, 4);
    for (int i = 0; i < 4; i++) {
        op = (xp_op){.kind = XP_OP_PAD, .before = i - 1, .after = 2 - i};
        check_input_gradient("pad", op, 6, 3);
        op = (xp_op){.kind = XP_OP_GROUPNORM,
                     .groups = (int[]){1, 2, 3, 6}[i],
                     .center = true,
                     .scale = i & 1,
                     .epsilon = 1e-3f};
        check_input_gradient("groupnorm", op, 5, 6);
        op = (xp_op){.kind = XP_OP_LSTM,
                     .units = 4,
                     .activation = XP_ACT_TANH,
                     .recurrent = XP_ACT_SIGMOID,
                     .use_bias = i & 1,
                     .return_sequences = (i & 2) != 0};
        check_input_gradient("lstm", op, 6, 3);
    }
    op = (xp_op){.kind = XP_OP_SOFTMAX_TIME};
    check_input_gradient("softmax_time", op, 7, 3);
    op = (xp_op){.kind = XP_OP_REVERSE};
    check_input_gradient("reverse", op, 7, 3);
}

/* An operation of two branches of one input, which has t samples of c channels. */
static xp_model two_branches(xp_op op, int t, int units_a, int units_b) {
    xp_graph g = {0};
    xp_op conv = {.kind = XP_OP_CONV1D, .n_inputs = 1, .kernel = 3, .stride = 1, .units = units_a};
    conv.padding = XP_PAD_SAME;
    conv.inputs[0] = sample_push(&g, sample_input(t, 2), "in");
    op.inputs[0] = sample_push(&g, conv, "a");
    conv.units = units_b;
    op.inputs[1] = sample_push(&g, conv, "b");
    op.n_inputs = 2;
    int out = sample_push(&g, op, "op");
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {out}};
    sample_push(&g, flat, "flat");
    return sample_model(g, 23);
}

static void products_have_their_gradient(void **state) {
    (void)state;
    xp_op op = {.kind = XP_OP_MULTIPLY};
    check_model_gradient("multiply", two_branches(op, 7, 3, 3));
    for (int i = 0; i < 4; i++) {
        op = (xp_op){.kind = XP_OP_MATMUL, .transpose_a = i & 1, .transpose_b = i >> 1};
        /* (5, 5), which fits whichever is transposed; and sizes that tell rows from columns. */
        check_model_gradient("matmul", two_branches(op, 5, 5, 5));
        if (i == 1) check_model_gradient("matmul over time", two_branches(op, 6, 2, 3));
        if (i == 2) check_model_gradient("matmul over channels", two_branches(op, 6, 3, 3));
    }
}

/* A channel's share of a whole recording times each of its samples, as squeeze-and-excitation has
 * it. */
static void a_vector_times_a_sequence_has_its_gradient(void **state) {
    (void)state;
    xp_graph g = {0};
    int in = sample_push(&g, sample_input(6, 4), "in");
    xp_op op = {.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {in}};
    int mean = sample_push(&g, op, "mean");
    op = (xp_op){.kind = XP_OP_DENSE,
                 .n_inputs = 1,
                 .inputs = {mean},
                 .units = 4,
                 .activation = XP_ACT_SIGMOID};
    int share = sample_push(&g, op, "share");
    op = (xp_op){.kind = XP_OP_MULTIPLY, .n_inputs = 2, .inputs = {in, share}};
    int out = sample_push(&g, op, "scaled");
    op = (xp_op){.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {out}};
    sample_push(&g, op, "flat");
    check_model_gradient("squeeze and excitation", sample_model(g, 5));
}

/* Two convolutions of one input that are computed together, of which each is read by a concat and
 * by a sum: their gradients do not lie side by side. The sum of one input is that input. */
static void branches_with_other_readers_have_their_gradient(void **state) {
    (void)state;
    xp_graph g = {0};
    xp_op op = {.kind = XP_OP_CONV1D, .n_inputs = 1, .units = 3, .kernel = 3, .stride = 1};
    op.padding = XP_PAD_SAME;
    op.inputs[0] = sample_push(&g, sample_input(9, 2), "in");
    int a = sample_push(&g, op, "a");
    op.kernel = 4;
    int b = sample_push(&g, op, "b");
    op = (xp_op){.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {a, b}};
    int both = sample_push(&g, op, "concat");
    op.kind = XP_OP_ADD;
    int sum = sample_push(&g, op, "sum");
    op = (xp_op){.kind = XP_OP_ADD, .n_inputs = 1, .inputs = {sum}};
    int same = sample_push(&g, op, "sum of one");
    op = (xp_op){.kind = XP_OP_CONCAT, .n_inputs = 3, .inputs = {both, sum, same}};
    int all = sample_push(&g, op, "all");
    op = (xp_op){.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {all}};
    sample_push(&g, op, "flat");
    check_model_gradient("branches with other readers", sample_model(g, 17));
}

/* Every op at once and every target: the logits move as the gradient says when the input moves
 * along a direction (kinks make single elements useless here, so one random direction each). */
static void mixed_gradient_is_the_derivative(void **state) {
    (void)state;
    for (int k = 0; k < 12; k++) {
        const int t = 20 + k / 2;
        xp_model m = k % 2 ? sample_rare(t, (uint64_t)t + 50) : sample_mixed(t, (uint64_t)t + 50);
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

/* By the op's row, as training does: forward for what it saves, then backward. */
static void row_weight_gradients(const op_run *r, float *block) {
    const xp_graph *g = &r->m->graph;
    const xp_op *op = &g->ops[1];
    const xp_op_type *type = xp_op_type_of(op->kind);
    const size_t saved = type->saved ? type->saved(op, &g->ops[0]) : 0;
    const size_t scratch = type->scratch ? type->scratch(op, &g->ops[0]) : 0;
    float *y = malloc((size_t)op->t * (size_t)op->c * sizeof *y);
    xp_op_call c = {.graph = g,
                    .weights = r->m->weights,
                    .op = op,
                    .kernels = r->k,
                    .x = &r->x,
                    .y = xp_mat_make(y, op->t, op->c),
                    .saved = malloc((saved + 1) * sizeof(float)),
                    .scratch = malloc(scratch + 1),
                    .end = type->part == XP_PART_COLUMNS ? op->c : op->t};
    assert_true(y && c.saved && c.scratch);
    type->forward(&c);
    c.dy = r->dy;
    c.gradient = block + g->params[op->params[0]].offset;
    type->backward(&c);
    free(c.saved);
    free(c.scratch);
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
    check_weight_gradients("conv1d by its row", op, 13, 3, row_weight_gradients);
    op = (xp_op){.kind = XP_OP_DENSE, .units = 5, .use_bias = true};
    check_weight_gradients("dense", op, 4, 3, row_weight_gradients);
    op = (xp_op){.kind = XP_OP_LAYERNORM, .center = true, .scale = true, .epsilon = 1e-3f};
    check_weight_gradients("layernorm", op, 4, 5, row_weight_gradients);
    for (int i = 0; i < 4; i++) {
        op = (xp_op){.kind = XP_OP_GRU,
                     .units = 4,
                     .activation = XP_ACT_TANH,
                     .recurrent = XP_ACT_SIGMOID,
                     .use_bias = true,
                     .reset_after = i & 1,
                     .return_sequences = (i & 2) != 0};
        check_weight_gradients("gru", op, 5, 3, row_weight_gradients);
        op = (xp_op){.kind = XP_OP_LSTM,
                     .units = 4,
                     .activation = XP_ACT_TANH,
                     .recurrent = XP_ACT_SIGMOID,
                     .use_bias = i & 1,
                     .return_sequences = (i & 2) != 0};
        check_weight_gradients("lstm", op, 5, 3, row_weight_gradients);
        op = (xp_op){.kind = XP_OP_GROUP_CONV1D,
                     .units = 6,
                     .kernel = 3,
                     .stride = 1 + i % 2,
                     .dilation = 1 + i / 2,
                     .groups = i < 2 ? 3 : 2,
                     .padding = paddings[i % 2],
                     .use_bias = true};
        check_weight_gradients("group_conv1d", op, 9, 6, row_weight_gradients);
        op = (xp_op){.kind = XP_OP_GROUPNORM,
                     .groups = (int[]){1, 2, 3, 6}[i],
                     .center = true,
                     .scale = true,
                     .epsilon = 1e-3f};
        check_weight_gradients("groupnorm", op, 5, 6, row_weight_gradients);
    }
    op = (xp_op){.kind = XP_OP_PRELU};
    check_weight_gradients("prelu", op, 6, 4, row_weight_gradients);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_gradient_is_the_derivative),
        cmocka_unit_test(pool_gradient_is_the_derivative),
        cmocka_unit_test(other_gradients_are_the_derivative),
        cmocka_unit_test(rarer_gradients_are_the_derivative),
        cmocka_unit_test(products_have_their_gradient),
        cmocka_unit_test(a_vector_times_a_sequence_has_its_gradient),
        cmocka_unit_test(branches_with_other_readers_have_their_gradient),
        cmocka_unit_test(mixed_gradient_is_the_derivative),
        cmocka_unit_test(weight_gradients_are_the_derivative),
        cmocka_unit_test(ties_and_zeros_follow_tensorflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
