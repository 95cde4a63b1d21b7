/* EDF+ as it is written: counts, gain, times and facts come back by the reader; who it is does not,
 * unless that is asked for. What other software reads: tests/tool/test_edf.py. */
#include "ecg/write/write.h"
#include "golden_blocks.h"

static const xp_writer *edf(void) {
    return xp_writer_named("edf");
}

static xp_stored recording(double rate, int n_signals, int64_t n) {
    xp_stored w;
    xp_error e;
    int64_t counts[8];
    for (int i = 0; i < n_signals; i++) counts[i] = n;
    if (xp_stored_alloc(&w, "r", rate, n_signals, counts, &e)) fail_msg("%s", e.text);
    w.n_frames = n;
    for (int i = 0; i < n_signals; i++) {
        xp_stored_signal *s = &w.signals[i];
        snprintf(s->name, sizeof s->name, "V%d", i + 1);
        strcpy(s->units, "mV");
        s->gain = 1000;
        for (int64_t k = 0; k < n; k++) s->digital[k] = (int32_t)((k * 131 + i * 17) % 4001) - 2000;
    }
    return w;
}

/* Write w, read it again. */
static xp_stored round_trip(const xp_stored *w, bool identity, xp_notices *notes) {
    xp_written out;
    xp_stored back;
    xp_error e;
    xp_write_options opt = {.keep_identity = identity};
    if (xp_write(&out, edf(), w, "r", &opt, &e)) fail_msg("%s", e.text);
    assert_int_equal(out.n, 1);
    assert_string_equal(out.files[0].name, "r.edf");
    if (open_bytes(&back, "r.edf", out.files[0].bytes.data, out.files[0].bytes.size, &e))
        fail_msg("%s", e.text);
    if (notes) assert_int_equal(xp_notices_append(notes, &out.notices), XP_OK);
    xp_written_free(&out);
    return back;
}

static void assert_same(const xp_stored *a, const xp_stored *b) {
    assert_int_equal(a->n_signals, b->n_signals);
    assert_int_equal(a->n_frames * a->signals[0].samples_per_frame,
                     b->n_frames * b->signals[0].samples_per_frame);
    assert_true(fabs(a->rate * a->signals[0].samples_per_frame -
                     b->rate * b->signals[0].samples_per_frame) < 1e-9 * a->rate);
    for (int i = 0; i < a->n_signals; i++) {
        const xp_stored_signal *x = &a->signals[i], *y = &b->signals[i];
        assert_int_equal(x->n, y->n);
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->units, y->units);
        /* Full scale leaves no choice of limits, whose eight characters are then rounded. */
        double close = i == 0 ? 1e-8 : 2e-6;
        if (fabs(x->gain - y->gain) > close * fabs(x->gain))
            fail_msg("%s: gain %.15g, was %.15g", x->name, y->gain, x->gain);
        for (int64_t k = 0; k < x->n; k++) {
            bool gap = x->digital[k] == x->missing;
            assert_int_equal(gap, y->digital[k] == y->missing);
            double was = x->digital[k] - x->baseline, is = y->digital[k] - y->baseline;
            if (!gap && fabs(was - is) > 65536 * close)
                fail_msg("%s: at %lld %g, was %g", x->name, (long long)k, is, was);
        }
    }
}

static void counts_and_gain_come_back(void **state) {
    (void)state;
    static const double gains[] = {1000,  200,         0.4, 204.918032786885, -5000, 1e6 / 3750,
                                   409.6, 187.3456789, 1e5};
    static const double baselines[] = {0, 0, 0, 0, 100, 0, -3, 7.5, 0};
    for (size_t g = 0; g < sizeof gains / sizeof *gains; g++) {
        xp_stored w = recording(500, 2, 5000);
        for (int i = 0; i < 2; i++) {
            w.signals[i].gain = gains[g];
            w.signals[i].baseline = baselines[g];
        }
        w.signals[1].digital[17] = 32767;
        w.signals[1].digital[18] = -32768;
        xp_stored back = round_trip(&w, false, NULL);
        assert_same(&w, &back);
        if (g < 3) assert_true(back.signals[0].gain == gains[g]);
        assert_int_equal(back.signals[1].digital[17], 32767);
        xp_stored_free(&back);
        xp_stored_free(&w);
    }
}

/* Any length and rate: without a sample more, where eight characters can tell a duration. */
static void lengths_and_rates_come_back(void **state) {
    (void)state;
    static const struct {
        double rate;
        int64_t n, more;
    } cases[] = {{500, 5003, 0}, {500, 1, 0},    {250, 2501, 0},  {1e6 / 1667, 5998, 0},
                 {360, 3600, 0}, {360, 3601, 8}, {1000, 9973, 0}, {128, 1280, 0},
                 {257, 2570, 0}, {0.5, 10, 0},   {240, 2400, 0},  {500, 100003, 0},
                 {600, 600, 0},  {977, 97700, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_stored w = recording(cases[i].rate, 1, cases[i].n);
        xp_notices notes = {0};
        xp_stored back = round_trip(&w, false, &notes);
        int64_t n = back.signals[0].n;
        if (n != cases[i].n + cases[i].more)
            fail_msg("%g Hz: %lld samples, were %lld", cases[i].rate, (long long)n,
                     (long long)cases[i].n);
        assert_int_equal(notes.n, cases[i].more > 0);
        double rate = back.rate * back.signals[0].samples_per_frame;
        if (fabs(rate - cases[i].rate) > 1e-9 * rate) fail_msg("%.12g Hz", rate);
        for (int64_t k = 0; k < cases[i].n; k++)
            assert_int_equal(back.signals[0].digital[k], w.signals[0].digital[k]);
        xp_notices_free(&notes);
        xp_stored_free(&back);
        xp_stored_free(&w);
    }
}

static void missing_samples_and_wide_baselines_come_back(void **state) {
    (void)state;
    xp_stored w = recording(500, 3, 1000);
    for (int k = 100; k < 160; k++) w.signals[0].digital[k] = INT32_MIN;
    w.signals[1].missing = -32768;
    w.signals[1].digital[5] = -32768;
    for (int k = 0; k < 1000; k++) w.signals[2].digital[k] += 1000000;
    w.signals[2].baseline = 1000000;
    xp_notices notes = {0};
    xp_stored back = round_trip(&w, false, &notes);
    assert_same(&w, &back);
    assert_int_equal(back.signals[0].n_missing, 60);
    assert_int_equal(back.signals[1].n_missing, 1);
    assert_int_equal(notes.n, 2);
    assert_int_equal(notes.items[0].sentence, XP_SAY_MISSING_MARKED);
    xp_notices_free(&notes);
    xp_stored_free(&back);
    xp_stored_free(&w);
}

static void fill_facts(xp_stored *w) {
    xp_facts *f = &w->facts;
    f->age = 50;
    f->sex = 'F';
    f->high_pass = 0.05;
    f->low_pass = 150;
    f->notch = 50;
    strcpy(f->start, "2021-03-04T05:06:07.25");
    strcpy(f->device, "Maker Cart 7");
    strcpy(f->patient_name, "DOE^JANE");
    strcpy(f->patient_id, "ID 4711");
    strcpy(f->birth_date, "1970-12-24");
    assert_true(xp_facts_state(f, "annotation", NAN, NULL, "at 1.5 s for 0.5 s: couplet"));
    assert_true(xp_facts_state(f, "statement", NAN, NULL, "sinus rhythm"));
    assert_true(xp_facts_state(f, "pr_interval", 150, "ms", NULL));
}

static void what_it_states_comes_back_where_that_is_asked_for(void **state) {
    (void)state;
    xp_stored w = recording(500, 1, 1000);
    fill_facts(&w);
    xp_stored back = round_trip(&w, true, NULL);
    assert_string_equal(back.facts.start, w.facts.start);
    assert_string_equal(back.facts.device, w.facts.device);
    assert_string_equal(back.facts.patient_name, w.facts.patient_name);
    assert_string_equal(back.facts.patient_id, w.facts.patient_id);
    assert_string_equal(back.facts.birth_date, w.facts.birth_date);
    assert_true(back.facts.age == 50 && back.facts.sex == 'F');
    assert_true(back.facts.high_pass == 0.05 && back.facts.notch == 50);
    assert_non_null(find_statement(&back.facts, "annotation", "at 1.5 s for 0.5 s: couplet"));
    assert_non_null(find_statement(&back.facts, "annotation", "statement: sinus rhythm"));
    assert_non_null(find_statement(&back.facts, "annotation", "pr_interval: 150 ms"));
    xp_stored_free(&back);
    xp_stored_free(&w);
}

static void who_it_is_is_not_written_otherwise(void **state) {
    (void)state;
    static const char *const secrets[] = {"DOE",   "JANE", "4711", "2021",    "04-MAR",
                                          "04.03", "1970", "Cart", "couplet", "sinus"};
    xp_stored w = recording(500, 1, 1000);
    xp_written out;
    xp_error e;
    fill_facts(&w);
    if (xp_write(&out, edf(), &w, "r", NULL, &e)) fail_msg("%s", e.text);
    const xp_buffer *b = &out.files[0].bytes;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        size_t n = strlen(secrets[i]);
        for (size_t k = 0; k + n <= 768; k++)
            if (!memcmp(b->data + k, secrets[i], n)) fail_msg("%s is in the header", secrets[i]);
    }
    xp_written_free(&out);
    xp_stored back = round_trip(&w, false, NULL);
    assert_string_equal(back.facts.start, "");
    assert_string_equal(back.facts.patient_name, "");
    assert_int_equal(back.facts.n_statements, 0);
    assert_true(back.facts.age == 50 && back.facts.sex == 'F' && back.facts.low_pass == 150);
    xp_stored_free(&back);
    xp_stored_free(&w);
}

static void what_16_bits_cannot_hold_is_rounded_or_an_error(void **state) {
    (void)state;
    xp_stored w = recording(500, 1, 1000);
    xp_written out;
    xp_error e;
    w.signals[0].digital[3] = 70000;
    assert_int_equal(xp_write(&out, edf(), &w, "r", NULL, &e), XP_OK);
    assert_int_equal(out.notices.n, 1);
    assert_int_equal(out.notices.items[0].sentence, XP_SAY_ROUNDED);
    xp_written_free(&out);
    w.signals[0].digital[3] = 0;
    w.signals[0].gain = 1e14;
    assert_int_equal(xp_write(&out, edf(), &w, "r", NULL, &e), XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(e.text, "eight characters"));
    xp_stored_free(&w);
}

static void a_signal_without_a_known_unit_has_none(void **state) {
    (void)state;
    xp_stored w = recording(500, 1, 1000);
    w.signals[0].calibrated = false;
    xp_stored back = round_trip(&w, false, NULL);
    assert_string_equal(back.signals[0].units, "");
    assert_false(back.signals[0].calibrated);
    assert_true(back.signals[0].gain == 1000);
    xp_stored_free(&back);
    xp_stored_free(&w);
}

static void flat_and_empty_signals_are_written(void **state) {
    (void)state;
    for (int64_t n = 0; n <= 500; n += 500) {
        xp_stored w = recording(500, 2, n);
        for (int64_t k = 0; k < n; k++) {
            w.signals[0].digital[k] = 32767;
            w.signals[1].digital[k] = INT32_MIN;
        }
        xp_stored back = round_trip(&w, false, NULL);
        assert_int_equal(back.n_frames * back.signals[0].samples_per_frame, n);
        if (n) {
            assert_int_equal(back.signals[0].digital[0] - back.signals[0].baseline, 32767);
            assert_int_equal(back.signals[1].n_missing, n);
        }
        xp_stored_free(&back);
        xp_stored_free(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_gain_come_back),
        cmocka_unit_test(lengths_and_rates_come_back),
        cmocka_unit_test(missing_samples_and_wide_baselines_come_back),
        cmocka_unit_test(what_it_states_comes_back_where_that_is_asked_for),
        cmocka_unit_test(who_it_is_is_not_written_otherwise),
        cmocka_unit_test(what_16_bits_cannot_hold_is_rounded_or_an_error),
        cmocka_unit_test(a_signal_without_a_known_unit_has_none),
        cmocka_unit_test(flat_and_empty_signals_are_written),
    };
    return cmocka_run_group_tests_name("write_edf", tests, NULL, NULL);
}
