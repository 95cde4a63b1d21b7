#include "train/loss.h"

#include <math.h>

double xp_sigmoid(double z) {
    if (z >= 0) return 1 / (1 + exp(-z));
    const double e = exp(z);
    return e / (1 + e);
}

/* log(1 + e^z) */
static double softplus(double z) {
    return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

static double clipped(double p) {
    if (p < XP_LOSS_EPSILON) return XP_LOSS_EPSILON;
    return p > 1 - XP_LOSS_EPSILON ? 1 - XP_LOSS_EPSILON : p;
}

static double weight_of(const xp_loss *l, size_t label) {
    return l->positive_weights ? (double)l->positive_weights[label] : 1;
}

static double loss_one(const xp_loss *l, double out, double y, double w) {
    if (l->logits) return y * w * softplus(-out) + (1 - y) * softplus(out);
    const double p = clipped(out);
    return -y * w * log(p) - (1 - y) * log1p(-p);
}

static double slope_one(const xp_loss *l, double out, double y, double w) {
    if (l->logits) {
        const double p = xp_sigmoid(out);
        return (1 - y) * p - y * w * (1 - p);
    }
    const double p = clipped(out);
    return p == out ? (1 - y) / (1 - p) - y * w / p : 0;
}

double xp_loss_sum(const xp_loss *l, const float *out, const float *y, size_t n, double *known) {
    const size_t labels = (size_t)l->labels;
    double sum = 0;
    for (size_t i = 0; i < n * labels; i++) {
        if (!(y[i] >= 0)) continue;
        sum += loss_one(l, (double)out[i], (double)y[i], weight_of(l, i % labels));
        *known += 1;
    }
    return sum;
}

void xp_loss_gradient(const xp_loss *l, float *d, const float *out, const float *y, size_t n,
                      double scale) {
    const size_t labels = (size_t)l->labels;
    for (size_t i = 0; i < n * labels; i++) {
        double g = 0;
        if (y[i] >= 0) g = slope_one(l, (double)out[i], (double)y[i], weight_of(l, i % labels));
        d[i] = (float)(g * scale);
    }
}
