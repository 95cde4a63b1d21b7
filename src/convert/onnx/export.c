#include "convert/onnx.h"
#include "convert/onnx/ops.h"
#include "nn/model_file.h"
#include "nn/safetensors.h"

#include <stdlib.h>
#include <string.h>

enum { IR_VERSION = 8, OPSET = 17 };

/* ==== the model ============================================================================== */

static void add_dimension(onnx_exporter *e, Onnx__TensorShapeProto *shape, const char *name,
                          int size) {
    Onnx__TensorShapeProto__Dimension *d =
        onnx_message(e, &onnx__tensor_shape_proto__dimension__descriptor);
    if (!d) return;
    d->value_case = name ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                         : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    if (name)
        d->dim_param = (char *)name;
    else
        d->dim_value = size;
    shape->dim[shape->n_dim++] = d;
}

/* "name": float32 (batch, sizes...). One in a list of its own. */
static Onnx__ValueInfoProto **describe_end(onnx_exporter *e, const char *name, int n,
                                           const int *sizes) {
    Onnx__ValueInfoProto **list = onnx_take(e, 1, sizeof *list);
    Onnx__ValueInfoProto *v = onnx_message(e, &onnx__value_info_proto__descriptor);
    Onnx__TypeProto *type = onnx_message(e, &onnx__type_proto__descriptor);
    Onnx__TypeProto__Tensor *tensor = onnx_message(e, &onnx__type_proto__tensor__descriptor);
    Onnx__TensorShapeProto *shape = onnx_message(e, &onnx__tensor_shape_proto__descriptor);
    void *dims = onnx_take(e, 4, sizeof *shape->dim);
    if (e->failed) return NULL;
    shape->dim = dims;
    add_dimension(e, shape, "batch", 0);
    for (int i = 0; i < n; i++) add_dimension(e, shape, NULL, sizes[i]);
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    v->name = (char *)name;
    v->type = type;
    list[0] = v;
    return list;
}

static void write_graph(onnx_exporter *e) {
    static const onnx_op *const rows[] = {
#define X(kind, row) [kind] = &onnx_op_##row,
        XP_OP_LIST(X)
#undef X
    };
    const xp_graph *g = &e->m->graph;
    for (int i = 0; i < g->n_ops && !e->failed; i++) {
        e->op = &g->ops[i];
        rows[e->op->kind]->write(e);
    }
    const int in[] = {g->ops[0].t, g->ops[0].c}, out = g->ops[g->n_ops - 1].c;
    e->graph->name = onnx_text(e, "%s", e->m->name);
    e->graph->input = describe_end(e, "ecg", 2, in);
    e->graph->output = describe_end(e, onnx_output_name(e), 1, &out);
    e->graph->n_input = e->graph->n_output = 1;
    /* The input tensor's name is fixed; the op's comes back from here. */
    if (e->graph->input) e->graph->input[0]->doc_string = (char *)g->ops[0].name;
}

static void add_property(onnx_exporter *e, Onnx__ModelProto *model, const char *key,
                         const char *v) {
    Onnx__StringStringEntryProto *p = onnx_message(e, &onnx__string_string_entry_proto__descriptor);
    if (!p) return;
    p->key = (char *)key;
    p->value = (char *)v;
    model->metadata_props[model->n_metadata_props++] = p;
}

/* All of the model file's metadata but the graph, which the nodes are; the notice where the model
 * has no disclaimer. */
static void add_metadata(onnx_exporter *e, Onnx__ModelProto *model, const xp_safetensors *file,
                         const char *notice) {
    model->metadata_props = onnx_take(e, (size_t)file->n_meta + 1, sizeof *model->metadata_props);
    if (e->failed) return;
    for (int i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta[i].key, "graph"))
            add_property(e, model, file->meta[i].key, file->meta[i].value);
    if (!notice || xp_model_meta(e->m, "disclaimer")) return;
    add_property(e, model, "disclaimer", notice);
    model->graph->doc_string = (char *)ONNX_NOTICE;
}

static Onnx__ModelProto *make_model(onnx_exporter *e, const char *notice) {
    Onnx__ModelProto *model = onnx_message(e, &onnx__model_proto__descriptor);
    Onnx__OperatorSetIdProto *opset = onnx_message(e, &onnx__operator_set_id_proto__descriptor);
    e->graph = onnx_message(e, &onnx__graph_proto__descriptor);
    void *opsets = onnx_take(e, 1, sizeof opset);
    if (e->failed) return NULL;
    opset->domain = (char *)"";
    opset->has_version = true;
    opset->version = OPSET;
    model->opset_import = opsets;
    model->opset_import[model->n_opset_import++] = opset;
    model->has_ir_version = true;
    model->ir_version = IR_VERSION;
    model->producer_name = (char *)"xplaim";
    model->doc_string = (char *)(notice ? notice : "");
    model->graph = e->graph;
    write_graph(e);
    return model;
}

static xp_status pack(onnx_exporter *e, const Onnx__ModelProto *model, uint8_t **bytes,
                      size_t *size, xp_error *err) {
    uint8_t *packed = NULL;
    if (!e->failed) packed = malloc(onnx__model_proto__get_packed_size(model) + 1);
    if (!packed) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    *size = onnx__model_proto__pack(model, packed);
    *bytes = packed;
    return XP_OK;
}

static xp_status export(onnx_exporter *e, const xp_safetensors *file, const char *notice,
                        uint8_t **bytes, size_t *size, xp_error *err) {
    e->outputs = onnx_take(e, (size_t)e->m->graph.n_ops, sizeof *e->outputs);
    Onnx__ModelProto *model = e->failed ? NULL : make_model(e, notice);
    if (model) add_metadata(e, model, file, notice);
    xp_status s = pack(e, model, bytes, size, err);
    for (onnx_block *b = e->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    return s;
}

xp_status xp_onnx_export(const xp_model *m, const char *notice, uint8_t **bytes, size_t *size,
                         xp_error *err) {
    uint8_t *file;
    size_t n;
    XP_TRY(xp_model_write(m, false, &file, &n, err)); /* checks m, and knows the metadata */
    xp_safetensors st;
    xp_status s = xp_safetensors_read(&st, (xp_bytes){file, n}, err);
    if (s == XP_OK) {
        onnx_exporter e = {.m = m};
        s = export(&e, &st, notice, bytes, size, err);
        xp_safetensors_free(&st);
    }
    free(file);
    return s;
}
