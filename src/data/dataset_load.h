/* Batches of a part of a data set, made by a thread of their own while the last ones are trained
 * on.
 *
 * Which record stands where follows from (seed, epoch, position) alone, so a run goes on in the
 * middle of an epoch, and several processes share a global batch without talking: of its b records
 * process r of n takes [b r / n, b (r + 1) / n), the leaves that are its own in sum_tree.h.
 *
 * Of a record longer than the input, a shuffled epoch takes any one of its windows, with the same
 * probability and another in each epoch; else it is the first. */
#ifndef XP_DATA_DATASET_LOAD_H
#define XP_DATA_DATASET_LOAD_H

#include "data/augment.h"
#include "data/dataset_read.h"
#include "data/shown.h"

typedef struct xp_loader_options {
    const xp_dataset *data;    /* not owned */
    xp_reader *reader;         /* not owned */
    const xp_input_spec *spec; /* not owned; the reader's */
    const uint32_t *items;     /* (n) cases; not owned */
    size_t n;
    int batch;      /* records of a global batch */
    int rank, size; /* of this process; batch >= size */
    bool shuffle;   /* anew in every epoch; else in the order of items, with a shorter last batch */
    uint64_t seed;
    const xp_augment *augment; /* not owned; NULL: none */
    xp_shown layout;           /* what of each record is shown */
} xp_loader_options;

/* One batch; valid until the next xp_loader_next. */
typedef struct xp_batch {
    int n;                 /* a short last batch may leave nothing for this process */
    size_t first;          /* position of its first record in the epoch's order */
    const float *x;        /* (n, length, n_leads) */
    const float *y;        /* (n, labels): 1, 0, -1 */
    const uint32_t *items; /* (n) */
    const int *windows;    /* (n) that the records have; x is one of them */
} xp_batch;

typedef struct xp_loader xp_loader;

/* *out is owned by the caller. */
xp_status xp_loader_create(xp_loader **out, const xp_loader_options *o, xp_error *err);
void xp_loader_free(xp_loader *l); /* NULL is allowed */

/* Global batches of an epoch. Shuffled: whole ones only (the records left over come in other
 * epochs), but at least one. */
size_t xp_loader_batches(const xp_loader_options *o);

/* Begin epoch (0, 1, ...) at global batch first; end: where to stop (at most
 * xp_loader_batches). What was begun before is given up. */
void xp_loader_start(xp_loader *l, uint64_t epoch, size_t first, size_t end);

/* The next batch; b->x is NULL when the epoch is over. An unreadable record is an error. */
xp_status xp_loader_next(xp_loader *l, xp_batch *b, xp_error *err);

/* Most records of a batch that come to one process. */
int xp_loader_share(const xp_loader_options *o);

/* Bytes the loader holds. */
size_t xp_loader_bytes(const xp_loader_options *o);

#endif
