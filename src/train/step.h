/* One training pass over a batch: forward with batch statistics and dropout, then the gradient of
 * every trainable weight. Private to train/; the trainer (trainer.h) adds loss and optimiser.
 *
 * The graph becomes a list of nodes: convolutions of one input that a concat joins are one node,
 * and a ReLU belongs to the batch norm or the sum before it. Everything lies in one block:
 *
 *   | gradient | plans, statistics | values and their gradients | scratch |
 *
 * Values and gradients that are not alive together share their place. */
#ifndef XP_TRAIN_STEP_H
#define XP_TRAIN_STEP_H

#include "base/arena.h"
#include "base/parallel.h"
#include "kernels/conv_batch.h"
#include "kernels/kernels.h"
#include "nn/model.h"
#include "nn/ops.h"
#include "nn/regions.h"
#include "train/comm.h"

#include <stdint.h>

typedef enum node_kind {
    NODE_CONV, /* one conv1d, or several side by side */
    NODE_NORM,
    NODE_ACTIVATION,
    NODE_CONCAT, /* only the inputs that do not lie in its place already */
    NODE_ADD,
    NODE_MAXPOOL,
    NODE_AVGPOOL,
    NODE_GLOBAL_AVGPOOL,
    NODE_GLOBAL_MAXPOOL,
    NODE_DENSE,
    NODE_DROPOUT,
    NODE_LAYERNORM,
    NODE_GRU,
    NODE_KINDS
} node_kind;

typedef struct node {
    node_kind kind;
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
    size_t saved_step;
} node;

typedef struct tensor {
    int place, col;   /* op in whose memory it lies, and the column there */
    int grad_place;   /* op in whose gradient its own lies (same shape as place) */
    int uses;         /* inputs of ops that name it */
    int writer;       /* place: node that writes it; -1 for the input */
    int readers;      /* place: nodes that read it */
    int last_reader;  /* place */
    bool active;      /* a trainable weight comes before it */
    bool opened;      /* grad_place: holds something */
    int region, grad; /* place: in regions; -1 where there is none */
    xp_mats v, g;
} tensor;

typedef struct xp_step {
    const xp_model *m;
    const xp_graph *graph;
    const xp_kernels *kernels;
    xp_pool *pool;
    const xp_comm *comm; /* NULL: alone */
    int batch;
    bool no_dropout;
    uint64_t seed;

    node *nodes;
    int n_nodes;
    tensor *tensors; /* one for each op */
    region *regions;
    int n_regions;
    bool logits; /* the last op's value is before its sigmoid */

    float *gradient; /* n_weights */
    float *partial;  /* threads * partial_floats: gradients summed by one thread */
    size_t partial_floats, pool_floats, scratch_bytes;
    void *scratch;
    double *sums; /* (batch + 2, 2 * largest c + 1) */
    int sums_row;
    void *block;
    size_t block_bytes, heap_bytes;

    int n; /* records of this pass */
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

/* Move the moving statistics towards those of the last forward pass. */
void xp_step_update_moving(const xp_step *s, float *weights);

/* ---- shared by step_plan.c and step_run.c ---- */

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

/* Settings of a GRU. */
xp_gru step_gru(const xp_step *s, const xp_op *op);

#endif
