/* Whether a curve is held at its highest or lowest value, as one is that was cut off along a line.
 */
#ifndef XP_ECG_PDF_HELD_H
#define XP_ECG_PDF_HELD_H

#include "ecg/pdf/traces.h"

/* One end of the range of a curve on the maker's grid. */
typedef struct pdf_held {
    int32_t level;   /* the highest or lowest of its steps */
    double surprise; /* bits: how unlike a top that is whole; 0: not at all */
    int page;        /* where it is drawn, and */
    double y;        /* mm of the page */
} pdf_held;

/* steps: of the points of t. sign: 1: the highest, -1: the lowest. */
pdf_held pdf_held_at(const int32_t *steps, const pdf_trace *t, int sign);

#endif
