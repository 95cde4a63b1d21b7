/* Fonts, as far as finding out which characters a text shows and how wide they are. */
#ifndef XP_ECG_PDF_FONT_H
#define XP_ECG_PDF_FONT_H

#include "ecg/pdf/document.h"

typedef struct pdf_font {
    const pdf_object *dict; /* whose font it is */
    bool wide;              /* two bytes a character */
    bool type3;
    double scale;      /* of widths to text space: 1/1000, except in Type 3 fonts */
    uint16_t *unicode; /* owned; by code; 0: not known */
    float *width;      /* owned; by code */
} pdf_font;

/* False when there is no memory. */
bool pdf_font_load(pdf_font *font, pdf_document *doc, const pdf_object *dict);
void pdf_font_free(pdf_font *font);

/* Codes of the font's tables. */
static inline int pdf_font_codes(const pdf_font *f) {
    return f->wide ? 65536 : 256;
}

#endif
