/* As test_memory.c, for tables, data sets and what models are worth. */
#include "scarce.h"

#include "data/csv.h"
#include "data/labels.h"
#include "eval/calibrate.h"
#include "eval/metrics_report.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

enum { LENGTH = 50, RATE = 50, RECORDS = 4 };

static char folder[] = "/tmp/xp_memory_data_XXXXXX";

static const char *in(const char *name) {
    static char paths[4][256];
    static int next;
    char *path = paths[next++ & 3];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t n) {
    FILE *f = fopen(in(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static const char TABLE[] = "path,patient_id,age,sex,strat_fold,a,b\n"
                            "r0,7,61,M,1,1,0\nr1,8,,F,9,0,-1\nr2,9,40,,10,0,1\nr3,10,50,F,2,1,0\n";
static const char PTBXL[] =
    "ecg_id,patient_id,age,sex,report,scp_codes,strat_fold,filename_lr,filename_hr\n"
    "1,15709.0,56.0,1,\"sinus, rhythm\",\"{'NORM': 100.0, 'SR': 0.0}\",3,lr/1,hr/1\n"
    "2,13243.0,19.0,0,x,\"{'AFIB': 80.0}\",2,lr/2,hr/2\n";

static int set_up(void **state) {
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file("labels.csv", TABLE, sizeof TABLE - 1);
    write_file("ptbxl_database.csv", PTBXL, sizeof PTBXL - 1);
    for (int i = 0; i < RECORDS; i++) {
        char name[32], text[200];
        static uint8_t samples[LENGTH * 4];
        for (size_t k = 0; k < sizeof samples; k += 2) samples[k] = (uint8_t)(k * 3 + (size_t)i);
        snprintf(name, sizeof name, "r%d.hea", i);
        const int n = snprintf(text, sizeof text,
                               "r%d 2 %d %d\nr%d.dat 16 200/mV 16 0 0 0 0 I\n"
                               "r%d.dat 16 200/mV 16 0 0 0 0 II\n",
                               i, RATE, LENGTH, i, i);
        write_file(name, text, (size_t)n);
        snprintf(name, sizeof name, "r%d.dat", i);
        write_file(name, samples, sizeof samples);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = {"labels.csv", "ptbxl_database.csv", "made.csv", "out.csv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in(names[i]));
    for (int i = 0; i < RECORDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "r%d.hea", i);
        unlink(in(name));
        snprintf(name, sizeof name, "r%d.dat", i);
        unlink(in(name));
    }
    return rmdir(folder);
}

/* ==== tables ================================================================================= */

static xp_status read_rows(xp_csv *c, scarce_result *r, xp_error *err) {
    XP_TRY(xp_csv_header(c, err));
    for (;;) {
        XP_TRY(xp_csv_next(c, err));
        if (!xp_csv_count(c)) return XP_OK;
        for (int i = 0; i < xp_csv_count(c); i++)
            scarce_add(r, xp_csv_field(c, i), strlen(xp_csv_field(c, i)));
    }
}

static xp_status read_table(void *ctx, scarce_result *r, xp_error *err) {
    xp_csv *c;
    (void)ctx;
    XP_TRY(xp_csv_open(&c, in("labels.csv"), ',', err));
    const xp_status s = read_rows(c, r, err);
    xp_csv_close(c);
    return s;
}

static xp_status read_long_row(void *ctx, scarce_result *r, xp_error *err) {
    xp_csv *c;
    XP_TRY(xp_csv_open_bytes(&c, *(xp_bytes *)ctx, "long", ',', err));
    const xp_status s = read_rows(c, r, err);
    xp_csv_close(c);
    return s;
}

static xp_status write_table(void *ctx, scarce_result *r, xp_error *err) {
    xp_csv_writer *w;
    (void)ctx, (void)r;
    XP_TRY(xp_csv_create(&w, in("made.csv"), err));
    xp_csv_put(w, "a \"quoted\" text");
    xp_csv_putf(w, "%d", 3);
    xp_csv_end_row(w);
    return xp_csv_commit(w, err);
}

static void tables(void **state) {
    (void)state;
    scarce_check("table read", read_table, NULL);
    scarce_check("table written", write_table, NULL);
    const size_t n = 100000;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, 'y', n);
    memcpy(text, "a,b\nx,", 6);
    scarce_check("long row", read_long_row, &(xp_bytes){(const uint8_t *)text, n});
    free(text);
}

/* ==== labels ================================================================================= */

static xp_status load_labels(void *ctx, scarce_result *r, xp_error *err) {
    xp_label_table *t;
    const xp_label_source source = *(xp_label_source *)ctx;
    XP_TRY(xp_label_table_load(&t, source, (xp_bytes){0}, "built in", err));
    xp_label_counts counts = {0};
    xp_status s = XP_OK;
    if (source == XP_LABELS_PTBXL)
        s = xp_setup_ptbxl(t, (xp_label_options){false, -1}, in("ptbxl_database.csv"),
                           "filename_hr", in("out.csv"), &counts, err);
    scarce_add(r, &counts, sizeof counts);
    xp_label_table_free(t);
    return s;
}

static void label_tables(void **state) {
    (void)state;
    xp_label_source sources[] = {XP_LABELS_MIMIC, XP_LABELS_SNOMED, XP_LABELS_ANNOTATED,
                                 XP_LABELS_PTBXL};
    static const char *const names[] = {"MIMIC", "SNOMED", "annotated", "PTB-XL"};
    for (int i = 0; i < 4; i++) scarce_check(names[i], load_labels, &sources[i]);
}

/* ==== what a model is worth ================================================================== */

enum { CASES = 12 };
static double score[CASES * 2], other[CASES * 2];
static int8_t truth[CASES * 2];
static const double thresholds[] = {0.5, 0.4};
static const char *const names[] = {"a", "b"};

static xp_predictions predictions(void) {
    for (int i = 0; i < CASES * 2; i++) {
        score[i] = (i * 7 % 24 + 0.5) / 24;
        other[i] = (i * 5 % 24 + 0.5) / 24;
        truth[i] = (int8_t)(i * 11 % 5 < 2);
    }
    return (xp_predictions){score, truth, NULL, CASES, 2};
}

static xp_status add_json(cJSON *json, scarce_result *r, xp_error *err) {
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (!text) return xp_fail(err, XP_ERR_MEMORY, "no memory for JSON");
    scarce_add(r, text, strlen(text));
    cJSON_free(text);
    return XP_OK;
}

static xp_status evaluate(void *ctx, scarce_result *r, xp_error *err) {
    const xp_predictions p = predictions();
    xp_eval_options o = xp_eval_defaults();
    xp_evaluation e;
    (void)ctx;
    o.resamples = 20;
    XP_TRY(xp_evaluate(&p, thresholds, o, &e, err));
    const xp_status s = add_json(xp_evaluation_json(&e, names), r, err);
    xp_evaluation_free(&e);
    return s;
}

static xp_status compare(void *ctx, scarce_result *r, xp_error *err) {
    const xp_predictions p = predictions();
    xp_eval_options o = xp_eval_defaults();
    xp_compared labels[2], macro;
    (void)ctx;
    o.resamples = 20;
    XP_TRY(xp_compare(&p, other, thresholds, thresholds, o, labels, &macro, err));
    return add_json(xp_comparison_json(labels, 2, names), r, err);
}

static xp_status calibrate(void *ctx, scarce_result *r, xp_error *err) {
    const xp_predictions p = predictions();
    xp_scaling scaling[2];
    xp_curve roc, pr;
    double threshold;
    (void)ctx;
    XP_TRY(xp_calibrate(&p, scaling, err));
    XP_TRY(xp_choose_threshold(&p, 0, XP_THRESHOLD_YOUDEN, 0, &threshold, err));
    scarce_add(r, scaling, sizeof scaling);
    scarce_add(r, &threshold, sizeof threshold);
    XP_TRY(xp_roc_curve(&p, 0, &roc, err));
    scarce_add(r, roc.x, roc.n * sizeof *roc.x);
    xp_curve_free(&roc);
    XP_TRY(xp_pr_curve(&p, 0, &pr, err));
    scarce_add(r, pr.x, pr.n * sizeof *pr.x);
    xp_curve_free(&pr);
    return XP_OK;
}

static void evaluations(void **state) {
    (void)state;
    scarce_check("evaluated", evaluate, NULL);
    scarce_check("compared", compare, NULL);
    scarce_check("calibrated", calibrate, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(label_tables),
        cmocka_unit_test(evaluations),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
