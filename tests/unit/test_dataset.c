/* Tables, the cache of prepared records, batches. Records are written here, as WFDB format 16. */
#include "support.h"
#include "train/dataset_load.h"
#include "train/split.h"

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

static void write_text(const char *name, const char *text) {
    FILE *f = fopen(in(name), "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int sample(int record, int t, int lead) {
    return (record * 37 + t * 11 + lead * 101) % 1999 - 999;
}

/* Leads I, II, V1 in microvolts times scale. */
static void write_record(int record, int samples, int scale) {
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

static int set_up(void **state) {
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

static void remove_all(const char *dir) {
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

static int tear_down(void **state) {
    (void)state;
    remove_all(in("cache"));
    remove_all(folder);
    return 0;
}

static const char *const LABELS[] = {"b", "a"};

static xp_dataset open_table(const char *name) {
    xp_dataset d;
    xp_error err;
    assert_int_equal(xp_dataset_init(&d, LABELS, 2, &err), XP_OK);
    assert_int_equal(xp_dataset_add(&d, in(name), folder, &err), XP_OK);
    return d;
}

static const char MODEL_LEADS[3][16] = {"II", "V1", "aVR"};
static const xp_input_spec SPEC = {3, MODEL_LEADS, RATE, LENGTH};

static float want(int record, int t, int column) {
    static const int from[] = {2, 1};
    if (column < 2) return (float)(sample(record, t, from[column]) / 1000.0);
    double one = (double)(float)(sample(record, t, 0) / 1000.0);
    double two = (double)(float)(sample(record, t, 2) / 1000.0);
    return (float)(-0.5 * (one + two));
}

static void check_record(const float *x, int record, int valid) {
    for (int t = 0; t < LENGTH; t++)
        for (int k = 0; k < 3; k++) {
            float w = t < valid ? want(record, t, k) : 0;
            /* two leads to the bit; the derived one has half microvolts */
            assert_true(k < 2 ? x[t * 3 + k] == w : fabsf(x[t * 3 + k] - w) <= 0.000501f);
        }
}

/* ==== tables ================================================================================= */

static void check_people(const xp_dataset *d) {
    static const xp_person people[] = {{61, 'M'}, {NAN, 'F'}, {300, 0}};
    xp_error err;
    xp_person p;
    char name[32];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(xp_dataset_person(d, i, &p, &err), XP_OK);
        assert_true(p.sex == people[i].sex && (isnan(p.age) ? i == 1 : p.age == people[i].age));
    }
    assert_int_equal(xp_dataset_name(d, 10, name, sizeof name, &err), XP_OK);
    assert_string_equal(name, "r10");
}

static void test_table(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_error err;
    assert_int_equal(d.n, N);
    assert_int_equal(xp_dataset_check_labels(&d, &err), XP_OK);
    assert_int_equal(xp_dataset_label(&d, 0, 0), 0);
    assert_int_equal(xp_dataset_label(&d, 0, 1), 1);
    assert_int_equal(xp_dataset_label(&d, 2, 0), -1);
    assert_int_equal(xp_dataset_label(&d, 3, 0), -1); /* empty */
    xp_case two = xp_dataset_case(&d, 2);
    assert_true(two.yes == 0 && two.unknown == 1 && two.fold == 2 && two.patient == d.patient[2]);
    assert_true(d.patient[0] == d.patient[1]);
    assert_true(d.patient[0] != d.patient[2]);
    assert_int_equal(d.fold[9], 9);
    assert_int_equal(xp_dataset_bytes(&d), N * 18);
    check_people(&d);
    uint64_t before, after;
    assert_int_equal(xp_dataset_fingerprint(&d, &before, NULL), XP_OK);
    d.states[4] ^= 1;
    assert_int_equal(xp_dataset_fingerprint(&d, &after, NULL), XP_OK);
    assert_true(before != after);
    xp_dataset_free(&d);
}

/* Rows are found again wherever they begin, and not when the table is another. */
static void test_rows_again(void **state) {
    (void)state;
    xp_error err;
    char name[64];
    write_text("odd.csv",
               "\xef\xbb\xbfnote,path,a,sex,age\r\n\"one\nand, \"\"two\"\"\",r1.hea,TRUE,f,5\r\n"
               "\r\n\n,sub/r2.DAT,False,,\n,\"r,3\",1.0,M,6.5");
    xp_dataset d = open_table("odd.csv");
    static const char *const names[] = {"r1", "sub/r2", "r,3"};
    static const xp_person people[] = {{5, 'F'}, {NAN, 0}, {6.5f, 'M'}};
    for (size_t i = 0; i < 3; i++) {
        xp_person p;
        assert_int_equal(xp_dataset_name(&d, i, name, sizeof name, &err), XP_OK);
        assert_string_equal(name, names[i]);
        assert_int_equal(xp_dataset_person(&d, i, &p, &err), XP_OK);
        assert_true(p.sex == people[i].sex && (p.age == people[i].age || i == 1));
        assert_int_equal(xp_dataset_label(&d, i, 1), i != 1);
    }
    assert_int_equal(xp_dataset_add(&d, in("odd.csv"), folder, &err), XP_ERR_USAGE);
    assert_non_null(strstr(err.text, "twice"));
    write_text("odd.csv", "note,path,a,sex,age\n,r1,1,,\n");
    assert_int_equal(xp_dataset_name(&d, 0, name, sizeof name, &err), XP_ERR_IO);
    assert_non_null(strstr(err.text, "changed"));
    xp_dataset_free(&d);
}

/* Without ids of patients the same path is the same person: never in two parts. */
static void test_no_patients(void **state) {
    (void)state;
    write_text("odd.csv", "path,a\nr1,1\nr2,0\nr1,1\n");
    xp_dataset d = open_table("odd.csv");
    assert_true(d.patient[0] == d.patient[2] && d.patient[0] != d.patient[1]);
    xp_dataset_free(&d);
}

static void test_several_tables(void **state) {
    (void)state;
    static const char *const labels[] = {"a", "c"};
    xp_dataset d;
    xp_error err;
    write_text("more.csv", "ecg_id,patient_id,path,a\n1,7,x1,1\n2,8,x2,0\n");
    write_text("other.csv", "ecg_id,patient_id,path,c\n1,7.0,y1,1\n");
    write_text("own.csv", "patient,path,c,a\n12345,/abs/z1,1,0\n");
    assert_int_equal(xp_dataset_init(&d, labels, 2, &err), XP_OK);
    assert_int_equal(xp_dataset_add(&d, in("labels.csv"), folder, &err), XP_OK);
    assert_int_equal(xp_dataset_check_labels(&d, &err), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "\"c\""));
    assert_int_equal(xp_dataset_add(&d, in("more.csv"), folder, &err), XP_OK);
    assert_int_equal(xp_dataset_add(&d, in("other.csv"), "elsewhere/", &err), XP_OK);
    assert_int_equal(xp_dataset_add(&d, in("own.csv"), folder, &err), XP_OK);
    assert_int_equal(xp_dataset_check_labels(&d, &err), XP_OK);
    assert_int_equal(d.n, N + 4);
    assert_int_equal(xp_dataset_label(&d, N, 1), -1); /* no column in that table */
    assert_true(d.patient[N] == d.patient[N + 2]);    /* PTB-XL's keys in both */
    assert_true(d.patient[N] != d.patient[0]);        /* another table's patient 7 */
    assert_int_equal(d.patient[N + 3], 12345);
    char path[100];
    assert_int_equal(xp_dataset_path(&d, N + 2, path, sizeof path, &err), XP_OK);
    assert_string_equal(path, "elsewhere/y1");
    assert_int_equal(xp_dataset_path(&d, N + 3, path, sizeof path, &err), XP_OK);
    assert_string_equal(path, "/abs/z1");
    assert_int_equal(xp_dataset_path(&d, N + 3, path, 4, &err), XP_ERR_LIMIT);
    xp_dataset_free(&d);
}

static void test_bad_tables(void **state) {
    (void)state;
    static const struct {
        const char *text, *told;
    } bad[] = {{"path,a\nr0,2\n", "line 2"},
               {"path,a\nr0,1\nr1,x\n", "line 3"},
               {"path,a\nr0,1\nr1\n", "line 3"},
               {"path,a\n,1\n", "missing"},
               {"path,strat_fold,a\nr0,1.5,1\n", "strat_fold"},
               {"name,a\nr0,1\n", "filename_hr"},
               {"path;a\nr0;1\n", "columns, as separated by commas, are: path;a"},
               {"path,z\nr0,1\n", "none of the labels"},
               {"path,a\n", "no record"},
               {"path,a\n\"r0,1\n", "bad.csv"}};
    xp_dataset d;
    xp_error err;
    assert_int_equal(xp_dataset_init(&d, LABELS, 2, &err), XP_OK);
    assert_int_equal(xp_dataset_add(&d, in("labels.csv"), folder, &err), XP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text("bad.csv", bad[i].text);
        assert_int_not_equal(xp_dataset_add(&d, in("bad.csv"), folder, &err), XP_OK);
        if (!strstr(err.text, bad[i].told)) fail_msg("%s: %s", bad[i].told, err.text);
        assert_int_equal(d.n, N);
        assert_int_equal(d.n_sources, 1);
    }
    xp_dataset_free(&d);
    static const char *const twice[] = {"a", "A"};
    assert_int_equal(xp_dataset_init(&d, twice, 2, &err), XP_ERR_USAGE);
}

/* ==== the cache ============================================================================== */

static xp_reader *open_reader(const xp_dataset *d, bool cached) {
    xp_reader *r;
    xp_error err;
    char cache[300];
    snprintf(cache, sizeof cache, "%s", in("cache"));
    xp_status s = xp_reader_create(&r, d, &SPEC, NULL, cached ? cache : NULL, &err);
    if (s != XP_OK) fail_msg("%s", err.text);
    return r;
}

static void read_all(xp_reader *r) {
    float x[LENGTH * 3];
    xp_error err;
    xp_window about;
    for (int i = 0; i < N; i++) {
        if (xp_reader_get(r, (size_t)i, 0, x, &about, &err) != XP_OK) fail_msg("%s", err.text);
        assert_int_equal(about.valid, i == 3 ? 200 : LENGTH);
        assert_int_equal(about.windows, 1);
        check_record(x, i, about.valid);
    }
}

static void test_reader(void **state) {
    (void)state;
    bool bad;
    xp_dataset d = open_table("labels.csv");
    for (int round = 0; round < 3; round++) { /* without, empty, filled */
        xp_reader *r = open_reader(&d, round > 0);
        read_all(r);
        if (round == 2) assert_int_equal(xp_reader_fill(r, 4, &bad, NULL), XP_OK);
        xp_reader_free(r);
    }
    xp_dataset_free(&d);
}

static const char *cache_file(void) {
    static char path[512];
    DIR *d = opendir(in("cache"));
    path[0] = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') snprintf(path, sizeof path, "%s/cache/%s", folder, e->d_name);
    if (d) closedir(d);
    assert_true(path[0] != 0);
    return path;
}

/* The cache is what is read: the record may be gone, as long as its files' identity is not asked.
 */
static void test_cache_is_used(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    float x[LENGTH * 3];
    xp_reader *r = open_reader(&d, true);
    read_all(r);
    int fd = open(in("r5.dat"), O_WRONLY);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pwrite(fd, "\x7f", 1, 100), 1);
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(futimens(fd, times), 0); /* as if it had not changed */
    close(fd);
    assert_int_equal(xp_reader_get(r, 5, 0, x, NULL, NULL), XP_OK);
    check_record(x, 5, LENGTH);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

static void test_stale_and_damaged(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    float x[LENGTH * 3];
    xp_error err;
    xp_reader *r = open_reader(&d, true);
    read_all(r);
    write_record(6, LENGTH, 2); /* a record that was replaced */
    struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};
    assert_int_equal(utimensat(AT_FDCWD, in("r6.dat"), later, 0), 0);
    assert_int_equal(xp_reader_get(r, 6, 0, x, NULL, &err), XP_OK);
    assert_true(x[30] == (float)(2 * sample(6, 10, 2) / 1000.0));
    xp_reader_free(r);
    int fd = open(cache_file(), O_RDWR); /* a bit that fell over */
    uint8_t byte;
    off_t at = 4096 + 2 * (64 + (LENGTH * 3 * 2 + 63) / 64 * 64) + 64 + 1000;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
    r = open_reader(&d, true);
    assert_int_equal(xp_reader_get(r, 2, 0, x, NULL, &err), XP_OK);
    check_record(x, 2, LENGTH);
    assert_int_equal(truncate(cache_file(), 9000), 0); /* a file that was cut */
    write_record(6, LENGTH, 1);
    read_all(r);
    xp_reader_free(r);
    assert_int_equal(truncate(cache_file(), 100), 0);
    char cache[300];
    snprintf(cache, sizeof cache, "%s", in("cache"));
    assert_int_equal(xp_reader_create(&r, &d, &SPEC, NULL, cache, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "remove it"));
    xp_dataset_free(&d);
}

static void test_rows_that_moved(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    float x[LENGTH * 3];
    read_all(r);
    xp_reader_free(r);
    xp_dataset_free(&d);
    write_text("labels.csv", "filename,a\nr4,0\nr0,1\n");
    d = open_table("labels.csv");
    r = open_reader(&d, true);
    assert_int_equal(xp_reader_get(r, 0, 0, x, NULL, NULL), XP_OK);
    check_record(x, 4, LENGTH);
    assert_int_equal(xp_reader_get(r, 1, 0, x, NULL, NULL), XP_OK);
    check_record(x, 0, LENGTH);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

/* 40 mV is beyond int16 microvolts: coarser steps, no clipping. */
static void test_large_values(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    float x[LENGTH * 3];
    xp_error err;
    write_text("r0.hea", "r0 3 100 500\nr0.dat 16 25/mV 16 0 0 0 0 I\n"
                         "r0.dat 16 25/mV 16 0 0 0 0 V1\nr0.dat 16 25/mV 16 0 0 0 0 II\n");
    xp_prepare_options accept = {.accept_amplitude = true};
    xp_reader_free(r);
    assert_int_equal(xp_reader_create(&r, &d, &SPEC, &accept, NULL, &err), XP_OK);
    if (xp_reader_get(r, 0, 0, x, NULL, &err) != XP_OK) fail_msg("%s", err.text);
    for (int t = 0; t < LENGTH; t++)
        assert_true(fabs((double)x[t * 3] - sample(0, t, 2) / 25.0) < 40.0 / 32767);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

static void check_window(const float *x, int record, int from) {
    for (int t = 0; t < LENGTH; t++)
        for (int k = 0; k < 2; k++) assert_true(x[t * 3 + k] == want(record, from + t, k));
}

/* A record of two and a half windows: the last one ends with it. */
static void test_windows(void **state) {
    (void)state;
    static const int from[] = {0, LENGTH, 750};
    xp_error err;
    float x[LENGTH * 3];
    bool bad;
    write_record(4, 1250, 1);
    xp_dataset d = open_table("labels.csv");
    for (int round = 0; round < 4; round++) { /* without a cache; empty; filled; filled at once */
        if (round == 3) unlink(cache_file());
        xp_reader *r = open_reader(&d, round > 0);
        if (round == 3) assert_int_equal(xp_reader_fill(r, 4, &bad, &err), XP_OK);
        for (int w = 2; w >= 0; w--) {
            xp_window about;
            if (xp_reader_get(r, 4, w, x, &about, &err) != XP_OK) fail_msg("%s", err.text);
            assert_true(about.windows == 3 && about.valid == LENGTH);
            check_window(x, 4, from[w]);
        }
        assert_int_equal(xp_reader_get(r, 4, 3, x, NULL, &err), XP_ERR_USAGE);
        assert_int_equal(xp_reader_get(r, 5, 1, x, NULL, &err), XP_ERR_USAGE);
        assert_int_equal(xp_reader_get(r, 5, 0, x, NULL, &err), XP_OK);
        xp_reader_free(r);
    }
    xp_dataset_free(&d);
}

static void test_missing_record(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    float x[LENGTH * 3];
    xp_error err;
    bool bad;
    unlink(in("r8.dat"));
    assert_int_not_equal(xp_reader_get(r, 8, 0, x, NULL, &err), XP_OK);
    assert_non_null(strstr(err.text, "r8"));
    assert_int_not_equal(xp_reader_fill(r, 8, &bad, &err), XP_OK);
    assert_true(bad);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

/* ==== batches ================================================================================ */

typedef struct seen {
    uint32_t items[64];
    float first[64];
    size_t n, batches;
} seen;

static seen run_epoch(xp_loader *l, uint64_t epoch, size_t first, size_t end) {
    seen s = {.n = 0};
    xp_error err;
    xp_loader_start(l, epoch, first, end);
    for (;;) {
        xp_batch b;
        if (xp_loader_next(l, &b, &err) != XP_OK) fail_msg("%s", err.text);
        if (!b.x) return s;
        s.batches++;
        for (int i = 0; i < b.n; i++, s.n++) {
            s.items[s.n] = b.items[i];
            s.first[s.n] = b.x[i * LENGTH * 3 + 3];
            assert_true(b.y[i * 2 + 1] == (b.items[i] == 0 || b.items[i] == 3));
        }
    }
}

static void test_batches(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    uint32_t items[N];
    for (uint32_t i = 0; i < N; i++) items[i] = i;
    xp_augment change = {.gain = {0.5, 2}, .noise = 0.1};
    xp_loader_options o = {&d, r, &SPEC, items, N, 4, 0, 1, true, 9, NULL};
    xp_loader *l;
    assert_int_equal(xp_loader_batches(&o), 2);
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
    seen a = run_epoch(l, 0, 0, 99), b = run_epoch(l, 0, 0, 99), c = run_epoch(l, 1, 0, 99);
    assert_int_equal(a.n, 8);
    assert_int_equal(a.batches, 2);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(a.items, c.items, 8 * sizeof *a.items);
    for (size_t i = 0; i < a.n; i++)
        for (size_t k = 0; k < i; k++) assert_true(a.items[i] != a.items[k]);
    b = run_epoch(l, 0, 1, 2); /* the middle of an epoch */
    assert_int_equal(b.n, 4);
    assert_memory_equal(b.items, a.items + 4, 4 * sizeof *a.items);
    xp_loader_start(l, 5, 0, 99); /* given up at once */
    xp_loader_free(l);

    o.augment = &change;
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
    b = run_epoch(l, 0, 0, 99);
    assert_memory_equal(a.items, b.items, sizeof a.items);
    assert_memory_not_equal(a.first, b.first, 8 * sizeof *a.first);
    c = run_epoch(l, 0, 1, 2);
    assert_memory_equal(b.first + 4, c.first, 4 * sizeof *b.first);
    xp_loader_free(l);

    seen half[2]; /* two processes have what one has */
    for (int rank = 0; rank < 2; rank++) {
        o.rank = rank;
        o.size = 2;
        assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
        half[rank] = run_epoch(l, 0, 0, 99);
        assert_int_equal(half[rank].n, 4);
        xp_loader_free(l);
    }
    for (size_t i = 0; i < 8; i++)
        assert_true(half[i / 2 % 2].first[i / 4 * 2 + i % 2] == b.first[i]);

    o = (xp_loader_options){&d, r, &SPEC, items, N, 4, 0, 1, false, 0, NULL};
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK); /* in order, last batch short */
    a = run_epoch(l, 0, 0, 99);
    assert_int_equal(a.n, N);
    assert_int_equal(a.batches, 3);
    assert_memory_equal(a.items, items, sizeof items);
    xp_loader_free(l);
    o.size = 3;
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_ERR_USAGE);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

/* Each window of a long record comes in some epoch, the same in a second run; not shuffled, it is
 * the first. */
static void test_batches_of_windows(void **state) {
    (void)state;
    write_record(4, 1250, 1);
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, true);
    const uint32_t items[] = {4, 5};
    xp_loader_options o = {&d, r, &SPEC, items, 2, 2, 0, 1, true, 9, NULL};
    xp_loader *l;
    int seen_windows = 0, drawn_before[12];
    for (int shuffle = 1; shuffle >= 0; shuffle--) {
        o.shuffle = shuffle;
        assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
        for (uint64_t epoch = 0; epoch < 24; epoch++) {
            xp_batch b;
            xp_loader_start(l, epoch % 12, 0, 1);
            assert_int_equal(xp_loader_next(l, &b, NULL), XP_OK);
            int k = b.items[0] == 4 ? 0 : 1, w = 0;
            const float *x = b.x + k * LENGTH * 3;
            assert_true(b.windows[k] == 3 && b.windows[1 - k] == 1);
            while (w < 3 && x[0] != want(4, w == 2 ? 750 : w * LENGTH, 0)) w++;
            check_window(x, 4, w == 2 ? 750 : w * LENGTH);
            if (!shuffle) assert_int_equal(w, 0);
            if (shuffle && epoch >= 12) assert_int_equal(drawn_before[epoch - 12], w);
            if (epoch < 12) drawn_before[epoch] = w;
            seen_windows |= 1 << w;
        }
        xp_loader_free(l);
    }
    assert_int_equal(seen_windows, 7);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

static void test_batches_tell_what_is_missing(void **state) {
    (void)state;
    xp_dataset d = open_table("labels.csv");
    xp_reader *r = open_reader(&d, false);
    uint32_t items[N];
    for (uint32_t i = 0; i < N; i++) items[i] = i;
    xp_loader_options o = {&d, r, &SPEC, items, N, 2, 0, 1, false, 0, NULL};
    xp_loader *l;
    xp_batch b;
    xp_error err;
    unlink(in("r5.hea"));
    assert_int_equal(xp_loader_create(&l, &o, NULL), XP_OK);
    xp_loader_start(l, 0, 0, 99);
    assert_int_equal(xp_loader_next(l, &b, &err), XP_OK);
    assert_int_equal(xp_loader_next(l, &b, &err), XP_OK);
    assert_int_equal(xp_loader_next(l, &b, &err), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "r5"));
    assert_int_equal(xp_loader_next(l, &b, &err), XP_OK);
    assert_null(b.x);
    xp_loader_free(l);
    xp_reader_free(r);
    xp_dataset_free(&d);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_table),
        T(test_rows_again),
        T(test_no_patients),
        T(test_several_tables),
        T(test_bad_tables),
        T(test_reader),
        T(test_cache_is_used),
        T(test_stale_and_damaged),
        T(test_rows_that_moved),
        T(test_large_values),
        T(test_windows),
        T(test_missing_record),
        T(test_batches),
        T(test_batches_of_windows),
        T(test_batches_tell_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
