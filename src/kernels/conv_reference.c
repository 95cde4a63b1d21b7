#include "kernels/conv.h"

/* Input row read by output t and tap j, or -1 when it lies outside. */
static int input_row(const xp_conv_shape *s, int t, int j) {
    const long long row = (long long)t * s->stride + j - s->pad_left;
    return row >= 0 && row < s->t_in ? (int)row : -1;
}

void xp_conv_reference(xp_mat y, xp_mat x, const float *w, const xp_conv_shape *s) {
    for (int t = 0; t < s->t_out; t++)
        for (int o = 0; o < s->c_out; o++) {
            double sum = 0;
            for (int j = 0; j < s->k; j++) {
                const int row = input_row(s, t, j);
                if (row < 0) continue;
                const float *px = xp_mat_row(x, row);
                const float *pw = w + (size_t)j * s->c_in * s->c_out + o;
                for (int c = 0; c < s->c_in; c++) sum += (double)px[c] * pw[(size_t)c * s->c_out];
            }
            xp_mat_row(y, t)[o] = (float)sum;
        }
}

static void reference_dx(xp_mat dx, xp_mat dy, const float *w, const xp_conv_shape *s) {
    for (int row = 0; row < s->t_in; row++)
        for (int c = 0; c < s->c_in; c++) {
            double sum = 0;
            for (int j = 0; j < s->k; j++) {
                const long long at = (long long)row + s->pad_left - j;
                if (at < 0 || at % s->stride != 0 || at / s->stride >= s->t_out) continue;
                const float *g = xp_mat_row(dy, (int)(at / s->stride));
                const float *pw = w + ((size_t)j * s->c_in + c) * s->c_out;
                for (int o = 0; o < s->c_out; o++) sum += (double)g[o] * pw[o];
            }
            xp_mat_row(dx, row)[c] += (float)sum;
        }
}

static void reference_dw(float *dw, xp_mat dy, xp_mat x, const xp_conv_shape *s) {
    for (int j = 0; j < s->k; j++)
        for (int c = 0; c < s->c_in; c++)
            for (int o = 0; o < s->c_out; o++) {
                double sum = 0;
                for (int t = 0; t < s->t_out; t++) {
                    const int row = input_row(s, t, j);
                    if (row >= 0) sum += (double)xp_mat_row(x, row)[c] * xp_mat_row(dy, t)[o];
                }
                dw[((size_t)j * s->c_in + c) * s->c_out + o] += (float)sum;
            }
}

void xp_conv_reference_backward(xp_mat *dx, float *dw, xp_mat dy, xp_mat x, const float *w,
                                const xp_conv_shape *s) {
    if (dx) reference_dx(*dx, dy, w, s);
    if (dw) reference_dw(dw, dy, x, s);
}
