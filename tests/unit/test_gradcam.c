#include "nn/ensemble.h"
#include "nn/gradcam.h"
#include "nn/plan.h"
#include "nn_samples.h"

/* ==== the definition, by finite differences ====
 *
 * w_c = mean over t of d logit / d A_tc: the slope of the logit when all of channel c of the layer
 * moves by the same amount, divided by t. The layer is moved by inserting nothing: a batch norm
 * right behind it has a beta for each channel. */

/* The layer is followed by a batch norm without statistics (mean 0, variance 1, no epsilon).
 * moments: what comes then has one tap. */
static xp_model movable_model(int t, bool softmax, bool moments) {
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(t, 3), "in");
    xp_op conv = {.kind = XP_OP_CONV1D,
                  .n_inputs = 1,
                  .inputs = {x},
                  .units = 5,
                  .kernel = 4,
                  .stride = 1,
                  .padding = XP_PAD_SAME,
                  .activation = XP_ACT_TANH};
    int a = sample_push(&g, conv, "layer");
    xp_op bn = {.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {a}, .center = true};
    int b = sample_push(&g, bn, "move");
    conv.inputs[0] = b, conv.kernel = moments ? 1 : 3, conv.units = 6, conv.use_bias = true;
    int c = sample_push(&g, conv, "later");
    xp_op gp = {.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {c}};
    int p = sample_push(&g, gp, "gap");
    xp_op dense = {.kind = XP_OP_DENSE,
                   .n_inputs = 1,
                   .inputs = {p},
                   .units = 3,
                   .use_bias = true,
                   .activation = softmax ? XP_ACT_SOFTMAX : XP_ACT_SIGMOID};
    sample_push(&g, dense, "labels");
    xp_model m = sample_model(g, 31);
    const xp_op *norm = &m.graph.ops[b];
    const xp_param *mean = xp_op_param(&m.graph, norm, "moving_mean");
    const xp_param *variance = xp_op_param(&m.graph, norm, "moving_variance");
    const xp_param *beta = xp_op_param(&m.graph, norm, "beta");
    for (int i = 0; i < 5; i++) {
        m.weights[mean->offset + (size_t)i] = m.weights[beta->offset + (size_t)i] = 0;
        m.weights[variance->offset + (size_t)i] = 1;
    }
    return m;
}

static double logit_of(const xp_model *m, const float *x, int label) {
    xp_net *net = sample_net(m, (xp_net_options){.reference = true});
    xp_net_forward(net, x);
    double v = (double)xp_net_logits(net)[label];
    xp_net_free(net);
    return v;
}

static void check_finite_differences(bool moments) {
    for (int t = 30; t < 33; t++) {
        xp_model m = movable_model(t, t == 31, moments);
        float *x = sample_record(&m, 4), raw[64];
        xp_net *net = sample_net(&m, xp_net_explaining(1));
        xp_net_forward(net, x);
        xp_mat a = xp_net_activation(net, 1);
        const xp_param *beta = xp_op_param(&m.graph, &m.graph.ops[2], "beta");
        for (int label = 0; label < 3; label++) {
            double expected[64] = {0}, largest = 0;
            for (int c = 0; c < 5; c++) {
                float *b = &m.weights[beta->offset + (size_t)c];
                const float h = 0.01f;
                *b = h;
                double slope = logit_of(&m, x, label);
                *b = -h;
                slope = (slope - logit_of(&m, x, label)) / (2 * (double)h);
                *b = 0;
                for (int i = 0; i < t; i++) expected[i] += slope / t * (double)xp_mat_row(a, i)[c];
            }
            for (int i = 0; i < t; i++) largest = fmax(largest, fabs(expected[i]));
            xp_error err;
            assert_int_equal(xp_gradcam_raw(net, 1, label, raw, &err), XP_OK);
            assert_close("map", raw, expected, (size_t)t, 1e-3 * largest);
        }
        xp_net_free(net);
        free(x);
        xp_model_free(&m);
    }
}

static void weights_are_finite_differences(void **state) {
    (void)state;
    check_finite_differences(false);
    check_finite_differences(true);
}

/* ==== the short way against the long one ==== */

/* All labels at once, one by one, and by the reference, at every layer that has a time axis. */
static void check_layers(const xp_model *m, uint64_t seed) {
    float *x = sample_record(m, seed);
    const size_t labels = (size_t)m->n_labels, most = labels * (size_t)m->length;
    float *all = malloc(most * sizeof *all), *one = malloc(most * sizeof *one);
    double *truth = malloc(most * sizeof *truth);
    assert_true(all && one && truth);
    xp_net *oracle = sample_net(m, (xp_net_options){.n_explain = 1, .reference = true});
    xp_net_forward(oracle, x);
    for (int layer = 0; layer < m->graph.n_ops; layer++) {
        const size_t t = (size_t)m->graph.ops[layer].t;
        xp_error err;
        if (!m->graph.ops[layer].is_sequence) continue;
        assert_int_equal(xp_gradcam_raw_all(oracle, layer, one, &err), XP_OK);
        double largest = 1e-6;
        for (size_t i = 0; i < labels * t; i++) {
            truth[i] = (double)one[i];
            largest = fmax(largest, fabs(truth[i]));
        }
        xp_net *net = sample_net(m, xp_net_explaining(layer));
        xp_net_forward(net, x);
        assert_int_equal(xp_gradcam_raw_all(net, layer, all, &err), XP_OK);
        assert_close(m->graph.ops[layer].name, all, truth, labels * t, 1e-4 * largest);
        for (size_t k = 0; k < labels; k++)
            assert_int_equal(xp_gradcam_raw(net, layer, (int)k, one + k * t, &err), XP_OK);
        assert_memory_equal(one, all, labels * t * sizeof *all);
        xp_net_free(net);
    }
    xp_net_free(oracle);
    free(all);
    free(one);
    free(truth);
    free(x);
}

static void all_labels_equal_one_by_one(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int a = 0; a < 3; a++)
        for (int t = 60; t < 63; t++) {
            xp_model m = sample_arch(archs[a], t, 3, 4, 5);
            check_layers(&m, (uint64_t)t);
            xp_model_free(&m);
        }
    for (int t = 20; t < 24; t++) {
        xp_model m = sample_mixed(t, 3);
        check_layers(&m, (uint64_t)t);
        xp_model_free(&m);
    }
}

/* Moments of their own, with more times than a part has, and of an ensemble. */
static void moments_have_a_short_way(void **state) {
    (void)state;
    for (int t = 60; t < 64; t++) {
        xp_model m = sample_floored(t, 4, 5), other = sample_floored(t, 4, 6), joined;
        const xp_model *members[] = {&m, &other};
        xp_error err;
        check_layers(&m, (uint64_t)t);
        assert_int_equal(xp_ensemble(&joined, members, 2, &err), XP_OK);
        check_layers(&joined, (uint64_t)t);
        xp_model_free(&m);
        xp_model_free(&other);
        xp_model_free(&joined);
    }
    xp_model m = sample_floored(5 * XP_CAM_ROWS, 3, 5);
    check_layers(&m, 1);
    xp_model_free(&m);
}

/* in -> conv -> pool -> [add] -> moments -> pooled over time -> labels. */
static xp_model moments_model(int t, xp_op pool, bool twice, xp_activation a) {
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(t, 2), "in");
    xp_op conv = {.kind = XP_OP_CONV1D, .units = 5, .kernel = 3, .stride = 1};
    x = sample_unary(&g, conv, x, "layer");
    int y = sample_unary(&g, pool, x, "pool");
    if (twice)
        y = sample_push(&g, (xp_op){.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {y, y}}, "sum");
    conv.kernel = 1, conv.units = 4, conv.activation = a, conv.use_bias = true;
    y = sample_unary(&g, conv, y, "moments");
    y = sample_unary(&g, (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL}, y, "gap");
    xp_op dense = {.kind = XP_OP_DENSE, .units = 3, .activation = XP_ACT_SIGMOID};
    sample_unary(&g, dense, y, "labels");
    return sample_model(g, 9);
}

/* Where each time of the layer has one moment, the short way is taken, else another: windows that
 * lie apart and windows that overlap, with padding and with a rest, and a time-reversed layer. */
static void times_are_followed_to_their_moments(void **state) {
    (void)state;
    const xp_op pools[] = {
        {.kind = XP_OP_MAXPOOL, .kernel = 3, .stride = 3, .padding = XP_PAD_SAME},
        {.kind = XP_OP_MAXPOOL, .kernel = 3, .stride = 3, .padding = XP_PAD_VALID},
        {.kind = XP_OP_AVGPOOL, .kernel = 2, .stride = 3, .padding = XP_PAD_VALID},
        {.kind = XP_OP_MAXPOOL, .kernel = 3, .stride = 2, .padding = XP_PAD_SAME},
        {.kind = XP_OP_AVGPOOL, .kernel = 4, .stride = 1, .padding = XP_PAD_SAME},
        {.kind = XP_OP_PAD, .before = 2, .after = -1},
        {.kind = XP_OP_REVERSE},
        {.kind = XP_OP_SOFTMAX_TIME},
        {.kind = XP_OP_FUNCTION, .function = XP_FN_SWISH}};
    const xp_activation kinds[] = {XP_ACT_RELU, XP_ACT_LINEAR, XP_ACT_TANH};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        for (int t = 30; t < 34; t++)
            for (int twice = 0; twice < 2; twice++) {
                xp_model m =
                    moments_model(t, pools[i], twice,
                                  pools[i].kind == XP_OP_SOFTMAX_TIME ? XP_ACT_TANH : kinds[t % 3]);
                check_layers(&m, (uint64_t)t);
                xp_model_free(&m);
            }
}

/* A second way from the layer to the labels, past the moments. */
static void a_path_round_the_moments_is_seen(void **state) {
    (void)state;
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(12, 2), "in");
    xp_op conv = {.kind = XP_OP_CONV1D, .units = 3, .kernel = 3, .stride = 1};
    x = sample_unary(&g, conv, x, "layer");
    conv.kernel = 1, conv.activation = XP_ACT_RELU;
    int y = sample_unary(&g, conv, x, "moments");
    y = sample_unary(&g, (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL}, y, "gap");
    int z = sample_unary(&g, (xp_op){.kind = XP_OP_GLOBAL_MAXPOOL}, x, "gmp");
    y = sample_push(&g, (xp_op){.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {y, z}}, "both");
    xp_op dense = {.kind = XP_OP_DENSE, .units = 2, .activation = XP_ACT_SIGMOID};
    sample_unary(&g, dense, y, "labels");
    xp_model m = sample_model(g, 2);
    check_layers(&m, 1);
    xp_model_free(&m);
}

/* Wide enough that the branches' input gradients, too, are computed in the frequency domain. */
static void wide_branches_go_back_together(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b"};
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = 301,
                          .n_leads = 2,
                          .rate = 100,
                          .n_labels = 2,
                          .labels = names,
                          .leads = names,
                          .n_blocks = 2,
                          .filters = {8, 16},
                          .n_kernels = 3,
                          .kernels = {2, 10, 40},
                          .dropout = -1};
    xp_model m;
    xp_error err;
    assert_int_equal(xp_model_build(&m, &cfg, 3, &err), XP_OK);
    sample_weights(&m, 3);
    check_layers(&m, 8);
    xp_model_free(&m);
}

/* A path round the pooled vector: the shared pass would be wrong there and must not be taken. */
static void a_path_round_the_pool_is_seen(void **state) {
    (void)state;
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(9, 2), "in");
    xp_op conv = {.kind = XP_OP_CONV1D,
                  .n_inputs = 1,
                  .inputs = {x},
                  .units = 3,
                  .kernel = 3,
                  .stride = 1,
                  .padding = XP_PAD_SAME};
    int a = sample_push(&g, conv, "conv");
    xp_op op = {.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {a}};
    int p = sample_push(&g, op, "gap");
    op.kind = XP_OP_FLATTEN;
    int f = sample_push(&g, op, "flat");
    xp_op join = {.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {p, f}};
    int j = sample_push(&g, join, "join");
    xp_op dense = {.kind = XP_OP_DENSE,
                   .n_inputs = 1,
                   .inputs = {j},
                   .units = 2,
                   .activation = XP_ACT_SIGMOID};
    sample_push(&g, dense, "labels");
    xp_model m = sample_model(g, 2);
    check_layers(&m, 1);
    xp_model_free(&m);
}

/* ==== errors and pictures ==== */

static void misuse_is_an_error(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", 50, 3, 2, 5);
    int from = xp_gradcam_default_layer(&m.graph);
    assert_string_equal(m.graph.ops[from].name, "block3.shortcut");
    xp_net *net = sample_net(&m, xp_net_explaining(from));
    float raw[200];
    xp_error err;
    assert_int_equal(xp_gradcam_raw(net, from, 2, raw, &err), XP_ERR_USAGE);
    assert_int_equal(xp_gradcam_raw(net, from - 1, 0, raw, &err), XP_ERR_USAGE);
    int gap = xp_graph_find(&m.graph, "gap");
    assert_int_equal(xp_gradcam_raw(net, gap, 0, raw, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "gap"));
    xp_net_free(net);
    xp_model_free(&m);
}

static void default_layer_is_the_last_convolution(void **state) {
    (void)state;
    xp_model cnn = sample_arch("cnn", 99, 3, 2, 5), gru = sample_arch("gru", 40, 3, 2, 5);
    assert_string_equal(cnn.graph.ops[xp_gradcam_default_layer(&cnn.graph)].name, "conv3");
    assert_true(gru.graph.ops[xp_gradcam_default_layer(&gru.graph)].is_sequence);
    xp_model_free(&cnn);
    xp_model_free(&gru);
    xp_graph g = {0};
    sample_push(&g, sample_input(9, 2), "in");
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1};
    sample_push(&g, flat, "flat");
    assert_int_equal(xp_gradcam_default_layer(&g), -1);
    xp_graph_free(&g);
}

static void normalising_never_gives_nan(void **state) {
    (void)state;
    float map[] = {-1, 2, 4, 0};
    xp_cam_info i = xp_gradcam_normalise(map, 4);
    assert_true(i.positive && i.max_raw == 4);
    assert_true(map[0] == 0 && map[1] == 0.5f && map[2] == 1 && map[3] == 0);
    float none[] = {-1, -2, 0};
    i = xp_gradcam_normalise(none, 3);
    assert_true(!i.positive && none[0] == 0 && none[1] == 0 && none[2] == 0);
    float bad[] = {NAN, 1, INFINITY};
    i = xp_gradcam_normalise(bad, 3);
    assert_true(!i.positive && bad[0] == 0 && bad[1] == 0 && bad[2] == 0);
}

static void stretching_does_not_overshoot(void **state) {
    (void)state;
    const float map[] = {0, 1, 0.5f};
    float out[12];
    xp_gradcam_stretch(map, 3, out, 12);
    const double expected[] = {0,      0,      0.125,  0.375,  0.625, 0.875,
                               0.9375, 0.8125, 0.6875, 0.5625, 0.5,   0.5};
    assert_close("stretched", out, expected, 12, 1e-6);
    xp_gradcam_stretch(map, 3, out, 3);
    assert_true(out[0] == 0 && out[1] == 1 && out[2] == 0.5f);
    xp_gradcam_stretch(map, 1, out, 4);
    assert_true(out[0] == 0 && out[3] == 0);
    xp_gradcam_stretch(map, 3, out, 1);
    assert_true(out[0] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_finite_differences),
        cmocka_unit_test(all_labels_equal_one_by_one),
        cmocka_unit_test(wide_branches_go_back_together),
        cmocka_unit_test(a_path_round_the_pool_is_seen),
        cmocka_unit_test(moments_have_a_short_way),
        cmocka_unit_test(times_are_followed_to_their_moments),
        cmocka_unit_test(a_path_round_the_moments_is_seen),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(default_layer_is_the_last_convolution),
        cmocka_unit_test(normalising_never_gives_nan),
        cmocka_unit_test(stretching_does_not_overshoot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
