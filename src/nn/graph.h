/* A network as data: operations in topological order, each naming its inputs by index.
 *
 * The graph says what is computed and knows every shape; it holds no weights and computes nothing
 * (nn/net.h does). It is stored in the model file, so that a network imported from elsewhere runs,
 * is explained and exported like our own. Tensors are channels last: (t, c) for one record; a
 * vector is (1, c) with is_sequence false. Conventions (padding, GRU gates, epsilons) are Keras
 * 3's. */
#ifndef XP_NN_GRAPH_H
#define XP_NN_GRAPH_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XP_NAME_MAX 64
#define XP_OP_MAX_INPUTS 16
#define XP_OP_MAX_PARAMS 4

/* kind, stable name in files */
#define XP_OP_LIST(X)                                                                              \
    X(XP_OP_INPUT, "input")                                                                        \
    X(XP_OP_CONV1D, "conv1d")                                                                      \
    X(XP_OP_BATCHNORM, "batchnorm")                                                                \
    X(XP_OP_ACTIVATION, "activation")                                                              \
    X(XP_OP_CONCAT, "concat")                                                                      \
    X(XP_OP_ADD, "add")                                                                            \
    X(XP_OP_MAXPOOL, "maxpool")                                                                    \
    X(XP_OP_AVGPOOL, "avgpool")                                                                    \
    X(XP_OP_GLOBAL_AVGPOOL, "global_avgpool")                                                      \
    X(XP_OP_GLOBAL_MAXPOOL, "global_maxpool")                                                      \
    X(XP_OP_FLATTEN, "flatten")                                                                    \
    X(XP_OP_DENSE, "dense")                                                                        \
    X(XP_OP_DROPOUT, "dropout")                                                                    \
    X(XP_OP_LAYERNORM, "layernorm")                                                                \
    X(XP_OP_GRU, "gru")

typedef enum xp_op_kind {
#define X(kind, name) kind,
    XP_OP_LIST(X)
#undef X
} xp_op_kind;

#define XP_ACTIVATION_LIST(X)                                                                      \
    X(XP_ACT_LINEAR, "linear")                                                                     \
    X(XP_ACT_RELU, "relu")                                                                         \
    X(XP_ACT_SIGMOID, "sigmoid")                                                                   \
    X(XP_ACT_TANH, "tanh")                                                                         \
    X(XP_ACT_SOFTMAX, "softmax") /* over channels */

typedef enum xp_activation {
#define X(act, name) act,
    XP_ACTIVATION_LIST(X)
#undef X
} xp_activation;

/* same and valid are Keras' rules. Explicit: pad_left and pad_right are given, as other frameworks
 * have it (a stride of 2 with one sample on either side is no "same"). */
typedef enum xp_padding { XP_PAD_VALID, XP_PAD_SAME, XP_PAD_EXPLICIT } xp_padding;

/* One tensor of weights, in Keras' shape and order. */
typedef struct xp_param {
    char name[XP_NAME_MAX + 32]; /* "<op name>.kernel", ".bias", ".gamma", ".beta",
                                    ".moving_mean", ".moving_variance", ".recurrent_kernel" */
    int ndim, shape[3];
    size_t offset, count; /* floats, into the model's one block of weights */
    bool trainable;       /* false for moving statistics */
} xp_param;

typedef struct xp_op {
    xp_op_kind kind;
    char name[XP_NAME_MAX]; /* unique; a role ("block3.shortcut") or the Keras layer's name */
    int n_inputs, inputs[XP_OP_MAX_INPUTS]; /* indices of earlier ops */

    /* Settings; only those the kind uses are meaningful, the rest are 0. */
    xp_activation activation; /* conv1d, dense, activation, gru (candidate) */
    xp_activation recurrent;  /* gru gates */
    int units;                /* conv1d filters; dense and gru units */
    int kernel, stride;       /* conv1d, pools (kernel = pool size) */
    xp_padding padding;       /* conv1d, pools */
    bool use_bias;            /* conv1d, dense, gru */
    bool center, scale;       /* batchnorm (beta, gamma), layernorm */
    float epsilon, momentum;  /* batchnorm, layernorm (epsilon) */
    float rate;               /* dropout */
    bool return_sequences;    /* gru */
    bool reset_after;         /* gru */

    /* conv1d, pools: samples in front and behind that are 0 (maxpool: -inf, avgpool: not counted).
     * Given with XP_PAD_EXPLICIT, each less than kernel; otherwise derived. */
    int pad_left, pad_right;

    /* Derived by xp_graph_add. */
    int t, c;         /* output shape */
    bool is_sequence; /* false: a vector, t = 1 */
    int n_params, params[XP_OP_MAX_PARAMS];
    /* params by kind: conv1d, dense: kernel [bias]; batchnorm: [gamma] [beta] moving_mean
     * moving_variance; layernorm: [gamma] [beta]; gru: kernel recurrent_kernel [bias (2, 3 units)
     * with reset_after, (3 units) without] (gates in Keras' order z, r, h). */
} xp_op;

typedef struct xp_graph {
    xp_op *ops; /* ops[0] is the input; ops[n_ops - 1] gives the probabilities */
    int n_ops, cap_ops;
    xp_param *params;
    int n_params, cap_params;
    size_t n_weights; /* floats in all params together */
} xp_graph;

const char *xp_op_kind_name(xp_op_kind k);
const char *xp_activation_name(xp_activation a);

/* Append a copy of *op: checks its settings, infers its shape and creates its params. Returns the
 * status; on success the op's index is g->n_ops - 1. On error g is unchanged and err names the op
 * and the setting. For XP_OP_INPUT give t and c. */
xp_status xp_graph_add(xp_graph *g, const xp_op *op, xp_error *err);
void xp_graph_free(xp_graph *g);

/* Index of the op or param of that name, or -1. */
int xp_graph_find(const xp_graph *g, const char *name);
int xp_graph_find_param(const xp_graph *g, const char *name);

/* The param of op whose name ends in ".suffix", or NULL. */
const xp_param *xp_op_param(const xp_graph *g, const xp_op *op, const char *suffix);

/* Whether the op treats each channel by itself, and all of them alike (batch norm, add, pools ...).
 */
bool xp_op_is_channelwise(const xp_op *op);

/* Multiply-adds of one direct forward pass: what `info` prints. */
double xp_graph_macs(const xp_graph *g);

/* The graph as JSON text ("graph" in the model file's metadata) and back. *text is malloc'ed. */
xp_status xp_graph_to_json(const xp_graph *g, char **text, xp_error *err);
xp_status xp_graph_from_json(xp_graph *g, const char *text, xp_error *err);

#endif
