/* The package of a run: its folders and its logs. */
#include "nn/model_file.h"
#include "train/events.h"
#include "train/run_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* ==== folders ================================================================================ */

static bool is_named(const char *name, const char *beginning, const char *ending) {
    size_t n = strlen(name), k = strlen(ending);
    return !strncmp(name, beginning, strlen(beginning)) && n >= k && !strcmp(name + n - k, ending);
}

/* Files of an earlier run in a folder: those whose names begin and end so. */
static void remove_files(const char *dir, const char *beginning, const char *ending) {
    char path[XP_PATH_MAX];
    DIR *d = opendir(dir);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));)
        if (is_named(e->d_name, beginning, ending) &&
            xp_path_join(path, sizeof path, NULL, dir, "%s", e->d_name) == XP_OK)
            unlink(path);
    closedir(d);
}

/* Two runs in one package would spoil each other's files. Where a file system has no locks, there
 * is none. */
static xp_status take_lock(run_package *p, xp_error *err) {
    p->lock = open(p->checkpoints, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->lock >= 0 && flock(p->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return xp_fail(err, XP_ERR_USAGE, "%s: another xplaim train is writing it", p->dir);
    return XP_OK;
}

static xp_status check_state(const run_package *p, const xp_run_options *o, xp_error *err) {
    bool there = xp_is_file(p->state);
    if (o->resume && !there)
        return xp_fail(err, XP_ERR_NOT_FOUND, "%s: there is no run to go on with", p->state);
    if (there && !o->resume && !o->overwrite)
        return xp_fail(err, XP_ERR_USAGE,
                       "%s has a run in it: go on with --resume, or begin anew with --overwrite",
                       p->dir);
    return XP_OK;
}

static void remove_earlier_run(const run_package *p) {
    remove_files(p->checkpoints, "state.safetensors", "");
    remove_files(p->checkpoints, "model_epoch_", "");
    remove_files(p->logs, "events.out.tfevents", "");
    remove_files(p->logs, "training.csv", "");
}

xp_status run_package_make(run_package *p, const xp_run_options *o, bool writes, xp_error *err) {
    XP_TRY(xp_path_join(p->dir, sizeof p->dir, err, o->folder, "%s_package", o->name));
    XP_TRY(xp_path_join(p->checkpoints, sizeof p->checkpoints, err, p->dir, "checkpoints"));
    XP_TRY(xp_path_join(p->logs, sizeof p->logs, err, p->dir, "logs"));
    XP_TRY(xp_path_join(p->state, sizeof p->state, err, p->checkpoints, "state.safetensors"));
    XP_TRY(check_state(p, o, err));
    if (!writes) return XP_OK;
    XP_TRY(xp_make_folders(p->checkpoints, err));
    XP_TRY(xp_make_folders(p->logs, err));
    XP_TRY(take_lock(p, err));
    remove_files(p->checkpoints, "", ".part"); /* of a run that was killed within a write */
    if (o->overwrite && !o->resume) remove_earlier_run(p);
    return XP_OK;
}

/* ==== logs =================================================================================== */

enum { COLUMNS = 5 };
static const char *const TAGS[COLUMNS] = {"loss", "val_loss", "val_auroc", "learning_rate",
                                          "seconds"};
typedef struct columns {
    double v[COLUMNS];
} columns;

/* The log of an earlier process: keep the rows of the epochs before this one (from 0). */
static xp_status read_log(run_package *p, const char *path, uint64_t epoch, xp_error *err) {
    char *text;
    XP_TRY(xp_file_read_text(path, &text, err));
    char *end = strchr(text, '\n');
    end = end ? end + 1 : text + strlen(text);
    while (*end && strtoull(end, NULL, 10) <= epoch) {
        char *next = strchr(end, '\n');
        if (!next) break;
        end = next + 1;
    }
    *end = 0;
    p->log = text;
    return XP_OK;
}

static xp_status begin_log(run_package *p, xp_error *err) {
    char row[256];
    size_t at = (size_t)snprintf(row, sizeof row, "epoch");
    for (int i = 0; i < COLUMNS; i++)
        at += (size_t)snprintf(row + at, sizeof row - at, ",%s", TAGS[i]);
    row[at++] = '\n';
    p->log = strndup(row, at);
    return p->log ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the log");
}

static xp_status write_log(run_package *p, const columns *c, uint64_t epoch, xp_error *err) {
    char path[XP_PATH_MAX], row[512];
    XP_TRY(xp_path_join(path, sizeof path, err, p->logs, "training.csv"));
    if (!p->log && epoch > 0 && xp_is_file(path)) XP_TRY(read_log(p, path, epoch, err));
    if (!p->log) XP_TRY(begin_log(p, err));
    size_t at = (size_t)snprintf(row, sizeof row, "%llu", (unsigned long long)epoch + 1);
    for (int i = 0; i < COLUMNS; i++)
        at += (size_t)snprintf(row + at, sizeof row - at, isnan(c->v[i]) ? "," : ",%.9g", c->v[i]);
    size_t old = strlen(p->log);
    char *log = realloc(p->log, old + at + 2);
    if (!log) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the log");
    p->log = log;
    snprintf(log + old, at + 2, "%s\n", row);
    return xp_file_write(path, log, strlen(log), err);
}

static double wall_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static xp_status write_histograms(xp_events *events, const run_network *n, double now,
                                  int64_t epoch, xp_error *err) {
    const xp_graph *g = &n->model.graph;
    const float *gradient = xp_trainer_gradient(n->trainer);
    for (int i = 0; i < g->n_params; i++) {
        const xp_param *p = &g->params[i];
        char tag[XP_NAME_MAX + 64];
        snprintf(tag, sizeof tag, "weights/%s", p->name);
        XP_TRY(xp_events_histogram(events, now, epoch, tag, n->model.weights + p->offset, p->count,
                                   err));
        if (!p->trainable || xp_trainer_steps(n->trainer) == 0) continue;
        snprintf(tag, sizeof tag, "gradients/%s", p->name);
        XP_TRY(xp_events_histogram(events, now, epoch, tag, gradient + p->offset, p->count, err));
    }
    return XP_OK;
}

static xp_status write_events(run_package *p, const columns *c, int64_t epoch, const run_network *n,
                              bool histograms, xp_error *err) {
    double now = wall_time();
    if (!p->events) XP_TRY(xp_events_open(&p->events, p->logs, "", now, err));
    for (int i = 0; i < COLUMNS; i++)
        if (!isnan(c->v[i])) XP_TRY(xp_events_scalar(p->events, now, epoch, TAGS[i], c->v[i], err));
    return histograms ? write_histograms(p->events, n, now, epoch, err) : XP_OK;
}

static void close_events(run_package *p) {
    if (p->events) xp_events_close(p->events, NULL);
}

xp_status run_package_log(run_package *p, const run_epoch *e, const run_network *n,
                          int histogram_epochs, xp_error *err) {
    const columns c = {
        {e->loss, e->val_loss, e->val_auroc, xp_trainer_rate(n->trainer), e->seconds}};
    int64_t epoch = (int64_t)e->number + 1;
    bool histograms = histogram_epochs > 0 && (epoch == 1 || epoch % histogram_epochs == 0);
    XP_TRY(write_log(p, &c, e->number, err));
    return write_events(p, &c, epoch, n, histograms, err);
}

void run_package_free(run_package *p) {
    close_events(p);
    if (p->lock >= 0) close(p->lock);
    free(p->log);
}

xp_status run_write_model(const xp_model *m, const char *path, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(m, false, &bytes, &size, err));
    xp_status s = xp_file_write(path, bytes, size, err);
    free(bytes);
    return s;
}
