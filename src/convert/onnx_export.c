#include "convert/onnx.h"
#include "convert/onnx_parts.h"
#include "nn/safetensors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IR_VERSION = 8, OPSET = 17 };

/* Memory for the messages: blocks that are freed together. Once one could not be had, `failed` is
 * set and the export fails at its end. */
typedef struct block {
    struct block *next;
    max_align_t data[];
} block;

/* How the axes of a tensor lie. A vector has (batch, channels). */
typedef enum layout { NCT, NTC, TNC, VECTOR, N_LAYOUTS } layout;

typedef struct output {
    const char *names[N_LAYOUTS]; /* tensors that hold it; NULL: not made */
    layout native;
} output;

typedef struct exporter {
    const xp_model *m;
    const xp_op *op; /* being written */
    output *outputs; /* one for each op */
    Onnx__GraphProto *graph;
    size_t cap_nodes, cap_tensors;
    block *blocks;
    bool failed;
} exporter;

typedef Onnx__NodeProto node;

static void *take(exporter *e, size_t count, size_t each) {
    if (count > (SIZE_MAX / 2) / each) count = SIZE_MAX / 2 / each;
    block *b = calloc(1, sizeof *b + count * each);
    if (!b) {
        e->failed = true;
        return NULL;
    }
    b->next = e->blocks;
    e->blocks = b;
    return b->data;
}

static char *text(exporter *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static char *text(exporter *e, const char *fmt, ...) {
    char buffer[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buffer, sizeof buffer, fmt, ap);
    va_end(ap);
    char *copy = take(e, strlen(buffer) + 1, 1);
    return copy ? strcpy(copy, buffer) : (char *)"";
}

static void *message(exporter *e, const ProtobufCMessageDescriptor *d) {
    void *m = take(e, 1, d->sizeof_message);
    if (m) protobuf_c_message_init(d, m);
    return m;
}

/* Room for one more in a list that doubles. */
static bool grow(exporter *e, void ***list, size_t n, size_t *cap) {
    if (n < *cap) return true;
    size_t bigger = *cap ? 2 * *cap : 64;
    void **copy = take(e, bigger, sizeof *copy);
    if (!copy) return false;
    if (n) memcpy(copy, *list, n * sizeof *copy);
    *list = copy;
    *cap = bigger;
    return true;
}

/* ==== nodes, attributes, constants =========================================================== */

/* Helpers that take a node or give memory accept and give NULL when memory ran out. */
static node *add_node(exporter *e, const char *type, const char *name, const char *out) {
    Onnx__GraphProto *g = e->graph;
    node *n = message(e, &onnx__node_proto__descriptor);
    if (!n || !grow(e, (void ***)&g->node, g->n_node, &e->cap_nodes)) return NULL;
    n->op_type = (char *)type;
    n->name = (char *)name;
    n->output = take(e, 2, sizeof *n->output);
    n->input = take(e, XP_OP_MAX_INPUTS + 1, sizeof *n->input);
    n->attribute = take(e, 8, sizeof *n->attribute);
    if (e->failed) return NULL;
    n->output[n->n_output++] = (char *)out;
    g->node[g->n_node++] = n;
    return n;
}

static void add_input(node *n, const char *name) {
    if (n) n->input[n->n_input++] = (char *)name;
}

static Onnx__AttributeProto *add_attribute(exporter *e, node *n, const char *name, int type) {
    Onnx__AttributeProto *a = message(e, &onnx__attribute_proto__descriptor);
    if (!n || !a) return NULL;
    a->name = (char *)name;
    a->has_type = true;
    a->type = (Onnx__AttributeProto__AttributeType)type;
    n->attribute[n->n_attribute++] = a;
    return a;
}

static void set_int(exporter *e, node *n, const char *name, int64_t v) {
    Onnx__AttributeProto *a = add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a) return;
    a->has_i = true;
    a->i = v;
}

static void set_float(exporter *e, node *n, const char *name, float v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a) return;
    a->has_f = true;
    a->f = v;
}

static void set_text(exporter *e, node *n, const char *name, const char *v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (!a) return;
    a->has_s = true;
    a->s = (ProtobufCBinaryData){strlen(v), (uint8_t *)v};
}

static void set_ints(exporter *e, node *n, const char *name, int count, const int64_t *v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *copy = take(e, (size_t)count, sizeof *copy);
    if (!a || !copy) return;
    memcpy(copy, v, (size_t)count * sizeof *copy);
    a->ints = copy;
    a->n_ints = (size_t)count;
}

static void set_texts(exporter *e, node *n, const char *name, int count, const char *const *v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    ProtobufCBinaryData *list = take(e, (size_t)count, sizeof *list);
    if (!a || !list) return;
    for (int i = 0; i < count; i++) list[i] = (ProtobufCBinaryData){strlen(v[i]), (uint8_t *)v[i]};
    a->strings = list;
    a->n_strings = (size_t)count;
}

/* A constant of the graph: its bytes are for the caller to fill. */
static void *add_tensor(exporter *e, const char *name, int type, size_t size, int ndim,
                        const int64_t *dims) {
    Onnx__GraphProto *g = e->graph;
    Onnx__TensorProto *t = message(e, &onnx__tensor_proto__descriptor);
    if (!t || !grow(e, (void ***)&g->initializer, g->n_initializer, &e->cap_tensors)) return NULL;
    size_t count = 1;
    for (int i = 0; i < ndim; i++) count *= (size_t)dims[i];
    t->name = (char *)name;
    t->has_data_type = t->has_raw_data = true;
    t->data_type = type;
    t->n_dims = (size_t)ndim;
    t->dims = take(e, (size_t)ndim + 1, sizeof *t->dims);
    t->raw_data = (ProtobufCBinaryData){count * size, take(e, count + 1, size)};
    if (e->failed) return NULL;
    memcpy(t->dims, dims, (size_t)ndim * sizeof *dims);
    g->initializer[g->n_initializer++] = t;
    return t->raw_data.data;
}

/* The machine is little-endian, as ONNX is: checked at the end of the file. */
static float *add_floats(exporter *e, const char *name, int ndim, const int64_t *dims) {
    return add_tensor(e, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, sizeof(float), ndim, dims);
}

static const char *constant_int(exporter *e, const char *tag, int64_t v) {
    const char *name = text(e, "%s:%s", e->op->name, tag);
    int64_t one = 1,
            *data = add_tensor(e, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, sizeof v, 1, &one);
    if (data) *data = v;
    return name;
}

/* n times the same number: what a norm without gamma or beta computes with. */
static const char *constant_floats(exporter *e, const char *tag, int n, float v) {
    const char *name = text(e, "%s:%s", e->op->name, tag);
    int64_t dim = n;
    float *data = add_floats(e, name, 1, &dim);
    for (int i = 0; data && i < n; i++) data[i] = v;
    if (data) e->graph->initializer[e->graph->n_initializer - 1]->doc_string = (char *)ONNX_PART;
    return name;
}

/* ==== params ================================================================================= */

static const float *weights(const exporter *e, const xp_param *p) {
    return e->m->weights + p->offset;
}

static const xp_param *find_param(const exporter *e, const char *suffix) {
    return xp_op_param(&e->m->graph, e->op, suffix);
}

/* A param as it is, or NULL when the op has none of that name. */
static const char *plain_param(exporter *e, const char *suffix) {
    const xp_param *p = find_param(e, suffix);
    if (!p) return NULL;
    int64_t dims[3] = {p->shape[0], p->shape[1], p->shape[2]};
    float *data = add_floats(e, p->name, p->ndim, dims);
    if (data) memcpy(data, weights(e, p), p->count * sizeof *data);
    return p->name;
}

static const char *param_or(exporter *e, const char *suffix, const char *tag, int n, float v) {
    const char *name = plain_param(e, suffix);
    return name ? name : constant_floats(e, tag, n, v);
}

/* out (cols, rows) = in (rows, cols) */
static void transpose(float *out, const float *in, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) out[c * rows + r] = in[r * cols + c];
}

/* Keras (k, in, out) -> ONNX (out, in, k). */
static const char *conv_kernel(exporter *e) {
    const xp_param *p = find_param(e, "kernel");
    size_t k = (size_t)p->shape[0], in = (size_t)p->shape[1], out = (size_t)p->shape[2];
    int64_t dims[3] = {p->shape[2], p->shape[1], p->shape[0]};
    float *data = add_floats(e, p->name, 3, dims);
    const float *w = weights(e, p);
    for (size_t j = 0; data && j < k; j++)
        for (size_t i = 0; i < in; i++)
            for (size_t o = 0; o < out; o++) data[(o * in + i) * k + j] = w[(j * in + i) * out + o];
    return p->name;
}

/* Keras (in, 3 units) -> ONNX (1, 3 units, in); both have the gates in the order z, r, h. */
static const char *gru_kernel(exporter *e, const char *suffix) {
    const xp_param *p = find_param(e, suffix);
    int64_t dims[3] = {1, p->shape[1], p->shape[0]};
    float *data = add_floats(e, p->name, 3, dims);
    if (data) transpose(data, weights(e, p), (size_t)p->shape[0], (size_t)p->shape[1]);
    return p->name;
}

/* (1, 6 units): the input's, then the recurrent biases. */
static const char *gru_bias(exporter *e) {
    const xp_param *p = find_param(e, "bias");
    if (!p) return NULL;
    int64_t dims[2] = {1, 6 * (int64_t)e->op->units};
    float *data = add_floats(e, p->name, 2, dims);
    if (data) memcpy(data, weights(e, p), p->count * sizeof *data);
    return p->name;
}

/* ==== values in a layout ===================================================================== */

static const char *const layout_names[] = {"nct", "ntc", "tnc", "vector"};

/* perm[i]: the axis of `from` that becomes axis i of `to`. */
static void find_perm(layout from, layout to, int64_t *perm) {
    static const char axes[][4] = {"nct", "ntc", "tnc"};
    for (int i = 0; i < 3; i++) perm[i] = strchr(axes[from], axes[to][i]) - axes[from];
}

/* The tensor that holds op's output in that layout; a Transpose makes it where there is none. A
 * vector has only one. */
static const char *value(exporter *e, int op, layout want) {
    output *o = &e->outputs[op];
    if (o->native == VECTOR) want = VECTOR;
    if (o->names[want]) return o->names[want];
    const char *name = text(e, "%s:%s", e->m->graph.ops[op].name, layout_names[want]);
    int64_t perm[3];
    find_perm(o->native, want, perm);
    node *n = add_node(e, "Transpose", name, name);
    add_input(n, o->names[o->native]);
    set_ints(e, n, "perm", 3, perm);
    return o->names[want] = name;
}

static output *this_output(exporter *e) {
    return &e->outputs[e->op - e->m->graph.ops];
}

static const output *input_of(const exporter *e) {
    return &e->outputs[e->op->inputs[0]];
}

/* Layout for an op that works in `want`, or on a vector. */
static layout sequence_or_vector(const exporter *e, layout want) {
    return input_of(e)->native == VECTOR ? VECTOR : want;
}

/* The name of the op's output, in layout l: the last one is the network's. */
static const char *declare(exporter *e, layout l) {
    bool last = e->op == &e->m->graph.ops[e->m->graph.n_ops - 1];
    output *o = this_output(e);
    o->native = l;
    return o->names[l] = last ? "probabilities" : text(e, "%s:0", e->op->name);
}

static int channel_axis(layout l) {
    return l == NCT || l == VECTOR ? 1 : 2;
}

static const char *activation_type(xp_activation a) {
    static const char *const types[] = {"Identity", "Relu", "Sigmoid", "Tanh", "Softmax"};
    return types[a];
}

static node *add_activation(exporter *e, const char *name, const char *in, const char *out,
                            layout l) {
    node *n = add_node(e, activation_type(e->op->activation), name, out);
    add_input(n, in);
    if (e->op->activation == XP_ACT_SOFTMAX) set_int(e, n, "axis", channel_axis(l));
    return n;
}

/* The op's output when an activation is part of it: what the linear part writes to. */
static const char *linear_output(exporter *e, layout l) {
    if (e->op->activation == XP_ACT_LINEAR) return declare(e, l);
    this_output(e)->native = l;
    return text(e, "%s:linear", e->op->name);
}

static void finish_linear(exporter *e, const char *linear, layout l) {
    if (e->op->activation == XP_ACT_LINEAR) return;
    const char *name = text(e, "%s:activation", e->op->name);
    node *n = add_activation(e, name, linear, declare(e, l), l);
    if (n) n->doc_string = (char *)ONNX_PART;
}

/* ==== one op -> nodes ======================================================================== */

static void set_window(exporter *e, node *n) {
    const xp_op *op = e->op;
    int64_t kernel = op->kernel, stride = op->stride, pads[2] = {op->pad_left, op->pad_right};
    set_ints(e, n, "kernel_shape", 1, &kernel);
    set_ints(e, n, "strides", 1, &stride);
    if (op->padding == XP_PAD_VALID)
        set_text(e, n, "auto_pad", "VALID");
    else
        set_ints(e, n, "pads", 2, pads);
}

static void write_conv(exporter *e) {
    const char *out = linear_output(e, NCT), *in = value(e, e->op->inputs[0], NCT);
    node *n = add_node(e, "Conv", e->op->name, out);
    add_input(n, in);
    add_input(n, conv_kernel(e));
    if (e->op->use_bias) add_input(n, plain_param(e, "bias"));
    set_window(e, n);
    finish_linear(e, out, NCT);
}

static void write_pool(exporter *e) {
    bool average = e->op->kind == XP_OP_AVGPOOL;
    const char *in = value(e, e->op->inputs[0], NCT);
    node *n = add_node(e, average ? "AveragePool" : "MaxPool", e->op->name, declare(e, NCT));
    add_input(n, in);
    set_window(e, n);
    if (average) set_int(e, n, "count_include_pad", 0);
}

static void write_batchnorm(exporter *e) {
    layout l = sequence_or_vector(e, NCT);
    const char *in = value(e, e->op->inputs[0], l);
    node *n = add_node(e, "BatchNormalization", e->op->name, declare(e, l));
    add_input(n, in);
    add_input(n, param_or(e, "gamma", "ones", e->op->c, 1));
    add_input(n, param_or(e, "beta", "zeros", e->op->c, 0));
    add_input(n, plain_param(e, "moving_mean"));
    add_input(n, plain_param(e, "moving_variance"));
    set_float(e, n, "epsilon", e->op->epsilon);
    set_float(e, n, "momentum", e->op->momentum);
}

static void write_layernorm(exporter *e) {
    layout l = sequence_or_vector(e, NTC);
    const char *in = value(e, e->op->inputs[0], l);
    node *n = add_node(e, "LayerNormalization", e->op->name, declare(e, l));
    add_input(n, in);
    add_input(n, param_or(e, "gamma", "ones", e->op->c, 1));
    if (e->op->center) add_input(n, plain_param(e, "beta"));
    set_int(e, n, "axis", -1);
    set_float(e, n, "epsilon", e->op->epsilon);
}

static void write_activation(exporter *e) {
    layout l = input_of(e)->native;
    const char *in = value(e, e->op->inputs[0], l);
    add_activation(e, e->op->name, in, declare(e, l), l);
}

static void write_join(exporter *e) {
    const xp_op *op = e->op;
    bool concat = op->kind == XP_OP_CONCAT;
    layout l = input_of(e)->native;
    const char *in[XP_OP_MAX_INPUTS];
    for (int i = 0; i < op->n_inputs; i++) in[i] = value(e, op->inputs[i], l);
    const char *type = concat ? "Concat" : op->n_inputs == 2 ? "Add" : "Sum";
    node *n = add_node(e, type, op->name, declare(e, l));
    for (int i = 0; i < op->n_inputs; i++) add_input(n, in[i]);
    if (concat) set_int(e, n, "axis", channel_axis(l));
}

static void write_global(exporter *e) {
    static const int64_t time_axis[] = {[NCT] = 2, [NTC] = 1, [TNC] = 0};
    layout l = input_of(e)->native;
    const char *in = value(e, e->op->inputs[0], l);
    bool average = e->op->kind == XP_OP_GLOBAL_AVGPOOL;
    node *n = add_node(e, average ? "ReduceMean" : "ReduceMax", e->op->name, declare(e, VECTOR));
    add_input(n, in);
    set_ints(e, n, "axes", 1, &time_axis[l]);
    set_int(e, n, "keepdims", 0);
}

/* Keras flattens (time, channels). */
static void write_flatten(exporter *e) {
    const char *in = value(e, e->op->inputs[0], NTC);
    node *n = add_node(e, "Flatten", e->op->name, declare(e, VECTOR));
    add_input(n, in);
    set_int(e, n, "axis", 1);
}

static void write_dropout(exporter *e) {
    layout l = input_of(e)->native;
    const char *in = value(e, e->op->inputs[0], l);
    const char *ratio = text(e, "%s:ratio", e->op->name);
    float *data = add_floats(e, ratio, 0, (int64_t[1]){0});
    if (data) *data = e->op->rate;
    node *n = add_node(e, "Dropout", e->op->name, declare(e, l));
    add_input(n, in);
    add_input(n, ratio);
}

static void write_dense_vector(exporter *e) {
    const char *out = linear_output(e, VECTOR), *in = value(e, e->op->inputs[0], VECTOR);
    node *n = add_node(e, "Gemm", e->op->name, out);
    add_input(n, in);
    add_input(n, plain_param(e, "kernel"));
    if (e->op->use_bias) add_input(n, plain_param(e, "bias"));
    finish_linear(e, out, VECTOR);
}

static void write_dense(exporter *e) {
    if (input_of(e)->native == VECTOR) {
        write_dense_vector(e);
        return;
    }
    const char *out = linear_output(e, NTC), *in = value(e, e->op->inputs[0], NTC);
    const char *product = e->op->use_bias ? text(e, "%s:product", e->op->name) : out;
    node *n = add_node(e, "MatMul", e->op->name, product);
    add_input(n, in);
    add_input(n, plain_param(e, "kernel"));
    if (e->op->use_bias) {
        n = add_node(e, "Add", text(e, "%s:bias", e->op->name), out);
        add_input(n, product);
        add_input(n, plain_param(e, "bias"));
    }
    finish_linear(e, out, NTC);
}

/* GRU has no linear activation of its own, but Affine is one with its defaults (1, 0). */
static const char *gru_activation(xp_activation a) {
    return a == XP_ACT_LINEAR ? "Affine" : activation_type(a);
}

static void write_gru(exporter *e) {
    const xp_op *op = e->op;
    const char *in = value(e, op->inputs[0], TNC);
    const char *all = text(e, "%s:states", op->name), *last = text(e, "%s:state", op->name);
    node *n = add_node(e, "GRU", op->name, op->return_sequences ? all : "");
    if (n && !op->return_sequences) n->output[n->n_output++] = (char *)last;
    add_input(n, in);
    add_input(n, gru_kernel(e, "kernel"));
    add_input(n, gru_kernel(e, "recurrent_kernel"));
    if (op->use_bias) add_input(n, gru_bias(e));
    set_int(e, n, "hidden_size", op->units);
    set_int(e, n, "linear_before_reset", op->reset_after);
    const char *functions[2] = {gru_activation(op->recurrent), gru_activation(op->activation)};
    set_texts(e, n, "activations", 2, functions);
    layout l = op->return_sequences ? TNC : VECTOR;
    n = add_node(e, "Squeeze", text(e, "%s:squeeze", op->name), declare(e, l));
    add_input(n, op->return_sequences ? all : last);
    add_input(n, constant_int(e, "direction", op->return_sequences ? 1 : 0));
}

static void write_input(exporter *e) {
    output *o = this_output(e);
    o->native = NTC;
    o->names[NTC] = "ecg";
}

static void (*const writers[])(exporter *) = {
    [XP_OP_INPUT] = write_input,
    [XP_OP_CONV1D] = write_conv,
    [XP_OP_BATCHNORM] = write_batchnorm,
    [XP_OP_ACTIVATION] = write_activation,
    [XP_OP_CONCAT] = write_join,
    [XP_OP_ADD] = write_join,
    [XP_OP_MAXPOOL] = write_pool,
    [XP_OP_AVGPOOL] = write_pool,
    [XP_OP_GLOBAL_AVGPOOL] = write_global,
    [XP_OP_GLOBAL_MAXPOOL] = write_global,
    [XP_OP_FLATTEN] = write_flatten,
    [XP_OP_DENSE] = write_dense,
    [XP_OP_DROPOUT] = write_dropout,
    [XP_OP_LAYERNORM] = write_layernorm,
    [XP_OP_GRU] = write_gru,
};

/* ==== the model ============================================================================== */

static void add_dimension(exporter *e, Onnx__TensorShapeProto *shape, const char *name, int size) {
    Onnx__TensorShapeProto__Dimension *d =
        message(e, &onnx__tensor_shape_proto__dimension__descriptor);
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
static Onnx__ValueInfoProto **describe_end(exporter *e, const char *name, int n, const int *sizes) {
    Onnx__ValueInfoProto **list = take(e, 1, sizeof *list);
    Onnx__ValueInfoProto *v = message(e, &onnx__value_info_proto__descriptor);
    Onnx__TypeProto *type = message(e, &onnx__type_proto__descriptor);
    Onnx__TypeProto__Tensor *tensor = message(e, &onnx__type_proto__tensor__descriptor);
    Onnx__TensorShapeProto *shape = message(e, &onnx__tensor_shape_proto__descriptor);
    void *dims = take(e, 4, sizeof *shape->dim);
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

static void write_graph(exporter *e) {
    const xp_graph *g = &e->m->graph;
    for (int i = 0; i < g->n_ops && !e->failed; i++) {
        e->op = &g->ops[i];
        writers[e->op->kind](e);
    }
    const int in[] = {g->ops[0].t, g->ops[0].c}, out = g->ops[g->n_ops - 1].c;
    e->graph->name = text(e, "%s", e->m->name);
    e->graph->input = describe_end(e, "ecg", 2, in);
    e->graph->output = describe_end(e, "probabilities", 1, &out);
    e->graph->n_input = e->graph->n_output = 1;
    /* The input tensor's name is fixed; the op's comes back from here. */
    if (e->graph->input) e->graph->input[0]->doc_string = (char *)g->ops[0].name;
}

static void add_property(exporter *e, Onnx__ModelProto *model, const char *key, const char *v) {
    Onnx__StringStringEntryProto *p = message(e, &onnx__string_string_entry_proto__descriptor);
    if (!p) return;
    p->key = (char *)key;
    p->value = (char *)v;
    model->metadata_props[model->n_metadata_props++] = p;
}

/* All of the model file's metadata but the graph, which the nodes are; the notice where the model
 * has no disclaimer. */
static void add_metadata(exporter *e, Onnx__ModelProto *model, const xp_safetensors *file,
                         const char *notice) {
    model->metadata_props = take(e, (size_t)file->n_meta + 1, sizeof *model->metadata_props);
    if (e->failed) return;
    for (int i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta[i].key, "graph"))
            add_property(e, model, file->meta[i].key, file->meta[i].value);
    if (!notice || xp_model_meta(e->m, "disclaimer")) return;
    add_property(e, model, "disclaimer", notice);
    model->graph->doc_string = (char *)ONNX_NOTICE;
}

static Onnx__ModelProto *make_model(exporter *e, const char *notice) {
    Onnx__ModelProto *model = message(e, &onnx__model_proto__descriptor);
    Onnx__OperatorSetIdProto *opset = message(e, &onnx__operator_set_id_proto__descriptor);
    e->graph = message(e, &onnx__graph_proto__descriptor);
    void *opsets = take(e, 1, sizeof opset);
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

static xp_status pack(exporter *e, const Onnx__ModelProto *model, uint8_t **bytes, size_t *size,
                      xp_error *err) {
    uint8_t *packed = NULL;
    if (!e->failed) packed = malloc(onnx__model_proto__get_packed_size(model) + 1);
    if (!packed) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    *size = onnx__model_proto__pack(model, packed);
    *bytes = packed;
    return XP_OK;
}

static xp_status export(exporter *e, const xp_safetensors *file, const char *notice,
                        uint8_t **bytes, size_t *size, xp_error *err) {
    e->outputs = take(e, (size_t)e->m->graph.n_ops, sizeof *e->outputs);
    Onnx__ModelProto *model = e->failed ? NULL : make_model(e, notice);
    if (model) add_metadata(e, model, file, notice);
    xp_status s = pack(e, model, bytes, size, err);
    for (block *b = e->blocks, *next; b; b = next) {
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
        exporter e = {.m = m};
        s = export(&e, &st, notice, bytes, size, err);
        xp_safetensors_free(&st);
    }
    free(file);
    return s;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw tensors are copied as they lie");
