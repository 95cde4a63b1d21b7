#include "base/arena.h"
#include "convert/imported.h"
#include "convert/onnx.h"
#include "convert/onnx_parts.h"
#include "nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 8192, MAX_VALUES = 32768, OPSET_MIN = 9, OPSET_MAX = 25 };

/* ==== values by name ========================================================================= */

static uint32_t hash(const char *name) {
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* Where the name is in the table, or belongs. */
static int *find_slot(const onnx_import *im, const char *name) {
    uint32_t i = hash(name) % (uint32_t)im->table_size;
    while (im->table[i] >= 0 && strcmp(im->values[im->table[i]].name, name))
        i = (i + 1) % (uint32_t)im->table_size;
    return &im->table[i];
}

onnx_value *onnx_find(const onnx_import *im, const char *name) {
    int i = *find_slot(im, name);
    return i < 0 ? NULL : &im->values[i];
}

static xp_status add_value(onnx_import *im, const char *name, onnx_value **out, xp_error *err) {
    int *slot = find_slot(im, name);
    *out = NULL;
    if (*slot >= 0) return xp_fail(err, XP_ERR_FORMAT, "two tensors of the name \"%.80s\"", name);
    *slot = im->n_values;
    *out = &im->values[im->n_values++];
    **out = (onnx_value){.name = name, .consumer = -1};
    return XP_OK;
}

static xp_status allocate(onnx_import *im, xp_error *err) {
    const Onnx__GraphProto *g = im->graph;
    size_t n = g->n_initializer + g->n_input;
    if (g->n_node > MAX_NODES || n > MAX_VALUES)
        return xp_fail(err, XP_ERR_LIMIT, "%zu nodes and %zu constants, at most %d and %d",
                       g->n_node, n, MAX_NODES, MAX_VALUES);
    for (size_t i = 0; i < g->n_node; i++) n += g->node[i]->n_output;
    if (n > MAX_VALUES) return xp_fail(err, XP_ERR_LIMIT, "%zu tensors, at most %d", n, MAX_VALUES);
    im->table_size = (int)(2 * n + 1);
    im->values = calloc(n + 1, sizeof *im->values);
    im->table = malloc((size_t)im->table_size * sizeof *im->table);
    im->done = calloc(g->n_node + 1, sizeof *im->done);
    if (!im->values || !im->table || !im->done)
        return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    for (int i = 0; i < im->table_size; i++) im->table[i] = -1;
    return XP_OK;
}

static void count_uses(onnx_import *im) {
    const Onnx__GraphProto *g = im->graph;
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_input; k++) {
            onnx_value *v = onnx_find(im, g->node[i]->input[k]);
            if (!v) continue;
            v->uses++;
            v->consumer = (int)i;
        }
    for (size_t i = 0; i < g->n_output; i++) {
        onnx_value *v = g->output[i]->name ? onnx_find(im, g->output[i]->name) : NULL;
        if (v) v->uses++;
    }
}

/* Constants have their value from the start; nodes' outputs get theirs in turn. */
static xp_status list_values(onnx_import *im, xp_error *err) {
    const Onnx__GraphProto *g = im->graph;
    onnx_value *v = NULL;
    XP_TRY(allocate(im, err));
    for (size_t i = 0; i < g->n_initializer; i++) {
        const char *name = g->initializer[i]->name;
        if (!name) return xp_fail(err, XP_ERR_FORMAT, "constant %zu has no name", i);
        XP_TRY(add_value(im, name, &v, err));
        v->state = VALUE_TENSOR;
        v->tensor = g->initializer[i];
    }
    for (size_t i = 0; i < g->n_node; i++) {
        if (!g->node[i]->op_type)
            return xp_fail(err, XP_ERR_FORMAT, "node %zu names no operator (op_type)", i);
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            if (g->node[i]->output[k][0]) XP_TRY(add_value(im, g->node[i]->output[k], &v, err));
    }
    return XP_OK;
}

/* ==== the input ============================================================================== */

/* Older files name their constants among the inputs too. */
static xp_status find_input(const onnx_import *im, const Onnx__ValueInfoProto **input,
                            xp_error *err) {
    const Onnx__GraphProto *g = im->graph;
    int n = 0;
    *input = NULL;
    for (size_t i = 0; i < g->n_input; i++) {
        if (!g->input[i]->name || onnx_find(im, g->input[i]->name)) continue;
        *input = g->input[i];
        n++;
    }
    if (n == 1) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED, "the graph has %d inputs, expected one", n);
}

static xp_status bad_input(const Onnx__ValueInfoProto *input, const char *what, xp_error *err) {
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "input \"%.60s\" %s, expected float32 of (batch, leads, samples) or (batch, "
                   "samples, leads) with fixed leads and samples",
                   input->name, what);
}

/* The two sizes behind the batch. */
static xp_status read_sizes(const Onnx__ValueInfoProto *input, int *sizes, xp_error *err) {
    const Onnx__TypeProto *type = input->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type ||
        type->tensor_type->elem_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return bad_input(input, "is no tensor of float32", err);
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (!shape || shape->n_dim != 3) return bad_input(input, "has not three axes", err);
    for (int i = 0; i < 2; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i + 1];
        bool fixed = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (!fixed || d->dim_value < 1 || d->dim_value > INT32_MAX)
            return bad_input(input, "has a size that is not fixed", err);
        sizes[i] = (int)d->dim_value;
    }
    return XP_OK;
}

/* Which axis is time: we know of our own files; elsewhere a record has more samples than leads. */
static xp_status add_input(onnx_import *im, xp_error *err) {
    const Onnx__ValueInfoProto *input;
    int sizes[2];
    onnx_value *v = NULL;
    XP_TRY(find_input(im, &input, err));
    XP_TRY(read_sizes(input, sizes, err));
    bool time_first = im->ours || sizes[0] > sizes[1];
    int t = sizes[!time_first], c = sizes[time_first];
    if (c > XP_MAX_LEADS) return bad_input(input, "has more than 64 leads", err);
    xp_op op = {.kind = XP_OP_INPUT, .t = t, .c = c};
    const char *name = im->ours && input->doc_string ? input->doc_string : input->name;
    snprintf(op.name, sizeof op.name, "%s", name[0] ? name : "input");
    for (char *p = op.name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '_';
    XP_TRY(xp_graph_add(im->g, &op, err));
    XP_TRY(add_value(im, input->name, &v, err));
    v->state = VALUE_OP;
    v->op = 0;
    v->rank = 3;
    v->axes[0] = AXIS_BATCH;
    v->axes[1] = time_first ? AXIS_TIME : AXIS_CHANNELS;
    v->axes[2] = time_first ? AXIS_CHANNELS : AXIS_TIME;
    return XP_OK;
}

/* ==== the graph ============================================================================== */

static xp_status check_output(const onnx_import *im, xp_error *err) {
    const Onnx__GraphProto *g = im->graph;
    if (g->n_output != 1 || !g->output[0]->name)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "the graph has %zu outputs, expected one",
                       g->n_output);
    const onnx_value *v = onnx_find(im, g->output[0]->name);
    if (!v || v->state != VALUE_OP)
        return xp_fail(err, XP_ERR_FORMAT, "no node makes the output \"%.80s\"",
                       g->output[0]->name);
    for (int i = 0; i < v->rank; i++)
        if (v->axes[i] == AXIS_TIME || v->pad[0] || v->pad[1] || v->flat_t)
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "the output \"%.80s\" is a sequence, expected one value for each label",
                           g->output[0]->name);
    if (v->op == im->g->n_ops - 1) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "layer \"%s\" does not lead to the output; export a model without it",
                   im->g->ops[im->g->n_ops - 1].name);
}

static xp_status build(onnx_import *im, xp_error *err) {
    XP_TRY(list_values(im, err));
    XP_TRY(add_input(im, err));
    count_uses(im);
    for (size_t i = 0; i < im->graph->n_node; i++)
        if (!im->done[i]) XP_TRY(onnx_add_node(im, im->graph->node[i], err));
    return check_output(im, err);
}

/* ==== weights ================================================================================ */

/* out (k, in, units) from (units, in, k). */
static void fill_conv(float *out, const float *from, const xp_param *p) {
    size_t k = (size_t)p->shape[0], in = (size_t)p->shape[1], units = (size_t)p->shape[2];
    for (size_t u = 0; u < units; u++)
        for (size_t i = 0; i < in; i++)
            for (size_t j = 0; j < k; j++)
                out[(j * in + i) * units + u] = from[(u * in + i) * k + j];
}

static void fill_transposed(float *out, const float *from, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) out[r * cols + c] = from[c * rows + r];
}

/* Rows of `each` numbers from the order (c, t) to (t, c). */
static void reorder_flat(float *out, const float *from, size_t t, size_t c, size_t each) {
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < c; j++)
            memcpy(out + (i * c + j) * each, from + (j * t + i) * each, each * sizeof *out);
}

/* values: what the tensor holds; spare: as much room again. */
static void fill_param(float *out, const onnx_fill *f, const xp_param *p, float *values,
                       float *spare) {
    size_t each = p->ndim > 1 ? (size_t)p->shape[1] : 1;
    const float *from = values;
    if (f->order == ORDER_TRANSPOSE && f->flat_t) {
        fill_transposed(spare, values, (size_t)p->shape[0], each);
        from = spare;
    }
    if (f->flat_t)
        reorder_flat(out, from, (size_t)f->flat_t, (size_t)f->flat_c, each);
    else if (f->order == ORDER_CONV)
        fill_conv(out, from, p);
    else if (f->order == ORDER_TRANSPOSE)
        fill_transposed(out, from, (size_t)p->shape[0], each);
    else
        memcpy(out, from, p->count * sizeof *out);
    /* A GRU that resets before its product adds both biases at the same place. */
    for (size_t i = 0; f->order == ORDER_GRU_BIAS && p->ndim == 1 && i < p->count; i++)
        out[i] += values[p->count + i];
}

static xp_status fill_weights(xp_model *m, const onnx_import *im, size_t file_size, xp_error *err) {
    size_t largest = 1;
    /* Every weight is in the file, at two bytes or more, and few files use one twice. */
    if (m->graph.n_weights > file_size)
        return xp_fail(err, XP_ERR_LIMIT, "%zu bytes cannot hold the %zu weights of the layers",
                       file_size, m->graph.n_weights);
    for (int i = 0; i < im->n_fills; i++) {
        size_t count = 2 * m->graph.params[im->fills[i].param].count;
        if (count > largest) largest = count;
    }
    m->weights = xp_aligned_alloc((m->graph.n_weights + 1) * sizeof(float));
    float *values = malloc(2 * largest * sizeof *values);
    bool enough = m->weights && values;
    for (int i = 0; enough && i < im->n_fills; i++) {
        const onnx_fill *f = &im->fills[i];
        const xp_param *p = &m->graph.params[f->param];
        bool both = f->order == ORDER_GRU_BIAS && p->ndim == 1;
        onnx_tensor_floats(f->tensor, p->count * (both ? 2 : 1), values);
        fill_param(m->weights + p->offset, f, p, values, values + largest);
    }
    free(values);
    return enough ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory for weights");
}

/* ==== the model ============================================================================== */

static const char *property(const Onnx__ModelProto *message, const char *key) {
    for (size_t i = 0; i < message->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *p = message->metadata_props[i];
        if (p->key && p->value && !strcmp(p->key, key)) return p->value;
    }
    return NULL;
}

/* Whether a property is the model's: the graph is in the nodes, and the disclaimer may be ours. */
static bool is_of_model(const Onnx__ModelProto *message, const Onnx__StringStringEntryProto *p) {
    const char *doc = message->graph->doc_string;
    bool added = doc && !strcmp(doc, ONNX_NOTICE);
    return p->key && p->value && strcmp(p->key, "graph") &&
           !(added && !strcmp(p->key, "disclaimer"));
}

/* The file's metadata is that of a model file of ours, less the graph: put together they are one,
 * which is read as any other. */
static xp_status describe_ours(xp_model *m, const Onnx__ModelProto *message, xp_error *err) {
    size_t n = message->n_metadata_props;
    xp_st_meta *meta = calloc(n + 1, sizeof *meta);
    xp_st_source *tensors = calloc((size_t)m->graph.n_params + 1, sizeof *tensors);
    char *graph = NULL;
    uint8_t *bytes = NULL;
    size_t size;
    xp_model read;
    xp_status s = meta && tensors ? xp_graph_to_json(&m->graph, &graph, err)
                                  : xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    int n_meta = 0;
    for (size_t i = 0; s == XP_OK && i < n; i++) {
        const Onnx__StringStringEntryProto *p = message->metadata_props[i];
        if (is_of_model(message, p)) meta[n_meta++] = (xp_st_meta){p->key, p->value};
    }
    for (int i = 0; s == XP_OK && i < m->graph.n_params; i++) {
        const xp_param *p = &m->graph.params[i];
        tensors[i] = (xp_st_source){p->name, p->ndim, p->shape, m->weights + p->offset};
    }
    if (s == XP_OK) meta[n_meta++] = (xp_st_meta){(char *)"graph", graph};
    if (s == XP_OK)
        s = xp_safetensors_write(tensors, m->graph.n_params, meta, n_meta, XP_F32, &bytes, &size,
                                 err);
    if (s == XP_OK) s = xp_model_read(&read, (xp_bytes){bytes, size}, err);
    if (s == XP_OK) {
        xp_model_free(m);
        *m = read;
    }
    free(meta);
    free(tensors);
    free(graph);
    free(bytes);
    return s;
}

static xp_status describe_theirs(xp_model *m, const Onnx__ModelProto *message, xp_error *err) {
    const char *name = message->producer_name, *version = message->producer_version;
    char source[80];
    snprintf(source, sizeof source, "imported from ONNX (%.30s %.20s)", name ? name : "unknown",
             version ? version : "");
    for (char *p = source; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f) *p = '_';
    snprintf(m->name, sizeof m->name, "imported");
    return xp_imported_describe(m, source, err);
}

static xp_status find_opset(const Onnx__ModelProto *message, int64_t *opset, xp_error *err) {
    *opset = 0;
    for (size_t i = 0; i < message->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *o = message->opset_import[i];
        if (!o->domain || !o->domain[0] || !strcmp(o->domain, "ai.onnx")) *opset = o->version;
    }
    if (*opset >= OPSET_MIN && *opset <= OPSET_MAX) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "opset %lld, expected %d to %d: export the model with such an opset_version",
                   (long long)*opset, OPSET_MIN, OPSET_MAX);
}

static xp_status import(xp_model *m, onnx_import *im, const Onnx__ModelProto *message,
                        size_t file_size, xp_error *err) {
    if (!message->graph) return xp_fail(err, XP_ERR_FORMAT, "not an ONNX model: it has no graph");
    XP_TRY(find_opset(message, &im->opset, err));
    im->graph = message->graph;
    im->g = &m->graph;
    im->ours = message->producer_name && !strcmp(message->producer_name, "xplaim") &&
               property(message, "format_version");
    XP_TRY(build(im, err));
    XP_TRY(fill_weights(m, im, file_size, err));
    return im->ours ? describe_ours(m, message, err) : describe_theirs(m, message, err);
}

static void free_import(onnx_import *im) {
    free(im->values);
    free(im->table);
    free(im->done);
    free(im->fills);
    free(im);
}

xp_status xp_onnx_import(xp_model *out, xp_bytes file, xp_error *err) {
    Onnx__ModelProto *message;
    XP_TRY(onnx_message_read(&message, file, err));
    xp_model m = {0};
    onnx_import *im = calloc(1, sizeof *im);
    xp_status s = im ? import(&m, im, message, file.size, err)
                     : xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    if (im) free_import(im);
    onnx_message_free(message);
    if (s != XP_OK)
        xp_model_free(&m);
    else
        *out = m;
    return s;
}
