#include "support.h"

#include "convert/archive.h"
#include "convert/keras.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const networks[] = {"zoo", "xplaim_small_odd", "cnn_small", "gru_small",
                                       "xplaim_full"};
enum { N_NETWORKS = sizeof networks / sizeof *networks };

/* Keras classes and the kinds that they become. */
static const char *const kinds[][2] = {{"InputLayer", "input"},
                                       {"Conv1D", "conv1d"},
                                       {"BatchNormalization", "batchnorm"},
                                       {"Activation", "activation"},
                                       {"ReLU", "activation"},
                                       {"Concatenate", "concat"},
                                       {"Add", "add"},
                                       {"MaxPooling1D", "maxpool"},
                                       {"AveragePooling1D", "avgpool"},
                                       {"GlobalAveragePooling1D", "global_avgpool"},
                                       {"Flatten", "flatten"},
                                       {"Dense", "dense"},
                                       {"Dropout", "dropout"},
                                       {"LayerNormalization", "layernorm"},
                                       {"GRU", "gru"}};

/* golden/NAME, from the shared folder or from tests/data, which has zoo only. */
static const char *golden_path(const char *file) {
    const char *path = shared_path("golden/%s", file);
    return exists(path) ? path : data_path("golden/%s", file);
}

static xp_bytes read_golden(const char *name) {
    char file[64];
    snprintf(file, sizeof file, "%s.keras", name);
    if (!exists(golden_path(file))) skip();
    return read_file(golden_path(file));
}

static void import_ok(xp_model *m, xp_bytes file) {
    xp_error err = {0};
    if (xp_keras_import(m, file, &err)) fail_msg("%s", err.text);
}

/* ==== the reference networks ================================================================= */

/* about.json lists the layers, the input's left out for Sequential models, and counts parameters.
 */
static void check_against_about(const xp_model *m, const char *name) {
    char file[64];
    snprintf(file, sizeof file, "%s/about.json", name);
    xp_bytes text = read_file(golden_path(file));
    cJSON *about = cJSON_Parse((const char *)text.data);
    const cJSON *layers = cJSON_GetObjectItem(about, "layers"), *l;
    int i = m->graph.n_ops - cJSON_GetArraySize(layers);
    assert_in_range(i, 0, 1);
    cJSON_ArrayForEach(l, layers) {
        const xp_op *op = &m->graph.ops[i++];
        const char *class = cJSON_GetArrayItem(l, 1)->valuestring, *kind = NULL;
        assert_string_equal(op->name, cJSON_GetArrayItem(l, 0)->valuestring);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (!strcmp(kinds[k][0], class)) kind = kinds[k][1];
        assert_non_null(kind);
        assert_string_equal(xp_op_kind_name(op->kind), kind);
    }
    assert_int_equal(m->graph.n_weights, cJSON_GetObjectItem(about, "parameters")->valuedouble);
    cJSON_Delete(about);
    free((void *)text.data);
}

static void reference_networks_are_imported(void **state) {
    (void)state;
    for (int i = 0; i < N_NETWORKS; i++) {
        xp_bytes f = read_golden(networks[i]);
        xp_model m;
        import_ok(&m, f);
        check_against_about(&m, networks[i]);
        assert_string_equal(m.architecture, "graph");
        assert_string_equal(xp_model_meta(&m, "source"), "imported from Keras 3.15.1");
        assert_false(m.trained);
        assert_int_equal(m.n_labels, m.graph.ops[m.graph.n_ops - 1].c);
        assert_string_equal(m.labels[m.n_labels - 1].name, m.n_labels == 4   ? "label4"
                                                           : m.n_labels == 2 ? "label2"
                                                           : m.n_labels == 5 ? "label5"
                                                                             : "label3");
        assert_true(isnan(m.labels[0].threshold));
        assert_string_equal(m.leads[4], m.n_leads == 12 ? "aVF" : "");
        for (size_t k = 0; k < m.graph.n_weights; k++) assert_true(isfinite(m.weights[k]));
        xp_model_free(&m);
        free((void *)f.data);
    }
}

/* zoo.keras: layers with their own names, whose groups in the file are numbered otherwise, and
 * every odd option. */
static void settings_and_weights_of_zoo(void **state) {
    (void)state;
    xp_bytes f = read_golden("zoo");
    xp_model m;
    import_ok(&m, f);
    const xp_graph *g = &m.graph;
    const xp_op *o = &g->ops[xp_graph_find(g, "conv1d_2")];
    assert_int_equal(o->units, 12);
    assert_int_equal(o->kernel, 4);
    assert_int_equal(o->stride, 3);
    assert_int_equal(o->padding, XP_PAD_SAME);
    assert_int_equal(o->activation, XP_ACT_TANH);
    assert_true(o->use_bias);
    assert_string_equal(g->ops[o->inputs[0]].name, "re_lu");
    o = &g->ops[xp_graph_find(g, "batch_normalization")];
    assert_true(o->center && !o->scale);
    assert_float_equal(o->epsilon, 1e-5f, 0);
    assert_float_equal(o->momentum, 0.99f, 0);
    o = &g->ops[xp_graph_find(g, "max_pooling1d")];
    assert_true(o->kernel == 3 && o->stride == 2 && o->padding == XP_PAD_VALID);
    o = &g->ops[xp_graph_find(g, "add")];
    assert_int_equal(o->n_inputs, 2);
    assert_string_equal(g->ops[o->inputs[1]].name, "conv1d_1");
    assert_int_equal(g->ops[xp_graph_find(g, "re_lu")].activation, XP_ACT_RELU);
    assert_int_equal(g->ops[g->n_ops - 1].activation, XP_ACT_SIGMOID);
    int i = xp_graph_find_param(g, "conv1d_1.kernel"); /* group conv1d_2 in the file */
    assert_int_equal(g->params[i].shape[0], 1);
    i = xp_graph_find_param(g, "batch_normalization.moving_variance");
    for (size_t k = 0; k < g->params[i].count; k++)
        assert_true(m.weights[g->params[i].offset + k] > 0);
    xp_model_free(&m);
    free((void *)f.data);
}

static void gru_settings(void **state) {
    (void)state;
    xp_bytes f = read_golden("gru_small");
    xp_model m;
    import_ok(&m, f);
    const xp_op *o = &m.graph.ops[xp_graph_find(&m.graph, "gru_1")];
    assert_int_equal(o->units, 64);
    assert_true(o->reset_after && !o->return_sequences && o->use_bias);
    assert_int_equal(o->activation, XP_ACT_TANH);
    assert_int_equal(o->recurrent, XP_ACT_SIGMOID);
    assert_int_equal(m.length, 200);
    xp_model_free(&m);
    free((void *)f.data);
}

/* ==== changed files ========================================================================== */

/* The parts of a .keras file, its config.json parsed so that a test can change it. */
typedef struct parts {
    uint8_t *metadata, *h5;
    size_t n_metadata, n_h5;
    cJSON *config;
} parts;

static parts take_apart(const char *name) {
    xp_bytes f = read_golden(name);
    xp_archive *a;
    xp_error err = {0};
    parts p;
    uint8_t *text;
    size_t n;
    assert_int_equal(xp_archive_open(&a, f, &err), XP_OK);
    assert_int_equal(xp_archive_read(a, xp_archive_find(a, "metadata.json"), 1 << 20, &p.metadata,
                                     &p.n_metadata, &err),
                     XP_OK);
    assert_int_equal(
        xp_archive_read(a, xp_archive_find(a, "model.weights.h5"), 1 << 26, &p.h5, &p.n_h5, &err),
        XP_OK);
    assert_int_equal(
        xp_archive_read(a, xp_archive_find(a, "config.json"), 1 << 20, &text, &n, &err), XP_OK);
    p.config = cJSON_Parse((const char *)text);
    assert_non_null(p.config);
    free(text);
    xp_archive_close(a);
    free((void *)f.data);
    return p;
}

static xp_bytes put_together(const parts *p, bool compress) {
    char *config = cJSON_PrintUnformatted(p->config);
    const xp_archive_source entries[] = {
        {"metadata.json", {p->metadata, p->n_metadata}},
        {"config.json", {(const uint8_t *)config, strlen(config)}},
        {"model.weights.h5", {p->h5, p->n_h5}},
    };
    uint8_t *bytes;
    size_t size;
    xp_error err = {0};
    if (xp_archive_write(entries, 3, compress, &bytes, &size, &err)) fail_msg("%s", err.text);
    free(config);
    return (xp_bytes){bytes, size};
}

static void free_parts(parts *p) {
    free(p->metadata);
    free(p->h5);
    cJSON_Delete(p->config);
}

static cJSON *find_layer(const parts *p, const char *name) {
    cJSON *l;
    cJSON *layers = cJSON_GetObjectItem(cJSON_GetObjectItem(p->config, "config"), "layers");
    cJSON_ArrayForEach(l, layers) {
        cJSON *config = cJSON_GetObjectItem(l, "config");
        if (!strcmp(cJSON_GetObjectItem(config, "name")->valuestring, name)) return l;
    }
    fail_msg("no layer %s", name);
    return NULL;
}

/* Set key in object to the value written as JSON. */
static void set_json(cJSON *object, const char *key, const char *value) {
    cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    cJSON_AddItemToObject(object, key, cJSON_Parse(value));
}

static void refuses(const parts *p, xp_status code, const char *const mentions[2]) {
    xp_bytes f = put_together(p, false);
    xp_model m = {0};
    xp_error err = {0};
    xp_status s = xp_keras_import(&m, f, &err);
    if (s != code || !strstr(err.text, mentions[0]) || !strstr(err.text, mentions[1]))
        fail_msg("got %s \"%s\", expected %s with \"%s\" and \"%s\"", xp_status_name(s), err.text,
                 xp_status_name(code), mentions[0], mentions[1]);
    assert_null(m.weights);
    free((void *)f.data);
}

static void unknown_options_name_layer_and_option(void **state) {
    (void)state;
    static const struct {
        const char *network, *layer, *option, *value;
    } cases[] = {
        {"zoo", "conv1d_2", "dilation_rate", "[0]"},
        {"zoo", "conv1d_2", "groups", "0"},
        {"zoo", "conv1d_2", "data_format", "\"channels_first\""},
        {"zoo", "conv1d_2", "padding", "\"reflect\""},
        {"zoo", "conv1d_2", "activation", "\"glu\""},
        {"zoo", "conv1d_2", "activation", "{\"class_name\":\"LeakyReLU\"}"},
        {"zoo", "conv1d_2", "filters", "1.5"},
        {"zoo", "conv1d_2", "kernel_size", "[3,3]"},
        {"zoo", "conv1d_2", "strides", "[0]"},
        {"zoo", "conv1d_2", "use_bias", "1"},
        {"zoo", "conv1d_2", "lora_rank", "4"},
        {"zoo", "batch_normalization", "axis", "1"},
        {"zoo", "batch_normalization", "renorm", "true"},
        {"zoo", "batch_normalization", "epsilon", "\"small\""},
        {"zoo", "re_lu", "max_value", "\"six\""},
        {"zoo", "re_lu", "negative_slope", "-0.1"},
        {"zoo", "re_lu", "threshold", "0.5"},
        {"zoo", "max_pooling1d", "pool_size", "-1"},
        {"zoo", "layer_normalization", "rms_scaling", "true"},
        {"zoo", "layer_normalization", "axis", "[1,2]"},
        {"zoo", "global_average_pooling1d", "data_format", "\"channels_first\""},
        {"zoo", "dense", "units", "1e10"},
        {"zoo", "dense", "quantization_config", "{\"mode\":\"int8\"}"},
        {"zoo", "dense", "dtype", "\"int8_from_float32\""},
        {"zoo", "ecg", "batch_shape", "[null,null,12]"},
        {"zoo", "ecg", "batch_shape", "[null,12]"},
        {"zoo", "ecg", "batch_shape", "[null,1000,65]"},
        {"gru_small", "gru", "go_sideways", "true"},
        {"gru_small", "gru", "stateful", "true"},
        {"gru_small", "gru", "return_state", "true"},
        {"gru_small", "gru", "recurrent_activation", "\"hard_sigmoid\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parts p = take_apart(cases[i].network);
        set_json(cJSON_GetObjectItem(find_layer(&p, cases[i].layer), "config"), cases[i].option,
                 cases[i].value);
        char layer[80];
        snprintf(layer, sizeof layer, "\"%s\"", cases[i].layer);
        refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){layer, cases[i].option});
        free_parts(&p);
    }
}

static void unknown_layers_are_named(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *mention;
    } cases[] = {
        {"class_name", "\"LSTM\"", "LSTM"},
        {"class_name", "\"Lambda\"", "Lambda"},
        {"registered_name", "\"Mine>Conv1D\"", "custom"},
        {"module", "\"my_layers\"", "custom"},
        {"inbound_nodes", "[{\"args\":[]},{\"args\":[]}]", "more than once"},
        {"inbound_nodes", "[[[\"re_lu\",0,0,{}]]]", "one call"},
        {"inbound_nodes", "[{\"args\":[3],\"kwargs\":{}}]", "another layer's output"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parts p = take_apart("zoo");
        set_json(find_layer(&p, "conv1d_2"), cases[i].key, cases[i].value);
        refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"\"conv1d_2\"", cases[i].mention});
        free_parts(&p);
    }
}

/* The input tensor of a layer's only call. */
static cJSON *first_tensor(cJSON *layer) {
    cJSON *node = cJSON_GetObjectItem(layer, "inbound_nodes")->child;
    cJSON *arg = cJSON_GetObjectItem(node, "args")->child;
    return cJSON_IsArray(arg) ? arg->child : arg;
}

static void odd_connections_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *history, *mention;
    } cases[] = {
        {"[\"re_lu\",1,0]", "later use"},
        {"[\"re_lu\",0,1]", "second output"},
        {"[\"nobody\",0,0]", "not a layer of this model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parts p = take_apart("zoo");
        cJSON *tensor = first_tensor(find_layer(&p, "conv1d_2"));
        set_json(cJSON_GetObjectItem(tensor, "config"), "keras_history", cases[i].history);
        refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"\"conv1d_2\"", cases[i].mention});
        free_parts(&p);
    }
    parts p = take_apart("zoo");
    cJSON *tensor = first_tensor(find_layer(&p, "conv1d"));
    set_json(cJSON_GetObjectItem(tensor, "config"), "keras_history", "[\"add\",0,0]");
    refuses(&p, XP_ERR_FORMAT, (const char *[]){"circle", "layers"});
    free_parts(&p);
    p = take_apart("zoo");
    set_json(cJSON_GetObjectItem(p.config, "config"), "output_layers", "[\"dense\",0,0]");
    refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"\"labels\"", "does not lead"});
    free_parts(&p);
    p = take_apart("zoo");
    set_json(cJSON_GetObjectItem(p.config, "config"), "output_layers",
             "[[\"dense\",0,0],[\"labels\",0,0]]");
    refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"output_layers", "one output"});
    free_parts(&p);
    p = take_apart("zoo");
    cJSON *node =
        cJSON_GetObjectItem(find_layer(&p, "batch_normalization"), "inbound_nodes")->child;
    set_json(cJSON_GetObjectItem(node, "kwargs"), "training", "true");
    refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"\"batch_normalization\"", "training"});
    free_parts(&p);
}

static void wrong_shape_names_the_layer(void **state) {
    (void)state;
    parts p = take_apart("zoo");
    set_json(cJSON_GetObjectItem(find_layer(&p, "conv1d_2"), "config"), "kernel_size", "[5]");
    refuses(&p, XP_ERR_SHAPE, (const char *[]){"\"conv1d_2\"", "(4, 10, 12), the layer needs (5"});
    set_json(cJSON_GetObjectItem(find_layer(&p, "conv1d_2"), "config"), "kernel_size", "[4]");
    set_json(cJSON_GetObjectItem(find_layer(&p, "batch_normalization"), "config"), "scale", "true");
    refuses(&p, XP_ERR_SHAPE, (const char *[]){"\"batch_normalization\"", "3 variables"});
    free_parts(&p);
    p = take_apart("zoo");
    set_json(cJSON_GetObjectItem(find_layer(&p, "labels"), "config"), "units", "1000000");
    refuses(&p, XP_ERR_LIMIT, (const char *[]){"\"labels\"", "4096"});
    set_json(cJSON_GetObjectItem(find_layer(&p, "labels"), "config"), "name", "\"a\\nb\"");
    refuses(&p, XP_ERR_FORMAT, (const char *[]){"control character", "layer 15"});
    free_parts(&p);
    p = take_apart("cnn_small"); /* more weights than the file can hold are not even allocated */
    set_json(cJSON_GetObjectItem(find_layer(&p, "dense"), "config"), "units", "100000");
    refuses(&p, XP_ERR_TRUNCATED, (const char *[]){"cannot hold", "weights"});
    free_parts(&p);
}

static void other_kinds_of_files_are_refused(void **state) {
    (void)state;
    parts p = take_apart("zoo");
    set_json(p.config, "class_name", "\"MyModel\"");
    refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"MyModel", "Functional"});
    free(p.metadata);
    p.metadata = (uint8_t *)strdup("{\"keras_version\": \"2.15.0\"}");
    p.n_metadata = strlen((char *)p.metadata);
    refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"2.15.0", "version 3"});
    free_parts(&p);
    p = take_apart("zoo");
    p.n_h5 = 98;
    refuses(&p, XP_ERR_TRUNCATED, (const char *[]){"model.weights.h5", "cannot hold"});
    p.n_h5 = 20000;
    refuses(&p, XP_ERR_TRUNCATED, (const char *[]){"model.weights.h5", "20000 bytes"});
    free_parts(&p);
    uint8_t *bytes;
    size_t size;
    xp_error err = {0};
    const xp_archive_source other = {"readme.txt", {(const uint8_t *)"hello", 5}};
    assert_int_equal(xp_archive_write(&other, 1, true, &bytes, &size, &err), XP_OK);
    xp_model m;
    assert_int_equal(xp_keras_import(&m, (xp_bytes){bytes, size}, &err), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "metadata.json"));
    free(bytes);
}

/* ==== variants that must work ================================================================ */

/* The same weights whatever the order of the list, the packing, and how the ends are written. */
static void same_model(const parts *p, const xp_model *want) {
    xp_bytes f = put_together(p, true);
    xp_model m;
    import_ok(&m, f);
    assert_int_equal(m.graph.n_ops, want->graph.n_ops);
    assert_int_equal(m.graph.n_weights, want->graph.n_weights);
    for (int i = 0; i < m.graph.n_params; i++) {
        const xp_param *a = &m.graph.params[i];
        int j = xp_graph_find_param(&want->graph, a->name);
        if (j < 0) fail_msg("no parameter %s", a->name);
        assert_memory_equal(m.weights + a->offset, want->weights + want->graph.params[j].offset,
                            a->count * sizeof(float));
    }
    xp_model_free(&m);
    free((void *)f.data);
}

static void layers_are_put_in_order(void **state) {
    (void)state;
    xp_bytes f = read_golden("zoo");
    xp_model want;
    import_ok(&want, f);
    parts p = take_apart("zoo");
    cJSON *config = cJSON_GetObjectItem(p.config, "config");
    cJSON *layers = cJSON_GetObjectItem(config, "layers");
    cJSON *first = cJSON_DetachItemFromArray(layers, 0); /* the input comes last */
    cJSON_AddItemToArray(layers, first);
    cJSON *add = cJSON_DetachItemFromArray(layers, 6); /* "add" before its inputs */
    cJSON_InsertItemInArray(layers, 0, add);
    set_json(config, "input_layers", "[[\"ecg\",0,0]]");
    set_json(config, "output_layers", "[[\"labels\",0,0]]");
    set_json(cJSON_GetObjectItem(find_layer(&p, "batch_normalization"), "config"), "axis", "2");
    set_json(cJSON_GetObjectItem(find_layer(&p, "dense"), "config"), "dtype", "\"float32\"");
    same_model(&p, &want);
    free_parts(&p);
    xp_model_free(&want);
    free((void *)f.data);
}

static void sequential_without_input_layer(void **state) {
    (void)state;
    xp_bytes f = read_golden("gru_small");
    xp_model want;
    import_ok(&want, f);
    parts p = take_apart("gru_small");
    cJSON *config = cJSON_GetObjectItem(p.config, "config");
    cJSON_DeleteItemFromArray(cJSON_GetObjectItem(config, "layers"), 0);
    same_model(&p, &want);
    cJSON_DeleteItemFromObject(config, "build_input_shape");
    same_model(&p, &want);
    cJSON_DeleteItemFromObject(p.config, "build_config");
    same_model(&p, &want);
    cJSON_DeleteItemFromObject(find_layer(&p, "gru"), "build_config");
    refuses(&p, XP_ERR_UNSUPPORTED, (const char *[]){"\"input\"", "fixed length"});
    free_parts(&p);
    xp_model_free(&want);
    free((void *)f.data);
}

/* ==== damaged files ========================================================================== */

static xp_status import_copy(const uint8_t *p, size_t n) {
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    xp_model m;
    xp_error err = {0};
    xp_status s = xp_keras_import(&m, (xp_bytes){copy, n}, &err);
    if (s == XP_OK)
        xp_model_free(&m);
    else
        assert_true(err.text[0]);
    free(copy);
    return s;
}

static void truncated_files_are_refused(void **state) {
    (void)state;
    xp_bytes f = read_golden("zoo");
    for (size_t n = 0; n < f.size; n += n < 200 || n > f.size - 600 ? 1 : 197)
        assert_int_not_equal(import_copy(f.data, n), XP_OK);
    assert_int_equal(import_copy(f.data, f.size), XP_OK);
    free((void *)f.data);
}

static void flipped_bytes_do_no_harm(void **state) {
    (void)state;
    xp_bytes f = read_golden("zoo");
    uint8_t *p = (uint8_t *)f.data;
    for (size_t i = 0; i<f.size; i += i> f.size - 400 ? 1 : 61) {
        p[i] ^= 0x55;
        (void)import_copy(p, f.size);
        p[i] ^= 0x55;
    }
    free(p);
}

/* Damage inside model.weights.h5, the zip around it sound: the metadata is at its beginning and
 * between the layers' data. */
static void damaged_weights_do_no_harm(void **state) {
    (void)state;
    parts p = take_apart("zoo");
    for (size_t i = 0; i < p.n_h5; i += i < 4096 ? 3 : 61) {
        p.h5[i] ^= 0xff;
        xp_bytes f = put_together(&p, false);
        (void)import_copy(f.data, f.size);
        free((void *)f.data);
        p.h5[i] ^= 0xff;
    }
    free_parts(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_networks_are_imported),
        cmocka_unit_test(settings_and_weights_of_zoo),
        cmocka_unit_test(gru_settings),
        cmocka_unit_test(unknown_options_name_layer_and_option),
        cmocka_unit_test(unknown_layers_are_named),
        cmocka_unit_test(odd_connections_are_refused),
        cmocka_unit_test(wrong_shape_names_the_layer),
        cmocka_unit_test(other_kinds_of_files_are_refused),
        cmocka_unit_test(layers_are_put_in_order),
        cmocka_unit_test(sequential_without_input_layer),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(flipped_bytes_do_no_harm),
        cmocka_unit_test(damaged_weights_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
