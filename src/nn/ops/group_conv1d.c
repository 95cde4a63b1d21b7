#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* A convolution with dilation, or whose channels are in groups that do not see each other: with one
 * channel a group a depthwise one. Params: kernel (k, channels of a group, units) [bias]. Output
 * channels of group j follow those of group j - 1. */

typedef struct part {
    const xp_op *op;
    int in, out; /* channels of a group: of x, of y */
} part;

static part part_of(const xp_op_call *c) {
    const xp_op *op = c->op;
    const int c_in = c->graph->ops[op->inputs[0]].c;
    return (part){op, c_in / op->groups, op->units / op->groups};
}

static long long row_of_tap(const xp_op *op, int t, int j) {
    return (long long)t * op->stride + (long long)j * op->dilation - op->pad_left;
}

/* Outputs [*t0, *t1) whose tap j reads a row of x. */
static void tap_outputs(const xp_op *op, int j, int rows, int *t0, int *t1) {
    const long long off = (long long)j * op->dilation - op->pad_left;
    long long low = off >= 0 ? 0 : (-off + op->stride - 1) / op->stride;
    long long high = rows - off <= 0 ? 0 : (rows - off + op->stride - 1) / op->stride;
    *t0 = low > op->t ? op->t : (int)low;
    *t1 = high > op->t ? op->t : (int)high;
}

/* What one tap of one group reads and writes: a (rows, in) and b (rows, out). */
typedef struct pair {
    xp_mat a, b;
    const float *w;
    size_t at; /* of w in the kernel */
} pair;

static bool find_pair(const xp_op_call *c, part p, xp_mat x, xp_mat y, int j, int group,
                      pair *out) {
    int t0, t1;
    tap_outputs(p.op, j, x.rows, &t0, &t1);
    if (t0 >= t1) return false;
    const int first = (int)row_of_tap(p.op, t0, j);
    out->at = (size_t)j * (size_t)p.in * (size_t)p.op->units + (size_t)group * (size_t)p.out;
    out->w = xp_call_param(c, "kernel") + out->at;
    out->a = (xp_mat){xp_mat_row(x, first) + group * p.in, t1 - t0, p.in, x.stride * p.op->stride};
    out->b = (xp_mat){xp_mat_row(y, t0) + group * p.out, t1 - t0, p.out, y.stride};
    return true;
}

static bool is_depthwise(part p) {
    return p.in == 1 && p.out == 1;
}

/* All groups of one channel at once. */
static void depthwise_forward(const xp_op_call *c, part p, int j) {
    pair q;
    if (!find_pair(c, p, c->x[0], c->y, j, 0, &q)) return;
    for (int t = 0; t < q.a.rows; t++) {
        const float *x = xp_mat_row(q.a, t);
        float *y = xp_mat_row(q.b, t);
        for (int i = 0; i < p.op->units; i++) y[i] += x[i] * q.w[i];
    }
}

static void forward(const xp_op_call *c) {
    const part p = part_of(c);
    const float *bias = xp_call_param(c, "bias");
    const size_t bytes = (size_t)c->y.cols * sizeof(float);
    for (int t = 0; t < c->y.rows; t++) {
        if (bias)
            memcpy(xp_mat_row(c->y, t), bias, bytes);
        else
            memset(xp_mat_row(c->y, t), 0, bytes);
    }
    for (int j = 0; j < p.op->kernel; j++) {
        pair q;
        if (is_depthwise(p)) depthwise_forward(c, p, j);
        for (int g = 0; !is_depthwise(p) && g < p.op->groups; g++)
            if (find_pair(c, p, c->x[0], c->y, j, g, &q))
                c->kernels->gemm(q.a.rows, p.out, p.in, q.a.data, q.a.stride, q.w, p.op->units,
                                 q.b.data, q.b.stride, 1);
    }
}

static void backward(const xp_op_call *c) {
    const part p = part_of(c);
    float *dw = xp_call_gradient(c, "kernel"), *db = xp_call_gradient(c, "bias");
    for (int j = 0; j < p.op->kernel; j++)
        for (int g = 0; g < p.op->groups; g++) {
            pair q;
            if (c->dx.data && find_pair(c, p, c->dx, c->dy, j, g, &q))
                c->kernels->gemm_nt(q.a.rows, p.in, p.out, q.b.data, q.b.stride, q.w, p.op->units,
                                    q.a.data, q.a.stride, 1);
            if (dw && find_pair(c, p, c->x[0], c->dy, j, g, &q))
                c->kernels->gemm_tn(p.in, p.out, q.a.rows, q.a.data, q.a.stride, q.b.data,
                                    q.b.stride, dw + q.at, p.op->units, 1);
        }
    if (db) xp_bias_backward(db, c->dy);
}

/* ==== the row ==== */

static xp_status check(const xp_op *op, xp_error *err) {
    if (op->groups >= 1 && op->dilation >= 1 && op->units % op->groups == 0) return XP_OK;
    return xp_op_fail(err, XP_ERR_FORMAT, op,
                      "dilation and groups must be at least 1 and groups must divide the units");
}

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    if (g->ops[op->inputs[0]].c % op->groups != 0)
        return xp_op_fail(err, XP_ERR_SHAPE, op, "groups do not divide the input's channels");
    return xp_infer_window(g, op, err);
}

static void params(xp_param_list *l, int c) {
    xp_want_param(l, "kernel", 3, l->op->kernel, c / l->op->groups, l->op->units, true);
    if (l->op->use_bias) xp_want_param(l, "bias", 1, l->op->units, 0, 0, true);
}

static double macs(const xp_op *op, const xp_op *in) {
    return (double)in->c / op->groups * op->units * op->t * op->kernel;
}

const xp_op_type xp_op_group_conv1d = {
    .settings = XP_HAS_UNITS | XP_HAS_WINDOW | XP_HAS_DILATION | XP_HAS_GROUPS | XP_HAS_ACTIVATION |
                XP_HAS_USE_BIAS,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_NEEDS_SEQUENCE | XP_OP_ENDS_IN_ACTIVATION | XP_OP_READS_INPUT_AGAIN,
    .check = check,
    .infer = infer,
    .params = params,
    .macs = macs,
    .forward = forward,
    .backward = backward,
};
