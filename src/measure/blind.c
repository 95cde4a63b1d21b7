/* Where a lead shows nothing of the heart: the gate found it at the rail, flat, without samples, or
 * jumping, or the recorder put a calibration pulse there. The edges of such a stretch are steeper
 * than a complex, so it and what is close beside it are no evidence of beats or waves. */
#include "measure/measure_internal.h"
#include "measure/quality.h"

#include <string.h>

/* A lead that stays this long within so much of its extreme is at the rail; a shorter stay is a
 * complex whose top is cut off. */
#define RAIL_S 0.08
#define RAIL_MV 0.015f
/* An amplifier goes to the rail and comes back within this time. */
#define RECOVERS_S 0.1
/* What else jumps is over at once; the gate tells a step to a fifth of a second. */
#define EDGE_S 0.02
#define LEVEL_S 0.1
/* Where several leads show nothing this close to the recording's start or end, the others are not
 * believed either: the electrodes are being put on or taken off. */
#define RIM_S 0.5
#define RIM_MOST_S 3.0
enum { SEVERAL = 3 };
/* A jump hides no values: those on either side of it are as good as others. */
enum { JUMP = 1, LOST = 2 };
/* A recorder that lost samples repeats one value in each lead. In a recording without noise they
 * stand still again and again: there it means nothing. */
#define HELD_S 0.15
#define STILL_S 0.02
#define STILL_PART 0.02

/* A window as it was recorded. */
typedef struct view {
    measure_window *w;
    const float *const *mv; /* (n_leads) */
    int n;
    double hz, start_s;
} view;

static uint8_t *mask_of(const measure_window *w, int lead) {
    return w->blind + (size_t)lead * (size_t)w->cap;
}

/* Samples [from, to) of the recording and `margin_s` around them. */
static void cover(const view *v, int lead, int from, int to, double margin_s, uint8_t what) {
    measure_window *w = v->w;
    /* The interpolation rings beside a jump. */
    const int margin =
        (int)(margin_s * v->hz + 0.5) + (w->upsampling > 1 ? MEASURE_TAPS / 4 : 0) + 1;
    from = from > margin ? from - margin : 0;
    to = to + margin < v->n ? to + margin : v->n;
    if (from >= to) return;
    if (!w->any_blind) memset(w->blind, 0, (size_t)w->n_leads * (size_t)w->cap);
    w->any_blind = true;
    uint8_t *mask = mask_of(w, lead);
    for (int t = from * w->upsampling; t < to * w->upsampling; t++) mask[t] |= what;
}

/* Samples [from, to) at the rail, with the way there and back. */
static void cover_way(const view *v, int lead, int from, int to) {
    const float *x = v->mv[lead];
    const float half = 0.5f * x[from];
    while (from > 0 && fabsf(x[from - 1]) > fabsf(half)) from--;
    while (to < v->n && fabsf(x[to]) > fabsf(half)) to++;
    cover(v, lead, from, to, RECOVERS_S, LOST);
}

static void cover_rail(const view *v, int lead, int from, int to) {
    const float *x = v->mv[lead];
    float low = INFINITY, high = -INFINITY;
    for (int i = from; i < to; i++) {
        low = x[i] < low ? x[i] : low; /* NaN: neither */
        high = x[i] > high ? x[i] : high;
    }
    for (int i = from; i < to; i++) {
        const int start = i;
        while (i < to && (x[i] <= low + RAIL_MV || x[i] >= high - RAIL_MV)) i++;
        if (i - start >= RAIL_S * v->hz) cover_way(v, lead, start, i);
    }
}

static double mean_of(const float *x, int from, int to) {
    double sum = 0;
    int n = 0;
    for (int i = from; i < to; i++)
        if (x[i] == x[i]) {
            sum += (double)x[i];
            n++;
        }
    return n ? sum / n : 0;
}

/* Where the levels before and after differ most. */
static void cover_step(const view *v, int lead, int from, int to) {
    const float *x = v->mv[lead];
    const int length = (int)(LEVEL_S * v->hz) + 1;
    double most = -1;
    int at = from;
    for (int i = from; i < to; i++) {
        const double before = mean_of(x, i > length ? i - length : 0, i);
        const double after = mean_of(x, i, i + length < v->n ? i + length : v->n);
        if (i == 0 || !(fabs(after - before) > most)) continue;
        most = fabs(after - before);
        at = i;
    }
    cover(v, lead, at, at + 1, 2 * EDGE_S, JUMP);
}

/* Sample of the window at that time of the recording, within it. */
static int sample_at(const view *v, double s) {
    const double at = (s - v->start_s) * v->hz;
    return at <= 0 ? 0 : at >= v->n ? v->n : (int)(at + 0.5);
}

static void cover_finding(const view *v, const xp_quality_finding *f) {
    const int from = sample_at(v, f->start_s), to = sample_at(v, f->end_s);
    if (from >= to || f->lead < 0 || !v->w->usable[f->lead]) return;
    if (f->code == XP_QUALITY_SATURATED) cover_rail(v, f->lead, from, to);
    if (f->code == XP_QUALITY_STEP) cover_step(v, f->lead, from, to);
    if (f->code == XP_QUALITY_FLAT || f->code == XP_QUALITY_GAP)
        cover(v, f->lead, from, to, EDGE_S, LOST);
}

static void cover_pulses(const view *v, const xp_quality *q) {
    for (int i = 0; i < q->n_pulses; i++) {
        const int from = sample_at(v, q->pulses[i].start_s), to = sample_at(v, q->pulses[i].end_s);
        for (int l = 0; from < to && l < v->w->n_leads; l++)
            cover(v, l, from, to, 2 * EDGE_S, LOST);
    }
}

static bool is_still(const view *v, int i) {
    for (int l = 0; l < v->w->n_leads; l++)
        if (v->w->usable[l] && v->mv[l][i] != v->mv[l][i - 1]) return false;
    return true;
}

/* Where all leads stand still for long; `take`: that is covered, else shorter stands are counted.
 */
static int find_stands(const view *v, bool take) {
    int counted = 0;
    for (int i = 1; i < v->n; i++) {
        const int from = i;
        while (i < v->n && is_still(v, i)) i++;
        const bool is_long = i - from >= HELD_S * v->hz;
        if (!is_long && i - from >= STILL_S * v->hz) counted += i - from;
        for (int l = 0; is_long && take && l < v->w->n_leads; l++)
            cover(v, l, from, i, EDGE_S, LOST);
    }
    return counted;
}

static void cover_held(const view *v) {
    if (v->w->detectors.n > 0 && find_stands(v, false) < STILL_PART * v->n) find_stands(v, true);
}

static bool half_blind(const measure_window *w, int t) {
    int blind = 0;
    for (int i = 0; i < w->detectors.n; i++) blind += mask_of(w, w->detectors.lead[i])[t] > 0;
    return blind >= 2 && 2 * blind >= w->detectors.n;
}

static bool several_blind(const measure_window *w, int t) {
    int blind = 0;
    for (int l = 0; l < w->n_leads; l++) blind += w->usable[l] && mask_of(w, l)[t] > 0;
    return blind >= SEVERAL;
}

/* From the first sample (direction 1) or the last (-1), as far as several leads show nothing close
 * to it, or half of them farther in. */
static void cover_rim(measure_window *w, int direction) {
    const int rim = measure_samples(w, RIM_S), end = direction > 0 ? 0 : w->n - 1;
    const int most = measure_samples(w, RIM_MOST_S);
    int reach = 0;
    for (int k = 0; k < w->n && k < most && (k < rim || reach == k); k++) {
        const int t = end + direction * k;
        if (half_blind(w, t) || (k < rim && several_blind(w, t))) reach = k + 1;
    }
    const int from = direction > 0 ? 0 : w->n - reach;
    for (int l = 0; l < w->n_leads && reach > 0; l++)
        memset(mask_of(w, l) + from, LOST, (size_t)reach);
}

void measure_find_blind(measure_window *w, const float *const *mv, int n, const xp_quality *q,
                        double start_s, bool is_first, bool is_last) {
    const view v = {w, mv, n, w->rate / w->upsampling, start_s};
    w->any_blind = false;
    for (int i = 0; q && i < q->n_findings; i++) cover_finding(&v, &q->findings[i]);
    if (q) cover_pulses(&v, q);
    cover_held(&v);
    if (w->any_blind && is_first) cover_rim(w, 1);
    if (w->any_blind && is_last) cover_rim(w, -1);
}

static bool has(const measure_window *w, int lead, int from, int to, int what) {
    const uint8_t *mask = mask_of(w, lead);
    to = to >= w->n ? w->n - 1 : to;
    for (int t = from < 0 ? 0 : from; w->any_blind && t <= to; t++)
        if (mask[t] & what) return true;
    return false;
}

bool measure_is_blind(const measure_window *w, int lead, int from, int to) {
    return has(w, lead, from, to, JUMP | LOST);
}

bool measure_is_lost(const measure_window *w, int lead, int from, int to) {
    return has(w, lead, from, to, LOST);
}

void measure_silence(const measure_window *w, int lead, float *v) {
    const uint8_t *blind = mask_of(w, lead);
    for (int t = 0; w->any_blind && t < w->n; t++)
        if (blind[t]) v[t] = 0;
}

static bool is_all_blind(const measure_window *w, int t) {
    for (int i = 0; i < w->detectors.n; i++)
        if (!mask_of(w, w->detectors.lead[i])[t]) return false;
    return true;
}

void measure_doubt_unseen(measure_window *w) {
    for (int i = 0; w->any_blind && i < w->n_beats; i++) {
        measure_beat *b = &w->beats[i];
        for (int t = i ? w->beats[i - 1].at : 0; t < b->at && t < w->n && !b->doubtful; t++)
            b->doubtful = t >= 0 && is_all_blind(w, t);
    }
}
