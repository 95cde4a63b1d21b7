/* NumPy's .npy (NEP 1; numpy.lib.format), versions 1 to 3, and .npz (a zip of them).
 *
 *   \x93NUMPY  major minor  header length (2 bytes; 4 from version 2)
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (8, 5000, 12), }   Python literal
 *   the elements
 *
 * Real numbers only: float16/32/64, signed and unsigned integers of 1, 2, 4, 8 bytes, bool; either
 * byte order. Arrays in Fortran order are given out in C order. */
#ifndef XP_CONVERT_NPY_H
#define XP_CONVERT_NPY_H

#include "base/bytes.h"
#include "base/status.h"

#define XP_NPY_MAX_DIMS 8
#define XP_NPY_MAX_HEADER ((size_t)1 << 16)

/* A parsed array: a view into the caller's bytes, nothing is owned. */
typedef struct xp_npy {
    char kind; /* 'f' float, 'i' signed, 'u' unsigned, 'b' bool */
    int size;  /* bytes of one element */
    bool big_endian, fortran;
    int ndim;
    size_t shape[XP_NPY_MAX_DIMS];
    size_t count;        /* elements: the product of shape, 1 for a scalar */
    const uint8_t *data; /* count * size bytes as stored */
} xp_npy;

/* file must outlive *a. The data must end where the file ends. On error *a is untouched. */
xp_status xp_npy_read(xp_npy *a, xp_bytes file, xp_error *err);

/* The same of a file's beginning alone (its header, or XP_NPY_HEAD bytes); size: of the whole file.
 * a->data is NULL. */
#define XP_NPY_HEAD (XP_NPY_MAX_HEADER + 12)
xp_status xp_npy_read_head(xp_npy *a, xp_bytes start, uint64_t size, xp_error *err);

/* The a->count elements in C order, as float32 (rounded to nearest), float64 or int64. int64 is
 * for arrays of integers and bool: a float array, or an unsigned value above INT64_MAX, is
 * XP_ERR_FORMAT and out is then not to be used. */
void xp_npy_floats(const xp_npy *a, float *out);
void xp_npy_doubles(const xp_npy *a, double *out);
xp_status xp_npy_ints(const xp_npy *a, int64_t *out, xp_error *err);

/* "float32 (8, 5000, 12)" for messages; returns text. */
const char *xp_npy_describe(const xp_npy *a, char *text, size_t size);

/* Version 1, little-endian, C order, as numpy.save writes it (data at a multiple of 64). data holds
 * product(shape) elements of that kind and size in the machine's order (float, double, int32_t...).
 * *bytes is malloc'ed. */
xp_status xp_npy_write(char kind, int size, int ndim, const size_t *shape, const void *data,
                       uint8_t **bytes, size_t *n_bytes, xp_error *err);

/* ==== .npz (npz.c: needs libzip, native only) ================================================ */

#define XP_NPZ_MAX_BYTES ((size_t)4 << 30) /* unpacked, all arrays together */

typedef struct xp_npz_array {
    char *name; /* without ".npy"; owned */
    uint8_t *bytes;
    size_t n_bytes; /* the .npy; owned */
    xp_npy array;   /* view into bytes */
} xp_npz_array;

typedef struct xp_npz {
    xp_npz_array *arrays; /* in the zip's order */
    int n;
} xp_npz;

/* Unpacks every array. file need not outlive *z. Free with xp_npz_free. */
xp_status xp_npz_read(xp_npz *z, xp_bytes file, xp_error *err);
void xp_npz_free(xp_npz *z);
const xp_npy *xp_npz_find(const xp_npz *z, const char *name);

/* One array a name, each given as the bytes of its .npy (xp_npy_write); deflated if asked. *bytes
 * is malloc'ed. The same input gives the same bytes. */
typedef struct xp_npz_source {
    const char *name;
    const uint8_t *npy;
    size_t n_bytes;
} xp_npz_source;
xp_status xp_npz_write(const xp_npz_source *arrays, int n, bool compress, uint8_t **bytes,
                       size_t *n_bytes, xp_error *err);

#endif
