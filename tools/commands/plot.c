/* xplaim plot: pictures of recordings at clinical scale, and of where a model's evidence lies. */
#include "analyse.h"
#include "base/file.h"
#include "command.h"
#include "draw_analysis.h"
#include "draw_measures.h"
#include "ecg/leads.h"
#include "eval/figures/figures.h"
#include "measure/whole.h"
#include "measure_words.h"
#include "picture.h"
#include "report_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

typedef struct plot_options {
    const char *model, *output, *label, *layer, *layout, *style, *colormap;
    text_list rhythm;
    bool png, svg, cabrera, marks;
    double dpi, speed, gain, start, seconds;
    int threads;
    xp_prepare_options prepare;
    xp_read_options known;
} plot_options;

static const option_spec OPTIONS[] = {
    OPTION_OUTPUT(plot_options, "FILE|DIR",
                  "picture, or folder of pictures, to write instead of output/imgs/ECG_..."),
    {"png", 0, OPTION_FLAG, NULL, "write PNG (the default)", offsetof(plot_options, png)},
    {"svg", 0, OPTION_FLAG, NULL, "write SVG, in millimetres; with --png: both",
     offsetof(plot_options, svg)},
    {"dpi", 0, OPTION_NUMBER, "N", "pixels an inch of a PNG (default 300)",
     offsetof(plot_options, dpi)},
    {"layout", 0, OPTION_TEXT, "NAME", "12x1 (the default), 6x2, 3x4, 3x4+1, 3x4+3",
     offsetof(plot_options, layout)},
    {"rhythm", 0, OPTION_TEXTS, "LEAD",
     "lead of a rhythm row (default II, V1, V5), or the lead of gradcam-single (default II)",
     offsetof(plot_options, rhythm)},
    {"cabrera", 0, OPTION_FLAG, NULL, "limb leads as aVL I -aVR II aVF III",
     offsetof(plot_options, cabrera)},
    {"marks", 0, OPTION_FLAG, NULL,
     "mark beats, where P, QRS and T begin and end, and faults of leads; with measurements",
     offsetof(plot_options, marks)},
    {"speed", 0, OPTION_NUMBER, "MM/S", "12.5, 25 (the default) or 50",
     offsetof(plot_options, speed)},
    {"gain", 0, OPTION_NUMBER, "MM/MV", "5, 10 (the default) or 20", offsetof(plot_options, gain)},
    {"start", 0, OPTION_NUMBER, "S", "second of the recording to begin at (default 0)",
     offsetof(plot_options, start)},
    {"seconds", 0, OPTION_NUMBER, "S", "how much to show (default 10)",
     offsetof(plot_options, seconds)},
    OPTION_MODEL(plot_options),
    {"label", 0, OPTION_TEXT, "LABEL", "whose evidence to show, by name or number",
     offsetof(plot_options, label)},
    {"layer", 0, OPTION_TEXT, "NAME", "layer whose map is made", offsetof(plot_options, layer)},
    {"style", 0, OPTION_TEXT, "STYLE",
     "of the map: behind the trace (default), strip (above it) or trace (coloured)",
     offsetof(plot_options, style)},
    {"colormap", 0, OPTION_TEXT, "NAME",
     "viridis (the default), reds, cividis (safe in all dichromacies)",
     offsetof(plot_options, colormap)},
    OPTION_THREADS(plot_options, "0"),
    OPTIONS_PREPARE(plot_options),
    OPTIONS_KNOWN(plot_options, "unit"),
    {0}};

static const struct {
    const char *name;
    bool plain, map, beat;
    xp_layout layout;
} KINDS[] = {{"quick", .plain = true, .layout = XP_LAYOUT_12X1},
             {"fine", .layout = XP_LAYOUT_12X1},
             {"beat", .beat = true, .layout = XP_LAYOUT_3X4},
             {"gradcam", .map = true, .layout = XP_LAYOUT_12X1},
             {"gradcam-single", .map = true, .layout = XP_LAYOUT_SINGLE}};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

typedef struct plot_job {
    const plot_options *opt;
    xp_plot_options page;
    const char *kind, *prefix; /* of the names of files */
    analyser *an;              /* NULL: no map */
    bool several;              /* records: -o is a folder */
    bool beat;                 /* the median beat in place of the record */
    double dpi;
} plot_job;

/* ==== files ================================================================================== */

/* The record's name as part of a file's name. */
static void safe_name(const char *name, char out[96]) {
    snprintf(out, 96, "%s", name);
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || strchr("/\\:*?\"<>|", *p)) *p = '_';
}

/* folder/<prefix><id>_<kind>_<time>.ext, with a number where that is taken. */
static void default_path(const plot_job *j, const char *folder, const char *record,
                         const char *extension, char *path, size_t size) {
    char id[96], when[32];
    time_t now = time(NULL);
    struct tm tm;
    struct stat st;
    safe_name(record, id);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    snprintf(path, size, "%s/%s%s_%s_%s.%s", folder, j->prefix, id, j->kind, when, extension);
    for (int k = 2; k < 1000 && !stat(path, &st); k++)
        snprintf(path, size, "%s/%s%s_%s_%s_%d.%s", folder, j->prefix, id, j->kind, when, k,
                 extension);
}

static xp_status find_path(const plot_job *j, const char *record, const char *extension, char *path,
                           size_t size, xp_error *err) {
    const char *given = j->opt->output;
    if (given && !j->several) {
        snprintf(path, size, "%s", given);
        return XP_OK;
    }
    const char *folder = given ? given : "output/imgs";
    XP_TRY(given ? xp_make_folder(folder, err) : xp_make_folders(folder, err));
    default_path(j, folder, record, extension, path, size);
    return XP_OK;
}

static xp_status write_picture(const plot_job *j, const xp_display *d, const char *record, bool svg,
                               xp_error *err) {
    char path[XP_PATH_MAX];
    XP_TRY(find_path(j, record, svg ? "svg" : "png", path, sizeof path, err));
    XP_TRY(picture_write(path, d, record, svg, j->dpi, err));
    print_path(path);
    return XP_OK;
}

static bool ends_in_svg(const char *path) {
    size_t n = path ? strlen(path) : 0;
    return n > 4 && !strcasecmp(path + n - 4, ".svg");
}

static xp_status write_pictures(const plot_job *j, const xp_display *d, const char *record,
                                xp_error *err) {
    bool svg = j->opt->svg || (!j->several && !j->opt->png && ends_in_svg(j->opt->output));
    if (j->opt->png || !svg) XP_TRY(write_picture(j, d, record, false, err));
    return svg ? write_picture(j, d, record, true, err) : XP_OK;
}

/* ==== one record ============================================================================= */

/* A picture of each kind that is asked for, of a page that was drawn; the page goes. */
static xp_status write_page(const plot_job *j, xp_display *d, const xp_record *rec, xp_status s,
                            xp_error *err) {
    if (s == XP_OK) s = write_pictures(j, d, rec->name, err);
    xp_display_free(d);
    return s;
}

static xp_status draw(const plot_job *j, const xp_record *rec, const xp_plot_options *page,
                      xp_error *err) {
    xp_display d = {0};
    xp_status s = xp_draw_record(&d, rec, NULL, page, err);
    return write_page(j, &d, rec, s, err);
}

static xp_status analyse_and_draw(const plot_job *j, const xp_record *rec, const char *path,
                                  const xp_plot_options *page, xp_error *err) {
    const xp_explain_options *o = &j->an->options;
    const xp_model *m = &j->an->file.model;
    xp_display d = {0};
    xp_analysis a;
    XP_TRY(analyser_equip(j->an, err));
    xp_status s = xp_explain(&a, rec, m, j->an->net, o, err);
    if (s != XP_OK) {
        report_refusal(err, path);
        return s;
    }
    s = xp_draw_analysis(&d, rec, &a, m, o->layer, o->label, page, err);
    s = write_page(j, &d, rec, s, err);
    xp_analysis_free(&a);
    return s;
}

static xp_status draw_beat(const plot_job *j, const xp_record *rec, const xp_measures *m,
                           const xp_plot_options *page, xp_error *err) {
    xp_display d = {0};
    xp_status s = xp_draw_beat(&d, rec, m, NULL, page, err);
    return write_page(j, &d, rec, s, err);
}

/* The beats and waves of a record, or its median beat. */
static xp_status measure_and_draw(const plot_job *j, const xp_record *rec, const char *path,
                                  xp_error *err) {
    xp_quality quality;
    xp_measures measures;
    xp_plot_options page = j->page;
    char numbers[XP_NUMBERS_TEXT];
    xp_status s;
    XP_TRY(xp_measure_whole(&quality, &measures, rec, j->opt->prepare.accept_checksums, err));
    xp_plot_beat *marks = xp_measure_marks(&measures, &page.n_beats);
    xp_plot_fault *faults = xp_quality_faults(&quality, &page.n_faults);
    page.beats = marks;
    page.faults = faults;
    page.numbers = xp_numbers_line(&measures, &quality, numbers);
    if (j->beat)
        s = draw_beat(j, rec, &measures, &page, err);
    else
        s = j->an ? analyse_and_draw(j, rec, path, &page, err) : draw(j, rec, &page, err);
    free(marks);
    free(faults);
    xp_measures_free(&measures);
    xp_quality_free(&quality);
    return s;
}

static xp_status plot_record(const plot_job *j, const char *path, xp_error *err) {
    xp_record rec = {0};
    XP_TRY(input_read_record(&rec, path, &j->opt->known, err));
    xp_status s = xp_leads_complete(&rec, err);
    if (s == XP_OK && (j->beat || j->opt->marks))
        s = measure_and_draw(j, &rec, path, err);
    else if (s == XP_OK)
        s = j->an ? analyse_and_draw(j, &rec, path, &j->page, err) : draw(j, &rec, &j->page, err);
    xp_record_free(&rec);
    return s;
}

static xp_status plot_input(const plot_job *j, const input *in, xp_error *err) {
    switch (in->kind) {
    case INPUT_RECORD:
        return plot_record(j, in->path, err);
    case INPUT_NPY:
        return xp_fail(err, XP_ERR_UNSUPPORTED,
                       "%s: prepared windows carry no lead names: plot the recording itself",
                       in->path);
    case INPUT_MISSING:
        *err = *in->error;
        return err->code;
    }
    return XP_OK;
}

/* ==== training ============================================================================== */

/* PACKAGE of PACKAGE, PACKAGE/logs or PACKAGE/logs/training.csv. */
static void package_name(const char *path, char name[96]) {
    static const char *const ENDS[] = {"/", "/training.csv", "/logs"};
    size_t n = strlen(path);
    for (int i = 0; i < 3; i++) {
        size_t k = strlen(ENDS[i]);
        while (n > k && !strncmp(path + n - k, ENDS[i], k)) n -= k;
    }
    size_t from = n;
    while (from > 0 && path[from - 1] != '/') from--;
    snprintf(name, 96, "%.*s", (int)(n - from < 95 ? n - from : 95), path + from);
}

/* The log of a package, or of its folder of logs, or the log itself; and the package's name. */
static xp_status find_log(const char *path, char *log, size_t size, char name[96], xp_error *err) {
    static const char *const INSIDE[] = {"%s/logs/training.csv", "%s/training.csv", "%s"};
    struct stat st;
    bool folder = !stat(path, &st) && S_ISDIR(st.st_mode);
    for (int i = folder ? 0 : 2; i < 3; i++) {
        int n = snprintf(log, size, INSIDE[i], path);
        if (n > 0 && (size_t)n < size && !stat(log, &st) && S_ISREG(st.st_mode)) {
            package_name(path, name);
            return XP_OK;
        }
    }
    return xp_fail(err, XP_ERR_NOT_FOUND,
                   "%s: no log of a training run (a package of `xplaim train`, or its "
                   "logs/training.csv)",
                   path);
}

static xp_status plot_training(const plot_job *j, const char *path, xp_error *err) {
    char log[4096], name[96];
    xp_figure_list list = {0};
    XP_TRY(find_log(path, log, sizeof log, name, err));
    xp_status s = xp_figure_training(&list, log, name, err);
    if (s == XP_OK) s = write_pictures(j, &list.items[0].page, name, err);
    xp_figures_free(&list);
    return s;
}

/* ==== the command ============================================================================ */

/* Every input, good or bad; how many failed. */
static int plot_all(const plot_job *j, const input_list *list) {
    int failed = 0;
    for (int i = 0; i < list->n; i++) {
        xp_error err = {0};
        if (plot_input(j, &list->items[i], &err) == XP_OK) continue;
        report_failure(list->items[i].path, &err, false);
        failed++;
    }
    return failed;
}

/* A word of an option as its number, or default where it was not given; -1: not known. */
static int word_number(int (*find)(const char *), const char *word, int by_default) {
    return word ? find(word) : by_default;
}

/* Whether what is asked for goes to a folder: more than one input, or a folder that is there. */
static bool to_folder(const plot_options *o, int inputs) {
    struct stat st;
    return inputs > 1 || (o->output && !stat(o->output, &st) && S_ISDIR(st.st_mode));
}

/* What is wrong whatever is drawn. */
static exit_code check_options(const command *self, plot_job *j) {
    const plot_options *o = j->opt;
    if (o->png && o->svg && o->output && !j->several)
        return usage_error(self, o, "-o FILE names one picture: --png and --svg make two");
    if (o->dpi != 0 && !(o->dpi >= 10 && o->dpi <= 2400))
        return usage_error(self, o, "--dpi %g: expected 10 to 2400", o->dpi);
    if (o->speed != 0 && o->speed != 12.5 && o->speed != 25 && o->speed != 50)
        return usage_error(self, o, "--speed %g: expected 12.5, 25 or 50", o->speed);
    if (o->gain != 0 && o->gain != 5 && o->gain != 10 && o->gain != 20)
        return usage_error(self, o, "--gain %g: expected 5, 10 or 20", o->gain);
    j->dpi = o->dpi > 0 ? o->dpi : 300;
    return EXIT_CODE_OK;
}

static exit_code settle(const command *self, plot_job *j, int kind) {
    const plot_options *o = j->opt;
    int layout = word_number(xp_layout_find, o->layout, (int)KINDS[kind].layout);
    int style = word_number(xp_map_style_find, o->style, XP_MAP_BEHIND);
    int colormap = word_number(xp_colormap_find, o->colormap, XP_VIRIDIS);
    if (layout < 0) return usage_error(self, o, "there is no layout \"%s\"", o->layout);
    if (style < 0) return usage_error(self, o, "there is no style \"%s\"", o->style);
    if (colormap < 0) return usage_error(self, o, "there is no colour map \"%s\"", o->colormap);
    if (o->rhythm.n > 3) return usage_error(self, o, "%d rhythm leads: at most 3", o->rhythm.n);
    if (KINDS[kind].map && !o->model) return usage_error(self, o, "no model: give one with -m");
    if (KINDS[kind].map && !o->label)
        return usage_error(self, o, "no label: choose with --label whose evidence to show");
    j->page = (xp_plot_options){.layout = (xp_layout)layout,
                                .speed = o->speed,
                                .gain = o->gain,
                                .start = o->start,
                                .seconds = o->seconds,
                                .cabrera = o->cabrera,
                                .plain = KINDS[kind].plain,
                                .style = (xp_map_style)style,
                                .colormap = (xp_colormap)colormap};
    for (int i = 0; i < o->rhythm.n; i++) j->page.rhythm[i] = o->rhythm.items[i];
    if (!o->svg && !ends_in_svg(o->output)) j->page.pixel = 25.4 / j->dpi;
    return EXIT_CODE_OK;
}

static exit_code run_kind(const command *self, plot_job *j, int kind, input_list *list) {
    analyser an;
    xp_error err;
    exit_code code = check_options(self, j);
    if (code == EXIT_CODE_OK) code = settle(self, j, kind);
    if (code != EXIT_CODE_OK) return code;
    if (KINDS[kind].map) {
        const plot_options *o = j->opt;
        if (analyser_open(&an, o->model, o->threads, ANALYSER_MAPS, o->layer, o->label, &err) !=
            XP_OK)
            return command_failed(self, o, &err);
        an.options.prepare = o->prepare;
        j->an = &an;
    }
    int failed = plot_all(j, list);
    if (j->an) analyser_close(&an);
    return failed ? EXIT_CODE_BAD_INPUT : EXIT_CODE_OK;
}

/* Each package, good or bad. */
static exit_code run_training(const command *self, plot_job *j, const arguments *args) {
    int failed = 0;
    exit_code code = check_options(self, j);
    if (code != EXIT_CODE_OK) return code;
    for (int i = 1; i < args->n; i++) {
        xp_error err = {0};
        if (plot_training(j, args->items[i], &err) == XP_OK) continue;
        report_failure(args->items[i], &err, false);
        failed++;
    }
    return failed ? EXIT_CODE_BAD_INPUT : EXIT_CODE_OK;
}

static exit_code run(const command *self, int argc, char **argv) {
    plot_options opt = {0};
    arguments args;
    exit_code code;
    if (!command_parse(self, &opt, argc, argv, 2, -1, &args, &code)) return code;
    if (!strcmp(args.items[0], "training")) {
        plot_job job = {
            .opt = &opt, .kind = "training", .prefix = "", .several = to_folder(&opt, args.n - 1)};
        return run_training(self, &job, &args);
    }
    int kind = 0;
    while (kind < N_KINDS && strcmp(args.items[0], KINDS[kind].name)) kind++;
    if (kind == N_KINDS)
        return usage_error(self, &opt,
                           "there is no plot \"%s\": quick, fine, beat, gradcam, "
                           "gradcam-single, training",
                           args.items[0]);
    input_list list = {0};
    xp_error err;
    if (inputs_expand(&list, args.items + 1, args.n - 1, &err) != XP_OK)
        return command_failed(self, &opt, &err);
    inputs_read_arrays(&list, &opt.known);
    plot_job job = {.opt = &opt,
                    .kind = KINDS[kind].name,
                    .prefix = "ECG_",
                    .beat = KINDS[kind].beat,
                    .several = to_folder(&opt, list.n)};
    code = run_kind(self, &job, kind, &list);
    inputs_free(&list);
    return code;
}

const command command_plot = {
    .name = "plot",
    .summary = "pictures of recordings at clinical scale, and of a model's evidence in time",
    .arguments =
        "quick|fine|beat|gradcam|gradcam-single INPUT... [-m MODEL --label LABEL] [options]\n"
        "            | training PACKAGE...",
    .details =
        "quick: traces only. fine: on the clinical 1 mm and 5 mm grid. beat: the median beat in "
        "3x4 at\n50 mm/s and, where it fits, 20 mm/mV, with its marks. gradcam: twelve leads with "
        "the\nGrad-CAM map of one label. gradcam-single: one lead, axes in seconds and "
        "mV.\ntraining: "
        "the curves of a training run, from the package that `xplaim train` wrote.\n\n"
        "INPUT: a record, or a folder or zip archive of records. A file that cannot be read is "
        "reported and "
        "the\nothers are drawn. Pictures are named ECG_<id>_<kind>_<time>.png in output/imgs/, "
        "made where\nmissing; their names are printed. The signal is drawn as recorded: --bandpass "
        "and --notch\nare for the model's input only.",
    .options = OPTIONS,
    .run = run,
};
