/* A training run: from tables of records to a model file and what belongs to it, in a folder, its
 * package: FOLDER/NAME_package/{checkpoints,logs,model_NAME.safetensors,test_set_NAME.*}. The same
 * options give the same bits, also where the run was stopped and gone on with.
 *
 *   xp_run_open    data, parts, network, package, cache, memory (run_data, run_network,
 * run_package) xp_run_epochs  steps, validation, state on disk (run_loop, run_predict)
 *   xp_run_finish  thresholds, test part, the model file (run_finish)
 *
 * With several processes each makes the same calls; the one of rank 0 writes and speaks. */
#ifndef XP_TRAIN_RUN_H
#define XP_TRAIN_RUN_H

#include "base/file.h"
#include "base/progress.h"
#include "data/augment.h"
#include "data/data_sets.h"
#include "data/split.h"
#include "eval/metrics.h"
#include "eval/thresholds.h"
#include "nn/model.h"
#include "train/trainer.h"

#include <stdio.h>

/* After each step, and before the first one of an epoch. */
typedef struct xp_run_step {
    uint64_t epoch; /* from 0 */
    int epochs;
    size_t batch, batches; /* done of the epoch; of an epoch */
    double loss;           /* mean of the epoch so far; NaN before its first step */
    int batch_size;        /* records */
} xp_run_step;

typedef struct xp_run_options {
    const char *name;   /* of the model; part of file names */
    const char *folder; /* where its package is made */

    /* data */
    xp_data_sets sets;
    const char *const *labels; /* (n_labels) to be learnt */
    int n_labels;
    bool all;             /* every record, parts by fold or hash; else these are drawn: */
    const xp_draw *draws; /* (n_draws) */
    int n_draws;
    int train_batches, val_batches, test_batches; /* of the parts; with all: 0 is no limit */
    int val_fold, test_fold;                      /* with all */
    const char *cache_dir;                        /* of prepared records; NULL: FOLDER/cache */
    bool no_cache;
    bool skip_bad;      /* leave out records that cannot be read; else the first ends the run */
    xp_augment augment; /* of the training part */

    /* network */
    xp_arch_config
        arch;       /* labels and dropout are filled in; rate and length are used with init, too */
    double dropout; /* 0: the architecture's own */
    xp_model *init; /* NULL, or a model of these labels to begin with: taken over, left empty */

    /* steps */
    int epochs, batch_size; /* batch_size: of all processes */
    int seed;               /* of everything random */
    const char *schedule;   /* staircase, constant, exponential, cosine, one-cycle, plateau */
    double rate;            /* of learning */
    int warmup, patience;   /* steps of rising rate; plateau: epochs until it is lowered */
    double weight_decay, l2, clip, ema;
    bool keras_averages;       /* xp_trainer_options */
    const char *class_weights; /* none, balanced or sqrt */
    const char *monitor;       /* what the best epoch is best in: val-loss or auroc */
    int early_stop;            /* epochs that were not better; 0: never */
    xp_threshold_choice threshold;
    xp_pool *pool;

    /* what is written and told */
    const char *licence;    /* of the data, for the model file; NULL: the known ones */
    const char *disclaimer; /* for the model file */
    int histogram_epochs;   /* between histograms; 0: none */
    int save_steps;         /* save the state every so many steps too; 0: every 5 minutes */
    bool resume, overwrite; /* of what is in the package */
    FILE *text, *warnings;  /* for people */
    xp_progress progress;   /* of preparing the records */
    /* s is NULL where the epoch's steps are over. NULL: nobody watches. */
    void (*step)(void *ctx, const xp_run_step *s);
    /* Asked after each step: true saves the state and ends with XP_ERR_CANCELLED. NULL: never. */
    bool (*stop)(void *ctx);
    void *ctx;
} xp_run_options;

typedef struct xp_run xp_run;

/* Everything before the first step. o and comm are not owned and outlive the run. */
xp_status xp_run_open(xp_run **out, const xp_run_options *o, const xp_comm *comm, xp_error *err);
xp_status xp_run_epochs(xp_run *r, xp_error *err);

typedef struct xp_run_result {
    char model[XP_PATH_MAX]; /* path of the model file */
    uint64_t epochs;
    int best_epoch;     /* from 0 */
    bool stopped;       /* early */
    bool tested;        /* there was a test part */
    xp_evaluation test; /* to be freed by xp_evaluation_free where tested */
} xp_run_result;

xp_status xp_run_finish(xp_run *r, xp_run_result *result, xp_error *err);
void xp_run_free(xp_run *r); /* r may be NULL */

#endif
