#include "nn/net.h"

#include "nn/plan.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

xp_gru xp_net_gru(const xp_net *net, const xp_op *op) {
    return (xp_gru){.units = op->units,
                    .activation = op->activation,
                    .recurrent = op->recurrent,
                    .reset_after = op->reset_after,
                    .return_sequences = op->return_sequences,
                    .kernel = xp_net_param(net, op, "kernel"),
                    .recurrence = xp_net_param(net, op, "recurrent_kernel"),
                    .bias = xp_net_param(net, op, "bias")};
}

/* ==== creation ==== */

static xp_status check_model(const xp_model *m, const xp_net_options *opt, xp_error *err) {
    const xp_graph *g = &m->graph;
    if (g->n_ops < 2 || !m->weights)
        return xp_fail(err, XP_ERR_USAGE, "the model has %d layers and %s weights", g->n_ops,
                       m->weights ? "its" : "no");
    const xp_op *last = &g->ops[g->n_ops - 1];
    if (last->is_sequence || last->c != m->n_labels)
        return xp_fail(err, XP_ERR_SHAPE,
                       "the last layer \"%s\" gives (%d, %d), expected a vector of %d labels",
                       last->name, last->t, last->c, m->n_labels);
    if (opt->n_explain < 0 || opt->n_explain > XP_NET_MAX_EXPLAIN)
        return xp_fail(err, XP_ERR_USAGE, "%d layers to explain at once, expected 0 to %d",
                       opt->n_explain, XP_NET_MAX_EXPLAIN);
    for (int i = 0; i < opt->n_explain; i++)
        if (opt->explain[i] < 0 || opt->explain[i] >= g->n_ops)
            return xp_fail(err, XP_ERR_USAGE, "layer %d to explain: the model has layers 0 to %d",
                           opt->explain[i], g->n_ops - 1);
    return XP_OK;
}

static const xp_kernels *choose_kernels(const xp_net_options *opt) {
    if (opt->reference) return xp_kernels_named("scalar");
    return opt->kernels ? opt->kernels : xp_kernels_best();
}

/* A net that knows its sizes but owns no block yet. */
static xp_status measure(xp_net *net, const xp_model *m, const xp_net_options *opt, xp_error *err) {
    static const xp_net_options forward_only = {0};
    if (!opt) opt = &forward_only;
    XP_TRY(check_model(m, opt, err));
    *net = (xp_net){.m = m,
                    .g = &m->graph,
                    .kernels = choose_kernels(opt),
                    .pool = opt->pool,
                    .reference = opt->reference};
    XP_TRY(xp_plan_make(net, opt, err));
    xp_arena arena = {0};
    xp_plan_layout(net, &arena);
    net->block_bytes = arena.used;
    if (arena.used < SIZE_MAX / 2) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "the network needs more memory than can be addressed");
}

xp_status xp_net_bytes(const xp_model *m, const xp_net_options *opt, size_t *bytes, xp_error *err) {
    xp_net net = {0};
    xp_status s = measure(&net, m, opt, err);
    if (s == XP_OK) *bytes = net.heap_bytes + net.block_bytes;
    xp_plan_free(&net);
    return s;
}

static xp_status acquire_block(xp_net *net, xp_error *err) {
    net->block = xp_aligned_alloc(net->block_bytes);
    if (!net->block)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for the network: %zu MiB",
                       net->block_bytes >> 20);
    xp_arena arena = {net->block, net->block_bytes, 0};
    xp_plan_layout(net, &arena);
    xp_plan_pack(net);
    return XP_OK;
}

xp_status xp_net_create(xp_net **out, const xp_model *m, const xp_net_options *opt, xp_error *err) {
    xp_net *net = calloc(1, sizeof *net);
    if (!net) return xp_fail(err, XP_ERR_MEMORY, "no memory for a network");
    xp_status s = measure(net, m, opt, err);
    if (s == XP_OK) s = acquire_block(net, err);
    if (s == XP_OK)
        *out = net;
    else
        xp_net_free(net);
    return s;
}

void xp_net_free(xp_net *net) {
    if (!net) return;
    xp_plan_free(net);
    xp_aligned_free(net->block);
    free(net);
}

/* ==== forward ====
 *
 * A step's work is cut into items (rows or columns of its output) that threads share out. */

typedef void (*step_fn)(xp_net *net, step *s, int begin, int end);

static void run_conv(xp_net *net, step *s, int begin, int end) {
    (void)begin, (void)end;
    bool relu = net->g->ops[s->op].activation == XP_ACT_RELU;
    xp_conv_epilogue ep = {s->bias, relu, s->scale, s->shift, false};
    if (s->relu && s->norm < 0) ep.relu_first = true;
    if (s->relu && s->norm >= 0) ep.relu_last = true;
    bool none = !s->bias && !ep.relu_first && !s->scale && !ep.relu_last;
    xp_conv_forward(s->conv, s->y, s->x[0], none ? NULL : &ep, net->scratch, net->pool);
}

static void run_conv_reference(xp_net *net, step *s, int begin, int end) {
    (void)begin, (void)end;
    const xp_op *op = &net->g->ops[s->op];
    const float *bias = xp_net_param(net, op, "bias");
    xp_conv_reference(s->y, s->x[0], xp_net_param(net, op, "kernel"), &s->shape);
    for (int t = 0; bias && t < s->y.rows; t++)
        net->kernels->add(xp_mat_row(s->y, t), bias, (size_t)s->y.cols);
}

static void run_batchnorm(xp_net *net, step *s, int begin, int end) {
    xp_batchnorm_forward(net->kernels, xp_mat_rows(s->y, begin, end),
                         xp_mat_rows(s->x[0], begin, end), s->scale, s->shift, s->relu);
}

static void run_activation(xp_net *net, step *s, int begin, int end) {
    xp_activation_forward(xp_mat_rows(s->y, begin, end), xp_mat_rows(s->x[0], begin, end),
                          net->g->ops[s->op].activation);
}

static void run_add(xp_net *net, step *s, int begin, int end) {
    xp_mat x[XP_OP_MAX_INPUTS];
    for (int i = 0; i < s->n_in; i++) x[i] = xp_mat_rows(s->x[i], begin, end);
    xp_add_forward(net->kernels, xp_mat_rows(s->y, begin, end), x, s->n_in, s->relu);
}

static void run_concat(xp_net *net, step *s, int begin, int end) {
    (void)net;
    for (int i = 0; i < s->n_in; i++) {
        xp_mat y = xp_mat_cols(s->y, s->col[i], s->x[i].cols);
        if (y.data == s->x[i].data) continue;
        xp_copy_forward(xp_mat_rows(y, begin, end), xp_mat_rows(s->x[i], begin, end));
    }
}

static void run_flatten(xp_net *net, step *s, int begin, int end) {
    (void)net, (void)begin, (void)end;
    xp_copy_forward(xp_mat_make(s->y.data, s->x[0].rows, s->x[0].cols), s->x[0]);
}

static xp_window window_of(const xp_op *op) {
    return (xp_window){op->kernel, op->stride, op->pad_left};
}

static void run_add_relu_maxpool(xp_net *net, step *s, int begin, int end) {
    xp_add_relu_maxpool_forward(s->y, s->x[0], s->x[1], window_of(&net->g->ops[s->pool]), begin,
                                end);
}

static void run_maxpool(xp_net *net, step *s, int begin, int end) {
    xp_maxpool_forward(s->y, s->x[0], window_of(&net->g->ops[s->op]), begin, end);
}

static void run_avgpool(xp_net *net, step *s, int begin, int end) {
    xp_avgpool_forward(s->y, s->x[0], window_of(&net->g->ops[s->op]), begin, end);
}

static void run_global_avgpool(xp_net *net, step *s, int begin, int end) {
    (void)net;
    xp_global_avgpool_forward(s->y, s->x[0], begin, end);
}

static void run_global_maxpool(xp_net *net, step *s, int begin, int end) {
    (void)net;
    xp_global_maxpool_forward(s->y, s->x[0], begin, end);
}

static void run_dense(xp_net *net, step *s, int begin, int end) {
    const xp_op *op = &net->g->ops[s->op];
    xp_dense_forward(net->kernels, s->y, s->x[0], xp_net_param(net, op, "kernel"),
                     xp_net_param(net, op, "bias"), begin, end);
}

static void run_layernorm(xp_net *net, step *s, int begin, int end) {
    const xp_op *op = &net->g->ops[s->op];
    xp_layernorm_forward(xp_mat_rows(s->y, begin, end), xp_mat_rows(s->x[0], begin, end),
                         xp_net_param(net, op, "gamma"), xp_net_param(net, op, "beta"),
                         op->epsilon);
}

static void run_gru(xp_net *net, step *s, int begin, int end) {
    (void)begin, (void)end;
    xp_gru g = xp_net_gru(net, &net->g->ops[s->op]);
    xp_gru_forward(net->kernels, &g, s->y, s->x[0], s->saved, net->scratch);
}

enum { WHOLE, ROWS, COLUMNS };

static const struct {
    step_fn run;
    int items;
} step_table[] = {
    [STEP_INPUT] = {NULL, WHOLE},
    [STEP_CONV] = {run_conv, WHOLE}, /* uses the threads itself */
    [STEP_CONV_REFERENCE] = {run_conv_reference, WHOLE},
    [STEP_BATCHNORM] = {run_batchnorm, ROWS},
    [STEP_ACTIVATION] = {run_activation, ROWS},
    [STEP_ADD] = {run_add, ROWS},
    [STEP_ADD_RELU_MAXPOOL] = {run_add_relu_maxpool, ROWS},
    [STEP_CONCAT] = {run_concat, ROWS},
    [STEP_FLATTEN] = {run_flatten, WHOLE},
    [STEP_MAXPOOL] = {run_maxpool, ROWS},
    [STEP_AVGPOOL] = {run_avgpool, ROWS},
    [STEP_GLOBAL_AVGPOOL] = {run_global_avgpool, COLUMNS},
    [STEP_GLOBAL_MAXPOOL] = {run_global_maxpool, COLUMNS},
    [STEP_DENSE] = {run_dense, COLUMNS},
    [STEP_LAYERNORM] = {run_layernorm, ROWS},
    [STEP_GRU] = {run_gru, WHOLE},
};

typedef struct {
    xp_net *net;
    step *s;
} step_job;

static void run_range(void *ctx, int begin, int end, int thread) {
    step_job *j = ctx;
    (void)thread;
    step_table[j->s->kind].run(j->net, j->s, begin, end);
}

static void run_step(xp_net *net, step *s) {
    int items = step_table[s->kind].items;
    step_job job = {net, s};
    if (items == WHOLE)
        step_table[s->kind].run(net, s, 0, 1);
    else
        xp_parallel_for(net->pool, items == ROWS ? s->y.rows : s->y.cols, run_range, &job);
}

/* Without a clock of its own the WebAssembly module needs no imports; its times read 0. */
static double now_ms(void) {
#ifdef __EMSCRIPTEN__
    return 0;
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
#endif
}

void xp_net_forward(xp_net *net, const float *x) {
    const xp_mat in = net->ops[0].value;
    memcpy(in.data, x, (size_t)in.rows * (size_t)in.cols * sizeof *x);
    if (net->profile) memset(net->times, 0, (size_t)net->g->n_ops * sizeof *net->times);
    double before = net->profile ? now_ms() : 0;
    for (int i = 0; i < net->n_steps; i++) {
        step *s = &net->steps[i];
        if (s->kind != STEP_INPUT) run_step(net, s);
        if (!net->profile) continue;
        double now = now_ms();
        net->times[s->op] += now - before;
        before = now;
    }
}

const float *xp_net_probabilities(const xp_net *net) {
    return net->ops[net->g->n_ops - 1].value.data;
}

const float *xp_net_logits(const xp_net *net) {
    return net->logits;
}

bool xp_net_keeps(const xp_net *net, int op) {
    return op >= 0 && op < net->g->n_ops && net->ops[op].explained;
}

xp_mat xp_net_activation(const xp_net *net, int op) {
    return net->ops[op].value;
}

void xp_net_profile(xp_net *net, bool on) {
    net->profile = on;
}

const double *xp_net_times(const xp_net *net) {
    return net->profile ? net->times : NULL;
}

/* ==== backward ==== */

bool xp_net_mark_active(xp_net *net, int from, int target) {
    for (int i = 0; i <= target; i++) net->ops[i].active = i == target;
    for (int i = target + 1; i <= from; i++) {
        net->ops[i].active = false;
        const xp_op *op = &net->g->ops[i];
        for (int j = 0; j < op->n_inputs; j++)
            net->ops[i].active = net->ops[i].active || net->ops[op->inputs[j]].active;
    }
    return net->ops[from].active;
}

/* The gradient of op i, zero before its first contribution. */
static xp_mat open_gradient(xp_net *net, int i) {
    op_plan *p = &net->ops[i];
    for (int t = 0; !p->started && t < p->gradient.rows; t++)
        memset(xp_mat_row(p->gradient, t), 0, (size_t)p->gradient.cols * sizeof(float));
    p->started = true;
    return p->gradient;
}

/* Add dy to the gradient of op i. */
static void hand_on(xp_net *net, int i, xp_mat dy) {
    op_plan *p = &net->ops[i];
    if (p->started)
        xp_copy_backward(net->kernels, p->gradient, dy);
    else
        xp_copy_forward(p->gradient, dy);
    p->started = true;
}

typedef struct {
    xp_net *net;
    int op;
    xp_mat dx, dy;
} back_job;

static void conv_back_range(void *ctx, int begin, int end, int thread) {
    const back_job *j = ctx;
    (void)thread;
    const xp_op *op = &j->net->g->ops[j->op];
    const xp_conv_shape shape = {.t_in = j->dx.rows,
                                 .c_in = j->dx.cols,
                                 .t_out = op->t,
                                 .c_out = op->units,
                                 .k = op->kernel,
                                 .stride = op->stride,
                                 .pad_left = op->pad_left};
    xp_conv1d_backward_input(j->net->kernels, j->dx, j->dy, xp_net_param(j->net, op, "kernel"),
                             &shape, begin, end);
}

static const float *norm_scale(const xp_net *net, int i) {
    return net->steps[net->ops[i].step].scale;
}

/* The input gradient of the branches of a step, which is a convolution too; i is the first of them
 * and thus the last whose turn comes: the gradients of the others are complete. */
static void conv_back(xp_net *net, int i) {
    const step *s = &net->steps[net->ops[i].step];
    const xp_mat dy = net->ops[s->back_from].gradient;
    op_plan *in = &net->ops[net->g->ops[i].inputs[0]];
    xp_mat dx = in->gradient;
    if (i != s->op) return;
    if (in->started) dx = xp_mat_make(net->back_sum, dx.rows, dx.cols);
    xp_conv_forward(s->back, dx, dy, NULL, net->scratch, net->pool);
    if (in->started) xp_copy_backward(net->kernels, in->gradient, dx);
    in->started = true;
}

static void gru_back(xp_net *net, const xp_op *op, int i, xp_mat dx, xp_mat dy) {
    xp_gru g = xp_net_gru(net, op);
    const step *s = &net->steps[net->ops[i].step];
    xp_gru_backward(net->kernels, &g, &dx, NULL, NULL, NULL, dy, s->x[0], s->saved, net->scratch);
}

/* Add op i's contribution to the gradient dx of its only input. */
static void unary_back(xp_net *net, int i, xp_mat dx, xp_mat dy) {
    const xp_op *op = &net->g->ops[i];
    const xp_mat x = net->ops[op->inputs[0]].value;
    back_job job = {net, i, dx, dy};
    switch (op->kind) {
    case XP_OP_CONV1D:
        xp_parallel_for(net->pool, dx.rows, conv_back_range, &job);
        break;
    case XP_OP_BATCHNORM:
        xp_batchnorm_backward(dx, dy, norm_scale(net, i));
        break;
    case XP_OP_MAXPOOL:
        xp_maxpool_backward(net->kernels, dx, dy, x, window_of(op), 0, dx.cols);
        break;
    case XP_OP_AVGPOOL:
        xp_avgpool_backward(dx, dy, window_of(op), 0, dx.cols);
        break;
    case XP_OP_GLOBAL_AVGPOOL:
        xp_global_avgpool_backward(dx, dy);
        break;
    case XP_OP_GLOBAL_MAXPOOL:
        xp_global_maxpool_backward(dx, dy, x);
        break;
    case XP_OP_FLATTEN:
        net->kernels->add(dx.data, dy.data, (size_t)dy.cols);
        break;
    case XP_OP_DENSE:
        xp_dense_backward(net->kernels, &dx, NULL, NULL, dy, x, xp_net_param(net, op, "kernel"));
        break;
    case XP_OP_LAYERNORM:
        xp_layernorm_backward(&dx, NULL, NULL, dy, x, xp_net_param(net, op, "gamma"), op->epsilon);
        break;
    case XP_OP_GRU:
        gru_back(net, op, i, dx, dy);
        break;
    default: /* the others hand on what they have got, or have no input */
        break;
    }
}

/* The gradient of op i becomes that of its input: they lie in one place. */
static void back_in_place(xp_net *net, int i, int in) {
    const xp_mat g = net->ops[in].gradient;
    net->ops[in].started = true;
    if (net->g->ops[i].kind != XP_OP_BATCHNORM) return;
    xp_batchnorm_backward_in_place(g, norm_scale(net, i));
}

static bool hands_on(const xp_op *op) {
    return op->kind == XP_OP_ADD || op->kind == XP_OP_CONCAT || op->kind == XP_OP_DROPOUT ||
           op->kind == XP_OP_ACTIVATION;
}

static bool applies_activation(const xp_op *op) {
    return op->kind == XP_OP_CONV1D || op->kind == XP_OP_DENSE || op->kind == XP_OP_ACTIVATION;
}

static void op_back(xp_net *net, int i) {
    const xp_op *op = &net->g->ops[i];
    const xp_mat dy = net->ops[i].gradient;
    const bool conv = op->kind == XP_OP_CONV1D && net->steps[net->ops[i].step].backward;
    for (int j = 0, col = 0; j < op->n_inputs; j++) {
        const int in = op->inputs[j], c = net->g->ops[in].c;
        const xp_mat part = op->kind == XP_OP_CONCAT ? xp_mat_cols(dy, col, c) : dy;
        col += c;
        if (!net->ops[in].active) continue;
        if (net->ops[in].share == i)
            back_in_place(net, i, in);
        else if (hands_on(op))
            hand_on(net, in, part);
        else if (conv)
            conv_back(net, i);
        else
            unary_back(net, i, open_gradient(net, in), dy);
    }
}

xp_mat xp_net_backward(xp_net *net, int from, bool before_activation, const float *seed,
                       int target) {
    for (int i = target; i <= from; i++) net->ops[i].started = false;
    if (!xp_net_mark_active(net, from, target)) return open_gradient(net, target);
    memcpy(net->ops[from].gradient.data, seed, (size_t)net->g->ops[from].c * sizeof *seed);
    net->ops[from].started = true;
    for (int i = from; i > target; i--) {
        const xp_op *op = &net->g->ops[i];
        if (!net->ops[i].active || !net->ops[i].started) continue;
        if (applies_activation(op) && !(i == from && before_activation))
            xp_activation_backward(net->ops[i].gradient, net->ops[i].value, op->activation);
        op_back(net, i);
    }
    return net->ops[target].gradient;
}

xp_status xp_net_gradient(xp_net *net, const float *dlogits, int op, float *out, xp_error *err) {
    if (!xp_net_keeps(net, op))
        return xp_fail(err, XP_ERR_USAGE,
                       "gradient at layer %d: the network was not made to explain it", op);
    bool after = op > net->logit_op || (op == net->logit_op && net->logits_split);
    if (after || !net->ops[op].leads)
        return xp_fail(err, XP_ERR_USAGE,
                       "layer \"%s\" does not come before the logits: there is nothing to explain",
                       net->g->ops[op].name);
    const xp_mat g = xp_net_backward(net, net->logit_op, net->logits_split, dlogits, op);
    xp_copy_forward(xp_mat_make(out, g.rows, g.cols), g);
    return XP_OK;
}
