/* What a user may name on the command line: a record, or one of its files (NAME, NAME.hea), a
 * folder or a zip archive (all records in it and below), or an .npy file of prepared windows. */
#ifndef XP_TOOLS_INPUTS_H
#define XP_TOOLS_INPUTS_H

#include "ecg/format.h"

#include <stdbool.h>

typedef enum input_kind {
    INPUT_RECORD, /* path: folder and the record's name, or one of its files */
    INPUT_NPY,    /* path: the file */
    INPUT_MISSING /* path: as given; error says what is wrong */
} input_kind;

typedef struct input {
    input_kind kind;
    char *path;      /* owned */
    xp_error *error; /* owned; of INPUT_MISSING */
} input;

typedef struct input_list {
    input *items; /* owned */
    int n, cap;
} input_list;

/* What the n words mean, in order; a folder's records sorted by name. Segments and layout headers
 * of multi-segment records are left out of a folder's list, since the record itself is in it. A
 * word that names nothing becomes an INPUT_MISSING, to be reported in its turn. */
xp_status inputs_expand(input_list *list, char **words, int n, xp_error *err);
void inputs_free(input_list *list);

/* Add a path to a list that began as {0}: files that were written, say. */
xp_status inputs_note(input_list *list, const char *path, xp_error *err);

/* XP_ERR_USAGE when the file `output` exists and is one of the n words, or a header or signal file
 * of a record that they name. */
xp_status inputs_check_output(char **words, int n, const char *output, xp_error *err);

/* Keep only the share of one of several processes: contiguous, in the order of the ranks. */
void inputs_keep_share(input_list *list, int rank, int processes);

/* What is known of tables of numbers makes recordings of arrays too: each INPUT_NPY becomes an
 * INPUT_RECORD where one of the options is given. */
void inputs_read_arrays(input_list *list, const xp_read_options *known);

/* Read the signals of the record at path as its files store them. known may be NULL. On error w is
 * untouched. */
xp_status input_read_stored(xp_stored *w, const char *path, const xp_read_options *known,
                            xp_error *err);

/* The same as leads in millivolt. */
xp_status input_read_record(xp_record *rec, const char *path, const xp_read_options *known,
                            xp_error *err);

/* For structs with a member `known` of type xp_read_options. */
#define OPTIONS_KNOWN(type, unit_name)                                                             \
    {"rate",                                                                                       \
     0,                                                                                            \
     OPTION_NUMBER,                                                                                \
     "HZ",                                                                                         \
     "sampling rate of a table or a drawing that does not say it",                                 \
     offsetof(type, known.rate)},                                                                  \
        {unit_name,                                                                                \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         "uV|mV",                                                                                  \
         "unit of the numbers in a table; a PDF's scale: \"25 mm/s 10 mm/mV\"",                    \
         offsetof(type, known.unit)},                                                              \
        {"max-memory",                                                                             \
         0,                                                                                        \
         OPTION_BYTES,                                                                             \
         "SIZE",                                                                                   \
         "memory that reading a recording may take, as 800M or 2G (default: half of the "          \
         "machine's)",                                                                             \
         offsetof(type, known.max_memory)},                                                        \
    {                                                                                              \
        "columns", 0, OPTION_TEXT, "NAMES",                                                        \
            "its columns in their order, as I,II,V1; time: seconds; -: left out",                  \
            offsetof(type, known.columns)                                                          \
    }

#endif
