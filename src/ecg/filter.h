/* Zero-phase filters as second-order sections: a Butterworth band-pass and a notch, designed for
 * any sampling rate.
 *
 * Band-pass: Butterworth prototype of order 4, low-pass to band-pass, bilinear transform with both
 * edges prewarped; 8 poles (SciPy: butter(4, [low, high], 'bandpass', fs=rate)). The amplitude at
 * the edges is -3 dB a pass, so -6 dB after both. Sections instead of one polynomial of 8th order:
 * 0.5 Hz at 500 Hz puts four poles within 0.01 of z = 1, and the polynomial then loses some ten of
 * the sixteen digits. Notch: two poles and two zeros, quality 30 (SciPy: iirnotch(f, 30, fs=rate)).
 * Both ways: forward, then backward, after an odd extension at both ends by three times the number
 * of coefficients, starting from the steady state for the first value (Gustafsson's problem solved
 * the simple way; SciPy: filtfilt, sosfiltfilt with default padding). */
#ifndef XP_ECG_FILTER_H
#define XP_ECG_FILTER_H

#include "base/status.h"

#include <stdint.h>

#define XP_SOS_MAX 4

/* Per section: y = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2) x */
typedef struct xp_sos {
    int n;
    double b[XP_SOS_MAX][3];
    double a[XP_SOS_MAX][2]; /* a1, a2 */
} xp_sos;

/* XP_ERR_USAGE unless 0 < low < high < rate/2, all at least 1e-5 of the rate apart (closer, double
 * precision is not enough). On error f is untouched. */
xp_status xp_filter_bandpass(xp_sos *f, double low, double high, double rate, xp_error *err);

/* XP_ERR_USAGE unless 0 < frequency < rate/2. */
xp_status xp_filter_notch(xp_sos *f, double frequency, double rate, xp_error *err);

/* Samples that are added at each end of n: 3 (2 f->n + 1), fewer when n is not more than that. */
int64_t xp_filter_edge(const xp_sos *f, int64_t n);

/* Filter x (n) in place, forward and backward. work holds n + 2 edge doubles. x must hold no NaN.
 */
void xp_filter_both_ways(const xp_sos *f, double *x, int64_t n, double *work);

#endif
