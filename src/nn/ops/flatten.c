#include "nn/op.h"
#include "nn/ops.h"

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    op->c = op->t * op->c; /* at most graph.c's max_activation */
    return xp_infer_vector(g, op, err);
}

static void forward(const xp_op_call *c) {
    xp_copy_forward(xp_mat_make(c->y.data, c->x[0].rows, c->x[0].cols), c->x[0]);
}

static void backward(const xp_op_call *c) {
    c->kernels->add(c->dx.data, c->dy.data, (size_t)c->dy.cols);
}

const xp_op_type xp_op_flatten = {
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_RESHAPES | XP_OP_KEEPS_BOUNDS,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
