/* The convolution's inner loops in the kernel table, and the tables themselves. Private to
 * kernels/.
 *
 * Spectra are kept bin after bin; bin f of N / 2 holds a plane of real parts and im floats further
 * one of imaginary parts, each (rows, columns). The transform of a real signal is real at 0 and N /
 * 2: bin 0 carries those two in place of a real and an imaginary part. */
#ifndef XP_KERNELS_CONV_KERNELS_H
#define XP_KERNELS_CONV_KERNELS_H

#include "kernels/conv.h"
#include "kernels/fft.h"
#include "kernels/kernels.h"

/* Two real signals, a vector of channels each: point j at a + j * a_step. */
typedef struct conv_pair {
    const float *a, *b;
    ptrdiff_t a_step, b_step;
} conv_pair;

/* Where in a spectrum a row's vector of channels lies: bin f at row + f * bin. */
typedef struct conv_place {
    float *a, *b; /* b NULL: there is no second row */
    size_t bin, im;
} conv_place;

/* Where outputs go: a rows of block a, b rows of block b, n columns. */
typedef struct conv_rows {
    float *a, *b;
    ptrdiff_t stride;
    int rows_a, rows_b, n;
} conv_rows;

/* One bin's product: y (rows, tiles * tile_cols) = x (rows, k) * w. */
typedef struct conv_bin {
    int rows, k, tiles;
    size_t x_row, x_im, y_row, y_im;
    int behind; /* tiles of further bins that lie behind this one's */
} conv_bin;

typedef struct xp_conv_kernels {
    int tile_cols; /* columns of a packed tile (gemm_body.h) */
    int tile_rows;

    /* c (m, n) = a (m, k) * b [+ c]; b is packed tile after tile, tile_stride floats apart. */
    void (*gemm_packed)(int m, int n, int k, const float *a, ptrdiff_t lda, const float *b,
                        size_t tile_stride, float *c, ptrdiff_t ldc, int accumulate);
    /* The epilogue on y (rows, cols) in place; ep's pointers start at y's first column. */
    void (*epilogue)(float *y, ptrdiff_t stride, int rows, int cols, const xp_conv_epilogue *ep);

    /* Kernels of two or three taps (conv_short.c): from rows, the next block step rows further, to
     * the eight planes of input terms, (blocks, c) each, plane floats apart; and from the planes of
     * products, row floats from block to block, to rows of y, step of them a block, through the
     * epilogue. */
    void (*to_short)(const float *x, ptrdiff_t stride, int blocks, int step, int c, float *out,
                     size_t plane);
    void (*from_short)(const float *in, size_t plane, size_t row, int rows, int step, float *y,
                       ptrdiff_t stride, int cols, const xp_conv_epilogue *ep);

    /* The transforms of two real signals, times 2 except in bin 0. work: 4 N vectors. */
    void (*to_bins)(const fft_plan *plan, const conv_pair *x, const conv_place *out, float *work);
    /* Back to time, N times too large; only the first rows are stored, through the epilogue. */
    void (*from_bins)(const fft_plan *plan, const conv_place *in, const conv_rows *y,
                      const xp_conv_epilogue *ep, float *work);
    /* Complex product in one bin; in bin 0 (real) two real ones. w: for each tile the real part
     * (k, tile_cols) and then the imaginary one. work: rows * x_row + k * tile_cols floats. */
    void (*bin_product)(const conv_bin *s, const float *x, const float *w, float *y, bool real,
                        float *work);
} xp_conv_kernels;

/* Those that this build has; kernels.c chooses. */
extern const xp_kernels xp_kernels_scalar, xp_kernels_wasm, xp_kernels_neon, xp_kernels_avx2,
    xp_kernels_avx512;

#endif
