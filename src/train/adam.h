/* Adam (Kingma and Ba 2015) in Keras' form, AdamW's decoupled decay (Loshchilov and Hutter 2019),
 * and the moving average of the weights. Ranges of weights are independent of each other. */
#ifndef XP_TRAIN_ADAM_H
#define XP_TRAIN_ADAM_H

#include <stddef.h>
#include <stdint.h>

typedef struct xp_adam {
    double beta1, beta2, epsilon;
    double rate;   /* of this step */
    double decay;  /* w -= rate * decay * w, first; 0 for biases and norms */
    uint64_t step; /* 1 for the first update */
} xp_adam;

/* m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v);
 * w -= rate sqrt(1 - beta2^step) / (1 - beta1^step) * m / (sqrt(v) + epsilon) */
void xp_adam_update(const xp_adam *a, float *w, float *m, float *v, const float *g, size_t n);

/* average += (1 - keep)(w - average) */
void xp_average_update(float *average, const float *w, double keep, size_t n);

#endif
