#include "train/step_passes.h"

/* ==== gradients of weights and values ==== */

/* Where the gradient of that weight begins among those of the node's weights, which lie one after
 * the other; NULL when the op has it not. */
static float *among_params(const job *j, float *base, const xp_op *op, const char *suffix) {
    const xp_param *wanted_param = step_param(j->s, op, suffix);
    for (int k = 0; wanted_param && k < node_ops(j->nd); k++) {
        const xp_op *own = node_op_at(j->s, j->nd, k);
        for (int i = 0; i < own->n_params; i++) {
            const xp_param *p = &j->s->graph->params[own->params[i]];
            if (p == wanted_param) return base;
            base += p->count;
        }
    }
    return NULL;
}

float *step_leaf_gradient(const job *j, int leaf, const xp_op *op, const char *suffix) {
    return among_params(j, j->nd->leaves + (size_t)leaf * j->nd->leaf_floats, op, suffix);
}

static void clear_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++) clear_mat(xp_mats_at(j->dx, r));
}

void step_begin_sum(job *j) {
    if (!j->accumulate && j->dx.m.data) for_records(j, clear_range);
}

static void slope_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    (void)thread;
    for (int r = begin; r < end; r++)
        xp_activation_backward(xp_mats_at(out_gradient(j), r), xp_mats_at(out_value(j), r),
                               j->nd->act);
}

void step_activation_slope(job *j) {
    for_records(j, slope_range);
}

/* ==== by the row, record by record ==== */

/* x: room for the inputs. */
static xp_op_call call_for(const job *j, int r, int thread, xp_mat *x) {
    for (int i = 0; i < j->nd->n_in; i++) x[i] = xp_mats_at(j->s->tensors[j->nd->in[i]].v, r);
    return (xp_op_call){.graph = j->s->graph,
                        .weights = j->s->m->weights,
                        .op = node_op(j->s, j->nd),
                        .kernels = j->s->kernels,
                        .x = x,
                        .y = xp_mats_at(out_value(j), r),
                        .saved = j->nd->saved ? j->nd->saved + (size_t)r * j->nd->saved_step : NULL,
                        .scratch = (char *)j->s->scratch + (size_t)thread * j->nd->row_scratch,
                        .input = j->input};
}

/* An activation that is part of the op, and not the op itself. */
static bool has_inner_activation(const job *j) {
    return j->nd->type != &xp_op_activation && j->nd->act != XP_ACT_LINEAR &&
           (j->nd->type->traits & XP_OP_ENDS_IN_ACTIVATION);
}

static void row_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    xp_mat x[XP_OP_MAX_INPUTS];
    for (int r = begin; r < end; r++) {
        xp_op_call c = call_for(j, r, thread, x);
        c.relu = (j->nd->type->traits & XP_OP_TAKES_RELU) && j->nd->act == XP_ACT_RELU;
        c.end = j->nd->type->part == XP_PART_COLUMNS ? c.y.cols : c.y.rows;
        j->nd->type->forward(&c);
        if (has_inner_activation(j)) xp_activation_forward(c.y, c.y, j->nd->act);
    }
}

void step_row_forward(job *j) {
    for_records(j, row_range);
}

static float *gradients_of_record(const job *j, int r) {
    return j->s->record_gradients + (size_t)r * j->s->record_floats;
}

static void row_back_range(void *ctx, int begin, int end, int thread) {
    const job *j = ctx;
    xp_mat x[XP_OP_MAX_INPUTS];
    for (int r = begin; r < end; r++) {
        xp_op_call c = call_for(j, r, thread, x);
        c.dy = xp_mats_at(out_gradient(j), r);
        if (j->dx.m.data) c.dx = xp_mats_at(j->dx, r);
        c.end = j->nd->type->backward_part == XP_PART_ROWS ? c.dx.rows : c.dx.cols;
        if (c.op->n_params > 0) c.gradient = gradients_of_record(j, r);
        if (c.gradient) memset(c.gradient, 0, j->s->record_floats * sizeof *c.gradient);
        j->nd->type->backward(&c);
    }
}

/* The gradients of weights that records have left, into the leaves. */
static void add_records(const job *j) {
    const xp_step *s = j->s;
    const size_t n = j->nd->leaf_floats;
    for (int leaf = 0; n > 0 && leaf < s->n_leaves; leaf++)
        for (int r = s->leaf_begin[leaf]; r < s->leaf_begin[leaf + 1]; r++)
            s->kernels->add(j->nd->leaves + (size_t)leaf * n, gradients_of_record(j, r), n);
}

void step_row_backward(job *j) {
    step_begin_sum(j);
    if (has_inner_activation(j)) step_activation_slope(j);
    for_records(j, row_back_range);
    add_records(j);
}
