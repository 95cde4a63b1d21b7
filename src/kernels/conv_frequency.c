/* Convolution by overlap-save (Oppenheim and Schafer, Discrete-Time Signal Processing, 8.7.3):
 * blocks of N input samples, len = N - k + 1 of them valid at the output; in every frequency bin
 * one complex matrix product (blocks, c_in) * (c_in, c_out). */
#include "kernels/conv_plan.h"

#include <string.h>

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

/* An odd number of cache lines: bins then fall into different sets of the cache. */
static size_t odd_lines(size_t floats) {
    const size_t lines = (floats + 15) / 16;
    return (lines | 1) * 16;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* ---- plan ------------------------------------------------------------------------------------ */

/* Of a float of the spectra of several records, in vector operations. */
static const double SPECTRA_COST = 2.5;

static void lay_out(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels, int threads) {
    conv_spectrum *p = &g->spectrum;
    const size_t width = (size_t)kernels->width, tile = (size_t)kernels->conv->tile_cols;
    const size_t n = (size_t)p->fft.n, c_in = (size_t)s->c_in;
    const size_t rows = (size_t)conv_records(s) * (size_t)p->blocks;
    p->tiles = (g->cols + (int)tile - 1) / (int)tile;
    p->x_row = round_up(c_in, width);
    p->x_im = rows * p->x_row;
    p->x_bin = odd_lines(2 * p->x_im);
    p->y_row = (size_t)p->tiles * tile;
    p->y_im = rows * p->y_row;
    p->y_bin = odd_lines(2 * p->y_im);
    p->w_bin = 2 * c_in * p->y_row;
    p->work = round_up(larger(6 * n * width, p->x_im + c_in * tile), 16);
    g->weight_floats = n / 2 * p->w_bin;
    g->scratch_floats = n / 2 * (p->x_bin + p->y_bin) + (size_t)threads * p->work;
}

/* Vector operations of the three parts. A packed weight is read from memory once, at about the cost
 * of one and a quarter vector operations (measured: 0.3 ns): this is what keeps N small. Several
 * records share that, but their spectra leave the cache and come back. */
static double frequency_cost(const conv_spectrum *p, const xp_conv_shape *s, int cols,
                             const xp_kernels *kernels) {
    const int width = kernels->width, tile = kernels->conv->tile_cols;
    const double in = (s->c_in + width - 1) / width, out = (cols + width - 1) / width;
    const double columns = (double)((cols + tile - 1) / tile) * tile / width;
    const double product = 1.5 * p->fft.n * p->blocks * s->c_in * columns;
    const double weights = 1.25 * p->fft.n * s->c_in * columns * width / conv_records(s);
    const double spectra = (double)p->fft.n * p->blocks * (s->c_in + columns * width);
    return product + weights + (conv_records(s) > 1 ? SPECTRA_COST * spectra : 0) +
           (p->blocks + 1) / 2 * (in + out) * fft_cost(&p->fft);
}

/* No transform of n points or more costs less: blocks that overlap by nothing, and no transforms.
 */
static double least_cost(int n, const xp_conv_shape *s, int cols, const xp_kernels *kernels) {
    const double pairs = (double)s->c_in * cols;
    return 1.5 * s->t_out * pairs / kernels->width + 1.25 * n * pairs / conv_records(s);
}

bool conv_frequency_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels,
                         int threads) {
    conv_spectrum best = {0};
    double best_cost = 0;
    if (s->stride != 1) return false;
    for (int n = (g->k + 2) / 2 * 2; n <= FFT_MAX; n += 2) {
        conv_spectrum p = {0};
        if (!fft_make_plan(&p.fft, n)) continue;
        p.len = n - g->k + 1;
        p.blocks = (s->t_out + p.len - 1) / p.len;
        const double cost = frequency_cost(&p, s, g->cols, kernels);
        if (best.len == 0 || cost < best_cost) best = p, best_cost = cost;
        if (p.blocks <= 1 || least_cost(n, s, g->cols, kernels) > best_cost) break;
    }
    if (best.len == 0) return false;
    g->method = CONV_SPECTRAL;
    g->cost = best_cost;
    g->spectrum = best;
    lay_out(g, s, kernels, threads);
    return true;
}

/* ---- weights --------------------------------------------------------------------------------- */

typedef struct job {
    const xp_conv *conv;
    const conv_group *g;
    const conv_weights *w;
    xp_mats y, x;
    int records;
    const xp_conv_epilogue *ep;
    float *x_bins, *y_bins, *work;
} job;

static float *thread_work(const job *d, int thread) {
    return d->work + (size_t)thread * d->g->spectrum.work;
}

/* The taps of one input channel and a vector of output columns, scaled, in reverse order and
 * circular: the transform is then the conjugate that a correlation needs. */
static void load_taps(const job *d, float *out, int c, int o) {
    const int n = d->g->spectrum.fft.n, width = d->conv->kernels->width;
    const int cols = d->g->cols - o < width ? d->g->cols - o : width;
    const float scale = 0.25F / (float)n; /* both transforms are 2 times too large, the last N */
    memset(out, 0, (size_t)n * (size_t)width * sizeof *out);
    if (c >= d->conv->shape.c_in || cols <= 0) return;
    for (int j = 0; j < d->g->k; j++) {
        float *row = out + (size_t)((n - j) % n) * (size_t)width;
        conv_weights_row(row, d->w, d->g, j, c, d->g->col + o, cols);
        for (int i = 0; i < cols; i++) row[i] *= scale;
    }
}

/* Bin 0 holds two real bins, whose transforms are not 2 times too large. */
static void mend_first_bin(float *p, size_t im, int n) {
    for (int i = 0; i < n; i++) p[i] *= 4, p[im + (size_t)i] *= 4;
}

static void pack_pair(const job *d, int c, float *work) {
    const conv_spectrum *p = &d->g->spectrum;
    const xp_conv_kernels *kernels = d->conv->kernels->conv;
    const int width = d->conv->kernels->width, tile = kernels->tile_cols;
    const int c_in = d->conv->shape.c_in;
    float *a = work, *b = a + (size_t)p->fft.n * (size_t)width;
    const conv_pair taps = {a, b, width, width};
    const bool both = c + 1 < c_in;
    for (int o = 0; o < (int)p->y_row; o += width) {
        float *out = d->g->weights + (size_t)(o / tile) * 2 * (size_t)(c_in * tile) +
                     (size_t)(c * tile + o % tile);
        const conv_place place = {out, both ? out + tile : NULL, p->w_bin, (size_t)(c_in * tile)};
        load_taps(d, a, c, o);
        load_taps(d, b, c + 1, o);
        kernels->to_bins(&p->fft, &taps, &place, b + (size_t)p->fft.n * (size_t)width);
        mend_first_bin(place.a, place.im, width);
        if (both) mend_first_bin(place.b, place.im, width);
    }
}

static void pack_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    for (int i = begin; i < end; i++) pack_pair(d, 2 * i, thread_work(d, thread));
}

void conv_frequency_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w,
                         float *scratch, xp_pool *pool) {
    job d = {.conv = conv, .g = g, .w = w, .work = scratch};
    xp_parallel_for(pool, (conv->shape.c_in + 1) / 2, pack_range, &d);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* n floats; the vectors of one row are too short for memcpy's call. */
static void copy_vector(float *to, const float *from, int n) {
    for (; n >= 4; n -= 4, to += 4, from += 4) memcpy(to, from, 4 * sizeof *to);
    for (int i = 0; i < n; i++) to[i] = from[i];
}

/* Rows [row, row + N) of channels [c, c + width) of x, zero outside, copied to out. */
static void copy_edge(const job *d, xp_mat x, float *out, long long row, int c) {
    const int n = d->g->spectrum.fft.n, width = d->conv->kernels->width;
    const int cols = x.cols - c < width ? x.cols - c : width;
    memset(out, 0, (size_t)n * (size_t)width * sizeof *out);
    for (int i = 0; i < n; i++, row++)
        if (row >= 0 && row < x.rows)
            copy_vector(out + (size_t)i * (size_t)width, xp_mat_row(x, (int)row) + c, cols);
}

/* A pair of neighbouring blocks of one record, which one transform serves: what a record becomes
 * does not depend on the others. The last of an odd number has no partner. */
typedef struct block_pair {
    int record, block; /* the first block, in its record */
    int row;           /* the same among the blocks of all records */
    bool both;
} block_pair;

static block_pair pair_at(const job *d, int i) {
    const int blocks = d->g->spectrum.blocks, pairs = (blocks + 1) / 2;
    const int record = i / pairs, block = i % pairs * 2;
    return (block_pair){record, block, record * blocks + block, block + 1 < blocks};
}

/* The block's input where it lies when it is whole, else a copy in buffer. */
static const float *block_input(const job *d, xp_mat x, int block, int c, float *buffer,
                                ptrdiff_t *step) {
    const conv_spectrum *p = &d->g->spectrum;
    const long long row = (long long)block * p->len - d->g->pad_left;
    const int width = d->conv->kernels->width;
    if (row >= 0 && row + p->fft.n <= x.rows && c + width <= x.cols) {
        *step = x.stride;
        return xp_mat_row(x, (int)row) + c;
    }
    *step = width;
    copy_edge(d, x, buffer, row, c);
    return buffer;
}

static void to_bins_item(const job *d, block_pair at, int c, float *work) {
    const conv_spectrum *p = &d->g->spectrum;
    const size_t points = (size_t)p->fft.n * (size_t)d->conv->kernels->width;
    const xp_mat x = xp_mats_at(d->x, at.record);
    float *out = d->x_bins + (size_t)at.row * p->x_row + (size_t)c;
    conv_pair in;
    in.a = block_input(d, x, at.block, c, work, &in.a_step);
    in.b = block_input(d, x, at.block + at.both, c, work + points, &in.b_step);
    const conv_place place = {out, at.both ? out + p->x_row : NULL, p->x_bin, p->x_im};
    d->conv->kernels->conv->to_bins(&p->fft, &in, &place, work + 2 * points);
}

static int vectors(size_t floats, const job *d) {
    return (int)((floats + (size_t)d->conv->kernels->width - 1) / (size_t)d->conv->kernels->width);
}

/* Items are pairs of blocks, in each the vectors of channels: neighbours share cache lines. */
static void to_bins_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int columns = vectors((size_t)d->x.m.cols, d);
    for (int i = begin; i < end; i++)
        to_bins_item(d, pair_at(d, i / columns), i % columns * d->conv->kernels->width,
                     thread_work(d, thread));
}

static void product_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const conv_spectrum *p = &d->g->spectrum;
    conv_bin s = {.rows = d->records * p->blocks,
                  .k = d->conv->shape.c_in,
                  .tiles = p->tiles,
                  .x_row = p->x_row,
                  .x_im = p->x_im,
                  .y_row = p->y_row,
                  .y_im = p->y_im};
    for (int f = begin; f < end; f++) {
        s.behind = (p->fft.n / 2 - 1 - f) * p->tiles;
        d->conv->kernels->conv->bin_product(
            &s, d->x_bins + (size_t)f * p->x_bin, d->g->weights + (size_t)f * p->w_bin,
            d->y_bins + (size_t)f * p->y_bin, f == 0, thread_work(d, thread));
    }
}

static int block_rows(const job *d, int block) {
    const int left = d->y.m.rows - block * d->g->spectrum.len;
    return left < d->g->spectrum.len ? left : d->g->spectrum.len;
}

static void from_bins_item(const job *d, block_pair at, int c, float *work) {
    const conv_spectrum *p = &d->g->spectrum;
    const int width = d->conv->kernels->width;
    const xp_mat y = xp_mats_at(d->y, at.record);
    float *in = d->y_bins + (size_t)at.row * p->y_row + (size_t)c;
    float *out = xp_mat_row(y, at.block * p->len) + d->g->col + c;
    const conv_place place = {in, at.both ? in + p->y_row : NULL, p->y_bin, p->y_im};
    const conv_rows rows = {.a = out,
                            .b = at.both ? out + p->len * y.stride : NULL,
                            .stride = y.stride,
                            .rows_a = block_rows(d, at.block),
                            .rows_b = at.both ? block_rows(d, at.block + 1) : 0,
                            .n = d->g->cols - c < width ? d->g->cols - c : width};
    const xp_conv_epilogue ep =
        d->ep ? conv_epilogue_from(d->ep, c) : (xp_conv_epilogue){.relu_first = false};
    d->conv->kernels->conv->from_bins(&p->fft, &place, &rows, d->ep ? &ep : NULL, work);
}

static void from_bins_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int columns = vectors((size_t)d->g->cols, d);
    for (int i = begin; i < end; i++)
        from_bins_item(d, pair_at(d, i / columns), i % columns * d->conv->kernels->width,
                       thread_work(d, thread));
}

void conv_frequency_forward(const xp_conv *conv, const conv_group *g, xp_mats y, xp_mats x, int n,
                            const xp_conv_epilogue *ep, float *scratch, xp_pool *pool) {
    const conv_spectrum *p = &g->spectrum;
    const size_t bins = (size_t)p->fft.n / 2;
    const int pairs = n * ((p->blocks + 1) / 2);
    job d = {.conv = conv, .g = g, .y = y, .x = x, .records = n, .ep = ep};
    d.x_bins = scratch;
    d.y_bins = d.x_bins + bins * p->x_bin;
    d.work = d.y_bins + bins * p->y_bin;
    xp_parallel_for(pool, pairs * vectors((size_t)x.m.cols, &d), to_bins_range, &d);
    xp_parallel_for(pool, (int)bins, product_range, &d);
    xp_parallel_for(pool, pairs * vectors((size_t)g->cols, &d), from_bins_range, &d);
}
