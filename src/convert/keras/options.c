#include "convert/keras/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Options that every layer may have and that do not matter to inference: by name, or by ending. */
static const char *const harmless[] = {"name", "trainable", "dtype", "seed"};
static const char *const harmless_endings[] = {"_initializer", "_regularizer", "_constraint"};

const cJSON *keras_get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *keras_get_text(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(keras_get(object, key));
}

/* [x] means x, as Keras writes sizes of one dimension. */
static const cJSON *unwrap(const cJSON *v) {
    return cJSON_IsArray(v) && v->child && !v->child->next ? v->child : v;
}

/* A value for comparison and for messages; returns text. */
const char *keras_value_text(const cJSON *v, char *text, size_t size) {
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

xp_status keras_bad_option(const keras_layer *l, const char *key, const char *expected,
                           xp_error *err) {
    char text[64];
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "layer \"%.63s\" (%s): option %.40s = %s is not supported, expected %s", l->name,
                   l->class->name, key,
                   keras_value_text(keras_get(l->config, key), text, sizeof text), expected);
}

xp_status keras_get_int(const keras_layer *l, const char *key, int *out, xp_error *err) {
    const cJSON *v = unwrap(keras_get(l->config, key));
    double d = cJSON_IsNumber(v) ? v->valuedouble : 0;
    if (!(d >= 1 && d <= INT32_MAX) || d != floor(d))
        return keras_bad_option(l, key, "a whole number from 1", err);
    *out = (int)d;
    return XP_OK;
}

xp_status keras_get_float(const keras_layer *l, const char *key, float *out, xp_error *err) {
    const cJSON *v = keras_get(l->config, key);
    if (!cJSON_IsNumber(v) || !(fabs(v->valuedouble) < 1e30))
        return keras_bad_option(l, key, "a number", err);
    *out = (float)v->valuedouble;
    return XP_OK;
}

xp_status keras_get_bool(const keras_layer *l, const char *key, bool *out, xp_error *err) {
    const cJSON *v = keras_get(l->config, key);
    if (!cJSON_IsBool(v)) return keras_bad_option(l, key, "true or false", err);
    *out = cJSON_IsTrue(v);
    return XP_OK;
}

xp_status keras_get_activation(const keras_layer *l, const char *key, xp_activation *out,
                               xp_error *err) {
    const cJSON *v = keras_get(l->config, key);
    if (cJSON_IsNull(v)) {
        *out = XP_ACT_LINEAR;
        return XP_OK;
    }
    for (int a = 0; cJSON_IsString(v) && a <= XP_ACT_SOFTMAX; a++)
        if (!strcmp(v->valuestring, xp_activation_name((xp_activation)a))) {
            *out = (xp_activation)a;
            return XP_OK;
        }
    return keras_bad_option(
        l, key, "linear, relu, sigmoid, tanh, softmax or another of Keras' own by name", err);
}

bool keras_function_named(const char *name, xp_op *op) {
    static const struct {
        const char *name;
        xp_function f;
        float alpha, beta;
    } list[] = {{"elu", XP_FN_ELU, 1, 0},
                {"selu", XP_FN_SELU, 0, 0},
                {"leaky_relu", XP_FN_LEAKY_RELU, 0.2f, 0},
                {"relu6", XP_FN_CLIP, 0, 6},
                {"gelu", XP_FN_GELU, 0, 0},
                {"silu", XP_FN_SWISH, 0, 0},
                {"swish", XP_FN_SWISH, 0, 0},
                {"hard_sigmoid", XP_FN_HARD_SIGMOID, 1.0f / 6, 0.5f},
                {"hard_silu", XP_FN_HARD_SWISH, 0, 0},
                {"hard_swish", XP_FN_HARD_SWISH, 0, 0},
                {"softplus", XP_FN_SOFTPLUS, 0, 0},
                {"softsign", XP_FN_SOFTSIGN, 0, 0},
                {"mish", XP_FN_MISH, 0, 0},
                {"exponential", XP_FN_EXP, 0, 0}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strcmp(list[i].name, name)) {
            *op = (xp_op){.kind = XP_OP_FUNCTION,
                          .function = list[i].f,
                          .alpha = list[i].alpha,
                          .beta = list[i].beta};
            return true;
        }
    return false;
}

xp_status keras_read_activation(keras_layer *l, const char *key, xp_op *op, xp_error *err) {
    const char *name = keras_get_text(l->config, key);
    if (name && keras_function_named(name, &l->after)) {
        op->activation = XP_ACT_LINEAR;
        return XP_OK;
    }
    return keras_get_activation(l, key, &op->activation, err);
}

xp_status keras_get_pair(const keras_layer *l, const char *key, int out[2], xp_error *err) {
    const cJSON *v = keras_get(l->config, key);
    const cJSON *items[2] = {v, v};
    if (cJSON_IsArray(v)) {
        items[0] = cJSON_GetArrayItem(v, 0);
        items[1] = cJSON_GetArraySize(v) > 1 ? cJSON_GetArrayItem(v, 1) : items[0];
    }
    for (int i = 0; i < 2; i++) {
        const double d = cJSON_IsNumber(items[i]) ? items[i]->valuedouble : -1;
        if (!(d >= 0 && d <= 1 << 20) || d != floor(d))
            return keras_bad_option(l, key, "one or two whole numbers", err);
        out[i] = (int)d;
    }
    return XP_OK;
}

/* Causal: the window ends at its output's sample; zeros in front only. */
static void pad_in_front(xp_op *op) {
    op->padding = XP_PAD_EXPLICIT;
    op->pad_left = (int)(xp_op_extent(op) - 1);
    op->pad_right = 0;
}

xp_status keras_get_window(const keras_layer *l, const char *kernel, xp_op *op, xp_error *err) {
    XP_TRY(keras_get_int(l, kernel, &op->kernel, err));
    op->stride = op->kernel; /* a pool without strides */
    if (op->kind == XP_OP_CONV1D || op->kind == XP_OP_GROUP_CONV1D ||
        !cJSON_IsNull(keras_get(l->config, "strides")))
        XP_TRY(keras_get_int(l, "strides", &op->stride, err));
    const char *padding = keras_get_text(l->config, "padding");
    if (padding && !strcmp(padding, "causal") && op->kind != XP_OP_MAXPOOL &&
        op->kind != XP_OP_AVGPOOL) {
        if (xp_op_extent(op) > 1 << 20)
            return keras_bad_option(l, "dilation_rate", "a shorter window", err);
        pad_in_front(op);
        return XP_OK;
    }
    if (!padding || (strcmp(padding, "same") && strcmp(padding, "valid")))
        return keras_bad_option(l, "padding", "same or valid", err);
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

static xp_status check_option(const keras_layer *l, const cJSON *v, bool is_sequence,
                              xp_error *err) {
    char text[64];
    const keras_option *o = l->class->options;
    if (is_harmless(v->string)) return XP_OK;
    while (o->key && strcmp(o->key, v->string)) o++;
    if (!o->key)
        return cJSON_IsNull(v) || cJSON_IsFalse(v)
                   ? XP_OK
                   : keras_bad_option(l, v->string, "it switched off", err);
    if (!o->allowed) return XP_OK;
    /* Channels or time: the row decides. */
    if (!strcmp(o->allowed, "softmax"))
        return is_last_axis(v, is_sequence) ||
                       (cJSON_IsNumber(unwrap(v)) && unwrap(v)->valuedouble == 1)
                   ? XP_OK
                   : keras_bad_option(l, o->key, "-1, channels, or 1, time", err);
    if (!strcmp(o->allowed, "last"))
        return is_last_axis(v, is_sequence) ? XP_OK
                                            : keras_bad_option(l, o->key, "-1, channels", err);
    return is_one_of(keras_value_text(v, text, sizeof text), o->allowed)
               ? XP_OK
               : keras_bad_option(l, o->key, o->allowed, err);
}

/* Quantised layers store other weights than those that they compute with. */
static xp_status check_dtype(const keras_layer *l, xp_error *err) {
    const cJSON *dtype = keras_get(l->config, "dtype");
    const char *name = cJSON_GetStringValue(dtype);
    if (cJSON_IsObject(dtype)) name = keras_get_text(keras_get(dtype, "config"), "name");
    if (!dtype || cJSON_IsNull(dtype)) return XP_OK;
    if (!name ||
        (strncmp(name, "float", 5) && strncmp(name, "mixed_", 6) && strncmp(name, "bfloat", 6)))
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "layer \"%.63s\" (%s): dtype %.40s is not supported, expected float32",
                       l->name, l->class->name, name ? name : "(not named)");
    return XP_OK;
}

xp_status keras_check_options(const keras_layer *l, bool is_sequence, xp_error *err) {
    const cJSON *v;
    XP_TRY(check_dtype(l, err));
    cJSON_ArrayForEach(v, l->config) XP_TRY(check_option(l, v, is_sequence, err));
    return XP_OK;
}
