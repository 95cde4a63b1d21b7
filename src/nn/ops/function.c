#include "nn/op.h"
#include "nn/ops.h"

#include <math.h>

/* Functions of one number whose slope is not told by their value: unlike an activation they read
 * their input again. alpha and beta are what xp_function says. */

static const float selu_scale = 1.0507009873554805f, selu_alpha = 1.6732632423543772f;

static float clip(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

static float sigmoid(float x) {
    return 1 / (1 + expf(-x));
}

/* log(1 + exp(x)) without overflow. */
static float softplus(float x) {
    return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
}

static const float gelu_c = 0.7978845608028654f; /* sqrt(2 / pi) */

static float gelu_inner(float x) {
    return gelu_c * (x + 0.044715f * x * x * x);
}

static float value_at(xp_function f, float x, float alpha, float beta) {
    switch (f) {
    case XP_FN_ELU:
        return x > 0 ? x : alpha * expm1f(x);
    case XP_FN_SELU:
        return selu_scale * (x > 0 ? x : selu_alpha * expm1f(x));
    case XP_FN_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case XP_FN_GELU:
        return 0.5f * x * (1 + erff(x * 0.7071067811865475f));
    case XP_FN_GELU_TANH:
        return 0.5f * x * (1 + tanhf(gelu_inner(x)));
    case XP_FN_SWISH:
        return x * sigmoid(x);
    case XP_FN_HARD_SIGMOID:
        return clip(alpha * x + beta, 0, 1);
    case XP_FN_HARD_SWISH:
        return x * clip(x / 6 + 0.5f, 0, 1);
    case XP_FN_SOFTPLUS:
        return softplus(x);
    case XP_FN_SOFTSIGN:
        return x / (1 + fabsf(x));
    case XP_FN_MISH:
        return x * tanhf(softplus(x));
    case XP_FN_CLIP:
        return clip(x, alpha, beta);
    case XP_FN_ERF:
        return erff(x);
    case XP_FN_EXP:
        return expf(x);
    case XP_FN_AFFINE:
        return alpha * x + beta;
    case XP_N_FUNCTIONS:
        break;
    }
    return NAN;
}

static float mish_slope(float x) {
    const float t = tanhf(softplus(x));
    return t + x * (1 - t * t) * sigmoid(x);
}

static float gelu_tanh_slope(float x) {
    const float t = tanhf(gelu_inner(x));
    return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * gelu_c * (1 + 3 * 0.044715f * x * x);
}

static float gelu_slope(float x) {
    return 0.5f * (1 + erff(x * 0.7071067811865475f)) +
           x * 0.3989422804014327f * expf(-0.5f * x * x);
}

static float slope_at(xp_function f, float x, float alpha, float beta) {
    switch (f) {
    case XP_FN_ELU:
        return x > 0 ? 1 : alpha * expf(x);
    case XP_FN_SELU:
        return selu_scale * (x > 0 ? 1 : selu_alpha * expf(x));
    case XP_FN_LEAKY_RELU:
        return x > 0 ? 1 : alpha;
    case XP_FN_GELU:
        return gelu_slope(x);
    case XP_FN_GELU_TANH:
        return gelu_tanh_slope(x);
    case XP_FN_SWISH:
        return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case XP_FN_HARD_SIGMOID:
        return alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0;
    case XP_FN_HARD_SWISH:
        return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5f;
    case XP_FN_SOFTPLUS:
        return sigmoid(x);
    case XP_FN_SOFTSIGN:
        return 1 / ((1 + fabsf(x)) * (1 + fabsf(x)));
    case XP_FN_MISH:
        return mish_slope(x);
    case XP_FN_CLIP:
        return x > alpha && x < beta ? 1 : 0;
    case XP_FN_ERF:
        return 1.1283791670955126f * expf(-x * x);
    case XP_FN_EXP:
        return expf(x);
    case XP_FN_AFFINE:
        return alpha;
    case XP_N_FUNCTIONS:
        break;
    }
    return NAN;
}

static xp_status check(const xp_op *op, xp_error *err) {
    if ((unsigned)op->function >= XP_N_FUNCTIONS)
        return xp_op_fail(err, XP_ERR_FORMAT, op, "unknown function");
    if (!isfinite(op->alpha) || !isfinite(op->beta))
        return xp_op_fail(err, XP_ERR_FORMAT, op, "alpha or beta is not a number");
    return XP_OK;
}

static void forward(const xp_op_call *c) {
    const xp_op *op = c->op;
    for (int t = c->begin; t < c->end; t++) {
        const float *x = xp_mat_row(c->x[0], t);
        float *y = xp_mat_row(c->y, t);
        for (int i = 0; i < c->y.cols; i++)
            y[i] = value_at(op->function, x[i], op->alpha, op->beta);
    }
}

static void backward(const xp_op_call *c) {
    const xp_op *op = c->op;
    for (int t = 0; t < c->dx.rows; t++) {
        const float *x = xp_mat_row(c->x[0], t), *g = xp_mat_row(c->dy, t);
        float *out = xp_mat_row(c->dx, t);
        for (int i = 0; i < c->dx.cols; i++)
            out[i] += g[i] * slope_at(op->function, x[i], op->alpha, op->beta);
    }
}

const xp_op_type xp_op_function = {
    .settings = XP_HAS_FUNCTION | XP_HAS_ALPHA | XP_HAS_BETA,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_TIMEWISE | XP_OP_IN_PLACE | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_ROWS,
    .check = check,
    .forward = forward,
    .backward = backward,
};
