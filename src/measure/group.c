#include "measure/measure_internal.h"

#include <string.h>

#define ALIKE 0.85f
#define FEATURE_S 0.12 /* on either side */
#define STEP_S 0.008
#define LAGS 5 /* steps on either side */

static int feature_step(const measure_window *w) {
    const int step = measure_samples(w, STEP_S);
    return step < 1 ? 1 : step;
}

static int feature_half(const measure_window *w) {
    return measure_samples(w, FEATURE_S) / feature_step(w);
}

int measure_feature_length(const measure_window *w) {
    return MEASURE_DETECTORS * (2 * feature_half(w) + 1);
}

/* The velocity of all leads around `at`, as one vector; NaN where a lead shows nothing. Returns its
 * length. */
static int take_feature(const measure_window *w, int at, float *out) {
    const int step = feature_step(w), half = feature_half(w);
    int n = 0;
    for (int i = 0; i < w->detectors.n; i++) {
        const float *v = measure_velocity_of(w, i), weight = w->detectors.weight[i];
        const bool shown =
            !measure_is_blind(w, w->detectors.lead[i], at - half * step, at + half * step);
        for (int k = -half; k <= half; k++) {
            const int t = at + k * step;
            out[n++] = !shown ? NAN : t >= 0 && t < w->n ? v[t] * weight : 0;
        }
    }
    return n;
}

/* By what both show. */
static float correlation(const float *a, const float *b, int n) {
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        if (a[i] != a[i] || b[i] != b[i]) continue;
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? (float)(ab / sqrt(aa * bb)) : 0;
}

static float *template_of(const measure_window *w, int group) {
    return w->templates + (size_t)group * (size_t)measure_feature_length(w);
}

typedef struct fit {
    int group, lag;
    float match;
} fit;

static fit best_fit(measure_window *w, int at) {
    fit best = {-1, 0, -2};
    for (int lag = -LAGS; lag <= LAGS; lag++) {
        const int n = take_feature(w, at + lag * feature_step(w), w->feature);
        for (int g = 0; g < w->n_groups; g++) {
            const float match = correlation(w->feature, template_of(w, g), n);
            if (match > best.match) best = (fit){g, lag * feature_step(w), match};
        }
    }
    return best;
}

/* The template becomes the mean of its beats. */
static void join(measure_window *w, measure_beat *b, fit f) {
    measure_group *g = &w->groups[f.group];
    float *mean = template_of(w, f.group);
    b->at += f.lag;
    b->group = f.group;
    b->match = f.match;
    const int n = take_feature(w, b->at, w->feature);
    const float part = 1 / (float)(g->n_beats + 1);
    for (int i = 0; i < n; i++) {
        const float v = w->feature[i];
        if (v == v) mean[i] = mean[i] == mean[i] ? mean[i] + (v - mean[i]) * part : v;
    }
    g->energy += ((double)b->energy - g->energy) * (double)part;
    g->n_beats++;
}

static void reset_group(measure_group *g) {
    xp_waves *keep = g->lead_waves;
    *g = (measure_group){.lead_waves = keep};
}

static void found(measure_window *w, measure_beat *b) {
    const int group = w->n_groups++;
    float *mean = template_of(w, group);
    reset_group(&w->groups[group]);
    for (int i = 0; i < measure_feature_length(w); i++) mean[i] = NAN;
    join(w, b, (fit){group, 0, 1});
}

static void assign(measure_window *w) {
    for (int i = 0; i < w->n_beats; i++) {
        const fit f = best_fit(w, w->beats[i].at);
        if (f.match >= ALIKE)
            join(w, &w->beats[i], f);
        else if (w->n_groups < MEASURE_GROUPS)
            found(w, &w->beats[i]);
    }
}

/* A second pass by the finished templates: the first beats met poorer ones. */
static void reassign(measure_window *w) {
    for (int g = 0; g < w->n_groups; g++) w->groups[g].n_beats = 0, w->groups[g].energy = 0;
    for (int i = 0; i < w->n_beats; i++) {
        measure_beat *b = &w->beats[i];
        const fit f = best_fit(w, b->at);
        b->group = f.match >= ALIKE ? f.group : -1;
        if (b->group < 0) continue;
        measure_group *g = &w->groups[f.group];
        b->at += f.lag;
        b->match = f.match;
        g->n_beats++;
        g->energy += ((double)b->energy - g->energy) / g->n_beats;
    }
}

static void swap_groups(measure_window *w, int a, int b) {
    const measure_group keep = w->groups[a];
    w->groups[a] = w->groups[b];
    w->groups[b] = keep;
    for (int i = 0; i < w->n_beats; i++) {
        int *g = &w->beats[i].group;
        *g = *g == a ? b : *g == b ? a : *g;
    }
}

/* The dominant one first. */
static void sort_groups(measure_window *w) {
    for (int i = 0; i < w->n_groups; i++)
        for (int k = i + 1; k < w->n_groups; k++)
            if (w->groups[k].n_beats > w->groups[i].n_beats) swap_groups(w, i, k);
    while (w->n_groups > 0 && w->groups[w->n_groups - 1].n_beats == 0) w->n_groups--;
}

/* ---- T waves that were taken for beats ---- */

static bool follows_dominant(const measure_window *w, int i) {
    if (i == 0 || w->beats[i - 1].group != 0) return false;
    const int gap = w->beats[i].at - w->beats[i - 1].at;
    return gap < measure_samples(w, 0.5);
}

static bool is_t_group(const measure_window *w, int group) {
    if (w->groups[group].energy > 0.65 * w->groups[0].energy) return false;
    for (int i = 0; i < w->n_beats; i++)
        if (w->beats[i].group == group && !follows_dominant(w, i)) return false;
    return true;
}

static void drop_group(measure_window *w, int group) {
    int n = 0;
    for (int i = 0; i < w->n_beats; i++)
        if (w->beats[i].group != group) w->beats[n++] = w->beats[i];
    w->n_beats = n;
    w->groups[group].n_beats = 0;
}

/* ---- fine alignment ---- */

static void mean_velocity(measure_window *w, int group, int half) {
    const int n = 2 * half + 1;
    memset(w->scratch, 0, (size_t)(n * w->detectors.n) * sizeof *w->scratch);
    for (int i = 0; i < w->n_beats; i++) {
        const int from = w->beats[i].at - half;
        if (w->beats[i].group != group || from < 0 || from + n > w->n) continue;
        for (int d = 0; d < w->detectors.n; d++) {
            const float *v = measure_velocity_of(w, d) + from;
            for (int k = 0; k < n; k++) w->scratch[d * n + k] += v[k];
        }
    }
}

static double product_at(const measure_window *w, int from, int n) {
    double sum = 0;
    for (int d = 0; d < w->detectors.n; d++) {
        const float *v = measure_velocity_of(w, d) + from, *mean = w->scratch + d * n;
        double lead = 0;
        for (int k = 0; k < n; k++) lead += (double)v[k] * (double)mean[k];
        sum += lead * (double)(w->detectors.weight[d] * w->detectors.weight[d]);
    }
    return sum;
}

static void align_group(measure_window *w, int group, int half) {
    const int reach = measure_samples(w, 0.01), n = 2 * half + 1;
    mean_velocity(w, group, half);
    for (int i = 0; i < w->n_beats; i++) {
        measure_beat *b = &w->beats[i];
        if (b->group != group || b->at - half - reach < 0 || b->at + half + reach + 1 > w->n)
            continue;
        int best = 0;
        double top = -1;
        for (int lag = -reach; lag <= reach; lag++) {
            const double v = product_at(w, b->at + lag - half, n);
            if (v > top) {
                top = v;
                best = lag;
            }
        }
        b->at += best;
    }
}

void measure_group_beats(measure_window *w) {
    w->n_groups = 0;
    assign(w);
    reassign(w);
    sort_groups(w);
    for (int g = 1; g < w->n_groups; g++)
        if (is_t_group(w, g)) drop_group(w, g);
    sort_groups(w);
    measure_drop_noise(w);
    measure_doubt_unseen(w);
    sort_groups(w);
    const int half = measure_samples(w, 0.08);
    if (w->n < (2 * half + 1) * w->detectors.n) return; /* room in scratch */
    for (int g = 0; g < w->n_groups; g++)
        for (int round = 0; round < 2 && w->groups[g].n_beats > 1; round++) align_group(w, g, half);
}
