#include "ecg/filter.h"

#include "ecg/sinpi.h"

#include <math.h>

#define NOTCH_Q 30.0
#define MIN_STEP 1e-5 /* of the sampling rate */

typedef struct complex_pair {
    double re, im;
} cplx;

static cplx cplx_sqrt(cplx z) {
    double size = sqrt(z.re * z.re + z.im * z.im), re = sqrt(0.5 * (size + fabs(z.re)));
    double im = re > 0 ? 0.5 * fabs(z.im) / re : 0;
    cplx r = z.re >= 0 ? (cplx){re, im} : (cplx){im, re};
    if (z.im < 0) r.im = -r.im;
    return r;
}

/* Analogue frequency that the bilinear transform with T = 1 maps to f: 2 tan(pi f / rate). */
static double prewarp(double f, double rate) {
    return 2 * xp_sin_pi(f / rate) / xp_cos_pi(f / rate);
}

/* Analogue pole p and its conjugate, with a zero at s = 0 and one at infinity, as a digital section
 * by z = (2 + s) / (2 - s): the zeros come to z = 1 and z = -1. */
static void band_section(xp_sos *f, cplx p, double width) {
    double below = (2 - p.re) * (2 - p.re) + p.im * p.im; /* |2 - p|^2 */
    double gain = 2 * width / below;
    double re = (4 - p.re * p.re - p.im * p.im) / below, im = 4 * p.im / below;
    double *b = f->b[f->n], *a = f->a[f->n];
    b[0] = gain, b[1] = 0, b[2] = -gain;
    a[0] = -2 * re, a[1] = re * re + im * im;
    f->n++;
}

/* A low-pass pole becomes the two roots of s^2 - p width s + centre^2. */
static void band_pair(xp_sos *f, cplx p, double width, double centre2) {
    cplx m = {0.5 * width * p.re, 0.5 * width * p.im};
    cplx root = cplx_sqrt((cplx){m.re * m.re - m.im * m.im - centre2, 2 * m.re * m.im});
    band_section(f, (cplx){m.re + root.re, m.im + root.im}, width);
    band_section(f, (cplx){m.re - root.re, m.im - root.im}, width);
}

xp_status xp_filter_bandpass(xp_sos *f, double low, double high, double rate, xp_error *err) {
    double step = MIN_STEP * rate;
    if (!(low >= step && high >= low + step && high <= 0.5 * rate - step))
        return xp_fail(
            err, XP_ERR_USAGE,
            "band-pass %g to %g Hz: expected at least %g Hz, the second above the first, "
            "and both below %g Hz, half the sampling rate",
            low, high, step, 0.5 * rate);
    double from = prewarp(low, rate), to = prewarp(high, rate);
    xp_sos s = {0};
    /* The prototype's poles above the real axis, at 5/8 and 7/8 of pi; the others are conjugates.
     */
    for (int k = 5; k <= 7; k += 2)
        band_pair(&s, (cplx){xp_cos_pi(k / 8.0), xp_sin_pi(k / 8.0)}, to - from, from * to);
    *f = s;
    return XP_OK;
}

xp_status xp_filter_notch(xp_sos *f, double frequency, double rate, xp_error *err) {
    if (!(frequency >= MIN_STEP * rate && frequency <= (0.5 - MIN_STEP) * rate))
        return xp_fail(
            err, XP_ERR_USAGE,
            "notch at %g Hz: expected more than 0 and less than %g Hz, half the sampling "
            "rate",
            frequency, 0.5 * rate);
    double half_width = frequency / rate / NOTCH_Q; /* of the -3 dB band, in cycles a sample */
    double gain = 1 / (1 + xp_sin_pi(half_width) / xp_cos_pi(half_width));
    double c = -2 * xp_cos_pi(2 * frequency / rate);
    *f = (xp_sos){.n = 1, .b = {{gain, gain * c, gain}}, .a = {{gain * c, 2 * gain - 1}}};
    return XP_OK;
}

int64_t xp_filter_edge(const xp_sos *f, int64_t n) {
    int64_t edge = 3 * (2 * (int64_t)f->n + 1);
    return n > edge ? edge : n > 0 ? n - 1 : 0;
}

/* Memory of the sections after a constant input of 1 for ever. */
static void steady_state(const xp_sos *f, double z[XP_SOS_MAX][2]) {
    double in = 1;
    for (int i = 0; i < f->n; i++) {
        const double *b = f->b[i], *a = f->a[i];
        double out = in * (b[0] + b[1] + b[2]) / (1 + a[0] + a[1]);
        z[i][1] = b[2] * in - a[1] * out;
        z[i][0] = b[1] * in - a[0] * out + z[i][1];
        in = out;
    }
}

/* One pass in place over n samples, x[0], x[step], ... (transposed direct form II), from the steady
 * state for the first sample. */
static void run(const xp_sos *f, double *x, int64_t n, int step) {
    double z[XP_SOS_MAX][2];
    steady_state(f, z);
    for (int i = 0; i < f->n; i++) z[i][0] *= *x, z[i][1] *= *x;
    for (int64_t t = 0; t < n; t++, x += step) {
        double v = *x;
        for (int i = 0; i < f->n; i++) {
            const double *b = f->b[i], *a = f->a[i];
            double y = b[0] * v + z[i][0];
            z[i][0] = b[1] * v - a[0] * y + z[i][1];
            z[i][1] = b[2] * v - a[1] * y;
            v = y;
        }
        *x = v;
    }
}

void xp_filter_both_ways(const xp_sos *f, double *x, int64_t n, double *work) {
    if (n < 1) return;
    int64_t edge = xp_filter_edge(f, n), total = n + 2 * edge;
    for (int64_t i = 0; i < edge; i++) {
        work[i] = 2 * x[0] - x[edge - i];
        work[edge + n + i] = 2 * x[n - 1] - x[n - 2 - i];
    }
    for (int64_t i = 0; i < n; i++) work[edge + i] = x[i];
    run(f, work, total, 1);
    run(f, work + total - 1, total, -1);
    for (int64_t i = 0; i < n; i++) x[i] = work[edge + i];
}
