/* Rows of weights as the three methods pack them: from the branches of a convolution, or from those
 * of the convolution whose input gradient is computed. */
#include "kernels/conv_plan.h"

#include <string.h>

/* Tap j of a kernel padded by pad is tap j - (pad - b->pad_left) of the branch. */
static void forward_row(float *out, const conv_weights *w, int j, int pad, int c, int col, int n) {
    const int c_in = w->shape->c_in;
    int first = 0;
    for (int i = 0; i < w->n; i++) {
        const xp_conv_branch *b = &w->branch[i];
        const int tap = j - (pad - b->pad_left);
        const int from = col > first ? col : first;
        const int to = col + n < first + b->c_out ? col + n : first + b->c_out;
        if (from < to && tap >= 0 && tap < b->k)
            memcpy(out + (from - col), b->w + ((size_t)tap * c_in + c) * b->c_out + (from - first),
                   (size_t)(to - from) * sizeof *out);
        first += b->c_out;
    }
}

/* The kernel of the input gradient: taps in reverse order, channels exchanged. */
static void transposed_row(float *out, const conv_weights *w, int j, int pad, int c, int col,
                           int n) {
    const int k = w->shape->k, c_in = w->shape->c_out;
    int first = 0;
    for (int i = 0; i < w->n; i++) {
        const xp_conv_branch *b = &w->branch[i];
        const int tap = (k - 1 - j) - (k - 1 - pad - b->pad_left);
        if (c >= first && c < first + b->c_out && tap >= 0 && tap < b->k)
            for (int o = 0; o < n; o++)
                out[o] = b->w[((size_t)tap * c_in + col + o) * b->c_out + (c - first)];
        first += b->c_out;
    }
}

void conv_weights_row(float *out, const conv_weights *w, const conv_group *g, int j, int c, int col,
                      int n) {
    memset(out, 0, (size_t)n * sizeof *out);
    if (w->transposed)
        transposed_row(out, w, j, g->pad_left, c, col, n);
    else
        forward_row(out, w, j, g->pad_left, c, col, n);
}

xp_conv_epilogue conv_epilogue_from(const xp_conv_epilogue *ep, int col) {
    xp_conv_epilogue e = *ep;
    if (e.bias) e.bias += col;
    if (e.scale) e.scale += col;
    if (e.shift) e.shift += col;
    return e;
}
