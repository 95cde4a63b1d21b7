#include "ecg/source_gz.h"

#include "base/inflate_pipe.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Samples that were measured do not shrink to a hundredth. */
enum { ALWAYS_FITS = 64 << 20, TIMES = 100 };

bool xp_gz_is(const char *path) {
    static const uint8_t magic[3] = {0x1f, 0x8b, 8};
    uint8_t start[sizeof magic];
    const size_t n = strlen(path);
    if (n < 4 || strcasecmp(path + n - 3, ".gz") != 0) return false;
    FILE *f = fopen(path, "rb");
    const bool whole = f && fread(start, 1, sizeof start, f) == sizeof start;
    if (f) fclose(f);
    return whole && !memcmp(start, magic, sizeof magic);
}

char *xp_gz_path(const char *path) {
    const size_t n = strlen(path);
    char *gz = malloc(n + sizeof ".gz");
    if (!gz) return NULL;
    memcpy(gz, path, n);
    memcpy(gz + n, ".gz", sizeof ".gz");
    return gz;
}

char *xp_gz_beside(const char *path) {
    char *gz = xp_gz_path(path);
    if (gz && xp_gz_is(gz)) return gz;
    free(gz);
    return NULL;
}

typedef struct unpacking {
    FILE *in, *out;
    uint64_t read, made;
    bool far_too_much, no_room;
} unpacking;

static size_t read_piece(void *ctx, uint8_t *out, size_t size) {
    unpacking *u = ctx;
    const size_t n = fread(out, 1, size, u->in);
    u->read += n;
    return n;
}

static bool write_piece(void *ctx, const uint8_t *data, size_t size) {
    unpacking *u = ctx;
    u->made += size;
    u->far_too_much = u->made > ALWAYS_FITS && u->made / TIMES > u->read;
    u->no_room = fwrite(data, 1, size, u->out) != size;
    return !u->far_too_much && !u->no_room;
}

static xp_status explain(const unpacking *u, xp_inflate_end end, const char *path, xp_error *err) {
    switch (end) {
    case XP_INFLATE_DONE:
        return XP_OK;
    case XP_INFLATE_CUT:
        return xp_fail(err, XP_ERR_TRUNCATED,
                       "%s ends before the file that it holds does: copy it again", path);
    case XP_INFLATE_DAMAGED:
        return xp_fail(err, XP_ERR_FORMAT, "%s is damaged (by gzip's own checks): copy it again",
                       path);
    case XP_INFLATE_NO_MEMORY:
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to unpack it", path);
    default:
        break;
    }
    if (u->no_room)
        return xp_fail(err, XP_ERR_IO, "no room in the folder of temporary files for what %s holds",
                       path);
    return xp_fail(err, XP_ERR_LIMIT,
                   "%s holds more than a hundred times its own size: no recording is like that; if "
                   "this one is, unpack it by hand",
                   path);
}

xp_status xp_gz_unpack(const char *path, FILE **file, xp_error *err) {
    unpacking u = {.in = fopen(path, "rb"), .out = tmpfile()};
    xp_status s = XP_OK;
    if (!u.in) s = xp_fail(err, XP_ERR_IO, "%s cannot be opened", path);
    if (u.in && !u.out)
        s = xp_fail(err, XP_ERR_IO, "no temporary file can be made for what %s holds", path);
    if (s == XP_OK) {
        const xp_inflate_pipe pipe = {&u, read_piece, write_piece, true};
        s = explain(&u, xp_inflate_through(&pipe), path, err);
    }
    if (s == XP_OK && fflush(u.out))
        s = xp_fail(err, XP_ERR_IO, "no room in the folder of temporary files for what %s holds",
                    path);
    if (u.in) fclose(u.in);
    if (s == XP_OK)
        *file = u.out;
    else if (u.out)
        fclose(u.out);
    return s;
}

typedef struct start {
    FILE *in;
    xp_first_bytes first;
} start;

static size_t read_start(void *ctx, uint8_t *out, size_t size) {
    return fread(out, 1, size, ((start *)ctx)->in);
}

static bool take_start(void *ctx, const uint8_t *data, size_t size) {
    return xp_first_bytes_take(&((start *)ctx)->first, data, size);
}

size_t xp_gz_start(const char *path, uint8_t *out, size_t size) {
    start s = {.in = fopen(path, "rb"), .first = {.out = out, .size = size}};
    const xp_inflate_pipe pipe = {&s, read_start, take_start, true};
    if (!s.in) return 0;
    xp_inflate_through(&pipe);
    fclose(s.in);
    return s.first.n;
}
