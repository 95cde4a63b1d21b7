/* The beats of a regular sinus rhythm, as src/measure finds them. */
#include "data/surgery.h"

#include <math.h>
#include <stdio.h>

#include "measure/measure.h"

/* A record of what a network is shown: the measuring core reads nothing else. */
static xp_status make_record(xp_record *rec, const float *x, int valid, int n_leads,
                             const char (*leads)[16], double rate, xp_error *err) {
    XP_TRY(xp_record_alloc(rec, "", rate, n_leads, valid, err));
    for (int k = 0; k < n_leads; k++) {
        xp_lead *l = &rec->leads[k];
        snprintf(l->name, sizeof l->name, "%s", leads[k]);
        l->id = xp_lead_parse(leads[k]);
        l->n_missing = 0;
        for (int t = 0; t < valid; t++) l->mv[t] = x[(size_t)t * (size_t)n_leads + (size_t)k];
    }
    return XP_OK;
}

static bool is_sinus(const xp_measures *m) {
    return m->reason == XP_REASON_NONE && m->p_waves == XP_PRESENT && !m->paced &&
           m->n_supraventricular == 0 && m->n_ventricular == 0 && m->n_fusion == 0 &&
           m->rr.cv < 0.1;
}

/* Some ms more than the marks: a wave's feet are not to be cut. */
static bool take_beat(xp_sinus_beat *out, const xp_beat *b, double rate) {
    const double margin = 0.016;
    const xp_waves *w = &b->waves;
    const float marks[] = {w->p.onset, w->p.offset, w->qrs.onset, w->t.offset};
    for (int i = 0; i < 4; i++)
        if (!isfinite(marks[i])) return false;
    out->p = (int)floor((b->time_s + (double)w->p.onset - margin) * rate);
    out->qrs = (int)floor((b->time_s + (double)w->qrs.onset - margin / 2) * rate);
    out->p_end = (int)ceil((b->time_s + (double)w->p.offset) * rate);
    out->t_end = (int)ceil((b->time_s + (double)w->t.offset + margin) * rate);
    if (out->p_end > out->qrs) out->p_end = out->qrs;
    return out->p < out->p_end && out->qrs < out->t_end;
}

/* Whole beats only: those at the ends of the record may lack a part. */
static bool take_beats(xp_sinus *out, const xp_measures *m, int valid, double rate) {
    out->n = 0;
    for (int i = 0; i < m->n_beats && out->n < XP_SURGERY_BEATS; i++) {
        xp_sinus_beat b;
        const bool whole = take_beat(&b, &m->beats[i], rate) && b.p >= 0 && b.t_end < valid;
        if (!whole && (i == 0 || i + 1 == m->n_beats)) continue;
        if (!whole || (out->n > 0 && b.p - out->beat[out->n - 1].t_end < 2)) return false;
        out->beat[out->n++] = b;
    }
    return out->n >= 4;
}

xp_status xp_sinus_find(xp_sinus *out, bool *found, const float *x, int valid, int n_leads,
                        const char (*leads)[16], double rate, xp_error *err) {
    xp_record rec;
    xp_measures m;
    *found = false;
    XP_TRY(make_record(&rec, x, valid, n_leads, leads, rate, err));
    xp_status s = xp_measure(&m, &rec, NULL, err);
    if (s == XP_OK) {
        *found = is_sinus(&m) && take_beats(out, &m, valid, rate);
        xp_measures_free(&m);
    }
    xp_record_free(&rec);
    return s;
}
