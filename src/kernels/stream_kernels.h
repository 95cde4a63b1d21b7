/* Transforms for training, whose results go past the caches; xp_kernels.stream, NULL in
 * WebAssembly. */
#ifndef XP_KERNELS_STREAM_KERNELS_H
#define XP_KERNELS_STREAM_KERNELS_H

#include "kernels/conv_kernels.h"

typedef struct xp_stream_kernels {
    /* As to_bins and from_bins of xp_conv_kernels, with at most a ReLU as epilogue. */
    void (*to_bins)(const fft_plan *plan, const conv_pair *x, const conv_place *out, float *work);
    void (*from_bins)(const fft_plan *plan, const conv_place *in, const conv_rows *y, int relu,
                      float *work);
    /* Call before another thread reads what these have written. */
    void (*fence)(void);
} xp_stream_kernels;

#endif
