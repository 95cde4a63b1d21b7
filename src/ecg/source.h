/* Where the files of a recording come from. source_dir.h makes a source from a folder,
 * source_memory.h one from files in memory. */
#ifndef XP_ECG_SOURCE_H
#define XP_ECG_SOURCE_H

#include "base/bytes.h"
#include "base/status.h"

/* A file is found by its name, relative to the record's folder and never leading out of it. */
typedef struct xp_file_source {
    /* The whole file; the bytes stay valid until the source is closed by its owner. */
    xp_status (*get)(void *ctx, const char *name, xp_bytes *out, xp_error *err);
    void *ctx;
    /* Some bytes of a file, from `at` on, without reading all of it: at most *size bytes go to out,
     * and *size becomes their number; *whole (may be NULL) the file's. False when there is no such
     * file. May be NULL: get is then called in its place. */
    bool (*part)(void *ctx, const char *name, uint64_t at, uint8_t *out, size_t *size,
                 uint64_t *whole);
} xp_file_source;

/* At most *size bytes of whole, from `at` on, to out; *size becomes their number. */
void xp_bytes_part(xp_bytes whole, uint64_t at, uint8_t *out, size_t *size);

/* As part, by way of get where there is none. */
bool xp_source_part(const xp_file_source *src, const char *name, uint64_t at, uint8_t *out,
                    size_t *size, uint64_t *whole);

/* Bytes of a file; 0 where there is none. */
uint64_t xp_source_size(const xp_file_source *src, const char *name);

#endif
