#include "nn/op.h"
#include "nn/ops.h"

#include <math.h>

/* Params: [gamma] [beta] moving_mean moving_variance; vectors: scale, shift. */

static bool is_dense(xp_mat m) {
    return m.stride == m.cols || m.rows == 1;
}

void xp_batchnorm_fold(float *scale, float *shift, const float *gamma, const float *beta,
                       const float *mean, const float *variance, float epsilon, int c) {
    for (int i = 0; i < c; i++) {
        double s = (gamma ? (double)gamma[i] : 1.0) / sqrt((double)variance[i] + (double)epsilon);
        scale[i] = (float)s;
        shift[i] = (float)((beta ? (double)beta[i] : 0.0) - (double)mean[i] * s);
    }
}

void xp_batchnorm_forward(const xp_kernels *k, xp_mat y, xp_mat x, const float *scale,
                          const float *shift, bool relu) {
    if (is_dense(y) && is_dense(x)) {
        k->scale_shift(y.data, x.data, scale, shift, y.rows, y.cols, relu);
        return;
    }
    for (int t = 0; t < y.rows; t++)
        k->scale_shift(xp_mat_row(y, t), xp_mat_row(x, t), scale, shift, 1, y.cols, relu);
}

void xp_batchnorm_backward(xp_mat dx, xp_mat dy, const float *scale) {
    for (int t = 0; t < dx.rows; t++) {
        float *out = xp_mat_row(dx, t);
        const float *g = xp_mat_row(dy, t);
        for (int i = 0; i < dx.cols; i++) out[i] += g[i] * scale[i];
    }
}

void xp_batchnorm_backward_in_place(xp_mat g, const float *scale) {
    for (int t = 0; t < g.rows; t++) {
        float *row = xp_mat_row(g, t);
        for (int i = 0; i < g.cols; i++) row[i] *= scale[i];
    }
}

/* ==== the row ==== */

static void params(xp_param_list *l, int c) {
    if (l->op->scale) xp_want_param(l, "gamma", 1, c, 0, 0, true);
    if (l->op->center) xp_want_param(l, "beta", 1, c, 0, 0, true);
    xp_want_param(l, "moving_mean", 1, c, 0, 0, false);
    xp_want_param(l, "moving_variance", 1, c, 0, 0, false);
}

static void prepare(const xp_op_call *c) {
    xp_batchnorm_fold(c->vectors[0], c->vectors[1], xp_call_param(c, "gamma"),
                      xp_call_param(c, "beta"), xp_call_param(c, "moving_mean"),
                      xp_call_param(c, "moving_variance"), c->op->epsilon, c->op->c);
}

static void forward(const xp_op_call *c) {
    xp_batchnorm_forward(c->kernels, xp_mat_rows(c->y, c->begin, c->end),
                         xp_mat_rows(c->x[0], c->begin, c->end), c->vectors[0], c->vectors[1],
                         c->relu);
}

static void backward(const xp_op_call *c) {
    if (c->dx.data == c->dy.data)
        xp_batchnorm_backward_in_place(c->dx, c->vectors[0]);
    else
        xp_batchnorm_backward(c->dx, c->dy, c->vectors[0]);
}

const xp_op_type xp_op_batchnorm = {
    .settings = XP_HAS_CENTER | XP_HAS_SCALE | XP_HAS_EPSILON | XP_HAS_MOMENTUM,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_TIMEWISE | XP_OP_IN_PLACE | XP_OP_TAKES_RELU |
              XP_OP_GRADIENT_IN_PLACE | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_ROWS,
    .n_vectors = 2,
    .params = params,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
