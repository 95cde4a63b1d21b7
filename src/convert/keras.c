#include "convert/keras.h"

#include "base/arena.h"
#include "convert/archive.h"
#include "convert/imported.h"
#include "convert/keras_weights.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_CONFIG ((size_t)16 << 20) /* bytes of config.json */
enum { MAX_LAYERS = 1024, IMPLIED_INPUT = -1 };

/* ==== What we know of Keras' layers ========================================================== */

/* An option of a layer. allowed: NULL when any value will do (it is read below, or has no
 * influence on inference), "last" for the axis of the channels, else the values, with '|' between
 * them. Options that are not listed must be null or false: switched off. */
typedef struct option {
    const char *key, *allowed;
} option;

typedef struct layer_class {
    const char *name;  /* Keras' class */
    const char *group; /* its name in snake case, as in model.weights.h5 */
    xp_op_kind kind;
    option options[16];
} layer_class;

#define CHANNELS_LAST                                                                              \
    { "data_format", "channels_last" }
#define POOL_OPTIONS                                                                               \
    { {"pool_size", NULL}, {"strides", NULL}, {"padding", NULL}, CHANNELS_LAST }
#define GLOBAL_OPTIONS                                                                             \
    {                                                                                              \
        CHANNELS_LAST, {                                                                           \
            "keepdims", "false"                                                                    \
        }                                                                                          \
    }

static const layer_class classes[] = {
    {"InputLayer", "input_layer", XP_OP_INPUT, {{"batch_shape", NULL}}},
    {"Conv1D",
     "conv1d",
     XP_OP_CONV1D,
     {{"filters", NULL},
      {"kernel_size", NULL},
      {"strides", NULL},
      {"padding", NULL},
      {"activation", NULL},
      {"use_bias", NULL},
      {"dilation_rate", "1"},
      {"groups", "1"},
      CHANNELS_LAST}},
    {"BatchNormalization",
     "batch_normalization",
     XP_OP_BATCHNORM,
     {{"axis", "last"},
      {"momentum", NULL},
      {"epsilon", NULL},
      {"center", NULL},
      {"scale", NULL},
      {"synchronized", NULL},
      {"renorm_clipping", NULL},
      {"renorm_momentum", NULL}}},
    {"Activation", "activation", XP_OP_ACTIVATION, {{"activation", NULL}}},
    {"ReLU", "re_lu", XP_OP_ACTIVATION, {{"negative_slope", "0|null"}, {"threshold", "0|null"}}},
    {"Softmax", "softmax", XP_OP_ACTIVATION, {{"axis", "last"}}},
    {"Concatenate", "concatenate", XP_OP_CONCAT, {{"axis", "last"}}},
    {"Add", "add", XP_OP_ADD, {{0}}},
    {"MaxPooling1D", "max_pooling1d", XP_OP_MAXPOOL, POOL_OPTIONS},
    {"AveragePooling1D", "average_pooling1d", XP_OP_AVGPOOL, POOL_OPTIONS},
    {"GlobalAveragePooling1D", "global_average_pooling1d", XP_OP_GLOBAL_AVGPOOL, GLOBAL_OPTIONS},
    {"GlobalMaxPooling1D", "global_max_pooling1d", XP_OP_GLOBAL_MAXPOOL, GLOBAL_OPTIONS},
    {"Flatten", "flatten", XP_OP_FLATTEN, {CHANNELS_LAST}},
    {"Dense", "dense", XP_OP_DENSE, {{"units", NULL}, {"activation", NULL}, {"use_bias", NULL}}},
    {"Dropout", "dropout", XP_OP_DROPOUT, {{"rate", NULL}, {"noise_shape", NULL}}},
    {"LayerNormalization",
     "layer_normalization",
     XP_OP_LAYERNORM,
     {{"axis", "last"}, {"epsilon", NULL}, {"center", NULL}, {"scale", NULL}}},
    {"GRU",
     "gru",
     XP_OP_GRU,
     {{"units", NULL},
      {"activation", NULL},
      {"recurrent_activation", NULL},
      {"use_bias", NULL},
      {"return_sequences", NULL},
      {"reset_after", NULL},
      {"unroll", NULL},
      {"dropout", NULL},
      {"recurrent_dropout", NULL},
      {"zero_output_for_mask", NULL}}},
};
enum { N_CLASSES = sizeof classes / sizeof *classes };

/* Options that every layer may have and that do not matter to inference: by name, or by ending. */
static const char *const harmless[] = {"name", "trainable", "dtype", "seed"};
static const char *const harmless_endings[] = {"_initializer", "_regularizer", "_constraint"};

typedef struct layer {
    const cJSON *json, *config; /* config: its options */
    const layer_class *class;
    const char *name;
    xp_keras_place place;
    int inputs[XP_OP_MAX_INPUTS], n_inputs; /* other layers, or IMPLIED_INPUT */
    int op;                                 /* index in the graph, -1 before it is added */
} layer;

typedef struct layer_list {
    layer *items;
    int n;
    int output; /* the layer whose output is the model's */
} layer_list;

static const cJSON *get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *get_text(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(get(object, key));
}

/* ==== Options ================================================================================ */

/* [x] means x, as Keras writes sizes of one dimension. */
static const cJSON *unwrap(const cJSON *v) {
    return cJSON_IsArray(v) && v->child && !v->child->next ? v->child : v;
}

/* A value for comparison and for messages; returns text. */
static const char *value_text(const cJSON *v, char *text, size_t size) {
    v = unwrap(v);
    if (!v)
        snprintf(text, size, "(absent)");
    else if (cJSON_IsString(v))
        snprintf(text, size, "%s", v->valuestring);
    else if (cJSON_IsNumber(v))
        snprintf(text, size, "%.9g", v->valuedouble);
    else if (cJSON_IsBool(v))
        snprintf(text, size, cJSON_IsTrue(v) ? "true" : "false");
    else
        snprintf(text, size, cJSON_IsNull(v) ? "null" : cJSON_IsArray(v) ? "[...]" : "{...}");
    return text;
}

static xp_status bad_option(const layer *l, const char *key, const char *expected, xp_error *err) {
    char text[64];
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "layer \"%.63s\" (%s): option %.40s = %s is not supported, expected %s", l->name,
                   l->class->name, key, value_text(get(l->config, key), text, sizeof text),
                   expected);
}

static xp_status get_int(const layer *l, const char *key, int *out, xp_error *err) {
    const cJSON *v = unwrap(get(l->config, key));
    double d = cJSON_IsNumber(v) ? v->valuedouble : 0;
    if (!(d >= 1 && d <= INT32_MAX) || d != floor(d))
        return bad_option(l, key, "a whole number from 1", err);
    *out = (int)d;
    return XP_OK;
}

static xp_status get_float(const layer *l, const char *key, float *out, xp_error *err) {
    const cJSON *v = get(l->config, key);
    if (!cJSON_IsNumber(v) || !(fabs(v->valuedouble) < 1e30))
        return bad_option(l, key, "a number", err);
    *out = (float)v->valuedouble;
    return XP_OK;
}

static xp_status get_bool(const layer *l, const char *key, bool *out, xp_error *err) {
    const cJSON *v = get(l->config, key);
    if (!cJSON_IsBool(v)) return bad_option(l, key, "true or false", err);
    *out = cJSON_IsTrue(v);
    return XP_OK;
}

static xp_status get_activation(const layer *l, const char *key, xp_activation *out,
                                xp_error *err) {
    const cJSON *v = get(l->config, key);
    if (cJSON_IsNull(v)) {
        *out = XP_ACT_LINEAR;
        return XP_OK;
    }
    for (int a = 0; cJSON_IsString(v) && a <= XP_ACT_SOFTMAX; a++)
        if (!strcmp(v->valuestring, xp_activation_name((xp_activation)a))) {
            *out = (xp_activation)a;
            return XP_OK;
        }
    return bad_option(l, key, "linear, relu, sigmoid, tanh or softmax", err);
}

static xp_status get_window(const layer *l, const char *kernel, xp_op *op, xp_error *err) {
    XP_TRY(get_int(l, kernel, &op->kernel, err));
    op->stride = op->kernel; /* a pool without strides */
    if (op->kind == XP_OP_CONV1D || !cJSON_IsNull(get(l->config, "strides")))
        XP_TRY(get_int(l, "strides", &op->stride, err));
    const char *padding = get_text(l->config, "padding");
    if (!padding || (strcmp(padding, "same") && strcmp(padding, "valid")))
        return bad_option(l, "padding", "same or valid", err);
    op->padding = strcmp(padding, "same") ? XP_PAD_VALID : XP_PAD_SAME;
    return XP_OK;
}

static bool is_one_of(const char *text, const char *allowed) {
    size_t n = strlen(text);
    for (const char *p = allowed; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (!strncmp(p, text, n) && (p[n] == '|' || p[n] == 0)) return true;
    return false;
}

static bool is_harmless(const char *key) {
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (!strcmp(key, harmless[i])) return true;
    size_t n = strlen(key);
    for (size_t i = 0; i < sizeof harmless_endings / sizeof *harmless_endings; i++) {
        size_t m = strlen(harmless_endings[i]);
        if (n > m && !strcmp(key + n - m, harmless_endings[i])) return true;
    }
    return false;
}

/* Channels are the last axis: -1, or its number when the batch is axis 0. */
static bool is_last_axis(const cJSON *axis, bool is_sequence) {
    const cJSON *v = unwrap(axis);
    return cJSON_IsNumber(v) && (v->valuedouble == -1 || v->valuedouble == (is_sequence ? 2 : 1));
}

static xp_status check_option(const layer *l, const cJSON *v, bool is_sequence, xp_error *err) {
    char text[64];
    const option *o = l->class->options;
    if (is_harmless(v->string)) return XP_OK;
    while (o->key && strcmp(o->key, v->string)) o++;
    if (!o->key)
        return cJSON_IsNull(v) || cJSON_IsFalse(v)
                   ? XP_OK
                   : bad_option(l, v->string, "it switched off", err);
    if (!o->allowed) return XP_OK;
    if (!strcmp(o->allowed, "last"))
        return is_last_axis(v, is_sequence) ? XP_OK : bad_option(l, o->key, "-1, channels", err);
    return is_one_of(value_text(v, text, sizeof text), o->allowed)
               ? XP_OK
               : bad_option(l, o->key, o->allowed, err);
}

/* Quantised layers store other weights than those that they compute with. */
static xp_status check_dtype(const layer *l, xp_error *err) {
    const cJSON *dtype = get(l->config, "dtype");
    const char *name = cJSON_GetStringValue(dtype);
    if (cJSON_IsObject(dtype)) name = get_text(get(dtype, "config"), "name");
    if (!dtype || cJSON_IsNull(dtype)) return XP_OK;
    if (!name ||
        (strncmp(name, "float", 5) && strncmp(name, "mixed_", 6) && strncmp(name, "bfloat", 6)))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\" (%s): dtype %.40s is not supported, expected float32",
                       l->name, l->class->name, name ? name : "(not named)");
    return XP_OK;
}

static xp_status check_options(const layer *l, bool is_sequence, xp_error *err) {
    const cJSON *v;
    XP_TRY(check_dtype(l, err));
    cJSON_ArrayForEach(v, l->config) XP_TRY(check_option(l, v, is_sequence, err));
    return XP_OK;
}

/* ==== One layer -> one op ==================================================================== */

/* shape: [null, length, leads]. */
static xp_status read_input_shape(const char *name, const cJSON *shape, xp_op *op, xp_error *err) {
    double v[2] = {0};
    bool ok = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) == 3;
    for (int i = 0; ok && i < 2; i++) {
        const cJSON *e = cJSON_GetArrayItem(shape, i + 1);
        v[i] = cJSON_IsNumber(e) ? e->valuedouble : 0;
        ok = v[i] >= 1 && v[i] <= INT32_MAX && v[i] == floor(v[i]);
    }
    if (!ok || v[1] > XP_MAX_LEADS)
        return xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "layer \"%.63s\" (InputLayer): expected batch_shape = [null, length, leads] "
            "with a fixed length and at most %d leads; save the model with such an input",
            name, XP_MAX_LEADS);
    op->t = (int)v[0];
    op->c = (int)v[1];
    return XP_OK;
}

static xp_status read_norm(const layer *l, xp_op *op, xp_error *err) {
    XP_TRY(get_float(l, "epsilon", &op->epsilon, err));
    XP_TRY(get_bool(l, "center", &op->center, err));
    XP_TRY(get_bool(l, "scale", &op->scale, err));
    return op->kind == XP_OP_BATCHNORM ? get_float(l, "momentum", &op->momentum, err) : XP_OK;
}

static xp_status read_gru(const layer *l, xp_op *op, xp_error *err) {
    XP_TRY(get_int(l, "units", &op->units, err));
    XP_TRY(get_activation(l, "activation", &op->activation, err));
    XP_TRY(get_activation(l, "recurrent_activation", &op->recurrent, err));
    XP_TRY(get_bool(l, "use_bias", &op->use_bias, err));
    XP_TRY(get_bool(l, "return_sequences", &op->return_sequences, err));
    return get_bool(l, "reset_after", &op->reset_after, err);
}

static xp_status read_linear(const layer *l, xp_op *op, xp_error *err) {
    bool conv = op->kind == XP_OP_CONV1D;
    XP_TRY(get_int(l, conv ? "filters" : "units", &op->units, err));
    if (conv) XP_TRY(get_window(l, "kernel_size", op, err));
    XP_TRY(get_activation(l, "activation", &op->activation, err));
    return get_bool(l, "use_bias", &op->use_bias, err);
}

static xp_status read_settings(const layer *l, xp_op *op, xp_error *err) {
    switch (op->kind) {
    case XP_OP_INPUT:
        return read_input_shape(l->name, get(l->config, "batch_shape"), op, err);
    case XP_OP_CONV1D:
    case XP_OP_DENSE:
        return read_linear(l, op, err);
    case XP_OP_MAXPOOL:
    case XP_OP_AVGPOOL:
        return get_window(l, "pool_size", op, err);
    case XP_OP_BATCHNORM:
    case XP_OP_LAYERNORM:
        return read_norm(l, op, err);
    case XP_OP_GRU:
        return read_gru(l, op, err);
    case XP_OP_DROPOUT:
        return get_float(l, "rate", &op->rate, err);
    case XP_OP_ACTIVATION:
        if (!strcmp(l->class->name, "Activation"))
            return get_activation(l, "activation", &op->activation, err);
        op->activation = strcmp(l->class->name, "ReLU") ? XP_ACT_SOFTMAX : XP_ACT_RELU;
        return XP_OK;
    default:
        return XP_OK;
    }
}

/* All inputs of the layer are in the graph. */
static xp_status add_layer(xp_graph *g, layer_list *list, layer *l, xp_error *err) {
    xp_op op = {.kind = l->class->kind, .n_inputs = l->n_inputs};
    for (int i = 0; i < l->n_inputs; i++)
        op.inputs[i] = l->inputs[i] == IMPLIED_INPUT ? 0 : list->items[l->inputs[i]].op;
    bool is_sequence = op.n_inputs == 0 || g->ops[op.inputs[0]].is_sequence;
    memcpy(op.name, l->name, strlen(l->name) + 1); /* its length was checked */
    XP_TRY(check_options(l, is_sequence, err));
    XP_TRY(read_settings(l, &op, err));
    XP_TRY(xp_graph_add(g, &op, err));
    l->op = g->n_ops - 1;
    return XP_OK;
}

/* ==== The list of layers ===================================================================== */

static xp_status find_class(layer *l, xp_error *err) {
    const char *name = get_text(l->json, "class_name"), *module = get_text(l->json, "module");
    const cJSON *registered = get(l->json, "registered_name");
    if (!name) name = "(no class)";
    bool custom =
        (module && strncmp(module, "keras.", 6)) || (registered && !cJSON_IsNull(registered));
    if (!strcmp(name, "Functional") || !strcmp(name, "Sequential") || !strcmp(name, "Model"))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\" is a model (%s): models inside models are not supported; "
                       "save one that holds all layers itself",
                       l->name, name);
    for (int i = 0; !custom && i < N_CLASSES; i++)
        if (!strcmp(classes[i].name, name)) l->class = &classes[i];
    if (l->class) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "layer \"%.63s\": %s %.63s is not supported; known are InputLayer, Conv1D, "
                   "BatchNormalization, Activation, ReLU, Softmax, Concatenate, Add, the 1D pools, "
                   "Flatten, Dense, Dropout, LayerNormalization, GRU",
                   l->name, custom ? "the custom layer" : "class", name);
}

/* Groups are numbered by class in the order of the list: conv1d, conv1d_1, ... whatever the layers
 * are called. */
static void find_place(layer *l, const layer *first) {
    int earlier = 0;
    for (const layer *k = first; k < l; k++) earlier += k->class == l->class;
    if (earlier == 0)
        snprintf(l->place.group, sizeof l->place.group, "%s", l->class->group);
    else
        snprintf(l->place.group, sizeof l->place.group, "%s_%d", l->class->group, earlier);
    l->place.in_cell = l->class->kind == XP_OP_GRU;
}

/* Names go into messages and into the model file. */
static xp_status check_name(const char *name, int index, xp_error *err) {
    size_t n = strlen(name);
    if (n >= XP_NAME_MAX)
        return xp_fail(err, XP_ERR_LIMIT,
                       "layer \"%.63s...\": its name has more than %d characters; rename it", name,
                       XP_NAME_MAX - 1);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return xp_fail(err, XP_ERR_FORMAT,
                           "config.json: a control character in the name of layer %d", index);
    return XP_OK;
}

static xp_status list_layers(layer_list *list, const cJSON *layers, xp_error *err) {
    int n = cJSON_IsArray(layers) ? cJSON_GetArraySize(layers) : 0;
    if (n < 1 || n > MAX_LAYERS)
        return xp_fail(err, n ? XP_ERR_LIMIT : XP_ERR_FORMAT,
                       "config.json: %d layers, expected 1 to %d", n, MAX_LAYERS);
    list->items = calloc((size_t)n, sizeof *list->items);
    if (!list->items) return xp_fail(err, XP_ERR_MEMORY, "keras: not enough memory");
    const cJSON *j;
    cJSON_ArrayForEach(j, layers) {
        layer *l = &list->items[list->n];
        *l = (layer){.json = j, .config = get(j, "config"), .op = -1};
        l->name = get_text(l->config, "name");
        if (!cJSON_IsObject(l->config) || !l->name)
            return xp_fail(err, XP_ERR_FORMAT, "config.json: layer %d has no configuration or name",
                           list->n);
        XP_TRY(check_name(l->name, list->n, err));
        XP_TRY(find_class(l, err));
        find_place(l, list->items);
        list->n++;
    }
    return XP_OK;
}

static int find_layer(const layer_list *list, const char *name) {
    for (int i = 0; name && i < list->n; i++)
        if (!strcmp(list->items[i].name, name)) return i;
    return -1;
}

/* ==== Connections ============================================================================ */

static xp_status bad_call(const layer *l, const char *what, xp_error *err) {
    return xp_fail(err, XP_ERR_UNSUPPORTED, "layer \"%.63s\" (%s): %s", l->name, l->class->name,
                   what);
}

/* One input tensor: {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, 0, 0]}}
 */
static xp_status add_input(const layer_list *list, layer *l, const cJSON *tensor, xp_error *err) {
    const char *class = get_text(tensor, "class_name");
    const cJSON *history = get(get(tensor, "config"), "keras_history");
    if (!class || strcmp(class, "__keras_tensor__") || cJSON_GetArraySize(history) != 3)
        return bad_call(l, "is called with something that is not another layer's output", err);
    const cJSON *node = cJSON_GetArrayItem(history, 1), *index = cJSON_GetArrayItem(history, 2);
    int from = find_layer(list, cJSON_GetStringValue(history->child));
    if (from < 0) return bad_call(l, "its input is not a layer of this model", err);
    if (!cJSON_IsNumber(node) || node->valuedouble != 0 || !cJSON_IsNumber(index) ||
        index->valuedouble != 0)
        return bad_call(l, "its input is a later use or a second output of a layer", err);
    if (l->n_inputs == XP_OP_MAX_INPUTS) return bad_call(l, "has more than 16 inputs", err);
    l->inputs[l->n_inputs++] = from;
    return XP_OK;
}

/* Call arguments such as mask and training have no effect when they are null or false. */
static xp_status check_kwargs(const layer *l, const cJSON *kwargs, xp_error *err) {
    const cJSON *v;
    cJSON_ArrayForEach(v, kwargs) {
        if (cJSON_IsNull(v) || cJSON_IsFalse(v)) continue;
        char text[64];
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\" (%s): is called with %.40s = %s, expected null", l->name,
                       l->class->name, v->string ? v->string : "an argument",
                       value_text(v, text, sizeof text));
    }
    return XP_OK;
}

static xp_status connect_layer(const layer_list *list, layer *l, xp_error *err) {
    const cJSON *nodes = get(l->json, "inbound_nodes");
    int n = cJSON_GetArraySize(nodes);
    if (l->class->kind == XP_OP_INPUT && n == 0) return XP_OK;
    if (n > 1)
        return bad_call(l, "is used more than once (shared weights), which is not supported", err);
    const cJSON *node = nodes ? nodes->child : NULL, *args = get(node, "args");
    if (n != 1 || !cJSON_IsArray(args) || cJSON_GetArraySize(args) != 1)
        return bad_call(
            l, "expected inbound_nodes with one call of one argument, as Keras 3 writes", err);
    XP_TRY(check_kwargs(l, get(node, "kwargs"), err));
    const cJSON *tensor;
    if (!cJSON_IsArray(args->child)) return add_input(list, l, args->child, err);
    cJSON_ArrayForEach(tensor, args->child) XP_TRY(add_input(list, l, tensor, err));
    return XP_OK;
}

/* ["labels", 0, 0] or [["labels", 0, 0]]: the one layer of that end. */
static xp_status find_end(const layer_list *list, const cJSON *config, const char *key, int *out,
                          xp_error *err) {
    const cJSON *end = get(config, key);
    const cJSON *first = cJSON_IsArray(end) ? end->child : NULL;
    if (cJSON_IsArray(first) && !first->next) first = first->child;
    *out = cJSON_IsString(first) ? find_layer(list, first->valuestring) : -1;
    if (*out >= 0) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "config.json: %s does not name one layer; a model has one input and one output",
                   key);
}

static xp_status connect_functional(layer_list *list, const cJSON *config, xp_error *err) {
    int input;
    XP_TRY(find_end(list, config, "input_layers", &input, err));
    XP_TRY(find_end(list, config, "output_layers", &list->output, err));
    for (int i = 0; i < list->n; i++) {
        layer *l = &list->items[i];
        if (l->class->kind == XP_OP_INPUT && i != input)
            return bad_call(l, "a second input, which is not supported", err);
        XP_TRY(connect_layer(list, l, err));
    }
    return XP_OK;
}

/* Each layer follows the one before it; the first one an input that may be implied. */
static void connect_sequential(layer_list *list) {
    for (int i = 0; i < list->n; i++) {
        layer *l = &list->items[i];
        l->inputs[0] = i > 0 ? i - 1 : IMPLIED_INPUT;
        l->n_inputs = l->class->kind != XP_OP_INPUT;
    }
    list->output = list->n - 1;
}

/* ==== Layers -> graph ======================================================================== */

/* A Sequential model may leave out its InputLayer; its shape is then in one of these places. */
static xp_status add_implied_input(xp_graph *g, const layer *first, const cJSON *model,
                                   xp_error *err) {
    const cJSON *shape = get(get(model, "config"), "build_input_shape");
    if (!shape) shape = get(get(model, "build_config"), "input_shape");
    if (!shape) shape = get(get(first->json, "build_config"), "input_shape");
    xp_op op = {.kind = XP_OP_INPUT, .name = "input"};
    XP_TRY(read_input_shape(op.name, shape, &op, err));
    return xp_graph_add(g, &op, err);
}

static bool inputs_added(const layer_list *list, const layer *l) {
    for (int i = 0; i < l->n_inputs; i++)
        if (l->inputs[i] != IMPLIED_INPUT && list->items[l->inputs[i]].op < 0) return false;
    return true;
}

/* Rounds over the list, each adding the layers whose inputs are there: one round when the file is
 * in order already. */
static xp_status add_layers(xp_graph *g, layer_list *list, xp_error *err) {
    int left = list->n;
    for (int added = 1; left > 0 && added > 0; left -= added) {
        added = 0;
        for (int i = 0; i < list->n; i++) {
            layer *l = &list->items[i];
            if (l->op >= 0 || !inputs_added(list, l)) continue;
            XP_TRY(add_layer(g, list, l, err));
            added++;
        }
    }
    if (left > 0)
        return xp_fail(err, XP_ERR_FORMAT, "config.json: %d layers wait for each other in a circle",
                       left);
    const layer *last = &list->items[list->output];
    if (last->op != g->n_ops - 1)
        return xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "layer \"%s\" does not lead to the output \"%.63s\"; save a model without it",
            g->ops[g->n_ops - 1].name, last->name);
    return XP_OK;
}

static xp_status build_functional(xp_graph *g, layer_list *list, const cJSON *model,
                                  xp_error *err) {
    XP_TRY(connect_functional(list, get(model, "config"), err));
    return add_layers(g, list, err);
}

static xp_status build_sequential(xp_graph *g, layer_list *list, const cJSON *model,
                                  xp_error *err) {
    connect_sequential(list);
    const layer *first = list->items;
    if (first->class->kind != XP_OP_INPUT) XP_TRY(add_implied_input(g, first, model, err));
    return add_layers(g, list, err);
}

/* model: config.json. On success list says where each op's weights are. */
static xp_status build_graph(xp_graph *g, layer_list *list, const cJSON *model, xp_error *err) {
    const char *class = get_text(model, "class_name");
    bool sequential = class && !strcmp(class, "Sequential");
    if (!sequential && !(class && !strcmp(class, "Functional")))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "config.json: a model of class %.63s; only Functional and Sequential models "
                       "tell how their layers are connected",
                       class ? class : "(none)");
    XP_TRY(list_layers(list, get(get(model, "config"), "layers"), err));
    return sequential ? build_sequential(g, list, model, err)
                      : build_functional(g, list, model, err);
}

/* ==== The archive -> model =================================================================== */

static xp_status read_entry(const xp_archive *a, const char *name, size_t limit, uint8_t **bytes,
                            size_t *size, xp_error *err) {
    int i = xp_archive_find(a, name);
    if (i < 0)
        return xp_fail(err, XP_ERR_NOT_FOUND,
                       "%s is missing: this is not a model saved by Keras 3 (.keras)", name);
    return xp_archive_read(a, i, limit, bytes, size, err);
}

static xp_status read_json(const xp_archive *a, const char *name, cJSON **json, xp_error *err) {
    uint8_t *text;
    size_t size;
    XP_TRY(read_entry(a, name, MAX_CONFIG, &text, &size, err));
    *json = memchr(text, 0, size) ? NULL : cJSON_ParseWithLength((const char *)text, size);
    free(text);
    return *json ? XP_OK : xp_fail(err, XP_ERR_FORMAT, "%s is not JSON", name);
}

/* "3.15.1" from metadata.json. */
static xp_status read_version(const xp_archive *a, char *version, size_t size, xp_error *err) {
    cJSON *json;
    XP_TRY(read_json(a, "metadata.json", &json, err));
    const char *v = get_text(json, "keras_version");
    snprintf(version, size, "%s", v ? v : "(unknown)");
    cJSON_Delete(json);
    if (!strncmp(version, "3.", 2) && strspn(version, "0123456789.abcdevr") == strlen(version))
        return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "saved by Keras %s, expected version 3: load it there and save it again",
                   version);
}

/* Allocates the weights only when the file is large enough to hold them. */
static xp_status read_weights(xp_model *m, const layer_list *list, const xp_archive *a,
                              xp_error *err) {
    uint8_t *h5;
    size_t size;
    XP_TRY(read_entry(a, "model.weights.h5", XP_KERAS_MAX_WEIGHTS_FILE, &h5, &size, err));
    xp_keras_place *places = calloc((size_t)m->graph.n_ops, sizeof *places);
    xp_status s = places ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "keras: not enough memory");
    if (s == XP_OK && m->graph.n_weights > size / sizeof(uint16_t))
        s = xp_fail(err, XP_ERR_TRUNCATED,
                    "model.weights.h5: %zu bytes cannot hold the %zu weights of the layers", size,
                    m->graph.n_weights);
    if (s == XP_OK) {
        m->weights = xp_aligned_alloc((m->graph.n_weights + 1) * sizeof(float));
        if (!m->weights) s = xp_fail(err, XP_ERR_MEMORY, "keras: not enough memory for weights");
    }
    for (int i = 0; s == XP_OK && i < list->n; i++)
        places[list->items[i].op] = list->items[i].place;
    if (s == XP_OK)
        s = xp_keras_read_weights(m->weights, &m->graph, places, (xp_bytes){h5, size}, err);
    free(places);
    free(h5);
    return s;
}

static xp_status import(xp_model *m, layer_list *list, const xp_archive *a, xp_error *err) {
    char version[32];
    cJSON *model;
    XP_TRY(read_version(a, version, sizeof version, err));
    XP_TRY(read_json(a, "config.json", &model, err));
    xp_status s = build_graph(&m->graph, list, model, err);
    const char *name = get_text(get(model, "config"), "name");
    if (s == XP_OK) snprintf(m->name, sizeof m->name, "%s", name ? name : "imported");
    char source[80];
    snprintf(source, sizeof source, "imported from Keras %s", version);
    if (s == XP_OK) s = xp_imported_describe(m, source, err);
    if (s == XP_OK) s = read_weights(m, list, a, err);
    cJSON_Delete(model);
    return s;
}

xp_status xp_keras_import(xp_model *out, xp_bytes file, xp_error *err) {
    xp_archive *a;
    XP_TRY(xp_archive_open(&a, file, err));
    xp_model m = {0};
    layer_list list = {0};
    xp_status s = import(&m, &list, a, err);
    free(list.items);
    xp_archive_close(a);
    if (s != XP_OK)
        xp_model_free(&m);
    else
        *out = m;
    return s;
}
