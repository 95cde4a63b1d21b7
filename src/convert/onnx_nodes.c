#include "convert/onnx_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const axis_names[] = {"batch", "time", "channels", "1"};

/* "(batch, channels, time)" */
static const char *axes_text(int rank, const onnx_axis *axes, char *text, size_t size) {
    int at = snprintf(text, size, "(");
    for (int i = 0; i < rank; i++)
        at += snprintf(text + at, size - (size_t)at, "%s%s", i ? ", " : "", axis_names[axes[i]]);
    snprintf(text + at, size - (size_t)at, ")");
    return text;
}

/* ==== inputs ================================================================================= */

static const char *input_name(const onnx_node *n, int i) {
    return (size_t)i < n->n_input && n->input[i][0] ? n->input[i] : NULL;
}

/* Input i, or NULL where it is left out. Computed by an earlier node. */
static xp_status get_input(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                           xp_error *err) {
    const char *name = input_name(n, i);
    *v = name ? onnx_find(im, name) : NULL;
    if (!name || (*v && (*v)->state != VALUE_UNKNOWN)) return XP_OK;
    return onnx_fail(err, XP_ERR_FORMAT, n, "its input \"%.80s\" is made by no earlier node", name);
}

static xp_status need_value(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                            xp_error *err) {
    XP_TRY(get_input(im, n, i, v, err));
    return *v ? XP_OK : onnx_fail(err, XP_ERR_FORMAT, n, "its input %d is missing", i);
}

/* Input i as the output of an op. Padding is for convolutions only, which ask for it by name. */
static xp_status need_op(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                         xp_error *err) {
    XP_TRY(need_value(im, n, i, v, err));
    if ((*v)->state != VALUE_OP)
        return onnx_fail(
            err, XP_ERR_UNSUPPORTED, n,
            "its input %d \"%.60s\" is a constant or a shape, expected a layer's output", i,
            (*v)->name);
    if (((*v)->pad[0] || (*v)->pad[1]) && strcmp(n->op_type, "Conv"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads a padded tensor, which only a Conv may do here");
    bool time = false;
    for (int a = 0; a < (*v)->rank; a++) time = time || (*v)->axes[a] == AXIS_TIME;
    if (time && im->collapsed[(*v)->op])
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads all states of a GRU of which another node takes the last");
    return XP_OK;
}

static bool has_axes(const onnx_value *v, int rank, const onnx_axis *axes) {
    return v->rank == rank && !memcmp(v->axes, axes, (size_t)rank * sizeof *axes);
}

static xp_status wrong_axes(const onnx_node *n, const onnx_value *v, const char *expected,
                            xp_error *err) {
    char text[80];
    return onnx_fail(err, XP_ERR_SHAPE, n, "its input has the axes %s, expected %s",
                     axes_text(v->rank, v->axes, text, sizeof text), expected);
}

static xp_status refuse_flat(const onnx_node *n, const onnx_value *v, xp_error *err) {
    if (!v->flat_t) return XP_OK;
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                     "reads a flattened (channels, time) tensor; only a dense layer, a batch norm, "
                     "an activation or a dropout may");
}

/* Input i as a constant of floats, its elements counted. */
static xp_status need_tensor(const onnx_import *im, const onnx_node *n, int i, int rank,
                             const onnx_tensor **t, size_t *count, xp_error *err) {
    onnx_value *v;
    XP_TRY(need_value(im, n, i, &v, err));
    if (v->state != VALUE_TENSOR)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "its input %d \"%.60s\" is not a constant", i,
                         v->name);
    XP_TRY(onnx_tensor_count(v->tensor, count, err));
    if (!onnx_tensor_is_float(v->tensor) || (rank >= 0 && v->tensor->n_dims != (size_t)rank))
        return onnx_fail(err, XP_ERR_SHAPE, n,
                         "its constant \"%.60s\" has %zu dimensions, expected %d, of floats",
                         v->name, v->tensor->n_dims, rank);
    *t = v->tensor;
    return XP_OK;
}

/* Integers of input i (a constant or a computed shape) or, in older opsets, of an attribute. */
static xp_status get_list(const onnx_import *im, const onnx_node *n, int i, const char *attribute,
                          int64_t *out, int *count, xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, attribute);
    onnx_value *v;
    *count = 0;
    if (a) {
        if (a->n_ints > ONNX_MAX_INTS)
            return onnx_fail(err, XP_ERR_LIMIT, n, "attribute %s has %zu integers", attribute,
                             a->n_ints);
        *count = (int)a->n_ints;
        for (int k = 0; k < *count; k++) out[k] = a->ints[k];
        return XP_OK;
    }
    XP_TRY(get_input(im, n, i, &v, err));
    if (!v) return XP_OK;
    if (v->state == VALUE_TENSOR)
        return onnx_tensor_ints(v->tensor, ONNX_MAX_INTS, out, count, err);
    if (v->state != VALUE_INTS)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "its input %d \"%.60s\" is no list of integers", i, v->name);
    *count = v->n_ints;
    memcpy(out, v->ints, sizeof v->ints);
    return XP_OK;
}

/* An axis as an index from the front. */
static xp_status get_axis(const onnx_node *n, int64_t axis, int rank, int *out, xp_error *err) {
    *out = 0;
    if (axis < -rank || axis >= rank)
        return onnx_fail(err, XP_ERR_FORMAT, n, "axis %lld of a tensor with %d axes",
                         (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return XP_OK;
}

/* ==== outputs ================================================================================ */

static onnx_value *output_value(const onnx_import *im, const onnx_node *n, int i) {
    return (size_t)i < n->n_output && n->output[i][0] ? onnx_find(im, n->output[i]) : NULL;
}

/* Output i is `like`, whose name and uses it does not take. */
static void set_output(const onnx_import *im, const onnx_node *n, int i, const onnx_value *like) {
    onnx_value *v = output_value(im, n, i);
    if (!v) return;
    onnx_value made = *like;
    made.name = v->name, made.uses = v->uses, made.consumer = v->consumer;
    *v = made;
}

static void set_ints(const onnx_import *im, const onnx_node *n, int count, const int64_t *v) {
    onnx_value made = {.state = VALUE_INTS, .n_ints = count};
    memcpy(made.ints, v, (size_t)count * sizeof *v);
    set_output(im, n, 0, &made);
}

static onnx_value op_value(const onnx_import *im, int rank, const onnx_axis *axes) {
    onnx_value v = {.state = VALUE_OP, .op = im->g->n_ops - 1, .rank = rank};
    memcpy(v.axes, axes, (size_t)rank * sizeof *axes);
    return v;
}

static const onnx_axis NCT[] = {AXIS_BATCH, AXIS_CHANNELS, AXIS_TIME},
                       TNC[] = {AXIS_TIME, AXIS_BATCH, AXIS_CHANNELS},
                       VECTOR[] = {AXIS_BATCH, AXIS_CHANNELS};

/* ==== names and params ======================================================================= */

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcmp(text + n - m, end);
}

/* "features.0" of a weight named "features.0.weight", else the node's own name, else its type. */
static void choose_name(const onnx_import *im, const onnx_node *n, xp_op *op) {
    const char *from = n->name && n->name[0] ? n->name : n->op_type;
    const char *weight = input_name(n, 1);
    size_t length = strlen(from), room = XP_NAME_MAX - 8;
    if (weight && !im->ours && ends_with(weight, ".weight"))
        from = weight, length = strlen(weight) - strlen(".weight");
    else if (from[0] == '/' && !im->ours)
        from++, length--;
    if (im->ours) room = XP_NAME_MAX - 1;
    if (length > room) from += length - room, length = room;
    for (size_t i = 0; i < length; i++)
        op->name[i] = (unsigned char)from[i] < 0x20 || from[i] == 0x7f ? '_' : from[i];
    op->name[length] = 0;
    if (!length) snprintf(op->name, sizeof op->name, "layer");
    size_t base = strlen(op->name);
    for (int i = 2; xp_graph_find(im->g, op->name) >= 0 && base + 6 < XP_NAME_MAX; i++)
        snprintf(op->name + base, sizeof op->name - base, "_%d", i);
}

static xp_status add_op(onnx_import *im, const onnx_node *n, xp_op *op, xp_error *err) {
    choose_name(im, n, op);
    xp_status s = xp_graph_add(im->g, op, err);
    return s == XP_OK ? s : onnx_fail(err, s, n, "%.250s", err ? err->text : "");
}

/* Param `suffix` of the last op comes from t. */
static xp_status fill(onnx_import *im, const onnx_node *n, const char *suffix, const onnx_tensor *t,
                      size_t count, onnx_fill how, xp_error *err) {
    const xp_op *op = &im->g->ops[im->g->n_ops - 1];
    const xp_param *p = xp_op_param(im->g, op, suffix);
    bool both = how.order == ORDER_GRU_BIAS && !op->reset_after;
    if (!p || count != p->count * (both ? 2 : 1))
        return onnx_fail(err, XP_ERR_SHAPE, n,
                         "its constant \"%.60s\" has %zu elements, expected %zu",
                         t->name ? t->name : "", count, p ? p->count : (size_t)0);
    if (im->n_fills == im->cap_fills) {
        int cap = im->cap_fills ? 2 * im->cap_fills : 64;
        onnx_fill *more = realloc(im->fills, (size_t)cap * sizeof *more);
        if (!more) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
        im->fills = more, im->cap_fills = cap;
    }
    how.param = (int)(p - im->g->params);
    how.tensor = t;
    im->fills[im->n_fills++] = how;
    return XP_OK;
}

/* ==== nodes that take up the next one ======================================================== */

/* The one node that reads this node's first output, if it is of that type and nothing else does. */
static const onnx_node *only_reader(const onnx_import *im, const onnx_node *n, const char *type) {
    const onnx_value *v = output_value(im, n, 0);
    if (!v || v->uses != 1 || v->consumer < 0) return NULL;
    const onnx_node *next = im->graph->node[v->consumer];
    return type && strcmp(next->op_type, type) ? NULL : next;
}

static void take_up(const onnx_import *im, const onnx_node *n) {
    for (size_t i = 0; i < im->graph->n_node; i++)
        if (im->graph->node[i] == n) im->done[i] = true;
}

static bool find_activation(const char *type, xp_activation *a) {
    static const struct {
        const char *type;
        xp_activation a;
    } list[] = {{"Relu", XP_ACT_RELU},     {"Sigmoid", XP_ACT_SIGMOID},
                {"Tanh", XP_ACT_TANH},     {"Softmax", XP_ACT_SOFTMAX},
                {"Affine", XP_ACT_LINEAR}, {"Identity", XP_ACT_LINEAR}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(list[i].type, type)) {
            *a = list[i].a;
            return true;
        }
    return false;
}

static bool is_part(const onnx_import *im, const char *doc) {
    return im->ours && doc && !strcmp(doc, ONNX_PART);
}

/* Our exporter writes a layer's own activation as a node behind it. *last is the node whose output
 * is the layer's, its channels at that axis. */
static void take_activation(const onnx_import *im, const onnx_node **last, int channels,
                            xp_op *op) {
    const onnx_node *next = only_reader(im, *last, NULL);
    if (!next || !is_part(im, next->doc_string) || next->n_input != 1 ||
        !find_activation(next->op_type, &op->activation))
        return;
    const Onnx__AttributeProto *axis = onnx_attribute(next, "axis");
    if (op->activation == XP_ACT_SOFTMAX && !(axis && axis->has_i && axis->i == channels)) {
        op->activation = XP_ACT_LINEAR;
        return;
    }
    take_up(im, next);
    *last = next;
}

/* An Add of one constant per channel behind a product without a bias: its bias. */
static const onnx_tensor *take_bias(const onnx_import *im, const onnx_node **last, int units) {
    const onnx_node *next = only_reader(im, *last, "Add");
    xp_error ignored;
    for (int i = 0; next && i < 2; i++) {
        const onnx_value *v = input_name(next, i) ? onnx_find(im, next->input[i]) : NULL;
        size_t count;
        if (!v || v->state != VALUE_TENSOR || !onnx_tensor_is_float(v->tensor) ||
            onnx_tensor_count(v->tensor, &count, &ignored) != XP_OK || count != (size_t)units ||
            v->tensor->n_dims < 1 || v->tensor->dims[v->tensor->n_dims - 1] != units)
            continue;
        take_up(im, next);
        *last = next;
        return v->tensor;
    }
    return NULL;
}

/* ==== convolutions and pools ================================================================= */

static xp_status need_sequence(const onnx_import *im, const onnx_node *n, onnx_value **x,
                               xp_error *err) {
    XP_TRY(need_op(im, n, 0, x, err));
    return has_axes(*x, 3, NCT) ? XP_OK : wrong_axes(n, *x, "(batch, channels, time)", err);
}

static xp_status get_small(const onnx_node *n, const char *name, int64_t v, int *out,
                           xp_error *err) {
    *out = 0;
    if (v < 0 || v > 1 << 20)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "%s is %lld", name, (long long)v);
    *out = (int)v;
    return XP_OK;
}

/* Padding on both sides as one of ours: Keras' same where it is that, so that a model that has been
 * through our exporter comes back as it was. t: samples of the input. */
static void choose_padding(xp_op *op, int t, int left, int right) {
    int out = (t - 1) / op->stride + 1;
    long long total = (long long)(out - 1) * op->stride + op->kernel - t;
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
    long long padded = (long long)t + left + right;
    long long out =
        padded < op->kernel ? 1 : (padded - op->kernel + op->stride - 1) / op->stride + 1;
    if ((out - 1) * op->stride >= (long long)t + left) out--;
    long long missing = (out - 1) * op->stride + op->kernel - padded;
    return right + (missing > 0 ? (int)missing : 0);
}

static xp_status read_padding(const onnx_node *n, const onnx_value *x, int t, xp_op *op,
                              xp_error *err) {
    char automatic[16];
    int64_t pads[2] = {0, 0}, ceil_mode;
    int left, right;
    XP_TRY(onnx_get_text(n, "auto_pad", "NOTSET", automatic, sizeof automatic, err));
    XP_TRY(onnx_get_ints(n, "pads", 2, pads, err));
    XP_TRY(onnx_get_int(n, "ceil_mode", 0, &ceil_mode, err));
    bool same = !strcmp(automatic, "SAME_UPPER");
    if (!same && strcmp(automatic, "NOTSET") && strcmp(automatic, "VALID"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute auto_pad = %s, expected NOTSET, VALID or SAME_UPPER",
                         automatic);
    if (same && (x->pad[0] || x->pad[1]))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "auto_pad of a padded input");
    if (same || !strcmp(automatic, "VALID")) pads[0] = pads[1] = 0;
    XP_TRY(get_small(n, "attribute pads", pads[0], &left, err));
    XP_TRY(get_small(n, "attribute pads", pads[1], &right, err));
    left += x->pad[0], right += x->pad[1];
    if (ceil_mode) right = ceil_padding(op, t, left, right);
    op->padding = same ? XP_PAD_SAME : XP_PAD_VALID;
    if (!same && strcmp(automatic, "VALID")) choose_padding(op, t, left, right);
    return XP_OK;
}

static xp_status read_window(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                             xp_op *op, xp_error *err) {
    int64_t stride = 1, dilation = 1, kernel = op->kernel;
    XP_TRY(onnx_get_ints(n, "kernel_shape", 1, &kernel, err));
    XP_TRY(onnx_get_ints(n, "strides", 1, &stride, err));
    XP_TRY(onnx_get_ints(n, "dilations", 1, &dilation, err));
    if (dilation != 1)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute dilations = %lld, expected 1",
                         (long long)dilation);
    if (op->kind == XP_OP_CONV1D && kernel != op->kernel)
        return onnx_fail(err, XP_ERR_SHAPE, n, "attribute kernel_shape = %lld, its weights have %d",
                         (long long)kernel, op->kernel);
    XP_TRY(get_small(n, "attribute kernel_shape", kernel, &op->kernel, err));
    XP_TRY(get_small(n, "attribute strides", stride, &op->stride, err));
    if (op->kernel < 1 || op->stride < 1)
        return onnx_fail(err, XP_ERR_FORMAT, n, "kernel_shape and strides must be at least 1");
    return read_padding(n, x, im->g->ops[x->op].t, op, err);
}

static xp_status add_conv(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    const onnx_tensor *w, *b = NULL;
    size_t n_w, n_b = 0;
    int64_t group;
    XP_TRY(need_sequence(im, n, &x, err));
    XP_TRY(need_tensor(im, n, 1, 3, &w, &n_w, err));
    if (input_name(n, 2)) XP_TRY(need_tensor(im, n, 2, 1, &b, &n_b, err));
    XP_TRY(onnx_get_int(n, "group", 1, &group, err));
    if (group != 1)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute group = %lld, expected 1",
                         (long long)group);
    xp_op op = {.kind = XP_OP_CONV1D, .n_inputs = 1, .inputs = {x->op}, .use_bias = b != NULL};
    XP_TRY(get_small(n, "number of filters", w->dims[0], &op.units, err));
    XP_TRY(get_small(n, "length of the kernel", w->dims[2], &op.kernel, err));
    if (w->dims[1] != im->g->ops[x->op].c)
        return onnx_fail(err, XP_ERR_SHAPE, n, "its weights expect %lld channels, its input has %d",
                         (long long)w->dims[1], im->g->ops[x->op].c);
    XP_TRY(read_window(im, n, x, &op, err));
    const onnx_node *last = n;
    take_activation(im, &last, 1, &op);
    XP_TRY(add_op(im, n, &op, err));
    XP_TRY(fill(im, n, "kernel", w, n_w, (onnx_fill){.order = ORDER_CONV}, err));
    if (b) XP_TRY(fill(im, n, "bias", b, n_b, (onnx_fill){0}, err));
    onnx_value y = op_value(im, 3, NCT);
    set_output(im, last, 0, &y);
    return XP_OK;
}

static xp_status add_pool(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t counts_padding;
    XP_TRY(need_sequence(im, n, &x, err));
    XP_TRY(onnx_get_int(n, "count_include_pad", 0, &counts_padding, err));
    bool average = !strcmp(n->op_type, "AveragePool");
    xp_op op = {.kind = average ? XP_OP_AVGPOOL : XP_OP_MAXPOOL, .n_inputs = 1, .inputs = {x->op}};
    XP_TRY(read_window(im, n, x, &op, err));
    bool padded = op.padding == XP_PAD_EXPLICIT || op.padding == XP_PAD_SAME;
    XP_TRY(add_op(im, n, &op, err));
    const xp_op *added = &im->g->ops[im->g->n_ops - 1];
    if (average && counts_padding && padded && (added->pad_left || added->pad_right))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute count_include_pad = 1 with padding of %d and %d, expected 0",
                         added->pad_left, added->pad_right);
    onnx_value y = op_value(im, 3, NCT);
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* Zeros at both ends of time, kept for the convolution behind. */
static xp_status add_pad(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x, *fill_value;
    int64_t pads[ONNX_MAX_INTS];
    int count;
    char mode[16];
    XP_TRY(need_sequence(im, n, &x, err));
    XP_TRY(onnx_get_text(n, "mode", "constant", mode, sizeof mode, err));
    XP_TRY(get_list(im, n, 1, "pads", pads, &count, err));
    XP_TRY(get_input(im, n, 2, &fill_value, err));
    bool zero = true;
    if (fill_value && fill_value->state == VALUE_TENSOR) {
        size_t size = 0;
        XP_TRY(onnx_tensor_count(fill_value->tensor, &size, err));
        zero = onnx_tensor_is_float(fill_value->tensor) &&
               onnx_tensor_is_all(fill_value->tensor, size, 0);
    }
    if (strcmp(mode, "constant") || !zero || count != 6 || pads[0] || pads[1] || pads[3] ||
        pads[4] || input_name(n, 3))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected zeros at both ends of time only");
    onnx_value y = *x;
    XP_TRY(get_small(n, "padding", pads[2], &y.pad[0], err));
    XP_TRY(get_small(n, "padding", pads[5], &y.pad[1], err));
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* Over all of time: global pools keep an axis of 1, reductions may. */
static xp_status add_global(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    bool reduce = !strncmp(n->op_type, "Reduce", 6), max = strstr(n->op_type, "Max") != NULL;
    int64_t axes[ONNX_MAX_INTS] = {2}, keep = 1;
    int count = 1, axis;
    XP_TRY(need_op(im, n, 0, &x, err));
    if (reduce) XP_TRY(get_list(im, n, 1, "axes", axes, &count, err));
    if (reduce) XP_TRY(onnx_get_int(n, "keepdims", 1, &keep, err));
    if (count != 1 || x->rank != 3) return wrong_axes(n, x, "three of which time is averaged", err);
    XP_TRY(get_axis(n, axes[0], x->rank, &axis, err));
    if (x->axes[axis] != AXIS_TIME) return wrong_axes(n, x, "time where it is reduced", err);
    xp_op op = {.kind = max ? XP_OP_GLOBAL_MAXPOOL : XP_OP_GLOBAL_AVGPOOL,
                .n_inputs = 1,
                .inputs = {x->op}};
    onnx_value before = *x;
    XP_TRY(add_op(im, n, &op, err));
    onnx_value y = op_value(im, 3, before.axes);
    y.axes[axis] = AXIS_ONE;
    if (!keep) {
        for (int i = axis; i < 2; i++) y.axes[i] = y.axes[i + 1];
        y.rank = 2;
    }
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* ==== norms ================================================================================== */

/* Whether a norm has this constant, or only says 1 or 0 because ONNX wants to hear something. */
static bool is_param(const onnx_import *im, const onnx_tensor *t, size_t count, float v) {
    return !(is_part(im, t->doc_string) && onnx_tensor_is_all(t, count, v));
}

static xp_status add_batchnorm(onnx_import *im, const onnx_node *n, xp_error *err) {
    static const char *const suffixes[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    onnx_value *x;
    const onnx_tensor *t[4];
    size_t count[4];
    int64_t training;
    XP_TRY(need_op(im, n, 0, &x, err));
    if (!has_axes(x, 3, NCT) && !has_axes(x, 2, VECTOR))
        return wrong_axes(n, x, "(batch, channels, time) or (batch, channels)", err);
    for (int i = 0; i < 4; i++) XP_TRY(need_tensor(im, n, i + 1, 1, &t[i], &count[i], err));
    XP_TRY(onnx_get_int(n, "training_mode", 0, &training, err));
    if (training)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute training_mode = 1: export the model in evaluation mode");
    xp_op op = {.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {x->op}};
    op.scale = is_param(im, t[0], count[0], 1);
    op.center = is_param(im, t[1], count[1], 0);
    XP_TRY(onnx_get_float(n, "epsilon", 1e-5f, &op.epsilon, err));
    XP_TRY(onnx_get_float(n, "momentum", 0.9f, &op.momentum, err));
    onnx_value before = *x;
    XP_TRY(add_op(im, n, &op, err));
    const onnx_fill how = {.flat_t = before.flat_t, .flat_c = before.flat_c};
    for (int i = 0; i < 4; i++)
        if (!(i == 0 && !op.scale) && !(i == 1 && !op.center))
            XP_TRY(fill(im, n, suffixes[i], t[i], count[i], how, err));
    before.op = im->g->n_ops - 1;
    set_output(im, n, 0, &before);
    return XP_OK;
}

static xp_status add_layernorm(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    const onnx_tensor *gamma, *beta = NULL;
    size_t n_gamma, n_beta = 0;
    int64_t axis;
    int last;
    XP_TRY(need_op(im, n, 0, &x, err));
    XP_TRY(refuse_flat(n, x, err));
    XP_TRY(onnx_get_int(n, "axis", -1, &axis, err));
    XP_TRY(get_axis(n, axis, x->rank, &last, err));
    if (last != x->rank - 1 || x->axes[last] != AXIS_CHANNELS)
        return wrong_axes(n, x, "channels last, and only these normalised", err);
    XP_TRY(need_tensor(im, n, 1, 1, &gamma, &n_gamma, err));
    if (input_name(n, 2)) XP_TRY(need_tensor(im, n, 2, 1, &beta, &n_beta, err));
    xp_op op = {.kind = XP_OP_LAYERNORM, .n_inputs = 1, .inputs = {x->op}, .center = beta != NULL};
    op.scale = is_param(im, gamma, n_gamma, 1);
    XP_TRY(onnx_get_float(n, "epsilon", 1e-5f, &op.epsilon, err));
    onnx_value y = *x;
    XP_TRY(add_op(im, n, &op, err));
    if (op.scale) XP_TRY(fill(im, n, "gamma", gamma, n_gamma, (onnx_fill){0}, err));
    if (beta) XP_TRY(fill(im, n, "beta", beta, n_beta, (onnx_fill){0}, err));
    y.op = im->g->n_ops - 1;
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* ==== element by element ===================================================================== */

static xp_status check_softmax(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                               xp_error *err) {
    int64_t given;
    int axis;
    XP_TRY(onnx_get_int(n, "axis", im->opset < 13 ? 1 : -1, &given, err));
    XP_TRY(get_axis(n, given, x->rank, &axis, err));
    /* Before opset 13 it went over all axes from this one on. */
    if (x->axes[axis] != AXIS_CHANNELS || (im->opset < 13 && axis != x->rank - 1))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute axis = %lld is not that of the channels", (long long)given);
    return XP_OK;
}

static xp_status add_activation(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    xp_op op = {.kind = XP_OP_ACTIVATION, .n_inputs = 1};
    XP_TRY(need_op(im, n, 0, &x, err));
    if (!find_activation(n->op_type, &op.activation))
        return onnx_fail(err, XP_ERR_INTERNAL, n, "no activation");
    if (op.activation == XP_ACT_SOFTMAX) XP_TRY(check_softmax(im, n, x, err));
    op.inputs[0] = x->op;
    onnx_value y = *x;
    XP_TRY(add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* Passed through, whatever it is; our own linear Activation layer is an Identity too. */
static xp_status add_identity(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t to;
    XP_TRY(need_value(im, n, 0, &x, err));
    XP_TRY(onnx_get_int(n, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &to, err));
    if (x->state == VALUE_OP && to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute to = %lld, expected 1 (float)",
                         (long long)to);
    if (x->state == VALUE_OP && im->ours && !strcmp(n->op_type, "Identity"))
        return add_activation(im, n, err);
    set_output(im, n, 0, x);
    return XP_OK;
}

static xp_status add_dropout(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x, *ratio;
    xp_op op = {.kind = XP_OP_DROPOUT, .n_inputs = 1};
    XP_TRY(need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_float(n, "ratio", 0.5f, &op.rate, err));
    XP_TRY(get_input(im, n, 1, &ratio, err));
    if (ratio) {
        const onnx_tensor *t;
        size_t count;
        XP_TRY(need_tensor(im, n, 1, -1, &t, &count, err));
        if (count != 1) return onnx_fail(err, XP_ERR_SHAPE, n, "its ratio is not one number");
        onnx_tensor_floats(t, 1, &op.rate);
    }
    op.inputs[0] = x->op;
    onnx_value y = *x;
    XP_TRY(add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status join_shapes(const onnx_import *im, const onnx_node *n, xp_error *err) {
    int64_t all[ONNX_MAX_INTS];
    int total = 0;
    for (size_t i = 0; i < n->n_input; i++) {
        int64_t list[ONNX_MAX_INTS];
        int count;
        XP_TRY(get_list(im, n, (int)i, "", list, &count, err));
        if (total + count > ONNX_MAX_INTS)
            return onnx_fail(err, XP_ERR_LIMIT, n, "a shape of more than %d sizes", ONNX_MAX_INTS);
        memcpy(all + total, list, (size_t)count * sizeof *list);
        total += count;
    }
    set_ints(im, n, total, all);
    return XP_OK;
}

static xp_status add_join(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *first, *x;
    bool concat = !strcmp(n->op_type, "Concat");
    xp_op op = {.kind = concat ? XP_OP_CONCAT : XP_OP_ADD};
    XP_TRY(need_value(im, n, 0, &first, err));
    if (concat && first->state != VALUE_OP) return join_shapes(im, n, err);
    if (n->n_input > XP_OP_MAX_INPUTS)
        return onnx_fail(err, XP_ERR_LIMIT, n, "%zu inputs, at most %d are supported", n->n_input,
                         XP_OP_MAX_INPUTS);
    for (size_t i = 0; i < n->n_input; i++) {
        XP_TRY(need_op(im, n, (int)i, &x, err));
        if (!i) first = x;
        if (!has_axes(x, first->rank, first->axes) || x->flat_t != first->flat_t ||
            x->flat_c != first->flat_c)
            return wrong_axes(n, x, "those of its first input", err);
        op.inputs[op.n_inputs++] = x->op;
    }
    if (concat) {
        int64_t given;
        int axis;
        XP_TRY(refuse_flat(n, first, err));
        XP_TRY(onnx_get_int(n, "axis", 1, &given, err));
        XP_TRY(get_axis(n, given, first->rank, &axis, err));
        if (first->axes[axis] != AXIS_CHANNELS)
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "attribute axis = %lld is not that of the channels", (long long)given);
    }
    onnx_value y = *first;
    XP_TRY(add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* ==== dense ================================================================================== */

typedef struct product {
    const onnx_tensor *w, *b;
    size_t n_w, n_b;
    bool transposed; /* w is (out, in) */
} product;

static xp_status add_dense(onnx_import *im, const onnx_node *n, const onnx_value *x, product p,
                           xp_error *err) {
    onnx_value y = *x;
    int in = im->g->ops[x->op].c;
    int64_t rows = p.w->dims[p.transposed], cols = p.w->dims[!p.transposed];
    if (rows != in)
        return onnx_fail(err, XP_ERR_SHAPE, n, "its weights expect %lld inputs, it gets %d",
                         (long long)rows, in);
    xp_op op = {.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {x->op}};
    XP_TRY(get_small(n, "number of outputs", cols, &op.units, err));
    const onnx_node *last = n;
    if (!p.b) {
        p.b = take_bias(im, &last, op.units);
        p.n_b = (size_t)op.units;
    }
    op.use_bias = p.b != NULL;
    take_activation(im, &last, y.rank - 1, &op);
    XP_TRY(add_op(im, n, &op, err));
    onnx_fill how = {.order = p.transposed ? ORDER_TRANSPOSE : ORDER_AS_IS,
                     .flat_t = y.flat_t,
                     .flat_c = y.flat_c};
    XP_TRY(fill(im, n, "kernel", p.w, p.n_w, how, err));
    if (p.b) XP_TRY(fill(im, n, "bias", p.b, p.n_b, (onnx_fill){0}, err));
    y.op = im->g->n_ops - 1;
    y.flat_t = y.flat_c = 0;
    set_output(im, last, 0, &y);
    return XP_OK;
}

static xp_status add_gemm(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    product p = {0};
    int64_t trans_a, trans_b;
    float alpha, beta;
    XP_TRY(need_op(im, n, 0, &x, err));
    if (!has_axes(x, 2, VECTOR)) return wrong_axes(n, x, "(batch, channels)", err);
    XP_TRY(need_tensor(im, n, 1, 2, &p.w, &p.n_w, err));
    if (input_name(n, 2)) XP_TRY(need_tensor(im, n, 2, -1, &p.b, &p.n_b, err));
    XP_TRY(onnx_get_int(n, "transA", 0, &trans_a, err));
    XP_TRY(onnx_get_int(n, "transB", 0, &trans_b, err));
    XP_TRY(onnx_get_float(n, "alpha", 1, &alpha, err));
    XP_TRY(onnx_get_float(n, "beta", 1, &beta, err));
    if (trans_a || alpha != 1 || (p.b && beta != 1))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "transA = %lld, alpha = %g, beta = %g; expected 0, 1, 1",
                         (long long)trans_a, (double)alpha, (double)beta);
    p.transposed = trans_b != 0;
    return add_dense(im, n, x, p, err);
}

static xp_status add_matmul(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    product p = {0};
    XP_TRY(need_op(im, n, 0, &x, err));
    if (x->axes[x->rank - 1] != AXIS_CHANNELS) return wrong_axes(n, x, "channels last", err);
    XP_TRY(need_tensor(im, n, 1, 2, &p.w, &p.n_w, err));
    return add_dense(im, n, x, p, err);
}

/* ==== GRU ==================================================================================== */

static xp_status check_gru(const onnx_import *im, const onnx_node *n, xp_error *err) {
    char direction[32];
    int64_t layout;
    onnx_value *v;
    XP_TRY(onnx_get_text(n, "direction", "forward", direction, sizeof direction, err));
    XP_TRY(onnx_get_int(n, "layout", 0, &layout, err));
    if (strcmp(direction, "forward") || layout)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "direction = %s, layout = %lld; expected forward and 0", direction,
                         (long long)layout);
    if (input_name(n, 4))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "sequences of several lengths");
    XP_TRY(get_input(im, n, 5, &v, err));
    bool zero = !v || v->state == VALUE_ZEROS;
    if (v && v->state == VALUE_TENSOR) {
        size_t count = 0;
        XP_TRY(onnx_tensor_count(v->tensor, &count, err));
        zero = onnx_tensor_is_float(v->tensor) && onnx_tensor_is_all(v->tensor, count, 0);
    }
    return zero ? XP_OK : onnx_fail(err, XP_ERR_UNSUPPORTED, n, "a first state that is not zero");
}

static xp_status read_gru_activations(const onnx_node *n, xp_op *op, xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, "activations");
    op->recurrent = XP_ACT_SIGMOID, op->activation = XP_ACT_TANH;
    for (size_t i = 0; a && i < a->n_strings; i++) {
        char name[24];
        snprintf(name, sizeof name, "%.*s", (int)(a->strings[i].len < 23 ? a->strings[i].len : 23),
                 (const char *)a->strings[i].data);
        if (i > 1 || !find_activation(name, i ? &op->activation : &op->recurrent))
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "attribute activations names \"%s\", expected two of Sigmoid, Tanh, "
                             "Relu, Affine",
                             name);
    }
    return XP_OK;
}

static xp_status read_gru(const onnx_import *im, const onnx_node *n, xp_op *op, xp_error *err) {
    int64_t units = 0, reset_after;
    XP_TRY(check_gru(im, n, err));
    XP_TRY(read_gru_activations(n, op, err));
    XP_TRY(onnx_get_int(n, "hidden_size", 0, &units, err));
    XP_TRY(get_small(n, "attribute hidden_size", units, &op->units, err));
    XP_TRY(onnx_get_int(n, "linear_before_reset", 0, &reset_after, err));
    op->reset_after = reset_after != 0;
    const onnx_value *last = output_value(im, n, 1), *all = output_value(im, n, 0);
    bool uses_last = last && last->uses > 0;
    op->return_sequences = !uses_last;
    if (uses_last && all && all->uses > 0)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "both all its states and the last are used, only one of them may be");
    return XP_OK;
}

static xp_status check_gru_shape(const onnx_node *n, const onnx_tensor *t, int rows, int cols,
                                 xp_error *err) {
    if (t->dims[0] == 1 && t->dims[1] == rows && t->dims[2] == cols) return XP_OK;
    return onnx_fail(err, XP_ERR_SHAPE, n,
                     "its constant \"%.60s\" is (%lld, %lld, %lld), expected (1, %d, %d)",
                     t->name ? t->name : "", (long long)t->dims[0], (long long)t->dims[1],
                     (long long)t->dims[2], rows, cols);
}

static xp_status add_gru(onnx_import *im, const onnx_node *n, xp_error *err) {
    static const onnx_axis all[] = {AXIS_TIME, AXIS_ONE, AXIS_BATCH, AXIS_CHANNELS},
                           last[] = {AXIS_ONE, AXIS_BATCH, AXIS_CHANNELS};
    onnx_value *x;
    const onnx_tensor *w, *r, *b = NULL;
    size_t n_w, n_r, n_b = 0;
    XP_TRY(need_op(im, n, 0, &x, err));
    if (!has_axes(x, 3, TNC)) return wrong_axes(n, x, "(time, batch, channels)", err);
    XP_TRY(need_tensor(im, n, 1, 3, &w, &n_w, err));
    XP_TRY(need_tensor(im, n, 2, 3, &r, &n_r, err));
    if (input_name(n, 3)) XP_TRY(need_tensor(im, n, 3, 2, &b, &n_b, err));
    xp_op op = {.kind = XP_OP_GRU, .n_inputs = 1, .inputs = {x->op}, .use_bias = b != NULL};
    XP_TRY(read_gru(im, n, &op, err));
    XP_TRY(check_gru_shape(n, w, 3 * op.units, im->g->ops[x->op].c, err));
    XP_TRY(check_gru_shape(n, r, 3 * op.units, op.units, err));
    XP_TRY(add_op(im, n, &op, err));
    const onnx_fill turn = {.order = ORDER_TRANSPOSE};
    XP_TRY(fill(im, n, "kernel", w, n_w, turn, err));
    XP_TRY(fill(im, n, "recurrent_kernel", r, n_r, turn, err));
    if (b) XP_TRY(fill(im, n, "bias", b, n_b, (onnx_fill){.order = ORDER_GRU_BIAS}, err));
    onnx_value y = op.return_sequences ? op_value(im, 4, all) : op_value(im, 3, last);
    set_output(im, n, op.return_sequences ? 0 : 1, &y);
    return XP_OK;
}

/* ==== views and shapes ======================================================================= */

static xp_status add_transpose(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t perm[ONNX_MAX_RANK];
    unsigned seen = 0;
    XP_TRY(need_op(im, n, 0, &x, err));
    for (int i = 0; i < x->rank; i++) perm[i] = x->rank - 1 - i;
    XP_TRY(onnx_get_ints(n, "perm", x->rank, perm, err));
    onnx_value y = *x;
    for (int i = 0; i < x->rank; i++) {
        int from;
        XP_TRY(get_axis(n, perm[i], x->rank, &from, err));
        y.axes[i] = x->axes[from];
        seen |= 1u << from;
    }
    if (seen != (1u << x->rank) - 1)
        return onnx_fail(err, XP_ERR_FORMAT, n, "attribute perm does not name every axis once");
    set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_squeeze(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t axes[ONNX_MAX_INTS];
    int count;
    bool drop[ONNX_MAX_RANK] = {0};
    XP_TRY(need_value(im, n, 0, &x, err));
    if (x->state != VALUE_OP) return add_identity(im, n, err);
    XP_TRY(need_op(im, n, 0, &x, err));
    XP_TRY(get_list(im, n, 1, "axes", axes, &count, err));
    for (int i = 0; i < count; i++) {
        int axis;
        XP_TRY(get_axis(n, axes[i], x->rank, &axis, err));
        drop[axis] = true;
    }
    onnx_value y = *x;
    y.rank = 0;
    for (int i = 0; i < x->rank; i++) {
        bool one = x->axes[i] == AXIS_ONE;
        if (drop[i] && !one) return wrong_axes(n, x, "1 where it is squeezed", err);
        if (!(one && (drop[i] || !count))) y.axes[y.rank++] = x->axes[i];
    }
    set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_unsqueeze(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t axes[ONNX_MAX_INTS];
    int count, axis;
    XP_TRY(need_value(im, n, 0, &x, err));
    if (x->state != VALUE_OP) return add_identity(im, n, err);
    XP_TRY(need_op(im, n, 0, &x, err));
    XP_TRY(get_list(im, n, 1, "axes", axes, &count, err));
    if (count != 1 || x->rank == ONNX_MAX_RANK)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected one new axis");
    XP_TRY(get_axis(n, axes[0], x->rank + 1, &axis, err));
    onnx_value y = *x;
    for (int i = y.rank++; i > axis; i--) y.axes[i] = y.axes[i - 1];
    y.axes[axis] = AXIS_ONE;
    set_output(im, n, 0, &y);
    return XP_OK;
}

/* (batch, everything else). Our flatten has the order (time, channels): where the file's is
 * (channels, time), what follows gets its weights in another order. */
static xp_status flatten(onnx_import *im, const onnx_node *n, const onnx_value *x, xp_error *err) {
    int kept[ONNX_MAX_RANK], count = 0;
    for (int i = 0; i < x->rank; i++)
        if (x->axes[i] != AXIS_ONE) kept[count++] = (int)x->axes[i];
    if (count < 2 || kept[0] != AXIS_BATCH) return wrong_axes(n, x, "batch first", err);
    onnx_value y = *x;
    y.rank = 2, y.axes[0] = AXIS_BATCH, y.axes[1] = AXIS_CHANNELS;
    const xp_op before = im->g->ops[x->op];
    if (count == 3) {
        xp_op op = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {x->op}};
        XP_TRY(add_op(im, n, &op, err));
        y.op = im->g->n_ops - 1;
        if (kept[1] == AXIS_CHANNELS && before.t > 1 && before.c > 1)
            y.flat_t = before.t, y.flat_c = before.c;
    } else if (im->ours) {
        xp_op op = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {x->op}};
        XP_TRY(add_op(im, n, &op, err));
        y.op = im->g->n_ops - 1;
    }
    set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_flatten(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t axis;
    XP_TRY(need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_int(n, "axis", 1, &axis, err));
    if (axis != 1 && axis != 1 - x->rank)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute axis = %lld, expected 1",
                         (long long)axis);
    return flatten(im, n, x, err);
}

static int64_t axis_size(const onnx_import *im, const onnx_value *x, int axis) {
    const xp_op *op = &im->g->ops[x->op];
    switch (x->axes[axis]) {
    case AXIS_BATCH:
        return ONNX_BATCH;
    case AXIS_TIME:
        return op->t;
    case AXIS_CHANNELS:
        return op->c;
    default:
        return 1;
    }
}

/* Only to (batch, everything else). */
static xp_status add_reshape(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t shape[ONNX_MAX_INTS];
    int count;
    XP_TRY(need_value(im, n, 0, &x, err));
    if (x->state == VALUE_INTS || x->state == VALUE_TENSOR) return add_identity(im, n, err);
    XP_TRY(need_op(im, n, 0, &x, err));
    XP_TRY(get_list(im, n, 1, "shape", shape, &count, err));
    int64_t rest = 1, allow_zero;
    XP_TRY(onnx_get_int(n, "allowzero", 0, &allow_zero, err));
    for (int i = 1; i < x->rank; i++) rest *= axis_size(im, x, i);
    bool rows = count == 2 && (shape[0] == ONNX_BATCH || (shape[0] == 0 && !allow_zero) ||
                               (shape[0] == -1 && shape[1] == rest) || shape[0] == 1);
    if (!rows || x->axes[0] != AXIS_BATCH || (shape[1] != -1 && shape[1] != rest))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "only a reshape to (batch, everything else) is supported");
    return flatten(im, n, x, err);
}

static xp_status add_shape(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t sizes[ONNX_MAX_RANK];
    XP_TRY(need_op(im, n, 0, &x, err));
    for (int i = 0; i < x->rank; i++) sizes[i] = axis_size(im, x, i);
    set_ints(im, n, x->rank, sizes);
    return XP_OK;
}

static onnx_value drop_axis(const onnx_value *x, int axis) {
    onnx_value y = *x;
    for (int i = axis; i + 1 < y.rank; i++) y.axes[i] = y.axes[i + 1];
    y.rank--;
    return y;
}

/* The last state of a GRU that gives them all: it then need not. */
static xp_status take_last(onnx_import *im, const onnx_node *n, const onnx_value *x, int axis,
                           xp_error *err) {
    xp_op *gru = &im->g->ops[x->op];
    bool used = gru->kind != XP_OP_GRU;
    for (int i = x->op + 1; i < im->g->n_ops; i++)
        for (int k = 0; k < im->g->ops[i].n_inputs; k++)
            used = used || im->g->ops[i].inputs[k] == x->op;
    if (used)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "the last sample can be taken only of a GRU's states, used nowhere else");
    gru->return_sequences = gru->is_sequence = false;
    gru->t = 1;
    im->collapsed[x->op] = true;
    onnx_value y = drop_axis(x, axis);
    set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_gather(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t indices[ONNX_MAX_INTS], axis, list[ONNX_MAX_INTS];
    int count, n_list, at;
    XP_TRY(need_value(im, n, 0, &x, err));
    XP_TRY(get_list(im, n, 1, "", indices, &count, err));
    XP_TRY(onnx_get_int(n, "axis", 0, &axis, err));
    if (count != 1) return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected one index");
    if (x->state == VALUE_OP) {
        XP_TRY(need_op(im, n, 0, &x, err));
        XP_TRY(get_axis(n, axis, x->rank, &at, err));
        int64_t size = axis_size(im, x, at);
        if (x->axes[at] == AXIS_ONE && (indices[0] == -1 || indices[0] == 0)) {
            onnx_value y = drop_axis(x, at);
            set_output(im, n, 0, &y);
            return XP_OK;
        }
        if (x->axes[at] != AXIS_TIME || (indices[0] != -1 && indices[0] != size - 1))
            return wrong_axes(n, x, "the last sample (-1) of time", err);
        return take_last(im, n, x, at, err);
    }
    XP_TRY(get_list(im, n, 0, "", list, &n_list, err));
    XP_TRY(get_axis(n, indices[0], n_list, &at, err));
    set_ints(im, n, 1, &list[at]);
    return XP_OK;
}

/* A computed first state: only zeros will do, which the GRU checks. */
static xp_status add_zeros(onnx_import *im, const onnx_node *n, xp_error *err) {
    bool expand = !strcmp(n->op_type, "Expand");
    const Onnx__AttributeProto *a = onnx_attribute(n, "value");
    const onnx_tensor *t = a ? a->t : NULL;
    onnx_value *x = NULL;
    XP_TRY(need_value(im, n, 0, &x, err));
    if (expand) t = x->state == VALUE_TENSOR ? x->tensor : NULL;
    bool zero = !expand && !a;
    if (t) {
        size_t count = 0;
        XP_TRY(onnx_tensor_count(t, &count, err));
        zero = onnx_tensor_is_float(t) && onnx_tensor_is_all(t, count, 0);
    }
    if (!zero && !(expand && x->state == VALUE_ZEROS))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "computes a constant that is not zero");
    onnx_value y = {.state = VALUE_ZEROS};
    set_output(im, n, 0, &y);
    return XP_OK;
}

static int64_t clamp(int64_t v, int64_t high) {
    if (v < 0) v += high;
    return v < 0 ? 0 : v > high ? high : v;
}

/* Of a shape, or of the zeros that several recurrent layers share. */
static xp_status add_slice(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t list[ONNX_MAX_INTS], start[ONNX_MAX_INTS], stop[ONNX_MAX_INTS], step[ONNX_MAX_INTS];
    int count = 0, n_start = 0, n_stop = 0, n_step = 0;
    XP_TRY(need_value(im, n, 0, &x, err));
    if (x->state == VALUE_ZEROS) {
        set_output(im, n, 0, x);
        return XP_OK;
    }
    if (x->state == VALUE_OP)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "takes a part of a layer's output");
    XP_TRY(get_list(im, n, 0, "", list, &count, err));
    XP_TRY(get_list(im, n, 1, "", start, &n_start, err));
    XP_TRY(get_list(im, n, 2, "", stop, &n_stop, err));
    XP_TRY(get_list(im, n, 4, "", step, &n_step, err));
    if (n_start != 1 || n_stop != 1 || (n_step == 1 && step[0] != 1))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected one range of a shape");
    int from = (int)clamp(start[0], count), to = (int)clamp(stop[0], count);
    set_ints(im, n, to > from ? to - from : 0, list + from);
    return XP_OK;
}

static xp_status add_constant(onnx_import *im, const onnx_node *n, xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, "value"), *i = onnx_attribute(n, "value_int"),
                               *list = onnx_attribute(n, "value_ints");
    if (a && a->t) {
        onnx_value v = {.state = VALUE_TENSOR, .tensor = a->t};
        set_output(im, n, 0, &v);
        return XP_OK;
    }
    if (i && i->has_i) {
        set_ints(im, n, 1, &i->i);
        return XP_OK;
    }
    if (list && list->n_ints <= ONNX_MAX_INTS && list->n_ints > 0) {
        set_ints(im, n, (int)list->n_ints, list->ints);
        return XP_OK;
    }
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected attribute value, a tensor");
}

/* ==== the table ============================================================================== */

/* attributes: those that are read, or that change nothing; any other is an error. */
static const struct {
    const char *type, *attributes;
    xp_status (*add)(onnx_import *im, const onnx_node *n, xp_error *err);
} operators[] = {
    {"Add", "", add_join},
    {"AveragePool", "kernel_shape strides pads auto_pad ceil_mode dilations count_include_pad",
     add_pool},
    {"BatchNormalization", "epsilon momentum training_mode", add_batchnorm},
    {"Cast", "to", add_identity},
    {"Concat", "axis", add_join},
    {"Constant", "value value_int value_ints", add_constant},
    {"ConstantOfShape", "value", add_zeros},
    {"Conv", "kernel_shape strides pads auto_pad dilations group", add_conv},
    {"Dropout", "ratio seed", add_dropout},
    {"Expand", "", add_zeros},
    {"Flatten", "axis", add_flatten},
    {"Gather", "axis", add_gather},
    {"Gemm", "transA transB alpha beta", add_gemm},
    {"GlobalAveragePool", "", add_global},
    {"GlobalMaxPool", "", add_global},
    {"GRU", "hidden_size linear_before_reset direction layout activations", add_gru},
    {"Identity", "", add_identity},
    {"LayerNormalization", "axis epsilon stash_type", add_layernorm},
    {"MatMul", "", add_matmul},
    {"MaxPool", "kernel_shape strides pads auto_pad ceil_mode dilations storage_order", add_pool},
    {"Pad", "mode pads", add_pad},
    {"ReduceMax", "axes keepdims", add_global},
    {"ReduceMean", "axes keepdims", add_global},
    {"Relu", "", add_activation},
    {"Reshape", "shape allowzero", add_reshape},
    {"Shape", "", add_shape},
    {"Sigmoid", "", add_activation},
    {"Slice", "", add_slice},
    {"Softmax", "axis", add_activation},
    {"Squeeze", "axes", add_squeeze},
    {"Sum", "", add_join},
    {"Tanh", "", add_activation},
    {"Transpose", "perm", add_transpose},
    {"Unsqueeze", "axes", add_unsqueeze},
};
enum { N_OPERATORS = sizeof operators / sizeof *operators };

static bool is_word_of(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *p = list; n && (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == 0)) return true;
    return false;
}

xp_status onnx_add_node(onnx_import *im, const onnx_node *n, xp_error *err) {
    int k = 0;
    while (k < N_OPERATORS && strcmp(operators[k].type, n->op_type)) k++;
    bool standard = !n->domain || !n->domain[0] || !strcmp(n->domain, "ai.onnx");
    if (k == N_OPERATORS || !standard)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "this operator is not supported; those that make the layers Conv, GRU, "
                         "dense, norms, pools, Concat, Add and activations are%s",
                         !strcmp(n->op_type, "Pow") || !strcmp(n->op_type, "Sub")
                             ? " (a LayerNorm must be exported with opset 17 or later)"
                             : "");
    for (size_t i = 0; i < n->n_attribute; i++) {
        const char *name = n->attribute[i]->name ? n->attribute[i]->name : "";
        if (!is_word_of(operators[k].attributes, name))
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute %.60s is not supported", name);
    }
    return operators[k].add(im, n, err);
}
