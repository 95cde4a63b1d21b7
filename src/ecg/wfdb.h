/* WFDB records (PhysioNet; header(5) and signal(5) of the WFDB Applications Guide), from memory.
 *
 * Formats 0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311 and, FLAC-compressed, 508, 516, 524;
 * several signal files, samples per frame, skew, byte offsets, missing length, multi-segment
 * records of fixed and variable layout. What departs from the specification but is in use (CinC
 * challenge headers) is read and said in a notice; what could be misread is an error. */
#ifndef XP_ECG_WFDB_H
#define XP_ECG_WFDB_H

#include "base/bytes.h"
#include "ecg/record.h"

/* Where the record's files come from: by name, as written in the header, never a path that leads
 * outside the record's folder. The bytes stay valid until the source is closed by its owner.
 * files.h makes one from a folder, file_table.h one from memory. */
typedef struct xp_file_source {
    xp_status (*get)(void *ctx, const char *name, xp_bytes *out, xp_error *err);
    void *ctx;
} xp_file_source;

/* Texts are UTF-8 (a Latin-1 header is converted). */
typedef struct xp_wfdb_signal {
    char name[64];  /* description field, or "" */
    char units[32]; /* as written; "mV" when absent, as header(5) says */
    char file[128];
    int format, samples_per_frame;
    int skew; /* frames by which the signal is late */
    int64_t byte_offset;
    double gain;     /* adu per unit; 200 when the header has none or 0 */
    bool calibrated; /* false: no gain or no units in the header */
    int baseline, adc_zero, adc_resolution, initial, checksum;
    bool has_initial, has_checksum;
    int line; /* of the header file */
    /* Samples: n of them, at samples_per_frame * frame rate, skew removed (the end is then filled
     * with the missing-sample code). Single-segment records give digital values with the format's
     * missing-sample code kept; multi-segment ones have digital = NULL and physical only (segments
     * may differ in gain). */
    int64_t n;
    int32_t *digital; /* in the record's block; NULL when the record is multi-segment */
    double *physical; /* owned; in `units`; NaN where missing; NULL until asked for */
    int32_t missing;  /* the format's missing-sample code; INT32_MIN where it has none (8) */
    int64_t n_missing;
} xp_wfdb_signal;

typedef struct xp_wfdb {
    char name[128]; /* as asked for */
    double rate;    /* frames per second */
    int64_t n_frames;
    int n_signals;
    xp_wfdb_signal *signals; /* owned */
    int32_t *samples;        /* owned: the block that every signal's digital points into */
    char date[16], time[24]; /* as written, or "" */
    char **comments;         /* owned; without the leading '#' */
    int n_comments;
    bool multi_segment;
    xp_notices notices;
} xp_wfdb;

/* Read NAME.hea and what it names from src. A signal file that holds fewer samples than the header
 * says is XP_ERR_TRUNCATED; a checksum or initial value that does not match is a notice. A layout
 * header (null signals, no length) gives signals of no samples. Memory is bounded by what the
 * files hold, whatever the header says. On error w is untouched and err names file and line. */
xp_status xp_wfdb_read(xp_wfdb *w, const char *name, const xp_file_source *src, xp_error *err);
void xp_wfdb_free(xp_wfdb *w);

/* Fill physical of every signal: (digital - baseline) / gain. */
xp_status xp_wfdb_physical(xp_wfdb *w, xp_error *err);

/* The leads of w in millivolt: the twelve, and other voltages under their own names (up to 20 of
 * them). Signals that are not voltages, have no name or one that is there already, or are faster
 * than the twelve leads, are left out with a notice. Leads of unequal samples per frame are brought
 * to the highest rate. On error rec is untouched; XP_ERR_LEAD_UNKNOWN when no signal is a lead. */
xp_status xp_wfdb_to_record(xp_record *rec, xp_wfdb *w, xp_error *err);

#endif
