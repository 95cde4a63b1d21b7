#include "kernels/kernels.h"

#include "kernels/conv_kernels.h"

#include <string.h>

/* Best first. */
static const xp_kernels *const tables[] = {
#if defined(XP_KERNELS_X86)
    &xp_kernels_avx512,
    &xp_kernels_avx2,
#endif
#if defined(__wasm_simd128__)
    &xp_kernels_wasm,
#endif
    &xp_kernels_scalar,
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

const xp_kernels *xp_kernels_at(int i) {
    for (int t = 0; t < TABLES; t++)
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
