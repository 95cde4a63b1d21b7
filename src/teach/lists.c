/* Lists of statements that findings are chosen from. */
#include "teach/reader.h"
#include "teach/rules.h"

#include <stdlib.h>
#include <string.h>

/* Which statements contradict each other, (n, n), the two ways round. */
static bool *cell(xp_teach_list *list, int a, int b) {
    return &list->exclude[a * list->n + b];
}

static xp_status read_statement(teach_reader *r, const cJSON *o, xp_teach_statement *s) {
    static const char *const known[] = {"id", "text", "in", "not_with", NULL};
    XP_TRY(teach_object(r, o, known));
    XP_TRY(teach_id(r, o, "id", TEACH_NEEDED, &s->id));
    return teach_text(r, o, "text", 400, TEACH_NEEDED, NULL);
}

/* ==== ids ==================================================================================== */

typedef struct id_place {
    const char *id;
    int at;
} id_place;

static int compare_ids(const void *a, const void *b) {
    const id_place *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : x->at - y->at;
}

static xp_status sort_ids(teach_reader *r, xp_teach_list *list) {
    id_place *places = teach_take(r, (size_t)list->n, sizeof *places);
    if (!places) return XP_ERR_MEMORY;
    for (int i = 0; i < list->n; i++) places[i] = (id_place){list->items[i].id, i};
    qsort(places, (size_t)list->n, sizeof *places, compare_ids);
    for (int i = 0; i < list->n; i++) {
        list->by_id[i] = places[i].at;
        if (i == 0 || strcmp(places[i - 1].id, places[i].id)) continue;
        teach_enter(r, "[%d]", places[i].at);
        return teach_fail(r, XP_ERR_FORMAT, "id",
                          "\"%.64s\" is there twice in this list: give each statement an id of its "
                          "own",
                          places[i].id);
    }
    return XP_OK;
}

int xp_teach_find_statement(const xp_teach_list *list, const char *id) {
    int low = 0, high = list->n;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(list->items[list->by_id[middle]].id, id);
        if (order == 0) return list->by_id[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static xp_status find_other(teach_reader *r, const xp_teach_list *list, const char *key,
                            const char *id, int *out) {
    *out = xp_teach_find_statement(list, id);
    if (*out >= 0) return XP_OK;
    return teach_fail(r, XP_ERR_NOT_FOUND, key,
                      "the list has no statement \"%.64s\": name one of its ids", id);
}

/* ==== what is in what ======================================================================== */

/* Every statement behind what it is in; a circle has no such order. */
static xp_status order_general(teach_reader *r, xp_teach_list *list) {
    bool *done = teach_take(r, (size_t)list->n, sizeof *done);
    if (!done) return XP_ERR_MEMORY;
    for (int n = 0; n < list->n;) {
        const int before = n;
        for (int i = 0; i < list->n; i++) {
            int in = list->items[i].in;
            if (done[i] || (in >= 0 && !done[in])) continue;
            done[i] = true;
            list->depth[i] = in < 0 ? 0 : list->depth[in] + 1;
            list->from_general[n++] = i;
        }
        if (n > before) continue;
        int i = 0;
        while (done[i]) i++;
        teach_enter(r, "[%d]", i);
        return teach_fail(
            r, XP_ERR_FORMAT, "in",
            "\"%.64s\" is in itself, by way of others: take one \"in\" of that circle "
            "out",
            list->items[i].id);
    }
    return XP_OK;
}

static xp_status read_in(teach_reader *r, const cJSON *o, xp_teach_list *list, int at) {
    const char *in = NULL;
    list->items[at].in = -1;
    XP_TRY(teach_id(r, o, "in", TEACH_OPTIONAL, &in));
    return in ? find_other(r, list, "in", in, &list->items[at].in) : XP_OK;
}

/* ==== what excludes what ===================================================================== */

static bool is_in(const xp_teach_list *list, int a, int b) {
    for (; a >= 0; a = list->items[a].in)
        if (a == b) return true;
    return false;
}

static xp_status read_not_with(teach_reader *r, const cJSON *o, xp_teach_list *list, int at) {
    const cJSON *item;
    int n, other = 0, i = 0;
    XP_TRY(teach_array(r, o, "not_with", 0, XP_TEACH_MOST_STATEMENTS, TEACH_OPTIONAL, &item, &n));
    for (; item; item = item->next, i++) {
        size_t before = teach_enter(r, "not_with[%d]", i);
        if (!cJSON_IsString(item))
            return teach_fail(r, XP_ERR_FORMAT, NULL, "write the id of a statement");
        XP_TRY(find_other(r, list, NULL, item->valuestring, &other));
        if (is_in(list, at, other) || is_in(list, other, at))
            return teach_fail(r, XP_ERR_FORMAT, NULL,
                              "\"%.64s\" excludes what it is in, or what is in it: take one of the "
                              "two out",
                              list->items[at].id);
        *cell(list, at, other) = *cell(list, other, at) = true;
        teach_leave(r, before);
    }
    return XP_OK;
}

/* What excludes a statement excludes all that is in it. */
static void inherit(xp_teach_list *list) {
    for (int i = 0; i < list->n; i++)
        for (int j = 0; j < list->n; j++) {
            int a = list->from_general[i], b = list->from_general[j];
            int over_a = list->items[a].in, over_b = list->items[b].in;
            if ((over_a >= 0 && *cell(list, over_a, b)) || (over_b >= 0 && *cell(list, a, over_b)))
                *cell(list, a, b) = *cell(list, b, a) = true;
        }
}

/* ==== a list ================================================================================= */

typedef xp_status read_part(teach_reader *r, const cJSON *o, xp_teach_list *list, int at);

static xp_status read_each(teach_reader *r, const cJSON *first, xp_teach_list *list,
                           read_part *part) {
    int i = 0;
    for (const cJSON *o = first; o; o = o->next, i++) {
        size_t before = teach_enter(r, "[%d]", i);
        XP_TRY(part(r, o, list, i));
        teach_leave(r, before);
    }
    return XP_OK;
}

static xp_status read_own(teach_reader *r, const cJSON *o, xp_teach_list *list, int at) {
    return read_statement(r, o, &list->items[at]);
}

static xp_status read_list(teach_reader *r, const cJSON *lists, const cJSON *o,
                           xp_teach_list *list) {
    const cJSON *first;
    if (!teach_is_id(o->string))
        return teach_fail(r, XP_ERR_FORMAT, NULL,
                          "\"%.70s\" is no name of a list: write 1 to 64 letters, digits, \"_\", "
                          "\"-\" or \".\"",
                          o->string);
    XP_TRY(teach_array(r, lists, o->string, 1, XP_TEACH_MOST_STATEMENTS, TEACH_NEEDED, &first,
                       &list->n));
    const size_t n = (size_t)list->n;
    list->name = o->string;
    list->items = teach_take(r, n, sizeof *list->items);
    list->by_id = teach_take(r, n, sizeof *list->by_id);
    list->depth = teach_take(r, n, sizeof *list->depth);
    list->from_general = teach_take(r, n, sizeof *list->from_general);
    list->exclude = teach_take(r, n * n, sizeof *list->exclude);
    if (!list->items || !list->by_id || !list->depth || !list->from_general || !list->exclude)
        return XP_ERR_MEMORY;
    size_t before = teach_enter(r, "%s", o->string);
    XP_TRY(read_each(r, first, list, read_own));
    XP_TRY(sort_ids(r, list));
    XP_TRY(read_each(r, first, list, read_in));
    XP_TRY(order_general(r, list));
    XP_TRY(read_each(r, first, list, read_not_with));
    inherit(list);
    teach_leave(r, before);
    return XP_OK;
}

xp_status teach_read_lists(teach_reader *r, const cJSON *document) {
    const cJSON *lists = teach_get(document, "lists");
    if (!lists) return XP_OK;
    size_t before = teach_enter(r, "lists");
    if (!cJSON_IsObject(lists))
        return teach_fail(r, XP_ERR_FORMAT, NULL, "write an object of lists, each by its name");
    const int n = cJSON_GetArraySize(lists);
    if (n > XP_TEACH_MOST_LISTS)
        return teach_fail(r, XP_ERR_LIMIT, NULL, "there are %d lists: at most %d are read", n,
                          XP_TEACH_MOST_LISTS);
    r->set->lists = teach_take(r, (size_t)n, sizeof *r->set->lists);
    if (!r->set->lists) return XP_ERR_MEMORY;
    for (const cJSON *o = lists->child; o; o = o->next)
        XP_TRY(read_list(r, lists, o, &r->set->lists[r->set->n_lists++]));
    teach_leave(r, before);
    return XP_OK;
}
