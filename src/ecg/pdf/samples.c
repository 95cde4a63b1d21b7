#include "ecg/pdf/samples.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_SAMPLES = 4 << 20 };

/* ==== the time axis ========================================================================== */

/* Rates that devices have: the measured one is taken for such a one where it is within 0.1 %. */
static double usual_rate(double rate) {
    static const double RATES[] = {100, 120, 125, 128, 150, 180, 200, 240, 250,  256, 300,
                                   360, 400, 480, 500, 512, 600, 800, 960, 1000, 2000};
    for (size_t i = 0; i < sizeof RATES / sizeof *RATES; i++)
        if (fabs(rate - RATES[i]) < 1e-3 * RATES[i]) return RATES[i];
    return rate;
}

/* Whether all points are equally far apart. */
static bool is_even(const pdf_trace *t, double step) {
    for (int i = 0; i < t->n; i++)
        if (fabs(t->p[i].x - t->p[0].x - step * i) > 0.1 * step) return false;
    return true;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The smallest distance of neighbouring coordinates: what they are rounded to, as far as seen. */
static double smallest(const pdf_trace *t, bool of_x) {
    double least = 1e9;
    for (int i = 1; i < t->n; i++) {
        double d = fabs(of_x ? t->p[i].x - t->p[i - 1].x : t->p[i].y - t->p[i - 1].y);
        if (d > 1e-7 && d < least) least = d;
    }
    return least < 1e9 ? least : 0;
}

/* Where the points lie when x is counted in steps: the smallest arc of the circle of one step that
 * has them all, its width (in steps) and its middle. */
static double arc_of(const pdf_trace *t, double step, double *phase, double *middle) {
    double widest = 0, after = 0;
    for (int i = 0; i < t->n; i++) {
        double k = (t->p[i].x - t->p[0].x) / step;
        phase[i] = k - floor(k);
    }
    qsort(phase, (size_t)t->n, sizeof *phase, by_value);
    for (int i = 0; i < t->n; i++) {
        double next = i + 1 < t->n ? phase[i + 1] : phase[0] + 1;
        if (next - phase[i] <= widest) continue;
        widest = next - phase[i];
        after = next;
    }
    *middle = after + (1 - widest) / 2;
    *middle -= floor(*middle);
    return 1 - widest;
}

typedef struct axis {
    double step, origin; /* mm of the page: between samples; x of sample 0 */
    double rate;
} axis;

/* Points on a line were dropped, or x is rounded to a printer's dots: the lowest of the usual rates
 * at whose samples all points lie, as far as dots can tell. */
static bool fit_uneven(axis *a, const pdf_trace *t, double speed_on_page, double *phase) {
    static const double RATES[] = {100, 125, 200, 250, 300, 400, 500, 600, 1000, 2000};
    double dot = smallest(t, true);
    for (size_t i = 0; i < sizeof RATES / sizeof *RATES; i++) {
        double step = speed_on_page / RATES[i], middle;
        if (dot / step > 0.95) return false;
        double arc = arc_of(t, step, phase, &middle);
        /* Some printers round twice. */
        if (arc > fmin(0.97, dot / step * 1.1 + 0.02)) continue;
        if (middle > 0.5) middle -= 1;
        *a = (axis){step, t->p[0].x + middle * step, RATES[i]};
        return true;
    }
    return false;
}

static xp_status find_axis(axis *a, const pdf_trace *t, const pdf_scale *s, double rate,
                           const char *file, xp_error *err) {
    double on_page = s->speed / s->mm[0]; /* mm of the page a second */
    double step = (t->p[t->n - 1].x - t->p[0].x) / (t->n - 1);
    if (is_even(t, step)) {
        *a = (axis){step, t->p[0].x, rate > 0 ? rate : usual_rate(on_page / step)};
        return XP_OK;
    }
    if (rate > 0) {
        double phase = on_page > 0 ? on_page / rate : smallest(t, true);
        *a = (axis){phase, t->p[0].x, rate};
        return XP_OK;
    }
    double *phase = malloc((size_t)t->n * sizeof *phase);
    if (!phase) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for a curve", file);
    bool ok = fit_uneven(a, t, on_page, phase);
    free(phase);
    if (ok) return XP_OK;
    return xp_fail(err, XP_ERR_FORMAT,
                   "%s: the points of a curve on page %d are at no sampling rate (%d points in "
                   "%.4g s): give the rate of the curves with --rate",
                   file, t->page + 1, t->n, (t->p[t->n - 1].x - t->p[0].x) / on_page);
}

/* ==== values ================================================================================= */

/* Values at the samples: of the points, and on the lines between them. */
static void fill(pdf_samples *out, const pdf_trace *t, const pdf_scale *s, const axis *a) {
    double per_mm = s->mm[1] / s->gain, last = 0;
    int at = -1;
    for (int i = 0; i < t->n; i++) {
        double k = floor((t->p[i].x - a->origin) / a->step + 0.5);
        double v = (t->p[i].y - t->zero) * per_mm;
        int to = k < 0 ? 0 : k >= out->n ? out->n - 1 : (int)k;
        for (int j = at + 1; at >= 0 && j < to; j++) {
            out->mv[j] = last + (v - last) * (j - at) / (to - at);
            out->dropped++;
        }
        /* Two points at one time, a spike's: the one further away from the sample before. */
        bool twice =
            to == at && at > 0 && fabs(out->mv[at] - out->mv[at - 1]) > fabs(v - out->mv[at - 1]);
        if (!twice) out->mv[to] = v;
        last = out->mv[to];
        at = to;
    }
    for (int j = at + 1; j < out->n; j++) out->mv[j] = NAN;
}

/* Flat tops and bottoms between steep sides, at the curve's own limit: no ECG has them. A parabola
 * through a top of m equal samples falls by less than 4m/(m-1)^2 roundings at its sides. */
static bool has_flat_tops(const double *v, int n, double limit, double rounding) {
    int runs = 0;
    for (int i = 1; i + 1 < n; i++) {
        int m = 0, from = i;
        while (i < n && fabs(v[i] - limit) < 1e-7) i++, m++;
        if (m < 2 || i >= n) continue;
        double edge = fmin(fabs(v[from - 1] - limit), fabs(v[i] - limit));
        double over = edge - (4.0 * m / ((m - 1) * (m - 1)) + 2) * rounding;
        /* One long or very steep top is enough; of short ones, several at the same height. */
        if (over > (m >= 8 ? 0.01 : m >= 3 ? 0.06 : 1e9)) return true;
        runs += over > 0;
    }
    return runs >= 3;
}

/* Far more samples at the limit than just below it. Round tops have at most three times as many as
 * each of the next three steps, and a baseline's noise has fewer at its end than before it; what
 * runs into an end of the curve is no top, and one flat top alone may be by chance: beats that are
 * cut off are several. */
static bool crowds_at(const double *v, int n, double limit, double rounding) {
    int at = 0, below = 0, beats = 0, last = -1000;
    for (int i = 0, to; i < n; i = to) {
        double away = fabs(v[i] - limit);
        for (to = i + 1; to < n && away < 1e-7 && fabs(v[to] - limit) < 1e-7;) to++;
        if (away >= 1e-7) below += away < 3.5 * rounding;
        if (away >= 1e-7 || i == 0 || to == n) continue;
        at += to - i;
        if (i - last > 100) {
            beats++;
            last = i;
        }
    }
    return beats >= 2 && at >= 10 && at > 1.5 * below;
}

static bool is_cut_off(const double *v, int n, double rounding) {
    for (int side = 0; side < 2; side++) {
        double limit = v[0];
        for (int i = 1; i < n; i++)
            if (isnan(limit) || (side ? v[i] < limit : v[i] > limit)) limit = v[i];
        if (has_flat_tops(v, n, limit, rounding) || crowds_at(v, n, limit, rounding)) return true;
    }
    return false;
}

/* ==== the maker's grid ======================================================================= */

/* MUSE draws sample n at the whole number nearest to 4.88 n / 10 units a mV/mm, in units of 0.01 mm
 * of its grid, counted from the foot of the row's pulse, and every sample of 500 Hz. Anything that
 * is not so to the last point is not called exact. */
static bool on_muse_grid(int32_t *steps, const pdf_trace *t, const pdf_scale *s) {
    static const double SLACK = 0.02;
    double unit[2] = {0.01 / s->mm[0], 0.01 / s->mm[1]};
    double each = PDF_MUSE_STEP * s->gain * 100, time = s->speed / 500 * 100;
    if (!s->has_grid || !t->has_zero || t->n < 100) return false;
    for (int i = 0; i < t->n; i++) {
        double x = (t->p[i].x - t->p[0].x) / unit[0] - time * i;
        double y = (t->p[i].y - t->zero) / unit[1], whole = floor(y + 0.5);
        if (fabs(x) > SLACK || fabs(y - whole) > SLACK || fabs(whole) > 1e6) return false;
        double n = floor(whole / each + 0.5);
        if (floor(each * n + 0.5) != whole) return false;
        steps[i] = (int32_t)n;
    }
    return true;
}

static bool try_muse_grid(pdf_samples *out, const pdf_trace *t, const pdf_scale *s) {
    if (out->rate != 500 || out->n != t->n) return true;
    out->steps = malloc((size_t)t->n * sizeof *out->steps);
    if (!out->steps) return false;
    if (!out->cut_off && on_muse_grid(out->steps, t, s)) {
        for (int k = 0; k < 2; k++) out->held[k] = pdf_held_at(out->steps, t, k ? -1 : 1);
        return true;
    }
    free(out->steps);
    out->steps = NULL;
    return true;
}

xp_status pdf_sample(pdf_samples *out, const pdf_trace *t, const pdf_scale *s, double page_start,
                     double rate, const char *file, xp_error *err) {
    axis a = {0};
    XP_TRY(find_axis(&a, t, s, rate, file, err));
    double n = floor((t->p[t->n - 1].x - a.origin) / a.step + 0.5) + 1;
    if (!(n >= 2 && n <= MOST_SAMPLES) || !(a.rate > 1 && a.rate < 1e5))
        return xp_fail(err, XP_ERR_LIMIT,
                       "%s: a curve on page %d would have %.3g samples at %.4g Hz: that is not "
                       "credible; give the scale or the rate",
                       file, t->page + 1, n, a.rate);
    *out = (pdf_samples){.rate = a.rate, .n = (int)n};
    out->start = (a.origin - page_start) / a.step / a.rate;
    out->mv = malloc((size_t)out->n * sizeof *out->mv);
    if (!out->mv) return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for a curve", file);
    fill(out, t, s, &a);
    double dot = smallest(t, false) * s->mm[1] / s->gain;
    out->step = dot > 0.001 ? dot : 0;
    out->cut_off = is_cut_off(out->mv, out->n, fmax(dot, PDF_MUSE_STEP));
    if (try_muse_grid(out, t, s)) return XP_OK;
    pdf_samples_free(out);
    return xp_fail(err, XP_ERR_MEMORY, "%s: no memory for a curve", file);
}

void pdf_samples_free(pdf_samples *s) {
    free(s->mv);
    free(s->steps);
    *s = (pdf_samples){0};
}
