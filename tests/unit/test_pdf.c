/* ECGs drawn in PDFs: exact where the maker's own numbers are in them, never called so where not.
 */
#include "ecg/pdf/cipher.h"
#include "support.h"

#include "unit/pdf_pages.h"
#include "unit/pdf_reading.h"

#include <libdeflate.h>

extern const xp_format xp_format_pdf;

static int steps[12][PAGE_SAMPLES];

/* Drawn samples that are not the truth's; the lead may be shifted in time as a whole. */
static int differing(const xp_stored_signal *s, const int *truth, int shift) {
    int n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        int64_t k = i + shift;
        if (s->digital[i] == s->missing) continue;
        n += k < 0 || k >= PAGE_SAMPLES || s->digital[i] != truth[k];
    }
    return n;
}

static int least_differing(const xp_stored_signal *s, const int *truth) {
    int least = differing(s, truth, 0);
    for (int shift = -60; shift <= 60 && least; shift++) {
        int n = differing(s, truth, shift);
        if (n < least) least = n;
    }
    return least;
}

static void muse_pages_come_back_exactly(void **state) {
    (void)state;
    for (uint32_t seed = 0; seed < 25; seed++) {
        page_style style = {.curve = -2, .pieces = false};
        if (seed % 5 == 4) style.page_scale = 0.93;
        page_ecg(steps, seed);
        page_text f = page_muse(steps, &style);
        xp_stored w;
        xp_error err;
        if (open_pdf(&w, f.s, f.n, NULL, &err) != XP_OK) fail_msg("%s", err.text);
        assert_int_equal(w.n_signals, 12);
        assert_true(w.rate == 500 && w.n_frames == PAGE_SAMPLES);
        for (int i = 0; i < 12; i++) {
            const xp_stored_signal *s = &w.signals[i];
            assert_string_equal(s->name, PAGE_NAMES[i]);
            if (!is_exact(&w, s->name)) fail_msg("seed %u: %s is not exact", seed, s->name);
            assert_int_equal(differing(s, steps[i], 0), 0);
            bool strip = i == 1 || i == 6 || i == 10;
            assert_int_equal(s->n_missing, strip ? 0 : PAGE_SAMPLES - PAGE_SHORT);
        }
        xp_stored_free(&w);
        free(f.s);
    }
}

/* A baseline that wanders away from its row, up or down, by up to a millivolt: names and 0 mV are
 * those of the row. */
static void curves_that_wander_keep_their_names(void **state) {
    (void)state;
    for (uint32_t seed = 0; seed < 40; seed++) {
        page_style style = {.curve = -2};
        uint32_t r = seed + 90;
        page_ecg(steps, seed);
        for (int l = 0; l < 12; l++) {
            double by = (page_random(&r) % 2000 / 1000.0 - 1) / 0.00488,
                   turn = 1500.0 + page_random(&r) % 4000;
            /* Limb leads go together, or they would contradict each other. */
            for (int i = 0; l > 5 && i < PAGE_SAMPLES; i++)
                steps[l][i] += (int)(by * (seed % 2 ? 1 : sin(i / turn * 6.28)));
        }
        for (int i = 0; i < PAGE_SAMPLES; i++) {
            int one = (int)(seed % 5 * 25 * sin(i / 2500.0)), two = (int)seed % 7 * 15;
            int by[6] = {2 * one,    2 * two,       2 * two - 2 * one,
                         -one - two, 2 * one - two, 2 * two - one};
            for (int l = 0; l < 6; l++) steps[l][i] += by[l];
        }
        page_text f = page_muse(steps, &style);
        xp_stored w;
        xp_error err;
        if (open_pdf(&w, f.s, f.n, NULL, &err) != XP_OK) fail_msg("seed %u: %s", seed, err.text);
        if (w.n_signals != 12) fail_msg("seed %u: %d leads", seed, w.n_signals);
        for (int i = 0; i < 12; i++) {
            if (!is_exact(&w, PAGE_NAMES[i])) fail_msg("seed %u: %s", seed, PAGE_NAMES[i]);
            assert_int_equal(differing(&w.signals[i], steps[lead_number(w.signals[i].name)], 0), 0);
        }
        xp_stored_free(&w);
        free(f.s);
    }
}

/* Where a lead is called exact, its samples are: whatever was done to the page. */
static int check_certificates(const page_style *style, int number, int *refused) {
    page_text f = page_muse(steps, style);
    xp_stored w;
    xp_error err;
    int exact = 0;
    if (open_pdf(&w, f.s, f.n, NULL, &err) != XP_OK) {
        ++*refused;
    } else {
        for (int i = 0; i < w.n_signals; i++) {
            const xp_stored_signal *s = &w.signals[i];
            if (!is_exact(&w, s->name)) continue;
            exact++;
            int n = least_differing(s, steps[lead_number(s->name)]);
            if (n) fail_msg("copy %d: %s is called exact, %d samples differ", number, s->name, n);
        }
        xp_stored_free(&w);
    }
    free(f.s);
    return exact;
}

static void altered_pages_are_not_called_exact(void **state) {
    (void)state;
    int refused = 0;
    uint32_t r = 7;
    for (int i = 0; i < 240; i++) {
        page_style style = {.curve = page_random(&r) % 6 ? (int)(page_random(&r) % 12) : -1};
        int by = 1 + (int)(page_random(&r) % 121);
        page_ecg(steps, 1000 + (uint32_t)i / 12);
        switch (i % 12) {
        case 0:
            style.stretch_y = 0.5 + page_random(&r) % 1000 / 1000.0;
            break;
        case 1:
            style.stretch_x = 0.5 + page_random(&r) % 1000 / 1000.0;
            break;
        case 2:
            style.move_y = by;
            break;
        case 3:
            style.move_x = by % 50;
            break;
        case 4:
            style.move_fraction = 0.05 + page_random(&r) % 900 / 1000.0;
            break;
        case 5:
            style.drop_every = 2 + by;
            break;
        case 6:
            style.limit = 150 + 2 * by;
            break;
        case 7:
            style.nudge_every = 20 + 5 * by;
            style.nudge = 1 + (int)(page_random(&r) % 4);
            break;
        case 8:
            style.times = 0.5 + page_random(&r) % 1500 / 1000.0;
            break;
        case 9:
            style.times = 2;
            break;
        case 10:
            style.page_scale = 0.7 + page_random(&r) % 600 / 1000.0;
            break;
        case 11:
            style.no_grid = by % 2;
            style.no_pulses = !style.no_grid;
            break;
        }
        check_certificates(&style, i, &refused);
    }
    assert_true(refused < 200);
}

static void curves_in_pieces_are_joined(void **state) {
    (void)state;
    page_style style = {.curve = -1, .pieces = true};
    int refused = 0;
    page_ecg(steps, 5);
    assert_int_equal(check_certificates(&style, 0, &refused), 12);
}

static void cut_off_curves_are_told(void **state) {
    (void)state;
    page_style style = {.curve = 13, .limit = 100};
    page_ecg(steps, 3);
    page_text f = page_muse(steps, &style);
    xp_stored w;
    xp_error err;
    assert_int_equal(open_pdf(&w, f.s, f.n, NULL, &err), XP_OK);
    assert_int_equal(count_sentence(&w, XP_SAY_DRAWN_CUT_OFF), 1);
    assert_false(is_exact(&w, "II"));
    xp_stored_free(&w);
    free(f.s);
}

/* ==== what is refused ======================================================================== */

static void refuse(const char *what, const void *data, size_t size, xp_status status,
                   const char *reason) {
    xp_stored w;
    xp_error err = {0};
    xp_status s = open_pdf(&w, data, size, NULL, &err);
    if (s == XP_OK) xp_stored_free(&w);
    if (s != status || !strstr(err.text, reason) || !strstr(err.text, "x.pdf"))
        fail_msg("%s: %s \"%s\", expected %s \"%s\"", what, xp_status_name(s), err.text,
                 xp_status_name(status), reason);
}

static void refuse_page(const char *what, page_style style, xp_status status, const char *reason) {
    page_ecg(steps, 11);
    page_text f = page_muse(steps, &style);
    refuse(what, f.s, f.n, status, reason);
    free(f.s);
}

static void scales_must_agree(void **state) {
    (void)state;
    refuse_page("words that the pulse contradicts",
                (page_style){.curve = -2, .words = "25 mm/s 5 mm/mV"}, XP_ERR_UNITS,
                "calibration pulse is 10 mm high");
    refuse_page("two scales", (page_style){.curve = -2, .words = "10 mm/mV)Tj 400 0 Td (5 mm/mV"},
                XP_ERR_UNITS, "more than one scale");
    refuse_page("no scale", (page_style){.curve = -2, .words = "25 mm/s", .no_pulses = true},
                XP_ERR_UNITS, "have no scale");
    refuse_page("no speed", (page_style){.curve = -2, .words = "10 mm/mV", .no_pulses = true},
                XP_ERR_UNITS, "no time scale");
    refuse_page("no names", (page_style){.curve = -2, .no_names = true}, XP_ERR_LEAD_UNKNOWN,
                "no name of a lead");
    refuse_page("names that contradict each other", (page_style){.curve = -2, .swap_names = true},
                XP_ERR_LEAD_UNKNOWN, "Einthoven");
}

static void what_the_user_gives_counts(void **state) {
    (void)state;
    page_style style = {.curve = -2, .words = "no scale here", .no_pulses = true};
    xp_read_options opt = {.rate = 500, .unit = "10 mm/mV"};
    xp_stored w;
    xp_error err;
    page_ecg(steps, 11);
    page_text f = page_muse(steps, &style);
    if (open_pdf(&w, f.s, f.n, &opt, &err) != XP_OK) fail_msg("%s", err.text);
    assert_true(w.rate == 500 && w.n_signals == 12);
    assert_false(is_exact(&w, "II"));
    assert_int_equal(count_sentence(&w, XP_SAY_DRAWN_NO_ZERO), 12);
    xp_stored_free(&w);
    free(f.s);
}

static void refuse_contents(const char *what, const char *contents, xp_status status,
                            const char *reason) {
    page_text f = page_file(contents, strlen(contents), "");
    refuse(what, f.s, f.n, status, reason);
    free(f.s);
}

static void other_documents_are_refused(void **state) {
    (void)state;
    refuse_contents("an empty page", "", XP_ERR_UNSUPPORTED, "no curve of an ECG");
    refuse_contents("a letter", "BT /F1 12 Tf 100 100 Td (Dear Sir,) Tj ET", XP_ERR_UNSUPPORTED,
                    "1 words");
    refuse_contents("a scan", "q 600 0 0 780 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q",
                    XP_ERR_UNSUPPORTED, "this page is a picture of an ECG, not its curves");
    refuse("nothing", "", 0, XP_ERR_FORMAT, "no list of pages");
    refuse("its first line", "%PDF-1.4\n", 9, XP_ERR_FORMAT, "no list of pages");
}

static const char *const broken[] = {
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj trailer<</Root 1 0 R/Encrypt<</V 5/R "
    "6/O(a)/U(b)>>>>",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj trailer<</Root 1 0 R/Encrypt<</V 2/R 3/Length "
    "1e9/O(a)"
    "/U(b)/P 1e99>>>>",
    /* references in circles */
    "1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[2 0 R 2 0 R 2 0 R]>>endobj",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj 3 0 R endobj 3 0 obj 2 0 R endobj",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Length "
    "3 "
    "0 R>>stream\n1 0 0 1 0 0 cm\nendstream endobj",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents[4 0 R 4 0 R]/Resources 3 0 "
    "R>>endobj 3 0 obj<</XObject<</A 4 0 R>>>>endobj 4 0 obj<</Subtype/Form/Length 12>>stream\n/A "
    "Do /A "
    "Do \nendstream endobj",
    "xref\n0 1\n0 0 f\ntrailer<</Root 1 0 R/Prev 0>>startxref 0 %%EOF",
    "5 0 obj<</Type/ObjStm/N 1/First 4/Length 30>>stream\n5 0 <</Type/Catalog>>\nendstream endobj",
    "5 0 obj<</Type/ObjStm/N 99999999/First 4/Length 9>>stream\n5 0 5 0 5\nendstream endobj",
    "5 0 obj<</Type/XRef/W[1 2 1]/Index[0 99999999]/Root 5 0 R/Size 9/Length 9>>stream\n"
    "123456789\nendstream endobj startxref 9 %%EOF",
    "5 0 obj<</Type/XRef/W[8 8 8]/Root 5 0 R/Size 1e300/Length 9>>stream\n123456789\nendstream "
    "endobj "
    "startxref 9 %%EOF",
    /* lengths and numbers that lie */
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Length "
    "99999999999>>stream\n1 0 m 2 2 l S",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Length "
    "-5>>stream\n1e999 nan m --5 +-2 l S\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R/>>endobj 2 0 obj<</Contents 3 0 R/Rotate 1e30/UserUnit "
    "-1>>endobj 3 0 obj<<>>stream\n9999999999999999999999 0 0 1 0 0 cm 1 1 m 2 2 l S\nendstream",
    "99999999999 0 obj<</Type/Catalog>>endobj",
    "-1 0 obj<</Type/Catalog>>endobj 0 0 obj 0 0 obj 0 0 obj",
    "startxref 99999999999999999999",
    "startxref -1",
    "xref 0 99999999999\ntrailer startxref 9",
    "xref\n0 3\n0000000000 65535 f\n0000000009",
    "trailer<</Root<</Pages<</Kids[<</Kids[<</Kids[null]>>]>>]>>>>>>",
    /* brackets */
    "1 0 obj<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
    "1 0 obj[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "1 0 obj((((((((((((((((((((((((((((((\\\\\\",
    "1 0 obj<4",
    "1 0 obj /#4 /#zz /# >> ) ] }",
    /* filters */
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Filter"
    "/FlateDecode>>stream\nnot flate\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Filter"
    "/LZWDecode>>stream\n\x80\x0b\x60\x50\xff\xff\xff\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Filter"
    "[/ASCII85Decode/ASCII85Decode/A85/A85/A85/A85/A85/A85/A85]>>stream\nzzzzzzzzzz~>\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Filter"
    "/RL>>stream\n\xff\xff\xff\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Filter"
    "/DCTDecode>>stream\n\xff\xd8\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 obj<</Filter"
    "/AHx/DecodeParms<</Predictor 12/Columns 999999999/Colors -1>>>>stream\n00zz>\nendstream",
    /* operators without operands, states without end */
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R>>endobj 3 0 "
    "obj<<>>stream\n"
    "Q Q Q q q q cm Tm l c re S Tj TJ ' \" T* Do gs scn RG Tf BI ID EI h h s b\nendstream",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Contents 3 0 R/Resources<</Font<</F "
    "<</Subtype/Type0/DescendantFonts[<</W[0[1 2]5 70000 1 -3[]]/DW 1e40>>]/ToUnicode 3 0 R>>>>>>>>"
    "endobj 3 0 obj<<>>stream\nBT /F 1e30 Tf <0001> Tj 9 beginbfrange <00> <ffffffff> <0000> "
    "[<00>] ET"
    "\nendstream",
};

static void broken_files_give_one_error(void **state) {
    (void)state;
    enum { N = sizeof broken / sizeof *broken };
    for (int i = 0; i < N; i++) {
        char text[4000];
        int n = snprintf(text, sizeof text, "%%PDF-1.5\n%s\n", broken[i]);
        xp_stored w;
        xp_error err = {0};
        xp_status s = open_pdf(&w, text, (size_t)n, NULL, &err);
        if (s == XP_OK || !strstr(err.text, "x.pdf"))
            fail_msg("broken file %d: \"%s\"", i, err.text);
    }
}

/* Cut anywhere, or with a byte changed: an error, or fewer leads; never a wrong certificate. */
static void damaged_files_are_no_danger(void **state) {
    (void)state;
    page_style style = {.curve = -2};
    page_ecg(steps, 21);
    page_text f = page_muse(steps, &style);
    uint32_t r = 3;
    for (int i = 0; i < 80; i++) {
        char *copy = malloc(f.n);
        size_t n = i % 2 ? f.n : page_random(&r) * 37u % f.n;
        memcpy(copy, f.s, f.n);
        for (int k = 0; i % 2 && k < 20; k++)
            copy[page_random(&r) * 37u % f.n] = (char)page_random(&r);
        xp_stored w;
        xp_error err = {0};
        if (open_pdf(&w, copy, n, NULL, &err) == XP_OK)
            xp_stored_free(&w);
        else
            assert_non_null(strstr(err.text, "x.pdf"));
        free(copy);
    }
    free(f.s);
}

/* 300 MB of blanks in 300 kB: unpacked to a limit, and told. */
static void bombs_are_refused(void **state) {
    (void)state;
    size_t size = (size_t)100 << 20, room = size / 500 + 4096;
    char *blanks = malloc(size), *packed = malloc(room);
    memset(blanks, ' ', size);
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t n = libdeflate_zlib_compress(c, blanks, size, packed, room);
    libdeflate_free_compressor(c);
    free(blanks);
    page_text f = page_file(packed, n, "/Filter/FlateDecode");
    refuse("a bomb", f.s, f.n, XP_ERR_LIMIT, "unpack to more than");
    free(packed);
    free(f.s);
}

/* The same page packed. */
static void packed_pages_are_read(void **state) {
    (void)state;
    page_style style = {.curve = -2};
    page_ecg(steps, 8);
    page_text c = page_contents(steps, &style);
    char *packed = malloc(c.n);
    struct libdeflate_compressor *l = libdeflate_alloc_compressor(6);
    size_t n = libdeflate_zlib_compress(l, c.s, c.n, packed, c.n);
    libdeflate_free_compressor(l);
    page_text f = page_file(packed, n, "/Filter/FlateDecode");
    xp_stored w;
    xp_error err;
    if (open_pdf(&w, f.s, f.n, NULL, &err) != XP_OK) fail_msg("%s", err.text);
    assert_int_equal(w.n_signals, 12);
    assert_int_equal(differing(&w.signals[3], steps[3], 0), 0);
    xp_stored_free(&w);
    free(packed);
    free(c.s);
    free(f.s);
}

/* Vectors of RFC 1321, FIPS 180 and 197, and the field's own for RC4. */
static void ciphers_are_the_standards(void **state) {
    (void)state;
    uint8_t sum[16], key[32], text[16], zero[16] = {0}, long_sum[64];
    uint8_t plain[] = "Plaintext";
    pdf_md5((const uint8_t *)"abc", 3, sum);
    assert_memory_equal(sum, "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72",
                        16);
    pdf_md5(
        (const uint8_t *)"1234567890123456789012345678901234567890123456789012345678901234567890"
                         "1234567890",
        80, sum);
    assert_memory_equal(sum, "\x57\xed\xf4\xa2\x2b\xe3\xc9\x55\xac\x49\xda\x2e\x21\x07\xb6\x7a",
                        16);
    pdf_rc4(plain, 9, (const uint8_t *)"Key", 3);
    assert_memory_equal(plain, "\xbb\xf3\x16\xe8\xd9\x40\xaf\x0a\xd3", 9);
    for (int i = 0; i < 16; i++) key[i] = (uint8_t)i;
    memcpy(text, "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7\x80\x70\xb4\xc5\x5a", 16);
    pdf_aes_decrypt(text, 16, key, 16, zero);
    for (int i = 0; i < 16; i++) assert_int_equal(text[i], 17 * i);
    pdf_aes_encrypt(text, 16, key, 16, zero);
    assert_memory_equal(text, "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7\x80\x70\xb4\xc5\x5a",
                        16);
    for (int i = 0; i < 32; i++) key[i] = (uint8_t)i;
    memcpy(text, "\x8e\xa2\xb7\xca\x51\x67\x45\xbf\xea\xfc\x49\x90\x4b\x49\x60\x89", 16);
    pdf_aes_decrypt(text, 16, key, 32, zero);
    for (int i = 0; i < 16; i++) assert_int_equal(text[i], 17 * i);
    pdf_sha512((const uint8_t *)"abc", 3, 512, long_sum);
    assert_memory_equal(long_sum,
                        "\xdd\xaf\x35\xa1\x93\x61\x7a\xba\xcc\x41\x73\x49\xae\x20\x41\x31", 16);
    pdf_sha512((const uint8_t *)"abc", 3, 384, long_sum);
    assert_memory_equal(long_sum,
                        "\xcb\x00\x75\x3f\x45\xa3\x5e\x8b\xb5\xa0\x3d\x69\x9a\xc6\x50\x07", 16);
}

/* ==== makers' files ========================================================================== */

typedef struct golden {
    const char *file;
    double rate;
    int signals, frames, exact;
    const char *lead;
    int missing;
    double first, low, high; /* uV, of the lead */
    double step;             /* uV that these may be off */
} golden;

static const golden fixtures[] = {
    {"ge_muse_9_3x4p3_fictitious.pdf", 500, 12, 5000, 12, "I", 3762, -39.04, -112.24, 1141.92,
     1e-6},
    {"ge_muse_9_3x4p3_fictitious.pdf", 500, 12, 5000, 12, "II", 0, -9.76, -136.64, 414.8, 1e-6},
    {"ge_muse_9_3x4p3_fictitious.pdf", 500, 12, 5000, 12, "V5", 0, 19.52, -395.28, 736.88, 1e-6},
    {"ge_cardiosoft_6x1_50mms_testpatient.pdf", 500, 15, 2500, 0, "V4", 0, 72, -478.4, 1871, 4.3},
    {"ge_cardiosoft_via_pdf24_testpatient.pdf", 500, 12, 2500, 0, "aVL", 0, 34, -466, 322, 8.6},
    {"reportlab_3x4p1_ptbxl_00009.pdf", 125, 12, 1249, 0, "I", 937, -117.8, -249.8, 236.6, 0.01},
    {"reportlab_3x4p1_ptbxl_00009.pdf", 125, 12, 1249, 0, "II", 0, -84.2, -167.4, 656.8, 0.01},
    {"reportlab_6x2_ptbxl_00009.pdf", 125, 12, 1249, 0, "V6", 625, 3, -147.8, 670.4, 0.01},
};

static void check_golden(const golden *g) {
    xp_bytes b = read_file(shared_path("fixtures/pdf/%s", g->file));
    xp_stored w;
    xp_error err;
    if (open_pdf(&w, b.data, b.size, NULL, &err) != XP_OK) fail_msg("%s: %s", g->file, err.text);
    assert_true(w.rate == g->rate);
    assert_int_equal(w.n_signals, g->signals);
    assert_int_equal(w.n_frames, g->frames);
    assert_int_equal(count_sentence(&w, XP_SAY_DRAWN_EXACT), g->exact);
    assert_int_equal(xp_stored_physical(&w, &err), XP_OK);
    for (int i = 0; i < w.n_signals; i++) {
        const xp_stored_signal *s = &w.signals[i];
        double low = 1e9, high = -1e9, first = NAN;
        if (strcmp(s->name, g->lead)) continue;
        assert_int_equal(s->n_missing, g->missing);
        for (int64_t k = 0; k < s->n; k++) {
            if (isnan(s->physical[k])) continue;
            if (isnan(first)) first = s->physical[k];
            low = fmin(low, s->physical[k]);
            high = fmax(high, s->physical[k]);
        }
        if (fabs(first - g->first) > g->step || fabs(low - g->low) > g->step ||
            fabs(high - g->high) > g->step)
            fail_msg("%s %s: %.4f, %.4f to %.4f", g->file, g->lead, first, low, high);
    }
    xp_stored_free(&w);
    free((void *)(uintptr_t)b.data);
}

static void makers_files(void **state) {
    (void)state;
    if (!exists(shared_path("fixtures/pdf"))) skip();
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) check_golden(&fixtures[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(muse_pages_come_back_exactly),
        cmocka_unit_test(curves_that_wander_keep_their_names),
        cmocka_unit_test(altered_pages_are_not_called_exact),
        cmocka_unit_test(curves_in_pieces_are_joined),
        cmocka_unit_test(cut_off_curves_are_told),
        cmocka_unit_test(scales_must_agree),
        cmocka_unit_test(what_the_user_gives_counts),
        cmocka_unit_test(other_documents_are_refused),
        cmocka_unit_test(broken_files_give_one_error),
        cmocka_unit_test(damaged_files_are_no_danger),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(packed_pages_are_read),
        cmocka_unit_test(ciphers_are_the_standards),
        cmocka_unit_test(makers_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
