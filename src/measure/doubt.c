/* What was taken for beats, and is noise or a part of one: between a burst's deflections there is
 * no quiet, and what comes in by one electrode of a limb is alike in all chest leads, which are
 * measured against the three of the limbs; by one of the chest, in one lead alone. */
#include "measure/measure_internal.h"

/* Within this time there is quiet in any rhythm, of the usual complex's activity. In 739 records of
 * measure-dev one in a hundred has none for a moment. */
#define CALM_S 0.4
#define CALM 0.35
#define GRID_S 0.004
/* Of the chest leads' squared velocity, what is not alike in all of them; and of the mean chest
 * lead's, what the limb leads have at least: it is 9 or 18 times. */
#define APART 0.12
#define LIMBS_OVER 4
/* Of all that moves, what is seen in one lead alone. */
#define ONE_LEAD 0.85
#define AROUND_S 0.05
/* A complex is seen whole where it is this long before and after its middle, in one of so many
 * leads. */
#define WHOLE_S 0.06
enum { CHEST = 4, SEVERAL = 3, WITNESSES = 4 };
/* How far an interval across noise may be from the usual one: a beat may be hidden in there. */
#define USUAL_LEAST 0.7
#define USUAL_MOST 1.3

static int grid_step(const measure_window *w) {
    const int step = measure_samples(w, GRID_S);
    return step < 1 ? 1 : step;
}

/* Into scratch, for each point of the grid: the least activity within CALM_S around it. Returns the
 * number of points. */
static int find_calm(measure_window *w) {
    const int step = grid_step(w), length = measure_samples(w, CALM_S), n = (w->n - 1) / step + 1;
    for (int k = 0; k < n; k++) {
        int from = k * step - length / 2;
        if (from + length > w->n) from = w->n - length;
        if (from < 0) from = 0;
        float least = w->activity[from];
        for (int t = from; t < from + length && t < w->n; t += step)
            if (w->activity[t] < least) least = w->activity[t];
        w->scratch[k] = least;
    }
    return n;
}

/* Whether it is nowhere quiet at some time of [from, to], samples. (A beat that was moved to where
 * it is like the others may lie a little outside the window.) */
static bool is_noisy(const measure_window *w, int from, int to) {
    const int step = grid_step(w);
    const float limit = (float)(CALM * w->groups[0].energy);
    if (from < 0) from = 0;
    if (to >= w->n) to = w->n - 1;
    for (int k = from / step; k * step <= to; k++)
        if (w->scratch[k] > limit) return true;
    return false;
}

/* Squared velocity around a beat, by where it is seen. */
typedef struct witnesses {
    double limbs, chest, alike, most; /* alike: in all chest leads; most: in one lead */
    int n_chest;
} witnesses;

static witnesses hear(const measure_window *w, int at) {
    const measure_detectors *d = &w->detectors;
    const int reach = measure_samples(w, AROUND_S);
    const int from = at > reach ? at - reach : 0, to = at + reach < w->n ? at + reach : w->n - 1;
    witnesses v = {0};
    for (int i = 0; i < d->n; i++) {
        const xp_lead_id id = w->ids[d->lead[i]];
        const float *x = measure_velocity_of(w, i);
        double sum = 0;
        for (int t = from; t <= to; t++) sum += (double)x[t] * (double)x[t];
        v.n_chest += xp_lead_is_chest(id);
        v.chest += xp_lead_is_chest(id) ? sum : 0;
        v.limbs += xp_lead_is_limb(id) ? sum : 0;
        v.most = sum > v.most ? sum : v.most;
    }
    for (int t = from; t <= to && v.n_chest > 0; t++) {
        double sum = 0;
        for (int i = 0; i < d->n; i++)
            if (xp_lead_is_chest(w->ids[d->lead[i]])) sum += (double)measure_velocity_of(w, i)[t];
        v.alike += sum * sum / v.n_chest;
    }
    return v;
}

static bool is_from_one_electrode(const measure_window *w, int at) {
    const witnesses v = hear(w, at);
    if (v.n_chest < CHEST) return false;
    if (v.most > ONE_LEAD * (v.limbs + v.chest)) return true;
    return v.chest - v.alike < APART * v.chest && v.limbs * v.n_chest > LIMBS_OVER * v.chest;
}

/* What is seen of a complex beside a stretch in which the leads show nothing may be its edge. */
static bool is_cut_off(const measure_window *w, int at) {
    const int reach = measure_samples(w, WHOLE_S);
    int whole = 0;
    for (int i = 0; i < w->detectors.n; i++)
        whole += !measure_is_blind(w, w->detectors.lead[i], at - reach, at + reach);
    return WITNESSES * whole < w->detectors.n;
}

static bool is_noise(const measure_window *w, const measure_beat *b) {
    if (is_cut_off(w, b->at)) return true;
    if (b->group == 0) return false;
    if (is_from_one_electrode(w, b->at)) return true;
    return !(b->group > 0 && w->groups[b->group].n_beats >= SEVERAL) && is_noisy(w, b->at, b->at);
}

/* The beats that stay, each with what is known of the time since the one before it. */
static void keep_beats(measure_window *w) {
    int n = 0, last = 0;
    bool lost = false;
    for (int i = 0; i < w->n_beats; i++) {
        measure_beat b = w->beats[i];
        b.doubtful = lost || is_noisy(w, last, b.at);
        if (is_noise(w, &b)) {
            if (b.group >= 0) w->groups[b.group].n_beats--;
            lost = true;
            continue;
        }
        lost = false;
        last = b.at;
        w->beats[n++] = b;
    }
    w->n_beats = n;
}

void measure_drop_noise(measure_window *w) {
    if (w->n_groups == 0 || w->groups[0].n_beats < SEVERAL) return;
    find_calm(w);
    keep_beats(w);
    int n = 0;
    for (int i = 1; i < w->n_beats; i++)
        w->scratch[n++] = (float)(w->beats[i].at - w->beats[i - 1].at);
    if (n) w->rr_s = (double)measure_quantile(w->scratch, n, 0.5) / w->rate;
    for (int i = 1; i < w->n_beats; i++) {
        measure_beat *b = &w->beats[i];
        const double rr_s = (b->at - w->beats[i - 1].at) / w->rate;
        if (rr_s >= USUAL_LEAST * w->rr_s && rr_s <= USUAL_MOST * w->rr_s) b->doubtful = false;
    }
}
