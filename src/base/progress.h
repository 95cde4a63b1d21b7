/* How far a long work has come, for whoever asked for it. */
#ifndef XP_BASE_PROGRESS_H
#define XP_BASE_PROGRESS_H

typedef struct xp_progress {
    /* `done` of `total` units ("records") are finished; called from one thread at a time. NULL:
     * nobody asks. */
    void (*fn)(void *ctx, const char *unit, int done, int total);
    void *ctx;
} xp_progress;

/* p may be NULL. */
static inline void xp_progress_report(const xp_progress *p, const char *unit, int done, int total) {
    if (p && p->fn) p->fn(p->ctx, unit, done, total);
}

#endif
