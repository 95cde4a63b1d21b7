/* The limb leads are differences of three electrodes, so sums of them are zero (ecg/leads.h). Where
 * one is not, a lead was not recorded with the others: an amplifier, a converter or an export has
 * changed it. The relations that fail tell which: those that contain the lead, and no others. */
#include "measure/quality_internal.h"

#include <math.h>

enum { LIMBS = 6, RELATIONS = 5 };

/* In the order of xp_lead_id: I II III aVR aVL aVF. */
static const double weights[RELATIONS][LIMBS] = {
    {1, -1, 1, 0, 0, 0},      {0.5, 0.5, 0, 1, 0, 0}, {-0.5, 0, 0.5, 0, 1, 0},
    {0, -0.5, -0.5, 0, 0, 1}, {0, 0, 0, 1, 1, 1},
};
static const double limit_mv[RELATIONS] = {0.1, 0.05, 0.05, 0.05, 0.05};
#define LEAST_PART 0.01 /* of a window's samples */

typedef struct limb_leads {
    const float *x[LIMBS]; /* NULL: not recorded */
    int at[LIMBS];         /* index in the record */
    bool applies[RELATIONS];
} limb_leads;

static int find_limb_leads(const xp_record *rec, limb_leads *l) {
    int relations = 0;
    *l = (limb_leads){0};
    for (int i = 0; i < rec->n_leads; i++) {
        const int id = (int)rec->leads[i].id - (int)XP_LEAD_I;
        if (id < 0 || id >= LIMBS || rec->leads[i].derived || l->x[id]) continue;
        l->x[id] = rec->leads[i].mv;
        l->at[id] = i;
    }
    for (int r = 0; r < RELATIONS; r++) {
        l->applies[r] = true;
        for (int k = 0; k < LIMBS; k++)
            if (weights[r][k] != 0 && !l->x[k]) l->applies[r] = false;
        relations += l->applies[r];
    }
    return relations;
}

/* Whether relation r fails in [from, to); *power: mean square of what should be zero. */
static bool fails(const limb_leads *l, int r, int64_t from, int64_t to, double *power) {
    int64_t beyond = 0;
    double sum = 0;
    for (int64_t i = from; i < to; i++) {
        double v = 0;
        for (int k = 0; k < LIMBS; k++)
            if (weights[r][k] != 0) v += weights[r][k] * (double)l->x[k][i];
        if (!isfinite(v)) continue;
        sum += v * v;
        beyond += fabs(v) > limit_mv[r];
    }
    *power = sum / (double)(to - from);
    const double least = LEAST_PART * (double)(to - from);
    return (double)beyond >= (least > 2 ? least : 2);
}

/* The one limb lead that is in all relations that failed and in no other; -1: none or several. */
static int culprit(const limb_leads *l, const bool failed[RELATIONS]) {
    int found = -1;
    for (int k = 0; k < LIMBS; k++) {
        bool explains = l->x[k] != NULL;
        for (int r = 0; r < RELATIONS; r++)
            if (l->applies[r] && failed[r] != (weights[r][k] != 0)) explains = false;
        if (!explains) continue;
        if (found >= 0) return -1;
        found = k;
    }
    return found;
}

/* Whether the time is one at which a lead in question does not record at all: that is reported. */
static bool is_reported(const xp_gate *g, const limb_leads *l, int lead, double start_s,
                        double end_s) {
    for (int i = 0; i < g->q->n_findings; i++) {
        const xp_quality_finding *f = &g->q->findings[i];
        if (!xp_gate_records_nothing(f->code) || f->start_s >= end_s || f->end_s <= start_s)
            continue;
        for (int k = 0; k < LIMBS; k++)
            if (l->x[k] && l->at[k] == f->lead && (lead < 0 || lead == f->lead)) return true;
    }
    return false;
}

static xp_status judge_window(xp_gate *g, const limb_leads *l, xp_span spans[LIMBS + 1], int64_t at,
                              int64_t to) {
    bool failed[RELATIONS] = {false}, any = false;
    double most = 0, power;
    for (int r = 0; r < RELATIONS; r++) {
        if (!l->applies[r]) continue;
        failed[r] = fails(l, r, at, to, &power);
        any = any || failed[r];
        most = failed[r] && power > most ? power : most;
    }
    if (!any) return XP_OK;
    const int k = culprit(l, failed);
    const double start_s = (double)at / g->rate, end_s = (double)to / g->rate;
    g->lead = k < 0 ? -1 : l->at[k];
    if (is_reported(g, l, g->lead, start_s, end_s)) return XP_OK;
    return xp_span_add(g, &spans[k + 1], start_s, end_s, sqrt(most));
}

xp_status xp_gate_einthoven(xp_gate *g) {
    limb_leads l;
    xp_span spans[LIMBS + 1];
    if (find_limb_leads(g->rec, &l) == 0) return XP_OK;
    for (int k = 0; k <= LIMBS; k++)
        spans[k] = (xp_span){.code = XP_QUALITY_EINTHOVEN, .merge_s = 2.5};
    for (int64_t at = 0; at < g->n; at += g->window)
        XP_TRY(judge_window(g, &l, spans, at, g->n - at < g->window ? g->n : at + g->window));
    for (int k = 0; k <= LIMBS; k++) {
        g->lead = k == 0 ? -1 : l.at[k - 1];
        XP_TRY(xp_span_close(g, &spans[k]));
    }
    return XP_OK;
}
