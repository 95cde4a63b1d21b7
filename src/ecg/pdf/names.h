/* Which lead a curve shows, by the names on the page, and where its 0 mV is. */
#ifndef XP_ECG_PDF_NAMES_H
#define XP_ECG_PDF_NAMES_H

#include "ecg/pdf/traces.h"

/* Set text, has_zero and zero of every trace. */
void pdf_name_traces(pdf_traces *t, const pdf_drawing *d);

/* Whether a text is a lead's name, and nothing else; out (32 bytes) is the name as it is kept. */
bool pdf_lead_name(const char *text, char out[32]);

#endif
