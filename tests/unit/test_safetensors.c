#include "support.h"

#include "nn/float16.h"
#include "nn/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== float16 ================================================================================ */

static void half_exact_both_ways(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        float x = xp_float16_to_float((uint16_t)h);
        uint16_t back = xp_float16_from_float(x);
        if (isnan(x))
            assert_int_equal(back, h | 0x200); /* a signalling NaN comes back quiet */
        else
            assert_int_equal(back, h);
    }
}

/* Every boundary between neighbouring halves: just below, the tie, just above. */
static void half_rounds_to_nearest_even(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x7bff; h++) {
        float low = xp_float16_to_float((uint16_t)h), high = xp_float16_to_float((uint16_t)(h + 1));
        float tie = (low + high) / 2; /* exact in float32 */
        assert_int_equal(xp_float16_from_float(nextafterf(tie, 0)), h);
        assert_int_equal(xp_float16_from_float(tie), (h & 1) ? h + 1 : h);
        assert_int_equal(xp_float16_from_float(nextafterf(tie, INFINITY)), h + 1);
        assert_int_equal(xp_float16_from_float(-tie), 0x8000 | ((h & 1) ? h + 1 : h));
    }
    assert_int_equal(xp_float16_from_float(65519.996f), 0x7bff);
    assert_int_equal(xp_float16_from_float(65520.0f), 0x7c00);
    assert_int_equal(xp_float16_from_float(3e38f), 0x7c00);
    assert_int_equal(xp_float16_from_float(-INFINITY), 0xfc00);
    assert_int_equal(xp_float16_from_float(1e-45f), 0);
    assert_true(isnan(xp_float16_to_float(xp_float16_from_float(NAN))));
}

/* ==== helpers ================================================================================ */

/* A file of that header text and n bytes of data; free data with free(). */
static xp_bytes make_file(const char *header, size_t n_data) {
    size_t n = strlen(header);
    uint8_t *p = calloc(1, 8 + n + n_data);
    assert_non_null(p);
    xp_store_le(p, n, 8);
    memcpy(p + 8, header, n);
    for (size_t i = 0; i < n_data; i++) p[8 + n + i] = (uint8_t)(i * 37 + 1);
    return (xp_bytes){p, 8 + n + n_data};
}

/* Reading header + n_data bytes fails with that code and says `mentions`. */
static void refuses(const char *header, size_t n_data, xp_status code, const char *mentions) {
    xp_bytes f = make_file(header, n_data);
    xp_safetensors st = {0};
    xp_error err = {0};
    xp_status s = xp_safetensors_read(&st, f, &err);
    if (s != code || !strstr(err.text, mentions))
        fail_msg("%s: got %s \"%s\", expected %s \"...%s...\"", header, xp_status_name(s), err.text,
                 xp_status_name(code), mentions);
    assert_null(st.tensors);
    free((void *)f.data);
}

static const int shape_a[] = {2, 3}, shape_b[] = {4};
static const float data_a[] = {1, -2.5f, 3.1415927f, 1e-8f, -0.0f, 6e4f};
static const float data_b[] = {0.1f, 1e-7f, NAN, -INFINITY};
static const xp_st_source two[] = {{"b.kernel", 2, shape_a, data_a},
                                   {"a \"q\"\n", 1, shape_b, data_b}};
static const xp_st_meta metas[] = {{"labels", "[{\"name\":\"\xc3\xa9\"}]"}, {"empty", ""}};

static xp_bytes write_two(xp_dtype dtype) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    xp_error err = {0};
    if (xp_safetensors_write(two, 2, metas, 2, dtype, &bytes, &size, &err))
        fail_msg("%s", err.text);
    return (xp_bytes){bytes, size};
}

/* ==== round trips ============================================================================ */

static void round_trip_is_exact(void **state) {
    (void)state;
    xp_bytes f = write_two(XP_F32);
    assert_int_equal((8 + xp_load_le(f.data, 8)) % 8, 0);
    xp_safetensors st;
    xp_error err = {0};
    if (xp_safetensors_read(&st, f, &err)) fail_msg("%s", err.text);
    assert_int_equal(st.n_tensors, 2);
    assert_int_equal(st.n_meta, 2);
    assert_string_equal(xp_safetensors_meta(&st, "labels"), metas[0].value);
    assert_string_equal(xp_safetensors_meta(&st, "empty"), "");
    assert_null(xp_safetensors_meta(&st, "none"));
    for (int i = 0; i < 2; i++) {
        const xp_st_tensor *t = xp_safetensors_find(&st, two[i].name);
        assert_non_null(t);
        assert_int_equal(t->ndim, two[i].ndim);
        float out[6];
        assert_int_equal(xp_safetensors_floats(t, out, &err), XP_OK);
        assert_memory_equal(out, two[i].data, t->count * sizeof *out);
    }
    assert_null(xp_safetensors_find(&st, "b"));
    xp_safetensors_free(&st);
    xp_bytes again = write_two(XP_F32);
    assert_int_equal(again.size, f.size);
    assert_memory_equal(again.data, f.data, f.size);
    free((void *)again.data);
    free((void *)f.data);
}

static void half_round_trip_rounds_once(void **state) {
    (void)state;
    xp_bytes f = write_two(XP_F16);
    xp_safetensors st;
    xp_error err = {0};
    if (xp_safetensors_read(&st, f, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < 2; i++) {
        const xp_st_tensor *t = xp_safetensors_find(&st, two[i].name);
        float out[6];
        assert_int_equal(xp_safetensors_floats(t, out, &err), XP_OK);
        for (size_t k = 0; k < t->count; k++) {
            float want = xp_float16_to_float(xp_float16_from_float(two[i].data[k]));
            assert_true(out[k] == want || (isnan(out[k]) && isnan(want)));
        }
    }
    xp_safetensors_free(&st);
    free((void *)f.data);
}

static void other_types_are_converted(void **state) {
    (void)state;
    xp_bytes f = make_file("{\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                           "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[8,10]},"
                           "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[10,10]},"
                           "\"i\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[10,12]}}   ",
                           12);
    uint8_t *data = (uint8_t *)f.data + f.size - 12;
    double pi = -3.14159265358979;
    memcpy(data, &pi, 8);
    xp_store_le(data + 8, 0x3fc0, 2); /* 1.5 */
    xp_safetensors st;
    xp_error err = {0};
    if (xp_safetensors_read(&st, f, &err)) fail_msg("%s", err.text);
    float x;
    assert_int_equal(xp_safetensors_floats(xp_safetensors_find(&st, "d"), &x, &err), XP_OK);
    assert_true(x == (float)pi);
    assert_int_equal(xp_safetensors_floats(xp_safetensors_find(&st, "b"), &x, &err), XP_OK);
    assert_true(x == 1.5f);
    assert_int_equal(xp_safetensors_find(&st, "b")->count, 1);
    assert_int_equal(xp_safetensors_find(&st, "e")->count, 0);
    assert_int_equal(xp_safetensors_floats(xp_safetensors_find(&st, "i"), &x, &err),
                     XP_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "tensor i"));
    xp_safetensors_free(&st);
    free((void *)f.data);
}

static void writer_refuses(void **state) {
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    xp_error err = {0};
    float big[6] = {0, 0, 7e4f};
    xp_st_source t = {"dense.kernel", 2, shape_a, big};
    assert_int_equal(xp_safetensors_write(&t, 1, NULL, 0, XP_F16, &bytes, &size, &err),
                     XP_ERR_LIMIT);
    assert_non_null(strstr(err.text, "dense.kernel"));
    assert_int_equal(xp_safetensors_write(&t, 1, NULL, 0, XP_I8, &bytes, &size, &err),
                     XP_ERR_USAGE);
    t.name = "caf\xe9";
    assert_int_equal(xp_safetensors_write(&t, 1, NULL, 0, XP_F32, &bytes, &size, &err),
                     XP_ERR_FORMAT);
    assert_null(bytes);
}

/* ==== hostile input ========================================================================== */

#define T(name, dtype, shape, offsets)                                                             \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void malformed_headers_are_refused(void **state) {
    (void)state;
    refuses("", 0, XP_ERR_FORMAT, "begin with '{'");
    refuses(" {}", 0, XP_ERR_FORMAT, "begin with '{'");
    refuses("{\"a\":", 0, XP_ERR_FORMAT, "not JSON");
    refuses("{} x", 0, XP_ERR_FORMAT, "after the header");
    refuses("{}", 5, XP_ERR_FORMAT, "5 bytes at the end");
    refuses("{\"a\":3}", 0, XP_ERR_FORMAT, "tensor a");
    refuses("{\"a\":{\"dtype\":\"F32\"}}", 0, XP_ERR_FORMAT, "tensor a");
    refuses("{" T("a", "F4", "[1]", "[0,4]") "}", 4, XP_ERR_UNSUPPORTED, "F4");
    refuses("{" T("a", "F32", "[-1]", "[0,4]") "}", 4, XP_ERR_FORMAT, "dimension 0");
    refuses("{" T("a", "F32", "[0.5]", "[0,4]") "}", 4, XP_ERR_FORMAT, "dimension 0");
    refuses("{" T("a", "F32", "[1,1e300]", "[0,4]") "}", 4, XP_ERR_FORMAT, "dimension 1");
    refuses("{" T("a", "F32", "[4294967296,4294967296]", "[0,4]") "}", 4, XP_ERR_FORMAT,
            "dimension");
    refuses("{" T("a", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, XP_ERR_LIMIT, "dimensions");
    refuses("{" T("a", "F32", "[2]", "[0,4]") "}", 4, XP_ERR_SHAPE, "tensor a");
    refuses("{" T("a", "F32", "[1]", "[4,0]") "}", 4, XP_ERR_FORMAT, "data_offsets");
    refuses("{" T("a", "F32", "[1]", "[0]") "}", 4, XP_ERR_FORMAT, "two sizes");
    refuses("{" T("a", "F32", "[2]", "[0,8]") "}", 4, XP_ERR_TRUNCATED, "0..8");
    refuses("{" T("a", "F32", "[1]", "[4,8]") "}", 8, XP_ERR_FORMAT, "gap");
    refuses("{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[2]", "[4,12]") "}", 12,
            XP_ERR_FORMAT, "overlap");
    refuses("{" T("a", "F32", "[1]", "[0,4]") "," T("a", "F32", "[1]", "[4,8]") "}", 8,
            XP_ERR_FORMAT, "twice");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            XP_ERR_FORMAT, "each once");
    refuses("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, XP_ERR_FORMAT, "twice");
    refuses("{\"__metadata__\":{\"k\":1}}", 0, XP_ERR_FORMAT, "string");
    refuses("{\"__metadata__\":{},\"__metadata__\":{}}", 0, XP_ERR_FORMAT, "one object");
    refuses("{\"a\\u0000b\":{}}", 0, XP_ERR_FORMAT, "NUL");
    refuses("{\"a\xff\":{}}", 0, XP_ERR_FORMAT, "UTF-8");
    refuses("{\"\xc0\x80\":{}}", 0, XP_ERR_FORMAT, "UTF-8");
    refuses("{\"\xed\xa0\x80\":{}}", 0, XP_ERR_FORMAT, "UTF-8");
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    size_t n = 200000;
    char *deep = malloc(n + 6);
    strcpy(deep, "{\"a\":");
    memset(deep + 5, '[', n);
    deep[n + 5] = 0;
    refuses(deep, 0, XP_ERR_FORMAT, "not JSON");
    free(deep);
}

static void header_length_is_checked(void **state) {
    (void)state;
    const uint64_t lengths[] = {3, 1000, XP_ST_MAX_HEADER + 1, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t file[10] = {0};
        xp_store_le(file, lengths[i], 8);
        xp_safetensors st;
        xp_error err = {0};
        xp_status s = xp_safetensors_read(&st, (xp_bytes){file, sizeof file}, &err);
        assert_int_equal(s, lengths[i] > XP_ST_MAX_HEADER ? XP_ERR_LIMIT : XP_ERR_TRUNCATED);
    }
}

/* An exact copy on the heap, so that a sanitizer sees any read past the end. */
static xp_status read_copy(const uint8_t *p, size_t n) {
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    xp_safetensors st;
    xp_error err = {0};
    xp_status s = xp_safetensors_read(&st, (xp_bytes){copy, n}, &err);
    if (s == XP_OK) {
        float out[6];
        for (int i = 0; i < st.n_tensors; i++)
            if (st.tensors[i].count <= 6) (void)xp_safetensors_floats(&st.tensors[i], out, &err);
        xp_safetensors_free(&st);
    } else {
        assert_true(err.text[0]);
    }
    free(copy);
    return s;
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    xp_bytes f = write_two(XP_F32);
    for (size_t n = 0; n < f.size; n++) assert_int_not_equal(read_copy(f.data, n), XP_OK);
    assert_int_equal(read_copy(f.data, f.size), XP_OK);
    free((void *)f.data);
}

static void flipped_bits_do_no_harm(void **state) {
    (void)state;
    xp_bytes f = write_two(XP_F16);
    uint8_t *p = (uint8_t *)f.data;
    for (size_t i = 0; i < f.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            p[i] ^= (uint8_t)(1 << bit);
            (void)read_copy(p, f.size);
            p[i] ^= (uint8_t)(1 << bit);
        }
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_exact_both_ways),
        cmocka_unit_test(half_rounds_to_nearest_even),
        cmocka_unit_test(round_trip_is_exact),
        cmocka_unit_test(half_round_trip_rounds_once),
        cmocka_unit_test(other_types_are_converted),
        cmocka_unit_test(writer_refuses),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(header_length_is_checked),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(flipped_bits_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
