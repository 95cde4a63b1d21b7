/* From a record to a network's input: the one preprocessing path of page, tools and trainer.
 *
 * Order of the steps: find or derive each lead by name; resample to the model's rate; filter (only
 * when asked); missing samples to 0 after being counted; cut into windows or pad. */
#ifndef XP_ECG_PREPARE_H
#define XP_ECG_PREPARE_H

#include "ecg/record.h"

typedef struct xp_prepare_options {
    double bandpass_low, bandpass_high; /* Hz; both 0: no band-pass. 4th-order Butterworth,
                                           forward and backward */
    double notch;                       /* Hz (50 or 60); 0: none. IIR notch, Q 30, both ways */
    bool accept_amplitude;              /* analyse although the amplitude is not credible */
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
    int64_t *valid; /* (n_windows) samples that come from the record (the rest is padding) */
    double rate;    /* Hz */
    xp_notices notices;
} xp_input;

/* On error in is untouched. XP_ERR_LEAD_UNKNOWN: a lead is neither there nor derivable;
 * XP_ERR_UNITS: the amplitude is about 1000 times too large or too small. */
xp_status xp_prepare(xp_input *in, const xp_record *rec, const xp_input_spec *spec,
                     const xp_prepare_options *opt, xp_error *err);
void xp_input_free(xp_input *in);

#endif
