#include "measure/pool.h"

/* Doubt of 20 ms about the end of T is as odd and even beats that are 15 ms apart. */
#define DOUBT_MS 750
/* What moves beside a complex hides its edges: of what belongs to it for certain, 0.7 is as odd and
 * even beats that are 8 ms apart; the number stays, with little trust. (Of measure-dev's records
 * beyond that, half were off; so were 6 of 26 made ones whose electrodes moved.) */
#define UNREST_MS 11.4
#define UNREST_MOST_MS 17

static float *row_of(const measure_pool *p, int what) {
    return p->values + (size_t)what * (size_t)p->cap;
}

static float *lead_row(const measure_pool *p, int lead, int value) {
    return p->lead_values + ((size_t)lead * POOLED_LEAD_VALUES + (size_t)value) * (size_t)p->cap;
}

/* The intervals in ms, in the order of measure_pooled. */
static void intervals(const xp_waves *v, bool has_p, float *out) {
    out[POOLED_P] = has_p ? (v->p.offset - v->p.onset) * 1000 : NAN;
    out[POOLED_PR] = has_p ? (v->qrs.onset - v->p.onset) * 1000 : NAN;
    out[POOLED_QRS] = (v->qrs.offset - v->qrs.onset) * 1000;
    out[POOLED_QT] = (v->t.offset - v->qrs.onset) * 1000;
}

static void pool_range(measure_pool *p, const measure_window *w) {
    for (int i = 0; i < w->n_beats; i++) {
        const measure_beat *b = &w->beats[i];
        float v[POOLED_QT + 1];
        if (b->group != 0) continue;
        intervals(&b->waves, true, v);
        for (int k = 0; k <= POOLED_QT; k++) {
            if (v[k] != v[k]) continue;
            if (p->beats[k]++ == 0) p->low[k] = p->high[k] = v[k];
            if (v[k] < p->low[k]) p->low[k] = v[k];
            if (v[k] > p->high[k]) p->high[k] = v[k];
        }
    }
}

void measure_pool_beats(measure_pool *p, const measure_window *w) {
    for (int i = 0; i < w->n_beats; i++) {
        const int group = w->beats[i].group;
        p->alone += group < 0 || w->groups[group].n_beats < 3;
    }
    p->all += w->n_beats;
}

static void pool_leads(measure_pool *p, const measure_window *w) {
    const measure_group *g = &w->groups[0];
    for (int l = 0; l < w->n_leads; l++) {
        xp_lead_measures m;
        for (int i = 0; i < POOLED_LEAD_VALUES; i++) lead_row(p, l, i)[p->n] = NAN;
        if (!w->usable[l]) continue;
        measure_lead_values(w, l, g, &m);
        for (int i = 0; i < XP_AMPLITUDE_COUNT; i++) lead_row(p, l, i)[p->n] = m.mv[i];
        for (int i = 0; i <= XP_AMPLITUDE_S2; i++)
            lead_row(p, l, XP_AMPLITUDE_COUNT + i)[p->n] = m.duration_ms[i];
    }
}

void measure_pool_window(measure_pool *p, const measure_window *w, const xp_record *rec) {
    const measure_group *g = &w->groups[0];
    float all[POOLED_QT + 1], odd[POOLED_QT + 1], even[POOLED_QT + 1], area[6];
    if (p->n >= p->cap) return;
    intervals(&g->waves, g->has_p, all);
    intervals(&g->odd, g->has_p, odd);
    intervals(&g->even, g->has_p, even);
    for (int k = 0; k <= POOLED_QT; k++) {
        row_of(p, k)[p->n] = all[k];
        row_of(p, POOLED_SPREAD_P + k)[p->n] = fabsf(odd[k] - even[k]);
    }
    float *qt = &row_of(p, POOLED_SPREAD_QT)[p->n];
    if (*qt < g->t_doubt * DOUBT_MS) *qt = g->t_doubt * DOUBT_MS;
    const double unrest = g->qrs_unrest * UNREST_MS;
    float *qrs = &row_of(p, POOLED_SPREAD_QRS)[p->n];
    if ((double)*qrs < unrest)
        *qrs = unrest < UNREST_MOST_MS ? (float)unrest : (float)UNREST_MOST_MS;
    const xp_wave none = {NAN, NAN, NAN};
    measure_areas(w, rec, g->has_p ? &g->waves.p : &none, true, &area[0], &area[1]);
    measure_areas(w, rec, &g->waves.qrs, false, &area[2], &area[3]);
    measure_areas(w, rec, &g->waves.t, false, &area[4], &area[5]);
    for (int k = 0; k < 6; k++) row_of(p, POOLED_AREA_P_I + k)[p->n] = area[k];
    pool_leads(p, w);
    pool_range(p, w);
    p->with_p += g->has_p;
    p->n++;
}

static float median_row(measure_pool *p, const float *v) {
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (v[i] == v[i]) p->sorted[n++] = v[i];
    return n ? measure_quantile(p->sorted, n, 0.5) : NAN;
}

float measure_pooled_median(measure_pool *p, measure_pooled what) {
    return median_row(p, row_of(p, what));
}

/* A wave that fewer than half of the windows have is none. */
static float usual(measure_pool *p, int lead, int value) {
    const float *v = lead_row(p, lead, value);
    int n = 0;
    for (int i = 0; i < p->n; i++) n += v[i] == v[i];
    return 2 * n >= p->n ? median_row(p, v) : NAN;
}

void measure_pooled_lead(measure_pool *p, int lead, xp_lead_measures *out) {
    for (int i = 0; i < XP_AMPLITUDE_COUNT; i++) out->mv[i] = usual(p, lead, i);
    for (int i = 0; i <= XP_AMPLITUDE_S2; i++)
        out->duration_ms[i] = usual(p, lead, XP_AMPLITUDE_COUNT + i);
}
