#include "train/step.h"

#include "base/rng.h"
#include "train/batchnorm.h"
#include "train/gru.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* ==== sharing out ==== */

typedef struct job {
    xp_step *s;
    node *nd;
    xp_mats dx; /* backward: gradient of the only input; data NULL when nobody wants it */
    bool accumulate;
} job;

static void for_records(job *j, xp_range_fn fn) {
    xp_parallel_for(j->s->pool, j->s->n, fn, j);
}

static xp_mats value(const job *j, int i) {
    return j->s->tensors[i].v;
}
static xp_mats in_value(const job *j) {
    return value(j, j->nd->in[0]);
}
static xp_mats out_value(const job *j) {
    return value(j, j->nd->out);
}
static xp_mats out_gradient(const job *j) {
    return j->s->tensors[j->nd->out].g;
}

/* All records below each other; the tensor lies densely. */
static xp_mat stacked(const job *j, xp_mats a) {
    return xp_mat_make(a.m.data, a.m.rows * j->s->n, a.m.cols);
}

static float *partial_of(const job *j, int thread) {
    return j->s->partial + (size_t)thread * j->s->partial_floats;
}

static xp_window window_of(const xp_op *op) {
    return (xp_window){op->kernel, op->stride, op->pad_left};
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* ==== gradients that begin ==== */

static tensor *gradient_owner(const xp_step *s, int i) {
    return &s->tensors[s->tensors[s->tensors[i].place].grad_place];
}

static bool wanted(const xp_step *s, int i) {
    return s->tensors[s->tensors[i].place].active;
}

static void clear(xp_mat m) {
    for (int t = 0; t < m.rows; t++) memset(xp_mat_row(m, t), 0, (size_t)m.cols * sizeof(float));
}

static void clear_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) clear(xp_mats_at(j->dx, r));
}

/* The gradient of input i; *accumulate tells whether it holds a part already. */
static xp_mats open_gradient(xp_step *s, int i, bool *accumulate) {
    tensor *t = gradient_owner(s, i);
    *accumulate = t->opened;
    t->opened = true;
    return s->tensors[i].g;
}

/* ==== convolution ==== */

static int branches_of(const job *j, xp_conv_branch *b, float **dw) {
    for (int i = 0; i < j->nd->n_branches; i++) {
        const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
        b[i] =
            (xp_conv_branch){step_weights(j->s, op, "kernel"), op->kernel, op->pad_left, op->units};
        dw[i] = step_gradient(j->s, op, "kernel");
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
    const xp_mat x = in_value(j).m;
    return (xp_conv_shape){.t_in = x.rows,
                           .c_in = x.cols,
                           .t_out = op->t,
                           .c_out = op->units,
                           .k = op->kernel,
                           .stride = op->stride,
                           .pad_left = op->pad_left};
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
    if (!single) clear(y);
    for (int tap = 0; tap < s.k; tap++, w += (size_t)s.c_in * (size_t)s.c_out) {
        int t0, t1;
        tap_outputs(&s, tap, &t0, &t1);
        if (t0 < t1)
            j->s->kernels->gemm(
                t1 - t0, s.c_out, s.c_in, xp_mat_row(x, t0 * s.stride + tap - s.pad_left),
                x.stride * s.stride, w, s.c_out, xp_mat_row(y, t0), y.stride, !single);
    }
}

static xp_mats columns(xp_mats a, int col, int cols) {
    a.m.data += col, a.m.cols = cols;
    return a;
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
    const double before = j->s->profile ? now_ms() : 0;
    if (j->nd->spectral) {
        xp_conv_branch b[XP_OP_MAX_INPUTS];
        float *dw[XP_OP_MAX_INPUTS];
        const int n = branches_of(j, b, dw);
        const bool relu_only = !has_bias(j) && j->nd->act == XP_ACT_RELU;
        xp_conv_batch_forward(j->nd->spectral, out_value(j), in_value(j), j->s->n, b, n, relu_only,
                              j->s->scratch, j->s->pool);
        if (!relu_only && (has_bias(j) || j->nd->act != XP_ACT_LINEAR))
            for_records(j, spectral_extras_range);
    } else {
        for_records(j, direct_forward_range);
    }
    if (j->s->profile) j->s->conv_forward += now_ms() - before;
}

static void activation_slope_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        xp_activation_backward(xp_mats_at(out_gradient(j), r), xp_mats_at(out_value(j), r),
                               j->nd->act);
}

static void direct_input_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat dx = xp_mats_at(j->dx, r);
        if (!j->accumulate) clear(dx);
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

static void direct_weights(const job *j, const xp_op *op, int col, int begin, int end) {
    const xp_conv_shape s = shape_of(j, op);
    const xp_mats dy = columns(out_gradient(j), col, op->units);
    for (int r = 0; r < j->s->n; r++) {
        const xp_mat x = xp_mats_at(in_value(j), r), g = xp_mats_at(dy, r);
        float *dw = step_gradient(j->s, op, "kernel") + begin;
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

static void bias_gradient(const job *j) {
    for (int i = 0, col = 0; i < j->nd->n_branches; i++) {
        const xp_op *op = &j->s->graph->ops[j->nd->branch[i]];
        float *db = step_gradient(j->s, op, "bias");
        for (int r = 0; db && r < j->s->n; r++)
            xp_bias_backward(db, xp_mats_at(columns(out_gradient(j), col, op->units), r));
        col += op->units;
    }
}

static void direct_backward(job *j) {
    int tiles = 0;
    for (int i = 0; i < j->nd->n_branches; i++)
        tiles += column_tiles(&j->s->graph->ops[j->nd->branch[i]]);
    if (j->dx.m.data) for_records(j, direct_input_range);
    xp_parallel_for(j->s->pool, tiles, direct_weights_range, j);
}

static void conv_backward(job *j) {
    const double before = j->s->profile ? now_ms() : 0;
    const bool mask = j->nd->spectral && j->nd->act == XP_ACT_RELU && !has_bias(j);
    const xp_mats y = out_value(j);
    if (!mask && j->nd->act != XP_ACT_LINEAR) for_records(j, activation_slope_range);
    bias_gradient(j);
    if (j->nd->spectral) {
        xp_conv_branch b[XP_OP_MAX_INPUTS];
        float *dw[XP_OP_MAX_INPUTS];
        const int n = branches_of(j, b, dw);
        xp_conv_batch_backward(j->nd->spectral, j->dx.m.data ? &j->dx : NULL, j->accumulate, dw,
                               out_gradient(j), mask ? &y : NULL, in_value(j), j->s->n, b, n,
                               j->s->scratch, j->s->pool);
    } else {
        direct_backward(j);
    }
    if (j->s->profile) j->s->conv_backward += now_ms() - before;
}

/* ==== batch normalisation ==== */

static double *record_sums(const job *j, int r) {
    return j->s->sums + (size_t)r * (size_t)j->s->sums_row;
}

/* The records' sums in their order, then those of all processes, into the last row; its element
 * 2 c is the number of rows. The last but one keeps this process' own. */
static double *total_sums(const job *j, int c) {
    xp_step *s = j->s;
    const size_t n = 2 * (size_t)c;
    double *own = record_sums(j, s->batch), *all = record_sums(j, s->batch + 1);
    memset(own, 0, n * sizeof *own);
    for (int r = 0; r < s->n; r++)
        for (size_t i = 0; i < n; i++) own[i] += record_sums(j, r)[i];
    own[n] = (double)s->n * in_value(j).m.rows;
    memcpy(all, own, (n + 1) * sizeof *all);
    if (s->comm && s->status == XP_OK)
        s->status = s->comm->sum_doubles(s->comm->ctx, all, n + 1, &s->error);
    return all;
}

static void moments_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        memset(record_sums(j, r), 0, 2 * (size_t)in_value(j).m.cols * sizeof(double));
        xp_moments_add(j->s->kernels, record_sums(j, r), xp_mats_at(in_value(j), r));
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
            xp_norm_sums_add(j->s->kernels, record_sums(j, r), xp_mats_at(out_gradient(j), r),
                             relu_mask(j, r, &mask), xp_mats_at(in_value(j), r), j->nd->mean);
    }
}

static void norm_input_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_norm_slope slope = {j->nd->scale, j->nd->m1, j->nd->m2, j->nd->mean};
    (void)thread;
    for (int r = begin; r < end; r++) {
        xp_mat mask;
        xp_norm_backward(j->s->kernels, xp_mats_at(j->dx, r), j->accumulate,
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

static void norm_backward(job *j) {
    const xp_op *op = node_op(j->s, j->nd);
    float *dgamma = step_gradient(j->s, op, "gamma"), *dbeta = step_gradient(j->s, op, "beta");
    const int c = op->c;
    for_records(j, norm_sums_range);
    const double *all = total_sums(j, c), *own = record_sums(j, j->s->batch), rows = all[2 * c];
    for (int i = 0; i < c; i++) {
        const double inverse = 1 / sqrt(j->nd->moments[c + i] + (double)op->epsilon);
        if (dgamma) dgamma[i] += (float)(own[c + i] * inverse);
        if (dbeta) dbeta[i] += (float)own[i];
        j->nd->m1[i] = (float)(all[i] / rows);
        j->nd->m2[i] = (float)((double)j->nd->scale[i] * inverse * inverse * all[c + i] / rows);
    }
    if (!j->dx.m.data) return;
    for (int r = 0; r < j->s->n && is_vector(j); r++)
        norm_input_vector(j, all, xp_mats_at(j->dx, r).data, xp_mats_at(out_gradient(j), r).data,
                          xp_mats_at(out_value(j), r).data, xp_mats_at(in_value(j), r).data);
    if (!is_vector(j)) for_records(j, norm_input_range);
}

void xp_step_update_moving(const xp_step *s, float *weights) {
    for (int k = 0; k < s->n_nodes; k++) {
        const node *nd = &s->nodes[k];
        if (nd->kind != NODE_NORM) continue;
        const xp_op *op = node_op(s, nd);
        const double keep = (double)op->momentum;
        float *mean = weights + step_param(s, op, "moving_mean")->offset;
        float *variance = weights + step_param(s, op, "moving_variance")->offset;
        for (int i = 0; i < op->c; i++) {
            mean[i] = (float)((double)mean[i] * keep + nd->moments[i] * (1 - keep));
            variance[i] = (float)((double)variance[i] * keep + nd->moments[op->c + i] * (1 - keep));
        }
    }
}

/* ==== element-wise, record by record ==== */

static void activation_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        xp_activation_forward(xp_mats_at(out_value(j), r), xp_mats_at(in_value(j), r), j->nd->act);
}

static void hand_on(const job *j, xp_mat dx, xp_mat dy, bool accumulate) {
    if (accumulate)
        xp_copy_backward(j->s->kernels, dx, dy);
    else
        xp_copy_forward(dx, dy);
}

static void hand_on_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        hand_on(j, xp_mats_at(j->dx, r), xp_mats_at(out_gradient(j), r), j->accumulate);
}

static void activation_forward(job *j) {
    for_records(j, activation_range);
}

static void activation_backward(job *j) {
    for_records(j, activation_slope_range);
    for_records(j, hand_on_range);
}

static void add_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        xp_mat x[XP_OP_MAX_INPUTS];
        for (int i = 0; i < j->nd->n_in; i++) x[i] = xp_mats_at(value(j, j->nd->in[i]), r);
        xp_add_forward(j->s->kernels, xp_mats_at(out_value(j), r), x, j->nd->n_in,
                       j->nd->act == XP_ACT_RELU);
    }
}

static void add_forward(job *j) {
    for_records(j, add_range);
}

/* Columns of each input in the output of a concat; all of them in a sum. */
typedef struct share {
    const job *j;
    xp_mats dx, dy;
    bool accumulate;
} share;

static void share_range(void *ctx, int begin, int end, int thread) {
    const share *p = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        hand_on(p->j, xp_mats_at(p->dx, r), xp_mats_at(p->dy, r), p->accumulate);
}

static void share_gradient(job *j, bool concat) {
    const tensor *own = gradient_owner(j->s, j->nd->out);
    for (int i = 0, col = 0; i < j->nd->n_in; i++) {
        const int in = j->nd->in[i], c = j->s->graph->ops[in].c;
        share p = {.j = j, .dy = out_gradient(j)};
        if (concat) p.dy = columns(p.dy, col, c);
        col += c;
        if (!wanted(j->s, in) || gradient_owner(j->s, in) == own) continue;
        p.dx = open_gradient(j->s, in, &p.accumulate);
        xp_parallel_for(j->s->pool, j->s->n, share_range, &p);
    }
}

static void add_backward(job *j) {
    if (j->nd->act == XP_ACT_RELU && !j->nd->masked) for_records(j, activation_slope_range);
    share_gradient(j, false);
}

static void concat_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        for (int i = 0, col = 0; i < j->nd->n_in; i++) {
            const xp_mat x = xp_mats_at(value(j, j->nd->in[i]), r);
            const xp_mat y = xp_mats_at(columns(out_value(j), col, x.cols), r);
            if (x.data != y.data) xp_copy_forward(y, x);
            col += x.cols;
        }
}

static void concat_forward(job *j) {
    for_records(j, concat_range);
}

static void concat_backward(job *j) {
    share_gradient(j, true);
}

/* A generator of its own for every step, layer and record (of all processes): nothing to be saved,
 * and the same whoever computes it. */
static xp_rng dropout_rng(const job *j, int r) {
    const xp_step *s = j->s;
    const uint64_t rank = s->comm ? (uint64_t)s->comm->rank : 0;
    uint64_t key = s->seed;
    const uint64_t parts[] = {s->index, (uint64_t)j->nd->op,
                              rank * (uint64_t)s->batch + (uint64_t)r};
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

/* ==== pools ==== */

static void maxpool_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_window w = window_of(node_op(j->s, j->nd));
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat y = xp_mats_at(out_value(j), r);
        xp_maxpool_forward(y, xp_mats_at(in_value(j), r), w, 0, y.rows);
    }
}

static void maxpool_forward(job *j) {
    for_records(j, maxpool_range);
}

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

static void maxpool_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_op *op = node_op(j->s, j->nd);
    const bool pairs = op->kernel == 2 && op->stride == 2 && op->pad_left == 0;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat dx = xp_mats_at(j->dx, r), dy = xp_mats_at(out_gradient(j), r);
        const xp_mat x = xp_mats_at(in_value(j), r);
        if (pairs && !j->accumulate) {
            pair_record(j, dx, dy, x, j->nd->masks);
            continue;
        }
        if (!j->accumulate) clear(dx);
        xp_maxpool_backward(j->s->kernels, dx, dy, x, window_of(op), 0, dx.cols);
    }
}

static void maxpool_backward(job *j) {
    for_records(j, maxpool_back_range);
}

static void avgpool_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat y = xp_mats_at(out_value(j), r);
        xp_avgpool_forward(y, xp_mats_at(in_value(j), r), window_of(node_op(j->s, j->nd)), 0,
                           y.rows);
    }
}

static void avgpool_forward(job *j) {
    for_records(j, avgpool_range);
}

static void avgpool_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat dx = xp_mats_at(j->dx, r);
        xp_avgpool_backward(dx, xp_mats_at(out_gradient(j), r), window_of(node_op(j->s, j->nd)), 0,
                            dx.cols);
    }
}

/* For backward functions that only add. */
static void begin_sum(job *j) {
    if (!j->accumulate && j->dx.m.data) for_records(j, clear_range);
}

static void avgpool_backward(job *j) {
    begin_sum(j);
    for_records(j, avgpool_back_range);
}

static void global_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat y = xp_mats_at(out_value(j), r), x = xp_mats_at(in_value(j), r);
        if (j->nd->kind == NODE_GLOBAL_AVGPOOL)
            xp_global_avgpool_forward(y, x, 0, y.cols);
        else
            xp_global_maxpool_forward(y, x, 0, y.cols);
    }
}

static void global_forward(job *j) {
    for_records(j, global_range);
}

static void global_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) {
        const xp_mat dx = xp_mats_at(j->dx, r), dy = xp_mats_at(out_gradient(j), r);
        if (j->nd->kind == NODE_GLOBAL_AVGPOOL)
            xp_global_avgpool_backward(dx, dy);
        else
            xp_global_maxpool_backward(dx, dy, xp_mats_at(in_value(j), r));
    }
}

static void global_backward(job *j) {
    begin_sum(j);
    for_records(j, global_back_range);
}

/* ==== dense: the records are the rows of one matrix ==== */

static void dense_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_op *op = node_op(j->s, j->nd);
    (void)thread;
    xp_dense_forward(j->s->kernels, stacked(j, out_value(j)), stacked(j, in_value(j)),
                     step_weights(j->s, op, "kernel"), step_weights(j->s, op, "bias"), begin, end);
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
    const xp_mat x = stacked(j, in_value(j)), dy = stacked(j, out_gradient(j));
    float *dw = step_gradient(j->s, node_op(j->s, j->nd), "kernel");
    (void)thread;
    j->s->kernels->gemm_tn(end - begin, dy.cols, x.rows, x.data + begin, x.stride, dy.data,
                           dy.stride, dw + (size_t)begin * (size_t)dy.cols, dy.cols, 1);
}

static void dense_backward(job *j) {
    const xp_mat dy = stacked(j, out_gradient(j));
    float *db = step_gradient(j->s, node_op(j->s, j->nd), "bias");
    if (j->nd->act != XP_ACT_LINEAR)
        xp_activation_backward(dy, stacked(j, out_value(j)), j->nd->act);
    if (db) xp_bias_backward(db, dy);
    xp_parallel_for(j->s->pool, in_value(j).m.cols, dense_weights_range, j);
    if (j->dx.m.data) xp_parallel_for(j->s->pool, dy.rows, dense_input_range, j);
}

/* ==== layers whose threads sum gradients of their own ==== */

/* Clear the threads' parts, run, add them up in the order of the threads. */
static void with_partials(job *j, xp_range_fn fn) {
    xp_step *s = j->s;
    const xp_op *op = node_op(s, j->nd);
    memset(s->partial, 0,
           (size_t)xp_pool_threads(s->pool) * s->partial_floats * sizeof *s->partial);
    begin_sum(j);
    for_records(j, fn);
    for (int thread = 0; thread < xp_pool_threads(s->pool); thread++) {
        const float *part = partial_of(j, thread);
        for (int i = 0; i < op->n_params; i++) {
            const xp_param *p = &s->graph->params[op->params[i]];
            s->kernels->add(s->gradient + p->offset, part, p->count);
            part += p->count;
        }
    }
}

/* Where a thread sums the gradient of that weight; NULL when the layer has it not. */
static float *partial_gradient(const job *j, int thread, const char *suffix) {
    const xp_op *op = node_op(j->s, j->nd);
    const xp_param *wanted_param = step_param(j->s, op, suffix);
    float *part = partial_of(j, thread);
    for (int i = 0; i < op->n_params; i++) {
        const xp_param *p = &j->s->graph->params[op->params[i]];
        if (p == wanted_param) return part;
        part += p->count;
    }
    return NULL;
}

static void layernorm_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_op *op = node_op(j->s, j->nd);
    (void)thread;
    for (int r = begin; r < end; r++)
        xp_layernorm_forward(xp_mats_at(out_value(j), r), xp_mats_at(in_value(j), r),
                             step_weights(j->s, op, "gamma"), step_weights(j->s, op, "beta"),
                             op->epsilon);
}

static void layernorm_forward(job *j) {
    for_records(j, layernorm_range);
}

static void layernorm_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_op *op = node_op(j->s, j->nd);
    for (int r = begin; r < end; r++) {
        xp_mat dx = xp_mats_at(j->dx, r);
        xp_layernorm_backward(j->dx.m.data ? &dx : NULL, partial_gradient(j, thread, "gamma"),
                              partial_gradient(j, thread, "beta"), xp_mats_at(out_gradient(j), r),
                              xp_mats_at(in_value(j), r), step_weights(j->s, op, "gamma"),
                              op->epsilon);
    }
}

static void layernorm_backward(job *j) {
    with_partials(j, layernorm_back_range);
}

static xp_gru_part gru_part(const job *j, const xp_gru *g, int begin, int end, int thread) {
    return (xp_gru_part){.k = j->s->kernels,
                         .g = g,
                         .x = in_value(j),
                         .saved = j->nd->saved,
                         .saved_step = j->nd->saved_step,
                         .begin = begin,
                         .end = end,
                         .work = (float *)j->s->scratch +
                                 (size_t)thread * xp_gru_batch_work(g, j->s->batch)};
}

static void gru_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_gru g = step_gru(j->s, node_op(j->s, j->nd));
    xp_gru_part part = gru_part(j, &g, begin, end, thread);
    part.y = out_value(j);
    xp_gru_batch_forward(&part);
}

static void gru_forward(job *j) {
    for_records(j, gru_range);
}

static void gru_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    const xp_gru g = step_gru(j->s, node_op(j->s, j->nd));
    xp_gru_part part = gru_part(j, &g, begin, end, thread);
    part.y = out_gradient(j);
    xp_gru_batch_backward(
        &part, j->dx.m.data ? &j->dx : NULL, partial_gradient(j, thread, "kernel"),
        partial_gradient(j, thread, "recurrent_kernel"), partial_gradient(j, thread, "bias"));
}

static void gru_backward(job *j) {
    with_partials(j, gru_back_range);
}

/* ==== passes ==== */

static const struct {
    void (*forward)(job *), (*backward)(job *);
    bool shares; /* backward finds its inputs' gradients itself */
} table[NODE_KINDS] = {
    [NODE_CONV] = {conv_forward, conv_backward, false},
    [NODE_NORM] = {norm_forward, norm_backward, false},
    [NODE_ACTIVATION] = {activation_forward, activation_backward, false},
    [NODE_CONCAT] = {concat_forward, concat_backward, true},
    [NODE_ADD] = {add_forward, add_backward, true},
    [NODE_MAXPOOL] = {maxpool_forward, maxpool_backward, false},
    [NODE_AVGPOOL] = {avgpool_forward, avgpool_backward, false},
    [NODE_GLOBAL_AVGPOOL] = {global_forward, global_backward, false},
    [NODE_GLOBAL_MAXPOOL] = {global_forward, global_backward, false},
    [NODE_DENSE] = {dense_forward, dense_backward, false},
    [NODE_DROPOUT] = {dropout_forward, dropout_backward, false},
    [NODE_LAYERNORM] = {layernorm_forward, layernorm_backward, false},
    [NODE_GRU] = {gru_forward, gru_backward, false},
};

xp_status xp_step_forward(xp_step *s, const float *x, int n, uint64_t index, xp_error *err) {
    const xp_mats in = s->tensors[0].v;
    s->n = n;
    s->index = index;
    s->status = XP_OK;
    memcpy(in.m.data, x, (size_t)n * (size_t)in.m.rows * (size_t)in.m.cols * sizeof *x);
    for (int k = 0; k < s->n_nodes; k++) {
        job j = {.s = s, .nd = &s->nodes[k]};
        table[j.nd->kind].forward(&j);
    }
    if (s->status != XP_OK && err) *err = s->error;
    return s->status;
}

const float *xp_step_output(const xp_step *s) {
    return s->tensors[s->graph->n_ops - 1].v.m.data;
}

float *xp_step_output_gradient(xp_step *s) {
    return s->tensors[s->graph->n_ops - 1].g.m.data;
}

static void node_backward(xp_step *s, node *nd) {
    job j = {.s = s, .nd = nd};
    if (!gradient_owner(s, nd->out)->opened || !wanted(s, nd->out)) return;
    if (!table[nd->kind].shares) {
        const bool open = wanted(s, nd->in[0]);
        if (open) j.dx = open_gradient(s, nd->in[0], &j.accumulate);
        if (!open && node_op(s, nd)->n_params == 0) return;
    }
    table[nd->kind].backward(&j);
}

xp_status xp_step_backward(xp_step *s, xp_error *err) {
    memset(s->gradient, 0, s->graph->n_weights * sizeof *s->gradient);
    for (int i = 0; i < s->graph->n_ops; i++) s->tensors[i].opened = false;
    gradient_owner(s, s->graph->n_ops - 1)->opened = true;
    for (int k = s->n_nodes - 1; k >= 0; k--) node_backward(s, &s->nodes[k]);
    if (s->status != XP_OK && err) *err = s->error;
    return s->status;
}
