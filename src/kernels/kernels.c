#include "kernels/kernels.h"

#include "kernels/conv_kernels.h"

#include <stdlib.h>
#include <string.h>

/* Best first. */
static const xp_kernels *const tables[] = {
#if defined(XP_KERNELS_X86)
    &xp_kernels_avx512, &xp_kernels_avx2,
#endif
#if defined(XP_KERNELS_ARM64)
    &xp_kernels_neon,
#endif
#if defined(__wasm_simd128__)
    &xp_kernels_wasm,
#endif
#if !defined(XP_PAGE_MODULE) || !defined(__wasm_simd128__)
    &xp_kernels_scalar,
#endif
};
enum { TABLES = sizeof tables / sizeof tables[0] };

static int runs_here(const xp_kernels *k) {
#if defined(XP_KERNELS_X86)
    if (k == &xp_kernels_avx512) return __builtin_cpu_supports("avx512f");
    if (k == &xp_kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    (void)k;
    return 1;
}

static int place_of(const char *name) {
    for (int t = 0; t < TABLES; t++)
        if (strcmp(tables[t]->name, name) == 0) return t;
    return -1;
}

/* Place of the table that XP_KERNELS names: those before it are as if this machine had them not. A
 * page has no environment. */
static int first_allowed(void) {
#ifndef __EMSCRIPTEN__
    const char *cap = getenv(XP_KERNELS_VARIABLE);
    const int place = cap ? place_of(cap) : -1;
    if (place > 0) return place;
#endif
    return 0;
}

bool xp_kernels_known(const char *name) {
    return place_of(name) >= 0;
}

const xp_kernels *xp_kernels_at(int i) {
    for (int t = first_allowed(); t < TABLES; t++)
        if (runs_here(tables[t]) && i-- == 0) return tables[t];
    return NULL;
}

const xp_kernels *xp_kernels_best(void) {
    return xp_kernels_at(0);
}

const xp_kernels *xp_kernels_named(const char *name) {
    const xp_kernels *k;
    for (int i = 0; (k = xp_kernels_at(i)) != NULL; i++)
        if (strcmp(k->name, name) == 0) return k;
    return NULL;
}
