/* xplaim prepare: what the network would be shown, as an array. */
#include "arrays.h"
#include "command.h"
#include "explain.h"
#include "inputs.h"
#include "report_text.h"

typedef struct prepare_options {
    const char *model, *output;
    bool json;
    xp_prepare_options prepare;
    xp_read_options known;
} prepare_options;

static const option_spec OPTIONS[] = {OPTION_MODEL(prepare_options),
                                      OPTION_OUTPUT(prepare_options, "X.npy", "where to write"),
                                      OPTION_JSON(prepare_options),
                                      OPTIONS_PREPARE(prepare_options),
                                      OPTIONS_KNOWN(prepare_options, "unit"),
                                      {0}};

static void report_written(const xp_input *in, const xp_notices *notices,
                           const prepare_options *opt, const char *record) {
    if (opt->json) {
        cJSON *o = xp_report_begin(record), *windows = cJSON_CreateArray();
        for (int w = 0; w < in->n_windows; w++) xp_json_append(windows, xp_report_window(in, w));
        xp_json_add(o, "output", xp_json_text(opt->output));
        xp_json_add(o, "dtype", xp_json_text("float32"));
        xp_json_add(o, "windows", windows);
        xp_json_add(o, "notices", xp_report_notices(notices));
        json_print_line(o);
        return;
    }
    printf("%s: %d window%s of %d samples at %g Hz, %d leads, float32 mV\n", opt->output,
           in->n_windows, in->n_windows == 1 ? "" : "s", in->length, in->rate, in->n_leads);
    report_notices_text(notices, "  ");
}

static xp_status save_input(const xp_input *in, const char *path, xp_error *err) {
    size_t shape[] = {(size_t)in->n_windows, (size_t)in->length, (size_t)in->n_leads};
    return array_save(path, 'f', 4, 3, shape, in->x, err);
}

static xp_status prepare_record(const xp_model *m, const char *path, const prepare_options *opt,
                                xp_error *err) {
    xp_record rec;
    xp_input in;
    xp_input_spec spec = xp_model_input_spec(m);
    XP_TRY(input_read_record(&rec, path, &opt->known, err));
    xp_status s = xp_prepare(&in, &rec, &spec, &opt->prepare, err);
    if (s != XP_OK) {
        xp_record_free(&rec);
        return report_refusal(err, path);
    }
    s = save_input(&in, opt->output, err);
    if (s == XP_OK) {
        xp_notices_append(&rec.notices, &in.notices);
        report_written(&in, &rec.notices, opt, path);
    }
    xp_input_free(&in);
    xp_record_free(&rec);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    prepare_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, 1, &args, &code)) return code;
    if (!opt.model) return usage_error(self, &opt, "no model: give one with -m");
    if (!opt.output) return usage_error(self, &opt, "nowhere to write: give a file with -o");
    model_file file;
    xp_error err;
    if (model_file_load(&file, opt.model, &err) != XP_OK) return command_failed(self, &opt, &err);
    xp_status s = prepare_record(&file.model, args.items[0], &opt, &err);
    model_file_free(&file);
    if (s == XP_OK) return EXIT_CODE_OK;
    return report_failure(args.items[0], &err, opt.json);
}

const command command_prepare = {
    .name = "prepare",
    .summary = "a record as the network's input array",
    .arguments = "RECORD -m MODEL -o X.npy [options]",
    .details =
        "X.npy is float32 (windows, samples, leads) in millivolt at the model's rate, leads in the "
        "model's\norder: found by name, derived from two limb leads where they are missing, "
        "resampled, filtered when\nasked, missing samples 0. predict and explain take such a file.",
    .options = OPTIONS,
    .run = run,
};
