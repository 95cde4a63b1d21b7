#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* Params: kernel [bias]. */

enum { TILE = 32 }; /* outputs of a single row summed at once in double precision */

static void vector_tile(float *y, const float *x, const float *w, const float *b, int c, int n,
                        int cols) {
    double sum[TILE] = {0};
    for (int i = 0; i < c; i++) {
        const float *row = w + (size_t)i * (size_t)n;
        for (int j = 0; j < cols; j++) sum[j] += (double)x[i] * (double)row[j];
    }
    for (int j = 0; j < cols; j++) y[j] = (float)(b ? sum[j] + (double)b[j] : sum[j]);
}

void xp_dense_forward(const xp_kernels *k, xp_mat y, xp_mat x, const float *w, const float *b,
                      int begin, int end) {
    if (y.rows == 1) {
        for (int j = begin; j < end; j += TILE)
            vector_tile(y.data + j, x.data, w + j, b ? b + j : NULL, x.cols, y.cols,
                        end - j < TILE ? end - j : TILE);
        return;
    }
    for (int t = 0; b && t < y.rows; t++)
        memcpy(xp_mat_row(y, t) + begin, b + begin, (size_t)(end - begin) * sizeof *b);
    k->gemm(y.rows, end - begin, x.cols, x.data, x.stride, w + begin, y.cols, y.data + begin,
            y.stride, b != NULL);
}

void xp_dense_backward(const xp_kernels *k, xp_mat *dx, float *dw, float *db, xp_mat dy, xp_mat x,
                       const float *w) {
    const int c = dx ? dx->cols : x.cols, n = dy.cols;
    if (dx) k->gemm_nt(dy.rows, c, n, dy.data, dy.stride, w, n, dx->data, dx->stride, 1);
    if (dw) k->gemm_tn(c, n, dy.rows, x.data, x.stride, dy.data, dy.stride, dw, n, 1);
    if (db) xp_bias_backward(db, dy);
}

/* ==== the row ==== */

static void params(xp_param_list *l, int c) {
    xp_want_param(l, "kernel", 2, c, l->op->units, 0, true);
    if (l->op->use_bias) xp_want_param(l, "bias", 1, l->op->units, 0, 0, true);
}

static double macs(const xp_op *op, const xp_op *in) {
    return (double)in->c * op->units * op->t;
}

static void forward(const xp_op_call *c) {
    xp_dense_forward(c->kernels, c->y, c->x[0], xp_call_param(c, "kernel"),
                     xp_call_param(c, "bias"), c->begin, c->end);
}

static void backward(const xp_op_call *c) {
    xp_mat dx = c->dx;
    xp_dense_backward(c->kernels, dx.data ? &dx : NULL, xp_call_gradient(c, "kernel"),
                      xp_call_gradient(c, "bias"), c->dy, c->x[0], xp_call_param(c, "kernel"));
}

const xp_op_type xp_op_dense = {
    .settings = XP_HAS_UNITS | XP_HAS_ACTIVATION | XP_HAS_USE_BIAS,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_ENDS_IN_ACTIVATION | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_COLUMNS,
    .params = params,
    .macs = macs,
    .forward = forward,
    .backward = backward,
};
