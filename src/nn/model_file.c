/* A model as a safetensors file: checked, read and written. */
#include "nn/model_file.h"

#include "base/arena.h"
#include "base/json.h"
#include "nn/label_json.h"
#include "nn/meaning.h"
#include "nn/model_keys.h"
#include "nn/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ==== consistency ==== */

static xp_status check_ends(const xp_model *m, xp_error *err) {
    if (m->graph.n_ops < 2)
        return xp_fail(err, XP_ERR_FORMAT, "the model has %d layers, expected at least 2",
                       m->graph.n_ops);
    const xp_op *in = &m->graph.ops[0], *out = &m->graph.ops[m->graph.n_ops - 1];
    if (out->is_sequence)
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "the last layer \"%s\" gives a sequence (%d, %d), expected a vector with "
                       "one number for each label",
                       out->name, out->t, out->c);
    if (m->n_labels != out->c)
        return xp_fail(err, XP_ERR_SHAPE, "labels: %d names for the %d outputs of layer \"%s\"",
                       m->n_labels, out->c, out->name);
    if (m->n_leads != in->c || m->n_leads > XP_MAX_LEADS)
        return xp_fail(err, XP_ERR_SHAPE,
                       "lead_order: %d leads for the %d input channels of layer \"%s\" (at most "
                       "%d)",
                       m->n_leads, in->c, in->name, XP_MAX_LEADS);
    if (m->length != in->t)
        return xp_fail(err, XP_ERR_SHAPE, "length: %d samples, but the input layer \"%s\" has %d",
                       m->length, in->name, in->t);
    if (!(m->rate > 0 && m->rate <= 1e6))
        return xp_fail(err, XP_ERR_FORMAT, "rate: %g Hz, expected a positive number", m->rate);
    return XP_OK;
}

static xp_status check_names(const xp_model *m, xp_error *err) {
    for (int i = 0; i < m->n_labels; i++)
        if (!m->labels[i].name[0])
            return xp_fail(err, XP_ERR_FORMAT, "labels: number %d has no name", i + 1);
    for (int i = 0; i < m->n_leads; i++)
        if (!m->leads[i][0])
            return xp_fail(err, XP_ERR_FORMAT, "lead_order: number %d has no name", i + 1);
    return XP_OK;
}

static xp_status check_finite(const xp_param *p, const float *w, xp_error *err) {
    for (size_t i = 0; i < p->count; i++)
        if (!isfinite(w[i]))
            return xp_fail(err, XP_ERR_FORMAT,
                           "tensor \"%s\": element %zu is %g, expected finite weights; the file "
                           "is damaged or its training diverged",
                           p->name, i, (double)w[i]);
    return XP_OK;
}

static xp_status check_variances(const xp_model *m, xp_error *err) {
    for (int i = 0; i < m->graph.n_ops; i++) {
        const xp_op *op = &m->graph.ops[i];
        if (op->kind != XP_OP_BATCHNORM) continue;
        const xp_param *p = xp_op_param(&m->graph, op, "moving_variance");
        for (size_t c = 0; c < p->count; c++)
            if (!(m->weights[p->offset + c] + op->epsilon > 0))
                return xp_fail(err, XP_ERR_FORMAT,
                               "tensor \"%s\": element %zu is %g, expected a variance above %g",
                               p->name, c, (double)m->weights[p->offset + c], -(double)op->epsilon);
    }
    return XP_OK;
}

xp_status xp_model_check(const xp_model *m, xp_error *err) {
    XP_TRY(check_ends(m, err));
    XP_TRY(check_names(m, err));
    XP_TRY(xp_model_check_meaning(m, err));
    for (int i = 0; i < m->graph.n_params; i++) {
        const xp_param *p = &m->graph.params[i];
        XP_TRY(check_finite(p, m->weights + p->offset, err));
    }
    return check_variances(m, err);
}

/* ==== reading ==== */

static xp_status need(const xp_safetensors *st, int key, const char **value, xp_error *err) {
    *value = xp_safetensors_meta(st, xp_model_keys[key]);
    if (*value) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "metadata \"%s\" is missing: this is not a model of this program; make one with "
                   "xplaim import",
                   xp_model_keys[key]);
}

static xp_status copy_text(char *to, size_t room, const char *from, const char *what,
                           xp_error *err) {
    size_t n = strlen(from);
    if (n >= room)
        return xp_fail(err, XP_ERR_LIMIT, "%s \"%.30s...\": %zu characters, expected at most %zu",
                       what, from, n, room - 1);
    memcpy(to, from, n + 1);
    return XP_OK;
}

static xp_status read_number(const xp_safetensors *st, int key, double *out, xp_error *err) {
    const char *text;
    XP_TRY(need(st, key, &text, err));
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !(v > 0 && v <= 1e9))
        return xp_fail(err, XP_ERR_FORMAT,
                       "metadata \"%s\" is \"%.40s\", expected a positive number",
                       xp_model_keys[key], text);
    *out = v;
    return XP_OK;
}

static xp_status expect_text(const xp_safetensors *st, int key, const char *expected,
                             xp_error *err) {
    const char *text;
    XP_TRY(need(st, key, &text, err));
    if (!strcmp(text, expected)) return XP_OK;
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "metadata \"%s\" is \"%.40s\", this version understands only \"%s\"",
                   xp_model_keys[key], text, expected);
}

static xp_status read_scalars(xp_model *m, const xp_safetensors *st, xp_error *err) {
    const char *text;
    double length;
    XP_TRY(expect_text(st, XP_KEY_FORMAT, XP_MODEL_FORMAT_VERSION, err));
    XP_TRY(expect_text(st, XP_KEY_UNITS, "mV", err));
    XP_TRY(need(st, XP_KEY_NAME, &text, err));
    XP_TRY(copy_text(m->name, sizeof m->name, text, "metadata \"name\"", err));
    XP_TRY(need(st, XP_KEY_ARCHITECTURE, &text, err));
    XP_TRY(
        copy_text(m->architecture, sizeof m->architecture, text, "metadata \"architecture\"", err));
    XP_TRY(read_number(st, XP_KEY_RATE, &m->rate, err));
    XP_TRY(read_number(st, XP_KEY_LENGTH, &length, err));
    if (length != floor(length) || length > INT32_MAX)
        return xp_fail(err, XP_ERR_FORMAT, "metadata \"length\" is %g, expected a whole number",
                       length);
    m->length = (int)length;
    XP_TRY(need(st, XP_KEY_TRAINED, &text, err));
    if (strcmp(text, "true") && strcmp(text, "false"))
        return xp_fail(err, XP_ERR_FORMAT,
                       "metadata \"trained\" is \"%.40s\", expected \"true\" or \"false\"", text);
    m->trained = !strcmp(text, "true");
    return XP_OK;
}

/* The metadata value as a JSON array of exactly n items. */
static xp_status read_array(const xp_safetensors *st, int key, int n, cJSON **array,
                            xp_error *err) {
    const char *text;
    XP_TRY(need(st, key, &text, err));
    cJSON *a = cJSON_Parse(text);
    if (cJSON_IsArray(a) && cJSON_GetArraySize(a) == n) {
        *array = a;
        return XP_OK;
    }
    xp_status s =
        cJSON_IsArray(a)
            ? xp_fail(err, XP_ERR_SHAPE, "metadata \"%s\" has %d items, but the graph has %d",
                      xp_model_keys[key], cJSON_GetArraySize(a), n)
            : xp_fail(err, XP_ERR_FORMAT, "metadata \"%s\" is not a JSON array",
                      xp_model_keys[key]);
    cJSON_Delete(a);
    return s;
}

static xp_status read_leads(xp_model *m, const xp_safetensors *st, xp_error *err) {
    int n = m->graph.ops[0].c;
    if (n > XP_MAX_LEADS)
        return xp_fail(err, XP_ERR_LIMIT, "the input has %d channels, expected at most %d leads", n,
                       XP_MAX_LEADS);
    cJSON *a;
    XP_TRY(read_array(st, XP_KEY_LEADS, n, &a, err));
    xp_status s = XP_OK;
    const cJSON *v;
    cJSON_ArrayForEach(v, a) {
        const char *text = cJSON_GetStringValue(v);
        s = copy_text(m->leads[m->n_leads++], sizeof *m->leads, text ? text : "", "lead", err);
        if (s != XP_OK) break;
    }
    cJSON_Delete(a);
    return s;
}

static xp_status read_labels(xp_model *m, const xp_safetensors *st, xp_error *err) {
    int n = m->graph.ops[m->graph.n_ops - 1].c;
    cJSON *a;
    XP_TRY(read_array(st, XP_KEY_LABELS, n, &a, err));
    m->labels = calloc((size_t)n, sizeof *m->labels);
    xp_status s = m->labels ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "no memory for %d labels", n);
    const cJSON *v;
    cJSON_ArrayForEach(v, a) {
        if (s != XP_OK) break;
        s = label_read_json(&m->labels[m->n_labels], v, m->n_labels, err);
        m->n_labels++;
    }
    cJSON_Delete(a);
    return s;
}

static void shape_text(char *out, size_t room, int ndim, const size_t *shape) {
    size_t at = (size_t)snprintf(out, room, "(");
    for (int i = 0; i < ndim && at < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%zu", i ? ", " : "", shape[i]);
    if (at < room) snprintf(out + at, room - at, ")");
}

static xp_status check_shape(const xp_param *p, const xp_st_tensor *t, xp_error *err) {
    size_t expected[3];
    bool same = t->ndim == p->ndim;
    for (int d = 0; d < p->ndim; d++) {
        expected[d] = (size_t)p->shape[d];
        same = same && t->shape[d] == expected[d];
    }
    if (same) return XP_OK;
    char got[128], want[128];
    shape_text(got, sizeof got, t->ndim, t->shape);
    shape_text(want, sizeof want, p->ndim, expected);
    return xp_fail(err, XP_ERR_SHAPE, "tensor \"%s\" has shape %s, its layer expects %s", p->name,
                   got, want);
}

static int compare_params(const void *a, const void *b) {
    return strcmp((*(const xp_param *const *)a)->name, (*(const xp_param *const *)b)->name);
}

static int compare_to_param(const void *name, const void *p) {
    return strcmp(name, (*(const xp_param *const *)p)->name);
}

static bool contains(const xp_param *const *list, int n, const xp_param *p) {
    for (int i = 0; i < n; i++)
        if (list[i] == p) return true;
    return false;
}

/* Every tensor is a param of the right shape. Names are unique on both sides, so equal numbers then
 * mean that every param is there. */
static xp_status match_tensors(const xp_graph *g, const xp_safetensors *st, const xp_param **order,
                               const xp_param **of_tensor, xp_error *err) {
    for (int i = 0; i < g->n_params; i++) order[i] = &g->params[i];
    qsort(order, (size_t)g->n_params, sizeof *order, compare_params);
    for (int i = 0; i < st->n_tensors; i++) {
        const xp_st_tensor *t = &st->tensors[i];
        const xp_param **p =
            bsearch(t->name, order, (size_t)g->n_params, sizeof *order, compare_to_param);
        if (!p)
            return xp_fail(err, XP_ERR_FORMAT, "tensor \"%.80s\" belongs to no layer of the graph",
                           t->name);
        XP_TRY(check_shape(*p, t, err));
        of_tensor[i] = *p;
    }
    if (st->n_tensors == g->n_params) return XP_OK;
    for (int i = 0; i < g->n_params; i++)
        if (!contains(of_tensor, st->n_tensors, &g->params[i]))
            return xp_fail(err, XP_ERR_NOT_FOUND, "tensor \"%s\" is missing", g->params[i].name);
    return XP_OK;
}

static xp_status copy_tensors(xp_model *m, const xp_safetensors *st, const xp_param **of_tensor,
                              xp_error *err) {
    m->weights = xp_aligned_alloc((m->graph.n_weights + 1) * sizeof *m->weights);
    if (!m->weights)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for %zu weights", m->graph.n_weights);
    for (int i = 0; i < st->n_tensors; i++)
        XP_TRY(xp_safetensors_floats(&st->tensors[i], m->weights + of_tensor[i]->offset, err));
    return XP_OK;
}

static xp_status read_weights(xp_model *m, const xp_safetensors *st, xp_error *err) {
    size_t n = (size_t)m->graph.n_params + (size_t)st->n_tensors + 1;
    const xp_param **lists = calloc(n, sizeof *lists);
    if (!lists) return xp_fail(err, XP_ERR_MEMORY, "no memory for a list of %zu tensors", n);
    const xp_param **of_tensor = lists + m->graph.n_params;
    xp_status s = match_tensors(&m->graph, st, lists, of_tensor, err);
    if (s == XP_OK) s = copy_tensors(m, st, of_tensor, err);
    free(lists);
    return s;
}

static xp_status read_other_meta(xp_model *m, const xp_safetensors *st, xp_error *err) {
    for (int i = 0; i < st->n_meta; i++) {
        if (xp_model_is_field(st->meta[i].key)) continue;
        if (xp_model_set_meta(m, st->meta[i].key, st->meta[i].value) != XP_OK)
            return xp_fail(err, XP_ERR_MEMORY, "no memory for the metadata \"%.40s\"",
                           st->meta[i].key);
    }
    return XP_OK;
}

static xp_status read_parts(xp_model *m, const xp_safetensors *st, xp_error *err) {
    const char *graph;
    XP_TRY(read_scalars(m, st, err));
    XP_TRY(need(st, XP_KEY_GRAPH, &graph, err));
    XP_TRY(xp_graph_from_json(&m->graph, graph, err));
    XP_TRY(read_leads(m, st, err));
    XP_TRY(read_labels(m, st, err));
    XP_TRY(read_weights(m, st, err));
    XP_TRY(read_other_meta(m, st, err));
    return xp_model_check(m, err);
}

xp_status xp_model_read(xp_model *m, xp_bytes file, xp_error *err) {
    xp_safetensors st;
    XP_TRY(xp_safetensors_read(&st, file, err));
    xp_model read = {0};
    xp_status s = read_parts(&read, &st, err);
    xp_safetensors_free(&st);
    if (s == XP_OK)
        *m = read;
    else
        xp_model_free(&read);
    return s;
}

/* ==== writing ==== */

/* At the balanced point, whichever is in use. */
static char *labels_text(const xp_model *m) {
    cJSON *a = cJSON_CreateArray();
    for (int i = 0; i < m->n_labels; i++) {
        xp_label label = m->labels[i];
        xp_model one = {.labels = &label, .n_labels = 1, .point = m->point};
        xp_model_operate_at(&one, XP_BALANCED);
        xp_json_append(a, label_to_json(one.labels));
    }
    return xp_json_print(a);
}

static char *leads_text(const xp_model *m) {
    cJSON *a = cJSON_CreateArray();
    for (int i = 0; i < m->n_leads; i++) xp_json_append(a, cJSON_CreateString(m->leads[i]));
    return xp_json_print(a);
}

static char *number_text(double v) {
    char text[32];
    return strdup(label_number(text, sizeof text, v));
}

/* values[XP_N_KEYS] are malloc'ed; some may be NULL when memory ran out. */
static xp_status field_texts(const xp_model *m, char **values, xp_error *err) {
    values[XP_KEY_FORMAT] = strdup(XP_MODEL_FORMAT_VERSION);
    values[XP_KEY_NAME] = strdup(m->name);
    values[XP_KEY_ARCHITECTURE] = strdup(m->architecture);
    values[XP_KEY_UNITS] = strdup("mV");
    values[XP_KEY_RATE] = number_text(m->rate);
    values[XP_KEY_LENGTH] = number_text(m->length);
    values[XP_KEY_LEADS] = leads_text(m);
    values[XP_KEY_LABELS] = labels_text(m);
    values[XP_KEY_TRAINED] = strdup(m->trained ? "true" : "false");
    XP_TRY(xp_graph_to_json(&m->graph, &values[XP_KEY_GRAPH], err));
    for (int i = 0; i < XP_N_KEYS; i++)
        if (!values[i])
            return xp_fail(err, XP_ERR_MEMORY, "no memory for the metadata \"%s\"",
                           xp_model_keys[i]);
    return XP_OK;
}

static xp_status write_container(const xp_model *m, char *const *values, bool half, uint8_t **bytes,
                                 size_t *size, xp_error *err) {
    int n = m->graph.n_params, n_meta = XP_N_KEYS + m->n_meta;
    xp_st_source *tensors = calloc((size_t)n + 1, sizeof *tensors);
    xp_st_meta *meta = calloc((size_t)n_meta, sizeof *meta);
    xp_status s = XP_ERR_MEMORY;
    if (tensors && meta) {
        for (int i = 0; i < XP_N_KEYS; i++)
            meta[i] = (xp_st_meta){(char *)xp_model_keys[i], values[i]};
        for (int i = 0; i < m->n_meta; i++)
            meta[XP_N_KEYS + i] = (xp_st_meta){m->meta[i].key, m->meta[i].value};
        for (int i = 0; i < n; i++) {
            const xp_param *p = &m->graph.params[i];
            tensors[i] = (xp_st_source){p->name, p->ndim, p->shape, m->weights + p->offset};
        }
        s = xp_safetensors_write(tensors, n, meta, n_meta, half ? XP_F16 : XP_F32, bytes, size,
                                 err);
    } else {
        xp_fail(err, s, "no memory for a list of %d tensors", n);
    }
    free(tensors);
    free(meta);
    return s;
}

xp_status xp_model_write(const xp_model *m, bool half, uint8_t **bytes, size_t *size,
                         xp_error *err) {
    XP_TRY(xp_model_check(m, err));
    char *values[XP_N_KEYS] = {0};
    xp_status s = field_texts(m, values, err);
    if (s == XP_OK) s = write_container(m, values, half, bytes, size, err);
    for (int i = 0; i < XP_N_KEYS; i++) free(values[i]);
    return s;
}
