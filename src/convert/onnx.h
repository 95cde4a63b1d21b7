/* ONNX models (.onnx): a protobuf of nodes and constant tensors.
 *
 * Format: the Open Neural Network Exchange's IR and operator specifications
 * (onnx.ai/onnx/operators). Messages are read and written by protobuf-c with code made at build
 * time from the onnx.proto that ships with ONNX. */
#ifndef XP_CONVERT_ONNX_H
#define XP_CONVERT_ONNX_H

#include "base/bytes.h"
#include "nn/model.h"

/* Whether the bytes begin as an ONNX model does; and as one that xp_onnx_export wrote. */
bool xp_onnx_is(xp_bytes file);
bool xp_onnx_is_ours(xp_bytes file);

/* Write m as opset 17: input "ecg" (batch, length, leads) in millivolt, output "probabilities"
 * (batch, labels), or "scores" where they are none, any batch. Nodes carry the ops' names and
 * constants the params'. Every metadata string of the model file ("labels", "lead_order", "rate",
 * "units" ...) is in metadata_props, notice (may be NULL) as "disclaimer", where the model has none
 * of its own, and as the model's doc_string. *bytes is malloc'ed. */
xp_status xp_onnx_export(const xp_model *m, const char *notice, uint8_t **bytes, size_t *size,
                         xp_error *err);

/* Import a model with one input, (batch, leads, samples) as PyTorch has it or (batch, samples,
 * leads), of fixed size but for the batch, one output (batch, labels) and the operators listed in
 * onnx/ops/; opsets 9 to 25. Whatever would change what the network computes and is not
 * supported is an error that names the node and the attribute.
 *
 * A file that xp_onnx_export wrote gives the same model back, bit by bit, without the notice. Of
 * any other, *m gets the defaults of xp_keras_import (architecture "graph", 500 Hz, trained =
 * false, "label1"...). Free with xp_model_free. On error *m is untouched. */
xp_status xp_onnx_import(xp_model *m, xp_bytes file, xp_error *err);

/* Where the files lie that a model keeps its tensors in, beside itself ("external data", what
 * PyTorch writes by default since 2.9). read gives the whole of one, malloc'ed; name is a relative
 * path without "..". XP_ERR_NOT_FOUND where it is not there. */
typedef struct xp_onnx_files {
    void *ctx;
    xp_status (*read)(void *ctx, const char *name, uint8_t **data, size_t *size, xp_error *err);
} xp_onnx_files;

/* The same of a model that may have such files; beside NULL: it must have none. */
xp_status xp_onnx_import_beside(xp_model *m, xp_bytes file, const xp_onnx_files *beside,
                                xp_error *err);

#endif
