#include "ecg/pdf/held.h"

#include <math.h>

enum { BEAT = 100 }; /* samples: tops that are further apart are those of different beats */

/* Steps that a smooth top of m equal samples, from one that rises by `in` to one that falls by
 * `out`, would stand above them: the middle of the cubic with the slopes before and behind. A top
 * that is whole is its own middle; one that was cut off lacks what the slopes lead to. The steps
 * beside it bound it, or noise beside a long level would count for much. */
static double lacking(const int32_t *at, int m, int sign) {
    int in = sign * (at[0] - at[-1]), out = sign * (at[m - 1] - at[m]);
    int slopes = sign * (at[-1] - at[-2]) + sign * (at[m] - at[m + 1]);
    return fmin(fmax(in + out, slopes / 2.0), (m + 1) / 8.0 * slopes - (in + out) / 2.0);
}

static double of_top(const int32_t *at, int m, int sign) {
    double lacks = m > 1 ? lacking(at, m, sign) : 0;
    return lacks > 1 ? log2(lacks) * (m < 4 ? m - 1 : 3) : 0;
}

/* Several beats that reach the same step, where hardly any sample is just below it. */
static double of_beats(int beats, int at, int below) {
    double crowd = (double)at / (below + 1);
    return beats > 1 && crowd > 1 ? 1.5 * (beats - 1) * log2(crowd) * log2(at) : 0;
}

pdf_held pdf_held_at(const int32_t *steps, const pdf_trace *t, int sign) {
    pdf_held h = {.level = steps[0], .page = t->page, .y = t->p[0].y};
    int beats = 0, at = 0, below = 0, last = -BEAT - 1;
    for (int i = 1; i < t->n; i++) {
        if (sign * steps[i] <= sign * h.level) continue;
        h.level = steps[i];
        h.y = t->p[i].y;
    }
    for (int i = 0, to; i < t->n; i = to) {
        int away = sign * (h.level - steps[i]);
        for (to = i + 1; to < t->n && !away && steps[to] == h.level;) to++;
        below += away > 0 && away < 4;
        /* What the curve begins or ends with has no slope on one side. */
        if (away || i < 2 || to + 1 >= t->n) continue;
        h.surprise += of_top(steps + i, to - i, sign);
        at += to - i;
        if (i - last > BEAT) {
            beats++;
            last = i;
        }
    }
    h.surprise += of_beats(beats, at, below);
    return h;
}
