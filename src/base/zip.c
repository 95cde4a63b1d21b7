#include "base/zip.h"

#include "base/compose.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AGAIN "copy the archive again, or zip the files again"
#define UNPACK "unpack it and name the files inside it"
#define OTHER "download or copy it again, or give it the ending of what it is"
#define DAMAGED "its directory is damaged"

enum {
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR64_BYTES = 20,
    /* Where the end is looked for: behind it are a comment, and what a server or a mail program
     * has added. */
    TAIL_BYTES = 256 << 10,
    MOST_ENTRIES = 200000,
    MOST_DIRECTORY = 128 << 20,
};

static const uint32_t END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50;

static uint16_t u16(const uint8_t *p) {
    return (uint16_t)xp_load_le(p, 2);
}
static uint32_t u32(const uint8_t *p) {
    return (uint32_t)xp_load_le(p, 4);
}
static uint64_t u64(const uint8_t *p) {
    return xp_load_le(p, 8);
}

static xp_status refuse(const xp_zip *z, const char *why, const char *advice, xp_error *err) {
    return xp_fail(err, XP_ERR_FORMAT, "%s cannot be read as a zip archive: %s: %s", z->name, why,
                   advice);
}

static uint32_t signature(const xp_zip *z, uint64_t at) {
    uint8_t p[4];
    return xp_zip_bytes(z, at, p, sizeof p) ? u32(p) : 0;
}

/* ==== where the directory is ================================================================= */

typedef struct end_record {
    uint64_t count, bytes, from, place; /* place: its own */
    uint32_t disk;
} end_record;

static xp_status no_directory(const xp_zip *z, xp_error *err) {
    if (signature(z, 0) == XP_ZIP_LOCAL)
        return refuse(z, "it ends too early: its directory, at the end, is missing", AGAIN, err);
    return refuse(z, "it is none: it has no directory at its end", OTHER, err);
}

/* The end record at tail[at], or that of the 64-bit kind (ZIP64) before it. from: of the tail. */
static xp_status wide_end(const xp_zip *z, end_record *end, const uint8_t *tail, size_t at,
                          uint64_t from, xp_error *err) {
    const uint8_t *p = tail + at;
    *end = (end_record){.disk = u16(p + 4),
                        .count = u16(p + 10),
                        .bytes = u32(p + 12),
                        .from = u32(p + 16),
                        .place = from + at};
    bool outside = end->bytes == XP_ZIP_ELSEWHERE || end->from == XP_ZIP_ELSEWHERE;
    bool wide = outside || end->disk == 0xffff || end->count == 0xffff;
    if (at < LOCATOR64_BYTES || u32(p - LOCATOR64_BYTES) != LOCATOR64)
        return outside ? refuse(z, DAMAGED, AGAIN, err) : XP_OK;
    /* Where the locator says, or, in an archive that was moved, right before it. */
    const uint64_t locator = from + at - LOCATOR64_BYTES;
    const uint64_t places[2] = {u64(p - LOCATOR64_BYTES + 8), locator - END64_BYTES};
    for (int i = 0; i < 2; i++) {
        uint8_t r[END64_BYTES];
        if (!xp_zip_bytes(z, places[i], r, sizeof r) || u32(r) != END64) continue;
        *end = (end_record){.disk = u32(r + 16),
                            .count = u64(r + 32),
                            .bytes = u64(r + 40),
                            .from = u64(r + 48),
                            .place = places[i]};
        return XP_OK;
    }
    return wide ? refuse(z, DAMAGED, AGAIN, err) : XP_OK;
}

/* Of an archive that begins at `at`, behind what begins as one too: a whole archive, whose end
 * record (without a comment) is the last of it, or one whose end is missing. */
static xp_status behind_another(const xp_zip *z, uint64_t at, xp_error *err) {
    if (at >= END_BYTES && signature(z, at - END_BYTES) == END)
        return refuse(z, "it is several archives, one behind the other", AGAIN, err);
    return no_directory(z, err);
}

/* The directory ends where its end record begins. What is moved by another archive before it lies
 * in that one, whose end is missing. */
static xp_status start_of(xp_zip *z, const end_record *end, uint64_t *from, xp_error *err) {
    const uint64_t places[2] = {end->place - end->bytes, end->from};
    for (int i = 0; i < 2; i++) {
        uint64_t at = places[i];
        if (at > z->size || end->bytes > z->size - at) continue;
        if (end->count && signature(z, at) != XP_ZIP_CENTRAL) continue;
        if (at < end->from) return refuse(z, "its beginning is missing", AGAIN, err);
        if (at > end->from && signature(z, 0) == XP_ZIP_LOCAL)
            return behind_another(z, at - end->from, err);
        *from = at;
        z->moved = end->count ? at - end->from : 0;
        return XP_OK;
    }
    return refuse(z, DAMAGED, AGAIN, err);
}

static xp_status check_end(xp_zip *z, const end_record *end, xp_error *err) {
    if (end->disk)
        return refuse(z, "it is one part of an archive of several",
                      "join the parts, unpack them and name the files", err);
    if (end->count > MOST_ENTRIES)
        return xp_fail(err, XP_ERR_LIMIT,
                       "%s cannot be read as a zip archive: it holds %llu files, more than %d: "
                       "unpack it and name some of them",
                       z->name, (unsigned long long)end->count, MOST_ENTRIES);
    if (end->bytes > MOST_DIRECTORY || end->bytes > end->place)
        return refuse(z, DAMAGED, AGAIN, err);
    return XP_OK;
}

static xp_status read_directory(xp_zip *z, const end_record *end, xp_error *err) {
    uint64_t from = 0;
    XP_TRY(check_end(z, end, err));
    XP_TRY(start_of(z, end, &from, err));
    z->directory = malloc((size_t)end->bytes + 1);
    if (!z->directory)
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for its directory", z->name);
    z->directory_size = (size_t)end->bytes;
    z->count = (int)end->count;
    return xp_zip_bytes(z, from, z->directory, z->directory_size)
               ? XP_OK
               : refuse(z, "it ends too early", AGAIN, err);
}

static xp_status find_directory(xp_zip *z, const uint8_t *tail, size_t size, xp_error *err) {
    for (size_t at = size < END_BYTES ? 0 : size - END_BYTES + 1; at-- > 0;) {
        if (u32(tail + at) != END || at + END_BYTES + u16(tail + at + 20) > size) continue;
        end_record end;
        XP_TRY(wide_end(z, &end, tail, at, z->size - size, err));
        return read_directory(z, &end, err);
    }
    return no_directory(z, err);
}

/* ==== paths ================================================================================== */

/* Whether a path has ".." among its parts. */
static bool leads_out(const char *path) {
    for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/')
        if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2])) return true;
    return false;
}

static bool has_dots(xp_bytes name) {
    for (size_t i = 1; i < name.size; i++)
        if (name.data[i] == '.' && name.data[i - 1] == '.') return true;
    return false;
}

/* Relative, whatever was written; parts that are "." are left out. */
static void clean_path(char *path) {
    const char *from = path;
    if (((from[0] | 32) >= 'a' && (from[0] | 32) <= 'z') && from[1] == ':') from += 2;
    from += strspn(from, "/");
    char *to = path;
    while (*from) {
        size_t n = strcspn(from, "/");
        n += from[n] == '/';
        if (!(from[0] == '.' && (n == 1 || (n == 2 && from[1] == '/')))) {
            memmove(to, from, n);
            to += n;
        }
        from += n;
    }
    *to = 0;
}

/* What follows the entries that were counted is no part of the directory. */
static xp_status check_entries(xp_zip *z, xp_error *err) {
    size_t at = 0;
    xp_bytes unicode_path;
    xp_zip_entry *e = malloc(sizeof *e);
    if (!e) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", z->name);
    bool ok = true, inside = true;
    for (int i = 0; ok && inside && i < z->count; i++) {
        ok = xp_zip_entry_at(z, &at, e, &unicode_path);
        if (ok && (unicode_path.size || has_dots(e->name))) {
            xp_zip_name(e, unicode_path);
            inside = !leads_out(e->path);
        }
    }
    char why[200];
    snprintf(why, sizeof why, "the path %.120s in it leads out of it", inside ? "" : e->path);
    free(e);
    z->directory_size = at;
    if (!ok) return refuse(z, DAMAGED, AGAIN, err);
    return inside ? XP_OK : refuse(z, why, UNPACK, err);
}

/* ==== opening ================================================================================ */

static xp_status open_it(xp_zip *z, xp_error *err) {
    size_t size = z->size < TAIL_BYTES ? (size_t)z->size : TAIL_BYTES;
    uint8_t *tail = malloc(size + 1);
    if (!tail) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", z->name);
    xp_status s = xp_zip_bytes(z, z->size - size, tail, size)
                      ? find_directory(z, tail, size, err)
                      : xp_fail(err, XP_ERR_IO, "%s cannot be read", z->name);
    free(tail);
    return s == XP_OK ? check_entries(z, err) : s;
}

xp_status xp_zip_open_file(xp_zip *z, FILE *file, const char *name, xp_error *err) {
    *z = (xp_zip){.name = name, .file = file};
    off_t size = file && fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
    z->size = size < 0 ? 0 : (uint64_t)size;
    xp_status s = size < 0 ? xp_fail(err, XP_ERR_IO, "%s cannot be read", name) : open_it(z, err);
    if (s != XP_OK) xp_zip_close(z);
    return s;
}

xp_status xp_zip_open(xp_zip *z, const char *path, const char *name, xp_error *err) {
    return xp_zip_open_file(z, fopen(path, "rb"), name, err);
}

xp_status xp_zip_open_bytes(xp_zip *z, xp_bytes bytes, const char *name, xp_error *err) {
    *z = (xp_zip){.name = name, .bytes = bytes, .size = bytes.size};
    xp_status s = open_it(z, err);
    if (s != XP_OK) xp_zip_close(z);
    return s;
}

void xp_zip_close(xp_zip *z) {
    if (z->file) fclose(z->file);
    free(z->directory);
    *z = (xp_zip){0};
}

bool xp_is_zip_name(const char *name) {
    size_t n = strlen(name);
    return n > 4 && !strcasecmp(name + n - 4, ".zip");
}

/* ==== entries ================================================================================ */

/* Whether path, of ASCII alone, may be that of an entry: most are told apart by the end of their
 * names. */
static bool may_be(const xp_zip_entry *e, xp_bytes unicode_path, const char *path, size_t n) {
    const char *slash = strrchr(path, '/');
    size_t k = slash ? n - (size_t)(slash + 1 - path) : n;
    return unicode_path.size ||
           (e->name.size >= k && !memcmp(e->name.data + e->name.size - k, path + n - k, k));
}

static bool is_ascii(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text & 0x80) return false;
    return true;
}

/* path: NULL, or the entries of other paths may be passed over. */
static bool next_like(const xp_zip *z, size_t *at, xp_zip_entry *e, const char *path) {
    xp_bytes unicode_path;
    size_t size = path ? strlen(path) : 0;
    while (*at < z->directory_size && xp_zip_entry_at(z, at, e, &unicode_path)) {
        if (path && !may_be(e, unicode_path, path, size)) continue;
        xp_zip_name(e, unicode_path);
        clean_path(e->path);
        size_t n = strlen(e->path);
        if (n && e->path[n - 1] != '/') return true;
    }
    return false;
}

bool xp_zip_next(const xp_zip *z, size_t *at, xp_zip_entry *e) {
    return next_like(z, at, e, NULL);
}

bool xp_zip_find(const xp_zip *z, const char *path, xp_zip_entry *e) {
    const char *like = is_ascii(path) ? path : NULL;
    for (size_t at = 0; next_like(z, &at, e, like);)
        if (xp_same_name(e->path, path)) return true;
    return false;
}
