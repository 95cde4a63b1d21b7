#include "ecg/leads.h"
#include "ecg/sinpi.h"
#include "measure/pool.h"

static int find_lead(const measure_window *w, const xp_record *rec, xp_lead_id id) {
    for (int i = 0; i < rec->n_leads; i++)
        if (rec->leads[i].id == id && w->usable[i]) return i;
    return -1;
}

/* Above the level before the wave's complex or, lined, above the line between its ends. */
static double area_of(const measure_window *w, int lead, const xp_wave *wave, bool lined) {
    const float *x = measure_average_lead(&w->median, lead);
    int from = w->median.fiducial + measure_samples(w, (double)wave->onset);
    int to = w->median.fiducial + measure_samples(w, (double)wave->offset);
    from = from < 0 ? 0 : from;
    to = to >= w->median.n ? w->median.n - 1 : to;
    double sum = 0;
    for (int t = from; t <= to; t++) {
        double base = 0;
        if (lined && to > from)
            base = (double)x[from] + (double)(x[to] - x[from]) * (t - from) / (to - from);
        sum += (double)x[t] - base;
    }
    return sum / w->rate;
}

/* Areas add up as the leads do. */
static double derived_area(const measure_window *w, const xp_record *rec, xp_lead_id id,
                           const xp_wave *wave, bool lined) {
    const int at = find_lead(w, rec, id);
    if (at >= 0) return area_of(w, at, wave, lined);
    bool have[XP_LEAD_COUNT] = {false};
    xp_lead_formula f;
    for (int i = 0; i < XP_LEAD_COUNT; i++) have[i] = find_lead(w, rec, (xp_lead_id)i) >= 0;
    if (!xp_lead_derive(&f, id, have)) return NAN;
    return f.weight[0] * area_of(w, find_lead(w, rec, f.from[0]), wave, lined) +
           f.weight[1] * area_of(w, find_lead(w, rec, f.from[1]), wave, lined);
}

void measure_areas(const measure_window *w, const xp_record *rec, const xp_wave *wave, bool lined,
                   float *lead_i, float *avf) {
    *lead_i = *avf = NAN;
    if (wave->peak != wave->peak) return;
    *lead_i = (float)derived_area(w, rec, XP_LEAD_I, wave, lined);
    *avf = (float)derived_area(w, rec, XP_LEAD_AVF, wave, lined);
}

/* By halving the angle three times and Taylor's series: the C library's last bit differs from one
 * to the next. */
static double arc_tangent(double x) {
    int doublings = 0;
    for (; doublings < 3; doublings++) x = x / (1 + sqrt(1 + x * x));
    double sum = 0, power = x;
    for (int k = 1; k < 24; k += 2) {
        sum += (k % 4 == 1 ? power : -power) / k;
        power *= x * x;
    }
    return sum * (double)(1 << doublings);
}

double measure_axis(double lead_i, double avf) {
    const double x = lead_i, y = avf * 2 / sqrt(3.0);
    double angle;
    if (fabs(x) >= fabs(y))
        angle = arc_tangent(y / x) + (x < 0 ? (y < 0 ? -XP_PI : XP_PI) : 0);
    else
        angle = (y < 0 ? -XP_PI : XP_PI) / 2 - arc_tangent(x / y);
    return angle * 180 / XP_PI;
}

double measure_cube_root(double x) {
    if (!(x > 0)) return 0;
    double y = x > 1 ? x : 1;
    for (int i = 0; i < 60; i++) y = (2 * y + x / (y * y)) / 3;
    return y;
}
