/* Files that are already in memory (what a page was given, or a test wrote), as a source. */
#ifndef XP_ECG_SOURCE_MEMORY_H
#define XP_ECG_SOURCE_MEMORY_H

#include "ecg/source.h"

typedef struct xp_memory_file {
    const char *name; /* relative to the record's folder */
    const uint8_t *data;
    size_t size;
} xp_memory_file;

typedef struct xp_memory_files {
    const xp_memory_file *items; /* not owned */
    int n;
} xp_memory_files;

/* A source that looks names up in *files, which must outlive it. A missing file is
 * XP_ERR_NOT_FOUND; where a name differs only in case, the message names it. */
xp_file_source xp_memory_source(const xp_memory_files *files);

#endif
