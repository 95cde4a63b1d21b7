/* What every output says in the same words. */
#ifndef XP_BASE_STATEMENTS_H
#define XP_BASE_STATEMENTS_H

#define XP_DISCLAIMER                                                                              \
    "Research and education only. Not a medical device. Not for diagnosis, treatment, monitoring " \
    "or clinical decisions."
/* Of a model whose outputs are no probabilities. */
#define XP_SCORES                                                                                  \
    "the model's outputs are scores, no probabilities: any number, and more of it speaks for the " \
    "label"

/* Of a model whose file did not say what its input is. */
#define XP_INPUT_ASSUMED(what)                                                                     \
    "assumed of the model's input, since its file did not say: " what                              \
    "; where that is wrong its results are too"

#define XP_UNTRAINED                                                                               \
    "untrained: weights not known to be fitted to real labels; the numbers are arithmetic, not "   \
    "findings"
#define XP_MAP_SCOPE "time only: this map does not tell leads apart"
#define XP_NO_EVIDENCE "no positive evidence at this layer"

#endif
