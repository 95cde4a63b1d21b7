/* Zip archives, read where they lie: the directory in memory, and of the rest what is asked for.
 * What an archive says of itself is not believed: sizes are limited, both of its descriptions of an
 * entry must agree, and an entry is what it announced, by size and by CRC-32, or it is refused
 * (APPNOTE.TXT 6.3, sections 4.3 and 4.4). The page's web/files/zip.js goes by the same rules. */
#ifndef XP_BASE_ZIP_H
#define XP_BASE_ZIP_H

#include "base/zip_entry.h"

/* Open an archive on disk, or in memory; name is used in messages, and, as the bytes, outlives z.
 * On error z holds nothing. */
xp_status xp_zip_open(xp_zip *z, const char *path, const char *name, xp_error *err);
xp_status xp_zip_open_file(xp_zip *z, FILE *file, const char *name, xp_error *err); /* closes it */
xp_status xp_zip_open_bytes(xp_zip *z, xp_bytes bytes, const char *name, xp_error *err);
void xp_zip_close(xp_zip *z);

/* The next file (folders are passed over) of the archive's directory; *at begins as 0. False at its
 * end. */
bool xp_zip_next(const xp_zip *z, size_t *at, xp_zip_entry *e);

/* The first file of that path. */
bool xp_zip_find(const xp_zip *z, const char *path, xp_zip_entry *e);

/* Whether a name's ending is that of an archive. */
bool xp_is_zip_name(const char *name);

#endif
