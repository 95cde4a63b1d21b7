#include "nn/ops.h"

#include <string.h>

xp_mat xp_mat_rows(xp_mat m, int begin, int end) {
    return (xp_mat){xp_mat_row(m, begin), end - begin, m.cols, m.stride};
}

xp_mat xp_mat_cols(xp_mat m, int col, int cols) {
    return (xp_mat){m.data + col, m.rows, cols, m.stride};
}

void xp_copy_forward(xp_mat y, xp_mat x) {
    for (int t = 0; t < y.rows; t++)
        memcpy(xp_mat_row(y, t), xp_mat_row(x, t), (size_t)y.cols * sizeof(float));
}

void xp_copy_backward(const xp_kernels *k, xp_mat dx, xp_mat dy) {
    for (int t = 0; t < dx.rows; t++) k->add(xp_mat_row(dx, t), xp_mat_row(dy, t), (size_t)dx.cols);
}

enum { TILE = 64 }; /* columns summed at once in double precision */

void xp_bias_backward(float *db, xp_mat dy) {
    for (int c = 0; c < dy.cols; c += TILE) {
        int n = dy.cols - c < TILE ? dy.cols - c : TILE;
        double sum[TILE] = {0};
        for (int t = 0; t < dy.rows; t++) {
            const float *row = xp_mat_row(dy, t) + c;
            for (int i = 0; i < n; i++) sum[i] += (double)row[i];
        }
        for (int i = 0; i < n; i++) db[c + i] += (float)sum[i];
    }
}
