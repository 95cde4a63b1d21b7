/* GE MUSE XML: reference decodings of real and derived files, files made here, and broken ones. */
#include "support/format_golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== reference decodings ==================================================================== */

static const golden_case golden[] = {
    {"muse_xml/braveheart_example1.xml", "existing/braveheart_example1", "Rhythm", 0, 0},
    {"muse_xml/braveheart_example2.xml", "existing/braveheart_example2", "Rhythm", 0, 0},
    {"muse_xml/braveheart_example3.xml", "existing/braveheart_example3", "Rhythm", 0, 0},
    {"muse_xml/braveheart_example4.xml", "existing/braveheart_example4", "Rhythm", 0, 0},
    {"muse/muse_derived_12lead_utf16_rhythm_first.xml", "muse_derived_12lead_utf16_rhythm_first",
     "Rhythm", 0, 0},
    {"muse/muse_derived_8lead_two_rhythm_blocks.xml", "muse_derived_8lead_two_rhythm_blocks",
     "Rhythm", 250, 0},
    {"muse/muse_egm_sinus_500hz.xml", "muse_egm_sinus_500hz", "Rhythm", 0, 0},
    {"muse/muse_ml4h_240hz.xml", "muse_ml4h_240hz", "Rhythm", 0, 0},
};

static void test_golden(void **state) {
    int n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) n += check_golden(&golden[i]);
    if (!n) skip();
}

/* ==== files made here ======================================================================== */

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"                                            \
    "<!DOCTYPE RestingECG SYSTEM \"restecg.dtd\">\n<RestingECG>\n"                                 \
    "<PatientDemographics><PatientID>4711</PatientID><PatientAge>18</PatientAge>"                  \
    "<AgeUnits>MONTHS</AgeUnits><DateofBirth>12-24-2021</DateofBirth><Gender>FEMALE</Gender>"      \
    "<PatientLastName>M\xfcller</PatientLastName><PatientFirstName>Eva</PatientFirstName>"         \
    "</PatientDemographics>\n<TestDemographics><AcquisitionDevice>MAC55</AcquisitionDevice>"       \
    "<AcquisitionTime>22:41:16</AcquisitionTime><AcquisitionDate>04-29-2023</AcquisitionDate>"     \
    "</TestDemographics>\n<RestingECGMeasurements><VentricularRate>48</VentricularRate>"           \
    "<PRInterval>138</PRInterval><QTCorrected>403</QTCorrected><RAxis>-20</RAxis><PAxis/>"         \
    "</RestingECGMeasurements>\n<Diagnosis><DiagnosisStatement><StmtText>Sinus</StmtText>"         \
    "</DiagnosisStatement><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag>"                       \
    "<StmtText>rhythm</StmtText></DiagnosisStatement><DiagnosisStatement>"                         \
    "<StmtText>Anterior infarct</StmtText></DiagnosisStatement><DiagnosisStatement>"               \
    "<StmtText>, age undetermined</StmtText></DiagnosisStatement></Diagnosis>\n"
#define MEDIAN                                                                                     \
    "<Waveform><WaveformType>Median</WaveformType><SampleBase>1000</SampleBase><LeadData>"         \
    "<LeadID>I</LeadID><LeadAmplitudeUnitsPerBit>1</LeadAmplitudeUnitsPerBit>"                     \
    "<WaveFormData>AAAA</WaveFormData></LeadData></Waveform>\n"
#define RHYTHM                                                                                     \
    "<Waveform><WaveformType>Rhythm</WaveformType><SampleBase>25</SampleBase>"                     \
    "<SampleExponent>1</SampleExponent><HighPassFilter>16</HighPassFilter>"                        \
    "<LowPassFilter>150</LowPassFilter><ACFilter>NONE</ACFilter>\n"
#define LEAD(name, data)                                                                           \
    "<LeadData><LeadSampleCountTotal>3</LeadSampleCountTotal>"                                     \
    "<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit>"                                    \
    "<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadID>" name "</LeadID>"                 \
    "<LeadSampleSize>2</LeadSampleSize><WaveFormData>\r\n" data "\r\n</WaveFormData></LeadData>\n"
#define TAIL "</Waveform></RestingECG>\n"

/* Samples 1, -2, and none; 300, 0, -1. */
static const char whole[] =
    HEAD MEDIAN RHYTHM LEAD("II", "AQD+\r\n/wCA") LEAD("I", "LAEAAP//") TAIL;

static const xp_statement *find_statement(const xp_facts *f, const char *name, int which) {
    for (int i = 0; i < f->n_statements; i++)
        if (!strcmp(f->statements[i].name, name) && !which--) return &f->statements[i];
    fail_msg("no statement %s", name);
    return NULL;
}

static void check_facts(const xp_facts *f, const char *last_name) {
    assert_true(f->age == 1.5);
    assert_int_equal(f->sex, 'F');
    assert_string_equal(f->start, "2023-04-29T22:41:16");
    assert_string_equal(f->device, "GE MAC55");
    assert_string_equal(f->filter, "0.16 to 150 Hz");
    assert_true(f->high_pass == 0.16 && f->low_pass == 150 && isnan(f->notch));
    assert_string_equal(f->patient_id, "4711");
    assert_string_equal(f->birth_date, "2021-12-24");
    char person[64];
    snprintf(person, sizeof person, "%s^Eva", last_name);
    assert_string_equal(f->patient_name, person);
    assert_int_equal(f->n_statements, 6);
    assert_true(find_statement(f, "heart_rate", 0)->value == 48);
    assert_true(find_statement(f, "pr_interval", 0)->value == 138);
    assert_string_equal(find_statement(f, "qtc_bazett", 0)->unit, "ms");
    assert_true(find_statement(f, "qrs_axis", 0)->value == -20);
    assert_string_equal(find_statement(f, "statement", 0)->text, "Sinus rhythm");
    assert_string_equal(find_statement(f, "statement", 1)->text,
                        "Anterior infarct, age undetermined");
}

static void check_whole(const char *what, const void *data, size_t n, const char *last_name) {
    xp_stored w;
    xp_error e;
    if (open_bytes(&w, "a.xml", data, n, &e)) fail_msg("%s: %s", what, e.text);
    assert_int_equal(w.n_signals, 2);
    assert_true(w.rate == 250 && w.n_frames == 3);
    assert_string_equal(w.format, "MUSE XML");
    assert_string_equal(w.signals[0].name, "II");
    assert_string_equal(w.signals[1].name, "I");
    assert_int_equal(w.signals[0].digital[1], -2);
    assert_int_equal(w.signals[0].n_missing, 1);
    assert_int_equal(w.signals[1].digital[0], 300);
    assert_int_equal(xp_stored_physical(&w, &e), XP_OK);
    assert_true(fabs(w.signals[1].physical[0] - 300 * 4.88) < 1e-9);
    assert_true(isnan(w.signals[0].physical[2]));
    check_facts(&w.facts, last_name);
    xp_stored_free(&w);
}

static void test_made(void **state) {
    (void)state;
    check_whole("Latin-1", whole, sizeof whole - 1, "M\xc3\xbcller");
}

/* The same file in other encodings, also where the declaration names another. */
static void test_encodings(void **state) {
    size_t n;
    (void)state;
    char *ascii = replaced(whole, "M\xfcller", "Muller");
    for (int big = 0; big < 2; big++) {
        char *declared = replaced(ascii, "ISO-8859-1", "UTF-16");
        uint8_t *wide = utf16_of(declared, big, &n);
        check_whole("UTF-16", wide, n, "Muller");
        check_whole("UTF-16 without its mark", wide + 2, n - 2, "Muller");
        free(wide);
        free(declared);
        wide = utf16_of(ascii, big, &n);
        check_whole("UTF-16 declared as Latin-1", wide, n, "Muller");
        free(wide);
    }
    char *wrong = replaced(ascii, "ISO-8859-1", "UTF-16");
    check_whole("ASCII declared as UTF-16", wrong, strlen(wrong), "Muller");
    free(wrong);
    wrong = replaced(whole, "ISO-8859-1", "UTF-8");
    check_whole("Latin-1 declared as UTF-8", wrong, strlen(wrong), "M\xc3\xbcller");
    free(wrong);
    wrong = replaced(whole, "ISO-8859-1", "windows-1252");
    check_whole("Windows-1252", wrong, strlen(wrong), "M\xc3\xbcller");
    free(wrong);
    free(ascii);
}

/* Blanks before the declaration, and what fills files up behind their end; lines count from the
 * file's first. */
static void test_padding(void **state) {
    static const char before[] = "\r\n\n \t";
    const size_t n = sizeof before - 1;
    char *text = calloc(1, n + sizeof whole + 3);
    (void)state;
    memcpy(text, before, n);
    memcpy(text + n, whole, sizeof whole - 1);
    memcpy(text + n + sizeof whole - 1, "\n\0\x1a", 4);
    check_whole("padded", text, n + sizeof whole + 3, "M\xc3\xbcller");
    char *crossed = replaced(whole, "</PatientAge>", "</PatientAges>");
    char *later = malloc(strlen(crossed) + n + 1);
    memcpy(later, before, n);
    strcpy(later + n, crossed);
    check_broken("behind blanks", "a.xml", later, strlen(later), "line 6");
    free(later);
    free(crossed);
    free(text);
}

/* A whole DTD in the file, longer than what a file is recognised by; blanks before its end. */
static void test_long_dtd(void **state) {
    enum { RULES = 400 };
    static const char head[] = "<!DOCTYPE RestingECG SYSTEM \"restecg.dtd\"";
    char *text = malloc(RULES * 64 + 256), *q = text + sprintf(text, "%s [\n", head);
    size_t n;
    (void)state;
    for (int i = 0; i < RULES; i++) q += sprintf(q, "<!ELEMENT PatientAge%d (#PCDATA)>\n", i);
    strcpy(q, "<!-- a > b -->]\n");
    char *ascii = replaced(whole, "M\xfcller", "Muller"), *file = replaced(ascii, head, text);
    check_whole("a DTD", file, strlen(file), "Muller");
    uint8_t *wide = utf16_of(file, 1, &n);
    check_whole("a DTD in UTF-16", wide, n, "Muller");
    free(wide);
    free(file);
    free(ascii);
    free(text);
}

/* A checksum that is wrong is told, and so is a second rhythm. */
static void test_notices(void **state) {
    xp_stored w;
    xp_error e;
    (void)state;
    const char *two =
        HEAD RHYTHM LEAD("V1", "AQD+/wCA") "</Waveform>\n" RHYTHM LEAD("V1", "AQD+/wCA") TAIL;
    char *bad =
        replaced(two, "<LeadSampleSize>", "<LeadDataCRC32>1</LeadDataCRC32><LeadSampleSize>");
    assert_int_equal(open_bytes(&w, "a.xml", bad, strlen(bad), &e), XP_OK);
    assert_int_equal(w.notices.n, 2);
    assert_int_equal(w.notices.items[0].code, XP_NOTE_CHECKSUM);
    assert_int_equal(w.notices.items[1].sentence, XP_SAY_OTHER_BLOCKS);
    xp_stored_free(&w);
    free(bad);
}

/* ==== broken files =========================================================================== */

static const broken cases[] = {
    {"no waveform", MEDIAN, "", NULL},
    {"two roots", "</RestingECG>", "</RestingECG><RestingECG/>", "line|damaged"},
    {"tags that cross", "</PatientAge>", "</PatientAges>", "line 4|mismatched tag"},
    {"an entity of another file", "<!DOCTYPE RestingECG SYSTEM \"restecg.dtd\">",
     "<!DOCTYPE RestingECG [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", NULL},
    {"a rate of 0", "<SampleBase>25<", "<SampleBase>0<", "<Waveform>|SampleBase \"0\"|in Hz"},
    {"a rate in words", "<SampleBase>25<", "<SampleBase>fast<", "SampleBase \"fast\""},
    {"a negative rate", "<SampleBase>25<", "<SampleBase>-25<", "SampleBase \"-25\""},
    {"a rate that is not a number", "<SampleBase>25<", "<SampleBase>nan<", "SampleBase"},
    {"no rate", "<SampleBase>25</SampleBase>", "", "SampleBase"},
    {"an absurd rate", "<SampleExponent>1<", "<SampleExponent>9<", "1e6 Hz"},
    {"an exponent past all numbers", "<SampleExponent>1<", "<SampleExponent>999<", "a.xml"},
    {"too few samples", "<LeadSampleCountTotal>3<", "<LeadSampleCountTotal>4<",
     "<LeadData>|says 4 samples|hold 3"},
    {"a billion samples", "<LeadSampleCountTotal>3<", "<LeadSampleCountTotal>1000000000<",
     "says 1000000000 samples"},
    {"more samples than numbers", "<LeadSampleCountTotal>3<", "<LeadSampleCountTotal>1e300<",
     "samples"},
    {"a lead far shorter than the others", LEAD("II", "AQD+\r\n/wCA"),
     "<LeadData><LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit><LeadID>II</LeadID>"
     "<WaveFormData>AQA=</WaveFormData></LeadData>\n",
     "has 1 samples of lead II|another lead has 3"},
    {"a step in thousands", "<LeadAmplitudeUnitsPerBit>4.88<", "<LeadAmplitudeUnitsPerBit>4,880<",
     "PerBit \"4,880\""},
    {"a letter too many", "AQD+\r\n/wCA", "AQD+\r\n/wCAA", "not base64|character 10"},
    {"a letter too few", "AQD+\r\n/wCA", "AQD+\r\n/wCAA=", "not base64|character 11"},
    {"no unit", "<LeadAmplitudeUnits>MICROVOLTS<", "<LeadAmplitudeUnits>BANANAS<",
     "BANANAS|microvolts per bit"},
    {"no step", "<LeadAmplitudeUnitsPerBit>4.88<", "<LeadAmplitudeUnitsPerBit><",
     "microvolts per bit"},
    {"a step of 0", "<LeadAmplitudeUnitsPerBit>4.88<", "<LeadAmplitudeUnitsPerBit>0<",
     "LeadAmplitudeUnitsPerBit \"0\""},
    {"a negative step", "<LeadAmplitudeUnitsPerBit>4.88<", "<LeadAmplitudeUnitsPerBit>-4.88<",
     "microvolts per bit"},
    {"an infinite step", "<LeadAmplitudeUnitsPerBit>4.88<", "<LeadAmplitudeUnitsPerBit>1e999<",
     "microvolts per bit"},
    {"samples of four bytes", "<LeadSampleSize>2<", "<LeadSampleSize>4<", "4 bytes|expected 2"},
    {"no data", "<WaveFormData>\r\nAQD+\r\n/wCA\r\n</WaveFormData>", "", "no <WaveFormData>"},
    {"empty data", "AQD+\r\n/wCA", "", "says 3 samples|hold 0"},
    {"no base64", "AQD+\r\n/wCA", "AQD+\r\n*wCA", "<WaveFormData>|not base64|character 6"},
    {"an end in the middle", "AQD+\r\n/wCA", "AQ==\r\n/wCA", "hold 2"},
    {"an odd number of bytes", "AQD+\r\n/wCA", "AQD+\r\n/wA=", "holds 5 bytes|even number"},
    {"a NUL", "AQD+", "A&#0;", "line|not well-formed"},
    {"no leads", LEAD("II", "AQD+\r\n/wCA") LEAD("I", "LAEAAP//"), "", "no <LeadData>"},
    {"only a median", "<WaveformType>Rhythm<", "<WaveformType>Median<", "Rhythm|median beats"},
    {"an attribute twice", "<PatientAge>", "<PatientAge a=\"1\" a=\"2\">", "duplicate attribute"},
    {"an entity nobody declared", "18", "&age;", NULL},
    {"a tag that is not closed", "<Gender>", "<Gender", "line 4"},
    {"CDATA without an end", "<Gender>", "<Gender><![CDATA[", "ends too early"},
    {"a comment without an end", "<Gender>", "<Gender><!-- ", "ends too early"},
    {"bytes that are no characters", "<Gender>", "<Gender>\x01\x02", "not well-formed"},
};

/* Those without words are files that may be read: they only must not do harm. */
static void test_broken(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_change(whole, &cases[i]);
}

static void test_cut(void **state) {
    (void)state;
    check_cuts("a.xml", whole, sizeof whole - 3, 7);
    size_t n;
    char *ascii = replaced(whole, "M\xfcller", "Muller");
    uint8_t *wide = utf16_of(ascii, 0, &n);
    check_cuts("a.xml", wide, n - 4, 61);
    free(wide);
    free(ascii);
}

/* ==== bombs ================================================================================== */

static const char bomb_head[] = "<?xml version=\"1.0\"?><!DOCTYPE RestingECG [<!ENTITY a "
                                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\">";

/* Nine levels of ten: a billion times 57 letters. */
static void test_entity_bomb(void **state) {
    char text[4096];
    int n = snprintf(text, sizeof text, "%s", bomb_head);
    (void)state;
    for (char c = 'b'; c < 'k'; c++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "<!ENTITY %c \"", c);
        for (int i = 0; i < 10; i++)
            n += snprintf(text + n, sizeof text - (size_t)n, "&%c;", c - 1);
        n += snprintf(text + n, sizeof text - (size_t)n, "\">");
    }
    snprintf(text + n, sizeof text - (size_t)n, "]><RestingECG>&j;</RestingECG>");
    check_broken("an entity bomb", "a.xml", text, strlen(text), "entities expand");
    char *attribute = replaced(text, "<RestingECG>&j;", "<RestingECG a=\"&j;\">");
    check_broken("an entity bomb in an attribute", "a.xml", attribute, strlen(attribute), "line");
    free(attribute);
    char *cycle = replaced(text, bomb_head, "<!DOCTYPE RestingECG [<!ENTITY a \"&j;\">");
    check_broken("entities in a circle", "a.xml", cycle, strlen(cycle), "recursive");
    free(cycle);
}

static void test_deep(void **state) {
    enum { N = 100000 };
    (void)state;
    char *text = malloc(3 * N + 64), *q = text + sprintf(text, "<RestingECG>");
    for (int i = 0; i < N; i++) q += sprintf(q, "<a>");
    check_broken("deep nesting", "a.xml", text, strlen(text), "nested too deep");
    free(text);
}

static void test_many(void **state) {
    enum { N = 600000 };
    (void)state;
    char *text = malloc(4 * N + 64), *q = text + sprintf(text, "<RestingECG>");
    for (int i = 0; i < N; i++) q += sprintf(q, "<a/>");
    check_broken("many elements", "a.xml", text, strlen(text),
                 "more than 250000 elements and attributes");
    free(text);
    text = malloc(60 * 2000 + 4096);
    q = text + sprintf(text, HEAD RHYTHM);
    for (int i = 0; i < 2000; i++) q += sprintf(q, "<LeadData/>");
    sprintf(q, TAIL);
    check_broken("leads without anything", "a.xml", text, strlen(text), "no <WaveFormData>");
    q = text + sprintf(text, HEAD RHYTHM);
    for (int i = 0; i < 300; i++)
        q += sprintf(q, "<LeadData><LeadAmplitudeUnitsPerBit>1</LeadAmplitudeUnitsPerBit>"
                        "<WaveFormData>AAA=</WaveFormData></LeadData>");
    sprintf(q, TAIL);
    check_broken("300 leads", "a.xml", text, strlen(text), "more than 256 leads");
    free(text);
}

/* ==== recognising ============================================================================ */

static int is_muse(const char *text) {
    xp_sniffed s = xp_sniff("x", (xp_bytes){(const uint8_t *)text, strlen(text)});
    return s.format && !strcmp(s.format->name, "MUSE XML");
}

static void test_sniff(void **state) {
    (void)state;
    assert_true(is_muse(whole));
    assert_true(is_muse("\xef\xbb\xbf<RestingECG>"));
    assert_true(is_muse("<!-- a > b --><!DOCTYPE r [<!ENTITY a \"b\"> ]>\n<ge:RestingECG a='1'>"));
    assert_false(is_muse("<RestingECGData>"));
    assert_false(is_muse("<restingecgdata>"));
    assert_false(is_muse("<a><RestingECG>"));
    assert_false(is_muse("RestingECG"));
    assert_false(is_muse("<!-- <RestingECG>"));
    assert_false(is_muse("<!DOCTYPE RestingECG"));
    assert_false(is_muse("<!DOCTYPE other [<RestingECG>"));
    assert_false(is_muse("<!DOCTYPE RestingECG><other [<RestingECG>"));
    assert_true(is_muse("<!DOCTYPE RestingECG [ <!ELEMENT"));
    assert_false(is_muse("<"));
    assert_false(is_muse(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_made),
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_notices),
        cmocka_unit_test(test_padding),   cmocka_unit_test(test_broken),
        cmocka_unit_test(test_cut),       cmocka_unit_test(test_entity_bomb),
        cmocka_unit_test(test_deep),      cmocka_unit_test(test_many),
        cmocka_unit_test(test_sniff),     cmocka_unit_test(test_long_dtd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
