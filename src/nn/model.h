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
    int n_positive;                      /* positives in the test set */
} xp_label;

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
    float dropout; /* cnn: 0.5, gru: 0.3 by default; < 0 takes the default */
} xp_arch_config;

/* The builder also sets the metadata "architecture_config" (JSON text: what it was asked for). */
xp_status xp_model_build(xp_model *m, const xp_arch_config *cfg, uint64_t seed, xp_error *err);
void xp_model_free(xp_model *m);

/* Whether m is consistent: the last layer gives a vector of n_labels, the input is (length,
 * n_leads), names are there, every weight is finite and every variance + epsilon positive. err
 * names the label, lead or tensor. Read and write check this themselves; importers call it. */
xp_status xp_model_check(const xp_model *m, xp_error *err);

/* safetensors (f32 or f16) <-> model. read keeps nothing of bytes. half: store weights as float16.
 * The written bytes are malloc'ed. */
xp_status xp_model_read(xp_model *m, xp_bytes file, xp_error *err);
xp_status xp_model_write(const xp_model *m, bool half, uint8_t **bytes, size_t *size,
                         xp_error *err);

/* Metadata strings; NULL when absent. set copies both (value NULL removes). Keys that have a field
 * of their own in xp_model ("labels", "graph", "rate", ...) are XP_ERR_USAGE in set. */
const char *xp_model_meta(const xp_model *m, const char *key);
xp_status xp_model_set_meta(xp_model *m, const char *key, const char *value);

/* Index of a label by its name (case-insensitive), or -1. */
int xp_model_find_label(const xp_model *m, const char *name);

#endif
