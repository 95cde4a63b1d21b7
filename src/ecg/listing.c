#include "ecg/listing.h"

#include "base/compose.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_HEADER = 1 << 20 }; /* a larger one is taken to name nothing */

typedef struct file {
    char *path;    /* owned; composed */
    char *own;     /* owned; as it was added, where that differs; NULL */
    size_t folder; /* length of its folder in path, with the slash behind it */
    uint64_t size;
    int header; /* index in headers, or -1 */
    bool taken; /* belongs to a record */
    xp_sniffed sniffed;
} file;

typedef struct name_list {
    char **items; /* owned, as the names are */
    int n, cap;
} name_list;

/* What a header says. */
typedef struct header {
    int file;
    const xp_format *format;
    char detail[32];
    name_list needs, parts;
    bool is_part;
} header;

typedef struct record {
    xp_listed_record out;
    char *name, *type, *problem; /* owned */
    xp_listed_file *files;       /* owned, as the names are */
    int n_files, cap;
} record;

typedef enum phase { PHASE_HEADERS, PHASE_OTHERS, PHASE_DONE } phase;

struct xp_listing {
    file *files;
    int n_files, cap_files;
    header *headers;
    int n_headers, cap_headers;
    record *records;
    int n_records, cap_records;
    xp_listed_other *others;
    xp_listed_record *listed;
    int n_others;
    int *order;       /* (n_files) by path, letters in any case */
    int *last_record; /* (n_files) 1 + the record that the file was last put into */
    phase phase;
    bool started, failed; /* failed: no memory */
    int next, asked;      /* asked: files that were asked for and not shown */
};

/* list with room for one more of `each` bytes behind its n; NULL, and failed, without memory. */
static void *grown(xp_listing *l, void *list, int n, int *cap, size_t each) {
    if (n < *cap) return list;
    int larger = *cap ? 2 * *cap : 8;
    void *p = realloc(list, (size_t)larger * each);
    if (p)
        *cap = larger;
    else
        l->failed = true;
    return p;
}

static char *copy_text(xp_listing *l, const char *text, size_t n) {
    char *p = strndup(text, n);
    if (!p) l->failed = true;
    return p;
}

static void add_name(xp_listing *l, name_list *list, const char *name) {
    char *copy = copy_text(l, name, strlen(name));
    if (copy) xp_compose(copy);
    char **items = grown(l, list->items, list->n, &list->cap, sizeof *items);
    if (items) list->items = items;
    if (items && copy)
        items[list->n++] = copy;
    else
        free(copy);
}

static void free_names(name_list *list) {
    for (int i = 0; i < list->n; i++) free(list->items[i]);
    free(list->items);
}

xp_listing *xp_listing_create(void) {
    return calloc(1, sizeof(xp_listing));
}

static void free_record(record *r) {
    for (int i = 0; i < r->n_files; i++) free((char *)(uintptr_t)r->files[i].name);
    free(r->files);
    free(r->name);
    free(r->type);
    free(r->problem);
}

void xp_listing_free(xp_listing *l) {
    if (!l) return;
    for (int i = 0; i < l->n_files; i++) {
        free(l->files[i].path);
        free(l->files[i].own);
    }
    for (int i = 0; i < l->n_headers; i++) {
        free_names(&l->headers[i].needs);
        free_names(&l->headers[i].parts);
    }
    for (int i = 0; i < l->n_records; i++) free_record(&l->records[i]);
    free(l->files);
    free(l->headers);
    free(l->records);
    free(l->others);
    free(l->listed);
    free(l->order);
    free(l->last_record);
    free(l);
}

void xp_listing_add(xp_listing *l, const char *path, uint64_t size) {
    file *files = grown(l, l->files, l->n_files, &l->cap_files, sizeof *files);
    if (!files) return;
    l->files = files;
    char *copy = copy_text(l, path, strlen(path));
    if (!copy) return;
    xp_compose(copy);
    const char *slash = strrchr(copy, '/');
    files[l->n_files++] =
        (file){.path = copy,
               .own = strcmp(copy, path) ? copy_text(l, path, strlen(path)) : NULL,
               .folder = slash ? (size_t)(slash + 1 - copy) : 0,
               .size = size,
               .header = -1};
}

const char *xp_listing_path(const xp_listing *l, int index) {
    return l->files[index].own ? l->files[index].own : l->files[index].path;
}

static const char *base(const file *f) {
    return f->path + f->folder;
}

/* ==== files by name ========================================================================== */

/* A file beside its place in the list, so that files of one name keep their order. */
typedef struct sorted {
    const char *path;
    int index;
} sorted;

static int compare_sorted(const void *a, const void *b) {
    const sorted *x = a, *y = b;
    int c = strcasecmp(x->path, y->path);
    return c ? c : (x->index > y->index) - (x->index < y->index);
}

static void sort_files(xp_listing *l) {
    size_t n = (size_t)l->n_files + 1;
    sorted *s = malloc(n * sizeof *s);
    l->order = malloc(n * sizeof *l->order);
    l->last_record = calloc(n, sizeof *l->last_record);
    if (!s || !l->order || !l->last_record) {
        free(s);
        l->failed = true;
        return;
    }
    for (int i = 0; i < l->n_files; i++) s[i] = (sorted){l->files[i].path, i};
    qsort(s, (size_t)l->n_files, sizeof *s, compare_sorted);
    for (int i = 0; i < l->n_files; i++) l->order[i] = s[i].index;
    free(s);
}

/* Whether path is folder (n bytes) and then name, the latter with letters in any case; with whole
 * false, path may go on. <0, 0, >0 as strcasecmp over all of it. */
static int compare_path(const char *path, const char *folder, size_t n, const char *name,
                        bool whole) {
    int c = strncasecmp(path, folder, n);
    if (c) return c;
    return whole ? strcasecmp(path + n, name) : strncasecmp(path + n, name, strlen(name));
}

/* Files of one name in one folder, in any case: a run of order. */
typedef struct search {
    const xp_listing *l;
    const char *folder, *name;
    size_t n;
    bool whole;
    int at;
} search;

static search search_begin(const xp_listing *l, int beside, const char *name, bool whole) {
    const file *f = &l->files[beside];
    search s = {l, f->path, name, f->folder, whole, 0};
    int low = 0, high = l->n_files;
    while (low < high) {
        int mid = low + (high - low) / 2;
        const char *path = l->files[l->order[mid]].path;
        if (compare_path(path, s.folder, s.n, name, whole) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    s.at = low;
    return s;
}

/* The next file found, or -1. The folder's own name counts with its case. */
static int search_next(search *s) {
    while (s->at < s->l->n_files) {
        int i = s->l->order[s->at++];
        const char *path = s->l->files[i].path;
        if (compare_path(path, s->folder, s->n, s->name, s->whole)) break;
        if (!memcmp(path, s->folder, s->n)) return i;
    }
    return -1;
}

/* Every file of that name below the folder of the record's header; where there is none, of its last
 * part, beside the header. */
static search search_named(const xp_listing *l, int beside, const char *name) {
    const char *slash = strrchr(name, '/');
    search s = search_begin(l, beside, name, true), probe = s;
    return slash && search_next(&probe) < 0 ? search_begin(l, beside, slash + 1, true) : s;
}

/* ==== headers ================================================================================ */

static void take_needed(void *ctx, const char *name) {
    xp_listing *l = ctx;
    name_list *needs = &l->headers[l->n_headers - 1].needs;
    if (!needs->n || strcmp(needs->items[needs->n - 1], name)) add_name(l, needs, name);
}

static bool take_part(void *ctx, const char *name) {
    xp_listing *l = ctx;
    name_list *parts = &l->headers[l->n_headers - 1].parts;
    if (parts->n && !strcmp(parts->items[parts->n - 1], name)) return false;
    add_name(l, parts, name);
    return true;
}

static void take_detail(void *ctx, const char *text) {
    xp_listing *l = ctx;
    header *h = &l->headers[l->n_headers - 1];
    snprintf(h->detail, sizeof h->detail, "%s", text);
}

static void read_header(xp_listing *l, int index, xp_bytes text) {
    file *f = &l->files[index];
    header *headers = grown(l, l->headers, l->n_headers, &l->cap_headers, sizeof *headers);
    if (!headers) return;
    l->headers = headers;
    f->header = l->n_headers++;
    headers[f->header] = (header){.file = index, .format = f->sniffed.format};
    const xp_header_names out = {l, take_needed, take_part, take_detail};
    if (text.size && !f->sniffed.format->list(&out, text)) l->failed = true;
}

/* A header that names itself among its parts, or is named by its own part, stays a record. */
static void mark_parts(xp_listing *l) {
    for (int i = 0; i < l->n_headers; i++)
        for (int k = 0; k < l->headers[i].parts.n; k++) {
            search s = search_named(l, l->headers[i].file, l->headers[i].parts.items[k]);
            for (int f; (f = search_next(&s)) >= 0;)
                if (l->files[f].header >= 0 && l->files[f].header != i)
                    l->headers[l->files[f].header].is_part = true;
        }
}

/* ==== records ================================================================================ */

/* A file's name as its record says it, whose header is in a folder of `folder` bytes: a header's
 * ending in the format's own spelling. */
static char *own_name(xp_listing *l, int index, size_t folder) {
    const file *f = &l->files[index];
    char *name = copy_text(l, f->path + folder, strlen(f->path + folder));
    if (name && f->header >= 0) {
        const char *ending = l->headers[f->header].format->endings[0];
        memcpy(name + strlen(name) - strlen(ending), ending, strlen(ending));
    }
    return name;
}

static void put_file(xp_listing *l, record *r, int index, char *name) {
    xp_listed_file *files = grown(l, r->files, r->n_files, &r->cap, sizeof *files);
    if (files) r->files = files;
    if (files && name)
        files[r->n_files++] = (xp_listed_file){index, name};
    else
        free(name);
}

static void put_found(xp_listing *l, record *r, int index, size_t folder) {
    int number = (int)(r - l->records) + 1;
    if (l->last_record[index] == number) return;
    l->last_record[index] = number;
    l->files[index].taken = true;
    put_file(l, r, index, own_name(l, index, folder));
}

/* name, behind n bytes of the folder of the header that names it. */
static void put_missing(xp_listing *l, record *r, const char *folder, size_t n, const char *name) {
    size_t size = n + strlen(name) + 1;
    char *text = malloc(size);
    l->failed |= !text;
    if (text) snprintf(text, size, "%.*s%s", (int)n, folder, name);
    put_file(l, r, -1, text);
}

/* The files of that name, of which header `beside` speaks, of the record whose header h is: itself,
 * or one of its parts. Which one is meant, where there are several, is for open to say. */
static void put_named(xp_listing *l, record *r, const header *h, int beside, const char *name) {
    size_t folder = l->files[h->file].folder;
    search s = search_named(l, beside, name);
    int f = search_next(&s);
    if (f < 0) put_missing(l, r, l->files[beside].path + folder, s.n - folder, name);
    for (; f >= 0; f = search_next(&s)) put_found(l, r, f, folder);
}

static void put_all(xp_listing *l, record *r, const header *h, int beside, const name_list *names) {
    for (int i = 0; i < names->n; i++) put_named(l, r, h, beside, names->items[i]);
}

static void put_parts(xp_listing *l, record *r, const header *h) {
    for (int i = 0; i < h->parts.n; i++) {
        put_named(l, r, h, h->file, h->parts.items[i]);
        search s = search_named(l, h->file, h->parts.items[i]);
        for (int f; (f = search_next(&s)) >= 0;)
            if (l->files[f].header >= 0) put_all(l, r, h, f, &l->headers[l->files[f].header].needs);
    }
}

/* Files that are not there come last. */
static void sort_missing(xp_listing *l, record *r) {
    xp_listed_file *list = malloc(((size_t)r->n_files + 1) * sizeof *list);
    if (!list) {
        l->failed = true;
        return;
    }
    int n = 0;
    for (int i = 0; i < r->n_files; i++)
        if (r->files[i].index >= 0) list[n++] = r->files[i];
    r->out.n_files = n;
    for (int i = 0; i < r->n_files; i++)
        if (r->files[i].index < 0) list[n++] = r->files[i];
    r->out.n_missing = n - r->out.n_files;
    free(r->files);
    r->files = list;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many of n sorted names are name, of which there is one at least. */
static int count_equal(const char *const *list, int n, const char *name) {
    const char *const *hit = bsearch(&name, list, (size_t)n, sizeof *list, compare_names);
    int first = (int)(hit - list), last = first;
    while (first > 0 && !strcmp(list[first - 1], name)) first--;
    while (last + 1 < n && !strcmp(list[last + 1], name)) last++;
    return last - first + 1;
}

/* The first name that several of the record's files have, and how many; 1 where there is none. */
static int find_repeated(xp_listing *l, const record *r, const char **repeated) {
    int n = r->out.n_files, times = 1;
    const char **names = malloc(((size_t)n + 1) * sizeof *names);
    if (!names) {
        l->failed = true;
        return 1;
    }
    for (int i = 0; i < n; i++) names[i] = r->files[i].name;
    qsort(names, (size_t)n, sizeof *names, compare_names);
    for (int i = 0; i < n && times == 1; i++) {
        *repeated = r->files[i].name;
        times = count_equal(names, n, *repeated);
    }
    free(names);
    return times;
}

static void check_repeated(xp_listing *l, record *r) {
    const char *name = NULL;
    int times = find_repeated(l, r, &name);
    if (times == 1) return;
    char often[32], text[400];
    snprintf(often, sizeof often, times == 2 ? "twice" : "%d times", times);
    snprintf(text, sizeof text,
             "%.120s is there %s, and nothing tells which one is meant. Drop the folders that the "
             "files are in, or choose one record at a time.",
             name, often);
    r->problem = copy_text(l, text, strlen(text));
}

/* "WFDB 2 segments", "WFDB .dat .xyz", "DICOM". */
static void describe(xp_listing *l, record *r, const header *h) {
    char text[96];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", r->out.format->name);
    if (h && *h->detail) snprintf(text + n, sizeof text - n, " %s", h->detail);
    for (int i = 1; h && !*h->detail && i < r->out.n_files; i++) {
        const char *dot = strrchr(r->files[i].name, '.');
        char ending[16];
        if (!dot || strlen(dot) + 2 > sizeof ending) continue;
        if (l->files[r->files[i].index].header >= 0) continue;
        size_t k = (size_t)snprintf(ending, sizeof ending, " %s", dot);
        for (size_t c = 0; c < k; c++) ending[c] = (char)tolower((unsigned char)ending[c]);
        if (strstr(text, ending) || n + k >= sizeof text) continue;
        memcpy(text + n, ending, k + 1);
        n += k;
    }
    r->type = copy_text(l, text, strlen(text));
}

static record *add_record(xp_listing *l, const xp_format *format) {
    record *records = grown(l, l->records, l->n_records, &l->cap_records, sizeof *records);
    if (!records) return NULL;
    l->records = records;
    records[l->n_records] = (record){.out.format = format};
    return &records[l->n_records++];
}

/* Files that lie under the record's name. */
static void take_companions(xp_listing *l, int head) {
    const char *ending = l->headers[l->files[head].header].format->endings[0];
    size_t n = strlen(base(&l->files[head])) - strlen(ending) + 1;
    char *prefix = copy_text(l, base(&l->files[head]), n); /* with its dot */
    if (!prefix) return;
    search s = search_begin(l, head, prefix, false);
    for (int f; (f = search_next(&s)) >= 0;)
        if (l->files[f].folder == l->files[head].folder && !strchr(base(&l->files[f]) + n, '.'))
            l->files[f].taken = true;
    free(prefix);
}

/* Whether a header of the same name in the same folder was made a record before. */
static bool is_repeated(xp_listing *l, const header *h) {
    size_t folder = l->files[h->file].folder;
    char *name = own_name(l, h->file, folder);
    bool hit = false;
    search s = search_begin(l, h->file, base(&l->files[h->file]), true);
    for (int f; name && !hit && (f = search_next(&s)) >= 0;) {
        char *other = f < h->file && l->files[f].header >= 0 ? own_name(l, f, folder) : NULL;
        hit = other && !strcmp(other, name);
        free(other);
    }
    free(name);
    return hit;
}

static void make_record(xp_listing *l, const header *h) {
    if (is_repeated(l, h)) return;
    record *r = add_record(l, h->format);
    if (!r) return;
    const char *name = base(&l->files[h->file]);
    r->name = copy_text(l, name, strlen(name) - strlen(h->format->endings[0]));
    put_found(l, r, h->file, l->files[h->file].folder);
    put_named(l, r, h, h->file, name); /* others of its name */
    put_all(l, r, h, h->file, &h->needs);
    put_parts(l, r, h);
    sort_missing(l, r);
    check_repeated(l, r);
    describe(l, r, h);
    take_companions(l, h->file);
}

static void make_header_records(xp_listing *l) {
    mark_parts(l);
    for (int i = 0; i < l->n_headers && !l->failed; i++)
        if (!l->headers[i].is_part) make_record(l, &l->headers[i]);
    /* Parts of one another, of which no record is made yet. */
    for (int i = 0; i < l->n_headers && !l->failed; i++)
        if (!l->files[l->headers[i].file].taken) make_record(l, &l->headers[i]);
}

static void make_file_record(xp_listing *l, int index) {
    record *r = add_record(l, l->files[index].sniffed.format);
    if (!r) return;
    const char *name = base(&l->files[index]);
    r->name = copy_text(l, name, strlen(name));
    put_found(l, r, index, l->files[index].folder);
    r->out.n_files = r->n_files;
    describe(l, r, NULL);
}

/* ==== the order of questions ================================================================= */

static bool is_header(const file *f) {
    return f->sniffed.format && f->sniffed.format->endings;
}

static size_t wanted_of_header(xp_listing *l, file *f) {
    f->sniffed = xp_sniff(base(f), (xp_bytes){NULL, 0});
    if (!is_header(f)) return 0;
    if (f->size && f->size <= MAX_HEADER) return (size_t)f->size;
    read_header(l, (int)(f - l->files), (xp_bytes){NULL, 0});
    return 0;
}

static size_t wanted_of_other(const file *f) {
    if (f->taken || f->header >= 0 || f->sniffed.likeness == XP_LIKE_BY_CONTENT) return 0;
    return f->size < XP_SNIFF_BYTES ? (size_t)f->size : XP_SNIFF_BYTES;
}

static int compare_records(const void *a, const void *b) {
    const record *x = a, *y = b;
    return (x->files[0].index > y->files[0].index) - (x->files[0].index < y->files[0].index);
}

static void finish(xp_listing *l) {
    l->others = malloc(((size_t)l->n_files + 1) * sizeof *l->others);
    l->failed |= !l->others;
    for (int i = 0; i < l->n_files && !l->failed; i++) {
        const file *f = &l->files[i];
        if (f->taken) continue;
        if (f->sniffed.format && !is_header(f))
            make_file_record(l, i);
        else
            l->others[l->n_others++] = (xp_listed_other){i, f->sniffed.kind};
    }
    l->listed = malloc(((size_t)l->n_records + 1) * sizeof *l->listed);
    l->failed |= !l->listed;
    if (l->failed) return;
    if (l->n_records) qsort(l->records, (size_t)l->n_records, sizeof *l->records, compare_records);
    for (int i = 0; i < l->n_records; i++) {
        const record *r = &l->records[i];
        l->listed[i] = r->out;
        l->listed[i].name = r->name;
        l->listed[i].type = r->type;
        l->listed[i].problem = r->problem;
        l->listed[i].files = r->files;
    }
}

/* The next file of this phase, as xp_listing_next says. */
static int next_of_phase(xp_listing *l, size_t *bytes) {
    while (l->next < l->n_files && !l->failed) {
        file *f = &l->files[l->next++];
        *bytes = l->phase == PHASE_HEADERS ? wanted_of_header(l, f) : wanted_of_other(f);
        if (!*bytes) continue;
        l->asked++;
        return l->next - 1;
    }
    return -1;
}

int xp_listing_next(xp_listing *l, size_t *bytes) {
    if (!l->started) sort_files(l);
    l->started = true;
    while (l->phase != PHASE_DONE && !l->failed) {
        int i = next_of_phase(l, bytes);
        if (i >= 0 || l->asked > 0) return i;
        if (l->failed) break;
        if (l->phase == PHASE_HEADERS)
            make_header_records(l);
        else
            finish(l);
        l->phase++;
        l->next = 0;
    }
    return -1;
}

void xp_listing_show(xp_listing *l, int index, xp_bytes start) {
    if (index < 0 || index >= l->next || l->phase == PHASE_DONE || l->asked == 0) return;
    file *f = &l->files[index];
    l->asked--;
    f->sniffed = xp_sniff(base(f), start);
    if (l->phase == PHASE_HEADERS && is_header(f) && f->header < 0) read_header(l, index, start);
}

const xp_listed_record *xp_listing_records(const xp_listing *l, int *n) {
    *n = l->phase == PHASE_DONE && !l->failed ? l->n_records : 0;
    return l->failed ? NULL : l->listed;
}

const xp_listed_other *xp_listing_others(const xp_listing *l, int *n) {
    *n = l->phase == PHASE_DONE && !l->failed ? l->n_others : 0;
    return l->failed ? NULL : l->others;
}
