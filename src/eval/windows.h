/* What a model says of a recording that is longer than its input. */
#ifndef XP_EVAL_WINDOWS_H
#define XP_EVAL_WINDOWS_H

#include "data/dataset_read.h"

/* A model at work: probabilities p (labels) of one window x (length, n_leads; it may be changed).
 */
typedef struct xp_window_model {
    xp_status (*predict)(void *ctx, float *x, const xp_record_window *about, double *p,
                         xp_error *err);
    void *ctx;
    int labels; /* at most XP_DATASET_MAX_LABELS */
} xp_window_model;

/* p (labels) holds the probabilities of the record's first window and gets those of its windows
 * together, as `predict` has them: to a float's precision. On error p is as it was. Errors:
 * XP_ERR_MEMORY, the reader's, the model's. */
xp_status xp_windows_together(double *p, xp_reader *reader, const xp_input_spec *spec,
                              size_t record, int windows, const xp_window_model *model,
                              xp_error *err);

#endif
