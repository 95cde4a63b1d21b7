/* How much memory a piece of work may take: known, and compared with a limit, before it is taken. A
 * few kilobytes can ask for all that a machine has. */
#ifndef XP_BASE_MEMORY_LIMIT_H
#define XP_BASE_MEMORY_LIMIT_H

#include "base/status.h"

#include <stdint.h>

/* In the page: what its other parts leave of a browser tab. */
#define XP_MEMORY_IN_PAGE (UINT64_C(512) << 20)

/* Where the user names no limit, in bytes: half of the machine's memory, or of what the process may
 * have where that is less (a container's limit, ulimit -v); XP_MEMORY_IN_PAGE in the page. */
uint64_t xp_memory_limit(void);

/* XP_ERR_LIMIT where needed is more than limit (0: xp_memory_limit()), both in bytes: "WHAT takes
 * 9.7 GB of memory, where 4.2 GB may be used: ADVICE". A double holds what no integer does. Without
 * a limit, a few megabytes are never compared: asking the system takes longer than reading a file.
 */
xp_status xp_memory_check(double needed, uint64_t limit, const char *what, const char *advice,
                          xp_error *err);

#endif
