#include "ecg/source_dir.h"

#include "base/compose.h"
#include "base/file.h"
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

/* A header is some lines of text, of a hundred thousand segments at most. What is far larger would
 * take twenty times its size once it is read, and may be a few kilobytes in an archive. */
static xp_status check_header(const xp_dir_source *d, const char *name, const char *path,
                              xp_error *err) {
    enum { MOST = 2 << 20 };
    struct stat st;
    uint64_t size = 0;
    const size_t n = strlen(name);
    if (n < 4 || strcasecmp(name + n - 4, ".hea")) return XP_OK;
    if (d->packed)
        xp_packed_size(d->packed, name, &size);
    else if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode))
        size = (uint64_t)st.st_size;
    if (size <= MOST) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT,
                   "%s has %llu bytes, a header has at most %d: it is something else, or damaged",
                   name, (unsigned long long)size, MOST);
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
    xp_dir_file *files = realloc(d->files, (size_t)(d->n_files + 1) * sizeof *files);
    if (!files) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    d->files = files;
    xp_dir_file f = {.name = strdup(name)};
    char *path = path_of(d->dir, name);
    xp_status s = !f.name || !path ? xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name)
                                   : check_header(d, name, path, err);
    if (s == XP_OK)
        s = d->packed ? xp_packed_read(d->packed, name, &f.data, &f.size, err)
                      : xp_file_read(path, &f.data, &f.size, err);
    free(path);
    if (s != XP_OK) {
        free(f.name);
        if (d->packed) return s;
        bool absent = s == XP_ERR_NOT_FOUND || is_kind(d->dir, name, S_IFDIR);
        return absent ? missing(d->dir, name, err) : s;
    }
    d->files[d->n_files++] = f;
    *out = (xp_bytes){f.data, f.size};
    return XP_OK;
}

static size_t read_part(const char *path, uint64_t at, uint8_t *out, size_t size) {
    FILE *f = size ? fopen(path, "rb") : NULL;
    const size_t n = f && fseeko(f, (off_t)at, SEEK_SET) == 0 ? fread(out, 1, size, f) : 0;
    if (f) fclose(f);
    return n;
}

/* The file of d's list, which is new: name is its copy. False without memory. */
static bool keep(xp_dir_source *d, xp_dir_file f) {
    xp_dir_file *files = realloc(d->files, (size_t)(d->n_files + 1) * sizeof *files);
    if (files) d->files = files;
    f.name = files ? strdup(f.name) : NULL;
    if (!f.name) return false;
    d->files[d->n_files++] = f;
    return true;
}

/* Parts of a large file: its beginning is unpacked alone, for whoever looks what it is; what is
 * read on is unpacked on disk, once. */
static xp_status large_part(xp_dir_source *d, const char *name, uint64_t at, uint8_t *out,
                            size_t *size, bool whole, xp_error *err) {
    const xp_dir_file *all = find_kept(d, name, false), *kept = find_kept(d, name, true);
    FILE *file = kept ? kept->unpacked : NULL;
    if (all) {
        xp_bytes_part((xp_bytes){all->data, all->size}, at, out, size);
        return XP_OK;
    }
    if (!file && !whole && at == 0 && *size <= 1 << 16)
        return xp_packed_start(d->packed, name, out, size, err);
    if (!file) {
        XP_TRY(xp_packed_unpack(d->packed, name, &file, err));
        if (!keep(d, (xp_dir_file){.name = (char *)(uintptr_t)name, .unpacked = file})) {
            fclose(file);
            return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
        }
    }
    *size = fseeko(file, (off_t)at, SEEK_SET) == 0 ? fread(out, 1, *size, file) : 0;
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
    if (s != XP_OK && d->failed == XP_OK) {
        d->failed = s;
        d->failure = err;
        d->failed_name = strdup(name);
    }
    if (*size && (s != XP_OK || !large)) xp_bytes_part(all, at, out, size);
    if (whole) *whole = bytes;
    return true;
}

/* A file no larger than its start is most often a header, which is read next: it is read once and
 * kept. */
static bool part(void *ctx, const char *name, uint64_t at, uint8_t *out, size_t *size,
                 uint64_t *whole) {
    const xp_dir_source *d = ctx;
    if (d->packed) return packed_part(ctx, name, at, out, size, whole);
    char *path = path_of(d->dir, name);
    struct stat st;
    xp_bytes all = {0};
    const bool there = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (there && at == 0 && (uint64_t)st.st_size <= *size && get(ctx, name, &all, NULL) == XP_OK) {
        *size = all.size < *size ? all.size : *size;
        if (*size) memcpy(out, all.data, *size);
    } else if (there) {
        *size = read_part(path, at, out, *size);
    }
    free(path);
    if (there && whole) *whole = (uint64_t)st.st_size;
    return there;
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
    if (s != XP_OK) xp_dir_source_close(d);
    return s;
}

void xp_dir_source_close(xp_dir_source *d) {
    for (int i = 0; i < d->n_files; i++) {
        free(d->files[i].name);
        free(d->files[i].data);
        if (d->files[i].unpacked) fclose(d->files[i].unpacked);
    }
    free(d->files);
    xp_packed_close(d->packed);
    free(d->failed_name);
    free(d->dir);
    free(d->path);
    *d = (xp_dir_source){0};
}
