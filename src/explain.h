/* Where ecg and nn meet: a record and a model in, probabilities and maps out. The tool, the page
 * and the batch jobs all call this. */
#ifndef XP_EXPLAIN_H
#define XP_EXPLAIN_H

#include "ecg/prepare.h"
#include "nn/gradcam.h"

typedef struct xp_analysis {
    int n_windows, n_labels;
    float *probabilities; /* (n_windows, n_labels); owned */
    float *logits;        /* (n_windows, n_labels); owned */
    int n_maps;           /* labels explained: 0, 1 or n_labels */
    int first_map_label;  /* label of maps[.][0] */
    int map_length;       /* time steps of the layer */
    float *maps;          /* (n_windows, n_maps, map_length) signed raw Grad-CAM; owned; NULL
                             when n_maps is 0 */
    xp_input input;       /* what the network saw; owned */
} xp_analysis;

typedef struct xp_explain_options {
    xp_prepare_options prepare;
    int layer; /* op index, or -1: no maps */
    int label; /* label index, or -1: all labels */
} xp_explain_options;

/* What the model's input must be. Points into m. */
xp_input_spec xp_model_input_spec(const xp_model *m);

/* net was made from m (to explain opt->layer when maps are wanted). On error a is untouched. */
xp_status xp_explain(xp_analysis *a, const xp_record *rec, const xp_model *m, xp_net *net,
                     const xp_explain_options *opt, xp_error *err);

/* The same for windows that are already prepared (opt->prepare is not looked at). On success *in
 * belongs to a and is emptied; on error both are untouched. */
xp_status xp_explain_input(xp_analysis *a, xp_input *in, const xp_model *m, xp_net *net,
                           const xp_explain_options *opt, xp_error *err);
void xp_analysis_free(xp_analysis *a);

/* Probability of a label for the whole record: the largest of its windows, since a finding that
 * comes and goes need only be in one of them. *window (may be NULL) is the first that has it. */
float xp_analysis_probability(const xp_analysis *a, int label, int *window);

/* A stretch of a normalised map, in seconds from its window's start. */
typedef struct xp_interval {
    double start, end; /* s */
    float peak;        /* largest value in it, (0, 1] */
} xp_interval;

/* Where map (t; 0..1, each step lasting `step` seconds) is at least `level`; stretches less than
 * `join` seconds apart are one. The max_out with the largest peaks, largest first (the earlier one
 * of equals); returns how many. NaN counts as below the level. */
int xp_map_intervals(const float *map, int t, double step, float level, double join,
                     xp_interval *out, int max_out);

#endif
