#include "convert/keras.h"

#include "base/arena.h"
#include "convert/archive.h"
#include "convert/imported.h"
#include "convert/keras/rows.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_CONFIG ((size_t)16 << 20) /* bytes of config.json */
enum { MAX_LAYERS = 1024, IMPLIED_INPUT = -1 };

typedef struct layer_list {
    keras_layer *items;
    int n;
    int output; /* the layer whose output is the model's */
    int depth;  /* models that it is in */
    int given;  /* op that an input that is implied, or a model's inside a model, is */
    const char *prefix, *model; /* of groups; name of a model inside the model */
} layer_list;

enum { MAX_DEPTH = 8 };

/* A model as a layer. */
static const keras_class model_class = {.name = "Model", .kind = XP_OP_ACTIVATION};

static xp_status add_model(keras_builder *b, const layer_list *outer, keras_layer *l,
                           xp_error *err);

/* ==== One layer -> its ops ==================================================================== */

/* All inputs of the layer are in the graph. */
static xp_status add_layer(keras_builder *b, layer_list *list, keras_layer *l, xp_error *err) {
    xp_op op = {.kind = l->class->kind, .n_inputs = l->n_inputs};
    for (int i = 0; i < l->n_inputs; i++)
        l->from[i] = l->inputs[i] == IMPLIED_INPUT ? list->given : list->items[l->inputs[i]].op;
    memcpy(op.inputs, l->from, sizeof op.inputs);
    l->is_sequence = op.n_inputs == 0 || b->g->ops[op.inputs[0]].is_sequence;
    if (l->class == &model_class) return add_model(b, list, l, err);
    if (op.kind == XP_OP_INPUT && list->depth > 0) { /* the outer model's layer is it */
        l->op = list->given;
        return XP_OK;
    }
    XP_TRY(keras_check_options(l, l->is_sequence, err));
    if (l->class->add) return l->class->add(b, l, err);
    if (l->class->read) XP_TRY(l->class->read(l, &op, err));
    XP_TRY(keras_add_op(b, l, &op, "", l->class->in_cell ? "cell/vars" : "vars", 0, 0, err));
    return keras_add_after(b, l, err);
}

/* ==== The list of layers ===================================================================== */

static xp_status find_class(keras_layer *l, xp_error *err) {
    const char *name = keras_get_text(l->json, "class_name"),
               *module = keras_get_text(l->json, "module");
    const cJSON *registered = keras_get(l->json, "registered_name");
    if (!name) name = "(no class)";
    bool custom =
        (module && strncmp(module, "keras.", 6)) || (registered && !cJSON_IsNull(registered));
    if (!strcmp(name, "Functional") || !strcmp(name, "Sequential")) {
        l->class = &model_class;
        return XP_OK;
    }
    /* A class of Keras' own is registered under its plain name, one of the user's as package>name.
     */
    l->is_operation = module && !strncmp(module, "keras.src.ops.", 14);
    if (l->is_operation)
        l->class = keras_operation_named(name);
    else
        l->class = custom ? NULL : keras_class_named(name);
    if (l->class) return XP_OK;
    if (l->is_operation)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\": the operation keras.ops %.63s is not supported; known are "
                       "add, subtract, multiply, divide, concatenate, relu, sigmoid, tanh and "
                       "softmax",
                       l->name, name);
    return xp_fail(
        err, XP_ERR_UNSUPPORTED,
        "layer \"%.63s\": %s %.63s is not supported; known are Keras' own layers of one "
        "dimension: convolutions, pools, norms, Dense, GRU, LSTM, Bidirectional, TimeDistributed, "
        "activations, Add, Multiply, Concatenate, Dot, Reshape",
        l->name, custom ? "the custom layer" : "class", name);
}

/* Groups are numbered by class in the order of the list: conv1d, conv1d_1, ... whatever the layers
 * are called. */
static void find_place(keras_layer *l, const layer_list *list) {
    const char *class = keras_get_text(l->json, "class_name");
    const bool model = l->class == &model_class;
    const char *group = !model ? l->class->group : class[0] == 'S' ? "sequential" : "functional";
    int earlier = 0;
    for (const keras_layer *k = list->items; k < l; k++) {
        const char *other = keras_get_text(k->json, "class_name");
        earlier += k->class == l->class && k->is_operation == l->is_operation &&
                   (!model || !strcmp(other, class));
    }
    if (earlier == 0)
        snprintf(l->group, sizeof l->group, "%slayers/%s", list->prefix, group);
    else
        snprintf(l->group, sizeof l->group, "%slayers/%s_%d", list->prefix, group, earlier);
    l->model = list->model;
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
        keras_layer *l = &list->items[list->n];
        *l = (keras_layer){.json = j, .config = keras_get(j, "config"), .op = -1};
        l->name = keras_get_text(l->config, "name");
        if (!cJSON_IsObject(l->config) || !l->name)
            return xp_fail(err, XP_ERR_FORMAT, "config.json: layer %d has no configuration or name",
                           list->n);
        XP_TRY(check_name(l->name, list->n, err));
        XP_TRY(find_class(l, err));
        find_place(l, list);
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

static xp_status bad_call(const keras_layer *l, const char *what, xp_error *err) {
    return xp_fail(err, XP_ERR_UNSUPPORTED, "layer \"%.63s\" (%s): %s", l->name, l->class->name,
                   what);
}

/* One input tensor: {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, 0, 0]}}
 */
static xp_status add_input(const layer_list *list, keras_layer *l, const cJSON *tensor,
                           xp_error *err) {
    const char *class = keras_get_text(tensor, "class_name");
    const cJSON *history = keras_get(keras_get(tensor, "config"), "keras_history");
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

/* One of several arguments of an operation: a layer's output, or a constant beside one. */
static xp_status add_argument(const layer_list *list, keras_layer *l, const cJSON *argument,
                              xp_error *err) {
    if (l->class->add != keras_add_arithmetic || l->constant || !keras_is_constant(argument))
        return add_input(list, l, argument, err);
    l->constant = argument;
    l->constant_first = l->n_inputs == 0;
    return XP_OK;
}

/* Call arguments such as mask and training have no effect when they are null or false. */
static xp_status check_kwargs(const keras_layer *l, const cJSON *kwargs, xp_error *err) {
    const cJSON *v;
    cJSON_ArrayForEach(v, kwargs) {
        if (cJSON_IsNull(v) || cJSON_IsFalse(v)) continue;
        char text[64];
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\" (%s): is called with %.40s = %s, expected null", l->name,
                       l->class->name, v->string ? v->string : "an argument",
                       keras_value_text(v, text, sizeof text));
    }
    return XP_OK;
}

static xp_status connect_layer(const layer_list *list, keras_layer *l, xp_error *err) {
    const cJSON *nodes = keras_get(l->json, "inbound_nodes");
    int n = cJSON_GetArraySize(nodes);
    if (l->class->kind == XP_OP_INPUT && n == 0) return XP_OK;
    if (n > 1)
        return bad_call(l, "is used more than once (shared weights), which is not supported", err);
    const cJSON *node = nodes ? nodes->child : NULL, *args = keras_get(node, "args");
    const bool several = l->is_operation && cJSON_GetArraySize(args) > 1;
    if (n != 1 || !cJSON_IsArray(args) || (cJSON_GetArraySize(args) != 1 && !several))
        return bad_call(
            l, "expected inbound_nodes with one call of one argument, as Keras 3 writes", err);
    XP_TRY(check_kwargs(l, keras_get(node, "kwargs"), err));
    const cJSON *tensor;
    if (several) {
        cJSON_ArrayForEach(tensor, args) XP_TRY(add_argument(list, l, tensor, err));
        return l->n_inputs ? XP_OK : bad_call(l, "is called with no layer's output", err);
    }
    if (!cJSON_IsArray(args->child)) return add_input(list, l, args->child, err);
    cJSON_ArrayForEach(tensor, args->child) XP_TRY(add_input(list, l, tensor, err));
    return XP_OK;
}

/* ["labels", 0, 0] or [["labels", 0, 0]]: the one layer of that end. */
static xp_status find_end(const layer_list *list, const cJSON *config, const char *key, int *out,
                          xp_error *err) {
    const cJSON *end = keras_get(config, key);
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
        keras_layer *l = &list->items[i];
        if (l->class->kind == XP_OP_INPUT && i != input)
            return bad_call(l, "a second input, which is not supported", err);
        XP_TRY(connect_layer(list, l, err));
    }
    return XP_OK;
}

/* Each layer follows the one before it; the first one an input that may be implied. */
static void connect_sequential(layer_list *list) {
    for (int i = 0; i < list->n; i++) {
        keras_layer *l = &list->items[i];
        l->inputs[0] = i > 0 ? i - 1 : IMPLIED_INPUT;
        l->n_inputs = l->class->kind != XP_OP_INPUT;
    }
    list->output = list->n - 1;
}

/* ==== Layers -> graph ======================================================================== */

/* A Sequential model may leave out its InputLayer; its shape is then in one of these places. */
static xp_status add_implied_input(keras_builder *b, const keras_layer *first, const cJSON *model,
                                   xp_error *err) {
    const cJSON *shape = keras_get(keras_get(model, "config"), "build_input_shape");
    if (!shape) shape = keras_get(keras_get(model, "build_config"), "input_shape");
    if (!shape) shape = keras_get(keras_get(first->json, "build_config"), "input_shape");
    xp_op op = {.kind = XP_OP_INPUT, .name = "input"};
    XP_TRY(keras_read_input_shape(op.name, shape, &op, err));
    return xp_graph_add(b->g, &op, err);
}

static bool inputs_added(const layer_list *list, const keras_layer *l) {
    for (int i = 0; i < l->n_inputs; i++)
        if (l->inputs[i] != IMPLIED_INPUT && list->items[l->inputs[i]].op < 0) return false;
    return true;
}

/* Rounds over the list, each adding the layers whose inputs are there: one round when the file is
 * in order already. */
static xp_status add_layers(keras_builder *b, layer_list *list, xp_error *err) {
    int left = list->n;
    for (int added = 1; left > 0 && added > 0; left -= added) {
        added = 0;
        for (int i = 0; i < list->n; i++) {
            keras_layer *l = &list->items[i];
            if (l->op >= 0 || !inputs_added(list, l)) continue;
            XP_TRY(add_layer(b, list, l, err));
            added++;
        }
    }
    if (left > 0)
        return xp_fail(err, XP_ERR_FORMAT, "config.json: %d layers wait for each other in a circle",
                       left);
    const keras_layer *last = &list->items[list->output];
    if (list->depth == 0 && last->op != b->g->n_ops - 1)
        return xp_fail(
            err, XP_ERR_UNSUPPORTED,
            "layer \"%s\" does not lead to the output \"%.63s\"; save a model without it",
            b->g->ops[b->g->n_ops - 1].name, last->name);
    return XP_OK;
}

static xp_status build_functional(keras_builder *b, layer_list *list, const cJSON *model,
                                  xp_error *err) {
    XP_TRY(connect_functional(list, keras_get(model, "config"), err));
    return add_layers(b, list, err);
}

static xp_status build_sequential(keras_builder *b, layer_list *list, const cJSON *model,
                                  xp_error *err) {
    connect_sequential(list);
    const keras_layer *first = list->items;
    if (first->class->kind != XP_OP_INPUT && list->depth == 0)
        XP_TRY(add_implied_input(b, first, model, err));
    return add_layers(b, list, err);
}

/* model: config.json, or a layer that is a model. On success list->output says which op it gives.
 */
static xp_status build_graph(keras_builder *b, layer_list *list, const cJSON *model,
                             xp_error *err) {
    const char *class = keras_get_text(model, "class_name");
    bool sequential = class && !strcmp(class, "Sequential");
    if (!sequential && !(class && !strcmp(class, "Functional")))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "config.json: a model of class %.63s; only Functional and Sequential models "
                       "tell how their layers are connected",
                       class ? class : "(none)");
    XP_TRY(list_layers(list, keras_get(keras_get(model, "config"), "layers"), err));
    return sequential ? build_sequential(b, list, model, err)
                      : build_functional(b, list, model, err);
}

static xp_status add_model(keras_builder *b, const layer_list *outer, keras_layer *l,
                           xp_error *err) {
    char prefix[XP_KERAS_PATH_MAX];
    layer_list inner = {
        .depth = outer->depth + 1, .given = l->from[0], .prefix = prefix, .model = l->name};
    if (l->n_inputs != 1)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\" is a model with %d inputs, expected one", l->name,
                       l->n_inputs);
    if (inner.depth > MAX_DEPTH ||
        (size_t)snprintf(prefix, sizeof prefix, "%s/", l->group) > sizeof l->group / 2)
        return xp_fail(err, XP_ERR_LIMIT, "layer \"%.63s\": models are nested too deep", l->name);
    xp_status s = build_graph(b, &inner, l->json, err);
    if (s == XP_OK) l->op = inner.items[inner.output].op;
    free(inner.items);
    return s;
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
    const char *v = keras_get_text(json, "keras_version");
    snprintf(version, size, "%s", v ? v : "(unknown)");
    cJSON_Delete(json);
    if (!strncmp(version, "3.", 2) && strspn(version, "0123456789.abcdevr") == strlen(version))
        return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "saved by Keras %s, expected version 3: load it there and save it again",
                   version);
}

/* Allocates the weights only when the file is large enough to hold them. */
static xp_status read_weights(xp_model *m, const keras_builder *b, const xp_archive *a,
                              xp_error *err) {
    uint8_t *h5;
    size_t size;
    XP_TRY(read_entry(a, "model.weights.h5", XP_KERAS_MAX_WEIGHTS_FILE, &h5, &size, err));
    xp_status s = XP_OK;
    if (m->graph.n_weights > size / sizeof(uint16_t))
        s = xp_fail(err, XP_ERR_TRUNCATED,
                    "model.weights.h5: %zu bytes cannot hold the %zu weights of the layers", size,
                    m->graph.n_weights);
    if (s == XP_OK) {
        m->weights = xp_aligned_alloc((m->graph.n_weights + 1) * sizeof(float));
        if (!m->weights) s = xp_fail(err, XP_ERR_MEMORY, "keras: not enough memory for weights");
    }
    if (s == XP_OK)
        s = xp_keras_read_weights(m->weights, &m->graph, b->places, (xp_bytes){h5, size}, err);
    free(h5);
    return s;
}

static xp_status import(xp_model *m, keras_builder *b, const xp_archive *a, xp_error *err) {
    char version[32];
    cJSON *model;
    layer_list list = {.prefix = "", .model = ""};
    XP_TRY(read_version(a, version, sizeof version, err));
    XP_TRY(read_json(a, "config.json", &model, err));
    xp_status s = build_graph(b, &list, model, err);
    const char *name = keras_get_text(keras_get(model, "config"), "name");
    if (s == XP_OK) snprintf(m->name, sizeof m->name, "%s", name ? name : "imported");
    char source[80];
    snprintf(source, sizeof source, "imported from Keras %s", version);
    if (s == XP_OK) s = xp_imported_describe(m, source, err);
    if (s == XP_OK) s = read_weights(m, b, a, err);
    free(list.items);
    cJSON_Delete(model);
    return s;
}

xp_status xp_keras_import(xp_model *out, xp_bytes file, xp_error *err) {
    xp_archive *a;
    XP_TRY(xp_archive_open(&a, file, err));
    xp_model m = {0};
    keras_builder b = {.g = &m.graph};
    xp_status s = import(&m, &b, a, err);
    free(b.places);
    xp_archive_close(a);
    if (s != XP_OK)
        xp_model_free(&m);
    else
        *out = m;
    return s;
}
