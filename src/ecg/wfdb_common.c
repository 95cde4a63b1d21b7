/* What every part of the WFDB reader needs: names, memory. It uses none of them. */
#include "base/memory_limit.h"
#include "ecg/wfdb_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---- */

bool xp_wfdb_safe_name(const char *name) {
    if (!*name || strlen(name) > 120) return false;
    for (const char *part = name; part;) {
        const char *slash = strchr(part, '/');
        size_t n = slash ? (size_t)(slash - part) : strlen(part);
        if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && !memcmp(part, "..", 2)))
            return false;
        part = slash ? slash + 1 : NULL;
    }
    for (const char *c = name; *c; c++)
        if (*c == '\\' || *c == ':' || (unsigned char)*c < 32 || *c == 127) return false;
    return true;
}

/* What stands behind the last folder or drive of a path. */
static const char *own_name(const char *path) {
    const char *own = path;
    for (const char *c = path; *c; c++)
        if (strchr("/\\:", *c)) own = c + 1;
    return own;
}

const char *xp_wfdb_inside(char *name) {
    if (xp_wfdb_safe_name(name)) return name;
    char other[121];
    if (strlen(name) < sizeof other) {
        for (size_t i = 0; i <= strlen(name); i++) other[i] = name[i] == '\\' ? '/' : name[i];
        if (xp_wfdb_safe_name(other)) return strcpy(name, other);
    }
    const char *own = own_name(name);
    return xp_wfdb_safe_name(own) ? own : NULL;
}

static bool is_there(xp_wfdb_file *file, const xp_file_source *src) {
    uint8_t none[1];
    size_t no_bytes = 0;
    return xp_source_part(src, file->path, 0, none, &no_bytes, &file->size);
}

xp_status xp_wfdb_find(xp_wfdb_file *found, const xp_file_source *src, const char *folder,
                       const char *name, const char *ending, xp_error *err) {
    const char *own = own_name(name);
    const bool safe = xp_wfdb_safe_name(name);
    xp_bytes none;
    xp_wfdb_file beside = {.beside = true};
    found->beside = false;
    snprintf(found->path, sizeof found->path, "%s%s%s", folder, name, ending);
    if (safe && is_there(found, src)) return XP_OK;
    snprintf(beside.path, sizeof beside.path, "%s%s%s", folder, own, ending);
    if (own != name && xp_wfdb_safe_name(own) && is_there(&beside, src)) {
        *found = beside;
        return XP_OK;
    }
    if (safe) return src->get(src->ctx, found->path, &none, err); /* it says why */
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "\"%.80s\" leads out of the record's folder, and there is no %.80s%s beside the "
                   "header: a name must stay inside the record's folder; copy the file there",
                   name, own, ending);
}

void xp_wfdb_folder_of(char *folder, size_t size, const char *name) {
    const char *slash = strrchr(name, '/');
    snprintf(folder, size, "%.*s", slash ? (int)(slash - name + 1) : 0, name);
}

/* ---- memory ---- */

xp_status xp_wfdb_check_memory(const char *file, double bytes, double samples,
                               const xp_read_options *opt, xp_error *err) {
    char what[220];
    snprintf(what, sizeof what, "%s: reading %.0f samples", file, samples);
    return xp_memory_check(bytes + 12 * samples, opt->max_memory, what,
                           "cut the recording, or allow more (--max-memory in the tool)", err);
}

int64_t xp_wfdb_gap_limit(int64_t stored) {
    return (INT64_C(1) << 24) + (stored < INT64_MAX / 128 ? 64 * stored : INT64_MAX / 2);
}
