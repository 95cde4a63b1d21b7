/* Batch normalisation with the statistics of the batch (Ioffe and Szegedy 2015): sums over the
 * rows of one record, to be added up over records and processes. Sums are in double precision, of
 * parts of 16 rows in float. */
#ifndef XP_TRAIN_BATCHNORM_H
#define XP_TRAIN_BATCHNORM_H

#include "base/mat.h"
#include "kernels/train_kernels.h"

/* sum[0..c) += sums of the columns of x, sum[c..2c) += sums of their squares. */
void xp_moments_add(const xp_kernels *k, double *sum, xp_mat x);

/* With g = dy, where mask (may be NULL) is > 0, else 0: sum[0..c) += sums of the columns of g,
 * sum[c..2c) += those of g * (x - mean). */
void xp_norm_sums_add(const xp_kernels *k, double *sum, xp_mat dy, const xp_mat *mask, xp_mat x,
                      const float *mean);

/* The gradient of x by xp_norm_slope's formula; added to dx when accumulate. */
void xp_norm_backward(const xp_kernels *k, xp_mat dx, int accumulate, xp_mat dy, const xp_mat *mask,
                      xp_mat x, const xp_norm_slope *slope);

#endif
