/* EDF, EDF+ and BDF: what the files of the reader share. */
#ifndef XP_ECG_EDF_INTERNAL_H
#define XP_ECG_EDF_INTERNAL_H

#include "ecg/fields.h"
#include "ecg/stored.h"

/* EDF has no value for a missing sample. A signal whose transducer field says this has one, outside
 * of its limits: so xplaim writes them. */
#define XP_EDF_MISSING_TEXT "-32768: no sample"
enum { XP_EDF_MISSING = -32768 };

typedef struct xp_edf_signal {
    char label[64], unit[32], prefilter[164];
    double physical[2], digital[2]; /* the lowest and the highest */
    int64_t samples;                /* in a data record */
    int64_t at;                     /* bytes of the data record before its samples */
    bool annotations;
    bool marks_missing; /* XP_EDF_MISSING stands for missing samples */
} xp_edf_signal;

typedef struct xp_edf {
    const char *file;
    xp_bytes data;                     /* the file, or, where there is a window, its header */
    uint64_t size;                     /* of the file */
    struct xp_file_window *window;     /* the caller's; NULL: data is all of it */
    int sample_bytes;                  /* 2, or 3 in BDF */
    bool plus, discontinuous;          /* EDF+ or BDF+; of the kind "D" */
    char patient[164], recording[164]; /* up to 80 bytes of ISO 8859-1 */
    xp_date date;                      /* of the start; zeros: none */
    double seconds;                    /* of that day; NaN */
    int64_t header_bytes, record_bytes, n_records;
    double duration;    /* of a data record, in seconds */
    double half_sample; /* of the fastest signal, in seconds */
    int n_signals;
    xp_edf_signal *signals; /* owned */
    double *onsets;         /* owned: seconds of each data record, from the first; NULL: no gaps */
    double first_onset;     /* of the first data record, from date and time; 0 where none says it */
} xp_edf;

/* h has file, data, size and window; the rest of it is set. On error nothing is held. */
xp_status xp_edf_parse_header(xp_edf *h, xp_error *err);
void xp_edf_free(xp_edf *h);

/* Whether a file begins with EDF's version: "0" and blanks, for which some write NULs. p: 8 bytes.
 */
bool xp_edf_has_version(const uint8_t *p);

/* The samples of a signal in a data record, valid until the next call; none where they cannot be
 * read. */
xp_bytes xp_edf_samples(const xp_edf *h, const xp_edf_signal *s, int64_t record);

/* When each data record starts (first_onset, onsets). */
xp_status xp_edf_read_times(xp_edf *h, xp_error *err);

/* Who, when, what device, what filter, and the annotations as statements. False when there is no
 * memory. */
bool xp_edf_read_facts(xp_facts *f, const xp_edf *h);

#endif
