#include "nn/graph.h"

#include "base/arena.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds that no real network comes near; they keep a hostile file from asking for more. */
enum { MAX_OPS = 1024, MAX_TIME = 1 << 26, MAX_CHANNELS = 1 << 20, MAX_KERNEL = 1 << 20 };
static const size_t max_activation = (size_t)1 << 27; /* floats of one op's output */
static const size_t max_weights = (size_t)1 << 30;    /* floats of all params together */

static const char *const kind_names[] = {
#define X(kind, name) name,
    XP_OP_LIST(X)
#undef X
};
static const char *const activation_names[] = {
#define X(act, name) name,
    XP_ACTIVATION_LIST(X)
#undef X
};
enum {
    N_KINDS = sizeof kind_names / sizeof *kind_names,
    N_ACTIVATIONS = sizeof activation_names / sizeof *activation_names
};

const char *xp_op_kind_name(xp_op_kind k) {
    return (size_t)k < N_KINDS ? kind_names[k] : "unknown";
}

const char *xp_activation_name(xp_activation a) {
    return (size_t)a < N_ACTIVATIONS ? activation_names[a] : "unknown";
}

int xp_graph_find(const xp_graph *g, const char *name) {
    for (int i = 0; i < g->n_ops; i++)
        if (!strcmp(g->ops[i].name, name)) return i;
    return -1;
}

int xp_graph_find_param(const xp_graph *g, const char *name) {
    for (int i = 0; i < g->n_params; i++)
        if (!strcmp(g->params[i].name, name)) return i;
    return -1;
}

const xp_param *xp_op_param(const xp_graph *g, const xp_op *op, const char *suffix) {
    for (int i = 0; i < op->n_params; i++) {
        const xp_param *p = &g->params[op->params[i]];
        if (!strcmp(strrchr(p->name, '.') + 1, suffix)) return p;
    }
    return NULL;
}

void xp_graph_free(xp_graph *g) {
    free(g->ops);
    free(g->params);
    *g = (xp_graph){0};
}

bool xp_op_is_channelwise(const xp_op *op) {
    switch (op->kind) {
    case XP_OP_ACTIVATION:
        return op->activation != XP_ACT_SOFTMAX;
    case XP_OP_BATCHNORM:
    case XP_OP_ADD:
    case XP_OP_MAXPOOL:
    case XP_OP_AVGPOOL:
    case XP_OP_GLOBAL_AVGPOOL:
    case XP_OP_GLOBAL_MAXPOOL:
    case XP_OP_DROPOUT:
        return true;
    default:
        return false;
    }
}

/* ==== checking an op's settings ==== */

static xp_status bad_op(xp_error *err, xp_status code, const xp_op *op, const char *what) {
    return xp_fail(err, code, "layer \"%.63s\" (%s): %s", op->name, xp_op_kind_name(op->kind),
                   what);
}

static xp_status bad_int(xp_error *err, const xp_op *op, const char *field, int got, int max) {
    return xp_fail(err, XP_ERR_FORMAT, "layer \"%.63s\" (%s): %s is %d, expected 1 to %d", op->name,
                   xp_op_kind_name(op->kind), field, got, max);
}

static bool is_pool(xp_op_kind k) {
    return k == XP_OP_MAXPOOL || k == XP_OP_AVGPOOL;
}

static bool has_window(xp_op_kind k) {
    return k == XP_OP_CONV1D || is_pool(k);
}

static bool has_units(xp_op_kind k) {
    return k == XP_OP_CONV1D || k == XP_OP_DENSE || k == XP_OP_GRU;
}

static bool needs_sequence(xp_op_kind k) {
    return has_window(k) || k == XP_OP_GLOBAL_AVGPOOL || k == XP_OP_GLOBAL_MAXPOOL ||
           k == XP_OP_GRU;
}

static xp_status check_name(const xp_graph *g, const xp_op *op, xp_error *err) {
    size_t n = strnlen(op->name, XP_NAME_MAX);
    if (n == 0 || n == XP_NAME_MAX)
        return xp_fail(err, XP_ERR_FORMAT,
                       "layer %d: its name has %s characters, expected 1 to %d; rename the layer",
                       g->n_ops, n ? "too many" : "no", XP_NAME_MAX - 1);
    if (xp_graph_find(g, op->name) >= 0)
        return bad_op(err, XP_ERR_FORMAT, op, "an earlier layer has the same name");
    return XP_OK;
}

static xp_status check_inputs(const xp_graph *g, const xp_op *op, xp_error *err) {
    int min = op->kind == XP_OP_INPUT ? 0 : 1, max = min;
    if (op->kind == XP_OP_CONCAT || op->kind == XP_OP_ADD) max = XP_OP_MAX_INPUTS;
    if (op->n_inputs < min || op->n_inputs > max)
        return xp_fail(err, XP_ERR_FORMAT, "layer \"%s\" (%s): %d inputs, expected %d to %d",
                       op->name, xp_op_kind_name(op->kind), op->n_inputs, min, max);
    for (int i = 0; i < op->n_inputs; i++)
        if (op->inputs[i] < 0 || op->inputs[i] >= g->n_ops)
            return bad_op(err, XP_ERR_FORMAT, op, "an input is not an earlier layer");
    if ((op->kind == XP_OP_INPUT) != (g->n_ops == 0))
        return bad_op(err, XP_ERR_UNSUPPORTED, op,
                      "a network has exactly one input and it comes first");
    return XP_OK;
}

static xp_status check_numbers(const xp_op *op, xp_error *err) {
    if (has_units(op->kind) && (op->units < 1 || op->units > MAX_CHANNELS))
        return bad_int(err, op, "units", op->units, MAX_CHANNELS);
    if (has_window(op->kind) && (op->kernel < 1 || op->kernel > MAX_KERNEL))
        return bad_int(err, op, "kernel", op->kernel, MAX_KERNEL);
    if (has_window(op->kind) && (op->stride < 1 || op->stride > MAX_KERNEL))
        return bad_int(err, op, "stride", op->stride, MAX_KERNEL);
    if (has_window(op->kind) && (unsigned)op->padding > XP_PAD_EXPLICIT)
        return bad_op(err, XP_ERR_FORMAT, op, "padding is neither same nor valid nor explicit");
    /* So that every window holds at least one sample. */
    if (has_window(op->kind) && op->padding == XP_PAD_EXPLICIT &&
        (op->pad_left < 0 || op->pad_left >= op->kernel || op->pad_right < 0 ||
         op->pad_right >= op->kernel))
        return bad_op(
            err, XP_ERR_UNSUPPORTED, op,
            "explicit padding must be at least 0 and less than the kernel on either side");
    if ((unsigned)op->activation >= N_ACTIVATIONS || (unsigned)op->recurrent >= N_ACTIVATIONS)
        return bad_op(err, XP_ERR_FORMAT, op, "unknown activation");
    if (op->kind == XP_OP_GRU &&
        (op->activation == XP_ACT_SOFTMAX || op->recurrent == XP_ACT_SOFTMAX))
        return bad_op(err, XP_ERR_UNSUPPORTED, op, "softmax inside a GRU");
    if ((op->kind == XP_OP_BATCHNORM || op->kind == XP_OP_LAYERNORM) &&
        !(op->epsilon >= 0 && op->epsilon < 1e6f))
        return bad_op(err, XP_ERR_FORMAT, op, "epsilon is not a small non-negative number");
    if (op->kind == XP_OP_BATCHNORM && !(op->momentum >= 0 && op->momentum <= 1))
        return bad_op(err, XP_ERR_FORMAT, op, "momentum is not between 0 and 1");
    if (op->kind == XP_OP_DROPOUT && !(op->rate >= 0 && op->rate < 1))
        return bad_op(err, XP_ERR_FORMAT, op, "rate is not between 0 and 1");
    return XP_OK;
}

/* ==== shapes ==== */

/* Keras' (TensorFlow's) rule for windows: with "same", ceil(t / stride) outputs and the padding
 * that needs, the odd sample on the right. */
static xp_status infer_window(xp_op *op, int t, xp_error *err) {
    if (op->padding == XP_PAD_SAME) {
        op->t = (t - 1) / op->stride + 1;
        long long covered = (long long)(op->t - 1) * op->stride + op->kernel;
        op->pad_left = covered > t ? (int)((covered - t) / 2) : 0;
        op->pad_right = covered > t ? (int)(covered - t) - op->pad_left : 0;
        return XP_OK;
    }
    if (op->padding == XP_PAD_VALID) op->pad_left = op->pad_right = 0;
    int padded = t + op->pad_left + op->pad_right; /* at most MAX_TIME + 2 MAX_KERNEL */
    if (padded < op->kernel)
        return xp_fail(err, XP_ERR_SHAPE,
                       "layer \"%s\" (%s): its window of %d samples is longer than its input of %d",
                       op->name, xp_op_kind_name(op->kind), op->kernel, padded);
    op->t = (padded - op->kernel) / op->stride + 1;
    return XP_OK;
}

static xp_status infer_join(const xp_graph *g, xp_op *op, xp_error *err) {
    const xp_op *first = &g->ops[op->inputs[0]];
    op->t = first->t;
    op->c = first->c;
    for (int i = 1; i < op->n_inputs; i++) {
        const xp_op *in = &g->ops[op->inputs[i]];
        bool fits = in->t == first->t && in->is_sequence == first->is_sequence;
        if (!fits || (op->kind == XP_OP_ADD && in->c != first->c))
            return xp_fail(err, XP_ERR_SHAPE,
                           "layer \"%s\" (%s): its inputs \"%s\" (%d, %d) and \"%s\" (%d, %d) do "
                           "not fit together",
                           op->name, xp_op_kind_name(op->kind), first->name, first->t, first->c,
                           in->name, in->t, in->c);
        if (op->kind == XP_OP_CONCAT) op->c += in->c;
    }
    return XP_OK;
}

static xp_status check_size(const xp_op *op, xp_error *err) {
    bool fits = op->t >= 1 && op->t <= MAX_TIME && op->c >= 1 && op->c <= (MAX_CHANNELS << 6);
    if (fits && (uint64_t)op->t * (uint64_t)op->c <= max_activation) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT,
                   "layer \"%s\" (%s): output of shape (%d, %d), expected positive sizes and at "
                   "most %zu numbers",
                   op->name, xp_op_kind_name(op->kind), op->t, op->c, max_activation);
}

static xp_status infer_shape(const xp_graph *g, xp_op *op, xp_error *err) {
    if (op->kind == XP_OP_INPUT) {
        op->is_sequence = true;
        return check_size(op, err);
    }
    const xp_op *in = &g->ops[op->inputs[0]];
    if (needs_sequence(op->kind) && !in->is_sequence)
        return bad_op(err, XP_ERR_SHAPE, op, "needs a sequence (time, channels) but gets a vector");
    op->t = in->t;
    op->c = has_units(op->kind) ? op->units : in->c;
    op->is_sequence = in->is_sequence;
    if (!has_window(op->kind)) op->pad_left = op->pad_right = 0;
    if (has_window(op->kind)) XP_TRY(infer_window(op, in->t, err));
    if (op->kind == XP_OP_CONCAT || op->kind == XP_OP_ADD) XP_TRY(infer_join(g, op, err));
    if (op->kind == XP_OP_FLATTEN) op->c = in->t * in->c; /* at most max_activation */
    if (op->kind == XP_OP_FLATTEN || op->kind == XP_OP_GLOBAL_AVGPOOL ||
        op->kind == XP_OP_GLOBAL_MAXPOOL || (op->kind == XP_OP_GRU && !op->return_sequences)) {
        op->t = 1;
        op->is_sequence = false;
    }
    return check_size(op, err);
}

/* ==== params ==== */

typedef struct {
    xp_op *op;
    xp_param list[XP_OP_MAX_PARAMS];
    int n;
} param_list;

static void want(param_list *l, const char *suffix, int ndim, int a, int b, int c, bool trainable) {
    xp_param *p = &l->list[l->n++];
    *p = (xp_param){.ndim = ndim, .shape = {a, b, c}, .trainable = trainable};
    size_t n = strlen(l->op->name);
    memcpy(p->name, l->op->name, n);
    p->name[n] = '.';
    memcpy(p->name + n + 1, suffix, strlen(suffix) + 1);
}

static void want_norm(param_list *l, int c) {
    if (l->op->scale) want(l, "gamma", 1, c, 0, 0, true);
    if (l->op->center) want(l, "beta", 1, c, 0, 0, true);
    if (l->op->kind == XP_OP_LAYERNORM) return;
    want(l, "moving_mean", 1, c, 0, 0, false);
    want(l, "moving_variance", 1, c, 0, 0, false);
}

static void want_gru(param_list *l, int c_in) {
    int u = l->op->units;
    want(l, "kernel", 2, c_in, 3 * u, 0, true);
    want(l, "recurrent_kernel", 2, u, 3 * u, 0, true);
    if (!l->op->use_bias) return;
    if (l->op->reset_after)
        want(l, "bias", 2, 2, 3 * u, 0, true);
    else
        want(l, "bias", 1, 3 * u, 0, 0, true);
}

static void want_params(param_list *l, const xp_graph *g) {
    xp_op *op = l->op;
    if (op->kind == XP_OP_INPUT) return;
    int c_in = g->ops[op->inputs[0]].c;
    switch (op->kind) {
    case XP_OP_CONV1D:
        want(l, "kernel", 3, op->kernel, c_in, op->units, true);
        if (op->use_bias) want(l, "bias", 1, op->units, 0, 0, true);
        break;
    case XP_OP_DENSE:
        want(l, "kernel", 2, c_in, op->units, 0, true);
        if (op->use_bias) want(l, "bias", 1, op->units, 0, 0, true);
        break;
    case XP_OP_BATCHNORM:
    case XP_OP_LAYERNORM:
        want_norm(l, c_in);
        break;
    case XP_OP_GRU:
        want_gru(l, c_in);
        break;
    default:
        break;
    }
}

static xp_status count_params(const xp_graph *g, param_list *l, size_t *total, xp_error *err) {
    *total = g->n_weights;
    for (int i = 0; i < l->n; i++) {
        xp_param *p = &l->list[i];
        p->count = 1;
        bool fits = true;
        for (int d = 0; d < p->ndim; d++)
            fits = fits && xp_mul_size(p->count, (size_t)p->shape[d], &p->count);
        p->offset = *total;
        fits = fits && xp_add_size(*total, p->count, total) && *total <= max_weights;
        if (!fits)
            return xp_fail(err, XP_ERR_LIMIT,
                           "layer \"%s\": with \"%s\" the network has more than %zu weights",
                           l->op->name, p->name, max_weights);
    }
    return XP_OK;
}

static bool reserve(void **list, int *cap, int n, size_t each) {
    if (n <= *cap) return true;
    int grown = *cap ? 2 * *cap : 32;
    if (grown < n) grown = n;
    void *p = realloc(*list, (size_t)grown * each);
    if (!p) return false;
    *list = p;
    *cap = grown;
    return true;
}

static xp_status append(xp_graph *g, const xp_op *op, const param_list *l, xp_error *err) {
    if (!reserve((void **)&g->ops, &g->cap_ops, g->n_ops + 1, sizeof *g->ops) ||
        !reserve((void **)&g->params, &g->cap_params, g->n_params + l->n, sizeof *g->params))
        return xp_fail(err, XP_ERR_MEMORY, "no memory for layer \"%s\"", op->name);
    xp_op *o = &g->ops[g->n_ops];
    *o = *op;
    o->n_params = l->n;
    for (int i = 0; i < l->n; i++) {
        o->params[i] = g->n_params;
        g->params[g->n_params++] = l->list[i];
        g->n_weights += l->list[i].count;
    }
    g->n_ops++;
    return XP_OK;
}

xp_status xp_graph_add(xp_graph *g, const xp_op *given, xp_error *err) {
    xp_op op = *given;
    if (g->n_ops >= MAX_OPS)
        return xp_fail(err, XP_ERR_LIMIT, "the network has more than %d layers", MAX_OPS);
    XP_TRY(check_name(g, &op, err));
    if ((unsigned)op.kind >= N_KINDS) return bad_op(err, XP_ERR_FORMAT, &op, "unknown kind");
    XP_TRY(check_inputs(g, &op, err));
    XP_TRY(check_numbers(&op, err));
    XP_TRY(infer_shape(g, &op, err));
    param_list l = {.op = &op};
    want_params(&l, g);
    size_t total;
    XP_TRY(count_params(g, &l, &total, err));
    return append(g, &op, &l, err);
}

static double op_macs(const xp_graph *g, const xp_op *op) {
    if (!has_units(op->kind)) return 0;
    const xp_op *in = &g->ops[op->inputs[0]];
    double pairs = (double)in->c * op->units;
    if (op->kind == XP_OP_CONV1D) return pairs * op->t * op->kernel;
    if (op->kind == XP_OP_DENSE) return pairs * op->t;
    return 3.0 * in->t * (pairs + (double)op->units * op->units);
}

double xp_graph_macs(const xp_graph *g) {
    double sum = 0;
    for (int i = 0; i < g->n_ops; i++) sum += op_macs(g, &g->ops[i]);
    return sum;
}

/* ==== JSON ====
 *
 * {"ops": [{"name": "ecg", "kind": "input", "inputs": [], "length": 5000, "channels": 12},
 *          {"name": "block1.conv1.k2", "kind": "conv1d", "inputs": ["ecg"], "units": 16, ...}]}
 *
 * Every setting that the kind uses is written and required; one that is not known is an error, for
 * it could change what the network computes. */

typedef enum { INT, BOOL, FLOAT, ACTIVATION, PADDING } setting_type;

#define BIT(kind) (1u << (kind))
enum { WINDOWS = BIT(XP_OP_CONV1D) | BIT(XP_OP_MAXPOOL) | BIT(XP_OP_AVGPOOL) };
enum { LINEARS = BIT(XP_OP_CONV1D) | BIT(XP_OP_DENSE) | BIT(XP_OP_GRU) };
enum { NORMS = BIT(XP_OP_BATCHNORM) | BIT(XP_OP_LAYERNORM) };

typedef struct {
    const char *key;
    setting_type type;
    size_t offset; /* into xp_op */
    unsigned kinds;
} setting;

static const setting settings[] = {
    {"length", INT, offsetof(xp_op, t), BIT(XP_OP_INPUT)},
    {"channels", INT, offsetof(xp_op, c), BIT(XP_OP_INPUT)},
    {"units", INT, offsetof(xp_op, units), LINEARS},
    {"kernel", INT, offsetof(xp_op, kernel), WINDOWS},
    {"stride", INT, offsetof(xp_op, stride), WINDOWS},
    {"padding", PADDING, offsetof(xp_op, padding), WINDOWS},
    {"activation", ACTIVATION, offsetof(xp_op, activation), LINEARS | BIT(XP_OP_ACTIVATION)},
    {"recurrent_activation", ACTIVATION, offsetof(xp_op, recurrent), BIT(XP_OP_GRU)},
    {"use_bias", BOOL, offsetof(xp_op, use_bias), LINEARS},
    {"center", BOOL, offsetof(xp_op, center), NORMS},
    {"scale", BOOL, offsetof(xp_op, scale), NORMS},
    {"epsilon", FLOAT, offsetof(xp_op, epsilon), NORMS},
    {"momentum", FLOAT, offsetof(xp_op, momentum), BIT(XP_OP_BATCHNORM)},
    {"rate", FLOAT, offsetof(xp_op, rate), BIT(XP_OP_DROPOUT)},
    {"return_sequences", BOOL, offsetof(xp_op, return_sequences), BIT(XP_OP_GRU)},
    {"reset_after", BOOL, offsetof(xp_op, reset_after), BIT(XP_OP_GRU)},
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

/* The shortest decimal that reads back as the same float. */
static void add_float(cJSON *o, const char *key, float v) {
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v) break;
    }
    cJSON_AddRawToObject(o, key, text);
}

/* "same", "valid", or [left, right]. */
static void write_padding(cJSON *o, const char *key, const xp_op *op) {
    if (op->padding != XP_PAD_EXPLICIT) {
        cJSON_AddStringToObject(o, key, op->padding == XP_PAD_SAME ? "same" : "valid");
        return;
    }
    const int sides[] = {op->pad_left, op->pad_right};
    cJSON_AddItemToObject(o, key, cJSON_CreateIntArray(sides, 2));
}

static void write_setting(cJSON *o, const setting *s, const xp_op *op) {
    const char *field = (const char *)op + s->offset;
    switch (s->type) {
    case INT:
        cJSON_AddNumberToObject(o, s->key, *(const int *)field);
        break;
    case BOOL:
        cJSON_AddBoolToObject(o, s->key, *(const bool *)field);
        break;
    case FLOAT:
        add_float(o, s->key, *(const float *)field);
        break;
    case ACTIVATION:
        cJSON_AddStringToObject(o, s->key, xp_activation_name(*(const xp_activation *)field));
        break;
    case PADDING:
        write_padding(o, s->key, op);
        break;
    }
}

static cJSON *op_to_json(const xp_graph *g, const xp_op *op) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", op->name);
    cJSON_AddStringToObject(o, "kind", xp_op_kind_name(op->kind));
    cJSON *inputs = cJSON_AddArrayToObject(o, "inputs");
    for (int i = 0; i < op->n_inputs; i++)
        cJSON_AddItemToArray(inputs, cJSON_CreateString(g->ops[op->inputs[i]].name));
    for (int i = 0; i < N_SETTINGS; i++)
        if (settings[i].kinds & BIT(op->kind)) write_setting(o, &settings[i], op);
    return o;
}

xp_status xp_graph_to_json(const xp_graph *g, char **text, xp_error *err) {
    cJSON *root = cJSON_CreateObject();
    cJSON *ops = cJSON_AddArrayToObject(root, "ops");
    for (int i = 0; i < g->n_ops; i++) cJSON_AddItemToArray(ops, op_to_json(g, &g->ops[i]));
    char *s = cJSON_GetArraySize(ops) == g->n_ops ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (!s) return xp_fail(err, XP_ERR_MEMORY, "no memory for the text of the network");
    *text = s; /* cJSON allocates with malloc */
    return XP_OK;
}

static int name_index(const char *const *names, int n, const char *text) {
    for (int i = 0; text && i < n; i++)
        if (!strcmp(names[i], text)) return i;
    return -1;
}

static bool read_whole(const cJSON *v, int *out) {
    double d = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    if (!(fabs(d) <= INT32_MAX) || d != floor(d)) return false;
    *out = (int)d;
    return true;
}

static bool read_padding(const cJSON *v, xp_op *op) {
    const char *text = cJSON_GetStringValue(v);
    if (cJSON_IsArray(v) && cJSON_GetArraySize(v) == 2) {
        op->padding = XP_PAD_EXPLICIT;
        return read_whole(v->child, &op->pad_left) && read_whole(v->child->next, &op->pad_right);
    }
    if (!text || (strcmp(text, "same") && strcmp(text, "valid"))) return false;
    op->padding = strcmp(text, "same") ? XP_PAD_VALID : XP_PAD_SAME;
    return true;
}

/* Whether v has the setting's type; its value goes into the op's field. */
static bool read_value(const setting *s, const cJSON *v, xp_op *op) {
    char *field = (char *)op + s->offset;
    double d = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    const char *text = cJSON_GetStringValue(v);
    switch (s->type) {
    case INT:
        return read_whole(v, (int *)field);
    case BOOL:
        *(bool *)field = cJSON_IsTrue(v);
        return cJSON_IsBool(v);
    case FLOAT:
        if (!(fabs(d) <= 1e30)) return false;
        *(float *)field = (float)d;
        return true;
    case ACTIVATION: {
        int a = name_index(activation_names, N_ACTIVATIONS, text);
        if (a >= 0) *(xp_activation *)field = (xp_activation)a;
        return a >= 0;
    }
    case PADDING:
        return read_padding(v, op);
    }
    return false;
}

static const setting *find_setting(const char *key, xp_op_kind kind) {
    for (int i = 0; i < N_SETTINGS; i++)
        if ((settings[i].kinds & BIT(kind)) && !strcmp(settings[i].key, key)) return &settings[i];
    return NULL;
}

static xp_status read_settings(const cJSON *o, xp_op *op, xp_error *err) {
    unsigned seen = 0;
    for (const cJSON *v = o->child; v; v = v->next) {
        if (!strcmp(v->string, "name") || !strcmp(v->string, "kind") ||
            !strcmp(v->string, "inputs"))
            continue;
        const setting *s = find_setting(v->string, op->kind);
        if (!s)
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "graph: layer \"%s\" (%s) has the setting \"%.40s\", which this "
                           "version does not know",
                           op->name, xp_op_kind_name(op->kind), v->string);
        if (!read_value(s, v, op))
            return xp_fail(err, XP_ERR_FORMAT, "graph: layer \"%s\" (%s): bad value of \"%s\"",
                           op->name, xp_op_kind_name(op->kind), s->key);
        seen |= 1u << (s - settings);
    }
    for (int i = 0; i < N_SETTINGS; i++)
        if ((settings[i].kinds & BIT(op->kind)) && !(seen & (1u << i)))
            return xp_fail(err, XP_ERR_FORMAT, "graph: layer \"%s\" (%s): \"%s\" is missing",
                           op->name, xp_op_kind_name(op->kind), settings[i].key);
    return XP_OK;
}

static xp_status read_inputs(const xp_graph *g, const cJSON *inputs, xp_op *op, xp_error *err) {
    if (!cJSON_IsArray(inputs))
        return xp_fail(err, XP_ERR_FORMAT, "graph: layer \"%s\" has no list of inputs", op->name);
    const cJSON *v;
    cJSON_ArrayForEach(v, inputs) {
        const char *name = cJSON_GetStringValue(v);
        int i = name ? xp_graph_find(g, name) : -1;
        if (i < 0)
            return xp_fail(err, XP_ERR_FORMAT,
                           "graph: layer \"%s\": its input \"%.63s\" is no earlier layer", op->name,
                           name ? name : "(not a name)");
        if (op->n_inputs == XP_OP_MAX_INPUTS)
            return xp_fail(err, XP_ERR_LIMIT, "graph: layer \"%s\" has more than %d inputs",
                           op->name, XP_OP_MAX_INPUTS);
        op->inputs[op->n_inputs++] = i;
    }
    return XP_OK;
}

static xp_status read_op(xp_graph *g, const cJSON *o, xp_error *err) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "name"));
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "kind"));
    if (!name || strlen(name) >= XP_NAME_MAX)
        return xp_fail(err, XP_ERR_FORMAT,
                       "graph: layer %d has no name, or one of more than %d characters", g->n_ops,
                       XP_NAME_MAX - 1);
    int k = name_index(kind_names, N_KINDS, kind);
    if (k < 0)
        return xp_fail(err, XP_ERR_UNSUPPORTED, "graph: layer \"%s\" is of unknown kind \"%.40s\"",
                       name, kind ? kind : "(none)");
    xp_op op = {.kind = (xp_op_kind)k};
    memcpy(op.name, name, strlen(name) + 1);
    XP_TRY(read_inputs(g, cJSON_GetObjectItemCaseSensitive(o, "inputs"), &op, err));
    XP_TRY(read_settings(o, &op, err));
    return xp_graph_add(g, &op, err);
}

static xp_status read_ops(xp_graph *g, const cJSON *root, xp_error *err) {
    const cJSON *ops = cJSON_GetObjectItemCaseSensitive(root, "ops"), *o;
    if (!cJSON_IsArray(ops) || !ops->child)
        return xp_fail(err, XP_ERR_FORMAT, "graph: it has no list of layers (\"ops\")");
    cJSON_ArrayForEach(o, ops) {
        if (!cJSON_IsObject(o))
            return xp_fail(err, XP_ERR_FORMAT, "graph: layer %d is not an object", g->n_ops);
        XP_TRY(read_op(g, o, err));
    }
    return XP_OK;
}

xp_status xp_graph_from_json(xp_graph *g, const char *text, xp_error *err) {
    cJSON *root = cJSON_Parse(text);
    if (!root) return xp_fail(err, XP_ERR_FORMAT, "graph: it is not JSON text");
    xp_graph read = {0};
    xp_status s = read_ops(&read, root, err);
    cJSON_Delete(root);
    if (s == XP_OK)
        *g = read;
    else
        xp_graph_free(&read);
    return s;
}
