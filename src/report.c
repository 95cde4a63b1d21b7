#include "report.h"

#include "base/statements.h"
#include "nn/meaning.h"

#include <math.h>

/* ==== what documents share =================================================================== */

cJSON *xp_report_begin(const char *record) {
    cJSON *o = cJSON_CreateObject();
    if (record) xp_json_add(o, "record", xp_json_text(record));
    xp_json_add(o, "disclaimer", xp_json_text(XP_DISCLAIMER));
    return o;
}

cJSON *xp_report_error(const xp_error *err) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "code", xp_json_text(xp_status_name(err->code)));
    xp_json_add(o, "text", xp_json_text(err->text));
    return o;
}

cJSON *xp_report_failure(const char *record, const xp_error *err) {
    cJSON *o = xp_report_begin(record);
    xp_json_add(o, "error", xp_report_error(err));
    return o;
}

cJSON *xp_report_model(const xp_model *m, const char *sha256) {
    cJSON *o = cJSON_CreateObject(), *assumed = cJSON_CreateArray();
    xp_json_add(o, "name", xp_json_text(m->name));
    xp_json_add(o, "sha256", xp_json_text_or_null(sha256));
    xp_json_add(o, "architecture", xp_json_text(m->architecture));
    xp_json_add(o, "trained", cJSON_CreateBool(m->trained));
    xp_json_add(o, "outputs",
                xp_json_text(xp_model_gives_probabilities(m) ? "probabilities" : "scores"));
    for (int i = 0; i < XP_N_ASSUMED; i++)
        if (xp_model_assumed(m) & 1u << i)
            xp_json_append(assumed, xp_json_text(xp_assumed_name((xp_assumed)i)));
    xp_json_add(o, "assumed", assumed);
    xp_json_add(o, "operating_point", xp_json_text(xp_operating_point_name(m->point)));
    return o;
}

static void add_count(cJSON *o, const char *key, int n) {
    xp_json_add(o, key, n >= 0 ? xp_json_integer(n) : cJSON_CreateNull());
}

static cJSON *point_json(xp_operating_point point, double threshold, const char *source, int found,
                         int false_alarms) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(xp_operating_point_name(point)));
    xp_json_add(o, "threshold", xp_json_number(threshold));
    xp_json_add(o, "threshold_source", xp_json_text_or_null(source));
    add_count(o, "found", found);
    add_count(o, "false_alarms", false_alarms);
    return o;
}

/* Both, the balanced one first, whichever is in use; a point without threshold is left out. */
static cJSON *points_json(const xp_label *l, xp_operating_point used) {
    cJSON *list = cJSON_CreateArray();
    for (int k = 0; k < XP_OPERATING_POINTS; k++) {
        const bool first = (xp_operating_point)k == used;
        const double threshold = first ? l->threshold : l->specific_threshold;
        if (!isnan(threshold))
            xp_json_append(list, point_json((xp_operating_point)k, threshold,
                                            first ? l->threshold_source : l->specific_source,
                                            first ? l->found : l->specific_found,
                                            first ? l->false_alarms : l->specific_false_alarms));
    }
    return list;
}

cJSON *xp_report_label(const xp_label *l, xp_operating_point point) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(l->name));
    xp_json_add(o, "long_name", xp_json_text(l->long_name));
    xp_json_add(o, "threshold", xp_json_number(l->threshold));
    xp_json_add(o, "threshold_source", xp_json_text_or_null(l->threshold_source));
    xp_json_add(o, "auroc", xp_json_number(l->auroc));
    xp_json_add(o, "auroc_low", xp_json_number(l->auroc_low));
    xp_json_add(o, "auroc_high", xp_json_number(l->auroc_high));
    add_count(o, "n_positive", l->n_positive);
    add_count(o, "n_negative", l->n_negative);
    add_count(o, "found", l->found);
    add_count(o, "false_alarms", l->false_alarms);
    xp_json_add(o, "tested", cJSON_CreateBool(l->n_positive >= XP_LABEL_TESTED));
    xp_json_add(o, "operating_points", points_json(l, point));
    return o;
}

static cJSON *arg_json(const xp_notice_arg *arg) {
    if (arg->is_text) return xp_json_text(arg->text);
    const bool whole = arg->number == floor(arg->number) && fabs(arg->number) < 1e15;
    return whole ? xp_json_integer((int64_t)arg->number) : xp_json_number(arg->number);
}

static cJSON *notice_json(const xp_notices *notices, int i) {
    const xp_notice *n = &notices->items[i];
    char text[XP_NOTICE_TEXT];
    cJSON *o = cJSON_CreateObject(), *leads = cJSON_CreateArray(), *args = cJSON_CreateObject();
    for (int k = n->lead[0] ? i : -1; k >= 0; k = xp_notice_next(notices, i, k))
        xp_json_append(leads, xp_json_text(notices->items[k].lead));
    for (int k = 0; k < n->n_args; k++)
        if (xp_notice_shares(notices, i, &n->args[k]))
            xp_json_add(args, n->args[k].name, arg_json(&n->args[k]));
    xp_json_add(o, "code", xp_json_text(xp_notice_name(n->code)));
    xp_json_add(o, "leads", leads);
    xp_json_add(o, "args", args);
    xp_json_add(o, "text", xp_json_text(xp_notice_text(notices, i, text)));
    return o;
}

cJSON *xp_report_notices(const xp_notices *notices) {
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < notices->n; i++)
        if (xp_notice_is_new(notices, i)) xp_json_append(list, notice_json(notices, i));
    return list;
}

cJSON *xp_report_window(const xp_input *in, int window) {
    cJSON *o = cJSON_CreateObject();
    const double start = (double)in->start[window] / in->rate;
    xp_json_add(o, "start_s", xp_json_number(start));
    xp_json_add(o, "end_s", xp_json_number(start + in->length / in->rate));
    xp_json_add(o, "padded_s", xp_json_number((double)(in->length - in->valid[window]) / in->rate));
    return o;
}

void xp_report_model_notices(xp_notices *out, const xp_model *m) {
    char assumed[160];
    if (!m->trained) xp_notice_add(out, XP_SAY_UNTRAINED, NULL, XP_NO_ARGS);
    if (!xp_model_gives_probabilities(m)) xp_notice_add(out, XP_SAY_SCORES, NULL, XP_NO_ARGS);
    if (xp_model_assumed_text(m, assumed, sizeof assumed)[0])
        xp_notice_add(out, XP_SAY_INPUT_ASSUMED, NULL, XP_ARGS(xp_arg_text("assumed", assumed)));
}

void xp_report_gather(xp_notices *out, const xp_model *m, const xp_notices *recorded,
                      const xp_analysis *a) {
    xp_report_model_notices(out, m);
    if (recorded) xp_notices_append(out, recorded);
    xp_notices_append(out, &a->input.notices);
}

/* ==== an analysis ============================================================================ */

/* What a value of a label is called, and those of all labels. */
static const char *value_key(const xp_model *m) {
    return xp_model_gives_probabilities(m) ? "probability" : "score";
}

static const char *values_key(const xp_model *m) {
    return xp_model_gives_probabilities(m) ? "probabilities" : "scores";
}

static cJSON *value_of(const xp_analysis *a, int window, int label) {
    return xp_json_number(
        (double)a->probabilities[(size_t)window * (size_t)a->n_labels + (size_t)label]);
}

/* A label, and what was found of it in the record. */
static cJSON *label_result(const xp_report *r, int label) {
    const xp_analysis *a = r->analysis;
    const xp_label *l = &r->model->labels[label];
    const double p = (double)xp_analysis_probability(a, label, NULL);
    cJSON *o = xp_report_label(l, r->model->point);
    xp_json_add(o, value_key(r->model), xp_json_number(p));
    xp_json_add(o, "logit", xp_json_number((double)xp_analysis_logit(a, label)));
    xp_json_add(o, "at_or_above_threshold",
                isnan(l->threshold) ? cJSON_CreateNull() : cJSON_CreateBool(p >= l->threshold));
    return o;
}

/* What the documents of an analysis have before the part that is their own. */
static cJSON *begin_result(const xp_report *r) {
    cJSON *o = xp_report_begin(r->record), *labels = cJSON_CreateArray();
    const int from = r->label < 0 ? 0 : r->label;
    const int to = r->label < 0 ? r->model->n_labels : r->label + 1;
    for (int i = from; i < to; i++) xp_json_append(labels, label_result(r, i));
    xp_json_add(o, "model", xp_report_model(r->model, r->model_sha256));
    xp_json_add(o, "labels", labels);
    return o;
}

static cJSON *end_result(cJSON *o, const char *key, cJSON *part, const xp_report *r) {
    xp_json_add(o, key, part);
    xp_json_add(o, "notices", xp_report_notices(r->notices));
    return o;
}

cJSON *xp_report_prediction(const xp_report *r) {
    const xp_analysis *a = r->analysis;
    cJSON *windows = cJSON_CreateArray();
    for (int w = 0; w < a->n_windows; w++) {
        cJSON *o = xp_report_window(&a->input, w), *p = cJSON_CreateArray();
        for (int i = 0; i < a->n_labels; i++) xp_json_append(p, value_of(a, w, i));
        xp_json_add(o, values_key(r->model), p);
        xp_json_append(windows, o);
    }
    return end_result(begin_result(r), "windows", windows, r);
}

/* ---- maps ---- */

static cJSON *strongest_json(const xp_map_summary *map, const xp_input *in, int window) {
    const double start = (double)in->start[window] / in->rate;
    const double recorded = (double)in->valid[window] / in->rate;
    cJSON *list = cJSON_CreateArray();
    for (int k = 0; k < map->n_strongest; k++) {
        const xp_interval *x = &map->strongest[k];
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "start_s", xp_json_number(start + x->start));
        xp_json_add(o, "end_s", xp_json_number(start + x->end));
        xp_json_add(o, "peak", xp_json_number((double)x->peak));
        xp_json_add(o, "in_padding", cJSON_CreateBool(x->start >= recorded));
        xp_json_append(list, o);
    }
    return list;
}

static cJSON *map_json(const xp_report *r, const xp_report_maps_options *opt, int w, int i) {
    const xp_analysis *a = r->analysis;
    const int label = a->first_map_label + i;
    const xp_map_summary map = xp_analysis_map(a, w, i, opt->scratch);
    const float *raw =
        a->maps + ((size_t)w * (size_t)a->n_maps + (size_t)i) * (size_t)a->map_length;
    const float *v = opt->is_signed ? raw : map.values;
    cJSON *o = cJSON_CreateObject(), *values = cJSON_CreateArray();
    for (int k = 0; !opt->no_values && k < a->map_length; k++)
        xp_json_append(values, xp_json_number((double)v[k]));
    xp_json_add(o, "name", xp_json_text(r->model->labels[label].name));
    xp_json_add(o, value_key(r->model), value_of(a, w, label));
    xp_json_add(o, "positive", cJSON_CreateBool(map.info.positive));
    xp_json_add(o, "max_raw", xp_json_number((double)map.info.max_raw));
    xp_json_add(o, "strongest", strongest_json(&map, &a->input, w));
    xp_json_add(o, "values", values);
    if (!map.info.positive) xp_json_add(o, "text", xp_json_text(XP_NO_EVIDENCE));
    return o;
}

cJSON *xp_report_maps(const xp_report *r, const xp_report_maps_options *opt) {
    const xp_analysis *a = r->analysis;
    cJSON *map = cJSON_CreateObject(), *windows = cJSON_CreateArray();
    for (int w = 0; w < a->n_windows; w++) {
        cJSON *window = xp_report_window(&a->input, w), *labels = cJSON_CreateArray();
        for (int i = 0; i < a->n_maps; i++) xp_json_append(labels, map_json(r, opt, w, i));
        xp_json_add(window, "labels", labels);
        xp_json_append(windows, window);
    }
    xp_json_add(map, "layer", xp_json_text(opt->layer));
    xp_json_add(map, "signed", cJSON_CreateBool(opt->is_signed));
    xp_json_add(map, "step_s", xp_json_number(xp_analysis_step(a)));
    xp_json_add(map, "steps", xp_json_integer(a->map_length));
    xp_json_add(map, "text", xp_json_text(XP_MAP_SCOPE));
    xp_json_add(map, "windows", windows);
    return end_result(begin_result(r), "map", map, r);
}

/* ---- evidence by lead ---- */

cJSON *xp_report_evidence_begin(const xp_report_evidence *e) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "method", xp_json_text(e->method));
    xp_json_add(o, "baseline", xp_json_text(e->baseline));
    xp_json_add(o, "unit", xp_json_text("logit"));
    xp_json_add(o, "segment_s", xp_json_number(e->segment_s));
    xp_json_add(o, "segments", xp_json_integer(e->segments));
    xp_json_add(o, "windows", cJSON_CreateArray());
    return o;
}

static cJSON *lead_json(const char *name, const float *v, int n) {
    cJSON *o = cJSON_CreateObject(), *values = cJSON_CreateArray();
    for (int i = 0; i < n; i++) xp_json_append(values, xp_json_number((double)v[i]));
    xp_json_add(o, "lead", xp_json_text(name));
    xp_json_add(o, "values", values);
    return o;
}

static cJSON *completeness_json(const xp_ig_info *info) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "sum", xp_json_number(info->sum));
    xp_json_add(o, "logit", xp_json_number(info->logit));
    xp_json_add(o, "baseline_logit", xp_json_number(info->baseline_logit));
    xp_json_add(o, "residual", xp_json_number(info->residual));
    xp_json_add(o, "steps", xp_json_integer(info->steps));
    xp_json_add(o, "complete", cJSON_CreateBool(info->complete));
    return o;
}

void xp_report_evidence_window(cJSON *evidence, const xp_report_evidence *e, const xp_report *r,
                               int window, const float *values, const xp_ig_info *info) {
    const xp_model *m = r->model;
    cJSON *o = xp_report_window(&r->analysis->input, window), *labels = cJSON_CreateArray();
    for (int i = 0; i < e->n_labels; i++) {
        const int label = e->first_label + i;
        cJSON *item = cJSON_CreateObject(), *leads = cJSON_CreateArray();
        for (int l = 0; l < m->n_leads; l++, values += e->segments)
            xp_json_append(leads, lead_json(m->leads[l], values, e->segments));
        xp_json_add(item, "name", xp_json_text(m->labels[label].name));
        xp_json_add(item, value_key(m), value_of(r->analysis, window, label));
        xp_json_add(item, "leads", leads);
        if (info) xp_json_add(item, "completeness", completeness_json(&info[i]));
        xp_json_append(labels, item);
    }
    xp_json_add(o, "labels", labels);
    xp_json_append(cJSON_GetObjectItemCaseSensitive(evidence, "windows"), o);
}

cJSON *xp_report_evidence_end(const xp_report *r, cJSON *evidence) {
    return end_result(begin_result(r), "evidence", evidence, r);
}

/* ==== for the page =========================================================================== */

static cJSON *recorded_lead(const xp_lead *l) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(l->name));
    xp_json_add(o, "derived", cJSON_CreateBool(l->derived));
    xp_json_add(o, "calibrated", cJSON_CreateBool(l->calibrated));
    xp_json_add(o, "missing", xp_json_integer(l->n_missing));
    return o;
}

static cJSON *statement_json(const xp_statement *s) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(s->name));
    xp_json_add(o, "value", xp_json_number(s->value));
    xp_json_add(o, "unit", xp_json_text(s->unit));
    xp_json_add(o, "text", xp_json_text(s->text));
    return o;
}

void xp_report_add_acquisition(cJSON *o, const xp_facts *f) {
    xp_json_add(o, "start", xp_json_text_or_null(f->start));
    xp_json_add(o, "device", xp_json_text_or_null(f->device));
    xp_json_add(o, "filter", xp_json_text_or_null(f->filter));
    xp_json_add(o, "high_pass", xp_json_number(f->high_pass));
    xp_json_add(o, "low_pass", xp_json_number(f->low_pass));
    xp_json_add(o, "notch", xp_json_number(f->notch));
    xp_json_add(o, "paper_speed", xp_json_number(f->paper_speed));
    xp_json_add(o, "paper_gain", xp_json_number(f->paper_gain));
}

cJSON *xp_report_facts(const xp_facts *f) {
    cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();
    xp_report_add_acquisition(o, f);
    for (int i = 0; i < f->n_statements; i++)
        xp_json_append(list, statement_json(&f->statements[i]));
    xp_json_add(o, "statements", list);
    return o;
}

cJSON *xp_report_recording(const xp_record *rec) {
    cJSON *o = cJSON_CreateObject(), *leads = cJSON_CreateArray();
    const char sex[2] = {rec->facts.sex, 0};
    for (int i = 0; i < rec->n_leads; i++) xp_json_append(leads, recorded_lead(&rec->leads[i]));
    xp_json_add(o, "name", xp_json_text(rec->name));
    xp_json_add(o, "format", xp_json_text_or_null(rec->format));
    xp_json_add(o, "rate", xp_json_number(rec->rate));
    xp_json_add(o, "samples", xp_json_integer(rec->n));
    xp_json_add(o, "age", xp_json_number(rec->facts.age));
    xp_json_add(o, "sex", xp_json_text(sex));
    xp_json_add(o, "dx", xp_json_text(rec->facts.dx));
    xp_json_add(o, "facts", xp_report_facts(&rec->facts));
    xp_json_add(o, "leads", leads);
    xp_json_add(o, "notices", xp_report_notices(&rec->notices));
    return o;
}

static cJSON *meta_json(const xp_model *m) {
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < m->n_meta; i++) {
        cJSON *item = cJSON_CreateObject();
        xp_json_add(item, "key", xp_json_text(m->meta[i].key));
        xp_json_add(item, "value", xp_json_text(m->meta[i].value));
        xp_json_append(list, item);
    }
    return list;
}

cJSON *xp_report_loaded(const xp_model *m, const char *sha256, int layer, size_t bytes) {
    cJSON *o = xp_report_model(m, sha256), *leads = cJSON_CreateArray();
    cJSON *layers = cJSON_CreateArray(), *labels = cJSON_CreateArray();
    for (int i = 0; i < m->n_leads; i++) xp_json_append(leads, xp_json_text(m->leads[i]));
    for (int i = 1; i < m->graph.n_ops; i++)
        if (m->graph.ops[i].is_sequence) xp_json_append(layers, xp_json_text(m->graph.ops[i].name));
    for (int i = 0; i < m->n_labels; i++)
        xp_json_append(labels, xp_report_label(&m->labels[i], m->point));
    xp_json_add(o, "rate", xp_json_number(m->rate));
    xp_json_add(o, "length", xp_json_integer(m->length));
    xp_json_add(o, "bytes", xp_json_integer((int64_t)bytes));
    xp_json_add(o, "leads", leads);
    xp_json_add(o, "layer", xp_json_text(layer < 0 ? "" : m->graph.ops[layer].name));
    xp_json_add(o, "layers", layers);
    xp_json_add(o, "labels", labels);
    xp_json_add(o, "meta", meta_json(m));
    return o;
}
