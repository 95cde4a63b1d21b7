/* A recording as the rest of the program sees it: leads in millivolt at one sampling rate.
 * The reader (reader.h) makes it; prepare.h and the drawing take it. */
#ifndef XP_ECG_RECORD_H
#define XP_ECG_RECORD_H

#include "base/notice.h"
#include "ecg/facts.h"

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
    char format[24]; /* the name of its file format ("WFDB"); "": made in memory */
    double rate;     /* Hz */
    int64_t n;       /* samples in every lead */
    int n_leads;
    bool checksums_failed; /* the files state checksums, and not one is that of its samples */
    xp_lead *leads;        /* owned */
    xp_facts facts;        /* what the files say beside the samples */
    xp_notices notices;
} xp_record;

/* Leads and their samples, all NaN (n_missing = n), id XP_LEAD_NONE, calibrated, no name; facts
 * unknown. Every lead's mv is its own allocation, so that a reader may free one and move the others
 * down. On error rec is untouched: XP_ERR_FORMAT for a rate that is not in (0, 1e6] Hz,
 * XP_ERR_LIMIT for counts that cannot be addressed, XP_ERR_MEMORY. */
xp_status xp_record_alloc(xp_record *rec, const char *name, double rate, int n_leads, int64_t n,
                          xp_error *err);
void xp_record_free(xp_record *rec);

/* What works on samples asks first: XP_ERR_FORMAT where rec->checksums_failed, unless accepted. */
xp_status xp_record_check_sums(const xp_record *rec, bool accepted, xp_error *err);

/* Identity of a lead spelled in any of the field's ways: aVR, AVR, avr, "Lead aVR", "aVR lead",
 * MDC_ECG_LEAD_AVR, "ECG aVR", trailing blanks ... XP_LEAD_NONE when it is none of the twelve (the
 * rule and what is refused on purpose: leads.h). */
xp_lead_id xp_lead_parse(const char *text);
const char *xp_lead_name(xp_lead_id id);
bool xp_lead_is_limb(xp_lead_id id);  /* I to aVF */
bool xp_lead_is_chest(xp_lead_id id); /* V1 to V6 */

#endif
