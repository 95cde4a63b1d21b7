/* ONNX of other programs: what PyTorch writes (built here, message by message) gives what a plain
 * loop gives, and what is not supported an error that names the node. */
#include "onnx.pb-c.h"
#include "onnx_samples.h"

/* ==== a PyTorch-like file, message by message ================================================ */

enum { MOST = 64 };

typedef struct {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset;
    Onnx__OperatorSetIdProto *opsets[1];
    Onnx__NodeProto *nodes[MOST];
    Onnx__TensorProto *tensors[MOST];
    Onnx__ValueInfoProto *ends[2];
    void *blocks[1024];
    int n_blocks;
    xp_rng rng;
} builder;

static void *take(builder *b, size_t size) {
    assert_true(b->n_blocks < 1024);
    void *p = b->blocks[b->n_blocks++] = calloc(1, size + 1);
    assert_non_null(p);
    return p;
}

static char *copy(builder *b, const char *text) {
    return strcpy(take(b, strlen(text)), text);
}

static Onnx__NodeProto *add_node(builder *b, const char *type, const char *inputs,
                                 const char *output) {
    Onnx__NodeProto *n = take(b, sizeof *n);
    onnx__node_proto__init(n);
    n->op_type = copy(b, type);
    n->input = take(b, 8 * sizeof *n->input);
    n->output = take(b, 2 * sizeof *n->output);
    n->attribute = take(b, 8 * sizeof *n->attribute);
    char *list = copy(b, inputs);
    for (char *word = strtok(list, " "); word; word = strtok(NULL, " "))
        n->input[n->n_input++] = strcmp(word, "-") ? word : (char *)"";
    list = copy(b, output);
    for (char *word = strtok(list, " "); word; word = strtok(NULL, " "))
        n->output[n->n_output++] = strcmp(word, "-") ? word : (char *)"";
    assert_true(b->graph.n_node < MOST);
    b->nodes[b->graph.n_node++] = n;
    return n;
}

static Onnx__AttributeProto *add_attribute(builder *b, Onnx__NodeProto *n, const char *name) {
    Onnx__AttributeProto *a = take(b, sizeof *a);
    onnx__attribute_proto__init(a);
    a->name = copy(b, name);
    n->attribute[n->n_attribute++] = a;
    return a;
}

static void set_int(builder *b, Onnx__NodeProto *n, const char *name, int64_t v) {
    Onnx__AttributeProto *a = add_attribute(b, n, name);
    a->has_i = true;
    a->i = v;
}

static void set_ints(builder *b, Onnx__NodeProto *n, const char *name, int count, int64_t v0,
                     int64_t v1, int64_t v2) {
    Onnx__AttributeProto *a = add_attribute(b, n, name);
    int64_t v[] = {v0, v1, v2};
    a->ints = take(b, sizeof v);
    memcpy(a->ints, v, sizeof v);
    a->n_ints = (size_t)count;
}

/* Random numbers from low to high; returned for the plain loops. */
static const float *add_tensor(builder *b, const char *name, int ndim, int64_t d0, int64_t d1,
                               int64_t d2, float low, float high) {
    Onnx__TensorProto *t = take(b, sizeof *t);
    onnx__tensor_proto__init(t);
    int64_t dims[] = {d0, d1, d2};
    size_t count = 1;
    for (int i = 0; i < ndim; i++) count *= (size_t)dims[i];
    t->name = copy(b, name);
    t->has_data_type = true;
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->dims = take(b, sizeof dims);
    memcpy(t->dims, dims, sizeof dims);
    t->n_dims = (size_t)ndim;
    t->float_data = take(b, count * sizeof(float));
    t->n_float_data = count;
    for (size_t i = 0; i < count; i++) t->float_data[i] = sample_value(&b->rng, low, high);
    b->tensors[b->graph.n_initializer++] = t;
    return t->float_data;
}

static void add_ints(builder *b, const char *name, int ndim, int64_t v) {
    Onnx__TensorProto *t = take(b, sizeof *t);
    onnx__tensor_proto__init(t);
    t->name = copy(b, name);
    t->has_data_type = true;
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    t->int64_data = take(b, sizeof v);
    t->int64_data[0] = v;
    t->n_int64_data = 1;
    t->dims = take(b, sizeof v);
    t->dims[0] = 1;
    t->n_dims = (size_t)ndim;
    b->tensors[b->graph.n_initializer++] = t;
}

static Onnx__ValueInfoProto *make_end(builder *b, const char *name, int n, int d1, int d2) {
    Onnx__ValueInfoProto *v = take(b, sizeof *v);
    Onnx__TypeProto *type = take(b, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = take(b, sizeof *tensor);
    Onnx__TensorShapeProto *shape = take(b, sizeof *shape);
    onnx__value_info_proto__init(v);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    const int sizes[] = {0, d1, d2};
    shape->dim = take(b, 3 * sizeof *shape->dim);
    for (int i = 0; i < n; i++) {
        Onnx__TensorShapeProto__Dimension *d = shape->dim[shape->n_dim++] = take(b, sizeof *d);
        onnx__tensor_shape_proto__dimension__init(d);
        d->value_case = i ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                          : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        if (i)
            d->dim_value = sizes[i];
        else
            d->dim_param = copy(b, "batch_size");
    }
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    v->name = copy(b, name);
    v->type = type;
    return v;
}

/* Input "x" (batch, leads, samples), output "y". */
static builder *begin(int leads, int samples) {
    builder *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->rng = xp_rng_seed(11);
    onnx__model_proto__init(&b->model);
    onnx__graph_proto__init(&b->graph);
    onnx__operator_set_id_proto__init(&b->opset);
    b->opset.has_version = b->model.has_ir_version = true;
    b->opset.version = 13;
    b->opset.domain = copy(b, "");
    b->opsets[0] = &b->opset;
    b->model.ir_version = 7;
    b->model.producer_name = copy(b, "pytorch");
    b->model.opset_import = b->opsets;
    b->model.n_opset_import = 1;
    b->model.graph = &b->graph;
    b->graph.node = b->nodes;
    b->graph.initializer = b->tensors;
    b->graph.name = copy(b, "torch_jit");
    b->graph.input = &b->ends[0];
    b->graph.output = &b->ends[1];
    b->graph.n_input = b->graph.n_output = 1;
    b->ends[0] = make_end(b, "x", 3, leads, samples);
    b->ends[1] = make_end(b, "y", 2, 2, 0);
    return b;
}

static xp_bytes pack(const builder *b) {
    size_t size = onnx__model_proto__get_packed_size(&b->model);
    uint8_t *bytes = malloc(size + 1);
    assert_non_null(bytes);
    onnx__model_proto__pack(&b->model, bytes);
    return (xp_bytes){bytes, size};
}

static void end(builder *b) {
    for (int i = 0; i < b->n_blocks; i++) free(b->blocks[i]);
    free(b);
}

static xp_status import_built(const builder *b, xp_model *m, xp_error *err) {
    xp_bytes file = pack(b);
    xp_status s = xp_onnx_import(m, file, err);
    free((void *)file.data);
    return s;
}

/* ==== what PyTorch computes, in plain loops over (channels, time) ============================ */

typedef struct {
    int c, t;
    double v[4096];
} tensor;

static void run_conv(tensor *y, const tensor *x, const float *w, const float *bias, int units,
                     int k, int stride, int left, int right) {
    y->c = units;
    y->t = (x->t + left + right - k) / stride + 1;
    for (int u = 0; u < units; u++)
        for (int t = 0; t < y->t; t++) {
            double sum = bias ? (double)bias[u] : 0;
            for (int c = 0; c < x->c; c++)
                for (int j = 0; j < k; j++) {
                    int at = t * stride + j - left;
                    if (at >= 0 && at < x->t)
                        sum += x->v[c * x->t + at] * (double)w[(u * x->c + c) * k + j];
                }
            y->v[u * y->t + t] = sum;
        }
}

static void run_norm(tensor *x, const float *p[4]) {
    for (int c = 0; c < x->c; c++)
        for (int t = 0; t < x->t; t++) {
            double *v = &x->v[c * x->t + t];
            *v = (*v - (double)p[2][c]) / sqrt((double)p[3][c] + 1e-5) * (double)p[0][c] +
                 (double)p[1][c];
        }
}

static void run_relu(tensor *x) {
    for (int i = 0; i < x->c * x->t; i++) x->v[i] = x->v[i] > 0 ? x->v[i] : 0;
}

static void run_maxpool(tensor *y, const tensor *x, int k, int stride, int pad) {
    y->c = x->c;
    y->t = (x->t + 2 * pad - k) / stride + 1;
    for (int c = 0; c < x->c; c++)
        for (int t = 0; t < y->t; t++) {
            double max = -INFINITY;
            for (int j = 0; j < k; j++) {
                int at = t * stride + j - pad;
                if (at >= 0 && at < x->t) max = fmax(max, x->v[c * x->t + at]);
            }
            y->v[c * y->t + t] = max;
        }
}

static void add_norm(builder *b, const char *name, int c, const float *p[4]) {
    static const char *const suffixes[] = {"weight", "bias", "running_mean", "running_var"};
    for (int i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s.%s", name, suffixes[i]);
        p[i] = add_tensor(b, text, 1, c, 0, 0, i == 1 || i == 2 ? -0.3f : 0.5f, 1);
    }
}

/* A small residual network: strided convolutions with one sample of padding on either side, which
 * is not Keras' same; a flatten in the order (channels, time) in front of two dense layers. */
static void pytorch_resnet_agrees(void **state) {
    (void)state;
    enum { LEADS = 3, SAMPLES = 50 };
    builder *b = begin(LEADS, SAMPLES);
    const float *norm[2][4];
    const float *w1 = add_tensor(b, "stem.weight", 3, 4, LEADS, 7, -0.3f, 0.3f);
    const float *w2 = add_tensor(b, "layer1.0.conv1.weight", 3, 6, 4, 3, -0.4f, 0.4f);
    const float *b2 = add_tensor(b, "layer1.0.conv1.bias", 1, 6, 0, 0, -0.4f, 0.4f);
    const float *w3 = add_tensor(b, "layer1.0.downsample.weight", 3, 6, 4, 1, -0.5f, 0.5f);
    add_norm(b, "bn1", 4, norm[0]);
    add_norm(b, "bn2", 42, norm[1]);
    const float *w4 = add_tensor(b, "fc1.weight", 2, 5, 42, 0, -0.3f, 0.3f);
    const float *b4 = add_tensor(b, "fc1.bias", 1, 5, 0, 0, -0.3f, 0.3f);
    const float *w5 = add_tensor(b, "onnx::MatMul_55", 2, 5, 2, 0, -1, 1);
    const float *b5 = add_tensor(b, "fc2.bias", 1, 2, 0, 0, -1, 1);
    Onnx__NodeProto *n = add_node(b, "Conv", "x stem.weight", "1");
    set_ints(b, n, "pads", 2, 3, 3, 0);
    set_ints(b, n, "strides", 1, 2, 0, 0);
    add_node(b, "BatchNormalization", "1 bn1.weight bn1.bias bn1.running_mean bn1.running_var",
             "2");
    add_node(b, "Relu", "2", "3");
    n = add_node(b, "MaxPool", "3", "4");
    set_ints(b, n, "kernel_shape", 1, 3, 0, 0);
    set_ints(b, n, "strides", 1, 2, 0, 0);
    set_ints(b, n, "pads", 2, 1, 1, 0);
    n = add_node(b, "Conv", "4 layer1.0.conv1.weight layer1.0.conv1.bias", "5");
    set_ints(b, n, "pads", 2, 1, 1, 0);
    set_ints(b, n, "strides", 1, 2, 0, 0);
    n = add_node(b, "Conv", "4 layer1.0.downsample.weight", "6");
    set_ints(b, n, "strides", 1, 2, 0, 0);
    add_node(b, "Add", "5 6", "7");
    add_node(b, "Relu", "7", "8");
    add_ints(b, "zero", 0, 0);
    add_ints(b, "minus_one", 1, -1);
    add_ints(b, "axis0", 1, 0);
    add_node(b, "Shape", "8", "s1");
    add_node(b, "Gather", "s1 zero", "s2");
    add_node(b, "Unsqueeze", "s2 axis0", "s3");
    set_int(b, add_node(b, "Concat", "s3 minus_one", "s4"), "axis", 0);
    add_node(b, "Reshape", "8 s4", "9");
    add_node(b, "BatchNormalization", "9 bn2.weight bn2.bias bn2.running_mean bn2.running_var",
             "10");
    set_int(b, add_node(b, "Gemm", "10 fc1.weight fc1.bias", "11"), "transB", 1);
    add_node(b, "Relu", "11", "12");
    add_node(b, "MatMul", "12 onnx::MatMul_55", "13");
    add_node(b, "Add", "fc2.bias 13", "14");
    add_node(b, "Sigmoid", "14", "y");
    xp_model m;
    xp_error err;
    if (import_built(b, &m, &err) != XP_OK) fail_msg("%s", err.text);
    assert_true(xp_graph_find(&m.graph, "layer1.0.downsample") > 0);
    assert_int_equal(m.graph.ops[xp_graph_find(&m.graph, "stem")].padding, XP_PAD_EXPLICIT);
    assert_string_equal(m.architecture, "graph");

    float *x = sample_record(&m, 4), p[2];
    run_model(&m, x, p);
    static tensor a, c, d;
    a = (tensor){.c = LEADS, .t = SAMPLES};
    for (int t = 0; t < SAMPLES; t++)
        for (int l = 0; l < LEADS; l++) a.v[l * SAMPLES + t] = (double)x[t * LEADS + l];
    run_conv(&c, &a, w1, NULL, 4, 7, 2, 3, 3);
    run_norm(&c, norm[0]);
    run_relu(&c);
    run_maxpool(&a, &c, 3, 2, 1);
    run_conv(&c, &a, w2, b2, 6, 3, 2, 1, 1);
    run_conv(&d, &a, w3, NULL, 6, 1, 2, 0, 0);
    for (int i = 0; i < c.c * c.t; i++) c.v[i] += d.v[i];
    run_relu(&c);
    assert_int_equal(c.c * c.t, 42);
    c.c = 42, c.t = 1;
    run_norm(&c, norm[1]);
    double h[5], y[2];
    for (int u = 0; u < 5; u++) {
        h[u] = (double)b4[u];
        for (int i = 0; i < 42; i++) h[u] += c.v[i] * (double)w4[u * 42 + i];
        h[u] = h[u] > 0 ? h[u] : 0;
    }
    for (int u = 0; u < 2; u++) {
        y[u] = (double)b5[u];
        for (int i = 0; i < 5; i++) y[u] += h[i] * (double)w5[i * 2 + u];
        y[u] = 1 / (1 + exp(-y[u]));
    }
    assert_close("probabilities", p, y, 2, 2e-6);
    free(x);
    for (int i = 0; i < m.n_leads; i++) snprintf(m.leads[i], sizeof m.leads[i], "L%d", i);
    assert_round_trip(&m); /* explicit padding through our own file */
    xp_model_free(&m);
    end(b);
}

/* nn.GRU with batch_first and its last output, as PyTorch exports it; its own formulas. */
static void pytorch_gru_agrees(void **state) {
    (void)state;
    enum { LEADS = 2, SAMPLES = 9, UNITS = 3 };
    builder *b = begin(LEADS, SAMPLES);
    b->ends[0] = make_end(b, "x", 3, SAMPLES, LEADS);
    const float *w = add_tensor(b, "w", 3, 1, 3 * UNITS, LEADS, -0.8f, 0.8f);
    const float *r = add_tensor(b, "r", 3, 1, 3 * UNITS, UNITS, -0.8f, 0.8f);
    const float *bias = add_tensor(b, "b", 2, 1, 6 * UNITS, 0, -0.5f, 0.5f);
    add_ints(b, "one", 1, 1);
    add_ints(b, "last", 0, -1);
    set_ints(b, add_node(b, "Transpose", "x", "1"), "perm", 3, 1, 0, 2);
    add_node(b, "Shape", "1", "shape");
    add_node(b, "ConstantOfShape", "shape", "h0");
    Onnx__NodeProto *n = add_node(b, "GRU", "1 w r b - h0", "2 -");
    set_int(b, n, "hidden_size", UNITS);
    set_int(b, n, "linear_before_reset", 1);
    add_node(b, "Squeeze", "2 one", "3");
    set_ints(b, add_node(b, "Transpose", "3", "4"), "perm", 3, 1, 0, 2);
    set_int(b, add_node(b, "Gather", "4 last", "5"), "axis", 1);
    set_int(b, add_node(b, "Softmax", "5", "y"), "axis", 1);
    xp_model m;
    xp_error err;
    if (import_built(b, &m, &err) != XP_OK) fail_msg("%s", err.text);
    float *x = sample_record(&m, 4), p[UNITS];
    run_model(&m, x, p);
    double h[UNITS] = {0}, y[UNITS], sum = 0;
    for (int t = 0; t < SAMPLES; t++) {
        double in[3 * UNITS], rec[3 * UNITS];
        for (int i = 0; i < 3 * UNITS; i++) {
            in[i] = (double)bias[i], rec[i] = (double)bias[3 * UNITS + i];
            for (int c = 0; c < LEADS; c++)
                in[i] += (double)w[i * LEADS + c] * (double)x[t * LEADS + c];
            for (int c = 0; c < UNITS; c++) rec[i] += (double)r[i * UNITS + c] * h[c];
        }
        for (int u = 0; u < UNITS; u++) {
            double z = 1 / (1 + exp(-in[u] - rec[u]));
            double reset = 1 / (1 + exp(-in[UNITS + u] - rec[UNITS + u]));
            double candidate = tanh(in[2 * UNITS + u] + reset * rec[2 * UNITS + u]);
            h[u] = (1 - z) * candidate + z * h[u];
        }
    }
    for (int u = 0; u < UNITS; u++) sum += exp(h[u]);
    for (int u = 0; u < UNITS; u++) y[u] = exp(h[u]) / sum;
    assert_close("probabilities", p, y, UNITS, 2e-6);
    free(x);
    xp_model_free(&m);
    end(b);
}

/* ==== errors ================================================================================= */

/* A network of one convolution, made wrong in one way: the error says where. */
static void assert_refused(void (*spoil)(builder *b, Onnx__NodeProto *conv), const char *says) {
    builder *b = begin(3, 50);
    add_tensor(b, "c.weight", 3, 2, 3, 5, -1, 1);
    Onnx__NodeProto *conv = add_node(b, "Conv", "x c.weight", "1");
    add_node(b, "GlobalAveragePool", "1", "2");
    add_node(b, "Flatten", "2", "y");
    conv->name = copy(b, "/c/Conv");
    xp_model m;
    xp_error err;
    if (!spoil) {
        if (import_built(b, &m, &err) != XP_OK) fail_msg("%s", err.text);
        xp_model_free(&m);
    } else {
        spoil(b, conv);
        if (import_built(b, &m, &err) == XP_OK) fail_msg("not refused: %s", says);
        if (!strstr(err.text, says)) fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    }
    end(b);
}

static void spoil_group(builder *b, Onnx__NodeProto *n) {
    set_int(b, n, "group", 3);
}
static void spoil_dilation(builder *b, Onnx__NodeProto *n) {
    set_ints(b, n, "dilations", 1, 0, 0, 0);
}
static void spoil_attribute(builder *b, Onnx__NodeProto *n) {
    set_int(b, n, "flavour", 3);
}
static void spoil_operator(builder *b, Onnx__NodeProto *n) {
    n->op_type = copy(b, "Einsum");
}
static void spoil_channels(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->ends[0] = make_end(b, "x", 3, 4, 50);
}
static void spoil_batch_only(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->ends[0] = make_end(b, "x", 2, 4, 50);
}
static void spoil_order(builder *b, Onnx__NodeProto *n) {
    n->input[0] = copy(b, "2");
}
static void spoil_data(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->tensors[0]->n_float_data--;
}
static void spoil_dims(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->tensors[0]->dims[0] = INT64_MAX;
}
static void spoil_pads(builder *b, Onnx__NodeProto *n) {
    set_ints(b, n, "pads", 2, 5, 5, 0);
}
static void spoil_opset(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->opset.version = 6;
}
static void spoil_output(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->ends[1] = make_end(b, "1", 2, 2, 0);
}
static void spoil_names(builder *b, Onnx__NodeProto *n) {
    (void)b;
    n->output[0] = n->input[1];
}
static void spoil_external(builder *b, Onnx__NodeProto *n) {
    (void)n;
    b->tensors[0]->has_data_location = true;
    b->tensors[0]->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}
static void spoil_kernel(builder *b, Onnx__NodeProto *n) {
    set_ints(b, n, "kernel_shape", 1, 4, 0, 0);
}

static void what_is_not_supported_is_named(void **state) {
    (void)state;
    assert_refused(NULL, "");
    assert_refused(spoil_group, "node \"/c/Conv\" (Conv): attribute group = 3");
    assert_refused(spoil_dilation, "dilations must be at least 1");
    assert_refused(spoil_attribute, "attribute flavour");
    assert_refused(spoil_operator, "(Einsum): this operator is not supported");
    assert_refused(spoil_channels, "expect 3 channels, its input has 4");
    assert_refused(spoil_batch_only, "has not three axes");
    assert_refused(spoil_order, "\"2\" is made by no earlier node");
    assert_refused(spoil_data, "\"c.weight\" has 29 elements of data, its shape asks for 30");
    assert_refused(spoil_dims, "impossible shape");
    assert_refused(spoil_pads, "less than the kernel");
    assert_refused(spoil_opset, "opset 6");
    assert_refused(spoil_output, "is a sequence");
    assert_refused(spoil_names, "two tensors of the name");
    assert_refused(spoil_external, "lies in a file");
    assert_refused(spoil_kernel, "kernel_shape = 4");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_resnet_agrees),
        cmocka_unit_test(pytorch_gru_agrees),
        cmocka_unit_test(what_is_not_supported_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
