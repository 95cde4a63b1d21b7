/* The pointing game: a small network learns to find a burst that was planted in real recordings,
 * and its explanations must point at it. It is a test of the methods, where the truth is known; it
 * says nothing of the model that is checked beside it. */
#ifndef XP_TOOLS_XAI_PLANTED_H
#define XP_TOOLS_XAI_PLANTED_H

#include "base/parallel.h"
#include "nn/model.h"
#include "train/dataset.h"
#include "train/split.h"

#define PLANTED_RATE 100.0
#define PLANTED_SECONDS 4 /* a recording's first */
#define PLANTED_MV 1.0
#define PLANTED_TOLERANCE 0.1 /* s, to either side */
#define PLANTED_STEPS 250
enum { PLANTED_TRAIN = 300, PLANTED_TEST = 200, PLANTED_LEAST = 20 };

typedef struct planted_game {
    int trained, tested; /* recordings; 0: there were too few, nothing was played */
    char lead[16];       /* that it was planted in */
    int found;           /* of the tested pairs, those where the planted one scored higher */
    int hits;            /* Grad-CAM's largest value within the tolerance */
    double chance;       /* of a hit by a random point in time */
    int first_occlusion, first_ig; /* the planted lead has the largest evidence */
    double rank_correlation;       /* mean, of |maps| with those of the network before training */
} planted_game;

/* Recordings of the training part teach, those of `part` are the test; leads are m's. */
xp_status planted_play(planted_game *g, const xp_dataset *d, const xp_split *split, xp_part part,
                       const xp_model *m, uint64_t seed, xp_pool *pool, xp_error *err);

#endif
