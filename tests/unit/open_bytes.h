/* A recording in memory, opened under a name. */
#ifndef OPEN_BYTES_H
#define OPEN_BYTES_H

#include "ecg/reader.h"
#include "ecg/source_memory.h"

static inline xp_status open_bytes(xp_stored *w, const char *name, const void *data, size_t size,
                                   const xp_read_options *opt, xp_error *err) {
    const xp_memory_file file = {name, data, size};
    const xp_memory_files files = {&file, 1};
    const xp_file_source src = xp_memory_source(&files);
    return xp_stored_open(w, &src, name, opt, err);
}

#endif
