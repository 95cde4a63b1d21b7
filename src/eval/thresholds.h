/* Where a label's threshold comes from. */
#ifndef XP_EVAL_THRESHOLDS_H
#define XP_EVAL_THRESHOLDS_H

#include "eval/cases.h"

typedef enum xp_threshold_kind {
    XP_THRESHOLD_STORED, /* the model's own, chosen when it was trained; 0.5 for a label without */
    XP_THRESHOLD_FIXED,  /* the number wanted */
    XP_THRESHOLD_CHOSEN  /* by rule, on validation data */
} xp_threshold_kind;

typedef struct xp_threshold_choice {
    xp_threshold_kind kind;
    xp_threshold_rule rule;
    double wanted;  /* sensitivity, specificity, or the fixed threshold */
    char text[128]; /* for people: where they come from */
} xp_threshold_choice;

/* "model", "youden", "youden=2", "f1", "sensitivity=0.9", "specificity=0.98" or a number. */
xp_status xp_threshold_parse(xp_threshold_choice *t, const char *text, xp_error *err);

/* thresholds (c->n_labels) for c; validation has the same labels and is looked at only when they
 * are chosen. */
xp_status xp_threshold_apply(const xp_threshold_choice *t, const xp_eval_cases *c,
                             const xp_eval_cases *validation, double *thresholds, xp_error *err);

#endif
