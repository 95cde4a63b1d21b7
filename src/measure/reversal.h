/* Electrodes that were put on each other's place, from the median beat of a twelve-lead recording.
 *
 * Swapped electrodes give other leads by known algebra: LA/RA, LA/LL and RA/LL mix the limb leads,
 * swapped chest electrodes exchange theirs. So each swap is taken back by its algebra, and a small
 * network (reversal_weights.c) says how much the result looks like a recording with every electrode
 * in its place; the swap whose reversal looks right is found when it looks more right than the
 * recording as it is, by a margin (Batchvarov 2007, PMC6932211 for the algebra). RA/RL leaves lead
 * II without a signal, which is looked for by itself. */
#ifndef XP_MEASURE_REVERSAL_H
#define XP_MEASURE_REVERSAL_H

#include "measure/measure.h"
#include "measure/quality.h"

enum {
    XP_REVERSAL_LEADS = 8,   /* I II V1 .. V6 */
    XP_REVERSAL_POINTS = 24, /* 6 before QRS, 10 in it, 8 after it */
};

/* The median beat as means over 24 stretches of time, in mV. False where it cannot be judged: leads
 * are missing or were not measured, or there is no QRS complex. */
bool xp_reversal_basis(float basis[XP_REVERSAL_LEADS][XP_REVERSAL_POINTS],
                       const xp_median_beat *beat, const xp_record *rec);

/* Append at most one finding to q, of code reversal. A recording that cannot be judged has none. */
xp_status xp_reversal_find(xp_quality *q, const xp_median_beat *beat, const xp_record *rec,
                           xp_error *err);

#endif
