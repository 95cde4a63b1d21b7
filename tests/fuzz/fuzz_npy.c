/* Any bytes as an .npy file; where they begin like a zip, as an .npz. */
#include "convert/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_values(const xp_npy *a) {
    double *d = malloc((a->count + 1) * sizeof *d);
    char text[64];
    xp_error e;
    if (!d) return;
    xp_npy_doubles(a, d);
    xp_npy_floats(a, (float *)(void *)d);
    (void)xp_npy_ints(a, (int64_t *)(void *)d, &e);
    (void)xp_npy_describe(a, text, sizeof text);
    free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_bytes file = {data, size};
    xp_npy a;
    xp_npz z;
    xp_error e;
    if (xp_npy_read(&a, file, &e) == XP_OK) read_values(&a);
    if (size < 2 || data[0] != 'P' || xp_npz_read(&z, file, &e) != XP_OK) return 0;
    for (int i = 0; i < z.n; i++) read_values(&z.arrays[i].array);
    xp_npz_free(&z);
    return 0;
}
