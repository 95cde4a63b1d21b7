/* Broken DICOM files, and those that hold no ECG: one message each, with the file, the place, what
 * was expected and what to do; never a crash, a hang, or memory out of proportion. */
#include "dicom_maker.h"
#include "golden_blocks.h"

#include <libdeflate.h>

static int32_t zero(int group, int channel, long i) {
    (void)group;
    (void)channel;
    (void)i;
    return 0;
}

static const made_channel leads[] = {
    {"5.6.3-9-1", "SCPECG", "Lead I", NULL, "2.5", "uV", "1", "0"},
    {"5.6.3-9-2", "SCPECG", "Lead II", NULL, "2.5", "uV", "1", "0"},
};

static const made_group good_group = {.rate = "500",
                                      .originality = "ORIGINAL",
                                      .interpretation = "SS",
                                      .n_channels = 2,
                                      .channels = leads,
                                      .bits = 16,
                                      .n = 300};

static made_file good_file(const made_group *g) {
    return (made_file){.syntax = "1.2.840.10008.1.2.1",
                       .object = ECG_12,
                       .is_explicit = true,
                       .n = 1,
                       .groups = g,
                       .sample = zero};
}

static void refuse(const char *what, const maker *m, xp_status status, const char *words,
                   const char *more) {
    assert_refused(what, "x.dcm", m->data, m->n, status, words, more);
}

/* ==== one thing wrong in a group ============================================================= */

#define WITH(...) ((made_group){__VA_ARGS__})

/* What a case leaves out is as in the good group; -1 stands for none. */
static made_group completed(made_group g) {
    if (!g.rate) g.rate = good_group.rate;
    if (!g.interpretation) g.interpretation = good_group.interpretation;
    if (!g.channels) g.channels = leads;
    if (!g.n_channels) g.n_channels = good_group.n_channels;
    if (!g.bits) g.bits = good_group.bits;
    if (!g.n) g.n = good_group.n;
    if (g.n_channels < 0) g.n_channels = 0;
    if (g.n < 0) g.n = 0;
    return g;
}

static void groups_that_cannot_be(void **state) {
    (void)state;
    made_channel zero_step[] = {leads[0], leads[1]}, far[] = {leads[0], leads[1]};
    zero_step[1].sensitivity = "0";
    far[1].sensitivity = "1e30";
    const struct {
        const char *what;
        made_group g;
        xp_status status;
        const char *words, *more;
    } cases[] = {
        {"no rate", WITH(.no_rate = true), XP_ERR_FORMAT, "(003A,001A)", "expected"},
        {"rate 0", WITH(.rate = "0"), XP_ERR_FORMAT, "(003A,001A)", "above"},
        {"rate below 0", WITH(.rate = "-500"), XP_ERR_FORMAT, "-500", "above"},
        {"rate NaN", WITH(.rate = "nan"), XP_ERR_FORMAT, "(003A,001A)", "expected"},
        {"rate in hexadecimal", WITH(.rate = "0x1f4"), XP_ERR_FORMAT, "(003A,001A)", "expected"},
        {"rate 1e300", WITH(.rate = "1e300"), XP_ERR_FORMAT, "1e+300", "at most 1e6"},
        {"rate of words", WITH(.rate = "fast"), XP_ERR_FORMAT, "(003A,001A)", "expected"},
        {"4 bits", WITH(.bits = 4, .no_data = true), XP_ERR_FORMAT, "(5400,1010)", "again"},
        {"64 bits", WITH(.bits = 64, .n = 1), XP_ERR_UNSUPPORTED, "64", "8, 16 and 32"},
        {"mu-law", WITH(.bits = 8, .interpretation = "MB"), XP_ERR_UNSUPPORTED, "\"MB\"", "SB"},
        {"bytes of 16 bits", WITH(.interpretation = "SB"), XP_ERR_UNSUPPORTED, "\"SB\"", "with 8"},
        {"a blank as kind", WITH(.interpretation = "U"), XP_ERR_UNSUPPORTED, "\"U\"", "SS"},
        {"no samples", WITH(.no_data = true), XP_ERR_FORMAT, "(5400,1010)", "again"},
        {"empty samples", WITH(.n = -1), XP_ERR_TRUNCATED, "0 bytes", "copy it again"},
        {"half the samples", WITH(.stated = 600), XP_ERR_TRUNCATED, "1200 bytes", "need 2400"},
        {"four billion samples", WITH(.stated = 0xffffffff), XP_ERR_TRUNCATED, "1200 bytes",
         "4294967295"},
        {"no channels", WITH(.no_channels = true), XP_ERR_FORMAT, "(003A,0200)", "which leads"},
        {"0 channels", WITH(.n_channels = -1, .stated_channels = 2), XP_ERR_FORMAT,
         "describes 0 channels", "again"},
        {"more channels than described", WITH(.stated_channels = 12), XP_ERR_FORMAT,
         "describes 2 channels", "is 12"},
        {"65535 channels", WITH(.stated_channels = 65535), XP_ERR_FORMAT, "describes 2 channels",
         "65535"},
        {"sensitivity 0", WITH(.channels = zero_step), XP_ERR_UNITS, "\"II\"", "not credible"},
        {"sensitivity 1e30", WITH(.channels = far), XP_ERR_UNITS, "(003A,0210)", "not credible"},
        {"only a median beat", WITH(.label = "MEDIAN BEAT"), XP_ERR_UNSUPPORTED, "median beat",
         "ask the archive"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_group g = completed(cases[i].g);
        made_file f = good_file(&g);
        maker m = make_file(&f, NULL);
        refuse(cases[i].what, &m, cases[i].status, cases[i].words, cases[i].more);
        free(m.data);
    }
}

/* ==== files that hold no ECG ================================================================= */

static void what_is_no_ecg_is_told_by_name(void **state) {
    (void)state;
    made_file f = good_file(&good_group);
    f.n = 0;
    f.picture = true;
    f.object = "1.2.840.10008.5.1.4.1.1.2";
    maker m = make_file(&f, NULL);
    refuse("a CT", &m, XP_ERR_UNSUPPORTED, "DICOM image", "modality ECG");
    free(m.data);
    f.picture = false;
    m = make_file(&f, NULL);
    refuse("nothing", &m, XP_ERR_UNSUPPORTED, "no waveforms", "1.2.840.10008.5.1.4.1.1.2");
    free(m.data);
    f.object = "1.2.840.10008.5.1.4.1.1.88.11";
    m = make_file(&f, NULL);
    refuse("a report", &m, XP_ERR_UNSUPPORTED, "DICOM report", "modality ECG");
    free(m.data);
    f.object = "1.2.840.10008.1.3.10";
    m = make_file(&f, NULL);
    refuse("a DICOMDIR", &m, XP_ERR_UNSUPPORTED, "DICOMDIR", "files that it lists");
    free(m.data);
}

/* Where PDF is read, the PDF reader's own words; else that it is a PDF. */
static void a_document_is_handed_on(void **state) {
    (void)state;
    made_file f = good_file(&good_group);
    f.n = 0;
    f.document = true;
    maker m = make_file(&f, NULL);
    refuse("a PDF", &m, XP_ERR_FORMAT, "no list of pages", "export the PDF again");
    free(m.data);
}

static void empty_sequences_are_told(void **state) {
    (void)state;
    made_file f = good_file(&good_group);
    f.n = 0;
    maker m = make_file(&f, NULL);
    m.undefined = true;
    close_part(&m, open_part(&m, 0x54000100), 0x54000100);
    refuse("no group", &m, XP_ERR_FORMAT, "0 groups", "expected 1");
    free(m.data);
    m = make_file(&f, NULL);
    size_t sequence = open_part(&m, 0x54000100);
    for (int i = 0; i < 65; i++) close_part(&m, open_part(&m, 0xfffee000), 0xfffee000);
    close_part(&m, sequence, 0x54000100);
    refuse("65 groups", &m, XP_ERR_LIMIT, "65 groups", "1 to 64");
    free(m.data);
}

/* ==== lengths that lie ======================================================================= */

/* The sequences of one file lie in each other, deeper than any file's. */
static void nesting_has_an_end(void **state) {
    (void)state;
    made_file f = good_file(&good_group);
    f.n = 0;
    maker m = make_file(&f, NULL);
    m.undefined = true;
    for (int i = 0; i < 20000; i++) {
        open_part(&m, 0x54000100);
        open_part(&m, 0xfffee000);
    }
    refuse("deep", &m, XP_ERR_LIMIT, "deep in each other", "no ECG");
    free(m.data);
}

static size_t find(const maker *m, const char *bytes, size_t n) {
    for (size_t i = 0; i + n <= m->n; i++)
        if (!memcmp(m->data + i, bytes, n)) return i;
    fail_msg("not found");
    return 0;
}

#define FIND(m, bytes) find(m, bytes, sizeof bytes - 1)

static void lengths_that_lie_are_told(void **state) {
    (void)state;
    const struct {
        const char *what, *at; /* four bytes of a tag */
        int length_at, length_bytes;
        uint32_t length;
        const char *words, *more;
    } cases[] = {
        {"a sequence longer than the file", "\x00\x54\x00\x01", 8, 4, 0x7fffffff, "(5400,0100)",
         "cut short"},
        {"a sequence of 4 GiB", "\x00\x54\x00\x01", 8, 4, 0xfffffffe, "(5400,0100)", "there are"},
        {"an item longer than its sequence", "\xfe\xff\x00\xe0", 4, 4, 0x100000, "(FFFE,E000)",
         "cut short"},
        {"channels longer than their group", "\x3a\x00\x00\x02", 8, 4, 0x10000, "(003A,0200)",
         "there are"},
        {"samples longer than the file", "\x00\x54\x10\x10", 8, 4, 0xfffffff0, "(5400,1010)",
         "copy it again"},
        {"samples of unknown length", "\x00\x54\x10\x10", 8, 4, 0xffffffff, "byte ", "copy"},
        {"a text longer than the file", "\x08\x00\x70\x00", 6, 2, 0xfff0, "(0008,0070)",
         "cut short"},
        {"the rate longer than the file", "\x3a\x00\x1a\x00", 6, 2, 0xfff0, "(003A,001A)",
         "cut short"},
        {"the number of channels longer than its group", "\x3a\x00\x05\x00", 6, 2, 0x8000,
         "(003A,0005)", "cut short"},
        {"an item in the wrong place", "\x00\x54\x00\x01", 0, 4, 0x5000fffe, "", ""},
        {"the syntax longer than the file", "\x02\x00\x10\x00", 6, 2, 0xfff0, "(0002,0010)",
         "cut short"},
        {"no value representation", "\x08\x00\x70\x00", 4, 2, 0x0101, "(0008,0070)",
         "capital letters"},
        {"a value representation cut off", "\x3a\x00\x04\x00", 4, 2, 0x4300, "(003A,0004)",
         "capital letters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_file f = good_file(&good_group);
        maker m = make_file(&f, NULL);
        size_t at = find(&m, cases[i].at, 4);
        xp_store_le(m.data + at + cases[i].length_at, cases[i].length, cases[i].length_bytes);
        xp_stored w;
        xp_error e = {0};
        xp_status s = open_bytes(&w, "x.dcm", m.data, m.n, &e);
        if (s == XP_OK) fail_msg("%s was read", cases[i].what);
        if (!strstr(e.text, "x.dcm: ") || !strstr(e.text, cases[i].words) ||
            !strstr(e.text, cases[i].more))
            fail_msg("%s: %s", cases[i].what, e.text);
        free(m.data);
    }
}

/* ==== cut anywhere =========================================================================== */

static void every_cut_is_told(void **state) {
    (void)state;
    for (int variant = 0; variant < 6; variant++) {
        made_file f = good_file(&good_group);
        f.is_explicit = variant % 3;
        f.big = variant % 3 == 2;
        f.syntax = f.big ? "1.2.840.10008.1.2.2" : variant % 3 ? f.syntax : "1.2.840.10008.1.2";
        f.undefined = variant > 2;
        maker m = make_file(&f, NULL);
        size_t behind = FIND(&m, "DICM") + 4;
        for (size_t n = behind; n < m.n; n++) {
            xp_stored w;
            xp_error e = {0};
            uint8_t *exact = malloc(n);
            memcpy(exact, m.data, n);
            if (open_bytes(&w, "x.dcm", exact, n, &e) == XP_OK)
                fail_msg("variant %d, cut to %zu of %zu bytes: read", variant, n, m.n);
            if (!strstr(e.text, "x.dcm: ") || strchr(e.text, '\n'))
                fail_msg("cut to %zu: %s", n, e.text);
            free(exact);
        }
        free(m.data);
    }
    assert_refused("empty", "x.dcm", "", 0, XP_ERR_TRUNCATED, "cut short", "copy it again");
    assert_refused("a text", "x.dcm", "hello, this is no DICOM file", 28, XP_ERR_FORMAT,
                   "no DICOM data set", "copy it again");
}

/* ==== bombs ================================================================================== */

static maker deflate_zeros(size_t n, size_t *packed_size) {
    made_file f = good_file(&good_group);
    size_t set;
    f.syntax = "1.2.840.10008.1.2.1.99";
    maker m = make_file(&f, &set);
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(12);
    uint8_t *zeros = calloc(n, 1), *packed = malloc(n);
    m.n = set;
    *packed_size = libdeflate_deflate_compress(c, zeros, n, packed, n);
    put(&m, packed, *packed_size);
    libdeflate_free_compressor(c);
    free(zeros);
    free(packed);
    return m;
}

static void bombs_do_not_go_off(void **state) {
    (void)state;
    size_t packed;
    maker m = deflate_zeros((size_t)64 << 20, &packed);
    assert_true(packed < 100000);
    refuse("zeros", &m, XP_ERR_LIMIT, "hold more than", "no recording");
    m.data[m.n - packed] = 0xff; /* a block of no kind */
    refuse("damaged", &m, XP_ERR_FORMAT, "damaged", "copy");
    m.n -= packed;
    refuse("nothing", &m, XP_ERR_FORMAT, "compressed data", "copy");
    free(m.data);
    /* Two groups a year apart are not put on one axis of time. */
    made_group groups[2] = {good_group, good_group};
    static const made_channel chest[] = {
        {"5.6.3-9-3", "SCPECG", "V1", NULL, "2.5", "uV", "1", "0"},
        {"5.6.3-9-4", "SCPECG", "V2", NULL, "2.5", "uV", "1", "0"}};
    groups[1].offset = "31536000000";
    groups[1].channels = chest;
    made_file f = good_file(groups);
    f.n = 2;
    m = make_file(&f, NULL);
    xp_stored w;
    xp_error e;
    assert_int_equal(open_bytes(&w, "x.dcm", m.data, m.n, &e), XP_OK);
    assert_true(w.n_signals == 2 && w.n_frames == 300 && w.notices.n == 2);
    xp_stored_free(&w);
    free(m.data);
}

/* A file that says nothing of itself is known by its first elements, and one that is no DICOM is
 * not taken for it. */
static void content_tells_a_dicom_file(void **state) {
    (void)state;
    static const char text[] = "\x08\x00\x05\x00hello, these are no elements at all";
    xp_sniffed s = xp_sniff("x.dat", (xp_bytes){(const uint8_t *)text, sizeof text - 1});
    assert_true(!s.format || strcmp(s.format->name, "DICOM"));
    s = xp_sniff("scan.DCM", (xp_bytes){NULL, 0});
    assert_true(s.format && !strcmp(s.format->name, "DICOM") && s.likeness == XP_LIKE_BY_NAME);
    made_file f = good_file(&good_group);
    f.no_preamble = true;
    maker m = make_file(&f, NULL);
    s = xp_sniff("x", (xp_bytes){m.data, 600});
    assert_true(s.format && !strcmp(s.format->name, "DICOM") && s.likeness == XP_LIKE_BY_CONTENT);
    free(m.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_that_cannot_be),
        cmocka_unit_test(what_is_no_ecg_is_told_by_name),
        cmocka_unit_test(a_document_is_handed_on),
        cmocka_unit_test(empty_sequences_are_told),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(lengths_that_lie_are_told),
        cmocka_unit_test(every_cut_is_told),
        cmocka_unit_test(bombs_do_not_go_off),
        cmocka_unit_test(content_tells_a_dicom_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
