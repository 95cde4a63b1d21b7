/* Keras models. Bytes that begin like a zip are taken as one; others are cut at the first NUL into
 * config.json and model.weights.h5 and packed, so that checksums do not keep the fuzzer out. */
#include "convert/archive.h"
#include "convert/keras.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void import(xp_bytes file) {
    xp_model m;
    xp_error e;
    if (xp_keras_import(&m, file, &e) == XP_OK) xp_model_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char metadata[] = "{\"keras_version\": \"3.15.1\"}";
    if (size >= 2 && data[0] == 'P' && data[1] == 'K') {
        import((xp_bytes){data, size});
        return 0;
    }
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    if (!nul) return 0;
    size_t n = (size_t)(nul - data);
    const xp_archive_source entries[] = {
        {"metadata.json", {(const uint8_t *)metadata, sizeof metadata - 1}},
        {"config.json", {data, n}},
        {"model.weights.h5", {nul + 1, size - n - 1}},
    };
    uint8_t *bytes;
    size_t n_bytes;
    xp_error e;
    if (xp_archive_write(entries, 3, false, &bytes, &n_bytes, &e) != XP_OK) return 0;
    import((xp_bytes){bytes, n_bytes});
    free(bytes);
    return 0;
}
