#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

static void sum_row(float *restrict y, const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++) y[i] = a[i] + b[i];
}

/* y may lie where x[0] does. */
void xp_add_forward(const xp_kernels *k, xp_mat y, const xp_mat *x, int n, bool relu) {
    const size_t c = (size_t)y.cols;
    for (int t = 0; t < y.rows; t++) {
        float *row = xp_mat_row(y, t);
        const bool in_place = row == xp_mat_row(x[0], t);
        if (!in_place && n == 1) memcpy(row, xp_mat_row(x[0], t), c * sizeof *row);
        if (!in_place && n > 1) sum_row(row, xp_mat_row(x[0], t), xp_mat_row(x[1], t), y.cols);
        for (int i = in_place ? 1 : 2; i < n; i++) k->add(row, xp_mat_row(x[i], t), c);
        if (relu) k->relu(row, row, c);
    }
}

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    return xp_infer_join(g, op, false, err);
}

static void forward(const xp_op_call *c) {
    xp_mat x[XP_OP_MAX_INPUTS];
    for (int i = 0; i < c->op->n_inputs; i++) x[i] = xp_mat_rows(c->x[i], c->begin, c->end);
    xp_add_forward(c->kernels, xp_mat_rows(c->y, c->begin, c->end), x, c->op->n_inputs, c->relu);
}

const xp_op_type xp_op_add = {
    .min_inputs = 1,
    .max_inputs = XP_OP_MAX_INPUTS,
    .traits = XP_OP_CHANNELWISE | XP_OP_TIMEWISE | XP_OP_IN_PLACE | XP_OP_TAKES_RELU |
              XP_OP_PASSES_GRADIENT | XP_OP_GRADIENT_IN_PLACE,
    .part = XP_PART_ROWS,
    .infer = infer,
    .forward = forward,
};
