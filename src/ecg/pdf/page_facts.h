/* What the words of the pages state of the person and the device. */
#ifndef XP_ECG_PDF_PAGE_FACTS_H
#define XP_ECG_PDF_PAGE_FACTS_H

#include "ecg/facts.h"
#include "ecg/pdf/drawing.h"

/* Age, sex, device and filters, where a word says just that. Names and dates are not looked for. */
void pdf_page_facts(xp_facts *f, const pdf_drawing *d);

#endif
