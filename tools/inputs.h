/* What a user may name on the command line: a WFDB record (NAME, NAME.hea, or its signal file), a
 * folder (all records in it and below), or an .npy file of prepared windows. */
#ifndef XP_TOOLS_INPUTS_H
#define XP_TOOLS_INPUTS_H

#include "base/status.h"
#include "ecg/wfdb.h"

#include <stdbool.h>

typedef enum input_kind {
    INPUT_RECORD, /* path: folder and record name, without .hea */
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

/* Whether path is more than, and ends in, end (".npy"); letters in any case. */
bool path_ends_with(const char *path, const char *end);

/* What the n words mean, in order; a folder's records sorted by name. Segments and layout headers
 * of multi-segment records are left out of a folder's list, since the record itself is in it. A
 * word that names nothing becomes an INPUT_MISSING, to be reported in its turn. */
xp_status inputs_expand(input_list *list, char **words, int n, xp_error *err);
void inputs_free(input_list *list);

/* XP_ERR_USAGE when the file `output` exists and is one of the n words, or a header or signal file
 * of a record that they name. */
xp_status inputs_check_output(char **words, int n, const char *output, xp_error *err);

/* Keep only the share of one of several processes: contiguous, in the order of the ranks. */
void inputs_keep_share(input_list *list, int rank, int processes);

/* Read the record at path (folder/name, without .hea). On error w is untouched. */
xp_status input_read_wfdb(xp_wfdb *w, const char *path, xp_error *err);

/* The same as leads in millivolt. */
xp_status input_read_record(xp_record *rec, const char *path, xp_error *err);

#endif
