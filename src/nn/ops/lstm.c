#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* Hochreiter and Schmidhuber 1997 with a forget gate; gates in Keras' order i, f, g, o. Params:
 * kernel (c, 4 units), recurrent_kernel (units, 4 units) [bias (4 units)].
 *
 * With h' and s' of the step before, a = x K + h' R + bias:
 *   i, f, o = rec(a_i, a_f, a_o), g = act(a_g);  s = f s' + i g;  h = o act(s)
 * A row of saved (one step) is seven vectors of units: i | f | g | o | s | act(s) | h. */

enum { I, F, G, O, STATE, SQUASHED, H, SAVED, GATES = 4 };

static float *part_of(const xp_op_call *c, int t, int part) {
    const size_t u = (size_t)c->op->units;
    return c->saved + ((size_t)t * SAVED + (size_t)part) * u;
}

static xp_mat parts_of(const xp_op_call *c, int t, int n, int part, int parts) {
    const int u = c->op->units;
    return (xp_mat){part_of(c, t, part), n, parts * u, (ptrdiff_t)SAVED * u};
}

/* ==== forward ==== */

static void project_input(const xp_op_call *c) {
    const int u4 = GATES * c->op->units;
    const float *bias = xp_call_param(c, "bias");
    const xp_mat x = c->x[0], a = parts_of(c, 0, x.rows, I, GATES);
    for (int t = 0; t < x.rows; t++) {
        if (bias)
            memcpy(xp_mat_row(a, t), bias, (size_t)u4 * sizeof *bias);
        else
            memset(xp_mat_row(a, t), 0, (size_t)u4 * sizeof *bias);
    }
    c->kernels->gemm(x.rows, u4, x.cols, x.data, x.stride, xp_call_param(c, "kernel"), u4, a.data,
                     a.stride, 1);
}

static void step(const xp_op_call *c, int t) {
    const xp_op *op = c->op;
    const int u = op->units;
    float *i = part_of(c, t, I), *f = part_of(c, t, F), *g = part_of(c, t, G);
    float *o = part_of(c, t, O), *s = part_of(c, t, STATE), *a = part_of(c, t, SQUASHED);
    float *h = part_of(c, t, H);
    const float *before = t > 0 ? part_of(c, t - 1, STATE) : NULL;
    if (t > 0)
        c->kernels->gemm(1, GATES * u, u, part_of(c, t - 1, H), u,
                         xp_call_param(c, "recurrent_kernel"), GATES * u, i, GATES * u, 1);
    xp_activate(i, 2 * u, op->recurrent);
    xp_activate(g, u, op->activation);
    xp_activate(o, u, op->recurrent);
    for (int k = 0; k < u; k++) s[k] = i[k] * g[k] + (before ? f[k] * before[k] : 0);
    memcpy(a, s, (size_t)u * sizeof *a);
    xp_activate(a, u, op->activation);
    for (int k = 0; k < u; k++) h[k] = o[k] * a[k];
}

static void forward(const xp_op_call *c) {
    const int t_all = c->x[0].rows;
    project_input(c);
    for (int t = 0; t < t_all; t++) step(c, t);
    for (int t = 0; t < c->y.rows; t++)
        memcpy(xp_mat_row(c->y, t), part_of(c, t_all - c->y.rows + t, H),
               (size_t)c->y.cols * sizeof(float));
}

/* ==== backward ==== */

/* Scratch: gradients of the gates' arguments (t, 4 units), of h and of s (units each). */
static float *slopes_at(const xp_op_call *c, int t) {
    return (float *)c->scratch + (size_t)t * GATES * (size_t)c->op->units;
}

static void step_back(const xp_op_call *c, int t, float *dh, float *ds) {
    const xp_op *op = c->op;
    const int u = op->units;
    const float *i = part_of(c, t, I), *f = part_of(c, t, F), *g = part_of(c, t, G);
    const float *o = part_of(c, t, O), *a = part_of(c, t, SQUASHED);
    const float *before = t > 0 ? part_of(c, t - 1, STATE) : NULL;
    float *v = slopes_at(c, t), *squashed = v; /* v's first part, before it gets its own value */
    for (int k = 0; k < u; k++) squashed[k] = dh[k] * o[k];
    xp_activate_backward(squashed, a, u, op->activation);
    for (int k = 0; k < u; k++) ds[k] += squashed[k];
    for (int k = 0; k < u; k++) v[O * u + k] = dh[k] * a[k];
    for (int k = 0; k < u; k++) v[I * u + k] = ds[k] * g[k];
    for (int k = 0; k < u; k++) v[F * u + k] = before ? ds[k] * before[k] : 0;
    for (int k = 0; k < u; k++) v[G * u + k] = ds[k] * i[k];
    for (int k = 0; k < u; k++) ds[k] *= f[k];
    xp_activate_backward(v + I * u, i, 2 * u, op->recurrent);
    xp_activate_backward(v + G * u, g, u, op->activation);
    xp_activate_backward(v + O * u, o, u, op->recurrent);
}

static void weights_back(const xp_op_call *c, xp_mat d) {
    float *dk = xp_call_gradient(c, "kernel"), *dr = xp_call_gradient(c, "recurrent_kernel");
    float *db = xp_call_gradient(c, "bias");
    const int u = c->op->units, u4 = GATES * u;
    const xp_mat x = c->x[0], h = parts_of(c, 0, d.rows - 1, H, 1);
    if (dk) c->kernels->gemm_tn(x.cols, u4, d.rows, x.data, x.stride, d.data, d.stride, dk, u4, 1);
    if (dr && d.rows > 1)
        c->kernels->gemm_tn(u, u4, d.rows - 1, h.data, h.stride, xp_mat_row(d, 1), d.stride, dr, u4,
                            1);
    if (db) xp_bias_backward(db, d);
}

static void backward(const xp_op_call *c) {
    const int u = c->op->units, u4 = GATES * u, t_all = c->x[0].rows;
    float *dh = slopes_at(c, t_all), *ds = dh + u;
    memset(dh, 0, 2 * (size_t)u * sizeof *dh);
    for (int t = t_all - 1; t >= 0; t--) {
        const int row = t - (t_all - c->dy.rows); /* of the output */
        if (row >= 0) c->kernels->add(dh, xp_mat_row(c->dy, row), (size_t)u);
        step_back(c, t, dh, ds);
        c->kernels->gemm_nt(1, u, u4, slopes_at(c, t), u4, xp_call_param(c, "recurrent_kernel"), u4,
                            dh, u, 0);
    }
    const xp_mat d = xp_mat_make(slopes_at(c, 0), t_all, u4);
    if (c->dx.data)
        c->kernels->gemm_nt(t_all, c->dx.cols, u4, d.data, d.stride, xp_call_param(c, "kernel"), u4,
                            c->dx.data, c->dx.stride, 1);
    if (c->gradient) weights_back(c, d);
}

/* ==== the row ==== */

static void params(xp_param_list *l, int c) {
    const int u = l->op->units;
    xp_want_param(l, "kernel", 2, c, GATES * u, 0, true);
    xp_want_param(l, "recurrent_kernel", 2, u, GATES * u, 0, true);
    if (l->op->use_bias) xp_want_param(l, "bias", 1, GATES * u, 0, 0, true);
}

static double macs(const xp_op *op, const xp_op *in) {
    return (double)GATES * in->t * ((double)in->c + op->units) * op->units;
}

static size_t saved(const xp_op *op, const xp_op *in) {
    return (size_t)SAVED * (size_t)op->units * (size_t)in->t;
}

static size_t scratch(const xp_op *op, const xp_op *in) {
    return ((size_t)GATES * (size_t)in->t + 2) * (size_t)op->units * sizeof(float);
}

const xp_op_type xp_op_lstm = {
    .settings = XP_HAS_UNITS | XP_HAS_ACTIVATION | XP_HAS_RECURRENT | XP_HAS_USE_BIAS |
                XP_HAS_RETURN_SEQUENCES,
    .min_inputs = 1,
    .max_inputs = 1,
    .traits = XP_OP_NEEDS_SEQUENCE | XP_OP_READS_INPUT_AGAIN,
    .check = xp_check_gates,
    .infer = xp_infer_states,
    .params = params,
    .macs = macs,
    .saved = saved,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
};
