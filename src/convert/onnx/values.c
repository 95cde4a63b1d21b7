#include "convert/onnx/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== values by name ========================================================================= */

static uint32_t hash(const char *name) {
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* Where the name is in the table, or belongs. */
static int *find_slot(const onnx_import *im, const char *name) {
    uint32_t i = hash(name) % (uint32_t)im->table_size;
    while (im->table[i] >= 0 && strcmp(im->values[im->table[i]].name, name))
        i = (i + 1) % (uint32_t)im->table_size;
    return &im->table[i];
}

onnx_value *onnx_find(const onnx_import *im, const char *name) {
    int i = *find_slot(im, name);
    return i < 0 ? NULL : &im->values[i];
}

xp_status onnx_add_value(onnx_import *im, const char *name, onnx_value **out, xp_error *err) {
    int *slot = find_slot(im, name);
    *out = NULL;
    if (*slot >= 0) return xp_fail(err, XP_ERR_FORMAT, "two tensors of the name \"%.80s\"", name);
    *slot = im->n_values;
    *out = &im->values[im->n_values++];
    **out = (onnx_value){.name = name, .consumer = -1};
    return XP_OK;
}

static const char *const axis_names[] = {"batch", "time", "channels", "1", "directions"};

/* "(batch, channels, time)" */
static const char *axes_text(int rank, const onnx_axis *axes, char *text, size_t size) {
    int at = snprintf(text, size, "(");
    for (int i = 0; i < rank; i++)
        at += snprintf(text + at, size - (size_t)at, "%s%s", i ? ", " : "", axis_names[axes[i]]);
    snprintf(text + at, size - (size_t)at, ")");
    return text;
}

/* ==== inputs ================================================================================= */

const char *onnx_input_name(const onnx_node *n, int i) {
    return (size_t)i < n->n_input && n->input[i][0] ? n->input[i] : NULL;
}

/* Input i, or NULL where it is left out. Computed by an earlier node. */
xp_status onnx_get_input(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                         xp_error *err) {
    const char *name = onnx_input_name(n, i);
    *v = name ? onnx_find(im, name) : NULL;
    if (!name || (*v && (*v)->state != VALUE_UNKNOWN)) return XP_OK;
    return onnx_fail(err, XP_ERR_FORMAT, n, "its input \"%.80s\" is made by no earlier node", name);
}

xp_status onnx_need_value(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                          xp_error *err) {
    XP_TRY(onnx_get_input(im, n, i, v, err));
    return *v ? XP_OK : onnx_fail(err, XP_ERR_FORMAT, n, "its input %d is missing", i);
}

/* The directions of a recurrent layer, side by side. */
static xp_status join_parts(onnx_import *im, const onnx_node *n, onnx_value *v, xp_error *err) {
    xp_op op = {.kind = XP_OP_CONCAT, .n_inputs = 2, .inputs = {v->parts[0], v->parts[1]}};
    XP_TRY(onnx_add_extra_op(im, n, ".both", &op, err));
    v->op = im->g->n_ops - 1;
    return XP_OK;
}

xp_status onnx_make_padding(onnx_import *im, const onnx_node *n, onnx_value *v, xp_error *err) {
    if (!v->pad[0] && !v->pad[1]) return XP_OK;
    if (v->pad_least)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads a tensor that is padded with the least number, which only a "
                         "MaxPool may do here");
    xp_op op = {.kind = XP_OP_PAD,
                .n_inputs = 1,
                .inputs = {v->op},
                .before = v->pad[0],
                .after = v->pad[1]};
    XP_TRY(onnx_add_extra_op(im, n, ".pad", &op, err));
    v->op = im->g->n_ops - 1;
    v->pad[0] = v->pad[1] = 0;
    return XP_OK;
}

xp_status onnx_end_time(onnx_import *im, const onnx_node *n, onnx_value *v, xp_error *err) {
    for (int i = 0; i < v->rank; i++) {
        if (v->axes[i] != AXIS_TIME || im->g->ops[v->op].t != 1) continue;
        xp_op op = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {v->op}};
        XP_TRY(onnx_add_extra_op(im, n, ".single", &op, err));
        v->op = im->g->n_ops - 1;
        v->axes[i] = AXIS_ONE;
    }
    return XP_OK;
}

/* What keeps the samples apart, where all records' are one list. */
static bool is_of_rows(const char *type) {
    static const char *const list[] = {"MatMul", "Gemm",    "Reshape", "Relu",
                                       "Tanh",   "Sigmoid", "Dropout", "Identity"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(list[i], type)) return true;
    return false;
}

/* Input i as the output of an op. */
xp_status onnx_need_op(onnx_import *im, const onnx_node *n, int i, onnx_value **v, xp_error *err) {
    XP_TRY(onnx_need_value(im, n, i, v, err));
    if ((*v)->state != VALUE_OP)
        return onnx_fail(
            err, XP_ERR_UNSUPPORTED, n,
            "its input %d \"%.60s\" is a constant or a shape, expected a layer's output", i,
            (*v)->name);
    const char *type = n->op_type;
    const bool window = !strcmp(type, "Conv") || !strcmp(type, "MaxPool");
    if ((*v)->op < 0) XP_TRY(join_parts(im, n, *v, err));
    if (!window) XP_TRY(onnx_make_padding(im, n, *v, err));
    if ((*v)->spread && strcmp(type, "Mul"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads what Expand repeats over time, which only a Mul may");
    if ((*v)->rows && !is_of_rows(type))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads samples of all records as one list, which only a dense layer may");
    if ((*v)->groups && strcmp(type, "InstanceNormalization") && strcmp(type, "Reshape"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads channels in groups, which only the parts of a group norm may");
    bool time = false;
    for (int a = 0; a < (*v)->rank; a++) time = time || (*v)->axes[a] == AXIS_TIME;
    if (time && im->collapsed[(*v)->op])
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "reads all states of a GRU of which another node takes the last");
    return XP_OK;
}

static bool has_parts(const onnx_value *x) {
    for (int i = 0; i < x->rank; i++)
        if (x->axes[i] == AXIS_PART) return true;
    return false;
}

int64_t onnx_axis_size(const onnx_import *im, const onnx_value *x, int axis) {
    const xp_op *op = &im->g->ops[x->op];
    switch (x->axes[axis]) {
    case AXIS_BATCH:
        return ONNX_BATCH;
    case AXIS_TIME:
        return op->t;
    case AXIS_CHANNELS:
        return has_parts(x) ? op->c / 2 : op->c;
    case AXIS_PART:
        return 2;
    default:
        return 1;
    }
}

bool onnx_has_axes(const onnx_value *v, int rank, const onnx_axis *axes) {
    return v->rank == rank && !memcmp(v->axes, axes, (size_t)rank * sizeof *axes);
}

xp_status onnx_wrong_axes(const onnx_node *n, const onnx_value *v, const char *expected,
                          xp_error *err) {
    char text[80];
    return onnx_fail(err, XP_ERR_SHAPE, n, "its input has the axes %s, expected %s",
                     axes_text(v->rank, v->axes, text, sizeof text), expected);
}

xp_status onnx_refuse_flat(const onnx_node *n, const onnx_value *v, xp_error *err) {
    if (!v->flat_t) return XP_OK;
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                     "reads a flattened (channels, time) tensor; only a dense layer, a batch norm, "
                     "an activation or a dropout may");
}

/* Input i as a constant of floats, its elements counted. */
xp_status onnx_need_tensor(const onnx_import *im, const onnx_node *n, int i, int rank,
                           const onnx_tensor **t, size_t *count, xp_error *err) {
    onnx_value *v;
    XP_TRY(onnx_need_value(im, n, i, &v, err));
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
xp_status onnx_get_list(const onnx_import *im, const onnx_node *n, int i, const char *attribute,
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
    XP_TRY(onnx_get_input(im, n, i, &v, err));
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
xp_status onnx_get_axis(const onnx_node *n, int64_t axis, int rank, int *out, xp_error *err) {
    *out = 0;
    if (axis < -rank || axis >= rank)
        return onnx_fail(err, XP_ERR_FORMAT, n, "axis %lld of a tensor with %d axes",
                         (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return XP_OK;
}

/* ==== outputs ================================================================================ */

onnx_value *onnx_output(const onnx_import *im, const onnx_node *n, int i) {
    return (size_t)i < n->n_output && n->output[i][0] ? onnx_find(im, n->output[i]) : NULL;
}

/* Output i is `like`, whose name and uses it does not take. */
void onnx_set_output(const onnx_import *im, const onnx_node *n, int i, const onnx_value *like) {
    onnx_value *v = onnx_output(im, n, i);
    if (!v) return;
    onnx_value made = *like;
    made.name = v->name, made.uses = v->uses, made.consumer = v->consumer;
    *v = made;
}

void onnx_set_ints(const onnx_import *im, const onnx_node *n, int count, const int64_t *v) {
    onnx_value made = {.state = VALUE_INTS, .n_ints = count};
    memcpy(made.ints, v, (size_t)count * sizeof *v);
    onnx_set_output(im, n, 0, &made);
}

onnx_value onnx_op_value(const onnx_import *im, int rank, const onnx_axis *axes) {
    onnx_value v = {.state = VALUE_OP, .op = im->g->n_ops - 1, .rank = rank};
    memcpy(v.axes, axes, (size_t)rank * sizeof *axes);
    return v;
}

const onnx_axis onnx_nct[] = {AXIS_BATCH, AXIS_CHANNELS, AXIS_TIME};
const onnx_axis onnx_tnc[] = {AXIS_TIME, AXIS_BATCH, AXIS_CHANNELS};
const onnx_axis onnx_vector[] = {AXIS_BATCH, AXIS_CHANNELS};

/* ==== names and params ======================================================================= */

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcmp(text + n - m, end);
}

/* "features.0" of a weight named "features.0.weight", else the node's own name, else its type. */
static void choose_name(const onnx_import *im, const onnx_node *n, const char *extra, xp_op *op) {
    const char *from = n->name && n->name[0] ? n->name : n->op_type;
    const char *weight = onnx_input_name(n, 1);
    size_t length = strlen(from), room = XP_NAME_MAX - 8;
    if (weight && !im->ours && ends_with(weight, ".weight"))
        from = weight, length = strlen(weight) - strlen(".weight");
    else if (from[0] == '/' && !im->ours)
        from++, length--;
    if (im->ours) room = XP_NAME_MAX - 1;
    room -= strlen(extra);
    if (length > room) from += length - room, length = room;
    for (size_t i = 0; i < length; i++)
        op->name[i] = (unsigned char)from[i] < 0x20 || from[i] == 0x7f ? '_' : from[i];
    op->name[length] = 0;
    if (!length) snprintf(op->name, sizeof op->name, "layer");
    strcat(op->name, extra); /* room was left */
    size_t base = strlen(op->name);
    for (int i = 2; xp_graph_find(im->g, op->name) >= 0 && base + 6 < XP_NAME_MAX; i++)
        snprintf(op->name + base, sizeof op->name - base, "_%d", i);
}

xp_status onnx_add_like(onnx_import *im, const onnx_node *n, const onnx_value *x, xp_op *op,
                        xp_error *err) {
    onnx_value y = *x;
    op->n_inputs = 1, op->inputs[0] = x->op;
    XP_TRY(onnx_add_op(im, n, op, err));
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

xp_status onnx_add_op(onnx_import *im, const onnx_node *n, xp_op *op, xp_error *err) {
    return onnx_add_extra_op(im, n, "", op, err);
}

xp_status onnx_add_extra_op(onnx_import *im, const onnx_node *n, const char *extra, xp_op *op,
                            xp_error *err) {
    choose_name(im, n, extra, op);
    xp_status s = xp_graph_add(im->g, op, err);
    return s == XP_OK ? s : onnx_fail(err, s, n, "%.250s", err ? err->text : "");
}

static xp_status append_fill(onnx_import *im, const onnx_fill *fill, xp_error *err) {
    if (im->n_fills == im->cap_fills) {
        int cap = im->cap_fills ? 2 * im->cap_fills : 64;
        onnx_fill *more = realloc(im->fills, (size_t)cap * sizeof *more);
        if (!more) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
        im->fills = more, im->cap_fills = cap;
    }
    im->fills[im->n_fills++] = *fill;
    return XP_OK;
}

/* As many as the file's own and again as many: every weight turned round and scaled. Above that, a
 * few kilobytes would take what they like. */
xp_status onnx_count_made(onnx_import *im, const onnx_node *n, size_t count, xp_error *err) {
    enum { ALWAYS = 1 << 21 };
    const size_t most = ALWAYS + im->n_bytes / 2;
    im->n_made += count;
    if (im->n_made <= most) return XP_OK;
    return onnx_fail(err, XP_ERR_LIMIT, n,
                     "the constants of the network grow to more than %zu numbers", most);
}

xp_status onnx_fill_value(onnx_import *im, const onnx_node *n, const char *suffix, float value,
                          xp_error *err) {
    const xp_param *p = xp_op_param(im->g, &im->g->ops[im->g->n_ops - 1], suffix);
    if (!p) return XP_OK;
    XP_TRY(onnx_count_made(im, n, p->count, err));
    const onnx_fill fill = {.param = (int)(p - im->g->params), .value = value};
    return append_fill(im, &fill, err);
}

/* A norm that scales and shifts, and whose mean and variance are 0 and 1. */
xp_status onnx_add_affine(onnx_import *im, const onnx_node *n, onnx_value *v,
                          const onnx_fill *scale, const onnx_fill *shift, xp_error *err) {
    const onnx_fill *given[] = {scale, shift};
    static const char *const suffixes[] = {"gamma", "beta"};
    xp_op op = {.kind = XP_OP_BATCHNORM,
                .n_inputs = 1,
                .inputs = {v->op},
                .scale = scale != NULL,
                .center = shift != NULL};
    XP_TRY(onnx_add_op(im, n, &op, err));
    for (int i = 0; i < 2; i++) {
        if (!given[i]) continue;
        onnx_fill how = *given[i];
        size_t count = 1;
        how.flat_t = v->flat_t, how.flat_c = v->flat_c, how.repeats = true;
        if (how.tensor) XP_TRY(onnx_tensor_count(how.tensor, &count, err));
        if (!how.tensor)
            XP_TRY(onnx_fill_value(im, n, suffixes[i], how.value, err));
        else
            XP_TRY(onnx_fill_param(im, n, suffixes[i], how.tensor, count, how, err));
    }
    XP_TRY(onnx_fill_value(im, n, "moving_mean", 0, err));
    XP_TRY(onnx_fill_value(im, n, "moving_variance", 1, err));
    v->op = im->g->n_ops - 1;
    return XP_OK;
}

/* Param `suffix` of the last op comes from t. */
xp_status onnx_fill_param(onnx_import *im, const onnx_node *n, const char *suffix,
                          const onnx_tensor *t, size_t count, onnx_fill how, xp_error *err) {
    const xp_op *op = &im->g->ops[im->g->n_ops - 1];
    const xp_param *p = xp_op_param(im->g, op, suffix);
    const size_t parts = how.parts ? (size_t)how.parts : 1;
    bool both = (how.order == ORDER_GRU_BIAS && !op->reset_after) || how.order == ORDER_LSTM_BIAS;
    if (!p || (count != parts * p->count * (both ? 2 : 1) && !(count == 1 && how.repeats)))
        return onnx_fail(err, XP_ERR_SHAPE, n,
                         "its constant \"%.60s\" has %zu elements, expected %zu",
                         t->name ? t->name : "", count, p ? parts * p->count : (size_t)0);
    if (count == 1 && p->count > 1) XP_TRY(onnx_count_made(im, n, p->count, err));
    how.param = (int)(p - im->g->params);
    how.tensor = t;
    return append_fill(im, &how, err);
}

/* ==== nodes that take up the next one ======================================================== */

/* The one node that reads this node's first output, if it is of that type and nothing else does. */
const onnx_node *onnx_only_reader(const onnx_import *im, const onnx_node *n, const char *type) {
    const onnx_value *v = onnx_output(im, n, 0);
    if (!v || v->uses != 1 || v->consumer < 0) return NULL;
    const onnx_node *next = im->graph->node[v->consumer];
    return type && strcmp(next->op_type, type) ? NULL : next;
}

void onnx_take_up(const onnx_import *im, const onnx_node *n) {
    for (size_t i = 0; i < im->graph->n_node; i++)
        if (im->graph->node[i] == n) im->done[i] = true;
}

bool onnx_find_activation(const char *type, xp_activation *a) {
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

bool onnx_is_part(const onnx_import *im, const char *doc) {
    return im->ours && doc && !strcmp(doc, ONNX_PART);
}

/* Our exporter writes a layer's own activation as a node behind it. *last is the node whose output
 * is the layer's, its channels at that axis. */
void onnx_take_activation(const onnx_import *im, const onnx_node **last, int channels, xp_op *op) {
    const onnx_node *next = onnx_only_reader(im, *last, NULL);
    if (!next || !onnx_is_part(im, next->doc_string) || next->n_input != 1 ||
        !onnx_find_activation(next->op_type, &op->activation))
        return;
    const Onnx__AttributeProto *axis = onnx_attribute(next, "axis");
    if (op->activation == XP_ACT_SOFTMAX && !(axis && axis->has_i && axis->i == channels)) {
        op->activation = XP_ACT_LINEAR;
        return;
    }
    onnx_take_up(im, next);
    *last = next;
}

xp_status onnx_need_window(onnx_import *im, const onnx_node *n, onnx_value **x, int *at,
                           xp_error *err) {
    XP_TRY(onnx_need_op(im, n, 0, x, err));
    const onnx_value *v = *x;
    bool fits = v->rank >= 3 && v->axes[0] == AXIS_BATCH && v->axes[1] == AXIS_CHANNELS;
    *at = -1;
    for (int i = 2; fits && i < v->rank; i++) {
        fits = v->axes[i] == AXIS_ONE || v->axes[i] == AXIS_TIME;
        if (v->axes[i] == AXIS_TIME) *at = i - 2;
    }
    return fits ? XP_OK : onnx_wrong_axes(n, v, "(batch, channels, time)", err);
}

xp_status onnx_get_small(const onnx_node *n, const char *name, int64_t v, int *out, xp_error *err) {
    *out = 0;
    if (v < 0 || v > 1 << 20)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "%s is %lld", name, (long long)v);
    *out = (int)v;
    return XP_OK;
}
