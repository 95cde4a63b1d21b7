/* A data set: a table of records with their labels, from one or several metadata files. Samples are
 * not here: dataset_read.h gives those of one record at a time.
 *
 * A table is a CSV file with one row a record. Its columns are found by name:
 *   path      path, filename, filename_hr, filename_lr or record: with or without the extension
 *             (.hea, .dat, .mat), relative to the data set's folder (or absolute)
 *   patient   subject_id, patient_id or patient (may be absent or empty: then every path is a
 *             patient of its own)
 *   fold      strat_fold (may be absent or empty)
 *   age, sex  may be absent or empty
 *   labels    a column a label: 1, 0, -1 (unknown), true, false or empty (unknown); a label without
 *             a column is unknown in that table
 * The files of `xplaim setup` are such tables, and so is anyone's own.
 *
 * Patients of two tables are the same where their ids are and both tables have PTB-XL's keys
 * (ecg_id, patient_id), or both MIMIC-IV's (subject_id), or both the column `patient`, which is
 * what is written here: a number that already tells data sets apart. Otherwise ids of different
 * tables have nothing to do with each other.
 *
 * Memory: what deciding about a record needs, 17 bytes and two bits a label (24 bytes for 25
 * labels). Names, ages and sexes stay in the file, which is kept open and read again at the row's
 * place; a table that was changed meanwhile is an error then. */
#ifndef XP_DATA_DATASET_H
#define XP_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define XP_DATASET_MAX_LABELS 256 /* of every command */
#define XP_DATASET_MAX_SOURCES 64

/* One record, as a value. */
enum { XP_CASE_WORDS = XP_DATASET_MAX_LABELS / 64 };

typedef struct xp_case {
    uint64_t patient; /* 63 bits */
    /* bit l % 64 of word l / 64: label l; xp_case_label, xp_case_set */
    uint64_t yes[XP_CASE_WORDS], unknown[XP_CASE_WORDS];
    int8_t fold; /* -1 unknown */
} xp_case;

typedef struct xp_person {
    float age; /* years; NaN unknown */
    char sex;  /* 'M', 'F' or 0 */
} xp_person;

typedef struct xp_dataset_source {
    char *table, *dir; /* owned */
    size_t first, n;   /* its cases: rows of the table, in its order */
    int file;          /* descriptor of the table; owned */
    uint64_t size;     /* bytes of the table */
    uint64_t changed;  /* hash of size and time of change */
    int columns, path, age, sex;
} xp_dataset_source;

typedef struct xp_dataset {
    int n_labels;
    char labels[XP_DATASET_MAX_LABELS][32];
    bool has_column[XP_DATASET_MAX_LABELS]; /* in any table so far */
    xp_dataset_source sources[XP_DATASET_MAX_SOURCES];
    int n_sources;
    size_t n, cap;
    /* (n) each; owned */
    uint64_t *patient;
    uint64_t *offset; /* of the row in its table */
    uint8_t *states;  /* two bits a label: 0, 1 or 2 (unknown) */
    int8_t *fold;
} xp_dataset;

/* An empty data set for these labels. XP_ERR_USAGE for none, too many, a name that is too long or
 * occurs twice. */
xp_status xp_dataset_init(xp_dataset *d, const char *const *labels, int n_labels, xp_error *err);
void xp_dataset_free(xp_dataset *d);

/* Append the rows of table; paths are relative to dir. The errors name file, line and column; the
 * same table with the same folder a second time is XP_ERR_USAGE. On error d is as before, but for
 * memory it keeps. */
xp_status xp_dataset_add(xp_dataset *d, const char *table, const char *dir, xp_error *err);

/* After the last add: XP_ERR_NOT_FOUND names a label that no table has as a column. */
xp_status xp_dataset_check_labels(const xp_dataset *d, xp_error *err);

/* Case i < n. */
xp_case xp_dataset_case(const xp_dataset *d, size_t i);

/* 1, 0 or -1 */
static inline int xp_case_label(const xp_case *c, int label) {
    const int w = label / 64, bit = label % 64;
    return c->yes[w] >> bit & 1 ? 1 : c->unknown[w] >> bit & 1 ? -1 : 0;
}

/* v is 1 or -1; a label that is not set is 0. */
static inline void xp_case_set(xp_case *c, int label, int v) {
    uint64_t *words = v == 1 ? c->yes : c->unknown;
    words[label / 64] |= (uint64_t)1 << label % 64;
}
int xp_dataset_label(const xp_dataset *d, size_t i, int label);

/* The table that case i is from, and which of its rows it is: i - first. */
int xp_dataset_source_of(const xp_dataset *d, size_t i);

/* Append a case that no table has: it has no name. */
xp_status xp_dataset_append(xp_dataset *d, const xp_case *one, xp_error *err);

/* From the table's row, so XP_ERR_IO is possible: path of case i below its source's folder, without
 * extension, and with the folder in front, into out (size bytes; XP_ERR_LIMIT when it does not
 * fit); the person. May be called from several threads at once. */
xp_status xp_dataset_name(const xp_dataset *d, size_t i, char *out, size_t size, xp_error *err);
xp_status xp_dataset_path(const xp_dataset *d, size_t i, char *out, size_t size, xp_error *err);
xp_status xp_dataset_person(const xp_dataset *d, size_t i, xp_person *out, xp_error *err);

/* Bytes the table takes in memory. */
size_t xp_dataset_bytes(const xp_dataset *d);

/* A number that changes with the records, their labels or their patients: a resumed run checks that
 * it goes on with the same data. Reads the table once more. */
xp_status xp_dataset_fingerprint(const xp_dataset *d, uint64_t *out, xp_error *err);

/* FNV-1a with a final mix: 64 bits of any bytes, going on from seed. */
uint64_t xp_hash(uint64_t seed, const void *data, size_t n);

#endif
