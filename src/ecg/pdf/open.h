/* Opening a PDF: its tables, or a search where they are damaged, and its encryption. */
#ifndef XP_ECG_PDF_OPEN_H
#define XP_ECG_PDF_OPEN_H

#include "ecg/pdf/document.h"

/* file must outlive doc. On error doc needs no pdf_close. */
xp_status pdf_open(pdf_document *doc, xp_bytes file, const char *name, xp_error *err);

#endif
