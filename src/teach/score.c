/* From answers to results: the document, its cases, and what is made of all of them. */
#include "teach/score.h"

#include "base/statements.h"
#include "teach/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PLAYED = 5000, MOST_ATTEMPT = 1000, CERTAINTIES = 3, MOST_TAGS = 200 };

/* What a right and a wrong answer are worth by certainty 1, 2, 3 (Gardner-Medwin). */
static const double GAIN[] = {1, 2, 3}, LOSS[] = {0, 2, 6};

typedef struct sum {
    double points, most;
    int n;
} sum;

typedef struct tally {
    double share;
    int tasks, right;
} tally;

/* A case that was played, once it is scored. */
typedef struct played {
    int case_index, attempt;
    bool counted;
    sum sum;
    tally by_certainty[CERTAINTIES];
    cJSON *tasks; /* owned until it is told */
} played;

/* ==== a task ================================================================================= */

static xp_status score_kind(teach_score *s, const xp_teach_task *t) {
    switch (t->kind) {
    case XP_TEACH_FINDINGS:
        return teach_score_findings(s, &t->findings);
    case XP_TEACH_MEASURE:
        return teach_score_measure(s, &t->measure, t->points);
    case XP_TEACH_MARK:
        return teach_score_mark(s, &t->mark, t->points);
    case XP_TEACH_CHOICE:
        return teach_score_choice(s, &t->choice, t->points);
    default:
        break;
    }
    const cJSON *self = teach_get(s->answer, "self");
    XP_TRY(teach_text(s->r, s->answer, "text", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL));
    if (self && !cJSON_IsBool(self) && !cJSON_IsNull(self))
        return teach_fail(s->r, XP_ERR_FORMAT, "self", "write true, false or null");
    s->answered = teach_get(s->answer, "text") || cJSON_IsBool(self);
    xp_json_add(s->more, "self",
                cJSON_IsBool(self) ? cJSON_CreateBool(cJSON_IsTrue(self)) : cJSON_CreateNull());
    return XP_OK;
}

/* Points with certainty marks; who tells no certainty has the lowest. */
static double marked(double share, int certainty) {
    const int i = certainty ? certainty - 1 : 0;
    return share * GAIN[i] - (1 - share) * LOSS[i];
}

static void move_all(cJSON *to, cJSON *from) {
    while (from && from->child) {
        cJSON *item = cJSON_DetachItemViaPointer(from, from->child);
        xp_json_add(to, item->string, item);
    }
    if (!from || !cJSON_IsObject(from)) xp_json_add(to, "", NULL); /* a hole: nothing is printed */
}

static void count_certainty(played *p, double share, int certainty) {
    if (!certainty || isnan(share)) return;
    tally *t = &p->by_certainty[certainty - 1];
    t->tasks++;
    t->share += share;
    t->right += share > 1 - 1e-9;
}

static void tell_task(teach_score *s, const xp_teach_set *set, const xp_teach_task *t,
                      int certainty, played *p) {
    static const char *const kinds[] = {"findings", "measure", "mark", "choice", "text"};
    double points = fmin(s->points, t->most), share = NAN;
    if (t->most > 0) share = fmax(0, points / t->most);
    const bool marks = set->certainty == XP_TEACH_CERTAINTY_MARKS && t->most > 0;
    if (marks) points = s->answered ? marked(share, certainty) : 0;
    p->sum.points += points;
    p->sum.most += xp_teach_most(set, t);
    if (s->answered) count_certainty(p, share, certainty);
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "task", xp_json_text(t->id));
    xp_json_add(o, "type", xp_json_text(kinds[t->kind]));
    xp_json_add(o, "answered", cJSON_CreateBool(s->answered));
    xp_json_add(o, "points", xp_json_number(points));
    xp_json_add(o, "max_points", xp_json_number(xp_teach_most(set, t)));
    xp_json_add(o, "share", xp_json_number(share));
    xp_json_add(o, "certainty", certainty ? xp_json_integer(certainty) : cJSON_CreateNull());
    move_all(o, s->more);
    xp_json_append(p->tasks, o);
}

static xp_status score_task(teach_reader *r, const xp_teach_set *set, const xp_teach_task *t,
                            const cJSON *answer, int at, played *p) {
    static const char *const any[] = {NULL};
    teach_score s = {.r = r, .answer = answer, .more = cJSON_CreateObject()};
    int certainty = 0;
    size_t before = teach_enter(r, "answers[%d]", at);
    xp_status status = answer && !cJSON_IsObject(answer) ? teach_object(r, answer, any) : XP_OK;
    if (status == XP_OK)
        status = teach_count(r, answer, "certainty", 1, CERTAINTIES, TEACH_OR_NULL, &certainty);
    if (status == XP_OK) status = score_kind(&s, t);
    if (status == XP_OK) {
        teach_leave(r, before);
        tell_task(&s, set, t, certainty, p);
    }
    cJSON_Delete(s.more);
    return status;
}

/* ==== a case ================================================================================= */

/* Which answer each task has: one at most, and none for a task that is not there. */
static xp_status match_answers(teach_reader *r, const xp_teach_case *c, const cJSON *first,
                               const cJSON *of[XP_TEACH_MOST_TASKS], int at[XP_TEACH_MOST_TASKS]) {
    int i = 0;
    for (const cJSON *a = first; a; a = a->next, i++) {
        const char *id = "";
        int task = 0;
        size_t before = teach_enter(r, "answers[%d]", i);
        if (!cJSON_IsObject(a)) return teach_fail(r, XP_ERR_FORMAT, NULL, "write an object");
        XP_TRY(teach_string(r, a, "task", TEACH_NEEDED, &id));
        while (task < c->n_tasks && strcmp(c->tasks[task].id, id)) task++;
        if (task == c->n_tasks)
            return teach_fail(r, XP_ERR_NOT_FOUND, "task",
                              "the case has no task \"%.70s\": name the id of one", id);
        if (of[task])
            return teach_fail(r, XP_ERR_FORMAT, "task",
                              "\"%s\" is answered twice: keep one of the answers", id);
        of[task] = a;
        at[task] = i;
        teach_leave(r, before);
    }
    return XP_OK;
}

static xp_status score_answers(teach_reader *r, const xp_teach_set *set, const cJSON *o,
                               played *p) {
    const xp_teach_case *c = &set->cases[p->case_index];
    const cJSON *first, *of[XP_TEACH_MOST_TASKS] = {NULL};
    int n, at[XP_TEACH_MOST_TASKS] = {0};
    XP_TRY(teach_array(r, o, "answers", 0, XP_TEACH_MOST_TASKS, TEACH_NEEDED, &first, &n));
    XP_TRY(match_answers(r, c, first, of, at));
    p->tasks = cJSON_CreateArray();
    for (int i = 0; i < c->n_tasks; i++) XP_TRY(score_task(r, set, &c->tasks[i], of[i], at[i], p));
    /* With marks a case may cost points: were it not so, to be sure of all would cost nothing. */
    if (set->certainty != XP_TEACH_CERTAINTY_MARKS) p->sum.points = fmax(0, p->sum.points);
    return XP_OK;
}

/* Its attempt: as told or, where it is not, the next. */
static xp_status read_attempt(teach_reader *r, const cJSON *o, const played *all, int index,
                              played *p) {
    int before = 0;
    for (int i = 0; i < index; i++)
        if (all[i].case_index == p->case_index && all[i].attempt > before) before = all[i].attempt;
    p->attempt = before + 1;
    XP_TRY(teach_count(r, o, "attempt", 1, MOST_ATTEMPT, TEACH_OPTIONAL, &p->attempt));
    if (p->attempt > before) return XP_OK;
    return teach_fail(r, XP_ERR_FORMAT, "attempt",
                      "attempt %d at this case comes behind attempt %d: write them in their order, "
                      "each once",
                      p->attempt, before);
}

static xp_status score_case(teach_reader *r, const xp_teach_set *set, const cJSON *o, played *all,
                            int index) {
    static const char *const any[] = {NULL};
    const char *id = "";
    played *p = &all[index];
    r->case_index = index;
    r->case_id = NULL;
    r->path[0] = 0;
    if (!cJSON_IsObject(o)) return teach_object(r, o, any);
    XP_TRY(teach_string(r, o, "case", TEACH_NEEDED, &id));
    r->case_id = id;
    p->case_index = xp_teach_find_case(set, id);
    if (p->case_index < 0)
        return teach_fail(
            r, XP_ERR_NOT_FOUND, "case",
            "the set has no such case: these may be answers to another edition of it");
    XP_TRY(read_attempt(r, o, all, index, p));
    return score_answers(r, set, o, p);
}

/* ==== what counts ============================================================================ */

/* Of each case's attempts the best of those that the set allows; the first of equals. */
static void choose_counted(const xp_teach_set *set, played *all, int n) {
    int best[XP_TEACH_MOST_CASES];
    for (int i = 0; i < set->n_cases; i++) best[i] = -1;
    for (int i = 0; i < n; i++) {
        int *b = &best[all[i].case_index];
        if (set->attempts && all[i].attempt > set->attempts) continue;
        if (*b < 0 || all[i].sum.points > all[*b].sum.points) *b = i;
    }
    for (int i = 0; i < set->n_cases; i++)
        if (best[i] >= 0) all[best[i]].counted = true;
}

/* 0 to 100; NaN where there was nothing to score. */
static double score_of(const sum *s) {
    return s->most > 0 ? fmin(100, fmax(0, 100 * s->points / s->most)) : NAN;
}

static void add(sum *s, const sum *more) {
    s->points += more->points;
    s->most += more->most;
    s->n++;
}

static void tell_sum(cJSON *o, const sum *s) {
    xp_json_add(o, "points", xp_json_number(s->points));
    xp_json_add(o, "max_points", xp_json_number(s->most));
    xp_json_add(o, "score", xp_json_number(score_of(s)));
}

static cJSON *cases_json(const xp_teach_set *set, played *all, int n) {
    cJSON *cases = cJSON_CreateArray();
    for (int i = 0; i < n; i++) {
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "case", xp_json_text(set->cases[all[i].case_index].id));
        xp_json_add(o, "attempt", xp_json_integer(all[i].attempt));
        xp_json_add(o, "counted", cJSON_CreateBool(all[i].counted));
        tell_sum(o, &all[i].sum);
        xp_json_add(o, "tasks", all[i].tasks);
        all[i].tasks = NULL;
        xp_json_append(cases, o);
    }
    return cases;
}

typedef struct tag_sum {
    const char *tag;
    sum sum;
} tag_sum;

static void add_tag(tag_sum *tags, int *n, const char *tag, const sum *more) {
    int i = 0;
    while (i < *n && strcmp(tags[i].tag, tag)) i++;
    if (i == MOST_TAGS) return;
    if (i == *n) tags[(*n)++] = (tag_sum){.tag = tag};
    add(&tags[i].sum, more);
}

/* A tag that a case has twice counts once. */
static bool is_first(const xp_teach_case *c, int tag) {
    for (int i = 0; i < tag; i++)
        if (!strcmp(c->tags[i], c->tags[tag])) return false;
    return true;
}

static cJSON *tags_json(const xp_teach_set *set, const played *all, int n) {
    tag_sum tags[MOST_TAGS];
    int n_tags = 0;
    for (int i = 0; i < n; i++) {
        const xp_teach_case *c = &set->cases[all[i].case_index];
        for (int k = 0; all[i].counted && k < c->n_tags; k++)
            if (is_first(c, k)) add_tag(tags, &n_tags, c->tags[k], &all[i].sum);
    }
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < n_tags; i++) {
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "tag", xp_json_text(tags[i].tag));
        xp_json_add(o, "cases", xp_json_integer(tags[i].sum.n));
        tell_sum(o, &tags[i].sum);
        xp_json_append(list, o);
    }
    return list;
}

static cJSON *certainty_json(const played *all, int n) {
    cJSON *list = cJSON_CreateArray();
    for (int c = 0; c < CERTAINTIES; c++) {
        tally t = {0};
        for (int i = 0; i < n; i++) {
            if (!all[i].counted) continue;
            t.tasks += all[i].by_certainty[c].tasks;
            t.right += all[i].by_certainty[c].right;
            t.share += all[i].by_certainty[c].share;
        }
        cJSON *o = cJSON_CreateObject();
        xp_json_add(o, "certainty", xp_json_integer(c + 1));
        xp_json_add(o, "tasks", xp_json_integer(t.tasks));
        xp_json_add(o, "right", xp_json_integer(t.right));
        xp_json_add(o, "share", xp_json_number(t.tasks ? t.share / t.tasks : NAN));
        xp_json_append(list, o);
    }
    return list;
}

static cJSON *results_json(const xp_teach_set *set, played *all, int n) {
    sum total = {0};
    for (int i = 0; i < n; i++)
        if (all[i].counted) add(&total, &all[i].sum);
    const double score = score_of(&total);
    const bool judged = !isnan(score) && !isnan(set->pass);
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "format", xp_json_text("ecg-xplaim-results"));
    xp_json_add(o, "version", xp_json_integer(1));
    xp_json_add(o, "set", xp_json_text(set->id));
    xp_json_add(o, "disclaimer", xp_json_text(XP_DISCLAIMER));
    tell_sum(o, &total);
    xp_json_add(o, "passed",
                judged ? cJSON_CreateBool(score >= set->pass - 1e-9) : cJSON_CreateNull());
    xp_json_add(o, "played", xp_json_integer(total.n));
    xp_json_add(o, "cases", cases_json(set, all, n));
    xp_json_add(o, "tags", tags_json(set, all, n));
    xp_json_add(o, "certainty", certainty_json(all, n));
    return o;
}

/* ==== the document =========================================================================== */

static xp_status check_head(teach_reader *r, const xp_teach_set *set, const cJSON *o) {
    static const char *const any[] = {NULL};
    const char *format = "", *id = "";
    double version = 0;
    if (!cJSON_IsObject(o)) return teach_object(r, o, any);
    XP_TRY(teach_string(r, o, "format", TEACH_NEEDED, &format));
    if (strcmp(format, "ecg-xplaim-answers"))
        return teach_fail(r, XP_ERR_FORMAT, "format",
                          "\"%.60s\" is another format: write \"ecg-xplaim-answers\"", format);
    XP_TRY(teach_number(r, o, "version", -1e9, 1e9, TEACH_NEEDED, &version));
    if (version != 1)
        return teach_fail(r, XP_ERR_UNSUPPORTED, "version", "version %g is not known here, only 1",
                          version);
    XP_TRY(teach_string(r, o, "set", TEACH_NEEDED, &id));
    if (strcmp(id, set->id))
        return teach_fail(r, XP_ERR_FORMAT, "set",
                          "these are answers to the set \"%.70s\", and this one is \"%.70s\": name "
                          "the set that was played",
                          id, set->id);
    return XP_OK;
}

static xp_status score_all(teach_reader *r, const xp_teach_set *set, const cJSON *document,
                           cJSON **results) {
    const cJSON *o;
    int n, i = 0;
    XP_TRY(check_head(r, set, document));
    XP_TRY(teach_array(r, document, "cases", 0, MOST_PLAYED, TEACH_NEEDED, &o, &n));
    played *all = calloc((size_t)n + 1, sizeof *all);
    if (!all) return teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
    xp_status s = XP_OK;
    for (; o && s == XP_OK; o = o->next, i++) s = score_case(r, set, o, all, i);
    if (s == XP_OK) {
        choose_counted(set, all, n);
        *results = results_json(set, all, n);
    }
    for (i = 0; i < n; i++) cJSON_Delete(all[i].tasks);
    free(all);
    return s;
}

xp_status xp_teach_score(cJSON **results, const xp_teach_set *set, xp_bytes answers,
                         xp_teach_fault *fault) {
    cJSON *document = NULL;
    *fault = (xp_teach_fault){.code = XP_OK};
    teach_reader r = {.fault = fault, .case_index = -1, .seconds = NAN};
    xp_status s = teach_parse(&r, answers, &document);
    if (s == XP_OK) s = score_all(&r, set, document, results);
    if (s != XP_OK) teach_find_line(&r, answers, document);
    cJSON_Delete(document);
    return s;
}
