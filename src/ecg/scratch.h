/* What is unpacked or decoded and too long to be held: a temporary file, as the source of one file
 * of any name. */
#ifndef XP_ECG_SCRATCH_H
#define XP_ECG_SCRATCH_H

#include "ecg/source.h"

#include <stdio.h>

typedef struct xp_scratch {
    xp_file_source source; /* points at this struct: do not move it while in use; parts alone */
    FILE *file;            /* owned */
    uint64_t size;
    xp_bytes mapped; /* owned; after xp_scratch_map */
} xp_scratch;

bool xp_scratch_open(xp_scratch *s);
void xp_scratch_close(xp_scratch *s);

/* Append; ctx: the scratch. False where there is no room. */
bool xp_scratch_put(void *ctx, const uint8_t *data, size_t size);

/* All of it, once everything was put: valid until it is closed. False where it cannot be had. */
bool xp_scratch_map(xp_scratch *s, xp_bytes *all);

#endif
