/* What a trainer holds. Private to trainer.c and checkpoint.c. */
#ifndef XP_TRAIN_TRAINER_INTERNAL_H
#define XP_TRAIN_TRAINER_INTERNAL_H

#include "nn/net.h"
#include "train/step.h"
#include "train/trainer.h"

struct xp_trainer {
    xp_model *m;
    xp_trainer_options opt;
    xp_step step;

    float *moment1, *moment2, *average; /* n_weights each; average NULL without ema */
    float *positive_weights;            /* n_labels, or NULL */
    void *block;
    size_t block_bytes;

    uint64_t steps;
    double rate_scale, norm;
    bool swapped; /* average and weights have changed places */

    xp_net *net; /* of the last evaluation, or NULL */
    xp_model eval_model;
    xp_trainer_times times;
};

#endif
