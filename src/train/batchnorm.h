/* Batch normalisation with the statistics of the batch (Ioffe and Szegedy 2015): sums over the
 * rows of one record, to be added up over records and processes. Sums are in double precision. */
#ifndef XP_TRAIN_BATCHNORM_H
#define XP_TRAIN_BATCHNORM_H

#include "base/mat.h"

/* sum[0..c) += sums of the columns of x, sum[c..2c) += sums of their squares. */
void xp_moments_add(double *sum, xp_mat x);

/* With g = dy, where mask (may be NULL) is > 0, else 0: sum[0..c) += sums of the columns of g,
 * sum[c..2c) += those of g * (x - mean). */
void xp_norm_sums_add(double *sum, xp_mat dy, const xp_mat *mask, xp_mat x, const float *mean);

/* dx = scale * (g - m1) - (x - mean) * m2, columns with a coefficient each; added to what is there
 * when accumulate. */
typedef struct xp_norm_slope {
    const float *scale, *m1, *m2, *mean; /* (c) */
} xp_norm_slope;
void xp_norm_backward(xp_mat dx, int accumulate, xp_mat dy, const xp_mat *mask, xp_mat x,
                      xp_norm_slope s);

#endif
