#include "nn/op.h"
#include "nn/ops.h"

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    return xp_infer_join(g, op, true, err);
}

/* An input may lie where it belongs already. */
static void forward(const xp_op_call *c) {
    for (int i = 0, col = 0; i < c->op->n_inputs; col += c->x[i++].cols) {
        const xp_mat y = xp_mat_cols(c->y, col, c->x[i].cols);
        if (y.data == c->x[i].data) continue;
        xp_copy_forward(xp_mat_rows(y, c->begin, c->end), xp_mat_rows(c->x[i], c->begin, c->end));
    }
}

const xp_op_type xp_op_concat = {
    .min_inputs = 1,
    .max_inputs = XP_OP_MAX_INPUTS,
    .traits =
        XP_OP_JOINS_CHANNELS | XP_OP_PASSES_GRADIENT | XP_OP_GRADIENT_IN_PLACE | XP_OP_KEEPS_BOUNDS,
    .part = XP_PART_ROWS,
    .infer = infer,
    .forward = forward,
};
