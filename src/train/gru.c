#include "train/gru.h"

#include <math.h>
#include <string.h>

enum { Z, R, H, INNER, STATE, SAVED };

size_t xp_gru_batch_saved(const xp_gru *g, int t) {
    return (size_t)SAVED * (size_t)g->units * (size_t)t;
}

/* forward: a (n, 3 units); backward: the transposed recurrent weights (3 units, units), the
 * gradients of the states and of inner (n, units). */
size_t xp_gru_batch_work(const xp_gru *g, int n) {
    const size_t u = (size_t)g->units, rows = (size_t)n;
    return 3 * u * u + 5 * u * rows;
}

static float *row_of(const xp_gru_part *p, int record, int t, int part) {
    const size_t u = (size_t)p->g->units;
    return p->saved + (size_t)record * p->saved_step + (size_t)SAVED * u * (size_t)t +
           (size_t)part * u;
}

static xp_mat rows_of(const xp_gru_part *p, int record, int t, int rows, int part, int parts) {
    const int u = p->g->units;
    return (xp_mat){row_of(p, record, t, part), rows, parts * u, (ptrdiff_t)SAVED * u};
}

static void activate(float *v, int n, xp_activation a) {
    const xp_mat m = xp_mat_make(v, 1, n);
    xp_activation_forward(m, m, a);
}

/* c (n, cols) += part (n, rows of w) * w, part of time t of all records. */
static void product(const xp_gru_part *p, int t, int part, int parts, const float *w, int w_row,
                    int cols, float *c, ptrdiff_t c_row) {
    p->k->gemm(p->end - p->begin, cols, parts * p->g->units, row_of(p, p->begin, t, part),
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
    const xp_mat s = rows_of(p, record, 0, x.rows, Z, 3);
    for (int t = 0; t < x.rows; t++) fill(xp_mat_row(s, t), p->g->bias, u3);
    p->k->gemm(x.rows, u3, x.cols, x.data, x.stride, p->g->kernel, u3, s.data, s.stride, 1);
}

static void gates(const xp_gru_part *p, int record, int t, const float *a) {
    const int u = p->g->units;
    float *z = row_of(p, record, t, Z);
    for (int i = 0; i < 2 * u; i++) z[i] += a[i];
    activate(z, 2 * u, p->g->recurrent);
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
    activate(h, u, p->g->activation);
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
        product(p, t - 1, STATE, 1, g->recurrence, u3, g->reset_after ? u3 : 2 * u, p->work, u3);
    for (int r = p->begin; r < p->end; r++) {
        const float *a = p->work + (r - p->begin) * u3;
        gates(p, r, t, a);
        inner_of(p, r, t, a);
    }
    if (!g->reset_after)
        product(p, t, INNER, 1, g->recurrence + 2 * u, u3, u, row_of(p, p->begin, t, H),
                (ptrdiff_t)p->saved_step);
    for (int r = p->begin; r < p->end; r++) new_state(p, r, t);
}

void xp_gru_batch_forward(const xp_gru_part *p) {
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

/* The derivative, from the value. */
static void slopes(float *out, const float *y, int n, xp_activation a) {
    for (int i = 0; i < n; i++) {
        if (a == XP_ACT_SIGMOID)
            out[i] *= y[i] * (1 - y[i]);
        else if (a == XP_ACT_TANH)
            out[i] *= 1 - y[i] * y[i];
        else if (a == XP_ACT_RELU)
            out[i] = y[i] > 0 ? out[i] : 0;
    }
}

/* dh (units): from the gradient of the state to what of it goes on to the state before; v (3
 * units): the gradients of the arguments. */
static void step_back(const xp_gru_part *p, int record, int t, float *dh, float *v) {
    const int u = p->g->units;
    const float *z = row_of(p, record, t, Z), *h = row_of(p, record, t, H);
    const float *before = t > 0 ? row_of(p, record, t - 1, STATE) : NULL;
    for (int i = 0; i < u; i++) v[2 * u + i] = dh[i] * (1 - z[i]);
    for (int i = 0; i < u; i++) v[i] = dh[i] * ((before ? before[i] : 0) - h[i]);
    for (int i = 0; i < u; i++) dh[i] *= z[i];
    slopes(v + 2 * u, h, u, p->g->activation);
    slopes(v, z, u, p->g->recurrent);
}

static void reset_back(const xp_gru_part *p, int record, int t, float *v) {
    const int u = p->g->units;
    float *r = row_of(p, record, t, R), *inner = row_of(p, record, t, INNER);
    for (int i = 0; i < u; i++) v[u + i] = v[2 * u + i] * inner[i];
    for (int i = 0; i < u; i++) inner[i] = v[2 * u + i] * r[i];
    slopes(v + u, r, u, p->g->recurrent);
}

/* inner = r * before, and its gradient d is known. */
static void reset_before_back(const xp_gru_part *p, int record, int t, const float *d, float *dh,
                              float *v) {
    const int u = p->g->units;
    const float *r = row_of(p, record, t, R);
    const float *before = t > 0 ? row_of(p, record, t - 1, STATE) : NULL;
    for (int i = 0; i < u; i++) v[u + i] = before ? d[i] * before[i] : 0;
    for (int i = 0; i < u; i++) dh[i] += d[i] * r[i];
    slopes(v + u, r, u, p->g->recurrent);
}

static void backward_step(const xp_gru_part *p, int t, const float *transposed, float *dh,
                          float *v) {
    const int u = p->g->units, n = p->end - p->begin;
    for (int r = 0; r < n; r++) step_back(p, p->begin + r, t, dh + r * u, v + r * 3 * u);
    if (!p->g->reset_after) {
        float *d = v + 3 * n * u; /* the gradients of inner */
        memset(d, 0, (size_t)(n * u) * sizeof *d);
        p->k->gemm(n, u, u, v + 2 * u, 3 * u, transposed + 2 * u * u, u, d, u, 0);
        for (int r = 0; r < n; r++)
            reset_before_back(p, p->begin + r, t, d + r * u, dh + r * u, v + r * 3 * u);
    } else {
        for (int r = 0; r < n; r++) reset_back(p, p->begin + r, t, v + r * 3 * u);
    }
    for (int r = 0; r < n; r++)
        memcpy(row_of(p, p->begin + r, t, Z), v + r * 3 * u, 3 * (size_t)u * sizeof *v);
    if (t == 0) return;
    product(p, t, Z, 2, transposed, u, u, dh, u);
    if (p->g->reset_after) product(p, t, INNER, 1, transposed + 2 * u * u, u, u, dh, u);
}

static void transpose(float *out, const float *w, int rows, int cols) {
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) out[c * rows + r] = w[r * cols + c];
}

/* The recurrent weights read the state of the step before. */
static void weights_back(const xp_gru_part *p, int record, const xp_mats *dx, float *dkernel,
                         float *drecurrence, float *dbias) {
    const int u = p->g->units, u3 = 3 * u, later = p->x.m.rows - 1;
    const xp_mat x = xp_mats_at(p->x, record);
    const xp_mat d = rows_of(p, record, 0, x.rows, Z, 3);
    const xp_mat state = rows_of(p, record, 0, later, STATE, 1);
    const float *inner = row_of(p, record, 0, INNER), *dh = row_of(p, record, 0, H);
    if (dx) {
        const xp_mat out = xp_mats_at(*dx, record);
        p->k->gemm_nt(x.rows, x.cols, u3, d.data, d.stride, p->g->kernel, u3, out.data, out.stride,
                      1);
    }
    p->k->gemm_tn(x.cols, u3, x.rows, x.data, x.stride, d.data, d.stride, dkernel, u3, 1);
    if (later > 0)
        p->k->gemm_tn(u, 2 * u, later, state.data, state.stride, xp_mat_row(d, 1), d.stride,
                      drecurrence, u3, 1);
    if (p->g->reset_after && later > 0)
        p->k->gemm_tn(u, u, later, state.data, state.stride, inner + d.stride, d.stride,
                      drecurrence + 2 * u, u3, 1);
    if (!p->g->reset_after)
        p->k->gemm_tn(u, u, x.rows, inner, d.stride, dh, d.stride, drecurrence + 2 * u, u3, 1);
    if (dbias) xp_bias_backward(dbias, d);
    if (!dbias || !p->g->reset_after) return;
    xp_bias_backward(dbias + u3, rows_of(p, record, 0, x.rows, Z, 2));
    xp_bias_backward(dbias + u3 + 2 * u, rows_of(p, record, 0, x.rows, INNER, 1));
}

void xp_gru_batch_backward(const xp_gru_part *p, const xp_mats *dx, float *dkernel,
                           float *drecurrence, float *dbias) {
    const int u = p->g->units, n = p->end - p->begin, t_all = p->x.m.rows;
    float *transposed = p->work, *dh = transposed + 3 * u * u, *v = dh + n * u;
    transpose(transposed, p->g->recurrence, u, 3 * u);
    memset(dh, 0, (size_t)(n * u) * sizeof *dh);
    for (int t = t_all - 1; t >= 0; t--) {
        const int row = t - (t_all - p->y.m.rows); /* of the output */
        for (int r = 0; row >= 0 && r < n; r++)
            p->k->add(dh + r * u, xp_mat_row(xp_mats_at(p->y, p->begin + r), row), (size_t)u);
        backward_step(p, t, transposed, dh, v);
    }
    for (int r = p->begin; r < p->end; r++) weights_back(p, r, dx, dkernel, drecurrence, dbias);
}
