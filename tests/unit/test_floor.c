#include "nn/floor.h"
#include "nn/gradcam.h"
#include "nn/model_file.h"
#include "nn/output_layer.h"
#include "nn_samples.h"

enum { LABELS = 3, T = 96 };

static const double DEPTH = 0.5;

/* Mean over time of what the last layer of a network without a floor says of each moment, no moment
 * counting below -DEPTH; below: how many do. */
static void floored_means(const xp_model *m, const float *x, double *out, int *below) {
    const xp_graph *g = &m->graph;
    const xp_op *dense = &g->ops[g->n_ops - 1];
    const int layer = g->ops[dense->inputs[0]].inputs[0];
    xp_net *net =
        sample_net(m, (xp_net_options){.n_explain = 1, .explain = {layer}, .reference = true});
    xp_net_forward(net, x);
    const xp_mat a = xp_net_activation(net, layer);
    const float *kernel = m->weights + xp_op_param(g, dense, "kernel")->offset,
                *bias = m->weights + xp_op_param(g, dense, "bias")->offset;
    *below = 0;
    for (int l = 0; l < LABELS; l++) {
        out[l] = 0;
        for (int t = 0; t < a.rows; t++) {
            double z = (double)bias[l];
            for (int c = 0; c < a.cols; c++)
                z += (double)xp_mat_row(a, t)[c] * (double)kernel[c * LABELS + l];
            *below += z < -DEPTH;
            out[l] += fmax(z, -DEPTH) / a.rows;
        }
    }
    xp_net_free(net);
}

static void assert_log_odds(const xp_model *m, const float *x, const double *expected) {
    for (int reference = 0; reference < 2; reference++) {
        xp_net *net = sample_net(m, (xp_net_options){.reference = reference != 0});
        xp_net_forward(net, x);
        for (int l = 0; l < LABELS; l++)
            assert_true(fabs((double)xp_net_logits(net)[l] - expected[l]) < 2e-5);
        xp_net_free(net);
    }
}

static void put(xp_model *m) {
    xp_error err;
    if (xp_model_put_floor(m, DEPTH, &err) != XP_OK) fail_msg("%s", err.text);
    assert_int_equal(xp_model_check(m, &err), XP_OK);
}

static void no_moment_counts_below_the_floor(void **state) {
    (void)state;
    xp_model m = sample_arch("ecg-xplaim", T, 3, LABELS, 7);
    float *x = sample_record(&m, 5);
    double expected[LABELS];
    int below;
    floored_means(&m, x, expected, &below);
    assert_true(below > 0 && below < LABELS * m.graph.ops[m.graph.n_ops - 3].t);
    put(&m);
    assert_log_odds(&m, x, expected);
    assert_string_equal(m.graph.ops[xp_gradcam_default_layer(&m.graph)].name, "block3.shortcut");
    assert_string_equal(m.graph.ops[m.graph.n_ops - 1].name, "labels");
    xp_model_free(&m);
    free(x);
}

/* Calibration works on a floored network as on another, and the file holds all of it. */
static void outputs_can_be_scaled_and_kept(void **state) {
    (void)state;
    static const double slope[LABELS] = {0.5, 2, 1.25}, offset[LABELS] = {-1, 0.25, 3};
    static const int keep[2] = {2, 0};
    xp_model m = sample_arch("ecg-xplaim", T, 3, LABELS, 8), back;
    float *x = sample_record(&m, 5);
    double expected[LABELS];
    uint8_t *bytes;
    size_t size;
    int below;
    xp_error err;
    floored_means(&m, x, expected, &below);
    put(&m);
    assert_int_equal(xp_model_scale_outputs(&m, slope, offset, &err), XP_OK);
    for (int l = 0; l < LABELS; l++) expected[l] = slope[l] * expected[l] + offset[l];
    assert_log_odds(&m, x, expected);
    assert_int_equal(xp_model_keep_labels(&m, keep, 2, &err), XP_OK);
    assert_int_equal(xp_model_write(&m, false, &bytes, &size, &err), XP_OK);
    assert_int_equal(xp_model_read(&back, (xp_bytes){bytes, size}, &err), XP_OK);
    xp_net *net = sample_net(&back, (xp_net_options){0});
    xp_net_forward(net, x);
    for (int l = 0; l < 2; l++)
        assert_true(fabs((double)xp_net_logits(net)[l] - expected[keep[l]]) < 2e-5);
    xp_net_free(net);
    xp_model_free(&back);
    xp_model_free(&m);
    free(bytes);
    free(x);
}

/* The builder's floor is the same one, under the same first weights. */
static void networks_can_begin_with_a_floor(void **state) {
    (void)state;
    static const char *const labels[] = {"a", "b", "c"};
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = T,
                          .n_leads = 12,
                          .rate = 100,
                          .n_labels = LABELS,
                          .labels = labels};
    xp_model plain, floored;
    xp_error err;
    assert_int_equal(xp_model_build(&plain, &cfg, 3, &err), XP_OK);
    cfg.floor = DEPTH;
    assert_int_equal(xp_model_build(&floored, &cfg, 3, &err), XP_OK);
    assert_non_null(strstr(xp_model_meta(&floored, "architecture_config"), "\"floor\":0.5"));
    assert_null(strstr(xp_model_meta(&plain, "architecture_config"), "floor"));
    put(&plain);
    assert_int_equal(plain.graph.n_weights, floored.graph.n_weights);
    assert_memory_equal(plain.weights, floored.weights, plain.graph.n_weights * sizeof(float));
    xp_model_free(&plain);
    xp_model_free(&floored);
    cfg.floor = -1;
    assert_int_equal(xp_model_build(&plain, &cfg, 3, &err), XP_ERR_USAGE);
    cfg.floor = NAN;
    assert_int_equal(xp_model_build(&plain, &cfg, 3, &err), XP_ERR_USAGE);
    cfg.arch = "cnn", cfg.floor = DEPTH;
    assert_int_equal(xp_model_build(&plain, &cfg, 3, &err), XP_ERR_UNSUPPORTED);
}

static void impossible_floors_leave_the_model_alone(void **state) {
    (void)state;
    xp_model cnn = sample_arch("cnn", T, 3, LABELS, 7),
             m = sample_arch("ecg-xplaim", T, 3, LABELS, 7);
    const int n = cnn.graph.n_ops;
    xp_error err = {0};
    assert_int_equal(xp_model_put_floor(&cnn, DEPTH, &err), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "labels"));
    assert_int_equal(cnn.graph.n_ops, n);
    assert_int_equal(xp_model_put_floor(&m, 0, &err), XP_ERR_USAGE);
    assert_int_equal(xp_model_check(&m, &err), XP_OK);
    xp_model_free(&cnn);
    xp_model_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_moment_counts_below_the_floor),
        cmocka_unit_test(outputs_can_be_scaled_and_kept),
        cmocka_unit_test(networks_can_begin_with_a_floor),
        cmocka_unit_test(impossible_floors_leave_the_model_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
