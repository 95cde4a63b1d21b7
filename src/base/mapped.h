/* Files that are too long to be copied into memory: the system reads what is looked at. */
#ifndef XP_BASE_MAPPED_H
#define XP_BASE_MAPPED_H

#include "base/bytes.h"

/* What is longer is better mapped than read. */
enum { XP_MAPPED_FROM = 8 << 20 };

/* The bytes of an open file, which may be closed then; false where it is empty or cannot be mapped.
 * They are gone where another program shortens the file meanwhile. */
bool xp_map(xp_bytes *out, int descriptor);

/* The same of a file that is longer than XP_MAPPED_FROM; false for any other. */
bool xp_map_long_file(xp_bytes *out, const char *path);

void xp_unmap(xp_bytes mapped);

#endif
