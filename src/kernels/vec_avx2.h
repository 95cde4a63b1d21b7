/* AVX2 with fused multiply-add. Names: see vec_scalar.h. */
#ifndef XP_KERNELS_VEC_H
#define XP_KERNELS_VEC_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this unit with -mavx2 -mfma"
#endif
#include <immintrin.h>

#define VEC_N 8
#define VEC_ROWS 6
#define VEC_COLS 2

typedef __m256 vec;

static inline vec vec_load(const float *p) {
    return _mm256_loadu_ps(p);
}
static inline void vec_fetch(const void *p) {
    _mm_prefetch(p, _MM_HINT_T0);
}
static inline void vec_store(float *p, vec v) {
    _mm256_storeu_ps(p, v);
}
static inline vec vec_splat(float s) {
    return _mm256_set1_ps(s);
}
static inline vec vec_add(vec a, vec b) {
    return _mm256_add_ps(a, b);
}
static inline vec vec_sub(vec a, vec b) {
    return _mm256_sub_ps(a, b);
}
static inline vec vec_mul(vec a, vec b) {
    return _mm256_mul_ps(a, b);
}
static inline vec vec_fma(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}
static inline vec vec_fnma(vec a, vec b, vec c) {
    return _mm256_fnmadd_ps(a, b, c);
}
/* maxps returns its second operand when one is a NaN. */
static inline vec vec_relu(vec a) {
    return _mm256_max_ps(_mm256_setzero_ps(), a);
}
/* b where a > 0, else 0. */
static inline vec vec_pass(vec a, vec b) {
    return _mm256_and_ps(_mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_GT_OQ), b);
}
static inline float vec_sum(vec a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

#endif
