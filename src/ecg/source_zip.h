/* Zip archives, and archives in archives, as folders: the part of a path behind "a.zip/". */
#ifndef XP_ECG_SOURCE_ZIP_H
#define XP_ECG_SOURCE_ZIP_H

#include "base/zip.h"
#include "ecg/listing.h"

enum { XP_ARCHIVES_DEEP = 2 }; /* an archive in an archive is opened, another one in that is not */

/* An open archive, and the one that it lies in. */
typedef struct xp_packed {
    xp_zip zip;
    uint8_t *bytes; /* owned; of an archive that lies in another */
    char *name;     /* owned; its path, for messages */
    char *folder;   /* owned; below it, with "/" behind, or "" */
} xp_packed;

/* Whether path is a zip archive on disk, or leads into one: then, and only then, the length of the
 * archive's own path; else 0. A file of that name which is a recording by its content is none. */
size_t xp_archive_length(const char *path);

/* Open the archive that the folder dir is, or lies in. NULL and XP_OK where it is in none. On error
 * *out is NULL. */
xp_status xp_packed_open(xp_packed **out, const char *dir, xp_error *err);
void xp_packed_close(xp_packed *p); /* NULL is allowed */

/* The file `name` of the folder. XP_ERR_NOT_FOUND. *bytes is malloc'ed. */
xp_status xp_packed_read(const xp_packed *p, const char *name, uint8_t **bytes, size_t *size,
                         xp_error *err);

/* Files of more bytes are unpacked into a temporary file, by who asks for parts of them. */
enum { XP_PACKED_LARGE = 8 << 20 };

/* The first *size bytes of it, or what it has, to out; *size becomes their number. */
xp_status xp_packed_start(const xp_packed *p, const char *name, uint8_t *out, size_t *size,
                          xp_error *err);

/* XP_ERR_LIMIT where it is said to hold far more than what was measured does, packed so. */
xp_status xp_packed_check(const xp_packed *p, const char *name, xp_error *err);

/* A temporary file of what it holds, which is gone when it is closed. */
xp_status xp_packed_unpack(const xp_packed *p, const char *name, FILE **file, xp_error *err);

/* Bytes of that file; false where there is none. */
bool xp_packed_size(const xp_packed *p, const char *name, uint64_t *size);

/* What is in an archive, for whoever lists inputs: records in the order of their paths, then what
 * is refused, a sentence each. Their paths begin with that of the archive. */
typedef struct xp_archive_content {
    void *ctx;
    bool (*record)(void *ctx, const char *path);
    bool (*refused)(void *ctx, const char *path, xp_status code, const char *sentence);
} xp_archive_content;

/* path: the archive. What is wrong with it, or with one in it, is refused. False when there is no
 * memory, or when one of content's functions gave false. */
bool xp_archive_list(const char *path, const xp_archive_content *content);

#endif
