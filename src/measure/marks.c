#include "measure/marks.h"

/* Of the complex's largest spatial velocity: what belongs to it for certain (at high rates T
 * follows closely), and where it begins and ends, above what is around it. */
#define CORE 0.15f
#define CORE_FAST 0.25f
#define FAST_RR_S 0.45
#define ONSET 0.02f
#define OFFSET 0.025f
/* Means over this time before and after make the velocity; less of the noise is left of longer
 * ones. A complex is shorter than it is blurred by them, less this. */
#define REACH_S 0.008
#define SHARP_S 0.0047
/* What is sampled more slowly than this, Hz, was filtered before until its edges were longer, by so
 * many periods of that: 2.4 ms on either side at 100 Hz (60 records of PTB-XL, brought there). */
#define SHARP_HZ 125
#define LOST_PERIODS 1.2
/* What is around it may be this many times its least. */
#define AROUND 2.3f
/* Parts of a complex may lie this far apart. */
#define BRIDGE_S 0.04
/* A lead whose complex moves as fast as this, mV/ms, counts half of one that moves far faster. */
#define SMALL_LEAD 0.03f
/* A lead counts less where its noise is above a twentieth of its complex. */
#define NOISE_SHARE 20.0f
/* A lead with a T wave as high as this counts half as much again as one that is far higher, mV. */
#define LARGE_T_MV 0.1f
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
/* Steps of the power iteration: the first two waves of a record differ enough for these. */
enum { ITERATIONS = 24 };

static float *row(const measure_window *w, int i) {
    return w->work + (size_t)i * (size_t)w->median.n;
}

static int at_second(const measure_window *w, const measure_average *a, double s) {
    const int t = a->fiducial + measure_samples(w, s);
    return t < 0 ? 0 : t >= a->n ? a->n - 1 : t;
}

/* ==== QRS ==================================================================================== */

/* What a lead's velocity counts: small complexes are raised, those with noise before them
 * are lowered. */
static float weight_of(const measure_window *w, const measure_average *a, const float *v) {
    float top = 0;
    double rest = 0;
    const int level = at_second(w, a, w->level_s), half = measure_samples(w, 0.02);
    for (int t = at_second(w, a, -0.08); t <= at_second(w, a, 0.08); t++)
        if (fabsf(v[t]) > top) top = fabsf(v[t]);
    int n = 0;
    for (int t = level - half; t <= level + half; t++, n++)
        if (t >= 0 && t < a->n) rest += (double)v[t] * (double)v[t];
    const float noise = (float)sqrt(rest / n) * NOISE_SHARE;
    return SMALL_LEAD / (top + SMALL_LEAD) * (noise > top ? top / noise : 1);
}

/* By how much, s, the edges are longer than those of a fast recording. */
static double lost_edge(const measure_window *w) {
    const double hz = w->rate / w->upsampling;
    return hz < SHARP_HZ ? LOST_PERIODS * (1 / hz - 1.0 / SHARP_HZ) : 0;
}

static int velocity_reach(const measure_window *w) {
    const int k = measure_samples(w, REACH_S);
    return k < 1 ? 1 : k;
}

static void spatial_velocity(const measure_window *w, const measure_average *a, float *out) {
    const measure_detectors *d = &w->detectors;
    const int k = velocity_reach(w);
    for (int t = 0; t < a->n; t++) out[t] = 0;
    for (int i = 0; i < d->n; i++) {
        float *v = row(w, 0);
        measure_velocity(measure_average_lead(a, d->lead[i]), a->n, k, w->rate, v);
        const float weight = weight_of(w, a, v) * d->weight[i];
        for (int t = 0; t < a->n; t++) out[t] += v[t] * v[t] * weight * weight;
    }
    for (int t = 0; t < a->n; t++) out[t] = sqrtf(out[t]);
}

/* Where v is lowest over 20 ms, and that mean; -1 and 0 where [from, to] is shorter. */
typedef struct quiet {
    int at;
    float mean;
} quiet;

static quiet quietest(const measure_window *w, const float *v, int from, int to) {
    const int width = measure_samples(w, 0.02);
    double best = -1, sum = 0;
    int at = -1;
    for (int t = from; t <= to; t++) {
        sum += (double)v[t];
        if (t - from >= width) sum -= (double)v[t - width];
        if (t - from < width - 1 || (best >= 0 && sum / width >= best)) continue;
        best = sum / width;
        at = t - width / 2;
    }
    return (quiet){at, best < 0 ? 0 : (float)best};
}

/* Where a complex that never becomes quiet is taken to end: low, and near. */
static int quietest_near(const float *v, int from, int limit, int scale) {
    const int step = limit < from ? -1 : 1;
    int best = from;
    float least = v[from];
    for (int t = from; t != limit; t += step) {
        const float cost = v[t] + v[from] * (float)(step * (t - from)) / (float)scale;
        if (cost < least) {
            least = cost;
            best = t;
        }
    }
    return best;
}

/* From the complex outward: the first of 10 ms that stay below the level, between two samples. */
static double leave(const measure_window *w, const float *v, int from, int limit, float level) {
    const int step = limit < from ? -1 : 1, hold = measure_samples(w, 0.01);
    int below = 0;
    for (int t = from; t != limit; t += step) {
        below = v[t] < level ? below + 1 : 0;
        if (below <= hold) continue;
        const int first = t - step * hold, inner = first - step;
        /* Right beside `from` the velocity may lie below the level on both sides. */
        const double part = (double)((level - v[first]) / (v[inner] - v[first]));
        return first - step * (part >= 0 && part <= 1 ? part : 0);
    }
    return quietest_near(v, from, limit, measure_samples(w, 0.1));
}

static float top_of(const float *v, int from, int to) {
    float top = 0;
    for (int t = from; t <= to; t++)
        if (v[t] > top) top = v[t];
    return top;
}

/* The last sample above the level from `from` outward, over gaps that are no longer than bridge. */
static int reach_of(const float *v, int from, int limit, int bridge, float level) {
    const int step = limit < from ? -1 : 1;
    int last = from;
    for (int t = from; step * (limit - t) >= 0 && step * (t - last) <= bridge; t += step)
        if (v[t] > level) last = t;
    return last;
}

/* One side of a complex: how far out it may reach, and what belongs to it for certain. */
typedef struct side {
    int limit, core_limit;
    float core;
} side;

static quiet around_of(const measure_window *w, const measure_average *a, const float *v, int edge,
                       int step) {
    const int around = measure_samples(w, 0.09), to = edge + step * around;
    if (step < 0) return quietest(w, v, to < 0 ? 0 : to, edge);
    return quietest(w, v, edge, to < a->n ? to : a->n - 1);
}

/* The last sample that belongs to the complex for certain. What lies beyond a gap that is quieter
 * than all around is another wave: T of the beat before, at high rates. */
static int core_edge(const measure_window *w, const measure_average *a, const float *v,
                     const side *s) {
    const int step = s->limit < a->fiducial ? -1 : 1, bridge = measure_samples(w, BRIDGE_S);
    const int edge = reach_of(v, a->fiducial, s->core_limit, bridge, s->core);
    const quiet gap =
        step < 0 ? quietest(w, v, edge, a->fiducial) : quietest(w, v, a->fiducial, edge);
    if (gap.at < 0 || !(gap.mean < around_of(w, a, v, edge, step).mean)) return edge;
    return reach_of(v, a->fiducial, gap.at, bridge, s->core);
}

/* Where the complex ends, above what is around it, but not above what belongs to it for certain. */
static double edge_of_qrs(const measure_window *w, const measure_average *a, const float *v,
                          float top, float share, const side *s) {
    const int edge = core_edge(w, a, v, s), step = s->limit < a->fiducial ? -1 : 1;
    const float rest = around_of(w, a, v, edge, step).mean;
    const float level = rest * AROUND + share * (top - rest);
    return leave(w, v, edge, s->limit, level < s->core ? level : s->core);
}

static void mark_qrs(const measure_window *w, const measure_average *a, double rr_s, qrs_marks *q) {
    float *v = row(w, MEASURE_DETECTORS);
    const bool fast = rr_s < FAST_RR_S; /* false where it is not known */
    const double core_end = rr_s < 0.56 ? 0.25 * rr_s : 0.14;
    const bool paced = w->stimulus_s == w->stimulus_s && w->stimulus_s > -0.16;
    spatial_velocity(w, a, v);
    const float top = top_of(v, at_second(w, a, -0.08), at_second(w, a, 0.08));
    const side before = {at_second(w, a, paced ? w->stimulus_s : -0.16), at_second(w, a, -0.12),
                         CORE * top};
    side after = {at_second(w, a, 0.4 * (fast ? rr_s : FAST_RR_S)), at_second(w, a, core_end),
                  (fast ? CORE_FAST : CORE) * top};
    if (after.core_limit > after.limit) after.core_limit = after.limit;
    /* The kernel of the velocity reaches out of the complex. */
    const double blurred = velocity_reach(w) + 0.5 + (lost_edge(w) - SHARP_S) * w->rate;
    q->onset = edge_of_qrs(w, a, v, top, ONSET, &before) + blurred;
    q->offset = edge_of_qrs(w, a, v, top, OFFSET, &after) - blurred;
}

/* Where all leads together are farthest from the level. */
static double magnitude_peak(const measure_window *w, const measure_average *a, int from, int to) {
    double top = -1;
    int at = from;
    for (int t = from; t <= to; t++) {
        double sum = 0;
        for (int i = 0; i < w->detectors.n; i++) {
            const double x = (double)measure_average_lead(a, w->detectors.lead[i])[t];
            sum += x * x;
        }
        if (sum > top) {
            top = sum;
            at = t;
        }
    }
    return at;
}

/* ==== projection ============================================================================= */

static double mean_near(const float *x, int at, int from, int to, int half) {
    double sum = 0;
    int n = 0;
    for (int t = at - half; t <= at + half; t++)
        if (t >= from && t <= to) {
            sum += (double)x[t];
            n++;
        }
    return n ? sum / n : 0;
}

/* Row i becomes lead i of the detectors less the line between its ends at from and to. */
static void straighten(const measure_window *w, const measure_average *a, int from, int to) {
    const int half = measure_samples(w, 0.008);
    for (int i = 0; i < w->detectors.n; i++) {
        const float *x = measure_average_lead(a, w->detectors.lead[i]);
        const double first = mean_near(x, from, from, to, 2 * half);
        const double last = mean_near(x, to, from, to, 2 * half);
        float *y = row(w, i);
        for (int t = 0; t < a->n; t++) {
            const double part = to > from ? (double)(t - from) / (to - from) : 0;
            y[t] = (x[t] - (float)(first + (last - first) * part)) * w->detectors.weight[i];
        }
    }
}

/* Row i becomes lead i of the detectors, large ones lowered: T may end sooner in the one lead that
 * holds most of it. */
static void keep(const measure_window *w, const measure_average *a, int from, int to) {
    for (int i = 0; i < w->detectors.n; i++) {
        const float *x = measure_average_lead(a, w->detectors.lead[i]);
        float *y = row(w, i), top = 0;
        for (int t = from; t <= to; t++) top = fabsf(x[t]) > top ? fabsf(x[t]) : top;
        const float weight = w->detectors.weight[i] / sqrtf(top + LARGE_T_MV);
        for (int t = 0; t < a->n; t++) y[t] = x[t] * weight;
    }
}

/* Where a wave is expected: it weighs less the farther it is from there. */
typedef struct expectation {
    double at, near, far; /* samples: full weight within near, half of it another far from there */
} expectation;

static double expected(const expectation *e, int t) {
    const double off = fabs(t - e->at) - e->near;
    return off <= 0 ? 1 : 1 / (1 + off * off / (e->far * e->far));
}

/* The direction in which the rows have most energy in [from, to]. */
static void principal(const measure_window *w, int from, int to, const expectation *e,
                      double *direction) {
    const int n = w->detectors.n;
    double c[MEASURE_DETECTORS][MEASURE_DETECTORS];
    int start = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++) {
            const float *a = row(w, i), *b = row(w, k);
            double sum = 0;
            for (int t = from; t <= to; t++) sum += (double)a[t] * (double)b[t] * expected(e, t);
            c[i][k] = c[k][i] = sum;
        }
    for (int i = 0; i < n; i++)
        if (c[i][i] > c[start][start]) start = i;
    for (int i = 0; i < n; i++) direction[i] = c[i][start];
    for (int round = 0; round < ITERATIONS; round++) {
        double next[MEASURE_DETECTORS], norm = 0;
        for (int i = 0; i < n; i++) {
            next[i] = 0;
            for (int k = 0; k < n; k++) next[i] += c[i][k] * direction[k];
            norm += next[i] * next[i];
        }
        norm = sqrt(norm);
        for (int i = 0; i < n; i++) direction[i] = norm > 0 ? next[i] / norm : 0;
    }
}

/* The rows along their principal direction in [from, to], smoothed; its largest value there is
 * positive. Returns the row. */
static float *project(const measure_window *w, int from, int to, const expectation *e, int *peak) {
    double direction[MEASURE_DETECTORS];
    float *raw = row(w, MEASURE_DETECTORS + 1), *out = row(w, MEASURE_DETECTORS + 2);
    principal(w, from, to, e, direction);
    for (int t = 0; t < w->median.n; t++) {
        double sum = 0;
        for (int i = 0; i < w->detectors.n; i++) sum += direction[i] * (double)row(w, i)[t];
        raw[t] = (float)sum;
    }
    measure_smooth(raw, w->median.n, measure_samples(w, 0.008), out);
    int top = from;
    for (int t = from; t <= to; t++)
        if (fabs((double)out[t]) * expected(e, t) > fabs((double)out[top]) * expected(e, top))
            top = t;
    *peak = top;
    if (out[top] < 0)
        for (int t = 0; t < w->median.n; t++) out[t] = -out[t];
    return out;
}

/* ==== edges by tangent ======================================================================= */

static int highest(const float *s, int from, int to) {
    int at = from;
    for (int t = from; t <= to; t++)
        if (s[t] > s[at]) at = t;
    return at;
}

/* The lowest sample outward from the peak, before s rises again by a tenth of the wave. */
static int valley_of(const float *s, int peak, int limit) {
    const int step = limit < peak ? -1 : 1;
    int low = peak;
    for (int t = peak; t != limit + step; t += step) {
        if (s[t] < s[low]) low = t;
        if (s[low] < 0.6f * s[peak] && s[t] > s[low] + 0.1f * s[peak]) break;
    }
    return low;
}

double measure_edge(const float *s, int peak, int limit, int span, float least, float most,
                    double beyond) {
    const int step = limit < peak ? -1 : 1, valley = valley_of(s, peak, limit);
    const float height = s[peak];
    float steepest = 0;
    int at = peak;
    for (int t = peak + step * span; step * (valley - t) >= 0; t += step) {
        const int inner = t - step * span, outer = t + step * span;
        if (step * (limit - outer) < 0) break;
        const float fall = s[inner] - s[outer];
        if (fall > steepest) {
            steepest = fall;
            at = t;
        }
    }
    if (!(steepest > 0)) return valley;
    float level = s[valley];
    level = level < least * height ? least * height : level > most * height ? most * height : level;
    const double tangent = (double)((s[at] - level) / steepest) * 2 * span;
    const double out = at + step * tangent * (1 + beyond);
    /* Values out of a float's range make it no number. */
    return step * (out - peak) >= 0 && step * (valley - out) >= 0 ? out : valley;
}

/* ==== T and P ================================================================================ */

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
    float *s = row(w, MEASURE_DETECTORS + 3);
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
    const int from = at_second(w, a, qrs_off + 0.04), to = at_second(w, a, end);
    const int span = measure_samples(w, 0.016);
    if (to - from < measure_samples(w, 0.08)) return false;
    /* Where T is searched: not where P may stand. */
    double peak_end = rr_s == rr_s ? qrs_on + 0.62 * rr_s + 0.02 : end;
    int peak_to = at_second(w, a, peak_end < end ? peak_end : end);
    if (peak_to <= from + span) peak_to = to;
    keep(w, a, from, peak_to);
    const double rr = rr_s == rr_s ? (rr_s < 0.3 ? 0.3 : rr_s > 1.2 ? 1.2 : rr_s) : 0.8;
    const expectation e = {a->fiducial + (qrs_on + 0.06 + 0.24 * sqrt(rr)) * w->rate,
                           0.05 * w->rate, 0.08 * w->rate};
    int peak;
    float *s = project(w, from, peak_to, &e, &peak);
    out->peak = peak;
    int begin = at_second(w, a, qrs_off);
    if (begin < peak - measure_samples(w, 0.10)) begin = peak - measure_samples(w, 0.10);
    out->onset = measure_edge(s, peak, begin, span, -0.3f, 0.5f, 0);
    out->offset = measure_edge(s, peak, to, span, -0.1f, 0.3f, 0.2);
    const int valley = valley_of(s, peak, to);
    const int near = peak + measure_samples(w, 0.13);
    if (s[valley] < -0.25f * s[peak]) { /* biphasic: its second part, close behind, ends it */
        float *turned = row(w, MEASURE_DETECTORS + 1);
        for (int t = 0; t < a->n; t++) turned[t] = -s[t];
        const int second = highest(turned, peak, near < to ? near : to);
        if (second < near && second < to)
            out->offset = measure_edge(turned, second, to, span, -0.1f, 0.3f, 0.2);
    }
    w->t = ask_leads(w, a, peak, from, to);
    w->t.biphasic = s[valley] < -0.25f * s[peak];
    w->t.beside = wave_beside(s, peak, (int)(out->offset + 0.02 * w->rate),
                              rr_s == rr_s ? at_second(w, a, rr_s + qrs_on - T_FREE_S) : to);
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
    *from = at_second(w, a, start);
    *to = at_second(w, a, end);
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
    const int valley = valley_of(s, peak, limit);
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
    straighten(w, a, from, to);
    const expectation e = {a->fiducial + ((double)out->qrs.onset - 0.10) * w->rate, 0.05 * w->rate,
                           0.06 * w->rate};
    int peak;
    const float *s = project(w, from, to, &e, &peak);
    if (!(s[peak] > 0)) return false;
    /* Again between its own neighbours: the line then follows the end of T. */
    const int wide = measure_samples(w, 0.12), first = peak - wide > from ? peak - wide : from;
    const int last = peak + wide < to ? peak + wide : to;
    if (last - first >= measure_samples(w, 0.06)) {
        from = first;
        to = last;
        straighten(w, a, from, to);
        s = project(w, from, to, &e, &peak);
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
    mark_qrs(w, a, rr_s, &q);
    level_before(w, a, q.onset);
    const int from = (int)floor(q.onset), to = (int)floor(q.offset) + 1;
    out->qrs.onset = (float)seconds_of(w, a, q.onset);
    out->qrs.offset = (float)seconds_of(w, a, q.offset);
    out->qrs.peak = (float)seconds_of(
        w, a, magnitude_peak(w, a, from < 0 ? 0 : from, to < a->n ? to : a->n - 1));
    if (mark_t(w, a, &q, rr_s, &t)) {
        out->t.onset = (float)seconds_of(w, a, t.onset);
        out->t.peak = (float)seconds_of(w, a, t.peak);
        out->t.offset = (float)seconds_of(w, a, t.offset);
    }
    if (!mark_p(w, a, rr_s, out)) out->p = no_wave();
}
