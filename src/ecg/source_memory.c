#include "ecg/source_memory.h"

#include "base/compose.h"

#include <string.h>
#include <strings.h>

static const xp_memory_file *find(const xp_memory_files *files, const char *name) {
    for (int i = 0; i < files->n; i++)
        if (!strcmp(files->items[i].name, name)) return &files->items[i];
    for (int i = 0; i < files->n; i++)
        if (xp_same_name(files->items[i].name, name)) return &files->items[i];
    return NULL;
}

static xp_status missing(const xp_memory_files *files, const char *name, xp_error *err) {
    for (int i = 0; i < files->n; i++)
        if (!strcasecmp(files->items[i].name, name))
            return xp_fail(err, XP_ERR_NOT_FOUND,
                           "%s is missing, but there is %s: upper and lower case must agree; "
                           "rename the file",
                           name, files->items[i].name);
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s is missing: give it together with the record's other files", name);
}

static xp_status get(void *ctx, const char *name, xp_bytes *out, xp_error *err) {
    const xp_memory_file *f = find(ctx, name);
    if (!f) return missing(ctx, name, err);
    *out = (xp_bytes){f->data, f->size};
    return XP_OK;
}

static bool part(void *ctx, const char *name, uint64_t at, uint8_t *out, size_t *size,
                 uint64_t *whole) {
    const xp_memory_file *f = find(ctx, name);
    if (!f) return false;
    xp_bytes_part((xp_bytes){f->data, f->size}, at, out, size);
    if (whole) *whole = f->size;
    return true;
}

xp_file_source xp_memory_source(const xp_memory_files *files) {
    return (xp_file_source){get, (void *)(uintptr_t)files, part};
}
