/* Mains and muscle, second by second.
 *
 * Mains: amplitude at 50 and 60 Hz under a Hann window, against the mean power 4 and 6 Hz off,
 * which QRS complexes raise alike. Muscle: what a moving average of 25 ms leaves over (20 Hz and
 * above), in blocks of 50 ms; the 40th percentile of a second's blocks lies between the beats. */
#include "ecg/sinpi.h"
#include "measure/quality_internal.h"

#include <math.h>

#define MAINS_MV 0.025  /* amplitude: 50 uV peak to peak, the standard's noise test */
#define MAINS_OVER 2.0  /* times the amplitude beside the line */
#define MAINS_WINDOWS 2 /* in a row; one is enough at MAINS_STRONG_MV */
#define MAINS_STRONG_MV 0.06
#define MUSCLE_MV 0.05
#define MUSCLE_STRONG_MV 0.065 /* of one second alone */
#define AVERAGE_S 0.025

enum { TONES = 8, BLOCKS = 20, QUIET = 8 };

/* The lines and what lies 4 and 6 Hz beside them. */
static const double tones[TONES] = {44, 46, 50, 54, 56, 60, 64, 66};
enum { LINE_50 = 2, LINE_60 = 5 };
static const int beside[2][4] = {{0, 1, 3, 4}, {3, 4, 6, 7}};

/* Squared amplitudes of the tones in a window (Goertzel's recursion; all tones side by side). */
static void measure_tones(const xp_gate *g, const double factor[TONES], double power[TONES]) {
    double s1[TONES] = {0}, s2[TONES] = {0};
    for (int64_t i = 0; i < g->window; i++) {
        const double v = g->samples[i] * g->taper[i];
        for (int k = 0; k < TONES; k++) {
            const double s = v + factor[k] * s1[k] - s2[k];
            s2[k] = s1[k];
            s1[k] = s;
        }
    }
    const double scale = 4 / (double)g->window; /* Hann: half of the window's length */
    for (int k = 0; k < TONES; k++) {
        const double p = s1[k] * s1[k] + s2[k] * s2[k] - factor[k] * s1[k] * s2[k];
        power[k] = p > 0 ? p * scale * scale : 0;
    }
}

/* Amplitude of line 0 (50 Hz) or 1 (60 Hz), 0 where it does not rise above what is beside it. */
static double line_amplitude(const double power[TONES], int line, double rate) {
    const int at = line ? LINE_60 : LINE_50;
    if (!(tones[at] < 0.48 * rate)) return 0;
    double around = 0;
    int count = 0;
    for (int k = 0; k < 4; k++)
        if (tones[beside[line][k]] < 0.48 * rate) around += power[beside[line][k]], count++;
    around /= (double)count;
    if (!(power[at] >= MAINS_OVER * MAINS_OVER * around)) return 0;
    return sqrt(power[at] - around);
}

/* The window's samples less their mean, a missing one as the one before. False when more than half
 * are missing. */
static bool take_window(xp_gate *g, int64_t at) {
    const float *x = g->x + at;
    double sum = 0;
    int64_t present = 0, first = -1;
    for (int64_t i = 0; i < g->window; i++) {
        if (!isfinite(x[i])) continue;
        if (first < 0) first = i;
        sum += (double)x[i];
        present++;
    }
    if (2 * present < g->window || present == 0) return false;
    const double mean = sum / (double)present;
    double last = (double)x[first] - mean;
    for (int64_t i = 0; i < g->window; i++) {
        if (isfinite(x[i])) last = (double)x[i] - mean;
        g->samples[i] = last;
    }
    return true;
}

static int64_t average_half(double rate) {
    const int64_t half = (int64_t)(0.5 * AVERAGE_S * rate);
    return half < 1 ? 1 : half;
}

/* Part of a sine of f Hz that is left when its moving average is taken off. */
static double left_over(double f, double rate) {
    const double length = (double)(2 * average_half(rate) + 1);
    const double below = xp_sin_pi(f / rate);
    return below != 0 ? 1 - xp_sin_pi(f * length / rate) / (length * below) : 0;
}

static double peak_to_peak(const xp_gate *g) {
    double low = g->samples[0], high = g->samples[0];
    for (int64_t i = 1; i < g->window; i++) {
        low = g->samples[i] < low ? g->samples[i] : low;
        high = g->samples[i] > high ? g->samples[i] : high;
    }
    return high - low;
}

/* Mean squares above 20 Hz in BLOCKS blocks of the window, in ascending order. */
static void measure_blocks(xp_gate *g, double blocks[BLOCKS]) {
    const int64_t half = average_half(g->rate), n = g->window;
    double *sum = g->sums; /* sum[i]: of samples 0 .. i */
    sum[0] = g->samples[0];
    for (int64_t i = 1; i < n; i++) sum[i] = sum[i - 1] + g->samples[i];
    for (int b = 0; b < BLOCKS; b++) {
        const int64_t from = n * b / BLOCKS, to = n * (b + 1) / BLOCKS;
        double power = 0;
        for (int64_t i = from; i < to; i++) {
            const int64_t a = i - half < 0 ? 0 : i - half, z = i + half >= n ? n - 1 : i + half;
            const double mean = (sum[z] - sum[a] + g->samples[a]) / (double)(z - a + 1);
            power += (g->samples[i] - mean) * (g->samples[i] - mean);
        }
        power = to > from ? power / (double)(to - from) : 0;
        int k = b;
        for (; k > 0 && blocks[k - 1] > power; k--) blocks[k] = blocks[k - 1];
        blocks[k] = power;
    }
}

/* Rms between the beats without the mains' part. */
static double muscle(const xp_gate *g, const double blocks[BLOCKS], const double line[2]) {
    double power = blocks[QUIET];
    for (int k = 0; k < 2; k++) {
        const double a = line[k] * left_over(k ? 60 : 50, g->rate);
        power -= 0.5 * a * a;
    }
    return power > 0 ? sqrt(power) : 0;
}

static void measure_windows(xp_gate *g) {
    double factor[TONES], power[TONES], blocks[BLOCKS];
    for (int k = 0; k < TONES; k++) factor[k] = 2 * xp_cos_pi(2 * tones[k] / g->rate);
    for (int w = 0; w < g->n_windows; w++) {
        double line[2] = {0, 0};
        g->noise[w] = g->line[0][w] = g->line[1][w] = g->swing[w] = NAN;
        if (!take_window(g, w * g->window)) continue;
        g->swing[w] = (float)peak_to_peak(g);
        measure_tones(g, factor, power);
        measure_blocks(g, blocks);
        for (int k = 0; k < 2; k++) {
            line[k] = line_amplitude(power, k, g->rate);
            g->line[k][w] = (float)line[k];
        }
        g->noise[w] = (float)muscle(g, blocks, line);
    }
}

/* A second that is just noisy enough counts where one beside it is, too. */
static bool is_found(const float *a, int w, int n, double least, double strong) {
    if (!((double)a[w] >= least)) return false;
    if ((double)a[w] >= strong || n == 1) return true;
    return (w > 0 && (double)a[w - 1] >= least) || (w + 1 < n && (double)a[w + 1] >= least);
}

static xp_status find_in_windows(xp_gate *g) {
    xp_span spans[3] = {{.code = XP_QUALITY_MAINS_50, .merge_s = 1.5},
                        {.code = XP_QUALITY_MAINS_60, .merge_s = 1.5},
                        {.code = XP_QUALITY_MUSCLE, .merge_s = 1.5}};
    const double length = (double)g->window / g->rate;
    for (int w = 0; w < g->n_windows; w++) {
        const double at = (double)w * length, noise = (double)g->noise[w];
        for (int k = 0; k < 2; k++)
            if (is_found(g->line[k], w, g->n_windows, MAINS_MV, MAINS_STRONG_MV))
                XP_TRY(xp_span_add(g, &spans[k], at, at + length, 1000 * (double)g->line[k][w]));
        if (is_found(g->noise, w, g->n_windows, MUSCLE_MV, MUSCLE_STRONG_MV))
            XP_TRY(xp_span_add(g, &spans[2], at, at + length, 1000 * noise));
    }
    for (int k = 0; k < 3; k++) XP_TRY(xp_span_close(g, &spans[k]));
    return XP_OK;
}

xp_status xp_gate_noise(xp_gate *g) {
    measure_windows(g);
    return find_in_windows(g);
}

void xp_gate_noise_values(xp_gate *g) {
    xp_quality_lead *l = &g->q->leads[g->lead];
    const double a50 = 1000 * xp_gate_median(g->line[0], g->n_windows);
    const double a60 = 1000 * xp_gate_median(g->line[1], g->n_windows);
    l->noise_uv = 1000 * xp_gate_median(g->noise, g->n_windows);
    g->activity[g->lead] = (float)xp_gate_median(g->swing, g->n_windows);
    l->mains_hz = a60 > a50 ? 60 : 50 < 0.48 * g->rate ? 50 : 0;
    l->mains_uv = l->mains_hz ? (a60 > a50 ? a60 : a50) : NAN;
}
