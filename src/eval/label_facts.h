/* What an evaluation leaves in a model's labels. */
#ifndef XP_EVAL_LABEL_FACTS_H
#define XP_EVAL_LABEL_FACTS_H

#include "eval/thresholds.h"
#include "nn/model.h"

/* Thresholds chosen on validation data p, with where they come from, into p->labels labels, for one
 * of the operating points. */
xp_status xp_labels_store_thresholds(const xp_threshold_choice *t, const xp_predictions *p,
                                     xp_operating_point point, xp_label *labels, xp_error *err);

/* The AUROC of test data, its interval, positives and negatives, and how many of each reach the
 * thresholds that the labels have, into e->labels labels. p is what e was made of. */
void xp_labels_store_test(const xp_evaluation *e, const xp_predictions *p, xp_label *labels);

#endif
