/* Who lies where in one block of memory when not all is in use at the same time: values and
 * gradients, of a network that runs (plan.c) and of one that is trained (train/step_plan.c). */
#ifndef XP_NN_MEMORY_H
#define XP_NN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of memory that is in use from `first` to `last` (any clock); `at` is where it lies. */
typedef struct xp_region {
    size_t floats, at;
    int first, last;
} xp_region;

/* A region that is not in use yet; its use is then extended to each time that it is touched at. */
xp_region xp_region_make(size_t floats);
void xp_region_extend(xp_region *r, int time);

/* First fit, largest first, those in use at one time only last: sets at, returns the floats of all
 * together. */
size_t xp_regions_place(xp_region *r, int n);

/* What op i writes lies in storage of its own, or in that of op `in`: all of it, or, joined, the
 * columns from `col` on. `in` may lie in another's storage in turn. */
typedef struct xp_storage {
    int in; /* -1: its own */
    int col;
    bool joined;
} xp_storage;

enum { XP_OWN_STORAGE = -1 };

/* The op whose own storage holds op i, and the column there. */
int xp_storage_find(const xp_storage *list, int i, int *col);

#endif
