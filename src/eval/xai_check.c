#include "eval/xai_check.h"

#include "base/arena.h"
#include "data/dataset_load.h"
#include "explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} MEASURE[XP_XAI_MEASURES] = {
#define X(code, name, text) {name, text},
    XP_XAI_MEASURE_LIST(X)
#undef X
};

const char *xp_xai_measure_name(xp_xai_measure m) {
    return MEASURE[m].name;
}

const char *xp_xai_measure_text(xp_xai_measure m) {
    return MEASURE[m].text;
}

enum { STAGES = XP_XAI_RANDOM_ALL + 1, POINTS = 11, BINS = 100 };
static const double SHIFT_S = 0.01, NOISE_MV = 0.02, KEPT_S = 0.05;

typedef struct checker {
    const xp_xai_options *opt;
    const xp_model *m;
    int steps, bins;            /* of the map; of the window, for deletion and insertion */
    xp_net *net;                /* explains the layer */
    xp_net *curve_net;          /* predicts the points of a curve together */
    xp_model shuffled[STAGES];  /* m with other weights; those owned */
    xp_net *random_net[STAGES]; /* of them */
    xp_rng rng;

    float *maps, *other, *moved; /* (labels, steps), (labels, steps), (2, steps); owned by maps */
    float *x;                    /* (POINTS, length, leads): changed recordings; owned */
    int *used;                   /* (labels): recordings measured */
    double *value;               /* (labels, XP_XAI_MEASURES, max_records) */
    xp_xai_result result;
} checker;

static double *values_of(const checker *c, int label, xp_xai_measure m) {
    size_t row = (size_t)label * XP_XAI_MEASURES + (size_t)m;
    return c->value + row * (size_t)c->opt->max_records;
}

static void note(checker *c, int label, xp_xai_measure m, double v) {
    values_of(c, label, m)[c->used[label]] = v;
}

static bool wanted(const checker *c, const float *y, int label) {
    return y[label] == 1 && c->used[label] < c->opt->max_records;
}

/* ==== maps =================================================================================== */

/* Maps of all labels (labels, steps) by a net that explains the layer. */
static xp_status all_maps(const checker *c, xp_net *net, const float *x, float *maps,
                          xp_error *err) {
    xp_net_forward(net, x);
    return xp_gradcam_raw_all(net, c->opt->layer, maps, err);
}

static xp_status correlate(checker *c, const float *a, const float *b, bool size_only, double *rho,
                           xp_error *err) {
    const int n = c->steps;
    for (int i = 0; i < n; i++) {
        c->moved[i] = size_only ? fabsf(a[i]) : a[i];
        c->moved[n + i] = size_only ? fabsf(b[i]) : b[i];
    }
    return xp_spearman(c->moved, c->moved + n, n, rho, err);
}

/* Against the models whose weights are shuffled (Adebayo et al. 2018). */
static xp_status check_randomised(checker *c, const float *x, const float *y, xp_error *err) {
    for (int s = 0; s < STAGES; s++) {
        XP_TRY(all_maps(c, c->random_net[s], x, c->other, err));
        for (int l = 0; l < c->m->n_labels; l++) {
            double rho;
            if (!wanted(c, y, l)) continue;
            XP_TRY(correlate(c, c->maps + (size_t)l * (size_t)c->steps,
                             c->other + (size_t)l * (size_t)c->steps, true, &rho, err));
            note(c, l, (xp_xai_measure)(XP_XAI_RANDOM_TOP + s), rho);
        }
    }
    return XP_OK;
}

/* The map of the changed recording in c->x, which is `late` seconds late. */
static xp_status check_stability(checker *c, const float *y, double late, xp_xai_measure rho_of,
                                 xp_xai_measure peak_of, xp_error *err) {
    const double step_s = c->m->length / c->m->rate / c->steps;
    XP_TRY(all_maps(c, c->net, c->x, c->other, err));
    for (int l = 0; l < c->m->n_labels; l++) {
        const float *map = c->maps + (size_t)l * (size_t)c->steps;
        float *changed = c->other + (size_t)l * (size_t)c->steps;
        double rho, moved = xp_peak(changed, c->steps) - xp_peak(map, c->steps);
        if (!wanted(c, y, l)) continue;
        xp_shift_back(changed, changed, c->steps, late / step_s);
        XP_TRY(correlate(c, map, changed, false, &rho, err));
        note(c, l, rho_of, rho);
        note(c, l, peak_of, fabs(moved * step_s - late) <= KEPT_S);
    }
    return XP_OK;
}

static xp_status check_shift_and_noise(checker *c, const float *x, const float *y, xp_error *err) {
    const xp_model *m = c->m;
    const size_t n = (size_t)m->length * (size_t)m->n_leads;
    const int shift = (int)fmax(1, round(SHIFT_S * m->rate));
    xp_shift_later(c->x, x, m->length, m->n_leads, shift);
    XP_TRY(check_stability(c, y, shift / m->rate, XP_XAI_SHIFT_RHO, XP_XAI_SHIFT_PEAK, err));
    for (size_t i = 0; i < n; i++) c->x[i] = x[i] + (float)(NOISE_MV * xp_rng_normal(&c->rng));
    return check_stability(c, y, 0, XP_XAI_NOISE_RHO, XP_XAI_NOISE_PEAK, err);
}

/* ==== deletion and insertion ================================================================= */

/* Areas of all labels (n_labels) under deletion, or insertion, of the bins in this order. */
static void measure_areas(checker *c, const float *x, const int *order, bool insert, double *area) {
    const xp_model *m = c->m;
    const size_t window = (size_t)m->length * (size_t)m->n_leads;
    for (int i = 0; i < POINTS; i++)
        xp_keep_bins(c->x + (size_t)i * window, x, m->length, m->n_leads, order, c->bins,
                     i * c->bins / (POINTS - 1), insert);
    xp_net_forward_batch(c->curve_net, c->x, POINTS);
    for (int l = 0; l < m->n_labels; l++) {
        double y[POINTS];
        for (int i = 0; i < POINTS; i++) y[i] = (double)xp_net_probabilities_of(c->curve_net, i)[l];
        area[l] = xp_curve_area(y, POINTS);
    }
}

/* Means over the random orders, which serve all labels. */
static void measure_random(checker *c, const float *x, double area[2][XP_DATASET_MAX_LABELS]) {
    const int labels = c->m->n_labels;
    double one[XP_DATASET_MAX_LABELS];
    int order[BINS];
    for (int insert = 0; insert < 2; insert++)
        for (int l = 0; l < labels; l++) area[insert][l] = 0;
    for (int d = 0; d < c->opt->draws; d++) {
        xp_order_random(&c->rng, c->bins, order);
        for (int insert = 0; insert < 2; insert++) {
            measure_areas(c, x, order, insert, one);
            for (int l = 0; l < labels; l++) area[insert][l] += one[l] / c->opt->draws;
        }
    }
}

/* Deletion and insertion by the map's order against random ones (Petsiuk et al. 2018). */
static void check_curves(checker *c, const float *x, const float *y) {
    double random[2][XP_DATASET_MAX_LABELS], own[XP_DATASET_MAX_LABELS];
    float score[BINS];
    int order[BINS];
    measure_random(c, x, random);
    for (int l = 0; l < c->m->n_labels; l++) {
        if (!wanted(c, y, l)) continue;
        xp_bin_means(c->maps + (size_t)l * (size_t)c->steps, c->steps, c->bins, score);
        xp_order_descending(score, c->bins, order);
        measure_areas(c, x, order, false, own);
        note(c, l, XP_XAI_DELETION, own[l]);
        note(c, l, XP_XAI_DELETION_RANDOM, random[0][l]);
        note(c, l, XP_XAI_DELETION_GAIN, random[0][l] - own[l]);
        measure_areas(c, x, order, true, own);
        note(c, l, XP_XAI_INSERTION, own[l]);
        note(c, l, XP_XAI_INSERTION_RANDOM, random[1][l]);
        note(c, l, XP_XAI_INSERTION_GAIN, own[l] - random[1][l]);
    }
}

/* ==== all recordings ========================================================================= */

static xp_status check_record(checker *c, const float *x, const float *y, xp_error *err) {
    bool any = false;
    for (int l = 0; l < c->m->n_labels; l++) any = any || wanted(c, y, l);
    if (!any) return XP_OK;
    XP_TRY(all_maps(c, c->net, x, c->maps, err));
    XP_TRY(check_randomised(c, x, y, err));
    XP_TRY(check_shift_and_noise(c, x, y, err));
    check_curves(c, x, y);
    for (int l = 0; l < c->m->n_labels; l++) c->used[l] += wanted(c, y, l);
    c->result.n_records++;
    return XP_OK;
}

static xp_status check_batches(checker *c, xp_loader *loader, xp_error *err) {
    const size_t record = (size_t)c->m->length * (size_t)c->m->n_leads;
    const size_t labels = (size_t)c->m->n_labels;
    int done = 0;
    for (;;) {
        xp_batch b;
        XP_TRY(xp_loader_next(loader, &b, err));
        if (!b.x) return XP_OK;
        for (int i = 0; i < b.n; i++) {
            const float *y = b.y + (size_t)i * labels;
            for (size_t l = 0; l < labels; l++) c->result.positives[l] += y[l] == 1;
            XP_TRY(check_record(c, b.x + (size_t)i * record, y, err));
            xp_progress_report(&c->opt->progress, "records", ++done,
                               (int)c->opt->split->n[c->opt->part]);
        }
    }
}

static xp_status check_records(checker *c, xp_error *err) {
    const xp_input_spec spec = xp_model_input_spec(c->m);
    xp_reader *reader;
    xp_loader *loader = NULL;
    XP_TRY(xp_reader_create(&reader, c->opt->data, &spec, NULL, c->opt->cache_dir, err));
    const xp_loader_options o = {.data = c->opt->data,
                                 .reader = reader,
                                 .spec = &spec,
                                 .items = c->opt->split->items[c->opt->part],
                                 .n = c->opt->split->n[c->opt->part],
                                 .batch = 8,
                                 .size = 1};
    xp_status s = xp_loader_create(&loader, &o, err);
    if (s == XP_OK) {
        xp_loader_start(loader, 0, 0, xp_loader_batches(&o));
        s = check_batches(c, loader, err);
    }
    xp_loader_free(loader);
    xp_reader_free(reader);
    return s;
}

/* Means of every label, and of all labels' recordings together. */
static xp_status summarise(checker *c, xp_error *err) {
    const int labels = c->m->n_labels, most = c->opt->max_records;
    const uint64_t seed = c->opt->seed;
    double *all = calloc((size_t)labels * (size_t)most + 1, sizeof *all);
    xp_status s = all ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures");
    for (int m = 0; s == XP_OK && m < XP_XAI_MEASURES; m++) {
        size_t n = 0;
        for (int l = 0; s == XP_OK && l < labels; l++) {
            const double *v = values_of(c, l, (xp_xai_measure)m);
            s = xp_mean_interval(v, (size_t)c->used[l], seed,
                                 &c->result.mean[l * XP_XAI_MEASURES + m], err);
            for (int i = 0; i < c->used[l]; i++) all[n++] = v[i];
        }
        if (s == XP_OK)
            s = xp_mean_interval(all, n, seed, &c->result.mean[labels * XP_XAI_MEASURES + m], err);
    }
    free(all);
    return s;
}

/* ==== setting up ============================================================================= */

/* Whether a layer has weights to be put in another order. A square kernel with nothing off its
 * diagonal scales each label by itself, as behind a floor (nn/floor.h): shuffled it would exchange
 * labels or drop them, and say nothing of what was learnt. */
static bool can_be_shuffled(const xp_model *m, const xp_op *op) {
    const xp_param *kernel = xp_op_param(&m->graph, op, "kernel");
    if (op->n_params == 0) return false;
    if (!kernel || kernel->ndim != 2 || kernel->shape[0] != kernel->shape[1]) return true;
    for (size_t i = 0, n = (size_t)kernel->shape[0]; i < n * n; i++)
        if (i / n != i % n && m->weights[kernel->offset + i] != 0) return true;
    return false;
}

/* Weights of the layers from the last `from` of those that have any, in random order each. */
static xp_status shuffle_model(checker *c, int stage, xp_error *err) {
    static const double share[STAGES] = {0, 1 / 3.0, 2 / 3.0, 1};
    const xp_graph *g = &c->m->graph;
    xp_model *m = &c->shuffled[stage];
    int with = 0;
    *m = *c->m;
    m->weights = xp_aligned_alloc((g->n_weights + 1) * sizeof *m->weights);
    if (!m->weights) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for other weights");
    memcpy(m->weights, c->m->weights, g->n_weights * sizeof *m->weights);
    for (int i = 0; i < g->n_ops; i++) with += can_be_shuffled(c->m, &g->ops[i]);
    int left = (int)fmax(1, ceil(share[stage] * with));
    for (int i = g->n_ops - 1; i >= 0 && left > 0; i--) {
        if (!can_be_shuffled(c->m, &g->ops[i])) continue;
        for (int p = 0; p < g->ops[i].n_params; p++) {
            const xp_param *param = &g->params[g->ops[i].params[p]];
            xp_shuffle(&c->rng, m->weights + param->offset, param->count);
        }
        left--;
    }
    return XP_OK;
}

static xp_status make_nets(checker *c, xp_error *err) {
    const xp_net_options curves = {.pool = c->opt->pool, .batch = POINTS};
    xp_net_options o = xp_net_explaining(c->opt->layer);
    o.pool = c->opt->pool;
    XP_TRY(xp_net_create(&c->net, c->m, &o, err));
    XP_TRY(xp_net_create(&c->curve_net, c->m, &curves, err));
    for (int s = 0; s < STAGES; s++) {
        XP_TRY(shuffle_model(c, s, err));
        XP_TRY(xp_net_create(&c->random_net[s], &c->shuffled[s], &o, err));
    }
    return XP_OK;
}

static xp_status take_memory(checker *c, xp_error *err) {
    const size_t labels = (size_t)c->m->n_labels, steps = (size_t)c->steps;
    c->maps = calloc((2 * labels + 2) * steps, sizeof *c->maps);
    c->x = calloc(POINTS * (size_t)c->m->length * (size_t)c->m->n_leads, sizeof *c->x);
    c->used = calloc(labels, sizeof *c->used);
    c->value = calloc(labels * XP_XAI_MEASURES * (size_t)c->opt->max_records, sizeof *c->value);
    c->result.n_labels = c->m->n_labels;
    c->result.positives = calloc(labels + 1, sizeof *c->result.positives);
    c->result.mean = calloc((labels + 1) * XP_XAI_MEASURES, sizeof *c->result.mean);
    if (!c->maps || !c->x || !c->used || !c->value || !c->result.positives || !c->result.mean)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures");
    c->other = c->maps + labels * steps;
    c->moved = c->other + labels * steps;
    return XP_OK;
}

static void close_checker(checker *c) {
    xp_net_free(c->net);
    xp_net_free(c->curve_net);
    for (int s = 0; s < STAGES; s++) {
        xp_net_free(c->random_net[s]);
        xp_aligned_free(c->shuffled[s].weights);
    }
    free(c->maps);
    free(c->x);
    free(c->used);
    free(c->value);
}

/* ============================================================================================= */

static xp_status check(checker *c, xp_error *err) {
    XP_TRY(make_nets(c, err));
    XP_TRY(take_memory(c, err));
    XP_TRY(check_records(c, err));
    for (int l = 0; l < c->m->n_labels; l++)
        c->result.positives[c->m->n_labels] += c->result.positives[l];
    return summarise(c, err);
}

xp_status xp_xai_check(xp_xai_result *r, const xp_model *m, const xp_xai_options *o,
                       xp_error *err) {
    const int steps = m->graph.ops[o->layer].t;
    checker c = {.opt = o,
                 .m = m,
                 .steps = steps,
                 .bins = steps < BINS ? steps : BINS,
                 .rng = xp_rng_seed(o->seed)};
    xp_status s = check(&c, err);
    close_checker(&c);
    if (s == XP_OK)
        *r = c.result;
    else
        xp_xai_result_free(&c.result);
    return s;
}

void xp_xai_result_free(xp_xai_result *r) {
    free(r->positives);
    free(r->mean);
    *r = (xp_xai_result){0};
}

const xp_mean *xp_xai_row(const xp_xai_result *r, int row) {
    return r->mean + (size_t)row * XP_XAI_MEASURES;
}
