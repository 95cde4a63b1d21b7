#include "nn/op.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"ops": [{"name": "ecg", "kind": "input", "inputs": [], "length": 5000, "channels": 12},
 *          {"name": "block1.conv1.k2", "kind": "conv1d", "inputs": ["ecg"], "units": 16, ...}]}
 *
 * Every setting that the kind uses is written and required; one that is not known is an error, for
 * it could change what the network computes. */

/* The shortest decimal that reads back as the same float. */
static void add_float(cJSON *o, const char *key, float v) {
    char text[32];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v) break;
    }
    xp_json_add(o, key, cJSON_CreateRaw(text));
}

/* "same", "valid", or [left, right]. */
static void write_padding(cJSON *o, const char *key, const xp_op *op) {
    if (op->padding != XP_PAD_EXPLICIT) {
        xp_json_add(o, key, cJSON_CreateString(op->padding == XP_PAD_SAME ? "same" : "valid"));
        return;
    }
    const int sides[] = {op->pad_left, op->pad_right};
    xp_json_add(o, key, cJSON_CreateIntArray(sides, 2));
}

static void write_setting(cJSON *o, const xp_setting *s, const xp_op *op) {
    const char *field = (const char *)op + s->offset;
    switch (s->type) {
    case XP_SETTING_INT:
        xp_json_add(o, s->key, cJSON_CreateNumber(*(const int *)field));
        break;
    case XP_SETTING_BOOL:
        xp_json_add(o, s->key, cJSON_CreateBool(*(const bool *)field));
        break;
    case XP_SETTING_FLOAT:
        add_float(o, s->key, *(const float *)field);
        break;
    case XP_SETTING_ACTIVATION:
        xp_json_add(o, s->key,
                    cJSON_CreateString(xp_activation_name(*(const xp_activation *)field)));
        break;
    case XP_SETTING_FUNCTION:
        xp_json_add(o, s->key, cJSON_CreateString(xp_function_name(*(const xp_function *)field)));
        break;
    case XP_SETTING_PADDING:
        write_padding(o, s->key, op);
        break;
    }
}

static cJSON *op_to_json(const xp_graph *g, const xp_op *op) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", cJSON_CreateString(op->name));
    xp_json_add(o, "kind", cJSON_CreateString(xp_op_kind_name(op->kind)));
    cJSON *inputs = cJSON_CreateArray();
    for (int i = 0; i < op->n_inputs; i++)
        xp_json_append(inputs, cJSON_CreateString(g->ops[op->inputs[i]].name));
    xp_json_add(o, "inputs", inputs);
    for (int i = 0; i < XP_N_SETTINGS; i++)
        if (xp_op_has(op, 1u << i)) write_setting(o, &xp_settings[i], op);
    return o;
}

xp_status xp_graph_to_json(const xp_graph *g, char **text, xp_error *err) {
    cJSON *root = cJSON_CreateObject();
    cJSON *ops = cJSON_CreateArray();
    for (int i = 0; i < g->n_ops; i++) xp_json_append(ops, op_to_json(g, &g->ops[i]));
    xp_json_add(root, "ops", ops);
    char *s = xp_json_print(root);
    if (!s) return xp_fail(err, XP_ERR_MEMORY, "no memory for the text of the network");
    *text = s; /* cJSON allocates with malloc */
    return XP_OK;
}

static bool read_activation(const char *text, xp_activation *out) {
    for (int a = 0; text && a <= XP_ACT_SOFTMAX; a++)
        if (!strcmp(xp_activation_name((xp_activation)a), text)) {
            *out = (xp_activation)a;
            return true;
        }
    return false;
}

static bool read_function(const char *text, xp_function *out) {
    for (int f = 0; text && f < XP_N_FUNCTIONS; f++)
        if (!strcmp(xp_function_name((xp_function)f), text)) {
            *out = (xp_function)f;
            return true;
        }
    return false;
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
static bool read_value(const xp_setting *s, const cJSON *v, xp_op *op) {
    char *field = (char *)op + s->offset;
    double d = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    const char *text = cJSON_GetStringValue(v);
    switch (s->type) {
    case XP_SETTING_INT:
        return read_whole(v, (int *)field);
    case XP_SETTING_BOOL:
        *(bool *)field = cJSON_IsTrue(v);
        return cJSON_IsBool(v);
    case XP_SETTING_FLOAT:
        if (!(fabs(d) <= 1e30)) return false;
        *(float *)field = (float)d;
        return true;
    case XP_SETTING_ACTIVATION:
        return read_activation(text, (xp_activation *)field);
    case XP_SETTING_FUNCTION:
        return read_function(text, (xp_function *)field);
    case XP_SETTING_PADDING:
        return read_padding(v, op);
    }
    return false;
}

static int find_setting(const char *key, const xp_op *op) {
    for (int i = 0; i < XP_N_SETTINGS; i++)
        if (xp_op_has(op, 1u << i) && !strcmp(xp_settings[i].key, key)) return i;
    return -1;
}

static xp_status read_settings(const cJSON *o, xp_op *op, xp_error *err) {
    unsigned seen = 0;
    for (const cJSON *v = o->child; v; v = v->next) {
        if (!strcmp(v->string, "name") || !strcmp(v->string, "kind") ||
            !strcmp(v->string, "inputs"))
            continue;
        const int i = find_setting(v->string, op);
        if (i < 0)
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "graph: layer \"%s\" (%s) has the setting \"%.40s\", which this "
                           "version does not know",
                           op->name, xp_op_kind_name(op->kind), v->string);
        if (!read_value(&xp_settings[i], v, op))
            return xp_fail(err, XP_ERR_FORMAT, "graph: layer \"%s\" (%s): bad value of \"%s\"",
                           op->name, xp_op_kind_name(op->kind), xp_settings[i].key);
        seen |= 1u << i;
    }
    for (int i = 0; i < XP_N_SETTINGS; i++)
        if (xp_op_has(op, 1u << i) && !(seen & (1u << i)))
            return xp_fail(err, XP_ERR_FORMAT, "graph: layer \"%s\" (%s): \"%s\" is missing",
                           op->name, xp_op_kind_name(op->kind), xp_settings[i].key);
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
    const int k = xp_op_kind_named(kind);
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
