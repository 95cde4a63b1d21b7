#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <math.h>
#include <string.h>

/* Time padded, cut, reversed, and weighed by a softmax; products of layers. */

/* ==== Pad ==================================================================================== */

/* What the padding is: 0, or (least) the least number there is. */
static xp_status read_filling(const onnx_import *im, const onnx_node *n, bool *least,
                              xp_error *err) {
    onnx_value *v;
    float value;
    XP_TRY(onnx_get_float(n, "value", 0, &value, err));
    XP_TRY(onnx_get_input(im, n, 2, &v, err));
    if (v && v->state == VALUE_TENSOR) {
        size_t size = 0;
        XP_TRY(onnx_tensor_count(v->tensor, &size, err));
        if (!onnx_tensor_is_float(v->tensor) || size != 1)
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "its value is not one number");
        onnx_tensor_floats(v->tensor, 1, &value);
    }
    *least = value <= -1e30f;
    if (value == 0 || *least) return XP_OK;
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "pads with %g, expected 0", (double)value);
}

/* Samples in front of time and behind it, of a list with one number for each axis, twice; axes: of
 * which the list is, where the node says so. */
static xp_status find_sides(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                            int64_t sides[2], xp_error *err) {
    int64_t pads[ONNX_MAX_INTS], axes[ONNX_MAX_INTS];
    int count, n_axes;
    XP_TRY(onnx_get_list(im, n, 1, "pads", pads, &count, err));
    XP_TRY(onnx_get_list(im, n, 3, "", axes, &n_axes, err));
    if (!n_axes)
        for (; n_axes < x->rank; n_axes++) axes[n_axes] = n_axes;
    sides[0] = sides[1] = 0;
    if (count != 2 * n_axes)
        return onnx_fail(err, XP_ERR_SHAPE, n, "%d numbers for %d axes", count, n_axes);
    for (int i = 0; i < n_axes; i++) {
        int axis;
        XP_TRY(onnx_get_axis(n, axes[i], x->rank, &axis, err));
        if (x->axes[axis] == AXIS_TIME)
            sides[0] = pads[i], sides[1] = pads[n_axes + i];
        else if (pads[i] || pads[n_axes + i])
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "expected padding at the ends of time only");
    }
    return XP_OK;
}

/* Kept for what reads it: a convolution takes padding up. What is cut off is cut off at once. */
static xp_status add_pad(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t sides[2];
    char mode[16];
    bool least;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_text(n, "mode", "constant", mode, sizeof mode, err));
    if (strcmp(mode, "constant"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute mode = %s, expected constant",
                         mode);
    XP_TRY(read_filling(im, n, &least, err));
    XP_TRY(find_sides(im, n, x, sides, err));
    onnx_value y = *x;
    for (int i = 0; i < 2; i++) {
        if (sides[i] < -(1 << 20) || sides[i] > 1 << 20)
            return onnx_fail(err, XP_ERR_LIMIT, n, "padding of %lld samples", (long long)sides[i]);
        y.pad[i] = (int)sides[i];
    }
    y.pad_least = least && (y.pad[0] || y.pad[1]);
    if (im->ours || y.pad[0] < 0 || y.pad[1] < 0) {
        y.pad_least = false;
        xp_op op = {.kind = XP_OP_PAD,
                    .n_inputs = 1,
                    .inputs = {x->op},
                    .before = y.pad[0],
                    .after = y.pad[1]};
        if (least && (y.pad[0] > 0 || y.pad[1] > 0))
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "pads with the least number, and cuts");
        XP_TRY(onnx_add_op(im, n, &op, err));
        y.op = im->g->n_ops - 1;
        y.pad[0] = y.pad[1] = 0;
    }
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static void write_pad(onnx_exporter *e) {
    const char *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NCT);
    const int64_t pads[] = {0, 0, e->op->before, 0, 0, e->op->after};
    const char *list = onnx_put_list(e, "pads", 6, pads);
    onnx_node *n = onnx_put_node(e, "Pad", e->op->name, onnx_declare(e, ONNX_NCT));
    onnx_put_input(n, in);
    onnx_put_input(n, list);
}

const onnx_op onnx_op_pad = {
    .write = write_pad,
    .operators = {{"Pad", "mode pads value", add_pad}},
};

/* ==== reverse ================================================================================ */

/* Read in shape.c, as a Slice backwards. */
static void write_reverse(onnx_exporter *e) {
    const char *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NCT);
    const char *lists[] = {onnx_put_list(e, "starts", 1, (int64_t[]){-1}),
                           onnx_put_list(e, "ends", 1, (int64_t[]){INT64_MIN}),
                           onnx_put_list(e, "axes", 1, (int64_t[]){2}),
                           onnx_put_list(e, "steps", 1, (int64_t[]){-1})};
    onnx_node *n = onnx_put_node(e, "Slice", e->op->name, onnx_declare(e, ONNX_NCT));
    onnx_put_input(n, in);
    for (int i = 0; i < 4; i++) onnx_put_input(n, lists[i]);
}

const onnx_op onnx_op_reverse = {.write = write_reverse};

/* ==== softmax over time ====================================================================== */

static void write_softmax(onnx_exporter *e) {
    const char *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NCT);
    onnx_node *n = onnx_put_node(e, "Softmax", e->op->name, onnx_declare(e, ONNX_NCT));
    onnx_put_input(n, in);
    onnx_put_int(e, n, "axis", 2);
}

/* Read in arith.c, with the softmax over channels. */
const onnx_op onnx_op_softmax_time = {.write = write_softmax};

/* ==== products =============================================================================== */

static void write_matmul(onnx_exporter *e) {
    const xp_op *op = e->op;
    const char *a = onnx_in_layout(e, op->inputs[0], op->transpose_a ? ONNX_NCT : ONNX_NTC);
    const char *b = onnx_in_layout(e, op->inputs[1], op->transpose_b ? ONNX_NCT : ONNX_NTC);
    onnx_node *n = onnx_put_node(e, "MatMul", op->name, onnx_declare(e, ONNX_NTC));
    onnx_put_input(n, a);
    onnx_put_input(n, b);
}

/* Read in dense.c, with the products with constants. */
const onnx_op onnx_op_matmul = {.write = write_matmul};

/* A vector among sequences gets an axis of time, of size 1. */
static const char *factor(onnx_exporter *e, int i, onnx_layout l) {
    const int in = e->op->inputs[i];
    if (l == ONNX_VECTOR || e->m->graph.ops[in].is_sequence) return onnx_in_layout(e, in, l);
    const char *vector = onnx_in_layout(e, in, ONNX_VECTOR);
    const char *axis =
        onnx_put_list(e, onnx_text(e, "axis%d", i), 1, (int64_t[]){l == ONNX_NCT ? 2 : 1});
    const char *out = onnx_text(e, "%s:factor%d", e->op->name, i);
    onnx_node *n = onnx_put_node(e, "Unsqueeze", onnx_text(e, "%s:u%d", e->op->name, i), out);
    onnx_put_input(n, vector);
    onnx_put_input(n, axis);
    return out;
}

/* Two at a time. */
static void write_multiply(onnx_exporter *e) {
    const xp_op *op = e->op;
    const onnx_layout l = op->is_sequence ? ONNX_NCT : ONNX_VECTOR;
    const char *at = factor(e, 0, l);
    for (int i = 1; i < op->n_inputs; i++) {
        const bool last = i == op->n_inputs - 1;
        const char *with = factor(e, i, l);
        const char *out = last ? onnx_declare(e, l) : onnx_text(e, "%s:product%d", op->name, i);
        onnx_node *n =
            onnx_put_node(e, "Mul", last ? op->name : onnx_text(e, "%s:m%d", op->name, i), out);
        onnx_put_input(n, at);
        onnx_put_input(n, with);
        at = out;
    }
    if (op->n_inputs > 1) return;
    onnx_node *n = onnx_put_node(e, "Identity", op->name, onnx_declare(e, l));
    onnx_put_input(n, at);
}

/* Read in affine.c, with the products with constants. */
const onnx_op onnx_op_multiply = {.write = write_multiply};
