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

/* net was made from m (with explain_from <= opt->layer when maps are wanted). On error a is
 * untouched. */
xp_status xp_explain(xp_analysis *a, const xp_record *rec, const xp_model *m, xp_net *net,
                     const xp_explain_options *opt, xp_error *err);
void xp_analysis_free(xp_analysis *a);

#endif
