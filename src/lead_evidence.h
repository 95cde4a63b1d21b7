/* Evidence by lead and time of an analysed window, as the page asks for it: lead occlusion or
 * integrated gradients (attribution.h), with the rows of a recording's leads. */
#ifndef XP_LEAD_EVIDENCE_H
#define XP_LEAD_EVIDENCE_H

#include "attribution.h"
#include "explain.h"

typedef enum xp_evidence_method {
    XP_EVIDENCE_OCCLUSION, /* half a second of one lead at a time; all labels at once */
    XP_EVIDENCE_GRADIENTS  /* integrated, summed over 20 ms; one label */
} xp_evidence_method;

typedef struct xp_evidence {
    xp_evidence_method method;
    int first_label, n_labels, n_leads, steps;
    double step;   /* s */
    float *values; /* (n_labels, n_leads of the record, steps) logits; NaN in leads that the model
                      does not see; owned */
    xp_ig_info ig; /* of XP_EVIDENCE_GRADIENTS */
} xp_evidence;

typedef struct xp_evidence_options {
    xp_evidence_method method;
    int window, label; /* label: of XP_EVIDENCE_GRADIENTS */
    xp_attribution_progress progress;
} xp_evidence_options;

/* What the net must be made to explain; -1: any will do. */
int xp_evidence_layer(xp_evidence_method method);

/* a is of rec and m; net as xp_evidence_layer says. On error e is untouched: XP_ERR_USAGE for a
 * window or label that is not there, and what attribution.h says. */
xp_status xp_evidence_make(xp_evidence *e, const xp_analysis *a, const xp_record *rec,
                           const xp_model *m, xp_net *net, const xp_evidence_options *opt,
                           xp_error *err);
void xp_evidence_free(xp_evidence *e);

#endif
