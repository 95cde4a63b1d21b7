#include "nn/ops.h"

#include <math.h>
#include <string.h>

/* ---- dense ---- */

enum { TILE = 32 }; /* outputs of a single row summed at once in double precision */

static void vector_tile(float *y, const float *x, const float *w, const float *b, int c, int n,
                        int cols) {
    double sum[TILE] = {0};
    for (int i = 0; i < c; i++) {
        const float *row = w + (size_t)i * (size_t)n;
        for (int j = 0; j < cols; j++) sum[j] += (double)x[i] * (double)row[j];
    }
    for (int j = 0; j < cols; j++) y[j] = (float)(b ? sum[j] + (double)b[j] : sum[j]);
}

void xp_dense_forward(const xp_kernels *k, xp_mat y, xp_mat x, const float *w, const float *b,
                      int begin, int end) {
    if (y.rows == 1) {
        for (int j = begin; j < end; j += TILE)
            vector_tile(y.data + j, x.data, w + j, b ? b + j : NULL, x.cols, y.cols,
                        end - j < TILE ? end - j : TILE);
        return;
    }
    for (int t = 0; b && t < y.rows; t++)
        memcpy(xp_mat_row(y, t) + begin, b + begin, (size_t)(end - begin) * sizeof *b);
    k->gemm(y.rows, end - begin, x.cols, x.data, x.stride, w + begin, y.cols, y.data + begin,
            y.stride, b != NULL);
}

void xp_dense_backward(const xp_kernels *k, xp_mat *dx, float *dw, float *db, xp_mat dy, xp_mat x,
                       const float *w) {
    const int c = dx ? dx->cols : x.cols, n = dy.cols;
    if (dx) k->gemm_nt(dy.rows, c, n, dy.data, dy.stride, w, n, dx->data, dx->stride, 1);
    if (dw) k->gemm_tn(c, n, dy.rows, x.data, x.stride, dy.data, dy.stride, dw, n, 1);
    if (db) xp_bias_backward(db, dy);
}

/* ---- GRU ----
 *
 * With h' the previous state, a = h' R (+ the recurrent bias) and p = x K + bias:
 *   z = rec(p_z + a_z), r = rec(p_r + a_r)
 *   reset_after:  inner = a_h,        candidate = act(p_h + r inner)
 *   otherwise:    inner = r h',       candidate = act(p_h + inner R_h)
 *   h = z h' + (1 - z) candidate
 * A row of saved is z, r, candidate, inner, h; before the step its first three hold p. */

enum { Z, R, H, INNER, STATE, SAVED };

size_t xp_gru_saved(const xp_gru *g, int t) {
    return (size_t)SAVED * (size_t)g->units * (size_t)t;
}

size_t xp_gru_work(const xp_gru *g, int t) {
    /* forward: zero state and a; backward: gradients of p and of a for all t, and of h. */
    return (size_t)g->units * (6 * (size_t)t + 4);
}

static float act1(xp_activation a, float v) {
    switch (a) {
    case XP_ACT_RELU:
        return v < 0 ? 0 : v;
    case XP_ACT_SIGMOID:
        return 1 / (1 + expf(-v));
    case XP_ACT_TANH:
        return tanhf(v);
    default:
        return v;
    }
}

/* The derivative, from the value. */
static float slope1(xp_activation a, float y) {
    switch (a) {
    case XP_ACT_RELU:
        return y > 0 ? 1 : 0;
    case XP_ACT_SIGMOID:
        return y * (1 - y);
    case XP_ACT_TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}

static void fill_rows(xp_mat y, const float *b, int cols) {
    for (int t = 0; t < y.rows; t++)
        if (b)
            memcpy(xp_mat_row(y, t), b, (size_t)cols * sizeof *b);
        else
            memset(xp_mat_row(y, t), 0, (size_t)cols * sizeof *b);
}

/* s is this step's row of saved, a (3 units) work. */
static void gru_step(const xp_kernels *k, const xp_gru *g, float *s, const float *before,
                     float *a) {
    const int u = g->units, u3 = 3 * u;
    float *z = s + Z * u, *r = s + R * u, *h = s + H * u, *inner = s + INNER * u;
    const float *bias = g->reset_after && g->bias ? g->bias + u3 : NULL;
    fill_rows(xp_mat_make(a, 1, u3), bias, u3);
    k->gemm(1, g->reset_after ? u3 : 2 * u, u, before, u, g->recurrence, u3, a, u3, 1);
    for (int i = 0; i < u; i++) z[i] = act1(g->recurrent, z[i] + a[i]);
    for (int i = 0; i < u; i++) r[i] = act1(g->recurrent, r[i] + a[u + i]);
    if (g->reset_after) {
        for (int i = 0; i < u; i++) inner[i] = a[2 * u + i];
        for (int i = 0; i < u; i++) h[i] = act1(g->activation, h[i] + r[i] * inner[i]);
    } else {
        for (int i = 0; i < u; i++) inner[i] = r[i] * before[i];
        k->gemm(1, u, u, inner, u, g->recurrence + 2 * u, u3, h, u, 1);
        for (int i = 0; i < u; i++) h[i] = act1(g->activation, h[i]);
    }
    for (int i = 0; i < u; i++) s[STATE * u + i] = z[i] * before[i] + (1 - z[i]) * h[i];
}

void xp_gru_forward(const xp_kernels *k, const xp_gru *g, xp_mat y, xp_mat x, float *saved,
                    float *work) {
    const int u = g->units;
    xp_mat s = xp_mat_make(saved, x.rows, SAVED * u);
    float *zero = work, *a = work + u;
    memset(zero, 0, (size_t)u * sizeof *zero);
    fill_rows(s, g->bias, 3 * u);
    k->gemm(x.rows, 3 * u, x.cols, x.data, x.stride, g->kernel, 3 * u, s.data, s.stride, 1);
    for (int t = 0; t < x.rows; t++) {
        gru_step(k, g, xp_mat_row(s, t), t ? xp_mat_row(s, t - 1) + STATE * u : zero, a);
        if (g->return_sequences || t == x.rows - 1)
            memcpy(xp_mat_row(y, g->return_sequences ? t : 0), xp_mat_row(s, t) + STATE * u,
                   (size_t)u * sizeof(float));
    }
}

/* dh is the gradient of this step's state; it becomes that of the one before. dp and da (3 units)
 * receive the gradients of p and of a (of the arguments of R's three parts). */
static void gru_step_back(const xp_kernels *k, const xp_gru *g, const float *s, const float *before,
                          float *dh, float *dp, float *da, float *dinner) {
    const int u = g->units, u3 = 3 * u;
    const float *z = s + Z * u, *r = s + R * u, *h = s + H * u, *inner = s + INNER * u;
    for (int i = 0; i < u; i++) {
        dp[2 * u + i] = dh[i] * (1 - z[i]) * slope1(g->activation, h[i]);
        dp[i] = dh[i] * (before[i] - h[i]) * slope1(g->recurrent, z[i]);
        dh[i] *= z[i];
    }
    if (g->reset_after) {
        for (int i = 0; i < u; i++) {
            dp[u + i] = dp[2 * u + i] * inner[i] * slope1(g->recurrent, r[i]);
            da[2 * u + i] = dp[2 * u + i] * r[i];
        }
    } else {
        k->gemm_nt(1, u, u, dp + 2 * u, u, g->recurrence + 2 * u, u3, dinner, u, 0);
        for (int i = 0; i < u; i++) {
            dp[u + i] = dinner[i] * before[i] * slope1(g->recurrent, r[i]);
            dh[i] += dinner[i] * r[i];
            da[2 * u + i] = dp[2 * u + i];
        }
    }
    memcpy(da, dp, 2 * (size_t)u * sizeof *da);
    k->gemm_nt(1, u, g->reset_after ? u3 : 2 * u, da, u3, g->recurrence, u3, dh, u, 1);
}

/* R's gradient: its input is the state before (rows one earlier), but the candidate's part reads
 * inner when the reset comes first. */
static void gru_recurrence_back(const xp_kernels *k, const xp_gru *g, float *dr, xp_mat da,
                                xp_mat saved) {
    const int u = g->units, u3 = 3 * u, later = da.rows - 1;
    if (later > 0)
        k->gemm_tn(u, g->reset_after ? u3 : 2 * u, later, saved.data + STATE * u, saved.stride,
                   xp_mat_row(da, 1), u3, dr, u3, 1);
    if (!g->reset_after)
        k->gemm_tn(u, u, da.rows, saved.data + INNER * u, saved.stride, da.data + 2 * u, u3,
                   dr + 2 * u, u3, 1);
}

void xp_gru_backward(const xp_kernels *k, const xp_gru *g, xp_mat *dx, float *dkernel,
                     float *drecurrence, float *dbias, xp_mat dy, xp_mat x, const float *saved,
                     float *work) {
    const int u = g->units, u3 = 3 * u, t_all = x.rows;
    xp_mat s = xp_mat_make((float *)saved, t_all, SAVED * u);
    float *dh = work, *dinner = work + u, *zero = work + 2 * u;
    xp_mat dp = xp_mat_make(work + 4 * u, t_all, u3);
    xp_mat da = xp_mat_make(dp.data + (size_t)t_all * (size_t)u3, t_all, u3);
    memset(work, 0, 4 * (size_t)u * sizeof *work);
    for (int t = t_all - 1; t >= 0; t--) {
        if (g->return_sequences || t == t_all - 1)
            k->add(dh, xp_mat_row(dy, g->return_sequences ? t : 0), (size_t)u);
        gru_step_back(k, g, xp_mat_row(s, t), t ? xp_mat_row(s, t - 1) + STATE * u : zero, dh,
                      xp_mat_row(dp, t), xp_mat_row(da, t), dinner);
    }
    if (dx) k->gemm_nt(t_all, x.cols, u3, dp.data, u3, g->kernel, u3, dx->data, dx->stride, 1);
    if (dkernel) k->gemm_tn(x.cols, u3, t_all, x.data, x.stride, dp.data, u3, dkernel, u3, 1);
    if (drecurrence) gru_recurrence_back(k, g, drecurrence, da, s);
    if (dbias) xp_bias_backward(dbias, dp);
    if (dbias && g->reset_after) xp_bias_backward(dbias + u3, da);
}
