/* The data sets that a command names: --ds NAME --ds-dir DIR, as often as there are. */
#ifndef XP_TOOLS_DATA_SETS_H
#define XP_TOOLS_DATA_SETS_H

#include "options.h"
#include "train/dataset.h"

typedef struct data_set_options {
    text_list names, dirs;
    const char *metadata_dir; /* of `xplaim setup`; NULL: output/metadata */
} data_set_options;

/* For structs with a member `data` of type data_set_options; prefix "train-" or "". */
#define OPTIONS_DATA_SETS(type, prefix)                                                            \
    {prefix "ds-name",                                                                             \
     0,                                                                                            \
     OPTION_TEXTS,                                                                                 \
     "NAME",                                                                                       \
     "ptb-xl, mimic-iv, cinc (tables of `xplaim setup`), or csv: a folder with labels.csv",        \
     offsetof(type, data.names)},                                                                  \
        {prefix "ds-dir",                                                                          \
         0,                                                                                        \
         OPTION_TEXTS,                                                                             \
         "DIR",                                                                                    \
         "its folder (for csv also the table itself); one for each name",                          \
         offsetof(type, data.dirs)},                                                               \
    {                                                                                              \
        "metadata-dir", 0, OPTION_TEXT, "DIR",                                                     \
            "where `xplaim setup` wrote its tables (default output/metadata)",                     \
            offsetof(type, data.metadata_dir)                                                      \
    }

/* Read the tables for these labels. option is how the command calls --ds-name, for messages. A
 * label that no table has is an error where `every` asks for that, else unknown throughout. On
 * error d holds nothing. */
xp_status data_sets_load(xp_dataset *d, const data_set_options *o, const char *option,
                         const char *const *labels, int n_labels, bool every, xp_error *err);

/* The next name of a list "A,B,C" into name, blanks around it cut; false at the end of the list.
 * *fits is false for a name that is empty or too long. */
bool next_in_list(const char **list, char *name, size_t size, bool *fits);

/* The published licences of the data sets named, separated by "; ". */
void data_sets_licence(const data_set_options *o, char *text, size_t size);

#endif
