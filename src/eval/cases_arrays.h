/* The arrays that cases are made from, whichever file they come from. `what` names an array in
 * messages. */
#ifndef XP_EVAL_CASES_ARRAYS_H
#define XP_EVAL_CASES_ARRAYS_H

#include "convert/npy.h"
#include "eval/cases.h"

/* (n, labels) of a; a vector is one label. */
xp_status cases_read_shape(const xp_npy *a, const char *what, size_t *n, int *labels,
                           xp_error *err);

/* Truth of any number type into 1, 0, -1 (a->count of them); NaN is unknown. */
xp_status cases_read_truth(const xp_npy *a, const char *what, int8_t *out, xp_error *err);

/* n whole numbers. */
xp_status cases_read_patients(const xp_npy *a, const char *what, size_t n, uint64_t *out,
                              xp_error *err);

#endif
