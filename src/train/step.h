/* One training pass over a batch: forward with batch statistics and dropout, then the gradient of
 * every trainable weight. Private to train/; the trainer (trainer.h) adds loss and optimiser.
 *
 * The graph becomes a list of nodes: convolutions of one input that a concat joins are one node,
 * and a ReLU belongs to the batch norm or the sum before it. Everything lies in one block:
 *
 *   | gradient | plans, statistics | values and their gradients | scratch |
 *
 * Values and gradients that are not alive together share memory. Sums over records follow
 * sum_tree.h: the backward pass of a layer leaves the gradient of its weights in leaves, one for
 * each leaf of the tree, which lie where no value or gradient is alive at that time.
 *
 * Operations, fusions and storage are those of inference (nn/op.h, fuse.h, memory.h); the runner is
 * not nn/net.h's. That one packs and folds weights once, which change here with every step; it
 * frees what no explained layer needs, where all is needed here; and its threads share an
 * operation, where records are shared here, in leaves whose sums do not depend on them. One runner
 * would be both, with a question in each of its steps. */
#ifndef XP_TRAIN_STEP_H
#define XP_TRAIN_STEP_H

#include "base/arena.h"
#include "base/parallel.h"
#include "kernels/conv_batch.h"
#include "kernels/kernels.h"
#include "nn/fuse.h"
#include "nn/memory.h"
#include "nn/model.h"
#include "nn/ops.h"
#include "train/comm.h"
#include "train/sum_tree.h"

#include <stdint.h>

typedef struct node {
    const xp_op_type *type;         /* of op */
    int op, out;                    /* whose settings and weights; whose value is written */
    int n_in, in[XP_OP_MAX_INPUTS]; /* ops that are read */
    int n_branches, branch[XP_OP_MAX_INPUTS];
    xp_activation act;       /* conv, dense: their own; norm, add: the ReLU after it, or linear */
    bool masked;             /* add: its reader's backward pass applies the ReLU already; */
    bool masks;              /* ... that reader, a max-pool */
    xp_conv_batch *spectral; /* conv: NULL for tap by tap */
    xp_conv_shape shape;     /* conv: of all branches, when spectral */
    float *scale, *shift, *mean, *m1, *m2; /* norm: (c) each */
    double *moments;                       /* norm: mean, variance of the batch (2 c) */
    float *saved;                          /* gru: of all records */
    size_t saved_step, row_scratch;        /* floats of a record; bytes of a thread, by the row */
    float *leaves;                         /* (n_leaves, leaf_floats): gradients of its weights */
    size_t leaf_floats;                    /* 0: it has none */
    int leaf_region;
} node;

typedef struct tensor {
    /* Of an op whose value has storage of its own: */
    int writer;       /* node that writes it; -1 for the input */
    int readers;      /* nodes that read it */
    bool active;      /* a trainable weight comes before it */
    int region, grad; /* in regions; -1 where there is none; grad: where the gradient has its own */
    bool opened;      /* its gradient holds something */
    xp_mats v, g;     /* of any op */
} tensor;

typedef struct xp_step {
    const xp_model *m;
    const xp_graph *graph;
    const xp_kernels *kernels;
    xp_pool *pool;
    const xp_comm *comm; /* NULL: alone */
    int batch;           /* most records of a pass */
    bool no_dropout;
    uint64_t seed;

    node *nodes;
    int n_nodes;
    tensor *tensors; /* one for each op, as these: */
    xp_readers *readers;
    xp_storage *storage, *gradient_storage; /* of values; of gradients, for ops with storage */
    xp_region *regions;
    int n_regions;
    bool logits; /* the last op's value is before its sigmoid */

    float *gradient;         /* n_weights */
    int n_leaves;            /* of the sum tree, in this process */
    float *record_gradients; /* (batch, record_floats): those that a row leaves, by record */
    size_t record_floats, pool_floats, scratch_bytes;
    void *scratch;
    double *sums; /* (batch + n_leaves, 2 * largest c + 1) */
    int sums_row;
    void *block;
    size_t block_bytes, heap_bytes;

    int n;                             /* records of this pass */
    int leaf_begin[XP_SUM_LEAVES + 1]; /* ... of each leaf; n at the end */
    uint64_t index;
    xp_status status; /* of the communication in this pass */
    xp_error error;
    bool profile;
    double conv_forward, conv_backward; /* milliseconds */
} xp_step;

/* Fill s (zeroed but for m, kernels, pool, comm, batch, no_dropout, seed). measure only finds
 * block_bytes and heap_bytes. Free with xp_step_free, also after an error. */
xp_status xp_step_measure(xp_step *s, xp_error *err);
xp_status xp_step_create(xp_step *s, xp_error *err);
void xp_step_free(xp_step *s);

/* x (n, length, leads), n <= batch; index: of the training step, for dropout. The result is
 * xp_step_output (n, labels): logits, or probabilities when !s->logits. */
xp_status xp_step_forward(xp_step *s, const float *x, int n, uint64_t index, xp_error *err);
const float *xp_step_output(const xp_step *s);

/* To be filled with the derivative of the loss by the output; then backward writes s->gradient. */
float *xp_step_output_gradient(xp_step *s);
xp_status xp_step_backward(xp_step *s, xp_error *err);

/* Move the moving statistics towards those of the last forward pass: of what they were, they keep
 * the layer's momentum, at most `most`. */
void xp_step_update_moving(const xp_step *s, float *weights, double most);

/* ---- shared by step_plan.c and the passes ---- */

static inline const xp_op *node_op(const xp_step *s, const node *nd) {
    return &s->graph->ops[nd->op];
}

static inline const xp_param *step_param(const xp_step *s, const xp_op *op, const char *suffix) {
    return xp_op_param(s->graph, op, suffix);
}

static inline const float *step_weights(const xp_step *s, const xp_op *op, const char *suffix) {
    const xp_param *p = step_param(s, op, suffix);
    return p ? s->m->weights + p->offset : NULL;
}

static inline float *step_gradient(const xp_step *s, const xp_op *op, const char *suffix) {
    const xp_param *p = step_param(s, op, suffix);
    return p ? s->gradient + p->offset : NULL;
}

/* The ops that a node computes: one, or the branches of a convolution. */
static inline int node_ops(const node *nd) {
    return nd->n_branches > 0 ? nd->n_branches : 1;
}
static inline const xp_op *node_op_at(const xp_step *s, const node *nd, int i) {
    return &s->graph->ops[nd->n_branches > 0 ? nd->branch[i] : nd->op];
}

/* Whether the node's backward pass leaves gradients in leaves; a batch norm has the sums that its
 * params need of all records already. */
static inline bool node_has_leaves(const xp_step *s, const node *nd) {
    return node_op_at(s, nd, 0)->n_params > 0 && nd->type != &xp_op_batchnorm;
}

static inline xp_gru step_gru(const xp_step *s, const xp_op *op) {
    return xp_gru_make(op, step_weights(s, op, "kernel"), step_weights(s, op, "recurrent_kernel"),
                       step_weights(s, op, "bias"));
}

/* The op in whose storage op i's value lies, and the tensor that holds its gradient. */
static inline tensor *step_owner(const xp_step *s, int i) {
    int col;
    return &s->tensors[xp_storage_find(s->storage, i, &col)];
}
static inline tensor *step_gradient_owner(const xp_step *s, int i) {
    int col;
    const int owner = xp_storage_find(s->storage, i, &col);
    return &s->tensors[xp_storage_find(s->gradient_storage, owner, &col)];
}

#endif
