#include "convert/onnx/ops.h"
#include "nn/op.h"

typedef struct product {
    const onnx_tensor *w, *b;
    size_t n_w, n_b;
    bool transposed; /* w is (out, in) */
} product;

/* An Add of one constant per channel behind a product without a bias: its bias. */
static const onnx_tensor *take_bias(const onnx_import *im, const onnx_node **last, int units) {
    const onnx_node *next = onnx_only_reader(im, *last, "Add");
    xp_error ignored;
    for (int i = 0; next && i < 2; i++) {
        const onnx_value *v = onnx_input_name(next, i) ? onnx_find(im, next->input[i]) : NULL;
        size_t count;
        if (!v || v->state != VALUE_TENSOR || !onnx_tensor_is_float(v->tensor) ||
            onnx_tensor_count(v->tensor, &count, &ignored) != XP_OK || count != (size_t)units ||
            v->tensor->n_dims < 1 || v->tensor->dims[v->tensor->n_dims - 1] != units)
            continue;
        onnx_take_up(im, next);
        *last = next;
        return v->tensor;
    }
    return NULL;
}

static xp_status add_dense(onnx_import *im, const onnx_node *n, const onnx_value *x, product p,
                           xp_error *err) {
    onnx_value y = *x;
    int in = im->g->ops[x->op].c;
    int64_t rows = p.w->dims[p.transposed], cols = p.w->dims[!p.transposed];
    if (rows != in)
        return onnx_fail(err, XP_ERR_SHAPE, n, "its weights expect %lld inputs, it gets %d",
                         (long long)rows, in);
    xp_op op = {.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {x->op}};
    XP_TRY(onnx_get_small(n, "number of outputs", cols, &op.units, err));
    const onnx_node *last = n;
    if (!p.b) {
        p.b = take_bias(im, &last, op.units);
        p.n_b = (size_t)op.units;
    }
    op.use_bias = p.b != NULL;
    onnx_take_activation(im, &last, y.rank - 1, &op);
    XP_TRY(onnx_add_op(im, n, &op, err));
    onnx_fill how = {.order = p.transposed ? ORDER_TRANSPOSE : ORDER_AS_IS,
                     .flat_t = y.flat_t,
                     .flat_c = y.flat_c};
    XP_TRY(onnx_fill_param(im, n, "kernel", p.w, p.n_w, how, err));
    if (p.b) XP_TRY(onnx_fill_param(im, n, "bias", p.b, p.n_b, (onnx_fill){.repeats = true}, err));
    y.op = im->g->n_ops - 1;
    y.flat_t = y.flat_c = 0;
    onnx_set_output(im, last, 0, &y);
    return XP_OK;
}

xp_status onnx_add_pointwise(onnx_import *im, const onnx_node *n, onnx_value *x,
                             const onnx_tensor *w, size_t n_w, const onnx_tensor *b, size_t n_b,
                             xp_error *err) {
    onnx_value y = *x;
    xp_op op = {.kind = XP_OP_DENSE, .n_inputs = 1, .inputs = {x->op}, .use_bias = b != NULL};
    XP_TRY(onnx_get_small(n, "number of filters", w->dims[0], &op.units, err));
    XP_TRY(onnx_add_op(im, n, &op, err));
    const onnx_fill how = {.order = ORDER_TRANSPOSE};
    XP_TRY(onnx_fill_param(im, n, "kernel", w, n_w, how, err));
    if (b) XP_TRY(onnx_fill_param(im, n, "bias", b, n_b, (onnx_fill){0}, err));
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* *t becomes factor times what it is. */
static xp_status scale_constant(onnx_import *im, const onnx_node *n, const onnx_tensor **t,
                                size_t count, float factor, xp_error *err) {
    float *data = NULL;
    const onnx_tensor *from = *t;
    if (factor == 1) return XP_OK;
    XP_TRY(onnx_make_tensor(im, n, (int)from->n_dims, from->dims, &data, t, err));
    onnx_tensor_floats(from, count, data);
    for (size_t i = 0; i < count; i++) data[i] *= factor;
    return XP_OK;
}

static xp_status add_gemm(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    product p = {0};
    int64_t trans_a, trans_b;
    float alpha, beta;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (!x->rows && !onnx_has_axes(x, 2, onnx_vector))
        return onnx_wrong_axes(n, x, "(batch, channels)", err);
    XP_TRY(onnx_need_tensor(im, n, 1, 2, &p.w, &p.n_w, err));
    if (onnx_input_name(n, 2)) XP_TRY(onnx_need_tensor(im, n, 2, -1, &p.b, &p.n_b, err));
    XP_TRY(onnx_get_int(n, "transA", 0, &trans_a, err));
    XP_TRY(onnx_get_int(n, "transB", 0, &trans_b, err));
    XP_TRY(onnx_get_float(n, "alpha", 1, &alpha, err));
    XP_TRY(onnx_get_float(n, "beta", 1, &beta, err));
    if (trans_a) return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute transA = 1, expected 0");
    XP_TRY(scale_constant(im, n, &p.w, p.n_w, alpha, err));
    if (p.b) XP_TRY(scale_constant(im, n, &p.b, p.n_b, beta, err));
    p.transposed = trans_b != 0;
    return add_dense(im, n, x, p, err);
}

/* The last two axes of x as the matrix that its op is, or its transpose. */
static bool is_matrix(const onnx_value *x, bool *transposed) {
    if (x->rank != 3 || x->axes[0] != AXIS_BATCH || x->flat_t || x->rows) return false;
    const onnx_axis p = x->axes[1], q = x->axes[2];
    *transposed = q == AXIS_TIME || (p == AXIS_CHANNELS && q == AXIS_ONE);
    return p != q && (p == AXIS_TIME || q == AXIS_TIME || p == AXIS_ONE || q == AXIS_ONE);
}

/* The product of two layers' outputs. One of a single row is a vector again. */
static xp_status multiply_layers(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *a, *b;
    xp_op op = {.kind = XP_OP_MATMUL, .n_inputs = 2};
    static const onnx_axis full[] = {AXIS_BATCH, AXIS_TIME, AXIS_CHANNELS},
                           row[] = {AXIS_BATCH, AXIS_ONE, AXIS_CHANNELS};
    XP_TRY(onnx_need_op(im, n, 0, &a, err));
    XP_TRY(onnx_need_op(im, n, 1, &b, err));
    if (!is_matrix(a, &op.transpose_a))
        return onnx_wrong_axes(n, a, "batch and a matrix of time and channels", err);
    if (!is_matrix(b, &op.transpose_b))
        return onnx_wrong_axes(n, b, "batch and a matrix of time and channels", err);
    op.inputs[0] = a->op, op.inputs[1] = b->op;
    XP_TRY(onnx_add_op(im, n, &op, err));
    const bool single = im->g->ops[im->g->n_ops - 1].t == 1;
    if (single) {
        xp_op flat = {.kind = XP_OP_FLATTEN, .n_inputs = 1, .inputs = {im->g->n_ops - 1}};
        XP_TRY(onnx_add_extra_op(im, n, ".row", &flat, err));
    }
    onnx_value y = onnx_op_value(im, 3, single ? row : full);
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_matmul(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x, *second;
    product p = {0};
    XP_TRY(onnx_need_value(im, n, 1, &second, err));
    if (second->state == VALUE_OP) return multiply_layers(im, n, err);
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (x->axes[x->rank - 1] != AXIS_CHANNELS) return onnx_wrong_axes(n, x, "channels last", err);
    XP_TRY(onnx_need_tensor(im, n, 1, 2, &p.w, &p.n_w, err));
    return add_dense(im, n, x, p, err);
}

static void write_dense_vector(onnx_exporter *e) {
    const char *out = onnx_linear_output(e, ONNX_VECTOR),
               *in = onnx_in_layout(e, e->op->inputs[0], ONNX_VECTOR);
    onnx_node *n = onnx_put_node(e, "Gemm", e->op->name, out);
    onnx_put_input(n, in);
    onnx_put_input(n, onnx_put_param(e, "kernel"));
    if (e->op->use_bias) onnx_put_input(n, onnx_put_param(e, "bias"));
    onnx_finish_linear(e, out, ONNX_VECTOR);
}

static void write_dense(onnx_exporter *e) {
    if (onnx_input_of(e)->native == ONNX_VECTOR) {
        write_dense_vector(e);
        return;
    }
    const char *out = onnx_linear_output(e, ONNX_NTC),
               *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NTC);
    const char *linear = e->op->use_bias ? onnx_text(e, "%s:product", e->op->name) : out;
    onnx_node *n = onnx_put_node(e, "MatMul", e->op->name, linear);
    onnx_put_input(n, in);
    onnx_put_input(n, onnx_put_param(e, "kernel"));
    if (e->op->use_bias) {
        n = onnx_put_node(e, "Add", onnx_text(e, "%s:bias", e->op->name), out);
        onnx_put_input(n, linear);
        onnx_put_input(n, onnx_put_param(e, "bias"));
    }
    onnx_finish_linear(e, out, ONNX_NTC);
}

const onnx_op onnx_op_dense = {
    .write = write_dense,
    .operators = {{"Gemm", "transA transB alpha beta", add_gemm}, {"MatMul", "", add_matmul}},
};
