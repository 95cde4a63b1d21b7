#include "measure/pool.h"

/* Shorter RR intervals leave no room between T and P, ms. */
#define CROWDED_MS 480
/* In shorter ones P stands on the end of T: one in five was too long by more than its limit. */
#define P_CROWDED_MS 560
/* How far apart the witnesses of a reliable QT interval may be, ms. */
#define QT_LIMIT_MS 15

/* A rate is reliable where each interval is known for this part of the time, and no larger part of
 * the beats is like at most one other; beyond the second limits it is a guess. */
#define RATE_KNOWN 0.7
#define RATE_KNOWN_LEAST 0.4
#define RATE_ALONE 0.2
#define RATE_ALONE_MOST 0.4
/* A beat or two of another kind are usual. */
#define FEW_ALONE 2

static xp_quantity none(xp_reason why) {
    return (xp_quantity){NAN, NAN, NAN, 0, XP_RELIABILITY_NONE, why};
}

static double rounded(double v) {
    return floor(v + 0.5);
}

/* How far the odd and the even beats may be apart, ms; beyond twice that: low. */
static xp_reliability reliable(float spread, int beats, double limit) {
    if (spread != spread || beats < 4) return XP_RELIABILITY_LOW;
    if ((double)spread <= limit) return XP_RELIABILITY_HIGH;
    return (double)spread <= 2 * limit ? XP_RELIABILITY_MODERATE : XP_RELIABILITY_LOW;
}

static xp_quantity interval(measure_pool *p, measure_pooled what, xp_reason missing, double limit,
                            double least, double most) {
    const double v = (double)measure_pooled_median(p, what);
    const float spread = measure_pooled_median(p, POOLED_SPREAD_P + what);
    if (v != v) return none(missing);
    if (v < least || v > most) return none(XP_REASON_OUT_OF_RANGE);
    if (p->beats[what] == 0) return none(XP_REASON_INCONSISTENT); /* no single beat shows it */
    if ((double)spread > 3 * limit) return none(XP_REASON_INCONSISTENT);
    return (xp_quantity){
        rounded(v),     rounded((double)p->low[what]),           rounded((double)p->high[what]),
        p->beats[what], reliable(spread, p->beats[what], limit), XP_REASON_NONE};
}

/* Of the time from the first beat to the last, the part in which each interval is known. */
static double known_part(const xp_measures *m) {
    double known = 0;
    for (int i = 1; i < m->n_beats; i++)
        if (m->beats[i].rr_s == m->beats[i].rr_s) known += (double)m->beats[i].rr_s;
    const double all = m->n_beats > 1 ? m->beats[m->n_beats - 1].time_s - m->beats[0].time_s : 0;
    return all > 0 ? known / all : 0;
}

/* Beats that are like no other may be none, and where beats are hidden the rest must speak. */
static xp_reliability trust_rate(const xp_measures *m, const measure_pool *p) {
    const double known = known_part(m), all = p->all;
    const double alone = p->alone > FEW_ALONE ? p->alone / all : 0;
    if (known < RATE_KNOWN_LEAST || alone > RATE_ALONE_MOST) return XP_RELIABILITY_LOW;
    const bool is_sure = known >= RATE_KNOWN && alone <= RATE_ALONE && m->n_beats >= 4;
    return is_sure ? XP_RELIABILITY_HIGH : XP_RELIABILITY_MODERATE;
}

static xp_quantity of_rr(const xp_measures *m, const measure_pool *p, double v, double low,
                         double high) {
    if (v != v) return none(m->n_beats == 0 ? XP_REASON_NO_BEATS : XP_REASON_FEW_BEATS);
    return (xp_quantity){v, low, high, m->n_beats, trust_rate(m, p), XP_REASON_NONE};
}

static void set_rate(xp_measures *m, const measure_pool *p) {
    xp_quantity *q = m->quantities;
    const xp_rr_statistics *rr = &m->rr;
    q[XP_HEART_RATE] = of_rr(m, p, rounded(600000 / rr->mean_ms) / 10, rounded(60000 / rr->max_ms),
                             rounded(60000 / rr->min_ms));
    q[XP_RR_INTERVAL] = of_rr(m, p, rounded(rr->mean_ms), rounded(rr->min_ms), rounded(rr->max_ms));
}

static xp_quantity corrected(const xp_quantity *qt, double v) {
    xp_quantity q = *qt;
    q.value = rounded(v);
    q.low = q.high = NAN;
    return q;
}

/* From the same QT and mean RR. */
static void set_qtc(xp_measures *m) {
    xp_quantity *q = m->quantities;
    const xp_quantity *qt = &q[XP_QT_INTERVAL];
    const double rr = m->rr.mean_ms / 1000;
    for (int i = XP_QTC_BAZETT; i <= XP_QTC_HODGES; i++)
        q[i] = qt->value == qt->value ? none(q[XP_HEART_RATE].reason) : none(qt->reason);
    if (qt->value != qt->value || rr != rr) return;
    q[XP_QTC_BAZETT] = corrected(qt, qt->value / sqrt(rr));
    q[XP_QTC_FRIDERICIA] = corrected(qt, qt->value / measure_cube_root(rr));
    q[XP_QTC_FRAMINGHAM] = corrected(qt, qt->value + 154 * (1 - rr));
    q[XP_QTC_HODGES] = corrected(qt, qt->value + 1.75 * (60 / rr - 60));
}

/* Below `least` mV s the axis has no direction. */
static xp_quantity axis(measure_pool *p, measure_pooled lead_i, xp_reason missing,
                        const xp_quantity *wave, double least) {
    const double x = (double)measure_pooled_median(p, lead_i);
    const double y = (double)measure_pooled_median(p, lead_i + 1);
    if (wave->value != wave->value) return none(missing);
    if (x != x || y != y) return none(XP_REASON_LEADS_MISSING);
    if (sqrt(x * x + y * y) < least) return none(XP_REASON_INCONSISTENT);
    xp_quantity q = {rounded(measure_axis(x, y)), NAN,           NAN, wave->beats,
                     wave->reliability,           XP_REASON_NONE};
    return q;
}

static void set_axes(xp_measures *m, measure_pool *p) {
    xp_quantity *q = m->quantities;
    q[XP_P_AXIS] = axis(p, POOLED_AREA_P_I, q[XP_P_DURATION].reason, &q[XP_P_DURATION], 0.0004);
    q[XP_QRS_AXIS] =
        axis(p, POOLED_AREA_QRS_I, q[XP_QRS_DURATION].reason, &q[XP_QRS_DURATION], 0.001);
    q[XP_T_AXIS] = axis(p, POOLED_AREA_T_I, q[XP_QT_INTERVAL].reason, &q[XP_QT_INTERVAL], 0.001);
}

static void set_intervals(xp_measures *m, measure_pool *p) {
    xp_quantity *q = m->quantities;
    q[XP_P_DURATION] = interval(p, POOLED_P, XP_REASON_NO_P_WAVE, 12, 20, 250);
    q[XP_PR_INTERVAL] = interval(p, POOLED_PR, XP_REASON_NO_P_WAVE, 10, 50, 480);
    q[XP_QRS_DURATION] = interval(p, POOLED_QRS, XP_REASON_NO_BEATS, 8, 30, 300);
    q[XP_QT_INTERVAL] = interval(p, POOLED_QT, XP_REASON_T_NOT_FOUND, QT_LIMIT_MS, 120, 750);
}

static void doubt_high(xp_quantity *q) {
    if (q->reliability == XP_RELIABILITY_HIGH) q->reliability = XP_RELIABILITY_MODERATE;
}

/* A complex begins where its stimulus was cut out, or behind that: nobody has calibrated it. */
static void doubt_paced(xp_quantity *q) {
    if (q->reason == XP_REASON_INCONSISTENT) q->reason = XP_REASON_PACED;
    doubt_high(q);
}

static void doubt_intervals(xp_measures *m) {
    xp_quantity *q = m->quantities;
    /* What spoils the rate was in the median beat, too. */
    const bool is_sure = q[XP_HEART_RATE].reliability == XP_RELIABILITY_HIGH;
    for (int i = XP_P_DURATION; i <= XP_QT_INTERVAL; i++)
        if (!is_sure || (i <= XP_PR_INTERVAL && m->rr.mean_ms < P_CROWDED_MS)) doubt_high(&q[i]);
    for (int i = XP_PR_INTERVAL; m->paced && i <= XP_QT_INTERVAL; i++) doubt_paced(&q[i]);
}

/* Where no P wave is found between beats that come regularly, the atria may flutter, and their
 * waves lie in T; at high rates the next P wave does. There no number is given sooner. */
static void doubt_t(xp_measures *m, measure_pool *p) {
    xp_quantity *qt = &m->quantities[XP_QT_INTERVAL];
    const bool hidden = m->p_waves == XP_ABSENT && m->irregularity != XP_RHYTHM_IRREGULARLY;
    if (!hidden && m->rr.mean_ms >= CROWDED_MS) return;
    if ((double)measure_pooled_median(p, POOLED_SPREAD_QT) > 2 * QT_LIMIT_MS) {
        *qt = none(qt->reason == XP_REASON_NONE ? XP_REASON_INCONSISTENT : qt->reason);
        return;
    }
    doubt_high(qt);
}

static void set_leads(xp_measures *m, const xp_record *rec, measure_pool *p) {
    for (int l = 0; l < m->n_leads; l++) {
        xp_lead_measures *lead = &m->leads[l];
        measure_pooled_lead(p, l, lead);
        if (lead->reason != XP_REASON_NONE) continue;
        if (p->n == 0) lead->reason = m->reason;
        if (!rec->leads[l].calibrated) { /* millivolt that nobody stated */
            for (int i = 0; i < XP_AMPLITUDE_COUNT; i++) lead->mv[i] = NAN;
            lead->reason = XP_REASON_UNCALIBRATED;
        }
    }
}

void measure_values(xp_measures *m, const xp_record *rec, bool is_spoilt, measure_pool *p,
                    float *scratch) {
    measure_rhythm(m, scratch);
    set_rate(m, p);
    for (int i = XP_HEART_RATE; is_spoilt && i <= XP_RR_INTERVAL; i++)
        doubt_high(&m->quantities[i]);
    if (m->n_beats < 3 && m->reason == XP_REASON_NONE) m->reason = XP_REASON_FEW_BEATS;
    /* Beats that are not alike may be none at all. */
    const bool nothing = p->n == 0;
    if (nothing && m->reason == XP_REASON_NONE) m->reason = XP_REASON_NOISE;
    m->p_waves = p->n == 0 ? XP_PRESENCE_UNKNOWN : 2 * p->with_p >= p->n ? XP_PRESENT : XP_ABSENT;
    set_leads(m, rec, p);
    if (m->reason != XP_REASON_NONE) {
        for (int i = 0; i < XP_QUANTITY_COUNT; i++)
            if (nothing || i > XP_RR_INTERVAL) m->quantities[i] = none(m->reason);
        return;
    }
    set_intervals(m, p);
    doubt_intervals(m);
    doubt_t(m, p);
    set_qtc(m);
    set_axes(m, p);
}
