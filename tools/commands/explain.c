/* xplaim explain: what the network found, and where in time, or on which leads, its evidence lies.
 */
#include "analyse.h"
#include "arrays.h"
#include "command.h"
#include "evidence.h"
#include "nn/meaning.h"
#include "report_text.h"

#include <stdlib.h>
#include <string.h>

typedef struct explain_options {
    const char *model, *output, *label, *layer, *method, *baseline, *point;
    double segment;
    bool json, is_signed;
    int threads;
    xp_prepare_options prepare;
    xp_read_options known;
} explain_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(explain_options),
    OPTION_POINT(explain_options),
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
    OPTIONS_KNOWN(explain_options, "unit"),
    {0}};

typedef struct explain_state {
    const explain_options *opt;
    const analyser *an;
    float *map;         /* Grad-CAM: (map_length): the map at hand, normalised */
    evidence *evidence; /* the other methods; else NULL */
    row_array maps;     /* a row: all maps of a window */
} explain_state;

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
    const int digits = time_digits(xp_analysis_step(a));
    const xp_map_summary map = xp_analysis_map(a, window, i, s->map);
    double start = (double)a->input.start[window] / a->input.rate;
    if (!map.info.positive) fputs(XP_NO_EVIDENCE, stdout);
    for (int k = 0; k < map.n_strongest; k++) {
        const xp_interval *x = &map.strongest[k];
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
    printf("\n  label       %s; evidence in time at %s, steps of %.3g ms (* = threshold "
           "reached)\n",
           xp_model_gives_probabilities(&s->an->file.model) ? "probability" : "score", layer->name,
           1000 * xp_analysis_step(a));
    for (int w = 0; w < a->n_windows; w++) print_window(s, a, w);
    puts("  " XP_MAP_SCOPE);
    report_measured_text(r->measured, r->unmeasurable);
    report_notices_text(r->notices, "  ");
}

/* ==== JSON =================================================================================== */

static xp_report report_of(const explain_state *s, const analysed *r) {
    return (xp_report){.record = r->record,
                       .model = &s->an->file.model,
                       .model_sha256 = s->an->file.sha256,
                       .analysis = r->analysis,
                       .notices = r->notices,
                       .label = s->an->options.label};
}

static void add_measured(cJSON *document, const analysed *r) {
    xp_json_add(document, "measured", xp_report_measured_part(r->measured, r->unmeasurable));
}

static void print_maps_json(const explain_state *s, const analysed *r) {
    const xp_report report = report_of(s, r);
    const xp_report_maps_options o = {.layer =
                                          s->an->file.model.graph.ops[s->an->options.layer].name,
                                      .is_signed = s->opt->is_signed,
                                      .scratch = s->map};
    cJSON *document = xp_report_maps(&report, &o);
    add_measured(document, r);
    json_print_line(document);
}

/* ==== the other methods ====================================================================== */

/* document: its part of the evidence; NULL: as text. */
static xp_status report_window(explain_state *s, const xp_report *r, int w, cJSON *document,
                               xp_error *err) {
    size_t shape[3];
    XP_TRY(evidence_compute(s->evidence, s->an->net, r->analysis, w, err));
    if (s->opt->output) XP_TRY(rows_append(&s->maps, evidence_output(s->evidence, shape), 1, err));
    if (document)
        evidence_json(s->evidence, document, r, w);
    else
        evidence_print(s->evidence, r->analysis, w);
    return XP_OK;
}

static xp_status report_evidence(explain_state *s, const analysed *r, xp_error *err) {
    const xp_report report = report_of(s, r);
    cJSON *document = s->opt->json ? evidence_json_begin(s->evidence) : NULL;
    xp_status status = XP_OK;
    if (!s->opt->json) {
        puts("");
        print_clean(stdout, r->record);
        evidence_print_head(s->evidence);
    }
    for (int w = 0; status == XP_OK && w < r->analysis->n_windows; w++)
        status = report_window(s, &report, w, document, err);
    if (!s->opt->json) {
        report_measured_text(r->measured, r->unmeasurable);
        report_notices_text(r->notices, "  ");
    } else if (status == XP_OK) {
        document = xp_report_evidence_end(&report, document);
        add_measured(document, r);
        json_print_line(document);
    } else {
        cJSON_Delete(document);
    }
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
    if (r->analysis && s->evidence) return report_evidence(s, r, err);
    if (r->analysis && s->opt->json)
        print_maps_json(s, r);
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
    if (!opt.model) return usage_error(self, &opt, "no model: give one with -m");
    static const analyser_use uses[METHOD_COUNT] = {ANALYSER_MAPS, ANALYSER_FORWARD,
                                                    ANALYSER_INPUT};
    explain_method method = METHOD_GRADCAM;
    analyser an;
    input_list list = {0};
    xp_error err;
    int failed = 0;
    if (check_options(&opt, &method, &err) != XP_OK) return command_failed(self, &opt, &err);
    xp_status s =
        analyser_open(&an, opt.model, opt.threads, uses[method], opt.layer, opt.label, &err);
    if (s != XP_OK) return command_failed(self, &opt, &err);
    an.options.prepare = opt.prepare;
    an.known = opt.known;
    an.measures = true;
    s = model_file_use_point(&an.file, opt.point, &err);
    if (s == XP_OK) s = inputs_expand(&list, args.items, args.n, &err);
    if (s == XP_OK) inputs_read_arrays(&list, &opt.known);
    if (s == XP_OK) s = explain(&an, &opt, method, &list, &failed, &err);
    inputs_free(&list);
    analyser_close(&an);
    if (s != XP_OK) return command_failed(self, &opt, &err);
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
