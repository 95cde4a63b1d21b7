#include "ecg/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *dir, const char *name, const char *suffix) {
    size_t n = strlen(dir) + strlen(name) + strlen(suffix) + 2;
    char *p = malloc(n);
    if (p) snprintf(p, n, "%s%s%s%s", dir, *dir ? "/" : "", name, suffix);
    return p;
}

/* Read until the end: a file may be larger or smaller than stat said when it was opened. */
static xp_status read_all(int fd, size_t size, uint8_t **data, size_t *got) {
    uint8_t *p = malloc(size + 1);
    if (!p) return XP_ERR_MEMORY;
    size_t n = 0;
    while (n < size) {
        ssize_t k = read(fd, p + n, size - n);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) {
            free(p);
            return XP_ERR_IO;
        }
        if (k == 0) break;
        n += (size_t)k;
    }
    *data = p;
    *got = n;
    return XP_OK;
}

xp_status xp_file_read(const char *path, uint8_t **data, size_t *size, xp_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return xp_fail(err, errno == ENOENT || errno == ENOTDIR ? XP_ERR_NOT_FOUND : XP_ERR_IO,
                       "%s cannot be opened: %s", path, strerror(errno));
    struct stat st;
    xp_status s = XP_ERR_IO;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        s = read_all(fd, (size_t)st.st_size, data, size);
    close(fd);
    if (s == XP_ERR_MEMORY) return xp_fail(err, s, "%s does not fit into memory", path);
    if (s != XP_OK) return xp_fail(err, s, "%s cannot be read: is it a file?", path);
    return XP_OK;
}

/* The entry of dir whose name is name but for upper and lower case, into found; false if none. */
static bool find_other_case(const char *dir, const char *name, char found[256]) {
    DIR *d = opendir(dir);
    if (!d) return false;
    bool hit = false;
    for (struct dirent *e; !hit && (e = readdir(d));)
        if (!strcasecmp(e->d_name, name) && strlen(e->d_name) < 256) {
            strcpy(found, e->d_name);
            hit = true;
        }
    closedir(d);
    return hit;
}

static xp_status missing(const char *dir, const char *name, xp_error *err) {
    char found[256];
    if (find_other_case(dir, name, found))
        return xp_fail(err, XP_ERR_NOT_FOUND,
                       "%s is missing in %s, but there is %s: upper and lower case must agree; "
                       "rename the file",
                       name, dir, found);
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s is missing in %s: copy it there with the record's other files", name, dir);
}

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    xp_dir_source *d = ctx;
    for (int i = 0; i < d->n_files; i++)
        if (!strcmp(d->files[i].name, name)) {
            *out = (xp_bytes){d->files[i].data, d->files[i].size};
            return XP_OK;
        }
    xp_dir_file *files = realloc(d->files, (size_t)(d->n_files + 1) * sizeof *files);
    if (!files) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    d->files = files;
    xp_dir_file f = {strdup(name), NULL, 0};
    char *path = join(d->dir, name, "");
    xp_status s = f.name && path ? xp_file_read(path, &f.data, &f.size, err)
                                 : xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", name);
    free(path);
    if (s != XP_OK) {
        free(f.name);
        return s == XP_ERR_NOT_FOUND ? missing(d->dir, name, err) : s;
    }
    d->files[d->n_files++] = f;
    *out = (xp_bytes){f.data, f.size};
    return XP_OK;
}

static bool is_file(const char *dir, const char *name, const char *suffix) {
    char *path = join(dir, name, suffix);
    struct stat st;
    bool yes = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    free(path);
    return yes;
}

/* Turn a file's name into its record's: cut the extension when a header lies beside it. */
static xp_status find_record(const char *dir, char *record, xp_error *err) {
    char given[128];
    strcpy(given, record);
    char *dot = strrchr(record, '.');
    if (dot && !strcasecmp(dot, ".hea")) {
        *dot = 0;
        return is_file(dir, given, "") ? XP_OK : missing(dir, given, err);
    }
    if (is_file(dir, record, ".hea")) return XP_OK;
    if (dot) {
        bool edf = !strcasecmp(dot, ".edf") || !strcasecmp(dot, ".bdf");
        *dot = 0;
        if (is_file(dir, record, ".hea")) return XP_OK;
        if (edf)
            return xp_fail(err, XP_ERR_UNSUPPORTED,
                           "%s is an EDF file: convert it to WFDB first (edf2mit -i %s)", given,
                           given);
        if (!is_file(dir, given, "")) *dot = '.';
    }
    char header[140];
    snprintf(header, sizeof header, "%s.hea", record);
    return missing(dir, header, err);
}

xp_status xp_dir_source_open(xp_dir_source *d, const char *record_path, xp_error *err) {
    *d = (xp_dir_source){0};
    const char *slash = strrchr(record_path, '/');
    const char *name = slash ? slash + 1 : record_path;
    if (!*name || strlen(name) >= sizeof d->record)
        return xp_fail(err, XP_ERR_USAGE, "\"%s\" names no record: give folder/record",
                       record_path);
    size_t n = slash ? (size_t)(slash - record_path) : 0;
    char *dir = !slash ? strdup(".") : n ? strndup(record_path, n) : strdup("/");
    if (!dir) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", record_path);
    strcpy(d->record, name);
    xp_status s = find_record(dir, d->record, err);
    if (s != XP_OK) {
        free(dir);
        return s;
    }
    d->dir = dir;
    d->source = (xp_file_source){get, d};
    return XP_OK;
}

void xp_dir_source_close(xp_dir_source *d) {
    for (int i = 0; i < d->n_files; i++) {
        free(d->files[i].name);
        free(d->files[i].data);
    }
    free(d->files);
    free(d->dir);
    *d = (xp_dir_source){0};
}
