#include "measure/reversal.h"

#include "measure/reversal_weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEADS = XP_REVERSAL_LEADS, POINTS = XP_REVERSAL_POINTS, BEFORE = 6, INSIDE = 10 };

#define BEFORE_S 0.25 /* of the first point, before QRS */
#define BEFORE_STEP_S 0.035
#define AFTER_S 0.04 /* from the end of QRS to the first point after it */
#define AFTER_STEP_S 0.04

/* Samples of a lead of the median beat; NULL where it was not measured. */
static const float *lead_of(const xp_median_beat *beat, const xp_record *rec, xp_lead_id id) {
    for (int l = 0; l < rec->n_leads; l++) {
        const float *x = beat->mv + (size_t)l * (size_t)beat->n;
        if (rec->leads[l].id == id && isfinite(x[beat->fiducial])) return x;
    }
    return NULL;
}

/* Mean over [from, to) seconds from the fiducial point, of a x + b y (y may be NULL). */
static double mean_of(const xp_median_beat *beat, const float *x, const float *y, double b,
                      double from, double to) {
    int first = (int)floor(beat->fiducial + from * beat->rate + 0.5);
    int end = (int)floor(beat->fiducial + to * beat->rate + 0.5);
    first = first < 0 ? 0 : first > beat->n - 1 ? beat->n - 1 : first;
    end = end <= first ? first + 1 : end > beat->n ? beat->n : end;
    double sum = 0;
    for (int i = first; i < end; i++) sum += (double)x[i] + (y ? b * (double)y[i] : 0);
    return sum / (end - first);
}

/* Start of stretch k, s from the fiducial point; that of k + 1 is its end, but at the two seams. */
static void stretch(const xp_waves *w, int k, double *from, double *to) {
    const double onset = (double)w->qrs.onset, offset = (double)w->qrs.offset;
    if (k < BEFORE) {
        *from = onset - BEFORE_S + k * BEFORE_STEP_S;
        *to = *from + BEFORE_STEP_S;
    } else if (k < BEFORE + INSIDE) {
        *from = onset + (offset - onset) * (k - BEFORE) / INSIDE;
        *to = onset + (offset - onset) * (k - BEFORE + 1) / INSIDE;
    } else {
        *from = offset + AFTER_S + (k - BEFORE - INSIDE) * AFTER_STEP_S;
        *to = *from + AFTER_STEP_S;
    }
}

bool xp_reversal_basis(float basis[LEADS][POINTS], const xp_median_beat *beat,
                       const xp_record *rec) {
    static const xp_lead_id ids[LEADS] = {XP_LEAD_I,  XP_LEAD_II, XP_LEAD_V1, XP_LEAD_V2,
                                          XP_LEAD_V3, XP_LEAD_V4, XP_LEAD_V5, XP_LEAD_V6};
    if (beat->n == 0 || !(beat->waves.qrs.offset > beat->waves.qrs.onset)) return false;
    for (int l = 0; l < LEADS; l++) {
        const float *x = lead_of(beat, rec, ids[l]), *y = NULL;
        if (!x && ids[l] == XP_LEAD_II) { /* flat, as RA/RL makes it: I + III is as flat */
            x = lead_of(beat, rec, XP_LEAD_I);
            y = lead_of(beat, rec, XP_LEAD_III);
            if (!y) return false;
        }
        if (!x) return false;
        for (int k = 0; k < POINTS; k++) {
            double from, to;
            stretch(&beat->waves, k, &from, &to);
            basis[l][k] = (float)mean_of(beat, x, y, 1, from, to);
        }
    }
    return true;
}

/* ---- the algebra ---- */

typedef struct swap {
    const char *electrodes;
    int a, b; /* rows of the basis: chest leads that change places; limb leads: -1 */
} swap;

/* In the order of xp_reversal_margin. */
static const swap swaps[REVERSAL_SWAPS] = {
    {"", -1, -1},    {"LA/RA", -1, -1}, {"LA/LL", -1, -1}, {"RA/LL", -1, -1}, {"V1/V2", 2, 3},
    {"V2/V3", 3, 4}, {"V3/V4", 4, 5},   {"V4/V5", 5, 6},   {"V5/V6", 6, 7},   {"V1/V6", 2, 7},
};
enum { NONE, LA_RA, LA_LL, RA_LL };

/* Swap k, which is its own inverse. LA/RA: I becomes -I, II becomes III. LA/LL: I and II change
 * places. RA/LL: I becomes -III, II becomes -II. */
static void apply_swap(float basis[LEADS][POINTS], int k) {
    const int a = k >= LA_RA && k <= RA_LL ? 0 : swaps[k].a, b = a == 0 ? 1 : swaps[k].b;
    if (k == NONE) return;
    for (int i = 0; i < POINTS; i++) {
        const float x = basis[a][i], y = basis[b][i];
        basis[a][i] = k == LA_RA ? -x : k == RA_LL ? x - y : y;
        basis[b][i] = k == LA_RA ? y - x : k == RA_LL ? -y : x;
    }
}

/* ---- how right a recording looks ---- */

#define SMALL_MV 0.005F
#define P_GAIN 4.0F

static float rms(const float *v, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) sum += v[i] * v[i];
    return sqrtf(sum / (float)n);
}

/* Limb leads over their common size, chest leads over theirs: sizes that no swap changes. */
static void scale_leads(float basis[LEADS][POINTS]) {
    float limb = 0, chest = 0;
    for (int i = 0; i < POINTS; i++) {
        const float x = basis[0][i], y = basis[1][i];
        limb += x * x + y * y + (y - x) * (y - x);
        for (int l = 2; l < LEADS; l++) chest += basis[l][i] * basis[l][i];
    }
    limb = 1 / (sqrtf(limb / (3 * POINTS)) + SMALL_MV);
    chest = 1 / (sqrtf(chest / (6 * POINTS)) + SMALL_MV);
    for (int l = 0; l < LEADS; l++)
        for (int i = 0; i < POINTS; i++) basis[l][i] *= l < 2 ? limb : chest;
}

/* Of points from `first` on: correlations of all pairs of leads (without means), each lead's size.
 */
static float *add_likeness(float *out, float basis[LEADS][POINTS], int first, int n,
                           float size[LEADS]) {
    for (int l = 0; l < LEADS; l++) size[l] = rms(basis[l] + first, n) * sqrtf((float)n) + 0.1F;
    for (int a = 0; a < LEADS; a++) {
        for (int b = a + 1; b < LEADS; b++) {
            float sum = 0;
            for (int i = first; i < first + n; i++) sum += basis[a][i] * basis[b][i];
            *out++ = sum / (size[a] * size[b]);
        }
    }
    return out;
}

static void make_features(float out[REVERSAL_FEATURES], float basis[LEADS][POINTS]) {
    float qrs[LEADS], t[LEADS];
    scale_leads(basis);
    float *high = add_likeness(out + LEADS * POINTS, basis, BEFORE, INSIDE, qrs);
    high = add_likeness(high, basis, BEFORE + INSIDE, POINTS - BEFORE - INSIDE, t);
    float *low = high + LEADS;
    for (int l = 0; l < LEADS; l++) {
        high[l] = low[l] = basis[l][BEFORE];
        for (int i = BEFORE; i < BEFORE + INSIDE; i++) {
            high[l] = basis[l][i] > high[l] ? basis[l][i] : high[l];
            low[l] = basis[l][i] < low[l] ? basis[l][i] : low[l];
        }
        low[LEADS + l] = qrs[l];
        low[2 * LEADS + l] = t[l];
        for (int i = 0; i < POINTS; i++)
            out[l * POINTS + i] = i < BEFORE ? P_GAIN * basis[l][i] : basis[l][i];
    }
}

/* Larger: more like a recording with every electrode in its place. basis is changed. */
static float score(float basis[LEADS][POINTS]) {
    float features[REVERSAL_FEATURES], hidden[REVERSAL_HIDDEN];
    make_features(features, basis);
    for (int h = 0; h < REVERSAL_HIDDEN; h++) hidden[h] = 0;
    for (int f = 0; f < REVERSAL_FEATURES; f++) {
        float v = (features[f] - xp_reversal_mean[f]) * xp_reversal_scale[f];
        v = v > 6 ? 6 : v < -6 ? -6 : v;
        for (int h = 0; h < REVERSAL_HIDDEN; h++)
            hidden[h] += v * (float)xp_reversal_input[f * REVERSAL_HIDDEN + h];
    }
    float sum = 0;
    for (int h = 0; h < REVERSAL_HIDDEN; h++) {
        const float v = xp_reversal_bias[h] + xp_reversal_factor[h] * hidden[h];
        sum += xp_reversal_output[h] * (v > 0 ? v : 0.1F * v);
    }
    return sum;
}

/* ---- the finding ---- */

#define NO_SIGNAL 0.14F /* of lead II against I and III when RA and RL are swapped */

/* Size of lead II over that of I and III; 1 where those have none. */
static float part_of_lead_ii(float basis[LEADS][POINTS]) {
    float iii[POINTS];
    for (int i = 0; i < POINTS; i++) iii[i] = basis[1][i] - basis[0][i];
    const float i1 = rms(basis[0], POINTS), i3 = rms(iii, POINTS);
    return i1 > SMALL_MV ? rms(basis[1], POINTS) / sqrtf(0.5F * (i1 * i1 + i3 * i3)) : 1;
}

/* 1 / (1 + e^-x), by (1 - x / 4096)^4096: close enough to be shown, and the same everywhere. */
static double logistic(double x) {
    double e = 1 - (x > 30 ? 30 : x) / 4096;
    for (int i = 0; i < 12; i++) e *= e;
    return 1 / (1 + e);
}

static void write_sentence(xp_quality_finding *f, bool is_possible) {
    const char *known = is_possible ? "is possible" : "is likely";
    snprintf(f->text, sizeof f->text,
             "A swap of the electrodes %s %s: compare with the patient, put them right and record "
             "again",
             f->electrodes, known);
}

static xp_status add_swap(xp_quality *q, const char *electrodes, double value, bool is_possible,
                          const xp_record *rec, xp_error *err) {
    xp_quality_finding f = {.code = XP_QUALITY_REVERSAL, .lead = -1, .value = value, .unit = "1"};
    f.end_s = (double)rec->n / rec->rate;
    snprintf(f.electrodes, sizeof f.electrodes, "%s", electrodes);
    write_sentence(&f, is_possible);
    if (q->grade == XP_GRADE_GOOD) q->grade = XP_GRADE_LIMITED;
    return xp_quality_add(q, &f, err);
}

xp_status xp_reversal_find(xp_quality *q, const xp_median_beat *beat, const xp_record *rec,
                           xp_error *err) {
    float basis[LEADS][POINTS], as_is = 0, most = 0;
    int found = NONE;
    if (!xp_reversal_basis(basis, beat, rec)) return XP_OK;
    const float part = part_of_lead_ii(basis);
    if (part <= NO_SIGNAL) return add_swap(q, "RA/RL", 1 - (double)part, false, rec, err);
    for (int k = 0; k < REVERSAL_SWAPS; k++) {
        float changed[LEADS][POINTS];
        memcpy(changed, basis, sizeof changed);
        apply_swap(changed, k);
        const float s = score(changed);
        if (k == NONE)
            as_is = s;
        else if (s - as_is - xp_reversal_margin[k] > most)
            most = s - as_is - xp_reversal_margin[k], found = k;
    }
    if (found == NONE) return XP_OK;
    return add_swap(q, swaps[found].electrodes, logistic((double)most), found == LA_LL, rec, err);
}
