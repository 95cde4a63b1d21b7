/* How recordings of a format are cut into parts: what rows of formats say, and frames.h reads. */
#ifndef XP_ECG_FRAMES_PLANS_H
#define XP_ECG_FRAMES_PLANS_H

#include "ecg/format.h"

/* Where the samples of a recording lie. A part is a number of whole units, behind `head`; neither
 * states how many there are. Owned: head, text. */
typedef struct xp_frame_plan {
    char file[300]; /* holds the samples */
    uint8_t *head;  /* (head_size) what a file of a part begins with */
    size_t head_size;
    uint64_t at;        /* bytes before the first unit in the file */
    int64_t bytes;      /* of all units: the last may be cut short */
    int64_t unit_bytes; /* of a unit: whole frames of all signals */
    char header[160];   /* another file, which describes them; "": there is none */
    uint8_t *text;      /* (text_size) that file for a part */
    size_t text_size;
} xp_frame_plan;

/* Rows of formats: false where this recording cannot be cut, and plan holds nothing. */
bool xp_ishne_frames(xp_frame_plan *plan, const xp_file_source *src, const char *name);
bool xp_edf_frames(xp_frame_plan *plan, const xp_file_source *src, const char *name);
bool xp_wfdb_frames(xp_frame_plan *plan, const xp_file_source *src, const char *name);

#endif
