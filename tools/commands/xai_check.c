/* xplaim xai-check: how far a model's Grad-CAM maps can be trusted, label by label. */
#include "command.h"
#include "data_sets.h"
#include "nn/gradcam.h"
#include "progress.h"
#include "report_text.h"
#include "xai_report.h"

#include <string.h>

typedef struct xai_options {
    const char *model, *layer, *csv, *cache_dir, *part;
    data_set_options data;
    int max_records, draws, val_fold, test_fold, threads, seed;
    bool json, no_planted;
} xai_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(xai_options),
    OPTIONS_DATA_SETS(xai_options, ""),
    {"part", 0, OPTION_TEXT, "PART", "recordings to check on: test (default) or validation",
     offsetof(xai_options, part)},
    {"val-fold", 0, OPTION_COUNT, "N", "strat_fold of the validation part (default 9)",
     offsetof(xai_options, val_fold)},
    {"test-fold", 0, OPTION_COUNT, "N", "strat_fold of the test part (default 10)",
     offsetof(xai_options, test_fold)},
    {"cache-dir", 0, OPTION_TEXT, "DIR", "keep prepared records here (default: nowhere)",
     offsetof(xai_options, cache_dir)},
    {"layer", 0, OPTION_TEXT, "NAME", "layer whose maps are checked (default: as for explain)",
     offsetof(xai_options, layer)},
    {"max-records", 0, OPTION_COUNT, "N", "positive recordings of a label at most (default 20)",
     offsetof(xai_options, max_records)},
    {"draws", 0, OPTION_COUNT, "N", "random orders for each recording (default 5)",
     offsetof(xai_options, draws)},
    {"seed", 0, OPTION_COUNT, "N", "of everything random (default 1)", offsetof(xai_options, seed)},
    {"no-planted", 0, OPTION_FLAG, NULL, "leave the pointing game out",
     offsetof(xai_options, no_planted)},
    {"csv", 0, OPTION_TEXT, "FILE", "write the figures as a table", offsetof(xai_options, csv)},
    OPTION_THREADS(xai_options, "0"),
    OPTION_JSON(xai_options),
    {0}};

typedef struct xai_command {
    const xai_options *opt;
    model_file file;
    xp_dataset data;
    xp_split split;
    progress bar;
    xai_report report;
} xai_command;

/* ==== what was asked for ===================================================================== */

static xp_status check_options(xai_command *c, xp_error *err) {
    const xai_options *o = c->opt;
    if (!strcmp(o->part, xp_part_name(XP_PART_TEST)))
        c->report.options.part = XP_PART_TEST;
    else if (!strcmp(o->part, xp_part_name(XP_PART_VALIDATE)))
        c->report.options.part = XP_PART_VALIDATE;
    else
        return xp_fail(err, XP_ERR_USAGE, "--part %s: expected test or validation", o->part);
    if (o->max_records < 1 || o->max_records > 100000 || o->draws < 1 || o->draws > 1000)
        return xp_fail(err, XP_ERR_USAGE,
                       "--max-records %d --draws %d: expected 1 to 100000 and 1 to 1000",
                       o->max_records, o->draws);
    return XP_OK;
}

static xp_status find_layer(const xai_command *c, int *layer, xp_error *err) {
    const xp_graph *g = &c->file.model.graph;
    const char *name = c->opt->layer;
    *layer = name ? xp_graph_find(g, name) : xp_gradcam_default_layer(g);
    if (*layer < 0 || !g->ops[*layer].is_sequence)
        return xp_fail(err, XP_ERR_USAGE,
                       "the model has no layer \"%s\" with a time axis; `xplaim info MODEL` lists "
                       "them",
                       name ? name : "");
    if (c->file.model.n_labels > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_LIMIT, "%d labels; expected at most %d", c->file.model.n_labels,
                       XP_DATASET_MAX_LABELS);
    return XP_OK;
}

static xp_status load_data(xai_command *c, xp_error *err) {
    const xp_model *m = &c->file.model;
    const char *names[XP_DATASET_MAX_LABELS];
    const xp_part part = c->report.options.part;
    xp_data_sets sets;
    for (int l = 0; l < m->n_labels; l++) names[l] = m->labels[l].name;
    XP_TRY(data_sets_of(&sets, &c->opt->data, "ds-name", err));
    XP_TRY(xp_data_sets_load(&c->data, &sets, names, m->n_labels, false, err));
    XP_TRY(xp_split_all(&c->split, &c->data, c->opt->val_fold, c->opt->test_fold, err));
    if (c->split.n[part] > 0) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "the %s part of the data has no record (the table's strat_fold)",
                   xp_part_name(part));
}

/* ==== the command ============================================================================ */

static xp_status check(xai_command *c, xp_error *err) {
    xp_xai_options *o = &c->report.options;
    XP_TRY(check_options(c, err));
    XP_TRY(xp_pool_create(&o->pool, c->opt->threads, err));
    XP_TRY(model_file_load(&c->file, c->opt->model, err));
    XP_TRY(model_file_need_probabilities(&c->file, "a check of explanations", err));
    XP_TRY(find_layer(c, &o->layer, err));
    XP_TRY(load_data(c, err));
    o->data = &c->data;
    o->split = &c->split;
    o->max_records = c->opt->max_records;
    o->draws = c->opt->draws;
    o->seed = (uint64_t)c->opt->seed;
    o->cache_dir = c->opt->cache_dir;
    o->progress = progress_reporter(&c->bar);
    XP_TRY(xp_xai_check(&c->report.result, &c->file.model, o, err));
    if (c->report.has_game)
        XP_TRY(xp_planted_play(&c->report.game, &c->data, &c->split, o->part, &c->file.model,
                               o->seed, o->pool, &o->progress, err));
    return c->opt->csv ? xai_report_csv(&c->report, c->opt->csv, err) : XP_OK;
}

static void close_all(xai_command *c) {
    xp_xai_result_free(&c->report.result);
    xp_split_free(&c->split);
    xp_dataset_free(&c->data);
    xp_pool_free(c->report.options.pool);
    model_file_free(&c->file);
}

static exit_code run(const command *self, int argc, char **argv) {
    xai_options opt = {
        .part = "test", .max_records = 20, .draws = 5, .val_fold = 9, .test_fold = 10, .seed = 1};
    arguments args;
    exit_code code;
    xp_error err;
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (!opt.model) return usage_error(self, &opt, "no model: give one with -m");
    xai_command c = {.opt = &opt};
    c.report.file = &c.file;
    c.report.has_game = !opt.no_planted;
    xp_status s = check(&c, &err);
    progress_hide(&c.bar);
    if (s == XP_OK) (opt.json ? xai_report_json : xai_report_text)(&c.report);
    close_all(&c);
    return s == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_xai_check = {
    .name = "xai-check",
    .summary = "how far a model's maps can be trusted, label by label",
    .arguments =
        "-m MODEL --ds-name NAME --ds-dir DIR [--part test] [--max-records N] [--csv FILE]",
    .details =
        "Over each label's positive recordings: rank correlation of the maps with those of the "
        "model with shuffled\nweights (Adebayo et al. 2018), last layer first, then all; deletion "
        "and insertion curves (Petsiuk et al. 2018)\nagainst random order; stability under a shift "
        "of 10 ms and noise of 20 uV. Then the pointing game: a small\nnetwork is taught to find a "
        "burst planted in real recordings, and Grad-CAM, occlusion and integrated gradients\nmust "
        "point at it. What rests on fewer than 5 recordings is \"not defined\".",
    .options = OPTIONS,
    .run = run,
};
