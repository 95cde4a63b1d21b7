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
    bool scores;          /* "probabilities" are the scores of a model that gives no others */
    int n_maps;           /* labels explained: 0, 1 or n_labels */
    int first_map_label;  /* label of maps[.][0] */
    int map_length;       /* time steps of the layer */
    float *maps;          /* (n_windows, n_maps, map_length) signed raw Grad-CAM; owned; NULL
                             when n_maps is 0 */
    xp_cam_info *cams;    /* (n_windows, n_maps) of maps that xp_analysis_normalise has normalised
                             in place; else NULL; owned */
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

/* Normalise all maps in place (xp_gradcam_normalise). XP_ERR_MEMORY leaves them as they are. */
xp_status xp_analysis_normalise(xp_analysis *a, xp_error *err);

/* Seconds that one step of the maps lasts; 0 where there are none. */
double xp_analysis_step(const xp_analysis *a);

/* Probability of a label for the whole record: its odds are the mean of its windows'
 * (nn/meaning.h); of scores, the largest. *window (may be NULL) is the first window that has the
 * largest. */
float xp_analysis_probability(const xp_analysis *a, int label, int *window);

/* The logit that goes with it: the log of the mean of exp(logit). */
float xp_analysis_logit(const xp_analysis *a, int label);

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

/* The stretches of a normalised map that are worth words: at least half of its maximum, those less
 * than 0.1 s apart taken together, the strongest first. */
enum { XP_STRONGEST_MAX = 3 };
typedef struct xp_map_summary {
    const float *values; /* (map_length) normalised */
    xp_cam_info info;
    xp_interval strongest[XP_STRONGEST_MAX];
    int n_strongest;
} xp_map_summary;

/* Map i (of n_maps) of a window. scratch (map_length) takes the normalised values of a map that is
 * raw as yet; it is not looked at for one that was normalised in place, and may be NULL then. */
xp_map_summary xp_analysis_map(const xp_analysis *a, int window, int i, float *scratch);

#endif
