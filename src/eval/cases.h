/* Cases with their truth, and what a model says of them: what is evaluated. */
#ifndef XP_EVAL_CASES_H
#define XP_EVAL_CASES_H

#include "base/parallel.h"
#include "base/progress.h"
#include "data/data_sets.h"
#include "data/shown.h"
#include "data/split.h"
#include "ecg/prepare.h"
#include "eval/metrics.h"
#include "nn/model.h"

typedef struct xp_eval_cases {
    size_t n;
    int n_labels;
    char names[XP_DATASET_MAX_LABELS][32];
    double *score;                        /* (n, n_labels); owned */
    int8_t *truth;                        /* (n, n_labels); owned */
    uint64_t *patient;                    /* (n); owned */
    double stored[XP_DATASET_MAX_LABELS]; /* the model's own thresholds; NaN: none */
} xp_eval_cases;

void xp_eval_cases_free(xp_eval_cases *c);

/* Memory for n cases, all of their own names unknown; stored is NaN. On error c is untouched. */
xp_status xp_eval_cases_allocate(xp_eval_cases *c, size_t n, int labels, xp_error *err);

/* Keep the labels from[0 .. n), in that order. */
void xp_eval_cases_keep(xp_eval_cases *c, const int *from, int n);

/* The label of that name, whatever its case; -1: there is none. */
int xp_eval_cases_find(const xp_eval_cases *c, const char *name);

xp_predictions xp_eval_cases_predictions(const xp_eval_cases *c);

/* Keep, in a and in b, the labels both have, in a's order; XP_ERR_FORMAT when there is none, or
 * when the cases are not the same ones. */
xp_status xp_eval_cases_match(xp_eval_cases *a, xp_eval_cases *b, xp_error *err);

/* ---- anyone's predictions: .npy files ---- */

typedef struct xp_eval_arrays {
    const char *scores, *truth; /* (cases, labels) */
    const char *patients;       /* (cases); NULL: every case is a patient of its own */
    const char *names;          /* "a,b"; NULL: label1, label2, ... */
} xp_eval_arrays;

xp_status xp_eval_cases_load(xp_eval_cases *c, const xp_eval_arrays *from, xp_error *err);

/* ---- a model's predictions ---- */

typedef struct xp_eval_source {
    const char *test_set; /* .npz of `xplaim train`; NULL: records of data */
    xp_data_sets data;
    xp_part part; /* of data */
    bool whole;   /* all of data, whatever the folds */
    int val_fold, test_fold;
    const char *cache_dir; /* NULL: none */
    xp_prepare_options prepare;
    xp_operating_point point; /* whose thresholds count as the model's own */
    xp_shown layout;          /* what of each record of data is shown */
    xp_pool *pool;
    xp_progress progress;
} xp_eval_source;

/* m's probabilities for the cases of an .npz or of data sets. Labels are matched by name; a label
 * the data do not know is unknown throughout. */
xp_status xp_eval_cases_predict(xp_eval_cases *c, const xp_model *m, const xp_eval_source *from,
                                xp_error *err);

#endif
