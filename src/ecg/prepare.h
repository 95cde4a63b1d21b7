/* From a record to a network's input: the one preprocessing path of page, tools and trainer.
 *
 * Steps, in this order:
 *   1. every lead the model wants is found by name, or derived from two limb leads (leads.h); one
 *      without a single sample counts as not there;
 *   2. the amplitude is checked (amplitude.h), never changed;
 *   3. missing samples (not finite) are counted, and listed where they last more than 40 ms;
 *   4. another sampling rate is brought to the model's (resample.h);
 *   5. band-pass, then notch, at the model's rate, when asked for (filter.h);
 *   6. missing samples become 0;
 *   7. the signal is cut into windows, or padded with 0 at its end.
 * In steps 4 and 5 gaps are bridged by a straight line, so that their edges do not ring; afterwards
 * every sample that lies in a gap, or between a missing sample and its neighbour, is missing again.
 * With the model's rate and no filter the values are the record's, bit by bit.
 * Windows follow each other without overlap; when more than one sample is left over, one more ends
 * with the recording and overlaps the one before. One sample more or less than a window is
 * rounding of the rate: no notice, no further window. */
#ifndef XP_ECG_PREPARE_H
#define XP_ECG_PREPARE_H

#include "ecg/record.h"

typedef struct xp_prepare_options {
    double bandpass_low, bandpass_high; /* Hz; both 0: no band-pass. 4th-order Butterworth,
                                           forward and backward */
    double notch;                       /* Hz (50 or 60); 0: none. IIR notch, Q 30, both ways */
    bool accept_amplitude;              /* analyse although the amplitude is not credible */
    bool accept_missing_leads; /* leads that are neither there nor derivable count as 0 mV, with a
                                  notice that names them */
    bool accept_checksums;     /* analyse although not one of its checksums holds */
} xp_prepare_options;

typedef struct xp_input_spec {
    int n_leads;
    const char (*leads)[16]; /* canonical names in the order of the columns; not owned */
    double rate;             /* Hz */
    int length;              /* samples in a window */
} xp_input_spec;

typedef struct xp_input {
    int n_windows, length, n_leads;
    float *x;       /* (n_windows, length, n_leads) mV; owned; no NaN */
    int64_t *start; /* (n_windows) first sample of each window, at the model's rate; owned */
    int64_t *valid; /* (n_windows) samples that come from the record (the rest is padding); owned */
    double rate;    /* Hz */
    xp_notices notices;
} xp_input;

/* opt may be NULL: no filter, amplitude not accepted. in->notices holds what this step found; the
 * record's own notices stay with the record. On error in is untouched:
 *   XP_ERR_LEAD_UNKNOWN  a lead is neither there (or all its samples are missing) nor derivable;
 *                        not when opt->accept_missing_leads
 *   XP_ERR_UNITS         the amplitude is about 1000 times too large or too small, or there is no
 *                        signal at all; not when opt->accept_amplitude
 *   XP_ERR_FORMAT        not one of the record's checksums is that of its samples; not when
 *                        opt->accept_checksums
 *   XP_ERR_TRUNCATED     the record lasts less than 1 s
 *   XP_ERR_USAGE         the filter cannot be made at this rate, or spec makes no sense
 *   XP_ERR_UNSUPPORTED   the record's rate is outside 25 Hz to 100 kHz, or differs from the
 *                        model's by more than a factor of 1000
 *   XP_ERR_LIMIT         the windows would need more than 2 GiB; XP_ERR_MEMORY */
xp_status xp_prepare(xp_input *in, const xp_record *rec, const xp_input_spec *spec,
                     const xp_prepare_options *opt, xp_error *err);
void xp_input_free(xp_input *in);

#endif
