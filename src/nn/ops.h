/* The arithmetic of every op on matrices, forward and backward side by side, for one record: what
 * the rows (nn/op.h) call, and what plans call directly where they fuse several ops.
 *
 * Matrices are (time, channels); a vector is (1, channels). Forward functions overwrite y. Backward
 * functions add to the gradients they are given; NULL skips one. Functions with a range [begin,
 * end) do only that part, so that a caller may share the rest out to other threads; parts never
 * overlap in what they write. Conventions are Keras 3's; ties and zeros in gradients are resolved
 * as TensorFlow does. */
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

/* The same for n values in their place. */
void xp_activate(float *v, int n, xp_activation a);
void xp_activate_backward(float *g, const float *y, int n, xp_activation a);

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

xp_window xp_op_window(const xp_op *op);

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

/* Shape of the convolution op that reads in. */
xp_conv_shape xp_op_conv_shape(const xp_op *op, const xp_op *in);

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

/* ---- GRU (Cho et al. 2014; gates in Keras' order z, r, h) ----
 *
 * Over several records at once: in each time step one product with the recurrent weights for all
 * of them. A row of saved (one time step of one record) is five vectors of units floats:
 *
 *   saved:   z | r | candidate | inner | state
 *   slopes:  the gradients of the arguments of z, of r and of the candidate | with reset_after that
 *            of inner | -
 */

typedef struct xp_gru {
    int units;
    xp_activation activation, recurrent;
    bool reset_after;
    const float *kernel;     /* (c, 3 units) */
    const float *recurrence; /* (units, 3 units) */
    const float *bias;       /* NULL, (3 units), or (2, 3 units) with reset_after */
} xp_gru;

xp_gru xp_gru_make(const xp_op *op, const float *kernel, const float *recurrence,
                   const float *bias);

/* Records [begin, end); record r's rows of saved begin at r * saved_step, as those of slopes, which
 * may be saved itself: the backward pass then overwrites what it has read. by_row: one record, for
 * which the backward pass reads the recurrent weights as they lie instead of transposing them. */
typedef struct xp_gru_part {
    const xp_kernels *k;
    const xp_gru *g;
    xp_mats x, y; /* y: the output, or its gradient: every state, or the last one */
    float *saved, *slopes;
    size_t saved_step;
    int begin, end;
    bool by_row;
    float *work;
} xp_gru_part;

/* Floats of saved for one record of t steps, and of work for n records. */
size_t xp_gru_saved(const xp_gru *g, int t);
size_t xp_gru_work(const xp_gru *g, int n, bool by_row);

void xp_gru_forward(const xp_gru_part *p);

/* y: the gradient of the output. Adds to dx (NULL: not wanted), fills slopes. */
void xp_gru_backward(const xp_gru_part *p, const xp_mats *dx);

/* After that: adds the part's records, in their order, to one slice of the gradients of kernel,
 * recurrence and bias (NULL when there is none): some columns of one gate. Slices do not overlap.
 */
int xp_gru_slices(const xp_gru *g);
void xp_gru_weights(const xp_gru_part *p, int slice, float *dkernel, float *drecurrence,
                    float *dbias);

#endif
