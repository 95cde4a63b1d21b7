/* xplaim calibrate: the last step from trained weights to a model that is given to others: the
 * labels it is to have, probabilities that mean what they say, thresholds, test figures. */
#include "cases.h"
#include "command.h"
#include "report.h"

#include "nn/head.h"
#include "train/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct calibrate_options {
    const char *model, *output, *labels, *threshold, *cache_dir, *name;
    data_set_options data;
    int val_fold, test_fold, threads;
    bool half, json;
} calibrate_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(calibrate_options),
    OPTION_OUTPUT(calibrate_options, "FILE", "the calibrated model (.safetensors)"),
    OPTIONS_DATA_SETS(calibrate_options, ""),
    {"val-fold", 0, OPTION_COUNT, "N", "strat_fold to calibrate on (default 9)",
     offsetof(calibrate_options, val_fold)},
    {"test-fold", 0, OPTION_COUNT, "N", "strat_fold of the test figures (default 10)",
     offsetof(calibrate_options, test_fold)},
    {"cache-dir", 0, OPTION_TEXT, "DIR", "keep prepared records here (default: nowhere)",
     offsetof(calibrate_options, cache_dir)},
    {"labels", 0, OPTION_TEXT, "A,B,C", "keep only these outputs (default: all)",
     offsetof(calibrate_options, labels)},
    {"name", 0, OPTION_TEXT, "NAME", "name of the calibrated model (default: as it was)",
     offsetof(calibrate_options, name)},
    {"threshold", 0, OPTION_TEXT, "RULE",
     "of each label, on the same fold: youden (default), f1, or sensitivity=0.9",
     offsetof(calibrate_options, threshold)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16",
     offsetof(calibrate_options, half)},
    OPTION_THREADS(calibrate_options, "0"),
    OPTION_JSON(calibrate_options),
    {0}};

typedef struct calibration {
    const calibrate_options *opt;
    threshold_choice rule;
    model_file file;
    int keep[XP_DATASET_MAX_LABELS], n;
    cases validation;
    xp_scaling scaling[XP_DATASET_MAX_LABELS];
    double loss[XP_DATASET_MAX_LABELS][2]; /* before, after; NaN: no case */
} calibration;

/* ==== the steps ============================================================================== */

static xp_status choose_labels(calibration *c, xp_error *err) {
    const xp_model *m = &c->file.model;
    const char *rest = c->opt->labels;
    bool fits;
    if (m->n_labels > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_LIMIT, "%s has %d labels; expected at most %d", c->opt->model,
                       m->n_labels, XP_DATASET_MAX_LABELS);
    for (int l = 0; !rest && l < m->n_labels; l++) c->keep[c->n++] = l;
    for (char name[32]; next_in_list(&rest, name, sizeof name, &fits);) {
        int l = fits ? xp_model_find_label(m, name) : -1;
        if (l < 0 || c->n == XP_DATASET_MAX_LABELS)
            return xp_fail(err, XP_ERR_USAGE, "--labels: \"%s\" is no label of %s", name,
                           c->opt->model);
        c->keep[c->n++] = l;
    }
    return XP_OK;
}

/* Probabilities of the model as it came, of the labels to keep. */
static xp_status predict(const calibration *c, xp_part part, xp_pool *pool, cases *out,
                         xp_error *err) {
    const cases_source from = {.data = c->opt->data,
                               .part = part,
                               .val_fold = c->opt->val_fold,
                               .test_fold = c->opt->test_fold,
                               .cache_dir = c->opt->cache_dir,
                               .pool = pool};
    XP_TRY(cases_predict(out, c->opt->model, &from, err));
    cases_keep(out, c->keep, c->n);
    return XP_OK;
}

static void apply_scaling(const calibration *c, cases *v) {
    size_t labels = (size_t)v->n_labels;
    for (size_t i = 0; i < v->n * labels; i++)
        v->score[i] = xp_scaling_apply(c->scaling[i % labels], v->score[i]);
}

static xp_status fit(calibration *c, xp_error *err) {
    xp_predictions p = cases_predictions(&c->validation);
    double slope[XP_DATASET_MAX_LABELS], offset[XP_DATASET_MAX_LABELS];
    XP_TRY(xp_calibrate(&p, c->scaling, err));
    for (int l = 0; l < c->n; l++) {
        slope[l] = c->scaling[l].slope;
        offset[l] = c->scaling[l].offset;
        c->loss[l][0] = xp_scaling_loss(&p, l, (xp_scaling){1, 0});
        c->loss[l][1] = xp_scaling_loss(&p, l, c->scaling[l]);
    }
    XP_TRY(xp_model_keep_labels(&c->file.model, c->keep, c->n, err));
    XP_TRY(xp_model_scale_outputs(&c->file.model, slope, offset, err));
    apply_scaling(c, &c->validation);
    return XP_OK;
}

static xp_status choose_thresholds(calibration *c, xp_error *err) {
    xp_predictions p = cases_predictions(&c->validation);
    return threshold_store(&c->rule, &p, c->file.model.labels, err);
}

/* The scaling keeps every order of cases, so that the AUROC is that of the file as well. */
static xp_status test(calibration *c, xp_pool *pool, xp_error *err) {
    double threshold[XP_DATASET_MAX_LABELS];
    cases tested;
    xp_evaluation e;
    XP_TRY(predict(c, XP_PART_TEST, pool, &tested, err));
    apply_scaling(c, &tested);
    for (int l = 0; l < c->n; l++) threshold[l] = c->file.model.labels[l].threshold;
    xp_predictions p = cases_predictions(&tested);
    xp_status s = xp_evaluate(&p, threshold, xp_eval_defaults(), &e, err);
    if (s == XP_OK) test_figures_store(&e, c->file.model.labels);
    if (s == XP_OK) xp_evaluation_free(&e);
    cases_free(&tested);
    return s;
}

/* ==== what is written ======================================================================== */

static cJSON *scalings_json(const calibration *c) {
    cJSON *list = cJSON_CreateArray();
    for (int l = 0; l < c->n; l++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToObject(o, "label", json_text(c->file.model.labels[l].name));
        cJSON_AddItemToObject(o, "slope", json_number(c->scaling[l].slope));
        cJSON_AddItemToObject(o, "offset", json_number(c->scaling[l].offset));
        cJSON_AddItemToObject(o, "log_loss_before", json_number(c->loss[l][0]));
        cJSON_AddItemToObject(o, "log_loss_after", json_number(c->loss[l][1]));
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

/* The facts travel in the file. The scaling is in the weights already: they are not for applying
 * again. */
static xp_status add_facts(calibration *c, xp_error *err) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "method",
                          json_text("logistic scaling of each label's log-odds towards a common "
                                    "one (Platt 1999, normal prior), in the last layer's weights"));
    cJSON_AddItemToObject(o, "fold", json_integer(c->opt->val_fold));
    cJSON_AddItemToObject(o, "records", json_integer((int64_t)c->validation.n));
    cJSON_AddItemToObject(o, "labels", scalings_json(c));
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    xp_status s = text ? xp_model_set_meta(&c->file.model, "calibration", text) : XP_ERR_MEMORY;
    free(text);
    if (s != XP_OK) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the model's facts");
    if (c->opt->name) snprintf(c->file.model.name, sizeof c->file.model.name, "%s", c->opt->name);
    return XP_OK;
}

static xp_status write_model(const calibration *c, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(&c->file.model, c->opt->half, &bytes, &size, err));
    xp_status s = output_write_file(c->opt->output, bytes, size, err);
    free(bytes);
    return s;
}

static void say_text(const calibration *c) {
    printf("%s\n%s: calibrated on %zu records (fold %d)\n\n", DISCLAIMER, c->opt->output,
           c->validation.n, c->opt->val_fold);
    printf("%-12s %8s %8s  %9s %9s  %9s  %s\n", "label", "slope", "offset", "log loss", "after",
           "threshold", "test AUROC (positives)");
    for (int l = 0; l < c->n; l++) {
        const xp_label *label = &c->file.model.labels[l];
        printf("%-12s %8.3f %8.3f  %9.4f %9.4f  %9.4f  %.4f (%d)\n", label->name,
               c->scaling[l].slope, c->scaling[l].offset, c->loss[l][0], c->loss[l][1],
               label->threshold, label->auroc, label->n_positive);
    }
}

static void say_json(const calibration *c) {
    cJSON *o = report_begin(NULL);
    cJSON_AddItemToObject(o, "output", json_text(c->opt->output));
    cJSON_AddItemToObject(o, "records", json_integer((int64_t)c->validation.n));
    cJSON_AddItemToObject(o, "labels", scalings_json(c));
    json_print_line(o);
}

static xp_status calibrate(calibration *c, xp_pool *pool, xp_error *err) {
    XP_TRY(threshold_parse(&c->rule, c->opt->threshold, err));
    if (c->rule.kind != THRESHOLD_CHOSEN)
        return xp_fail(err, XP_ERR_USAGE, "--threshold %s: expected youden, f1 or sensitivity=0.9",
                       c->opt->threshold);
    XP_TRY(model_file_load(&c->file, c->opt->model, err));
    if (xp_model_meta(&c->file.model, "calibration"))
        return xp_fail(err, XP_ERR_USAGE,
                       "%s has been calibrated before; give the model as trained", c->opt->model);
    XP_TRY(choose_labels(c, err));
    XP_TRY(predict(c, XP_PART_VALIDATE, pool, &c->validation, err));
    XP_TRY(fit(c, err));
    XP_TRY(choose_thresholds(c, err));
    XP_TRY(test(c, pool, err));
    XP_TRY(add_facts(c, err));
    return write_model(c, err);
}

static exit_code run(const command *self, int argc, char **argv) {
    calibrate_options opt = {.val_fold = 9, .test_fold = 10, .threshold = "youden"};
    arguments args;
    exit_code code;
    xp_error err;
    xp_pool *pool = NULL;
    calibration c = {.opt = &opt};
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (!opt.model) return usage_error(self, "no model: give one with -m");
    if (!opt.output) return usage_error(self, "nowhere to write: give a file with -o");
    xp_status s = xp_pool_create(&pool, opt.threads, &err);
    if (s == XP_OK) s = calibrate(&c, pool, &err);
    if (s == XP_OK) (opt.json ? say_json : say_text)(&c);
    cases_free(&c.validation);
    model_file_free(&c.file);
    xp_pool_free(pool);
    return s == XP_OK ? EXIT_CODE_OK : report_fatal(&err);
}

const command command_calibrate = {
    .name = "calibrate",
    .summary = "probabilities and thresholds of a trained model, from validation data",
    .arguments = "-m MODEL --ds-name NAME --ds-dir DIR -o OUT.safetensors [--labels A,B] [--half]",
    .details =
        "Scales each label's log-odds (slope and offset, fitted on the validation fold, drawn "
        "towards a common\nscaling where positives are few), inside the last layer's weights; "
        "chooses the thresholds on the same fold;\nkeeps the labels named; and puts the test "
        "fold's AUROC with interval and positives into the file. No order\nof records changes, so "
        "no AUROC does.",
    .options = OPTIONS,
    .run = run,
};
