/* xplaim compare: two models, or two sets of predictions, on the same cases. */
#include "eval_options.h"
#include "eval_report.h"
#include "report_text.h"

#include "eval/metrics_report.h"

#include <string.h>

static const option_spec OPTIONS[] = {
    {"model-a", 0, OPTION_TEXT, "MODEL", "first model", offsetof(eval_options, model)},
    {"model-b", 0, OPTION_TEXT, "MODEL", "second model", offsetof(eval_options, model_b)},
    {"scores-a", 0, OPTION_TEXT, "S.npy", "instead of models: anyone's scores (cases, labels)",
     offsetof(eval_options, scores)},
    {"scores-b", 0, OPTION_TEXT, "S.npy", "of the second model", offsetof(eval_options, scores_b)},
    {"val-scores-a", 0, OPTION_TEXT, "S.npy", "scores of validation data, to choose thresholds",
     offsetof(eval_options, val_scores)},
    {"val-scores-b", 0, OPTION_TEXT, "S.npy", "of the second model",
     offsetof(eval_options, val_scores_b)},
    OPTIONS_EVAL,
    {0}};

static void report(const eval_options *o, const xp_threshold_choice *t, const xp_eval_cases *a,
                   const xp_compared *c, const xp_compared *macro, const char *const *names) {
    if (!o->json) {
        printf("%s\n%zu cases; a: %s, b: %s; thresholds: %s\n", XP_DISCLAIMER, a->n,
               o->model ? o->model : o->scores, o->model ? o->model_b : o->scores_b, t->text);
        xp_comparison_text(stdout, c, macro, a->n_labels, names);
        return;
    }
    cJSON *object = xp_report_begin(NULL);
    xp_json_add(object, "a", xp_json_text(o->model ? o->model : o->scores));
    xp_json_add(object, "b", xp_json_text(o->model ? o->model_b : o->scores_b));
    xp_json_add(object, "cases", xp_json_integer((int64_t)a->n));
    xp_json_add(object, "thresholds", xp_json_text(t->text));
    xp_json_add(object, "macro", xp_macro_comparison_json(macro));
    xp_json_add(object, "labels", xp_comparison_json(c, a->n_labels, names));
    json_print_line(object);
}

/* Both models' own figures too, which the report and the curves need. */
static xp_status picture(const eval_options *o, const xp_threshold_choice *t,
                         const evaluated_model *m, const xp_compared *c, const xp_compared *macro,
                         const char *const *names, xp_error *err) {
    xp_evaluation e[2] = {0};
    eval_results r = {.models = m,
                      .evaluations = e,
                      .n_models = 2,
                      .names = names,
                      .thresholds = t->text,
                      .compared = c,
                      .macro = macro};
    xp_status s = XP_OK;
    for (int i = 0; i < 2 && s == XP_OK; i++) {
        xp_predictions p = xp_eval_cases_predictions(&m[i].cases);
        s = xp_evaluate(&p, m[i].thresholds, eval_settings(o), &e[i], err);
    }
    if (s == XP_OK) s = eval_report_write(o, &r, err);
    for (int i = 0; i < 2; i++) xp_evaluation_free(&e[i]);
    return s;
}

static xp_status compare(const eval_options *o, evaluated_model *m, xp_pool *pool, xp_error *err) {
    xp_threshold_choice t;
    xp_compared results[XP_DATASET_MAX_LABELS], macro;
    const char *names[XP_DATASET_MAX_LABELS];
    XP_TRY(eval_check(o, true, err));
    XP_TRY(eval_report_check(o, err));
    XP_TRY(xp_threshold_parse(&t, o->threshold, err));
    for (int i = 0; i < 2; i++) XP_TRY(eval_load(&m[i], o, i == 1, &t, pool, err));
    XP_TRY(xp_eval_cases_match(&m[0].cases, &m[1].cases, err));
    for (int i = 0; i < 2; i++)
        XP_TRY(xp_threshold_apply(&t, &m[i].cases, &m[i].validation, m[i].thresholds, err));
    xp_predictions a = xp_eval_cases_predictions(&m[0].cases);
    XP_TRY(xp_compare(&a, m[1].cases.score, m[0].thresholds, m[1].thresholds, eval_settings(o),
                      results, &macro, err));
    for (int l = 0; l < a.labels; l++) names[l] = m[0].cases.names[l];
    report(o, &t, &m[0].cases, results, &macro, names);
    return eval_report_wanted(o) ? picture(o, &t, m, results, &macro, names, err) : XP_OK;
}

static exit_code run(const command *self, int argc, char **argv) {
    eval_options opt = EVAL_DEFAULTS;
    arguments args;
    exit_code code;
    xp_error err;
    xp_pool *pool = NULL;
    evaluated_model m[2] = {0};
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    xp_status s = xp_pool_create(&pool, opt.threads, &err);
    if (s == XP_OK) s = compare(&opt, m, pool, &err);
    for (int i = 0; i < 2; i++) eval_free(&m[i]);
    xp_pool_free(pool);
    return s == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_compare = {
    .name = "compare",
    .summary = "two models on the same cases: AUROC, sensitivity, specificity",
    .arguments = "--model-a A --model-b B (--test-set X.npz | --ds-name NAME --ds-dir DIR)\n"
                 "               | --scores-a S.npy --scores-b S.npy --truth Y.npy",
    .details =
        "Per label and for the macro mean: AUROC difference with DeLong's and the bootstrap's "
        "interval, exact McNemar tests of\nsensitivity and specificity. Labels are matched by "
        "name. "
        "--report and --figures: "
        "the curves of both models, the differences,\nreliability.",
    .options = OPTIONS,
    .run = run,
};
