/* xplaim train, in four files: cmd_train.c (options), train_setup.c (data, parts, model, trainer),
 * train_loop.c (epochs, validation, resuming), train_package.c (what is written). */
#ifndef XP_TOOLS_TRAIN_H
#define XP_TOOLS_TRAIN_H

#include "command.h"
#include "data_sets.h"
#include "nn/model.h"
#include "train/dataset_load.h"
#include "train/events.h"
#include "train/metrics.h"
#include "train/split.h"
#include "train/trainer.h"

enum { TRAIN_PATH = 4096, TRAIN_MAX_DRAWS = XP_DATASET_MAX_LABELS + 1 };

typedef struct train_options {
    /* data */
    const char *model_name;
    text_list label_counts;
    const char *labels;
    data_set_options data;
    int train_batches, val_batches, test_batches;
    int val_fold, test_fold;
    const char *cache_dir;
    bool all, no_cache, skip_bad;
    /* model */
    const char *arch, *filters, *kernels, *leads, *init;
    double rate, dropout;
    int length;
    /* steps */
    int epochs, batch_size, seed, threads, early_stop, warmup, patience;
    const char *schedule, *class_weights, *monitor, *threshold;
    double lr, weight_decay, l2, clip, ema;
    bool augment;
    xp_augment changes;
    /* output */
    const char *models_output_dir, *licence;
    int tensorboard_freq, save_steps;
    bool resume, overwrite, json;
} train_options;

/* The state of the loop beside the trainer's own: kept with it on disk. */
typedef struct train_progress {
    uint64_t fingerprint;   /* of data, parts and settings */
    uint64_t epoch, batch;  /* to go on with */
    double loss, known;     /* of this epoch so far: sum of batch means, batches */
    double best;            /* of what is monitored; smaller is better */
    int best_epoch, waited; /* epoch of it, -1: none; epochs since */
    char best_file[128];    /* in checkpoints/ */
    bool stopped;           /* early */
} train_progress;

typedef struct training {
    train_options opt;
    FILE *say; /* text for people: standard error where --json has the standard output */
    xp_comm comm;
    xp_pool *pool;
    /* data */
    int n_labels, n_draws;
    char labels[XP_DATASET_MAX_LABELS][32];
    xp_draw draws[TRAIN_MAX_DRAWS];
    xp_dataset data;
    xp_split split;
    size_t unreadable;  /* records left out (--skip-bad) */
    xp_input_spec spec; /* points into model */
    xp_reader *reader;
    xp_loader_options train_set, val_set;
    xp_loader *train_loader, *val_loader;
    size_t epoch_batches;
    /* model */
    xp_model model;
    xp_trainer_options trainer_options;
    xp_trainer *trainer;
    float positive_weights[XP_DATASET_MAX_LABELS];
    size_t trainer_bytes;
    /* validation: (n of the part, labels) */
    float *p;
    double *score;
    int8_t *truth;
    uint64_t *patient;
    /* what is written, by rank 0 */
    char package[TRAIN_PATH], checkpoints[TRAIN_PATH], logs[TRAIN_PATH], state[TRAIN_PATH];
    char *log; /* owned: the CSV log as text */
    struct xp_events *events;
    int lock; /* descriptor of checkpoints/, held while the run writes there; -1: none */
    train_progress progress;
} training;

/* ---- train_setup.c ---- */
xp_status train_prepare(training *t, xp_error *err); /* everything before the first step */
void train_free(training *t);
bool train_writes(const training *t); /* this process is the one that writes and speaks */

/* ---- train_loop.c ---- */
xp_status train_run(training *t, xp_error *err);
xp_status train_load_state(training *t, xp_error *err);

/* Probabilities of a part, in its order, in t->p .. t->patient; loss is the mean over the known
 * labels, of a longer record's first window. All processes take part and have the same result. */
xp_status train_predict(training *t, xp_loader *loader, const xp_loader_options *set, double *loss,
                        xp_error *err);
xp_predictions train_predictions(const training *t, size_t n);

/* ---- train_package.c ---- */
xp_status train_make_package(training *t, xp_error *err);
xp_status train_log_epoch(training *t, double loss, double val_loss, double val_auroc,
                          double seconds, xp_error *err);
xp_status train_write_best(training *t, double val_loss, xp_error *err);
xp_status train_finish(training *t, xp_error *err);

#endif
