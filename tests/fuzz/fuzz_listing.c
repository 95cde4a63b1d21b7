/* Files by name and content: what they are, which records there are among them, and opening each.
 * Each file is a line with its path and then its content, up to the next NUL byte. */
#include "ecg/listing.h"
#include "ecg/reader.h"
#include "ecg/source_memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FILES = 12, MAX_PATH = 64 };

typedef struct files {
    xp_memory_file items[MAX_FILES];
    char paths[MAX_FILES][MAX_PATH];
    int n;
} files;

static void cut(files *f, const uint8_t *data, size_t size) {
    for (size_t at = 0; at < size && f->n < MAX_FILES; f->n++) {
        const uint8_t *end = memchr(data + at, 0, size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        const uint8_t *line = memchr(data + at, '\n', n);
        size_t path = line ? (size_t)(line - data) - at : n;
        memcpy(f->paths[f->n], data + at, path < MAX_PATH ? path : MAX_PATH - 1);
        f->items[f->n] = (xp_memory_file){f->paths[f->n], data + at + path + (line != NULL),
                                          n - path - (line != NULL)};
        at += n + 1;
    }
}

/* The record's own names stand for its files; every one that is there is. */
static void open_record(const files *f, const xp_listed_record *r) {
    xp_memory_file own[MAX_FILES];
    if (r->n_files > MAX_FILES) abort();
    for (int i = 0; i < r->n_files; i++) {
        if (r->files[i].index < 0 || r->files[i].index >= f->n) abort();
        own[i] = f->items[r->files[i].index];
        own[i].name = r->files[i].name;
    }
    xp_memory_files all = {own, r->n_files};
    xp_file_source src = xp_memory_source(&all);
    xp_record rec;
    xp_error err;
    if (xp_record_open(&rec, &src, r->name, NULL, &err) == XP_OK) xp_record_free(&rec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    files f = {.n = 0};
    int n;
    size_t bytes;
    cut(&f, data, size);
    xp_listing *l = xp_listing_create();
    if (!l) return 0;
    for (int i = 0; i < f.n; i++) xp_listing_add(l, f.items[i].name, f.items[i].size);
    for (int i; (i = xp_listing_next(l, &bytes)) >= 0;) {
        if (bytes > f.items[i].size) abort();
        xp_listing_show(l, i, (xp_bytes){f.items[i].data, bytes});
    }
    const xp_listed_record *records = xp_listing_records(l, &n);
    for (int i = 0; i < n; i++)
        if (!records[i].problem) open_record(&f, &records[i]);
    xp_listing_free(l);
    return 0;
}
