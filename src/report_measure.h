/* What was measured on a recording, as `xplaim measure --json` prints it: tools/schema/measure. */
#ifndef XP_REPORT_MEASURE_H
#define XP_REPORT_MEASURE_H

#include "base/json.h"
#include "measure/measure.h"
#include "measure/quality.h"

#include <stdio.h>

typedef struct xp_measured {
    const char *name; /* of the record, or its path */
    const xp_record *record;
    const xp_quality *quality;
    const xp_measures *measures;
    bool no_beats; /* the lists of beats are empty: those of a day are most of the document */
} xp_measured;

/* Write the document on one line, beat by beat: that of a day is never whole in memory. Nothing
 * that is handed in is kept. XP_ERR_MEMORY: the text is cut short. What f reports is the caller's.
 */
xp_status xp_report_measured(FILE *f, const xp_measured *r, xp_error *err);

/* The same without the beats, as a part of other documents: "measured" of explain and info. r NULL:
 * nothing was measured, because of why; why NULL too: there was no recording. Never NULL but
 * without memory, which xp_json_print tells. */
cJSON *xp_report_measured_part(const xp_measured *r, const xp_error *why);

/* "PR interval 162 ms", "P axis: not measurable, no P wave found". */
void xp_quantity_sentence(const xp_measures *m, xp_quantity_id id, char *out, size_t size);

#endif
