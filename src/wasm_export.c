#include "wasm_export.h"

#include <stdlib.h>

void *xp_wasm_alloc(size_t bytes) {
    return malloc(bytes ? bytes : 1);
}

void xp_wasm_free(void *p) {
    free(p);
}
