/* A fixed pool of threads that share out the items of a loop. In WebAssembly, and with one thread,
 * the loop runs in the caller. Work is cut statically, so that a given thread count always gives
 * the same assignment (and the same bits). */
#ifndef XP_BASE_PARALLEL_H
#define XP_BASE_PARALLEL_H

#include "base/status.h"

typedef struct xp_pool xp_pool;

/* threads >= 1, the caller counted; 0 means as many as the process may use. *out is owned by the
 * caller (xp_pool_free). */
xp_status xp_pool_create(xp_pool **out, int threads, xp_error *err);
void xp_pool_free(xp_pool *pool); /* NULL is allowed */

/* Number of threads; 1 for NULL: every function that takes a pool accepts NULL. */
int xp_pool_threads(const xp_pool *pool);

/* Call fn(ctx, begin, end, thread) so that [0, n) is covered once, at most one call per thread,
 * contiguous ranges in thread order; returns when all are done. thread is in
 * [0, xp_pool_threads(pool)). Not re-entrant: fn must not call xp_parallel_for on the same pool. */
typedef void (*xp_range_fn)(void *ctx, int begin, int end, int thread);
void xp_parallel_for(xp_pool *pool, int n, xp_range_fn fn, void *ctx);

#endif
