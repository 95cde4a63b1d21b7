/* The network of reversal.c: what it takes, and its numbers, which tests/bench/train_reversal.py
 * writes.
 */
#ifndef XP_MEASURE_REVERSAL_WEIGHTS_H
#define XP_MEASURE_REVERSAL_WEIGHTS_H

#include <stdint.h>

enum {
    REVERSAL_FEATURES = 280, /* 8 x 24 points, 2 x 28 likenesses, 4 x 8 sizes */
    REVERSAL_HIDDEN = 24,
    REVERSAL_SWAPS = 10 /* none, and nine kinds */
};

extern const float xp_reversal_mean[REVERSAL_FEATURES];
extern const float xp_reversal_scale[REVERSAL_FEATURES]; /* 1 / standard deviation */
extern const int8_t xp_reversal_input[REVERSAL_FEATURES * REVERSAL_HIDDEN];
extern const float xp_reversal_factor[REVERSAL_HIDDEN]; /* of the column above */
extern const float xp_reversal_bias[REVERSAL_HIDDEN];
extern const float xp_reversal_output[REVERSAL_HIDDEN];

/* By how much a swap's reversal must look more right than the recording as it is. */
extern const float xp_reversal_margin[REVERSAL_SWAPS];

#endif
