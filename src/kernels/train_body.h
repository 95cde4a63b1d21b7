/* The inner loops that only training needs, written once over the vec_* names; included by each
 * unit after conv_body.h. */
#include "kernels/train_kernels.h"

/* A tile of columns of the gradient's spectrum and its conjugate's parts: re, -im, re - im. */
static __attribute__((noinline)) void pack_conjugate(float *re, float *im, float *sum,
                                                     const float *y, size_t y_im, size_t y_row,
                                                     int rows) {
    for (int r = 0; r < rows; r++, y += y_row, re += TILE_N, im += TILE_N, sum += TILE_N)
        for (int j = 0; j < TILE_N; j += VEC_N) {
            const vec a = vec_load(y + j), b = vec_load(y + y_im + j);
            vec_store(re + j, a);
            vec_store(im + j, vec_sub(vec_splat(0), b));
            vec_store(sum + j, vec_sub(a, b));
        }
}

static void real_gradient(const conv_bin *s, const float *x, const float *re, float *d) {
    const tile_args t = {s->rows, 0, 1, (ptrdiff_t)s->x_row, TILE_N, (const char *)re, 0};
    tile_rows(s->k, &t, x, re, d);
}

static void conv_bin_gradient(const conv_bin *s, const float *x, const float *y, float *d,
                              bool real, float *work) {
    const size_t part = (size_t)s->rows * TILE_N, plane = (size_t)s->k * TILE_N;
    float *xs = work, *re = work + (size_t)s->rows * s->x_row, *im = re + part, *sum = im + part;
    sum_into(xs, x, x + s->x_im, (size_t)s->rows * s->x_row);
    for (int j = 0; j < s->tiles; j++, y += TILE_N, d += 2 * plane) {
        const bin_tile t = {.k = s->rows, /* of x's transpose */
                            .x_row = 1,
                            .x_step = (ptrdiff_t)s->x_row,
                            .y_row = TILE_N,
                            .xr = x,
                            .xi = x + s->x_im,
                            .xs = xs,
                            .wr = re,
                            .wi = im,
                            .ws = sum,
                            .yr = d,
                            .yi = d + plane};
        pack_conjugate(re, im, sum, y, s->y_im, s->y_row, s->rows);
        if (!real) {
            bin_rows(s->k, &t);
            continue;
        }
        real_gradient(s, x, re, d);
        for (size_t i = 0; i < part; i++) im[i] = -im[i];
        real_gradient(s, x + s->x_im, im, d + plane);
    }
}

/* One block of TILE_N x TILE_N, transposed. */
static __attribute__((noinline)) void transpose_block(float *out, const float *in, int rows,
                                                      int cols, float sign) {
    for (int c = 0; c < cols; c++)
        for (int r = 0; r < rows; r++) out[c * TILE_N + r] = sign * in[r * TILE_N + c];
}

static void conv_bin_transpose(int k, int n, const float *w, float *out, bool real) {
    const int k_tiles = (k + TILE_N - 1) / TILE_N, n_tiles = (n + TILE_N - 1) / TILE_N;
    const size_t in_plane = (size_t)k * TILE_N, out_plane = (size_t)n * TILE_N;
    for (int i = 0; i < k_tiles; i++)
        for (int j = 0; j < n_tiles; j++)
            for (int p = 0; p < 2; p++) {
                const float *from =
                    w + (2 * (size_t)j + (size_t)p) * in_plane + (size_t)i * TILE_N * TILE_N;
                float *to =
                    out + (2 * (size_t)i + (size_t)p) * out_plane + (size_t)j * TILE_N * TILE_N;
                const int rows = k - i * TILE_N < TILE_N ? k - i * TILE_N : TILE_N;
                const int cols = n - j * TILE_N < TILE_N ? n - j * TILE_N : TILE_N;
                if (rows < TILE_N)
                    for (int c = 0; c < cols * TILE_N; c++) to[c] = 0;
                transpose_block(to, from, rows, cols, p && !real ? -1.0F : 1.0F);
            }
}

/* ---- element-wise, with what a ReLU lets through -----------------------------------------------
 */

static void train_pass(float *out, const float *g, const float *m, size_t n) {
    size_t i = 0;
    for (; i + VEC_N <= n; i += VEC_N)
        vec_store(out + i, vec_pass(vec_load(m + i), vec_load(g + i)));
    for (; i < n; i++) out[i] = m[i] > 0 ? g[i] : 0;
}

/* A vector of columns. */
static ALWAYS_INLINE void norm_sums_vec(float *s, float *q, const xp_norm_rows *a, int c) {
    const float *dy = a->dy + c, *x = a->x + c, *m = a->mask ? a->mask + c : NULL;
    const vec mean = vec_load(a->mean + c);
    vec sum = vec_splat(0), dot = vec_splat(0);
    for (int r = 0; r < a->rows; r++, dy += a->dy_row, x += a->x_row) {
        vec g = vec_load(dy);
        if (m) g = vec_pass(vec_load(m), g), m += a->mask_row;
        sum = vec_add(sum, g);
        dot = vec_fma(g, vec_sub(vec_load(x), mean), dot);
    }
    vec_store(s + c, sum), vec_store(q + c, dot);
}

static void train_norm_sums(float *s, float *q, const xp_norm_rows *a, int cols) {
    int c = 0;
    for (; c + VEC_N <= cols; c += VEC_N) norm_sums_vec(s, q, a, c);
    for (; c < cols; c++) {
        s[c] = q[c] = 0;
        for (int r = 0; r < a->rows; r++) {
            const float v = a->dy[r * a->dy_row + c];
            const float g = !a->mask || a->mask[r * a->mask_row + c] > 0 ? v : 0;
            s[c] += g;
            q[c] += g * (a->x[r * a->x_row + c] - a->mean[c]);
        }
    }
}

static void train_norm_back(float *dx, const float *dy, const float *m, const float *x,
                            const xp_norm_slope *k, int n, int accumulate) {
    int i = 0;
    for (; i + VEC_N <= n; i += VEC_N) {
        vec g = vec_load(dy + i);
        if (m) g = vec_pass(vec_load(m + i), g);
        g = vec_mul(vec_load(k->scale + i), vec_sub(g, vec_load(k->m1 + i)));
        g = vec_fnma(vec_sub(vec_load(x + i), vec_load(k->mean + i)), vec_load(k->m2 + i), g);
        vec_store(dx + i, accumulate ? vec_add(vec_load(dx + i), g) : g);
    }
    for (; i < n; i++) {
        float g = !m || m[i] > 0 ? dy[i] : 0;
        g = k->scale[i] * (g - k->m1[i]) - (x[i] - k->mean[i]) * k->m2[i];
        dx[i] = accumulate ? dx[i] + g : g;
    }
}

static void train_route_pair(float *d0, float *d1, const float *dy, const float *x0,
                             const float *x1, int n, int relu) {
    int i = 0;
    for (; i + VEC_N <= n; i += VEC_N) {
        const vec a = vec_load(x0 + i), b = vec_load(x1 + i), g = vec_load(dy + i);
        const vec later = vec_sub(b, a), first = relu ? vec_pass(a, g) : g;
        vec_store(d1 + i, vec_pass(later, relu ? vec_pass(b, g) : g));
        vec_store(d0 + i, vec_sub(first, vec_pass(later, first)));
    }
    for (; i < n; i++) {
        const int later = x1[i] > x0[i];
        d1[i] = later && (!relu || x1[i] > 0) ? dy[i] : 0;
        d0[i] = !later && (!relu || x0[i] > 0) ? dy[i] : 0;
    }
}

static const xp_train_kernels unit_train = {
    .pass = train_pass,
    .norm_sums = train_norm_sums,
    .norm_back = train_norm_back,
    .route_pair = train_route_pair,
    .bin_gradient = conv_bin_gradient,
    .bin_transpose = conv_bin_transpose,
};
