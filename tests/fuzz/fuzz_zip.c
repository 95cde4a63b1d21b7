/* Any bytes as a zip archive: its directory, and every file of it. */
#include "base/zip.h"

#include <stdlib.h>
#include <string.h>

/* What xp_zip_read has unpacked, to be met again piece by piece. */
typedef struct known {
    const uint8_t *bytes;
    size_t at, size;
} known;

static bool meets(void *ctx, const uint8_t *data, size_t size) {
    known *k = ctx;
    if (size > k->size - k->at || memcmp(k->bytes + k->at, data, size) != 0) abort();
    k->at += size;
    return true;
}

static bool passes(void *ctx, const uint8_t *data, size_t size) {
    (void)ctx, (void)data, (void)size;
    return true;
}

/* Both ways of unpacking give the same, or refuse. */
static void unpack(const xp_zip *z, const xp_zip_entry *entry) {
    uint8_t *bytes = NULL;
    xp_error e;
    if (xp_zip_read(z, entry, &bytes, &e) != XP_OK) {
        if (xp_zip_pour(z, entry, passes, NULL, &e) == XP_OK) abort();
        return;
    }
    known k = {bytes, 0, (size_t)entry->size};
    if (xp_zip_pour(z, entry, meets, &k, &e) != XP_OK || k.at != k.size) abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    xp_error e;
    xp_zip z;
    xp_zip_entry *entry = malloc(sizeof *entry);
    if (!entry || xp_zip_open_bytes(&z, (xp_bytes){data, size}, "x.zip", &e) != XP_OK) {
        free(entry);
        return 0;
    }
    int files = 0;
    for (size_t at = 0; files < 16 && xp_zip_next(&z, &at, entry); files++) {
        /* What a fuzzer makes of sizes is memory alone: those that no packed file can have. */
        if (entry->size < 1 << 20) unpack(&z, entry);
    }
    xp_zip_find(&z, "d/r.hea", entry);
    free(entry);
    xp_zip_close(&z);
    return 0;
}
