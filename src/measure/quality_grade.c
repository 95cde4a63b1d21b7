/* What the findings mean: which leads a number may be taken from, and whether the whole recording
 * should be taken again. */
#include "measure/quality_internal.h"

#include <math.h>

#define DEAD_PART 0.5 /* of the time in which nothing is recorded */

/* Times the usual lead's peak to peak in a second, so that a wrong gain changes nothing. Chosen on
 * 499 recordings of the PhysioNet/CinC challenge of 2011; of 1790 recordings of PTB-XL without a
 * note on their quality, fewer than one in a hundred become unusable. */
#define LEAST_ACTIVITY_MV 0.02
#define BASELINE_OVER 8.0 /* of one lead */
#define ACTIVITY_OVER 9.0
#define NOISE_OVER 0.25
#define BASELINES_OVER 1.6 /* of half of the leads */
#define NOISES_OVER 0.06   /* of two leads, most of the time */
#define BURSTS_OVER 0.2    /* of two leads, for a second */
#define STEPS_OVER 1.5     /* of three leads */

enum {
    DIAGNOSTIC_LEADS = 8, /* from so many on, one lead that cannot be read spoils the recording */
    NOISY_LEADS = 2,
    STEPPING_LEADS = 3
};

/* Peak to peak in a second, median over the leads. */
static double usual_activity(xp_gate *g) {
    for (int l = 0; l < g->q->n_leads; l++) g->sorted[l] = g->activity[l];
    const double usual = xp_gate_median(g->sorted, g->q->n_leads);
    return usual >= LEAST_ACTIVITY_MV ? usual : LEAST_ACTIVITY_MV;
}

static bool is_usable(const xp_gate *g, double usual) {
    const xp_quality_lead *l = &g->q->leads[g->lead];
    const double duration = (double)g->n / g->rate;
    if (g->n == 0 || xp_gate_dead_s(g, 0, duration) >= DEAD_PART * duration) return false;
    if (l->baseline_uv >= 1000 * BASELINE_OVER * usual) return false;
    if (l->noise_uv >= 1000 * NOISE_OVER * usual) return false;
    return !((double)g->activity[g->lead] >= ACTIVITY_OVER * usual);
}

/* Leads with a finding of that code whose value is at least `least`. */
static int count_leads(const xp_quality *q, xp_quality_code code, double least) {
    int count = 0;
    for (int l = 0; l < q->n_leads; l++) {
        bool has = false;
        for (int i = 0; i < q->n_findings && !has; i++)
            has = q->findings[i].lead == l && q->findings[i].code == code &&
                  fabs(q->findings[i].value) >= least;
        count += has;
    }
    return count;
}

/* Faults that each lead may survive, but not so many leads at once. */
static bool is_spoilt(const xp_gate *g, double usual) {
    const xp_quality *q = g->q;
    int noisy = 0, wandering = 0;
    for (int l = 0; l < q->n_leads; l++) {
        noisy += q->leads[l].noise_uv >= 1000 * NOISES_OVER * usual;
        wandering += q->leads[l].baseline_uv >= 1000 * BASELINES_OVER * usual;
    }
    return noisy >= NOISY_LEADS || 2 * wandering > q->n_leads ||
           count_leads(q, XP_QUALITY_MUSCLE, 1000 * BURSTS_OVER * usual) >= NOISY_LEADS ||
           count_leads(q, XP_QUALITY_STEP, STEPS_OVER * usual) >= STEPPING_LEADS;
}

void xp_gate_grade(xp_gate *g) {
    xp_quality *q = g->q;
    const double usual = usual_activity(g);
    int refused = 0;
    for (g->lead = 0; g->lead < q->n_leads; g->lead++) {
        q->leads[g->lead].usable = is_usable(g, usual);
        refused += !q->leads[g->lead].usable;
    }
    const bool is_diagnostic = q->n_leads >= DIAGNOSTIC_LEADS;
    const bool spoilt = is_diagnostic ? refused > 0 || is_spoilt(g, usual)
                                      : 2 * refused > q->n_leads || refused == q->n_leads;
    if (spoilt)
        q->grade = XP_GRADE_UNUSABLE;
    else
        q->grade = q->n_findings > 0 ? XP_GRADE_LIMITED : XP_GRADE_GOOD;
}
