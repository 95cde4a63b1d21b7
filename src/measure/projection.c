/* The one row in which a wave of several leads is largest, and where a wave ends in a row. */
#include "measure/marks.h"

/* A lead with a T wave as high as this counts half as much again as one that is far higher, mV. */
#define LARGE_T_MV 0.1f
/* Steps of the power iteration: the first two waves of a record differ enough for these. */
enum { ITERATIONS = 24 };

static double mean_near(const float *x, int at, int from, int to, int half) {
    double sum = 0;
    int n = 0;
    for (int t = at - half; t <= at + half; t++)
        if (t >= from && t <= to) {
            sum += (double)x[t];
            n++;
        }
    return n ? sum / n : 0;
}

void measure_straighten(const measure_window *w, const measure_average *a, int from, int to) {
    const int half = measure_samples(w, 0.008);
    for (int i = 0; i < w->detectors.n; i++) {
        const float *x = measure_average_lead(a, w->detectors.lead[i]);
        const double first = mean_near(x, from, from, to, 2 * half);
        const double last = mean_near(x, to, from, to, 2 * half);
        float *y = measure_row(w, i);
        for (int t = 0; t < a->n; t++) {
            const double part = to > from ? (double)(t - from) / (to - from) : 0;
            y[t] = (x[t] - (float)(first + (last - first) * part)) * w->detectors.weight[i];
        }
    }
}

void measure_keep(const measure_window *w, const measure_average *a, int from, int to) {
    for (int i = 0; i < w->detectors.n; i++) {
        const float *x = measure_average_lead(a, w->detectors.lead[i]);
        float *y = measure_row(w, i), top = 0;
        for (int t = from; t <= to; t++) top = fabsf(x[t]) > top ? fabsf(x[t]) : top;
        const float weight = w->detectors.weight[i] / sqrtf(top + LARGE_T_MV);
        for (int t = 0; t < a->n; t++) y[t] = x[t] * weight;
    }
}

static double expected(const measure_expectation *e, int t) {
    const double off = fabs(t - e->at) - e->near;
    return off <= 0 ? 1 : 1 / (1 + off * off / (e->far * e->far));
}

/* The direction in which the rows have most energy in [from, to]. */
static void principal(const measure_window *w, int from, int to, const measure_expectation *e,
                      double *direction) {
    const int n = w->detectors.n;
    double c[MEASURE_DETECTORS][MEASURE_DETECTORS];
    int start = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k <= i; k++) {
            const float *a = measure_row(w, i), *b = measure_row(w, k);
            double sum = 0;
            for (int t = from; t <= to; t++) sum += (double)a[t] * (double)b[t] * expected(e, t);
            c[i][k] = c[k][i] = sum;
        }
    for (int i = 0; i < n; i++)
        if (c[i][i] > c[start][start]) start = i;
    for (int i = 0; i < n; i++) direction[i] = c[i][start];
    for (int round = 0; round < ITERATIONS; round++) {
        double next[MEASURE_DETECTORS], norm = 0;
        for (int i = 0; i < n; i++) {
            next[i] = 0;
            for (int k = 0; k < n; k++) next[i] += c[i][k] * direction[k];
            norm += next[i] * next[i];
        }
        norm = sqrt(norm);
        for (int i = 0; i < n; i++) direction[i] = norm > 0 ? next[i] / norm : 0;
    }
}

float *measure_project(const measure_window *w, int from, int to, const measure_expectation *e,
                       int *peak) {
    double direction[MEASURE_DETECTORS];
    float *raw = measure_row(w, MEASURE_DETECTORS + 1),
          *out = measure_row(w, MEASURE_DETECTORS + 2);
    principal(w, from, to, e, direction);
    for (int t = 0; t < w->median.n; t++) {
        double sum = 0;
        for (int i = 0; i < w->detectors.n; i++) sum += direction[i] * (double)measure_row(w, i)[t];
        raw[t] = (float)sum;
    }
    measure_smooth(raw, w->median.n, measure_samples(w, 0.008), out);
    int top = from;
    for (int t = from; t <= to; t++)
        if (fabs((double)out[t]) * expected(e, t) > fabs((double)out[top]) * expected(e, top))
            top = t;
    *peak = top;
    if (out[top] < 0)
        for (int t = 0; t < w->median.n; t++) out[t] = -out[t];
    return out;
}

int measure_valley_of(const float *s, int peak, int limit) {
    const int step = limit < peak ? -1 : 1;
    int low = peak;
    for (int t = peak; t != limit + step; t += step) {
        if (s[t] < s[low]) low = t;
        if (s[low] < 0.6f * s[peak] && s[t] > s[low] + 0.1f * s[peak]) break;
    }
    return low;
}

double measure_edge(const float *s, int peak, int limit, int span, float least, float most,
                    double beyond) {
    const int step = limit < peak ? -1 : 1, valley = measure_valley_of(s, peak, limit);
    const float height = s[peak];
    float steepest = 0;
    int at = peak;
    for (int t = peak + step * span; step * (valley - t) >= 0; t += step) {
        const int inner = t - step * span, outer = t + step * span;
        if (step * (limit - outer) < 0) break;
        const float fall = s[inner] - s[outer];
        if (fall > steepest) {
            steepest = fall;
            at = t;
        }
    }
    if (!(steepest > 0)) return valley;
    float level = s[valley];
    level = level < least * height ? least * height : level > most * height ? most * height : level;
    const double tangent = (double)((s[at] - level) / steepest) * 2 * span;
    const double out = at + step * tangent * (1 + beyond);
    /* Values out of a float's range make it no number. */
    return step * (out - peak) >= 0 && step * (valley - out) >= 0 ? out : valley;
}
