#include "nn/op.h"
#include "nn/ops.h"

/* The product of two matrices of the record, each of which may be transposed first: with time on
 * both sides of the second (a^T b) a weighted sum over time, (a b^T) every sample against every
 * other. A vector is a matrix of one row. */

static void shape_of(const xp_op *in, bool transpose, int *rows, int *cols) {
    *rows = transpose ? in->c : in->t;
    *cols = transpose ? in->t : in->c;
}

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    int rows, inner, inner_b, cols;
    shape_of(&g->ops[op->inputs[0]], op->transpose_a, &rows, &inner);
    shape_of(&g->ops[op->inputs[1]], op->transpose_b, &inner_b, &cols);
    if (inner != inner_b)
        return xp_op_fail(err, XP_ERR_SHAPE, op, "its matrices' sizes do not fit together");
    op->t = rows, op->c = cols;
    op->is_sequence = true;
    return XP_OK;
}

static double macs(const xp_op *op, const xp_op *in) {
    return (double)op->t * op->c * (op->transpose_a ? in->t : in->c);
}

/* out (+)= op(a) op(b); where both are transposed the loop is plain, for no exporter writes it. */
static void product(const xp_kernels *k, xp_mat out, xp_mat a, bool ta, xp_mat b, bool tb,
                    int add) {
    const int inner = ta ? a.rows : a.cols;
    if (!ta && !tb)
        k->gemm(out.rows, out.cols, inner, a.data, a.stride, b.data, b.stride, out.data, out.stride,
                add);
    else if (!ta)
        k->gemm_nt(out.rows, out.cols, inner, a.data, a.stride, b.data, b.stride, out.data,
                   out.stride, add);
    else if (!tb)
        k->gemm_tn(out.rows, out.cols, inner, a.data, a.stride, b.data, b.stride, out.data,
                   out.stride, add);
    else
        for (int i = 0; i < out.rows; i++)
            for (int j = 0; j < out.cols; j++) {
                double sum = add ? (double)xp_mat_row(out, i)[j] : 0;
                for (int q = 0; q < inner; q++)
                    sum += (double)xp_mat_row(a, q)[i] * (double)xp_mat_row(b, j)[q];
                xp_mat_row(out, i)[j] = (float)sum;
            }
}

static void forward(const xp_op_call *c) {
    product(c->kernels, c->y, c->x[0], c->op->transpose_a, c->x[1], c->op->transpose_b, 0);
}

/* With y = A B: dA = dy B^T, dB = A^T dy; of a transposed one the same, transposed. */
static void backward(const xp_op_call *c) {
    const bool ta = c->op->transpose_a, tb = c->op->transpose_b;
    if (c->input == 0 && !ta)
        product(c->kernels, c->dx, c->dy, false, c->x[1], !tb, 1);
    else if (c->input == 0)
        product(c->kernels, c->dx, c->x[1], tb, c->dy, true, 1);
    else if (!tb)
        product(c->kernels, c->dx, c->x[0], !ta, c->dy, false, 1);
    else
        product(c->kernels, c->dx, c->dy, true, c->x[0], ta, 1);
}

const xp_op_type xp_op_matmul = {
    .settings = XP_HAS_TRANSPOSE_A | XP_HAS_TRANSPOSE_B,
    .min_inputs = 2,
    .max_inputs = 2,
    .traits = XP_OP_READS_INPUT_AGAIN,
    .infer = infer,
    .macs = macs,
    .forward = forward,
    .backward = backward,
};
