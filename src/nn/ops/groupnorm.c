#include "nn/op.h"
#include "nn/ops.h"

#include <math.h>

/* Normalised over all of time and the channels of a group; with a group for each channel this is
 * instance norm. Params: [gamma] [beta]. */

typedef struct moments {
    double mean, inverse;
} moments;

static moments moments_of(xp_mat x, float epsilon) {
    const double n = (double)x.rows * x.cols;
    double sum = 0, squares = 0;
    for (int t = 0; t < x.rows; t++)
        for (int i = 0; i < x.cols; i++) sum += (double)xp_mat_row(x, t)[i];
    const double mean = sum / n;
    for (int t = 0; t < x.rows; t++)
        for (int i = 0; i < x.cols; i++) {
            const double d = (double)xp_mat_row(x, t)[i] - mean;
            squares += d * d;
        }
    return (moments){mean, 1 / sqrt(squares / n + (double)epsilon)};
}

/* Columns of group g. */
static xp_mat group_of(xp_mat m, int g, int groups) {
    const int each = m.cols / groups;
    return xp_mat_cols(m, g * each, each);
}

static double param_at(const float *p, int i, double otherwise) {
    return p ? (double)p[i] : otherwise;
}

static void forward(const xp_op_call *c) {
    const float *gamma = xp_call_param(c, "gamma"), *beta = xp_call_param(c, "beta");
    for (int g = 0; g < c->op->groups; g++) {
        const xp_mat x = group_of(c->x[0], g, c->op->groups), y = group_of(c->y, g, c->op->groups);
        const moments m = moments_of(x, c->op->epsilon);
        for (int t = 0; t < x.rows; t++)
            for (int i = 0; i < x.cols; i++) {
                const int at = g * x.cols + i;
                const double v = ((double)xp_mat_row(x, t)[i] - m.mean) * m.inverse;
                xp_mat_row(y, t)[i] = (float)(v * param_at(gamma, at, 1) + param_at(beta, at, 0));
            }
    }
}

static void input_back(xp_mat dx, xp_mat dy, xp_mat x, const float *gamma, moments m) {
    const double n = (double)x.rows * x.cols;
    double sum = 0, dot = 0;
    for (int t = 0; t < x.rows; t++)
        for (int i = 0; i < x.cols; i++) {
            const double g = (double)xp_mat_row(dy, t)[i] * param_at(gamma, i, 1);
            sum += g;
            dot += g * ((double)xp_mat_row(x, t)[i] - m.mean) * m.inverse;
        }
    for (int t = 0; t < x.rows; t++)
        for (int i = 0; i < x.cols; i++) {
            const double g = (double)xp_mat_row(dy, t)[i] * param_at(gamma, i, 1);
            const double normed = ((double)xp_mat_row(x, t)[i] - m.mean) * m.inverse;
            xp_mat_row(dx, t)[i] += (float)(m.inverse * (g - sum / n - normed * dot / n));
        }
}

static void gamma_back(float *dgamma, xp_mat dy, xp_mat x, moments m) {
    for (int i = 0; i < x.cols; i++) {
        double sum = 0;
        for (int t = 0; t < x.rows; t++)
            sum +=
                (double)xp_mat_row(dy, t)[i] * ((double)xp_mat_row(x, t)[i] - m.mean) * m.inverse;
        dgamma[i] += (float)sum;
    }
}

static void backward(const xp_op_call *c) {
    const int groups = c->op->groups, each = c->op->c / groups;
    const float *gamma = xp_call_param(c, "gamma");
    float *dgamma = xp_call_gradient(c, "gamma"), *dbeta = xp_call_gradient(c, "beta");
    for (int g = 0; g < groups; g++) {
        const xp_mat x = group_of(c->x[0], g, groups), dy = group_of(c->dy, g, groups);
        const moments m = moments_of(x, c->op->epsilon);
        if (c->dx.data)
            input_back(group_of(c->dx, g, groups), dy, x, gamma ? gamma + g * each : NULL, m);
        if (dgamma) gamma_back(dgamma + g * each, dy, x, m);
    }
    if (dbeta) xp_bias_backward(dbeta, c->dy);
}

/* ==== the row ==== */

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    (void)g;
    if (op->groups >= 1 && op->c % op->groups == 0) return XP_OK;
    return xp_op_fail(err, XP_ERR_SHAPE, op, "groups do not divide the channels");
}

static void params(xp_param_list *l, int c) {
    if (l->op->scale) xp_want_param(l, "gamma", 1, c, 0, 0, true);
    if (l->op->center) xp_want_param(l, "beta", 1, c, 0, 0, true);
}

const xp_op_type xp_op_groupnorm = {
    .settings = XP_HAS_GROUPS | XP_HAS_CENTER | XP_HAS_SCALE | XP_HAS_EPSILON,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_IN_PLACE | XP_OP_READS_INPUT_AGAIN,
    .infer = infer,
    .params = params,
    .forward = forward,
    .backward = backward,
};
