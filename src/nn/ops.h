/* The arithmetic of every op, forward and backward side by side, for one record.
 *
 * Matrices are (time, channels); a vector is (1, channels). Forward functions overwrite y. Backward
 * functions add to the gradients they are given; NULL skips one. Functions with a range [begin,
 * end) do only that part, so that a caller may share the rest out to other threads; parts never
 * overlap in what they write. A trainer calls these once a record with gradients of its own and
 * adds those up. Conventions are Keras 3's; ties and zeros in gradients are resolved as TensorFlow
 * does. */
#ifndef XP_NN_OPS_H
#define XP_NN_OPS_H

#include "base/mat.h"
#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "nn/graph.h"

/* Rows [begin, end) and columns [col, col + cols) of m. */
xp_mat xp_mat_rows(xp_mat m, int begin, int end);
xp_mat xp_mat_cols(xp_mat m, int col, int cols);

/* ---- element-wise ---- */

/* y = a(x); softmax over each row. y may be x. */
void xp_activation_forward(xp_mat y, xp_mat x, xp_activation a);
/* g (the gradient of y) becomes the gradient of x, from y alone. ReLU passes nothing at y = 0. */
void xp_activation_backward(xp_mat g, xp_mat y, xp_activation a);

void xp_copy_forward(xp_mat y, xp_mat x);
/* dx += dy: also one input of add, and one of concat with dy's columns. */
void xp_copy_backward(const xp_kernels *k, xp_mat dx, xp_mat dy);

/* y = x[0] + ... + x[n-1], then ReLU when relu. y may be x[0]. */
void xp_add_forward(const xp_kernels *k, xp_mat y, const xp_mat *x, int n, bool relu);

/* Inference: y = x * scale + shift, with scale = gamma / sqrt(variance + epsilon) and shift = beta
 * - mean * scale from fold (in double precision; gamma and beta may be NULL). */
void xp_batchnorm_fold(float *scale, float *shift, const float *gamma, const float *beta,
                       const float *mean, const float *variance, float epsilon, int c);
void xp_batchnorm_forward(const xp_kernels *k, xp_mat y, xp_mat x, const float *scale,
                          const float *shift, bool relu);
void xp_batchnorm_backward(xp_mat dx, xp_mat dy, const float *scale);
/* Where dx lies in dy's place: nothing is added. */
void xp_batchnorm_backward_in_place(xp_mat g, const float *scale);

/* Over the channels of each row; gamma and beta may be NULL. */
void xp_layernorm_forward(xp_mat y, xp_mat x, const float *gamma, const float *beta, float epsilon);
void xp_layernorm_backward(xp_mat *dx, float *dgamma, float *dbeta, xp_mat dy, xp_mat x,
                           const float *gamma, float epsilon);

/* ---- windows ---- */

typedef struct xp_window {
    int kernel, stride, pad_left;
} xp_window;

/* Rows [begin, end) of y: maximum, or mean of those that lie inside, over x[t * stride - pad_left +
 * (0 .. kernel - 1)]. */
void xp_maxpool_forward(xp_mat y, xp_mat x, xp_window w, int begin, int end);
void xp_avgpool_forward(xp_mat y, xp_mat x, xp_window w, int begin, int end);
/* y = maxpool(ReLU(a + b)) without storing the sum. */
void xp_add_relu_maxpool_forward(xp_mat y, xp_mat a, xp_mat b, xp_window w, int begin, int end);
/* The gradient goes to the first maximum of each window; columns [begin, end). */
void xp_maxpool_backward(const xp_kernels *k, xp_mat dx, xp_mat dy, xp_mat x, xp_window w,
                         int begin, int end);
void xp_avgpool_backward(xp_mat dx, xp_mat dy, xp_window w, int begin, int end);

/* Over all rows of x, columns [begin, end) of y (1, c). */
void xp_global_avgpool_forward(xp_mat y, xp_mat x, int begin, int end);
void xp_global_avgpool_backward(xp_mat dx, xp_mat dy);
void xp_global_maxpool_forward(xp_mat y, xp_mat x, int begin, int end);
/* Shared equally between equal maxima, as TensorFlow's reduce_max does. */
void xp_global_maxpool_backward(xp_mat dx, xp_mat dy, xp_mat x);

/* Convolution (its forward pass is kernels/conv.h): w (k, c_in, c_out), any stride and padding.
 * input: rows [begin, end) of dx; weights: taps [begin, end) of dw. */
void xp_conv1d_backward_input(const xp_kernels *k, xp_mat dx, xp_mat dy, const float *w,
                              const xp_conv_shape *shape, int begin, int end);
void xp_conv1d_backward_weights(const xp_kernels *k, float *dw, xp_mat dy, xp_mat x,
                                const xp_conv_shape *shape, int begin, int end);

/* db[c] += sum over rows of dy. */
void xp_bias_backward(float *db, xp_mat dy);

/* ---- dense ---- */

/* y (t, n) = x (t, c) w (c, n) + b; b may be NULL. Columns [begin, end) of y. A single row is
 * summed in double precision: after flatten it may be very long. */
void xp_dense_forward(const xp_kernels *k, xp_mat y, xp_mat x, const float *w, const float *b,
                      int begin, int end);
void xp_dense_backward(const xp_kernels *k, xp_mat *dx, float *dw, float *db, xp_mat dy, xp_mat x,
                       const float *w);

/* ---- GRU (Cho et al. 2014; gates in Keras' order z, r, h) ---- */

typedef struct xp_gru {
    int units;
    xp_activation activation, recurrent;
    bool reset_after, return_sequences;
    const float *kernel;     /* (c, 3 units) */
    const float *recurrence; /* (units, 3 units) */
    const float *bias;       /* NULL, (3 units), or (2, 3 units) with reset_after */
} xp_gru;

/* Floats of saved (kept from forward to backward) and of work (during one call). */
size_t xp_gru_saved(const xp_gru *g, int t);
size_t xp_gru_work(const xp_gru *g, int t);

/* y (t, units), or (1, units) without return_sequences. */
void xp_gru_forward(const xp_kernels *k, const xp_gru *g, xp_mat y, xp_mat x, float *saved,
                    float *work);
/* Gradients have the shapes of kernel, recurrence and bias. saved is that of the forward pass. */
void xp_gru_backward(const xp_kernels *k, const xp_gru *g, xp_mat *dx, float *dkernel,
                     float *drecurrence, float *dbias, xp_mat dy, xp_mat x, const float *saved,
                     float *work);

#endif
