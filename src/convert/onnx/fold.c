#include "base/arena.h"
#include "convert/onnx/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Arithmetic and views of constants, as exporters leave them where they do not compute them
 * themselves (a batch norm as scale / sqrt(variance + epsilon)): each gives another constant. */

enum { MAX_RANK = 8 };

struct onnx_made {
    onnx_tensor tensor;
    int64_t dims[MAX_RANK];
    onnx_made *next;
    float data[];
};

void onnx_free_made(onnx_made *made) {
    while (made) {
        onnx_made *next = made->next;
        free(made);
        made = next;
    }
}

xp_status onnx_make_tensor(onnx_import *im, const onnx_node *n, int rank, const int64_t *dims,
                           float **data, const onnx_tensor **out, xp_error *err) {
    size_t count = 1;
    if (rank > MAX_RANK)
        return onnx_fail(err, XP_ERR_LIMIT, n, "a constant of more than %d axes", MAX_RANK);
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0 || !xp_mul_size(count, (size_t)dims[i], &count) || count > INT32_MAX)
            return onnx_fail(err, XP_ERR_FORMAT, n, "makes a constant of an impossible shape");
    XP_TRY(onnx_count_made(im, n, count, err));
    onnx_made *made = calloc(1, sizeof *made + count * sizeof *made->data);
    if (!made) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    onnx__tensor_proto__init(&made->tensor);
    made->tensor.name = n->n_output ? n->output[0] : NULL;
    made->tensor.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    made->tensor.has_data_type = true;
    memcpy(made->dims, dims, (size_t)rank * sizeof *dims);
    made->tensor.dims = made->dims, made->tensor.n_dims = (size_t)rank;
    made->tensor.float_data = made->data, made->tensor.n_float_data = count;
    made->next = im->made;
    im->made = made;
    *data = made->data;
    *out = &made->tensor;
    return XP_OK;
}

/* ==== what a node reads and gives ============================================================ */

/* A constant of floats. */
typedef struct operand {
    const onnx_tensor *tensor;
    size_t count;
    const float *values; /* its numbers, once they are loaded */
    float *copy;         /* owned; NULL: they are the tensor's own */
} operand;

/* Whether input i is one: what is none is no error. */
static bool find_operand(const onnx_import *im, const onnx_node *n, int i, operand *out) {
    const char *name = onnx_input_name(n, i);
    const onnx_value *v = name ? onnx_find(im, name) : NULL;
    xp_error ignored;
    *out = (operand){0};
    if (!v || v->state != VALUE_TENSOR || !onnx_tensor_is_float(v->tensor) ||
        v->tensor->n_dims > MAX_RANK ||
        onnx_tensor_count(v->tensor, &out->count, &ignored) != XP_OK)
        return false;
    out->tensor = v->tensor;
    return true;
}

/* What was made here, or is listed as floats, is read where it lies. */
static xp_status load(operand *o, xp_error *err) {
    const onnx_tensor *t = o->tensor;
    if (!t->has_raw_data && t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) {
        o->values = t->float_data;
        return XP_OK;
    }
    o->copy = malloc((o->count + 1) * sizeof *o->copy);
    if (!o->copy) return xp_fail(err, XP_ERR_MEMORY, "onnx: not enough memory");
    onnx_tensor_floats(t, o->count, o->copy);
    o->values = o->copy;
    return XP_OK;
}

static void give(const onnx_import *im, const onnx_node *n, const onnx_tensor *t) {
    const onnx_value v = {.state = VALUE_TENSOR, .tensor = t};
    onnx_set_output(im, n, 0, &v);
}

/* Element `at` of a tensor that is spread over `dims` -> its place there. */
static size_t place(const onnx_tensor *t, int rank, const int64_t *dims, size_t at) {
    size_t index = 0, step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        const int mine = i - (rank - (int)t->n_dims);
        const size_t digit = at % (size_t)dims[i];
        at /= (size_t)dims[i];
        if (mine < 0) break;
        if (t->dims[mine] != 1) index += digit * step;
        step *= (size_t)t->dims[mine];
    }
    return index;
}

/* The shape of two that are spread over each other; -1: they cannot be. */
static int spread(const int64_t *a, int n_a, const int64_t *b, int n_b, int64_t *out) {
    const int rank = n_a > n_b ? n_a : n_b;
    for (int i = 1; i <= rank; i++) {
        const int64_t p = i <= n_a ? a[n_a - i] : 1, q = i <= n_b ? b[n_b - i] : 1;
        if (p < 1 || q < 1 || (p != q && p != 1 && q != 1)) return -1;
        out[rank - i] = p > q ? p : q;
    }
    return rank;
}

/* ==== arithmetic ============================================================================= */

static bool apply_one(const char *type, float x, float *y) {
    if (!strcmp(type, "Neg"))
        *y = -x;
    else if (!strcmp(type, "Sqrt"))
        *y = sqrtf(x);
    else if (!strcmp(type, "Reciprocal"))
        *y = 1 / x;
    else if (!strcmp(type, "Exp"))
        *y = expf(x);
    else
        return false;
    return true;
}

static bool apply_two(const char *type, float a, float b, float *y) {
    if (!strcmp(type, "Add"))
        *y = a + b;
    else if (!strcmp(type, "Sub"))
        *y = a - b;
    else if (!strcmp(type, "Mul"))
        *y = a * b;
    else if (!strcmp(type, "Div"))
        *y = a / b;
    else if (!strcmp(type, "Pow"))
        *y = powf(a, b);
    else
        return false;
    return true;
}

static xp_status fold_one(onnx_import *im, const onnx_node *n, operand *x, xp_error *err) {
    float *data = NULL;
    const onnx_tensor *made;
    XP_TRY(onnx_make_tensor(im, n, (int)x->tensor->n_dims, x->tensor->dims, &data, &made, err));
    for (size_t i = 0; i < x->count; i++) apply_one(n->op_type, x->values[i], &data[i]);
    give(im, n, made);
    return XP_OK;
}

static xp_status fold_two(onnx_import *im, const onnx_node *n, operand *a, operand *b,
                          xp_error *err) {
    int64_t dims[MAX_RANK];
    float *data = NULL;
    const onnx_tensor *made;
    const int rank = spread(a->tensor->dims, (int)a->tensor->n_dims, b->tensor->dims,
                            (int)b->tensor->n_dims, dims);
    if (rank < 0)
        return onnx_fail(err, XP_ERR_SHAPE, n, "its constants do not fit over each other");
    XP_TRY(onnx_make_tensor(im, n, rank, dims, &data, &made, err));
    for (size_t i = 0; i < made->n_float_data; i++)
        apply_two(n->op_type, a->values[place(a->tensor, rank, dims, i)],
                  b->values[place(b->tensor, rank, dims, i)], &data[i]);
    give(im, n, made);
    return XP_OK;
}

/* ==== views ================================================================================== */

/* The shape of a view of x; false: it is none of those that are known. */
static bool find_view(const onnx_import *im, const onnx_node *n, const onnx_tensor *x,
                      int64_t *dims, int *rank) {
    int64_t list[ONNX_MAX_INTS];
    int count = 0, at = 0;
    xp_error ignored;
    const bool adds = !strcmp(n->op_type, "Unsqueeze"), drops = !strcmp(n->op_type, "Squeeze");
    const bool has_list = adds || drops || !strcmp(n->op_type, "Reshape");
    if (!has_list ||
        onnx_get_list(im, n, 1, adds || drops ? "axes" : "shape", list, &count, &ignored) != XP_OK)
        return false;
    *rank = adds ? (int)x->n_dims + count : drops ? (int)x->n_dims : count;
    if (*rank > MAX_RANK) return false;
    bool named[MAX_RANK] = {0};
    for (int i = 0; (adds || drops) && i < count; i++) {
        if (onnx_get_axis(n, list[i], *rank, &at, &ignored) != XP_OK || named[at]) return false;
        named[at] = true;
    }
    for (int i = 0, from = 0; i < *rank; i++) {
        if (adds)
            dims[i] = named[i] ? 1 : x->dims[from++];
        else
            dims[i] = drops ? x->dims[i] : list[i];
        if (!adds && !drops && !dims[i] && i < (int)x->n_dims) dims[i] = x->dims[i];
    }
    if (!drops) return true;
    int left = 0;
    for (int i = 0; i < *rank; i++) {
        const bool drop = count ? named[i] : dims[i] == 1;
        if (drop && dims[i] != 1) return false;
        if (!drop) dims[left++] = dims[i];
    }
    *rank = left;
    return true;
}

/* The one size that is left open (-1), from how many there are. */
static bool close_shape(int64_t *dims, int rank, size_t count) {
    int open = -1;
    size_t known = 1;
    for (int i = 0; i < rank; i++) {
        if (dims[i] == -1 && open < 0)
            open = i;
        else if (dims[i] < 1 || !xp_mul_size(known, (size_t)dims[i], &known) || known > count)
            return false;
    }
    if (open >= 0) dims[open] = (int64_t)(count / known);
    return open >= 0 ? count % known == 0 : known == count;
}

static xp_status fold_view(onnx_import *im, const onnx_node *n, operand *x, const int64_t *dims,
                           int rank, xp_error *err) {
    float *data = NULL;
    const onnx_tensor *made;
    XP_TRY(onnx_make_tensor(im, n, rank, dims, &data, &made, err));
    if (x->count) memcpy(data, x->values, x->count * sizeof *data);
    give(im, n, made);
    return XP_OK;
}

static xp_status fold_transpose(onnx_import *im, const onnx_node *n, operand *x, xp_error *err) {
    const int rank = (int)x->tensor->n_dims;
    int64_t perm[MAX_RANK], dims[MAX_RANK];
    size_t steps[MAX_RANK], step = 1;
    unsigned seen = 0;
    float *data = NULL;
    const onnx_tensor *made;
    for (int i = 0; i < rank; i++) perm[i] = rank - 1 - i;
    XP_TRY(onnx_get_ints(n, "perm", rank, perm, err));
    for (int i = rank - 1; i >= 0; i--) {
        steps[i] = step;
        step *= (size_t)x->tensor->dims[i];
        if (perm[i] >= 0 && perm[i] < rank) seen |= 1u << perm[i];
    }
    if (seen != (1u << rank) - 1)
        return onnx_fail(err, XP_ERR_FORMAT, n, "attribute perm does not name every axis once");
    for (int i = 0; i < rank; i++) dims[i] = x->tensor->dims[perm[i]];
    XP_TRY(onnx_make_tensor(im, n, rank, dims, &data, &made, err));
    for (size_t i = 0; i < x->count; i++) {
        size_t from = 0, at = i;
        for (int k = rank - 1; k >= 0; k--) {
            from += at % (size_t)dims[k] * steps[perm[k]];
            at /= (size_t)dims[k];
        }
        data[i] = x->values[from];
    }
    give(im, n, made);
    return XP_OK;
}

static xp_status fold_expand(onnx_import *im, const onnx_node *n, operand *x, const int64_t *shape,
                             int count, xp_error *err) {
    int64_t dims[MAX_RANK];
    float *data = NULL;
    const onnx_tensor *made;
    const int rank = spread(x->tensor->dims, (int)x->tensor->n_dims, shape, count, dims);
    if (rank < 0) return onnx_fail(err, XP_ERR_SHAPE, n, "its constant does not fit its shape");
    XP_TRY(onnx_make_tensor(im, n, rank, dims, &data, &made, err));
    for (size_t i = 0; i < made->n_float_data; i++)
        data[i] = x->values[place(x->tensor, rank, dims, i)];
    give(im, n, made);
    return XP_OK;
}

/* ==== a node ================================================================================= */

static xp_status fold_unary(onnx_import *im, const onnx_node *n, operand *x, bool *done,
                            xp_error *err) {
    int64_t dims[MAX_RANK];
    int rank = 0, count = 0;
    float ignored_value;
    xp_error ignored;
    const bool turns = !strcmp(n->op_type, "Transpose"), expands = !strcmp(n->op_type, "Expand");
    const bool views =
        find_view(im, n, x->tensor, dims, &rank) && close_shape(dims, rank, x->count);
    /* Zeros of a shape that is computed are a recurrent layer's state, and known as such. */
    const bool spreads = expands && !onnx_tensor_is_all(x->tensor, x->count, 0) &&
                         onnx_get_list(im, n, 1, "", dims, &count, &ignored) == XP_OK;
    *done = turns || views || spreads || apply_one(n->op_type, 1, &ignored_value);
    if (!*done) return XP_OK;
    XP_TRY(load(x, err));
    if (turns) return fold_transpose(im, n, x, err);
    if (spreads) return fold_expand(im, n, x, dims, count, err);
    return views ? fold_view(im, n, x, dims, rank, err) : fold_one(im, n, x, err);
}

xp_status onnx_fold(onnx_import *im, const onnx_node *n, bool *done, xp_error *err) {
    operand a, b = {0};
    float ignored;
    xp_status s = XP_OK;
    *done = false;
    if (!find_operand(im, n, 0, &a)) return XP_OK;
    if (apply_two(n->op_type, 1, 1, &ignored) && find_operand(im, n, 1, &b)) {
        *done = true;
        s = load(&a, err);
        if (s == XP_OK) s = load(&b, err);
        if (s == XP_OK) s = fold_two(im, n, &a, &b, err);
    } else {
        s = fold_unary(im, n, &a, done, err);
    }
    free(a.copy);
    free(b.copy);
    return s;
}
