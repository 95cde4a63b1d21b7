/* HDF5 files as h5py writes them by default ("earliest" format), so as Keras does: groups with
 * symbol tables, float datasets stored in one piece. Method: HDF5 File Format Specification 3.0.
 *
 *   superblock v0/v1 -> object header of "/"
 *   group: object header v1 { symbol table message } -> B-tree v1 -> SNOD nodes (name, object)
 *                                                    -> local heap (names)
 *   dataset: object header v1 { dataspace, datatype, layout messages } -> the numbers
 *
 * Why not libhdf5: on damaged files its 1.10 series asks for any amount of memory, leaks, and
 * prints when the program ends; a reader of this part of the format can check every byte. The tests
 * compare it with libhdf5. What it does not know (the newer format, chunks, links to elsewhere) is
 * a clear error, never a guess. */
#ifndef XP_CONVERT_KERAS_H5_H
#define XP_CONVERT_KERAS_H5_H

#include "base/bytes.h"
#include "base/status.h"

#define XP_H5_MAX_DIMS 8

/* A group or dataset: where its header is. */
typedef uint64_t xp_h5_object;

typedef struct xp_h5 {
    xp_bytes file; /* not owned */
    xp_h5_object root;
} xp_h5;

/* A dataset of floats: a view into the file. */
typedef struct xp_h5_floats {
    int ndim;
    size_t shape[XP_H5_MAX_DIMS], count;
    int size;            /* bytes of a number: 2, 4 or 8; IEEE, little-endian */
    const uint8_t *data; /* count * size bytes */
} xp_h5_floats;

/* file must outlive *h and all that is found in it. */
xp_status xp_h5_open(xp_h5 *h, xp_bytes file, xp_error *err);

/* What "a/b/c" leads to from the root; XP_ERR_NOT_FOUND when a part of it is not there. */
xp_status xp_h5_find(const xp_h5 *h, const char *path, xp_h5_object *object, xp_error *err);

/* Number of links in a group. */
xp_status xp_h5_count(const xp_h5 *h, xp_h5_object group, int *n, xp_error *err);

xp_status xp_h5_dataset(const xp_h5 *h, xp_h5_object dataset, xp_h5_floats *d, xp_error *err);

/* The d->count numbers as float32, rounded to nearest. */
void xp_h5_read(const xp_h5_floats *d, float *out);

#endif
