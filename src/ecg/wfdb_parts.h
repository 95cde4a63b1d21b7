/* What the parts of the WFDB reader share; others include wfdb.h.
 *
 *   header text --wfdb_header--> xp_wfdb_header --wfdb_signals--> samples
 *                                     |          (formats, flac)
 *                                     `--wfdb_segments: one header and its samples per segment */
#ifndef XP_ECG_WFDB_PARTS_H
#define XP_ECG_WFDB_PARTS_H

#include "ecg/wfdb.h"

/* One line of a multi-segment header. */
typedef struct xp_wfdb_segment {
    char name[128]; /* "~" for a gap */
    int64_t n;      /* frames */
    int line;
} xp_wfdb_segment;

typedef struct xp_wfdb_header {
    char file[160]; /* its own name, for messages */
    xp_wfdb w;      /* everything but samples; w.n_frames is 0 when the header has none */
    xp_wfdb_segment *segments; /* owned; NULL for a single-segment record */
    int n_segments;
} xp_wfdb_header;

/* Parse the text of `file` ("100.hea"). Follows header(5) and is lenient, with a notice, where
 * files in use depart from it. On error h is untouched and err names file and line. */
xp_status xp_wfdb_parse_header(xp_wfdb_header *h, const char *file, xp_bytes text, xp_error *err);
void xp_wfdb_header_free(xp_wfdb_header *h);

/* True for a name that stays below the folder it is looked up in: no absolute path, drive letter,
 * backslash, empty, "." or ".." part, no control character. */
bool xp_wfdb_safe_name(const char *name);

/* One sample format of signal(5). */
typedef struct xp_wfdb_format {
    int id;
    int32_t missing; /* stored value that means "no sample"; INT32_MIN where the format has none */
    int flac_bits;   /* FLAC: bits per sample of the stream; 0: not compressed */
    /* Packed formats: samples come in groups (0 in format 0, which stores nothing). */
    int group_samples, group_bytes;
    int partial[3]; /* samples in 1, 2, 3 bytes of an unfinished last group */
    void (*unpack)(int32_t *out, const uint8_t *p, int64_t n_groups);
} xp_wfdb_format;

const xp_wfdb_format *xp_wfdb_find_format(int id); /* NULL when there is none */

/* Samples that `bytes` bytes hold. */
int64_t xp_wfdb_capacity(const xp_wfdb_format *f, size_t bytes);

/* n samples from p, which holds at least that many (xp_wfdb_capacity(f, size) >= n). */
void xp_wfdb_unpack(const xp_wfdb_format *f, int32_t *out, const uint8_t *p, size_t size,
                    int64_t n);

/* Read the samples of h's signals: digital, n, missing, n_missing; checksums and initial values
 * are compared (notices). folder is put in front of the signal files' names ("" or "sub/").
 * Sets h->w.n_frames where the header gives none. */
xp_status xp_wfdb_read_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                               xp_error *err);

/* The same without reading: whether the files are there and long enough. */
xp_status xp_wfdb_check_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                xp_error *err);

/* Read and join the segments of h (physical values only), whose names are relative to folder. */
xp_status xp_wfdb_read_segments(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                xp_error *err);

/* "sub/" of "sub/100", "" of "100". */
void xp_wfdb_folder_of(char *folder, size_t size, const char *name);

/* Copy text, cut to the size of the destination, never inside a UTF-8 sequence. */
void xp_wfdb_copy_text(char *dst, size_t size, const char *src);

/* n elements of `each` bytes (one at least), or NULL: also where a 32-bit size cannot say it. */
void *xp_wfdb_alloc(int64_t n, size_t each);

/* Samples that may be made up (gaps, null signals) in a record whose files hold `stored`: a bound
 * on what a damaged or hostile header can ask for. */
int64_t xp_wfdb_gap_limit(int64_t stored);

#endif
