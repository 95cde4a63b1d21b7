/* All that is measured on a record, in its order: its quality, its beats and values, its
 * electrodes. */
#ifndef XP_MEASURE_WHOLE_H
#define XP_MEASURE_WHOLE_H

#include "measure/measure.h"
#include "measure/quality.h"

/* xp_quality_assess, xp_measure and xp_reversal_find. Free both; on error both are empty:
 * XP_ERR_FORMAT also where the record's checksums all fail and that is not accepted. */
xp_status xp_measure_whole(xp_quality *quality, xp_measures *measures, const xp_record *rec,
                           bool accept_checksums, xp_error *err);
xp_status xp_measure_whole_samples(xp_quality *quality, xp_measures *measures,
                                   const xp_sample_source *src, bool accept_checksums,
                                   xp_error *err);

#endif
