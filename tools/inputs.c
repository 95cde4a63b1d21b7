#include "inputs.h"

#include "ecg/files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 32 }; /* folders within folders */

/* The headers of one folder: names without .hea, and whether another record has it as segment. */
typedef struct header_name {
    char *name; /* owned */
    bool segment;
} header_name;

typedef struct folder {
    header_name *headers; /* owned */
    int n_headers;
    char **folders; /* owned; sub-folders */
    int n_folders;
} folder;

static xp_status no_memory(xp_error *err) {
    return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the list of inputs");
}

bool path_ends_with(const char *text, const char *end) {
    size_t n = strlen(text), k = strlen(end);
    return n > k && !strcasecmp(text + n - k, end);
}

static bool is_folder(const char *path, bool follow_links) {
    struct stat st;
    int r = follow_links ? stat(path, &st) : lstat(path, &st);
    return r == 0 && S_ISDIR(st.st_mode);
}

static char *join(const char *dir, const char *name, const char *suffix) {
    size_t n = strlen(dir), size = n + strlen(name) + strlen(suffix) + 2;
    char *p = malloc(size);
    if (p) snprintf(p, size, "%s%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name, suffix);
    return p;
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

/* ==== one folder ============================================================================= */

static bool add_header(folder *f, const char *file) {
    header_name *h = realloc(f->headers, (size_t)(f->n_headers + 1) * sizeof *h);
    if (!h) return false;
    f->headers = h;
    h[f->n_headers] = (header_name){strndup(file, strlen(file) - strlen(".hea")), false};
    return h[f->n_headers++].name != NULL;
}

static bool add_folder(folder *f, char *path) {
    char **p = path ? realloc(f->folders, (size_t)(f->n_folders + 1) * sizeof *p) : NULL;
    if (!p) return false;
    f->folders = p;
    p[f->n_folders++] = path;
    return true;
}

static bool list_folder(folder *f, DIR *d, const char *path) {
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        char *full = join(path, e->d_name, "");
        if (full && is_folder(full, false)) {
            ok = add_folder(f, full);
            continue;
        }
        ok = full && (!path_ends_with(e->d_name, ".hea") || add_header(f, e->d_name));
        free(full);
    }
    return ok;
}

static int compare_headers(const void *a, const void *b) {
    return strcmp(((const header_name *)a)->name, ((const header_name *)b)->name);
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_folder(folder *f) {
    for (int i = 0; i < f->n_headers; i++) free(f->headers[i].name);
    for (int i = 0; i < f->n_folders; i++) free(f->folders[i]);
    free(f->headers);
    free(f->folders);
}

static void mark_segment(folder *f, const char *name, size_t n) {
    for (int i = 0; i < f->n_headers; i++)
        if (strlen(f->headers[i].name) == n && !memcmp(f->headers[i].name, name, n))
            f->headers[i].segment = true;
}

/* header(5): a record line "NAME/SEGMENTS ..." is followed by one line a segment, "NAME LENGTH". */
static void mark_segments(folder *f, const char *text) {
    bool first = true;
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\r\n");
        if (n > 0 && *line != '#') {
            size_t word = strcspn(line, " \t\r\n");
            if (first && !memchr(line, '/', word)) return;
            if (!first) mark_segment(f, line, word);
            first = false;
        }
        line += n + strspn(line + n, "\r\n");
    }
}

/* Which headers are segments of others. A header that cannot be read says so in its turn. */
static void find_segments(folder *f, const char *path) {
    for (int i = 0; i < f->n_headers; i++) {
        uint8_t *data;
        size_t size;
        char *file = join(path, f->headers[i].name, ".hea");
        if (file && xp_file_read(file, &data, &size, NULL) == XP_OK) {
            char *text = strndup((char *)data, size);
            if (text) mark_segments(f, text);
            free(text);
            free(data);
        }
        free(file);
    }
}

static bool append_records(input_list *list, const folder *f, const char *path) {
    bool ok = true;
    for (int i = 0; ok && i < f->n_headers; i++) {
        if (f->headers[i].segment) continue;
        char *record = join(path, f->headers[i].name, "");
        ok = record && append(list, INPUT_RECORD, record);
        free(record);
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
        if (f.headers) qsort(f.headers, (size_t)f.n_headers, sizeof *f.headers, compare_headers);
        if (f.folders) qsort(f.folders, (size_t)f.n_folders, sizeof *f.folders, compare_texts);
        find_segments(&f, path);
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
    return append_missing(list, path, XP_ERR_NOT_FOUND,
                          "no record in this folder or below it: a record needs a .hea file", err);
}

static xp_status expand(input_list *list, const char *word, xp_error *err) {
    if (!*word) return xp_fail(err, XP_ERR_USAGE, "an input's name is empty");
    if (is_folder(word, true)) return expand_folder(list, word, err);
    input *in = append(list, path_ends_with(word, ".npy") ? INPUT_NPY : INPUT_RECORD, word);
    if (!in) return no_memory(err);
    if (in->kind == INPUT_RECORD && path_ends_with(word, ".hea"))
        in->path[strlen(word) - strlen(".hea")] = 0;
    return XP_OK;
}

xp_status inputs_expand(input_list *list, char **words, int n, xp_error *err) {
    *list = (input_list){0};
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < n; i++) s = expand(list, words[i], err);
    if (s != XP_OK) inputs_free(list);
    return s;
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
    return path && stat(path, &st) == 0 && st.st_dev == output->st_dev &&
           st.st_ino == output->st_ino;
}

/* Whether output is path's header or one of the files that it names (a segment: its files too). */
static bool is_of_record(const char *path, const struct stat *output, int depth) {
    const char *slash = strrchr(path, '/');
    char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    char *header = dir ? join(dir, slash ? slash + 1 : path, ".hea") : NULL;
    uint8_t *data;
    size_t size;
    bool hit = same_file(header, output);
    if (!hit && header && xp_file_read(header, &data, &size, NULL) == XP_OK) {
        char *text = strndup((char *)data, size), *rest = text, *line;
        free(data);
        while (!hit && text && (line = strsep(&rest, "\r\n"))) {
            line[strcspn(line, " \t/")] = 0;
            char *file = *line && *line != '#' ? join(dir, line, "") : NULL;
            hit = file && (same_file(file, output) ||
                           (depth == 0 && is_of_record(file, output, depth + 1)));
            free(file);
        }
        free(text);
    }
    free(header);
    free(dir);
    return hit;
}

/* path: a record, with or without the ending of one of its files, or any other file. */
static bool is_input(const char *path, const struct stat *output) {
    if (same_file(path, output) || is_of_record(path, output, 0)) return true;
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/')) return false;
    char *record = strndup(path, (size_t)(dot - path));
    bool hit = record && is_of_record(record, output, 0);
    free(record);
    return hit;
}

xp_status inputs_check_output(char **words, int n, const char *output, xp_error *err) {
    struct stat st;
    if (stat(output, &st) != 0 || !S_ISREG(st.st_mode)) return XP_OK;
    input_list list;
    XP_TRY(inputs_expand(&list, words, n, err));
    bool hit = false;
    for (int i = 0; !hit && i < list.n; i++) hit = is_input(list.items[i].path, &st);
    inputs_free(&list);
    if (!hit) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE,
                   "%s is an input, which writing would destroy: name another file", output);
}

/* ==== records ================================================================================ */

xp_status input_read_wfdb(xp_wfdb *w, const char *path, xp_error *err) {
    xp_dir_source dir;
    XP_TRY(xp_dir_source_open(&dir, path, err));
    xp_status s = xp_wfdb_read(w, dir.record, &dir.source, err);
    xp_dir_source_close(&dir);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}

xp_status input_read_record(xp_record *rec, const char *path, xp_error *err) {
    xp_wfdb w;
    XP_TRY(input_read_wfdb(&w, path, err));
    xp_status s = xp_wfdb_to_record(rec, &w, err);
    xp_wfdb_free(&w);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}
