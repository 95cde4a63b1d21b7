/* The filters that PDF streams are packed with. */
#ifndef XP_ECG_PDF_FILTERS_H
#define XP_ECG_PDF_FILTERS_H

#include "base/bytes.h"

/* A filter's output: malloc'ed, owned by the caller; bytes of `limit` at most. */
typedef struct pdf_output {
    uint8_t *data;
    size_t size, cap, limit;
    bool too_large, no_memory;
} pdf_output;

/* Each returns false where the data are damaged, too large or there is no memory; what was decoded
 * before the damage stays in out, except for Flate. */
bool pdf_flate(pdf_output *out, xp_bytes in);
bool pdf_lzw(pdf_output *out, xp_bytes in, bool early);
bool pdf_ascii85(pdf_output *out, xp_bytes in);
bool pdf_ascii_hex(pdf_output *out, xp_bytes in);
bool pdf_run_length(pdf_output *out, xp_bytes in);
/* Undo a predictor in place: 2 (TIFF, 8 bits) and 10 to 15 (PNG). */
bool pdf_unpredict(pdf_output *data, int predictor, int colors, int bits, int columns);

#endif
