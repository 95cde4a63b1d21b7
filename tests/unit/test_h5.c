/* Our HDF5 reader against libhdf5: the same numbers from the reference files, and from files that
 * libhdf5 writes here in every way that matters. */
#include "support.h"

#include "convert/archive.h"
#include "convert/keras/h5.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== the reference files ==================================================================== */

/* libhdf5's handle of a file in memory. */
static hid_t open_oracle(const void *data, size_t size) {
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(plist, 1 << 16, 0);
    H5Pset_file_image(plist, (void *)data, size);
    hid_t file = H5Fopen("in memory", H5F_ACC_RDONLY, plist);
    H5Pclose(plist);
    assert_true(file >= 0);
    return file;
}

typedef struct comparison {
    xp_h5 ours;
    int n_datasets;
} comparison;

/* Visits every object: a dataset must have the same shape and the same bits. */
static herr_t compare_object(hid_t root, const char *path, const H5O_info_t *info, void *data) {
    comparison *c = data;
    if (info->type != H5O_TYPE_DATASET) return 0;
    xp_h5_object object;
    xp_h5_floats d;
    xp_error err = {0};
    if (xp_h5_find(&c->ours, path, &object, &err)) fail_msg("%s: %s", path, err.text);
    if (xp_h5_dataset(&c->ours, object, &d, &err)) fail_msg("%s: %s", path, err.text);
    hid_t set = H5Dopen2(root, path, H5P_DEFAULT), space = H5Dget_space(set);
    hsize_t dims[XP_H5_MAX_DIMS];
    assert_int_equal(H5Sget_simple_extent_dims(space, dims, NULL), d.ndim);
    for (int i = 0; i < d.ndim; i++) assert_int_equal(dims[i], d.shape[i]);
    float *got = calloc(d.count + 1, sizeof *got), *want = calloc(d.count + 1, sizeof *want);
    xp_h5_read(&d, got);
    assert_true(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, want) >= 0);
    assert_memory_equal(got, want, d.count * sizeof *got);
    free(got);
    free(want);
    H5Sclose(space);
    H5Dclose(set);
    c->n_datasets++;
    return 0;
}

static int compare_file(const uint8_t *data, size_t size) {
    comparison c = {.n_datasets = 0};
    xp_error err = {0};
    if (xp_h5_open(&c.ours, (xp_bytes){data, size}, &err)) fail_msg("%s", err.text);
    hid_t file = open_oracle(data, size);
    assert_true(H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, compare_object, &c) >= 0);
    H5Fclose(file);
    return c.n_datasets;
}

static void keras_weights_as_libhdf5_reads_them(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int n_datasets;
    } files[] = {{"zoo", 19}, {"gru_small", 24}, {"cnn_small", 22}, {"xplaim_small_odd", 59}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = shared_path("golden/%s.keras", files[i].name);
        if (!exists(path)) skip();
        xp_bytes f = read_file(path);
        xp_archive *a;
        uint8_t *h5;
        size_t size;
        xp_error err = {0};
        assert_int_equal(xp_archive_open(&a, f, &err), XP_OK);
        int entry = xp_archive_find(a, "model.weights.h5");
        assert_int_equal(xp_archive_read(a, entry, 1 << 26, &h5, &size, &err), XP_OK);
        assert_int_equal(compare_file(h5, size), files[i].n_datasets);
        free(h5);
        xp_archive_close(a);
        free((void *)f.data);
    }
}

/* ==== files written here ===================================================================== */

/* A new file in memory, in the "earliest" format as h5py asks for it, or in the latest. */
static hid_t create_file(bool latest) {
    hid_t plist = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(plist, 1 << 16, 0);
    H5Pset_libver_bounds(plist, latest ? H5F_LIBVER_LATEST : H5F_LIBVER_EARLIEST,
                         H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate("written in memory", H5F_ACC_TRUNC, H5P_DEFAULT, plist);
    H5Pclose(plist);
    assert_true(file >= 0);
    return file;
}

static const double values[] = {0, -1.5, 3.141592653589793, 1e300, 1e-300, 65504};

static void put(hid_t where, const char *name, hid_t type, H5D_layout_t layout) {
    hsize_t dims[] = {2, 3};
    hid_t space = H5Screate_simple(2, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(plist, layout);
    if (layout == H5D_CHUNKED) H5Pset_chunk(plist, 2, dims);
    hid_t set = H5Dcreate2(where, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Pclose(plist);
    H5Sclose(space);
}

/* Closes the file; its bytes, to be freed. */
static xp_bytes finish(hid_t file) {
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    ssize_t n = H5Fget_file_image(file, NULL, 0);
    assert_true(n > 0);
    uint8_t *p = malloc((size_t)n);
    H5Fget_file_image(file, p, (size_t)n);
    H5Fclose(file);
    return (xp_bytes){p, (size_t)n};
}

/* IEEE half, as h5py stores float16. */
static hid_t half_type(void) {
    hid_t t = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(t, 15, 10, 5, 0, 10);
    H5Tset_size(t, 2);
    H5Tset_ebias(t, 15);
    return t;
}

/* Many links (a tree of several levels), every type, compact storage, attributes that make headers
 * continue elsewhere. */
static void large_groups_and_all_types(void **state) {
    (void)state;
    hid_t file = create_file(false), half = half_type();
    hid_t group = H5Gcreate2(file, "layers", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, half};
    enum { N = 1000 };
    for (int i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof name, "set_%d", i * 7919 % N);
        put(group, name, types[i % 3], i % 2 ? H5D_COMPACT : H5D_CONTIGUOUS);
    }
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "attribute %d", i);
        hid_t space = H5Screate(H5S_SCALAR);
        hid_t a = H5Acreate2(group, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Awrite(a, H5T_NATIVE_DOUBLE, values);
        H5Aclose(a);
        H5Sclose(space);
    }
    H5Tclose(half);
    H5Gclose(group);
    xp_bytes f = finish(file);
    assert_int_equal(compare_file(f.data, f.size), N);
    xp_h5 h;
    xp_h5_object object;
    int n;
    xp_error err = {0};
    assert_int_equal(xp_h5_open(&h, f, &err), XP_OK);
    assert_int_equal(xp_h5_find(&h, "layers", &object, &err), XP_OK);
    assert_int_equal(xp_h5_count(&h, object, &n, &err), XP_OK);
    assert_int_equal(n, N);
    assert_int_equal(xp_h5_find(&h, "layers/set_", &object, &err), XP_ERR_NOT_FOUND);
    assert_int_equal(xp_h5_find(&h, "layers/set_12345", &object, &err), XP_ERR_NOT_FOUND);
    assert_int_equal(xp_h5_find(&h, "layers/set_1/more", &object, &err), XP_ERR_UNSUPPORTED);
    free((void *)f.data);
}

static void what_is_not_known_is_refused(void **state) {
    (void)state;
    hid_t file = create_file(false);
    put(file, "chunked", H5T_IEEE_F32LE, H5D_CHUNKED);
    put(file, "big_endian", H5T_IEEE_F32BE, H5D_CONTIGUOUS);
    put(file, "integers", H5T_STD_I32LE, H5D_CONTIGUOUS);
    H5Lcreate_soft("/chunked", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    xp_bytes f = finish(file);
    xp_h5 h;
    xp_h5_object object;
    xp_h5_floats d;
    xp_error err = {0};
    assert_int_equal(xp_h5_open(&h, f, &err), XP_OK);
    static const char *const names[] = {"chunked", "big_endian", "integers"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(xp_h5_find(&h, names[i], &object, &err), XP_OK);
        assert_int_equal(xp_h5_dataset(&h, object, &d, &err), XP_ERR_UNSUPPORTED);
    }
    assert_int_equal(xp_h5_find(&h, "soft", &object, &err), XP_ERR_UNSUPPORTED);
    assert_int_equal(xp_h5_dataset(&h, h.root, &d, &err), XP_ERR_UNSUPPORTED);
    free((void *)f.data);
    file = create_file(true);
    put(file, "a", H5T_IEEE_F32LE, H5D_CONTIGUOUS);
    f = finish(file);
    assert_int_equal(xp_h5_open(&h, f, &err), XP_ERR_UNSUPPORTED);
    free((void *)f.data);
}

/* A tree whose node is its own child, and a header that continues in itself. */
static void loops_end(void **state) {
    (void)state;
    hid_t file = create_file(false);
    put(file, "a", H5T_IEEE_F32LE, H5D_CONTIGUOUS);
    xp_bytes f = finish(file);
    uint8_t *p = (uint8_t *)f.data;
    xp_h5 h;
    xp_h5_object object;
    xp_error err = {0};
    for (size_t i = 0; i + 40 < f.size; i++) {
        if (memcmp(p + i, "TREE", 4)) continue;
        p[i + 5] = 1; /* a level up, its children itself */
        xp_store_le(p + i + 6, 200, 2);
        xp_store_le(p + i + 32, i, 8);
    }
    assert_int_equal(xp_h5_open(&h, f, &err), XP_OK);
    assert_int_equal(xp_h5_find(&h, "a", &object, &err), XP_ERR_FORMAT);
    p[h.root + 16] = 16; /* the first message becomes a continuation to the header itself */
    p[h.root + 17] = 0;
    xp_store_le(p + h.root + 24, h.root + 16, 8);
    xp_store_le(p + h.root + 32, 24, 8);
    assert_int_equal(xp_h5_find(&h, "a", &object, &err), XP_ERR_FORMAT);
    free(p);
}

/* A tree that names the same symbols again and again: more bytes than the file has. */
static void what_is_walked_is_in_the_file(void **state) {
    (void)state;
    hid_t file = create_file(false);
    put(file, "a", H5T_IEEE_F32LE, H5D_CONTIGUOUS);
    xp_bytes f = finish(file);
    uint8_t *p = (uint8_t *)f.data;
    xp_h5 h;
    xp_error err = {0};
    int n;
    assert_int_equal(xp_h5_open(&h, f, &err), XP_OK);
    assert_int_equal(xp_h5_count(&h, h.root, &n, &err), XP_OK);
    for (size_t i = 0; i + 544 < f.size; i++) {
        if (memcmp(p + i, "TREE", 4)) continue;
        const uint64_t child = xp_load_le(p + i + 32, 8);
        xp_store_le(p + i + 6, 32, 2); /* as many as a node of h5py's has room for */
        for (size_t k = 0; k < 32; k++) xp_store_le(p + i + 32 + 16 * k, child, 8);
        xp_store_le(p + child + 6, 8, 2);
    }
    assert_true(32 * 8 * 40 > f.size);
    assert_int_equal(xp_h5_count(&h, h.root, &n, &err), XP_ERR_FORMAT);
    free(p);
}

int main(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keras_weights_as_libhdf5_reads_them),
        cmocka_unit_test(large_groups_and_all_types),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(loops_end),
        cmocka_unit_test(what_is_walked_is_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
