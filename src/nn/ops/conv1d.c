#include "nn/op.h"
#include "nn/ops.h"

/* Params: kernel [bias]. Plans compute convolutions by kernels/conv.h, several at once where they
 * can; the row is the plain form. */

/* Outputs t in [*t0, *t1) whose tap j reads an input row in [begin, end). */
static void tap_outputs(const xp_conv_shape *s, int j, int begin, int end, int *t0, int *t1) {
    long long off = (long long)j - s->pad_left, lo = begin - off, hi = end - off;
    lo = lo <= 0 ? 0 : (lo + s->stride - 1) / s->stride;
    hi = hi <= 0 ? 0 : (hi + s->stride - 1) / s->stride;
    *t0 = lo > s->t_out ? s->t_out : (int)lo;
    *t1 = hi > s->t_out ? s->t_out : (int)hi;
}

static int tap_row(const xp_conv_shape *s, int t, int j) {
    return (int)((long long)t * s->stride + j - s->pad_left);
}

void xp_conv1d_backward_input(const xp_kernels *k, xp_mat dx, xp_mat dy, const float *w,
                              const xp_conv_shape *s, int begin, int end) {
    const size_t tap = (size_t)s->c_in * (size_t)s->c_out;
    for (int j = 0; j < s->k; j++) {
        int t0, t1;
        tap_outputs(s, j, begin, end, &t0, &t1);
        if (t0 >= t1) continue;
        k->gemm_nt(t1 - t0, s->c_in, s->c_out, xp_mat_row(dy, t0), dy.stride, w + (size_t)j * tap,
                   s->c_out, xp_mat_row(dx, tap_row(s, t0, j)), dx.stride * s->stride, 1);
    }
}

void xp_conv1d_backward_weights(const xp_kernels *k, float *dw, xp_mat dy, xp_mat x,
                                const xp_conv_shape *s, int begin, int end) {
    const size_t tap = (size_t)s->c_in * (size_t)s->c_out;
    for (int j = begin; j < end; j++) {
        int t0, t1;
        tap_outputs(s, j, 0, s->t_in, &t0, &t1);
        if (t0 >= t1) continue;
        k->gemm_tn(s->c_in, s->c_out, t1 - t0, xp_mat_row(x, tap_row(s, t0, j)),
                   x.stride * s->stride, xp_mat_row(dy, t0), dy.stride, dw + (size_t)j * tap,
                   s->c_out, 1);
    }
}

/* ==== the row ==== */

xp_conv_shape xp_op_conv_shape(const xp_op *op, const xp_op *in) {
    return (xp_conv_shape){.t_in = in->t,
                           .c_in = in->c,
                           .t_out = op->t,
                           .c_out = op->units,
                           .k = op->kernel,
                           .stride = op->stride,
                           .pad_left = op->pad_left};
}

static xp_conv_shape shape_of(const xp_op_call *c) {
    return xp_op_conv_shape(c->op, &c->graph->ops[c->op->inputs[0]]);
}

static void params(xp_param_list *l, int c) {
    xp_want_param(l, "kernel", 3, l->op->kernel, c, l->op->units, true);
    if (l->op->use_bias) xp_want_param(l, "bias", 1, l->op->units, 0, 0, true);
}

static double macs(const xp_op *op, const xp_op *in) {
    return (double)in->c * op->units * op->t * op->kernel;
}

static void forward(const xp_op_call *c) {
    const float *bias = xp_call_param(c, "bias");
    const xp_conv_shape shape = shape_of(c);
    xp_conv_reference(c->y, c->x[0], xp_call_param(c, "kernel"), &shape);
    for (int t = 0; bias && t < c->y.rows; t++)
        c->kernels->add(xp_mat_row(c->y, t), bias, (size_t)c->y.cols);
}

static void backward(const xp_op_call *c) {
    const xp_conv_shape shape = shape_of(c);
    float *dw = xp_call_gradient(c, "kernel"), *db = xp_call_gradient(c, "bias");
    if (c->dx.data)
        xp_conv1d_backward_input(c->kernels, c->dx, c->dy, xp_call_param(c, "kernel"), &shape,
                                 c->begin, c->end);
    if (dw) xp_conv1d_backward_weights(c->kernels, dw, c->dy, c->x[0], &shape, 0, shape.k);
    if (db) xp_bias_backward(db, c->dy);
}

const xp_op_type xp_op_conv1d = {
    .settings = XP_HAS_UNITS | XP_HAS_WINDOW | XP_HAS_ACTIVATION | XP_HAS_USE_BIAS,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_NEEDS_SEQUENCE | XP_OP_ENDS_IN_ACTIVATION | XP_OP_READS_INPUT_AGAIN,
    .backward_part = XP_PART_ROWS,
    .infer = xp_infer_window,
    .params = params,
    .macs = macs,
    .forward = forward,
    .backward = backward,
};
