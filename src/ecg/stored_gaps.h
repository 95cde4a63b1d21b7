/* Samples that a file marks as missing and has: where its mark is an ordinary value, every sample
 * of that value is marked, as where a curve crosses the 0 that some DICOM files state as padding.
 */
#ifndef XP_ECG_STORED_GAPS_H
#define XP_ECG_STORED_GAPS_H

#include "ecg/stored.h"

/* mv (s->n) is s in millivolt, NaN where missing, mark_mv what its mark stands for and step_mv what
 * a stored step does, rate its samples per second. Fills gaps that are most probably samples of the
 * mark's own value with it, and returns how many samples these were. */
int64_t xp_stored_fill_marked(float *mv, const xp_stored_signal *s, double mark_mv, double step_mv,
                              double rate);

#endif
