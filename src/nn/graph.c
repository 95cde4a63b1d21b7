#include "nn/graph.h"

#include "base/arena.h"
#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

/* Bounds that no real network comes near; they keep a hostile file from asking for more. */
enum {
    N_KINDS = 0
#define X(kind, row) +1
    XP_OP_LIST(X)
#undef X
};
enum { MAX_OPS = 1024, MAX_TIME = 1 << 26, MAX_CHANNELS = 1 << 20, MAX_KERNEL = 1 << 20 };
static const size_t max_activation = (size_t)1 << 27; /* floats of one op's output */
static const size_t max_weights = (size_t)1 << 30;    /* floats of all params together */

int xp_graph_find(const xp_graph *g, const char *name) {
    for (int i = 0; i < g->n_ops; i++)
        if (!strcmp(g->ops[i].name, name)) return i;
    return -1;
}

int xp_graph_find_param(const xp_graph *g, const char *name) {
    for (int i = 0; i < g->n_params; i++)
        if (!strcmp(g->params[i].name, name)) return i;
    return -1;
}

void xp_graph_free(xp_graph *g) {
    free(g->ops);
    free(g->params);
    *g = (xp_graph){0};
}

/* ==== checking an op's settings ==== */

static xp_status bad_int(xp_error *err, const xp_op *op, const char *field, int got, int max) {
    return xp_fail(err, XP_ERR_FORMAT, "layer \"%.63s\" (%s): %s is %d, expected 1 to %d", op->name,
                   xp_op_kind_name(op->kind), field, got, max);
}

static xp_status check_name(const xp_graph *g, const xp_op *op, xp_error *err) {
    size_t n = strnlen(op->name, XP_NAME_MAX);
    if (n == 0 || n == XP_NAME_MAX)
        return xp_fail(err, XP_ERR_FORMAT,
                       "layer %d: its name has %s characters, expected 1 to %d; rename the layer",
                       g->n_ops, n ? "too many" : "no", XP_NAME_MAX - 1);
    if (xp_graph_find(g, op->name) >= 0)
        return xp_op_fail(err, XP_ERR_FORMAT, op, "an earlier layer has the same name");
    return XP_OK;
}

static xp_status check_inputs(const xp_graph *g, const xp_op *op, xp_error *err) {
    const xp_op_type *type = xp_op_type_of(op->kind);
    if (op->n_inputs < type->min_inputs || op->n_inputs > type->max_inputs)
        return xp_fail(err, XP_ERR_FORMAT, "layer \"%s\" (%s): %d inputs, expected %d to %d",
                       op->name, xp_op_kind_name(op->kind), op->n_inputs, type->min_inputs,
                       type->max_inputs);
    for (int i = 0; i < op->n_inputs; i++)
        if (op->inputs[i] < 0 || op->inputs[i] >= g->n_ops)
            return xp_op_fail(err, XP_ERR_FORMAT, op, "an input is not an earlier layer");
    if ((op->kind == XP_OP_INPUT) != (g->n_ops == 0))
        return xp_op_fail(err, XP_ERR_UNSUPPORTED, op,
                          "a network has exactly one input and it comes first");
    return XP_OK;
}

static xp_status check_window(const xp_op *op, xp_error *err) {
    if (op->kernel < 1 || op->kernel > MAX_KERNEL)
        return bad_int(err, op, "kernel", op->kernel, MAX_KERNEL);
    if (op->stride < 1 || op->stride > MAX_KERNEL)
        return bad_int(err, op, "stride", op->stride, MAX_KERNEL);
    if (op->dilation < 0 || xp_op_extent(op) > MAX_KERNEL)
        return xp_op_fail(err, XP_ERR_LIMIT, op, "its kernel, spread by its dilation, is too long");
    if ((unsigned)op->padding > XP_PAD_EXPLICIT)
        return xp_op_fail(err, XP_ERR_FORMAT, op, "padding is neither same nor valid nor explicit");
    /* So that every window holds at least one sample. */
    if (op->padding == XP_PAD_EXPLICIT && (op->pad_left < 0 || op->pad_left >= xp_op_extent(op) ||
                                           op->pad_right < 0 || op->pad_right >= xp_op_extent(op)))
        return xp_op_fail(
            err, XP_ERR_UNSUPPORTED, op,
            "explicit padding must be at least 0 and less than the kernel on either side");
    return XP_OK;
}

static xp_status check_numbers(const xp_op *op, xp_error *err) {
    if (xp_op_has(op, XP_HAS_UNITS) && (op->units < 1 || op->units > MAX_CHANNELS))
        return bad_int(err, op, "units", op->units, MAX_CHANNELS);
    if (xp_op_has(op, XP_HAS_WINDOW)) XP_TRY(check_window(op, err));
    if ((unsigned)op->activation > XP_ACT_SOFTMAX || (unsigned)op->recurrent > XP_ACT_SOFTMAX)
        return xp_op_fail(err, XP_ERR_FORMAT, op, "unknown activation");
    const xp_op_type *type = xp_op_type_of(op->kind);
    if (type->check) XP_TRY(type->check(op, err));
    if (xp_op_has(op, XP_HAS_EPSILON) && !(op->epsilon >= 0 && op->epsilon < 1e6f))
        return xp_op_fail(err, XP_ERR_FORMAT, op, "epsilon is not a small non-negative number");
    if (xp_op_has(op, XP_HAS_MOMENTUM) && !(op->momentum >= 0 && op->momentum <= 1))
        return xp_op_fail(err, XP_ERR_FORMAT, op, "momentum is not between 0 and 1");
    if (xp_op_has(op, XP_HAS_RATE) && !(op->rate >= 0 && op->rate < 1))
        return xp_op_fail(err, XP_ERR_FORMAT, op, "rate is not between 0 and 1");
    return XP_OK;
}

/* ==== shapes ==== */

static xp_status check_size(const xp_op *op, xp_error *err) {
    bool fits = op->t >= 1 && op->t <= MAX_TIME && op->c >= 1 && op->c <= (MAX_CHANNELS << 6);
    if (fits && (uint64_t)op->t * (uint64_t)op->c <= max_activation) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT,
                   "layer \"%s\" (%s): output of shape (%d, %d), expected positive sizes and at "
                   "most %zu numbers",
                   op->name, xp_op_kind_name(op->kind), op->t, op->c, max_activation);
}

/* MAX_TIME + 2 MAX_KERNEL, the longest padded input, is an int. */
static xp_status infer_shape(const xp_graph *g, xp_op *op, xp_error *err) {
    const xp_op_type *type = xp_op_type_of(op->kind);
    if (op->n_inputs > 0) {
        const xp_op *in = &g->ops[op->inputs[0]];
        if (xp_op_is(op, XP_OP_NEEDS_SEQUENCE) && !in->is_sequence)
            return xp_op_fail(err, XP_ERR_SHAPE, op,
                              "needs a sequence (time, channels) but gets a vector");
        op->t = in->t;
        op->c = xp_op_has(op, XP_HAS_UNITS) ? op->units : in->c;
        op->is_sequence = in->is_sequence;
        if (!xp_op_has(op, XP_HAS_WINDOW)) op->pad_left = op->pad_right = 0;
    }
    if (type->infer) XP_TRY(type->infer(g, op, err));
    return check_size(op, err);
}

/* ==== params ==== */

static xp_status count_params(const xp_graph *g, xp_param_list *l, size_t *total, xp_error *err) {
    *total = g->n_weights;
    for (int i = 0; i < l->n; i++) {
        xp_param *p = &l->list[i];
        p->count = 1;
        bool fits = true;
        for (int d = 0; d < p->ndim; d++)
            fits = fits && xp_mul_size(p->count, (size_t)p->shape[d], &p->count);
        p->offset = *total;
        fits = fits && xp_add_size(*total, p->count, total) && *total <= max_weights;
        if (!fits)
            return xp_fail(err, XP_ERR_LIMIT,
                           "layer \"%s\": with \"%s\" the network has more than %zu weights",
                           l->op->name, p->name, max_weights);
    }
    return XP_OK;
}

static bool reserve(void **list, int *cap, int n, size_t each) {
    if (n <= *cap) return true;
    int grown = *cap ? 2 * *cap : 32;
    if (grown < n) grown = n;
    void *p = realloc(*list, (size_t)grown * each);
    if (!p) return false;
    *list = p;
    *cap = grown;
    return true;
}

static xp_status append(xp_graph *g, const xp_op *op, const xp_param_list *l, xp_error *err) {
    if (!reserve((void **)&g->ops, &g->cap_ops, g->n_ops + 1, sizeof *g->ops) ||
        !reserve((void **)&g->params, &g->cap_params, g->n_params + l->n, sizeof *g->params))
        return xp_fail(err, XP_ERR_MEMORY, "no memory for layer \"%s\"", op->name);
    xp_op *o = &g->ops[g->n_ops];
    *o = *op;
    o->n_params = l->n;
    for (int i = 0; i < l->n; i++) {
        o->params[i] = g->n_params;
        g->params[g->n_params++] = l->list[i];
        g->n_weights += l->list[i].count;
    }
    g->n_ops++;
    return XP_OK;
}

xp_status xp_graph_add(xp_graph *g, const xp_op *given, xp_error *err) {
    xp_op op = *given;
    if (g->n_ops >= MAX_OPS)
        return xp_fail(err, XP_ERR_LIMIT, "the network has more than %d layers", MAX_OPS);
    XP_TRY(check_name(g, &op, err));
    if ((unsigned)op.kind >= N_KINDS) return xp_op_fail(err, XP_ERR_FORMAT, &op, "unknown kind");
    XP_TRY(check_inputs(g, &op, err));
    XP_TRY(check_numbers(&op, err));
    XP_TRY(infer_shape(g, &op, err));
    xp_param_list l = {.op = &op};
    const xp_op_type *type = xp_op_type_of(op.kind);
    if (type->params) type->params(&l, g->ops[op.inputs[0]].c);
    size_t total;
    XP_TRY(count_params(g, &l, &total, err));
    return append(g, &op, &l, err);
}

double xp_op_macs(const xp_graph *g, const xp_op *op) {
    const xp_op_type *type = xp_op_type_of(op->kind);
    return type->macs ? type->macs(op, &g->ops[op->inputs[0]]) : 0;
}

double xp_graph_macs(const xp_graph *g) {
    double sum = 0;
    for (int i = 0; i < g->n_ops; i++) sum += xp_op_macs(g, &g->ops[i]);
    return sum;
}
