#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* The product of its inputs, number by number. One that has a single time step (a vector counts as
 * one), or a single channel, is repeated along the others': a gate for each channel, as squeeze and
 * excitation has it, or a weight for each sample. */

static bool joins(int *size, int other) {
    if (*size == 1) *size = other;
    return *size == other || other == 1;
}

static xp_status infer(const xp_graph *g, xp_op *op, xp_error *err) {
    bool fits = true;
    for (int i = 1; i < op->n_inputs; i++) {
        const xp_op *in = &g->ops[op->inputs[i]];
        fits = fits && joins(&op->t, in->t) && joins(&op->c, in->c);
        op->is_sequence = op->is_sequence || in->is_sequence;
    }
    if (fits) return XP_OK;
    return xp_op_fail(err, XP_ERR_SHAPE, op, "its inputs' shapes do not fit together");
}

static const float *row_for(xp_mat x, int t) {
    return xp_mat_row(x, x.rows == 1 ? 0 : t);
}

static void scale_row(float *y, xp_mat x, int t, int n) {
    const float *v = row_for(x, t);
    for (int i = 0; i < n; i++) y[i] *= x.cols == 1 ? v[0] : v[i];
}

/* y (n) = the product of all inputs but `but` at time t. */
static void product_row(const xp_op_call *c, float *y, int t, int n, int but) {
    for (int i = 0; i < n; i++) y[i] = 1;
    for (int k = 0; k < c->op->n_inputs; k++)
        if (k != but) scale_row(y, c->x[k], t, n);
}

enum { TILE = 256 };

static xp_mat columns_of(xp_mat x, int col, int n) {
    return x.cols == 1 ? x : xp_mat_cols(x, col, n);
}

static void forward(const xp_op_call *c) {
    float tile[TILE];
    for (int t = c->begin; t < c->end; t++)
        for (int col = 0; col < c->y.cols; col += TILE) {
            const int n = c->y.cols - col < TILE ? c->y.cols - col : TILE;
            for (int i = 0; i < n; i++) tile[i] = 1;
            for (int k = 0; k < c->op->n_inputs; k++)
                scale_row(tile, columns_of(c->x[k], col, n), t, n);
            memcpy(xp_mat_row(c->y, t) + col, tile, (size_t)n * sizeof *tile);
        }
}

/* Of one input: what it is multiplied with, times dy, added up where it is repeated. */
static void backward(const xp_op_call *c) {
    float tile[TILE];
    xp_mat part[XP_OP_MAX_INPUTS];
    xp_op_call sub = *c;
    sub.x = part;
    for (int t = 0; t < c->dy.rows; t++)
        for (int col = 0; col < c->dy.cols; col += TILE) {
            const int n = c->dy.cols - col < TILE ? c->dy.cols - col : TILE;
            for (int k = 0; k < c->op->n_inputs; k++) part[k] = columns_of(c->x[k], col, n);
            product_row(&sub, tile, t, n, c->input);
            const float *g = xp_mat_row(c->dy, t) + col;
            float *out = xp_mat_row(c->dx, c->dx.rows == 1 ? 0 : t);
            for (int i = 0; i < n; i++) out[c->dx.cols == 1 ? 0 : col + i] += g[i] * tile[i];
        }
}

const xp_op_type xp_op_multiply = {
    .min_inputs = 1,
    .max_inputs = XP_OP_MAX_INPUTS,
    .traits = XP_OP_READS_INPUT_AGAIN | XP_OP_KEEPS_BOUNDS,
    .part = XP_PART_ROWS,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
