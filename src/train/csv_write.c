#include "train/csv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct xp_csv_writer {
    FILE *file;
    char *path, *temporary;
    bool row_begun;
    int error; /* errno of the first failure */
};

static void release(xp_csv_writer *w) {
    free(w->path);
    free(w->temporary);
    free(w);
}

xp_status xp_csv_create(xp_csv_writer **out, const char *path, xp_error *err) {
    xp_csv_writer *w = calloc(1, sizeof *w);
    size_t n = strlen(path) + 32;
    if (w) {
        w->path = strdup(path);
        w->temporary = malloc(n);
    }
    if (!w || !w->path || !w->temporary) {
        if (w) release(w);
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to write it", path);
    }
    snprintf(w->temporary, n, "%s.%ld.part", path, (long)getpid());
    w->file = fopen(w->temporary, "wb");
    if (!w->file) {
        xp_status s = xp_fail(err, XP_ERR_IO,
                              "%s cannot be written (%s): check the folder and its permissions",
                              w->temporary, strerror(errno));
        release(w);
        return s;
    }
    *out = w;
    return XP_OK;
}

static void note(xp_csv_writer *w, bool ok) {
    if (!ok && !w->error) w->error = errno ? errno : EIO;
}

static void put_char(xp_csv_writer *w, int ch) {
    note(w, putc(ch, w->file) != EOF);
}

void xp_csv_put(xp_csv_writer *w, const char *text) {
    if (w->row_begun) put_char(w, ',');
    w->row_begun = true;
    size_t n = strlen(text);
    bool quote = strpbrk(text, ",\"\r\n") || (n && (text[0] == ' ' || text[n - 1] == ' '));
    if (!quote) {
        note(w, fputs(text, w->file) != EOF);
        return;
    }
    put_char(w, '"');
    for (; *text; text++) {
        if (*text == '"') put_char(w, '"');
        put_char(w, *text);
    }
    put_char(w, '"');
}

void xp_csv_putf(xp_csv_writer *w, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text) {
        errno = EOVERFLOW;
        note(w, false);
    }
    xp_csv_put(w, text);
}

void xp_csv_end_row(xp_csv_writer *w) {
    put_char(w, '\n');
    w->row_begun = false;
}

xp_status xp_csv_commit(xp_csv_writer *w, xp_error *err) {
    note(w, fflush(w->file) == 0);
    note(w, fsync(fileno(w->file)) == 0);
    note(w, fclose(w->file) == 0);
    if (!w->error) note(w, rename(w->temporary, w->path) == 0);
    xp_status s = XP_OK;
    if (w->error) {
        s = xp_fail(err, XP_ERR_IO, "%s cannot be written (%s): check the space left on the disk",
                    w->path, strerror(w->error));
        remove(w->temporary);
    }
    release(w);
    return s;
}

void xp_csv_abandon(xp_csv_writer *w) {
    if (!w) return;
    fclose(w->file);
    remove(w->temporary);
    release(w);
}
