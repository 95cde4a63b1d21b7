#include "train/batchnorm.h"

#include <stddef.h>

/* Sums over ROWS rows of TILE columns are made in float (they stay in the first-level cache), sums
 * of those in double. */
enum { ROWS = 16, TILE = 64 };

static xp_norm_rows rows_from(xp_mat dy, const xp_mat *mask, xp_mat x, const float *mean, int row,
                              int col) {
    return (xp_norm_rows){.dy = xp_mat_row(dy, row) + col,
                          .mask = mask ? xp_mat_row(*mask, row) + col : NULL,
                          .x = xp_mat_row(x, row) + col,
                          .mean = mean,
                          .dy_row = dy.stride,
                          .mask_row = mask ? mask->stride : 0,
                          .x_row = x.stride,
                          .rows = x.rows - row < ROWS ? x.rows - row : ROWS};
}

/* Adds to sum (c) and dots (c). */
static void add_tile(const xp_kernels *k, double *sum, double *dots, const xp_norm_rows *rows,
                     int cols) {
    float s[TILE], q[TILE];
    k->train->norm_sums(s, q, rows, cols);
    for (int c = 0; c < cols; c++) {
        sum[c] += (double)s[c];
        dots[c] += (double)q[c];
    }
}

static int tile_cols(xp_mat x, int col) {
    return x.cols - col < TILE ? x.cols - col : TILE;
}

/* Few rows in all: rounding would not average out, and time does not matter. */
enum { FEW_ROWS = 256 };

static void exact_moments(double *sum, xp_mat x) {
    for (int t = 0; t < x.rows; t++)
        for (int c = 0; c < x.cols; c++) {
            const double v = (double)xp_mat_row(x, t)[c];
            sum[c] += v;
            sum[x.cols + c] += v * v;
        }
}

void xp_moments_add(const xp_kernels *k, double *sum, xp_mat x) {
    static const float zero[TILE]; /* the mean that is subtracted: squares remain */
    if (x.rows < FEW_ROWS) {
        exact_moments(sum, x);
        return;
    }
    for (int row = 0; row < x.rows; row += ROWS)
        for (int col = 0; col < x.cols; col += TILE) {
            const xp_norm_rows rows = rows_from(x, NULL, x, zero, row, col);
            add_tile(k, sum + col, sum + x.cols + col, &rows, tile_cols(x, col));
        }
}

void xp_norm_sums_add(const xp_kernels *k, double *sum, xp_mat dy, const xp_mat *mask, xp_mat x,
                      const float *mean) {
    for (int row = 0; row < x.rows; row += ROWS)
        for (int col = 0; col < x.cols; col += TILE) {
            const xp_norm_rows rows = rows_from(dy, mask, x, mean + col, row, col);
            add_tile(k, sum + col, sum + x.cols + col, &rows, tile_cols(x, col));
        }
}

void xp_norm_backward(const xp_kernels *k, xp_mat dx, int accumulate, xp_mat dy, const xp_mat *mask,
                      xp_mat x, const xp_norm_slope *slope) {
    for (int r = 0; r < x.rows; r++)
        k->train->norm_back(xp_mat_row(dx, r), xp_mat_row(dy, r),
                            mask ? xp_mat_row(*mask, r) : NULL, xp_mat_row(x, r), slope, x.cols,
                            accumulate);
}
