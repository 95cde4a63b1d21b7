/* What was measured on recordings as a table for studies, as `xplaim measure --csv` prints it: a
 * line a record, RFC 4180 but for the ends of lines. A value that is not there is an empty cell,
 * and the reason stands beside it. */
#ifndef XP_MEASURE_CSV_H
#define XP_MEASURE_CSV_H

#include "measure/measure.h"
#include "measure/quality.h"

#include <stdio.h>

void xp_measure_csv_head(FILE *f);
void xp_measure_csv_row(FILE *f, const char *name, const xp_record *rec, const xp_quality *quality,
                        const xp_measures *m);

/* The line of a record that could not be read or measured. */
void xp_measure_csv_failure(FILE *f, const char *name, xp_status why);

#endif
