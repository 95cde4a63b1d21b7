#include "nn/op.h"

#include <string.h>

/* ==== names and settings ==== */

static const char *const kind_names[] = {
#define X(kind, row) #row,
    XP_OP_LIST(X)
#undef X
};
enum { N_KINDS = sizeof kind_names / sizeof *kind_names };

static const char *const activation_names[] = {
#define X(act, name) name,
    XP_ACTIVATION_LIST(X)
#undef X
};
enum { N_ACTIVATIONS = sizeof activation_names / sizeof *activation_names };

static const char *const function_names[] = {
#define X(fn, name) name,
    XP_FUNCTION_LIST(X)
#undef X
};
enum { N_FUNCTIONS = sizeof function_names / sizeof *function_names };

const char *xp_function_name(xp_function f) {
    return (size_t)f < N_FUNCTIONS ? function_names[f] : "unknown";
}

const char *xp_op_kind_name(xp_op_kind k) {
    return (size_t)k < N_KINDS ? kind_names[k] : "unknown";
}

int xp_op_kind_named(const char *name) {
    for (int k = 0; name && k < N_KINDS; k++)
        if (!strcmp(kind_names[k], name)) return k;
    return -1;
}

const char *xp_activation_name(xp_activation a) {
    return (size_t)a < N_ACTIVATIONS ? activation_names[a] : "unknown";
}

const xp_setting xp_settings[] = {
#define X(id, key, type, field, inference)                                                         \
    {key, XP_SETTING_##type, offsetof(xp_op, field), inference},
    XP_SETTING_LIST(X)
#undef X
};

/* ==== params ==== */

const xp_param *xp_op_param(const xp_graph *g, const xp_op *op, const char *suffix) {
    for (int i = 0; i < op->n_params; i++) {
        const xp_param *p = &g->params[op->params[i]];
        if (!strcmp(strrchr(p->name, '.') + 1, suffix)) return p;
    }
    return NULL;
}

const float *xp_call_param(const xp_op_call *c, const char *suffix) {
    const xp_param *p = xp_op_param(c->graph, c->op, suffix);
    return p ? c->weights + p->offset : NULL;
}

float *xp_call_gradient(const xp_op_call *c, const char *suffix) {
    const xp_param *p = xp_op_param(c->graph, c->op, suffix);
    if (!p || !c->gradient) return NULL;
    return c->gradient + (p->offset - c->graph->params[c->op->params[0]].offset);
}

/* ==== rules that rows share ==== */

xp_status xp_op_fail(xp_error *err, xp_status code, const xp_op *op, const char *what) {
    return xp_fail(err, code, "layer \"%.63s\" (%s): %s", op->name, xp_op_kind_name(op->kind),
                   what);
}

void xp_want_param(xp_param_list *l, const char *suffix, int ndim, int a, int b, int c,
                   bool trainable) {
    xp_param *p = &l->list[l->n++];
    *p = (xp_param){.ndim = ndim, .shape = {a, b, c}, .trainable = trainable};
    size_t n = strlen(l->op->name);
    memcpy(p->name, l->op->name, n);
    p->name[n] = '.';
    memcpy(p->name + n + 1, suffix, strlen(suffix) + 1);
}

/* With "same", ceil(t / stride) outputs and the padding that needs, the odd sample on the right. */
xp_status xp_infer_window(const xp_graph *g, xp_op *op, xp_error *err) {
    const int t = g->ops[op->inputs[0]].t, kernel = (int)xp_op_extent(op);
    if (op->padding == XP_PAD_SAME) {
        op->t = (t - 1) / op->stride + 1;
        long long covered = (long long)(op->t - 1) * op->stride + kernel;
        op->pad_left = covered > t ? (int)((covered - t) / 2) : 0;
        op->pad_right = covered > t ? (int)(covered - t) - op->pad_left : 0;
        return XP_OK;
    }
    if (op->padding == XP_PAD_VALID) op->pad_left = op->pad_right = 0;
    int padded = t + op->pad_left + op->pad_right; /* graph.c bounds all three */
    if (padded < kernel)
        return xp_fail(err, XP_ERR_SHAPE,
                       "layer \"%s\" (%s): its window of %d samples is longer than its input of %d",
                       op->name, xp_op_kind_name(op->kind), kernel, padded);
    op->t = (padded - kernel) / op->stride + 1;
    return XP_OK;
}

xp_status xp_infer_join(const xp_graph *g, xp_op *op, bool joins, xp_error *err) {
    const xp_op *first = &g->ops[op->inputs[0]];
    for (int i = 1; i < op->n_inputs; i++) {
        const xp_op *in = &g->ops[op->inputs[i]];
        bool fits = in->t == first->t && in->is_sequence == first->is_sequence;
        if (!fits || (!joins && in->c != first->c))
            return xp_fail(err, XP_ERR_SHAPE,
                           "layer \"%s\" (%s): its inputs \"%s\" (%d, %d) and \"%s\" (%d, %d) do "
                           "not fit together",
                           op->name, xp_op_kind_name(op->kind), first->name, first->t, first->c,
                           in->name, in->t, in->c);
        if (joins) op->c += in->c;
    }
    return XP_OK;
}

xp_status xp_infer_vector(const xp_graph *g, xp_op *op, xp_error *err) {
    (void)g, (void)err;
    op->t = 1;
    op->is_sequence = false;
    return XP_OK;
}

xp_status xp_infer_states(const xp_graph *g, xp_op *op, xp_error *err) {
    return op->return_sequences ? XP_OK : xp_infer_vector(g, op, err);
}

xp_status xp_check_gates(const xp_op *op, xp_error *err) {
    if (op->activation != XP_ACT_SOFTMAX && op->recurrent != XP_ACT_SOFTMAX) return XP_OK;
    return xp_op_fail(err, XP_ERR_UNSUPPORTED, op, "softmax inside a recurrent layer");
}
