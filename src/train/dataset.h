/* A data set: a table of records with their labels, from one or several metadata files. Samples are
 * not here: dataset_read.h gives those of one record at a time.
 *
 * A table is a CSV file with one row a record. Its columns are found by name:
 *   path      path, filename, filename_hr, filename_lr or record: without extension, relative to
 *             the data set's folder (or absolute)
 *   patient   subject_id, patient_id or patient (may be absent or empty: then every such record is
 *             a patient of its own)
 *   fold      strat_fold (may be absent or empty)
 *   age, sex  may be absent or empty
 *   labels    a column a label: 1, 0, -1 (unknown) or empty (unknown); a label without a column is
 *             unknown in that table
 * The files of `xplaim setup` are such tables, and so is anyone's own.
 *
 * Patients of two tables are the same where their ids are and both tables have PTB-XL's keys
 * (ecg_id, patient_id), or both MIMIC-IV's (subject_id), or both the column `patient`, which is
 * what is written here: a number that already tells data sets apart. Otherwise ids of different
 * tables have nothing to do with each other. */
#ifndef XP_TRAIN_DATASET_H
#define XP_TRAIN_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define XP_DATASET_MAX_LABELS 64
#define XP_DATASET_MAX_SOURCES 64

typedef struct xp_case {
    uint64_t patient;      /* 63 bits */
    uint64_t yes, unknown; /* bit l: label l */
    size_t path;           /* into text */
    uint32_t row;          /* of its table, from 0 */
    float age;             /* years; NaN unknown */
    int16_t source;
    int8_t fold; /* -1 unknown */
    char sex;    /* 'M', 'F' or 0 */
} xp_case;

typedef struct xp_dataset_source {
    char *table, *dir; /* owned */
    size_t n;          /* cases */
} xp_dataset_source;

typedef struct xp_dataset {
    int n_labels;
    char labels[XP_DATASET_MAX_LABELS][32];
    bool has_column[XP_DATASET_MAX_LABELS]; /* in any table so far */
    xp_dataset_source sources[XP_DATASET_MAX_SOURCES];
    int n_sources;
    xp_case *cases; /* (n); owned */
    size_t n, cap;
    char *text; /* owned: paths */
    size_t text_size, text_cap;
} xp_dataset;

/* An empty data set for these labels. XP_ERR_USAGE for none, too many, a name that is too long or
 * occurs twice. */
xp_status xp_dataset_init(xp_dataset *d, const char *const *labels, int n_labels, xp_error *err);
void xp_dataset_free(xp_dataset *d);

/* Append the rows of table; paths are relative to dir. The errors name file, line and column. On
 * error d is as before, but for memory it keeps. */
xp_status xp_dataset_add(xp_dataset *d, const char *table, const char *dir, xp_error *err);

/* After the last add: XP_ERR_NOT_FOUND names a label that no table has as a column. */
xp_status xp_dataset_check_labels(const xp_dataset *d, xp_error *err);

/* Path of case i below its source's folder, and with the folder in front into out (size bytes;
 * XP_ERR_LIMIT when it does not fit). */
const char *xp_dataset_name(const xp_dataset *d, size_t i);
xp_status xp_dataset_path(const xp_dataset *d, size_t i, char *out, size_t size, xp_error *err);

/* 1, 0 or -1 */
static inline int xp_case_label(const xp_case *c, int label) {
    return c->yes >> label & 1 ? 1 : c->unknown >> label & 1 ? -1 : 0;
}

/* Bytes the table holds. */
size_t xp_dataset_bytes(const xp_dataset *d);

/* A number that changes with the records, their labels or their patients: a resumed run checks that
 * it goes on with the same data. */
uint64_t xp_dataset_fingerprint(const xp_dataset *d);

/* FNV-1a with a final mix: 64 bits of any bytes, going on from seed. */
uint64_t xp_hash(uint64_t seed, const void *data, size_t n);

#endif
