#include "case_files.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 20000, MOST_DEPTH = 16, MOST_BYTES = XP_TEACH_MOST_ARCHIVE };

static xp_status no_memory(xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a case set");
}

static xp_status add_file(case_files *f, const char *name, int entry, xp_error *err) {
    if (f->n == MOST_FILES)
        return xp_fail(err, XP_ERR_LIMIT,
                       "there are more than %d files: give the case set a folder of its own",
                       MOST_FILES);
    if (f->n == f->cap) {
        const int cap = f->cap ? 2 * f->cap : 64;
        case_file *items = realloc(f->items, (size_t)cap * sizeof *items);
        if (!items) return no_memory(err);
        f->items = items;
        f->cap = cap;
    }
    char *copy = strdup(name);
    if (!copy) return no_memory(err);
    f->items[f->n++] = (case_file){.name = copy, .entry = entry};
    return XP_OK;
}

/* ==== a folder =============================================================================== */

static xp_status walk(case_files *f, const char *below, int depth, xp_error *err);

/* A link is passed over: what it leads to may lie outside. */
static xp_status walk_entry(case_files *f, const char *below, const char *name, int depth,
                            xp_error *err) {
    char inside[XP_PATH_MAX], path[XP_PATH_MAX];
    struct stat st;
    if (name[0] == '.') return XP_OK;
    snprintf(inside, sizeof inside, "%s", name);
    if (below[0]) XP_TRY(xp_path_join(inside, sizeof inside, err, below, "%s", name));
    XP_TRY(xp_path_join(path, sizeof path, err, f->folder, "%s", inside));
    if (lstat(path, &st)) return XP_OK;
    if (S_ISDIR(st.st_mode) && depth < MOST_DEPTH) return walk(f, inside, depth + 1, err);
    return S_ISREG(st.st_mode) ? add_file(f, inside, 0, err) : XP_OK;
}

static xp_status walk(case_files *f, const char *below, int depth, xp_error *err) {
    char path[XP_PATH_MAX];
    snprintf(path, sizeof path, "%s", f->folder);
    if (below[0]) XP_TRY(xp_path_join(path, sizeof path, err, f->folder, "%s", below));
    DIR *d = opendir(path);
    if (!d) return xp_fail(err, XP_ERR_IO, "%s: %s", path, strerror(errno));
    xp_status s = XP_OK;
    for (struct dirent *e; s == XP_OK && (e = readdir(d));)
        s = walk_entry(f, below, e->d_name, depth, err);
    closedir(d);
    return s;
}

static xp_status open_folder(case_files *f, const char *path, size_t n, xp_error *err) {
    f->folder = n ? strndup(path, n) : strdup(".");
    return f->folder ? walk(f, "", 0, err) : no_memory(err);
}

/* ==== an archive ============================================================================= */

static bool is_archive(const char *path) {
    uint8_t start[4] = {0};
    FILE *file = fopen(path, "rb");
    const size_t n = file ? fread(start, 1, sizeof start, file) : 0;
    if (file) fclose(file);
    return n == 4 && !memcmp(start, "PK", 2) && (start[2] == 3 || start[2] == 5);
}

/* The folder that all of a set lies in, as an archive of a folder has it; "" where there is none.
 */
static size_t common_folder(const case_files *f) {
    size_t found = 0;
    for (int i = 0; i < f->n; i++) {
        const char *slash = strchr(f->items[i].name, '/');
        if (!strcmp(f->items[i].name, "cases.json")) return 0;
        if (!slash || strcmp(slash, "/cases.json")) continue;
        if (found) return 0;
        found = (size_t)(slash - f->items[i].name) + 1;
    }
    return found;
}

static void strip_folder(case_files *f, size_t n) {
    char *folder = NULL;
    for (int i = 0; i < f->n && n; i++)
        if (!strcmp(f->items[i].name + strcspn(f->items[i].name, "/"), "/cases.json"))
            folder = strndup(f->items[i].name, n);
    for (int i = 0; folder && i < f->n; i++) {
        char *name = f->items[i].name;
        if (!strncmp(name, folder, n)) memmove(name, name + n, strlen(name + n) + 1);
    }
    free(folder);
}

static xp_status open_archive(case_files *f, const char *path, xp_error *err) {
    XP_TRY(xp_file_read(path, &f->zip_bytes, &f->zip_size, err));
    if (f->zip_size > MOST_BYTES)
        return xp_fail(err, XP_ERR_LIMIT,
                       "it has %zu MB, and 256 MB are read: make several sets of it",
                       f->zip_size >> 20);
    XP_TRY(xp_archive_open(&f->zip, (xp_bytes){f->zip_bytes, f->zip_size}, err));
    for (int i = 0; i < xp_archive_count(f->zip); i++) {
        const char *name = xp_archive_name(f->zip, i);
        const size_t n = name ? strlen(name) : 0;
        if (n && name[n - 1] != '/') XP_TRY(add_file(f, name, i, err));
    }
    strip_folder(f, common_folder(f));
    return XP_OK;
}

/* ==== files ================================================================================== */

static int compare_files(const void *a, const void *b) {
    return strcmp(((const case_file *)a)->name, ((const case_file *)b)->name);
}

static case_file *find(const case_files *f, const char *name) {
    const case_file key = {.name = (char *)(uintptr_t)name};
    return f->n ? bsearch(&key, f->items, (size_t)f->n, sizeof key, compare_files) : NULL;
}

static xp_status sort_files(case_files *f, xp_error *err) {
    if (f->n) qsort(f->items, (size_t)f->n, sizeof *f->items, compare_files);
    for (int i = 1; i < f->n; i++)
        if (!strcmp(f->items[i - 1].name, f->items[i].name))
            return xp_fail(err, XP_ERR_FORMAT,
                           "the archive has %.200s twice: pack it again with one of the two",
                           f->items[i].name);
    return XP_OK;
}

static xp_status read_file(case_files *f, case_file *file, xp_error *err) {
    const size_t left = MOST_BYTES - f->read;
    char path[XP_PATH_MAX];
    struct stat st;
    if (f->zip) {
        XP_TRY(xp_archive_read(f->zip, file->entry, left, &file->data, &file->size, err));
    } else {
        XP_TRY(xp_path_join(path, sizeof path, err, f->folder, "%s", file->name));
        if (stat(path, &st) == 0 && (uint64_t)st.st_size > left)
            return xp_fail(err, XP_ERR_LIMIT,
                           "%s: the set's files have more than 256 MB: make several sets of it",
                           file->name);
        XP_TRY(xp_file_read(path, &file->data, &file->size, err));
    }
    f->read += file->size;
    return XP_OK;
}

bool case_files_has(const case_files *f, const char *name) {
    return find(f, name) != NULL;
}

xp_status case_files_get(case_files *f, const char *name, xp_bytes *out, xp_error *err) {
    case_file *file = find(f, name);
    if (!file)
        return xp_fail(err, XP_ERR_NOT_FOUND, "%.200s is missing: put it into the set", name);
    if (!file->data) XP_TRY(read_file(f, file, err));
    file->used = true;
    *out = (xp_bytes){file->data, file->size};
    return XP_OK;
}

/* ==== open and close ========================================================================= */

static xp_status open_path(case_files *f, const char *path, xp_error *err) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    f->document = "cases.json";
    if (xp_is_folder(path)) {
        XP_TRY(open_folder(f, path, strlen(path), err));
    } else if (!xp_is_file(path)) {
        return xp_fail(
            err, XP_ERR_NOT_FOUND,
            "it is not there: give cases.json, or the folder or zip archive that it lies in");
    } else if (is_archive(path)) {
        XP_TRY(open_archive(f, path, err));
    } else {
        XP_TRY(open_folder(f, path, slash ? (size_t)(base - path) : 0, err));
        f->document = base;
    }
    XP_TRY(sort_files(f, err));
    const case_file *document = find(f, f->document);
    if (!document)
        return xp_fail(err, XP_ERR_NOT_FOUND, "it has no cases.json: a case set begins with one");
    return XP_OK;
}

xp_status case_files_open(case_files *f, const char *path, xp_error *err) {
    *f = (case_files){0};
    xp_status s = open_path(f, path, err);
    if (s != XP_OK) case_files_close(f);
    return s;
}

void case_files_close(case_files *f) {
    for (int i = 0; i < f->n; i++) {
        free(f->items[i].name);
        free(f->items[i].data);
    }
    free(f->items);
    free(f->folder);
    xp_archive_close(f->zip);
    free(f->zip_bytes);
    *f = (case_files){0};
}
