/* Entries of a zip archive: what the directory says of them, and what they hold. */
#ifndef XP_BASE_ZIP_ENTRY_H
#define XP_BASE_ZIP_ENTRY_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdio.h>

/* An entry of more bytes is not unpacked; a path of as many or more is not listed. */
enum { XP_ZIP_LARGEST = 256 << 20, XP_ZIP_PATH = 4096 };

typedef struct xp_zip {
    const char *name;   /* for messages; the caller's */
    FILE *file;         /* owned; NULL: bytes */
    xp_bytes bytes;     /* the caller's */
    uint64_t size;      /* of the archive */
    uint64_t moved;     /* what lies before the archive has moved its entries by as much */
    uint8_t *directory; /* owned */
    size_t directory_size;
    int count;
} xp_zip;

typedef struct xp_zip_entry {
    char path[XP_ZIP_PATH]; /* relative, composed UTF-8, "/" between its parts */
    xp_bytes name;          /* as the archive has it */
    uint64_t size, packed, offset;
    uint32_t crc;
    uint16_t flags, method;
    bool whole; /* its 64-bit sizes are there, where they must be */
} xp_zip_entry;

/* Unpack an entry; *bytes is malloc'ed, of e->size bytes. XP_ERR_UNSUPPORTED: it is whole, but not
 * for this reader; XP_ERR_LIMIT: it is too large. */
xp_status xp_zip_read(const xp_zip *z, const xp_zip_entry *e, uint8_t **bytes, xp_error *err);

/* The same piece by piece, in little memory: take gives false when it has seen enough, and what is
 * wrong behind that is not told. Slower than xp_zip_read. */
xp_status xp_zip_pour(const xp_zip *z, const xp_zip_entry *e,
                      bool (*take)(void *ctx, const uint8_t *data, size_t size), void *ctx,
                      xp_error *err);

/* ---- for zip.c ---- */

enum { XP_ZIP_CENTRAL = 0x02014b50, XP_ZIP_LOCAL = 0x04034b50 };
#define XP_ZIP_ELSEWHERE                                                                           \
    0xffffffffu /* stands where the real number is in a field of the 64-bit kind */

/* size bytes of the archive from `at` on; false where it has fewer. */
bool xp_zip_bytes(const xp_zip *z, uint64_t at, uint8_t *out, size_t size);

/* The entry at byte *at of the directory, which moves to the next, without its path; unicode_path:
 * the name that an extra field gives it. False where there is none, or it is damaged. */
bool xp_zip_entry_at(const xp_zip *z, size_t *at, xp_zip_entry *e, xp_bytes *unicode_path);

/* Set the entry's path: what was written, in UTF-8, composed, with "/" between its parts. */
void xp_zip_name(xp_zip_entry *e, xp_bytes unicode_path);

#endif
