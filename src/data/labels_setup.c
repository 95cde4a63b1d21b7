#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/labels.h"

static void put_header(xp_csv_writer *w, const char *const *keys, int n) {
    for (int i = 0; i < n; i++) xp_csv_put(w, keys[i]);
    for (int i = 0; i < XP_LABEL_COUNT; i++) xp_csv_put(w, xp_label_name(i));
    xp_csv_put(w, "strat_fold");
    xp_csv_put(w, "age");
    xp_csv_put(w, "sex");
    xp_csv_end_row(w);
}

static void put_labels(xp_csv_writer *w, xp_label_state s, xp_label_counts *counts) {
    for (int i = 0; i < XP_LABEL_COUNT; i++) {
        int v = xp_label_value(s, i);
        xp_csv_putf(w, "%d", v);
        counts->yes[i] += v == 1;
        counts->unknown[i] += v == -1;
    }
    counts->records++;
}

static void put_extra(xp_csv_writer *w, const char *fold, const char *age, const char *sex) {
    xp_csv_put(w, fold);
    xp_csv_put(w, age);
    xp_csv_put(w, sex);
    xp_csv_end_row(w);
}

/* End of every setup function: the table appears, or nothing does. */
static xp_status finish(xp_status s, xp_csv_writer *w, const xp_label_counts *mine,
                        xp_label_counts *counts, xp_error *err) {
    if (s == XP_OK)
        s = xp_csv_commit(w, err);
    else
        xp_csv_abandon(w);
    if (s == XP_OK) *counts = *mine;
    return s;
}

/* ==== PTB-XL ============================================================================== */

typedef struct ptbxl_columns {
    int ecg, patient, age, sex, codes, fold, file;
} ptbxl_columns;

static xp_status find_ptbxl_columns(const xp_csv *c, const char *file, ptbxl_columns *k,
                                    xp_error *err) {
    XP_TRY(xp_csv_column(c, "ecg_id", &k->ecg, err));
    XP_TRY(xp_csv_column(c, "patient_id", &k->patient, err));
    XP_TRY(xp_csv_column(c, "age", &k->age, err));
    XP_TRY(xp_csv_column(c, "sex", &k->sex, err));
    XP_TRY(xp_csv_column(c, "scp_codes", &k->codes, err));
    XP_TRY(xp_csv_column(c, "strat_fold", &k->fold, err));
    return xp_csv_column(c, file, &k->file, err);
}

/* "56.0" -> "56"; "" stays. */
static xp_status whole_number(const xp_csv *c, int field, char text[24], xp_error *err) {
    uint64_t v;
    text[0] = 0;
    if (!*xp_csv_field(c, field)) return XP_OK;
    XP_TRY(xp_csv_id(c, field, &v, err));
    snprintf(text, 24, "%llu", (unsigned long long)v);
    return XP_OK;
}

static xp_status ptbxl_row(const xp_label_table *t, xp_label_options o, const xp_csv *c,
                           const ptbxl_columns *k, xp_csv_writer *w, xp_label_counts *counts,
                           xp_error *err) {
    uint64_t patient, ecg;
    char fold[24], age[24], sex[24];
    xp_label_state labels;
    xp_error why;
    XP_TRY(xp_csv_id(c, k->patient, &patient, err));
    XP_TRY(xp_csv_id(c, k->ecg, &ecg, err));
    XP_TRY(whole_number(c, k->fold, fold, err));
    XP_TRY(whole_number(c, k->age, age, err));
    XP_TRY(whole_number(c, k->sex, sex, err));
    if (xp_labels_from_scp(t, o, xp_csv_field(c, k->codes), &labels, &why) != XP_OK)
        return xp_csv_fail(c, k->codes, err, why.code, "%s", why.text);
    if (!*xp_csv_field(c, k->file))
        return xp_csv_fail(c, k->file, err, XP_ERR_FORMAT, "the file name is missing");
    xp_csv_putf(w, "%llu", (unsigned long long)patient);
    xp_csv_putf(w, "%llu", (unsigned long long)ecg);
    xp_csv_put(w, xp_csv_field(c, k->file));
    put_labels(w, labels, counts);
    /* PTB-XL: 0 male, 1 female. */
    put_extra(w, fold, age, !strcmp(sex, "0") ? "M" : !strcmp(sex, "1") ? "F" : "");
    return XP_OK;
}

static xp_status ptbxl_rows(const xp_label_table *t, xp_label_options o, xp_csv *c,
                            const char *file, xp_csv_writer *w, xp_label_counts *counts,
                            xp_error *err) {
    const char *const keys[] = {"patient_id", "ecg_id", file};
    ptbxl_columns k;
    XP_TRY(xp_csv_header(c, err));
    XP_TRY(find_ptbxl_columns(c, file, &k, err));
    put_header(w, keys, 3);
    for (;;) {
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) return XP_OK;
        XP_TRY(ptbxl_row(t, o, c, &k, w, counts, err));
    }
}

xp_status xp_setup_ptbxl(const xp_label_table *t, xp_label_options o, const char *database,
                         const char *file, const char *out, xp_label_counts *counts,
                         xp_error *err) {
    xp_csv *c = NULL;
    xp_csv_writer *w = NULL;
    xp_label_counts mine = {0};
    xp_status s = xp_csv_open(&c, database, ',', err);
    if (s == XP_OK) s = xp_csv_create(&w, out, err);
    if (s == XP_OK) s = ptbxl_rows(t, o, c, file, w, &mine, err);
    xp_csv_close(c);
    return finish(s, w, &mine, counts, err);
}

/* ==== MIMIC-IV ============================================================================ */

/* The labels of one report, found again by subject and study. */
typedef struct report {
    uint64_t subject, study;
    xp_label_state labels;
} report;

typedef struct reports {
    report *items;
    size_t n, cap;
} reports;

enum { MAX_STATEMENTS = 64 };

static int by_key(const void *a, const void *b) {
    const report *x = a, *y = b;
    if (x->subject != y->subject) return x->subject < y->subject ? -1 : 1;
    return x->study < y->study ? -1 : x->study > y->study;
}

static xp_status add_report(reports *r, report one, xp_error *err) {
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 4096;
        report *p = realloc(r->items, cap * sizeof *p);
        if (!p) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu reports", cap);
        r->items = p;
        r->cap = cap;
    }
    r->items[r->n++] = one;
    return XP_OK;
}

/* report_0, report_1, ... as far as they go. */
static xp_status find_statements(const xp_csv *c, int *column, int *n, xp_error *err) {
    XP_TRY(xp_csv_column(c, "report_0", &column[0], err));
    for (*n = 1; *n < MAX_STATEMENTS; ++*n) {
        char name[24];
        snprintf(name, sizeof name, "report_%d", *n);
        if ((column[*n] = xp_csv_find(c, name)) < 0) break;
    }
    return XP_OK;
}

static xp_status read_report(const xp_label_table *t, xp_label_options o, const xp_csv *c,
                             const int *column, int n, report *one, xp_error *err) {
    const char *statement[MAX_STATEMENTS];
    xp_error why;
    for (int i = 0; i < n; i++) statement[i] = xp_csv_field(c, column[i]);
    if (xp_labels_from_statements(t, o, statement, n, &one->labels, &why) != XP_OK)
        return xp_csv_fail(c, column[0], err, why.code, "%s", why.text);
    return XP_OK;
}

static xp_status read_reports(const xp_label_table *t, xp_label_options o, xp_csv *c, reports *r,
                              xp_error *err) {
    int subject, study, n, column[MAX_STATEMENTS];
    XP_TRY(xp_csv_header(c, err));
    XP_TRY(xp_csv_column(c, "subject_id", &subject, err));
    XP_TRY(xp_csv_column(c, "study_id", &study, err));
    XP_TRY(find_statements(c, column, &n, err));
    for (;;) {
        report one;
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) break;
        XP_TRY(xp_csv_id(c, subject, &one.subject, err));
        XP_TRY(xp_csv_id(c, study, &one.study, err));
        XP_TRY(read_report(t, o, c, column, n, &one, err));
        XP_TRY(add_report(r, one, err));
    }
    if (r->n) qsort(r->items, r->n, sizeof *r->items, by_key);
    for (size_t i = 1; i < r->n; i++)
        if (!by_key(&r->items[i - 1], &r->items[i]))
            return xp_csv_fail(
                c, -1, err, XP_ERR_FORMAT,
                "the file has study %llu of subject %llu twice; remove one of the rows",
                (unsigned long long)r->items[i].study, (unsigned long long)r->items[i].subject);
    return XP_OK;
}

static xp_status mimic_rows(const reports *r, xp_csv *c, xp_csv_writer *w, xp_label_counts *counts,
                            xp_error *err) {
    static const char *const keys[] = {"subject_id", "study_id", "path"};
    int subject, study, path;
    XP_TRY(xp_csv_header(c, err));
    XP_TRY(xp_csv_column(c, "subject_id", &subject, err));
    XP_TRY(xp_csv_column(c, "study_id", &study, err));
    XP_TRY(xp_csv_column(c, "path", &path, err));
    put_header(w, keys, 3);
    for (;;) {
        report key;
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) return XP_OK;
        XP_TRY(xp_csv_id(c, subject, &key.subject, err));
        XP_TRY(xp_csv_id(c, study, &key.study, err));
        const report *found = r->n ? bsearch(&key, r->items, r->n, sizeof *r->items, by_key) : NULL;
        if (!found) {
            counts->left_out++;
            continue;
        }
        xp_csv_putf(w, "%llu", (unsigned long long)key.subject);
        xp_csv_putf(w, "%llu", (unsigned long long)key.study);
        xp_csv_put(w, xp_csv_field(c, path));
        put_labels(w, found->labels, counts);
        put_extra(w, "", "", "");
    }
}

xp_status xp_setup_mimic(const xp_label_table *t, xp_label_options o, const char *record_list,
                         const char *measurements, const char *out, xp_label_counts *counts,
                         xp_error *err) {
    xp_csv *m = NULL, *c = NULL;
    xp_csv_writer *w = NULL;
    reports r = {0};
    xp_label_counts mine = {0};
    xp_status s = xp_csv_open(&m, measurements, ',', err);
    if (s == XP_OK) s = xp_csv_open(&c, record_list, ',', err);
    if (s == XP_OK) s = read_reports(t, o, m, &r, err);
    if (s == XP_OK) s = xp_csv_create(&w, out, err);
    if (s == XP_OK) s = mimic_rows(&r, c, w, &mine, err);
    xp_csv_close(m);
    xp_csv_close(c);
    free(r.items);
    return finish(s, w, &mine, counts, err);
}

/* ==== PhysioNet/CinC ====================================================================== */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *sex_letter(const char *text) {
    return !strncasecmp(text, "m", 1) ? "M" : !strncasecmp(text, "f", 1) ? "F" : "";
}

static xp_status cinc_rows(const xp_label_table *snomed, const xp_label_table *annotated,
                           xp_label_options o, xp_cinc_next next, void *ctx, xp_csv_writer *w,
                           xp_label_counts *counts, xp_error *err) {
    static const char *const keys[] = {"patient_id", "path"};
    put_header(w, keys, 2);
    for (;;) {
        xp_cinc_record r = {"", "", "", ""};
        xp_label_state labels;
        bool more = false;
        int strange;
        XP_TRY(next(ctx, &r, &more, err));
        if (!more) return XP_OK;
        const char *name = base_name(r.path);
        XP_TRY(xp_labels_from_dx(snomed, annotated, o, name, r.dx, &labels, &strange, err));
        counts->strange += (size_t)strange;
        xp_csv_put(w, name);
        xp_csv_put(w, r.path);
        put_labels(w, labels, counts);
        char *end;
        double age = strtod(r.age, &end); /* "NaN" is how the collection says unknown */
        put_extra(w, "", end != r.age && age >= 0 ? r.age : "", sex_letter(r.sex));
    }
}

xp_status xp_setup_cinc(const xp_label_table *snomed, const xp_label_table *annotated,
                        xp_label_options o, xp_cinc_next next, void *ctx, const char *out,
                        xp_label_counts *counts, xp_error *err) {
    xp_csv_writer *w = NULL;
    xp_label_counts mine = {0};
    xp_status s = xp_csv_create(&w, out, err);
    if (s == XP_OK) s = cinc_rows(snomed, annotated, o, next, ctx, w, &mine, err);
    return finish(s, w, &mine, counts, err);
}
