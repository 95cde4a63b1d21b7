/* A recording as its files store it: whole numbers with a gain and a unit, and what the files say
 * of it. Every reader makes one; xp_stored_to_record makes leads in millivolt of it, `xplaim info`
 * and `decode` print it, and the writers of other formats take it, so that nothing is rescaled. */
#ifndef XP_ECG_STORED_H
#define XP_ECG_STORED_H

#include "base/text.h"
#include "ecg/record.h"

/* Texts are UTF-8. */
typedef struct xp_stored_signal {
    char name[64];  /* description field, or "" */
    char units[32]; /* as written; "mV" when a WFDB header has none, as header(5) says */
    char file[128]; /* WFDB: the signal file */
    int format;     /* WFDB: the number of its sample format; 0 elsewhere */
    int samples_per_frame;
    int skew; /* frames by which the signal is late */
    int64_t byte_offset;
    double gain;     /* stored steps (adu) per unit; 200 when a WFDB header has none or 0 */
    bool calibrated; /* false: no gain or no units in the file */
    double baseline; /* the stored value of 0 units; not whole in some DICOM and EDF files */
    int adc_zero, adc_resolution, initial, checksum;
    bool has_initial, has_checksum;
    int line; /* of the header file; 0: not a text */
    /* Samples: n of them, at samples_per_frame * frame rate, skew removed (the end is then filled
     * with the missing-sample code). Stored values with the missing-sample code kept; where there
     * are none (WFDB records of several segments, which may differ in gain; tables of decimal
     * numbers) digital is NULL and physical holds the values. */
    int64_t n;
    int32_t *digital; /* in the recording's block; may be NULL, see above */
    double *physical; /* owned; in `units`; NaN where missing; NULL until asked for */
    int32_t missing;  /* the stored value that means "no sample"; INT32_MIN where there is none */
    int64_t n_missing;
} xp_stored_signal;

typedef struct xp_stored {
    char name[128];     /* as asked for */
    const char *format; /* the format's name ("WFDB"), static; set by the reader */
    double rate;        /* frames per second */
    int64_t n_frames;
    int n_signals;
    xp_stored_signal *signals; /* owned */
    int32_t *samples;          /* owned: the block that every signal's digital points into */
    char date[16], time[24];   /* as a WFDB header writes them, or "" */
    char **comments;           /* owned; without the leading '#' */
    int n_comments;
    bool multi_segment;
    bool checksums_failed; /* the files state checksums, and not one is that of its samples */
    xp_facts facts;
    xp_notices notices;
} xp_stored;

/* One block of samples for n_signals signals of per_signal[i] samples each, all 0, and the signals,
 * zeroed but for samples_per_frame 1, calibrated, missing INT32_MIN, n and digital. The facts are
 * unknown. On error w is untouched: XP_ERR_FORMAT for a rate not in (0, 1e6] Hz, XP_ERR_LIMIT,
 * XP_ERR_MEMORY. */
xp_status xp_stored_alloc(xp_stored *w, const char *name, double rate, int n_signals,
                          const int64_t *per_signal, xp_error *err);
/* The same without samples: each signal's digital is NULL. */
xp_status xp_stored_outline(xp_stored *w, const char *name, double rate, int n_signals,
                            const int64_t *per_signal, xp_error *err);
void xp_stored_free(xp_stored *w);

/* Fill physical of every signal: (digital - baseline) / gain. */
xp_status xp_stored_physical(xp_stored *w, xp_error *err);

/* The leads of w in millivolt: the twelve, and other voltages (V, mV, uV, nV) under their own names
 * (up to 20 of them). Signals that are not voltages, have no name or one that is there already, or
 * are faster than the twelve leads, are left out with a notice. Leads of unequal samples per frame
 * are brought to the highest rate. The facts are copied. On error rec is untouched;
 * XP_ERR_LEAD_UNKNOWN when no signal is a lead. */
xp_status xp_stored_to_record(xp_record *rec, xp_stored *w, xp_error *err);

/* Millivolt of a value in units (V, mV, uV, nV, in any spelling) = value * times / over, both whole
 * numbers; false where the units are no voltage. */
bool xp_volt_unit(const char *units, double *times, double *over);

/* The unit of a voltage as UCUM writes it ("V", "mV", "uV", "nV"), of a text in any of the field's
 * spellings; NULL for what is no voltage. */
const char *xp_volt_symbol(const char *units);

/* NaN in wide or narrow (n; the other may be NULL) where the stored value d (n) is the missing one.
 */
void xp_mark_missing(const int32_t *d, int n, int32_t missing, double *wide, float *narrow);

/* n elements of `each` bytes (one at least), or NULL: also where a 32-bit size cannot say it. */
void *xp_alloc_array(int64_t n, size_t each);

#endif
