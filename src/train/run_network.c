/* The network of a run: the model that is trained and its trainer. */
#include "data/labels.h"
#include "train/run_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== the model ============================================================================== */

xp_status run_network_make(run_network *n, const xp_run_options *o, xp_error *err) {
    if (o->init) {
        n->model = *o->init;
        *o->init = (xp_model){0};
    } else {
        xp_arch_config arch = o->arch;
        arch.n_labels = o->n_labels;
        arch.labels = o->labels;
        arch.dropout = o->dropout > 0 ? (float)o->dropout : -1;
        XP_TRY(xp_model_build(&n->model, &arch, run_key(o, "weights"), err));
    }
    snprintf(n->model.name, sizeof n->model.name, "%s", o->name);
    for (int i = 0; i < o->n_labels; i++) {
        xp_label *l = &n->model.labels[i];
        int known = xp_label_index(l->name);
        if (known >= 0)
            snprintf(l->long_name, sizeof l->long_name, "%s", xp_label_long_name(known));
    }
    return XP_OK;
}

/* ==== the trainer ============================================================================ */

static xp_schedule make_schedule(const xp_run_options *o, const run_data *d) {
    static const struct {
        const char *name;
        xp_schedule_kind kind;
    } kinds[] = {{"staircase", XP_RATE_STAIRCASE},     {"constant", XP_RATE_CONSTANT},
                 {"exponential", XP_RATE_EXPONENTIAL}, {"cosine", XP_RATE_COSINE},
                 {"one-cycle", XP_RATE_ONE_CYCLE},     {"plateau", XP_RATE_CONSTANT}};
    xp_schedule s = {.rate = o->rate, .factor = 0.95, .every = d->epoch_batches};
    s.warmup = (uint64_t)o->warmup;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(o->schedule, kinds[i].name)) s.kind = kinds[i].kind;
    if (s.kind == XP_RATE_COSINE || s.kind == XP_RATE_ONE_CYCLE)
        s.total = d->epoch_batches * (uint64_t)o->epochs;
    return s;
}

static void weigh_classes(float *weights, const xp_run_options *o, const run_data *d) {
    const double most = 100;
    bool root = !strcmp(o->class_weights, "sqrt");
    for (int l = 0; l < o->n_labels; l++) {
        size_t c[3];
        xp_split_count(&d->split, &d->set, XP_PART_TRAIN, l, c);
        double w = (double)c[1] / (double)c[0];
        weights[l] = (float)fmin(root ? sqrt(w) : w, most);
    }
}

xp_status run_network_plan(run_network *n, const xp_run_options *o, const run_data *d,
                           const xp_comm *comm, xp_error *err) {
    bool weighted = strcmp(o->class_weights, "none") != 0;
    if (weighted) weigh_classes(n->positive_weights, o, d);
    n->options = (xp_trainer_options){.batch = xp_loader_share(&d->train_set),
                                      .pool = o->pool,
                                      .comm = comm->size > 1 ? comm : NULL,
                                      .seed = run_key(o, "dropout"),
                                      .schedule = make_schedule(o, d),
                                      .weight_decay = o->weight_decay,
                                      .l2 = o->l2,
                                      .clip_norm = o->clip,
                                      .ema = o->ema,
                                      .keras_averages = o->keras_averages,
                                      .positive_weights = weighted ? n->positive_weights : NULL};
    return xp_trainer_bytes(&n->model, &n->options, &n->bytes, err);
}

xp_status run_network_start(run_network *n, xp_error *err) {
    return xp_trainer_create(&n->trainer, &n->model, &n->options, err);
}

xp_status run_network_restart(run_network *n, xp_error *err) {
    xp_trainer_free(n->trainer);
    n->trainer = NULL;
    n->options.ema = 0;
    return run_network_start(n, err);
}

void run_network_free(run_network *n) {
    xp_trainer_free(n->trainer);
    xp_model_free(&n->model);
}

/* ==== what decides the numbers =============================================================== */

xp_status run_fingerprint(uint64_t *out, const xp_run_options *o, const run_data *d,
                          const run_network *n, xp_error *err) {
    const xp_model *m = &n->model;
    const xp_schedule *s = &n->options.schedule;
    uint64_t v[] = {(uint64_t)d->batch_size,
                    (uint64_t)o->seed,
                    d->epoch_batches,
                    s->every,
                    s->total,
                    s->warmup,
                    (uint64_t)s->kind,
                    m->graph.n_weights,
                    (uint64_t)o->arch.length};
    double w[] = {s->rate, s->factor, o->weight_decay, o->l2,
                  o->clip, o->ema,    o->arch.rate,    o->dropout};
    uint64_t h;
    XP_TRY(xp_dataset_fingerprint(&d->set, &h, err));
    h = xp_hash(h, v, sizeof v);
    h = xp_hash(xp_hash(h, w, sizeof w), &o->augment, sizeof o->augment);
    h = xp_hash(h, n->positive_weights, sizeof n->positive_weights);
    h = xp_hash(h, m->weights, m->graph.n_weights * sizeof *m->weights);
    for (int i = 0; i < m->n_leads; i++) h = xp_hash(h, m->leads[i], strlen(m->leads[i]) + 1);
    for (int p = 0; p < XP_PARTS; p++)
        h = xp_hash(h, d->split.items[p], d->split.n[p] * sizeof *d->split.items[p]);
    if (o->keras_averages) h = xp_hash(h, &o->keras_averages, sizeof o->keras_averages);
    if (!strcmp(o->schedule, "plateau")) h = xp_hash(h, &o->patience, sizeof o->patience);
    *out = xp_hash(h, o->monitor, strlen(o->monitor));
    return XP_OK;
}
