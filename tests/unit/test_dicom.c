/* DICOM waveforms: against pydicom's values (golden), and files made here in every encoding. */
#include "dicom_maker.h"
#include "golden_blocks.h"

#include <libdeflate.h>

/* ==== golden values ========================================================================== */

static const struct {
    const char *name, *file;
    int leads;
} golden[] = {
    {"dicom_derived_deflated", "dicom/dicom_derived_deflated.dcm", 12},
    {"dicom_derived_explicit_be", "dicom/dicom_derived_explicit_be.dcm", 12},
    {"dicom_derived_general_12bit_unsigned_two_rates",
     "dicom/dicom_derived_general_12bit_unsigned_two_rates.dcm", 12},
    {"dicom_derived_general_8bit_odd", "dicom/dicom_derived_general_8bit_odd.dcm", 3},
    {"dicom_derived_mv_baseline_correction", "dicom/dicom_derived_mv_baseline_correction.dcm", 12},
    {"dicom_eli250_implicit_ecgtoolkit", "dicom/dicom_eli250_implicit_ecgtoolkit.dcm", 12},
    {"dicom_onelead_cabolabs", "dicom/dicom_onelead_cabolabs.dcm", 1},
    {"existing/arturrod_test_ecg", "../dicom/arturrod_test_ecg.dcm", 12},
    {"existing/marcodebe_anonymous_ecg", "../dicom/marcodebe_anonymous_ecg.dcm", 12},
};

static void every_golden_file_decodes(void **state) {
    (void)state;
    if (!exists(shared_path("fixtures/formats/golden/dicom_derived_deflated.json"))) skip();
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
        assert_int_equal(golden_compare(golden[i].name, golden[i].file, "MEDIAN BEAT"),
                         golden[i].leads);
    assert_int_equal(golden_compare("dicom_general_ecg2dcm_muse240",
                                    "dicom/dicom_general_ecg2dcm_muse240.dcm", "Median"),
                     12);
}

static void check_statement(const xp_facts *f, const char *name, double value, const char *unit) {
    const xp_statement *s = find_statement(f, name, "");
    if (!s || s->value != value || strcmp(s->unit, unit)) fail_msg("%s is not %g", name, value);
}

static void facts_of_a_cart_are_taken(void **state) {
    (void)state;
    const char *path = shared_path("fixtures/dicom/marcodebe_anonymous_ecg.dcm");
    if (!exists(path)) skip();
    xp_stored w;
    xp_error e;
    if (xp_stored_open_path(&w, path, NULL, &e)) fail_msg("%s", e.text);
    assert_string_equal(w.facts.start, "2013-01-25T10:59:19");
    assert_string_equal(w.facts.device, "Mortara Instrument, Inc. el250");
    assert_true(w.facts.age == 42 && w.facts.sex == 'F');
    assert_true(w.facts.high_pass == 0.05 && w.facts.low_pass == 300 && isnan(w.facts.notch));
    assert_string_equal(w.facts.birth_date, "1971-01-23");
    check_statement(&w.facts, "pr_interval", 161, "ms");
    check_statement(&w.facts, "qrs_axis", 52, "deg");
    assert_non_null(find_statement(&w.facts, "statement", "RITMO SINUSALE"));
    assert_null(find_statement(&w.facts, "pp_interval", "")); /* 0: not measured */
    xp_stored_free(&w);
}

/* ==== files made here ======================================================================== */

static int32_t ramp(int group, int channel, long i) {
    return (int32_t)(100 * group + 10 * channel + i % 7) - 3;
}

#define UV(code, meaning)                                                                          \
    { code, "SCPECG", meaning, NULL, "2.5", "uV", "1", "0" }

static const made_channel three[] = {
    UV("5.6.3-9-1", "Lead I"),
    {"2:2", "MDC", "anything", "V4", "0.001", "mV", "0.5", "-0.25"},
    {NULL, NULL, "Lead III", NULL, "-2", "uV", NULL, NULL},
};

static const made_group one_group = {.rate = "500",
                                     .label = "RHYTHM",
                                     .originality = "ORIGINAL",
                                     .interpretation = "SS",
                                     .n_channels = 3,
                                     .channels = three,
                                     .bits = 16,
                                     .n = 501};

static made_file base_file(void) {
    return (made_file){.syntax = "1.2.840.10008.1.2.1",
                       .object = ECG_12,
                       .is_explicit = true,
                       .patient = "DOE^JANE",
                       .n = 1,
                       .groups = &one_group,
                       .sample = ramp};
}

static xp_stored open_file(const char *what, const made_file *f) {
    xp_stored w;
    xp_error e;
    maker m = make_file(f, NULL);
    uint8_t *exact = malloc(m.n);
    memcpy(exact, m.data, m.n);
    if (open_bytes(&w, "x", exact, m.n, &e)) fail_msg("%s: %s", what, e.text);
    free(exact);
    free(m.data);
    if (xp_stored_physical(&w, &e)) fail_msg("%s: %s", what, e.text);
    return w;
}

static void check_three(const char *what, const xp_stored *w) {
    static const double gain[] = {0.4, 2000, -0.5}, baseline[] = {0, 500, 0};
    if (w->n_signals != 3 || w->rate != 500 || w->n_frames != 501)
        fail_msg("%s: %d signals of %lld", what, w->n_signals, (long long)w->n_frames);
    for (int k = 0; k < 3; k++) {
        const xp_stored_signal *s = &w->signals[k];
        if (fabs(s->gain - gain[k]) > 1e-9 || fabs(s->baseline - baseline[k]) > 1e-9)
            fail_msg("%s: gain %.17g, baseline %.17g", what, s->gain, s->baseline);
        for (int i = 0; i < 501; i++) assert_int_equal(s->digital[i], ramp(0, k, i));
    }
    assert_string_equal(w->signals[0].name, "I");
    assert_string_equal(w->signals[1].name, "II"); /* the code, not the label */
    assert_string_equal(w->signals[2].name, "Lead III");
    assert_true(fabs(w->signals[1].physical[0] - (7 * 0.0005 - 0.25)) < 1e-12);
}

static void every_encoding_is_read(void **state) {
    (void)state;
    static const struct {
        const char *syntax;
        bool is_explicit, big;
    } codings[] = {{"1.2.840.10008.1.2", false, false},
                   {"1.2.840.10008.1.2.1", true, false},
                   {"1.2.840.10008.1.2.2", true, true},
                   {"1.2.840.10008.1.2.1.", true, false},
                   {"1.2.840.10008.1.2", true, false},
                   {"1.2.840.10008.1.2.1", false, false},
                   {"1.2.840.10008.1.2.1 ", true, true},
                   {NULL, true, false},
                   {NULL, false, false},
                   {NULL, true, true}};
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        for (int k = 0; k < 4; k++) {
            made_file f = base_file();
            f.syntax = codings[i].syntax;
            f.is_explicit = codings[i].is_explicit;
            f.big = codings[i].big;
            f.undefined = k & 1;
            f.no_preamble = k & 2;
            char what[80];
            snprintf(what, sizeof what, "coding %zu, variant %d", i, k);
            xp_stored w = open_file(what, &f);
            check_three(what, &w);
            xp_stored_free(&w);
        }
}

static maker deflate(const maker *m, size_t set, bool zlib) {
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    uint8_t *packed = malloc(m->n);
    size_t n = zlib ? libdeflate_zlib_compress(c, m->data + set, m->n - set, packed, m->n)
                    : libdeflate_deflate_compress(c, m->data + set, m->n - set, packed, m->n);
    libdeflate_free_compressor(c);
    maker out = {0};
    put(&out, m->data, set);
    put(&out, packed, n);
    free(packed);
    return out;
}

static void deflated_data_sets_are_read(void **state) {
    (void)state;
    made_file f = base_file();
    f.syntax = "1.2.840.10008.1.2.1.99";
    for (int zlib = 0; zlib < 2; zlib++) {
        size_t set;
        xp_stored w;
        xp_error e;
        maker m = make_file(&f, &set), d = deflate(&m, set, zlib);
        if (open_bytes(&w, "x", d.data, d.n, &e)) fail_msg("%s", e.text);
        assert_int_equal(xp_stored_physical(&w, &e), XP_OK);
        check_three("deflated", &w);
        xp_stored_free(&w);
        free(m.data);
        free(d.data);
    }
}

static int32_t bytes_around_zero(int group, int channel, long i) {
    (void)group;
    return (int32_t)((i * 37 + channel * 11) % 256) - 128;
}

static void every_kind_of_sample_is_read(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        int bits, added;
        bool word, big;
    } kinds[] = {{"SB", 8, 0, false, false}, {"SB", 8, 0, true, false},
                 {"SB", 8, 0, true, true},   {"UB", 8, 256, false, true},
                 {"SS", 16, 0, true, true},  {"US", 16, 65536, true, false},
                 {"SL", 32, 0, false, true}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        made_group g = one_group;
        made_file f = base_file();
        f.groups = &g;
        f.big = kinds[i].big;
        f.syntax = f.big ? "1.2.840.10008.1.2.2" : f.syntax;
        f.sample = bytes_around_zero;
        g.bits = kinds[i].bits;
        g.interpretation = kinds[i].kind;
        g.word = kinds[i].word;
        g.n = 333; /* an odd number of bytes */
        xp_stored w = open_file(kinds[i].kind, &f);
        for (int k = 0; k < 3; k++)
            for (int s = 0; s < 333; s++) {
                int32_t v = bytes_around_zero(0, k, s);
                if (v < 0) v += kinds[i].added;
                if (w.signals[k].digital[s] != v)
                    fail_msg("%s: sample %d is %d, expected %d", kinds[i].kind, s,
                             w.signals[k].digital[s], v);
            }
        xp_stored_free(&w);
    }
}

/* ---- groups ---- */

static const made_channel limb[] = {UV("5.6.3-9-1", "I"), UV("5.6.3-9-2", "II")};
static const made_channel chest[] = {UV("5.6.3-9-3", "V1"), UV("5.6.3-9-4", "V2")};
static const made_channel pressure[] = {{NULL, NULL, "Aorta", NULL, "0.1", "mm[Hg]", "1", "0"}};

#define GROUP(of, hz, count)                                                                       \
    .rate = hz, .originality = "ORIGINAL", .interpretation = "SS", .bits = 16,                     \
    .n_channels = sizeof of / sizeof *of, .channels = of, .n = count

static void the_rhythm_is_read_and_not_the_beat(void **state) {
    (void)state;
    made_group groups[] = {{GROUP(limb, "500", 600), .label = "MEDIAN BEAT"},
                           {GROUP(limb, "500", 600)},
                           {GROUP(limb, "500", 5000), .label = "RHYTHM"}};
    groups[1].originality = "DERIVED"; /* a beat that does not say so */
    made_file f = base_file();
    f.groups = groups;
    f.n = 3;
    xp_stored w = open_file("rhythm", &f);
    assert_int_equal(w.n_signals, 2);
    assert_int_equal(w.n_frames, 5000);
    assert_int_equal(w.signals[0].digital[0], ramp(2, 0, 0));
    xp_stored_free(&w);
}

static void groups_of_other_rates_share_the_time(void **state) {
    (void)state;
    const made_group groups[] = {{GROUP(pressure, "125", 1250)},
                                 {GROUP(limb, "500", 5000)},
                                 {GROUP(chest, "240", 2400), .has_padding = true, .padding = 203}};
    made_file f = base_file();
    f.groups = groups;
    f.n = 3;
    xp_stored w = open_file("rates", &f);
    assert_int_equal(w.n_signals, 5);
    static const double rates[] = {500, 500, 240, 240, 125};
    for (int i = 0; i < 5; i++) {
        assert_true(fabs(w.rate * w.signals[i].samples_per_frame - rates[i]) < 1e-9);
        assert_int_equal(w.signals[i].n, (int)rates[i] * 10);
    }
    assert_true(w.signals[2].n_missing > 300 && isnan(w.signals[2].physical[104]));
    xp_record r;
    xp_error e;
    if (xp_stored_to_record(&r, &w, &e)) fail_msg("%s", e.text);
    assert_true(r.n_leads == 4 && r.rate == 500 && r.n == 5000);
    assert_int_equal(r.notices.items[0].code, XP_NOTE_IGNORED); /* mm[Hg] */
    xp_record_free(&r);
    xp_stored_free(&w);
}

static void groups_that_begin_later_are_placed_later(void **state) {
    (void)state;
    const made_group groups[] = {{GROUP(limb, "500", 1250), .offset = "0"},
                                 {GROUP(chest, "500", 1250), .offset = "2500.0"}};
    made_file f = base_file();
    f.groups = groups;
    f.n = 2;
    xp_stored w = open_file("pieces", &f);
    assert_int_equal(w.n_frames, 2500);
    assert_int_equal(w.signals[0].n_missing, 1250);
    assert_true(isnan(w.signals[2].physical[1249]) && !isnan(w.signals[2].physical[1250]));
    assert_int_equal(w.signals[3].digital[1250], ramp(1, 1, 0));
    xp_stored_free(&w);
}

static void of_a_lead_in_two_groups_the_long_one_is_used(void **state) {
    (void)state;
    const made_group groups[] = {{GROUP(limb, "500", 1250)}, {GROUP(limb, "500", 5000)}};
    made_file f = base_file();
    f.groups = groups;
    f.n = 2;
    xp_stored w = open_file("twice", &f);
    assert_int_equal(w.n_signals, 2);
    assert_int_equal(w.signals[0].digital[0], ramp(1, 0, 0));
    assert_int_equal(w.notices.n, 2);
    xp_stored_free(&w);
}

/* ---- gaps, gains and facts ---- */

static int32_t with_gaps(int group, int channel, long i) {
    return i == 7 ? -32768 : i == 9 ? 77 : ramp(group, channel, i);
}

static void padding_is_a_gap(void **state) {
    (void)state;
    made_group g = one_group;
    made_file f = base_file();
    f.groups = &g;
    f.sample = with_gaps;
    xp_stored w = open_file("no padding value", &f);
    assert_int_equal(w.signals[0].n_missing, 1);
    assert_true(isnan(w.signals[0].physical[7]) && !isnan(w.signals[0].physical[9]));
    xp_stored_free(&w);
    g.has_padding = true;
    g.padding = 77;
    w = open_file("padding value", &f);
    assert_int_equal(w.signals[0].n_missing, 1);
    assert_true(isnan(w.signals[0].physical[9]) && !isnan(w.signals[0].physical[7]));
    xp_stored_free(&w);
}

static void what_is_not_said_is_assumed_aloud(void **state) {
    (void)state;
    static const made_channel bare[] = {{"5.6.3-9-1", NULL, NULL, NULL, NULL, NULL, NULL, NULL}};
    made_group g = one_group;
    made_file f = base_file();
    f.groups = &g;
    g.channels = bare;
    g.n_channels = 1;
    g.interpretation = NULL;
    xp_stored w = open_file("bare", &f);
    assert_true(!w.signals[0].calibrated && w.signals[0].gain == 200);
    assert_int_equal(w.notices.items[0].code, XP_NOTE_UNCALIBRATED);
    xp_stored_free(&w);
    g = one_group;
    g.cut = 6; /* the last sample of three channels */
    w = open_file("a sample short", &f);
    assert_int_equal(w.n_frames, 500);
    assert_int_equal(w.notices.items[0].code, XP_NOTE_TRUNCATED);
    xp_stored_free(&w);
}

static void facts_are_taken(void **state) {
    (void)state;
    made_file f = base_file();
    f.charset = "ISO_IR 100";
    f.patient = "M\xfcller^Zo\xeb";
    xp_stored w = open_file("facts", &f);
    assert_string_equal(w.format, "DICOM");
    assert_string_equal(w.facts.patient_name, "M\xc3\xbcller^Zo\xc3\xab");
    assert_string_equal(w.facts.patient_id, "ID-4711");
    assert_string_equal(w.facts.birth_date, "1950-06-01");
    assert_string_equal(w.facts.start, "2020-05-18T15:48:11.25");
    assert_string_equal(w.facts.device, "Acme Cart 7");
    assert_string_equal(w.facts.filter, "0.05 to 150 Hz");
    assert_true(w.facts.age == 69 && w.facts.sex == 'F');
    xp_stored_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_golden_file_decodes),
        cmocka_unit_test(facts_of_a_cart_are_taken),
        cmocka_unit_test(every_encoding_is_read),
        cmocka_unit_test(deflated_data_sets_are_read),
        cmocka_unit_test(every_kind_of_sample_is_read),
        cmocka_unit_test(the_rhythm_is_read_and_not_the_beat),
        cmocka_unit_test(groups_of_other_rates_share_the_time),
        cmocka_unit_test(groups_that_begin_later_are_placed_later),
        cmocka_unit_test(of_a_lead_in_two_groups_the_long_one_is_used),
        cmocka_unit_test(padding_is_a_gap),
        cmocka_unit_test(what_is_not_said_is_assumed_aloud),
        cmocka_unit_test(facts_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
