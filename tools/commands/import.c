/* xplaim import: a Keras or ONNX model as a model file of ours. */
#include "base/file.h"
#include "base/list.h"
#include "command.h"
#include "convert/keras.h"
#include "ecg/record.h"
#include "model_file.h"
#include "nn/meaning.h"
#include "nn/model_file.h"
#include "report_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct import_options {
    const char *output, *labels, *leads, *name, *outputs, *unit;
    double rate;
    bool half, trained, sigmoid, softmax, json;
} import_options;

static const option_spec OPTIONS[] = {
    OPTION_OUTPUT(import_options, "MODEL.safetensors", "where to write"),
    {"labels", 0, OPTION_TEXT, "A,B,C", "names of the outputs (default: label1,label2,...)",
     offsetof(import_options, labels)},
    {"leads", 0, OPTION_TEXT, "I,II,...",
     "leads in the order of the columns (not given: I,II,III,aVR,aVF,aVL,V1..V6 assumed)",
     offsetof(import_options, leads)},
    {"rate", 0, OPTION_NUMBER, "HZ", "sampling rate of the input (not given: 500 assumed)",
     offsetof(import_options, rate)},
    {"unit", 0, OPTION_TEXT, "mV", "unit of the input (not given: mV assumed)",
     offsetof(import_options, unit)},
    {"name", 0, OPTION_TEXT, "NAME", "name of the model (default: the file's)",
     offsetof(import_options, name)},
    {"trained", 0, OPTION_FLAG, NULL,
     "say that the weights were fitted to real labels (default: marked untrained)",
     offsetof(import_options, trained)},
    {"outputs", 0, OPTION_TEXT, "WHAT",
     "logits (a sigmoid is added), probabilities or scores (default: by the last layer)",
     offsetof(import_options, outputs)},
    {"sigmoid", 0, OPTION_FLAG, NULL, "the same as --outputs logits",
     offsetof(import_options, sigmoid)},
    {"softmax", 0, OPTION_FLAG, NULL, "add a softmax to a model that ends in logits",
     offsetof(import_options, softmax)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16", offsetof(import_options, half)},
    OPTION_JSON(import_options),
    {0}};

/* ==== names in a list ======================================================================== */

static int count_names(const char *list) {
    int n = 1;
    for (const char *p = list; *p; p++) n += *p == ',';
    return n;
}

static xp_status check_count(const char *list, int expected, const char *option, const char *what,
                             xp_error *err) {
    int n = count_names(list);
    if (n == expected) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "%s has %d name%s; the model has %d %s", option, n,
                   n == 1 ? "" : "s", expected, what);
}

static xp_status set_labels(xp_model *m, const char *list, xp_error *err) {
    if (!list) return XP_OK;
    XP_TRY(check_count(list, m->n_labels, "--labels", "outputs", err));
    bool fits;
    char name[sizeof m->labels[0].name];
    for (int i = 0; xp_list_next(&list, name, sizeof name, &fits); i++) {
        if (!fits)
            return xp_fail(err, XP_ERR_USAGE, "name %d of --labels is empty or over %zu characters",
                           i + 1, sizeof name - 1);
        for (int k = 0; k < i; k++)
            if (!strcasecmp(m->labels[k].name, name))
                return xp_fail(err, XP_ERR_USAGE, "--labels names \"%s\" twice", name);
        strcpy(m->labels[i].name, name);
    }
    return XP_OK;
}

static xp_status set_lead(xp_model *m, int i, const char *name, bool fits, xp_error *err) {
    xp_lead_id id = fits ? xp_lead_parse(name) : XP_LEAD_NONE;
    if (id == XP_LEAD_NONE)
        return xp_fail(err, XP_ERR_USAGE,
                       "name %d of --leads is not one of the twelve leads: I, II, III, aVR, aVL, "
                       "aVF, V1 to V6",
                       i + 1);
    for (int k = 0; k < i; k++)
        if (!strcmp(m->leads[k], xp_lead_name(id)))
            return xp_fail(err, XP_ERR_USAGE, "--leads names %s twice", xp_lead_name(id));
    snprintf(m->leads[i], sizeof m->leads[i], "%s", xp_lead_name(id));
    return XP_OK;
}

static xp_status set_leads(xp_model *m, const char *list, xp_error *err) {
    if (!list && m->leads[0][0]) return XP_OK;
    if (!list)
        return xp_fail(err, XP_ERR_USAGE,
                       "the model has %d leads and its file does not say which: name them with "
                       "--leads I,II,... in the order of the input's columns",
                       m->n_leads);
    XP_TRY(check_count(list, m->n_leads, "--leads", "leads", err));
    bool fits;
    char name[32];
    for (int i = 0; xp_list_next(&list, name, sizeof name, &fits); i++)
        XP_TRY(set_lead(m, i, name, fits, err));
    return XP_OK;
}

/* The file's name without its folder and ending, cut to fit. */
static void set_name(xp_model *m, const char *name, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!name) name = slash ? slash + 1 : path;
    snprintf(m->name, sizeof m->name, "%s", name);
    char *dot = strrchr(m->name, '.');
    if (dot && (!strcasecmp(dot, ".keras") || !strcasecmp(dot, ".onnx"))) *dot = 0;
}

/* ============================================================================================= */

static xp_status check_words(const import_options *opt, xp_error *err) {
    const char *o = opt->outputs;
    if (o && strcmp(o, "logits") && strcmp(o, "probabilities") && strcmp(o, "scores"))
        return xp_fail(err, XP_ERR_USAGE,
                       "--outputs is \"%.40s\", expected logits, probabilities or scores", o);
    if (opt->unit && strcasecmp(opt->unit, "mV"))
        return xp_fail(err, XP_ERR_USAGE,
                       "--unit is \"%.40s\": inputs are in mV; let the model's first layer "
                       "multiply them by what another unit needs, and export it again",
                       opt->unit);
    return XP_OK;
}

/* The sigmoid or softmax behind logits. */
static xp_status add_end(xp_model *m, const import_options *opt, bool sigmoid, xp_error *err) {
    if (!sigmoid && !opt->softmax) return XP_OK;
    if (xp_graph_is_bounded(&m->graph) || (sigmoid && opt->softmax) ||
        (opt->softmax && opt->outputs))
        return xp_fail(err, XP_ERR_USAGE, "%s is for a model that ends in logits; this one %s",
                       sigmoid && opt->outputs ? "--outputs logits" : "--sigmoid or --softmax",
                       xp_graph_is_bounded(&m->graph) ? "has such an end"
                                                      : "gets only one of them");
    xp_op op = {.kind = XP_OP_ACTIVATION,
                .name = "probabilities",
                .n_inputs = 1,
                .inputs = {m->graph.n_ops - 1},
                .activation = sigmoid ? XP_ACT_SIGMOID : XP_ACT_SOFTMAX};
    return xp_graph_add(&m->graph, &op, err);
}

static xp_status set_outputs(model_file *f, const import_options *opt, xp_error *err) {
    xp_model *m = &f->model;
    const char *said = opt->outputs ? opt->outputs : "";
    const bool sigmoid = opt->sigmoid || !strcmp(said, "logits");
    if (f->ours && !opt->outputs && !sigmoid && !opt->softmax) return XP_OK;
    XP_TRY(add_end(m, opt, sigmoid, err));
    const bool bounded = xp_graph_is_bounded(&m->graph);
    if (!strcmp(said, "probabilities") && !bounded)
        return xp_fail(err, XP_ERR_USAGE,
                       "--outputs probabilities: the last layer \"%s\" is neither sigmoid nor "
                       "softmax and may give any number; if it gives logits say --outputs logits",
                       m->graph.ops[m->graph.n_ops - 1].name);
    if (xp_model_set_outputs(m, bounded && strcmp(said, "scores")) == XP_OK) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the model's metadata");
}

/* What the options say is no longer assumed. */
static xp_status set_assumed(xp_model *m, const import_options *opt, xp_error *err) {
    unsigned assumed = xp_model_assumed(m);
    if (opt->leads) assumed &= ~(1u << XP_ASSUMED_LEADS);
    if (opt->rate > 0) assumed &= ~(1u << XP_ASSUMED_RATE);
    if (opt->unit) assumed &= ~(1u << XP_ASSUMED_UNIT);
    if (xp_model_set_assumed(m, assumed) == XP_OK) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the model's metadata");
}

static xp_status describe(model_file *f, const import_options *opt, const char *path,
                          xp_error *err) {
    xp_model *m = &f->model;
    XP_TRY(set_outputs(f, opt, err));
    XP_TRY(set_labels(m, opt->labels, err));
    XP_TRY(set_leads(m, opt->leads, err));
    XP_TRY(set_assumed(m, opt, err));
    /* A file of our own tells its name, and whether it was trained. */
    if (!f->ours || opt->name) set_name(m, opt->name, path);
    if (opt->rate > 0) m->rate = opt->rate;
    if (!f->ours || opt->trained) m->trained = opt->trained;
    return XP_OK;
}

/* The options that say what was assumed. */
static const char *options_for(const xp_model *m) {
    static const char *const texts[] = {"",
                                        "--leads",
                                        "--rate",
                                        "--leads and --rate",
                                        "--unit",
                                        "--leads and --unit",
                                        "--rate and --unit",
                                        "--leads, --rate and --unit"};
    return texts[xp_model_assumed(m) & 7];
}

static cJSON *notices_json(const xp_model *m) {
    xp_notices notices = {0};
    xp_report_model_notices(&notices, m);
    cJSON *list = xp_report_notices(&notices);
    xp_notices_free(&notices);
    return list;
}

static void report_written(const xp_model *m, const import_options *opt, size_t size) {
    if (opt->json) {
        cJSON *o = xp_report_begin(NULL);
        xp_json_add(o, "output", xp_json_text(opt->output));
        xp_json_add(o, "dtype", xp_json_text(opt->half ? "float16" : "float32"));
        xp_json_add(o, "notices", notices_json(m));
        json_print_line(o);
        return;
    }
    printf("%s: %zu bytes, %zu weights as %s, %d operations, %d leads, %d samples at %g Hz, %d "
           "labels\n",
           opt->output, size, m->graph.n_weights, opt->half ? "float16" : "float32", m->graph.n_ops,
           m->n_leads, m->length, m->rate, m->n_labels);
    if (!m->trained)
        puts("  marked untrained; give --trained where the weights were fitted to real labels");
    if (!xp_model_gives_probabilities(m))
        puts("  " XP_SCORES "; where they are logits import them with --outputs logits (adds the "
             "sigmoid) or --softmax");
    char assumed[160];
    if (xp_model_assumed_text(m, assumed, sizeof assumed)[0])
        printf("  " XP_INPUT_ASSUMED("%s") "; say it with %s\n", assumed, options_for(m));
}

static xp_status write_model(const xp_model *m, const import_options *opt, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(m, opt->half, &bytes, &size, err));
    xp_status s = xp_file_write(opt->output, bytes, size, err);
    free(bytes);
    if (s == XP_OK) report_written(m, opt, size);
    return s;
}

static xp_status import(const char *path, const import_options *opt, xp_error *err) {
    model_file f;
    XP_TRY(check_words(opt, err));
    XP_TRY(model_file_import(&f, path, err));
    xp_status s = describe(&f, opt, path, err);
    if (s == XP_OK) s = write_model(&f.model, opt, err);
    model_file_free(&f);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    import_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, 1, &args, &code)) return code;
    if (!opt.output) return usage_error(self, &opt, "nowhere to write: give a file with -o");
    xp_error err;
    if (import(args.items[0], &opt, &err) == XP_OK) return EXIT_CODE_OK;
    return command_failed(self, &opt, &err);
}

const command command_import = {
    .name = "import",
    .summary = "a Keras 3 or ONNX (PyTorch) model as a model file of ours",
    .arguments = "MODEL.keras|MODEL.onnx -o MODEL.safetensors [--labels A,B,C] [--leads I,II,...] "
                 "[--rate HZ]",
    .details =
        "Keras: Functional and Sequential models with one input (samples, leads) in millivolt. "
        "ONNX: one input\n(batch, leads, samples) or (batch, samples, leads), one output (batch, "
        "labels); export from PyTorch in\nevaluation mode with a fixed length. What the file does "
        "not say is given by the options. An unknown\nlayer, operator or option is an error that "
        "names it.",
    .options = OPTIONS,
    .run = run,
};
