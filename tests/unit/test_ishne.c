/* ISHNE: against other readers (golden values), files made here, and broken ones. */
#include "golden_blocks.h"

enum { N = 40, LEADS = 3, BLOCK = 522, AT = 532 };

typedef struct file {
    uint8_t data[AT + 2 * LEADS * N + 64];
    size_t size;
} file;

static void put(file *f, size_t at, int64_t v, int n) {
    xp_store_le(f->data + at, (uint64_t)v, n);
}

static uint16_t crc_of(const uint8_t *p, size_t n) {
    uint32_t crc = 0xffff;
    for (size_t i = 0; i < n; i++)
        for (int k = 7; k >= 0; k--) {
            uint32_t out = crc >> 15 & 1, in = p[i] >> k & 1;
            crc = (crc << 1 & 0xffff) ^ (out ^ in ? 0x1021 : 0);
        }
    return (uint16_t)crc;
}

static void set_crc(file *f) {
    put(f, 8, crc_of(f->data + 10, AT - 10), 2);
}

/* Lead l has the samples 100 l + i - 20; the leads are II, V1 and one of an unknown code. */
static void make(file *f) {
    static const int codes[] = {6, 11, 0}, steps[] = {2500, 5000, 1000};
    static const int dates[] = {7, 6, 1950, 29, 2, 2004, 1, 3, 2004, 23, 1, 2};
    memset(f, 0, sizeof *f);
    memcpy(f->data, "ISHNE1.0", 8);
    put(f, 10, 10, 4);
    put(f, 14, N, 4);
    put(f, 18, BLOCK, 4);
    put(f, 22, AT, 4);
    put(f, 26, 1, 2);
    memcpy(f->data + 28, "Jane", 4);
    memcpy(f->data + 68, "Doe", 3);
    memcpy(f->data + 108, "P-17", 4);
    put(f, 128, 2, 2);
    for (int i = 0; i < 12; i++) put(f, 132 + 2 * (size_t)i, dates[i], 2);
    put(f, 156, LEADS, 2);
    for (int i = 0; i < 12; i++) {
        put(f, 158 + 2 * (size_t)i, i < LEADS ? codes[i] : -9, 2);
        put(f, 206 + 2 * (size_t)i, i < LEADS ? steps[i] : -9, 2);
    }
    memcpy(f->data + 232, "digital", 7);
    put(f, 272, 200, 2);
    memcpy(f->data + BLOCK, "night walk", 10);
    for (int i = 0; i < N; i++)
        for (int l = 0; l < LEADS; l++)
            put(f, AT + 2 * (size_t)(i * LEADS + l), 100 * l + i - 20, 2);
    f->size = AT + 2 * LEADS * N;
    set_crc(f);
}

static xp_stored read_ok(const file *f) {
    xp_stored w;
    xp_error e;
    if (open_bytes(&w, "x.ecg", f->data, f->size, &e)) fail_msg("%s", e.text);
    return w;
}

static void a_file_is_read_with_what_it_states(void **state) {
    (void)state;
    file f;
    make(&f);
    xp_stored w = read_ok(&f);
    assert_string_equal(w.format, "ISHNE");
    assert_int_equal(w.n_signals, LEADS);
    assert_int_equal(w.n_frames, N);
    assert_int_equal(w.notices.n, 0);
    assert_true(w.rate == 200);
    assert_true(w.signals[0].gain == 400 && w.signals[1].gain == 200 && w.signals[2].gain == 1000);
    for (int l = 0; l < LEADS; l++)
        for (int i = 0; i < N; i++) assert_int_equal(w.signals[l].digital[i], 100 * l + i - 20);
    assert_string_equal(w.signals[0].name, "II");
    assert_string_equal(w.signals[2].name, "channel 3");
    assert_string_equal(w.facts.patient_name, "Jane Doe");
    assert_string_equal(w.facts.patient_id, "P-17");
    assert_string_equal(w.facts.birth_date, "1950-06-07");
    assert_string_equal(w.facts.start, "2004-02-29T23:01:02");
    assert_string_equal(w.facts.device, "digital");
    assert_true(w.facts.age == 53 && w.facts.sex == 'F');
    assert_non_null(find_statement(&w.facts, "comment", "night walk"));
    xp_stored_free(&w);
}

static void leads_in_millivolt_have_their_own_resolution(void **state) {
    (void)state;
    file f;
    xp_record r;
    xp_error e;
    make(&f);
    if (open_record(&r, "no_ending", f.data, f.size, &e)) fail_msg("%s", e.text);
    assert_int_equal(r.n_leads, 3);
    assert_true(r.leads[0].mv[0] == -0.05f && r.leads[1].mv[0] == 0.4f);
    xp_record_free(&r);
}

/* What the header says of the number of samples: of a lead, of all, or neither. */
static void the_size_of_the_file_decides_how_many_samples(void **state) {
    (void)state;
    static const struct {
        int stated, notices;
    } counts[] = {{N, 0}, {N * LEADS, 0}, {0, 0}, {-1, 0}, {N - 5, 1}, {N * LEADS - 3, 1}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        file f;
        make(&f);
        put(&f, 14, counts[i].stated, 4);
        set_crc(&f);
        xp_stored w = read_ok(&f);
        assert_int_equal(w.n_frames, N);
        assert_int_equal(w.notices.n, counts[i].notices);
        xp_stored_free(&w);
    }
}

static void a_wrong_checksum_is_told(void **state) {
    (void)state;
    file f;
    char text[XP_NOTICE_TEXT];
    make(&f);
    f.data[30] ^= 4;
    xp_stored w = read_ok(&f);
    assert_int_equal(w.notices.n, 1);
    assert_non_null(strstr(xp_notice_text(&w.notices, 0, text), "x.ecg: its checksum is not"));
    xp_stored_free(&w);
}

/* ==== broken files =========================================================================== */

typedef struct broken {
    const char *what;
    int at;
    const char *bytes; /* NULL: the file is cut there */
    size_t size;
    xp_status status;
    const char *words, *more;
} broken;

#define B(s) s, sizeof s - 1
#define F XP_ERR_FORMAT

static const broken cases[] = {
    {"empty", 0, NULL, 0, F, "byte 0", "begins with"},
    {"cut in the magic", 7, NULL, 0, F, "byte 0", "begins with"},
    {"cut behind the magic", 8, NULL, 0, XP_ERR_TRUNCATED, "byte 8", "copy it again"},
    {"cut in the offsets", 20, NULL, 0, XP_ERR_TRUNCATED, "byte 20", "copy it again"},
    {"cut in the leads", 170, NULL, 0, XP_ERR_TRUNCATED, "byte 170", "522"},
    {"cut at the header's end", 521, NULL, 0, XP_ERR_TRUNCATED, "byte 521", "copy it again"},
    {"cut in the variable block", 525, NULL, 0, F, "byte 22", "copy it again"},
    {"cut before the first sample", AT, NULL, 0, XP_ERR_TRUNCATED, "after 0 of 40",
     "copy it again"},
    {"cut in a frame", AT + 11, NULL, 0, XP_ERR_TRUNCATED, "after 1 of 40", "copy it again"},
    {"cut in the last frame", AT + 239, NULL, 0, XP_ERR_TRUNCATED, "after 39 of 40", "its 3 leads"},
    {"another magic", 0, B("ISHNE2.0"), F, "byte 0", "another kind of .ecg file"},
    {"a text", 0, B("hello wo"), F, "byte 0", "another kind of .ecg file"},
    {"samples before the header's end", 22, B("\x09\2\0\0"), F, "byte 22", "byte 521"},
    {"samples at byte 0", 22, B("\0\0\0\0"), F, "byte 22", "behind the header"},
    {"samples behind the end", 22, B("\0\x10\0\0"), F, "byte 22", "byte 4096"},
    {"samples in another universe", 22, B("\xff\xff\xff\xff"), F, "byte 22", "4294967295"},
    {"samples at a negative place", 22, B("\0\0\0\x80"), F, "byte 22", "2147483648"},
    {"no leads", 156, B("\0\0"), F, "byte 156", "0 leads"},
    {"negative leads", 156, B("\xfd\xff"), F, "byte 156", "-3 leads"},
    {"thirteen leads", 156, B("\x0d\0"), F, "byte 156", "expected 1 to 12"},
    {"thousands of leads", 156, B("\xff\x7f"), F, "byte 156", "expected 1 to 12"},
    {"a lead more", 156, B("\4\0"), XP_ERR_TRUNCATED, "of each of its 4 leads", "copy it again"},
    {"rate 0", 272, B("\0\0"), F, "byte 272", "0 Hz"},
    {"resolution 0", 206, B("\0\0"), XP_ERR_UNITS, "byte 206", "lead 1 (II)"},
    {"resolution -9", 208, B("\xf7\xff"), XP_ERR_UNITS, "byte 208", "-9 nV"},
    {"resolution negative", 210, B("\0\x80"), XP_ERR_UNITS, "byte 210", "no scale"},
    {"a sample more", 14, B("\x29\0\0\0"), XP_ERR_TRUNCATED, "40 of 41", "copy it again"},
    {"samples of all, and one", 14, B("\x79\0\0\0"), XP_ERR_TRUNCATED, "40 of 121",
     "copy it again"},
    {"samples without end", 14, B("\xff\xff\xff\x7f"), XP_ERR_TRUNCATED, "of 2147483647", "copy"},
};

static void each_broken_file_gives_one_clear_message(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const broken *b = &cases[i];
        file f;
        make(&f);
        if (b->bytes)
            memcpy(f.data + b->at, b->bytes, b->size);
        else
            f.size = (size_t)b->at;
        assert_refused(b->what, "x.ecg", f.data, f.size, b->status, b->words, b->more);
    }
}

/* Lies of the header that no sample depends on: the file is read. */
static void lies_without_consequence_are_passed_over(void **state) {
    (void)state;
    static const struct {
        size_t at;
        int64_t v;
        int n;
    } lies[] = {{10, -1, 4},      {10, 1 << 30, 4}, {18, -1, 4},    {18, 0, 4},
                {18, 1 << 30, 4}, {26, -1, 2},      {128, 77, 2},   {132, 99, 2},
                {134, -5, 2},     {136, -1, 2},     {138, 30, 2},   {140, 13, 2},
                {150, 32767, 2},  {152, -3000, 2},  {158, 9999, 2}, {158, -300, 2},
                {182, -1, 2},     {230, 500, 2}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        file f;
        make(&f);
        put(&f, lies[i].at, lies[i].v, lies[i].n);
        set_crc(&f);
        xp_stored w = read_ok(&f);
        assert_int_equal(w.n_frames, N);
        xp_stored_free(&w);
    }
}

static void any_cut_is_safe(void **state) {
    (void)state;
    file f;
    make(&f);
    assert_cuts_are_safe("x.ecg", f.data, f.size, 1);
}

static void annotations_are_named(void **state) {
    (void)state;
    assert_refused("annotations", "x.ecg", "ANN  1.0 and more", 17, XP_ERR_UNSUPPORTED,
                   "ISHNE annotations", "choose the recording");
}

/* ==== golden values ========================================================================== */

static void the_golden_file_decodes(void **state) {
    (void)state;
    const char *name = "ishne_derived_8lead_varblock",
               *path = "ishne/ishne_derived_8lead_varblock.ecg";
    if (!exists(shared_path("fixtures/formats/golden/%s.json", name))) skip();
    assert_int_equal(golden_compare(name, path, NULL), 8);
    xp_stored w;
    xp_error e;
    if (xp_stored_open_path(&w, shared_path("fixtures/formats/%s", path), NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(w.notices.n, 0); /* the checksum fits */
    assert_string_equal(w.facts.start, "2000-01-01T12:00:00");
    assert_non_null(find_statement(&w.facts, "comment", "derived from PTB-XL"));
    xp_stored_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_with_what_it_states),
        cmocka_unit_test(leads_in_millivolt_have_their_own_resolution),
        cmocka_unit_test(the_size_of_the_file_decides_how_many_samples),
        cmocka_unit_test(a_wrong_checksum_is_told),
        cmocka_unit_test(each_broken_file_gives_one_clear_message),
        cmocka_unit_test(lies_without_consequence_are_passed_over),
        cmocka_unit_test(any_cut_is_safe),
        cmocka_unit_test(annotations_are_named),
        cmocka_unit_test(the_golden_file_decodes),
    };
    return cmocka_run_group_tests_name("ishne", tests, NULL, NULL);
}
