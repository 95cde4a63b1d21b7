#include "base/json.h"

#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *xp_json_number(double v) {
    if (!isfinite(v)) return cJSON_CreateNull();
    char text[32];
    snprintf(text, sizeof text, "%.9g", v);
    return cJSON_CreateRaw(text);
}

cJSON *xp_json_integer(int64_t v) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)v);
    return cJSON_CreateRaw(text);
}

cJSON *xp_json_integer_or_null(double v) {
    return isnan(v) ? cJSON_CreateNull() : xp_json_integer((int64_t)v);
}

cJSON *xp_json_text(const char *text) {
    const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
    char *clean = malloc(2 * strlen(text) + 1), *q = clean;
    if (!clean) return NULL;
    while (p < end) {
        size_t n = xp_utf8_length(p, (size_t)(end - p));
        if (n == 0) {
            *q++ = (char)(0xc0 | *p >> 6);
            *q++ = (char)(0x80 | (*p++ & 0x3f));
        }
        while (n-- > 0) *q++ = (char)*p++;
    }
    *q = 0;
    cJSON *o = cJSON_CreateString(clean);
    free(clean);
    return o;
}

cJSON *xp_json_text_or_null(const char *text) {
    return text[0] ? xp_json_text(text) : cJSON_CreateNull();
}

static void spoil(cJSON *holder) {
    if (holder) holder->type = cJSON_Invalid;
}

void xp_json_add(cJSON *object, const char *key, cJSON *item) {
    if (item && cJSON_AddItemToObject(object, key, item)) return;
    cJSON_Delete(item);
    spoil(object);
}

void xp_json_append(cJSON *array, cJSON *item) {
    if (item && cJSON_AddItemToArray(array, item)) return;
    cJSON_Delete(item);
    spoil(array);
}

char *xp_json_print(cJSON *o) {
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}
