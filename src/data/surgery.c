#include "data/surgery.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/splice.h"

const char *xp_surgery_name(xp_surgery s) {
    static const char *const names[XP_SURGERIES] = {
#define X(id, name) name,
        XP_SURGERY_LIST(X)
#undef X
    };
    return names[s];
}

/* ==== labels ================================================================================= */

static int find(const char (*labels)[32], int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (!strcmp(labels[i], name)) return i;
    return -1;
}

bool xp_surgery_allowed(const char (*labels)[32], int n_labels, const float *y) {
    static const char *const other[] = {"afib", "aflu", "afifl", "pvc", "pac", "avb2i", "avb2ii",
                                        "avb2", "avb3", "svt",   "vt",  "wpw", "pace"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        int l = find(labels, n_labels, other[i]);
        if (l >= 0 && y[l] > 0) return false;
    }
    return true;
}

/* What a kind makes of the labels; those that follow from the rate are set elsewhere. */
typedef struct change {
    xp_surgery kind;
    const char *label;
    float value;
    bool taught; /* positives of it are what the kind is for */
} change;

static const change changes[] = {
    {XP_SURGERY_RATE, "bradsr", -1, true},          {XP_SURGERY_RATE, "tachsr", -1, true},
    {XP_SURGERY_PREMATURE, "pac", 1, true},         {XP_SURGERY_LONG_PR, "avb1", 1, true},
    {XP_SURGERY_WENCKEBACH, "avb2", 1, true},       {XP_SURGERY_WENCKEBACH, "avb2i", 1, true},
    {XP_SURGERY_WENCKEBACH, "avb2ii", 0, false},    {XP_SURGERY_WENCKEBACH, "avb1", -1, false},
    {XP_SURGERY_WENCKEBACH, "bradsr", -1, false},   {XP_SURGERY_DROPPED, "avb2", 1, true},
    {XP_SURGERY_DROPPED, "avb2ii", 1, true},        {XP_SURGERY_DROPPED, "avb2i", 0, false},
    {XP_SURGERY_DROPPED, "bradsr", -1, false},      {XP_SURGERY_THIRD_DEGREE, "avb3", 1, true},
    {XP_SURGERY_THIRD_DEGREE, "avb2", -1, false},   {XP_SURGERY_THIRD_DEGREE, "avb2i", -1, false},
    {XP_SURGERY_THIRD_DEGREE, "avb2ii", -1, false}, {XP_SURGERY_THIRD_DEGREE, "avb1", -1, false},
    {XP_SURGERY_THIRD_DEGREE, "bradsr", -1, false}};
enum { N_CHANGES = sizeof changes / sizeof *changes };

bool xp_surgery_teaches(xp_surgery kind, const char (*labels)[32], int n_labels) {
    for (int i = 0; i < N_CHANGES; i++)
        if (changes[i].kind == kind && changes[i].taught &&
            find(labels, n_labels, changes[i].label) >= 0)
            return true;
    return false;
}

static void set(const char (*labels)[32], int n, float *y, const char *name, float value) {
    int l = find(labels, n, name);
    if (l >= 0) y[l] = value;
}

/* ==== plans ================================================================================== */

/* What a rhythm is planned from, and the plan. */
typedef struct plan {
    const xp_sinus *s;
    xp_rng rng;
    double rate;
    int valid;
    xp_splice out;
    xp_surgery_beats *made;
    float sinus_rate; /* /min, of what is made; 0: the recorded one */
    struct {
        int beat, at; /* its first sample */
        float factor;
    } over[4 * XP_SURGERY_BEATS]; /* P waves that are added to the T waves which they meet */
    int n_over;
} plan;

/* Samples that a fill keeps at least. */
enum { LEAST = 2 };

static double uniform(plan *p, double low, double high) {
    return low + (high - low) * xp_rng_uniform(&p->rng);
}

static const xp_sinus_beat *beat(const plan *p, int k) {
    return &p->s->beat[k % p->s->n];
}

/* The recorded time between a beat's T and the next P; the last beat's is its neighbour's. */
static xp_sinus_beat gap_of(const plan *p, int k) {
    int i = k % p->s->n;
    if (i + 1 == p->s->n) i--;
    return (xp_sinus_beat){.p = p->s->beat[i].t_end, .p_end = p->s->beat[i + 1].p};
}

static int gap_length(const plan *p, int k) {
    const xp_sinus_beat g = gap_of(p, k);
    return g.p_end - g.p;
}

static int shortest_gap(const plan *p) {
    int least = gap_length(p, 0);
    for (int k = 1; k < p->s->n; k++)
        if (gap_length(p, k) < least) least = gap_length(p, k);
    return least;
}

/* From a P to the next one, on average. */
static double period(const plan *p) {
    return (double)(p->s->beat[p->s->n - 1].p - p->s->beat[0].p) / (p->s->n - 1);
}

static void fill_gap(plan *p, int k, int n) {
    const xp_sinus_beat g = gap_of(p, k);
    xp_splice_fill(&p->out, g.p, g.p_end, n > LEAST ? n : LEAST);
}

static void note(int *at, int *n, int t) {
    if (*n < 4 * XP_SURGERY_BEATS) at[(*n)++] = t;
}

static void add_p(plan *p, int k, float factor) {
    const xp_sinus_beat *b = beat(p, k);
    note(p->made->p, &p->made->n_p, p->out.total);
    xp_splice_scaled(&p->out, b->p, b->p_end, factor);
}

static void add_ventricles(plan *p, int k) {
    const xp_sinus_beat *b = beat(p, k);
    note(p->made->qrs, &p->made->n_qrs, p->out.total);
    xp_splice_copy(&p->out, b->qrs, b->t_end);
}

/* PR, longer by `more` than recorded, QRS and T. */
static void add_qrs(plan *p, int k, int more) {
    const xp_sinus_beat *b = beat(p, k);
    int begin = b->p_end, n = b->qrs - b->p_end + more;
    if (more != 0 && b->qrs - begin < LEAST) begin = b->qrs - LEAST; /* something to go on with */
    xp_splice_fill(&p->out, begin, b->qrs, n);
    add_ventricles(p, k);
}

/* The P wave of a QRS that comes next, over the T wave before it. */
static void add_p_over(plan *p, int k, float factor) {
    const xp_sinus_beat *b = beat(p, k);
    const int at = p->out.total - (b->qrs - b->p);
    note(p->made->p, &p->made->n_p, at);
    if (at < 0 || p->n_over == 4 * XP_SURGERY_BEATS) return;
    p->over[p->n_over].beat = k;
    p->over[p->n_over].at = at;
    p->over[p->n_over++].factor = factor;
}

/* What was recorded before the first whole beat. */
static void lead_in(plan *p) {
    xp_splice_copy(&p->out, 0, p->s->beat[0].p);
}

static bool goes_on(const plan *p) {
    return p->out.total < p->valid && !p->out.full;
}

/* ---- one of each ---- */

/* By how much a gap grows for another rate: far enough from 60 and 100 that nobody would call it
 * otherwise. */
static double draw_rate(plan *p) {
    static const double ranges[3][2] = {{38, 56}, {64, 94}, {104, 150}};
    const double *range = ranges[xp_rng_below(&p->rng, 3)];
    const double bpm = uniform(p, range[0], range[1]);
    p->sinus_rate = (float)bpm;
    return 60 * p->rate / bpm - period(p);
}

/* Gaps vary as recorded. */
static bool plan_rate(plan *p) {
    const double longer = draw_rate(p);
    if (shortest_gap(p) + longer < LEAST || fabs(longer) < 0.05 * period(p)) return false;
    lead_in(p);
    for (int k = 0; goes_on(p); k++) {
        add_p(p, k, 1);
        add_qrs(p, k, 0);
        fill_gap(p, k, gap_length(p, k) + (int)lrint(longer));
    }
    return true;
}

/* How many beats are early, and when. */
typedef struct early_beats {
    int first, every, most;
} early_beats;

/* One to three, or as many as come; none beside another. */
static early_beats draw_early(plan *p) {
    early_beats e = {1 + (int)xp_rng_below(&p->rng, 3), 2 + (int)xp_rng_below(&p->rng, 5),
                     1 + (int)xp_rng_below(&p->rng, 3)};
    if (xp_rng_below(&p->rng, 3) == 0) e.most = 4 * XP_SURGERY_BEATS;
    return e;
}

static bool is_early(const early_beats *e, int k) {
    return k >= e->first && (k - e->first) % e->every == 0 && (k - e->first) / e->every < e->most;
}

/* At the recorded rate or another one. The pause is shorter than a full compensatory one, as the
 * sinus node is reset. Half of the early P waves are of another size or direction; one that comes
 * before the T wave has ended is added to it. */
static bool plan_premature(plan *p) {
    const early_beats e = draw_early(p);
    int longer = xp_rng_below(&p->rng, 2) ? (int)lrint(draw_rate(p)) : 0;
    if (shortest_gap(p) + longer < LEAST) longer = 0, p->sinus_rate = 0;
    const double old = period(p) + longer;
    bool over = false;
    lead_in(p);
    for (int k = 0; goes_on(p); k++) {
        const bool now = is_early(&e, k), next = is_early(&e, k + 1);
        const double own = uniform(p, -1, 1), size = uniform(p, 0.3, 1);
        const int lead = next ? (int)lrint(uniform(p, 0.2, 0.45) * old) : 0;
        const int pause = (int)lrint(uniform(p, 0.05, 0.35) * old);
        const float factor = !now || own < 0 ? 1 : (float)(own < 0.5 ? -size : size);
        if (over) {
            add_p_over(p, k, factor);
            add_ventricles(p, k);
        } else {
            add_p(p, k, factor);
            add_qrs(p, k, 0);
        }
        const int n = gap_length(p, k) + longer + (now ? pause : 0) - lead;
        const xp_sinus_beat *following = beat(p, k + 1);
        const int least = n + following->qrs - following->p; /* to the QRS */
        over = n < LEAST;
        if (over && least < LEAST && least + lead - LEAST < 0.15 * old) return false;
        fill_gap(p, k, over ? least : n);
    }
    return p->made->n_qrs > e.first;
}

static double pr_of(const plan *p) {
    double sum = 0;
    for (int k = 0; k < p->s->n; k++) sum += p->s->beat[k].qrs - p->s->beat[k].p;
    return sum / p->s->n;
}

static bool plan_long_pr(plan *p) {
    const double want = uniform(p, 0.24, 0.36) * p->rate;
    const int more = (int)lrint(want - pr_of(p));
    if (more < 0.03 * p->rate || shortest_gap(p) - more < LEAST) return false;
    lead_in(p);
    for (int k = 0; goes_on(p); k++) {
        add_p(p, k, 1);
        add_qrs(p, k, more);
        fill_gap(p, k, gap_length(p, k) - more);
    }
    return true;
}

/* A P without QRS, and the time to the next P. */
static void add_dropped(plan *p, int k) {
    const xp_sinus_beat *b = beat(p, k);
    add_p(p, k, 1);
    fill_gap(p, k, b->t_end - b->p_end + gap_length(p, k));
}

/* Cycles of `length` P waves, the last one without QRS. PR grows by less each time. */
static bool plan_block(plan *p, bool wenckebach) {
    const int length = 3 + (int)xp_rng_below(&p->rng, 3);
    const int begin = (int)xp_rng_below(&p->rng, (uint32_t)length - 1);
    const int room = shortest_gap(p) - LEAST;
    int most = (int)lrint(uniform(p, 0.1, 0.24) * p->rate), dropped = 0;
    if (most > room) most = room;
    if (wenckebach && most < 0.08 * p->rate) return false;
    lead_in(p);
    for (int k = 0; goes_on(p); k++) {
        const int at = (k + begin) % length;
        const int more =
            wenckebach ? (int)lrint(most * (1 - pow(0.5, at)) / (1 - pow(0.5, length - 2))) : 0;
        if (at == length - 1) {
            add_dropped(p, k);
            dropped++;
            continue;
        }
        add_p(p, k, 1);
        add_qrs(p, k, more);
        fill_gap(p, k, gap_length(p, k) - more);
    }
    return dropped > 0;
}

/* QRS and T at an escape rhythm's rate; the P waves are added to it afterwards. */
static bool plan_escape(plan *p) {
    const double bpm = uniform(p, 30, 45), every = 60 * p->rate / bpm;
    fill_gap(p, 0, (int)lrint(uniform(p, 0.1, 0.9) * p->rate));
    for (int k = 0; goes_on(p); k++) {
        const xp_sinus_beat *b = beat(p, k);
        add_ventricles(p, k);
        fill_gap(p, k, (int)lrint(every) - (b->t_end - b->qrs));
    }
    return true;
}

static bool make_plan(plan *p, xp_surgery kind) {
    switch (kind) {
    case XP_SURGERY_RATE:
        return plan_rate(p);
    case XP_SURGERY_PREMATURE:
        return plan_premature(p);
    case XP_SURGERY_LONG_PR:
        return plan_long_pr(p);
    case XP_SURGERY_WENCKEBACH:
        return plan_block(p, true);
    case XP_SURGERY_DROPPED:
        return plan_block(p, false);
    default:
        return plan_escape(p);
    }
}

/* ==== making it ============================================================================== */

/* Add beat k's P wave, as it stands on the line between its ends, to `to` at sample t. */
static void lay_p(const plan *p, int k, float factor, const float *from, float *to, int t,
                  int n_leads) {
    const xp_sinus_beat *b = beat(p, k);
    const int n = b->p_end - b->p;
    for (int lead = 0; lead < n_leads; lead++) {
        const float *x = from + (size_t)b->p * (size_t)n_leads + (size_t)lead;
        const float a = x[0], z = x[(size_t)(n - 1) * (size_t)n_leads];
        for (int i = 0; i < n && t + i < p->valid; i++) {
            const float line = a + (z - a) * (float)i / (float)(n > 1 ? n - 1 : 1);
            to[(size_t)(t + i) * (size_t)n_leads + (size_t)lead] +=
                factor * (x[(size_t)i * (size_t)n_leads] - line);
        }
    }
}

/* The atria go on at their own rate, faster than the escape rhythm. */
static void lay_atria(plan *p, const float *from, float *to, int n_leads) {
    const double every = fmin(period(p), 60 * p->rate / 62) * uniform(p, 0.9, 1);
    double t = uniform(p, 0, every);
    for (int k = 0; t < p->valid; k++, t += every) {
        note(p->made->p, &p->made->n_p, (int)t);
        lay_p(p, k, 1, from, to, (int)t, n_leads);
    }
}

static void set_labels(const plan *p, xp_surgery kind, const char (*labels)[32], int n, float *y) {
    for (int i = 0; i < N_CHANGES; i++)
        if (changes[i].kind == kind) set(labels, n, y, changes[i].label, changes[i].value);
    if (p->sinus_rate == 0) return; /* as recorded */
    set(labels, n, y, "bradsr", p->sinus_rate < 60);
    set(labels, n, y, "tachsr", p->sinus_rate > 100);
}

xp_status xp_surgery_apply(xp_surgery kind, uint64_t seed, const xp_sinus *sinus, float *x,
                           int valid, int n_leads, double rate, const char (*labels)[32],
                           int n_labels, float *y, bool *done, xp_surgery_beats *made,
                           xp_error *err) {
    const size_t bytes = (size_t)valid * (size_t)n_leads * sizeof *x;
    xp_surgery_beats unseen;
    plan *p = calloc(1, sizeof *p);
    float *to = malloc(bytes);
    *done = false;
    if (!p || !to) {
        free(p);
        free(to);
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a record");
    }
    *p = (plan){.s = sinus, .rng = xp_rng_seed(seed), .rate = rate, .valid = valid};
    p->made = made ? made : &unseen;
    p->made->n_p = p->made->n_qrs = 0;
    if (sinus->n >= 2 && make_plan(p, kind) && !p->out.full) {
        xp_splice_make(&p->out, x, to, valid, n_leads);
        if (kind == XP_SURGERY_THIRD_DEGREE) lay_atria(p, x, to, n_leads);
        for (int i = 0; i < p->n_over; i++)
            lay_p(p, p->over[i].beat, p->over[i].factor, x, to, p->over[i].at, n_leads);
        memcpy(x, to, bytes);
        set_labels(p, kind, labels, n_labels, y);
        *done = true;
    }
    free(to);
    free(p);
    return XP_OK;
}
