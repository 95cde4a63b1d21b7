#include "nn/output_layer.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

typedef struct head {
    const xp_op *op;
    const xp_param *kernel, *bias; /* (inputs, labels), (labels) */
} head;

static xp_status find_head(const xp_model *m, head *h, xp_error *err) {
    const xp_op *op = &m->graph.ops[m->graph.n_ops - 1];
    *h = (head){op, xp_op_param(&m->graph, op, "kernel"), xp_op_param(&m->graph, op, "bias")};
    bool good = op->kind == XP_OP_DENSE && op->activation == XP_ACT_SIGMOID && h->bias != NULL;
    if (good) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "layer \"%s\" (%s, %s): expected a dense last layer with bias and sigmoid",
                   op->name, xp_op_kind_name(op->kind), xp_activation_name(op->activation));
}

xp_status xp_model_scale_outputs(xp_model *m, const double *slope, const double *offset,
                                 xp_error *err) {
    head h;
    XP_TRY(find_head(m, &h, err));
    float *kernel = m->weights + h.kernel->offset, *bias = m->weights + h.bias->offset;
    size_t labels = (size_t)m->n_labels;
    for (size_t i = 0; i < h.kernel->count; i++) kernel[i] = (float)(kernel[i] * slope[i % labels]);
    for (size_t l = 0; l < labels; l++) bias[l] = (float)(bias[l] * slope[l] + offset[l]);
    return XP_OK;
}

/* The same layers, the last one with n units. */
static xp_status narrower_graph(const xp_graph *from, int n, xp_graph *to, xp_error *err) {
    *to = (xp_graph){0};
    for (int i = 0; i < from->n_ops; i++) {
        xp_op op = from->ops[i];
        if (i == from->n_ops - 1) op.units = n;
        xp_status s = xp_graph_add(to, &op, err);
        if (s == XP_OK) continue;
        xp_graph_free(to);
        return s;
    }
    return XP_OK;
}

/* Parameters are in the same order in both graphs; only the head's have other widths. */
static void copy_weights(const xp_model *m, const head *h, const xp_graph *to, const int *keep,
                         int n, float *weights) {
    size_t labels = (size_t)m->n_labels, width = (size_t)n;
    for (int i = 0; i < to->n_params; i++) {
        const xp_param *a = &m->graph.params[i], *b = &to->params[i];
        const float *old = m->weights + a->offset;
        float *new = weights + b->offset;
        if (a != h->kernel && a != h->bias) {
            memcpy(new, old, b->count * sizeof *new);
            continue;
        }
        for (size_t k = 0; k < b->count; k++)
            new[k] = old[k / width * labels + (size_t)keep[k % width]];
    }
}

static xp_status check_keep(const xp_model *m, const int *keep, int n, xp_error *err) {
    if (n < 1) return xp_fail(err, XP_ERR_USAGE, "no label would be left");
    for (int i = 0; i < n; i++) {
        if (keep[i] < 0 || keep[i] >= m->n_labels)
            return xp_fail(err, XP_ERR_USAGE, "label %d: the model has labels 0 to %d", keep[i],
                           m->n_labels - 1);
        for (int j = 0; j < i; j++)
            if (keep[j] == keep[i])
                return xp_fail(err, XP_ERR_USAGE, "label \"%s\" is named twice",
                               m->labels[keep[i]].name);
    }
    return XP_OK;
}

xp_status xp_model_keep_labels(xp_model *m, const int *keep, int n, xp_error *err) {
    head h;
    xp_graph graph;
    XP_TRY(check_keep(m, keep, n, err));
    XP_TRY(find_head(m, &h, err));
    XP_TRY(narrower_graph(&m->graph, n, &graph, err));
    xp_label *labels = calloc((size_t)n, sizeof *labels);
    float *weights = xp_aligned_alloc(graph.n_weights * sizeof *weights);
    if (!labels || !weights) {
        free(labels);
        xp_aligned_free(weights);
        xp_graph_free(&graph);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a copy of the model");
    }
    copy_weights(m, &h, &graph, keep, n, weights);
    for (int i = 0; i < n; i++) labels[i] = m->labels[keep[i]];
    xp_graph_free(&m->graph);
    xp_aligned_free(m->weights);
    free(m->labels);
    m->graph = graph;
    m->weights = weights;
    m->labels = labels;
    m->n_labels = n;
    return XP_OK;
}
