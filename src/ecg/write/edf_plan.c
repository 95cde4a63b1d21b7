#include "ecg/write/edf_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ==== eight characters ======================================================================= */

/* How many decimals eight characters leave for v; -1: its whole part does not fit. */
static int decimals_for(double v) {
    double size = fabs(v);
    int digits = 1;
    while (digits < 9 && size >= pow(10, digits)) digits++;
    int left = 8 - digits - (v < 0) - 1;
    return left >= 0 ? left : left == -1 ? 0 : -1;
}

/* The nearest number to v that eight characters can tell; NaN. */
static double rounded(double v) {
    int decimals = decimals_for(v);
    if (decimals < 0) return NAN;
    double scale = pow(10, decimals);
    return nearbyint(v * scale) / scale;
}

static void print(char text[XP_EDF_FIELD], double v) {
    char all[64];
    int decimals = decimals_for(v);
    snprintf(all, sizeof all, "%.*f", decimals < 0 ? 0 : decimals, v);
    size_t n = strlen(all);
    if (strchr(all, '.')) {
        while (all[n - 1] == '0') n--;
        if (all[n - 1] == '.') n--;
    }
    if (n > 8) n = 8;
    memcpy(text, all, n);
    text[n] = 0;
    if (!strcmp(text, "-0")) strcpy(text, "0");
}

/* ==== limits ================================================================================= */

typedef struct range {
    int64_t low, high;
    bool missing;
} range;

static range range_of(const xp_stored_signal *s) {
    range r = {INT64_MAX, INT64_MIN, false};
    for (int64_t i = 0; i < s->n; i++) {
        int32_t v = s->digital[i];
        if (v == s->missing) {
            r.missing = true;
            continue;
        }
        if (v < r.low) r.low = v;
        if (v > r.high) r.high = v;
    }
    if (r.low > r.high) r.low = r.high = 0;
    return r;
}

/* The value from first to last, in steps of `step`, whose physical value is stated best; the first
 * of those that are exact. */
static int best_limit(const xp_stored_signal *s, xp_edf_limits *l, int first, int last, int step,
                      char text[XP_EDF_FIELD]) {
    int best = first;
    double least = INFINITY, found = 0;
    for (int d = first; d != last + step && least > 0; d += step) {
        double v = (d + l->offset - s->baseline) / s->gain, r = rounded(v);
        double e = fabs(r - v);
        if (e < 1e-14 * fabs(v)) e = 0;
        if (!(e < least)) continue;
        least = e;
        found = r;
        best = d;
    }
    print(text, found);
    l->error += least;
    return best;
}

xp_status xp_edf_plan_limits(xp_edf_limits *l, const xp_stored_signal *s, xp_error *err) {
    range r = range_of(s);
    int lowest = r.missing ? XP_EDF_MISSING + 1 : XP_EDF_MISSING, highest = 32767;
    *l = (xp_edf_limits){.has_missing = r.missing};
    if (r.high - r.low > highest - lowest)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "signal \"%s\" has values from %lld to %lld, and EDF+ has 16 bits for each: "
                       "write wfdb, csv or npy, which hold them",
                       s->name, (long long)r.low, (long long)r.high);
    if (r.low < lowest || r.high > highest) l->offset = (int)(r.low - lowest);
    int low = (int)(r.low - l->offset), high = (int)(r.high - l->offset);
    if (low == highest) low--;
    l->digital[0] = best_limit(s, l, lowest, low, 1, l->physical[0]);
    if (high <= l->digital[0]) high = l->digital[0] + 1;
    l->digital[1] = best_limit(s, l, highest, high, -1, l->physical[1]);
    double span = (l->digital[1] - l->digital[0]) / fabs(s->gain);
    if (!(l->error <= 1e-5 * span))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "signal \"%s\" has %.10g steps per %s, which the eight characters of EDF+ "
                       "cannot tell: write wfdb, csv or npy",
                       s->name, s->gain, *s->units ? s->units : "unit");
    return XP_OK;
}

/* ==== data records =========================================================================== */

enum { MOST_BYTES = 61440 }; /* of a data record, as the specification advises */
static const double TICK = 1e-7;

/* How far the duration of so many frames is from what eight characters tell, in parts of it. */
static double duration_error(int64_t frames, double rate) {
    double seconds = (double)frames / rate, r = rounded(seconds);
    return r > 0 ? fabs(r - seconds) / seconds : INFINITY;
}

/* The fewest frames whose duration is stated exactly, else the number that is stated best. */
static int64_t exact_frames(double rate) {
    int64_t best = 1;
    double least = INFINITY;
    for (int64_t f = 1; f <= 100000 && least > 1e-13; f++) {
        double e = duration_error(f, rate);
        if (e >= least) continue;
        least = e;
        best = f;
    }
    return best;
}

/* Of n equal parts, each of `unit` frames, how many make a data record: a divisor of n, as close to
 * a second as can be. */
static int64_t choose_parts(int64_t n, int64_t unit, double rate, int64_t frame_bytes) {
    int64_t best = 1;
    double nearest = INFINITY;
    for (int64_t k = 1; k <= n && k <= 1000000; k++) {
        if (n % k || (k > 1 && k * unit * frame_bytes > MOST_BYTES)) continue;
        if (duration_error(k * unit, rate) > duration_error(unit, rate) + 1e-13) continue;
        double distance = fabs(log((double)(k * unit) / rate));
        if (distance >= nearest) continue;
        nearest = distance;
        best = k;
    }
    return best;
}

xp_edf_records xp_edf_plan_records(double rate, int64_t n_frames, int64_t frame_bytes) {
    xp_edf_records r = {0};
    int64_t unit = exact_frames(rate), parts = (n_frames + unit - 1) / unit;
    int64_t k = parts ? choose_parts(parts, unit, rate, frame_bytes) : 1;
    r.frames = k * unit;
    r.n = parts / k;
    print(r.duration, rounded((double)r.frames / rate));
    r.ticks = llround(rounded((double)r.frames / rate) / TICK);
    return r;
}
