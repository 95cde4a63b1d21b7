/* An operation as one row: its settings and rules, its parameters, its cost and its arithmetic,
 * forward beside backward. nn/ops/ holds one file for each operation with its row; everything else
 * (graph, plans, runners, importers, `info`) reads rows and names no operation, but for the
 * fusions.
 *
 * A file of nn/ops/ includes this header, nn/ops.h and kernels/, and nothing else of nn/. */
#ifndef XP_NN_OP_H
#define XP_NN_OP_H

#include "base/mat.h"
#include "kernels/kernels.h"
#include "nn/graph.h"

/* ==== settings ==== */

typedef enum xp_setting_type {
    XP_SETTING_INT,
    XP_SETTING_BOOL,
    XP_SETTING_FLOAT,
    XP_SETTING_ACTIVATION,
    XP_SETTING_FUNCTION,
    XP_SETTING_PADDING /* with pad_left and pad_right */
} xp_setting_type;

/* The settings of operations: id, key in files, type, field of xp_op, whether it has a part in
 * inference. Files have them in this order. */
#define XP_SETTING_LIST(X)                                                                         \
    X(LENGTH, "length", INT, t, true)                                                              \
    X(CHANNELS, "channels", INT, c, true)                                                          \
    X(UNITS, "units", INT, units, true)                                                            \
    X(KERNEL, "kernel", INT, kernel, true)                                                         \
    X(STRIDE, "stride", INT, stride, true)                                                         \
    X(PADDING, "padding", PADDING, padding, true)                                                  \
    X(ACTIVATION, "activation", ACTIVATION, activation, true)                                      \
    X(RECURRENT, "recurrent_activation", ACTIVATION, recurrent, true)                              \
    X(USE_BIAS, "use_bias", BOOL, use_bias, true)                                                  \
    X(CENTER, "center", BOOL, center, true)                                                        \
    X(SCALE, "scale", BOOL, scale, true)                                                           \
    X(EPSILON, "epsilon", FLOAT, epsilon, true)                                                    \
    X(MOMENTUM, "momentum", FLOAT, momentum, false)                                                \
    X(RATE, "rate", FLOAT, rate, false)                                                            \
    X(RETURN_SEQUENCES, "return_sequences", BOOL, return_sequences, true)                          \
    X(RESET_AFTER, "reset_after", BOOL, reset_after, true)                                         \
    X(DILATION, "dilation", INT, dilation, true)                                                   \
    X(GROUPS, "groups", INT, groups, true)                                                         \
    X(BEFORE, "before", INT, before, true)                                                         \
    X(AFTER, "after", INT, after, true)                                                            \
    X(FUNCTION, "function", FUNCTION, function, true)                                              \
    X(ALPHA, "alpha", FLOAT, alpha, true)                                                          \
    X(BETA, "beta", FLOAT, beta, true)                                                             \
    X(TRANSPOSE_A, "transpose_a", BOOL, transpose_a, true)                                         \
    X(TRANSPOSE_B, "transpose_b", BOOL, transpose_b, true)

enum {
#define X(id, key, type, field, inference) XP_SETTING_##id##_INDEX,
    XP_SETTING_LIST(X)
#undef X
        XP_N_SETTINGS
};

/* Bits for xp_op_type.settings: XP_HAS_UNITS ... */
enum {
#define X(id, key, type, field, inference) XP_HAS_##id = 1 << XP_SETTING_##id##_INDEX,
    XP_SETTING_LIST(X)
#undef X
};
enum { XP_HAS_WINDOW = XP_HAS_KERNEL | XP_HAS_STRIDE | XP_HAS_PADDING };

typedef struct xp_setting {
    const char *key;
    xp_setting_type type;
    size_t offset; /* into xp_op */
    bool inference;
} xp_setting;

extern const xp_setting xp_settings[XP_N_SETTINGS];

/* ==== one call ==== */

enum { XP_OP_MAX_VECTORS = 2 };

/* What the arithmetic of one operation on one record gets. Matrices are (time, channels), a vector
 * is (1, channels); any may have row strides.
 *
 * Forward overwrites y. Backward adds to what it is given. Nothing is allocated. */
typedef struct xp_op_call {
    const xp_graph *graph;
    const float *weights; /* of the whole model */
    const xp_op *op;
    const xp_kernels *kernels;

    const xp_mat *x; /* one for each input */
    xp_mat y;
    bool relu;                         /* XP_OP_TAKES_RELU: a ReLU follows in the same pass */
    float *vectors[XP_OP_MAX_VECTORS]; /* made by prepare; (c) each */
    float *saved;                      /* `saved` floats, kept from forward to backward */
    void *scratch;                     /* `scratch` bytes */
    int begin, end; /* forward: rows or columns of y; backward: of dx; as the row's part says */

    xp_mat dy;
    int input;       /* which input's gradient is wanted: one call for each */
    xp_mat dx;       /* its gradient; data NULL: not wanted */
    float *gradient; /* of the op's own params, one behind the other; NULL: not wanted */
} xp_op_call;

/* A param of the op called, or NULL when it has none of that name; and its gradient. */
const float *xp_call_param(const xp_op_call *c, const char *suffix);
float *xp_call_gradient(const xp_op_call *c, const char *suffix);

/* ==== the row ==== */

/* How a call may be cut into parts that do not depend on each other. */
typedef enum xp_op_part { XP_PART_WHOLE, XP_PART_ROWS, XP_PART_COLUMNS } xp_op_part;

typedef enum xp_op_trait {
    /* Treats each channel by itself, and all of them alike. */
    XP_OP_CHANNELWISE = 1 << 0,
    /* Its input must have a time axis. */
    XP_OP_NEEDS_SEQUENCE = 1 << 1,
    /* y may lie where x[0] lies. */
    XP_OP_IN_PLACE = 1 << 2,
    /* At inference its output is its input. */
    XP_OP_PASSES_VALUE = 1 << 3,
    /* The same numbers in the same order, in another shape. */
    XP_OP_RESHAPES = 1 << 4,
    /* Its own activation follows its arithmetic: as a pass of its own, unless fused. */
    XP_OP_ENDS_IN_ACTIVATION = 1 << 5,
    /* Its inputs' channels lie one behind the other in its output. */
    XP_OP_JOINS_CHANNELS = 1 << 6,
    /* The gradient of its output (after its activation) is that of each input: no backward. */
    XP_OP_PASSES_GRADIENT = 1 << 7,
    /* dx may lie where dy lies: backward then replaces it. */
    XP_OP_GRADIENT_IN_PLACE = 1 << 8,
    /* Backward reads x. */
    XP_OP_READS_INPUT_AGAIN = 1 << 9,
    /* Forward applies a ReLU when the call says so. */
    XP_OP_TAKES_RELU = 1 << 10,
    /* Its output lies between 0 and 1 where all its inputs do; an activation by its kind. */
    XP_OP_KEEPS_BOUNDS = 1 << 11,
    /* Each time of its output is made of the same time of its inputs alone. */
    XP_OP_TIMEWISE = 1 << 12,
} xp_op_trait;

typedef struct xp_param_list {
    const xp_op *op;
    xp_param list[XP_OP_MAX_PARAMS];
    int n;
} xp_param_list;

typedef struct xp_op_type {
    unsigned settings;
    int min_inputs, max_inputs;
    unsigned traits;
    xp_op_part part, backward_part;
    int n_vectors; /* per-channel vectors that prepare makes from the weights */

    /* Any of these may be NULL. check: settings of this op that do not fit together. infer: the
     * output's shape, which is preset to that of the first input with `units` channels where the
     * op has them. params: in the order of xp_op.params. */
    xp_status (*check)(const xp_op *op, xp_error *err);
    xp_status (*infer)(const xp_graph *g, xp_op *op, xp_error *err);
    void (*params)(xp_param_list *l, int channels_in);
    double (*macs)(const xp_op *op, const xp_op *in); /* multiply-adds of a direct pass */
    size_t (*saved)(const xp_op *op, const xp_op *in);
    size_t (*scratch)(const xp_op *op, const xp_op *in);
    void (*prepare)(const xp_op_call *c); /* vectors from params */
    void (*forward)(const xp_op_call *c);
    void (*backward)(const xp_op_call *c);
} xp_op_type;

/* The rows: an operation in the list without a row does not link. */
#define X(kind, row) extern const xp_op_type xp_op_##row;
XP_OP_LIST(X)
#undef X

/* The row of a kind of the list. */
const xp_op_type *xp_op_type_of(xp_op_kind kind);

static inline bool xp_op_has(const xp_op *op, unsigned settings) {
    return (xp_op_type_of(op->kind)->settings & settings) != 0;
}

static inline bool xp_op_is(const xp_op *op, xp_op_trait trait) {
    return (xp_op_type_of(op->kind)->traits & (unsigned)trait) != 0;
}

/* Whether the two compute the same at inference, given the same weights: kind, inputs, shape and
 * settings. */
bool xp_op_same(const xp_op *a, const xp_op *b);

/* ==== for rows (op_rules.c, which knows no row) ==== */

/* "layer "name" (kind): what" as an error. */
xp_status xp_op_fail(xp_error *err, xp_status code, const xp_op *op, const char *what);

/* A param of the op; unused sizes are 0. */
void xp_want_param(xp_param_list *l, const char *suffix, int ndim, int a, int b, int c,
                   bool trainable);

/* t and padding of an op with a window, by Keras' (TensorFlow's) rule. */
xp_status xp_infer_window(const xp_graph *g, xp_op *op, xp_error *err);
/* Several inputs of the same length; joins: their channels lie one behind the other, else there are
 * as many in each. */
xp_status xp_infer_join(const xp_graph *g, xp_op *op, bool joins, xp_error *err);
/* A vector, whatever the input was. */
xp_status xp_infer_vector(const xp_graph *g, xp_op *op, xp_error *err);
/* A recurrent op: the state at each time, or the last one. */
xp_status xp_infer_states(const xp_graph *g, xp_op *op, xp_error *err);
/* Its gates work unit by unit, which softmax does not. */
xp_status xp_check_gates(const xp_op *op, xp_error *err);

#endif
