/* Recordings of a day, read in parts: memory then does not grow with them.
 *
 * A part of a recording is a smaller recording. So a format that can be cut (its row has `frames`)
 * says where its samples lie and what a file of fewer of them begins with; such a file is made in
 * memory for each part, and the format's own reader reads it. */
#ifndef XP_ECG_FRAMES_H
#define XP_ECG_FRAMES_H

#include "ecg/frames_plans.h"

typedef struct xp_frames xp_frames;

/* Open the record at path (reader_path.h) to be read in parts. XP_ERR_UNSUPPORTED: it is short, or
 * of a format that cannot be cut, and is to be read as a whole. */
xp_status xp_frames_open(xp_frames **out, const char *path, const xp_read_options *opt,
                         xp_error *err);
void xp_frames_close(xp_frames *f); /* may be NULL */

/* All but the samples: mv is NULL in every lead. Valid until f is closed. */
const xp_record *xp_frames_record(const xp_frames *f);

/* Samples [from, from + n) of every lead, which are in the recording: mv[l] points at those of lead
 * l, in mV, until the next part is read. */
xp_status xp_frames_read(xp_frames *f, int64_t from, int64_t n, const float **mv, xp_error *err);

#endif
