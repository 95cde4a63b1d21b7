/* Files that are already in memory (what a page was given, or a test wrote), as a source for
 * wfdb.h. */
#ifndef XP_ECG_FILE_TABLE_H
#define XP_ECG_FILE_TABLE_H

#include "ecg/wfdb.h"

typedef struct xp_file_entry {
    const char *name; /* relative to the record's folder */
    const uint8_t *data;
    size_t size;
} xp_file_entry;

typedef struct xp_file_table {
    const xp_file_entry *items; /* not owned */
    int n;
} xp_file_table;

/* A source that looks names up in *table, which must outlive it. A missing file is
 * XP_ERR_NOT_FOUND; where a name differs only in case, the message names it. */
xp_file_source xp_file_table_source(const xp_file_table *table);

#endif
