#include "ecg/sinpi.h"
#include "measure/measure_internal.h"
#include "measure/quality.h"

/* The gate tells mains by the second: it may have begun a little sooner and end a little later. */
#define MARGIN_S 1.0
/* The wave is followed over this time on either side. */
#define FOLLOWED_S 0.24
/* Samples farther out than a sine wave reaches (1.41 times its median, and some noise) belong to
 * complexes and say nothing of the mains. */
#define REACHES 1.6f
#define BLOCK_S 0.5
enum { LIMITS = 96 }; /* blocks of a window */

/* Row k of what is needed once only, before beats are looked for. */
static float *row(const measure_window *w, int k) {
    return measure_velocity_of(w, k);
}

/* Into row 0: what x holds beside its mean over a period. Returns the part of the mains there. */
static double leave_fast(const measure_window *w, const float *x, int n, double f) {
    const int half = (int)(w->rate / f / 2);
    const double length = 2 * half + 1, below = xp_sin_pi(f / w->rate) * length;
    measure_smooth(x, n, half, row(w, 4));
    for (int t = 0; t < n; t++) row(w, 0)[t] = x[t] - row(w, 4)[t];
    return 1 - xp_sin_pi(f * length / w->rate) / below;
}

/* Of each block: how far its usual samples reach. Returns the length of a block. */
static int find_limits(measure_window *w, int n, float *limits) {
    int block = measure_samples(w, BLOCK_S), count = 0;
    while (n > block * LIMITS) block *= 2;
    for (int from = 0; from < n; from += block) {
        const int some = n - from < block ? n - from : block;
        for (int t = 0; t < some; t++) w->scratch[t] = fabsf(row(w, 0)[from + t]);
        limits[count++] = REACHES * measure_quantile(w->scratch, some, 0.5);
    }
    return block;
}

/* Where the mains begins within a block, the one beside it knows how far it reaches. */
static float limit_at(const float *limits, int k, int count) {
    float limit = limits[k];
    if (k > 0 && limits[k - 1] > limit) limit = limits[k - 1];
    return k + 1 < count && limits[k + 1] > limit ? limits[k + 1] : limit;
}

/* Row k becomes its mean under a triangle. */
static void blur(const measure_window *w, int k, int n) {
    const int half = measure_samples(w, FOLLOWED_S / 2);
    measure_smooth(row(w, k), n, half, row(w, 4));
    measure_smooth(row(w, 4), n, half, row(w, k));
}

/* Cosine and sine of f Hz, from sample to sample. */
typedef struct turning {
    double c, s, step_c, step_s;
} turning;

static turning begin_turning(const measure_window *w, double f) {
    return (turning){1, 0, xp_cos_pi(2 * f / w->rate), xp_sin_pi(2 * f / w->rate)};
}

static void turn_on(turning *t) {
    const double c = t->c * t->step_c - t->s * t->step_s;
    t->s = t->s * t->step_c + t->c * t->step_s;
    t->c = c;
}

/* Takes a wave of f Hz, whose amplitude and phase may change slowly, out of n samples. */
static void take_off(measure_window *w, float *x, int n, double f) {
    float limits[LIMITS];
    const double part = leave_fast(w, x, n, f);
    const int block = find_limits(w, n, limits), count = (n + block - 1) / block;
    float *fast = row(w, 0), *heard = row(w, 1), *a = row(w, 2), *b = row(w, 3);
    turning wave = begin_turning(w, f);
    for (int t = 0; t < n; t++, turn_on(&wave)) {
        heard[t] = fabsf(fast[t]) <= limit_at(limits, t / block, count) ? 1 : 0;
        a[t] = heard[t] * fast[t] * (float)wave.c;
        b[t] = heard[t] * fast[t] * (float)wave.s;
    }
    for (int k = 1; k <= 3; k++) blur(w, k, n);
    wave = begin_turning(w, f);
    for (int t = 0; t < n; t++, turn_on(&wave)) {
        const double height = (double)a[t] * wave.c + (double)b[t] * wave.s;
        if (heard[t] > 0.1f) x[t] -= (float)(2 * height / (part * (double)heard[t]));
    }
}

void measure_take_mains(measure_window *w, const xp_quality *q, double start_s) {
    for (int i = 0; q && i < q->n_findings; i++) {
        const xp_quality_finding *found = &q->findings[i];
        const bool is_mains =
            found->code == XP_QUALITY_MAINS_50 || found->code == XP_QUALITY_MAINS_60;
        if (!is_mains || found->lead < 0 || !w->usable[found->lead]) continue;
        const double from_s = found->start_s - MARGIN_S - start_s;
        const double to_s = found->end_s + MARGIN_S - start_s, end_s = w->n / w->rate;
        const int from = from_s > 0 ? measure_samples(w, from_s < end_s ? from_s : end_s) : 0;
        const int to = to_s < end_s ? measure_samples(w, to_s > 0 ? to_s : 0) : w->n;
        if (to - from < measure_samples(w, BLOCK_S)) continue;
        take_off(w, measure_lead(w, found->lead) + from, to - from,
                 found->code == XP_QUALITY_MAINS_50 ? 50 : 60);
    }
}
