/* Arrays of numbers in binary files, as tables. */
#ifndef XP_ECG_TABLE_ARRAY_H
#define XP_ECG_TABLE_ARRAY_H

#include "ecg/table.h"
#include "ecg/window.h"

typedef struct xp_array {
    char kind;       /* 'f', 'i', 'u' */
    int size;        /* bytes of an element */
    bool big_endian; /* of an element of several bytes */
    bool columns;    /* stored one column after the other */
    int64_t rows, cols;
    const uint8_t *data; /* rows * cols elements */
    xp_file_window
        *window; /* NULL, or the file that data is a mapping of, from start on: then a long */
    const uint8_t *start; /* array's elements are looked at through it */
} xp_array;

/* As a recording: the longer side is time. */
xp_status xp_array_to_stored(xp_stored *w, const xp_array *a, const char *file,
                             const xp_read_options *opt, xp_error *err);

/* Where a is long and its samples are not wanted: look at it through the window, which then is
 * open. start: the bytes of the file `name`, in which a's data are. */
bool xp_array_look(xp_array *a, const xp_read_options *opt, xp_file_window *window,
                   const xp_file_source *src, const char *name, const uint8_t *start);

/* Element i as it is stored. */
double xp_array_value(const xp_array *a, int64_t i);

#endif
