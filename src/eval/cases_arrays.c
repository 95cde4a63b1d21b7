#include "eval/cases_arrays.h"

#include <math.h>
#include <stdlib.h>

xp_status cases_read_shape(const xp_npy *a, const char *what, size_t *n, int *labels,
                           xp_error *err) {
    char text[128];
    bool good = (a->ndim == 1 || a->ndim == 2) && a->shape[0] > 0;
    size_t width = a->ndim == 2 ? a->shape[1] : 1;
    if (!good || width == 0 || width > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_SHAPE, "%s is %s; expected (cases, labels), at most %d labels",
                       what, xp_npy_describe(a, text, sizeof text), XP_DATASET_MAX_LABELS);
    *n = a->shape[0];
    *labels = (int)width;
    return XP_OK;
}

xp_status cases_read_truth(const xp_npy *a, const char *what, int8_t *out, xp_error *err) {
    double *v = malloc(a->count * sizeof *v);
    if (!v) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %s", what);
    xp_npy_doubles(a, v);
    xp_status s = XP_OK;
    for (size_t i = 0; s == XP_OK && i < a->count; i++) {
        if (isnan(v[i])) v[i] = -1;
        if (v[i] != 1 && v[i] != 0 && v[i] != -1)
            s = xp_fail(err, XP_ERR_FORMAT, "%s: element %zu is %g; expected 1, 0 or -1 (unknown)",
                        what, i, v[i]);
        out[i] = (int8_t)v[i];
    }
    free(v);
    return s;
}

xp_status cases_read_patients(const xp_npy *a, const char *what, size_t n, uint64_t *out,
                              xp_error *err) {
    char text[128];
    if (a->count != n || a->kind == 'f')
        return xp_fail(err, XP_ERR_SHAPE, "%s is %s; expected %zu whole numbers, one for each case",
                       what, xp_npy_describe(a, text, sizeof text), n);
    return xp_npy_ints(a, (int64_t *)out, err);
}
