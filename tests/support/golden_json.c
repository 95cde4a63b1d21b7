#include "golden_json.h"

#include "support.h"

#include <math.h>
#include <stdlib.h>

cJSON *read_json(const char *path) {
    xp_bytes b = read_file(path);
    cJSON *j = cJSON_ParseWithLength((const char *)b.data, b.size);
    if (!j) fail_msg("%s is not JSON", path);
    free((void *)(uintptr_t)b.data);
    return j;
}

double num(const cJSON *object, const char *key) {
    const cJSON *v = cJSON_GetObjectItem(object, key);
    return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

const char *text(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}
