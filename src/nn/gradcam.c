#include "nn/gradcam.h"

#include "nn/plan.h"

#include <math.h>
#include <string.h>

/* ==== when one backward pass serves all labels ====
 *
 * Between the layer and a global pooling op every op may act on each channel by itself (batch norm,
 * ReLU, add, max-pool ...): the gradient of pooled channel c is then zero outside channel c. One
 * pass with ones at the pooled vector gives s_c = mean over t of d pooled_c / d A_tc, and the
 * weight of label k is J_kc s_c with J the gradient of the logits at the pooled vector, which is a
 * pass over a few vectors. Exact, for the chain rule has no other terms. */

/* The pooled vector that all paths from layer to the logits go through and that is reached channel
 * by channel; or -1. Ops are in topological order, so with every active op up to it read only by
 * active ops up to it, nothing goes round it. */
static int shared_bottleneck(xp_net *net, int layer) {
    if (!xp_net_mark_active(net, net->logit_op, layer)) return -1;
    int i = layer + 1;
    for (; i <= net->logit_op; i++) {
        if (!net->ops[i].active) continue;
        if (!xp_op_is_channelwise(&net->g->ops[i])) return -1;
        if (!net->g->ops[i].is_sequence) break;
    }
    if (i > net->logit_op) return -1;
    for (int j = i + 1; j <= net->logit_op; j++)
        for (int q = 0; q < net->g->ops[j].n_inputs; q++) {
            int in = net->g->ops[j].inputs[q];
            if (in < i && net->ops[in].active) return -1;
        }
    return i;
}

/* ==== when what is pooled says something of each moment ====
 *
 * Past a convolution of one tap ("moments", m = K A' + b, perhaps with an activation) all channels
 * of its input A' have a part in each pooled one, and the way above ends. But where every time t of
 * the layer goes into one time s(t) of A' alone, d logit_k / d A_tc = sum over l of J_kl d_s(t)l
 * K_cl h_tc: J_kl the gradient of the logit at pooled moment l, d_sl that of pooled moment l at
 * moment s before its activation (one pass), h_tc that of the sum of A' (another). So the weight of
 * label k is the sum over l of J_kl K_cl S_lc with S_lc = mean over t of d_s(t)l h_tc, one product
 * of matrices. */

/* A time t of one op goes into time (t + shift) / stride of another alone. */
typedef struct times {
    int stride, shift;
} times;

/* Along the one path from layer to op `last` that treats channels by themselves and lets no time
 * into two; false where it is another. Ops are marked. */
static bool follow_times(const xp_net *net, int layer, int last, times *out) {
    *out = (times){1, 0};
    for (int i = last; i != layer;) {
        const xp_op *op = &net->g->ops[i];
        int from = -1, n = 0;
        for (int j = 0; j < op->n_inputs; j++)
            if (net->ops[op->inputs[j]].active) from = op->inputs[j], n++;
        if (n != 1 || !xp_op_is_channelwise(op) || !op->is_sequence) return false;
        const bool apart = xp_op_has(op, XP_HAS_WINDOW) && op->kernel <= op->stride;
        if (!apart && !xp_op_is(op, XP_OP_TIMEWISE)) return false;
        if (apart) *out = (times){op->stride * out->stride, op->stride * out->shift + op->pad_left};
        i = from;
    }
    return true;
}

/* The pooled vector behind the moments, or -1: there are none, something goes round them, or the
 * layer does not reach them in that way. */
static int pooled_moments(xp_net *net, int layer, times *at) {
    const int moments = net->moments;
    if (moments <= layer || !net->cam_moments) return -1;
    const int pooled = shared_bottleneck(net, moments);
    if (pooled < 0 || !xp_net_mark_active(net, net->logit_op, layer)) return -1;
    for (int j = moments + 1; j <= net->logit_op; j++)
        for (int q = 0; q < net->g->ops[j].n_inputs; q++) {
            const int in = net->g->ops[j].inputs[q];
            if (in < moments && net->ops[in].active) return -1;
        }
    const int last = net->g->ops[moments].inputs[0];
    return net->ops[last].active && follow_times(net, layer, last, at) ? pooled : -1;
}

/* ==== one label ==== */

static void column_means(float *w, xp_mat gradient) {
    enum { TILE = 64 };
    for (int c0 = 0, c = gradient.cols; c0 < c; c0 += TILE) {
        double sum[TILE] = {0};
        int n = c - c0 < TILE ? c - c0 : TILE;
        for (int i = 0; i < gradient.rows; i++) {
            const float *row = xp_mat_row(gradient, i) + c0;
            for (int j = 0; j < n; j++) sum[j] += (double)row[j];
        }
        for (int j = 0; j < n; j++) w[c0 + j] = (float)(sum[j] / gradient.rows);
    }
}

/* w (c): channel weights of one label by a backward pass of its own. */
static void label_weights(xp_net *net, int layer, int label, float *w) {
    memset(net->cam_seed, 0, (size_t)net->m->n_labels * sizeof *net->cam_seed);
    net->cam_seed[label] = 1;
    column_means(w, xp_net_backward(net, net->logit_op, net->logits_split, net->cam_seed, layer));
}

/* w (n, c): the gradients of the logits of labels [first, first + n) at the pooled vector. */
static void pooled_gradients(xp_net *net, int pooled, int first, int n, float *w) {
    const int c = net->g->ops[pooled].c, labels = net->m->n_labels;
    for (int k = 0; k < n; k++) {
        memset(net->cam_seed, 0, (size_t)labels * sizeof *net->cam_seed);
        net->cam_seed[first + k] = 1;
        const xp_mat g =
            xp_net_backward(net, net->logit_op, net->logits_split, net->cam_seed, pooled);
        memcpy(w + (size_t)k * (size_t)c, g.data, (size_t)c * sizeof *w);
    }
}

/* The gradient of the sum of op `from` at op `target`. */
static xp_mat gradient_of_sum(xp_net *net, int from, int target) {
    for (int c = 0; c < net->g->ops[from].c; c++) net->cam_seed[c] = 1;
    return xp_net_backward(net, from, false, net->cam_seed, target);
}

/* w (labels, c) of labels [first, first + n) through the pooled vector. */
static void shared_weights(xp_net *net, int layer, int pooled, int first, int n, float *w) {
    const int c = net->g->ops[layer].c;
    float *s = net->cam_seed;
    pooled_gradients(net, pooled, first, n, w);
    column_means(s, gradient_of_sum(net, pooled, layer));
    for (int k = 0; k < n; k++)
        for (int i = 0; i < c; i++) w[(size_t)k * (size_t)c + (size_t)i] *= s[i];
}

/* sums (units, c) = sum over t of d (units at time s(t)) h (t, c), some rows at a time. */
static void sum_over_times(xp_net *net, xp_mat d, xp_mat h, times at, float *sums) {
    const int units = d.cols;
    for (int t0 = 0; t0 < h.rows; t0 += XP_CAM_ROWS) {
        const int rows = h.rows - t0 < XP_CAM_ROWS ? h.rows - t0 : XP_CAM_ROWS;
        for (int t = 0; t < rows; t++) {
            const int s = (t0 + t + at.shift) / at.stride;
            memcpy(net->cam_part + (ptrdiff_t)t * units, xp_mat_row(d, s < d.rows ? s : d.rows - 1),
                   (size_t)units * sizeof(float));
        }
        net->kernels->gemm_tn(units, h.cols, rows, net->cam_part, units, xp_mat_row(h, t0),
                              h.stride, sums, h.cols, t0 > 0);
    }
}

/* w (labels, c) of labels [first, first + n) through the moments. */
static void moment_weights(xp_net *net, int layer, int pooled, times at, int first, int n,
                           float *w) {
    const xp_op *op = &net->g->ops[net->moments];
    const int c = net->g->ops[layer].c, units = op->units;
    const float *kernel = xp_net_param(net, op, "kernel"); /* (c, units) */
    const xp_mat d = xp_mat_make(net->cam_moments, op->t, units);
    pooled_gradients(net, pooled, first, n, net->cam_slopes);
    xp_copy_forward(d, gradient_of_sum(net, pooled, net->moments));
    xp_activation_backward(d, net->ops[net->moments].value, op->activation);
    const xp_mat h = gradient_of_sum(net, op->inputs[0], layer);
    sum_over_times(net, d, h, at, net->cam_sums);
    for (int l = 0; l < units; l++)
        for (int i = 0; i < c; i++)
            net->cam_sums[(ptrdiff_t)l * c + i] *= kernel[(ptrdiff_t)i * units + l] / (float)h.rows;
    net->kernels->gemm(n, c, units, net->cam_slopes, units, net->cam_sums, c, w, c, 0);
}

/* raw (n, t) = w (n, c) * a (t, c)^T, some rows of a at a time: as a * w^T only the few rows of w
 * have to be packed. */
static void weigh_channels(xp_net *net, xp_mat a, const float *w, int n, float *raw) {
    float *part = net->cam_part; /* (rows, n) */
    for (int t0 = 0; t0 < a.rows; t0 += XP_CAM_ROWS) {
        const int rows = a.rows - t0 < XP_CAM_ROWS ? a.rows - t0 : XP_CAM_ROWS;
        net->kernels->gemm_nt(rows, n, a.cols, xp_mat_row(a, t0), a.stride, w, a.cols, part, n, 0);
        for (int k = 0; k < n; k++)
            for (int t = 0; t < rows; t++)
                raw[(size_t)k * (size_t)a.rows + (size_t)(t0 + t)] = part[t * n + k];
    }
}

static xp_status check_layer(xp_net *net, int layer, xp_error *err) {
    if (!xp_net_keeps(net, layer))
        return xp_fail(err, XP_ERR_USAGE,
                       "Grad-CAM at layer %d: the network was not made to explain it", layer);
    const xp_op *op = &net->g->ops[layer];
    if (!op->is_sequence)
        return xp_fail(err, XP_ERR_USAGE,
                       "Grad-CAM at layer \"%s\": its output has no time axis; choose a layer "
                       "before the global pooling",
                       op->name);
    if (layer >= net->logit_op || !net->ops[layer].reaches_logits)
        return xp_fail(err, XP_ERR_USAGE,
                       "Grad-CAM at layer \"%s\": it does not come before the logits", op->name);
    return XP_OK;
}

static xp_status raw_maps(xp_net *net, int layer, int first, int n, float *raw, xp_error *err) {
    XP_TRY(check_layer(net, layer, err));
    times at;
    const int pooled = net->reference ? -1 : shared_bottleneck(net, layer);
    const int moments = net->reference || pooled >= 0 ? -1 : pooled_moments(net, layer, &at);
    const xp_mat a = net->ops[layer].value;
    float *w = net->cam_weights;
    if (pooled >= 0)
        shared_weights(net, layer, pooled, first, n, w);
    else if (moments >= 0)
        moment_weights(net, layer, moments, at, first, n, w);
    else
        for (int k = 0; k < n; k++)
            label_weights(net, layer, first + k, w + (size_t)k * (size_t)a.cols);
    weigh_channels(net, a, w, n, raw);
    return XP_OK;
}

xp_status xp_gradcam_raw(xp_net *net, int layer, int label, float *raw, xp_error *err) {
    if (label < 0 || label >= net->m->n_labels)
        return xp_fail(err, XP_ERR_USAGE, "label %d: the model has labels 0 to %d", label,
                       net->m->n_labels - 1);
    return raw_maps(net, layer, label, 1, raw, err);
}

xp_status xp_gradcam_raw_all(xp_net *net, int layer, float *raw, xp_error *err) {
    return raw_maps(net, layer, 0, net->m->n_labels, raw, err);
}

/* ==== from raw map to picture ==== */

xp_cam_info xp_gradcam_normalise(float *map, int t) {
    float max = 0;
    for (int i = 0; i < t; i++)
        if (map[i] > max) max = map[i];
    const bool positive = max > 0 && isfinite(max);
    for (int i = 0; i < t; i++) map[i] = positive && map[i] > 0 ? map[i] / max : 0;
    return (xp_cam_info){positive, positive ? max : 0};
}

void xp_gradcam_stretch(const float *map, int t, float *out, int n) {
    for (int i = 0; i < n; i++) {
        double at = ((double)i + 0.5) * t / n - 0.5;
        if (at < 0) at = 0;
        if (at > t - 1) at = t - 1;
        const int left = (int)at, right = left + 1 < t ? left + 1 : left;
        const double part = at - left;
        out[i] = (float)((1 - part) * (double)map[left] + part * (double)map[right]);
    }
}

static bool is_convolution(const xp_op *op) {
    return op->kind == XP_OP_CONV1D || op->kind == XP_OP_GROUP_CONV1D;
}

int xp_gradcam_default_layer(const xp_graph *g) {
    int layer = -1;
    for (int i = 0; i < g->n_ops; i++) {
        const char *dot = strrchr(g->ops[i].name, '.');
        if (!strncmp(g->ops[i].name, "block", 5) && dot && !strcmp(dot, ".shortcut")) layer = i;
    }
    for (int i = g->n_ops - 1; layer < 0 && i >= 0; i--)
        if (is_convolution(&g->ops[i])) layer = i;
    for (int i = g->n_ops - 1; layer < 0 && i > 0; i--)
        if (g->ops[i].is_sequence) layer = i;
    return layer;
}
