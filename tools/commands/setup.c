/* xplaim setup: tables of labels from the data sets as they are downloaded. */
#include "base/file.h"
#include "command.h"
#include "data/labels.h"
#include "ecg/source_zip.h"
#include "inputs.h"
#include "report_text.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct setup_options {
    const char *datasets, *data_dir, *output_dir, *uncertain;
    bool compat, json;
} setup_options;

static const option_spec OPTIONS[] = {
    {"datasets", 0, OPTION_TEXT, "NAMES",
     "ptb-xl, mimic-iv, cinc (several with commas), or all that are there (default)",
     offsetof(setup_options, datasets)},
    {"data-dir", 0, OPTION_TEXT, "DIR", "folder with the data sets' folders (default data)",
     offsetof(setup_options, data_dir)},
    {"output-dir", 0, OPTION_TEXT, "DIR", "where metadata/, models/, imgs/ go (default output)",
     offsetof(setup_options, output_dir)},
    {"uncertain", 0, OPTION_TEXT, "-1|0|1",
     "what an uncertain statement counts as (default -1: unknown)",
     offsetof(setup_options, uncertain)},
    {"compat", 0, OPTION_FLAG, NULL,
     "label as the published system does: any occurrence of a code or phrase",
     offsetof(setup_options, compat)},
    OPTION_JSON(setup_options),
    {0}};

enum { PATH_SIZE = XP_PATH_MAX };

typedef struct setup {
    const setup_options *opt;
    xp_label_options labels;
    char dir[PATH_SIZE];   /* of the data set at hand */
    char table[PATH_SIZE]; /* to be written */
} setup;

/* ==== folders ================================================================================ */

static bool exists(const char *dir, const char *name) {
    char path[PATH_SIZE];
    struct stat st;
    return xp_path_join(path, PATH_SIZE, NULL, dir, "%s", name) == XP_OK && stat(path, &st) == 0;
}

/* The folder that holds `file`: dir itself or one directly in it, the first by name. */
static bool find_folder(const char *dir, const char *file, char found[PATH_SIZE]) {
    found[0] = 0;
    if (exists(dir, file)) return snprintf(found, PATH_SIZE, "%s", dir) < PATH_SIZE;
    DIR *d = opendir(dir);
    if (!d) return false;
    for (struct dirent *e; (e = readdir(d));) {
        char path[PATH_SIZE];
        bool fits = e->d_name[0] != '.' &&
                    xp_path_join(path, PATH_SIZE, NULL, dir, "%s", e->d_name) == XP_OK;
        if (fits && exists(path, file) && (!found[0] || strcmp(path, found) < 0))
            memcpy(found, path, sizeof path);
    }
    closedir(d);
    return found[0] != 0;
}

static bool has_header(const char *dir) {
    return exists(dir, "REFERENCE.csv") || exists(dir, "training") || exists(dir, "RECORDS");
}

/* A folder whose name begins with cinc or challenge; data-dir itself where it looks like one. */
static bool find_cinc(const char *dir, char found[PATH_SIZE]) {
    found[0] = 0;
    DIR *d = opendir(dir);
    if (!d) return false;
    for (struct dirent *e; (e = readdir(d));) {
        char path[PATH_SIZE];
        bool named = !strncasecmp(e->d_name, "cinc", 4) || !strncasecmp(e->d_name, "challenge", 9);
        if (named && xp_path_join(path, PATH_SIZE, NULL, dir, "%s", e->d_name) == XP_OK &&
            (!found[0] || strcmp(path, found) < 0))
            memcpy(found, path, sizeof path);
    }
    closedir(d);
    if (!found[0] && has_header(dir)) snprintf(found, PATH_SIZE, "%s", dir);
    return found[0] != 0;
}

static xp_status make_folders(const char *dir, xp_error *err) {
    static const char *const names[] = {"metadata", "models", "imgs"};
    char path[PATH_SIZE];
    XP_TRY(xp_make_folder(dir, err));
    for (int i = 0; i < 3; i++) {
        XP_TRY(xp_path_join(path, PATH_SIZE, err, dir, "%s", names[i]));
        XP_TRY(xp_make_folder(path, err));
    }
    return XP_OK;
}

/* ==== one data set each ====================================================================== */

static xp_status load_table(xp_label_table **t, xp_label_source source, xp_error *err) {
    return xp_label_table_load(t, source, (xp_bytes){0}, "built-in table", err);
}

static xp_status setup_ptbxl(setup *s, xp_label_counts *counts, xp_error *err) {
    char database[PATH_SIZE];
    xp_label_table *t;
    XP_TRY(xp_path_join(database, PATH_SIZE, err, s->dir, "ptbxl_database.csv"));
    const bool low = !exists(s->dir, "records500") && exists(s->dir, "records100");
    if (low)
        fprintf(stderr,
                "%s has records100 and no records500: the table names its recordings of "
                "100 Hz\n",
                s->dir);
    XP_TRY(load_table(&t, XP_LABELS_PTBXL, err));
    xp_status status = xp_setup_ptbxl(t, s->labels, database, low ? "filename_lr" : "filename_hr",
                                      s->table, counts, err);
    xp_label_table_free(t);
    return status;
}

static xp_status setup_mimic(setup *s, xp_label_counts *counts, xp_error *err) {
    char records[PATH_SIZE], measurements[PATH_SIZE];
    xp_label_table *t;
    XP_TRY(xp_path_join(records, PATH_SIZE, err, s->dir, "record_list.csv"));
    XP_TRY(xp_path_join(measurements, PATH_SIZE, err, s->dir, "machine_measurements.csv"));
    XP_TRY(load_table(&t, XP_LABELS_MIMIC, err));
    xp_status status = xp_setup_mimic(t, s->labels, records, measurements, s->table, counts, err);
    xp_label_table_free(t);
    return status;
}

/* The headers of a folder, one after another. */
typedef struct headers {
    input_list list;
    int next;
    size_t dir_length;
    char dx[1024], age[64], sex[64];
} headers;

/* "# Dx: 426783006,251146004" -> what follows the colon, when the comment's key is key. */
static void take_comment(const char *line, size_t n, const char *key, char *out, size_t size) {
    size_t k = strlen(key), i = 1;
    while (i < n && line[i] == ' ') i++;
    if (n - i <= k || strncasecmp(line + i, key, k) != 0 || line[i + k] != ':') return;
    for (i += k + 1; i < n && line[i] == ' ';) i++;
    snprintf(out, size, "%.*s", (int)(n - i), line + i);
}

static void take_comments(headers *h, const char *text) {
    h->dx[0] = h->age[0] = h->sex[0] = 0;
    while (*text) {
        size_t n = strcspn(text, "\r\n");
        if (text[0] == '#') {
            take_comment(text, n, "dx", h->dx, sizeof h->dx);
            take_comment(text, n, "age", h->age, sizeof h->age);
            take_comment(text, n, "sex", h->sex, sizeof h->sex);
        }
        text += n + strspn(text + n, "\r\n");
    }
}

/* A header's text tells it, without the samples. */
static xp_status read_header(headers *h, const char *path, xp_error *err) {
    char *text;
    XP_TRY(xp_file_read_text(path, &text, err));
    take_comments(h, text);
    free(text);
    return XP_OK;
}

/* Of a record whose file is of another format. */
static xp_status read_facts(headers *h, const char *path, xp_error *err) {
    xp_stored w;
    XP_TRY(input_read_stored(&w, path, NULL, err));
    const xp_facts *f = &w.facts;
    snprintf(h->dx, sizeof h->dx, "%s", f->dx);
    snprintf(h->sex, sizeof h->sex, "%s", f->sex == 'F' ? "Female" : f->sex == 'M' ? "Male" : "");
    h->age[0] = 0;
    if (!isnan(f->age)) snprintf(h->age, sizeof h->age, "%g", f->age);
    xp_stored_free(&w);
    return XP_OK;
}

/* A file that cannot be read is passed over unless it is a header: tables that are no recordings
 * lie beside records. So is an archive: the records that were unpacked from it would count twice.
 */
static xp_status next_header(void *ctx, xp_cinc_record *record, bool *more, xp_error *err) {
    headers *h = ctx;
    while ((*more = h->next < h->list.n)) {
        const input *in = &h->list.items[h->next++];
        if (xp_archive_length(in->path)) continue;
        if (in->kind != INPUT_RECORD) {
            *err = *in->error;
            return err->code;
        }
        char path[PATH_SIZE];
        int n = snprintf(path, sizeof path, "%s.hea", in->path);
        if (n < 0 || n >= PATH_SIZE)
            return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", in->path);
        if (xp_is_file(path))
            XP_TRY(read_header(h, path, err));
        else if (read_facts(h, in->path, err) != XP_OK)
            continue;
        *record = (xp_cinc_record){in->path + h->dir_length, h->dx, h->age, h->sex};
        return XP_OK;
    }
    return XP_OK;
}

static xp_status setup_cinc(setup *s, xp_label_counts *counts, xp_error *err) {
    xp_label_table *snomed = NULL, *annotated = NULL;
    char *word = s->dir;
    headers *h = calloc(1, sizeof *h);
    if (!h) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    h->dir_length = strlen(s->dir) + 1;
    xp_status status = inputs_expand(&h->list, &word, 1, err);
    if (status == XP_OK) status = load_table(&snomed, XP_LABELS_SNOMED, err);
    if (status == XP_OK) status = load_table(&annotated, XP_LABELS_ANNOTATED, err);
    if (status == XP_OK)
        status = xp_setup_cinc(snomed, annotated, s->labels, next_header, h, s->table, counts, err);
    xp_label_table_free(snomed);
    xp_label_table_free(annotated);
    inputs_free(&h->list);
    free(h);
    return status;
}

/* ==== output ================================================================================= */

static void print_text(const char *name, const setup *s, const xp_label_counts *c) {
    printf("%s: %zu records -> %s\n", name, c->records, s->table);
    if (c->left_out) printf("  %zu records without a report were left out\n", c->left_out);
    if (c->strange) printf("  %zu words in #Dx were not understood\n", c->strange);
    printf("  %-8s %9s %9s %9s\n", "label", "yes", "no", "unknown");
    for (int i = 0; i < XP_LABEL_COUNT; i++)
        printf("  %-8s %9zu %9zu %9zu  %s\n", xp_label_name(i), c->yes[i],
               c->records - c->yes[i] - c->unknown[i], c->unknown[i], xp_label_long_name(i));
}

static void print_json(const char *name, const setup *s, const xp_label_counts *c) {
    cJSON *o = xp_report_begin(NULL), *list = cJSON_CreateArray();
    xp_json_add(o, "data_set", xp_json_text(name));
    xp_json_add(o, "table", xp_json_text(s->table));
    xp_json_add(o, "records", xp_json_integer((int64_t)c->records));
    xp_json_add(o, "left_out", xp_json_integer((int64_t)c->left_out));
    xp_json_add(o, "not_understood", xp_json_integer((int64_t)c->strange));
    for (int i = 0; i < XP_LABEL_COUNT; i++) {
        cJSON *l = cJSON_CreateObject();
        xp_json_add(l, "name", xp_json_text(xp_label_name(i)));
        xp_json_add(l, "long_name", xp_json_text(xp_label_long_name(i)));
        xp_json_add(l, "yes", xp_json_integer((int64_t)c->yes[i]));
        xp_json_add(l, "no", xp_json_integer((int64_t)(c->records - c->yes[i] - c->unknown[i])));
        xp_json_add(l, "unknown", xp_json_integer((int64_t)c->unknown[i]));
        xp_json_append(list, l);
    }
    xp_json_add(o, "labels", list);
    json_print_line(o);
}

/* ============================================================================================= */

typedef struct data_set {
    const char *name;
    const char *file; /* that tells its folder; NULL: a collection of headers */
    xp_status (*make)(setup *s, xp_label_counts *counts, xp_error *err);
} data_set;

static const data_set DATA_SETS[] = {{"ptb-xl", "ptbxl_database.csv", setup_ptbxl},
                                     {"mimic-iv", "record_list.csv", setup_mimic},
                                     {"cinc", NULL, setup_cinc}};
enum { N_DATA_SETS = sizeof DATA_SETS / sizeof *DATA_SETS };

static bool named(const char *list, const char *name) {
    size_t n = strlen(name);
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strcspn(p, ",") == n && !strncmp(p, name, n)) return true;
    return false;
}

static bool known_names(const char *list) {
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        bool known = false;
        for (int i = 0; i < N_DATA_SETS; i++)
            known |= strcspn(p, ",") == strlen(DATA_SETS[i].name) &&
                     !strncmp(p, DATA_SETS[i].name, strcspn(p, ","));
        if (!known) return false;
    }
    return true;
}

static xp_status make_table(setup *s, const data_set *d, xp_error *err) {
    char name[PATH_SIZE];
    xp_label_counts counts;
    snprintf(name, sizeof name, "metadata/%s_labels_metadata.csv", d->name);
    XP_TRY(make_folders(s->opt->output_dir, err));
    XP_TRY(xp_path_join(s->table, PATH_SIZE, err, s->opt->output_dir, "%s", name));
    XP_TRY(d->make(s, &counts, err));
    if (s->opt->json)
        print_json(d->name, s, &counts);
    else
        print_text(d->name, s, &counts);
    return XP_OK;
}

static xp_status make_tables(setup *s, xp_error *err) {
    bool all = !strcmp(s->opt->datasets, "all");
    int made = 0;
    for (int i = 0; i < N_DATA_SETS; i++) {
        const data_set *d = &DATA_SETS[i];
        if (!all && !named(s->opt->datasets, d->name)) continue;
        bool found = d->file ? find_folder(s->opt->data_dir, d->file, s->dir)
                             : find_cinc(s->opt->data_dir, s->dir);
        if (!found && all) continue;
        if (!found)
            return xp_fail(err, XP_ERR_NOT_FOUND,
                           "%s: no %s in it or in a folder in it: is %s there?", s->opt->data_dir,
                           d->file ? d->file : "folder cinc...", d->name);
        XP_TRY(make_table(s, d, err));
        made++;
    }
    if (made) return XP_OK;
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s: no data set in it; expected a folder with ptbxl_database.csv, one with "
                   "record_list.csv and machine_measurements.csv, or one whose name begins with "
                   "cinc",
                   s->opt->data_dir);
}

static exit_code run(const command *self, int argc, char **argv) {
    setup_options opt = {.datasets = "all", .data_dir = "data", .output_dir = "output"};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    setup *s = calloc(1, sizeof *s);
    xp_error err;
    if (!s) {
        xp_fail(&err, XP_ERR_MEMORY, "not enough memory");
        return command_failed(self, &opt, &err);
    }
    *s = (setup){.opt = &opt, .labels = xp_label_defaults()};
    s->labels.compat = opt.compat;
    xp_status status = XP_OK;
    if (strcmp(opt.datasets, "all") && !known_names(opt.datasets))
        status =
            xp_fail(&err, XP_ERR_USAGE,
                    "--datasets %s: expected all, or some of ptb-xl,mimic-iv,cinc", opt.datasets);
    if (opt.uncertain) {
        s->labels.uncertain = atoi(opt.uncertain);
        if (strcmp(opt.uncertain, "-1") && strcmp(opt.uncertain, "0") && strcmp(opt.uncertain, "1"))
            status =
                xp_fail(&err, XP_ERR_USAGE, "--uncertain %s: expected -1, 0 or 1", opt.uncertain);
    }
    if (status == XP_OK) status = make_tables(s, &err);
    free(s);
    return status == XP_OK ? EXIT_CODE_OK : command_failed(self, &opt, &err);
}

const command command_setup = {
    .name = "setup",
    .summary = "tables of labels from PTB-XL, MIMIC-IV-ECG or CinC folders",
    .arguments = "[--datasets all|ptb-xl|mimic-iv|cinc] [--data-dir DIR] [--output-dir DIR] "
                 "[--compat] [--json]",
    .details = "Writes OUTPUT/metadata/NAME_labels_metadata.csv (1, 0, -1 = unknown) for each data "
               "set it finds, makes\nOUTPUT/models and OUTPUT/imgs, and prints the count of every "
               "label. tools/labels/README.md says what\nmaps to which label.",
    .options = OPTIONS,
    .run = run,
};
