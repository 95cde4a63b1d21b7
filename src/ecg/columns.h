/* The leads a model wants, found in a record by name or derived (used by prepare.c). */
#ifndef XP_ECG_COLUMNS_H
#define XP_ECG_COLUMNS_H

#include "ecg/prepare.h"

typedef struct xp_column {
    char name[16];
    const float *mv;   /* (n) at the record's rate: the record's or derived */
    float *derived;    /* owned; NULL when the record has the lead */
    int64_t n_missing; /* values that are not finite */
    bool absent;       /* neither there nor derivable: zeros, as was accepted */
} xp_column;

/* One column for each lead of spec, in its order, with notices for what was derived, is there
 * twice, is absent or is not used. A lead all of whose samples are missing counts as not there. The
 * columns point into rec. On error nothing is allocated: XP_ERR_LEAD_UNKNOWN, unless accept_absent,
 * names the lead and what the record has (or that its samples are all missing). */
xp_status xp_columns_find(xp_column **out, const xp_record *rec, const xp_input_spec *spec,
                          bool accept_absent, xp_notices *notes, xp_error *err);
void xp_columns_free(xp_column *columns, int n);

#endif
