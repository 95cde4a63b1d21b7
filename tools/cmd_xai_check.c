/* xplaim xai-check: how far a model's Grad-CAM maps can be trusted, label by label. */
#include "command.h"
#include "data_sets.h"
#include "explain.h"
#include "progress.h"
#include "report.h"
#include "xai_planted.h"

#include "base/arena.h"
#include "train/csv.h"
#include "train/dataset_load.h"
#include "train/xai.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== what is measured =======================================================================
 *
 * name, definition. Each is a mean over a label's recordings. */
#define MEASURES(X)                                                                                \
    X(RANDOM_TOP, "randomised_last_layer",                                                         \
      "rank correlation (Spearman) of |map| with that of the model whose last layer's weights "    \
      "were shuffled")                                                                             \
    X(RANDOM_THIRD, "randomised_last_third", "the same, the last third of the layers shuffled")    \
    X(RANDOM_MOST, "randomised_last_two_thirds", "the same, the last two thirds shuffled")         \
    X(RANDOM_ALL, "randomised_all",                                                                \
      "the same, all layers shuffled: near 0 for a map that "                                      \
      "depends on what was learned")                                                               \
    X(DELETION, "deletion",                                                                        \
      "area under the probability while time bins become 0 mV, the map's strongest first")         \
    X(DELETION_RANDOM, "deletion_random", "the same, bins in random order")                        \
    X(DELETION_GAIN, "deletion_gain",                                                              \
      "deletion_random - deletion: above 0, the map knows better than chance what matters")        \
    X(INSERTION, "insertion",                                                                      \
      "area under the probability while time bins come back, the map's strongest first")           \
    X(INSERTION_RANDOM, "insertion_random", "the same, bins in random order")                      \
    X(INSERTION_GAIN, "insertion_gain",                                                            \
      "insertion - insertion_random: above 0, the map knows better than chance what suffices")     \
    X(SHIFT_RHO, "shift_correlation",                                                              \
      "rank correlation of the map with that of the recording 10 ms later, moved back")            \
    X(SHIFT_PEAK, "shift_peak_kept",                                                               \
      "share of recordings whose strongest point then stays within 50 ms")                         \
    X(NOISE_RHO, "noise_correlation",                                                              \
      "rank correlation of the map with that under noise of 20 uV standard deviation")             \
    X(NOISE_PEAK, "noise_peak_kept",                                                               \
      "share of recordings whose strongest point then stays within 50 ms")

typedef enum measure {
#define X(code, name, text) code,
    MEASURES(X)
#undef X
        N_MEASURES
} measure;

static const struct {
    const char *name, *text;
} MEASURE[N_MEASURES] = {
#define X(code, name, text) {name, text},
    MEASURES(X)
#undef X
};

enum { STAGES = RANDOM_ALL + 1, POINTS = 11, BINS = 100 };
static const double SHIFT_S = 0.01, NOISE_MV = 0.02, KEPT_S = 0.05;

typedef struct xai_options {
    const char *model, *layer, *csv, *cache_dir, *part;
    data_set_options data;
    int max_records, draws, val_fold, test_fold, threads, seed;
    bool json, no_planted;
} xai_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(xai_options),
    OPTIONS_DATA_SETS(xai_options, ""),
    {"part", 0, OPTION_TEXT, "PART", "recordings to check on: test (default) or validation",
     offsetof(xai_options, part)},
    {"val-fold", 0, OPTION_COUNT, "N", "strat_fold of the validation part (default 9)",
     offsetof(xai_options, val_fold)},
    {"test-fold", 0, OPTION_COUNT, "N", "strat_fold of the test part (default 10)",
     offsetof(xai_options, test_fold)},
    {"cache-dir", 0, OPTION_TEXT, "DIR", "keep prepared records here (default: nowhere)",
     offsetof(xai_options, cache_dir)},
    {"layer", 0, OPTION_TEXT, "NAME", "layer whose maps are checked (default: as for explain)",
     offsetof(xai_options, layer)},
    {"max-records", 0, OPTION_COUNT, "N", "positive recordings of a label at most (default 20)",
     offsetof(xai_options, max_records)},
    {"draws", 0, OPTION_COUNT, "N", "random orders for each recording (default 5)",
     offsetof(xai_options, draws)},
    {"seed", 0, OPTION_COUNT, "N", "of everything random (default 1)", offsetof(xai_options, seed)},
    {"no-planted", 0, OPTION_FLAG, NULL, "leave the pointing game out",
     offsetof(xai_options, no_planted)},
    {"csv", 0, OPTION_TEXT, "FILE", "write the figures as a table", offsetof(xai_options, csv)},
    OPTION_THREADS(xai_options, "0"),
    OPTION_JSON(xai_options),
    {0}};

typedef struct xai_check {
    const xai_options *opt;
    xp_part part;
    model_file file;
    int layer, steps, bins; /* of the map; of the window, for deletion and insertion */
    xp_pool *pool;
    xp_net *net;                /* explains the layer */
    xp_model shuffled[STAGES];  /* file.model with other weights; those owned */
    xp_net *random_net[STAGES]; /* of them */
    xp_dataset data;
    xp_split split;
    xp_rng rng;

    float *maps, *other, *moved; /* (labels, steps), (labels, steps), (2, steps); owned by maps */
    float *x;                    /* (length, leads): a changed recording; owned */
    int *used;                   /* (labels): recordings measured */
    int *positives;              /* (labels): in the part */
    double *value;               /* (labels, N_MEASURES, max_records) */
    xp_mean *mean;               /* (labels + 1, N_MEASURES); the last row: all of them */
    size_t n_records;
    planted_game game;
} xai_check;

static double *values_of(const xai_check *c, int label, measure m) {
    size_t row = (size_t)label * N_MEASURES + (size_t)m;
    return c->value + row * (size_t)c->opt->max_records;
}

static void note(xai_check *c, int label, measure m, double v) {
    values_of(c, label, m)[c->used[label]] = v;
}

static bool wanted(const xai_check *c, const float *y, int label) {
    return y[label] == 1 && c->used[label] < c->opt->max_records;
}

/* ==== maps =================================================================================== */

/* Maps of all labels (labels, steps) by a net that explains the layer. */
static xp_status all_maps(const xai_check *c, xp_net *net, const float *x, float *maps,
                          xp_error *err) {
    xp_net_forward(net, x);
    return xp_gradcam_raw_all(net, c->layer, maps, err);
}

static xp_status correlate(xai_check *c, const float *a, const float *b, bool size_only,
                           double *rho, xp_error *err) {
    const int n = c->steps;
    for (int i = 0; i < n; i++) {
        c->moved[i] = size_only ? fabsf(a[i]) : a[i];
        c->moved[n + i] = size_only ? fabsf(b[i]) : b[i];
    }
    return xp_spearman(c->moved, c->moved + n, n, rho, err);
}

/* (a) */
static xp_status check_randomised(xai_check *c, const float *x, const float *y, xp_error *err) {
    for (int s = 0; s < STAGES; s++) {
        XP_TRY(all_maps(c, c->random_net[s], x, c->other, err));
        for (int l = 0; l < c->file.model.n_labels; l++) {
            double rho;
            if (!wanted(c, y, l)) continue;
            XP_TRY(correlate(c, c->maps + (size_t)l * (size_t)c->steps,
                             c->other + (size_t)l * (size_t)c->steps, true, &rho, err));
            note(c, l, (measure)(RANDOM_TOP + s), rho);
        }
    }
    return XP_OK;
}

/* (d): the map of the changed recording in c->x, which is `late` seconds late. */
static xp_status check_stability(xai_check *c, const float *y, double late, measure rho_of,
                                 measure peak_of, xp_error *err) {
    const double step_s = c->file.model.length / c->file.model.rate / c->steps;
    XP_TRY(all_maps(c, c->net, c->x, c->other, err));
    for (int l = 0; l < c->file.model.n_labels; l++) {
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

static xp_status check_shift_and_noise(xai_check *c, const float *x, const float *y,
                                       xp_error *err) {
    const xp_model *m = &c->file.model;
    const size_t n = (size_t)m->length * (size_t)m->n_leads;
    const int shift = (int)fmax(1, round(SHIFT_S * m->rate));
    xp_shift_later(c->x, x, m->length, m->n_leads, shift);
    XP_TRY(check_stability(c, y, shift / m->rate, SHIFT_RHO, SHIFT_PEAK, err));
    for (size_t i = 0; i < n; i++) c->x[i] = x[i] + (float)(NOISE_MV * xp_rng_normal(&c->rng));
    return check_stability(c, y, 0, NOISE_RHO, NOISE_PEAK, err);
}

/* ==== deletion and insertion ================================================================= */

/* Areas of all labels (n_labels) under deletion, or insertion, of the bins in this order. */
static void measure_areas(xai_check *c, const float *x, const int *order, bool insert,
                          double *area) {
    const xp_model *m = &c->file.model;
    for (int l = 0; l < m->n_labels; l++) area[l] = 0;
    for (int i = 0; i < POINTS; i++) {
        const int chosen = i * c->bins / (POINTS - 1);
        const double weight = (i == 0 || i == POINTS - 1 ? 0.5 : 1) / (POINTS - 1);
        xp_keep_bins(c->x, x, m->length, m->n_leads, order, c->bins, chosen, insert);
        xp_net_forward(c->net, c->x);
        for (int l = 0; l < m->n_labels; l++)
            area[l] += weight * (double)xp_net_probabilities(c->net)[l];
    }
}

/* Means over the random orders, which serve all labels. */
static void measure_random(xai_check *c, const float *x, double area[2][XP_DATASET_MAX_LABELS]) {
    const int labels = c->file.model.n_labels;
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

/* (b) */
static void check_curves(xai_check *c, const float *x, const float *y) {
    double random[2][XP_DATASET_MAX_LABELS], own[XP_DATASET_MAX_LABELS];
    float score[BINS];
    int order[BINS];
    measure_random(c, x, random);
    for (int l = 0; l < c->file.model.n_labels; l++) {
        if (!wanted(c, y, l)) continue;
        xp_bin_means(c->maps + (size_t)l * (size_t)c->steps, c->steps, c->bins, score);
        xp_order_descending(score, c->bins, order);
        measure_areas(c, x, order, false, own);
        note(c, l, DELETION, own[l]);
        note(c, l, DELETION_RANDOM, random[0][l]);
        note(c, l, DELETION_GAIN, random[0][l] - own[l]);
        measure_areas(c, x, order, true, own);
        note(c, l, INSERTION, own[l]);
        note(c, l, INSERTION_RANDOM, random[1][l]);
        note(c, l, INSERTION_GAIN, own[l] - random[1][l]);
    }
}

/* ==== all recordings ========================================================================= */

static xp_status check_record(xai_check *c, const float *x, const float *y, xp_error *err) {
    bool any = false;
    for (int l = 0; l < c->file.model.n_labels; l++) any = any || wanted(c, y, l);
    if (!any) return XP_OK;
    XP_TRY(all_maps(c, c->net, x, c->maps, err));
    XP_TRY(check_randomised(c, x, y, err));
    XP_TRY(check_shift_and_noise(c, x, y, err));
    check_curves(c, x, y);
    for (int l = 0; l < c->file.model.n_labels; l++) c->used[l] += wanted(c, y, l);
    c->n_records++;
    return XP_OK;
}

static xp_status check_batches(xai_check *c, xp_loader *loader, xp_error *err) {
    const xp_model *m = &c->file.model;
    const size_t record = (size_t)m->length * (size_t)m->n_leads, labels = (size_t)m->n_labels;
    progress bar = progress_begin("records", (int)c->split.n[c->part]);
    xp_status s = XP_OK;
    for (xp_batch b; s == XP_OK;) {
        s = xp_loader_next(loader, &b, err);
        if (s != XP_OK || !b.x) break;
        for (int i = 0; s == XP_OK && i < b.n; i++) {
            const float *y = b.y + (size_t)i * labels;
            for (size_t l = 0; l < labels; l++) c->positives[l] += y[l] == 1;
            s = check_record(c, b.x + (size_t)i * record, y, err);
            progress_update(&bar, bar.done + 1);
        }
    }
    progress_hide(&bar);
    return s;
}

static xp_status check_records(xai_check *c, xp_error *err) {
    const xp_input_spec spec = xp_model_input_spec(&c->file.model);
    xp_reader *reader;
    xp_loader *loader = NULL;
    XP_TRY(xp_reader_create(&reader, &c->data, &spec, NULL, c->opt->cache_dir, err));
    const xp_loader_options o = {.data = &c->data,
                                 .reader = reader,
                                 .spec = &spec,
                                 .items = c->split.items[c->part],
                                 .n = c->split.n[c->part],
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
static xp_status summarise(xai_check *c, xp_error *err) {
    const int labels = c->file.model.n_labels, most = c->opt->max_records;
    const uint64_t seed = (uint64_t)c->opt->seed;
    double *all = calloc((size_t)labels * (size_t)most + 1, sizeof *all);
    xp_status s = all ? XP_OK : xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures");
    for (int m = 0; s == XP_OK && m < N_MEASURES; m++) {
        size_t n = 0;
        for (int l = 0; s == XP_OK && l < labels; l++) {
            const double *v = values_of(c, l, (measure)m);
            s = xp_mean_interval(v, (size_t)c->used[l], seed, &c->mean[l * N_MEASURES + m], err);
            for (int i = 0; i < c->used[l]; i++) all[n++] = v[i];
        }
        if (s == XP_OK) s = xp_mean_interval(all, n, seed, &c->mean[labels * N_MEASURES + m], err);
    }
    free(all);
    return s;
}

/* ==== setting up ============================================================================= */

static xp_status check_options(xai_check *c, xp_error *err) {
    const xai_options *o = c->opt;
    if (!strcmp(o->part, xp_part_name(XP_PART_TEST)))
        c->part = XP_PART_TEST;
    else if (!strcmp(o->part, xp_part_name(XP_PART_VALIDATE)))
        c->part = XP_PART_VALIDATE;
    else
        return xp_fail(err, XP_ERR_USAGE, "--part %s: expected test or validation", o->part);
    if (o->max_records < 1 || o->max_records > 100000 || o->draws < 1 || o->draws > 1000)
        return xp_fail(err, XP_ERR_USAGE,
                       "--max-records %d --draws %d: expected 1 to 100000 and 1 to 1000",
                       o->max_records, o->draws);
    return XP_OK;
}

static xp_status find_layer(xai_check *c, xp_error *err) {
    const xp_graph *g = &c->file.model.graph;
    c->layer = c->opt->layer ? xp_graph_find(g, c->opt->layer) : xp_gradcam_default_layer(g);
    if (c->layer < 0 || !g->ops[c->layer].is_sequence)
        return xp_fail(err, XP_ERR_USAGE,
                       "the model has no layer \"%s\" with a time axis; `xplaim info MODEL` lists "
                       "them",
                       c->opt->layer ? c->opt->layer : "");
    if (c->file.model.n_labels > XP_DATASET_MAX_LABELS)
        return xp_fail(err, XP_ERR_LIMIT, "%d labels; expected at most %d", c->file.model.n_labels,
                       XP_DATASET_MAX_LABELS);
    c->steps = g->ops[c->layer].t;
    c->bins = c->steps < BINS ? c->steps : BINS;
    return XP_OK;
}

static xp_status load_data(xai_check *c, xp_error *err) {
    const xp_model *m = &c->file.model;
    const char *names[XP_DATASET_MAX_LABELS];
    for (int l = 0; l < m->n_labels; l++) names[l] = m->labels[l].name;
    XP_TRY(data_sets_load(&c->data, &c->opt->data, "ds-name", names, m->n_labels, false, err));
    XP_TRY(xp_split_all(&c->split, &c->data, c->opt->val_fold, c->opt->test_fold, err));
    if (c->split.n[c->part] > 0) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "the %s part of the data has no record (the table's strat_fold)",
                   xp_part_name(c->part));
}

/* Weights of the layers from the last `from` of those that have any, in random order each. */
static xp_status shuffle_model(xai_check *c, int stage, xp_error *err) {
    static const double share[STAGES] = {0, 1 / 3.0, 2 / 3.0, 1};
    const xp_graph *g = &c->file.model.graph;
    xp_model *m = &c->shuffled[stage];
    int with = 0;
    *m = c->file.model;
    m->weights = xp_aligned_alloc((g->n_weights + 1) * sizeof *m->weights);
    if (!m->weights) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for other weights");
    memcpy(m->weights, c->file.model.weights, g->n_weights * sizeof *m->weights);
    for (int i = 0; i < g->n_ops; i++) with += g->ops[i].n_params > 0;
    int left = (int)fmax(1, ceil(share[stage] * with));
    for (int i = g->n_ops - 1; i >= 0 && left > 0; i--) {
        for (int p = 0; p < g->ops[i].n_params; p++) {
            const xp_param *param = &g->params[g->ops[i].params[p]];
            xp_shuffle(&c->rng, m->weights + param->offset, param->count);
        }
        left -= g->ops[i].n_params > 0;
    }
    return XP_OK;
}

static xp_status make_nets(xai_check *c, xp_error *err) {
    xp_net_options o = xp_net_explaining(c->layer);
    o.pool = c->pool;
    XP_TRY(xp_net_create(&c->net, &c->file.model, &o, err));
    for (int s = 0; s < STAGES; s++) {
        XP_TRY(shuffle_model(c, s, err));
        XP_TRY(xp_net_create(&c->random_net[s], &c->shuffled[s], &o, err));
    }
    return XP_OK;
}

static xp_status take_memory(xai_check *c, xp_error *err) {
    const xp_model *m = &c->file.model;
    const size_t labels = (size_t)m->n_labels, steps = (size_t)c->steps;
    c->maps = calloc((2 * labels + 2) * steps, sizeof *c->maps);
    c->x = calloc((size_t)m->length * (size_t)m->n_leads, sizeof *c->x);
    c->used = calloc(2 * labels, sizeof *c->used);
    c->value = calloc(labels * N_MEASURES * (size_t)c->opt->max_records, sizeof *c->value);
    c->mean = calloc((labels + 1) * N_MEASURES, sizeof *c->mean);
    if (!c->maps || !c->x || !c->used || !c->value || !c->mean)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures");
    c->other = c->maps + labels * steps;
    c->moved = c->other + labels * steps;
    c->positives = c->used + labels;
    return XP_OK;
}

static void free_all(xai_check *c) {
    xp_net_free(c->net);
    for (int s = 0; s < STAGES; s++) {
        xp_net_free(c->random_net[s]);
        xp_aligned_free(c->shuffled[s].weights);
    }
    xp_split_free(&c->split);
    xp_dataset_free(&c->data);
    xp_pool_free(c->pool);
    model_file_free(&c->file);
    free(c->maps);
    free(c->x);
    free(c->used);
    free(c->value);
    free(c->mean);
}

/* ==== what is told =========================================================================== */

static const char *row_name(const xai_check *c, int row) {
    return row < c->file.model.n_labels ? c->file.model.labels[row].name : "all";
}

static int row_positives(const xai_check *c, int row) {
    int sum = 0;
    for (int l = 0; row == c->file.model.n_labels && l < row; l++) sum += c->positives[l];
    return row < c->file.model.n_labels ? c->positives[row] : sum;
}

static void print_row(const xai_check *c, int row) {
    static const measure told[] = {RANDOM_TOP, RANDOM_ALL, DELETION_GAIN, INSERTION_GAIN,
                                   SHIFT_RHO,  SHIFT_PEAK, NOISE_RHO,     NOISE_PEAK};
    const xp_mean *mean = c->mean + row * N_MEASURES;
    printf("%-10s %9d", row_name(c, row), row_positives(c, row));
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const xp_mean *v = &mean[told[i]];
        const bool gain = told[i] == DELETION_GAIN || told[i] == INSERTION_GAIN;
        if (gain && isnan(v->mean))
            printf("  %22s", "not defined");
        else if (gain)
            printf("  %+.3f [%+.3f, %+.3f]", v->mean, v->low, v->high);
        else if (isnan(v->mean))
            printf(" %8s", "-");
        else
            printf(" %8.2f", v->mean);
    }
    puts("");
}

static void print_game(const planted_game *g) {
    if (g->tested == 0) {
        printf("\nPointing game: not defined, fewer than %d recordings to learn or to test on.\n",
               PLANTED_LEAST);
        return;
    }
    printf("\nPointing game: a burst of %.1f mV planted in lead %s; a small network taught on %d "
           "recordings, tested on %d.\n"
           "  found %d; Grad-CAM points within %.1f s of it: %d (%.3f; by chance %.3f)\n"
           "  largest evidence in that lead: occlusion %d, integrated gradients %d\n"
           "  rank correlation of its |maps| with the untrained network's: %.2f\n",
           PLANTED_MV, g->lead, g->trained, g->tested, g->found, PLANTED_TOLERANCE, g->hits,
           (double)g->hits / g->tested, g->chance, g->first_occlusion, g->first_ig,
           g->rank_correlation);
}

static void print_text(const xai_check *c) {
    report_model_text(&c->file);
    printf("\nGrad-CAM at %s on %zu recordings (%s part), at most %d positive ones of a label\n\n",
           c->file.model.graph.ops[c->layer].name, c->n_records, xp_part_name(c->part),
           c->opt->max_records);
    printf("%-10s %9s %17s  %22s  %22s %17s %17s\n", "", "", "weights shuffled:", "deletion gain",
           "insertion gain", "10 ms later:", "noise of 20 uV:");
    printf("%-10s %9s %8s %8s  %22s  %22s %8s %8s %8s %8s\n", "label", "positives", "last", "all",
           "[95 % interval]", "[95 % interval]", "rank r", "kept", "rank r", "kept");
    for (int row = 0; row <= c->file.model.n_labels; row++) print_row(c, row);
    puts("");
    for (int m = 0; m < N_MEASURES; m++) printf("%s: %s\n", MEASURE[m].name, MEASURE[m].text);
    printf("A figure of fewer than %d recordings is not defined.\n", XP_MEAN_MIN);
    if (!c->opt->no_planted) print_game(&c->game);
}

static cJSON *row_json(const xai_check *c, int row) {
    cJSON *o = cJSON_CreateObject(), *measures = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "name", json_text(row_name(c, row)));
    cJSON_AddItemToObject(o, "positives", json_integer(row_positives(c, row)));
    for (int m = 0; m < N_MEASURES; m++) {
        const xp_mean *v = &c->mean[row * N_MEASURES + m];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddItemToObject(one, "n", json_integer(v->n));
        cJSON_AddItemToObject(one, "mean", json_number(v->mean));
        cJSON_AddItemToObject(one, "low", json_number(v->low));
        cJSON_AddItemToObject(one, "high", json_number(v->high));
        cJSON_AddItemToObject(measures, MEASURE[m].name, one);
    }
    cJSON_AddItemToObject(o, "measures", measures);
    return o;
}

static cJSON *share_json(int k, int n) {
    const xp_ci ci = xp_clopper_pearson((size_t)k, (size_t)n, 0.95);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "count", json_integer(k));
    cJSON_AddItemToObject(o, "share", json_number((double)k / n));
    cJSON_AddItemToObject(o, "low", json_number(ci.low));
    cJSON_AddItemToObject(o, "high", json_number(ci.high));
    return o;
}

static cJSON *game_json(const planted_game *g) {
    if (g->tested == 0) return cJSON_CreateNull();
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "lead", json_text(g->lead));
    cJSON_AddItemToObject(o, "amplitude_mv", json_number(PLANTED_MV));
    cJSON_AddItemToObject(o, "tolerance_s", json_number(PLANTED_TOLERANCE));
    cJSON_AddItemToObject(o, "taught", json_integer(g->trained));
    cJSON_AddItemToObject(o, "tested", json_integer(g->tested));
    cJSON_AddItemToObject(o, "found", share_json(g->found, g->tested));
    cJSON_AddItemToObject(o, "hits", share_json(g->hits, g->tested));
    cJSON_AddItemToObject(o, "chance", json_number(g->chance));
    cJSON_AddItemToObject(o, "lead_first_by_occlusion", share_json(g->first_occlusion, g->tested));
    cJSON_AddItemToObject(o, "lead_first_by_ig", share_json(g->first_ig, g->tested));
    cJSON_AddItemToObject(o, "untrained_correlation", json_number(g->rank_correlation));
    return o;
}

static cJSON *definitions_json(void) {
    cJSON *o = cJSON_CreateObject();
    for (int m = 0; m < N_MEASURES; m++)
        cJSON_AddItemToObject(o, MEASURE[m].name, json_text(MEASURE[m].text));
    cJSON_AddItemToObject(
        o, "pointing_game",
        json_text("a small network of the same kind learns to tell recordings with a 20 Hz burst "
                  "planted in one lead; hits: the map's largest value lies within the tolerance of "
                  "it; it tests the method, not the model"));
    return o;
}

static void print_json(const xai_check *c) {
    cJSON *o = report_begin(NULL), *labels = cJSON_CreateArray();
    const int n = c->file.model.n_labels;
    cJSON_AddItemToObject(o, "model", report_model(&c->file));
    cJSON_AddItemToObject(o, "layer", json_text(c->file.model.graph.ops[c->layer].name));
    cJSON_AddItemToObject(o, "part", json_text(xp_part_name(c->part)));
    cJSON_AddItemToObject(o, "records", json_integer((int64_t)c->n_records));
    cJSON_AddItemToObject(o, "max_records", json_integer(c->opt->max_records));
    cJSON_AddItemToObject(o, "draws", json_integer(c->opt->draws));
    cJSON_AddItemToObject(o, "seed", json_integer(c->opt->seed));
    cJSON_AddItemToObject(o, "least_records", json_integer(XP_MEAN_MIN));
    cJSON_AddItemToObject(o, "definitions", definitions_json());
    for (int row = 0; row < n; row++) cJSON_AddItemToArray(labels, row_json(c, row));
    cJSON_AddItemToObject(o, "labels", labels);
    cJSON_AddItemToObject(o, "all", row_json(c, n));
    cJSON_AddItemToObject(o, "pointing_game",
                          c->opt->no_planted ? cJSON_CreateNull() : game_json(&c->game));
    json_print_line(o);
}

static void put_number(xp_csv_writer *w, double v) {
    if (isnan(v))
        xp_csv_put(w, "");
    else
        xp_csv_putf(w, "%.6g", v);
}

static xp_status write_csv(const xai_check *c, xp_error *err) {
    static const char *const columns[] = {"label", "positives", "measure", "n",
                                          "mean",  "low",       "high"};
    xp_csv_writer *w;
    XP_TRY(xp_csv_create(&w, c->opt->csv, err));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) xp_csv_put(w, columns[i]);
    xp_csv_end_row(w);
    for (int row = 0; row <= c->file.model.n_labels; row++)
        for (int m = 0; m < N_MEASURES; m++) {
            const xp_mean *v = &c->mean[row * N_MEASURES + m];
            xp_csv_put(w, row_name(c, row));
            xp_csv_putf(w, "%d", row_positives(c, row));
            xp_csv_put(w, MEASURE[m].name);
            xp_csv_putf(w, "%d", v->n);
            put_number(w, v->mean);
            put_number(w, v->low);
            put_number(w, v->high);
            xp_csv_end_row(w);
        }
    return xp_csv_commit(w, err);
}

/* ==== the command ============================================================================ */

static xp_status check(xai_check *c, xp_error *err) {
    XP_TRY(check_options(c, err));
    XP_TRY(xp_pool_create(&c->pool, c->opt->threads, err));
    XP_TRY(model_file_load(&c->file, c->opt->model, err));
    XP_TRY(find_layer(c, err));
    XP_TRY(load_data(c, err));
    XP_TRY(make_nets(c, err));
    XP_TRY(take_memory(c, err));
    XP_TRY(check_records(c, err));
    XP_TRY(summarise(c, err));
    if (!c->opt->no_planted)
        XP_TRY(planted_play(&c->game, &c->data, &c->split, c->part, &c->file.model,
                            (uint64_t)c->opt->seed, c->pool, err));
    return c->opt->csv ? write_csv(c, err) : XP_OK;
}

static exit_code run(const command *self, int argc, char **argv) {
    xai_options opt = {
        .part = "test", .max_records = 20, .draws = 5, .val_fold = 9, .test_fold = 10, .seed = 1};
    arguments args;
    exit_code code;
    xp_error err;
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (!opt.model) return usage_error(self, "no model: give one with -m");
    xai_check c = {.opt = &opt, .rng = xp_rng_seed((uint64_t)opt.seed)};
    xp_status s = check(&c, &err);
    if (s == XP_OK) (opt.json ? print_json : print_text)(&c);
    free_all(&c);
    return s == XP_OK ? EXIT_CODE_OK : report_fatal(&err);
}

const command command_xai_check = {
    .name = "xai-check",
    .summary = "how far a model's maps can be trusted, label by label",
    .arguments =
        "-m MODEL --ds-name NAME --ds-dir DIR [--part test] [--max-records N] [--csv FILE]",
    .details =
        "Over each label's positive recordings: rank correlation of the maps with those of the "
        "model with shuffled\nweights (Adebayo et al. 2018), last layer first, then all; deletion "
        "and insertion curves (Petsiuk et al. 2018)\nagainst random order; stability under a shift "
        "of 10 ms and noise of 20 uV. Then the pointing game: a small\nnetwork is taught to find a "
        "burst planted in real recordings, and Grad-CAM, occlusion and integrated gradients\nmust "
        "point at it. What rests on fewer than 5 recordings is \"not defined\".",
    .options = OPTIONS,
    .run = run,
};
