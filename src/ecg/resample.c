#include "ecg/resample.h"

#include "ecg/sinpi.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KAISER_BETA 5.0
#define HALF_WIDTH 10    /* zero crossings of the sinc on either side */
#define MAX_TABLE 262144 /* doubles (2 MB): up to terms of 12,000 */
#define BLOCK 24         /* taps computed at a time: 21 meet an output when the rate rises */
#define SUM_STEPS 4096   /* steps a zero crossing at which the prototype is summed at most */

/* sin(pi u) / (pi u) for a block, by the Taylor series of the sine about the nearest zero crossing:
 * 12 terms, since (pi/2)^25 / 25! < 1e-20. */
static void sinc_block(double out[BLOCK], const double u[BLOCK]) {
    static const double to_integer = 6755399441055744; /* 1.5 * 2^52: adding it rounds */
    double y[BLOCK];
    for (int j = 0; j < BLOCK; j++) {
        double n = (u[j] + to_integer) - to_integer, half = (0.5 * n + to_integer) - to_integer;
        y[j] = XP_PI * (u[j] - n) * (n == 2 * half ? 1 : -1);
        out[j] = 1;
    }
    for (int k = 25; k > 1; k -= 2) {
        double c = 1.0 / (k * (k - 1));
        for (int j = 0; j < BLOCK; j++) out[j] = 1 - c * (y[j] * y[j]) * out[j];
    }
    for (int j = 0; j < BLOCK; j++) out[j] = u[j] == 0 ? 1 : y[j] * out[j] / (XP_PI * u[j]);
}

/* Kaiser window, not divided by its peak (the scale takes care of that): the Bessel function I0 at
 * beta sqrt(1 - edge^2) by its power series, sum of (x/2)^2k / k!^2; 19 terms are below 1e-17. */
static void kaiser_block(double out[BLOCK], const double u[BLOCK]) {
    double q[BLOCK];
    for (int j = 0; j < BLOCK; j++) {
        double edge = u[j] / HALF_WIDTH;
        q[j] = 0.25 * KAISER_BETA * KAISER_BETA * (1 - edge * edge);
        out[j] = 1;
    }
    for (int k = 19; k > 0; k--) {
        double c = 1.0 / (k * k);
        for (int j = 0; j < BLOCK; j++) out[j] = 1 + c * q[j] * out[j];
    }
    for (int j = 0; j < BLOCK; j++) out[j] = q[j] < 0 ? 0 : out[j];
}

/* h[j] = the filter at (first + j step) / unit zero crossings from its centre, times scale. In
 * blocks, whose loops the compiler turns into vector instructions. */
static void prototype(double *h, int n, double first, double step, double unit, double scale) {
    double u[BLOCK], sinc[BLOCK], window[BLOCK];
    for (int at = 0; at < n; at += BLOCK) {
        for (int j = 0; j < BLOCK; j++) u[j] = (first + (at + j) * step) / unit;
        sinc_block(sinc, u);
        kaiser_block(window, u);
        for (int j = 0; j < BLOCK && at + j < n; j++) h[at + j] = scale * sinc[j] * window[j];
    }
}

/* Mean of the prototype's taps per zero crossing, which the gain is divided by. For long filters
 * the sum is taken with SUM_STEPS steps: it differs by 1e-10 from that with more. */
static double prototype_sum(int steps) {
    if (steps > SUM_STEPS) steps = SUM_STEPS;
    double sum = 0, h[BLOCK];
    for (int k = HALF_WIDTH * steps; k > 0; k -= BLOCK) {
        int n = k < BLOCK ? k : BLOCK;
        prototype(h, n, k, -1, steps, 2);
        for (int j = 0; j < n; j++) sum += h[j];
    }
    prototype(h, 1, 0, 1, steps, 1);
    return (sum + h[0]) / steps;
}

/* The convergent of x (0 < x) with the largest terms of at most XP_RESAMPLE_MAX_TERM, or the first
 * that equals x to rounding (continued fraction). */
static void approximate(double x, int *num, int *den) {
    int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
    double rest = x;
    for (int i = 0; i < 64; i++) {
        double whole = floor(rest);
        if (whole > XP_RESAMPLE_MAX_TERM) break;
        int64_t a = (int64_t)whole, p = a * p1 + p0, q = a * q1 + q0;
        if (p > XP_RESAMPLE_MAX_TERM || q > XP_RESAMPLE_MAX_TERM) break;
        p0 = p1, q0 = q1, p1 = p, q1 = q;
        if (p1 && fabs((double)p1 / (double)q1 / x - 1) < 1e-13) break;
        if (rest == whole) break;
        rest = 1 / (rest - whole);
    }
    *num = (int)p1;
    *den = (int)q1;
}

/* The taps that meet an output of this phase, in the order of the samples they meet. Tap k of the
 * filter lies at (k - half) / max(up, down) zero crossings from its centre. */
static void fill_phase(const xp_resampler *r, int phase, double *taps) {
    double longest = r->up > r->down ? r->up : r->down;
    double first = phase + (r->taps - 1.0) * r->up - HALF_WIDTH * longest;
    prototype(taps, r->taps, first, -r->up, longest, r->scale);
}

static xp_status alloc_phases(xp_resampler *r, xp_error *err) {
    r->table = (int64_t)r->up * r->taps <= MAX_TABLE;
    int rows = r->table ? r->up : 1;
    r->phases = malloc((size_t)rows * (size_t)r->taps * sizeof *r->phases);
    if (!r->phases) return xp_fail(err, XP_ERR_MEMORY, "no memory for the resampling filter");
    for (int p = 0; r->table && p < r->up; p++)
        fill_phase(r, p, r->phases + (size_t)p * (size_t)r->taps);
    return XP_OK;
}

xp_status xp_resampler_init(xp_resampler *out, double from, double to, xp_error *err) {
    double ratio = to / from;
    if (!(from > 0 && to > 0 && ratio >= 1.0 / XP_RESAMPLE_MAX_RATIO &&
          ratio <= XP_RESAMPLE_MAX_RATIO))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "cannot resample from %g to %g Hz: the rates may differ by a factor of at "
                       "most %d; check the sampling rate in the header",
                       from, to, XP_RESAMPLE_MAX_RATIO);
    xp_resampler r = {0};
    approximate(ratio, &r.up, &r.down);
    r.error = (double)r.up / r.down / ratio - 1;
    int longest = r.up > r.down ? r.up : r.down;
    r.taps = (int)(2 * HALF_WIDTH * (int64_t)longest / r.up) + 1;
    r.scale = (double)r.up / longest / prototype_sum(longest);
    XP_TRY(alloc_phases(&r, err));
    *out = r;
    return XP_OK;
}

void xp_resampler_free(xp_resampler *r) {
    free(r->phases);
    *r = (xp_resampler){0};
}

int64_t xp_resampler_length(const xp_resampler *r, int64_t n) {
    int64_t rest = n % r->down * r->up;
    return n / r->down * r->up + (rest + r->down - 1) / r->down;
}

/* Four sums, so that the additions need not wait for each other. */
static double dot(const float *x, const double *h, int n) {
    double s[4] = {0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) s[k] += (double)x[i + k] * h[i + k];
    for (; i < n; i++) s[0] += (double)x[i] * h[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* Samples [first, first + taps) of x, those outside [0, n) being 0, times the taps. */
static double meet(const float *x, int64_t n, int64_t first, const double *taps, int n_taps) {
    int64_t begin = first < 0 ? -first : 0, end = n - first < n_taps ? n - first : n_taps;
    return begin < end ? dot(x + first + begin, taps + begin, (int)(end - begin)) : 0;
}

void xp_resample(xp_resampler *r, int n_leads, float *const *y, const float *const *x, int64_t n) {
    if (r->up == r->down) {
        for (int l = 0; l < n_leads; l++) memcpy(y[l], x[l], (size_t)n * sizeof **y);
        return;
    }
    int64_t n_out = xp_resampler_length(r, n);
    int64_t half = HALF_WIDTH * (int64_t)(r->up > r->down ? r->up : r->down);
    int64_t last = half / r->up; /* newest sample that meets the output */
    int phase = (int)(half % r->up);
    for (int64_t m = 0; m < n_out; m++) {
        double *taps = r->phases + (r->table ? (size_t)phase * (size_t)r->taps : 0);
        if (!r->table) fill_phase(r, phase, taps);
        for (int l = 0; l < n_leads; l++)
            y[l][m] = (float)meet(x[l], n, last - r->taps + 1, taps, r->taps);
        last += r->down / r->up;
        phase += r->down % r->up;
        if (phase >= r->up) phase -= r->up, last++;
    }
}
