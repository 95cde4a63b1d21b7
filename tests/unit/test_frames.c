/* Recordings read in parts have the samples of those read as a whole. */
#include "ecg/frames.h"
#include "ecg/reader_path.h"
#include "ecg/write/write.h"
#include "measure/whole.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEADS = 3, SECONDS = 1900, RATE = 200, N = SECONDS * RATE };

static char folder[64];

static const char *path_of(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void save(const char *name, const void *data, size_t size, const char *mode) {
    FILE *f = fopen(path_of(name), mode);
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void save_text(const char *name, const char *text) {
    save(name, text, strlen(text), "wb");
}

/* Beats that come by the second, a slow wave, and noise; V1 is flat for two minutes. */
static int32_t sample(int lead, int i) {
    const int t = i % RATE;
    const int noise = (int)((uint32_t)(i * 4 + lead) * 2654435761u >> 28);
    const int spike = t > 60 && t < 76 ? 900 - 110 * abs(t - 68) : 0;
    const int slow = t > 100 && t < 150 ? 3 * (25 - abs(t - 125)) : 0;
    if (lead == 2 && i >= 1000 * RATE && i < 1120 * RATE) return 7;
    return (spike + slow) * (lead + 2) / 3 + noise;
}

static xp_stored make(void) {
    static const char *const names[] = {"I", "II", "V1"};
    const int64_t counts[LEADS] = {N, N, N};
    xp_stored w;
    xp_error e;
    if (xp_stored_alloc(&w, "r", RATE, LEADS, counts, &e)) fail_msg("%s", e.text);
    w.n_frames = N;
    w.format = "test";
    for (int l = 0; l < LEADS; l++) {
        xp_stored_signal *s = &w.signals[l];
        snprintf(s->name, sizeof s->name, "%s", names[l]);
        snprintf(s->units, sizeof s->units, "mV");
        s->gain = 1000;
        s->missing = -32768;
        for (int i = 0; i < N; i++) s->digital[i] = sample(l, i);
        for (int i = 5000 + l; i < 5400; i++) s->digital[i] = s->missing;
        s->n_missing = 400 - l;
    }
    return w;
}

static void write_as(const char *writer, const char *name) {
    xp_stored w = make();
    xp_written out;
    xp_error e;
    if (xp_write(&out, xp_writer_named(writer), &w, name, NULL, &e)) fail_msg("%s", e.text);
    for (int i = 0; i < out.n; i++)
        save(out.files[i].name, out.files[i].bytes.data, out.files[i].bytes.size, "wb");
    xp_written_free(&out);
    xp_stored_free(&w);
}

/* 12 bits, two samples in three bytes; five bytes stand before them. */
static void write_212(const char *name, const char *length) {
    char text[256], file[32];
    const int total = N * LEADS;
    uint8_t *p = calloc((size_t)total / 2 * 3 + 8, 1);
    for (int k = 0; k < total; k++) {
        const uint32_t v = (uint32_t)sample(k % LEADS, k / LEADS) & 0xfff;
        uint8_t *at = p + 5 + k / 2 * 3;
        at[k % 2 ? 2 : 0] = (uint8_t)v;
        at[1] |= (uint8_t)(v >> 8 << (k % 2 ? 4 : 0));
    }
    snprintf(file, sizeof file, "%s.dat", name);
    save(file, p, 5 + (size_t)(total + 1) / 2 * 3, "wb");
    free(p);
    snprintf(
        text, sizeof text,
        "# a comment first\n%s 3 200%s\n%s.dat 212+5 500 12 0 0 0 0 I\n%s.dat 212+5 500 12 0 0 "
        "0 0 II\n%s.dat 212+5 500 12 0 0 0 0 V1\n# Age: 70\n",
        name, length, name, name, name);
    snprintf(file, sizeof file, "%s.hea", name);
    save(file, text, strlen(text), "wb");
}

static void write_ishne(const char *name, int64_t stated) {
    enum { AT = 540 };
    uint8_t *p = calloc(AT + 2 * LEADS * N, 1);
    static const int codes[] = {5, 6, 11};
    memcpy(p, "ISHNE1.0", 8);
    xp_store_le(p + 10, 18, 4);
    xp_store_le(p + 14, (uint64_t)stated, 4);
    xp_store_le(p + 18, 522, 4);
    xp_store_le(p + 22, AT, 4);
    xp_store_le(p + 156, LEADS, 2);
    for (int i = 0; i < 12; i++) {
        xp_store_le(p + 158 + 2 * i, (uint64_t)(i < LEADS ? codes[i] : -9), 2);
        xp_store_le(p + 206 + 2 * i, (uint64_t)(i < LEADS ? 2500 : -9), 2);
    }
    xp_store_le(p + 272, RATE, 2);
    for (int k = 0; k < N * LEADS; k++)
        xp_store_le(p + AT + 2 * k, (uint64_t)sample(k % LEADS, k / LEADS), 2);
    save(name, p, AT + 2 * LEADS * N, "wb");
    free(p);
}

/* ============================================================================================= */

static void same_part(xp_frames *f, const xp_record *whole, int64_t from, int64_t n) {
    const float *mv[LEADS];
    xp_error e;
    if (xp_frames_read(f, from, n, mv, &e) != XP_OK) fail_msg("%s", e.text);
    for (int l = 0; l < LEADS; l++)
        if (memcmp(mv[l], whole->leads[l].mv + from, (size_t)n * sizeof(float)))
            fail_msg("lead %d differs in %lld + %lld", l, (long long)from, (long long)n);
}

static void same_measures(xp_frames *f, const xp_record *whole) {
    xp_quality q[2];
    xp_measures m[2];
    xp_error e;
    const xp_sample_source src = xp_samples_of_frames(f);
    assert_int_equal(xp_measure_whole_samples(&q[0], &m[0], &src, false, &e), XP_OK);
    assert_int_equal(xp_measure_whole(&q[1], &m[1], whole, false, &e), XP_OK);
    assert_in_range(m[0].n_beats, SECONDS - 20, SECONDS);
    assert_int_equal(m[0].n_beats, m[1].n_beats);
    assert_int_equal(q[0].n_findings, q[1].n_findings);
    for (int i = 0; i < m[0].n_beats; i++)
        assert_memory_equal(&m[0].beats[i].waves, &m[1].beats[i].waves, sizeof m[0].beats[i].waves);
    for (int i = 0; i < q[0].n_findings; i++)
        assert_string_equal(q[0].findings[i].text, q[1].findings[i].text);
    for (int i = 0; i < XP_QUANTITY_COUNT; i++)
        assert_memory_equal(&m[0].quantities[i].value, &m[1].quantities[i].value, sizeof(double));
    for (int k = 0; k < 2; k++) {
        xp_measures_free(&m[k]);
        xp_quality_free(&q[k]);
    }
}

static void check(const char *name) {
    xp_record whole;
    xp_frames *f;
    xp_error e;
    if (xp_record_open_path(&whole, path_of(name), NULL, &e) != XP_OK) fail_msg("%s", e.text);
    if (xp_frames_open(&f, path_of(name), NULL, &e) != XP_OK) fail_msg("%s: %s", name, e.text);
    const xp_record *head = xp_frames_record(f);
    assert_int_equal(head->n, N);
    assert_int_equal(head->n, whole.n);
    assert_int_equal(head->n_leads, whole.n_leads);
    assert_true(head->rate == whole.rate);
    assert_string_equal(head->format, whole.format);
    assert_int_equal(head->notices.n, whole.notices.n);
    assert_int_equal(head->checksums_failed, whole.checksums_failed);
    for (int l = 0; l < LEADS; l++) {
        assert_string_equal(head->leads[l].name, whole.leads[l].name);
        assert_null(head->leads[l].mv);
    }
    same_part(f, &whole, 0, 1);
    same_part(f, &whole, N - 1, 1);
    same_part(f, &whole, 0, N);
    uint32_t r = 5;
    for (int i = 0; i < 60; i++) {
        r = r * 1664525u + 1013904223u;
        const int64_t from = r % N, most = N - from;
        r = r * 1664525u + 1013904223u;
        const int64_t n = 1 + (r >> 8) % 7001;
        same_part(f, &whole, from, n < most ? n : most);
    }
    same_measures(f, &whole);
    xp_frames_close(f);
    xp_record_free(&whole);
}

static void parts_are_those_of_the_whole(void **state) {
    (void)state;
    write_as("wfdb", "w");
    check("w");
    write_as("edf", "e");
    check("e.edf");
    write_ishne("h.ecg", N);
    check("h.ecg");
    write_ishne("all.ecg", (int64_t)N * LEADS);
    check("all.ecg");
    write_212("p", " 380000 10:00:00");
    check("p.hea");
    write_212("q", "");
    check("q");
}

static void refused(const char *name) {
    xp_frames *f;
    xp_error e;
    if (xp_frames_open(&f, path_of(name), NULL, &e) != XP_ERR_UNSUPPORTED) fail_msg("%s", name);
}

/* What lies otherwise than the header says, is short, or is of a format that is not cut. */
static void others_are_read_as_a_whole(void **state) {
    (void)state;
    write_as("edf", "more");
    save("more.edf", "xy", 2, "ab");
    refused("more.edf");
    write_ishne("fewer.ecg", N - 9);
    refused("fewer.ecg");
    write_as("dicom", "d");
    refused("d.dcm");
    save_text("two.hea", "two 2 200 3\na.dat 16 200 16 0 0 0 0 I\nb.dat 16 200 16 0 0 0 0 II\n");
    save_text("a.dat", "123456");
    save_text("b.dat", "123456");
    refused("two");
    save_text("short.hea", "short 1 200 3\na.dat 16 200 16 0 0 0 0 I\n");
    refused("short");
    xp_frames *f;
    xp_error e;
    assert_int_equal(xp_frames_open(&f, path_of("none"), NULL, &e), XP_ERR_NOT_FOUND);
}

static void a_file_that_shrinks_is_an_error(void **state) {
    (void)state;
    xp_frames *f;
    xp_error e;
    const float *mv[LEADS];
    write_ishne("shrinks.ecg", N);
    assert_int_equal(xp_frames_open(&f, path_of("shrinks.ecg"), NULL, &e), XP_OK);
    assert_int_equal(truncate(path_of("shrinks.ecg"), 1 << 20), 0);
    assert_int_equal(xp_frames_read(f, 0, 1000, mv, &e), XP_OK);
    assert_int_equal(xp_frames_read(f, N - 1000, 1000, mv, &e), XP_ERR_IO);
    assert_non_null(strstr(e.text, "shorter"));
    xp_frames_close(f);
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/xplaim-frames-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    static const char *const names[] = {"w.hea",     "w.dat",      "e.edf",   "h.ecg", "all.ecg",
                                        "p.hea",     "p.dat",      "q.hea",   "q.dat", "more.edf",
                                        "fewer.ecg", "d.dcm",      "two.hea", "a.dat", "b.dat",
                                        "short.hea", "shrinks.ecg"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(path_of(names[i]));
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_are_those_of_the_whole),
                                       cmocka_unit_test(others_are_read_as_a_whole),
                                       cmocka_unit_test(a_file_that_shrinks_is_an_error)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
