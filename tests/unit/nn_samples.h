/* Small networks with random weights, for the tests of nn/. */
#ifndef XP_TEST_NN_SAMPLES_H
#define XP_TEST_NN_SAMPLES_H

#include "base/arena.h"
#include "base/rng.h"
#include "nn/net.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline float sample_value(xp_rng *r, float low, float high) {
    return low + (high - low) * (float)xp_rng_uniform(r);
}

/* Every kind of tensor gets values that a trained network could have; nothing stays 0 or 1. */
static inline void sample_weights(xp_model *m, uint64_t seed) {
    xp_rng r = xp_rng_seed(seed);
    for (int i = 0; i < m->graph.n_params; i++) {
        const xp_param *p = &m->graph.params[i];
        const char *suffix = strrchr(p->name, '.') + 1;
        float low = -0.3f, high = 0.3f;
        if (!strcmp(suffix, "gamma") || !strcmp(suffix, "moving_variance")) low = 0.5f, high = 1.5f;
        if (!strcmp(suffix, "kernel")) {
            float fan = (float)p->count / (float)p->shape[p->ndim - 1];
            low = -1.7f / sqrtf(fan), high = -low;
        }
        for (size_t j = 0; j < p->count; j++)
            m->weights[p->offset + j] = sample_value(&r, low, high);
    }
}

static inline int sample_push(xp_graph *g, xp_op op, const char *name) {
    xp_error err;
    snprintf(op.name, sizeof op.name, "%s", name);
    if (xp_graph_add(g, &op, &err) != XP_OK) fail_msg("%s", err.text);
    return g->n_ops - 1;
}

static inline xp_op sample_input(int t, int c) {
    return (xp_op){.kind = XP_OP_INPUT, .t = t, .c = c};
}

/* A model round a finished graph, weights sampled. */
static inline xp_model sample_model(xp_graph g, uint64_t seed) {
    const xp_op *in = &g.ops[0], *out = &g.ops[g.n_ops - 1];
    xp_model m = {.name = "sample",
                  .architecture = "graph",
                  .graph = g,
                  .n_labels = out->c,
                  .n_leads = in->c,
                  .rate = 100,
                  .length = in->t};
    m.weights = xp_aligned_alloc((g.n_weights + 1) * sizeof *m.weights);
    m.labels = calloc((size_t)out->c, sizeof *m.labels);
    assert_true(m.weights && m.labels);
    for (int i = 0; i < out->c; i++) {
        m.labels[i] = (xp_label){
            .threshold = NAN, .auroc = NAN, .auroc_low = NAN, .auroc_high = NAN, .n_positive = -1};
        snprintf(m.labels[i].name, sizeof m.labels[i].name, "label%d", i + 1);
    }
    for (int i = 0; i < in->c && i < XP_MAX_LEADS; i++)
        snprintf(m.leads[i], sizeof m.leads[i], "L%d", i + 1);
    sample_weights(&m, seed);
    return m;
}

static inline xp_model sample_built(const xp_arch_config *cfg, uint64_t seed) {
    xp_model m;
    xp_error err;
    if (xp_model_build(&m, cfg, seed, &err) != XP_OK) fail_msg("%s", err.text);
    sample_weights(&m, seed);
    return m;
}

/* One of our own architectures, small. */
static inline xp_arch_config sample_config(const char *arch, int length, int n_leads,
                                           int n_labels) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    return (xp_arch_config){.arch = arch,
                            .length = length,
                            .n_leads = n_leads,
                            .rate = 100,
                            .n_labels = n_labels,
                            .labels = names,
                            .leads = names,
                            .n_blocks = 3,
                            .filters = {4, 5, 8},
                            .n_kernels = 3,
                            .kernels = {2, 5, 12},
                            .dropout = -1};
}

static inline xp_model sample_arch(const char *arch, int length, int n_leads, int n_labels,
                                   uint64_t seed) {
    const xp_arch_config cfg = sample_config(arch, length, n_leads, n_labels);
    return sample_built(&cfg, seed);
}

/* ECG-XPLAIM with a floor under its moments, of which about half lie below it. */
static inline xp_model sample_floored(int length, int n_labels, uint64_t seed) {
    xp_arch_config cfg = sample_config("ecg-xplaim", length, 3, n_labels);
    cfg.dropout = 0;
    cfg.floor = 5;
    return sample_built(&cfg, seed);
}

/* Everything at once: strides, valid padding, biases, branches with and without a common input, a
 * concat with one input twice, a concat inside a concat, in-place chains, both pools, both global
 * pools, both norms, both GRUs, softmax at the end. */
static inline xp_model sample_mixed(int t, uint64_t seed) {
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(t, 3), "in");
    xp_op conv = {.kind = XP_OP_CONV1D,
                  .n_inputs = 1,
                  .inputs = {x},
                  .units = 5,
                  .kernel = 7,
                  .stride = 2,
                  .padding = XP_PAD_SAME,
                  .use_bias = true,
                  .activation = XP_ACT_TANH};
    int a = sample_push(&g, conv, "strided");
    xp_op bn = {.kind = XP_OP_BATCHNORM,
                .n_inputs = 1,
                .inputs = {a},
                .center = true,
                .epsilon = 1e-3f,
                .momentum = 0.9f};
    int b = sample_push(&g, bn, "bn");
    conv.inputs[0] = b, conv.stride = 1, conv.kernel = 4, conv.activation = XP_ACT_RELU;
    int c1 = sample_push(&g, conv, "branch1");
    conv.kernel = 9, conv.units = 4, conv.use_bias = false;
    int c2 = sample_push(&g, conv, "branch2");
    xp_op cat = {.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {c1, c2}};
    int j1 = sample_push(&g, cat, "join1");
    cat.n_inputs = 4, cat.inputs[0] = j1, cat.inputs[1] = b, cat.inputs[2] = c1, cat.inputs[3] = b;
    int j2 = sample_push(&g, cat, "join2");
    xp_op ln = {
        .kind = XP_OP_LAYERNORM, .n_inputs = 1, .inputs = {j2}, .scale = true, .epsilon = 1e-3f};
    int n = sample_push(&g, ln, "ln");
    conv.inputs[0] = n, conv.kernel = 3, conv.units = 6, conv.padding = XP_PAD_VALID;
    conv.activation = XP_ACT_LINEAR, conv.use_bias = true;
    int v = sample_push(&g, conv, "valid");
    xp_op act = {.kind = XP_OP_ACTIVATION, .n_inputs = 1, .inputs = {v}, .activation = XP_ACT_RELU};
    int r = sample_push(&g, act, "relu");
    xp_op add = {.kind = XP_OP_ADD, .n_inputs = 3, .inputs = {r, v, r}};
    int s = sample_push(&g, add, "sum");
    xp_op pool = {.kind = XP_OP_MAXPOOL,
                  .n_inputs = 1,
                  .inputs = {s},
                  .kernel = 3,
                  .stride = 2,
                  .padding = XP_PAD_SAME};
    int p = sample_push(&g, pool, "maxpool");
    pool.kind = XP_OP_AVGPOOL, pool.inputs[0] = s;
    int q = sample_push(&g, pool, "avgpool");
    xp_op gru = {.kind = XP_OP_GRU,
                 .n_inputs = 1,
                 .inputs = {q},
                 .units = 6,
                 .activation = XP_ACT_TANH,
                 .recurrent = XP_ACT_SIGMOID,
                 .use_bias = true,
                 .return_sequences = true,
                 .reset_after = true};
    int g1 = sample_push(&g, gru, "gru1");
    add.n_inputs = 2, add.inputs[0] = p, add.inputs[1] = g1;
    int s2 = sample_push(&g, add, "sum2");
    gru.inputs[0] = s2, gru.return_sequences = false, gru.reset_after = false, gru.units = 4;
    int g2 = sample_push(&g, gru, "gru2");
    xp_op gp = {.kind = XP_OP_GLOBAL_AVGPOOL, .n_inputs = 1, .inputs = {s2}};
    int ga = sample_push(&g, gp, "gap");
    gp.kind = XP_OP_GLOBAL_MAXPOOL;
    int gm = sample_push(&g, gp, "gmp");
    cat.n_inputs = 3, cat.inputs[0] = g2, cat.inputs[1] = ga, cat.inputs[2] = gm;
    int j3 = sample_push(&g, cat, "join3");
    xp_op drop = {.kind = XP_OP_DROPOUT, .n_inputs = 1, .inputs = {j3}, .rate = 0.5f};
    int d = sample_push(&g, drop, "drop");
    xp_op dense = {.kind = XP_OP_DENSE,
                   .n_inputs = 1,
                   .inputs = {d},
                   .units = 7,
                   .use_bias = true,
                   .activation = XP_ACT_RELU};
    int d1 = sample_push(&g, dense, "dense");
    dense.inputs[0] = d1, dense.units = 3, dense.activation = XP_ACT_LINEAR;
    int d2 = sample_push(&g, dense, "logits");
    act.inputs[0] = d2, act.activation = XP_ACT_SOFTMAX;
    sample_push(&g, act, "softmax");
    return sample_model(g, seed);
}

static inline int sample_unary(xp_graph *g, xp_op op, int from, const char *name) {
    op.n_inputs = 1;
    op.inputs[0] = from;
    return sample_push(g, op, name);
}

/* Squeeze and excitation: each channel times its share of the recording. */
static inline int sample_squeeze(xp_graph *g, int x) {
    int v = sample_unary(g, (xp_op){.kind = XP_OP_GLOBAL_AVGPOOL}, x, "squeeze");
    v = sample_unary(
        g, (xp_op){.kind = XP_OP_DENSE, .units = 6, .activation = XP_ACT_SIGMOID, .use_bias = true},
        v, "excite");
    return sample_push(g, (xp_op){.kind = XP_OP_MULTIPLY, .n_inputs = 2, .inputs = {x, v}}, "gate");
}

/* What published networks have beside the operations of sample_mixed: grouped and dilated
 * convolutions, functions, slopes, padding, groups' norms, gates, both directions of an LSTM,
 * attention over time. */
static inline xp_model sample_rare(int t, uint64_t seed) {
    xp_graph g = {0};
    int x = sample_push(&g, sample_input(t, 3), "in");
    x = sample_unary(&g, (xp_op){.kind = XP_OP_PAD, .before = 2, .after = -1}, x, "pad");
    xp_op group = {.kind = XP_OP_GROUP_CONV1D,
                   .units = 6,
                   .kernel = 3,
                   .stride = 2,
                   .dilation = 2,
                   .groups = 3,
                   .padding = XP_PAD_SAME,
                   .use_bias = true};
    x = sample_unary(&g, group, x, "grouped");
    xp_op norm = {
        .kind = XP_OP_GROUPNORM, .groups = 2, .center = true, .scale = true, .epsilon = 1e-3f};
    x = sample_unary(&g, norm, x, "groupnorm");
    x = sample_unary(&g, (xp_op){.kind = XP_OP_FUNCTION, .function = XP_FN_SWISH}, x, "swish");
    x = sample_squeeze(&g, x);
    x = sample_unary(&g, (xp_op){.kind = XP_OP_PRELU}, x, "prelu");
    xp_op lstm = {.kind = XP_OP_LSTM,
                  .units = 4,
                  .activation = XP_ACT_TANH,
                  .recurrent = XP_ACT_SIGMOID,
                  .use_bias = true,
                  .return_sequences = true};
    int ahead = sample_unary(&g, lstm, x, "ahead");
    int back = sample_unary(&g, (xp_op){.kind = XP_OP_REVERSE}, x, "reverse");
    back = sample_unary(&g, lstm, back, "back");
    back = sample_unary(&g, (xp_op){.kind = XP_OP_REVERSE}, back, "reverse back");
    x = sample_push(&g, (xp_op){.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {ahead, back}},
                    "both");
    xp_op score = {
        .kind = XP_OP_CONV1D, .units = 1, .kernel = 1, .stride = 1, .activation = XP_ACT_TANH};
    int weight = sample_unary(&g, score, x, "score");
    weight = sample_unary(&g, (xp_op){.kind = XP_OP_SOFTMAX_TIME}, weight, "attention");
    xp_op product = {
        .kind = XP_OP_MATMUL, .n_inputs = 2, .inputs = {weight, x}, .transpose_a = true};
    x = sample_push(&g, product, "attended");
    x = sample_unary(&g, (xp_op){.kind = XP_OP_FLATTEN}, x, "flat");
    x = sample_unary(&g, (xp_op){.kind = XP_OP_DENSE, .units = 3, .use_bias = true}, x, "logits");
    sample_unary(&g, (xp_op){.kind = XP_OP_ACTIVATION, .activation = XP_ACT_SOFTMAX}, x, "softmax");
    return sample_model(g, seed);
}

static inline float *sample_record(const xp_model *m, uint64_t seed) {
    size_t n = (size_t)m->length * (size_t)m->n_leads;
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    xp_rng r = xp_rng_seed(seed);
    for (size_t i = 0; i < n; i++) x[i] = (float)xp_rng_normal(&r);
    return x;
}

static inline xp_net *sample_net(const xp_model *m, xp_net_options opt) {
    xp_net *net;
    xp_error err;
    if (xp_net_create(&net, m, &opt, &err) != XP_OK) fail_msg("%s", err.text);
    return net;
}

#endif
