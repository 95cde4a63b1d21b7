#include "inputs.h"

#include "base/file.h"
#include "ecg/reader_path.h"
#include "ecg/source_zip.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 32 }; /* folders within folders */

typedef struct folder {
    char **files, **folders; /* owned; names, and paths of sub-folders */
    int n_files, n_folders;
} folder;

static xp_status no_memory(xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the list of inputs");
}

static bool is_folder(const char *path, bool follow_links) {
    struct stat st;
    int r = follow_links ? stat(path, &st) : lstat(path, &st);
    return r == 0 && S_ISDIR(st.st_mode);
}

static input *append(input_list *list, input_kind kind, const char *path) {
    if (list->n == list->cap) {
        int cap = list->cap ? 2 * list->cap : 16;
        input *items = realloc(list->items, (size_t)cap * sizeof *items);
        if (!items) return NULL;
        list->items = items;
        list->cap = cap;
    }
    char *copy = strdup(path);
    if (!copy) return NULL;
    list->items[list->n] = (input){.kind = kind, .path = copy};
    return &list->items[list->n++];
}

static xp_status append_missing(input_list *list, const char *path, xp_status code,
                                const char *what, xp_error *err) {
    input *in = append(list, INPUT_MISSING, path);
    xp_error *error = in ? malloc(sizeof *error) : NULL;
    if (!error) return no_memory(err);
    xp_fail(error, code, "%s: %s", path, what);
    in->error = error;
    return XP_OK;
}

static void free_input(input *in) {
    free(in->path);
    free(in->error);
}

static bool append_refused(void *ctx, const char *path, xp_status code, const char *sentence) {
    input *in = append(ctx, INPUT_MISSING, path);
    in = in && (in->error = malloc(sizeof *in->error)) ? in : NULL;
    if (in) xp_fail(in->error, code, "%s", sentence);
    return in != NULL;
}

static bool append_record(void *ctx, const char *path) {
    return append(ctx, INPUT_RECORD, path) != NULL;
}

static bool append_archive(input_list *list, const char *path) {
    const xp_archive_content content = {list, append_record, append_refused};
    return xp_archive_list(path, &content);
}

/* One among the files of a folder: where it holds no record it is as any other file there. */
static bool append_found_archive(input_list *list, const char *path) {
    int before = list->n;
    if (!append_archive(list, path)) return false;
    bool none = list->n == before + 1 && list->items[before].kind == INPUT_MISSING &&
                list->items[before].error->code == XP_ERR_NOT_FOUND;
    if (none) free_input(&list->items[--list->n]);
    return true;
}

/* ==== one folder ============================================================================= */

/* text becomes the list's. */
static bool add_text(char ***list, int *n, char *text) {
    char **p = text ? realloc(*list, (size_t)(*n + 1) * sizeof *p) : NULL;
    if (!p) {
        free(text);
        return false;
    }
    *list = p;
    p[(*n)++] = text;
    return true;
}

static bool list_folder(folder *f, DIR *d, const char *path) {
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        char *full = xp_path_of(path, e->d_name);
        if (full && is_folder(full, false)) {
            ok = add_text(&f->folders, &f->n_folders, full);
            continue;
        }
        ok = full && add_text(&f->files, &f->n_files, strdup(e->d_name));
        free(full);
    }
    return ok;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_texts(char **list, int n) {
    if (n) qsort(list, (size_t)n, sizeof *list, compare_texts);
}

static void free_folder(folder *f) {
    for (int i = 0; i < f->n_files; i++) free(f->files[i]);
    for (int i = 0; i < f->n_folders; i++) free(f->folders[i]);
    free(f->files);
    free(f->folders);
}

static bool append_records(input_list *list, const folder *f, const char *path) {
    int n;
    xp_listing *l = xp_listing_create();
    for (int i = 0; l && i < f->n_files; i++)
        /* A file that cannot be looked at says so when its record is read. */
        xp_listing_add_file(l, path, f->files[i]);
    if (l) xp_listing_read_folder(l, path);
    const xp_listed_record *records = l ? xp_listing_records(l, &n) : NULL;
    bool ok = records != NULL;
    for (int i = 0; ok && i < n; i++) {
        char *record = xp_path_of(path, records[i].name);
        ok = record && append(list, INPUT_RECORD, record);
        free(record);
    }
    xp_listing_free(l);
    for (int i = 0; ok && i < f->n_files; i++) {
        if (!xp_is_zip_name(f->files[i])) continue;
        char *archive = xp_path_of(path, f->files[i]);
        ok = archive != NULL;
        if (ok && xp_archive_length(archive) == strlen(archive))
            ok = append_found_archive(list, archive);
        free(archive);
    }
    return ok;
}

static xp_status walk(input_list *list, const char *path, int depth, xp_error *err) {
    DIR *d = opendir(path);
    if (!d) return append_missing(list, path, XP_ERR_IO, "this folder cannot be read", err);
    folder f = {0};
    bool ok = list_folder(&f, d, path);
    closedir(d);
    if (ok) {
        sort_texts(f.files, f.n_files);
        sort_texts(f.folders, f.n_folders);
        ok = append_records(list, &f, path);
    }
    xp_status s = ok ? XP_OK : no_memory(err);
    for (int i = 0; s == XP_OK && depth < MAX_DEPTH && i < f.n_folders; i++)
        s = walk(list, f.folders[i], depth + 1, err);
    free_folder(&f);
    return s;
}

/* ==== words ================================================================================== */

static xp_status expand_folder(input_list *list, const char *path, xp_error *err) {
    int before = list->n;
    XP_TRY(walk(list, path, 0, err));
    if (list->n > before) return XP_OK;
    return append_missing(
        list, path, XP_ERR_NOT_FOUND,
        "no record in this folder or below it: what makes one is told by `xplaim --help`", err);
}

static xp_status expand(input_list *list, const char *word, xp_error *err) {
    if (!*word) return xp_fail(err, XP_ERR_USAGE, "an input's name is empty");
    if (is_folder(word, true)) return expand_folder(list, word, err);
    if (xp_archive_length(word) == strlen(word))
        return append_archive(list, word) ? XP_OK : no_memory(err);
    input *in = append(list, xp_name_ends_with(word, ".npy") ? INPUT_NPY : INPUT_RECORD, word);
    if (!in) return no_memory(err);
    if (in->kind == INPUT_RECORD) in->path[xp_header_stem(word)] = 0;
    return XP_OK;
}

xp_status inputs_expand(input_list *list, char **words, int n, xp_error *err) {
    *list = (input_list){0};
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < n; i++) s = expand(list, words[i], err);
    if (s != XP_OK) inputs_free(list);
    return s;
}

xp_status inputs_note(input_list *list, const char *path, xp_error *err) {
    return append(list, INPUT_RECORD, path) ? XP_OK : no_memory(err);
}

void inputs_free(input_list *list) {
    for (int i = 0; i < list->n; i++) free_input(&list->items[i]);
    free(list->items);
    *list = (input_list){0};
}

void inputs_keep_share(input_list *list, int rank, int processes) {
    const int begin = (int)((long long)list->n * rank / processes);
    const int end = (int)((long long)list->n * (rank + 1) / processes);
    for (int i = 0; i < list->n; i++)
        if (i < begin || i >= end) free_input(&list->items[i]);
    memmove(list->items, list->items + begin, (size_t)(end - begin) * sizeof *list->items);
    list->n = end - begin;
}

/* ==== outputs that are inputs ================================================================ */

static bool same_file(const char *path, const struct stat *output) {
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == output->st_dev && st.st_ino == output->st_ino;
}

static bool is_same_file(void *output, const char *path) {
    return same_file(path, output);
}

xp_status inputs_check_output(char **words, int n, const char *output, xp_error *err) {
    struct stat st;
    if (stat(output, &st) != 0 || !S_ISREG(st.st_mode)) return XP_OK;
    input_list list;
    XP_TRY(inputs_expand(&list, words, n, err));
    bool hit = false;
    for (int i = 0; !hit && i < list.n; i++)
        hit = same_file(list.items[i].path, &st) ||
              xp_record_each_file(list.items[i].path, is_same_file, &st);
    inputs_free(&list);
    if (!hit) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "%s is an input, which writing would destroy: name another file", output);
}

/* ==== records ================================================================================ */

void inputs_read_arrays(input_list *list, const xp_read_options *known) {
    if (!(known->rate > 0) && !known->unit && !known->columns) return;
    for (int i = 0; i < list->n; i++)
        if (list->items[i].kind == INPUT_NPY) list->items[i].kind = INPUT_RECORD;
}

xp_status input_read_stored(xp_stored *w, const char *path, const xp_read_options *known,
                            xp_error *err) {
    xp_status s = xp_stored_open_path(w, path, known, err);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}

xp_status input_read_record(xp_record *rec, const char *path, const xp_read_options *known,
                            xp_error *err) {
    xp_status s = xp_record_open_path(rec, path, known, err);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}
