#include "nn/plan.h"

#include <string.h>

/* ==== what the caller asks for ==== */

static bool ends_in_probabilities(xp_activation a) {
    return a == XP_ACT_SIGMOID || a == XP_ACT_SOFTMAX;
}

static void find_logits(xp_net *net) {
    int i = net->g->n_ops - 1;
    net->ops[i].kept = true;
    while (i > 0 && xp_is_identity(xp_net_op(net, i))) i = xp_net_op(net, i)->inputs[0];
    const xp_op *op = xp_net_op(net, i);
    bool last = ends_in_probabilities(op->activation);
    net->logits_split = last && op->kind == XP_OP_DENSE;
    if (last && op->kind == XP_OP_ACTIVATION) i = op->inputs[0];
    net->logit_op = i;
    net->ops[i].kept = true;
}

/* The gradient of one input of a product needs the others' values too. */
static void keep_partners(xp_net *net, int i) {
    const xp_op *op = xp_net_op(net, i);
    const bool again = net->ops[i].explained && xp_op_is(op, XP_OP_READS_INPUT_AGAIN);
    for (int j = 0; again && op->n_inputs > 1 && j < op->n_inputs; j++)
        net->ops[op->inputs[j]].kept = true;
}

static void mark_explained(xp_net *net, const xp_net_options *opt) {
    for (int i = 0; i < opt->n_explain; i++) net->ops[opt->explain[i]].explained = true;
    for (int i = 0; i < net->g->n_ops; i++) {
        op_plan *p = &net->ops[i];
        for (int j = 0; j < xp_net_op(net, i)->n_inputs; j++)
            p->explained = p->explained || net->ops[xp_net_op(net, i)->inputs[j]].explained;
        p->kept = p->kept || p->explained;
    }
    for (int i = 0; i < net->g->n_ops; i++) keep_partners(net, i);
}

static void mark_reaching_logits(xp_net *net) {
    net->ops[net->logit_op].reaches_logits = true;
    for (int i = net->logit_op; i >= 0; i--)
        for (int j = 0; net->ops[i].reaches_logits && j < xp_net_op(net, i)->n_inputs; j++)
            net->ops[xp_net_op(net, i)->inputs[j]].reaches_logits = true;
}

/* ==== storage of values ==== */

/* An input of a concat is written where the concat wants it; a second use is copied there. */
static void store_in_concats(xp_net *net) {
    for (int i = 0; i < net->g->n_ops; i++) {
        const xp_op *op = xp_net_op(net, i);
        for (int j = 0, col = 0; op->kind == XP_OP_CONCAT && j < op->n_inputs; j++) {
            const xp_op *in = xp_net_op(net, op->inputs[j]);
            xp_storage *s = &net->storage[op->inputs[j]];
            bool own = in->n_inputs > 0 && !xp_op_is(in, XP_OP_RESHAPES) && !xp_is_identity(in);
            if (own && s->in < 0) *s = (xp_storage){i, col, true};
            col += in->c;
        }
    }
}

static bool is_joined(const xp_net *net, int i) {
    while (net->storage[i].in >= 0 && !net->storage[i].joined) i = net->storage[i].in;
    return net->storage[i].joined;
}

/* Ops whose output is their input have no value of their own. */
static void store_in_inputs(xp_net *net) {
    for (int i = 1; i < net->g->n_ops; i++) {
        const xp_op *op = xp_net_op(net, i);
        bool reshapes = xp_op_is(op, XP_OP_RESHAPES) && !is_joined(net, op->inputs[0]);
        if (xp_is_identity(op) || reshapes) net->storage[i] = (xp_storage){.in = op->inputs[0]};
    }
}

static bool has_own_storage(const xp_net *net, int i) {
    return net->storage[i].in < 0;
}

/* An op may overwrite its input when nobody else needs that. */
static void overwrite_input(xp_net *net, int in, int out) {
    bool unneeded = net->readers[in].n == 1 && !net->ops[in].kept && has_own_storage(net, in);
    if (unneeded && !is_joined(net, out)) net->storage[out] = (xp_storage){.in = in};
}

/* ==== steps ==== */

static step *add_step(xp_net *net, step_kind kind, int op, int out) {
    const xp_op *settings = xp_net_op(net, op);
    step *s = &net->steps[net->n_steps];
    *s = (step){.kind = kind,
                .type = xp_op_type_of(settings->kind),
                .op = op,
                .out = out,
                .n_in = settings->n_inputs,
                .norm = -1,
                .pool = -1,
                .saved_region = -1};
    memcpy(s->in, settings->inputs, sizeof s->in);
    net->ops[out].step = net->n_steps++;
    return s;
}

/* The activation inside conv1d and dense as a step of its own, in place. */
static step *add_inner_activation(xp_net *net, int i) {
    step *s = add_step(net, STEP_OP, i, i);
    s->type = xp_op_type_of(XP_OP_ACTIVATION);
    s->n_in = 1;
    s->in[0] = i;
    return s;
}

static bool has_inner_activation(const xp_op *op) {
    return op->kind != XP_OP_ACTIVATION && xp_op_is(op, XP_OP_ENDS_IN_ACTIVATION) &&
           op->activation != XP_ACT_LINEAR;
}

/* Whether op i may be computed without leaving a value, its only reader being fused with it. */
static bool may_hide(const xp_net *net, int i) {
    return !net->reference && net->readers[i].n == 1 && !net->ops[i].kept;
}

/* Fuse op i with its reader `next` (-1: none such): the value is that op's then. */
static bool fuse_with(xp_net *net, int *i, int next) {
    if (next < 0 || !may_hide(net, *i)) return false;
    net->ops[*i].hidden = true;
    net->ops[next].done = true;
    *i = next;
    return true;
}

static bool fuse_relu(xp_net *net, int *i) {
    return fuse_with(net, i, xp_relu_after(net->g, net->readers, *i));
}

/* The concat whose inputs are convolutions of one input, i among them, none computed yet; or -1. */
static int find_join(const xp_net *net, int i) {
    const int concat = net->storage[i].in;
    if (net->reference || !net->storage[i].joined || !xp_joins_convolutions(net->g, concat))
        return -1;
    const xp_op *join = xp_net_op(net, concat);
    for (int j = 0; j < join->n_inputs; j++) {
        const int branch = join->inputs[j];
        if (net->storage[branch].in != concat || (net->ops[branch].done && branch != i)) return -1;
    }
    return concat;
}

/* Where the group's result may go on through batch norm and ReLU before it is stored. */
static int absorb_epilogue(xp_net *net, step *s, int out) {
    bool hide = true;
    for (int j = 0; j < s->n_branches; j++)
        hide = hide && (s->branch[j] == out || may_hide(net, s->branch[j]));
    if (!hide) return out;
    int at = out;
    if (fuse_with(net, &at, xp_norm_after(net->g, net->readers, at))) s->norm = at;
    bool plain = s->norm >= 0 || xp_net_op(net, s->branch[0])->activation == XP_ACT_LINEAR;
    s->relu = plain && fuse_relu(net, &at);
    for (int j = 0; at != out && j < s->n_branches; j++) net->ops[s->branch[j]].hidden = true;
    return at;
}

static void plan_convolutions(xp_net *net, int i) {
    const xp_op *op = xp_net_op(net, i);
    int join = find_join(net, i), out = join >= 0 ? join : i;
    step *s = add_step(net, STEP_CONVOLUTIONS, i, out);
    s->n_branches = join >= 0 ? xp_net_op(net, join)->n_inputs : 1;
    s->branch[0] = i;
    if (join >= 0) memcpy(s->branch, xp_net_op(net, join)->inputs, sizeof s->branch);
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

/* A sum whose ReLU and max-pool of it nobody else reads is never stored. */
static bool fuse_pool(xp_net *net, step *s) {
    const int pool = net->readers[s->out].last;
    if (s->type != &xp_op_add || !s->relu || s->n_in != 2 || pool < 0 ||
        xp_net_op(net, pool)->kind != XP_OP_MAXPOOL || !fuse_with(net, &s->out, pool))
        return false;
    s->kind = STEP_ADD_RELU_MAXPOOL;
    s->pool = pool;
    return true;
}

/* x + x: the first may not be overwritten while it is read again. */
static bool reads_first_twice(const step *s) {
    for (int j = 1; j < s->n_in; j++)
        if (s->in[j] == s->in[0]) return true;
    return false;
}

static void plan_row(xp_net *net, int i) {
    step *s = add_step(net, STEP_OP, i, i);
    if (s->type->traits & XP_OP_TAKES_RELU) s->relu = fuse_relu(net, &s->out);
    bool pooled = fuse_pool(net, s);
    if (!pooled && (s->type->traits & XP_OP_IN_PLACE) && !reads_first_twice(s))
        overwrite_input(net, s->in[0], s->out);
    net->ops[s->out].step = net->n_steps - 1;
    if (!has_inner_activation(xp_net_op(net, i))) return;
    s->to_logits = i == net->logit_op && net->logits_split;
    add_inner_activation(net, i)->to_logits = s->to_logits;
}

/* Identities, and what only reshapes, are stored in their input: nothing is left to compute. */
static bool computes_nothing(const xp_net *net, int i) {
    const xp_op *op = xp_net_op(net, i);
    return xp_is_identity(op) || (xp_op_is(op, XP_OP_RESHAPES) && net->storage[i].in >= 0);
}

static void plan_op(xp_net *net, int i) {
    const xp_op *op = xp_net_op(net, i);
    if (net->ops[i].done) return;
    net->ops[i].done = true;
    if (op->kind == XP_OP_INPUT)
        add_step(net, STEP_INPUT, i, i);
    else if (op->kind == XP_OP_CONV1D && !net->reference)
        plan_convolutions(net, i);
    else if (!computes_nothing(net, i))
        plan_row(net, i);
}

void xp_plan_steps(xp_net *net, const xp_net_options *opt) {
    xp_count_readers(net->g, net->readers);
    find_logits(net);
    mark_reaching_logits(net);
    mark_explained(net, opt);
    store_in_concats(net);
    store_in_inputs(net);
    for (int i = 0; i < net->g->n_ops; i++) plan_op(net, i);
}
