/* Philips XML: reference decodings of real files, files made here (with an encoder of XLI), and
 * broken ones. */
#include "ecg/xli.h"
#include "support/format_golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== reference decodings ==================================================================== */

/* 11 s are stored; the last second is a calibration pulse. */
static const golden_case golden[] = {
    {"philips/sierra_103_129DYPRG.xml", "sierra_103_129DYPRG", "rhythm", 0, 5000},
    {"philips/sierra_103_repbeats.xml", "sierra_103_repbeats", "rhythm", 0, 5000},
    {"philips/sierra_10401_utf16le.xml", "sierra_10401_utf16le", "rhythm", 0, 5000},
    {"philips/sierra_104_utf16be_tbj128.xml", "sierra_104_utf16be_tbj128", "rhythm", 0, 5000},
};

static void test_golden(void **state) {
    int n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) n += check_golden(&golden[i]);
    if (!n) skip();
}

/* The maker's own conversion of a recording to aECG: within 4 steps, as the fixtures tell. */
static void test_conversion(void **state) {
    xp_record a, b;
    xp_error e;
    (void)state;
    const char *xml = shared_path("fixtures/formats/philips/sierra_104_utf16be_tbj128.xml");
    const char *aecg = shared_path("fixtures/formats/aecg/aecg_philips_ad4d_converted.xml");
    if (!exists(xml)) skip();
    assert_int_equal(xp_record_open_path(&a, xml, NULL, &e), XP_OK);
    assert_int_equal(xp_record_open_path(&b, aecg, NULL, &e), XP_OK);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(a.leads[i].id, b.leads[i].id);
        for (int64_t k = 0; k < a.n; k++)
            if (fabs(a.leads[i].mv[k] - b.leads[i].mv[k]) > 0.0201)
                fail_msg("lead %s at %lld", a.leads[i].name, (long long)k);
    }
    xp_record_free(&a);
    xp_record_free(&b);
}

/* ==== an encoder ============================================================================= */

typedef struct bits {
    uint8_t *to;
    size_t n;
    uint32_t held;
    int count;
} bits;

static void put_code(bits *b, int code) {
    b->held = b->held << 10 | (uint32_t)code;
    for (b->count += 10; b->count >= 8; b->count -= 8)
        b->to[b->n++] = (uint8_t)(b->held >> (b->count - 8));
}

/* LZW of bytes: the code of the longest text that is in the table, again and again. */
static size_t compress(uint8_t *to, const uint8_t *p, size_t n) {
    static int before[1024], last[1024];
    int used = 256, code = -1;
    bits b = {.to = to};
    for (size_t i = 0; i < n; i++) {
        int next = code < 0 ? p[i] : -1;
        for (int k = 256; k < used && next < 0; k++)
            if (before[k] == code && last[k] == p[i]) next = k;
        if (next < 0) {
            put_code(&b, code);
            if (used < 1023) {
                before[used] = code;
                last[used++] = p[i];
            }
            next = p[i];
        }
        code = next;
    }
    put_code(&b, code);
    put_code(&b, 1023);
    put_code(&b, 0);
    return b.n;
}

/* A chunk of samples v (n) at `to`; returns its bytes. */
static size_t encode(uint8_t *to, const int16_t *v, size_t n) {
    uint8_t *halves = malloc(2 * n);
    int correction = 7; /* of the third sample; those that follow stand one place early */
    for (size_t i = 0; i < n; i++) {
        int code = i < 2 ? v[i] : i + 1 < n ? 2 * v[i] - v[i - 1] - v[i + 1] + 64 : 64;
        if (i == 2) correction = 2 * v[1] - v[0] - v[2];
        halves[i] = (uint8_t)((uint16_t)code >> 8);
        halves[n + i] = (uint8_t)code;
    }
    size_t size = compress(to + 8, halves, 2 * n);
    xp_store_le(to, size, 4);
    xp_store_le(to + 4, 1, 2);
    xp_store_le(to + 6, (uint16_t)correction, 2);
    free(halves);
    return size + 8;
}

static void test_xli(void **state) {
    enum { N = 3000 };
    int16_t v[N], *back;
    uint8_t *data = malloc(8 * N);
    int64_t n;
    xp_error e;
    (void)state;
    for (int shape = 0; shape < 4; shape++) {
        uint32_t seed = 1;
        for (int i = 0; i < N; i++) {
            seed = seed * 1664525 + 1013904223;
            v[i] = (int16_t)(shape == 0   ? 0
                             : shape == 1 ? 300 * sin(i / 20.0)
                             : shape == 2 ? (int)(seed >> 24) - 128
                                          : (int)(seed >> 16));
        }
        size_t size = encode(data, v, N);
        xp_cursor c = xp_cursor_make((xp_bytes){data, size});
        if (xp_xli_read(&c, &back, &n, 1 << 20, &e)) fail_msg("%s", e.text);
        assert_true(n == N && xp_cursor_left(&c) == 0);
        assert_memory_equal(v, back, sizeof v);
        free(back);
    }
    free(data);
}

/* ==== files made here ======================================================================== */

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<restingecgdata xmlns=\"http://x\">\n"            \
    "<reportinfo><reportgain><amplitudegain><overallgain>10</overallgain></amplitudegain>"         \
    "<timegain>25</timegain></reportgain></reportinfo>\n"                                          \
    "<dataacquisition date=\"2020-05-18\" time=\"15:48:11\"><machine>PageWriter TC</machine>"      \
    "<signalcharacteristics><samplingrate>500</samplingrate></signalcharacteristics>"              \
    "</dataacquisition>\n<patient><generalpatientdata><patientid>77</patientid><name>"             \
    "<lastname>DOE</lastname><firstname>JANE</firstname></name><age><dateofbirth>1951-05-18"       \
    "</dateofbirth></age><sex>Female</sex></generalpatientdata></patient>\n"                       \
    "<interpretations><interpretation><globalmeasurements><heartrate>41</heartrate>"               \
    "<print>144</print><qtcb>466</qtcb><pfrontaxis>Failed</pfrontaxis></globalmeasurements>"       \
    "<severity>- NORMAL ECG -</severity><statement><leftstatement>SINUS BRADYCARDIA"               \
    "</leftstatement><rightstatement>V-rate&lt;60</rightstatement></statement></interpretation>"   \
    "</interpretations>\n"
#define WAVES                                                                                      \
    "<waveforms><parsedwaveforms compression=\"XLI\" leadlabels=\"I II III aVR aVL aVF V1\" "      \
    "durationperchannel=\"%d\" samplespersecond=\"500\" resolution=\"5\" hipass=\"0.05\" "         \
    "lowpass=\"150\" notchfiltered=\"True\" notchfilterfreqs=\"60\">"

enum { LEADS = 7, SHORT = 500, LONG = 1500 };

/* Sample k of lead l: I = k mod 100, II = its double; the limb leads are 3 less than the rule. */
static int16_t stored(int l, int k, int n) {
    int at = k - (n - SHORT);
    if (n == LONG && at >= 300)
        return (int16_t)((l < 2 || l == 6) && at >= 350 && at < 450 ? 200 : 0);
    return (int16_t)(l == 0 ? k % 100 : l == 1 ? 2 * (k % 100) : l < 6 ? 3 : -k);
}

/* A file with n samples a lead; free(). */
static char *make_file(int n) {
    uint8_t *data = malloc((size_t)LEADS * 4096);
    int16_t v[LONG];
    size_t size = 0;
    for (int l = 0; l < LEADS; l++) {
        for (int k = 0; k < n; k++) v[k] = stored(l, k, n);
        size += encode(data + size, v, (size_t)n);
    }
    char *text = base64_of(data, size), *out = malloc(strlen(text) + 4096);
    int at = sprintf(out, "%s", HEAD);
    at += sprintf(out + at, WAVES, n * 2);
    sprintf(out + at, "\n%s\n</parsedwaveforms></waveforms></restingecgdata>\n", text);
    free(text);
    free(data);
    return out;
}

static void check_samples(const xp_stored *w, int n) {
    assert_int_equal(w->n_signals, LEADS);
    assert_true(w->rate == 500 && w->n_frames == n);
    for (int k = 0; k < n; k++) {
        int i = k % 100;
        assert_int_equal(w->signals[0].digital[k], i);
        assert_int_equal(w->signals[2].digital[k], i - 3);                  /* III = II - I */
        assert_int_equal(w->signals[3].digital[k], -((3 * i) >> 1) - 3);    /* -(I + II) / 2 */
        assert_int_equal(w->signals[4].digital[k], 1 - 3);                  /* (I - III) / 2 */
        assert_int_equal(w->signals[5].digital[k], ((3 * i - 3) >> 1) - 3); /* (II + III) / 2 */
        assert_int_equal(w->signals[6].digital[k], -k);
    }
}

static void check_facts(const xp_facts *f) {
    assert_string_equal(f->start, "2020-05-18T15:48:11");
    assert_true(f->age == 69);
    assert_int_equal(f->sex, 'F');
    assert_string_equal(f->patient_id, "77");
    assert_string_equal(f->patient_name, "DOE^JANE");
    assert_string_equal(f->device, "Philips PageWriter TC");
    assert_string_equal(f->filter, "0.05 to 150 Hz, notch at 60 Hz");
    assert_true(f->paper_speed == 25 && f->paper_gain == 10);
    assert_int_equal(f->n_statements, 5);
    assert_string_equal(f->statements[1].name, "pr_interval");
    assert_string_equal(f->statements[2].name, "qtc_bazett");
    assert_string_equal(f->statements[3].text, "- NORMAL ECG -");
    assert_string_equal(f->statements[4].text, "SINUS BRADYCARDIA, V-rate<60");
}

static void test_made(void **state) {
    xp_stored w;
    xp_error e;
    size_t n;
    (void)state;
    char *text = make_file(SHORT);
    uint8_t *wide = utf16_of(text, 1, &n);
    for (int i = 0; i < 2; i++) {
        xp_status s = i ? open_bytes(&w, "a.xml", wide, n, &e)
                        : open_bytes(&w, "a.xml", text, strlen(text), &e);
        if (s) fail_msg("%s", e.text);
        check_samples(&w, SHORT);
        check_facts(&w.facts);
        assert_int_equal(w.notices.n, 0);
        assert_true(w.signals[0].gain == 0.2 && w.signals[0].calibrated);
        xp_stored_free(&w);
    }
    free(wide);
    free(text);
}

/* The second with the pulse is left out; without a resolution 5 uV are assumed, aloud. */
static void test_calibration(void **state) {
    xp_stored w;
    xp_error e;
    (void)state;
    char *text = make_file(LONG);
    if (open_bytes(&w, "a.xml", text, strlen(text), &e)) fail_msg("%s", e.text);
    check_samples(&w, LONG - SHORT);
    assert_int_equal(w.notices.items[0].sentence, XP_SAY_CALIBRATION_LEFT_OUT);
    xp_stored_free(&w);
    char *unsaid = replaced(text, "resolution=\"5\"", "");
    if (open_bytes(&w, "a.xml", unsaid, strlen(unsaid), &e)) fail_msg("%s", e.text);
    assert_false(w.signals[0].calibrated);
    assert_true(w.signals[0].gain == 0.2);
    assert_int_equal(w.notices.n, 1 + LEADS);
    assert_int_equal(w.notices.items[1].code, XP_NOTE_UNCALIBRATED);
    xp_stored_free(&w);
    free(unsaid);
    free(text);
}

/* ==== broken files =========================================================================== */

static const broken cases[] = {
    {"no waveforms", "<waveforms>", "<waveforms/><wave>", "line"},
    {"another element", "<waveforms><parsedwaveforms ", "<waveforms><parsed/><parsedwaveforms ",
     NULL},
    {"no compression", "compression=\"XLI\"", "", "<parsedwaveforms>|compressed by \"\""},
    {"another compression", "\"XLI\"", "\"ZIP\"", "compressed by \"ZIP\"|only XLI"},
    {"compression that is off", "compression=\"XLI\"", "compression=\"XLI\" compressflag=\"False\"",
     "only XLI"},
    {"a rate of 0", "samplespersecond=\"500\"", "samplespersecond=\"0\"", "rate \"0\""},
    {"a negative rate", "samplespersecond=\"500\"", "samplespersecond=\"-1\"", "rate \"-1\""},
    {"an absurd rate", "samplespersecond=\"500\"", "samplespersecond=\"1e9\"", "a.xml"},
    {"a rate in words, and none elsewhere", "samplespersecond=\"500\"", "samplespersecond=\"fast\"",
     NULL},
    {"a resolution of 0", "resolution=\"5\"", "resolution=\"0\"", "resolution of 0 uV"},
    {"a negative resolution", "resolution=\"5\"", "resolution=\"-5\"", "resolution of -5 uV"},
    {"an absurd resolution", "resolution=\"5\"", "resolution=\"1e300\"", "resolution of 1e+300"},
    {"a longer duration", "durationperchannel=\"1000\"", "durationperchannel=\"11000\"",
     "lead I|has 500 samples, the file says 5500"},
    {"an absurd duration", "durationperchannel=\"1000\"", "durationperchannel=\"1e300\"",
     "has 500 samples"},
    {"a negative duration", "durationperchannel=\"1000\"", "durationperchannel=\"-5\"", NULL},
    {"more labels than leads", "aVF V1\"", "aVF V1 V2\"", "lead V2|cut"},
    {"no labels", "I II III aVR aVL aVF V1", " , ", "a.xml"},
    {"limb leads without I", "\"I II III", "\"V2 II III", "has lead III"},
    {"limb leads without III", "\"I II III", "\"I II V9", "has lead aVL"},
    {"leads of another name", "\"I II III aVR aVL aVF V1\"", "\"a b c d e f g\"", NULL},
    {"no base64", "\n</parsedwaveforms>", "*</parsedwaveforms>", "not base64"},
    {"no data", "lowpass=\"150\"", "lowpass=\"150\"/><parsedwaveforms a=\"\"", "lead I|cut"},
    {"two roots", "</restingecgdata>", "</restingecgdata><a/>", "damaged"},
    {"tags that cross", "</lastname>", "</firstname>", "mismatched tag"},
    {"an attribute twice", "resolution=\"5\"", "resolution=\"5\" resolution=\"5\"",
     "duplicate attribute"},
    {"a NUL", "DOE", "&#0;", "line"},
    {"an unknown entity", "DOE", "&doe;", "undefined entity"},
    {"CDATA without an end", "DOE", "<![CDATA[", "ends too early"},
    {"a DOCTYPE in the middle", "DOE", "<!DOCTYPE a>", "line"},
};

static void check_harmless(const char *text, size_t n) {
    xp_stored w;
    xp_error e;
    if (open_bytes(&w, "a.xml", text, n, &e) == XP_OK) xp_stored_free(&w);
}

static void test_broken(void **state) {
    (void)state;
    char *whole = make_file(SHORT);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_change(whole, &cases[i]);
    check_cuts("a.xml", whole, strlen(whole) - 2, 97);
    free(whole);
}

/* Chunks that lie: each byte of the first ones changed. */
static void test_chunks(void **state) {
    (void)state;
    static const char before[] = "notchfilterfreqs=\"60\">\n";
    char *whole = make_file(SHORT), *at = strstr(whole, before) + strlen(before);
    for (int i = 0; i < 600; i++) {
        char was = at[i];
        if (was == '\r' || was == '\n') continue;
        at[i] = was == 'A' ? '/' : 'A';
        check_harmless(whole, strlen(whole));
        at[i] = was;
    }
    memcpy(at, "////f", 5); /* a chunk of 2^31 bytes */
    check_broken("a chunk of 2 GB", "a.xml", whole, strlen(whole), "byte 0, lead I|cut");
    memcpy(at, "CgAAAAEAAAD///8AAAAA", 20); /* a first code that is not in the table */
    check_broken("an impossible code", "a.xml", whole, strlen(whole), "lead I");
    free(whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),      cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_xli),         cmocka_unit_test(test_made),
        cmocka_unit_test(test_calibration), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
