#include "nn_samples.h"

static xp_op window(xp_op_kind kind, int kernel, int stride, xp_padding padding) {
    return (xp_op){.kind = kind,
                   .n_inputs = 1,
                   .units = 1,
                   .kernel = kernel,
                   .stride = stride,
                   .padding = padding};
}

/* What Keras 3 gives: t, kernel, stride, padding -> length, zeros in front. */
static void windows_follow_keras(void **state) {
    (void)state;
    static const struct {
        int t, kernel, stride;
        xp_padding padding;
        int out, left;
    } cases[] = {
        {5000, 2, 1, XP_PAD_SAME, 5000, 0},   {5000, 10, 1, XP_PAD_SAME, 5000, 4},
        {5000, 40, 1, XP_PAD_SAME, 5000, 19}, {5000, 1, 1, XP_PAD_SAME, 5000, 0},
        {625, 2, 2, XP_PAD_SAME, 313, 0},     {1000, 7, 2, XP_PAD_SAME, 500, 2},
        {1001, 7, 2, XP_PAD_SAME, 501, 3},    {500, 4, 3, XP_PAD_SAME, 167, 1},
        {10, 1, 3, XP_PAD_SAME, 4, 0},        {9, 2, 5, XP_PAD_SAME, 2, 0},
        {3, 40, 1, XP_PAD_SAME, 3, 19},       {167, 3, 2, XP_PAD_VALID, 83, 0},
        {10, 10, 4, XP_PAD_VALID, 1, 0},      {500, 5, 1, XP_PAD_VALID, 496, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int kind = 0; kind < 3; kind++) {
            static const xp_op_kind kinds[] = {XP_OP_CONV1D, XP_OP_MAXPOOL, XP_OP_AVGPOOL};
            xp_graph g = {0};
            sample_push(&g, sample_input(cases[i].t, 1), "in");
            sample_push(&g, window(kinds[kind], cases[i].kernel, cases[i].stride, cases[i].padding),
                        "op");
            assert_int_equal(g.ops[1].t, cases[i].out);
            assert_int_equal(g.ops[1].pad_left, cases[i].left);
            assert_true(g.ops[1].is_sequence);
            xp_graph_free(&g);
        }
}

/* Padding given by numbers, as PyTorch has it: t, kernel, stride, left, right -> length. */
static void windows_take_explicit_padding(void **state) {
    (void)state;
    static const int cases[][6] = {
        {5000, 7, 2, 3, 3, 2500}, {50, 3, 2, 1, 1, 25}, {9, 3, 1, 2, 2, 11},
        {9, 4, 3, 0, 3, 3},       {1, 5, 1, 4, 0, 1},   {10, 2, 2, 0, 0, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *c = cases[i];
        xp_graph g = {0}, back = {0};
        xp_op op = window(XP_OP_CONV1D, c[1], c[2], XP_PAD_EXPLICIT);
        op.pad_left = c[3], op.pad_right = c[4];
        sample_push(&g, sample_input(c[0], 1), "in");
        sample_push(&g, op, "op");
        assert_int_equal(g.ops[1].t, c[5]);
        char *text;
        xp_error err;
        assert_int_equal(xp_graph_to_json(&g, &text, &err), XP_OK);
        assert_int_equal(xp_graph_from_json(&back, text, &err), XP_OK);
        assert_int_equal(back.ops[1].padding, XP_PAD_EXPLICIT);
        assert_int_equal(back.ops[1].pad_left, c[3]);
        assert_int_equal(back.ops[1].pad_right, c[4]);
        /* A window that sees no sample at all. */
        op.pad_right = c[1];
        snprintf(op.name, sizeof op.name, "far");
        assert_int_equal(xp_graph_add(&g, &op, &err), XP_ERR_UNSUPPORTED);
        free(text);
        xp_graph_free(&g);
        xp_graph_free(&back);
    }
}

static void params_have_keras_shapes(void **state) {
    (void)state;
    xp_model m = sample_mixed(30, 1);
    const xp_graph *g = &m.graph;
    const xp_param *p = &g->params[xp_graph_find_param(g, "strided.kernel")];
    assert_true(p->ndim == 3 && p->shape[0] == 7 && p->shape[1] == 3 && p->shape[2] == 5);
    p = &g->params[xp_graph_find_param(g, "gru1.bias")];
    assert_true(p->ndim == 2 && p->shape[0] == 2 && p->shape[1] == 18);
    p = &g->params[xp_graph_find_param(g, "gru2.bias")];
    assert_true(p->ndim == 1 && p->shape[0] == 12);
    p = &g->params[xp_graph_find_param(g, "gru1.recurrent_kernel")];
    assert_true(p->ndim == 2 && p->shape[0] == 6 && p->shape[1] == 18);
    assert_int_equal(xp_graph_find_param(g, "bn.gamma"), -1); /* made without scale */
    assert_int_equal(xp_graph_find_param(g, "ln.beta"), -1);  /* made without centre */
    p = &g->params[xp_graph_find_param(g, "bn.moving_variance")];
    assert_false(p->trainable);
    size_t sum = 0;
    for (int i = 0; i < g->n_params; i++) {
        assert_int_equal(g->params[i].offset, sum);
        sum += g->params[i].count;
    }
    assert_int_equal(sum, g->n_weights);
    xp_model_free(&m);
}

static void published_network_has_its_size(void **state) {
    (void)state;
    static const char *const labels[] = {"a", "b", "c", "d"};
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = 5000,
                          .n_leads = 12,
                          .rate = 500,
                          .n_labels = 4,
                          .labels = labels};
    xp_model m;
    xp_error err;
    assert_int_equal(xp_model_build(&m, &cfg, 1, &err), XP_OK);
    assert_true(m.graph.n_weights > 3500000 && m.graph.n_weights < 3560000);
    assert_true(fabs(xp_graph_macs(&m.graph) - 4.9e9) < 0.1e9);
    static const char *const roles[] = {"block1.conv1.k2",
                                        "block1.conv1.k10",
                                        "block1.conv1.k40",
                                        "block1.conv1",
                                        "block1.conv1.bn",
                                        "block2.conv2",
                                        "block3.shortcut",
                                        "block3.shortcut.bn",
                                        "block3.add",
                                        "block3.out",
                                        "gap",
                                        "labels"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        assert_true(xp_graph_find(&m.graph, roles[i]) > 0);
    const xp_op *s = &m.graph.ops[xp_graph_find(&m.graph, "block3.shortcut")];
    assert_true(s->t == 1250 && s->c == 384);
    assert_string_equal(m.leads[4], "aVF");
    xp_model_free(&m);
}

/* ==== errors name the layer ==== */

static void expect_refused(xp_graph *g, xp_op op, const char *name, xp_status code,
                           const char *word) {
    xp_error err = {0};
    const int n = g->n_ops;
    snprintf(op.name, sizeof op.name, "%s", name);
    assert_int_equal(xp_graph_add(g, &op, &err), code);
    assert_int_equal(g->n_ops, n);
    if (!strstr(err.text, word)) fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void bad_ops_are_refused(void **state) {
    (void)state;
    xp_graph g = {0};
    expect_refused(&g, window(XP_OP_CONV1D, 3, 1, XP_PAD_SAME), "first", XP_ERR_FORMAT, "first");
    expect_refused(&g, sample_input(0, 12), "in", XP_ERR_LIMIT, "in");
    expect_refused(&g, sample_input(1 << 26, 1 << 26), "in", XP_ERR_LIMIT, "in");
    sample_push(&g, sample_input(20, 3), "in");
    expect_refused(&g, sample_input(20, 3), "in2", XP_ERR_UNSUPPORTED, "in2");
    expect_refused(&g, window(XP_OP_CONV1D, 21, 1, XP_PAD_VALID), "c", XP_ERR_SHAPE, "21");
    expect_refused(&g, window(XP_OP_CONV1D, 0, 1, XP_PAD_SAME), "c", XP_ERR_FORMAT, "kernel");
    expect_refused(&g, window(XP_OP_MAXPOOL, 2, 0, XP_PAD_SAME), "p", XP_ERR_FORMAT, "stride");
    xp_op op = window(XP_OP_CONV1D, 3, 1, XP_PAD_SAME);
    op.units = -1;
    expect_refused(&g, op, "c", XP_ERR_FORMAT, "units");
    op.units = 1 << 20, op.kernel = 1 << 20;
    expect_refused(&g, op, "c", XP_ERR_LIMIT, "c");
    op = window(XP_OP_CONV1D, 3, 1, XP_PAD_SAME);
    op.inputs[0] = 1;
    expect_refused(&g, op, "c", XP_ERR_FORMAT, "earlier");
    op.inputs[0] = 0;
    expect_refused(&g, op, "in", XP_ERR_FORMAT, "same name");
    expect_refused(&g, op, "", XP_ERR_FORMAT, "name");
    op.activation = (xp_activation)77;
    expect_refused(&g, op, "c", XP_ERR_FORMAT, "activation");
    op = (xp_op){.kind = XP_OP_GRU, .n_inputs = 1, .units = 2, .activation = XP_ACT_SOFTMAX};
    expect_refused(&g, op, "g", XP_ERR_UNSUPPORTED, "softmax");
    op = (xp_op){.kind = XP_OP_BATCHNORM, .n_inputs = 1, .epsilon = NAN};
    expect_refused(&g, op, "b", XP_ERR_FORMAT, "epsilon");
    sample_push(&g, window(XP_OP_CONV1D, 3, 2, XP_PAD_SAME), "half");
    op = (xp_op){.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {0, 1}};
    expect_refused(&g, op, "sum", XP_ERR_SHAPE, "(20, 3)");
    op.kind = XP_OP_CONCAT;
    expect_refused(&g, op, "cat", XP_ERR_SHAPE, "half");
    op = (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1};
    int gap = sample_push(&g, op, "gap");
    op = window(XP_OP_CONV1D, 1, 1, XP_PAD_SAME);
    op.inputs[0] = gap;
    expect_refused(&g, op, "late", XP_ERR_SHAPE, "vector");
    op.kind = (xp_op_kind)99;
    expect_refused(&g, op, "odd", XP_ERR_FORMAT, "unknown");
    xp_graph_free(&g);
}

/* ==== JSON ==== */

static void assert_same_graph(const xp_graph *a, const xp_graph *b) {
    assert_int_equal(a->n_ops, b->n_ops);
    assert_int_equal(a->n_weights, b->n_weights);
    for (int i = 0; i < a->n_ops; i++) {
        const xp_op *p = &a->ops[i], *q = &b->ops[i];
        assert_string_equal(p->name, q->name);
        assert_true(p->kind == q->kind && p->t == q->t && p->c == q->c && p->units == q->units &&
                    p->kernel == q->kernel && p->stride == q->stride && p->padding == q->padding &&
                    p->activation == q->activation && p->recurrent == q->recurrent &&
                    p->use_bias == q->use_bias && p->center == q->center && p->scale == q->scale &&
                    p->epsilon == q->epsilon && p->momentum == q->momentum && p->rate == q->rate &&
                    p->return_sequences == q->return_sequences &&
                    p->reset_after == q->reset_after && p->n_inputs == q->n_inputs);
        assert_memory_equal(p->inputs, q->inputs, (size_t)p->n_inputs * sizeof *p->inputs);
    }
}

static void json_round_trip_keeps_everything(void **state) {
    (void)state;
    xp_model models[] = {sample_arch("ecg-xplaim", 77, 4, 3, 3), sample_arch("cnn", 77, 4, 3, 3),
                         sample_arch("gru", 77, 4, 3, 3), sample_mixed(30, 1)};
    for (int i = 0; i < 4; i++) {
        char *text, *again;
        xp_graph g;
        xp_error err;
        assert_int_equal(xp_graph_to_json(&models[i].graph, &text, &err), XP_OK);
        assert_int_equal(xp_graph_from_json(&g, text, &err), XP_OK);
        assert_same_graph(&models[i].graph, &g);
        assert_int_equal(xp_graph_to_json(&g, &again, &err), XP_OK);
        assert_string_equal(text, again);
        free(text);
        free(again);
        xp_graph_free(&g);
        xp_model_free(&models[i]);
    }
}

#define INPUT "{\"name\":\"in\",\"kind\":\"input\",\"inputs\":[],\"length\":20,\"channels\":3}"
#define POOL "\"kind\":\"maxpool\",\"inputs\":[\"in\"],\"kernel\":2,\"stride\":2"

static void bad_json_is_one_clear_error(void **state) {
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"", "JSON"},
        {"{\"ops\":", "JSON"},
        {"[]", "list of layers"},
        {"{\"ops\":{}}", "list of layers"},
        {"{\"ops\":[]}", "list of layers"},
        {"{\"ops\":[7]}", "layer 0"},
        {"{\"ops\":[{}]}", "name"},
        {"{\"ops\":[{\"name\":\"x\"}]}", "kind"},
        {"{\"ops\":[{\"name\":\"x\",\"kind\":\"conv9d\",\"inputs\":[]}]}", "conv9d"},
        {"{\"ops\":[{\"name\":\"x\",\"kind\":\"input\",\"inputs\":[],\"length\":5}]}", "channels"},
        {"{\"ops\":[" INPUT ",{\"name\":\"p\"," POOL "}]}", "padding"},
        {"{\"ops\":[" INPUT ",{\"name\":\"p\"," POOL ",\"padding\":\"full\"}]}", "padding"},
        {"{\"ops\":[" INPUT ",{\"name\":\"p\"," POOL ",\"padding\":\"same\",\"dilation\":2}]}",
         "dilation"},
        {"{\"ops\":[" INPUT ",{\"name\":\"p\",\"kind\":\"flatten\",\"inputs\":[\"q\"]}]}", "\"q\""},
        {"{\"ops\":[" INPUT ",{\"name\":\"p\",\"kind\":\"flatten\",\"inputs\":[3]}]}", "p"},
        {"{\"ops\":[" INPUT ",{\"name\":\"p\",\"kind\":\"flatten\"}]}", "inputs"},
        {"{\"ops\":[{\"name\":\"x\",\"kind\":\"input\",\"inputs\":[],\"length\":1e99,"
         "\"channels\":1}]}",
         "length"},
        {"{\"ops\":[{\"name\":\"x\",\"kind\":\"input\",\"inputs\":[],\"length\":2.5,"
         "\"channels\":1}]}",
         "length"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_graph g = {.n_ops = 123};
        xp_error err = {0};
        assert_int_not_equal(xp_graph_from_json(&g, cases[i].text, &err), XP_OK);
        assert_int_equal(g.n_ops, 123); /* untouched */
        if (!strstr(err.text, cases[i].word))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, cases[i].word);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_follow_keras),
        cmocka_unit_test(windows_take_explicit_padding),
        cmocka_unit_test(params_have_keras_shapes),
        cmocka_unit_test(published_network_has_its_size),
        cmocka_unit_test(bad_ops_are_refused),
        cmocka_unit_test(json_round_trip_keeps_everything),
        cmocka_unit_test(bad_json_is_one_clear_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
