/* What several commands print alike: errors, and text about a model and its results. The JSON is
 * src/report.h's. */
#ifndef XP_TOOLS_REPORT_TEXT_H
#define XP_TOOLS_REPORT_TEXT_H

#include "base/notice.h"
#include "command.h"
#include "model_file.h"
#include "output.h"
#include "report.h"
#include "report_measure.h"

/* A failed input: an object with "error" on standard output when json, else a line on standard
 * error. Returns the exit code of a command that has only this input. */
exit_code report_failure(const char *record, const xp_error *err, bool json);

/* A record that could be read but not prepared: names it and, where an option would let it pass,
 * that. Returns err's code. */
xp_status report_refusal(xp_error *err, const char *record);

/* Two or three lines that name the model, say whether it was trained, and the disclaimer. */
void report_model_text(const model_file *f);
/* What was measured, in a line, and what is wrong with the recording; r NULL: why it could not be,
 * and nothing where why is NULL too. */
void report_measured_text(const xp_measured *r, const xp_error *why);

/* All but what report_model_text said. What is the same of several leads is said once. */
void report_notices_text(const xp_notices *notices, const char *indent);

#endif
