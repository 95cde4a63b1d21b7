#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

static xp_status check_softmax(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                               xp_op *op, xp_error *err) {
    int64_t given;
    int axis;
    XP_TRY(onnx_get_int(n, "axis", im->opset < 13 ? 1 : -1, &given, err));
    XP_TRY(onnx_get_axis(n, given, x->rank, &axis, err));
    /* Before opset 13 it went over all axes from this one on: those behind must be 1. */
    bool alone = true;
    for (int i = axis + 1; i < x->rank && im->opset < 13; i++)
        alone = alone && x->axes[i] == AXIS_ONE;
    if (x->axes[axis] == AXIS_TIME && alone) {
        *op = (xp_op){.kind = XP_OP_SOFTMAX_TIME, .n_inputs = 1};
        return XP_OK;
    }
    if (x->axes[axis] == AXIS_CHANNELS && alone) return XP_OK;
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                     "attribute axis = %lld is neither that of the channels nor that of time",
                     (long long)given);
}

xp_status onnx_add_activation(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    xp_op op = {.kind = XP_OP_ACTIVATION};
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (!onnx_find_activation(n->op_type, &op.activation))
        return onnx_fail(err, XP_ERR_INTERNAL, n, "no activation");
    if (op.activation == XP_ACT_SOFTMAX) XP_TRY(check_softmax(im, n, x, &op, err));
    return onnx_add_like(im, n, x, &op, err);
}

/* The third input of Dropout since opset 12: whether it draws. */
static xp_status check_training(const onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *v;
    int64_t training[ONNX_MAX_INTS];
    int count = 0;
    XP_TRY(onnx_get_input(im, n, 2, &v, err));
    if (v) XP_TRY(onnx_get_list(im, n, 2, "", training, &count, err));
    if (count == 1 && training[0])
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "draws at random: export the model in evaluation mode");
    return XP_OK;
}

static xp_status add_dropout(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x, *ratio;
    xp_op op = {.kind = XP_OP_DROPOUT};
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_float(n, "ratio", 0.5f, &op.rate, err));
    XP_TRY(onnx_get_input(im, n, 1, &ratio, err));
    XP_TRY(check_training(im, n, err));
    if (ratio) {
        const onnx_tensor *t;
        size_t count;
        XP_TRY(onnx_need_tensor(im, n, 1, -1, &t, &count, err));
        if (count != 1) return onnx_fail(err, XP_ERR_SHAPE, n, "its ratio is not one number");
        onnx_tensor_floats(t, 1, &op.rate);
    }
    return onnx_add_like(im, n, x, &op, err);
}

static xp_status join_shapes(const onnx_import *im, const onnx_node *n, xp_error *err) {
    int64_t all[ONNX_MAX_INTS];
    int total = 0;
    for (size_t i = 0; i < n->n_input; i++) {
        int64_t list[ONNX_MAX_INTS];
        int count;
        XP_TRY(onnx_get_list(im, n, (int)i, "", list, &count, err));
        if (total + count > ONNX_MAX_INTS)
            return onnx_fail(err, XP_ERR_LIMIT, n, "a shape of more than %d sizes", ONNX_MAX_INTS);
        memcpy(all + total, list, (size_t)count * sizeof *list);
        total += count;
    }
    onnx_set_ints(im, n, total, all);
    return XP_OK;
}

/* Zeros for one direction of a recurrent layer and for the other: its first state. */
static bool are_zeros(const onnx_import *im, const onnx_node *n) {
    for (size_t i = 0; i < n->n_input; i++) {
        const char *name = onnx_input_name(n, (int)i);
        const onnx_value *v = name ? onnx_find(im, name) : NULL;
        if (!v || v->state != VALUE_ZEROS) return false;
    }
    return n->n_input > 0;
}

/* Where some inputs have an axis of 1 and others a time of one sample, all have an axis of 1. */
static xp_status align_time(onnx_import *im, const onnx_node *n, xp_error *err) {
    bool all = true;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n->n_input && !(pass && all); i++) {
            onnx_value *x;
            bool time = false;
            XP_TRY(onnx_need_op(im, n, (int)i, &x, err));
            for (int k = 0; k < x->rank; k++) time = time || x->axes[k] == AXIS_TIME;
            if (pass) XP_TRY(onnx_end_time(im, n, x, err));
            all = all && time;
        }
    return XP_OK;
}

static xp_status add_join(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *first, *x;
    bool concat = !strcmp(n->op_type, "Concat");
    xp_op op = {.kind = concat ? XP_OP_CONCAT : XP_OP_ADD};
    XP_TRY(onnx_need_value(im, n, 0, &first, err));
    if (concat && are_zeros(im, n)) {
        onnx_set_output(im, n, 0, first);
        return XP_OK;
    }
    if (concat && first->state != VALUE_OP) return join_shapes(im, n, err);
    if (!strcmp(n->op_type, "Add")) {
        XP_TRY(onnx_need_value(im, n, 1, &x, err));
        if (first->state != VALUE_OP || x->state != VALUE_OP)
            return onnx_add_arithmetic(im, n, err);
    }
    if (n->n_input > XP_OP_MAX_INPUTS)
        return onnx_fail(err, XP_ERR_LIMIT, n, "%zu inputs, at most %d are supported", n->n_input,
                         XP_OP_MAX_INPUTS);
    XP_TRY(align_time(im, n, err));
    for (size_t i = 0; i < n->n_input; i++) {
        XP_TRY(onnx_need_op(im, n, (int)i, &x, err));
        if (!i) first = x;
        if (!onnx_has_axes(x, first->rank, first->axes) || x->flat_t != first->flat_t ||
            x->flat_c != first->flat_c)
            return onnx_wrong_axes(n, x, "those of its first input", err);
        if (im->g->ops[x->op].t != im->g->ops[first->op].t)
            return onnx_fail(err, XP_ERR_SHAPE, n, "its inputs have %d and %d samples",
                             im->g->ops[first->op].t, im->g->ops[x->op].t);
        op.inputs[op.n_inputs++] = x->op;
    }
    if (concat) {
        int64_t given;
        int axis;
        XP_TRY(onnx_refuse_flat(n, first, err));
        XP_TRY(onnx_get_int(n, "axis", 1, &given, err));
        XP_TRY(onnx_get_axis(n, given, first->rank, &axis, err));
        if (first->axes[axis] != AXIS_CHANNELS)
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "attribute axis = %lld is not that of the channels", (long long)given);
    }
    onnx_value y = *first;
    XP_TRY(onnx_add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static void write_activation(onnx_exporter *e) {
    onnx_layout l = onnx_input_of(e)->native;
    const char *in = onnx_in_layout(e, e->op->inputs[0], l);
    onnx_put_activation(e, e->op->name, in, onnx_declare(e, l), l);
}

static void write_join(onnx_exporter *e) {
    const xp_op *op = e->op;
    bool concat = op->kind == XP_OP_CONCAT;
    onnx_layout l = onnx_input_of(e)->native;
    const char *in[XP_OP_MAX_INPUTS];
    for (int i = 0; i < op->n_inputs; i++) in[i] = onnx_in_layout(e, op->inputs[i], l);
    const char *type = concat ? "Concat" : op->n_inputs == 2 ? "Add" : "Sum";
    onnx_node *n = onnx_put_node(e, type, op->name, onnx_declare(e, l));
    for (int i = 0; i < op->n_inputs; i++) onnx_put_input(n, in[i]);
    if (concat) onnx_put_int(e, n, "axis", onnx_channel_axis(l));
}

static void write_dropout(onnx_exporter *e) {
    onnx_layout l = onnx_input_of(e)->native;
    const char *in = onnx_in_layout(e, e->op->inputs[0], l);
    const char *ratio = onnx_text(e, "%s:ratio", e->op->name);
    float *data = onnx_put_floats(e, ratio, 0, (int64_t[1]){0});
    if (data) *data = e->op->rate;
    onnx_node *n = onnx_put_node(e, "Dropout", e->op->name, onnx_declare(e, l));
    onnx_put_input(n, in);
    onnx_put_input(n, ratio);
}

static void write_input(onnx_exporter *e) {
    onnx_written *o = onnx_this_output(e);
    o->native = ONNX_NTC;
    o->names[ONNX_NTC] = "ecg";
}

const onnx_op onnx_op_input = {.write = write_input};

const onnx_op onnx_op_activation = {
    .write = write_activation,
    .operators = {{"Relu", "", onnx_add_activation},
                  {"Sigmoid", "", onnx_add_activation},
                  {"Softmax", "axis", onnx_add_activation},
                  {"Tanh", "", onnx_add_activation}},
};

const onnx_op onnx_op_add = {
    .write = write_join,
    .operators = {{"Add", "", add_join}, {"Sum", "", add_join}},
};

const onnx_op onnx_op_concat = {
    .write = write_join,
    .operators = {{"Concat", "axis", add_join}},
};

const onnx_op onnx_op_dropout = {
    .write = write_dropout,
    .operators = {{"Dropout", "ratio seed", add_dropout}},
};
