/* ONNX: our own files come back as they were, and damaged ones are refused. */
#include "convert/keras.h"
#include "onnx_samples.h"

/* ==== our own files ========================================================================== */

static void own_files_come_back(void **state) {
    (void)state;
    static const char *const archs[] = {"ecg-xplaim", "cnn", "gru"};
    for (int i = 0; i < 3; i++) {
        xp_model m = sample_arch(archs[i], 100 + i, 8, 3, 7);
        m.labels[1].threshold = 0.3125;
        assert_int_equal(xp_model_set_meta(&m, "licence", "a \"licence\"\n, \xc3\xa9"), XP_OK);
        assert_round_trip(&m);
        assert_int_equal(xp_model_set_meta(&m, "disclaimer", i ? "its own" : "a notice"), XP_OK);
        assert_round_trip(&m); /* what the model has itself is not the exporter's */
        xp_model_free(&m);
    }
    xp_model floored = sample_floored(100, 3, 7);
    assert_round_trip(&floored);
    xp_model_free(&floored);
    for (int t = 30; t < 34; t++) {
        xp_model m = sample_mixed(t, (uint64_t)t);
        assert_round_trip(&m);
        xp_model_free(&m);
    }
}

static void keras_models_come_back(void **state) {
    (void)state;
    static const char *const names[] = {"zoo", "gru_small", "xplaim_small_odd"};
    if (!exists(shared_path("golden/zoo.keras"))) skip();
    for (int i = 0; i < 3; i++) {
        xp_bytes keras = read_file(shared_path("golden/%s.keras", names[i]));
        xp_model m;
        xp_error err;
        if (xp_keras_import(&m, keras, &err) != XP_OK) fail_msg("%s", err.text);
        for (int k = 0; k < m.n_leads; k++) snprintf(m.leads[k], sizeof m.leads[k], "L%d", k);
        assert_round_trip(&m);
        xp_model_free(&m);
        free((void *)keras.data);
    }
}

/* Layers that have what the samples have not: explicit padding, softmax and dense over a sequence,
 * norms of vectors, a join of recurrent and other sequences, functions of a GRU, one-input joins.
 */
static void odd_layers_come_back(void **state) {
    (void)state;
    xp_graph g = {0};
    sample_push(&g, sample_input(40, 3), "in");
    xp_op conv = {.kind = XP_OP_CONV1D,
                  .n_inputs = 1,
                  .units = 4,
                  .kernel = 5,
                  .stride = 2,
                  .padding = XP_PAD_EXPLICIT,
                  .pad_left = 3,
                  .pad_right = 1,
                  .activation = XP_ACT_SOFTMAX};
    int c = sample_push(&g, conv, "conv");
    xp_op dense = {.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {c}, .units = 6};
    dense.use_bias = true, dense.activation = XP_ACT_SOFTMAX;
    int d = sample_push(&g, dense, "dense");
    dense.use_bias = false, dense.activation = XP_ACT_LINEAR, dense.inputs[0] = d;
    d = sample_push(&g, dense, "plain");
    xp_op gru = {.kind = XP_OP_GRU, .n_inputs = 1, .inputs = {d}, .units = 6};
    gru.return_sequences = true, gru.recurrent = XP_ACT_SIGMOID, gru.activation = XP_ACT_LINEAR;
    int r = sample_push(&g, gru, "gru");
    xp_op sum = {.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {r, d}};
    int s = sample_push(&g, sum, "sum");
    sum.n_inputs = 1, sum.inputs[0] = s;
    s = sample_push(&g, sum, "sum1");
    xp_op act = {.kind = XP_OP_ACTIVATION, .n_inputs = 1, .inputs = {s}};
    s = sample_push(&g, act, "linear");
    act.inputs[0] = s, act.activation = XP_ACT_SOFTMAX;
    s = sample_push(&g, act, "soft");
    xp_op pool = {.kind = XP_OP_AVGPOOL, .n_inputs = 1, .inputs = {s}, .kernel = 4, .stride = 3};
    pool.padding = XP_PAD_EXPLICIT, pool.pad_left = 2, pool.pad_right = 3;
    s = sample_push(&g, pool, "pool");
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {s}};
    s = sample_push(&g, flat, "flat");
    flat.inputs[0] = s;
    s = sample_push(&g, flat, "flat2");
    xp_op bn = {.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {s}, .epsilon = 1e-3f};
    s = sample_push(&g, bn, "bn");
    xp_op ln = {.kind = XP_OP_LAYERNORM, .n_inputs = 1, .inputs = {s}, .epsilon = 1e-3f};
    ln.center = true;
    s = sample_push(&g, ln, "ln");
    dense.inputs[0] = s, dense.units = 2;
    dense.activation = XP_ACT_SIGMOID;
    sample_push(&g, dense, "out");
    xp_model m = sample_model(g, 5);
    assert_round_trip(&m);
    xp_model_free(&m);
}

/* Explicit padding of kernels that go through the frequency domain: alone and as branches that
 * merge, with more samples out than in, against the reference plan. */
static void explicit_padding_in_every_plan(void **state) {
    (void)state;
    static const int pads[][2] = {{39, 39}, {0, 39}, {39, 0}, {5, 30}, {20, 20}};
    for (int i = 0; i < 5; i++) {
        xp_graph g = {0};
        int x = sample_push(&g, sample_input(300, 12), "in");
        xp_op conv = {.kind = XP_OP_CONV1D,
                      .n_inputs = 1,
                      .inputs = {x},
                      .units = 16,
                      .kernel = 40,
                      .stride = 1,
                      .padding = XP_PAD_EXPLICIT,
                      .pad_left = pads[i][0],
                      .pad_right = pads[i][1],
                      .activation = XP_ACT_RELU};
        int a = sample_push(&g, conv, "a"), b = sample_push(&g, conv, "b");
        xp_op cat = {.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {a, b}};
        conv.inputs[0] = sample_push(&g, cat, "cat");
        conv.kernel = 41;
        int c = sample_push(&g, conv, "c");
        xp_op pool = {.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {c}};
        int p = sample_push(&g, pool, "pool");
        xp_op dense = {.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {p}, .units = 3};
        dense.activation = XP_ACT_SIGMOID;
        sample_push(&g, dense, "out");
        xp_model m = sample_model(g, 9);
        float *record = sample_record(&m, 2), fast[3];
        run_model(&m, record, fast);
        xp_net *net = sample_net(&m, (xp_net_options){.reference = true});
        xp_net_forward(net, record);
        for (int k = 0; k < 3; k++)
            assert_true(fabsf(fast[k] - xp_net_probabilities(net)[k]) < 1e-5f);
        xp_net_free(net);
        free(record);
        xp_model_free(&m);
    }
}

/* Submessages inside submessages: refused by their depth, before anything recurses into them. */
static void nesting_is_bounded(void **state) {
    (void)state;
    enum { LEVELS = 20000 };
    /* graph (7) of node (1) of attribute (5) of graph (6) of node (1) ... */
    static const uint8_t tags[] = {0x0a, 0x2a, 0x32};
    uint8_t *bytes = malloc(8 * LEVELS + 64);
    assert_non_null(bytes);
    size_t at = 8 * LEVELS + 64, size = 0;
    for (int i = LEVELS - 1; i >= 0; i--) {
        uint8_t head[8], tag = i ? tags[(i - 1) % 3] : 0x3a;
        size_t n = 0, length = size;
        head[n++] = tag;
        do {
            head[n++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
            length >>= 7;
        } while (length);
        at -= n;
        size += n;
        memcpy(bytes + at, head, n);
    }
    xp_model m;
    xp_error err;
    assert_int_equal(xp_onnx_import(&m, (xp_bytes){bytes + at, size}, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "nested"));
    free(bytes);
}

/* Two bytes of file can ask for some hundred of memory. */
static void memory_is_bounded(void **state) {
    (void)state;
    size_t n = 4u << 20, at = 0;
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    bytes[at++] = 0x3a; /* graph */
    size_t length = n - 6;
    for (int i = 0; i < 4; i++, length >>= 7)
        bytes[at++] = (uint8_t)((length & 0x7f) | (i < 3 ? 0x80 : 0));
    while (at + 2 <= n - 1) bytes[at++] = 0x2a, bytes[at++] = 0; /* an empty tensor */
    xp_model m;
    xp_error err;
    assert_int_equal(xp_onnx_import(&m, (xp_bytes){bytes, at}, &err), XP_ERR_LIMIT);
    free(bytes);
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    xp_model m = sample_mixed(30, 9), back;
    xp_bytes file = export_model(&m);
    xp_error err;
    for (size_t n = 0; n < file.size; n += 1 + n / 20) {
        if (xp_onnx_import(&back, (xp_bytes){file.data, n}, &err) == XP_OK)
            fail_msg("%zu of %zu bytes are not refused", n, file.size);
        assert_true(err.text[0]);
    }
    xp_rng r = xp_rng_seed(1);
    uint8_t *bytes = (uint8_t *)file.data;
    for (int i = 0; i < 300; i++) {
        size_t at = (size_t)(xp_rng_uniform(&r) * (double)file.size);
        uint8_t old = bytes[at];
        bytes[at] = (uint8_t)(xp_rng_uniform(&r) * 256);
        if (xp_onnx_import(&back, file, &err) == XP_OK) xp_model_free(&back);
        bytes[at] = old;
    }
    xp_model_free(&m);
    free((void *)file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_files_come_back),
        cmocka_unit_test(keras_models_come_back),
        cmocka_unit_test(odd_layers_come_back),
        cmocka_unit_test(explicit_padding_in_every_plan),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(truncated_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
