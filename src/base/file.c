#include "base/file.h"

#include "base/memory_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static xp_status io_error(xp_error *err, const char *path, const char *what, int number) {
    return xp_fail(err, number == ENOMEM ? XP_ERR_MEMORY : XP_ERR_IO, "%s: cannot be %s: %s", path,
                   what, strerror(number));
}

/* ==== paths ================================================================================== */

xp_status xp_path_join(char *out, size_t size, xp_error *err, const char *dir, const char *name,
                       ...) {
    va_list ap;
    va_start(ap, name);
    int before = snprintf(out, size, "%s/", dir);
    bool fits = before > 0 && (size_t)before < size;
    if (fits) {
        int n = vsnprintf(out + before, size - (size_t)before, name, ap);
        fits = n >= 0 && (size_t)n < size - (size_t)before;
    }
    va_end(ap);
    return fits ? XP_OK : xp_fail(err, XP_ERR_LIMIT, "%.80s...: the path is too long", dir);
}

char *xp_path_of(const char *dir, const char *name) {
    const size_t n = strlen(dir), size = n + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s%s%s", dir, n && dir[n - 1] != '/' ? "/" : "", name);
    return path;
}

bool xp_is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool xp_is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

uint64_t xp_file_size(const char *dir, const char *name) {
    struct stat st;
    char *path = xp_path_of(dir, name);
    const bool there = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    free(path);
    return there ? (uint64_t)st.st_size : 0;
}

/* ==== folders ================================================================================ */

xp_status xp_make_folder(const char *path, xp_error *err) {
    if (mkdir(path, 0777) == 0) return XP_OK;
    int number = errno;
    if (number == EEXIST && xp_is_folder(path)) return XP_OK;
    return xp_fail(err, XP_ERR_IO, "%s: the folder cannot be made: %s", path, strerror(number));
}

xp_status xp_make_folders(const char *path, xp_error *err) {
    char part[XP_PATH_MAX];
    if (strlen(path) >= sizeof part)
        return xp_fail(err, XP_ERR_LIMIT, "%.80s...: the path is too long", path);
    for (const char *p = path; *p; p++) {
        if (p[1] != '/' && p[1] != 0) continue;
        snprintf(part, sizeof part, "%.*s", (int)(p + 1 - path), path);
        XP_TRY(xp_make_folder(part, err));
    }
    return XP_OK;
}

/* ==== reading ================================================================================ */

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
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const double needed = regular ? (double)st.st_size : 0;
    const xp_status fits = xp_memory_check(needed, 0, path, "is it the right file?", err);
    if (regular && fits == XP_OK) s = read_all(fd, (size_t)st.st_size, data, size);
    close(fd);
    if (fits != XP_OK) return fits;
    if (s == XP_ERR_MEMORY) return xp_fail(err, s, "%s does not fit into memory", path);
    if (s != XP_OK) return xp_fail(err, s, "%s cannot be read: is it a file?", path);
    return XP_OK;
}

xp_status xp_file_read_text(const char *path, char **text, xp_error *err) {
    uint8_t *data;
    size_t size;
    XP_TRY(xp_file_read(path, &data, &size, err));
    char *made = strndup((char *)data, size);
    free(data);
    if (!made) return xp_fail(err, XP_ERR_MEMORY, "%s does not fit into memory", path);
    *text = made;
    return XP_OK;
}

/* ==== where a path leads ===================================================================== */

enum { MAX_LINKS = 32 };

/* The name behind a symbolic link, and so on, whether or not a file is there. Freed by the caller.
 */
static xp_status follow_links(const char *path, char **target, xp_error *err) {
    char *here = strdup(path), link[XP_PATH_MAX];
    for (int i = 0; here && i < MAX_LINKS; i++) {
        ssize_t n = readlink(here, link, sizeof link - 1);
        if (n < 0) { /* no link: a file, or nothing yet */
            *target = here;
            return XP_OK;
        }
        link[n] = 0;
        const char *slash = strrchr(here, '/');
        size_t folder = slash && link[0] != '/' ? (size_t)(slash - here) + 1 : 0;
        char *next = malloc(folder + (size_t)n + 1);
        if (next) snprintf(next, folder + (size_t)n + 1, "%.*s%s", (int)folder, here, link);
        free(here);
        here = next;
    }
    bool memory = !here;
    free(here);
    return memory ? xp_fail(err, XP_ERR_MEMORY, "not enough memory")
                  : io_error(err, path, "followed", ELOOP);
}

/* True where a path leads to something that is no regular file: a device, a pipe, a folder. */
static bool is_special(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Of the folder that holds path: the rename is on the disk when the folder is. */
static void flush_folder(const char *path) {
    char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) slash[slash == folder ? 1 : 0] = 0;
    int fd = folder ? open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

/* ==== writing ================================================================================ */

enum { BUFFER = 1 << 16 };

struct xp_file_writer {
    int fd;
    char *target;    /* owned: path behind its links; NULL where path is written directly */
    char *temporary; /* owned: beside target */
    uint8_t *buffer; /* owned: (BUFFER) bytes put, of which n are not written yet */
    size_t n;
    int error;   /* errno of the first failure, 0: none */
    char path[]; /* as it was given, for messages */
};

static void release(xp_file_writer *w) {
    free(w->target);
    free(w->temporary);
    free(w->buffer);
    free(w);
}

/* A new file beside target, by a name that no other process or thread has; -1 leaves errno. The
 * file gets the permissions that any new file gets. */
static int open_beside(const char *target, char **temporary) {
    enum { TRIES = 100 };
    size_t size = strlen(target) + 40;
    char *name = malloc(size);
    int fd = -1;
    if (!name) return -1;
    errno = EEXIST;
    for (int i = 0; fd < 0 && errno == EEXIST && i < TRIES; i++) {
        snprintf(name, size, "%s.%ld-%d.part", target, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    *temporary = name;
    return fd;
}

static xp_status open_writer(xp_file_writer *w, xp_error *err) {
    w->buffer = malloc(BUFFER);
    if (!w->buffer)
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to write it", w->path);
    if (xp_is_folder(w->path)) return xp_fail(err, XP_ERR_IO, "%s: is a folder", w->path);
    if (is_special(w->path)) {
        w->fd = open(w->path, O_WRONLY | O_CLOEXEC);
        return w->fd >= 0 ? XP_OK : io_error(err, w->path, "opened", errno);
    }
    XP_TRY(follow_links(w->path, &w->target, err));
    w->fd = open_beside(w->target, &w->temporary);
    return w->fd >= 0 ? XP_OK : io_error(err, w->path, "created", errno);
}

xp_status xp_file_create(xp_file_writer **out, const char *path, xp_error *err) {
    size_t size = strlen(path) + 1;
    xp_file_writer *w = calloc(1, sizeof *w + size);
    if (!w) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to write it", path);
    memcpy(w->path, path, size);
    xp_status s = open_writer(w, err);
    if (s == XP_OK)
        *out = w;
    else
        release(w);
    return s;
}

static void note(xp_file_writer *w, bool ok) {
    if (!ok && !w->error) w->error = errno ? errno : EIO;
}

static void write_all(xp_file_writer *w, const uint8_t *p, size_t n) {
    while (n > 0 && !w->error) {
        ssize_t done = write(w->fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        note(w, done >= 0);
        if (done < 0) return;
        p += done;
        n -= (size_t)done;
    }
}

static void flush(xp_file_writer *w) {
    write_all(w, w->buffer, w->n);
    w->n = 0;
}

void xp_file_put(xp_file_writer *w, const void *bytes, size_t size) {
    if (size > BUFFER - w->n) flush(w);
    if (size >= BUFFER) {
        write_all(w, bytes, size);
    } else {
        memcpy(w->buffer + w->n, bytes, size);
        w->n += size;
    }
}

static void flush_to_disk(xp_file_writer *w) {
    int failed;
    do failed = fsync(w->fd);
    while (failed && errno == EINTR);
    note(w, !failed);
}

xp_status xp_file_commit(xp_file_writer *w, xp_error *err) {
    flush(w);
    if (w->target && !w->error) flush_to_disk(w);
    note(w, close(w->fd) == 0);
    if (w->target && !w->error) note(w, rename(w->temporary, w->target) == 0);
    xp_status s = XP_OK;
    if (w->error) {
        s = io_error(err, w->path, "written", w->error);
        if (w->temporary) unlink(w->temporary);
    } else if (w->target) {
        flush_folder(w->target);
    }
    release(w);
    return s;
}

void xp_file_abandon(xp_file_writer *w) {
    if (!w) return;
    close(w->fd);
    if (w->temporary) unlink(w->temporary);
    release(w);
}

xp_status xp_file_write(const char *path, const void *bytes, size_t size, xp_error *err) {
    xp_file_writer *w;
    XP_TRY(xp_file_create(&w, path, err));
    xp_file_put(w, bytes, size);
    return xp_file_commit(w, err);
}

xp_status xp_file_check_writable(const char *path, bool folder_allowed, xp_error *err) {
    xp_file_writer *w;
    if (xp_is_folder(path) && folder_allowed) return XP_OK;
    if (is_special(path) && !xp_is_folder(path)) return XP_OK;
    XP_TRY(xp_file_create(&w, path, err));
    xp_file_abandon(w);
    return XP_OK;
}
