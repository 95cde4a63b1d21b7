#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <stdio.h>
#include <string.h>

/* GRU and LSTM, forward, backward or in both directions. */

enum { FORWARD = 1, BACKWARD = 2 };

typedef struct recurrent {
    onnx_value *x;
    int gates;
    unsigned directions; /* of FORWARD and BACKWARD */
    xp_op op;
    const onnx_tensor *w, *r, *b;
    size_t n_w, n_r, n_b;
} recurrent;

static int count_directions(const recurrent *l) {
    return l->directions == (FORWARD | BACKWARD) ? 2 : 1;
}

static xp_status check_zero(const onnx_import *im, const onnx_node *n, int i, const char *what,
                            xp_error *err) {
    onnx_value *v;
    XP_TRY(onnx_get_input(im, n, i, &v, err));
    bool zero = !v || v->state == VALUE_ZEROS;
    if (v && v->state == VALUE_TENSOR) {
        size_t count = 0;
        XP_TRY(onnx_tensor_count(v->tensor, &count, err));
        zero = onnx_tensor_is_float(v->tensor) && onnx_tensor_is_all(v->tensor, count, 0);
    }
    return zero ? XP_OK : onnx_fail(err, XP_ERR_UNSUPPORTED, n, "%s that is not zero", what);
}

static xp_status check_settings(const onnx_import *im, const onnx_node *n, recurrent *l,
                                xp_error *err) {
    char direction[32];
    int64_t layout;
    XP_TRY(onnx_get_text(n, "direction", "forward", direction, sizeof direction, err));
    XP_TRY(onnx_get_int(n, "layout", 0, &layout, err));
    l->directions = !strcmp(direction, "forward")         ? FORWARD
                    : !strcmp(direction, "reverse")       ? BACKWARD
                    : !strcmp(direction, "bidirectional") ? FORWARD | BACKWARD
                                                          : 0;
    if (!l->directions || layout)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "direction = %s, layout = %lld; expected forward, reverse or "
                         "bidirectional, and 0",
                         direction, (long long)layout);
    if (onnx_input_name(n, 4))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "sequences of several lengths");
    XP_TRY(check_zero(im, n, 5, "a first state", err));
    if (l->gates == 4) {
        XP_TRY(check_zero(im, n, 6, "a first cell state", err));
        XP_TRY(check_zero(im, n, 7, "weights from the cell to the gates (peepholes)", err));
        const onnx_value *cell = onnx_output(im, n, 2);
        if (cell && cell->uses > 0)
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "its last cell state is used");
    }
    return XP_OK;
}

static xp_status read_activations(const onnx_node *n, recurrent *l, xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, "activations");
    const int each = l->gates == 4 ? 3 : 2; /* of a direction; an LSTM's last two must be alike */
    xp_activation found[6];
    l->op.recurrent = XP_ACT_SIGMOID, l->op.activation = XP_ACT_TANH;
    if (!a) return XP_OK;
    if (a->n_strings != (size_t)(each * count_directions(l)))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute activations names %zu, expected %d",
                         a->n_strings, each * count_directions(l));
    for (size_t i = 0; i < a->n_strings; i++) {
        char name[24];
        snprintf(name, sizeof name, "%.*s", (int)(a->strings[i].len < 23 ? a->strings[i].len : 23),
                 (const char *)a->strings[i].data);
        const int at = (int)i % each;
        const bool known = onnx_find_activation(name, &found[i]);
        if (!known || found[i] != found[at == 2 ? i - 1 : (size_t)at])
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "attribute activations names \"%s\", expected Sigmoid, Tanh, Relu or "
                             "Affine, the same in all directions",
                             name);
    }
    l->op.recurrent = found[0], l->op.activation = found[1];
    return XP_OK;
}

static xp_status check_shape(const onnx_node *n, const onnx_tensor *t, int parts, int rows,
                             int cols, xp_error *err) {
    if (t->dims[0] == parts && t->dims[1] == rows && t->dims[2] == cols) return XP_OK;
    return onnx_fail(err, XP_ERR_SHAPE, n,
                     "its constant \"%.60s\" is (%lld, %lld, %lld), expected (%d, %d, %d)",
                     t->name ? t->name : "", (long long)t->dims[0], (long long)t->dims[1],
                     (long long)t->dims[2], parts, rows, cols);
}

static xp_status read_recurrent(onnx_import *im, const onnx_node *n, recurrent *l, xp_error *err) {
    int64_t units, reset_after;
    XP_TRY(onnx_need_op(im, n, 0, &l->x, err));
    if (!onnx_has_axes(l->x, 3, onnx_tnc))
        return onnx_wrong_axes(n, l->x, "(time, batch, channels)", err);
    XP_TRY(onnx_need_tensor(im, n, 1, 3, &l->w, &l->n_w, err));
    XP_TRY(onnx_need_tensor(im, n, 2, 3, &l->r, &l->n_r, err));
    if (onnx_input_name(n, 3)) XP_TRY(onnx_need_tensor(im, n, 3, 2, &l->b, &l->n_b, err));
    l->op.use_bias = l->b != NULL;
    XP_TRY(check_settings(im, n, l, err));
    XP_TRY(read_activations(n, l, err));
    XP_TRY(onnx_get_int(n, "hidden_size", 0, &units, err));
    XP_TRY(onnx_get_small(n, "attribute hidden_size", units, &l->op.units, err));
    XP_TRY(onnx_get_int(n, "linear_before_reset", 0, &reset_after, err));
    l->op.reset_after = l->gates == 3 && reset_after != 0;
    const int rows = l->gates * l->op.units, parts = count_directions(l);
    XP_TRY(check_shape(n, l->w, parts, rows, im->g->ops[l->x->op].c, err));
    XP_TRY(check_shape(n, l->r, parts, rows, l->op.units, err));
    const onnx_value *all = onnx_output(im, n, 0);
    l->op.return_sequences = all && all->uses > 0;
    const onnx_value *last = onnx_output(im, n, 1);
    if (!(last && last->uses > 0)) l->op.return_sequences = true;
    return XP_OK;
}

static xp_status fill_direction(onnx_import *im, const onnx_node *n, const recurrent *l, int part,
                                xp_error *err) {
    const bool lstm = l->gates == 4;
    onnx_fill how = {
        .order = lstm ? ORDER_LSTM : ORDER_TRANSPOSE, .part = part, .parts = count_directions(l)};
    XP_TRY(onnx_fill_param(im, n, "kernel", l->w, l->n_w, how, err));
    XP_TRY(onnx_fill_param(im, n, "recurrent_kernel", l->r, l->n_r, how, err));
    how.order = lstm ? ORDER_LSTM_BIAS : ORDER_GRU_BIAS;
    return l->b ? onnx_fill_param(im, n, "bias", l->b, l->n_b, how, err) : XP_OK;
}

static xp_status reverse_time(onnx_import *im, const onnx_node *n, const char *extra, int *op,
                              xp_error *err) {
    xp_op turn = {.kind = XP_OP_REVERSE, .n_inputs = 1, .inputs = {*op}};
    XP_TRY(onnx_add_extra_op(im, n, extra, &turn, err));
    *op = im->g->n_ops - 1;
    return XP_OK;
}

/* The last state of one that gives all of them too. */
static xp_status last_state(onnx_import *im, const onnx_node *n, int all, int *last,
                            xp_error *err) {
    const int t = im->g->ops[all].t;
    xp_op cut = {.kind = XP_OP_PAD, .n_inputs = 1, .inputs = {all}, .before = 1 - t};
    XP_TRY(onnx_add_extra_op(im, n, ".last", &cut, err));
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {im->g->n_ops - 1}};
    XP_TRY(onnx_add_extra_op(im, n, ".state", &flat, err));
    *last = im->g->n_ops - 1;
    return XP_OK;
}

/* One direction: the ops that give all states, and the last one (-1: not wanted). */
static xp_status add_direction(onnx_import *im, const onnx_node *n, const recurrent *l,
                               unsigned direction, int part, int *all, int *last, xp_error *err) {
    const bool both = count_directions(l) == 2, back = direction == BACKWARD;
    const onnx_value *state = onnx_output(im, n, 1);
    xp_op op = l->op;
    int x = l->x->op;
    if (back) XP_TRY(reverse_time(im, n, ".reversed", &x, err));
    op.n_inputs = 1, op.inputs[0] = x;
    XP_TRY(onnx_add_extra_op(im, n, !both ? "" : back ? ".backward" : ".forward", &op, err));
    XP_TRY(fill_direction(im, n, l, part, err));
    *all = *last = im->g->n_ops - 1;
    if (!op.return_sequences) return XP_OK;
    if (state && state->uses > 0) XP_TRY(last_state(im, n, *all, last, err));
    return back ? reverse_time(im, n, ".states", all, err) : XP_OK;
}

static xp_status add_recurrent(onnx_import *im, const onnx_node *n, int gates, xp_error *err) {
    static const onnx_axis all_one[] = {AXIS_TIME, AXIS_ONE, AXIS_BATCH, AXIS_CHANNELS},
                           last_one[] = {AXIS_ONE, AXIS_BATCH, AXIS_CHANNELS},
                           all_two[] = {AXIS_TIME, AXIS_PART, AXIS_BATCH, AXIS_CHANNELS},
                           last_two[] = {AXIS_PART, AXIS_BATCH, AXIS_CHANNELS};
    recurrent l = {.gates = gates, .op = {.kind = gates == 4 ? XP_OP_LSTM : XP_OP_GRU}};
    int all[2] = {0}, last[2] = {0}, part = 0;
    XP_TRY(read_recurrent(im, n, &l, err));
    for (unsigned d = FORWARD; d <= BACKWARD; d <<= 1)
        if (l.directions & d) {
            XP_TRY(add_direction(im, n, &l, d, part, &all[part], &last[part], err));
            part++;
        }
    onnx_value y = onnx_op_value(im, 4, part == 2 ? all_two : all_one);
    onnx_value h = onnx_op_value(im, 3, part == 2 ? last_two : last_one);
    y.op = part == 2 ? -1 : all[0];
    h.op = part == 2 ? -1 : last[0];
    memcpy(y.parts, all, sizeof all);
    memcpy(h.parts, last, sizeof last);
    if (l.op.return_sequences) onnx_set_output(im, n, 0, &y);
    onnx_set_output(im, n, 1, &h);
    return XP_OK;
}

static xp_status add_gru(onnx_import *im, const onnx_node *n, xp_error *err) {
    return add_recurrent(im, n, 3, err);
}

static xp_status add_lstm(onnx_import *im, const onnx_node *n, xp_error *err) {
    return add_recurrent(im, n, 4, err);
}

/* ==== export ================================================================================= */

static const char *constant_int(onnx_exporter *e, const char *tag, int64_t v) {
    const char *name = onnx_text(e, "%s:%s", e->op->name, tag);
    int64_t one = 1, *data = onnx_put_tensor(e, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
                                             sizeof v, 1, &one);
    if (data) *data = v;
    return name;
}

/* Neither has a linear activation of its own, but Affine is one with its defaults (1, 0). */
static const char *inner_activation(xp_activation a) {
    return a == XP_ACT_LINEAR ? "Affine" : onnx_activation_type(a);
}

/* Where a gate of Keras' order is in ONNX' order: a GRU's z, r, h are so in both; an LSTM's i, f,
 * g, o are i, o, f, g. */
static const int gru_gates[] = {0, 1, 2}, lstm_gates[] = {0, 2, 3, 1};

/* A column of Keras' weights of all gates -> its row in ONNX' weights. */
static size_t row_of(const int *gates, size_t column, size_t units) {
    return (size_t)gates[column / units] * units + column % units;
}

/* Keras (in, gates x units) -> ONNX (1, gates x units, in). */
static const char *put_kernel(onnx_exporter *e, const char *suffix, const int *gates) {
    const xp_param *p = onnx_find_param(e, suffix);
    const size_t in = (size_t)p->shape[0], cols = (size_t)p->shape[1];
    int64_t dims[3] = {1, p->shape[1], p->shape[0]};
    float *data = onnx_put_floats(e, p->name, 3, dims);
    const float *w = onnx_weights(e, p);
    for (size_t c = 0; data && c < cols; c++)
        for (size_t r = 0; r < in; r++)
            data[row_of(gates, c, (size_t)e->op->units) * in + r] = w[r * cols + c];
    return p->name;
}

/* ONNX (1, 2 x gates x units): the input's biases, then the recurrent ones, which only a GRU with
 * reset_after has. */
static const char *put_bias(onnx_exporter *e, const int *gates, size_t n_gates) {
    const xp_param *p = onnx_find_param(e, "bias");
    const size_t units = (size_t)e->op->units, half = n_gates * units;
    int64_t dims[2] = {1, (int64_t)(2 * half)};
    float *data = onnx_put_floats(e, p->name, 2, dims);
    const float *b = onnx_weights(e, p);
    for (size_t i = 0; data && i < 2 * half; i++)
        data[i / half * half + row_of(gates, i % half, units)] = i < p->count ? b[i] : 0;
    return p->name;
}

static void write_recurrent(onnx_exporter *e) {
    const xp_op *op = e->op;
    const bool lstm = op->kind == XP_OP_LSTM;
    const int *gates = lstm ? lstm_gates : gru_gates;
    const char *in = onnx_in_layout(e, op->inputs[0], ONNX_TNC);
    const char *all = onnx_text(e, "%s:states", op->name),
               *last = onnx_text(e, "%s:state", op->name);
    onnx_node *n =
        onnx_put_node(e, lstm ? "LSTM" : "GRU", op->name, op->return_sequences ? all : "");
    if (n && !op->return_sequences) n->output[n->n_output++] = (char *)last;
    onnx_put_input(n, in);
    onnx_put_input(n, put_kernel(e, "kernel", gates));
    onnx_put_input(n, put_kernel(e, "recurrent_kernel", gates));
    if (op->use_bias) onnx_put_input(n, put_bias(e, gates, lstm ? 4 : 3));
    onnx_put_int(e, n, "hidden_size", op->units);
    if (!lstm) onnx_put_int(e, n, "linear_before_reset", op->reset_after);
    const char *functions[3] = {inner_activation(op->recurrent), inner_activation(op->activation),
                                inner_activation(op->activation)};
    onnx_put_strings(e, n, "activations", lstm ? 3 : 2, functions);
    onnx_layout l = op->return_sequences ? ONNX_TNC : ONNX_VECTOR;
    n = onnx_put_node(e, "Squeeze", onnx_text(e, "%s:squeeze", op->name), onnx_declare(e, l));
    onnx_put_input(n, op->return_sequences ? all : last);
    onnx_put_input(n, constant_int(e, "direction", op->return_sequences ? 1 : 0));
}

const onnx_op onnx_op_gru = {
    .write = write_recurrent,
    .operators = {{"GRU", "hidden_size linear_before_reset direction layout activations", add_gru}},
};

const onnx_op onnx_op_lstm = {
    .write = write_recurrent,
    .operators = {{"LSTM", "hidden_size direction layout activations", add_lstm}},
};
