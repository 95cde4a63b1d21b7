/* Times the convolutions of ECG-XPLAIM, layer by layer, on every kernel table.
 *
 *   bench_conv [threads [table [repeats]]]
 *
 * Milliseconds of the fastest run, for other programs only ever add time. GFLOP/s are those a
 * direct convolution would need (2 * t * sum(k) * c_in * filters), so layers compare with other
 * engines.
 */
#include "base/rng.h"
#include "kernels/conv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct layer {
    const char *name;
    int t, c_in, filters, n_kernels, kernel[3];
} layer;

static const layer layers[] = {
    {"block1.conv1", 5000, 12, 16, 3, {2, 10, 40}},
    {"block1.conv2", 5000, 48, 16, 3, {2, 10, 40}},
    {"block1.shortcut", 5000, 12, 48, 1, {1}},
    {"block2.conv1", 2500, 48, 32, 3, {2, 10, 40}},
    {"block2.conv2", 2500, 96, 32, 3, {2, 10, 40}},
    {"block2.shortcut", 2500, 48, 96, 1, {1}},
    {"block3.conv1", 1250, 96, 128, 3, {2, 10, 40}},
    {"block3.conv2", 1250, 384, 128, 3, {2, 10, 40}},
    {"block3.shortcut", 1250, 96, 384, 1, {1}},
};
enum { LAYERS = sizeof layers / sizeof layers[0] };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static float *random_floats(xp_rng *r, size_t n) {
    float *p = xp_aligned_alloc(n * sizeof *p);
    if (!p) exit(1);
    for (size_t i = 0; i < n; i++) p[i] = (float)(xp_rng_uniform(r) - 0.5);
    return p;
}

/* A layer ready to run. */
typedef struct ready {
    xp_conv_shape shape;
    xp_conv *conv;
    void *memory, *scratch;
    float *x, *y, *w[3], *channel;
    double pack_ms, best_ms, flops;
    size_t weight_bytes, scratch_bytes;
} ready;

static ready prepare(const layer *l, const xp_kernels *kernels, xp_pool *pool, xp_rng *r) {
    ready d = {.shape = {.t_in = l->t, .c_in = l->c_in, .t_out = l->t, .stride = 1},
               .best_ms = 1e9};
    xp_conv_branch b[3];
    xp_arena arena = {0};
    for (int i = 0; i < l->n_kernels; i++) {
        const size_t n = (size_t)l->kernel[i] * l->c_in * l->filters;
        d.w[i] = random_floats(r, n);
        b[i] = (xp_conv_branch){d.w[i], l->kernel[i], (l->kernel[i] - 1) / 2, l->filters};
        d.flops += 2.0 * l->t * (double)n;
    }
    xp_conv_align(&d.shape, b, l->n_kernels);
    xp_conv_plan(&d.conv, &arena, &d.shape, XP_CONV_AUTO, kernels);
    d.memory = xp_aligned_alloc(arena.used);
    arena = (xp_arena){d.memory, arena.used, 0};
    xp_conv_plan(&d.conv, &arena, &d.shape, XP_CONV_AUTO, kernels);
    d.weight_bytes = xp_conv_weight_bytes(&d.shape, XP_CONV_AUTO, kernels);
    d.scratch_bytes = xp_conv_scratch(&d.shape, XP_CONV_AUTO, kernels, xp_pool_threads(pool));
    d.scratch = xp_aligned_alloc(d.scratch_bytes + 64);
    d.x = random_floats(r, (size_t)l->t * l->c_in);
    d.y = random_floats(r, (size_t)l->t * d.shape.c_out);
    d.channel = random_floats(r, (size_t)d.shape.c_out);
    const double start = now_ms();
    xp_conv_pack(d.conv, b, l->n_kernels, d.scratch, pool);
    d.pack_ms = now_ms() - start;
    return d;
}

static void release(ready *d) {
    xp_aligned_free(d->memory), xp_aligned_free(d->scratch), xp_aligned_free(d->x);
    xp_aligned_free(d->y), xp_aligned_free(d->channel);
    for (int i = 0; i < 3; i++) xp_aligned_free(d->w[i]);
}

static double run_once(ready *d, xp_pool *pool) {
    const xp_conv_epilogue ep = {NULL, true, d->channel, d->channel, true};
    const double start = now_ms();
    xp_conv_forward(d->conv, xp_mat_make(d->y, d->shape.t_out, d->shape.c_out),
                    xp_mat_make(d->x, d->shape.t_in, d->shape.c_in), &ep, d->scratch, pool);
    const double ms = now_ms() - start;
    if (ms < d->best_ms) d->best_ms = ms;
    return ms;
}

static void bench_table(const xp_kernels *kernels, xp_pool *pool, int repeats) {
    ready d[LAYERS];
    xp_rng r = xp_rng_seed(1);
    double total = 1e9, sum = 0, pack = 0;
    size_t bytes = 0, scratch = 0;
    for (int i = 0; i < LAYERS; i++) d[i] = prepare(&layers[i], kernels, pool, &r);
    for (int n = 0; n < repeats;
         n++) { /* the network's order, so that caches are as they will be */
        double ms = 0;
        for (int i = 0; i < LAYERS; i++) ms += run_once(&d[i], pool);
        if (ms < total) total = ms;
    }
    printf("%s, %d thread(s)\n", kernels->name, xp_pool_threads(pool));
    for (int i = 0; i < LAYERS; i++) {
        printf(
            "  %-16s %8.3f ms %8.1f direct-equivalent GFLOP/s %8.2f MB packed, %.1f ms to pack\n",
            layers[i].name, d[i].best_ms, d[i].flops / d[i].best_ms / 1e6,
            (double)d[i].weight_bytes / 1e6, d[i].pack_ms);
        sum += d[i].best_ms, pack += d[i].pack_ms, bytes += d[i].weight_bytes;
        if (d[i].scratch_bytes > scratch) scratch = d[i].scratch_bytes;
        release(&d[i]);
    }
    printf("  network: fastest record %.2f ms (sum of fastest layers %.2f), packed %.1f MB in %.0f "
           "ms, "
           "scratch %.1f MB\n",
           total, sum, (double)bytes / 1e6, pack, (double)scratch / 1e6);
}

int main(int argc, char **argv) {
    const int threads = argc > 1 ? atoi(argv[1]) : 1, repeats = argc > 3 ? atoi(argv[3]) : 15;
    xp_pool *pool;
    if (xp_pool_create(&pool, threads, NULL) != XP_OK) return 1;
    const xp_kernels *kernels;
    for (int i = 0; (kernels = xp_kernels_at(i)) != NULL; i++)
        if (argc <= 2 || strcmp(argv[2], "all") == 0 || strcmp(argv[2], kernels->name) == 0)
            bench_table(kernels, pool, repeats);
    xp_pool_free(pool);
    return 0;
}
