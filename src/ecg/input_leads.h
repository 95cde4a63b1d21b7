/* The leads a model wants, found in a record by name or derived (used by prepare.c). */
#ifndef XP_ECG_INPUT_LEADS_H
#define XP_ECG_INPUT_LEADS_H

#include "ecg/prepare.h"

/* Share of missing samples above which a lead is as good as none. */
#define XP_LEAD_MISSING 0.5

typedef struct xp_input_lead {
    char name[16];
    const float *mv;   /* (n) at the record's rate: the record's or derived */
    float *derived;    /* owned; NULL when the record has the lead */
    int64_t n_missing; /* values that are not finite */
    bool absent;       /* neither there nor derivable: zeros, as was accepted */
} xp_input_lead;

/* One column for each lead of spec, in its order, with notices for what was derived, is there
 * twice, is absent or is not used. A lead more than half of whose samples are missing
 * (XP_LEAD_MISSING) counts as not there: what would be drawn over its gaps is no evidence. The
 * columns point into rec. On error nothing is allocated: XP_ERR_LEAD_UNKNOWN, unless accept_absent,
 * names the lead and what the record has (or how much of it is missing). */
xp_status xp_input_leads_find(xp_input_lead **out, const xp_record *rec, const xp_input_spec *spec,
                              bool accept_absent, xp_notices *notes, xp_error *err);
void xp_input_leads_free(xp_input_lead *columns, int n);

#endif
