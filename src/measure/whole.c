#include "measure/whole.h"

#include "measure/reversal.h"

xp_status xp_measure_whole_samples(xp_quality *quality, xp_measures *measures,
                                   const xp_sample_source *src, bool accept_checksums,
                                   xp_error *err) {
    *measures = (xp_measures){0};
    *quality = (xp_quality){0};
    XP_TRY(xp_record_check_sums(src->rec, accept_checksums, err));
    XP_TRY(xp_quality_assess_samples(quality, src, err));
    xp_status s = xp_measure_samples(measures, src, quality, err);
    if (s == XP_OK) s = xp_reversal_find(quality, &measures->median, src->rec, err);
    if (s == XP_OK) return XP_OK;
    xp_measures_free(measures);
    xp_quality_free(quality);
    return s;
}

xp_status xp_measure_whole(xp_quality *quality, xp_measures *measures, const xp_record *rec,
                           bool accept_checksums, xp_error *err) {
    const xp_sample_source src = xp_samples_of(rec);
    return xp_measure_whole_samples(quality, measures, &src, accept_checksums, err);
}
