/* The end of a run: the best epoch, its thresholds and its test, the model file. */
#include "base/json.h"
#include "data/csv.h"
#include "eval/label_facts.h"
#include "eval/metrics_report.h"
#include "nn/model_file.h"
#include "train/run_internal.h"

#include <stdlib.h>
#include <string.h>

/* ==== the best epoch ========================================================================= */

static xp_status read_best(xp_model *m, const char *checkpoints, const char *file, xp_error *err) {
    char path[XP_PATH_MAX];
    uint8_t *data;
    size_t size;
    xp_model best;
    XP_TRY(xp_path_join(path, sizeof path, err, checkpoints, "%s", file));
    XP_TRY(xp_file_read(path, &data, &size, err));
    xp_status s = xp_model_read(&best, (xp_bytes){data, size}, err);
    free(data);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", path);
    if (best.graph.n_weights == m->graph.n_weights)
        memcpy(m->weights, best.weights, best.graph.n_weights * sizeof *best.weights);
    else
        s = xp_fail(err, XP_ERR_SHAPE, "%s: another network", path);
    xp_model_free(&best);
    return s;
}

/* The best epoch's weights into the model. From here on there is no training. One process reads
 * the file, which the others might not see yet, and tells them: its numbers plus zeros. */
static xp_status load_best(xp_run *r, xp_error *err) {
    xp_model *m = &r->network.model;
    size_t n = m->graph.n_weights;
    if (run_writes(r->comm))
        XP_TRY(read_best(m, r->package.checkpoints, r->progress.best_file, err));
    else
        memset(m->weights, 0, n * sizeof *m->weights);
    if (r->comm->size == 1) return XP_OK;
    return r->comm->sum_floats(r->comm->ctx, m->weights, n, err);
}

/* ==== thresholds and the test ================================================================ */

static xp_status predict(xp_run *r, xp_loader *loader, const xp_loader_options *set,
                         xp_error *err) {
    double loss;
    return run_predict(&r->predictions, &r->data, r->network.trainer, r->comm, loader, set, &loss,
                       err);
}

static xp_status choose_thresholds(xp_run *r, xp_error *err) {
    const xp_loader_options *set = &r->data.val_set;
    XP_TRY(predict(r, r->data.val_loader, set, err));
    xp_predictions p = run_predictions_of(&r->predictions, set->n, r->opt->n_labels);
    return xp_labels_store_thresholds(&r->opt->threshold, &p, XP_BALANCED, r->network.model.labels,
                                      err);
}

static xp_status test_model(xp_run *r, const xp_loader_options *set, xp_evaluation *e,
                            xp_error *err) {
    double threshold[XP_DATASET_MAX_LABELS];
    xp_label *labels = r->network.model.labels;
    xp_loader *loader;
    XP_TRY(xp_loader_create(&loader, set, err));
    xp_status s = predict(r, loader, set, err);
    xp_loader_free(loader);
    if (s != XP_OK) return s;
    xp_predictions p = run_predictions_of(&r->predictions, set->n, r->opt->n_labels);
    for (int l = 0; l < p.labels; l++) threshold[l] = labels[l].threshold;
    XP_TRY(xp_evaluate(&p, threshold, xp_eval_defaults(), e, err));
    xp_labels_store_test(e, &p, labels);
    return XP_OK;
}

static xp_status report_test(const xp_run *r, const xp_evaluation *e, xp_error *err) {
    char path[XP_PATH_MAX];
    xp_csv_writer *w;
    fprintf(r->opt->text, "\ntest part, best epoch (%d):\n", r->progress.best_epoch + 1);
    xp_evaluation_text(r->opt->text, e, r->opt->labels);
    XP_TRY(xp_path_join(path, sizeof path, err, r->package.logs, "test.csv"));
    XP_TRY(xp_csv_create(&w, path, err));
    xp_evaluation_csv(w, e, r->opt->labels);
    return xp_csv_commit(w, err);
}

/* ==== the model file ========================================================================= */

static cJSON *part_json(const run_data *d, const xp_run_options *o, xp_part part) {
    cJSON *object = cJSON_CreateObject(), *labels = cJSON_CreateObject();
    xp_json_add(object, "records", xp_json_integer((int64_t)d->split.n[part]));
    for (int l = 0; l < o->n_labels; l++) {
        size_t c[3];
        xp_split_count(&d->split, &d->set, part, l, c);
        xp_json_add(labels, o->labels[l], xp_json_integer((int64_t)c[0]));
    }
    xp_json_add(object, "positives", labels);
    return object;
}

static char *describe_data(const xp_run *r) {
    const xp_run_options *o = r->opt;
    cJSON *object = cJSON_CreateObject(), *sets = cJSON_CreateArray();
    for (int i = 0; i < o->sets.n; i++) xp_json_append(sets, xp_json_text(o->sets.names[i]));
    xp_json_add(object, "data_sets", sets);
    for (int p = 0; p < XP_PARTS; p++)
        xp_json_add(object, xp_part_name((xp_part)p), part_json(&r->data, o, (xp_part)p));
    xp_json_add(object, "draw", xp_json_text(o->all ? "whole data set" : "balanced"));
    xp_json_add(object, "epochs", xp_json_integer(r->progress.epoch));
    xp_json_add(object, "best_epoch", xp_json_integer(r->progress.best_epoch + 1));
    xp_json_add(object, "seed", xp_json_integer(o->seed));
    return xp_json_print(object);
}

static xp_status describe_model(xp_run *r, xp_error *err) {
    char licence[400];
    xp_model *m = &r->network.model;
    char *text = describe_data(r);
    xp_data_sets_licence(&r->opt->sets, licence, sizeof licence);
    xp_status s = text ? xp_model_set_meta(m, "training_data", text) : XP_ERR_MEMORY;
    cJSON_free(text);
    if (s == XP_OK)
        s = xp_model_set_meta(m, "licence", r->opt->licence ? r->opt->licence : licence);
    if (s == XP_OK) s = xp_model_set_meta(m, "disclaimer", r->opt->disclaimer);
    m->trained = true;
    return s == XP_OK ? s : xp_fail(err, s, "not enough memory for the model's description");
}

static xp_status write_all(xp_run *r, const xp_loader_options *set, xp_run_result *result,
                           xp_error *err) {
    XP_TRY(describe_model(r, err));
    XP_TRY(xp_path_join(result->model, sizeof result->model, err, r->package.dir,
                        "model_%s.safetensors", r->opt->name));
    XP_TRY(run_write_model(&r->network.model, result->model, err));
    if (!result->tested) return XP_OK;
    XP_TRY(run_write_test_set(set, &r->predictions, r->opt, r->package.dir, err));
    return report_test(r, &result->test, err);
}

xp_status xp_run_finish(xp_run *r, xp_run_result *result, xp_error *err) {
    xp_loader_options set = r->data.val_set;
    set.items = r->data.split.items[XP_PART_TEST];
    set.n = r->data.split.n[XP_PART_TEST];
    if (!r->progress.best_file[0])
        return xp_fail(err, XP_ERR_FORMAT,
                       "no epoch could be judged: the validation part has labels of one class only "
                       "(--monitor val-loss needs none)");
    *result = (xp_run_result){.epochs = r->progress.epoch,
                              .best_epoch = r->progress.best_epoch,
                              .stopped = r->progress.stopped,
                              .tested = set.n > 0};
    XP_TRY(load_best(r, err));
    XP_TRY(run_network_restart(&r->network, err));
    XP_TRY(choose_thresholds(r, err));
    if (result->tested) XP_TRY(test_model(r, &set, &result->test, err));
    xp_status s = run_writes(r->comm) ? write_all(r, &set, result, err) : XP_OK;
    if (s != XP_OK && result->tested) xp_evaluation_free(&result->test);
    return s;
}
