/* xplaim export: a model as a file for other programs, or as the static page with it inside. */
#include "base/file.h"
#include "command.h"
#include "convert/onnx.h"
#include "model_file.h"
#include "nn/model_file.h"
#include "report_text.h"
#include "site.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct export_options {
    const char *model, *output, *format, *page;
    text_list notes;
    bool half, json;
} export_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(export_options),
    OPTION_OUTPUT(export_options, "FILE|DIR", "where to write"),
    {"format", 0, OPTION_TEXT, "FORMAT",
     "safetensors, onnx or web (default: by the ending of the output's name)",
     offsetof(export_options, format)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16 (safetensors, web)",
     offsetof(export_options, half)},
    {"page", 0, OPTION_TEXT, "DIR", "the built page (default: web/dist here or beside the program)",
     offsetof(export_options, page)},
    {"note", 0, OPTION_TEXTS, "KEY=FILE",
     "put a text file into the model's metadata, e.g. model_card=CARD.md; repeat for several",
     offsetof(export_options, notes)},
    OPTION_JSON(export_options),
    {0}};

/* ==== single files =========================================================================== */

static xp_status write_file(const export_options *opt, uint8_t *bytes, size_t size, written *w,
                            xp_error *err) {
    xp_status s = xp_file_write(opt->output, bytes, size, err);
    free(bytes);
    *w = (written){size, 1};
    return s;
}

static xp_status write_safetensors(const xp_model *m, const export_options *opt, written *w,
                                   xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(m, opt->half, &bytes, &size, err));
    return write_file(opt, bytes, size, w, err);
}

static xp_status write_onnx(const xp_model *m, const export_options *opt, written *w,
                            xp_error *err) {
    uint8_t *bytes;
    size_t size;
    if (opt->half)
        return xp_fail(err, XP_ERR_USAGE, "--half is for safetensors and web; ONNX gets float32");
    XP_TRY(xp_onnx_export(m, XP_DISCLAIMER, &bytes, &size, err));
    return write_file(opt, bytes, size, w, err);
}

/* ==== the page =============================================================================== */

static xp_status write_page(const xp_model *m, const export_options *opt, written *w,
                            xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(m, opt->half, &bytes, &size, err));
    xp_status s = site_write(opt->page, opt->output, (xp_bytes){bytes, size}, w, err);
    free(bytes);
    return s;
}

/* ============================================================================================= */

static const struct {
    const char *name, *ending;
    xp_status (*write)(const xp_model *m, const export_options *opt, written *w, xp_error *err);
} formats[] = {{"safetensors", ".safetensors", write_safetensors},
               {"onnx", ".onnx", write_onnx},
               {"web", NULL, write_page}};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static xp_status find_format(const export_options *opt, int *format, xp_error *err) {
    const char *dot = strrchr(opt->output, '.');
    for (int i = 0; i < N_FORMATS; i++) {
        bool named = opt->format && !strcmp(opt->format, formats[i].name);
        bool ends = !opt->format && dot && formats[i].ending && !strcasecmp(dot, formats[i].ending);
        if (!named && !ends) continue;
        *format = i;
        return XP_OK;
    }
    if (opt->format)
        return xp_fail(err, XP_ERR_USAGE, "--format %s: expected safetensors, onnx or web",
                       opt->format);
    return xp_fail(err, XP_ERR_USAGE,
                   "%s: its ending is neither .safetensors nor .onnx: say which with --format",
                   opt->output);
}

static void report_written(const model_file *f, const export_options *opt, const char *format,
                           const written *w) {
    const xp_model *m = &f->model;
    if (opt->json) {
        cJSON *o = xp_report_begin(NULL);
        xp_json_add(o, "output", xp_json_text(opt->output));
        xp_json_add(o, "dtype", xp_json_text(opt->half ? "float16" : "float32"));
        xp_json_add(o, "notices", cJSON_CreateArray());
        json_print_line(o);
        return;
    }
    printf("%s: %s, %zu bytes in %d file%s, %zu weights as %s, %d labels\n", opt->output, format,
           w->bytes, w->files, w->files == 1 ? "" : "s", m->graph.n_weights,
           opt->half ? "float16" : "float32", m->n_labels);
    if (!m->trained) puts("  the model is marked untrained");
}

/* KEY=FILE: the file's text as metadata. */
static xp_status add_note(xp_model *m, const char *note, xp_error *err) {
    char key[64];
    const char *equals = strchr(note, '=');
    uint8_t *text;
    size_t size;
    if (!equals || equals == note || (size_t)(equals - note) >= sizeof key)
        return xp_fail(err, XP_ERR_USAGE, "--note %s: expected KEY=FILE", note);
    snprintf(key, sizeof key, "%.*s", (int)(equals - note), note);
    XP_TRY(xp_file_read(equals + 1, &text, &size, err));
    char *value = strndup((const char *)text, size);
    free(text);
    bool is_text = value && strlen(value) == size;
    xp_status s = is_text ? xp_model_set_meta(m, key, value) : XP_ERR_FORMAT;
    free(value);
    if (s == XP_OK) return s;
    return xp_fail(err, s,
                   is_text ? "--note %s: \"%s\" is a fact that the model has already"
                           : "--note %s: %s is not a text file",
                   note, is_text ? key : equals + 1);
}

static xp_status export(const export_options *opt, xp_error *err) {
    model_file f;
    int format = 0;
    written w;
    XP_TRY(find_format(opt, &format, err));
    XP_TRY(model_file_load(&f, opt->model, err));
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < opt->notes.n; i++)
        s = add_note(&f.model, opt->notes.items[i], err);
    if (s == XP_OK) s = formats[format].write(&f.model, opt, &w, err);
    if (s == XP_OK) report_written(&f, opt, formats[format].name, &w);
    model_file_free(&f);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    export_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (!opt.model) return usage_error(self, &opt, "no model: give one with -m");
    if (!opt.output)
        return usage_error(self, &opt, "nowhere to write: give a file or folder with -o");
    xp_error err;
    if (export(&opt, &err) == XP_OK) return EXIT_CODE_OK;
    return command_failed(self, &opt, &err);
}

const command command_export = {
    .name = "export",
    .summary = "a model as safetensors, as ONNX, or as the page with it inside",
    .arguments = "-m MODEL (-o MODEL.onnx | -o MODEL.safetensors [--half] | --format web -o DIR)",
    .details =
        "ONNX: opset 17, input \"ecg\" (batch, samples, leads) in millivolt, output "
        "\"probabilities\" (batch, labels);\nlabels, leads, rate and every other fact of the model "
        "file are in its metadata, and `xplaim import`\ntakes it back unchanged. Web: a new folder "
        "that any static server can serve; the page must have\nbeen built (scripts/demo "
        "--no-serve).",
    .options = OPTIONS,
    .run = run,
};
