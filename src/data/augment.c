#include "data/augment.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/rng.h"
#include "data/shown.h"
#include "ecg/filter.h"

xp_augment xp_augment_defaults(void) {
    return (xp_augment){.shift = 0.5,
                        .circular = 0.5,
                        .gain = {0.7, 1.4},
                        .chest_gain = {0.7, 1.4},
                        .lead_drop = 0.2,
                        .noise = 0.02,
                        .lowpass = 0.1};
}

static xp_status bad(xp_error *err, const char *what, double v, const char *expected) {
    return xp_fail(err, XP_ERR_USAGE, "augmentation: %s is %g; expected %s", what, v, expected);
}

xp_status xp_augment_check(const xp_augment *a, xp_error *err) {
    const struct {
        const char *name;
        double v;
    } chance[] = {{"circular", a->circular},
                  {"lead drop", a->lead_drop},
                  {"low-pass", a->lowpass},
                  {"band-pass", a->bandpass},
                  {"layout", a->layout}};
    for (int i = 0; i < 5; i++)
        if (!(chance[i].v >= 0 && chance[i].v <= 1))
            return bad(err, chance[i].name, chance[i].v, "a probability from 0 to 1");
    if (!(a->rhythm >= 0 && a->rhythm <= XP_AUGMENT_MOST_RHYTHM))
        return bad(err, "rhythm", a->rhythm, "a share of the records from 0 to 0.5");
    if (!(a->shift >= 0 && isfinite(a->shift))) return bad(err, "shift", a->shift, "seconds");
    if (!(a->noise >= 0 && a->noise <= 10)) return bad(err, "noise", a->noise, "millivolt");
    const double *gains[] = {a->gain, a->chest_gain};
    for (int i = 0; i < 2; i++)
        if (gains[i][1] != 0 && !(gains[i][0] > 0 && gains[i][1] >= gains[i][0]))
            return bad(err, "gain", gains[i][0], "LOW,HIGH with 0 < LOW <= HIGH");
    return XP_OK;
}

/* ==== one change each ===================================================================== */

/* x as (length, n) with only its first valid rows in play. */
typedef struct signal {
    float *x;
    int valid, n;
    double rate;
    double *work;
} signal;

static float *at(const signal *s, int t, int lead) {
    return s->x + (size_t)t * (size_t)s->n + (size_t)lead;
}

/* Where = from, moved by `by` samples (positive: later). */
static void move(const signal *s, int by, bool circular) {
    double *column = s->work;
    for (int lead = 0; by != 0 && lead < s->n; lead++) {
        for (int t = 0; t < s->valid; t++) column[t] = (double)*at(s, t, lead);
        for (int t = 0; t < s->valid; t++) {
            int from = t - by;
            if (circular) from = (from % s->valid + s->valid) % s->valid;
            *at(s, t, lead) = from >= 0 && from < s->valid ? (float)column[from] : 0;
        }
    }
}

static double log_uniform(xp_rng *r, const double range[2]) {
    double u = xp_rng_uniform(r);
    return range[1] > 0 ? range[0] * pow(range[1] / range[0], u) : 1;
}

static void scale(const signal *s, int lead, double factor) {
    for (int t = 0; t < s->valid; t++) *at(s, t, lead) *= (float)factor;
}

/* Four 16-bit uniform numbers make one that is close to normal (Irwin-Hall), variance 1. */
static double bell(xp_rng *r) {
    uint64_t u = xp_rng_u64(r);
    double sum = (double)((u & 0xffff) + (u >> 16 & 0xffff) + (u >> 32 & 0xffff) + (u >> 48));
    return (sum / 65535 - 2) * 1.7320508075688772;
}

static void add_noise(const signal *s, xp_rng *r, double sd) {
    for (int t = 0; t < s->valid; t++)
        for (int lead = 0; lead < s->n; lead++) *at(s, t, lead) += (float)(sd * bell(r));
}

static void filter(const signal *s, const xp_sos *f) {
    double *column = s->work;
    for (int lead = 0; lead < s->n; lead++) {
        for (int t = 0; t < s->valid; t++) column[t] = (double)*at(s, t, lead);
        xp_filter_both_ways(f, column, s->valid, s->work + s->valid);
        for (int t = 0; t < s->valid; t++) *at(s, t, lead) = (float)column[t];
    }
}

/* Butterworth low-pass of 2nd order, bilinear transform with the edge prewarped. */
static xp_sos low_pass(double cut, double rate) {
    double k = tan(3.14159265358979323846 * cut / rate), q = 1.4142135623730951 * k;
    double norm = 1 / (1 + q + k * k), b = k * k * norm;
    return (xp_sos){1, {{b, 2 * b, b}}, {{2 * (k * k - 1) * norm, (1 - q + k * k) * norm}}};
}

/* ========================================================================================== */

long xp_augment_work(int length) {
    const long edges = 2L * 3 * (2 * XP_SOS_MAX + 1);
    return 2L * length + edges;
}

static void filters(const signal *s, const xp_augment *a, xp_rng *r) {
    xp_sos f;
    double low = xp_rng_uniform(r), cut = 20 * pow(5, xp_rng_uniform(r)), band = xp_rng_uniform(r);
    if (low < a->lowpass && cut < 0.45 * s->rate) {
        f = low_pass(cut, s->rate);
        filter(s, &f);
    }
    if (band < a->bandpass && xp_filter_bandpass(&f, 0.5, 40, s->rate, NULL) == XP_OK)
        filter(s, &f);
}

static void shift(const signal *s, const xp_augment *a, xp_rng *r) {
    bool circular = xp_rng_uniform(r) < a->circular;
    double u = xp_rng_uniform(r);
    double most = fmin(a->shift * s->rate, s->valid - 1);
    move(s, circular ? (int)(u * s->valid) : (int)lrint((2 * u - 1) * most), circular);
}

static void gains(const signal *s, const xp_augment *a, xp_rng *r, const char (*leads)[16]) {
    double all = log_uniform(r, a->gain);
    for (int lead = 0; lead < s->n; lead++) {
        double own = log_uniform(r, a->chest_gain);
        scale(s, lead, leads[lead][0] == 'V' ? all * own : all);
    }
}

/* The most common page most often; strips of lead II most often. Draws as many numbers whatever
 * comes of them. */
static void lay_out(const signal *s, const xp_augment *a, xp_rng *r, int length,
                    const char (*leads)[16]) {
    double wanted = xp_rng_uniform(r), kind = xp_rng_uniform(r), strip = xp_rng_uniform(r);
    double seconds = 4 + 4 * xp_rng_uniform(r), from = xp_rng_uniform(r);
    const char *whole = strip < 0.7 ? "II" : strip < 0.85 ? "V1" : "V5";
    xp_shown page = kind < 0.35   ? XP_SHOWN_3X4_1
                    : kind < 0.5  ? XP_SHOWN_3X4
                    : kind < 0.65 ? XP_SHOWN_6X2
                    : kind < 0.8  ? XP_SHOWN_LIMB
                                  : XP_SHOWN_SHORT;
    int n = (int)lrint(seconds * s->rate);
    if (wanted >= a->layout) return;
    if (page != XP_SHOWN_SHORT)
        xp_shown_apply(page, s->x, length, s->n, leads, s->rate, s->valid, whole);
    else if (s->valid >= 8 * s->rate)
        xp_shown_cut(s->x, length, s->n, (int)(from * (s->valid - n)), n);
}

void xp_augment_apply(const xp_augment *a, uint64_t seed, float *x, int length, int n_leads,
                      const char (*leads)[16], double rate, int valid, double *work) {
    signal s = {x, valid < length ? valid : length, n_leads, rate, work};
    xp_rng r = xp_rng_seed(seed);
    if (s.valid < 2) return;
    filters(&s, a, &r);
    shift(&s, a, &r);
    gains(&s, a, &r, leads);
    double noise = xp_rng_uniform(&r) * a->noise;
    if (noise > 0) add_noise(&s, &r, noise);
    bool drop = xp_rng_uniform(&r) < a->lead_drop;
    uint32_t lead = xp_rng_below(&r, (uint32_t)n_leads);
    if (drop) scale(&s, (int)lead, 0);
    lay_out(&s, a, &r, length, leads);
}
