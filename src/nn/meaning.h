/* What a model's numbers mean: whether its outputs are probabilities, and what of its input nobody
 * has said. Both travel in the model file as metadata. */
#ifndef XP_NN_MEANING_H
#define XP_NN_MEANING_H

#include "nn/model.h"

/* "probabilities" or "scores"; where a file has no such metadata its graph tells. */
#define XP_META_OUTPUTS "outputs"
/* Words of xp_assumed_names with blanks between them; none where everything was said. */
#define XP_META_ASSUMED "assumed"

/* Whether every output of the graph is sure to lie in 0 to 1: it ends in a sigmoid or softmax, or
 * in means, maxima, products and joins of such values. */
bool xp_graph_is_bounded(const xp_graph *g);

/* Whether m's outputs are probabilities. Scores are any numbers, of which more speaks for the
 * label. */
bool xp_model_gives_probabilities(const xp_model *m);

/* A recording of several windows has the probability whose odds are the mean of its windows' odds.
 * What is sure in one of ten windows stays likely, and the chance of a false alarm does not grow
 * with the number of windows, as it would for the largest. Odds of 1 are infinite. */
double xp_odds(double probability);
double xp_probability_of_odds(double odds);

/* XP_ERR_FORMAT where the metadata contradicts itself or the graph: outputs that are called
 * probabilities and need not lie in 0 to 1. */
xp_status xp_model_check_meaning(const xp_model *m, xp_error *err);

/* Keep what the outputs are. XP_ERR_MEMORY. */
xp_status xp_model_set_outputs(xp_model *m, bool probabilities);

/* What an importer had to assume of the input, in bits of 1 << xp_assumed. */
typedef enum xp_assumed {
    XP_ASSUMED_LEADS,
    XP_ASSUMED_RATE,
    XP_ASSUMED_UNIT,
    XP_N_ASSUMED
} xp_assumed;
const char *xp_assumed_name(xp_assumed what); /* "leads", "rate", "unit" */
unsigned xp_model_assumed(const xp_model *m);
xp_status xp_model_set_assumed(xp_model *m, unsigned what);

/* "the order of the leads, the rate of 500 Hz and the unit mV" of what was assumed; "" for nothing.
 * Returns text. */
const char *xp_model_assumed_text(const xp_model *m, char *text, size_t size);

#endif
