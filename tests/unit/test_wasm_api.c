/* The boundary to JavaScript, called natively: so the sanitizers see it too. */
#include "json_path.h"
#include "support.h"

#include "ecg/record_bytes.h"
#include "lead_attribution.h"
#include "nn/model.h"
#include "nn/model_file.h"
#include "wasm_api.h"
#include "wasm_picture.h"
#include "wasm_readers.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 600, LEADS = 12 };

static const char *const lead_names[LEADS] = {"I",  "II", "III", "AVR", "AVL", "AVF",
                                              "V1", "V2", "V3",  "V4",  "V5",  "V6"};

static void add(xp_wasm_reader *r, const char *name, const void *bytes, size_t size) {
    uint8_t *copy = xp_wasm_alloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(xp_wasm_reader_add(r, name, copy, size), XP_OK);
}

/* A record of 12 leads at 500 Hz: a pulse every 200 samples. */
static void add_record(xp_wasm_reader *r) {
    char hea[2048];
    int at = snprintf(hea, sizeof hea, "r 12 500 %d\n", SAMPLES);
    for (int i = 0; i < LEADS; i++)
        at += snprintf(hea + at, sizeof hea - (size_t)at, "r.dat 16 1000/mV 16 0 0 0 0 %s\n",
                       lead_names[i]);
    uint8_t dat[SAMPLES * LEADS * 2];
    for (int t = 0; t < SAMPLES; t++)
        for (int c = 0; c < LEADS; c++) {
            int v = t % 200 < 12 ? 900 - 20 * c : 3 * ((t * 7 + c) % 11);
            xp_store_le(dat + (t * LEADS + c) * 2, (uint64_t)(int64_t)v, 2);
        }
    add(r, "r.hea", hea, (size_t)at);
    add(r, "r.dat", dat, sizeof dat);
}

/* As the page does it: from one module's memory to the other's. */
static void open_record(xp_session *s) {
    xp_wasm_reader *r = xp_wasm_reader_open();
    add_record(r);
    assert_int_equal(xp_wasm_reader_read(r, "r", 0, "", ""), XP_OK);
    const size_t size = xp_wasm_reader_size(r);
    uint8_t *copy = xp_wasm_alloc(size);
    memcpy(copy, xp_wasm_reader_bytes(r), size);
    assert_int_equal(xp_wasm_take_record(s, "r", copy, size), XP_OK);
    xp_wasm_reader_close(r);
}

static void make_small_model(xp_model *m) {
    static const char *const labels[] = {"one", "two", "three"};
    xp_arch_config cfg = {.arch = "ecg-xplaim",
                          .length = 500,
                          .n_leads = LEADS,
                          .rate = 500,
                          .n_labels = 3,
                          .labels = labels,
                          .n_blocks = 2,
                          .filters = {4, 6}};
    xp_error err;
    assert_int_equal(xp_model_build(m, &cfg, 7, &err), XP_OK);
}

/* The model is freed. */
static int load_model(xp_session *s, xp_model *m, const char *layer) {
    xp_error err;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(xp_model_write(m, true, &bytes, &size, &err), XP_OK);
    xp_model_free(m);
    uint8_t *copy = xp_wasm_alloc(size);
    memcpy(copy, bytes, size);
    free(bytes);
    return xp_wasm_load_model(s, copy, size, layer);
}

static int load_small_model(xp_session *s, const char *layer) {
    xp_model m;
    make_small_model(&m);
    return load_model(s, &m, layer);
}

static cJSON *text(xp_session *s, xp_text_kind kind) {
    cJSON *o = cJSON_Parse(xp_wasm_text(s, kind));
    assert_non_null(o);
    return o;
}

static double logit(xp_session *s, int label) {
    char path[40];
    cJSON *o = text(s, XP_TEXT_REPORT);
    snprintf(path, sizeof path, "labels.%d.logit", label);
    const double v = json_number(o, path);
    cJSON_Delete(o);
    return v;
}

static void assert_error(xp_session *s, const char *code) {
    cJSON *o = text(s, XP_TEXT_ERROR);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "code")), code);
    assert_true(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(o, "text"))) > 10);
    cJSON_Delete(o);
}

static void self_test_passes(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_self_test(s), XP_OK);
    xp_wasm_close(s);
}

static void analyses_a_record(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    open_record(s);
    assert_int_equal(load_small_model(s, ""), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, XP_ANALYSE_NO_MAPS), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_MAPS, 0));
    cJSON *without = text(s, XP_TEXT_REPORT);
    assert_true(json_number(without, "windows.1.probabilities.2") > 0);
    assert_null(json_at(without, "map"));
    cJSON_Delete(without);
    for (int i = 0; i < 3; i++) assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);

    cJSON *record = text(s, XP_TEXT_RECORD), *a = text(s, XP_TEXT_REPORT);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(record, "leads")), LEADS);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(record, "samples")), SAMPLES);
    assert_true(xp_wasm_floats(s, XP_FLOATS_LEAD, 0)[200] == 0.9f);
    assert_null(xp_wasm_floats(s, XP_FLOATS_LEAD, LEADS));

    assert_string_equal(cJSON_GetStringValue(json_at(a, "record")), "r");
    assert_int_equal(strlen(cJSON_GetStringValue(json_at(a, "model.sha256"))), 64);
    int windows = cJSON_GetArraySize(json_at(a, "map.windows"));
    int steps = (int)json_number(a, "map.steps");
    assert_true(windows == 2 && steps > 0);
    for (int w = 0; w < windows; w++) {
        const float *maps = xp_wasm_floats(s, XP_FLOATS_MAPS, w);
        const cJSON *labels = json_at(cJSON_GetArrayItem(json_at(a, "map.windows"), w), "labels");
        for (int i = 0; i < 3; i++) {
            const cJSON *label = cJSON_GetArrayItem(labels, i);
            const double p = json_number(label, "probability");
            assert_true(p > 0 && p < 1);
            assert_int_equal(cJSON_GetArraySize(json_at(label, "values")), 0);
        }
        for (int i = 0; i < 3 * steps; i++) assert_true(maps[i] >= 0 && maps[i] <= 1);
    }
    assert_null(xp_wasm_floats(s, XP_FLOATS_MAPS, windows));
    cJSON_Delete(record);
    cJSON_Delete(a);
    xp_wasm_close(s);
}

/* Another layer of the same model, without its bytes; what is no layer drops the model. */
static void plans_anew_for_another_layer(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(load_small_model(s, ""), XP_OK);
    open_record(s);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    const double before = logit(s, 1);
    assert_int_equal(xp_wasm_choose_layer(s, "block1.out"), XP_OK);
    assert_string_equal(xp_wasm_text(s, XP_TEXT_REPORT), "null");
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    assert_float_equal(logit(s, 1), before, 1e-5);
    assert_int_equal(xp_wasm_choose_layer(s, "nothing"), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_choose_layer(s, ""), XP_ERR_USAGE);
    xp_wasm_close(s);
}

/* Other thresholds, the same probabilities; a model that has no others says so and stays. */
static void judges_at_another_operating_point(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    xp_model m;
    assert_int_equal(xp_wasm_operate_at(s, "balanced"), XP_ERR_USAGE);
    make_small_model(&m);
    for (int i = 0; i < m.n_labels; i++) m.labels[i].threshold = 1e-6;
    m.labels[1].specific_threshold = 1 - 1e-6;
    assert_int_equal(load_model(s, &m, ""), XP_OK);
    open_record(s);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    const double before = logit(s, 1);
    for (int k = 1; k >= 0; k--) {
        assert_int_equal(xp_wasm_operate_at(s, k ? "high-specificity" : "balanced"), XP_OK);
        assert_string_equal(xp_wasm_text(s, XP_TEXT_REPORT), "null");
        assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
        cJSON *a = text(s, XP_TEXT_REPORT), *model = text(s, XP_TEXT_MODEL);
        assert_string_equal(cJSON_GetStringValue(json_at(a, "model.operating_point")),
                            k ? "high-specificity" : "balanced");
        assert_float_equal(json_number(model, "labels.1.threshold"), k ? 1 - 1e-6 : 1e-6, 1e-9);
        assert_true(logit(s, 1) == before);
        cJSON_Delete(model);
        cJSON_Delete(a);
    }
    assert_int_equal(xp_wasm_operate_at(s, "other"), XP_ERR_USAGE);
    assert_int_equal(load_small_model(s, ""), XP_OK);
    assert_int_equal(xp_wasm_operate_at(s, "high-specificity"), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    xp_wasm_close(s);
}

static void filters_for_display_only(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_filter(s, 0.5, 40, 0), XP_ERR_USAGE);
    open_record(s);
    float raw = xp_wasm_floats(s, XP_FLOATS_LEAD, 3)[205];
    assert_null(xp_wasm_floats(s, XP_FLOATS_FILTERED, 3));
    assert_int_equal(xp_wasm_filter(s, 0.5, 40, 50), XP_OK);
    assert_true(xp_wasm_floats(s, XP_FLOATS_FILTERED, 3)[205] != raw);
    assert_true(xp_wasm_floats(s, XP_FLOATS_LEAD, 3)[205] == raw);
    assert_null(xp_wasm_floats(s, XP_FLOATS_FILTERED, LEADS));
    assert_int_equal(xp_wasm_filter(s, 40, 0.5, 0), XP_ERR_USAGE);
    assert_null(xp_wasm_floats(s, XP_FLOATS_FILTERED, 3));
    xp_wasm_close(s);
}

static void chooses_the_layer(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(load_small_model(s, "block2.out"), XP_OK);
    cJSON *m = text(s, XP_TEXT_MODEL);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(m, "layer")), "block2.out");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(m, "trained")));
    cJSON_Delete(m);
    assert_int_equal(load_small_model(s, "no.such.layer"), XP_ERR_USAGE);
    assert_error(s, "USAGE");
    assert_string_equal(xp_wasm_text(s, XP_TEXT_MODEL), "null");
    xp_wasm_close(s);
}

static void errors_leave_nothing_half_done(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_analyse(s, 0), XP_ERR_USAGE);
    open_record(s);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_ERR_USAGE);
    uint8_t *junk = xp_wasm_alloc(40);
    memset(junk, 0xff, 40);
    assert_int_equal(xp_wasm_take_record(s, "r", junk, 40), XP_ERR_FORMAT);
    assert_error(s, "FORMAT");
    assert_string_equal(xp_wasm_text(s, XP_TEXT_RECORD), "null");
    junk = xp_wasm_alloc(40);
    memset(junk, 0xff, 40);
    assert_int_not_equal(xp_wasm_load_model(s, junk, 40, ""), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_MAPS, 0));
    assert_null(xp_wasm_floats(s, XP_FLOATS_LEAD, -1));
    xp_wasm_close(s);
}

/* What a file states is told; who it is of is not. */
static void facts_are_told(void **state) {
    (void)state;
    xp_record rec;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(xp_record_alloc(&rec, "r", 500, 1, 10, NULL), XP_OK);
    strcpy(rec.format, "DICOM");
    strcpy(rec.leads[0].name, "II");
    strcpy(rec.facts.patient_name, "DOE^JANE");
    strcpy(rec.facts.device, "Maker");
    rec.facts.low_pass = 150;
    xp_facts_state(&rec.facts, "pr_interval", 162, "ms", NULL);
    xp_facts_state(&rec.facts, "statement", NAN, NULL, "Sinus rhythm");
    assert_int_equal(xp_record_to_bytes(&bytes, &size, &rec, NULL), XP_OK);
    xp_record_free(&rec);
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_take_record(s, "r", bytes, size), XP_OK);
    assert_null(strstr(xp_wasm_text(s, XP_TEXT_RECORD), "DOE"));
    cJSON *o = text(s, XP_TEXT_RECORD);
    assert_string_equal(cJSON_GetStringValue(json_at(o, "format")), "DICOM");
    assert_string_equal(cJSON_GetStringValue(json_at(o, "facts.device")), "Maker");
    assert_true(json_number(o, "facts.low_pass") == 150 &&
                cJSON_IsNull(json_at(o, "facts.high_pass")));
    assert_true(cJSON_IsNull(json_at(o, "facts.start")));
    assert_string_equal(cJSON_GetStringValue(json_at(o, "facts.statements.0.name")), "pr_interval");
    assert_true(json_number(o, "facts.statements.0.value") == 162);
    assert_true(cJSON_IsNull(json_at(o, "facts.statements.1.value")));
    assert_string_equal(cJSON_GetStringValue(json_at(o, "facts.statements.1.text")),
                        "Sinus rhythm");
    cJSON_Delete(o);
    xp_wasm_close(s);
}

static void assert_reader_error(xp_wasm_reader *r, const char *code) {
    cJSON *o = cJSON_Parse(xp_wasm_reader_error(r));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "code")), code);
    assert_true(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(o, "text"))) > 10);
    cJSON_Delete(o);
}

/* Of one record after another by the same reader, and of none. */
static void the_reader_measures(void **state) {
    (void)state;
    xp_wasm_reader *r = xp_wasm_reader_open();
    assert_null(xp_wasm_reader_csv(r, "a"));
    assert_null(xp_wasm_reader_drawn(r));
    assert_null(xp_wasm_reader_marks(r));
    assert_null(xp_wasm_reader_beat(r));
    add_record(r);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(xp_wasm_reader_read(r, "r", 0, "", ""), XP_OK);
        assert_null(xp_wasm_reader_marks(r)); /* it was read, not measured */
        cJSON *o = cJSON_Parse(xp_wasm_reader_measure(r, "named", 1));
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "record")), "named");
        cJSON_Delete(o);
        o = cJSON_Parse(xp_wasm_reader_drawn(r));
        const double marks = cJSON_GetObjectItem(o, "marks")->valuedouble;
        assert_true(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(o, "numbers"))) > 0);
        const double *m = xp_wasm_reader_marks(r);
        assert_non_null(m);
        assert_ptr_equal(m, xp_wasm_reader_marks(r));
        for (int i = 0; i < (int)marks; i++)
            assert_true(m[i * XP_MARK_NUMBERS] >= 0 &&
                        m[i * XP_MARK_NUMBERS] <= (double)SAMPLES / 500);
        assert_int_equal(cJSON_IsNull(cJSON_GetObjectItem(o, "beat")), !xp_wasm_reader_beat(r));
        cJSON_Delete(o);
        const char *csv = xp_wasm_reader_csv(r, "named");
        assert_non_null(csv);
        assert_non_null(strstr(csv, "\n\"named\",,1.2,"));
    }
    xp_wasm_reader_close(r);
}

static void the_reader_tells_what_is_wrong(void **state) {
    (void)state;
    xp_wasm_reader *r = xp_wasm_reader_open();
    assert_int_equal(xp_wasm_reader_read(r, "r", 0, "", ""), XP_ERR_NOT_FOUND);
    assert_reader_error(r, "NOT_FOUND");
    add_record(r);
    assert_int_equal(xp_wasm_reader_read(r, "r", 0, "", ""), XP_OK);
    assert_non_null(xp_wasm_reader_bytes(r));
    add(r, "r.dat", "short", 5);
    assert_int_not_equal(xp_wasm_reader_read(r, "r", 0, "", ""), XP_OK);
    assert_null(xp_wasm_reader_bytes(r));
    assert_int_equal(xp_wasm_reader_size(r), 0);
    xp_wasm_reader_close(r);
    xp_wasm_reader_close(NULL);
}

static void writes_other_formats(void **state) {
    (void)state;
    xp_wasm_reader *r = xp_wasm_reader_open();
    add_record(r);
    assert_int_equal(xp_wasm_reader_write(r, "r", 0, "", "", "wfdb", "copy", 0, 0), XP_OK);
    cJSON *o = cJSON_Parse(xp_wasm_reader_written(r));
    assert_int_equal(cJSON_GetArraySize(json_at(o, "files")), 2);
    for (int i = 0; i < 2; i++) {
        char path[20];
        snprintf(path, sizeof path, "files.%d.name", i);
        assert_int_equal(strncmp(cJSON_GetStringValue(json_at(o, path)), "copy.", 5), 0);
        assert_non_null(xp_wasm_reader_file(r, i));
    }
    cJSON_Delete(o);
    assert_null(xp_wasm_reader_file(r, 2));
    assert_null(xp_wasm_reader_file(r, -1));
    assert_int_equal(xp_wasm_reader_write(r, "r", 0, "", "", "gif", "copy", 0, 0), XP_ERR_USAGE);
    assert_reader_error(r, "USAGE");
    assert_null(xp_wasm_reader_file(r, 0));
    xp_wasm_reader_close(r);
}

/* What a table does not say is asked, with its beginning; answered, it is read. */
static void asks_what_a_table_does_not_say(void **state) {
    (void)state;
    static const char csv[] = "I,II,time\n0.1,-0.25,0\n0.2,,1\n0.3,0.5,2\n";
    xp_wasm_reader *r = xp_wasm_reader_open();
    add(r, "t.csv", csv, sizeof csv - 1);
    assert_int_equal(xp_wasm_reader_read(r, "t.csv", 0, "", ""), XP_ERR_USAGE);
    cJSON *o = cJSON_Parse(xp_wasm_reader_error(r));
    assert_true(cJSON_IsTrue(json_at(o, "table.asks.unit")) &&
                cJSON_IsTrue(json_at(o, "table.asks.rate")));
    assert_true(cJSON_IsFalse(json_at(o, "table.asks.names")));
    assert_true(json_number(o, "table.columns") == 3 && json_number(o, "table.rows") == 3);
    assert_string_equal(cJSON_GetStringValue(json_at(o, "table.named.2.role")), "time");
    assert_string_equal(cJSON_GetStringValue(json_at(o, "table.named.1.name")), "II");
    assert_true(json_number(o, "table.first.0.1") == -0.25 &&
                cJSON_IsNull(json_at(o, "table.first.1.1")));
    assert_true(cJSON_GetArraySize(json_at(o, "table.first")) == 3);
    cJSON_Delete(o);
    assert_int_equal(xp_wasm_reader_read(r, "t.csv", 500, "mV", "I,II,-"), XP_OK);
    assert_true(xp_wasm_reader_size(r) > 0);
    assert_int_equal(xp_wasm_reader_read(r, "absent", 0, "", ""), XP_ERR_NOT_FOUND);
    o = cJSON_Parse(xp_wasm_reader_error(r));
    assert_true(cJSON_IsNull(json_at(o, "table")));
    cJSON_Delete(o);
    xp_wasm_reader_close(r);
}

/* ==== evidence by lead ======================================================================= */

static void tells_evidence_by_lead(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_attribute(s, XP_ATTRIBUTION_OCCLUSION, 0, 0), XP_ERR_USAGE);
    open_record(s);
    assert_int_equal(load_small_model(s, ""), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    cJSON *o = text(s, XP_TEXT_REPORT);
    const double p = json_number(o, "map.windows.0.labels.1.probability"),
                 before = log(p / (1 - p));
    cJSON_Delete(o);
    assert_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 0));
    assert_int_equal(xp_wasm_attribute(s, 7, 0, 0), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_attribute(s, XP_ATTRIBUTION_OCCLUSION, 2, 0), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_attribute(s, XP_ATTRIBUTION_INTEGRATED_GRADIENTS, 0, 3), XP_ERR_USAGE);

    assert_int_equal(xp_wasm_attribute(s, XP_ATTRIBUTION_OCCLUSION, 1, 0), XP_OK);
    o = text(s, XP_TEXT_EVIDENCE);
    assert_int_equal(json_number(o, "evidence.segments"), 2);
    assert_string_equal(cJSON_GetStringValue(json_at(o, "evidence.method")), "occlusion");
    assert_int_equal(cJSON_GetArraySize(json_at(o, "evidence.windows.0.labels")), 3);
    assert_int_equal(cJSON_GetArraySize(json_at(o, "labels")), 3);
    assert_true(json_number(o, "evidence.windows.0.start_s") > 0);
    cJSON_Delete(o);
    for (int i = 0; i < 3; i++) assert_non_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, i));

    /* Complete: all evidence of integrated gradients is what the record adds to the logit. */
    assert_int_equal(xp_wasm_attribute(s, XP_ATTRIBUTION_INTEGRATED_GRADIENTS, 0, 1), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 0));
    o = text(s, XP_TEXT_EVIDENCE);
    const cJSON *ig = json_at(o, "evidence.windows.0.labels.0.completeness");
    const int steps = (int)json_number(o, "evidence.segments");
    double sum = 0;
    const double told = json_number(ig, "sum");
    assert_int_equal(cJSON_GetArraySize(json_at(o, "labels")), 1);
    const float *v = xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 1);
    for (int i = 0; i < LEADS * steps; i++) sum += (double)v[i];
    assert_float_equal(sum, told, 1e-4 * (1 + fabs(told)));
    assert_float_equal(json_number(ig, "logit"), before, 1e-4);
    cJSON_Delete(o);
    /* And the analysis goes on as before. */
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 1));
    assert_non_null(xp_wasm_floats(s, XP_FLOATS_MAPS, 0));
    xp_wasm_close(s);
}

/* ==== out of memory ========================================================================== */

static int allocations_left;

static void *failing_malloc(size_t n) {
    return allocations_left-- > 0 ? malloc(n) : NULL;
}

/* With memory for any number of parts of a text there is the whole text or none. */
static void a_text_is_whole_or_not_there(void **state) {
    (void)state;
    cJSON_Hooks failing = {failing_malloc, free};
    xp_session *s = xp_wasm_open();
    open_record(s);
    assert_int_equal(load_small_model(s, ""), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    assert_int_equal(xp_wasm_attribute(s, XP_ATTRIBUTION_INTEGRATED_GRADIENTS, 0, 1), XP_OK);
    assert_int_equal(xp_wasm_draw(s, "{}", NULL, 0), XP_OK);
    for (int kind = XP_TEXT_ABOUT; kind <= XP_TEXT_EVIDENCE; kind++) {
        char *whole = strdup(xp_wasm_text(s, kind));
        const char *made = NULL;
        int n = 0;
        for (; !made && n < 100000; n++) {
            cJSON_InitHooks(&failing);
            allocations_left = n;
            made = xp_wasm_text(s, kind);
            cJSON_InitHooks(NULL);
        }
        assert_true(n > 3);
        assert_string_equal(made, whole);
        free(whole);
    }
    xp_wasm_close(s);
}

/* ==== drawing ================================================================================ */

static int count_of(xp_session *s, int part) {
    cJSON *o = text(s, XP_TEXT_DRAWING);
    int n = (int)cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "counts"), part));
    cJSON_Delete(o);
    return n;
}

static const char bare_request[] =
    "{\"layout\": \"3x4+1\", \"rhythm\": \"V2\", \"bare\": true, \"pitch\": 25, \"colormap\": "
    "\"blues\", \"alpha\": 200, \"seconds\": 1, \"map\": {\"start\": 0, \"seconds\": 1}}";

static void draws_the_record(void **state) {
    (void)state;
    static const float map[] = {0, 0.5f, 1};
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_draw(s, "{}", NULL, 0), XP_ERR_USAGE);
    assert_null(xp_wasm_drawing(s, XP_DRAWING_OPS));
    open_record(s);
    assert_int_equal(xp_wasm_draw(s, bare_request, map, 3), XP_OK);
    assert_int_equal(count_of(s, XP_DRAWING_STRIPS), 13);
    const xp_strip *strips = xp_wasm_drawing(s, XP_DRAWING_STRIPS);
    assert_int_equal(strips[12].lead, 7); /* V2 */
    assert_true(count_of(s, XP_DRAWING_COLORS) > 0);
    assert_null(xp_wasm_drawing(s, XP_DRAWING_STRIPS + 1));
    /* What is refused leaves the drawing as it was. */
    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"layout\": \"5x5\"}",
                                      "{\"colormap\": \"jet\"}",
                                      "{\"alpha\": 1e9}",
                                      "{\"speed\": 3}",
                                      "{\"start\": 1e300}",
                                      "{\"layout\": \"single\", \"rhythm\": \"X\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(xp_wasm_draw(s, bad[i], NULL, 0), XP_OK);
    assert_int_equal(xp_wasm_draw(s, "{\"map\": {\"seconds\": 1, \"perLead\": true}}", map, 3),
                     XP_ERR_USAGE);
    assert_int_equal(count_of(s, XP_DRAWING_STRIPS), 13);
    xp_wasm_close(s);
}

static xp_picture *picture_of(xp_session *s) {
    static const size_t each[] = {sizeof(xp_draw_op), sizeof(xp_point), sizeof(uint32_t), 1};
    size_t n[4];
    for (int i = 0; i < 4; i++) n[i] = (size_t)count_of(s, i);
    xp_picture *p = xp_picture_open(272, 107, 0, n[0], n[1], n[2], n[3], 4);
    assert_non_null(p);
    for (int i = 0; i < 4; i++)
        memcpy(xp_picture_part(p, i), xp_wasm_drawing(s, i), n[i] * each[i]);
    memcpy(xp_picture_part(p, 4), "<me>", 4);
    assert_null(xp_picture_part(p, 5));
    return p;
}

static void makes_a_picture(void **state) {
    (void)state;
    static const float map[] = {0, 0.5f, 1};
    xp_session *s = xp_wasm_open();
    open_record(s);
    assert_int_equal(xp_wasm_draw(s, bare_request, map, 3), XP_OK);
    xp_picture *p = picture_of(s);
    assert_null(xp_picture_bytes(p));
    assert_int_equal(xp_picture_png(p, 50), XP_OK);
    assert_true(xp_picture_size(p) > 1000);
    assert_memory_equal(xp_picture_bytes(p) + 37, "pHYs", 4);
    assert_int_equal(xp_picture_svg(p), XP_OK);
    assert_memory_equal(xp_picture_bytes(p), "<svg ", 5);
    assert_non_null(strstr((const char *)xp_picture_bytes(p), "<title>&#60;me&#62;</title>"));
    /* A list that names what it has not is refused, whatever is wrong with it. */
    xp_draw_op *ops = xp_picture_part(p, 0);
    for (int i = 0; i < count_of(s, XP_DRAWING_OPS); i++) {
        xp_draw_op kept = ops[i];
        ops[i].first = ops[i].extra = 0xffffff;
        ops[i].count = 0xffffffff;
        assert_int_equal(xp_picture_png(p, 50), XP_ERR_FORMAT);
        assert_true(strlen(xp_picture_error(p)) > 10);
        ops[i] = kept;
    }
    ops[0].kind = 9;
    assert_int_equal(xp_picture_png(p, 50), XP_ERR_FORMAT);
    assert_int_equal(xp_picture_svg(p), XP_ERR_FORMAT);
    assert_int_equal(xp_picture_size(p), 0);
    xp_picture_close(p);
    xp_picture_close(NULL);
    xp_wasm_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_test_passes),
        cmocka_unit_test(analyses_a_record),
        cmocka_unit_test(the_reader_measures),
        cmocka_unit_test(chooses_the_layer),
        cmocka_unit_test(plans_anew_for_another_layer),
        cmocka_unit_test(judges_at_another_operating_point),
        cmocka_unit_test(filters_for_display_only),
        cmocka_unit_test(errors_leave_nothing_half_done),
        cmocka_unit_test(the_reader_tells_what_is_wrong),
        cmocka_unit_test(facts_are_told),
        cmocka_unit_test(asks_what_a_table_does_not_say),
        cmocka_unit_test(writes_other_formats),
        cmocka_unit_test(tells_evidence_by_lead),
        cmocka_unit_test(a_text_is_whole_or_not_there),
        cmocka_unit_test(draws_the_record),
        cmocka_unit_test(makes_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
