/* HL7 aECG: reference decodings of real files, files made here, and broken ones. */
#include "support/format_golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== reference decodings ==================================================================== */

static const golden_case golden[] = {
    {"aecg/aecg_fda_subject1_0.xml", "aecg_fda_subject1_0", "RHYTHM", 0, 0},
    {"aecg/aecg_hl7_example_eli250.xml", "aecg_hl7_example_eli250", "RHYTHM", 0, 0},
    {"aecg/aecg_philips_ad4d_converted.xml", "aecg_philips_ad4d_converted", "RHYTHM", 0, 0},
};

static void test_golden(void **state) {
    int n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) n += check_golden(&golden[i]);
    if (!n) skip();
}

/* ==== files made here ======================================================================== */

#define HEAD                                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hl7:AnnotatedECG xmlns:hl7=\"urn:hl7-org:v3\">"  \
    "<effectiveTime><center value=\"20200518154811\"/></effectiveTime>\n"                          \
    "<componentOf><timepointEvent><trialSubject><id root=\"1.2\" extension=\"SBJ-1\"/>"            \
    "<subjectDemographicPerson><name>Clark</name><administrativeGenderCode code=\"F\"/>"           \
    "<birthTime value=\"19500519\"/></subjectDemographicPerson></trialSubject></timepointEvent>"   \
    "</componentOf>\n"
#define BEAT                                                                                       \
    "<component><series><code code=\"REPRESENTATIVE_BEAT\"/><component><sequenceSet>"              \
    "<component><sequence><value><increment value=\"1\" unit=\"s\"/></value></sequence>"           \
    "</component><component><sequence><code code=\"MDC_ECG_LEAD_I\"/><value>"                      \
    "<scale value=\"1\" unit=\"uV\"/><digits>1 2 3 4 5 6 7 8 9</digits></value></sequence>"        \
    "</component></sequenceSet></component></series></component>\n"
#define SERIES                                                                                     \
    "<component><series><code code=\"RHYTHM\"/><author><seriesAuthor>"                             \
    "<manufacturedSeriesDevice><manufacturerModelName>ELI250</manufacturerModelName>"              \
    "</manufacturedSeriesDevice><manufacturerOrganization><name>Mortara</name>"                    \
    "</manufacturerOrganization></seriesAuthor></author>"                                          \
    "<controlVariable><controlVariable><code code=\"MDC_ECG_CTL_VBL_ATTR_FILTER_NOTCH\"/>"         \
    "<component><controlVariable><value>Adaptive</value></controlVariable></component>"            \
    "<component><controlVariable><value value=\"60\" unit=\"Hz\"/></controlVariable></component>"  \
    "</controlVariable></controlVariable>\n<component><sequenceSet>"
#define TIME                                                                                       \
    "<component><sequence><code code=\"TIME_ABSOLUTE\"/><value type=\"GLIST_TS\">"                 \
    "<head value=\"20200518154811.000\"/><increment value=\"2\" unit=\"ms\"/></value>"             \
    "</sequence></component>\n"
#define LEAD(code, digits)                                                                         \
    "<component><sequence><code code=\"" code "\" displayName=\"shown\"/><value>"                  \
    "<origin value=\"1\" unit=\"mV\"/><scale value=\"2.5\" unit=\"uV\"/><digits>" digits           \
    "</digits></value></sequence></component>\n"
#define TAIL                                                                                       \
    "</sequenceSet></component><subjectOf><annotationSet><component><annotation>"                  \
    "<code code=\"MDC_ECG_TIME_PD_PR\"/><value value=\"0.148\" unit=\"s\"/></annotation>"          \
    "</component><component><annotation><code code=\"MDC_ECG_TIME_PD_QTcB\"/>"                     \
    "<value value=\"443\" unit=\"ms\"/></annotation></component><component><annotation>"           \
    "<code code=\"MDC_ECG_TIME_PD_QRS\"/><value value=\"1\" unit=\"ms\"/><support>"                \
    "<supportingROI><component><boundary><code code=\"MDC_ECG_LEAD_I\"/></boundary></component>"   \
    "</supportingROI></support></annotation></component><component><annotation>"                   \
    "<code code=\"MDC_ECG_INTERPRETATION_STATEMENT\"/><value>Sinus\n rhythm</value></annotation>"  \
    "</component></annotationSet></subjectOf></series></component></hl7:AnnotatedECG>\n"

static const char whole[] = HEAD BEAT SERIES TIME LEAD("MDC_ECG_LEAD_II", " 1 -2\n3 ")
    LEAD("MDC_ECG_LEAD_AVR", "0,0,2147483647") LEAD("", "1 2.5 3") TAIL;

static void check_facts(const xp_facts *f) {
    assert_string_equal(f->start, "2020-05-18T15:48:11");
    assert_true(f->age == 69); /* a day before the birthday */
    assert_int_equal(f->sex, 'F');
    assert_string_equal(f->patient_id, "SBJ-1");
    assert_string_equal(f->patient_name, "Clark");
    assert_string_equal(f->birth_date, "1950-05-19");
    assert_string_equal(f->device, "Mortara ELI250");
    assert_string_equal(f->filter, "notch at 60 Hz");
    assert_int_equal(f->n_statements, 3);
    assert_string_equal(f->statements[0].name, "pr_interval");
    assert_true(f->statements[0].value == 148);
    assert_string_equal(f->statements[1].name, "qtc_bazett");
    assert_string_equal(f->statements[2].text, "Sinus rhythm");
}

static void check_whole(const char *what, const void *data, size_t n) {
    xp_stored w;
    xp_record rec;
    xp_error e;
    if (open_bytes(&w, "a.xml", data, n, &e)) fail_msg("%s: %s", what, e.text);
    assert_int_equal(w.n_signals, 3);
    assert_true(w.rate == 500 && w.n_frames == 3);
    assert_string_equal(w.signals[0].name, "MDC_ECG_LEAD_II");
    assert_string_equal(w.signals[2].name, "shown");
    assert_int_equal(w.signals[0].digital[1], -2);
    assert_null(w.signals[2].digital);
    assert_int_equal(xp_stored_physical(&w, &e), XP_OK);
    assert_true(fabs(w.signals[0].physical[1] - 995) < 1e-9);
    assert_true(fabs(w.signals[2].physical[1] - 1006.25) < 1e-9);
    check_facts(&w.facts);
    assert_int_equal(xp_stored_to_record(&rec, &w, &e), XP_OK);
    assert_int_equal(rec.n_leads, 3);
    assert_int_equal(rec.leads[1].id, XP_LEAD_AVR);
    assert_true(fabs(rec.leads[0].mv[2] - 1.0075) < 1e-6);
    xp_record_free(&rec);
    xp_stored_free(&w);
}

static void test_made(void **state) {
    size_t n;
    (void)state;
    check_whole("as it is", whole, sizeof whole - 1);
    char *bare = replaced(whole, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "");
    check_whole("no declaration", bare, strlen(bare));
    uint8_t *wide = utf16_of(bare, 1, &n);
    check_whole("UTF-16", wide, n);
    free(wide);
    free(bare);
    char *relative = replaced(whole, "GLIST_TS", "GLIST_PQ");
    char *us = replaced(relative, "value=\"2\" unit=\"ms\"", "value=\"2000\" unit=\"us\"");
    check_whole("relative time", us, strlen(us));
    free(us);
    free(relative);
}

/* Sets of the same time are one recording; the longest rhythm is read, wherever it stands. */
static void test_several(void **state) {
    xp_stored w;
    xp_error e;
    (void)state;
    static const char next[] = "</sequenceSet></component><component><sequenceSet>";
    static const char other[] = "</sequenceSet></component></series></component>" SERIES;
    char text[8192];
    snprintf(text, sizeof text, "%s%s%s%s", HEAD SERIES TIME LEAD("MDC_ECG_LEAD_I", "1 2"), next,
             TIME LEAD("MDC_ECG_LEAD_II", "3 4"), TAIL);
    assert_int_equal(open_bytes(&w, "a.xml", text, strlen(text), &e), XP_OK);
    assert_int_equal(w.n_signals, 2);
    assert_int_equal(w.notices.n, 0);
    xp_stored_free(&w);
    snprintf(text, sizeof text, "%s%s%s%s", HEAD SERIES TIME LEAD("MDC_ECG_LEAD_I", "1 2"), other,
             TIME LEAD("MDC_ECG_LEAD_II", "3 4 5"), TAIL);
    assert_int_equal(open_bytes(&w, "a.xml", text, strlen(text), &e), XP_OK);
    assert_int_equal(w.n_signals, 1);
    assert_true(w.n_frames == 3);
    assert_int_equal(w.notices.items[0].sentence, XP_SAY_OTHER_BLOCKS);
    xp_stored_free(&w);
}

/* ==== broken files =========================================================================== */

/* Each changes the second lead, or what all share. */
static const broken cases[] = {
    {"no series", "<component><series><code code=\"RHYTHM\"/>", "<component><other>", "line"},
    {"only a beat", "\"RHYTHM\"", "\"REPRESENTATIVE_BEAT\"", "no <series>|with its rhythm"},
    {"no time", TIME, "", "<sequenceSet>|no time with an increment|export it again"},
    {"no increment", "<increment value=\"2\" unit=\"ms\"/>", "", "no time with an increment"},
    {"an increment of 0", "<increment value=\"2\"", "<increment value=\"0\"", "a.xml"},
    {"a negative increment", "<increment value=\"2\"", "<increment value=\"-2\"",
     "<increment>|value \"-2\"|expected the time"},
    {"an increment in words", "<increment value=\"2\"", "<increment value=\"two\"",
     "value \"two\"|in s, ms or us"},
    {"an increment without a unit", "\"2\" unit=\"ms\"", "\"2\"", "unit \"\""},
    {"an increment in volts", "\"2\" unit=\"ms\"", "\"2\" unit=\"mV\"", "unit \"mV\""},
    {"an absurd increment", "\"2\" unit=\"ms\"", "\"1e-9\" unit=\"ns\"", "1e6 Hz"},
    {"an increment past all numbers", "<increment value=\"2\"", "<increment value=\"1e999\"",
     "1e999"},
    {"no digits", "<digits>0,0,2147483647</digits>", "<digits/>",
     "has 0 samples|another lead has 3"},
    {"letters among the digits", "0,0,2147483647", "0,x,1", "<digits>|number behind 1 samples"},
    {"a digit that is infinite", "0,0,2147483647", "0,1e999,1", "behind 1 samples"},
    {"a digit that is NaN", "0,0,2147483647", "nan 1 1", "behind 0 samples"},
    {"digits that run together", "0,0,2147483647", "0,0-1,1", "behind 1 samples"},
    {"few digits", "0,0,2147483647", "0", "has 1 samples"},
    {"no scale", "<scale value=\"2.5\" unit=\"uV\"/>", "", "<value>|scale|such as uV"},
    {"a scale of 0", "<scale value=\"2.5\"", "<scale value=\"0\"", "<scale>|\"0\" uV"},
    {"a scale in words", "<scale value=\"2.5\"", "<scale value=\"small\"", "\"small\""},
    {"a scale without a unit", "<scale value=\"2.5\" unit=\"uV\"", "<scale value=\"2.5\"",
     "a unit such as uV"},
    {"a scale that is too small", "<scale value=\"2.5\"", "<scale value=\"1e-320\"",
     "out of all bounds"},
    {"an infinite origin", "<origin value=\"1\"", "<origin value=\"1e999\"", NULL},
    {"a huge origin", "<origin value=\"1\" unit=\"mV\"/><scale value=\"2.5\"",
     "<origin value=\"1e300\" unit=\"V\"/><scale value=\"1e-9\"", "out of all bounds"},
    {"two roots", "</hl7:AnnotatedECG>", "</hl7:AnnotatedECG><a/>", "damaged"},
    {"tags that cross", "</sequenceSet>", "</series>", "mismatched tag"},
    {"a prefix nobody declared", "<componentOf>", "<x:componentOf>", "mismatched tag"},
    {"an entity of another file", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
     "<!DOCTYPE a [<!ENTITY x SYSTEM \"/etc/passwd\">]>", NULL},
    {"an attribute without its end", "extension=\"SBJ-1\"", "extension=\"SBJ-1", "line"},
    {"an attribute twice", "extension=\"SBJ-1\"", "root=\"1\"", "duplicate attribute"},
    {"UTF-8 that is none", "Clark", "Cl\xff\xfe\x61rk", NULL},
    {"a NUL", "Clark", "&#0;", "line"},
    {"an unknown entity", "Clark", "&nbsp;", "undefined entity"},
    {"CDATA without an end", "Clark", "<![CDATA[", "ends too early"},
    {"a comment without an end", "Clark", "<!--", "ends too early"},
};

static void test_broken(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_change(whole, &cases[i]);
    check_broken(
        "an entity of another file", "a.xml",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"/etc/passwd\">]><AnnotatedECG>&x;</AnnotatedECG>", 80,
        "never fetched");
}

static void test_cut(void **state) {
    (void)state;
    check_cuts("a.xml", whole, sizeof whole - 3, 11);
}

/* Many sets, many annotations and one long list of nothing: the time is in proportion. */
static void test_many(void **state) {
    enum { N = 60000 };
    (void)state;
    char *text = malloc(40 * N + 8192), *q = text + sprintf(text, HEAD SERIES);
    for (int i = 0; i < N; i++) q += sprintf(q, "<sequence/>");
    q += sprintf(q, "</sequenceSet></component>");
    for (int i = 0; i < N / 2; i++) q += sprintf(q, "<component><sequenceSet/></component>");
    sprintf(q, "<component><sequenceSet>" TAIL);
    check_broken("many sets", "a.xml", text, strlen(text), "no <series>");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden), cmocka_unit_test(test_made), cmocka_unit_test(test_several),
        cmocka_unit_test(test_broken), cmocka_unit_test(test_cut),  cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
