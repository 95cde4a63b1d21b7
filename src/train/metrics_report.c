#include "train/metrics_report.h"

#include <cjson/cJSON.h>
#include <math.h>

xp_ci xp_best_interval(const xp_evaluated *e, xp_metric m) {
    if (!isnan(e->exact[m].low)) return e->exact[m];
    if (m == XP_AUROC && !isnan(e->delong.low)) return e->delong;
    return (xp_ci){e->boot[m].low, e->boot[m].high};
}

/* ==== text ================================================================================ */

static const xp_metric columns[] = {XP_SENSITIVITY, XP_SPECIFICITY, XP_PRECISION,
                                    XP_F1,          XP_ACCURACY,    XP_AUROC,
                                    XP_AUPRC,       XP_BRIER,       XP_ECE};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void text_row(FILE *out, const char *name, const xp_evaluated *e) {
    fprintf(out, "%-10s %8zu %8zu", name, e->n, e->positives);
    for (int i = 0; i < COLUMNS; i++) {
        double v = e->value[columns[i]];
        if (isnan(v))
            fprintf(out, "  %-13s", "undefined");
        else
            fprintf(out, "  %-13.4f", v);
    }
    fprintf(out, "\n%28s", "");
    for (int i = 0; i < COLUMNS; i++) {
        xp_ci c = xp_best_interval(e, columns[i]);
        if (isnan(c.low))
            fprintf(out, "  %-13s", "");
        else
            fprintf(out, "  %.4f-%.4f", c.low, c.high);
    }
    fprintf(out, "\n");
}

void xp_evaluation_text(FILE *out, const xp_evaluation *e, const char *const *names) {
    fprintf(out,
            "%zu cases, %zu patients; %g %% intervals: exact (Clopper-Pearson) for proportions, ",
            e->cases, e->patients, 100 * e->options.level);
    fprintf(out, "DeLong for AUROC, else bootstrap over patients (%d resamples, seed %llu)\n",
            e->options.resamples, (unsigned long long)e->options.seed);
    if (e->options.min_positives > 0)
        fprintf(out, "macro: labels with at least %d positives\n", e->options.min_positives);
    fprintf(out, "%-10s %8s %8s", "label", "n", "positive");
    for (int i = 0; i < COLUMNS; i++) fprintf(out, "  %-13s", xp_metric_name(columns[i]));
    fprintf(out, "\n");
    for (int l = 0; l < e->labels; l++) text_row(out, names[l], &e->label[l]);
    text_row(out, "macro", &e->macro);
    text_row(out, "micro", &e->micro);
}

static void text_paired(FILE *out, const char *what, const xp_paired *t) {
    fprintf(out, "  %s: both right %zu, only a %zu, only b %zu, neither %zu", what, t->both,
            t->only_a, t->only_b, t->neither);
    if (isnan(t->p))
        fprintf(out, ", p undefined\n");
    else
        fprintf(out, ", McNemar exact p = %.3g\n", t->p);
}

static void text_difference(FILE *out, const xp_compared *c, const char *name) {
    if (isnan(c->difference)) {
        fprintf(out, "%s: AUROC undefined (one class only)\n", name);
        return;
    }
    fprintf(out, "%s: AUROC a %.4f, b %.4f, difference %+.4f", name, c->auroc[0], c->auroc[1],
            c->difference);
    if (!isnan(c->p))
        fprintf(out, ", DeLong %+.4f to %+.4f, p = %.3g", c->delong.low, c->delong.high, c->p);
    if (!isnan(c->boot.low)) fprintf(out, ", bootstrap %+.4f to %+.4f", c->boot.low, c->boot.high);
    fprintf(out, "\n");
}

void xp_comparison_text(FILE *out, const xp_compared *c, const xp_compared *macro, int labels,
                        const char *const *names) {
    text_difference(out, macro, "macro");
    for (int l = 0; l < labels; l++, c++) {
        text_difference(out, c, names[l]);
        text_paired(out, "sensitivity", &c->sensitivity);
        text_paired(out, "specificity", &c->specificity);
    }
}

/* ==== CSV ================================================================================= */

static void put_number(xp_csv_writer *w, double v) {
    if (isnan(v))
        xp_csv_put(w, "");
    else
        xp_csv_putf(w, "%.17g", v);
}

static void csv_header(xp_csv_writer *w) {
    static const char *const first[] = {"label", "n",  "positives", "unknown", "threshold",
                                        "tp",    "fp", "tn",        "fn"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) xp_csv_put(w, first[i]);
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        const char *name = xp_metric_name((xp_metric)m);
        xp_csv_put(w, name);
        xp_csv_putf(w, "%s_boot_low", name);
        xp_csv_putf(w, "%s_boot_high", name);
        xp_csv_putf(w, "%s_boot_undefined", name);
        xp_csv_putf(w, "%s_exact_low", name);
        xp_csv_putf(w, "%s_exact_high", name);
    }
    xp_csv_put(w, "auroc_delong_low");
    xp_csv_put(w, "auroc_delong_high");
    xp_csv_end_row(w);
}

static void csv_row(xp_csv_writer *w, const char *name, const xp_evaluated *e) {
    const size_t counts[] = {e->confusion.tp, e->confusion.fp, e->confusion.tn, e->confusion.fn};
    xp_csv_put(w, name);
    xp_csv_putf(w, "%zu", e->n);
    xp_csv_putf(w, "%zu", e->positives);
    xp_csv_putf(w, "%zu", e->unknown);
    put_number(w, e->threshold);
    for (int i = 0; i < 4; i++) xp_csv_putf(w, "%zu", counts[i]);
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        put_number(w, e->value[m]);
        put_number(w, e->boot[m].low);
        put_number(w, e->boot[m].high);
        xp_csv_putf(w, "%d", e->boot[m].undefined);
        put_number(w, e->exact[m].low);
        put_number(w, e->exact[m].high);
    }
    put_number(w, e->delong.low);
    put_number(w, e->delong.high);
    xp_csv_end_row(w);
}

void xp_evaluation_csv(xp_csv_writer *w, const xp_evaluation *e, const char *const *names) {
    csv_header(w);
    for (int l = 0; l < e->labels; l++) csv_row(w, names[l], &e->label[l]);
    csv_row(w, "macro", &e->macro);
    csv_row(w, "micro", &e->micro);
}

/* ==== JSON ================================================================================ */

/* cJSON writes NaN as null. */
static void add_interval(cJSON *to, const char *name, double low, double high) {
    if (isnan(low)) return;
    const double pair[] = {low, high};
    cJSON_AddItemToObject(to, name, cJSON_CreateDoubleArray(pair, 2));
}

static cJSON *json_figures(const xp_evaluated *e, const char *name) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "label", name);
    cJSON_AddNumberToObject(o, "n", (double)e->n);
    cJSON_AddNumberToObject(o, "positives", (double)e->positives);
    cJSON_AddNumberToObject(o, "unknown", (double)e->unknown);
    cJSON_AddNumberToObject(o, "threshold", e->threshold);
    cJSON_AddBoolToObject(o, "one_class", e->one_class);
    cJSON *c = cJSON_AddObjectToObject(o, "confusion");
    cJSON_AddNumberToObject(c, "tp", (double)e->confusion.tp);
    cJSON_AddNumberToObject(c, "fp", (double)e->confusion.fp);
    cJSON_AddNumberToObject(c, "tn", (double)e->confusion.tn);
    cJSON_AddNumberToObject(c, "fn", (double)e->confusion.fn);
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        cJSON *f = cJSON_AddObjectToObject(o, xp_metric_name((xp_metric)m));
        cJSON_AddNumberToObject(f, "value", e->value[m]);
        cJSON_AddNumberToObject(f, "labels_defined", e->defined[m]);
        add_interval(f, "clopper_pearson", e->exact[m].low, e->exact[m].high);
        if (m == XP_AUROC) add_interval(f, "delong", e->delong.low, e->delong.high);
        add_interval(f, "bootstrap", e->boot[m].low, e->boot[m].high);
        cJSON_AddNumberToObject(f, "bootstrap_undefined", e->boot[m].undefined);
    }
    return o;
}

struct cJSON *xp_evaluation_json(const xp_evaluation *e, const char *const *names) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "cases", (double)e->cases);
    cJSON_AddNumberToObject(o, "patients", (double)e->patients);
    cJSON_AddNumberToObject(o, "level", e->options.level);
    cJSON_AddNumberToObject(o, "resamples", e->options.resamples);
    cJSON_AddNumberToObject(o, "seed", (double)e->options.seed);
    cJSON_AddNumberToObject(o, "min_positives", e->options.min_positives);
    cJSON *labels = cJSON_AddArrayToObject(o, "labels");
    for (int l = 0; l < e->labels; l++)
        cJSON_AddItemToArray(labels, json_figures(&e->label[l], names[l]));
    cJSON_AddItemToObject(o, "macro", json_figures(&e->macro, "macro"));
    cJSON_AddItemToObject(o, "micro", json_figures(&e->micro, "micro"));
    return o;
}

static void json_paired(cJSON *to, const char *name, const xp_paired *t) {
    cJSON *o = cJSON_AddObjectToObject(to, name);
    cJSON_AddNumberToObject(o, "both", (double)t->both);
    cJSON_AddNumberToObject(o, "only_a", (double)t->only_a);
    cJSON_AddNumberToObject(o, "only_b", (double)t->only_b);
    cJSON_AddNumberToObject(o, "neither", (double)t->neither);
    cJSON_AddNumberToObject(o, "mcnemar_p", t->p);
}

static cJSON *json_difference(const xp_compared *c, const char *name) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "label", name);
    cJSON_AddItemToObject(o, "auroc", cJSON_CreateDoubleArray(c->auroc, 2));
    cJSON_AddNumberToObject(o, "difference", c->difference);
    cJSON_AddNumberToObject(o, "z", c->z);
    cJSON_AddNumberToObject(o, "p", c->p);
    add_interval(o, "delong", c->delong.low, c->delong.high);
    add_interval(o, "bootstrap", c->boot.low, c->boot.high);
    cJSON_AddNumberToObject(o, "bootstrap_undefined", c->boot.undefined);
    return o;
}

struct cJSON *xp_macro_comparison_json(const xp_compared *macro) {
    return json_difference(macro, "macro");
}

struct cJSON *xp_comparison_json(const xp_compared *c, int labels, const char *const *names) {
    cJSON *all = cJSON_CreateArray();
    for (int l = 0; l < labels; l++, c++) {
        cJSON *o = json_difference(c, names[l]);
        json_paired(o, "sensitivity", &c->sensitivity);
        json_paired(o, "specificity", &c->specificity);
        cJSON_AddItemToArray(all, o);
    }
    return all;
}
