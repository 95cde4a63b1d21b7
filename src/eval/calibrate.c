#include "eval/calibrate.h"

#include <math.h>

/* A float32 probability of 0 or 1 stands for log-odds beyond +-17; this is where it is put. */
static const double EDGE = 1e-9;

static double log_odds(double probability) {
    double p = fmin(fmax(probability, EDGE), 1 - EDGE);
    return log(p) - log1p(-p);
}

static double logistic(double z) {
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* log(1 + exp(z)) without overflow: the loss of a negative at log-odds z. */
static double softplus(double z) {
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}

/* Labels first .. last - 1 of p, and the prior around `centre`. */
typedef struct fit {
    const xp_predictions *p;
    int first, last;
    bool prior;
    xp_scaling centre;
} fit;

/* The penalised loss, its gradient and its second derivatives (slope-slope, slope-offset,
 * offset-offset) at s; derivatives may be NULL. */
static double penalised_loss(const fit *f, xp_scaling s, double gradient[2], double hessian[3]) {
    double loss = 0, g[2] = {0, 0}, h[3] = {0, 0, 0};
    for (size_t i = 0; i < f->p->n; i++)
        for (int l = f->first; l < f->last; l++) {
            size_t at = i * (size_t)f->p->labels + (size_t)l;
            if (f->p->truth[at] < 0) continue;
            double x = log_odds(f->p->score[at]), z = s.slope * x + s.offset, q = logistic(z);
            double error = q - f->p->truth[at], w = q * (1 - q);
            loss += softplus(f->p->truth[at] ? -z : z);
            g[0] += error * x;
            g[1] += error;
            h[0] += w * x * x;
            h[1] += w * x;
            h[2] += w;
        }
    if (f->prior) {
        static const double sd[2] = {XP_CALIBRATE_SLOPE_SD, XP_CALIBRATE_OFFSET_SD};
        const double d[2] = {s.slope - f->centre.slope, s.offset - f->centre.offset};
        for (int k = 0; k < 2; k++) {
            loss += d[k] * d[k] / (2 * sd[k] * sd[k]);
            g[k] += d[k] / (sd[k] * sd[k]);
            h[2 * k] += 1 / (sd[k] * sd[k]);
        }
    }
    for (int k = 0; gradient && k < 2; k++) gradient[k] = g[k];
    for (int k = 0; hessian && k < 3; k++) hessian[k] = h[k];
    return loss;
}

/* Newton's method with halved steps; the loss is convex. The slope stays positive: a step that
 * would cross 0 is halved like one that does not help. */
static xp_scaling minimise(const fit *f, xp_scaling s) {
    for (int step = 0; step < 100; step++) {
        double g[2], h[3], loss = penalised_loss(f, s, g, h);
        double ridge = 1e-9 * (h[0] + h[2]) + 1e-300;
        double det = (h[0] + ridge) * (h[2] + ridge) - h[1] * h[1];
        double d[2] = {(g[0] * (h[2] + ridge) - g[1] * h[1]) / det,
                       (g[1] * (h[0] + ridge) - g[0] * h[1]) / det};
        if (!(fabs(d[0]) + fabs(d[1]) > 1e-10)) break;
        bool better = false;
        for (double t = 1; t > 1e-6 && !better; t /= 2) {
            xp_scaling next = {s.slope - t * d[0], s.offset - t * d[1]};
            if (next.slope <= 0 || penalised_loss(f, next, NULL, NULL) > loss) continue;
            s = next;
            better = true;
        }
        if (!better) break;
    }
    return s;
}

static bool both_classes(const xp_predictions *p, int label) {
    bool seen[2] = {false, false};
    for (size_t i = 0; i < p->n; i++) {
        int8_t y = p->truth[i * (size_t)p->labels + (size_t)label];
        if (y >= 0) seen[y] = true;
    }
    return seen[0] && seen[1];
}

static xp_status check(const xp_predictions *p, xp_error *err) {
    int usable = 0;
    for (size_t i = 0; i < p->n * (size_t)p->labels; i++)
        if (!(p->score[i] >= 0 && p->score[i] <= 1))
            return xp_fail(err, XP_ERR_FORMAT,
                           "case %zu, label %zu: the score %g is no probability (0 to 1)",
                           i / (size_t)p->labels, i % (size_t)p->labels, p->score[i]);
    for (int l = 0; l < p->labels; l++) usable += both_classes(p, l);
    if (usable > 0) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "no label has both positives and negatives among the %zu cases: there is "
                   "nothing to calibrate on",
                   p->n);
}

xp_status xp_calibrate(const xp_predictions *p, xp_scaling *out, xp_error *err) {
    XP_TRY(check(p, err));
    const fit all = {.p = p, .first = 0, .last = p->labels};
    xp_scaling common = minimise(&all, (xp_scaling){1, 0});
    for (int l = 0; l < p->labels; l++) {
        const fit own = {.p = p, .first = l, .last = l + 1, .prior = true, .centre = common};
        out[l] = both_classes(p, l) ? minimise(&own, common) : common;
    }
    return XP_OK;
}

double xp_scaling_loss(const xp_predictions *p, int label, xp_scaling s) {
    const fit f = {.p = p, .first = label, .last = label + 1};
    size_t known = 0;
    for (size_t i = 0; i < p->n; i++) known += p->truth[i * (size_t)p->labels + (size_t)label] >= 0;
    return known ? penalised_loss(&f, s, NULL, NULL) / (double)known : NAN;
}
