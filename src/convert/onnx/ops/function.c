#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <math.h>
#include <string.h>

/* Functions of one number, and PRelu. */

enum { MAX_CHAIN = 9 };

/* alpha and beta by name, and what they are where the node does not say. */
typedef struct row {
    xp_function f;
    const char *type, *alpha, *beta;
    float alpha_otherwise, beta_otherwise;
} row;

static const row rows[] = {
    {XP_FN_ELU, "Elu", "alpha", NULL, 1, 0},
    {XP_FN_SELU, "Selu", NULL, NULL, 0, 0},
    {XP_FN_LEAKY_RELU, "LeakyRelu", "alpha", NULL, 0.01f, 0},
    {XP_FN_GELU, "Gelu", NULL, NULL, 0, 0},
    {XP_FN_SWISH, "Swish", NULL, NULL, 0, 0},
    {XP_FN_HARD_SIGMOID, "HardSigmoid", "alpha", "beta", 0.2f, 0.5f},
    {XP_FN_HARD_SWISH, "HardSwish", NULL, NULL, 0, 0},
    {XP_FN_SOFTPLUS, "Softplus", NULL, NULL, 0, 0},
    {XP_FN_SOFTSIGN, "Softsign", NULL, NULL, 0, 0},
    {XP_FN_MISH, "Mish", NULL, NULL, 0, 0},
    {XP_FN_ERF, "Erf", NULL, NULL, 0, 0},
    {XP_FN_EXP, "Exp", NULL, NULL, 0, 0},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static xp_status add_function(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    char approximate[16];
    xp_op op = {.kind = XP_OP_FUNCTION};
    const row *r = rows;
    while (strcmp(r->type, n->op_type)) r++; /* only these are sent here */
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    op.function = r->f;
    if (r->alpha) XP_TRY(onnx_get_float(n, r->alpha, r->alpha_otherwise, &op.alpha, err));
    if (r->beta) XP_TRY(onnx_get_float(n, r->beta, r->beta_otherwise, &op.beta, err));
    XP_TRY(onnx_get_text(n, "approximate", "none", approximate, sizeof approximate, err));
    if (!strcmp(approximate, "tanh"))
        op.function = XP_FN_GELU_TANH;
    else if (strcmp(approximate, "none"))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute approximate = %s", approximate);
    return onnx_add_like(im, n, x, &op, err);
}

/* A limit of Clip: an attribute before opset 11, then an input. */
static xp_status get_limit(const onnx_import *im, const onnx_node *n, int i, const char *name,
                           float otherwise, float *out, xp_error *err) {
    const onnx_tensor *t;
    size_t count;
    XP_TRY(onnx_get_float(n, name, otherwise, out, err));
    if (onnx_input_name(n, i)) {
        XP_TRY(onnx_need_tensor(im, n, i, -1, &t, &count, err));
        if (count != 1) return onnx_fail(err, XP_ERR_SHAPE, n, "its limit is not one number");
        onnx_tensor_floats(t, 1, out);
    }
    /* Beyond what any value is; the file of our own cannot hold more. */
    *out = fmaxf(-1e30f, fminf(1e30f, *out));
    return XP_OK;
}

static xp_status add_clip(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    xp_op op = {.kind = XP_OP_FUNCTION, .function = XP_FN_CLIP};
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(get_limit(im, n, 1, "min", -1e30f, &op.alpha, err));
    XP_TRY(get_limit(im, n, 2, "max", 1e30f, &op.beta, err));
    return onnx_add_like(im, n, x, &op, err);
}

/* Max or Min of a layer and one number. */
static xp_status add_limit(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x, *second;
    const onnx_tensor *t;
    size_t count;
    xp_op op = {.kind = XP_OP_FUNCTION, .function = XP_FN_CLIP, .alpha = -1e30f, .beta = 1e30f};
    XP_TRY(onnx_need_value(im, n, 1, &second, err));
    const int layer = second->state == VALUE_OP;
    XP_TRY(onnx_need_op(im, n, layer, &x, err));
    XP_TRY(onnx_need_tensor(im, n, !layer, -1, &t, &count, err));
    if (n->n_input != 2 || count != 1 || (int)t->n_dims > x->rank)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "expected a layer and one number");
    onnx_tensor_floats(t, 1, strcmp(n->op_type, "Max") ? &op.beta : &op.alpha);
    return onnx_add_like(im, n, x, &op, err);
}

/* The slopes: one for all, or one for each channel. */
static xp_status add_prelu(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    const onnx_tensor *t;
    size_t count;
    xp_op op = {.kind = XP_OP_PRELU};
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_need_tensor(im, n, 1, -1, &t, &count, err));
    const int channels_last = x->rank > 0 && x->axes[x->rank - 1] == AXIS_CHANNELS;
    const size_t at = t->n_dims - (channels_last ? 1 : 2);
    if (count != 1 && (at >= t->n_dims || (size_t)t->dims[at] != count))
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "its slopes are not one for each channel");
    const onnx_fill how = {.repeats = true, .flat_t = x->flat_t, .flat_c = x->flat_c};
    XP_TRY(onnx_add_like(im, n, x, &op, err));
    return onnx_fill_param(im, n, "slope", t, count, how, err);
}

/* ==== export ================================================================================= */

/* Nodes behind each other; each reads the one before, and x or a number beside it. */
typedef struct link {
    const char *type;
    enum { ALONE, WITH_X, WITH_NUMBER } beside;
    float number;
} link;

static const link gelu[] = {{"Mul", WITH_NUMBER, 0.70710678f},
                            {"Erf", ALONE, 0},
                            {"Add", WITH_NUMBER, 1},
                            {"Mul", WITH_X, 0},
                            {"Mul", WITH_NUMBER, 0.5f}};
static const link gelu_tanh[] = {{"Mul", WITH_X, 0},
                                 {"Mul", WITH_X, 0},
                                 {"Mul", WITH_NUMBER, 0.044715f},
                                 {"Add", WITH_X, 0},
                                 {"Mul", WITH_NUMBER, 0.79788456f},
                                 {"Tanh", ALONE, 0},
                                 {"Add", WITH_NUMBER, 1},
                                 {"Mul", WITH_X, 0},
                                 {"Mul", WITH_NUMBER, 0.5f}};
static const link swish[] = {{"Sigmoid", ALONE, 0}, {"Mul", WITH_X, 0}};
static const link mish[] = {{"Softplus", ALONE, 0}, {"Tanh", ALONE, 0}, {"Mul", WITH_X, 0}};

static const char *put_number(onnx_exporter *e, const char *tag, int i, float v) {
    const char *name = onnx_text(e, "%s:%s%d", e->op->name, tag, i);
    float *data = onnx_put_floats(e, name, 0, (int64_t[1]){0});
    if (data) *data = v;
    return name;
}

static void write_chain(onnx_exporter *e, const link *links, int n, const char *x,
                        const char *out) {
    const char *at = x;
    for (int i = 0; i < n; i++) {
        const bool last = i == n - 1;
        const char *to = last ? out : onnx_text(e, "%s:%d", e->op->name, i + 1);
        const char *beside = links[i].beside == WITH_X ? x
                             : links[i].beside == WITH_NUMBER
                                 ? put_number(e, "n", i, links[i].number)
                                 : NULL;
        onnx_node *node = onnx_put_node(
            e, links[i].type, last ? e->op->name : onnx_text(e, "%s:f%d", e->op->name, i + 1), to);
        onnx_put_input(node, at);
        if (beside) onnx_put_input(node, beside);
        if (i == 0)
            onnx_mark_layer(node, onnx_text(e, ONNX_LAYER "function %s %.9g %.9g",
                                            xp_function_name(e->op->function), (double)e->op->alpha,
                                            (double)e->op->beta));
        at = to;
    }
}

static void write_clip(onnx_exporter *e, const char *in, const char *out) {
    const char *low = put_number(e, "low", 0, e->op->alpha);
    const char *high = put_number(e, "high", 0, e->op->beta);
    onnx_node *node = onnx_put_node(e, "Clip", e->op->name, out);
    onnx_put_input(node, in);
    onnx_put_input(node, low);
    onnx_put_input(node, high);
}

static void write_function(onnx_exporter *e) {
    const onnx_layout l = onnx_input_of(e)->native;
    const char *in = onnx_in_layout(e, e->op->inputs[0], l), *out = onnx_declare(e, l);
    switch (e->op->function) {
    case XP_FN_GELU:
        write_chain(e, gelu, 5, in, out);
        return;
    case XP_FN_GELU_TANH:
        write_chain(e, gelu_tanh, MAX_CHAIN, in, out);
        return;
    case XP_FN_SWISH:
        write_chain(e, swish, 2, in, out);
        return;
    case XP_FN_MISH:
        write_chain(e, mish, 3, in, out);
        return;
    case XP_FN_AFFINE:
        write_chain(e,
                    (link[]){{"Mul", WITH_NUMBER, e->op->alpha}, {"Add", WITH_NUMBER, e->op->beta}},
                    2, in, out);
        return;
    case XP_FN_CLIP:
        write_clip(e, in, out);
        return;
    default:
        break;
    }
    const row *r = rows;
    while (r->f != e->op->function) r++;
    onnx_node *node = onnx_put_node(e, r->type, e->op->name, out);
    onnx_put_input(node, in);
    if (r->alpha) onnx_put_float(e, node, r->alpha, e->op->alpha);
    if (r->beta) onnx_put_float(e, node, r->beta, e->op->beta);
}

static void write_prelu(onnx_exporter *e) {
    const onnx_layout l = onnx_sequence_or_vector(e, ONNX_NCT);
    const char *in = onnx_in_layout(e, e->op->inputs[0], l), *out = onnx_declare(e, l);
    const xp_param *p = onnx_find_param(e, "slope");
    const int64_t dims[] = {p->shape[0], 1};
    float *data = onnx_put_floats(e, p->name, l == ONNX_VECTOR ? 1 : 2, dims);
    if (data) memcpy(data, onnx_weights(e, p), p->count * sizeof *data);
    onnx_node *node = onnx_put_node(e, "PRelu", e->op->name, out);
    onnx_put_input(node, in);
    onnx_put_input(node, p->name);
}

const onnx_op onnx_op_function = {
    .write = write_function,
    .operators = {{"Elu", "alpha", add_function},
                  {"Selu", "", add_function},
                  {"LeakyRelu", "alpha", add_function},
                  {"Gelu", "approximate", add_function},
                  {"Swish", "", add_function},
                  {"HardSigmoid", "alpha beta", add_function},
                  {"HardSwish", "", add_function},
                  {"Softplus", "", add_function},
                  {"Softsign", "", add_function},
                  {"Mish", "", add_function},
                  {"Erf", "", add_function},
                  {"Exp", "", add_function},
                  {"Clip", "min max", add_clip},
                  {"Max", "", add_limit},
                  {"Min", "", add_limit}},
};

const onnx_op onnx_op_prelu = {
    .write = write_prelu,
    .operators = {{"PRelu", "", add_prelu}},
};
