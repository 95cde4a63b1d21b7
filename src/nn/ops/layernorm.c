#include "nn/op.h"
#include "nn/ops.h"

#include <math.h>

/* Params: [gamma] [beta]. */

static void row_moments(const float *x, int n, float epsilon, double *mean, double *inverse) {
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) sum += (double)x[i];
    *mean = sum / n;
    for (int i = 0; i < n; i++) squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *inverse = 1 / sqrt(squares / n + (double)epsilon);
}

void xp_layernorm_forward(xp_mat y, xp_mat x, const float *gamma, const float *beta,
                          float epsilon) {
    for (int t = 0; t < y.rows; t++) {
        const float *in = xp_mat_row(x, t);
        float *out = xp_mat_row(y, t);
        double mean, inverse;
        row_moments(in, x.cols, epsilon, &mean, &inverse);
        for (int i = 0; i < y.cols; i++) {
            double v = ((double)in[i] - mean) * inverse;
            if (gamma) v *= (double)gamma[i];
            out[i] = (float)(beta ? v + (double)beta[i] : v);
        }
    }
}

static void layernorm_row_back(float *dx, const float *dy, const float *x, int n,
                               const float *gamma, double mean, double inverse) {
    double sum = 0, dot = 0;
    for (int i = 0; i < n; i++) {
        double g = (double)dy[i] * (gamma ? (double)gamma[i] : 1.0);
        sum += g;
        dot += g * ((double)x[i] - mean) * inverse;
    }
    for (int i = 0; i < n; i++) {
        double g = (double)dy[i] * (gamma ? (double)gamma[i] : 1.0);
        double normed = ((double)x[i] - mean) * inverse;
        dx[i] += (float)(inverse * (g - sum / n - normed * dot / n));
    }
}

void xp_layernorm_backward(xp_mat *dx, float *dgamma, float *dbeta, xp_mat dy, xp_mat x,
                           const float *gamma, float epsilon) {
    for (int t = 0; t < dy.rows; t++) {
        const float *in = xp_mat_row(x, t), *g = xp_mat_row(dy, t);
        double mean, inverse;
        row_moments(in, x.cols, epsilon, &mean, &inverse);
        if (dx) layernorm_row_back(xp_mat_row(*dx, t), g, in, x.cols, gamma, mean, inverse);
        for (int i = 0; dgamma && i < x.cols; i++)
            dgamma[i] += (float)((double)g[i] * ((double)in[i] - mean) * inverse);
        for (int i = 0; dbeta && i < x.cols; i++) dbeta[i] += g[i];
    }
}

/* ==== the row ==== */

static void params(xp_param_list *l, int c) {
    if (l->op->scale) xp_want_param(l, "gamma", 1, c, 0, 0, true);
    if (l->op->center) xp_want_param(l, "beta", 1, c, 0, 0, true);
}

static void forward(const xp_op_call *c) {
    xp_layernorm_forward(xp_mat_rows(c->y, c->begin, c->end),
                         xp_mat_rows(c->x[0], c->begin, c->end), xp_call_param(c, "gamma"),
                         xp_call_param(c, "beta"), c->op->epsilon);
}

static void backward(const xp_op_call *c) {
    xp_mat dx = c->dx;
    xp_layernorm_backward(dx.data ? &dx : NULL, xp_call_gradient(c, "gamma"),
                          xp_call_gradient(c, "beta"), c->dy, c->x[0], xp_call_param(c, "gamma"),
                          c->op->epsilon);
}

const xp_op_type xp_op_layernorm = {
    .settings = XP_HAS_CENTER | XP_HAS_SCALE | XP_HAS_EPSILON,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_IN_PLACE | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_ROWS,
    .params = params,
    .forward = forward,
    .backward = backward,
};
