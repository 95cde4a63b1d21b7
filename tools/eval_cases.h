/* The predictions of a model file. */
#ifndef XP_TOOLS_EVAL_CASES_H
#define XP_TOOLS_EVAL_CASES_H

#include "data_sets.h"
#include "eval/cases.h"

/* xp_eval_cases_predict with a progress bar. data as below. */
xp_status eval_cases_of_model(xp_eval_cases *c, const xp_model *model, xp_eval_source from,
                              const data_set_options *data, xp_error *err);

/* xp_eval_cases_predict by the model in a file, with a progress bar. data (NULL: from.test_set is
 * given) are the options that name the records. */
xp_status eval_cases_predict(xp_eval_cases *c, const char *model, xp_eval_source from,
                             const data_set_options *data, xp_error *err);

#endif
