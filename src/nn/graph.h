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

/* Every operation: its kind, and its name in model files and messages, which its rows have too:
 * xp_op_<name> (nn/op.h) and onnx_op_<name> (convert/onnx/). */
#define XP_OP_LIST(X)                                                                              \
    X(XP_OP_INPUT, input)                                                                          \
    X(XP_OP_CONV1D, conv1d)                                                                        \
    X(XP_OP_BATCHNORM, batchnorm)                                                                  \
    X(XP_OP_ACTIVATION, activation)                                                                \
    X(XP_OP_CONCAT, concat)                                                                        \
    X(XP_OP_ADD, add)                                                                              \
    X(XP_OP_MAXPOOL, maxpool)                                                                      \
    X(XP_OP_AVGPOOL, avgpool)                                                                      \
    X(XP_OP_GLOBAL_AVGPOOL, global_avgpool)                                                        \
    X(XP_OP_GLOBAL_MAXPOOL, global_maxpool)                                                        \
    X(XP_OP_FLATTEN, flatten)                                                                      \
    X(XP_OP_DENSE, dense)                                                                          \
    X(XP_OP_DROPOUT, dropout)                                                                      \
    X(XP_OP_LAYERNORM, layernorm)                                                                  \
    X(XP_OP_GRU, gru)                                                                              \
    X(XP_OP_GROUP_CONV1D, group_conv1d)                                                            \
    X(XP_OP_FUNCTION, function)                                                                    \
    X(XP_OP_PRELU, prelu)                                                                          \
    X(XP_OP_PAD, pad)                                                                              \
    X(XP_OP_MULTIPLY, multiply)                                                                    \
    X(XP_OP_GROUPNORM, groupnorm)                                                                  \
    X(XP_OP_SOFTMAX_TIME, softmax_time)                                                            \
    X(XP_OP_MATMUL, matmul)                                                                        \
    X(XP_OP_LSTM, lstm)                                                                            \
    X(XP_OP_REVERSE, reverse)

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

/* Functions of the operation of that name: a and b are its settings alpha and beta. */
#define XP_FUNCTION_LIST(X)                                                                        \
    X(XP_FN_ELU, "elu")                   /* below 0: a (exp(x) - 1) */                            \
    X(XP_FN_SELU, "selu")                 /* Klambauer et al. 2017 */                              \
    X(XP_FN_LEAKY_RELU, "leaky_relu")     /* below 0: a x */                                       \
    X(XP_FN_GELU, "gelu")                 /* x times the normal distribution's share below x */    \
    X(XP_FN_GELU_TANH, "gelu_tanh")       /* the same, approximated by tanh */                     \
    X(XP_FN_SWISH, "swish")               /* x sigmoid(x) */                                       \
    X(XP_FN_HARD_SIGMOID, "hard_sigmoid") /* a x + b, kept within 0 and 1 */                       \
    X(XP_FN_HARD_SWISH, "hard_swish")     /* x times x / 6 + 1 / 2, kept within 0 and 1 */         \
    X(XP_FN_SOFTPLUS, "softplus")         /* log(1 + exp(x)) */                                    \
    X(XP_FN_SOFTSIGN, "softsign")         /* x / (1 + |x|) */                                      \
    X(XP_FN_MISH, "mish")                 /* x tanh(softplus(x)) */                                \
    X(XP_FN_CLIP, "clip")                 /* kept within a and b */                                \
    X(XP_FN_ERF, "erf")                                                                            \
    X(XP_FN_EXP, "exp")                                                                            \
    X(XP_FN_AFFINE, "affine") /* a x + b */

typedef enum xp_function {
#define X(fn, name) fn,
    XP_FUNCTION_LIST(X)
#undef X
        XP_N_FUNCTIONS
} xp_function;

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

    /* Settings; only those that the kind has (nn/op.h) are meaningful, the rest are 0. */
    xp_activation activation;      /* conv1d, dense, activation, gru (candidate) */
    xp_activation recurrent;       /* gru gates */
    int units;                     /* conv1d filters; dense and gru units */
    int kernel, stride;            /* conv1d, pools (kernel = pool size) */
    xp_padding padding;            /* conv1d, pools */
    bool use_bias;                 /* conv1d, dense, gru, lstm */
    bool center, scale;            /* batchnorm (beta, gamma), layernorm */
    float epsilon, momentum;       /* batchnorm, layernorm (epsilon) */
    float rate;                    /* dropout */
    bool return_sequences;         /* gru */
    bool reset_after;              /* gru */
    int dilation, groups;          /* group_conv1d; groupnorm (groups) */
    int before, after;             /* pad: samples of 0; negative: that many are cut off */
    xp_function function;          /* function */
    float alpha, beta;             /* function */
    bool transpose_a, transpose_b; /* matmul */

    /* conv1d, pools: samples in front and behind that are 0 (maxpool: -inf, avgpool: not counted).
     * Given with XP_PAD_EXPLICIT, each less than kernel; otherwise derived. */
    int pad_left, pad_right;

    /* Derived by xp_graph_add. */
    int t, c;         /* output shape */
    bool is_sequence; /* false: a vector, t = 1 */
    int n_params, params[XP_OP_MAX_PARAMS];
    /* params by kind: the op's file in nn/ops/ says which, and in which order. They lie one behind
     * the other in the model's block of weights. */
} xp_op;

typedef struct xp_graph {
    xp_op *ops; /* ops[0] is the input; ops[n_ops - 1] gives the probabilities */
    int n_ops, cap_ops;
    xp_param *params;
    int n_params, cap_params;
    size_t n_weights; /* floats in all params together */
} xp_graph;

const char *xp_op_kind_name(xp_op_kind k);
/* The kind of that name, or -1. */
int xp_op_kind_named(const char *name);
const char *xp_activation_name(xp_activation a);
const char *xp_function_name(xp_function f);

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

/* Samples that a window of the op spans: its kernel, spread by its dilation. */
static inline long long xp_op_extent(const xp_op *op) {
    return op->dilation > 1 ? (long long)(op->kernel - 1) * op->dilation + 1 : op->kernel;
}

/* Whether the op treats each channel by itself, and all of them alike (batch norm, add, pools ...).
 */
bool xp_op_is_channelwise(const xp_op *op);

/* Multiply-adds of one direct forward pass, of an op and of all: what `info` prints. */
double xp_op_macs(const xp_graph *g, const xp_op *op);
double xp_graph_macs(const xp_graph *g);

/* The graph as JSON text ("graph" in the model file's metadata) and back. *text is malloc'ed. */
xp_status xp_graph_to_json(const xp_graph *g, char **text, xp_error *err);
xp_status xp_graph_from_json(xp_graph *g, const char *text, xp_error *err);

#endif
