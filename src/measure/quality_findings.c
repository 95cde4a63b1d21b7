/* Findings of the quality gate: kept, joined and asked for. */
#include "measure/quality_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *xp_quality_name(xp_quality_code code) {
    static const char *const names[] = {
#define X(id, name) name,
        XP_QUALITY_LIST(X)
#undef X
    };
    return names[code];
}

const char *xp_quality_grade_name(xp_quality_grade grade) {
    static const char *const names[] = {"good", "limited", "unusable"};
    return names[grade];
}

xp_status xp_quality_add(xp_quality *q, const xp_quality_finding *finding, xp_error *err) {
    if (q->n_findings == q->cap_findings) {
        const int cap = q->cap_findings ? 2 * q->cap_findings : 16;
        xp_quality_finding *more = realloc(q->findings, (size_t)cap * sizeof *more);
        if (!more) return xp_fail(err, XP_ERR_MEMORY, "no memory for findings of quality");
        q->findings = more;
        q->cap_findings = cap;
    }
    q->findings[q->n_findings++] = *finding;
    return XP_OK;
}

bool xp_quality_clean(const xp_quality *q, int lead, double start_s, double end_s) {
    for (int i = 0; i < q->n_findings; i++) {
        const xp_quality_finding *f = &q->findings[i];
        const bool forbids = xp_gate_records_nothing(f->code) || f->code == XP_QUALITY_STEP;
        if (forbids && f->lead == lead && f->start_s < end_s && f->end_s > start_s) return false;
    }
    return true;
}

void xp_quality_free(xp_quality *q) {
    free(q->findings);
    free(q->leads);
    *q = (xp_quality){0};
}

/* ---- findings from neighbouring times ---- */

xp_status xp_span_close(xp_gate *g, xp_span *s) {
    if (!s->is_open) return XP_OK;
    const double end_s = (double)g->n / g->rate;
    xp_quality_finding f = {.code = s->code, .lead = g->lead, .value = s->value};
    f.start_s = s->start_s > 0 ? s->start_s : 0;
    f.end_s = s->end_s < end_s ? s->end_s : end_s;
    if (g->lead >= 0) memcpy(f.lead_name, g->rec->leads[g->lead].name, sizeof f.lead_name);
    if (s->code == XP_QUALITY_FLAT || s->code == XP_QUALITY_SATURATED || s->code == XP_QUALITY_GAP)
        f.value = f.end_s - f.start_s;
    xp_quality_write_text(&f);
    s->is_open = false;
    s->count++;
    return xp_quality_add(g->q, &f, g->err);
}

xp_status xp_span_add(xp_gate *g, xp_span *s, double start_s, double end_s, double value) {
    if (!isfinite(value)) value = 1e9; /* the sum of squares of values near the largest float */
    if (s->is_open && start_s > s->end_s + s->merge_s && s->count + 1 < XP_GATE_SPANS)
        XP_TRY(xp_span_close(g, s));
    if (!s->is_open) {
        s->start_s = start_s, s->end_s = end_s, s->value = value;
        s->is_open = true;
        return XP_OK;
    }
    s->start_s = start_s < s->start_s ? start_s : s->start_s;
    s->end_s = end_s > s->end_s ? end_s : s->end_s;
    if (fabs(value) > fabs(s->value)) s->value = value;
    return XP_OK;
}

/* ---- what the tests and the grade ask ---- */

bool xp_gate_records_nothing(xp_quality_code code) {
    return code == XP_QUALITY_FLAT || code == XP_QUALITY_SATURATED || code == XP_QUALITY_GAP;
}

double xp_gate_dead_s(const xp_gate *g, double start_s, double end_s) {
    double dead = 0;
    for (int i = 0; i < g->q->n_findings; i++) {
        const xp_quality_finding *f = &g->q->findings[i];
        if (f->lead != g->lead || !xp_gate_records_nothing(f->code)) continue;
        const double from = f->start_s > start_s ? f->start_s : start_s;
        const double to = f->end_s < end_s ? f->end_s : end_s;
        dead += to > from ? to - from : 0;
    }
    return dead;
}

static int compare_floats(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double xp_gate_median(float *v, int n) {
    int count = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(v[i])) v[count++] = v[i];
    if (count == 0) return NAN;
    qsort(v, (size_t)count, sizeof *v, compare_floats);
    return (double)v[count / 2];
}
