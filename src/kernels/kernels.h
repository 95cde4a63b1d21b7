/* The table of inner loops, one per instruction set, chosen once. Bodies are written once over
 * vec_{scalar,wasm,neon,avx2,avx512}.h and compiled in one unit per instruction set. */
#ifndef XP_KERNELS_KERNELS_H
#define XP_KERNELS_KERNELS_H

#include "base/mat.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct xp_kernels {
    const char *name; /* "scalar", "avx2", "neon", "wasm-simd", ... */
    int width;        /* floats in a vector */

    /* c (m,n) = a (m,k) * b (k,n) [+ c when accumulate]; row strides in floats. */
    void (*gemm)(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb,
                 float *c, ptrdiff_t ldc, int accumulate);
    /* c (m,n) [+]= a^T (k,m) * b (k,n): weight gradients. */
    void (*gemm_tn)(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                    ptrdiff_t ldb, float *c, ptrdiff_t ldc, int accumulate);
    /* c (m,n) [+]= a (m,k) * b^T (n,k): input gradients. */
    void (*gemm_nt)(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                    ptrdiff_t ldb, float *c, ptrdiff_t ldc, int accumulate);

    /* Rows of n floats; y may alias x. */
    void (*add)(float *y, const float *x, size_t n);           /* y += x */
    void (*axpy)(float *y, float a, const float *x, size_t n); /* y += a x */
    void (*relu)(float *y, const float *x, size_t n);          /* y = max(x, 0) */
    /* y (t,c) = x * scale[c] + shift[c], then ReLU when relu. */
    void (*scale_shift)(float *y, const float *x, const float *scale, const float *shift, int t,
                        int c, int relu);
    /* A max-pool's window of two rows x0, x1: dy is added to the gradient d0 or d1 of the larger
     * (the first of equals). */
    void (*route_pair)(float *d0, float *d1, const float *dy, const float *x0, const float *x1,
                       size_t n);
    float (*dot)(const float *a, const float *b, size_t n);
    float (*sum)(const float *a, size_t n);
    /* Further members belong to the convolution (conv.h) and are documented in kernels/. */
    const struct xp_conv_kernels *conv;
    const struct xp_train_kernels *train;   /* train_kernels.h; NULL in WebAssembly */
    const struct xp_stream_kernels *stream; /* stream_kernels.h; NULL in WebAssembly */
} xp_kernels;

/* The best table for this machine; the same pointer for the whole run. The environment variable
 * XP_KERNELS caps the choice: with "avx2" a machine with AVX-512 computes as one without, so that
 * tests can try every table. A name that no table has caps nothing; programs refuse it. */
#define XP_KERNELS_VARIABLE "XP_KERNELS"
const xp_kernels *xp_kernels_best(void);

/* A table by name, or NULL when this build or machine has it not: tests compare all of them.
 * xp_kernels_at(i) enumerates those that run here; NULL past the end. */
const xp_kernels *xp_kernels_named(const char *name);
const xp_kernels *xp_kernels_at(int i);

/* Whether this build has a table of that name, on whatever machine. */
bool xp_kernels_known(const char *name);

#endif
