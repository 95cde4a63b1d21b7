/* The parts of the ONNX importer: inside xp_convert only.
 *
 *   bytes -> message (message.c: limits, attributes, tensors)
 *         -> values by name (values.c), nodes in order (import.c)
 *         -> one op for each node, or a new view of a value (ops/), or a constant (fold.c)
 *         -> weights, once the whole graph is known (import.c) */
#ifndef XP_CONVERT_ONNX_IMPORT_H
#define XP_CONVERT_ONNX_IMPORT_H

#include "convert/onnx.h"
#include "convert/onnx/message.h"
#include "nn/model.h"

/* What an axis of an ONNX tensor is to us. Parts: the two directions of a recurrent layer, whose
 * channels lie one behind the other in the op. */
typedef enum onnx_axis { AXIS_BATCH, AXIS_TIME, AXIS_CHANNELS, AXIS_ONE, AXIS_PART } onnx_axis;

enum { ONNX_MAX_RANK = 5, ONNX_MAX_INTS = 8, ONNX_BATCH = -1000 /* the unknown size */ };

typedef enum onnx_state {
    VALUE_UNKNOWN, /* nothing has made it yet */
    VALUE_OP,      /* the output of an op of the graph, its axes in some order */
    VALUE_TENSOR,  /* a constant */
    VALUE_INTS,    /* a computed shape */
    VALUE_ZEROS    /* zeros of a computed shape: a recurrent layer's first state */
} onnx_state;

typedef struct onnx_value {
    const char *name;
    int uses, consumer; /* how often nodes read it, and the last node that does */
    onnx_state state;
    int op, rank;                  /* VALUE_OP; op -1: parts, not joined yet */
    onnx_axis axes[ONNX_MAX_RANK]; /* VALUE_OP */
    int flat_t, flat_c;            /* a flattened (c, t), where our flatten has (t, c); 0: not so */
    int pad[2];     /* samples before and after time that are not made yet: a convolution takes */
    bool pad_least; /* them up, as does a max-pool where they are the least number, not 0 */
    int spread;     /* an axis of 1 that Expand repeats so often, for a product; 0: none */
    bool rows;      /* batch and time are one axis, for a dense layer of every sample */
    int groups;     /* channels in groups of a norm that is written as several nodes; 0: none */
    int parts[2];   /* AXIS_PART: an op each */
    const onnx_tensor *tensor;
    int64_t ints[ONNX_MAX_INTS];
    int n_ints;
} onnx_value;

/* How a tensor becomes a param. */
typedef enum onnx_order {
    ORDER_AS_IS,
    ORDER_CONV,      /* (out, in, k) -> (k, in, out) */
    ORDER_TRANSPOSE, /* (out, in) -> (in, out) */
    ORDER_GRU_BIAS,  /* W and R biases, one behind the other: as is, or added up */
    ORDER_LSTM,      /* (gates i o f g, in) -> (in, gates i f g o) */
    ORDER_LSTM_BIAS  /* both, added up, the gates in that order */
} onnx_order;

/* tensor NULL: all of it is value. repeats: a tensor of one element may fill all of the param. */
typedef struct onnx_fill {
    int param;
    const onnx_tensor *tensor;
    float value;
    bool repeats, negative, inverse; /* negative: -v; inverse: 1 / v */
    onnx_order order;
    int part, parts;    /* the tensor has so many one behind the other; 0: one */
    int flat_t, flat_c; /* rows (or elements) are in the order (c, t) */
} onnx_fill;

/* A constant that the importer has computed. */
typedef struct onnx_made onnx_made;

typedef struct onnx_import {
    const Onnx__GraphProto *graph;
    int64_t opset;
    bool ours; /* written by xp_onnx_export */
    onnx_value *values;
    int n_values;
    int *table, table_size; /* hash of the names -> value; -1 */
    bool *done;             /* nodes that an earlier one took up */
    size_t n_bytes;         /* of the file, and of those beside it */
    size_t n_made;          /* weights that are no numbers of the file */
    onnx_made *made;        /* owned */
    bool collapsed[1024];   /* GRU ops of which only the last state is left */
    xp_graph *g;
    onnx_fill *fills; /* by the order of the params */
    int n_fills, cap_fills;
} onnx_import;

/* ==== external.c: tensors in files beside the model ========================================== */

/* Fetch them into the message; *bytes grows by what the files hold. */
xp_status onnx_fetch_external(Onnx__ModelProto *message, const xp_onnx_files *beside, size_t *bytes,
                              xp_error *err);

/* ==== fold.c: constants of constants ========================================================= */

/* Give n's output as a constant where it is one that is computed of constants; else *done is false
 * and nothing has happened. */
xp_status onnx_fold(onnx_import *im, const onnx_node *n, bool *done, xp_error *err);
/* A constant of that shape (up to rank 8), zeros until the caller writes *data; the import owns it.
 */
xp_status onnx_make_tensor(onnx_import *im, const onnx_node *n, int rank, const int64_t *dims,
                           float **data, const onnx_tensor **out, xp_error *err);
void onnx_free_made(onnx_made *made); /* all of the list */

/* ==== values.c: tensors by name ============================================================== */

/* The value of that name, or NULL; a new one, which must not be there. The table is allocated. */
onnx_value *onnx_find(const onnx_import *im, const char *name);
xp_status onnx_add_value(onnx_import *im, const char *name, onnx_value **out, xp_error *err);

/* ==== values.c: what a node reads ============================================================ */

/* The name of input i, or NULL where it is left out. */
const char *onnx_input_name(const onnx_node *n, int i);
/* Input i as an earlier node has made it; get: NULL where it is left out. */
xp_status onnx_get_input(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                         xp_error *err);
xp_status onnx_need_value(const onnx_import *im, const onnx_node *n, int i, onnx_value **v,
                          xp_error *err);
/* Input i as the output of an op; its padding is made, but for windows, which may take it up. */
xp_status onnx_need_op(onnx_import *im, const onnx_node *n, int i, onnx_value **v, xp_error *err);
/* Input 0 as the output of an op with the axes (batch, channels, ...), of which one may be time and
 * the rest are 1. *at: which of those behind the channels is time; -1: none. */
xp_status onnx_need_window(onnx_import *im, const onnx_node *n, onnx_value **x, int *at,
                           xp_error *err);
/* A time of one sample, as a pool over all of it leaves, becomes an axis of 1; any other stays. */
xp_status onnx_end_time(onnx_import *im, const onnx_node *n, onnx_value *v, xp_error *err);
/* The padding of v as an op of its own. */
xp_status onnx_make_padding(onnx_import *im, const onnx_node *n, onnx_value *v, xp_error *err);
/* Input i as a constant of floats of that rank (-1: any), its elements counted. */
xp_status onnx_need_tensor(const onnx_import *im, const onnx_node *n, int i, int rank,
                           const onnx_tensor **t, size_t *count, xp_error *err);
/* Integers of input i (a constant or a computed shape) or, in older opsets, of an attribute. */
xp_status onnx_get_list(const onnx_import *im, const onnx_node *n, int i, const char *attribute,
                        int64_t *out, int *count, xp_error *err);
/* An axis as an index from the front. */
xp_status onnx_get_axis(const onnx_node *n, int64_t axis, int rank, int *out, xp_error *err);
/* A size or padding that is credible: 0 to 2^20. */
xp_status onnx_get_small(const onnx_node *n, const char *name, int64_t v, int *out, xp_error *err);

extern const onnx_axis onnx_nct[3], onnx_tnc[3], onnx_vector[2];
/* How many there are along an axis of x; ONNX_BATCH for records. */
int64_t onnx_axis_size(const onnx_import *im, const onnx_value *x, int axis);
bool onnx_has_axes(const onnx_value *v, int rank, const onnx_axis *axes);
xp_status onnx_wrong_axes(const onnx_node *n, const onnx_value *v, const char *expected,
                          xp_error *err);
/* An error for a flattened (channels, time), for an op that cannot read it. */
xp_status onnx_refuse_flat(const onnx_node *n, const onnx_value *v, xp_error *err);

/* ==== values.c: what a node makes ============================================================ */

onnx_value *onnx_output(const onnx_import *im, const onnx_node *n, int i);
/* Output i is `like`, whose name and uses it does not take. */
void onnx_set_output(const onnx_import *im, const onnx_node *n, int i, const onnx_value *like);
void onnx_set_ints(const onnx_import *im, const onnx_node *n, int count, const int64_t *v);
/* The output of the op added last. */
onnx_value onnx_op_value(const onnx_import *im, int rank, const onnx_axis *axes);

/* Append op, named after the node, to the graph; extra: with that behind the name. */
xp_status onnx_add_extra_op(onnx_import *im, const onnx_node *n, const char *extra, xp_op *op,
                            xp_error *err);
xp_status onnx_add_op(onnx_import *im, const onnx_node *n, xp_op *op, xp_error *err);

/* The whole of a node that changes x's values and nothing else of it: op reads x, and is its first
 * output. */
xp_status onnx_add_like(onnx_import *im, const onnx_node *n, const onnx_value *x, xp_op *op,
                        xp_error *err);
/* Param `suffix` of the last op comes from t. */
xp_status onnx_fill_param(onnx_import *im, const onnx_node *n, const char *suffix,
                          const onnx_tensor *t, size_t count, onnx_fill how, xp_error *err);

/* Numbers that the file need not hold are counted, and bounded. */
xp_status onnx_count_made(onnx_import *im, const onnx_node *n, size_t count, xp_error *err);
/* All of that param, which the op need not have, is value. */
xp_status onnx_fill_value(onnx_import *im, const onnx_node *n, const char *suffix, float value,
                          xp_error *err);
/* The layer that takes no weights from the file: y = scale x + shift, each one number or one for
 * each channel of v, or NULL. v becomes its output. */
xp_status onnx_add_affine(onnx_import *im, const onnx_node *n, onnx_value *v,
                          const onnx_fill *scale, const onnx_fill *shift, xp_error *err);

/* ==== values.c: nodes that take up the next one ============================================== */

/* The one node that reads this node's first output, if it is of that type (NULL: any) and nothing
 * else does. */
const onnx_node *onnx_only_reader(const onnx_import *im, const onnx_node *n, const char *type);
void onnx_take_up(const onnx_import *im, const onnx_node *n);
bool onnx_find_activation(const char *type, xp_activation *a);
/* Whether our exporter marked it as a part of a layer. */
bool onnx_is_part(const onnx_import *im, const char *doc);
/* Our exporter writes a layer's own activation as a node behind it. *last is the node whose output
 * is the layer's, its channels at that axis. */
void onnx_take_activation(const onnx_import *im, const onnx_node **last, int channels, xp_op *op);

#endif
