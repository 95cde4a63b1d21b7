#include "convert/keras/rows.h"

#include <string.h>

/* y + x, 2 * x, 1 - x, x / c ...: sums, differences and products of layers, and of a layer with a
 * number or one for each channel. */

/* ==== constants ============================================================================== */

static const cJSON *constant_value(const cJSON *argument) {
    const char *class = keras_get_text(argument, "class_name");
    if (cJSON_IsNumber(argument)) return argument;
    return class && !strcmp(class, "__numpy__") ? keras_get(keras_get(argument, "config"), "value")
                                                : NULL;
}

bool keras_is_constant(const cJSON *argument) {
    return constant_value(argument) != NULL;
}

/* The innermost list of nested ones of a single item; its numbers, or NULL where it is none. */
static const cJSON *innermost(const cJSON *v) {
    for (int depth = 0; depth < 4 && cJSON_IsArray(v); depth++) {
        const bool more = v->child && cJSON_IsArray(v->child);
        if (!more) break;
        if (v->child->next) return NULL;
        v = v->child;
    }
    if (cJSON_IsNumber(v)) return v;
    const cJSON *e;
    cJSON_ArrayForEach(e, v) if (!cJSON_IsNumber(e)) return NULL;
    return cJSON_IsArray(v) && v->child ? v : NULL;
}

void keras_fill_constant(float *out, const xp_graph *g, const xp_op *op, const cJSON *values,
                         char how) {
    for (int k = 0; k < op->n_params; k++) {
        const xp_param *p = &g->params[op->params[k]];
        const bool gamma = p == xp_op_param(g, op, "gamma"), beta = p == xp_op_param(g, op, "beta"),
                   variance = p == xp_op_param(g, op, "moving_variance");
        const cJSON *e = values->child;
        for (size_t i = 0; i < p->count && e; i++, e = e->next) {
            const float v = (float)e->valuedouble;
            float x = variance ? 1 : 0;
            if (gamma) x = how == '*' ? v : how == '/' ? 1 / v : -1;
            if (beta) x = how == '-' ? -v : v;
            out[p->offset + i] = x;
        }
    }
}

/* ==== one number ============================================================================= */

static xp_op function_of(const keras_layer *l, xp_function f, double alpha, double beta) {
    xp_op op = {.kind = XP_OP_FUNCTION, .function = f, .n_inputs = 1, .inputs = {l->from[0]}};
    op.alpha = (float)alpha, op.beta = (float)beta;
    return op;
}

/* '+', '-' (x - c), 'r' (c - x), '*', '/' (x / c), '>' and '<' (the larger, the smaller). */
static xp_op with_number(const keras_layer *l, char how, double v) {
    switch (how) {
    case '+':
        return function_of(l, XP_FN_AFFINE, 1, v);
    case '-':
        return function_of(l, XP_FN_AFFINE, 1, -v);
    case 'r':
        return function_of(l, XP_FN_AFFINE, -1, v);
    case '/':
        return function_of(l, XP_FN_AFFINE, 1 / v, 0);
    case '>':
        return function_of(l, XP_FN_CLIP, v, 1e30);
    case '<':
        return function_of(l, XP_FN_CLIP, -1e30, v);
    default:
        return function_of(l, XP_FN_AFFINE, v, 0);
    }
}

/* ==== layers ================================================================================= */

static xp_status bad_operand(const keras_layer *l, const char *what, xp_error *err) {
    return xp_fail(err, XP_ERR_UNSUPPORTED, "layer \"%.63s\" (%s): %s", l->name, l->class->name,
                   what);
}

static xp_status add_plain(keras_builder *b, keras_layer *l, xp_op *op, xp_error *err) {
    return keras_add_op(b, l, op, "", "vars", 0, 0, err);
}

static xp_status with_constant(keras_builder *b, keras_layer *l, char how, xp_error *err) {
    const cJSON *values = innermost(constant_value(l->constant));
    const int n = cJSON_IsArray(values) ? cJSON_GetArraySize(values) : 1;
    if (values && n == 1) {
        if (cJSON_IsArray(values)) values = values->child;
        xp_op op = with_number(l, how, values->valuedouble);
        return add_plain(b, l, &op, err);
    }
    if (!values || n != b->g->ops[l->from[0]].c || how == '<' || how == '>')
        return bad_operand(l, "its constant is neither one number nor one for each channel", err);
    xp_op op = {.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {l->from[0]}};
    op.scale = how == '*' || how == '/' || how == 'r';
    op.center = how == '+' || how == '-' || how == 'r';
    XP_TRY(add_plain(b, l, &op, err));
    b->places[l->op].constant = values;
    b->places[l->op].how = how;
    return XP_OK;
}

/* a - b = a + (-1) b */
static xp_status subtract(keras_builder *b, keras_layer *l, xp_error *err) {
    if (l->n_inputs != 2) return bad_operand(l, "expected two inputs", err);
    xp_op op = with_number(l, '*', -1);
    op.inputs[0] = l->from[1];
    XP_TRY(keras_add_op(b, l, &op, ".negative", "vars", 0, 0, err));
    op = (xp_op){.kind = XP_OP_ADD, .n_inputs = 2, .inputs = {l->from[0], l->op}};
    return add_plain(b, l, &op, err);
}

xp_status keras_add_arithmetic(keras_builder *b, keras_layer *l, xp_error *err) {
    static const struct {
        const char *name;
        char how;
    } signs[] = {{"Add", '+'},    {"Subtract", '-'}, {"Multiply", '*'}, {"TrueDivide", '/'},
                 {"Divide", '/'}, {"Maximum", '>'},  {"Minimum", '<'}};
    char how = 0;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (!strcmp(signs[i].name, l->class->name)) how = signs[i].how;
    if (l->constant && l->n_inputs == 1) {
        if (how == '/' && l->constant_first) return bad_operand(l, "divides by a layer", err);
        return with_constant(b, l, how == '-' && l->constant_first ? 'r' : how, err);
    }
    if (how == '-') return subtract(b, l, err);
    if (how != '+' && how != '*')
        return bad_operand(l, "expected a layer and a constant behind it", err);
    xp_op op = {.kind = how == '+' ? XP_OP_ADD : XP_OP_MULTIPLY, .n_inputs = l->n_inputs};
    memcpy(op.inputs, l->from, sizeof op.inputs);
    return add_plain(b, l, &op, err);
}

xp_status keras_add_negative(keras_builder *b, keras_layer *l, xp_error *err) {
    xp_op op = with_number(l, '*', -1);
    return add_plain(b, l, &op, err);
}
