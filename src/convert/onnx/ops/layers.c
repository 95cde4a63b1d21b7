#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Layers of ours for which ONNX has no operator: their nodes come back as the layer that they were
 * written for. */

void onnx_mark_layer(onnx_node *n, const char *text) {
    if (n) n->doc_string = (char *)text;
}

bool onnx_begins_layer(const onnx_import *im, const onnx_node *n) {
    return im->ours && n->doc_string && !strncmp(n->doc_string, ONNX_LAYER, strlen(ONNX_LAYER));
}

/* The nodes of a layer end with the one that has its name, which may hold a colon itself; before
 * it they have more behind a colon. */
static const onnx_node *take_nodes(const onnx_import *im, const onnx_node *first) {
    const char *colon = first->name ? strrchr(first->name, ':') : NULL;
    const size_t length = colon ? (size_t)(colon - first->name) : 0;
    const onnx_node *last = NULL;
    bool begun = false;
    for (size_t i = 0; length && i < im->graph->n_node && !last; i++) {
        const onnx_node *n = im->graph->node[i];
        begun = begun || n == first;
        if (!begun || !n->name || strncmp(n->name, first->name, length) != 0) continue;
        if (n->name[length] != 0 && n->name[length] != ':') continue;
        onnx_take_up(im, n);
        if (n->name[length] == 0) last = n;
    }
    return last;
}

/* "function affine 2 0.5" */
static bool read_function(const char *text, xp_op *op) {
    char name[24];
    if (sscanf(text, "function %23s %f %f", name, &op->alpha, &op->beta) != 3) return false;
    for (int f = 0; f < XP_N_FUNCTIONS; f++)
        if (!strcmp(xp_function_name((xp_function)f), name)) {
            op->function = (xp_function)f;
            op->kind = XP_OP_FUNCTION;
            return true;
        }
    return false;
}

/* "groupnorm GROUPS EPSILON SCALE CENTER" */
static bool read_groupnorm(const char *text, xp_op *op) {
    int scale, center;
    if (sscanf(text, "groupnorm %d %f %d %d", &op->groups, &op->epsilon, &scale, &center) != 4)
        return false;
    op->kind = XP_OP_GROUPNORM;
    op->scale = scale, op->center = center;
    return true;
}

static xp_status fill_by_name(onnx_import *im, const onnx_node *n, const char *suffix,
                              xp_error *err) {
    const xp_param *p = xp_op_param(im->g, &im->g->ops[im->g->n_ops - 1], suffix);
    if (!p) return XP_OK;
    const onnx_value *v = onnx_find(im, p->name);
    size_t count = 0;
    if (!v || v->state != VALUE_TENSOR || !onnx_tensor_is_float(v->tensor))
        return onnx_fail(err, XP_ERR_FORMAT, n, "its constant \"%.60s\" is missing", p->name);
    XP_TRY(onnx_tensor_count(v->tensor, &count, err));
    return onnx_fill_param(im, n, suffix, v->tensor, count, (onnx_fill){0}, err);
}

xp_status onnx_add_layer(onnx_import *im, const onnx_node *n, xp_error *err) {
    const char *text = n->doc_string + strlen(ONNX_LAYER);
    xp_op op = {.n_inputs = 1};
    onnx_value *x;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (!read_function(text, &op) && !read_groupnorm(text, &op))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "begins a layer \"%.40s\" that is not known",
                         text);
    const onnx_node *last = take_nodes(im, n);
    if (!last) return onnx_fail(err, XP_ERR_FORMAT, n, "begins a layer that does not end");
    op.inputs[0] = x->op;
    onnx_value y = *x;
    XP_TRY(onnx_add_op(im, last, &op, err));
    y.op = im->g->n_ops - 1;
    XP_TRY(fill_by_name(im, last, "gamma", err));
    XP_TRY(fill_by_name(im, last, "beta", err));
    onnx_set_output(im, last, 0, &y);
    return XP_OK;
}
