/* xplaim evaluate: the figures of a model, or of anyone's predictions, with their intervals. */
#include "eval_options.h"
#include "eval_report.h"
#include "report_text.h"

#include "eval/metrics_cinc.h"
#include "eval/metrics_report.h"

#include <math.h>
#include <string.h>

static const option_spec OPTIONS[] = {
    OPTION_MODEL(eval_options),
    {"scores", 0, OPTION_TEXT, "S.npy", "instead of a model: anyone's scores (cases, labels)",
     offsetof(eval_options, scores)},
    {"val-scores", 0, OPTION_TEXT, "S.npy", "scores of validation data, to choose thresholds",
     offsetof(eval_options, val_scores)},
    {"csv", 0, OPTION_TEXT, "FILE", "write the figures as a table", offsetof(eval_options, csv)},
    {"cinc-weights", 0, OPTION_TEXT, "FILE",
     "score of the CinC challenges of 2020 and 2021, by their weights.csv; labels as it names them",
     offsetof(eval_options, cinc_weights)},
    {"cinc-normal", 0, OPTION_TEXT, "NAME", "sinus rhythm in that table (default 426783006)",
     offsetof(eval_options, cinc_normal)},
    OPTIONS_EVAL,
    {0}};

/* The challenge's score, where it was asked for. */
typedef struct cinc_score {
    bool wanted;
    double value;
    int classes, missing;
} cinc_score;

static xp_status find_cinc_score(cinc_score *c, const eval_options *o, const xp_predictions *p,
                                 const double *thresholds, const char *const *names,
                                 xp_error *err) {
    xp_cinc_weights w;
    *c = (cinc_score){.wanted = o->cinc_weights != NULL};
    if (!c->wanted) return XP_OK;
    const char *normal = o->cinc_normal ? o->cinc_normal : "426783006";
    XP_TRY(xp_cinc_read_weights(&w, o->cinc_weights, names, p->labels, normal, err));
    *c = (cinc_score){true, xp_cinc_score(&w, p, thresholds), w.n, w.missing};
    return XP_OK;
}

static void print_cinc_score(const cinc_score *c) {
    char value[32] = "undefined";
    if (!isnan(c->value)) snprintf(value, sizeof value, "%.4f", c->value);
    printf("CinC challenge score: %s over %d classes", value, c->classes);
    if (c->missing) printf(" (%d of the table are no labels here)", c->missing);
    printf("\n");
}

static cJSON *cinc_json(const cinc_score *c) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "value", xp_json_number(c->value));
    xp_json_add(o, "classes", xp_json_integer(c->classes));
    xp_json_add(o, "missing_classes", xp_json_integer(c->missing));
    return o;
}

static void print_json(const eval_options *o, const xp_threshold_choice *t, const cinc_score *c,
                       const xp_evaluation *e, const char *const *names) {
    cJSON *object = xp_report_begin(NULL);
    xp_json_add(object, "model", o->model ? xp_json_text(o->model) : cJSON_CreateNull());
    xp_json_add(object, "thresholds", xp_json_text(t->text));
    xp_json_add(object, "evaluation", xp_evaluation_json(e, names));
    if (c->wanted) xp_json_add(object, "cinc_score", cinc_json(c));
    json_print_line(object);
}

static xp_status write_csv(const char *path, const xp_evaluation *e, const char *const *names,
                           xp_error *err) {
    xp_csv_writer *w;
    XP_TRY(xp_csv_create(&w, path, err));
    xp_evaluation_csv(w, e, names);
    return xp_csv_commit(w, err);
}

static xp_status report(const eval_options *o, const xp_threshold_choice *t, const cinc_score *c,
                        const xp_evaluation *e, const char *const *names, xp_error *err) {
    if (o->csv) XP_TRY(write_csv(o->csv, e, names, err));
    if (o->json) {
        print_json(o, t, c, e, names);
    } else {
        printf("%s\nthresholds: %s\n", XP_DISCLAIMER, t->text);
        xp_evaluation_text(stdout, e, names);
        if (c->wanted) print_cinc_score(c);
    }
    return XP_OK;
}

static xp_status picture(const eval_options *o, const xp_threshold_choice *t,
                         const evaluated_model *m, const xp_evaluation *e, const char *const *names,
                         xp_error *err) {
    eval_results r = {
        .models = m, .evaluations = e, .n_models = 1, .names = names, .thresholds = t->text};
    return eval_report_wanted(o) ? eval_report_write(o, &r, err) : XP_OK;
}

static xp_status evaluate(const eval_options *o, evaluated_model *m, xp_pool *pool, xp_error *err) {
    xp_threshold_choice t;
    cinc_score cinc;
    xp_evaluation e;
    const char *names[XP_DATASET_MAX_LABELS];
    XP_TRY(eval_check(o, false, err));
    XP_TRY(eval_report_check(o, err));
    XP_TRY(xp_threshold_parse(&t, o->threshold, err));
    XP_TRY(eval_load(m, o, false, &t, pool, err));
    XP_TRY(xp_threshold_apply(&t, &m->cases, &m->validation, m->thresholds, err));
    xp_predictions p = xp_eval_cases_predictions(&m->cases);
    for (int l = 0; l < p.labels; l++) names[l] = m->cases.names[l];
    XP_TRY(find_cinc_score(&cinc, o, &p, m->thresholds, names, err));
    XP_TRY(xp_evaluate(&p, m->thresholds, eval_settings(o), &e, err));
    xp_status s = report(o, &t, &cinc, &e, names, err);
    if (s == XP_OK) s = picture(o, &t, m, &e, names, err);
    xp_evaluation_free(&e);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    eval_options opt = EVAL_DEFAULTS;
    arguments args;
    exit_code code;
    xp_error err;
    xp_pool *pool = NULL;
    evaluated_model m = {0};
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    xp_status s = xp_pool_create(&pool, opt.threads, &err);
    if (s == XP_OK) s = evaluate(&opt, &m, pool, &err);
    eval_free(&m);
    xp_pool_free(pool);
    return s == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_evaluate = {
    .name = "evaluate",
    .summary = "how good a model is, with intervals",
    .arguments = "-m MODEL (--test-set X.npz | --ds-name NAME --ds-dir DIR)\n"
                 "                | --scores S.npy --truth Y.npy [--names A,B]",
    .details =
        "Per label, macro and micro: sensitivity, specificity, precision, F1, accuracy, AUROC, "
        "AUPRC, Brier score,\nECE; Clopper-Pearson, DeLong and bootstrap (patients) intervals. "
        "Thresholds never come from the data that are\nevaluated. A figure that the data do not "
        "define is \"undefined\".\n\n--report and --figures: ROC and precision-recall curves with "
        "bootstrap bands, areas, reliability,\nconfusion, and the training curves of a model that "
        "lies in the package of `xplaim train`.",
    .options = OPTIONS,
    .run = run,
};
