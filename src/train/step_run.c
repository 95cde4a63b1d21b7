#include "train/step_passes.h"

/* ==== methods ==== */

static const step_method by_row = {NULL, NULL};

const step_method *step_method_of(const xp_op_type *type) {
    static const struct {
        const xp_op_type *type;
        const step_method *method;
    } list[] = {{&xp_op_conv1d, &step_conv},     {&xp_op_batchnorm, &step_norm},
                {&xp_op_maxpool, &step_maxpool}, {&xp_op_dense, &step_dense},
                {&xp_op_dropout, &step_dropout}, {&xp_op_gru, &step_gru_layers}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].type == type) return list[i].method;
    return &by_row;
}

/* ==== leaves of the sum tree ==== */

/* Weights of a tensor whose leaves are added while they are in the cache. */
enum { FOLD_BLOCK = 2048 };

typedef struct fold {
    float *leaf, *out;
    size_t n, step; /* from one leaf to the next */
    int n_leaves;
} fold;

static void fold_range(void *ctx, int begin, int end, int thread) {
    const fold *f = ctx;
    (void)thread;
    for (int i = begin; i < end; i++) {
        const size_t at = (size_t)i * FOLD_BLOCK;
        const size_t n = f->n - at < FOLD_BLOCK ? f->n - at : FOLD_BLOCK;
        xp_sum_tree_floats(f->leaf + at, f->n_leaves, f->step, n);
        memcpy(f->out + at, f->leaf + at, n * sizeof *f->out);
    }
}

/* The sums of the leaves into the gradient. */
static void fold_leaves(const job *j) {
    float *leaf = j->nd->leaves;
    for (int k = 0; k < node_ops(j->nd); k++) {
        const xp_op *op = node_op_at(j->s, j->nd, k);
        for (int i = 0; i < op->n_params; i++) {
            const xp_param *p = &j->s->graph->params[op->params[i]];
            fold f = {leaf, j->s->gradient + p->offset, p->count, j->nd->leaf_floats,
                      j->s->n_leaves};
            xp_parallel_for(j->s->pool, (int)((p->count + FOLD_BLOCK - 1) / FOLD_BLOCK), fold_range,
                            &f);
            leaf += p->count;
        }
    }
}

static void clear_leaves(const job *j) {
    const size_t n = (size_t)j->s->n_leaves * j->nd->leaf_floats;
    memset(j->nd->leaves, 0, n * sizeof *j->nd->leaves);
}

/* ==== gradients of values ==== */

static bool wanted(const xp_step *s, int i) {
    return step_owner(s, i)->active;
}

/* The gradient of input i; *accumulate tells whether it holds a part already. */
static xp_mats open_gradient(xp_step *s, int i, bool *accumulate) {
    tensor *t = step_gradient_owner(s, i);
    *accumulate = t->opened;
    t->opened = true;
    return s->tensors[i].g;
}

static void accumulate_into(const job *j, xp_mat dx, xp_mat dy, bool accumulate) {
    if (accumulate)
        xp_copy_backward(j->s->kernels, dx, dy);
    else
        xp_copy_forward(dx, dy);
}

/* A part of the gradient of the output that is an input's too. */
typedef struct share {
    const job *j;
    xp_mats dx, dy;
    bool accumulate;
} share;

static void share_range(void *ctx, int begin, int end, int thread) {
    const share *p = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        accumulate_into(p->j, xp_mats_at(p->dx, r), xp_mats_at(p->dy, r), p->accumulate);
}

/* For ops that pass their gradient: all of it, or the columns of each input. */
static void pass_gradient(job *j) {
    const tensor *own = step_gradient_owner(j->s, j->nd->out);
    if (j->nd->act != XP_ACT_LINEAR && !j->nd->masked) step_activation_slope(j);
    for (int i = 0, col = 0; i < j->nd->n_in; i++) {
        const int in = j->nd->in[i], c = j->s->graph->ops[in].c;
        share p = {.j = j, .dy = out_gradient(j)};
        if (j->nd->type->traits & XP_OP_JOINS_CHANNELS) p.dy = columns(p.dy, col, c);
        col += c;
        if (!wanted(j->s, in) || step_gradient_owner(j->s, in) == own) continue;
        p.dx = open_gradient(j->s, in, &p.accumulate);
        xp_parallel_for(j->s->pool, j->s->n, share_range, &p);
    }
}

/* ==== passes ==== */

static void forward(job *j) {
    const step_method *method = step_method_of(j->nd->type);
    if (method->forward)
        method->forward(j);
    else
        step_row_forward(j);
}

xp_status xp_step_forward(xp_step *s, const float *x, int n, uint64_t index, xp_error *err) {
    const xp_mats in = s->tensors[0].v;
    s->n = n;
    for (int leaf = 0; leaf <= s->n_leaves; leaf++)
        s->leaf_begin[leaf] = xp_sum_leaf_begin(n, s->n_leaves, leaf);
    s->index = index;
    s->status = XP_OK;
    memcpy(in.m.data, x, (size_t)n * (size_t)in.m.rows * (size_t)in.m.cols * sizeof *x);
    for (int k = 0; k < s->n_nodes; k++) {
        job j = {.s = s, .nd = &s->nodes[k]};
        forward(&j);
    }
    if (s->status != XP_OK && err) *err = s->error;
    return s->status;
}

const float *xp_step_output(const xp_step *s) {
    return s->tensors[s->graph->n_ops - 1].v.m.data;
}

float *xp_step_output_gradient(xp_step *s) {
    return s->tensors[s->graph->n_ops - 1].g.m.data;
}

static void node_backward(xp_step *s, node *nd) {
    job j = {.s = s, .nd = nd};
    const step_method *method = step_method_of(nd->type);
    const bool leaves = nd->leaf_floats > 0;
    if (!step_gradient_owner(s, nd->out)->opened || !wanted(s, nd->out)) return;
    if (!method->backward && nd->type->traits & XP_OP_PASSES_GRADIENT) {
        pass_gradient(&j);
        return;
    }
    if (leaves) clear_leaves(&j);
    for (; j.input < nd->n_in; j.input++) {
        const bool open = wanted(s, nd->in[j.input]);
        j.dx = (xp_mats){0};
        if (open) j.dx = open_gradient(s, nd->in[j.input], &j.accumulate);
        if (!open && node_op(s, nd)->n_params == 0) continue;
        if (method->backward)
            method->backward(&j);
        else
            step_row_backward(&j);
    }
    if (leaves) fold_leaves(&j);
}

xp_status xp_step_backward(xp_step *s, xp_error *err) {
    memset(s->gradient, 0, s->graph->n_weights * sizeof *s->gradient);
    for (int i = 0; i < s->graph->n_ops; i++) s->tensors[i].opened = false;
    step_gradient_owner(s, s->graph->n_ops - 1)->opened = true;
    for (int k = s->n_nodes - 1; k >= 0; k--) node_backward(s, &s->nodes[k]);
    if (s->status != XP_OK && err) *err = s->error;
    return s->status;
}
