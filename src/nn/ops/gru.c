#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* Cho et al. 2014; gates in Keras' order z, r, h. Params: kernel (c, 3 units), recurrent_kernel
 * (units, 3 units) [bias: (2, 3 units) with reset_after, (3 units) without].
 *
 * With h' the previous state, a = h' R (+ the recurrent bias) and p = x K + bias:
 *   z = rec(p_z + a_z), r = rec(p_r + a_r)
 *   reset_after:  inner = a_h,        candidate = act(p_h + r inner)
 *   otherwise:    inner = r h',       candidate = act(p_h + inner R_h)
 *   h = z h' + (1 - z) candidate
 * Before the step the first three vectors of its row of saved hold p. */

enum { Z, R, H, INNER, STATE, SAVED };

size_t xp_gru_saved(const xp_gru *g, int t) {
    return (size_t)SAVED * (size_t)g->units * (size_t)t;
}

/* forward: a (n, 3 units); backward: the gradients of the states and of inner (n, units), those of
 * the arguments (n, 3 units), and the recurrent weights transposed (3 units, units) or, by_row,
 * one row of gradients of a (3 units). */
size_t xp_gru_work(const xp_gru *g, int n, bool by_row) {
    const size_t u = (size_t)g->units, rows = (size_t)n;
    return (by_row ? 3 * u : 3 * u * u) + 5 * u * rows;
}

/* A vector of one time step of one record, in saved or in slopes. */
static float *row_in(const xp_gru_part *p, float *rows, int record, int t, int part) {
    const size_t u = (size_t)p->g->units;
    return rows + (size_t)record * p->saved_step + (size_t)SAVED * u * (size_t)t + (size_t)part * u;
}

static float *row_of(const xp_gru_part *p, int record, int t, int part) {
    return row_in(p, p->saved, record, t, part);
}

static float *slope_of(const xp_gru_part *p, int record, int t, int part) {
    return row_in(p, p->slopes, record, t, part);
}

/* Some vectors, side by side, of rows time steps from t on. */
static xp_mat rows_in(const xp_gru_part *p, float *rows, int record, int t, int n, int part,
                      int parts) {
    const int u = p->g->units;
    return (xp_mat){row_in(p, rows, record, t, part), n, parts * u, (ptrdiff_t)SAVED * u};
}

/* c (n, cols) += part (n, rows of w) * w, part of time t, in saved or slopes, of all records. */
static void product(const xp_gru_part *p, float *rows, int t, int part, int parts, const float *w,
                    int w_row, int cols, float *c, ptrdiff_t c_row) {
    p->k->gemm(p->end - p->begin, cols, parts * p->g->units, row_in(p, rows, p->begin, t, part),
               (ptrdiff_t)p->saved_step, w, w_row, c, c_row, 1);
}

/* ==== forward ==== */

static void fill(float *out, const float *v, int n) {
    if (v)
        memcpy(out, v, (size_t)n * sizeof *out);
    else
        memset(out, 0, (size_t)n * sizeof *out);
}

static void project_input(const xp_gru_part *p, int record) {
    const int u3 = 3 * p->g->units;
    const xp_mat x = xp_mats_at(p->x, record);
    const xp_mat s = rows_in(p, p->saved, record, 0, x.rows, Z, 3);
    for (int t = 0; t < x.rows; t++) fill(xp_mat_row(s, t), p->g->bias, u3);
    p->k->gemm(x.rows, u3, x.cols, x.data, x.stride, p->g->kernel, u3, s.data, s.stride, 1);
}

static void gates(const xp_gru_part *p, int record, int t, const float *a) {
    const int u = p->g->units;
    float *z = row_of(p, record, t, Z);
    for (int i = 0; i < 2 * u; i++) z[i] += a[i];
    xp_activate(z, 2 * u, p->g->recurrent);
}

/* What the recurrent weights of the candidate are applied to, or have given. */
static void inner_of(const xp_gru_part *p, int record, int t, const float *a) {
    const int u = p->g->units;
    const float *r = row_of(p, record, t, R);
    const float *before = t > 0 ? row_of(p, record, t - 1, STATE) : NULL;
    float *inner = row_of(p, record, t, INNER), *h = row_of(p, record, t, H);
    if (p->g->reset_after) {
        for (int i = 0; i < u; i++) inner[i] = a[2 * u + i];
        for (int i = 0; i < u; i++) h[i] += r[i] * inner[i];
    } else {
        for (int i = 0; i < u; i++) inner[i] = before ? r[i] * before[i] : 0;
    }
}

static void new_state(const xp_gru_part *p, int record, int t) {
    const int u = p->g->units;
    const float *z = row_of(p, record, t, Z);
    float *h = row_of(p, record, t, H), *state = row_of(p, record, t, STATE);
    xp_activate(h, u, p->g->activation);
    for (int i = 0; i < u; i++) state[i] = (1 - z[i]) * h[i];
    if (t == 0) return;
    const float *before = row_of(p, record, t - 1, STATE);
    for (int i = 0; i < u; i++) state[i] += z[i] * before[i];
}

static void forward_step(const xp_gru_part *p, int t) {
    const xp_gru *g = p->g;
    const int u = g->units, u3 = 3 * u;
    const float *bias = g->reset_after && g->bias ? g->bias + u3 : NULL;
    for (int r = p->begin; r < p->end; r++) fill(p->work + (r - p->begin) * u3, bias, u3);
    if (t > 0)
        product(p, p->saved, t - 1, STATE, 1, g->recurrence, u3, g->reset_after ? u3 : 2 * u,
                p->work, u3);
    for (int r = p->begin; r < p->end; r++) {
        const float *a = p->work + (r - p->begin) * u3;
        gates(p, r, t, a);
        inner_of(p, r, t, a);
    }
    if (!g->reset_after)
        product(p, p->saved, t, INNER, 1, g->recurrence + 2 * u, u3, u, row_of(p, p->begin, t, H),
                (ptrdiff_t)p->saved_step);
    for (int r = p->begin; r < p->end; r++) new_state(p, r, t);
}

void xp_gru_forward(const xp_gru_part *p) {
    const int t_all = p->x.m.rows;
    for (int r = p->begin; r < p->end; r++) project_input(p, r);
    for (int t = 0; t < t_all; t++) forward_step(p, t);
    for (int r = p->begin; r < p->end; r++) {
        const xp_mat y = xp_mats_at(p->y, r);
        for (int t = 0; t < y.rows; t++)
            memcpy(xp_mat_row(y, t), row_of(p, r, t_all - y.rows + t, STATE),
                   (size_t)y.cols * sizeof(float));
    }
}

/* ==== backward ==== */

/* dh (units): from the gradient of the state to what of it goes on to the state before; v (3
 * units): the gradients of the arguments. */
static void step_back(const xp_gru_part *p, int record, int t, float *dh, float *v) {
    const int u = p->g->units;
    const float *z = row_of(p, record, t, Z), *h = row_of(p, record, t, H);
    const float *before = t > 0 ? row_of(p, record, t - 1, STATE) : NULL;
    for (int i = 0; i < u; i++) v[2 * u + i] = dh[i] * (1 - z[i]);
    for (int i = 0; i < u; i++) v[i] = dh[i] * ((before ? before[i] : 0) - h[i]);
    for (int i = 0; i < u; i++) dh[i] *= z[i];
    xp_activate_backward(v + 2 * u, h, u, p->g->activation);
    xp_activate_backward(v, z, u, p->g->recurrent);
}

static void reset_back(const xp_gru_part *p, int record, int t, float *v) {
    const int u = p->g->units;
    const float *r = row_of(p, record, t, R), *inner = row_of(p, record, t, INNER);
    float *slope = slope_of(p, record, t, INNER);
    for (int i = 0; i < u; i++) v[u + i] = v[2 * u + i] * inner[i];
    for (int i = 0; i < u; i++) slope[i] = v[2 * u + i] * r[i];
    xp_activate_backward(v + u, r, u, p->g->recurrent);
}

/* inner = r * before, and its gradient d is known. */
static void reset_before_back(const xp_gru_part *p, int record, int t, const float *d, float *dh,
                              float *v) {
    const int u = p->g->units;
    const float *r = row_of(p, record, t, R);
    const float *before = t > 0 ? row_of(p, record, t - 1, STATE) : NULL;
    for (int i = 0; i < u; i++) v[u + i] = before ? d[i] * before[i] : 0;
    for (int i = 0; i < u; i++) dh[i] += d[i] * r[i];
    xp_activate_backward(v + u, r, u, p->g->recurrent);
}

/* d (n, units) = the candidates' gradients times their recurrent weights, transposed. */
static void inner_back(const xp_gru_part *p, const float *transposed, const float *v, float *d) {
    const int u = p->g->units, u3 = 3 * u, n = p->end - p->begin;
    if (p->by_row)
        p->k->gemm_nt(1, u, u, v + 2 * u, u, p->g->recurrence + 2 * u, u3, d, u, 0);
    else
        p->k->gemm(n, u, u, v + 2 * u, u3, transposed + 2 * u * u, u, d, u, 0);
}

/* dh += the gradients of a times the recurrent weights, transposed. */
static void recurrence_back(const xp_gru_part *p, int t, const float *transposed, float *row,
                            float *dh) {
    const int u = p->g->units, u3 = 3 * u;
    const bool after = p->g->reset_after;
    if (!p->by_row) {
        product(p, p->slopes, t, Z, 2, transposed, u, u, dh, u);
        if (after) product(p, p->slopes, t, INNER, 1, transposed + 2 * u * u, u, u, dh, u);
        return;
    }
    memcpy(row, slope_of(p, p->begin, t, Z), 2 * (size_t)u * sizeof *row);
    memcpy(row + 2 * u, slope_of(p, p->begin, t, INNER), (size_t)u * sizeof *row);
    p->k->gemm_nt(1, u, after ? u3 : 2 * u, row, u3, p->g->recurrence, u3, dh, u, 1);
}

/* weights: see xp_gru_work. */
static void backward_step(const xp_gru_part *p, int t, float *weights, float *dh, float *v) {
    const int u = p->g->units, n = p->end - p->begin;
    for (int r = 0; r < n; r++) step_back(p, p->begin + r, t, dh + r * u, v + r * 3 * u);
    if (!p->g->reset_after) {
        float *d = v + 3 * n * u; /* the gradients of inner */
        memset(d, 0, (size_t)(n * u) * sizeof *d);
        inner_back(p, weights, v, d);
        for (int r = 0; r < n; r++)
            reset_before_back(p, p->begin + r, t, d + r * u, dh + r * u, v + r * 3 * u);
    } else {
        for (int r = 0; r < n; r++) reset_back(p, p->begin + r, t, v + r * 3 * u);
    }
    for (int r = 0; r < n; r++)
        memcpy(slope_of(p, p->begin + r, t, Z), v + r * 3 * u, 3 * (size_t)u * sizeof *v);
    if (t > 0) recurrence_back(p, t, weights, weights, dh);
}

static void transpose(float *out, const float *w, int rows, int cols) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) out[c * rows + r] = w[r * cols + c];
}

static void input_back(const xp_gru_part *p, int record, const xp_mats *dx) {
    const int u3 = 3 * p->g->units;
    const xp_mat out = xp_mats_at(*dx, record);
    const xp_mat d = rows_in(p, p->slopes, record, 0, out.rows, Z, 3);
    p->k->gemm_nt(out.rows, out.cols, u3, d.data, d.stride, p->g->kernel, u3, out.data, out.stride,
                  1);
}

void xp_gru_backward(const xp_gru_part *p, const xp_mats *dx) {
    const int u = p->g->units, n = p->end - p->begin, t_all = p->x.m.rows;
    float *weights = p->work, *dh = weights + (p->by_row ? 3 * u : 3 * u * u), *v = dh + n * u;
    if (!p->by_row) transpose(weights, p->g->recurrence, u, 3 * u);
    memset(dh, 0, (size_t)(n * u) * sizeof *dh);
    for (int t = t_all - 1; t >= 0; t--) {
        const int row = t - (t_all - p->y.m.rows); /* of the output */
        for (int r = 0; row >= 0 && r < n; r++)
            p->k->add(dh + r * u, xp_mat_row(xp_mats_at(p->y, p->begin + r), row), (size_t)u);
        backward_step(p, t, weights, dh, v);
    }
    for (int r = p->begin; dx && r < p->end; r++) input_back(p, r, dx);
}

/* ==== gradients of the weights ==== */

enum { GATES = 3, SLICE = 32 }; /* columns of a slice */

static int slices_of_gate(const xp_gru *g) {
    return (g->units + SLICE - 1) / SLICE;
}

int xp_gru_slices(const xp_gru *g) {
    return GATES * slices_of_gate(g);
}

/* w (rows of a's columns, cols) += a^T d. */
static void add_product(const xp_gru_part *p, xp_mat a, xp_mat d, float *w) {
    if (a.rows > 0)
        p->k->gemm_tn(a.cols, d.cols, a.rows, a.data, a.stride, d.data, d.stride, w,
                      GATES * p->g->units, 1);
}

/* Columns [col, col + cols) of a vector of slopes, rows from t on. */
static xp_mat slice_of(const xp_gru_part *p, int record, int t, int part, int col, int cols) {
    xp_mat m = rows_in(p, p->slopes, record, t, p->x.m.rows - t, part, 1);
    m.data += col, m.cols = cols;
    return m;
}

/* The recurrent weights read the state of the step before; those of the candidate are applied after
 * the reset gate or, without reset_after, to what it let through. */
static void recurrence_slice(const xp_gru_part *p, int record, int gate, int col, int cols,
                             float *w) {
    const xp_mat state = rows_in(p, p->saved, record, 0, p->x.m.rows - 1, STATE, 1);
    const xp_mat inner = rows_in(p, p->saved, record, 0, p->x.m.rows, INNER, 1);
    if (gate != H)
        add_product(p, state, slice_of(p, record, 1, gate, col, cols), w);
    else if (p->g->reset_after)
        add_product(p, state, slice_of(p, record, 1, INNER, col, cols), w);
    else
        add_product(p, inner, slice_of(p, record, 0, H, col, cols), w);
}

void xp_gru_weights(const xp_gru_part *p, int slice, float *dkernel, float *drecurrence,
                    float *dbias) {
    const int u = p->g->units, tiles = slices_of_gate(p->g);
    const int gate = slice / tiles, col = slice % tiles * SLICE, at = gate * u + col;
    const int cols = u - col < SLICE ? u - col : SLICE;
    for (int r = p->begin; r < p->end; r++) {
        const xp_mat d = slice_of(p, r, 0, gate, col, cols);
        add_product(p, xp_mats_at(p->x, r), d, dkernel + at);
        recurrence_slice(p, r, gate, col, cols, drecurrence + at);
        if (dbias) xp_bias_backward(dbias + at, d);
        if (dbias && p->g->reset_after)
            xp_bias_backward(dbias + GATES * u + at,
                             gate == H ? slice_of(p, r, 0, INNER, col, cols) : d);
    }
}

/* ==== the row ==== */

static xp_gru settings(const xp_op *op) {
    return (xp_gru){.units = op->units,
                    .activation = op->activation,
                    .recurrent = op->recurrent,
                    .reset_after = op->reset_after};
}

static xp_gru settings_and_params(const xp_op_call *c) {
    return xp_gru_make(c->op, xp_call_param(c, "kernel"), xp_call_param(c, "recurrent_kernel"),
                       xp_call_param(c, "bias"));
}

xp_gru xp_gru_make(const xp_op *op, const float *kernel, const float *recurrence,
                   const float *bias) {
    xp_gru g = settings(op);
    g.kernel = kernel, g.recurrence = recurrence, g.bias = bias;
    return g;
}

static void params(xp_param_list *l, int c) {
    const int u = l->op->units;
    xp_want_param(l, "kernel", 2, c, 3 * u, 0, true);
    xp_want_param(l, "recurrent_kernel", 2, u, 3 * u, 0, true);
    if (!l->op->use_bias) return;
    if (l->op->reset_after)
        xp_want_param(l, "bias", 2, 2, 3 * u, 0, true);
    else
        xp_want_param(l, "bias", 1, 3 * u, 0, 0, true);
}

static double macs(const xp_op *op, const xp_op *in) {
    const double pairs = (double)in->c * op->units;
    return 3.0 * in->t * (pairs + (double)op->units * op->units);
}

static size_t saved(const xp_op *op, const xp_op *in) {
    const xp_gru g = settings(op);
    return xp_gru_saved(&g, in->t);
}

/* Of one record; the slopes lie apart, for several backward passes may follow a forward pass. */
static size_t scratch(const xp_op *op, const xp_op *in) {
    const xp_gru g = settings(op);
    return (xp_gru_work(&g, 1, true) + xp_gru_saved(&g, in->t)) * sizeof(float);
}

static xp_gru_part part_of(const xp_op_call *c, const xp_gru *g, xp_mat y) {
    float *work = c->scratch;
    return (xp_gru_part){.k = c->kernels,
                         .g = g,
                         .x = {c->x[0], 0},
                         .y = {y, 0},
                         .saved = c->saved,
                         .slopes = work + xp_gru_work(g, 1, true),
                         .begin = 0,
                         .end = 1,
                         .by_row = true,
                         .work = work};
}

static void forward(const xp_op_call *c) {
    const xp_gru g = settings_and_params(c);
    const xp_gru_part part = part_of(c, &g, c->y);
    xp_gru_forward(&part);
}

static void backward(const xp_op_call *c) {
    const xp_gru g = settings_and_params(c);
    const xp_gru_part part = part_of(c, &g, c->dy);
    const xp_mats dx = {c->dx, 0};
    xp_gru_backward(&part, c->dx.data ? &dx : NULL);
    for (int i = 0; c->gradient && i < xp_gru_slices(&g); i++)
        xp_gru_weights(&part, i, xp_call_gradient(c, "kernel"),
                       xp_call_gradient(c, "recurrent_kernel"), xp_call_gradient(c, "bias"));
}

const xp_op_type xp_op_gru = {
    .settings = XP_HAS_UNITS | XP_HAS_ACTIVATION | XP_HAS_RECURRENT | XP_HAS_USE_BIAS |
                XP_HAS_RETURN_SEQUENCES | XP_HAS_RESET_AFTER,
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
