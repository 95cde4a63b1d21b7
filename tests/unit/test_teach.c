/* Rules of case sets that no document shows alone: texts, paths, lines, and what a package's
 * elements hold. */
#include "support.h"
#include "teach/bundle.h"
#include "teach/manifest.h"
#include "teach/results.h"
#include "teach/rules.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

static xp_bytes bytes(const char *text) {
    return (xp_bytes){(const uint8_t *)text, strlen(text)};
}

static void markup_is_told_from_signs(void **state) {
    (void)state;
    static const char *const markup[] = {"<b>",         "a</p>",        "<!-- x",      "<?xml",
                                         "<img src=x>", "<svg/onload=", "<a\nhref=x>", "x <script",
                                         "<x-y>",       "<svg:a>",      "1 < 2 <i>no"};
    static const char *const plain[] = {
        "PR < 120 ms",        "<120 ms", "a <- b", "**bold** [text](address)",
        "RR < 0.6 s > 0.4 s", "<",       "<<",     "a<=b",
        "&lt;b&gt;",          "5 <\n6"};
    for (size_t i = 0; i < sizeof markup / sizeof *markup; i++)
        if (!teach_text_fault(markup[i])) fail_msg("%s is markup", markup[i]);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (teach_text_fault(plain[i])) fail_msg("%s is no markup", plain[i]);
    assert_non_null(teach_text_fault("bell \a"));
    assert_non_null(teach_text_fault("\xef\xbf\xbf"));
    assert_null(teach_text_fault("two\nlines\tand a tab, \xc3\xa9"));
    assert_int_equal(teach_text_length("\xc3\xa9\xe2\x82\xac x"), 4);
}

static void paths_stay_inside(void **state) {
    (void)state;
    static const char *const bad[] = {"",      "/a",   "a/",   "../a", "a/../b", "a//b",
                                      "./a",   "a/.",  "C:/a", "a\\b", "a?b",    "a#b",
                                      "a%2fb", "a\"b", "a<b",  "a.",   "a ",     " a",
                                      "a/..",  "a&b",  "a'b",  "a*b",  "a|b",    "a\nb"};
    static const char *const good[] = {"a",       "records/1.hea", "a/b/c.dat",
                                       "a b.csv", "..a",           "\xc3\xa9.edf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!teach_path_fault(bad[i])) fail_msg("%s is no path", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (teach_path_fault(good[i])) fail_msg("%s is a path", good[i]);
}

static void ids_leads_and_languages(void **state) {
    (void)state;
    assert_true(teach_is_id("af-1.b_2"));
    assert_false(teach_is_id(""));
    assert_false(teach_is_id("a b"));
    assert_false(teach_is_id("\xc3\xa9"));
    assert_string_equal(teach_lead("lead avr"), "aVR");
    assert_string_equal(teach_lead("V4R"), "V4R");
    assert_null(teach_lead("V10"));
    assert_null(teach_lead(""));
    assert_true(teach_is_language("pt-BR"));
    assert_false(teach_is_language("e"));
    assert_false(teach_is_language("en-"));
    assert_false(teach_is_sha256("00"));
}

static void lines_are_found(void **state) {
    (void)state;
    static const char text[] =
        "{\n\"a\": [1,\n {\"b\": \"]},\", \"c\":\n 2},\n[]],\n \"d\": {\"e\": null}\n}";
    assert_int_equal(teach_line_of_path(bytes(text), ""), 1);
    assert_int_equal(teach_line_of_path(bytes(text), "a[0]"), 2);
    assert_int_equal(teach_line_of_path(bytes(text), "a[1]"), 3);
    assert_int_equal(teach_line_of_path(bytes(text), "a[1].c"), 4);
    assert_int_equal(teach_line_of_path(bytes(text), "a[2]"), 5);
    assert_int_equal(teach_line_of_path(bytes(text), "a[3]"),
                     2); /* not there: where it would be in */
    assert_int_equal(teach_line_of_path(bytes(text), "d.e"), 6);
    assert_int_equal(teach_line_of_path(bytes(text), "d.x.y"), 6);
}

static void what_browsers_would_read_otherwise(void **state) {
    (void)state;
    size_t at;
    assert_null(
        teach_bytes_fault(bytes("{\"a\": \"\\\\u0000\"}"), &at)); /* a backslash, then u0000 */
    assert_non_null(teach_bytes_fault(bytes("{\"a\": \"\\\\\\u0000\"}"), &at));
    assert_int_equal(at, 9);
    assert_non_null(teach_bytes_fault(bytes("\"\xff\""), &at));
    assert_non_null(teach_bytes_fault((xp_bytes){(const uint8_t *)"[\0]", 3}, &at));
    assert_null(teach_bytes_fault(bytes("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""), &at));
}

/* ==== elements =============================================================================== */

static uint8_t *unpack(const xp_buffer *base64, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *packed = malloc(base64->size), *out = malloc(size + 1);
    size_t n = 0, made = 0;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < base64->size && base64->data[i] != '='; i++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, base64->data[i]) - digits);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        packed[n++] = (uint8_t)(bits >> count);
    }
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    assert_int_equal(libdeflate_gzip_decompress(d, packed, n, out, size + 1, &made), 0);
    assert_int_equal(made, size);
    libdeflate_free_decompressor(d);
    free(packed);
    return out;
}

static void elements_are_gzip(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 3, 65534, 65535, 65536, 200000};
    uint8_t *data = malloc(200000);
    for (size_t i = 0; i < 200000; i++) data[i] = (uint8_t)(i * i >> 3);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        xp_buffer out = {0};
        teach_stored(&out, (xp_bytes){data, sizes[i]});
        assert_false(out.failed);
        assert_int_equal(out.size % 4, 0);
        uint8_t *back = unpack(&out, sizes[i]);
        assert_memory_equal(back, data, sizes[i]);
        free(back);
        xp_buffer_free(&out);
    }
    free(data);
}

static void titles_are_escaped(void **state) {
    (void)state;
    xp_buffer out = {0};
    teach_escape(&out, "a<b> & \"c\"\n\xc3\xa9", SIZE_MAX);
    xp_buffer_le(&out, 0, 1);
    assert_string_equal((const char *)out.data, "a&lt;b&gt; &amp; &quot;c&quot; \xc3\xa9");
    xp_buffer_free(&out);
    teach_escape(&out, "\xc3\xa9\xc3\xa9\xc3\xa9", 2);
    assert_int_equal(out.size, 4);
    xp_buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_told_from_signs),
        cmocka_unit_test(paths_stay_inside),
        cmocka_unit_test(ids_leads_and_languages),
        cmocka_unit_test(lines_are_found),
        cmocka_unit_test(what_browsers_would_read_otherwise),
        cmocka_unit_test(elements_are_gzip),
        cmocka_unit_test(titles_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
