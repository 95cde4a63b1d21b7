/* Where something lies in a JSON document: "a.1.b", keys and indices. */
#ifndef XP_TEST_JSON_PATH_H
#define XP_TEST_JSON_PATH_H

#include "support.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL where nothing lies there. */
static inline const cJSON *json_at(const cJSON *o, const char *path) {
    while (o && *path) {
        char key[32];
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        o = cJSON_IsArray(o) ? cJSON_GetArrayItem(o, atoi(key)) : cJSON_GetObjectItem(o, key);
        path += n + (path[n] == '.');
    }
    return o;
}

static inline double json_number(const cJSON *o, const char *path) {
    const cJSON *v = json_at(o, path);
    assert_true(cJSON_IsNumber(v));
    return v->valuedouble;
}

#endif
