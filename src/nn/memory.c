#include "nn/memory.h"

#include "base/arena.h"

#include <limits.h>
#include <stdlib.h>

/* ==== regions ==== */

xp_region xp_region_make(size_t floats) {
    return (xp_region){.floats = floats, .first = INT_MAX, .last = -1};
}

void xp_region_extend(xp_region *r, int time) {
    if (time < r->first) r->first = time;
    if (time > r->last) r->last = time;
}

static bool is_brief(const xp_region *r) {
    return r->first == r->last;
}

/* Those in use at one time only come last: they fit between the others. */
static int by_size(const void *a, const void *b) {
    const xp_region *x = *(xp_region *const *)a, *y = *(xp_region *const *)b;
    if (is_brief(x) != is_brief(y)) return is_brief(x) ? 1 : -1;
    if (x->floats != y->floats) return x->floats < y->floats ? 1 : -1;
    return x < y ? -1 : x > y;
}

static size_t rounded(size_t floats) {
    const size_t unit = XP_ALIGN / sizeof(float);
    return (floats + unit - 1) / unit * unit;
}

static size_t first_fit(xp_region *const *placed, int n, const xp_region *r) {
    size_t at = 0;
    for (int i = 0; i < n;) {
        const xp_region *p = placed[i++];
        bool together = p->first <= r->last && r->first <= p->last;
        if (together && p->at < at + rounded(r->floats) && at < p->at + rounded(p->floats)) {
            at = p->at + rounded(p->floats);
            i = 0;
        }
    }
    return at;
}

size_t xp_regions_place(xp_region *r, int n) {
    xp_region **order = calloc((size_t)n + 1, sizeof *order);
    size_t end = 0;
    if (!order) { /* no memory for a clever order: one after the other */
        for (int i = 0; i < n; end += rounded(r[i++].floats)) r[i].at = end;
        return end;
    }
    for (int i = 0; i < n; i++) order[i] = &r[i];
    qsort(order, (size_t)n, sizeof *order, by_size);
    for (int i = 0; i < n; i++) {
        order[i]->at = first_fit(order, i, order[i]);
        size_t last = order[i]->at + rounded(order[i]->floats);
        if (last > end) end = last;
    }
    free(order);
    return end;
}

/* ==== storage ==== */

int xp_storage_find(const xp_storage *list, int i, int *col) {
    for (*col = 0; list[i].in >= 0; i = list[i].in) *col += list[i].col;
    return i;
}
