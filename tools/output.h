/* What the commands write: files (whole or not at all), JSON, and text that is safe on a terminal.
 */
#ifndef XP_TOOLS_OUTPUT_H
#define XP_TOOLS_OUTPUT_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Write a file by way of a temporary one beside it that takes its name at the end: a reader sees
 * the old file or the whole new one. A symbolic link stays one: what it leads to is written. A path
 * that is no regular file (/dev/stdout) is written directly. On error nothing is left behind. */
xp_status output_write_file(const char *path, const void *bytes, size_t size, xp_error *err);

/* Whether output_write_file could write path: asked before the work whose result goes there. A
 * folder is an error unless allowed. Leaves nothing behind. */
xp_status output_check(const char *path, bool folder_allowed, xp_error *err);

/* Flush standard output and report what could not be written to it (a full disk). */
xp_status output_close_stdout(xp_error *err);

/* JSON values: nine significant digits (every float survives), null for NaN and infinities; whole
 * numbers; text as UTF-8, where bytes that are none are taken as Latin-1. */
cJSON *json_number(double v);
cJSON *json_integer(int64_t v);
cJSON *json_text(const char *text);
cJSON *json_text_or_null(const char *text); /* null for "" */
cJSON *json_integer_or_null(double v);      /* null for NaN */

/* One line on standard output; o is freed. */
void json_print_line(cJSON *o);

/* Print text without the control characters that a hostile header might hold. */
void print_clean(FILE *f, const char *text);

#endif
