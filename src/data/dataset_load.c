#include "data/dataset_load.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/split.h"
#include "data/surgery.h"

/* One batch is with the caller, one is ready, one is being made. */
enum { SLOTS = 3 };

typedef struct slot {
    int n;
    size_t first;
    float *x, *y;
    uint32_t *items;
    int *windows;
    xp_status status;
    xp_error error;
} slot;

struct xp_loader {
    xp_loader_options o;
    int share; /* most records of a batch here */
    slot slots[SLOTS];
    double *work; /* of augmentation */
    pthread_t thread;
    bool running; /* there is a thread to join */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under lock */
    bool stop;
    size_t made, taken; /* batches since start */
    /* fixed while the thread runs */
    uint64_t epoch;
    size_t first, end;
};

static size_t record_values(const xp_loader_options *o) {
    return (size_t)o->spec->length * (size_t)o->spec->n_leads;
}

size_t xp_loader_batches(const xp_loader_options *o) {
    size_t batch = (size_t)o->batch;
    if (!o->shuffle) return (o->n + batch - 1) / batch;
    return o->n < batch ? o->n > 0 : o->n / batch;
}

int xp_loader_share(const xp_loader_options *o) {
    return (o->batch + o->size - 1) / o->size;
}

size_t xp_loader_bytes(const xp_loader_options *o) {
    size_t share = (size_t)xp_loader_share(o);
    size_t record = record_values(o) + (size_t)o->data->n_labels + 2;
    return SLOTS * share * record * sizeof(float) +
           (size_t)xp_augment_work(o->spec->length) * sizeof(double);
}

/* ==== making a batch ====================================================================== */

static uint64_t key_of(uint64_t seed, uint64_t epoch, uint64_t what) {
    uint64_t v[3] = {seed, epoch, what};
    return xp_hash(0x6c6f6164, v, sizeof v);
}

static int draw_window(const xp_loader *l, uint32_t item, int windows) {
    if (windows == 1) return 0;
    uint64_t key = key_of(l->o.seed ^ 0x77696e646f77, l->epoch, item);
    return (int)(key % (uint64_t)windows);
}

/* How often each kind is drawn, of those that teach one of the labels. */
static const double SURGERY_WEIGHTS[XP_SURGERIES] = {
    [XP_SURGERY_RATE] = 6,       [XP_SURGERY_PREMATURE] = 7, [XP_SURGERY_LONG_PR] = 4,
    [XP_SURGERY_WENCKEBACH] = 1, [XP_SURGERY_DROPPED] = 1,   [XP_SURGERY_THIRD_DEGREE] = 1};

/* XP_SURGERIES: no label that any of them teaches. */
static xp_surgery draw_surgery(const xp_dataset *d, xp_rng *r) {
    double sum = 0;
    for (int k = 0; k < XP_SURGERIES; k++)
        if (xp_surgery_teaches((xp_surgery)k, d->labels, d->n_labels)) sum += SURGERY_WEIGHTS[k];
    double at = xp_rng_uniform(r) * sum;
    for (int k = 0; k < XP_SURGERIES; k++) {
        if (!xp_surgery_teaches((xp_surgery)k, d->labels, d->n_labels)) continue;
        if (at < SURGERY_WEIGHTS[k]) return (xp_surgery)k;
        at -= SURGERY_WEIGHTS[k];
    }
    return XP_SURGERIES;
}

/* Now and then, where record and labels are those of a sinus rhythm: another rhythm, and its
 * labels. */
static xp_status change_rhythm(const xp_loader_options *o, uint64_t seed, float *x, float *y,
                               int valid, xp_error *err) {
    const xp_dataset *d = o->data;
    xp_rng r = xp_rng_seed(seed);
    xp_sinus sinus;
    bool found, done;
    if (xp_rng_uniform(&r) >= o->augment->rhythm) return XP_OK;
    xp_surgery kind = draw_surgery(d, &r);
    if (kind == XP_SURGERIES || !xp_surgery_allowed(d->labels, d->n_labels, y)) return XP_OK;
    XP_TRY(xp_sinus_find(&sinus, &found, x, valid, o->spec->n_leads, o->spec->leads, o->spec->rate,
                         err));
    if (!found) return XP_OK;
    return xp_surgery_apply(kind, xp_rng_u64(&r), &sinus, x, valid, o->spec->n_leads, o->spec->rate,
                            d->labels, d->n_labels, y, &done, NULL, err);
}

static xp_status make_record(xp_loader *l, size_t position, slot *s, int k, xp_error *err) {
    const xp_loader_options *o = &l->o;
    size_t i = position;
    if (o->shuffle) i = (size_t)xp_shuffled(position, o->n, key_of(o->seed, l->epoch, 1));
    uint32_t item = o->items[i];
    float *x = s->x + (size_t)k * record_values(o);
    float *y = s->y + (size_t)k * (size_t)o->data->n_labels;
    xp_record_window about;
    XP_TRY(xp_reader_get(o->reader, item, 0, x, &about, err));
    int w = o->shuffle ? draw_window(l, item, about.windows) : 0;
    if (w > 0) XP_TRY(xp_reader_get(o->reader, item, w, x, &about, err));
    for (int c = 0; c < o->data->n_labels; c++) y[c] = (float)xp_dataset_label(o->data, item, c);
    uint64_t seed = key_of(o->seed, l->epoch, (uint64_t)item + 2);
    if (o->augment && o->augment->rhythm > 0)
        XP_TRY(change_rhythm(o, seed ^ 0x72687974686d, x, y, about.valid, err));
    if (o->augment)
        xp_augment_apply(o->augment, seed, x, o->spec->length, o->spec->n_leads, o->spec->leads,
                         o->spec->rate, about.valid, l->work);
    xp_shown_apply(o->layout, x, o->spec->length, o->spec->n_leads, o->spec->leads, o->spec->rate,
                   about.valid, NULL);
    s->items[k] = item;
    s->windows[k] = about.windows;
    return XP_OK;
}

static void make_batch(xp_loader *l, size_t batch, slot *s) {
    const xp_loader_options *o = &l->o;
    size_t begin = batch * (size_t)o->batch, end = begin + (size_t)o->batch;
    if (end > o->n) end = o->n;
    /* Shared out as evenly as it goes, by the rule of sum_tree.h. */
    size_t n = end - begin, rank = (size_t)o->rank, size = (size_t)o->size;
    size_t from = begin + n * rank / size, to = begin + n * (rank + 1) / size;
    s->status = XP_OK;
    s->n = (int)(to - from);
    s->first = from;
    for (size_t i = from; s->status == XP_OK && i < to; i++)
        s->status = make_record(l, i, s, (int)(i - from), &s->error);
}

static void *run(void *ctx) {
    xp_loader *l = ctx;
    size_t total = l->end - l->first;
    for (size_t k = 0; k < total; k++) {
        pthread_mutex_lock(&l->lock);
        while (!l->stop && k >= l->taken + SLOTS - 1) pthread_cond_wait(&l->changed, &l->lock);
        bool stop = l->stop;
        pthread_mutex_unlock(&l->lock);
        if (stop) break;
        slot *s = &l->slots[k % SLOTS];
        make_batch(l, l->first + k, s);
        bool failed = s->status != XP_OK;
        pthread_mutex_lock(&l->lock);
        l->made = k + 1;
        pthread_cond_broadcast(&l->changed);
        pthread_mutex_unlock(&l->lock);
        if (failed) break;
    }
    return NULL;
}

/* ==== the caller's side =================================================================== */

static void halt(xp_loader *l) {
    if (!l->running) return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    l->running = false;
}

static bool allocate(xp_loader *l) {
    size_t n = (size_t)l->share;
    bool ok = (l->work = malloc((size_t)xp_augment_work(l->o.spec->length) * sizeof(double)));
    for (int i = 0; ok && i < SLOTS; i++) {
        slot *s = &l->slots[i];
        s->x = malloc(n * record_values(&l->o) * sizeof *s->x);
        s->y = malloc(n * (size_t)l->o.data->n_labels * sizeof *s->y);
        s->items = malloc(n * sizeof *s->items);
        s->windows = malloc(n * sizeof *s->windows);
        ok = s->x && s->y && s->items && s->windows;
    }
    return ok;
}

xp_status xp_loader_create(xp_loader **out, const xp_loader_options *o, xp_error *err) {
    if (o->size < 1 || o->batch < o->size)
        return xp_fail(err, XP_ERR_USAGE,
                       "a batch of %d records cannot be shared by %d processes: it must have a "
                       "record for each",
                       o->batch, o->size);
    xp_loader *l = calloc(1, sizeof *l);
    if (!l) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    l->o = *o;
    l->share = xp_loader_share(o);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    if (!allocate(l)) {
        xp_loader_free(l);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for batches of %d records", l->share);
    }
    *out = l;
    return XP_OK;
}

void xp_loader_free(xp_loader *l) {
    if (!l) return;
    halt(l);
    for (int i = 0; i < SLOTS; i++) {
        free(l->slots[i].x);
        free(l->slots[i].y);
        free(l->slots[i].items);
        free(l->slots[i].windows);
    }
    free(l->work);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

void xp_loader_start(xp_loader *l, uint64_t epoch, size_t first, size_t end) {
    halt(l);
    size_t most = xp_loader_batches(&l->o);
    l->epoch = epoch;
    l->end = end < most ? end : most;
    l->first = first < l->end ? first : l->end;
    l->made = l->taken = 0;
    l->stop = false;
    l->running = pthread_create(&l->thread, NULL, run, l) == 0;
}

xp_status xp_loader_next(xp_loader *l, xp_batch *b, xp_error *err) {
    size_t k = l->taken; /* only this thread changes it */
    *b = (xp_batch){0};
    if (k == l->end - l->first) return XP_OK;
    if (!l->running) return xp_fail(err, XP_ERR_MEMORY, "no thread could be made to read records");
    pthread_mutex_lock(&l->lock);
    while (l->made <= k) pthread_cond_wait(&l->changed, &l->lock);
    l->taken = k + 1;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    const slot *s = &l->slots[k % SLOTS];
    if (s->status != XP_OK) {
        if (err) *err = s->error;
        l->first = l->end = l->taken = 0; /* the thread has ended: so has the epoch */
        return s->status;
    }
    *b = (xp_batch){s->n, s->first, s->x, s->y, s->items, s->windows};
    return XP_OK;
}
