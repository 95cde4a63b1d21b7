/* CardioSoft XML: the reference decoding of a real file, files made here, and broken ones. */
#include "support/format_golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const golden_case golden = {"cardiosoft/cardiosoft_ukbb_scrubbed.xml",
                                   "cardiosoft_ukbb_scrubbed", "StripData", 0, 0};

static void test_golden(void **state) {
    (void)state;
    if (!check_golden(&golden)) skip();
}

/* The full disclosure of the same file, with its strip taken out. */
static void test_golden_disclosure(void **state) {
    xp_stored w;
    xp_error e;
    (void)state;
    const char *path = shared_path("fixtures/formats/%s", golden.file);
    if (!exists(path)) skip();
    xp_bytes b = read_file(path);
    char *text = malloc(b.size + 1);
    memcpy(text, b.data, b.size);
    text[b.size] = 0;
    char *tag = strstr(text, "<StripData>"), *end = strstr(text, "</StripData>");
    memset(tag, ' ', (size_t)(end - tag) + strlen("</StripData>"));
    if (open_bytes(&w, "a.xml", text, b.size, &e)) fail_msg("%s", e.text);
    assert_int_equal(w.n_signals, 12);
    assert_true(w.n_frames == 13500 && w.rate == 500);
    for (int64_t k = 0; k < w.n_frames; k++)
        assert_int_equal(w.signals[2].digital[k],
                         w.signals[1].digital[k] - w.signals[0].digital[k]);
    xp_stored_free(&w);
    free(text);
    free((void *)(uintptr_t)b.data);
}

/* ==== files made here ======================================================================== */

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<CardiologyXML>\n"                          \
    "<ObservationDateTime><Hour>9</Hour><Minute>5</Minute><Second>7</Second><Day>1</Day>"          \
    "<Month>2</Month><Year>2001</Year></ObservationDateTime>\n"                                    \
    "<ClinicalInfo><DeviceInfo><Desc>CardioSoft</Desc><SoftwareVer>V6.73</SoftwareVer>"            \
    "</DeviceInfo></ClinicalInfo>\n<PatientInfo><PID>12</PID><Name>"                               \
    "<FamilyName>DOE</FamilyName><GivenName>JANE</GivenName></Name><Age units=\"YEARS\">61</Age>"  \
    "<Gender>FEMALE</Gender></PatientInfo>\n<FilterSetting><Filter50Hz>Yes</Filter50Hz>"           \
    "<Filter60Hz>No</Filter60Hz><LowPass units=\"Hz\">100</LowPass>"                               \
    "<HighPass units=\"Hz\">0.01</HighPass></FilterSetting>\n<Interpretation><Diagnosis>"          \
    "<DiagnosisText>Normal sinus rhythm</DiagnosisText><DiagnosisText>---</DiagnosisText>"         \
    "<DiagnosisText> Abnormal ECG </DiagnosisText></Diagnosis></Interpretation>\n"                 \
    "<RestingECGMeasurements><VentricularRate>75</VentricularRate><PQInterval></PQInterval>"       \
    "<QTCInterval>422</QTCInterval></RestingECGMeasurements>\n"
#define STRIP                                                                                      \
    "<StripData><SampleRate units=\"Hz\">500</SampleRate>"                                         \
    "<Resolution units=\"uVperLsb\">5</Resolution>"                                                \
    "<WaveformData lead=\"I\">\t1,-2,\n3,4</WaveformData>"                                         \
    "<WaveformData lead=\"II\"> 5, 6, 7, 8 </WaveformData></StripData>\n"
#define FULL                                                                                       \
    "<FullDisclosure><NumberOfChannels>2</NumberOfChannels><SampleRate units=\"Hz\">2"             \
    "</SampleRate><Resolution units=\"uVperLsb\">2.5</Resolution><LeadOrder>I, II</LeadOrder>"     \
    "<FullDisclosureData>1,2,-1,-2,3,4,-3,-4,5,-5<SampleCountTotal>10</SampleCountTotal>"          \
    "</FullDisclosureData></FullDisclosure>\n"
#define TAIL "</CardiologyXML>\n"

static const char whole[] = HEAD STRIP FULL TAIL;

static void test_made(void **state) {
    xp_stored w;
    xp_error e;
    (void)state;
    if (open_bytes(&w, "a.xml", whole, sizeof whole - 1, &e)) fail_msg("%s", e.text);
    assert_int_equal(w.n_signals, 2);
    assert_true(w.rate == 500 && w.n_frames == 4 && w.signals[0].gain == 0.2);
    assert_int_equal(w.signals[0].digital[1], -2);
    assert_int_equal(w.signals[1].digital[3], 8);
    assert_int_equal(w.notices.items[0].sentence, XP_SAY_STRIP_USED);
    assert_true(w.notices.items[0].args[0].number == 2.5);
    const xp_facts *f = &w.facts;
    assert_string_equal(f->start, "2001-02-01T09:05:07");
    assert_true(f->age == 61 && f->sex == 'F' && f->notch == 50);
    assert_string_equal(f->filter, "0.01 to 100 Hz, notch at 50 Hz");
    assert_string_equal(f->device, "GE CardioSoft V6.73");
    assert_string_equal(f->patient_name, "DOE^JANE");
    assert_int_equal(f->n_statements, 4);
    assert_string_equal(f->statements[1].name, "qtc");
    assert_string_equal(f->statements[3].text, "Abnormal ECG");
    xp_stored_free(&w);
}

static void test_disclosure(void **state) {
    xp_stored w;
    xp_error e;
    size_t n;
    (void)state;
    uint8_t *wide = utf16_of(HEAD FULL TAIL, 0, &n);
    if (open_bytes(&w, "a.xml", wide, n, &e)) fail_msg("%s", e.text);
    assert_int_equal(w.n_signals, 2);
    assert_true(w.rate == 2 && w.n_frames == 5 && w.signals[1].gain == 0.4);
    assert_string_equal(w.signals[1].name, "II");
    for (int k = 0; k < 5; k++) {
        assert_int_equal(w.signals[0].digital[k], k + 1);
        assert_int_equal(w.signals[1].digital[k], -k - 1);
    }
    xp_stored_free(&w);
    free(wide);
}

/* ==== broken files =========================================================================== */

static const broken cases[] = {
    {"a rate of 0", ">500<", ">0<", "<StripData>|SampleRate \"0\"|number of Hz"},
    {"a negative rate", ">500<", ">-500<", "SampleRate \"-500\""},
    {"a rate in words", ">500<", ">fast<", "SampleRate \"fast\""},
    {"no rate", "<SampleRate units=\"Hz\">500</SampleRate>", "", "SampleRate \"\""},
    {"an absurd rate", ">500<", ">1e9<", "1e6 Hz"},
    {"a resolution of 0", "Lsb\">5<", "Lsb\">0<", "Resolution \"0\" uVperLsb|microvolts per step"},
    {"a negative resolution", "Lsb\">5<", "Lsb\">-5<", "Resolution \"-5\""},
    {"an absurd resolution", "Lsb\">5<", "Lsb\">1e300<", "Resolution \"1e300\""},
    {"another unit", "uVperLsb", "bananas", "\"5\" bananas"},
    {"no resolution", "<Resolution units=\"uVperLsb\">5</Resolution>", "", "Resolution \"\""},
    {"letters", "1,-2,", "1,x,", "<WaveformData>|behind 1 samples of lead I"},
    {"numbers that run together", "1,-2,", "1,-2-3,", "behind 1 samples"},
    {"infinity", "1,-2,", "1,1e999,", "behind 1 samples"},
    {"NaN", "1,-2,", "nan,1,", "behind 0 samples"},
    {"no numbers", " 5, 6, 7, 8 ", "", "has 0 samples of lead II|another lead has 4"},
    {"few numbers", " 5, 6, 7, 8 ", "5", "has 1 samples of lead II"},
    {"two roots", "</CardiologyXML>", "</CardiologyXML><a/>", "damaged"},
    {"tags that cross", "</PID>", "</Name>", "mismatched tag"},
    {"an attribute twice", "units=\"YEARS\"", "units=\"a\" units=\"b\"", "duplicate attribute"},
    {"a NUL", "DOE", "&#0;", "line"},
    {"an unknown entity", "DOE", "&doe;", "undefined entity"},
    {"CDATA without an end", "DOE", "<![CDATA[", "ends too early"},
    {"a comment without an end", "DOE", "<!--", "line"},
    {"a date of nonsense", "<Month>2<", "<Month>1e300<", NULL},
    {"an age of nonsense", ">61<", ">-1e300<", NULL},
    {"filters of nonsense", ">100<", ">1e308<", NULL},
};

/* Of a file with the full disclosure alone. */
static const broken full_cases[] = {
    {"no part", FULL, "", "neither <StripData> nor <FullDisclosure>"},
    {"no leads", "<LeadOrder>I, II</LeadOrder>", "", "no leads in a <LeadOrder>"},
    {"leads of nothing", "I, II", " , ,", "no leads"},
    {"a number too few", ",5,-5<", ",5<", "has 9 samples|each of 2 leads"},
    {"a number that is not whole", ",5,-5<", ",5,-5.5<", "not whole"},
    {"letters", ",5,-5<", ",5,x<", "behind 9 samples"},
    {"a rate of nothing", "\"Hz\">2<", "\"Hz\"><", "SampleRate"},
    {"a rate below 1", "\"Hz\">2<", "\"Hz\">0.1<", "each of 2 leads"},
    {"an absurd rate", "\"Hz\">2<", "\"Hz\">1e300<", "1e6 Hz"},
    {"no numbers", "1,2,-1,-2,3,4,-3,-4,5,-5", "", NULL},
};

static void check_cases(const char *text, const broken *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strstr(text, list[i].find)) check_change(text, &list[i]);
}

static void test_broken(void **state) {
    (void)state;
    check_cases(HEAD STRIP TAIL, cases, sizeof cases / sizeof *cases);
    check_cases(HEAD FULL TAIL, full_cases, sizeof full_cases / sizeof *full_cases);
    check_cuts("a.xml", whole, sizeof whole - 3, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_golden_disclosure),
        cmocka_unit_test(test_made),   cmocka_unit_test(test_disclosure),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
