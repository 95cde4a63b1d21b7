/* Stored values brought into the range that a file format holds. */
#ifndef XP_ECG_WRITE_FIT_H
#define XP_ECG_WRITE_FIT_H

#include "ecg/stored.h"

#include <stdbool.h>

/* A signal's samples as whole numbers from low to high; missing ones keep s->missing, which lies
 * outside of that range unless it is low or high itself.
 *
 * Kept as they are where they fit; else moved together with their baseline; else, and for decimal
 * numbers that are multiples of no step, rounded to the finest steps that fit, and *rounded is set.
 * s is changed; *owned becomes the samples' memory where it is new, to be freed with free. False
 * when there is no memory. */
bool xp_fit_signal(xp_stored_signal *s, int32_t low, int32_t high, int32_t **owned, bool *rounded);

#endif
