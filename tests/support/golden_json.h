/* Reference values of fixtures, which lie in JSON files. */
#ifndef XP_TEST_GOLDEN_JSON_H
#define XP_TEST_GOLDEN_JSON_H

#include <cjson/cJSON.h>

/* The file's content, for cJSON_Delete; fails the test where it is no JSON. */
cJSON *read_json(const char *path);

/* A member of an object: NaN where it is no number, NULL where it is no text. */
double num(const cJSON *object, const char *key);
const char *text(const cJSON *object, const char *key);

#endif
