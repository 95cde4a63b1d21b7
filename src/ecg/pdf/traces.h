/* The curves of an ECG and its calibration pulses among the lines of a PDF, by their shape. */
#ifndef XP_ECG_PDF_TRACES_H
#define XP_ECG_PDF_TRACES_H

#include "ecg/pdf/drawing.h"

typedef struct pdf_trace {
    int page;
    pdf_point *p; /* owned by the list; x never falls */
    int n;
    uint32_t color;
    double middle; /* the median of y */
    /* Known later: */
    int text;      /* of the drawing: its lead's name; -1: none */
    bool has_zero; /* zero is the y of 0 mV, by a pulse; otherwise the middle */
    double zero;
} pdf_trace;

typedef struct pdf_pulse {
    int page;
    double x0, x1;       /* where it rises and falls */
    double base, height; /* mm of the page */
} pdf_pulse;

typedef struct pdf_traces {
    pdf_trace *items; /* owned */
    int n;
    pdf_pulse *pulses; /* owned */
    int n_pulses;
    pdf_point *points; /* owned: of all items */
} pdf_traces;

/* On error t needs no pdf_traces_free. No curve at all is no error. */
xp_status pdf_find_traces(pdf_traces *t, const pdf_drawing *d, xp_error *err);
void pdf_traces_free(pdf_traces *t);

#endif
