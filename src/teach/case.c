/* A case: everything of it but its tasks. */
#include "teach/facts.h"
#include "teach/reader.h"
#include "teach/rules.h"

#include <math.h>
#include <string.h>

static const char *const LEVELS[] = {"beginner", "intermediate", "advanced", NULL};

/* ==== files ================================================================================== */

static xp_status check_sum(teach_reader *r, const cJSON *o) {
    const char *fault = teach_path_fault(o->string);
    if (fault) return teach_fail(r, XP_ERR_FORMAT, o->string, "the path %s", fault);
    if (!cJSON_IsString(o) || !teach_is_sha256(o->valuestring))
        return teach_fail(r, XP_ERR_FORMAT, o->string,
                          "this is no SHA-256: write 64 digits of 0-9 and a-f, as `sha256sum` "
                          "prints them");
    if (!r->facts) return XP_OK;
    const cJSON *file = teach_fact_file(r->facts, o->string);
    if (!file)
        return teach_fail(r, XP_ERR_NOT_FOUND, o->string,
                          "the file %.160s is missing from the set: put it there, or take its "
                          "SHA-256 out",
                          o->string);
    const char *is = teach_fact_text(file, "sha256");
    if (!is || !strcmp(is, o->valuestring)) return XP_OK;
    return teach_fail(r, XP_ERR_FORMAT, o->string,
                      "the file %.160s is not the one that the case was made of (its SHA-256 is "
                      "%.12s..., expected %.12s...): put the original there, or make the case anew",
                      o->string, is, o->valuestring);
}

static xp_status check_sums(teach_reader *r, const cJSON *o) {
    const cJSON *sums = teach_get(o, "sha256");
    if (!sums) return XP_OK;
    size_t before = teach_enter(r, "sha256");
    if (!cJSON_IsObject(sums))
        return teach_fail(r, XP_ERR_FORMAT, NULL, "write an object: a SHA-256 for each path");
    for (const cJSON *sum = sums->child; sum; sum = sum->next) XP_TRY(check_sum(r, sum));
    teach_leave(r, before);
    return XP_OK;
}

/* fact: of what lies at the path. */
static xp_status check_readable(teach_reader *r, const char *key, const char *what,
                                const char *path, const cJSON *fact) {
    const char *problem = path ? teach_fact_text(fact, "problem") : NULL;
    if (!problem) return XP_OK;
    return teach_fail(r, XP_ERR_FORMAT, key, "the %s %.160s cannot be read: %.400s", what, path,
                      problem);
}

static xp_status check_files(teach_reader *r, const xp_teach_case *c) {
    const char *before = c->before ? c->before : "", *network = c->network ? c->network : "";
    XP_TRY(check_readable(r, "record", "recording", c->record,
                          teach_fact_record(r->facts, c->record)));
    XP_TRY(
        check_readable(r, "before", "recording", c->before, teach_fact_record(r->facts, before)));
    return check_readable(r, "network", "file", c->network, teach_fact_file(r->facts, network));
}

static xp_status read_files(teach_reader *r, const cJSON *o, xp_teach_case *c) {
    XP_TRY(teach_read_path(r, o, "record", TEACH_NEEDED, &c->record));
    XP_TRY(teach_read_path(r, o, "before", TEACH_OR_NULL, &c->before));
    XP_TRY(teach_read_path(r, o, "network", TEACH_OR_NULL, &c->network));
    XP_TRY(check_sums(r, o));
    XP_TRY(check_files(r, c));
    r->record = teach_fact_record(r->facts, c->record);
    r->seconds = teach_fact_number(r->record, "seconds");
    return XP_OK;
}

/* ==== view =================================================================================== */

static xp_status check_view(teach_reader *r, const cJSON *o) {
    static const char *const known[] = {"layout", "rhythm", "speed",   "gain",
                                        "filter", "start",  "seconds", NULL};
    static const char *const layouts[] = {"12x1", "6x2", "3x4", "3x4+1", "3x4+3", "single", NULL};
    const cJSON *view = teach_get(o, "view");
    if (!view) return XP_OK;
    int layout;
    double number, start = 0;
    const char *text;
    size_t before = teach_enter(r, "view");
    XP_TRY(teach_object(r, view, known));
    XP_TRY(teach_word(r, view, "layout", layouts, TEACH_OPTIONAL, &layout));
    XP_TRY(teach_read_lead(r, view, "rhythm", false, TEACH_OPTIONAL, &text));
    XP_TRY(teach_number(r, view, "speed", 1, 200, TEACH_OPTIONAL, &number));
    XP_TRY(teach_number(r, view, "gain", 0, 200, TEACH_OPTIONAL, &number));
    XP_TRY(teach_text(r, view, "filter", 40, TEACH_OPTIONAL, NULL));
    XP_TRY(teach_number(r, view, "start", 0, 1e7, TEACH_OPTIONAL, &start));
    XP_TRY(teach_number(r, view, "seconds", 0, 86400, TEACH_OPTIONAL, &number));
    if (start > 0 && start >= r->seconds)
        return teach_fail(
            r, XP_ERR_FORMAT, "start",
            "%g s lies outside the recording, which has %g s: choose a time inside it", start,
            r->seconds);
    teach_leave(r, before);
    return XP_OK;
}

/* ==== marks and the explanation ============================================================== */

static xp_status check_mark(teach_reader *r, const cJSON *o, const cJSON *first) {
    static const char *const known[] = {"id", "lead", "from", "to", "text", NULL};
    const char *id, *lead;
    double from, to;
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &id));
    for (const cJSON *other = first; other != o; other = other->next)
        if (!strcmp(teach_get(other, "id")->valuestring, id))
            return teach_fail(r, XP_ERR_FORMAT, "id",
                              "\"%s\" is there twice: give each mark a letter of its own", id);
    XP_TRY(teach_read_lead(r, o, "lead", false, TEACH_NEEDED, &lead));
    XP_TRY(teach_read_times(r, o, &from, &to));
    return teach_text(r, o, "text", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL);
}

/* What the explanation names in braces is a mark, or else a reader looks for it in vain. */
static void check_names(teach_reader *r, const char *text, const cJSON *first) {
    for (const char *p = text; (p = strchr(p, '{')); p++) {
        const size_t n = strcspn(p + 1, "{}");
        bool there = false;
        if (p[n + 1] != '}' || n == 0 || n > 8) continue;
        for (const cJSON *o = first; o && !there; o = o->next) {
            const char *id = teach_get(o, "id")->valuestring;
            there = strlen(id) == n && !strncmp(id, p + 1, n);
        }
        if (!there)
            teach_warn(r, "explain",
                       "{%.*s} names no mark of this case: add the mark, or correct "
                       "its letter",
                       (int)n, p + 1);
    }
}

static xp_status check_marks(teach_reader *r, const cJSON *o) {
    const cJSON *first;
    const char *explain = "";
    int n, i = 0;
    XP_TRY(teach_array(r, o, "marks", 0, XP_TEACH_MOST_MARKS, TEACH_OPTIONAL, &first, &n));
    for (const cJSON *mark = first; mark; mark = mark->next) {
        size_t before = teach_enter(r, "marks[%d]", i++);
        XP_TRY(check_mark(r, mark, first));
        teach_leave(r, before);
    }
    XP_TRY(teach_text(r, o, "explain", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, &explain));
    check_names(r, explain, first);
    return XP_OK;
}

/* ==== the case =============================================================================== */

static xp_status check_source(teach_reader *r, const cJSON *o) {
    static const char *const known[] = {"text", "licence", NULL};
    const cJSON *source = teach_get(o, "source");
    if (!source) return XP_OK;
    size_t before = teach_enter(r, "source");
    XP_TRY(teach_object(r, source, known));
    XP_TRY(teach_text(r, source, "text", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL));
    XP_TRY(teach_text(r, source, "licence", 200, TEACH_OPTIONAL, NULL));
    teach_leave(r, before);
    return XP_OK;
}

static xp_status read_tags(teach_reader *r, const cJSON *o, xp_teach_case *c) {
    const cJSON *item;
    XP_TRY(teach_texts(r, o, "tags", 20, 64));
    XP_TRY(teach_array(r, o, "tags", 0, 20, TEACH_OPTIONAL, &item, &c->n_tags));
    c->tags = teach_take(r, (size_t)c->n_tags, sizeof *c->tags);
    if (!c->tags) return XP_ERR_MEMORY;
    for (int i = 0; item; item = item->next) c->tags[i++] = item->valuestring;
    return XP_OK;
}

static xp_status read_id(teach_reader *r, const cJSON *o, int index, xp_teach_case *c) {
    XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &c->id));
    r->case_id = c->id;
    for (int i = 0; i < index; i++)
        if (!strcmp(r->set->cases[i].id, c->id))
            return teach_fail(r, XP_ERR_FORMAT, "id",
                              "cases %d and %d both have this id: give each case one of its own",
                              i + 1, index + 1);
    return XP_OK;
}

xp_status teach_read_case(teach_reader *r, cJSON *o, int index) {
    static const char *const known[] = {"id",     "title",   "tags",   "level", "record", "sha256",
                                        "before", "view",    "story",  "tasks", "marks",  "explain",
                                        "like",   "network", "source", NULL};
    xp_teach_case *c = &r->set->cases[index];
    int level = r->set->level;
    r->case_index = index;
    r->case_id = NULL;
    r->record = NULL;
    r->seconds = NAN;
    r->path[0] = 0;
    static const char *const any[] = {NULL};
    if (!cJSON_IsObject(o)) return teach_object(r, o, any);
    XP_TRY(read_id(r, o, index, c));
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_text(r, o, "title", 200, TEACH_OPTIONAL, NULL));
    XP_TRY(read_tags(r, o, c));
    XP_TRY(teach_word(r, o, "level", LEVELS, TEACH_OPTIONAL, &level));
    c->level = (xp_teach_level)level;
    XP_TRY(read_files(r, o, c));
    XP_TRY(check_view(r, o));
    XP_TRY(teach_text(r, o, "story", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL));
    XP_TRY(teach_read_tasks(r, o, c));
    XP_TRY(check_marks(r, o));
    XP_TRY(check_source(r, o));
    if (teach_fill(o, "level", xp_json_text(LEVELS[level]))) return XP_OK;
    return teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
}
