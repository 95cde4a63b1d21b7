/* What a learner's answers to a case set are worth: an answers document in, a results document out
 * (tools/schema/answers.schema.json). How points come about, README.md says. */
#ifndef XP_TEACH_RESULTS_H
#define XP_TEACH_RESULTS_H

#include "teach/set.h"

/* *results is the caller's (cJSON_Delete). A fault names the case and, in it, the answer's field.
 */
xp_status xp_teach_score(cJSON **results, const xp_teach_set *set, xp_bytes answers,
                         xp_teach_fault *fault);

#endif
