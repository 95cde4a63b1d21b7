/* Broken records: each gives one message with the file, the line where there is one, the reason and
 * what to do. Feature 12. */
#include "ecg/reader_path.h"
#include "ecg/source_memory.h"
#include "ecg/wfdb.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct broken {
    const char *what;
    xp_status status;
    const char *header; /* r.hea; NULL: there is none */
    size_t size;        /* of header; 0: to its NUL */
    const char *where;  /* must be in the message */
    const char *reason;
    const char *next; /* what to do, or what was expected */
} broken;

#define LINE "r.dat 16 1/mV 16 0 0 0 0 I\n"

/* r.dat has 8 bytes: four samples of format 16. */
static const broken cases[] = {
    {"no header", XP_ERR_NOT_FOUND, NULL, 0, "r.hea", "missing", "give it together"},
    {"empty header", XP_ERR_FORMAT, "", 0, "r.hea line 1", "empty", "copy the file again"},
    {"only comments", XP_ERR_FORMAT, "# hello\n\n", 0, "r.hea line 1", "empty", "copy the file"},
    {"UTF-16, little endian", XP_ERR_FORMAT, "\xff\xfer\0 \0001\0", 8, "r.hea line 1", "UTF-16",
     "save the file again as UTF-8"},
    {"UTF-16, big endian", XP_ERR_FORMAT, "\xfe\xff\0r\0 ", 6, "r.hea line 1", "UTF-16", "UTF-8"},
    {"UTF-16 without its mark", XP_ERR_FORMAT, "r\0 \0001\0", 6, "r.hea line 1", "0x00",
     "plain text"},
    {"a signal file as header", XP_ERR_FORMAT, "r 1 500\n\x01\x02\x03", 0, "r.hea line 2", "0x01",
     "signal file"},
    {"only a name", XP_ERR_FORMAT, "r\n", 0, "r.hea line 1", "number of signals is \"\"",
     "the number of signals and the sampling frequency"},
    {"no number of signals", XP_ERR_FORMAT, "r x 500\n", 0, "r.hea line 1", "\"x\"",
     "starts with the record's name"},
    {"zero signals", XP_ERR_FORMAT, "r 0 500\n", 0, "r.hea line 1", "0 signals", "no ECG to read"},
    {"negative signals", XP_ERR_FORMAT, "r -3 500\n", 0, "r.hea line 1", "-3", "number of signals"},
    {"a billion signals", XP_ERR_FORMAT, "r 1000000000 500 4\n" LINE, 0, "r.hea line 2",
     "after 1 of the 1000000000 signal lines", "copy the file again"},
    {"more signals than a number holds", XP_ERR_FORMAT, "r 99999999999999999999 500\n", 0,
     "r.hea line 1", "99999999999999999999", "number of signals"},
    {"a signal line too few", XP_ERR_FORMAT, "r 2 500 4\n" LINE, 0, "r.hea line 2",
     "after 1 of the 2 signal lines", "copy the file again"},
    {"a signal line too many", XP_ERR_FORMAT, "r 1 500 4\n" LINE LINE, 0, "r.hea line 3",
     "follows the last of the 1 signals", "Copy it again"},
    {"two headers in one", XP_ERR_FORMAT, "r 1 500 4\n" LINE "r 1 500 4\n" LINE, 0, "r.hea line 3",
     "two headers in one file", "Copy it again"},
    {"rate of zero", XP_ERR_FORMAT, "r 1 0 4\n" LINE, 0, "r.hea line 1", "\"0\"", "more than 0 Hz"},
    {"negative rate", XP_ERR_FORMAT, "r 1 -500 4\n" LINE, 0, "r.hea line 1", "-500",
     "more than 0 Hz"},
    {"rate in words", XP_ERR_FORMAT, "r 1 500Hz 4\n" LINE, 0, "r.hea line 1", "500Hz",
     "a number of Hz"},
    {"rate NaN", XP_ERR_FORMAT, "r 1 nan 4\n" LINE, 0, "r.hea line 1", "nan", "a number of Hz"},
    {"rate infinite", XP_ERR_FORMAT, "r 1 1e999 4\n" LINE, 0, "r.hea line 1", "1e999",
     "a number of Hz"},
    {"broken counter frequency", XP_ERR_FORMAT, "r 1 500/x 4\n" LINE, 0, "r.hea line 1", "500/x",
     "a number of Hz"},
    {"negative length", XP_ERR_FORMAT, "r 1 500 -4\n" LINE, 0, "r.hea line 1", "-4",
     "whole number, 0 or more"},
    {"huge length", XP_ERR_TRUNCATED, "r 1 500 99999999999\n" LINE, 0, "r.hea line 2",
     "holds 4 samples per signal, the header says 99999999999", "copy it again"},
    {"length beyond reason", XP_ERR_FORMAT, "r 1 500 9999999999999999999999\n" LINE, 0,
     "r.hea line 1", "9999999999999999999999", "whole number"},
    {"length in words", XP_ERR_FORMAT, "r 1 500 many\n" LINE, 0, "r.hea line 1", "many",
     "whole number"},
    {"short signal file", XP_ERR_TRUNCATED, "r 1 500 5\n" LINE, 0, "r.hea line 2",
     "r.dat holds 4 samples per signal, the header says 5", "set the length in the header to 4"},
    {"missing signal file", XP_ERR_NOT_FOUND, "r 1 500 4\nq.dat 16 1/mV 16 0 0 0 0 I\n", 0,
     "r.hea line 2", "q.dat is missing", "together with"},
    {"wrong case", XP_ERR_NOT_FOUND, "r 1 500 4\nR.DAT 16 1/mV 16 0 0 0 0 I\n", 0, "r.hea line 2",
     "R.DAT is missing, but there is r.dat", "rename the file"},
    {"unknown format", XP_ERR_UNSUPPORTED, "r 1 500 4\nr.dat 17 1/mV 16 0 0 0 0 I\n", 0,
     "r.hea line 2", "\"17\"", "convert the record with xform"},
    {"format in words", XP_ERR_UNSUPPORTED, "r 1 500 4\nr.edf edf 1/mV 16 0 0 0 0 I\n", 0,
     "r.hea line 2", "\"edf\"", "convert the record"},
    {"format and junk", XP_ERR_UNSUPPORTED, "r 1 500 4\nr.dat 16! 1/mV 16 0 0 0 0 I\n", 0,
     "r.hea line 2", "16!", "160, 212"},
    {"no format", XP_ERR_FORMAT, "r 1 500 4\nr.dat\n", 0, "r.hea line 2", "not a signal line",
     "expected file name, format, gain"},
    {"zero samples per frame", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16x0 1/mV\n", 0, "r.hea line 2",
     "16x0", "SAMPLES_PER_FRAME"},
    {"negative skew", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16:-1 1/mV\n", 0, "r.hea line 2", "16:-1",
     "not negative"},
    {"negative byte offset", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16+-1 1/mV\n", 0, "r.hea line 2",
     "16+-1", "not negative"},
    {"byte offset behind the end", XP_ERR_TRUNCATED, "r 1 500 4\nr.dat 16+9 1/mV\n", 0,
     "r.hea line 2", "byte 9 of r.dat, which has only 8", "copy the file again"},
    {"huge samples per frame", XP_ERR_TRUNCATED, "r 1 500 4\nr.dat 16x2147483647 1/mV\n", 0,
     "r.hea line 2", "holds 0 samples", "copy it again"},
    {"gain NaN", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 NaN/mV 16 0 0 0 0 I\n", 0, "r.hea line 2",
     "NaN/mV", "GAIN(BASELINE)/UNITS"},
    {"gain infinite", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 inf/mV 16 0 0 0 0 I\n", 0, "r.hea line 2",
     "inf/mV", "GAIN(BASELINE)/UNITS"},
    {"gain hexadecimal", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 0x10/mV\n", 0, "r.hea line 2",
     "0x10/mV", "GAIN(BASELINE)/UNITS"},
    {"gain not credible", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 1e-200/mV\n", 0, "r.hea line 2",
     "not credible", "correct the header"},
    {"broken baseline", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 1(x)/mV\n", 0, "r.hea line 2",
     "1(x)/mV", "GAIN(BASELINE)/UNITS"},
    {"open baseline", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 1(5/mV\n", 0, "r.hea line 2", "1(5/mV",
     "GAIN(BASELINE)/UNITS"},
    {"ADC zero with a fraction", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 1/mV 16 0.5 0 0 0 I\n", 0,
     "r.hea line 2", "ADC zero is \"0.5\"", "whole number"},
    {"checksum too long", XP_ERR_FORMAT, "r 1 500 4\nr.dat 16 1/mV 16 0 0 99999999999 0 I\n", 0,
     "r.hea line 2", "checksum is \"99999999999\"", "whole number"},
    {"two formats in one file", XP_ERR_FORMAT,
     "r 2 500 2\nr.dat 16 1/mV 16 0 0 0 0 I\nr.dat 212 1/mV 16 0 0 0 0 II\n", 0, "r.hea line 3",
     "format 212 here and 16 on line 2", "one file has one format"},
    {"two offsets in one file", XP_ERR_FORMAT, "r 2 500 2\nr.dat 16+2 1/mV\nr.dat 16+4 1/mV\n", 0,
     "r.hea line 3", "byte offset 4 here and 2 on line 2", "correct the header"},
    {"absolute path", XP_ERR_NOT_FOUND, "r 1 500 4\n/etc/passwd 16 1/mV\n", 0, "r.hea line 2",
     "/etc/passwd", "inside the record's folder"},
    {"path upwards", XP_ERR_NOT_FOUND, "r 1 500 4\n../q.dat 16 1/mV\n", 0, "r.hea line 2",
     "../q.dat", "inside the record's folder"},
    {"path upwards, later", XP_ERR_NOT_FOUND, "r 1 500 4\na/../../q.dat 16 1/mV\n", 0,
     "r.hea line 2", "a/../../q.dat", "inside the record's folder"},
    {"path with a backslash", XP_ERR_NOT_FOUND, "r 1 500 4\n..\\q.dat 16 1/mV\n", 0, "r.hea line 2",
     "..\\q.dat", "inside the record's folder"},
    {"drive letter", XP_ERR_NOT_FOUND, "r 1 500 4\nC:q.dat 16 1/mV\n", 0, "r.hea line 2", "C:q.dat",
     "inside the record's folder"},
    {"address", XP_ERR_NOT_FOUND, "r 1 500 4\nhttp://x.org/q.dat 16 1/mV\n", 0, "r.hea line 2",
     "http://x.org", "inside the record's folder"},
    {"FLAC that is none", XP_ERR_FORMAT, "r 1 500 4\nr.dat 516 1/mV\n", 0, "r.dat",
     "no FLAC stream", "damaged, or it is not FLAC"},
    {"zero segments", XP_ERR_FORMAT, "r/0 1 500 4\n", 0, "r.hea line 1", "r/0",
     "name/number of segments"},
    {"segments in words", XP_ERR_FORMAT, "r/x 1 500 4\n", 0, "r.hea line 1", "r/x",
     "name/number of segments"},
    {"missing segment", XP_ERR_NOT_FOUND, "r/1 1 500 4\ns 4\n", 0, "r.hea line 2",
     "s.hea is missing", "together with"},
    {"segment too few", XP_ERR_FORMAT, "r/3 1 500 8\n~ 4\n", 0, "r.hea line 2",
     "1 of the 3 segment lines", "copy the file again"},
    {"only gaps", XP_ERR_FORMAT, "r/1 1 500 4\n~ 4\n", 0, "r.hea", "only gaps",
     "names its signals"},
    {"segment of itself", XP_ERR_UNSUPPORTED, "r/1 1 500 4\nr 4\n", 0, "r.hea line 2",
     "itself made of segments", "does not allow"},
    {"segment outside", XP_ERR_NOT_FOUND, "r/1 1 500 4\n../s 4\n", 0, "r.hea line 2", "../s",
     "inside the record's folder"},
    {"segment of negative length", XP_ERR_FORMAT, "r/1 1 500 4\ngood -4\n", 0, "r.hea line 2",
     "\"-4\"", "a number of samples"},
    {"segment longer than its file", XP_ERR_TRUNCATED, "r/1 1 500 9\ngood 9\n", 0, "r.hea line 2",
     "has 4 samples, 9 were expected", "copy its files again"},
    {"segment at another rate", XP_ERR_FORMAT, "r/1 1 250 4\ngood 4\n", 0, "r.hea line 2",
     "500 samples per second, the record 250", "correct the headers"},
    {"segment with other signals", XP_ERR_FORMAT, "r/1 2 500 4\ngood 4\n", 0, "r.hea line 2",
     "has 1 signals", "correct the header"},
    {"a year of gap", XP_ERR_LIMIT, "r/2 1 500\ngood 4\n~ 9000000000\n", 0, "r.hea",
     "almost all of them gaps", "one by one"},
    {"gaps beyond numbers", XP_ERR_LIMIT, "r/2 1 500\n~ 281474976710656\n~ 281474976710656\n", 0,
     "r.hea line 3", "too long", ""},
    {"null signals without end", XP_ERR_LIMIT, "r 1 500 9000000000\n~ 0 1/mV\n", 0, "r.hea",
     "without a file", "correct it"},
};

static xp_status read_case(const broken *b, xp_error *e, xp_stored *w) {
    static const char dat[8];
    static const char good[] = "good 1 500 4\n" LINE;
    size_t size = b->header ? b->size ? b->size : strlen(b->header) : 0;
    xp_memory_file files[] = {
        {"r.dat", (const uint8_t *)dat, sizeof dat},
        {"good.hea", (const uint8_t *)good, sizeof good - 1},
        {"r.hea", (const uint8_t *)b->header, size},
    };
    xp_memory_files t = {files, b->header ? 3 : 2};
    xp_file_source s = xp_memory_source(&t);
    return xp_wfdb_read(w, "r", &s, NULL, e);
}

static void each_broken_record_gives_one_clear_message(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const broken *b = &cases[i];
        xp_error e = {0};
        xp_stored w = {.n_signals = -77};
        xp_status s = read_case(b, &e, &w);
        if (s != b->status || e.code != s || !strstr(e.text, b->where) ||
            !strstr(e.text, b->reason) || !strstr(e.text, b->next) || strchr(e.text, '\n'))
            fail_msg("%s: %s: %s", b->what, xp_status_name(s), e.text);
        assert_int_equal(w.n_signals, -77); /* untouched */
    }
    assert_true(sizeof cases / sizeof *cases >= 40);
}

static void a_record_name_cannot_lead_outside(void **state) {
    (void)state;
    static const char *const names[] = {"../r", "/etc/passwd", "", "a//b", "a/./b", "C:\\r", "."};
    xp_memory_files t = {0};
    xp_file_source s = xp_memory_source(&t);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        xp_stored w;
        xp_error e;
        assert_int_equal(xp_wfdb_read(&w, names[i], &s, NULL, &e), XP_ERR_USAGE);
    }
}

static void signals_that_are_no_leads_are_an_error(void **state) {
    (void)state;
    static const broken cases2[] = {
        {"no lead", XP_ERR_LEAD_UNKNOWN, "r 1 500 4\nr.dat 16 1/NU 16 0 0 0 0 PLETH\n", 0, "r",
         "PLETH", "name the leads"},
        {"no name", XP_ERR_LEAD_UNKNOWN, "r 1 500 4\nr.dat 16 1/mV\n", 0, "r", "1 signals",
         "name the leads"},
        {"no voltage", XP_ERR_LEAD_UNKNOWN, "r 1 500 4\nr.dat 16 1/mmHg 16 0 0 0 0 I\n", 0, "r",
         "none of its 1 signals", "in volts"},
        {"no samples", XP_ERR_TRUNCATED, "r 1 500\nr.dat 16+8 1/mV 16 0 0 0 0 I\n", 0, "r",
         "no samples", "layout header"},
        {"unit not credible", XP_ERR_UNITS, "r 1 500\nr.dat 16 1e-90/V 16 0 0 0 0 I\n", 0, "lead I",
         "1e-90 adu/V", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases2 / sizeof *cases2; i++) {
        const broken *b = &cases2[i];
        xp_error e = {0};
        xp_stored w;
        xp_record r = {.n_leads = -77};
        assert_int_equal(read_case(b, &e, &w), XP_OK);
        xp_status s = xp_stored_to_record(&r, &w, &e);
        if (s != b->status || !strstr(e.text, b->where) || !strstr(e.text, b->reason) ||
            !strstr(e.text, b->next))
            fail_msg("%s: %s: %s", b->what, xp_status_name(s), e.text);
        assert_int_equal(r.n_leads, -77);
        xp_stored_free(&w);
    }
}

/* ---- on disk ---- */

static void write_text(const char *dir, const char *name, const char *text, size_t n) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static xp_status open_and_read(const char *dir, const char *name, xp_error *e) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    xp_stored w;
    xp_status s = xp_stored_open_path(&w, path, NULL, e);
    if (s == XP_OK) xp_stored_free(&w);
    return s;
}

static void folders_find_records_and_say_what_is_missing(void **state) {
    (void)state;
    char dir[] = "xp_errors_XXXXXX";
    assert_non_null(mkdtemp(dir));
    static const char header[] = "r 1 500 4\n" LINE, other[] = "q 1 500 4\n" LINE;
    write_text(dir, "r.hea", header, sizeof header - 1);
    write_text(dir, "q.HEA", other, sizeof other - 1);
    write_text(dir, "r.DAT", "12345678", 8);
    write_text(dir, "e.gdf", "0", 1);
    xp_error e;
    assert_int_equal(open_and_read(dir, "r", &e), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "r.hea line 2: r.dat is missing in"));
    assert_non_null(strstr(e.text, "there is r.DAT"));
    write_text(dir, "r.dat", "12345678", 8);
    static const char *const names[] = {"r", "r.hea", "r.dat"};
    for (int i = 0; i < 3; i++) assert_int_equal(open_and_read(dir, names[i], &e), XP_OK);
    assert_int_equal(open_and_read(dir, "q", &e), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "there is q.HEA"));
    assert_int_equal(open_and_read(dir, "x.hea", &e), XP_ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "x.hea is missing in"));
    assert_int_equal(open_and_read(dir, "e.gdf", &e), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(e.text, "export or convert"));
    assert_int_equal(open_and_read(dir, "", &e), XP_ERR_USAGE);
    static const char *const files[] = {"r.hea", "q.HEA", "r.DAT", "r.dat", "e.gdf"};
    for (int i = 0; i < 5; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_broken_record_gives_one_clear_message),
        cmocka_unit_test(a_record_name_cannot_lead_outside),
        cmocka_unit_test(signals_that_are_no_leads_are_an_error),
        cmocka_unit_test(folders_find_records_and_say_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
