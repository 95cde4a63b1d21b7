#include "base/memory_limit.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef __EMSCRIPTEN__
#include <sys/resource.h>
#include <unistd.h>

/* Of the container that the process is in; UINT64_MAX where there is none, or it says "max". */
static uint64_t container_limit(void) {
    unsigned long long bytes;
    FILE *f = fopen("/sys/fs/cgroup/memory.max", "r");
    if (!f) return UINT64_MAX;
    int n = fscanf(f, "%llu", &bytes);
    fclose(f);
    return n == 1 ? bytes : UINT64_MAX;
}

uint64_t xp_memory_limit(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t most = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
    uint64_t contained = container_limit();
    struct rlimit r;
    if (contained < most) most = contained;
    if (getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur < most)
        most = r.rlim_cur;
    return most / 2;
}
#else
uint64_t xp_memory_limit(void) {
    return XP_MEMORY_IN_PAGE;
}
#endif

static const char *bytes_text(double bytes, char text[24]) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    int unit = 0;
    while (bytes >= 999.5 && unit < 4) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, 24, bytes < 99.5 && unit ? "%.2g %s" : "%.0f %s", bytes, units[unit]);
    return text;
}

xp_status xp_memory_check(double needed, uint64_t limit, const char *what, const char *advice,
                          xp_error *err) {
    enum { ALWAYS = 4 << 20 }; /* a process that may not have this has not begun */
    char much[24], allowed[24];
    if (!limit && needed <= ALWAYS) return XP_OK;
    if (!limit) limit = xp_memory_limit();
    if (needed <= (double)limit) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "%s takes %s of memory, where %s may be used: %s", what,
                   bytes_text(needed, much), bytes_text((double)limit, allowed), advice);
}
