/* Random changes to a training record. All of them follow from a seed, which the caller makes from
 * (run's seed, epoch, record): a resumed run sees the same records as an unbroken one, in whatever
 * order or thread they are made. */
#ifndef XP_DATA_AUGMENT_H
#define XP_DATA_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* More made than recorded would teach what is made. */
#define XP_AUGMENT_MOST_RHYTHM 0.5

/* Zeros change nothing. */
typedef struct xp_augment {
    double shift;         /* s: moved by up to this, either way; what enters is 0 */
    double circular;      /* probability of a move by any time, what leaves at one end entering at
                             the other */
    double gain[2];       /* all leads by one factor in [gain[0], gain[1]], log-uniform */
    double chest_gain[2]; /* each precordial lead by a factor of its own: unlike the limb leads',
                             their ratios are bound by no law */
    double lead_drop;     /* probability that one lead is set to 0 */
    double noise;         /* mV, standard deviation, white: up to this (uniform) */
    double lowpass;       /* probability of a 2nd-order zero-phase low-pass at 20 to 100 Hz */
    double bandpass;      /* probability of a zero-phase band-pass 0.5-40 Hz (filter.h) */
    double rhythm;        /* share of the records that become another rhythm where they can be:
                             surgery.h; at most XP_AUGMENT_MOST_RHYTHM. Changes labels: the loader
                             does it, before the rest */
    double layout;        /* probability of another layout (shown.h): a page of 2.5 or 5 s a lead,
                             limb leads alone, or any 4 to 8 s of a record of 8 s or more */
} xp_augment;

/* What a rough trial found useful: shift 0.5 s, circular in half of the draws, gains 0.7-1.4, a
 * lead dropped in one of five, noise 0.02 mV, low-pass in one of ten. */
xp_augment xp_augment_defaults(void);

/* XP_ERR_USAGE names the field that makes no sense. */
xp_status xp_augment_check(const xp_augment *a, xp_error *err);

/* Change x (length, n_leads) mV in place; its first `valid` samples come from the record and the
 * rest stays 0. leads: canonical names in the order of the columns. work has room for
 * xp_augment_work(length) doubles. Filters that the rate does not allow are left out. */
void xp_augment_apply(const xp_augment *a, uint64_t seed, float *x, int length, int n_leads,
                      const char (*leads)[16], double rate, int valid, double *work);
long xp_augment_work(int length);

#endif
