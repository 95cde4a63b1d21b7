/* xplaim cases: case sets for teaching: checked, answers scored, packed for a course. */
#include "base/file.h"
#include "case_files.h"
#include "command.h"
#include "ecg/format.h"
#include "output.h"
#include "report_text.h"
#include "teach/bundle.h"
#include "teach/manifest.h"
#include "teach/results.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct cases_options {
    const char *output, *page;
    bool json, scorm, html, zip, with_network;
} cases_options;

static const option_spec OPTIONS[] = {
    OPTION_JSON(cases_options),
    OPTION_OUTPUT(cases_options, "OUT.zip|OUT.html", "pack: file to write"),
    {"scorm12", 0, OPTION_FLAG, NULL, "pack: a SCORM 1.2 package, for a course",
     offsetof(cases_options, scorm)},
    {"html", 0, OPTION_FLAG, NULL, "pack: one HTML file, which plays the set without a network",
     offsetof(cases_options, html)},
    {"zip", 0, OPTION_FLAG, NULL, "pack: the case set itself, to be opened in the page",
     offsetof(cases_options, zip)},
    {"with-network", 0, OPTION_FLAG, NULL,
     "pack: with the page's model, so that the network can be asked; 6 MB more",
     offsetof(cases_options, with_network)},
    {"page", 0, OPTION_TEXT, "FILE",
     "pack: the page as one file (default: ecg-xplaim.html beside the program or in its share)",
     offsetof(cases_options, page)},
    {0}};

/* A set with all that it is checked against. */
typedef struct opened_set {
    case_files files;
    xp_bytes document;
    xp_teach_set set;
    xp_teach_warnings warnings;
} opened_set;

/* ==== opening ================================================================================ */

static xp_status as_fault(xp_teach_fault *fault, const xp_error *err) {
    *fault = (xp_teach_fault){.code = err->code};
    snprintf(fault->text, sizeof fault->text, "%s", err->text);
    return err->code;
}

/* Read once for what it names, then against that. Answers are scored without the recordings. */
static xp_status read_set(opened_set *o, bool alone, xp_teach_fault *fault) {
    cJSON *facts;
    xp_error err;
    XP_TRY(xp_teach_set_read(&o->set, o->document, NULL, NULL, fault));
    if (alone) return XP_OK;
    xp_status s = case_facts(&facts, &o->files, &o->set, &err);
    xp_teach_set_free(&o->set);
    if (s != XP_OK) return as_fault(fault, &err);
    s = xp_teach_set_read(&o->set, o->document, facts, &o->warnings, fault);
    cJSON_Delete(facts);
    return s;
}

static void close_set(opened_set *o) {
    xp_teach_set_free(&o->set);
    xp_teach_warnings_free(&o->warnings);
    case_files_close(&o->files);
}

/* alone: cases.json is looked at, and nothing beside it. On a fault *o holds nothing. */
static xp_status open_set(opened_set *o, const char *path, bool alone, xp_teach_fault *fault) {
    xp_error err;
    *o = (opened_set){0};
    xp_status s = case_files_open(&o->files, path, &err);
    if (s == XP_OK) s = case_files_get(&o->files, o->files.document, &o->document, &err);
    if (s != XP_OK)
        as_fault(fault, &err);
    else
        s = read_set(o, alone, fault);
    if (s != XP_OK) close_set(o);
    return s;
}

/* ==== faults ================================================================================= */

static void print_fault(const char *path, const xp_teach_fault *fault) {
    fputs("error: ", stderr);
    print_clean(stderr, path);
    const bool placed = !strncmp(fault->text, "line ", 5); /* with a column */
    if (fault->line && !placed) fprintf(stderr, ", line %d", fault->line);
    fputs(": ", stderr);
    print_clean(stderr, fault->text);
    fputs("\n", stderr);
}

static cJSON *check_begin(const char *path) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "disclaimer", xp_json_text(XP_DISCLAIMER));
    xp_json_add(o, "file", xp_json_text(path));
    return o;
}

static exit_code fault_found(const cases_options *opt, const char *path,
                             const xp_teach_fault *fault) {
    if (opt->json) {
        cJSON *o = check_begin(path);
        xp_json_add(o, "error", xp_teach_fault_json(fault));
        json_print_line(o);
    } else {
        print_fault(path, fault);
    }
    return EXIT_CODE_BAD_INPUT;
}

/* ==== check ================================================================================== */

static void print_checked(const char *path, const opened_set *o) {
    print_clean(stdout, path);
    printf(": %d case%s, %d task%s, %g points: a case set\n", o->set.n_cases,
           o->set.n_cases == 1 ? "" : "s", o->set.n_tasks, o->set.n_tasks == 1 ? "" : "s",
           o->set.most);
    for (int i = 0; i < o->warnings.n; i++) {
        fputs("  note: ", stdout);
        print_clean(stdout, o->warnings.items[i].text);
        puts("");
    }
    if (o->warnings.left_out) printf("  note: %d more like these\n", o->warnings.left_out);
}

/* As the document of check and, with what was written, of pack. */
static void print_checked_json(const char *path, const opened_set *o, const char *output) {
    cJSON *doc = check_begin(path);
    if (output) xp_json_add(doc, "output", xp_json_text(output));
    xp_json_add(doc, "cases", xp_json_integer(o->set.n_cases));
    xp_json_add(doc, "tasks", xp_json_integer(o->set.n_tasks));
    xp_json_add(doc, "max_points", xp_json_number(o->set.most));
    xp_json_add(doc, "warnings", xp_teach_warnings_json(&o->warnings));
    json_print_line(doc);
}

static exit_code check_one(const cases_options *opt, const char *path) {
    opened_set o;
    xp_teach_fault fault;
    if (open_set(&o, path, false, &fault) != XP_OK) return fault_found(opt, path, &fault);
    if (opt->json)
        print_checked_json(path, &o, NULL);
    else
        print_checked(path, &o);
    close_set(&o);
    return EXIT_CODE_OK;
}

static exit_code check(const cases_options *opt, char **paths, int n) {
    exit_code worst = EXIT_CODE_OK;
    for (int i = 0; i < n; i++)
        if (check_one(opt, paths[i]) != EXIT_CODE_OK) worst = EXIT_CODE_BAD_INPUT;
    return worst;
}

/* ==== score ================================================================================== */

static const char *text_of(const cJSON *o, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsString(v) ? v->valuestring : "";
}

static double number_of(const cJSON *o, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

static void print_points(const cJSON *o) {
    printf("%g of %g", number_of(o, "points"), number_of(o, "max_points"));
}

static void print_case(const cJSON *o) {
    const cJSON *t, *tasks = cJSON_GetObjectItemCaseSensitive(o, "tasks");
    const bool counted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "counted"));
    printf("  %s, attempt %g: ", text_of(o, "case"), number_of(o, "attempt"));
    print_points(o);
    puts(counted ? "" : " (does not count)");
    cJSON_ArrayForEach(t, tasks) {
        const bool answered = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(t, "answered"));
        printf("    %-16s %-8s ", text_of(t, "task"), text_of(t, "type"));
        if (isnan(number_of(t, "share")))
            fputs("not scored", stdout);
        else
            print_points(t);
        puts(answered ? "" : "  not answered");
    }
}

static void print_results(const xp_teach_set *set, const cJSON *results) {
    const cJSON *o, *passed = cJSON_GetObjectItemCaseSensitive(results, "passed");
    print_clean(stdout, set->title);
    if (isnan(number_of(results, "score")))
        fputs(": nothing to score", stdout);
    else
        printf(": %.4g of 100", number_of(results, "score"));
    fputs(" (", stdout);
    print_points(results);
    printf(" points, %g of %d cases)", number_of(results, "played"), set->n_cases);
    puts(cJSON_IsBool(passed) ? cJSON_IsTrue(passed) ? ", passed" : ", not passed" : "");
    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(results, "cases")) print_case(o);
    printf("%s\n", XP_DISCLAIMER);
}

/* As text, numbers are read back from what --json prints. */
static void print_score(const cases_options *opt, const xp_teach_set *set, cJSON *results) {
    if (opt->json) {
        json_print_line(results);
        return;
    }
    char *text = xp_json_print(results);
    cJSON *numbers = text ? cJSON_Parse(text) : NULL;
    if (numbers) print_results(set, numbers);
    cJSON_Delete(numbers);
    cJSON_free(text);
}

static exit_code score(const command *self, const cases_options *opt, char **words) {
    opened_set o;
    xp_teach_fault fault;
    xp_error err;
    uint8_t *answers;
    size_t size;
    cJSON *results;
    if (open_set(&o, words[0], true, &fault) != XP_OK) return fault_found(opt, words[0], &fault);
    xp_status s = xp_file_read(words[1], &answers, &size, &err);
    if (s != XP_OK) {
        close_set(&o);
        return command_failed(self, opt, &err);
    }
    s = xp_teach_score(&results, &o.set, (xp_bytes){answers, size}, &fault);
    free(answers);
    exit_code code = EXIT_CODE_OK;
    if (s == XP_OK)
        print_score(opt, &o.set, results);
    else
        code = fault_found(opt, words[1], &fault);
    close_set(&o);
    return code;
}

/* ==== pack =================================================================================== */

static const char PAGE[] = "ecg-xplaim.html";

/* Beside the program or, where it is installed, in ../share/xplaim. */
static bool find_page(char path[XP_PATH_MAX]) {
    static const char *const places[] = {"", "/../share/xplaim"};
    char program[XP_PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    xp_error err;
    if (n <= 0) return false;
    program[n] = 0;
    char *slash = strrchr(program, '/');
    if (slash) *slash = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (xp_path_join(path, XP_PATH_MAX, &err, program, "%s%s%s", places[i] + !!*places[i],
                         *places[i] ? "/" : "", PAGE) == XP_OK &&
            xp_is_file(path))
            return true;
    return false;
}

static xp_status read_page(const cases_options *opt, uint8_t **bytes, size_t *size, xp_error *err) {
    char path[XP_PATH_MAX];
    if (opt->page) return xp_file_read(opt->page, bytes, size, err);
    if (find_page(path)) return xp_file_read(path, bytes, size, err);
    return xp_fail(
        err, XP_ERR_NOT_FOUND,
        "%s is neither beside this program nor in its share folder: name the page as one "
        "file with --page FILE (every release has it)",
        PAGE);
}

/* The files of the set but its document, by name. */
static int files_of(const opened_set *o, xp_teach_packed *out) {
    int n = 0;
    for (int i = 0; i < o->files.n; i++) {
        const case_file *f = &o->files.items[i];
        if (f->used && strcmp(f->name, o->files.document))
            out[n++] = (xp_teach_packed){f->name, {f->data, f->size}};
    }
    return n;
}

static xp_status make_html(const cases_options *opt, const opened_set *o, xp_teach_packed *files,
                           int n, xp_buffer *out, xp_teach_fault *fault) {
    uint8_t *page;
    size_t size;
    xp_error err;
    if (read_page(opt, &page, &size, &err) != XP_OK) return as_fault(fault, &err);
    xp_status s = xp_teach_bundle(out, (xp_bytes){page, size}, &o->set, o->document, files, n,
                                  opt->with_network, fault);
    free(page);
    return s;
}

static xp_status write_zip(const cases_options *opt, const xp_archive_source *entries, int n,
                           xp_teach_fault *fault) {
    uint8_t *bytes;
    size_t size;
    xp_error err;
    xp_status s = xp_archive_write(entries, n, true, &bytes, &size, &err);
    if (s == XP_OK) {
        s = xp_file_write(opt->output, bytes, size, &err);
        free(bytes);
    }
    return s == XP_OK ? XP_OK : as_fault(fault, &err);
}

static xp_status pack_scorm(const cases_options *opt, const opened_set *o, const xp_buffer *html,
                            xp_teach_fault *fault) {
    xp_buffer manifest = {0};
    xp_error err;
    xp_teach_manifest(&manifest, &o->set);
    const xp_archive_source entries[] = {{"imsmanifest.xml", {manifest.data, manifest.size}},
                                         {"index.html", {html->data, html->size}}};
    xp_status s = XP_OK;
    if (manifest.failed) {
        xp_fail(&err, XP_ERR_MEMORY, "not enough memory");
        s = as_fault(fault, &err);
    }
    if (s == XP_OK) s = write_zip(opt, entries, 2, fault);
    xp_buffer_free(&manifest);
    return s;
}

static xp_status pack_set(const cases_options *opt, const opened_set *o,
                          const xp_teach_packed *files, int n, xp_teach_fault *fault) {
    xp_archive_source *entries = calloc((size_t)n + 1, sizeof *entries);
    xp_error err;
    if (!entries) {
        xp_fail(&err, XP_ERR_MEMORY, "not enough memory");
        return as_fault(fault, &err);
    }
    entries[0] = (xp_archive_source){"cases.json", o->document};
    for (int i = 0; i < n; i++) entries[i + 1] = (xp_archive_source){files[i].name, files[i].bytes};
    xp_status s = write_zip(opt, entries, n + 1, fault);
    free(entries);
    return s;
}

static xp_status pack_page(const cases_options *opt, const opened_set *o, xp_teach_packed *files,
                           int n, xp_teach_fault *fault) {
    xp_buffer html = {0};
    xp_error err;
    xp_status s = make_html(opt, o, files, n, &html, fault);
    if (s == XP_OK && opt->scorm) s = pack_scorm(opt, o, &html, fault);
    if (s == XP_OK && opt->html && xp_file_write(opt->output, html.data, html.size, &err) != XP_OK)
        s = as_fault(fault, &err);
    xp_buffer_free(&html);
    return s;
}

static xp_status pack_opened(const cases_options *opt, const opened_set *o, xp_teach_fault *fault) {
    xp_teach_packed *files = calloc((size_t)o->files.n + 1, sizeof *files);
    xp_error err;
    if (!files) {
        xp_fail(&err, XP_ERR_MEMORY, "not enough memory");
        return as_fault(fault, &err);
    }
    const int n = files_of(o, files);
    xp_status s = opt->zip ? pack_set(opt, o, files, n, fault) : pack_page(opt, o, files, n, fault);
    free(files);
    return s;
}

static exit_code pack(const command *self, const cases_options *opt, const char *path) {
    const int kinds = opt->scorm + opt->html + opt->zip;
    opened_set o;
    xp_teach_fault fault;
    if (kinds != 1)
        return usage_error(self, opt, "say what to make: one of --scorm12, --html and --zip");
    if (!opt->output) return usage_error(self, opt, "nowhere to write: give a file with -o");
    const char *ending = opt->html ? ".html" : ".zip";
    if (!xp_name_ends_with(opt->output, ending))
        return usage_error(self, opt, "-o %s: what is made here ends with %s", opt->output, ending);
    if (opt->zip && (opt->with_network || opt->page))
        return usage_error(self, opt, "--zip makes the case set alone, without page and model");
    if (open_set(&o, path, false, &fault) != XP_OK) return fault_found(opt, path, &fault);
    xp_status s = pack_opened(opt, &o, &fault);
    if (s == XP_OK && opt->json) print_checked_json(path, &o, opt->output);
    if (s == XP_OK && !opt->json) print_path(opt->output);
    close_set(&o);
    return s == XP_OK ? EXIT_CODE_OK : fault_found(opt, path, &fault);
}

/* ============================================================================================= */

static exit_code run(const command *self, int argc, char **argv) {
    cases_options opt = {0};
    arguments words;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 2, -1, &words, &code)) return code;
    const char *what = words.items[0];
    char **rest = words.items + 1;
    const int n = words.n - 1;
    if (!strcmp(what, "check")) return check(&opt, rest, n);
    if (strcmp(what, "score") && strcmp(what, "pack"))
        return usage_error(self, &opt, "there is no \"%s\": write check, score or pack", what);
    if (!strcmp(what, "score") && n != 2)
        return usage_error(self, &opt, "score takes a case set and a file of answers");
    if (!strcmp(what, "pack") && n != 1) return usage_error(self, &opt, "pack takes one case set");
    return *what == 's' ? score(self, &opt, rest) : pack(self, &opt, rest[0]);
}

const command command_cases = {
    .name = "cases",
    .summary = "case sets for teaching: checked, answers scored, packed for a course",
    .arguments =
        "check SET... | score SET ANSWERS | pack SET -o OUT.zip|OUT.html --scorm12|--html|--zip",
    .details =
        "SET is cases.json, or the folder or the zip archive that it lies in.\n\ncheck reads all "
        "of "
        "it, recordings too, and says what is wrong: the case, the field, the line, the\nreason "
        "and "
        "what to do. What is odd and stops nothing is a note.\n\nscore says what the answers in a "
        "JSON file are worth.\n\npack writes what a course takes: a SCORM 1.2 package or one HTML "
        "file, both of which are the page\nwith the set inside and need no network, or the set as "
        "a "
        "zip archive.",
    .options = OPTIONS,
    .run = run,
};
