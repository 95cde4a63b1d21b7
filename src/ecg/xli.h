/* XLI, the compression of samples in Philips Sierra files: a chunk for each lead, of a header of 8
 * bytes (bytes of data: 32 bits; 1; the first correction: 16 bits; little-endian) and data.
 *
 * The data are LZW with codes of 10 bits, the highest bit first; code 1023 is the end, and the
 * table only grows. They expand to n samples of 16 bits, of which all high bytes come first. The
 * first two are samples, the others corrections, plus 64, of the straight line through the two
 * samples before; each counts for the sample that follows its own, and the first stands in the
 * header. */
#ifndef XP_ECG_XLI_H
#define XP_ECG_XLI_H

#include "base/bytes.h"
#include "base/status.h"

/* The samples of the chunk at the cursor, which moves past it: *v is the caller's (free), *n their
 * number, at most `most`. On error err has no file in it; the cursor's place is the chunk's. */
xp_status xp_xli_read(xp_cursor *c, int16_t **v, int64_t *n, int64_t most, xp_error *err);

#endif
