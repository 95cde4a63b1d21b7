/* The data sets that a command names: --ds NAME --ds-dir DIR, as often as there are. */
#ifndef XP_TOOLS_DATA_SETS_H
#define XP_TOOLS_DATA_SETS_H

#include "data/data_sets.h"
#include "options.h"

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

/* What was named, checked: XP_ERR_USAGE where nothing was, or a folder is missing, or a name is
 * unknown. option is how the command calls --ds-name, for messages. out points into o. */
xp_status data_sets_of(xp_data_sets *out, const data_set_options *o, const char *option,
                       xp_error *err);

#endif
