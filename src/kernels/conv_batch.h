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
 * Records are taken in chunks of XP_CONV_CHUNK, so that scratch does not grow with the batch. They
 * belong to groups, each of which has a weight gradient of its own. What a group's records and its
 * gradient become depends neither on the other groups nor on which of them are here. */
#ifndef XP_KERNELS_CONV_BATCH_H
#define XP_KERNELS_CONV_BATCH_H

#include "kernels/conv.h"

enum { XP_CONV_CHUNK = 16 };

typedef struct xp_conv_batch xp_conv_batch;

/* records: most of one group; here: groups of one call; all: groups of the whole batch, of which
 * other processes may have some. A plan's arithmetic follows from records and all, here decides
 * memory alone. */
typedef struct xp_conv_groups {
    int records, here, all;
} xp_conv_groups;

/* Estimated vector operations a record of forward and backward together; < 0 when the shape (stride
 * 1 only) has no plan. */
double xp_conv_batch_cost(const xp_conv_shape *shape, const xp_conv_groups *groups,
                          const xp_kernels *kernels);

/* Memory (plan, twiddle factors) is taken from arena; *out is NULL with a measuring arena. scratch:
 * bytes that forward and backward need, may be shared. */
void xp_conv_batch_plan(xp_conv_batch **out, xp_arena *arena, const xp_conv_shape *shape,
                        const xp_conv_groups *groups, const xp_kernels *kernels);
size_t xp_conv_batch_scratch(const xp_conv_shape *shape, const xp_conv_groups *groups,
                             const xp_kernels *kernels, int threads);

/* y = x * w; branches as in xp_conv_pack; then ReLU when relu. begin (groups here + 1): where each
 * group's records begin, and where the last one's end. */
void xp_conv_batch_forward(const xp_conv_batch *conv, xp_mats y, xp_mats x, const int *begin,
                           const xp_conv_branch *branches, int n_branches, bool relu, void *scratch,
                           xp_pool *pool);

/* dx = gradient of the input (added to what is there when accumulate), or dx NULL; group g's part
 * of the gradient of branch i's weights (k, c_in, c_out) is added to what is at dw[i] + g *
 * dw_step. With mask, dy counts only where mask > 0 (mask has y's shape: the output of a ReLU). dx
 * must not overlap dy, mask or x. */
void xp_conv_batch_backward(const xp_conv_batch *conv, const xp_mats *dx, bool accumulate,
                            float *const *dw, size_t dw_step, xp_mats dy, const xp_mats *mask,
                            xp_mats x, const int *begin, const xp_conv_branch *branches,
                            int n_branches, void *scratch, xp_pool *pool);

#endif
