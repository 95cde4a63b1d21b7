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

static void slope_row(double *s, double *q, const float *g, const float *m, const float *x,
                      const float *mean, int n) {
    for (int j = 0; j < n; j++) {
        const float v = m[j] > 0 ? g[j] : 0;
        s[j] += (double)v;
        q[j] += (double)v * (double)(x[j] - mean[j]);
    }
}

static void plain_row(double *s, double *q, const float *g, const float *x, const float *mean,
                      int n) {
    for (int j = 0; j < n; j++) {
        s[j] += (double)g[j];
        q[j] += (double)g[j] * (double)(x[j] - mean[j]);
    }
}

static void sums_block(double *sum, double *dots, xp_mat dy, const xp_mat *mask, xp_mat x,
                       const float *mean, block b) {
    double s[COLS] = {0}, q[COLS] = {0};
    for (int r = b.row; r < b.row + b.rows; r++) {
        const float *g = xp_mat_row(dy, r) + b.col, *v = xp_mat_row(x, r) + b.col;
        const float *m = mask ? xp_mat_row(*mask, r) + b.col : NULL;
        if (m && b.cols == COLS)
            slope_row(s, q, g, m, v, mean + b.col, COLS);
        else if (m)
            slope_row(s, q, g, m, v, mean + b.col, b.cols);
        else if (b.cols == COLS)
            plain_row(s, q, g, v, mean + b.col, COLS);
        else
            plain_row(s, q, g, v, mean + b.col, b.cols);
    }
    for (int j = 0; j < b.cols; j++) sum[b.col + j] += s[j], dots[b.col + j] += q[j];
}

void xp_norm_sums_add(double *sum, xp_mat dy, const xp_mat *mask, xp_mat x, const float *mean) {
    block b;
    for (b.row = 0; b.row < x.rows; b.row += ROWS) {
        b.rows = x.rows - b.row < ROWS ? x.rows - b.row : ROWS;
        for (b.col = 0; b.col < x.cols; b.col += COLS) {
            b.cols = x.cols - b.col < COLS ? x.cols - b.col : COLS;
            sums_block(sum, sum + x.cols, dy, mask, x, mean, b);
        }
    }
}

static void back_row(float *dx, int accumulate, const float *g, const float *m, const float *x,
                     xp_norm_slope s, int n) {
    for (int j = 0; j < n; j++) {
        const float v = !m || m[j] > 0 ? g[j] : 0;
        const float d = s.scale[j] * (v - s.m1[j]) - (x[j] - s.mean[j]) * s.m2[j];
        dx[j] = accumulate ? dx[j] + d : d;
    }
}

void xp_norm_backward(xp_mat dx, int accumulate, xp_mat dy, const xp_mat *mask, xp_mat x,
                      xp_norm_slope s) {
    for (int r = 0; r < x.rows; r++) {
        const float *g = xp_mat_row(dy, r), *v = xp_mat_row(x, r);
        const float *m = mask ? xp_mat_row(*mask, r) : NULL;
        if (!accumulate && m) /* the usual ones without a question in the loop */
            back_row(xp_mat_row(dx, r), 0, g, m, v, s, x.cols);
        else if (!accumulate)
            back_row(xp_mat_row(dx, r), 0, g, NULL, v, s, x.cols);
        else
            back_row(xp_mat_row(dx, r), 1, g, m, v, s, x.cols);
    }
}
