/* The parts of the ONNX exporter: inside xp_convert only. Messages are built in blocks of memory
 * that are freed together; once one could not be had, `failed` is set and the export fails at its
 * end. Functions that take a node or give memory accept and give NULL then. */
#ifndef XP_CONVERT_ONNX_EXPORT_H
#define XP_CONVERT_ONNX_EXPORT_H

#include "convert/onnx/message.h"
#include "nn/model.h"

#include <stddef.h>

typedef struct onnx_block {
    struct onnx_block *next;
    max_align_t data[];
} onnx_block;

/* How the axes of a tensor lie. A vector has (batch, channels). */
typedef enum onnx_layout { ONNX_NCT, ONNX_NTC, ONNX_TNC, ONNX_VECTOR, ONNX_LAYOUTS } onnx_layout;

typedef struct onnx_written {
    const char *names[ONNX_LAYOUTS]; /* tensors that hold an op's output; NULL: not made */
    onnx_layout native;
} onnx_written;

typedef struct onnx_exporter {
    const xp_model *m;
    const xp_op *op;       /* being written */
    onnx_written *outputs; /* one for each op */
    Onnx__GraphProto *graph;
    size_t cap_nodes, cap_tensors;
    onnx_block *blocks;
    bool failed;
} onnx_exporter;

/* Memory, a text, a message; freed with the exporter's blocks. */
void *onnx_take(onnx_exporter *e, size_t count, size_t each);
char *onnx_text(onnx_exporter *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *onnx_message(onnx_exporter *e, const ProtobufCMessageDescriptor *d);

/* ==== nodes and constants ==================================================================== */

onnx_node *onnx_put_node(onnx_exporter *e, const char *type, const char *name, const char *out);
void onnx_put_input(onnx_node *n, const char *name);
void onnx_put_int(onnx_exporter *e, onnx_node *n, const char *name, int64_t v);
void onnx_put_float(onnx_exporter *e, onnx_node *n, const char *name, float v);
void onnx_put_string(onnx_exporter *e, onnx_node *n, const char *name, const char *v);
void onnx_put_ints(onnx_exporter *e, onnx_node *n, const char *name, int count, const int64_t *v);
void onnx_put_strings(onnx_exporter *e, onnx_node *n, const char *name, int count,
                      const char *const *v);

/* A constant of the graph, of any type or of floats: its bytes are for the caller to fill. */
void *onnx_put_tensor(onnx_exporter *e, const char *name, int type, size_t size, int ndim,
                      const int64_t *dims);
float *onnx_put_floats(onnx_exporter *e, const char *name, int ndim, const int64_t *dims);

/* A param of the op being written, or NULL; its values; and as a constant as it is: its name. */
const xp_param *onnx_find_param(const onnx_exporter *e, const char *suffix);
const float *onnx_weights(const onnx_exporter *e, const xp_param *p);
const char *onnx_put_param(onnx_exporter *e, const char *suffix);

/* ==== values in a layout ===================================================================== */

/* The tensor that holds op's output in that layout. A vector has only one. */
const char *onnx_in_layout(onnx_exporter *e, int op, onnx_layout want);
onnx_written *onnx_this_output(onnx_exporter *e);
const onnx_written *onnx_input_of(const onnx_exporter *e);
/* Layout for an op that works in `want`, or on a vector. */
onnx_layout onnx_sequence_or_vector(const onnx_exporter *e, onnx_layout want);
/* The name of the op's output, in layout l: the last one is the network's. */
const char *onnx_declare(onnx_exporter *e, onnx_layout l);
/* The network's output: "probabilities" or "scores". */
const char *onnx_output_name(const onnx_exporter *e);
int onnx_channel_axis(onnx_layout l);

const char *onnx_activation_type(xp_activation a);
onnx_node *onnx_put_activation(onnx_exporter *e, const char *name, const char *in, const char *out,
                               onnx_layout l);
/* The op's output when an activation is part of it: what the linear part writes to, and the
 * activation behind it. */
const char *onnx_linear_output(onnx_exporter *e, onnx_layout l);
void onnx_finish_linear(onnx_exporter *e, const char *linear, onnx_layout l);

#endif
