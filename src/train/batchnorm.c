#include "train/batchnorm.h"

#include <stddef.h>

enum { ROWS = 16, COLS = 8 }; /* a block's sums stay in registers while its rows are in the cache */

typedef struct block {
    int row, rows, col, cols;
} block;

static void moments_block(double *sum, double *squares, xp_mat x, block b) {
    double s[COLS] = {0}, q[COLS] = {0};
    for (int r = b.row; r < b.row + b.rows; r++) {
        const float *v = xp_mat_row(x, r) + b.col;
        if (b.cols == COLS) {
            for (int j = 0; j < COLS; j++) {
                s[j] += (double)v[j];
                q[j] += (double)v[j] * (double)v[j];
            }
            continue;
        }
        for (int j = 0; j < b.cols; j++) {
            s[j] += (double)v[j];
            q[j] += (double)v[j] * (double)v[j];
        }
    }
    for (int j = 0; j < b.cols; j++) sum[b.col + j] += s[j], squares[b.col + j] += q[j];
}

void xp_moments_add(double *sum, xp_mat x) {
    block b;
    for (b.row = 0; b.row < x.rows; b.row += ROWS) {
        b.rows = x.rows - b.row < ROWS ? x.rows - b.row : ROWS;
        for (b.col = 0; b.col < x.cols; b.col += COLS) {
            b.cols = x.cols - b.col < COLS ? x.cols - b.col : COLS;
            moments_block(sum, sum + x.cols, x, b);
        }
    }
}

enum { TILE = 64 }; /* columns whose sums over few rows are made in float */

static xp_norm_rows rows_from(xp_mat dy, const xp_mat *mask, xp_mat x, const float *mean, int row,
                              int col) {
    return (xp_norm_rows){.dy = xp_mat_row(dy, row) + col,
                          .mask = mask ? xp_mat_row(*mask, row) + col : NULL,
                          .x = xp_mat_row(x, row) + col,
                          .mean = mean + col,
                          .dy_row = dy.stride,
                          .mask_row = mask ? mask->stride : 0,
                          .x_row = x.stride,
                          .rows = x.rows - row < ROWS ? x.rows - row : ROWS};
}

void xp_norm_sums_add(const xp_kernels *k, double *sum, xp_mat dy, const xp_mat *mask, xp_mat x,
                      const float *mean) {
    float s[TILE], q[TILE];
    for (int row = 0; row < x.rows; row += ROWS)
        for (int col = 0; col < x.cols; col += TILE) {
            const xp_norm_rows rows = rows_from(dy, mask, x, mean, row, col);
            const int cols = x.cols - col < TILE ? x.cols - col : TILE;
            k->train->norm_sums(s, q, &rows, cols);
            for (int c = 0; c < cols; c++) {
                sum[col + c] += (double)s[c];
                sum[x.cols + col + c] += (double)q[c];
            }
        }
}

void xp_norm_backward(const xp_kernels *k, xp_mat dx, int accumulate, xp_mat dy, const xp_mat *mask,
                      xp_mat x, const xp_norm_slope *slope) {
    for (int r = 0; r < x.rows; r++)
        k->train->norm_back(xp_mat_row(dx, r), xp_mat_row(dy, r),
                            mask ? xp_mat_row(*mask, r) : NULL, xp_mat_row(x, r), slope, x.cols,
                            accumulate);
}
