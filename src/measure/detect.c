#include "measure/measure_internal.h"

#include <string.h>

/* Of the QRS complexes' usual activity. */
#define CERTAIN 0.4f
#define SEARCHED_BACK 0.25f
/* After a beat a T wave may be as active as this, compared with that beat. */
#define T_ACTIVITY 0.6f
#define T_WITHIN_S 0.36
#define APART_S 0.2

/* A lead whose usual velocity is several times that of the others is noise to them. */
static void weigh_leads(measure_window *w) {
    measure_detectors *d = &w->detectors;
    float usual[MEASURE_DETECTORS], sorted[MEASURE_DETECTORS];
    for (int i = 0; i < d->n; i++) {
        const float *v = measure_velocity_of(w, i);
        for (int k = 0; k < w->n; k++) w->scratch[k] = fabsf(v[k]);
        sorted[i] = usual[i] = measure_quantile(w->scratch, w->n, 0.5);
    }
    const float limit = 3 * measure_quantile(sorted, d->n, 0.5);
    for (int i = 0; i < d->n; i++)
        d->weight[i] = usual[i] > limit && limit > 0 ? limit / usual[i] : 1;
}

/* Root of the mean over 0.1 s of the squared spatial velocity. */
static void find_activity(measure_window *w) {
    const measure_detectors *d = &w->detectors;
    const int k = measure_samples(w, 0.008) < 1 ? 1 : measure_samples(w, 0.008);
    for (int i = 0; i < d->n; i++)
        measure_velocity(measure_lead(w, d->lead[i]), w->n, k, w->rate, measure_velocity_of(w, i));
    for (int i = 0; i < d->n; i++) measure_silence(w, d->lead[i], measure_velocity_of(w, i));
    weigh_leads(w);
    memset(w->scratch, 0, (size_t)w->n * sizeof *w->scratch);
    for (int i = 0; i < d->n; i++) {
        const float *v = measure_velocity_of(w, i), weight = d->weight[i] * d->weight[i];
        for (int t = 0; t < w->n; t++) w->scratch[t] += weight * v[t] * v[t];
    }
    measure_smooth(w->scratch, w->n, measure_samples(w, 0.05), w->activity);
    for (int t = 0; t < w->n; t++) w->activity[t] = sqrtf(w->activity[t] > 0 ? w->activity[t] : 0);
}

/* The activity that three of five stretches of 1.5 s reach: each has a QRS complex, or most do. */
static float usual_peak(measure_window *w) {
    const int step = measure_samples(w, 1.5);
    int n = 0;
    for (int from = 0; from < w->n && (n == 0 || from + step / 2 <= w->n); from += step) {
        float top = 0;
        for (int t = from; t < from + step && t < w->n; t++)
            if (w->activity[t] > top) top = w->activity[t];
        w->scratch[n++] = top;
    }
    return n ? measure_quantile(w->scratch, n, 0.5) : 0;
}

static bool is_peak(const measure_window *w, int t, int reach) {
    const float v = w->activity[t];
    for (int k = 1; k <= reach; k++) {
        if (t - k >= 0 && w->activity[t - k] >= v) return false;
        if (t + k < w->n && w->activity[t + k] > v) return false;
    }
    return true;
}

/* The largest peak in [from, to) above a level; -1: none. */
static int largest_peak(const measure_window *w, int from, int to, float level) {
    int best = -1;
    for (int t = from < 0 ? 0 : from; t < to && t < w->n; t++)
        if (w->activity[t] > level && (best < 0 || w->activity[t] > w->activity[best]) &&
            is_peak(w, t, measure_samples(w, 0.1)))
            best = t;
    return best;
}

static void insert_beat(measure_window *w, int i, int at) {
    if (w->n_beats >= w->cap_beats) return;
    memmove(w->beats + i + 1, w->beats + i, (size_t)(w->n_beats - i) * sizeof *w->beats);
    w->beats[i] = (measure_beat){.at = at, .group = -1, .energy = w->activity[at]};
    w->n_beats++;
}

static void find_certain(measure_window *w, float level) {
    const int reach = measure_samples(w, 0.1), t_within = measure_samples(w, T_WITHIN_S);
    for (int t = 0; t < w->n; t++) {
        if (!(w->activity[t] > level) || !is_peak(w, t, reach)) continue;
        const measure_beat *last = w->n_beats ? &w->beats[w->n_beats - 1] : NULL;
        if (last && t - last->at < measure_samples(w, APART_S)) continue;
        if (last && t - last->at < t_within && w->activity[t] < T_ACTIVITY * last->energy) continue;
        insert_beat(w, w->n_beats, t);
    }
}

static double median_interval(measure_window *w) {
    int n = 0;
    for (int i = 1; i < w->n_beats; i++)
        w->scratch[n++] = (float)(w->beats[i].at - w->beats[i - 1].at);
    return n ? (double)measure_quantile(w->scratch, n, 0.5) : 0;
}

static void search_back(measure_window *w, float level) {
    const int apart = measure_samples(w, 0.3);
    const double usual = median_interval(w);
    for (int i = 0; usual > 0 && i + 1 < w->n_beats; i++) {
        const int from = w->beats[i].at, to = w->beats[i + 1].at;
        if (to - from < 1.6 * usual) continue;
        const int at = largest_peak(w, from + apart, to - apart, level);
        if (at >= 0) insert_beat(w, i + 1, at);
    }
}

void measure_detect(measure_window *w) {
    w->n_beats = 0;
    if (w->detectors.n == 0 || w->n < measure_samples(w, 0.5)) return;
    find_activity(w);
    const float usual = usual_peak(w);
    if (!(usual > 1e-4f)) return; /* 0.1 uV/ms */
    find_certain(w, CERTAIN * usual);
    search_back(w, SEARCHED_BACK * usual);
    const double interval = median_interval(w);
    w->rr_s = w->n_beats > 1 ? interval / w->rate : NAN;
}
