#include "train/run_internal.h"

#include <math.h>
#include <stdlib.h>

static void print_memory(const xp_run *r) {
    const run_data *d = &r->data;
    const run_network *n = &r->network;
    size_t weights = n->model.graph.n_weights * sizeof(float);
    size_t batches = xp_loader_bytes(&d->train_set) + xp_loader_bytes(&d->val_set);
    size_t figures = run_data_largest(d) * ((size_t)r->opt->n_labels * 13 + 16);
    size_t table = xp_dataset_bytes(&d->set) + 4 * d->set.n;
    const double mib = 1048576;
    const int threads = xp_pool_threads(r->opt->pool);
    FILE *out = r->opt->text;
    fprintf(out,
            "memory: %.0f MiB = training %.0f, weights %.0f, batches %.0f, table of %zu records "
            "%.1f, figures %.1f; it does not grow\n",
            (double)(n->bytes + weights + batches + figures + table) / mib, (double)n->bytes / mib,
            (double)weights / mib, (double)batches / mib, d->set.n, (double)table / mib,
            (double)figures / mib);
    fprintf(out, "%zu weights; %zu steps of %d records an epoch, %d epochs, %d thread%s",
            n->model.graph.n_weights, d->epoch_batches, d->batch_size, r->opt->epochs, threads,
            threads == 1 ? "" : "s");
    if (r->comm->size > 1) fprintf(out, " in each of %d processes", r->comm->size);
    fprintf(out, "\n");
    fflush(out);
}

static xp_status open_run(xp_run *r, xp_error *err) {
    const xp_run_options *o = r->opt;
    XP_TRY(run_data_load(&r->data, o, r->comm, err));
    XP_TRY(run_network_make(&r->network, o, err));
    XP_TRY(run_package_make(&r->package, o, run_writes(r->comm), err));
    XP_TRY(run_data_prepare(&r->data, o, r->comm, &r->network.model, err));
    XP_TRY(run_network_plan(&r->network, o, &r->data, r->comm, err));
    if (run_writes(r->comm)) print_memory(r);
    XP_TRY(run_data_start(&r->data, err));
    XP_TRY(run_predictions_allocate(&r->predictions, run_data_largest(&r->data), o->n_labels, err));
    XP_TRY(run_network_start(&r->network, err));
    r->progress = (run_progress){.best = INFINITY, .best_epoch = -1};
    XP_TRY(run_fingerprint(&r->progress.fingerprint, o, &r->data, &r->network, err));
    return o->resume ? run_load_state(r, err) : XP_OK;
}

xp_status xp_run_open(xp_run **out, const xp_run_options *o, const xp_comm *comm, xp_error *err) {
    xp_run *r = calloc(1, sizeof *r);
    if (!r) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    r->opt = o;
    r->comm = comm;
    r->package.lock = -1;
    xp_status s = open_run(r, err);
    if (s == XP_OK)
        *out = r;
    else
        xp_run_free(r);
    return s;
}

void xp_run_free(xp_run *r) {
    if (!r) return;
    run_package_free(&r->package);
    run_predictions_free(&r->predictions);
    run_data_free(&r->data);
    run_network_free(&r->network);
    free(r);
}
