#include "train/step_passes.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ==== storage of values ==== */

static const xp_op *op_at(const xp_step *s, int i) {
    return &s->graph->ops[i];
}

static bool is_last(const xp_step *s, int i) {
    return i == s->graph->n_ops - 1;
}

/* Ops whose value is their input's. The last sigmoid is left to the loss. */
static bool is_identity(const xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    if (xp_op_is(op, XP_OP_PASSES_VALUE)) return s->no_dropout || !(op->rate > 0);
    if (xp_op_is(op, XP_OP_RESHAPES)) return true;
    return op->kind == XP_OP_ACTIVATION &&
           (op->activation == XP_ACT_LINEAR || (is_last(s, i) && op->activation == XP_ACT_SIGMOID));
}

/* The ReLU that the pass of op i applies too, or -1. */
static int fused_relu(const xp_step *s, int i) {
    return xp_op_is(op_at(s, i), XP_OP_TAKES_RELU) ? xp_relu_after(s->graph, s->readers, i) : -1;
}

static bool is_fused_relu(const xp_step *s, int i) {
    return op_at(s, i)->n_inputs > 0 && fused_relu(s, op_at(s, i)->inputs[0]) == i;
}

/* A convolution that only a concat reads is written where the concat wants it. */
static void store_in_concat(xp_step *s, int concat) {
    const xp_op *op = op_at(s, concat);
    for (int j = 0, col = 0; j < op->n_inputs; j++) {
        const int in = op->inputs[j];
        if (op_at(s, in)->kind == XP_OP_CONV1D && s->readers[in].n == 1)
            s->storage[in] = (xp_storage){concat, col, true};
        col += op_at(s, in)->c;
    }
}

static void choose_storage(xp_step *s) {
    const int n = s->graph->n_ops;
    xp_count_readers(s->graph, s->readers);
    for (int i = 0; i < n; i++) {
        s->tensors[i] = (tensor){.writer = -1, .region = -1, .grad = -1};
        s->storage[i].in = s->gradient_storage[i].in = XP_OWN_STORAGE;
    }
    for (int i = 0; i < n; i++) {
        if (op_at(s, i)->kind == XP_OP_CONCAT) store_in_concat(s, i);
        if (is_identity(s, i) || is_fused_relu(s, i))
            s->storage[i] = (xp_storage){.in = op_at(s, i)->inputs[0]};
    }
}

/* ==== nodes ==== */

static node *add_node(xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    node *nd = &s->nodes[s->n_nodes++];
    *nd = (node){.type = xp_op_type_of(op->kind), .op = i, .out = i, .n_in = op->n_inputs};
    memcpy(nd->in, op->inputs, sizeof nd->in);
    if (xp_op_is(op, XP_OP_ENDS_IN_ACTIVATION)) nd->act = op->activation;
    return nd;
}

/* Whether the convolutions that the concat joins are all written where it wants them. */
static bool computes_branches(const xp_step *s, int concat) {
    const xp_op *op = op_at(s, concat);
    for (int j = 0; j < op->n_inputs; j++)
        if (s->storage[op->inputs[j]].in != concat) return false;
    return xp_joins_convolutions(s->graph, concat);
}

static void add_conv(xp_step *s, int i) {
    const int concat = s->storage[i].in;
    if (concat >= 0 && computes_branches(s, concat)) return; /* the concat's node does it */
    node *nd = add_node(s, i);
    nd->n_branches = 1;
    nd->branch[0] = i;
}

static void add_concat(xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    if (!computes_branches(s, i)) {
        add_node(s, i);
        return;
    }
    node *nd = add_node(s, op->inputs[0]);
    nd->out = i;
    nd->n_branches = op->n_inputs;
    memcpy(nd->branch, op->inputs, sizeof nd->branch);
}

/* The loss has the sigmoid of a last dense layer. */
static void add_row(xp_step *s, int i) {
    node *nd = add_node(s, i);
    if (fused_relu(s, i) >= 0) nd->act = XP_ACT_RELU;
    if (is_last(s, i) && op_at(s, i)->kind == XP_OP_DENSE && nd->act == XP_ACT_SIGMOID)
        nd->act = XP_ACT_LINEAR;
}

static void add_op(xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    if (op->kind == XP_OP_INPUT || is_identity(s, i) || is_fused_relu(s, i)) return;
    if (op->kind == XP_OP_CONV1D)
        add_conv(s, i);
    else if (op->kind == XP_OP_CONCAT)
        add_concat(s, i);
    else
        add_row(s, i);
}

static void link_nodes(xp_step *s) {
    for (int k = 0; k < s->n_nodes; k++) {
        const node *nd = &s->nodes[k];
        tensor *out = step_owner(s, nd->out);
        if (out->writer < k) out->writer = k;
        for (int j = 0; j < nd->n_in; j++) {
            tensor *in = step_owner(s, nd->in[j]);
            if (in != out) in->readers++; /* else it lies there already: of a concat */
        }
    }
}

/* ==== gradients ==== */

static bool has_weights(const xp_op *op) {
    return op->n_params > 0;
}

static void mark_active(xp_step *s) {
    for (int i = 0; i < s->graph->n_ops; i++) {
        const xp_op *op = op_at(s, i);
        bool active = has_weights(op);
        for (int j = 0; j < op->n_inputs; j++) active = active || s->tensors[op->inputs[j]].active;
        s->tensors[i].active = active;
        if (active) step_owner(s, i)->active = true;
    }
}

/* A node whose backward pass leaves the gradient of its output as it is. */
static bool spares_gradient(const node *nd) {
    if (nd->type == &xp_op_batchnorm) return true;
    return (nd->type == &xp_op_conv1d || nd->type == &xp_op_dense) && nd->act == XP_ACT_LINEAR;
}

/* The gradient of a sum is that of its terms: they need none of their own when only the sum reads
 * them. */
static void share_sum_gradient(xp_step *s, const node *add) {
    int col;
    const int out = xp_storage_find(s->storage, add->out, &col);
    for (int j = 0; j < add->n_in; j++) {
        const int in = xp_storage_find(s->storage, add->in[j], &col);
        const tensor *t = &s->tensors[in];
        bool own = t->active && t->readers == 1 && t->writer >= 0 && in != out;
        if (own && col == 0 && spares_gradient(&s->nodes[t->writer]))
            s->gradient_storage[in] = (xp_storage){.in = out};
    }
}

/* A max-pool of pairs applies the ReLU of the sum that it alone reads. */
static void fuse_mask(xp_step *s, node *pool) {
    const tensor *in = step_owner(s, pool->in[0]);
    const xp_op *op = node_op(s, pool);
    if (in->readers != 1 || in->writer < 0) return;
    node *add = &s->nodes[in->writer];
    const bool pairs = op->kernel == 2 && op->stride == 2 && op->pad_left == 0;
    if (add->type == &xp_op_add && add->act == XP_ACT_RELU && pairs)
        add->masked = pool->masks = true;
}

static void choose_gradients(xp_step *s) {
    for (int k = s->n_nodes - 1; k >= 0; k--) {
        node *nd = &s->nodes[k];
        if (nd->type == &xp_op_add) share_sum_gradient(s, nd);
        if (nd->type == &xp_op_maxpool) fuse_mask(s, nd);
    }
}

/* ==== lifetimes ====
 *
 * Node k runs forward at time k and backward at time 2 n - 1 - k. */

static int back_time(const xp_step *s, int k) {
    return 2 * s->n_nodes - 1 - k;
}

static size_t batch_floats(const xp_step *s, int i) {
    return (size_t)s->batch * (size_t)op_at(s, i)->t * (size_t)op_at(s, i)->c;
}

static int add_region(xp_step *s, size_t floats) {
    s->regions[s->n_regions] = xp_region_make(floats);
    return s->n_regions++;
}

static void live_value(xp_step *s, int i) {
    tensor *t = &s->tensors[i];
    if (s->storage[i].in >= 0) return;
    t->region = add_region(s, batch_floats(s, i));
    xp_region_extend(&s->regions[t->region], t->writer < 0 ? 0 : t->writer);
    if (is_last(s, i)) xp_region_extend(&s->regions[t->region], s->n_nodes);
}

static void live_node(xp_step *s, int k) {
    const node *nd = &s->nodes[k];
    xp_region *out = &s->regions[step_owner(s, nd->out)->region];
    xp_region_extend(out, k);
    if (nd->act != XP_ACT_LINEAR) xp_region_extend(out, back_time(s, k));
    for (int j = 0; j < nd->n_in; j++) {
        xp_region *in = &s->regions[step_owner(s, nd->in[j])->region];
        xp_region_extend(in, k);
        if (nd->type->traits & XP_OP_READS_INPUT_AGAIN) xp_region_extend(in, back_time(s, k));
    }
}

static xp_region *gradient_region(xp_step *s, int i) {
    tensor *t = step_gradient_owner(s, i);
    if (t->grad < 0) t->grad = add_region(s, batch_floats(s, (int)(t - s->tensors)));
    return &s->regions[t->grad];
}

static void live_gradients(xp_step *s) {
    const int last = s->graph->n_ops - 1;
    for (int k = 0; k < s->n_nodes; k++) {
        const node *nd = &s->nodes[k];
        for (int j = -1; j < nd->n_in; j++) {
            const int i = j < 0 ? nd->out : nd->in[j];
            if (step_owner(s, i)->active || i == last)
                xp_region_extend(gradient_region(s, i), back_time(s, k));
        }
    }
    xp_region_extend(gradient_region(s, last), s->n_nodes);
}

static size_t param_floats(const xp_step *s, const node *nd) {
    size_t floats = 0;
    for (int j = 0; j < node_ops(nd); j++) {
        const xp_op *op = node_op_at(s, nd, j);
        for (int i = 0; i < op->n_params; i++) floats += s->graph->params[op->params[i]].count;
    }
    return floats;
}

/* The leaves are alive while the node's backward pass runs, and no longer. */
static void live_leaves(xp_step *s) {
    for (int k = 0; k < s->n_nodes; k++) {
        node *nd = &s->nodes[k];
        nd->leaf_region = -1;
        if (!node_has_leaves(s, nd)) continue;
        nd->leaf_floats = param_floats(s, nd);
        nd->leaf_region = add_region(s, (size_t)s->n_leaves * nd->leaf_floats);
        xp_region_extend(&s->regions[nd->leaf_region], back_time(s, k));
    }
}

/* ==== layout ==== */

static void need(size_t *most, size_t bytes) {
    if (bytes > *most) *most = bytes;
}

/* Vector operations of the three passes of one branch, tap by tap. */
static double direct_cost(const xp_step *s, const xp_op *op) {
    const int width = s->kernels->width;
    const double cols = (op->units + width - 1) / width;
    return 3.0 * op->t * op->kernel * op_at(s, op->inputs[0])->c * cols;
}

static void layout_conv(xp_step *s, node *nd, xp_arena *arena) {
    xp_conv_branch b[XP_OP_MAX_INPUTS] = {0};
    double direct = 0;
    const xp_op *in = op_at(s, nd->in[0]);
    for (int j = 0; j < nd->n_branches; j++) {
        const xp_op *op = op_at(s, nd->branch[j]);
        b[j] = (xp_conv_branch){NULL, op->kernel, op->pad_left, op->units};
        direct += direct_cost(s, op);
    }
    const xp_op *op = node_op(s, nd);
    nd->shape = (xp_conv_shape){.t_in = in->t, .c_in = in->c, .t_out = op->t, .stride = op->stride};
    xp_conv_align(&nd->shape, b, nd->n_branches);
    const xp_conv_groups groups = {.records = xp_sum_leaf_records(s->batch, s->n_leaves),
                                   .here = s->n_leaves,
                                   .all = s->n_leaves * (s->comm ? s->comm->size : 1)};
    const double cost = xp_conv_batch_cost(&nd->shape, &groups, s->kernels);
    if (cost < 0 || cost > direct) return;
    xp_conv_batch_plan(&nd->spectral, arena, &nd->shape, &groups, s->kernels);
    need(&s->scratch_bytes,
         xp_conv_batch_scratch(&nd->shape, &groups, s->kernels, xp_pool_threads(s->pool)));
}

static void layout_norm(xp_step *s, node *nd, xp_arena *arena) {
    const size_t c = (size_t)node_op(s, nd)->c;
    float **vectors[] = {&nd->scale, &nd->shift, &nd->mean, &nd->m1, &nd->m2};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        *vectors[i] = xp_arena_take(arena, c, sizeof(float));
    nd->moments = xp_arena_take(arena, 2 * c, sizeof(double));
    if (s->sums_row < 2 * (int)c + 1) s->sums_row = 2 * (int)c + 1;
}

static void layout_gru(xp_step *s, node *nd, xp_arena *arena) {
    const xp_op *op = node_op(s, nd);
    const xp_gru g = step_gru(s, op);
    const int t = op_at(s, nd->in[0])->t;
    nd->saved_step = xp_gru_saved(&g, t);
    nd->saved = xp_arena_take(arena, nd->saved_step * (size_t)s->batch, sizeof(float));
    need(&s->scratch_bytes,
         xp_gru_work(&g, s->batch, false) * (size_t)xp_pool_threads(s->pool) * sizeof(float));
}

/* What an op saves and needs that is trained by its row. */
static void layout_row(xp_step *s, node *nd, xp_arena *arena) {
    const xp_op *op = node_op(s, nd), *in = op_at(s, nd->in[0]);
    if (nd->type->saved) {
        nd->saved_step = nd->type->saved(op, in);
        nd->saved = xp_arena_take(arena, nd->saved_step * (size_t)s->batch, sizeof(float));
    }
    if (!nd->type->scratch) return;
    nd->row_scratch = (nd->type->scratch(op, in) + XP_ALIGN - 1) / XP_ALIGN * XP_ALIGN;
    need(&s->scratch_bytes, nd->row_scratch * (size_t)xp_pool_threads(s->pool));
}

static void layout_nodes(xp_step *s, xp_arena *arena) {
    for (int k = 0; k < s->n_nodes; k++) {
        node *nd = &s->nodes[k];
        if (nd->type == &xp_op_conv1d) layout_conv(s, nd, arena);
        if (nd->type == &xp_op_batchnorm) layout_norm(s, nd, arena);
        if (nd->type == &xp_op_gru) layout_gru(s, nd, arena);
        if (!step_method_of(nd->type)->forward) layout_row(s, nd, arena);
        if (!step_method_of(nd->type)->backward) need(&s->record_floats, nd->leaf_floats);
    }
    const size_t batch = (size_t)s->batch, sums = batch + (size_t)s->n_leaves;
    s->sums = xp_arena_take(arena, sums * (size_t)s->sums_row, sizeof(double));
    s->record_gradients = xp_arena_take(arena, batch * s->record_floats, sizeof(float));
}

/* Op i's part of the memory of the op in whose storage it lies, at base. */
static xp_mats view(const xp_step *s, int i, float *base) {
    int col;
    const xp_op *op = op_at(s, i), *owner = op_at(s, xp_storage_find(s->storage, i, &col));
    const bool same = op->t == owner->t; /* else flattened: then it is all of it */
    float *data = base ? base + col : NULL;
    xp_mats v = {xp_mat_make(data, op->t, op->c), (ptrdiff_t)owner->t * owner->c};
    if (same && op->t * op->c != owner->t * owner->c) v.m.stride = owner->c;
    return v;
}

static float *region_at(const xp_step *s, float *base, int r) {
    return base && r >= 0 ? base + s->regions[r].at : NULL;
}

static void layout_tensors(xp_step *s, xp_arena *arena) {
    float *base = xp_arena_take(arena, s->pool_floats, sizeof(float));
    for (int i = 0; i < s->graph->n_ops; i++) {
        tensor *t = &s->tensors[i];
        t->v = view(s, i, region_at(s, base, step_owner(s, i)->region));
        t->g = view(s, i, region_at(s, base, step_gradient_owner(s, i)->grad));
    }
    for (int k = 0; k < s->n_nodes; k++)
        s->nodes[k].leaves = region_at(s, base, s->nodes[k].leaf_region);
}

static void lay_out(xp_step *s, xp_arena *arena) {
    s->gradient = xp_arena_take(arena, s->graph->n_weights, sizeof(float));
    layout_nodes(s, arena);
    layout_tensors(s, arena);
    s->scratch = xp_arena_take(arena, s->scratch_bytes, 1);
}

/* ==== making ==== */

static xp_status allocate(xp_step *s, xp_error *err) {
    const size_t n = (size_t)s->graph->n_ops;
    s->nodes = calloc(n, sizeof *s->nodes);
    s->tensors = calloc(n, sizeof *s->tensors);
    s->readers = calloc(n, sizeof *s->readers);
    s->storage = calloc(n, sizeof *s->storage);
    s->gradient_storage = calloc(n, sizeof *s->gradient_storage);
    s->regions = calloc(3 * n + 1, sizeof *s->regions);
    s->heap_bytes =
        n * (sizeof *s->nodes + sizeof *s->tensors + sizeof *s->readers + 2 * sizeof *s->storage) +
        (3 * n + 1) * sizeof *s->regions;
    if (s->nodes && s->tensors && s->readers && s->storage && s->gradient_storage && s->regions)
        return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "no memory for a training plan of %zu layers", n);
}

static bool ends_in_sigmoid(const xp_op *op) {
    return (op->kind == XP_OP_DENSE || op->kind == XP_OP_ACTIVATION) &&
           op->activation == XP_ACT_SIGMOID;
}

/* Whether an op can be trained, by a method of its own or by its row alone (step_method). */
static bool can_be_trained(const xp_op *op) {
    const xp_op_type *t = xp_op_type_of(op->kind);
    return step_method_of(t)->forward || !t->prepare;
}

static xp_status check(const xp_step *s, xp_error *err) {
    const xp_op *last = &s->graph->ops[s->graph->n_ops - 1];
    if (s->batch < 1 || s->batch > 65536)
        return xp_fail(err, XP_ERR_USAGE, "a batch of %d records: expected 1 to 65536", s->batch);
    if (s->graph->n_weights > INT_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "%zu weights: at most %d can be trained",
                       s->graph->n_weights, INT_MAX);
    for (int i = 0; i < s->graph->n_ops; i++)
        if (!can_be_trained(op_at(s, i)))
            return xp_op_fail(err, XP_ERR_UNSUPPORTED, op_at(s, i), "cannot be trained");
    for (int i = 0; i < s->graph->n_ops; i++)
        if (s->graph->ops[i].t > INT_MAX / 4 / s->batch)
            return xp_fail(err, XP_ERR_LIMIT, "%d records of %d samples: too many for one batch",
                           s->batch, s->graph->ops[i].t);
    if (s->graph->n_ops < 2 || last->is_sequence || last->c != s->m->n_labels)
        return xp_fail(err, XP_ERR_SHAPE,
                       "the last layer \"%s\" gives (%d, %d), expected a vector of %d labels",
                       last->name, last->t, last->c, s->m->n_labels);
    return XP_OK;
}

xp_status xp_step_measure(xp_step *s, xp_error *err) {
    s->graph = &s->m->graph;
    s->n_leaves = xp_sum_leaves(s->comm ? s->comm->size : 1);
    XP_TRY(check(s, err));
    XP_TRY(allocate(s, err));
    choose_storage(s);
    for (int i = 0; i < s->graph->n_ops; i++) add_op(s, i);
    link_nodes(s);
    mark_active(s);
    choose_gradients(s);
    for (int i = 0; i < s->graph->n_ops; i++) live_value(s, i);
    for (int k = 0; k < s->n_nodes; k++) live_node(s, k);
    live_gradients(s);
    live_leaves(s);
    s->pool_floats = xp_regions_place(s->regions, s->n_regions);
    s->logits = ends_in_sigmoid(&s->graph->ops[s->graph->n_ops - 1]);
    xp_arena arena = {0};
    lay_out(s, &arena);
    s->block_bytes = arena.used;
    if (arena.used < SIZE_MAX / 2) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "training needs more memory than can be addressed");
}

xp_status xp_step_create(xp_step *s, xp_error *err) {
    XP_TRY(xp_step_measure(s, err));
    s->block = xp_aligned_alloc(s->block_bytes);
    if (!s->block)
        return xp_fail(err, XP_ERR_MEMORY,
                       "no memory for training: %zu MiB; a smaller --batch-size needs less",
                       s->block_bytes >> 20);
    xp_arena arena = {s->block, s->block_bytes, 0};
    lay_out(s, &arena);
    return XP_OK;
}

void xp_step_free(xp_step *s) {
    free(s->nodes);
    free(s->tensors);
    free(s->readers);
    free(s->storage);
    free(s->gradient_storage);
    free(s->regions);
    xp_aligned_free(s->block);
}
