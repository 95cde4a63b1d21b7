#include "eval_options.h"

#include "eval_cases.h"
#include "model_file.h"

#include <string.h>

static xp_status check_source(const eval_options *o, bool two, xp_error *err) {
    int sources = (o->test_set != NULL) + (o->data.names.n > 0) + (o->scores != NULL);
    if (sources != 1)
        return xp_fail(
            err, XP_ERR_USAGE,
            "say which cases: a test set (--test-set), a data set (--ds-name, --ds-dir), "
            "or %s with --truth",
            two ? "--scores-a, --scores-b" : "--scores");
    if (o->scores && (!o->truth || (two && !o->scores_b)))
        return xp_fail(err, XP_ERR_USAGE, "scores need %s", o->truth ? "--scores-b" : "--truth");
    if (!o->scores && (!o->model || (two && !o->model_b)))
        return xp_fail(err, XP_ERR_USAGE, "no model: give %s",
                       two ? "--model-a and --model-b" : "-m");
    if (o->scores && o->model)
        return xp_fail(err, XP_ERR_USAGE, "give a model or scores, not both");
    return XP_OK;
}

xp_status eval_check(const eval_options *o, bool two, xp_error *err) {
    static const char *const parts[] = {"train", "validation", "test", "all"};
    bool known = false;
    for (int i = 0; i < 4; i++) known |= !strcmp(o->part, parts[i]);
    if (!known)
        return xp_fail(err, XP_ERR_USAGE, "--part %s: expected test, validation, train or all",
                       o->part);
    xp_shown layout;
    xp_operating_point point;
    XP_TRY(point_parse(&point, o->point, err));
    XP_TRY(xp_shown_parse(&layout, o->layout, err));
    if (layout != XP_SHOWN_WHOLE && o->data.names.n == 0)
        return xp_fail(err, XP_ERR_USAGE, "--layout %s: only records have one (--ds-name)",
                       o->layout);
    if (o->level >= 1)
        return xp_fail(err, XP_ERR_USAGE, "--level %g: expected less than 1", o->level);
    return check_source(o, two, err);
}

static xp_part find_part(const char *name) {
    for (int p = 0; p < XP_PARTS; p++)
        if (!strcmp(name, xp_part_name((xp_part)p))) return (xp_part)p;
    return XP_PART_TEST;
}

/* Where one model's cases come from: arrays, a test set or records. */
typedef struct source {
    xp_eval_arrays arrays;
    xp_eval_source set;
} source;

static source make_source(const eval_options *o, bool second, xp_pool *pool) {
    xp_shown layout = XP_SHOWN_WHOLE;
    xp_operating_point point = XP_BALANCED;
    (void)xp_shown_parse(&layout, o->layout, NULL); /* eval_check has seen them */
    (void)point_parse(&point, o->point, NULL);
    return (source){.arrays = {.scores = second ? o->scores_b : o->scores,
                               .truth = o->truth,
                               .patients = o->patients,
                               .names = o->names},
                    .set = {.test_set = o->test_set,
                            .part = find_part(o->part),
                            .whole = !strcmp(o->part, "all"),
                            .val_fold = o->val_fold,
                            .test_fold = o->test_fold,
                            .cache_dir = o->cache_dir,
                            .prepare = o->prepare,
                            .point = point,
                            .layout = layout,
                            .pool = pool}};
}

static xp_status load(xp_eval_cases *c, const eval_options *o, bool second, const source *from,
                      xp_error *err) {
    if (o->scores) return xp_eval_cases_load(c, &from->arrays, err);
    return eval_cases_predict(c, second ? o->model_b : o->model, from->set,
                              from->set.test_set ? NULL : &o->data, err);
}

/* The same kind of cases, from data that are not evaluated. */
static xp_status load_validation(xp_eval_cases *c, const eval_options *o, bool second, source from,
                                 xp_error *err) {
    from.arrays.scores = second ? o->val_scores_b : o->val_scores;
    from.arrays.truth = o->val_truth;
    from.arrays.patients = NULL;
    from.set.test_set = o->val_set;
    from.set.part = XP_PART_VALIDATE;
    from.set.whole = false;
    bool there = o->scores     ? from.arrays.scores && from.arrays.truth
                 : o->test_set ? from.set.test_set != NULL
                               : strcmp(o->part, "test") == 0 || strcmp(o->part, "train") == 0;
    if (!there)
        return xp_fail(err, XP_ERR_USAGE,
                       "--threshold %s chooses on validation data, never on the data that are "
                       "evaluated: %s",
                       o->threshold,
                       o->scores     ? "give --val-scores and --val-truth"
                       : o->test_set ? "give --val-set"
                                     : "evaluate --part test");
    return load(c, o, second, &from, err);
}

xp_status eval_load(evaluated_model *m, const eval_options *o, bool second,
                    const xp_threshold_choice *t, xp_pool *pool, xp_error *err) {
    source from = make_source(o, second, pool);
    XP_TRY(load(&m->cases, o, second, &from, err));
    if (t->kind != XP_THRESHOLD_CHOSEN) return XP_OK;
    return load_validation(&m->validation, o, second, from, err);
}

void eval_free(evaluated_model *m) {
    xp_eval_cases_free(&m->cases);
    xp_eval_cases_free(&m->validation);
}

xp_eval_options eval_settings(const eval_options *o) {
    xp_eval_options e = xp_eval_defaults();
    e.level = o->level;
    e.resamples = o->resamples;
    e.seed = (uint64_t)o->seed;
    e.min_positives = o->min_positives;
    return e;
}
