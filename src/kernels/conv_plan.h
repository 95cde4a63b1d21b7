/* How one convolution is cut into groups of output columns, each with its own method. Private to
 * kernels/. */
#ifndef XP_KERNELS_CONV_PLAN_H
#define XP_KERNELS_CONV_PLAN_H

#include "kernels/conv_kernels.h"

/* Adjacent parts that are computed together. */
typedef struct conv_group {
    int col, cols;   /* output columns [col, col + cols) */
    int k, pad_left; /* of the kernel that holds the group's parts */
    xp_conv_method method;
    size_t weight_floats;
    float *weights; /* packed; NULL while measuring */
} conv_group;

struct xp_conv {
    xp_conv_shape shape;
    const xp_kernels *kernels;
    int n_groups;
    conv_group group[XP_CONV_PARTS];
};

/* Where packed weights come from. transposed: the branches are those of the convolution whose
 * input gradient this plan computes. */
typedef struct conv_weights {
    const xp_conv_branch *branch;
    int n;
    bool transposed;
    const xp_conv_shape *shape; /* of the plan that is packed */
} conv_weights;

/* out[0..n) = weights of tap j of group g's kernel, input channel c, output columns col + [0, n)
 * (columns of the whole convolution). */
void conv_weights_row(float *out, const conv_weights *w, const conv_group *g, int j, int c, int col,
                      int n);

void conv_direct_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels);
void conv_direct_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w);
void conv_direct_forward(const xp_conv *conv, const conv_group *g, xp_mat y, xp_mat x,
                         const xp_conv_epilogue *ep, xp_pool *pool);

#endif
