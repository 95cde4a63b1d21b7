#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

/* Mul, Add, Sub and Div with constants, as which some exporters write a batch norm, and the
 * products of layers. */

/* Whether t, broadcast over x, has one number, or one for each channel. */
static bool is_per_channel(const onnx_value *x, const onnx_tensor *t, size_t count, int channels) {
    if (count == 1) return true;
    const int behind = (int)t->n_dims;
    for (int i = 0; i < behind; i++) {
        const int axis = x->rank - behind + i;
        const bool is_channels = axis >= 0 && x->axes[axis] == AXIS_CHANNELS;
        if (t->dims[i] != 1 && !(is_channels && t->dims[i] == channels)) return false;
    }
    return count == (size_t)channels;
}

static xp_status find_constant(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                               int i, onnx_fill *fill, xp_error *err) {
    size_t count;
    XP_TRY(onnx_need_tensor(im, n, i, -1, &fill->tensor, &count, err));
    if (is_per_channel(x, fill->tensor, count, im->g->ops[x->op].c)) return XP_OK;
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                     "its constant \"%.60s\" is neither one number nor one for each channel",
                     fill->tensor->name ? fill->tensor->name : "");
}

/* x * c + 0, x + c, x - c, c - x, x / c */
static xp_status add_with_constant(onnx_import *im, const onnx_node *n, int layer, xp_error *err) {
    onnx_value *x;
    onnx_fill c = {0}, minus = {.value = -1};
    const char *type = n->op_type;
    XP_TRY(onnx_need_op(im, n, layer, &x, err));
    XP_TRY(find_constant(im, n, x, !layer, &c, err));
    onnx_value y = *x;
    const bool scales = !strcmp(type, "Mul") || !strcmp(type, "Div");
    if (!strcmp(type, "Div") && layer)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "divides by a layer's output");
    c.inverse = !strcmp(type, "Div");
    c.negative = !strcmp(type, "Sub") && !layer;
    const bool turns = !strcmp(type, "Sub") && layer;
    XP_TRY(onnx_add_affine(im, n, &y,
                           scales  ? &c
                           : turns ? &minus
                                   : NULL,
                           scales ? NULL : &c, err));
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* Axes that are equal, or of size 1 in one of the two. */
static bool join_axes(onnx_value *y, const onnx_value *a, const onnx_value *b) {
    if (a->rank != b->rank || a->flat_t != b->flat_t || a->flat_c != b->flat_c) return false;
    for (int i = 0; i < a->rank; i++) {
        if (a->axes[i] != b->axes[i] && a->axes[i] != AXIS_ONE && b->axes[i] != AXIS_ONE)
            return false;
        y->axes[i] = a->axes[i] == AXIS_ONE ? b->axes[i] : a->axes[i];
    }
    return true;
}

/* What Expand repeats is as long as the layer that it is multiplied with. */
static xp_status check_spread(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                              const onnx_value *with, xp_error *err) {
    bool time = false;
    for (int i = 0; i < with->rank; i++)
        time = time || (with->axes[i] == AXIS_TIME && x->axes[i] == AXIS_ONE);
    if (!x->spread || (time && im->g->ops[with->op].t == x->spread)) return XP_OK;
    return onnx_fail(err, XP_ERR_SHAPE, n, "multiplies what Expand made %d samples with another",
                     x->spread);
}

static xp_status multiply_layers(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *a, *b;
    xp_op op = {.kind = XP_OP_MULTIPLY, .n_inputs = 2};
    XP_TRY(onnx_need_op(im, n, 0, &a, err));
    XP_TRY(onnx_need_op(im, n, 1, &b, err));
    onnx_value y = *a;
    y.spread = 0;
    if (!join_axes(&y, a, b)) return onnx_wrong_axes(n, b, "those of its first input, or 1", err);
    XP_TRY(check_spread(im, n, a, b, err));
    XP_TRY(check_spread(im, n, b, a, err));
    op.inputs[0] = a->op, op.inputs[1] = b->op;
    XP_TRY(onnx_add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* a - b = a + (-1) b */
static xp_status subtract_layers(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *a, *b;
    const onnx_fill minus = {.value = -1};
    XP_TRY(onnx_need_op(im, n, 0, &a, err));
    XP_TRY(onnx_need_op(im, n, 1, &b, err));
    onnx_value negative = *b, y = *a;
    if (!onnx_has_axes(b, a->rank, a->axes) || a->flat_t != b->flat_t)
        return onnx_wrong_axes(n, b, "those of its first input", err);
    XP_TRY(onnx_add_affine(im, n, &negative, &minus, NULL, err));
    xp_op op = {.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {a->op, negative.op}};
    XP_TRY(onnx_add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* Of two sizes; false: of a batch, say, that is not known. */
static bool compute_size(const char *type, int64_t a, int64_t b, int64_t *y) {
    const int64_t limit = 1 << 30;
    const bool scales = !strcmp(type, "Mul") || !strcmp(type, "Div");
    *y = a;
    if (b == (scales ? 1 : 0)) return true;
    if (!strcmp(type, "Mul") && a == 1) return *y = b, true;
    if (a < 0 || a > limit || b < 0 || b > limit) return false;
    if (!strcmp(type, "Mul"))
        *y = a * b;
    else if (!strcmp(type, "Div") && b)
        *y = a / b;
    else
        *y = !strcmp(type, "Add") ? a + b : a - b;
    return !(scales && !b) || !strcmp(type, "Mul");
}

static xp_status compute_shape(onnx_import *im, const onnx_node *n, xp_error *err) {
    int64_t a[ONNX_MAX_INTS], b[ONNX_MAX_INTS], y[ONNX_MAX_INTS];
    int n_a = 0, n_b = 0;
    XP_TRY(onnx_get_list(im, n, 0, "", a, &n_a, err));
    XP_TRY(onnx_get_list(im, n, 1, "", b, &n_b, err));
    const int count = n_a > n_b ? n_a : n_b;
    bool known = n_a > 0 && n_b > 0 && (n_a == n_b || n_a == 1 || n_b == 1);
    for (int i = 0; known && i < count; i++)
        known = compute_size(n->op_type, a[n_a > 1 ? i : 0], b[n_b > 1 ? i : 0], &y[i]);
    if (!known)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "computes a shape that depends on the batch");
    onnx_set_ints(im, n, count, y);
    return XP_OK;
}

xp_status onnx_add_arithmetic(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *a, *b;
    XP_TRY(onnx_need_value(im, n, 0, &a, err));
    XP_TRY(onnx_need_value(im, n, 1, &b, err));
    if (a->state == VALUE_OP && b->state == VALUE_TENSOR) return add_with_constant(im, n, 0, err);
    if (b->state == VALUE_OP && a->state == VALUE_TENSOR) return add_with_constant(im, n, 1, err);
    if (a->state != VALUE_OP && b->state != VALUE_OP) return compute_shape(im, n, err);
    if (a->state != VALUE_OP || b->state != VALUE_OP)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "computes with a layer and a shape");
    if (!strcmp(n->op_type, "Mul")) return multiply_layers(im, n, err);
    if (!strcmp(n->op_type, "Sub")) return subtract_layers(im, n, err);
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "divides by a layer's output");
}

static xp_status add_negative(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    const onnx_fill minus = {.value = -1};
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    onnx_value y = *x;
    XP_TRY(onnx_add_affine(im, n, &y, &minus, NULL, err));
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

const onnx_operator onnx_affine_operators[] = {
    {"Mul", "", onnx_add_arithmetic},
    {"Sub", "", onnx_add_arithmetic},
    {"Div", "", onnx_add_arithmetic},
    {"Neg", "", add_negative},
    {0},
};
