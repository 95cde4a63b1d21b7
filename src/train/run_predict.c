/* Probabilities of a part by the network as it stands. */
#include "eval/windows.h"
#include "train/run_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

xp_status run_predictions_allocate(run_predictions *p, size_t n, int labels, xp_error *err) {
    size_t count = n * (size_t)labels;
    p->p = malloc(count * sizeof *p->p);
    p->record_loss = malloc(n * sizeof *p->record_loss);
    p->score = malloc(count * sizeof *p->score);
    p->truth = malloc(count);
    p->patient = malloc(n * sizeof *p->patient);
    if (p->p && p->record_loss && p->score && p->truth && p->patient) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures of %zu records", n);
}

void run_predictions_free(run_predictions *p) {
    free(p->p);
    free(p->record_loss);
    free(p->score);
    free(p->truth);
    free(p->patient);
    *p = (run_predictions){0};
}

xp_predictions run_predictions_of(const run_predictions *p, size_t n, int labels) {
    return (xp_predictions){p->score, p->truth, p->patient, n, labels};
}

typedef struct part_model {
    xp_trainer *trainer;
    int labels;
} part_model;

static xp_status predict_window(void *ctx, float *x, const xp_record_window *about, double *p,
                                xp_error *err) {
    const part_model *m = ctx;
    float found[XP_DATASET_MAX_LABELS];
    double loss = 0, known = 0;
    (void)about;
    XP_TRY(xp_trainer_eval(m->trainer, x, NULL, 1, found, &loss, &known, err));
    for (int l = 0; l < m->labels; l++) p[l] = (double)found[l];
    return XP_OK;
}

/* p (labels): of the record's first window, then of all of them. */
static xp_status add_windows(const run_data *d, xp_trainer *trainer, uint32_t item, int windows,
                             float *p, xp_error *err) {
    part_model m = {trainer, d->set.n_labels};
    const xp_window_model model = {predict_window, &m, m.labels};
    double together[XP_DATASET_MAX_LABELS];
    for (int l = 0; l < m.labels; l++) together[l] = (double)p[l];
    XP_TRY(xp_windows_together(together, d->reader, &d->spec, item, windows, &model, err));
    for (int l = 0; l < m.labels; l++) p[l] = (float)together[l];
    return XP_OK;
}

static xp_status predict_batch(run_predictions *out, const run_data *d, xp_trainer *trainer,
                               const xp_batch *b, double *known, xp_error *err) {
    size_t labels = (size_t)d->set.n_labels;
    size_t values = (size_t)d->spec.length * (size_t)d->spec.n_leads;
    for (int i = 0; i < b->n; i++) {
        size_t at = b->first + (size_t)i;
        float *p = out->p + at * labels;
        XP_TRY(xp_trainer_eval(trainer, b->x + (size_t)i * values, b->y + (size_t)i * labels, 1, p,
                               &out->record_loss[at], known, err));
        if (b->windows[i] > 1) XP_TRY(add_windows(d, trainer, b->items[i], b->windows[i], p, err));
    }
    return XP_OK;
}

static xp_status predict_batches(run_predictions *out, const run_data *d, xp_trainer *trainer,
                                 xp_loader *loader, double *known, xp_error *err) {
    for (;;) {
        xp_batch b;
        XP_TRY(xp_loader_next(loader, &b, err));
        if (!b.x) return XP_OK;
        XP_TRY(predict_batch(out, d, trainer, &b, known, err));
    }
}

/* Each number is one process' and 0 in the others, or an integer: no order changes these sums. */
static xp_status gather(run_predictions *p, size_t n, size_t labels, double *known,
                        const xp_comm *comm, xp_error *err) {
    if (comm->size == 1) return XP_OK;
    XP_TRY(comm->sum_doubles(comm->ctx, known, 1, err));
    XP_TRY(comm->sum_doubles(comm->ctx, p->record_loss, n, err));
    return comm->sum_floats(comm->ctx, p->p, n * labels, err);
}

xp_status run_predict(run_predictions *p, const run_data *d, xp_trainer *trainer,
                      const xp_comm *comm, xp_loader *loader, const xp_loader_options *set,
                      double *loss, xp_error *err) {
    size_t labels = (size_t)d->set.n_labels;
    double sum = 0, known = 0;
    memset(p->p, 0, set->n * labels * sizeof *p->p);
    memset(p->record_loss, 0, set->n * sizeof *p->record_loss);
    XP_TRY(xp_trainer_eval_begin(trainer, err));
    xp_loader_start(loader, 0, 0, xp_loader_batches(set));
    XP_TRY(predict_batches(p, d, trainer, loader, &known, err));
    XP_TRY(gather(p, set->n, labels, &known, comm, err));
    for (size_t i = 0; i < set->n; i++) sum += p->record_loss[i];
    *loss = known > 0 ? sum / known : NAN;
    for (size_t i = 0; i < set->n; i++) {
        size_t item = set->items[i];
        p->patient[i] = d->set.patient[item];
        for (size_t l = 0; l < labels; l++) {
            p->score[i * labels + l] = (double)p->p[i * labels + l];
            p->truth[i * labels + l] = (int8_t)xp_dataset_label(&d->set, item, (int)l);
        }
    }
    return XP_OK;
}
