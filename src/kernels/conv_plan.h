/* How one convolution is cut into groups of output columns, each with its own method. Private to
 * kernels/. */
#ifndef XP_KERNELS_CONV_PLAN_H
#define XP_KERNELS_CONV_PLAN_H

#include "kernels/conv_kernels.h"

/* Layout of a group computed in the frequency domain. Sizes are in floats. */
typedef struct conv_spectrum {
    fft_plan fft;
    int len, blocks;           /* outputs of a block; blocks that cover t_out of a record */
    int tiles;                 /* column tiles of the product */
    size_t x_row, x_im, x_bin; /* input spectrum: a block's row, imaginary plane, bin */
    size_t y_row, y_im, y_bin; /* output spectrum */
    size_t w_bin;              /* packed weights of a bin */
    size_t work;               /* of one thread */
} conv_spectrum;

typedef enum conv_kind { CONV_DIRECT, CONV_SHORT, CONV_SPECTRAL } conv_kind;

/* Adjacent parts that are computed together. */
typedef struct conv_group {
    int col, cols;   /* output columns [col, col + cols) */
    int k, pad_left; /* of the kernel that holds the group's parts */
    conv_kind method;
    double cost;
    conv_spectrum spectrum; /* CONV_SPECTRAL only */
    size_t weight_floats, scratch_floats;
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

/* ep with its pointers moved by col columns. */
xp_conv_epilogue conv_epilogue_from(const xp_conv_epilogue *ep, int col);

static inline int conv_records(const xp_conv_shape *s) {
    return s->records > 1 ? s->records : 1;
}

/* plan: complete a group that has its columns and kernel; cost is in vector operations a record. */
void conv_direct_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels);
void conv_direct_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w);
void conv_direct_forward(const xp_conv *conv, const conv_group *g, xp_mat y, xp_mat x,
                         const xp_conv_epilogue *ep, xp_pool *pool);

/* False for anything but two taps at stride 1. */
bool conv_short_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels, int threads);
void conv_short_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w);
void conv_short_forward(const xp_conv *conv, const conv_group *g, xp_mat y, xp_mat x,
                        const xp_conv_epilogue *ep, float *scratch, xp_pool *pool);

/* False when no transform size suits (a stride, or a kernel too long). */
bool conv_frequency_plan(conv_group *g, const xp_conv_shape *s, const xp_kernels *kernels,
                         int threads);
void conv_frequency_pack(const xp_conv *conv, const conv_group *g, const conv_weights *w,
                         float *scratch, xp_pool *pool);
void conv_frequency_forward(const xp_conv *conv, const conv_group *g, xp_mats y, xp_mats x, int n,
                            const xp_conv_epilogue *ep, float *scratch, xp_pool *pool);

#endif
