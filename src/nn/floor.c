#include "nn/floor.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

typedef struct tail {
    int pool;                      /* op before the last, which reads it */
    const xp_op *dense;            /* the last op */
    const xp_param *kernel, *bias; /* (channels, labels), (labels) */
} tail;

static xp_status find_tail(const xp_model *m, tail *t, xp_error *err) {
    const xp_graph *g = &m->graph;
    const xp_op *last = &g->ops[g->n_ops - 1];
    bool good = g->n_ops > 2 && last->kind == XP_OP_DENSE && last->use_bias &&
                last->activation == XP_ACT_SIGMOID && last->inputs[0] == g->n_ops - 2 &&
                g->ops[g->n_ops - 2].kind == XP_OP_GLOBAL_AVGPOOL;
    if (!good)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%s\": a floor under each moment needs a global average pooling and "
                       "after it a dense last layer with bias and sigmoid",
                       last->name);
    *t = (tail){g->n_ops - 2, last, xp_op_param(g, last, "kernel"), xp_op_param(g, last, "bias")};
    return XP_OK;
}

/* The layers before the pooling, the moments, and the last two layers again. */
static xp_status floored_graph(const xp_graph *from, const tail *t, xp_graph *to, xp_error *err) {
    const int labels = t->dense->units;
    xp_op moments = {.kind = XP_OP_CONV1D,
                     .name = "moments",
                     .n_inputs = 1,
                     .inputs = {from->ops[t->pool].inputs[0]},
                     .units = labels,
                     .kernel = 1,
                     .stride = 1,
                     .padding = XP_PAD_SAME,
                     .use_bias = true,
                     .activation = XP_ACT_RELU};
    xp_op pool = from->ops[t->pool], dense = *t->dense;
    for (int i = 0; i < t->pool; i++) XP_TRY(xp_graph_add(to, &from->ops[i], err));
    XP_TRY(xp_graph_add(to, &moments, err));
    pool.inputs[0] = to->n_ops - 1;
    XP_TRY(xp_graph_add(to, &pool, err));
    dense.inputs[0] = to->n_ops - 1;
    return xp_graph_add(to, &dense, err);
}

/* Parameters before the pooling lie where they did; the old last layer's become the moments'. */
static void floored_weights(const xp_model *m, const tail *t, double depth, const xp_graph *to,
                            float *weights) {
    const xp_op *moments = &to->ops[t->pool], *dense = &to->ops[to->n_ops - 1];
    const size_t labels = (size_t)m->n_labels;
    float *kernel = weights + xp_op_param(to, moments, "kernel")->offset,
          *bias = weights + xp_op_param(to, moments, "bias")->offset,
          *identity = weights + xp_op_param(to, dense, "kernel")->offset,
          *constant = weights + xp_op_param(to, dense, "bias")->offset;
    memcpy(weights, m->weights, t->kernel->offset * sizeof *weights);
    memcpy(kernel, m->weights + t->kernel->offset, t->kernel->count * sizeof *kernel);
    for (size_t l = 0; l < labels; l++) {
        bias[l] = (float)((double)m->weights[t->bias->offset + l] + depth);
        constant[l] = (float)-depth;
        for (size_t k = 0; k < labels; k++) identity[l * labels + k] = l == k;
    }
}

xp_status xp_model_put_floor(xp_model *m, double depth, xp_error *err) {
    tail t;
    xp_graph graph = {0};
    float *weights = NULL;
    if (!(depth > 0)) return xp_fail(err, XP_ERR_USAGE, "floor %g: expected more than 0", depth);
    XP_TRY(find_tail(m, &t, err));
    xp_status s = floored_graph(&m->graph, &t, &graph, err);
    if (s == XP_OK && !(weights = xp_aligned_alloc((graph.n_weights + 1) * sizeof *weights)))
        s = xp_fail(err, XP_ERR_MEMORY, "no memory for %zu weights", graph.n_weights);
    if (s != XP_OK) {
        xp_graph_free(&graph);
        return s;
    }
    floored_weights(m, &t, depth, &graph, weights);
    xp_graph_free(&m->graph);
    xp_aligned_free(m->weights);
    m->graph = graph;
    m->weights = weights;
    return XP_OK;
}
