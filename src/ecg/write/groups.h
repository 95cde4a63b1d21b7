/* Signals of one rate: what a table can hold. */
#ifndef XP_ECG_WRITE_GROUPS_H
#define XP_ECG_WRITE_GROUPS_H

#include "ecg/write/write.h"

/* Call each with the signals of one rate after another, the fastest first: their n indices, and the
 * name of their files, which tells the rate where there are several ("NAME_250Hz"). Every rate is a
 * file of its own: an error where there are more than a recording may have files. */
xp_status xp_write_groups(xp_written *out, const xp_stored *w, const char *name,
                          xp_status (*each)(xp_written *out, const xp_stored *w, const char *name,
                                            const int *signals, int n, xp_error *err),
                          xp_error *err);

/* Sample i in the signal's unit; NaN where missing. */
double xp_sample_value(const xp_stored_signal *s, int64_t i);

#endif
