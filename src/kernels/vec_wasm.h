/* WebAssembly's 128-bit vector. With -mrelaxed-simd multiply-add is one instruction (fused where
 * the machine can). Names: see vec_scalar.h. */
#ifndef XP_KERNELS_VEC_H
#define XP_KERNELS_VEC_H

#ifndef __wasm_simd128__
#error "compile this unit with -msimd128"
#endif
#include <wasm_simd128.h>

#define VEC_N 4
/* Browsers keep 15 registers. Without multiply-add, a product takes one before it is added. */
#ifdef __wasm_relaxed_simd__
#define VEC_ROWS 6
#else
#define VEC_ROWS 4
#endif
#define VEC_COLS 2

typedef v128_t vec;
/* Builtins below, for clang 16 has those but not yet the names in its header. */
#ifdef __wasm_relaxed_simd__
typedef float relaxed_f32x4 __attribute__((vector_size(16)));
#endif

static inline vec vec_load(const float *p) {
    return wasm_v128_load(p);
}
/* There is no instruction for fetching ahead, but a load whose value is not used. */
static inline void vec_fetch(const void *p) {
    (void)*(const volatile char *)p;
}
static inline void vec_store(float *p, vec v) {
    wasm_v128_store(p, v);
}
static inline vec vec_splat(float s) {
    return wasm_f32x4_splat(s);
}
static inline vec vec_add(vec a, vec b) {
    return wasm_f32x4_add(a, b);
}
static inline vec vec_sub(vec a, vec b) {
    return wasm_f32x4_sub(a, b);
}
static inline vec vec_mul(vec a, vec b) {
    return wasm_f32x4_mul(a, b);
}
static inline vec vec_fma(vec a, vec b, vec c) {
#ifdef __wasm_relaxed_simd__
    return (vec)__builtin_wasm_relaxed_madd_f32x4((relaxed_f32x4)a, (relaxed_f32x4)b,
                                                  (relaxed_f32x4)c);
#else
    return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}
static inline vec vec_fnma(vec a, vec b, vec c) {
#ifdef __wasm_relaxed_simd__
    return (vec)__builtin_wasm_relaxed_nmadd_f32x4((relaxed_f32x4)a, (relaxed_f32x4)b,
                                                   (relaxed_f32x4)c);
#else
    return wasm_f32x4_sub(c, wasm_f32x4_mul(a, b));
#endif
}
/* pmax(a, 0) is a < 0 ? 0 : a, one instruction on x86 (f32x4.max is several). */
static inline vec vec_relu(vec a) {
    return wasm_f32x4_pmax(a, wasm_f32x4_const(0, 0, 0, 0));
}
/* b where a > 0, else 0. */
static inline vec vec_pass(vec a, vec b) {
    return wasm_v128_and(b, wasm_f32x4_gt(a, wasm_f32x4_const(0, 0, 0, 0)));
}
static inline float vec_sum(vec a) {
    return (wasm_f32x4_extract_lane(a, 0) + wasm_f32x4_extract_lane(a, 2)) +
           (wasm_f32x4_extract_lane(a, 1) + wasm_f32x4_extract_lane(a, 3));
}

#endif
