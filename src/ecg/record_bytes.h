/* A record as one block of bytes, for handing it from the page's module that reads files to the one
 * that draws and analyses: the same bits on both sides. It is no file format: both modules are
 * built together, and a block of another version is refused.
 *
 * All is little-endian and lies one behind the other; a text is its length (uint32) and its bytes.
 *
 *   uint32  XP_RECORD_BYTES_MAGIC, XP_RECORD_BYTES_VERSION, number of sentences (base/notice.h)
 *   text    name, format;  float64 rate;  int64 samples;  int32 leads;
 *           uint8 checksums_failed
 *   lead    text name; int32 id; uint8 derived, calibrated; int64 missing          (once a lead)
 *   facts   the fields of xp_facts in their order; statements: int32 their number, then
 *           text name, float64 value, text unit, text text
 *   int32   number of notices: int32 sentence, text lead, int32 arguments,
 *           then for each text name, uint8 is_text, float64 number, text text
 *   float32 the samples in mV, lead by lead, NaN where missing: the rest of the block
 */
#ifndef XP_ECG_RECORD_BYTES_H
#define XP_ECG_RECORD_BYTES_H

#include "base/bytes.h"
#include "ecg/record.h"

enum { XP_RECORD_BYTES_MAGIC = 0x42525058 /* "XPRB" */, XP_RECORD_BYTES_VERSION = 2 };

/* *out: the caller's (free). On error *out and *size are untouched; XP_ERR_LIMIT for more than can
 * be addressed, XP_ERR_MEMORY. */
xp_status xp_record_to_bytes(uint8_t **out, size_t *size, const xp_record *rec, xp_error *err);

/* Bytes of any origin: what does not hold together is XP_ERR_FORMAT. On error rec is untouched. */
xp_status xp_record_from_bytes(xp_record *rec, xp_bytes block, xp_error *err);

#endif
