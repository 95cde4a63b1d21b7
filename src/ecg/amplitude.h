/* Is this an electrocardiogram in millivolt? (used by prepare.c)
 *
 * The measure is the peak-to-peak amplitude in stretches of 2 s, which hold at least one beat: its
 * median over all stretches of all leads. An artefact spoils a few stretches, wander and offset add
 * little to a peak-to-peak value, flat stretches are left out. In the 23 PhysioNet/CinC 2020-21
 * fixtures with right gains it is 0.68 to 1.8 mV; in the ten whose gain is wrong by a factor of 5,
 * 0.13 to 0.48 or 5.0 to 7.1 mV; in the three wrong by 1000, 0.0005 to 0.0007 mV. Nothing is ever
 * rescaled by what it looks like. */
#ifndef XP_ECG_AMPLITUDE_H
#define XP_ECG_AMPLITUDE_H

#include "ecg/input_leads.h"

#define XP_AMPLITUDE_LOW 0.25 /* outside, a notice */
#define XP_AMPLITUDE_HIGH 5.0
#define XP_AMPLITUDE_MIN 0.02 /* outside, XP_ERR_UNITS unless accepted: 1000 times wrong */
#define XP_AMPLITUDE_MAX 50.0

/* Notices for flat leads and for an amplitude that is unusual, or not credible but accepted; else
 * XP_ERR_UNITS. A single lead beside credible ones is XP_ERR_UNITS when it is too large, and told
 * when it is too small. n samples a column. */
xp_status xp_amplitude_check(const xp_input_lead *columns, int n_columns, int64_t n, double rate,
                             bool accept, xp_notices *notes, xp_error *err);

#endif
