/* JSON that is written by way of cJSON: numbers that every float survives, text that is UTF-8
 * whatever the file held, and documents that are whole or not there. */
#ifndef XP_BASE_JSON_H
#define XP_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdint.h>

/* Nine significant digits, null for NaN and infinities; whole numbers; text, whose bytes are taken
 * as Latin-1 where they are no UTF-8. NULL without memory. */
cJSON *xp_json_number(double v);
cJSON *xp_json_integer(int64_t v);
cJSON *xp_json_integer_or_null(double v); /* null for NaN */
cJSON *xp_json_text(const char *text);
cJSON *xp_json_text_or_null(const char *text); /* null for "" */

/* Add to an object or an array, which owns item then. Where item is NULL, or memory runs out, the
 * object becomes one that cJSON cannot print: xp_json_print then gives NULL for all that holds it,
 * so that a document with a hole is never written. An object that is NULL takes nothing. */
void xp_json_add(cJSON *object, const char *key, cJSON *item);
void xp_json_append(cJSON *array, cJSON *item);

/* The text, the caller's (cJSON_free), on one line; o is freed. NULL without memory, now or when a
 * part was made. */
char *xp_json_print(cJSON *o);

#endif
