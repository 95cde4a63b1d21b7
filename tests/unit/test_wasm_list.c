/* The page's list of records, called natively: so the sanitizers see it too. */
#include "support.h"

#include "wasm_list.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static cJSON *text(xp_wasm_list *w) {
    const char *json = xp_wasm_list_text(w);
    assert_non_null(json);
    cJSON *o = cJSON_Parse(json);
    assert_non_null(o);
    return o;
}

static const char *string(const cJSON *o, const char *key) {
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(o, key));
    return s ? s : "null";
}

static void assert_pair(const cJSON *list, int at, int index, int bytes) {
    const cJSON *pair = cJSON_GetArrayItem(list, at);
    assert_int_equal(cJSON_GetArrayItem(pair, 0)->valueint, index);
    assert_int_equal(cJSON_GetArrayItem(pair, 1)->valueint, bytes);
}

static void show(xp_wasm_list *w, int index, const char *start) {
    xp_wasm_list_show(w, index, (const uint8_t *)start, strlen(start));
}

static void asks_in_batches_and_tells_the_records(void **state) {
    (void)state;
    static const char header[] = "a 1 500 2\na.dat 16 1000/mV 16 0 0 0 0 I\n";
    xp_wasm_list *w = xp_wasm_list_open();
    assert_non_null(w);
    xp_wasm_list_add(w, "d/a.HEA", sizeof header - 1);
    xp_wasm_list_add(w, "b.hea", 3);
    xp_wasm_list_add(w, "IM1", 50000);
    xp_wasm_list_add(w, "x.\"y\"", -1);
    xp_wasm_list_add(w, "README", 1e300);

    cJSON *o = text(w), *wanted = cJSON_GetObjectItem(o, "wanted");
    assert_int_equal(cJSON_GetArraySize(wanted), 2);
    assert_pair(wanted, 0, 0, sizeof header - 1);
    assert_pair(wanted, 1, 1, 3);
    assert_null(cJSON_GetObjectItem(o, "records"));
    cJSON_Delete(o);
    show(w, 0, header);
    show(w, 1, "b 1");

    o = text(w);
    wanted = cJSON_GetObjectItem(o, "wanted");
    assert_int_equal(cJSON_GetArraySize(wanted), 1); /* of what has no size nothing is asked for */
    assert_pair(wanted, 0, 2, 8192);
    cJSON_Delete(o);
    show(w, 2, "\x89PNG");

    o = text(w);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "wanted")), 0);
    const cJSON *records = cJSON_GetObjectItem(o, "records"), *r = cJSON_GetArrayItem(records, 0);
    assert_int_equal(cJSON_GetArraySize(records), 2);
    assert_string_equal(string(r, "name"), "a");
    assert_string_equal(string(r, "format"), "WFDB");
    assert_string_equal(string(r, "type"), "WFDB");
    assert_string_equal(string(r, "problem"), "null");
    assert_string_equal(string(cJSON_GetArrayItem(cJSON_GetObjectItem(r, "files"), 0), "name"),
                        "a.hea");
    assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(r, "missing"), 0)->valuestring,
                        "a.dat");
    const cJSON *others = cJSON_GetObjectItem(o, "others");
    assert_int_equal(cJSON_GetArraySize(others), 3);
    const cJSON *picture = cJSON_GetArrayItem(others, 0), *odd = cJSON_GetArrayItem(others, 1);
    assert_string_equal(string(picture, "type"), "picture");
    assert_non_null(strstr(string(picture, "problem"), "This is a picture: "));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(picture, "quiet")));
    assert_string_equal(string(odd, "type"), ".\"y\", not known");
    assert_non_null(strstr(string(odd, "problem"), string(o, "help")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetArrayItem(others, 2), "quiet")));
    cJSON_Delete(o);
    xp_wasm_list_close(w);
    xp_wasm_list_close(NULL);
}

static void what_was_not_asked_for_is_passed_over(void **state) {
    (void)state;
    xp_wasm_list *w = xp_wasm_list_open();
    xp_wasm_list_add(w, "a.hea", 3);
    show(w, 0, "a 1");
    show(w, -1, "");
    show(w, 7, "");
    cJSON_Delete(text(w));
    show(w, 0, "a 1");
    show(w, 0, "a 1");
    cJSON *o = text(w);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "records")), 1);
    cJSON_Delete(o);
    xp_wasm_list_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_in_batches_and_tells_the_records),
        cmocka_unit_test(what_was_not_asked_for_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
