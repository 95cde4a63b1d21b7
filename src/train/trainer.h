/* Training: a model, its optimiser and everything that decides the next step, in one object.
 *
 *   trainer = create(model, options)          all memory is taken here and never grows
 *   for each batch: step(x, y) -> loss        forward, loss, backward, Adam; the model's weights
 *                                             and moving statistics are changed in place
 *   after an epoch: evaluate(...)             inference with moving statistics (or the average)
 *   save(path) / load(path)                   an interrupted run continues with the same bits
 *
 * The same options, weights and batches give the same bits for any number of threads, and for 1, 2
 * or 4 processes that share each batch by the rule of sum_tree.h, whatever the instruction set. Any
 * other number of processes repeats its own bits, the same in each, but not those of one: its sums
 * over records have another order. (Instruction sets round differently from each other.) */
#ifndef XP_TRAIN_TRAINER_H
#define XP_TRAIN_TRAINER_H

#include "base/bytes.h"
#include "base/parallel.h"
#include "kernels/kernels.h"
#include "nn/model.h"
#include "train/comm.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct xp_trainer xp_trainer;

/* Learning rate of step s (0, 1, ...). All kinds begin with warmup steps from rate / warmup up. */
typedef enum xp_schedule_kind {
    XP_RATE_CONSTANT,
    XP_RATE_STAIRCASE,   /* rate * factor^floor(s / every): the reference's, 0.95 per epoch */
    XP_RATE_EXPONENTIAL, /* rate * factor^(s / every) */
    XP_RATE_COSINE,      /* from rate to rate * floor over total steps */
    XP_RATE_ONE_CYCLE    /* cosine from rate / 25 up to rate in 0.3 total, then to rate / 1e4 */
} xp_schedule_kind;

typedef struct xp_schedule {
    xp_schedule_kind kind;
    double rate, factor, floor;
    uint64_t every, total, warmup; /* steps */
} xp_schedule;

double xp_schedule_rate(const xp_schedule *s, uint64_t step);

typedef struct xp_trainer_options {
    int batch;                 /* most records of one step in this process: ceil(whole / size) */
    xp_pool *pool;             /* not owned, outlives the trainer; NULL: one thread */
    const xp_kernels *kernels; /* NULL: xp_kernels_best() */
    const xp_comm *comm;       /* not owned; NULL: this process alone */
    uint64_t seed;             /* of dropout */
    bool no_dropout;           /* rate 0 everywhere: parity tests */
    xp_schedule schedule;
    double beta1, beta2, epsilon; /* Adam; 0 takes 0.9, 0.999, 1e-7 */
    double weight_decay;          /* decoupled (AdamW), kernels only */
    double l2;                    /* l2 * sum of squares of the kernels added to the loss */
    double clip_norm;             /* gradients are scaled down to this total norm; 0: never */
    double ema;                   /* average = ema * average + (1 - ema) * weights; 0: none */
    bool keras_averages; /* moving statistics and average begin at their initial values and are
                            moved by the same share in every step, as Keras does; else they are
                            right from the first step on */
    const float
        *positive_weights; /* (n_labels) weight of a positive in the loss; NULL: 1. Copied */
} xp_trainer_options;

/* Bytes that xp_trainer_create will hold, evaluation included: print it before the run. */
xp_status xp_trainer_bytes(const xp_model *m, const xp_trainer_options *opt, size_t *bytes,
                           xp_error *err);

/* m is not owned, must outlive the trainer and is changed by it. *out is owned by the caller. */
xp_status xp_trainer_create(xp_trainer **out, xp_model *m, const xp_trainer_options *opt,
                            xp_error *err);
void xp_trainer_free(xp_trainer *t);

/* One step on n (1 .. batch) records: x (n, length, leads) mV, y (n, labels): 1, 0, or -1 where the
 * label is not known (no part in the loss). *loss is the mean binary cross-entropy over the known
 * labels of all processes, before the update. When it is not finite, or a gradient is not, the
 * weights are left alone and the error says so. With several processes each calls this as often,
 * with its own records of the batch: of n in all, process r of s has [n r / s, n (r + 1) / s). */
xp_status xp_trainer_step(xp_trainer *t, const float *x, const float *y, int n, double *loss,
                          xp_error *err);

/* Evaluation with the present weights (the average's, when there is one): begin packs them, then
 * any number of records. p (n, labels) probabilities (may be NULL); loss_sum and known are added
 * to: the validation loss is loss_sum / known. y may be NULL (no loss). Other processes' sums are
 * the caller's to add. Training steps may follow; begin again after them. */
xp_status xp_trainer_eval_begin(xp_trainer *t, xp_error *err);
xp_status xp_trainer_eval(xp_trainer *t, const float *x, const float *y, int n, float *p,
                          double *loss_sum, double *known, xp_error *err);

/* Bring the average (ema) into the model's weights and back again, to write a model file: the
 * second call undoes the first. Nothing happens without ema. */
void xp_trainer_swap_average(xp_trainer *t);

/* The gradient of the last step (graph.n_weights floats, 0 for moving statistics), as it went into
 * the optimiser, and its total norm: for tests and histograms. */
const float *xp_trainer_gradient(const xp_trainer *t);
double xp_trainer_gradient_norm(const xp_trainer *t);

uint64_t xp_trainer_steps(const xp_trainer *t); /* made so far, those of a loaded state included */
double xp_trainer_rate(const xp_trainer *t);    /* learning rate of the next step */

/* Multiplied into every later rate, 1 at first, kept in the state: "reduce on plateau". */
void xp_trainer_scale_rate(xp_trainer *t, double factor);

/* Where the time of all steps so far went, in milliseconds: for `bench --train`. Off until asked.
 */
typedef struct xp_trainer_times {
    double forward, loss, backward, update, conv_forward, conv_backward, total;
    uint64_t records;
} xp_trainer_times;
void xp_trainer_profile(xp_trainer *t, bool on);
xp_trainer_times xp_trainer_time(const xp_trainer *t);

/* ---- state on disk (checkpoint.c) ----
 *
 * A safetensors file: weights, Adam's moments, the average, step, rate scale and the generator of
 * dropout; and loop, the caller's own bytes (epoch, position, best loss, ...) given back as they
 * were. Written to a temporary file, flushed, then renamed: at any moment path is absent or whole.
 */
xp_status xp_trainer_save(const xp_trainer *t, const char *path, xp_bytes loop, xp_error *err);

/* The model must have the same graph. *loop (may be NULL) is malloc'ed for the caller. On error
 * trainer and model are as before. */
xp_status xp_trainer_load(xp_trainer *t, const char *path, uint8_t **loop, size_t *loop_size,
                          xp_error *err);

#endif
