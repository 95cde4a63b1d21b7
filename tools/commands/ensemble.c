/* xplaim ensemble: several trained networks as one model file. */
#include "command.h"
#include "model_file.h"
#include "nn/model_file.h"
#include "report_text.h"

#include "base/file.h"
#include "nn/ensemble.h"

#include <stdlib.h>

typedef struct ensemble_options {
    const char *output, *name;
    bool half, json;
} ensemble_options;

static const option_spec OPTIONS[] = {
    OPTION_OUTPUT(ensemble_options, "FILE", "the joined model (.safetensors)"),
    {"name", 0, OPTION_TEXT, "NAME", "name of the joined model (default: the first one's)",
     offsetof(ensemble_options, name)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16",
     offsetof(ensemble_options, half)},
    OPTION_JSON(ensemble_options),
    {0}};

/* Who the members were travels in the file. */
static xp_status add_facts(xp_model *m, const model_file *files, int n, xp_error *err) {
    cJSON *list = cJSON_CreateArray();
    for (int k = 0; k < n; k++) {
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "name", xp_json_text(files[k].model.name));
        xp_json_add(o, "sha256", xp_json_text(files[k].sha256));
        xp_json_append(list, o);
    }
    char *text = xp_json_print(list);
    xp_status s = text ? xp_model_set_meta(m, "ensemble", text) : XP_ERR_MEMORY;
    free(text);
    return s == XP_OK ? s : xp_fail(err, s, "not enough memory for the model's facts");
}

static xp_status join(const ensemble_options *opt, const model_file *files, int n, xp_error *err) {
    const xp_model *members[XP_ENSEMBLE_MAX];
    xp_model joined;
    uint8_t *bytes = NULL;
    size_t size;
    for (int k = 0; k < n; k++) members[k] = &files[k].model;
    XP_TRY(xp_ensemble(&joined, members, n, err));
    if (opt->name) snprintf(joined.name, sizeof joined.name, "%s", opt->name);
    xp_status s = add_facts(&joined, files, n, err);
    if (s == XP_OK) s = xp_model_write(&joined, opt->half, &bytes, &size, err);
    if (s == XP_OK) s = xp_file_write(opt->output, bytes, size, err);
    free(bytes);
    if (s == XP_OK && opt->json) {
        cJSON *o = xp_report_begin(NULL);
        xp_json_add(o, "output", xp_json_text(opt->output));
        xp_json_add(o, "dtype", xp_json_text(opt->half ? "float16" : "float32"));
        xp_json_add(o, "notices", cJSON_CreateArray());
        json_print_line(o);
    } else if (s == XP_OK) {
        printf("%s: %d networks, %zu weights, %zu bytes\n", opt->output, n, joined.graph.n_weights,
               size);
    }
    xp_model_free(&joined);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    ensemble_options opt = {0};
    arguments args;
    exit_code code;
    xp_error err;
    model_file files[XP_ENSEMBLE_MAX] = {0};
    if (!command_parse(self, &opt, argc, argv, 2, XP_ENSEMBLE_MAX, &args, &code)) return code;
    if (!opt.output) return usage_error(self, &opt, "nowhere to write: give a file with -o");
    xp_status s = XP_OK;
    for (int k = 0; s == XP_OK && k < args.n; k++)
        s = model_file_load(&files[k], args.items[k], &err);
    if (s == XP_OK) s = join(&opt, files, args.n, &err);
    for (int k = 0; k < XP_ENSEMBLE_MAX; k++) model_file_free(&files[k]);
    return s == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_ensemble = {
    .name = "ensemble",
    .summary = "several trained networks of one kind as one model: their mean log-odds",
    .arguments = "MODEL MODEL... -o OUT.safetensors [--name NAME] [--half]",
    .details = "The networks run side by side inside one model file, from the input to the layer "
               "that Grad-CAM explains, so that\nevery command and the page take it like any "
               "other. They must have the same input, labels and kind. Calibrate\nthe result: "
               "thresholds and test figures of the members are not the ensemble's.",
    .options = OPTIONS,
    .run = run,
};
