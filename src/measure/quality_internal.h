/* What the tests of the quality gate share; included by quality*.c alone. */
#ifndef XP_MEASURE_QUALITY_INTERNAL_H
#define XP_MEASURE_QUALITY_INTERNAL_H

#include "measure/quality.h"

/* Lengths that several tests use, in s. */
#define XP_GATE_WINDOW 1.0   /* noise and mains are judged by the second */
#define XP_GATE_SECTION 10.0 /* the baseline by ten seconds */

enum { XP_GATE_SPANS = 64 }; /* findings of one kind in one lead; further ones prolong the last */

/* A recording under test. x is the lead in turn. */
typedef struct xp_gate {
    xp_quality *q;
    const xp_record *rec;
    int lead; /* index in rec->leads; -1: none in particular */
    const float *x;
    int64_t n;
    double rate;
    int64_t window;   /* samples of XP_GATE_WINDOW, at least 1 */
    double *samples;  /* (window) */
    double *taper;    /* (window) Hann */
    double *sums;     /* (window) */
    double *swings;   /* (n_leads) sum of the baseline's peak to peak in sections, mV */
    int *sections;    /* (n_leads) number of these */
    float *series;    /* (n_leads, 4, stride): the four below of all parts of the recording */
    size_t stride;    /* seconds of the whole recording, and one more */
    float *noise;     /* (n_windows) */
    float *line[2];   /* (n_windows) amplitude at 50 and 60 Hz */
    float *swing;     /* (n_windows) peak to peak in mV */
    float *activity;  /* (n_leads) median of swing */
    float *sorted;    /* (n_leads) */
    xp_lead *leads;   /* (n_leads) of a part's record */
    const float **mv; /* (n_leads) */
    int n_windows;
    xp_error *err;
} xp_gate;

/* Times at which one test of one lead finds the same; neighbours become one finding. */
typedef struct xp_span {
    xp_quality_code code;
    double merge_s; /* a pause up to this does not end the finding */
    double start_s, end_s, value;
    bool is_open;
    int count;
} xp_span;

/* The larger |value| of the merged times is kept. Times must come in the order of their ends. */
xp_status xp_span_add(xp_gate *g, xp_span *s, double start_s, double end_s, double value);
xp_status xp_span_close(xp_gate *g, xp_span *s);

/* The sentence of a finding whose other fields are set. */
void xp_quality_write_text(xp_quality_finding *f);

/* The tests of a part of the recording, whose findings go to g->q; what the lead's numbers come
 * from is kept. */
xp_status xp_gate_runs(xp_gate *g);      /* gap, flat, saturated */
xp_status xp_gate_noise(xp_gate *g);     /* mains_50hz, mains_60hz, muscle_noise */
xp_status xp_gate_baseline(xp_gate *g);  /* baseline_wander, step */
xp_status xp_gate_einthoven(xp_gate *g); /* all limb leads at once */
void xp_gate_pulses(xp_gate *g);         /* and takes out the findings in them */

/* The lead's noise and mains, of all parts, to g->q->leads[g->lead]. */
void xp_gate_noise_values(xp_gate *g);

/* Flat, saturated, gap. */
bool xp_gate_records_nothing(xp_quality_code code);
/* Seconds of that time for which g->lead has such findings. */
double xp_gate_dead_s(const xp_gate *g, double start_s, double end_s);

/* From the findings: what is usable, and the grade. */
void xp_gate_grade(xp_gate *g);

/* Median of v (n), which is reordered; NaN when n is 0. */
double xp_gate_median(float *v, int n);

#endif
