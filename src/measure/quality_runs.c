/* What is seen in the samples as such: missing, one value for long, values at one extreme. */
#include "measure/quality_internal.h"

#include <math.h>

#define FLAT_EXACT_MV 0.002 /* peak to peak of a lead that holds one value */
#define FLAT_EXACT_S 1.0
#define FLAT_NEAR_MV 0.015 /* of a loose electrode that still has some noise */
#define FLAT_NEAR_S 2.0
#define RAIL_MV 4.0          /* a lead that never leaves a value this far out is on the rail */
#define RAIL_DISTANCE_MV 0.5 /* from the mean of the other samples */
#define CLIP_WINDOW_S 2.0
#define CLIP_RUN_S 0.012  /* a run at the window's extreme */
#define CLIP_LONG_S 0.100 /* one such run is enough */
#define CLIP_RUNS 3       /* of the shorter ones */
#define CLIP_DISTANCE_MV 0.3
#define END_HOLD_S                                                                                 \
    0.15 /* PTB-XL repeats one value over the last 0.1 s, and what was like it before */

typedef struct extremes {
    double low, high, mean;       /* of the samples that are there */
    double above_low, below_high; /* means without those at the extreme */
    int64_t present;
} extremes;

static extremes find_extremes(const float *x, int64_t n) {
    extremes e = {.low = INFINITY, .high = -INFINITY};
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)x[i];
        if (!isfinite(v)) continue;
        e.low = v < e.low ? v : e.low;
        e.high = v > e.high ? v : e.high;
        e.mean += v;
        e.present++;
    }
    if (e.present) e.mean /= (double)e.present;
    return e;
}

static double seconds(const xp_gate *g, int64_t samples) {
    return (double)samples / g->rate;
}

static xp_status find_gaps(xp_gate *g) {
    xp_span gap = {.code = XP_QUALITY_GAP, .merge_s = 0.25};
    for (int64_t i = 0, from; i < g->n; i++) {
        if (isfinite(g->x[i])) continue;
        for (from = i; i < g->n && !isfinite(g->x[i]);) i++;
        XP_TRY(xp_span_add(g, &gap, seconds(g, from), seconds(g, i), 0));
    }
    return xp_span_close(g, &gap);
}

/* Mean of the samples that differ from v by more than a flat line does; v when there are none. */
static double mean_elsewhere(const xp_gate *g, double v) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < g->n; i++) {
        const double d = (double)g->x[i] - v;
        if (!isfinite(d) || fabs(d) <= FLAT_NEAR_MV) continue;
        sum += d;
        count++;
    }
    return count ? v + sum / (double)count : v;
}

/* A flat stretch at the lead's extreme, and far from the rest, is at the rail. */
static bool is_rail(const extremes *e, double v) {
    if (fabs(v) >= RAIL_MV && e->high - e->low <= FLAT_NEAR_MV) return true;
    if (v > e->low + FLAT_EXACT_MV && v < e->high - FLAT_EXACT_MV) return false;
    const bool is_low = v - e->low < e->high - v;
    return fabs((is_low ? e->above_low : e->below_high) - v) >= RAIL_DISTANCE_MV;
}

/* Whether some block of half of min_s lies within the band, as one must where there is a stretch of
 * min_s that does: nearly every lead has none, and is spared the search. */
static bool may_be_flat(const xp_gate *g, double band, double min_s) {
    const int64_t block = (int64_t)(0.5 * min_s * g->rate);
    if (block < 1) return true;
    for (int64_t at = 0; at + block <= g->n; at += block) {
        const float *x = g->x + at;
        float low = INFINITY, high = -INFINITY;
        for (int64_t i = 0; i < block; i++) {
            low = x[i] < low ? x[i] : low; /* NaN: neither */
            high = x[i] > high ? x[i] : high;
        }
        if ((double)high - (double)low <= band) return true;
    }
    return false;
}

/* Stretches of at least min_s within a band of `band` mV. */
static xp_status find_flat(xp_gate *g, const extremes *e, double band, double min_s) {
    if (!may_be_flat(g, band, min_s)) return XP_OK;
    xp_span flat = {.code = XP_QUALITY_FLAT, .merge_s = 0.25};
    xp_span rail = {.code = XP_QUALITY_SATURATED, .merge_s = 0.25};
    double low = 0, high = -1;
    int64_t from = 0;
    for (int64_t i = 0; i <= g->n; i++) {
        const double v = i < g->n ? (double)g->x[i] : NAN;
        const double lower = v < low ? v : low, upper = v > high ? v : high;
        if (high >= low && upper - lower <= band && isfinite(v)) {
            low = lower, high = upper;
            continue;
        }
        if (high >= low && seconds(g, i - from) >= min_s) {
            const double start_s = seconds(g, from), end_s = seconds(g, i);
            xp_span *s = is_rail(e, 0.5 * (low + high)) ? &rail : &flat;
            if (xp_gate_dead_s(g, start_s, end_s) < 0.5 * (end_s - start_s))
                XP_TRY(xp_span_add(g, s, start_s, end_s, 0));
        }
        from = i;
        low = isfinite(v) ? v : 0, high = isfinite(v) ? v : -1;
    }
    XP_TRY(xp_span_close(g, &flat));
    return xp_span_close(g, &rail);
}

/* ---- clipping: shorter runs at the extreme, as of tops cut off ---- */

/* Runs at value v in [from, to): how many are long, and the longest. */
static int count_runs(const xp_gate *g, int64_t from, int64_t to, double v, int64_t *longest) {
    const double least = CLIP_RUN_S * g->rate > 3 ? CLIP_RUN_S * g->rate : 3;
    const double near = 1e-6 * fabs(v);
    int runs = 0;
    *longest = 0;
    for (int64_t i = from; i < to; i++) {
        const int64_t start = i;
        while (i < to && fabs((double)g->x[i] - v) <= near) i++;
        if (i == g->n && seconds(g, i - start) <= END_HOLD_S) break;
        if ((double)(i - start) >= least) runs++;
        if (i - start > *longest) *longest = i - start;
    }
    return runs;
}

static bool is_clipped(const xp_gate *g, int64_t from, int64_t to, double v, double mean) {
    int64_t longest;
    if (fabs(v - mean) < CLIP_DISTANCE_MV) return false;
    const int runs = count_runs(g, from, to, v, &longest);
    return runs >= CLIP_RUNS || seconds(g, longest) >= CLIP_LONG_S;
}

/* From the first to the last sample at v. */
static xp_status add_clipped(xp_gate *g, xp_span *s, int64_t from, int64_t to, double v) {
    const double near = 1e-6 * fabs(v);
    int64_t first = to, last = from;
    for (int64_t i = from; i < to; i++) {
        if (!(fabs((double)g->x[i] - v) <= near)) continue;
        first = i < first ? i : first;
        last = i;
    }
    return xp_span_add(g, s, seconds(g, first), seconds(g, last + 1), 0);
}

static xp_status find_clipping(xp_gate *g) {
    xp_span s = {.code = XP_QUALITY_SATURATED, .merge_s = CLIP_WINDOW_S};
    const int64_t step = (int64_t)(CLIP_WINDOW_S * g->rate) + 1;
    for (int64_t at = 0, to; at < g->n; at = to) {
        to = g->n - at < step + step / 2 ? g->n : at + step;
        const extremes e = find_extremes(g->x + at, to - at);
        if (e.high - e.low <= FLAT_NEAR_MV) continue; /* told as flat */
        if (is_clipped(g, at, to, e.high, e.mean)) XP_TRY(add_clipped(g, &s, at, to, e.high));
        if (is_clipped(g, at, to, e.low, e.mean)) XP_TRY(add_clipped(g, &s, at, to, e.low));
    }
    return xp_span_close(g, &s);
}

xp_status xp_gate_runs(xp_gate *g) {
    extremes e = find_extremes(g->x, g->n);
    e.above_low = mean_elsewhere(g, e.low);
    e.below_high = mean_elsewhere(g, e.high);
    XP_TRY(find_gaps(g));
    XP_TRY(find_flat(g, &e, FLAT_EXACT_MV, FLAT_EXACT_S));
    XP_TRY(find_flat(g, &e, FLAT_NEAR_MV, FLAT_NEAR_S));
    return find_clipping(g);
}
