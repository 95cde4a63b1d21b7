/* Everything before the first step: data, parts, model, memory, cache, trainer. */
#include "explain.h"
#include "model_file.h"
#include "progress.h"
#include "train.h"

#include "ecg/record.h"
#include "train/labels.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool train_writes(const training *t) {
    return t->comm.rank == 0;
}

static uint64_t key(const training *t, const char *what) {
    return xp_hash((uint64_t)t->opt.seed, what, strlen(what));
}

/* ==== data and parts ========================================================================= */

static xp_status load_data(training *t, xp_error *err) {
    const char *names[XP_DATASET_MAX_LABELS];
    for (int i = 0; i < t->n_labels; i++) names[i] = t->labels[i];
    return data_sets_load(&t->data, &t->opt.data, "train-ds-name", names, t->n_labels, true, err);
}

/* In the order of a permutation of its own, cut to so many batches; 0: all. */
static xp_status limit_part(training *t, xp_part part, int batches, xp_error *err) {
    size_t n = t->split.n[part], want = (size_t)batches * (size_t)t->opt.batch_size;
    if (batches == 0 || want >= n) return XP_OK;
    uint32_t *all = t->split.items[part], *some = malloc(want * sizeof *some);
    if (!some) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu records", want);
    for (size_t i = 0; i < want; i++) some[i] = all[xp_shuffled(i, n, key(t, xp_part_name(part)))];
    t->split.items[part] = some;
    t->split.n[part] = want;
    free(all);
    return XP_OK;
}

static xp_status make_parts(training *t, xp_error *err) {
    const train_options *o = &t->opt;
    if (o->all) {
        XP_TRY(xp_split_all(&t->split, &t->data, o->val_fold, o->test_fold, err));
        XP_TRY(limit_part(t, XP_PART_VALIDATE, o->val_batches, err));
        return limit_part(t, XP_PART_TEST, o->test_batches, err);
    }
    size_t b = (size_t)o->batch_size;
    size_t want[XP_PARTS] = {(size_t)o->train_batches * b, (size_t)o->val_batches * b,
                             (size_t)o->test_batches * b};
    return xp_split_draw(&t->split, &t->data, t->draws, t->n_draws, want, key(t, "parts"), err);
}

static void print_parts(const training *t) {
    fprintf(t->say, "%-10s %29s %29s %29s\n", "", "train", "validation", "test");
    fprintf(t->say, "%-10s", "label");
    for (int p = 0; p < XP_PARTS; p++) fprintf(t->say, " %9s %9s %9s", "yes", "no", "unknown");
    for (int l = 0; l < t->n_labels; l++) {
        fprintf(t->say, "\n%-10s", t->labels[l]);
        for (int p = 0; p < XP_PARTS; p++) {
            size_t c[3];
            xp_split_count(&t->split, &t->data, (xp_part)p, l, c);
            fprintf(t->say, " %9zu %9zu %9zu", c[0], c[1], c[2]);
        }
    }
    fprintf(t->say, "\n%-10s", "records");
    for (int p = 0; p < XP_PARTS; p++) fprintf(t->say, " %29zu", t->split.n[p]);
    fprintf(t->say, "\n");
    if (t->split.left_out)
        fprintf(t->say,
                "%zu drawn records left out: their patients are in a part that is full, or the "
                "batches need no more\n",
                t->split.left_out);
    if (t->unreadable)
        fprintf(t->say, "%zu records left out: they cannot be read\n", t->unreadable);
}

static xp_status check_positives(const training *t, xp_error *err) {
    char text[300] = "";
    for (int l = 0; l < t->n_labels; l++) {
        size_t c[3], n = strlen(text);
        xp_split_count(&t->split, &t->data, XP_PART_TRAIN, l, c);
        if (c[0] == 0 || c[1] == 0)
            snprintf(text + n, sizeof text - n, "%s%s (%zu yes, %zu no)", n ? ", " : "",
                     t->labels[l], c[0], c[1]);
    }
    if (!text[0]) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "nothing can be learnt about %s in the training part: name the others with "
                   "--labels",
                   text);
}

/* That the epochs can be told apart: now, and not after the last one. */
static xp_status check_validation(const training *t, xp_error *err) {
    int known = 0, both = 0;
    for (int l = 0; l < t->n_labels; l++) {
        size_t c[3];
        xp_split_count(&t->split, &t->data, XP_PART_VALIDATE, l, c);
        known += c[0] + c[1] > 0;
        both += c[0] > 0 && c[1] > 0;
    }
    if (known == 0)
        return xp_fail(err, XP_ERR_USAGE,
                       "no label is known in the validation part: there must be other records in "
                       "it (folds of the table, --val-fold, --val-batches)");
    if (both == 0 && !strcmp(t->opt.monitor, "auroc"))
        return xp_fail(err, XP_ERR_USAGE,
                       "the validation part has each label in one class only, so no AUROC: "
                       "--monitor val-loss needs none, or take more records into it");
    return XP_OK;
}

static xp_status check_parts(const training *t, xp_error *err) {
    size_t shared;
    XP_TRY(xp_split_shared_patients(&t->split, &t->data, &shared, err));
    if (train_writes(t)) {
        print_parts(t);
        fprintf(t->say, "patients in more than one part: %zu\n", shared);
    }
    if (shared != 0) return xp_fail(err, XP_ERR_INTERNAL, "%zu patients are in two parts", shared);
    for (int p = 0; p < XP_PART_TEST; p++)
        if (t->split.n[p] < (size_t)t->comm.size)
            return xp_fail(err, XP_ERR_USAGE,
                           "the %s part has %zu records: there must be more (folds of the table, "
                           "--val-fold, --label-counts)",
                           xp_part_name((xp_part)p), t->split.n[p]);
    XP_TRY(check_positives(t, err));
    return check_validation(t, err);
}

/* ==== model ================================================================================== */

/* "16,32,128" into v (at most max); 0 for a list that is none. */
static int read_sizes(const char *list, int *v, int max) {
    char word[16];
    bool fits;
    int n = 0;
    while (next_in_list(&list, word, sizeof word, &fits)) {
        char *end;
        long x = fits ? strtol(word, &end, 10) : 0;
        if (!fits || *end || x < 1 || x > 65536 || n == max) return 0;
        v[n++] = (int)x;
    }
    return n;
}

static xp_status read_leads(const char *list, char names[XP_MAX_LEADS][16], int *n, xp_error *err) {
    char word[16];
    bool fits;
    for (*n = 0; next_in_list(&list, word, sizeof word, &fits); ++*n) {
        xp_lead_id id = fits ? xp_lead_parse(word) : XP_LEAD_NONE;
        if (id == XP_LEAD_NONE || *n == XP_LEAD_COUNT)
            return xp_fail(err, XP_ERR_USAGE,
                           "name %d of --leads is not one of the twelve leads: I, II, III, aVR, "
                           "aVL, aVF, V1 to V6",
                           *n + 1);
        snprintf(names[*n], sizeof names[*n], "%s", xp_lead_name(id));
        for (int k = 0; k < *n; k++)
            if (!strcmp(names[k], names[*n]))
                return xp_fail(err, XP_ERR_USAGE, "--leads names %s twice", names[k]);
    }
    return XP_OK;
}

static xp_status build_model(training *t, xp_error *err) {
    const train_options *o = &t->opt;
    char leads[XP_MAX_LEADS][16];
    const char *lead_names[XP_MAX_LEADS], *labels[XP_DATASET_MAX_LABELS];
    int n_leads = 12;
    xp_arch_config cfg = {.arch = o->arch, .length = o->length, .rate = o->rate};
    if (o->leads) XP_TRY(read_leads(o->leads, leads, &n_leads, err));
    for (int i = 0; i < t->n_labels; i++) labels[i] = t->labels[i];
    for (int i = 0; o->leads && i < n_leads; i++) lead_names[i] = leads[i];
    cfg.n_leads = n_leads;
    cfg.leads = o->leads ? lead_names : NULL;
    cfg.n_labels = t->n_labels;
    cfg.labels = labels;
    cfg.dropout = o->dropout > 0 ? (float)o->dropout : -1;
    if (o->filters && !(cfg.n_blocks = read_sizes(o->filters, cfg.filters, 8)))
        return xp_fail(err, XP_ERR_USAGE, "--filters %s: expected up to 8 numbers", o->filters);
    if (o->kernels && !(cfg.n_kernels = read_sizes(o->kernels, cfg.kernels, 8)))
        return xp_fail(err, XP_ERR_USAGE, "--kernels %s: expected up to 8 numbers", o->kernels);
    return xp_model_build(&t->model, &cfg, key(t, "weights"), err);
}

/* Fine-tuning: labels must be the model's, in its order, so that an output keeps its meaning. */
static xp_status init_model(training *t, xp_error *err) {
    model_file f;
    XP_TRY(model_file_open(&f, t->opt.init, err));
    bool same = f.model.n_labels == t->n_labels;
    for (int i = 0; same && i < t->n_labels; i++)
        same = !strcasecmp(f.model.labels[i].name, t->labels[i]);
    if (!same) {
        model_file_free(&f);
        return xp_fail(err, XP_ERR_USAGE,
                       "%s: its labels are not those to be learnt, in the same order", t->opt.init);
    }
    t->model = f.model;
    return XP_OK;
}

static xp_status make_model(training *t, xp_error *err) {
    XP_TRY(t->opt.init ? init_model(t, err) : build_model(t, err));
    snprintf(t->model.name, sizeof t->model.name, "%s", t->opt.model_name);
    t->spec = xp_model_input_spec(&t->model);
    for (int i = 0; i < t->n_labels; i++) {
        xp_label *l = &t->model.labels[i];
        int known = xp_label_index(l->name);
        if (known >= 0)
            snprintf(l->long_name, sizeof l->long_name, "%s", xp_label_long_name(known));
    }
    return XP_OK;
}

/* ==== trainer ================================================================================ */

static xp_schedule make_schedule(const training *t) {
    const train_options *o = &t->opt;
    static const struct {
        const char *name;
        xp_schedule_kind kind;
    } kinds[] = {{"staircase", XP_RATE_STAIRCASE},     {"constant", XP_RATE_CONSTANT},
                 {"exponential", XP_RATE_EXPONENTIAL}, {"cosine", XP_RATE_COSINE},
                 {"one-cycle", XP_RATE_ONE_CYCLE},     {"plateau", XP_RATE_CONSTANT}};
    xp_schedule s = {.rate = o->lr, .factor = 0.95, .every = t->epoch_batches};
    s.warmup = (uint64_t)o->warmup;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(o->schedule, kinds[i].name)) s.kind = kinds[i].kind;
    if (s.kind == XP_RATE_COSINE || s.kind == XP_RATE_ONE_CYCLE)
        s.total = t->epoch_batches * (uint64_t)o->epochs;
    return s;
}

static void weigh_classes(training *t) {
    const double most = 100;
    bool root = !strcmp(t->opt.class_weights, "sqrt");
    for (int l = 0; l < t->n_labels; l++) {
        size_t c[3];
        xp_split_count(&t->split, &t->data, XP_PART_TRAIN, l, c);
        double w = (double)c[1] / (double)c[0];
        t->positive_weights[l] = (float)fmin(root ? sqrt(w) : w, most);
    }
}

static void fill_trainer_options(training *t) {
    const train_options *o = &t->opt;
    bool weighted = strcmp(o->class_weights, "none") != 0;
    if (weighted) weigh_classes(t);
    t->trainer_options =
        (xp_trainer_options){.batch = o->batch_size / t->comm.size,
                             .pool = t->pool,
                             .comm = t->comm.size > 1 ? &t->comm : NULL,
                             .seed = key(t, "dropout"),
                             .schedule = make_schedule(t),
                             .weight_decay = o->weight_decay,
                             .l2 = o->l2,
                             .clip_norm = o->clip,
                             .ema = o->ema,
                             .positive_weights = weighted ? t->positive_weights : NULL};
}

static bool augments(const xp_augment *a) {
    return a->shift > 0 || a->circular > 0 || a->gain[1] > 0 || a->chest_gain[1] > 0 ||
           a->lead_drop > 0 || a->noise > 0 || a->lowpass > 0 || a->bandpass > 0;
}

static xp_loader_options part_options(const training *t, xp_part part) {
    bool train = part == XP_PART_TRAIN;
    return (xp_loader_options){.data = &t->data,
                               .reader = t->reader,
                               .spec = &t->spec,
                               .items = t->split.items[part],
                               .n = t->split.n[part],
                               .batch = t->opt.batch_size,
                               .rank = t->comm.rank,
                               .size = t->comm.size,
                               .shuffle = train,
                               .seed = key(t, "order"),
                               .augment =
                                   train && augments(&t->opt.changes) ? &t->opt.changes : NULL};
}

static void make_sets(training *t) {
    t->train_set = part_options(t, XP_PART_TRAIN);
    t->val_set = part_options(t, XP_PART_VALIDATE);
    t->epoch_batches = xp_loader_batches(&t->train_set);
    if (t->opt.all && t->opt.train_batches && (size_t)t->opt.train_batches < t->epoch_batches)
        t->epoch_batches = (size_t)t->opt.train_batches;
}

/* Everything that decides the numbers: a resumed run must have the same. */
static xp_status fingerprint(const training *t, uint64_t *out, xp_error *err) {
    const train_options *o = &t->opt;
    const xp_schedule *s = &t->trainer_options.schedule;
    uint64_t v[] = {(uint64_t)o->batch_size,
                    (uint64_t)o->seed,
                    t->epoch_batches,
                    s->every,
                    s->total,
                    s->warmup,
                    (uint64_t)s->kind,
                    t->model.graph.n_weights,
                    (uint64_t)o->length};
    double w[] = {s->rate, s->factor, o->weight_decay, o->l2, o->clip, o->ema, o->rate, o->dropout};
    uint64_t h;
    XP_TRY(xp_dataset_fingerprint(&t->data, &h, err));
    h = xp_hash(h, v, sizeof v);
    h = xp_hash(xp_hash(h, w, sizeof w), &o->changes, sizeof o->changes);
    h = xp_hash(h, t->positive_weights, sizeof t->positive_weights);
    h = xp_hash(h, t->model.weights, t->model.graph.n_weights * sizeof *t->model.weights);
    for (int i = 0; i < t->model.n_leads; i++)
        h = xp_hash(h, t->model.leads[i], strlen(t->model.leads[i]) + 1);
    for (int p = 0; p < XP_PARTS; p++)
        h = xp_hash(h, t->split.items[p], t->split.n[p] * sizeof *t->split.items[p]);
    if (!strcmp(o->schedule, "plateau")) h = xp_hash(h, &o->patience, sizeof o->patience);
    *out = xp_hash(h, o->monitor, strlen(o->monitor));
    return XP_OK;
}

/* ==== preparing records once ================================================================= */

typedef struct fill {
    training *t;
    const uint32_t *items;
    float *bad; /* (n) */
    progress bar;
    int done;
    xp_error error;          /* the first one */
    bool failed, bad_record; /* the run ends; because of a record */
    pthread_mutex_t lock;
} fill;

static void fill_range(void *ctx, int begin, int end, int thread) {
    fill *f = ctx;
    for (int i = begin; i < end; i++) {
        xp_error err;
        if (i % f->t->comm.size != f->t->comm.rank) continue;
        bool bad;
        xp_status s = xp_reader_fill(f->t->reader, f->items[i], &bad, &err);
        pthread_mutex_lock(&f->lock);
        if (s != XP_OK) {
            f->bad[i] = 1;
            if (bad && f->t->opt.skip_bad)
                fprintf(stderr, "xplaim: left out: %s\n", err.text);
            else if (!f->failed)
                f->failed = true, f->bad_record = bad, f->error = err;
        }
        f->done += f->t->comm.size;
        if (thread == 0) progress_update(&f->bar, f->done);
        bool stop = f->failed;
        pthread_mutex_unlock(&f->lock);
        if (stop) return;
    }
}

static void drop_bad(training *t, xp_part part, const float *bad) {
    xp_split *s = &t->split;
    size_t n = 0;
    for (size_t i = 0; i < s->n[part]; i++)
        if (bad[i] == 0) s->items[part][n++] = s->items[part][i];
    t->unreadable += s->n[part] - n;
    s->n[part] = n;
}

/* Read what the cache has not yet: errors come before the first step, and epochs are fast. */
static xp_status fill_part(training *t, xp_part part, xp_error *err) {
    size_t n = t->split.n[part];
    fill f = {.t = t, .items = t->split.items[part], .lock = PTHREAD_MUTEX_INITIALIZER};
    f.bad = calloc(n ? n : 1, sizeof *f.bad);
    if (!f.bad || n > INT32_MAX)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu records", n);
    f.bar = progress_begin("records prepared", (int)n);
    xp_parallel_for(t->pool, (int)n, fill_range, &f);
    progress_hide(&f.bar);
    xp_status s = XP_OK;
    if (t->comm.size > 1) s = t->comm.sum_floats(t->comm.ctx, f.bad, n, err);
    if (s == XP_OK && f.failed) {
        *err = f.error;
        size_t used = strlen(err->text);
        if (f.bad_record)
            snprintf(err->text + used, sizeof err->text - used, " (or leave such out: --skip-bad)");
        s = err->code;
    }
    if (s == XP_OK) drop_bad(t, part, f.bad);
    free(f.bad);
    return s;
}

static xp_status make_folder(const char *path, xp_error *err) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return XP_OK;
    return xp_fail(err, XP_ERR_IO, "%s: the folder cannot be made: %s", path, strerror(errno));
}

static xp_status open_reader(training *t, xp_error *err) {
    const train_options *o = &t->opt;
    char cache[TRAIN_PATH];
    int n = o->cache_dir ? snprintf(cache, sizeof cache, "%s", o->cache_dir)
                         : snprintf(cache, sizeof cache, "%s/cache", o->models_output_dir);
    if (n < 0 || n >= TRAIN_PATH) return xp_fail(err, XP_ERR_LIMIT, "the cache's path is too long");
    size_t records = t->split.n[0] + t->split.n[1] + t->split.n[2];
    double size = 2.0 * t->spec.length * t->spec.n_leads * (double)records;
    if (!o->no_cache) XP_TRY(make_folder(cache, err));
    if (!o->no_cache && train_writes(t))
        fprintf(t->say, "prepared records: %s, %.3g GB when all are there\n", cache, 1e-9 * size);
    return xp_reader_create(&t->reader, &t->data, &t->spec, NULL, o->no_cache ? NULL : cache, err);
}

static xp_status fill_cache(training *t, xp_error *err) {
    for (int p = 0; !t->opt.no_cache && p < XP_PARTS; p++) XP_TRY(fill_part(t, (xp_part)p, err));
    if (t->unreadable > 0) XP_TRY(check_parts(t, err));
    return XP_OK;
}

/* ==== memory ================================================================================= */

static size_t largest_part(const training *t) {
    size_t a = t->split.n[XP_PART_VALIDATE], b = t->split.n[XP_PART_TEST];
    return a > b ? a : b;
}

static xp_status allocate(training *t, xp_error *err) {
    size_t n = largest_part(t), l = (size_t)t->n_labels;
    t->p = malloc(n * l * sizeof *t->p);
    t->score = malloc(n * l * sizeof *t->score);
    t->truth = malloc(n * l);
    t->patient = malloc(n * sizeof *t->patient);
    if (t->p && t->score && t->truth && t->patient) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures of %zu records", n);
}

static void print_memory(const training *t) {
    size_t weights = t->model.graph.n_weights * sizeof(float);
    size_t batches = xp_loader_bytes(&t->train_set) + xp_loader_bytes(&t->val_set);
    size_t figures = largest_part(t) * ((size_t)t->n_labels * 13 + 8);
    size_t table = xp_dataset_bytes(&t->data) + 4 * t->data.n;
    const double mib = 1048576;
    fprintf(t->say,
            "memory: %.0f MiB = training %.0f, weights %.0f, batches %.0f, table of %zu records "
            "%.1f, figures %.1f; it does not grow\n",
            (double)(t->trainer_bytes + weights + batches + figures + table) / mib,
            (double)t->trainer_bytes / mib, (double)weights / mib, (double)batches / mib, t->data.n,
            (double)table / mib, (double)figures / mib);
    fprintf(t->say, "%zu weights; %zu steps of %d records an epoch, %d epochs, %d thread%s",
            t->model.graph.n_weights, t->epoch_batches, t->opt.batch_size, t->opt.epochs,
            xp_pool_threads(t->pool), xp_pool_threads(t->pool) == 1 ? "" : "s");
    if (t->comm.size > 1) fprintf(t->say, " in each of %d processes", t->comm.size);
    fprintf(t->say, "\n");
    fflush(t->say);
}

/* ============================================================================================= */

xp_status train_prepare(training *t, xp_error *err) {
    XP_TRY(xp_pool_create(&t->pool, t->opt.threads, err));
    XP_TRY(load_data(t, err));
    XP_TRY(make_parts(t, err));
    XP_TRY(check_parts(t, err));
    XP_TRY(make_model(t, err));
    XP_TRY(train_make_package(t, err));
    XP_TRY(open_reader(t, err));
    XP_TRY(fill_cache(t, err));
    if (t->split.n[XP_PART_TRAIN] < (size_t)t->opt.batch_size)
        t->opt.batch_size = (int)(t->split.n[XP_PART_TRAIN] / (size_t)t->comm.size) * t->comm.size;
    make_sets(t);
    fill_trainer_options(t);
    XP_TRY(xp_trainer_bytes(&t->model, &t->trainer_options, &t->trainer_bytes, err));
    if (train_writes(t)) print_memory(t);
    XP_TRY(xp_loader_create(&t->train_loader, &t->train_set, err));
    XP_TRY(xp_loader_create(&t->val_loader, &t->val_set, err));
    XP_TRY(allocate(t, err));
    XP_TRY(xp_trainer_create(&t->trainer, &t->model, &t->trainer_options, err));
    t->progress = (train_progress){.best = INFINITY, .best_epoch = -1};
    XP_TRY(fingerprint(t, &t->progress.fingerprint, err));
    return t->opt.resume ? train_load_state(t, err) : XP_OK;
}

void train_free(training *t) {
    xp_events *events = t->events;
    if (events) xp_events_close(events, NULL);
    xp_loader_free(t->train_loader);
    xp_loader_free(t->val_loader);
    xp_trainer_free(t->trainer);
    if (t->lock >= 0) close(t->lock);
    xp_reader_free(t->reader);
    xp_model_free(&t->model);
    xp_split_free(&t->split);
    xp_dataset_free(&t->data);
    xp_pool_free(t->pool);
    free(t->p);
    free(t->score);
    free(t->truth);
    free(t->patient);
    free(t->log);
}
