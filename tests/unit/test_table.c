/* Tables of numbers as recordings: text, .npy and .mat. */
#include "ecg/reader.h"
#include "ecg/source_memory.h"
#include "support.h"
#include "unit/open_bytes.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

static xp_stored open_text(const char *text, const xp_read_options *opt) {
    xp_stored w;
    xp_error e;
    if (open_bytes(&w, "t.csv", text, strlen(text), opt, &e)) fail_msg("%s\n%s", e.text, text);
    if (xp_stored_physical(&w, &e)) fail_msg("%s", e.text);
    return w;
}

static const xp_read_options mv_500 = {.rate = 500, .unit = "mV"};
static const xp_read_options two = {.rate = 500, .unit = "mV", .columns = "I,II"};

/* ---- golden values ---- */

static void check_lead(const xp_stored *w, const cJSON *block, const cJSON *lead) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(lead, "canonical"));
    const cJSON *at = cJSON_GetObjectItem(block, "indices");
    const cJSON *uv = cJSON_GetObjectItem(lead, "at_indices_uv");
    int i = 0;
    while (i < w->n_signals && strcmp(w->signals[i].name, name)) i++;
    assert_true(i < w->n_signals);
    for (int k = 0; k < cJSON_GetArraySize(at); k++) {
        int64_t index = (int64_t)cJSON_GetArrayItem(at, k)->valuedouble;
        double want = cJSON_GetArrayItem(uv, k)->valuedouble, got = w->signals[i].physical[index];
        if (fabs(got - want) > 1e-5 * fabs(want)) fail_msg("%s: %g, not %g", name, got, want);
    }
}

static void golden_values_of_the_fixture(void **state) {
    (void)state;
    const char *path = shared_path("fixtures/formats/csv/csv_chapman_19000.csv");
    if (!exists(path)) skip();
    xp_bytes file = read_file(path);
    xp_bytes text = read_file(shared_path("fixtures/formats/golden/csv_chapman_19000.json"));
    cJSON *j = cJSON_ParseWithLength((const char *)text.data, text.size);
    const cJSON *block = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "blocks"), 0), *lead;
    xp_stored w;
    xp_error e;
    xp_read_options opt = {.rate = 500, .unit = "uV"};
    if (open_bytes(&w, "t.csv", file.data, file.size, &opt, &e)) fail_msg("%s", e.text);
    assert_int_equal(xp_stored_physical(&w, &e), XP_OK);
    assert_int_equal(w.n_frames, 5000);
    assert_int_equal(w.n_signals, 12);
    cJSON_ArrayForEach(lead, cJSON_GetObjectItem(block, "leads")) check_lead(&w, block, lead);
    assert_int_equal(open_bytes(&w, "t.csv", file.data, file.size, NULL, &e), XP_ERR_USAGE);
    assert_non_null(strstr(e.text, "--rate"));
    assert_non_null(strstr(e.text, "--unit"));
    xp_stored_free(&w);
    cJSON_Delete(j);
    free((void *)(uintptr_t)file.data);
    free((void *)(uintptr_t)text.data);
}

/* ---- spellings ---- */

/* I: 0.5, -1, NaN; II: 1.25, 2, 3 */
static void check_two(const char *text, const xp_read_options *opt) {
    xp_stored w = open_text(text, opt);
    if (w.n_signals != 2 || w.n_frames != 3)
        fail_msg("%d x %d: %s", w.n_signals, (int)w.n_frames, text);
    const double want[2][3] = {{0.5, -1, NAN}, {1.25, 2, 3}};
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < 3; i++) {
            double got = w.signals[s].physical[i];
            if (!(got == want[s][i] || (isnan(got) && isnan(want[s][i]))))
                fail_msg("signal %d sample %d: %g\n%s", s, i, got, text);
        }
    assert_string_equal(w.signals[0].name, "I");
    assert_string_equal(w.signals[1].name, "II");
    assert_string_equal(w.signals[0].units, "mV");
    assert_true(fabs(w.rate - 500) < 1e-9);
    assert_int_equal(w.signals[0].n_missing, 1);
    xp_stored_free(&w);
}

static void spellings_mean_the_same(void **state) {
    (void)state;
    static const char *const named[] = {
        "I,II\n0.5,1.25\n-1,2\n,3\n",
        "I,II\r\n0.5,1.25\r\n-1,2\r\nnan,3",
        "\xef\xbb\xbfI;II\n0,5;1,25\n-1;2\n;3\n",
        "I\tII\n0.5\t1.25\n-1\t2\n\t3\n",
        "\"I\",\"II\"\n\"0.5\",\"1.25\"\n\"-1\",\"2\"\n\"\",\"3\"\n",
        "# made by hand\nI (mV),II [mV]\n0.5,1.25\n-1,2\nNA,3\n",
        "I_mV,II mV\n5e-1,125e-2\n-1.0,+2\nnull,3\n",
        "I,II\nmV,mV\n0.5,1.25\n-1,2\n,3\n",
        "Lead I,lead ii\r0.5,1.25\r-1,2\r,3\r",
        "some,words,first\n\nI;II;\n0,5;1,25;\n-1;2;\n;3;\n",
        "I;II\n0,5;1,25\n\xe2\x88\x92"
        "1;2\n\xe2\x80\x93;3\n", /* a minus sign, a dash */
        "I;II\n0,5;1,25\n\xe2\x80\x93"
        "10e\xe2\x88\x92"
        "1;2\n;3\n",
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        xp_read_options opt = mv_500;
        if (strstr(named[i], "ead ")) opt.columns = "I,II";
        check_two(named[i], &opt);
    }
    check_two("0.5 1.25\n-1 2\nnan 3\n", &two);
    check_two("  0,5   1,25\n -1\t2\nnan 3\n", &two);
}

static void times_give_the_rate(void **state) {
    (void)state;
    const xp_read_options none = {0};
    check_two("time (s),I (mV),II (mV)\n0,0.5,1.25\n0.002,-1,2\n0.004,,3\n", &none);
    check_two("Time [ms];I [mV];II [mV]\n10;0,5;1,25\n12;-1;2\n14;;3\n", &none);
    check_two("time,I (mV),II (mV)\n0,0.5,1.25\n0.002,-1,2\n0.004,,3\n", &none);
    check_two(
        "Elapsed time,I,II\nhh:mm:ss.mmm,mV,mV\n0:00.000,0.5,1.25\n0:00.002,-1,2\n0:00.004,-,3\n",
        &none);
    check_two("sample #,I (mV),II (mV)\n0,0.5,1.25\n1,-1,2\n2,,3\n", &mv_500);
    check_two("Sampling rate: 500 Hz\nI (mV);II (mV)\n0,5;1,25\n-1;2\n;3\n", &none);
}

/* Rounded to milliseconds, as tables are. */
static void rounded_times_give_a_simple_rate(void **state) {
    (void)state;
    static char text[64 * 4000];
    size_t n = (size_t)sprintf(text, "time (s),I (mV)\n");
    for (int i = 0; i < 3600; i++)
        n += (size_t)sprintf(text + n, "%.3f,%d\n", i / 360.0, i % 7 - 3);
    xp_stored w = open_text(text, NULL);
    assert_true(w.rate == 360);
    assert_non_null(w.signals[0].digital); /* whole numbers stay whole */
    assert_true(w.signals[0].gain == 1);
    xp_stored_free(&w);
}

static void numbers_are_read_to_the_last_bit(void **state) {
    (void)state;
    static const char *const numbers[] = {"0.1",
                                          "-165.33",
                                          "1e-7",
                                          "123456789012345678",
                                          "0.30000000000000004",
                                          "1.7976931348623157e300",
                                          "4.9e-300",
                                          "-28.869",
                                          "9007199254740993",
                                          "1E5"};
    char text[2000] = "I\n";
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        strcat(text, numbers[i]);
        strcat(text, "\n");
    }
    xp_stored w = open_text(text, &mv_500);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_true(w.signals[0].physical[i] == strtod(numbers[i], NULL));
    xp_stored_free(&w);
}

/* ---- what is asked ---- */

static void refuse(const char *text, const xp_read_options *opt, xp_status status,
                   const char *words) {
    xp_stored w;
    xp_error e = {0};
    xp_status s = open_bytes(&w, "t.csv", text, strlen(text), opt, &e);
    if (s == XP_OK) fail_msg("was read: %s", text);
    if (s != status || !strstr(e.text, words)) fail_msg("%d %s, for\n%s", s, e.text, text);
}

static void what_is_not_said_is_asked(void **state) {
    (void)state;
    refuse("I,II\n0.5,1.25\n-1,2\n", NULL, XP_ERR_USAGE, "--rate HZ --unit uV (or mV)");
    refuse("I,II\n0.5,1.25\n-1,2\n", &(xp_read_options){.rate = 500}, XP_ERR_USAGE, "--unit");
    refuse("0.5,1.25\n-1,2\n", &mv_500, XP_ERR_USAGE, "--columns");
    refuse("time,I (mV)\n0,1\n2,1\n4,1\n", NULL, XP_ERR_USAGE, "--rate"); /* s or ms? */
    refuse("time (s),I (mV)\n0,1\n0.002,1\n0.009,2\n0.010,3\n", NULL, XP_ERR_FORMAT, "row 2");
    refuse("time (s),I (mV)\n0,1\n0.002,1\n", &(xp_read_options){.rate = 250}, XP_ERR_USAGE, "500");
    refuse("I (mV)\n0.5\n-1\n", &(xp_read_options){.rate = 250, .unit = "uV"}, XP_ERR_USAGE, "mV");
    refuse("I,II\n0.5,1\n-1,1\n", &(xp_read_options){.rate = 250, .unit = "mmHg"}, XP_ERR_USAGE,
           "expected uV or mV");
    refuse("0.5,1.25\n-1,2\n", &(xp_read_options){.rate = 5, .unit = "mV", .columns = "I,II,III"},
           XP_ERR_USAGE, "2 columns");
    refuse("0.5,1.25\n-1,2\n", &(xp_read_options){.rate = 5, .unit = "mV", .columns = "I,"},
           XP_ERR_USAGE, "empty");
    refuse("0.5,1.25\n-1,2\n", &(xp_read_options){.rate = 5, .unit = "mV", .columns = "-,-"},
           XP_ERR_FORMAT, "no column");
    refuse("I,II\n0.5,1.25\n-1,2\n", &(xp_read_options){.rate = 1e9, .unit = "mV"}, XP_ERR_FORMAT,
           "1e6");
}

/* ---- a row for each lead ---- */

/* Two leads of 300 samples as rows. names: NULL: none. */
static char *lying_text(const char *const names[2], char separator, char comma, const char *before,
                        const char *end) {
    char *text = malloc(20000);
    size_t n = (size_t)sprintf(text, "%s", before);
    for (int lead = 0; lead < 2; lead++) {
        if (names) n += (size_t)sprintf(text + n, "%s%c", names[lead], separator);
        for (int i = 0; i < 300; i++) {
            int v = (i * 7 + lead) % 50 - 20;
            size_t at = n;
            n += (size_t)sprintf(text + n, "%s%d.%d%s", v < 0 ? "-" : "", abs(v) / 10, abs(v) % 10,
                                 i < 299 ? (char[2]){separator, 0} : end);
            for (; at < n; at++)
                if (text[at] == '.') text[at] = comma;
        }
        n += (size_t)sprintf(text + n, "\n");
    }
    return text;
}

static void check_lying(char *text, const xp_read_options *opt) {
    xp_stored w = open_text(text, opt);
    assert_int_equal(w.n_signals, 2);
    assert_int_equal(w.n_frames, 300);
    assert_string_equal(w.signals[0].name, "I");
    assert_string_equal(w.signals[1].name, "V2");
    for (int lead = 0; lead < 2; lead++)
        for (int i = 0; i < 300; i++) {
            double want = ((i * 7 + lead) % 50 - 20) / 10.0;
            if (w.signals[lead].physical[i] != want) fail_msg("lead %d sample %d", lead, i);
        }
    assert_true(w.rate == 500);
    xp_stored_free(&w);
    free(text);
}

static void rows_of_leads_are_turned(void **state) {
    (void)state;
    static const char *const plain[2] = {"I", "V2"}, *const quoted[2] = {"\"I (mV)\"", "V2 [mV]"};
    const xp_read_options rate = {.rate = 500},
                          named = {.rate = 500, .unit = "mV", .columns = "I,V2"};
    check_lying(lying_text(plain, ',', '.', "", ""), &mv_500);
    check_lying(lying_text(quoted, ',', '.', "", ""), &rate);
    check_lying(lying_text(plain, ';', ',', "# exported\n\n", ";"), &mv_500);
    check_lying(lying_text(plain, '\t', '.', "Sampling rate: 500 Hz\n", ""),
                &(xp_read_options){.unit = "mV"});
    check_lying(lying_text(NULL, ',', '.', "", ""), &named);
    check_lying(lying_text(NULL, ' ', '.', "", ""), &named);
    char *text = lying_text(NULL, ';', ',', "", "");
    refuse(text, &mv_500, XP_ERR_USAGE, "2 columns and 300 rows that does not say its leads");
    strcpy(strrchr(text, ';'), "\n"); /* a number less */
    refuse(text, &mv_500, XP_ERR_FORMAT, "fewer");
    free(text);
}

/* The shape that the page's form asks about is the turned one; a row of times gives the rate. */
static void a_row_of_times_gives_the_rate(void **state) {
    (void)state;
    char *text = malloc(20000);
    size_t n = (size_t)sprintf(text, "time (s)");
    for (int i = 0; i < 200; i++) n += (size_t)sprintf(text + n, ",%.3f", i / 250.0);
    n += (size_t)sprintf(text + n, "\nII (uV)");
    for (int i = 0; i < 200; i++) n += (size_t)sprintf(text + n, ",%d", i - 100);
    xp_stored w = open_text(text, NULL);
    assert_true(w.rate == 250 && w.n_signals == 1 && w.n_frames == 200);
    assert_string_equal(w.signals[0].units, "uV");
    xp_stored_free(&w);
    free(text);
}

/* ---- marks of thousands ---- */

static void thousands_are_never_taken_for_decimals(void **state) {
    (void)state;
    const xp_read_options uv = {.rate = 500, .unit = "uV"};
    static const char *const doubtful[] = {
        "I;II\n1.234;-567\n-12.345;1.002\n20;-1.000\n",
        "I\tII\n1,234\t-567\n-12,345\t1,002\n20\t-1,000\n",
        "I|II\n1.234|0,5\n-12.345|1,25\n20|-1\n",
        "time;I\n0,002;1.234\n0,004;-567\n0,006;2.000\n",
        "I II\n1.234 -567\n-12.345 20\n20 1\n",
        "I\n1.234\n567\n-89\n",
        "0,5,-0,25\n-0,125,1,5\n0,0,-0,75\n",
    };
    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++)
        refuse(doubtful[i], i == 6 ? &two : &uv, XP_ERR_FORMAT,
               i == 6 ? "-0 is followed" : "thousands");
    static const char *const clear[] = {
        "I;II\n1.234;-0.567\n-12.345;1.002\n20;-1.000\n",     /* 0.567 has no thousands */
        "I;II\n1.234;-2.567\n-12.345;1.002\n20.001;-1.000\n", /* no whole number beside it */
        "I;II\n1,234;-0,567\n-12,345;1,002\n20;-1,000\n",
        "I,II\n1.234,-567\n-12.345,1.002\n20,-1.000\n", /* commas are between columns */
        "time;I\n00:00:00.002;1,5\n00:00:00.004;-5\n00:00:00.006;2,5\n",
        "n;I\n1;1.234\n2;-5.678\n3;2.000\n", /* a count's numbers are its own */
    };
    for (size_t i = 0; i < sizeof clear / sizeof *clear; i++) {
        xp_stored w = open_text(clear[i], &uv);
        assert_true(fabs(w.signals[0].physical[0]) < 2);
        xp_stored_free(&w);
    }
}

#ifndef __EMSCRIPTEN__ /* where the browser does it */
static void names_of_columns_are_composed(void **state) {
    (void)state;
    xp_stored w = open_text("I,Sto\xcc\x88rung\n0.5,1\n1,2\n", &mv_500);
    assert_string_equal(w.signals[1].name, "St\xc3\xb6rung");
    xp_stored_free(&w);
}
#endif

/* ---- broken files ---- */

static void broken_rows_say_their_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } broken[] = {
        {"I,II\n1.5,2\n1,2\n1\n", "line 4 has fewer"},
        {"I,II\n1.5,2\n1,2\n1,2,3\n", "line 4 has more"},
        {"I,II\n1.5,2\n1,2\n1,x\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,0x10\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,inf\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,1e999\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,--1\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,1e\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,1.2.3\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1,\"2\n", "line 4, column 2"},
        {"I,II\n1.5,2\n1,2\n1;2\n", "line 4"},
        {"I,II\n1.5,2\n1,2\n1,2\n\n\n# fine\nend\n", "line 8"},
        {"I;II\n1,5;2\n1;2\n1.000,5;2\n", "line 4, column 1"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        refuse(broken[i].text, &mv_500, XP_ERR_FORMAT, broken[i].words);
}

/* Whatever is cut off or overwritten: one clear error or a recording, never more. */
static void damage(const char *name, const uint8_t *data, size_t n, const xp_read_options *opt) {
    uint8_t *copy = malloc(n + 1);
    uint32_t seed = 1;
    for (int k = 0; k < 200; k++) {
        size_t size = k < 100 ? n * (size_t)k / 100 : n;
        memcpy(copy, data, n);
        for (int i = 0; k >= 100 && i < 1 + k % 5 && n; i++) {
            seed = seed * 1664525 + 1013904223;
            copy[(seed >> 8) % (k % 2 && n > 200 ? 200 : n)] = (uint8_t)(seed >> 3);
        }
        xp_stored w;
        xp_error e = {0};
        if (open_bytes(&w, name, copy, size, opt, &e) == XP_OK)
            xp_stored_free(&w);
        else
            assert_true(e.text[0] != 0);
    }
    free(copy);
}

static void damaged_text(void **state) {
    (void)state;
    const char *text = "time (s),I (mV),II (mV)\n0,0.5,1.25\n0.002,-1,2\n0.004,,3\n0.006,1,2\n";
    damage("t.csv", (const uint8_t *)text, strlen(text), NULL);
    damage("t.csv", (const uint8_t *)text, strlen(text), &two);
}

/* ---- arrays ---- */

static size_t make_npy(uint8_t *out, const char *type, const char *order, const char *shape,
                       const void *data, size_t n) {
    char head[119];
    int k = snprintf(head, sizeof head, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
                     order, shape);
    memcpy(out, "\x93NUMPY\1\0\x76\0", 10);
    memset(out + 10, ' ', 118);
    memcpy(out + 10, head, (size_t)k);
    out[127] = '\n';
    memcpy(out + 128, data, n);
    return 128 + n;
}

static void numpy_arrays(void **state) {
    (void)state;
    static uint8_t file[10000];
    static int16_t v[2 * 300];
    for (int i = 0; i < 600; i++) v[i] = (int16_t)(i - 300);
    xp_stored w;
    xp_error e;
    size_t n = make_npy(file, "<i2", "False", "(300, 2)", v, sizeof v);
    assert_int_equal(open_bytes(&w, "a.npy", file, n, &two, &e), XP_OK);
    assert_int_equal(w.n_frames, 300);
    assert_int_equal(w.signals[1].digital[10], -300 + 21);
    xp_stored_free(&w);
    damage("a.npy", file, n, &two);
    n = make_npy(file, "<i2", "False", "(2, 300)", v, sizeof v);
    assert_int_equal(open_bytes(&w, "a.npy", file, n, &two, &e), XP_OK);
    assert_int_equal(w.n_frames, 300);
    assert_int_equal(w.signals[1].digital[10], 10);
    xp_stored_free(&w);
    static const char *const shapes[] = {
        "(300, 3)", "(1000000000000, 64)",         "(-300, 2)", "(300, 2, 1)", "(300",
        "()",       "(300, 18446744073709551615)", "(0, 2)"};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        n = make_npy(file, "<i2", "False", shapes[i], v, sizeof v);
        assert_int_not_equal(open_bytes(&w, "a.npy", file, n, &two, &e), XP_OK);
    }
}

static void put4(uint8_t *p, uint32_t v) {
    xp_store_le(p, v, 4);
}

/* One matrix of doubles. */
static size_t make_mat(uint8_t *out, uint32_t rows, uint32_t cols, const double *v, size_t count) {
    memset(out, ' ', 128);
    memcpy(out, "MATLAB 5.0 MAT-file, made here", 30);
    memcpy(out + 124, "\0\1IM", 4);
    uint8_t *p = out + 128;
    size_t body = 16 + 16 + 8 + 8 + 8 * count;
    put4(p, 14);
    put4(p + 4, (uint32_t)body);
    p += 8;
    put4(p, 6), put4(p + 4, 8), put4(p + 8, 6), put4(p + 12, 0);
    p += 16;
    put4(p, 5), put4(p + 4, 8), put4(p + 8, rows), put4(p + 12, cols);
    p += 16;
    put4(p, 1 | 3 << 16), memcpy(p + 4, "ecg\0", 4);
    p += 8;
    put4(p, 9), put4(p + 4, (uint32_t)(8 * count));
    memcpy(p + 8, v, 8 * count);
    return 128 + 8 + body;
}

static void matlab_arrays(void **state) {
    (void)state;
    static uint8_t file[10000];
    static double v[600];
    for (int i = 0; i < 600; i++) v[i] = i + 0.5;
    xp_stored w;
    xp_error e;
    size_t n = make_mat(file, 2, 300, v, 600);
    if (open_bytes(&w, "a.mat", file, n, &two, &e)) fail_msg("%s", e.text);
    assert_int_equal(w.n_frames, 300);
    assert_true(w.signals[1].physical[10] == 21.5);
    xp_stored_free(&w);
    damage("a.mat", file, n, &two);
    static const uint32_t lies[][2] = {{3, 300}, {0xffffffff, 0xffffffff}, {0, 2}, {65536, 65537}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        n = make_mat(file, lies[i][0], lies[i][1], v, 600);
        assert_int_not_equal(open_bytes(&w, "a.mat", file, n, &two, &e), XP_OK);
    }
}

/* A .mat that lies with a header is the header's. */
static void a_header_comes_first(void **state) {
    (void)state;
    static uint8_t file[10000];
    static double v[600];
    size_t n = make_mat(file, 2, 300, v, 600);
    const char *header = "a 1 500 100\na.mat 16+136 1000/mV 16 0 0 0 0 I\n";
    xp_memory_file list[] = {{"a.mat", file, n},
                             {"a.hea", (const uint8_t *)header, strlen(header)}};
    xp_memory_files files = {list, 2};
    xp_file_source src = xp_memory_source(&files);
    xp_stored w;
    xp_error e;
    if (xp_stored_open(&w, &src, "a.mat", NULL, &e)) fail_msg("%s", e.text);
    assert_string_equal(w.format, "WFDB");
    xp_stored_free(&w);
}

/* ---- what is a table ---- */

static void tables_about_records_are_no_recordings(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        bool table;
    } files[] = {
        {"t.csv", "I,II\n1,2\n3,4\n", true},
        {"t", "0.1,0.2\n0.3,0.4\n", true},
        {"t.csv", "ecg_id,patient_id,age\n1,2,3\n4,5,6\n", false},
        {"t.csv", "record,label\n100,1\n101,0\n", false},
        {"RECORDS", "100\n101\n102\n", false},
        {"t.txt", "100\n101\n102\n", false},
        {"t.csv", "path,NORM\nrecords/1,1\nrecords/2,0\n", false},
        {"t.txt", "Some words.\n", false},
        {"100.hea", "100 2 360 650000\n100 2 360 650000\n", false},
        {"t.csv", "", false},
        {"t.csv", "epoch,loss,val_loss\n1,0.5,0.4\n2,0.4,0.3\n", false},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        xp_bytes b = {(const uint8_t *)files[i].text, strlen(files[i].text)};
        xp_sniffed s = xp_sniff(files[i].name, b);
        bool table = s.format && !strcmp(s.format->name, "CSV");
        if (table != files[i].table) fail_msg("%s: %s", files[i].name, files[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_values_of_the_fixture),
        cmocka_unit_test(spellings_mean_the_same),
        cmocka_unit_test(times_give_the_rate),
        cmocka_unit_test(rounded_times_give_a_simple_rate),
        cmocka_unit_test(numbers_are_read_to_the_last_bit),
        cmocka_unit_test(what_is_not_said_is_asked),
        cmocka_unit_test(rows_of_leads_are_turned),
        cmocka_unit_test(a_row_of_times_gives_the_rate),
        cmocka_unit_test(thousands_are_never_taken_for_decimals),
#ifndef __EMSCRIPTEN__
        cmocka_unit_test(names_of_columns_are_composed),
#endif
        cmocka_unit_test(broken_rows_say_their_line),
        cmocka_unit_test(damaged_text),
        cmocka_unit_test(numpy_arrays),
        cmocka_unit_test(matlab_arrays),
        cmocka_unit_test(a_header_comes_first),
        cmocka_unit_test(tables_about_records_are_no_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
