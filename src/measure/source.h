/* Where samples come from: a record in memory, or one that is read in parts (ecg/frames.h). What is
 * measured is the same. */
#ifndef XP_MEASURE_SOURCE_H
#define XP_MEASURE_SOURCE_H

#include "ecg/record.h"

typedef struct xp_sample_source {
    const xp_record *rec; /* what is said of it; its samples are not looked at */
    /* Samples [from, from + n), which are in the recording: mv (n_leads) points at them, until the
     * next are asked for. */
    xp_status (*load)(void *ctx, int64_t from, int64_t n, const float **mv, xp_error *err);
    void *ctx;
} xp_sample_source;

/* rec's own samples; it must outlive the source. */
xp_sample_source xp_samples_of(const xp_record *rec);

struct xp_frames;
xp_sample_source xp_samples_of_frames(struct xp_frames *f);

#endif
