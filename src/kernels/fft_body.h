/* The passes of the FFT on vectors of channels, written once over the vec_* names; included by each
 * unit. A buffer holds N points, each a vector of real parts and then one of imaginary parts. */
#include "kernels/fft.h"

#define POINT (2 * VEC_N) /* floats of one point */

/* bf_R: the R-point DFT (e^-i) of (re, im) in place. */
static ALWAYS_INLINE void bf_2(vec *re, vec *im) {
    const vec r = re[1], i = im[1];
    re[1] = vec_sub(re[0], r), im[1] = vec_sub(im[0], i);
    re[0] = vec_add(re[0], r), im[0] = vec_add(im[0], i);
}

static ALWAYS_INLINE void bf_3(vec *re, vec *im) {
    const vec half = vec_splat(0.5F), h = vec_splat(0.866025403784438647F);
    const vec sr = vec_add(re[1], re[2]), si = vec_add(im[1], im[2]);
    const vec dr = vec_sub(re[1], re[2]), di = vec_sub(im[1], im[2]);
    const vec mr = vec_fnma(half, sr, re[0]), mi = vec_fnma(half, si, im[0]);
    re[0] = vec_add(re[0], sr), im[0] = vec_add(im[0], si);
    re[1] = vec_fma(h, di, mr), im[1] = vec_fnma(h, dr, mi);
    re[2] = vec_fnma(h, di, mr), im[2] = vec_fma(h, dr, mi);
}

static ALWAYS_INLINE void bf_4(vec *re, vec *im) {
    const vec ar = vec_add(re[0], re[2]), ai = vec_add(im[0], im[2]);
    const vec br = vec_sub(re[0], re[2]), bi = vec_sub(im[0], im[2]);
    const vec cr = vec_add(re[1], re[3]), ci = vec_add(im[1], im[3]);
    const vec dr = vec_sub(re[1], re[3]), di = vec_sub(im[1], im[3]);
    re[0] = vec_add(ar, cr), im[0] = vec_add(ai, ci);
    re[1] = vec_add(br, di), im[1] = vec_sub(bi, dr);
    re[2] = vec_sub(ar, cr), im[2] = vec_sub(ai, ci);
    re[3] = vec_sub(br, di), im[3] = vec_add(bi, dr);
}

static ALWAYS_INLINE void bf_5(vec *re, vec *im) {
    const vec c1 = vec_splat(0.309016994374947424F), c2 = vec_splat(0.809016994374947424F);
    const vec s1 = vec_splat(0.951056516295153572F), s2 = vec_splat(0.587785252292473129F);
    const vec pr = vec_add(re[1], re[4]), pi = vec_add(im[1], im[4]);
    const vec qr = vec_add(re[2], re[3]), qi = vec_add(im[2], im[3]);
    const vec ur = vec_sub(re[1], re[4]), ui = vec_sub(im[1], im[4]);
    const vec vr = vec_sub(re[2], re[3]), vi = vec_sub(im[2], im[3]);
    const vec ar = vec_fnma(c2, qr, vec_fma(c1, pr, re[0]));
    const vec ai = vec_fnma(c2, qi, vec_fma(c1, pi, im[0]));
    const vec br = vec_fma(c1, qr, vec_fnma(c2, pr, re[0]));
    const vec bi = vec_fma(c1, qi, vec_fnma(c2, pi, im[0]));
    const vec cr = vec_fma(s1, ur, vec_mul(s2, vr)), ci = vec_fma(s1, ui, vec_mul(s2, vi));
    const vec dr = vec_fnma(s1, vr, vec_mul(s2, ur)), di = vec_fnma(s1, vi, vec_mul(s2, ui));
    re[0] = vec_add(re[0], vec_add(pr, qr)), im[0] = vec_add(im[0], vec_add(pi, qi));
    re[1] = vec_add(ar, ci), im[1] = vec_sub(ai, cr);
    re[4] = vec_sub(ar, ci), im[4] = vec_add(ai, cr);
    re[2] = vec_add(br, di), im[2] = vec_sub(bi, dr);
    re[3] = vec_sub(br, di), im[3] = vec_add(bi, dr);
}

static ALWAYS_INLINE void rotate(vec *re, vec *im, float c, float s) {
    const vec vc = vec_splat(c), vs = vec_splat(s), r = *re, i = *im;
    *re = vec_fnma(vs, i, vec_mul(vc, r));
    *im = vec_fma(vs, r, vec_mul(vc, i));
}

/* Coprime factors need no twiddles (Good's mapping): input ra * a + rb * b, output ka * a + kb * b,
 * both modulo n, so both pairs are arguments. */
#define PRIME_FACTOR(N, A, B, KA, KB)                                                              \
    static ALWAYS_INLINE void bf_##N(vec *re, vec *im) {                                           \
        vec r[B][A], i[B][A];                                                                      \
        UNROLL for (int b = 0; b < B; b++) {                                                       \
            UNROLL for (int a = 0; a < A; a++) {                                                   \
                r[b][a] = re[(B * a + A * b) % N];                                                 \
                i[b][a] = im[(B * a + A * b) % N];                                                 \
            }                                                                                      \
            bf_##A(r[b], i[b]);                                                                    \
        }                                                                                          \
        UNROLL for (int a = 0; a < A; a++) {                                                       \
            vec cr[B], ci[B];                                                                      \
            UNROLL for (int b = 0; b < B; b++) cr[b] = r[b][a], ci[b] = i[b][a];                   \
            bf_##B(cr, ci);                                                                        \
            UNROLL for (int b = 0; b < B; b++) {                                                   \
                re[(KA * a + KB * b) % N] = cr[b];                                                 \
                im[(KA * a + KB * b) % N] = ci[b];                                                 \
            }                                                                                      \
        }                                                                                          \
    }
PRIME_FACTOR(6, 2, 3, 3, 4)
PRIME_FACTOR(10, 2, 5, 5, 6)
PRIME_FACTOR(12, 4, 3, 9, 4)

/* Powers: A x A or 2 x 4 with twiddles w_N^(a b) between the halves. */
#define COMPOSITE(N, A, B)                                                                         \
    static ALWAYS_INLINE void bf_##N(vec *re, vec *im) {                                           \
        vec r[B][A], i[B][A];                                                                      \
        UNROLL for (int b = 0; b < B; b++) {                                                       \
            UNROLL for (int a = 0; a < A; a++) {                                                   \
                r[b][a] = re[b + B * a];                                                           \
                i[b][a] = im[b + B * a];                                                           \
            }                                                                                      \
            bf_##A(r[b], i[b]);                                                                    \
        }                                                                                          \
        UNROLL for (int a = 0; a < A; a++) {                                                       \
            vec cr[B], ci[B];                                                                      \
            UNROLL for (int b = 0; b < B; b++) {                                                   \
                cr[b] = r[b][a], ci[b] = i[b][a];                                                  \
                turn_##N(&cr[b], &ci[b], a *b);                                                    \
            }                                                                                      \
            bf_##B(cr, ci);                                                                        \
            UNROLL for (int b = 0; b < B; b++) {                                                   \
                re[a + A * b] = cr[b];                                                             \
                im[a + A * b] = ci[b];                                                             \
            }                                                                                      \
        }                                                                                          \
    }

/* Multiply by e^(-2 pi i e / 8): e is a constant where this is inlined. */
static ALWAYS_INLINE void turn_8(vec *re, vec *im, const int e) {
    const vec h = vec_splat(0.707106781186547524F), r = *re, i = *im;
    if (e == 1) {
        *re = vec_mul(h, vec_add(r, i)), *im = vec_mul(h, vec_sub(i, r));
    } else if (e == 2) {
        *re = i, *im = vec_sub(vec_splat(0), r);
    } else if (e == 3) {
        *re = vec_mul(h, vec_sub(i, r)), *im = vec_sub(vec_splat(0), vec_mul(h, vec_add(r, i)));
    }
}
static ALWAYS_INLINE void turn_9(vec *re, vec *im, const int e) {
    if (e == 1) rotate(re, im, 0.766044443118978035F, -0.642787609686539327F);
    if (e == 2) rotate(re, im, 0.173648177666930349F, -0.984807753012208059F);
    if (e == 4) rotate(re, im, -0.939692620785908384F, -0.342020143325668733F);
}
static ALWAYS_INLINE void turn_16(vec *re, vec *im, const int e) {
    if (e == 2 || e == 4 || e == 6) turn_8(re, im, e / 2);
    if (e == 1) rotate(re, im, 0.923879532511286756F, -0.382683432365089772F);
    if (e == 3) rotate(re, im, 0.382683432365089772F, -0.923879532511286756F);
    if (e == 9) rotate(re, im, -0.923879532511286756F, 0.382683432365089772F);
}
COMPOSITE(8, 4, 2)
COMPOSITE(9, 3, 3)
COMPOSITE(16, 4, 4)

/* Where a pass reads: point j is at re + j * step and im + j * step. */
typedef struct fft_source {
    const float *re, *im;
    ptrdiff_t re_step, im_step;
} fft_source;

/* One pass of length n = r * m over s interleaved transforms; tw as fft_plan.twiddle for the pass.
 */
#define DEFINE_PASS(R)                                                                             \
    static ALWAYS_INLINE void load_##R(vec *re, vec *im, const fft_source *x, int at, int gap) {   \
        UNROLL for (int k = 0; k < R; k++) {                                                       \
            re[k] = vec_load(x->re + (at + gap * k) * x->re_step);                                 \
            im[k] = vec_load(x->im + (at + gap * k) * x->im_step);                                 \
        }                                                                                          \
    }                                                                                              \
    static ALWAYS_INLINE void store_##R(float *y, int s, vec *re, vec *im) {                       \
        UNROLL for (int k = 0; k < R; k++) {                                                       \
            vec_store(y + s * k * POINT, re[k]);                                                   \
            vec_store(y + s * k * POINT + VEC_N, im[k]);                                           \
        }                                                                                          \
    }                                                                                              \
    static __attribute__((noinline)) void plain_##R(const fft_source *x, float *y, int m, int s) { \
        for (int q = 0; q < s; q++) {                                                              \
            vec re[R], im[R];                                                                      \
            load_##R(re, im, x, q, s *m);                                                          \
            bf_##R(re, im);                                                                        \
            store_##R(y + q * POINT, s, re, im);                                                   \
        }                                                                                          \
    }                                                                                              \
    static __attribute__((noinline)) void turned_##R(const fft_source *x, float *y, int m, int s,  \
                                                     const float *tw) {                            \
        for (int p = 1; p < m; p++, tw += 2 * (R - 1))                                             \
            for (int q = 0; q < s; q++) {                                                          \
                vec re[R], im[R];                                                                  \
                load_##R(re, im, x, q + s * p, s * m);                                             \
                bf_##R(re, im);                                                                    \
                UNROLL for (int k = 1; k < R; k++)                                                 \
                    rotate(&re[k], &im[k], tw[2 * k - 2], tw[2 * k - 1]);                          \
                store_##R(y + (q + s * R * p) * POINT, s, re, im);                                 \
            }                                                                                      \
    }                                                                                              \
    static void pass_##R(const fft_source *x, float *y, int m, int s, const float *tw) {           \
        plain_##R(x, y, m, s);                                                                     \
        if (m > 1) turned_##R(x, y, m, s, tw);                                                     \
    }
#define FOR_EACH_RADIX(X) X(2) X(3) X(4) X(5) X(6) X(8) X(9) X(10) X(12) X(16)
FOR_EACH_RADIX(DEFINE_PASS)

typedef void (*pass_fn)(const fft_source *, float *, int, int, const float *);
#define PASS_ENTRY(R) [R] = pass_##R,
static const pass_fn pass_table[17] = {FOR_EACH_RADIX(PASS_ENTRY)};

/* The transform of x by way of two buffers of N points; returns the one that holds the result.
 * x may point into second. */
static float *fft_run(const fft_plan *plan, fft_source x, float *first, float *second) {
    const float *tw = plan->twiddle;
    float *y = first, *other = second;
    for (int i = 0, n = plan->n, s = 1; i < plan->passes; i++) {
        const int r = plan->radix[i], m = n / r;
        pass_table[r](&x, y, m, s, tw);
        tw += 2 * (m - 1) * (r - 1);
        x = (fft_source){y, y + VEC_N, POINT, POINT};
        n = m, s *= r;
        float *const swap = y;
        y = other, other = swap;
    }
    return other;
}
