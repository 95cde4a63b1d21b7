#include "measure/measure_internal.h"

#include <string.h>

/* What must be seen of a beat, from its fiducial point; and of so many, where there are as many. */
#define WHOLE_BEFORE_S 0.3
#define WHOLE_AFTER_S 0.45
enum { LEAST_WHOLE = 3 };

/* Where the dominant beats are quietest shortly before QRS: the PR segment, mostly. */
static double quietest(measure_window *w) {
    const int from = measure_samples(w, -0.16), to = measure_samples(w, -0.03);
    const int half = measure_samples(w, 0.01);
    double best = -1, at = -0.06;
    for (int k = from; k <= to; k++) {
        double sum = 0;
        int n = 0;
        for (int i = 0; i < w->n_beats; i++) {
            const int t = w->beats[i].at + k;
            if (w->beats[i].group != 0 || t - half < 0 || t + half >= w->n) continue;
            for (int d = 0; d < w->detectors.n; d++) {
                const float *v = measure_velocity_of(w, d), weight = w->detectors.weight[d];
                for (int j = t - half; j <= t + half; j++) sum += (double)(fabsf(v[j]) * weight);
            }
            n++;
        }
        if (n && (best < 0 || sum / n < best)) {
            best = sum / n;
            at = k / w->rate;
        }
    }
    return at;
}

static float mean_around(const float *x, int n, int at, int half) {
    double sum = 0;
    int count = 0;
    for (int t = at - half; t <= at + half; t++)
        if (t >= 0 && t < n) {
            sum += (double)x[t];
            count++;
        }
    return count ? (float)(sum / count) : NAN;
}

void measure_find_levels(measure_window *w) {
    w->level_s = quietest(w);
    const int shift = measure_samples(w, w->level_s), half = measure_samples(w, 0.008);
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l]) continue;
        float *level = w->levels + (size_t)l * (size_t)w->cap_beats;
        for (int i = 0; i < w->n_beats; i++) {
            const int at = w->beats[i].at + shift;
            level[i] = mean_around(measure_lead(w, l), w->n, at, half);
            if (measure_is_lost(w, l, at - half, at + half)) level[i] = NAN;
        }
    }
}

/* ---- the line between the levels of two beats ---- */

/* The next beat of the dominant group in a direction; -1: none. Others may have no PR segment. */
static int dominant_beside(const measure_window *w, int i, int direction) {
    for (i += direction; i >= 0 && i < w->n_beats; i += direction)
        if (w->beats[i].group == 0) return i;
    return -1;
}

static float slope_between(const measure_window *w, const float *level, int i, int k) {
    if (k < 0 || level[i] != level[i] || level[k] != level[k]) return 0;
    return (level[k] - level[i]) / (float)(w->beats[k].at - w->beats[i].at);
}

typedef struct source {
    int at;                     /* sample of the average's first */
    bool whole;                 /* the lead shows the beat, without a jump in it */
    float level, before, after; /* mV; mV a sample */
} source;

static source source_of(const measure_window *w, int lead, int i, int fiducial) {
    const float *level = w->levels + (size_t)lead * (size_t)w->cap_beats;
    source s = {.at = w->beats[i].at - fiducial, .level = level[i]};
    s.whole = !measure_is_blind(w, lead, w->beats[i].at - measure_samples(w, WHOLE_BEFORE_S),
                                w->beats[i].at + measure_samples(w, WHOLE_AFTER_S));
    if (s.level != s.level) s.level = 0;
    s.before = slope_between(w, level, i, dominant_beside(w, i, -1));
    s.after = slope_between(w, level, i, dominant_beside(w, i, 1));
    return s;
}

static float value_of(const measure_window *w, const float *x, const source *s, int k, int knot) {
    const int t = s->at + k;
    if (t < 0 || t >= w->n) return NAN;
    return x[t] - s->level - (float)(k - knot) * (k < knot ? s->before : s->after);
}

/* Median of up to MEASURE_AVERAGED values by insertion: few, and nearly sorted when they agree. */
static float median_of(float *v, int n) {
    for (int i = 1; i < n; i++) {
        const float x = v[i];
        int k = i;
        while (k > 0 && v[k - 1] > x) {
            v[k] = v[k - 1];
            k--;
        }
        v[k] = x;
    }
    return n == 0 ? 0 : n % 2 ? v[n / 2] : 0.5f * (v[n / 2 - 1] + v[n / 2]);
}

static void average_lead(measure_window *w, int lead, const source *s, int n) {
    const float *x = measure_lead(w, lead);
    float *median = measure_average_lead(&w->median, lead);
    float *odd = measure_average_lead(&w->odd, lead), *even = measure_average_lead(&w->even, lead);
    const int knot = w->median.fiducial + measure_samples(w, w->level_s);
    for (int k = 0; k < w->median.n; k++) {
        float v[MEASURE_AVERAGED];
        double sum[2] = {0, 0};
        int count[2] = {0, 0}, m = 0;
        for (int i = 0; i < n; i++) {
            const float y = value_of(w, x, &s[i], k, knot);
            if (y != y) continue;
            v[m++] = y;
            sum[i & 1] += (double)y;
            count[i & 1]++;
        }
        median[k] = median_of(v, m);
        even[k] = count[0] ? (float)(sum[0] / count[0]) : median[k];
        odd[k] = count[1] ? (float)(sum[1] / count[1]) : median[k];
    }
}

/* In front, those that the lead shows whole; where it shows few so, all. Returns how many. */
static int keep_whole(source *s, int n) {
    int whole = 0;
    for (int i = 0; i < n; i++) whole += s[i].whole;
    if (whole < LEAST_WHOLE) return n;
    for (int i = 0, k = 0; i < n; i++)
        if (s[i].whole) s[k++] = s[i];
    return whole;
}

void measure_average_group(measure_window *w, int group) {
    int members[MEASURE_AVERAGED], n = 0;
    for (int i = 0; i < w->n_beats && n < MEASURE_AVERAGED; i++)
        if (w->beats[i].group == group) members[n++] = i;
    w->median.beats = n;
    w->even.beats = (n + 1) / 2;
    w->odd.beats = n / 2;
    for (int l = 0; l < w->n_leads; l++) {
        source s[MEASURE_AVERAGED];
        if (!w->usable[l]) continue;
        for (int i = 0; i < n; i++) s[i] = source_of(w, l, members[i], w->median.fiducial);
        average_lead(w, l, s, keep_whole(s, n));
    }
}
