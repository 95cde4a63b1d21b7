/* Baseline wander and steps, in sections of ten seconds that overlap by two.
 *
 * Samples become means of 40 ms. The baseline is their median over 0.2 s, then over 0.6 s (de
 * Chazal 2004), which passes over QRS complexes, P and T waves. */
#include "ecg/sinpi.h"
#include "measure/quality_internal.h"

#include <math.h>

#define GRID_HZ 25.0
#define OVERLAP_S 2.0
#define SWINGS_MV 0.85 /* four of these, or three of the next */
#define WIDE_SWINGS_MV 1.4
#define SINE_MV 0.38   /* amplitude: what a straight line leaves of a slow wave of 0.5 mV */
#define SINE_PART 0.82 /* of the energy beside a straight line */
#define STEP_MV 0.4
#define SLOW_STEP_MV 1.5
#define END_STEP_MV 1.0
#define EDGE_S 0.004
#define EDGE_PART 0.7 /* of a step's height that comes within EDGE_S */
#define BESIDE_S 0.012
#define BESIDE_PART 0.25
/* An edge beside which a little more moves is one where the levels differ by its height. */
#define BESIDE_MORE 0.4
#define AS_HIGH 0.8
/* One that comes out of quiet and goes into quiet is no wave, whatever lies in the levels. */
#define QUIET_PART 0.1
#define QUIET_STEP_MV 0.5
#define QUIET_LEVEL 0.4
/* One within a QRS complex, whose edges hide its own: the level before it and the one after it each
 * stay for a beat. */
#define STAYING_MV 0.65
#define STAYS 0.15
#define STAYING_LEVEL 0.9
#define STAYING_EDGE 0.5
#define EDGE_OVER 1.2 /* times the usual QRS complex's edge */

enum {
    SWINGS = 4,
    WIDE_SWINGS = 3,
    GRID_MAX = 512, /* points of a section and a rest of less than another */
    SHORT = 5,      /* 0.2 s */
    NEAR_END = 11,  /* 0.44 s: a wide complex with its T wave leaves no room for a level */
    LONG = 15,      /* 0.6 s */
    BEAT = 30       /* 1.2 s */
};

typedef struct section {
    double start_s, step_s; /* of the grid */
    int n;
    double edge[GRID_MAX];   /* steepest change within 4 ms */
    double beside[GRID_MAX]; /* what comes just before or after it, of that change */
    double qrs_edge;         /* of the section */
    double raw[GRID_MAX], smooth[GRID_MAX], base[GRID_MAX];
} section;

/* Into n values in ascending order. */
static void insert(double *sorted, int n, double v) {
    int k = n;
    for (; k > 0 && sorted[k - 1] > v; k--) sorted[k] = sorted[k - 1];
    sorted[k] = v;
}

/* v, which is one of n + 1 values in ascending order. */
static void take_out(double *sorted, int n, double v) {
    int k = 0;
    while (k < n && sorted[k] != v) k++;
    for (; k < n; k++) sorted[k] = sorted[k + 1];
}

static double middle_of(const double *sorted, int n) {
    return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

static double median_of(const double *v, int n) {
    double sorted[BEAT];
    for (int i = 0; i < n; i++) insert(sorted, i, v[i]);
    return middle_of(sorted, n);
}

/* At the ends the window stays whole and off centre, so that a wave there is passed over too. */
static void running_median(const double *in, double *out, int n, int length) {
    double sorted[BEAT];
    if (length > n) length = n;
    for (int i = 0; i < length; i++) insert(sorted, i, in[i]);
    for (int i = 0, at = 0; i < n; i++) {
        if (i - length / 2 > at && at < n - length) {
            take_out(sorted, length - 1, in[at]);
            insert(sorted, length - 1, in[at++ + length]);
        }
        out[i] = middle_of(sorted, length);
    }
}

static int64_t samples_of(const xp_gate *g, double seconds) {
    const int64_t n = (int64_t)(seconds * g->rate);
    return n < 1 ? 1 : n;
}

/* The part of the change from sample i to i + apart that comes just before or after it: next to
 * none for a step, much for the slopes of a QRS complex. */
static double part_beside(const xp_gate *g, int64_t i, int64_t apart) {
    const int64_t beside = samples_of(g, BESIDE_S), to = i + apart;
    if (i < beside || to + beside >= g->n) return INFINITY;
    const double change = fabs((double)g->x[to] - (double)g->x[i]);
    const double before = fabs((double)g->x[i] - (double)g->x[i - beside]);
    const double after = fabs((double)g->x[to + beside] - (double)g->x[to]);
    return change > 0 ? (before > after ? before : after) / change : INFINITY;
}

/* The largest change within 4 ms that begins in [from, to), with its sign; *beside: see above. */
static double steepest(const xp_gate *g, int64_t from, int64_t to, double *beside) {
    const int64_t apart = samples_of(g, EDGE_S);
    int64_t at = -1;
    double most = 0;
    for (int64_t i = from; i < to && i + apart < g->n; i++) {
        const double d = (double)g->x[i + apart] - (double)g->x[i];
        if (fabs(d) > fabs(most)) most = d, at = i;
    }
    *beside = at >= 0 ? part_beside(g, at, apart) : INFINITY;
    return most;
}

/* Median over the seconds of the steepest edge in each: that of a QRS complex. */
static double usual_edge(const section *s) {
    double most[GRID_MAX / 25 + 1];
    int count = 0;
    for (int k = 0; k < s->n; k++) {
        if (k % 25 == 0) most[count++] = 0;
        if (fabs(s->edge[k]) > most[count - 1]) most[count - 1] = fabs(s->edge[k]);
    }
    return median_of(most, count);
}

/* Means of the grid; a point without samples has the one before. False when over half have none. */
static bool fill_grid(const xp_gate *g, section *s, int64_t from, int64_t block) {
    int present = 0;
    double last = NAN;
    for (int k = 0; k < s->n; k++) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t i = from + k * block; i < from + (k + 1) * block; i++)
            if (isfinite(g->x[i])) sum += (double)g->x[i], count++;
        if (count) last = sum / (double)count, present++;
        s->raw[k] = last;
        s->edge[k] = steepest(g, from + k * block, from + (k + 1) * block, &s->beside[k]);
    }
    int first = 0;
    while (first < s->n && isnan(s->raw[first])) first++;
    for (int k = 0; k < first && first < s->n; k++) s->raw[k] = s->raw[first];
    s->qrs_edge = usual_edge(s);
    return present > 0 && 2 * present >= s->n;
}

/* ---- steps ---- */

/* Median of up to `length` points before and after point k, which is left out with its neighbours;
 * the difference. */
static double level_change(const section *s, int k, int length) {
    const int before = k - 1 < length ? k - 1 : length;
    const int after = s->n - k - 1 < length ? s->n - k - 1 : length;
    return median_of(s->raw + k + 1, after) - median_of(s->raw + k - 1 - before, before);
}

/* Whether an edge at points k - 1 to k + 1 makes up most of `height` and is none of a QRS complex:
 * it is steeper than those, or stands alone. */
static bool has_edge(const section *s, int k, double height) {
    for (int j = k - 1; j <= k + 1; j++) {
        const double edge = fabs(s->edge[j]);
        if (!(s->edge[j] * height > 0) || edge < EDGE_PART * fabs(height)) continue;
        if (s->beside[j] <= BESIDE_PART || edge >= EDGE_OVER * s->qrs_edge) return true;
        if (s->beside[j] <= BESIDE_MORE && AS_HIGH * edge <= fabs(height)) return true;
    }
    return false;
}

/* Height of an edge at points k - 1 to k + 1 that comes out of quiet and goes into quiet, where all
 * levels, the least of which is `level`, follow it at least a part of the way; 0: there is none. */
static double quiet_edge(const section *s, int k, double level) {
    double most = 0;
    for (int j = k - 1; j <= k + 1; j++) {
        const double edge = s->edge[j];
        if (!(edge * level > 0) || s->beside[j] > QUIET_PART || fabs(edge) < QUIET_STEP_MV)
            continue;
        if (fabs(level) >= QUIET_LEVEL * fabs(edge) && fabs(edge) > fabs(most)) most = edge;
    }
    return most;
}

/* Height of a step at point k between two levels that stay; `level` is the least by which levels
 * differ. 0: there is none. */
static double staying_step(const section *s, int k, double level) {
    if (k - 1 < BEAT || s->n - k - 1 < BEAT || !(fabs(level) >= STAYING_LEVEL * STAYING_MV))
        return 0;
    const double *before = s->raw + k - 1 - BEAT, *after = s->raw + k + 1;
    const double from = median_of(before + BEAT - LONG, LONG), to = median_of(after, LONG);
    const double height = to - from, most = STAYS * fabs(height);
    double edge = 0;
    for (int j = k - 1; j <= k + 1; j++) edge = fabs(s->edge[j]) > edge ? fabs(s->edge[j]) : edge;
    const bool stays = fabs(median_of(before, BEAT - LONG) - from) <= most &&
                       fabs(median_of(after + LONG, BEAT - LONG) - to) <= most;
    const bool high = fabs(height) >= STAYING_MV && fabs(level) >= STAYING_LEVEL * fabs(height);
    return stays && high && edge >= STAYING_EDGE * fabs(height) ? height : 0;
}

/* Height of a step at point k, 0 where none is. The level must differ over 0.2 s, 0.6 s and a beat
 * on either side; and either most of it comes at once, or it is a large one that comes within two
 * points. A slope, a wave and a QRS complex each fail one of these. */
static double step_at(const section *s, int k) {
    const double jump = s->raw[k + 1] - s->raw[k - 2];
    const bool may_be_slow = fabs(jump) >= 0.7 * SLOW_STEP_MV && k > LONG && k + LONG + 1 < s->n;
    if (!may_be_slow && !(fabs(s->edge[k]) >= EDGE_PART * STEP_MV)) return 0;
    const double near = level_change(s, k, SHORT), beat = level_change(s, k, BEAT);
    double far = level_change(s, k, LONG);
    if (!(near * far > 0) || !(beat * far > 0)) return 0;
    if (fabs(beat) < fabs(far)) far = beat;
    /* So near an end of the section a wide complex may be taken for one. */
    const bool is_at_end = k < NEAR_END || s->n - k - 1 < NEAR_END;
    if (is_at_end && fabs(far) < END_STEP_MV) return 0;
    if (fabs(far) >= STEP_MV && fabs(near) >= 0.6 * fabs(far) && has_edge(s, k, far)) return far;
    const double quiet = quiet_edge(s, k, fabs(near) < fabs(far) ? near : far);
    if (quiet != 0) return quiet;
    const double stays = staying_step(s, k, fabs(near) < fabs(far) ? near : far);
    if (stays != 0) return stays;
    const bool slow = may_be_slow && fabs(far) >= SLOW_STEP_MV && jump * far >= 0.7 * far * far &&
                      fabs(near) >= 0.75 * fabs(far);
    return slow ? far : 0;
}

/* Each step once: the highest within 0.4 s. Its height leaves the baseline, so that it is not told
 * as wander too. */
static xp_status find_steps(xp_gate *g, section *s, xp_span *span, double *known_s) {
    const int margin = SHORT + 2;
    for (int k = margin; k + margin < s->n; k++) {
        double height = step_at(s, k);
        if (height == 0) continue;
        int at = k;
        for (int j = k + 1; j <= k + 10 && j + margin < s->n; j++) {
            const double other = step_at(s, j);
            if (fabs(other) > fabs(height)) height = other, at = j;
        }
        const double time = s->start_s + at * s->step_s;
        if (time > *known_s && !(xp_gate_dead_s(g, time - 0.3, time + 0.3) > 0))
            XP_TRY(xp_span_add(g, span, time - 0.2, time + 0.2, height));
        *known_s = time + 0.2;
        for (int j = at; j < s->n; j++) s->raw[j] -= height;
        k = at + 10;
    }
    return XP_OK;
}

/* ---- wander ---- */

static double peak_to_peak(const section *s) {
    double low = INFINITY, high = -INFINITY;
    for (int k = 0; k < s->n; k++) {
        low = s->base[k] < low ? s->base[k] : low;
        high = s->base[k] > high ? s->base[k] : high;
    }
    return high - low;
}

/* How often the baseline turns and goes `swing` mV the other way. A slow drift, as after the
 * electrodes were put on, does so once or never. */
static int count_swings(const section *s, double swing) {
    double low = s->base[0], high = s->base[0];
    int count = 0, direction = 0;
    for (int k = 1; k < s->n; k++) {
        const double v = s->base[k];
        high = v > high ? v : high;
        low = v < low ? v : low;
        if (direction >= 0 && high - v >= swing)
            count++, direction = -1, low = v;
        else if (direction <= 0 && v - low >= swing)
            count++, direction = 1, high = v;
    }
    return count;
}

/* The baseline without its straight line, into s->smooth; returns the sum of its squares. */
static double take_line_off(section *s) {
    const double middle = 0.5 * (s->n - 1);
    double mean = 0, slope = 0, squares = 0, energy = 0;
    for (int k = 0; k < s->n; k++) {
        mean += s->base[k] / s->n;
        slope += s->base[k] * (k - middle);
        squares += (k - middle) * (k - middle);
    }
    slope = squares > 0 ? slope / squares : 0;
    for (int k = 0; k < s->n; k++) {
        s->smooth[k] = s->base[k] - mean - slope * (k - middle);
        energy += s->smooth[k] * s->smooth[k];
    }
    return energy;
}

/* How much of s->smooth a sine wave of f Hz beside a straight line makes up (least squares). */
static double sine_energy(const section *s, double f) {
    const double cos_step = xp_cos_pi(2 * f * s->step_s), sin_step = xp_sin_pi(2 * f * s->step_s);
    const double middle = 0.5 * (s->n - 1);
    double c = 1, d = 0; /* cosine and sine */
    double cc = 0, dd = 0, cd = 0, one_c = 0, one_d = 0, line_c = 0, line_d = 0, yc = 0, yd = 0;
    double squares = 0;
    for (int k = 0; k < s->n; k++) {
        const double line = k - middle, y = s->smooth[k], turned = c * cos_step - d * sin_step;
        cc += c * c, dd += d * d, cd += c * d;
        one_c += c, one_d += d;
        line_c += line * c, line_d += line * d, squares += line * line;
        yc += y * c, yd += y * d;
        d = d * cos_step + c * sin_step;
        c = turned;
    }
    cc -= one_c * one_c / s->n + line_c * line_c / squares;
    dd -= one_d * one_d / s->n + line_d * line_d / squares;
    cd -= one_c * one_d / s->n + line_c * line_d / squares;
    const double determinant = cc * dd - cd * cd;
    return determinant > 0 ? (yc * yc * dd - 2 * yc * yd * cd + yd * yd * cc) / determinant : 0;
}

/* Whether the baseline is mostly a sine wave, as breathing makes. */
static bool is_sine(section *s) {
    const double energy = take_line_off(s), least = 0.5 * SINE_MV * SINE_MV * s->n;
    if (!(energy >= least) || s->n * s->step_s < 4) return false;
    for (double f = 0.14; f < 0.6; f += 0.02) {
        if (f * s->n * s->step_s < 1.3) continue;
        const double part = sine_energy(s, f);
        if (part >= SINE_PART * energy && part >= least) return true;
    }
    return false;
}

static bool is_wandering(section *s) {
    return count_swings(s, SWINGS_MV) >= SWINGS || count_swings(s, WIDE_SWINGS_MV) >= WIDE_SWINGS ||
           is_sine(s);
}

xp_status xp_gate_baseline(xp_gate *g) {
    xp_span wander = {.code = XP_QUALITY_WANDER, .merge_s = 0.5};
    xp_span step = {.code = XP_QUALITY_STEP, .merge_s = 0};
    const int64_t block = g->rate > GRID_HZ ? (int64_t)(g->rate / GRID_HZ) : 1;
    const int points = (int)(XP_GATE_SECTION * g->rate / (double)block);
    const int advance = (int)((XP_GATE_SECTION - OVERLAP_S) * g->rate / (double)block);
    const int64_t total = g->n / block;
    double known_s = -1;
    section s = {.step_s = (double)block / g->rate};
    for (int64_t at = 0; at < total; at += advance) {
        s.n = (int)(total - at < points ? total - at : points);
        s.start_s = (double)at * s.step_s;
        if ((at > 0 && s.n < points / 2) || s.n < 1) break;
        if (!fill_grid(g, &s, at * block, block)) continue;
        XP_TRY(find_steps(g, &s, &step, &known_s));
        running_median(s.raw, s.smooth, s.n, SHORT);
        running_median(s.smooth, s.base, s.n, LONG);
        const double height = peak_to_peak(&s);
        g->swings[g->lead] += height;
        g->sections[g->lead]++;
        if (is_wandering(&s) && xp_gate_dead_s(g, s.start_s, s.start_s + s.n * s.step_s) < 1)
            XP_TRY(xp_span_add(g, &wander, s.start_s, s.start_s + s.n * s.step_s, height));
    }
    XP_TRY(xp_span_close(g, &step));
    return xp_span_close(g, &wander);
}
