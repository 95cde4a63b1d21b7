#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

/* Ranges of time, of a recurrent layer's directions, and of a shape. */

int64_t onnx_clamp(int64_t v, int64_t high) {
    if (v < 0) v += high;
    return v < 0 ? 0 : v > high ? high : v;
}

/* A stretch of time, or every step-th sample of it, or all of it backwards. */
static xp_status slice_time(onnx_import *im, const onnx_node *n, const onnx_value *x, int64_t from,
                            int64_t to, int64_t step, xp_error *err) {
    const int t = im->g->ops[x->op].t;
    onnx_value y = *x;
    xp_op op = {.kind = XP_OP_REVERSE, .n_inputs = 1, .inputs = {x->op}};
    if (step == -1 && (from == -1 || from >= t - 1) && to < -t) {
        XP_TRY(onnx_add_op(im, n, &op, err));
    } else if (step >= 1 && step <= 1 << 20) {
        from = onnx_clamp(from, t), to = onnx_clamp(to, t);
        if (to <= from) return onnx_fail(err, XP_ERR_FORMAT, n, "takes nothing of time");
        op = (xp_op){.kind = XP_OP_PAD, .n_inputs = 1, .inputs = {x->op}};
        op.before = -(int)from, op.after = (int)to - t;
        if (op.before || op.after) XP_TRY(onnx_add_op(im, n, &op, err));
        if (op.before || op.after) y.op = im->g->n_ops - 1;
        op = (xp_op){.kind = XP_OP_MAXPOOL, .n_inputs = 1, .inputs = {y.op}, .kernel = 1};
        op.stride = (int)step;
        if (step > 1) XP_TRY(onnx_add_extra_op(im, n, ".step", &op, err));
        if (step == 1) {
            onnx_set_output(im, n, 0, &y);
            return XP_OK;
        }
    } else {
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "takes samples with a step of %lld",
                         (long long)step);
    }
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* A range of one axis. */
typedef struct range {
    int axis;
    int64_t from, to, step;
} range;

/* An end of this and more is that of any number of records. */
enum { ALL_RECORDS = 1000000000 };

static bool is_all(const onnx_import *im, const onnx_value *x, const range *r) {
    const bool batch = x->axes[r->axis] == AXIS_BATCH; /* of a size that is not known */
    return r->from == 0 && r->step == 1 &&
           r->to >= (batch ? ALL_RECORDS : onnx_axis_size(im, x, r->axis));
}

/* The one range that is not all of its axis, or any where all are. */
static xp_status find_range(const onnx_import *im, const onnx_node *n, const onnx_value *x,
                            range *out, xp_error *err) {
    int64_t start[ONNX_MAX_INTS], stop[ONNX_MAX_INTS], axes[ONNX_MAX_INTS], step[ONNX_MAX_INTS];
    int n_start, n_stop, n_axes, n_step, parts = 0;
    XP_TRY(onnx_get_list(im, n, 1, "starts", start, &n_start, err));
    XP_TRY(onnx_get_list(im, n, 2, "ends", stop, &n_stop, err));
    XP_TRY(onnx_get_list(im, n, 3, "axes", axes, &n_axes, err));
    XP_TRY(onnx_get_list(im, n, 4, "", step, &n_step, err));
    if (n_start < 1 || n_stop != n_start || (n_axes && n_axes != n_start) ||
        (n_step && n_step != n_start))
        return onnx_fail(err, XP_ERR_FORMAT, n, "its ranges are %d, %d, %d and %d", n_start, n_stop,
                         n_axes, n_step);
    if (n_start > 1 && x->op < 0)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected a range of one axis");
    for (int i = 0; i < n_start; i++) {
        range r = {.from = start[i], .to = stop[i], .step = n_step ? step[i] : 1};
        XP_TRY(onnx_get_axis(n, n_axes ? axes[i] : i, x->rank, &r.axis, err));
        const bool part = n_start == 1 || !is_all(im, x, &r);
        if (part || !i) *out = r;
        parts += part;
    }
    return parts <= 1 ? XP_OK
                      : onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected a range of one axis");
}

static xp_status slice_layer(onnx_import *im, const onnx_node *n, onnx_value *x, xp_error *err) {
    range r = {0};
    XP_TRY(find_range(im, n, x, &r, err));
    if (x->axes[r.axis] == AXIS_PART && r.step == 1) {
        const int64_t from = onnx_clamp(r.from, 2), to = onnx_clamp(r.to, 2);
        onnx_value y = *x;
        if (to - from != 1) return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "takes not one direction");
        y.axes[r.axis] = AXIS_ONE;
        y.op = x->parts[from];
        onnx_set_output(im, n, 0, &y);
        return XP_OK;
    }
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (x->axes[r.axis] == AXIS_TIME) return slice_time(im, n, x, r.from, r.to, r.step, err);
    if (is_all(im, x, &r)) {
        onnx_set_output(im, n, 0, x);
        return XP_OK;
    }
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "takes a part of a layer's channels");
}

/* Of a shape, or of the zeros that several recurrent layers share. */
xp_status onnx_add_slice(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t list[ONNX_MAX_INTS], start[ONNX_MAX_INTS], stop[ONNX_MAX_INTS], step[ONNX_MAX_INTS];
    int count = 0, n_start = 0, n_stop = 0, n_step = 0;
    XP_TRY(onnx_need_value(im, n, 0, &x, err));
    if (x->state == VALUE_ZEROS) {
        onnx_set_output(im, n, 0, x);
        return XP_OK;
    }
    if (x->state == VALUE_OP) return slice_layer(im, n, x, err);
    XP_TRY(onnx_get_list(im, n, 0, "", list, &count, err));
    XP_TRY(onnx_get_list(im, n, 1, "", start, &n_start, err));
    XP_TRY(onnx_get_list(im, n, 2, "", stop, &n_stop, err));
    XP_TRY(onnx_get_list(im, n, 4, "", step, &n_step, err));
    if (n_start != 1 || n_stop != 1 || (n_step == 1 && step[0] != 1))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected one range of a shape");
    int from = (int)onnx_clamp(start[0], count), to = (int)onnx_clamp(stop[0], count);
    onnx_set_ints(im, n, to > from ? to - from : 0, list + from);
    return XP_OK;
}
