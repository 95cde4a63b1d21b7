/* A folder with small records of WFDB format 16 and a table of them, for the tests of data sets. */
#ifndef XP_TEST_DATASET_RECORDS_H
#define XP_TEST_DATASET_RECORDS_H

#include "data/dataset_load.h"
#include "data/split.h"
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH = 500, RATE = 100, N = 11 };

static char folder[64];
static char path_text[256];

static const char *in(const char *name) {
    snprintf(path_text, sizeof path_text, "%s/%s", folder, name);
    return path_text;
}

static inline void write_text(const char *name, const char *text) {
    FILE *f = fopen(in(name), "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline int sample(int record, int t, int lead) {
    return (record * 37 + t * 11 + lead * 101) % 1999 - 999;
}

/* Leads I, II, V1 in microvolts times scale. */
static inline void write_record(int record, int samples, int scale) {
    char name[32], text[400];
    snprintf(name, sizeof name, "r%d.hea", record);
    snprintf(text, sizeof text,
             "r%d 3 %d %d\nr%d.dat 16 1000/mV 16 0 0 0 0 I\nr%d.dat 16 1000/mV 16 0 0 0 0 V1\n"
             "r%d.dat 16 1000/mV 16 0 0 0 0 II\n",
             record, RATE, samples, record, record, record);
    write_text(name, text);
    snprintf(name, sizeof name, "r%d.dat", record);
    FILE *f = fopen(in(name), "wb");
    assert_non_null(f);
    for (int t = 0; t < samples; t++)
        for (int lead = 0; lead < 3; lead++) {
            int v = sample(record, t, lead) * scale;
            fputc(v & 255, f);
            fputc(v >> 8 & 255, f);
        }
    fclose(f);
}

static inline int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/xp_dataset_XXXXXX");
    assert_non_null(mkdtemp(folder));
    mkdir(in("cache"), 0777);
    for (int i = 0; i < N; i++) write_record(i, i == 3 ? 200 : LENGTH, 1);
    write_text("labels.csv", "filename,patient_id,age,sex,strat_fold,a,b\n"
                             "r0,7.0,61,M,1,1,0\nr1,7,,F,1,0,0\nr2,8,300,,2,0,-1\nr3,9,40,M,3,1,\n"
                             "r4,10,40,M,4,0,1\nr5,11,40,M,5,0,0\nr6,12,40,M,6,0,0\n"
                             "r7,13,40,M,7,0,0\nr8,14,40,M,8,0,0\nr9,15,40,M,9,0,0\n"
                             "r10,16,40,M,10,0,0\n");
    return 0;
}

static inline void remove_all(const char *dir) {
    char path[512];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path);
    }
    if (d) closedir(d);
    rmdir(dir);
}

static inline int tear_down(void **state) {
    (void)state;
    remove_all(in("cache"));
    remove_all(folder);
    return 0;
}

static const char *const LABELS[] = {"b", "a"};

static inline xp_dataset open_table(const char *name) {
    xp_dataset d;
    xp_error err;
    assert_int_equal(xp_dataset_init(&d, LABELS, 2, &err), XP_OK);
    assert_int_equal(xp_dataset_add(&d, in(name), folder, &err), XP_OK);
    return d;
}

static const char MODEL_LEADS[3][16] = {"II", "V1", "aVR"};
static const xp_input_spec SPEC = {3, MODEL_LEADS, RATE, LENGTH};

static inline float want(int record, int t, int column) {
    static const int from[] = {2, 1};
    if (column < 2) return (float)(sample(record, t, from[column]) / 1000.0);
    double one = (double)(float)(sample(record, t, 0) / 1000.0);
    double two = (double)(float)(sample(record, t, 2) / 1000.0);
    return (float)(-0.5 * (one + two));
}

static inline void check_record(const float *x, int record, int valid) {
    for (int t = 0; t < LENGTH; t++)
        for (int k = 0; k < 3; k++) {
            float w = t < valid ? want(record, t, k) : 0;
            /* two leads to the bit; the derived one has half microvolts */
            assert_true(k < 2 ? x[t * 3 + k] == w : fabsf(x[t * 3 + k] - w) <= 0.000501f);
        }
}

static inline xp_reader *open_reader(const xp_dataset *d, bool cached) {
    xp_reader *r;
    xp_error err;
    char cache[300];
    snprintf(cache, sizeof cache, "%s", in("cache"));
    xp_status s = xp_reader_create(&r, d, &SPEC, NULL, cached ? cache : NULL, &err);
    if (s != XP_OK) fail_msg("%s", err.text);
    return r;
}

static inline void check_window(const float *x, int record, int from) {
    for (int t = 0; t < LENGTH; t++)
        for (int k = 0; k < 2; k++) assert_true(x[t * 3 + k] == want(record, from + t, k));
}

#endif
