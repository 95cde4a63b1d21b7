/* What an EDF+ header can say in fields of eight characters: limits of signals, and the duration of
 * a data record. */
#ifndef XP_ECG_WRITE_EDF_PLAN_H
#define XP_ECG_WRITE_EDF_PLAN_H

#include "ecg/edf_internal.h"

enum { XP_EDF_FIELD = 9 }; /* eight characters and the NUL */

/* The limits of a signal: the physical ones are texts that read back as numbers which, with the
 * digital ones, give the signal's gain and baseline again. */
typedef struct xp_edf_limits {
    int offset; /* taken from the stored values, so that they fit */
    int digital[2];
    char physical[2][XP_EDF_FIELD];
    double error;     /* of the physical limits, in the signal's unit: 0 where they are exact */
    bool has_missing; /* some samples are missing: -32768 stands for them, outside of the limits */
} xp_edf_limits;

/* XP_ERR_UNSUPPORTED for values that span more than 16 bits, and gains that eight characters cannot
 * tell. */
xp_status xp_edf_plan_limits(xp_edf_limits *l, const xp_stored_signal *s, xp_error *err);

typedef struct xp_edf_records {
    int64_t frames; /* in a data record */
    int64_t n;
    int64_t ticks; /* its duration in units of 1e-7 s */
    char duration[XP_EDF_FIELD];
} xp_edf_records;

/* Data records that hold n_frames without a rest where there are such, about a second long. */
xp_edf_records xp_edf_plan_records(double rate, int64_t n_frames, int64_t frame_bytes);

#endif
