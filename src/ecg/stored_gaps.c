#include "ecg/stored_gaps.h"

#include <math.h>

/* Nothing of a beat has room between two moments at one level that lie so close. Longer stays of a
 * curve at its mark are rare, and gaps that begin and end at it by chance are no longer told apart
 * (tests/bench/marked.py). */
#define LONGEST_S 0.040

/* A curve that stays at a value for k samples comes slowly: its neighbours are at most a k-th of
 * this away, or two steps. */
#define NEAR_MV 0.15
#define NEAR_STEPS 2.001 /* a step is not exact in millivolt */

/* Whether the signal has values on both sides of its mark. Marks of formats lie outside of what a
 * signal can be. */
static bool mark_is_ordinary(const xp_stored_signal *s) {
    bool below = false, above = false;
    for (int64_t i = 0; i < s->n && !(below && above); i++) {
        below = below || s->digital[i] < s->missing;
        above = above || s->digital[i] > s->missing;
    }
    return below && above;
}

/* Whether a curve that was at `before` and is at `after` was at v for k samples between them. */
static bool fits(double before, double after, double v, int64_t k, double step_mv) {
    const double near = fmax(NEAR_MV / (double)k, NEAR_STEPS * step_mv);
    if (k == 1 && (before - v) * (after - v) <= 0) return true; /* it passes v, however steep */
    return fabs(before - v) <= near && fabs(after - v) <= near;
}

int64_t xp_stored_fill_marked(float *mv, const xp_stored_signal *s, double mark_mv, double step_mv,
                              double rate) {
    int64_t filled = 0;
    if (!s->digital || !s->n_missing || !mark_is_ordinary(s)) return 0;
    for (int64_t from = 0, to; from < s->n; from = to + 1) {
        while (from < s->n && s->digital[from] != s->missing) from++;
        for (to = from; to < s->n && s->digital[to] == s->missing;) to++;
        const int64_t k = to - from;
        if (from == 0 || to >= s->n || (k > 1 && (double)k > LONGEST_S * rate)) continue;
        if (!fits((double)mv[from - 1], (double)mv[to], mark_mv, k, step_mv)) continue;
        for (int64_t i = from; i < to; i++) mv[i] = (float)mark_mv;
        filled += k;
    }
    return filled;
}
