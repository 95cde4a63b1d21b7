#include "base/clock.h"
#include "train/step_passes.h"

/* dw: of the first leaf. */
static int branches_of(const job *j, xp_conv_branch *b, float **dw) {
    for (int i = 0; i < j->nd->n_branches; i++) {
        const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
        b[i] =
            (xp_conv_branch){step_weights(j->s, op, "kernel"), op->kernel, op->pad_left, op->units};
        dw[i] = step_leaf_gradient(j, 0, op, "kernel");
    }
    return j->nd->n_branches;
}

static bool has_bias(const job *j) {
    for (int i = 0; i < j->nd->n_branches; i++)
        if (j->s->graph->ops[j->nd->branch[i]].use_bias) return true;
    return false;
}

static void add_bias_and_activation(const job *j, int i, xp_mat y) {
    const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
    const float *bias = step_weights(j->s, op, "bias");
    for (int t = 0; bias && t < y.rows; t++)
        j->s->kernels->add(xp_mat_row(y, t), bias, (size_t)y.cols);
    if (op->activation != XP_ACT_LINEAR) xp_activation_forward(y, y, op->activation);
}

static xp_conv_shape shape_of(const job *j, const xp_op *op) {
    return xp_op_conv_shape(op, &j->s->graph->ops[j->nd->in[0]]);
}

/* Outputs [t0, t1) whose tap reads inside the input. */
static void tap_outputs(const xp_conv_shape *s, int tap, int *t0, int *t1) {
    const int off = tap - s->pad_left, left = s->t_in - off;
    *t0 = off >= 0 ? 0 : (-off + s->stride - 1) / s->stride;
    *t1 = left <= 0 ? 0 : (left + s->stride - 1) / s->stride;
    if (*t1 > s->t_out) *t1 = s->t_out;
    if (*t0 > *t1) *t0 = *t1;
}

/* One record, one branch, tap by tap. */
static void direct_forward(const job *j, const xp_op *op, xp_mat y, xp_mat x) {
    const xp_conv_shape s = shape_of(j, op);
    const float *w = step_weights(j->s, op, "kernel");
    const bool single = s.k == 1;
    if (!single) clear_mat(y);
    for (int tap = 0; tap < s.k; tap++, w += (size_t)s.c_in * (size_t)s.c_out) {
        int t0, t1;
        tap_outputs(&s, tap, &t0, &t1);
        if (t0 < t1)
            j->s->kernels->gemm(
                t1 - t0, s.c_out, s.c_in, xp_mat_row(x, t0 * s.stride + tap - s.pad_left),
                x.stride * s.stride, w, s.c_out, xp_mat_row(y, t0), y.stride, !single);
    }
}

static void direct_forward_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        for (int i = 0, col = 0; i < j->nd->n_branches; i++) {
            const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
            const xp_mat y = xp_mats_at(columns(out_value(j), col, op->units), r);
            direct_forward(j, op, y, xp_mats_at(in_value(j), r));
            add_bias_and_activation(j, i, y);
            col += op->units;
        }
}

static void spectral_extras_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        for (int i = 0, col = 0; i < j->nd->n_branches; i++) {
            const int units = j->s->graph->ops[j->nd->branch[i]].units;
            add_bias_and_activation(j, i, xp_mats_at(columns(out_value(j), col, units), r));
            col += units;
        }
}

static void conv_forward(job *j) {
    const double before = j->s->profile ? xp_seconds_now() : 0;
    if (j->nd->spectral) {
        xp_conv_branch b[XP_OP_MAX_INPUTS];
        float *dw[XP_OP_MAX_INPUTS];
        const int n = branches_of(j, b, dw);
        const bool relu_only = !has_bias(j) && j->nd->act == XP_ACT_RELU;
        xp_conv_batch_forward(j->nd->spectral, out_value(j), in_value(j), j->s->leaf_begin, b, n,
                              relu_only, j->s->scratch, j->s->pool);
        if (!relu_only && (has_bias(j) || j->nd->act != XP_ACT_LINEAR))
            for_records(j, spectral_extras_range);
    } else {
        for_records(j, direct_forward_range);
    }
    if (j->s->profile) j->s->conv_forward += 1e3 * (xp_seconds_now() - before);
}

static void direct_input_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat dx = xp_mats_at(j->dx, r);
        if (!j->accumulate) clear_mat(dx);
        for (int i = 0, col = 0; i < j->nd->n_branches; i++) {
            const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
            const xp_conv_shape s = shape_of(j, op);
            xp_conv1d_backward_input(j->s->kernels, dx,
                                     xp_mats_at(columns(out_gradient(j), col, op->units), r),
                                     step_weights(j->s, op, "kernel"), &s, 0, dx.rows);
            col += op->units;
        }
    }
}

enum { COLUMNS = 32 }; /* of a weight gradient, computed by one thread for all records */

static void direct_weights_leaf(const job *j, const xp_op *op, int col, int leaf, int begin,
                                int end) {
    const xp_conv_shape s = shape_of(j, op);
    const xp_mats dy = columns(out_gradient(j), col, op->units);
    for (int r = j->s->leaf_begin[leaf]; r < j->s->leaf_begin[leaf + 1]; r++) {
        const xp_mat x = xp_mats_at(in_value(j), r), g = xp_mats_at(dy, r);
        float *dw = step_leaf_gradient(j, leaf, op, "kernel") + begin;
        for (int tap = 0; tap < s.k; tap++, dw += (size_t)s.c_in * (size_t)s.c_out) {
            int t0, t1;
            tap_outputs(&s, tap, &t0, &t1);
            if (t0 < t1)
                j->s->kernels->gemm_tn(
                    s.c_in, end - begin, t1 - t0, xp_mat_row(x, t0 * s.stride + tap - s.pad_left),
                    x.stride * s.stride, xp_mat_row(g, t0) + begin, g.stride, dw, s.c_out, 1);
        }
    }
}

static void direct_weights(const job *j, const xp_op *op, int col, int begin, int end) {
    for (int leaf = 0; leaf < j->s->n_leaves; leaf++)
        direct_weights_leaf(j, op, col, leaf, begin, end);
}

static int column_tiles(const xp_op *op) {
    return (op->units + COLUMNS - 1) / COLUMNS;
}

static void direct_weights_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int i = 0, col = 0, first = 0; i < j->nd->n_branches; i++) {
        const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
        for (int tile = 0; tile < column_tiles(op); tile++, first++) {
            const int from = tile * COLUMNS, to = from + COLUMNS;
            if (first >= begin && first < end)
                direct_weights(j, op, col, from, to < op->units ? to : op->units);
        }
        col += op->units;
    }
}

static void bias_gradient_leaf(const job *j, int leaf) {
    for (int i = 0, col = 0; i < j->nd->n_branches; i++) {
        const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
        float *db = step_leaf_gradient(j, leaf, op, "bias");
        for (int r = j->s->leaf_begin[leaf]; db && r < j->s->leaf_begin[leaf + 1]; r++)
            xp_bias_backward(db, xp_mats_at(columns(out_gradient(j), col, op->units), r));
        col += op->units;
    }
}

static void bias_gradient(const job *j) {
    for (int leaf = 0; leaf < j->s->n_leaves; leaf++) bias_gradient_leaf(j, leaf);
}

static void direct_backward(job *j) {
    int tiles = 0;
    for (int i = 0; i < j->nd->n_branches; i++)
        tiles += column_tiles(&j->s->graph->ops[j->nd->branch[i]]);
    if (j->dx.m.data) for_records(j, direct_input_range);
    xp_parallel_for(j->s->pool, tiles, direct_weights_range, j);
}

static void conv_backward(job *j) {
    const double before = j->s->profile ? xp_seconds_now() : 0;
    const bool mask = j->nd->spectral && j->nd->act == XP_ACT_RELU && !has_bias(j);
    const xp_mats y = out_value(j);
    if (!mask && j->nd->act != XP_ACT_LINEAR) step_activation_slope(j);
    bias_gradient(j);
    if (j->nd->spectral) {
        xp_conv_branch b[XP_OP_MAX_INPUTS];
        float *dw[XP_OP_MAX_INPUTS];
        const int n = branches_of(j, b, dw);
        xp_conv_batch_backward(j->nd->spectral, j->dx.m.data ? &j->dx : NULL, j->accumulate, dw,
                               j->nd->leaf_floats, out_gradient(j), mask ? &y : NULL, in_value(j),
                               j->s->leaf_begin, b, n, j->s->scratch, j->s->pool);
    } else {
        direct_backward(j);
    }
    if (j->s->profile) j->s->conv_backward += 1e3 * (xp_seconds_now() - before);
}

const step_method step_conv = {conv_forward, conv_backward};
