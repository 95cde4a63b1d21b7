#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

/* Padding on both sides as one of ours: Keras' same where it is that, so that a model that has been
 * through our exporter comes back as it was. t: samples of the input. */
static void choose_padding(xp_op *op, int t, int left, int right) {
    int out = (t - 1) / op->stride + 1;
    long long total = (long long)(out - 1) * op->stride + xp_op_extent(op) - t;
    if (total < 0) total = 0;
    op->padding = XP_PAD_EXPLICIT;
    op->pad_left = left, op->pad_right = right;
    if (left == total / 2 && right == total - total / 2)
        op->padding = XP_PAD_SAME;
    else if (!left && !right)
        op->padding = XP_PAD_VALID;
}

/* ceil_mode: a last window that begins within the input (or its left padding) but ends behind. */
static int ceil_padding(const xp_op *op, int t, int left, int right) {
    const long long kernel = xp_op_extent(op);
    long long padded = (long long)t + left + right;
    long long out = padded < kernel ? 1 : (padded - kernel + op->stride - 1) / op->stride + 1;
    if ((out - 1) * op->stride >= (long long)t + left) out--;
    long long missing = (out - 1) * op->stride + kernel - padded;
    return right + (missing > 0 ? (int)missing : 0);
}

/* The odd sample in front: what Keras never does. */
static void same_lower(xp_op *op, int t) {
    int out = (t - 1) / op->stride + 1;
    long long total = (long long)(out - 1) * op->stride + xp_op_extent(op) - t;
    if (total < 0) total = 0;
    choose_padding(op, t, (int)(total - total / 2), (int)(total / 2));
}

/* The entry of time in an attribute that has one for each axis behind the channels; the others must
 * be `other`, where that is not negative. */
static xp_status get_of_time(const onnx_node *n, const char *name, int axes, int at, int64_t other,
                             int64_t *out, xp_error *err) {
    int64_t list[ONNX_MAX_INTS];
    for (int i = 0; i < axes; i++) list[i] = i == at ? *out : other < 0 ? 1 : other;
    XP_TRY(onnx_get_ints(n, name, axes, list, err));
    for (int i = 0; i < axes; i++)
        if (i != at && other >= 0 && list[i] != other)
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "attribute %s has %lld for an axis of size 1, expected %lld", name,
                             (long long)list[i], (long long)other);
    if (at >= 0) *out = list[at];
    return XP_OK;
}

static xp_status get_pads(const onnx_node *n, int axes, int at, int64_t out[2], xp_error *err) {
    int64_t list[ONNX_MAX_INTS] = {0};
    XP_TRY(onnx_get_ints(n, "pads", 2 * axes, list, err));
    for (int i = 0; i < axes; i++)
        if (i != at && (list[i] || list[axes + i]))
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "attribute pads pads an axis that is not time");
    out[0] = at < 0 ? 0 : list[at];
    out[1] = at < 0 ? 0 : list[axes + at];
    return XP_OK;
}

static xp_status read_padding(const onnx_node *n, const onnx_value *x, int at, int t, xp_op *op,
                              xp_error *err) {
    char automatic[16];
    int64_t pads[2] = {0, 0}, ceil_mode;
    int left, right;
    XP_TRY(onnx_get_text(n, "auto_pad", "NOTSET", automatic, sizeof automatic, err));
    XP_TRY(get_pads(n, x->rank - 2, at, pads, err));
    XP_TRY(onnx_get_int(n, "ceil_mode", 0, &ceil_mode, err));
    const bool upper = !strcmp(automatic, "SAME_UPPER"), lower = !strcmp(automatic, "SAME_LOWER");
    const bool same = upper || lower;
    if (!same && strcmp(automatic, "NOTSET") && strcmp(automatic, "VALID"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute auto_pad = %s, expected NOTSET, VALID or SAME_UPPER",
                         automatic);
    if (same && (x->pad[0] || x->pad[1]))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "auto_pad of a padded input");
    if (same || !strcmp(automatic, "VALID")) pads[0] = pads[1] = 0;
    XP_TRY(onnx_get_small(n, "attribute pads", pads[0], &left, err));
    XP_TRY(onnx_get_small(n, "attribute pads", pads[1], &right, err));
    left += x->pad[0], right += x->pad[1];
    if (ceil_mode && !same) right = ceil_padding(op, t, left, right);
    op->padding = same ? XP_PAD_SAME : XP_PAD_VALID;
    if (lower)
        same_lower(op, t);
    else if (!same && (strcmp(automatic, "VALID") || ceil_mode))
        choose_padding(op, t, left, right);
    return XP_OK;
}

xp_status onnx_read_window(const onnx_import *im, const onnx_node *n, const onnx_value *x, int at,
                           xp_op *op, xp_error *err) {
    const int axes = x->rank - 2;
    int64_t stride = 1, dilation = 1, kernel = op->kernel ? op->kernel : 1;
    if (!op->kernel && !onnx_attribute(n, "kernel_shape"))
        return onnx_fail(err, XP_ERR_FORMAT, n, "attribute kernel_shape is missing");
    XP_TRY(get_of_time(n, "kernel_shape", axes, at, 1, &kernel, err));
    XP_TRY(get_of_time(n, "strides", axes, at, -1, &stride, err));
    XP_TRY(get_of_time(n, "dilations", axes, at, -1, &dilation, err));
    if (op->kernel && kernel != op->kernel)
        return onnx_fail(err, XP_ERR_SHAPE, n, "attribute kernel_shape = %lld, its weights have %d",
                         (long long)kernel, op->kernel);
    XP_TRY(onnx_get_small(n, "attribute kernel_shape", kernel, &op->kernel, err));
    XP_TRY(onnx_get_small(n, "attribute strides", stride, &op->stride, err));
    XP_TRY(onnx_get_small(n, "attribute dilations", dilation, &op->dilation, err));
    if (op->kernel < 1 || op->stride < 1 || op->dilation < 1 || xp_op_extent(op) > 1 << 20)
        return onnx_fail(err, XP_ERR_FORMAT, n,
                         "kernel_shape, strides and dilations must be at least 1, and no longer "
                         "than a record");
    return read_padding(n, x, at, im->g->ops[x->op].t, op, err);
}

/* Where the mean counts the padding it is made first; a window that ceil_mode lets end behind it
 * counts what is there. */
static xp_status count_padding(onnx_import *im, const onnx_node *n, onnx_value *x, xp_op *op,
                               int overhang, xp_error *err) {
    x->pad[0] = op->pad_left;
    x->pad[1] = op->pad_right - overhang;
    XP_TRY(onnx_make_padding(im, n, x, err));
    choose_padding(op, im->g->ops[x->op].t, 0, overhang);
    return XP_OK;
}

/* Samples by which the last window of a pool reaches beyond its padding. */
static xp_status find_overhang(const onnx_node *n, const onnx_value *x, int at, const xp_op *op,
                               int *out, xp_error *err) {
    int64_t pads[2], ceil_mode;
    XP_TRY(get_pads(n, x->rank - 2, at, pads, err));
    XP_TRY(onnx_get_int(n, "ceil_mode", 0, &ceil_mode, err));
    *out = ceil_mode && op->pad_right > pads[1] ? op->pad_right - (int)pads[1] : 0;
    return XP_OK;
}

static xp_status add_pool(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t counts_padding;
    int at, overhang;
    XP_TRY(onnx_need_window(im, n, &x, &at, err));
    XP_TRY(onnx_get_int(n, "count_include_pad", 0, &counts_padding, err));
    bool average = !strcmp(n->op_type, "AveragePool");
    xp_op op = {.kind = average ? XP_OP_AVGPOOL : XP_OP_MAXPOOL, .n_inputs = 1};
    if (!x->pad_least) XP_TRY(onnx_make_padding(im, n, x, err));
    onnx_value before = *x;
    if (at < 0) return onnx_fail(err, XP_ERR_SHAPE, n, "pools an input without time");
    XP_TRY(onnx_read_window(im, n, &before, at, &op, err));
    if (op.dilation > 1)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute dilations = %d, expected 1",
                         op.dilation);
    op.dilation = 0;
    if (op.padding == XP_PAD_SAME && average && counts_padding) {
        xp_op shape = op;
        shape.inputs[0] = before.op;
        XP_TRY(xp_infer_window(im->g, &shape, err));
        op.pad_left = shape.pad_left, op.pad_right = shape.pad_right;
    }
    XP_TRY(find_overhang(n, &before, at, &op, &overhang, err));
    if (average && counts_padding && op.pad_left + op.pad_right > overhang)
        XP_TRY(count_padding(im, n, &before, &op, overhang, err));
    op.inputs[0] = before.op;
    XP_TRY(onnx_add_op(im, n, &op, err));
    onnx_value y = before;
    y.op = im->g->n_ops - 1;
    y.pad[0] = y.pad[1] = 0;
    y.pad_least = false;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

#define REDUCE "axes keepdims noop_with_empty_axes"

/* Which axes a reduction goes over, from its list; a global pool's are all behind the channels. */
static xp_status find_reduced(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                              bool *reduced, int64_t *keep, xp_error *err) {
    int64_t axes[ONNX_MAX_INTS];
    int count = 0, axis;
    *keep = 1;
    if (strncmp(n->op_type, "Reduce", 6)) {
        for (int i = 2; i < x->rank; i++) reduced[i] = true;
        return XP_OK;
    }
    XP_TRY(onnx_get_list(im, n, 1, "axes", axes, &count, err));
    XP_TRY(onnx_get_int(n, "keepdims", 1, keep, err));
    for (int i = 0; i < count; i++) {
        XP_TRY(onnx_get_axis(n, axes[i], x->rank, &axis, err));
        reduced[axis] = true;
    }
    return XP_OK;
}

static xp_status reduce_time(onnx_import *im, const onnx_node *n, onnx_value *y, xp_error *err) {
    const bool max = strstr(n->op_type, "Max") != NULL, sum = strstr(n->op_type, "Sum") != NULL;
    const int t = im->g->ops[y->op].t;
    xp_op op = {.kind = max ? XP_OP_GLOBAL_MAXPOOL : XP_OP_GLOBAL_AVGPOOL,
                .n_inputs = 1,
                .inputs = {y->op}};
    XP_TRY(onnx_add_op(im, n, &op, err));
    y->op = im->g->n_ops - 1;
    const onnx_fill times = {.value = (float)t};
    return sum ? onnx_add_affine(im, n, y, &times, NULL, err) : XP_OK;
}

/* Over all of time: global pools keep an axis of 1, reductions may. */
static xp_status add_global(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    bool reduced[ONNX_MAX_RANK] = {0}, any = false;
    int64_t keep, noop;
    int n_time = 0;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(find_reduced(im, n, x, reduced, &keep, err));
    XP_TRY(onnx_get_int(n, "noop_with_empty_axes", 0, &noop, err));
    onnx_value y = *x;
    for (int i = 0; i < x->rank; i++) any = any || reduced[i];
    if (noop && !any) {
        onnx_set_output(im, n, 0, x);
        return XP_OK;
    }
    for (int i = 0; i < x->rank; i++) {
        n_time += reduced[i] && x->axes[i] == AXIS_TIME;
        if (reduced[i] && x->axes[i] == AXIS_CHANNELS)
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "goes over channels, as a norm does that is written node by node: "
                             "export with opset 17 or later, or import the .keras file itself");
        if (reduced[i] && x->axes[i] != AXIS_TIME && x->axes[i] != AXIS_ONE)
            return onnx_wrong_axes(n, x, "time where it is reduced", err);
    }
    if (n_time) XP_TRY(reduce_time(im, n, &y, err));
    if (!n_time && !(x->rank > 0 && reduced[x->rank - 1]))
        return onnx_wrong_axes(n, x, "one of time, which is reduced", err);
    y.rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (!reduced[i] || keep) y.axes[y.rank++] = reduced[i] ? AXIS_ONE : x->axes[i];
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

void onnx_put_window(onnx_exporter *e, onnx_node *n) {
    const xp_op *op = e->op;
    int64_t kernel = op->kernel, stride = op->stride, pads[2] = {op->pad_left, op->pad_right};
    onnx_put_ints(e, n, "kernel_shape", 1, &kernel);
    onnx_put_ints(e, n, "strides", 1, &stride);
    if (op->dilation > 1) onnx_put_ints(e, n, "dilations", 1, (int64_t[]){op->dilation});
    if (op->padding == XP_PAD_VALID)
        onnx_put_string(e, n, "auto_pad", "VALID");
    else
        onnx_put_ints(e, n, "pads", 2, pads);
}

static void write_pool(onnx_exporter *e) {
    bool average = e->op->kind == XP_OP_AVGPOOL;
    const char *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NCT);
    onnx_node *n = onnx_put_node(e, average ? "AveragePool" : "MaxPool", e->op->name,
                                 onnx_declare(e, ONNX_NCT));
    onnx_put_input(n, in);
    onnx_put_window(e, n);
    if (average) onnx_put_int(e, n, "count_include_pad", 0);
}

static void write_global(onnx_exporter *e) {
    static const int64_t time_axis[] = {[ONNX_NCT] = 2, [ONNX_NTC] = 1, [ONNX_TNC] = 0};
    onnx_layout l = onnx_input_of(e)->native;
    const char *in = onnx_in_layout(e, e->op->inputs[0], l);
    bool average = e->op->kind == XP_OP_GLOBAL_AVGPOOL;
    onnx_node *n = onnx_put_node(e, average ? "ReduceMean" : "ReduceMax", e->op->name,
                                 onnx_declare(e, ONNX_VECTOR));
    onnx_put_input(n, in);
    onnx_put_ints(e, n, "axes", 1, &time_axis[l]);
    onnx_put_int(e, n, "keepdims", 0);
}

const onnx_op onnx_op_maxpool = {
    .write = write_pool,
    .operators = {{"MaxPool",
                   "kernel_shape strides pads auto_pad ceil_mode dilations storage_order",
                   add_pool}},
};

const onnx_op onnx_op_avgpool = {
    .write = write_pool,
    .operators = {{"AveragePool",
                   "kernel_shape strides pads auto_pad ceil_mode dilations count_include_pad",
                   add_pool}},
};

const onnx_op onnx_op_global_avgpool = {
    .write = write_global,
    .operators = {{"GlobalAveragePool", "", add_global},
                  {"ReduceMean", REDUCE, add_global},
                  {"ReduceSum", REDUCE, add_global}},
};

const onnx_op onnx_op_global_maxpool = {
    .write = write_global,
    .operators = {{"GlobalMaxPool", "", add_global}, {"ReduceMax", REDUCE, add_global}},
};
