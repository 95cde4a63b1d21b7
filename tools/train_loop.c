/* Epochs: steps, validation, state on disk. */
#include "progress.h"
#include "train.h"

#include "ecg/files.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double SAVE_SECONDS = 300;

/* ==== being interrupted ====================================================================== */

/* The signal that came: a handler can reach nothing but a global. */
static volatile sig_atomic_t caught;

static void catch_signal(int number) {
    caught = number;
}

/* Ctrl-C, or a cluster's notice: the step is finished and the state saved. A second one ends the
 * program at once. Of several processes only the one that saves listens, and the others wait for it
 * in the sums of the next step, until mpirun ends them. */
static void listen_to_signals(const training *t) {
    struct sigaction a = {.sa_flags = (int)SA_RESETHAND};
    a.sa_handler = train_writes(t) ? catch_signal : SIG_IGN;
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* ==== state ================================================================================== */

/* The loop's state as text; doubles in hexadecimal, so that they come back as they were. */
static int write_state(const train_progress *p, char *text, size_t size) {
    return snprintf(text, size,
                    "xplaim-train 1\nfingerprint %llu\nepoch %llu\nbatch %llu\nloss %a\nknown %a\n"
                    "best %a\nbest_epoch %d\nwaited %d\nstopped %d\nbest_file %s\n",
                    (unsigned long long)p->fingerprint, (unsigned long long)p->epoch,
                    (unsigned long long)p->batch, p->loss, p->known, p->best, p->best_epoch,
                    p->waited, p->stopped, p->best_file[0] ? p->best_file : "-");
}

static bool read_state(train_progress *p, const char *text) {
    unsigned long long fingerprint, epoch, batch;
    int stopped;
    int n = sscanf(text,
                   "xplaim-train 1 fingerprint %llu epoch %llu batch %llu loss %la known %la "
                   "best %la best_epoch %d waited %d stopped %d best_file %127s",
                   &fingerprint, &epoch, &batch, &p->loss, &p->known, &p->best, &p->best_epoch,
                   &p->waited, &stopped, p->best_file);
    if (n != 10) return false;
    p->fingerprint = fingerprint;
    p->epoch = epoch;
    p->batch = batch;
    p->stopped = stopped != 0;
    if (!strcmp(p->best_file, "-")) p->best_file[0] = 0;
    return !strchr(p->best_file, '/');
}

static xp_status save_state(training *t, xp_error *err) {
    char text[1024];
    int n = write_state(&t->progress, text, sizeof text);
    if (!train_writes(t)) return XP_OK;
    return xp_trainer_save(t->trainer, t->state, (xp_bytes){(uint8_t *)text, (size_t)n}, err);
}

xp_status train_load_state(training *t, xp_error *err) {
    uint8_t *loop;
    size_t size;
    train_progress p = {0};
    XP_TRY(xp_trainer_load(t->trainer, t->state, &loop, &size, err));
    char *text = strndup((char *)loop, size);
    free(loop);
    bool good = text && read_state(&p, text);
    free(text);
    if (!good) return xp_fail(err, XP_ERR_FORMAT, "%s: not a state of xplaim train", t->state);
    if (p.fingerprint != t->progress.fingerprint)
        return xp_fail(err, XP_ERR_USAGE,
                       "%s: that run had other data, parts, labels or settings; give the same "
                       "options, or --overwrite to begin anew",
                       t->state);
    t->progress = p;
    if (train_writes(t))
        fprintf(t->say, "resumed at epoch %llu, step %llu\n", (unsigned long long)p.epoch + 1,
                (unsigned long long)p.batch + 1);
    return XP_OK;
}

/* ==== predicting a part ====================================================================== */

/* Of a longer record, the largest probability of its windows, as `predict` and `evaluate` have it;
 * p (labels) holds those of the first one. */
static xp_status add_windows(training *t, uint32_t item, int windows, float *p, xp_error *err) {
    size_t values = (size_t)t->spec.length * (size_t)t->spec.n_leads;
    float *x = malloc(values * sizeof *x), q[XP_DATASET_MAX_LABELS];
    double none[2] = {0, 0};
    xp_status s = x ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for a record");
    for (int w = 1; s == XP_OK && w < windows; w++) {
        s = xp_reader_get(t->reader, item, w, x, NULL, err);
        if (s == XP_OK) s = xp_trainer_eval(t->trainer, x, NULL, 1, q, &none[0], &none[1], err);
        for (int l = 0; s == XP_OK && l < t->n_labels; l++) p[l] = fmaxf(p[l], q[l]);
    }
    free(x);
    return s;
}

static xp_status predict_batches(training *t, xp_loader *loader, double sums[2], xp_error *err) {
    size_t labels = (size_t)t->n_labels;
    for (;;) {
        xp_batch b;
        XP_TRY(xp_loader_next(loader, &b, err));
        if (!b.x) return XP_OK;
        float *p = t->p + b.first * labels;
        if (b.n > 0) XP_TRY(xp_trainer_eval(t->trainer, b.x, b.y, b.n, p, &sums[0], &sums[1], err));
        for (int i = 0; i < b.n; i++)
            if (b.windows[i] > 1)
                XP_TRY(add_windows(t, b.items[i], b.windows[i], p + (size_t)i * labels, err));
    }
}

xp_status train_predict(training *t, xp_loader *loader, const xp_loader_options *set, double *loss,
                        xp_error *err) {
    size_t labels = (size_t)t->n_labels;
    double sums[2] = {0, 0};
    memset(t->p, 0, set->n * labels * sizeof *t->p);
    XP_TRY(xp_trainer_eval_begin(t->trainer, err));
    xp_loader_start(loader, 0, 0, xp_loader_batches(set));
    XP_TRY(predict_batches(t, loader, sums, err));
    if (t->comm.size > 1) {
        XP_TRY(t->comm.sum_doubles(t->comm.ctx, sums, 2, err));
        XP_TRY(t->comm.sum_floats(t->comm.ctx, t->p, set->n * labels, err));
    }
    *loss = sums[1] > 0 ? sums[0] / sums[1] : NAN;
    for (size_t i = 0; i < set->n; i++) {
        size_t item = set->items[i];
        t->patient[i] = t->data.patient[item];
        for (size_t l = 0; l < labels; l++) {
            t->score[i * labels + l] = (double)t->p[i * labels + l];
            t->truth[i * labels + l] = (int8_t)xp_dataset_label(&t->data, item, (int)l);
        }
    }
    return XP_OK;
}

xp_predictions train_predictions(const training *t, size_t n) {
    return (xp_predictions){t->score, t->truth, t->patient, n, t->n_labels};
}

/* ==== one epoch ============================================================================== */

/* What a person watches. */
typedef struct watch {
    double begin, drawn, saved;
    size_t first; /* batch at begin */
    bool terminal;
} watch;

static watch watch_begin(const training *t) {
    double now = seconds_now();
    return (watch){now, 0, now, (size_t)t->progress.batch, isatty(STDERR_FILENO) != 0};
}

static void show(const training *t, watch *w) {
    const train_progress *p = &t->progress;
    double now = seconds_now(), every = w->terminal ? 0.2 : 60;
    if (!train_writes(t) || now - w->drawn < every || p->batch == w->first) return;
    if (!w->terminal && w->drawn == 0) {
        w->drawn = now;
        return;
    }
    double step = (now - w->begin) / (double)(p->batch - w->first);
    double epoch = step * (double)(t->epoch_batches - p->batch);
    double all =
        epoch + step * (double)t->epoch_batches * (double)(t->opt.epochs - 1 - (int)p->epoch);
    fprintf(stderr,
            "%sepoch %llu/%d step %llu/%zu  loss %.4f  %.1f records/s  epoch %.0f s left, all %.0f "
            "min%s",
            w->terminal ? "\r\033[K" : "", (unsigned long long)p->epoch + 1, t->opt.epochs,
            (unsigned long long)p->batch, t->epoch_batches, p->loss / p->known,
            t->opt.batch_size / step, epoch, all / 60, w->terminal ? "" : "\n");
    fflush(stderr);
    w->drawn = now;
}

static void hide(const training *t, const watch *w) {
    if (train_writes(t) && w->terminal && w->drawn > 0) fputs("\r\033[K", stderr);
}

static xp_status save_in_between(training *t, watch *w, xp_error *err) {
    uint64_t every = (uint64_t)t->opt.save_steps;
    bool due = (every && t->progress.batch % every == 0) || seconds_now() - w->saved > SAVE_SECONDS;
    if (!due || t->progress.batch == t->epoch_batches) return XP_OK;
    w->saved = seconds_now();
    return save_state(t, err);
}

/* Save, say so, and end by the signal, so that shells and batch systems see what happened. */
static xp_status obey_signal(training *t, xp_error *err) {
    XP_TRY(save_state(t, err));
    fprintf(stderr, "xplaim: interrupted in epoch %llu after step %llu; go on with --resume\n",
            (unsigned long long)t->progress.epoch + 1, (unsigned long long)t->progress.batch);
    signal(caught, SIG_DFL);
    raise(caught);
    return XP_OK;
}

static xp_status step(training *t, const xp_batch *b, xp_error *err) {
    double loss;
    xp_status s = xp_trainer_step(t->trainer, b->x, b->y, b->n, &loss, err);
    if (s != XP_OK)
        return xp_fail_prefix(err, s, "epoch %llu, step %llu (checkpoints are as they were)",
                              (unsigned long long)t->progress.epoch + 1,
                              (unsigned long long)t->progress.batch + 1);
    t->progress.loss += loss;
    t->progress.known += 1;
    t->progress.batch++;
    return XP_OK;
}

static xp_status train_epoch(training *t, xp_error *err) {
    watch w = watch_begin(t);
    xp_status s = XP_OK;
    xp_loader_start(t->train_loader, t->progress.epoch, (size_t)t->progress.batch,
                    t->epoch_batches);
    while (s == XP_OK) {
        xp_batch b;
        s = xp_loader_next(t->train_loader, &b, err);
        if (s != XP_OK || !b.x) break;
        s = step(t, &b, err);
        if (s == XP_OK) s = save_in_between(t, &w, err);
        if (s == XP_OK) show(t, &w);
        if (s == XP_OK && caught) {
            hide(t, &w);
            s = obey_signal(t, err);
        }
    }
    hide(t, &w);
    return s;
}

/* ==== after an epoch ========================================================================= */

static xp_status macro_auroc(const training *t, double *auroc, xp_error *err) {
    double threshold[XP_DATASET_MAX_LABELS];
    xp_eval_options o = xp_eval_defaults();
    xp_predictions p = train_predictions(t, t->val_set.n);
    xp_evaluation e;
    o.resamples = 0;
    for (int l = 0; l < t->n_labels; l++) threshold[l] = 0.5;
    XP_TRY(xp_evaluate(&p, threshold, o, &e, err));
    *auroc = e.macro.value[XP_AUROC];
    xp_evaluation_free(&e);
    return XP_OK;
}

static xp_status judge(training *t, double val_loss, double auroc, xp_error *err) {
    train_progress *p = &t->progress;
    double measure = strcmp(t->opt.monitor, "auroc") ? val_loss : -auroc;
    p->waited++;
    if (measure < p->best) {
        p->best = measure;
        p->best_epoch = (int)p->epoch;
        p->waited = 0;
        XP_TRY(train_write_best(t, val_loss, err));
    }
    bool lower = p->waited > 0 && p->waited % t->opt.patience == 0;
    if (lower && !strcmp(t->opt.schedule, "plateau")) xp_trainer_scale_rate(t->trainer, 0.1);
    p->stopped = t->opt.early_stop > 0 && p->waited >= t->opt.early_stop;
    return XP_OK;
}

static xp_status finish_epoch(training *t, double begin, xp_error *err) {
    train_progress *p = &t->progress;
    double val_loss, auroc, loss = p->known > 0 ? p->loss / p->known : NAN;
    XP_TRY(train_predict(t, t->val_loader, &t->val_set, &val_loss, err));
    if (!isfinite(val_loss))
        return xp_fail(err, XP_ERR_FORMAT,
                       "epoch %llu: the validation loss is not a number (checkpoints are as they "
                       "were): lower --lr or give --clip 1",
                       (unsigned long long)p->epoch + 1);
    XP_TRY(macro_auroc(t, &auroc, err));
    XP_TRY(judge(t, val_loss, auroc, err));
    XP_TRY(train_log_epoch(t, loss, val_loss, auroc, seconds_now() - begin, err));
    p->epoch++;
    p->batch = 0;
    p->loss = p->known = 0;
    return save_state(t, err);
}

xp_status train_run(training *t, xp_error *err) {
    listen_to_signals(t);
    while (t->progress.epoch < (uint64_t)t->opt.epochs && !t->progress.stopped) {
        double begin = seconds_now();
        XP_TRY(train_epoch(t, err));
        XP_TRY(finish_epoch(t, begin, err));
    }
    if (t->progress.stopped && train_writes(t))
        fprintf(t->say, "stopped: no better epoch for %d epochs\n", t->progress.waited);
    return XP_OK;
}
