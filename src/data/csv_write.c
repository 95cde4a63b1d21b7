#include "data/csv.h"

#include "base/file.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct xp_csv_writer {
    xp_file_writer *file;
    bool row_begun, too_long; /* too_long: a formatted field was cut */
    char path[];
};

xp_status xp_csv_create(xp_csv_writer **out, const char *path, xp_error *err) {
    size_t size = strlen(path) + 1;
    xp_csv_writer *w = calloc(1, sizeof *w + size);
    if (!w) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to write it", path);
    memcpy(w->path, path, size);
    xp_status s = xp_file_create(&w->file, path, err);
    if (s == XP_OK)
        *out = w;
    else
        free(w);
    return s;
}

static void put_char(xp_csv_writer *w, char ch) {
    xp_file_put(w->file, &ch, 1);
}

void xp_csv_put(xp_csv_writer *w, const char *text) {
    if (w->row_begun) put_char(w, ',');
    w->row_begun = true;
    size_t n = strlen(text);
    bool quote = strpbrk(text, ",\"\r\n") || (n && (text[0] == ' ' || text[n - 1] == ' '));
    if (!quote) {
        xp_file_put(w->file, text, n);
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
    w->too_long |= n < 0 || (size_t)n >= sizeof text;
    xp_csv_put(w, text);
}

void xp_csv_end_row(xp_csv_writer *w) {
    put_char(w, '\n');
    w->row_begun = false;
}

xp_status xp_csv_commit(xp_csv_writer *w, xp_error *err) {
    xp_status s;
    if (w->too_long) {
        xp_file_abandon(w->file);
        s = xp_fail(err, XP_ERR_INTERNAL, "%s: a field is too long", w->path);
    } else {
        s = xp_file_commit(w->file, err);
    }
    free(w);
    return s;
}

void xp_csv_abandon(xp_csv_writer *w) {
    if (!w) return;
    xp_file_abandon(w->file);
    free(w);
}
