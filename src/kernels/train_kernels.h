/* The inner loops that only training needs; xp_kernels.train, NULL in WebAssembly. */
#ifndef XP_KERNELS_TRAIN_KERNELS_H
#define XP_KERNELS_TRAIN_KERNELS_H

#include "kernels/conv_kernels.h"

/* Rows of a batch norm's backward pass; mask NULL: no ReLU after it. */
typedef struct xp_norm_rows {
    const float *dy, *mask, *x, *mean; /* mean: one row */
    ptrdiff_t dy_row, mask_row, x_row;
    int rows;
} xp_norm_rows;

/* dx = scale * (g - m1) - (x - mean) * m2, a coefficient for each column. */
typedef struct xp_norm_slope {
    const float *scale, *m1, *m2, *mean;
} xp_norm_slope;

typedef struct xp_train_kernels {
    /* out = g where m > 0, else 0; out may be g. */
    void (*pass)(float *out, const float *g, const float *m, size_t n);

    /* With g = dy where mask > 0, else 0: s[c] = sum of g, q[c] = sum of g * (x - mean[c]), in
     * float: for few rows. */
    void (*norm_sums)(float *s, float *q, const xp_norm_rows *a, int cols);
    /* One row of xp_norm_slope's formula; mask may be NULL; added to dx when accumulate. */
    void (*norm_back)(float *dx, const float *dy, const float *mask, const float *x,
                      const xp_norm_slope *k, int n, int accumulate);
    /* A max-pool's window of two rows x0, x1: dy goes to the larger (the first of equals) and, with
     * relu, only where that is positive. d0 and d1 are overwritten. */
    void (*route_pair)(float *d0, float *d1, const float *dy, const float *x0, const float *x1,
                       int n, int relu);

    /* conv_batch.c. gradient: d = x^T (k, rows) * conj(y) (rows, tiles * tile_cols), d packed as
     * the weights of bin_product; work: rows * (x_row + 3 tile_cols) floats. transpose: w (k, n),
     * packed, to its conjugate transpose (n, k), packed. */
    void (*bin_gradient)(const conv_bin *s, const float *x, const float *y, float *d, bool real,
                         float *work);
    void (*bin_transpose)(int k, int n, const float *w, float *out, bool real);
} xp_train_kernels;

#endif
