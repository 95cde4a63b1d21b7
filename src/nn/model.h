/* A model: graph + weights + what its outputs mean and what its input must be. */
#ifndef XP_NN_MODEL_H
#define XP_NN_MODEL_H

#include "base/bytes.h"
#include "nn/graph.h"

#define XP_MODEL_FORMAT_VERSION "1"
#define XP_MAX_LEADS 64

/* One output. Numbers that are not known are NaN, counts -1, texts "". */
typedef struct xp_label {
    char name[32];                       /* "afib" */
    char long_name[96];                  /* "Atrial fibrillation" */
    double threshold;                    /* on the probability */
    char threshold_source[96];           /* "validation (fold 9), Youden" */
    double auroc, auroc_low, auroc_high; /* on the test set, 95 % interval */
    int n_positive, n_negative;          /* in the test set; -1: not known */
    int found, false_alarms;             /* of those, how many reach the threshold; -1: not known */
    /* A second operating point: few false alarms. NaN: there is none. */
    double specific_threshold;
    char specific_source[96];
    int specific_found, specific_false_alarms;
} xp_label;

/* All that is known of a label from tests and validation: nothing. Names stay. */
void xp_label_forget(xp_label *l);

/* Fewer positives in the test set than this say next to nothing. */
enum { XP_LABEL_TESTED = 10 };

/* Which threshold of each label is in use, in `threshold` and what belongs to it. */
typedef enum xp_operating_point {
    XP_BALANCED,
    XP_SPECIFIC,
    XP_OPERATING_POINTS
} xp_operating_point;
const char *xp_operating_point_name(xp_operating_point p); /* "balanced", "high-specificity" */
int xp_operating_point_find(const char *name);             /* -1: no point of that name */

typedef struct xp_meta_item {
    char *key, *value; /* owned */
} xp_meta_item;

typedef struct xp_model {
    char name[64];
    char architecture[32]; /* "ecg-xplaim", "cnn", "gru", or "graph" for a general one */
    xp_graph graph;
    float *weights; /* graph.n_weights floats, params at their offsets; owned, 64-byte aligned */
    xp_label *labels;
    int n_labels;                 /* = channels of the last op */
    char leads[XP_MAX_LEADS][16]; /* canonical names in the order of the input's columns */
    int n_leads;                  /* = channels of the input */
    double rate;                  /* Hz */
    int length;                   /* samples of the input window */
    bool trained;                 /* false: weights that were never fitted to real labels */
    xp_operating_point point;     /* in use; a model is read, and written, at the balanced one */
    /* Every other metadata string of the file, kept as it was and written back: training data,
     * licence, notes, temperature, card facts ... Values may be JSON text. */
    xp_meta_item *meta;
    int n_meta;
} xp_model;

/* Builders. Weights are allocated: Glorot-uniform kernels (orthogonal for GRU recurrence), zero
 * biases, unit gamma, from seed. Default lead order (12 leads): I II III aVR aVF aVL V1..V6 (the
 * order of MIMIC-IV-ECG, which the published weights expect). Labels are named by the caller
 * (n_labels names). On error *m is untouched. */
typedef struct xp_arch_config {
    const char *arch; /* "ecg-xplaim", "cnn", "gru" */
    int length, n_leads;
    double rate;
    int n_labels;
    const char *const *labels;
    const char *const *leads; /* NULL: default order; required unless n_leads is 12 */
    /* ecg-xplaim only; zeros take the published values (16,32,128 and 2,10,40) */
    int n_blocks, filters[8];
    int n_kernels, kernels[8];
    double floor;  /* ecg-xplaim only: log-odds of a moment count as -floor below it (nn/floor.h);
                      0: none */
    float dropout; /* cnn: 0.5, gru: 0.3 by default; < 0 takes the default */
} xp_arch_config;

/* The builder also sets the metadata "architecture_config" (JSON text: what it was asked for). */
xp_status xp_model_build(xp_model *m, const xp_arch_config *cfg, uint64_t seed, xp_error *err);
/* Put another operating point to use: the labels' thresholds, where they come from, and the counts
 * at them are exchanged. has: any label has a threshold there. */
void xp_model_operate_at(xp_model *m, xp_operating_point p);
bool xp_model_can_operate_at(const xp_model *m, xp_operating_point p);

void xp_model_free(xp_model *m);

/* Metadata strings; NULL when absent. set copies both (value NULL removes). Keys that have a field
 * of their own in xp_model ("labels", "graph", "rate", ...) are XP_ERR_USAGE in set. */
const char *xp_model_meta(const xp_model *m, const char *key);
xp_status xp_model_set_meta(xp_model *m, const char *key, const char *value);

/* Index of a label by its name (case-insensitive), or -1. */
int xp_model_find_label(const xp_model *m, const char *name);

#endif
