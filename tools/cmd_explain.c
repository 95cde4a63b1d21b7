/* xplaim explain: what the network found, and where in time, or on which leads, its evidence lies.
 */
#include "analyse.h"
#include "arrays.h"
#include "command.h"
#include "evidence.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_INTERVALS = 3 };
static const float LEVEL = 0.5f; /* of the map's maximum: what counts as strong */
static const double JOIN = 0.1;  /* s: stretches closer than this are told as one */

typedef struct explain_options {
    const char *model, *output, *label, *layer, *method, *baseline;
    double segment;
    bool json, is_signed;
    int threads;
    xp_prepare_options prepare;
} explain_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(explain_options),
    {"label", 0, OPTION_TEXT, "LABEL",
     "explain this one only, by name or by number, the first being 0 (default: all)",
     offsetof(explain_options, label)},
    {"method", 0, OPTION_TEXT, "METHOD",
     "gradcam: when (default); occlusion: which leads; ig: integrated gradients, both",
     offsetof(explain_options, method)},
    {"layer", 0, OPTION_TEXT, "NAME",
     "gradcam: layer of the map (default: the last block's shortcut, else the last convolution)",
     offsetof(explain_options, layer)},
    {"segment", 0, OPTION_NUMBER, "S",
     "occlusion, ig: seconds of a lead that are taken together (default: the whole lead)",
     offsetof(explain_options, segment)},
    {"baseline", 0, OPTION_TEXT, "WHAT",
     "occlusion: what replaces the lead: zero (default), or mean, its own",
     offsetof(explain_options, baseline)},
    OPTION_OUTPUT(explain_options, "MAP.npy", "write the maps, float32"),
    {"signed", 0, OPTION_FLAG, NULL,
     "gradcam: values in MAP.npy and JSON with their sign, not divided by the maximum",
     offsetof(explain_options, is_signed)},
    OPTION_JSON(explain_options),
    OPTION_THREADS(explain_options, "0"),
    OPTIONS_PREPARE(explain_options),
    {0}};

typedef struct explain_state {
    const explain_options *opt;
    const analyser *an;
    float *map;         /* Grad-CAM: (map_length): the normalised map being told */
    evidence *evidence; /* the other methods; else NULL */
    row_array maps;     /* a row: all maps of a window */
} explain_state;

/* One map of the analysis, normalised into s->map, and what is to be said about it. */
typedef struct told_map {
    const float *values; /* normalised, or raw with --signed */
    xp_cam_info info;
    xp_interval intervals[MAX_INTERVALS];
    int n_intervals;
} told_map;

static const float *raw_map(const xp_analysis *a, int window, int i) {
    return a->maps + ((size_t)window * (size_t)a->n_maps + (size_t)i) * (size_t)a->map_length;
}

static double step_seconds(const xp_analysis *a) {
    return a->input.length / a->input.rate / a->map_length;
}

static told_map tell_map(const explain_state *s, const xp_analysis *a, int window, int i) {
    const float *raw = raw_map(a, window, i);
    told_map t = {.values = s->opt->is_signed ? raw : s->map};
    memcpy(s->map, raw, (size_t)a->map_length * sizeof *raw);
    t.info = xp_gradcam_normalise(s->map, a->map_length);
    if (t.info.positive)
        t.n_intervals = xp_map_intervals(s->map, a->map_length, step_seconds(a), LEVEL, JOIN,
                                         t.intervals, MAX_INTERVALS);
    return t;
}

/* Seconds of the window that hold recording: what comes after is padding. */
static double recorded_seconds(const xp_analysis *a, int window) {
    return (double)a->input.valid[window] / a->input.rate;
}

/* ==== text =================================================================================== */

/* Decimals with which the two ends of one step differ. */
static int time_digits(double step) {
    int digits = 2;
    for (double unit = 0.01; unit > step && digits < 6; unit /= 10) digits++;
    return digits;
}

static void print_map(const explain_state *s, const xp_analysis *a, int window, int i) {
    const int digits = time_digits(step_seconds(a));
    told_map t = tell_map(s, a, window, i);
    double start = (double)a->input.start[window] / a->input.rate;
    if (!t.info.positive) fputs("no positive evidence at this layer", stdout);
    for (int k = 0; k < t.n_intervals; k++) {
        const xp_interval *x = &t.intervals[k];
        printf("%s%.*f-%.*f s%s", k ? ", " : "strongest ", digits, start + x->start, digits,
               start + x->end, x->start >= recorded_seconds(a, window) ? " (in the padding)" : "");
    }
    puts("");
}

static void print_window(const explain_state *s, const xp_analysis *a, int w) {
    const xp_model *m = &s->an->file.model;
    if (a->n_windows > 1) {
        double start = (double)a->input.start[w] / a->input.rate;
        printf("  window %.1f-%.1f s\n", start, start + a->input.length / a->input.rate);
    }
    for (int i = 0; i < a->n_maps; i++) {
        int label = a->first_map_label + i;
        const xp_label *l = &m->labels[label];
        float p = a->probabilities[(size_t)w * (size_t)a->n_labels + (size_t)label];
        bool reached = l->threshold == l->threshold && (double)p >= l->threshold;
        printf("  %-10s %.4f%s  ", l->name, (double)p, reached ? "*" : " ");
        print_map(s, a, w, i);
    }
}

static void print_record(const explain_state *s, const analysed *r) {
    const xp_analysis *a = r->analysis;
    const xp_op *layer = &s->an->file.model.graph.ops[s->an->options.layer];
    puts("");
    print_clean(stdout, r->record);
    printf("\n  label       probability; evidence in time at %s, steps of %.3g ms (* = threshold "
           "reached)\n",
           layer->name, 1000 * step_seconds(a));
    for (int w = 0; w < a->n_windows; w++) print_window(s, a, w);
    puts("  " MAP_TEXT);
    report_notices_text(r->notices, "  ");
}

/* ==== JSON =================================================================================== */

static cJSON *interval_json(const xp_interval *x, double start, double recorded) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "start_s", json_number(start + x->start));
    cJSON_AddItemToObject(o, "end_s", json_number(start + x->end));
    cJSON_AddItemToObject(o, "peak", json_number(x->peak));
    cJSON_AddBoolToObject(o, "in_padding", x->start >= recorded);
    return o;
}

static cJSON *map_json(const explain_state *s, const xp_analysis *a, int w, int i) {
    told_map t = tell_map(s, a, w, i);
    int label = a->first_map_label + i;
    double start = (double)a->input.start[w] / a->input.rate;
    cJSON *o = cJSON_CreateObject(), *strongest = cJSON_CreateArray();
    cJSON *values = cJSON_CreateArray();
    for (int k = 0; k < t.n_intervals; k++)
        cJSON_AddItemToArray(strongest,
                             interval_json(&t.intervals[k], start, recorded_seconds(a, w)));
    for (int k = 0; k < a->map_length; k++) cJSON_AddItemToArray(values, json_number(t.values[k]));
    float p = a->probabilities[(size_t)w * (size_t)a->n_labels + (size_t)label];
    cJSON_AddItemToObject(o, "name", json_text(s->an->file.model.labels[label].name));
    cJSON_AddItemToObject(o, "probability", json_number(p));
    cJSON_AddBoolToObject(o, "positive", t.info.positive);
    cJSON_AddItemToObject(o, "max_raw", json_number(t.info.max_raw));
    cJSON_AddItemToObject(o, "strongest", strongest);
    cJSON_AddItemToObject(o, "values", values);
    if (!t.info.positive)
        cJSON_AddItemToObject(o, "text", json_text("no positive evidence at this layer"));
    return o;
}

static cJSON *maps_json(const explain_state *s, const xp_analysis *a) {
    cJSON *o = cJSON_CreateObject(), *windows = cJSON_CreateArray();
    cJSON_AddItemToObject(o, "layer",
                          json_text(s->an->file.model.graph.ops[s->an->options.layer].name));
    cJSON_AddBoolToObject(o, "signed", s->opt->is_signed);
    cJSON_AddItemToObject(o, "step_s", json_number(step_seconds(a)));
    cJSON_AddItemToObject(o, "steps", json_integer(a->map_length));
    cJSON_AddItemToObject(o, "text", json_text(MAP_TEXT));
    for (int w = 0; w < a->n_windows; w++) {
        cJSON *window = report_window(&a->input, w), *labels = cJSON_CreateArray();
        for (int i = 0; i < a->n_maps; i++) cJSON_AddItemToArray(labels, map_json(s, a, w, i));
        cJSON_AddItemToObject(window, "labels", labels);
        cJSON_AddItemToArray(windows, window);
    }
    cJSON_AddItemToObject(o, "windows", windows);
    return o;
}

static void print_json(const explain_state *s, const analysed *r, const char *key, cJSON *told) {
    const xp_model *m = &s->an->file.model;
    cJSON *o = report_begin(r->record);
    cJSON_AddItemToObject(o, "model", report_model(&s->an->file));
    cJSON_AddItemToObject(o, "labels", report_labels(m, r->analysis, s->an->options.label));
    cJSON_AddItemToObject(o, key, told);
    cJSON_AddItemToObject(o, "notices", report_notices(r->notices));
    json_print_line(o);
}

/* ==== the other methods ====================================================================== */

static xp_status tell_window(explain_state *s, const xp_analysis *a, int w, cJSON *windows,
                             xp_error *err) {
    size_t shape[3];
    XP_TRY(evidence_compute(s->evidence, s->an->net, a, w, err));
    if (s->opt->output) XP_TRY(rows_append(&s->maps, evidence_output(s->evidence, shape), 1, err));
    if (!windows) {
        evidence_print(s->evidence, a, w);
        return XP_OK;
    }
    cJSON *window = report_window(&a->input, w);
    cJSON_AddItemToObject(window, "labels", evidence_labels_json(s->evidence, a, w));
    cJSON_AddItemToArray(windows, window);
    return XP_OK;
}

static xp_status tell_evidence(explain_state *s, const analysed *r, xp_error *err) {
    cJSON *o = s->opt->json ? evidence_head_json(s->evidence) : NULL;
    cJSON *windows = o ? cJSON_AddArrayToObject(o, "windows") : NULL;
    xp_status status = XP_OK;
    if (!o) {
        puts("");
        print_clean(stdout, r->record);
        evidence_print_head(s->evidence);
    }
    for (int w = 0; status == XP_OK && w < r->analysis->n_windows; w++)
        status = tell_window(s, r->analysis, w, windows, err);
    if (o && status == XP_OK)
        print_json(s, r, "evidence", o);
    else if (o)
        cJSON_Delete(o);
    else
        report_notices_text(r->notices, "  ");
    return status;
}

/* ==== the loop =============================================================================== */

static xp_status keep_maps(explain_state *s, const xp_analysis *a, xp_error *err) {
    if (!s->opt->output) return XP_OK;
    if (!a) return rows_append(&s->maps, NULL, 1, err);
    size_t from = s->maps.n * s->maps.width;
    XP_TRY(rows_append(&s->maps, a->maps, (size_t)a->n_windows, err));
    if (s->opt->is_signed) return XP_OK;
    for (size_t at = from; at < s->maps.n * s->maps.width; at += (size_t)a->map_length)
        xp_gradcam_normalise(s->maps.v + at, a->map_length);
    return XP_OK;
}

static xp_status on_result(void *ctx, const analysed *r, xp_error *err) {
    explain_state *s = ctx;
    if (!r->analysis) report_failure(r->record, r->failure, s->opt->json);
    if (r->analysis && s->evidence) return tell_evidence(s, r, err);
    if (r->analysis && s->opt->json)
        print_json(s, r, "map", maps_json(s, r->analysis));
    else if (r->analysis)
        print_record(s, r);
    return keep_maps(s, r->analysis, err);
}

/* Shape of one label's row: without the windows for one in all, without the labels for one --label.
 */
static xp_status save(const explain_state *s, const size_t one[3], int n_one, xp_error *err) {
    if (!s->opt->output) return XP_OK;
    size_t shape[4];
    int ndim = 0;
    if (s->maps.n != 1) shape[ndim++] = s->maps.n;
    for (int i = s->opt->label ? 1 : 0; i < n_one; i++) shape[ndim++] = one[i];
    return array_save(s->opt->output, 'f', 4, ndim, shape, s->maps.v, err);
}

static xp_status run_all(explain_state *s, analyser *an, const input_list *list,
                         const size_t one[3], int n_one, int *failed, xp_error *err) {
    s->maps.width = one[0] * one[1] * (n_one == 3 ? one[2] : 1);
    if (!s->opt->json) report_model_text(&an->file);
    xp_status status = analyser_run(an, list, on_result, s, failed, err);
    if (status == XP_OK) status = save(s, one, n_one, err);
    rows_free(&s->maps);
    return status;
}

static xp_status explain_maps(analyser *an, const explain_options *opt, const input_list *list,
                              int *failed, xp_error *err) {
    const xp_model *m = &an->file.model;
    const size_t length = (size_t)m->graph.ops[an->options.layer].t;
    const size_t one[3] = {opt->label ? 1 : (size_t)m->n_labels, length};
    explain_state s = {.opt = opt, .an = an, .map = malloc(length * sizeof *s.map)};
    if (!s.map) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a map");
    xp_status status = run_all(&s, an, list, one, 2, failed, err);
    free(s.map);
    return status;
}

static xp_status explain_evidence(analyser *an, const explain_options *opt, explain_method method,
                                  const input_list *list, int *failed, xp_error *err) {
    const bool mean = opt->baseline && !strcmp(opt->baseline, "mean");
    evidence e;
    size_t one[3];
    XP_TRY(evidence_open(&e, an, method, mean ? XP_BASELINE_MEAN : XP_BASELINE_ZERO, opt->segment,
                         err));
    explain_state s = {.opt = opt, .an = an, .evidence = &e};
    evidence_output(&e, one);
    xp_status status = run_all(&s, an, list, one, 3, failed, err);
    evidence_free(&e);
    return status;
}

/* ==== the command ============================================================================ */

static xp_status refuse(const char *option, const char *method, xp_error *err) {
    return xp_fail(err, XP_ERR_USAGE, "%s means nothing with --method %s", option, method);
}

/* The method, when it goes with the other options. */
static xp_status check_options(const explain_options *o, explain_method *method, xp_error *err) {
    int i = 0;
    const char *name = o->method ? o->method : method_name(METHOD_GRADCAM);
    while (i < METHOD_COUNT && strcmp(name, method_name((explain_method)i))) i++;
    if (i == METHOD_COUNT)
        return xp_fail(err, XP_ERR_USAGE, "--method %s: expected gradcam, occlusion or ig", name);
    *method = (explain_method)i;
    if (i != METHOD_GRADCAM && o->layer) return refuse("--layer", name, err);
    if (i != METHOD_GRADCAM && o->is_signed)
        return xp_fail(err, XP_ERR_USAGE,
                       "--signed means nothing with --method %s: its values always are", name);
    if (i == METHOD_GRADCAM && o->segment > 0) return refuse("--segment", name, err);
    if (i != METHOD_OCCLUSION && o->baseline) return refuse("--baseline", name, err);
    if (o->baseline && strcmp(o->baseline, "zero") && strcmp(o->baseline, "mean"))
        return xp_fail(err, XP_ERR_USAGE, "--baseline %s: expected zero or mean", o->baseline);
    return XP_OK;
}

static xp_status explain(analyser *an, const explain_options *opt, explain_method method,
                         const input_list *list, int *failed, xp_error *err) {
    if (method == METHOD_GRADCAM) return explain_maps(an, opt, list, failed, err);
    return explain_evidence(an, opt, method, list, failed, err);
}

static exit_code run(const command *self, int argc, char **argv) {
    explain_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, -1, &args, &code)) return code;
    if (!opt.model) return usage_error(self, "no model: give one with -m");
    static const analyser_use uses[METHOD_COUNT] = {ANALYSER_MAPS, ANALYSER_FORWARD,
                                                    ANALYSER_INPUT};
    explain_method method = METHOD_GRADCAM;
    analyser an;
    input_list list = {0};
    xp_error err;
    int failed = 0;
    if (check_options(&opt, &method, &err) != XP_OK) return report_fatal(&err);
    xp_status s =
        analyser_open(&an, opt.model, opt.threads, uses[method], opt.layer, opt.label, &err);
    if (s != XP_OK) return report_fatal(&err);
    an.options.prepare = opt.prepare;
    s = inputs_expand(&list, args.items, args.n, &err);
    if (s == XP_OK) s = explain(&an, &opt, method, &list, &failed, &err);
    inputs_free(&list);
    analyser_close(&an);
    if (s != XP_OK) return report_fatal(&err);
    return failed ? EXIT_CODE_BAD_INPUT : EXIT_CODE_OK;
}

const command command_explain = {
    .name = "explain",
    .summary = "what the network found in recordings, and where in time or on which leads",
    .arguments = "-m MODEL INPUT... [--label LABEL] [--method METHOD] [-o MAP.npy] [options]",
    .details =
        "INPUT as for predict. gradcam: Grad-CAM on the label's logit: the time-mean of the "
        "gradient at the\nlayer weights its activations; negative sums become 0 and the largest "
        "1. It says when the model's\nevidence is strongest, never why, and it does not tell leads "
        "apart. occlusion: what the logit loses\nwhen a lead, or a segment of it, is replaced. ig: "
        "integrated gradients from the zero record; their sum\nis the logit's difference to that "
        "record's, within 1 %. They need 15 or more passes for each label:\nchoose with "
        "--label.\n\n"
        "-o writes (windows, labels, steps) at the layer's own steps; occlusion (windows, labels, "
        "leads, segments);\nig (windows, labels, samples, leads). The first axis is left out for a "
        "single window, the second with\n--label. An input that fails keeps a window of NaN. Where "
        "no evidence is positive a Grad-CAM map is all zeros.",
    .options = OPTIONS,
    .run = run,
};
