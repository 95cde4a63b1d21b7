#include "convert/keras/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Keras' layers that are several ops of ours, or need more than settings. */

static xp_op reading(const keras_layer *l, xp_op_kind kind) {
    xp_op op = {.kind = kind, .n_inputs = l->n_inputs};
    memcpy(op.inputs, l->from, sizeof op.inputs);
    return op;
}

static xp_op behind(const keras_layer *l, xp_op_kind kind) {
    return (xp_op){.kind = kind, .n_inputs = 1, .inputs = {l->op}};
}

static xp_status add_plain(keras_builder *b, keras_layer *l, xp_op *op, xp_error *err) {
    return keras_add_op(b, l, op, "", "vars", 0, 0, err);
}

/* ==== functions ============================================================================== */

static xp_status add_leaky(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_FUNCTION);
    op.function = XP_FN_LEAKY_RELU;
    XP_TRY(keras_get_float(l, keras_get(l->config, "alpha") ? "alpha" : "negative_slope", &op.alpha,
                           err));
    return add_plain(b, l, &op, err);
}

static xp_status add_elu(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_FUNCTION);
    op.function = XP_FN_ELU;
    XP_TRY(keras_get_float(l, "alpha", &op.alpha, err));
    return add_plain(b, l, &op, err);
}

/* One slope for each channel: shared along time. */
static xp_status add_prelu(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_PRELU);
    const cJSON *shared = keras_get(l->config, "shared_axes");
    const bool time = cJSON_IsArray(shared) && cJSON_GetArraySize(shared) == 1 &&
                      cJSON_IsNumber(shared->child) && shared->child->valuedouble == 1;
    if (l->is_sequence && !time)
        return keras_bad_option(l, "shared_axes", "[1]: slopes shared along time", err);
    XP_TRY(add_plain(b, l, &op, err));
    b->places[l->op].reshaped = true;
    return XP_OK;
}

/* What does nothing once a network is trained. */
static xp_status add_nothing(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_ACTIVATION);
    return add_plain(b, l, &op, err);
}

/* silu(x), gelu(x) ...: what the operation is called is what it does. */
static xp_status add_function(keras_builder *b, keras_layer *l, xp_error *err) {
    char name[32];
    size_t n = 0;
    for (const char *c = l->class->name; *c && n + 2 < sizeof name; c++) {
        const bool upper = *c >= 'A' && *c <= 'Z';
        if (upper && n) name[n++] = '_';
        name[n++] = upper ? (char)(*c - 'A' + 'a') : *c;
    }
    name[n] = 0;
    const cJSON *approximate = keras_get(l->config, "approximate");
    keras_function_named(name, &l->after);
    xp_op op = reading(l, XP_OP_FUNCTION);
    op.function = l->after.function, op.alpha = l->after.alpha, op.beta = l->after.beta;
    l->after = (xp_op){0};
    if (cJSON_IsTrue(approximate)) op.function = XP_FN_GELU_TANH;
    return add_plain(b, l, &op, err);
}

static xp_status add_rescaling(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_FUNCTION);
    op.function = XP_FN_AFFINE;
    XP_TRY(keras_get_float(l, "scale", &op.alpha, err));
    XP_TRY(keras_get_float(l, "offset", &op.beta, err));
    return add_plain(b, l, &op, err);
}

/* ==== windows ================================================================================ */

static xp_status add_padding(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_PAD);
    const bool cuts = !strcmp(l->class->name, "Cropping1D");
    int sides[2];
    XP_TRY(keras_get_pair(l, cuts ? "cropping" : "padding", sides, err));
    op.before = cuts ? -sides[0] : sides[0];
    op.after = cuts ? -sides[1] : sides[1];
    return add_plain(b, l, &op, err);
}

/* A channel at a time, each giving depth_multiplier channels. */
static xp_status read_depthwise(keras_builder *b, keras_layer *l, xp_op *op, xp_error *err) {
    int times;
    *op = reading(l, XP_OP_GROUP_CONV1D);
    op->groups = b->g->ops[l->from[0]].c;
    op->dilation = 1;
    XP_TRY(keras_get_int(l, "depth_multiplier", &times, err));
    if (times > (1 << 20) / op->groups)
        return keras_bad_option(l, "depth_multiplier", "a smaller number", err);
    op->units = times * op->groups;
    if (keras_get(l->config, "dilation_rate"))
        XP_TRY(keras_get_int(l, "dilation_rate", &op->dilation, err));
    return keras_get_window(l, "kernel_size", op, err);
}

static xp_status add_depthwise(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op;
    XP_TRY(read_depthwise(b, l, &op, err));
    XP_TRY(keras_get_bool(l, "use_bias", &op.use_bias, err));
    XP_TRY(keras_read_activation(l, "activation", &op, err));
    XP_TRY(add_plain(b, l, &op, err));
    b->places[l->op].reshaped = true; /* (k, channels, times) for (k, 1, channels * times) */
    return keras_add_after(b, l, err);
}

static xp_status add_separable(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op;
    bool bias;
    XP_TRY(read_depthwise(b, l, &op, err));
    XP_TRY(keras_get_bool(l, "use_bias", &bias, err));
    XP_TRY(keras_add_op(b, l, &op, ".depthwise", "vars", 0, 2 + bias, err));
    b->places[l->op].reshaped = true;
    op = behind(l, XP_OP_CONV1D);
    op.kernel = op.stride = 1;
    op.use_bias = bias;
    XP_TRY(keras_get_int(l, "filters", &op.units, err));
    XP_TRY(keras_read_activation(l, "activation", &op, err));
    XP_TRY(keras_add_op(b, l, &op, "", "vars", 1, 2 + bias, err));
    return keras_add_after(b, l, err);
}

/* ==== norms ================================================================================== */

static xp_status add_group_norm(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = reading(l, XP_OP_GROUPNORM);
    const cJSON *groups = keras_get(l->config, "groups");
    op.groups = b->g->ops[l->from[0]].c; /* -1: an instance norm */
    if (!(cJSON_IsNumber(groups) && groups->valuedouble == -1))
        XP_TRY(keras_get_int(l, "groups", &op.groups, err));
    XP_TRY(keras_get_float(l, "epsilon", &op.epsilon, err));
    XP_TRY(keras_get_bool(l, "center", &op.center, err));
    XP_TRY(keras_get_bool(l, "scale", &op.scale, err));
    return add_plain(b, l, &op, err);
}

/* ==== shapes ================================================================================= */

/* A vector as a sequence of one sample stays the vector that it is: what reads it, a product say,
 * repeats it along time. A sequence may only become what it is, or flat. */
static xp_status add_reshape(keras_builder *b, keras_layer *l, xp_error *err) {
    const cJSON *shape = keras_get(l->config, "target_shape");
    const xp_op *in = &b->g->ops[l->from[0]];
    const int n = cJSON_IsArray(shape) ? cJSON_GetArraySize(shape) : 0;
    const cJSON *first = n ? shape->child : NULL, *last = n == 2 ? first->next : first;
    const double t = n == 2 && cJSON_IsNumber(first) ? first->valuedouble : 1;
    const double c = cJSON_IsNumber(last) ? last->valuedouble : 0;
    const bool same = (t == in->t || t == -1) && (c == in->c || c == -1);
    const double all = (double)in->t * in->c;
    xp_op op = reading(l, XP_OP_ACTIVATION);
    if (n == 1 && (c == all || c == -1))
        op.kind = XP_OP_FLATTEN;
    else if (!(n == 2 && same))
        return keras_bad_option(l, "target_shape",
                                "the shape that the input has, (1, channels) of a vector, or one "
                                "number for all of it",
                                err);
    return add_plain(b, l, &op, err);
}

/* ==== products =============================================================================== */

/* Which of an input's axes is summed over: 1 is time, 2 or -1 channels. */
static bool sums_time(const cJSON *axes, int i, bool *time) {
    const cJSON *v = cJSON_IsArray(axes) ? cJSON_GetArrayItem(axes, i) : axes;
    const double axis = cJSON_IsNumber(v) ? v->valuedouble : 0;
    *time = axis == 1 || axis == -2;
    return *time || axis == 2 || axis == -1;
}

static xp_status add_dot(keras_builder *b, keras_layer *l, xp_error *err) {
    const cJSON *axes = keras_get(l->config, "axes");
    bool time[2];
    const bool sequences = l->n_inputs == 2 && l->is_sequence && b->g->ops[l->from[1]].is_sequence;
    if (!sequences || !sums_time(axes, 0, &time[0]) || !sums_time(axes, 1, &time[1]))
        return keras_bad_option(l, "axes", "1 or 2 of two sequences", err);
    xp_op op = reading(l, XP_OP_MATMUL);
    op.transpose_a = time[0], op.transpose_b = !time[1];
    return add_plain(b, l, &op, err);
}

/* softmax(q k^T) v of one head. */
static xp_status add_attention(keras_builder *b, keras_layer *l, xp_error *err) {
    const char *mode = keras_get_text(l->config, "score_mode");
    if (l->n_inputs < 2 || l->n_inputs > 3 || (mode && strcmp(mode, "dot")))
        return keras_bad_option(l, "score_mode", "dot, of a query, a value and perhaps a key", err);
    xp_op op = {.kind = XP_OP_MATMUL, .n_inputs = 2, .transpose_b = true};
    op.inputs[0] = l->from[0];
    op.inputs[1] = l->from[l->n_inputs == 3 ? 2 : 1];
    XP_TRY(keras_add_op(b, l, &op, ".scores", "vars", 0, 0, err));
    op = behind(l, XP_OP_ACTIVATION);
    op.activation = XP_ACT_SOFTMAX;
    XP_TRY(keras_add_op(b, l, &op, ".weights", "vars", 0, 0, err));
    op = (xp_op){.kind = XP_OP_MATMUL, .n_inputs = 2, .inputs = {l->op, l->from[1]}};
    return add_plain(b, l, &op, err);
}

/* ==== recurrent layers ======================================================================= */

static xp_status read_recurrent(const cJSON *config, const keras_layer *l, xp_op *op,
                                xp_error *err) {
    keras_layer own = *l; /* the layer inside has options of its own */
    own.config = config;
    const bool gru = op->kind == XP_OP_GRU;
    XP_TRY(keras_get_int(&own, "units", &op->units, err));
    XP_TRY(keras_get_activation(&own, "activation", &op->activation, err));
    XP_TRY(keras_get_activation(&own, "recurrent_activation", &op->recurrent, err));
    XP_TRY(keras_get_bool(&own, "use_bias", &op->use_bias, err));
    XP_TRY(keras_get_bool(&own, "return_sequences", &op->return_sequences, err));
    return gru ? keras_get_bool(&own, "reset_after", &op->reset_after, err) : XP_OK;
}

/* One direction; back: from the end. in_order: its states, if it gives all, in the order of time.
 */
static xp_status add_direction(keras_builder *b, keras_layer *l, xp_op op, bool back, bool in_order,
                               const char *extra, const char *sub, xp_error *err) {
    char name[40];
    int x = l->from[0];
    if (back) {
        xp_op turn = {.kind = XP_OP_REVERSE, .n_inputs = 1, .inputs = {x}};
        snprintf(name, sizeof name, "%s.reversed", extra);
        XP_TRY(keras_add_op(b, l, &turn, name, "vars", 0, 0, err));
        x = l->op;
    }
    op.n_inputs = 1, op.inputs[0] = x;
    XP_TRY(keras_add_op(b, l, &op, extra, sub, 0, 0, err));
    if (!back || !op.return_sequences || !in_order) return XP_OK;
    xp_op turn = behind(l, XP_OP_REVERSE);
    snprintf(name, sizeof name, "%s.states", extra);
    return keras_add_op(b, l, &turn, name, "vars", 0, 0, err);
}

static bool goes_backwards(const cJSON *config) {
    return cJSON_IsTrue(keras_get(config, "go_backwards"));
}

static xp_status add_recurrent(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = {.kind = l->class->kind};
    XP_TRY(read_recurrent(l->config, l, &op, err));
    return add_direction(b, l, op, goes_backwards(l->config), false, "", "cell/vars", err);
}

static xp_status check_inner(const keras_layer *l, const cJSON *layer, xp_op_kind *kind,
                             xp_error *err) {
    const char *class = keras_get_text(layer, "class_name");
    keras_layer own = *l;
    own.config = keras_get(layer, "config");
    const keras_class *c = keras_more_classes;
    while (c->name && !(class && c->in_cell && !strcmp(c->name, class))) c++;
    if (!c->name || !cJSON_IsObject(own.config))
        return keras_bad_option(l, "layer", "a GRU or an LSTM", err);
    own.class = c;
    *kind = c->kind;
    return keras_check_options(&own, true, err);
}

/* Both directions, joined as merge_mode says. */
static xp_status add_bidirectional(keras_builder *b, keras_layer *l, xp_error *err) {
    const cJSON *layer = keras_get(l->config, "layer");
    const cJSON *backward = keras_get(l->config, "backward_layer");
    const char *mode = keras_get_text(l->config, "merge_mode");
    const cJSON *config = keras_get(layer, "config");
    xp_op op = {0}, join = {.n_inputs = 2};
    if (!mode || (strcmp(mode, "concat") && strcmp(mode, "sum") && strcmp(mode, "mul")))
        return keras_bad_option(l, "merge_mode", "concat, sum or mul", err);
    XP_TRY(check_inner(l, layer, &op.kind, err));
    if (goes_backwards(config)) return keras_bad_option(l, "layer", "one that goes forward", err);
    XP_TRY(read_recurrent(config, l, &op, err));
    XP_TRY(add_direction(b, l, op, false, true, ".forward", "forward_layer/cell/vars", err));
    join.inputs[0] = l->op;
    if (cJSON_IsObject(backward)) {
        XP_TRY(check_inner(l, backward, &op.kind, err));
        XP_TRY(read_recurrent(keras_get(backward, "config"), l, &op, err));
    }
    XP_TRY(add_direction(b, l, op, true, true, ".backward", "backward_layer/cell/vars", err));
    join.inputs[1] = l->op;
    join.kind = !strcmp(mode, "concat") ? XP_OP_CONCAT
                : !strcmp(mode, "sum")  ? XP_OP_ADD
                                        : XP_OP_MULTIPLY;
    return add_plain(b, l, &join, err);
}

/* ==== statistics and wrappers ================================================================ */

/* (x - mean) / sqrt(variance), by the statistics of what the layer was adapted to; the third
 * variable counts how much that was. Keras divides by 1e-7 where there is no variance. */
static xp_status add_normalization(keras_builder *b, keras_layer *l, xp_error *err) {
    const cJSON *axis = keras_get(l->config, "axis");
    const int channels = l->is_sequence ? 2 : 1;
    if (cJSON_IsArray(axis) && cJSON_GetArraySize(axis) == 1) axis = axis->child;
    if (!cJSON_IsNumber(axis) || (axis->valuedouble != -1 && axis->valuedouble != channels))
        return keras_bad_option(l, "axis", "-1: that of the channels alone", err);
    xp_op op = reading(l, XP_OP_BATCHNORM);
    op.epsilon = 1e-14f;
    op.momentum = 0.99f;
    XP_TRY(keras_add_op(b, l, &op, "", "vars", 0, 3, err));
    b->places[l->op].reshaped = true;
    return XP_OK;
}

/* A layer of vectors at each time step by itself, as it is on a sequence here. */
static xp_status add_time_distributed(keras_builder *b, keras_layer *l, xp_error *err) {
    const cJSON *layer = keras_get(l->config, "layer");
    const char *class = keras_get_text(layer, "class_name");
    keras_layer own = *l;
    own.config = keras_get(layer, "config");
    own.is_sequence = false;
    const keras_class *c = keras_plain_classes;
    while (c->name && !(class && !strcmp(c->name, class))) c++;
    own.class = c;
    bool fits = c->name && (c->kind == XP_OP_DENSE || c->kind == XP_OP_ACTIVATION ||
                            c->kind == XP_OP_DROPOUT || c->kind == XP_OP_LAYERNORM);
    if (!fits || !l->is_sequence || !cJSON_IsObject(own.config))
        return keras_bad_option(l, "layer", "a Dense, Activation, Dropout or LayerNormalization",
                                err);
    XP_TRY(keras_check_options(&own, false, err));
    xp_op op = reading(l, c->kind);
    if (c->read) XP_TRY(c->read(&own, &op, err));
    XP_TRY(keras_add_op(b, l, &op, "", "layer/vars", 0, 0, err));
    l->after = own.after;
    return keras_add_after(b, l, err);
}

/* ==== reductions over time: keras.ops ======================================================== */

static xp_status check_time_axis(const keras_layer *l, xp_error *err) {
    const cJSON *axis = keras_get(l->config, "axis");
    if (cJSON_IsArray(axis) && cJSON_GetArraySize(axis) == 1) axis = axis->child;
    if (l->is_sequence && cJSON_IsNumber(axis) &&
        (axis->valuedouble == 1 || axis->valuedouble == -2))
        return XP_OK;
    return keras_bad_option(l, "axis", "1, time, of a sequence", err);
}

static xp_status add_mean(keras_builder *b, keras_layer *l, xp_error *err) {
    const bool max = !strcmp(l->class->name, "Max");
    XP_TRY(check_time_axis(l, err));
    xp_op op = reading(l, max ? XP_OP_GLOBAL_MAXPOOL : XP_OP_GLOBAL_AVGPOOL);
    return add_plain(b, l, &op, err);
}

static xp_status add_sum(keras_builder *b, keras_layer *l, xp_error *err) {
    const int t = b->g->ops[l->from[0]].t;
    XP_TRY(check_time_axis(l, err));
    xp_op op = reading(l, XP_OP_GLOBAL_AVGPOOL);
    XP_TRY(keras_add_op(b, l, &op, ".mean", "vars", 0, 0, err));
    op = behind(l, XP_OP_FUNCTION);
    op.function = XP_FN_AFFINE;
    op.alpha = (float)t;
    return add_plain(b, l, &op, err);
}

/* ==== the rows =============================================================================== */

#define CHANNELS_LAST                                                                              \
    { "data_format", "channels_last" }
#define WINDOW                                                                                     \
    {"kernel_size", NULL}, {"strides", NULL}, {"padding", NULL}, {"dilation_rate", NULL},          \
        {"activation", NULL}, {"use_bias", NULL}, {"depth_multiplier", NULL}, CHANNELS_LAST
#define RECURRENT                                                                                  \
    {"units", NULL}, {"activation", NULL}, {"recurrent_activation", NULL}, {"use_bias", NULL},     \
        {"return_sequences", NULL}, {"unroll", NULL}, {"dropout", NULL},                           \
        {"recurrent_dropout", NULL}, {"zero_output_for_mask", NULL}, {"unit_forget_bias", NULL},   \
        {"implementation", NULL}, {                                                                \
        "go_backwards", NULL                                                                       \
    }
#define NOTHING(name, group)                                                                       \
    {                                                                                              \
        name, group, false, XP_OP_ACTIVATION, NULL,                                                \
            {{"rate", NULL}, {"noise_shape", NULL}, {"stddev", NULL}, {"l1", NULL}, {"l2", NULL}}, \
            add_nothing                                                                            \
    }
#define FUNCTION(name)                                                                             \
    { name, "", false, XP_OP_FUNCTION, NULL, {{"approximate", NULL}}, add_function }

const keras_class keras_more_classes[] = {
    {"LeakyReLU",
     "leaky_re_lu",
     false,
     XP_OP_FUNCTION,
     NULL,
     {{"negative_slope", NULL}, {"alpha", NULL}},
     add_leaky},
    {"ELU", "elu", false, XP_OP_FUNCTION, NULL, {{"alpha", NULL}}, add_elu},
    {"PReLU", "p_re_lu", false, XP_OP_PRELU, NULL, {{"shared_axes", NULL}}, add_prelu},
    {"Rescaling",
     "rescaling",
     false,
     XP_OP_FUNCTION,
     NULL,
     {{"scale", NULL}, {"offset", NULL}},
     add_rescaling},
    NOTHING("Identity", "identity"),
    NOTHING("SpatialDropout1D", "spatial_dropout1d"),
    NOTHING("GaussianNoise", "gaussian_noise"),
    NOTHING("GaussianDropout", "gaussian_dropout"),
    NOTHING("AlphaDropout", "alpha_dropout"),
    NOTHING("ActivityRegularization", "activity_regularization"),
    {"ZeroPadding1D",
     "zero_padding1d",
     false,
     XP_OP_PAD,
     NULL,
     {{"padding", NULL}, CHANNELS_LAST},
     add_padding},
    {"Cropping1D", "cropping1d", false, XP_OP_PAD, NULL, {{"cropping", NULL}}, add_padding},
    {"DepthwiseConv1D",
     "depthwise_conv1d",
     false,
     XP_OP_GROUP_CONV1D,
     NULL,
     {WINDOW},
     add_depthwise},
    {"SeparableConv1D",
     "separable_conv1d",
     false,
     XP_OP_GROUP_CONV1D,
     NULL,
     {{"filters", NULL}, WINDOW},
     add_separable},
    {"GroupNormalization",
     "group_normalization",
     false,
     XP_OP_GROUPNORM,
     NULL,
     {{"groups", NULL}, {"axis", "last"}, {"epsilon", NULL}, {"center", NULL}, {"scale", NULL}},
     add_group_norm},
    {"Normalization",
     "normalization",
     false,
     XP_OP_BATCHNORM,
     NULL,
     {{"axis", NULL}},
     add_normalization},
    {"TimeDistributed",
     "time_distributed",
     false,
     XP_OP_DENSE,
     NULL,
     {{"layer", NULL}},
     add_time_distributed},
    {"Reshape", "reshape", false, XP_OP_ACTIVATION, NULL, {{"target_shape", NULL}}, add_reshape},
    {"Multiply", "multiply", false, XP_OP_MULTIPLY, NULL, {{0}}, NULL},
    {"Subtract", "subtract", false, XP_OP_ADD, NULL, {{0}}, keras_add_arithmetic},
    {"Dot", "dot", false, XP_OP_MATMUL, NULL, {{"axes", NULL}}, add_dot},
    {"Attention",
     "attention",
     false,
     XP_OP_MATMUL,
     NULL,
     {{"score_mode", NULL}, {"dropout", NULL}},
     add_attention},
    {"GRU", "gru", true, XP_OP_GRU, NULL, {{"reset_after", NULL}, RECURRENT}, add_recurrent},
    {"LSTM", "lstm", true, XP_OP_LSTM, NULL, {RECURRENT}, add_recurrent},
    {"Bidirectional",
     "bidirectional",
     false,
     XP_OP_CONCAT,
     NULL,
     {{"merge_mode", NULL}, {"layer", NULL}, {"backward_layer", NULL}},
     add_bidirectional},
    {0},
};

const keras_class keras_more_operations[] = {
    FUNCTION("Silu"),
    FUNCTION("Gelu"),
    FUNCTION("Elu"),
    FUNCTION("Selu"),
    FUNCTION("Softplus"),
    FUNCTION("Softsign"),
    FUNCTION("HardSigmoid"),
    FUNCTION("HardSilu"),
    FUNCTION("Relu6"),
    {"Mean", "", false, XP_OP_GLOBAL_AVGPOOL, NULL, {{"axis", NULL}, {"keepdims", NULL}}, add_mean},
    {"Max",
     "",
     false,
     XP_OP_GLOBAL_MAXPOOL,
     NULL,
     {{"axis", NULL}, {"keepdims", NULL}, {"initial", NULL}},
     add_mean},
    {"Sum", "", false, XP_OP_GLOBAL_AVGPOOL, NULL, {{"axis", NULL}, {"keepdims", NULL}}, add_sum},
    {0},
};
