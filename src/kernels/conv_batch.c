#include "kernels/conv_batch.h"

#include "kernels/stream_kernels.h"
#include "kernels/train_kernels.h"

#include <string.h>

struct xp_conv_batch {
    xp_conv_shape shape;
    const xp_kernels *kernels;
    fft_plan fft;
    int len, blocks; /* outputs of a block; blocks of a record */
    xp_conv_groups groups;
    int chunk;               /* most records computed together */
    int in_tiles, out_tiles; /* column tiles of either side */
    size_t in_row, out_row;  /* floats of a block's row in a spectrum */
    size_t in_bin, out_bin;  /* of a bin of a chunk's spectrum */
    size_t w_bin;            /* packed weights of a bin */
    size_t work;             /* of one thread */
    double cost;
};

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

/* An odd number of cache lines: bins then fall into different sets of the cache. */
static size_t odd_lines(size_t floats) {
    return ((floats + 15) / 16 | 1) * 16;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* ---- plan ------------------------------------------------------------------------------------ */

static int smaller(int a, int b) {
    return a < b ? a : b;
}

/* Records of a group that are computed together. */
static int part_records(const xp_conv_groups *g) {
    return smaller(g->records, XP_CONV_CHUNK);
}

/* Records that n groups let be computed together: whole groups, or a part of one. */
static int chunk_records(const xp_conv_groups *g, int n) {
    const int part = part_records(g);
    return part * smaller(n, XP_CONV_CHUNK / part);
}

/* Three products; five transforms of a record's blocks; two of the weights for the whole batch and
 * one of their gradient for each part of a group; walks through either, at about the cost of one
 * and a quarter operations a float. */
static double plan_cost(const xp_conv_batch *p) {
    const xp_conv_groups *g = &p->groups;
    const double width = p->kernels->width, rows = p->blocks, c_in = p->shape.c_in;
    const double in = (double)p->in_row / width, out = (double)p->out_row / width;
    const double product = 1.5 * p->fft.n * rows * c_in * out;
    const double all = (double)g->records * g->all, part = part_records(g);
    const double chunk = chunk_records(g, g->all);
    const double data = rows / 2 * (3 * in + 2 * out), weights = c_in / 2 * out;
    const double memory = 2.5 * p->fft.n * c_in * out * width * (1 / chunk + 1 / part);
    return 3 * product + (data + weights * (2 / all + 1 / part)) * fft_cost(&p->fft) + memory;
}

static void lay_out(xp_conv_batch *p) {
    const size_t width = (size_t)p->kernels->width, tile = (size_t)p->kernels->conv->tile_cols;
    const size_t rows = (size_t)p->chunk * (size_t)p->blocks, n = (size_t)p->fft.n;
    const size_t c_in = (size_t)p->shape.c_in, c_out = (size_t)p->shape.c_out;
    p->in_bin = odd_lines(2 * rows * p->in_row);
    p->out_bin = odd_lines(2 * rows * p->out_row);
    p->w_bin = odd_lines(2 * c_in * p->out_row);
    const size_t forward = rows * p->in_row + c_in * tile;
    const size_t weights = rows * (p->in_row + 3 * tile);
    const size_t input = 2 * c_out * p->in_row + rows * p->out_row + c_out * tile;
    p->work = round_up(larger(larger(6 * n * width, forward), larger(weights, input)), 16) + 16;
}

static bool make_plan(xp_conv_batch *best, const xp_conv_shape *s, const xp_conv_groups *groups,
                      const xp_kernels *kernels) {
    xp_conv_batch p = {
        .shape = *s, .kernels = kernels ? kernels : xp_kernels_best(), .groups = *groups};
    const int tile = p.kernels->conv->tile_cols;
    bool found = false;
    if (s->stride != 1 || s->t_out < 1) return false;
    p.chunk = chunk_records(groups, groups->here);
    p.in_tiles = (s->c_in + tile - 1) / tile;
    p.out_tiles = (s->c_out + tile - 1) / tile;
    p.in_row = (size_t)(p.in_tiles * tile);
    p.out_row = (size_t)(p.out_tiles * tile);
    for (int n = (s->k + 2) / 2 * 2; n <= FFT_MAX; n += 2) {
        if (!fft_make_plan(&p.fft, n)) continue;
        p.len = n - s->k + 1;
        p.blocks = (s->t_out + p.len - 1) / p.len;
        p.cost = plan_cost(&p);
        if (!found || p.cost < best->cost) *best = p;
        found = true;
        if (p.blocks <= 1) break;
    }
    if (found) lay_out(best);
    return found;
}

double xp_conv_batch_cost(const xp_conv_shape *shape, const xp_conv_groups *groups,
                          const xp_kernels *kernels) {
    xp_conv_batch p;
    return make_plan(&p, shape, groups, kernels) ? p.cost : -1;
}

void xp_conv_batch_plan(xp_conv_batch **out, xp_arena *arena, const xp_conv_shape *shape,
                        const xp_conv_groups *groups, const xp_kernels *kernels) {
    xp_conv_batch p, *conv = xp_arena_take(arena, 1, sizeof *conv);
    *out = NULL;
    if (!make_plan(&p, shape, groups, kernels)) return;
    float *twiddle = xp_arena_take(arena, fft_twiddle_floats(&p.fft), sizeof(float));
    if (!conv || !twiddle) return;
    fft_fill_twiddle(&p.fft, twiddle);
    p.fft.twiddle = twiddle;
    *conv = p;
    *out = conv;
}

size_t xp_conv_batch_scratch(const xp_conv_shape *shape, const xp_conv_groups *groups,
                             const xp_kernels *kernels, int threads) {
    xp_conv_batch p;
    if (!make_plan(&p, shape, groups, kernels)) return 0;
    const size_t bins = (size_t)p.fft.n / 2;
    return (bins * (p.in_bin + p.out_bin + p.w_bin) + (size_t)threads * p.work) * sizeof(float);
}

/* ---- one call -------------------------------------------------------------------------------- */

/* Records [begin, end) of one group: a block is transformed with a neighbour of its own part, since
 * what it becomes depends on that in the last bits, and the weights' gradient is that of a part. */
typedef struct batch_part {
    int group, begin, end;
} batch_part;

typedef struct job {
    const xp_conv_batch *p;
    const xp_conv_branch *branch;
    int n_branches;
    float *const *dw;
    size_t dw_step;
    xp_mats x, y, mask; /* y: the output, or its gradient */
    bool masked, accumulate, relu;
    batch_part parts[XP_CONV_CHUNK]; /* of the chunk, without gaps */
    int n_parts;
    int rows, pairs;                        /* blocks of all records of the chunk; pairs of them */
    const batch_part *summing;              /* whose weight gradient is in w_bins */
    float *w_bins, *x_bins, *y_bins, *work; /* w_bins: of the weights, or of their gradient */
} job;

static job make_job(const xp_conv_batch *p, const xp_conv_branch *branch, int n, void *scratch) {
    const size_t bins = (size_t)p->fft.n / 2;
    job d = {.p = p, .branch = branch, .n_branches = n, .w_bins = scratch};
    d.x_bins = d.w_bins + bins * p->w_bin;
    d.y_bins = d.x_bins + bins * p->in_bin;
    d.work = d.y_bins + bins * p->out_bin;
    return d;
}

static float *thread_work(const job *d, int thread) {
    return d->work + (size_t)thread * d->p->work;
}

static int width_of(const job *d) {
    return d->p->kernels->width;
}

static int vectors(const job *d, int cols) {
    return (cols + width_of(d) - 1) / width_of(d);
}

static int first_record(const job *d) {
    return d->parts[0].begin;
}

static int first_row(const job *d, const batch_part *part) {
    return (part->begin - first_record(d)) * d->p->blocks;
}

static int part_rows(const job *d, const batch_part *part) {
    return (part->end - part->begin) * d->p->blocks;
}

/* The chunk's row where pair i begins; *next: its other row, or the same one when it has none. */
static int pair_row(const job *d, int i, int *next) {
    const batch_part *part = d->parts;
    for (; i >= (part_rows(d, part) + 1) / 2; part++) i -= (part_rows(d, part) + 1) / 2;
    const int row = first_row(d, part) + 2 * i;
    *next = 2 * i + 1 < part_rows(d, part) ? row + 1 : row;
    return row;
}

static size_t points(const job *d) {
    return (size_t)d->p->fft.n * (size_t)width_of(d);
}

/* ---- weights --------------------------------------------------------------------------------- */

typedef void (*branch_fn)(const job *d, int i, int tap0, int from, int cols, int c, int col,
                          float *points);

/* Call fn for each branch with columns in [o, o + width): tap0 is the place of its first tap in
 * the aligned kernel, from its column, col the column within the vector. */
static void each_branch(const job *d, int c, int o, float *v, branch_fn fn) {
    for (int i = 0, first = 0; i < d->n_branches; first += d->branch[i++].c_out) {
        const int end = first + d->branch[i].c_out;
        const int from = o > first ? o : first;
        const int to = o + width_of(d) < end ? o + width_of(d) : end;
        if (from < to)
            fn(d, i, d->p->shape.pad_left - d->branch[i].pad_left, from - first, to - from, c,
               from - o, v);
    }
}

/* Taps in reverse order and circular: the transform is then the conjugate that a correlation needs.
 * Both transforms are 2 times too large, the last one N. */
static void load_branch(const job *d, int i, int tap0, int from, int cols, int c, int col,
                        float *v) {
    const xp_conv_branch *b = &d->branch[i];
    const int n = d->p->fft.n, width = width_of(d);
    const float scale = 0.25F / (float)n;
    for (int tap = 0; tap < b->k; tap++) {
        const float *w =
            b->w + ((size_t)tap * (size_t)d->p->shape.c_in + (size_t)c) * (size_t)b->c_out + from;
        float *out = v + (size_t)((n - tap - tap0) % n) * (size_t)width + col;
        for (int j = 0; j < cols; j++) out[j] = w[j] * scale;
    }
}

static void load_taps(const job *d, float *v, int c, int o) {
    memset(v, 0, points(d) * sizeof *v);
    if (c < d->p->shape.c_in) each_branch(d, c, o, v, load_branch);
}

/* Bin 0 holds two real bins, whose transforms are not 2 times too large. */
static void mend_first_bin(float *p, size_t im, int n) {
    for (int i = 0; i < n; i++) p[i] *= 4, p[im + (size_t)i] *= 4;
}

/* Of weights or their gradient: input channels c and c + 1, output columns from o on. */
static conv_place weight_pair(const job *d, float *bins, int c, int o) {
    const int tile = d->p->kernels->conv->tile_cols, c_in = d->p->shape.c_in;
    float *at =
        bins + (size_t)(o / tile) * 2 * (size_t)(c_in * tile) + (size_t)(c * tile + o % tile);
    return (conv_place){at, c + 1 < c_in ? at + tile : NULL, d->p->w_bin, (size_t)(c_in * tile)};
}

static void pack_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int width = width_of(d);
    float *a = thread_work(d, thread), *b = a + points(d), *work = b + points(d);
    const conv_pair taps = {a, b, width, width};
    for (int c = 2 * begin; c < 2 * end; c += 2)
        for (int o = 0; o < (int)d->p->out_row; o += width) {
            const conv_place place = weight_pair(d, d->w_bins, c, o);
            load_taps(d, a, c, o);
            load_taps(d, b, c + 1, o);
            d->p->kernels->stream->to_bins(&d->p->fft, &taps, &place, work);
        }
    d->p->kernels->stream->fence();
}

static int channel_pairs(const job *d) {
    return (d->p->shape.c_in + 1) / 2;
}

static void pack_weights(job *d, xp_pool *pool) {
    xp_parallel_for(pool, channel_pairs(d), pack_range, d);
    const size_t first_bin = 2 * (size_t)d->p->shape.c_in * d->p->out_row;
    for (size_t i = 0; i < first_bin; i++) d->w_bins[i] *= 4;
}

/* The gradient's first taps, N times too large, twice from either transform. */
static void add_branch(const job *d, int i, int tap0, int from, int cols, int c, int col,
                       float *v) {
    const xp_conv_branch *b = &d->branch[i];
    const int width = width_of(d);
    const float scale = 0.25F / (float)d->p->fft.n;
    float *sum = d->dw[i] + (size_t)d->summing->group * d->dw_step;
    for (int tap = 0; tap < b->k; tap++) {
        float *dw =
            sum + ((size_t)tap * (size_t)d->p->shape.c_in + (size_t)c) * (size_t)b->c_out + from;
        const float *in = v + (tap + tap0) * width + col;
        for (int j = 0; j < cols; j++) dw[j] += in[j] * scale;
    }
}

static void unpack_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int width = width_of(d);
    float *a = thread_work(d, thread), *b = a + points(d), *work = b + points(d);
    const conv_rows rows = {a, b, width, d->p->shape.k, d->p->shape.k, width};
    for (int c = 2 * begin; c < 2 * end; c += 2)
        for (int o = 0; o < d->p->shape.c_out; o += width) {
            const conv_place place = weight_pair(d, d->w_bins, c, o);
            mend_first_bin(place.a, place.im, width);
            if (place.b) mend_first_bin(place.b, place.im, width);
            d->p->kernels->conv->from_bins(&d->p->fft, &place, &rows, NULL, work);
            each_branch(d, c, o, a, add_branch);
            if (place.b) each_branch(d, c + 1, o, b, add_branch);
        }
}

/* ---- to bins --------------------------------------------------------------------------------- */

/* Block `row` of the chunk: N samples of its record's input from pad_left before its first output
 * on, where they lie when they are whole, else copied to buffer. */
static const float *input_block(const job *d, int row, int c, float *buffer, ptrdiff_t *step) {
    const xp_conv_batch *p = d->p;
    const xp_mat x = xp_mats_at(d->x, first_record(d) + row / p->blocks);
    const int first = row % p->blocks * p->len - p->shape.pad_left, width = width_of(d);
    if (first >= 0 && first + p->fft.n <= x.rows && c + width <= x.cols) {
        *step = x.stride;
        return xp_mat_row(x, first) + c;
    }
    const int cols = x.cols - c < width ? x.cols - c : width;
    *step = width;
    memset(buffer, 0, points(d) * sizeof *buffer);
    for (int i = 0; i < p->fft.n; i++)
        if (first + i >= 0 && first + i < x.rows)
            memcpy(buffer + (size_t)i * (size_t)width, xp_mat_row(x, first + i) + c,
                   (size_t)cols * sizeof *buffer);
    return buffer;
}

/* The gradient of the block's outputs, then zeros. */
static const float *output_block(const job *d, int row, int c, float *buffer, ptrdiff_t *step) {
    const xp_conv_batch *p = d->p;
    const int record = first_record(d) + row / p->blocks, first = row % p->blocks * p->len;
    const int width = width_of(d);
    const xp_mat y = xp_mats_at(d->y, record);
    const int rows = y.rows - first < p->len ? y.rows - first : p->len;
    const int cols = y.cols - c < width ? y.cols - c : width;
    const int zero = cols < width ? 0 : rows; /* rows that are not overwritten as a whole */
    *step = width;
    memset(buffer + zero * width, 0, (size_t)((p->fft.n - zero) * width) * sizeof *buffer);
    for (int i = 0; i < rows; i++) {
        const float *g = xp_mat_row(y, first + i) + c;
        float *out = buffer + (size_t)i * (size_t)width;
        if (d->masked)
            p->kernels->train->pass(out, g, xp_mat_row(xp_mats_at(d->mask, record), first + i) + c,
                                    (size_t)cols);
        else
            memcpy(out, g, (size_t)cols * sizeof *out);
    }
    return buffer;
}

typedef const float *(*block_fn)(const job *, int, int, float *, ptrdiff_t *);

/* bins: the spectrum whose rows are row floats long. */
static void block_pair(const job *d, int pair, int c, block_fn block, float *bins, size_t row,
                       size_t bin, float *work) {
    int next;
    const int first = pair_row(d, pair, &next);
    float *at = bins + (size_t)first * row + (size_t)c;
    const conv_place place = {at, next > first ? at + row : NULL, bin, (size_t)d->rows * row};
    conv_pair in;
    in.a = block(d, first, c, work, &in.a_step);
    in.b = in.a, in.b_step = in.a_step;
    if (place.b) in.b = block(d, next, c, work + points(d), &in.b_step);
    d->p->kernels->stream->to_bins(&d->p->fft, &in, &place, work + 2 * points(d));
}

/* Items are pairs of blocks, in each the vectors of channels: neighbours share cache lines. */
static void input_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int columns = vectors(d, d->p->shape.c_in);
    for (int i = begin; i < end; i++)
        block_pair(d, i / columns, i % columns * width_of(d), input_block, d->x_bins, d->p->in_row,
                   d->p->in_bin, thread_work(d, thread));
    d->p->kernels->stream->fence();
}

static void output_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int columns = vectors(d, d->p->shape.c_out);
    for (int i = begin; i < end; i++)
        block_pair(d, i / columns, i % columns * width_of(d), output_block, d->y_bins,
                   d->p->out_row, d->p->out_bin, thread_work(d, thread));
    d->p->kernels->stream->fence();
}

/* ---- from bins ------------------------------------------------------------------------------- */

static void forward_item(const job *d, int pair, int c, float *work) {
    const xp_conv_batch *p = d->p;
    int next;
    const int width = width_of(d), row = pair_row(d, pair, &next);
    float *in = d->y_bins + (size_t)row * p->out_row + (size_t)c;
    const conv_place place = {in, next > row ? in + p->out_row : NULL, p->out_bin,
                              (size_t)d->rows * p->out_row};
    const xp_mat a = xp_mats_at(d->y, first_record(d) + row / p->blocks);
    const xp_mat b = xp_mats_at(d->y, first_record(d) + next / p->blocks);
    const int ta = row % p->blocks * p->len, tb = next % p->blocks * p->len;
    const conv_rows rows = {.a = xp_mat_row(a, ta) + c,
                            .b = place.b ? xp_mat_row(b, tb) + c : NULL,
                            .stride = a.stride,
                            .rows_a = a.rows - ta < p->len ? a.rows - ta : p->len,
                            .rows_b = b.rows - tb < p->len ? b.rows - tb : p->len,
                            .n = a.cols - c < width ? a.cols - c : width};
    p->kernels->stream->from_bins(&p->fft, &place, &rows, d->relu, work);
}

static void forward_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int columns = vectors(d, d->p->shape.c_out);
    for (int i = begin; i < end; i++)
        forward_item(d, i / columns, i % columns * width_of(d), thread_work(d, thread));
    d->p->kernels->stream->fence();
}

/* Rows [first, first + N) of dx from v; those before `until` hold a part of it already. */
static void add_block(const job *d, xp_mat dx, int c, int first, int until, const float *v) {
    const int width = width_of(d), cols = dx.cols - c < width ? dx.cols - c : width;
    const int from = first < 0 ? 0 : first;
    const int to = first + d->p->fft.n < dx.rows ? first + d->p->fft.n : dx.rows;
    for (int t = from; t < to; t++) {
        const float *in = v + (ptrdiff_t)(t - first) * width;
        float *out = xp_mat_row(dx, t) + c;
        if (t < until || d->accumulate)
            for (int j = 0; j < cols; j++) out[j] += in[j];
        else
            memcpy(out, in, (size_t)cols * sizeof *out);
    }
}

/* All blocks of one record in turn: neighbours overlap. */
static void input_gradient_item(const job *d, int record, int c, float *work) {
    const xp_conv_batch *p = d->p;
    const xp_mat dx = xp_mats_at(d->x, first_record(d) + record);
    float *a = work, *b = a + points(d);
    const conv_rows rows = {a, b, width_of(d), p->fft.n, p->fft.n, width_of(d)};
    int until = 0;
    for (int block = 0; block < p->blocks; block++) {
        const int first = block * p->len - p->shape.pad_left;
        if (block % 2 == 0) {
            float *in = d->x_bins + (size_t)(record * p->blocks + block) * p->in_row + (size_t)c;
            const conv_place place = {in, block + 1 < p->blocks ? in + p->in_row : NULL, p->in_bin,
                                      (size_t)d->rows * p->in_row};
            p->kernels->conv->from_bins(&p->fft, &place, &rows, NULL, b + points(d));
        }
        add_block(d, dx, c, first, until, block % 2 ? b : a);
        until = first + p->fft.n;
    }
    for (int t = until < 0 ? 0 : until; !d->accumulate && t < dx.rows; t++)
        for (int j = c; j < dx.cols && j < c + width_of(d); j++) xp_mat_row(dx, t)[j] = 0;
}

static void input_gradient_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const int columns = vectors(d, d->p->shape.c_in);
    for (int i = begin; i < end; i++)
        input_gradient_item(d, i / columns, i % columns * width_of(d), thread_work(d, thread));
}

/* ---- products -------------------------------------------------------------------------------- */

static void forward_product_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const xp_conv_batch *p = d->p;
    const size_t rows = (size_t)d->rows;
    const conv_bin s = {d->rows,          p->shape.c_in, p->out_tiles,      p->in_row,
                        rows * p->in_row, p->out_row,    rows * p->out_row, false};
    for (int f = begin; f < end; f++)
        p->kernels->conv->bin_product(
            &s, d->x_bins + (size_t)f * p->in_bin, d->w_bins + (size_t)f * p->w_bin,
            d->y_bins + (size_t)f * p->out_bin, f == 0, thread_work(d, thread));
}

/* The weights' gradient of one part. */
static void weight_product_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const xp_conv_batch *p = d->p;
    const size_t rows = (size_t)d->rows, row = (size_t)first_row(d, d->summing);
    const conv_bin s = {part_rows(d, d->summing), p->shape.c_in, p->out_tiles,      p->in_row,
                        rows * p->in_row,         p->out_row,    rows * p->out_row, false};
    for (int f = begin; f < end; f++)
        p->kernels->train->bin_gradient(&s, d->x_bins + (size_t)f * p->in_bin + row * p->in_row,
                                        d->y_bins + (size_t)f * p->out_bin + row * p->out_row,
                                        d->w_bins + (size_t)f * p->w_bin, f == 0,
                                        thread_work(d, thread));
}

/* In each bin the input makes room for its gradient. */
static void input_product_range(void *ctx, int begin, int end, int thread) {
    const job *d = ctx;
    const xp_conv_batch *p = d->p;
    const size_t rows = (size_t)d->rows;
    const conv_bin s = {d->rows,           p->shape.c_out, p->in_tiles,      p->out_row,
                        rows * p->out_row, p->in_row,      rows * p->in_row, false};
    float *transposed = thread_work(d, thread);
    float *work = transposed + 2 * (size_t)p->shape.c_out * p->in_row;
    for (int f = begin; f < end; f++) {
        p->kernels->train->bin_transpose(p->shape.c_in, p->shape.c_out,
                                         d->w_bins + (size_t)f * p->w_bin, transposed, f == 0);
        p->kernels->conv->bin_product(&s, d->y_bins + (size_t)f * p->out_bin, transposed,
                                      d->x_bins + (size_t)f * p->in_bin, f == 0, work);
    }
}

/* ---- passes ---------------------------------------------------------------------------------- */

/* The next records from *group and *record on: as many groups or as much of one as a chunk holds.
 * False when there are none left. */
static bool next_chunk(job *d, const int *begin, int n_groups, int *group, int *record) {
    const int most = part_records(&d->p->groups);
    int records = 0;
    d->n_parts = d->rows = d->pairs = 0;
    while (*group < n_groups) {
        const int left = begin[*group + 1] - *record, take = smaller(left, most);
        if (records + take > d->p->chunk) break;
        if (take > 0) {
            batch_part *part = &d->parts[d->n_parts++];
            *part = (batch_part){*group, *record, *record + take};
            d->pairs += (part_rows(d, part) + 1) / 2;
        }
        records += take;
        *record += take;
        *group += take == left;
    }
    d->rows = records * d->p->blocks;
    return records > 0;
}

static void input_to_bins(job *d, xp_mats x, xp_pool *pool) {
    d->x = x;
    xp_parallel_for(pool, d->pairs * vectors(d, d->p->shape.c_in), input_range, d);
}

void xp_conv_batch_forward(const xp_conv_batch *conv, xp_mats y, xp_mats x, const int *begin,
                           const xp_conv_branch *branches, int n_branches, bool relu, void *scratch,
                           xp_pool *pool) {
    job d = make_job(conv, branches, n_branches, scratch);
    int group = 0, record = begin[0];
    d.y = y, d.relu = relu;
    pack_weights(&d, pool);
    while (next_chunk(&d, begin, conv->groups.here, &group, &record)) {
        input_to_bins(&d, x, pool);
        xp_parallel_for(pool, conv->fft.n / 2, forward_product_range, &d);
        xp_parallel_for(pool, d.pairs * vectors(&d, conv->shape.c_out), forward_range, &d);
    }
}

static void weight_gradients(job *d, xp_pool *pool) {
    for (int i = 0; i < d->n_parts; i++) {
        d->summing = &d->parts[i];
        xp_parallel_for(pool, d->p->fft.n / 2, weight_product_range, d);
        xp_parallel_for(pool, channel_pairs(d), unpack_range, d);
    }
}

static void input_gradient(job *d, xp_mats dx, xp_pool *pool) {
    d->x = dx;
    xp_parallel_for(pool, d->p->fft.n / 2, input_product_range, d);
    xp_parallel_for(pool, d->rows / d->p->blocks * vectors(d, d->p->shape.c_in),
                    input_gradient_range, d);
}

void xp_conv_batch_backward(const xp_conv_batch *conv, const xp_mats *dx, bool accumulate,
                            float *const *dw, size_t dw_step, xp_mats dy, const xp_mats *mask,
                            xp_mats x, const int *begin, const xp_conv_branch *branches,
                            int n_branches, void *scratch, xp_pool *pool) {
    job d = make_job(conv, branches, n_branches, scratch);
    int group = 0, record = begin[0];
    d.y = dy, d.dw = dw, d.dw_step = dw_step, d.accumulate = accumulate, d.masked = mask != NULL;
    if (mask) d.mask = *mask;
    while (next_chunk(&d, begin, conv->groups.here, &group, &record)) {
        input_to_bins(&d, x, pool);
        xp_parallel_for(pool, d.pairs * vectors(&d, conv->shape.c_out), output_range, &d);
        weight_gradients(&d, pool);
        if (!dx) continue;
        pack_weights(&d, pool); /* again for each chunk: their gradient was there */
        input_gradient(&d, *dx, pool);
    }
}
