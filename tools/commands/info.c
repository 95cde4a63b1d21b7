/* xplaim info: what is in a record or a model. */
#include "base/file.h"
#include "command.h"
#include "convert/npy.h"
#include "ecg/source_dir.h"
#include "inputs.h"
#include "measure/whole.h"
#include "model_file.h"
#include "nn/gradcam.h"
#include "nn/meaning.h"
#include "nn/net.h"
#include "report_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct info_options {
    bool json, keep_identity;
    xp_read_options known;
} info_options;

static const option_spec OPTIONS[] = {{"keep-identity", 0, OPTION_FLAG, NULL,
                                       "tell the patient's name, number and date of birth too",
                                       offsetof(info_options, keep_identity)},
                                      OPTIONS_KNOWN(info_options, "unit"),
                                      OPTION_JSON(info_options),
                                      {0}};

/* ==== models ================================================================================= */

typedef struct model_memory {
    double predict, explain; /* bytes; NaN when the plan cannot be made */
} model_memory;

/* The model's own weights and what its net holds. */
static double running_bytes(const xp_model *m, int layer) {
    xp_net_options opt = xp_net_explaining(layer);
    size_t bytes;
    if (xp_net_bytes(m, &opt, &bytes, NULL) != XP_OK) return NAN;
    return (double)bytes + 4.0 * (double)m->graph.n_weights;
}

static model_memory plan_memory(const xp_model *m) {
    int layer = xp_gradcam_default_layer(&m->graph);
    return (model_memory){running_bytes(m, -1), layer >= 0 ? running_bytes(m, layer) : NAN};
}

static size_t op_weights(const xp_graph *g, const xp_op *op) {
    size_t n = 0;
    for (int i = 0; i < op->n_params; i++) n += g->params[op->params[i]].count;
    return n;
}

static void print_shape(const xp_op *op) {
    char text[40];
    if (op->is_sequence)
        snprintf(text, sizeof text, "(%d, %d)", op->t, op->c);
    else
        snprintf(text, sizeof text, "(%d)", op->c);
    printf("%-14s", text);
}

static void print_layers(const xp_graph *g) {
    printf("\n%-4s %-28s %-15s %-14s %10s %8s  inputs\n", "", "layer", "operation", "output",
           "weights", "M MACs");
    for (int i = 0; i < g->n_ops; i++) {
        const xp_op *op = &g->ops[i];
        printf("%3d  %-28s %-15s ", i, op->name, xp_op_kind_name(op->kind));
        print_shape(op);
        printf(" %10zu %8.2f ", op_weights(g, op), xp_op_macs(g, op) * 1e-6);
        for (int k = 0; k < op->n_inputs; k++) printf(" %d", op->inputs[k]);
        puts("");
    }
}

/* What a threshold does, in words that need no statistics. */
static void print_point(const xp_label *l, xp_operating_point p, double threshold,
                        const char *source, int found, int false_alarms) {
    if (isnan(threshold)) return;
    printf("     %s: %.4f", xp_operating_point_name(p), threshold);
    if (source[0]) printf(", %s", source);
    if (l->n_positive >= 0 && l->n_positive < XP_LABEL_TESTED)
        printf("; not tested (%d positives)", l->n_positive);
    else if (found >= 0 && l->n_negative >= 0)
        printf("; of %d with it, %d named; of %d without, %d named wrongly", l->n_positive, found,
               l->n_negative, false_alarms);
    puts("");
}

static void print_labels(const xp_model *m) {
    printf("\n%-4s %-12s %-36s %9s %18s %9s\n", "", "label", "long name", "threshold",
           "test AUROC (95 %)", "positives");
    for (int i = 0; i < m->n_labels; i++) {
        const xp_label *l = &m->labels[i];
        char threshold[16] = "-", auroc[40] = "-", positive[16] = "-";
        if (!isnan(l->threshold)) snprintf(threshold, sizeof threshold, "%.4f", l->threshold);
        if (!isnan(l->auroc))
            snprintf(auroc, sizeof auroc, isnan(l->auroc_low) ? "%.3f" : "%.3f (%.3f-%.3f)",
                     l->auroc, l->auroc_low, l->auroc_high);
        if (l->n_positive >= 0) snprintf(positive, sizeof positive, "%d", l->n_positive);
        printf("%3d  %-12s %-36s %9s %18s %9s\n", i, l->name, l->long_name[0] ? l->long_name : "-",
               threshold, auroc, positive);
        print_point(l, XP_BALANCED, l->threshold, l->threshold_source, l->found, l->false_alarms);
        print_point(l, XP_SPECIFIC, l->specific_threshold, l->specific_source, l->specific_found,
                    l->specific_false_alarms);
    }
}

static void print_memory(const char *what, double bytes) {
    if (!isnan(bytes)) printf("  %-10s %.1f MiB to %s\n", "memory", bytes / 1048576, what);
}

/* Its beginning: a whole model card would bury the rest. */
static void print_note(const char *key, const char *value) {
    enum { SHOWN = 160 };
    char text[SHOWN + 1];
    size_t n = strcspn(value, "\n");
    if (n > SHOWN) n = SHOWN;
    while (n > 0 && value[n] && ((unsigned char)value[n] & 0xC0) == 0x80) n--; /* whole UTF-8 */
    memcpy(text, value, n);
    text[n] = 0;
    printf("  %-10s ", key);
    print_clean(stdout, text);
    const size_t length = strlen(value);
    if (n + strspn(value + n, "\n") < length)
        printf(" ... (%zu characters; --json has them)", length);
    puts("");
}

static void print_model(const model_file *f) {
    const xp_model *m = &f->model;
    model_memory memory = plan_memory(m);
    char assumed[160];
    printf("%s: model ", f->path);
    print_clean(stdout, m->name);
    printf("\n  %-10s %s, %d operations\n", "network", m->architecture, m->graph.n_ops);
    if (!m->trained) puts("  " XP_UNTRAINED);
    if (!xp_model_gives_probabilities(m)) puts("  " XP_SCORES);
    if (xp_model_assumed_text(m, assumed, sizeof assumed)[0])
        printf("  " XP_INPUT_ASSUMED("%s") "\n", assumed);
    printf("  %-10s %d samples at %g Hz of %d leads, mV:", "input", m->length, m->rate, m->n_leads);
    for (int i = 0; i < m->n_leads; i++) printf(" %s", m->leads[i]);
    printf("\n  %-10s %zu (%.2f MB as float32); multiply-adds a record: %.1f M\n", "weights",
           m->graph.n_weights, (double)m->graph.n_weights * 4e-6, xp_graph_macs(&m->graph) * 1e-6);
    print_memory("predict", memory.predict);
    print_memory("explain (default layer)", memory.explain);
    printf("  %-10s %zu bytes\n", "file", f->size);
    printf("  %-10s %s\n", "SHA-256", f->sha256);
    for (int i = 0; i < m->n_meta; i++) print_note(m->meta[i].key, m->meta[i].value);
    print_labels(m);
    print_layers(&m->graph);
    printf("\n%s\n", XP_DISCLAIMER);
}

static cJSON *shape_json(const xp_op *op) {
    cJSON *a = cJSON_CreateArray();
    if (op->is_sequence) xp_json_append(a, xp_json_integer(op->t));
    xp_json_append(a, xp_json_integer(op->c));
    return a;
}

static cJSON *layer_json(const xp_graph *g, const xp_op *op) {
    cJSON *o = cJSON_CreateObject(), *inputs = cJSON_CreateArray();
    for (int k = 0; k < op->n_inputs; k++)
        xp_json_append(inputs, xp_json_text(g->ops[op->inputs[k]].name));
    xp_json_add(o, "name", xp_json_text(op->name));
    xp_json_add(o, "operation", xp_json_text(xp_op_kind_name(op->kind)));
    xp_json_add(o, "inputs", inputs);
    xp_json_add(o, "shape", shape_json(op));
    xp_json_add(o, "sequence", cJSON_CreateBool(op->is_sequence));
    xp_json_add(o, "weights", xp_json_integer((int64_t)op_weights(g, op)));
    xp_json_add(o, "macs", xp_json_number(xp_op_macs(g, op)));
    return o;
}

static cJSON *input_json(const xp_model *m) {
    cJSON *o = cJSON_CreateObject(), *leads = cJSON_CreateArray();
    for (int i = 0; i < m->n_leads; i++) xp_json_append(leads, xp_json_text(m->leads[i]));
    xp_json_add(o, "samples", xp_json_integer(m->length));
    xp_json_add(o, "rate", xp_json_number(m->rate));
    xp_json_add(o, "units", xp_json_text("mV"));
    xp_json_add(o, "leads", leads);
    return o;
}

static cJSON *file_json(const model_file *f) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "path", xp_json_text(f->path));
    xp_json_add(o, "bytes", xp_json_integer((int64_t)f->size));
    return o;
}

static cJSON *memory_json(const xp_model *m) {
    model_memory memory = plan_memory(m);
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "weights_bytes", xp_json_integer((int64_t)m->graph.n_weights * 4));
    xp_json_add(o, "predict_bytes", xp_json_integer_or_null(memory.predict));
    xp_json_add(o, "explain_bytes", xp_json_integer_or_null(memory.explain));
    return o;
}

static void print_model_json(const model_file *f) {
    const xp_model *m = &f->model;
    cJSON *o = xp_report_begin(NULL), *labels = cJSON_CreateArray(), *layers = cJSON_CreateArray();
    cJSON *meta = cJSON_CreateObject();
    for (int i = 0; i < m->n_labels; i++)
        xp_json_append(labels, xp_report_label(&m->labels[i], m->point));
    for (int i = 0; i < m->graph.n_ops; i++)
        xp_json_append(layers, layer_json(&m->graph, &m->graph.ops[i]));
    for (int i = 0; i < m->n_meta; i++)
        xp_json_add(meta, m->meta[i].key, xp_json_text(m->meta[i].value));
    xp_json_add(o, "kind", xp_json_text("model"));
    xp_json_add(o, "file", file_json(f));
    xp_json_add(o, "model", xp_report_model(&f->model, f->sha256));
    xp_json_add(o, "input", input_json(m));
    xp_json_add(o, "weights", xp_json_integer((int64_t)m->graph.n_weights));
    xp_json_add(o, "macs", xp_json_number(xp_graph_macs(&m->graph)));
    xp_json_add(o, "memory", memory_json(m));
    xp_json_add(o, "labels", labels);
    xp_json_add(o, "layers", layers);
    xp_json_add(o, "metadata", meta);
    json_print_line(o);
}

/* ==== records ================================================================================ */

static const char *checksum_state(const xp_stored_signal *s) {
    return s->has_checksum ? "yes" : "no";
}

/* Where the samples lie: file, first byte, frames of delay. A file's name once, as signals share
 * it. */
static void print_places(const xp_stored *w) {
    for (int i = 0, to; i < w->n_signals; i = to) {
        const xp_stored_signal *s = &w->signals[i];
        for (to = i + 1; to < w->n_signals; to++) {
            const xp_stored_signal *t = &w->signals[to];
            if (strcmp(s->file, t->file) || s->byte_offset != t->byte_offset || s->skew != t->skew)
                break;
        }
        if (!s->file[0]) continue;
        if (to - i > 1)
            printf("  signals %d to %d in ", i, to - 1);
        else
            printf("  signal %d in ", i);
        print_clean(stdout, s->file);
        printf(" from byte %lld, skew %d frame%s\n", (long long)s->byte_offset, s->skew,
               s->skew == 1 ? "" : "s");
    }
}

static void print_signal(const xp_stored *w, int i) {
    const xp_stored_signal *s = &w->signals[i];
    xp_lead_id lead = xp_lead_parse(s->name);
    printf("%3d  ", i);
    print_clean(stdout, s->name[0] ? s->name : "(no name)");
    int pad = 16 - (int)strlen(s->name[0] ? s->name : "(no name)");
    printf("%*s %-5s %8g Hz %10lld  %-8s %10g %7g %6d  %-8s %lld\n", pad > 0 ? pad : 0, "",
           lead == XP_LEAD_NONE ? "-" : xp_lead_name(lead), w->rate * s->samples_per_frame,
           (long long)s->n, s->calibrated && s->units[0] ? s->units : "(none)", s->gain,
           s->baseline, s->format, checksum_state(s), (long long)s->n_missing);
}

static void print_fact(const char *name, const char *text) {
    if (!*text) return;
    printf("  %-14s ", name);
    print_clean(stdout, text);
    puts("");
}

static void print_measure(const char *name, double v, const char *unit) {
    if (!isnan(v)) printf("  %-14s %g %s\n", name, v, unit);
}

static void print_identity(const xp_facts *f) {
    print_fact("patient", f->patient_name);
    print_fact("patient number", f->patient_id);
    print_fact("born", f->birth_date);
}

static void print_statements(const xp_facts *f) {
    if (f->n_statements) puts("  stated in the file:");
    for (int i = 0; i < f->n_statements; i++) {
        const xp_statement *s = &f->statements[i];
        printf("    %s: ", s->name);
        print_clean(stdout, s->text);
        if (!isnan(s->value)) printf("%s%g %s", *s->text ? " " : "", s->value, s->unit);
        puts("");
    }
}

static void print_facts(const xp_facts *f, bool identity) {
    bool known = *f->patient_name || *f->patient_id || *f->birth_date;
    if (identity)
        print_identity(f);
    else if (known)
        print_fact("patient", "(in the file; --keep-identity tells it)");
    print_measure("age", f->age, "years");
    print_fact("sex", f->sex == 'F' ? "female" : f->sex == 'M' ? "male" : "");
    print_fact("start", f->start);
    print_fact("device", f->device);
    print_fact("filter", f->filter);
    print_measure("high-pass", f->high_pass, "Hz");
    print_measure("low-pass", f->low_pass, "Hz");
    print_measure("notch", f->notch, "Hz");
    print_measure("paper speed", f->paper_speed, "mm/s");
    print_measure("paper gain", f->paper_gain, "mm/mV");
    print_statements(f);
}

/* What is measured on a record; not done: nothing is, and why. */
typedef struct measured_record {
    xp_record record;
    xp_quality quality;
    xp_measures measures;
    xp_measured all;
    xp_error why;
    bool done;
} measured_record;

/* What is told in passing takes little: a recording of hours is for `xplaim measure`. */
#define INFO_MEMORY ((uint64_t)32 << 20)

static void measure_record(measured_record *m, const char *path, const xp_read_options *opt) {
    *m = (measured_record){0};
    xp_read_options known = *opt;
    if (!known.max_memory || known.max_memory > INFO_MEMORY) known.max_memory = INFO_MEMORY;
    const xp_status s = input_read_record(&m->record, path, &known, &m->why);
    if (s == XP_ERR_LIMIT && known.max_memory == INFO_MEMORY)
        xp_fail(&m->why, s, "%s is too long to be measured in passing: xplaim measure does it",
                path);
    if (s != XP_OK) return;
    m->all = (xp_measured){path, &m->record, &m->quality, &m->measures, true};
    m->done = xp_measure_whole(&m->quality, &m->measures, &m->record, false, &m->why) == XP_OK;
    if (!m->done) xp_record_free(&m->record);
}

static void measured_record_free(measured_record *m) {
    if (!m->done) return;
    xp_measures_free(&m->measures);
    xp_quality_free(&m->quality);
    xp_record_free(&m->record);
}

static void print_record(const xp_stored *w, const char *path, bool identity,
                         const measured_record *m) {
    printf("%s: %s record%s, %d signals, %lld frames at %g Hz (%.3f s)\n", path, w->format,
           w->multi_segment ? " of several segments" : "", w->n_signals, (long long)w->n_frames,
           w->rate, w->rate > 0 ? (double)w->n_frames / w->rate : 0.0);
    printf("\n%-4s %-16s %-5s %11s %10s  %-8s %10s %7s %6s  %-8s %s\n", "", "signal", "lead",
           "rate", "samples", "units", "gain", "base", "format", "checksum", "missing");
    for (int i = 0; i < w->n_signals; i++) print_signal(w, i);
    puts("");
    print_places(w);
    print_facts(&w->facts, identity);
    if (w->n_comments) puts("");
    for (int i = 0; i < w->n_comments; i++) {
        fputs("  # ", stdout);
        print_clean(stdout, w->comments[i]);
        puts("");
    }
    report_measured_text(m->done ? &m->all : NULL, &m->why);
    report_notices_text(&w->notices, "  ");
    puts(XP_DISCLAIMER);
}

static cJSON *signal_json(const xp_stored *w, int i) {
    const xp_stored_signal *s = &w->signals[i];
    xp_lead_id lead = xp_lead_parse(s->name);
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(s->name));
    xp_json_add(o, "lead",
                lead == XP_LEAD_NONE ? cJSON_CreateNull() : xp_json_text(xp_lead_name(lead)));
    xp_json_add(o, "rate", xp_json_number(w->rate * s->samples_per_frame));
    xp_json_add(o, "samples", xp_json_integer(s->n));
    xp_json_add(o, "samples_per_frame", xp_json_integer(s->samples_per_frame));
    xp_json_add(o, "units", xp_json_text(s->units));
    xp_json_add(o, "gain", xp_json_number(s->gain));
    xp_json_add(o, "baseline", xp_json_number(s->baseline));
    xp_json_add(o, "adc_zero", xp_json_integer(s->adc_zero));
    xp_json_add(o, "calibrated", cJSON_CreateBool(s->calibrated));
    xp_json_add(o, "file", xp_json_text(s->file));
    xp_json_add(o, "format", xp_json_integer(s->format));
    xp_json_add(o, "byte_offset", xp_json_integer(s->byte_offset));
    xp_json_add(o, "skew", xp_json_integer(s->skew));
    xp_json_add(o, "checksum", s->has_checksum ? xp_json_integer(s->checksum) : cJSON_CreateNull());
    xp_json_add(o, "missing", xp_json_integer(s->n_missing));
    return o;
}

static cJSON *statement_json(const xp_statement *s) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text(s->name));
    xp_json_add(o, "value", xp_json_number(s->value));
    xp_json_add(o, "unit", xp_json_text_or_null(s->unit));
    xp_json_add(o, "text", xp_json_text_or_null(s->text));
    return o;
}

static cJSON *identity_json(const xp_facts *f) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "name", xp_json_text_or_null(f->patient_name));
    xp_json_add(o, "number", xp_json_text_or_null(f->patient_id));
    xp_json_add(o, "birth_date", xp_json_text_or_null(f->birth_date));
    return o;
}

static cJSON *facts_json(const xp_facts *f, bool identity) {
    cJSON *o = cJSON_CreateObject(), *stated = cJSON_CreateArray();
    xp_json_add(o, "age", xp_json_number(f->age));
    xp_json_add(o, "sex",
                xp_json_text_or_null(f->sex == 'F'   ? "female"
                                     : f->sex == 'M' ? "male"
                                                     : ""));
    xp_report_add_acquisition(o, f);
    for (int i = 0; i < f->n_statements; i++)
        xp_json_append(stated, statement_json(&f->statements[i]));
    xp_json_add(o, "stated", stated);
    if (identity) xp_json_add(o, "patient", identity_json(f));
    return o;
}

static void print_record_json(const xp_stored *w, const char *path, bool identity,
                              const measured_record *m) {
    cJSON *o = xp_report_begin(path), *signals = cJSON_CreateArray();
    cJSON *comments = cJSON_CreateArray();
    for (int i = 0; i < w->n_signals; i++) xp_json_append(signals, signal_json(w, i));
    for (int i = 0; i < w->n_comments; i++) xp_json_append(comments, xp_json_text(w->comments[i]));
    xp_json_add(o, "kind", xp_json_text("record"));
    xp_json_add(o, "file_format", xp_json_text(w->format));
    xp_json_add(o, "facts", facts_json(&w->facts, identity));
    xp_json_add(o, "rate", xp_json_number(w->rate));
    xp_json_add(o, "frames", xp_json_integer(w->n_frames));
    xp_json_add(o, "multi_segment", cJSON_CreateBool(w->multi_segment));
    xp_json_add(o, "date", xp_json_text_or_null(w->date));
    xp_json_add(o, "time", xp_json_text_or_null(w->time));
    xp_json_add(o, "signals", signals);
    xp_json_add(o, "comments", comments);
    xp_json_add(o, "notices", xp_report_notices(&w->notices));
    xp_json_add(o, "measured", xp_report_measured_part(m->done ? &m->all : NULL, &m->why));
    json_print_line(o);
}

/* ==== arrays ================================================================================= */

/* Of an array its header alone is read. */
static xp_status read_npy_head(const char *path, xp_npy *a, xp_error *err) {
    xp_dir_source d;
    XP_TRY(xp_dir_source_open(&d, path, err));
    uint8_t *start = malloc(XP_NPY_HEAD);
    size_t size = XP_NPY_HEAD;
    uint64_t whole = 0;
    xp_bytes none;
    xp_status s = start ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    if (s == XP_OK && !xp_source_part(&d.source, d.name, 0, start, &size, &whole))
        s = d.source.get(d.source.ctx, d.name, &none, err); /* it says why */
    else if (s == XP_OK)
        s = xp_npy_read_head(a, (xp_bytes){start, size}, whole, err);
    free(start);
    xp_dir_source_close(&d);
    return s;
}

static xp_status info_npy(const char *path, bool json, xp_error *err) {
    char text[128];
    xp_npy a = {0};
    xp_status s = read_npy_head(path, &a, err);
    if (s == XP_OK) xp_npy_describe(&a, text, sizeof text);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", path);
    if (!json) {
        printf("%s: array %s\n%s\n", path, text, XP_DISCLAIMER);
        return XP_OK;
    }
    cJSON *o = xp_report_begin(path);
    xp_json_add(o, "kind", xp_json_text("array"));
    xp_json_add(o, "array", xp_json_text(text));
    json_print_line(o);
    return XP_OK;
}

/* ============================================================================================= */

static xp_status info_model(const char *path, bool json, xp_error *err) {
    model_file f;
    XP_TRY(model_file_open(&f, path, err));
    if (json)
        print_model_json(&f);
    else
        print_model(&f);
    model_file_free(&f);
    return XP_OK;
}

static xp_status info_record(const char *path, const info_options *opt, xp_error *err) {
    xp_stored w;
    measured_record m;
    xp_read_options known = opt->known;
    known.no_samples = true;
    XP_TRY(input_read_stored(&w, path, &known, err));
    measure_record(&m, path, &opt->known);
    if (opt->json)
        print_record_json(&w, path, opt->keep_identity, &m);
    else
        print_record(&w, path, opt->keep_identity, &m);
    measured_record_free(&m);
    xp_stored_free(&w);
    return XP_OK;
}

/* By its ending: what it is, and whether it is one of ours, its bytes tell. */
static bool is_network(const char *path) {
    static const char *const endings[] = {".safetensors", ".keras", ".onnx", ".h5",
                                          ".hdf5",        ".pt",    ".pth",  ".tflite"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (xp_name_ends_with(path, endings[i])) return true;
    return false;
}

static xp_status info(const input *in, const info_options *opt, xp_error *err) {
    if (is_network(in->path)) return info_model(in->path, opt->json, err);
    if (in->kind == INPUT_NPY) return info_npy(in->path, opt->json, err);
    return info_record(in->path, opt, err);
}

/* Folders become their records; models and arrays are told apart by their names. */
static exit_code run(const command *self, int argc, char **argv) {
    info_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, -1, &args, &code)) return code;
    input_list list;
    xp_error err;
    if (inputs_expand(&list, args.items, args.n, &err) != XP_OK)
        return command_failed(self, &opt, &err);
    inputs_read_arrays(&list, &opt.known);
    for (int i = 0; i < list.n; i++) {
        const input *in = &list.items[i];
        if (in->kind == INPUT_MISSING) err = *in->error;
        if (in->kind != INPUT_MISSING && info(in, &opt, &err) == XP_OK) continue;
        report_failure(in->path, &err, opt.json);
        code = EXIT_CODE_BAD_INPUT;
    }
    inputs_free(&list);
    return code;
}

const command command_info = {
    .name = "info",
    .summary = "what is in a record or a model",
    .arguments = "FILE... [options]",
    .details =
        "FILE is a record of any format that is read, one of its files, a folder or zip archive of "
        "records, a model\n(.safetensors, .keras), or an .npy array. Who the patient is, is not "
        "told without "
        "--keep-identity;\ncomments and statements are printed as they stand, whatever they "
        "tell.\nFor a model: the layers that explain --layer takes, the labels, the "
        "order of the leads, and the\nmemory that running it will need.",
    .options = OPTIONS,
    .run = run,
};
