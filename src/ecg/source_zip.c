#include "ecg/source_zip.h"

#include "base/file.h"
#include "base/inflate_pipe.h"
#include "ecg/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ==== paths ================================================================================== */

/* The length of the first part of path, from `from` on, that has the ending of an archive; 0: none.
 */
static size_t next_archive(const char *path, size_t from) {
    for (size_t n = from; path[n];) {
        size_t part = strcspn(path + n, "/");
        n += part;
        if (part > 4 && !strncasecmp(path + n - 4, ".zip", 4)) return n;
        n += path[n] == '/';
    }
    return 0;
}

static size_t read_beginning(const char *path, uint8_t *out, size_t size) {
    FILE *f = fopen(path, "rb");
    const size_t n = f ? fread(out, 1, size, f) : 0;
    if (f) fclose(f);
    return n;
}

/* A file that is no archive, and a recording by its content, is that, whatever its name says. */
static bool is_archive(const char *path) {
    uint8_t start[XP_SNIFF_BYTES];
    const size_t n = read_beginning(path, start, sizeof start);
    xp_zip zip;
    if (n >= 2 && !memcmp(start, "PK", 2)) return true;
    if (!xp_sniff("", (xp_bytes){start, n}).format)
        return true; /* and told what is wrong with it */
    if (xp_zip_open(&zip, path, path, NULL) != XP_OK) return false;
    xp_zip_close(&zip);
    return true;
}

size_t xp_archive_length(const char *path) {
    for (size_t n = 0; (n = next_archive(path, n)) > 0; n += path[n] == '/') {
        char *archive = strndup(path, n);
        bool hit = archive && xp_is_file(archive) && is_archive(archive);
        free(archive);
        if (hit) return n;
    }
    return 0;
}

/* To be freed; NULL when there is no memory. */
static char *joined(const char *a, const char *between, const char *b) {
    size_t n = strlen(a) + strlen(between) + strlen(b) + 1;
    char *p = malloc(n);
    if (p) snprintf(p, n, "%s%s%s", a, between, b);
    return p;
}

static xp_status no_memory(const char *path, xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", path);
}

/* ==== archives in archives =================================================================== */

static bool write_piece(void *ctx, const uint8_t *data, size_t size) {
    return fwrite(data, 1, size, ctx) == size;
}

/* A temporary file of what an entry holds. */
static xp_status pour(const xp_zip *z, const xp_zip_entry *e, FILE **file, xp_error *err) {
    FILE *f = tmpfile();
    xp_status s = f ? xp_zip_pour(z, e, write_piece, f, err)
                    : xp_fail(err, XP_ERR_IO, "no temporary file can be made for %.200s", e->path);
    if (s == XP_OK && (ferror(f) || fflush(f)))
        s = xp_fail(err, XP_ERR_IO, "no room in the folder of temporary files for %.200s", e->path);
    if (s == XP_OK)
        *file = f;
    else if (f)
        fclose(f);
    return s;
}

/* An archive in an archive; its bytes, where it is small, outlive it and are to be freed. */
static xp_status open_inner(xp_zip *inner, const xp_zip *z, const xp_zip_entry *e, const char *name,
                            uint8_t **bytes, xp_error *err) {
    FILE *file = NULL;
    if (e->size > XP_PACKED_LARGE) {
        XP_TRY(pour(z, e, &file, err));
        return xp_zip_open_file(inner, file, name, err);
    }
    XP_TRY(xp_zip_read(z, e, bytes, err));
    return xp_zip_open_bytes(inner, (xp_bytes){*bytes, (size_t)e->size}, name, err);
}

/* Go on into the archive `inside` of the one that is open. On error p may be closed all the same.
 */
static xp_status enter(xp_packed *p, const char *inside, xp_error *err) {
    xp_zip_entry *e = malloc(sizeof *e);
    char *name = joined(p->name, "/", inside);
    uint8_t *bytes = NULL;
    xp_zip zip;
    xp_status s = e && name ? XP_OK : no_memory(p->name, err);
    if (s == XP_OK && !xp_zip_find(&p->zip, inside, e))
        s = xp_fail(err, XP_ERR_NOT_FOUND, "%s is missing in %s", inside, p->name);
    if (s == XP_OK) s = open_inner(&zip, &p->zip, e, name, &bytes, err);
    free(e);
    if (s != XP_OK) {
        free(bytes);
        free(name);
        return s;
    }
    xp_zip_close(&p->zip);
    free(p->bytes);
    free(p->name);
    p->zip = zip;
    p->bytes = bytes;
    p->name = name;
    return XP_OK;
}

static xp_status too_deep(const char *path, xp_error *err) {
    return xp_fail(err, XP_ERR_UNSUPPORTED,
                   "%s lies in an archive that lies in another one: unpack the outermost", path);
}

static xp_status enter_all(xp_packed *p, const char *rest, xp_error *err) {
    for (int depth = 1;; depth++) {
        size_t n = next_archive(rest, 0);
        if (!n) break;
        if (depth >= XP_ARCHIVES_DEEP) return too_deep(rest, err);
        char *inside = strndup(rest, n);
        xp_status s = inside ? enter(p, inside, err) : no_memory(rest, err);
        free(inside);
        if (s == XP_ERR_NOT_FOUND) break; /* a folder of such a name */
        if (s != XP_OK) return s;
        rest += n + (rest[n] == '/');
    }
    p->folder = joined(rest, *rest && rest[strlen(rest) - 1] != '/' ? "/" : "", "");
    return p->folder ? XP_OK : no_memory(rest, err);
}

xp_status xp_packed_open(xp_packed **out, const char *dir, xp_error *err) {
    size_t n = xp_archive_length(dir);
    *out = NULL;
    if (!n) return XP_OK;
    xp_packed *p = calloc(1, sizeof *p);
    if (p) p->name = strndup(dir, n);
    xp_status s = p && p->name ? xp_zip_open(&p->zip, p->name, p->name, err) : no_memory(dir, err);
    if (s == XP_OK) s = enter_all(p, dir + n + strspn(dir + n, "/"), err);
    if (s == XP_OK)
        *out = p;
    else
        xp_packed_close(p);
    return s;
}

void xp_packed_close(xp_packed *p) {
    if (!p) return;
    xp_zip_close(&p->zip);
    free(p->bytes);
    free(p->name);
    free(p->folder);
    free(p);
}

/* ==== files ================================================================================== */

/* The entry of a file of the folder: to be freed; NULL where there is none. */
static xp_zip_entry *find(const xp_packed *p, const char *name) {
    xp_zip_entry *e = malloc(sizeof *e);
    char *path = joined(p->folder, "", name);
    bool there = e && path && xp_zip_find(&p->zip, path, e);
    free(path);
    if (there) return e;
    free(e);
    return NULL;
}

/* Where one differs in upper and lower case alone, that is what is wrong. */
static xp_status missing(const xp_packed *p, const char *name, xp_error *err) {
    xp_zip_entry *e = malloc(sizeof *e);
    char *path = joined(p->folder, "", name);
    bool like = false;
    for (size_t at = 0; e && path && !like && xp_zip_next(&p->zip, &at, e);)
        like = !strcasecmp(e->path, path);
    if (like)
        xp_fail(err, XP_ERR_NOT_FOUND,
                "%s%s is missing in %s, but there is %.200s: upper and lower case must agree; "
                "rename the file",
                p->folder, name, p->name, e->path);
    else
        xp_fail(err, XP_ERR_NOT_FOUND,
                "%s%s is missing in %s: zip it together with the record's other files", p->folder,
                name, p->name);
    free(path);
    free(e);
    return XP_ERR_NOT_FOUND;
}

/* Samples that were measured do not shrink to a hundredth. */
static xp_status check_size(const xp_zip_entry *e, xp_error *err) {
    enum { SMALL = 64 << 20, TIMES = 100 };
    if (e->size <= SMALL || e->size / TIMES <= e->packed) return XP_OK;
    return xp_fail(
        err, XP_ERR_LIMIT,
        "%.200s has %llu MB, packed into %llu kB: no recording is like that; if this one "
        "is, unpack it by hand",
        e->path, (unsigned long long)(e->size / 1000000), (unsigned long long)(e->packed / 1000));
}

xp_status xp_packed_read(const xp_packed *p, const char *name, uint8_t **bytes, size_t *size,
                         xp_error *err) {
    xp_zip_entry *e = find(p, name);
    if (!e) return missing(p, name, err);
    xp_status s = check_size(e, err);
    if (s == XP_OK) s = xp_zip_read(&p->zip, e, bytes, err);
    if (s == XP_OK) *size = (size_t)e->size;
    free(e);
    return s;
}

xp_status xp_packed_check(const xp_packed *p, const char *name, xp_error *err) {
    xp_zip_entry *e = find(p, name);
    if (!e) return missing(p, name, err);
    xp_status s = check_size(e, err);
    free(e);
    return s;
}

static xp_status read_start(const xp_zip *z, const xp_zip_entry *e, uint8_t *out, size_t *size,
                            xp_error *err) {
    xp_first_bytes s = {.out = out, .size = *size};
    XP_TRY(xp_zip_pour(z, e, xp_first_bytes_take, &s, err));
    *size = s.n;
    return XP_OK;
}

xp_status xp_packed_start(const xp_packed *p, const char *name, uint8_t *out, size_t *size,
                          xp_error *err) {
    xp_zip_entry *e = find(p, name);
    if (!e) return missing(p, name, err);
    xp_status s = read_start(&p->zip, e, out, size, err);
    free(e);
    return s;
}

xp_status xp_packed_unpack(const xp_packed *p, const char *name, FILE **file, xp_error *err) {
    xp_zip_entry *e = find(p, name);
    if (!e) return missing(p, name, err);
    xp_status s = pour(&p->zip, e, file, err);
    free(e);
    return s;
}

bool xp_packed_size(const xp_packed *p, const char *name, uint64_t *size) {
    xp_zip_entry *e = find(p, name);
    if (e) *size = e->size;
    free(e);
    return e != NULL;
}

/* ==== what is in an archive ================================================================== */

/* What macOS and Windows put beside people's files, and what is hidden. */
static bool is_junk(const char *path) {
    for (const char *part = path; *part;) {
        size_t n = strcspn(part, "/");
        if (part[0] == '.') return true;
        if (part[n] == '/' && n == 8 && !strncasecmp(part, "__MACOSX", n)) return true;
        if (!part[n]) return !strcasecmp(part, "thumbs.db") || !strcasecmp(part, "desktop.ini");
        part += n + 1;
    }
    return false;
}

typedef struct walk {
    const xp_archive_content *content;
    xp_zip_entry *entry; /* of the archive that is looked into */
    size_t *at;          /* owned; where the files of the listing are in the directory */
    int n, cap;
    bool ok;
    int reported; /* records and refusals */
} walk;

static void refuse(walk *w, const char *path, xp_status code, const char *sentence) {
    w->reported++;
    w->ok = w->ok && w->content->refused(w->content->ctx, path, code, sentence);
}

static void add(walk *w, xp_listing *l, size_t at) {
    if (w->n == w->cap) {
        int cap = w->cap ? 2 * w->cap : 64;
        size_t *more = realloc(w->at, (size_t)cap * sizeof *more);
        w->ok &= more != NULL;
        if (!more) return;
        w->at = more;
        w->cap = cap;
    }
    w->at[w->n++] = at;
    xp_listing_add(l, w->entry->path, w->entry->size);
}

/* What cannot be read says so when its record is opened. */
static void show(walk *w, const xp_zip *z, xp_listing *l) {
    size_t most;
    for (int i; (i = xp_listing_next(l, &most)) >= 0;) {
        size_t at = w->at[i], size = 0;
        bool there = xp_zip_next(z, &at, w->entry);
        if (there) size = w->entry->size < most ? (size_t)w->entry->size : most;
        uint8_t *bytes = malloc(size + 1);
        bool read = bytes && there && read_start(z, w->entry, bytes, &size, NULL) == XP_OK;
        xp_listing_show(l, i, (xp_bytes){bytes, read ? size : 0});
        free(bytes);
    }
}

static void tell_record(walk *w, const xp_listing *l, const char *archive,
                        const xp_listed_record *r) {
    const char *first = xp_listing_path(l, r->files[0].index), *slash = strrchr(first, '/');
    int n = slash ? (int)(slash + 1 - first) : 0;
    size_t size = strlen(archive) + (size_t)n + strlen(r->name) + 2;
    char *path = malloc(size);
    w->ok &= path != NULL;
    if (!path) return;
    snprintf(path, size, "%s/%.*s%s", archive, n, first, r->name);
    if (r->problem) {
        refuse(w, path, XP_ERR_FORMAT, r->problem);
    } else {
        w->reported++;
        w->ok = w->content->record(w->content->ctx, path);
    }
    free(path);
}

static void tell_records(walk *w, const xp_zip *z, const char *archive) {
    xp_listing *l = xp_listing_create();
    w->n = 0;
    for (size_t at = 0, from = 0; l && w->ok && xp_zip_next(z, &at, w->entry); from = at)
        if (!is_junk(w->entry->path) && !xp_is_zip_name(w->entry->path)) add(w, l, from);
    if (l && w->ok) show(w, z, l);
    int n = 0;
    const xp_listed_record *records = l ? xp_listing_records(l, &n) : NULL;
    w->ok &= records != NULL;
    for (int i = 0; w->ok && i < n; i++)
        if (records[i].n_files) tell_record(w, l, archive, &records[i]);
    xp_listing_free(l);
}

static void look_into(walk *w, const xp_zip *z, const char *archive, int depth);

/* The archive in an archive that w->entry is. */
static void look_into_entry(walk *w, const xp_zip *z, const char *archive, int depth) {
    xp_error err;
    xp_zip inner;
    uint8_t *bytes = NULL;
    char *path = joined(archive, "/", w->entry->path);
    w->ok &= path != NULL;
    if (!path) return;
    xp_status s = depth >= XP_ARCHIVES_DEEP ? too_deep(path, &err)
                                            : open_inner(&inner, z, w->entry, path, &bytes, &err);
    if (s == XP_OK) {
        look_into(w, &inner, path, depth);
        xp_zip_close(&inner);
    } else {
        refuse(w, path, s, err.text);
    }
    free(bytes);
    free(path);
}

static void look_into(walk *w, const xp_zip *z, const char *archive, int depth) {
    int before = w->reported;
    tell_records(w, z, archive);
    for (size_t at = 0; w->ok && xp_zip_next(z, &at, w->entry);)
        if (!is_junk(w->entry->path) && xp_is_zip_name(w->entry->path))
            look_into_entry(w, z, archive, depth + 1);
    if (w->ok && w->reported == before) {
        xp_error err;
        xp_fail(&err, XP_ERR_NOT_FOUND,
                "%s: there is no record in it: what makes one is told by `xplaim --help`", archive);
        refuse(w, archive, XP_ERR_NOT_FOUND, err.text);
    }
}

bool xp_archive_list(const char *path, const xp_archive_content *content) {
    xp_error err;
    xp_zip zip;
    walk w = {.content = content, .entry = malloc(sizeof *w.entry), .ok = true};
    if (!w.entry) return false;
    xp_status s = xp_zip_open(&zip, path, path, &err);
    if (s == XP_OK) {
        look_into(&w, &zip, path, 0);
        xp_zip_close(&zip);
    } else {
        refuse(&w, path, s, err.text);
    }
    free(w.entry);
    free(w.at);
    return w.ok;
}
