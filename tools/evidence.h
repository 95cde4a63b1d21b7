/* Lead occlusion and integrated gradients, as `explain --method` tells them: a value for each lead,
 * or for each segment of each lead, in logits. */
#ifndef XP_TOOLS_EVIDENCE_H
#define XP_TOOLS_EVIDENCE_H

#include "analyse.h"
#include "attribution.h"
#include "report.h"

typedef enum explain_method {
    METHOD_GRADCAM,
    METHOD_OCCLUSION,
    METHOD_IG,
    METHOD_COUNT
} explain_method;

/* "gradcam", "occlusion", "ig" */
const char *method_name(explain_method method);

typedef struct evidence {
    explain_method method;     /* not Grad-CAM */
    xp_baseline baseline;      /* of occlusion */
    const xp_model *m;         /* not owned */
    int first_label, n_labels; /* asked for */
    int segment;               /* samples; 0: whole leads */
    int segments;              /* of a lead */
    float *values;    /* (all labels, leads, segments), those asked for are filled; owned */
    float *samples;   /* ig: (n_labels, length, leads); else NULL; owned */
    xp_ig_info *info; /* ig: (n_labels); else NULL; owned */
} evidence;

/* segment_s: seconds, 0 for whole leads. XP_ERR_USAGE when it is less than a sample or more than
 * the window; XP_ERR_MEMORY. On error nothing needs to be freed. */
xp_status evidence_open(evidence *e, const analyser *an, explain_method method,
                        xp_baseline baseline, double segment_s, xp_error *err);
void evidence_free(evidence *e);

/* Of window w of the analysis: fills the arrays. net: the analyser's. */
xp_status evidence_compute(evidence *e, xp_net *net, const xp_analysis *a, int w, xp_error *err);

/* What -o writes of a window, and its shape without the windows: (n_labels, leads, segments) of
 * occlusion, (n_labels, length, leads) of integrated gradients. */
const float *evidence_output(const evidence *e, size_t shape[3]);

/* The computed window as lines of text under evidence_print_head's, and in the part of the document
 * that evidence_json_begin begins. */
void evidence_print_head(const evidence *e);
void evidence_print(const evidence *e, const xp_analysis *a, int w);
cJSON *evidence_json_begin(const evidence *e);
void evidence_json(const evidence *e, cJSON *document, const xp_report *r, int w);

#endif
