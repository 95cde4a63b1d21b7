/* WFDB records (PhysioNet; header(5) and signal(5) of the WFDB Applications Guide), from memory.
 *
 * Formats 0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311 and, FLAC-compressed, 508, 516, 524;
 * several signal files, samples per frame, skew, byte offsets, missing length, multi-segment
 * records of fixed and variable layout. What departs from the specification but is in use (CinC
 * challenge headers) is read and reported in a notice; what could be misread is an error. */
#ifndef XP_ECG_WFDB_H
#define XP_ECG_WFDB_H

#include "ecg/format.h"

/* Read NAME.hea and what it names from src. A signal file that holds fewer samples than the header
 * says is XP_ERR_TRUNCATED; a checksum or initial value that does not match is a notice. A layout
 * header (null signals, no length) gives signals of no samples. opt may be NULL; what reading needs
 * is known before it is taken: more than opt->max_memory is XP_ERR_LIMIT. On error w is untouched
 * and err names file and line. */
xp_status xp_wfdb_read(xp_stored *w, const char *name, const xp_file_source *src,
                       const xp_read_options *opt, xp_error *err);

#endif
