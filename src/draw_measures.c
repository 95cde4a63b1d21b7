#include "draw_measures.h"

#include "measure_words.h"

#include <math.h>
#include <stdlib.h>

static void set_ends(float ends[2], const xp_wave *w) {
    ends[0] = w->onset;
    ends[1] = w->offset;
}

static xp_plot_beat mark_of(double time, char symbol, bool used, const xp_waves *w) {
    xp_plot_beat b = {.time = time, .symbol = symbol, .used = used};
    set_ends(b.p, &w->p);
    set_ends(b.qrs, &w->qrs);
    set_ends(b.t, &w->t);
    return b;
}

xp_plot_beat *xp_measure_marks(const xp_measures *m, int *n) {
    *n = 0;
    xp_plot_beat *marks = m->n_beats ? malloc((size_t)m->n_beats * sizeof *marks) : NULL;
    for (int i = 0; marks && i < m->n_beats; i++) {
        const xp_beat *b = &m->beats[i];
        marks[(*n)++] = mark_of(b->time_s, b->symbol, b->used, &b->waves);
    }
    return marks;
}

xp_plot_fault *xp_quality_faults(const xp_quality *q, int *n) {
    *n = 0;
    xp_plot_fault *faults = q->n_findings ? malloc((size_t)q->n_findings * sizeof *faults) : NULL;
    for (int i = 0; faults && i < q->n_findings; i++) {
        const xp_quality_finding *f = &q->findings[i];
        if (f->lead < 0) continue;
        faults[(*n)++] = (xp_plot_fault){f->lead, f->start_s, f->end_s, xp_finding_word(f->code),
                                         !xp_quality_clean(q, f->lead, f->start_s, f->end_s) ||
                                             !q->leads[f->lead].usable};
    }
    return faults;
}

/* A record of one beat; the leads' names and samples stay where they are. */
static xp_plot_lead *beat_leads(const xp_record *rec, const xp_median_beat *b) {
    xp_plot_lead *leads = malloc((size_t)b->n_leads * sizeof *leads);
    for (int i = 0; leads && i < b->n_leads; i++)
        leads[i] = (xp_plot_lead){rec->leads[i].name, b->mv + (size_t)i * (size_t)b->n,
                                  rec->leads[i].derived};
    return leads;
}

xp_status xp_draw_beat(xp_display *d, const xp_record *rec, const xp_measures *m, const char *title,
                       const xp_plot_options *opt, xp_error *err) {
    const xp_median_beat *b = &m->median;
    if (!b->n)
        return xp_fail(err, XP_ERR_LEAD_UNKNOWN, "%s has no median beat: %s", rec->name,
                       xp_reason_text(m->reason ? m->reason : XP_REASON_NO_BEATS));
    xp_plot_lead *leads = beat_leads(rec, b);
    if (!leads) return xp_fail(err, XP_ERR_MEMORY, "no memory for a drawing");
    const xp_plot_beat mark = mark_of(b->fiducial / b->rate, 'N', true, &b->waves);
    const xp_plot_record r = {title ? title : rec->name, b->rate, b->n, b->n_leads, leads, NULL};
    const xp_status s = xp_plot_one_beat(d, &r, b->n_beats, &mark, opt, err);
    free(leads);
    return s;
}
