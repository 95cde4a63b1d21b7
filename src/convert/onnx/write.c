#include "convert/onnx/export.h"

#include "nn/meaning.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *onnx_take(onnx_exporter *e, size_t count, size_t each) {
    if (count > (SIZE_MAX / 2) / each) count = SIZE_MAX / 2 / each;
    onnx_block *b = calloc(1, sizeof *b + count * each);
    if (!b) {
        e->failed = true;
        return NULL;
    }
    b->next = e->blocks;
    e->blocks = b;
    return b->data;
}

char *onnx_text(onnx_exporter *e, const char *fmt, ...) {
    char buffer[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buffer, sizeof buffer, fmt, ap);
    va_end(ap);
    char *copy = onnx_take(e, strlen(buffer) + 1, 1);
    return copy ? strcpy(copy, buffer) : (char *)"";
}

void *onnx_message(onnx_exporter *e, const ProtobufCMessageDescriptor *d) {
    void *m = onnx_take(e, 1, d->sizeof_message);
    if (m) protobuf_c_message_init(d, m);
    return m;
}

/* Room for one more in a list that doubles. */
static bool grow(onnx_exporter *e, void ***list, size_t n, size_t *cap) {
    if (n < *cap) return true;
    size_t bigger = *cap ? 2 * *cap : 64;
    void **copy = onnx_take(e, bigger, sizeof *copy);
    if (!copy) return false;
    if (n) memcpy(copy, *list, n * sizeof *copy);
    *list = copy;
    *cap = bigger;
    return true;
}

/* ==== nodes, attributes, constants =========================================================== */

onnx_node *onnx_put_node(onnx_exporter *e, const char *type, const char *name, const char *out) {
    Onnx__GraphProto *g = e->graph;
    onnx_node *n = onnx_message(e, &onnx__node_proto__descriptor);
    if (!n || !grow(e, (void ***)&g->node, g->n_node, &e->cap_nodes)) return NULL;
    n->op_type = (char *)type;
    n->name = (char *)name;
    n->output = onnx_take(e, 2, sizeof *n->output);
    n->input = onnx_take(e, XP_OP_MAX_INPUTS + 1, sizeof *n->input);
    n->attribute = onnx_take(e, 8, sizeof *n->attribute);
    if (e->failed) return NULL;
    n->output[n->n_output++] = (char *)out;
    g->node[g->n_node++] = n;
    return n;
}

void onnx_put_input(onnx_node *n, const char *name) {
    if (n) n->input[n->n_input++] = (char *)name;
}

static Onnx__AttributeProto *add_attribute(onnx_exporter *e, onnx_node *n, const char *name,
                                           int type) {
    Onnx__AttributeProto *a = onnx_message(e, &onnx__attribute_proto__descriptor);
    if (!n || !a) return NULL;
    a->name = (char *)name;
    a->has_type = true;
    a->type = (Onnx__AttributeProto__AttributeType)type;
    n->attribute[n->n_attribute++] = a;
    return a;
}

void onnx_put_int(onnx_exporter *e, onnx_node *n, const char *name, int64_t v) {
    Onnx__AttributeProto *a = add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a) return;
    a->has_i = true;
    a->i = v;
}

void onnx_put_float(onnx_exporter *e, onnx_node *n, const char *name, float v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a) return;
    a->has_f = true;
    a->f = v;
}

void onnx_put_string(onnx_exporter *e, onnx_node *n, const char *name, const char *v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (!a) return;
    a->has_s = true;
    a->s = (ProtobufCBinaryData){strlen(v), (uint8_t *)v};
}

void onnx_put_ints(onnx_exporter *e, onnx_node *n, const char *name, int count, const int64_t *v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *copy = onnx_take(e, (size_t)count, sizeof *copy);
    if (!a || !copy) return;
    memcpy(copy, v, (size_t)count * sizeof *copy);
    a->ints = copy;
    a->n_ints = (size_t)count;
}

void onnx_put_strings(onnx_exporter *e, onnx_node *n, const char *name, int count,
                      const char *const *v) {
    Onnx__AttributeProto *a =
        add_attribute(e, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    ProtobufCBinaryData *list = onnx_take(e, (size_t)count, sizeof *list);
    if (!a || !list) return;
    for (int i = 0; i < count; i++) list[i] = (ProtobufCBinaryData){strlen(v[i]), (uint8_t *)v[i]};
    a->strings = list;
    a->n_strings = (size_t)count;
}

/* A constant of the graph: its bytes are for the caller to fill. */
void *onnx_put_tensor(onnx_exporter *e, const char *name, int type, size_t size, int ndim,
                      const int64_t *dims) {
    Onnx__GraphProto *g = e->graph;
    Onnx__TensorProto *t = onnx_message(e, &onnx__tensor_proto__descriptor);
    if (!t || !grow(e, (void ***)&g->initializer, g->n_initializer, &e->cap_tensors)) return NULL;
    size_t count = 1;
    for (int i = 0; i < ndim; i++) count *= (size_t)dims[i];
    t->name = (char *)name;
    t->has_data_type = t->has_raw_data = true;
    t->data_type = type;
    t->n_dims = (size_t)ndim;
    t->dims = onnx_take(e, (size_t)ndim + 1, sizeof *t->dims);
    t->raw_data = (ProtobufCBinaryData){count * size, onnx_take(e, count + 1, size)};
    if (e->failed) return NULL;
    memcpy(t->dims, dims, (size_t)ndim * sizeof *dims);
    g->initializer[g->n_initializer++] = t;
    return t->raw_data.data;
}

/* The machine is little-endian, as ONNX is: checked at the end of the file. */
float *onnx_put_floats(onnx_exporter *e, const char *name, int ndim, const int64_t *dims) {
    return onnx_put_tensor(e, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, sizeof(float), ndim,
                           dims);
}

/* ==== params ================================================================================= */

const float *onnx_weights(const onnx_exporter *e, const xp_param *p) {
    return e->m->weights + p->offset;
}

const xp_param *onnx_find_param(const onnx_exporter *e, const char *suffix) {
    return xp_op_param(&e->m->graph, e->op, suffix);
}

/* A param as it is, or NULL when the op has none of that name. */
const char *onnx_put_param(onnx_exporter *e, const char *suffix) {
    const xp_param *p = onnx_find_param(e, suffix);
    if (!p) return NULL;
    int64_t dims[3] = {p->shape[0], p->shape[1], p->shape[2]};
    float *data = onnx_put_floats(e, p->name, p->ndim, dims);
    if (data) memcpy(data, onnx_weights(e, p), p->count * sizeof *data);
    return p->name;
}

/* ==== values in a layout ===================================================================== */

static const char *const layout_names[] = {"nct", "ntc", "tnc", "vector"};

/* perm[i]: the axis of `from` that becomes axis i of `to`. */
static void find_perm(onnx_layout from, onnx_layout to, int64_t *perm) {
    static const char axes[][4] = {"nct", "ntc", "tnc"};
    for (int i = 0; i < 3; i++) perm[i] = strchr(axes[from], axes[to][i]) - axes[from];
}

/* The tensor that holds op's output in that layout; a Transpose makes it where there is none. A
 * vector has only one. */
const char *onnx_in_layout(onnx_exporter *e, int op, onnx_layout want) {
    onnx_written *o = &e->outputs[op];
    if (o->native == ONNX_VECTOR) want = ONNX_VECTOR;
    if (o->names[want]) return o->names[want];
    const char *name = onnx_text(e, "%s:%s", e->m->graph.ops[op].name, layout_names[want]);
    int64_t perm[3];
    find_perm(o->native, want, perm);
    onnx_node *n = onnx_put_node(e, "Transpose", name, name);
    onnx_put_input(n, o->names[o->native]);
    onnx_put_ints(e, n, "perm", 3, perm);
    return o->names[want] = name;
}

onnx_written *onnx_this_output(onnx_exporter *e) {
    return &e->outputs[e->op - e->m->graph.ops];
}

const onnx_written *onnx_input_of(const onnx_exporter *e) {
    return &e->outputs[e->op->inputs[0]];
}

/* Layout for an op that works in `want`, or on a vector. */
onnx_layout onnx_sequence_or_vector(const onnx_exporter *e, onnx_layout want) {
    return onnx_input_of(e)->native == ONNX_VECTOR ? ONNX_VECTOR : want;
}

const char *onnx_output_name(const onnx_exporter *e) {
    return xp_model_gives_probabilities(e->m) ? "probabilities" : "scores";
}

/* The name of the op's output, in layout l: the last one is the network's. */
const char *onnx_declare(onnx_exporter *e, onnx_layout l) {
    bool last = e->op == &e->m->graph.ops[e->m->graph.n_ops - 1];
    onnx_written *o = onnx_this_output(e);
    o->native = l;
    return o->names[l] = last ? onnx_output_name(e) : onnx_text(e, "%s:0", e->op->name);
}

int onnx_channel_axis(onnx_layout l) {
    return l == ONNX_NCT || l == ONNX_VECTOR ? 1 : 2;
}

const char *onnx_activation_type(xp_activation a) {
    static const char *const types[] = {"Identity", "Relu", "Sigmoid", "Tanh", "Softmax"};
    return types[a];
}

onnx_node *onnx_put_activation(onnx_exporter *e, const char *name, const char *in, const char *out,
                               onnx_layout l) {
    onnx_node *n = onnx_put_node(e, onnx_activation_type(e->op->activation), name, out);
    onnx_put_input(n, in);
    if (e->op->activation == XP_ACT_SOFTMAX) onnx_put_int(e, n, "axis", onnx_channel_axis(l));
    return n;
}

/* The op's output when an activation is part of it: what the linear part writes to. */
const char *onnx_linear_output(onnx_exporter *e, onnx_layout l) {
    if (e->op->activation == XP_ACT_LINEAR) return onnx_declare(e, l);
    onnx_this_output(e)->native = l;
    return onnx_text(e, "%s:linear", e->op->name);
}

void onnx_finish_linear(onnx_exporter *e, const char *linear, onnx_layout l) {
    if (e->op->activation == XP_ACT_LINEAR) return;
    const char *name = onnx_text(e, "%s:activation", e->op->name);
    onnx_node *n = onnx_put_activation(e, name, linear, onnx_declare(e, l), l);
    if (n) n->doc_string = (char *)ONNX_PART;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw tensors are copied as they lie");
