#include "kernels/conv_plan.h"

#include <assert.h>
#include <string.h>

static const xp_kernels *or_best(const xp_kernels *kernels) {
    return kernels ? kernels : xp_kernels_best();
}

void xp_conv_align(xp_conv_shape *shape, const xp_conv_branch *branches, int n) {
    int left = 0, right = 0, cols = 0;
    for (int i = 0; i < n; i++) {
        const xp_conv_branch *b = &branches[i];
        if (i == 0 || b->pad_left > left) left = b->pad_left;
        if (i == 0 || b->k - b->pad_left > right) right = b->k - b->pad_left;
        cols += b->c_out;
    }
    shape->pad_left = left;
    shape->k = left + right;
    shape->c_out = cols;
    shape->n_parts = n <= XP_CONV_PARTS ? n : 0;
    for (int i = 0; i < shape->n_parts; i++)
        shape->part[i] = (xp_conv_part){branches[i].c_out, branches[i].k, branches[i].pad_left};
}

xp_conv_shape xp_conv_transposed_shape(const xp_conv_shape *s) {
    assert(s->stride == 1);
    return (xp_conv_shape){.t_in = s->t_out,
                           .c_in = s->c_out,
                           .t_out = s->t_in,
                           .c_out = s->c_in,
                           .k = s->k,
                           .stride = 1,
                           .pad_left = s->k - 1 - s->pad_left};
}

/* ---- plan ------------------------------------------------------------------------------- */

/* The group of parts [first, last) of a shape, by the cheaper method (or the one asked for). */
static conv_group plan_group(const xp_conv_shape *s, int first, int last, xp_conv_method method,
                             const xp_kernels *kernels, int threads) {
    xp_conv_branch parts[XP_CONV_PARTS];
    xp_conv_shape merged;
    conv_group g = {.col = 0}, other;
    for (int i = 0; i < last; i++) {
        const xp_conv_part *p = &s->part[i];
        if (i < first)
            g.col += p->c_out;
        else
            parts[i - first] = (xp_conv_branch){NULL, p->k, p->pad_left, p->c_out};
    }
    xp_conv_align(&merged, parts, last - first);
    g.cols = merged.c_out, g.k = merged.k, g.pad_left = merged.pad_left;
    const conv_group columns = other = g;
    conv_direct_plan(&g, s, kernels);
    if (method == XP_CONV_DIRECT) return g;
    if (conv_frequency_plan(&other, s, kernels, threads) &&
        (method == XP_CONV_FREQUENCY || other.cost < g.cost))
        g = other;
    other = columns;
    if (method == XP_CONV_AUTO && conv_short_plan(&other, s, kernels, threads) &&
        other.cost < g.cost)
        g = other;
    return g;
}

/* The cheapest cut of the parts into groups of neighbours: bit i of cuts cuts after part i. */
static void choose_groups(xp_conv *conv, const xp_conv_shape *s, xp_conv_method method,
                          int threads) {
    double best = -1;
    for (unsigned cuts = 0; cuts < 1u << (s->n_parts - 1); cuts++) {
        xp_conv trial = *conv;
        double cost = 0;
        int first = 0;
        trial.n_groups = 0;
        for (int i = 0; i < s->n_parts; i++) {
            if (i + 1 < s->n_parts && !(cuts >> i & 1)) continue;
            conv_group *g = &trial.group[trial.n_groups++];
            *g = plan_group(s, first, i + 1, method, conv->kernels, threads);
            cost += g->cost;
            first = i + 1;
        }
        if (best >= 0 && cost >= best) continue;
        best = cost;
        *conv = trial;
    }
}

static xp_conv make_plan(const xp_conv_shape *shape, xp_conv_method method,
                         const xp_kernels *kernels, int threads) {
    xp_conv conv = {.shape = *shape, .kernels = or_best(kernels)};
    xp_conv_shape s = *shape;
    if (s.n_parts == 0) {
        s.n_parts = 1;
        s.part[0] = (xp_conv_part){s.c_out, s.k, s.pad_left};
    }
    choose_groups(&conv, &s, method, threads);
    return conv;
}

void xp_conv_plan(xp_conv **out, xp_arena *arena, const xp_conv_shape *shape, xp_conv_method method,
                  const xp_kernels *kernels) {
    xp_conv plan = make_plan(shape, method, kernels, 1);
    xp_conv *conv = xp_arena_take(arena, 1, sizeof *conv);
    bool fits = conv != NULL;
    for (int i = 0; i < plan.n_groups; i++) {
        conv_group *g = &plan.group[i];
        g->weights = xp_arena_take(arena, g->weight_floats, sizeof(float));
        fits = fits && g->weights != NULL;
        if (g->method != CONV_SPECTRAL) continue;
        fft_plan *fft = &g->spectrum.fft;
        float *twiddle = xp_arena_take(arena, fft_twiddle_floats(fft), sizeof(float));
        fits = fits && twiddle != NULL;
        if (fits) fft_fill_twiddle(fft, twiddle);
        fft->twiddle = twiddle;
    }
    if (fits) *conv = plan;
    *out = fits ? conv : NULL;
}

size_t xp_conv_scratch(const xp_conv_shape *shape, xp_conv_method method, const xp_kernels *kernels,
                       int threads) {
    const xp_conv plan = make_plan(shape, method, kernels, threads);
    size_t floats = 0;
    for (int i = 0; i < plan.n_groups; i++)
        if (plan.group[i].scratch_floats > floats) floats = plan.group[i].scratch_floats;
    return floats * sizeof(float);
}

double xp_conv_cost(const xp_conv_shape *shape, xp_conv_method method, const xp_kernels *kernels) {
    const xp_conv plan = make_plan(shape, method, kernels, 1);
    double cost = 0;
    for (int i = 0; i < plan.n_groups; i++) cost += plan.group[i].cost;
    return cost;
}

size_t xp_conv_weight_bytes(const xp_conv_shape *shape, xp_conv_method method,
                            const xp_kernels *kernels) {
    const xp_conv plan = make_plan(shape, method, kernels, 1);
    size_t floats = 0;
    for (int i = 0; i < plan.n_groups; i++) floats += plan.group[i].weight_floats;
    return floats * sizeof(float);
}

static void pack_groups(xp_conv *conv, const conv_weights *w, void *scratch, xp_pool *pool) {
    for (int i = 0; i < conv->n_groups; i++) {
        const conv_group *g = &conv->group[i];
        if (g->method == CONV_SPECTRAL)
            conv_frequency_pack(conv, g, w, scratch, pool);
        else if (g->method == CONV_SHORT)
            conv_short_pack(conv, g, w);
        else
            conv_direct_pack(conv, g, w);
    }
}

void xp_conv_pack(xp_conv *conv, const xp_conv_branch *branches, int n, void *scratch,
                  xp_pool *pool) {
    const conv_weights w = {branches, n, false, &conv->shape};
    pack_groups(conv, &w, scratch, pool);
}

void xp_conv_pack_transposed(xp_conv *conv, const xp_conv_branch *branches, int n, void *scratch,
                             xp_pool *pool) {
    const conv_weights w = {branches, n, true, &conv->shape};
    pack_groups(conv, &w, scratch, pool);
}

/* ---- forward ---------------------------------------------------------------------------- */

static void forward_group(const xp_conv *conv, const conv_group *g, xp_mats y, xp_mats x, int n,
                          const xp_conv_epilogue *ep, void *scratch, xp_pool *pool) {
    if (g->method == CONV_SPECTRAL) {
        conv_frequency_forward(conv, g, y, x, n, ep, scratch, pool);
        return;
    }
    for (int r = 0; r < n; r++)
        if (g->method == CONV_SHORT)
            conv_short_forward(conv, g, xp_mats_at(y, r), xp_mats_at(x, r), ep, scratch, pool);
        else
            conv_direct_forward(conv, g, xp_mats_at(y, r), xp_mats_at(x, r), ep, pool);
}

void xp_conv_forward_records(const xp_conv *conv, xp_mats y, xp_mats x, int n,
                             const xp_conv_epilogue *ep, void *scratch, xp_pool *pool) {
    assert(n <= conv_records(&conv->shape));
    assert(x.m.rows == conv->shape.t_in && x.m.cols == conv->shape.c_in);
    assert(y.m.rows == conv->shape.t_out && y.m.cols == conv->shape.c_out);
    for (int i = 0; i < conv->n_groups; i++) {
        const conv_group *g = &conv->group[i];
        const xp_conv_epilogue e =
            ep ? conv_epilogue_from(ep, g->col) : (xp_conv_epilogue){.relu_first = false};
        forward_group(conv, g, y, x, n, ep ? &e : NULL, scratch, pool);
    }
}

void xp_conv_forward(const xp_conv *conv, xp_mat y, xp_mat x, const xp_conv_epilogue *ep,
                     void *scratch, xp_pool *pool) {
    xp_conv_forward_records(conv, (xp_mats){y, 0}, (xp_mats){x, 0}, 1, ep, scratch, pool);
}
