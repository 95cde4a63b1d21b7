/* Convolution with two taps: three outputs from four products instead of six (Toom-Cook at the
 * points 0, 1, -1 and infinity, in Winograd's form F(3,2); Lavin and Gray, "Fast algorithms for
 * convolutional neural networks", 2016). With d the four input rows of a block and g the two taps:
 *
 *   m1 = (d0 - d2) g0            m2 = (d1 + d2) (g0 + g1) / 2
 *   m4 = (d1 - d3) g1            m3 = (d2 - d1) (g0 - g1) / 2
 *   y0 = m1 + m2 + m3            y1 = m2 - m3            y2 = m2 + m3 - m4
 *
 * Each m is a matrix product over the channels. */
#include "kernels/conv_plan.h"

#include <string.h>

enum { CHUNK_BLOCKS = 24, PLANES = 4, OUTPUTS = 3, TAPS = 2 };

static size_t padded_cols(const conv_group *g, const xp_kernels *kernels) {
    const size_t tile = (size_t)kernels->conv->tile_cols;
    return ((size_t)g->cols + tile - 1) / tile * tile;
}

/* A thread's memory: input rows of a chunk at the edges, planes of terms, planes of products. */
typedef struct chunk_layout {
    size_t rows, terms, products, total;
} chunk_layout;

static chunk_layout lay_out(const conv_group *g, int c_in, const xp_kernels *kernels) {
    chunk_layout l;
    l.rows = (size_t)(CHUNK_BLOCKS * OUTPUTS + 1) * (size_t)c_in;
    l.terms = (size_t)CHUNK_BLOCKS * (size_t)c_in;
    l.products = CHUNK_BLOCKS * padded_cols(g, kernels);
    l.total = (l.rows + PLANES * (l.terms + l.products) + 15) / 16 * 16;
    return l;
}

bool conv_short_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels,
                     int threads) {
    if (g->k != TAPS || s->stride != 1) return false;
    const size_t cols = padded_cols(g, kernels);
    const double blocks = (s->t_out + OUTPUTS - 1) / OUTPUTS;
    const double transforms = blocks * (12.0 * s->c_in + 16.0 * g->cols);
    g->method = CONV_SHORT;
    g->weight_floats = PLANES * (size_t)s->c_in * cols;
    g->scratch_floats = (size_t)threads * lay_out(g, s->c_in, kernels).total;
    g->cost = (PLANES * blocks * s->c_in * (double)cols + transforms) / kernels->width;
    return true;
}

static void pack_rows(const xp_conv *conv, const conv_group *g, const conv_weights *w, int col,
                      int c, float *out, size_t plane) {
    const int tile = conv->kernels->conv->tile_cols;
    const int n = g->cols - col < tile ? g->cols - col : tile;
    memset(out + plane, 0, (size_t)tile * sizeof *out);
    memset(out + 2 * plane, 0, (size_t)tile * sizeof *out);
    memset(out, 0, (size_t)tile * sizeof *out);
    memset(out + 3 * plane, 0, (size_t)tile * sizeof *out);
    conv_weights_row(out, w, g, 0, c, g->col + col, n);
    conv_weights_row(out + 3 * plane, w, g, 1, c, g->col + col, n);
    for (int i = 0; i < n; i++) {
        const float g0 = out[i], g1 = out[3 * plane + (size_t)i];
        out[plane + (size_t)i] = 0.5F * (g0 + g1);
        out[2 * plane + (size_t)i] = 0.5F * (g0 - g1);
    }
}

void conv_short_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w) {
    const int tile = conv->kernels->conv->tile_cols;
    float *out = g->weights;
    for (int col = 0; col < g->cols; col += tile)
        for (int c = 0; c < conv->shape.c_in; c++, out += tile)
            pack_rows(conv, g, w, col, c, out, g->weight_floats / PLANES);
}

typedef struct short_job {
    const xp_conv *conv;
    const conv_group *g;
    xp_mat y, x;
    const xp_conv_epilogue *ep;
    float *scratch;
} short_job;

/* Rows [row, row + rows) of x where they lie, or copied with zeros outside. */
static const float *chunk_input(xp_mat x, long long row, int rows, float *copy, ptrdiff_t *stride) {
    *stride = x.stride;
    if (row >= 0 && row + rows <= x.rows) return xp_mat_row(x, (int)row);
    const size_t c = (size_t)x.cols;
    *stride = x.cols;
    for (int i = 0; i < rows; i++, row++)
        if (row >= 0 && row < x.rows)
            memcpy(copy + (size_t)i * c, xp_mat_row(x, (int)row), c * sizeof *copy);
        else
            memset(copy + (size_t)i * c, 0, c * sizeof *copy);
    return copy;
}

static void short_chunk(const short_job *d, int first, int blocks, float *work) {
    const xp_kernels *kernels = d->conv->kernels;
    const conv_group *g = d->g;
    const int c_in = d->conv->shape.c_in, row = first * OUTPUTS;
    const chunk_layout l = lay_out(g, c_in, kernels);
    const size_t cols = padded_cols(g, kernels), weights = g->weight_floats / PLANES;
    const int rows = d->y.rows - row < blocks * OUTPUTS ? d->y.rows - row : blocks * OUTPUTS;
    float *terms = work + l.rows, *products = terms + PLANES * l.terms;
    ptrdiff_t stride;
    const float *x =
        chunk_input(d->x, (long long)row - g->pad_left, blocks * OUTPUTS + 1, work, &stride);
    kernels->conv->to_short(x, stride, blocks, c_in, terms, l.terms);
    for (size_t p = 0; p < PLANES; p++)
        kernels->conv->gemm_packed(blocks, (int)cols, c_in, terms + p * l.terms, c_in,
                                   g->weights + p * weights,
                                   (size_t)c_in * (size_t)kernels->conv->tile_cols,
                                   products + p * l.products, (ptrdiff_t)cols, 0);
    kernels->conv->from_short(products, l.products, cols, rows, xp_mat_row(d->y, row) + g->col,
                              d->y.stride, g->cols, d->ep);
}

static void short_range(void *ctx, int begin, int end, int thread) {
    const short_job *d = ctx;
    const int blocks = (d->y.rows + OUTPUTS - 1) / OUTPUTS;
    float *work =
        d->scratch + (size_t)thread * lay_out(d->g, d->conv->shape.c_in, d->conv->kernels).total;
    for (int i = begin; i < end; i++) {
        const int first = i * CHUNK_BLOCKS, left = blocks - first;
        short_chunk(d, first, left < CHUNK_BLOCKS ? left : CHUNK_BLOCKS, work);
    }
}

void conv_short_forward(const xp_conv *conv, const conv_group *g, xp_mat y, xp_mat x,
                        const xp_conv_epilogue *ep, float *scratch, xp_pool *pool) {
    const xp_conv_epilogue none = {.relu_first = false};
    short_job d = {conv, g, y, x, ep ? ep : &none, scratch};
    const int per_chunk = CHUNK_BLOCKS * OUTPUTS;
    xp_parallel_for(pool, (y.rows + per_chunk - 1) / per_chunk, short_range, &d);
}
