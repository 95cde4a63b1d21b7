#include "ecg/reader_path.h"

#include "base/file.h"
#include "base/memory_limit.h"
#include "ecg/source_dir.h"
#include "ecg/source_gz.h"
#include "ecg/source_zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== opening ================================================================================ */

/* The records of an archive, as far as one record needs to be told from several. */
typedef struct only {
    char *path; /* owned; of the first */
    int n;
    xp_error refusal; /* the first, where there is no record */
    xp_status code;
} only;

static bool take_record(void *ctx, const char *path) {
    only *o = ctx;
    if (!o->n++) o->path = strdup(path);
    return o->path != NULL;
}

static bool take_refusal(void *ctx, const char *path, xp_status code, const char *sentence) {
    only *o = ctx;
    (void)path;
    if (o->code == XP_OK) o->code = xp_fail(&o->refusal, code, "%s", sentence);
    return true;
}

/* The path of the only record of an archive, to be freed. */
static xp_status find_only(char **path, const char *archive, xp_error *err) {
    only o = {.code = XP_OK};
    const xp_archive_content content = {&o, take_record, take_refusal};
    xp_status s = XP_OK;
    if (!xp_archive_list(archive, &content))
        s = xp_fail(err, XP_ERR_MEMORY, "%s: not enough memory", archive);
    else if (o.n > 1)
        s = xp_fail(err, XP_ERR_USAGE,
                    "%s is an archive of %d recordings: name one in it, as %s (`xplaim info` lists "
                    "them)",
                    archive, o.n, o.path);
    else if (!o.n)
        s = xp_fail(err, o.code, "%s", o.refusal.text);
    if (s == XP_OK)
        *path = o.path;
    else
        free(o.path);
    return s;
}

/* Open the folder and find the record; on error d holds nothing. */
static xp_status find_in(xp_dir_source *d, xp_found_record *found, const char *path,
                         xp_error *err) {
    XP_TRY(xp_dir_source_open(d, path, err));
    xp_status s = xp_record_find(found, &d->source, d->name, err);
    if (s == XP_ERR_NOT_FOUND && xp_is_folder(path))
        s = xp_fail(err, XP_ERR_USAGE,
                    "%s is a folder: name one record in it, as %s/NAME (`xplaim info` lists them)",
                    d->name, d->name);
    if (s != XP_OK && d->failed != XP_OK) s = xp_fail(err, d->failed, "%s", d->failure.text);
    if (s != XP_OK) xp_dir_source_close(d);
    return s;
}

/* The same of what an archive holds, where that is one record. */
static xp_status find(xp_dir_source *d, xp_found_record *found, const char *path, xp_error *err) {
    char *inside = NULL;
    if (!*path || xp_archive_length(path) != strlen(path)) return find_in(d, found, path, err);
    XP_TRY(find_only(&inside, path, err));
    xp_status s = find_in(d, found, inside, err);
    free(inside);
    return s;
}

/* A file that is a record is read whole, its samples of two bytes become four, and eight as volts:
 * where the user names a limit, that is known before it is taken. */
static xp_status check_memory(const xp_dir_source *d, const xp_found_record *found,
                              const xp_read_options *opt, xp_error *err) {
    enum { TIMES = 7 };
    if (!opt || !opt->max_memory || opt->no_samples || found->format->endings) return XP_OK;
    char what[200];
    snprintf(what, sizeof what, "%.120s: reading it", found->name);
    return xp_memory_check(TIMES * (double)xp_source_size(&d->source, found->name), opt->max_memory,
                           what, "allow more with --max-memory, or cut the recording", err);
}

xp_status xp_stored_open_path(xp_stored *w, const char *path, const xp_read_options *opt,
                              xp_error *err) {
    xp_dir_source d;
    xp_found_record found;
    XP_TRY(find(&d, &found, path, err));
    xp_status s = check_memory(&d, &found, opt, err);
    if (s == XP_OK) s = xp_found_read(w, &found, &d.source, opt, err);
    if (s != XP_OK && d.failed != XP_OK) s = xp_fail(err, d.failed, "%s", d.failure.text);
    xp_dir_source_close(&d);
    return s;
}

xp_status xp_record_open_path(xp_record *rec, const char *path, const xp_read_options *opt,
                              xp_error *err) {
    xp_stored w;
    XP_TRY(xp_stored_open_path(&w, path, opt, err));
    xp_status s = xp_stored_to_record(rec, &w, err);
    xp_stored_free(&w);
    return s;
}

bool xp_is_file_at(const char *path) {
    xp_dir_source d;
    uint8_t none[1];
    size_t size = 0;
    if (!xp_archive_length(path)) return xp_is_file(path);
    if (xp_dir_source_open(&d, path, NULL) != XP_OK) return false;
    bool there = xp_source_part(&d.source, d.name, 0, none, &size, NULL);
    xp_dir_source_close(&d);
    return there;
}

/* ==== listing ================================================================================ */

void xp_listing_add_file(xp_listing *l, const char *dir, const char *name) {
    char *path = xp_path_of(dir, name), *held = NULL;
    if (path && xp_gz_is(path)) held = strndup(name, strlen(name) - 3);
    free(path);
    xp_listing_add(l, held ? held : name, xp_file_size(dir, name));
    free(held);
}

/* size bytes from the beginning of a file, or of what the one with ".gz" behind its name holds. */
static size_t read_start(const char *dir, const char *name, uint8_t *out, size_t size) {
    char *path = xp_path_of(dir, name);
    FILE *f = path ? fopen(path, "rb") : NULL;
    char *gz = path && !f ? xp_gz_path(path) : NULL;
    size_t n = f ? fread(out, 1, size, f) : gz ? xp_gz_start(gz, out, size) : 0;
    if (f) fclose(f);
    free(gz);
    free(path);
    return n;
}

void xp_listing_read_folder(xp_listing *l, const char *dir) {
    size_t size;
    for (int i; (i = xp_listing_next(l, &size)) >= 0;) {
        uint8_t *start = malloc(size + 1);
        size_t n = start ? read_start(dir, xp_listing_path(l, i), start, size) : 0;
        xp_listing_show(l, i, (xp_bytes){start, n});
        free(start);
    }
}

/* ==== a record's files ======================================================================= */

typedef struct names {
    char **items; /* owned */
    int n;
    bool failed;
} names;

static void add_name(names *list, const char *name) {
    char **items = realloc(list->items, ((size_t)list->n + 1) * sizeof *items);
    if (items) list->items = items;
    char *copy = items ? strdup(name) : NULL;
    if (copy)
        items[list->n++] = copy;
    else
        list->failed = true;
}

/* Add what the first record of these names needs besides; false when there was nothing to add. */
static bool add_needed(names *list, const char *dir) {
    int n, before = list->n;
    xp_listing *l = xp_listing_create();
    for (int i = 0; l && i < list->n; i++)
        xp_listing_add(l, list->items[i], xp_file_size(dir, list->items[i]));
    if (l) xp_listing_read_folder(l, dir);
    const xp_listed_record *r = l ? xp_listing_records(l, &n) : NULL;
    for (int i = 0; r && n && i < r->n_missing && !list->failed; i++)
        add_name(list, r->files[r->n_files + i].name);
    xp_listing_free(l);
    return list->n > before && !list->failed;
}

/* As it is, and as gzip packs it. */
static bool show_file(const char *dir, const char *name, bool (*each)(void *ctx, const char *file),
                      void *ctx) {
    char *file = xp_path_of(dir, name), *gz = file ? xp_gz_path(file) : NULL;
    const bool hit = gz && (each(ctx, file) || each(ctx, gz));
    free(gz);
    free(file);
    return hit;
}

bool xp_record_each_file(const char *path, bool (*each)(void *ctx, const char *file), void *ctx) {
    enum { ROUNDS = 3 }; /* the header, its segments', their signals */
    xp_dir_source d;
    xp_found_record found;
    names list = {0};
    size_t archive = xp_archive_length(path);
    if (archive) { /* its files are one */
        char *file = strndup(path, archive);
        bool is_it = file && each(ctx, file);
        free(file);
        return is_it;
    }
    if (find(&d, &found, path, NULL) != XP_OK) return false;
    char first[sizeof found.name + 16];
    snprintf(first, sizeof first, "%s%s", found.name,
             found.format->endings ? found.format->endings[0] : "");
    add_name(&list, first);
    for (int i = 0; i < ROUNDS && add_needed(&list, d.dir); i++) {
    }
    bool hit = false;
    for (int i = 0; i < list.n && !hit; i++) {
        const char *slash = strrchr(list.items[i], '/'); /* then beside the header, too */
        hit = show_file(d.dir, list.items[i], each, ctx) ||
              (slash && show_file(d.dir, slash + 1, each, ctx));
    }
    for (int i = 0; i < list.n; i++) free(list.items[i]);
    free(list.items);
    xp_dir_source_close(&d);
    return hit;
}

/* Without the ending, which path does not have. */
static bool real_path_of(const char *path, const char *ending, char *out, size_t size) {
    size_t n = strlen(path) + strlen(ending) + 1;
    char *file = malloc(n);
    if (file) snprintf(file, n, "%s%s", path, ending);
    char *full = file ? realpath(file, NULL) : NULL;
    size_t length = full ? strlen(full) - strlen(ending) : size;
    if (length < size) snprintf(out, size, "%.*s", (int)length, full);
    free(full);
    free(file);
    return length < size;
}

/* Of an archive, and what follows it in path. */
static bool real_path_in(const char *path, size_t archive, char *out, size_t size) {
    char *file = strndup(path, archive), *full = file ? realpath(file, NULL) : NULL;
    int n = full ? snprintf(out, size, "%s%s", full, path + archive) : -1;
    free(full);
    free(file);
    return n >= 0 && (size_t)n < size;
}

bool xp_record_real_path(const char *path, char *out, size_t size) {
    size_t archive = xp_archive_length(path);
    if (archive) return real_path_in(path, archive, out, size);
    for (int i = 0; xp_formats[i]; i++) {
        const char *const *endings = xp_formats[i]->endings;
        if (real_path_of(path, endings ? endings[0] : "", out, size)) return true;
    }
    return real_path_of(path, ".gz", out, size);
}
