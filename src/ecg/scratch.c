#include "ecg/scratch.h"

#include "base/mapped.h"

static bool part(void *ctx, const char *name, uint64_t at, uint8_t *out, size_t *size,
                 uint64_t *whole) {
    const xp_scratch *s = ctx;
    (void)name;
    *size = fseeko(s->file, (off_t)at, SEEK_SET) == 0 ? fread(out, 1, *size, s->file) : 0;
    if (whole) *whole = s->size;
    return true;
}

bool xp_scratch_open(xp_scratch *s) {
    *s = (xp_scratch){.source = {.ctx = s, .part = part}, .file = tmpfile()};
    return s->file != NULL;
}

void xp_scratch_close(xp_scratch *s) {
    xp_unmap(s->mapped);
    if (s->file) fclose(s->file);
    *s = (xp_scratch){0};
}

bool xp_scratch_put(void *ctx, const uint8_t *data, size_t size) {
    xp_scratch *s = ctx;
    s->size += size;
    return fwrite(data, 1, size, s->file) == size;
}

bool xp_scratch_map(xp_scratch *s, xp_bytes *all) {
    const bool done = fflush(s->file) == 0 && xp_map(&s->mapped, fileno(s->file));
    if (done) *all = s->mapped;
    return done;
}
