#include "support.h"

#include "convert/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== helpers ================================================================================ */

/* A .npy of that version with that header text and n bytes of data; free data with free(). */
static xp_bytes make_npy(int version, const char *header, const void *data, size_t n) {
    size_t head = version == 1 ? 10 : 12, length = strlen(header);
    uint8_t *p = calloc(1, head + length + n);
    assert_non_null(p);
    memcpy(p, "\x93NUMPY", 6);
    p[6] = (uint8_t)version;
    xp_store_le(p + 8, length, version == 1 ? 2 : 4);
    memcpy(p + head, header, length);
    if (n) memcpy(p + head + length, data, n);
    return (xp_bytes){p, head + length + n};
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static xp_npy parse(xp_bytes f) {
    xp_npy a;
    xp_error err = {0};
    if (xp_npy_read(&a, f, &err)) fail_msg("%s", err.text);
    return a;
}

static void refuses(const char *header, size_t n, xp_status code, const char *mentions) {
    uint8_t data[64] = {0};
    for (int version = 1; version <= 3; version++) {
        xp_bytes f = make_npy(version, header, data, n);
        xp_npy a;
        xp_error err = {0};
        xp_status s = xp_npy_read(&a, f, &err);
        if (s != code || !strstr(err.text, mentions))
            fail_msg("%s: got %s \"%s\", expected %s \"...%s...\"", header, xp_status_name(s),
                     err.text, xp_status_name(code), mentions);
        free((void *)f.data);
    }
}

/* ==== types ================================================================================== */

/* Bytes as numpy stores them, and the values that they are. */
static void every_type_is_read(void **state) {
    (void)state;
    static const struct {
        const char *header;
        uint8_t data[16];
        size_t n;
        double want[2];
        bool integer;
    } cases[] = {
        {HEADER("<f4", "False", "(2,)"), {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}, 8, {1, -2.5}, 0},
        {HEADER(">f4", "False", "(2,)"), {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0}, 8, {1, -2.5}, 0},
        {HEADER("<f8", "False", "(1,)"), {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 8, {1.5}, 0},
        {HEADER(">f8", "False", "(1,)"), {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, 8, {1.5}, 0},
        {HEADER("<f2", "False", "(2,)"), {0, 0x3c, 1, 0}, 4, {1, 0x1p-24}, 0},
        {HEADER("|i1", "False", "(2,)"), {0x80, 0x7f}, 2, {-128, 127}, 1},
        {HEADER("|u1", "False", "(2,)"), {0x80, 0xff}, 2, {128, 255}, 1},
        {HEADER("|b1", "False", "(2,)"), {0, 1}, 2, {0, 1}, 1},
        {HEADER("<i2", "False", "(2,)"), {0xff, 0xff, 0, 0x80}, 4, {-1, -32768}, 1},
        {HEADER(">i2", "False", "(2,)"), {0xff, 0xfe, 1, 2}, 4, {-2, 258}, 1},
        {HEADER("<i4", "False", "(1,)"), {0, 0, 0, 0x80}, 4, {-2147483648.0}, 1},
        {HEADER("<u4", "False", "(1,)"), {0, 0, 0, 0x80}, 4, {2147483648.0}, 1},
        {HEADER("<i8", "False", "(1,)"), {0xfe, 255, 255, 255, 255, 255, 255, 255}, 8, {-2}, 1},
        {HEADER(">u8", "False", "(1,)"), {0, 0, 0, 1, 0, 0, 0, 0}, 8, {4294967296.0}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_bytes f = make_npy(1 + (int)i % 3, cases[i].header, cases[i].data, cases[i].n);
        xp_npy a = parse(f);
        double d[2];
        float x[2];
        int64_t n[2];
        xp_error err = {0};
        xp_npy_doubles(&a, d);
        xp_npy_floats(&a, x);
        assert_int_equal(xp_npy_ints(&a, n, &err), cases[i].integer ? XP_OK : XP_ERR_FORMAT);
        for (size_t k = 0; k < a.count; k++) {
            assert_true(d[k] == cases[i].want[k] && x[k] == (float)cases[i].want[k]);
            if (cases[i].integer) assert_true(n[k] == (int64_t)cases[i].want[k]);
        }
        free((void *)f.data);
    }
}

static void fortran_order_is_given_out_in_c_order(void **state) {
    (void)state;
    uint8_t stored[24];
    for (int i = 0; i < 24; i++) stored[i] = (uint8_t)i;
    xp_bytes f = make_npy(1, HEADER("|u1", "True", "(2, 3, 4)"), stored, 24);
    xp_npy a = parse(f);
    double d[24];
    xp_npy_doubles(&a, d);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 4; k++) assert_true(d[(i * 3 + j) * 4 + k] == i + 2 * j + 6 * k);
    free((void *)f.data);
}

static void odd_but_valid_headers(void **state) {
    (void)state;
    const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const struct {
        const char *header;
        size_t n;
        int ndim;
    } cases[] = {
        {"{'shape':(),'fortran_order':False,'descr':'<f4'}", 4, 0},
        {"{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2L,)}", 8, 1},
        {" { 'fortran_order' : False , 'descr' : '=i4' , 'shape' : ( 1 , 2 ) }  \n", 8, 2},
        {HEADER("<f4", "False", "(0, 5000, 12)"), 0, 3},
        {HEADER("<i8", "True", "(1, 1,)"), 8, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xp_bytes f = make_npy(1, cases[i].header, data, cases[i].n);
        xp_npy a = parse(f);
        assert_int_equal(a.ndim, cases[i].ndim);
        assert_int_equal(a.count * (size_t)a.size, cases[i].n);
        free((void *)f.data);
    }
}

/* ==== hostile headers ======================================================================== */

static void malformed_headers_are_refused(void **state) {
    (void)state;
    refuses("", 4, XP_ERR_FORMAT, "dictionary");
    refuses("{'descr': '<f4'", 4, XP_ERR_FORMAT, "dictionary");
    refuses("{'descr': '<f4', 'fortran_order': False}", 4, XP_ERR_FORMAT, "'shape'");
    refuses("{'descr': '<f4', 'descr': '<f4'}", 4, XP_ERR_FORMAT, "twice");
    refuses("{'order': 1}", 4, XP_ERR_FORMAT, "does not belong");
    refuses(HEADER("<f4", "False", "(1,)") "x", 4, XP_ERR_FORMAT, "no more");
    refuses(HEADER("<f4", "Maybe", "(1,)"), 4, XP_ERR_FORMAT, "fortran_order");
    refuses(HEADER("<f4", "False", "[1]"), 4, XP_ERR_FORMAT, "tuple");
    refuses(HEADER("<f4", "False", "(1)"), 4, XP_ERR_FORMAT, "tuple");
    refuses(HEADER("<f4", "False", "(-1,)"), 4, XP_ERR_FORMAT, "dimension 0");
    refuses(HEADER("<f4", "False", "(1, 99999999999999999999)"), 4, XP_ERR_FORMAT, "dimension 1");
    refuses(HEADER("<f4", "False", "(4294967296, 4294967296)"), 4, XP_ERR_FORMAT, "dimension 1");
    refuses(HEADER("<f8", "False", "(2305843009213693952,)"), 4, XP_ERR_TRUNCATED, "more");
    refuses(HEADER("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), 4, XP_ERR_LIMIT, "dimensions");
    refuses(HEADER("<f4", "False", "(2,)"), 4, XP_ERR_TRUNCATED, "more");
    refuses(HEADER("<f4", "False", "(2,)"), 12, XP_ERR_FORMAT, "fewer");
    refuses(HEADER("<c8", "False", "(1,)"), 8, XP_ERR_UNSUPPORTED, "'<c8'");
    refuses(HEADER("|O", "False", "(1,)"), 8, XP_ERR_UNSUPPORTED, "'|O'");
    refuses(HEADER("|i4", "False", "(1,)"), 4, XP_ERR_UNSUPPORTED, "'|i4'");
    refuses("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4,
            XP_ERR_UNSUPPORTED, "plain type");
}

static void beginnings_are_checked(void **state) {
    (void)state;
    xp_npy a;
    xp_error err = {0};
    uint8_t p[16] = "\x93NUMPY\x04\x00";
    assert_int_equal(xp_npy_read(&a, (xp_bytes){p, 16}, &err), XP_ERR_UNSUPPORTED);
    p[6] = 2;
    xp_store_le(p + 8, 0xffffffff, 4);
    assert_int_equal(xp_npy_read(&a, (xp_bytes){p, 16}, &err), XP_ERR_LIMIT);
    xp_store_le(p + 8, 100, 4);
    assert_int_equal(xp_npy_read(&a, (xp_bytes){p, 16}, &err), XP_ERR_TRUNCATED);
    p[0] = 'P';
    assert_int_equal(xp_npy_read(&a, (xp_bytes){p, 16}, &err), XP_ERR_FORMAT);
}

/* An exact copy on the heap, so that a sanitizer sees any read past the end. */
static xp_status read_copy(const uint8_t *p, size_t n) {
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    xp_npy a;
    xp_error err = {0};
    xp_status s = xp_npy_read(&a, (xp_bytes){copy, n}, &err);
    if (s == XP_OK) {
        double *d = malloc((a.count + 1) * sizeof *d);
        xp_npy_doubles(&a, d);
        free(d);
    } else
        assert_true(err.text[0]);
    free(copy);
    return s;
}

static void truncated_and_flipped(void **state) {
    (void)state;
    const size_t shape[] = {3, 2};
    const float data[] = {1, 2, 3, 4, 5, 6};
    uint8_t *p;
    size_t n;
    xp_error err = {0};
    assert_int_equal(xp_npy_write('f', 4, 2, shape, data, &p, &n, &err), XP_OK);
    for (size_t i = 0; i < n; i++) assert_int_not_equal(read_copy(p, i), XP_OK);
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            p[i] ^= (uint8_t)(1 << bit);
            (void)read_copy(p, n);
            p[i] ^= (uint8_t)(1 << bit);
        }
    assert_int_equal(read_copy(p, n), XP_OK);
    free(p);
}

/* ==== writing ================================================================================ */

static void written_as_numpy_does(void **state) {
    (void)state;
    const size_t shape[] = {2, 3};
    const int16_t data[] = {1, -2, 3, -4, 5, -6};
    uint8_t *p;
    size_t n;
    xp_error err = {0};
    assert_int_equal(xp_npy_write('i', 2, 2, shape, data, &p, &n, &err), XP_OK);
    /* the first 128 bytes of numpy.save(numpy.array(..., "<i2")) */
    char head[129];
    snprintf(head, sizeof head, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }%58s\n",
             "");
    assert_int_equal(n, 128 + sizeof data);
    assert_memory_equal(p, "\x93NUMPY\x01\x00\x76\x00", 10);
    assert_memory_equal(p + 10, head, 118);
    assert_memory_equal(p + 128, data, sizeof data);
    xp_npy a = parse((xp_bytes){p, n});
    char text[64];
    assert_string_equal(xp_npy_describe(&a, text, sizeof text), "int16 (2, 3)");
    free(p);
    assert_int_equal(xp_npy_write('c', 8, 0, NULL, data, &p, &n, &err), XP_ERR_USAGE);
    const size_t huge[] = {SIZE_MAX / 4, 8};
    assert_int_equal(xp_npy_write('f', 8, 2, huge, data, &p, &n, &err), XP_ERR_LIMIT);
}

static void float_round_trip_is_exact(void **state) {
    (void)state;
    const size_t shape[] = {5};
    const double data[] = {0.1, -1e300, NAN, INFINITY, 5e-324};
    uint8_t *p;
    size_t n;
    xp_error err = {0};
    double back[5];
    float single[5];
    assert_int_equal(xp_npy_write('f', 8, 1, shape, data, &p, &n, &err), XP_OK);
    xp_npy a = parse((xp_bytes){p, n});
    xp_npy_doubles(&a, back);
    assert_memory_equal(back, data, sizeof data);
    xp_npy_floats(&a, single);
    assert_true(single[0] == 0.1f && single[1] == -INFINITY && isnan(single[2]) && single[4] == 0);
    free(p);
}

static void reference_files_are_read(void **state) {
    (void)state;
    const char *path = shared_path("golden/zoo/x.npy");
    if (!exists(path)) skip();
    xp_bytes f = read_file(path);
    npy want = read_npy(path); /* the test support's own reader */
    xp_npy a = parse(f);
    assert_int_equal(a.ndim, want.ndim);
    assert_int_equal(a.count, want.count);
    double *d = malloc(a.count * sizeof *d);
    xp_npy_doubles(&a, d);
    assert_memory_equal(d, want.v, a.count * sizeof *d);
    free(d);
    free(want.v);
    free((void *)f.data);
}

/* ==== npz ==================================================================================== */

static void npz_round_trip(void **state) {
    (void)state;
    const size_t shape[] = {4};
    const float a[] = {1, 2, 3, 4};
    const int32_t b[] = {-1, 0, 1, INT32_MIN};
    xp_npz_source arrays[2] = {{.name = "V5"}, {.name = "aVR signal"}};
    uint8_t *pa, *pb;
    xp_error err = {0};
    assert_int_equal(xp_npy_write('f', 4, 1, shape, a, &pa, &arrays[0].n_bytes, &err), XP_OK);
    assert_int_equal(xp_npy_write('i', 4, 1, shape, b, &pb, &arrays[1].n_bytes, &err), XP_OK);
    arrays[0].npy = pa;
    arrays[1].npy = pb;
    for (int compress = 0; compress < 2; compress++) {
        uint8_t *bytes, *again;
        size_t n, n_again;
        xp_npz z;
        if (xp_npz_write(arrays, 2, compress, &bytes, &n, &err)) fail_msg("%s", err.text);
        assert_int_equal(xp_npz_write(arrays, 2, compress, &again, &n_again, &err), XP_OK);
        assert_int_equal(n, n_again);
        assert_memory_equal(bytes, again, n);
        if (xp_npz_read(&z, (xp_bytes){bytes, n}, &err)) fail_msg("%s", err.text);
        assert_int_equal(z.n, 2);
        assert_string_equal(z.arrays[1].name, "aVR signal");
        int64_t back[4];
        assert_int_equal(xp_npy_ints(xp_npz_find(&z, "aVR signal"), back, &err), XP_OK);
        for (int i = 0; i < 4; i++) assert_int_equal(back[i], b[i]);
        assert_null(xp_npz_find(&z, "V6"));
        xp_npz_free(&z);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_not_equal(xp_npz_read(&z, (xp_bytes){bytes, cut}, &err), XP_OK);
        free(bytes);
        free(again);
    }
    arrays[0].npy = (const uint8_t *)"nonsense";
    arrays[0].n_bytes = 8;
    uint8_t *bytes;
    size_t n;
    xp_npz z;
    assert_int_equal(xp_npz_write(arrays, 1, false, &bytes, &n, &err), XP_OK);
    assert_int_equal(xp_npz_read(&z, (xp_bytes){bytes, n}, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "\"V5\""));
    free(bytes);
    free(pa);
    free(pb);
}

/* A gigabyte of zeros packs to a megabyte: the size that the directory tells is refused before it
 * is allocated when it is more than deflate can give. */
static void lying_sizes_are_refused(void **state) {
    (void)state;
    const size_t shape[] = {64};
    const double zeros[64] = {0};
    xp_npz_source array = {.name = "x"};
    uint8_t *plain, *bytes;
    size_t n;
    xp_npz z;
    xp_error err = {0};
    assert_int_equal(xp_npy_write('f', 8, 1, shape, zeros, &plain, &array.n_bytes, &err), XP_OK);
    array.npy = plain;
    assert_int_equal(xp_npz_write(&array, 1, true, &bytes, &n, &err), XP_OK);
    for (size_t i = 0; i + 28 < n; i++)
        if (!memcmp(bytes + i, "PK\x01\x02", 4)) xp_store_le(bytes + i + 24, 0x7fffffff, 4);
    assert_int_equal(xp_npz_read(&z, (xp_bytes){bytes, n}, &err), XP_ERR_LIMIT);
    free(bytes);
    const xp_npz_source two[] = {array, {.name = "y", .npy = plain, .n_bytes = array.n_bytes}};
    assert_int_equal(xp_npz_write(two, 2, false, &bytes, &n, &err), XP_OK);
    for (size_t i = 0; i + 28 < n; i++) /* either would fit alone */
        if (!memcmp(bytes + i, "PK\x01\x02", 4)) xp_store_le(bytes + i + 20, n - n / 4, 4);
    assert_int_equal(xp_npz_read(&z, (xp_bytes){bytes, n}, &err), XP_ERR_FORMAT);
    assert_non_null(strstr(err.text, "more room than the file has"));
    free(bytes);
    free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(fortran_order_is_given_out_in_c_order),
        cmocka_unit_test(odd_but_valid_headers),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(beginnings_are_checked),
        cmocka_unit_test(truncated_and_flipped),
        cmocka_unit_test(written_as_numpy_does),
        cmocka_unit_test(float_round_trip_is_exact),
        cmocka_unit_test(reference_files_are_read),
        cmocka_unit_test(npz_round_trip),
        cmocka_unit_test(lying_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
