#include "data/data_sets.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *table, *licence;
} KINDS[] = {
    {"ptb-xl", "ptb-xl_labels_metadata.csv", "PTB-XL: CC BY 4.0"},
    {"mimic-iv", "mimic-iv_labels_metadata.csv",
     "MIMIC-IV-ECG: Open Data Commons Open Database License 1.0"},
    {"cinc", "cinc_labels_metadata.csv", "PhysioNet/CinC challenges 2020 and 2021: CC BY 4.0"},
    {"csv", "labels.csv", "a table of the user's own: see there"}};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS, CSV = N_KINDS - 1 };

static int find_kind(const char *name) {
    for (int i = 0; i < N_KINDS; i++)
        if (!strcmp(name, KINDS[i].name)) return i;
    return -1;
}

bool xp_data_set_is_known(const char *name) {
    return find_kind(name) >= 0;
}

/* The folder of a table: its records are there. */
static void folder_of(const char *file, char dir[XP_PATH_MAX]) {
    const char *slash = strrchr(file, '/');
    size_t n = slash ? (size_t)(slash - file) : 1;
    snprintf(dir, XP_PATH_MAX, "%.*s", (int)(n ? n : 1), slash ? file : ".");
}

/* A user's own table: the file that was named, or labels.csv in the folder. */
static xp_status add_csv(xp_dataset *d, const char *path, xp_error *err) {
    char table[XP_PATH_MAX], dir[XP_PATH_MAX];
    if (xp_is_folder(path)) {
        XP_TRY(xp_path_join(table, sizeof table, err, path, "%s", KINDS[CSV].table));
        return xp_dataset_add(d, table, path, err);
    }
    folder_of(path, dir);
    return xp_dataset_add(d, path, dir, err);
}

static xp_status add(xp_dataset *d, const xp_data_sets *sets, int i, xp_error *err) {
    char table[XP_PATH_MAX];
    const char *dir = sets->dirs[i];
    int kind = find_kind(sets->names[i]);
    if (kind < 0)
        return xp_fail(err, XP_ERR_USAGE, "data set \"%s\": expected ptb-xl, mimic-iv, cinc or csv",
                       sets->names[i]);
    if (strlen(dir) >= XP_PATH_MAX)
        return xp_fail(err, XP_ERR_LIMIT, "%.80s...: the path is too long", dir);
    if (kind == CSV) return add_csv(d, dir, err);
    if (!xp_is_folder(dir))
        return xp_fail(err, XP_ERR_NOT_FOUND, "%s: there is no such folder", dir);
    XP_TRY(xp_path_join(table, sizeof table, err, sets->metadata_dir, "%s", KINDS[kind].table));
    xp_status s = xp_dataset_add(d, table, dir, err);
    if (s == XP_ERR_NOT_FOUND && !xp_is_file(table))
        return xp_fail(err, s, "%s is not there: make it with `xplaim setup --datasets %s`", table,
                       KINDS[kind].name);
    return s;
}

xp_status xp_data_sets_load(xp_dataset *d, const xp_data_sets *sets, const char *const *labels,
                            int n_labels, bool every, xp_error *err) {
    xp_dataset made;
    XP_TRY(xp_dataset_init(&made, labels, n_labels, err));
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < sets->n; i++) s = add(&made, sets, i, err);
    if (s == XP_OK && every) s = xp_dataset_check_labels(&made, err);
    if (s == XP_OK)
        *d = made;
    else
        xp_dataset_free(&made);
    return s;
}

void xp_data_sets_licence(const xp_data_sets *sets, char *text, size_t size) {
    bool seen[N_KINDS] = {false};
    text[0] = 0;
    for (int i = 0; i < sets->n; i++) {
        int kind = find_kind(sets->names[i]);
        size_t n = strlen(text);
        if (kind < 0 || seen[kind]) continue;
        seen[kind] = true;
        snprintf(text + n, size - n, "%s%s", n ? "; " : "", KINDS[kind].licence);
    }
}
