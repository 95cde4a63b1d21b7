/* Apart from source.c, so that a program without files links no reader of them. */
#include "ecg/frames.h"
#include "measure/source.h"

static xp_status load_frames(void *ctx, int64_t from, int64_t n, const float **mv, xp_error *err) {
    return xp_frames_read(ctx, from, n, mv, err);
}

xp_sample_source xp_samples_of_frames(xp_frames *f) {
    return (xp_sample_source){xp_frames_record(f), load_frames, f};
}
