/* The twenty-five labels and where they come from: PTB-XL's SCP codes, the machine statements of
 * MIMIC-IV-ECG, SNOMED CT codes in the headers of the PhysioNet/CinC challenges of 2020 and 2021.
 *
 * What maps to what stands in tables (tools/labels, built into the program), not in code. A label
 * is 1, 0 or -1: -1 says that the source does not tell. That is so
 *   - where the statement itself is uncertain: a PTB-XL likelihood below the table's certain_from
 *     (50: "probable" and better count as stated), a machine statement with "possible", "consider",
 *     "cannot rule out" before the finding, "possible" or "?" behind it, or "vs" between two, or a
 *     SNOMED code too general to decide ("myocardial infarction" and the place of it).
 *     xp_label_options.uncertain may turn these into 1 or 0;
 *   - where the source has no code for the label at all (PTB-XL: avb2i, avb2ii, vt), or annotated
 *     only some labels (CPSC 2018), or says nothing about the record, or says that it did not judge
 *     it, or some of its leads, or its rhythm (MIMIC: "no further analysis"); a label that another
 *     statement of the report gives is 1 all the same.
 * PTB-XL's rhythm and form statements carry likelihood 0 for "not stated": they count as present.
 *
 * Compatibility mode is the published system's rule: a code or phrase anywhere in the text, every
 * likelihood, every half-word ("pac" in "pace"), 0 wherever nothing matched. */
#ifndef XP_DATA_LABELS_H
#define XP_DATA_LABELS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

#define XP_LABEL_COUNT 25

const char *xp_label_name(int label);      /* "afib"; order of the metadata files */
const char *xp_label_long_name(int label); /* "atrial fibrillation" */
int xp_label_index(const char *name);      /* -1 when there is no such label */

/* Two disjoint sets of labels, bit i for label i; a label in neither is absent. */
typedef struct xp_label_state {
    uint32_t yes, unknown;
} xp_label_state;

/* 1, 0 or -1. */
static inline int xp_label_value(xp_label_state s, int label) {
    return s.yes >> label & 1 ? 1 : s.unknown >> label & 1 ? -1 : 0;
}

typedef struct xp_label_options {
    bool compat;   /* the published system's rule */
    int uncertain; /* what an uncertain statement counts as: -1, 0 or 1 */
} xp_label_options;

/* {false, -1} */
xp_label_options xp_label_defaults(void);

/* ---- tables ----------------------------------------------------------------------------- */

typedef enum xp_label_source {
    XP_LABELS_PTBXL,    /* label,use,code,certain_from,note */
    XP_LABELS_MIMIC,    /* label,use,phrase,note */
    XP_LABELS_SNOMED,   /* label,code,abbreviation,value,name */
    XP_LABELS_ANNOTATED /* prefix,labels,note: what a part of the CinC collection annotated */
} xp_label_source;

typedef struct xp_label_table xp_label_table;

/* Read a table; csv.size 0 means the one that is built in. name is used in errors. *out is owned by
 * the caller (xp_label_table_free). */
xp_status xp_label_table_load(xp_label_table **out, xp_label_source source, xp_bytes csv,
                              const char *name, xp_error *err);
void xp_label_table_free(xp_label_table *t); /* NULL is allowed */

/* ---- one record ------------------------------------------------------------------------- */

/* scp_codes is a Python dictionary as the database holds it: {'NORM': 100.0, 'SR': 0.0}. */
xp_status xp_labels_from_scp(const xp_label_table *ptbxl, xp_label_options o, const char *scp_codes,
                             xp_label_state *out, xp_error *err);

/* The n statements of one report; empty ones are allowed. A default phrase matches whole words of
 * one statement; '*' at either end lets it match inside a word. */
xp_status xp_labels_from_statements(const xp_label_table *mimic, xp_label_options o,
                                    const char *const *statements, int n, xp_label_state *out,
                                    xp_error *err);

/* dx is the text behind "#Dx:", codes or CinC abbreviations separated by commas. record is the
 * record's name: its prefix says which collection it is from. *strange (may be NULL) counts words
 * that are neither a number nor a known abbreviation; with one of them, what was not found is
 * unknown. */
xp_status xp_labels_from_dx(const xp_label_table *snomed, const xp_label_table *annotated,
                            xp_label_options o, const char *record, const char *dx,
                            xp_label_state *out, int *strange, xp_error *err);

/* ---- whole data sets -------------------------------------------------------------------- */

typedef struct xp_label_counts {
    size_t records;  /* rows written */
    size_t left_out; /* records without a report (MIMIC) */
    size_t strange;  /* words in #Dx that were not understood */
    size_t yes[XP_LABEL_COUNT], unknown[XP_LABEL_COUNT];
} xp_label_counts;

/* Each writes a metadata table: its key columns, the 25 labels, then strat_fold, age, sex (M, F;
 * empty where the source does not say). The file appears only when it is complete. Memory does not
 * grow with the number of records, but for MIMIC's 24 bytes a report.
 *
 * ptbxl_database.csv -> patient_id, ecg_id, file, ... Ages above 89 are 300 there, and stay so.
 * file: the database's column that names the recordings: filename_hr, 500 Hz, or filename_lr, 100
 * Hz. */
xp_status xp_setup_ptbxl(const xp_label_table *ptbxl, xp_label_options o, const char *database,
                         const char *file, const char *out, xp_label_counts *counts, xp_error *err);

/* record_list.csv and machine_measurements.csv, joined by subject_id and study_id in whatever order
 * they come -> subject_id, study_id, path, ... */
xp_status xp_setup_mimic(const xp_label_table *mimic, xp_label_options o, const char *record_list,
                         const char *measurements, const char *out, xp_label_counts *counts,
                         xp_error *err);

typedef struct xp_cinc_record {
    const char *path;           /* as it shall stand in the table, without extension */
    const char *dx, *age, *sex; /* header comments; "" where there is none */
} xp_cinc_record;

/* Fill *record with the next record, valid until the next call; *more = false at the end. */
typedef xp_status (*xp_cinc_next)(void *ctx, xp_cinc_record *record, bool *more, xp_error *err);

/* -> patient_id (the record's name: the collection has no other), path, ... */
xp_status xp_setup_cinc(const xp_label_table *snomed, const xp_label_table *annotated,
                        xp_label_options o, xp_cinc_next next, void *ctx, const char *out,
                        xp_label_counts *counts, xp_error *err);

#endif
