/* Recordings written as DICOM and read back: the same counts, gains, units, gaps and facts; and
 * nothing of the person unless asked for. tests/tool/test_dicom.py reads them by pydicom. */
#include "dicom_maker.h"
#include "ecg/write/write.h"
#include "golden_blocks.h"

static const double gains[] = {1000, 1, 204.8, 183.5, 819.672131147541, 0.4, 1 / 4.88, 2000};
static const double baselines[] = {0, -12, 1024, 100, 0, 2048, 0, 0.5};
static const char *const units[] = {"mV", "uV", "mV", "mV", "microvolts", "uV", "uV", "mV"};
static const char *const names[] = {"I", "avr", "V6", "MLII", "V4R", "Lead II", "V3", "nothing"};

enum { N = sizeof gains / sizeof *gains, FRAMES = 700 };

static xp_stored make_recording(void) {
    int64_t per_signal[N];
    xp_stored w;
    xp_error e;
    for (int i = 0; i < N; i++) per_signal[i] = i < 6 ? 2 * FRAMES : FRAMES;
    assert_int_equal(xp_stored_alloc(&w, "r", 250, N, per_signal, &e), XP_OK);
    w.n_frames = FRAMES;
    for (int i = 0; i < N; i++) {
        xp_stored_signal *s = &w.signals[i];
        s->gain = gains[i];
        s->baseline = baselines[i];
        s->samples_per_frame = i < 6 ? 2 : 1;
        s->missing = i == 2 ? 17 : INT32_MIN; /* a code within the range */
        snprintf(s->units, sizeof s->units, "%s", units[i]);
        snprintf(s->name, sizeof s->name, "%s", names[i]);
        for (int64_t k = 0; k < s->n; k++)
            s->digital[k] = k == 5   ? s->missing
                            : k == 6 ? -32767
                            : k == 7 ? 32767
                                     : (int)(k % 99) - 30;
    }
    w.facts.age = 71;
    w.facts.sex = 'F';
    w.facts.high_pass = 0.05;
    w.facts.low_pass = 150;
    snprintf(w.facts.start, sizeof w.facts.start, "2020-05-18T15:48:11");
    snprintf(w.facts.device, sizeof w.facts.device, "Acme Cart 7");
    snprintf(w.facts.patient_name, sizeof w.facts.patient_name, "DOE^JANE");
    snprintf(w.facts.patient_id, sizeof w.facts.patient_id, "ID-4711");
    snprintf(w.facts.birth_date, sizeof w.facts.birth_date, "1949-03-02");
    assert_true(xp_facts_state(&w.facts, "statement", NAN, NULL, "Sinus rhythm \\ s\xc3\xa3o"));
    assert_true(xp_facts_state(&w.facts, "qrs_duration", 92, "ms", NULL));
    assert_true(xp_facts_state(&w.facts, "odd_value", 3.25, "", "odd"));
    return w;
}

static xp_written write_recording(const xp_stored *w, bool identity) {
    xp_written out;
    xp_error e;
    const xp_write_options opt = {.keep_identity = identity};
    if (xp_write(&out, xp_writer_named("dicom"), w, "r", &opt, &e)) fail_msg("%s", e.text);
    assert_int_equal(out.n, 1);
    assert_string_equal(out.files[0].name, "r.dcm");
    return out;
}

static void check_signal(const xp_stored_signal *a, const xp_stored_signal *b) {
    assert_int_equal(a->n, b->n);
    if (fabs(a->gain / b->gain - 1) > 1e-12 || fabs(a->baseline - b->baseline) > 1e-9)
        fail_msg("%s: gain %.17g is %.17g, baseline %.17g is %.17g", a->name, a->gain, b->gain,
                 a->baseline, b->baseline);
    assert_string_equal(xp_volt_symbol(a->units), b->units);
    for (int64_t k = 0; k < a->n; k++) {
        bool gap = a->digital[k] == a->missing;
        if (gap ? b->digital[k] != b->missing : a->digital[k] != b->digital[k])
            fail_msg("%s: sample %lld is %d, written %d", a->name, (long long)k, b->digital[k],
                     a->digital[k]);
    }
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    static const char *const read_names[] = {"I",   "aVR", "V6", "MLII",
                                             "V4R", "II",  "V3", "nothing"};
    xp_stored w = make_recording(), back;
    xp_written out = write_recording(&w, true);
    xp_error e;
    if (open_bytes(&back, "r", out.files[0].bytes.data, out.files[0].bytes.size, &e))
        fail_msg("%s", e.text);
    assert_int_equal(back.n_signals, N);
    assert_true(back.rate == 250 && back.n_frames == FRAMES);
    for (int i = 0; i < N; i++) {
        assert_string_equal(back.signals[i].name, read_names[i]);
        check_signal(&w.signals[i], &back.signals[i]);
    }
    const xp_facts *f = &back.facts;
    assert_string_equal(f->start, w.facts.start);
    assert_string_equal(f->device, w.facts.device);
    assert_string_equal(f->patient_name, "DOE^JANE");
    assert_string_equal(f->patient_id, "ID-4711");
    assert_string_equal(f->birth_date, "1949-03-02");
    assert_true(f->age == 71 && f->sex == 'F' && f->high_pass == 0.05 && f->low_pass == 150);
    assert_int_equal(f->n_statements, 3);
    assert_string_equal(f->statements[0].text, "Sinus rhythm   s\xc3\xa3o");
    assert_string_equal(f->statements[1].name, "qrs_duration");
    assert_true(f->statements[1].value == 92 && f->statements[2].value == 3.25);
    xp_stored_free(&back);
    xp_written_free(&out);
    xp_stored_free(&w);
}

static bool occurs(const xp_buffer *b, const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= b->size; i++)
        if (!memcmp(b->data + i, text, n)) return true;
    return false;
}

static void nobody_is_named_unless_asked(void **state) {
    (void)state;
    static const char *const planted[] = {"DOE",  "JANE",     "4711",  "2020", "0518", "154811",
                                          "1949", "19490302", "Sinus", "Acme", "Cart"};
    xp_stored w = make_recording(), back;
    xp_written out = write_recording(&w, false), again = write_recording(&w, false);
    const xp_buffer *b = &out.files[0].bytes, *c = &again.files[0].bytes;
    xp_error e;
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
        if (occurs(b, planted[i])) fail_msg("\"%s\" was written", planted[i]);
    assert_true(b->size == c->size && !memcmp(b->data, c->data, b->size));
    assert_int_equal(open_bytes(&back, "r", b->data, b->size, &e), XP_OK);
    assert_true(back.facts.age == 71 && !*back.facts.start && !back.facts.n_statements);
    xp_stored_free(&back);
    xp_written_free(&out);
    xp_written_free(&again);
    xp_stored_free(&w);
}

static void what_does_not_fit_is_told(void **state) {
    (void)state;
    xp_stored w = make_recording(), back;
    xp_error e;
    for (int64_t k = 0; k < w.signals[0].n; k++)
        w.signals[0].digital[k] += 90000; /* moved, with the baseline */
    w.signals[0].digital[5] = w.signals[0].digital[6] = w.signals[0].digital[7] = 90001;
    strcpy(w.signals[7].units, "mmHg");
    xp_written out = write_recording(&w, false);
    assert_int_equal(out.notices.n, 1); /* mmHg */
    assert_int_equal(open_bytes(&back, "r", out.files[0].bytes.data, out.files[0].bytes.size, &e),
                     XP_OK);
    assert_int_equal(back.n_signals, N - 1);
    assert_int_equal(xp_stored_physical(&w, &e), XP_OK);
    assert_int_equal(xp_stored_physical(&back, &e), XP_OK);
    for (int64_t k = 0; k < w.signals[0].n; k++)
        assert_true(fabs(w.signals[0].physical[k] - back.signals[0].physical[k]) < 1e-9);
    xp_stored_free(&back);
    xp_written_free(&out);
    for (int i = 0; i < N; i++) strcpy(w.signals[i].units, "mmHg");
    assert_int_equal(xp_write(&out, xp_writer_named("dicom"), &w, "r", NULL, &e),
                     XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(e.text, "write wfdb or edf"));
    xp_stored_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(nobody_is_named_unless_asked),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
