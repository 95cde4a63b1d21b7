/* Evidence by lead and time of an analysed window, as the page asks for it: lead occlusion or
 * integrated gradients (attribution.h), with the rows of a recording's leads. */
#ifndef XP_LEAD_ATTRIBUTION_H
#define XP_LEAD_ATTRIBUTION_H

#include "attribution.h"
#include "explain.h"

#define XP_ATTRIBUTION_LIST(X)                                                                     \
    X(XP_ATTRIBUTION_OCCLUSION, "occlusion") /* half a second of one lead; all labels at once */   \
    X(XP_ATTRIBUTION_INTEGRATED_GRADIENTS,                                                         \
      "ig") /* integrated gradients, summed over 20 ms; one label */
typedef enum xp_lead_attribution_method {
#define X(id, name) id,
    XP_ATTRIBUTION_LIST(X)
#undef X
} xp_lead_attribution_method;

typedef struct xp_lead_attribution {
    xp_lead_attribution_method method;
    int window; /* of the analysis */
    int first_label, n_labels, n_leads, steps;
    double step;   /* s */
    float *rows;   /* (n_labels, leads of the model, steps) logits; owned */
    float *values; /* the same in the record's n_leads leads; NaN in those that the model does not
                      see; owned */
    xp_ig_info ig; /* of XP_ATTRIBUTION_INTEGRATED_GRADIENTS */
} xp_lead_attribution;

typedef struct xp_lead_attribution_options {
    xp_lead_attribution_method method;
    int window, label; /* label: of XP_ATTRIBUTION_INTEGRATED_GRADIENTS */
    xp_attribution_progress progress;
} xp_lead_attribution_options;

/* What the net must be made to explain; -1: any will do. */
int xp_lead_attribution_layer(xp_lead_attribution_method method);

/* a is of rec and m; net as xp_lead_attribution_layer says. On error e is untouched: XP_ERR_USAGE
 * for a window or label that is not there, and what attribution.h says. */
xp_status xp_lead_attribution_make(xp_lead_attribution *e, const xp_analysis *a,
                                   const xp_record *rec, const xp_model *m, xp_net *net,
                                   const xp_lead_attribution_options *opt, xp_error *err);
void xp_lead_attribution_free(xp_lead_attribution *e);

#endif
