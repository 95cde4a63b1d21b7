#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static xp_status io_error(xp_error *err, const char *path, const char *what, int number) {
    return xp_fail(err, XP_ERR_IO, "%s: cannot be %s: %s", path, what, strerror(number));
}

static xp_status write_all(int fd, const uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return XP_ERR_IO;
        p += done;
        n -= (size_t)done;
    }
    return XP_OK;
}

static xp_status write_directly(const char *path, const void *bytes, size_t size, xp_error *err) {
    int fd = open(path, O_WRONLY);
    if (fd < 0) return io_error(err, path, "opened", errno);
    xp_status s = write_all(fd, bytes, size);
    int number = errno;
    if (close(fd) != 0 && s == XP_OK) s = XP_ERR_IO, number = errno;
    return s == XP_OK ? XP_OK : io_error(err, path, "written", number);
}

/* Write, flush to the disk and close fd; false leaves errno. */
static bool fill_temporary(int fd, const void *bytes, size_t size) {
    mode_t mask = umask(0);
    umask(mask);
    bool ok =
        write_all(fd, bytes, size) == XP_OK && fchmod(fd, 0666 & ~mask) == 0 && fsync(fd) == 0;
    int number = errno;
    ok = close(fd) == 0 && ok;
    if (!ok && number) errno = number;
    return ok;
}

/* A new file beside path; *temporary is its name, freed by the caller. */
static xp_status create_beside(const char *path, char **temporary, int *fd, xp_error *err) {
    size_t n = strlen(path) + sizeof ".XXXXXX";
    char *name = malloc(n);
    if (!name) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    snprintf(name, n, "%s.XXXXXX", path);
    *fd = mkstemp(name);
    if (*fd < 0) {
        xp_status s = io_error(err, path, "created", errno);
        free(name);
        return s;
    }
    *temporary = name;
    return XP_OK;
}

enum { MAX_LINKS = 32 };

/* Where path leads: the name behind a symbolic link, and so on, whether or not it is there. Freed
 * by the caller. */
static xp_status follow_links(const char *path, char **target, xp_error *err) {
    char *here = strdup(path), link[4096];
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

xp_status output_check(const char *path, bool folder_allowed, xp_error *err) {
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        if (!S_ISDIR(st.st_mode) || folder_allowed) return XP_OK;
        return xp_fail(err, XP_ERR_IO, "%s: is a folder", path);
    }
    char *target, *temporary;
    int fd;
    XP_TRY(follow_links(path, &target, err));
    xp_status s = create_beside(target, &temporary, &fd, err);
    free(target);
    if (s != XP_OK) return s;
    close(fd);
    unlink(temporary);
    free(temporary);
    return XP_OK;
}

/* Beside the file and then in its place. */
static xp_status replace_file(const char *path, const void *bytes, size_t size, xp_error *err) {
    char *temporary;
    int fd;
    XP_TRY(create_beside(path, &temporary, &fd, err));
    xp_status s = XP_OK;
    if (!fill_temporary(fd, bytes, size) || rename(temporary, path) != 0) {
        s = io_error(err, path, "written", errno);
        unlink(temporary);
    }
    free(temporary);
    return s;
}

xp_status output_write_file(const char *path, const void *bytes, size_t size, xp_error *err) {
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        if (S_ISDIR(st.st_mode)) return xp_fail(err, XP_ERR_IO, "%s: is a folder", path);
        return write_directly(path, bytes, size, err);
    }
    char *target;
    XP_TRY(follow_links(path, &target, err));
    xp_status s = replace_file(target, bytes, size, err);
    free(target);
    return s;
}

xp_status output_close_stdout(xp_error *err) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return XP_OK;
    return xp_fail(err, XP_ERR_IO, "standard output cannot be written: %s",
                   errno ? strerror(errno) : "an earlier write failed");
}

cJSON *json_number(double v) {
    if (!isfinite(v)) return cJSON_CreateNull();
    char text[32];
    snprintf(text, sizeof text, "%.9g", v);
    return cJSON_CreateRaw(text);
}

cJSON *json_integer(int64_t v) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)v);
    return cJSON_CreateRaw(text);
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629), or 0. */
static int utf8_length(const uint8_t *p) {
    if (p[0] < 0x80) return 1;
    int n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    for (int i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] > 0x9f, beyond = p[0] == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : n;
}

cJSON *json_text(const char *text) {
    const uint8_t *p = (const uint8_t *)text;
    char *clean = malloc(2 * strlen(text) + 1), *q = clean;
    if (!clean) return NULL;
    while (*p) {
        int n = utf8_length(p);
        if (n == 0) {
            *q++ = (char)(0xc0 | *p >> 6);
            *q++ = (char)(0x80 | (*p++ & 0x3f));
        }
        while (n-- > 0) *q++ = (char)*p++;
    }
    *q = 0;
    cJSON *o = cJSON_CreateString(clean);
    free(clean);
    return o;
}

cJSON *json_text_or_null(const char *text) {
    return text[0] ? json_text(text) : cJSON_CreateNull();
}

cJSON *json_integer_or_null(double v) {
    return isnan(v) ? cJSON_CreateNull() : json_integer((int64_t)v);
}

void json_print_line(cJSON *o) {
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    if (text)
        puts(text);
    else
        fputs("xplaim: not enough memory to print JSON\n", stderr);
    cJSON_free(text);
    fflush(stdout);
}

void print_clean(FILE *f, const char *text) {
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, f);
    }
}
