#include "nn/ensemble.h"

#include "base/arena.h"
#include "nn/gradcam.h"
#include "nn/model_file.h"
#include "nn/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct builder {
    const xp_model *const *members;
    int n;
    int join;                  /* ops up to here are each member's own */
    xp_graph graph;            /* owned */
    int *own[XP_ENSEMBLE_MAX]; /* op of member k -> op of the graph; owned */
    int *joined; /* op of member 0 -> op that has all members' channels; -1: none yet */
} builder;

static xp_status differs(xp_error *err, int member, const char *what) {
    return xp_fail(
        err, XP_ERR_SHAPE,
        "member %d: its %s differ from those of the first; only networks of one kind can "
        "be joined",
        member + 1, what);
}

static xp_status check_member(const builder *b, int k, xp_error *err) {
    const xp_model *m = b->members[k], *first = b->members[0];
    bool same =
        m->length == first->length && m->n_leads == first->n_leads && m->rate == first->rate;
    for (int i = 0; same && i < m->n_leads; i++) same = !strcasecmp(m->leads[i], first->leads[i]);
    if (!same) return differs(err, k, "length, leads or sampling rate");
    same = m->n_labels == first->n_labels;
    for (int l = 0; same && l < m->n_labels; l++)
        same = !strcasecmp(m->labels[l].name, first->labels[l].name);
    if (!same) return differs(err, k, "labels");
    same = m->graph.n_ops == first->graph.n_ops;
    for (int i = b->join; same && i < m->graph.n_ops; i++)
        same = xp_op_same(&m->graph.ops[i], &first->graph.ops[i]);
    if (!same) return differs(err, k, "layers");
    return XP_OK;
}

/* One convolution can be each member's own, on its own channels. */
static bool side_by_side(const xp_op *op) {
    return op->kind == XP_OP_CONV1D && op->activation != XP_ACT_SOFTMAX;
}

static xp_status check_tail(const builder *b, xp_error *err) {
    const xp_graph *g = &b->members[0]->graph;
    for (int i = b->join + 1; i < g->n_ops - 1; i++)
        if (!xp_op_is_channelwise(&g->ops[i]) && !side_by_side(&g->ops[i]))
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "layer \"%s\" (%s) mixes the channels of layer \"%s\": the networks "
                           "cannot be joined there",
                           g->ops[i].name, xp_op_kind_name(g->ops[i].kind), g->ops[b->join].name);
    const xp_op *last = &g->ops[g->n_ops - 1];
    if (last->kind == XP_OP_DENSE && last->activation == XP_ACT_SIGMOID) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "layer \"%s\": expected a dense last layer with sigmoid outputs", last->name);
}

/* ==== the graph ============================================================================== */

/* Member k's own layers; the input is shared. */
static xp_status add_own(builder *b, int k, xp_error *err) {
    const xp_graph *g = &b->members[k]->graph;
    for (int i = 0; i <= b->join; i++) {
        xp_op op = g->ops[i];
        if (i == 0 && k > 0) continue; /* own[k][0] is 0 */
        for (int j = 0; j < op.n_inputs; j++) op.inputs[j] = b->own[k][op.inputs[j]];
        if (i > 0) snprintf(op.name, sizeof op.name, "net%d.%.*s", k + 1, 50, g->ops[i].name);
        XP_TRY(xp_graph_add(&b->graph, &op, err));
        b->own[k][i] = b->graph.n_ops - 1;
    }
    return XP_OK;
}

/* The op that holds op i of every member, channel after channel. */
static xp_status join_op(builder *b, int i, xp_error *err) {
    const xp_op *op = &b->members[0]->graph.ops[i];
    xp_op concat = {.kind = XP_OP_CONCAT, .n_inputs = b->n};
    if (b->joined[i] >= 0) return XP_OK;
    snprintf(concat.name, sizeof concat.name, "%s", op->name);
    for (int k = 0; k < b->n; k++) concat.inputs[k] = b->own[k][i];
    XP_TRY(xp_graph_add(&b->graph, &concat, err));
    b->joined[i] = b->graph.n_ops - 1;
    return XP_OK;
}

static xp_status add_tail(builder *b, xp_error *err) {
    const xp_graph *g = &b->members[0]->graph;
    for (int i = b->join + 1; i < g->n_ops; i++) {
        xp_op op = g->ops[i];
        if (side_by_side(&op)) op.units *= b->n;
        for (int j = 0; j < op.n_inputs; j++) {
            XP_TRY(join_op(b, op.inputs[j], err));
            op.inputs[j] = b->joined[op.inputs[j]];
        }
        XP_TRY(xp_graph_add(&b->graph, &op, err));
        b->joined[i] = b->graph.n_ops - 1;
    }
    return XP_OK;
}

static xp_status build_graph(builder *b, xp_error *err) {
    for (int k = 0; k < b->n; k++) XP_TRY(add_own(b, k, err));
    return add_tail(b, err);
}

/* ==== the weights ============================================================================ */

/* A convolution's kernels (taps, inputs, units) as one, each from its member's channels to its
 * member's units. */
static void join_kernels(const builder *b, const xp_param *param, const xp_param *own, int k,
                         const float *from, float *out) {
    const size_t units = (size_t)own->shape[2], inputs = (size_t)own->shape[1];
    const size_t row = (size_t)param->shape[2], before = (size_t)k * inputs;
    for (size_t i = 0; i < (size_t)own->shape[0] * inputs; i++) {
        const size_t tap = i / inputs, at = tap * (size_t)b->n * inputs + before + i % inputs;
        memcpy(out + at * row + (size_t)k * units, from + i * units, units * sizeof *out);
    }
}

/* The parameters of one joined layer: vectors one after the other; the last layer's kernels stacked
 * and its bias averaged, each a share of the mean. */
static void join_params(const builder *b, int i, float *weights) {
    const xp_graph *g = &b->members[0]->graph;
    const xp_op *to = &b->graph.ops[b->joined[i]];
    bool last = i == g->n_ops - 1;
    for (int p = 0; p < to->n_params; p++) {
        const xp_param *param = &b->graph.params[to->params[p]];
        bool bias = last && param->ndim == 1;
        float *out = weights + param->offset;
        for (int k = 0; k < b->n; k++) {
            const xp_model *m = b->members[k];
            const xp_param *own = &m->graph.params[m->graph.ops[i].params[p]];
            float *at = bias ? out : out + (size_t)k * own->count;
            if (own->ndim == 3) {
                join_kernels(b, param, own, k, m->weights + own->offset, out);
                continue;
            }
            for (size_t j = 0; j < own->count; j++)
                at[j] += m->weights[own->offset + j] / (last ? (float)b->n : 1);
        }
    }
}

static void copy_own(const builder *b, int k, float *weights) {
    const xp_model *m = b->members[k];
    for (int i = 1; i <= b->join; i++) {
        const xp_op *from = &m->graph.ops[i], *to = &b->graph.ops[b->own[k][i]];
        for (int p = 0; p < from->n_params; p++) {
            const xp_param *own = &m->graph.params[from->params[p]];
            memcpy(weights + b->graph.params[to->params[p]].offset, m->weights + own->offset,
                   own->count * sizeof *weights);
        }
    }
}

/* ==== the model ============================================================================== */

static xp_status copy_labels(xp_model *m, const xp_model *from, xp_error *err) {
    m->labels = calloc((size_t)from->n_labels, sizeof *m->labels);
    if (!m->labels) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the labels");
    m->n_labels = from->n_labels;
    for (int l = 0; l < m->n_labels; l++) {
        xp_label *label = &m->labels[l];
        *label = from->labels[l];
        xp_label_forget(label);
    }
    return XP_OK;
}

static xp_status fill_model(xp_model *m, builder *b, xp_error *err) {
    const xp_model *first = b->members[0];
    m->weights = xp_aligned_alloc(b->graph.n_weights * sizeof *m->weights); /* zeroed */
    if (!m->weights) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the joined weights");
    for (int k = 0; k < b->n; k++) copy_own(b, k, m->weights);
    for (int i = b->join + 1; i < first->graph.n_ops; i++) join_params(b, i, m->weights);
    XP_TRY(copy_labels(m, first, err));
    memcpy(m->name, first->name, sizeof m->name);
    memcpy(m->architecture, first->architecture, sizeof m->architecture);
    memcpy(m->leads, first->leads, sizeof m->leads);
    m->n_leads = first->n_leads;
    m->rate = first->rate;
    m->length = first->length;
    m->trained = true;
    for (int k = 0; k < b->n; k++) m->trained &= b->members[k]->trained;
    for (int i = 0; i < first->n_meta; i++)
        if (xp_model_set_meta(m, first->meta[i].key, first->meta[i].value) != XP_OK)
            return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the metadata");
    m->graph = b->graph;
    b->graph = (xp_graph){0};
    return xp_model_check(m, err);
}

static xp_status allocate(builder *b, xp_error *err) {
    size_t ops = (size_t)b->members[0]->graph.n_ops;
    bool good = (b->joined = malloc(ops * sizeof *b->joined)) != NULL;
    for (size_t i = 0; good && i < ops; i++) b->joined[i] = -1;
    for (int k = 0; k < b->n; k++) good &= (b->own[k] = calloc(ops, sizeof *b->own[k])) != NULL;
    return good ? XP_OK
                : xp_fail(err, XP_ERR_MEMORY, "not enough memory to join %d networks", b->n);
}

xp_status xp_ensemble(xp_model *out, const xp_model *const *members, int n, xp_error *err) {
    if (n < 2 || n > XP_ENSEMBLE_MAX)
        return xp_fail(err, XP_ERR_USAGE, "%d networks; expected 2 to %d", n, XP_ENSEMBLE_MAX);
    builder b = {.members = members, .n = n};
    xp_model made = {0};
    b.join = xp_gradcam_default_layer(&members[0]->graph);
    if (b.join < 1)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "the network has no layer with a time axis to join at");
    xp_status s = check_tail(&b, err);
    for (int k = 0; s == XP_OK && k < n; k++) s = check_member(&b, k, err);
    if (s == XP_OK) s = allocate(&b, err);
    if (s == XP_OK) s = build_graph(&b, err);
    if (s == XP_OK) s = fill_model(&made, &b, err);
    xp_graph_free(&b.graph);
    free(b.joined);
    for (int k = 0; k < n; k++) free(b.own[k]);
    if (s == XP_OK)
        *out = made;
    else
        xp_model_free(&made);
    return s;
}
