/* What a document leaves out, filled in: who plays it need not know what stands for nothing. */
#include "teach/reader.h"

bool teach_fill(cJSON *o, const char *key, cJSON *item) {
    if (item && cJSON_GetObjectItemCaseSensitive(o, key)) {
        cJSON_Delete(item);
        return true;
    }
    if (item && cJSON_AddItemToObject(o, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

typedef enum filled_kind { FILL_TEXT, FILL_NUMBER, FILL_NULL, FILL_FALSE, FILL_LIST } filled_kind;

typedef struct filling {
    const char *key;
    filled_kind kind;
    const char *text;
    int number;
} filling;

/* As DEFAULT_SETTINGS of web/core/cases_core.js. */
static const filling SETTINGS[] = {
    {"level", FILL_TEXT, "beginner", 0},
    {"pick", FILL_NULL, NULL, 0},
    {"feedback", FILL_TEXT, "each", 0},
    {"network", FILL_TEXT, "after", 0},
    {"measurements", FILL_TEXT, "after", 0},
    {"names", FILL_TEXT, "hidden", 0},
    {"certainty", FILL_TEXT, "no", 0},
    {"check", FILL_LIST, NULL, 0},
    {"attempts", FILL_NUMBER, NULL, 1},
    {"seconds", FILL_NULL, NULL, 0},
    {"pass", FILL_NULL, NULL, 0},
    {"lock", FILL_FALSE, NULL, 0},
};

static cJSON *make(const filling *f) {
    switch (f->kind) {
    case FILL_TEXT:
        return xp_json_text(f->text);
    case FILL_NUMBER:
        return xp_json_integer(f->number);
    case FILL_NULL:
        return cJSON_CreateNull();
    case FILL_FALSE:
        return cJSON_CreateFalse();
    case FILL_LIST:
        return cJSON_CreateArray();
    }
    return NULL;
}

xp_status teach_fill_settings(teach_reader *r, cJSON *document) {
    bool filled = teach_fill(document, "settings", cJSON_CreateObject());
    cJSON *settings = cJSON_GetObjectItemCaseSensitive(document, "settings");
    /* Who begins learns in order, and mixed practice is for the others (Monteiro 2017, Hatala
     * 2003). */
    const char *order = r->set->level == XP_TEACH_BEGINNER ? "given" : "mixed";
    filled = filled && teach_fill(settings, "order", xp_json_text(order));
    for (size_t i = 0; filled && i < sizeof SETTINGS / sizeof *SETTINGS; i++)
        filled = teach_fill(settings, SETTINGS[i].key, make(&SETTINGS[i]));
    filled = filled && teach_fill(document, "lists", cJSON_CreateObject());
    return filled ? XP_OK : teach_fail(r, XP_ERR_MEMORY, NULL, "not enough memory");
}
