/* What a run writes: DIR/NAME_package/{checkpoints,logs,model_NAME.safetensors,test_set_NAME.*}. */
#include "arrays.h"
#include "cases.h"
#include "progress.h"
#include "report.h"
#include "train.h"

#include "convert/npy.h"
#include "ecg/files.h"
#include "train/csv.h"
#include "train/labels.h"
#include "train/metrics_report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Above this the test set is written as a table only. */
static const size_t TEST_SET_BYTES = (size_t)1 << 30;

/* ==== folders ================================================================================ */

/* dir + "/" + name + ending; false where that is too long. */
static bool put_path(char out[TRAIN_PATH], const char *dir, const char *before, const char *name,
                     const char *after) {
    int n = snprintf(out, TRAIN_PATH, "%s/%s%s%s", dir, before, name, after);
    return n > 0 && n < TRAIN_PATH;
}

/* path and the folders above it. */
static xp_status make_folders(const char *path, xp_error *err) {
    char part[TRAIN_PATH];
    for (const char *p = path; *p; p++) {
        if (p[1] != '/' && p[1] != 0) continue;
        snprintf(part, sizeof part, "%.*s", (int)(p + 1 - path), path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return xp_fail(err, XP_ERR_IO, "%s: the folder cannot be made: %s", part,
                           strerror(errno));
    }
    return XP_OK;
}

static bool begins(const char *text, const char *with) {
    return !strncmp(text, with, strlen(with));
}

/* Files of an earlier run in a folder: those whose name begins so. */
static void remove_files(const char *dir, const char *beginning) {
    char path[TRAIN_PATH];
    DIR *d = opendir(dir);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));)
        if (begins(e->d_name, beginning) && put_path(path, dir, "", e->d_name, "")) unlink(path);
    closedir(d);
}

/* Two runs in one package would spoil each other's files. Where a file system has no locks, there
 * is none. */
static xp_status take_lock(training *t, xp_error *err) {
    t->lock = open(t->checkpoints, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->lock >= 0 && flock(t->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return xp_fail(err, XP_ERR_USAGE, "%s: another xplaim train is writing it", t->package);
    return XP_OK;
}

static xp_status check_state(const training *t, xp_error *err) {
    struct stat st;
    bool there = stat(t->state, &st) == 0;
    if (t->opt.resume && !there)
        return xp_fail(err, XP_ERR_NOT_FOUND, "%s: there is no run to go on with", t->state);
    if (there && !t->opt.resume && !t->opt.overwrite)
        return xp_fail(err, XP_ERR_USAGE,
                       "%s has a run in it: go on with --resume, or begin anew with --overwrite",
                       t->package);
    return XP_OK;
}

/* Keep the rows of the epochs before this one. */
static xp_status read_log(training *t, const char *path, xp_error *err) {
    uint8_t *data;
    size_t size;
    XP_TRY(xp_file_read(path, &data, &size, err));
    char *text = strndup((char *)data, size);
    free(data);
    if (!text) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    char *end = strchr(text, '\n');
    end = end ? end + 1 : text + strlen(text);
    while (*end && strtoull(end, NULL, 10) <= t->progress.epoch) {
        char *next = strchr(end, '\n');
        if (!next) break;
        end = next + 1;
    }
    *end = 0;
    t->log = text;
    return XP_OK;
}

xp_status train_make_package(training *t, xp_error *err) {
    if (!put_path(t->package, t->opt.models_output_dir, "", t->opt.model_name, "_package") ||
        !put_path(t->checkpoints, t->package, "", "checkpoints", "") ||
        !put_path(t->logs, t->package, "", "logs", "") ||
        !put_path(t->state, t->checkpoints, "", "state", ".safetensors"))
        return xp_fail(err, XP_ERR_LIMIT, "--models-output-dir: the path is too long");
    XP_TRY(check_state(t, err));
    if (!train_writes(t)) return XP_OK;
    XP_TRY(make_folders(t->checkpoints, err));
    XP_TRY(make_folders(t->logs, err));
    XP_TRY(take_lock(t, err));
    if (!t->opt.overwrite || t->opt.resume) return XP_OK;
    remove_files(t->checkpoints, "state.safetensors");
    remove_files(t->checkpoints, "model_epoch_");
    remove_files(t->logs, "events.out.tfevents");
    remove_files(t->logs, "training.csv");
    return XP_OK;
}

/* ==== logs =================================================================================== */

#ifdef XP_HAVE_EVENTS

static double wall_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static xp_status write_histograms(training *t, double now, int64_t epoch, xp_error *err) {
    const xp_graph *g = &t->model.graph;
    const float *gradient = xp_trainer_gradient(t->trainer);
    for (int i = 0; i < g->n_params; i++) {
        const xp_param *p = &g->params[i];
        char tag[XP_NAME_MAX + 64];
        snprintf(tag, sizeof tag, "weights/%s", p->name);
        XP_TRY(xp_events_histogram(t->events, now, epoch, tag, t->model.weights + p->offset,
                                   p->count, err));
        if (!p->trainable || xp_trainer_steps(t->trainer) == 0) continue;
        snprintf(tag, sizeof tag, "gradients/%s", p->name);
        XP_TRY(
            xp_events_histogram(t->events, now, epoch, tag, gradient + p->offset, p->count, err));
    }
    return XP_OK;
}

static xp_status write_events(training *t, const double *v, const char *const *tags, int n,
                              xp_error *err) {
    double now = wall_time();
    int64_t epoch = (int64_t)t->progress.epoch + 1;
    int every = t->opt.tensorboard_freq;
    if (!t->events) XP_TRY(xp_events_open(&t->events, t->logs, "", now, err));
    for (int i = 0; i < n; i++)
        if (!isnan(v[i])) XP_TRY(xp_events_scalar(t->events, now, epoch, tags[i], v[i], err));
    if (every > 0 && (epoch == 1 || epoch % every == 0))
        return write_histograms(t, now, epoch, err);
    return XP_OK;
}

#else

static xp_status write_events(training *t, const double *v, const char *const *tags, int n,
                              xp_error *err) {
    (void)t, (void)v, (void)tags, (void)n, (void)err;
    return XP_OK;
}

#endif

static xp_status write_log(training *t, const double *v, const char *const *tags, int n,
                           xp_error *err) {
    char path[TRAIN_PATH], row[512];
    size_t at = 0;
    if (!put_path(path, t->logs, "", "training", ".csv"))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->logs);
    struct stat st;
    if (!t->log && t->progress.epoch > 0 && stat(path, &st) == 0) XP_TRY(read_log(t, path, err));
    if (!t->log) {
        for (int i = 0; i < n; i++)
            at += (size_t)snprintf(row + at, sizeof row - at, "%s%s", i ? "," : "epoch,", tags[i]);
        row[at++] = '\n';
        t->log = strndup(row, at);
        at = 0;
    }
    at += (size_t)snprintf(row, sizeof row, "%llu", (unsigned long long)t->progress.epoch + 1);
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(row + at, sizeof row - at, isnan(v[i]) ? "," : ",%.9g", v[i]);
    size_t old = t->log ? strlen(t->log) : 0;
    char *log = t->log ? realloc(t->log, old + at + 2) : NULL;
    if (!log) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the log");
    t->log = log;
    snprintf(log + old, at + 2, "%s\n", row);
    return xp_write_atomic(path, log, strlen(log), err);
}

xp_status train_log_epoch(training *t, double loss, double val_loss, double val_auroc,
                          double seconds, xp_error *err) {
    static const char *const tags[] = {"loss", "val_loss", "val_auroc", "learning_rate", "seconds"};
    const double v[] = {loss, val_loss, val_auroc, xp_trainer_rate(t->trainer), seconds};
    const train_progress *p = &t->progress;
    if (!train_writes(t)) return XP_OK;
    fprintf(t->say, "epoch %llu/%d  loss %.4f  val_loss %.4f  val_auroc %.4f  %.1f s%s\n",
            (unsigned long long)p->epoch + 1, t->opt.epochs, loss, val_loss, val_auroc, seconds,
            p->best_epoch == (int)p->epoch ? "  best" : "");
    fflush(t->say);
    XP_TRY(write_log(t, v, tags, 5, err));
    return write_events(t, v, tags, 5, err);
}

/* ==== models ================================================================================= */

static xp_status write_model(training *t, const char *path, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(&t->model, false, &bytes, &size, err));
    xp_status s = xp_write_atomic(path, bytes, size, err);
    free(bytes);
    return s;
}

xp_status train_write_best(training *t, double val_loss, xp_error *err) {
    char path[TRAIN_PATH];
    train_progress *p = &t->progress;
    snprintf(p->best_file, sizeof p->best_file, "model_epoch_%02llu_val_loss_%.2f.safetensors",
             (unsigned long long)p->epoch + 1, val_loss);
    if (!put_path(path, t->checkpoints, "", p->best_file, ""))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->checkpoints);
    if (!train_writes(t)) return XP_OK;
    t->model.trained = true;
    xp_trainer_swap_average(t->trainer);
    xp_status s = write_model(t, path, err);
    xp_trainer_swap_average(t->trainer);
    return s;
}

static xp_status read_best(training *t, xp_error *err) {
    char path[TRAIN_PATH];
    uint8_t *data;
    size_t size;
    xp_model best;
    if (!put_path(path, t->checkpoints, "", t->progress.best_file, ""))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->checkpoints);
    XP_TRY(xp_file_read(path, &data, &size, err));
    xp_status s = xp_model_read(&best, (xp_bytes){data, size}, err);
    free(data);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", path);
    if (best.graph.n_weights == t->model.graph.n_weights)
        memcpy(t->model.weights, best.weights, best.graph.n_weights * sizeof *best.weights);
    else
        s = xp_fail(err, XP_ERR_SHAPE, "%s: another network", path);
    xp_model_free(&best);
    return s;
}

/* The best epoch's weights into the model. From here on there is no training. One process reads
 * the file, which the others might not see yet, and tells them: its numbers plus zeros. */
static xp_status load_best(training *t, xp_error *err) {
    size_t n = t->model.graph.n_weights;
    if (train_writes(t))
        XP_TRY(read_best(t, err));
    else
        memset(t->model.weights, 0, n * sizeof *t->model.weights);
    if (t->comm.size == 1) return XP_OK;
    return t->comm.sum_floats(t->comm.ctx, t->model.weights, n, err);
}

/* A trainer without an average: its evaluation is of the model as it stands. */
static xp_status renew_trainer(training *t, xp_error *err) {
    xp_trainer_free(t->trainer);
    t->trainer = NULL;
    t->trainer_options.ema = 0;
    return xp_trainer_create(&t->trainer, &t->model, &t->trainer_options, err);
}

/* ==== figures ================================================================================ */

static xp_status choose_thresholds(training *t, xp_error *err) {
    threshold_choice rule;
    double loss;
    XP_TRY(threshold_parse(&rule, t->opt.threshold, err));
    XP_TRY(train_predict(t, t->val_loader, &t->val_set, &loss, err));
    xp_predictions p = train_predictions(t, t->val_set.n);
    return threshold_store(&rule, &p, t->model.labels, err);
}

static xp_status test_model(training *t, const xp_loader_options *set, xp_evaluation *e,
                            xp_error *err) {
    double loss, threshold[XP_DATASET_MAX_LABELS];
    xp_loader *loader;
    XP_TRY(xp_loader_create(&loader, set, err));
    xp_status s = train_predict(t, loader, set, &loss, err);
    xp_loader_free(loader);
    if (s != XP_OK) return s;
    xp_predictions p = train_predictions(t, set->n);
    for (int l = 0; l < t->n_labels; l++) threshold[l] = t->model.labels[l].threshold;
    XP_TRY(xp_evaluate(&p, threshold, xp_eval_defaults(), e, err));
    test_figures_store(e, t->model.labels);
    return XP_OK;
}

static xp_status report_test(const training *t, const xp_evaluation *e, xp_error *err) {
    const char *names[XP_DATASET_MAX_LABELS];
    char path[TRAIN_PATH];
    xp_csv_writer *w;
    for (int l = 0; l < t->n_labels; l++) names[l] = t->labels[l];
    fprintf(t->say, "\ntest part, best epoch (%d):\n", t->progress.best_epoch + 1);
    xp_evaluation_text(t->say, e, names);
    if (!put_path(path, t->logs, "", "test", ".csv"))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->logs);
    XP_TRY(xp_csv_create(&w, path, err));
    xp_evaluation_csv(w, e, names);
    return xp_csv_commit(w, err);
}

/* ==== the test set =========================================================================== */

/* Absolute: the records of several data sets are in several folders. */
static xp_status absolute_path(const training *t, size_t item, char out[TRAIN_PATH],
                               xp_error *err) {
    char header[TRAIN_PATH + 8];
    XP_TRY(xp_dataset_path(&t->data, item, out, TRAIN_PATH, err));
    snprintf(header, sizeof header, "%s.hea", out);
    char *full = realpath(header, NULL);
    if (full) snprintf(out, TRAIN_PATH, "%.*s", (int)(strlen(full) - strlen(".hea")), full);
    free(full);
    return XP_OK;
}

static xp_status put_case(const training *t, size_t item, xp_csv_writer *w, xp_error *err) {
    xp_person person;
    char path[TRAIN_PATH], age[32] = "";
    XP_TRY(absolute_path(t, item, path, err));
    XP_TRY(xp_dataset_person(&t->data, item, &person, err));
    const char sex[2] = {person.sex, 0};
    if (!isnan(person.age)) snprintf(age, sizeof age, "%g", (double)person.age);
    xp_csv_put(w, path);
    xp_csv_putf(w, "%llu", (unsigned long long)t->data.patient[item]);
    xp_csv_put(w, age);
    xp_csv_put(w, sex);
    for (int l = 0; l < t->n_labels; l++) xp_csv_putf(w, "%d", xp_dataset_label(&t->data, item, l));
    xp_csv_end_row(w);
    return XP_OK;
}

static xp_status write_table(const training *t, const xp_loader_options *set, const char *path,
                             xp_error *err) {
    static const char *const first[] = {"path", "patient", "age", "sex"};
    xp_csv_writer *w;
    XP_TRY(xp_csv_create(&w, path, err));
    for (int i = 0; i < 4; i++) xp_csv_put(w, first[i]);
    for (int l = 0; l < t->n_labels; l++) xp_csv_put(w, t->labels[l]);
    xp_csv_end_row(w);
    xp_status s = XP_OK;
    for (size_t i = 0; s == XP_OK && i < set->n; i++) s = put_case(t, set->items[i], w, err);
    if (s == XP_OK) return xp_csv_commit(w, err);
    xp_csv_abandon(w);
    return s;
}

enum { SET_X, SET_Y, SET_PATIENT, SET_LABELS, SET_ARRAYS };

/* The four arrays as .npy; all of them are freed by the caller. */
static xp_status set_arrays(const training *t, size_t n, const float *x, xp_npz_source *a,
                            xp_error *err) {
    static const char *const names[] = {"x", "y", "patient", "labels"};
    size_t shape[3] = {n, (size_t)t->spec.length, (size_t)t->spec.n_leads};
    size_t y_shape[2] = {n, (size_t)t->n_labels};
    char list[XP_DATASET_MAX_LABELS * 33] = "";
    for (int l = 0; l < t->n_labels; l++) {
        size_t k = strlen(list);
        snprintf(list + k, sizeof list - k, "%s%s", l ? "," : "", t->labels[l]);
    }
    size_t list_shape = strlen(list);
    const struct {
        char kind;
        int size, ndim;
        const size_t *shape;
        const void *data;
    } arrays[SET_ARRAYS] = {{'f', 4, 3, shape, x},
                            {'i', 1, 2, y_shape, t->truth},
                            {'u', 8, 1, shape, t->patient},
                            {'u', 1, 1, &list_shape, list}};
    for (int i = 0; i < SET_ARRAYS; i++) {
        uint8_t *bytes;
        XP_TRY(xp_npy_write(arrays[i].kind, arrays[i].size, arrays[i].ndim, arrays[i].shape,
                            arrays[i].data, &bytes, &a[i].n_bytes, err));
        a[i].name = names[i];
        a[i].npy = bytes;
    }
    return XP_OK;
}

/* Samples of a part into x (n, length, leads); *longer: records with more than one window. */
static xp_status read_samples(const training *t, const xp_loader_options *set, float *x,
                              size_t *longer, xp_error *err) {
    size_t record = (size_t)t->spec.length * (size_t)t->spec.n_leads;
    *longer = 0;
    for (size_t i = 0; i < set->n; i++) {
        xp_window about;
        XP_TRY(xp_reader_get(t->reader, set->items[i], 0, x + i * record, &about, err));
        *longer += about.windows > 1;
    }
    return XP_OK;
}

static xp_status write_npz(const training *t, const xp_loader_options *set, const char *path,
                           xp_error *err) {
    size_t record = (size_t)t->spec.length * (size_t)t->spec.n_leads, n_bytes, longer;
    float *x = malloc(set->n * record * sizeof *x);
    xp_npz_source arrays[SET_ARRAYS] = {{0}};
    uint8_t *bytes;
    xp_status s = x ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the test set");
    if (s == XP_OK) s = read_samples(t, set, x, &longer, err);
    if (s == XP_OK && longer > 0)
        fprintf(t->say,
                "%zu test records are longer than the input: %s has their first window only, the "
                ".csv beside it names them whole\n",
                longer, path);
    if (s == XP_OK) s = set_arrays(t, set->n, x, arrays, err);
    free(x);
    if (s == XP_OK) s = xp_npz_write(arrays, SET_ARRAYS, false, &bytes, &n_bytes, err);
    for (int i = 0; i < SET_ARRAYS; i++) free((void *)arrays[i].npy);
    if (s != XP_OK) return s;
    s = xp_write_atomic(path, bytes, n_bytes, err);
    free(bytes);
    return s;
}

static xp_status write_test_set(const training *t, const xp_loader_options *set, xp_error *err) {
    char path[TRAIN_PATH];
    size_t bytes = set->n * (size_t)t->spec.length * (size_t)t->spec.n_leads * sizeof(float);
    if (!put_path(path, t->package, "test_set_", t->opt.model_name, ".csv"))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->package);
    XP_TRY(write_table(t, set, path, err));
    if (bytes > TEST_SET_BYTES) {
        fprintf(t->say, "test set: %s (no .npz: it would need %.1f GB)\n", path,
                1e-9 * (double)bytes);
        return XP_OK;
    }
    if (!put_path(path, t->package, "test_set_", t->opt.model_name, ".npz"))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->package);
    return write_npz(t, set, path, err);
}

/* ==== the end ================================================================================ */

static cJSON *part_json(const training *t, xp_part part) {
    cJSON *o = cJSON_CreateObject(), *labels = cJSON_AddObjectToObject(o, "positives");
    cJSON_AddItemToObject(o, "records", json_integer((int64_t)t->split.n[part]));
    for (int l = 0; l < t->n_labels; l++) {
        size_t c[3];
        xp_split_count(&t->split, &t->data, part, l, c);
        cJSON_AddItemToObject(labels, t->labels[l], json_integer((int64_t)c[0]));
    }
    return o;
}

static xp_status describe_model(training *t, xp_error *err) {
    char licence[400];
    cJSON *o = cJSON_CreateObject(), *sets = cJSON_AddArrayToObject(o, "data_sets");
    for (int i = 0; i < t->opt.data.names.n; i++)
        cJSON_AddItemToArray(sets, json_text(t->opt.data.names.items[i]));
    for (int p = 0; p < XP_PARTS; p++)
        cJSON_AddItemToObject(o, xp_part_name((xp_part)p), part_json(t, (xp_part)p));
    cJSON_AddItemToObject(o, "draw", json_text(t->opt.all ? "whole data set" : "balanced"));
    cJSON_AddItemToObject(o, "epochs", json_integer((int64_t)t->progress.epoch));
    cJSON_AddItemToObject(o, "best_epoch", json_integer(t->progress.best_epoch + 1));
    cJSON_AddItemToObject(o, "seed", json_integer(t->opt.seed));
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    data_sets_licence(&t->opt.data, licence, sizeof licence);
    xp_status s = text ? xp_model_set_meta(&t->model, "training_data", text) : XP_ERR_MEMORY;
    cJSON_free(text);
    if (s == XP_OK)
        s = xp_model_set_meta(&t->model, "licence", t->opt.licence ? t->opt.licence : licence);
    if (s == XP_OK) s = xp_model_set_meta(&t->model, "disclaimer", DISCLAIMER);
    t->model.trained = true;
    return s == XP_OK ? s : xp_fail(err, s, "not enough memory for the model's description");
}

static void say_written(const training *t, const char *path, const xp_evaluation *e) {
    if (!t->opt.json) {
        fprintf(t->say, "%s\n", path);
        return;
    }
    const char *names[XP_DATASET_MAX_LABELS];
    for (int l = 0; l < t->n_labels; l++) names[l] = t->labels[l];
    cJSON *o = report_begin(NULL);
    cJSON_AddItemToObject(o, "model", json_text(path));
    cJSON_AddItemToObject(o, "epochs", json_integer((int64_t)t->progress.epoch));
    cJSON_AddItemToObject(o, "best_epoch", json_integer(t->progress.best_epoch + 1));
    cJSON_AddItemToObject(o, "stopped_early", cJSON_CreateBool(t->progress.stopped));
    cJSON_AddItemToObject(o, "test", e ? xp_evaluation_json(e, names) : cJSON_CreateNull());
    json_print_line(o);
}

static xp_status write_all(training *t, const xp_loader_options *set, const xp_evaluation *e,
                           xp_error *err) {
    char path[TRAIN_PATH];
    XP_TRY(describe_model(t, err));
    if (!put_path(path, t->package, "model_", t->opt.model_name, ".safetensors"))
        return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", t->package);
    XP_TRY(write_model(t, path, err));
    if (e) XP_TRY(write_test_set(t, set, err));
    if (e) XP_TRY(report_test(t, e, err));
    say_written(t, path, e);
    return XP_OK;
}

xp_status train_finish(training *t, xp_error *err) {
    xp_loader_options set = t->val_set;
    xp_evaluation e;
    set.items = t->split.items[XP_PART_TEST];
    set.n = t->split.n[XP_PART_TEST];
    if (!t->progress.best_file[0])
        return xp_fail(err, XP_ERR_FORMAT,
                       "no epoch could be judged: the validation part has labels of one class only "
                       "(--monitor val-loss needs none)");
    XP_TRY(load_best(t, err));
    XP_TRY(renew_trainer(t, err));
    XP_TRY(choose_thresholds(t, err));
    if (set.n > 0) XP_TRY(test_model(t, &set, &e, err));
    xp_status s = train_writes(t) ? write_all(t, &set, set.n > 0 ? &e : NULL, err) : XP_OK;
    if (set.n > 0) xp_evaluation_free(&e);
    return s;
}
