/* How a network runs: which ops are computed together, in which order, and where their results lie.
 * Private to nn/.
 *
 * One block of memory holds everything:
 *
 *   | packed weights, folded norms | activations | gradients | scratch | Grad-CAM work |
 *
 * Activations (and gradients) of ops that are not alive together share memory. A gradient that is
 * the reader's own gradient, or is made from it element by element, is stored there and made there;
 * so is that of a concat's input.
 *
 * With a batch of several windows a step either computes all of them (`together`), or belongs to a
 * run of steps that is gone through window by window. A value that leaves its run has room for all
 * windows; one that does not is overwritten by the next window's. */
#ifndef XP_NN_PLAN_H
#define XP_NN_PLAN_H

#include "base/arena.h"
#include "nn/fuse.h"
#include "nn/memory.h"
#include "nn/net.h"
#include "nn/ops.h"

/* Most steps are one op, computed by its row. Convolutions are packed for the kernels of
 * kernels/conv.h, several at once where a concat joins them, with what follows as their epilogue.
 */
typedef enum step_kind {
    STEP_INPUT,
    STEP_OP,
    STEP_CONVOLUTIONS,
    STEP_ADD_RELU_MAXPOOL,
} step_kind;

typedef struct step {
    step_kind kind;
    const xp_op_type *type;         /* STEP_OP: whose arithmetic: the op's, or an activation's */
    int op;                         /* whose settings and weights; the time is charged to it */
    int out;                        /* op whose value is written */
    bool to_logits;                 /* dense: write the logits; activation: read them */
    bool relu;                      /* fused after it */
    int n_in, in[XP_OP_MAX_INPUTS]; /* ops that are read */
    int n_branches, branch[XP_OP_MAX_INPUTS];
    int norm;         /* convolutions: the batch norm in their epilogue, or -1 */
    int pool;         /* add + ReLU + max-pool: the pool */
    int saved_region; /* STEP_OP: of what it saves for its backward pass, or -1 */
    bool together;    /* convolutions: all windows of the batch at once */

    /* Set when memory is laid out. */
    xp_mats y, x[XP_OP_MAX_INPUTS]; /* of each window */
    xp_conv *conv;
    xp_conv_shape shape;
    float *bias;                       /* convolutions; NULL where there is none */
    float *vectors[XP_OP_MAX_VECTORS]; /* of the op, or of the norm: scale, shift; or NULL */
    float *saved;
    bool backward; /* convolutions: their input gradient is one convolution of its own, ... */
    int back_from; /* ... from the gradient of this op: the branches' concat, or itself */
    xp_conv *back;
    xp_conv_shape back_shape;
} step;

typedef struct op_plan {
    bool explained;      /* a gradient may be asked for */
    bool kept;           /* its value must be there after the pass */
    bool hidden;         /* fused away: no value */
    bool done;           /* some step computes it */
    bool reaches_logits; /* a path leads from it to the logits */
    int step;            /* step that writes it */
    int region;          /* of its value; -1 where it has none of its own */
    bool every;          /* that has room for every window of the batch */
    int grad;            /* region of its gradient, or -1 */
    bool active;         /* in this backward pass: depends on the target */
    bool started;        /* its gradient holds something */
    xp_mat value;        /* laid out; of the first window */
    xp_mat gradient;
} op_plan;

enum { XP_CAM_ROWS = 256 }; /* rows of activations that a map takes at a time */

struct xp_net {
    const xp_model *m;
    const xp_graph *g;
    const xp_kernels *kernels;
    xp_pool *pool;
    bool reference;
    int batch;

    op_plan *ops;
    xp_readers *readers;                    /* of each op */
    xp_storage *storage, *gradient_storage; /* of each op's value and gradient */
    step *steps;
    int n_steps;
    xp_region *values, *grads;
    int n_values, n_grads;
    size_t value_floats, grad_floats;

    int logit_op;      /* op whose output, or whose output before its activation, are the logits */
    bool logits_split; /* before its activation */
    xp_mats logits;
    const float *input; /* of the pass that runs: the caller's windows */

    size_t scratch_bytes;
    void *scratch;
    float *back_sum;               /* (t, c) of a conv's input that has other readers too */
    float *cam_weights, *cam_seed; /* (labels, largest c), (largest c + labels) */
    float *cam_part;               /* (XP_CAM_ROWS, labels or units of moments) */
    int moments; /* a convolution of one tap that only a global pooling reads; -1: none */
    float *cam_moments, *cam_sums, *cam_slopes; /* (t, units), (units, its input's c), (labels,
                                                   units); NULL without moments */
    void *block;
    size_t block_bytes, heap_bytes;

    bool profile;
    double *times; /* n_ops milliseconds */
};

/* Decide on steps and lifetimes. On error nothing needs to be freed but xp_plan_free is safe. */
xp_status xp_plan_make(xp_net *net, const xp_net_options *opt, xp_error *err);
void xp_plan_free(xp_net *net);

/* The part of xp_plan_make that chooses steps and storage (plan_steps.c); ops, readers and storage
 * are allocated and cleared. */
void xp_plan_steps(xp_net *net, const xp_net_options *opt);

/* One past the last step of the run that step s begins: the steps that one window goes through
 * before the next; a step that computes all windows is one alone. */
int xp_plan_run_end(const xp_net *net, int s);

/* Give everything its memory. With a measuring arena only sizes are counted. */
void xp_plan_layout(xp_net *net, xp_arena *arena);

/* Copy, fold and transform the weights into their places. */
void xp_plan_pack(xp_net *net);

/* Gradient of sum(seed * output of op `from`) with respect to the output of op `target` < from;
 * seed is a vector, the same at every time, and, with before_activation, belongs to from before its
 * own activation. The result stays until the next backward pass. */
xp_mat xp_net_backward(xp_net *net, int from, bool before_activation, const float *seed,
                       int target);

/* Marks ops[i].active for i in (target, from]; whether from depends on target. */
bool xp_net_mark_active(xp_net *net, int from, int target);

static inline const xp_op *xp_net_op(const xp_net *net, int i) {
    return &net->g->ops[i];
}

/* Of the value of op i, from one window to the next. */
ptrdiff_t xp_plan_window_step(const xp_net *net, int i);

static inline const float *xp_net_param(const xp_net *net, const xp_op *op, const char *suffix) {
    const xp_param *p = xp_op_param(net->g, op, suffix);
    return p ? net->m->weights + p->offset : NULL;
}

/* A call of the arithmetic of op, without its matrices; s: the step that computes it, or NULL. */
static inline xp_op_call xp_net_call(const xp_net *net, const xp_op *op, const step *s) {
    xp_op_call c = {.graph = net->g,
                    .weights = net->m->weights,
                    .op = op,
                    .kernels = net->kernels,
                    .scratch = net->scratch};
    for (int i = 0; s && i < XP_OP_MAX_VECTORS; i++) c.vectors[i] = s->vectors[i];
    c.saved = s ? s->saved : NULL;
    return c;
}

#endif
