/* Global marks on an average beat: T and P on its projections, after QRS. */
#include "measure/marks.h"

/* The peaks of T in the leads lie this far around that of their projection, s. */
#define T_PEAKS_S 0.06
#define LEAST_T_MV 0.02f
/* Where P may stand before QRS, s. */
#define T_FREE_S 0.2
/* A P wave may have two humps, when the atria are large: the second one as high as this compared
 * with the first, and this far behind it, s. */
#define HUMP 0.5f
#define HUMPS_S 0.08
enum { T_WITNESSES = 3 };

static int highest(const float *s, int from, int to) {
    int at = from;
    for (int t = from; t <= to; t++)
        if (s[t] > s[at]) at = t;
    return at;
}

static double seconds_of(const measure_window *w, const measure_average *a, double t) {
    return (t - a->fiducial) / w->rate;
}

static xp_wave no_wave(void) {
    return (xp_wave){NAN, NAN, NAN};
}

/* Outside what most waves have, a width counts only a share of what it is beyond. */
static double plausible(double width, double least, double most, double share) {
    if (width > most) return most + (width - most) * share;
    return width < least ? least - (least - width) * share : width;
}

/* The height of a lead's T wave, and where it ends by that lead alone; NaN: it has none. */
static float end_of_lead(const measure_window *w, const measure_average *a, int lead, int peak,
                         int from, int to, float *mv) {
    float *s = measure_row(w, MEASURE_DETECTORS + 3);
    const int reach = measure_samples(w, T_PEAKS_S);
    const int first = peak - reach > from ? peak - reach : from;
    const int last = peak + reach < to ? peak + reach : to;
    int top = peak;
    measure_smooth(measure_average_lead(a, lead), a->n, measure_samples(w, 0.008), s);
    for (int t = first; t <= last; t++)
        if (fabsf(s[t]) > fabsf(s[top])) top = t;
    *mv = fabsf(s[top]);
    if (!(*mv > LEAST_T_MV)) return NAN;
    for (int t = 0; s[top] < 0 && t < a->n; t++)
        if (t != top) s[t] = -s[t];
    s[top] = *mv;
    return (float)seconds_of(w, a,
                             measure_edge(s, top, to, measure_samples(w, 0.016), -0.1f, 0.3f, 0.2));
}

static measure_t_evidence ask_leads(const measure_window *w, const measure_average *a, int peak,
                                    int from, int to) {
    measure_t_evidence t = {NAN, NAN, 0, 0, false};
    float ends[MEASURE_DETECTORS];
    int n = 0;
    for (int i = 0; i < w->detectors.n; i++) {
        float mv;
        ends[n] = end_of_lead(w, a, w->detectors.lead[i], peak, from, to, &mv);
        if (mv > t.mv) t.mv = mv;
        n += ends[n] == ends[n];
    }
    if (n < T_WITNESSES) return t;
    t.end = measure_quantile(ends, n, 4.0 / 7);
    t.apart = measure_quantile(ends, n, 5.0 / 7) - measure_quantile(ends, n, 3.0 / 7);
    return t;
}

/* Of flutter, or of a T wave that is none: what stands behind T, of its height. */
static float wave_beside(const float *s, int peak, int from, int to) {
    float top = 0;
    for (int t = from; t < to; t++)
        if (s[t] > top) top = s[t];
    return s[peak] > 0 ? top / s[peak] : 0;
}

static bool mark_t(measure_window *w, const measure_average *a, const qrs_marks *q, double rr_s,
                   t_marks *out) {
    const double qrs_off = seconds_of(w, a, q->offset), qrs_on = seconds_of(w, a, q->onset);
    /* The next beat's P wave, or its QRS complex, ends the search. */
    double end = qrs_off + 0.56;
    if (rr_s == rr_s && end > rr_s + qrs_on - 0.06) end = rr_s + qrs_on - 0.06;
    const int from = measure_at_second(w, a, qrs_off + 0.04), to = measure_at_second(w, a, end);
    const int span = measure_samples(w, 0.016);
    if (to - from < measure_samples(w, 0.08)) return false;
    /* Where T is searched: not where P may stand. */
    double peak_end = rr_s == rr_s ? qrs_on + 0.62 * rr_s + 0.02 : end;
    int peak_to = measure_at_second(w, a, peak_end < end ? peak_end : end);
    if (peak_to <= from + span) peak_to = to;
    measure_keep(w, a, from, peak_to);
    const double rr = rr_s == rr_s ? (rr_s < 0.3 ? 0.3 : rr_s > 1.2 ? 1.2 : rr_s) : 0.8;
    const measure_expectation e = {a->fiducial + (qrs_on + 0.06 + 0.24 * sqrt(rr)) * w->rate,
                                   0.05 * w->rate, 0.08 * w->rate};
    int peak;
    float *s = measure_project(w, from, peak_to, &e, &peak);
    out->peak = peak;
    int begin = measure_at_second(w, a, qrs_off);
    if (begin < peak - measure_samples(w, 0.10)) begin = peak - measure_samples(w, 0.10);
    out->onset = measure_edge(s, peak, begin, span, -0.3f, 0.5f, 0);
    out->offset = measure_edge(s, peak, to, span, -0.1f, 0.3f, 0.2);
    const int valley = measure_valley_of(s, peak, to);
    const int near = peak + measure_samples(w, 0.13);
    if (s[valley] < -0.25f * s[peak]) { /* biphasic: its second part, close behind, ends it */
        float *turned = measure_row(w, MEASURE_DETECTORS + 1);
        for (int t = 0; t < a->n; t++) turned[t] = -s[t];
        const int second = highest(turned, peak, near < to ? near : to);
        if (second < near && second < to)
            out->offset = measure_edge(turned, second, to, span, -0.1f, 0.3f, 0.2);
    }
    w->t = ask_leads(w, a, peak, from, to);
    w->t.biphasic = s[valley] < -0.25f * s[peak];
    w->t.beside =
        wave_beside(s, peak, (int)(out->offset + 0.02 * w->rate),
                    rr_s == rr_s ? measure_at_second(w, a, rr_s + qrs_on - T_FREE_S) : to);
    out->offset = peak + w->rate * plausible((out->offset - peak) / w->rate, 0.06, 0.135, 0.5);
    /* People put the onset between the tangent's and a fixed part of the way from QRS to T end;
     * fitted to the marks of measure-dev. */
    const double way = out->offset - q->offset, begun = out->onset - q->offset;
    if (way > 0) {
        const double blended = q->offset + 0.31 * begun + 0.17 * way + 0.017 * w->rate;
        out->onset = blended < peak - 0.02 * w->rate ? blended : peak - 0.02 * w->rate;
    }
    return s[peak] > 0;
}

void measure_p_region(const measure_window *w, const measure_average *a, const xp_waves *waves,
                      double rr_s, int *from, int *to) {
    const double end = (double)waves->qrs.onset - 0.012;
    double start = (double)waves->qrs.onset - 0.36;
    if (rr_s == rr_s && waves->t.offset == waves->t.offset) {
        const double t_end = (double)waves->t.offset - rr_s;
        if (start < t_end) start = t_end;
        if (start > end - 0.13) start = end - 0.13;
    }
    *from = measure_at_second(w, a, start);
    *to = measure_at_second(w, a, end);
}

/* From here on P has room for itself. */
#define SLOW_RR_S 0.8
/* Half of a P wave is rarely longer, s. At high rates its foot lies in T, and what the tangents
 * find there is the end of T. */
static double usual_half_p(double rr_s) {
    if (!(rr_s < SLOW_RR_S)) return 0.055; /* or it is not known */
    return rr_s > 0.5 ? 0.043 + 0.04 * (rr_s - 0.5) : 0.043;
}

/* It is calm beside P where this time's mean is below this part of P's height; then P ends beyond
 * the tangent by this part of it. */
#define CALM_S 0.03
#define CALM 0.05
#define LOW_END 0.25

/* The last hump of the P wave with its peak at `peak`; a rise that goes on is none. */
static int last_hump(const measure_window *w, const float *s, int peak, int limit) {
    int to = peak + measure_samples(w, HUMPS_S);
    if (to > limit) to = limit;
    const int valley = measure_valley_of(s, peak, limit);
    if (valley >= to) return peak;
    const int at = highest(s, valley, to - 1);
    return at > valley && at < to - 1 && s[at] > HUMP * s[peak] ? at : peak;
}

/* Whether there is nothing but the level for a while beyond the edge. */
static bool is_calm_beyond(const measure_window *w, const float *s, int peak, double edge,
                           int limit) {
    const int step = limit < peak ? -1 : 1, most = measure_samples(w, CALM_S);
    double sum = 0;
    int n = 0;
    for (int t = (int)edge + (step > 0); step * (limit - t) >= 0 && n < most; t += step, n++)
        sum += fabs((double)s[t]);
    return n > 0 && 2 * n >= most && sum / n < CALM * (double)s[peak];
}

/* From the peak to the edge, s. A long wave is cut short, because its foot may be another's; not
 * where it has room and calm beside it, and there what is low at its end is a part of it. */
static double half_of_p(const measure_window *w, const float *s, int peak, int limit, double rr_s) {
    const int span = measure_samples(w, 0.008);
    const double most = usual_half_p(rr_s), share = rr_s < SLOW_RR_S ? 0.3 : 0.6;
    const double edge = measure_edge(s, peak, limit, span, -0.1f, 0.4f, 0.1);
    const double half = fabs(edge - peak) / w->rate;
    if (half > most && !(rr_s < SLOW_RR_S) && is_calm_beyond(w, s, peak, edge, limit))
        return fabs(measure_edge(s, peak, limit, span, -0.1f, 0.4f, LOW_END) - peak) / w->rate;
    return plausible(half, 0.04, most, share);
}

static bool mark_p(const measure_window *w, const measure_average *a, double rr_s, xp_waves *out) {
    int from, to;
    measure_p_region(w, a, out, rr_s, &from, &to);
    if (to - from < measure_samples(w, 0.06)) return false;
    measure_straighten(w, a, from, to);
    const measure_expectation e = {a->fiducial + ((double)out->qrs.onset - 0.10) * w->rate,
                                   0.05 * w->rate, 0.06 * w->rate};
    int peak;
    const float *s = measure_project(w, from, to, &e, &peak);
    if (!(s[peak] > 0)) return false;
    /* Again between its own neighbours: the line then follows the end of T. */
    const int wide = measure_samples(w, 0.12), first = peak - wide > from ? peak - wide : from;
    const int last = peak + wide < to ? peak + wide : to;
    if (last - first >= measure_samples(w, 0.06)) {
        from = first;
        to = last;
        measure_straighten(w, a, from, to);
        s = measure_project(w, from, to, &e, &peak);
        if (!(s[peak] > 0)) return false;
    }
    const int hump = last_hump(w, s, peak, to);
    out->p.peak = (float)seconds_of(w, a, peak);
    out->p.onset = out->p.peak - (float)half_of_p(w, s, peak, from, rr_s);
    out->p.offset = (float)(seconds_of(w, a, hump) + half_of_p(w, s, hump, to, rr_s));
    return true;
}

/* Every lead against its own mean over the 20 ms before QRS: where the quietest place was the top
 * of a P wave, the level was wrong. */
static void level_before(const measure_window *w, const measure_average *a, double onset) {
    const int to = (int)floor(onset), from = to - measure_samples(w, 0.02);
    if (from < 0 || to >= a->n) return;
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l]) continue;
        float *x = measure_average_lead(a, l);
        double sum = 0;
        for (int t = from; t < to; t++) sum += (double)x[t];
        const float level = (float)(sum / (to - from));
        for (int t = 0; t < a->n; t++) x[t] -= level;
    }
}

void measure_mark(measure_window *w, const measure_average *a, double rr_s, xp_waves *out) {
    qrs_marks q;
    t_marks t;
    *out = (xp_waves){no_wave(), no_wave(), no_wave()};
    measure_mark_qrs(w, a, rr_s, &q);
    level_before(w, a, q.onset);
    w->qrs_unrest = q.unrest;
    const int from = (int)floor(q.onset), to = (int)floor(q.offset) + 1;
    out->qrs.onset = (float)seconds_of(w, a, q.onset);
    out->qrs.offset = (float)seconds_of(w, a, q.offset);
    out->qrs.peak = (float)seconds_of(
        w, a, measure_magnitude_peak(w, a, from < 0 ? 0 : from, to < a->n ? to : a->n - 1));
    if (mark_t(w, a, &q, rr_s, &t)) {
        out->t.onset = (float)seconds_of(w, a, t.onset);
        out->t.peak = (float)seconds_of(w, a, t.peak);
        out->t.offset = (float)seconds_of(w, a, t.offset);
    }
    if (!mark_p(w, a, rr_s, out)) out->p = no_wave();
}
