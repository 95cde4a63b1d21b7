#include "nn/ops.h"

#include <math.h>
#include <string.h>

xp_mat xp_mat_rows(xp_mat m, int begin, int end) {
    return (xp_mat){xp_mat_row(m, begin), end - begin, m.cols, m.stride};
}

xp_mat xp_mat_cols(xp_mat m, int col, int cols) {
    return (xp_mat){m.data + col, m.rows, cols, m.stride};
}

static bool is_dense(xp_mat m) {
    return m.stride == m.cols || m.rows == 1;
}

/* ---- activation ---- */

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

/* ---- copy, add ---- */

void xp_copy_forward(xp_mat y, xp_mat x) {
    for (int t = 0; t < y.rows; t++)
        memcpy(xp_mat_row(y, t), xp_mat_row(x, t), (size_t)y.cols * sizeof(float));
}

void xp_copy_backward(const xp_kernels *k, xp_mat dx, xp_mat dy) {
    for (int t = 0; t < dx.rows; t++) k->add(xp_mat_row(dx, t), xp_mat_row(dy, t), (size_t)dx.cols);
}

static void sum_row(float *restrict y, const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++) y[i] = a[i] + b[i];
}

/* y may lie where x[0] does. */
void xp_add_forward(const xp_kernels *k, xp_mat y, const xp_mat *x, int n, bool relu) {
    const size_t c = (size_t)y.cols;
    for (int t = 0; t < y.rows; t++) {
        float *row = xp_mat_row(y, t);
        const bool in_place = row == xp_mat_row(x[0], t);
        if (!in_place) sum_row(row, xp_mat_row(x[0], t), xp_mat_row(x[1], t), y.cols);
        for (int i = in_place ? 1 : 2; i < n; i++) k->add(row, xp_mat_row(x[i], t), c);
        if (relu) k->relu(row, row, c);
    }
}

/* ---- batch normalisation with known statistics ---- */

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

/* ---- layer normalisation ---- */

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
