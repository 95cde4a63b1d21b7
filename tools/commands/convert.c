/* xplaim convert: recordings of any format that is read, written in another. */
#include "base/file.h"
#include "command.h"
#include "ecg/reader_path.h"
#include "ecg/source_zip.h"
#include "ecg/write/write.h"
#include "inputs.h"
#include "report_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct convert_options {
    const char *output, *to;
    bool keep_identity, keep_stated, force, json;
    xp_read_options known;
} convert_options;

static const option_spec OPTIONS[] = {
    OPTION_OUTPUT(convert_options, "FILE|DIR",
                  "file to write, whose ending tells the format, or folder of files"),
    {"to", 0, OPTION_TEXT, "FORMAT", "wfdb, edf, dicom, csv or npy; needed where -o is a folder",
     offsetof(convert_options, to)},
    {"keep-identity", 0, OPTION_FLAG, NULL,
     "keep names, numbers, dates, the device, statements and comments",
     offsetof(convert_options, keep_identity)},
    {"keep-stated", 0, OPTION_FLAG, NULL,
     "keep what the file states of the ECG: its own measurements and interpretation",
     offsetof(convert_options, keep_stated)},
    {"force", 0, OPTION_FLAG, NULL, "write over files that are there",
     offsetof(convert_options, force)},
    OPTIONS_KNOWN(convert_options, "unit"),
    OPTION_JSON(convert_options),
    {0}};

typedef struct convert_job {
    const convert_options *opt;
    const xp_writer *writer;
    bool to_file;       /* -o names one file */
    input_list written; /* paths of this run */
    arguments words;
} convert_job;

/* ==== names ================================================================================== */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What a recording is called by its path: the file's name without its ending. */
static void record_name(const char *path, char *out, size_t size) {
    const char *base = base_name(path), *dot = strrchr(base, '.');
    int n = (int)(dot && dot > base && xp_is_file_at(path) ? (size_t)(dot - base) : strlen(base));
    snprintf(out, size, "%.*s", n, base);
}

/* The folder that the record's files go to: -o itself, or, for one that was found below an input
 * folder, the same place below -o. */
static xp_status output_folder(const convert_job *j, const char *word, const char *path, char *out,
                               xp_error *err) {
    const char *below = "", *base = base_name(path);
    size_t n = strlen(word);
    if ((xp_is_folder(word) || xp_archive_length(word) == n) && !strncmp(path, word, n)) {
        below = path + n;
        while (*below == '/') below++;
    }
    int length = base > below && *below ? (int)(base - below) : 0;
    if (length)
        return xp_path_join(out, XP_PATH_MAX, err, j->opt->output, "%.*s", length - 1, below);
    int size = snprintf(out, XP_PATH_MAX, "%s", j->opt->output);
    if (size < XP_PATH_MAX) return XP_OK;
    return xp_fail(err, XP_ERR_LIMIT, "%s: the path is too long", j->opt->output);
}

static bool was_written(const convert_job *j, const char *path) {
    for (int i = 0; i < j->written.n; i++)
        if (!strcmp(j->written.items[i].path, path)) return true;
    return false;
}

/* ==== files ================================================================================== */

/* A file may be written where none is, or over one that is no input, when that was asked for. */
static xp_status check_target(const convert_job *j, const char *path, xp_error *err) {
    if (was_written(j, path))
        return xp_fail(err, XP_ERR_USAGE,
                       "%s was written for another input: give inputs of one name apart", path);
    if (!xp_is_file(path)) return XP_OK;
    if (!j->opt->force)
        return xp_fail(err, XP_ERR_USAGE, "%s is there already: --force writes over it", path);
    return inputs_check_output(j->words.items, j->words.n, path, err);
}

typedef struct target {
    char folder[XP_PATH_MAX], name[128]; /* of the record */
    char paths[XP_WRITTEN_MOST][XP_PATH_MAX];
} target;

static xp_status save_files(convert_job *j, target *t, const xp_written *files, xp_error *err) {
    for (int i = 0; i < files->n; i++) {
        const char *name = files->files[i].name;
        if (!strcmp(t->folder, "."))
            snprintf(t->paths[i], XP_PATH_MAX, "%s", name);
        else
            XP_TRY(xp_path_join(t->paths[i], XP_PATH_MAX, err, t->folder, "%s", name));
        XP_TRY(check_target(j, t->paths[i], err));
    }
    XP_TRY(xp_make_folders(t->folder, err));
    for (int i = 0; i < files->n; i++) {
        const xp_buffer *b = &files->files[i].bytes;
        XP_TRY(xp_file_write(t->paths[i], b->data, b->size, err));
        XP_TRY(inputs_note(&j->written, t->paths[i], err));
    }
    return XP_OK;
}

/* ==== one record ============================================================================= */

static void report_json(const convert_job *j, const xp_stored *w, const xp_written *files,
                        const target *t, const char *path) {
    cJSON *o = xp_report_begin(path), *paths = cJSON_CreateArray();
    for (int i = 0; i < files->n; i++) xp_json_append(paths, xp_json_text(t->paths[i]));
    xp_json_add(o, "from", xp_json_text(w->format));
    xp_json_add(o, "to", xp_json_text(j->writer->title));
    xp_json_add(o, "files", paths);
    xp_json_add(o, "signals", xp_json_integer(w->n_signals));
    xp_json_add(o, "frames", xp_json_integer(w->n_frames));
    xp_json_add(o, "rate", xp_json_number(w->rate));
    xp_json_add(o, "identity_kept", cJSON_CreateBool(j->opt->keep_identity));
    xp_json_add(o, "notices", xp_report_notices(&w->notices));
    json_print_line(o);
}

static void say(const convert_job *j, xp_stored *w, const xp_written *files, const target *t,
                const char *path) {
    xp_notices_append(&w->notices, &files->notices);
    if (j->opt->json) {
        report_json(j, w, files, t, path);
        return;
    }
    print_clean(stdout, path);
    for (int i = 0; i < files->n; i++) {
        fputs(i ? ", " : " -> ", stdout);
        print_clean(stdout, t->paths[i]);
    }
    puts("");
    report_notices_text(&w->notices, "  ");
}

static xp_status find_target(const convert_job *j, const char *word, const char *path, target *t,
                             xp_error *err) {
    if (!j->to_file) {
        record_name(path, t->name, sizeof t->name);
        return output_folder(j, word, path, t->folder, err);
    }
    const char *out = j->opt->output, *base = base_name(out);
    int n = (int)(base - out);
    snprintf(t->folder, sizeof t->folder, "%.*s", n > 1 ? n - 1 : n, out); /* "/" stays */
    if (!t->folder[0]) strcpy(t->folder, ".");
    snprintf(t->name, sizeof t->name, "%.*s", (int)(strlen(base) - strlen(j->writer->ending)),
             base);
    return XP_OK;
}

static xp_status convert_record(convert_job *j, const char *word, const char *path, xp_error *err) {
    const xp_write_options write = {.keep_identity = j->opt->keep_identity,
                                    .keep_stated = j->opt->keep_stated};
    xp_stored w;
    xp_written files;
    target *t = calloc(1, sizeof *t);
    if (!t) return xp_fail(err, XP_ERR_MEMORY, "not enough memory");
    xp_status s = find_target(j, word, path, t, err);
    if (s == XP_OK) s = input_read_stored(&w, path, &j->opt->known, err);
    if (s == XP_OK) {
        s = xp_write(&files, j->writer, &w, t->name, &write, err);
        if (s == XP_OK) {
            s = save_files(j, t, &files, err);
            if (s == XP_OK) say(j, &w, &files, t, path);
            xp_written_free(&files);
        } else {
            xp_fail_prefix(err, s, "%s", path);
        }
        xp_stored_free(&w);
    }
    free(t);
    return s;
}

/* ============================================================================================= */

/* Every record of one word; how many failed goes to *failed. */
static xp_status convert_word(convert_job *j, char *word, int *failed, xp_error *err) {
    input_list list;
    XP_TRY(inputs_expand(&list, &word, 1, err));
    for (int i = 0; i < list.n; i++) {
        const input *in = &list.items[i];
        xp_error failure = {0};
        if (in->kind == INPUT_MISSING) failure = *in->error;
        if (in->kind != INPUT_MISSING && convert_record(j, word, in->path, &failure) == XP_OK)
            continue;
        report_failure(in->path, &failure, j->opt->json);
        ++*failed;
    }
    inputs_free(&list);
    return XP_OK;
}

static void name_writers(char *out, size_t size) {
    size_t at = 0;
    for (int i = 0; xp_writers[i] && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s (%s)", i ? ", " : "", xp_writers[i]->name,
                               xp_writers[i]->ending);
}

/* The format, by --to or by the ending of -o; and whether -o is one file. */
static exit_code choose_writer(const command *self, convert_job *j) {
    const convert_options *o = j->opt;
    const xp_writer *by_name = o->to ? xp_writer_named(o->to) : NULL;
    const xp_writer *by_file = xp_is_folder(o->output) ? NULL : xp_writer_of_file(o->output);
    char known[200];
    name_writers(known, sizeof known);
    if (o->to && !by_name) return usage_error(self, o, "--to %s: expected one of %s", o->to, known);
    if (by_name && by_file && by_name != by_file)
        return usage_error(self, o, "-o %s and --to %s name different formats", o->output, o->to);
    j->writer = by_name ? by_name : by_file;
    j->to_file = by_file != NULL;
    if (!j->writer)
        return usage_error(self, o,
                           "-o %s: its ending names no format, so it is a folder: choose the "
                           "format with --to: %s",
                           o->output, known);
    if (j->to_file && (j->words.n > 1 || xp_is_folder(j->words.items[0])))
        return usage_error(self, o, "-o %s names one file for several recordings: give a folder",
                           o->output);
    return EXIT_CODE_OK;
}

static exit_code run(const command *self, int argc, char **argv) {
    convert_options opt = {0};
    convert_job j = {.opt = &opt};
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 1, -1, &j.words, &code)) return code;
    if (!opt.output)
        return usage_error(self, &opt, "nowhere to write: give a file or a folder with -o");
    code = choose_writer(self, &j);
    if (code != EXIT_CODE_OK) return code;
    int failed = 0;
    xp_error err;
    xp_status s = XP_OK;
    for (int i = 0; s == XP_OK && i < j.words.n; i++)
        s = convert_word(&j, j.words.items[i], &failed, &err);
    inputs_free(&j.written);
    if (s != XP_OK) return command_failed(self, &opt, &err);
    return failed ? EXIT_CODE_BAD_INPUT : EXIT_CODE_OK;
}

const command command_convert = {
    .name = "convert",
    .summary = "recordings in another file format, without identity",
    .arguments = "INPUT... -o FILE|DIR [--to wfdb|edf|dicom|csv|npy] [options]",
    .details =
        "INPUT is a record of any format that is read, one of its files, or a folder or zip "
        "archive (every "
        "record in it\nand below). -o is one file, whose ending tells the format (.hea, .edf, "
        ".dcm, .csv, "
        ".npy), or a\nfolder, which is made where it is missing; the files in it are named after "
        "the inputs.\n\nStored values, gain and baseline are kept wherever the format can hold "
        "them; what is rounded is reported.\n\nWithout --keep-identity the files tell signals, age "
        "(90 for all above 89), sex, filters and paper\nspeed, and nothing else: no name, number, "
        "date, device, statement or comment. --keep-stated\nadds the statements, whose words may "
        "be "
        "anyone's. The inputs' names stay in the names of the files: give\nothers with -o where "
        "they "
        "tell who it is.",
    .options = OPTIONS,
    .run = run,
};
