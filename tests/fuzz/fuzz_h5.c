/* Any bytes as an HDF5 file: every path that a Keras model of a few layers would ask for. */
#include "convert/keras/h5.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(const xp_h5 *h, const char *path) {
    xp_h5_object object;
    xp_h5_floats d;
    xp_error e;
    int n;
    if (xp_h5_find(h, path, &object, &e) != XP_OK) return;
    (void)xp_h5_count(h, object, &n, &e);
    if (xp_h5_dataset(h, object, &d, &e) != XP_OK) return;
    float *x = malloc((d.count + 1) * sizeof *x);
    if (x) xp_h5_read(&d, x);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const paths[] = {
        "layers",
        "layers/conv1d/vars/0",
        "layers/conv1d/vars/1",
        "layers/batch_normalization/vars",
        "layers/batch_normalization/vars/3",
        "layers/gru/cell/vars/0",
        "layers/dense/vars/0",
        "layers/dense/vars/1",
    };
    xp_h5 h;
    xp_error e;
    if (xp_h5_open(&h, (xp_bytes){data, size}, &e) != XP_OK) return 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) visit(&h, paths[i]);
    return 0;
}
