/* Binary cross-entropy over labels of which some may be unknown. */
#ifndef XP_TRAIN_LOSS_H
#define XP_TRAIN_LOSS_H

#include <stdbool.h>
#include <stddef.h>

/* Keras keeps probabilities this far from 0 and 1. */
#define XP_LOSS_EPSILON 1e-7

/* What outputs mean: logits (before a sigmoid), or probabilities. */
typedef struct xp_loss {
    bool logits;
    const float *positive_weights; /* (labels) weight of label 1, or NULL */
    int labels;
} xp_loss;

/* Sum over n rows (labels) of the cross-entropy of known labels (y >= 0; y between 0 and 1 is a
 * soft label); their number is added to *known. */
double xp_loss_sum(const xp_loss *l, const float *out, const float *y, size_t n, double *known);

/* d = the derivative of that sum by out, times scale; 0 for unknown labels. */
void xp_loss_gradient(const xp_loss *l, float *d, const float *out, const float *y, size_t n,
                      double scale);

/* Sigmoid, without overflow. */
double xp_sigmoid(double z);

#endif
