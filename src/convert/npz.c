#include "convert/archive.h"
#include "convert/npy.h"

#include <stdio.h>
#include <stdlib.h>

static xp_status read_array(xp_npz_array *out, const xp_archive *a, int i, size_t limit,
                            xp_error *err) {
    const char *name = xp_archive_name(a, i);
    size_t n = name ? strlen(name) : 0;
    if (n < 5 || strcmp(name + n - 4, ".npy"))
        return xp_fail(err, XP_ERR_FORMAT, "npz: entry \"%.100s\" is not NAME.npy",
                       name ? name : "?");
    out->name = strndup(name, n - 4);
    if (!out->name) return xp_fail(err, XP_ERR_MEMORY, "npz: not enough memory");
    XP_TRY(xp_archive_read(a, i, limit, &out->bytes, &out->n_bytes, err));
    xp_status s = xp_npy_read(&out->array, (xp_bytes){out->bytes, out->n_bytes}, err);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "npz: array \"%.100s\"", out->name);
}

static xp_status read_arrays(xp_npz *z, const xp_archive *a, xp_error *err) {
    int n = xp_archive_count(a);
    size_t left = XP_NPZ_MAX_BYTES;
    z->arrays = calloc((size_t)n + 1, sizeof *z->arrays);
    if (!z->arrays) return xp_fail(err, XP_ERR_MEMORY, "npz: not enough memory");
    for (int i = 0; i < n; i++) {
        xp_npz_array *array = &z->arrays[z->n++];
        XP_TRY(read_array(array, a, i, left, err));
        left -= array->n_bytes;
    }
    return XP_OK;
}

xp_status xp_npz_read(xp_npz *out, xp_bytes file, xp_error *err) {
    xp_archive *a;
    XP_TRY(xp_archive_open(&a, file, err));
    xp_npz z = {0};
    xp_status s = read_arrays(&z, a, err);
    xp_archive_close(a);
    if (s != XP_OK)
        xp_npz_free(&z);
    else
        *out = z;
    return s;
}

void xp_npz_free(xp_npz *z) {
    for (int i = 0; i < z->n; i++) {
        free(z->arrays[i].name);
        free(z->arrays[i].bytes);
    }
    free(z->arrays);
    *z = (xp_npz){0};
}

const xp_npy *xp_npz_find(const xp_npz *z, const char *name) {
    for (int i = 0; i < z->n; i++)
        if (!strcmp(z->arrays[i].name, name)) return &z->arrays[i].array;
    return NULL;
}

xp_status xp_npz_write(const xp_npz_source *arrays, int n, bool compress, uint8_t **bytes,
                       size_t *n_bytes, xp_error *err) {
    xp_archive_source *entries = calloc((size_t)n + 1, sizeof *entries);
    char(*names)[256] = calloc((size_t)n + 1, sizeof *names);
    xp_status s = entries && names ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "npz: not enough memory");
    for (int i = 0; i < n && s == XP_OK; i++) {
        int length = snprintf(names[i], sizeof names[i], "%s.npy", arrays[i].name);
        if (length >= (int)sizeof names[i])
            s = xp_fail(err, XP_ERR_USAGE, "npz: array name \"%.32s...\" is too long",
                        arrays[i].name);
        entries[i] = (xp_archive_source){names[i], {arrays[i].npy, arrays[i].n_bytes}};
    }
    if (s == XP_OK) s = xp_archive_write(entries, n, compress, bytes, n_bytes, err);
    free(names);
    free(entries);
    return s;
}
