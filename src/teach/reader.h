/* Reading the fields of a document into structs, with the place of each for a fault. Inside teach
 * only.
 *
 * The functions that read a field return a status; on a fault it is written and the caller returns
 * at once. A field that is absent, and not needed, leaves its output as it was. */
#ifndef XP_TEACH_READER_H
#define XP_TEACH_READER_H

#include "teach/set.h"

typedef struct teach_reader {
    xp_teach_set *set;           /* being made; NULL: something else is read */
    const cJSON *facts;          /* NULL: only the document is looked at */
    xp_teach_warnings *warnings; /* NULL: nobody asks */
    xp_teach_fault *fault;
    int case_index; /* that is being read; -1: none */
    const char *case_id;
    char
        path[XP_TEACH_FIELD]; /* of the field that is being read, inside the case or the document */
    double seconds;           /* of the case's recording; NaN: not known */
    const cJSON *record;      /* facts of that recording; NULL: not known */
} teach_reader;

/* ==== places ================================================================================= */

/* Append to the path of the field: "tasks[%d]", "answer" (with a dot between where one belongs).
 * teach_leave(r, what it returned) takes that off again. */
size_t teach_enter(teach_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void teach_leave(teach_reader *r, size_t before);

/* Fill the fault: the text is `case "ID", FIELD: ` and what fmt says. key (may be NULL) is a field
 * of the object at the path. */
xp_status teach_fail(teach_reader *r, xp_status code, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void teach_warn(teach_reader *r, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Zeroed memory for n items, the set's. NULL: none, and the fault says so. */
void *teach_take(teach_reader *r, size_t n, size_t size);

/* ==== documents, document.c ================================================================== */

/* The tree of a JSON text, of which a browser's parser makes the same; the caller's, on a fault
 * too. */
xp_status teach_parse(teach_reader *r, xp_bytes text, cJSON **out);

/* The line of the fault's field, where it has none yet. */
void teach_find_line(const teach_reader *r, xp_bytes text, const cJSON *document);

/* ==== fields ================================================================================= */

typedef enum teach_need { TEACH_OPTIONAL, TEACH_NEEDED, TEACH_OR_NULL } teach_need;

/* Member of that very name, or NULL. */
const cJSON *teach_get(const cJSON *object, const char *key);

/* The object at the path is one; every key of it that is not among known (ends with NULL) is warned
 * of. */
xp_status teach_object(teach_reader *r, const cJSON *object, const char *const *known);

xp_status teach_string(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                       const char **out); /* any characters */
xp_status teach_text(teach_reader *r, const cJSON *o, const char *key, size_t most, teach_need need,
                     const char **out); /* that is shown: no markup */
xp_status teach_id(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                   const char **out);
xp_status teach_number(teach_reader *r, const cJSON *o, const char *key, double low, double high,
                       teach_need need, double *out);
xp_status teach_count(teach_reader *r, const cJSON *o, const char *key, int low, int high,
                      teach_need need, int *out);
xp_status teach_bool(teach_reader *r, const cJSON *o, const char *key, bool *out);

/* One of words (ends with NULL): its index. */
xp_status teach_word(teach_reader *r, const cJSON *o, const char *key, const char *const *words,
                     teach_need need, int *out);

/* An array of low to high items; *n their number, 0 where it is not there. */
xp_status teach_array(teach_reader *r, const cJSON *o, const char *key, int low, int high,
                      teach_need need, const cJSON **out, int *n);

/* Every item of an array of texts, which are shown. */
xp_status teach_texts(teach_reader *r, const cJSON *o, const char *key, int most_items,
                      size_t most);

/* A text of its own, not a member: what is wrong with it, if anything. */
xp_status teach_check_text(teach_reader *r, const char *key, const cJSON *item, size_t most);

/* ==== what has a rule of its own ============================================================= */

/* A lead: its one spelling, which the document gets too. Where the recording is known it has the
 * lead, or the limb leads that it follows from. any: "*" is allowed. */
xp_status teach_read_lead(teach_reader *r, const cJSON *o, const char *key, bool any,
                          teach_need need, const char **out);

/* "from" and "to" of o: within the recording and in order. */
xp_status teach_read_times(teach_reader *r, const cJSON *o, double *from, double *to);

/* The path of a file that is there (where facts are known). */
xp_status teach_read_path(teach_reader *r, const cJSON *o, const char *key, teach_need need,
                          const char **out);

/* ==== parts of a set, each a file ============================================================ */

xp_status teach_read_lists(teach_reader *r, const cJSON *lists);         /* lists.c */
xp_status teach_read_case(teach_reader *r, cJSON *o, int index);         /* case.c */
xp_status teach_read_tasks(teach_reader *r, cJSON *o, xp_teach_case *c); /* tasks.c */
/* A measuring task's answer and the record's own beats. spread.c */
void teach_check_spread(teach_reader *r, const xp_teach_measure *m);
/* What was left out, into the document. filled.c */
xp_status teach_fill_settings(teach_reader *r, cJSON *document);
bool teach_fill(cJSON *o, const char *key,
                cJSON *item); /* item is added where there is no such key */

#endif
