#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* Samples of 0 in front of time and behind it; negative numbers cut samples off. */

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    enum { MOST = 1 << 26 };
    const int t = g->ops[op->inputs[0]].t;
    const bool credible =
        op->before > -MOST && op->before < MOST && op->after > -MOST && op->after < MOST;
    const long long left =
        (long long)t + (op->before < 0 ? op->before : 0) + (op->after < 0 ? op->after : 0);
    if (!credible || left < 1)
        return xp_op_fail(err, XP_ERR_SHAPE, op, "cuts off all samples, or pads too many");
    op->t = t + op->before + op->after;
    return XP_OK;
}

static void forward(const xp_op_call *c) {
    for (int t = c->begin; t < c->end; t++) {
        const int from = t - c->op->before;
        float *y = xp_mat_row(c->y, t);
        const size_t bytes = (size_t)c->y.cols * sizeof *y;
        if (from >= 0 && from < c->x[0].rows)
            memcpy(y, xp_mat_row(c->x[0], from), bytes);
        else
            memset(y, 0, bytes);
    }
}

static void backward(const xp_op_call *c) {
    for (int t = 0; t < c->dx.rows; t++) {
        const int from = t + c->op->before;
        if (from >= 0 && from < c->dy.rows)
            c->kernels->add(xp_mat_row(c->dx, t), xp_mat_row(c->dy, from), (size_t)c->dx.cols);
    }
}

const xp_op_type xp_op_pad = {
    .settings = XP_HAS_BEFORE | XP_HAS_AFTER,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_NEEDS_SEQUENCE | XP_OP_KEEPS_BOUNDS,
    .part = XP_PART_ROWS,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
