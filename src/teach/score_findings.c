/* Statements that were named, and options that were chosen. */
#include "teach/score.h"

#include <math.h>
#include <string.h>

static const double SHOULD = 0.5, OTHER = -0.25, MUST_NOT = -1, CONTRADICTION = -1;

/* ==== findings =============================================================================== */

typedef struct named_statement {
    int statement;
    const char *kind; /* as the results document has it */
    double points;
} named_statement;

typedef struct findings_score {
    const xp_teach_findings *f;
    const xp_teach_list *list;
    const xp_teach_role_of *role[XP_TEACH_MOST_STATEMENTS]; /* of each statement; NULL: other */
    bool is_named[XP_TEACH_MOST_STATEMENTS];
    bool paid[XP_TEACH_MOST_MUST]; /* a must for which half was given */
    named_statement named[XP_TEACH_MOST_STATEMENTS];
    int n_named, count[XP_TEACH_MUST_NOT + 1]; /* by role */
    int n_parents;
} findings_score;

static xp_status read_named(teach_score *s, findings_score *fs, const cJSON *item) {
    for (int i = 0; item; item = item->next, i++) {
        size_t before = teach_enter(s->r, "named[%d]", i);
        const int at =
            cJSON_IsString(item) ? xp_teach_find_statement(fs->list, item->valuestring) : -1;
        if (at < 0)
            return teach_fail(
                s->r, XP_ERR_NOT_FOUND, NULL,
                "this is no statement of the list \"%s\": write the ids of those that "
                "were named",
                fs->list->name);
        teach_leave(s->r, before);
        if (fs->is_named[at]) continue;
        fs->is_named[at] = true;
        fs->named[fs->n_named++].statement = at;
    }
    return XP_OK;
}

static void score_roles(findings_score *fs) {
    static const char *const kinds[] = {"other", "must", "should", "may", "must_not"};
    static const double points[] = {0, 0, SHOULD, 0, MUST_NOT};
    for (int i = 0; i < fs->n_named; i++) {
        named_statement *n = &fs->named[i];
        const xp_teach_role_of *role = fs->role[n->statement];
        const xp_teach_role is = role ? role->role : XP_TEACH_OTHER;
        n->kind = kinds[is];
        n->points = is == XP_TEACH_MUST ? role->points : points[is];
        fs->count[is]++;
    }
}

/* ---- parents ---- */

static bool is_below(const xp_teach_list *list, int statement, int parent) {
    if (list->depth[statement] <= list->depth[parent]) return false;
    for (int a = list->items[statement].in; a >= 0; a = list->items[a].in)
        if (a == parent) return true;
    return false;
}

/* The dearest must below the parent that nobody named and nobody paid for; -1. */
static int unpaid_below(const findings_score *fs, int parent) {
    int best = -1;
    for (int i = 0; i < fs->f->n_must; i++) {
        const xp_teach_role_of *must = &fs->f->roles[i];
        if (fs->paid[i] || fs->is_named[must->statement]) continue;
        if (!is_below(fs->list, must->statement, parent)) continue;
        if (best < 0 || must->points > fs->f->roles[best].points) best = i;
    }
    return best;
}

/* Whether something right is a kind of it. */
static bool is_general(const findings_score *fs, int statement) {
    for (int i = 0; i < fs->f->n_roles; i++)
        if (fs->f->roles[i].role != XP_TEACH_MUST_NOT &&
            is_below(fs->list, fs->f->roles[i].statement, statement))
            return true;
    return false;
}

static void score_other(findings_score *fs, named_statement *n) {
    if (!is_general(fs, n->statement)) {
        n->points = OTHER;
        return;
    }
    const int must = unpaid_below(fs, n->statement);
    n->kind = must < 0 ? "general" : "parent";
    if (must < 0) return;
    fs->paid[must] = true;
    fs->n_parents++;
    n->points = fs->f->roles[must].points / 2;
}

/* The most particular first, and of those the first in the list: so that the order of the answer
 * does not matter, and as many are paid for as can be. */
static void score_others(findings_score *fs) {
    bool done[XP_TEACH_MOST_STATEMENTS] = {false};
    for (;;) {
        int next = -1, deepest = -1;
        for (int i = 0; i < fs->n_named; i++) {
            const int at = fs->named[i].statement, depth = fs->list->depth[at];
            if (fs->role[at] || done[i] || depth < deepest) continue;
            if (depth == deepest && at > fs->named[next].statement) continue;
            next = i;
            deepest = depth;
        }
        if (next < 0) return;
        done[next] = true;
        score_other(fs, &fs->named[next]);
    }
}

/* ---- the result ---- */

static cJSON *contradiction_of(const findings_score *fs) {
    const int n = fs->list->n;
    for (int j = 0; j < fs->n_named; j++)
        for (int i = 0; i < j; i++) {
            const int a = fs->named[i].statement, b = fs->named[j].statement;
            if (!fs->list->exclude[a * n + b]) continue;
            cJSON *pair = cJSON_CreateArray();
            xp_json_append(pair, xp_json_text(fs->list->items[a].id));
            xp_json_append(pair, xp_json_text(fs->list->items[b].id));
            return pair;
        }
    return NULL;
}

static cJSON *missed_of(const findings_score *fs, xp_teach_role role) {
    cJSON *all = cJSON_CreateArray();
    for (int i = 0; i < fs->f->n_roles; i++) {
        const xp_teach_role_of *o = &fs->f->roles[i];
        if (o->role == role && !fs->is_named[o->statement])
            xp_json_append(all, xp_json_text(fs->list->items[o->statement].id));
    }
    return all;
}

static void tell_named(cJSON *all, const char *id, const char *kind, double points) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "id", xp_json_text(id));
    xp_json_add(o, "kind", xp_json_text(kind));
    xp_json_add(o, "points", xp_json_number(points));
    xp_json_append(all, o);
}

/* right of all; null where there are none. */
static void tell_rate(cJSON *o, const char *key, double right, double all) {
    xp_json_add(o, key, xp_json_number(all > 0 ? right / all : NAN));
}

static void tell_findings(teach_score *s, const findings_score *fs) {
    cJSON *named = cJSON_CreateArray();
    const int must = fs->count[XP_TEACH_MUST], not = fs->count[XP_TEACH_MUST_NOT];
    const int should = fs->count[XP_TEACH_SHOULD];
    int others = 0;
    for (int i = 0; i < fs->n_named; i++) {
        const named_statement *n = &fs->named[i];
        others += !strcmp(n->kind, "other");
        tell_named(named, fs->list->items[n->statement].id, n->kind, n->points);
    }
    const double right = must + should + 0.5 * fs->n_parents;
    xp_json_add(s->more, "named", named);
    xp_json_add(s->more, "missed", missed_of(fs, XP_TEACH_MUST));
    xp_json_add(s->more, "should_missed", missed_of(fs, XP_TEACH_SHOULD));
    xp_json_add(s->more, "must_named", xp_json_integer(must));
    xp_json_add(s->more, "must_missed", xp_json_integer(fs->f->n_must - must));
    xp_json_add(s->more, "must_not_named", xp_json_integer(not ));
    const int claimed = must + should + fs->n_parents + not +others;
    tell_rate(s->more, "precision", right, claimed);
    tell_rate(s->more, "recall", right, s->answered ? fs->f->n_must + should : 0);
}

xp_status teach_score_findings(teach_score *s, const xp_teach_findings *f) {
    findings_score fs = {.f = f, .list = f->list};
    const cJSON *item;
    int n;
    XP_TRY(teach_array(s->r, s->answer, "named", 0, XP_TEACH_MOST_STATEMENTS, TEACH_OPTIONAL, &item,
                       &n));
    s->answered = teach_get(s->answer, "named") != NULL;
    for (int i = 0; i < f->n_roles; i++) fs.role[f->roles[i].statement] = &f->roles[i];
    XP_TRY(read_named(s, &fs, item));
    score_roles(&fs);
    score_others(&fs);
    for (int i = 0; i < fs.n_named; i++) s->points += fs.named[i].points;
    cJSON *contradiction = contradiction_of(&fs);
    if (contradiction) s->points += CONTRADICTION;
    tell_findings(s, &fs);
    xp_json_add(s->more, "contradiction", contradiction ? contradiction : cJSON_CreateNull());
    return XP_OK;
}

/* ==== choice ================================================================================= */

static int find_option(const xp_teach_choice *c, const cJSON *item) {
    if (cJSON_IsString(item))
        for (int i = 0; i < c->n_options; i++)
            if (!strcmp(c->options[i].id, item->valuestring)) return i;
    return -1;
}

static xp_status read_chosen(teach_score *s, const xp_teach_choice *c, const cJSON *item,
                             bool chosen[XP_TEACH_MOST_OPTIONS]) {
    for (int i = 0; item; item = item->next, i++) {
        size_t before = teach_enter(s->r, "chosen[%d]", i);
        const int at = find_option(c, item);
        if (at < 0)
            return teach_fail(
                s->r, XP_ERR_NOT_FOUND, NULL,
                "the task has no such option: write the ids of those that were chosen");
        if (i > 0 && !c->several && !chosen[at])
            return teach_fail(s->r, XP_ERR_FORMAT, NULL,
                              "one option may be chosen here: write one id");
        chosen[at] = true;
        teach_leave(s->r, before);
    }
    return XP_OK;
}

xp_status teach_score_choice(teach_score *s, const xp_teach_choice *c, double points) {
    bool chosen[XP_TEACH_MOST_OPTIONS] = {false};
    const cJSON *item;
    int n;
    XP_TRY(teach_array(s->r, s->answer, "chosen", 0, XP_TEACH_MOST_OPTIONS, TEACH_OPTIONAL, &item,
                       &n));
    s->answered = teach_get(s->answer, "chosen") != NULL;
    XP_TRY(read_chosen(s, c, item, chosen));
    cJSON *named = cJSON_CreateArray(), *missed = cJSON_CreateArray();
    for (int i = 0; i < c->n_options; i++) {
        const xp_teach_option *o = &c->options[i];
        const double worth = o->right ? points : c->several ? OTHER : 0;
        if (chosen[i]) {
            tell_named(named, o->id, o->right ? "right" : "wrong", worth);
            s->points += worth;
        } else if (o->right) {
            xp_json_append(missed, xp_json_text(o->id));
        }
    }
    xp_json_add(s->more, "named", named);
    xp_json_add(s->more, "missed", missed);
    return XP_OK;
}
