/* From millimetres of a page to seconds and millivolts: by the pitch of the grid, the calibration
 * pulse and the words "25 mm/s 10 mm/mV". They must agree within 1 %. */
#ifndef XP_ECG_PDF_SCALE_H
#define XP_ECG_PDF_SCALE_H

#include "ecg/pdf/traces.h"

typedef struct pdf_scale {
    double mm[2]; /* millimetres of ECG paper in one of the page, along x and y */
    double speed; /* mm/s of ECG paper */
    double gain;  /* mm/mV */
    bool has_grid, has_pulse, has_words;
    double pitch; /* of the grid, as it is on the page; mm */
} pdf_scale;

/* What the user gives counts where the page does not say it, or contradicts itself: opt->rate (the
 * sampling rate of the curves) for the speed, opt->unit ("25 mm/s 10 mm/mV", or one of the two) for
 * both. XP_ERR_UNITS: one of them must be given. */
xp_status pdf_find_scale(pdf_scale *s, const pdf_drawing *d, const pdf_traces *t, double rate,
                         const char *unit, const char *file, xp_error *err);

/* The number in front of "mm/s" (0) or "mm/mV" (1) in a text; 0: it has none. cm count as 10 mm. */
double pdf_stated_scale(const char *text, int which);

#endif
