#include "eval_report.h"

#include "base/file.h"
#include "command.h"
#include "eval/report/report.h"
#include "inputs.h"
#include "output.h"
#include "picture.h"
#include "report_text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool eval_report_wanted(const eval_options *o) {
    return o->figures || o->report;
}

/* The report may be written, and is no file that is read. */
static xp_status check_report(const eval_options *o, xp_error *err) {
    const char *const read[] = {o->model,      o->model_b,      o->scores,    o->scores_b,
                                o->truth,      o->patients,     o->test_set,  o->val_set,
                                o->val_scores, o->val_scores_b, o->val_truth, o->csv};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        char *word = (char *)(uintptr_t)read[i];
        if (word) XP_TRY(inputs_check_output(&word, 1, o->report, err));
    }
    return xp_file_check_writable(o->report, false, err);
}

xp_status eval_report_check(const eval_options *o, xp_error *err) {
    struct stat st;
    if (o->report) XP_TRY(check_report(o, err));
    if (o->dpi != 0 && !(o->dpi >= 10 && o->dpi <= 2400))
        return xp_fail(err, XP_ERR_USAGE, "--dpi %g: expected 10 to 2400", o->dpi);
    if (o->figures && !stat(o->figures, &st) && !S_ISDIR(st.st_mode))
        return xp_fail(err, XP_ERR_IO, "--figures %s: not a folder", o->figures);
    return XP_OK;
}

static const char *source_of(const eval_options *o, int i) {
    if (o->model) return i ? o->model_b : o->model;
    return i ? o->scores_b : o->scores;
}

static const char *file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Where the cases come from. */
static void describe_cases(const eval_options *o, char *text, size_t size) {
    if (o->test_set || o->scores) {
        snprintf(text, size, "%s", file_name(o->test_set ? o->test_set : o->truth));
        return;
    }
    size_t n = 0;
    for (int i = 0; i < o->data.names.n && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%s", i ? ", " : "", o->data.names.items[i]);
    if (n >= size) return;
    if (!strcmp(o->part, "all"))
        snprintf(text + n, size - n, ", all records");
    else
        snprintf(text + n, size - n, ", %s part", o->part);
}

/* ==== training log =========================================================================== */

/* logs/training.csv beside the model; false where there is none. */
static bool find_log(const char *model, char *path, size_t size) {
    struct stat st;
    if (!model) return false;
    const char *name = file_name(model);
    int n = snprintf(path, size, "%.*slogs/training.csv", (int)(name - model), model);
    return n > 0 && (size_t)n < size && !stat(path, &st);
}

/* ==== the figures ============================================================================ */

typedef struct drawn {
    xp_figure_list list;
    char what[512], log_of[2][300];
} drawn;

static xp_status draw_training(drawn *d, const eval_options *o, int n_models, xp_error *err) {
    static const char *const NAMES[] = {"training-a", "training-b"};
    char path[4096];
    for (int i = 0; i < n_models; i++) {
        const char *model = o->model ? source_of(o, i) : NULL;
        if (!find_log(model, path, sizeof path)) continue;
        snprintf(d->log_of[i], sizeof d->log_of[i], "%.280s", file_name(model));
        XP_TRY(xp_figure_training(&d->list, path, d->log_of[i], err));
        if (n_models > 1) d->list.items[d->list.n - 1].name = NAMES[i];
    }
    return XP_OK;
}

static xp_status draw_all(drawn *d, const eval_options *o, const eval_results *r, xp_error *err) {
    char data[256], model[2][64];
    xp_figure_source from = {.n_models = r->n_models,
                             .names = r->names,
                             .what = d->what,
                             .thresholds = r->thresholds,
                             .compared = r->compared,
                             .macro = r->macro};
    describe_cases(o, data, sizeof data);
    for (int i = 0; i < r->n_models; i++) {
        const char *letter = r->n_models > 1 ? (i ? "b: " : "a: ") : "";
        snprintf(model[i], sizeof model[i], "%s%.56s", letter, file_name(source_of(o, i)));
        from.models[i] = (xp_figure_model){model[i], xp_eval_cases_predictions(&r->models[i].cases),
                                           &r->evaluations[i]};
    }
    snprintf(d->what, sizeof d->what, "%s%s%s: %zu cases, %zu patients",
             r->n_models > 1 ? "" : model[0], r->n_models > 1 ? "" : " on ", data,
             r->evaluations[0].cases, r->evaluations[0].patients);
    XP_TRY(xp_figures_draw(&d->list, &from, err));
    return draw_training(d, o, r->n_models, err);
}

/* Every figure as folder/NAME.png and .svg. */
static xp_status write_figures(const xp_figure_list *list, const eval_options *o, xp_error *err) {
    char path[XP_PATH_MAX];
    const double dpi = o->dpi > 0 ? o->dpi : 300;
    XP_TRY(xp_make_folder(o->figures, err));
    for (int i = 0; i < list->n; i++)
        for (int svg = 0; svg < 2; svg++) {
            const xp_figure *f = &list->items[i];
            XP_TRY(xp_path_join(path, sizeof path, err, o->figures, "%s.%s", f->name,
                                svg ? "svg" : "png"));
            XP_TRY(picture_write(path, &f->page, f->title, svg, dpi, err));
            if (!o->json) print_path(path);
        }
    return XP_OK;
}

/* ==== the report ============================================================================= */

enum { FACTS_MAX = 2 * 5 + 1 };

typedef struct facts {
    xp_eval_fact list[FACTS_MAX];
    char text[FACTS_MAX][XP_PATH_MAX];
    int n;
} facts;

static void add_fact(facts *f, const char *term, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void add_fact(facts *f, const char *term, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->text[f->n], sizeof f->text[f->n], fmt, ap);
    va_end(ap);
    f->list[f->n] = (xp_eval_fact){term, f->text[f->n]};
    f->n++;
}

static xp_status add_model(facts *f, const char *path, const char *title, xp_error *err) {
    model_file file;
    XP_TRY(model_file_load(&file, path, err));
    const xp_model *m = &file.model;
    add_fact(f, title, "%s", path);
    add_fact(f, "name", "%s", m->name[0] ? m->name : "(no name)");
    add_fact(f, "SHA-256", "%s", file.sha256);
    add_fact(f, "architecture", "%s, %d leads, %d samples at %g Hz", m->architecture, m->n_leads,
             m->length, m->rate);
    add_fact(f, "trained", "%s", m->trained ? "yes" : XP_UNTRAINED);
    model_file_free(&file);
    return XP_OK;
}

static xp_status find_facts(facts *f, const eval_options *o, int n_models, xp_error *err) {
    char text[512];
    for (int i = 0; i < n_models; i++) {
        const char *title = n_models > 1 ? (i ? "b" : "a") : o->model ? "model" : "scores";
        if (o->model)
            XP_TRY(add_model(f, source_of(o, i), title, err));
        else
            add_fact(f, title, "%s", source_of(o, i));
    }
    describe_cases(o, text, sizeof text);
    add_fact(f, "data", "%s", text);
    return XP_OK;
}

static xp_status write_page(const eval_options *o, const eval_results *r, const drawn *d,
                            const facts *f, xp_error *err) {
    const xp_eval_report report = {.line = XP_DISCLAIMER,
                                   .facts = f->list,
                                   .n_facts = f->n,
                                   .made_by = "xplaim " XP_VERSION,
                                   .evaluations = r->evaluations,
                                   .n_models = r->n_models,
                                   .names = r->names,
                                   .thresholds = r->thresholds,
                                   .compared = r->compared,
                                   .macro = r->macro,
                                   .figures = &d->list};
    char *page;
    size_t size;
    XP_TRY(xp_eval_report_html(&page, &size, &report, err));
    xp_status s = xp_file_write(o->report, page, size, err);
    free(page);
    if (s == XP_OK && !o->json) print_path(o->report);
    return s;
}

static xp_status write_report(const eval_options *o, const eval_results *r, const drawn *d,
                              xp_error *err) {
    facts *f = calloc(1, sizeof *f);
    if (!f) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the report");
    xp_status s = find_facts(f, o, r->n_models, err);
    if (s == XP_OK) s = write_page(o, r, d, f, err);
    free(f);
    return s;
}

xp_status eval_report_write(const eval_options *o, const eval_results *r, xp_error *err) {
    drawn *d = calloc(1, sizeof *d);
    if (!d) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures");
    xp_status s = draw_all(d, o, r, err);
    if (s == XP_OK && o->figures) s = write_figures(&d->list, o, err);
    if (s == XP_OK && o->report) s = write_report(o, r, d, err);
    xp_figures_free(&d->list);
    free(d);
    return s;
}
