#include "nn/op.h"
#include "nn/ops.h"

/* A leaky ReLU whose slope below 0 is each channel's own. Params: slope. */

static void params(xp_param_list *l, int c) {
    xp_want_param(l, "slope", 1, c, 0, 0, true);
}

static void forward(const xp_op_call *c) {
    const float *slope = xp_call_param(c, "slope");
    for (int t = c->begin; t < c->end; t++) {
        const float *x = xp_mat_row(c->x[0], t);
        float *y = xp_mat_row(c->y, t);
        for (int i = 0; i < c->y.cols; i++) y[i] = x[i] < 0 ? slope[i] * x[i] : x[i];
    }
}

static void backward(const xp_op_call *c) {
    const float *slope = xp_call_param(c, "slope");
    float *dslope = xp_call_gradient(c, "slope");
    for (int t = 0; t < c->dy.rows; t++) {
        const float *x = xp_mat_row(c->x[0], t), *g = xp_mat_row(c->dy, t);
        float *out = c->dx.data ? xp_mat_row(c->dx, t) : NULL;
        for (int i = 0; out && i < c->dy.cols; i++) out[i] += x[i] > 0 ? g[i] : slope[i] * g[i];
        for (int i = 0; dslope && i < c->dy.cols; i++)
            if (x[i] < 0) dslope[i] += x[i] * g[i];
    }
}

const xp_op_type xp_op_prelu = {
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_TIMEWISE | XP_OP_IN_PLACE | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_ROWS,
    .params = params,
    .forward = forward,
    .backward = backward,
};
