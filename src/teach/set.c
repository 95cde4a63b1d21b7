#include "teach/set.h"

#include "teach/facts.h"
#include "teach/reader.h"
#include "teach/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== head and settings ====================================================================== */

static xp_status check_format(teach_reader *r, const cJSON *o) {
    const char *format = NULL;
    double version = 0;
    XP_TRY(teach_string(r, o, "format", TEACH_NEEDED, &format));
    if (strcmp(format, "ecg-xplaim-cases"))
        return teach_fail(r, XP_ERR_FORMAT, "format",
                          "\"%.60s\" is another format: write \"ecg-xplaim-cases\"", format);
    XP_TRY(teach_number(r, o, "version", -1e9, 1e9, TEACH_NEEDED, &version));
    if (version != 1)
        return teach_fail(r, XP_ERR_UNSUPPORTED, "version",
                          "version %g is not known here, only 1: take a newer page or tool",
                          version);
    return XP_OK;
}

static xp_status check_iri(teach_reader *r, const cJSON *o) {
    const char *iri = NULL;
    XP_TRY(teach_text(r, o, "iri", 1000, TEACH_OPTIONAL, &iri));
    if (!iri) return XP_OK;
    bool good =
        !strncmp(iri, "https://", 8) || !strncmp(iri, "http://", 7) || !strncmp(iri, "urn:", 4);
    for (const char *p = iri; *p; p++)
        if ((unsigned char)*p <= ' ' || strchr("<>\"{}|\\^`", *p)) good = false;
    if (good) return XP_OK;
    return teach_fail(r, XP_ERR_FORMAT, "iri",
                      "this is no address: write one that begins with https:// or urn: and has no "
                      "blank in it");
}

static xp_status check_head(teach_reader *r, const cJSON *o) {
    static const char *const known[] = {"format", "version", "id",      "iri",   "title",
                                        "lang",   "authors", "licence", "about", "settings",
                                        "lists",  "cases",   NULL};
    static const char *const any[] = {NULL};
    const char *language = NULL;
    if (!cJSON_IsObject(o)) return teach_object(r, o, any);
    XP_TRY(check_format(r, o));
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &r->set->id));
    XP_TRY(check_iri(r, o));
    XP_TRY(teach_text(r, o, "title", 200, TEACH_NEEDED, &r->set->title));
    XP_TRY(teach_string(r, o, "lang", TEACH_OPTIONAL, &language));
    if (language && !teach_is_language(language))
        return teach_fail(r, XP_ERR_FORMAT, "lang",
                          "\"%.40s\" is no language: write \"en\", \"de\", \"pt-BR\"", language);
    XP_TRY(teach_texts(r, o, "authors", 50, 200));
    XP_TRY(teach_text(r, o, "licence", 200, TEACH_OPTIONAL, NULL));
    return teach_text(r, o, "about", XP_TEACH_MOST_TEXT, TEACH_OPTIONAL, NULL);
}

typedef struct worded {
    const char *key;
    const char *words[5];
} worded;

static const worded WORDED[] = {
    {"order", {"given", "mixed", "grouped", NULL}},
    {"feedback", {"each", "end", "none", NULL}},
    {"network", {"never", "after", "request", "before", NULL}},
    {"measurements", {"shown", "after", NULL}},
    {"names", {"hidden", "shown", NULL}},
};

static xp_status read_scoring(teach_reader *r, const cJSON *o) {
    static const char *const levels[] = {"beginner", "intermediate", "advanced", NULL};
    static const char *const certainties[] = {"no", "ask", "marks", NULL};
    xp_teach_set *set = r->set;
    int level = set->level, certainty = set->certainty;
    XP_TRY(teach_word(r, o, "level", levels, TEACH_OPTIONAL, &level));
    XP_TRY(teach_word(r, o, "certainty", certainties, TEACH_OPTIONAL, &certainty));
    set->level = (xp_teach_level)level;
    set->certainty = (xp_teach_certainty)certainty;
    if (cJSON_IsNull(teach_get(o, "attempts"))) set->attempts = 0;
    XP_TRY(teach_count(r, o, "attempts", 1, 100, TEACH_OR_NULL, &set->attempts));
    XP_TRY(teach_number(r, o, "pass", 0, 100, TEACH_OR_NULL, &set->pass));
    return teach_bool(r, o, "lock", &set->lock);
}

static xp_status read_settings(teach_reader *r, const cJSON *document) {
    static const char *const known[] = {
        "level",     "order", "pick",     "feedback", "network", "measurements", "names",
        "certainty", "check", "attempts", "seconds",  "pass",    "lock",         NULL};
    const cJSON *o = teach_get(document, "settings");
    int number;
    double seconds;
    if (!o) return XP_OK;
    size_t before = teach_enter(r, "settings");
    XP_TRY(teach_object(r, o, known));
    for (size_t i = 0; i < sizeof WORDED / sizeof *WORDED; i++)
        XP_TRY(teach_word(r, o, WORDED[i].key, WORDED[i].words, TEACH_OPTIONAL, &number));
    XP_TRY(read_scoring(r, o));
    XP_TRY(teach_count(r, o, "pick", 1, XP_TEACH_MOST_CASES, TEACH_OR_NULL, &number));
    XP_TRY(teach_number(r, o, "seconds", 1, 86400, TEACH_OR_NULL, &seconds));
    XP_TRY(teach_texts(r, o, "check", 20, 200));
    teach_leave(r, before);
    return XP_OK;
}

/* ==== cases ================================================================================== */

int xp_teach_find_case(const xp_teach_set *set, const char *id) {
    for (int i = 0; i < set->n_cases; i++)
        if (!strcmp(set->cases[i].id, id)) return i;
    return -1;
}

static xp_status check_like(teach_reader *r, const cJSON *o) {
    const char *like = NULL;
    XP_TRY(teach_string(r, o, "like", TEACH_OR_NULL, &like));
    if (!like) return XP_OK;
    const int at = xp_teach_find_case(r->set, like);
    if (at < 0)
        return teach_fail(r, XP_ERR_NOT_FOUND, "like",
                          "the set has no case \"%.70s\": name the id of another case", like);
    if (at == r->case_index)
        return teach_fail(r, XP_ERR_FORMAT, "like",
                          "a case is no look-alike of itself: name the id of another case");
    return XP_OK;
}

typedef struct scorm_id {
    char text[132];
    int case_index;
    const char *task;
} scorm_id;

static int compare_scorm_ids(const void *a, const void *b) {
    return strcmp(((const scorm_id *)a)->text, ((const scorm_id *)b)->text);
}

/* SCORM has one name for both, case.task: "a.b" + "c" is "a" + "b.c". */
static xp_status check_scorm_ids(teach_reader *r) {
    const xp_teach_set *set = r->set;
    const size_t n = (size_t)set->n_tasks;
    size_t at = 0;
    scorm_id *ids = calloc(n, sizeof *ids);
    if (!ids) return teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
    for (int i = 0; i < set->n_cases; i++)
        for (int k = 0; k < set->cases[i].n_tasks; k++, at++) {
            ids[at].case_index = i;
            ids[at].task = set->cases[i].tasks[k].id;
            snprintf(ids[at].text, sizeof ids[at].text, "%s.%s", set->cases[i].id, ids[at].task);
        }
    qsort(ids, n, sizeof *ids, compare_scorm_ids);
    xp_status s = XP_OK;
    for (at = 1; at < n && s == XP_OK; at++) {
        if (strcmp(ids[at - 1].text, ids[at].text)) continue;
        r->case_index = ids[at].case_index;
        r->case_id = set->cases[r->case_index].id;
        s = teach_fail(r, XP_ERR_FORMAT, "tasks",
                       "a course would know its task \"%s\" as \"%s\", and a task of case \"%s\" "
                       "too: rename one of them",
                       ids[at].task, ids[at].text, set->cases[ids[at - 1].case_index].id);
    }
    free(ids);
    return s;
}

/* As many cases are drawn as there are, or fewer. */
static xp_status check_pick(teach_reader *r, const cJSON *document) {
    const cJSON *pick = teach_get(teach_get(document, "settings"), "pick");
    if (!cJSON_IsNumber(pick) || pick->valuedouble <= r->set->n_cases) return XP_OK;
    r->case_index = -1;
    r->case_id = NULL;
    teach_enter(r, "settings");
    return teach_fail(r, XP_ERR_FORMAT, "pick",
                      "%g cases are to be drawn of %d: write no more than there are",
                      pick->valuedouble, r->set->n_cases);
}

static xp_status read_cases(teach_reader *r, cJSON *document) {
    const cJSON *first;
    xp_teach_set *set = r->set;
    int n;
    XP_TRY(teach_array(r, document, "cases", 1, XP_TEACH_MOST_CASES, TEACH_NEEDED, &first, &n));
    set->cases = teach_take(r, (size_t)n, sizeof *set->cases);
    if (!set->cases) return XP_ERR_MEMORY;
    cJSON *cases = cJSON_GetObjectItemCaseSensitive(document, "cases"), *o;
    cJSON_ArrayForEach(o, cases) {
        XP_TRY(teach_read_case(r, o, set->n_cases));
        set->n_cases++;
    }
    r->path[0] = 0;
    r->case_index = 0;
    cJSON_ArrayForEach(o, cases) {
        r->case_id = set->cases[r->case_index].id;
        XP_TRY(check_like(r, o));
        r->case_index++;
    }
    XP_TRY(check_pick(r, document));
    return check_scorm_ids(r);
}

/* ==== the set ================================================================================ */

static xp_status check_archive(teach_reader *r) {
    double bytes = teach_fact_bytes(r->facts);
    if (bytes <= XP_TEACH_MOST_ARCHIVE) return XP_OK;
    return teach_fail(r, XP_ERR_LIMIT, NULL,
                      "the set's files have %.0f MB, and 256 MB are read: make several sets of it, "
                      "or shorten the recordings",
                      bytes / (1 << 20));
}

static xp_status read_document(teach_reader *r, xp_bytes text) {
    XP_TRY(teach_parse(r, text, &r->set->document));
    XP_TRY(check_head(r, r->set->document));
    XP_TRY(check_archive(r));
    XP_TRY(read_settings(r, r->set->document));
    XP_TRY(teach_read_lists(r, r->set->document));
    XP_TRY(teach_fill_settings(r, r->set->document));
    return read_cases(r, r->set->document);
}

xp_status xp_teach_set_read(xp_teach_set *set, xp_bytes text, const cJSON *facts,
                            xp_teach_warnings *warnings, xp_teach_fault *fault) {
    *set = (xp_teach_set){.level = XP_TEACH_BEGINNER, .attempts = 1, .pass = NAN};
    *fault = (xp_teach_fault){.code = XP_OK};
    teach_reader r = {.set = set,
                      .facts = facts,
                      .warnings = warnings,
                      .fault = fault,
                      .case_index = -1,
                      .seconds = NAN};
    xp_status s = read_document(&r, text);
    if (s == XP_OK) return XP_OK;
    teach_find_line(&r, text, set->document);
    xp_teach_set_free(set);
    return s;
}
