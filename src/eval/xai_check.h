/* How far a model's Grad-CAM maps can be trusted, label by label, over recordings that have the
 * label: do they depend on what was learned, do they find what the probability rests on, do they
 * stay where they are when the recording hardly changes. */
#ifndef XP_EVAL_XAI_CHECK_H
#define XP_EVAL_XAI_CHECK_H

#include "base/parallel.h"
#include "base/progress.h"
#include "data/split.h"
#include "eval/xai.h"
#include "nn/model.h"

/* code, name, definition. Each is a mean over a label's recordings. */
#define XP_XAI_MEASURE_LIST(X)                                                                     \
    X(XP_XAI_RANDOM_TOP, "randomised_last_layer",                                                  \
      "rank correlation (Spearman) of |map| with that of the model whose last layer's weights "    \
      "were shuffled")                                                                             \
    X(XP_XAI_RANDOM_THIRD, "randomised_last_third",                                                \
      "the same, the last third of the layers shuffled")                                           \
    X(XP_XAI_RANDOM_MOST, "randomised_last_two_thirds", "the same, the last two thirds shuffled")  \
    X(XP_XAI_RANDOM_ALL, "randomised_all",                                                         \
      "the same, all layers shuffled: near 0 for a map that "                                      \
      "depends on what was learned")                                                               \
    X(XP_XAI_DELETION, "deletion",                                                                 \
      "area under the probability while time bins become 0 mV, the map's strongest first")         \
    X(XP_XAI_DELETION_RANDOM, "deletion_random", "the same, bins in random order")                 \
    X(XP_XAI_DELETION_GAIN, "deletion_gain",                                                       \
      "deletion_random - deletion: above 0, the map knows better than chance what matters")        \
    X(XP_XAI_INSERTION, "insertion",                                                               \
      "area under the probability while time bins come back, the map's strongest first")           \
    X(XP_XAI_INSERTION_RANDOM, "insertion_random", "the same, bins in random order")               \
    X(XP_XAI_INSERTION_GAIN, "insertion_gain",                                                     \
      "insertion - insertion_random: above 0, the map knows better than chance what suffices")     \
    X(XP_XAI_SHIFT_RHO, "shift_correlation",                                                       \
      "rank correlation of the map with that of the recording 10 ms later, moved back")            \
    X(XP_XAI_SHIFT_PEAK, "shift_peak_kept",                                                        \
      "share of recordings whose strongest point then stays within 50 ms")                         \
    X(XP_XAI_NOISE_RHO, "noise_correlation",                                                       \
      "rank correlation of the map with that under noise of 20 uV standard deviation")             \
    X(XP_XAI_NOISE_PEAK, "noise_peak_kept",                                                        \
      "share of recordings whose strongest point then stays within 50 ms")

typedef enum xp_xai_measure {
#define X(code, name, text) code,
    XP_XAI_MEASURE_LIST(X)
#undef X
        XP_XAI_MEASURES
} xp_xai_measure;

const char *xp_xai_measure_name(xp_xai_measure m);
const char *xp_xai_measure_text(xp_xai_measure m);

typedef struct xp_xai_options {
    const xp_dataset *data;
    const xp_split *split;
    xp_part part;          /* whose recordings are looked at */
    int layer;             /* of the maps: an op with a time axis */
    int max_records;       /* positive recordings of a label, at most */
    int draws;             /* random orders for each recording */
    uint64_t seed;         /* of everything random */
    const char *cache_dir; /* of prepared records; NULL: none */
    xp_pool *pool;
    xp_progress progress;
} xp_xai_options;

typedef struct xp_xai_result {
    int n_labels;
    size_t n_records; /* recordings that were measured for any label */
    int *positives;   /* (n_labels + 1): in the part; last: of all labels together; owned */
    xp_mean *mean;    /* (n_labels + 1, XP_XAI_MEASURES); owned */
} xp_xai_result;

/* m has at most XP_DATASET_MAX_LABELS labels, which are the data's. On error r is untouched. */
xp_status xp_xai_check(xp_xai_result *r, const xp_model *m, const xp_xai_options *o, xp_error *err);
void xp_xai_result_free(xp_xai_result *r);

/* A label's measures, or at n_labels those of all labels' recordings together. */
const xp_mean *xp_xai_row(const xp_xai_result *r, int row);

#endif
