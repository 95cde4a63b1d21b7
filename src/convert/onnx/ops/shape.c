#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

/* Passed through, whatever it is; our own linear Activation layer is an Identity too. */
static xp_status add_identity(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t to;
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    XP_TRY(onnx_get_int(n, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &to, err));
    const bool floats =
        to == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || to == ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    if (x->state == VALUE_OP && !floats)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute to = %lld, expected 1 (float) or 11 (double)", (long long)to);
    if (x->state == VALUE_OP && im->ours && !strcmp(n->op_type, "Identity"))
        return onnx_add_activation(im, n, err);
    onnx_set_output(im, n, 0, x);
    return XP_OK;
}

static xp_status add_transpose(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t perm[ONNX_MAX_RANK];
    unsigned seen = 0;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    for (int i = 0; i < x->rank; i++) perm[i] = x->rank - 1 - i;
    XP_TRY(onnx_get_ints(n, "perm", x->rank, perm, err));
    onnx_value y = *x;
    for (int i = 0; i < x->rank; i++) {
        int from;
        XP_TRY(onnx_get_axis(n, perm[i], x->rank, &from, err));
        y.axes[i] = x->axes[from];
        seen |= 1u << from;
    }
    if (seen != (1u << x->rank) - 1)
        return onnx_fail(err, XP_ERR_FORMAT, n, "attribute perm does not name every axis once");
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* Channels that are one, as behind a dense layer of one unit: without their axis the op's channel
 * is still there. */
static bool is_single(const onnx_import *im, const onnx_value *x, int axis) {
    return x->axes[axis] == AXIS_CHANNELS && im->g->ops[x->op].c == 1 &&
           im->g->ops[x->op].is_sequence;
}

static xp_status add_squeeze(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t axes[ONNX_MAX_INTS];
    int count;
    bool drop[ONNX_MAX_RANK] = {0};
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    if (x->state != VALUE_OP) return add_identity(im, n, err);
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_list(im, n, 1, "axes", axes, &count, err));
    for (int i = 0; i < count; i++) {
        int axis;
        XP_TRY(onnx_get_axis(n, axes[i], x->rank, &axis, err));
        drop[axis] = true;
    }
    for (int i = 0; i < x->rank; i++)
        if (x->axes[i] == AXIS_TIME && (drop[i] || !count)) XP_TRY(onnx_end_time(im, n, x, err));
    onnx_value y = *x;
    y.rank = 0;
    for (int i = 0; i < x->rank; i++) {
        bool one = x->axes[i] == AXIS_ONE || (drop[i] && is_single(im, x, i));
        if (drop[i] && !one) return onnx_wrong_axes(n, x, "1 where it is squeezed", err);
        if (!(one && (drop[i] || !count))) y.axes[y.rank++] = x->axes[i];
    }
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_unsqueeze(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t axes[ONNX_MAX_INTS];
    int count, axis;
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    if (x->state != VALUE_OP) return add_identity(im, n, err);
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_list(im, n, 1, "axes", axes, &count, err));
    if (count != 1 || x->rank == ONNX_MAX_RANK)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected one new axis");
    XP_TRY(onnx_get_axis(n, axes[0], x->rank + 1, &axis, err));
    onnx_value y = *x;
    for (int i = y.rank++; i > axis; i--) y.axes[i] = y.axes[i - 1];
    y.axes[axis] = AXIS_ONE;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* (batch, everything else). Our flatten has the order (time, channels): where the file's is
 * (channels, time), what follows gets its weights in another order. */
static xp_status flatten(onnx_import *im, const onnx_node *n, const onnx_value *x, xp_error *err) {
    int kept[ONNX_MAX_RANK], count = 0;
    for (int i = 0; i < x->rank; i++)
        if (x->axes[i] != AXIS_ONE) kept[count++] = (int)x->axes[i];
    if (count < 2 || kept[0] != AXIS_BATCH) return onnx_wrong_axes(n, x, "batch first", err);
    onnx_value y = *x;
    y.rank = 2, y.axes[0] = AXIS_BATCH, y.axes[1] = AXIS_CHANNELS;
    const xp_op before = im->g->ops[x->op];
    if (count == 3) {
        xp_op op = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {x->op}};
        XP_TRY(onnx_add_op(im, n, &op, err));
        y.op = im->g->n_ops - 1;
        if (kept[1] == AXIS_CHANNELS && before.t > 1 && before.c > 1)
            y.flat_t = before.t, y.flat_c = before.c;
    } else if (im->ours) {
        xp_op op = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {x->op}};
        XP_TRY(onnx_add_op(im, n, &op, err));
        y.op = im->g->n_ops - 1;
    }
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_flatten(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t axis;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_int(n, "axis", 1, &axis, err));
    if (axis != 1 && axis != 1 - x->rank)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute axis = %lld, expected 1",
                         (long long)axis);
    return flatten(im, n, x, err);
}

/* The sizes that a Reshape asks for: 0 is that of x's axis, -1 what is left over. A batch that is
 * not known is ONNX_BATCH. */
static bool resolve_sizes(const onnx_import *im, const onnx_value *x, int64_t *shape, int count,
                          bool allow_zero) {
    int64_t have = 1, want = 1;
    int open = -1;
    bool batch = false;
    for (int i = 0; i < x->rank; i++)
        if (x->axes[i] != AXIS_BATCH) have *= onnx_axis_size(im, x, i);
    for (int i = 0; i < count; i++) {
        if (shape[i] == 0 && (allow_zero || i >= x->rank)) return false;
        if (shape[i] == 0) shape[i] = onnx_axis_size(im, x, i);
        if (shape[i] == -1 && open >= 0) return false;
        if (shape[i] == -1) open = i;
        batch = batch || shape[i] == ONNX_BATCH;
        if (shape[i] < -1 && shape[i] != ONNX_BATCH) return false;
        if (shape[i] > 0 && !(want <= have && (want *= shape[i]) <= have)) return false;
    }
    if (open >= 0 && !batch && want == have) shape[open] = ONNX_BATCH;
    if (open >= 0 && shape[open] == -1) {
        if (have % want) return false;
        shape[open] = have / want;
        want = have;
    }
    return want == have;
}

/* The axes of the new shape: those of x in their order, axes of 1 come and go, directions and the
 * channels behind them become channels. */
static bool match_axes(const onnx_import *im, const onnx_value *x, const int64_t *shape, int count,
                       onnx_value *y) {
    int i = 0;
    y->rank = 0;
    for (int j = 0; j < count; j++) {
        while (i < x->rank && x->axes[i] == AXIS_ONE && shape[j] != 1) i++;
        const bool left = i < x->rank;
        const int64_t size = left ? onnx_axis_size(im, x, i) : 0;
        const bool is_batch = left && x->axes[i] == AXIS_BATCH;
        if (left && (shape[j] == size || (is_batch && shape[j] == 1))) {
            y->axes[y->rank++] = x->axes[i++];
        } else if (left && x->axes[i] == AXIS_PART && i + 1 < x->rank &&
                   x->axes[i + 1] == AXIS_CHANNELS && shape[j] == im->g->ops[x->op].c) {
            y->axes[y->rank++] = AXIS_CHANNELS;
            i += 2;
        } else if (shape[j] == 1) {
            y->axes[y->rank++] = AXIS_ONE;
        } else {
            return false;
        }
    }
    for (; i < x->rank; i++)
        if (x->axes[i] != AXIS_ONE) return false;
    return true;
}

/* (batch, channels, time) to (batch, groups, the rest), which only an instance norm may read; and
 * back. */
static bool match_groups(const onnx_import *im, const onnx_value *x, const int64_t *shape,
                         int count, onnx_value *y) {
    const xp_op *op = &im->g->ops[x->op];
    const bool nct = x->rank >= 2 && x->axes[0] == AXIS_BATCH && x->axes[1] == AXIS_CHANNELS;
    if (!nct || x->flat_t) return false;
    if (x->groups) {
        const bool back = count >= 2 && shape[1] == op->c && (count == 2 || shape[2] == op->t);
        y->groups = 0;
        return back;
    }
    if (count != 3 || shape[1] < 1 || shape[1] >= op->c || op->c % shape[1]) return false;
    y->groups = (int)shape[1];
    return true;
}

/* (batch, time, channels) to (batch and time, channels) for a product with a constant, and back: a
 * dense layer of every sample, as TensorFlow writes it. */
static bool match_rows(const onnx_import *im, const onnx_value *x, const int64_t *shape, int count,
                       onnx_value *y) {
    static const onnx_axis all[] = {AXIS_BATCH, AXIS_TIME, AXIS_CHANNELS};
    const xp_op *op = &im->g->ops[x->op];
    if (!onnx_has_axes(x, 3, all) || x->flat_t || x->groups || op->t < 2) return false;
    const bool batch = shape[0] == -1 || (x->rows && shape[0] == ONNX_BATCH);
    const bool back = count == 3 && shape[1] == op->t && shape[2] == op->c;
    if (!batch || !(x->rows ? back : count == 2 && shape[1] == op->c)) return false;
    y->rows = !x->rows;
    return true;
}

static xp_status add_reshape(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t shape[ONNX_MAX_INTS];
    int count;
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    if (x->state == VALUE_INTS || x->state == VALUE_TENSOR) return add_identity(im, n, err);
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_list(im, n, 1, "shape", shape, &count, err));
    int64_t allow_zero;
    XP_TRY(onnx_get_int(n, "allowzero", 0, &allow_zero, err));
    onnx_value y = *x;
    if (match_rows(im, x, shape, count, &y)) {
        onnx_set_output(im, n, 0, &y);
        return XP_OK;
    }
    if (x->rows || count > ONNX_MAX_RANK || !resolve_sizes(im, x, shape, count, allow_zero != 0))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "its %d sizes are not those of what it reads",
                         count);
    if (x->groups && !match_groups(im, x, shape, count, &y))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "a group norm that does not end as it began");
    bool viewed = y.groups != x->groups || (!x->flat_t && match_axes(im, x, shape, count, &y));
    if (!viewed) {
        y = *x;
        viewed = match_groups(im, x, shape, count, &y);
    }
    if (viewed) {
        onnx_set_output(im, n, 0, &y);
        return XP_OK;
    }
    if (count == 2 && x->axes[0] == AXIS_BATCH && (shape[0] == ONNX_BATCH || shape[0] == 1))
        return flatten(im, n, x, err);
    return onnx_fail(
        err, XP_ERR_UNSUPPORTED, n,
        "only a reshape to (batch, everything else), or one that moves axes of size 1, "
        "is supported");
}

static xp_status add_shape(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t sizes[ONNX_MAX_RANK], start, end;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    for (int i = 0; i < x->rank; i++) sizes[i] = onnx_axis_size(im, x, i);
    XP_TRY(onnx_get_int(n, "start", 0, &start, err));
    XP_TRY(onnx_get_int(n, "end", x->rank, &end, err));
    start = onnx_clamp(start, x->rank), end = onnx_clamp(end, x->rank);
    onnx_set_ints(im, n, end > start ? (int)(end - start) : 0, sizes + start);
    return XP_OK;
}

onnx_value onnx_drop_axis(const onnx_value *x, int axis) {
    onnx_value y = *x;
    for (int i = axis; i + 1 < y.rank; i++) y.axes[i] = y.axes[i + 1];
    y.rank--;
    return y;
}

/* One sample of time, as a vector. */
static xp_status take_sample(onnx_import *im, const onnx_node *n, const onnx_value *x, int axis,
                             int64_t at, xp_error *err) {
    const int t = im->g->ops[x->op].t;
    if (at < 0) at += t;
    if (at < 0 || at >= t)
        return onnx_fail(err, XP_ERR_FORMAT, n, "takes a sample that is not there");
    xp_op cut = {.kind = XP_OP_PAD, .n_inputs = 1, .inputs = {x->op}};
    cut.before = -(int)at, cut.after = (int)at + 1 - t;
    XP_TRY(onnx_add_extra_op(im, n, ".sample", &cut, err));
    xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {im->g->n_ops - 1}};
    XP_TRY(onnx_add_op(im, n, &flat, err));
    onnx_value y = onnx_drop_axis(x, axis);
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* One direction of a recurrent layer. */
static xp_status take_part(const onnx_import *im, const onnx_node *n, const onnx_value *x, int axis,
                           int64_t at, xp_error *err) {
    if (at < -2 || at > 1)
        return onnx_fail(err, XP_ERR_FORMAT, n, "takes a direction that is not there");
    onnx_value y = onnx_drop_axis(x, axis);
    y.op = x->parts[at < 0 ? at + 2 : at];
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* The last state of a GRU that gives them all: it then need not. */
static xp_status take_last(onnx_import *im, const onnx_node *n, const onnx_value *x, int axis,
                           xp_error *err) {
    xp_op *gru = &im->g->ops[x->op];
    bool used = gru->kind != XP_OP_GRU;
    for (int i = x->op + 1; i < im->g->n_ops; i++)
        for (int k = 0; k < im->g->ops[i].n_inputs; k++)
            used = used || im->g->ops[i].inputs[k] == x->op;
    if (used) return take_sample(im, n, x, axis, im->g->ops[x->op].t - 1, err);
    gru->return_sequences = gru->is_sequence = false;
    gru->t = 1;
    im->collapsed[x->op] = true;
    onnx_value y = onnx_drop_axis(x, axis);
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* Some sizes of a shape. */
static xp_status gather_sizes(const onnx_import *im, const onnx_node *n, const int64_t *indices,
                              int count, xp_error *err) {
    int64_t list[ONNX_MAX_INTS], out[ONNX_MAX_INTS];
    int n_list, at;
    XP_TRY(onnx_get_list(im, n, 0, "", list, &n_list, err));
    for (int i = 0; i < count; i++) {
        XP_TRY(onnx_get_axis(n, indices[i], n_list, &at, err));
        out[i] = list[at];
    }
    onnx_set_ints(im, n, count, out);
    return XP_OK;
}

static xp_status add_gather(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t indices[ONNX_MAX_INTS], axis;
    int count, at;
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    XP_TRY(onnx_get_list(im, n, 1, "", indices, &count, err));
    XP_TRY(onnx_get_int(n, "axis", 0, &axis, err));
    if (x->state != VALUE_OP) return gather_sizes(im, n, indices, count, err);
    if (count != 1) return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected one index");
    XP_TRY(onnx_get_axis(n, axis, x->rank, &at, err));
    if (x->axes[at] == AXIS_PART) return take_part(im, n, x, at, indices[0], err);
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    int64_t size = onnx_axis_size(im, x, at);
    if (x->axes[at] == AXIS_ONE && (indices[0] == -1 || indices[0] == 0)) {
        onnx_value y = onnx_drop_axis(x, at);
        onnx_set_output(im, n, 0, &y);
        return XP_OK;
    }
    if (x->axes[at] != AXIS_TIME) return onnx_wrong_axes(n, x, "time where it takes one", err);
    if (indices[0] != -1 && indices[0] != size - 1)
        return take_sample(im, n, x, at, indices[0], err);
    return take_last(im, n, x, at, err);
}

/* A layer's output, repeated over time, as a gate that weighs channels is before its product: it
 * stays what it is, for Mul to spread. */
static xp_status expand_layer(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t shape[ONNX_MAX_INTS];
    int count;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_get_list(im, n, 1, "", shape, &count, err));
    onnx_value y = *x;
    bool fits = count <= x->rank;
    for (int i = 0; fits && i < count; i++) {
        const int axis = x->rank - count + i;
        const int64_t have = onnx_axis_size(im, x, axis);
        if (shape[i] == have || shape[i] == 1) continue;
        fits = x->axes[axis] == AXIS_ONE && !y.spread && shape[i] > 0 && shape[i] <= 1 << 20;
        y.spread = (int)shape[i];
    }
    if (!fits)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "repeats a layer's output, but for time");
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* A computed first state: only zeros will do, which the GRU checks. */
static xp_status add_zeros(onnx_import *im, const onnx_node *n, xp_error *err) {
    bool expand = !strcmp(n->op_type, "Expand");
    const Onnx__AttributeProto *a = onnx_attribute(n, "value");
    const onnx_tensor *t = a ? a->t : NULL;
    onnx_value *x = NULL;
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    if (expand && x->state == VALUE_OP) return expand_layer(im, n, err);
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
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status make_constant(onnx_import *im, const onnx_node *n, int rank, size_t count,
                               const float *values, xp_error *err) {
    const int64_t dims[] = {(int64_t)count};
    float *data = NULL;
    onnx_value v = {.state = VALUE_TENSOR};
    XP_TRY(onnx_make_tensor(im, n, rank, dims, &data, &v.tensor, err));
    if (count) memcpy(data, values, count * sizeof *data);
    onnx_set_output(im, n, 0, &v);
    return XP_OK;
}

static xp_status add_constant(onnx_import *im, const onnx_node *n, xp_error *err) {
    const Onnx__AttributeProto *a = onnx_attribute(n, "value"), *i = onnx_attribute(n, "value_int"),
                               *list = onnx_attribute(n, "value_ints"),
                               *f = onnx_attribute(n, "value_float"),
                               *floats = onnx_attribute(n, "value_floats");
    if (a && a->t) {
        onnx_value v = {.state = VALUE_TENSOR, .tensor = a->t};
        onnx_set_output(im, n, 0, &v);
        return XP_OK;
    }
    if (i && i->has_i) {
        onnx_set_ints(im, n, 1, &i->i);
        return XP_OK;
    }
    if (list && list->n_ints <= ONNX_MAX_INTS && list->n_ints > 0) {
        onnx_set_ints(im, n, (int)list->n_ints, list->ints);
        return XP_OK;
    }
    if (f) return make_constant(im, n, 0, 1, &f->f, err);
    if (floats) return make_constant(im, n, 1, floats->n_floats, floats->floats, err);
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected attribute value, a tensor");
}

const char *onnx_put_list(onnx_exporter *e, const char *tag, int n, const int64_t *v) {
    const char *name = onnx_text(e, "%s:%s", e->op->name, tag);
    const int64_t count = n;
    int64_t *data =
        onnx_put_tensor(e, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, sizeof *v, 1, &count);
    if (data) memcpy(data, v, (size_t)n * sizeof *v);
    return name;
}

/* Keras flattens (time, channels). */
static void write_flatten(onnx_exporter *e) {
    const char *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NTC);
    onnx_node *n = onnx_put_node(e, "Flatten", e->op->name, onnx_declare(e, ONNX_VECTOR));
    onnx_put_input(n, in);
    onnx_put_int(e, n, "axis", 1);
}

const onnx_op onnx_op_flatten = {
    .write = write_flatten,
    .operators = {{"Flatten", "axis", add_flatten}, {"Reshape", "shape allowzero", add_reshape}},
};

const onnx_operator onnx_shape_operators[] = {
    {"Cast", "to", add_identity},
    {"Constant", "value value_int value_ints value_float value_floats", add_constant},
    {"ConstantOfShape", "value", add_zeros},
    {"Expand", "", add_zeros},
    {"Gather", "axis", add_gather},
    {"Identity", "", add_identity},
    {"Shape", "start end", add_shape},
    {"Slice", "starts ends axes", onnx_add_slice},
    {"Squeeze", "axes", add_squeeze},
    {"Transpose", "perm", add_transpose},
    {"Unsqueeze", "axes", add_unsqueeze},
    {0},
};
