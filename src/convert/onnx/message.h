/* An ONNX file as protobuf messages: limits, attributes, tensors. Inside xp_convert only. */
#ifndef XP_CONVERT_ONNX_MESSAGE_H
#define XP_CONVERT_ONNX_MESSAGE_H

#include "base/bytes.h"
#include "base/status.h"
#include "onnx.pb-c.h"

#include <stdbool.h>

/* The doc_string by which our exporter marks what is part of a layer, not one of its own: the node
 * of a layer's activation, and constants of 1 or 0 that are no params. */
#define ONNX_PART "part of its layer"
/* Our exporter's mark of a file that has a disclaimer which its model lacks. */
#define ONNX_NOTICE "the disclaimer was added on export"

typedef Onnx__NodeProto onnx_node;
typedef Onnx__TensorProto onnx_tensor;

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

#endif
