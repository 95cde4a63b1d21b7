/* A record as a printed page or a short recording has it: of the samples of a whole record, those
 * that such a document lacks are 0, as `prepare` makes them where a reader found none. */
#ifndef XP_DATA_SHOWN_H
#define XP_DATA_SHOWN_H

#include "base/status.h"

/* Eight leads (I, II, V1-V6) are no layout: the other four follow from them. */
#define XP_SHOWN_LIST(X)                                                                           \
    X(WHOLE, "whole") /* as it is */                                                               \
    X(3X4_1, "3x4+1") /* three rows of four leads, 2.5 s each, and a strip of lead II */           \
    X(3X4, "3x4")     /* without the strip */                                                      \
    X(6X2, "6x2")     /* six rows of two leads, 5 s each */                                        \
    X(LIMB, "limb")   /* the six limb leads alone */                                               \
    X(SHORT, "short") /* the first 5 s */

typedef enum xp_shown {
#define X(id, name) XP_SHOWN_##id,
    XP_SHOWN_LIST(X)
#undef X
        XP_SHOWN_KINDS
} xp_shown;

/* XP_ERR_USAGE lists the names. */
xp_status xp_shown_parse(xp_shown *out, const char *name, xp_error *err);
const char *xp_shown_name(xp_shown l);

/* Of x (length, n_leads), whose first `valid` samples come from a record of that rate, set to 0
 * what the layout does not have. leads: canonical names of the columns; a lead that is none of the
 * twelve stays whole. A page's columns begin at the record's begin; strip is the lead that is
 * printed whole on it (canonical name), NULL: lead II. */
void xp_shown_apply(xp_shown l, float *x, int length, int n_leads, const char (*leads)[16],
                    double rate, int valid, const char *strip);

/* Only n samples from `from` on: they move to the beginning, what follows is 0. */
void xp_shown_cut(float *x, int length, int n_leads, int from, int n);

#endif
