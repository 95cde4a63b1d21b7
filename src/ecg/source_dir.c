#include "ecg/source_dir.h"

#include "base/compose.h"
#include "base/file.h"
#include "base/mapped.h"
#include "base/memory_limit.h"
#include "ecg/source_gz.h"
#include "ecg/source_zip.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool differ_in_case(const char *a, const char *b) {
    return !strcasecmp(a, b);
}

/* The entry of dir whose name is like name, into found; false if none. */
static bool find_like(const char *dir, const char *name, bool (*like)(const char *, const char *),
                      char found[256]) {
    DIR *d = opendir(dir);
    if (!d) return false;
    bool hit = false;
    for (struct dirent *e; !hit && (e = readdir(d));)
        if (like(e->d_name, name) && strlen(e->d_name) < 256) {
            strcpy(found, e->d_name);
            hit = true;
        }
    closedir(d);
    return hit;
}

static bool is_kind(const char *dir, const char *name, mode_t kind) {
    char *path = xp_path_of(dir, name);
    struct stat st;
    bool yes = path && stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
    free(path);
    return yes;
}

static xp_status missing(const char *dir, const char *name, xp_error *err) {
    char found[256];
    if (is_kind(dir, name, S_IFDIR))
        return xp_fail(err, XP_ERR_FORMAT,
                       "%s in %s is a folder, and should be a file of the record", name, dir);
    if (find_like(dir, name, differ_in_case, found))
        return xp_fail(err, XP_ERR_NOT_FOUND,
                       "%s is missing in %s, but there is %s: upper and lower case must agree; "
                       "rename the file",
                       name, dir, found);
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s is missing in %s: copy it there with the record's other files", name, dir);
}

/* The path of a file, to be freed. Where there is none of its name, of one whose marked letters are
 * written the other way: macOS decomposes them, headers have them as they are typed. */
static char *path_of(const char *dir, const char *name) {
    char *path = xp_path_of(dir, name), found[256];
    bool plain = true;
    for (const char *c = name; *c && plain; c++) plain = !((unsigned char)*c & 0x80);
    if (!path || plain || xp_is_file(path)) return path;
    char *slash = strrchr(path, '/');
    if (!slash) return path;
    *slash = 0;
    bool hit = find_like(path, slash + 1, xp_same_name, found);
    char *own = hit ? xp_path_of(path, found) : NULL;
    *slash = '/';
    if (!own) return path;
    free(path);
    return own;
}

/* As bytes, or (unpacked) as a temporary file. */
static const xp_dir_file *find_kept(const xp_dir_source *d, const char *name, bool unpacked) {
    for (int i = 0; i < d->n_files; i++)
        if (!strcmp(d->files[i].name, name) && (d->files[i].unpacked != NULL) == unpacked)
            return &d->files[i];
    return NULL;
}

/* Where a file of a folder lies, and what is known of it by one look at the disk. */
typedef struct place {
    char *path;    /* owned; NULL without memory */
    char *gz;      /* owned; the file in whose place what it holds is taken, or NULL */
    bool regular;  /* path is a regular file */
    uint64_t size; /* its bytes */
} place;

static place place_of(const xp_dir_source *d, const char *name) {
    place p = {.path = path_of(d->dir, name)};
    struct stat st;
    p.regular = p.path && !d->packed && stat(p.path, &st) == 0 && S_ISREG(st.st_mode);
    if (p.regular) p.size = (uint64_t)st.st_size;
    const bool alone = d->packed_alone && !strcmp(name, d->name);
    if (p.path && !d->packed && (!p.regular || alone)) p.gz = xp_gz_beside(p.path);
    return p;
}

static void free_place(const place *p) {
    free(p->gz);
    free(p->path);
}

/* Add f to d's list: name is its copy. False without memory. */
static bool keep(xp_dir_source *d, const char *name, xp_dir_file f) {
    xp_dir_file *files = realloc(d->files, (size_t)(d->n_files + 1) * sizeof *files);
    if (files) d->files = files;
    f.name = files ? strdup(name) : NULL;
    if (!f.name) return false;
    d->files[d->n_files++] = f;
    return true;
}

static xp_status no_memory(const char *name, xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
}

/* A temporary file of what is packed, unpacked once. gz: of which file; NULL: of the archive. */
static xp_status unpack_once(xp_dir_source *d, const char *name, const char *gz, FILE **file,
                             xp_error *err) {
    const xp_dir_file *kept = find_kept(d, name, true);
    *file = kept ? kept->unpacked : NULL;
    if (*file) return XP_OK;
    XP_TRY(gz ? xp_gz_unpack(gz, file, err) : xp_packed_unpack(d->packed, name, file, err));
    if (keep(d, name, (xp_dir_file){.unpacked = *file})) return XP_OK;
    fclose(*file);
    return no_memory(name, err);
}

static uint64_t size_of(FILE *file) {
    return fseeko(file, 0, SEEK_END) == 0 ? (uint64_t)ftello(file) : 0;
}

static size_t read_at(FILE *file, uint64_t at, uint8_t *out, size_t size) {
    return fseeko(file, (off_t)at, SEEK_SET) == 0 ? fread(out, 1, size, file) : 0;
}

/* ==== whole files ============================================================================ */

/* A header is some lines of text, of a hundred thousand segments at most. What is far larger would
 * take twenty times its size once it is read, and may be a few kilobytes in an archive. */
static xp_status check_header(const char *name, uint64_t size, xp_error *err) {
    enum { MOST = 2 << 20 };
    const size_t n = strlen(name);
    if (n < 4 || strcasecmp(name + n - 4, ".hea") || size <= MOST) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT,
                   "%s has %llu bytes, a header has at most %d: it is something else, or damaged",
                   name, (unsigned long long)size, MOST);
}

static xp_status take_mapped(xp_dir_file *f, const char *name, xp_bytes all, xp_error *err) {
    *f = (xp_dir_file){.data = (uint8_t *)(uintptr_t)all.data, .size = all.size, .mapped = true};
    return xp_memory_check((double)all.size, 0, name, "is it the right file?", err);
}

static xp_status read_unpacked(xp_dir_file *f, const char *name, FILE *file, xp_error *err) {
    const uint64_t size = size_of(file);
    xp_bytes all;
    XP_TRY(check_header(name, size, err));
    if (size > XP_MAPPED_FROM && xp_map(&all, fileno(file))) return take_mapped(f, name, all, err);
    uint8_t *data = size < SIZE_MAX ? malloc((size_t)size + 1) : NULL;
    if (!data) return no_memory(name, err);
    *f = (xp_dir_file){.data = data, .size = read_at(file, 0, data, (size_t)size)};
    return XP_OK;
}

static xp_status read_packed(xp_dir_file *f, xp_dir_source *d, const char *name, xp_error *err) {
    uint64_t size = 0;
    FILE *file;
    xp_packed_size(d->packed, name, &size);
    XP_TRY(check_header(name, size, err));
    if (size <= XP_PACKED_LARGE) return xp_packed_read(d->packed, name, &f->data, &f->size, err);
    XP_TRY(xp_packed_check(d->packed, name, err));
    XP_TRY(unpack_once(d, name, NULL, &file, err));
    return read_unpacked(f, name, file, err);
}

static xp_status read_plain(xp_dir_file *f, const char *name, const place *at, xp_error *err) {
    xp_bytes all;
    XP_TRY(check_header(name, at->size, err));
    if (at->size > XP_MAPPED_FROM && xp_map_long_file(&all, at->path))
        return take_mapped(f, name, all, err);
    return xp_file_read(at->path, &f->data, &f->size, err);
}

static xp_status read_whole(xp_dir_file *f, xp_dir_source *d, const char *name, const place *at,
                            xp_error *err) {
    if (!at->path) return no_memory(name, err);
    if (d->packed) return read_packed(f, d, name, err);
    FILE *file = NULL;
    if (at->gz) {
        XP_TRY(unpack_once(d, name, at->gz, &file, err));
        return read_unpacked(f, name, file, err);
    }
    const xp_status s = read_plain(f, name, at, err);
    if (s == XP_ERR_NOT_FOUND || (s != XP_OK && is_kind(d->dir, name, S_IFDIR)))
        return missing(d->dir, name, err);
    return s;
}

static void free_bytes(const xp_dir_file *f) {
    if (f->mapped)
        xp_unmap((xp_bytes){f->data, f->size});
    else
        free(f->data);
}

static xp_status read_and_keep(xp_dir_source *d, const char *name, const place *at, xp_bytes *out,
                               xp_error *err) {
    xp_dir_file f = {0};
    xp_status s = read_whole(&f, d, name, at, err);
    if (s == XP_OK && !keep(d, name, f)) s = no_memory(name, err);
    if (s == XP_OK)
        *out = (xp_bytes){f.data, f.size};
    else
        free_bytes(&f);
    return s;
}

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    xp_dir_source *d = ctx;
    const xp_dir_file *kept = find_kept(d, name, false);
    if (kept) {
        *out = (xp_bytes){kept->data, kept->size};
        return XP_OK;
    }
    if (d->failed_name && !strcmp(d->failed_name, name))
        return xp_fail(err, d->failed, "%s", d->failure.text);
    const place at = place_of(d, name);
    const xp_status s = read_and_keep(d, name, &at, out, err);
    free_place(&at);
    return s;
}

/* ==== parts ================================================================================== */

static size_t read_part(const char *path, uint64_t at, uint8_t *out, size_t size) {
    FILE *f = size ? fopen(path, "rb") : NULL;
    const size_t n = f ? read_at(f, at, out, size) : 0;
    if (f) fclose(f);
    return n;
}

static void note_failure(xp_dir_source *d, const char *name, xp_status s, const xp_error *err) {
    if (s == XP_OK || d->failed != XP_OK) return;
    d->failed = s;
    d->failure = *err;
    d->failed_name = strdup(name);
}

/* Parts of a large file: its beginning is unpacked alone, for whoever looks what it is; what is
 * read on is unpacked on disk, once. */
static xp_status large_part(xp_dir_source *d, const char *name, uint64_t at, uint8_t *out,
                            size_t *size, bool whole, xp_error *err) {
    const xp_dir_file *all = find_kept(d, name, false);
    FILE *file;
    if (all) {
        xp_bytes_part((xp_bytes){all->data, all->size}, at, out, size);
        return XP_OK;
    }
    if (!find_kept(d, name, true) && !whole && at == 0 && *size <= 1 << 16)
        return xp_packed_start(d->packed, name, out, size, err);
    XP_TRY(unpack_once(d, name, NULL, &file, err));
    *size = read_at(file, at, out, *size);
    return XP_OK;
}

/* What is packed is unpacked as a whole, and kept: its size is what it is said to be only then. */
static bool packed_part(xp_dir_source *d, const char *name, uint64_t at, uint8_t *out, size_t *size,
                        uint64_t *whole) {
    uint64_t bytes = 0;
    xp_bytes all = {0};
    xp_error err;
    xp_status s = XP_OK;
    if (!xp_packed_size(d->packed, name, &bytes)) return false;
    const bool large = bytes > XP_PACKED_LARGE;
    if (*size || whole)
        s = large ? large_part(d, name, at, out, size, whole != NULL, &err)
                  : get(d, name, &all, &err);
    note_failure(d, name, s, &err);
    if (*size && (s != XP_OK || !large)) xp_bytes_part(all, at, out, size);
    if (whole) *whole = bytes;
    return true;
}

/* Of what a ".gz" holds, whose size nothing tells but unpacking it. */
static bool gz_part(xp_dir_source *d, const char *name, const char *gz, uint64_t at, uint8_t *out,
                    size_t *size, uint64_t *whole) {
    FILE *file;
    xp_error err;
    if (!*size && !whole) return true;
    const xp_status s = unpack_once(d, name, gz, &file, &err);
    note_failure(d, name, s, &err);
    *size = s == XP_OK ? read_at(file, at, out, *size) : 0;
    if (whole) *whole = s == XP_OK ? size_of(file) : 0;
    return true;
}

/* A short file whose start is looked at is most often read next: it is read once and kept. */
static bool plain_part(xp_dir_source *d, const char *name, const place *p, uint64_t at,
                       uint8_t *out, size_t *size, uint64_t *whole) {
    enum { SHORT = 512 << 10 };
    xp_bytes all = {0};
    if (!p->regular) return false;
    if (at == 0 && *size && p->size <= SHORT && read_and_keep(d, name, p, &all, NULL) == XP_OK)
        xp_bytes_part(all, at, out, size);
    else
        *size = read_part(p->path, at, out, *size);
    if (whole) *whole = p->size;
    return true;
}

static bool part(void *ctx, const char *name, uint64_t at, uint8_t *out, size_t *size,
                 uint64_t *whole) {
    xp_dir_source *d = ctx;
    if (d->packed) return packed_part(d, name, at, out, size, whole);
    const xp_dir_file *kept = find_kept(d, name, false);
    if (kept && !kept->mapped) { /* what is mapped and looked at stays in memory */
        xp_bytes_part((xp_bytes){kept->data, kept->size}, at, out, size);
        if (whole) *whole = kept->size;
        return true;
    }
    const place p = place_of(d, name);
    const bool there = p.gz ? gz_part(d, name, p.gz, at, out, size, whole)
                            : plain_part(d, name, &p, at, out, size, whole);
    free_place(&p);
    return there;
}

/* ============================================================================================= */

/* A file that gzip packed is named by what it holds. */
static void name_by_content(xp_dir_source *d) {
    if (d->packed || !xp_gz_is(d->path)) return;
    d->path[strlen(d->path) - 3] = 0;
    d->packed_alone = true;
}

xp_status xp_dir_source_open(xp_dir_source *d, const char *path, xp_error *err) {
    *d = (xp_dir_source){0};
    const char *slash = strrchr(path, '/');
    if (!*(slash ? slash + 1 : path))
        return xp_fail(err, XP_ERR_USAGE, "\"%s\" names no record: give folder/record", path);
    size_t n = slash ? (size_t)(slash - path) : 0;
    d->dir = !slash ? strdup(".") : n ? strndup(path, n) : strdup("/");
    d->path = strdup(path);
    if (!d->dir || !d->path) {
        xp_dir_source_close(d);
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", path);
    }
    d->name = slash ? d->path + (slash + 1 - path) : d->path;
    d->source = (xp_file_source){get, d, part};
    xp_status s = xp_packed_open(&d->packed, d->dir, err);
    if (s == XP_OK)
        name_by_content(d);
    else
        xp_dir_source_close(d);
    return s;
}

void xp_dir_source_close(xp_dir_source *d) {
    for (int i = 0; i < d->n_files; i++) {
        free(d->files[i].name);
        free_bytes(&d->files[i]);
        if (d->files[i].unpacked) fclose(d->files[i].unpacked);
    }
    free(d->files);
    xp_packed_close(d->packed);
    free(d->failed_name);
    free(d->dir);
    free(d->path);
    *d = (xp_dir_source){0};
}
