/* The portable vector: four floats the compiler maps to whatever the target has (SSE2, NEON, or
 * four scalar registers). The same names as in the other vec_*.h. */
#ifndef XP_KERNELS_VEC_H
#define XP_KERNELS_VEC_H

#include <string.h>

#if defined(__EMSCRIPTEN__) && !defined(__wasm_simd128__)

/* WebAssembly without SIMD would do each operation four times one after another: a vector of one
 * float computes as fast and is a quarter of the code to download. */
#define VEC_N 1
#define VEC_ROWS 4 /* accumulator rows of a matrix tile that fit in the registers */
#define VEC_COLS 4 /* vectors in a row of a tile */

typedef float vec;

static inline vec vec_load(const float *p) {
    return *p;
}
static inline void vec_store(float *p, vec v) {
    *p = v;
}
static inline vec vec_splat(float s) {
    return s;
}
static inline vec vec_relu(vec a) {
    return a < 0 ? 0 : a;
}
static inline vec vec_pass(vec a, vec b) {
    return a > 0 ? b : 0;
}
static inline float vec_sum(vec a) {
    return a;
}

#else

#define VEC_N 4
#define VEC_ROWS 4
#define VEC_COLS 2

typedef float vec __attribute__((vector_size(16)));

static inline vec vec_load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void vec_store(float *p, vec v) {
    memcpy(p, &v, sizeof v);
}
static inline vec vec_splat(float s) {
    return (vec){s, s, s, s};
}
/* max(a, 0), a NaN stays a NaN. */
static inline vec vec_relu(vec a) {
    typedef int mask __attribute__((vector_size(16)));
    return (vec)((mask)a & ~(mask)(a < 0));
}
/* b where a > 0, else 0: for training, not in vec_wasm.h. */
static inline vec vec_pass(vec a, vec b) {
    typedef int mask __attribute__((vector_size(16)));
    return (vec)((mask)b & (mask)(a > 0));
}
static inline float vec_sum(vec a) {
    return (a[0] + a[2]) + (a[1] + a[3]);
}

#endif

/* p's cache line will be read soon; p must be readable. */
static inline void vec_fetch(const void *p) {
    (void)p;
}
static inline vec vec_add(vec a, vec b) {
    return a + b;
}
static inline vec vec_sub(vec a, vec b) {
    return a - b;
}
static inline vec vec_mul(vec a, vec b) {
    return a * b;
}
/* a * b + c and c - a * b: fused where the machine can. */
static inline vec vec_fma(vec a, vec b, vec c) {
    return a * b + c;
}
static inline vec vec_fnma(vec a, vec b, vec c) {
    return c - a * b;
}

#endif
