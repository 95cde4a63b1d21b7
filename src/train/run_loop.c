/* Epochs: steps, validation, state on disk. */
#include "base/clock.h"
#include "train/run_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double SAVE_SECONDS = 300;

/* ==== state ================================================================================== */

/* The loop's state as text; doubles in hexadecimal, so that they come back as they were. */
static int write_state(const run_progress *p, char *text, size_t size) {
    return snprintf(text, size,
                    "xplaim-train 1\nfingerprint %llu\nepoch %llu\nbatch %llu\nloss %a\nknown %a\n"
                    "best %a\nbest_epoch %d\nwaited %d\nstopped %d\nbest_file %s\n",
                    (unsigned long long)p->fingerprint, (unsigned long long)p->epoch,
                    (unsigned long long)p->batch, p->loss, p->known, p->best, p->best_epoch,
                    p->waited, p->stopped, p->best_file[0] ? p->best_file : "-");
}

static bool read_state(run_progress *p, const char *text) {
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

static xp_status save_state(const xp_run *r, xp_error *err) {
    char text[1024];
    int n = write_state(&r->progress, text, sizeof text);
    if (!run_writes(r->comm)) return XP_OK;
    return xp_trainer_save(r->network.trainer, r->package.state,
                           (xp_bytes){(uint8_t *)text, (size_t)n}, err);
}

xp_status run_load_state(xp_run *r, xp_error *err) {
    const char *path = r->package.state;
    uint8_t *loop;
    size_t size;
    run_progress p = {0};
    XP_TRY(xp_trainer_load(r->network.trainer, path, &loop, &size, err));
    char *text = strndup((char *)loop, size);
    free(loop);
    bool good = text && read_state(&p, text);
    free(text);
    if (!good) return xp_fail(err, XP_ERR_FORMAT, "%s: not a state of xplaim train", path);
    if (p.fingerprint != r->progress.fingerprint)
        return xp_fail(err, XP_ERR_USAGE,
                       "%s: that run had other data, parts, labels or settings; give the same "
                       "options, or --overwrite to begin anew",
                       path);
    r->progress = p;
    if (run_writes(r->comm))
        fprintf(r->opt->text, "resumed at epoch %llu, step %llu\n", (unsigned long long)p.epoch + 1,
                (unsigned long long)p.batch + 1);
    return XP_OK;
}

/* ==== one epoch ============================================================================== */

static void report_step(const xp_run *r) {
    const run_progress *p = &r->progress;
    const xp_run_step s = {.epoch = p->epoch,
                           .epochs = r->opt->epochs,
                           .batch = (size_t)p->batch,
                           .batches = r->data.epoch_batches,
                           .loss = p->known > 0 ? p->loss / p->known : NAN,
                           .batch_size = r->data.batch_size};
    if (r->opt->step && run_writes(r->comm)) r->opt->step(r->opt->ctx, &s);
}

static void report_steps_over(const xp_run *r) {
    if (r->opt->step && run_writes(r->comm)) r->opt->step(r->opt->ctx, NULL);
}

static xp_status save_in_between(const xp_run *r, double *saved, xp_error *err) {
    const run_progress *p = &r->progress;
    uint64_t every = (uint64_t)r->opt->save_steps;
    bool due = (every && p->batch % every == 0) || xp_seconds_now() - *saved > SAVE_SECONDS;
    if (!due || p->batch == r->data.epoch_batches) return XP_OK;
    *saved = xp_seconds_now();
    return save_state(r, err);
}

static xp_status obey_stop(const xp_run *r, xp_error *err) {
    if (!r->opt->stop || !r->opt->stop(r->opt->ctx)) return XP_OK;
    XP_TRY(save_state(r, err));
    return xp_fail(
        err, XP_ERR_CANCELLED, "interrupted in epoch %llu after step %llu; go on with --resume",
        (unsigned long long)r->progress.epoch + 1, (unsigned long long)r->progress.batch);
}

static xp_status step(xp_run *r, const xp_batch *b, xp_error *err) {
    double loss;
    run_progress *p = &r->progress;
    xp_status s = xp_trainer_step(r->network.trainer, b->x, b->y, b->n, &loss, err);
    if (s != XP_OK)
        return xp_fail_prefix(err, s, "epoch %llu, step %llu (checkpoints are as they were)",
                              (unsigned long long)p->epoch + 1, (unsigned long long)p->batch + 1);
    p->loss += loss;
    p->known += 1;
    p->batch++;
    return XP_OK;
}

static xp_status run_steps(xp_run *r, xp_error *err) {
    xp_loader *loader = r->data.train_loader;
    double saved = xp_seconds_now();
    xp_loader_start(loader, r->progress.epoch, (size_t)r->progress.batch, r->data.epoch_batches);
    report_step(r);
    for (;;) {
        xp_batch b;
        XP_TRY(xp_loader_next(loader, &b, err));
        if (!b.x) return XP_OK;
        XP_TRY(step(r, &b, err));
        XP_TRY(save_in_between(r, &saved, err));
        report_step(r);
        XP_TRY(obey_stop(r, err));
    }
}

/* ==== after an epoch ========================================================================= */

static xp_status macro_auroc(const xp_predictions *p, double *auroc, xp_error *err) {
    double threshold[XP_DATASET_MAX_LABELS];
    xp_eval_options o = xp_eval_defaults();
    xp_evaluation e;
    o.resamples = 0;
    for (int l = 0; l < p->labels; l++) threshold[l] = 0.5;
    XP_TRY(xp_evaluate(p, threshold, o, &e, err));
    *auroc = e.macro.value[XP_AUROC];
    xp_evaluation_free(&e);
    return XP_OK;
}

static xp_status write_best(xp_run *r, double val_loss, xp_error *err) {
    char path[XP_PATH_MAX];
    run_progress *p = &r->progress;
    run_network *n = &r->network;
    snprintf(p->best_file, sizeof p->best_file, "model_epoch_%02llu_val_loss_%.2f.safetensors",
             (unsigned long long)p->epoch + 1, val_loss);
    XP_TRY(xp_path_join(path, sizeof path, err, r->package.checkpoints, "%s", p->best_file));
    if (!run_writes(r->comm)) return XP_OK;
    n->model.trained = true;
    xp_trainer_swap_average(n->trainer);
    xp_status s = run_write_model(&n->model, path, err);
    xp_trainer_swap_average(n->trainer);
    return s;
}

static xp_status judge(xp_run *r, double val_loss, double auroc, xp_error *err) {
    run_progress *p = &r->progress;
    const xp_run_options *o = r->opt;
    double measure = strcmp(o->monitor, "auroc") ? val_loss : -auroc;
    p->waited++;
    if (measure < p->best) {
        p->best = measure;
        p->best_epoch = (int)p->epoch;
        p->waited = 0;
        XP_TRY(write_best(r, val_loss, err));
    }
    bool lower = p->waited > 0 && p->waited % o->patience == 0;
    if (lower && !strcmp(o->schedule, "plateau")) xp_trainer_scale_rate(r->network.trainer, 0.1);
    p->stopped = o->early_stop > 0 && p->waited >= o->early_stop;
    return XP_OK;
}

static xp_status log_epoch(xp_run *r, const run_epoch *e, xp_error *err) {
    if (!run_writes(r->comm)) return XP_OK;
    fprintf(r->opt->text, "epoch %llu/%d  loss %.4f  val_loss %.4f  val_auroc %.4f  %.1f s%s\n",
            (unsigned long long)e->number + 1, r->opt->epochs, e->loss, e->val_loss, e->val_auroc,
            e->seconds, r->progress.best_epoch == (int)e->number ? "  best" : "");
    fflush(r->opt->text);
    return run_package_log(&r->package, e, &r->network, r->opt->histogram_epochs, err);
}

static xp_status finish_epoch(xp_run *r, double begin, xp_error *err) {
    run_progress *p = &r->progress;
    const xp_loader_options *set = &r->data.val_set;
    run_epoch e = {.number = p->epoch, .loss = p->known > 0 ? p->loss / p->known : NAN};
    XP_TRY(run_predict(&r->predictions, &r->data, r->network.trainer, r->comm, r->data.val_loader,
                       set, &e.val_loss, err));
    if (!isfinite(e.val_loss))
        return xp_fail(err, XP_ERR_FORMAT,
                       "epoch %llu: the validation loss is not a number (checkpoints are as they "
                       "were): lower --lr or give --clip 1",
                       (unsigned long long)p->epoch + 1);
    xp_predictions predictions = run_predictions_of(&r->predictions, set->n, r->opt->n_labels);
    XP_TRY(macro_auroc(&predictions, &e.val_auroc, err));
    XP_TRY(judge(r, e.val_loss, e.val_auroc, err));
    e.seconds = xp_seconds_now() - begin;
    XP_TRY(log_epoch(r, &e, err));
    p->epoch++;
    p->batch = 0;
    p->loss = p->known = 0;
    return save_state(r, err);
}

xp_status xp_run_epochs(xp_run *r, xp_error *err) {
    while (r->progress.epoch < (uint64_t)r->opt->epochs && !r->progress.stopped) {
        double begin = xp_seconds_now();
        xp_status s = run_steps(r, err);
        report_steps_over(r);
        if (s != XP_OK) return s;
        XP_TRY(finish_epoch(r, begin, err));
    }
    if (r->progress.stopped && run_writes(r->comm))
        fprintf(r->opt->text, "stopped: no better epoch for %d epochs\n", r->progress.waited);
    return XP_OK;
}
