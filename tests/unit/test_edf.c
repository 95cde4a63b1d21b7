/* EDF, EDF+ and BDF: against other readers (golden values), files made here, and broken ones. */
#include "golden_blocks.h"

#include "ecg/fields.h"

#include <math.h>
#include <stdlib.h>

/* ==== files made here ======================================================================== */

typedef struct file {
    uint8_t data[1 << 16];
    size_t size;
} file;

static void put(file *f, const void *bytes, size_t n) {
    assert_true(f->size + n <= sizeof f->data);
    memcpy(f->data + f->size, bytes, n);
    f->size += n;
}

/* Text in a field of so many bytes, filled with blanks. */
static void field(file *f, const char *text, size_t width) {
    char all[81];
    memset(all, ' ', sizeof all);
    memcpy(all, text, strlen(text));
    put(f, all, width);
}

typedef struct made_signal {
    const char *label, *unit, *pmin, *pmax, *dmin, *dmax, *prefilter, *samples;
} made_signal;

typedef struct made_header {
    const char *patient, *recording, *date, *kind, *records, *duration;
    int n;
    const made_signal *signals;
    bool bdf;
} made_header;

#define COLUMN(member, width)                                                                      \
    for (int i = 0; i < h->n; i++) field(f, h->signals[i].member, width)

static void make_header(file *f, const made_header *h) {
    char number[16];
    f->size = 0;
    if (h->bdf)
        put(f,
            "\xff"
            "BIOSEMI",
            8);
    else
        field(f, "0", 8);
    field(f, h->patient, 80);
    field(f, h->recording, 80);
    field(f, h->date, 16);
    snprintf(number, sizeof number, "%d", 256 * (h->n + 1));
    field(f, number, 8);
    field(f, h->kind, 44);
    field(f, h->records, 8);
    field(f, h->duration, 8);
    snprintf(number, sizeof number, "%d", h->n);
    field(f, number, 4);
    COLUMN(label, 16);
    for (int i = 0; i < h->n; i++) field(f, "electrode", 80);
    COLUMN(unit, 8);
    COLUMN(pmin, 8);
    COLUMN(pmax, 8);
    COLUMN(dmin, 8);
    COLUMN(dmax, 8);
    COLUMN(prefilter, 80);
    COLUMN(samples, 8);
    for (int i = 0; i < h->n; i++) field(f, "", 32);
}

static void put_samples(file *f, int first, int n, int bytes) {
    for (int i = 0; i < n; i++) {
        uint8_t le[4];
        xp_store_le(le, (uint32_t)(first + i), bytes);
        put(f, le, (size_t)bytes);
    }
}

static void put_text(file *f, const char *text, size_t size, size_t width) {
    uint8_t all[64] = {0};
    memcpy(all, text, size);
    put(f, all, width);
}
#define TEXT(f, t, width) put_text(f, t, sizeof(t) - 1, width)

static const made_signal two_leads[] = {
    {"ECG I", "uV", "-3276.8", "3276.7", "-32768", "32767", "HP:0.05Hz LP:150Hz N:50Hz", "4"},
    {"EKG V2", "mV", "3.2768", "-3.2767", "-32768", "32767", "HP:0.05Hz LP:150Hz N:50Hz", "2"},
    {"EDF Annotations", "", "-1", "1", "-32768", "32767", "", "30"},
};

static const made_header plus = {
    "MCH-0234567 F 02-MAY-1951 Haagse_Harry",
    "Startdate 02-MAR-2002 EMG561 BK/JOP Sony_MNC_R6",
    "02.03.0209.00.00",
    "EDF+C",
    "2",
    "0.5",
    3,
    two_leads,
    false,
};

/* Two data records with I 1..8 and V2 101..104; the recording starts at 0.25 s. */
static void make_plus(file *f) {
    make_header(f, &plus);
    put_samples(f, 1, 4, 2);
    put_samples(f, 101, 2, 2);
    TEXT(f,
         "+0.25\x14\x14\0+0.45\x15"
         "0.2\x14"
         "a caf\xc3\xa9\x14"
         "two\x14",
         60);
    put_samples(f, 5, 4, 2);
    put_samples(f, 103, 2, 2);
    TEXT(f, "+0.75\x14\x14", 60);
}

static void edf_plus_is_read_with_what_it_states(void **state) {
    (void)state;
    file f;
    xp_stored w;
    xp_error e;
    make_plus(&f);
    if (open_bytes(&w, "x.edf", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_string_equal(w.format, "EDF");
    assert_int_equal(w.n_signals, 2);
    assert_int_equal(w.n_frames, 4);
    assert_true(w.rate == 4);
    const xp_stored_signal *i = &w.signals[0], *v2 = &w.signals[1];
    assert_int_equal(i->samples_per_frame, 2);
    assert_int_equal(v2->n, 4);
    assert_true(i->gain == 10 && i->baseline == 0);
    assert_true(fabs(v2->gain + 10000) < 1e-6);
    for (int k = 0; k < 8; k++) assert_int_equal(i->digital[k], k + 1);
    for (int k = 0; k < 4; k++) assert_int_equal(v2->digital[k], 101 + k);
    assert_string_equal(w.facts.start, "2002-03-02T09:00:00.25");
    assert_string_equal(w.facts.device, "Sony MNC R6");
    assert_string_equal(w.facts.patient_name, "Haagse Harry");
    assert_string_equal(w.facts.patient_id, "MCH-0234567");
    assert_string_equal(w.facts.birth_date, "1951-05-02");
    assert_true(w.facts.age == 50 && w.facts.sex == 'F');
    assert_true(w.facts.high_pass == 0.05 && w.facts.low_pass == 150 && w.facts.notch == 50);
    assert_int_equal(w.facts.n_statements, 2);
    assert_string_equal(w.facts.statements[0].text, "at 0.2 s for 0.2 s: a caf\xc3\xa9");
    assert_non_null(find_statement(&w.facts, "annotation", "two"));
    xp_stored_free(&w);
}

/* -1 as EDF has it, 0 as some recorders leave it. */
static void a_recording_that_was_not_closed_has_what_is_there(void **state) {
    (void)state;
    static const char *const counts[] = {"-1      ", "0       "};
    for (int i = 0; i < 2; i++) {
        file f;
        xp_stored w;
        xp_error e;
        make_plus(&f);
        memcpy(f.data + 236, counts[i], 8);
        if (open_bytes(&w, "x.edf", f.data, f.size, &e)) fail_msg("%s", e.text);
        assert_int_equal(w.n_frames, 4);
        assert_int_equal(w.signals[0].digital[7], 8);
        xp_stored_free(&w);
    }
}

static void leads_in_millivolt_come_of_mixed_units_and_rates(void **state) {
    (void)state;
    file f;
    xp_record r;
    xp_error e;
    make_plus(&f);
    if (open_record(&r, "no_ending", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_int_equal(r.n_leads, 2);
    assert_true(r.rate == 8 && r.n == 8);
    assert_string_equal(r.leads[0].name, "I");
    assert_string_equal(r.leads[1].name, "V2");
    assert_true(fabsf(r.leads[0].mv[7] - 0.0008f) < 1e-9f);
    assert_true(fabsf(r.leads[1].mv[0] + 0.0100f) < 0.005f); /* inverted; resampled */
    xp_record_free(&r);
}

/* EDF+D: the second data record starts 1 s late, the third with a rounding error. */
static void gaps_of_a_discontinuous_file_are_missing_samples(void **state) {
    (void)state;
    made_header h = plus;
    file f;
    xp_stored w;
    xp_error e;
    h.kind = "EDF+D";
    h.records = "3";
    make_header(&f, &h);
    static const char *const times[] = {"+10\x14\x14", "+11.5\x14\x14", "+12.01\x14\x14"};
    for (int r = 0; r < 3; r++) {
        put_samples(&f, 4 * r, 4, 2);
        put_samples(&f, 2 * r, 2, 2);
        put_text(&f, times[r], strlen(times[r]), 60);
    }
    if (open_bytes(&w, "x.edf", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_int_equal(w.n_frames, 10);
    const int32_t want[] = {0,         1,         2,         3,         INT32_MIN,
                            INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN,
                            INT32_MIN, INT32_MIN, 4,         5,         6,
                            7,         8,         9,         10,        11};
    assert_int_equal(w.signals[0].n, 20);
    assert_memory_equal(w.signals[0].digital, want, sizeof want);
    assert_int_equal(w.signals[0].n_missing, 8);
    assert_int_equal(w.signals[1].n_missing, 4);
    assert_int_equal(w.signals[0].missing, INT32_MIN);
    assert_string_equal(w.facts.start, "2002-03-02T09:00:10");
    xp_stored_free(&w);
}

static void plain_edf_and_bdf_are_read(void **state) {
    (void)state;
    static const made_signal signals[] = {
        {"II", "\xb5V", "-8388608", "8388607", "-8388608", "8388607", "", "3"},
        {"Status", "Boolean", "-8388608", "8388607", "-8388608", "8388607", "", "3"}};
    made_header h = {"Smith, Jane", "Ward 7", "31.12.9923.59.59", "24BIT", "-1", "0.00600", 2,
                     signals,       true};
    file f;
    xp_stored w;
    xp_record r;
    xp_error e;
    make_header(&f, &h);
    put_samples(&f, -8388608, 3, 3);
    put_samples(&f, 0, 3, 3);
    put(&f, "xyz", 3);
    if (open_bytes(&w, "x.bdf", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_string_equal(w.format, "BDF");
    assert_true(w.rate == 500);
    assert_int_equal(w.n_frames, 3);
    assert_int_equal(w.signals[0].digital[0], -8388608);
    assert_int_equal(w.signals[0].digital[2], -8388606);
    assert_string_equal(w.signals[0].units, "\xc2\xb5V");
    assert_string_equal(w.facts.start, "1999-12-31T23:59:59");
    assert_string_equal(w.facts.patient_name, "Smith, Jane");
    char text[XP_NOTICE_TEXT];
    assert_int_equal(w.notices.n, 1);
    assert_string_equal(xp_notice_text(&w.notices, 0, text),
                        "x.bdf: the 3 bytes behind its last samples were not read");
    xp_stored_free(&w);
    if (open_record(&r, "x.bdf", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_int_equal(r.n_leads, 1);
    assert_true(r.leads[0].mv[0] == -8388.608f);
    xp_record_free(&r);
}

/* Where the file says no unit, the user may; otherwise its signals are no leads. */
static void a_unit_that_is_not_in_the_file_can_be_told(void **state) {
    (void)state;
    static const made_signal signals[] = {
        {"II", "", "-32768", "32767", "-32768", "32767", "", "3"}};
    made_header h = {"", "", "", "", "1", "1", 1, signals, false};
    file f;
    make_header(&f, &h);
    put_samples(&f, 1, 3, 2);
    xp_memory_file one = {"x.edf", f.data, f.size};
    xp_memory_files all = {&one, 1};
    xp_file_source src = xp_memory_source(&all);
    xp_read_options opt = {.unit = "uV"};
    xp_record r;
    xp_error e;
    assert_int_equal(xp_record_open(&r, &src, "x.edf", NULL, &e), XP_ERR_LEAD_UNKNOWN);
    if (xp_record_open(&r, &src, "x.edf", &opt, &e)) fail_msg("%s", e.text);
    assert_true(r.leads[0].mv[0] == 0.001f && r.leads[0].calibrated);
    xp_record_free(&r);
}

/* ==== broken files =========================================================================== */

typedef struct broken {
    const char *what;
    size_t at;         /* what is written there: */
    const char *bytes; /* NULL: the file is cut there */
    xp_status status;
    const char *words, *more;
} broken;

/* Places in the header of make_plus: three signals, each column 3 * its width. */
enum { PHYSICAL = 256 + 3 * 104, DIGITAL = 256 + 3 * 120, SAMPLES = 256 + 3 * 216, DATA = 1024 };
#define F XP_ERR_FORMAT

static const broken cases[] = {
    {"empty", 0, NULL, XP_ERR_TRUNCATED, "byte 0", "copy it again"},
    {"a few bytes", 7, NULL, XP_ERR_TRUNCATED, "byte 7", "ends inside its header"},
    {"cut in the fixed header", 255, NULL, XP_ERR_TRUNCATED, "byte 255", "256"},
    {"cut behind the fixed header", 256, NULL, XP_ERR_TRUNCATED, "byte 256", "1024"},
    {"cut in the signals", 700, NULL, XP_ERR_TRUNCATED, "byte 700", "copy it again"},
    {"no samples", DATA, NULL, XP_ERR_TRUNCATED, "after 0 of 2", "copy it again"},
    {"cut in a data record", DATA + 40, NULL, XP_ERR_TRUNCATED, "after 0 of 2", "byte 236"},
    {"cut in the last data record", DATA + 143, NULL, XP_ERR_TRUNCATED, "after 1 of 2", "byte 236"},
    {"another version", 0, "1       ", F, "byte 0", "neither"},
    {"BDF by half", 0,
     "\xff"
     "BIOSEM?",
     F, "byte 0", "BIOSEMI"},
    {"header length in words", 184, "many    ", F, "byte 184", "\"many\""},
    {"header length of another", 184, "768     ", F, "byte 184", "with 3 signals it has 1024"},
    {"header length negative", 184, "-1024   ", F, "byte 184", "whole number"},
    {"header length with a fraction", 184, "1024.5  ", F, "byte 184", "whole number"},
    {"header length huge", 184, "9e30    ", F, "byte 184", "whole number"},
    {"header length not finite", 184, "1e999   ", F, "byte 184", "1e999"},
    {"records in words", 236, "two     ", F, "byte 236", "\"two\""},
    {"records negative", 236, "-2      ", F, "byte 236", "-2"},
    {"records huge", 236, "99999999", XP_ERR_TRUNCATED, "of 99999999 data records",
     "copy it again"},
    {"records none", 236, "        ", F, "byte 236", "\"\""},
    {"duration in words", 244, "1 s     ", F, "byte 244", "1 s"},
    {"duration 0", 244, "0       ", F, "byte 244", "more than 0"},
    {"duration negative", 244, "-1      ", F, "byte 244", "more than 0"},
    {"duration tiny", 244, "1e-300  ", F, "byte 244", "at most 1e6 samples a second"},
    {"duration NaN", 244, "nan     ", F, "byte 244", "nan"},
    {"duration hexadecimal", 244, "0x10    ", F, "byte 244", "0x10"},
    {"no signals", 252, "0   ", F, "byte 252", "1 to 4096"},
    {"signals negative", 252, "-3  ", F, "byte 252", "1 to 4096"},
    {"too many signals", 252, "9999", F, "byte 252", "1 to 4096"},
    {"signals in words", 252, "III ", F, "byte 252", "1 to 4096"},
    {"more signals than the header", 252, "4   ", F, "byte 184", "with 4 signals"},
    {"physical minimum in words", PHYSICAL, "low     ", F, "byte 568",
     "physical minimum of signal 1"},
    {"physical maximum in words", PHYSICAL + 24, "high    ", F, "byte 592", "physical maximum"},
    {"physical limits equal", PHYSICAL, "3276.7  ", XP_ERR_UNITS, "byte 568", "no scale"},
    {"digital minimum in words", DIGITAL + 8, "low     ", F, "byte 624", "of signal 2 \"EKG V2\""},
    {"digital limits equal", DIGITAL, "32767   ", XP_ERR_UNITS, "byte 616", "correct the header"},
    {"samples in words", SAMPLES, "four    ", F, "byte 904", "samples a data record of signal 1"},
    {"samples 0", SAMPLES, "0       ", F, "byte 904", "from 1 to"},
    {"samples negative", SAMPLES + 8, "-2      ", F, "byte 912", "from 1 to"},
    {"samples huge", SAMPLES, "99999999", F, "byte 244", "at most 1e6"},
    {"samples too many", SAMPLES, "400     ", XP_ERR_TRUNCATED, "after 0 of 2", "copy it again"},
    {"samples of annotations huge", SAMPLES + 16, "99999999", XP_ERR_TRUNCATED, "after 0 of 2", ""},
    {"discontinuous without a time", 192, "EDF+D", F, "byte 1096", "data record 2"},
};

static void each_broken_file_gives_one_clear_message(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const broken *b = &cases[i];
        file f;
        make_plus(&f);
        if (b->at == 192) memset(f.data + DATA + 72 + 12, 0, 60); /* the second record's time */
        if (b->bytes)
            memcpy(f.data + b->at, b->bytes, strlen(b->bytes));
        else
            f.size = b->at;
        assert_refused(b->what, "x.edf", f.data, f.size, b->status, b->words, b->more);
    }
    assert_true(sizeof cases / sizeof *cases >= 40);
}

static void times_that_cannot_be_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *time;
        xp_status status;
        const char *words;
    } times[] = {
        {"+0.25\x14\x14", F, "before the one ahead of it ends"},
        {"-9\x14\x14", F, "before the one ahead of it ends"},
        {"+1e9\x14\x14", XP_ERR_LIMIT, "almost all of them gaps"},
        {"+1e300\x14\x14", XP_ERR_LIMIT, "almost all of them gaps"},
        {"+\x14\x14", F, "does not tell its time"},
        {"+1", F, "does not tell its time"},
        {"0.75\x14\x14", F, "does not tell its time"},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        file f;
        make_plus(&f);
        memcpy(f.data + 192, "EDF+D", 5);
        memset(f.data + DATA + 72 + 12, 0, 60);
        memcpy(f.data + DATA + 72 + 12, times[i].time, strlen(times[i].time));
        assert_refused(times[i].time, "x.edf", f.data, f.size, times[i].status, times[i].words, "");
    }
}

static void annotations_without_a_signal_say_so(void **state) {
    (void)state;
    made_header h = plus;
    file f;
    h.n = 1;
    h.signals = two_leads + 2;
    make_header(&f, &h);
    put_text(&f, "+0\x14\x14", 4, 60);
    put_text(&f, "+1\x14\x14", 4, 60);
    assert_refused("annotations alone", "x.edf", f.data, f.size, XP_ERR_UNSUPPORTED,
                   "annotations alone", "open the recording");
}

static void any_cut_is_safe(void **state) {
    (void)state;
    file f;
    make_plus(&f);
    assert_cuts_are_safe("x.edf", f.data, f.size, 1);
}

/* A kilobyte that claims the longest gap which is accepted takes less than 256 MiB. */
static void a_long_gap_is_bounded(void **state) {
    (void)state;
    file f;
    xp_stored w;
    xp_error e;
    make_plus(&f);
    memcpy(f.data + 192, "EDF+D", 5);
    memset(f.data + DATA + 72 + 12, 0, 60);
    memcpy(f.data + DATA + 72 + 12, "+1300000\x14\x14", 10);
    if (open_bytes(&w, "x.edf", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_true(w.signals[0].n < 1 << 24);
    xp_stored_free(&w);
}

/* ==== golden values ========================================================================== */

static void every_golden_file_decodes(void **state) {
    (void)state;
    if (!exists(shared_path("fixtures/formats/golden/bdf_derived_12lead.json"))) skip();
    static const struct {
        const char *name, *file;
        int signals;
    } files[] = {
        {"bdf_derived_12lead", "edf/bdf_derived_12lead.bdf", 12},
        {"bdf_pyedflib_datarec2", "edf/bdf_pyedflib_datarec2.bdf", 5},
        {"edf_derived_12lead_mixed_units", "edf/edf_derived_12lead_mixed_units.edf", 12},
        {"edf_pyedflib_subsecond_inverted", "edf/edf_pyedflib_subsecond_inverted.edf", 1},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_int_equal(golden_compare(files[i].name, files[i].file, NULL), files[i].signals);
}

static void golden_annotations_and_start_agree(void **state) {
    (void)state;
    const char *path = shared_path("fixtures/formats/edf/edf_pyedflib_subsecond_inverted.edf");
    if (!exists(path)) skip();
    xp_stored w;
    xp_error e;
    if (xp_stored_open_path(&w, path, NULL, &e)) fail_msg("%s", e.text);
    assert_string_equal(w.facts.start, "2020-01-24T04:05:56.394531");
    assert_true(w.facts.age == 22 && w.facts.sex == 'F');
    assert_string_equal(w.facts.patient_name, "X,X");
    assert_int_equal(w.facts.n_statements, 4);
    assert_string_equal(w.facts.statements[0].text, "at 1.951172 s: XLSpike");
    xp_stored_free(&w);
}

/* ==== values ================================================================================= */

/* As strtod gives them, bit by bit, whichever way they are read. */
static void numbers_are_the_library_s(void **state) {
    (void)state;
    static const char *const forms[] = {"%.0f", "%.1f", "%.3f", "%.6f", "%+.2f", "%.9g", "%.14g"};
    uint32_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        seed = seed * 1664525u + 1013904223u;
        double scale = pow(10, (double)(i % 12) - 5), given, expected;
        snprintf(text, sizeof text, forms[i % 7], ((double)seed / 4294967296.0 - 0.5) * scale);
        expected = strtod(text, NULL);
        if (i % 3 == 0 && strchr(text, '.')) *strchr(text, '.') = ',';
        assert_true(xp_field_number(&given, (xp_bytes){(const uint8_t *)text, strlen(text)}));
        if (memcmp(&given, &expected, sizeof given)) fail_msg("%s is read as %.17g", text, given);
    }
    static const char *const none[] = {"", ".", "-", "+", "1.2.3", "1-2", "--1", "1,2,3", "1e"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        double v;
        assert_false(xp_field_number(&v, (xp_bytes){(const uint8_t *)none[i], strlen(none[i])}));
    }
}

/* Missing samples wherever they are in a long signal. */
static void missing_samples_are_missing_anywhere(void **state) {
    (void)state;
    enum { N = 5000 };
    static const int missing[] = {0, 1, 1023, 1024, 2047, 2500, N - 1};
    const int64_t count = N;
    xp_stored w;
    xp_record r;
    xp_error e;
    assert_int_equal(xp_stored_alloc(&w, "x", 500, 1, &count, &e), XP_OK);
    w.n_frames = N;
    xp_stored_signal *s = &w.signals[0];
    strcpy(s->name, "II");
    strcpy(s->units, "uV");
    s->gain = 0.3;
    s->baseline = 17;
    s->missing = -5;
    for (int i = 0; i < N; i++) s->digital[i] = (i * 7919) % 4001;
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) s->digital[missing[i]] = -5;
    assert_int_equal(xp_stored_physical(&w, &e), XP_OK);
    assert_int_equal(xp_stored_to_record(&r, &w, &e), XP_OK);
    int found = 0;
    for (int i = 0; i < N; i++) {
        found += isnan(s->physical[i]) != 0;
        assert_int_equal(isnan(s->physical[i]) != 0, s->digital[i] == -5);
        assert_int_equal(isnan(r.leads[0].mv[i]) != 0, s->digital[i] == -5);
        if (s->digital[i] == -5) continue;
        assert_true(s->physical[i] == (s->digital[i] - 17.0) / 0.3);
        assert_true(r.leads[0].mv[i] == (float)((s->digital[i] - 17.0) / (0.3 * 1000)));
    }
    assert_int_equal(found, 7);
    xp_record_free(&r);
    xp_stored_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edf_plus_is_read_with_what_it_states),
        cmocka_unit_test(a_recording_that_was_not_closed_has_what_is_there),
        cmocka_unit_test(leads_in_millivolt_come_of_mixed_units_and_rates),
        cmocka_unit_test(gaps_of_a_discontinuous_file_are_missing_samples),
        cmocka_unit_test(plain_edf_and_bdf_are_read),
        cmocka_unit_test(a_unit_that_is_not_in_the_file_can_be_told),
        cmocka_unit_test(each_broken_file_gives_one_clear_message),
        cmocka_unit_test(times_that_cannot_be_are_refused),
        cmocka_unit_test(annotations_without_a_signal_say_so),
        cmocka_unit_test(any_cut_is_safe),
        cmocka_unit_test(a_long_gap_is_bounded),
        cmocka_unit_test(every_golden_file_decodes),
        cmocka_unit_test(golden_annotations_and_start_agree),
        cmocka_unit_test(numbers_are_the_library_s),
        cmocka_unit_test(missing_samples_are_missing_anywhere),
    };
    return cmocka_run_group_tests_name("edf", tests, NULL, NULL);
}
