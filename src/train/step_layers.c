#include "train/step_passes.h"

#include "base/rng.h"

/* ==== dropout ==== */

/* Numbers the records of all processes by leaf and place in it: no other process' share, which in
 * a short batch may be smaller, need be known. */
static uint64_t record_number(const xp_step *s, int r) {
    const int rank = s->comm ? s->comm->rank : 0;
    int leaf = 0;
    while (r >= s->leaf_begin[leaf + 1]) leaf++;
    return (uint64_t)(rank * s->n_leaves + leaf) *
               (uint64_t)xp_sum_leaf_records(s->batch, s->n_leaves) +
           (uint64_t)(r - s->leaf_begin[leaf]);
}

/* A generator of its own for every step, layer and record (of all processes): nothing to be saved,
 * and the same whoever computes it. */
static xp_rng dropout_rng(const job *j, int r) {
    const xp_step *s = j->s;
    uint64_t key = s->seed;
    const uint64_t parts[] = {s->index, (uint64_t)j->nd->op, record_number(s, r)};
    for (int i = 0; i < 3; i++) {
        xp_rng mix = xp_rng_seed(key ^ (parts[i] + 0x9e3779b97f4a7c15u * (uint64_t)(i + 1)));
        key = xp_rng_u64(&mix);
    }
    return xp_rng_seed(key);
}

static void dropout_record(const job *j, xp_mat y, xp_mat x, int r, bool accumulate) {
    const float rate = node_op(j->s, j->nd)->rate, scale = 1 / (1 - rate);
    const uint64_t limit = (uint64_t)((double)rate * 4294967296.0);
    xp_rng rng = dropout_rng(j, r);
    for (int t = 0; t < y.rows; t++)
        for (int c = 0; c < y.cols; c++) {
            const bool keep = (xp_rng_u64(&rng) >> 32) >= limit;
            const float v = keep ? xp_mat_row(x, t)[c] * scale : 0;
            float *out = xp_mat_row(y, t) + c;
            *out = accumulate ? *out + v : v;
        }
}

static void dropout_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        dropout_record(j, xp_mats_at(out_value(j), r), xp_mats_at(in_value(j), r), r, false);
}

static void dropout_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        dropout_record(j, xp_mats_at(j->dx, r), xp_mats_at(out_gradient(j), r), r, j->accumulate);
}

static void dropout_forward(job *j) {
    for_records(j, dropout_range);
}

static void dropout_backward(job *j) {
    for_records(j, dropout_back_range);
}

const step_method step_dropout = {dropout_forward, dropout_backward};

/* ==== max-pool of pairs ==== */

/* Windows of two rows, each its own: every element of dx is written. With relu, a maximum that is
 * not positive passes nothing. */
static void pair_record(const job *j, xp_mat dx, xp_mat dy, xp_mat x, bool relu) {
    for (int t = 0; t < dx.rows; t += 2) {
        float *d0 = xp_mat_row(dx, t);
        const float *x0 = xp_mat_row(x, t);
        if (t + 1 < dx.rows) {
            j->s->kernels->train->route_pair(d0, xp_mat_row(dx, t + 1), xp_mat_row(dy, t / 2), x0,
                                             xp_mat_row(x, t + 1), dx.cols, relu);
            continue;
        }
        for (int i = 0; i < dx.cols; i++) {
            const bool open = t / 2 < dy.rows && (!relu || x0[i] > 0);
            d0[i] = open ? xp_mat_row(dy, t / 2)[i] : 0;
        }
    }
}

static void pairs_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        pair_record(j, xp_mats_at(j->dx, r), xp_mats_at(out_gradient(j), r),
                    xp_mats_at(in_value(j), r), j->nd->masks);
}

static void maxpool_backward(job *j) {
    const xp_op *op = node_op(j->s, j->nd);
    const bool pairs = op->kernel == 2 && op->stride == 2 && op->pad_left == 0;
    if (pairs && !j->accumulate)
        for_records(j, pairs_range);
    else
        step_row_backward(j);
}

const step_method step_maxpool = {NULL, maxpool_backward};

/* ==== dense: the records are the rows of one matrix ==== */

/* One record is computed as a row of many is: a process may hold no other. */
static void dense_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_op *op = node_op(j->s, j->nd);
    const xp_mat y = stacked(j, out_value(j)), x = stacked(j, in_value(j));
    const float *bias = step_weights(j->s, op, "bias");
    (void)thread;
    for (int r = 0; bias && r < y.rows; r++)
        memcpy(xp_mat_row(y, r) + begin, bias + begin, (size_t)(end - begin) * sizeof *bias);
    j->s->kernels->gemm(y.rows, end - begin, x.cols, x.data, x.stride,
                        step_weights(j->s, op, "kernel") + begin, y.cols, y.data + begin, y.stride,
                        bias != NULL);
}

static void dense_forward(job *j) {
    const xp_mat y = stacked(j, out_value(j));
    xp_parallel_for(j->s->pool, y.cols, dense_range, j);
    if (j->nd->act != XP_ACT_LINEAR) xp_activation_forward(y, y, j->nd->act);
}

static void dense_input_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_mat dx = stacked(j, j->dx), dy = stacked(j, out_gradient(j));
    (void)thread;
    j->s->kernels->gemm_nt(end - begin, dx.cols, dy.cols, xp_mat_row(dy, begin), dy.stride,
                           step_weights(j->s, node_op(j->s, j->nd), "kernel"), dy.cols,
                           xp_mat_row(dx, begin), dx.stride, j->accumulate);
}

static void dense_weights_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int leaf = 0; leaf < j->s->n_leaves; leaf++) {
        const xp_mat x = stacked_leaf(j, in_value(j), leaf);
        const xp_mat dy = stacked_leaf(j, out_gradient(j), leaf);
        float *dw = step_leaf_gradient(j, leaf, node_op(j->s, j->nd), "kernel");
        j->s->kernels->gemm_tn(end - begin, dy.cols, x.rows, x.data + begin, x.stride, dy.data,
                               dy.stride, dw + (size_t)begin * (size_t)dy.cols, dy.cols, 1);
    }
}

static void dense_backward(job *j) {
    const xp_mat dy = stacked(j, out_gradient(j));
    if (j->nd->act != XP_ACT_LINEAR)
        xp_activation_backward(dy, stacked(j, out_value(j)), j->nd->act);
    for (int leaf = 0; leaf < j->s->n_leaves; leaf++) {
        float *db = step_leaf_gradient(j, leaf, node_op(j->s, j->nd), "bias");
        if (db) xp_bias_backward(db, stacked_leaf(j, out_gradient(j), leaf));
    }
    xp_parallel_for(j->s->pool, in_value(j).m.cols, dense_weights_range, j);
    if (j->dx.m.data) xp_parallel_for(j->s->pool, dy.rows, dense_input_range, j);
}

const step_method step_dense = {dense_forward, dense_backward};

/* ==== GRU ==== */

static xp_gru_part gru_part(const job *j, const xp_gru *g, int begin, int end, int thread) {
    return (xp_gru_part){.k = j->s->kernels,
                         .g = g,
                         .x = in_value(j),
                         .saved = j->nd->saved,
                         .slopes = j->nd->saved,
                         .saved_step = j->nd->saved_step,
                         .begin = begin,
                         .end = end,
                         .work = (float *)j->s->scratch +
                                 (size_t)thread * xp_gru_work(g, j->s->batch, false)};
}

static void gru_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_gru g = step_gru(j->s, node_op(j->s, j->nd));
    xp_gru_part part = gru_part(j, &g, begin, end, thread);
    part.y = out_value(j);
    xp_gru_forward(&part);
}

static void gru_forward(job *j) {
    for_records(j, gru_range);
}

static void gru_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_gru g = step_gru(j->s, node_op(j->s, j->nd));
    xp_gru_part part = gru_part(j, &g, begin, end, thread);
    part.y = out_gradient(j);
    xp_gru_backward(&part, j->dx.m.data ? &j->dx : NULL);
}

/* Items are the slices of the weights. */
static void gru_weights_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_op *op = node_op(j->s, j->nd);
    const xp_gru g = step_gru(j->s, op);
    for (int leaf = 0; leaf < j->s->n_leaves; leaf++) {
        const int *records = j->s->leaf_begin + leaf;
        const xp_gru_part part = gru_part(j, &g, records[0], records[1], thread);
        for (int slice = begin; slice < end; slice++)
            xp_gru_weights(&part, slice, step_leaf_gradient(j, leaf, op, "kernel"),
                           step_leaf_gradient(j, leaf, op, "recurrent_kernel"),
                           step_leaf_gradient(j, leaf, op, "bias"));
    }
}

static void gru_backward(job *j) {
    const xp_gru g = step_gru(j->s, node_op(j->s, j->nd));
    step_begin_sum(j);
    for_records(j, gru_back_range);
    xp_parallel_for(j->s->pool, xp_gru_slices(&g), gru_weights_range, j);
}

const step_method step_gru_layers = {gru_forward, gru_backward};
