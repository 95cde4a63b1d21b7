#include "measure/measure.h"

#include "measure/pool.h"
#include "measure/quality.h"

#include <stdlib.h>
#include <string.h>

/* Windows of long records, and how far they reach into each other. */
#define WINDOW_S 30.0
#define MARGIN_S 1.5
#define WHOLE_S 40.0 /* up to here there is one window */
#define BEATS_A_SECOND 5

/* Of the samples of a lead. */
typedef struct lead_span {
    float low, high;
    bool any, absurd;
} lead_span;

typedef struct job {
    const xp_sample_source *src;
    const xp_record *rec; /* what is said of it */
    const xp_quality *quality;
    const float **mv; /* (n_leads) */
    lead_span *spans; /* (n_leads) */
    bool *usable;
    xp_lead_id *ids;
    measure_window w;
    measure_pool pool;
    float *scratch; /* for the statistics of all beats */
    uint8_t *block;
    int64_t core, margin; /* samples of the record */
    int n_windows;
} job;

/* ==== memory ================================================================================= */

static void take_window(xp_arena *a, measure_window *w) {
    const size_t cap = (size_t)w->cap, leads = (size_t)w->n_leads;
    w->x = xp_arena_take(a, cap * leads, sizeof(float));
    w->blind = xp_arena_take(a, cap * leads, sizeof(uint8_t));
    w->velocity = xp_arena_take(a, cap * MEASURE_DETECTORS, sizeof(float));
    w->activity = xp_arena_take(a, cap, sizeof(float));
    w->scratch = xp_arena_take(a, cap + 64, sizeof(float));
    w->beats = xp_arena_take(a, (size_t)w->cap_beats, sizeof(measure_beat));
    w->spikes = xp_arena_take(a, (size_t)w->cap_spikes, sizeof(int));
    const size_t length = (size_t)measure_feature_length(w);
    w->templates = xp_arena_take(a, MEASURE_GROUPS * length, sizeof(float));
    w->feature = xp_arena_take(a, length, sizeof(float));
    w->shapes = xp_arena_take(a, measure_shape_floats(w), sizeof(float));
    w->levels = xp_arena_take(a, leads * (size_t)w->cap_beats, sizeof(float));
    w->median.n = w->odd.n = w->even.n =
        measure_samples(w, MEASURE_BEFORE_S) + measure_samples(w, MEASURE_AFTER_S) + 1;
    w->median.fiducial = w->odd.fiducial = w->even.fiducial = measure_samples(w, MEASURE_BEFORE_S);
    const size_t n = (size_t)w->median.n;
    w->median.mv = xp_arena_take(a, n * leads, sizeof(float));
    w->odd.mv = xp_arena_take(a, n * leads, sizeof(float));
    w->even.mv = xp_arena_take(a, n * leads, sizeof(float));
    w->own = xp_arena_take(a, leads, sizeof(measure_own));
    w->work = xp_arena_take(a, n * (MEASURE_DETECTORS + 4), sizeof(float));
    for (int g = 0; g < MEASURE_GROUPS; g++)
        w->groups[g].lead_waves = xp_arena_take(a, leads, sizeof(xp_waves));
}

static void take_pool(xp_arena *a, measure_pool *p, int n_leads, int n_windows) {
    p->cap = n_windows;
    p->values = xp_arena_take(a, (size_t)n_windows * POOLED_COUNT, sizeof(float));
    p->lead_values =
        xp_arena_take(a, (size_t)n_windows * (size_t)n_leads * POOLED_LEAD_VALUES, sizeof(float));
    p->sorted = xp_arena_take(a, (size_t)n_windows, sizeof(float));
}

static void take_all(xp_arena *a, job *j) {
    j->usable = xp_arena_take(a, (size_t)j->rec->n_leads, sizeof(bool));
    j->ids = xp_arena_take(a, (size_t)j->rec->n_leads, sizeof *j->ids);
    j->mv = xp_arena_take(a, (size_t)j->rec->n_leads, sizeof *j->mv);
    j->spans = xp_arena_take(a, (size_t)j->rec->n_leads, sizeof *j->spans);
    take_window(a, &j->w);
    take_pool(a, &j->pool, j->rec->n_leads, j->n_windows);
}

static xp_status allocate(job *j, xp_error *err) {
    xp_arena a = {0};
    take_all(&a, j);
    j->block = xp_aligned_alloc(a.used ? a.used : 1);
    if (!j->block) return xp_fail(err, XP_ERR_MEMORY, "not enough memory to measure a record");
    a = (xp_arena){.base = j->block, .size = a.used};
    take_all(&a, j);
    j->w.usable = j->usable;
    j->w.ids = j->ids;
    for (int l = 0; l < j->rec->n_leads; l++) j->ids[l] = j->rec->leads[l].id;
    return XP_OK;
}

static xp_status plan(job *j, const xp_sample_source *src, xp_error *err) {
    measure_window *w = &j->w;
    const xp_record *rec = src->rec;
    *j = (job){.src = src, .rec = rec};
    if (!(rec->rate >= 50 && rec->rate <= 4000))
        return xp_fail(err, XP_ERR_LIMIT, "measuring needs 50 to 4000 Hz; this record has %g",
                       rec->rate);
    w->upsampling = 1;
    while (rec->rate * w->upsampling < 250) w->upsampling++;
    w->rate = rec->rate * w->upsampling;
    w->n_leads = rec->n_leads;
    const bool whole = (double)rec->n <= WHOLE_S * rec->rate;
    j->core = whole ? rec->n : (int64_t)(WINDOW_S * rec->rate);
    j->margin = whole ? 0 : (int64_t)(MARGIN_S * rec->rate);
    j->n_windows = j->core > 0 ? (int)((rec->n + j->core - 1) / j->core) : 0;
    w->cap = (int)(j->core + 2 * j->margin) * w->upsampling;
    w->cap_beats = (int)(w->cap / w->rate * BEATS_A_SECOND) + 2;
    w->cap_spikes = 2 * w->cap_beats;
    return allocate(j, err);
}

/* ==== leads ================================================================================== */

static void widen(lead_span *s, const float *mv, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float v = mv[i];
        if (v != v) continue;
        if (!s->any) s->low = s->high = v;
        s->any = true;
        s->low = v < s->low ? v : s->low;
        s->high = v > s->high ? v : s->high;
        s->absurd = s->absurd || fabsf(v) > 1e4f;
    }
}

/* What has no finite samples, or absurd ones, would spoil the sums of all leads. */
static xp_reason judge_lead(const job *j, int lead, const xp_quality *quality) {
    const lead_span *s = &j->spans[lead];
    if (s->absurd) return XP_REASON_NOISE;
    if (!s->any || !(s->high - s->low > 0.01f)) return XP_REASON_FLAT;
    return quality && !quality->leads[lead].usable ? XP_REASON_NOISE : XP_REASON_NONE;
}

static xp_status judge_leads(job *j, const xp_quality *quality, xp_measures *m, xp_error *err) {
    const int64_t n = j->rec->n, step = j->core > 0 ? j->core : 1;
    for (int l = 0; l < j->rec->n_leads; l++) j->spans[l] = (lead_span){0};
    for (int64_t at = 0; at < n; at += step) {
        const int64_t some = n - at < step ? n - at : step;
        XP_TRY(j->src->load(j->src->ctx, at, some, j->mv, err));
        for (int l = 0; l < j->rec->n_leads; l++) widen(&j->spans[l], j->mv[l], some);
    }
    for (int l = 0; l < j->rec->n_leads; l++) {
        m->leads[l].lead = l;
        m->leads[l].reason = judge_lead(j, l, quality);
        j->usable[l] = m->leads[l].reason == XP_REASON_NONE;
    }
    return XP_OK;
}

/* ==== windows ================================================================================ */

/* Beats alike enough for a median: noise has none. */
static bool is_measurable(const measure_window *w) {
    if (w->n_groups == 0 || w->groups[0].n_beats < 3) return false;
    return w->groups[0].n_beats * 3 >= w->n_beats;
}

static void mark_group(measure_window *w, int g) {
    measure_group *group = &w->groups[g];
    measure_average_group(w, g);
    w->stimulus_s = measure_stimulus(w, g);
    measure_mark(w, &w->median, w->rr_s, &group->waves);
    group->t = w->t;
    group->qrs_unrest = w->qrs_unrest;
    measure_judge_p(w, g);
    if (!group->has_p) group->waves.p = (xp_wave){NAN, NAN, NAN};
    if (g == 0 && w->odd.beats > 0) {
        measure_mark(w, &w->odd, w->rr_s, &group->odd);
        measure_mark(w, &w->even, w->rr_s, &group->even);
    }
    measure_mark_leads(w, g);
    measure_follow(w, g);
}

static xp_status keep_median(const job *j, xp_measures *m, xp_error *err) {
    const measure_window *w = &j->w;
    xp_median_beat *b = &m->median;
    const size_t n = (size_t)w->median.n, leads = (size_t)w->n_leads;
    if (b->n) return XP_OK;
    b->mv = malloc(n * leads * sizeof *b->mv);
    b->lead_waves = malloc(leads * sizeof *b->lead_waves);
    b->noise_mv = malloc(leads * sizeof *b->noise_mv);
    if (!b->mv || !b->lead_waves || !b->noise_mv)
        return xp_fail(err, XP_ERR_MEMORY, "not enough memory for a median beat");
    b->rate = w->rate;
    b->n = w->median.n;
    b->fiducial = w->median.fiducial;
    b->n_leads = w->n_leads;
    b->n_beats = w->median.beats;
    b->waves = w->groups[0].waves;
    for (size_t l = 0; l < leads; l++) {
        const float *x = w->median.mv + l * n, *odd = w->odd.mv + l * n, *even = w->even.mv + l * n;
        double rest = 0;
        for (size_t t = 0; t < n; t++) {
            b->mv[l * n + t] = w->usable[l] ? x[t] : NAN;
            const double d = w->usable[l] ? (double)(odd[t] - even[t]) / 2 : 0;
            rest += d * d;
        }
        b->noise_mv[l] = w->usable[l] ? (float)sqrt(rest / (double)n) : NAN;
        b->lead_waves[l] = w->groups[0].lead_waves[l];
    }
    return XP_OK;
}

static xp_status grow(xp_measures *m, int more, xp_error *err) {
    if (m->n_beats + more <= m->cap_beats) return XP_OK;
    const int cap =
        m->n_beats + m->n_beats / 4 + 2 * more; /* those of a day are most of the memory */
    xp_beat *beats = realloc(m->beats, (size_t)cap * sizeof *beats);
    if (!beats) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d beats", cap);
    m->beats = beats;
    for (int l = 0; l < m->n_leads; l++) {
        if (m->leads[l].reason != XP_REASON_NONE) continue;
        xp_waves *waves = realloc(m->leads[l].beats, (size_t)cap * sizeof *waves);
        if (!waves) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for %d beats", cap);
        m->leads[l].beats = waves;
    }
    m->cap_beats = cap;
    return XP_OK;
}

static xp_wave shifted(const xp_wave *of_lead, const xp_wave *global, const xp_wave *beat) {
    const float lag = beat->peak - global->peak;
    return (xp_wave){of_lead->onset + lag, of_lead->peak + lag, of_lead->offset + lag};
}

static void keep_lead_waves(const measure_window *w, const measure_beat *b, xp_measures *m) {
    static const xp_wave none = {NAN, NAN, NAN};
    for (int l = 0; l < m->n_leads; l++) {
        if (!m->leads[l].beats) continue;
        xp_waves *out = &m->leads[l].beats[m->n_beats];
        *out = (xp_waves){none, none, none};
        if (b->group < 0) continue;
        const measure_group *g = &w->groups[b->group];
        const xp_waves *of_lead = &g->lead_waves[l];
        const measure_group *p = g->has_p ? g : &w->groups[0];
        out->p = shifted(&p->lead_waves[l].p, &p->waves.p, &b->waves.p);
        out->qrs = of_lead->qrs;
        out->t = shifted(&of_lead->t, &g->waves.t, &b->waves.t);
    }
}

/* from, to: the samples of the window whose beats are its own. */
static xp_status keep_beats(const job *j, int64_t start, int from, int to, xp_measures *m,
                            xp_error *err) {
    const measure_window *w = &j->w;
    static const xp_wave none = {NAN, NAN, NAN};
    const bool steady = measure_is_steady(w);
    XP_TRY(grow(m, w->n_beats, err));
    for (int i = 0; i < w->n_beats; i++) {
        const measure_beat *b = &w->beats[i];
        const double time = (double)start / j->rec->rate + b->at / w->rate;
        const double last = m->n_beats ? m->beats[m->n_beats - 1].time_s : -1;
        if (b->at < from || b->at >= to || time - last < 0.15) continue;
        xp_beat *out = &m->beats[m->n_beats];
        const bool paced = measure_is_paced(w, i);
        *out = (xp_beat){.time_s = time,
                         .rr_s = m->n_beats && !b->doubtful ? (float)(time - last) : NAN,
                         .kind = paced ? 'Q' : measure_kind(w, i, steady),
                         .used = b->group == 0,
                         .group = b->group,
                         .waves = b->waves};
        if (b->group < 0) out->waves = (xp_waves){none, none, none};
        out->symbol = paced ? '/' : out->kind;
        keep_lead_waves(w, b, m);
        m->n_beats++;
    }
    return XP_OK;
}

static xp_status measure_one(job *j, int index, xp_measures *m, xp_error *err) {
    measure_window *w = &j->w;
    const int64_t n = j->rec->n, core = index * j->core;
    const int64_t start = core > j->margin ? core - j->margin : 0;
    int64_t end = core + j->core + j->margin;
    end = end > n ? n : end;
    XP_TRY(j->src->load(j->src->ctx, start, end - start, j->mv, err));
    measure_load(w, j->mv, (int)(end - start));
    measure_find_blind(w, j->mv, (int)(end - start), j->quality, (double)start / j->rec->rate,
                       start == 0, end == n);
    measure_take_mains(w, j->quality, (double)start / j->rec->rate);
    measure_cut_spikes(w);
    measure_detect(w);
    measure_group_beats(w);
    const bool measurable = is_measurable(w);
    if (measurable) {
        measure_find_levels(w);
        for (int g = w->n_groups - 1; g >= 0; g--) mark_group(w, g); /* the dominant one stays */
        measure_lend_p(w);
        measure_find_fusions(w);
        measure_pool_window(&j->pool, w, j->rec);
        XP_TRY(keep_median(j, m, err));
    } else {
        for (int i = 0; i < w->n_beats; i++) w->beats[i].group = -1;
    }
    measure_pool_beats(&j->pool, w);
    m->paced = m->paced || w->n_spikes > 0;
    const int from = (int)(core - start) * w->upsampling;
    const int to = core + j->core >= n ? w->n : from + (int)j->core * w->upsampling;
    return keep_beats(j, start, from, to, m, err);
}

/* ============================================================================================= */

/* The first lead's reason speaks for all. */
static xp_reason why_no_leads(const xp_measures *m) {
    return m->n_leads ? m->leads[0].reason : XP_REASON_LEADS_MISSING;
}

static xp_status measure_all(job *j, const xp_quality *quality, xp_measures *m, xp_error *err) {
    const xp_record *rec = j->rec;
    m->leads = calloc((size_t)(rec->n_leads ? rec->n_leads : 1), sizeof *m->leads);
    if (!m->leads) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the leads");
    m->n_leads = rec->n_leads;
    XP_TRY(judge_leads(j, quality, m, err));
    measure_choose_detectors(&j->w, rec);
    measure_design_taps(&j->w);
    for (int i = 0; i < j->n_windows && j->w.detectors.n > 0; i++)
        XP_TRY(measure_one(j, i, m, err));
    if (j->w.detectors.n == 0) m->reason = why_no_leads(m);
    if (m->n_beats == 0 && m->reason == XP_REASON_NONE) m->reason = XP_REASON_NO_BEATS;
    j->scratch = malloc((size_t)(m->n_beats + 1) * sizeof *j->scratch);
    if (!j->scratch) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the intervals");
    const bool is_spoilt = quality && quality->grade == XP_GRADE_UNUSABLE;
    measure_values(m, rec, is_spoilt, &j->pool, j->scratch);
    return XP_OK;
}

xp_status xp_measure_samples(xp_measures *out, const xp_sample_source *src,
                             const xp_quality *quality, xp_error *err) {
    job j;
    *out = (xp_measures){0};
    XP_TRY(plan(&j, src, err));
    j.quality = quality;
    xp_status s = measure_all(&j, quality, out, err);
    free(j.scratch);
    xp_aligned_free(j.block);
    if (s != XP_OK) xp_measures_free(out);
    return s;
}

xp_status xp_measure(xp_measures *out, const xp_record *rec, const xp_quality *quality,
                     xp_error *err) {
    const xp_sample_source src = xp_samples_of(rec);
    return xp_measure_samples(out, &src, quality, err);
}

void xp_measures_free(xp_measures *m) {
    for (int l = 0; l < m->n_leads; l++) free(m->leads[l].beats);
    free(m->leads);
    free(m->beats);
    free(m->median.mv);
    free(m->median.lead_waves);
    free(m->median.noise_mv);
    *m = (xp_measures){0};
}
