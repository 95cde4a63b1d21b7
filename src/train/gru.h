/* A GRU over several records at once, for training: in each time step one product with the
 * recurrent weights for all of them. Equations, gates and weights are xp_gru's (nn/ops.h).
 *
 * A row of saved (one time step of one record) is five vectors of units floats:
 *
 *   forward:   z | r | candidate | inner | state
 *   backward:  the gradients of the arguments of z, of r and of the candidate | inner, or with
 *              reset_after that of inner | state
 */
#ifndef XP_TRAIN_GRU_H
#define XP_TRAIN_GRU_H

#include "kernels/conv_batch.h"
#include "nn/ops.h"

/* Floats of saved for one record of t steps, and of work for n records. */
size_t xp_gru_batch_saved(const xp_gru *g, int t);
size_t xp_gru_batch_work(const xp_gru *g, int n);

/* Records [begin, end); record r's rows of saved begin at r * saved_step. */
typedef struct xp_gru_part {
    const xp_kernels *k;
    const xp_gru *g;
    xp_mats x, y; /* y: the output, or its gradient */
    float *saved;
    size_t saved_step;
    int begin, end;
    float *work;
} xp_gru_part;

void xp_gru_batch_forward(const xp_gru_part *p);

/* Adds to dx (NULL: not wanted) and to the gradients of kernel, recurrence and bias (NULL when
 * there is none). saved, of the forward pass, is overwritten. */
void xp_gru_batch_backward(const xp_gru_part *p, const xp_mats *dx, float *dkernel,
                           float *drecurrence, float *dbias);

#endif
