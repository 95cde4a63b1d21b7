/* The records of a run: tables, parts, the cache of prepared records, batches. */
#include "explain.h"
#include "train/run_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

uint64_t run_key(const xp_run_options *o, const char *what) {
    return xp_hash((uint64_t)o->seed, what, strlen(what));
}

/* ==== parts ================================================================================== */

/* In the order of a permutation of its own, cut to so many batches; 0: all. */
static xp_status limit_part(xp_split *split, xp_part part, int batches, const xp_run_options *o,
                            xp_error *err) {
    size_t n = split->n[part], want = (size_t)batches * (size_t)o->batch_size;
    if (batches == 0 || want >= n) return XP_OK;
    uint32_t *all = split->items[part], *some = malloc(want * sizeof *some);
    if (!some) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu records", want);
    for (size_t i = 0; i < want; i++)
        some[i] = all[xp_shuffled(i, n, run_key(o, xp_part_name(part)))];
    split->items[part] = some;
    split->n[part] = want;
    free(all);
    return XP_OK;
}

static xp_status make_parts(run_data *d, const xp_run_options *o, xp_error *err) {
    if (o->all) {
        XP_TRY(xp_split_all(&d->split, &d->set, o->val_fold, o->test_fold, err));
        XP_TRY(limit_part(&d->split, XP_PART_VALIDATE, o->val_batches, o, err));
        return limit_part(&d->split, XP_PART_TEST, o->test_batches, o, err);
    }
    size_t b = (size_t)o->batch_size;
    size_t want[XP_PARTS] = {(size_t)o->train_batches * b, (size_t)o->val_batches * b,
                             (size_t)o->test_batches * b};
    return xp_split_draw(&d->split, &d->set, o->draws, o->n_draws, want, run_key(o, "parts"), err);
}

static void print_parts(const run_data *d, const xp_run_options *o) {
    fprintf(o->text, "%-10s %29s %29s %29s\n", "", "train", "validation", "test");
    fprintf(o->text, "%-10s", "label");
    for (int p = 0; p < XP_PARTS; p++) fprintf(o->text, " %9s %9s %9s", "yes", "no", "unknown");
    for (int l = 0; l < o->n_labels; l++) {
        fprintf(o->text, "\n%-10s", o->labels[l]);
        for (int p = 0; p < XP_PARTS; p++) {
            size_t c[3];
            xp_split_count(&d->split, &d->set, (xp_part)p, l, c);
            fprintf(o->text, " %9zu %9zu %9zu", c[0], c[1], c[2]);
        }
    }
    fprintf(o->text, "\n%-10s", "records");
    for (int p = 0; p < XP_PARTS; p++) fprintf(o->text, " %29zu", d->split.n[p]);
    fprintf(o->text, "\n");
    if (d->split.left_out)
        fprintf(o->text,
                "%zu drawn records left out: their patients are in a part that is full, or the "
                "batches need no more\n",
                d->split.left_out);
    if (d->unreadable)
        fprintf(o->text, "%zu records left out: they cannot be read\n", d->unreadable);
}

static xp_status check_positives(const run_data *d, const xp_run_options *o, xp_error *err) {
    char text[300] = "";
    for (int l = 0; l < o->n_labels; l++) {
        size_t c[3], n = strlen(text);
        xp_split_count(&d->split, &d->set, XP_PART_TRAIN, l, c);
        if (c[0] == 0 || c[1] == 0)
            snprintf(text + n, sizeof text - n, "%s%s (%zu yes, %zu no)", n ? ", " : "",
                     o->labels[l], c[0], c[1]);
    }
    if (!text[0]) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "nothing can be learnt about %s in the training part: name the others with "
                   "--labels",
                   text);
}

/* That the epochs can be told apart: now, and not after the last one. */
static xp_status check_validation(const run_data *d, const xp_run_options *o, xp_error *err) {
    int known = 0, both = 0;
    for (int l = 0; l < o->n_labels; l++) {
        size_t c[3];
        xp_split_count(&d->split, &d->set, XP_PART_VALIDATE, l, c);
        known += c[0] + c[1] > 0;
        both += c[0] > 0 && c[1] > 0;
    }
    if (known == 0)
        return xp_fail(err, XP_ERR_USAGE,
                       "no label is known in the validation part: there must be other records in "
                       "it (folds of the table, --val-fold, --val-batches)");
    if (both == 0 && !strcmp(o->monitor, "auroc"))
        return xp_fail(err, XP_ERR_USAGE,
                       "the validation part has each label in one class only, so no AUROC: "
                       "--monitor val-loss needs none, or take more records into it");
    return XP_OK;
}

static xp_status check_parts(const run_data *d, const xp_run_options *o, const xp_comm *comm,
                             xp_error *err) {
    size_t shared;
    XP_TRY(xp_split_shared_patients(&d->split, &d->set, &shared, err));
    if (run_writes(comm)) {
        print_parts(d, o);
        fprintf(o->text, "patients in more than one part: %zu\n", shared);
    }
    if (shared != 0) return xp_fail(err, XP_ERR_INTERNAL, "%zu patients are in two parts", shared);
    for (int p = 0; p < XP_PART_TEST; p++)
        if (d->split.n[p] < (size_t)comm->size)
            return xp_fail(err, XP_ERR_USAGE,
                           "the %s part has %zu records: there must be more (folds of the table, "
                           "--val-fold, --label-counts)",
                           xp_part_name((xp_part)p), d->split.n[p]);
    XP_TRY(check_positives(d, o, err));
    return check_validation(d, o, err);
}

xp_status run_data_load(run_data *d, const xp_run_options *o, const xp_comm *comm, xp_error *err) {
    XP_TRY(xp_data_sets_load(&d->set, &o->sets, o->labels, o->n_labels, true, err));
    XP_TRY(make_parts(d, o, err));
    return check_parts(d, o, comm, err);
}

/* ==== preparing records once ================================================================= */

typedef struct fill {
    const run_data *data;
    const xp_run_options *opt;
    const xp_comm *comm;
    const uint32_t *items;
    int n;
    float *bad; /* (n) */
    int done;
    xp_error error;          /* the first one */
    bool failed, bad_record; /* the run ends; because of a record */
    pthread_mutex_t lock;
} fill;

/* Record i could not be prepared; the caller holds the lock. */
static void note_failure(fill *f, int i, bool bad_record, const xp_error *err) {
    f->bad[i] = 1;
    if (bad_record && f->opt->skip_bad)
        fprintf(f->opt->warnings, "xplaim: left out: %s\n", err->text);
    else if (!f->failed)
        f->failed = true, f->bad_record = bad_record, f->error = *err;
}

static void fill_range(void *ctx, int begin, int end, int thread) {
    fill *f = ctx;
    for (int i = begin; i < end; i++) {
        xp_error err;
        bool bad;
        if (i % f->comm->size != f->comm->rank) continue;
        xp_status s = xp_reader_fill(f->data->reader, f->items[i], &bad, &err);
        pthread_mutex_lock(&f->lock);
        if (s != XP_OK) note_failure(f, i, bad, &err);
        f->done += f->comm->size;
        if (thread == 0) xp_progress_report(&f->opt->progress, "records prepared", f->done, f->n);
        bool stop = f->failed;
        pthread_mutex_unlock(&f->lock);
        if (stop) return;
    }
}

static void drop_bad(run_data *d, xp_part part, const float *bad) {
    xp_split *s = &d->split;
    size_t n = 0;
    for (size_t i = 0; i < s->n[part]; i++)
        if (bad[i] == 0) s->items[part][n++] = s->items[part][i];
    d->unreadable += s->n[part] - n;
    s->n[part] = n;
}

static xp_status fill_all(fill *f, xp_error *err) {
    xp_parallel_for(f->opt->pool, f->n, fill_range, f);
    xp_progress_report(&f->opt->progress, "records prepared", f->n, f->n);
    if (f->comm->size > 1) XP_TRY(f->comm->sum_floats(f->comm->ctx, f->bad, (size_t)f->n, err));
    if (!f->failed) return XP_OK;
    *err = f->error;
    size_t used = strlen(err->text);
    if (f->bad_record)
        snprintf(err->text + used, sizeof err->text - used, " (or leave such out: --skip-bad)");
    return err->code;
}

/* Read what the cache has not yet: errors come before the first step, and epochs are fast. */
static xp_status fill_part(run_data *d, xp_part part, const xp_run_options *o, const xp_comm *comm,
                           xp_error *err) {
    size_t n = d->split.n[part];
    if (n > INT32_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "the %s part has %zu records; expected at most %d",
                       xp_part_name(part), n, INT32_MAX);
    fill f = {.data = d,
              .opt = o,
              .comm = comm,
              .items = d->split.items[part],
              .n = (int)n,
              .bad = calloc(n ? n : 1, sizeof *f.bad),
              .lock = PTHREAD_MUTEX_INITIALIZER};
    if (!f.bad) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu records", n);
    xp_status s = fill_all(&f, err);
    if (s == XP_OK) drop_bad(d, part, f.bad);
    free(f.bad);
    return s;
}

static xp_status open_reader(run_data *d, const xp_run_options *o, const xp_comm *comm,
                             xp_error *err) {
    char cache[XP_PATH_MAX];
    if (o->no_cache) return xp_reader_create(&d->reader, &d->set, &d->spec, NULL, NULL, err);
    int n = o->cache_dir ? snprintf(cache, sizeof cache, "%s", o->cache_dir)
                         : snprintf(cache, sizeof cache, "%s/cache", o->folder);
    if (n < 0 || n >= XP_PATH_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "the cache's path is too long");
    size_t records = d->split.n[0] + d->split.n[1] + d->split.n[2];
    double size = 2.0 * d->spec.length * d->spec.n_leads * (double)records;
    if (run_writes(comm))
        fprintf(o->text, "prepared records: %s, %.3g GB when all are there\n", cache, 1e-9 * size);
    return xp_reader_create(&d->reader, &d->set, &d->spec, NULL, cache, err);
}

/* ==== batches ================================================================================ */

static bool augments(const xp_augment *a) {
    return a->shift > 0 || a->circular > 0 || a->gain[1] > 0 || a->chest_gain[1] > 0 ||
           a->lead_drop > 0 || a->noise > 0 || a->lowpass > 0 || a->bandpass > 0 || a->layout > 0 ||
           a->rhythm > 0;
}

static xp_loader_options part_options(const run_data *d, xp_part part, const xp_run_options *o,
                                      const xp_comm *comm) {
    bool train = part == XP_PART_TRAIN;
    return (xp_loader_options){.data = &d->set,
                               .reader = d->reader,
                               .spec = &d->spec,
                               .items = d->split.items[part],
                               .n = d->split.n[part],
                               .batch = d->batch_size,
                               .rank = comm->rank,
                               .size = comm->size,
                               .shuffle = train,
                               .seed = run_key(o, "order"),
                               .augment = train && augments(&o->augment) ? &o->augment : NULL};
}

static void make_sets(run_data *d, const xp_run_options *o, const xp_comm *comm) {
    d->train_set = part_options(d, XP_PART_TRAIN, o, comm);
    d->val_set = part_options(d, XP_PART_VALIDATE, o, comm);
    d->epoch_batches = xp_loader_batches(&d->train_set);
    if (o->all && o->train_batches && (size_t)o->train_batches < d->epoch_batches)
        d->epoch_batches = (size_t)o->train_batches;
}

xp_status run_data_prepare(run_data *d, const xp_run_options *o, const xp_comm *comm,
                           const xp_model *m, xp_error *err) {
    d->spec = xp_model_input_spec(m);
    XP_TRY(open_reader(d, o, comm, err));
    for (int p = 0; !o->no_cache && p < XP_PARTS; p++)
        XP_TRY(fill_part(d, (xp_part)p, o, comm, err));
    if (d->unreadable > 0) XP_TRY(check_parts(d, o, comm, err));
    d->batch_size = o->batch_size;
    if (d->split.n[XP_PART_TRAIN] < (size_t)o->batch_size)
        d->batch_size = (int)d->split.n[XP_PART_TRAIN];
    make_sets(d, o, comm);
    return XP_OK;
}

xp_status run_data_start(run_data *d, xp_error *err) {
    XP_TRY(xp_loader_create(&d->train_loader, &d->train_set, err));
    return xp_loader_create(&d->val_loader, &d->val_set, err);
}

size_t run_data_largest(const run_data *d) {
    size_t a = d->split.n[XP_PART_VALIDATE], b = d->split.n[XP_PART_TEST];
    return a > b ? a : b;
}

void run_data_free(run_data *d) {
    xp_loader_free(d->train_loader);
    xp_loader_free(d->val_loader);
    xp_reader_free(d->reader);
    xp_split_free(&d->split);
    xp_dataset_free(&d->set);
}
