/* xplaim export: a model as a file for other programs, or as the static page with it inside. */
#include "command.h"
#include "convert/onnx.h"
#include "ecg/files.h"
#include "model_file.h"
#include "report.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct export_options {
    const char *model, *output, *format, *page;
    text_list notes;
    bool half, json;
} export_options;

static const option_spec OPTIONS[] = {
    OPTION_MODEL(export_options),
    OPTION_OUTPUT(export_options, "FILE|DIR", "where to write"),
    {"format", 0, OPTION_TEXT, "FORMAT",
     "safetensors, onnx or web (default: by the ending of the output's name)",
     offsetof(export_options, format)},
    {"half", 0, OPTION_FLAG, NULL, "store the weights as float16 (safetensors, web)",
     offsetof(export_options, half)},
    {"page", 0, OPTION_TEXT, "DIR", "the built page (default: web/dist here or beside the program)",
     offsetof(export_options, page)},
    {"note", 0, OPTION_TEXTS, "KEY=FILE",
     "put a text file into the model's metadata, e.g. model_card=CARD.md; repeat for several",
     offsetof(export_options, notes)},
    OPTION_JSON(export_options),
    {0}};

/* What was written, for the last line. */
typedef struct written {
    size_t bytes;
    int files;
} written;

/* ==== single files =========================================================================== */

static xp_status write_file(const export_options *opt, uint8_t *bytes, size_t size, written *w,
                            xp_error *err) {
    xp_status s = output_write_file(opt->output, bytes, size, err);
    free(bytes);
    *w = (written){size, 1};
    return s;
}

static xp_status write_safetensors(const xp_model *m, const export_options *opt, written *w,
                                   xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_model_write(m, opt->half, &bytes, &size, err));
    return write_file(opt, bytes, size, w, err);
}

static xp_status write_onnx(const xp_model *m, const export_options *opt, written *w,
                            xp_error *err) {
    uint8_t *bytes;
    size_t size;
    if (opt->half)
        return xp_fail(err, XP_ERR_USAGE, "--half is for safetensors and web; ONNX gets float32");
    XP_TRY(xp_onnx_export(m, DISCLAIMER, &bytes, &size, err));
    return write_file(opt, bytes, size, w, err);
}

/* ==== the page =============================================================================== */

enum { PATH_ROOM = 4096, MAX_DEPTH = 4 };
static const char model_name[] = "model.safetensors";

static xp_status join_path(char *out, const char *dir, const char *name, xp_error *err) {
    int n = snprintf(out, PATH_ROOM, "%s/%s", dir, name);
    if (n > 0 && n < PATH_ROOM) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "the path %.60s.../%.60s is too long", dir, name);
}

static bool has_file(const char *dir, const char *name) {
    char path[PATH_ROOM];
    struct stat st;
    return join_path(path, dir, name, NULL) == XP_OK && !stat(path, &st) && S_ISREG(st.st_mode);
}

static bool is_page(const char *dir) {
    return has_file(dir, "index.html") && has_file(dir, model_name);
}

/* web/dist of the tree that the program was built in: build/FOLDER/tools/xplaim. */
static bool find_beside_program(char *dir) {
    ssize_t n = readlink("/proc/self/exe", dir, PATH_ROOM - 1);
    if (n <= 0) return false;
    dir[n] = 0;
    for (int up = 0; up < 5; up++) {
        char *slash = strrchr(dir, '/');
        if (!slash) return false;
        *slash = 0;
        size_t length = strlen(dir);
        if (length + sizeof "/web/dist" > PATH_ROOM) return false;
        strcpy(dir + length, "/web/dist");
        if (is_page(dir)) return true;
        dir[length] = 0;
    }
    return false;
}

static xp_status find_page(const char *given, char *dir, xp_error *err) {
    snprintf(dir, PATH_ROOM, "%s", given ? given : "web/dist");
    if (is_page(dir) || (!given && find_beside_program(dir))) return XP_OK;
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s: no built page (index.html, %s) is there: build it with `scripts/demo "
                   "--no-serve`, or name its folder with --page",
                   given ? given : "web/dist", model_name);
}

/* A folder that is new or empty: nothing of anyone's is written over. */
static xp_status make_folder(const char *path, xp_error *err) {
    if (mkdir(path, 0777) && errno != EEXIST)
        return xp_fail(err, XP_ERR_IO, "%s: the folder cannot be made: %s", path, strerror(errno));
    DIR *d = opendir(path);
    if (!d) return xp_fail(err, XP_ERR_IO, "%s: %s", path, strerror(errno));
    int entries = 0;
    while (readdir(d)) entries++;
    closedir(d);
    if (entries <= 2) return XP_OK;
    return xp_fail(err, XP_ERR_USAGE, "%s is not empty: name a new folder with -o", path);
}

static xp_status copy_file(const char *from, const char *to, written *w, xp_error *err) {
    uint8_t *bytes;
    size_t size;
    XP_TRY(xp_file_read(from, &bytes, &size, err));
    xp_status s = output_write_file(to, bytes, size, err);
    free(bytes);
    w->bytes += size;
    w->files++;
    return s;
}

static xp_status copy_folder(const char *from, const char *to, int depth, written *w,
                             xp_error *err);

/* Files and folders; the page's own model stays behind. */
static xp_status copy_entry(const char *from, const char *to, const char *name, int depth,
                            written *w, xp_error *err) {
    char source[PATH_ROOM], target[PATH_ROOM];
    struct stat st;
    if (name[0] == '.' || (depth == 0 && !strcmp(name, model_name))) return XP_OK;
    XP_TRY(join_path(source, from, name, err));
    XP_TRY(join_path(target, to, name, err));
    if (stat(source, &st)) return xp_fail(err, XP_ERR_IO, "%s: %s", source, strerror(errno));
    if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
        return copy_folder(source, target, depth + 1, w, err);
    return S_ISREG(st.st_mode) ? copy_file(source, target, w, err) : XP_OK;
}

static xp_status copy_folder(const char *from, const char *to, int depth, written *w,
                             xp_error *err) {
    XP_TRY(make_folder(to, err));
    DIR *d = opendir(from);
    if (!d) return xp_fail(err, XP_ERR_IO, "%s: %s", from, strerror(errno));
    xp_status s = XP_OK;
    for (struct dirent *e; s == XP_OK && (e = readdir(d));)
        s = copy_entry(from, to, e->d_name, depth, w, err);
    closedir(d);
    return s;
}

/* The model goes last: a folder that has one is whole. */
static xp_status write_page(const xp_model *m, const export_options *opt, written *w,
                            xp_error *err) {
    char page[PATH_ROOM], target[PATH_ROOM];
    uint8_t *bytes;
    size_t size;
    XP_TRY(find_page(opt->page, page, err));
    XP_TRY(join_path(target, opt->output, model_name, err));
    XP_TRY(xp_model_write(m, opt->half, &bytes, &size, err));
    *w = (written){size, 1};
    xp_status s = copy_folder(page, opt->output, 0, w, err);
    if (s == XP_OK) s = output_write_file(target, bytes, size, err);
    free(bytes);
    return s;
}

/* ============================================================================================= */

static const struct {
    const char *name, *ending;
    xp_status (*write)(const xp_model *m, const export_options *opt, written *w, xp_error *err);
} formats[] = {{"safetensors", ".safetensors", write_safetensors},
               {"onnx", ".onnx", write_onnx},
               {"web", NULL, write_page}};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static xp_status find_format(const export_options *opt, int *format, xp_error *err) {
    const char *dot = strrchr(opt->output, '.');
    for (int i = 0; i < N_FORMATS; i++) {
        bool named = opt->format && !strcmp(opt->format, formats[i].name);
        bool ends = !opt->format && dot && formats[i].ending && !strcasecmp(dot, formats[i].ending);
        if (!named && !ends) continue;
        *format = i;
        return XP_OK;
    }
    if (opt->format)
        return xp_fail(err, XP_ERR_USAGE, "--format %s: expected safetensors, onnx or web",
                       opt->format);
    return xp_fail(err, XP_ERR_USAGE,
                   "%s: its ending is neither .safetensors nor .onnx: say which with --format",
                   opt->output);
}

static void say_written(const model_file *f, const export_options *opt, const char *format,
                        const written *w) {
    const xp_model *m = &f->model;
    if (opt->json) {
        cJSON *o = report_begin(NULL);
        cJSON_AddItemToObject(o, "output", json_text(opt->output));
        cJSON_AddItemToObject(o, "dtype", json_text(opt->half ? "float16" : "float32"));
        cJSON_AddItemToObject(o, "notices", cJSON_CreateArray());
        json_print_line(o);
        return;
    }
    printf("%s: %s, %zu bytes in %d file%s, %zu weights as %s, %d labels\n", opt->output, format,
           w->bytes, w->files, w->files == 1 ? "" : "s", m->graph.n_weights,
           opt->half ? "float16" : "float32", m->n_labels);
    if (!m->trained) puts("  the model is marked untrained");
}

/* KEY=FILE: the file's text as metadata. */
static xp_status add_note(xp_model *m, const char *note, xp_error *err) {
    char key[64];
    const char *equals = strchr(note, '=');
    uint8_t *text;
    size_t size;
    if (!equals || equals == note || (size_t)(equals - note) >= sizeof key)
        return xp_fail(err, XP_ERR_USAGE, "--note %s: expected KEY=FILE", note);
    snprintf(key, sizeof key, "%.*s", (int)(equals - note), note);
    XP_TRY(xp_file_read(equals + 1, &text, &size, err));
    char *value = strndup((const char *)text, size);
    free(text);
    bool is_text = value && strlen(value) == size;
    xp_status s = is_text ? xp_model_set_meta(m, key, value) : XP_ERR_FORMAT;
    free(value);
    if (s == XP_OK) return s;
    return xp_fail(err, s,
                   is_text ? "--note %s: \"%s\" is a fact that the model has already"
                           : "--note %s: %s is not a text file",
                   note, is_text ? key : equals + 1);
}

static xp_status export(const export_options *opt, xp_error *err) {
    model_file f;
    int format = 0;
    written w;
    XP_TRY(find_format(opt, &format, err));
    XP_TRY(model_file_load(&f, opt->model, err));
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < opt->notes.n; i++)
        s = add_note(&f.model, opt->notes.items[i], err);
    if (s == XP_OK) s = formats[format].write(&f.model, opt, &w, err);
    if (s == XP_OK) say_written(&f, opt, formats[format].name, &w);
    model_file_free(&f);
    return s;
}

static exit_code run(const command *self, int argc, char **argv) {
    export_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 0, 0, &args, &code)) return code;
    if (!opt.model) return usage_error(self, "no model: give one with -m");
    if (!opt.output) return usage_error(self, "nowhere to write: give a file or folder with -o");
    xp_error err;
    if (export(&opt, &err) == XP_OK) return EXIT_CODE_OK;
    return report_fatal_as(&err, opt.json);
}

const command command_export = {
    .name = "export",
    .summary = "a model as safetensors, as ONNX, or as the page with it inside",
    .arguments = "-m MODEL (-o MODEL.onnx | -o MODEL.safetensors [--half] | --format web -o DIR)",
    .details =
        "ONNX: opset 17, input \"ecg\" (batch, samples, leads) in millivolt, output "
        "\"probabilities\" (batch, labels);\nlabels, leads, rate and every other fact of the model "
        "file are in its metadata, and `xplaim import`\ntakes it back unchanged. Web: a new folder "
        "that any static server can serve; the page must have\nbeen built (scripts/demo "
        "--no-serve).",
    .options = OPTIONS,
    .run = run,
};
