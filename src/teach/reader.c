#include "teach/reader.h"

#include "teach/rules.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== memory ================================================================================= */

struct xp_teach_block {
    struct xp_teach_block *next;
    max_align_t data[];
};

void *teach_take(teach_reader *r, size_t n, size_t size) {
    struct xp_teach_block *b = calloc(1, sizeof *b + (n + !n) * size);
    if (!b) {
        teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
        return NULL;
    }
    b->next = r->set->blocks;
    r->set->blocks = b;
    return b->data;
}

void xp_teach_set_free(xp_teach_set *set) {
    while (set->blocks) {
        struct xp_teach_block *next = set->blocks->next;
        free(set->blocks);
        set->blocks = next;
    }
    cJSON_Delete(set->document);
    *set = (xp_teach_set){0};
}

/* ==== places ================================================================================= */

static void join(char *path, size_t size, const char *part) {
    size_t n = strlen(path);
    snprintf(path + n, size - n, "%s%.80s", n && part[0] != '[' ? "." : "", part);
}

size_t teach_enter(teach_reader *r, const char *fmt, ...) {
    size_t before = strlen(r->path);
    char part[100];
    va_list args;
    va_start(args, fmt);
    vsnprintf(part, sizeof part, fmt, args);
    va_end(args);
    join(r->path, sizeof r->path, part);
    return before;
}

void teach_leave(teach_reader *r, size_t before) {
    r->path[before] = 0;
}

/* Case and field of a fault or a warning, and its text: the place, and behind it what fmt says. */
static void place(const teach_reader *r, const char *key, char *case_id, char *field, char *text,
                  const char *fmt, va_list args) {
    snprintf(field, XP_TEACH_FIELD, "%s", r->path);
    if (key) join(field, XP_TEACH_FIELD, key);
    case_id[0] = 0;
    if (r->case_id)
        snprintf(case_id, XP_TEACH_ID, "%.70s", r->case_id);
    else if (r->case_index >= 0)
        snprintf(case_id, XP_TEACH_ID, "number %d", r->case_index + 1);
    const char *quote = r->case_id ? "\"" : "";
    int n = 0;
    if (case_id[0]) n = snprintf(text, XP_TEACH_TEXT, "case %s%s%s", quote, case_id, quote);
    if (field[0]) n += snprintf(text + n, XP_TEACH_TEXT - (size_t)n, "%s%s", n ? ", " : "", field);
    if (n) n += snprintf(text + n, XP_TEACH_TEXT - (size_t)n, ": ");
    vsnprintf(text + n, XP_TEACH_TEXT - (size_t)n, fmt, args);
}

xp_status teach_fail(teach_reader *r, xp_status code, const char *key, const char *fmt, ...) {
    xp_teach_fault *f = r->fault;
    va_list args;
    va_start(args, fmt);
    f->code = code;
    f->line = 0;
    place(r, key, f->case_id, f->field, f->text, fmt, args);
    va_end(args);
    return code;
}

void teach_warn(teach_reader *r, const char *key, const char *fmt, ...) {
    if (!r->warnings) return;
    xp_teach_warning w;
    va_list args;
    va_start(args, fmt);
    place(r, key, w.case_id, w.field, w.text, fmt, args);
    va_end(args);
    xp_teach_warn(r->warnings, &w);
}

/* ==== fields ================================================================================= */

const cJSON *teach_get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *type_of(const cJSON *v) {
    return cJSON_IsString(v)   ? "a text"
           : cJSON_IsNumber(v) ? "a number"
           : cJSON_IsBool(v)   ? "true or false"
           : cJSON_IsArray(v)  ? "an array"
           : cJSON_IsObject(v) ? "an object"
                               : "null";
}

static xp_status wrong_type(teach_reader *r, const char *key, const cJSON *v, const char *wanted) {
    return teach_fail(r, XP_ERR_FORMAT, key, "this is %s: write %s", type_of(v), wanted);
}

/* The member; *v is NULL where there is none and that is allowed. */
static xp_status find(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                      const char *wanted, const cJSON **v) {
    *v = teach_get(o, key);
    if (need == TEACH_OR_NULL && cJSON_IsNull(*v)) *v = NULL;
    if (*v || need != TEACH_NEEDED) return XP_OK;
    return teach_fail(r, XP_ERR_FORMAT, key, "it is missing: write %s", wanted);
}

static bool among(const char *key, const char *const *known) {
    for (; *known; known++)
        if (!strcmp(key, *known)) return true;
    return false;
}

xp_status teach_object(teach_reader *r, const cJSON *object, const char *const *known) {
    if (!cJSON_IsObject(object)) return wrong_type(r, NULL, object, "an object");
    for (const cJSON *c = object->child; c; c = c->next)
        if (!among(c->string, known))
            teach_warn(r, c->string,
                       "this key is not known here; it is kept, and nothing is made "
                       "of it");
    return XP_OK;
}

xp_status teach_string(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                       const char **out) {
    const cJSON *v;
    XP_TRY(find(r, o, key, need, "a text", &v));
    if (!v) return XP_OK;
    if (!cJSON_IsString(v)) return wrong_type(r, key, v, "a text");
    *out = v->valuestring;
    return XP_OK;
}

xp_status teach_check_text(teach_reader *r, const char *key, const cJSON *item, size_t most) {
    if (!cJSON_IsString(item)) return wrong_type(r, key, item, "a text");
    const char *fault = teach_text_fault(item->valuestring);
    if (fault) return teach_fail(r, XP_ERR_FORMAT, key, "the text %s", fault);
    size_t n = teach_text_length(item->valuestring);
    if (n <= most) return XP_OK;
    return teach_fail(r, XP_ERR_LIMIT, key, "the text has %zu characters: shorten it to %zu", n,
                      most);
}

xp_status teach_text(teach_reader *r, const cJSON *o, const char *key, size_t most, teach_need need,
                     const char **out) {
    const cJSON *v;
    XP_TRY(find(r, o, key, need, "a text", &v));
    if (!v) return XP_OK;
    XP_TRY(teach_check_text(r, key, v, most));
    if (need == TEACH_NEEDED && !v->valuestring[strspn(v->valuestring, " \t\r\n")])
        return teach_fail(r, XP_ERR_FORMAT, key, "the text is empty: write one");
    if (out) *out = v->valuestring;
    return XP_OK;
}

xp_status teach_id(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                   const char **out) {
    const char *id = NULL;
    XP_TRY(teach_string(r, o, key, need, &id));
    if (!id) return XP_OK;
    if (!teach_is_id(id))
        return teach_fail(r, XP_ERR_FORMAT, key,
                          "\"%.70s\" is no id that SCORM can hold: write 1 to 64 letters, digits, "
                          "\"_\", \"-\" or \".\"",
                          id);
    *out = id;
    return XP_OK;
}

xp_status teach_number(teach_reader *r, const cJSON *o, const char *key, double low, double high,
                       teach_need need, double *out) {
    const cJSON *v;
    XP_TRY(find(r, o, key, need, "a number", &v));
    if (!v) return XP_OK;
    if (!cJSON_IsNumber(v)) return wrong_type(r, key, v, "a number");
    if (!(v->valuedouble >= low && v->valuedouble <= high))
        return teach_fail(r, XP_ERR_FORMAT, key,
                          "%.10g is not possible: write a number from %g to %g", v->valuedouble,
                          low, high);
    *out = v->valuedouble;
    return XP_OK;
}

xp_status teach_count(teach_reader *r, const cJSON *o, const char *key, int low, int high,
                      teach_need need, int *out) {
    double v = NAN;
    XP_TRY(teach_number(r, o, key, low, high, need, &v));
    if (isnan(v)) return XP_OK;
    if (v != floor(v))
        return teach_fail(r, XP_ERR_FORMAT, key,
                          "%.10g is no whole number: write one from %d to %d", v, low, high);
    *out = (int)v;
    return XP_OK;
}

xp_status teach_bool(teach_reader *r, const cJSON *o, const char *key, bool *out) {
    const cJSON *v = teach_get(o, key);
    if (!v) return XP_OK;
    if (!cJSON_IsBool(v)) return wrong_type(r, key, v, "true or false");
    *out = cJSON_IsTrue(v);
    return XP_OK;
}

xp_status teach_word(teach_reader *r, const cJSON *o, const char *key, const char *const *words,
                     teach_need need, int *out) {
    const char *word = NULL;
    XP_TRY(teach_string(r, o, key, need, &word));
    if (!word) return XP_OK;
    char all[300] = "";
    for (int i = 0; words[i]; i++) {
        if (!strcmp(word, words[i])) {
            *out = i;
            return XP_OK;
        }
        size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%s%s", i ? ", " : "", words[i]);
    }
    return teach_fail(r, XP_ERR_FORMAT, key, "there is no \"%.60s\": write one of %s", word, all);
}

xp_status teach_array(teach_reader *r, const cJSON *o, const char *key, int low, int high,
                      teach_need need, const cJSON **out, int *n) {
    const cJSON *v;
    *n = 0;
    *out = NULL;
    XP_TRY(find(r, o, key, need, "an array", &v));
    if (!v) return XP_OK;
    if (!cJSON_IsArray(v)) return wrong_type(r, key, v, "an array");
    *n = cJSON_GetArraySize(v);
    if (*n < low)
        return teach_fail(r, XP_ERR_FORMAT, key, "there are %d items: write at least %d", *n, low);
    if (*n > high)
        return teach_fail(r, XP_ERR_LIMIT, key, "there are %d items: at most %d are read", *n,
                          high);
    *out = v->child;
    return XP_OK;
}

xp_status teach_texts(teach_reader *r, const cJSON *o, const char *key, int most_items,
                      size_t most) {
    const cJSON *item;
    int n, i = 0;
    XP_TRY(teach_array(r, o, key, 0, most_items, TEACH_OPTIONAL, &item, &n));
    size_t before = teach_enter(r, "%s", key);
    for (; item; item = item->next) {
        size_t inner = teach_enter(r, "[%d]", i++);
        XP_TRY(teach_check_text(r, NULL, item, most));
        teach_leave(r, inner);
    }
    teach_leave(r, before);
    return XP_OK;
}
