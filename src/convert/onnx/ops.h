/* What ONNX calls our operations: a row for each, import beside export. Inside xp_convert only.
 *
 * A file of ops/ holds the rows of related operations and includes this header and nn/op.h. */
#ifndef XP_CONVERT_ONNX_OPS_H
#define XP_CONVERT_ONNX_OPS_H

#include "convert/onnx/export.h"
#include "convert/onnx/import.h"

/* An operator of ONNX. attributes: those that are read, or that change nothing; any other is an
 * error. add appends an op for the node, or gives its output a new view of its input. */
typedef struct onnx_operator {
    const char *type, *attributes;
    xp_status (*add)(onnx_import *im, const onnx_node *n, xp_error *err);
} onnx_operator;

/* One of our operations: the nodes that it is written as, and the operators that are read as it (up
 * to one without type). */
typedef struct onnx_op {
    void (*write)(onnx_exporter *e);
    onnx_operator operators[18];
} onnx_op;

/* An operation in the list without a row does not link. */
#define X(kind, row) extern const onnx_op onnx_op_##row;
XP_OP_LIST(X)
#undef X

/* Views and the arithmetic of shapes, which become no operation (ops/shape.c). */
extern const onnx_operator onnx_shape_operators[];
/* Arithmetic with constants, which becomes a norm (ops/affine.c). */
extern const onnx_operator onnx_affine_operators[];

/* ==== shared by several files of ops/ ======================================================== */

/* kernel, stride, dilation and padding of a Conv or a pool (ops/pool.c), and what writes them. at:
 * which of the axes behind the channels is time; kernel: as the weights have it, 0 for a pool. */
xp_status onnx_read_window(const onnx_import *im, const onnx_node *n, const onnx_value *x, int at,
                           xp_op *op, xp_error *err);
void onnx_put_window(onnx_exporter *e, onnx_node *n);
/* A dense layer by a kernel of windows of 1, for a value without time (ops/dense.c). */
xp_status onnx_add_pointwise(onnx_import *im, const onnx_node *n, onnx_value *x,
                             const onnx_tensor *w, size_t n_w, const onnx_tensor *b, size_t n_b,
                             xp_error *err);
/* A Slice, and a place that counts from the end where it is negative, within 0 to high
 * (ops/slice.c). */
xp_status onnx_add_slice(onnx_import *im, const onnx_node *n, xp_error *err);
int64_t onnx_clamp(int64_t v, int64_t high);
/* What is left of v when an axis is taken out of its list. */
onnx_value onnx_drop_axis(const onnx_value *v, int axis);
/* Weights as the operators have them (ops/conv.c). */
const char *onnx_put_conv_kernel(onnx_exporter *e);
/* A list of integers as a constant of the op being written: its name (ops/shape.c). */
const char *onnx_put_list(onnx_exporter *e, const char *tag, int n, const int64_t *v);
/* A layer that is written as several nodes: the first one's doc_string is this and what follows,
 * the last one is named after the layer. onnx_take_layer takes up the nodes and gives the layer's
 * output node (ops/layers.c). */
#define ONNX_LAYER "layer "
bool onnx_begins_layer(const onnx_import *im, const onnx_node *n);
xp_status onnx_add_layer(onnx_import *im, const onnx_node *n, xp_error *err);
void onnx_mark_layer(onnx_node *n, const char *text);
/* Mul, Add, Sub and Div of a layer and a constant, or of two layers; no sum of two (ops/affine.c).
 */
xp_status onnx_add_arithmetic(onnx_import *im, const onnx_node *n, xp_error *err);
/* An activation as a layer of its own (ops/arith.c). */
xp_status onnx_add_activation(onnx_import *im, const onnx_node *n, xp_error *err);

#endif
