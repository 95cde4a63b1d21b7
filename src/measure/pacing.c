/* Stimuli of a pacemaker: deflections of a few milliseconds that rise out of quiet in several leads
 * at once. They are no part of any wave, so a window is measured without them. Below 250 Hz they
 * cannot be told from noise. */
#include "measure/measure_internal.h"

/* What may move after a spike, where it decays, and between its sides, of its height. */
#define QUIET_AFTER 0.6f
#define BACK_AGAIN 0.7f
/* A pacemaker's intervals, s, and the most spikes of a second (two a beat). */
#define LEAST_INTERVAL_S 0.3
#define MOST_INTERVAL_S 2.0
#define MOST_A_SECOND 6
/* Windows longer than this have more of them where somebody is paced at all. */
#define SHORT_S 15
/* What is cut out: before the top, and after it while it decays. */
#define CUT_BEFORE_S 0.008
#define CUT_AFTER_S 0.006
#define CUT_MOST_S 0.028
#define DECAYED 0.015f
/* A stimulus of the ventricles lies between this long before its complex and its middle. */
#define BEFORE_QRS_S 0.08

static int beside(const measure_window *w) {
    const int k = measure_samples(w, 0.004);
    return k < 1 ? 1 : k;
}

/* What counts as a spike. */
typedef struct spike_rule {
    float top, shown; /* mV: in its highest lead, in another */
    float quiet;      /* what may move before it, of its height */
} spike_rule;

/* Height of a spike at t, 0 where there is none. */
static float spike_height(const float *x, int t, int k, const spike_rule *rule) {
    const float height = fabsf(x[t] - 0.5f * (x[t - k] + x[t + k]));
    if (height < rule->shown) return 0;
    if (fabsf(x[t - k] - x[t - 2 * k]) > rule->quiet * height) return 0;
    if (fabsf(x[t - 2 * k] - x[t - 3 * k]) > rule->quiet * height) return 0;
    if (fabsf(x[t + k] - x[t + 2 * k]) > QUIET_AFTER * height) return 0;
    return fabsf(x[t - k] - x[t + k]) > BACK_AGAIN * height ? 0 : height;
}

/* The largest height of the leads at t or a sample beside it, and which sample that is; 0 where too
 * few leads show one. */
static float shown_at(const measure_window *w, int t, int k, const spike_rule *rule, int *at) {
    const int needed = w->detectors.n >= 2 ? 2 : 1;
    float top = 0;
    int leads = 0;
    *at = t;
    for (int i = 0; i < w->detectors.n; i++) {
        const float *x = measure_lead(w, w->detectors.lead[i]);
        bool shown = false;
        for (int d = -1; d <= 1; d++) {
            const float height = spike_height(x, t + d, k, rule);
            shown = shown || height > 0;
            if (height > top) {
                top = height;
                *at = t + d;
            }
        }
        leads += shown;
    }
    return leads >= needed && top >= rule->top ? top : 0;
}

static void find_spikes(measure_window *w, const spike_rule *rule) {
    const int k = beside(w), apart = measure_samples(w, 0.03);
    float last = 0;
    w->n_spikes = 0;
    for (int t = 3 * k + 1; t + 2 * k + 1 < w->n; t++) {
        int at;
        const float height = shown_at(w, t, k, rule, &at);
        if (!(height > 0)) continue;
        const bool same = w->n_spikes > 0 && t - w->spikes[w->n_spikes - 1] < apart;
        if (same && height <= last) continue;
        if (!same && w->n_spikes >= w->cap_spikes) return;
        w->spikes[same ? w->n_spikes - 1 : w->n_spikes++] = at;
        last = height;
    }
}

/* Whether they come as a pacemaker's do. */
static bool is_pacing(const measure_window *w) {
    const double seconds = w->n / w->rate;
    int steps = 0;
    for (int i = 1; i < w->n_spikes; i++) {
        const double step = (w->spikes[i] - w->spikes[i - 1]) / w->rate;
        steps += step >= LEAST_INTERVAL_S && step <= MOST_INTERVAL_S;
    }
    if (w->n_spikes > MOST_A_SECOND * (seconds + 1)) return false;
    return steps >= (seconds > SHORT_S ? 3 : 1);
}

static int start_of(const measure_window *w, int at) {
    const int from = at - measure_samples(w, CUT_BEFORE_S);
    return from < 0 ? 0 : from;
}

/* How long after its top the tail of a spike is over in all leads. */
static int tail_of(const measure_window *w, int at) {
    const int k = beside(w), most = at + measure_samples(w, CUT_MOST_S), from = start_of(w, at);
    int end = at + measure_samples(w, CUT_AFTER_S);
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l]) continue;
        const float *x = measure_lead(w, l), height = fabsf(x[at] - x[from]);
        int to = end;
        while (to < most && to + k < w->n && fabsf(x[to + k] - x[to]) > DECAYED * height) to++;
        end = to;
    }
    return end - at;
}

/* One length for all: the complexes begin at the same time after them. */
static int usual_tail(measure_window *w) {
    for (int i = 0; i < w->n_spikes; i++) w->scratch[i] = (float)tail_of(w, w->spikes[i]);
    return w->n_spikes ? (int)measure_quantile(w->scratch, w->n_spikes, 0.5) : 0;
}

/* The lead stays at the level before the spike until its tail is over: a slope there would be taken
 * for the beginning of a complex. */
static void cut(const measure_window *w, int at, int length) {
    const int k = beside(w), from = start_of(w, at);
    const int to = at + length < w->n ? at + length : w->n - 1;
    for (int l = 0; l < w->n_leads; l++) {
        if (!w->usable[l]) continue;
        float *x = measure_lead(w, l);
        for (int t = from + 1; t < to; t++) {
            const float part = (float)(t - to + k) / (float)k;
            x[t] = x[from] + (x[to] - x[from]) * (part > 0 ? part : 0);
        }
    }
}

void measure_cut_spikes(measure_window *w) {
    static const spike_rule sure = {0.5f, 0.25f, 0.25f}, likely = {0.3f, 0.15f, 0.4f};
    w->n_spikes = 0;
    if (w->upsampling > 1) return;
    find_spikes(w, &sure);
    if (is_pacing(w))
        find_spikes(w, &likely); /* where a pacemaker is at work there are more */
    else
        w->n_spikes = 0;
    w->tail = usual_tail(w);
    for (int i = 0; i < w->n_spikes; i++) cut(w, w->spikes[i], w->tail);
}

/* The ventricles' stimulus of a beat whose complex begins `onset` s from its fiducial point; -1: it
 * has none. */
static int stimulus_of(const measure_window *w, int at, double onset) {
    const double from = at + (onset - BEFORE_QRS_S) * w->rate;
    for (int i = 0; i < w->n_spikes; i++)
        if (w->spikes[i] >= from && w->spikes[i] <= at) return w->spikes[i];
    return -1;
}

bool measure_is_paced(const measure_window *w, int beat) {
    const measure_beat *b = &w->beats[beat];
    const double onset = b->group < 0 ? -0.05 : (double)w->groups[b->group].waves.qrs.onset;
    return stimulus_of(w, b->at, onset < -0.05 ? onset : -0.05) >= 0;
}

double measure_stimulus(measure_window *w, int group) {
    int n = 0, paced = 0;
    for (int i = 0; i < w->n_beats; i++) {
        if (w->beats[i].group != group) continue;
        const int at = stimulus_of(w, w->beats[i].at, -0.05);
        n++;
        if (at >= 0) w->scratch[paced++] = (float)(at - w->beats[i].at);
    }
    if (2 * paced <= n) return NAN;
    return ((double)measure_quantile(w->scratch, paced, 0.5) + w->tail) / w->rate;
}
