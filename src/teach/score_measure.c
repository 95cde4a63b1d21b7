/* Calipers and marks. */
#include "teach/quantity.h"
#include "teach/score.h"

#include <math.h>
#include <string.h>

static const double LARGEST = 1e9;
/* Times and values that differ by less are the same: decimals are not exact in binary. */
static const double EPSILON = 1e-9;
static const double FALSE_MARK = 0.5;

/* ==== measure ================================================================================ */

typedef struct caliper {
    double value, from, to, qt, rr; /* NaN: not given */
    const char *lead;               /* NULL: not given */
} caliper;

static xp_status read_caliper(teach_score *s, caliper *c) {
    teach_reader *r = s->r;
    *c = (caliper){NAN, NAN, NAN, NAN, NAN, NULL};
    XP_TRY(teach_number(r, s->answer, "value", -LARGEST, LARGEST, TEACH_OPTIONAL, &c->value));
    XP_TRY(teach_number(r, s->answer, "from", 0, LARGEST, TEACH_OPTIONAL, &c->from));
    XP_TRY(teach_number(r, s->answer, "to", 0, LARGEST, TEACH_OPTIONAL, &c->to));
    XP_TRY(teach_number(r, s->answer, "qt", 0, LARGEST, TEACH_OPTIONAL, &c->qt));
    XP_TRY(teach_number(r, s->answer, "rr", 0, LARGEST, TEACH_OPTIONAL, &c->rr));
    return teach_read_lead(r, s->answer, "lead", false, TEACH_OPTIONAL, &c->lead);
}

/* What the calipers say where no value is given; NaN where they do not say it. */
static double value_of(const xp_teach_measure *m, const caliper *c) {
    const double seconds = fabs(c->to - c->from);
    if (!isnan(c->value)) return c->value;
    if (m->quantity == XP_TEACH_QTC)
        return c->rr > 0 ? xp_teach_qtc(m->formula, c->qt, c->rr) : NAN;
    if (!(seconds > 0)) return NAN;
    if (m->quantity == XP_TEACH_RATE) return 60 * m->beats / seconds;
    if (m->quantity == XP_TEACH_RR) return 1000 * seconds / m->beats;
    return strcmp(xp_teach_quantity_at(m->quantity)->unit, "ms") ? NAN : 1000 * seconds;
}

static bool is_elsewhere(const xp_teach_span *where, const caliper *c) {
    const double from = fmin(c->from, c->to), to = fmax(c->from, c->to);
    if (c->lead && strcmp(where->lead, "*") && strcmp(where->lead, c->lead)) return true;
    if (where->from < 0 || isnan(c->from) || isnan(c->to)) return false;
    return from < where->from - EPSILON || to > where->to + EPSILON;
}

static const char *within(const xp_teach_measure *m, const caliper *c, double off) {
    const double slack = EPSILON * fmax(1, fabs(m->answer));
    if (is_elsewhere(&m->where, c)) return "elsewhere";
    if (off <= m->tolerance + slack) return "full";
    return off <= 2 * m->tolerance + slack ? "half" : "none";
}

xp_status teach_score_measure(teach_score *s, const xp_teach_measure *m, double points) {
    caliper c;
    XP_TRY(read_caliper(s, &c));
    const double value = value_of(m, &c);
    const bool given =
        !isnan(c.value) || !isnan(c.from) || !isnan(c.to) || !isnan(c.qt) || !isnan(c.rr);
    if (given && !isfinite(value))
        return teach_fail(
            s->r, XP_ERR_FORMAT, NULL, "these calipers make no %s: write value, or %s",
            xp_teach_quantity_at(m->quantity)->name,
            m->quantity == XP_TEACH_QTC ? "qt and rr in ms" : "from and to in s, which differ");
    s->answered = given;
    const double off = given ? xp_teach_difference(m->quantity, value, m->answer) : NAN;
    const char *how = given ? within(m, &c, fabs(off)) : NULL;
    if (how && !strcmp(how, "full")) s->points = points;
    if (how && !strcmp(how, "half")) s->points = points / 2;
    xp_json_add(s->more, "value", xp_json_number(given ? value : NAN));
    xp_json_add(s->more, "answer", xp_json_number(m->answer));
    xp_json_add(s->more, "tolerance", xp_json_number(m->tolerance));
    xp_json_add(s->more, "unit", xp_json_text(xp_teach_quantity_at(m->quantity)->unit));
    xp_json_add(s->more, "difference", xp_json_number(off));
    xp_json_add(s->more, "within", how ? xp_json_text(how) : cJSON_CreateNull());
    return XP_OK;
}

/* ==== mark =================================================================================== */

typedef struct mark_score {
    const xp_teach_mark_task *task;
    int n;                                 /* marks */
    const char *lead[XP_TEACH_MOST_MARKS]; /* of each mark */
    double middle[XP_TEACH_MOST_MARKS];
    int mark_of[XP_TEACH_MOST_MARKS]; /* of each target; -1: none */
    bool tried[XP_TEACH_MOST_MARKS];
} mark_score;

static xp_status read_mark(teach_score *s, const cJSON *o, const char **lead, double *middle) {
    double at = NAN, from = NAN, to = NAN;
    if (!cJSON_IsObject(o))
        return teach_fail(s->r, XP_ERR_FORMAT, NULL,
                          "write an object: lead, and at or from and to");
    XP_TRY(teach_read_lead(s->r, o, "lead", false, TEACH_NEEDED, lead));
    XP_TRY(teach_number(s->r, o, "at", 0, LARGEST, TEACH_OPTIONAL, &at));
    XP_TRY(teach_number(s->r, o, "from", 0, LARGEST, TEACH_OPTIONAL, &from));
    XP_TRY(teach_number(s->r, o, "to", 0, LARGEST, TEACH_OPTIONAL, &to));
    *middle = isnan(at) ? (from + to) / 2 : at;
    if (!isnan(*middle)) return XP_OK;
    return teach_fail(s->r, XP_ERR_FORMAT, NULL,
                      "the mark has no time: write \"at\" or \"from\" and \"to\", in s");
}

static bool is_inside(const mark_score *ms, int mark, int target) {
    const xp_teach_span *t = &ms->task->targets[target];
    const double at = ms->middle[mark];
    if (strcmp(t->lead, "*") && strcmp(t->lead, ms->lead[mark])) return false;
    return at >= t->from - EPSILON && at <= t->to + EPSILON;
}

/* Give the mark a target, where need be by moving others to another of theirs: targets may overlap,
 * and nobody loses a point by the order of the marks. */
static bool place_mark(mark_score *ms, int mark) {
    for (int t = 0; t < ms->task->n_targets; t++) {
        if (ms->tried[t] || !is_inside(ms, mark, t)) continue;
        ms->tried[t] = true;
        if (ms->mark_of[t] >= 0 && !place_mark(ms, ms->mark_of[t])) continue;
        ms->mark_of[t] = mark;
        return true;
    }
    return false;
}

static int hit_of(const mark_score *ms, int mark) {
    int hit = -1;
    for (int t = 0; t < ms->task->n_targets; t++) {
        if (ms->mark_of[t] == mark) return t;
        if (is_inside(ms, mark, t)) hit = -2;
    }
    return hit;
}

static void tell_marks(teach_score *s, mark_score *ms, double points) {
    cJSON *hits = cJSON_CreateArray();
    int found = 0, wrong = 0;
    for (int i = 0; i < ms->task->n_targets; i++) ms->mark_of[i] = -1;
    for (int i = 0; i < ms->n; i++) {
        memset(ms->tried, 0, sizeof ms->tried);
        found += place_mark(ms, i);
    }
    for (int i = 0; i < ms->n; i++) {
        const int hit = hit_of(ms, i);
        wrong += hit == -1;
        xp_json_append(hits, xp_json_integer(hit));
    }
    const int need = ms->task->need;
    s->points = points * (found < need ? found : need) - FALSE_MARK * wrong;
    xp_json_add(s->more, "hits", hits);
    xp_json_add(s->more, "found", xp_json_integer(found));
    xp_json_add(s->more, "need", xp_json_integer(need));
    xp_json_add(s->more, "false", xp_json_integer(wrong));
}

xp_status teach_score_mark(teach_score *s, const xp_teach_mark_task *m, double points) {
    mark_score ms = {.task = m};
    const cJSON *item;
    int n;
    XP_TRY(
        teach_array(s->r, s->answer, "marks", 0, XP_TEACH_MOST_MARKS, TEACH_OPTIONAL, &item, &n));
    s->answered = teach_get(s->answer, "marks") != NULL;
    for (; item; item = item->next, ms.n++) {
        size_t before = teach_enter(s->r, "marks[%d]", ms.n);
        XP_TRY(read_mark(s, item, &ms.lead[ms.n], &ms.middle[ms.n]));
        teach_leave(s->r, before);
    }
    tell_marks(s, &ms, points);
    return XP_OK;
}
