/* A strided view of a row-major float matrix (rows, cols). Owns nothing. Time runs down the rows,
 * channels (or leads) along the columns: "channels last". */
#ifndef XP_BASE_MAT_H
#define XP_BASE_MAT_H

#include <stddef.h>

typedef struct xp_mat {
    float *data;
    int rows, cols;
    ptrdiff_t stride; /* floats from one row to the next, >= cols */
} xp_mat;

static inline xp_mat xp_mat_make(float *data, int rows, int cols) {
    return (xp_mat){data, rows, cols, cols};
}
static inline float *xp_mat_row(xp_mat m, int r) {
    return m.data + (ptrdiff_t)r * m.stride;
}

/* The same matrix of every record: record r begins r * step floats after m. */
typedef struct xp_mats {
    xp_mat m;
    ptrdiff_t step;
} xp_mats;

static inline xp_mat xp_mats_at(xp_mats a, int r) {
    a.m.data += (ptrdiff_t)r * a.step;
    return a.m;
}

#endif
