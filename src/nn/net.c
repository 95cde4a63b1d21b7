#include "nn/net.h"

#include "nn/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    if (opt->batch < 0 || opt->batch > XP_NET_MAX_BATCH || (opt->batch > 1 && opt->n_explain > 0))
        return xp_fail(err, XP_ERR_USAGE,
                       "%d windows at once: expected 1 to %d, and 1 where layers are explained",
                       opt->batch, XP_NET_MAX_BATCH);
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
                    .reference = opt->reference,
                    .batch = opt->batch > 1 ? opt->batch : 1};
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

/* The same matrix, from window w on. */
static xp_mats from_window(xp_mats m, int w) {
    m.m.data += w * m.step;
    return m;
}

/* A convolution shares its work out to the threads itself. */
static void run_convolutions(xp_net *net, const step *s, int first, int n) {
    bool relu = xp_net_op(net, s->op)->activation == XP_ACT_RELU;
    const float *scale = s->vectors[0], *shift = s->vectors[1];
    xp_conv_epilogue ep = {s->bias, relu, scale, shift, false};
    if (s->relu && s->norm < 0) ep.relu_first = true;
    if (s->relu && s->norm >= 0) ep.relu_last = true;
    bool none = !s->bias && !ep.relu_first && !scale && !ep.relu_last;
    xp_conv_forward_records(s->conv, from_window(s->y, first), from_window(s->x[0], first), n,
                            none ? NULL : &ep, net->scratch, net->pool);
}

typedef struct step_job {
    const xp_net *net;
    const step *s;
    xp_mat y, x[XP_OP_MAX_INPUTS]; /* of one window */
} step_job;

static step_job make_job(const xp_net *net, const step *s, int window) {
    step_job job = {.net = net, .s = s, .y = xp_mats_at(s->y, window)};
    for (int j = 0; j < s->n_in; j++) job.x[j] = xp_mats_at(s->x[j], window);
    return job;
}

static void pool_range(void *ctx, int begin, int end, int thread) {
    const step_job *j = ctx;
    (void)thread;
    xp_add_relu_maxpool_forward(j->y, j->x[0], j->x[1], xp_op_window(xp_net_op(j->net, j->s->pool)),
                                begin, end);
}

static void op_range(void *ctx, int begin, int end, int thread) {
    const step_job *j = ctx;
    xp_op_call c = xp_net_call(j->net, xp_net_op(j->net, j->s->op), j->s);
    (void)thread;
    c.x = j->x;
    c.y = j->y;
    c.relu = j->s->relu;
    c.begin = begin, c.end = end;
    j->s->type->forward(&c);
}

static void run_op(const xp_net *net, step_job *job) {
    const step *s = job->s;
    if (s->type->part == XP_PART_WHOLE)
        op_range(job, 0, 1, 0);
    else
        xp_parallel_for(net->pool, s->type->part == XP_PART_ROWS ? job->y.rows : job->y.cols,
                        op_range, job);
}

static void copy_input(const xp_net *net, xp_mat in, int window) {
    const size_t n = (size_t)in.rows * (size_t)in.cols;
    memcpy(in.data, net->input + (size_t)window * n, n * sizeof *in.data);
}

static void run_step(xp_net *net, const step *s, int window) {
    step_job job = make_job(net, s, window);
    switch (s->kind) {
    case STEP_INPUT:
        copy_input(net, job.y, window);
        break;
    case STEP_OP:
        run_op(net, &job);
        break;
    case STEP_CONVOLUTIONS:
        run_convolutions(net, s, window, 1);
        break;
    case STEP_ADD_RELU_MAXPOOL:
        xp_parallel_for(net->pool, job.y.rows, pool_range, &job);
        break;
    }
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

/* Steps [begin, end), for one window, with the time that each takes. */
static void run_steps(xp_net *net, int begin, int end, int window) {
    double before = net->profile ? now_ms() : 0;
    for (int i = begin; i < end; i++) {
        run_step(net, &net->steps[i], window);
        if (!net->profile) continue;
        double now = now_ms();
        net->times[net->steps[i].op] += now - before;
        before = now;
    }
}

static void run_together(xp_net *net, const step *s, int n) {
    double before = net->profile ? now_ms() : 0;
    run_convolutions(net, s, 0, n);
    if (net->profile) net->times[s->op] += now_ms() - before;
}

int xp_net_batch(const xp_net *net) {
    return net->batch;
}

void xp_net_forward_batch(xp_net *net, const float *x, int n) {
    assert(n <= net->batch);
    net->input = x;
    if (net->profile) memset(net->times, 0, (size_t)net->g->n_ops * sizeof *net->times);
    for (int begin = 0, end; begin < net->n_steps; begin = end) {
        end = xp_plan_run_end(net, begin);
        if (net->steps[begin].together)
            run_together(net, &net->steps[begin], n);
        else
            for (int w = 0; w < n; w++) run_steps(net, begin, end, w);
    }
}

void xp_net_forward(xp_net *net, const float *x) {
    xp_net_forward_batch(net, x, 1);
}

const float *xp_net_probabilities_of(const xp_net *net, int window) {
    const int last = net->g->n_ops - 1;
    return net->ops[last].value.data + window * xp_plan_window_step(net, last);
}

const float *xp_net_probabilities(const xp_net *net) {
    return xp_net_probabilities_of(net, 0);
}

const float *xp_net_logits_of(const xp_net *net, int window) {
    return xp_mats_at(net->logits, window).data;
}

const float *xp_net_logits(const xp_net *net) {
    return xp_net_logits_of(net, 0);
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
static void accumulate_into(xp_net *net, int i, xp_mat dy) {
    op_plan *p = &net->ops[i];
    if (p->started)
        xp_copy_backward(net->kernels, p->gradient, dy);
    else
        xp_copy_forward(p->gradient, dy);
    p->started = true;
}

/* The input gradient of the branches of a step, which is a convolution too; i is the first of them
 * and thus the last whose turn comes: the gradients of the others are complete. */
static void convolutions_back(xp_net *net, int i) {
    const step *s = &net->steps[net->ops[i].step];
    const xp_mat dy = net->ops[s->back_from].gradient;
    op_plan *in = &net->ops[xp_net_op(net, i)->inputs[0]];
    xp_mat dx = in->gradient;
    if (i != s->op) return;
    if (in->started) dx = xp_mat_make(net->back_sum, dx.rows, dx.cols);
    xp_conv_forward(s->back, dx, dy, NULL, net->scratch, net->pool);
    if (in->started) xp_copy_backward(net->kernels, in->gradient, dx);
    in->started = true;
}

typedef struct back_job {
    const xp_op_type *type;
    xp_op_call call;
} back_job;

static void back_range(void *ctx, int begin, int end, int thread) {
    const back_job *j = ctx;
    xp_op_call c = j->call;
    (void)thread;
    c.begin = begin, c.end = end;
    j->type->backward(&c);
}

/* NULL for an op that computes nothing. */
static const step *step_of(const xp_net *net, int i) {
    return net->ops[i].step < 0 ? NULL : &net->steps[net->ops[i].step];
}

/* Add op i's contribution to the gradient dx of its input j, by its row. */
static void row_back(xp_net *net, int i, int j, xp_mat dx) {
    const xp_op *op = xp_net_op(net, i);
    xp_mat x[XP_OP_MAX_INPUTS];
    back_job job = {xp_op_type_of(op->kind), xp_net_call(net, op, step_of(net, i))};
    for (int k = 0; k < op->n_inputs; k++) x[k] = net->ops[op->inputs[k]].value;
    job.call.x = x;
    job.call.input = j;
    job.call.dy = net->ops[i].gradient;
    job.call.dx = dx;
    if (job.type->backward_part == XP_PART_ROWS)
        xp_parallel_for(net->pool, dx.rows, back_range, &job);
    else
        back_range(&job, 0, dx.cols, 0);
}

/* Add dy, op i's gradient or the part of it that is its input j's, to the gradient of that. */
static void input_back(xp_net *net, int i, int j, xp_mat dy) {
    const xp_op *op = xp_net_op(net, i);
    const int in = op->inputs[j];
    const bool passes = xp_op_is(op, XP_OP_PASSES_GRADIENT);
    if (net->gradient_storage[in].in == i) { /* it lies there already */
        net->ops[in].started = true;
        if (!passes) row_back(net, i, j, net->ops[in].gradient);
    } else if (passes) {
        accumulate_into(net, in, dy);
    } else if (op->kind == XP_OP_CONV1D && net->steps[net->ops[i].step].backward) {
        convolutions_back(net, i);
    } else {
        row_back(net, i, j, open_gradient(net, in));
    }
}

static void op_back(xp_net *net, int i) {
    const xp_op *op = xp_net_op(net, i);
    const xp_mat dy = net->ops[i].gradient;
    for (int j = 0, col = 0; j < op->n_inputs; j++) {
        const int in = op->inputs[j], c = xp_net_op(net, in)->c;
        const bool joined = xp_op_is(op, XP_OP_JOINS_CHANNELS);
        if (net->ops[in].active) input_back(net, i, j, joined ? xp_mat_cols(dy, col, c) : dy);
        col += c;
    }
}

xp_mat xp_net_backward(xp_net *net, int from, bool before_activation, const float *seed,
                       int target) {
    for (int i = target; i <= from; i++) net->ops[i].started = false;
    if (!xp_net_mark_active(net, from, target)) return open_gradient(net, target);
    const xp_mat begin = net->ops[from].gradient;
    for (int t = 0; t < begin.rows; t++)
        memcpy(xp_mat_row(begin, t), seed, (size_t)begin.cols * sizeof *seed);
    net->ops[from].started = true;
    for (int i = from; i > target; i--) {
        const xp_op *op = &net->g->ops[i];
        if (!net->ops[i].active || !net->ops[i].started) continue;
        if (xp_op_is(op, XP_OP_ENDS_IN_ACTIVATION) && !(i == from && before_activation))
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
    if (after || !net->ops[op].reaches_logits)
        return xp_fail(err, XP_ERR_USAGE,
                       "layer \"%s\" does not come before the logits: there is nothing to explain",
                       net->g->ops[op].name);
    const xp_mat g = xp_net_backward(net, net->logit_op, net->logits_split, dlogits, op);
    xp_copy_forward(xp_mat_make(out, g.rows, g.cols), g);
    return XP_OK;
}
