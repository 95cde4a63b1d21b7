#include "convert/onnx/ops.h"
#include "nn/op.h"

#include <string.h>

/* Whether a norm has this constant, or only says 1 or 0 because ONNX wants to hear something. */
static bool is_param(const onnx_import *im, const onnx_tensor *t, size_t count, float v) {
    return !(onnx_is_part(im, t->doc_string) && onnx_tensor_is_all(t, count, v));
}

static xp_status add_batchnorm(onnx_import *im, const onnx_node *n, xp_error *err) {
    static const char *const suffixes[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    onnx_value *x;
    const onnx_tensor *t[4];
    size_t count[4];
    int64_t training;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    bool fits = x->rank >= 2 && x->axes[0] == AXIS_BATCH && x->axes[1] == AXIS_CHANNELS;
    if (!fits) return onnx_wrong_axes(n, x, "(batch, channels, time) or (batch, channels)", err);
    for (int i = 0; i < 4; i++) XP_TRY(onnx_need_tensor(im, n, i + 1, 1, &t[i], &count[i], err));
    XP_TRY(onnx_get_int(n, "training_mode", 0, &training, err));
    if (training)
        return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                         "attribute training_mode = 1: export the model in evaluation mode");
    xp_op op = {.kind = XP_OP_BATCHNORM, .n_inputs = 1, .inputs = {x->op}};
    op.scale = is_param(im, t[0], count[0], 1);
    op.center = is_param(im, t[1], count[1], 0);
    XP_TRY(onnx_get_float(n, "epsilon", 1e-5f, &op.epsilon, err));
    XP_TRY(onnx_get_float(n, "momentum", 0.9f, &op.momentum, err));
    onnx_value before = *x;
    XP_TRY(onnx_add_op(im, n, &op, err));
    const onnx_fill how = {.flat_t = before.flat_t, .flat_c = before.flat_c};
    for (int i = 0; i < 4; i++)
        if (!(i == 0 && !op.scale) && !(i == 1 && !op.center))
            XP_TRY(onnx_fill_param(im, n, suffixes[i], t[i], count[i], how, err));
    before.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &before);
    return XP_OK;
}

static xp_status add_layernorm(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    const onnx_tensor *gamma, *beta = NULL;
    size_t n_gamma, n_beta = 0;
    int64_t axis;
    int last;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    XP_TRY(onnx_refuse_flat(n, x, err));
    XP_TRY(onnx_get_int(n, "axis", -1, &axis, err));
    XP_TRY(onnx_get_axis(n, axis, x->rank, &last, err));
    if (last != x->rank - 1 || x->axes[last] != AXIS_CHANNELS)
        return onnx_wrong_axes(n, x, "channels last, and only these normalised", err);
    XP_TRY(onnx_need_tensor(im, n, 1, 1, &gamma, &n_gamma, err));
    if (onnx_input_name(n, 2)) XP_TRY(onnx_need_tensor(im, n, 2, 1, &beta, &n_beta, err));
    xp_op op = {.kind = XP_OP_LAYERNORM, .n_inputs = 1, .inputs = {x->op}, .center = beta != NULL};
    op.scale = is_param(im, gamma, n_gamma, 1);
    XP_TRY(onnx_get_float(n, "epsilon", 1e-5f, &op.epsilon, err));
    onnx_value y = *x;
    XP_TRY(onnx_add_op(im, n, &op, err));
    if (op.scale) XP_TRY(onnx_fill_param(im, n, "gamma", gamma, n_gamma, (onnx_fill){0}, err));
    if (beta) XP_TRY(onnx_fill_param(im, n, "beta", beta, n_beta, (onnx_fill){0}, err));
    y.op = im->g->n_ops - 1;
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

/* Over time, each channel, or each group of channels, by itself. */
static xp_status add_group_norm(onnx_import *im, const onnx_node *n, onnx_value *x, int groups,
                                xp_error *err) {
    static const char *const suffixes[] = {"gamma", "beta"};
    const onnx_tensor *t[2];
    size_t count[2] = {0};
    XP_TRY(onnx_refuse_flat(n, x, err));
    const int channels = im->g->ops[x->op].c;
    for (int i = 0; i < 2; i++) XP_TRY(onnx_need_tensor(im, n, i + 1, 1, &t[i], &count[i], err));
    xp_op op = {.kind = XP_OP_GROUPNORM,
                .n_inputs = 1,
                .inputs = {x->op},
                .groups = groups,
                .scale = is_param(im, t[0], count[0], 1),
                .center = is_param(im, t[1], count[1], 0)};
    XP_TRY(onnx_get_float(n, "epsilon", 1e-5f, &op.epsilon, err));
    /* In a norm of groups that is written as several nodes the numbers come behind it. */
    if (x->groups) {
        if (!onnx_tensor_is_all(t[0], count[0], 1) || !onnx_tensor_is_all(t[1], count[1], 0))
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n, "scales groups of channels");
        op.scale = op.center = false;
    }
    onnx_value y = *x;
    XP_TRY(onnx_add_op(im, n, &op, err));
    y.op = im->g->n_ops - 1;
    /* Of groups, before opset 21, or of channels. */
    for (int i = 0; i < 2; i++) {
        if (!(i ? op.center : op.scale)) continue;
        if (count[i] == (size_t)channels)
            XP_TRY(onnx_fill_param(im, n, suffixes[i], t[i], count[i], (onnx_fill){0}, err));
        else
            return onnx_fail(err, XP_ERR_UNSUPPORTED, n,
                             "its numbers are for groups of channels; export it with opset 21 or "
                             "later");
    }
    onnx_set_output(im, n, 0, &y);
    return XP_OK;
}

static xp_status add_instancenorm(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (x->rank < 3 || x->axes[0] != AXIS_BATCH || x->axes[1] != AXIS_CHANNELS)
        return onnx_wrong_axes(n, x, "(batch, channels, time)", err);
    return add_group_norm(im, n, x, x->groups ? x->groups : im->g->ops[x->op].c, err);
}

static xp_status add_groupnorm(onnx_import *im, const onnx_node *n, xp_error *err) {
    onnx_value *x;
    int64_t given;
    int groups;
    XP_TRY(onnx_need_op(im, n, 0, &x, err));
    if (x->rank < 2 || x->axes[0] != AXIS_BATCH || x->axes[1] != AXIS_CHANNELS)
        return onnx_wrong_axes(n, x, "(batch, channels, time)", err);
    XP_TRY(onnx_get_int(n, "num_groups", 0, &given, err));
    XP_TRY(onnx_get_small(n, "attribute num_groups", given, &groups, err));
    return add_group_norm(im, n, x, groups, err);
}

/* n times the same number: what a norm without gamma or beta computes with. */
static const char *constant_floats(onnx_exporter *e, const char *tag, int n, float v) {
    const char *name = onnx_text(e, "%s:%s", e->op->name, tag);
    int64_t dim = n;
    float *data = onnx_put_floats(e, name, 1, &dim);
    for (int i = 0; data && i < n; i++) data[i] = v;
    if (data) e->graph->initializer[e->graph->n_initializer - 1]->doc_string = (char *)ONNX_PART;
    return name;
}

static const char *param_or(onnx_exporter *e, const char *suffix, const char *tag, int n, float v) {
    const char *name = onnx_put_param(e, suffix);
    return name ? name : constant_floats(e, tag, n, v);
}

static void write_batchnorm(onnx_exporter *e) {
    onnx_layout l = onnx_sequence_or_vector(e, ONNX_NCT);
    const char *in = onnx_in_layout(e, e->op->inputs[0], l);
    onnx_node *n = onnx_put_node(e, "BatchNormalization", e->op->name, onnx_declare(e, l));
    onnx_put_input(n, in);
    onnx_put_input(n, param_or(e, "gamma", "ones", e->op->c, 1));
    onnx_put_input(n, param_or(e, "beta", "zeros", e->op->c, 0));
    onnx_put_input(n, onnx_put_param(e, "moving_mean"));
    onnx_put_input(n, onnx_put_param(e, "moving_variance"));
    onnx_put_float(e, n, "epsilon", e->op->epsilon);
    onnx_put_float(e, n, "momentum", e->op->momentum);
}

static void write_layernorm(onnx_exporter *e) {
    onnx_layout l = onnx_sequence_or_vector(e, ONNX_NTC);
    const char *in = onnx_in_layout(e, e->op->inputs[0], l);
    onnx_node *n = onnx_put_node(e, "LayerNormalization", e->op->name, onnx_declare(e, l));
    onnx_put_input(n, in);
    onnx_put_input(n, param_or(e, "gamma", "ones", e->op->c, 1));
    if (e->op->center) onnx_put_input(n, onnx_put_param(e, "beta"));
    onnx_put_int(e, n, "axis", -1);
    onnx_put_float(e, n, "epsilon", e->op->epsilon);
}

/* (channels, 1), or (channels) of a vector: behind the norm. */
static const char *put_beside(onnx_exporter *e, const char *suffix, onnx_layout l) {
    const xp_param *p = onnx_find_param(e, suffix);
    if (!p) return NULL;
    const int64_t dims[] = {p->shape[0], 1};
    float *data = onnx_put_floats(e, p->name, l == ONNX_VECTOR ? 1 : 2, dims);
    if (data) memcpy(data, onnx_weights(e, p), p->count * sizeof *data);
    return p->name;
}

/* Channels by group, an instance norm of these, and back; then numbers for each channel. */
static void write_groupnorm(onnx_exporter *e) {
    const xp_op *op = e->op;
    const onnx_layout l = onnx_sequence_or_vector(e, ONNX_NCT);
    const char *in = onnx_in_layout(e, op->inputs[0], l), *out = onnx_declare(e, l), *at = in;
    const char *gamma = put_beside(e, "gamma", l), *beta = put_beside(e, "beta", l);
    const int64_t apart[] = {0, op->groups, -1}, back[] = {0, op->c, op->t};
    const char *numbers[] = {gamma, beta}, *types[] = {"Mul", "Add"};
    const char *lists[] = {onnx_put_list(e, "groups", 3, apart),
                           onnx_put_list(e, "channels", l == ONNX_VECTOR ? 2 : 3, back)};
    const int n_more = (gamma != NULL) + (beta != NULL);
    onnx_node *n = onnx_put_node(e, "Reshape", onnx_text(e, "%s:apart", op->name),
                                 onnx_text(e, "%s:1", op->name));
    onnx_put_input(n, at);
    onnx_put_input(n, lists[0]);
    onnx_mark_layer(n, onnx_text(e, ONNX_LAYER "groupnorm %d %.9g %d %d", op->groups,
                                 (double)op->epsilon, gamma != NULL, beta != NULL));
    n = onnx_put_node(e, "InstanceNormalization", onnx_text(e, "%s:norm", op->name),
                      onnx_text(e, "%s:2", op->name));
    onnx_put_input(n, onnx_text(e, "%s:1", op->name));
    onnx_put_input(n, constant_floats(e, "ones", op->groups, 1));
    onnx_put_input(n, constant_floats(e, "zeros", op->groups, 0));
    onnx_put_float(e, n, "epsilon", op->epsilon);
    at = n_more ? onnx_text(e, "%s:3", op->name) : out;
    n = onnx_put_node(e, "Reshape", n_more ? onnx_text(e, "%s:back", op->name) : op->name, at);
    onnx_put_input(n, onnx_text(e, "%s:2", op->name));
    onnx_put_input(n, lists[1]);
    for (int i = 0, done = 0; i < 2; i++) {
        if (!numbers[i]) continue;
        const bool last = ++done == n_more;
        const char *to = last ? out : onnx_text(e, "%s:4", op->name);
        n = onnx_put_node(e, types[i], last ? op->name : onnx_text(e, "%s:scale", op->name), to);
        onnx_put_input(n, at);
        onnx_put_input(n, numbers[i]);
        at = to;
    }
}

const onnx_op onnx_op_groupnorm = {
    .write = write_groupnorm,
    .operators = {{"InstanceNormalization", "epsilon", add_instancenorm},
                  {"GroupNormalization", "epsilon num_groups stash_type", add_groupnorm}},
};

const onnx_op onnx_op_batchnorm = {
    .write = write_batchnorm,
    .operators = {{"BatchNormalization", "epsilon momentum training_mode", add_batchnorm}},
};

const onnx_op onnx_op_layernorm = {
    .write = write_layernorm,
    .operators = {{"LayerNormalization", "axis epsilon stash_type", add_layernorm}},
};
