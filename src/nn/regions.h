/* Places in one block of memory for things that are not all in use at the same time: activations
 * and gradients, of a network that runs (plan.c) and of one that is trained (train/step_plan.c). */
#ifndef XP_NN_REGIONS_H
#define XP_NN_REGIONS_H

#include <stddef.h>

/* A piece of memory that is in use from `first` to `last` (any clock); `at` is where it lies. */
typedef struct region {
    size_t floats, at;
    int first, last;
} region;

/* First fit, largest first: sets at, returns the floats of all together. */
size_t xp_regions_place(region *r, int n);

#endif
