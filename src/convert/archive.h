/* Zip archives in memory, over libzip: what .keras and .npz files need. */
#ifndef XP_CONVERT_ARCHIVE_H
#define XP_CONVERT_ARCHIVE_H

#include "base/bytes.h"
#include "base/status.h"

typedef struct xp_archive xp_archive;

/* file must outlive the archive. Close with xp_archive_close (NULL is fine). */
xp_status xp_archive_open(xp_archive **out, xp_bytes file, xp_error *err);
void xp_archive_close(xp_archive *a);

int xp_archive_count(const xp_archive *a);

/* Name of entry i, or NULL; valid until the archive is closed. */
const char *xp_archive_name(const xp_archive *a, int i);

/* Entry of exactly that name, or -1. */
int xp_archive_find(const xp_archive *a, const char *name);

/* Unpack entry i, its checksum verified. More than limit bytes, or more than any deflated data of
 * its packed size can hold, is XP_ERR_LIMIT before anything is allocated. *bytes is malloc'ed,
 * with a NUL behind the last byte. */
xp_status xp_archive_read(const xp_archive *a, int i, size_t limit, uint8_t **bytes, size_t *size,
                          xp_error *err);

typedef struct xp_archive_source {
    const char *name;
    xp_bytes content;
} xp_archive_source;

/* Write an archive; every entry is dated 1980-01-01, so the same input gives the same bytes.
 * *bytes is malloc'ed. */
xp_status xp_archive_write(const xp_archive_source *entries, int n, bool compress, uint8_t **bytes,
                           size_t *size, xp_error *err);

#endif
