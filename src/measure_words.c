#include "measure_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *xp_finding_word(xp_quality_code code) {
    switch (code) {
    case XP_QUALITY_FLAT:
        return "flat";
    case XP_QUALITY_SATURATED:
        return "at the amplifier's limit";
    case XP_QUALITY_GAP:
        return "no samples";
    case XP_QUALITY_MAINS_50:
        return "mains 50 Hz";
    case XP_QUALITY_MAINS_60:
        return "mains 60 Hz";
    case XP_QUALITY_WANDER:
        return "baseline wander";
    case XP_QUALITY_MUSCLE:
        return "muscle noise";
    case XP_QUALITY_STEP:
        return "step";
    case XP_QUALITY_EINTHOVEN:
        return "does not add up";
    case XP_QUALITY_REVERSAL:
        return "electrodes swapped";
    }
    return "";
}

/* ==== the line of numbers ==================================================================== */

typedef struct line {
    char *text;
    size_t used;
} line;

__attribute__((format(printf, 2, 3))) static void add(line *l, const char *format, ...) {
    if (l->used >= XP_NUMBERS_TEXT) return;
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(l->text + l->used, XP_NUMBERS_TEXT - l->used, format, args);
    va_end(args);
    if (n > 0) l->used += (size_t)n;
}

static void add_interval(line *l, const xp_measures *m, xp_quantity_id id, const char *name) {
    const xp_quantity *q = &m->quantities[id];
    if (isnan(q->value))
        add(l, ", %s: %s", name, xp_reason_text(q->reason));
    else
        add(l, ", %s %.0f ms", name, q->value);
}

static void add_rate(line *l, const xp_measures *m) {
    add(l, "rate %.0f/min", m->quantities[XP_HEART_RATE].value);
    if (m->irregularity == XP_RHYTHM_IRREGULAR) add(l, " (irregular now and then)");
    if (m->irregularity == XP_RHYTHM_IRREGULARLY) add(l, " (irregular throughout)");
}

static void add_qt(line *l, const xp_measures *m) {
    const double qt = m->quantities[XP_QT_INTERVAL].value;
    const double qtc = m->quantities[XP_QTC_FRIDERICIA].value;
    if (isnan(qt) || isnan(qtc))
        add_interval(l, m, XP_QT_INTERVAL, "QT");
    else
        add(l, ", QT/QTc %.0f/%.0f ms (Fridericia)", qt, qtc);
}

static void add_axes(line *l, const xp_measures *m) {
    static const xp_quantity_id AXES[] = {XP_P_AXIS, XP_QRS_AXIS, XP_T_AXIS};
    bool any = false;
    for (int i = 0; i < 3; i++) any = any || !isnan(m->quantities[AXES[i]].value);
    if (!any) return;
    add(l, ", axes P/QRS/T ");
    for (int i = 0; i < 3; i++) {
        const double v = m->quantities[AXES[i]].value;
        if (isnan(v))
            add(l, "%s-", i ? "/" : "");
        else
            add(l, "%s%.0f", i ? "/" : "", v);
    }
    add(l, " deg");
}

const char *xp_numbers_line(const xp_measures *m, const xp_quality *q, char text[XP_NUMBERS_TEXT]) {
    line l = {text, 0};
    const xp_quantity *rate = &m->quantities[XP_HEART_RATE];
    text[0] = 0;
    if (isnan(rate->value)) {
        add(&l, "not measurable: %s", xp_reason_text(rate->reason));
    } else {
        add_rate(&l, m);
        add_interval(&l, m, XP_PR_INTERVAL, "PR");
        add_interval(&l, m, XP_QRS_DURATION, "QRS");
        add_qt(&l, m);
        add_axes(&l, m);
    }
    add(&l, ", quality %s", xp_quality_grade_name(q->grade));
    return text;
}

/* ==== leads that are not to be believed ====================================================== */

/* Nothing was recorded there. Samples that are missing have a notice of their own. */
static bool is_dead(xp_quality_code code) {
    return code == XP_QUALITY_FLAT || code == XP_QUALITY_SATURATED;
}

/* What is wrong with a lead, "flat, muscle noise"; "": nothing is; and from when to when. */
typedef struct fault {
    bool refused; /* by the gate, as a whole */
    char why[96];
    double start, end;
} fault;

static void add_why(fault *f, const xp_quality_finding *finding) {
    const char *word = xp_finding_word(finding->code);
    const size_t used = strlen(f->why);
    f->start = used ? fmin(f->start, finding->start_s) : finding->start_s;
    f->end = used ? fmax(f->end, finding->end_s) : finding->end_s;
    if (!strstr(f->why, word))
        snprintf(f->why + used, sizeof f->why - used, "%s%s", used ? ", " : "", word);
}

static bool find_fault(fault *f, const xp_quality *q, const xp_record *rec, int lead) {
    *f = (fault){.refused = lead < q->n_leads && !q->leads[lead].usable,
                 .end = (double)rec->n / rec->rate};
    for (int i = 0; i < q->n_findings; i++)
        if (q->findings[i].lead == lead && (f->refused || is_dead(q->findings[i].code)))
            add_why(f, &q->findings[i]);
    if (f->refused && !f->why[0]) snprintf(f->why, sizeof f->why, "unlike the other leads in size");
    return f->why[0] != 0;
}

/* The record's lead of that name: the first is what a model gets; -1: none. */
static int find_lead(const xp_record *rec, const char *name) {
    const xp_lead_id id = xp_lead_parse(name);
    for (int i = 0; i < rec->n_leads; i++)
        if (id == XP_LEAD_NONE ? !strcmp(rec->leads[i].name, name) : rec->leads[i].id == id)
            return i;
    return -1;
}

static bool is_among(const char *name, const char (*leads)[16], int n) {
    for (int i = 0; i < n; i++)
        if (!strcmp(name, leads[i])) return true;
    return false;
}

static const char *text_arg(const xp_notice *n, const char *name) {
    for (int i = 0; i < n->n_args; i++)
        if (n->args[i].is_text && !strcmp(n->args[i].name, name)) return n->args[i].text;
    return "";
}

/* What the network saw of it was computed from others, since it is empty. */
static bool was_replaced(const xp_notices *made, const char *lead) {
    for (int i = 0; i < made->n; i++)
        if (made->items[i].sentence == XP_SAY_DERIVED_THIN && !strcmp(made->items[i].lead, lead))
            return true;
    return false;
}

/* Leads that were computed from one that is not to be believed. */
static void note_derived(xp_notices *out, const xp_quality *q, const xp_record *rec,
                         const xp_notices *made, const char (*leads)[16], int n) {
    static const char *const FROM[] = {"first", "second"};
    fault f;
    for (int i = 0; i < made->n; i++) {
        const xp_notice *it = &made->items[i];
        if (it->sentence != XP_SAY_DERIVED && it->sentence != XP_SAY_DERIVED_THIN) continue;
        if (!is_among(it->lead, leads, n)) continue;
        for (int k = 0; k < 2; k++) {
            const char *from = text_arg(it, FROM[k]);
            const int lead = find_lead(rec, from);
            if (lead < 0 || !find_fault(&f, q, rec, lead)) continue;
            xp_notice_add(out, XP_SAY_DERIVED_REFUSED, it->lead,
                          XP_ARGS(xp_arg_text("from", from), xp_arg_text("why", f.why)));
        }
    }
}

void xp_note_refused(xp_notices *out, const xp_quality *q, const xp_record *rec,
                     const xp_notices *made, const char (*leads)[16], int n) {
    fault f;
    for (int i = 0; i < n; i++) {
        const int lead = find_lead(rec, leads[i]);
        if (lead < 0 || was_replaced(made, leads[i]) || !find_fault(&f, q, rec, lead)) continue;
        xp_notice_add(out, f.refused ? XP_SAY_REFUSED : XP_SAY_NOTHING_THERE, leads[i],
                      XP_ARGS(xp_arg_text("why", f.why), xp_arg_number("start_s", f.start),
                              xp_arg_number("end_s", f.end)));
    }
    note_derived(out, q, rec, made, leads, n);
}

xp_status xp_judge_and_note(xp_notices *out, const xp_record *rec, const xp_notices *made,
                            const char (*leads)[16], int n, xp_error *err) {
    /* Leads that were derived to be drawn are none of the recording's: see note_derived. */
    xp_record own = *rec;
    xp_quality quality;
    own.n_leads = 0;
    own.leads = malloc(((size_t)rec->n_leads + 1) * sizeof *own.leads);
    if (!own.leads) return xp_fail(err, XP_ERR_MEMORY, "no memory to judge the recording");
    for (int i = 0; i < rec->n_leads; i++)
        if (!rec->leads[i].derived) own.leads[own.n_leads++] = rec->leads[i];
    const xp_status s = xp_quality_assess(&quality, &own, err);
    if (s == XP_OK) {
        xp_note_refused(out, &quality, &own, made, leads, n);
        xp_quality_free(&quality);
    }
    free(own.leads);
    return s;
}
