#include "eval/report/report.h"

#include "eval/metrics_report.h"
#include "eval/report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DASH "\xe2\x80\x93"

/* ==== tables ================================================================================= */

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

static void put_comparison(html *h, const xp_eval_report *r) {
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

static void put_tables(html *h, const xp_eval_report *r) {
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

/* ==== the page =============================================================================== */

static void put_intervals(html *h, const xp_evaluation *e) {
    char text[512];
    snprintf(text, sizeof text,
             "%g %%: exact (Clopper-Pearson) for sensitivity, specificity, precision and NPV; "
             "DeLong for the AUROC of a label; bootstrap over patients (%d resamples, seed %llu) "
             "for all else",
             100 * e->options.level, e->options.resamples, (unsigned long long)e->options.seed);
    html_fact(h, "intervals", text);
    if (e->options.min_positives == 0) return;
    snprintf(text, sizeof text, "of the labels with at least %d cases with the finding",
             e->options.min_positives);
    html_fact(h, "macro mean", text);
}

static void put_facts(html *h, const xp_eval_report *r) {
    char text[128];
    const xp_evaluation *e = &r->evaluations[0];
    html_raw(h, "<h2>What was evaluated</h2>\n<dl>\n");
    for (int i = 0; i < r->n_facts; i++) html_fact(h, r->facts[i].term, r->facts[i].text);
    snprintf(text, sizeof text, "%zu cases of %zu patients", e->cases, e->patients);
    html_fact(h, "cases", text);
    html_fact(h, "thresholds", r->thresholds);
    put_intervals(h, e);
    html_fact(h, "made by", r->made_by);
    html_raw(h, "</dl>\n");
}

static xp_status put_figure(html *h, const xp_figure *f, xp_error *err) {
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

static xp_status fill(html *h, const xp_eval_report *r, xp_error *err) {
    html_begin(h, r->n_models > 1 ? "Two models compared" : "Evaluation", r->line);
    put_facts(h, r);
    put_tables(h, r);
    html_raw(h, "<h2>Figures</h2>\n");
    for (int i = 0; i < r->figures->n; i++) XP_TRY(put_figure(h, &r->figures->items[i], err));
    html_end(h, r->line);
    return XP_OK;
}

xp_status xp_eval_report_html(char **out, size_t *size, const xp_eval_report *r, xp_error *err) {
    html h;
    XP_TRY(html_open(&h, err));
    xp_status s = fill(&h, r, err);
    xp_status closed = html_close(&h, s == XP_OK ? err : NULL);
    if (s == XP_OK) s = closed;
    if (s == XP_OK) {
        *out = h.bytes;
        *size = h.size;
    } else {
        free(h.bytes);
    }
    return s;
}
