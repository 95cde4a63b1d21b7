/* AVX-512F. Names: see vec_scalar.h. */
#ifndef XP_KERNELS_VEC_H
#define XP_KERNELS_VEC_H

#ifndef __AVX512F__
#error "compile this unit with -mavx512f"
#endif
#include <immintrin.h>

#define VEC_N 16
#define VEC_ROWS 12
#define VEC_COLS 2

typedef __m512 vec;

static inline vec vec_load(const float *p) {
    return _mm512_loadu_ps(p);
}
static inline void vec_fetch(const void *p) {
    _mm_prefetch(p, _MM_HINT_T0);
}
static inline void vec_store(float *p, vec v) {
    _mm512_storeu_ps(p, v);
}
static inline vec vec_splat(float s) {
    return _mm512_set1_ps(s);
}
static inline vec vec_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}
static inline vec vec_sub(vec a, vec b) {
    return _mm512_sub_ps(a, b);
}
static inline vec vec_mul(vec a, vec b) {
    return _mm512_mul_ps(a, b);
}
static inline vec vec_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}
static inline vec vec_fnma(vec a, vec b, vec c) {
    return _mm512_fnmadd_ps(a, b, c);
}
/* maxps returns its second operand when one is a NaN. */
static inline vec vec_relu(vec a) {
    return _mm512_max_ps(_mm512_setzero_ps(), a);
}
/* b where a > 0, else 0. */
static inline vec vec_pass(vec a, vec b) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_GT_OQ), b);
}
static inline float vec_sum(vec a) {
    return _mm512_reduce_add_ps(a);
}

#endif
