#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* Rows [first, last) of the input that output row t sees. */
typedef struct {
    int first, last;
} span;

static span window_span(xp_window w, int t, int rows) {
    long long first = (long long)t * w.stride - w.pad_left, last = first + w.kernel;
    return (span){first < 0 ? 0 : (int)first, last > rows ? rows : (int)last};
}

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

/* ==== the rows ==== */

enum {
    SETTINGS = XP_HAS_WINDOW,
    TRAITS = XP_OP_CHANNELWISE | XP_OP_NEEDS_SEQUENCE | XP_OP_KEEPS_BOUNDS
};

xp_window xp_op_window(const xp_op *op) {
    return (xp_window){op->kernel, op->stride, op->pad_left};
}

static void max_forward(const xp_op_call *c) {
    xp_maxpool_forward(c->y, c->x[0], xp_op_window(c->op), c->begin, c->end);
}

static void max_backward(const xp_op_call *c) {
    xp_maxpool_backward(c->kernels, c->dx, c->dy, c->x[0], xp_op_window(c->op), 0, c->dx.cols);
}

static void average_forward(const xp_op_call *c) {
    xp_avgpool_forward(c->y, c->x[0], xp_op_window(c->op), c->begin, c->end);
}

static void average_backward(const xp_op_call *c) {
    xp_avgpool_backward(c->dx, c->dy, xp_op_window(c->op), 0, c->dx.cols);
}

const xp_op_type xp_op_maxpool = {
    .settings = SETTINGS,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = TRAITS | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_ROWS,
    .infer = xp_infer_window,
    .forward = max_forward,
    .backward = max_backward,
};

const xp_op_type xp_op_avgpool = {
    .settings = SETTINGS,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = TRAITS,
    .part = XP_PART_ROWS,
    .infer = xp_infer_window,
    .forward = average_forward,
    .backward = average_backward,
};
