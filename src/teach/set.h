/* A case set as plain structs, once it was checked: cases.json (tools/schema/cases.schema.json).
 * What is checked, README.md says. Texts point into the document, which the set owns. */
#ifndef XP_TEACH_SET_H
#define XP_TEACH_SET_H

#include "base/bytes.h"
#include "teach/fault.h"

#include <stdbool.h>

enum {
    XP_TEACH_MOST_BYTES = 8 << 20, /* of cases.json, and of an answers document */
    XP_TEACH_MOST_CASES = 500,
    XP_TEACH_MOST_TASKS = 20, /* of a case */
    XP_TEACH_MOST_MARKS = 50,
    XP_TEACH_MOST_LISTS = 50,
    XP_TEACH_MOST_STATEMENTS = 500, /* of a list */
    XP_TEACH_MOST_MUST = 100,
    XP_TEACH_MOST_OPTIONS = 36, /* SCORM's letters: a to z, 0 to 9 */
    XP_TEACH_MOST_TEXT = 4000,  /* characters */
    XP_TEACH_MOST_ARCHIVE = 256 << 20
};

typedef enum xp_teach_level {
    XP_TEACH_BEGINNER,
    XP_TEACH_INTERMEDIATE,
    XP_TEACH_ADVANCED
} xp_teach_level;

typedef enum xp_teach_certainty {
    XP_TEACH_CERTAINTY_NO,
    XP_TEACH_CERTAINTY_ASK,
    XP_TEACH_CERTAINTY_MARKS
} xp_teach_certainty;

typedef struct xp_teach_statement {
    const char *id;
    int in; /* the statement that it is a kind of: an index of the list; -1: none */
} xp_teach_statement;

typedef struct xp_teach_list {
    const char *name;
    xp_teach_statement *items;
    int n;
    int *by_id;        /* the n indexes in the order of the ids */
    int *depth;        /* of each: how many it is in, one in the other */
    int *from_general; /* the n indexes, each behind what it is in */
    bool *exclude;     /* (n, n): whether the two contradict, also by what they are in */
} xp_teach_list;

typedef enum xp_teach_kind {
    XP_TEACH_FINDINGS,
    XP_TEACH_MEASURE,
    XP_TEACH_MARK,
    XP_TEACH_CHOICE,
    XP_TEACH_FREE_TEXT,
    XP_TEACH_KINDS
} xp_teach_kind;

typedef enum xp_teach_role {
    XP_TEACH_OTHER,
    XP_TEACH_MUST,
    XP_TEACH_SHOULD,
    XP_TEACH_MAY,
    XP_TEACH_MUST_NOT
} xp_teach_role;

typedef struct xp_teach_role_of {
    int statement; /* index of the list */
    xp_teach_role role;
    double points; /* of a must */
} xp_teach_role_of;

typedef struct xp_teach_findings {
    const xp_teach_list *list;
    xp_teach_role_of *roles; /* must first, then should, may, must not */
    int n_roles, n_must;
} xp_teach_findings;

typedef struct xp_teach_span {
    const char *lead; /* "*": any */
    double from, to;  /* s */
} xp_teach_span;

typedef enum xp_teach_formula {
    XP_TEACH_BAZETT,
    XP_TEACH_FRIDERICIA,
    XP_TEACH_FRAMINGHAM,
    XP_TEACH_HODGES
} xp_teach_formula;

typedef struct xp_teach_measure {
    int quantity; /* teach/quantity.h */
    double answer, tolerance;
    double beats;
    xp_teach_formula formula;
    xp_teach_span where; /* lead "*" and from < 0: anywhere */
} xp_teach_measure;

typedef struct xp_teach_mark_task {
    xp_teach_span *targets;
    int n_targets, need;
} xp_teach_mark_task;

typedef struct xp_teach_option {
    const char *id;
    bool right;
} xp_teach_option;

typedef struct xp_teach_choice {
    xp_teach_option *options;
    int n_options, n_right;
    bool several;
} xp_teach_choice;

typedef struct xp_teach_task {
    const char *id;
    xp_teach_kind kind;
    double points; /* of a measurement, a mark, a right option */
    double most;   /* points to be had, without certainty; 0: not scored */
    union {
        xp_teach_findings findings;
        xp_teach_measure measure;
        xp_teach_mark_task mark;
        xp_teach_choice choice;
    };
} xp_teach_task;

typedef struct xp_teach_case {
    const char *id;
    xp_teach_level level;
    const char **tags;
    int n_tags;
    const char *record, *before, *network; /* paths; NULL: none */
    xp_teach_task *tasks;
    int n_tasks;
} xp_teach_case;

typedef struct xp_teach_set {
    cJSON *document;               /* owned: as it was, and what was left out filled in */
    struct xp_teach_block *blocks; /* owned: the arrays */
    const char *id, *title;
    xp_teach_level level;
    xp_teach_certainty certainty;
    int attempts; /* that count; 0: any number */
    double pass;  /* NaN: nobody passes or fails */
    bool lock;
    xp_teach_list *lists;
    int n_lists;
    xp_teach_case *cases;
    int n_cases, n_tasks;
    double most; /* points of all cases, with this certainty */
} xp_teach_set;

/* Read and check cases.json. facts: what lies beside it (teach/facts.h); NULL: only the document is
 * looked at. warnings may be NULL. On a fault *set holds nothing, and *fault (never NULL) says what
 * it was. */
xp_status xp_teach_set_read(xp_teach_set *set, xp_bytes text, const cJSON *facts,
                            xp_teach_warnings *warnings, xp_teach_fault *fault);
void xp_teach_set_free(xp_teach_set *set);

/* Index of the case or statement of that id; -1. */
int xp_teach_find_case(const xp_teach_set *set, const char *id);
int xp_teach_find_statement(const xp_teach_list *list, const char *id);

/* Points to be had for a task with this set's certainty. */
static inline double xp_teach_most(const xp_teach_set *set, const xp_teach_task *task) {
    return set->certainty == XP_TEACH_CERTAINTY_MARKS && task->most > 0 ? 3 : task->most;
}

#endif
