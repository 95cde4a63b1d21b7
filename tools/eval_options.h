/* Options that `evaluate` and `compare` share: where cases come from, thresholds, intervals. */
#ifndef XP_TOOLS_EVAL_OPTIONS_H
#define XP_TOOLS_EVAL_OPTIONS_H

#include "command.h"
#include "data_sets.h"
#include "eval/thresholds.h"

typedef struct eval_options {
    const char *model, *model_b; /* evaluate: model; compare: both */
    const char *scores, *scores_b, *truth, *patients, *names;
    const char *cinc_weights, *cinc_normal;
    const char *val_scores, *val_scores_b, *val_truth;
    const char *test_set, *val_set;
    data_set_options data;
    const char *part, *layout, *point, *cache_dir, *threshold, *csv, *figures, *report;
    int val_fold, test_fold, resamples, seed, threads, min_positives;
    double level, dpi;
    xp_prepare_options prepare;
    bool json;
} eval_options;

/* The shared part of the table. */
#define OPTIONS_EVAL                                                                               \
    {"test-set",                                                                                   \
     0,                                                                                            \
     OPTION_TEXT,                                                                                  \
     "X.npz",                                                                                      \
     "cases: a test set that `xplaim train` wrote",                                                \
     offsetof(eval_options, test_set)},                                                            \
        OPTIONS_DATA_SETS(eval_options, ""),                                                       \
        {"part",                                                                                   \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "PART",                                                                                   \
         "of the data set: test (default), validation, train, all",                                \
         offsetof(eval_options, part)},                                                            \
        OPTION_POINT(eval_options),                                                                \
        {"layout",                                                                                 \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "NAME",                                                                                   \
         "show of each record what a page has: 3x4+1, 3x4, 6x2, limb, short (default whole)",      \
         offsetof(eval_options, layout)},                                                          \
        {"val-fold",                                                                               \
         0,                                                                                        \
         OPTION_COUNT,                                                                             \
         "N",                                                                                      \
         "strat_fold of the validation part (default 9)",                                          \
         offsetof(eval_options, val_fold)},                                                        \
        {"test-fold",                                                                              \
         0,                                                                                        \
         OPTION_COUNT,                                                                             \
         "N",                                                                                      \
         "strat_fold of the test part (default 10)",                                               \
         offsetof(eval_options, test_fold)},                                                       \
        {"cache-dir",                                                                              \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "DIR",                                                                                    \
         "keep prepared records here (default: nowhere)",                                          \
         offsetof(eval_options, cache_dir)},                                                       \
        {"truth",                                                                                  \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "Y.npy",                                                                                  \
         "truth of the scores: 1, 0, -1 (unknown)",                                                \
         offsetof(eval_options, truth)},                                                           \
        {"patients",                                                                               \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "P.npy",                                                                                  \
         "patient of each case, whole numbers (default: a case is a patient)",                     \
         offsetof(eval_options, patients)},                                                        \
        {"names",                                                                                  \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "A,B",                                                                                    \
         "names of the scores' labels",                                                            \
         offsetof(eval_options, names)},                                                           \
        {"threshold",                                                                              \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "RULE",                                                                                   \
         "model (default), youden, f1, sensitivity=0.9, specificity=0.98 (on validation data), a " \
         "number",                                                                                 \
         offsetof(eval_options, threshold)},                                                       \
        {"val-set",                                                                                \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "X.npz",                                                                                  \
         "validation data for --test-set",                                                         \
         offsetof(eval_options, val_set)},                                                         \
        {"val-truth",                                                                              \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "Y.npy",                                                                                  \
         "validation data for scores",                                                             \
         offsetof(eval_options, val_truth)},                                                       \
        {"level",                                                                                  \
         0,                                                                                        \
         OPTION_NUMBER,                                                                            \
         "P",                                                                                      \
         "of the intervals (default 0.95)",                                                        \
         offsetof(eval_options, level)},                                                           \
        {"resamples",                                                                              \
         0,                                                                                        \
         OPTION_COUNT,                                                                             \
         "N",                                                                                      \
         "of the bootstrap over patients (default 1000)",                                          \
         offsetof(eval_options, resamples)},                                                       \
        {"min-positives",                                                                          \
         0,                                                                                        \
         OPTION_COUNT,                                                                             \
         "N",                                                                                      \
         "labels with fewer positives take no part in the macro mean (default 0)",                 \
         offsetof(eval_options, min_positives)},                                                   \
        {"seed",                                                                                   \
         0,                                                                                        \
         OPTION_COUNT,                                                                             \
         "N",                                                                                      \
         "of the bootstrap (default 1)",                                                           \
         offsetof(eval_options, seed)},                                                            \
        {"report",                                                                                 \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "FILE.html",                                                                              \
         "write tables and figures as one HTML file that opens anywhere",                          \
         offsetof(eval_options, report)},                                                          \
        {"figures",                                                                                \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "DIR",                                                                                    \
         "write each figure there, as PNG and SVG",                                                \
         offsetof(eval_options, figures)},                                                         \
        {"dpi",                                                                                    \
         0,                                                                                        \
         OPTION_NUMBER,                                                                            \
         "N",                                                                                      \
         "pixels an inch of the PNG (default 300)",                                                \
         offsetof(eval_options, dpi)},                                                             \
        OPTION_MISSING_LEADS(eval_options), OPTION_THREADS(eval_options, "0"),                     \
        OPTION_JSON(eval_options)

#define EVAL_DEFAULTS                                                                              \
    {                                                                                              \
        .part = "test", .layout = "whole", .val_fold = 9, .test_fold = 10, .resamples = 1000,      \
        .seed = 1, .level = 0.95, .threshold = "model"                                             \
    }

/* XP_ERR_USAGE where it is not clear which cases are meant, or of what. two: compare. */
xp_status eval_check(const eval_options *o, bool two, xp_error *err);

/* One model's cases (second: compare's other one) and their thresholds (n_labels). *validation is
 * read only where the thresholds ask for it and else stays empty. */
typedef struct evaluated_model {
    xp_eval_cases cases, validation;
    double thresholds[XP_DATASET_MAX_LABELS];
} evaluated_model;

xp_status eval_load(evaluated_model *m, const eval_options *o, bool second,
                    const xp_threshold_choice *t, xp_pool *pool, xp_error *err);
void eval_free(evaluated_model *m);

xp_eval_options eval_settings(const eval_options *o);

#endif
