/* The pointing game: a small network learns to find a burst that was planted in real recordings,
 * and its explanations must point at it. It is a test of the methods, where the truth is known; it
 * says nothing of the model that is checked beside it. */
#ifndef XP_TRAIN_PLANTED_GAME_H
#define XP_TRAIN_PLANTED_GAME_H

#include "base/parallel.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "data/split.h"
#include "nn/model.h"

#define XP_PLANTED_RATE 100.0
#define XP_PLANTED_SECONDS 4 /* a recording's first */
#define XP_PLANTED_MV 1.0
#define XP_PLANTED_TOLERANCE 0.1 /* s, to either side */
#define XP_PLANTED_STEPS 250
enum { XP_PLANTED_TRAIN = 300, XP_PLANTED_TEST = 200, XP_PLANTED_LEAST = 20 };

typedef struct xp_planted_game {
    int trained, tested; /* recordings; 0: there were too few, nothing was played */
    char lead[16];       /* that it was planted in */
    int found;           /* of the tested pairs, those where the planted one scored higher */
    int hits;            /* Grad-CAM's largest value within the tolerance */
    double chance;       /* of a hit by a random point in time */
    int first_occlusion, first_ig; /* the planted lead has the largest evidence */
    double rank_correlation;       /* mean, of |maps| with those of the network before training */
} xp_planted_game;

/* Recordings of the training part teach, those of `part` are the test; leads are m's. progress may
 * be NULL. On error g is untouched. */
xp_status xp_planted_play(xp_planted_game *g, const xp_dataset *d, const xp_split *split,
                          xp_part part, const xp_model *m, uint64_t seed, xp_pool *pool,
                          const xp_progress *progress, xp_error *err);

#endif
