/* The marks of each lead, from the median beat. A lead alone is a poor witness: small waves drown
 * in its noise. So each lead is marked by one method beside the global marks; the lead that begins
 * first has the global onset, and the others begin later than that by as much as they do by their
 * own marks, less where their wave stands out less. Ends likewise. */
#include "measure/marks.h"

/* IEC 60601-2-25: a wave is one from 20 uV and 6 ms. */
#define LEAST_MV 0.02
#define LEAST_S 0.006
/* Noise that no lead is below, mV. */
#define LEAST_NOISE 0.004
/* A wave counts from this many times the noise on, and fully from that many. */
#define FAINT 3.0
#define CLEAR 12.0
/* The second part of a biphasic wave, of its first. */
#define BIPHASIC 0.4f
/* Of the height of a complex in its lead: what is no longer its level. */
#define QRS_LEAVES 0.03
/* How far inside the global marks a lead's own may lie, s. */
#define INSIDE_P_S 0.03
#define INSIDE_QRS_S 0.024
#define INSIDE_T_S 0.05
/* Of this many leads or more, two outlying ones do not say where a wave begins. */
enum { MANY = 6, OUTLYING = 2 };
/* What the leads' own ends of T count against the projection's, where there are more than a few. */
#define T_LEADS 0.7f
/* The same of P, on either side, and how far at most it is moved so, s. */
#define P_LEADS_ON 0.5
#define P_LEADS_OFF 0.4
#define P_MOVES_S 0.02
/* Where T ends this short before it, or later, what a lead shows before P is T. */
#define T_NEAR_S 0.06
enum { FEW = 3 };
/* Seconds of doubt for a wave beside T that is as high, and for each mV that T is below 0.2. */
#define T_BESIDE_S 0.04f
#define T_LOW_S 0.1f
/* A lead that is trusted less says nothing of the others. */
#define TRUSTED 0.3

static const xp_wave NOTHING = {NAN, NAN, NAN};

/* Where a wave is looked at, in samples of the median beat. */
typedef struct extent {
    int from, to;    /* the global marks */
    int first, last; /* and what is around them */
} extent;

/* How the edges of a kind of wave are taken: see measure_edge. */
typedef struct edge_style {
    double span_s;
    float least, most;
    double beyond;
} edge_style;

static float *row(const measure_window *w, int i) {
    return w->work + (size_t)i * (size_t)w->median.n;
}

static int sample_of(const measure_window *w, double s) {
    const int t = w->median.fiducial + measure_samples(w, s);
    return t < 0 ? 0 : t >= w->median.n ? w->median.n - 1 : t;
}

static extent extent_of(const measure_window *w, const xp_wave *wave, double before, double after) {
    return (extent){sample_of(w, (double)wave->onset), sample_of(w, (double)wave->offset),
                    sample_of(w, (double)wave->onset - before),
                    sample_of(w, (double)wave->offset + after)};
}

static double mean_of(const float *x, int from, int to) {
    double sum = 0;
    for (int t = from; t <= to; t++) sum += (double)x[t];
    return sum / (to - from + 1);
}

/* ==== trust ================================================================================== */

/* Rms of half the difference between odd and even beats; of what smoothing takes away where there
 * is one beat. */
static double noise_of(const measure_window *w, int lead, const extent *e) {
    const bool both = w->odd.beats > 0;
    const float *a = measure_average_lead(both ? &w->odd : &w->median, lead);
    const float *b = both ? measure_average_lead(&w->even, lead) : row(w, 1);
    if (!both) measure_smooth(a, w->median.n, measure_samples(w, 0.008), row(w, 1));
    double sum = 0;
    for (int t = e->first; t <= e->last; t++) {
        const double d = (double)(a[t] - b[t]) * (both ? 0.5 : 1);
        sum += d * d;
    }
    const double rms = sqrt(sum / (e->last - e->first + 1));
    return rms > LEAST_NOISE ? rms : LEAST_NOISE;
}

static double trust_of(double mv, double noise) {
    const double ratio = mv / noise;
    if (!(mv >= LEAST_MV) || ratio <= FAINT) return 0;
    return ratio >= CLEAR ? 1 : (ratio - FAINT) / (CLEAR - FAINT);
}

/* ==== P and T ================================================================================ */

/* Row 0 becomes the lead above the line between its ends in the extent, smoothed. */
static float *straight(const measure_window *w, int lead, const extent *e) {
    const float *x = measure_average_lead(&w->median, lead);
    const int part = measure_samples(w, 0.008);
    float *raw = row(w, 2), *out = row(w, 0);
    const double first = mean_of(x, e->first, e->first + part);
    const double last = mean_of(x, e->last - part, e->last);
    const double length = e->last - e->first - part;
    for (int t = 0; t < w->median.n; t++)
        raw[t] = x[t] - (float)(first + (last - first) * (t - e->first - part * 0.5) / length);
    measure_smooth(raw, w->median.n, measure_samples(w, 0.006), out);
    return out;
}

static int farthest(const float *s, int from, int to) {
    int at = from;
    for (int t = from; t <= to; t++)
        if (fabsf(s[t]) > fabsf(s[at])) at = t;
    return at;
}

static void turn(float *s, int n) {
    for (int t = 0; t < n; t++) s[t] = -s[t];
}

/* From the wave's peak outward, or from its other part's where it has one. */
static double edge_from(const measure_window *w, float *s, int peak, int limit,
                        const edge_style *style) {
    const int n = w->median.n, span = measure_samples(w, style->span_s);
    const int step = limit < peak ? -1 : 1;
    int other = peak;
    for (int t = peak; t != limit; t += step)
        if (s[t] < s[other]) other = t;
    const bool biphasic = s[other] < -BIPHASIC * s[peak] && other != limit;
    if (biphasic) turn(s, n);
    const double edge = measure_edge(s, biphasic ? other : peak, limit, span, style->least,
                                     style->most, style->beyond);
    if (biphasic) turn(s, n);
    return edge;
}

static measure_own mark_own(const measure_window *w, int lead, const extent *e,
                            const edge_style *style) {
    measure_own own = {e->from, (e->from + e->to) * 0.5, e->to, 0};
    if (e->last - e->first < 8 * measure_samples(w, style->span_s) || e->to <= e->from) return own;
    const double noise = noise_of(w, lead, e);
    float *s = straight(w, lead, e);
    const int peak = farthest(s, e->from, e->to);
    own.peak = peak;
    own.trust = trust_of(fabs((double)s[peak]), noise);
    if (s[peak] < 0) turn(s, w->median.n);
    if (!(own.trust > 0)) return own;
    own.onset = edge_from(w, s, peak, e->first, style);
    own.offset = edge_from(w, s, peak, e->last, style);
    return own;
}

/* ==== QRS ==================================================================================== */

/* A line as least squares have it: level at `at`, and rise by sample. */
typedef struct line {
    double at, level, rise;
} line;

static line fit_line(const float *x, int from, int to) {
    const double at = (from + to) * 0.5;
    double rise = 0, squares = 0;
    for (int t = from; t <= to; t++) {
        rise += (t - at) * (double)x[t];
        squares += (t - at) * (t - at);
    }
    return (line){at, mean_of(x, from, to), squares > 0 ? rise / squares : 0};
}

/* From a global mark inward: where the lead leaves the line for 6 ms, and thence back to where it
 * was half as far from it. */
static double leaves(const float *x, const line *l, int from, int limit, int hold, double mv) {
    const int step = limit < from ? -1 : 1;
    int beyond = 0, at = from;
    for (int t = from; t != limit && beyond < hold; t += step) {
        beyond = fabs((double)x[t] - l->level - l->rise * (t - l->at)) > mv ? beyond + 1 : 0;
        at = t;
    }
    if (beyond < hold) return from;
    at -= step * (hold - 1);
    while (step * (at - from) > 0 &&
           fabs((double)x[at] - l->level - l->rise * (at - l->at)) > mv / 2)
        at -= step;
    return at;
}

static measure_own mark_own_qrs(const measure_window *w, int lead, const extent *e) {
    const float *x = measure_average_lead(&w->median, lead);
    measure_own own = {e->from, (e->from + e->to) * 0.5, e->to, 0};
    float low = x[e->from], high = x[e->from];
    const int hold = measure_samples(w, LEAST_S) < 1 ? 1 : measure_samples(w, LEAST_S);
    const int middle = (e->from + e->to) / 2;
    if (e->to - e->from < 4 * hold || e->from - e->first < 2 || e->last - e->to < 2) return own;
    for (int t = e->from; t <= e->to; t++) {
        low = x[t] < low ? x[t] : low;
        high = x[t] > high ? x[t] : high;
    }
    const double height = (double)(high - low), noise = noise_of(w, lead, e);
    own.trust = trust_of(height / 3, noise);
    const line before = {e->from, mean_of(x, e->first, e->from - 1), 0};
    const line after = fit_line(x, e->to, e->last);
    own.peak = e->from;
    for (int t = e->from; t <= e->to; t++)
        if (fabs((double)x[t] - before.level) > fabs((double)x[(int)own.peak] - before.level))
            own.peak = t;
    double mv = QRS_LEAVES * height > 3 * noise ? QRS_LEAVES * height : 3 * noise;
    mv = mv > LEAST_MV * 0.75 ? mv : LEAST_MV * 0.75;
    own.onset = leaves(x, &before, e->from, middle, hold, mv);
    own.offset = leaves(x, &after, e->to, middle, hold, 1.5 * mv);
    return own;
}

/* ==== all leads together ===================================================================== */

/* Where the wave begins by the leads' own marks; ends where outward is 1. */
static double outermost(const measure_window *w, const measure_own *own, int outward) {
    double first[OUTLYING + 1];
    int n = 0, kept = 0;
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l] || !(own[l].trust > TRUSTED)) continue;
        const double at = outward > 0 ? -own[l].offset : own[l].onset;
        int k = kept < OUTLYING + 1 ? kept++ : OUTLYING + 1;
        n++;
        for (; k > 0 && first[k - 1] > at; k--)
            if (k <= OUTLYING) first[k] = first[k - 1];
        if (k <= OUTLYING) first[k] = at;
    }
    if (n == 0) return NAN;
    const double at = first[n >= MANY ? OUTLYING : 0];
    return outward > 0 ? -at : at;
}

static double inside(double by, double most, double trust) {
    return by > 0 ? trust * (by < most ? by : most) : 0; /* NaN: 0 */
}

typedef enum wave_kind { WAVE_P, WAVE_QRS, WAVE_T } wave_kind;

static xp_wave *wave_of(xp_waves *v, wave_kind kind) {
    return kind == WAVE_P ? &v->p : kind == WAVE_QRS ? &v->qrs : &v->t;
}

/* From the own marks of all leads, in seconds from the fiducial point. */
static void settle(measure_window *w, measure_group *g, wave_kind kind, double most_s) {
    const xp_wave *global = wave_of(&g->waves, kind);
    const double first = outermost(w, w->own, -1), last = outermost(w, w->own, 1);
    const double third = (double)(global->offset - global->onset) / 3;
    const double most = (most_s < third ? most_s : third) * w->rate;
    for (int l = 0; l < w->n_leads; l++) {
        const measure_own *own = &w->own[l];
        if (!w->usable[l]) continue;
        const double later = inside(own->onset - first, most, own->trust) / w->rate;
        const double earlier = inside(last - own->offset, most, own->trust) / w->rate;
        xp_wave *wave = wave_of(&g->lead_waves[l], kind);
        *wave = *global;
        wave->onset += (float)later;
        wave->offset -= (float)earlier;
        if (own->trust > 0) wave->peak = (float)((own->peak - w->median.fiducial) / w->rate);
        wave->peak = wave->peak < wave->onset    ? wave->onset
                     : wave->peak > wave->offset ? wave->offset
                                                 : wave->peak;
    }
}

static float between(float v, float least, float most) {
    return v < least ? least : v > most ? most : v;
}

/* The leads asked without regard to the projection: half way to them, less where the wave has two
 * parts and a lead may show the first alone. Where they are apart from each other or from that, T
 * is low, or another wave stands beside it, its end is a guess. */
static void hear_leads(measure_group *g) {
    const measure_t_evidence *t = &g->t;
    const float off = t->end - g->waves.t.offset;
    const float doubt = sqrtf(t->apart * t->apart + off * off) +
                        T_BESIDE_S * (between(t->beside, 0.3f, 1) - 0.3f) +
                        T_LOW_S * (0.2f - between(t->mv, 0, 0.2f));
    g->waves.t.offset += off * (t->biphasic ? 0.3f : 0.5f);
    if (doubt > g->t_doubt) g->t_doubt = doubt;
}

/* T ends where most leads say and where the projection does: where leads differ, the one that holds
 * most of the wave is not the one that ends last. Weights by the marks of half of measure-dev. */
static void agree_on_end(measure_window *w, measure_group *g) {
    float ends[MEASURE_DETECTORS];
    int n = 0;
    for (int i = 0; i < w->detectors.n; i++) {
        const measure_own *own = &w->own[w->detectors.lead[i]];
        if (own->trust > TRUSTED) ends[n++] = (float)((own->offset - w->median.fiducial) / w->rate);
    }
    g->t_doubt = 0;
    if (n >= FEW) {
        const float usual = measure_quantile(ends, n, 0.5);
        g->t_doubt = fabsf(usual - g->waves.t.offset);
        g->waves.t.offset += T_LEADS * (usual - g->waves.t.offset);
    }
    if (g->t.end == g->t.end) hear_leads(g);
}

static double nearer(double v, double least, double most) {
    return v < least ? least : v > most ? most : v;
}

/* P begins where the projection does and where the third of the leads does, half way: a lead across
 * the projection may show what begins first. */
static void agree_on_p(const measure_window *w, xp_waves *v) {
    const double first = outermost(w, w->own, -1), last = outermost(w, w->own, 1);
    if (!(first < last)) return; /* or no lead shows it */
    const double on = (first - w->median.fiducial) / w->rate - (double)v->p.onset;
    const double off = (last - w->median.fiducial) / w->rate - (double)v->p.offset;
    const bool crowded = (double)(v->p.onset - v->t.offset) + w->rr_s < T_NEAR_S; /* NaN: false */
    v->p.onset += (float)(P_LEADS_ON * nearer(on, crowded ? 0 : -P_MOVES_S, P_MOVES_S));
    v->p.offset += (float)(P_LEADS_OFF * nearer(off, -P_MOVES_S, P_MOVES_S));
}

static void mark_wave(measure_window *w, measure_group *g, wave_kind kind) {
    static const edge_style styles[] = {[WAVE_P] = {0.008, -0.1f, 0.4f, 0.1},
                                        [WAVE_QRS] = {0, 0, 0, 0},
                                        [WAVE_T] = {0.016, -0.1f, 0.3f, 0.2}};
    /* T wanes slowly, the more so at low rates: beside a short time the slope that it leaves with
     * is taken for the level, and it ends too soon. */
    static const double around[][2] = {
        [WAVE_P] = {0.016, 0.012}, [WAVE_QRS] = {0.02, 0.02}, [WAVE_T] = {0.008, 0.036}};
    static const double most[] = {
        [WAVE_P] = INSIDE_P_S, [WAVE_QRS] = INSIDE_QRS_S, [WAVE_T] = INSIDE_T_S};
    const xp_wave *global = wave_of(&g->waves, kind);
    if (global->peak != global->peak) return;
    const extent e = extent_of(w, global, around[kind][0], around[kind][1]);
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l]) continue;
        w->own[l] = kind == WAVE_QRS ? mark_own_qrs(w, l, &e) : mark_own(w, l, &e, &styles[kind]);
    }
    if (kind == WAVE_T) agree_on_end(w, g);
    if (kind == WAVE_P) agree_on_p(w, &g->waves);
    settle(w, g, kind, most[kind]);
}

void measure_mark_leads(measure_window *w, int group) {
    measure_group *g = &w->groups[group];
    for (int l = 0; l < w->n_leads; l++) g->lead_waves[l] = (xp_waves){NOTHING, NOTHING, NOTHING};
    mark_wave(w, g, WAVE_QRS);
    mark_wave(w, g, WAVE_T);
    if (g->has_p) mark_wave(w, g, WAVE_P);
}
