#include "convert/keras/rows.h"

#include <math.h>
#include <string.h>

/* ==== options -> settings ==================================================================== */

/* shape: [null, length, leads]. */
xp_status keras_read_input_shape(const char *name, const cJSON *shape, xp_op *op, xp_error *err) {
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

static xp_status read_input(keras_layer *l, xp_op *op, xp_error *err) {
    return keras_read_input_shape(l->name, keras_get(l->config, "batch_shape"), op, err);
}

static xp_status read_conv(keras_layer *l, xp_op *op, xp_error *err) {
    op->dilation = op->groups = 1;
    XP_TRY(keras_get_int(l, "filters", &op->units, err));
    if (keras_get(l->config, "dilation_rate"))
        XP_TRY(keras_get_int(l, "dilation_rate", &op->dilation, err));
    if (keras_get(l->config, "groups")) XP_TRY(keras_get_int(l, "groups", &op->groups, err));
    if (op->dilation > 1 || op->groups > 1)
        op->kind = XP_OP_GROUP_CONV1D;
    else
        op->dilation = op->groups = 0;
    XP_TRY(keras_get_window(l, "kernel_size", op, err));
    XP_TRY(keras_read_activation(l, "activation", op, err));
    return keras_get_bool(l, "use_bias", &op->use_bias, err);
}

static xp_status read_dense(keras_layer *l, xp_op *op, xp_error *err) {
    XP_TRY(keras_get_int(l, "units", &op->units, err));
    XP_TRY(keras_read_activation(l, "activation", op, err));
    return keras_get_bool(l, "use_bias", &op->use_bias, err);
}

static xp_status read_pool(keras_layer *l, xp_op *op, xp_error *err) {
    return keras_get_window(l, "pool_size", op, err);
}

static xp_status read_layernorm(keras_layer *l, xp_op *op, xp_error *err) {
    XP_TRY(keras_get_float(l, "epsilon", &op->epsilon, err));
    XP_TRY(keras_get_bool(l, "center", &op->center, err));
    return keras_get_bool(l, "scale", &op->scale, err);
}

static xp_status read_batchnorm(keras_layer *l, xp_op *op, xp_error *err) {
    XP_TRY(read_layernorm(l, op, err));
    return keras_get_float(l, "momentum", &op->momentum, err);
}

static xp_status read_dropout(keras_layer *l, xp_op *op, xp_error *err) {
    return keras_get_float(l, "rate", &op->rate, err);
}

/* A layer that is nothing but a function. */
static void become_function(keras_layer *l, xp_op *op) {
    const xp_op f = l->after;
    op->kind = f.kind;
    op->function = f.function, op->alpha = f.alpha, op->beta = f.beta;
    l->after = (xp_op){0};
}

static xp_status read_activation(keras_layer *l, xp_op *op, xp_error *err) {
    XP_TRY(keras_read_activation(l, "activation", op, err));
    if (l->after.kind) become_function(l, op);
    return XP_OK;
}

static bool is_number(const cJSON *v, double *out) {
    *out = cJSON_IsNumber(v) ? v->valuedouble : 0;
    return cJSON_IsNumber(v) || !v || cJSON_IsNull(v);
}

/* Plain, leaky, or with a limit. */
static xp_status read_relu(keras_layer *l, xp_op *op, xp_error *err) {
    double slope, most;
    const cJSON *limit = keras_get(l->config, "max_value");
    if (!is_number(keras_get(l->config, "negative_slope"), &slope) || slope < 0)
        return keras_bad_option(l, "negative_slope", "a number from 0", err);
    if (!is_number(limit, &most)) return keras_bad_option(l, "max_value", "a number", err);
    op->activation = XP_ACT_RELU;
    if (!cJSON_IsNumber(limit) && slope == 0) return XP_OK;
    if (cJSON_IsNumber(limit) && slope != 0)
        return keras_bad_option(l, "max_value", "null beside negative_slope", err);
    op->activation = XP_ACT_LINEAR;
    op->kind = XP_OP_FUNCTION;
    op->function = slope == 0 ? XP_FN_CLIP : XP_FN_LEAKY_RELU;
    op->alpha = (float)slope, op->beta = (float)most;
    return XP_OK;
}

static xp_status read_softmax(keras_layer *l, xp_op *op, xp_error *err) {
    const cJSON *axis = keras_get(l->config, "axis");
    (void)err;
    op->activation = XP_ACT_SOFTMAX;
    /* A sequence's axis 1 is time, a vector's its channels. */
    if (cJSON_IsNumber(axis) && axis->valuedouble == 1 && l->is_sequence)
        *op = (xp_op){
            .kind = XP_OP_SOFTMAX_TIME, .n_inputs = op->n_inputs, .inputs = {op->inputs[0]}};
    return XP_OK;
}

static xp_status read_sigmoid(keras_layer *l, xp_op *op, xp_error *err) {
    (void)l, (void)err;
    op->activation = XP_ACT_SIGMOID;
    return XP_OK;
}

static xp_status read_tanh(keras_layer *l, xp_op *op, xp_error *err) {
    (void)l, (void)err;
    op->activation = XP_ACT_TANH;
    return XP_OK;
}

/* ==== the rows =============================================================================== */

#define CHANNELS_LAST                                                                              \
    { "data_format", "channels_last" }
#define POOL_OPTIONS                                                                               \
    { {"pool_size", NULL}, {"strides", NULL}, {"padding", NULL}, CHANNELS_LAST }
#define GLOBAL_OPTIONS                                                                             \
    {                                                                                              \
        CHANNELS_LAST, {                                                                           \
            "keepdims", NULL                                                                       \
        }                                                                                          \
    }

const keras_class keras_plain_classes[] = {
    {"InputLayer", "input_layer", false, XP_OP_INPUT, read_input, {{"batch_shape", NULL}}, NULL},
    {"Conv1D",
     "conv1d",
     false,
     XP_OP_CONV1D,
     read_conv,
     {{"filters", NULL},
      {"kernel_size", NULL},
      {"strides", NULL},
      {"padding", NULL},
      {"activation", NULL},
      {"use_bias", NULL},
      {"dilation_rate", NULL},
      {"groups", NULL},
      CHANNELS_LAST},
     NULL},
    {"BatchNormalization",
     "batch_normalization",
     false,
     XP_OP_BATCHNORM,
     read_batchnorm,
     {{"axis", "last"},
      {"momentum", NULL},
      {"epsilon", NULL},
      {"center", NULL},
      {"scale", NULL},
      {"synchronized", NULL},
      {"renorm_clipping", NULL},
      {"renorm_momentum", NULL}},
     NULL},
    {"Activation",
     "activation",
     false,
     XP_OP_ACTIVATION,
     read_activation,
     {{"activation", NULL}},
     NULL},
    {"ReLU",
     "re_lu",
     false,
     XP_OP_ACTIVATION,
     read_relu,
     {{"negative_slope", NULL}, {"max_value", NULL}, {"threshold", "0|null"}},
     NULL},
    {"Softmax", "softmax", false, XP_OP_ACTIVATION, read_softmax, {{"axis", "softmax"}}, NULL},
    {"Concatenate", "concatenate", false, XP_OP_CONCAT, NULL, {{"axis", "last"}}, NULL},
    {"Add", "add", false, XP_OP_ADD, NULL, {{0}}, NULL},
    {"MaxPooling1D", "max_pooling1d", false, XP_OP_MAXPOOL, read_pool, POOL_OPTIONS, NULL},
    {"AveragePooling1D", "average_pooling1d", false, XP_OP_AVGPOOL, read_pool, POOL_OPTIONS, NULL},
    {"GlobalAveragePooling1D", "global_average_pooling1d", false, XP_OP_GLOBAL_AVGPOOL, NULL,
     GLOBAL_OPTIONS, NULL},
    {"GlobalMaxPooling1D", "global_max_pooling1d", false, XP_OP_GLOBAL_MAXPOOL, NULL,
     GLOBAL_OPTIONS, NULL},
    {"Flatten", "flatten", false, XP_OP_FLATTEN, NULL, {CHANNELS_LAST}, NULL},
    {"Dense",
     "dense",
     false,
     XP_OP_DENSE,
     read_dense,
     {{"units", NULL}, {"activation", NULL}, {"use_bias", NULL}},
     NULL},
    {"Dropout",
     "dropout",
     false,
     XP_OP_DROPOUT,
     read_dropout,
     {{"rate", NULL}, {"noise_shape", NULL}},
     NULL},
    {"LayerNormalization",
     "layer_normalization",
     false,
     XP_OP_LAYERNORM,
     read_layernorm,
     {{"axis", "last"}, {"epsilon", NULL}, {"center", NULL}, {"scale", NULL}},
     NULL},
    {0},
};

/* Operations of keras.ops, which a model holds where its code says y + x, or calls one. */
const keras_class keras_plain_operations[] = {
    {"Add", "add", false, XP_OP_ADD, NULL, {{0}}, keras_add_arithmetic},
    {"Multiply", "multiply", false, XP_OP_MULTIPLY, NULL, {{0}}, keras_add_arithmetic},
    {"Subtract", "subtract", false, XP_OP_ADD, NULL, {{0}}, keras_add_arithmetic},
    {"TrueDivide", "true_divide", false, XP_OP_FUNCTION, NULL, {{0}}, keras_add_arithmetic},
    {"Divide", "divide", false, XP_OP_FUNCTION, NULL, {{0}}, keras_add_arithmetic},
    {"Maximum", "maximum", false, XP_OP_FUNCTION, NULL, {{0}}, keras_add_arithmetic},
    {"Minimum", "minimum", false, XP_OP_FUNCTION, NULL, {{0}}, keras_add_arithmetic},
    {"Negative", "negative", false, XP_OP_FUNCTION, NULL, {{0}}, keras_add_negative},
    {"Concatenate", "concatenate", false, XP_OP_CONCAT, NULL, {{"axis", "last"}}, NULL},
    {"Relu", "relu", false, XP_OP_ACTIVATION, read_relu, {{0}}, NULL},
    {"Sigmoid", "sigmoid", false, XP_OP_ACTIVATION, read_sigmoid, {{0}}, NULL},
    {"Tanh", "tanh", false, XP_OP_ACTIVATION, read_tanh, {{0}}, NULL},
    {"Softmax", "softmax", false, XP_OP_ACTIVATION, read_softmax, {{"axis", "softmax"}}, NULL},
    {0},
};
