#include "eval_report.h"

#include "command.h"
#include "figures.h"
#include "html.h"
#include "inputs.h"
#include "output.h"
#include "report.h"
#include "train/metrics_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DASH "\xe2\x80\x93"

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
    return output_check(o->report, false, err);
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
    figure_list list;
    char what[512], log_of[2][300];
} drawn;

static xp_status draw_training(drawn *d, const eval_options *o, int n_models, xp_error *err) {
    static const char *const NAMES[] = {"training-a", "training-b"};
    char path[4096];
    for (int i = 0; i < n_models; i++) {
        const char *model = o->model ? source_of(o, i) : NULL;
        if (!find_log(model, path, sizeof path)) continue;
        snprintf(d->log_of[i], sizeof d->log_of[i], "%.280s", file_name(model));
        XP_TRY(figure_training(&d->list, path, d->log_of[i], err));
        if (n_models > 1) d->list.items[d->list.n - 1].name = NAMES[i];
    }
    return XP_OK;
}

static xp_status draw_all(drawn *d, const eval_options *o, const eval_results *r, xp_error *err) {
    char data[256], model[2][64];
    figure_source from = {.n_models = r->n_models,
                          .names = r->names,
                          .what = d->what,
                          .thresholds = r->thresholds,
                          .compared = r->compared,
                          .macro = r->macro};
    describe_cases(o, data, sizeof data);
    for (int i = 0; i < r->n_models; i++) {
        const char *letter = r->n_models > 1 ? (i ? "b: " : "a: ") : "";
        snprintf(model[i], sizeof model[i], "%s%.56s", letter, file_name(source_of(o, i)));
        from.models[i] =
            (figure_model){model[i], cases_predictions(&r->models[i].cases), &r->evaluations[i]};
    }
    snprintf(d->what, sizeof d->what, "%s%s%s: %zu cases, %zu patients",
             r->n_models > 1 ? "" : model[0], r->n_models > 1 ? "" : " on ", data,
             r->evaluations[0].cases, r->evaluations[0].patients);
    XP_TRY(figures_draw(&d->list, &from, err));
    return draw_training(d, o, r->n_models, err);
}

/* ==== the report: tables ===================================================================== */

static void put_value(html *h, double v, xp_ci ci, const char *format) {
    char text[64];
    html_raw(h, "<td>");
    if (isnan(v)) {
        html_raw(h, "<span class=\"none\">undefined</span></td>");
        return;
    }
    snprintf(text, sizeof text, format, v);
    html_text(h, text);
    if (!isnan(ci.low)) {
        bool is_signed = !strncmp(format, "%+", 2);
        snprintf(text, sizeof text, is_signed ? "%+.3f to %+.3f" : "%.3f" DASH "%.3f", ci.low,
                 ci.high);
        html_raw(h, "<small>");
        html_text(h, text);
        html_raw(h, "</small>");
    }
    html_raw(h, "</td>");
}

static void put_count(html *h, size_t n) {
    char text[32];
    snprintf(text, sizeof text, "%zu", n);
    html_cell(h, text);
}

static void put_figures_row(html *h, const char *name, const xp_evaluated *e, bool last) {
    static const xp_metric COLUMNS[] = {XP_AUROC,       XP_AUPRC,     XP_SENSITIVITY,
                                        XP_SPECIFICITY, XP_PRECISION, XP_NPV,
                                        XP_F1,          XP_BRIER,     XP_ECE};
    html_row(h, name, last ? "mean" : NULL);
    put_count(h, e->n);
    put_count(h, e->positives);
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        put_value(h, e->value[COLUMNS[i]], xp_best_interval(e, COLUMNS[i]), "%.3f");
    html_raw(h, "</tr>\n");
}

static void put_figures(html *h, const xp_evaluation *e, const char *const *names,
                        const char *caption) {
    static const char *const HEAD[] = {
        "label",     "cases", "with finding", "AUROC", "AUPRC", "sensitivity", "specificity",
        "precision", "NPV",   "F1",           "Brier", "ECE",   NULL};
    html_table(h, caption, HEAD);
    for (int l = 0; l < e->labels; l++) put_figures_row(h, names[l], &e->label[l], false);
    put_figures_row(h, "macro (mean of labels)", &e->macro, true);
    put_figures_row(h, "micro (all pairs)", &e->micro, true);
    html_table_end(h);
}

static void put_confusion(html *h, const xp_evaluation *e, const char *const *names,
                          const char *caption) {
    static const char *const HEAD[] = {
        "label",         "threshold",      "true positive",     "false negative",
        "true negative", "false positive", "unknown, left out", NULL};
    html_table(h, caption, HEAD);
    for (int l = 0; l < e->labels; l++) {
        const xp_evaluated *v = &e->label[l];
        const size_t counts[] = {v->confusion.tp, v->confusion.fn, v->confusion.tn, v->confusion.fp,
                                 v->unknown};
        html_row(h, names[l], NULL);
        put_value(h, v->threshold, (xp_ci){NAN, NAN}, "%.4g");
        for (int i = 0; i < 5; i++) put_count(h, counts[i]);
        html_raw(h, "</tr>\n");
    }
    html_table_end(h);
}

static void put_p(html *h, double p) {
    put_value(h, p, (xp_ci){NAN, NAN}, p < 0.001 ? "%.1e" : "%.3f");
}

static void put_macro(html *h, const xp_compared *c) {
    static const xp_ci NONE = {NAN, NAN};
    html_row(h, "macro (mean of labels)", "mean");
    put_value(h, c->auroc[0], NONE, "%.3f");
    put_value(h, c->auroc[1], NONE, "%.3f");
    put_value(h, c->difference, NONE, "%+.3f");
    html_cell(h, "");
    put_value(h, c->difference, (xp_ci){c->boot.low, c->boot.high}, "%+.3f");
    for (int i = 0; i < 4; i++) html_cell(h, "");
    html_raw(h, "</tr>\n");
}

static void put_comparison(html *h, const eval_results *r) {
    static const char *const HEAD[] = {"label",
                                       "AUROC a",
                                       "AUROC b",
                                       "a \xe2\x88\x92 b (DeLong)",
                                       "p (DeLong)",
                                       "a \xe2\x88\x92 b (bootstrap)",
                                       "sensitivity: only a / only b right",
                                       "p (McNemar)",
                                       "specificity: only a / only b right",
                                       "p (McNemar)",
                                       NULL};
    char text[64];
    html_table(h, "a against b on the same cases", HEAD);
    for (int l = 0; l < r->evaluations[0].labels; l++) {
        const xp_compared *c = &r->compared[l];
        const xp_paired *pairs[] = {&c->sensitivity, &c->specificity};
        html_row(h, r->names[l], NULL);
        put_value(h, c->auroc[0], (xp_ci){NAN, NAN}, "%.3f");
        put_value(h, c->auroc[1], (xp_ci){NAN, NAN}, "%.3f");
        put_value(h, c->difference, c->delong, "%+.3f");
        put_p(h, c->p);
        put_value(h, c->difference, (xp_ci){c->boot.low, c->boot.high}, "%+.3f");
        for (int i = 0; i < 2; i++) {
            snprintf(text, sizeof text, "%zu / %zu", pairs[i]->only_a, pairs[i]->only_b);
            html_cell(h, text);
            put_p(h, pairs[i]->p);
        }
        html_raw(h, "</tr>\n");
    }
    put_macro(h, r->macro);
    html_table_end(h);
}

/* ==== the report: the rest =================================================================== */

static xp_status put_model(html *h, const char *path, const char *title, xp_error *err) {
    model_file f;
    char text[128];
    XP_TRY(model_file_load(&f, path, err));
    const xp_model *m = &f.model;
    html_fact(h, title, path);
    html_fact(h, "name", m->name[0] ? m->name : "(no name)");
    html_fact(h, "SHA-256", f.sha256);
    snprintf(text, sizeof text, "%s, %d leads, %d samples at %g Hz", m->architecture, m->n_leads,
             m->length, m->rate);
    html_fact(h, "architecture", text);
    html_fact(h, "trained", m->trained ? "yes" : UNTRAINED_TEXT);
    model_file_free(&f);
    return XP_OK;
}

static xp_status put_facts(html *h, const eval_options *o, const eval_results *r, xp_error *err) {
    char text[512];
    const xp_evaluation *e = &r->evaluations[0];
    html_raw(h, "<h2>What was evaluated</h2>\n<dl>\n");
    for (int i = 0; i < r->n_models; i++) {
        const char *title = r->n_models > 1 ? (i ? "b" : "a") : o->model ? "model" : "scores";
        if (o->model)
            XP_TRY(put_model(h, source_of(o, i), title, err));
        else
            html_fact(h, title, source_of(o, i));
    }
    describe_cases(o, text, sizeof text);
    html_fact(h, "data", text);
    snprintf(text, sizeof text, "%zu cases of %zu patients", e->cases, e->patients);
    html_fact(h, "cases", text);
    html_fact(h, "thresholds", r->thresholds);
    snprintf(text, sizeof text,
             "%g %%: exact (Clopper-Pearson) for sensitivity, specificity, precision and NPV; "
             "DeLong for the AUROC of a label; bootstrap over patients (%d resamples, seed %llu) "
             "for all else",
             100 * e->options.level, e->options.resamples, (unsigned long long)e->options.seed);
    html_fact(h, "intervals", text);
    if (e->options.min_positives > 0) {
        snprintf(text, sizeof text, "of the labels with at least %d cases with the finding",
                 e->options.min_positives);
        html_fact(h, "macro mean", text);
    }
    html_fact(h, "made by", "xplaim " XP_VERSION);
    html_raw(h, "</dl>\n");
    return XP_OK;
}

static void put_tables(html *h, const eval_results *r) {
    static const char *const FIGURES[] = {"Figures of each label", "a: figures of each label",
                                          "b: figures of each label"};
    static const char *const COUNTS[] = {"Cases on either side of the threshold",
                                         "a: cases on either side of the threshold",
                                         "b: cases on either side of the threshold"};
    int first = r->n_models > 1;
    html_raw(h, "<h2>Tables</h2>\n<p>Small: intervals. A figure that the data do not define is "
                "\xe2\x80\x9cundefined\xe2\x80\x9d.</p>\n");
    if (r->compared) put_comparison(h, r);
    for (int i = 0; i < r->n_models; i++) {
        put_figures(h, &r->evaluations[i], r->names, FIGURES[first + i]);
        put_confusion(h, &r->evaluations[i], r->names, COUNTS[first + i]);
    }
}

static xp_status put_figure(html *h, const figure *f, xp_error *err) {
    char *svg;
    size_t size;
    XP_TRY(xp_svg(&svg, &size, &f->page, f->alt, err));
    html_raw(h, "<figure>\n");
    html_raw(h, svg);
    html_raw(h, "<figcaption>");
    html_text(h, f->title);
    html_raw(h, "</figcaption>\n</figure>\n");
    free(svg);
    return XP_OK;
}

static xp_status fill_report(html *h, const eval_options *o, const eval_results *r,
                             const drawn *figures, xp_error *err) {
    html_begin(h, r->n_models > 1 ? "Two models compared" : "Evaluation", DISCLAIMER);
    XP_TRY(put_facts(h, o, r, err));
    put_tables(h, r);
    html_raw(h, "<h2>Figures</h2>\n");
    for (int i = 0; i < figures->list.n; i++) XP_TRY(put_figure(h, &figures->list.items[i], err));
    html_end(h, DISCLAIMER);
    return XP_OK;
}

static xp_status write_report(const eval_options *o, const eval_results *r, const drawn *figures,
                              xp_error *err) {
    html h;
    XP_TRY(html_open(&h, err));
    xp_status s = fill_report(&h, o, r, figures, err);
    xp_status closed = html_close(&h, s == XP_OK ? err : NULL);
    if (s == XP_OK) s = closed;
    if (s == XP_OK) s = output_write_file(o->report, h.bytes, h.size, err);
    free(h.bytes);
    if (s == XP_OK && !o->json) {
        print_clean(stdout, o->report);
        puts("");
    }
    return s;
}

xp_status eval_report_write(const eval_options *o, const eval_results *r, xp_error *err) {
    drawn *d = calloc(1, sizeof *d);
    if (!d) return xp_fail(err, XP_ERR_MEMORY, "not enough memory for the figures");
    xp_status s = draw_all(d, o, r, err);
    if (s == XP_OK && o->figures)
        s = figures_write(&d->list, o->figures, o->dpi > 0 ? o->dpi : 300, o->json ? NULL : stdout,
                          err);
    if (s == XP_OK && o->report) s = write_report(o, r, d, err);
    figures_free(&d->list);
    free(d);
    return s;
}
