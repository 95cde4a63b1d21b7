#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* Time backwards: in front of a recurrent layer, and behind it, that reads from the end. */

static void forward(const xp_op_call *c) {
    for (int t = c->begin; t < c->end; t++)
        memcpy(xp_mat_row(c->y, t), xp_mat_row(c->x[0], c->x[0].rows - 1 - t),
               (size_t)c->y.cols * sizeof(float));
}

static void backward(const xp_op_call *c) {
    for (int t = 0; t < c->dx.rows; t++)
        c->kernels->add(xp_mat_row(c->dx, t), xp_mat_row(c->dy, c->dy.rows - 1 - t),
                        (size_t)c->dx.cols);
}

const xp_op_type xp_op_reverse = {
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_CHANNELWISE | XP_OP_NEEDS_SEQUENCE | XP_OP_KEEPS_BOUNDS,
    .part = XP_PART_ROWS,
    .forward = forward,
    .backward = backward,
};
