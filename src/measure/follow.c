#include "measure/measure_internal.h"

typedef struct stretch {
    int from, to; /* samples of the median beat */
} stretch;

/* Correlation of a beat, moved by lag, with its median beat over all leads; each lead less its
 * mean, of those that show it. -2 where there is none. */
static double match_at(const measure_window *w, int at, stretch s, int lag, int step) {
    const int offset = at - w->median.fiducial + lag;
    double ab = 0, aa = 0, bb = 0;
    bool shown = false;
    if (offset + s.from < 0 || offset + s.to >= w->n) return -2;
    for (int i = 0; i < w->detectors.n; i++) {
        const int lead = w->detectors.lead[i];
        if (measure_is_lost(w, lead, offset + s.from, offset + s.to)) continue;
        shown = true;
        const float *m = measure_average_lead(&w->median, lead);
        const float *x = measure_lead(w, lead) + offset;
        const double weight = (double)w->detectors.weight[i];
        double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
        int n = 0;
        for (int t = s.from; t <= s.to; t += step, n++) {
            const double a = (double)m[t], b = (double)x[t];
            sa += a;
            sb += b;
            saa += a * a;
            sbb += b * b;
            sab += a * b;
        }
        ab += weight * weight * (sab - sa * sb / n);
        aa += weight * weight * (saa - sa * sa / n);
        bb += weight * weight * (sbb - sb * sb / n);
    }
    if (!shown) return -2;
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* The lag, in seconds, where the wave fits best; large ones must fit better. */
static double follow_wave(const measure_window *w, int at, const xp_wave *wave, double margin_s,
                          double reach_s, double *match) {
    const int n = w->median.n, fiducial = w->median.fiducial;
    stretch s = {fiducial + measure_samples(w, (double)wave->onset - margin_s),
                 fiducial + measure_samples(w, (double)wave->offset + margin_s)};
    s.from = s.from < 0 ? 0 : s.from;
    s.to = s.to >= n ? n - 1 : s.to;
    const int step = measure_samples(w, 0.004) < 1 ? 1 : measure_samples(w, 0.004);
    const int reach = measure_samples(w, reach_s) / step;
    double best = -3;
    int lag = 0;
    *match = -2;
    for (int k = -reach; k <= reach; k++) {
        const double m = match_at(w, at, s, k * step, step);
        const double score = m - 0.15 * k * k / (reach * reach + 1e-9);
        if (m > -2 && score > best) {
            best = score;
            lag = k * step;
            *match = m;
        }
    }
    return lag / w->rate;
}

static xp_wave moved(xp_wave x, double s) {
    return (xp_wave){x.onset + (float)s, x.peak + (float)s, x.offset + (float)s};
}

static const xp_wave NOTHING = {NAN, NAN, NAN};

static void follow_beat(measure_window *w, measure_beat *b, const measure_group *g, int before,
                        int after) {
    double match;
    b->waves = g->waves;
    b->waves.p = b->waves.t = NOTHING;
    if (g->waves.t.peak == g->waves.t.peak) {
        const double lag = follow_wave(w, b->at, &g->waves.t, 0.02, 0.05, &match);
        const double peak = (double)g->waves.t.peak + lag;
        if (match > -2 && b->at + peak * w->rate < after) b->waves.t = moved(g->waves.t, lag);
    }
    if (g->has_p) {
        const double lag = follow_wave(w, b->at, &g->waves.p, 0.02, 0.04, &match);
        const double onset = (double)g->waves.p.onset + lag;
        if (match > 0.2 && b->at + onset * w->rate > before) b->waves.p = moved(g->waves.p, lag);
    }
}

void measure_follow(measure_window *w, int group) {
    const measure_group *g = &w->groups[group];
    const int qrs_on = measure_samples(w, (double)g->waves.qrs.onset);
    for (int i = 0; i < w->n_beats; i++) {
        measure_beat *b = &w->beats[i];
        if (b->group != group) continue;
        const int before = i ? w->beats[i - 1].at + measure_samples(w, 0.12) : -1;
        const int after = i + 1 < w->n_beats ? w->beats[i + 1].at + qrs_on : w->n;
        follow_beat(w, b, g, before, after);
    }
}

/* A beat of another group has the P wave of the dominant one where it looks like it: groups of few
 * beats cannot tell by themselves. The median beat must be the dominant group's. */
void measure_lend_p(measure_window *w) {
    const measure_group *g = &w->groups[0];
    for (int i = 1; g->has_p && i < w->n_beats; i++) {
        measure_beat *b = &w->beats[i];
        double match;
        if (b->group <= 0 || b->waves.p.peak == b->waves.p.peak) continue;
        const double lag = follow_wave(w, b->at, &g->waves.p, 0.02, 0.06, &match);
        const double onset = (double)g->waves.p.onset + lag;
        const double t_end = (double)w->groups[0].waves.t.peak;
        if (match > 0.7 && b->at + onset * w->rate > w->beats[i - 1].at + t_end * w->rate)
            b->waves.p = moved(g->waves.p, lag);
    }
}

double measure_match_p(const measure_window *w, int at) {
    const measure_group *g = &w->groups[0];
    double match = -2;
    if (g->has_p) follow_wave(w, at, &g->waves.p, 0.02, 0.04, &match);
    return match;
}
