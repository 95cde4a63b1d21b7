#include "arrays.h"

#include "base/arena.h"
#include "base/file.h"
#include "convert/npy.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>

xp_status array_save(const char *path, char kind, int size, int ndim, const size_t *shape,
                     const void *data, xp_error *err) {
    uint8_t *bytes;
    size_t n;
    xp_status s = xp_npy_write(kind, size, ndim, shape, data, &bytes, &n, err);
    if (s != XP_OK) return xp_fail_prefix(err, s, "%s", path);
    s = xp_file_write(path, bytes, n, err);
    free(bytes);
    return s;
}

static xp_status check_shape(const xp_npy *a, const xp_model *m, xp_error *err) {
    char got[128];
    const size_t *last = a->shape + a->ndim - 2; /* (length, leads) */
    if (a->kind == 'f' && a->size >= 4 && (a->ndim == 2 || a->ndim == 3) && a->count > 0 &&
        last[0] == (size_t)m->length && last[1] == (size_t)m->n_leads)
        return XP_OK;
    return xp_fail(
        err, XP_ERR_SHAPE,
        "the array is %s; expected float32 (n, %d, %d): millivolt at %g Hz, leads in the "
        "model's order (`xplaim prepare` writes such a file)",
        xp_npy_describe(a, got, sizeof got), m->length, m->n_leads, m->rate);
}

static xp_status clean_values(window_array *w, size_t count, xp_error *err) {
    for (size_t i = 0; i < count; i++) {
        if (isinf(w->x[i]))
            return xp_fail(err, XP_ERR_FORMAT, "element %zu is infinite; expected millivolt", i);
        if (!isnan(w->x[i])) continue;
        w->x[i] = 0;
        w->n_missing++;
    }
    return XP_OK;
}

static xp_status load(window_array *w, xp_bytes file, const xp_model *m, xp_error *err) {
    xp_npy a;
    XP_TRY(xp_npy_read(&a, file, err));
    XP_TRY(check_shape(&a, m, err));
    window_array made = {.n = a.ndim == 3 ? a.shape[0] : 1};
    made.x = malloc(a.count * sizeof(float));
    if (!made.x) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %zu windows", made.n);
    xp_npy_floats(&a, made.x);
    xp_status s = clean_values(&made, a.count, err);
    if (s == XP_OK)
        *w = made;
    else
        windows_free(&made);
    return s;
}

xp_status windows_load(window_array *w, const char *path, const xp_model *m, xp_error *err) {
    uint8_t *data;
    size_t size;
    XP_TRY(xp_file_read(path, &data, &size, err));
    xp_status s = load(w, (xp_bytes){data, size}, m, err);
    free(data);
    return s == XP_OK ? s : xp_fail_prefix(err, s, "%s", path);
}

void windows_free(window_array *w) {
    free(w->x);
    *w = (window_array){0};
}

static xp_status reserve(row_array *r, size_t n, xp_error *err) {
    size_t need, bytes, cap = r->cap ? r->cap : 16;
    if (!xp_add_size(r->n, n, &need))
        return xp_fail(err, XP_ERR_LIMIT, "too many results for one file");
    while (cap < need) cap *= 2;
    if (cap == r->cap) return XP_OK;
    float *v = xp_mul_size(cap, r->width, &bytes) && xp_mul_size(bytes, sizeof *v, &bytes)
                   ? realloc(r->v, bytes)
                   : NULL;
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the results");
    r->v = v;
    r->cap = cap;
    return XP_OK;
}

xp_status rows_append(row_array *r, const float *v, size_t n, xp_error *err) {
    XP_TRY(reserve(r, n, err));
    float *to = r->v + r->n * r->width;
    for (size_t i = 0; i < n * r->width; i++) to[i] = v ? v[i] : NAN;
    r->n += n;
    return XP_OK;
}

void rows_free(row_array *r) {
    free(r->v);
    *r = (row_array){0};
}
