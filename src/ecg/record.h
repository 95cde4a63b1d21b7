/* A recording as the rest of the program sees it: leads in millivolt at one sampling rate.
 * Readers (wfdb.h) make it; prepare.h and the drawing take it. */
#ifndef XP_ECG_RECORD_H
#define XP_ECG_RECORD_H

#include "base/notice.h"

#include <stdbool.h>
#include <stdint.h>

/* The twelve standard leads; order here is only an identity, never a file's or a model's order. */
#define XP_LEAD_LIST(X)                                                                            \
    X(XP_LEAD_I, "I")                                                                              \
    X(XP_LEAD_II, "II")                                                                            \
    X(XP_LEAD_III, "III")                                                                          \
    X(XP_LEAD_AVR, "aVR")                                                                          \
    X(XP_LEAD_AVL, "aVL")                                                                          \
    X(XP_LEAD_AVF, "aVF")                                                                          \
    X(XP_LEAD_V1, "V1")                                                                            \
    X(XP_LEAD_V2, "V2")                                                                            \
    X(XP_LEAD_V3, "V3")                                                                            \
    X(XP_LEAD_V4, "V4")                                                                            \
    X(XP_LEAD_V5, "V5")                                                                            \
    X(XP_LEAD_V6, "V6")

typedef enum xp_lead_id {
    XP_LEAD_NONE = -1, /* not one of the twelve */
#define X(id, name) id,
    XP_LEAD_LIST(X)
#undef X
        XP_LEAD_COUNT
} xp_lead_id;

typedef struct xp_lead {
    char name[32]; /* canonical ("aVR") when id is known, else as in the file */
    xp_lead_id id;
    bool derived;    /* computed from other leads */
    bool calibrated; /* false: the file has no gain or units; 200 adu/mV was assumed */
    float *mv;       /* (n) millivolt; NaN where the sample is missing; owned by the record */
    int64_t n_missing;
} xp_lead;

typedef struct xp_record {
    char name[128];
    double rate; /* Hz */
    int64_t n;   /* samples in every lead */
    int n_leads;
    xp_lead *leads; /* owned */
    double age;     /* years; NaN unknown */
    char sex;       /* 'F', 'M' or 0 */
    char dx[512];   /* the header's diagnosis comment as it stands, or "" */
    xp_notices notices;
} xp_record;

/* Leads and their samples, all NaN (n_missing = n), id XP_LEAD_NONE, calibrated, no name; age NaN.
 * Every lead's mv is its own allocation, so that a reader may free one and move the others down.
 * On error rec is untouched: XP_ERR_FORMAT for a rate that is not in (0, 1e6] Hz, XP_ERR_LIMIT for
 * counts that cannot be addressed, XP_ERR_MEMORY. */
xp_status xp_record_alloc(xp_record *rec, const char *name, double rate, int n_leads, int64_t n,
                          xp_error *err);
void xp_record_free(xp_record *rec);

/* Identity of a lead spelled in any of the field's ways: aVR, AVR, avr, "Lead aVR", "aVR lead",
 * MDC_ECG_LEAD_AVR, "ECG aVR", trailing blanks ... XP_LEAD_NONE when it is none of the twelve (the
 * rule and what is refused on purpose: leads.h). */
xp_lead_id xp_lead_parse(const char *text);
const char *xp_lead_name(xp_lead_id id);

#endif
