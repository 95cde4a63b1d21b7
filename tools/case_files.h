/* The files of a case set on disk: cases.json, or the folder or the zip archive that it lies in.
 * Their names are listed at once, their bytes read when they are asked for. */
#ifndef XP_TOOLS_CASE_FILES_H
#define XP_TOOLS_CASE_FILES_H

#include "convert/archive.h"
#include "teach/set.h"

typedef struct case_file {
    char *name;    /* owned; the path in the set */
    int entry;     /* of the archive */
    uint8_t *data; /* owned; NULL: not read yet */
    size_t size;
    bool used; /* it was asked for */
} case_file;

typedef struct case_files {
    case_file *items; /* owned, sorted by name */
    int n, cap;
    const char *document; /* name of cases.json among them */
    char *folder;         /* owned; NULL: an archive */
    xp_archive *zip;
    uint8_t *zip_bytes;
    size_t zip_size;
    size_t read; /* bytes, of all that was asked for */
} case_files;

/* path: a folder with cases.json, that file (or one of another name), or an archive, in which
 * everything may lie in one folder. On error *f holds nothing. */
xp_status case_files_open(case_files *f, const char *path, xp_error *err);
void case_files_close(case_files *f);

/* The whole file, as long as *f is open. XP_ERR_LIMIT where the set has more than 256 MB. */
xp_status case_files_get(case_files *f, const char *name, xp_bytes *out, xp_error *err);

bool case_files_has(const case_files *f, const char *name);

/* What lies beside the document, as teach/facts.h has it: of the files and recordings that the set
 * names, and of those that its recordings need. The recordings of measuring tasks are measured.
 * *facts is the caller's; NULL on error: a file of the set cannot be read. case_facts.c */
xp_status case_facts(cJSON **facts, case_files *f, const xp_teach_set *set, xp_error *err);

#endif
