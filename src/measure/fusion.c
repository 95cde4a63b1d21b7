/* Fusion beats: a sinus impulse and a ventricular one meet in the ventricles, and what is recorded
 * is a mixture of both complexes. A beat's complex, in all leads at once, is fitted as a part of
 * the dominant kind's and a part of a ventricular kind's, each moved a little. It is a fusion beat
 * where both parts are substantial, little is left over, much more is left by either kind alone,
 * and the dominant kind's part lies where a sinus beat was due; in an irregular rhythm, where the
 * dominant kind's P wave precedes it. Without a ventricular kind in the window, or with a
 * pacemaker's stimuli there, no beat is one. */
#include "measure/measure_internal.h"

#include <string.h>

#define STEP_S 0.004
/* What is fitted of a beat, about its fiducial point; and how far a part may be moved. */
#define BEFORE_S 0.12
#define AFTER_S 0.16
#define REACH_N_S 0.06
#define REACH_V_S 0.12
/* Of the beat's energy, what a kind alone leaves where it may be a fusion beat, and both together;
 * and that of what the better kind alone leaves. */
#define ALONE_N 0.05
#define ALONE_V 0.01
#define LEFT 0.25
#define LEFT_OF_ALONE 0.5
/* Parts of the kinds' complexes. */
#define PART_N 0.15
#define PART_V 0.1
#define PART_MOST 1.5
#define ENERGY 0.01 /* of a part, of the beat's */
/* Of the usual interval: how far a sinus beat may be from where it was due, and how soon after the
 * beat before it. */
#define DUE 0.15
#define SOONEST 0.75
#define ALIKE 0.12 /* intervals of a regular rhythm */
#define P_ALIKE 0.7

/* Reaches in points, which are 2.7 to 5.3 ms apart, at most. */
enum { REACH_N_MOST = 24, REACH_V_MOST = 46, COARSE = 2, NEAR = 2, CYCLES = 3 };

static int step_of(const measure_window *w) {
    const int step = measure_samples(w, STEP_S);
    return step < 1 ? 1 : step;
}

static int points(const measure_window *w, double s) {
    return measure_samples(w, s) / step_of(w);
}

static int fitted_points(const measure_window *w) {
    return points(w, BEFORE_S + AFTER_S) + 1;
}

/* A shape has the points that are fitted, and those that a part may be moved by on either side. */
static int shape_points(const measure_window *w) {
    return fitted_points(w) + 2 * points(w, REACH_V_S);
}

/* Rows of shapes: the sum of each group's beats, then a beat and the two kinds it is fitted with.
 */
enum { ROW_BEAT = MEASURE_GROUPS, ROW_N, ROW_V, ROWS };

size_t measure_shape_floats(const measure_window *w) {
    return (size_t)ROWS * MEASURE_DETECTORS * (size_t)shape_points(w);
}

static float *shape_row(const measure_window *w, int row, int detector) {
    const size_t n = (size_t)shape_points(w);
    return w->shapes + ((size_t)row * MEASURE_DETECTORS + (size_t)detector) * n;
}

typedef struct fusion_counts {
    int of_group[MEASURE_GROUPS];
} fusion_counts;

/* ==== shapes ================================================================================= */

static int shape_from(const measure_window *w, int i) {
    return w->beats[i].at - measure_samples(w, BEFORE_S) - points(w, REACH_V_S) * step_of(w);
}

/* Whether all leads show the beat, as far as its shape reaches. */
static bool is_shown(const measure_window *w, int i) {
    const int from = shape_from(w, i) - step_of(w);
    const int to = from + (shape_points(w) + 1) * step_of(w);
    if (from < 0 || to >= w->n) return false;
    for (int d = 0; d < w->detectors.n; d++)
        if (measure_is_blind(w, w->detectors.lead[d], from, to)) return false;
    return true;
}

/* Means about each point, times the lead's weight. */
static void take_shape(const measure_window *w, int i, int detector, float *out) {
    const int step = step_of(w), n = shape_points(w);
    const float scale = w->detectors.weight[detector] / (float)(2 * step + 1);
    const float *x = measure_lead(w, w->detectors.lead[detector]) + shape_from(w, i);
    for (int k = 0; k < n; k++) {
        float sum = 0;
        for (int j = k * step - step; j <= k * step + step; j++) sum += x[j];
        out[k] = sum * scale;
    }
}

static void sum_shapes(measure_window *w, fusion_counts *count) {
    const int n = shape_points(w);
    memset(w->shapes, 0, measure_shape_floats(w) * sizeof *w->shapes);
    for (int i = 0; i < w->n_beats; i++) {
        const int group = w->beats[i].group;
        if (group < 0 || !is_shown(w, i)) continue;
        count->of_group[group]++;
        for (int d = 0; d < w->detectors.n; d++) {
            float *sum = shape_row(w, group, d), *one = shape_row(w, ROW_BEAT, d);
            take_shape(w, i, d, one);
            for (int k = 0; k < n; k++) sum[k] += one[k];
        }
    }
}

/* The mean shape of a group into a row, without the beat in ROW_BEAT where that is one of it.
 * Returns whether there is another. */
static bool mean_shape(const measure_window *w, const fusion_counts *count, int group, bool own,
                       int row) {
    const int others = count->of_group[group] - own;
    if (others < 1) return false;
    for (int d = 0; d < w->detectors.n; d++) {
        const float *sum = shape_row(w, group, d), *one = shape_row(w, ROW_BEAT, d);
        float *mean = shape_row(w, row, d);
        for (int k = 0; k < shape_points(w); k++)
            mean[k] = (sum[k] - (own ? one[k] : 0)) / (float)others;
    }
    return true;
}

/* ==== fitting ================================================================================ */

/* A beat beside two kinds: products over all leads, each lead less its mean, by the lag. */
typedef struct products {
    int n, reach_n, reach_v;
    double xx;
    double xn[2 * REACH_N_MOST + 1], nn[2 * REACH_N_MOST + 1];
    double xv[2 * REACH_V_MOST + 1], vv[2 * REACH_V_MOST + 1];
} products;

typedef struct mixture {
    double left, left_n, left_v; /* of the beat's energy: by both, by one alone */
    double a, b;                 /* parts of the kinds */
    double of_n, of_v;           /* their energy, of the beat's */
    int lag_n, lag_v;            /* points */
} mixture;

static double product(const float *a, const float *b, int n) {
    double ab = 0, sa = 0, sb = 0;
    for (int k = 0; k < n; k++) {
        ab += (double)a[k] * (double)b[k];
        sa += (double)a[k];
        sb += (double)b[k];
    }
    return ab - sa * sb / n;
}

static const float *moved(const measure_window *w, int row, int detector, int lag) {
    return shape_row(w, row, detector) + points(w, REACH_V_S) + lag;
}

static void multiply(const measure_window *w, products *p) {
    *p = (products){
        .n = fitted_points(w), .reach_n = points(w, REACH_N_S), .reach_v = points(w, REACH_V_S)};
    for (int d = 0; d < w->detectors.n; d++) {
        const float *x = moved(w, ROW_BEAT, d, 0);
        p->xx += product(x, x, p->n);
        for (int s = -p->reach_n; s <= p->reach_n; s++) {
            const float *y = moved(w, ROW_N, d, s);
            p->xn[s + p->reach_n] += product(x, y, p->n);
            p->nn[s + p->reach_n] += product(y, y, p->n);
        }
        for (int t = -p->reach_v; t <= p->reach_v; t++) {
            const float *y = moved(w, ROW_V, d, t);
            p->xv[t + p->reach_v] += product(x, y, p->n);
            p->vv[t + p->reach_v] += product(y, y, p->n);
        }
    }
}

/* What the best lag leaves of the beat, by one kind alone. */
static double left_alone(const double *xy, const double *yy, int lags, double xx) {
    double most = 0;
    for (int k = 0; k < lags; k++)
        if (xy[k] > 0 && xy[k] * xy[k] > most * yy[k]) most = xy[k] * xy[k] / yy[k];
    return 1 - most / xx;
}

/* The mixture at two lags, if it is a better one than *best. */
static void try_lags(const measure_window *w, const products *p, int s, int t, mixture *best) {
    const double xn = p->xn[s + p->reach_n], nn = p->nn[s + p->reach_n];
    const double xv = p->xv[t + p->reach_v], vv = p->vv[t + p->reach_v];
    double nv = 0;
    for (int d = 0; d < w->detectors.n; d++)
        nv += product(moved(w, ROW_N, d, s), moved(w, ROW_V, d, t), p->n);
    const double det = nn * vv - nv * nv;
    if (!(det > 1e-6 * nn * vv)) return;
    const double a = (xn * vv - xv * nv) / det, b = (xv * nn - xn * nv) / det;
    if (!(a > 0 && b > 0)) return;
    const double left = 1 - (a * xn + b * xv) / p->xx;
    if (left >= best->left) return;
    *best = (mixture){
        left, best->left_n, best->left_v, a, b, a * a * nn / p->xx, b * b * vv / p->xx, s, t};
}

static mixture fit(const measure_window *w) {
    products p;
    mixture best = {.left = 1};
    multiply(w, &p);
    if (!(p.xx > 0)) return best;
    best.left_n = left_alone(p.xn, p.nn, 2 * p.reach_n + 1, p.xx);
    best.left_v = left_alone(p.xv, p.vv, 2 * p.reach_v + 1, p.xx);
    for (int s = -p.reach_n / COARSE * COARSE; s <= p.reach_n; s += COARSE)
        for (int t = -p.reach_v / COARSE * COARSE; t <= p.reach_v; t += COARSE)
            try_lags(w, &p, s, t, &best);
    const int at_n = best.lag_n, at_v = best.lag_v;
    for (int s = at_n - 1; s <= at_n + 1; s++)
        for (int t = at_v - 1; t <= at_v + 1; t++)
            if (s >= -p.reach_n && s <= p.reach_n && t >= -p.reach_v && t <= p.reach_v)
                try_lags(w, &p, s, t, &best);
    return best;
}

/* Whether the dominant kind alone leaves little, moved next to nothing: most beats are so. */
static bool is_dominant(const measure_window *w) {
    const int n = fitted_points(w);
    for (int s = -NEAR; s <= NEAR; s++) {
        double xx = 0, xn = 0, nn = 0;
        for (int d = 0; d < w->detectors.n; d++) {
            const float *x = moved(w, ROW_BEAT, d, 0), *y = moved(w, ROW_N, d, s);
            xx += product(x, x, n);
            xn += product(x, y, n);
            nn += product(y, y, n);
        }
        if (xn > 0 && xn * xn >= (1 - ALONE_N) * xx * nn) return true;
    }
    return false;
}

static bool is_mixture(const mixture *m) {
    const double alone = m->left_n < m->left_v ? m->left_n : m->left_v;
    return m->left_n >= ALONE_N && m->left_v >= ALONE_V && m->left <= LEFT &&
           m->left <= LEFT_OF_ALONE * alone && m->a >= PART_N && m->b >= PART_V &&
           m->a <= PART_MOST && m->b <= PART_MOST && m->of_n >= ENERGY && m->of_v >= ENERGY;
}

/* ==== timing ================================================================================= */

/* The usual interval between beats of the dominant kind, in samples; 0 where they are irregular. */
static double sinus_interval(measure_window *w) {
    float *v = w->scratch;
    int n = 0, alike = 0;
    for (int i = 1; i < w->n_beats; i++)
        if (w->beats[i].group == 0 && w->beats[i - 1].group == 0 && !w->beats[i].doubtful)
            v[n++] = (float)(w->beats[i].at - w->beats[i - 1].at);
    if (n < 2) return 0;
    const double usual = (double)measure_quantile(v, n, 0.5);
    for (int i = 0; i < n; i++) alike += fabs((double)v[i] - usual) < ALIKE * usual;
    return 3 * alike >= 2 * n ? usual : 0;
}

/* Whether a sinus beat is due at a sample, by the next beat of the dominant kind in a direction. */
static bool is_due(const measure_window *w, int i, int at, double usual, int direction) {
    int k = i + direction;
    while (k >= 0 && k < w->n_beats && w->beats[k].group != 0) k += direction;
    if (k < 0 || k >= w->n_beats) return false;
    const double cycles = direction * (w->beats[k].at - at) / usual;
    const double whole = floor(cycles + 0.5);
    return whole >= 1 && whole <= CYCLES && fabs(cycles - whole) <= DUE;
}

/* Whether a beat of the dominant kind at sample `at` is what the rhythm lets expect. */
static bool is_in_time(const measure_window *w, int i, int at, double usual) {
    const double interval = usual > 0 ? usual : w->rr_s * w->rate;
    if (i > 0 && !(at - w->beats[i - 1].at >= SOONEST * interval)) return false;
    if (!(usual > 0)) return measure_match_p(w, at) >= P_ALIKE;
    return is_due(w, i, at, usual, -1) || is_due(w, i, at, usual, 1);
}

/* ============================================================================================= */

static bool is_fusion(const measure_window *w, const fusion_counts *count, int i, double usual) {
    const int group = w->beats[i].group;
    if (!is_shown(w, i)) return false;
    for (int d = 0; d < w->detectors.n; d++) take_shape(w, i, d, shape_row(w, ROW_BEAT, d));
    if (!mean_shape(w, count, 0, group == 0, ROW_N) || is_dominant(w)) return false;
    for (int v = 1; v < w->n_groups; v++) {
        if (!measure_is_wide(w, v) || !mean_shape(w, count, v, group == v, ROW_V)) continue;
        const mixture m = fit(w);
        const int at = w->beats[i].at - m.lag_n * step_of(w);
        if (is_mixture(&m) && is_in_time(w, i, at, usual)) return true;
    }
    return false;
}

void measure_find_fusions(measure_window *w) {
    bool any = false;
    for (int v = 1; v < w->n_groups; v++) any = any || measure_is_wide(w, v);
    if (!any || w->n_spikes > 0) return;
    const double usual = sinus_interval(w);
    fusion_counts count = {{0}};
    sum_shapes(w, &count);
    for (int i = 0; i < w->n_beats; i++) w->beats[i].fused = is_fusion(w, &count, i, usual);
}
