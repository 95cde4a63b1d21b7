/* Transforms whose results go past the caches, written once over the vec_* names; included by each
 * unit after conv_body.h. The spectra of a whole batch are larger than any cache, and a line that
 * is written as a whole need not be read first: worth a tenth of a training step. Only vectors of
 * a whole line (64 bytes) can do this; others use plain stores. */
#include "kernels/stream_kernels.h"

#include <stdint.h>

#ifdef __AVX512F__
static inline void put_line(float *p, vec v) {
    _mm512_stream_ps(p, v);
}
static void stream_fence(void) {
    _mm_sfence();
}
#else
static inline void put_line(float *p, vec v) {
    vec_store(p, v);
}
static void stream_fence(void) {}
#endif

static bool whole_lines(const float *p, size_t step1, size_t step2) {
    return VEC_N == 16 && (((uintptr_t)p | step1 * sizeof *p | step2 * sizeof *p) & 63) == 0;
}

/* As store_bins. */
static __attribute__((noinline)) void put_bins(const float *z, int n, const conv_place *out) {
    const float *middle = z + n / 2 * POINT;
    float *a = out->a, *b = out->b;
    put_line(a, vec_load(z));
    put_line(a + out->im, vec_load(middle));
    if (b) {
        put_line(b, vec_load(z + VEC_N));
        put_line(b + out->im, vec_load(middle + VEC_N));
    }
    for (int f = 1; f < n / 2; f++) {
        const float *p = z + f * POINT, *q = z + (n - f) * POINT;
        const vec zr = vec_load(p), zi = vec_load(p + VEC_N);
        const vec mr = vec_load(q), mi = vec_load(q + VEC_N);
        a += out->bin;
        put_line(a, vec_add(zr, mr));
        put_line(a + out->im, vec_sub(zi, mi));
        if (!b) continue;
        b += out->bin;
        put_line(b, vec_add(zi, mi));
        put_line(b + out->im, vec_sub(mr, zr));
    }
}

static void stream_to_bins(const fft_plan *plan, const conv_pair *x, const conv_place *out,
                           float *work) {
    const fft_source source = {x->a, x->b, x->a_step, x->b_step};
    const float *z = fft_run(plan, source, work, work + plan->n * POINT);
    const bool lines = whole_lines(out->a, out->bin, out->im) && whole_lines(out->b, 0, 0);
    if (lines)
        put_bins(z, plan->n, out);
    else
        store_bins(z, plan->n, out);
}

static __attribute__((noinline)) void put_time(const float *z, float *y, ptrdiff_t stride, int rows,
                                               int relu) {
    for (int r = 0; r < rows; r++, z += POINT, y += stride)
        put_line(y, relu ? vec_relu(vec_load(z)) : vec_load(z));
}

static void stream_from_bins(const fft_plan *plan, const conv_place *in, const conv_rows *y,
                             int relu, float *work) {
    const xp_conv_epilogue ep = {.relu_first = relu != 0};
    const bool lines =
        y->n == VEC_N && whole_lines(y->a, (size_t)y->stride, 0) && whole_lines(y->b, 0, 0);
    if (!lines) {
        conv_from_bins(plan, in, y, &ep, work);
        return;
    }
    float *second = work + plan->n * POINT;
    load_bins(second, plan->n, in);
    const fft_source source = {second, second + VEC_N, POINT, POINT};
    const float *z = fft_run(plan, source, work, second);
    put_time(z + VEC_N, y->a, y->stride, y->rows_a, relu);
    if (y->b) put_time(z, y->b, y->stride, y->rows_b, relu);
}

static const xp_stream_kernels unit_stream = {
    .to_bins = stream_to_bins,
    .from_bins = stream_from_bins,
    .fence = stream_fence,
};
