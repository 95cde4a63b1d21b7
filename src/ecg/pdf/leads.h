/* The leads of a PDF: curves of one lead joined, on one axis of time. */
#ifndef XP_ECG_PDF_LEADS_H
#define XP_ECG_PDF_LEADS_H

#include "ecg/pdf/samples.h"

enum { PDF_MOST_LEADS = 40 };

typedef struct pdf_lead {
    char name[32];
    double *mv;     /* owned (n of the leads); NaN where nothing is drawn */
    int32_t *steps; /* owned (n); INT32_MIN where nothing is drawn; NULL: not exact */
    int drawn;      /* samples that are drawn */
    double step;    /* as in pdf_samples: the coarsest of its curves */
    int dropped;
    bool cut_off, has_zero,
        by_samples;   /* the last: unnamed on the page; its samples are the lead's */
    bool differs;     /* two curves of the lead do not agree */
    bool summed;      /* limb leads that sum to nothing prove all of its samples */
    bool doubtful;    /* steps, but perhaps cut off along a line of their grid */
    pdf_held held[2]; /* as in pdf_samples: of its curve that is held most */
} pdf_lead;

typedef struct pdf_leads {
    pdf_lead items[PDF_MOST_LEADS];
    int count;
    int64_t n;         /* samples of each */
    double rate;       /* Hz */
    int unnamed;       /* curves without a name, which are left out */
    int repeated_page; /* a page that shows other samples of the leads again, not read; 0: none */
} pdf_leads;

/* On error leads needs no pdf_leads_free. */
xp_status pdf_join(pdf_leads *out, const pdf_traces *t, const pdf_drawing *d, const pdf_scale *s,
                   double rate, const char *file, xp_error *err);
void pdf_leads_free(pdf_leads *l);

#endif
