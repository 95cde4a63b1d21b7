/* What is measured on a recording: its beats, their waves, intervals, axes, amplitudes.
 *
 * Method. Beats are found on all leads at once by their spatial velocity (Macfarlane 1990) and
 * grouped by the correlation of that velocity. Each group has a median beat. Global marks are made
 * on the median beat: QRS by spatial velocity against the measured noise, P and T on the projection
 * that holds most of the wave (Laguna 1990; T end by the steepest tangent, Lepeschkin 1952). A P
 * wave exists where the median beat holds more energy than the difference of odd and even beats.
 * The marks of one beat are those of its group's median beat, moved to where that beat's own waves
 * correlate best. A lead's marks lie within the global ones: see lead_marks.c. Definitions: IEC
 * 60601-2-25, former -2-51.
 *
 * A beat whose complex is a mixture of the dominant kind's and a ventricular kind's, where a sinus
 * beat was due, is a fusion beat (fusion.c).
 *
 * A pacemaker's stimuli are found from 250 Hz on, and cut out before anything is measured.
 *
 * Where the gate found a lead at the rail, flat, without samples or jumping, it is no evidence of
 * beats, and an interval across a time in which no lead is one is none (blind.c).
 *
 * The record is measured as it is: filters only detect. Where the gate found the mains, though, in
 * those leads and times alone, it is taken out, since no onset can be seen in it. What was taken
 * for a beat and is noise is dropped (doubt.c), and the interval across it is none. Nothing is
 * guessed: what cannot be measured is NaN with a reason.
 *
 * Units: seconds for times, ms for intervals, mV for amplitudes, degrees for axes. Times are from
 * the record's first sample. The numbers are the same natively and in WebAssembly. */
#ifndef XP_MEASURE_MEASURE_H
#define XP_MEASURE_MEASURE_H

#include "measure/source.h"

struct xp_quality; /* measure/quality.h */

/* ==== why there is no number ================================================================= */

#define XP_REASON_LIST(X)                                                                          \
    X(XP_REASON_NO_BEATS, "NO_BEATS", "no beats found")                                            \
    X(XP_REASON_FEW_BEATS, "FEW_BEATS", "fewer than three beats")                                  \
    X(XP_REASON_NO_P_WAVE, "NO_P_WAVE", "no P wave found")                                         \
    X(XP_REASON_T_NOT_FOUND, "T_NOT_FOUND", "no T wave found")                                     \
    X(XP_REASON_NOISE, "NOISE", "too much noise")                                                  \
    X(XP_REASON_FLAT, "FLAT", "the leads are flat")                                                \
    X(XP_REASON_LEADS_MISSING, "LEADS_MISSING", "the leads it needs are missing")                  \
    X(XP_REASON_INCONSISTENT, "INCONSISTENT", "the values disagree")                               \
    X(XP_REASON_PACED, "PACED", "paced beats")                                                     \
    X(XP_REASON_UNCALIBRATED, "UNCALIBRATED", "the record has no calibration")                     \
    X(XP_REASON_OUT_OF_RANGE, "OUT_OF_RANGE", "outside the range that can be measured")

typedef enum xp_reason {
    XP_REASON_NONE, /* there is a number */
#define X(id, name, text) id,
    XP_REASON_LIST(X)
#undef X
} xp_reason;

/* How close a number is: "high" is within the standard's limit in 95 of 100. */
typedef enum xp_reliability {
    XP_RELIABILITY_NONE, /* there is no number */
    XP_RELIABILITY_HIGH,
    XP_RELIABILITY_MODERATE,
    XP_RELIABILITY_LOW
} xp_reliability;

/* ==== beats ================================================================================== */

/* Seconds from the beat's own time_s (negative: before it); NaN: not found. */
typedef struct xp_wave {
    float onset, peak, offset;
} xp_wave;

typedef struct xp_waves {
    xp_wave p, qrs, t;
} xp_waves;

typedef struct xp_beat {
    double time_s;  /* of the QRS complex, where the median beat has its largest magnitude */
    float rr_s;     /* from the beat before; NaN for the first and across a gap or noise */
    char kind;      /* AAMI EC57: 'N', 'S', 'V', 'F' (fusion), 'Q' (paced, or like no other) */
    char symbol;    /* WFDB's annotation code: 'N', 'S', 'V', 'F', 'Q', '/' (paced) */
    bool used;      /* in the median beat that the values come from */
    int group;      /* beats alike have one number; from 0, by size within each window */
    xp_waves waves; /* global: earliest onset, latest offset over the leads */
} xp_beat;

/* ==== values ================================================================================= */

/* id, name, unit, words, then codes: MDC of aECG, MDC in DICOM's notation (PS3.16), LOINC, DCM. */
#define XP_QUANTITY_LIST(X)                                                                        \
    X(XP_HEART_RATE, "heart_rate", "/min", "heart rate", "MDC_ECG_HEART_RATE", "2:16770",          \
      "8867-4", "")                                                                                \
    X(XP_RR_INTERVAL, "rr_interval", "ms", "RR interval", "", "2:16168", "", "")                   \
    X(XP_P_DURATION, "p_duration", "ms", "P duration", "", "2:16184", "", "")                      \
    X(XP_PR_INTERVAL, "pr_interval", "ms", "PR interval", "MDC_ECG_TIME_PD_PR", "2:15872",         \
      "8625-6", "")                                                                                \
    X(XP_QRS_DURATION, "qrs_duration", "ms", "QRS duration", "MDC_ECG_TIME_PD_QRS", "2:16156",     \
      "8633-0", "")                                                                                \
    X(XP_QT_INTERVAL, "qt_interval", "ms", "QT interval", "MDC_ECG_TIME_PD_QT", "2:16160",         \
      "8634-8", "")                                                                                \
    X(XP_QTC_BAZETT, "qtc_bazett", "ms", "QTc (Bazett)", "MDC_ECG_TIME_PD_QTcB", "2:15880",        \
      "8636-3", "122730")                                                                          \
    X(XP_QTC_FRIDERICIA, "qtc_fridericia", "ms", "QTc (Fridericia)", "MDC_ECG_TIME_PD_QTcF",       \
      "2:15892", "8636-3", "122732")                                                               \
    X(XP_QTC_FRAMINGHAM, "qtc_framingham", "ms", "QTc (Framingham)", "", "2:15876", "8636-3",      \
      "122733")                                                                                    \
    X(XP_QTC_HODGES, "qtc_hodges", "ms", "QTc (Hodges)", "", "2:15876", "8636-3", "122731")        \
    X(XP_P_AXIS, "p_axis", "deg", "P axis", "MDC_ECG_ANGLE_P_FRONT", "2:16128", "", "")            \
    X(XP_QRS_AXIS, "qrs_axis", "deg", "QRS axis", "MDC_ECG_ANGLE_QRS_FRONT", "2:16132", "8632-2",  \
      "")                                                                                          \
    X(XP_T_AXIS, "t_axis", "deg", "T axis", "MDC_ECG_ANGLE_T_FRONT", "2:16136", "", "")

typedef enum xp_quantity_id {
#define X(id, name, unit, text, mdc, scp, loinc, dcm) id,
    XP_QUANTITY_LIST(X)
#undef X
        XP_QUANTITY_COUNT
} xp_quantity_id;

typedef struct xp_quantity_type {
    const char *name, *unit, *text, *mdc, *scpecg, *loinc, *dcm; /* codes: "" where there is none */
} xp_quantity_type;

typedef struct xp_quantity {
    double value;     /* NaN: reason says why */
    double low, high; /* of the single beats; NaN where there is no range */
    int beats;        /* that it comes from */
    xp_reliability reliability;
    xp_reason reason;
} xp_quantity;

/* ==== leads ================================================================================== */

#define XP_AMPLITUDE_LIST(X)                                                                       \
    X(XP_AMPLITUDE_P, "p")                                                                         \
    X(XP_AMPLITUDE_Q, "q")                                                                         \
    X(XP_AMPLITUDE_R, "r")                                                                         \
    X(XP_AMPLITUDE_S, "s")                                                                         \
    X(XP_AMPLITUDE_R2, "r2")                                                                       \
    X(XP_AMPLITUDE_S2, "s2")                                                                       \
    X(XP_AMPLITUDE_T, "t")                                                                         \
    X(XP_AMPLITUDE_J, "j")                                                                         \
    X(XP_AMPLITUDE_ST60, "st60")                                                                   \
    X(XP_AMPLITUDE_ST80, "st80")

typedef enum xp_amplitude_id {
#define X(id, name) id,
    XP_AMPLITUDE_LIST(X)
#undef X
        XP_AMPLITUDE_COUNT
} xp_amplitude_id;

typedef struct xp_lead_measures {
    int lead;                     /* index in the record's leads */
    xp_reason reason;             /* why the lead was not measured; XP_REASON_NONE: it was */
    float mv[XP_AMPLITUDE_COUNT]; /* against the level before QRS; NaN: no such wave */
    float duration_ms[XP_AMPLITUDE_S2 + 1]; /* of P Q R S R' S'; NaN: no such wave */
    xp_waves *beats; /* (n_beats) the marks of this lead; owned; NULL where it was not measured */
} xp_lead_measures;

/* The median beat of the dominant group. Marks are in seconds from the beat's fiducial point, which
 * lies at sample `fiducial`. */
typedef struct xp_median_beat {
    double rate;  /* Hz: the record's, or a multiple of it below 250 Hz */
    int n;        /* samples; 0: there is no median beat */
    int fiducial; /* sample of the fiducial point */
    int n_leads;  /* the record's */
    float *mv;    /* (n_leads, n) against the level before QRS; owned; NaN in leads not measured */
    int n_beats;  /* that it was made of */
    xp_waves waves;       /* global marks; seconds from the fiducial point */
    xp_waves *lead_waves; /* (n_leads); owned */
    float *noise_mv;      /* (n_leads) rms of the median beat's noise; owned */
} xp_median_beat;

/* ==== rhythm ================================================================================= */

typedef enum xp_irregularity {
    XP_RHYTHM_UNKNOWN, /* too few beats */
    XP_RHYTHM_REGULAR,
    XP_RHYTHM_IRREGULAR,  /* now and then: ectopic beats, sinus arrhythmia */
    XP_RHYTHM_IRREGULARLY /* no interval like another, as in fibrillation */
} xp_irregularity;

typedef enum xp_presence { XP_PRESENCE_UNKNOWN, XP_PRESENT, XP_ABSENT } xp_presence;

/* NaN where there are too few beats. */
typedef struct xp_rr_statistics {
    double mean_ms, median_ms, min_ms, max_ms; /* over all beats */
    double sdnn_ms, rmssd_ms;                  /* between beats of class N, or paced ones */
    double cv;                                 /* sdnn over mean */
} xp_rr_statistics;

typedef struct xp_measures {
    xp_beat *beats; /* owned; by time */
    int n_beats, cap_beats;
    xp_quantity quantities[XP_QUANTITY_COUNT];
    xp_lead_measures *leads; /* (n_leads) owned; in the record's order */
    int n_leads;
    xp_median_beat median;
    xp_rr_statistics rr;
    xp_irregularity irregularity;
    xp_presence p_waves;
    int n_supraventricular, n_ventricular, n_fusion;
    bool paced;       /* a pacemaker's stimuli were found; they are cut out of what is measured */
    xp_reason reason; /* why nothing at all could be measured */
} xp_measures;

/* Measure rec. quality: xp_quality_assess's, whose unusable leads give no number; NULL: only leads
 * that are empty or flat are left out. On error out is empty: XP_ERR_MEMORY, XP_ERR_LIMIT (a rate
 * that is not in 50 to 4000 Hz). A record on which nothing can be measured is no error. */
xp_status xp_measure(xp_measures *out, const xp_record *rec, const struct xp_quality *quality,
                     xp_error *err);
xp_status xp_measure_samples(xp_measures *out, const xp_sample_source *src,
                             const struct xp_quality *quality, xp_error *err);
void xp_measures_free(xp_measures *m);

const xp_quantity_type *xp_quantity_get(xp_quantity_id id);
const char *xp_reason_name(xp_reason r); /* "" for XP_REASON_NONE */
const char *xp_reason_text(xp_reason r);
const char *xp_reliability_name(xp_reliability r); /* "" for XP_RELIABILITY_NONE */
const char *xp_amplitude_name(xp_amplitude_id id);
const char *xp_irregularity_name(xp_irregularity i); /* "" for XP_RHYTHM_UNKNOWN */
const char *xp_presence_name(xp_presence p);         /* "" for XP_PRESENCE_UNKNOWN */

#endif
