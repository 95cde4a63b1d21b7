/* Bytes as a file that is a record: read as it is stored, made physical, and made a record. */
#ifndef XP_FUZZ_RECORD_H
#define XP_FUZZ_RECORD_H

#include "ecg/reader.h"
#include "ecg/source_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int fuzz_record(const char *name, const uint8_t *data, size_t size) {
    xp_memory_file file = {name, data, size};
    xp_memory_files all = {&file, 1};
    xp_file_source src = xp_memory_source(&all);
    xp_stored w;
    xp_record r;
    xp_error e;
    if (xp_stored_open(&w, &src, name, NULL, &e) != XP_OK) return 0;
    if (xp_stored_to_record(&r, &w, &e) == XP_OK) xp_record_free(&r);
    (void)xp_stored_physical(&w, &e);
    xp_stored_free(&w);
    return 0;
}

#endif
