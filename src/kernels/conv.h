/* One-dimensional convolution, channels last: y (t_out, c_out) = x (t_in, c_in) * w (k, c_in,
 * c_out).
 *
 * y[t] = sum_j x[t * stride + j - pad_left] w[j], x zero outside [0, t_in). (Cross-correlation, as
 * in every deep-learning framework.)
 *
 * Two ways: direct (the oracle, and the faster one for short kernels), and in the frequency domain:
 * overlap-save with a real FFT, one complex matrix product per bin. The plan is chosen from the
 * shape. Several branches that read the same input are one convolution whose kernels are aligned.
 */
#ifndef XP_KERNELS_CONV_H
#define XP_KERNELS_CONV_H

#include "base/arena.h"
#include "base/parallel.h"
#include "kernels/kernels.h"

#include <stdbool.h>

/* Output columns that share one kernel length: the next c_out columns have k taps. */
typedef struct xp_conv_part {
    int c_out, k, pad_left;
} xp_conv_part;

enum { XP_CONV_PARTS = 4 };

typedef struct xp_conv_shape {
    int t_in, c_in, t_out, c_out, k, stride, pad_left;
    int records; /* most that one call takes, each (t_in, c_in); 0: one */
    /* Optional, written by xp_conv_align: the branches that make up the columns, so that the plan
     * may treat a short kernel as the short kernel it is. n_parts == 0: one kernel of k taps. */
    int n_parts;
    xp_conv_part part[XP_CONV_PARTS];
} xp_conv_shape;

/* One branch of a merged convolution: w (k, c_in, c_out) goes to the next c_out output columns. */
typedef struct xp_conv_branch {
    const float *w;
    int k, pad_left, c_out;
} xp_conv_branch;

/* What is done to each output before it is stored, in this order: + bias[c]; ReLU; * scale[c] +
 * shift[c]; ReLU. NULL pointers and false skip a step. */
typedef struct xp_conv_epilogue {
    const float *bias;
    bool relu_first;
    const float *scale, *shift;
    bool relu_last;
} xp_conv_epilogue;

typedef enum xp_conv_method { XP_CONV_AUTO, XP_CONV_DIRECT, XP_CONV_FREQUENCY } xp_conv_method;

typedef struct xp_conv xp_conv;

/* Plan a convolution and take its memory (plan, packed weights) from arena; with a measuring arena
 * *out is NULL and only the size is counted. kernels NULL: xp_kernels_best(). For merged branches
 * shape.k and shape.pad_left are those of the aligned kernel (xp_conv_align). */
void xp_conv_plan(xp_conv **out, xp_arena *arena, const xp_conv_shape *shape, xp_conv_method method,
                  const xp_kernels *kernels);

/* Smallest aligned kernel that holds all branches (stride 1): fills shape->k, pad_left, c_out and
 * the parts. Weights are not read (w may be NULL). */
void xp_conv_align(xp_conv_shape *shape, const xp_conv_branch *branches, int n);

/* Pack (transform) the weights; needs xp_conv_scratch bytes of scratch. Call again when the weights
 * change. xp_conv_pack_transposed packs the plan that maps the gradient of the output (t_out,
 * c_out) to the gradient of the input; its plan has the shape given by xp_conv_transposed_shape and
 * needs stride 1. */
void xp_conv_pack(xp_conv *conv, const xp_conv_branch *branches, int n, void *scratch,
                  xp_pool *pool);
xp_conv_shape xp_conv_transposed_shape(const xp_conv_shape *s);
void xp_conv_pack_transposed(xp_conv *conv, const xp_conv_branch *branches, int n, void *scratch,
                             xp_pool *pool);

/* Bytes of scratch for pack and forward with that many threads; shared by all convs of a net. */
size_t xp_conv_scratch(const xp_conv_shape *shape, xp_conv_method method, const xp_kernels *kernels,
                       int threads);
/* Bytes of the packed weights alone, for `info`. */
size_t xp_conv_weight_bytes(const xp_conv_shape *shape, xp_conv_method method,
                            const xp_kernels *kernels);

/* Estimated vector operations a record: for choosing the records of a call. */
double xp_conv_cost(const xp_conv_shape *shape, xp_conv_method method, const xp_kernels *kernels);

/* n records, at most shape.records: their blocks pass through one reading of the packed weights.
 * What becomes of one does not depend on n or on the others. x (t_in, c_in) and y (t_out, c_out)
 * may have row strides; y must not overlap x. ep may be NULL. */
void xp_conv_forward_records(const xp_conv *conv, xp_mats y, xp_mats x, int n,
                             const xp_conv_epilogue *ep, void *scratch, xp_pool *pool);

/* One record. */
void xp_conv_forward(const xp_conv *conv, xp_mat y, xp_mat x, const xp_conv_epilogue *ep,
                     void *scratch, xp_pool *pool);

/* The oracle: plain loops, double accumulation, any stride. Tests compare everything with it. */
void xp_conv_reference(xp_mat y, xp_mat x, const float *w, const xp_conv_shape *shape);
/* Its gradients; both add to what is there; NULL skips. dx (t_in, c_in), dw (k, c_in, c_out). */
void xp_conv_reference_backward(xp_mat *dx, float *dw, xp_mat dy, xp_mat x, const float *w,
                                const xp_conv_shape *shape);

#endif
