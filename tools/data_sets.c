#include "data_sets.h"

xp_status data_sets_of(xp_data_sets *out, const data_set_options *o, const char *option,
                       xp_error *err) {
    if (o->names.n == 0)
        return xp_fail(err, XP_ERR_USAGE, "no data: give --%s and its folder", option);
    if (o->names.n != o->dirs.n)
        return xp_fail(err, XP_ERR_USAGE, "--%s was given %d times, its folder %d times", option,
                       o->names.n, o->dirs.n);
    for (int i = 0; i < o->names.n; i++)
        if (!xp_data_set_is_known(o->names.items[i]))
            return xp_fail(err, XP_ERR_USAGE, "--%s %s: expected ptb-xl, mimic-iv, cinc or csv",
                           option, o->names.items[i]);
    *out = (xp_data_sets){o->names.items, o->dirs.items, o->names.n,
                          o->metadata_dir ? o->metadata_dir : "output/metadata"};
    return XP_OK;
}
