#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

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

/* y = max(y, x); a NaN in x wins, one in y stays. */
static void max_row(float *y, const float *x, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i] <= y[i] ? y[i] : x[i];
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

/* ==== the rows ==== */

enum { TRAITS = XP_OP_CHANNELWISE | XP_OP_NEEDS_SEQUENCE | XP_OP_KEEPS_BOUNDS };

static void average_forward(const xp_op_call *c) {
    xp_global_avgpool_forward(c->y, c->x[0], c->begin, c->end);
}

static void average_backward(const xp_op_call *c) {
    xp_global_avgpool_backward(c->dx, c->dy);
}

static void max_forward(const xp_op_call *c) {
    xp_global_maxpool_forward(c->y, c->x[0], c->begin, c->end);
}

static void max_backward(const xp_op_call *c) {
    xp_global_maxpool_backward(c->dx, c->dy, c->x[0]);
}

const xp_op_type xp_op_global_avgpool = {
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = TRAITS,
    .part = XP_PART_COLUMNS,
    .infer = xp_infer_vector,
    .forward = average_forward,
    .backward = average_backward,
};

const xp_op_type xp_op_global_maxpool = {
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = TRAITS | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_COLUMNS,
    .infer = xp_infer_vector,
    .forward = max_forward,
    .backward = max_backward,
};
