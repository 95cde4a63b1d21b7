#include "base/mapped.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool map(xp_bytes *out, int descriptor, uint64_t least) {
    struct stat st;
    if (fstat(descriptor, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    const uint64_t size = (uint64_t)st.st_size;
    if (size < least || size > SIZE_MAX / 2) return false;
    void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (p == MAP_FAILED) return false;
    *out = (xp_bytes){p, (size_t)size};
    return true;
}

bool xp_map(xp_bytes *out, int descriptor) {
    return map(out, descriptor, 1);
}

bool xp_map_long_file(xp_bytes *out, const char *path) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    const bool done = descriptor >= 0 && map(out, descriptor, XP_MAPPED_FROM + 1);
    if (descriptor >= 0) close(descriptor);
    return done;
}

void xp_unmap(xp_bytes mapped) {
    if (mapped.data) munmap((void *)(uintptr_t)mapped.data, mapped.size);
}
