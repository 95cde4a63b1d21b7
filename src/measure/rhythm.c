#include "measure/pool.h"

#define PREMATURE 0.85

/* ==== classes ================================================================================ */

/* The interval before a beat, where the beat before that is no ectopic one; s, NaN: none. */
static double coupling(const measure_window *w, int i) {
    return i > 0 ? (w->beats[i].at - w->beats[i - 1].at) / w->rate : NAN;
}

static double width_of(const measure_group *g) {
    return (double)(g->waves.qrs.offset - g->waves.qrs.onset);
}

bool measure_is_wide(const measure_window *w, int group) {
    const double width = width_of(&w->groups[group]), usual = width_of(&w->groups[0]);
    return width > 0.11 && width > usual + 0.02;
}

/* Class of a beat among those of its window. */
char measure_kind(const measure_window *w, int i, bool steady) {
    const measure_beat *b = &w->beats[i];
    const double before = coupling(w, i);
    const bool premature = steady && before < PREMATURE * w->rr_s;
    if (b->fused) return 'F';
    if (b->group < 0) return 'Q';
    if (b->group == 0) return premature ? 'S' : 'N';
    if (measure_is_wide(w, b->group)) return 'V';
    return premature ? 'S' : 'N';
}

/* Whether most intervals are like each other: prematurity then means something. */
bool measure_is_steady(const measure_window *w) {
    int near = 0, n = 0;
    for (int i = 1; i < w->n_beats; i++, n++)
        near += fabs((w->beats[i].at - w->beats[i - 1].at) / w->rate - w->rr_s) < 0.1 * w->rr_s;
    return n >= 3 && 10 * near >= 6 * n;
}

/* ==== the whole record ======================================================================= */

/* Of the heart's rhythm, or of the pacemaker's. */
static bool is_regular_kind(const xp_beat *b) {
    return b->kind == 'N' || b->symbol == '/';
}

static int gather_intervals(const xp_measures *m, float *out, bool normal) {
    int n = 0;
    for (int i = 1; i < m->n_beats; i++) {
        const xp_beat *b = &m->beats[i];
        if (b->rr_s != b->rr_s) continue;
        if (normal && !(is_regular_kind(b) && is_regular_kind(b - 1))) continue;
        out[n++] = b->rr_s * 1000;
    }
    return n;
}

static void describe_all(xp_rr_statistics *rr, float *v, int n) {
    double sum = 0;
    rr->min_ms = rr->max_ms = (double)v[0];
    for (int i = 0; i < n; i++) {
        sum += (double)v[i];
        if ((double)v[i] < rr->min_ms) rr->min_ms = (double)v[i];
        if ((double)v[i] > rr->max_ms) rr->max_ms = (double)v[i];
    }
    rr->mean_ms = sum / n;
    rr->median_ms = (double)measure_quantile(v, n, 0.5);
}

/* v: intervals between beats of class N, by time. */
static void describe_normal(xp_rr_statistics *rr, const float *v, int n) {
    double sum = 0, squares = 0, steps = 0;
    for (int i = 0; i < n; i++) sum += (double)v[i];
    for (int i = 0; i < n; i++) squares += ((double)v[i] - sum / n) * ((double)v[i] - sum / n);
    for (int i = 1; i < n; i++)
        steps += ((double)v[i] - (double)v[i - 1]) * ((double)v[i] - (double)v[i - 1]);
    if (n < 3) return;
    rr->sdnn_ms = sqrt(squares / (n - 1));
    rr->rmssd_ms = sqrt(steps / (n - 1));
    rr->cv = rr->sdnn_ms / (sum / n);
}

static xp_irregularity judge(const xp_rr_statistics *rr, float *v, int n) {
    if (n < 4) return XP_RHYTHM_UNKNOWN;
    for (int i = 0; i + 1 < n; i++) v[i] = fabsf(v[i + 1] - v[i]);
    const double step = (double)measure_quantile(v, n - 1, 0.5) / rr->mean_ms;
    if (step > 0.085) return XP_RHYTHM_IRREGULARLY;
    return rr->cv > 0.06 || step > 0.04 ? XP_RHYTHM_IRREGULAR : XP_RHYTHM_REGULAR;
}

void measure_rhythm(xp_measures *m, float *scratch) {
    xp_rr_statistics *rr = &m->rr;
    *rr = (xp_rr_statistics){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    int n = gather_intervals(m, scratch, false);
    if (n >= 2) describe_all(rr, scratch, n);
    n = gather_intervals(m, scratch, true);
    describe_normal(rr, scratch, n);
    m->irregularity = judge(rr, scratch, n);
    m->n_supraventricular = m->n_ventricular = m->n_fusion = 0;
    for (int i = 0; i < m->n_beats; i++) {
        m->n_supraventricular += m->beats[i].kind == 'S';
        m->n_ventricular += m->beats[i].kind == 'V';
        m->n_fusion += m->beats[i].kind == 'F';
    }
}
