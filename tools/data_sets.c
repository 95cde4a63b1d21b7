#include "data_sets.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

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

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A .csv file: the table is that, and its folder has the records. */
static void split_path(char dir[PATH_SIZE], const char *file) {
    const char *slash = strrchr(file, '/');
    size_t n = slash ? (size_t)(slash - file) : 1;
    snprintf(dir, PATH_SIZE, "%.*s", (int)(n ? n : 1), slash ? file : ".");
}

static xp_status add(xp_dataset *d, const data_set_options *o, const char *option, int i,
                     xp_error *err) {
    char table[PATH_SIZE + 64], dir[PATH_SIZE];
    const char *metadata = o->metadata_dir ? o->metadata_dir : "output/metadata";
    int kind = find_kind(o->names.items[i]);
    if (kind < 0)
        return xp_fail(err, XP_ERR_USAGE, "--%s %s: expected ptb-xl, mimic-iv, cinc or csv", option,
                       o->names.items[i]);
    bool folder = is_folder(o->dirs.items[i]);
    if (kind != CSV && !folder)
        return xp_fail(err, XP_ERR_NOT_FOUND, "%s: there is no such folder", o->dirs.items[i]);
    int n = snprintf(table, sizeof table, "%s", o->dirs.items[i]);
    if (n < 0 || n >= PATH_SIZE - 64 || strlen(metadata) >= PATH_SIZE - 64)
        return xp_fail(err, XP_ERR_LIMIT, "%.80s...: the path is too long", o->dirs.items[i]);
    snprintf(dir, sizeof dir, "%s", o->dirs.items[i]);
    if (kind != CSV)
        snprintf(table, sizeof table, "%s/%s", metadata, KINDS[kind].table);
    else if (folder)
        snprintf(table, sizeof table, "%s/%s", dir, KINDS[kind].table);
    else
        split_path(dir, table);
    xp_status s = xp_dataset_add(d, table, dir, err);
    struct stat st;
    if (s == XP_ERR_NOT_FOUND && kind != CSV && stat(table, &st) != 0)
        return xp_fail(err, s, "%s is not there: make it with `xplaim setup --datasets %s`", table,
                       KINDS[kind].name);
    return s;
}

xp_status data_sets_load(xp_dataset *d, const data_set_options *o, const char *option,
                         const char *const *labels, int n_labels, bool every, xp_error *err) {
    xp_dataset made;
    if (o->names.n == 0)
        return xp_fail(err, XP_ERR_USAGE, "no data: give --%s and its folder", option);
    if (o->names.n != o->dirs.n)
        return xp_fail(err, XP_ERR_USAGE, "--%s was given %d times, its folder %d times", option,
                       o->names.n, o->dirs.n);
    XP_TRY(xp_dataset_init(&made, labels, n_labels, err));
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < o->names.n; i++) s = add(&made, o, option, i, err);
    if (s == XP_OK && every) s = xp_dataset_check_labels(&made, err);
    if (s == XP_OK)
        *d = made;
    else
        xp_dataset_free(&made);
    return s;
}

bool next_in_list(const char **list, char *name, size_t size, bool *fits) {
    if (!*list) return false;
    const char *from = *list + strspn(*list, " ");
    size_t n = strcspn(from, ",");
    *list = from[n] ? from + n + 1 : NULL;
    while (n > 0 && from[n - 1] == ' ') n--;
    *fits = n > 0 && n < size;
    if (*fits) snprintf(name, size, "%.*s", (int)n, from);
    return true;
}

void data_sets_licence(const data_set_options *o, char *text, size_t size) {
    bool seen[N_KINDS] = {false};
    text[0] = 0;
    for (int i = 0; i < o->names.n; i++) {
        int kind = find_kind(o->names.items[i]);
        size_t n = strlen(text);
        if (kind < 0 || seen[kind]) continue;
        seen[kind] = true;
        snprintf(text + n, size - n, "%s%s", n ? "; " : "", KINDS[kind].licence);
    }
}
