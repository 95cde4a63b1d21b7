/* Advanced SIMD of 64-bit ARM (always there, with fused multiply-add). Names: see vec_scalar.h. */
#ifndef XP_KERNELS_VEC_H
#define XP_KERNELS_VEC_H

#ifndef __aarch64__
#error "this unit is for aarch64"
#endif
#include <arm_neon.h>

#define VEC_N 4
/* Of the 32 registers 24 accumulate, four hold the right-hand matrix, and one the left-hand value.
 * A tile of 6 x 4 vectors needs fewer loads a product than one of 12 x 2. */
#define VEC_ROWS 6
#define VEC_COLS 4

typedef float32x4_t vec;

static inline vec vec_load(const float *p) {
    return vld1q_f32(p);
}
static inline void vec_fetch(const void *p) {
    __builtin_prefetch(p);
}
static inline void vec_store(float *p, vec v) {
    vst1q_f32(p, v);
}
static inline vec vec_splat(float s) {
    return vdupq_n_f32(s);
}
static inline vec vec_add(vec a, vec b) {
    return vaddq_f32(a, b);
}
static inline vec vec_sub(vec a, vec b) {
    return vsubq_f32(a, b);
}
static inline vec vec_mul(vec a, vec b) {
    return vmulq_f32(a, b);
}
static inline vec vec_fma(vec a, vec b, vec c) {
    return vfmaq_f32(c, a, b);
}
static inline vec vec_fnma(vec a, vec b, vec c) {
    return vfmsq_f32(c, a, b);
}
/* fmax returns a NaN when one operand is a NaN. */
static inline vec vec_relu(vec a) {
    return vmaxq_f32(a, vdupq_n_f32(0));
}
/* b where a > 0, else 0. */
static inline vec vec_pass(vec a, vec b) {
    return vreinterpretq_f32_u32(vandq_u32(vcgtzq_f32(a), vreinterpretq_u32_f32(b)));
}
static inline float vec_sum(vec a) {
    return vaddv_f32(vadd_f32(vget_low_f32(a), vget_high_f32(a)));
}

#endif
