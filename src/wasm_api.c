#include "wasm_api.h"

#include "draw_request.h"
#include "ecg/file_table.h"
#include "explain.h"
#include "kernels/kernels.h"
#include "lead_evidence.h"
#include "nn/model.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef XP_VERSION
#define XP_VERSION "0.1.0"
#endif

/* The stretches of a map worth putting into words: at least half of its maximum, the three
 * strongest, close ones taken together: as `xplaim explain` tells them. */
#define INTERVAL_LEVEL 0.5f
#define INTERVAL_JOIN_SECONDS 0.1
#define INTERVALS_MAX 3

struct xp_session {
    xp_file_entry *files; /* names, bytes and the array: owned */
    int n_files;
    bool has_record, has_model, has_analysis;
    xp_record record;
    xp_model model;
    xp_net *net;
    int layer;   /* op index that is to be explained, or -1 */
    int planned; /* op index that the net can explain, or -1 */
    size_t net_bytes;
    xp_analysis analysis; /* maps normalised in place */
    xp_cam_info *cams;    /* (windows, labels) of analysis.maps; owned */
    xp_evidence evidence; /* of the analysis */
    char *text;           /* the last one asked for; owned */
    float **filtered;     /* (leads) NULL, or (n) mV; owned */
    xp_display drawing;
    xp_error error;
};

void *xp_wasm_alloc(size_t bytes) {
    return malloc(bytes ? bytes : 1);
}

void xp_wasm_free(void *p) {
    free(p);
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void forget_files(xp_session *s) {
    for (int i = 0; i < s->n_files; i++) {
        free((void *)s->files[i].name);
        free((void *)s->files[i].data);
    }
    free(s->files);
    s->files = NULL;
    s->n_files = 0;
}

/* The entry of that name, made when there is none; NULL without memory. */
static xp_file_entry *file_entry(xp_session *s, const char *name) {
    for (int i = 0; i < s->n_files; i++)
        if (!strcmp(s->files[i].name, name)) return &s->files[i];
    xp_file_entry *grown = realloc(s->files, ((size_t)s->n_files + 1) * sizeof *grown);
    if (!grown) return NULL;
    s->files = grown;
    char *copy = strdup(name);
    if (!copy) return NULL;
    grown[s->n_files] = (xp_file_entry){.name = copy};
    return &grown[s->n_files++];
}

int xp_wasm_add_file(xp_session *s, const char *name, uint8_t *bytes, size_t size) {
    if (!name) {
        forget_files(s);
        return XP_OK;
    }
    xp_file_entry *f = file_entry(s, name);
    if (!f) {
        free(bytes);
        return xp_fail(&s->error, XP_ERR_MEMORY, "no memory for the file %s", name);
    }
    free((void *)f->data);
    f->data = bytes;
    f->size = size;
    return XP_OK;
}

/* ---- the session ------------------------------------------------------------------------------
 */

static void drop_analysis(xp_session *s) {
    if (s->has_analysis) xp_analysis_free(&s->analysis);
    xp_evidence_free(&s->evidence);
    free(s->cams);
    s->cams = NULL;
    s->has_analysis = false;
}

static void drop_filtered(xp_session *s) {
    for (int i = 0; s->filtered && i < s->record.n_leads; i++) free(s->filtered[i]);
    free(s->filtered);
    s->filtered = NULL;
}

static void drop_record(xp_session *s) {
    drop_analysis(s);
    drop_filtered(s);
    xp_display_free(&s->drawing);
    if (s->has_record) xp_record_free(&s->record);
    s->has_record = false;
}

static void drop_model(xp_session *s) {
    drop_analysis(s);
    xp_net_free(s->net);
    s->net = NULL;
    if (s->has_model) xp_model_free(&s->model);
    s->has_model = false;
}

xp_session *xp_wasm_open(void) {
    return calloc(1, sizeof(xp_session));
}

void xp_wasm_close(xp_session *s) {
    if (!s) return;
    drop_record(s);
    drop_model(s);
    forget_files(s);
    free(s->text);
    free(s);
}

/* ---- record -----------------------------------------------------------------------------------
 */

int xp_wasm_open_record(xp_session *s, const char *name) {
    xp_file_table table = {s->files, s->n_files};
    xp_file_source source = xp_file_table_source(&table);
    xp_wfdb w;
    drop_record(s);
    XP_TRY(xp_wfdb_read(&w, name, &source, &s->error));
    xp_status status = xp_wfdb_to_record(&s->record, &w, &s->error);
    xp_wfdb_free(&w);
    s->has_record = status == XP_OK;
    return status;
}

/* What prepare.h needs to know of the record's standard leads, each once. */
static xp_input_spec display_spec(const xp_record *r, char (*names)[16]) {
    xp_input_spec spec = {.leads = (const char(*)[16])names, .rate = r->rate, .length = (int)r->n};
    bool have[XP_LEAD_COUNT] = {false};
    for (int i = 0; i < r->n_leads; i++) {
        xp_lead_id id = r->leads[i].id;
        if (id == XP_LEAD_NONE || have[id]) continue;
        have[id] = true;
        memcpy(names[spec.n_leads], r->leads[i].name, sizeof *names - 1);
        names[spec.n_leads++][sizeof *names - 1] = '\0';
    }
    return spec;
}

/* Column c of the prepared signal, as long as the record, with its gaps. NULL without memory. */
static float *filtered_lead(const xp_input *in, int c, const xp_lead *lead, int64_t n) {
    float *y = malloc((size_t)n * sizeof *y);
    for (int64_t t = 0; y && t < n; t++)
        y[t] = isfinite(lead->mv[t]) ? in->x[(size_t)t * (size_t)in->n_leads + (size_t)c]
                                     : lead->mv[t];
    return y;
}

int xp_wasm_filter(xp_session *s, double low, double high, double notch) {
    char names[XP_LEAD_COUNT][16];
    xp_record *r = &s->record;
    xp_input in;
    if (!s->has_record) return xp_fail(&s->error, XP_ERR_USAGE, "no record is open");
    drop_filtered(s);
    if (r->n > INT32_MAX) return xp_fail(&s->error, XP_ERR_LIMIT, "too long to be filtered");
    xp_input_spec spec = display_spec(r, names);
    if (!spec.n_leads)
        return xp_fail(&s->error, XP_ERR_LEAD_UNKNOWN, "none of the twelve leads is in the record");
    xp_prepare_options opt = {low, high, notch, .accept_amplitude = true};
    XP_TRY(xp_prepare(&in, r, &spec, &opt, &s->error));
    s->filtered = calloc((size_t)r->n_leads, sizeof *s->filtered);
    bool ok = s->filtered != NULL;
    for (int i = 0, c = 0; ok && i < r->n_leads && c < spec.n_leads; i++) {
        if (strcmp(r->leads[i].name, names[c]) != 0) continue;
        s->filtered[i] = filtered_lead(&in, c++, &r->leads[i], r->n);
        ok = s->filtered[i] != NULL;
    }
    xp_input_free(&in);
    if (ok) return XP_OK;
    drop_filtered(s);
    return xp_fail(&s->error, XP_ERR_MEMORY, "no memory for the filtered leads");
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

int xp_wasm_draw(xp_session *s, const char *request, const float *values, size_t n_values) {
    xp_display made = {0};
    if (!s->has_record) return xp_fail(&s->error, XP_ERR_USAGE, "no record is open");
    XP_TRY(xp_draw_request(&made, &s->record, s->filtered, request, values, n_values, &s->error));
    xp_display_free(&s->drawing);
    s->drawing = made;
    return XP_OK;
}

const void *xp_wasm_drawing(const xp_session *s, int part) {
    const xp_display *d = &s->drawing;
    const void *const parts[] = {d->ops, d->points, d->colors, d->text, d->strips};
    return part >= 0 && part <= XP_DRAWING_STRIPS ? parts[part] : NULL;
}

static cJSON *drawing_json(const xp_display *d) {
    const size_t counts[] = {d->n_ops, d->n_points, d->n_colors, d->n_text, d->n_strips};
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "width", d->width);
    cJSON_AddNumberToObject(o, "height", d->height);
    cJSON_AddNumberToObject(o, "paper", d->paper);
    cJSON *list = cJSON_AddArrayToObject(o, "counts");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)counts[i]));
    return o;
}

/* ---- model ------------------------------------------------------------------------------------
 */

static xp_status choose_layer(int *layer, const xp_graph *g, const char *name, xp_error *err) {
    if (!name || !*name) {
        *layer = xp_gradcam_default_layer(g);
        return XP_OK;
    }
    int op = xp_graph_find(g, name);
    if (op < 0 || !g->ops[op].is_sequence)
        return xp_fail(err, XP_ERR_USAGE, "the model has no layer %s that runs over time", name);
    *layer = op;
    return XP_OK;
}

/* A net that can explain op; the one before goes first, for there is memory for one. */
static xp_status plan_net(xp_session *s, int op) {
    if (s->net && s->planned == op) return XP_OK;
    xp_net_free(s->net);
    s->net = NULL;
    xp_net_options opt = xp_net_explaining(op);
    XP_TRY(xp_net_bytes(&s->model, &opt, &s->net_bytes, &s->error));
    s->planned = op;
    return xp_net_create(&s->net, &s->model, &opt, &s->error);
}

static xp_status make_net(xp_session *s, const char *layer) {
    XP_TRY(choose_layer(&s->layer, &s->model.graph, layer, &s->error));
    return plan_net(s, s->layer);
}

int xp_wasm_load_model(xp_session *s, uint8_t *bytes, size_t size, const char *layer) {
    drop_model(s);
    xp_status status = xp_model_read(&s->model, (xp_bytes){bytes, size}, &s->error);
    free(bytes);
    if (status != XP_OK) return status;
    s->has_model = true;
    status = make_net(s, layer);
    if (status != XP_OK) drop_model(s);
    return status;
}

int xp_wasm_choose_layer(xp_session *s, const char *layer) {
    if (!s->has_model) return xp_fail(&s->error, XP_ERR_USAGE, "no model is loaded");
    drop_analysis(s);
    xp_status status = make_net(s, layer);
    if (status != XP_OK) drop_model(s);
    return status;
}

/* ---- analysis ---------------------------------------------------------------------------------
 */

static xp_status normalise_maps(xp_session *s) {
    const xp_analysis *a = &s->analysis;
    int n = a->n_windows * a->n_maps;
    if (!n) return XP_OK;
    s->cams = malloc((size_t)n * sizeof *s->cams);
    if (!s->cams) return xp_fail(&s->error, XP_ERR_MEMORY, "no memory for %d maps", n);
    for (int i = 0; i < n; i++)
        s->cams[i] =
            xp_gradcam_normalise(a->maps + (size_t)i * (size_t)a->map_length, a->map_length);
    return XP_OK;
}

int xp_wasm_analyse(xp_session *s, int flags) {
    drop_analysis(s);
    if (!s->has_record) return xp_fail(&s->error, XP_ERR_USAGE, "no record is open");
    if (!s->has_model) return xp_fail(&s->error, XP_ERR_USAGE, "no model is loaded");
    xp_explain_options opt = {
        .prepare.accept_amplitude = (flags & XP_ANALYSE_ACCEPT_AMPLITUDE) != 0,
        .prepare.accept_missing_leads = (flags & XP_ANALYSE_ACCEPT_MISSING_LEADS) != 0,
        .layer = flags & XP_ANALYSE_NO_MAPS ? -1 : s->layer,
        .label = -1};
    XP_TRY(plan_net(s, s->layer));
    XP_TRY(xp_explain(&s->analysis, &s->record, &s->model, s->net, &opt, &s->error));
    s->has_analysis = true;
    xp_status status = normalise_maps(s);
    if (status != XP_OK) drop_analysis(s);
    return status;
}

#ifdef XP_PAGE_MODULE
__attribute__((import_module("env"), import_name("xp_wasm_progress"))) void
xp_wasm_progress(int done, int total);
static bool tell_progress(void *ctx, int done, int total) {
    (void)ctx;
    xp_wasm_progress(done, total);
    return true; /* who wants it stopped ends the worker */
}
#else
static const xp_progress_fn tell_progress = NULL;
#endif

int xp_wasm_attribute(xp_session *s, int method, int window, int label) {
    xp_evidence made;
    if (!s->has_analysis) return xp_fail(&s->error, XP_ERR_USAGE, "nothing was analysed");
    if (method != XP_EVIDENCE_OCCLUSION && method != XP_EVIDENCE_GRADIENTS)
        return xp_fail(&s->error, XP_ERR_USAGE, "there is no method %d", method);
    xp_evidence_options opt = {(xp_evidence_method)method, window, label, {tell_progress, NULL}};
    int op = xp_evidence_layer(opt.method);
    XP_TRY(plan_net(s, op < 0 ? s->planned : op));
    XP_TRY(xp_evidence_make(&made, &s->analysis, &s->record, &s->model, s->net, &opt, &s->error));
    xp_evidence_free(&s->evidence);
    s->evidence = made;
    return XP_OK;
}

static const float *evidence_of(const xp_evidence *e, int label) {
    int k = label - e->first_label;
    if (!e->values || k < 0 || k >= e->n_labels) return NULL;
    return e->values + (size_t)k * (size_t)e->n_leads * (size_t)e->steps;
}

const float *xp_wasm_floats(const xp_session *s, int kind, int index) {
    if (index < 0) return NULL;
    if (kind == XP_FLOATS_LEAD)
        return s->has_record && index < s->record.n_leads ? s->record.leads[index].mv : NULL;
    if (kind == XP_FLOATS_FILTERED)
        return s->filtered && index < s->record.n_leads ? s->filtered[index] : NULL;
    if (kind == XP_FLOATS_EVIDENCE) return evidence_of(&s->evidence, index);
    const xp_analysis *a = &s->analysis;
    if (!s->has_analysis || index >= a->n_windows) return NULL;
    if (kind == XP_FLOATS_LOGITS) return a->logits + (size_t)index * (size_t)a->n_labels;
    if (kind == XP_FLOATS_PROBABILITIES)
        return a->probabilities + (size_t)index * (size_t)a->n_labels;
    if (kind == XP_FLOATS_MAPS && a->n_maps)
        return a->maps + (size_t)index * (size_t)a->n_maps * (size_t)a->map_length;
    return NULL;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static void add_notices(cJSON *o, const xp_notices *list) {
    cJSON *array = cJSON_AddArrayToObject(o, "notices");
    for (int i = 0; i < list->n; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "code", xp_notice_name(list->items[i].code));
        cJSON_AddStringToObject(item, "lead", list->items[i].lead);
        cJSON_AddStringToObject(item, "text", list->items[i].text);
        cJSON_AddItemToArray(array, item);
    }
}

static cJSON *about_json(void) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "version", XP_VERSION);
    cJSON_AddStringToObject(o, "kernels", xp_kernels_best()->name);
    cJSON_AddStringToObject(o, "modelFormat", XP_MODEL_FORMAT_VERSION);
    return o;
}

static cJSON *error_json(const xp_error *e) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "code", xp_status_name(e->code));
    cJSON_AddStringToObject(o, "text", e->text);
    return o;
}

static cJSON *record_json(const xp_record *r) {
    cJSON *o = cJSON_CreateObject();
    char sex[2] = {r->sex, 0};
    cJSON_AddStringToObject(o, "name", r->name);
    cJSON_AddNumberToObject(o, "rate", r->rate);
    cJSON_AddNumberToObject(o, "samples", (double)r->n);
    cJSON_AddNumberToObject(o, "age", r->age);
    cJSON_AddStringToObject(o, "sex", sex);
    cJSON_AddStringToObject(o, "dx", r->dx);
    cJSON *leads = cJSON_AddArrayToObject(o, "leads");
    for (int i = 0; i < r->n_leads; i++) {
        const xp_lead *l = &r->leads[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", l->name);
        cJSON_AddBoolToObject(item, "derived", l->derived);
        cJSON_AddBoolToObject(item, "calibrated", l->calibrated);
        cJSON_AddNumberToObject(item, "missing", (double)l->n_missing);
        cJSON_AddItemToArray(leads, item);
    }
    add_notices(o, &r->notices);
    return o;
}

static cJSON *model_label_json(const xp_label *l) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", l->name);
    cJSON_AddStringToObject(o, "longName", l->long_name);
    cJSON_AddNumberToObject(o, "threshold", l->threshold);
    cJSON_AddStringToObject(o, "thresholdSource", l->threshold_source);
    cJSON_AddNumberToObject(o, "auroc", l->auroc);
    cJSON_AddNumberToObject(o, "aurocLow", l->auroc_low);
    cJSON_AddNumberToObject(o, "aurocHigh", l->auroc_high);
    cJSON_AddNumberToObject(o, "positives", l->n_positive < 0 ? NAN : l->n_positive);
    return o;
}

static void add_meta(cJSON *o, const xp_model *m) {
    cJSON *list = cJSON_AddArrayToObject(o, "meta");
    for (int i = 0; i < m->n_meta; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "key", m->meta[i].key);
        cJSON_AddStringToObject(item, "value", m->meta[i].value);
        cJSON_AddItemToArray(list, item);
    }
}

static cJSON *model_json(const xp_session *s) {
    const xp_model *m = &s->model;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", m->name);
    cJSON_AddStringToObject(o, "architecture", m->architecture);
    cJSON_AddBoolToObject(o, "trained", m->trained);
    cJSON_AddNumberToObject(o, "rate", m->rate);
    cJSON_AddNumberToObject(o, "length", m->length);
    cJSON_AddNumberToObject(o, "bytes", (double)s->net_bytes);
    cJSON *leads = cJSON_AddArrayToObject(o, "leads");
    for (int i = 0; i < m->n_leads; i++)
        cJSON_AddItemToArray(leads, cJSON_CreateString(m->leads[i]));
    cJSON_AddStringToObject(o, "layer", s->layer < 0 ? "" : m->graph.ops[s->layer].name);
    cJSON *layers = cJSON_AddArrayToObject(o, "layers");
    for (int i = 1; i < m->graph.n_ops; i++)
        if (m->graph.ops[i].is_sequence)
            cJSON_AddItemToArray(layers, cJSON_CreateString(m->graph.ops[i].name));
    cJSON *labels = cJSON_AddArrayToObject(o, "labels");
    for (int i = 0; i < m->n_labels; i++)
        cJSON_AddItemToArray(labels, model_label_json(&m->labels[i]));
    add_meta(o, m);
    return o;
}

/* Seconds that one step of the map lasts. */
static double map_step(const xp_session *s) {
    const xp_analysis *a = &s->analysis;
    return a->map_length ? s->model.length / s->model.rate / a->map_length : 0;
}

static cJSON *map_json(const xp_session *s, int window, int label) {
    const xp_analysis *a = &s->analysis;
    size_t i = (size_t)window * (size_t)a->n_maps + (size_t)label;
    xp_interval found[INTERVALS_MAX];
    int n = xp_map_intervals(a->maps + i * (size_t)a->map_length, a->map_length, map_step(s),
                             INTERVAL_LEVEL, INTERVAL_JOIN_SECONDS, found, INTERVALS_MAX);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "positive", s->cams[i].positive);
    cJSON_AddNumberToObject(o, "max", s->cams[i].max_raw);
    cJSON *intervals = cJSON_AddArrayToObject(o, "intervals");
    for (int k = 0; k < n; k++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "start", found[k].start);
        cJSON_AddNumberToObject(item, "end", found[k].end);
        cJSON_AddNumberToObject(item, "peak", found[k].peak);
        cJSON_AddItemToArray(intervals, item);
    }
    return o;
}

static cJSON *label_json(const xp_session *s, int label) {
    const xp_analysis *a = &s->analysis;
    int window;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", s->model.labels[label].name);
    cJSON_AddNumberToObject(o, "probability", xp_analysis_probability(a, label, &window));
    cJSON_AddNumberToObject(o, "window", window);
    cJSON *maps = cJSON_AddArrayToObject(o, "maps");
    for (int w = 0; w < a->n_windows && a->n_maps; w++)
        cJSON_AddItemToArray(maps, map_json(s, w, label));
    return o;
}

static cJSON *analysis_json(const xp_session *s) {
    const xp_analysis *a = &s->analysis;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "rate", a->input.rate);
    cJSON_AddNumberToObject(o, "mapLength", a->map_length);
    cJSON_AddNumberToObject(o, "step", map_step(s));
    cJSON *windows = cJSON_AddArrayToObject(o, "windows");
    for (int w = 0; w < a->n_windows; w++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "start", (double)a->input.start[w] / a->input.rate);
        cJSON_AddNumberToObject(item, "seconds", (double)a->input.valid[w] / a->input.rate);
        cJSON_AddItemToArray(windows, item);
    }
    cJSON *labels = cJSON_AddArrayToObject(o, "labels");
    for (int i = 0; i < a->n_labels; i++) cJSON_AddItemToArray(labels, label_json(s, i));
    add_notices(o, &a->input.notices);
    return o;
}

static cJSON *integration_json(const xp_ig_info *i) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "logit", i->logit);
    cJSON_AddNumberToObject(o, "baseline", i->baseline_logit);
    cJSON_AddNumberToObject(o, "sum", i->sum);
    cJSON_AddNumberToObject(o, "residual", i->residual);
    cJSON_AddNumberToObject(o, "steps", i->steps);
    cJSON_AddBoolToObject(o, "complete", i->complete);
    return o;
}

static cJSON *evidence_json(const xp_evidence *e) {
    bool integrated = e->method == XP_EVIDENCE_GRADIENTS;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "firstLabel", e->first_label);
    cJSON_AddNumberToObject(o, "labels", e->n_labels);
    cJSON_AddNumberToObject(o, "leads", e->n_leads);
    cJSON_AddNumberToObject(o, "steps", e->steps);
    cJSON_AddNumberToObject(o, "step", e->step);
    cJSON_AddItemToObject(o, "integration",
                          integrated ? integration_json(&e->ig) : cJSON_CreateNull());
    return o;
}

static cJSON *part_json(const xp_session *s, int kind) {
    if (kind == XP_TEXT_ABOUT) return about_json();
    if (kind == XP_TEXT_ERROR) return error_json(&s->error);
    if (kind == XP_TEXT_RECORD && s->has_record) return record_json(&s->record);
    if (kind == XP_TEXT_MODEL && s->has_model) return model_json(s);
    if (kind == XP_TEXT_ANALYSIS && s->has_analysis) return analysis_json(s);
    if (kind == XP_TEXT_DRAWING && s->drawing.n_ops) return drawing_json(&s->drawing);
    if (kind == XP_TEXT_EVIDENCE && s->evidence.values) return evidence_json(&s->evidence);
    return cJSON_CreateNull();
}

const char *xp_wasm_text(xp_session *s, int kind) {
    cJSON *o = part_json(s, kind);
    free(s->text);
    s->text = o ? cJSON_PrintUnformatted(o) : NULL;
    cJSON_Delete(o);
    return s->text ? s->text : "null";
}

/* ---- self-test --------------------------------------------------------------------------------
 */

enum { SELF_TEST_LABELS = 2 };

/* Logits of a small network with seeded weights on a fixed signal; false when there is no memory.
 */
static bool run_small(float *logits, xp_error *err) {
    static const char *const labels[SELF_TEST_LABELS] = {"a", "b"};
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = 250,
                          .n_leads = 12,
                          .rate = 500,
                          .n_labels = SELF_TEST_LABELS,
                          .labels = labels,
                          .n_blocks = 2,
                          .filters = {6, 10}};
    xp_model m;
    xp_net *net = NULL;
    if (xp_model_build(&m, &cfg, 1, err) != XP_OK) return false;
    float *x = malloc((size_t)cfg.length * (size_t)cfg.n_leads * sizeof *x);
    bool ok = x && xp_net_create(&net, &m, NULL, err) == XP_OK;
    if (ok) {
        for (int i = 0; i < cfg.length * cfg.n_leads; i++)
            x[i] = sinf((float)(i % 251)) * (1 + (float)(i % 12));
        xp_net_forward(net, x);
        memcpy(logits, xp_net_logits(net), SELF_TEST_LABELS * sizeof *logits);
    }
    free(x);
    xp_net_free(net);
    xp_model_free(&m);
    return ok;
}

/* Against what the direct convolution gave natively (xp_net_options.reference): an engine that
 * breaks every loop of a module alike is found too. */
int xp_wasm_self_test(xp_session *s) {
    static const float stored[SELF_TEST_LABELS] = {-4.09715462F, 7.7971673F};
    float logits[SELF_TEST_LABELS];
    if (!run_small(logits, &s->error)) return s->error.code;
    for (int i = 0; i < SELF_TEST_LABELS; i++)
        if (!(fabsf(logits[i] - stored[i]) <= 1e-4f * (1 + fabsf(stored[i]))))
            return xp_fail(&s->error, XP_ERR_INTERNAL,
                           "self-test: the %s kernels give %g where %g is right",
                           xp_kernels_best()->name, (double)logits[i], (double)stored[i]);
    return XP_OK;
}
