#include "measure/measure_internal.h"

/* IEC 60601-2-25: a wave is one from 6 ms and 20 uV. */
#define LEAST_MV 0.02f
#define LEAST_S 0.006

/* ==== amplitudes ============================================================================= */

typedef struct lead_view {
    const float *x;
    int n;
    float level;
} lead_view;

static int sample_of(const measure_window *w, double s) {
    const int t = w->median.fiducial + measure_samples(w, s);
    return t < 0 ? 0 : t >= w->median.n ? w->median.n - 1 : t;
}

static float mean_of(const float *x, int from, int to) {
    double sum = 0;
    for (int t = from; t <= to; t++) sum += (double)x[t];
    return (float)(sum / (to - from + 1));
}

/* Largest deviation, with its sign. */
static float extreme(const lead_view *v, int from, int to) {
    float best = 0;
    for (int t = from; t <= to; t++) {
        const float y = v->x[t] - v->level;
        if (fabsf(y) > fabsf(best)) best = y;
    }
    return best;
}

typedef struct deflection {
    float mv;
    int from, to; /* samples; to is not in it */
} deflection;

enum { DEFLECTIONS = 8 };

/* The stretches of one sign between QRS onset and offset that are waves. */
static int find_deflections(const measure_window *w, const lead_view *v, int from, int to,
                            deflection *out) {
    int n = 0;
    for (int t = from; t <= to && n < DEFLECTIONS;) {
        const bool up = v->x[t] > v->level;
        deflection d = {0, t, t};
        for (; d.to <= to && (v->x[d.to] > v->level) == up; d.to++)
            if (fabsf(v->x[d.to] - v->level) > fabsf(d.mv)) d.mv = v->x[d.to] - v->level;
        t = d.to;
        if (fabsf(d.mv) < LEAST_MV || (d.to - d.from) < LEAST_S * w->rate) continue;
        if (n > 0 && (out[n - 1].mv > 0) == (d.mv > 0)) { /* what lay between was no wave */
            out[n - 1].to = d.to;
            if (fabsf(d.mv) > fabsf(out[n - 1].mv)) out[n - 1].mv = d.mv;
        } else {
            out[n++] = d;
        }
    }
    return n;
}

/* By sign and order; a complex that is negative alone is a Q (QS). */
static void name_deflections(const measure_window *w, const deflection *d, int n,
                             xp_lead_measures *out) {
    static const xp_amplitude_id up[] = {XP_AMPLITUDE_R, XP_AMPLITUDE_R2};
    static const xp_amplitude_id down[] = {XP_AMPLITUDE_S, XP_AMPLITUDE_S2};
    int r = 0;
    for (int i = 0; i < n; i++) {
        xp_amplitude_id id = XP_AMPLITUDE_Q;
        if (d[i].mv > 0 && r == 2) return;
        if (d[i].mv > 0)
            id = up[r++];
        else if (r > 0)
            id = down[r - 1];
        out->mv[id] = d[i].mv;
        out->duration_ms[id] = (float)((d[i].to - d[i].from) * 1000 / w->rate);
    }
}

/* The lead's own marks tell its waves; J and ST are the same time in all leads. */
static void measure_qrs(const measure_window *w, const lead_view *v, const xp_wave *own,
                        const xp_wave *global, xp_lead_measures *out) {
    deflection d[DEFLECTIONS];
    const int on = sample_of(w, (double)own->onset), off = sample_of(w, (double)own->offset);
    const double end = (double)global->offset;
    name_deflections(w, d, find_deflections(w, v, on, off, d), out);
    out->mv[XP_AMPLITUDE_J] = v->x[sample_of(w, end)] - v->level;
    out->mv[XP_AMPLITUDE_ST60] = v->x[sample_of(w, end + 0.06)] - v->level;
    out->mv[XP_AMPLITUDE_ST80] = v->x[sample_of(w, end + 0.08)] - v->level;
}

void measure_lead_values(const measure_window *w, int lead, const measure_group *g,
                         xp_lead_measures *out) {
    const xp_waves *own = &g->lead_waves[lead];
    const int on = sample_of(w, (double)g->waves.qrs.onset);
    const int before = sample_of(w, (double)g->waves.qrs.onset - 0.02);
    const float *x = measure_average_lead(&w->median, lead);
    const lead_view v = {x, w->median.n, mean_of(x, before, on > before ? on - 1 : on)};
    for (int i = 0; i < XP_AMPLITUDE_COUNT; i++) out->mv[i] = NAN;
    for (int i = 0; i <= XP_AMPLITUDE_S2; i++) out->duration_ms[i] = NAN;
    measure_qrs(w, &v, &own->qrs, &g->waves.qrs, out);
    if (own->t.peak == own->t.peak)
        out->mv[XP_AMPLITUDE_T] =
            extreme(&v, sample_of(w, (double)own->t.onset), sample_of(w, (double)own->t.offset));
    if (own->p.peak == own->p.peak) {
        out->mv[XP_AMPLITUDE_P] =
            extreme(&v, sample_of(w, (double)own->p.onset), sample_of(w, (double)own->p.offset));
        out->duration_ms[XP_AMPLITUDE_P] = (own->p.offset - own->p.onset) * 1000;
    }
}
