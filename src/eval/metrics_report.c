#include "eval/metrics_report.h"

#include "base/json.h"

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

/* Over how many labels each macro figure runs, where some define it and others do not. */
static void text_defined(FILE *out, const xp_evaluation *e) {
    bool all = true;
    for (int i = 0; i < COLUMNS; i++) all &= e->macro.defined[columns[i]] == e->labels;
    if (all) return;
    fprintf(out, "%28s", "labels in it");
    for (int i = 0; i < COLUMNS; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d of %d", e->macro.defined[columns[i]], e->labels);
        fprintf(out, "  %-13s", text);
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
    text_defined(out, e);
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
    xp_json_add(to, name, cJSON_CreateDoubleArray(pair, 2));
}

static cJSON *json_figures(const xp_evaluated *e, const char *name) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "label", cJSON_CreateString(name));
    xp_json_add(o, "n", cJSON_CreateNumber((double)e->n));
    xp_json_add(o, "positives", cJSON_CreateNumber((double)e->positives));
    xp_json_add(o, "unknown", cJSON_CreateNumber((double)e->unknown));
    xp_json_add(o, "threshold", cJSON_CreateNumber(e->threshold));
    xp_json_add(o, "one_class", cJSON_CreateBool(e->one_class));
    cJSON *c = cJSON_CreateObject();
    xp_json_add(c, "tp", cJSON_CreateNumber((double)e->confusion.tp));
    xp_json_add(c, "fp", cJSON_CreateNumber((double)e->confusion.fp));
    xp_json_add(c, "tn", cJSON_CreateNumber((double)e->confusion.tn));
    xp_json_add(c, "fn", cJSON_CreateNumber((double)e->confusion.fn));
    xp_json_add(o, "confusion", c);
    for (int m = 0; m < XP_METRIC_COUNT; m++) {
        cJSON *f = cJSON_CreateObject();
        xp_json_add(f, "value", cJSON_CreateNumber(e->value[m]));
        xp_json_add(f, "labels_defined", cJSON_CreateNumber(e->defined[m]));
        add_interval(f, "clopper_pearson", e->exact[m].low, e->exact[m].high);
        if (m == XP_AUROC) add_interval(f, "delong", e->delong.low, e->delong.high);
        add_interval(f, "bootstrap", e->boot[m].low, e->boot[m].high);
        xp_json_add(f, "bootstrap_undefined", cJSON_CreateNumber(e->boot[m].undefined));
        xp_json_add(o, xp_metric_name((xp_metric)m), f);
    }
    return o;
}

struct cJSON *xp_evaluation_json(const xp_evaluation *e, const char *const *names) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "cases", cJSON_CreateNumber((double)e->cases));
    xp_json_add(o, "patients", cJSON_CreateNumber((double)e->patients));
    xp_json_add(o, "level", cJSON_CreateNumber(e->options.level));
    xp_json_add(o, "resamples", cJSON_CreateNumber(e->options.resamples));
    xp_json_add(o, "seed", cJSON_CreateNumber((double)e->options.seed));
    xp_json_add(o, "min_positives", cJSON_CreateNumber(e->options.min_positives));
    cJSON *labels = cJSON_CreateArray();
    for (int l = 0; l < e->labels; l++)
        xp_json_append(labels, json_figures(&e->label[l], names[l]));
    xp_json_add(o, "labels", labels);
    xp_json_add(o, "macro", json_figures(&e->macro, "macro"));
    xp_json_add(o, "micro", json_figures(&e->micro, "micro"));
    return o;
}

static void json_paired(cJSON *to, const char *name, const xp_paired *t) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "both", cJSON_CreateNumber((double)t->both));
    xp_json_add(o, "only_a", cJSON_CreateNumber((double)t->only_a));
    xp_json_add(o, "only_b", cJSON_CreateNumber((double)t->only_b));
    xp_json_add(o, "neither", cJSON_CreateNumber((double)t->neither));
    xp_json_add(o, "mcnemar_p", cJSON_CreateNumber(t->p));
    xp_json_add(to, name, o);
}

static cJSON *json_difference(const xp_compared *c, const char *name) {
    cJSON *o = cJSON_CreateObject();
    xp_json_add(o, "label", cJSON_CreateString(name));
    xp_json_add(o, "auroc", cJSON_CreateDoubleArray(c->auroc, 2));
    xp_json_add(o, "difference", cJSON_CreateNumber(c->difference));
    xp_json_add(o, "z", cJSON_CreateNumber(c->z));
    xp_json_add(o, "p", cJSON_CreateNumber(c->p));
    add_interval(o, "delong", c->delong.low, c->delong.high);
    add_interval(o, "bootstrap", c->boot.low, c->boot.high);
    xp_json_add(o, "bootstrap_undefined", cJSON_CreateNumber(c->boot.undefined));
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
        xp_json_append(all, o);
    }
    return all;
}
