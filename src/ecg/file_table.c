#include "ecg/file_table.h"

#include <string.h>
#include <strings.h>

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    const xp_file_table *t = ctx;
    const char *similar = NULL;
    for (int i = 0; i < t->n; i++) {
        const xp_file_entry *e = &t->items[i];
        if (!strcmp(e->name, name)) {
            *out = (xp_bytes){e->data, e->size};
            return XP_OK;
        }
        if (!strcasecmp(e->name, name)) similar = e->name;
    }
    if (similar)
        return xp_fail(err, XP_ERR_NOT_FOUND,
                       "%s is missing, but there is %s: upper and lower case must agree; rename "
                       "the file",
                       name, similar);
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s is missing: give it together with the record's other files", name);
}

xp_file_source xp_file_table_source(const xp_file_table *table) {
    return (xp_file_source){get, (void *)(uintptr_t)table};
}
