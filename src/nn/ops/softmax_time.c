#include "nn/op.h"
#include "nn/ops.h"

#include <math.h>

/* Softmax over time, each channel by itself: weights of an attention. */

/* The largest of a column and the sum of exponentials below it. */
static double column_sum(xp_mat x, int i, float *max) {
    double sum = 0;
    *max = x.data[i];
    for (int t = 1; t < x.rows; t++)
        if (xp_mat_row(x, t)[i] > *max) *max = xp_mat_row(x, t)[i];
    for (int t = 0; t < x.rows; t++) sum += (double)expf(xp_mat_row(x, t)[i] - *max);
    return sum;
}

static void forward(const xp_op_call *c) {
    const xp_mat x = c->x[0];
    for (int i = c->begin; i < c->end; i++) {
        float max;
        const double sum = column_sum(x, i, &max);
        for (int t = 0; t < x.rows; t++)
            xp_mat_row(c->y, t)[i] = (float)((double)expf(xp_mat_row(x, t)[i] - max) / sum);
    }
}

static void backward(const xp_op_call *c) {
    const xp_mat x = c->x[0];
    for (int i = 0; i < x.cols; i++) {
        float max;
        double dot = 0;
        const double sum = column_sum(x, i, &max);
        for (int t = 0; t < x.rows; t++)
            dot += (double)expf(xp_mat_row(x, t)[i] - max) / sum * (double)xp_mat_row(c->dy, t)[i];
        for (int t = 0; t < x.rows; t++) {
            const double y = (double)expf(xp_mat_row(x, t)[i] - max) / sum;
            xp_mat_row(c->dx, t)[i] += (float)(y * ((double)xp_mat_row(c->dy, t)[i] - dot));
        }
    }
}

const xp_op_type xp_op_softmax_time = {
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_NEEDS_SEQUENCE | XP_OP_IN_PLACE | XP_OP_READS_INPUT_AGAIN,
    .part = XP_PART_COLUMNS,
    .forward = forward,
    .backward = backward,
};
