/* The direct convolution: with channels last and rows dense, the k rows that an output reads are
 * one contiguous window, so the convolution is a matrix product with overlapping rows: no im2col.
 */
#include "kernels/conv_plan.h"

enum { CHUNK_ROWS = 48 }; /* rows whose outputs stay in the cache until the epilogue */

static size_t tile_floats(const xp_conv_shape *s, const conv_group *g, int tile_cols) {
    return (size_t)g->k * (size_t)s->c_in * (size_t)tile_cols;
}

void conv_direct_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels) {
    const int cols = kernels->conv->tile_cols;
    const int tiles = (g->cols + cols - 1) / cols;
    g->method = CONV_DIRECT;
    g->weight_floats = tile_floats(s, g, cols) * (size_t)tiles;
    g->scratch_floats = 0;
    g->cost = (double)s->t_out * g->k * s->c_in * tiles * cols / kernels->width;
}

void conv_direct_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w) {
    const int cols = conv->kernels->conv->tile_cols;
    float *out = g->weights;
    for (int o = 0; o < g->cols; o += cols) {
        const int n = g->cols - o < cols ? g->cols - o : cols;
        for (int j = 0; j < g->k; j++)
            for (int c = 0; c < conv->shape.c_in; c++, out += cols) {
                conv_weights_row(out, w, g, j, c, g->col + o, n);
                for (int i = n; i < cols; i++) out[i] = 0;
            }
    }
}

typedef struct direct_job {
    const xp_conv *conv;
    const conv_group *g;
    xp_mat y, x;
    const xp_conv_epilogue *ep; /* pointers moved to the group's columns; NULL for none */
} direct_job;

static int clamp(long long v, int lo, int hi) {
    return v < lo ? lo : v > hi ? hi : (int)v;
}

/* Outputs [t0, t1), all of which read exactly the taps [j0, j1) inside the input. */
static void window_rows(const direct_job *d, int t0, int t1, int j0, int j1) {
    const xp_conv_shape *s = &d->conv->shape;
    const xp_conv_kernels *kernels = d->conv->kernels->conv;
    const size_t tile = tile_floats(s, d->g, kernels->tile_cols);
    const bool dense = d->x.stride == s->c_in;
    const int taps = dense ? j1 - j0 : 1; /* taps in one product */
    float *y = xp_mat_row(d->y, t0) + d->g->col;
    if (j0 >= j1) { /* k = 0 terms: zero */
        kernels->gemm_packed(t1 - t0, d->g->cols, 0, d->x.data, 0, d->g->weights, tile, y,
                             d->y.stride, 0);
        return;
    }
    for (int j = j0; j < j1; j += taps) {
        const int row = (int)((long long)t0 * s->stride + j - d->g->pad_left);
        const float *w = d->g->weights + (size_t)j * (size_t)s->c_in * (size_t)kernels->tile_cols;
        kernels->gemm_packed(t1 - t0, d->g->cols, taps * s->c_in, xp_mat_row(d->x, row),
                             s->stride * d->x.stride, w, tile, y, d->y.stride, j > j0);
    }
}

/* The taps that output t reads inside the input. */
static void tap_range(const direct_job *d, int t, int *j0, int *j1) {
    const xp_conv_shape *s = &d->conv->shape;
    const long long first = (long long)t * s->stride - d->g->pad_left;
    *j0 = clamp(-first, 0, d->g->k);
    *j1 = clamp(s->t_in - first, *j0, d->g->k);
}

static void output_rows(const direct_job *d, int t0, int t1) {
    int t = t0;
    while (t < t1) {
        int j0, j1, next0, next1, end = t + 1;
        tap_range(d, t, &j0, &j1);
        for (; end < t1; end++) {
            tap_range(d, end, &next0, &next1);
            if (next0 != j0 || next1 != j1) break;
        }
        window_rows(d, t, end, j0, j1);
        t = end;
    }
    if (d->ep)
        d->conv->kernels->conv->epilogue(xp_mat_row(d->y, t0) + d->g->col, d->y.stride, t1 - t0,
                                         d->g->cols, d->ep);
}

static void direct_range(void *ctx, int begin, int end, int thread) {
    const direct_job *d = ctx;
    (void)thread;
    for (int i = begin; i < end; i++) {
        const int t0 = i * CHUNK_ROWS, t1 = t0 + CHUNK_ROWS;
        output_rows(d, t0, t1 < d->conv->shape.t_out ? t1 : d->conv->shape.t_out);
    }
}

void conv_direct_forward(const xp_conv *conv, const conv_group *g, xp_mat y, xp_mat x,
                         const xp_conv_epilogue *ep, xp_pool *pool) {
    direct_job d = {conv, g, y, x, ep};
    xp_parallel_for(pool, (conv->shape.t_out + CHUNK_ROWS - 1) / CHUNK_ROWS, direct_range, &d);
}
