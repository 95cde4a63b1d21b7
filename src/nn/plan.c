#include "nn/plan.h"

#include <stdlib.h>
#include <string.h>

/* ==== reading the graph ==== */

static const xp_op *op_at(const xp_net *net, int i) {
    return &net->g->ops[i];
}

static bool is_relu(const xp_op *op) {
    return op->kind == XP_OP_ACTIVATION && op->activation == XP_ACT_RELU;
}

/* Ops that hand their input on unchanged. */
static bool is_identity(const xp_op *op) {
    return op->kind == XP_OP_DROPOUT ||
           (op->kind == XP_OP_ACTIVATION && op->activation == XP_ACT_LINEAR);
}

static bool has_activation(const xp_op *op) {
    return (op->kind == XP_OP_CONV1D || op->kind == XP_OP_DENSE) && op->activation != XP_ACT_LINEAR;
}

static bool ends_in_probabilities(xp_activation a) {
    return a == XP_ACT_SIGMOID || a == XP_ACT_SOFTMAX;
}

static void count_uses(xp_net *net) {
    for (int i = 0; i < net->g->n_ops; i++)
        for (int j = 0; j < op_at(net, i)->n_inputs; j++) {
            op_plan *in = &net->ops[op_at(net, i)->inputs[j]];
            in->uses++;
            in->next = i;
        }
}

static void find_logits(xp_net *net) {
    int i = net->g->n_ops - 1;
    net->ops[i].kept = true;
    while (i > 0 && is_identity(op_at(net, i))) i = op_at(net, i)->inputs[0];
    const xp_op *op = op_at(net, i);
    bool last = ends_in_probabilities(op->activation);
    net->logits_split = last && op->kind == XP_OP_DENSE;
    if (last && op->kind == XP_OP_ACTIVATION) i = op->inputs[0];
    net->logit_op = i;
    net->ops[i].kept = true;
}

static void mark_explained(xp_net *net, const xp_net_options *opt) {
    for (int i = 0; i < opt->n_explain; i++) net->ops[opt->explain[i]].explained = true;
    for (int i = 0; i < net->g->n_ops; i++) {
        op_plan *p = &net->ops[i];
        for (int j = 0; j < op_at(net, i)->n_inputs; j++)
            p->explained = p->explained || net->ops[op_at(net, i)->inputs[j]].explained;
        p->kept = p->kept || p->explained;
    }
}

static void mark_leads(xp_net *net) {
    net->ops[net->logit_op].leads = true;
    for (int i = net->logit_op; i >= 0; i--)
        for (int j = 0; net->ops[i].leads && j < op_at(net, i)->n_inputs; j++)
            net->ops[op_at(net, i)->inputs[j]].leads = true;
}

/* Whether op i may be computed without leaving a value, its only reader being fused with it. */
static bool may_hide(const xp_net *net, int i) {
    return !net->reference && net->ops[i].uses == 1 && !net->ops[i].kept;
}

/* ==== places shared between ops ==== */

/* An input of a concat is written where the concat wants it; a second use is copied there. */
static void choose_hosts(xp_net *net) {
    for (int i = 0; i < net->g->n_ops; i++) {
        const xp_op *op = op_at(net, i);
        for (int j = 0, col = 0; op->kind == XP_OP_CONCAT && j < op->n_inputs; j++) {
            const xp_op *in = op_at(net, op->inputs[j]);
            op_plan *p = &net->ops[op->inputs[j]];
            bool own = in->kind != XP_OP_INPUT && in->kind != XP_OP_FLATTEN && !is_identity(in);
            if (own && p->host < 0) {
                p->host = i;
                p->host_col = col;
            }
            col += in->c;
        }
    }
}

static bool is_hosted(const xp_net *net, int i) {
    while (net->ops[i].alias >= 0) i = net->ops[i].alias;
    return net->ops[i].host >= 0;
}

static void choose_aliases(xp_net *net) {
    for (int i = 1; i < net->g->n_ops; i++) {
        const xp_op *op = op_at(net, i);
        bool reshape = op->kind == XP_OP_FLATTEN && !is_hosted(net, op->inputs[0]);
        if (is_identity(op) || reshape) net->ops[i].alias = op->inputs[0];
    }
}

/* An element-wise op may overwrite its input when nobody else needs that. */
static void overwrite_input(xp_net *net, int in, int out) {
    const op_plan *p = &net->ops[in];
    bool free_input = p->uses == 1 && !p->kept && p->alias < 0 && p->host < 0;
    if (free_input && net->ops[out].host < 0) net->ops[out].alias = in;
}

/* ==== steps ==== */

static step *add_step(xp_net *net, step_kind kind, int op, int out) {
    step *s = &net->steps[net->n_steps];
    *s = (step){.kind = kind, .op = op, .out = out, .norm = -1, .pool = -1};
    net->ops[out].step = net->n_steps++;
    return s;
}

static void take_inputs(step *s, const xp_op *op) {
    s->n_in = op->n_inputs;
    memcpy(s->in, op->inputs, sizeof s->in);
}

/* The activation inside conv1d and dense as a step of its own, in place. */
static void add_inner_activation(xp_net *net, int i) {
    step *s = add_step(net, STEP_ACTIVATION, i, i);
    s->n_in = 1;
    s->in[0] = i;
}

static bool hide_if_next(xp_net *net, int *i, bool fits) {
    if (!fits) return false;
    net->ops[*i].hidden = true;
    *i = net->ops[*i].next;
    net->ops[*i].done = true;
    return true;
}

static bool next_is_norm(const xp_net *net, int i) {
    return may_hide(net, i) && op_at(net, net->ops[i].next)->kind == XP_OP_BATCHNORM;
}

static bool next_is_relu(const xp_net *net, int i) {
    return may_hide(net, i) && is_relu(op_at(net, net->ops[i].next));
}

static bool can_join(const xp_net *net, int concat, int leader) {
    const xp_op *first = op_at(net, leader);
    const xp_op *join = op_at(net, concat);
    for (int j = 0; j < join->n_inputs; j++) {
        const xp_op *op = op_at(net, join->inputs[j]);
        const op_plan *p = &net->ops[join->inputs[j]];
        if (op->kind != XP_OP_CONV1D || op->inputs[0] != first->inputs[0] || op->stride != 1 ||
            op->activation != first->activation || p->host != concat ||
            (p->done && join->inputs[j] != leader))
            return false;
        for (int q = 0; q < j; q++)
            if (join->inputs[q] == join->inputs[j]) return false;
    }
    return true;
}

/* The concat whose inputs are convolutions of one input, i among them; or -1. */
static int find_join(const xp_net *net, int i) {
    const xp_op *op = op_at(net, i);
    int concat = net->ops[i].host;
    if (net->reference || concat < 0 || op->stride != 1 || op->activation > XP_ACT_RELU) return -1;
    return can_join(net, concat, i) ? concat : -1;
}

/* Where the group's result may go on through batch norm and ReLU before it is stored. */
static int absorb_epilogue(xp_net *net, step *s, int out) {
    bool hide = true;
    for (int j = 0; j < s->n_branches; j++)
        hide = hide && (s->branch[j] == out || may_hide(net, s->branch[j]));
    if (!hide) return out;
    int at = out;
    if (next_is_norm(net, at)) {
        s->norm = net->ops[at].next;
        hide_if_next(net, &at, true);
    }
    bool plain = s->norm >= 0 || op_at(net, s->branch[0])->activation == XP_ACT_LINEAR;
    s->relu = hide_if_next(net, &at, plain && next_is_relu(net, at));
    for (int j = 0; at != out && j < s->n_branches; j++) net->ops[s->branch[j]].hidden = true;
    return at;
}

static void plan_conv(xp_net *net, int i) {
    const xp_op *op = op_at(net, i);
    if (net->reference) {
        take_inputs(add_step(net, STEP_CONV_REFERENCE, i, i), op);
        if (has_activation(op)) add_inner_activation(net, i);
        return;
    }
    int join = find_join(net, i), out = join >= 0 ? join : i;
    step *s = add_step(net, STEP_CONV, i, out);
    take_inputs(s, op);
    s->n_branches = join >= 0 ? op_at(net, join)->n_inputs : 1;
    s->branch[0] = i;
    if (join >= 0) memcpy(s->branch, op_at(net, join)->inputs, sizeof s->branch);
    for (int j = 0; j < s->n_branches; j++) {
        net->ops[s->branch[j]].done = true;
        net->ops[s->branch[j]].step = net->n_steps - 1;
    }
    net->ops[out].done = true;
    if (op->activation <= XP_ACT_RELU)
        s->out = absorb_epilogue(net, s, out);
    else
        add_inner_activation(net, i);
    net->ops[s->out].step = (int)(s - net->steps);
}

static void plan_norm(xp_net *net, int i) {
    step *s = add_step(net, STEP_BATCHNORM, i, i);
    take_inputs(s, op_at(net, i));
    s->relu = hide_if_next(net, &s->out, next_is_relu(net, i));
    net->ops[s->out].step = net->n_steps - 1;
    overwrite_input(net, s->in[0], s->out);
}

static void plan_add(xp_net *net, int i) {
    step *s = add_step(net, STEP_ADD, i, i);
    take_inputs(s, op_at(net, i));
    s->relu = hide_if_next(net, &s->out, next_is_relu(net, i));
    int pool = s->relu && may_hide(net, s->out) ? net->ops[s->out].next : -1;
    if (pool >= 0 && s->n_in == 2 && op_at(net, pool)->kind == XP_OP_MAXPOOL) {
        s->kind = STEP_ADD_RELU_MAXPOOL;
        s->pool = pool;
        hide_if_next(net, &s->out, true);
    } else {
        bool twice = false; /* x + x: the first may not be overwritten while it is read again */
        for (int j = 1; j < s->n_in; j++) twice = twice || s->in[j] == s->in[0];
        if (!twice) overwrite_input(net, s->in[0], s->out);
    }
    net->ops[s->out].step = net->n_steps - 1;
}

static void plan_dense(xp_net *net, int i) {
    step *s = add_step(net, STEP_DENSE, i, i);
    take_inputs(s, op_at(net, i));
    s->to_logits = i == net->logit_op && net->logits_split;
    bool split = s->to_logits;
    if (!has_activation(op_at(net, i))) return;
    add_inner_activation(net, i);
    net->steps[net->n_steps - 1].to_logits = split;
}

static void plan_plain(xp_net *net, int i, step_kind kind, bool in_place) {
    step *s = add_step(net, kind, i, i);
    take_inputs(s, op_at(net, i));
    if (in_place) overwrite_input(net, s->in[0], i);
}

static void plan_op(xp_net *net, int i) {
    if (net->ops[i].done) return;
    net->ops[i].done = true;
    switch (op_at(net, i)->kind) {
    case XP_OP_INPUT:
        add_step(net, STEP_INPUT, i, i);
        break;
    case XP_OP_CONV1D:
        plan_conv(net, i);
        break;
    case XP_OP_BATCHNORM:
        plan_norm(net, i);
        break;
    case XP_OP_ACTIVATION:
        if (net->ops[i].alias < 0) plan_plain(net, i, STEP_ACTIVATION, true);
        break;
    case XP_OP_CONCAT:
        plan_plain(net, i, STEP_CONCAT, false);
        break;
    case XP_OP_ADD:
        plan_add(net, i);
        break;
    case XP_OP_MAXPOOL:
        plan_plain(net, i, STEP_MAXPOOL, false);
        break;
    case XP_OP_AVGPOOL:
        plan_plain(net, i, STEP_AVGPOOL, false);
        break;
    case XP_OP_GLOBAL_AVGPOOL:
        plan_plain(net, i, STEP_GLOBAL_AVGPOOL, false);
        break;
    case XP_OP_GLOBAL_MAXPOOL:
        plan_plain(net, i, STEP_GLOBAL_MAXPOOL, false);
        break;
    case XP_OP_FLATTEN:
        if (net->ops[i].alias < 0) plan_plain(net, i, STEP_FLATTEN, false);
        break;
    case XP_OP_DENSE:
        plan_dense(net, i);
        break;
    case XP_OP_DROPOUT:
        break;
    case XP_OP_LAYERNORM:
        plan_plain(net, i, STEP_LAYERNORM, true);
        break;
    case XP_OP_GRU:
        plan_plain(net, i, STEP_GRU, false);
        break;
    }
}

/* ==== lifetimes ==== */

/* The op in whose place op i lies, and the column there. */
static int place_of(const xp_net *net, int i, int *col) {
    *col = 0;
    for (;;) {
        const op_plan *p = &net->ops[i];
        if (p->alias >= 0) {
            i = p->alias;
        } else if (p->host >= 0) {
            *col += p->host_col;
            i = p->host;
        } else {
            return i;
        }
    }
}

static region *region_of(xp_net *net, int i) {
    int col;
    op_plan *p = &net->ops[place_of(net, i, &col)];
    if (p->region < 0) {
        p->region = net->n_values++;
        const xp_op *op = &net->g->ops[p - net->ops];
        net->values[p->region] =
            (region){.floats = (size_t)op->t * (size_t)op->c, .first = INT32_MAX, .last = -1};
    }
    return &net->values[p->region];
}

static void extend(region *r, int time) {
    if (time < r->first) r->first = time;
    if (time > r->last) r->last = time;
}

static void live_values(xp_net *net) {
    for (int s = 0; s < net->n_steps; s++) {
        const step *st = &net->steps[s];
        extend(region_of(net, st->out), s);
        for (int j = 0; j < st->n_in; j++) extend(region_of(net, st->in[j]), s);
    }
    for (int i = 0; i < net->g->n_ops; i++)
        if (net->ops[i].kept && !net->ops[i].hidden) extend(region_of(net, i), net->n_steps);
}

/* The states inside a GRU: until its backward pass, or only while it runs. */
static void live_states(xp_net *net) {
    for (int s = 0; s < net->n_steps; s++) {
        step *st = &net->steps[s];
        if (st->kind != STEP_GRU) continue;
        xp_gru g = xp_net_gru(net, op_at(net, st->op));
        bool again = net->ops[st->op].explained;
        st->states = net->n_values;
        net->values[net->n_values++] =
            (region){.floats = xp_gru_saved(&g, op_at(net, st->in[0])->t),
                     .first = s,
                     .last = again ? net->n_steps : s};
    }
}

/* Whether op i's gradient takes part in backward passes. */
static bool has_gradient(const xp_net *net, int i) {
    return net->ops[i].explained && net->ops[i].leads;
}

/* Inputs read by nobody else whose gradient is made in place of the reader's; an add does so for
 * one of its inputs and hands a copy to the others. */
static void share_gradients(xp_net *net, int i) {
    const xp_op *op = op_at(net, i);
    bool concat = op->kind == XP_OP_CONCAT, add = op->kind == XP_OP_ADD;
    bool unary =
        op->kind == XP_OP_BATCHNORM || op->kind == XP_OP_ACTIVATION || op->kind == XP_OP_DROPOUT;
    bool again = concat || add || unary;
    for (int j = 0, col = 0; again && j < op->n_inputs; col += op_at(net, op->inputs[j++])->c) {
        op_plan *in = &net->ops[op->inputs[j]];
        if (in->uses != 1 || !has_gradient(net, op->inputs[j])) continue;
        in->share = i;
        in->share_col = concat ? col : 0;
        again = !add;
    }
}

/* The op in whose gradient that of op i lies, and the column there. */
static int gradient_place(const xp_net *net, int i, int *col) {
    for (*col = 0; net->ops[i].share >= 0; i = net->ops[i].share) *col += net->ops[i].share_col;
    return i;
}

/* Branches computed together have one input gradient when theirs lie side by side in the concat's.
 */
static void choose_backward(xp_net *net, step *s) {
    const xp_op *op = op_at(net, s->op);
    if (s->kind != STEP_CONV || op->stride != 1 || !has_gradient(net, op->inputs[0])) return;
    s->back_from = s->n_branches > 1 ? net->ops[s->op].share : s->op;
    s->backward = net->ops[s->op].leads;
    for (int j = 0; j < s->n_branches; j++) {
        const xp_op *branch = op_at(net, s->branch[j]);
        bool together = s->n_branches == 1 || net->ops[s->branch[j]].share == s->back_from;
        s->backward = s->backward && together && branch->pad_left < branch->kernel;
    }
}

/* The clock of the backward pass is the op's index: a gradient lives from the last op that reads
 * the value (where it is begun) down to the op itself. */
static void live_gradients(xp_net *net) {
    for (int i = 0; i < net->g->n_ops; i++) {
        op_plan *p = &net->ops[i];
        if (!has_gradient(net, i) || p->share >= 0) continue;
        const xp_op *op = op_at(net, i);
        p->grad = net->n_grads;
        net->grads[net->n_grads++] =
            (region){.floats = (size_t)op->t * (size_t)op->c, .first = i, .last = i};
    }
    for (int i = 0; i <= net->logit_op; i++) {
        int col;
        if (has_gradient(net, i))
            extend(&net->grads[net->ops[gradient_place(net, i, &col)].grad], i);
        for (int j = 0; j < op_at(net, i)->n_inputs; j++) {
            const int in = op_at(net, i)->inputs[j];
            if (has_gradient(net, in))
                extend(&net->grads[net->ops[gradient_place(net, in, &col)].grad], i);
        }
    }
}

static int by_size(const void *a, const void *b) {
    const region *x = *(region *const *)a, *y = *(region *const *)b;
    if (x->floats != y->floats) return x->floats < y->floats ? 1 : -1;
    return x < y ? -1 : x > y;
}

static size_t rounded(size_t floats) {
    const size_t unit = XP_ALIGN / sizeof(float);
    return (floats + unit - 1) / unit * unit;
}

static size_t first_fit(region *const *placed, int n, const region *r) {
    size_t at = 0;
    for (int i = 0; i < n;) {
        const region *p = placed[i++];
        bool together = p->first <= r->last && r->first <= p->last;
        if (together && p->at < at + rounded(r->floats) && at < p->at + rounded(p->floats)) {
            at = p->at + rounded(p->floats);
            i = 0;
        }
    }
    return at;
}

size_t xp_regions_place(region *r, int n) {
    region **order = calloc((size_t)n + 1, sizeof *order);
    size_t end = 0;
    if (!order) { /* no memory for a clever order: one after the other */
        for (int i = 0; i < n; end += rounded(r[i++].floats)) r[i].at = end;
        return end;
    }
    for (int i = 0; i < n; i++) order[i] = &r[i];
    qsort(order, (size_t)n, sizeof *order, by_size);
    for (int i = 0; i < n; i++) {
        order[i]->at = first_fit(order, i, order[i]);
        size_t last = order[i]->at + rounded(order[i]->floats);
        if (last > end) end = last;
    }
    free(order);
    return end;
}

/* ==== making ==== */

static xp_status allocate_plan(xp_net *net, xp_error *err) {
    size_t n = (size_t)net->g->n_ops, steps = 2 * n, regions = 2 * n;
    net->ops = calloc(n, sizeof *net->ops);
    net->steps = calloc(steps, sizeof *net->steps);
    net->values = calloc(regions, sizeof *net->values);
    net->grads = calloc(n, sizeof *net->grads);
    net->heap_bytes = sizeof *net + n * sizeof *net->ops + steps * sizeof *net->steps +
                      (regions + n) * sizeof(region);
    if (!net->ops || !net->steps || !net->values || !net->grads)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for a plan of %zu layers", n);
    for (size_t i = 0; i < n; i++) {
        op_plan *p = &net->ops[i];
        p->next = p->alias = p->host = p->region = p->grad = p->share = p->step = -1;
    }
    return XP_OK;
}

xp_status xp_plan_make(xp_net *net, const xp_net_options *opt, xp_error *err) {
    XP_TRY(allocate_plan(net, err));
    count_uses(net);
    find_logits(net);
    mark_leads(net);
    mark_explained(net, opt);
    choose_hosts(net);
    choose_aliases(net);
    for (int i = 0; i < net->g->n_ops; i++) plan_op(net, i);
    live_values(net);
    live_states(net);
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
    free(net->steps);
    free(net->values);
    free(net->grads);
}

/* ==== layout ==== */

static xp_conv_shape conv_shape(const xp_net *net, const xp_op *op) {
    const xp_op *in = op_at(net, op->inputs[0]);
    return (xp_conv_shape){.t_in = in->t,
                           .c_in = in->c,
                           .t_out = op->t,
                           .c_out = op->units,
                           .k = op->kernel,
                           .stride = op->stride,
                           .pad_left = op->pad_left};
}

static int group_branches(const xp_net *net, const step *s, xp_conv_branch *b) {
    for (int j = 0; j < s->n_branches; j++) {
        const xp_op *op = op_at(net, s->branch[j]);
        b[j] =
            (xp_conv_branch){xp_net_param(net, op, "kernel"), op->kernel, op->pad_left, op->units};
    }
    return s->n_branches;
}

static void need_scratch(xp_net *net, size_t bytes) {
    if (bytes > net->scratch_bytes) net->scratch_bytes = bytes;
}

static bool group_has_bias(const xp_net *net, const step *s) {
    for (int j = 0; j < s->n_branches; j++)
        if (op_at(net, s->branch[j])->use_bias) return true;
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
    int n = group_branches(net, s, b);
    s->shape = conv_shape(net, op_at(net, s->op));
    if (s->shape.stride == 1) xp_conv_align(&s->shape, b, n);
    xp_conv_plan(&s->conv, arena, &s->shape, XP_CONV_AUTO, net->kernels);
    need_scratch(
        net, xp_conv_scratch(&s->shape, XP_CONV_AUTO, net->kernels, xp_pool_threads(net->pool)));
    layout_backward(net, s, arena);
    size_t c = (size_t)s->shape.c_out;
    s->bias = group_has_bias(net, s) ? xp_arena_take(arena, c, sizeof(float)) : NULL;
    if (s->norm < 0) return;
    s->scale = xp_arena_take(arena, c, sizeof(float));
    s->shift = xp_arena_take(arena, c, sizeof(float));
}

static void layout_weights(xp_net *net, xp_arena *arena) {
    for (int i = 0; i < net->n_steps; i++) {
        step *s = &net->steps[i];
        const xp_op *op = op_at(net, s->op);
        if (s->kind == STEP_CONV) layout_conv(net, s, arena);
        if (s->kind == STEP_CONV_REFERENCE) s->shape = conv_shape(net, op);
        if (s->kind == STEP_BATCHNORM) {
            s->scale = xp_arena_take(arena, (size_t)op->c, sizeof(float));
            s->shift = xp_arena_take(arena, (size_t)op->c, sizeof(float));
        }
        if (s->kind == STEP_GRU) {
            xp_gru g = xp_net_gru(net, op);
            need_scratch(net, xp_gru_work(&g, op_at(net, s->in[0])->t) * sizeof(float));
        }
    }
}

/* A measuring arena gives no memory; offsets are then never used. */
static float *offset(float *base, size_t floats) {
    return base ? base + floats : NULL;
}

static void layout_value(xp_net *net, float *base, int i) {
    int col;
    const xp_op *op = op_at(net, i);
    const int place = place_of(net, i, &col);
    if (net->ops[place].region < 0) return;
    const region *r = &net->values[net->ops[place].region];
    xp_mat *v = &net->ops[i].value;
    *v = xp_mat_make(offset(base, r->at + (size_t)col), op->t, op->c);
    if (op->t > 1 || col) v->stride = op_at(net, place)->c;
}

static void layout_step(xp_net *net, float *base, step *s) {
    s->y = net->ops[s->out].value;
    int col = 0;
    for (int j = 0; j < s->n_in; j++) {
        s->x[j] = net->ops[s->in[j]].value;
        s->col[j] = col;
        col += s->x[j].cols;
    }
    xp_mat logits = xp_mat_make(net->logits, 1, s->y.cols);
    if (s->to_logits && s->kind == STEP_DENSE) s->y = logits;
    if (s->to_logits && s->kind == STEP_ACTIVATION) s->x[0] = logits;
    if (s->kind == STEP_GRU) s->saved = offset(base, net->values[s->states].at);
}

static void layout_values(xp_net *net, xp_arena *arena) {
    size_t c = (size_t)op_at(net, net->logit_op)->c;
    net->logits = net->logits_split ? xp_arena_take(arena, c, sizeof(float)) : NULL;
    float *base = xp_arena_take(arena, net->value_floats, sizeof(float));
    for (int i = 0; i < net->g->n_ops; i++)
        if (!net->ops[i].hidden) layout_value(net, base, i);
    for (int i = 0; i < net->n_steps; i++) layout_step(net, base, &net->steps[i]);
    if (!net->logits_split) net->logits = net->ops[net->logit_op].value.data;
}

static void layout_gradient(xp_net *net, float *base, int i) {
    int col;
    const xp_op *op = op_at(net, i);
    const int place = gradient_place(net, i, &col);
    const region *r = &net->grads[net->ops[place].grad];
    xp_mat *g = &net->ops[i].gradient;
    *g = xp_mat_make(offset(base, r->at + (size_t)col), op->t, op->c);
    g->stride = op_at(net, place)->c;
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

static void layout_gradients(xp_net *net, xp_arena *arena) {
    float *base = xp_arena_take(arena, net->grad_floats, sizeof(float));
    size_t channels = 1, labels = (size_t)net->m->n_labels;
    for (int i = 0; i < net->g->n_ops; i++) {
        const xp_op *op = op_at(net, i);
        if (!has_gradient(net, i)) continue;
        layout_gradient(net, base, i);
        if ((size_t)op->c > channels) channels = (size_t)op->c;
    }
    if (!net->n_grads) return;
    net->back_sum = xp_arena_take(arena, shared_input_floats(net), sizeof(float));
    net->cam_weights = xp_arena_take(arena, labels * channels, sizeof(float));
    net->cam_seed = xp_arena_take(arena, channels + labels, sizeof(float));
    net->cam_part = xp_arena_take(arena, XP_CAM_ROWS * labels, sizeof(float));
}

void xp_plan_layout(xp_net *net, xp_arena *arena) {
    layout_weights(net, arena);
    layout_values(net, arena);
    layout_gradients(net, arena);
    net->scratch = xp_arena_take(arena, net->scratch_bytes, 1);
    net->times = xp_arena_take(arena, (size_t)net->g->n_ops, sizeof *net->times);
}

/* ==== weights ==== */

static void fold_norm(xp_net *net, step *s, int norm) {
    const xp_op *op = op_at(net, norm);
    xp_batchnorm_fold(s->scale, s->shift, xp_net_param(net, op, "gamma"),
                      xp_net_param(net, op, "beta"), xp_net_param(net, op, "moving_mean"),
                      xp_net_param(net, op, "moving_variance"), op->epsilon, op->c);
}

static void pack_conv(xp_net *net, step *s) {
    xp_conv_branch b[XP_OP_MAX_INPUTS] = {0};
    int n = group_branches(net, s, b);
    xp_conv_pack(s->conv, b, n, net->scratch, net->pool);
    if (s->backward) xp_conv_pack_transposed(s->back, b, n, net->scratch, net->pool);
    for (int j = 0, col = 0; s->bias && j < n; col += b[j++].c_out) {
        const float *bias = xp_net_param(net, op_at(net, s->branch[j]), "bias");
        if (bias) memcpy(s->bias + col, bias, (size_t)b[j].c_out * sizeof *bias);
    }
    if (s->norm >= 0) fold_norm(net, s, s->norm);
}

void xp_plan_pack(xp_net *net) {
    for (int i = 0; i < net->n_steps; i++) {
        step *s = &net->steps[i];
        if (s->kind == STEP_CONV) pack_conv(net, s);
        if (s->kind == STEP_BATCHNORM) fold_norm(net, s, s->op);
    }
}
