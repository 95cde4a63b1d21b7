#include "train/step.h"

#include "train/gru.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ==== places ==== */

static const xp_op *op_at(const xp_step *s, int i) {
    return &s->graph->ops[i];
}

static bool is_last(const xp_step *s, int i) {
    return i == s->graph->n_ops - 1;
}

/* Ops whose value is their input's. The last sigmoid is left to the loss. */
static bool is_identity(const xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    if (op->kind == XP_OP_DROPOUT) return s->no_dropout || !(op->rate > 0);
    if (op->kind == XP_OP_FLATTEN) return true;
    if (op->kind != XP_OP_ACTIVATION) return false;
    return op->activation == XP_ACT_LINEAR || (is_last(s, i) && op->activation == XP_ACT_SIGMOID);
}

static bool is_fused_relu(const xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    if (op->kind != XP_OP_ACTIVATION || op->activation != XP_ACT_RELU) return false;
    const xp_op *in = op_at(s, op->inputs[0]);
    return (in->kind == XP_OP_BATCHNORM || in->kind == XP_OP_ADD) &&
           s->tensors[op->inputs[0]].uses == 1;
}

/* A convolution that only a concat reads is written where the concat wants it. */
static void choose_hosts(xp_step *s, int concat) {
    const xp_op *op = op_at(s, concat);
    for (int j = 0, col = 0; j < op->n_inputs; j++) {
        const int in = op->inputs[j];
        tensor *t = &s->tensors[in];
        if (op_at(s, in)->kind == XP_OP_CONV1D && t->uses == 1) t->place = concat, t->col = col;
        col += op_at(s, in)->c;
    }
}

static void choose_places(xp_step *s) {
    const int n = s->graph->n_ops;
    for (int i = 0; i < n; i++) {
        s->tensors[i] = (tensor){.place = i, .writer = -1, .last_reader = -1};
        s->tensors[i].region = s->tensors[i].grad = -1;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < op_at(s, i)->n_inputs; j++) s->tensors[op_at(s, i)->inputs[j]].uses++;
    for (int i = 0; i < n; i++) {
        if (op_at(s, i)->kind == XP_OP_CONCAT) choose_hosts(s, i);
        if (is_identity(s, i) || is_fused_relu(s, i))
            s->tensors[i].place = s->tensors[op_at(s, i)->inputs[0]].place;
    }
}

/* ==== nodes ==== */

static node *add_node(xp_step *s, node_kind kind, int i) {
    const xp_op *op = op_at(s, i);
    node *nd = &s->nodes[s->n_nodes++];
    *nd = (node){.kind = kind, .op = i, .out = i, .n_in = op->n_inputs};
    memcpy(nd->in, op->inputs, sizeof nd->in);
    return nd;
}

static bool can_join(const xp_step *s, const xp_op *concat) {
    const xp_op *first = op_at(s, concat->inputs[0]);
    for (int j = 0; j < concat->n_inputs; j++) {
        const xp_op *op = op_at(s, concat->inputs[j]);
        if (s->tensors[concat->inputs[j]].place == concat->inputs[j] || op->stride != 1 ||
            op->inputs[0] != first->inputs[0] || op->activation != first->activation)
            return false;
    }
    return first->activation <= XP_ACT_RELU;
}

static void add_conv(xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    const int place = s->tensors[i].place;
    if (place != i && can_join(s, op_at(s, place))) return; /* the concat's node does it */
    node *nd = add_node(s, NODE_CONV, i);
    nd->act = op->activation;
    nd->n_branches = 1;
    nd->branch[0] = i;
}

static void add_concat(xp_step *s, int i) {
    const xp_op *op = op_at(s, i);
    if (!can_join(s, op)) {
        add_node(s, NODE_CONCAT, i);
        return;
    }
    node *nd = add_node(s, NODE_CONV, op->inputs[0]);
    nd->out = i;
    nd->act = op_at(s, op->inputs[0])->activation;
    nd->n_branches = op->n_inputs;
    memcpy(nd->branch, op->inputs, sizeof nd->branch);
}

static xp_activation relu_after(const xp_step *s, int i) {
    for (int j = i + 1; j < s->graph->n_ops; j++)
        if (is_fused_relu(s, j) && op_at(s, j)->inputs[0] == i) return XP_ACT_RELU;
    return XP_ACT_LINEAR;
}

static void add_dense(xp_step *s, int i) {
    node *nd = add_node(s, NODE_DENSE, i);
    nd->act = op_at(s, i)->activation;
    if (is_last(s, i) && nd->act == XP_ACT_SIGMOID) nd->act = XP_ACT_LINEAR;
}

static void add_op(xp_step *s, int i) {
    static const node_kind plain[] = {
        [XP_OP_ACTIVATION] = NODE_ACTIVATION,
        [XP_OP_MAXPOOL] = NODE_MAXPOOL,
        [XP_OP_AVGPOOL] = NODE_AVGPOOL,
        [XP_OP_GLOBAL_AVGPOOL] = NODE_GLOBAL_AVGPOOL,
        [XP_OP_GLOBAL_MAXPOOL] = NODE_GLOBAL_MAXPOOL,
        [XP_OP_DROPOUT] = NODE_DROPOUT,
        [XP_OP_LAYERNORM] = NODE_LAYERNORM,
        [XP_OP_GRU] = NODE_GRU,
    };
    const xp_op *op = op_at(s, i);
    if (op->kind == XP_OP_INPUT || is_identity(s, i) || is_fused_relu(s, i)) return;
    if (op->kind == XP_OP_CONV1D)
        add_conv(s, i);
    else if (op->kind == XP_OP_CONCAT)
        add_concat(s, i);
    else if (op->kind == XP_OP_DENSE)
        add_dense(s, i);
    else if (op->kind == XP_OP_BATCHNORM)
        add_node(s, NODE_NORM, i)->act = relu_after(s, i);
    else if (op->kind == XP_OP_ADD)
        add_node(s, NODE_ADD, i)->act = relu_after(s, i);
    else
        add_node(s, plain[op->kind], i)->act = op->activation;
}

static tensor *place_of(const xp_step *s, int i) {
    return &s->tensors[s->tensors[i].place];
}

static void link_nodes(xp_step *s) {
    for (int k = 0; k < s->n_nodes; k++) {
        node *nd = &s->nodes[k];
        tensor *out = place_of(s, nd->out);
        if (out->writer < k) out->writer = k;
        for (int j = 0; j < nd->n_in; j++) {
            tensor *in = place_of(s, nd->in[j]);
            if (nd->kind == NODE_CONCAT && in == out) continue; /* lies there already */
            in->readers++;
            in->last_reader = k;
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
        if (active) place_of(s, i)->active = true;
    }
}

/* A node whose backward pass leaves the gradient of its output as it is. */
static bool spares_gradient(const node *nd) {
    if (nd->kind == NODE_NORM) return true;
    return (nd->kind == NODE_CONV || nd->kind == NODE_DENSE) && nd->act == XP_ACT_LINEAR;
}

/* The gradient of a sum is that of its terms: they need none of their own when only the sum reads
 * them. */
static void share_sum_gradient(xp_step *s, const node *add) {
    for (int j = 0; j < add->n_in; j++) {
        tensor *in = place_of(s, add->in[j]);
        bool own = in->active && in->readers == 1 && in->writer >= 0 && in != place_of(s, add->out);
        if (!own || s->tensors[add->in[j]].col != 0 || !spares_gradient(&s->nodes[in->writer]))
            continue;
        in->grad_place = place_of(s, add->out)->grad_place;
    }
}

static void choose_gradients(xp_step *s) {
    for (int i = 0; i < s->graph->n_ops; i++) s->tensors[i].grad_place = i;
    for (int k = s->n_nodes - 1; k >= 0; k--) {
        node *nd = &s->nodes[k];
        if (nd->kind == NODE_ADD) share_sum_gradient(s, nd);
        if (nd->kind != NODE_MAXPOOL) continue;
        const tensor *in = place_of(s, nd->in[0]);
        if (in->readers != 1 || in->writer < 0) continue;
        node *add = &s->nodes[in->writer];
        const xp_op *op = node_op(s, nd);
        if (add->kind != NODE_ADD || add->act != XP_ACT_RELU || op->kernel != 2 ||
            op->stride != 2 || op->pad_left != 0)
            continue;
        add->masked = nd->masks = true;
    }
}

/* ==== lifetimes ====
 *
 * Node k runs forward at time k and backward at time 2 n - 1 - k. */

static bool reads_input_again(node_kind k) {
    return k == NODE_CONV || k == NODE_NORM || k == NODE_DENSE || k == NODE_LAYERNORM ||
           k == NODE_GRU || k == NODE_MAXPOOL || k == NODE_GLOBAL_MAXPOOL;
}

static int back_time(const xp_step *s, int k) {
    return 2 * s->n_nodes - 1 - k;
}

static size_t batch_floats(const xp_step *s, int i) {
    return (size_t)s->batch * (size_t)op_at(s, i)->t * (size_t)op_at(s, i)->c;
}

static void extend(region *r, int time) {
    if (time < r->first) r->first = time;
    if (time > r->last) r->last = time;
}

static int add_region(xp_step *s, size_t floats) {
    s->regions[s->n_regions] = (region){.floats = floats, .first = INT32_MAX, .last = -1};
    return s->n_regions++;
}

static void live_value(xp_step *s, int i) {
    tensor *t = &s->tensors[i];
    if (t->place != i) return;
    t->region = add_region(s, batch_floats(s, i));
    extend(&s->regions[t->region], t->writer < 0 ? 0 : t->writer);
    if (is_last(s, i)) extend(&s->regions[t->region], s->n_nodes);
}

static void live_node(xp_step *s, int k) {
    const node *nd = &s->nodes[k];
    region *out = &s->regions[place_of(s, nd->out)->region];
    extend(out, k);
    if (nd->act != XP_ACT_LINEAR) extend(out, back_time(s, k));
    for (int j = 0; j < nd->n_in; j++) {
        region *in = &s->regions[place_of(s, nd->in[j])->region];
        extend(in, k);
        if (reads_input_again(nd->kind)) extend(in, back_time(s, k));
    }
}

static tensor *gradient_of(const xp_step *s, int i) {
    tensor *place = place_of(s, i);
    return &s->tensors[place->grad_place];
}

static void live_gradients(xp_step *s) {
    const int last = s->graph->n_ops - 1;
    for (int k = 0; k < s->n_nodes; k++) {
        const node *nd = &s->nodes[k];
        for (int j = -1; j < nd->n_in; j++) {
            const int i = j < 0 ? nd->out : nd->in[j];
            tensor *t = gradient_of(s, i);
            if (!place_of(s, i)->active && i != last) continue;
            if (t->grad < 0) t->grad = add_region(s, batch_floats(s, (int)(t - s->tensors)));
            extend(&s->regions[t->grad], back_time(s, k));
        }
    }
    tensor *end = gradient_of(s, last);
    if (end->grad < 0) end->grad = add_region(s, batch_floats(s, (int)(end - s->tensors)));
    extend(&s->regions[end->grad], s->n_nodes);
}

/* ==== layout ==== */

xp_gru step_gru(const xp_step *s, const xp_op *op) {
    return (xp_gru){.units = op->units,
                    .activation = op->activation,
                    .recurrent = op->recurrent,
                    .reset_after = op->reset_after,
                    .return_sequences = op->return_sequences,
                    .kernel = step_weights(s, op, "kernel"),
                    .recurrence = step_weights(s, op, "recurrent_kernel"),
                    .bias = step_weights(s, op, "bias")};
}

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
    const double cost = xp_conv_batch_cost(&nd->shape, s->batch, s->kernels);
    if (cost < 0 || cost > direct) return;
    xp_conv_batch_plan(&nd->spectral, arena, &nd->shape, s->batch, s->kernels);
    need(&s->scratch_bytes,
         xp_conv_batch_scratch(&nd->shape, s->batch, s->kernels, xp_pool_threads(s->pool)));
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
    nd->saved_step = xp_gru_batch_saved(&g, t);
    nd->saved = xp_arena_take(arena, nd->saved_step * (size_t)s->batch, sizeof(float));
    need(&s->scratch_bytes,
         xp_gru_batch_work(&g, s->batch) * (size_t)xp_pool_threads(s->pool) * sizeof(float));
}

static void need_partial(xp_step *s, const xp_op *op) {
    size_t floats = 0;
    for (int i = 0; i < op->n_params; i++) floats += s->graph->params[op->params[i]].count;
    need(&s->partial_floats, floats);
}

static void layout_nodes(xp_step *s, xp_arena *arena) {
    for (int k = 0; k < s->n_nodes; k++) {
        node *nd = &s->nodes[k];
        if (nd->kind == NODE_CONV) layout_conv(s, nd, arena);
        if (nd->kind == NODE_NORM) layout_norm(s, nd, arena);
        if (nd->kind == NODE_GRU) layout_gru(s, nd, arena);
        if (nd->kind == NODE_GRU || nd->kind == NODE_LAYERNORM) need_partial(s, node_op(s, nd));
    }
    const size_t threads = (size_t)xp_pool_threads(s->pool);
    s->sums = xp_arena_take(arena, ((size_t)s->batch + 2) * (size_t)s->sums_row, sizeof(double));
    s->partial = xp_arena_take(arena, threads * s->partial_floats, sizeof(float));
}

/* Op i's part of the memory of its place, at base. */
static xp_mats view(const xp_step *s, int i, float *base) {
    const xp_op *op = op_at(s, i), *place = op_at(s, s->tensors[i].place);
    const bool same = op->t == place->t; /* else flattened: then it is all of it */
    float *data = base ? base + s->tensors[i].col : NULL;
    xp_mats v = {xp_mat_make(data, op->t, op->c), (ptrdiff_t)place->t * place->c};
    if (same && op->t * op->c != place->t * place->c) v.m.stride = place->c;
    return v;
}

static float *region_at(const xp_step *s, float *base, int r) {
    return base && r >= 0 ? base + s->regions[r].at : NULL;
}

static void layout_tensors(xp_step *s, xp_arena *arena) {
    float *base = xp_arena_take(arena, s->pool_floats, sizeof(float));
    for (int i = 0; i < s->graph->n_ops; i++) {
        tensor *t = &s->tensors[i];
        t->v = view(s, i, region_at(s, base, place_of(s, i)->region));
        t->g = view(s, i, region_at(s, base, gradient_of(s, i)->grad));
    }
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
    s->regions = calloc(2 * n + 1, sizeof *s->regions);
    s->heap_bytes = n * (sizeof *s->nodes + sizeof *s->tensors) + (2 * n + 1) * sizeof *s->regions;
    if (s->nodes && s->tensors && s->regions) return XP_OK;
    return xp_fail(err, XP_ERR_MEMORY, "no memory for a training plan of %zu layers", n);
}

static bool ends_in_sigmoid(const xp_op *op) {
    return (op->kind == XP_OP_DENSE || op->kind == XP_OP_ACTIVATION) &&
           op->activation == XP_ACT_SIGMOID;
}

static xp_status check(const xp_step *s, xp_error *err) {
    const xp_op *last = &s->graph->ops[s->graph->n_ops - 1];
    if (s->batch < 1 || s->batch > 65536)
        return xp_fail(err, XP_ERR_USAGE, "a batch of %d records: expected 1 to 65536", s->batch);
    if (s->graph->n_weights > INT_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "%zu weights: at most %d can be trained",
                       s->graph->n_weights, INT_MAX);
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
    XP_TRY(check(s, err));
    XP_TRY(allocate(s, err));
    choose_places(s);
    for (int i = 0; i < s->graph->n_ops; i++) add_op(s, i);
    link_nodes(s);
    mark_active(s);
    choose_gradients(s);
    for (int i = 0; i < s->graph->n_ops; i++) live_value(s, i);
    for (int k = 0; k < s->n_nodes; k++) live_node(s, k);
    live_gradients(s);
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
    free(s->regions);
    xp_aligned_free(s->block);
}
