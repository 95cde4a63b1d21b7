/* Arrays of numbers in binary files, as tables. */
#ifndef XP_ECG_TABLE_ARRAY_H
#define XP_ECG_TABLE_ARRAY_H

#include "ecg/table.h"

typedef struct xp_array {
    char kind;       /* 'f', 'i', 'u' */
    int size;        /* bytes of an element */
    bool big_endian; /* of an element of several bytes */
    bool columns;    /* stored one column after the other */
    int64_t rows, cols;
    const uint8_t *data; /* rows * cols elements */
} xp_array;

/* As a recording: the longer side is time. */
xp_status xp_array_to_stored(xp_stored *w, const xp_array *a, const char *file,
                             const xp_read_options *opt, xp_error *err);

/* Element i as it is stored. */
double xp_array_value(const xp_array *a, int64_t i);

#endif
