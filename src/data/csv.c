#include "data/csv.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { END = -1 };

struct xp_csv {
    FILE *file;       /* NULL when reading from memory */
    xp_bytes bytes;   /* the memory, or the last chunk read */
    size_t at;        /* in bytes */
    uint8_t *chunk;   /* read buffer of a file */
    const char *name; /* for messages */
    char *own_name;
    char separator;
    bool failed; /* the file could not be read */

    uint64_t before;       /* bytes of the file ahead of `bytes` */
    size_t line, row_line; /* now; where the current row began */
    uint64_t row_at;       /* its byte */
    char *text;            /* fields of the current row, each NUL-terminated */
    size_t used, cap;
    size_t *start; /* offset of each field in text */
    int count, start_cap;

    char *names; /* header: the same layout as text and start */
    size_t *name_start;
    int name_count;
};

static const size_t chunk_size = 1 << 16;

static xp_csv *new_reader(const char *name, char separator) {
    xp_csv *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->name = name;
    c->separator = separator;
    c->line = 1;
    return c;
}

/* Byte at the cursor, END at the end; the cursor stays. */
static int peek(xp_csv *c) {
    if (c->at < c->bytes.size) return c->bytes.data[c->at];
    if (!c->file) return END;
    c->before += c->bytes.size;
    c->bytes.size = fread(c->chunk, 1, chunk_size, c->file);
    c->at = 0;
    if (c->bytes.size) return c->bytes.data[0];
    c->failed = ferror(c->file) != 0;
    return END;
}

static void skip_byte_order_mark(xp_csv *c) {
    peek(c);
    if (c->bytes.size >= 3 && !memcmp(c->bytes.data, "\xef\xbb\xbf", 3)) c->at = 3;
}

xp_status xp_csv_open(xp_csv **out, const char *path, char separator, xp_error *err) {
    FILE *f = fopen(path, "rb");
    if (!f)
        return xp_fail(err, errno == ENOENT ? XP_ERR_NOT_FOUND : XP_ERR_IO,
                       "%s cannot be opened (%s): check the path", path, strerror(errno));
    xp_csv *c = new_reader(path, separator);
    if (c) {
        c->file = f;
        c->chunk = malloc(chunk_size);
        c->own_name = strdup(path);
        c->name = c->own_name;
        c->bytes.data = c->chunk;
    } else {
        fclose(f);
    }
    if (!c || !c->chunk || !c->own_name) {
        xp_csv_close(c);
        return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to read it", path);
    }
    skip_byte_order_mark(c);
    *out = c;
    return XP_OK;
}

xp_status xp_csv_open_bytes(xp_csv **out, xp_bytes data, const char *name, char separator,
                            xp_error *err) {
    xp_csv *c = new_reader(name, separator);
    if (!c) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory to read it", name);
    c->bytes = data;
    skip_byte_order_mark(c);
    *out = c;
    return XP_OK;
}

void xp_csv_close(xp_csv *c) {
    if (!c) return;
    if (c->file) fclose(c->file);
    free(c->chunk);
    free(c->own_name);
    free(c->text);
    free(c->start);
    free(c->names);
    free(c->name_start);
    free(c);
}

static xp_status add_byte(xp_csv *c, int byte, xp_error *err) {
    if (c->used == c->cap) {
        if (c->cap >= XP_CSV_ROW_LIMIT)
            return xp_fail(
                err, XP_ERR_LIMIT,
                "%s, line %zu: the row is longer than %zu bytes; look for a quote that is "
                "not closed",
                c->name, c->row_line, XP_CSV_ROW_LIMIT);
        size_t cap = c->cap ? 2 * c->cap : 1024;
        char *p = realloc(c->text, cap);
        if (!p) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for a row", c->name);
        c->text = p;
        c->cap = cap;
    }
    c->text[c->used++] = (char)byte;
    return XP_OK;
}

static xp_status begin_field(xp_csv *c, xp_error *err) {
    if (c->count == XP_CSV_FIELD_LIMIT)
        return xp_fail(err, XP_ERR_LIMIT, "%s, line %zu: more than %d fields in a row", c->name,
                       c->row_line, XP_CSV_FIELD_LIMIT);
    if (c->count == c->start_cap) {
        int cap = c->start_cap ? 2 * c->start_cap : 64;
        size_t *p = realloc(c->start, (size_t)cap * sizeof *p);
        if (!p) return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory for a row", c->name);
        c->start = p;
        c->start_cap = cap;
    }
    c->start[c->count++] = c->used;
    return XP_OK;
}

/* CRLF counts as one line end, and so does a lone CR. */
static void take_line_end(xp_csv *c) {
    bool cr = peek(c) == '\r';
    c->at++;
    if (cr && peek(c) == '\n') c->at++;
    c->line++;
}

static bool at_field_end(xp_csv *c) {
    int ch = peek(c);
    return ch == END || ch == '\n' || ch == '\r' || ch == (unsigned char)c->separator;
}

/* The cursor is on the opening quote; it ends behind the closing one. */
static xp_status read_quoted(xp_csv *c, xp_error *err) {
    size_t opened = c->line;
    c->at++;
    for (;;) {
        int ch = peek(c);
        if (ch == END)
            return xp_fail(
                err, XP_ERR_FORMAT,
                "%s, line %zu, column %d: a quote is opened here and never closed; close "
                "it, or double it where it belongs to the text",
                c->name, opened, c->count);
        c->at++;
        if (ch == '"') {
            if (peek(c) != '"') break;
            c->at++;
        } else if (ch == '\n') {
            c->line++;
        } else if (!ch) {
            return xp_csv_fail(c, c->count - 1, err, XP_ERR_FORMAT,
                               "a zero byte: not a text file, or one in UTF-16 (save it as UTF-8)");
        }
        XP_TRY(add_byte(c, ch, err));
    }
    if (!at_field_end(c))
        return xp_csv_fail(c, c->count - 1, err, XP_ERR_FORMAT,
                           "'%c' follows a closing quote where '%c' or the end of the line was "
                           "expected; a quote inside quoted text must be doubled",
                           isprint(peek(c)) ? peek(c) : '?', c->separator);
    return XP_OK;
}

static xp_status read_plain(xp_csv *c, xp_error *err) {
    while (!at_field_end(c)) {
        int ch = peek(c);
        if (!ch)
            return xp_csv_fail(c, c->count - 1, err, XP_ERR_FORMAT,
                               "a zero byte: not a text file, or one in UTF-16 (save it as UTF-8)");
        XP_TRY(add_byte(c, ch, err));
        c->at++;
    }
    return XP_OK;
}

static xp_status read_row(xp_csv *c, xp_error *err) {
    c->count = 0;
    c->used = 0;
    while (peek(c) == '\n' || peek(c) == '\r') take_line_end(c);
    c->row_line = c->line;
    c->row_at = c->before + c->at;
    if (peek(c) == END) return XP_OK;
    for (;;) {
        XP_TRY(begin_field(c, err));
        XP_TRY(peek(c) == '"' ? read_quoted(c, err) : read_plain(c, err));
        XP_TRY(add_byte(c, 0, err));
        if (peek(c) != (unsigned char)c->separator) break;
        c->at++;
    }
    if (peek(c) != END) take_line_end(c);
    return XP_OK;
}

xp_status xp_csv_next(xp_csv *c, xp_error *err) {
    xp_status s = read_row(c, err);
    if (s == XP_OK && c->failed)
        s = xp_fail(err, XP_ERR_IO, "%s, line %zu: the file cannot be read further", c->name,
                    c->line);
    if (s == XP_OK && c->count && c->name_count && c->count != c->name_count)
        s = xp_fail(
            err, XP_ERR_FORMAT,
            "%s, line %zu: %d fields where the header has %d; look for a missing or an extra "
            "separator or quote",
            c->name, c->row_line, c->count, c->name_count);
    if (s != XP_OK) c->count = 0;
    return s;
}

int xp_csv_count(const xp_csv *c) {
    return c->count;
}

size_t xp_csv_line(const xp_csv *c) {
    return c->row_line;
}

uint64_t xp_csv_offset(const xp_csv *c) {
    return c->row_at;
}

const char *xp_csv_field(const xp_csv *c, int i) {
    return i >= 0 && i < c->count ? c->text + c->start[i] : "";
}

static const char *column_name(const xp_csv *c, int i) {
    return i >= 0 && i < c->name_count ? c->names + c->name_start[i] : "";
}

xp_status xp_csv_header(xp_csv *c, xp_error *err) {
    XP_TRY(xp_csv_next(c, err));
    if (!c->count)
        return xp_fail(err, XP_ERR_FORMAT, "%s is empty: a line of column names was expected",
                       c->name);
    c->names = c->text;
    c->name_start = c->start;
    c->name_count = c->count;
    c->text = NULL;
    c->start = NULL;
    c->used = c->cap = 0;
    c->count = c->start_cap = 0;
    for (int i = 0; i < c->name_count; i++)
        if (*column_name(c, i) && xp_csv_find(c, column_name(c, i)) != i)
            return xp_fail(err, XP_ERR_FORMAT,
                           "%s, line %zu: the column name '%.60s' occurs twice; rename one",
                           c->name, c->row_line, column_name(c, i));
    return XP_OK;
}

int xp_csv_find(const xp_csv *c, const char *column) {
    for (int i = 0; i < c->name_count; i++)
        if (!strcmp(column_name(c, i), column)) return i;
    return -1;
}

int xp_csv_columns(const xp_csv *c, char *out, size_t size) {
    size_t n = 0;
    if (size > 0) out[0] = 0;
    for (int i = 0; i < c->name_count && n + 1 < size; i++) {
        snprintf(out + n, size - n, "%s%s", i ? ", " : "", column_name(c, i));
        n += strlen(out + n);
    }
    return c->name_count;
}

xp_status xp_csv_column(const xp_csv *c, const char *column, int *out, xp_error *err) {
    *out = xp_csv_find(c, column);
    if (*out >= 0) return XP_OK;
    char there[300];
    xp_csv_columns(c, there, sizeof there);
    return xp_fail(err, XP_ERR_NOT_FOUND, "%s has no column '%s'; its columns are: %s", c->name,
                   column, there);
}

xp_status xp_csv_fail(const xp_csv *c, int field, xp_error *err, xp_status code, const char *fmt,
                      ...) {
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *name = column_name(c, field);
    if (field < 0) return xp_fail(err, code, "%s, line %zu: %s", c->name, c->row_line, text);
    return xp_fail(err, code, "%s, line %zu, column %d%s%.60s%s: %s", c->name, c->row_line,
                   field + 1, *name ? " (" : "", name, *name ? ")" : "", text);
}

xp_status xp_csv_number(const xp_csv *c, int field, double *out, xp_error *err) {
    const char *text = xp_csv_field(c, field);
    char *end;
    double v = strtod(text, &end);
    while (*end == ' ') end++;
    if (!*text || *end || end == text)
        return xp_csv_fail(c, field, err, XP_ERR_FORMAT, "'%.60s' where a number was expected",
                           text);
    *out = v;
    return XP_OK;
}

xp_status xp_csv_id(const xp_csv *c, int field, uint64_t *out, xp_error *err) {
    const char *text = xp_csv_field(c, field);
    uint64_t v = 0;
    size_t n = strspn(text, "0123456789"), tail = n;
    if (text[n] == '.') tail = n + 1 + strspn(text + n + 1, "0");
    if (!n || n > 19 || text[tail])
        return xp_csv_fail(c, field, err, XP_ERR_FORMAT,
                           "'%.60s' where a whole number was expected", text);
    for (size_t i = 0; i < n; i++) v = v * 10 + (uint64_t)(text[i] - '0');
    *out = v;
    return XP_OK;
}
