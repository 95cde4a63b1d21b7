/* Where QRS begins and ends on an average beat: by the spatial velocity of its leads. */
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

/* What a lead's velocity counts: small complexes are raised, those with noise before them
 * are lowered. */
static float weight_of(const measure_window *w, const measure_average *a, const float *v) {
    float top = 0;
    double rest = 0;
    const int level = measure_at_second(w, a, w->level_s), half = measure_samples(w, 0.02);
    for (int t = measure_at_second(w, a, -0.08); t <= measure_at_second(w, a, 0.08); t++)
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
        float *v = measure_row(w, 0);
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
                          float top, float share, const side *s, double *unrest) {
    const int edge = core_edge(w, a, v, s), step = s->limit < a->fiducial ? -1 : 1;
    const float rest = around_of(w, a, v, edge, step).mean;
    const float level = rest * AROUND + share * (top - rest);
    if (level > (float)*unrest * s->core) *unrest = (double)(level / s->core);
    return leave(w, v, edge, s->limit, level < s->core ? level : s->core);
}

void measure_mark_qrs(const measure_window *w, const measure_average *a, double rr_s,
                      qrs_marks *q) {
    float *v = measure_row(w, MEASURE_DETECTORS);
    const bool fast = rr_s < FAST_RR_S; /* false where it is not known */
    const double core_end = rr_s < 0.56 ? 0.25 * rr_s : 0.14;
    const bool paced = w->stimulus_s == w->stimulus_s && w->stimulus_s > -0.16;
    spatial_velocity(w, a, v);
    const float top = top_of(v, measure_at_second(w, a, -0.08), measure_at_second(w, a, 0.08));
    const side before = {measure_at_second(w, a, paced ? w->stimulus_s : -0.16),
                         measure_at_second(w, a, -0.12), CORE * top};
    side after = {measure_at_second(w, a, 0.4 * (fast ? rr_s : FAST_RR_S)),
                  measure_at_second(w, a, core_end), (fast ? CORE_FAST : CORE) * top};
    if (after.core_limit > after.limit) after.core_limit = after.limit;
    /* The kernel of the velocity reaches out of the complex. */
    const double blurred = velocity_reach(w) + 0.5 + (lost_edge(w) - SHARP_S) * w->rate;
    q->unrest = 0;
    q->onset = edge_of_qrs(w, a, v, top, ONSET, &before, &q->unrest) + blurred;
    q->offset = edge_of_qrs(w, a, v, top, OFFSET, &after, &q->unrest) - blurred;
}

double measure_magnitude_peak(const measure_window *w, const measure_average *a, int from, int to) {
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
