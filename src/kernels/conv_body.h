/* The convolution's inner loops, written once over the vec_* names; included by each unit. */

static ALWAYS_INLINE vec epilogue_vec(vec v, const xp_conv_epilogue *ep, int c) {
    if (ep->bias) v = vec_add(v, vec_load(ep->bias + c));
    if (ep->relu_first) v = vec_relu(v);
    if (ep->scale) v = vec_mul(v, vec_load(ep->scale + c));
    if (ep->shift) v = vec_add(v, vec_load(ep->shift + c));
    if (ep->relu_last) v = vec_relu(v);
    return v;
}

static float epilogue_one(float v, const xp_conv_epilogue *ep, int c) {
    if (ep->bias) v += ep->bias[c];
    if (ep->relu_first) v = relu1(v);
    if (ep->scale) v *= ep->scale[c];
    if (ep->shift) v += ep->shift[c];
    if (ep->relu_last) v = relu1(v);
    return v;
}

static void conv_epilogue(float *y, ptrdiff_t stride, int rows, int cols,
                          const xp_conv_epilogue *ep) {
    for (int r = 0; r < rows; r++, y += stride) {
        int c = 0;
        for (; c + VEC_N <= cols; c += VEC_N)
            vec_store(y + c, epilogue_vec(vec_load(y + c), ep, c));
        for (; c < cols; c++) y[c] = epilogue_one(y[c], ep, c);
    }
}

/* ---- short kernels --------------------------------------------------------------------------- */

static ALWAYS_INLINE vec load_n(const float *p, const int n) {
    return n == VEC_N ? vec_load(p) : load_some(p, n);
}

static ALWAYS_INLINE void store_n(float *p, vec v, const int n) {
    if (n == VEC_N)
        vec_store(p, v);
    else
        store_some(p, v, n);
}

/* The rows of conv_short.c's B: n channels of a block's eight rows to its eight terms. */
static ALWAYS_INLINE void short_terms(const float *x, ptrdiff_t stride, float *out, size_t plane,
                                      const int n) {
    vec d[8];
    UNROLL
    for (int i = 0; i < 8; i++) d[i] = load_n(x + i * stride, n);
    const vec quarter = vec_splat(0.25F), half = vec_splat(0.5F), five_half = vec_splat(2.5F);
    const vec f = vec_splat(5.25F), two = vec_splat(2), four = vec_splat(4);
    const vec even1 = vec_fnma(vec_splat(4.25F), d[4], vec_add(d[2], d[6]));
    const vec odd1 = vec_fnma(vec_splat(4.25F), d[3], vec_add(d[1], d[5]));
    const vec even2 = vec_fnma(vec_splat(1.25F), d[4], vec_fma(quarter, d[2], d[6]));
    const vec odd2 = vec_fma(two, d[5], vec_fnma(five_half, d[3], vec_mul(half, d[1])));
    const vec even3 = vec_fnma(vec_splat(5), d[4], vec_fma(four, d[2], d[6]));
    const vec odd3 = vec_fma(half, d[5], vec_fnma(five_half, d[3], vec_mul(two, d[1])));
    store_n(out, vec_fma(f, vec_sub(d[4], d[2]), vec_sub(d[0], d[6])), n);
    store_n(out + plane, vec_add(even1, odd1), n);
    store_n(out + 2 * plane, vec_sub(even1, odd1), n);
    store_n(out + 3 * plane, vec_add(even2, odd2), n);
    store_n(out + 4 * plane, vec_sub(even2, odd2), n);
    store_n(out + 5 * plane, vec_add(even3, odd3), n);
    store_n(out + 6 * plane, vec_sub(even3, odd3), n);
    store_n(out + 7 * plane, vec_fma(f, vec_sub(d[3], d[5]), vec_sub(d[7], d[1])), n);
}

static void conv_to_short(const float *x, ptrdiff_t stride, int blocks, int step, int c, float *out,
                          size_t plane) {
    for (int b = 0; b < blocks; b++, x += step * stride, out += c) {
        int i = 0;
        for (; i + VEC_N <= c; i += VEC_N) short_terms(x + i, stride, out + i, plane, VEC_N);
        if (i < c) short_terms(x + i, stride, out + i, plane, c - i);
    }
}

/* The rows of conv_short.c's A: a block's outputs, before the last term. Those of even and of odd
 * powers of a point and its negative share their sum or difference. */
static ALWAYS_INLINE void short_outputs(vec *y, const float *in, size_t plane) {
    vec s[2][3];
    UNROLL
    for (int i = 0; i < 3; i++) {
        const vec a = vec_load(in + (size_t)(2 * i + 1) * plane);
        const vec b = vec_load(in + (size_t)(2 * i + 2) * plane);
        s[0][i] = vec_add(a, b), s[1][i] = vec_sub(a, b);
    }
    UNROLL
    for (int i = 0; i < 7; i++) {
        const vec *t = s[i % 2];
        const vec v = vec_fma(vec_splat((float)(1 << i)), t[1], t[0]);
        y[i] = vec_fma(vec_splat(1.0F / (float)(1 << i)), t[2], v);
    }
    y[0] = vec_add(y[0], vec_load(in));
}

/* n columns of rows outputs, VEC_N floats apart in v. */
static void put_rows(float *y, ptrdiff_t stride, const float *v, int rows, int n,
                     const xp_conv_epilogue *ep, int c) {
    for (; rows > 0; rows--, v += VEC_N, y += stride) {
        if (n == VEC_N) {
            vec_store(y, epilogue_vec(vec_load(v), ep, c));
            continue;
        }
        for (int i = 0; i < n; i++) y[i] = epilogue_one(v[i], ep, c + i);
    }
}

static void conv_from_short(const float *in, size_t plane, size_t row, int rows, int step, float *y,
                            ptrdiff_t stride, int cols, const xp_conv_epilogue *ep) {
    _Alignas(64) float out[7 * VEC_N];
    for (; rows > 0; rows -= step, in += row, y += step * stride)
        for (int c = 0; c < cols; c += VEC_N) {
            const int n = cols - c < VEC_N ? cols - c : VEC_N;
            float *last = out + (step - 1) * VEC_N;
            vec v[7];
            short_outputs(v, in + c, plane);
            UNROLL
            for (int i = 0; i < 7; i++) vec_store(out + i * VEC_N, v[i]);
            vec_store(last, vec_add(vec_load(last), vec_load(in + 7 * plane + c)));
            put_rows(y + c, stride, out, rows < step ? rows : step, n, ep, c);
        }
}

/* ---- frequency domain ------------------------------------------------------------------------ */

/* Bin f of both signals from points f and N - f of their common transform. */
static ALWAYS_INLINE void untangle(const float *z, const float *mirror, float *a, float *b,
                                   size_t im) {
    const vec zr = vec_load(z), zi = vec_load(z + VEC_N);
    const vec mr = vec_load(mirror), mi = vec_load(mirror + VEC_N);
    vec_store(a, vec_add(zr, mr));
    vec_store(a + im, vec_sub(zi, mi));
    if (b) {
        vec_store(b, vec_add(zi, mi));
        vec_store(b + im, vec_sub(mr, zr));
    }
}

static __attribute__((noinline)) void store_bins(const float *z, int n, const conv_place *out) {
    const float *middle = z + n / 2 * POINT;
    float *a = out->a, *b = out->b;
    vec_store(a, vec_load(z));
    vec_store(a + out->im, vec_load(middle));
    if (b) {
        vec_store(b, vec_load(z + VEC_N));
        vec_store(b + out->im, vec_load(middle + VEC_N));
    }
    for (int f = 1; f < n / 2; f++) {
        a += out->bin;
        if (b) b += out->bin;
        untangle(z + f * POINT, z + (n - f) * POINT, a, b, out->im);
    }
}

static void conv_to_bins(const fft_plan *plan, const conv_pair *x, const conv_place *out,
                         float *work) {
    const fft_source source = {x->a, x->b, x->a_step, x->b_step};
    const float *z = fft_run(plan, source, work, work + plan->n * POINT);
    store_bins(z, plan->n, out);
}

/* Points of the common inverse transform. Real and imaginary parts are exchanged, so that the
 * forward transform computes the inverse one. */
static __attribute__((noinline)) void load_bins(float *z, int n, const conv_place *in) {
    const vec zero = vec_splat(0);
    const float *a = in->a, *b = in->b;
    float *middle = z + n / 2 * POINT;
    vec_store(z + VEC_N, vec_load(a));
    vec_store(middle + VEC_N, vec_load(a + in->im));
    vec_store(z, b ? vec_load(b) : zero);
    vec_store(middle, b ? vec_load(b + in->im) : zero);
    for (int f = 1; f < n / 2; f++) {
        float *p = z + f * POINT, *q = z + (n - f) * POINT;
        a += in->bin;
        const vec ar = vec_load(a), ai = vec_load(a + in->im);
        vec br = zero, bi = zero;
        if (b) {
            b += in->bin;
            br = vec_load(b), bi = vec_load(b + in->im);
        }
        vec_store(p, vec_add(ai, br)), vec_store(p + VEC_N, vec_sub(ar, bi));
        vec_store(q, vec_sub(br, ai)), vec_store(q + VEC_N, vec_add(ar, bi));
    }
}

/* rows points, step apart, through the epilogue into the columns of y. */
static __attribute__((noinline)) void store_time(const float *z, float *y, ptrdiff_t stride,
                                                 int rows, int n, const xp_conv_epilogue *ep) {
    if (n < VEC_N) {
        for (int r = 0; r < rows; r++, z += POINT, y += stride) {
            store_some(y, vec_load(z), n);
            if (ep)
                for (int c = 0; c < n; c++) y[c] = epilogue_one(y[c], ep, c);
        }
        return;
    }
    if (!ep) {
        for (int r = 0; r < rows; r++, z += POINT, y += stride) vec_store(y, vec_load(z));
        return;
    }
    const xp_conv_epilogue e = *ep;
    for (int r = 0; r < rows; r++, z += POINT, y += stride)
        vec_store(y, epilogue_vec(vec_load(z), &e, 0));
}

static void conv_from_bins(const fft_plan *plan, const conv_place *in, const conv_rows *y,
                           const xp_conv_epilogue *ep, float *work) {
    float *second = work + plan->n * POINT;
    load_bins(second, plan->n, in);
    const fft_source source = {second, second + VEC_N, POINT, POINT};
    const float *z = fft_run(plan, source, work, second);
    store_time(z + VEC_N, y->a, y->stride, y->rows_a, y->n, ep);
    if (y->b) store_time(z, y->b, y->stride, y->rows_b, y->n, ep);
}

/* Gauss' complex product is three real ones: rr = xr wr, ii = xi wi, ss = (xr + xi)(wr + wi); then
 * yr = rr - ii, yi = ss - (rr + ii). re and im: rr and ii, made rr - ii and -(rr + ii). */
static ALWAYS_INLINE void butterfly(int rows, float *re, float *im, ptrdiff_t row) {
    for (int r = 0; r < rows; r++, re += row, im += row) {
        UNROLL
        for (int j = 0; j < TILE_N; j += VEC_N) {
            const vec rr = vec_load(re + j), ii = vec_load(im + j);
            vec_store(re + j, vec_sub(rr, ii));
            vec_store(im + j, vec_sub(vec_sub(vec_splat(0), rr), ii));
        }
    }
}

/* Left-hand matrix and packed tile, each real, imaginary and their sum; the product's planes. */
typedef struct bin_tile {
    int k;
    ptrdiff_t x_row, x_step, y_row;
    const float *xr, *xi, *xs, *wr, *wi, *ws;
    float *yr, *yi;
    int behind; /* tiles that lie behind this one: fetched from memory while this is computed */
} bin_tile;

/* Memory is fetched ahead by the processor itself, but only within a page of 4 KiB, and the first
 * touch of each waits for its address and for the memory. Here the next pages wait together. */
static __attribute__((noinline)) void open_pages(const char *from, ptrdiff_t bytes) {
    for (ptrdiff_t i = 0; i + 64 < bytes; i += 4096) vec_fetch(from + i), vec_fetch(from + i + 64);
}

/* Three products a group of rows; the next tile is fetched at an even pace over all of them, as
 * slowly as memory likes it, and the pages of the one after that are opened. */
static void bin_rows(int m, const bin_tile *s) {
    int groups = (m + VEC_ROWS - 1) / VEC_ROWS;
    const ptrdiff_t tile_bytes = 2 * TILE_N * (ptrdiff_t)sizeof(float); /* of a step of k */
    const char *soon = (const char *)(s->wi + (s->wi - s->wr));
    tile_args t = {s->k, 0, s->x_row, s->x_step, s->y_row, soon, tile_bytes / (3 * groups)};
    if (!s->behind) t.soon = (const char *)s->wr, t.pace = 0;
    const ptrdiff_t fetched = t.pace * s->k;
    ptrdiff_t x = 0, y = 0;
    if (s->behind > 1) open_pages(t.soon + tile_bytes * s->k, tile_bytes * s->k);
    for (; groups > 0; groups--) {
        const int rows = (m + groups - 1) / groups;
        const tile_fn product = tile_table[rows - 1];
        t.accumulate = 0;
        product(&t, s->xr + x, s->wr, s->yr + y);
        t.soon += fetched;
        product(&t, s->xi + x, s->wi, s->yi + y);
        t.soon += fetched;
        butterfly(rows, s->yr + y, s->yi + y, s->y_row);
        t.accumulate = 1;
        product(&t, s->xs + x, s->ws, s->yi + y);
        t.soon += fetched;
        x += rows * s->x_row, y += rows * s->y_row;
        m -= rows;
    }
}

static __attribute__((noinline)) void sum_into(float *out, const float *a, const float *b,
                                               size_t n) {
    for (size_t i = 0; i < n; i += VEC_N)
        vec_store(out + i, vec_add(vec_load(a + i), vec_load(b + i)));
}

static void real_bin(const conv_bin *s, const float *x, const float *w, float *y) {
    const size_t part = (size_t)s->k * TILE_N;
    const tile_args t = {s->k, 0, (ptrdiff_t)s->x_row, 1, (ptrdiff_t)s->y_row, (const char *)w, 0};
    for (int j = 0; j < s->tiles; j++, w += 2 * part, y += TILE_N) {
        tile_rows(s->rows, &t, x, w, y);
        tile_rows(s->rows, &t, x + s->x_im, w + part, y + s->y_im);
    }
}

static void conv_bin_product(const conv_bin *s, const float *x, const float *w, float *y, bool real,
                             float *work) {
    const size_t part = (size_t)s->k * TILE_N;
    float *xs = work, *ws = work + (size_t)s->rows * s->x_row;
    if (real) {
        real_bin(s, x, w, y);
        return;
    }
    sum_into(xs, x, x + s->x_im, (size_t)s->rows * s->x_row);
    for (int j = 0; j < s->tiles; j++, w += 2 * part, y += TILE_N) {
        sum_into(ws, w, w + part, part);
        const bin_tile t = {.k = s->k,
                            .x_row = (ptrdiff_t)s->x_row,
                            .x_step = 1,
                            .y_row = (ptrdiff_t)s->y_row,
                            .xr = x,
                            .xi = x + s->x_im,
                            .xs = xs,
                            .wr = w,
                            .wi = w + part,
                            .ws = ws,
                            .yr = y,
                            .yi = y + s->y_im,
                            .behind = s->behind + s->tiles - 1 - j};
        bin_rows(s->rows, &t);
    }
}
