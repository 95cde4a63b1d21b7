/* What the commands print: JSON, and text that is safe on a terminal. */
#ifndef XP_TOOLS_OUTPUT_H
#define XP_TOOLS_OUTPUT_H

#include "base/json.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Flush standard output and report what could not be written to it (a full disk). */
xp_status output_close_stdout(xp_error *err);

/* One line on standard output; o is freed. */
void json_print_line(cJSON *o);

/* Print text without the control characters that a hostile header might hold. */
void print_clean(FILE *f, const char *text);

/* The path of a file that was written, as a line of standard output. */
void print_path(const char *path);

#endif
