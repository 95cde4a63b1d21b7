/* The pages of a PDF, drawn upright. */
#ifndef XP_ECG_PDF_PAGES_H
#define XP_ECG_PDF_PAGES_H

#include "ecg/pdf/drawing.h"

/* Every page of the document. On error d needs no pdf_drawing_free. */
xp_status pdf_draw(pdf_drawing *d, pdf_document *doc, xp_error *err);

#endif
