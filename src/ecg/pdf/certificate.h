/* Which leads on the maker's own grid are not called exact all the same. */
#ifndef XP_ECG_PDF_CERTIFICATE_H
#define XP_ECG_PDF_CERTIFICATE_H

#include "ecg/pdf/leads.h"

/* A line at which a curve was cut off may lie on the maker's grid: then every sample still does.
 * Of limb leads the sums tell it; other leads are doubtful where they are held at such a line. */
void pdf_doubt_held_leads(pdf_leads *l, const pdf_drawing *d, const pdf_scale *s);

#endif
