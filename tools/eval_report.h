/* What `evaluate` and `compare` give beyond their text: figures, and a report that holds all of it
 * in one HTML file. */
#ifndef XP_TOOLS_EVAL_REPORT_H
#define XP_TOOLS_EVAL_REPORT_H

#include "eval_options.h"

/* One model, or two and what compares them; nothing is owned. */
typedef struct eval_results {
    const evaluated_model *models; /* (n_models) */
    const xp_evaluation *evaluations;
    int n_models;
    const char *const *names; /* of the labels */
    const char *thresholds;
    const xp_compared *compared; /* (labels); NULL: one model */
    const xp_compared *macro;    /* of the labels' mean */
} eval_results;

/* Whether --figures or --report was given. */
bool eval_report_wanted(const eval_options *o);
/* Before the work: XP_ERR_IO, XP_ERR_USAGE where they could not be written. */
xp_status eval_report_check(const eval_options *o, xp_error *err);
/* Write what was asked for; its paths are printed unless o->json. Training curves are among the
 * figures where the model lies in a package of `xplaim train`. */
xp_status eval_report_write(const eval_options *o, const eval_results *r, xp_error *err);

#endif
