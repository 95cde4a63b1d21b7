#include "data/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *xp_part_name(xp_part p) {
    static const char *const names[] = {"train", "validation", "test"};
    return names[p];
}

void xp_split_free(xp_split *s) {
    for (int p = 0; p < XP_PARTS; p++) free(s->items[p]);
    *s = (xp_split){0};
}

static xp_status no_memory(xp_error *err, size_t n) {
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a list of %zu records", n);
}

static uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t v[2] = {a, b};
    return xp_hash(0x73706c6974, v, sizeof v);
}

/* ==== permutation ========================================================================= */

uint64_t xp_shuffled(uint64_t i, uint64_t n, uint64_t key) {
    int half = 1;
    while (half < 32 && (uint64_t)1 << (2 * half) < n) half++;
    uint64_t mask = ((uint64_t)1 << half) - 1;
    do {
        uint64_t left = i >> half, right = i & mask;
        for (uint64_t round = 0; round < 6; round++) {
            uint64_t next = left ^ (mix(key + round, right) & mask);
            left = right;
            right = next;
        }
        i = left << half | right;
    } while (i >= n);
    return i;
}

/* ==== checks ============================================================================== */

void xp_split_count(const xp_split *s, const xp_dataset *d, xp_part part, int label,
                    size_t counts[3]) {
    memset(counts, 0, 3 * sizeof *counts);
    for (size_t i = 0; i < s->n[part]; i++) {
        int v = xp_dataset_label(d, s->items[part][i], label);
        counts[v == 1 ? 0 : v == 0 ? 1 : 2]++;
    }
}

typedef struct membership {
    uint64_t patient;
    uint32_t item;
    uint8_t part;
} membership;

static int by_patient(const void *a, const void *b) {
    const membership *x = a, *y = b;
    if (x->patient != y->patient) return x->patient < y->patient ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

/* Patients are looked at in so many groups, one after another, that a group has some 64 thousand
 * records: what this needs does not grow with the data. */
static size_t groups_of(size_t n) {
    return n / 65536 + 1;
}

static size_t take_group(const xp_split *s, const xp_dataset *d, size_t group, size_t groups,
                         membership *m) {
    size_t n = 0;
    for (int p = 0; p < XP_PARTS; p++)
        for (size_t i = 0; i < s->n[p]; i++) {
            uint64_t patient = d->patient[s->items[p][i]];
            if (groups > 1 && mix(1, patient) % groups != group) continue;
            if (m) m[n] = (membership){patient, s->items[p][i], (uint8_t)p};
            n++;
        }
    return n;
}

/* Sorted by patient: those in several parts, and one of them by its first record in each of two. */
static size_t count_shared(const membership *m, size_t n, membership example[2]) {
    size_t shared = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && m[end].patient == m[i].patient) end++;
        if (m[end - 1].part != m[i].part) {
            if (shared == 0) example[0] = m[i], example[1] = m[end - 1];
            shared++;
        }
        i = end;
    }
    return shared;
}

static xp_status find_shared(const xp_split *s, const xp_dataset *d, size_t *shared,
                             membership example[2], xp_error *err) {
    size_t groups = groups_of(s->n[0] + s->n[1] + s->n[2]);
    *shared = 0;
    for (size_t g = 0; g < groups; g++) {
        size_t n = take_group(s, d, g, groups, NULL);
        membership *m = malloc((n ? n : 1) * sizeof *m), found[2];
        if (!m) return no_memory(err, n);
        take_group(s, d, g, groups, m);
        qsort(m, n, sizeof *m, by_patient);
        n = count_shared(m, n, found);
        if (n > 0 && *shared == 0) memcpy(example, found, sizeof found);
        *shared += n;
        free(m);
    }
    return XP_OK;
}

xp_status xp_split_shared_patients(const xp_split *s, const xp_dataset *d, size_t *shared,
                                   xp_error *err) {
    membership example[2];
    return find_shared(s, d, shared, example, err);
}

static xp_status refuse_shared(const xp_split *s, const xp_dataset *d, xp_error *err) {
    size_t shared;
    membership example[2];
    char name[2][80];
    XP_TRY(find_shared(s, d, &shared, example, err));
    if (shared == 0) return XP_OK;
    for (int i = 0; i < 2; i++)
        if (xp_dataset_name(d, example[i].item, name[i], sizeof name[i], NULL) != XP_OK)
            snprintf(name[i], sizeof name[i], "record %u", example[i].item);
    return xp_fail(err, XP_ERR_FORMAT,
                   "%zu patient%s would be in two parts, e.g. %s (%s) and %s (%s) are the same "
                   "patient: the folds of the tables are not by patient",
                   shared, shared == 1 ? "" : "s", name[0], xp_part_name(example[0].part), name[1],
                   xp_part_name(example[1].part));
}

/* ==== all of it =========================================================================== */

static xp_status allocate(xp_split *s, size_t n, xp_error *err) {
    for (int p = 0; p < XP_PARTS; p++) {
        s->items[p] = malloc((n ? n : 1) * sizeof *s->items[p]);
        if (!s->items[p]) return no_memory(err, n);
    }
    return XP_OK;
}

static void put(xp_split *s, int part, size_t item) {
    s->items[part][s->n[part]++] = (uint32_t)item;
}

static xp_part part_of(const xp_dataset *d, size_t i, int val_fold, int test_fold) {
    int fold = d->fold[i], val = val_fold, test = test_fold;
    if (fold < 0) fold = (int)(mix(0, d->patient[i]) % 10), val = 8, test = 9;
    return fold == test ? XP_PART_TEST : fold == val ? XP_PART_VALIDATE : XP_PART_TRAIN;
}

/* Parts are made in memory of n records each and cut to what they hold. */
static void shrink(xp_split *s) {
    for (int p = 0; p < XP_PARTS; p++) {
        size_t n = s->n[p] ? s->n[p] : 1;
        uint32_t *q = realloc(s->items[p], n * sizeof *q);
        if (q) s->items[p] = q;
    }
}

static xp_status keep(xp_status status, xp_split *s, xp_split *out) {
    if (status == XP_OK) {
        shrink(s);
        *out = *s;
    } else {
        xp_split_free(s);
    }
    return status;
}

xp_status xp_split_all(xp_split *out, const xp_dataset *d, int val_fold, int test_fold,
                       xp_error *err) {
    xp_split s = {0};
    xp_status status = allocate(&s, d->n, err);
    for (size_t i = 0; status == XP_OK && i < d->n; i++)
        put(&s, part_of(d, i, val_fold, test_fold), i);
    if (status == XP_OK) status = refuse_shared(&s, d, err);
    return keep(status, &s, out);
}

/* ==== a balanced draw ===================================================================== */

/* One drawn record; order spreads the labels evenly: (rank within the label) / (drawn of it). */
typedef struct drawn {
    uint64_t patient;
    double order; /* of the patient's first record */
    uint32_t item;
} drawn;

typedef struct pool {
    drawn *v; /* owned */
    size_t n;
    bool *taken; /* (cases); owned */
} pool;

static bool belongs(const xp_dataset *d, size_t i, int label) {
    if (label >= 0) return xp_dataset_label(d, i, label) == 1;
    for (int l = 0; l < d->n_labels; l++)
        if (xp_dataset_label(d, i, l)) return false;
    return true;
}

static const char *draw_name(const xp_dataset *d, const xp_draw *w) {
    return w->label < 0 ? "neg" : d->labels[w->label];
}

static xp_status check_draws(const xp_dataset *d, const xp_draw *w, int n, xp_error *err) {
    char text[400] = "";
    size_t at = 0;
    bool few = false;
    for (int k = 0; k < n; k++) {
        size_t have = 0;
        for (size_t i = 0; i < d->n; i++) have += belongs(d, i, w[k].label);
        few |= have < w[k].count;
        int m = snprintf(text + at, sizeof text - at, "%s%s %zu (asked for %zu)", k ? ", " : "",
                         draw_name(d, &w[k]), have, w[k].count);
        if (m > 0 && at + (size_t)m < sizeof text) at += (size_t)m;
    }
    if (!few) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "the data have too few records; there are: %s", text);
}

static xp_status draw_label(pool *p, const xp_dataset *d, const xp_draw *w, int k, uint64_t seed,
                            xp_error *err) {
    size_t got = 0;
    for (uint64_t i = 0; i < d->n && got < w->count; i++) {
        uint64_t item = xp_shuffled(i, d->n, mix(seed, (uint64_t)k + 1));
        if (p->taken[item] || !belongs(d, item, w->label)) continue;
        p->taken[item] = true;
        double order = ((double)got++ + 0.5) / (double)w->count;
        p->v[p->n++] = (drawn){d->patient[item], order, (uint32_t)item};
    }
    if (got == w->count) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "the data have too few records of \"%s\" that were not drawn for a label before "
                   "it: %zu, asked for %zu",
                   draw_name(d, w), got, w->count);
}

static int drawn_by_patient(const void *a, const void *b) {
    const drawn *x = a, *y = b;
    if (x->patient != y->patient) return x->patient < y->patient ? -1 : 1;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static int drawn_by_order(const void *a, const void *b) {
    const drawn *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return drawn_by_patient(a, b);
}

/* A patient's records stand together, where its first one is in the order. */
static void order_by_patients(pool *p) {
    qsort(p->v, p->n, sizeof *p->v, drawn_by_patient);
    for (size_t i = 1; i < p->n; i++)
        if (p->v[i].patient == p->v[i - 1].patient) p->v[i].order = p->v[i - 1].order;
    qsort(p->v, p->n, sizeof *p->v, drawn_by_order);
}

static void wanted_sizes(size_t n, const size_t want[XP_PARTS], size_t size[XP_PARTS]) {
    memcpy(size, want, XP_PARTS * sizeof *size);
    if (want[0] || want[1] || want[2]) return;
    size[XP_PART_TEST] = size[XP_PART_VALIDATE] = n / 10;
    size[XP_PART_TRAIN] = n - 2 * (n / 10);
}

/* The part that is furthest behind its share takes the next patient. */
static int next_part(const xp_split *s, const size_t size[XP_PARTS]) {
    int best = -1;
    double least = 1;
    for (int p = XP_PARTS - 1; p >= 0; p--) {
        double full = size[p] ? (double)s->n[p] / (double)size[p] : 1;
        if (full < least) best = p, least = full;
    }
    return best;
}

static void deal(xp_split *s, const pool *p, const size_t size[XP_PARTS]) {
    for (size_t i = 0; i < p->n;) {
        int part = next_part(s, size);
        uint64_t patient = p->v[i].patient;
        for (; i < p->n && p->v[i].patient == patient; i++) {
            if (part >= 0 && s->n[part] < size[part])
                put(s, part, p->v[i].item);
            else
                s->left_out++;
        }
    }
}

static xp_status check_sizes(const xp_split *s, const size_t want[XP_PARTS], size_t n,
                             xp_error *err) {
    size_t all = want[0] + want[1] + want[2];
    for (int p = 0; p < XP_PARTS; p++)
        if (s->n[p] < want[p])
            return xp_fail(err, XP_ERR_USAGE,
                           "%zu training, %zu validation and %zu test records are %zu; %zu were "
                           "drawn (%zu of them belong to patients of a part that is full): ask "
                           "for more by --label-counts, or for fewer batches",
                           want[0], want[1], want[2], all, n, s->left_out);
    return XP_OK;
}

static xp_status draw_and_deal(xp_split *s, pool *p, const xp_dataset *d, const xp_draw *draws,
                               int n_draws, const size_t want[XP_PARTS], uint64_t seed,
                               xp_error *err) {
    size_t total = 0, size[XP_PARTS];
    for (int k = 0; k < n_draws; k++) total += draws[k].count;
    p->v = malloc((total ? total : 1) * sizeof *p->v);
    p->taken = calloc(d->n ? d->n : 1, sizeof *p->taken);
    if (!p->v || !p->taken) return no_memory(err, d->n);
    XP_TRY(allocate(s, total, err));
    for (int k = 0; k < n_draws; k++) XP_TRY(draw_label(p, d, &draws[k], k, seed, err));
    order_by_patients(p);
    wanted_sizes(p->n, want, size);
    deal(s, p, size);
    XP_TRY(check_sizes(s, want, p->n, err));
    return refuse_shared(s, d, err);
}

xp_status xp_split_draw(xp_split *out, const xp_dataset *d, const xp_draw *draws, int n_draws,
                        const size_t want[XP_PARTS], uint64_t seed, xp_error *err) {
    XP_TRY(check_draws(d, draws, n_draws, err));
    xp_split s = {0};
    pool p = {0};
    xp_status status = draw_and_deal(&s, &p, d, draws, n_draws, want, seed, err);
    free(p.v);
    free(p.taken);
    return keep(status, &s, out);
}
