#include "train/trainer.h"

#include "train/adam.h"
#include "train/loss.h"
#include "train/trainer_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ==== learning rate ==== */

static double cosine(double from, double to, double part) {
    const double pi = 3.14159265358979323846;
    return to + (from - to) * 0.5 * (1 + cos(pi * (part < 1 ? part : 1)));
}

static double one_cycle(const xp_schedule *s, double part) {
    const double rise = 0.3;
    if (part < rise) return cosine(s->rate / 25, s->rate, part / rise);
    return cosine(s->rate, s->rate / 1e4, (part - rise) / (1 - rise));
}

double xp_schedule_rate(const xp_schedule *s, uint64_t step) {
    const double every = s->every ? (double)s->every : 1;
    const double part = s->total ? (double)step / (double)s->total : 1;
    double rate = s->rate;
    if (s->kind == XP_RATE_STAIRCASE)
        rate *= pow(s->factor, floor((double)step / every));
    else if (s->kind == XP_RATE_EXPONENTIAL)
        rate *= pow(s->factor, (double)step / every);
    else if (s->kind == XP_RATE_COSINE)
        rate = cosine(s->rate, s->rate * s->floor, part);
    else if (s->kind == XP_RATE_ONE_CYCLE)
        rate = one_cycle(s, part);
    if (step < s->warmup) rate *= (double)(step + 1) / (double)s->warmup;
    return rate;
}

/* ==== creation ==== */

static double or_default(double v, double otherwise) {
    return v > 0 ? v : otherwise;
}

static xp_status check_options(const xp_trainer_options *o, xp_error *err) {
    if (!(o->schedule.rate > 0) || !isfinite(o->schedule.rate))
        return xp_fail(err, XP_ERR_USAGE, "learning rate %g: expected a positive number",
                       o->schedule.rate);
    if (!(o->ema >= 0 && o->ema < 1))
        return xp_fail(err, XP_ERR_USAGE, "averaging of weights %g: expected 0 to below 1", o->ema);
    if (!(o->weight_decay >= 0) || !(o->l2 >= 0) || !(o->clip_norm >= 0))
        return xp_fail(err, XP_ERR_USAGE,
                       "weight decay %g, L2 %g, clipping %g: expected no negative number",
                       o->weight_decay, o->l2, o->clip_norm);
    return XP_OK;
}

/* The arrays of the optimiser, from one block. */
static void lay_out(xp_trainer *t, xp_arena *arena) {
    const size_t n = t->m->graph.n_weights, labels = (size_t)t->m->n_labels;
    t->moment1 = xp_arena_take(arena, n, sizeof(float));
    t->moment2 = xp_arena_take(arena, n, sizeof(float));
    t->average = t->opt.ema > 0 ? xp_arena_take(arena, n, sizeof(float)) : NULL;
    t->positive_weights =
        t->opt.positive_weights ? xp_arena_take(arena, labels, sizeof(float)) : NULL;
}

static const xp_net_options *eval_options(xp_trainer *t, xp_net_options *o) {
    *o = (xp_net_options){.pool = t->opt.pool, .kernels = t->opt.kernels};
    return o;
}

static xp_status measure(xp_trainer *t, xp_model *m, const xp_trainer_options *opt, bool create,
                         size_t *bytes, xp_error *err) {
    xp_net_options net;
    size_t net_bytes = 0;
    t->m = m;
    t->opt = *opt;
    t->opt.beta1 = or_default(opt->beta1, 0.9);
    t->opt.beta2 = or_default(opt->beta2, 0.999);
    t->opt.epsilon = or_default(opt->epsilon, 1e-7);
    if (!t->opt.kernels) t->opt.kernels = xp_kernels_best();
    t->rate_scale = 1;
    XP_TRY(check_options(opt, err));
    t->step = (xp_step){.m = m,
                        .kernels = t->opt.kernels,
                        .pool = opt->pool,
                        .comm = opt->comm && opt->comm->size > 1 ? opt->comm : NULL,
                        .batch = opt->batch,
                        .no_dropout = opt->no_dropout,
                        .seed = opt->seed};
    XP_TRY(create ? xp_step_create(&t->step, err) : xp_step_measure(&t->step, err));
    XP_TRY(xp_net_bytes(m, eval_options(t, &net), &net_bytes, err));
    xp_arena arena = {0};
    lay_out(t, &arena);
    t->block_bytes = arena.used;
    *bytes = sizeof *t + t->step.heap_bytes + t->step.block_bytes + arena.used + net_bytes;
    return XP_OK;
}

xp_status xp_trainer_bytes(const xp_model *m, const xp_trainer_options *opt, size_t *bytes,
                           xp_error *err) {
    xp_trainer t = {0};
    xp_model same = *m; /* only measured: nothing is written */
    xp_status s = measure(&t, &same, opt, false, bytes, err);
    xp_step_free(&t.step);
    return s;
}

static xp_status make_block(xp_trainer *t, xp_error *err) {
    t->block = xp_aligned_alloc(t->block_bytes);
    if (!t->block)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for the optimiser: %zu MiB",
                       t->block_bytes >> 20);
    xp_arena arena = {t->block, t->block_bytes, 0};
    lay_out(t, &arena);
    const size_t n = t->m->graph.n_weights;
    if (t->average) memcpy(t->average, t->m->weights, n * sizeof *t->average);
    if (t->positive_weights)
        memcpy(t->positive_weights, t->opt.positive_weights,
               (size_t)t->m->n_labels * sizeof(float));
    return XP_OK;
}

xp_status xp_trainer_create(xp_trainer **out, xp_model *m, const xp_trainer_options *opt,
                            xp_error *err) {
    size_t bytes;
    xp_trainer *t = calloc(1, sizeof *t);
    if (!t) return xp_fail(err, XP_ERR_MEMORY, "no memory for a trainer");
    xp_status s = measure(t, m, opt, true, &bytes, err);
    if (s == XP_OK) s = make_block(t, err);
    if (s == XP_OK)
        *out = t;
    else
        xp_trainer_free(t);
    return s;
}

void xp_trainer_free(xp_trainer *t) {
    if (!t) return;
    xp_step_free(&t->step);
    xp_net_free(t->net);
    xp_aligned_free(t->block);
    free(t);
}

/* ==== one step ==== */

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static xp_status sum_over_processes(const xp_trainer *t, double *v, size_t n, xp_error *err) {
    const xp_comm *c = t->step.comm;
    return c ? c->sum_doubles(c->ctx, v, n, err) : XP_OK;
}

static xp_loss loss_of(const xp_trainer *t, bool logits) {
    return (xp_loss){logits, t->positive_weights, t->m->n_labels};
}

enum { LOSS, KNOWN, LOSS_SUMS }; /* known: labels */

static void sum_leaf(const xp_trainer *t, const xp_loss *l, const float *out, const float *y,
                     int leaf, double *sums) {
    const int *begin = t->step.leaf_begin + leaf;
    const size_t first = (size_t)begin[0] * (size_t)l->labels;
    sums[KNOWN] = 0;
    sums[LOSS] =
        xp_loss_sum(l, out + first, y + first, (size_t)(begin[1] - begin[0]), &sums[KNOWN]);
}

/* The loss over all processes; the derivative is left in the step. */
static xp_status find_loss(xp_trainer *t, const float *y, int n, double *loss, xp_error *err) {
    const xp_loss l = loss_of(t, t->step.logits);
    const float *out = xp_step_output(&t->step);
    const int leaves = t->step.n_leaves;
    double sums[XP_SUM_LEAVES * LOSS_SUMS];
    for (int leaf = 0; leaf < leaves; leaf++)
        sum_leaf(t, &l, out, y, leaf, sums + leaf * LOSS_SUMS);
    xp_sum_tree_doubles(sums, leaves, LOSS_SUMS, LOSS_SUMS);
    XP_TRY(sum_over_processes(t, sums, LOSS_SUMS, err));
    *loss = sums[KNOWN] > 0 ? sums[LOSS] / sums[KNOWN] : 0;
    xp_loss_gradient(&l, xp_step_output_gradient(&t->step), out, y, (size_t)n,
                     sums[KNOWN] > 0 ? 1 / sums[KNOWN] : 0);
    if (isfinite(*loss)) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT,
                   "the loss of step %llu is not a number; a lower learning rate than %g, or "
                   "clipping of the gradient, may help",
                   (unsigned long long)t->steps, xp_trainer_rate(t));
}

/* Weights that decay: kernels, not biases, norms or moving statistics. */
static bool decays(const xp_param *p) {
    const char *dot = strrchr(p->name, '.');
    return dot && (strcmp(dot, ".kernel") == 0 || strcmp(dot, ".recurrent_kernel") == 0);
}

static void add_l2(xp_trainer *t) {
    const xp_graph *g = &t->m->graph;
    for (int i = 0; t->opt.l2 > 0 && i < g->n_params; i++) {
        const xp_param *p = &g->params[i];
        if (decays(p))
            t->opt.kernels->axpy(t->step.gradient + p->offset, (float)(2 * t->opt.l2),
                                 t->m->weights + p->offset, p->count);
    }
}

static double norm_of(const float *g, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)g[i] * (double)g[i];
    return sqrt(sum);
}

static xp_status finish_gradient(xp_trainer *t, xp_error *err) {
    const size_t n = t->m->graph.n_weights;
    const xp_comm *c = t->step.comm;
    if (c) XP_TRY(c->sum_floats(c->ctx, t->step.gradient, n, err));
    add_l2(t);
    t->norm = norm_of(t->step.gradient, n);
    if (!isfinite(t->norm))
        return xp_fail(err, XP_ERR_LIMIT,
                       "the gradient of step %llu is not finite; a lower learning rate than %g may "
                       "help",
                       (unsigned long long)t->steps, xp_trainer_rate(t));
    if (!(t->opt.clip_norm > 0) || t->norm <= t->opt.clip_norm) return XP_OK;
    const float scale = (float)(t->opt.clip_norm / t->norm);
    for (size_t i = 0; i < n; i++) t->step.gradient[i] *= scale;
    return XP_OK;
}

typedef struct update_job {
    xp_trainer *t;
    xp_adam adam;
} update_job;

/* The part of each tensor that lies in [begin, end), in blocks of UPDATE_BLOCK weights. */
enum { UPDATE_BLOCK = 4096 };

static void update_range(void *ctx, int begin, int end, int thread) {
    const update_job *j = ctx;
    xp_trainer *t = j->t;
    const size_t from = (size_t)begin * UPDATE_BLOCK, to = (size_t)end * UPDATE_BLOCK;
    (void)thread;
    for (int i = 0; i < t->m->graph.n_params; i++) {
        const xp_param *p = &t->m->graph.params[i];
        const size_t a = p->offset > from ? p->offset : from;
        const size_t b = p->offset + p->count < to ? p->offset + p->count : to;
        xp_adam adam = j->adam;
        if (!p->trainable || a >= b) continue;
        if (!decays(p)) adam.decay = 0;
        xp_adam_update(&adam, t->m->weights + a, t->moment1 + a, t->moment2 + a,
                       t->step.gradient + a, b - a);
    }
}

/* Of an average over the steps so far, what the next one may leave: a share that grows with their
 * number n as n / (n + 3), so that what was there at the beginning has no part in it and the later
 * steps count most (polynomial decay: Shamir and Zhang 2013). From some 300 steps on a momentum of
 * 0.99 is less. */
static double most_kept(const xp_trainer *t) {
    const double n = (double)t->steps;
    return t->opt.keras_averages ? 1 : n / (n + 3);
}

static void update(xp_trainer *t) {
    const size_t n = t->m->graph.n_weights;
    update_job j = {t,
                    {.beta1 = t->opt.beta1,
                     .beta2 = t->opt.beta2,
                     .epsilon = t->opt.epsilon,
                     .rate = xp_trainer_rate(t),
                     .decay = t->opt.weight_decay,
                     .step = t->steps + 1}};
    xp_parallel_for(t->opt.pool, (int)((n + UPDATE_BLOCK - 1) / UPDATE_BLOCK), update_range, &j);
    xp_step_update_moving(&t->step, t->m->weights, most_kept(t));
    if (t->average) xp_average_update(t->average, t->m->weights, fmin(t->opt.ema, most_kept(t)), n);
    t->steps++;
}

xp_status xp_trainer_step(xp_trainer *t, const float *x, const float *y, int n, double *loss,
                          xp_error *err) {
    if (n < 1 || n > t->opt.batch)
        return xp_fail(err, XP_ERR_USAGE, "a step on %d records: expected 1 to %d", n,
                       t->opt.batch);
    double mean = 0, begin = now_ms();
    XP_TRY(xp_step_forward(&t->step, x, n, t->steps, err));
    const double forward = now_ms();
    XP_TRY(find_loss(t, y, n, &mean, err));
    const double found = now_ms();
    XP_TRY(xp_step_backward(&t->step, err));
    XP_TRY(finish_gradient(t, err));
    const double backward = now_ms();
    update(t);
    const double end = now_ms();
    t->times.forward += forward - begin;
    t->times.loss += found - forward;
    t->times.backward += backward - found;
    t->times.update += end - backward;
    t->times.total += end - begin;
    t->times.records += (uint64_t)n;
    *loss = mean;
    return XP_OK;
}

/* ==== evaluation ==== */

/* The network of an earlier evaluation is given back first: both never exist together. */
xp_status xp_trainer_eval_begin(xp_trainer *t, xp_error *err) {
    xp_net_options o;
    xp_net_free(t->net);
    t->net = NULL;
    t->eval_model = *t->m;
    if (t->average && !t->swapped) t->eval_model.weights = t->average;
    return xp_net_create(&t->net, &t->eval_model, eval_options(t, &o), err);
}

xp_status xp_trainer_eval(xp_trainer *t, const float *x, const float *y, int n, float *p,
                          double *loss_sum, double *known, xp_error *err) {
    const size_t labels = (size_t)t->m->n_labels;
    const size_t record = (size_t)t->m->length * (size_t)t->m->n_leads;
    const xp_loss l = loss_of(t, t->step.logits);
    if (!t->net) return xp_fail(err, XP_ERR_USAGE, "evaluation without xp_trainer_eval_begin");
    for (int r = 0; r < n; r++) {
        xp_net_forward(t->net, x + (size_t)r * record);
        const float *probabilities = xp_net_probabilities(t->net);
        const float *out = l.logits ? xp_net_logits(t->net) : probabilities;
        if (p) memcpy(p + (size_t)r * labels, probabilities, labels * sizeof *p);
        if (y) *loss_sum += xp_loss_sum(&l, out, y + (size_t)r * labels, 1, known);
    }
    return XP_OK;
}

void xp_trainer_swap_average(xp_trainer *t) {
    if (!t->average) return;
    for (size_t i = 0; i < t->m->graph.n_weights; i++) {
        const float w = t->m->weights[i];
        t->m->weights[i] = t->average[i];
        t->average[i] = w;
    }
    t->swapped = !t->swapped;
}

/* ==== asking ==== */

const float *xp_trainer_gradient(const xp_trainer *t) {
    return t->step.gradient;
}

double xp_trainer_gradient_norm(const xp_trainer *t) {
    return t->norm;
}

uint64_t xp_trainer_steps(const xp_trainer *t) {
    return t->steps;
}

double xp_trainer_rate(const xp_trainer *t) {
    return t->rate_scale * xp_schedule_rate(&t->opt.schedule, t->steps);
}

void xp_trainer_scale_rate(xp_trainer *t, double factor) {
    t->rate_scale *= factor;
}

void xp_trainer_profile(xp_trainer *t, bool on) {
    t->step.profile = on;
    t->step.conv_forward = t->step.conv_backward = 0;
    t->times = (xp_trainer_times){0};
}

xp_trainer_times xp_trainer_time(const xp_trainer *t) {
    xp_trainer_times times = t->times;
    times.conv_forward = t->step.conv_forward;
    times.conv_backward = t->step.conv_backward;
    return times;
}
