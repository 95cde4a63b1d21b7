/* What the files of a training run share; others include run.h. Each part of a run has an owner:
 * one file that makes it and frees it. The others take what they need. */
#ifndef XP_TRAIN_RUN_INTERNAL_H
#define XP_TRAIN_RUN_INTERNAL_H

#include "data/dataset_load.h"
#include "train/run.h"

struct xp_events;

/* ---- run_data.c: records, their parts, batches ---- */

typedef struct run_data {
    xp_dataset set;
    xp_split split;
    size_t unreadable;  /* records left out */
    int batch_size;     /* of all processes: no more than there are records */
    xp_input_spec spec; /* points into the model */
    xp_reader *reader;
    xp_loader_options train_set, val_set;
    xp_loader *train_loader, *val_loader;
    size_t epoch_batches;
} run_data;

/* Tables and parts, checked and told. */
xp_status run_data_load(run_data *d, const xp_run_options *o, const xp_comm *comm, xp_error *err);

/* Records as m wants them: the cache, filled; records that cannot be read left out. */
xp_status run_data_prepare(run_data *d, const xp_run_options *o, const xp_comm *comm,
                           const xp_model *m, xp_error *err);
xp_status run_data_start(run_data *d, xp_error *err); /* the loaders */
void run_data_free(run_data *d);

/* The larger of the two parts that are predicted. */
size_t run_data_largest(const run_data *d);

/* A key for what is random in one place of the run. */
uint64_t run_key(const xp_run_options *o, const char *what);

/* ---- run_network.c: model and trainer ---- */

typedef struct run_network {
    xp_model model;
    xp_trainer_options options;
    xp_trainer *trainer;
    float positive_weights[XP_DATASET_MAX_LABELS];
    size_t bytes; /* that the trainer holds */
} run_network;

xp_status run_network_make(run_network *n, const xp_run_options *o, xp_error *err); /* the model */
xp_status run_network_plan(run_network *n, const xp_run_options *o, const run_data *d,
                           const xp_comm *comm, xp_error *err); /* options, bytes */
xp_status run_network_start(run_network *n, xp_error *err);     /* the trainer */

/* A trainer without an average: its evaluation is of the model as it stands. */
xp_status run_network_restart(run_network *n, xp_error *err);
void run_network_free(run_network *n);

/* Everything that decides the numbers: a resumed run must have the same. */
xp_status run_fingerprint(uint64_t *out, const xp_run_options *o, const run_data *d,
                          const run_network *n, xp_error *err);

/* ---- run_predict.c: predictions of a part, in its order ---- */

typedef struct run_predictions {
    float *p;            /* (n of the part, labels) */
    double *record_loss; /* (n): sum over a record's labels */
    double *score;       /* the same as double */
    int8_t *truth;
    uint64_t *patient;
} run_predictions;

xp_status run_predictions_allocate(run_predictions *p, size_t n, int labels, xp_error *err);
void run_predictions_free(run_predictions *p);

/* loss is the mean over the known labels, of a longer record's first window. All processes take
 * part and have the same result. */
xp_status run_predict(run_predictions *p, const run_data *d, xp_trainer *trainer,
                      const xp_comm *comm, xp_loader *loader, const xp_loader_options *set,
                      double *loss, xp_error *err);
xp_predictions run_predictions_of(const run_predictions *p, size_t n, int labels);

/* ---- run_package.c: files ---- */

typedef struct run_package {
    char dir[XP_PATH_MAX], checkpoints[XP_PATH_MAX], logs[XP_PATH_MAX], state[XP_PATH_MAX];
    char *log; /* owned: the CSV log as text */
    struct xp_events *events;
    int lock; /* descriptor of checkpoints/, held while the run writes there; -1: none */
} run_package;

/* Paths; and, in the process that writes, the folders, the lock, and what an earlier run left. */
xp_status run_package_make(run_package *p, const xp_run_options *o, bool writes, xp_error *err);
void run_package_free(run_package *p);

/* An epoch (from 0) in the logs: its loss, ..., and every histogram_epochs the weights. */
typedef struct run_epoch {
    uint64_t number;
    double loss, val_loss, val_auroc, seconds;
} run_epoch;
xp_status run_package_log(run_package *p, const run_epoch *e, const run_network *n,
                          int histogram_epochs, xp_error *err);

xp_status run_write_model(const xp_model *m, const char *path, xp_error *err);

/* ---- run_test_set.c ---- */

/* The test part (p: its predictions) as test_set_NAME.npz and .csv in dir. */
xp_status run_write_test_set(const xp_loader_options *set, const run_predictions *p,
                             const xp_run_options *o, const char *dir, xp_error *err);

/* ---- run_loop.c ---- */

/* The state of the loop beside the trainer's own: kept with it on disk. */
typedef struct run_progress {
    uint64_t fingerprint;   /* of data, parts and settings */
    uint64_t epoch, batch;  /* to go on with */
    double loss, known;     /* of this epoch so far: sum of batch means, batches */
    double best;            /* of what is monitored; smaller is better */
    int best_epoch, waited; /* epoch of it, -1: none; epochs since */
    char best_file[128];    /* in checkpoints/ */
    bool stopped;           /* early */
} run_progress;

struct xp_run {
    const xp_run_options *opt;
    const xp_comm *comm;
    run_data data;
    run_network network;
    run_predictions predictions;
    run_package package;
    run_progress progress;
};

/* This process is the one that writes and speaks. */
static inline bool run_writes(const xp_comm *comm) {
    return comm->rank == 0;
}

xp_status run_load_state(xp_run *r, xp_error *err);

#endif
