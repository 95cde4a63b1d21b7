/* xplaim info: what is in a record or a model. */
#include "command.h"
#include "convert/npy.h"
#include "ecg/files.h"
#include "inputs.h"
#include "model_file.h"
#include "nn/gradcam.h"
#include "nn/net.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct info_options {
    bool json;
} info_options;

static const option_spec OPTIONS[] = {OPTION_JSON(info_options), {0}};

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

/* Multiply-adds of one direct pass through op. */
static double op_macs(const xp_graph *g, const xp_op *op) {
    const xp_param *kernel = xp_op_param(g, op, "kernel");
    const xp_param *recurrent = xp_op_param(g, op, "recurrent_kernel");
    if (!kernel) return 0;
    int steps = op->kind == XP_OP_GRU ? g->ops[op->inputs[0]].t : op->t;
    return (double)steps * (double)(kernel->count + (recurrent ? recurrent->count : 0));
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
        printf(" %10zu %8.2f ", op_weights(g, op), op_macs(g, op) * 1e-6);
        for (int k = 0; k < op->n_inputs; k++) printf(" %d", op->inputs[k]);
        puts("");
    }
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
        if (l->threshold_source[0]) printf("     threshold from %s\n", l->threshold_source);
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
    printf("%s: model ", f->path);
    print_clean(stdout, m->name);
    printf("\n  %-10s %s, %d operations\n", "network", m->architecture, m->graph.n_ops);
    if (!m->trained) puts("  " UNTRAINED_TEXT);
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
    printf("\n%s\n", DISCLAIMER);
}

static cJSON *shape_json(const xp_op *op) {
    cJSON *a = cJSON_CreateArray();
    if (op->is_sequence) cJSON_AddItemToArray(a, json_integer(op->t));
    cJSON_AddItemToArray(a, json_integer(op->c));
    return a;
}

static cJSON *layer_json(const xp_graph *g, const xp_op *op) {
    cJSON *o = cJSON_CreateObject(), *inputs = cJSON_CreateArray();
    for (int k = 0; k < op->n_inputs; k++)
        cJSON_AddItemToArray(inputs, json_text(g->ops[op->inputs[k]].name));
    cJSON_AddItemToObject(o, "name", json_text(op->name));
    cJSON_AddItemToObject(o, "operation", json_text(xp_op_kind_name(op->kind)));
    cJSON_AddItemToObject(o, "inputs", inputs);
    cJSON_AddItemToObject(o, "shape", shape_json(op));
    cJSON_AddBoolToObject(o, "sequence", op->is_sequence);
    cJSON_AddItemToObject(o, "weights", json_integer((int64_t)op_weights(g, op)));
    cJSON_AddItemToObject(o, "macs", json_number(op_macs(g, op)));
    return o;
}

static cJSON *input_json(const xp_model *m) {
    cJSON *o = cJSON_CreateObject(), *leads = cJSON_CreateArray();
    for (int i = 0; i < m->n_leads; i++) cJSON_AddItemToArray(leads, json_text(m->leads[i]));
    cJSON_AddItemToObject(o, "samples", json_integer(m->length));
    cJSON_AddItemToObject(o, "rate", json_number(m->rate));
    cJSON_AddItemToObject(o, "units", json_text("mV"));
    cJSON_AddItemToObject(o, "leads", leads);
    return o;
}

static cJSON *file_json(const model_file *f) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "path", json_text(f->path));
    cJSON_AddItemToObject(o, "bytes", json_integer((int64_t)f->size));
    return o;
}

static cJSON *memory_json(const xp_model *m) {
    model_memory memory = plan_memory(m);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "weights_bytes", json_integer((int64_t)m->graph.n_weights * 4));
    cJSON_AddItemToObject(o, "predict_bytes", json_integer_or_null(memory.predict));
    cJSON_AddItemToObject(o, "explain_bytes", json_integer_or_null(memory.explain));
    return o;
}

static void print_model_json(const model_file *f) {
    const xp_model *m = &f->model;
    cJSON *o = report_begin(NULL), *labels = cJSON_CreateArray(), *layers = cJSON_CreateArray();
    cJSON *meta = cJSON_CreateObject();
    for (int i = 0; i < m->n_labels; i++) cJSON_AddItemToArray(labels, report_label(&m->labels[i]));
    for (int i = 0; i < m->graph.n_ops; i++)
        cJSON_AddItemToArray(layers, layer_json(&m->graph, &m->graph.ops[i]));
    for (int i = 0; i < m->n_meta; i++)
        cJSON_AddItemToObject(meta, m->meta[i].key, json_text(m->meta[i].value));
    cJSON_AddItemToObject(o, "kind", json_text("model"));
    cJSON_AddItemToObject(o, "file", file_json(f));
    cJSON_AddItemToObject(o, "model", report_model(f));
    cJSON_AddItemToObject(o, "input", input_json(m));
    cJSON_AddItemToObject(o, "weights", json_integer((int64_t)m->graph.n_weights));
    cJSON_AddItemToObject(o, "macs", json_number(xp_graph_macs(&m->graph)));
    cJSON_AddItemToObject(o, "memory", memory_json(m));
    cJSON_AddItemToObject(o, "labels", labels);
    cJSON_AddItemToObject(o, "layers", layers);
    cJSON_AddItemToObject(o, "metadata", meta);
    json_print_line(o);
}

/* ==== records ================================================================================ */

static const char *checksum_state(const xp_wfdb_signal *s) {
    return s->has_checksum ? "yes" : "no";
}

/* Where the samples lie: file, first byte, frames of delay. A file's name once, as signals share
 * it. */
static void print_places(const xp_wfdb *w) {
    for (int i = 0, to; i < w->n_signals; i = to) {
        const xp_wfdb_signal *s = &w->signals[i];
        for (to = i + 1; to < w->n_signals; to++) {
            const xp_wfdb_signal *t = &w->signals[to];
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

static void print_signal(const xp_wfdb *w, int i) {
    const xp_wfdb_signal *s = &w->signals[i];
    xp_lead_id lead = xp_lead_parse(s->name);
    printf("%3d  ", i);
    print_clean(stdout, s->name[0] ? s->name : "(no name)");
    int pad = 16 - (int)strlen(s->name[0] ? s->name : "(no name)");
    printf("%*s %-5s %8g Hz %10lld  %-8s %10g %7d %6d  %-8s %lld\n", pad > 0 ? pad : 0, "",
           lead == XP_LEAD_NONE ? "-" : xp_lead_name(lead), w->rate * s->samples_per_frame,
           (long long)s->n, s->calibrated && s->units[0] ? s->units : "(none)", s->gain,
           s->baseline, s->format, checksum_state(s), (long long)s->n_missing);
}

static void print_record(const xp_wfdb *w, const char *path) {
    printf("%s: WFDB record%s, %d signals, %lld frames at %g Hz (%.3f s)\n", path,
           w->multi_segment ? " of several segments" : "", w->n_signals, (long long)w->n_frames,
           w->rate, w->rate > 0 ? (double)w->n_frames / w->rate : 0.0);
    printf("\n%-4s %-16s %-5s %11s %10s  %-8s %10s %7s %6s  %-8s %s\n", "", "signal", "lead",
           "rate", "samples", "units", "gain", "base", "format", "checksum", "missing");
    for (int i = 0; i < w->n_signals; i++) print_signal(w, i);
    puts("");
    print_places(w);
    if (w->n_comments) puts("");
    for (int i = 0; i < w->n_comments; i++) {
        fputs("  # ", stdout);
        print_clean(stdout, w->comments[i]);
        puts("");
    }
    report_notices_text(&w->notices, "  ");
    puts(DISCLAIMER);
}

static cJSON *signal_json(const xp_wfdb *w, int i) {
    const xp_wfdb_signal *s = &w->signals[i];
    xp_lead_id lead = xp_lead_parse(s->name);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "name", json_text(s->name));
    cJSON_AddItemToObject(
        o, "lead", lead == XP_LEAD_NONE ? cJSON_CreateNull() : json_text(xp_lead_name(lead)));
    cJSON_AddItemToObject(o, "rate", json_number(w->rate * s->samples_per_frame));
    cJSON_AddItemToObject(o, "samples", json_integer(s->n));
    cJSON_AddItemToObject(o, "samples_per_frame", json_integer(s->samples_per_frame));
    cJSON_AddItemToObject(o, "units", json_text(s->units));
    cJSON_AddItemToObject(o, "gain", json_number(s->gain));
    cJSON_AddItemToObject(o, "baseline", json_integer(s->baseline));
    cJSON_AddItemToObject(o, "adc_zero", json_integer(s->adc_zero));
    cJSON_AddBoolToObject(o, "calibrated", s->calibrated);
    cJSON_AddItemToObject(o, "file", json_text(s->file));
    cJSON_AddItemToObject(o, "format", json_integer(s->format));
    cJSON_AddItemToObject(o, "byte_offset", json_integer(s->byte_offset));
    cJSON_AddItemToObject(o, "skew", json_integer(s->skew));
    cJSON_AddItemToObject(o, "checksum",
                          s->has_checksum ? json_integer(s->checksum) : cJSON_CreateNull());
    cJSON_AddItemToObject(o, "missing", json_integer(s->n_missing));
    return o;
}

static void print_record_json(const xp_wfdb *w, const char *path) {
    cJSON *o = report_begin(path), *signals = cJSON_CreateArray();
    cJSON *comments = cJSON_CreateArray();
    for (int i = 0; i < w->n_signals; i++) cJSON_AddItemToArray(signals, signal_json(w, i));
    for (int i = 0; i < w->n_comments; i++)
        cJSON_AddItemToArray(comments, json_text(w->comments[i]));
    cJSON_AddItemToObject(o, "kind", json_text("record"));
    cJSON_AddItemToObject(o, "rate", json_number(w->rate));
    cJSON_AddItemToObject(o, "frames", json_integer(w->n_frames));
    cJSON_AddBoolToObject(o, "multi_segment", w->multi_segment);
    cJSON_AddItemToObject(o, "date", json_text_or_null(w->date));
    cJSON_AddItemToObject(o, "time", json_text_or_null(w->time));
    cJSON_AddItemToObject(o, "signals", signals);
    cJSON_AddItemToObject(o, "comments", comments);
    cJSON_AddItemToObject(o, "notices", report_notices(&w->notices));
    json_print_line(o);
}

/* ==== arrays ================================================================================= */

static xp_status info_npy(const char *path, bool json, xp_error *err) {
    uint8_t *data;
    size_t size;
    char text[128];
    xp_npy a;
    XP_TRY(xp_file_read(path, &data, &size, err));
    xp_status s = xp_npy_read(&a, (xp_bytes){data, size}, err);
    if (s == XP_OK) xp_npy_describe(&a, text, sizeof text);
    free(data);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", path);
    if (!json) {
        printf("%s: array %s\n%s\n", path, text, DISCLAIMER);
        return XP_OK;
    }
    cJSON *o = report_begin(path);
    cJSON_AddItemToObject(o, "kind", json_text("array"));
    cJSON_AddItemToObject(o, "array", json_text(text));
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

static xp_status info_record(const char *path, bool json, xp_error *err) {
    xp_wfdb w;
    XP_TRY(input_read_wfdb(&w, path, err));
    if (json)
        print_record_json(&w, path);
    else
        print_record(&w, path);
    xp_wfdb_free(&w);
    return XP_OK;
}

static xp_status info(const char *path, bool json, xp_error *err) {
    if (path_ends_with(path, ".safetensors") || path_ends_with(path, ".keras"))
        return info_model(path, json, err);
    if (path_ends_with(path, ".npy")) return info_npy(path, json, err);
    return info_record(path, json, err);
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
        return report_fatal_as(&err, opt.json);
    for (int i = 0; i < list.n; i++) {
        const input *in = &list.items[i];
        if (in->kind == INPUT_MISSING) err = *in->error;
        if (in->kind != INPUT_MISSING && info(in->path, opt.json, &err) == XP_OK) continue;
        report_failure(in->path, &err, opt.json);
        code = EXIT_CODE_BAD_INPUT;
    }
    inputs_free(&list);
    return code;
}

const command command_info = {
    .name = "info",
    .summary = "what is in a record or a model",
    .arguments = "FILE... [--json]",
    .details =
        "FILE is a WFDB record (NAME, NAME.hea, or its signal file), a folder of records, a model\n"
        "(.safetensors, .keras), or an .npy array. For a model: the layers that explain --layer "
        "takes, the\nlabels, the order of the leads, and the memory that running it will need.",
    .options = OPTIONS,
    .run = run,
};
