/* Every operation in training mode: its gradient against differences of the forward pass along the
 * gradient itself and along a random direction, for each weight tensor. */
#include "nn_samples.h"
#include "train/step.h"

typedef struct rig {
    xp_model m;
    xp_step s;
    xp_pool *pool;
    float *x, *slope; /* (n, t, c); (n, labels): the loss is sum(slope * output) */
    int n;
} rig;

static rig make_rig(xp_graph g, int batch, int n, int threads) {
    rig r = {.m = sample_model(g, 7), .n = n};
    xp_error err;
    xp_rng rng = xp_rng_seed(11);
    if (xp_pool_create(&r.pool, threads, &err) != XP_OK) fail_msg("%s", err.text);
    const size_t in = (size_t)(n * r.m.length * r.m.n_leads), out = (size_t)(n * r.m.n_labels);
    r.x = malloc(in * sizeof *r.x);
    r.slope = malloc(out * sizeof *r.slope);
    assert_true(r.x && r.slope);
    for (size_t i = 0; i < in; i++) r.x[i] = (float)xp_rng_normal(&rng);
    for (size_t i = 0; i < out; i++) r.slope[i] = (float)xp_rng_normal(&rng);
    r.s = (xp_step){.kernels = xp_kernels_best(), .pool = r.pool, .batch = batch, .seed = 3};
    return r;
}

static void start(rig *r) {
    xp_error err;
    r->s.m = &r->m;
    if (xp_step_create(&r->s, &err) != XP_OK) fail_msg("%s", err.text);
}

static void end(rig *r) {
    xp_step_free(&r->s);
    xp_pool_free(r->pool);
    xp_model_free(&r->m);
    free(r->x), free(r->slope);
}

static double loss(rig *r) {
    xp_error err;
    double sum = 0;
    if (xp_step_forward(&r->s, r->x, r->n, 5, &err) != XP_OK) fail_msg("%s", err.text);
    for (int i = 0; i < r->n * r->m.n_labels; i++)
        sum += (double)r->slope[i] * (double)xp_step_output(&r->s)[i];
    return sum;
}

static void gradient(rig *r) {
    xp_error err;
    loss(r);
    memcpy(xp_step_output_gradient(&r->s), r->slope,
           (size_t)(r->n * r->m.n_labels) * sizeof *r->slope);
    if (xp_step_backward(&r->s, &err) != XP_OK) fail_msg("%s", err.text);
}

static double norm(const float *v, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

/* (loss(w + h d) - loss(w - h d)) / 2 h, |d| = 1. */
static double difference(rig *r, const xp_param *p, const float *d, double h) {
    float *w = r->m.weights + p->offset, *kept = malloc(p->count * sizeof *kept);
    assert_non_null(kept);
    memcpy(kept, w, p->count * sizeof *kept);
    for (size_t i = 0; i < p->count; i++) w[i] = (float)((double)kept[i] + h * (double)d[i]);
    const double up = loss(r);
    for (size_t i = 0; i < p->count; i++) w[i] = (float)((double)kept[i] - h * (double)d[i]);
    const double down = loss(r);
    memcpy(w, kept, p->count * sizeof *kept);
    free(kept);
    return (up - down) / (2 * h);
}

static void check_direction(rig *r, const xp_param *p, const float *g, float *d, double total,
                            double tolerance) {
    const double length = norm(d, p->count);
    double expected = 0;
    if (!(length > 0)) return;
    for (size_t i = 0; i < p->count; i++) {
        d[i] = (float)((double)d[i] / length);
        expected += (double)g[i] * (double)d[i];
    }
    const double found = difference(r, p, d, 4e-3);
    if (!(fabs(found - expected) <= tolerance * total))
        fail_msg("%s: derivative %g by differences, %g by the backward pass (of %g)", p->name,
                 found, expected, total);
}

static void check_gradient(rig *r, double tolerance) {
    xp_rng rng = xp_rng_seed(23);
    const size_t n = r->m.graph.n_weights;
    float *g = malloc(n * sizeof *g), *d = malloc(n * sizeof *d);
    assert_true(g && d);
    gradient(r);
    memcpy(g, r->s.gradient, n * sizeof *g);
    const double total = norm(g, n);
    assert_true(total > 0);
    for (int i = 0; i < r->m.graph.n_params; i++) {
        const xp_param *p = &r->m.graph.params[i];
        const float *own = g + p->offset;
        if (!p->trainable) {
            assert_true(norm(own, p->count) == 0);
            continue;
        }
        memcpy(d, own, p->count * sizeof *d);
        check_direction(r, p, own, d, total, tolerance);
        for (size_t j = 0; j < p->count; j++) d[j] = (float)xp_rng_normal(&rng);
        check_direction(r, p, own, d, total, tolerance);
    }
    free(g), free(d);
}

static void check_graph(xp_graph g, double tolerance) {
    for (int threads = 1; threads <= 2; threads++) {
        xp_graph copy = {0};
        xp_error err;
        for (int i = 0; i < g.n_ops; i++)
            if (xp_graph_add(&copy, &g.ops[i], &err) != XP_OK) fail_msg("%s", err.text);
        rig r = make_rig(copy, 4, 3, threads);
        start(&r);
        check_gradient(&r, tolerance);
        end(&r);
    }
    xp_graph_free(&g);
}

/* ---- settings ---- */

static xp_op conv(int in, int units, int k, int stride, xp_padding pad, xp_activation a) {
    return (xp_op){.kind = XP_OP_CONV1D,
                   .n_inputs = 1,
                   .inputs = {in},
                   .units = units,
                   .kernel = k,
                   .stride = stride,
                   .padding = pad,
                   .activation = a,
                   .use_bias = k % 2 == 1};
}

static xp_op norm_op(int in, bool center, bool scale) {
    return (xp_op){.kind = XP_OP_BATCHNORM,
                   .n_inputs = 1,
                   .inputs = {in},
                   .center = center,
                   .scale = scale,
                   .epsilon = 1e-3F,
                   .momentum = 0.9F};
}

static xp_op unary(xp_op_kind kind, int in) {
    return (xp_op){.kind = kind, .n_inputs = 1, .inputs = {in}};
}

static xp_op act(int in, xp_activation a) {
    xp_op op = unary(XP_OP_ACTIVATION, in);
    op.activation = a;
    return op;
}

static xp_op pool_op(xp_op_kind kind, int in, int k, int stride, xp_padding pad) {
    xp_op op = unary(kind, in);
    op.kernel = k, op.stride = stride, op.padding = pad;
    return op;
}

static xp_op dense(int in, int units, xp_activation a, bool bias) {
    xp_op op = unary(XP_OP_DENSE, in);
    op.units = units, op.activation = a, op.use_bias = bias;
    return op;
}

static xp_op gru(int in, int units, bool sequences, bool reset_after) {
    xp_op op = unary(XP_OP_GRU, in);
    op.units = units, op.return_sequences = sequences, op.reset_after = reset_after;
    op.activation = XP_ACT_TANH, op.recurrent = XP_ACT_SIGMOID, op.use_bias = true;
    return op;
}

static xp_op layernorm(int in) {
    xp_op op = unary(XP_OP_LAYERNORM, in);
    op.center = op.scale = true, op.epsilon = 1e-3F;
    return op;
}

static xp_op dropout(int in, float rate) {
    xp_op op = unary(XP_OP_DROPOUT, in);
    op.rate = rate;
    return op;
}

static xp_op join(xp_op_kind kind, int a, int b, int c) {
    return (xp_op){.kind = kind, .n_inputs = c < 0 ? 2 : 3, .inputs = {a, b, c < 0 ? 0 : c}};
}

/* ---- graphs ---- */

static void test_norm_alone(void **state) {
    (void)state;
    xp_graph g = {0};
    int i = sample_push(&g, sample_input(40, 5), "in");
    i = sample_push(&g, conv(i, 6, 3, 1, XP_PAD_SAME, XP_ACT_LINEAR), "conv");
    i = sample_push(&g, norm_op(i, true, true), "norm");
    i = sample_push(&g, act(i, XP_ACT_TANH), "tanh");
    i = sample_push(&g, unary(XP_OP_GLOBAL_AVGPOOL, i), "gap");
    sample_push(&g, dense(i, 3, XP_ACT_SIGMOID, true), "out");
    check_graph(g, 2e-3);
}

static void test_recurrent(void **state) {
    (void)state;
    xp_graph g = {0};
    int i = sample_push(&g, sample_input(24, 3), "in");
    i = sample_push(&g, gru(i, 7, true, true), "gru1");
    i = sample_push(&g, layernorm(i), "ln");
    i = sample_push(&g, dropout(i, 0.3F), "drop");
    i = sample_push(&g, gru(i, 5, false, false), "gru2");
    i = sample_push(&g, norm_op(i, true, false), "norm");
    i = sample_push(&g, dense(i, 6, XP_ACT_TANH, false), "dense");
    i = sample_push(&g, dropout(i, 0.5F), "drop2");
    sample_push(&g, dense(i, 2, XP_ACT_SIGMOID, true), "out");
    check_graph(g, 4e-3);
}

static void test_branches(void **state) {
    (void)state;
    xp_graph g = {0};
    const int in = sample_push(&g, sample_input(61, 4), "in");
    const int a = sample_push(&g, conv(in, 5, 4, 1, XP_PAD_SAME, XP_ACT_TANH), "a");
    const int b = sample_push(&g, conv(in, 3, 9, 1, XP_PAD_SAME, XP_ACT_LINEAR), "b");
    const int cat = sample_push(&g, join(XP_OP_CONCAT, a, in, b), "cat"); /* one is copied */
    const int s = sample_push(&g, conv(cat, 6, 3, 2, XP_PAD_SAME, XP_ACT_SIGMOID), "strided");
    const int n = sample_push(&g, norm_op(s, false, true), "norm");
    const int twice = sample_push(&g, join(XP_OP_ADD, n, n, s), "sum");
    const int p = sample_push(&g, pool_op(XP_OP_AVGPOOL, twice, 3, 2, XP_PAD_SAME), "avg");
    const int ln = sample_push(&g, layernorm(p), "ln");
    const int d = sample_push(&g, dense(ln, 4, XP_ACT_TANH, true), "rows");
    const int f = sample_push(&g, unary(XP_OP_FLATTEN, d), "flat");
    sample_push(&g, dense(f, 3, XP_ACT_SOFTMAX, true), "out");
    check_graph(g, 3e-3);
}

/* ReLU and maxima have kinks: a step across one is not the derivative. */
static void test_pools_and_relu(void **state) {
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        xp_graph g = {0};
        const xp_padding pad = variant & 1 ? XP_PAD_VALID : XP_PAD_SAME;
        int k = variant & 2 ? 3 : 2;
        const int in = sample_push(&g, sample_input(35, 4), "in");
        const int a = sample_push(&g, conv(in, 5, 2, 1, XP_PAD_SAME, XP_ACT_RELU), "a");
        const int b = sample_push(&g, conv(in, 5, 6, 1, XP_PAD_SAME, XP_ACT_RELU), "b");
        const int cat = sample_push(&g, join(XP_OP_CONCAT, a, b, -1), "cat");
        const int n = sample_push(&g, norm_op(cat, true, true), "norm");
        const int r = sample_push(&g, act(n, XP_ACT_RELU), "relu");
        const int side = sample_push(&g, conv(in, 10, 1, 1, XP_PAD_SAME, XP_ACT_LINEAR), "side");
        const int sn = sample_push(&g, norm_op(side, true, true), "side_norm");
        const int sum = sample_push(&g, join(XP_OP_ADD, sn, r, -1), "sum");
        const int sr = sample_push(&g, act(sum, XP_ACT_RELU), "sum_relu");
        const int p = sample_push(&g, pool_op(XP_OP_MAXPOOL, sr, k, 2, pad), "pool");
        const int top = sample_push(&g, unary(XP_OP_GLOBAL_MAXPOOL, p), "top");
        sample_push(&g, dense(top, 2, XP_ACT_SIGMOID, true), "out");
        check_graph(g, 3e-2);
    }
}

static void test_published_architecture(void **state) {
    (void)state;
    static const char *const labels[] = {"a", "b", "c"};
    const xp_arch_config cfg = {.arch = "ecg-xplaim",
                                .length = 203,
                                .n_leads = 12,
                                .rate = 100,
                                .n_labels = 3,
                                .labels = labels,
                                .n_blocks = 2,
                                .filters = {4, 6},
                                .n_kernels = 3,
                                .kernels = {2, 10, 40},
                                .dropout = -1};
    xp_model m;
    xp_error err;
    if (xp_model_build(&m, &cfg, 1, &err) != XP_OK) fail_msg("%s", err.text);
    xp_graph g = {0};
    for (int i = 0; i < m.graph.n_ops; i++)
        if (xp_graph_add(&g, &m.graph.ops[i], &err) != XP_OK) fail_msg("%s", err.text);
    xp_model_free(&m);
    check_graph(g, 3e-2);
}

static void check_model_graph(xp_model m) {
    xp_graph g = {0};
    xp_error err;
    for (int i = 0; i < m.graph.n_ops; i++)
        if (xp_graph_add(&g, &m.graph.ops[i], &err) != XP_OK) fail_msg("%s", err.text);
    xp_model_free(&m);
    check_graph(g, 3e-2);
}

static void test_everything_at_once(void **state) {
    (void)state;
    check_model_graph(sample_mixed(41, 5));
    check_model_graph(sample_rare(41, 5));
    check_model_graph(sample_floored(61, 3, 5));
}

/* ---- what must not matter ---- */

static void test_threads_and_free_room_change_no_bit(void **state) {
    (void)state;
    float *first = NULL;
    for (int variant = 0; variant < 4; variant++) {
        xp_graph g = {0};
        int i = sample_push(&g, sample_input(150, 6), "in");
        i = sample_push(&g, conv(i, 20, 30, 1, XP_PAD_SAME, XP_ACT_RELU), "conv");
        i = sample_push(&g, norm_op(i, true, true), "norm");
        i = sample_push(&g, dropout(i, 0.4F), "drop");
        i = sample_push(&g, conv(i, 8, 12, 1, XP_PAD_VALID, XP_ACT_LINEAR), "conv2");
        i = sample_push(&g, unary(XP_OP_GLOBAL_AVGPOOL, i), "gap");
        sample_push(&g, dense(i, 2, XP_ACT_SIGMOID, true), "out");
        rig r = make_rig(g, 5, 5, 1 + variant);
        start(&r);
        gradient(&r);
        const size_t bytes = r.m.graph.n_weights * sizeof *first;
        if (!first) {
            first = malloc(bytes);
            assert_non_null(first);
            memcpy(first, r.s.gradient, bytes);
        }
        assert_memory_equal(first, r.s.gradient, bytes);
        end(&r);
    }
    free(first);
}

static void test_dropout_keeps_the_mean(void **state) {
    (void)state;
    xp_graph g = {0};
    int i = sample_push(&g, sample_input(400, 30), "in");
    i = sample_push(&g, dropout(i, 0.25F), "drop");
    i = sample_push(&g, conv(i, 2, 1, 1, XP_PAD_SAME, XP_ACT_LINEAR), "keeps_its_input");
    i = sample_push(&g, unary(XP_OP_GLOBAL_AVGPOOL, i), "gap");
    sample_push(&g, dense(i, 1, XP_ACT_SIGMOID, true), "out");
    rig r = make_rig(g, 2, 2, 1);
    for (int k = 0; k < 2 * 400 * 30; k++) r.x[k] = 1;
    start(&r);
    loss(&r);
    const float *kept = r.s.tensors[1].v.m.data;
    int zeros = 0;
    for (int k = 0; k < 12000; k++) {
        assert_true(kept[k] == 0 || fabs((double)kept[k] - 4.0 / 3) < 1e-6);
        zeros += kept[k] == 0;
    }
    assert_true(abs(zeros - 3000) < 200);
    assert_memory_not_equal(kept, kept + 12000, 12000 * sizeof *kept); /* the other record's */
    end(&r);
}

static void test_moving_statistics(void **state) {
    (void)state;
    xp_graph g = {0};
    int i = sample_push(&g, sample_input(50, 2), "in");
    i = sample_push(&g, norm_op(i, true, true), "norm");
    i = sample_push(&g, unary(XP_OP_GLOBAL_AVGPOOL, i), "gap");
    sample_push(&g, dense(i, 1, XP_ACT_SIGMOID, true), "out");
    rig r = make_rig(g, 3, 3, 2);
    start(&r);
    loss(&r);
    double mean = 0, square = 0;
    for (int k = 0; k < 150; k++) {
        mean += (double)r.x[2 * k] / 150;
        square += (double)r.x[2 * k] * (double)r.x[2 * k] / 150;
    }
    const xp_param *m = &r.m.graph.params[xp_graph_find_param(&r.m.graph, "norm.moving_mean")];
    const xp_param *v = &r.m.graph.params[xp_graph_find_param(&r.m.graph, "norm.moving_variance")];
    const double old_m = (double)r.m.weights[m->offset], old_v = (double)r.m.weights[v->offset];
    xp_step_update_moving(&r.s, r.m.weights, 1);
    assert_true(fabs((double)r.m.weights[m->offset] - (0.9 * old_m + 0.1 * mean)) < 1e-6);
    assert_true(
        fabs((double)r.m.weights[v->offset] - (0.9 * old_v + 0.1 * (square - mean * mean))) < 1e-6);
    xp_step_update_moving(&r.s, r.m.weights, 0);
    assert_true(fabs((double)r.m.weights[m->offset] - mean) < 1e-6);
    assert_true(fabs((double)r.m.weights[v->offset] - (square - mean * mean)) < 1e-6);
    end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm_alone),
        cmocka_unit_test(test_recurrent),
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_pools_and_relu),
        cmocka_unit_test(test_published_architecture),
        cmocka_unit_test(test_everything_at_once),
        cmocka_unit_test(test_threads_and_free_room_change_no_bit),
        cmocka_unit_test(test_dropout_keeps_the_mean),
        cmocka_unit_test(test_moving_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
