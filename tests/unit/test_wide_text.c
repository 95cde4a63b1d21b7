/* Texts of two and four bytes a letter. */
#include "base/wide_text.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t letters[] = {'<', 'a', 0x7f,   0x80,   0xb5,   0x7ff,   0x800,
                                   '0', '1', 0x2212, 0xd7ff, 0xe000, 0x10000, 0x10ffff};
enum { N = sizeof letters / sizeof *letters };
static const char utf8[] = "<a\x7f\xc2\x80\xc2\xb5\xdf\xbf\xe0\xa0\x80"
                           "01\xe2\x88\x92\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";

static size_t put(uint8_t *out, uint32_t v, int width, bool big) {
    for (int i = 0; i < width; i++) out[i] = (uint8_t)(v >> 8 * (big ? width - 1 - i : i));
    return (size_t)width;
}

/* With a mark, or without. */
static size_t write(uint8_t *out, int width, bool big, bool mark) {
    size_t n = mark ? put(out, 0xfeff, width, big) : 0;
    for (int i = 0; i < N; i++) {
        const uint32_t c = letters[i];
        if (width == 4 || c < 0x10000) {
            n += put(out + n, c, width, big);
            continue;
        }
        n += put(out + n, 0xd800 + ((c - 0x10000) >> 10), 2, big);
        n += put(out + n, 0xdc00 + ((c - 0x10000) & 0x3ff), 2, big);
    }
    return n;
}

static void all_orders_and_widths_are_read(void **state) {
    (void)state;
    uint8_t in[200], out[400];
    for (int i = 0; i < 8; i++) {
        const int width = i & 1 ? 4 : 2;
        const bool big = i & 2, mark = i & 4;
        const size_t n = write(in, width, big, mark);
        const xp_wide_text kind = xp_wide_text_of((xp_bytes){in, n}, '<');
        assert_int_equal(kind.width, width);
        assert_int_equal(kind.big, big);
        assert_int_equal(kind.mark, mark ? width : 0);
        if (!mark) assert_int_equal(xp_wide_text_of((xp_bytes){in, n}, 0).width, 0);
        size_t used;
        const xp_bytes text = {in + kind.mark, n - kind.mark};
        const size_t made = xp_wide_text_decode(out, kind, text, &used);
        assert_int_equal(used, text.size);
        assert_int_equal(made, sizeof utf8 - 1);
        assert_memory_equal(out, utf8, made);
        assert_true(made <= xp_wide_text_most(text.size));
        for (size_t cut = 0; cut < text.size; cut++) { /* never behind what is there */
            xp_wide_text_decode(out, kind, (xp_bytes){text.data, cut}, &used);
            assert_true(used <= cut && cut - used < 4);
        }
    }
}

static void what_is_no_letter_ends_the_text(void **state) {
    (void)state;
    static const uint8_t halves[][8] = {{'a', 0, 0x00, 0xdc, 'b', 0},
                                        {'a', 0, 0x00, 0xd8, 'b', 0},
                                        {'a', 0, 0x00, 0xd8, 0x00, 0xd8}};
    static const uint8_t far[] = {'a', 0, 0, 0, 0, 0, 0x11, 0},
                         half[] = {'a', 0, 0, 0, 0, 0xd8, 0, 0};
    uint8_t out[20];
    size_t used;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            xp_wide_text_decode(out, (xp_wide_text){.width = 2}, (xp_bytes){halves[i], 6}, &used),
            1);
        assert_int_equal(used, 2);
    }
    assert_int_equal(
        xp_wide_text_decode(out, (xp_wide_text){.width = 4}, (xp_bytes){far, 8}, &used), 1);
    assert_int_equal(used, 4);
    assert_int_equal(
        xp_wide_text_decode(out, (xp_wide_text){.width = 4}, (xp_bytes){half, 8}, &used), 1);
    assert_int_equal(used, 4);
}

static void other_texts_are_not_wide(void **state) {
    (void)state;
    static const char *const texts[] = {"<?xml", "\xef\xbb\xbf<", "1,2", "", "\xff\xfe"};
    for (int i = 0; i < 4; i++) {
        const xp_bytes b = {(const uint8_t *)texts[i], strlen(texts[i])};
        assert_int_equal(xp_wide_text_of(b, '<').width, 0);
    }
    assert_int_equal(xp_wide_text_of((xp_bytes){(const uint8_t *)texts[4], 2}, 0).width, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_orders_and_widths_are_read),
        cmocka_unit_test(what_is_no_letter_ends_the_text),
        cmocka_unit_test(other_texts_are_not_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
