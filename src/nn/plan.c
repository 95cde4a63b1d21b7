#include "nn/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ==== lifetimes of values: the clock is the index of the step ==== */

static size_t op_floats(const xp_net *net, int i) {
    return (size_t)xp_net_op(net, i)->t * (size_t)xp_net_op(net, i)->c;
}

/* From one window of a batch to the next; aligned. */
static size_t window_floats(const xp_net *net, int owner) {
    const size_t unit = XP_ALIGN / sizeof(float);
    return (op_floats(net, owner) + unit - 1) / unit * unit;
}

ptrdiff_t xp_plan_window_step(const xp_net *net, int i) {
    int col;
    const int owner = xp_storage_find(net->storage, i, &col);
    return net->ops[owner].every ? (ptrdiff_t)window_floats(net, owner) : 0;
}

static xp_region *region_of(xp_net *net, int i) {
    int col;
    const int owner = xp_storage_find(net->storage, i, &col);
    op_plan *p = &net->ops[owner];
    if (p->region < 0) {
        p->region = net->n_values++;
        net->values[p->region] = xp_region_make(op_floats(net, owner));
    }
    return &net->values[p->region];
}

int xp_plan_run_end(const xp_net *net, int s) {
    if (net->steps[s++].together) return s;
    while (s < net->n_steps && !net->steps[s].together) s++;
    return s;
}

static void touch_value(xp_net *net, int i, int time) {
    int col;
    const int owner = xp_storage_find(net->storage, i, &col);
    const bool together = time < net->n_steps && net->steps[time].together;
    xp_region_extend(region_of(net, i), time);
    net->ops[owner].every = net->ops[owner].every || together;
}

/* A value that leaves the run [begin, end) is in use during all of it: what lay in its place would
 * be written again for the next window. */
static void keep_every_window(xp_net *net, op_plan *owner, int begin, int end) {
    xp_region *r = &net->values[owner->region];
    const bool first = begin <= r->first && r->first < end,
               last = begin <= r->last && r->last < end;
    owner->every = owner->every || first != last;
    if (!owner->every) return;
    if (first) r->first = begin;
    if (last) r->last = end - 1;
}

static void live_values(xp_net *net) {
    for (int s = 0; s < net->n_steps; s++) {
        const step *st = &net->steps[s];
        touch_value(net, st->out, s);
        for (int j = 0; j < st->n_in; j++) touch_value(net, st->in[j], s);
    }
    for (int i = 0; i < net->g->n_ops; i++)
        if (net->ops[i].kept && !net->ops[i].hidden) touch_value(net, i, net->n_steps);
    if (net->batch == 1) return;
    for (int begin = 0, end; begin < net->n_steps; begin = end) {
        end = xp_plan_run_end(net, begin);
        for (int i = 0; i < net->g->n_ops; i++)
            if (net->ops[i].region >= 0) keep_every_window(net, &net->ops[i], begin, end);
    }
    for (int i = 0; i < net->g->n_ops; i++)
        if (net->ops[i].region >= 0 && net->ops[i].every)
            net->values[net->ops[i].region].floats = (size_t)net->batch * window_floats(net, i);
}

/* What an op saves for its backward pass: until that, or only while it runs. */
static void live_saved(xp_net *net) {
    for (int s = 0; s < net->n_steps; s++) {
        step *st = &net->steps[s];
        if (st->kind != STEP_OP || !st->type->saved) continue;
        bool again = net->ops[st->op].explained;
        xp_region r =
            xp_region_make(st->type->saved(xp_net_op(net, st->op), xp_net_op(net, st->in[0])));
        xp_region_extend(&r, s);
        if (again) xp_region_extend(&r, net->n_steps);
        st->saved_region = net->n_values;
        net->values[net->n_values++] = r;
    }
}

/* ==== lifetimes of gradients ==== */

/* Whether op i's gradient takes part in backward passes. */
static bool has_gradient(const xp_net *net, int i) {
    return net->ops[i].explained && net->ops[i].reaches_logits;
}

/* Inputs read by nobody else whose gradient is made where the reader's is; a sum does so for one of
 * its inputs and gives a copy to the others. */
static void share_gradients(xp_net *net, int i) {
    const xp_op *op = xp_net_op(net, i);
    const bool joins = xp_op_is(op, XP_OP_JOINS_CHANNELS);
    bool more = xp_op_is(op, XP_OP_GRADIENT_IN_PLACE);
    for (int j = 0, col = 0; more && j < op->n_inputs; j++) {
        const int in = op->inputs[j], from = joins ? col : 0;
        col += xp_net_op(net, in)->c;
        if (net->readers[in].n != 1 || !has_gradient(net, in)) continue;
        net->gradient_storage[in] = (xp_storage){i, from, joins};
        more = joins;
    }
}

/* Branches computed together have one input gradient when theirs lie side by side in the concat's.
 */
static void choose_backward(xp_net *net, step *s) {
    const xp_op *op = xp_net_op(net, s->op);
    if (s->kind != STEP_CONVOLUTIONS || op->stride != 1 || !has_gradient(net, op->inputs[0]))
        return;
    s->back_from = s->n_branches > 1 ? net->gradient_storage[s->op].in : s->op;
    s->backward = s->back_from >= 0 && net->ops[s->op].reaches_logits;
    for (int j = 0; j < s->n_branches; j++) {
        const xp_op *branch = xp_net_op(net, s->branch[j]);
        const int in = net->gradient_storage[s->branch[j]].in;
        bool together = s->n_branches == 1 || in == s->back_from;
        s->backward = s->backward && together && branch->pad_left < branch->kernel;
    }
}

static xp_region *gradient_region(const xp_net *net, int i) {
    int col;
    return &net->grads[net->ops[xp_storage_find(net->gradient_storage, i, &col)].grad];
}

/* The clock of the backward pass is the op's index: a gradient lives from the last op that reads
 * the value (where it is begun) down to the op itself. */
static void live_gradients(xp_net *net) {
    for (int i = 0; i < net->g->n_ops; i++) {
        if (!has_gradient(net, i) || net->gradient_storage[i].in >= 0) continue;
        net->ops[i].grad = net->n_grads;
        net->grads[net->n_grads] = xp_region_make(op_floats(net, i));
        xp_region_extend(&net->grads[net->n_grads++], i);
    }
    for (int i = 0; i <= net->logit_op; i++) {
        if (has_gradient(net, i)) xp_region_extend(gradient_region(net, i), i);
        for (int j = 0; j < xp_net_op(net, i)->n_inputs; j++) {
            const int in = xp_net_op(net, i)->inputs[j];
            if (has_gradient(net, in)) xp_region_extend(gradient_region(net, in), i);
        }
    }
}

/* ==== convolutions ==== */

static int group_branches(const xp_net *net, const step *s, xp_conv_branch *b) {
    for (int j = 0; j < s->n_branches; j++) {
        const xp_op *op = xp_net_op(net, s->branch[j]);
        b[j] =
            (xp_conv_branch){xp_net_param(net, op, "kernel"), op->kernel, op->pad_left, op->units};
    }
    return s->n_branches;
}

/* Of a step, for as many windows at once; b: its branches. */
static xp_conv_shape conv_shape(const xp_net *net, const step *s, const xp_conv_branch *b,
                                int windows) {
    const xp_op *op = xp_net_op(net, s->op);
    xp_conv_shape shape = xp_op_conv_shape(op, xp_net_op(net, op->inputs[0]));
    if (shape.stride == 1) xp_conv_align(&shape, b, s->n_branches);
    shape.records = windows;
    return shape;
}

/* All windows at once where that saves much: the estimate knows nothing of who else fills the
 * caches, and other weights and more room for spectra have their price too. */
static void choose_together(const xp_net *net, step *s) {
    xp_conv_branch b[XP_OP_MAX_INPUTS] = {0};
    if (s->kind != STEP_CONVOLUTIONS) return;
    group_branches(net, s, b);
    const xp_conv_shape one = conv_shape(net, s, b, 1), all = conv_shape(net, s, b, net->batch);
    s->together = xp_conv_cost(&all, XP_CONV_AUTO, net->kernels) <
                  0.7 * xp_conv_cost(&one, XP_CONV_AUTO, net->kernels);
}

/* ==== making ==== */

/* The convolution that says for each moment by itself what a global pooling then takes together:
 * Grad-CAM has a short way past it. */
static int find_moments(const xp_net *net) {
    for (int i = net->logit_op - 1; i > 0; i--) {
        const xp_op *op = xp_net_op(net, i),
                    *next = xp_net_op(net, net->readers[i].last < 0 ? i : net->readers[i].last);
        if (op->kind == XP_OP_CONV1D && op->kernel == 1 && op->stride == 1 && op->is_sequence &&
            op->activation != XP_ACT_SOFTMAX && net->readers[i].n == 1 && !next->is_sequence &&
            xp_op_is_channelwise(next))
            return i;
    }
    return -1;
}

static xp_status allocate_plan(xp_net *net, xp_error *err) {
    size_t n = (size_t)net->g->n_ops, steps = 2 * n, regions = 2 * n;
    net->ops = calloc(n, sizeof *net->ops);
    net->readers = calloc(n, sizeof *net->readers);
    net->storage = calloc(n, sizeof *net->storage);
    net->gradient_storage = calloc(n, sizeof *net->gradient_storage);
    net->steps = calloc(steps, sizeof *net->steps);
    net->values = calloc(regions, sizeof *net->values);
    net->grads = calloc(n, sizeof *net->grads);
    net->heap_bytes = sizeof *net + steps * sizeof *net->steps + (regions + n) * sizeof(xp_region) +
                      n * (sizeof *net->ops + sizeof *net->readers + 2 * sizeof *net->storage);
    if (!net->ops || !net->readers || !net->storage || !net->gradient_storage || !net->steps ||
        !net->values || !net->grads)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for a plan of %zu layers", n);
    for (size_t i = 0; i < n; i++) {
        net->ops[i].region = net->ops[i].grad = net->ops[i].step = -1;
        net->storage[i].in = net->gradient_storage[i].in = XP_OWN_STORAGE;
    }
    return XP_OK;
}

xp_status xp_plan_make(xp_net *net, const xp_net_options *opt, xp_error *err) {
    XP_TRY(allocate_plan(net, err));
    xp_plan_steps(net, opt);
    net->moments = find_moments(net);
    for (int s = 0; net->batch > 1 && s < net->n_steps; s++) choose_together(net, &net->steps[s]);
    live_values(net);
    live_saved(net);
    for (int i = 0; i <= net->logit_op; i++)
        if (has_gradient(net, i)) share_gradients(net, i);
    for (int s = 0; s < net->n_steps; s++) choose_backward(net, &net->steps[s]);
    live_gradients(net);
    net->value_floats = xp_regions_place(net->values, net->n_values);
    net->grad_floats = xp_regions_place(net->grads, net->n_grads);
    return XP_OK;
}

void xp_plan_free(xp_net *net) {
    free(net->ops);
    free(net->readers);
    free(net->storage);
    free(net->gradient_storage);
    free(net->steps);
    free(net->values);
    free(net->grads);
}

/* ==== layout ==== */

static void need_scratch(xp_net *net, size_t bytes) {
    if (bytes > net->scratch_bytes) net->scratch_bytes = bytes;
}

static bool group_has_bias(const xp_net *net, const step *s) {
    for (int j = 0; j < s->n_branches; j++)
        if (xp_net_op(net, s->branch[j])->use_bias) return true;
    return false;
}

static void layout_backward(xp_net *net, step *s, xp_arena *arena) {
    if (!s->backward) return;
    s->back_shape = xp_conv_transposed_shape(&s->shape);
    xp_conv_plan(&s->back, arena, &s->back_shape, XP_CONV_AUTO, net->kernels);
    need_scratch(net, xp_conv_scratch(&s->back_shape, XP_CONV_AUTO, net->kernels,
                                      xp_pool_threads(net->pool)));
}

static void layout_conv(xp_net *net, step *s, xp_arena *arena) {
    xp_conv_branch b[XP_OP_MAX_INPUTS] = {0};
    group_branches(net, s, b);
    s->shape = conv_shape(net, s, b, s->together ? net->batch : 1);
    xp_conv_plan(&s->conv, arena, &s->shape, XP_CONV_AUTO, net->kernels);
    need_scratch(
        net, xp_conv_scratch(&s->shape, XP_CONV_AUTO, net->kernels, xp_pool_threads(net->pool)));
    layout_backward(net, s, arena);
    size_t c = (size_t)s->shape.c_out;
    s->bias = group_has_bias(net, s) ? xp_arena_take(arena, c, sizeof(float)) : NULL;
    for (int i = 0; s->norm >= 0 && i < xp_op_batchnorm.n_vectors; i++)
        s->vectors[i] = xp_arena_take(arena, c, sizeof(float));
}

static void layout_row(xp_net *net, step *s, xp_arena *arena) {
    const xp_op *op = xp_net_op(net, s->op);
    for (int i = 0; i < s->type->n_vectors; i++)
        s->vectors[i] = xp_arena_take(arena, (size_t)op->c, sizeof(float));
    if (s->type->scratch) need_scratch(net, s->type->scratch(op, xp_net_op(net, s->in[0])));
}

static void layout_weights(xp_net *net, xp_arena *arena) {
    for (int i = 0; i < net->n_steps; i++) {
        step *s = &net->steps[i];
        if (s->kind == STEP_CONVOLUTIONS) layout_conv(net, s, arena);
        if (s->kind == STEP_OP) layout_row(net, s, arena);
    }
}

/* A measuring arena gives no memory; offsets are then never used. */
static float *offset(float *base, size_t floats) {
    return base ? base + floats : NULL;
}

static void layout_value(xp_net *net, float *base, int i) {
    int col;
    const xp_op *op = xp_net_op(net, i);
    const int owner = xp_storage_find(net->storage, i, &col);
    if (net->ops[owner].region < 0) return;
    const xp_region *r = &net->values[net->ops[owner].region];
    xp_mat *v = &net->ops[i].value;
    *v = xp_mat_make(offset(base, r->at + (size_t)col), op->t, op->c);
    if (op->t > 1 || col) v->stride = xp_net_op(net, owner)->c;
}

static xp_mats values_of(const xp_net *net, int i) {
    return (xp_mats){net->ops[i].value, xp_plan_window_step(net, i)};
}

static void layout_step(xp_net *net, float *base, step *s) {
    s->y = values_of(net, s->out);
    for (int j = 0; j < s->n_in; j++) s->x[j] = values_of(net, s->in[j]);
    if (s->to_logits && s->type == &xp_op_activation)
        s->x[0] = net->logits;
    else if (s->to_logits)
        s->y = net->logits;
    if (s->saved_region >= 0) s->saved = offset(base, net->values[s->saved_region].at);
}

static void layout_values(xp_net *net, xp_arena *arena) {
    const int c = xp_net_op(net, net->logit_op)->c;
    const size_t logits = (size_t)net->batch * (size_t)c;
    if (net->logits_split)
        net->logits = (xp_mats){xp_mat_make(xp_arena_take(arena, logits, sizeof(float)), 1, c), c};
    float *base = xp_arena_take(arena, net->value_floats, sizeof(float));
    for (int i = 0; i < net->g->n_ops; i++)
        if (!net->ops[i].hidden) layout_value(net, base, i);
    for (int i = 0; i < net->n_steps; i++) layout_step(net, base, &net->steps[i]);
    if (!net->logits_split) net->logits = values_of(net, net->logit_op);
}

static void layout_gradient(xp_net *net, float *base, int i) {
    int col;
    const xp_op *op = xp_net_op(net, i);
    const int owner = xp_storage_find(net->gradient_storage, i, &col);
    const xp_region *r = &net->grads[net->ops[owner].grad];
    xp_mat *g = &net->ops[i].gradient;
    *g = xp_mat_make(offset(base, r->at + (size_t)col), op->t, op->c);
    g->stride = xp_net_op(net, owner)->c;
}

/* Where a convolution's input gradient waits to be added to that of other readers. */
static size_t shared_input_floats(const xp_net *net) {
    size_t largest = 1;
    for (int i = 0; i < net->n_steps; i++) {
        const step *s = &net->steps[i];
        const size_t n = (size_t)s->back_shape.t_out * (size_t)s->back_shape.c_out;
        if (s->backward && n > largest) largest = n;
    }
    return largest;
}

static void layout_moments(xp_net *net, xp_arena *arena) {
    const size_t labels = (size_t)net->m->n_labels;
    size_t units = 0;
    if (net->moments >= 0 && has_gradient(net, net->moments)) {
        const xp_op *op = xp_net_op(net, net->moments);
        units = (size_t)op->units;
        net->cam_moments = xp_arena_take(arena, op_floats(net, net->moments), sizeof(float));
        net->cam_sums =
            xp_arena_take(arena, units * (size_t)xp_net_op(net, op->inputs[0])->c, sizeof(float));
        net->cam_slopes = xp_arena_take(arena, labels * units, sizeof(float));
    }
    net->cam_part =
        xp_arena_take(arena, XP_CAM_ROWS * (units > labels ? units : labels), sizeof(float));
}

static void layout_gradients(xp_net *net, xp_arena *arena) {
    float *base = xp_arena_take(arena, net->grad_floats, sizeof(float));
    size_t channels = 1, labels = (size_t)net->m->n_labels;
    for (int i = 0; i < net->g->n_ops; i++) {
        const xp_op *op = xp_net_op(net, i);
        if (!has_gradient(net, i)) continue;
        layout_gradient(net, base, i);
        if ((size_t)op->c > channels) channels = (size_t)op->c;
    }
    if (!net->n_grads) return;
    net->back_sum = xp_arena_take(arena, shared_input_floats(net), sizeof(float));
    net->cam_weights = xp_arena_take(arena, labels * channels, sizeof(float));
    net->cam_seed = xp_arena_take(arena, channels + labels, sizeof(float));
    layout_moments(net, arena);
}

void xp_plan_layout(xp_net *net, xp_arena *arena) {
    layout_weights(net, arena);
    layout_values(net, arena);
    layout_gradients(net, arena);
    net->scratch = xp_arena_take(arena, net->scratch_bytes, 1);
    net->times = xp_arena_take(arena, (size_t)net->g->n_ops, sizeof *net->times);
}

/* ==== weights ==== */

static void prepare(const xp_net *net, const step *s, int op) {
    const xp_op_type *type = xp_op_type_of(xp_net_op(net, op)->kind);
    const xp_op_call c = xp_net_call(net, xp_net_op(net, op), s);
    if (type->prepare) type->prepare(&c);
}

static void pack_conv(xp_net *net, step *s) {
    xp_conv_branch b[XP_OP_MAX_INPUTS] = {0};
    int n = group_branches(net, s, b);
    xp_conv_pack(s->conv, b, n, net->scratch, net->pool);
    if (s->backward) xp_conv_pack_transposed(s->back, b, n, net->scratch, net->pool);
    for (int j = 0, col = 0; s->bias && j < n; col += b[j++].c_out) {
        const float *bias = xp_net_param(net, xp_net_op(net, s->branch[j]), "bias");
        if (bias) memcpy(s->bias + col, bias, (size_t)b[j].c_out * sizeof *bias);
    }
    if (s->norm >= 0) prepare(net, s, s->norm);
}

void xp_plan_pack(xp_net *net) {
    for (int i = 0; i < net->n_steps; i++) {
        step *s = &net->steps[i];
        if (s->kind == STEP_CONVOLUTIONS) pack_conv(net, s);
        if (s->kind == STEP_OP && s->type->n_vectors) prepare(net, s, s->op);
    }
}
