#include "train/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "train/csv.h"

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

void xp_dataset_free(xp_dataset *d) {
    for (int i = 0; i < d->n_sources; i++) {
        free(d->sources[i].table);
        free(d->sources[i].dir);
    }
    free(d->cases);
    free(d->text);
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

static xp_status find_columns(columns *k, xp_dataset *d, const xp_csv *c, const char *table,
                              xp_error *err) {
    static const char *const paths[] = {"path",        "filename", "filename_hr",
                                        "filename_lr", "record",   NULL};
    k->path = first_column(c, paths);
    if (k->path < 0)
        return xp_fail(err, XP_ERR_NOT_FOUND,
                       "%s: no column names the records; expected path, filename, filename_hr, "
                       "filename_lr or record in the first line",
                       table);
    find_patients(k, c, table);
    k->fold = xp_csv_find(c, "strat_fold");
    k->age = xp_csv_find(c, "age");
    k->sex = xp_csv_find(c, "sex");
    int found = 0;
    for (int l = 0; l < d->n_labels; l++)
        found += (k->label[l] = xp_csv_find(c, d->labels[l])) >= 0;
    if (found == 0)
        return xp_fail(err, XP_ERR_NOT_FOUND, "%s: none of the labels (%s%s) is a column of it",
                       table, d->labels[0], d->n_labels > 1 ? ", ..." : "");
    for (int l = 0; l < d->n_labels; l++) d->has_column[l] |= k->label[l] >= 0;
    return XP_OK;
}

static xp_status read_labels(const columns *k, int n, const xp_csv *c, xp_case *out,
                             xp_error *err) {
    for (int l = 0; l < n; l++) {
        double v = -1;
        if (*xp_csv_field(c, k->label[l])) XP_TRY(xp_csv_number(c, k->label[l], &v, err));
        if (v == 1)
            out->yes |= (uint64_t)1 << l;
        else if (v == -1)
            out->unknown |= (uint64_t)1 << l;
        else if (v != 0)
            return xp_csv_fail(c, k->label[l], err, XP_ERR_FORMAT,
                               "\"%s\": expected 1, 0 or -1 (unknown)",
                               xp_csv_field(c, k->label[l]));
    }
    return XP_OK;
}

/* "15942.0", as pandas writes it, is 15942. */
static uint64_t patient_of(const columns *k, const xp_csv *c, const char *path, uint32_t row) {
    const char *id = xp_csv_field(c, k->patient);
    size_t n = strlen(id);
    uint64_t number;
    if (n == 0) return xp_hash(hash_text(k->patients, path), &row, sizeof row) >> 1;
    if (k->hashed && xp_csv_id(c, k->patient, &number, NULL) == XP_OK) return number;
    if (n > 2 && !strcmp(id + n - 2, ".0")) n -= 2;
    return xp_hash(k->patients, id, n) >> 1;
}

static xp_status read_person(const columns *k, const xp_csv *c, xp_case *out, xp_error *err) {
    double v;
    out->fold = -1;
    out->age = NAN;
    if (*xp_csv_field(c, k->fold)) {
        XP_TRY(xp_csv_number(c, k->fold, &v, err));
        if (v < 0 || v > 127 || v != floor(v))
            return xp_csv_fail(c, k->fold, err, XP_ERR_FORMAT,
                               "\"%s\": expected a whole number from 0 to 127",
                               xp_csv_field(c, k->fold));
        out->fold = (int8_t)v;
    }
    if (*xp_csv_field(c, k->age)) {
        XP_TRY(xp_csv_number(c, k->age, &v, err));
        out->age = (float)v;
    }
    char sex = xp_csv_field(c, k->sex)[0];
    out->sex = sex == 'M' || sex == 'm' ? 'M' : sex == 'F' || sex == 'f' ? 'F' : 0;
    return XP_OK;
}

/* ==== growing ============================================================================= */

static xp_status reserve(void **p, size_t each, size_t need, size_t *cap, xp_error *err) {
    if (need <= *cap) return XP_OK;
    size_t larger = *cap ? 2 * *cap : 1024;
    while (larger < need) larger *= 2;
    void *q = realloc(*p, larger * each);
    if (!q) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a table of %zu", larger);
    *p = q;
    *cap = larger;
    return XP_OK;
}

static xp_status append(xp_dataset *d, const xp_case *one, const char *path, xp_error *err) {
    size_t n = strlen(path) + 1;
    void *cases = d->cases, *text = d->text;
    xp_status s = reserve(&cases, sizeof *d->cases, d->n + 1, &d->cap, err);
    d->cases = cases;
    if (s == XP_OK) s = reserve(&text, 1, d->text_size + n, &d->text_cap, err);
    d->text = text;
    if (s != XP_OK) return s;
    d->cases[d->n] = *one;
    d->cases[d->n++].path = d->text_size;
    memcpy(d->text + d->text_size, path, n);
    d->text_size += n;
    return XP_OK;
}

static xp_status read_row(xp_dataset *d, const columns *k, const xp_csv *c, uint32_t row,
                          xp_error *err) {
    const char *path = xp_csv_field(c, k->path);
    if (!*path) return xp_csv_fail(c, k->path, err, XP_ERR_FORMAT, "the record's path is missing");
    xp_case one = {.source = (int16_t)d->n_sources, .row = row};
    XP_TRY(read_labels(k, d->n_labels, c, &one, err));
    XP_TRY(read_person(k, c, &one, err));
    one.patient = patient_of(k, c, path, row);
    return append(d, &one, path, err);
}

static xp_status read_rows(xp_dataset *d, xp_csv *c, const char *table, xp_error *err) {
    columns k = {0};
    XP_TRY(xp_csv_header(c, err));
    XP_TRY(find_columns(&k, d, c, table, err));
    for (uint32_t row = 0;; row++) {
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) return XP_OK;
        if (d->n >= UINT32_MAX)
            return xp_fail(err, XP_ERR_LIMIT, "%s: more than %u records", table, UINT32_MAX);
        XP_TRY(read_row(d, &k, c, row, err));
    }
}

xp_status xp_dataset_add(xp_dataset *d, const char *table, const char *dir, xp_error *err) {
    if (d->n_sources == XP_DATASET_MAX_SOURCES)
        return xp_fail(err, XP_ERR_USAGE, "more than %d data sets", XP_DATASET_MAX_SOURCES);
    xp_csv *c;
    size_t n = d->n, text = d->text_size;
    XP_TRY(xp_csv_open(&c, table, ',', err));
    xp_status s = read_rows(d, c, table, err);
    xp_csv_close(c);
    if (s == XP_OK && d->n == n)
        s = xp_fail(err, XP_ERR_FORMAT, "%s: no record in it, only the names of columns", table);
    xp_dataset_source source = {strdup(table), strdup(dir), d->n - n};
    if (s == XP_OK && (!source.table || !source.dir))
        s = xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    if (s != XP_OK) {
        free(source.table);
        free(source.dir);
        d->n = n;
        d->text_size = text;
        return s;
    }
    d->sources[d->n_sources++] = source;
    return XP_OK;
}

/* ==== asking ============================================================================== */

const char *xp_dataset_name(const xp_dataset *d, size_t i) {
    return d->text + d->cases[i].path;
}

xp_status xp_dataset_path(const xp_dataset *d, size_t i, char *out, size_t size, xp_error *err) {
    const char *name = xp_dataset_name(d, i), *dir = d->sources[d->cases[i].source].dir;
    size_t k = strlen(dir);
    int n = name[0] == '/' || k == 0
                ? snprintf(out, size, "%s", name)
                : snprintf(out, size, "%s%s%s", dir, dir[k - 1] == '/' ? "" : "/", name);
    if (n >= 0 && (size_t)n < size) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "%s: the path is longer than %zu characters", name, size - 1);
}

size_t xp_dataset_bytes(const xp_dataset *d) {
    return d->cap * sizeof *d->cases + d->text_cap;
}

uint64_t xp_dataset_fingerprint(const xp_dataset *d) {
    uint64_t h = xp_hash((uint64_t)d->n, d->labels, sizeof d->labels[0] * (size_t)d->n_labels);
    for (size_t i = 0; i < d->n; i++) {
        const xp_case *c = &d->cases[i];
        uint64_t v[4] = {c->patient, c->yes, c->unknown, (uint64_t)c->fold};
        h = hash_text(xp_hash(h, v, sizeof v), xp_dataset_name(d, i));
    }
    return h;
}
