/* Data sets by their names: the published ones, whose tables `xplaim setup` makes, and "csv", a
 * folder with a table of the user's own. */
#ifndef XP_DATA_DATA_SETS_H
#define XP_DATA_DATA_SETS_H

#include "data/dataset.h"

/* Nothing is owned. */
typedef struct xp_data_sets {
    const char *const *names; /* (n) ptb-xl, mimic-iv, cinc or csv */
    const char *const *dirs;  /* (n) folder of each; for csv also the table itself */
    int n;
    const char *metadata_dir; /* where the tables of `xplaim setup` are */
} xp_data_sets;

bool xp_data_set_is_known(const char *name);

/* Read the tables for these labels. A label that no table has is an error where `every` asks for
 * that, else unknown throughout. On error d is untouched. */
xp_status xp_data_sets_load(xp_dataset *d, const xp_data_sets *sets, const char *const *labels,
                            int n_labels, bool every, xp_error *err);

/* The published licences of the data sets, separated by "; ". */
void xp_data_sets_licence(const xp_data_sets *sets, char *text, size_t size);

#endif
