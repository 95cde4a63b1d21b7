/* The parts of the ONNX importer: inside xp_convert only.
 *
 *   bytes -> message (onnx_proto.c: limits, attributes, tensors)
 *         -> values by name, nodes in order (onnx_import.c)
 *         -> one op for each node, or a new view of a value (onnx_nodes.c)
 *         -> weights, once the whole graph is known (onnx_import.c) */
#ifndef XP_CONVERT_ONNX_PARTS_H
#define XP_CONVERT_ONNX_PARTS_H

#include "nn/model.h"
#include "onnx.pb-c.h"

/* The doc_string by which our exporter marks what is part of a layer, not one of its own: the node
 * of a layer's activation, and constants of 1 or 0 that are no params. */
#define ONNX_PART "part of its layer"
/* What our exporter says of a graph whose file got a disclaimer that its model has not. */
#define ONNX_NOTICE "the disclaimer was added on export"

typedef Onnx__NodeProto onnx_node;
typedef Onnx__TensorProto onnx_tensor;

/* ==== onnx_proto.c =========================================================================== */

/* Unpack a model. Nesting, repeated single fields and the memory it may take are checked first:
 * protobuf-c recurses without a bound. Free with onnx_message_free. */
xp_status onnx_message_read(Onnx__ModelProto **out, xp_bytes file, xp_error *err);
void onnx_message_free(Onnx__ModelProto *message);

/* The attribute of that name, or NULL; its value, or what to take when it is not there. A value of
 * another type is an error. */
const Onnx__AttributeProto *onnx_attribute(const onnx_node *n, const char *name);
xp_status onnx_get_int(const onnx_node *n, const char *name, int64_t otherwise, int64_t *out,
                       xp_error *err);
xp_status onnx_get_float(const onnx_node *n, const char *name, float otherwise, float *out,
                         xp_error *err);
xp_status onnx_get_text(const onnx_node *n, const char *name, const char *otherwise, char *out,
                        size_t size, xp_error *err);
/* Exactly count integers; out keeps its values when the attribute is not there. */
xp_status onnx_get_ints(const onnx_node *n, const char *name, int count, int64_t *out,
                        xp_error *err);

/* "node \"/conv1/Conv\" (Conv): what" as an error. */
xp_status onnx_fail(xp_error *err, xp_status code, const onnx_node *n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Number of elements, after a check that the data hold as many; of types float, float16, bfloat16,
 * double (or, for ints, int64 and int32). */
xp_status onnx_tensor_count(const onnx_tensor *t, size_t *count, xp_error *err);
/* Elements [0, count) as float32. The tensor has been counted. */
void onnx_tensor_floats(const onnx_tensor *t, size_t count, float *out);
bool onnx_tensor_is_float(const onnx_tensor *t);
/* Up to max integers of a tensor of rank 0 or 1. */
xp_status onnx_tensor_ints(const onnx_tensor *t, int max, int64_t *out, int *n, xp_error *err);
/* Whether all elements equal v. */
bool onnx_tensor_is_all(const onnx_tensor *t, size_t count, float v);

/* ==== values ================================================================================= */

/* What an axis of an ONNX tensor is to us. */
typedef enum onnx_axis { AXIS_BATCH, AXIS_TIME, AXIS_CHANNELS, AXIS_ONE } onnx_axis;

enum { ONNX_MAX_RANK = 4, ONNX_MAX_INTS = 8, ONNX_BATCH = -1000 /* the unknown size */ };

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
    int op, rank;                  /* VALUE_OP */
    onnx_axis axes[ONNX_MAX_RANK]; /* VALUE_OP */
    int flat_t, flat_c;            /* a flattened (c, t), where our flatten has (t, c); 0: not so */
    int pad[2]; /* zeros before and after time, which a convolution must take up */
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
} onnx_order;

typedef struct onnx_fill {
    int param;
    const onnx_tensor *tensor;
    onnx_order order;
    int flat_t, flat_c; /* rows (or elements) are in the order (c, t) */
} onnx_fill;

typedef struct onnx_import {
    const Onnx__GraphProto *graph;
    int64_t opset;
    bool ours; /* written by xp_onnx_export */
    onnx_value *values;
    int n_values;
    int *table, table_size; /* hash of the names -> value; -1 */
    bool *done;             /* nodes that an earlier one took up */
    bool collapsed[1024];   /* GRU ops of which only the last state is left */
    xp_graph *g;
    onnx_fill *fills; /* by the order of the params */
    int n_fills, cap_fills;
} onnx_import;

/* The value of that name, or NULL. */
onnx_value *onnx_find(const onnx_import *im, const char *name);

/* ==== onnx_nodes.c =========================================================================== */

xp_status onnx_add_node(onnx_import *im, const onnx_node *n, xp_error *err);

#endif
