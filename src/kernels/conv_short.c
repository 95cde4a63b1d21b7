/* Convolution with two or three taps: seven or six outputs from eight products instead of fourteen
 * or eighteen (Toom-Cook in Winograd's form, F(7,2) and F(6,3); Lavin and Gray, "Fast algorithms
 * for convolutional neural networks", 2016). The points are x = 0, 1, -1, 2, -2, 1/2, -1/2 and
 * infinity. With d the eight input rows of a block and g the k taps, row i of the output is
 *
 *   y_i = sum_p x_p^i m_p (+ m_7 for the last row)     m_p = (B d)_p (G g)_p
 *
 *   (G g)_p = sum_j x_p^j g_j / M'(x_p)                M(x) = x (x^2 - 1) (x^2 - 4) (x^2 - 1/4)
 *   (B d)_p = sum_i b_i d_i, b the coefficients of M(x) / (x - x_p)
 *
 * and at infinity the last tap times M's own coefficients. Each m is a matrix product over the
 * channels. Rounding errors are some ten times those of a sum, 1e-6 of the largest output. */
#include "kernels/conv_plan.h"

#include <assert.h>
#include <string.h>

enum { CHUNK_BLOCKS = 24, PLANES = 8 };

/* Rows of outputs of a block. */
static int outputs(const conv_group *g) {
    return PLANES + 1 - g->k;
}

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
    l.rows = (size_t)(CHUNK_BLOCKS * outputs(g) + g->k - 1) * (size_t)c_in;
    l.terms = (size_t)CHUNK_BLOCKS * (size_t)c_in;
    l.products = CHUNK_BLOCKS * padded_cols(g, kernels);
    l.total = (l.rows + PLANES * (l.terms + l.products) + 15) / 16 * 16;
    return l;
}

bool conv_short_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels,
                     int threads) {
    if (g->k < 2 || g->k > 3 || s->stride != 1) return false;
    const size_t cols = padded_cols(g, kernels);
    const double blocks = (s->t_out + outputs(g) - 1) / outputs(g);
    const double transforms = blocks * (40.0 * s->c_in + 40.0 * g->cols);
    g->method = CONV_SHORT;
    g->weight_floats = PLANES * (size_t)s->c_in * cols;
    g->scratch_floats = (size_t)threads * lay_out(g, s->c_in, kernels).total;
    g->cost = (PLANES * blocks * s->c_in * (double)cols + transforms) / kernels->width;
    return true;
}

/* (G g)_p for a tile of columns of one input channel; taps (k, tile). */
static void pack_point(const conv_group *g, const float *taps, int tile, int p, float *out) {
    static const float x[PLANES - 1] = {0, 1, -1, 2, -2, 0.5F, -0.5F};
    /* 1 / M'(x); the sign at 0 is B's. */
    static const float scale[PLANES - 1] = {1,         -2 / 9.0F,  -2 / 9.0F, 1 / 90.0F,
                                            1 / 90.0F, 32 / 45.0F, 32 / 45.0F};
    const float *last = taps + (g->k - 1) * tile;
    for (int i = 0; i < tile; i++) {
        float sum = last[i];
        for (int j = g->k - 2; p < PLANES - 1 && j >= 0; j--) sum = sum * x[p] + taps[j * tile + i];
        out[i] = p < PLANES - 1 ? sum * scale[p] : sum;
    }
}

static void pack_rows(const xp_conv *conv, const conv_group *g, const conv_weights *w, int col,
                      int c, float *out, size_t plane) {
    const int tile = conv->kernels->conv->tile_cols;
    const int n = g->cols - col < tile ? g->cols - col : tile;
    float taps[3 * 64] = {0};
    assert(tile <= 64);
    for (int j = 0; j < g->k; j++) conv_weights_row(taps + j * tile, w, g, j, c, g->col + col, n);
    for (int p = 0; p < PLANES; p++) pack_point(g, taps, tile, p, out + (size_t)p * plane);
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
    const int c_in = d->conv->shape.c_in, step = outputs(g), row = first * step;
    const chunk_layout l = lay_out(g, c_in, kernels);
    const size_t cols = padded_cols(g, kernels), weights = g->weight_floats / PLANES;
    const int rows = d->y.rows - row < blocks * step ? d->y.rows - row : blocks * step;
    float *terms = work + l.rows, *products = terms + PLANES * l.terms;
    ptrdiff_t stride;
    const float *x =
        chunk_input(d->x, (long long)row - g->pad_left, blocks * step + g->k - 1, work, &stride);
    kernels->conv->to_short(x, stride, blocks, step, c_in, terms, l.terms);
    for (size_t p = 0; p < PLANES; p++)
        kernels->conv->gemm_packed(blocks, (int)cols, c_in, terms + p * l.terms, c_in,
                                   g->weights + p * weights,
                                   (size_t)c_in * (size_t)kernels->conv->tile_cols,
                                   products + p * l.products, (ptrdiff_t)cols, 0);
    kernels->conv->from_short(products, l.products, cols, rows, step,
                              xp_mat_row(d->y, row) + g->col, d->y.stride, g->cols, d->ep);
}

static void short_range(void *ctx, int begin, int end, int thread) {
    const short_job *d = ctx;
    const int blocks = (d->y.rows + outputs(d->g) - 1) / outputs(d->g);
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
    const int per_chunk = CHUNK_BLOCKS * outputs(g);
    xp_parallel_for(pool, (y.rows + per_chunk - 1) / per_chunk, short_range, &d);
}
