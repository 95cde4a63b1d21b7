/* The convolution's inner loops in the kernel table, and the tables themselves. Private to
 * kernels/.
 */
#ifndef XP_KERNELS_CONV_KERNELS_H
#define XP_KERNELS_CONV_KERNELS_H

#include "kernels/conv.h"
#include "kernels/kernels.h"

typedef struct xp_conv_kernels {
    int tile_cols; /* columns of a packed tile (gemm_body.h) */

    /* c (m, n) = a (m, k) * b [+ c]; b is packed tile after tile, tile_stride floats apart. */
    void (*gemm_packed)(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                        size_t tile_stride, float *c, ptrdiff_t ldc, int accumulate);
    /* The epilogue on y (rows, cols) in place; ep's pointers start at y's first column. */
    void (*epilogue)(float *y, ptrdiff_t stride, int rows, int cols, const xp_conv_epilogue *ep);
} xp_conv_kernels;

/* Those that this build has; kernels.c chooses. */
extern const xp_kernels xp_kernels_scalar, xp_kernels_wasm, xp_kernels_avx2, xp_kernels_avx512;

#endif
