/* The pieces that several commands' outputs share, as text and as JSON (see schema/). */
#ifndef XP_TOOLS_REPORT_H
#define XP_TOOLS_REPORT_H

#include "base/notice.h"
#include "command.h"
#include "explain.h"
#include "model_file.h"
#include "output.h"

/* {"record"?, "disclaimer"}: what every object begins with; record may be NULL. */
cJSON *report_begin(const char *record);
cJSON *report_model(const model_file *f);
cJSON *report_notices(const xp_notices *notices);

/* A label and what is known about it. */
cJSON *report_label(const xp_label *l);

/* The labels that were asked for (label -1: all) with the record's probability, as an array. */
cJSON *report_labels(const xp_model *m, const xp_analysis *a, int label);

/* {"start_s", "end_s", "padded_s"} of a window. */
cJSON *report_window(const xp_input *in, int window);

/* A failed input: an object with "error" on standard output when json, else a line on standard
 * error. Returns the exit code of a command that has only this input. */
exit_code report_failure(const char *record, const xp_error *err, bool json);

/* The error that ends the command, on standard error or, when json, as an object with "error" on
 * standard output; returns the exit code: bad usage where an argument was wrong, else bad input. */
exit_code report_fatal(const xp_error *err);
exit_code report_fatal_as(const xp_error *err, bool json);

/* A record that could be read but not prepared: names it and, where an option would let it pass,
 * that. Returns err's code. */
xp_status report_refusal(xp_error *err, const char *record);

/* Two or three lines that name the model, say whether it was trained, and the disclaimer. */
void report_model_text(const model_file *f);
/* All but what report_model_text said. What is the same of several leads is said once. */
void report_notices_text(const xp_notices *notices, const char *indent);

#define UNTRAINED_TEXT                                                                             \
    "untrained: weights not known to be fitted to real labels; the numbers are arithmetic, not "   \
    "findings"
#define MAP_TEXT "time only: this map does not tell leads apart"

#endif
