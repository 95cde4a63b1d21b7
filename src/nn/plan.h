/* How a network runs: which ops are computed together, in which order, and where their results lie.
 * Private to nn/.
 *
 * One block of memory holds everything:
 *
 *   | packed weights, folded norms | activations | gradients | scratch | Grad-CAM work |
 *
 * Activations (and gradients) of ops that are not alive together share their place. A gradient
 * that is the reader's own gradient, or is made from it element by element, lies in its place and
 * is made there; so does that of a concat's input. */
#ifndef XP_NN_PLAN_H
#define XP_NN_PLAN_H

#include "base/arena.h"
#include "nn/net.h"
#include "nn/ops.h"
#include "nn/regions.h"

typedef enum step_kind {
    STEP_INPUT,
    STEP_CONV,           /* one or more conv1d side by side, with their epilogue */
    STEP_CONV_REFERENCE, /* one conv1d, without activation */
    STEP_BATCHNORM,
    STEP_ACTIVATION,
    STEP_ADD,
    STEP_ADD_RELU_MAXPOOL,
    STEP_CONCAT, /* only the inputs that do not lie in its place already */
    STEP_FLATTEN,
    STEP_MAXPOOL,
    STEP_AVGPOOL,
    STEP_GLOBAL_AVGPOOL,
    STEP_GLOBAL_MAXPOOL,
    STEP_DENSE, /* without activation */
    STEP_LAYERNORM,
    STEP_GRU
} step_kind;

typedef struct step {
    step_kind kind;
    int op;                         /* whose settings and weights; the time is charged to it */
    int out;                        /* op whose value is written */
    bool to_logits;                 /* dense: write the logits; activation: read them */
    bool relu;                      /* fused after it */
    int n_in, in[XP_OP_MAX_INPUTS]; /* ops that are read */
    int n_branches, branch[XP_OP_MAX_INPUTS];
    int norm;   /* conv: the batch norm in its epilogue, or -1 */
    int pool;   /* add + ReLU + max-pool: the pool */
    int states; /* gru: region of its states */

    /* Set when memory is laid out. */
    xp_mat y, x[XP_OP_MAX_INPUTS];
    int col[XP_OP_MAX_INPUTS]; /* concat: where x[i] goes */
    xp_conv *conv;
    xp_conv_shape shape;
    float *bias, *scale, *shift; /* NULL where there is none */
    float *saved;                /* gru */
    bool backward; /* conv: its input gradient is computed by a convolution of its own, ... */
    int back_from; /* ... from the gradient of this op: the branches' concat, or itself */
    xp_conv *back;
    xp_conv_shape back_shape;
} step;

typedef struct op_plan {
    int uses;       /* inputs of later ops that read it */
    int next;       /* the op that reads it when uses is 1 */
    bool explained; /* a gradient may be asked for */
    bool kept;      /* its value must be there after the pass */
    bool hidden;    /* fused away: no value */
    bool done;      /* some step computes it */
    int alias;      /* op whose place it shares as a whole, or -1 */
    int host;       /* concat op in whose place it lies, or -1 */
    int host_col;   /* ... from this column */
    int step;       /* step that writes it */
    int region;     /* of its value; -1 where it has none of its own */
    int grad;       /* region of its gradient, or -1 */
    int share;      /* the reader in whose gradient its own lies, or -1 */
    int share_col;  /* ... from this column */
    bool leads;     /* to the logits */
    bool active;    /* in this backward pass: depends on the target */
    bool started;   /* its gradient holds something */
    xp_mat value;   /* laid out */
    xp_mat gradient;
} op_plan;

enum { XP_CAM_ROWS = 256 }; /* rows of activations that a map takes at a time */

struct xp_net {
    const xp_model *m;
    const xp_graph *g;
    const xp_kernels *kernels;
    xp_pool *pool;
    bool reference;

    op_plan *ops;
    step *steps;
    int n_steps;
    region *values, *grads;
    int n_values, n_grads;
    size_t value_floats, grad_floats;

    int logit_op;      /* op whose output, or whose output before its activation, are the logits */
    bool logits_split; /* before its activation */
    float *logits;

    size_t scratch_bytes;
    void *scratch;
    float *back_sum;               /* (t, c) of a conv's input that has other readers too */
    float *cam_weights, *cam_seed; /* (labels, largest c), (largest c + labels) */
    float *cam_part;               /* (XP_CAM_ROWS, labels) */
    void *block;
    size_t block_bytes, heap_bytes;

    bool profile;
    double *times; /* n_ops milliseconds */
};

/* Decide on steps and lifetimes. On error nothing needs to be freed but xp_plan_free is safe. */
xp_status xp_plan_make(xp_net *net, const xp_net_options *opt, xp_error *err);
void xp_plan_free(xp_net *net);

/* Give everything its place. With a measuring arena only sizes are counted. */
void xp_plan_layout(xp_net *net, xp_arena *arena);

/* Copy, fold and transform the weights into their places. */
void xp_plan_pack(xp_net *net);

/* Gradient of sum(seed * output of op `from`) with respect to the output of op `target` < from;
 * seed is a vector and, with before_activation, belongs to from before its own activation. The
 * result stays until the next backward pass. */
xp_mat xp_net_backward(xp_net *net, int from, bool before_activation, const float *seed,
                       int target);

/* Marks ops[i].active for i in (target, from]; whether from depends on target. */
bool xp_net_mark_active(xp_net *net, int from, int target);

static inline const float *xp_net_param(const xp_net *net, const xp_op *op, const char *suffix) {
    const xp_param *p = xp_op_param(net->g, op, suffix);
    return p ? net->m->weights + p->offset : NULL;
}

xp_gru xp_net_gru(const xp_net *net, const xp_op *op);

#endif
