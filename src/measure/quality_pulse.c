/* Calibration pulses, which some recorders put at the start or the end of a recording instead of
 * the ECG: a rectangle that is alike in all leads, as nothing of the heart is, between two
 * stretches in which they are alike as well. It is no fault of a lead. */
#include "measure/quality_internal.h"

#include <math.h>

#define ALIKE_MV 0.03f /* between the leads */
#define LEAST_MV 0.3f
#define MOST_MV 2.5f
#define LEAST_S 0.04
#define MOST_S 1.0
#define BESIDE_S 0.02 /* of the level before or after it */
#define CLOSE_S 0.25  /* findings reach out of it by less: a step is told to a fifth of a second */
enum { LEADS = 3 };

static bool are_alike(const xp_gate *g, int64_t i) {
    const float first = g->rec->leads[0].mv[i];
    float low = first, high = first;
    if (!isfinite(first)) return false;
    for (int l = 1; l < g->rec->n_leads; l++) {
        const float v = g->rec->leads[l].mv[i];
        low = v < low ? v : low;
        high = v > high ? v : high;
        if (!(high - low <= ALIKE_MV) || !isfinite(v)) return false;
    }
    return true;
}

static bool is_high(const xp_gate *g, int64_t i) {
    const float v = fabsf(g->rec->leads[0].mv[i]);
    return v >= LEAST_MV && v <= MOST_MV && are_alike(g, i);
}

static void keep(xp_quality *q, double start_s, double end_s) {
    if (q->n_pulses > 0 && start_s <= q->pulses[q->n_pulses - 1].end_s) {
        q->pulses[q->n_pulses - 1].end_s = end_s;
        return;
    }
    if (q->n_pulses < XP_QUALITY_PULSES)
        q->pulses[q->n_pulses++] = (xp_quality_pulse){start_s, end_s};
}

/* What belongs to the pulse whose high part is [from, to), where that is one. */
static void take_pulse(xp_gate *g, int64_t from, int64_t to) {
    int64_t before = from, after = to;
    while (before > 0 && are_alike(g, before - 1)) before--;
    while (after < g->n && are_alike(g, after)) after++;
    const double length_s = (double)(to - from) / g->rate;
    const double beside_s =
        (double)(from - before > after - to ? from - before : after - to) / g->rate;
    if (length_s >= LEAST_S && length_s <= MOST_S && beside_s >= BESIDE_S)
        keep(g->q, (double)before / g->rate, (double)after / g->rate);
}

static bool is_within_pulse(const xp_quality *q, const xp_quality_finding *f) {
    for (int i = 0; i < q->n_pulses; i++)
        if (f->start_s >= q->pulses[i].start_s - CLOSE_S &&
            f->end_s <= q->pulses[i].end_s + CLOSE_S)
            return true;
    return false;
}

void xp_gate_pulses(xp_gate *g) {
    xp_quality *q = g->q;
    for (int64_t i = 0; g->rec->n_leads >= LEADS && i < g->n; i++) {
        const int64_t from = i;
        while (i < g->n && is_high(g, i)) i++;
        if (i > from) take_pulse(g, from, i);
    }
    int kept = 0;
    for (int i = 0; i < q->n_findings; i++)
        if (!is_within_pulse(q, &q->findings[i])) q->findings[kept++] = q->findings[i];
    q->n_findings = kept;
}
