#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

/* The weights' window: all but one of its sizes are 1, as where Conv1D became a Conv2D of 1 x K. */
static xp_status read_kernel(const onnx_node *n, const onnx_value *x, const onnx_tensor *w, int at,
                             xp_op *op, xp_error *err) {
    bool fits = (int)w->n_dims == x->rank;
    int64_t length = 1;
    for (int i = 2; fits && i < (int)w->n_dims; i++) {
        if (i - 2 == at)
            length = w->dims[i];
        else
            fits = w->dims[i] == 1;
    }
    if (!fits)
        return onnx_fail(err, XP_ERR_SHAPE, n,
                         "its weights have %zu dimensions or a window in another one than time",
                         w->n_dims);
    XP_TRY(onnx_get_small(n, "number of filters", w->dims[0], &op->units, err));
    return onnx_get_small(n, "length of the kernel", length, &op->kernel, err);
}

typedef struct conv {
    onnx_value *x;
    int time; /* the axis of x; -1: it has none */
    const onnx_tensor *w, *b;
    size_t n_w, n_b;
    xp_op op;
} conv;

static xp_status read_groups(const onnx_node *n, conv *c, int channels, xp_error *err) {
    int64_t groups;
    XP_TRY(onnx_get_int(n, "group", 1, &groups, err));
    if (groups < 1 || channels % groups)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute group = %lld for %d channels",
                         (long long)groups, channels);
    c->op.groups = (int)groups;
    const int each = channels / c->op.groups;
    if (c->w->dims[1] == each) return XP_OK;
    if (groups > 1)
        return onnx_fail(err, XP_ERR_SHAPE, n,
                         "attribute group = %lld: its weights expect %lld channels in a group, its "
                         "input has %d",
                         (long long)groups, (long long)c->w->dims[1], each);
    return onnx_fail(err, XP_ERR_SHAPE, n, "its weights expect %lld channels, its input has %d",
                     (long long)c->w->dims[1], each);
}

static xp_status read_conv(onnx_import *im, const onnx_node *n, conv *c, xp_error *err) {
    XP_TRY(onnx_need_window(im, n, &c->x, &c->time, err));
    XP_TRY(onnx_need_tensor(im, n, 1, -1, &c->w, &c->n_w, err));
    if (onnx_input_name(n, 2)) XP_TRY(onnx_need_tensor(im, n, 2, 1, &c->b, &c->n_b, err));
    c->op = (xp_op){.kind = XP_OP_CONV1D, .n_inputs = 1, .use_bias = c->b != NULL};
    XP_TRY(read_kernel(n, c->x, c->w, c->time, &c->op, err));
    return read_groups(n, c, im->g->ops[c->x->op].c, err);
}

/* Over time, with the padding before it and the activation behind it as parts of the same op. */
static xp_status add_conv_over_time(onnx_import *im, const onnx_node *n, conv *c, xp_error *err) {
    onnx_value *x = c->x;
    xp_op *op = &c->op;
    if (x->pad_least || x->pad[0] >= op->kernel || x->pad[1] >= op->kernel)
        XP_TRY(onnx_make_padding(im, n, x, err));
    XP_TRY(onnx_read_window(im, n, x, c->time, op, err));
    op->inputs[0] = x->op;
    if (op->groups > 1 || op->dilation > 1)
        op->kind = XP_OP_GROUP_CONV1D;
    else
        op->groups = op->dilation = 0;
    const onnx_node *last = n;
    onnx_take_activation(im, &last, 1, op);
    onnx_value y = *x;
    XP_TRY(onnx_add_op(im, n, op, err));
    XP_TRY(onnx_fill_param(im, n, "kernel", c->w, c->n_w, (onnx_fill){.order = ORDER_CONV}, err));
    if (c->b) XP_TRY(onnx_fill_param(im, n, "bias", c->b, c->n_b, (onnx_fill){0}, err));
    y.op = im->g->n_ops - 1;
    y.pad[0] = y.pad[1] = 0;
    onnx_set_output(im, last, 0, &y);
    return XP_OK;
}

static xp_status add_conv(onnx_import *im, const onnx_node *n, xp_error *err) {
    conv c = {0};
    XP_TRY(read_conv(im, n, &c, err));
    if (c.time >= 0) return add_conv_over_time(im, n, &c, err);
    if (c.op.groups == 1) return onnx_add_pointwise(im, n, c.x, c.w, c.n_w, c.b, c.n_b, err);
    return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "attribute group of an input without time");
}

/* Keras (k, in, out) -> ONNX (out, in, k). */
const char *onnx_put_conv_kernel(onnx_exporter *e) {
    const xp_param *p = onnx_find_param(e, "kernel");
    size_t k = (size_t)p->shape[0], in = (size_t)p->shape[1], out = (size_t)p->shape[2];
    int64_t dims[3] = {p->shape[2], p->shape[1], p->shape[0]};
    float *data = onnx_put_floats(e, p->name, 3, dims);
    const float *w = onnx_weights(e, p);
    for (size_t j = 0; data && j < k; j++)
        for (size_t i = 0; i < in; i++)
            for (size_t o = 0; o < out; o++) data[(o * in + i) * k + j] = w[(j * in + i) * out + o];
    return p->name;
}

static void write_conv(onnx_exporter *e) {
    const char *out = onnx_linear_output(e, ONNX_NCT),
               *in = onnx_in_layout(e, e->op->inputs[0], ONNX_NCT);
    onnx_node *n = onnx_put_node(e, "Conv", e->op->name, out);
    onnx_put_input(n, in);
    onnx_put_input(n, onnx_put_conv_kernel(e));
    if (e->op->use_bias) onnx_put_input(n, onnx_put_param(e, "bias"));
    onnx_put_window(e, n);
    if (e->op->groups > 1) onnx_put_int(e, n, "group", e->op->groups);
    onnx_finish_linear(e, out, ONNX_NCT);
}

const onnx_op onnx_op_conv1d = {
    .write = write_conv,
    .operators = {{"Conv", "kernel_shape strides pads auto_pad dilations group", add_conv}},
};

const onnx_op onnx_op_group_conv1d = {.write = write_conv};
