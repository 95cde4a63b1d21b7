/* What is said of measurements in few words: a line of numbers, a word for what is wrong with a
 * lead, and which leads a network should not have believed. */
#ifndef XP_MEASURE_WORDS_H
#define XP_MEASURE_WORDS_H

#include "measure/measure.h"
#include "measure/quality.h"

enum { XP_NUMBERS_TEXT = 240 };

/* "rate 72/min, PR 162 ms, QRS 92 ms, QT/QTc 400/438 ms (Fridericia), axes P/QRS/T 45/30/50 deg,
 * quality good"; what was not measured has the reason in its place. Returns text. */
const char *xp_numbers_line(const xp_measures *m, const xp_quality *q, char text[XP_NUMBERS_TEXT]);

/* "flat", "muscle noise": what a finding is called where there is no room for a sentence. */
const char *xp_finding_word(xp_quality_code code);

/* A notice for each of a network's leads (n of them, by name) that the gate takes no number from,
 * or that is flat or at its limit for a while: the network saw it like any other. made: notices of
 * the record's preparation, which tell what leads were computed from. Without memory some may be
 * missing. */
void xp_note_refused(xp_notices *out, const xp_quality *q, const xp_record *rec,
                     const xp_notices *made, const char (*leads)[16], int n);

/* The same of a recording that was not judged yet: XP_ERR_MEMORY, and then out is as it was. */
xp_status xp_judge_and_note(xp_notices *out, const xp_record *rec, const xp_notices *made,
                            const char (*leads)[16], int n, xp_error *err);

#endif
