#include "wasm_api.h"

#include "base/sha256.h"
#include "draw_request.h"
#include "ecg/leads.h"
#include "ecg/record_bytes.h"
#include "explain.h"
#include "kernels/kernels.h"
#include "lead_attribution.h"
#include "measure_words.h"
#include "nn/model.h"
#include "nn/model_file.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct xp_session {
    bool has_record, has_model, has_analysis;
    xp_record record;
    char *record_name; /* as it was opened; owned */
    xp_model model;
    char sha256[65]; /* of the model's file */
    xp_net *net;
    int layer;   /* op index that is to be explained, or -1 */
    int planned; /* op index that the net can explain, or -1 */
    size_t net_bytes;
    xp_analysis analysis;         /* maps normalised in place */
    xp_notices refused;           /* leads of it that are not to be believed */
    xp_lead_attribution evidence; /* of the analysis */
    char *text;                   /* the last one asked for; owned */
    float **filtered;             /* (leads) NULL, or (n) mV; owned */
    xp_display drawing;
    xp_error error;
};

/* ---- the session ------------------------------------------------------------------------------
 */

static void drop_analysis(xp_session *s) {
    if (s->has_analysis) xp_analysis_free(&s->analysis);
    xp_notices_free(&s->refused);
    xp_lead_attribution_free(&s->evidence);
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
    free(s->record_name);
    s->record_name = NULL;
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
    free(s->text);
    free(s);
}

/* ---- record -----------------------------------------------------------------------------------
 */

int xp_wasm_take_record(xp_session *s, const char *name, uint8_t *bytes, size_t size) {
    drop_record(s);
    xp_status status = xp_record_from_bytes(&s->record, (xp_bytes){bytes, size}, &s->error);
    free(bytes);
    if (status != XP_OK) return status;
    s->has_record = true;
    status = xp_leads_complete(&s->record, &s->error);
    s->record_name = strdup(name);
    if (status == XP_OK && !s->record_name)
        status = xp_fail(&s->error, XP_ERR_MEMORY, "no memory for the name of a record");
    if (status != XP_OK) drop_record(s);
    return status;
}

enum { MAX_FILTERED = 40 }; /* more than a record has */

/* What prepare.h needs to know of the record's leads. */
static xp_input_spec display_spec(const xp_record *r, char (*names)[16]) {
    xp_input_spec spec = {.leads = (const char(*)[16])names, .rate = r->rate, .length = (int)r->n};
    for (int i = 0; i < r->n_leads && i < MAX_FILTERED; i++) {
        const xp_lead *l = &r->leads[i];
        if (l->n_missing == r->n || strlen(l->name) >= sizeof *names) continue;
        memcpy(names[spec.n_leads], l->name, sizeof *names - 1);
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
    char names[MAX_FILTERED][16];
    xp_record *r = &s->record;
    xp_input in;
    if (!s->has_record) return xp_fail(&s->error, XP_ERR_USAGE, "no record is open");
    drop_filtered(s);
    if (r->n > INT32_MAX) return xp_fail(&s->error, XP_ERR_LIMIT, "too long to be filtered");
    xp_input_spec spec = display_spec(r, names);
    if (!spec.n_leads)
        return xp_fail(&s->error, XP_ERR_LEAD_UNKNOWN, "no lead of the record can be filtered");
    xp_prepare_options opt = {low, high, notch, .accept_amplitude = true, .accept_checksums = true};
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
    return part >= 0 && part < XP_DRAWING_COUNT ? parts[part] : NULL;
}

static cJSON *drawing_json(const xp_display *d) {
    const size_t counts[] = {d->n_ops, d->n_points, d->n_colors, d->n_text, d->n_strips};
    cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        xp_json_append(list, xp_json_integer((int64_t)counts[i]));
    xp_json_add(o, "width", xp_json_number((double)d->width));
    xp_json_add(o, "height", xp_json_number((double)d->height));
    xp_json_add(o, "paper", xp_json_integer(d->paper));
    xp_json_add(o, "counts", list);
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
    if (status == XP_OK) xp_sha256_hex((xp_bytes){bytes, size}, s->sha256);
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

int xp_wasm_operate_at(xp_session *s, const char *point) {
    const int p = xp_operating_point_find(point);
    if (!s->has_model) return xp_fail(&s->error, XP_ERR_USAGE, "no model is loaded");
    if (p < 0 || !xp_model_can_operate_at(&s->model, (xp_operating_point)p))
        return xp_fail(&s->error, XP_ERR_USAGE, "the model has no thresholds of the kind %s",
                       point);
    drop_analysis(s);
    xp_model_operate_at(&s->model, (xp_operating_point)p);
    return XP_OK;
}

/* ---- analysis ---------------------------------------------------------------------------------
 */

static xp_status judge(xp_session *s) {
    return xp_judge_and_note(&s->refused, &s->record, &s->analysis.input.notices,
                             (const char(*)[16])s->model.leads, s->model.n_leads, &s->error);
}

int xp_wasm_analyse(xp_session *s, int flags) {
    drop_analysis(s);
    if (!s->has_record) return xp_fail(&s->error, XP_ERR_USAGE, "no record is open");
    if (!s->has_model) return xp_fail(&s->error, XP_ERR_USAGE, "no model is loaded");
    xp_explain_options opt = {
        .prepare.accept_amplitude = (flags & XP_ANALYSE_ACCEPT_AMPLITUDE) != 0,
        .prepare.accept_missing_leads = (flags & XP_ANALYSE_ACCEPT_MISSING_LEADS) != 0,
        .prepare.accept_checksums = (flags & XP_ANALYSE_ACCEPT_CHECKSUMS) != 0,
        .layer = flags & XP_ANALYSE_NO_MAPS ? -1 : s->layer,
        .label = -1};
    XP_TRY(plan_net(s, s->layer));
    XP_TRY(xp_explain(&s->analysis, &s->record, &s->model, s->net, &opt, &s->error));
    s->has_analysis = true;
    xp_status status = xp_analysis_normalise(&s->analysis, &s->error);
    if (status == XP_OK) status = judge(s);
    if (status != XP_OK) drop_analysis(s);
    return status;
}

#ifdef XP_PAGE_MODULE
__attribute__((import_module("env"), import_name("xp_wasm_progress"))) void
xp_wasm_progress(int done, int total);
static bool report_progress(void *ctx, int done, int total) {
    (void)ctx;
    xp_wasm_progress(done, total);
    return true; /* who wants it stopped ends the worker */
}
#else
static const xp_progress_fn report_progress = NULL;
#endif

int xp_wasm_attribute(xp_session *s, int method, int window, int label) {
    xp_lead_attribution made;
    if (!s->has_analysis) return xp_fail(&s->error, XP_ERR_USAGE, "nothing was analysed");
    if (method != XP_ATTRIBUTION_OCCLUSION && method != XP_ATTRIBUTION_INTEGRATED_GRADIENTS)
        return xp_fail(&s->error, XP_ERR_USAGE, "there is no method %d", method);
    xp_lead_attribution_options opt = {
        (xp_lead_attribution_method)method, window, label, {report_progress, NULL}};
    int op = xp_lead_attribution_layer(opt.method);
    XP_TRY(plan_net(s, op < 0 ? s->planned : op));
    XP_TRY(xp_lead_attribution_make(&made, &s->analysis, &s->record, &s->model, s->net, &opt,
                                    &s->error));
    xp_lead_attribution_free(&s->evidence);
    s->evidence = made;
    return XP_OK;
}

static const float *evidence_of(const xp_lead_attribution *e, int label) {
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
    if (kind == XP_FLOATS_MAPS && a->n_maps)
        return a->maps + (size_t)index * (size_t)a->n_maps * (size_t)a->map_length;
    return NULL;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static cJSON *about_json(void) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "version", xp_json_text(XP_VERSION));
    xp_json_add(o, "kernels", xp_json_text(xp_kernels_best()->name));
    xp_json_add(o, "modelFormat", xp_json_text(XP_MODEL_FORMAT_VERSION));
    return o;
}

static xp_report_evidence described(const xp_lead_attribution *e) {
    static const char *const METHODS[] = {
#define X(id, name) name,
        XP_ATTRIBUTION_LIST(X)
#undef X
    };
    return (xp_report_evidence){.method = METHODS[e->method],
                                .baseline = "zero",
                                .segment_s = e->step,
                                .segments = e->steps,
                                .first_label = e->first_label,
                                .n_labels = e->n_labels};
}

/* The document of the analysis; evidence: with the evidence that was made last. */
static cJSON *report_json(const xp_session *s, bool evidence) {
    const xp_lead_attribution *e = &s->evidence;
    const bool ig = e->method == XP_ATTRIBUTION_INTEGRATED_GRADIENTS;
    xp_notices notices = {0};
    xp_report_gather(&notices, &s->model, &s->record.notices, &s->analysis);
    xp_notices_append(&notices, &s->refused);
    xp_report r = {.record = s->record_name,
                   .model = &s->model,
                   .model_sha256 = s->sha256,
                   .analysis = &s->analysis,
                   .notices = &notices,
                   .label = evidence && ig ? e->first_label : -1};
    cJSON *o;
    if (evidence) {
        const xp_report_evidence part = described(e);
        cJSON *made = xp_report_evidence_begin(&part);
        xp_report_evidence_window(made, &part, &r, e->window, e->rows, ig ? &e->ig : NULL);
        o = xp_report_evidence_end(&r, made);
    } else if (s->analysis.n_maps) {
        const xp_report_maps_options opt = {.layer = s->model.graph.ops[s->layer].name,
                                            .no_values = true};
        o = xp_report_maps(&r, &opt);
    } else {
        o = xp_report_prediction(&r);
    }
    xp_notices_free(&notices);
    return o;
}

static cJSON *part_json(const xp_session *s, int kind) {
    if (kind == XP_TEXT_ABOUT) return about_json();
    if (kind == XP_TEXT_ERROR) return xp_report_error(&s->error);
    if (kind == XP_TEXT_RECORD && s->has_record) return xp_report_recording(&s->record);
    if (kind == XP_TEXT_MODEL && s->has_model)
        return xp_report_loaded(&s->model, s->sha256, s->layer, s->net_bytes);
    if (kind == XP_TEXT_REPORT && s->has_analysis) return report_json(s, false);
    if (kind == XP_TEXT_DRAWING && s->drawing.n_ops) return drawing_json(&s->drawing);
    if (kind == XP_TEXT_EVIDENCE && s->evidence.values) return report_json(s, true);
    return cJSON_CreateNull();
}

const char *xp_wasm_text(xp_session *s, int kind) {
    cJSON_free(s->text);
    s->text = xp_json_print(part_json(s, kind));
    return s->text;
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
