/* One-dimensional convolution over a batch of records, for training: forward, input gradient and
 * weight gradient in the frequency domain. Native builds only.
 *
 * As in conv_frequency.c, but the matrix product of a bin has the blocks of many records as its
 * rows, so that transforming the weights anew each step costs little. The gradients are the exact
 * adjoint (overlap-add): one spectrum of the output's gradient, of blocks padded with zeros, serves
 * both
 *
 *   dX(f) = dY(f) conj(W(f))^T      dW(f) = X(f)^T conj(dY(f))
 *
 * Records are taken in chunks of XP_CONV_CHUNK, so that scratch does not grow with the batch. */
#ifndef XP_KERNELS_CONV_BATCH_H
#define XP_KERNELS_CONV_BATCH_H

#include "kernels/conv.h"

enum { XP_CONV_CHUNK = 16 };

/* The same matrix of every record: record r begins r * step floats after m. */
typedef struct xp_mats {
    xp_mat m;
    ptrdiff_t step;
} xp_mats;

static inline xp_mat xp_mats_at(xp_mats a, int r) {
    a.m.data += (ptrdiff_t)r * a.step;
    return a.m;
}

typedef struct xp_conv_batch xp_conv_batch;

/* Estimated vector operations a record of forward and backward together; < 0 when the shape (stride
 * 1 only) has no plan. records: of a batch. */
double xp_conv_batch_cost(const xp_conv_shape *shape, int records, const xp_kernels *kernels);

/* Plan for batches of up to that many records; memory (plan, twiddle factors) from arena; *out is
 * NULL with a measuring arena. scratch: bytes that forward and backward need, may be shared. */
void xp_conv_batch_plan(xp_conv_batch **out, xp_arena *arena, const xp_conv_shape *shape,
                        int records, const xp_kernels *kernels);
size_t xp_conv_batch_scratch(const xp_conv_shape *shape, int records, const xp_kernels *kernels,
                             int threads);

/* y = x * w for n records; branches as in xp_conv_pack; then ReLU when relu. */
void xp_conv_batch_forward(const xp_conv_batch *conv, xp_mats y, xp_mats x, int n,
                           const xp_conv_branch *branches, int n_branches, bool relu, void *scratch,
                           xp_pool *pool);

/* dx = gradient of the input (added to what is there when accumulate), or dx NULL; dw[i] (k, c_in,
 * c_out of branch i) += gradient of its weights. With mask, dy counts only where mask > 0 (mask
 * has y's shape: the output of a ReLU). dx must not overlap dy, mask or x. */
void xp_conv_batch_backward(const xp_conv_batch *conv, const xp_mats *dx, bool accumulate,
                            float *const *dw, xp_mats dy, const xp_mats *mask, xp_mats x, int n,
                            const xp_conv_branch *branches, int n_branches, void *scratch,
                            xp_pool *pool);

#endif
