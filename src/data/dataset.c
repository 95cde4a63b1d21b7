#include "data/dataset.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/csv.h"
#include "ecg/format.h"

/* Fowler, Noll and Vo's hash, then the finaliser of MurmurHash3 so that every bit depends on all.
 */
uint64_t xp_hash(uint64_t seed, const void *data, size_t n) {
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 0x100000001b3u;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

static uint64_t hash_text(uint64_t seed, const char *text) {
    return xp_hash(seed, text, strlen(text));
}

/* ==== labels ============================================================================== */

xp_status xp_dataset_init(xp_dataset *d, const char *const *labels, int n_labels, xp_error *err) {
    xp_dataset made = {.n_labels = n_labels};
    if (n_labels < 1 || n_labels > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_USAGE, "%d labels; expected 1 to %d", n_labels,
                       XP_DATASET_MAX_LABELS);
    for (int i = 0; i < n_labels; i++) {
        size_t n = strlen(labels[i]);
        if (n == 0 || n >= sizeof made.labels[i])
            return xp_fail(err, XP_ERR_USAGE, "label \"%s\": expected 1 to %zu characters",
                           labels[i], sizeof made.labels[i] - 1);
        for (int k = 0; k < i; k++)
            if (!strcasecmp(labels[i], labels[k]))
                return xp_fail(err, XP_ERR_USAGE, "label \"%s\" is named twice", labels[i]);
        memcpy(made.labels[i], labels[i], n + 1);
    }
    *d = made;
    return XP_OK;
}

static void free_source(xp_dataset_source *s) {
    free(s->table);
    free(s->dir);
    if (s->file >= 0) close(s->file);
}

void xp_dataset_free(xp_dataset *d) {
    for (int i = 0; i < d->n_sources; i++) free_source(&d->sources[i]);
    free(d->patient);
    free(d->offset);
    free(d->states);
    free(d->fold);
    *d = (xp_dataset){0};
}

xp_status xp_dataset_check_labels(const xp_dataset *d, xp_error *err) {
    for (int l = 0; l < d->n_labels; l++)
        if (!d->has_column[l])
            return xp_fail(err, XP_ERR_NOT_FOUND,
                           "label \"%s\" is a column of none of the tables (%s%s)", d->labels[l],
                           d->n_sources ? d->sources[0].table : "there is none",
                           d->n_sources > 1 ? ", ..." : "");
    return XP_OK;
}

/* ==== reading a table ===================================================================== */

typedef struct columns {
    int path, patient, fold, age, sex;
    int label[XP_DATASET_MAX_LABELS]; /* -1: not in this table */
    uint64_t patients;                /* seed of the patients' hash */
    bool hashed;                      /* the patient column holds our own numbers */
} columns;

static int first_column(const xp_csv *c, const char *const *names) {
    for (; *names; names++) {
        int k = xp_csv_find(c, *names);
        if (k >= 0) return k;
    }
    return -1;
}

/* Whose patients these are: see the top of dataset.h. */
static void find_patients(columns *k, const xp_csv *c, const char *table) {
    k->hashed = false;
    if ((k->patient = xp_csv_find(c, "subject_id")) >= 0) {
        k->patients = hash_text(0, "MIMIC-IV");
    } else if ((k->patient = xp_csv_find(c, "patient_id")) >= 0) {
        bool ptbxl = xp_csv_find(c, "ecg_id") >= 0;
        k->patients = ptbxl ? hash_text(0, "PTB-XL") : hash_text(1, table);
    } else {
        k->patient = xp_csv_find(c, "patient");
        k->patients = hash_text(1, table);
        k->hashed = true;
    }
}

/* The names there are, for a person who has others in mind. */
static xp_status fail_columns(const xp_csv *c, const char *table, const char *what, xp_error *err) {
    char there[200];
    xp_csv_columns(c, there, sizeof there);
    return xp_fail(err, XP_ERR_NOT_FOUND, "%s: %s; its columns, as separated by commas, are: %s",
                   table, what, there);
}

static xp_status find_columns(columns *k, const xp_dataset *d, const xp_csv *c, const char *table,
                              xp_error *err) {
    static const char *const paths[] = {"path",        "filename", "filename_hr",
                                        "filename_lr", "record",   NULL};
    k->path = first_column(c, paths);
    if (k->path < 0)
        return fail_columns(c, table,
                            "no column names the records (path, filename, filename_hr, "
                            "filename_lr or record)",
                            err);
    find_patients(k, c, table);
    k->fold = xp_csv_find(c, "strat_fold");
    k->age = xp_csv_find(c, "age");
    k->sex = xp_csv_find(c, "sex");
    int found = 0;
    for (int l = 0; l < d->n_labels; l++)
        found += (k->label[l] = xp_csv_find(c, d->labels[l])) >= 0;
    if (found > 0) return XP_OK;
    char what[100];
    snprintf(what, sizeof what, "none of the labels (%s%s) is a column of it", d->labels[0],
             d->n_labels > 1 ? ", ..." : "");
    return fail_columns(c, table, what, err);
}

static xp_status read_labels(const columns *k, int n, const xp_csv *c, xp_case *out,
                             xp_error *err) {
    for (int l = 0; l < n; l++) {
        const char *text = xp_csv_field(c, k->label[l]);
        double v = -1;
        if (!strcasecmp(text, "true") || !strcasecmp(text, "false"))
            v = tolower((unsigned char)*text) == 't';
        else if (*text)
            XP_TRY(xp_csv_number(c, k->label[l], &v, err));
        if (v == 1 || v == -1)
            xp_case_set(out, l, (int)v);
        else if (v != 0)
            return xp_csv_fail(c, k->label[l], err, XP_ERR_FORMAT,
                               "\"%s\": expected 1, 0 or -1 (unknown)", text);
    }
    return XP_OK;
}

/* "15942.0", as pandas writes it, is 15942. Without an id, who a path's records are of is not
 * known, but two rows of one path are of the same person. */
static uint64_t patient_of(const columns *k, const xp_csv *c, const char *path) {
    const char *id = xp_csv_field(c, k->patient);
    size_t n = strlen(id);
    uint64_t number;
    if (n == 0) return hash_text(k->patients + 1, path) >> 1;
    if (k->hashed && xp_csv_id(c, k->patient, &number, NULL) == XP_OK) return number;
    if (n > 2 && !strcmp(id + n - 2, ".0")) n -= 2;
    return xp_hash(k->patients, id, n) >> 1;
}

static xp_status read_fold(const columns *k, const xp_csv *c, xp_case *out, xp_error *err) {
    double v;
    out->fold = -1;
    if (!*xp_csv_field(c, k->fold)) return XP_OK;
    XP_TRY(xp_csv_number(c, k->fold, &v, err));
    if (v < 0 || v > 127 || v != floor(v))
        return xp_csv_fail(c, k->fold, err, XP_ERR_FORMAT,
                           "\"%s\": expected a whole number from 0 to 127",
                           xp_csv_field(c, k->fold));
    out->fold = (int8_t)v;
    return XP_OK;
}

static xp_status read_person(int age, int sex, const xp_csv *c, xp_person *out, xp_error *err) {
    double v = NAN;
    if (*xp_csv_field(c, age)) XP_TRY(xp_csv_number(c, age, &v, err));
    char letter = (char)toupper((unsigned char)xp_csv_field(c, sex)[0]);
    *out = (xp_person){(float)v, letter == 'M' || letter == 'F' ? letter : 0};
    return XP_OK;
}

/* ==== growing ============================================================================= */

static size_t state_bytes(const xp_dataset *d) {
    return ((size_t)d->n_labels + 3) / 4;
}

/* array: the address of a pointer to elements. */
static bool resize(void *array, size_t each, size_t n) {
    void *p;
    memcpy(&p, array, sizeof p);
    p = realloc(p, n * each);
    if (p) memcpy(array, &p, sizeof p);
    return p != NULL;
}

/* All arrays to n elements; where there is no memory for one, those before it have them. */
static bool resize_all(xp_dataset *d, size_t n) {
    return resize(&d->patient, sizeof *d->patient, n) && resize(&d->offset, sizeof *d->offset, n) &&
           resize(&d->states, state_bytes(d), n) && resize(&d->fold, sizeof *d->fold, n);
}

static xp_status append(xp_dataset *d, const xp_case *one, uint64_t offset, xp_error *err) {
    size_t larger = d->cap ? d->cap + d->cap / 2 : 1024;
    if (d->n == d->cap) {
        if (d->n >= UINT32_MAX)
            return xp_fail(err, XP_ERR_LIMIT, "more than %u records", UINT32_MAX);
        if (!resize_all(d, larger))
            return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a table of %zu", larger);
        d->cap = larger;
    }
    uint8_t *states = d->states + d->n * state_bytes(d);
    memset(states, 0, state_bytes(d));
    for (int l = 0; l < d->n_labels; l++) {
        const int v = xp_case_label(one, l);
        states[l / 4] |= (uint8_t)((v < 0 ? 2 : v) << 2 * (l % 4));
    }
    d->patient[d->n] = one->patient;
    d->offset[d->n] = offset;
    d->fold[d->n++] = one->fold;
    return XP_OK;
}

xp_status xp_dataset_append(xp_dataset *d, const xp_case *one, xp_error *err) {
    return append(d, one, 0, err);
}

/* To what is needed. An array that could not become smaller is large enough. */
static void shrink(xp_dataset *d) {
    (void)resize_all(d, d->n);
    d->cap = d->n;
}

/* ==== one table =========================================================================== */

static xp_status read_row(xp_dataset *d, const columns *k, const xp_csv *c, xp_error *err) {
    const char *path = xp_csv_field(c, k->path);
    xp_case one = {0};
    xp_person person; /* looked at now, so that errors come now */
    if (!*path) return xp_csv_fail(c, k->path, err, XP_ERR_FORMAT, "the record's path is missing");
    XP_TRY(read_labels(k, d->n_labels, c, &one, err));
    XP_TRY(read_fold(k, c, &one, err));
    XP_TRY(read_person(k->age, k->sex, c, &person, err));
    one.patient = patient_of(k, c, path);
    return append(d, &one, xp_csv_offset(c), err);
}

static xp_status read_rows(xp_dataset *d, xp_dataset_source *source, columns *k, xp_csv *c,
                           xp_error *err) {
    XP_TRY(xp_csv_header(c, err));
    XP_TRY(find_columns(k, d, c, source->table, err));
    source->columns = xp_csv_columns(c, NULL, 0);
    source->path = k->path;
    source->age = k->age;
    source->sex = k->sex;
    for (;;) {
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) break;
        XP_TRY(read_row(d, k, c, err));
    }
    source->n = d->n - source->first;
    if (source->n > 0) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT, "%s: no record in it, only the names of columns",
                   source->table);
}

static xp_status look_at_file(const xp_dataset_source *s, uint64_t *size, uint64_t *changed,
                              xp_error *err) {
    struct stat st;
    if (fstat(s->file, &st) != 0)
        return xp_fail(err, XP_ERR_IO, "%s: %s", s->table, strerror(errno));
    uint64_t v[3] = {(uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                     (uint64_t)st.st_mtim.tv_nsec};
    if (!S_ISREG(st.st_mode))
        return xp_fail(err, XP_ERR_USAGE, "%s: expected a file, not a folder or a pipe", s->table);
    *size = v[0];
    *changed = xp_hash(0, v, sizeof v);
    return XP_OK;
}

static xp_status check_unchanged(const xp_dataset_source *s, xp_error *err) {
    uint64_t size, changed = 0;
    XP_TRY(look_at_file(s, &size, &changed, err));
    if (changed == s->changed) return XP_OK;
    return xp_fail(err, XP_ERR_IO, "%s was changed while it was in use: begin again", s->table);
}

static xp_status check_new(const xp_dataset *d, const xp_dataset_source *s, xp_error *err) {
    for (int i = 0; i < d->n_sources; i++)
        if (!strcmp(d->sources[i].table, s->table) && !strcmp(d->sources[i].dir, s->dir))
            return xp_fail(err, XP_ERR_USAGE, "%s (records in %s) is named twice", s->table,
                           s->dir);
    return XP_OK;
}

static xp_status open_source(xp_dataset_source *s, const char *table, const char *dir,
                             xp_error *err) {
    s->table = strdup(table);
    s->dir = strdup(dir);
    if (!s->table || !s->dir) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    s->file = open(table, O_RDONLY | O_CLOEXEC);
    if (s->file < 0)
        return xp_fail(err, errno == ENOENT ? XP_ERR_NOT_FOUND : XP_ERR_IO,
                       "%s cannot be opened (%s): check the path", table, strerror(errno));
    return look_at_file(s, &s->size, &s->changed, err);
}

static xp_status read_table(xp_dataset *d, xp_dataset_source *source, columns *k, xp_error *err) {
    xp_csv *c;
    XP_TRY(xp_csv_open(&c, source->table, ',', err));
    xp_status s = read_rows(d, source, k, c, err);
    xp_csv_close(c);
    return s == XP_OK ? check_unchanged(source, err) : s;
}

xp_status xp_dataset_add(xp_dataset *d, const char *table, const char *dir, xp_error *err) {
    if (d->n_sources == XP_DATASET_MAX_SOURCES)
        return xp_fail(err, XP_ERR_USAGE, "more than %d data sets", XP_DATASET_MAX_SOURCES);
    xp_dataset_source source = {.first = d->n, .file = -1};
    columns k = {0};
    xp_status s = open_source(&source, table, dir, err);
    if (s == XP_OK) s = check_new(d, &source, err);
    if (s == XP_OK) s = read_table(d, &source, &k, err);
    if (s != XP_OK) {
        free_source(&source);
        d->n = source.first;
        return s;
    }
    shrink(d);
    for (int l = 0; l < d->n_labels; l++) d->has_column[l] |= k.label[l] >= 0;
    d->sources[d->n_sources++] = source;
    return XP_OK;
}

/* ==== a row once more ===================================================================== */

int xp_dataset_source_of(const xp_dataset *d, size_t i) {
    int s = d->n_sources - 1;
    while (s > 0 && i < d->sources[s].first) s--;
    return s;
}

/* From where the row begins to where the next one does. */
static xp_status load_row(const xp_dataset *d, size_t i, const xp_dataset_source *s, uint8_t **row,
                          size_t *size, xp_error *err) {
    bool last = i + 1 == s->first + s->n;
    *size = (size_t)((last ? s->size : d->offset[i + 1]) - d->offset[i]);
    *row = malloc(*size + 1);
    if (!*row) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a row");
    xp_status status = check_unchanged(s, err);
    if (status == XP_OK && pread(s->file, *row, *size, (off_t)d->offset[i]) != (ssize_t)*size)
        status = xp_fail(err, XP_ERR_IO, "%s cannot be read again: %s", s->table, strerror(errno));
    if (status != XP_OK) free(*row);
    return status;
}

typedef xp_status (*row_reader)(const xp_dataset_source *s, const xp_csv *c, void *out,
                                xp_error *err);

static xp_status read_again(const xp_dataset *d, size_t i, row_reader read, void *out,
                            xp_error *err) {
    if (d->n_sources == 0) return xp_fail(err, XP_ERR_NOT_FOUND, "record %zu has no name", i);
    const xp_dataset_source *s = &d->sources[xp_dataset_source_of(d, i)];
    uint8_t *row;
    size_t size;
    xp_csv *c;
    XP_TRY(load_row(d, i, s, &row, &size, err));
    xp_status status = xp_csv_open_bytes(&c, (xp_bytes){row, size}, s->table, ',', err);
    if (status == XP_OK) {
        status = xp_csv_next(c, err);
        if (status == XP_OK && xp_csv_count(c) != s->columns)
            status = xp_fail(err, XP_ERR_IO, "%s cannot be read again", s->table);
        if (status == XP_OK) status = read(s, c, out, err);
        xp_csv_close(c);
    }
    free(row);
    return status;
}

static xp_status person_of_row(const xp_dataset_source *s, const xp_csv *c, void *out,
                               xp_error *err) {
    return read_person(s->age, s->sex, c, out, err);
}

xp_status xp_dataset_person(const xp_dataset *d, size_t i, xp_person *out, xp_error *err) {
    return read_again(d, i, person_of_row, out, err);
}

typedef struct text {
    char *out;
    size_t size;
    bool whole; /* the folder in front */
} text;

static xp_status path_of_row(const xp_dataset_source *s, const xp_csv *c, void *out,
                             xp_error *err) {
    const text *t = out;
    const char *name = xp_csv_field(c, s->path);
    size_t n = xp_record_stem(name), k = t->whole && name[0] != '/' ? strlen(s->dir) : 0;
    int m = snprintf(t->out, t->size, "%.*s%s%.*s", (int)k, s->dir,
                     k > 0 && s->dir[k - 1] != '/' ? "/" : "", (int)n, name);
    if (m >= 0 && (size_t)m < t->size) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "%.100s: the path is longer than %zu characters", name,
                   t->size - 1);
}

xp_status xp_dataset_name(const xp_dataset *d, size_t i, char *out, size_t size, xp_error *err) {
    return read_again(d, i, path_of_row, &(text){out, size, false}, err);
}

xp_status xp_dataset_path(const xp_dataset *d, size_t i, char *out, size_t size, xp_error *err) {
    return read_again(d, i, path_of_row, &(text){out, size, true}, err);
}

/* ==== asking ============================================================================== */

int xp_dataset_label(const xp_dataset *d, size_t i, int label) {
    unsigned state = d->states[i * state_bytes(d) + (size_t)label / 4] >> 2 * (label % 4) & 3;
    return state == 2 ? -1 : (int)state;
}

xp_case xp_dataset_case(const xp_dataset *d, size_t i) {
    xp_case c = {.patient = d->patient[i], .fold = d->fold[i]};
    for (int l = 0; l < d->n_labels; l++) {
        int v = xp_dataset_label(d, i, l);
        if (v) xp_case_set(&c, l, v);
    }
    return c;
}

size_t xp_dataset_bytes(const xp_dataset *d) {
    size_t each = sizeof *d->patient + sizeof *d->offset + state_bytes(d) + sizeof *d->fold;
    return d->cap * each;
}

static uint64_t hash_case(const xp_dataset *d, size_t i, const char *name, uint64_t h) {
    xp_case c = xp_dataset_case(d, i);
    uint64_t v[4] = {c.patient, c.yes[0], c.unknown[0], (uint64_t)c.fold};
    h = xp_hash(h, v, sizeof v);
    for (int w = 1; w < XP_CASE_WORDS && 64 * w < d->n_labels; w++)
        h = xp_hash(h, (uint64_t[]){c.yes[w], c.unknown[w]}, 2 * sizeof *v);
    return hash_text(h, name);
}

/* In one pass over the table, which is much faster than row by row. */
static xp_status hash_rows(const xp_dataset *d, const xp_dataset_source *s, xp_csv *c, uint64_t *h,
                           xp_error *err) {
    char name[4096];
    XP_TRY(xp_csv_header(c, err));
    for (size_t i = s->first; i < s->first + s->n; i++) {
        XP_TRY(xp_csv_next(c, err));
        XP_TRY(path_of_row(s, c, &(text){name, sizeof name, false}, err));
        *h = hash_case(d, i, name, *h);
    }
    return check_unchanged(s, err);
}

xp_status xp_dataset_fingerprint(const xp_dataset *d, uint64_t *out, xp_error *err) {
    uint64_t h = xp_hash((uint64_t)d->n, d->labels, sizeof d->labels[0] * (size_t)d->n_labels);
    for (int i = 0; i < d->n_sources; i++) {
        xp_csv *c;
        XP_TRY(xp_csv_open(&c, d->sources[i].table, ',', err));
        xp_status s = hash_rows(d, &d->sources[i], c, &h, err);
        xp_csv_close(c);
        if (s != XP_OK) return s;
    }
    *out = h;
    return XP_OK;
}
