/* Whether there is a P wave at all. Fibrillation leaves a rest in any average, and flutter waves
 * look like P waves; what tells them apart is room before the complex, quiet beside the wave, and
 * the same time before every complex. */
#include "measure/marks.h"

enum { FEATURES = 7 };

/* A logistic regression on the 739 records of measure-dev (tests/bench/bench_measure.py has the
 * figures); features in the order of `features` below. */
static const double WEIGHTS[FEATURES] = {19.1, 2.7, 12.0, 1.0, -2.2, -3.0, -2.5};
#define CONSTANT (-11.5)
#define LIMIT (-0.5)
/* Quiet or not, fewer beats than these say nothing of the time before the complex. */
enum { LEAST_BEATS = 3 };

typedef struct span {
    int from, to;
} span;

/* Less the line through the means of the first and the last eighth. */
static double straight(const float *x, span s, int t) {
    const int part = (s.to - s.from) / 8 + 1;
    double first = 0, last = 0;
    for (int k = 0; k < part; k++) {
        first += (double)x[s.from + k];
        last += (double)x[s.to - k];
    }
    first /= part;
    last /= part;
    return (double)x[t] - first - (last - first) * (t - s.from) / (s.to - s.from);
}

static void straighten(const float *x, span s, int step, double *out) {
    const int part = (s.to - s.from) / 8 + 1;
    double first = 0, last = 0;
    for (int k = 0; k < part; k++) {
        first += (double)x[s.from + k];
        last += (double)x[s.to - k];
    }
    first /= part;
    last /= part;
    const double slope = (last - first) / (s.to - s.from);
    for (int t = s.from, n = 0; t <= s.to; t += step)
        out[n++] = (double)x[t] - first - slope * (t - s.from);
}

/* The share of the energy between T and QRS, by sample, that lies in the wave. */
static double isolation(const measure_window *w, span region, span wave) {
    double in = 0, out = 0;
    int n_in = 0, n_out = 0;
    for (int i = 0; i < w->detectors.n; i++) {
        const float *x = measure_average_lead(&w->median, w->detectors.lead[i]);
        const double weight = (double)w->detectors.weight[i];
        for (int t = region.from; t <= region.to; t++) {
            const double v = straight(x, region, t) * weight;
            if (t >= wave.from && t <= wave.to) {
                in += v * v;
                n_in++;
            } else {
                out += v * v;
                n_out++;
            }
        }
    }
    in = n_in ? in / n_in : 0;
    out = n_out ? out / n_out : 0;
    return in + out > 0 ? in / (in + out) : 0;
}

/* ---- the time before each complex ---- */

enum { POINTS = 128 };

typedef struct template {
    double v[MEASURE_DETECTORS][POINTS];
    double energy;
    int n, step;
}
template;

static void take_template(const measure_window *w, span s, template *p) {
    p->step = (s.to - s.from) / 60 < 1 ? 1 : (s.to - s.from) / 60;
    p->n = (s.to - s.from) / p->step + 1;
    p->n = p->n > POINTS ? POINTS : p->n;
    p->energy = 0;
    for (int i = 0; i < w->detectors.n; i++) {
        straighten(measure_average_lead(&w->median, w->detectors.lead[i]), s, p->step, p->v[i]);
        for (int k = 0; k < p->n; k++) p->energy += p->v[i][k] * p->v[i][k];
    }
}

static bool is_shown(const measure_window *w, span s) {
    for (int i = 0; i < w->detectors.n; i++)
        if (measure_is_lost(w, w->detectors.lead[i], s.from, s.to)) return false;
    return true;
}

static double likeness(const measure_window *w, const template *p, span s) {
    double v[POINTS], ab = 0, bb = 0;
    for (int i = 0; i < w->detectors.n; i++) {
        straighten(measure_lead(w, w->detectors.lead[i]), s, p->step, v);
        for (int k = 0; k < p->n; k++) {
            ab += p->v[i][k] * v[k];
            bb += v[k] * v[k];
        }
    }
    return p->energy > 0 && bb > 0 ? ab / sqrt(p->energy * bb) : 0;
}

/* Standard deviation of the lags, s, at which single beats fit the wave best; up to 40 ms. */
static double lag_deviation(const measure_window *w, int group, span wave) {
    template p;
    const int reach = measure_samples(w, 0.04), lag_step = measure_samples(w, 0.004);
    double sum = 0, squares = 0;
    int n = 0;
    take_template(w, wave, &p);
    for (int i = 0; i < w->n_beats; i++) {
        const int at = w->beats[i].at - w->median.fiducial;
        if (w->beats[i].group != group || at + wave.from - reach < 0 ||
            at + wave.to + reach >= w->n ||
            !is_shown(w, (span){at + wave.from - reach, at + wave.to + reach}))
            continue;
        double best = -2;
        int lag = 0;
        for (int k = -reach; k <= reach; k += lag_step) {
            const double m = likeness(w, &p, (span){at + wave.from + k, at + wave.to + k});
            if (m > best) {
                best = m;
                lag = k;
            }
        }
        sum += lag / w->rate;
        squares += lag / w->rate * (lag / w->rate);
        n++;
    }
    if (n < LEAST_BEATS) return 0.04;
    const double variance = squares / n - sum / n * (sum / n);
    return variance > 0 ? sqrt(variance) : 0;
}

/* ---- direction ---- */

/* Net area in II against that of all limb leads: 1 is a wave from above; 0 where II is missing. */
static double along_two(const measure_window *w, span region, span wave) {
    double all = 0, two = 0;
    for (int l = 0; l < w->n_leads; l++) {
        const xp_lead_id id = w->ids[l];
        if (!w->usable[l] || id < XP_LEAD_I || id > XP_LEAD_AVF) continue;
        const float *x = measure_average_lead(&w->median, l);
        double area = 0;
        for (int t = wave.from; t <= wave.to; t++) area += straight(x, region, t);
        all += area * area;
        if (id == XP_LEAD_II) two = area;
    }
    return all > 0 ? two / sqrt(all) : 0;
}

/* ============================================================================================= */

static double within(double v, double least, double most) {
    return v == v ? (v < least ? least : v > most ? most : v) : least;
}

static int sample_of(const measure_window *w, float s) {
    return (int)within(w->median.fiducial + measure_samples(w, (double)s), 0, w->median.n - 1);
}

void measure_judge_p(measure_window *w, int group) {
    measure_group *g = &w->groups[group];
    const xp_waves *v = &g->waves;
    span region;
    g->p_score = -100;
    g->has_p = false;
    if (v->p.peak != v->p.peak || w->median.beats < LEAST_BEATS) return;
    measure_p_region(w, &w->median, v, w->rr_s, &region.from, &region.to);
    const span wave = {sample_of(w, v->p.onset), sample_of(w, v->p.offset)};
    const span around = {sample_of(w, v->p.onset - 0.02f), sample_of(w, v->p.offset + 0.01f)};
    if (region.to - region.from < 8 || around.to - around.from < 8) return;
    const double room = (double)(v->qrs.onset - v->t.offset) + w->rr_s;
    const double pr = (double)(v->qrs.onset - v->p.onset);
    const double features[FEATURES] = {within(room, -0.4, 0.4),
                                       within(w->rr_s, 0.2, 1.2),
                                       isolation(w, region, wave),
                                       along_two(w, region, wave),
                                       within(lag_deviation(w, group, around), 0, 0.04) * 100,
                                       within((double)(v->p.offset - v->p.onset), 0, 0.2) * 10,
                                       within(fabs(pr - 0.16), 0, 0.2) * 10};
    g->p_score = CONSTANT;
    for (int i = 0; i < FEATURES; i++) g->p_score += WEIGHTS[i] * features[i];
    g->has_p = g->p_score > LIMIT;
}
