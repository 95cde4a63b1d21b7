#include "measure/quality.h"

#include "ecg/sinpi.h"
#include "measure/quality_internal.h"

#include <math.h>
#include <stdlib.h>

#define LONGEST_PAUSE_S 2.0
/* Longer recordings are judged part by part, each with the end of the one before it, in which what
 * lasts across the border is found whole. */
#define WHOLE_S 600.0
#define PART_S 120.0
#define OVERLAP_S 3.0

/* By time, then lead, then kind. */
static int compare_findings(const void *a, const void *b) {
    const xp_quality_finding *x = a, *y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    if (x->lead != y->lead) return x->lead < y->lead ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* ==== memory ================================================================================= */

static xp_status make_room(xp_gate *g, int64_t total) {
    const size_t window = (size_t)g->window, leads = (size_t)g->q->n_leads + 1;
    g->stride = (size_t)(total / g->window) + 1;
    g->q->leads = calloc(leads, sizeof *g->q->leads);
    g->samples = malloc((3 * window + leads) * sizeof *g->samples);
    g->series = malloc((4 * g->stride + 2) * leads * sizeof *g->series);
    g->sections = calloc(leads, sizeof *g->sections);
    g->leads = calloc(leads, sizeof *g->leads);
    g->mv = malloc(leads * sizeof *g->mv);
    if (!g->q->leads || !g->samples || !g->series || !g->sections || !g->leads || !g->mv)
        return xp_fail(g->err, XP_ERR_MEMORY, "no memory to judge the quality of %s", g->rec->name);
    g->taper = g->samples + window;
    g->sums = g->taper + window;
    g->swings = g->sums + window;
    g->activity = g->series + 4 * g->stride * leads;
    g->sorted = g->activity + leads;
    for (size_t l = 0; l < leads; l++) g->swings[l] = 0;
    for (int64_t i = 0; i < g->window; i++)
        g->taper[i] = 0.5 - 0.5 * xp_cos_pi(2 * ((double)i + 0.5) / (double)g->window);
    return XP_OK;
}

static void release(xp_gate *g) {
    free(g->samples);
    free(g->series);
    free(g->sections);
    free(g->leads);
    free(g->mv);
}

/* ==== one part =============================================================================== */

/* A pause of the heart without any noise is flat in every lead at once: that is reported only where
 * it is too long for one. */
static void drop_pauses(xp_gate *g) {
    xp_quality *q = g->q;
    for (int i = 0; i < q->n_findings; i++) {
        const xp_quality_finding f = q->findings[i];
        bool everywhere = f.code == XP_QUALITY_FLAT && f.end_s - f.start_s < LONGEST_PAUSE_S;
        for (g->lead = 0; g->lead < q->n_leads && everywhere; g->lead++)
            everywhere = 2 * xp_gate_dead_s(g, f.start_s, f.end_s) > f.end_s - f.start_s;
        q->findings[i].unit = everywhere ? NULL : f.unit;
    }
    int kept = 0;
    for (int i = 0; i < q->n_findings; i++)
        if (q->findings[i].unit) q->findings[kept++] = q->findings[i];
    q->n_findings = kept;
}

/* The rows of the lead, from the second at which the part begins. */
static void turn_to_lead(xp_gate *g, int lead, int64_t second) {
    g->lead = lead;
    g->x = g->rec->leads[lead].mv;
    g->noise = g->series + 4 * g->stride * (size_t)lead + second;
    g->line[0] = g->noise + g->stride;
    g->line[1] = g->line[0] + g->stride;
    g->swing = g->line[1] + g->stride;
}

static xp_status run_tests(xp_gate *g, int64_t second) {
    for (int lead = 0; lead < g->rec->n_leads; lead++) {
        turn_to_lead(g, lead, second);
        XP_TRY(xp_gate_runs(g));
        XP_TRY(xp_gate_noise(g));
        XP_TRY(xp_gate_baseline(g));
    }
    drop_pauses(g);
    XP_TRY(xp_gate_einthoven(g));
    xp_gate_pulses(g);
    return XP_OK;
}

/* ==== all parts ============================================================================== */

/* A pause up to this, in s, does not end what goes on in the next part. */
static double pause_of(xp_quality_code code) {
    if (xp_gate_records_nothing(code)) return 0.25;
    if (code == XP_QUALITY_STEP) return 0;
    return code == XP_QUALITY_WANDER ? 5 : 1.5;
}

/* One finding for what two parts found of the same; also where there are too many. */
static xp_status take_finding(xp_quality *q, int earlier, const xp_quality_finding *f,
                              xp_error *err) {
    int last = -1, count = 0;
    for (int i = 0; i < earlier; i++) {
        if (q->findings[i].code != f->code || q->findings[i].lead != f->lead) continue;
        if (last < 0 || q->findings[i].end_s > q->findings[last].end_s) last = i;
        count++;
    }
    if (last < 0) return xp_quality_add(q, f, err);
    xp_quality_finding *old = &q->findings[last];
    if (f->start_s > old->end_s + pause_of(f->code) && count < XP_GATE_SPANS)
        return xp_quality_add(q, f, err);
    if (f->start_s < old->start_s) old->start_s = f->start_s;
    if (f->end_s > old->end_s) old->end_s = f->end_s;
    if (fabs(f->value) > fabs(old->value)) old->value = f->value;
    if (xp_gate_records_nothing(f->code)) old->value = old->end_s - old->start_s;
    xp_quality_write_text(old);
    return XP_OK;
}

static void take_pulses(xp_quality *q, const xp_quality *part, double shift_s) {
    for (int i = 0; i < part->n_pulses; i++) {
        const double start_s = part->pulses[i].start_s + shift_s;
        if (q->n_pulses == XP_QUALITY_PULSES) return;
        if (q->n_pulses > 0 && start_s <= q->pulses[q->n_pulses - 1].end_s) continue;
        q->pulses[q->n_pulses++] = (xp_quality_pulse){start_s, part->pulses[i].end_s + shift_s};
    }
}

static xp_status take_findings(xp_quality *q, xp_quality *part, double shift_s, xp_error *err) {
    const int earlier = q->n_findings;
    for (int i = 0; i < part->n_findings; i++) {
        xp_quality_finding *f = &part->findings[i];
        f->start_s += shift_s;
        f->end_s += shift_s;
        if (shift_s > 0) xp_quality_write_text(f);
        XP_TRY(take_finding(q, earlier, f, err));
    }
    return XP_OK;
}

/* Samples [from, to) as a recording of their own. */
static xp_status judge_part(xp_gate *whole, const xp_sample_source *src, int64_t from, int64_t to) {
    const xp_record *rec = src->rec;
    xp_gate g = *whole;
    xp_record view = *rec;
    xp_quality part = {.n_leads = rec->n_leads};
    XP_TRY(src->load(src->ctx, from, to - from, g.mv, g.err));
    view.n = g.n = to - from;
    view.leads = g.leads;
    for (int l = 0; l < rec->n_leads; l++) {
        g.leads[l] = rec->leads[l];
        g.leads[l].mv = (float *)(uintptr_t)g.mv[l];
    }
    g.rec = &view;
    g.q = &part;
    g.n_windows = (int)(g.n / g.window);
    xp_status s = run_tests(&g, from / g.window);
    take_pulses(whole->q, &part, (double)from / g.rate);
    if (s == XP_OK) s = take_findings(whole->q, &part, (double)from / g.rate, g.err);
    free(part.findings);
    return s;
}

/* Numbers of the leads, from all that was seen of them. */
static void summarise(xp_gate *g, int64_t total) {
    g->n_windows = (int)(total / g->window);
    for (int l = 0; l < g->rec->n_leads; l++) {
        turn_to_lead(g, l, 0);
        xp_gate_noise_values(g);
        g->q->leads[l].baseline_uv = g->sections[l] ? 1000 * g->swings[l] / g->sections[l] : NAN;
    }
}

static xp_status judge(xp_gate *g, const xp_sample_source *src) {
    const int64_t n = src->rec->n;
    const bool whole = (double)n <= WHOLE_S * g->rate;
    const int64_t step = whole ? n : (int64_t)PART_S * g->window;
    const int64_t overlap = (int64_t)OVERLAP_S * g->window;
    XP_TRY(make_room(g, n));
    for (int64_t at = 0; at == 0 || at < n; at += step) {
        XP_TRY(judge_part(g, src, at > overlap ? at - overlap : at,
                          at + step > n || whole ? n : at + step));
        if (step == 0) break;
    }
    summarise(g, n);
    xp_gate_grade(g);
    if (g->q->n_findings > 0)
        qsort(g->q->findings, (size_t)g->q->n_findings, sizeof *g->q->findings, compare_findings);
    return XP_OK;
}

xp_status xp_quality_assess_samples(xp_quality *out, const xp_sample_source *src, xp_error *err) {
    const xp_record *rec = src->rec;
    xp_gate g = {.q = out, .rec = rec, .n = rec->n, .rate = rec->rate, .err = err};
    *out = (xp_quality){.n_leads = rec->n_leads};
    g.window = (int64_t)(XP_GATE_WINDOW * rec->rate + 0.5);
    if (g.window > rec->n) g.window = rec->n;
    if (g.window < 1) g.window = 1;
    const xp_status status = judge(&g, src);
    release(&g);
    if (status != XP_OK) xp_quality_free(out);
    return status;
}

xp_status xp_quality_assess(xp_quality *out, const xp_record *rec, xp_error *err) {
    const xp_sample_source src = xp_samples_of(rec);
    return xp_quality_assess_samples(out, &src, err);
}
