/* The quality gate: what is wrong with a recording, in which lead and when, before anything is
 * measured on it. Every test runs on windows of fixed length, so that a recording of any length is
 * judged in one pass. Only + - * / sqrt fabs and floor decide: the native program and the
 * WebAssembly one find the same. */
#ifndef XP_MEASURE_QUALITY_H
#define XP_MEASURE_QUALITY_H

#include "measure/source.h"

/* Stable lower-case names are used in JSON. */
#define XP_QUALITY_LIST(X)                                                                         \
    X(XP_QUALITY_FLAT, "flat")              /* one value, or nearly: value in s */                 \
    X(XP_QUALITY_SATURATED, "saturated")    /* at the rail: value in s */                          \
    X(XP_QUALITY_GAP, "gap")                /* samples are missing: value in s */                  \
    X(XP_QUALITY_MAINS_50, "mains_50hz")    /* value: amplitude (peak) in uV */                    \
    X(XP_QUALITY_MAINS_60, "mains_60hz")    /* the same */                                         \
    X(XP_QUALITY_WANDER, "baseline_wander") /* value: peak to peak in mV */                        \
    X(XP_QUALITY_MUSCLE, "muscle_noise")    /* value: rms between the beats in uV */               \
    X(XP_QUALITY_STEP, "step")              /* value: height in mV, with its sign */               \
    X(XP_QUALITY_EINTHOVEN, "einthoven")    /* value: rms of what should be zero, in mV */         \
    X(XP_QUALITY_REVERSAL, "reversal")      /* electrodes swapped: value is the probability */

typedef enum xp_quality_code {
#define X(id, name) id,
    XP_QUALITY_LIST(X)
#undef X
} xp_quality_code;

typedef enum xp_quality_grade {
    XP_GRADE_GOOD,
    XP_GRADE_LIMITED,
    XP_GRADE_UNUSABLE /* the whole recording should be taken again */
} xp_quality_grade;

typedef struct xp_quality_finding {
    xp_quality_code code;
    int lead; /* index in the record's leads; -1: the whole recording */
    char lead_name[32];
    double start_s, end_s; /* 0 <= start_s <= end_s <= duration */
    double value;          /* finite */
    const char *unit;      /* static: "s", "uV", "mV", "1" */
    char electrodes[8];    /* "LA/RA"; "" unless code is reversal */
    char text[240];        /* a sentence that says what is wrong and what to do */
} xp_quality_finding;

typedef struct xp_quality_lead {
    bool usable;        /* false: no number may be taken from this lead */
    double noise_uv;    /* rms between the beats, median over windows; NaN where nothing is there */
    double baseline_uv; /* peak to peak of the baseline below 0.7 Hz; NaN likewise */
    double mains_uv;    /* amplitude of the stronger mains frequency; NaN likewise */
    int mains_hz;       /* 50 or 60; 0 where neither is below half the sampling rate */
} xp_quality_lead;

/* A calibration pulse instead of the ECG, with the level around it. */
typedef struct xp_quality_pulse {
    double start_s, end_s;
} xp_quality_pulse;

enum { XP_QUALITY_PULSES = 16 }; /* further ones are not told */

typedef struct xp_quality {
    xp_quality_grade grade;
    xp_quality_finding *findings; /* owned; by time, then lead */
    int n_findings, cap_findings;
    xp_quality_lead *leads; /* owned; one for each lead of the record, in its order */
    int n_leads;
    xp_quality_pulse pulses[XP_QUALITY_PULSES]; /* by time; no findings: nothing is wrong */
    int n_pulses;
} xp_quality;

const char *xp_quality_name(xp_quality_code code);
const char *xp_quality_grade_name(xp_quality_grade grade);

/* Judge rec as it was recorded: filters hide what is looked for. On error out is empty:
 * XP_ERR_MEMORY. */
xp_status xp_quality_assess(xp_quality *out, const xp_record *rec, xp_error *err);

xp_status xp_quality_assess_samples(xp_quality *out, const xp_sample_source *src, xp_error *err);

/* Append a copy of a finding; the grade stays. XP_ERR_MEMORY leaves q as it was. */
xp_status xp_quality_add(xp_quality *q, const xp_quality_finding *finding, xp_error *err);

/* Whether [start_s, end_s] of a lead is free of findings that forbid taking a number there: flat,
 * saturated, gap and step. */
bool xp_quality_clean(const xp_quality *q, int lead, double start_s, double end_s);

void xp_quality_free(xp_quality *q);

#endif
