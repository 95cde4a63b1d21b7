/* A FLAC decoder (RFC 9639): native streams of 1 to 8 channels and 4 to 32 bits, every subframe
 * type, checked by the CRC of each frame. The same code runs natively and in WebAssembly. */
#ifndef XP_ECG_FLAC_H
#define XP_ECG_FLAC_H

#include "base/bytes.h"
#include "base/status.h"

typedef struct xp_flac {
    xp_cursor in; /* at the next frame; the bytes are not owned */
    int channels, bits;
    uint32_t rate;
    int64_t total;    /* samples per channel; 0: not stated */
    int max_block;    /* samples per channel in the largest block */
    int32_t *samples; /* (channels, max_block) the last block, row c at c * max_block; owned */
    int64_t done;     /* samples per channel so far */
    int64_t *wide;    /* (channels, max_block) owned work space: a side channel has a bit more */
} xp_flac;

/* Read the stream's head. On error f holds nothing. XP_ERR_FORMAT: not a FLAC stream. */
xp_status xp_flac_open(xp_flac *f, xp_bytes file, xp_error *err);

/* Decode the next block into f->samples; *n is its length, 0 at the end of the stream.
 * XP_ERR_TRUNCATED: the data end inside a block; XP_ERR_FORMAT: damaged. */
xp_status xp_flac_next(xp_flac *f, int *n, xp_error *err);
void xp_flac_close(xp_flac *f);

#endif
