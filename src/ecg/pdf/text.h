/* Text operators: which characters are shown, and where. */
#ifndef XP_ECG_PDF_TEXT_H
#define XP_ECG_PDF_TEXT_H

#include "ecg/pdf/state.h"

/* The text operators; false where op is none. */
bool pdf_text_operator(pdf_interpreter *in, const pdf_object *op, const pdf_object *resources);
void pdf_end_run(pdf_interpreter *in);

#endif
