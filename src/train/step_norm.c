/* Batch normalisation with the statistics of the batch (Ioffe and Szegedy 2015): sums over the rows
 * of one record, added up over records and processes. Sums are in double precision, of parts of 16
 * rows in float. (With known statistics: nn/ops/batchnorm.c.) */
#include "train/step_passes.h"

#include <math.h>

/* ==== sums over the rows of a record ==== */

/* Sums over ROWS rows of TILE columns are made in float (they stay in the first-level cache), sums
 * of those in double. */
enum { ROWS = 16, TILE = 64 };

static xp_norm_rows rows_from(xp_mat dy, const xp_mat *mask, xp_mat x, const float *mean, int row,
                              int col) {
    return (xp_norm_rows){.dy = xp_mat_row(dy, row) + col,
                          .mask = mask ? xp_mat_row(*mask, row) + col : NULL,
                          .x = xp_mat_row(x, row) + col,
                          .mean = mean,
                          .dy_row = dy.stride,
                          .mask_row = mask ? mask->stride : 0,
                          .x_row = x.stride,
                          .rows = x.rows - row < ROWS ? x.rows - row : ROWS};
}

/* Adds to sum (c) and dots (c). */
static void add_tile(const xp_kernels *k, double *sum, double *dots, const xp_norm_rows *rows,
                     int cols) {
    float s[TILE], q[TILE];
    k->train->norm_sums(s, q, rows, cols);
    for (int c = 0; c < cols; c++) {
        sum[c] += (double)s[c];
        dots[c] += (double)q[c];
    }
}

static int tile_cols(xp_mat x, int col) {
    return x.cols - col < TILE ? x.cols - col : TILE;
}

/* Few rows in all: rounding would not average out, and time does not matter. */
enum { FEW_ROWS = 256 };

static void exact_moments(double *sum, xp_mat x) {
    for (int t = 0; t < x.rows; t++)
        for (int c = 0; c < x.cols; c++) {
            const double v = (double)xp_mat_row(x, t)[c];
            sum[c] += v;
            sum[x.cols + c] += v * v;
        }
}

/* sum[0..c) += sums of the columns of x, sum[c..2c) += sums of their squares. */
static void add_moments(const xp_kernels *k, double *sum, xp_mat x) {
    static const float zero[TILE]; /* the mean that is subtracted: squares remain */
    if (x.rows < FEW_ROWS) {
        exact_moments(sum, x);
        return;
    }
    for (int row = 0; row < x.rows; row += ROWS)
        for (int col = 0; col < x.cols; col += TILE) {
            const xp_norm_rows rows = rows_from(x, NULL, x, zero, row, col);
            add_tile(k, sum + col, sum + x.cols + col, &rows, tile_cols(x, col));
        }
}

/* With g = dy, where mask (may be NULL) is > 0, else 0: sum[0..c) += sums of the columns of g,
 * sum[c..2c) += those of g * (x - mean). */
static void add_gradient_sums(const xp_kernels *k, double *sum, xp_mat dy, const xp_mat *mask,
                              xp_mat x, const float *mean) {
    for (int row = 0; row < x.rows; row += ROWS)
        for (int col = 0; col < x.cols; col += TILE) {
            const xp_norm_rows rows = rows_from(dy, mask, x, mean + col, row, col);
            add_tile(k, sum + col, sum + x.cols + col, &rows, tile_cols(x, col));
        }
}

/* The gradient of x by xp_norm_slope's formula; added to dx when accumulate. */
static void input_gradient(const xp_kernels *k, xp_mat dx, int accumulate, xp_mat dy,
                           const xp_mat *mask, xp_mat x, const xp_norm_slope *slope) {
    for (int r = 0; r < x.rows; r++)
        k->train->norm_back(xp_mat_row(dx, r), xp_mat_row(dy, r),
                            mask ? xp_mat_row(*mask, r) : NULL, xp_mat_row(x, r), slope, x.cols,
                            accumulate);
}

/* ==== the passes ==== */

static double *record_sums(const job *j, int r) {
    return j->s->sums + (size_t)r * (size_t)j->s->sums_row;
}

/* A leaf's sums lie behind the records'. */
static void sum_leaf(const job *j, int leaf, int c) {
    const size_t n = 2 * (size_t)c;
    double *sum = record_sums(j, j->s->batch + leaf);
    memset(sum, 0, n * sizeof *sum);
    for (int r = j->s->leaf_begin[leaf]; r < j->s->leaf_begin[leaf + 1]; r++)
        for (size_t i = 0; i < n; i++) sum[i] += record_sums(j, r)[i];
}

/* The sums of the records of all processes; element 2 c is the number of their rows. */
static double *total_sums(const job *j, int c) {
    xp_step *s = j->s;
    const size_t n = 2 * (size_t)c;
    for (int leaf = 0; leaf < s->n_leaves; leaf++) sum_leaf(j, leaf, c);
    double *all = record_sums(j, s->batch);
    xp_sum_tree_doubles(all, s->n_leaves, (size_t)s->sums_row, n);
    all[n] = (double)s->n * in_value(j).m.rows;
    if (s->comm && s->status == XP_OK)
        s->status = s->comm->sum_doubles(s->comm->ctx, all, n + 1, &s->error);
    return all;
}

static void moments_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        memset(record_sums(j, r), 0, 2 * (size_t)in_value(j).m.cols * sizeof(double));
        add_moments(j->s->kernels, record_sums(j, r), xp_mats_at(in_value(j), r));
    }
}

/* Vectors instead of sequences: a batch of few rows, whose values may lie so close together that
 * float loses their differences. */
static bool is_vector(const job *j) {
    return in_value(j).m.rows == 1;
}

static void norm_apply_vector(const job *j, float *y, const float *x) {
    const xp_op *op = node_op(j->s, j->nd);
    const float *gamma = step_weights(j->s, op, "gamma"), *beta = step_weights(j->s, op, "beta");
    const double *mean = j->nd->moments, *variance = mean + op->c;
    for (int i = 0; i < op->c; i++) {
        double v = ((double)x[i] - mean[i]) / sqrt(variance[i] + (double)op->epsilon);
        if (gamma) v *= (double)gamma[i];
        if (beta) v += (double)beta[i];
        y[i] = j->nd->act == XP_ACT_RELU && v < 0 ? 0 : (float)v;
    }
}

static void norm_sums_vector(const job *j, double *sum, const float *dy, const float *y,
                             const float *x) {
    const int c = in_value(j).m.cols;
    for (int i = 0; i < c; i++) {
        const double g = j->nd->act == XP_ACT_RELU && !(y[i] > 0) ? 0 : (double)dy[i];
        sum[i] += g;
        sum[c + i] += g * ((double)x[i] - j->nd->moments[i]);
    }
}

static void norm_apply_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end && is_vector(j); r++)
        norm_apply_vector(j, xp_mats_at(out_value(j), r).data, xp_mats_at(in_value(j), r).data);
    for (int r = begin; r < end && !is_vector(j); r++)
        xp_batchnorm_forward(j->s->kernels, xp_mats_at(out_value(j), r), xp_mats_at(in_value(j), r),
                             j->nd->scale, j->nd->shift, j->nd->act == XP_ACT_RELU);
}

static void norm_forward(job *j) {
    const xp_op *op = node_op(j->s, j->nd);
    const float *gamma = step_weights(j->s, op, "gamma"), *beta = step_weights(j->s, op, "beta");
    const int c = op->c;
    for_records(j, moments_range);
    const double *sums = total_sums(j, c), rows = sums[2 * c];
    for (int i = 0; i < c; i++) {
        const double mean = sums[i] / rows, square = sums[c + i] / rows - mean * mean;
        const double variance = square > 0 ? square : 0;
        const double scale = (gamma ? (double)gamma[i] : 1) / sqrt(variance + (double)op->epsilon);
        j->nd->moments[i] = mean;
        j->nd->moments[c + i] = variance;
        j->nd->mean[i] = (float)mean;
        j->nd->scale[i] = (float)scale;
        j->nd->shift[i] = (float)((beta ? (double)beta[i] : 0) - mean * scale);
    }
    for_records(j, norm_apply_range);
}

static const xp_mat *relu_mask(const job *j, int r, xp_mat *store) {
    if (j->nd->act != XP_ACT_RELU) return NULL;
    *store = xp_mats_at(out_value(j), r);
    return store;
}

static void norm_sums_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        xp_mat mask;
        memset(record_sums(j, r), 0, 2 * (size_t)in_value(j).m.cols * sizeof(double));
        if (is_vector(j))
            norm_sums_vector(j, record_sums(j, r), xp_mats_at(out_gradient(j), r).data,
                             xp_mats_at(out_value(j), r).data, xp_mats_at(in_value(j), r).data);
        else
            add_gradient_sums(j->s->kernels, record_sums(j, r), xp_mats_at(out_gradient(j), r),
                              relu_mask(j, r, &mask), xp_mats_at(in_value(j), r), j->nd->mean);
    }
}

static void norm_input_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_norm_slope slope = {j->nd->scale, j->nd->m1, j->nd->m2, j->nd->mean};
    (void)thread;
    for (int r = begin; r < end; r++) {
        xp_mat mask;
        input_gradient(j->s->kernels, xp_mats_at(j->dx, r), j->accumulate,
                       xp_mats_at(out_gradient(j), r), relu_mask(j, r, &mask),
                       xp_mats_at(in_value(j), r), &slope);
    }
}

/* What goes through a unit that is active in one record only is nothing: only double precision sees
 * that, and Adam would make a full step of the noise. */
static void norm_input_vector(const job *j, const double *all, float *dx, const float *dy,
                              const float *y, const float *x) {
    const xp_op *op = node_op(j->s, j->nd);
    const float *gamma = step_weights(j->s, op, "gamma");
    const int c = op->c;
    const double rows = all[2 * c];
    for (int i = 0; i < c; i++) {
        const double g = j->nd->act == XP_ACT_RELU && !(y[i] > 0) ? 0 : (double)dy[i];
        const double inverse = 1 / sqrt(j->nd->moments[c + i] + (double)op->epsilon);
        const double along = ((double)x[i] - j->nd->moments[i]) * inverse * inverse;
        double d = inverse * (g - all[i] / rows - along * all[c + i] / rows);
        if (gamma) d *= (double)gamma[i];
        dx[i] = j->accumulate ? dx[i] + (float)d : (float)d;
    }
}

/* The sums are those of all processes: the first one brings them into the gradient. */
static void norm_backward(job *j) {
    const xp_op *op = node_op(j->s, j->nd);
    const bool first = !j->s->comm || j->s->comm->rank == 0;
    float *dgamma = first ? step_gradient(j->s, op, "gamma") : NULL;
    float *dbeta = first ? step_gradient(j->s, op, "beta") : NULL;
    const int c = op->c;
    for_records(j, norm_sums_range);
    const double *all = total_sums(j, c), rows = all[2 * c];
    for (int i = 0; i < c; i++) {
        const double inverse = 1 / sqrt(j->nd->moments[c + i] + (double)op->epsilon);
        if (dgamma) dgamma[i] = (float)(all[c + i] * inverse);
        if (dbeta) dbeta[i] = (float)all[i];
        j->nd->m1[i] = (float)(all[i] / rows);
        j->nd->m2[i] = (float)((double)j->nd->scale[i] * inverse * inverse * all[c + i] / rows);
    }
    if (!j->dx.m.data) return;
    for (int r = 0; r < j->s->n && is_vector(j); r++)
        norm_input_vector(j, all, xp_mats_at(j->dx, r).data, xp_mats_at(out_gradient(j), r).data,
                          xp_mats_at(out_value(j), r).data, xp_mats_at(in_value(j), r).data);
    if (!is_vector(j)) for_records(j, norm_input_range);
}

void xp_step_update_moving(const xp_step *s, float *weights, double most) {
    for (int k = 0; k < s->n_nodes; k++) {
        const node *nd = &s->nodes[k];
        if (nd->type != &xp_op_batchnorm) continue;
        const xp_op *op = node_op(s, nd);
        const double keep = fmin((double)op->momentum, most);
        float *mean = weights + step_param(s, op, "moving_mean")->offset;
        float *variance = weights + step_param(s, op, "moving_variance")->offset;
        for (int i = 0; i < op->c; i++) {
            mean[i] = (float)((double)mean[i] * keep + nd->moments[i] * (1 - keep));
            variance[i] = (float)((double)variance[i] * keep + nd->moments[op->c + i] * (1 - keep));
        }
    }
}

const step_method step_norm = {norm_forward, norm_backward};
