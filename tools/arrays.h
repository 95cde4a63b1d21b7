/* .npy and .npz files as the commands read and write them. */
#ifndef XP_TOOLS_ARRAYS_H
#define XP_TOOLS_ARRAYS_H

#include "base/status.h"
#include "nn/model.h"

#include <stddef.h>

/* Write data (product of shape elements, kind 'f' or 'i', `size` bytes each) as path. */
xp_status array_save(const char *path, char kind, int size, int ndim, const size_t *shape,
                     const void *data, xp_error *err);

/* Windows of an .npy file as the model wants them. */
typedef struct window_array {
    float *x; /* (n, length, n_leads) mV, finite; owned */
    size_t n;
    size_t n_missing; /* NaN that became 0 */
} window_array;

/* Reads (n, length, leads) or a single (length, leads), float32 or float64. NaN becomes 0 and is
 * counted; an infinite value is an error. On error w is untouched and err names the file. */
xp_status windows_load(window_array *w, const char *path, const xp_model *m, xp_error *err);
void windows_free(window_array *w);

/* Results gathered row by row: an array that grows. */
typedef struct row_array {
    float *v; /* (n, width); owned */
    size_t n, cap, width;
} row_array;

/* Append n rows; v NULL appends NaN (an input that failed keeps its place). */
xp_status rows_append(row_array *r, const float *v, size_t n, xp_error *err);
void rows_free(row_array *r);

#endif
