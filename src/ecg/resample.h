/* Change of sampling rate by a rational factor up/down with a windowed-sinc low-pass.
 *
 * The filter is that of SciPy's resample_poly with its defaults: Kaiser window with beta 5, half
 * length 10 max(up, down) at the rate `from * up`, cut-off (-6 dB) at the lower of the two Nyquist
 * frequencies, gain up, the signal taken as 0 outside. Only taps that meet a sample and outputs
 * that are kept are computed (polyphase form; Crochiere and Rabiner, Multirate Digital Signal
 * Processing, 1983). Output m lies at the time of input m * down / up. Since the signal is 0
 * outside, a constant offset rings over the first and last 10 samples of the slower rate. */
#ifndef XP_ECG_RESAMPLE_H
#define XP_ECG_RESAMPLE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* up and down are at most this: rates of at most 1000 Hz given to a thousandth of a hertz are
 * exact; others are off by less than one part in a million. */
#define XP_RESAMPLE_MAX_TERM 1000000

/* to/from must lie in [1/1000, 1000]. */
#define XP_RESAMPLE_MAX_RATIO 1000

typedef struct xp_resampler {
    int up, down;
    double error;   /* (up/down) / (to/from) - 1 */
    int taps;       /* that meet one output */
    double scale;   /* of the taps: gain up / sum of the prototype */
    bool table;     /* phases holds all of them, (up, taps); else room for one, (taps) */
    double *phases; /* owned */
} xp_resampler;

/* XP_ERR_UNSUPPORTED for rates outside the limits; on error r is untouched. Free with
 * xp_resampler_free. */
xp_status xp_resampler_init(xp_resampler *r, double from, double to, xp_error *err);
void xp_resampler_free(xp_resampler *r);

/* Samples that n become: ceil(n * up / down). n is at most 2^42. */
int64_t xp_resampler_length(const xp_resampler *r, int64_t n);

/* y[l] (length(n)) from x[l] (n) for every l < n_leads; sums in double. x must hold no NaN. With
 * up = down = 1 it copies. */
void xp_resample(xp_resampler *r, int n_leads, float *const *y, const float *const *x, int64_t n);

#endif
