/* SCP-ECG: against other readers (golden values), files made here, and broken ones. */
#include "ecg/scp_internal.h"
#include "golden_blocks.h"
#include "scp_maker.h"

static xp_stored read_ok(const file *f) {
    xp_stored w;
    xp_error e;
    if (open_bytes(&w, "x.scp", f->data, f->size, &e)) fail_msg("%s", e.text);
    return w;
}

static void samples_come_back_in_every_coding(void **state) {
    (void)state;
    static file f;
    int x[N];
    wave(x, N);
    for (int how = PLAIN; how <= OWN; how++)
        for (int order = 0; order <= 2; order++) {
            make(&f, (coding)how, order);
            xp_stored w = read_ok(&f);
            assert_int_equal(w.n_signals, 4);
            assert_int_equal(w.n_frames, N);
            assert_true(w.rate == 500 && w.signals[0].gain == 400);
            for (int l = 0; l < 4; l++)
                for (int i = 0; i < N; i++)
                    if (w.signals[l].digital[i] != x[i] + 11 * l)
                        fail_msg("coding %d, order %d, lead %d: at %d %d, expected %d", how, order,
                                 l, i, w.signals[l].digital[i], x[i] + 11 * l);
            assert_int_equal(w.notices.n, 0);
            xp_stored_free(&w);
        }
}

static void the_file_says_who_when_and_what(void **state) {
    (void)state;
    static file f;
    make(&f, STANDARD, 2);
    xp_stored w = read_ok(&f);
    const xp_facts *t = &w.facts;
    assert_string_equal(w.signals[2].name, "V1");
    assert_string_equal(w.signals[3].name, "SCP lead 131");
    assert_string_equal(t->patient_name, "Eva M\xc3\xbcller");
    assert_string_equal(t->patient_id, "ID-7");
    assert_string_equal(t->birth_date, "1953-05-08");
    assert_string_equal(t->start, "2020-02-29T23:59:59");
    assert_string_equal(t->device, "Schiller AT-10");
    assert_true(t->age == 66 && t->sex == 'F');
    assert_true(t->high_pass == 0.05 && t->low_pass == 150 && t->notch == 50);
    static const struct {
        const char *name;
        double value;
    } values[] = {{"rr_interval", 800},  {"p_duration", 100},  {"pr_interval", 150},
                  {"qrs_duration", 100}, {"qt_interval", 400}, {"p_axis", 60},
                  {"qrs_axis", -45},     {"heart_rate", 75},   {"qtc_bazett", 447}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const xp_statement *s = find_statement(t, values[i].name, "");
        if (!s || s->value != values[i].value) fail_msg("%s", values[i].name);
    }
    assert_null(find_statement(t, "t_axis", ""));
    assert_null(find_statement(t, "atrial_rate", ""));
    assert_non_null(find_statement(t, "statement", "normal ECG!"));
    assert_non_null(find_statement(t, "comment", "after exercise"));
    xp_stored_free(&w);
}

/* A beat of 100 samples at 500 Hz, aligned at its sample 40, is taken from the rhythm at samples
 * 141..200 and 341..400 (at 180 and 380); the beat has 1000 nV a step, the rhythm 2500. */
static void put_beats(file *body, const int *kinds) {
    put_le(body, 200, 2);
    put_le(body, 40, 2);
    put_le(body, 3, 2);
    for (int k = 0; k < 3; k++) {
        put_le(body, kinds[k], 2);
        put_le(body, 141 + 100 * k, 4);
        put_le(body, 180 + 100 * k, 4);
        put_le(body, 200 + 100 * k, 4);
    }
}

static int beat_value(int i) {
    return 1000 - 30 * abs(i - 39);
}

static void the_reference_beat_is_added(void **state) {
    (void)state;
    static file f, body;
    int x[N], beat[100], kinds[] = {0, 1, 0};
    wave(x, N);
    for (int i = 0; i < 100; i++) beat[i] = beat_value(i);
    begin(&f);
    tables_section(&f, STANDARD);
    leads_section(&f, 0x25, 3, 1, N);
    body.size = 0;
    put_beats(&body, kinds);
    section(&f, 4, &body);
    coded_section(&f, 5, 1000, 2000, 1, false, 3, beat, 100, STANDARD, 5);
    coded_section(&f, 6, 2500, 2000, 2, false, 3, x, N, STANDARD, 11);
    end(&f);
    xp_stored w = read_ok(&f);
    assert_true(fabs(w.signals[0].gain - 2000) < 1e-9); /* steps of 500 nV fit both */
    for (int l = 0; l < 3; l++)
        for (int i = 0; i < N; i++) {
            int want = 5 * (x[i] + 11 * l), p = i + 1; /* samples count from 1 */
            if (p >= 141 && p <= 200) want += 2 * (beat_value(p - 180 + 39) + 5 * l);
            if (p >= 341 && p <= 400) want += 2 * (beat_value(p - 380 + 39) + 5 * l);
            if (w.signals[l].digital[i] != want)
                fail_msg("lead %d: at %d %d, expected %d", l, i, w.signals[l].digital[i], want);
        }
    xp_stored_free(&w);
}

/* Outside of 149..200, 249..300 and 349..400 every fourth sample is stored: constant parts come
 * back as they are, a slope as one between the middles. */
static void bimodal_compression_is_undone(void **state) {
    (void)state;
    static file f, body;
    int full[N], stored[N], beat[100] = {0}, kinds[] = {0, 0, 0}, n = 0;
    for (int i = 0; i < N; i++) full[i] = i < 148 ? 8 * (i / 4) : i < 200 ? (i * 7) % 90 : 25;
    for (int i = 0; i < N;) {
        bool whole = (i >= 148 && i < 200) || (i >= 248 && i < 300) || (i >= 348 && i < 400);
        stored[n++] = full[i];
        i += whole ? 1 : 4;
    }
    begin(&f);
    tables_section(&f, STANDARD);
    leads_section(&f, 0x25, 2, 1, N);
    body.size = 0;
    put_beats(&body, kinds);
    for (int k = 0; k < 3; k++) {
        put_le(&body, 149 + 100 * k, 4);
        put_le(&body, 200 + 100 * k, 4);
    }
    section(&f, 4, &body);
    coded_section(&f, 5, 2500, 2000, 2, false, 2, beat, 100, STANDARD, 0);
    coded_section(&f, 6, 2500, 8000, 2, true, 2, stored, n, STANDARD, 3);
    end(&f);
    xp_stored w = read_ok(&f);
    assert_true(w.rate == 500);
    assert_int_equal(w.n_frames, N);
    for (int i = 0; i < N; i++) {
        int want = full[i];
        if (i < 148) want = i < 2 ? 0 : i < 146 ? 2 * (i - 2) : 8 * 36;
        if (w.signals[0].digital[i] != want)
            fail_msg("at %d %d, expected %d", i, w.signals[0].digital[i], want);
        assert_int_equal(w.signals[1].digital[148], full[148] + 3);
    }
    xp_stored_free(&w);
}

/* 40000 plain samples have 80000 bytes, which the 16-bit length does not say. */
static void long_leads_whose_length_wraps_are_read(void **state) {
    (void)state;
    static file f;
    static int x[40000];
    wave(x, 40000);
    begin(&f);
    leads_section(&f, 0x24, 2, 1, 40000);
    coded_section(&f, 6, 2500, 2000, 0, false, 2, x, 40000, PLAIN, 7);
    end(&f);
    xp_stored w = read_ok(&f);
    for (int i = 0; i < 40000; i++) {
        assert_int_equal(w.signals[0].digital[i], x[i]);
        assert_int_equal(w.signals[1].digital[i], x[i] + 7);
    }
    xp_stored_free(&w);
}

/* A range from 0 to N, where there are N samples. */
static void ranges_that_begin_at_0_are_read(void **state) {
    (void)state;
    static file f;
    int x[N];
    wave(x, N);
    for (int last = N - 1; last <= N; last++) {
        begin(&f);
        leads_section(&f, 0x24, 2, 0, last);
        coded_section(&f, 6, 2500, 1667, 0, false, 2, x, N, PLAIN, 0);
        end(&f);
        xp_stored w = read_ok(&f);
        assert_int_equal(w.n_frames, N);
        assert_int_equal(w.signals[1].n_missing, 0);
        assert_true(fabs(w.rate - 599.88) < 0.001);
        xp_stored_free(&w);
    }
}

static void a_wrong_checksum_is_told(void **state) {
    (void)state;
    static file f;
    make(&f, STANDARD, 2);
    f.data[f.size - 2] ^= 1;
    put(&f, "more", 4);
    xp_stored w = read_ok(&f);
    char text[XP_NOTICE_TEXT];
    assert_int_equal(w.notices.n, 2);
    assert_non_null(strstr(xp_notice_text(&w.notices, 0, text), "x.scp: its checksum is not"));
    assert_non_null(strstr(xp_notice_text(&w.notices, 1, text), "the 4 bytes behind"));
    xp_stored_free(&w);
}

/* ==== broken files =========================================================================== */

typedef struct broken {
    const char *what;
    int section; /* -1: at is a byte of the file; else of that section, behind its header */
    int at;
    const char *bytes; /* NULL: the file is cut there */
    size_t size;
    xp_status status;
    const char *words, *more;
} broken;

#define B(s) s, sizeof s - 1
#define F XP_ERR_FORMAT

static const broken cases[] = {
    {"empty", -1, 0, NULL, 0, XP_ERR_TRUNCATED, "byte 0", "copy it again"},
    {"cut in the pointers' header", -1, 20, NULL, 0, XP_ERR_TRUNCATED, "byte 20", "copy it again"},
    {"cut in the pointers", -1, 100, NULL, 0, XP_ERR_TRUNCATED, "byte 100", "copy it again"},
    {"cut in a section", -1, 400, NULL, 0, XP_ERR_TRUNCATED, "byte 400", "copy it again"},
    {"length 0", -1, 2, B("\0\0\0\0"), F, "byte 2", "fewer than its pointers"},
    {"length too long", -1, 2, B("\xff\xff\xff\x7f"), XP_ERR_TRUNCATED, "2147483647", "copy"},
    {"length longest", -1, 2, B("\xff\xff\xff\xff"), XP_ERR_TRUNCATED, "4294967295", "copy"},
    {"pointers of another section", -1, 8, B("\1\0"), F, "no pointers", "Healforce"},
    {"pointers too short", -1, 10, B("\x10\0\0\0"), F, "no pointers", "export"},
    {"pointers odd", -1, 10, B("\x89\0\0\0"), F, "no pointers", "export"},
    {"pointers endless", -1, 10, B("\xff\xff\xff\xff"), F, "no pointers", "export"},
    {"pointers big endian", -1, 10, B("\0\0\0\x88"), F, "no pointers", "export"},
    {"first pointer elsewhere", -1, 28, B("\x17"), F, "no pointers", "export"},
    {"section behind the end", -1, 22 + 60 + 6, B("\0\0\1\0"), XP_ERR_TRUNCATED, "section 6",
     "copy"},
    {"section of no place", -1, 22 + 60 + 6, B("\0\0\0\0"), XP_ERR_TRUNCATED, "section 6", "copy"},
    {"section in the length", -1, 22 + 60 + 6, B("\1\0\0\0"), XP_ERR_TRUNCATED, "section 6",
     "copy"},
    {"section too long", -1, 22 + 60 + 2, B("\0\0\1\0"), XP_ERR_TRUNCATED, "section 6", "65536"},
    {"section longest", -1, 22 + 60 + 2, B("\xff\xff\xff\xff"), XP_ERR_TRUNCATED, "section 6", ""},
    {"section of other length", -1, 22 + 30 + 2, B("\x20\0\0\0"), F, "section 3 of 32 bytes",
     "copy"},
    {"section in place of another", -1, 22 + 60, B("\7\0"), F, "section 7", "damaged"},
    {"no leads section", -1, 22 + 30, B("\x0b\0"), F, "section 11", "damaged"},
    {"no rhythm", -1, 22 + 62, B("\0\0\0\0"), XP_ERR_UNSUPPORTED, "no samples", "export"},
    {"no leads", -1, 22 + 32, B("\0\0\0\0"), F, "section 3", "missing"},
    {"0 leads", 3, 0, B("\0"), F, "0 leads", "copy it again"},
    {"too many leads", 3, 0, B("\xff"), F, "255 leads", "copy it again"},
    {"lead that ends before it begins", 3, 2, B("\0\4\0\0"), F, "lead 1 goes from sample 1024", ""},
    {"lead of billions", 3, 2 + 4, B("\xff\xff\xff\xff"), F, "samples in all", "copy it again"},
    {"lead too long", 3, 2 + 4, B("\x58\2\0\0"), XP_ERR_TRUNCATED, "lead I ends here",
     "of 600 stored"},
    {"lead far away", 3, 2, B("\0\0\0\x70\xff\0\0\x70"), XP_ERR_LIMIT, "almost all of them", ""},
    {"AVM 0", 6, 0, B("\0\0"), F, "0 nV a step", "damaged"},
    {"interval 0", 6, 2, B("\0\0"), F, "0 us a sample", "damaged"},
    {"differences of order 3", 6, 4, B("\3"), F, "order 3", "0 to 2"},
    {"bimodal without a beat", 6, 5, B("\1"), F, "sections 4 and 5", "missing"},
    {"subtracted without a beat", 3, 1, B("\1"), F, "sections 4 and 5", "missing"},
    {"lengths too long", 6, 6, B("\xff\xff"), XP_ERR_TRUNCATED, "section 6 should have", "copy"},
    {"lead without bytes", 6, 6, B("\0\0"), XP_ERR_TRUNCATED, "after 0 of 500", "copy it again"},
    {"lead of one byte", 6, 8, B("\1\0"), XP_ERR_TRUNCATED, "lead II ends here", "copy it again"},
    {"no tables", 2, 0, B("\xff\xff"), F, "Huffman table", "copy it again"},
    {"table of no codes", 2, 2, B("\0\0"), F, "table of 0 codes", "damaged"},
    {"table too long", 2, 2, B("\xff\xff"), F, "table of 65535 codes", "longer than section 2"},
    {"third table", 2, 0, B("\3\0"), F, "table of", "empty"},
    {"code of 0 bits", 2, 4, B("\0"), F, "a Huffman code of 1 bits", "1 to 32"},
    {"code of 200 bits", 2, 4, B("\xc8\xc8"), F, "a Huffman code of 200 bits", "1 to 32"},
    {"code shorter than its prefix", 2, 5, B("\0"), F, "of 0 bits in all", "1 to 32"},
    {"code with 200 more bits", 2, 5, B("\xc8"), F, "of 200 bits in all", "up to 32 more"},
    {"codes alike", 2, 4 + 9, B("\1\1"), F, "begin alike", "damaged"},
    {"switch to table 0", 2, 4 + 27 + 3, B("\0\0"), F, "table 0 of 2", "damaged"},
    {"switch to table 9", 2, 4 + 27 + 3, B("\x09\0"), F, "table 9 of 2", "damaged"},
};

/* Whose pointer leads nowhere, or to other bytes. */
static void damaged_sections_that_are_not_needed_are_passed_over(void **state) {
    (void)state;
    static file f;
    static const size_t places[] = {22 + 10 + 2, 22 + 10 + 6}; /* section 1: length and index */
    for (int i = 0; i < 2; i++) {
        make(&f, OWN, 1);
        memcpy(f.data + places[i], "\x40\1\0\0", 4);
        xp_stored w = read_ok(&f);
        assert_int_equal(w.notices.n, 1);
        assert_int_equal(w.notices.items[0].sentence, XP_SAY_FILE_CHECKSUM);
        xp_stored_free(&w);
    }
}

static void each_broken_file_gives_one_clear_message(void **state) {
    (void)state;
    static file f;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const broken *b = &cases[i];
        make(&f, OWN, 1);
        size_t at = (size_t)b->at;
        if (b->section >= 0)
            at += (size_t)xp_load_le(f.data + 22 + 10 * b->section + 6, 4) - 1 + 16;
        if (b->bytes)
            memcpy(f.data + at, b->bytes, b->size);
        else
            f.size = at;
        assert_refused(b->what, "x.scp", f.data, f.size, b->status, b->words, b->more);
    }
    assert_true(sizeof cases / sizeof *cases >= 40);
}

static void sections_of_the_beat_that_lie_are_refused(void **state) {
    (void)state;
    static file f, body;
    static const struct {
        const char *what;
        int rhythm_interval, rhythm_avm, n_beats;
        xp_status status;
        const char *words;
    } lies[] = {
        {"rhythm slower than allowed", 20000, 2500, 3, F, "1 to 8 times"},
        {"rhythm at an odd rate", 3000, 2500, 3, F, "1 to 8 times"},
        {"rhythm faster than the beat", 500, 2500, 3, F, "1 to 8 times"},
        {"steps that have nothing in common", 2000, 65521, 3, XP_ERR_UNITS, "cannot be added"},
        {"more beats than there are", 2000, 2500, 60000, F, "60000 beats"},
    };
    int x[N], beat[100] = {0}, kinds[] = {0, 0, 0};
    wave(x, N);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        begin(&f);
        leads_section(&f, 0x25, 2, 1, N);
        body.size = 0;
        put_beats(&body, kinds);
        xp_store_le(body.data + 4, (uint64_t)lies[i].n_beats, 2);
        section(&f, 4, &body);
        coded_section(&f, 5, 2500, 2000, 0, false, 2, beat, 100, PLAIN, 0);
        coded_section(&f, 6, lies[i].rhythm_avm, lies[i].rhythm_interval, 0, false, 2, x, N, PLAIN,
                      0);
        end(&f);
        assert_refused(lies[i].what, "x.scp", f.data, f.size, lies[i].status, lies[i].words, "");
    }
}

/* A section 1 without its last tag, or of none at all. */
static void facts_that_end_early_are_read_as_far_as_they_go(void **state) {
    (void)state;
    static file f, body;
    int x[N];
    wave(x, N);
    for (int n = 0; n <= 6; n += 2) {
        begin(&f);
        body.size = 0;
        put(&body, "\0\3\0ABC", (size_t)n);
        section(&f, 1, &body);
        body.size = 0;
        put(&body, "\1\0\0\0\0\0\0\0\x09\1\1\0\0", 8 + (size_t)n % 6);
        section(&f, 8, &body);
        leads_section(&f, 0x24, 2, 1, N);
        coded_section(&f, 6, 2500, 2000, 0, false, 2, x, N, PLAIN, 0);
        end(&f);
        xp_stored w = read_ok(&f);
        assert_string_equal(w.facts.patient_name, n == 6 ? "ABC" : "");
        xp_stored_free(&w);
    }
}

static void any_cut_is_safe(void **state) {
    (void)state;
    static file f;
    make(&f, OWN, 2);
    assert_cuts_are_safe("x.scp", f.data, f.size, 7);
}

/* ==== golden values ========================================================================== */

static void the_golden_file_decodes(void **state) {
    (void)state;
    if (!exists(shared_path("fixtures/formats/golden/scp_eli250_huffman_ecgtoolkit.json"))) skip();
    const char *file_name = "scp/scp_eli250_huffman_ecgtoolkit.scp";
    assert_int_equal(golden_compare("scp_eli250_huffman_ecgtoolkit", file_name, "reference beat"),
                     12);
    xp_stored w;
    xp_error e;
    if (xp_stored_open_path(&w, shared_path("fixtures/formats/%s", file_name), NULL, &e))
        fail_msg("%s", e.text);
    assert_string_equal(w.facts.device, "ECGConversion ELI250");
    assert_string_equal(w.facts.start, "2002-11-22T09:10:00");
    assert_true(w.facts.age == 49 && w.facts.sex == 'M');
    assert_int_equal(w.notices.n, 0);
    xp_stored_free(&w);
}

static void what_is_scp_by_name_alone_is_refused_kindly(void **state) {
    (void)state;
    const char *path = shared_path("fixtures/formats/scp/scp_healforce_noncompliant.scp");
    if (!exists(path)) skip();
    xp_bytes b = read_file(path);
    assert_refused("Healforce", "62.SCP", b.data, b.size, F, "Healforce", "export the recording");
    free((void *)(uintptr_t)b.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_back_in_every_coding),
        cmocka_unit_test(the_file_says_who_when_and_what),
        cmocka_unit_test(the_reference_beat_is_added),
        cmocka_unit_test(bimodal_compression_is_undone),
        cmocka_unit_test(long_leads_whose_length_wraps_are_read),
        cmocka_unit_test(ranges_that_begin_at_0_are_read),
        cmocka_unit_test(a_wrong_checksum_is_told),
        cmocka_unit_test(damaged_sections_that_are_not_needed_are_passed_over),
        cmocka_unit_test(each_broken_file_gives_one_clear_message),
        cmocka_unit_test(sections_of_the_beat_that_lie_are_refused),
        cmocka_unit_test(facts_that_end_early_are_read_as_far_as_they_go),
        cmocka_unit_test(any_cut_is_safe),
        cmocka_unit_test(the_golden_file_decodes),
        cmocka_unit_test(what_is_scp_by_name_alone_is_refused_kindly),
    };
    return cmocka_run_group_tests_name("scp", tests, NULL, NULL);
}
