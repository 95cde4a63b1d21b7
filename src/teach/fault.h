/* What is wrong with a case set, or worth knowing of it, said with its place. */
#ifndef XP_TEACH_FAULT_H
#define XP_TEACH_FAULT_H

#include "base/json.h"
#include "base/status.h"

enum { XP_TEACH_ID = 72, XP_TEACH_FIELD = 200, XP_TEACH_TEXT = 900 };

typedef struct xp_teach_fault {
    xp_status code;
    char
        case_id[XP_TEACH_ID]; /* its id or, without one, "number 3"; "": the document's own field */
    char field[XP_TEACH_FIELD]; /* inside the case or the document: "tasks[2].answer" */
    int line;                   /* of the document, from 1; 0: none in particular */
    char text[XP_TEACH_TEXT];   /* all of it as a sentence */
} xp_teach_fault;

typedef struct xp_teach_warning {
    char case_id[XP_TEACH_ID], field[XP_TEACH_FIELD], text[XP_TEACH_TEXT];
} xp_teach_warning;

/* So many are kept; `left_out` counts the others. */
enum { XP_TEACH_MOST_WARNINGS = 200 };

typedef struct xp_teach_warnings {
    xp_teach_warning *items; /* owned */
    int n, left_out;
} xp_teach_warnings;

/* Append a copy. Where there is no memory it is left out, which is counted. */
void xp_teach_warn(xp_teach_warnings *list, const xp_teach_warning *warning);
void xp_teach_warnings_free(xp_teach_warnings *list);

/* As tools/schema/cases.schema.json has them. NULL without memory. */
cJSON *xp_teach_fault_json(const xp_teach_fault *fault);
cJSON *xp_teach_warnings_json(const xp_teach_warnings *list);

#endif
