/* xplaim.h, by its own words: as a program that links the library sees it. */
#include "support.h"
#include "xplaim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL XP_SOURCE_DIR "/model_weights/ecg-xplaim-small.safetensors"
#define RECORD XP_SOURCE_DIR "/web/samples/00219_hr"

static xplaim_recording *read_recording(const char *path) {
    xplaim_recording *r = NULL;
    xplaim_error e;
    if (xplaim_recording_read(&r, path, &e) != XPLAIM_OK) fail_msg("%s", e.text);
    return r;
}

static xplaim_model *read_model(const xplaim_model_options *options) {
    xplaim_model *m = NULL;
    xplaim_error e;
    if (xplaim_model_read(&m, MODEL, options, &e) != XPLAIM_OK) fail_msg("%s", e.text);
    return m;
}

static xplaim_analysis *analyse(const xplaim_recording *r, xplaim_model *m,
                                const xplaim_options *options) {
    xplaim_analysis *a = NULL;
    xplaim_error e;
    if (xplaim_analyse(&a, r, m, options, &e) != XPLAIM_OK) fail_msg("%s", e.text);
    return a;
}

static void *read_bytes(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    void *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

/* Leads I and II alone, ten seconds at 500 Hz, in memory. */
static xplaim_recording *two_leads(void) {
    enum { N = 5000 };
    static const char HEADER[] = "two 2 500 5000\n"
                                 "two.dat 16 1000/mV 16 0 0 0 0 I\n"
                                 "two.dat 16 1000/mV 16 0 0 0 0 II\n";
    int16_t *samples = malloc(2 * N * sizeof *samples);
    assert_non_null(samples);
    for (int t = 0; t < N; t++)
        for (int c = 0; c < 2; c++)
            samples[2 * t + c] = (int16_t)(500 * (c + 1) * exp(-pow((t % 400 - 150) / 8.0, 2)));
    const xplaim_file files[] = {{"two.hea", HEADER, sizeof HEADER - 1},
                                 {"two.dat", samples, 2 * N * sizeof *samples}};
    xplaim_recording *r = NULL;
    xplaim_error e;
    if (xplaim_recording_read_memory(&r, "two", files, 2, &e) != XPLAIM_OK) fail_msg("%s", e.text);
    free(samples);
    return r;
}

static void test_memory_is_as_files(void **state) {
    (void)state;
    size_t n[2];
    void *header = read_bytes(RECORD ".hea", &n[0]), *signal = read_bytes(RECORD ".dat", &n[1]);
    const xplaim_file files[] = {{"00219_hr.hea", header, n[0]}, {"00219_hr.dat", signal, n[1]}};
    xplaim_recording *a = read_recording(RECORD), *b = NULL;
    assert_int_equal(xplaim_recording_read_memory(&b, "00219_hr", files, 2, NULL), XPLAIM_OK);
    free(header);
    free(signal);
    assert_int_equal(xplaim_recording_leads(a), 12);
    assert_int_equal(xplaim_recording_leads(b), 12);
    assert_int_equal(xplaim_recording_samples(a), 5000);
    assert_string_equal(xplaim_recording_name(b), "00219_hr");
    assert_string_equal(xplaim_recording_name(a), xplaim_recording_name(b));
    assert_true(xplaim_recording_rate(a) == 500 && xplaim_recording_rate(b) == 500);
    for (int i = 0; i < 12; i++) {
        assert_string_equal(xplaim_recording_lead_name(a, i), xplaim_recording_lead_name(b, i));
        assert_memory_equal(xplaim_recording_lead(a, i), xplaim_recording_lead(b, i),
                            5000 * sizeof(float));
    }
    assert_null(xplaim_recording_lead(a, 12));
    assert_null(xplaim_recording_lead_name(a, -1));
    xplaim_recording_free(a);
    xplaim_recording_free(b);
}

static void test_errors_leave_outputs_alone(void **state) {
    (void)state;
    xplaim_recording *r = (xplaim_recording *)&r;
    xplaim_model *m = (xplaim_model *)&m;
    xplaim_error e = {0};
    assert_int_equal(xplaim_recording_read(&r, "/nowhere/100", &e), XPLAIM_ERR_NOT_FOUND);
    assert_int_equal(e.code, XPLAIM_ERR_NOT_FOUND);
    assert_string_equal(xplaim_status_name(e.code), "NOT_FOUND");
    assert_non_null(strstr(e.text, "/nowhere"));
    assert_int_equal(xplaim_model_read(&m, RECORD ".dat", NULL, NULL), XPLAIM_ERR_LIMIT);
    assert_int_equal(xplaim_model_read_memory(&m, "", 0, NULL, NULL), XPLAIM_ERR_TRUNCATED);
    const xplaim_model_options options = {.layer = "no such layer"};
    assert_int_equal(xplaim_model_read(&m, MODEL, &options, &e), XPLAIM_ERR_USAGE);
    assert_non_null(strstr(e.text, "no such layer"));
    assert_ptr_equal(r, (xplaim_recording *)&r);
    assert_ptr_equal(m, (xplaim_model *)&m);
}

/* From 0 to 1, and 1 is reached unless all is 0. */
static void check_map(const float *map, int n) {
    float largest = 0;
    assert_non_null(map);
    assert_true(n > 1);
    for (int i = 0; i < n; i++) {
        assert_true(map[i] >= 0 && map[i] <= 1);
        largest = fmaxf(largest, map[i]);
    }
    assert_true(largest == 0 || largest == 1);
}

static void test_an_analysis(void **state) {
    (void)state;
    const xplaim_model_options plain = {.threads = 2, .no_maps = true};
    xplaim_recording *r = read_recording(RECORD);
    xplaim_model *m = read_model(NULL), *fast = read_model(&plain);
    xplaim_analysis *a = analyse(r, m, NULL), *b = analyse(r, fast, NULL);
    int n = 0, window = -1, labels = xplaim_model_labels(m);
    xplaim_label l;
    assert_string_equal(xplaim_model_name(m), "ecg-xplaim-small");
    assert_true(xplaim_model_is_trained(m));
    assert_true(xplaim_model_length(m) / xplaim_model_rate(m) == 10);
    assert_int_equal(xplaim_analysis_windows(a), 1);
    assert_true(xplaim_analysis_window_start(a, 0) == 0);
    assert_true(xplaim_analysis_window_seconds(a, 0) == 10);
    for (int i = 0; i < labels; i++) {
        const float p = xplaim_analysis_probability(a, i, &window);
        assert_true(xplaim_model_label(m, i, &l));
        assert_int_equal(xplaim_model_find_label(m, l.name), i);
        assert_true(p > 0 && p < 1 && p == xplaim_analysis_probabilities(a, 0)[i]);
        assert_int_equal(window, 0);
        assert_true(fabsf(p - xplaim_analysis_probability(b, i, NULL)) < 1e-5F);
        const float *map = xplaim_analysis_map(a, 0, i, &n);
        check_map(map, n);
        assert_null(xplaim_analysis_map(b, 0, i, &n));
    }
    assert_false(xplaim_model_label(m, labels, &l));
    assert_null(xplaim_analysis_probabilities(a, 1));
    assert_null(xplaim_analysis_map(a, 0, labels, &n));
    assert_true(isnan(xplaim_analysis_probability(a, labels, NULL)));
    assert_true(isnan(xplaim_analysis_window_start(a, 1)));
    assert_true(xplaim_model_bytes(fast) < xplaim_model_bytes(m));
    xplaim_analysis_free(a);
    xplaim_analysis_free(b);
    xplaim_model_free(m);
    xplaim_model_free(fast);
    xplaim_recording_free(r);
}

static bool has_notice(const xplaim_analysis *a, const char *code) {
    xplaim_notice n;
    for (int i = 0; xplaim_analysis_notice(a, i, &n); i++)
        if (!strcmp(n.code, code) && *n.text) return true;
    return false;
}

static void test_what_is_missing_is_told(void **state) {
    (void)state;
    const xplaim_options accept = {.accept_missing_leads = true};
    xplaim_recording *r = two_leads();
    xplaim_model *m = read_model(NULL);
    xplaim_analysis *a = NULL;
    xplaim_error e;
    assert_int_equal(xplaim_recording_leads(r), 6);
    assert_false(xplaim_recording_lead_is_derived(r, 1));
    assert_true(xplaim_recording_lead_is_derived(r, 2));
    assert_int_equal(xplaim_analyse(&a, r, m, NULL, &e), XPLAIM_ERR_LEAD_UNKNOWN);
    assert_null(a);
    a = analyse(r, m, &accept);
    assert_true(has_notice(a, "derived"));
    char *text = NULL;
    assert_int_equal(xplaim_analysis_json(&text, a, "two leads", &e), XPLAIM_OK);
    assert_non_null(strstr(text, "\"record\":\"two leads\""));
    assert_non_null(strstr(text, "\"code\":\"derived\""));
    xplaim_free(text);
    xplaim_analysis_free(a);
    xplaim_model_free(m);
    xplaim_recording_free(r);
}

static void test_pictures(void **state) {
    (void)state;
    const xplaim_picture small = {.dpi = 50, .layout = "3x4+1"}, wrong = {.layout = "7x2"};
    xplaim_recording *r = read_recording(RECORD), *other = two_leads();
    xplaim_model *m = read_model(NULL);
    xplaim_analysis *a = analyse(r, m, NULL);
    xplaim_error e;
    uint8_t *png = NULL;
    char *plain = NULL, *mapped = NULL;
    size_t size, plain_size, mapped_size;
    assert_int_equal(xplaim_draw_png(&png, &size, r, a, 0, &small, &e), XPLAIM_OK);
    assert_true(size > 1000);
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(xplaim_draw_svg(&plain, &plain_size, r, NULL, 0, NULL, &e), XPLAIM_OK);
    assert_int_equal(xplaim_draw_svg(&mapped, &mapped_size, r, a, 0, NULL, &e), XPLAIM_OK);
    assert_int_equal(strlen(plain), plain_size);
    assert_non_null(strstr(plain, "<svg"));
    xplaim_label l;
    assert_true(xplaim_model_label(m, 0, &l));
    assert_non_null(strstr(mapped, l.name));
    assert_null(strstr(plain, l.name));
    char *none = NULL;
    assert_int_equal(xplaim_draw_svg(&none, &size, r, NULL, 0, &wrong, &e), XPLAIM_ERR_USAGE);
    assert_non_null(strstr(e.text, "7x2"));
    assert_int_equal(xplaim_draw_svg(&none, &size, r, a, 99, NULL, NULL), XPLAIM_ERR_USAGE);
    assert_int_equal(xplaim_draw_svg(&none, &size, other, a, 0, NULL, NULL), XPLAIM_ERR_USAGE);
    assert_null(none);
    xplaim_free(png);
    xplaim_free(plain);
    xplaim_free(mapped);
    xplaim_analysis_free(a);
    xplaim_model_free(m);
    xplaim_recording_free(r);
    xplaim_recording_free(other);
}

static void test_nothing_is_freed_without_harm(void **state) {
    (void)state;
    xplaim_free(NULL);
    xplaim_analysis_free(NULL);
    xplaim_model_free(NULL);
    xplaim_recording_free(NULL);
    assert_true(strlen(xplaim_version()) >= 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_as_files),
        cmocka_unit_test(test_errors_leave_outputs_alone),
        cmocka_unit_test(test_an_analysis),
        cmocka_unit_test(test_what_is_missing_is_told),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_nothing_is_freed_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
