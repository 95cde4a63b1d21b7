/* What `evaluate` and `compare` work on: cases with their truth, and what a model says of them. */
#ifndef XP_TOOLS_CASES_H
#define XP_TOOLS_CASES_H

#include "data_sets.h"
#include "model_file.h"

#include "base/parallel.h"
#include "ecg/prepare.h"
#include "train/metrics.h"
#include "train/split.h"

typedef struct cases {
    size_t n;
    int n_labels;
    char names[XP_DATASET_MAX_LABELS][32];
    double *score;                        /* (n, n_labels); owned */
    int8_t *truth;                        /* (n, n_labels); owned */
    uint64_t *patient;                    /* (n); owned; NULL: every case is a patient of its own */
    double stored[XP_DATASET_MAX_LABELS]; /* the model's own thresholds; NaN: none */
} cases;

void cases_free(cases *c);

/* Keep the labels from[0 .. n), in that order. */
void cases_keep(cases *c, const int *from, int n);

xp_predictions cases_predictions(const cases *c);

/* Where cases come from; one of the first three. */
typedef struct cases_source {
    const char *scores, *truth, *patients; /* .npy */
    const char *names;                     /* "a,b" for scores; NULL: label1, label2, ... */
    const char *test_set;                  /* .npz of `xplaim train` */
    data_set_options data;
    xp_part part; /* of data */
    bool whole;   /* all of data, whatever the folds */
    int val_fold, test_fold;
    const char *cache_dir; /* NULL: none */
    xp_prepare_options prepare;
    xp_pool *pool;
} cases_source;

/* A model's probabilities for the cases of an .npz or a data set. Labels are matched by name; a
 * label the data do not know is unknown throughout. */
xp_status cases_predict(cases *c, const char *model, const cases_source *from, xp_error *err);

/* Anyone's predictions. */
xp_status cases_load(cases *c, const cases_source *from, xp_error *err);

/* Keep, in a and in b, the labels both have, in a's order; XP_ERR_FORMAT when there is none, or
 * when the cases are not the same ones. */
xp_status cases_match(cases *a, cases *b, xp_error *err);

/* ---- thresholds ---- */

typedef enum threshold_kind {
    THRESHOLD_STORED, /* the model's own, chosen when it was trained; 0.5 for a label without */
    THRESHOLD_FIXED,  /* the number wanted */
    THRESHOLD_CHOSEN  /* by rule, on validation data */
} threshold_kind;

typedef struct threshold_choice {
    threshold_kind kind;
    xp_threshold_rule rule;
    double wanted;  /* sensitivity, or the fixed threshold */
    char text[128]; /* for people: where they come from */
} threshold_choice;

/* "model", "youden", "f1", "sensitivity=0.9" or a number. */
xp_status threshold_parse(threshold_choice *t, const char *text, xp_error *err);

/* Thresholds chosen on validation data p, with where they come from, into p->labels labels. */
xp_status threshold_store(const threshold_choice *t, const xp_predictions *p, xp_label *labels,
                          xp_error *err);

/* The AUROC of test data, its interval and the positives into the labels. */
void test_figures_store(const xp_evaluation *e, xp_label *labels);

/* thresholds (c->n_labels) for c; validation has the same labels and is looked at only when they
 * are chosen. */
xp_status threshold_apply(const threshold_choice *t, const cases *c, const cases *validation,
                          double *thresholds, xp_error *err);

#endif
