/* Tables, and the cache of prepared records. */
#include "dataset_records.h"

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
    assert_true(two.yes[0] == 0 && two.unknown[0] == 1 && two.fold == 2 &&
                two.patient == d.patient[2]);
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

static void read_all(xp_reader *r) {
    float x[LENGTH * 3];
    xp_error err;
    xp_record_window about;
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
            xp_record_window about;
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

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_table),          T(test_rows_again),        T(test_no_patients),
        T(test_several_tables), T(test_bad_tables),        T(test_reader),
        T(test_cache_is_used),  T(test_stale_and_damaged), T(test_rows_that_moved),
        T(test_large_values),   T(test_windows),           T(test_missing_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
