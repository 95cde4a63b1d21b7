/* A folder on disk as a source of a record's files: the thin layer above wfdb.h. */
#ifndef XP_ECG_FILES_H
#define XP_ECG_FILES_H

#include "ecg/wfdb.h"

typedef struct xp_dir_file {
    char *name;    /* owned; relative to the folder */
    uint8_t *data; /* owned */
    size_t size;
} xp_dir_file;

/* Files are read whole when first asked for and kept until the source is closed. */
typedef struct xp_dir_source {
    xp_file_source source; /* points at this struct: do not move it while in use */
    char *dir;             /* owned; "." for the current folder */
    char record[128];      /* the record's name, for xp_wfdb_read */
    xp_dir_file *files;    /* owned */
    int n_files;
} xp_dir_source;

/* record_path names the record ("folder/100") or one of its files (100.hea, 100.dat, 100.mat).
 * XP_ERR_NOT_FOUND when there is no header; XP_ERR_UNSUPPORTED for a file of another format, which
 * err names; XP_ERR_USAGE for a folder. On error d holds nothing. */
xp_status xp_dir_source_open(xp_dir_source *d, const char *record_path, xp_error *err);
void xp_dir_source_close(xp_dir_source *d);

/* The whole of one file, malloc'ed (*data is freed by the caller). */
xp_status xp_file_read(const char *path, uint8_t **data, size_t *size, xp_error *err);

#endif
