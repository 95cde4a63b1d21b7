#include "nn/op.h"
#include "nn/ops.h"

#include <math.h>
#include <string.h>

/* Every NaN comparison is false, so a NaN stays visible. */
static void relu_row(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static void sigmoid_row(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++) y[i] = 1 / (1 + expf(-x[i]));
}

static void tanh_row(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++) y[i] = tanhf(x[i]);
}

static void softmax_row(float *y, const float *x, int n) {
    float max = x[0];
    double sum = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > max) max = x[i];
    for (int i = 0; i < n; i++) {
        y[i] = expf(x[i] - max);
        sum += (double)y[i];
    }
    for (int i = 0; i < n; i++) y[i] = (float)((double)y[i] / sum);
}

static void linear_row(float *y, const float *x, int n) {
    if (y != x) memcpy(y, x, (size_t)n * sizeof *y);
}

void xp_activation_forward(xp_mat y, xp_mat x, xp_activation a) {
    static void (*const rows[])(float *, const float *, int) = {
        [XP_ACT_LINEAR] = linear_row,   [XP_ACT_RELU] = relu_row,
        [XP_ACT_SIGMOID] = sigmoid_row, [XP_ACT_TANH] = tanh_row,
        [XP_ACT_SOFTMAX] = softmax_row,
    };
    for (int t = 0; t < y.rows; t++) rows[a](xp_mat_row(y, t), xp_mat_row(x, t), y.cols);
}

static void softmax_back(float *g, const float *y, int n) {
    double dot = 0;
    for (int i = 0; i < n; i++) dot += (double)g[i] * (double)y[i];
    for (int i = 0; i < n; i++) g[i] = (float)((double)y[i] * ((double)g[i] - dot));
}

/* Not inlined, for gcc forgets restrict then and does not vectorise. */
static __attribute__((noinline)) void relu_back(float *restrict g, const float *restrict y, int n) {
    for (int i = 0; i < n; i++) {
        const float v = g[i];
        g[i] = y[i] > 0 ? v : 0;
    }
}

static void activation_back(float *g, const float *y, int n, xp_activation a) {
    switch (a) {
    case XP_ACT_LINEAR:
        break;
    case XP_ACT_RELU:
        relu_back(g, y, n);
        break;
    case XP_ACT_SIGMOID:
        for (int i = 0; i < n; i++) g[i] *= y[i] * (1 - y[i]);
        break;
    case XP_ACT_TANH:
        for (int i = 0; i < n; i++) g[i] *= 1 - y[i] * y[i];
        break;
    case XP_ACT_SOFTMAX:
        softmax_back(g, y, n);
        break;
    }
}

void xp_activation_backward(xp_mat g, xp_mat y, xp_activation a) {
    if (a == XP_ACT_LINEAR) return;
    for (int t = 0; t < g.rows; t++) activation_back(xp_mat_row(g, t), xp_mat_row(y, t), g.cols, a);
}

void xp_activate(float *v, int n, xp_activation a) {
    const xp_mat m = xp_mat_make(v, 1, n);
    xp_activation_forward(m, m, a);
}

void xp_activate_backward(float *g, const float *y, int n, xp_activation a) {
    activation_back(g, y, n, a);
}

static void forward(const xp_op_call *c) {
    xp_activation_forward(xp_mat_rows(c->y, c->begin, c->end),
                          xp_mat_rows(c->x[0], c->begin, c->end), c->op->activation);
}

const xp_op_type xp_op_activation = {
    .settings = XP_HAS_ACTIVATION,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_TIMEWISE | XP_OP_IN_PLACE | XP_OP_ENDS_IN_ACTIVATION |
              XP_OP_PASSES_GRADIENT | XP_OP_GRADIENT_IN_PLACE | XP_OP_KEEPS_BOUNDS,
    .part = XP_PART_ROWS,
    .forward = forward,
};
