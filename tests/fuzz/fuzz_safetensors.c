/* Any bytes as a safetensors file, then as a model file. */
#include "nn/model.h"
#include "nn/model_file.h"
#include "nn/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_values(const xp_safetensors *st) {
    for (int i = 0; i < st->n_tensors; i++) {
        const xp_st_tensor *t = &st->tensors[i];
        float *x = malloc((t->count + 1) * sizeof *x);
        xp_error e;
        if (x) (void)xp_safetensors_floats(t, x, &e);
        if (xp_safetensors_find(st, t->name) != t) abort();
        free(x);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_safetensors st;
    xp_model m;
    xp_error e;
    if (xp_safetensors_read(&st, (xp_bytes){data, size}, &e) == XP_OK) {
        read_values(&st);
        xp_safetensors_free(&st);
    }
    if (xp_model_read(&m, (xp_bytes){data, size}, &e) == XP_OK) xp_model_free(&m);
    return 0;
}
