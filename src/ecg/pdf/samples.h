/* From the points of a curve to samples: the sampling rate, the values between dropped points, and
 * whether they lie on a maker's own grid. */
#ifndef XP_ECG_PDF_SAMPLES_H
#define XP_ECG_PDF_SAMPLES_H

#include "ecg/pdf/held.h"
#include "ecg/pdf/scale.h"

typedef struct pdf_samples {
    double rate;  /* Hz */
    double start; /* s after the page's first curve */
    int n;
    double *mv;     /* owned (n); NaN where nothing is drawn */
    int32_t *steps; /* owned (n); in the maker's steps of 4.88 uV; NULL: not on that grid */
    double step;    /* mV: what the drawing's coordinates are rounded to; 0: finer than 1 uV */
    int dropped;    /* samples that are not points of the drawing: on straight lines between them */
    bool cut_off;   /* at a limit */
    pdf_held held[2]; /* of the steps, at the highest and the lowest of them */
} pdf_samples;

/* The steps of a MUSE system, in mV. */
#define PDF_MUSE_STEP 0.00488

/* page_start: x of the page's first curve. rate > 0: what the user gives. */
xp_status pdf_sample(pdf_samples *out, const pdf_trace *t, const pdf_scale *s, double page_start,
                     double rate, const char *file, xp_error *err);
void pdf_samples_free(pdf_samples *s);

#endif
