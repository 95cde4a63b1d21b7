/* xplaim import: a Keras or ONNX model as a model file of ours. */
#include "command.h"
#include "convert/keras.h"
#include "ecg/record.h"
#include "model_file.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct import_options {
    const char *output, *labels, *leads, *name;
    double rate;
    bool half, trained, sigmoid, softmax, json;
} import_options;

static const option_spec OPTIONS[] = {
    OPTION_OUTPUT(import_options, "MODEL.safetensors", "where to write"),
    {"labels", 0, OPTION_TEXT, "A,B,C", "names of the outputs (default: label1,label2,...)",
     offsetof(import_options, labels)},
    {"leads", 0, OPTION_TEXT, "I,II,...",
     "leads in the order of the input's columns (12 leads: I,II,III,aVR,aVF,aVL,V1..V6)",
     offsetof(import_options, leads)},
    {"rate", 0, OPTION_NUMBER, "HZ", "sampling rate of the input (default 500)",
     offsetof(import_options, rate)},
    {"name", 0, OPTION_TEXT, "NAME", "name of the model (default: the file's)",
     offsetof(import_options, name)},
    {"trained", 0, OPTION_FLAG, NULL,
     "say that the weights were fitted to real labels (default: marked untrained)",
     offsetof(import_options, trained)},
    {"sigmoid", 0, OPTION_FLAG, NULL, "add a sigmoid to a model that ends in logits",
     offsetof(import_options, sigmoid)},
    {"softmax", 0, OPTION_FLAG, NULL, "add a softmax to a model that ends in logits",
     offsetof(import_options, softmax)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16", offsetof(import_options, half)},
    OPTION_JSON(import_options),
    {0}};

/* ==== names in a list ======================================================================== */

/* The next name of a list "A,B,C" into name, blanks around it cut; false at the end of the list. */
static bool next_name(const char **list, char *name, size_t size, bool *fits) {
    if (!*list) return false;
    const char *from = *list + strspn(*list, " ");
    size_t n = strcspn(from, ",");
    *list = from[n] ? from + n + 1 : NULL;
    while (n > 0 && from[n - 1] == ' ') n--;
    *fits = n > 0 && n < size;
    if (*fits) snprintf(name, size, "%.*s", (int)n, from);
    return true;
}

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
    for (int i = 0; next_name(&list, name, sizeof name, &fits); i++) {
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
    for (int i = 0; next_name(&list, name, sizeof name, &fits); i++)
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

/* Whether the model's last step gives probabilities. */
static bool ends_in_probabilities(const xp_model *m) {
    xp_activation a = m->graph.ops[m->graph.n_ops - 1].activation;
    return a == XP_ACT_SIGMOID || a == XP_ACT_SOFTMAX;
}

static xp_status add_end(xp_model *m, const import_options *opt, xp_error *err) {
    if (!opt->sigmoid && !opt->softmax) return XP_OK;
    if (ends_in_probabilities(m) || (opt->sigmoid && opt->softmax))
        return xp_fail(err, XP_ERR_USAGE,
                       "--sigmoid or --softmax is for a model that ends in logits; this one %s",
                       ends_in_probabilities(m) ? "has such an end" : "gets only one of them");
    xp_op op = {.kind = XP_OP_ACTIVATION,
                .name = "probabilities",
                .n_inputs = 1,
                .inputs = {m->graph.n_ops - 1},
                .activation = opt->sigmoid ? XP_ACT_SIGMOID : XP_ACT_SOFTMAX};
    return xp_graph_add(&m->graph, &op, err);
}

static xp_status describe(model_file *f, const import_options *opt, const char *path,
                          xp_error *err) {
    xp_model *m = &f->model;
    XP_TRY(add_end(m, opt, err));
    XP_TRY(set_labels(m, opt->labels, err));
    XP_TRY(set_leads(m, opt->leads, err));
    /* A file of our own tells its name, and whether it was trained. */
    if (!f->ours || opt->name) set_name(m, opt->name, path);
    if (opt->rate > 0) m->rate = opt->rate;
    if (!f->ours || opt->trained) m->trained = opt->trained;
    return XP_OK;
}

static void say_written(const xp_model *m, const import_options *opt, size_t size) {
    if (opt->json) {
        cJSON *o = report_begin(NULL);
        cJSON_AddItemToObject(o, "output", json_text(opt->output));
        cJSON_AddItemToObject(o, "dtype", json_text(opt->half ? "float16" : "float32"));
        cJSON_AddItemToObject(o, "notices", cJSON_CreateArray());
        json_print_line(o);
        return;
    }
    printf("%s: %zu bytes, %zu weights as %s, %d operations, %d leads, %d samples at %g Hz, %d "
           "labels\n",
           opt->output, size, m->graph.n_weights, opt->half ? "float16" : "float32", m->graph.n_ops,
           m->n_leads, m->length, m->rate, m->n_labels);
    if (!m->trained)
        puts("  marked untrained; give --trained where the weights were fitted to real labels");
    if (!ends_in_probabilities(m))
        puts("  its last step is neither sigmoid nor softmax: where it gives logits, add --sigmoid "
             "or --softmax");
}

static xp_status write_model(const xp_model *m, const import_options *opt, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(m, opt->half, &bytes, &size, err));
    xp_status s = output_write_file(opt->output, bytes, size, err);
    free(bytes);
    if (s == XP_OK) say_written(m, opt, size);
    return s;
}

static xp_status import(const char *path, const import_options *opt, xp_error *err) {
    model_file f;
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
    if (!opt.output) return usage_error(self, "nowhere to write: give a file with -o");
    xp_error err;
    if (import(args.items[0], &opt, &err) == XP_OK) return EXIT_CODE_OK;
    return report_fatal_as(&err, opt.json);
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
