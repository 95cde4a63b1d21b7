#include "train/events.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static void crc_matches_the_standard(void **state) {
    (void)state;
    uint8_t b[32] = {0};
    /* RFC 3720, B.4 */
    assert_int_equal(xp_crc32c(0, b, 32), 0x8a9136aa);
    memset(b, 0xff, 32);
    assert_int_equal(xp_crc32c(0, b, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) b[i] = (uint8_t)i;
    assert_int_equal(xp_crc32c(0, b, 32), 0x46dd794e);
    assert_int_equal(xp_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(xp_crc32c(xp_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
    assert_int_equal(xp_crc32c(0, "", 0), 0);
    /* masked(crc) as the record format defines it */
    assert_int_equal(xp_crc32c_mask(0), 0xa282ead8);
    assert_int_equal(xp_crc32c_mask(0x00008000), 0xa282ead9);
}

/* The next record of a TFRecord file, both of its checksums verified; size 0 at the end. */
static xp_bytes next_record(xp_cursor *c) {
    if (!xp_cursor_left(c)) return (xp_bytes){0};
    const uint8_t *head = xp_cursor_take(c, 8);
    assert_non_null(head);
    assert_int_equal(xp_cursor_u32(c), xp_crc32c_mask(xp_crc32c(0, head, 8)));
    xp_bytes r = {NULL, (size_t)xp_load_le(head, 8)};
    r.data = xp_cursor_take(c, r.size);
    assert_non_null(r.data);
    assert_int_equal(xp_cursor_u32(c), xp_crc32c_mask(xp_crc32c(0, r.data, r.size)));
    assert_false(c->overrun);
    return r;
}

/* Value of a field of a protocol buffer, read with nothing but the wire format: *varint or *bytes.
 */
static bool find_field(xp_bytes message, int number, uint64_t *value, xp_bytes *bytes) {
    xp_cursor c = xp_cursor_make(message);
    while (xp_cursor_left(&c)) {
        uint64_t v[2] = {0, 0};
        xp_bytes b = {0};
        int wire = 0;
        for (int k = 0; k < 2; k++) {
            if (k && wire == 1) {
                v[1] = xp_cursor_u64(&c);
                break;
            }
            if (k && wire == 5) {
                v[1] = xp_cursor_u32(&c);
                break;
            }
            for (int shift = 0;; shift += 7) {
                uint8_t byte = xp_cursor_u8(&c);
                v[k] |= (uint64_t)(byte & 127) << shift;
                if (!(byte & 128)) break;
                assert_true(shift < 63);
            }
            if (!k) wire = (int)(v[0] & 7);
            if (k && wire == 2) b = (xp_bytes){xp_cursor_take(&c, (size_t)v[1]), (size_t)v[1]};
        }
        assert_false(c.overrun);
        if ((int)(v[0] >> 3) != number) continue;
        if (value) *value = v[1];
        if (bytes) *bytes = b;
        return true;
    }
    return false;
}

static double as_double(uint64_t u) {
    double d;
    memcpy(&d, &u, 8);
    return d;
}

static double number_at(xp_bytes packed, int i) {
    return as_double(xp_load_le(packed.data + 8 * i, 8));
}

static xp_bytes summary_value(xp_bytes event, double wall, int64_t step, const char *tag) {
    uint64_t v;
    xp_bytes summary, value, t;
    assert_true(find_field(event, 1, &v, NULL) && as_double(v) == wall);
    assert_true(find_field(event, 2, &v, NULL) && (int64_t)v == step);
    assert_true(find_field(event, 5, NULL, &summary));
    assert_true(find_field(summary, 1, NULL, &value));
    assert_true(find_field(value, 1, NULL, &t));
    assert_int_equal(t.size, strlen(tag));
    assert_memory_equal(t.data, tag, t.size);
    return value;
}

static void check_histogram(xp_bytes value) {
    xp_bytes h, limit, bucket;
    uint64_t v;
    assert_true(find_field(value, 5, NULL, &h));
    assert_true(find_field(h, 1, &v, NULL) && as_double(v) == -1);
    assert_true(find_field(h, 2, &v, NULL) && as_double(v) == 2);
    assert_true(find_field(h, 3, &v, NULL) && as_double(v) == 4); /* NaN and inf left out */
    assert_true(find_field(h, 4, &v, NULL) && as_double(v) == 2.5);
    assert_true(find_field(h, 5, &v, NULL) && as_double(v) == 1 + 0.25 + 1 + 4);
    assert_true(find_field(h, 6, NULL, &limit) && find_field(h, 7, NULL, &bucket));
    assert_int_equal(limit.size, 30 * 8);
    assert_int_equal(bucket.size, 30 * 8);
    assert_true(fabs(number_at(limit, 0) + 0.9) < 1e-12 && number_at(limit, 29) == 2);
    assert_true(number_at(bucket, 0) == 1 && number_at(bucket, 29) == 1);
    double sum = 0;
    for (int i = 0; i < 30; i++) sum += number_at(bucket, i);
    assert_true(sum == 4);
}

static void file_is_well_formed(void **state) {
    (void)state;
    char folder[] = "/tmp/xp_events_XXXXXX";
    assert_non_null(mkdtemp(folder));
    xp_events *e, *other;
    xp_error err = {0};
    const float values[] = {-1, 0.5f, NAN, 1, 2, INFINITY};
    if (xp_events_open(&e, folder, ".v2", 1700000000.25, &err)) fail_msg("%s", err.text);
    assert_int_equal(xp_events_scalar(e, 1700000001.5, 7, "loss/train", 0.125, &err), XP_OK);
    assert_int_equal(xp_events_histogram(e, 1700000002.5, 300, "w", values, 6, &err), XP_OK);
    char path[200];
    snprintf(path, sizeof path, "%s", xp_events_path(e));
    assert_non_null(strstr(path, "/events.out.tfevents.1700000000.xplaim.v2"));

    xp_bytes file = read_file(path), text, value; /* complete before it is closed */
    xp_cursor c = xp_cursor_make(file);
    assert_true(find_field(next_record(&c), 3, NULL, &text));
    assert_memory_equal(text.data, "brain.Event:2", 13);
    value = summary_value(next_record(&c), 1700000001.5, 7, "loss/train");
    uint64_t bits;
    assert_true(find_field(value, 2, &bits, NULL));
    assert_int_equal(bits, 0x3e000000); /* 0.125f */
    check_histogram(summary_value(next_record(&c), 1700000002.5, 300, "w"));
    assert_int_equal(next_record(&c).size, 0);
    free((void *)file.data);

    assert_int_equal(xp_events_open(&other, folder, ".v2", 1700000000.25, &err), XP_OK);
    assert_string_not_equal(xp_events_path(other), path); /* a second run keeps the first's file */
    remove(xp_events_path(other));
    xp_events_close(other, NULL);
    assert_int_equal(xp_events_close(e, &err), XP_OK);
    remove(path);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(xp_events_open(&e, folder, "", 1, &err), XP_ERR_IO);
}

static void odd_histograms_are_written(void **state) {
    (void)state;
    char folder[] = "/tmp/xp_events_XXXXXX", path[200];
    assert_non_null(mkdtemp(folder));
    xp_events *e;
    const float same[] = {3, 3, 3}, none[] = {NAN}, wide[] = {-3e38f, 3e38f};
    assert_int_equal(xp_events_open(&e, folder, "", 5, NULL), XP_OK);
    snprintf(path, sizeof path, "%s", xp_events_path(e));
    assert_int_equal(xp_events_histogram(e, 5, 1, "same", same, 3, NULL), XP_OK);
    assert_int_equal(xp_events_histogram(e, 5, 1, "none", none, 1, NULL), XP_OK);
    assert_int_equal(xp_events_histogram(e, 5, 1, "wide", wide, 2, NULL), XP_OK);
    assert_int_equal(xp_events_close(e, NULL), XP_OK);
    xp_bytes file = read_file(path), h, limit;
    xp_cursor c = xp_cursor_make(file);
    next_record(&c);
    assert_true(find_field(summary_value(next_record(&c), 5, 1, "same"), 5, NULL, &h));
    assert_true(find_field(h, 6, NULL, &limit));
    assert_int_equal(limit.size, 8);
    assert_true(number_at(limit, 0) == 3.5);
    next_record(&c);
    assert_int_not_equal(next_record(&c).size, 0);
    assert_int_equal(next_record(&c).size, 0);
    free((void *)file.data);
    remove(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_matches_the_standard),
        cmocka_unit_test(file_is_well_formed),
        cmocka_unit_test(odd_histograms_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
