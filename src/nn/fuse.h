/* Which neighbours in a graph may be computed together, for the plans of inference (plan.c) and of
 * training (train/step_plan.c). What a plan makes of it is its own. */
#ifndef XP_NN_FUSE_H
#define XP_NN_FUSE_H

#include "nn/op.h"

/* Who reads the output of an op. */
typedef struct xp_readers {
    int n;    /* inputs of later ops that name it */
    int last; /* the last op that does; the only one when n is 1; -1 */
} xp_readers;

/* One for each op of g. */
void xp_count_readers(const xp_graph *g, xp_readers *readers);

bool xp_is_relu(const xp_op *op);
/* At inference the output is the input. */
bool xp_is_identity(const xp_op *op);

/* The ReLU, or the batch norm, that is the only reader of op i; or -1. */
int xp_relu_after(const xp_graph *g, const xp_readers *readers, int i);
int xp_norm_after(const xp_graph *g, const xp_readers *readers, int i);

/* Whether the inputs of that concat are convolutions, each named once, of one input at stride 1,
 * with one activation that a convolution's epilogue can apply: one convolution whose kernels are
 * aligned computes them all. */
bool xp_joins_convolutions(const xp_graph *g, int concat);

#endif
