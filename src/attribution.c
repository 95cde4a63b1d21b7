#include "attribution.h"

#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static xp_status tell(const xp_attribution_progress *p, int done, int total, xp_error *err) {
    if (!p->fn || p->fn(p->ctx, done, total)) return XP_OK;
    return xp_fail(err, XP_ERR_CANCELLED, "stopped after %d of %d passes", done, total);
}

static size_t input_floats(const xp_model *m) {
    return (size_t)m->length * (size_t)m->n_leads;
}

/* ==== segments =============================================================================== */

int xp_attribution_segments(int length, int segment) {
    return segment > 0 ? (length - 1) / segment + 1 : 1;
}

void xp_attribution_pool(const float *ig, int length, int n_leads, int segment, float *out) {
    const int n = xp_attribution_segments(length, segment);
    for (int lead = 0; lead < n_leads; lead++)
        for (int s = 0; s < n; s++) {
            const int begin = s * segment, end = s < n - 1 ? begin + segment : length;
            double sum = 0;
            for (int i = begin; i < end; i++)
                sum += (double)ig[(size_t)i * (size_t)n_leads + (size_t)lead];
            out[(size_t)lead * (size_t)n + (size_t)s] = (float)sum;
        }
}

/* ==== occlusion ============================================================================== */

typedef struct occlusion {
    xp_net *net;
    const xp_model *m;
    const float *x;
    xp_occlusion_options opt; /* n_leads and valid as numbers */
    int segments;
    float *occluded; /* (length, n_leads): x but for the piece */
    float *logits;   /* (n_labels) of x */
    float *evidence; /* as the result */
} occlusion;

static xp_status occlusion_check(const occlusion *o, xp_error *err) {
    const xp_occlusion_options *p = &o->opt;
    const xp_model *m = o->m;
    if (p->first_lead < 0 || p->n_leads < 1 || p->n_leads > m->n_leads - p->first_lead)
        return xp_fail(err, XP_ERR_USAGE, "occlusion of %d leads from lead %d: the model has %d",
                       p->n_leads, p->first_lead, m->n_leads);
    if (p->segment < 0 || p->segment > m->length)
        return xp_fail(err, XP_ERR_USAGE, "segments of %d samples: expected 1 to %d, or 0",
                       p->segment, m->length);
    if (p->valid < 1 || p->valid > m->length)
        return xp_fail(err, XP_ERR_USAGE, "%d recorded samples: expected 1 to %d", p->valid,
                       m->length);
    return XP_OK;
}

static float baseline_of(const occlusion *o, int lead) {
    if (o->opt.baseline == XP_BASELINE_ZERO) return 0;
    double sum = 0;
    for (int i = 0; i < o->opt.valid; i++)
        sum += (double)o->x[(size_t)i * (size_t)o->m->n_leads + (size_t)lead];
    return (float)(sum / o->opt.valid);
}

/* Replace samples [begin, end) of a lead, ask, and put them back. */
static void occlude(occlusion *o, int lead, float value, int begin, int end) {
    const size_t leads = (size_t)o->m->n_leads, at = (size_t)lead;
    for (int i = begin; i < end; i++) o->occluded[(size_t)i * leads + at] = value;
    xp_net_forward(o->net, o->occluded);
    for (int i = begin; i < end; i++)
        o->occluded[(size_t)i * leads + at] = o->x[(size_t)i * leads + at];
}

static void keep_evidence(occlusion *o, int lead, int segment) {
    const float *now = xp_net_logits(o->net);
    for (int k = 0; k < o->m->n_labels; k++) {
        size_t row = (size_t)k * (size_t)o->opt.n_leads + (size_t)(lead - o->opt.first_lead);
        o->evidence[row * (size_t)o->segments + (size_t)segment] = o->logits[k] - now[k];
    }
}

static xp_status occlude_all(occlusion *o, xp_error *err) {
    const int piece = o->opt.segment ? o->opt.segment : o->m->length;
    const int recorded = xp_attribution_segments(o->opt.valid, piece);
    const int total = 1 + o->opt.n_leads * recorded;
    int done = 1;
    memcpy(o->occluded, o->x, input_floats(o->m) * sizeof(float));
    xp_net_forward(o->net, o->x);
    memcpy(o->logits, xp_net_logits(o->net), (size_t)o->m->n_labels * sizeof(float));
    XP_TRY(tell(&o->opt.progress, done, total, err));
    for (int i = 0; i < o->opt.n_leads; i++) {
        const int lead = o->opt.first_lead + i;
        const float value = baseline_of(o, lead);
        for (int s = 0; s < recorded; s++) {
            const int begin = s * piece;
            const int end = o->opt.valid - begin < piece ? o->opt.valid : begin + piece;
            occlude(o, lead, value, begin, end);
            keep_evidence(o, lead, s);
            XP_TRY(tell(&o->opt.progress, ++done, total, err));
        }
    }
    return XP_OK;
}

static occlusion occlusion_make(xp_net *net, const xp_model *m, const float *x,
                                const xp_occlusion_options *opt) {
    occlusion o = {.net = net, .m = m, .x = x, .opt = *opt};
    if (o.opt.n_leads == 0) o.opt.n_leads = m->n_leads - o.opt.first_lead;
    if (o.opt.valid == 0) o.opt.valid = m->length;
    o.segments = xp_attribution_segments(m->length, opt->segment);
    return o;
}

/* SIZE_MAX where it is more than can be addressed. */
static size_t evidence_floats(const occlusion *o) {
    size_t rows, n;
    bool fits = xp_mul_size((size_t)o->m->n_labels, (size_t)o->opt.n_leads, &rows) &&
                xp_mul_size(rows, (size_t)o->segments, &n);
    return fits ? n : SIZE_MAX;
}

size_t xp_occlusion_bytes(const xp_model *m, const xp_occlusion_options *opt) {
    const occlusion o = occlusion_make(NULL, m, NULL, opt);
    size_t n, bytes;
    bool fits = xp_add_size(evidence_floats(&o), input_floats(m) + (size_t)m->n_labels, &n) &&
                xp_mul_size(n, sizeof(float), &bytes);
    return fits ? bytes : SIZE_MAX;
}

xp_status xp_occlusion(xp_net *net, const xp_model *m, const float *x,
                       const xp_occlusion_options *opt, float *evidence, xp_error *err) {
    occlusion o = occlusion_make(net, m, x, opt);
    XP_TRY(occlusion_check(&o, err));
    const size_t bytes = xp_occlusion_bytes(m, opt);
    float *work = bytes < SIZE_MAX ? calloc(1, bytes) : NULL;
    if (!work) return xp_fail(err, XP_ERR_MEMORY, "no memory for occlusion: %zu KiB", bytes >> 10);
    o.occluded = work;
    o.logits = work + input_floats(m);
    o.evidence = o.logits + m->n_labels;
    xp_status s = occlude_all(&o, err);
    if (s == XP_OK) memcpy(evidence, o.evidence, evidence_floats(&o) * sizeof *evidence);
    free(work);
    return s;
}

/* ==== integrated gradients ===================================================================
 *
 * The mean over points (j + 1/2) / n of [0, 1], as the midpoint rule has it: with three times as
 * many points the old ones are among the new, so that no pass is made twice and one running sum of
 * gradients is all that is kept. The points are squared: near the zero record, where every lead is
 * flat and the first units switch on, the logit bends most. */

enum { IG_FIRST = 15, IG_MAX_STEPS = 1215 };
static const double IG_TOLERANCE = 0.01;

typedef struct ig_work {
    xp_net *net;
    const xp_model *m;
    const float *x;
    int label, done;
    double tolerance;
    int max_steps;
    const xp_attribution_progress *progress;
    double *sum;     /* (length, n_leads): weighted gradients so far */
    float *scaled;   /* (length, n_leads): the point */
    float *gradient; /* (length, n_leads) */
    float *seed;     /* (n_labels) */
    xp_ig_info info;
} ig_work;

static double logit_at(ig_work *w, double scale) {
    const size_t n = input_floats(w->m);
    for (size_t i = 0; i < n; i++) w->scaled[i] = (float)(scale * (double)w->x[i]);
    xp_net_forward(w->net, w->scaled);
    return (double)xp_net_logits(w->net)[w->label];
}

/* Add the gradient at point u^2 with its weight, d(u^2)/du. */
static xp_status add_point(ig_work *w, double u, xp_error *err) {
    const size_t n = input_floats(w->m);
    logit_at(w, u * u);
    XP_TRY(xp_net_gradient(w->net, w->seed, XP_INPUT_OP, w->gradient, err));
    for (size_t i = 0; i < n; i++) w->sum[i] += 2 * u * (double)w->gradient[i];
    w->done++;
    return XP_OK;
}

/* The points of n that are not among those of n / 3; all of them at first. */
static xp_status add_points(ig_work *w, int n, xp_error *err) {
    for (int j = 0; j < n; j++) {
        if (n > IG_FIRST && j % 3 == 1) continue;
        XP_TRY(add_point(w, (j + 0.5) / n, err));
        XP_TRY(tell(w->progress, w->done, n, err));
    }
    return XP_OK;
}

static void judge(ig_work *w, int n) {
    const size_t floats = input_floats(w->m);
    xp_ig_info *info = &w->info;
    double sum = 0;
    for (size_t i = 0; i < floats; i++) sum += (double)w->x[i] * w->sum[i];
    const double difference = info->logit - info->baseline_logit;
    info->steps = n;
    info->sum = sum / n;
    info->residual = info->sum - difference;
    info->complete = fabs(info->residual) <= w->tolerance * fmax(fabs(difference), XP_IG_SMALL);
}

static xp_status integrate(ig_work *w, xp_error *err) {
    w->seed[w->label] = 1;
    w->info.logit = logit_at(w, 1);
    w->info.baseline_logit = logit_at(w, 0);
    for (int n = IG_FIRST;; n *= 3) {
        XP_TRY(add_points(w, n, err));
        judge(w, n);
        if (w->info.complete || n > w->max_steps / 3) return XP_OK;
    }
}

static xp_status ig_check(const ig_work *w, xp_error *err) {
    if (w->label < 0 || w->label >= w->m->n_labels)
        return xp_fail(err, XP_ERR_USAGE, "label %d does not exist; the model has %d", w->label,
                       w->m->n_labels);
    if (!xp_net_keeps(w->net, XP_INPUT_OP))
        return xp_fail(err, XP_ERR_USAGE,
                       "integrated gradients: the network was not made to explain its input");
    if (!(w->tolerance > 0) || w->max_steps < IG_FIRST)
        return xp_fail(err, XP_ERR_USAGE,
                       "integrated gradients within %g in %d steps: expected more than 0, and at "
                       "least %d steps",
                       w->tolerance, w->max_steps, IG_FIRST);
    return XP_OK;
}

size_t xp_ig_bytes(const xp_model *m) {
    return input_floats(m) * (sizeof(double) + 2 * sizeof(float)) +
           (size_t)m->n_labels * sizeof(float);
}

xp_status xp_integrated_gradients(xp_net *net, const xp_model *m, const float *x, int label,
                                  const xp_ig_options *opt, float *ig, xp_ig_info *info,
                                  xp_error *err) {
    const size_t n = input_floats(m);
    ig_work w = {.net = net,
                 .m = m,
                 .x = x,
                 .label = label,
                 .tolerance = opt->tolerance != 0 ? opt->tolerance : IG_TOLERANCE,
                 .max_steps = opt->max_steps ? opt->max_steps : IG_MAX_STEPS,
                 .progress = &opt->progress};
    XP_TRY(ig_check(&w, err));
    w.sum = calloc(1, xp_ig_bytes(m));
    if (!w.sum)
        return xp_fail(err, XP_ERR_MEMORY, "no memory for integrated gradients: %zu KiB",
                       xp_ig_bytes(m) >> 10);
    w.scaled = (float *)(w.sum + n);
    w.gradient = w.scaled + n;
    w.seed = w.gradient + n;
    xp_status s = integrate(&w, err);
    for (size_t i = 0; s == XP_OK && i < n; i++)
        ig[i] = (float)((double)x[i] * w.sum[i] / w.info.steps);
    if (s == XP_OK) *info = w.info;
    free(w.sum);
    return s;
}
