#include "nn/ops.h"

#include <math.h>
#include <string.h>

/* Rows [first, last) of the input that output row t sees. */
typedef struct {
    int first, last;
} span;

static span window_span(xp_window w, int t, int rows) {
    long long first = (long long)t * w.stride - w.pad_left, last = first + w.kernel;
    return (span){first < 0 ? 0 : (int)first, last > rows ? rows : (int)last};
}

/* ---- pooling ---- */

/* y = max(y, x); a NaN in x wins, one in y stays. */
static void max_row(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i] <= y[i] ? y[i] : x[i];
}

void xp_maxpool_forward(xp_mat y, xp_mat x, xp_window w, int begin, int end) {
    for (int t = begin; t < end; t++) {
        span s = window_span(w, t, x.rows);
        float *out = xp_mat_row(y, t);
        memcpy(out, xp_mat_row(x, s.first), (size_t)y.cols * sizeof *out);
        for (int r = s.first + 1; r < s.last; r++) max_row(out, xp_mat_row(x, r), y.cols);
    }
}

/* y = max(y, a + b): with y starting at 0 this is the ReLU too. */
static void max_sum_row(float *y, const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++) {
        float v = a[i] + b[i];
        y[i] = v <= y[i] ? y[i] : v;
    }
}

void xp_add_relu_maxpool_forward(xp_mat y, xp_mat a, xp_mat b, xp_window w, int begin, int end) {
    for (int t = begin; t < end; t++) {
        span s = window_span(w, t, a.rows);
        float *out = xp_mat_row(y, t);
        memset(out, 0, (size_t)y.cols * sizeof *out);
        for (int r = s.first; r < s.last; r++)
            max_sum_row(out, xp_mat_row(a, r), xp_mat_row(b, r), y.cols);
    }
}

/* One window, columns [begin, end). */
static void route_max(xp_mat dx, const float *dy, xp_mat x, span s, int begin, int end) {
    for (int c = begin; c < end; c++) {
        int best = s.first;
        float max = xp_mat_row(x, best)[c];
        for (int r = s.first + 1; r < s.last; r++) {
            float v = xp_mat_row(x, r)[c];
            if (v > max) max = v, best = r;
        }
        xp_mat_row(dx, best)[c] += dy[c];
    }
}

void xp_maxpool_backward(const xp_kernels *k, xp_mat dx, xp_mat dy, xp_mat x, xp_window w,
                         int begin, int end) {
    for (int t = 0; t < dy.rows; t++) {
        span s = window_span(w, t, x.rows);
        if (s.last - s.first == 2)
            k->route_pair(xp_mat_row(dx, s.first) + begin, xp_mat_row(dx, s.first + 1) + begin,
                          xp_mat_row(dy, t) + begin, xp_mat_row(x, s.first) + begin,
                          xp_mat_row(x, s.first + 1) + begin, (size_t)(end - begin));
        else
            route_max(dx, xp_mat_row(dy, t), x, s, begin, end);
    }
}

void xp_avgpool_forward(xp_mat y, xp_mat x, xp_window w, int begin, int end) {
    for (int t = begin; t < end; t++) {
        span s = window_span(w, t, x.rows);
        float *out = xp_mat_row(y, t);
        for (int c = 0; c < y.cols; c++) {
            double sum = 0;
            for (int r = s.first; r < s.last; r++) sum += (double)xp_mat_row(x, r)[c];
            out[c] = (float)(sum / (s.last - s.first));
        }
    }
}

void xp_avgpool_backward(xp_mat dx, xp_mat dy, xp_window w, int begin, int end) {
    for (int t = 0; t < dy.rows; t++) {
        span s = window_span(w, t, dx.rows);
        const float *g = xp_mat_row(dy, t), share = 1.0f / (float)(s.last - s.first);
        for (int r = s.first; r < s.last; r++) {
            float *out = xp_mat_row(dx, r);
            for (int c = begin; c < end; c++) out[c] += g[c] * share;
        }
    }
}

/* ---- over all time ---- */

enum { TILE = 64 }; /* columns summed at once in double precision */

void xp_global_avgpool_forward(xp_mat y, xp_mat x, int begin, int end) {
    for (int c = begin; c < end; c += TILE) {
        int n = end - c < TILE ? end - c : TILE;
        double sum[TILE] = {0};
        for (int t = 0; t < x.rows; t++) {
            const float *row = xp_mat_row(x, t) + c;
            for (int i = 0; i < n; i++) sum[i] += (double)row[i];
        }
        for (int i = 0; i < n; i++) y.data[c + i] = (float)(sum[i] / x.rows);
    }
}

void xp_global_avgpool_backward(xp_mat dx, xp_mat dy) {
    const float share = 1.0f / (float)dx.rows;
    for (int t = 0; t < dx.rows; t++) {
        float *out = xp_mat_row(dx, t);
        for (int c = 0; c < dx.cols; c++) out[c] += dy.data[c] * share;
    }
}

void xp_global_maxpool_forward(xp_mat y, xp_mat x, int begin, int end) {
    memcpy(y.data + begin, x.data + begin, (size_t)(end - begin) * sizeof(float));
    for (int t = 1; t < x.rows; t++) max_row(y.data + begin, xp_mat_row(x, t) + begin, end - begin);
}

static void share_max(xp_mat dx, float g, xp_mat x, int c) {
    float max = x.data[c];
    int n = 1;
    for (int t = 1; t < x.rows; t++) {
        float v = xp_mat_row(x, t)[c];
        n = v > max ? 1 : n + (v == max);
        if (v > max) max = v;
    }
    for (int t = 0; t < x.rows; t++)
        if (xp_mat_row(x, t)[c] == max) xp_mat_row(dx, t)[c] += g / (float)n;
}

void xp_global_maxpool_backward(xp_mat dx, xp_mat dy, xp_mat x) {
    for (int c = 0; c < x.cols; c++) share_max(dx, dy.data[c], x, c);
}

/* ---- convolution ---- */

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

void xp_bias_backward(float *db, xp_mat dy) {
    for (int c = 0; c < dy.cols; c += TILE) {
        int n = dy.cols - c < TILE ? dy.cols - c : TILE;
        double sum[TILE] = {0};
        for (int t = 0; t < dy.rows; t++) {
            const float *row = xp_mat_row(dy, t) + c;
            for (int i = 0; i < n; i++) sum[i] += (double)row[i];
        }
        for (int i = 0; i < n; i++) db[c + i] += (float)sum[i];
    }
}
