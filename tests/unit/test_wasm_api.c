/* The boundary to JavaScript, called natively: so the sanitizers see it too. */
#include "support.h"

#include "lead_evidence.h"
#include "nn/model.h"
#include "wasm_api.h"
#include "wasm_picture.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 600, LEADS = 12 };

static const char *const lead_names[LEADS] = {"I",  "II", "III", "AVR", "AVL", "AVF",
                                              "V1", "V2", "V3",  "V4",  "V5",  "V6"};

static void add(xp_session *s, const char *name, const void *bytes, size_t size) {
    uint8_t *copy = xp_wasm_alloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_int_equal(xp_wasm_add_file(s, name, copy, size), XP_OK);
}

/* A record of 12 leads at 500 Hz: a pulse every 200 samples. */
static void add_record(xp_session *s) {
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
    add(s, "r.hea", hea, (size_t)at);
    add(s, "r.dat", dat, sizeof dat);
}

static int load_small_model(xp_session *s, const char *layer) {
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
    xp_model m;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(xp_model_build(&m, &cfg, 7, &err), XP_OK);
    assert_int_equal(xp_model_write(&m, true, &bytes, &size, &err), XP_OK);
    xp_model_free(&m);
    uint8_t *copy = xp_wasm_alloc(size);
    memcpy(copy, bytes, size);
    free(bytes);
    return xp_wasm_load_model(s, copy, size, layer);
}

static cJSON *text(xp_session *s, xp_text_kind kind) {
    cJSON *o = cJSON_Parse(xp_wasm_text(s, kind));
    assert_non_null(o);
    return o;
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
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
    assert_int_equal(xp_wasm_add_file(s, NULL, NULL, 0), XP_OK);
    assert_int_equal(load_small_model(s, ""), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, XP_ANALYSE_NO_MAPS), XP_OK);
    assert_non_null(xp_wasm_floats(s, XP_FLOATS_PROBABILITIES, 0));
    assert_null(xp_wasm_floats(s, XP_FLOATS_MAPS, 0));
    for (int i = 0; i < 3; i++) assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);

    cJSON *record = text(s, XP_TEXT_RECORD), *a = text(s, XP_TEXT_ANALYSIS);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(record, "leads")), LEADS);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(record, "samples")), SAMPLES);
    assert_true(xp_wasm_floats(s, XP_FLOATS_LEAD, 0)[200] == 0.9f);
    assert_null(xp_wasm_floats(s, XP_FLOATS_LEAD, LEADS));

    int windows = cJSON_GetArraySize(cJSON_GetObjectItem(a, "windows"));
    int steps = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(a, "mapLength"));
    assert_true(windows == 2 && steps > 0);
    for (int w = 0; w < windows; w++) {
        const float *p = xp_wasm_floats(s, XP_FLOATS_PROBABILITIES, w);
        const float *maps = xp_wasm_floats(s, XP_FLOATS_MAPS, w);
        for (int i = 0; i < 3; i++) assert_true(p[i] > 0 && p[i] < 1);
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
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    float before = xp_wasm_floats(s, XP_FLOATS_LOGITS, 0)[1];
    assert_int_equal(xp_wasm_choose_layer(s, "block1.out"), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_LOGITS, 0));
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    assert_true(xp_wasm_floats(s, XP_FLOATS_LOGITS, 0)[1] - before < 1e-5f);
    assert_true(before - xp_wasm_floats(s, XP_FLOATS_LOGITS, 0)[1] < 1e-5f);
    assert_int_equal(xp_wasm_choose_layer(s, "nothing"), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_choose_layer(s, ""), XP_ERR_USAGE);
    xp_wasm_close(s);
}

static void filters_for_display_only(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_filter(s, 0.5, 40, 0), XP_ERR_USAGE);
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
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
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_ERR_NOT_FOUND);
    assert_error(s, "NOT_FOUND");
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_ERR_USAGE);
    add(s, "r.dat", "short", 5);
    assert_int_not_equal(xp_wasm_open_record(s, "r"), XP_OK);
    assert_string_equal(xp_wasm_text(s, XP_TEXT_RECORD), "null");
    uint8_t *junk = xp_wasm_alloc(40);
    memset(junk, 0xff, 40);
    assert_int_not_equal(xp_wasm_load_model(s, junk, 40, ""), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_PROBABILITIES, 0));
    assert_null(xp_wasm_floats(s, XP_FLOATS_LEAD, -1));
    xp_wasm_close(s);
}

/* ==== evidence by lead ======================================================================= */

static void tells_evidence_by_lead(void **state) {
    (void)state;
    xp_session *s = xp_wasm_open();
    assert_int_equal(xp_wasm_attribute(s, XP_EVIDENCE_OCCLUSION, 0, 0), XP_ERR_USAGE);
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
    assert_int_equal(load_small_model(s, ""), XP_OK);
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    float before = xp_wasm_floats(s, XP_FLOATS_LOGITS, 0)[1];
    assert_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 0));
    assert_int_equal(xp_wasm_attribute(s, 7, 0, 0), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_attribute(s, XP_EVIDENCE_OCCLUSION, 2, 0), XP_ERR_USAGE);
    assert_int_equal(xp_wasm_attribute(s, XP_EVIDENCE_GRADIENTS, 0, 3), XP_ERR_USAGE);

    assert_int_equal(xp_wasm_attribute(s, XP_EVIDENCE_OCCLUSION, 1, 0), XP_OK);
    cJSON *o = text(s, XP_TEXT_EVIDENCE);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(o, "steps")), 2);
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(o, "labels")), 3);
    cJSON_Delete(o);
    for (int i = 0; i < 3; i++) assert_non_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, i));

    /* Complete: all evidence of integrated gradients is what the record adds to the logit. */
    assert_int_equal(xp_wasm_attribute(s, XP_EVIDENCE_GRADIENTS, 0, 1), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 0));
    o = text(s, XP_TEXT_EVIDENCE);
    const cJSON *ig = cJSON_GetObjectItem(o, "integration");
    int steps = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(o, "steps"));
    double sum = 0, told = cJSON_GetNumberValue(cJSON_GetObjectItem(ig, "sum"));
    const float *v = xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 1);
    for (int i = 0; i < LEADS * steps; i++) sum += (double)v[i];
    assert_float_equal(sum, told, 1e-4 * (1 + fabs(told)));
    assert_float_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(ig, "logit")), (double)before,
                       1e-4);
    cJSON_Delete(o);
    /* And the analysis goes on as before. */
    assert_int_equal(xp_wasm_analyse(s, 0), XP_OK);
    assert_null(xp_wasm_floats(s, XP_FLOATS_EVIDENCE, 1));
    assert_float_equal(xp_wasm_floats(s, XP_FLOATS_LOGITS, 0)[1], before, 1e-6);
    assert_non_null(xp_wasm_floats(s, XP_FLOATS_MAPS, 0));
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
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
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
    xp_picture *p = xp_picture_open(272, 107, 0, n[0], n[1], n[2], n[3]);
    assert_non_null(p);
    for (int i = 0; i < 4; i++)
        memcpy(xp_picture_part(p, i), xp_wasm_drawing(s, i), n[i] * each[i]);
    assert_null(xp_picture_part(p, 4));
    return p;
}

static void makes_a_picture(void **state) {
    (void)state;
    static const float map[] = {0, 0.5f, 1};
    xp_session *s = xp_wasm_open();
    add_record(s);
    assert_int_equal(xp_wasm_open_record(s, "r"), XP_OK);
    assert_int_equal(xp_wasm_draw(s, bare_request, map, 3), XP_OK);
    xp_picture *p = picture_of(s);
    assert_null(xp_picture_bytes(p));
    assert_int_equal(xp_picture_png(p, 50), XP_OK);
    assert_true(xp_picture_size(p) > 1000);
    assert_memory_equal(xp_picture_bytes(p) + 37, "pHYs", 4);
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
    assert_int_equal(xp_picture_size(p), 0);
    xp_picture_close(p);
    xp_picture_close(NULL);
    xp_wasm_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_test_passes),
        cmocka_unit_test(analyses_a_record),
        cmocka_unit_test(chooses_the_layer),
        cmocka_unit_test(plans_anew_for_another_layer),
        cmocka_unit_test(filters_for_display_only),
        cmocka_unit_test(errors_leave_nothing_half_done),
        cmocka_unit_test(tells_evidence_by_lead),
        cmocka_unit_test(draws_the_record),
        cmocka_unit_test(makes_a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
