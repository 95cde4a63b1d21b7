/* What the parts of the WFDB reader share; others include wfdb.h.
 *
 *   header text --wfdb_header--> xp_wfdb_header --wfdb_signals--> samples
 *                                     |          (formats, flac)
 *                                     `--wfdb_segments: one header and its samples per segment
 *
 * wfdb_read goes the whole way; wfdb_common serves all of them. */
#ifndef XP_ECG_WFDB_INTERNAL_H
#define XP_ECG_WFDB_INTERNAL_H

#include "ecg/wfdb.h"

/* One line of a multi-segment header. */
typedef struct xp_wfdb_segment {
    char name[128]; /* "~" for a gap */
    int64_t n;      /* frames */
    int line;
} xp_wfdb_segment;

typedef struct xp_wfdb_header {
    char file[160]; /* its own name, for messages */
    xp_stored w;    /* everything but samples; w.n_frames is 0 when the header has none */
    xp_wfdb_segment *segments; /* owned; NULL for a single-segment record */
    int n_segments;
    bool held;      /* one checksum at least is that of its samples */
    int64_t wanted; /* frames of which missing samples are counted; 0: all */
} xp_wfdb_header;

/* Parse the text of `file` ("100.hea"). Follows header(5) and is lenient, with a notice, where
 * files in use depart from it. On error h is untouched and err names file and line. */
xp_status xp_wfdb_parse_header(xp_wfdb_header *h, const char *file, xp_bytes text, xp_error *err);
void xp_wfdb_header_free(xp_wfdb_header *h);

/* The names in the text of a header, in its order and as they are there: signal files, or, where
 * the record line counts segments, the records that are its segments. Whatever else is wrong with
 * the header is passed over, and so are gaps, null signals and names that lead out of the folder.
 * False when there is no memory. */
bool xp_wfdb_names(xp_bytes text, void (*take)(void *ctx, const char *name, bool segment),
                   void *ctx);

/* True for a name that stays below the folder it is looked up in: no absolute path, drive letter,
 * backslash, empty, "." or ".." part, no control character. */
bool xp_wfdb_safe_name(const char *name);

/* The name as far as it can be used: itself, with / for each backslash where that makes it safe;
 * the file's own name at the end of a path that leads out of the folder; NULL where that is none.
 */
const char *xp_wfdb_inside(char *name);

enum { XP_WFDB_PATH = 300 };
typedef struct xp_wfdb_file {
    char path[XP_WFDB_PATH]; /* for the source */
    uint64_t size;
    bool beside; /* it lies beside the header, not at the path that is named */
} xp_wfdb_file;

/* Find a file that a header names: at its path below folder ("" or "sub/"), or, where there is
 * none, beside the header. ending: put behind the name. */
xp_status xp_wfdb_find(xp_wfdb_file *found, const xp_file_source *src, const char *folder,
                       const char *name, const char *ending, xp_error *err);

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

/* Read the samples of h's signals: digital (NULL with opt->no_samples), n, missing, n_missing;
 * checksums and initial values are compared (notices). folder is put in front of the signal files'
 * names ("" or "sub/"). Sets h->w.n_frames where the header gives none. */
xp_status xp_wfdb_read_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                               const xp_read_options *opt, xp_error *err);

/* The same without reading: whether the files are there and long enough. */
xp_status xp_wfdb_check_signals(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                xp_error *err);

/* Read and join the segments of h (physical values only), whose names are relative to folder. */
xp_status xp_wfdb_read_segments(xp_wfdb_header *h, const char *folder, const xp_file_source *src,
                                const xp_read_options *opt, xp_error *err);

/* Whether bytes of files and a number of samples may be read: a stored sample takes 4 bytes, and
 * what is made of it 8 more. */
xp_status xp_wfdb_check_memory(const char *file, double bytes, double samples,
                               const xp_read_options *opt, xp_error *err);

/* "sub/" of "sub/100", "" of "100". */
void xp_wfdb_folder_of(char *folder, size_t size, const char *name);

/* Samples that may be made up (gaps, null signals) in a record whose files hold `stored`: a bound
 * on what a damaged or hostile header can ask for. */
int64_t xp_wfdb_gap_limit(int64_t stored);

#endif
