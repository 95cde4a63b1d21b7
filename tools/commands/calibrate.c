/* xplaim calibrate: the last step from trained weights to a model that is given to others: the
 * labels it is to have, probabilities that mean what they say, thresholds, test figures. */
#include "command.h"
#include "eval_cases.h"
#include "nn/model_file.h"
#include "report_text.h"

#include "base/file.h"
#include "base/list.h"
#include "eval/calibrate.h"
#include "eval/label_facts.h"
#include "nn/floor.h"
#include "nn/output_layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct calibrate_options {
    const char *model, *output, *labels, *threshold, *specific, *cache_dir, *name;
    data_set_options data;
    double floor;
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
    {"floor", 0, OPTION_NUMBER, "X", "no moment's log-odds count below -X (default: no floor)",
     offsetof(calibrate_options, floor)},
    {"threshold", 0, OPTION_TEXT, "RULE",
     "by the same fold: youden (default), youden=2, f1, sensitivity=0.9, "
     "specificity=0.98",
     offsetof(calibrate_options, threshold)},
    {"specific-threshold", 0, OPTION_TEXT, "RULE",
     "of the second operating point, with few false alarms (default specificity=0.98)",
     offsetof(calibrate_options, specific)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16",
     offsetof(calibrate_options, half)},
    OPTION_THREADS(calibrate_options, "0"),
    OPTION_JSON(calibrate_options),
    {0}};

typedef struct calibration {
    const calibrate_options *opt;
    xp_threshold_choice rule[XP_OPERATING_POINTS];
    model_file file;
    int keep[XP_DATASET_MAX_LABELS], n;
    xp_eval_cases validation;
    xp_scaling scaling[XP_DATASET_MAX_LABELS], below[XP_DATASET_MAX_LABELS]; /* below the floor */
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
    for (char name[32]; xp_list_next(&rest, name, sizeof name, &fits);) {
        int l = fits ? xp_model_find_label(m, name) : -1;
        if (l < 0 || c->n == XP_DATASET_MAX_LABELS)
            return xp_fail(err, XP_ERR_USAGE, "--labels: \"%s\" is no label of %s", name,
                           c->opt->model);
        c->keep[c->n++] = l;
    }
    return XP_OK;
}

static xp_eval_source records_of(const calibration *c, xp_part part, xp_pool *pool) {
    return (xp_eval_source){.part = part,
                            .val_fold = c->opt->val_fold,
                            .test_fold = c->opt->test_fold,
                            .cache_dir = c->opt->cache_dir,
                            .pool = pool};
}

static xp_status predict(const calibration *c, const char *model, xp_part part, xp_pool *pool,
                         xp_eval_cases *out, xp_error *err) {
    return eval_cases_predict(out, model, records_of(c, part, pool), &c->opt->data, err);
}

/* On the probabilities of the model before it is scaled, of the labels to keep. */
static xp_status fit(calibration *c, xp_pool *pool, xp_error *err) {
    double slope[XP_DATASET_MAX_LABELS], offset[XP_DATASET_MAX_LABELS];
    XP_TRY(model_file_need_probabilities(&c->file, "an evaluation", err));
    XP_TRY(eval_cases_of_model(&c->validation, &c->file.model,
                               records_of(c, XP_PART_VALIDATE, pool), &c->opt->data, err));
    xp_eval_cases_keep(&c->validation, c->keep, c->n);
    xp_predictions p = xp_eval_cases_predictions(&c->validation);
    XP_TRY(xp_calibrate(&p, c->scaling, err));
    for (int l = 0; l < c->n; l++) {
        slope[l] = c->scaling[l].slope;
        offset[l] = c->scaling[l].offset;
        c->loss[l][0] = xp_scaling_loss(&p, l, (xp_scaling){1, 0});
        c->loss[l][1] = xp_scaling_loss(&p, l, c->scaling[l]);
    }
    XP_TRY(xp_model_keep_labels(&c->file.model, c->keep, c->n, err));
    for (int l = 0; l < c->n; l++) c->keep[l] = l;
    return xp_model_scale_outputs(&c->file.model, slope, offset, err);
}

/* A floor lies under log-odds that are fitted already, so that it means the same for every label;
 * what comes above it is fitted again. */
static xp_status put_floor(calibration *c, xp_pool *pool, xp_error *err) {
    double loss[XP_DATASET_MAX_LABELS];
    for (int l = 0; l < c->n; l++) loss[l] = c->loss[l][0];
    memcpy(c->below, c->scaling, sizeof c->below);
    XP_TRY(xp_model_put_floor(&c->file.model, c->opt->floor, err));
    xp_eval_cases_free(&c->validation);
    XP_TRY(fit(c, pool, err));
    for (int l = 0; l < c->n; l++) c->loss[l][0] = loss[l];
    return XP_OK;
}

static xp_status choose_thresholds(calibration *c, const char *model, xp_pool *pool,
                                   xp_error *err) {
    xp_eval_cases_free(&c->validation);
    XP_TRY(predict(c, model, XP_PART_VALIDATE, pool, &c->validation, err));
    xp_predictions p = xp_eval_cases_predictions(&c->validation);
    for (int k = 0; k < XP_OPERATING_POINTS; k++)
        XP_TRY(xp_labels_store_thresholds(&c->rule[k], &p, (xp_operating_point)k,
                                          c->file.model.labels, err));
    return XP_OK;
}

static xp_status test(calibration *c, const char *model, xp_pool *pool, xp_error *err) {
    double threshold[XP_DATASET_MAX_LABELS];
    xp_eval_cases tested;
    xp_evaluation e;
    XP_TRY(predict(c, model, XP_PART_TEST, pool, &tested, err));
    for (int l = 0; l < c->n; l++) threshold[l] = c->file.model.labels[l].threshold;
    xp_predictions p = xp_eval_cases_predictions(&tested);
    xp_status s = xp_evaluate(&p, threshold, xp_eval_defaults(), &e, err);
    if (s == XP_OK) xp_labels_store_test(&e, &p, c->file.model.labels);
    if (s == XP_OK) xp_evaluation_free(&e);
    xp_eval_cases_free(&tested);
    return s;
}

/* ==== what is written ======================================================================== */

static cJSON *scalings_json(const calibration *c) {
    cJSON *list = cJSON_CreateArray();
    for (int l = 0; l < c->n; l++) {
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "label", xp_json_text(c->file.model.labels[l].name));
        xp_json_add(o, "slope", xp_json_number(c->scaling[l].slope));
        xp_json_add(o, "offset", xp_json_number(c->scaling[l].offset));
        if (c->opt->floor > 0) {
            xp_json_add(o, "slope_below_floor", xp_json_number(c->below[l].slope));
            xp_json_add(o, "offset_below_floor", xp_json_number(c->below[l].offset));
        }
        xp_json_add(o, "log_loss_before", xp_json_number(c->loss[l][0]));
        xp_json_add(o, "log_loss_after", xp_json_number(c->loss[l][1]));
        xp_json_append(list, o);
    }
    return list;
}

/* The facts travel in the file. The scaling is in the weights already: they are not for applying
 * again. */
static xp_status add_facts(calibration *c, xp_error *err) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "method",
                xp_json_text("logistic scaling of each label's log-odds towards a common "
                             "one (Platt 1999, normal prior), in the last layer's weights"));
    if (c->opt->floor > 0) xp_json_add(o, "floor", xp_json_number(-c->opt->floor));
    xp_json_add(o, "fold", xp_json_integer(c->opt->val_fold));
    xp_json_add(o, "records", xp_json_integer((int64_t)c->validation.n));
    xp_json_add(o, "labels", scalings_json(c));
    char *text = xp_json_print(o);
    xp_status s = text ? xp_model_set_meta(&c->file.model, "calibration", text) : XP_ERR_MEMORY;
    free(text);
    if (s != XP_OK) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the model's facts");
    if (c->opt->name) snprintf(c->file.model.name, sizeof c->file.model.name, "%s", c->opt->name);
    return XP_OK;
}

static xp_status write_model(const calibration *c, const char *path, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(&c->file.model, c->opt->half, &bytes, &size, err));
    xp_status s = xp_file_write(path, bytes, size, err);
    free(bytes);
    return s;
}

/* Thresholds and counts are those of the file that is written, with its weights as it stores them:
 * rounding may move a record across a threshold. */
static xp_status judge_as_written(calibration *c, xp_pool *pool, xp_error *err) {
    char *path = malloc(strlen(c->opt->output) + sizeof ".part");
    if (!path) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a path");
    sprintf(path, "%s.part", c->opt->output);
    xp_status s = write_model(c, path, err);
    if (s == XP_OK) s = choose_thresholds(c, path, pool, err);
    if (s == XP_OK) s = test(c, path, pool, err);
    remove(path);
    free(path);
    return s;
}

static void report_text(const calibration *c) {
    printf("%s\n%s: calibrated on %zu records (fold %d)\n\n", XP_DISCLAIMER, c->opt->output,
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

static void report_json(const calibration *c) {
    cJSON *o = xp_report_begin(NULL);
    xp_json_add(o, "output", xp_json_text(c->opt->output));
    xp_json_add(o, "records", xp_json_integer((int64_t)c->validation.n));
    xp_json_add(o, "labels", scalings_json(c));
    json_print_line(o);
}

static xp_status parse_rule(xp_threshold_choice *rule, const char *option, const char *text,
                            xp_error *err) {
    if (xp_threshold_parse(rule, text, err) == XP_OK && rule->kind == XP_THRESHOLD_CHOSEN)
        return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "--%s %s: expected youden, f1, sensitivity=0.9 or specificity=0.98", option,
                   text);
}

static xp_status calibrate(calibration *c, xp_pool *pool, xp_error *err) {
    XP_TRY(parse_rule(&c->rule[XP_BALANCED], "threshold", c->opt->threshold, err));
    XP_TRY(parse_rule(&c->rule[XP_SPECIFIC], "specific-threshold", c->opt->specific, err));
    XP_TRY(model_file_load(&c->file, c->opt->model, err));
    if (xp_model_meta(&c->file.model, "calibration"))
        return xp_fail(err, XP_ERR_USAGE,
                       "%s has been calibrated before; give the model as trained", c->opt->model);
    XP_TRY(choose_labels(c, err));
    XP_TRY(fit(c, pool, err));
    if (c->opt->floor > 0) XP_TRY(put_floor(c, pool, err));
    XP_TRY(judge_as_written(c, pool, err));
    XP_TRY(add_facts(c, err));
    return write_model(c, c->opt->output, err);
}

static exit_code run(const command *self, int argc, char **argv) {
    calibrate_options opt = {
        .val_fold = 9, .test_fold = 10, .threshold = "youden", .specific = "specificity=0.98"};
    arguments args;
    exit_code code;
    xp_error err;
    xp_pool *pool = NULL;
    calibration c = {.opt = &opt};
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (!opt.model) return usage_error(self, &opt, "no model: give one with -m");
    if (!opt.output) return usage_error(self, &opt, "nowhere to write: give a file with -o");
    xp_status s = xp_pool_create(&pool, opt.threads, &err);
    if (s == XP_OK) s = calibrate(&c, pool, &err);
    if (s == XP_OK) (opt.json ? report_json : report_text)(&c);
    xp_eval_cases_free(&c.validation);
    model_file_free(&c.file);
    xp_pool_free(pool);
    return s == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_calibrate = {
    .name = "calibrate",
    .summary = "probabilities and thresholds of a trained model, from validation data",
    .arguments = "-m MODEL --ds-name NAME --ds-dir DIR -o OUT.safetensors [--labels A,B] [--half]",
    .details =
        "Scales each label's log-odds (slope and offset, fitted on the validation fold, drawn "
        "towards a common\nscaling where positives are few), inside the last layer's weights; "
        "puts a floor under each moment's log-odds, where\none is asked for, and scales again; "
        "chooses the thresholds of two operating points on the same fold; keeps the\nlabels named; "
        "and puts the test fold's AUROC with interval and positives into the file. Without a "
        "floor no order of\nrecords changes, so no AUROC does.",
    .options = OPTIONS,
    .run = run,
};
