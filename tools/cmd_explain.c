/* xplaim explain: what the network found, and where in time its evidence lies. */
#include "analyse.h"
#include "arrays.h"
#include "command.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_INTERVALS = 3 };
static const float LEVEL = 0.5f; /* of the map's maximum: what counts as strong */
static const double JOIN = 0.1;  /* s: stretches closer than this are told as one */

typedef struct explain_options {
    const char *model, *output, *label, *layer;
    bool json, is_signed;
    int threads;
    xp_prepare_options prepare;
} explain_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(explain_options),
    {"label", 0, OPTION_TEXT, "LABEL", "explain this one only, by name or number (default: all)",
     offsetof(explain_options, label)},
    {"layer", 0, OPTION_TEXT, "NAME",
     "layer whose map is made (default: the last block's shortcut, else the last convolution)",
     offsetof(explain_options, layer)},
    OPTION_OUTPUT(explain_options, "MAP.npy", "write the maps, float32"),
    {"signed", 0, OPTION_FLAG, NULL,
     "values in MAP.npy and JSON as they are: negative ones kept, not divided by the maximum",
     offsetof(explain_options, is_signed)},
    OPTION_JSON(explain_options),
    OPTION_THREADS(explain_options, "0"),
    OPTIONS_PREPARE(explain_options),
    {0}};

typedef struct explain_state {
    const explain_options *opt;
    const analyser *an;
    float *map;     /* (map_length): the normalised map being told */
    row_array maps; /* a row: all maps of a window */
    int n_records;
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

static void print_map(const explain_state *s, const xp_analysis *a, int window, int i) {
    told_map t = tell_map(s, a, window, i);
    double start = (double)a->input.start[window] / a->input.rate;
    if (!t.info.positive) fputs("no positive evidence at this layer", stdout);
    for (int k = 0; k < t.n_intervals; k++) {
        const xp_interval *x = &t.intervals[k];
        printf("%s%.2f-%.2f s%s", k ? ", " : "strongest ", start + x->start, start + x->end,
               x->start >= recorded_seconds(a, window) ? " (in the padding)" : "");
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

static void print_json(const explain_state *s, const analysed *r) {
    const xp_model *m = &s->an->file.model;
    cJSON *o = report_begin(r->record);
    cJSON_AddItemToObject(o, "model", report_model(&s->an->file));
    cJSON_AddItemToObject(o, "labels", report_labels(m, r->analysis, s->an->options.label));
    cJSON_AddItemToObject(o, "map", maps_json(s, r->analysis));
    cJSON_AddItemToObject(o, "notices", report_notices(r->notices));
    json_print_line(o);
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
    s->n_records++;
    if (!r->analysis)
        report_failure(r->record, r->failure, s->opt->json);
    else if (s->opt->json)
        print_json(s, r);
    else
        print_record(s, r);
    return keep_maps(s, r->analysis, err);
}

/* (windows, labels, t), without the first axis for one window in all, without the second for one
 * --label. */
static xp_status save(const explain_state *s, int map_length, xp_error *err) {
    if (!s->opt->output) return XP_OK;
    size_t shape[3];
    int ndim = 0;
    if (s->maps.n != 1) shape[ndim++] = s->maps.n;
    if (!s->opt->label) shape[ndim++] = s->maps.width / (size_t)map_length;
    shape[ndim++] = (size_t)map_length;
    return array_save(s->opt->output, 'f', 4, ndim, shape, s->maps.v, err);
}

static xp_status explain(analyser *an, const explain_options *opt, const input_list *list,
                         int *failed, xp_error *err) {
    const xp_model *m = &an->file.model;
    int length = m->graph.ops[an->options.layer].t;
    explain_state s = {.opt = opt, .an = an};
    s.maps.width = (size_t)length * (size_t)(opt->label ? 1 : m->n_labels);
    s.map = malloc((size_t)length * sizeof *s.map);
    if (!s.map) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a map");
    if (!opt->json) report_model_text(&an->file);
    xp_status status = analyser_run(an, list, on_result, &s, failed, err);
    if (status == XP_OK) status = save(&s, length, err);
    rows_free(&s.maps);
    free(s.map);
    return status;
}

static exit_code run(const command *self, int argc, char **argv) {
    explain_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, -1, &args, &code)) return code;
    if (!opt.model) return usage_error(self, "no model: give one with -m");
    analyser an;
    input_list list = {0};
    xp_error err;
    int failed = 0;
    xp_status s = analyser_open(&an, opt.model, opt.threads, true, opt.layer, opt.label, &err);
    if (s != XP_OK) return report_fatal(&err);
    an.options.prepare = opt.prepare;
    s = inputs_expand(&list, args.items, args.n, &err);
    if (s == XP_OK) s = explain(&an, &opt, &list, &failed, &err);
    inputs_free(&list);
    analyser_close(&an);
    if (s != XP_OK) return report_fatal(&err);
    return failed ? EXIT_CODE_BAD_INPUT : EXIT_CODE_OK;
}

const command command_explain = {
    .name = "explain",
    .summary = "what the network found in recordings, and where in time (Grad-CAM)",
    .arguments = "-m MODEL INPUT... [--label LABEL] [--layer NAME] [-o MAP.npy] [options]",
    .details =
        "INPUT as for predict. The map is Grad-CAM on the label's logit: the time-mean of the "
        "gradient at\nthe layer weights its activations; negative sums become 0 and the largest 1. "
        "It says when the\nmodel's evidence is strongest, never why, and it does not tell leads "
        "apart.\n\n"
        "-o writes (windows, labels, steps), at the layer's own steps; the first axis is left out "
        "for a\nsingle window, the second with --label. An input that fails keeps a window of NaN. "
        "Where no\nevidence is positive the map is all zeros.",
    .options = OPTIONS,
    .run = run,
};
