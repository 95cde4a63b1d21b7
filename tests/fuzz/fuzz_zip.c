/* Any bytes as a zip archive: its directory, and every file of it. */
#include "base/zip.h"

#include <stdlib.h>

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
        uint8_t *bytes;
        /* What a fuzzer makes of sizes is memory alone: those that no packed file can have. */
        if (entry->size < 1 << 20 && xp_zip_read(&z, entry, &bytes, &e) == XP_OK) free(bytes);
    }
    xp_zip_find(&z, "d/r.hea", entry);
    free(entry);
    xp_zip_close(&z);
    return 0;
}
