#include "base/parallel.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct {
    xp_range_fn fn;
    void *ctx;
    int n, threads;
} job;

static void run_share(const job *j, int thread) {
    int begin = (int)((long long)j->n * thread / j->threads);
    int end = (int)((long long)j->n * (thread + 1) / j->threads);
    if (begin < end) j->fn(j->ctx, begin, end, thread);
}

#ifdef __EMSCRIPTEN__

/* One thread: hosts of static pages cannot send the headers that shared memory needs. */
struct xp_pool {
    int threads;
};

xp_status xp_pool_create(xp_pool **out, int threads, xp_error *err) {
    (void)threads;
    xp_pool *p = calloc(1, sizeof *p);
    if (!p) return xp_fail(err, XP_ERR_MEMORY, "no memory for a thread pool");
    p->threads = 1;
    *out = p;
    return XP_OK;
}

void xp_pool_free(xp_pool *pool) {
    free(pool);
}

void xp_parallel_for(xp_pool *pool, int n, xp_range_fn fn, void *ctx) {
    (void)pool;
    run_share(&(job){fn, ctx, n, 1}, 0);
}

#else

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#ifdef __x86_64__
#include <immintrin.h>
#define CPU_RELAX() _mm_pause()
#elif defined(__aarch64__)
/* As long as x86's pause; ARM's own hint, yield, does nothing on most machines. */
#define CPU_RELAX() __asm__ volatile("isb" ::: "memory")
#else
#define CPU_RELAX() ((void)0)
#endif

/* A worker spins this many times before it sleeps: the loops of one network follow each other
 * within microseconds, and waking a sleeping thread costs more than that. */
enum { SPIN = 2000 };

struct xp_pool {
    int threads;
    pthread_t *ids; /* threads - 1 of them */
    int started;
    job job;
    atomic_uint round; /* counts loops; a worker runs one share per round */
    atomic_int busy;   /* workers that have not finished this round */
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
};

typedef struct {
    xp_pool *pool;
    int thread;
} worker_arg;

static unsigned wait_for_round(xp_pool *p, unsigned seen) {
    for (int i = 0; i < SPIN; i++) {
        unsigned r = atomic_load_explicit(&p->round, memory_order_acquire);
        if (r != seen) return r;
        CPU_RELAX();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->round) == seen) pthread_cond_wait(&p->wake, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return atomic_load(&p->round);
}

static void *worker(void *arg) {
    worker_arg a = *(worker_arg *)arg;
    free(arg);
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_round(a.pool, seen);
        if (atomic_load(&a.pool->stop)) return NULL;
        run_share(&a.pool->job, a.thread);
        if (atomic_fetch_sub(&a.pool->busy, 1) == 1) {
            pthread_mutex_lock(&a.pool->lock);
            pthread_cond_signal(&a.pool->done);
            pthread_mutex_unlock(&a.pool->lock);
        }
    }
}

static void next_round(xp_pool *p) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->round, 1);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

static xp_status start_workers(xp_pool *p, xp_error *err) {
    for (int i = 0; i < p->threads - 1; i++) {
        worker_arg *a = malloc(sizeof *a);
        if (!a) return xp_fail(err, XP_ERR_MEMORY, "no memory for a thread");
        *a = (worker_arg){p, i + 1};
        if (pthread_create(&p->ids[i], NULL, worker, a)) {
            free(a);
            return xp_fail(err, XP_ERR_MEMORY,
                           "thread %d of %d cannot be started; ask for fewer with --threads", i + 2,
                           p->threads);
        }
        p->started++;
    }
    return XP_OK;
}

xp_status xp_pool_create(xp_pool **out, int threads, xp_error *err) {
    if (threads < 0 || threads > 1024)
        return xp_fail(err, XP_ERR_USAGE, "%d threads: expected 0 (all) to 1024", threads);
    if (threads == 0) threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (threads < 1) threads = 1;
    xp_pool *p = calloc(1, sizeof *p);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    if (!p || !ids) {
        free(p);
        free(ids);
        return xp_fail(err, XP_ERR_MEMORY, "no memory for a thread pool");
    }
    p->threads = threads;
    p->ids = ids;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    xp_status s = start_workers(p, err);
    if (s != XP_OK) {
        xp_pool_free(p);
        return s;
    }
    *out = p;
    return XP_OK;
}

void xp_pool_free(xp_pool *p) {
    if (!p) return;
    atomic_store(&p->stop, true);
    next_round(p);
    for (int i = 0; i < p->started; i++) pthread_join(p->ids[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->done);
    free(p->ids);
    free(p);
}

static void wait_until_idle(xp_pool *p) {
    for (int i = 0; i < SPIN; i++) {
        if (atomic_load_explicit(&p->busy, memory_order_acquire) == 0) return;
        CPU_RELAX();
    }
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->busy) != 0) pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void xp_parallel_for(xp_pool *pool, int n, xp_range_fn fn, void *ctx) {
    if (!pool || pool->threads == 1) {
        run_share(&(job){fn, ctx, n, 1}, 0);
        return;
    }
    pool->job = (job){fn, ctx, n, pool->threads};
    atomic_store(&pool->busy, pool->threads - 1);
    next_round(pool);
    run_share(&pool->job, 0);
    wait_until_idle(pool);
}

#endif

int xp_pool_threads(const xp_pool *pool) {
    return pool ? pool->threads : 1;
}
