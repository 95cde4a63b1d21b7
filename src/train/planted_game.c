#include "train/planted_game.h"

#include "attribution.h"
#include "data/dataset_load.h"
#include "eval/xai.h"
#include "nn/gradcam.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = (int)(XP_PLANTED_RATE * XP_PLANTED_SECONDS), BATCH = 16 };

typedef struct game {
    xp_planted_game *out;
    xp_rng rng;
    int leads, lead;
    float *train, *test; /* (recordings, LENGTH, leads), as they are; owned */
    xp_model net;        /* owned */
    xp_pool *pool;
    const xp_progress *progress;
} game;

static size_t record_floats(const game *g) {
    return (size_t)LENGTH * (size_t)g->leads;
}

/* A time at which the whole burst lies inside. */
static double draw_centre(game *g) {
    return 0.5 + (XP_PLANTED_SECONDS - 1) * xp_rng_uniform(&g->rng);
}

/* ==== the recordings ========================================================================= */

static xp_status copy_batches(float *to, size_t most, const game *g, xp_loader *loader,
                              xp_error *err) {
    for (size_t done = 0; done < most;) {
        xp_batch b;
        XP_TRY(xp_loader_next(loader, &b, err));
        if (!b.x) return xp_fail(err, XP_ERR_INTERNAL, "%zu of %zu records", done, most);
        const size_t n = (size_t)b.n < most - done ? (size_t)b.n : most - done;
        memcpy(to + done * record_floats(g), b.x, n * record_floats(g) * sizeof *to);
        done += n;
    }
    return XP_OK;
}

/* Up to `most` of a part's first recordings. */
static xp_status read_part(float **out, int *n, const game *g, xp_loader_options o,
                           const xp_split *split, xp_part part, int most, xp_error *err) {
    xp_loader *loader;
    o.items = split->items[part];
    o.n = split->n[part] < (size_t)most ? split->n[part] : (size_t)most;
    *n = (int)o.n;
    if (o.n == 0) return XP_OK;
    *out = malloc(o.n * record_floats(g) * sizeof **out);
    if (!*out) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d records", *n);
    XP_TRY(xp_loader_create(&loader, &o, err));
    xp_loader_start(loader, 0, 0, xp_loader_batches(&o));
    xp_status s = copy_batches(*out, o.n, g, loader, err);
    xp_loader_free(loader);
    return s;
}

static xp_status read_records(game *g, const xp_dataset *d, const xp_split *split, xp_part part,
                              const xp_model *m, xp_error *err) {
    const xp_input_spec spec = {.n_leads = m->n_leads,
                                .leads = (const char(*)[16])m->leads,
                                .rate = XP_PLANTED_RATE,
                                .length = LENGTH};
    xp_reader *reader;
    XP_TRY(xp_reader_create(&reader, d, &spec, NULL, NULL, err));
    const xp_loader_options o = {
        .data = d, .reader = reader, .spec = &spec, .batch = BATCH, .size = 1};
    xp_status s =
        read_part(&g->train, &g->out->trained, g, o, split, XP_PART_TRAIN, XP_PLANTED_TRAIN, err);
    if (s == XP_OK)
        s = read_part(&g->test, &g->out->tested, g, o, split, part, XP_PLANTED_TEST, err);
    xp_reader_free(reader);
    return s;
}

/* ==== training =============================================================================== */

static xp_status build_net(game *g, const xp_model *m, uint64_t seed, xp_error *err) {
    static const char *const labels[] = {"planted"};
    const char *leads[XP_MAX_LEADS];
    for (int i = 0; i < m->n_leads; i++) leads[i] = m->leads[i];
    const xp_arch_config cfg = {.arch = "ecg-xplaim",
                                .length = LENGTH,
                                .n_leads = m->n_leads,
                                .rate = XP_PLANTED_RATE,
                                .n_labels = 1,
                                .labels = labels,
                                .leads = leads,
                                .n_blocks = 3,
                                .filters = {4, 8, 16},
                                .n_kernels = 3,
                                .kernels = {2, 5, 12},
                                .dropout = -1};
    return xp_model_build(&g->net, &cfg, seed, err);
}

/* Half of the recordings with the burst. */
static void draw_batch(game *g, float *x, float *y) {
    for (int i = 0; i < BATCH; i++) {
        const size_t from = xp_rng_below(&g->rng, (uint32_t)g->out->trained);
        float *to = x + (size_t)i * record_floats(g);
        memcpy(to, g->train + from * record_floats(g), record_floats(g) * sizeof *to);
        y[i] = (float)(i % 2);
        if (i % 2)
            xp_plant_burst(to, LENGTH, g->leads, XP_PLANTED_RATE, g->lead, draw_centre(g),
                           XP_PLANTED_MV);
    }
}

static xp_status train_steps(game *g, xp_trainer *t, float *x, xp_error *err) {
    float y[BATCH];
    double loss;
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < XP_PLANTED_STEPS; i++) {
        draw_batch(g, x, y);
        s = xp_trainer_step(t, x, y, BATCH, &loss, err);
        xp_progress_report(g->progress, "training steps", i + 1, XP_PLANTED_STEPS);
    }
    return s;
}

static xp_status train(game *g, uint64_t seed, xp_error *err) {
    const xp_trainer_options o = {
        .batch = BATCH,
        .pool = g->pool,
        .seed = seed,
        .schedule = {.kind = XP_RATE_ONE_CYCLE, .rate = 0.01, .total = XP_PLANTED_STEPS}};
    xp_trainer *t;
    XP_TRY(xp_trainer_create(&t, &g->net, &o, err));
    float *x = malloc(BATCH * record_floats(g) * sizeof *x);
    xp_status s = x ? train_steps(g, t, x, err)
                    : xp_fail(err, XP_ERR_MEMORY, "not enough memory for a batch");
    free(x);
    xp_trainer_free(t);
    return s;
}

/* ==== the game =============================================================================== */

typedef struct player {
    xp_net *net, *untrained; /* both explain the layer; net its input, too */
    int layer, steps;        /* of the map */
    float *map, *other;      /* (steps) */
    float *ig;               /* (LENGTH, leads) */
    double rho_sum;
    int rho_n;
} player;

static bool in_reach(const player *p, int peak, double centre) {
    const double step = (double)XP_PLANTED_SECONDS / p->steps;
    return fabs((peak + 0.5) * step - centre) <= XP_PLANTED_TOLERANCE;
}

static double logit(xp_net *net, const float *x) {
    xp_net_forward(net, x);
    return (double)xp_net_logits(net)[0];
}

static xp_status compare_maps(player *p, const float *x, xp_error *err) {
    double rho;
    logit(p->untrained, x);
    XP_TRY(xp_gradcam_raw(p->untrained, p->layer, 0, p->other, err));
    for (int i = 0; i < p->steps; i++) {
        p->map[i] = fabsf(p->map[i]);
        p->other[i] = fabsf(p->other[i]);
    }
    XP_TRY(xp_spearman(p->map, p->other, p->steps, &rho, err));
    if (isnan(rho)) return XP_OK;
    p->rho_sum += rho;
    p->rho_n++;
    return XP_OK;
}

static xp_status point_at_lead(game *g, player *p, const float *x, xp_error *err) {
    float evidence[XP_MAX_LEADS];
    xp_ig_info info;
    XP_TRY(xp_occlusion(p->net, &g->net, x, &(xp_occlusion_options){0}, evidence, err));
    g->out->first_occlusion += xp_peak(evidence, g->leads) == g->lead;
    XP_TRY(xp_integrated_gradients(p->net, &g->net, x, 0, &(xp_ig_options){.max_steps = 15}, p->ig,
                                   &info, err));
    xp_attribution_pool(p->ig, LENGTH, g->leads, 0, evidence);
    g->out->first_ig += xp_peak(evidence, g->leads) == g->lead;
    return XP_OK;
}

static xp_status play_record(game *g, player *p, float *x, xp_error *err) {
    const double before = logit(p->net, x), centre = draw_centre(g);
    xp_plant_burst(x, LENGTH, g->leads, XP_PLANTED_RATE, g->lead, centre, XP_PLANTED_MV);
    g->out->found += logit(p->net, x) > before;
    XP_TRY(xp_gradcam_raw(p->net, p->layer, 0, p->map, err));
    g->out->hits += in_reach(p, xp_peak(p->map, p->steps), centre);
    int near = 0;
    for (int i = 0; i < p->steps; i++) near += in_reach(p, i, centre);
    g->out->chance += (double)near / p->steps / g->out->tested;
    XP_TRY(compare_maps(p, x, err));
    return point_at_lead(g, p, x, err);
}

static xp_status play_records(game *g, player *p, xp_error *err) {
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < g->out->tested; i++) {
        s = play_record(g, p, g->test + (size_t)i * record_floats(g), err);
        xp_progress_report(g->progress, "planted records", i + 1, g->out->tested);
    }
    g->out->rank_correlation = p->rho_n ? p->rho_sum / p->rho_n : NAN;
    return s;
}

static xp_status open_player(player *p, game *g, const xp_model *untrained, xp_error *err) {
    p->layer = xp_gradcam_default_layer(&g->net.graph);
    p->steps = g->net.graph.ops[p->layer].t;
    const xp_net_options both = {
        .n_explain = 2, .explain = {p->layer, XP_INPUT_OP}, .pool = g->pool};
    xp_net_options one = xp_net_explaining(p->layer);
    one.pool = g->pool;
    XP_TRY(xp_net_create(&p->net, &g->net, &both, err));
    XP_TRY(xp_net_create(&p->untrained, untrained, &one, err));
    p->map = malloc((2 * (size_t)p->steps + record_floats(g)) * sizeof *p->map);
    if (!p->map) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a map");
    p->other = p->map + p->steps;
    p->ig = p->other + p->steps;
    return XP_OK;
}

static xp_status play(game *g, const xp_model *untrained, xp_error *err) {
    player p = {0};
    xp_status s = open_player(&p, g, untrained, err);
    if (s == XP_OK) s = play_records(g, &p, err);
    xp_net_free(p.net);
    xp_net_free(p.untrained);
    free(p.map);
    return s;
}

static xp_status train_and_play(game *g, const xp_model *m, uint64_t seed, xp_error *err) {
    if (g->out->trained < XP_PLANTED_LEAST || g->out->tested < XP_PLANTED_LEAST) {
        *g->out = (xp_planted_game){.rank_correlation = NAN};
        return XP_OK;
    }
    game untrained = {.out = g->out};
    XP_TRY(build_net(g, m, seed, err));
    xp_status s = build_net(&untrained, m, seed, err);
    if (s == XP_OK) s = train(g, seed, err);
    if (s == XP_OK) s = play(g, &untrained.net, err);
    xp_model_free(&untrained.net);
    return s;
}

xp_status xp_planted_play(xp_planted_game *out, const xp_dataset *d, const xp_split *split,
                          xp_part part, const xp_model *m, uint64_t seed, xp_pool *pool,
                          const xp_progress *progress, xp_error *err) {
    xp_planted_game made = {0};
    game g = {.out = &made,
              .rng = xp_rng_seed(seed),
              .leads = m->n_leads,
              .lead = m->n_leads / 2,
              .pool = pool,
              .progress = progress};
    memcpy(made.lead, m->leads[g.lead], sizeof made.lead);
    xp_status s = read_records(&g, d, split, part, m, err);
    if (s == XP_OK) s = train_and_play(&g, m, seed, err);
    xp_model_free(&g.net);
    free(g.train);
    free(g.test);
    if (s == XP_OK) *out = made;
    return s;
}
