/* The safetensors container (github.com/huggingface/safetensors, "Format"):
 *
 *   offset 0      8 bytes   n, little-endian: length of the header
 *   offset 8      n bytes   JSON object, UTF-8, begins with '{', may end in spaces
 *                           "tensor name": {"dtype": "F32", "shape": [2, 40, 12],
 *                                           "data_offsets": [begin, end]}, ...
 *                           "__metadata__": {"string": "string", ...}
 *   offset 8 + n            tensors, little-endian, row-major; data_offsets count from here,
 *                           cover every byte to the end of the file and never overlap
 *
 * The reader checks all of this before it gives anything out. */
#ifndef XP_NN_SAFETENSORS_H
#define XP_NN_SAFETENSORS_H

#include "base/bytes.h"
#include "base/status.h"

#define XP_ST_MAX_DIMS 8
#define XP_ST_MAX_HEADER ((size_t)4 << 20) /* the specification allows 100 MB; ours need 0.1 MB */

/* type, name in the header, bytes of one element */
#define XP_DTYPE_LIST(X)                                                                           \
    X(XP_F64, "F64", 8)                                                                            \
    X(XP_F32, "F32", 4)                                                                            \
    X(XP_F16, "F16", 2)                                                                            \
    X(XP_BF16, "BF16", 2)                                                                          \
    X(XP_I64, "I64", 8)                                                                            \
    X(XP_I32, "I32", 4)                                                                            \
    X(XP_I16, "I16", 2)                                                                            \
    X(XP_I8, "I8", 1)                                                                              \
    X(XP_U64, "U64", 8)                                                                            \
    X(XP_U32, "U32", 4)                                                                            \
    X(XP_U16, "U16", 2)                                                                            \
    X(XP_U8, "U8", 1)                                                                              \
    X(XP_BOOL, "BOOL", 1)

typedef enum xp_dtype {
#define X(type, name, size) type,
    XP_DTYPE_LIST(X)
#undef X
} xp_dtype;

const char *xp_dtype_name(xp_dtype d);

typedef struct xp_st_tensor {
    char *name; /* owned by the file */
    xp_dtype dtype;
    int ndim;
    size_t shape[XP_ST_MAX_DIMS];
    size_t count;        /* elements: the product of shape, 1 for a scalar */
    const uint8_t *data; /* count elements of dtype, any alignment, in the caller's file */
} xp_st_tensor;

typedef struct xp_st_meta {
    char *key, *value;
} xp_st_meta;

typedef struct xp_safetensors {
    xp_st_tensor *tensors; /* in the order of their data; owned */
    int n_tensors;
    xp_st_meta *meta; /* in the order of the header; owned */
    int n_meta;
} xp_safetensors;

/* Parse file, which must outlive *st (tensor data point into it). Free with xp_safetensors_free.
 * On error *st is untouched and err says what is wrong with which tensor. */
xp_status xp_safetensors_read(xp_safetensors *st, xp_bytes file, xp_error *err);
void xp_safetensors_free(xp_safetensors *st);

/* The tensor of that name, or NULL. */
const xp_st_tensor *xp_safetensors_find(const xp_safetensors *st, const char *name);

/* The metadata string of that key, or NULL. */
const char *xp_safetensors_meta(const xp_safetensors *st, const char *key);

/* The tensor's t->count values as float32. F32, F16 and BF16 are exact; F64 is rounded to nearest.
 * Other types are XP_ERR_UNSUPPORTED. */
xp_status xp_safetensors_floats(const xp_st_tensor *t, float *out, xp_error *err);

/* One tensor to write. Nothing is kept. */
typedef struct xp_st_source {
    const char *name;
    int ndim;
    const int *shape;
    const float *data; /* product of shape floats */
} xp_st_source;

/* Write tensors, in the order given, as dtype XP_F32 or XP_F16 (rounded to nearest even; a finite
 * value beyond float16's range is XP_ERR_LIMIT and named). *bytes is malloc'ed. The header is
 * padded with spaces so that the data begin at a multiple of 8. The same input gives the same
 * bytes. */
xp_status xp_safetensors_write(const xp_st_source *tensors, int n_tensors, const xp_st_meta *meta,
                               int n_meta, xp_dtype dtype, uint8_t **bytes, size_t *size,
                               xp_error *err);

#endif
