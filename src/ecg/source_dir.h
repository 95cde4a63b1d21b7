/* A folder on disk as a source of a record's files; a zip archive is a folder, too, and so is one
 * in it. Where a file is not there, and one with ".gz" behind its name is, what that holds is it.
 */
#ifndef XP_ECG_SOURCE_DIR_H
#define XP_ECG_SOURCE_DIR_H

#include "ecg/source.h"

#include <stdio.h>

typedef struct xp_dir_file {
    char *name;    /* owned; relative to the folder */
    uint8_t *data; /* owned */
    size_t size;
    bool mapped;    /* data is mapped, not allocated: of a large file */
    FILE *unpacked; /* owned; in its place, of what is packed and is large, or read in parts */
} xp_dir_file;

struct xp_packed;

/* Files are read whole when first asked for and kept until the source is closed. */
typedef struct xp_dir_source {
    xp_file_source source; /* points at this struct: do not move it while in use */
    char *dir;             /* owned; "." for the current folder */
    const char *name;      /* what stood behind the folder in the path that was opened, without the
                              ".gz" of a packed file */
    char *path;            /* owned; name points into it */
    bool packed_alone;     /* the file of that name is what its ".gz" holds */
    xp_dir_file *files;    /* owned */
    int n_files;
    struct xp_packed *packed; /* owned; the archive that the folder is in, or NULL */
    xp_error failure;         /* why a file could not be unpacked, which part cannot tell */
    xp_status failed;
    char *failed_name; /* owned; of that file */
} xp_dir_source;

/* path: a folder and the name of a record or file in it ("folder/100", "a.zip/folder/100"), which
 * is not looked for yet. XP_ERR_USAGE where no name follows the folder; what is wrong with an
 * archive. On error d holds nothing. */
xp_status xp_dir_source_open(xp_dir_source *d, const char *path, xp_error *err);
void xp_dir_source_close(xp_dir_source *d);

#endif
