#include "convert/onnx/import.h"
#include "base/arena.h"
#include "convert/imported.h"
#include "convert/onnx.h"
#include "convert/onnx/ops.h"
#include "nn/model_file.h"
#include "nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 8192, MAX_VALUES = 32768, OPSET_MIN = 9, OPSET_MAX = 25 };

/* ==== values by name ========================================================================= */

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
        XP_TRY(onnx_add_value(im, name, &v, err));
        v->state = VALUE_TENSOR;
        v->tensor = g->initializer[i];
    }
    for (size_t i = 0; i < g->n_node; i++) {
        if (!g->node[i]->op_type)
            return xp_fail(err, XP_ERR_FORMAT, "node %zu names no operator (op_type)", i);
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            if (g->node[i]->output[k][0])
                XP_TRY(onnx_add_value(im, g->node[i]->output[k], &v, err));
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
    int sizes[2] = {0};
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
    XP_TRY(onnx_add_value(im, input->name, &v, err));
    v->state = VALUE_OP;
    v->op = 0;
    v->rank = 3;
    v->axes[0] = AXIS_BATCH;
    v->axes[1] = time_first ? AXIS_TIME : AXIS_CHANNELS;
    v->axes[2] = time_first ? AXIS_CHANNELS : AXIS_TIME;
    return XP_OK;
}

/* ==== nodes ================================================================================== */

static bool is_word_of(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *p = list; n && (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == 0)) return true;
    return false;
}

static const onnx_operator *find_in(const onnx_operator *list, const char *type) {
    while (list->type && strcmp(list->type, type)) list++;
    return list->type ? list : NULL;
}

static const onnx_operator *find_operator(const char *type) {
    static const onnx_op *const rows[] = {
#define X(kind, row) &onnx_op_##row,
        XP_OP_LIST(X)
#undef X
    };
    const onnx_operator *o = find_in(onnx_shape_operators, type);
    if (!o) o = find_in(onnx_affine_operators, type);
    for (size_t i = 0; !o && i < sizeof rows / sizeof *rows; i++)
        o = find_in(rows[i]->operators, type);
    return o;
}

/* What an attribute is where a node does not say, as the standard has it: of operators whose rows
 * do not read it. */
typedef struct onnx_default {
    const char *type, *name; /* type NULL: any */
    double number;
    const char *text; /* NULL: a number */
} onnx_default;

static const onnx_default defaults[] = {
    {"Cast", "saturate", 1, NULL},
    {"Cast", "round_mode", 0, "up"},
    {"BatchNormalization", "spatial", 1, NULL},
    {"Selu", "alpha", 1.67326319217681884765625, NULL},
    {"Selu", "gamma", 1.05070102214813232421875, NULL},
    {"Swish", "alpha", 1, NULL},
    {NULL, "noop_with_empty_axes", 0, NULL},
    {NULL, "input_forget", 0, NULL},
    {NULL, "output_sequence", 0, NULL},
    {NULL, "storage_order", 0, NULL},
    {NULL, "select_last_index", 0, NULL},
    {NULL, "stash_type", 1, NULL},
    {NULL, "training_mode", 0, NULL},
    {NULL, "is_test", 1, NULL},
    {NULL, "ceil_mode", 0, NULL},
    {NULL, "count_include_pad", 0, NULL},
    {NULL, "group", 1, NULL},
    {NULL, "allowzero", 0, NULL},
    {NULL, "keepdims", 1, NULL},
    {NULL, "direction", 0, "forward"},
    {NULL, "layout", 0, NULL},
    {NULL, "linear_before_reset", 0, NULL},
    {NULL, "auto_pad", 0, "NOTSET"},
    {NULL, "mode", 0, "constant"},
    {NULL, "approximate", 0, "none"},
};

static bool has_value(const Onnx__AttributeProto *a, const onnx_default *d) {
    if (a->n_ints || a->n_floats || a->n_strings || a->t || a->g) return false;
    if (d->text) return a->s.len == strlen(d->text) && !memcmp(a->s.data, d->text, a->s.len);
    if (a->s.len) return false;
    const double v = a->has_f ? (double)a->f : (double)(a->has_i ? a->i : 0);
    return v == d->number || (float)v == (float)d->number;
}

/* An attribute that holds its default changes nothing. */
static bool is_default(const onnx_node *n, const Onnx__AttributeProto *a) {
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        const onnx_default *d = &defaults[i];
        if (strcmp(d->name, a->name) || (d->type && strcmp(d->type, n->op_type))) continue;
        return has_value(a, d);
    }
    /* Lists of activations' numbers: none is the default. */
    return (!strcmp(a->name, "activation_alpha") || !strcmp(a->name, "activation_beta")) &&
           !a->n_floats;
}

static xp_status check_attributes(const onnx_node *n, const onnx_operator *o, xp_error *err) {
    for (size_t i = 0; i < n->n_attribute; i++) {
        const char *name = n->attribute[i]->name ? n->attribute[i]->name : "";
        if (is_word_of(o->attributes, name)) continue;
        if (n->attribute[i]->name && is_default(n, n->attribute[i])) continue;
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute %.60s is not supported", name);
    }
    return XP_OK;
}

/* What to do about an operator that is not known. */
static const char *advice_for(const onnx_import *im, const char *type) {
    if (!strcmp(type, "Pow") || !strcmp(type, "Sqrt"))
        return " (a LayerNorm must be exported with opset 17 or later)";
    for (size_t i = 0; i < im->graph->n_node; i++)
        if (!strcmp(im->graph->node[i]->op_type, "Loop") ||
            !strcmp(im->graph->node[i]->op_type, "Scan"))
            return "; the file has a loop, as tf2onnx makes of Keras' GRU: import the .keras file";
    return "";
}

static xp_status add_node(onnx_import *im, const onnx_node *n, xp_error *err) {
    const onnx_operator *o = find_operator(n->op_type);
    bool standard = !n->domain || !n->domain[0] || !strcmp(n->domain, "ai.onnx"), folded = false;
    if (standard) XP_TRY(onnx_fold(im, n, &folded, err));
    if (folded) return XP_OK;
    if (!o || !standard)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "this operator is not supported; those that make the layers Conv, GRU, "
                         "LSTM, dense, norms, pools, Concat, Add, Mul and activations are%s",
                         advice_for(im, n->op_type));
    if (onnx_begins_layer(im, n)) return onnx_add_layer(im, n, err);
    XP_TRY(check_attributes(n, o, err));
    return o->add(im, n, err);
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
        if (v->axes[i] == AXIS_TIME || v->op < 0 || v->pad[0] || v->pad[1] || v->flat_t)
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
        if (!im->done[i]) XP_TRY(add_node(im, im->graph->node[i], err));
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

/* out (in, 4 units), gates i f g o, from (4 units, in), gates i o f g. */
static void fill_lstm(float *out, const float *from, const xp_param *p) {
    static const size_t gate[] = {0, 2, 3, 1};
    const size_t in = (size_t)p->shape[0], cols = (size_t)p->shape[1], u = cols / 4;
    for (size_t r = 0; r < in; r++)
        for (size_t c = 0; c < cols; c++)
            out[r * cols + c] = from[(gate[c / u] * u + c % u) * in + r];
}

static void fill_lstm_bias(float *out, const float *from, const xp_param *p) {
    static const size_t gate[] = {0, 2, 3, 1};
    const size_t u = p->count / 4;
    for (size_t i = 0; i < p->count; i++) {
        const size_t at = gate[i / u] * u + i % u;
        out[i] = from[at] + from[p->count + at];
    }
}

/* One number for all of a param, or numbers turned round. */
static void change_values(float *values, const onnx_fill *f, size_t count, size_t given) {
    for (size_t i = given; i < count; i++) values[i] = values[0];
    for (size_t i = 0; f->negative && i < count; i++) values[i] = -values[i];
    for (size_t i = 0; f->inverse && i < count; i++) values[i] = 1 / values[i];
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
    else if (f->order == ORDER_LSTM)
        fill_lstm(out, from, p);
    else if (f->order == ORDER_LSTM_BIAS)
        fill_lstm_bias(out, from, p);
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

static bool adds_biases(const onnx_fill *f, const xp_param *p) {
    return (f->order == ORDER_GRU_BIAS && p->ndim == 1) || f->order == ORDER_LSTM_BIAS;
}

/* Numbers of the tensor that a fill reads, all parts of it. */
static size_t values_read(const onnx_fill *f, const xp_param *p) {
    return p->count * (adds_biases(f, p) ? 2 : 1) * (f->parts ? (size_t)f->parts : 1);
}

static void fill(float *out, const onnx_fill *f, const xp_param *p, float *values, float *spare) {
    size_t have = 1, parts = f->parts ? (size_t)f->parts : 1, all = values_read(f, p);
    xp_error ignored;
    values[0] = f->value;
    if (f->tensor && onnx_tensor_count(f->tensor, &have, &ignored) == XP_OK)
        onnx_tensor_floats(f->tensor, have < all ? have : all, values);
    change_values(values, f, all, have < all ? have : all);
    fill_param(out, f, p, values + (size_t)f->part * (all / parts), spare);
}

static xp_status fill_weights(xp_model *m, const onnx_import *im, xp_error *err) {
    size_t largest = 1;
    /* Every weight is in the file, at two bytes or more, and few files use one twice. */
    if (m->graph.n_weights > im->n_bytes + im->n_made)
        return xp_fail(err, XP_ERR_LIMIT, "%zu bytes cannot hold the %zu weights of the layers",
                       im->n_bytes, m->graph.n_weights);
    for (int i = 0; i < im->n_fills; i++) {
        size_t count = values_read(&im->fills[i], &m->graph.params[im->fills[i].param]);
        if (count > largest) largest = count;
    }
    m->weights = xp_aligned_alloc((m->graph.n_weights + 1) * sizeof(float));
    float *values = malloc(2 * largest * sizeof *values);
    bool enough = m->weights && values;
    for (int i = 0; enough && i < im->n_fills; i++) {
        const onnx_fill *f = &im->fills[i];
        const xp_param *p = &m->graph.params[f->param];
        fill(m->weights + p->offset, f, p, values, values + largest);
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
                        xp_error *err) {
    if (!message->graph) return xp_fail(err, XP_ERR_FORMAT, "not an ONNX model: it has no graph");
    XP_TRY(find_opset(message, &im->opset, err));
    im->graph = message->graph;
    im->g = &m->graph;
    im->ours = message->producer_name && !strcmp(message->producer_name, "xplaim") &&
               property(message, "format_version");
    XP_TRY(build(im, err));
    XP_TRY(fill_weights(m, im, err));
    return im->ours ? describe_ours(m, message, err) : describe_theirs(m, message, err);
}

static void free_import(onnx_import *im) {
    free(im->values);
    free(im->table);
    free(im->done);
    free(im->fills);
    onnx_free_made(im->made);
    free(im);
}

xp_status xp_onnx_import_beside(xp_model *out, xp_bytes file, const xp_onnx_files *beside,
                                xp_error *err) {
    Onnx__ModelProto *message;
    XP_TRY(onnx_message_read(&message, file, err));
    xp_model m = {0};
    onnx_import *im = calloc(1, sizeof *im);
    if (im) im->n_bytes = file.size;
    xp_status s = im ? onnx_fetch_external(message, beside, &im->n_bytes, err)
                     : xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    if (s == XP_OK) s = import(&m, im, message, err);
    if (im) free_import(im);
    onnx_message_free(message);
    if (s != XP_OK)
        xp_model_free(&m);
    else
        *out = m;
    return s;
}

xp_status xp_onnx_import(xp_model *m, xp_bytes file, xp_error *err) {
    return xp_onnx_import_beside(m, file, NULL, err);
}
