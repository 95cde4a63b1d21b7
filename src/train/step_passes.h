/* The passes of a training step: step_run.c walks the nodes; each is computed by its row
 * (step_rows.c), or by a method of its own (step_conv.c, step_norm.c, step_layers.c). Private to
 * train/. */
#ifndef XP_TRAIN_STEP_PASSES_H
#define XP_TRAIN_STEP_PASSES_H

#include "kernels/train_kernels.h"
#include "train/step.h"

#include <string.h>

/* One node's turn in a pass. */
typedef struct job {
    xp_step *s;
    node *nd;
    int input;  /* backward: whose gradient dx is; ops with weights have one input */
    xp_mats dx; /* backward: gradient of that input; data NULL when nobody wants it */
    bool accumulate;
} job;

/* How an op is trained where that is not its row, record by record. backward gets dx opened, and
 * adds to the leaves, which are cleared before and folded after it. NULL: by the row, which may
 * prepare nothing. */
typedef struct step_method {
    void (*forward)(job *j);
    void (*backward)(job *j);
} step_method;

extern const step_method step_conv, step_norm, step_maxpool, step_dense, step_dropout,
    step_gru_layers;

const step_method *step_method_of(const xp_op_type *type);

/* ---- what a node reads and writes ---- */

static inline void for_records(job *j, xp_range_fn fn) {
    xp_parallel_for(j->s->pool, j->s->n, fn, j);
}

static inline xp_mats in_value(const job *j) {
    return j->s->tensors[j->nd->in[0]].v;
}
static inline xp_mats out_value(const job *j) {
    return j->s->tensors[j->nd->out].v;
}
static inline xp_mats out_gradient(const job *j) {
    return j->s->tensors[j->nd->out].g;
}

static inline xp_mats columns(xp_mats a, int col, int cols) {
    a.m.data += col, a.m.cols = cols;
    return a;
}

static inline void clear_mat(xp_mat m) {
    for (int t = 0; t < m.rows; t++) memset(xp_mat_row(m, t), 0, (size_t)m.cols * sizeof(float));
}

/* All records below each other, and those of one leaf; the tensor lies densely. */
static inline xp_mat stacked(const job *j, xp_mats a) {
    return xp_mat_make(a.m.data, a.m.rows * j->s->n, a.m.cols);
}
static inline xp_mat stacked_leaf(const job *j, xp_mats a, int leaf) {
    const int *begin = j->s->leaf_begin + leaf;
    const xp_mat first = xp_mats_at(a, begin[0]);
    return xp_mat_make(first.data, a.m.rows * (begin[1] - begin[0]), a.m.cols);
}

/* Where a leaf sums the gradient of that weight of an op of the node; NULL when it has it not. */
float *step_leaf_gradient(const job *j, int leaf, const xp_op *op, const char *suffix);

/* ---- step_rows.c ---- */

/* The gradient of the output becomes that of what goes into the node's activation. */
void step_activation_slope(job *j);
/* Clears dx, for backward functions that only add, unless it holds something. */
void step_begin_sum(job *j);
/* Both passes by the row, record by record. */
void step_row_forward(job *j);
void step_row_backward(job *j);

#endif
