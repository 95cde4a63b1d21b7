/* A case's tasks. */
#include "teach/quantity.h"
#include "teach/reader.h"

#include <math.h>
#include <string.h>

/* Points of one piece of a task. */
static xp_status read_points(teach_reader *r, const cJSON *o, double *points) {
    *points = 1;
    return teach_number(r, o, "points", 0.1, 100, TEACH_OPTIONAL, points);
}

/* ==== findings =============================================================================== */

static const char *const ROLE_KEYS[] = {"", "must", "should", "may", "must_not"};

/* One role of a statement: by its id or, a must, with its points. */
static xp_status read_role(teach_reader *r, const cJSON *o, xp_teach_findings *f,
                           xp_teach_role role) {
    static const char *const known[] = {"id", "points", NULL};
    const char *id = cJSON_IsString(o) ? o->valuestring : NULL;
    double points = 1;
    if (!id && role == XP_TEACH_MUST && cJSON_IsObject(o)) {
        XP_TRY(teach_object(r, o, known));
        XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &id));
        XP_TRY(read_points(r, o, &points));
    }
    if (!id)
        return teach_fail(r, XP_ERR_FORMAT, NULL, "write the id of a statement of the list%s",
                          role == XP_TEACH_MUST ? ", or an object with id and points" : "");
    int at = xp_teach_find_statement(f->list, id);
    if (at < 0)
        return teach_fail(r, XP_ERR_NOT_FOUND, NULL,
                          "the list \"%s\" has no statement \"%.70s\": name one of its ids",
                          f->list->name, id);
    for (int i = 0; i < f->n_roles; i++)
        if (f->roles[i].statement == at)
            return teach_fail(r, XP_ERR_FORMAT, NULL, "\"%.64s\" is among %s already: name it once",
                              id, ROLE_KEYS[f->roles[i].role]);
    f->roles[f->n_roles++] = (xp_teach_role_of){at, role, points};
    return XP_OK;
}

static xp_status read_roles(teach_reader *r, const cJSON *o, xp_teach_findings *f,
                            xp_teach_role role) {
    const bool must = role == XP_TEACH_MUST;
    const cJSON *item;
    int n, i = 0;
    XP_TRY(teach_array(r, o, ROLE_KEYS[role], must, must ? XP_TEACH_MOST_MUST : f->list->n,
                       must ? TEACH_NEEDED : TEACH_OPTIONAL, &item, &n));
    for (; item; item = item->next, i++) {
        size_t before = teach_enter(r, "%s[%d]", ROLE_KEYS[role], i);
        XP_TRY(read_role(r, item, f, role));
        teach_leave(r, before);
    }
    return XP_OK;
}

/* Two statements that exclude each other cannot both be demanded. */
static xp_status check_must(teach_reader *r, const xp_teach_findings *f) {
    const xp_teach_list *list = f->list;
    for (int i = 0; i < f->n_must; i++)
        for (int j = 0; j < i; j++) {
            int a = f->roles[i].statement, b = f->roles[j].statement;
            if (!list->exclude[a * list->n + b]) continue;
            return teach_fail(r, XP_ERR_FORMAT, "must",
                              "\"%.64s\" and \"%.64s\" exclude each other (not_with): keep one",
                              list->items[b].id, list->items[a].id);
        }
    return XP_OK;
}

static xp_status read_findings(teach_reader *r, cJSON *o, xp_teach_task *t) {
    static const char *const known[] = {"id",     "type", "prompt",   "list", "must",
                                        "should", "may",  "must_not", NULL};
    const char *name = "";
    xp_teach_findings *f = &t->findings;
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_string(r, o, "list", TEACH_NEEDED, &name));
    for (int i = 0; i < r->set->n_lists; i++)
        if (!strcmp(r->set->lists[i].name, name)) f->list = &r->set->lists[i];
    if (!f->list)
        return teach_fail(r, XP_ERR_NOT_FOUND, "list",
                          "the set has no list \"%.70s\": name one of \"lists\"", name);
    f->roles = teach_take(r, (size_t)f->list->n, sizeof *f->roles);
    if (!f->roles) return XP_ERR_MEMORY;
    for (int role = XP_TEACH_MUST; role <= XP_TEACH_MUST_NOT; role++) {
        XP_TRY(read_roles(r, o, f, (xp_teach_role)role));
        if (role == XP_TEACH_MUST) f->n_must = f->n_roles;
    }
    for (int i = 0; i < f->n_must; i++) t->most += f->roles[i].points;
    return check_must(r, f);
}

/* ==== measure ================================================================================ */

static xp_status read_where(teach_reader *r, const cJSON *o, xp_teach_span *where) {
    static const char *const known[] = {"from", "to", NULL};
    const cJSON *between = teach_get(o, "between");
    *where = (xp_teach_span){"*", -1, -1};
    XP_TRY(teach_read_lead(r, o, "lead", true, TEACH_OPTIONAL, &where->lead));
    if (!between) return XP_OK;
    size_t before = teach_enter(r, "between");
    XP_TRY(teach_object(r, between, known));
    XP_TRY(teach_read_times(r, between, &where->from, &where->to));
    teach_leave(r, before);
    return XP_OK;
}

static xp_status read_quantity(teach_reader *r, const cJSON *o, xp_teach_measure *m) {
    const char *names[XP_TEACH_QUANTITIES + 1] = {NULL}, *unit = NULL;
    for (int i = 0; i < XP_TEACH_QUANTITIES; i++) names[i] = xp_teach_quantity_at(i)->name;
    XP_TRY(teach_word(r, o, "quantity", names, TEACH_NEEDED, &m->quantity));
    const xp_teach_quantity_type *type = xp_teach_quantity_at(m->quantity);
    XP_TRY(teach_string(r, o, "unit", TEACH_OPTIONAL, &unit));
    if (!unit || !strcmp(unit, type->unit)) return XP_OK;
    return teach_fail(r, XP_ERR_UNITS, "unit", "%s is told in %s, not in \"%.20s\": write \"%s\"",
                      type->name, type->unit, unit, type->unit);
}

static xp_status check_answer(teach_reader *r, const xp_teach_measure *m) {
    const bool angle = xp_teach_is_angle(m->quantity);
    if (angle && fabs(m->answer) > 360)
        return teach_fail(r, XP_ERR_FORMAT, "answer",
                          "%g is no angle: write degrees from -180 to 180", m->answer);
    if (!angle && m->quantity != XP_TEACH_AMPLITUDE && m->answer <= 0)
        return teach_fail(r, XP_ERR_FORMAT, "answer", "%g is not possible: write a number above 0",
                          m->answer);
    return XP_OK;
}

static xp_status read_measure(teach_reader *r, cJSON *o, xp_teach_task *t) {
    static const char *const known[] = {"id",        "type", "prompt", "quantity", "answer",
                                        "tolerance", "unit", "beats",  "lead",     "between",
                                        "formula",   "by",   "points", NULL};
    static const char *const by[] = {"page", "person", NULL};
    xp_teach_measure *m = &t->measure;
    int formula = -1, who = 0;
    XP_TRY(teach_object(r, o, known));
    XP_TRY(read_quantity(r, o, m));
    XP_TRY(teach_number(r, o, "answer", -1e6, 1e6, TEACH_NEEDED, &m->answer));
    XP_TRY(check_answer(r, m));
    const xp_teach_case *c = &r->set->cases[r->case_index];
    m->tolerance = xp_teach_tolerance(m->quantity, c->level, m->answer);
    XP_TRY(teach_number(r, o, "tolerance", 0, 1e6, TEACH_OPTIONAL, &m->tolerance));
    m->beats = 1;
    XP_TRY(teach_number(r, o, "beats", 1, 100, TEACH_OPTIONAL, &m->beats));
    const bool qtc = m->quantity == XP_TEACH_QTC;
    XP_TRY(teach_word(r, o, "formula", xp_teach_formulas, qtc ? TEACH_NEEDED : TEACH_OPTIONAL,
                      &formula));
    if (formula >= 0) m->formula = (xp_teach_formula)formula;
    XP_TRY(teach_word(r, o, "by", by, TEACH_OPTIONAL, &who));
    XP_TRY(read_where(r, o, &m->where));
    XP_TRY(read_points(r, o, &t->points));
    t->most = t->points;
    teach_check_spread(r, m);
    bool filled = teach_fill(o, "tolerance", xp_json_number(m->tolerance)) &&
                  teach_fill(o, "unit", xp_json_text(xp_teach_quantity_at(m->quantity)->unit)) &&
                  teach_fill(o, "points", xp_json_number(t->points));
    return filled ? XP_OK : teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
}

/* ==== mark =================================================================================== */

static xp_status read_target(teach_reader *r, const cJSON *o, xp_teach_span *target) {
    static const char *const known[] = {"lead", "from", "to", NULL};
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_read_lead(r, o, "lead", true, TEACH_NEEDED, &target->lead));
    return teach_read_times(r, o, &target->from, &target->to);
}

static xp_status read_mark(teach_reader *r, cJSON *o, xp_teach_task *t) {
    static const char *const known[] = {"id", "type", "prompt", "targets", "need", "points", NULL};
    xp_teach_mark_task *m = &t->mark;
    const cJSON *item;
    int i = 0;
    XP_TRY(teach_object(r, o, known));
    XP_TRY(
        teach_array(r, o, "targets", 1, XP_TEACH_MOST_MARKS, TEACH_NEEDED, &item, &m->n_targets));
    m->targets = teach_take(r, (size_t)m->n_targets, sizeof *m->targets);
    if (!m->targets) return XP_ERR_MEMORY;
    for (; item; item = item->next, i++) {
        size_t before = teach_enter(r, "targets[%d]", i);
        XP_TRY(read_target(r, item, &m->targets[i]));
        teach_leave(r, before);
    }
    m->need = 1;
    XP_TRY(teach_count(r, o, "need", 1, XP_TEACH_MOST_MARKS, TEACH_OPTIONAL, &m->need));
    if (m->need > m->n_targets)
        return teach_fail(r, XP_ERR_FORMAT, "need",
                          "%d are needed of %d targets: ask for no more than there are", m->need,
                          m->n_targets);
    XP_TRY(read_points(r, o, &t->points));
    t->most = t->points * m->need;
    bool filled = teach_fill(o, "need", xp_json_integer(m->need)) &&
                  teach_fill(o, "points", xp_json_number(t->points));
    return filled ? XP_OK : teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
}

/* ==== choice and text ======================================================================== */

static xp_status read_option(teach_reader *r, const cJSON *o, xp_teach_choice *c, int at) {
    static const char *const known[] = {"id", "text", "right", "why", NULL};
    xp_teach_option *option = &c->options[at];
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &option->id));
    for (int i = 0; i < at; i++)
        if (!strcmp(c->options[i].id, option->id))
            return teach_fail(r, XP_ERR_FORMAT, "id",
                              "\"%s\" is there twice: give each option an id of its own",
                              option->id);
    XP_TRY(teach_text(r, o, "text", XP_TEACH_MOST_TEXT, TEACH_NEEDED, NULL));
    XP_TRY(teach_text(r, o, "why", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL));
    XP_TRY(teach_bool(r, o, "right", &option->right));
    c->n_right += option->right;
    return XP_OK;
}

static xp_status read_choice(teach_reader *r, cJSON *o, xp_teach_task *t) {
    static const char *const known[] = {"id",      "type",   "prompt", "options",
                                        "several", "points", NULL};
    xp_teach_choice *c = &t->choice;
    const cJSON *item;
    int i = 0;
    XP_TRY(teach_object(r, o, known));
    XP_TRY(
        teach_array(r, o, "options", 2, XP_TEACH_MOST_OPTIONS, TEACH_NEEDED, &item, &c->n_options));
    c->options = teach_take(r, (size_t)c->n_options, sizeof *c->options);
    if (!c->options) return XP_ERR_MEMORY;
    for (; item; item = item->next, i++) {
        size_t before = teach_enter(r, "options[%d]", i);
        XP_TRY(read_option(r, item, c, i));
        teach_leave(r, before);
    }
    if (!c->n_right)
        return teach_fail(r, XP_ERR_FORMAT, "options",
                          "none of them is right: give one \"right\": true");
    c->several = c->n_right > 1;
    XP_TRY(teach_bool(r, o, "several", &c->several));
    if (!c->several && c->n_right > 1)
        return teach_fail(r, XP_ERR_FORMAT, "several",
                          "%d options are right and one may be chosen: write true, or keep one "
                          "right",
                          c->n_right);
    XP_TRY(read_points(r, o, &t->points));
    t->most = t->points * c->n_right;
    bool filled = teach_fill(o, "several", cJSON_CreateBool(c->several)) &&
                  teach_fill(o, "points", xp_json_number(t->points));
    return filled ? XP_OK : teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
}

static xp_status read_free_text(teach_reader *r, cJSON *o, xp_teach_task *t) {
    static const char *const known[] = {"id", "type", "prompt", "model", NULL};
    (void)t;
    XP_TRY(teach_object(r, o, known));
    return teach_text(r, o, "model", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL);
}

/* ============================================================================================= */

static xp_status read_task(teach_reader *r, cJSON *o, xp_teach_task *t) {
    static const char *const kinds[] = {"findings", "measure", "mark", "choice", "text", NULL};
    static xp_status (*const read[XP_TEACH_KINDS])(teach_reader *, cJSON *, xp_teach_task *) = {
        read_findings, read_measure, read_mark, read_choice, read_free_text};
    static const char *const any[] = {NULL};
    int kind = 0;
    if (!cJSON_IsObject(o)) return teach_object(r, o, any);
    XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &t->id));
    XP_TRY(teach_word(r, o, "type", kinds, TEACH_NEEDED, &kind));
    XP_TRY(teach_text(r, o, "prompt", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL));
    t->kind = (xp_teach_kind)kind;
    return read[kind](r, o, t);
}

xp_status teach_read_tasks(teach_reader *r, cJSON *o, xp_teach_case *c) {
    const cJSON *first;
    XP_TRY(teach_array(r, o, "tasks", 1, XP_TEACH_MOST_TASKS, TEACH_NEEDED, &first, &c->n_tasks));
    c->tasks = teach_take(r, (size_t)c->n_tasks, sizeof *c->tasks);
    if (!c->tasks) return XP_ERR_MEMORY;
    cJSON *item = cJSON_GetObjectItemCaseSensitive(o, "tasks")->child;
    for (int i = 0; item; item = item->next, i++) {
        size_t before = teach_enter(r, "tasks[%d]", i);
        XP_TRY(read_task(r, item, &c->tasks[i]));
        for (int k = 0; k < i; k++)
            if (!strcmp(c->tasks[k].id, c->tasks[i].id))
                return teach_fail(r, XP_ERR_FORMAT, "id",
                                  "\"%s\" is there twice in this case: give each task an id of its "
                                  "own",
                                  c->tasks[i].id);
        teach_leave(r, before);
        r->set->most += xp_teach_most(r->set, &c->tasks[i]);
        r->set->n_tasks++;
    }
    return XP_OK;
}
