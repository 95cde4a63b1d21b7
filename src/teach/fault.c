#include "teach/fault.h"

#include <stdio.h>
#include <stdlib.h>

void xp_teach_warn(xp_teach_warnings *list, const xp_teach_warning *warning) {
    if (list->n < XP_TEACH_MOST_WARNINGS) {
        size_t size = (size_t)(list->n + 1) * sizeof *list->items;
        xp_teach_warning *items = realloc(list->items, size);
        if (items) {
            list->items = items;
            items[list->n++] = *warning;
            return;
        }
    }
    list->left_out++;
}

void xp_teach_warnings_free(xp_teach_warnings *list) {
    free(list->items);
    *list = (xp_teach_warnings){0};
}

cJSON *xp_teach_fault_json(const xp_teach_fault *fault) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "code", xp_json_text(xp_status_name(fault->code)));
    xp_json_add(o, "case", xp_json_text(fault->case_id));
    xp_json_add(o, "field", xp_json_text(fault->field));
    xp_json_add(o, "line", xp_json_integer(fault->line));
    xp_json_add(o, "text", xp_json_text(fault->text));
    return o;
}

static cJSON *warning_json(const char *case_id, const char *field, const char *text) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "case", xp_json_text(case_id));
    xp_json_add(o, "field", xp_json_text(field));
    xp_json_add(o, "text", xp_json_text(text));
    return o;
}

cJSON *xp_teach_warnings_json(const xp_teach_warnings *list) {
    cJSON *all = cJSON_CreateArray();
    for (int i = 0; i < list->n; i++) {
        const xp_teach_warning *w = &list->items[i];
        xp_json_append(all, warning_json(w->case_id, w->field, w->text));
    }
    char more[80];
    snprintf(more, sizeof more, "%d more warnings are left out", list->left_out);
    if (list->left_out) xp_json_append(all, warning_json("", "", more));
    return all;
}
