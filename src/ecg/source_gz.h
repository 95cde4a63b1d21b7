/* Files that gzip packed one by one ("x.csv.gz"): each stands for what it holds ("x.csv"). */
#ifndef XP_ECG_SOURCE_GZ_H
#define XP_ECG_SOURCE_GZ_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Whether there is a file of that path which gzip made, by its ending and its first bytes. */
bool xp_gz_is(const char *path);

/* Path with ".gz" behind it, to be freed; NULL without memory. */
char *xp_gz_path(const char *path);

/* The same, NULL too where no file is there that gzip made. */
char *xp_gz_beside(const char *path);

/* A temporary file of what it holds, which is gone when it is closed. XP_ERR_LIMIT where that is
 * far more than any recording's. */
xp_status xp_gz_unpack(const char *path, FILE **file, xp_error *err);

/* The first bytes of what it holds: at most size to out; how many there are. */
size_t xp_gz_start(const char *path, uint8_t *out, size_t size);

#endif
